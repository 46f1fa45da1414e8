#!/usr/bin/env python3
"""Print how well vessel trees are found: from true labels of generated patients, and from segmented ones.

    python3 scripts/bench_trees.py [--quick] [--json] [--only true,fine,segmented] [--seeds 6] [--development]

Seeds from 101 were never tuned on; --development takes those from 1 instead, for whoever tunes. "true" is the labels of
the generator at 1.5 x 1.5 x 2.5 mm, "fine" at 0.75 x 0.75 x 1.25 mm, "segmented" what `ct-abdomen` finds in the scan.
Only what a label shows of the true tree counts (see `assess/tree_agreement.py`): its middle lies in the label, whole
where it is wide. Per tree, with the largest side of a voxel as "voxel":
line: share of the true centreline's length within half a voxel (at least 0.5 mm) of the found one, by the least
diameter in voxels; right: share of the found centreline within that of the true one; p95: the distance in mm that 95 %
of the true centreline of two voxels and more stays below; radius: share within 10 % where the diameter is above three
voxels, and the median error; forks: true forks of generations 1 to 3 (of the tree cut to branches of two voxels) met
within two voxels or the radius and a voxel; strict: met by a fork whose branches are found at least 0.7 times as wide
as that. --quick takes one small patient.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from typing import Any

FIRST_SEED = 101
TRUE_TREES = {"portal": "portal_branches", "hepatic": "hepatic_veins"}
TARGETS = {"line": 0.95, "radius": 0.95, "forks": 0.90}
Row = dict[str, Any]


def measured(kind: str, seed: int, matrix: int, slice_mm: float) -> list[Row]:
    """Return one row per tree of a generated patient; ``kind`` is "true" or "segmented"."""
    import anatomy_twin as at
    from anatomy_twin.anatomy.vessels.branches import branches
    from anatomy_twin.anatomy.vessels.trees import missing_trees, vessel_trees
    from anatomy_twin.assess.tree_agreement import tree_agreement
    from anatomy_twin.phantom import make_patient

    patient = make_patient(seed, matrix=matrix, slice_mm=slice_mm)
    labels = at.segment(patient.volume, "ct-abdomen") if kind == "segmented" else patient.truth
    started, used = time.perf_counter(), time.process_time()
    trees = vessel_trees(labels, volume=patient.volume)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    rows = []
    for name, true in TRUE_TREES.items():
        row: Row = {"seed": seed, "tree": name, "seconds_all_trees": seconds, "cpu_seconds_all_trees": cpu}
        if name not in trees:
            rows.append({**row, "missing": missing_trees(labels).get(name, "the labels are too small")})
            continue
        geometry = patient.truth.geometry
        shown = patient.truth.mask(true)
        agreed = tree_agreement(trees[name], patient.trees[true], max(geometry.spacing_mm), mask=shown,
                                geometry=geometry)  # fmt: skip
        rows.append({
            **row, "nodes": len(trees[name].parents), "branches": len(branches(trees[name])),
            "rules": list(trees[name].rules), "notes": list(trees[name].notes), "tolerance_mm": agreed.tolerance_mm,
            "line": {str(k): v for k, v in agreed.found.items()},
            "line_everywhere": {str(k): v for k, v in agreed.found_everywhere.items()},
            "length_mm": {str(k): v for k, v in agreed.length_mm.items()}, "right": agreed.right,
            "p95_mm": agreed.distance_p95_mm, "radius": agreed.radius_within,
            "radius_bias_percent": agreed.radius_bias_percent, "radius_p90_percent": agreed.radius_p90_percent,
            "radius_length_mm": agreed.radius_length_mm,
            "forks": {str(g): [f.met, f.there] for g, f in agreed.forks.items()},
            "forks_to_third": [agreed.forks_to_third.met, agreed.forks_to_third.there],
            "strict_to_third": [agreed.strict_to_third.met, agreed.strict_to_third.there],
        })  # fmt: skip
    return rows


def summary(rows: Sequence[Row]) -> Row:
    """Return shares over all trees: lengths weigh by length, forks by number."""
    there = [row for row in rows if "line" in row]
    result: Row = {"trees": len(there), "missing": len(rows) - len(there)}
    if not there:
        return result
    for key in there[0]["line"]:
        result[f"line_{key}"] = _weighted([(row["line"][key], row["length_mm"][key]) for row in there])
    result["right"] = _weighted([(row["right"], 1.0) for row in there])
    result["radius"] = _weighted([(row["radius"], row["radius_length_mm"]) for row in there])
    for key in ("forks_to_third", "strict_to_third"):
        result[key] = [sum(row[key][0] for row in there), sum(row[key][1] for row in there)]
    result["cpu_seconds_all_trees"] = min(row["cpu_seconds_all_trees"] for row in there)
    return result


def _weighted(pairs: Sequence[tuple[float, float]]) -> float | None:
    known = [(value, weight) for value, weight in pairs if weight > 0 and not math.isnan(value)]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


def table(rows: Sequence[Row], title: str) -> str:
    """Lay out rows and their summary for the terminal."""
    out = [title, f"{'seed':>5} {'tree':<8}{'line >=0':>9}{'>=1':>7}{'>=2':>7}{'>=3 vx':>7}{'right':>7}{'p95 mm':>8}"
           f"{'radius':>8}{'bias %':>8}{'forks':>8}{'strict':>8}{'cpu s':>7}  doubts"]  # fmt: skip
    for row in rows:
        if "line" not in row:
            out.append(f"{row['seed']:>5} {row['tree']:<8} left out: {row['missing']}")
            continue
        line = row["line"]
        out.append(
            f"{row['seed']:>5} {row['tree']:<8}{line['0.0']:>9.3f}{line['1.0']:>7.3f}{line['2.0']:>7.3f}"
            f"{line['3.0']:>7.3f}{row['right']:>7.3f}{row['p95_mm']:>8.2f}{row['radius']:>8.3f}"
            f"{row['radius_bias_percent']:>8.1f}{_of(row['forks_to_third']):>8}{_of(row['strict_to_third']):>8}"
            f"{row['cpu_seconds_all_trees']:>7.1f}  {' '.join(row['rules'])}"
        )
    total = summary(rows)
    if total["trees"]:
        words = [f"line >= {key} voxels {_cell(total[f'line_{key}'])}" for key in ("0.0", "1.0", "2.0", "3.0")]
        out.append(f"all: {', '.join(words)} (aim {TARGETS['line']}), right {_cell(total['right'])}, radius "
                   f"{_cell(total['radius'])} (aim {TARGETS['radius']}), forks {_of(total['forks_to_third'])} "
                   f"(aim {TARGETS['forks']:.0%}), strict {_of(total['strict_to_third'])}, "
                   f"left out {total['missing']}")  # fmt: skip
    return "\n".join(out)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _of(pair: Sequence[int]) -> str:
    return f"{pair[0]}/{pair[1]}"


def main() -> int:
    """Measure the sets and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one small patient, true labels, within a minute")
    parser.add_argument("--json", action="store_true", help="one object of named figures on stdout")
    parser.add_argument("--only", help="sets to run: true,fine,segmented")
    parser.add_argument("--seeds", type=int, default=6, help="how many patients per set (three of the fine ones)")
    parser.add_argument("--development", action="store_true", help="seeds from 1: those that may be tuned on")
    options = parser.parse_args()
    first = 1 if options.development else FIRST_SEED
    sets: dict[str, tuple[str, int, int, float]] = {
        "true": ("true", options.seeds, 256, 2.5), "fine": ("true", max(1, options.seeds // 2), 512, 1.25),
        "segmented": ("segmented", options.seeds, 256, 2.5),
    }  # fmt: skip
    if options.quick:
        sets = {"true": ("true", 1, 160, 3.0)}
    chosen = options.only.split(",") if options.only else list(sets)
    report: dict[str, Any] = {}
    for name in chosen:
        if name not in sets:
            parser.error(f"no set is called {name!r}: there are {', '.join(sets)}")
        kind, count, matrix, slice_mm = sets[name]
        rows: list[Row] = []
        for seed in range(first, first + count):
            rows += measured(kind, seed, matrix, slice_mm)
            print(f"  {name}: seed {seed} done", file=sys.stderr, flush=True)
        report[name] = {"trees": rows, "all": summary(rows)}
        if not options.json:
            title = f"\n{name} labels, {matrix} pixels over about 390 mm, slices of {slice_mm} mm"
            print(table(rows, title), flush=True)
    if options.json:
        json.dump(report, sys.stdout, indent=1)
        print()
    return 0


if __name__ == "__main__":
    import environment

    environment.go_on_inside(__file__, __doc__)
    raise SystemExit(main())
