#!/usr/bin/env python3
"""Measure how quickly the window draws: frames, slices, first picture, and how long its interface ever stands still.

    python3 scripts/bench_view.py [CASE ...] [--quick] [--json] [--yes]

Without a screen everything runs under Xvfb (Debian and Ubuntu: apt-get install -y xvfb). Two tables come out.

"by triangles": balls, solid and translucent, in a 3-D view of 750x420 points: frames/s of turning with everything drawn
("plain"), with translucent surfaces in their order and smooth edges ("finest"), and as the window does it ("adapted").

"cases": each case in a window of its own, opened from a copy: seconds to the first picture from the start of a process
that is given the case ("start") and from opening it on the start page ("open"), frames/s of turning with what the view
chose to draw, triangles drawn then and at rest, seconds of the fine picture, milliseconds of going to the next axial
slice (median, the longest), and the longest time during a drag in which the interface answered nothing, of which
drawing one frame takes most. Without CASE: the sample (with --quick a small analytic patient), and a real CT where
ANATOMY_TWIN_TEST_DATA names the folder of real scans. Times are by the wall clock, on this machine with all that runs
on it: "load" tells how busy it was.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import peers
import view_meters

TRIANGLES, QUICK_TRIANGLES = (20_000, 50_000, 100_000, 200_000, 500_000), (20_000, 100_000)
LIBRARIES = ("numpy", "vtk", "pyvista", "pyvistaqt", "PySide6_Essentials")
_LIMIT_S = 900.0
Row = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Measure and print; 0 if the 3-D view of every case turned at 10 frames/s or more, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="saved cases (with surfaces: `anatomy-twin mesh`)")
    parser.add_argument("--quick", action="store_true", help="few triangles, a small patient: within 60 s")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else there")
    parser.add_argument("--yes", action="store_true", help="ask nothing during the set-up")
    options = parser.parse_args(arguments)
    python = peers.product_python("bench_view.py", __doc__ or "", ["--yes"] if options.yes else [])
    if python != Path(sys.executable):
        return peers.again(python, __file__, arguments)
    for case in options.cases:
        if not Path(case).is_dir():
            parser.error(f"{case} is no case")
    screen = _screen()
    if screen is None:
        _say("there is no display and no xvfb-run: as root on Debian or Ubuntu: apt-get install -y xvfb")
        return 2
    report: Row = {"machine": _machine()}
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-bench-") as scratch:
        bench = Bench(screen, python, Path(scratch))
        report["triangles"] = bench.by_triangles(QUICK_TRIANGLES if options.quick else TRIANGLES, options.quick)
        report["cases"] = bench.by_case(options.cases, options.quick)
    report["machine"]["renderer"] = next(
        (row["renderer"] for row in report["triangles"].values() if "renderer" in row), "unknown"
    )
    print(json.dumps(report) if options.json else as_text(report))
    return 0 if all(row.get("frames_per_s", 0.0) >= 10.0 for row in report["cases"].values()) else 1


class Bench:
    """Runs each measurement in a process of its own, with a screen."""

    def __init__(self, screen: list[str], python: Path, scratch: Path) -> None:
        self._screen, self._python, self._scratch = screen, python, scratch

    def by_triangles(self, counts: tuple[int, ...], quick: bool) -> dict[str, Row]:
        """Measure balls of so many triangles."""
        rows = {}
        for count in counts:
            _say(f"{count} triangles")
            rows[str(count)] = self._asked({"triangles": count, "seconds": 1.5 if quick else 4.0})
        return rows

    def by_case(self, given: list[str], quick: bool) -> dict[str, Row]:
        """Measure cases: those given, else the sample or a small patient, and a real CT where there is one."""
        rows = {}
        for name, source in self._cases(given, quick).items():
            _say(name)
            copy = self._scratch / "open.twin"
            shutil.rmtree(copy, ignore_errors=True)
            if isinstance(source, str):
                rows[name] = {"failure": source}
                continue
            shutil.copytree(source, copy)
            started = self._asked({"start": str(copy)})
            rows[name] = started | self._asked({"case": str(copy), "seconds": 3.0 if quick else 8.0})
        return rows

    def _cases(self, given: list[str], quick: bool) -> dict[str, Path | str]:
        if given:
            return {Path(case).name: Path(case) for case in given}
        cases: dict[str, Path | str] = {}
        if quick:
            cases["small patient"] = self._made("small patient", {"make": "toy"})
        else:
            cases["sample"] = self._made("sample", {"make": str(peers.ROOT / "sample_scans" / "liver_tumour")})
        if os.environ.get("ANATOMY_TWIN_TEST_DATA") and not quick:
            cases["real CT"] = self._made("real CT", {"make": "real"})
        return cases

    def _made(self, name: str, request: Row) -> Path | str:
        _say(f"making the case: {name}")
        folder = self._scratch / f"{name.replace(' ', '_')}.twin"
        reply = self._asked({**request, "into": str(folder)})
        return str(reply["failure"]) if "failure" in reply else folder

    def _asked(self, request: Mapping[str, Any]) -> Row:
        environment = {**os.environ, "PYTHONPATH": str(peers.ROOT), "XDG_STATE_HOME": str(self._scratch / "state"),
                       "XDG_CONFIG_HOME": str(self._scratch / "config")}  # fmt: skip
        command = [*self._screen, str(self._python), view_meters.__file__]
        try:
            done = subprocess.run(command, input=json.dumps(request), capture_output=True,
                                  text=True, timeout=_LIMIT_S, env=environment)  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"failure": f"no answer within {_LIMIT_S:g} s"}
        if done.returncode:
            return {"failure": (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]}
        return json.loads(done.stdout.strip().splitlines()[-1])


def _screen() -> list[str] | None:
    """Return what has to stand before a command so that it has a screen; None where there is no way."""
    if os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        return []
    if shutil.which("xvfb-run") is None:
        return None
    return ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24 -nolisten tcp"]


def _machine() -> Row:
    import importlib.metadata

    facts = peers.machine_facts(Path(sys.executable), None)
    known: Row = {name: facts[name] for name in ("processor", "cores", "system", "python") if name in facts}
    known["load"] = facts.get("load before", "")
    return known | {name: importlib.metadata.version(name) for name in LIBRARIES}


_COLUMNS = {
    "plain /s": ("plain_per_s", ".1f"), "finest /s": ("finest_per_s", ".1f"), "adapted /s": ("adapted_per_s", ".1f"),
    "triangles then": ("adapted_triangles", "d"),
}  # fmt: skip
_CASE_COLUMNS = {
    "start s": ("since_start_s", ".1f"), "open s": ("since_open_s", ".1f"), "frames/s": ("frames_per_s", ".1f"),
    "cpu ms": ("frame_cpu_ms", ".0f"), "triangles": ("moving_triangles", "d"), "at rest": ("resting_triangles", "d"),
    "fine s": ("fine_s", ".2f"), "slice ms": ("slice_ms", ".0f"), "longest": ("slice_longest_ms", ".0f"),
    "stands still ms": ("longest_block_ms", ".0f"), "of which a frame": ("longest_frame_ms", ".0f"),
}  # fmt: skip


def as_text(report: Mapping[str, Any]) -> str:
    """Return the tables for a person."""
    lines = [", ".join(f"{name} {value}" for name, value in report["machine"].items()), "\nBy triangles, 750x420\n"]
    lines += _table("triangles", report["triangles"], _COLUMNS)
    lines += ["\nCases, window of 1600x1000\n", *_table("case", report["cases"], _CASE_COLUMNS)]
    return "\n".join(lines)


def _table(first: str, rows: Mapping[str, Row], columns: Mapping[str, tuple[str, str]]) -> list[str]:
    lines = ["| " + " | ".join([first, *columns]) + " |", "|" + "---|" * (len(columns) + 1)]
    for name, row in rows.items():
        if "failure" in row:
            lines.append(f"| {name} | {str(row['failure']).replace('|', '/')} |" + " |" * (len(columns) - 1))
            continue
        cells = ["" if row.get(key) is None else format(row[key], form) for key, form in columns.values()]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return lines


def _say(text: str) -> None:
    print(f"bench_view: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
