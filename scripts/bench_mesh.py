#!/usr/bin/env python3
"""Measure how labels become surfaces and tetrahedra, side by side with other libraries, in one run.

    python3 scripts/bench_mesh.py [--quick] [--json] [--rounds 3] [--makers NAME;NAME...] [--no-peers] [--yes]

Four labels on 256x256x160 voxels of 0.8x0.8x2.5 mm: an organ, one that touches it, a vessel that winds through it and
out of it, and a lesion of 5 mm radius in it. Each maker gets all four surfaces out of them, in a process of its own and
after a warm-up on small labels, round after round; seconds are those of the making alone (taking the labels of one mesh
apart is not counted for others, but is for this project), the ratio is to scikit-image in the same round. The second
table reduces the triangles of our surfaces to the same number, the third is about tetrahedra: pytetwild, which is no
library of this project and is put into a throw-away environment, gets the surface of one label only.

"closed": surfaces in which every edge has two triangles; "fans": those whose points besides have one closed fan each.
Volumes are compared with those of the voxels ("ball": the lesion's with the ball that was drawn). "off" is the 95 %
distance of points and triangle centres from the faces between voxels, worst surface. "gap" is the largest distance
between touching surfaces, in voxels, where only these two meet. "crossing" counts the triangles that pass through
another one of their surface. Angles are those within triangles: smallest, and the
one that 5 % are below, worst surface. --quick takes half the size along each axis, one round, no pytetwild, and ends
within a minute.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mesh_makers
import peers

SHAPE, QUICK_SHAPE = (160, 256, 256), (80, 128, 128)
REFERENCE = "scikit-image per label, not smooth"
LIBRARIES = ("numpy", "numba", "scikit-image", "vtk", "pyvista", "fast-simplification")
TETWILD = ("pytetwild>=0.3", "pyvista>=0.46")
_LIMIT_S = 300.0
_TETWILD = """
import sys, time, numpy as np, pytetwild
given = np.load(sys.argv[1])
began = time.perf_counter()
points, cells = pytetwild.tetrahedralize(given["points"], given["faces"], edge_length_abs=float(sys.argv[3]))
print(time.perf_counter() - began)
np.savez(sys.argv[2], points=points, cells=cells)
"""
Row = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Draw the labels, run all makers and print the tables; 0 if every surface of ours is closed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="half the size, one round: within 60 s")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else there")
    parser.add_argument("--rounds", type=int, help="rounds of all makers (3)")
    parser.add_argument("--shape", type=int, nargs=3, metavar=("K", "J", "I"), help="voxels along each axis")
    parser.add_argument("--makers", help="only these, by name, separated by semicolons, and no other tables")
    parser.add_argument("--no-peers", action="store_true", help="without what has to be installed")
    parser.add_argument("--yes", action="store_true", help="ask nothing during the set-up")
    options = parser.parse_args(arguments)
    python = peers.product_python("bench_mesh.py", __doc__ or "", ["--yes"] if options.yes else [])
    if python != Path(sys.executable):
        return peers.again(python, __file__, arguments)
    makers = tuple(options.makers.split(";")) if options.makers else tuple(mesh_makers.MAKERS)
    if unknown := [name for name in makers if name not in mesh_makers.MAKERS]:
        parser.error(f"no maker is called {unknown[0]!r}; there are {'; '.join(mesh_makers.MAKERS)}")
    shape = tuple(options.shape) if options.shape else QUICK_SHAPE if options.quick else SHAPE
    rounds = options.rounds or (1 if options.quick else 3)
    installed = None if options.no_peers or options.quick or options.makers else peers.peer_python(_say, TETWILD)
    report = {"machine": _machine(python), "shape": list(shape), "rounds": rounds}
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-bench-") as scratch:
        bench = Bench(shape, rounds, python, Path(scratch))
        report["surfaces"] = bench.compared("maker", makers, REFERENCE)
        if not options.makers:
            report["decimation"] = bench.compared("thinner", mesh_makers.THINNERS, mesh_makers.THINNERS[1])
            report["tetrahedra"] = bench.tetrahedra(installed)
    print(json.dumps(report) if options.json else as_text(report))
    ours = [row for name, row in report["surfaces"].items() if name.startswith("anatomy_twin")]
    return 0 if all(row.get("watertight") == row.get("structures", -1) for row in ours) else 1


class Bench:
    """The labels on disk, and the processes that are given them."""

    def __init__(self, shape: tuple[int, int, int], rounds: int, python: Path, scratch: Path) -> None:
        import numpy as np

        labels, centre = mesh_makers.scene(shape)
        np.save(scratch / "labels.npy", labels)
        self._given = {"labels": str(scratch / "labels.npy"), "centre": centre}
        self._rounds, self._python, self._scratch = rounds, python, scratch

    def compared(self, kind: str, names: Sequence[str], reference: str) -> dict[str, Row]:
        """Ask all ``names`` in turn, round after round; return the row of each, with ratios to ``reference``."""
        replies: dict[str, list[Row]] = {name: [] for name in names}
        failures: dict[str, str] = {}
        for number in range(self._rounds):
            start = number % len(names)
            for name in (*names[start:], *names[:start]):
                if name in failures:
                    continue
                _say(f"{kind}, round {number + 1} of {self._rounds}: {name}")
                reply = self._asked({kind: name, "figures": number == 0})
                if "failure" in reply:
                    failures[name] = reply["failure"]
                else:
                    replies[name].append(reply)
        base = None if reference in failures else replies.get(reference)
        return {name: {"failure": failures[name]} if name in failures else _row(replies[name], base) for name in names}

    def tetrahedra(self, installed: Path | None) -> dict[str, Row]:
        """Make tetrahedra of all labels, of one, and of the surface of that one by pytetwild."""
        rows = {}
        alone = mesh_makers.NAMES[mesh_makers.SOLID - 1]
        for name, labels in (("anatomy_twin, all four labels", [1, 2, 3, 4]),
                             (f"anatomy_twin, {alone} alone", [mesh_makers.SOLID])):  # fmt: skip
            _say(f"tetrahedra: {name}")
            replies = [self._asked({"tetrahedra": labels, "figures": n == 0}) for n in range(self._rounds)]
            broken = [reply for reply in replies if "failure" in reply]
            rows[name] = broken[0] if broken else _row(replies, None)
        name = f"pytetwild, {alone} alone"
        if installed is None:
            rows[name] = {"failure": peers.NOT_AVAILABLE}
            return rows
        _say(f"tetrahedra: {name}")
        surface, made = str(self._scratch / "surface.npz"), str(self._scratch / "cells.npz")
        self._asked({"outline": surface})
        command = [installed, "-c", _TETWILD, surface, made, str(mesh_makers.TETRAHEDRON_MM)]
        try:
            done = subprocess.run(  # it leaves a file where it is run
                command, capture_output=True, text=True, timeout=_LIMIT_S, check=True, cwd=Path(made).parent
            )
            seconds = float(done.stdout.strip().splitlines()[-1])
            rows[name] = {"wall_median_s": seconds, "wall_min_s": seconds, **self._asked({"others": made})}
        except subprocess.TimeoutExpired:
            rows[name] = {"failure": f"no answer within {_LIMIT_S:g} s"}
        except subprocess.CalledProcessError as error:
            rows[name] = {"failure": (error.stderr.strip().splitlines() or ["failed"])[-1]}
        return rows

    def _asked(self, request: Mapping[str, Any]) -> Row:
        try:
            done = subprocess.run([self._python, mesh_makers.__file__], input=json.dumps({**self._given, **request}),
                                  capture_output=True, text=True, timeout=_LIMIT_S)  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"failure": f"no answer within {_LIMIT_S:g} s"}
        if done.returncode:
            return {"failure": (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]}
        return json.loads(done.stdout.strip().splitlines()[-1])


def _row(replies: Sequence[Row], base: Sequence[Row] | None) -> Row:
    """Sum up what one maker said: seconds over the rounds, and what came out in the first."""
    walls = [one["wall_s"] for one in replies]
    row = {"wall_median_s": statistics.median(walls), "wall_min_s": min(walls),
           "cpu_min_s": min(one["cpu_s"] for one in replies)}  # fmt: skip
    if base and len(base) == len(replies):
        row["ratio"] = statistics.median(w / other["wall_s"] for w, other in zip(walls, base, strict=True))
    return {**row, **replies[0]["figures"]}


def _machine(python: Path) -> dict[str, str]:
    facts = peers.machine_facts(python, None)
    known = {name: facts[name] for name in ("processor", "cores", "system", "python", "load before") if name in facts}
    return known | {name: importlib.metadata.version(name) for name in LIBRARIES}


# ---- for people

_COLUMNS = {
    "s": ("wall_median_s", ".2f"), "cpu s": ("cpu_min_s", ".2f"), "ratio": ("ratio", ".2f"),
    "triangles": ("triangles", "d"), "closed": ("watertight", "d"), "fans": ("manifold", "d"),
    "lesion %": ("lesion_error_percent", "+.2f"), "ball %": ("lesion_error_to_sphere_percent", "+.2f"),
    "organ %": ("organ_error_percent", "+.3f"), "vessel %": ("vessel_error_percent", "+.2f"),
    "off mm": ("boundary_p95_mm", ".2f"), "gap": ("gap_max_voxels", ".2f"), "crossing": ("crossing", "d"),
    "angle": ("smallest_angle_deg", ".1f"),
    "5 %": ("angle_p5_deg", ".1f"),
}  # fmt: skip
_SOLID_COLUMNS = {
    "s": ("wall_median_s", ".2f"), "tetrahedra": ("tetrahedra", "d"), "inverted": ("inverted", "d"),
    "smallest dihedral": ("smallest_angle_deg", ".1f"), "% below 10": ("below_10_percent", ".3f"),
    "lesion %": ("lesion_error_percent", "+.2f"), "organ %": ("organ_error_percent", "+.3f"),
    "vessel %": ("vessel_error_percent", "+.2f"),
}  # fmt: skip


def as_text(report: Mapping[str, Any]) -> str:
    """Return the tables for a person."""
    k, j, i = report["shape"]
    lines = [
        ", ".join(f"{name} {value}" for name, value in report["machine"].items()),
        f"\n4 labels, {i}x{j}x{k} voxels of 0.8x0.8x2.5 mm, rounds: {report['rounds']}\n",
        *_table("maker", report["surfaces"], _COLUMNS),
    ]
    if "decimation" in report:
        kept = 100 * mesh_makers.SHARE_KEPT
        lines += [f"\nOur surfaces reduced to {kept:g} % of their triangles\n"]
        lines += _table("by", report["decimation"], _COLUMNS)
        sizes = f"{mesh_makers.TETRAHEDRON_MM:g} mm, {mesh_makers.FINE_MM:g} mm at the lesion"
        lines.append(f"\nTetrahedra with edges of {sizes}\n")
        lines += _table("by", report["tetrahedra"], _SOLID_COLUMNS)
    return "\n".join(lines)


def _table(first: str, rows: Mapping[str, Row], columns: Mapping[str, tuple[str, str]]) -> list[str]:
    lines = ["| " + " | ".join([first, *columns]) + " |", "|" + "---|" * (len(columns) + 1)]
    for name, row in rows.items():
        if "failure" in row:
            lines.append(f"| {name} | {row['failure'].replace('|', '/')} |" + " |" * (len(columns) - 1))
            continue
        cells = ["" if row.get(key) is None else format(row[key], form) for key, form in columns.values()]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return lines


def _say(text: str) -> None:
    print(f"bench_mesh: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
