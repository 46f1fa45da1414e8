#!/usr/bin/env python3
"""Print how well territories of true portal trees are found again: from true labels and from segmented ones.

    python3 scripts/bench_territories.py [--quick] [--json] [--development] [--seeds 101,102] [--without-segmenting]

The generated patients have seeds that nothing was tuned on (from 101; --development takes seeds from 1 instead, for
whoever tunes). Five lines per kind of labels:

branches   what the larger branches of the true tree supply, with all that hangs on each, against the found branch that
           supplies most nearly the same (``branch_agreement``): mean, median and least Dice, and how many reach the aim
segments   Couinaud's segments II to VIII with names found by the program: halves, sectors, segments against the truth
drawn      the segments as they are shown and measured, each in one piece, against the truth outside segment I
marked     as "segments", where a person has marked the seven limbs of the portal tree (in the middle of the true ones)
volumes    whether the volumes of all segments add up to the liver, and the share of segment I (no truth)

Aims: Dice 0.95 from true labels, 0.85 from segmented ones. --quick takes one small patient and true labels only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

FIRST_SEED = 101
PATIENTS = 6
MARK_MM = 4.0
AIM = {"true": 0.95, "segmented": 0.85}
Row = dict[str, Any]


def patients(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the arguments of ``make_patient`` for each patient."""
    grid = {"matrix": 128, "slice_mm": 4.0} if options.quick else {"matrix": 256, "slice_mm": 2.5}
    first = FIRST_SEED - 100 * options.development
    seeds = [int(seed) for seed in options.seeds.split(",")] if options.seeds else range(first, first + PATIENTS)
    chosen = list(seeds)[: 1 if options.quick else None]
    return [{"seed": seed, "kind": "liver_tumour", "phase": "portal", **grid} for seed in chosen]


def measure(patient: Any, labels: Any) -> Row:
    """Return the figures of one patient with one kind of labels; the reason where they cannot be had."""
    from anatomy_twin.anatomy.liver.couinaud import divide_liver
    from anatomy_twin.anatomy.liver.territories import segment_volumes
    from anatomy_twin.anatomy.vessels.loose import with_loose_parts
    from anatomy_twin.anatomy.vessels.trees import vessel_trees
    from anatomy_twin.assess.territory_agreement import PARTS, branch_agreement, part_dice
    from anatomy_twin.errors import DataError
    from anatomy_twin.phantom.abdomen.territories import true_territories

    started = time.process_time()
    trees = vessel_trees(labels, volume=patient.volume)
    tree_s = time.process_time() - started
    if "portal" not in trees:
        return {"failed": "no portal tree"}
    geometry, liver = labels.geometry, labels.mask("liver")
    shared = liver & patient.truth.mask("liver")
    found, _, _ = with_loose_parts(trees["portal"], labels.mask("portal_branches") & liver, geometry)
    matches = branch_agreement(patient.trees["portal_branches"], found, shared, geometry)
    started = time.process_time()
    division = divide_liver(labels, trees)
    divide_s = time.process_time() - started
    truth = true_territories(patient)
    try:
        by_hand = part_dice(divide_liver(labels, {**trees, "portal": _marked(trees["portal"], patient)}).labels, truth)
    except DataError:  # a person would see that two marks lie on one branch: the found tree joins what is apart
        by_hand = dict.fromkeys(PARTS, float("nan"))
    volumes = segment_volumes(division.labels)
    segment_one = volumes.get("liver_segment_1", 0.0)
    return {
        "branches": [(match.share, match.dice) for match in matches],
        "segments": part_dice(division.labels, truth), "marked": by_hand,
        "drawn": part_dice(division.labels, _outside_segment_one(truth, division.labels), found_layer=0),
        "adds_up": bool(np.array_equal(division.labels.array[0] > 0, liver)),
        "left_over_ml": abs(sum(volumes.values()) - labels.volume_ml("liver")),
        "segment_1_percent": 100.0 * segment_one / labels.volume_ml("liver"),
        "liver_dice": 2.0 * shared.sum() / (liver.sum() + patient.truth.mask("liver").sum()),
        "tree_cpu_s": tree_s, "divide_cpu_s": divide_s, "notes": list(division.labels.notes),
    }  # fmt: skip


def _outside_segment_one(truth: Any, found: Any) -> Any:
    """Return the truth without what was found to be segment I, of which the generator knows nothing."""
    return replace(truth, array=np.where(found.array[:1] == 1, np.uint8(0), truth.array))


def _marked(tree: Any, patient: Any) -> Any:
    """Return the found portal tree with marks at the middles of true limbs that it comes near to."""
    from anatomy_twin.anatomy.liver.portal_names import marked
    from anatomy_twin.phantom.abdomen.territories import limb_places

    places = limb_places(patient)
    near = {name: spot for name, spot in places.items()
            if np.linalg.norm(tree.nodes_mm - spot, axis=1).min() <= MARK_MM}  # fmt: skip
    return marked(tree, near)


def segmented(patient: Any) -> Any:
    """Return the patient's labels as the program finds them in the image."""
    import anatomy_twin as at

    return at.segment(replace(patient.volume, facts={}), "ct-abdomen")


def summary(rows: Mapping[str, Row], aim: float) -> Row:
    """Return the figures over all patients."""
    good = [row for row in rows.values() if "failed" not in row]
    dices = [dice for row in good for _, dice in row["branches"]]
    if not dices:
        return {"patients": 0}
    parts = {kind: {name: statistics.fmean(v) for name in good[0]["segments"]
                    if (v := [row[kind][name] for row in good if not np.isnan(row[kind][name])])}
             for kind in ("segments", "drawn", "marked")}  # fmt: skip
    return {
        "patients": len(good), "failed": {name: row["failed"] for name, row in rows.items() if "failed" in row},
        "branch_dice_mean": statistics.fmean(dices), "branch_dice_median": statistics.median(dices),
        "branch_dice_least": min(dices), "branches": len(dices), "aim": aim,
        "branches_at_aim": sum(dice >= aim for dice in dices) / len(dices), **parts,
        "adds_up": all(row["adds_up"] for row in good),
        "segment_1_percent": [round(row["segment_1_percent"], 1) for row in good],
        "divide_cpu_s": statistics.fmean(row["divide_cpu_s"] for row in good),
    }  # fmt: skip


def table(kind: str, line: Row) -> str:
    """Lay out a summary for the terminal."""
    if not line["patients"]:
        return f"{kind} labels: no figures"
    out = [
        f"\n{kind} labels, {line['patients']} patients (aim {line['aim']:.2f})",
        f"  branches   mean {line['branch_dice_mean']:.3f}  median {line['branch_dice_median']:.3f}  "
        f"least {line['branch_dice_least']:.3f}  "
        f"at the aim {100 * line['branches_at_aim']:.0f} % of {line['branches']}",
    ]
    for name in ("segments", "drawn", "marked"):
        out.append(f"  {name:<10} " + "  ".join(f"{part} {value:.2f}" for part, value in line[name].items()))
    share = ", ".join(f"{value:g}" for value in line["segment_1_percent"])
    out.append(f"  volumes    {'add up to the liver' if line['adds_up'] else 'DO NOT ADD UP'}; segment I {share} %; "
               f"{line['divide_cpu_s']:.1f} s of CPU per division")  # fmt: skip
    out += [f"  failed     {name}: {why}" for name, why in line["failed"].items()]
    return "\n".join(out)


def main() -> int:
    """Measure all patients and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one small patient, true labels only")
    parser.add_argument("--json", action="store_true", help="one object of named figures on stdout")
    parser.add_argument("--development", action="store_true", help="seeds below 100: those that may be tuned on")
    parser.add_argument("--seeds", help="other seeds, as in 1,2,3")
    parser.add_argument("--without-segmenting", action="store_true", help="true labels only")
    options = parser.parse_args()
    from anatomy_twin.errors import TwinError
    from anatomy_twin.phantom import make_patient

    rows: dict[str, dict[str, Row]] = {"true": {}, "segmented": {}}
    for arguments in patients(options):
        patient = make_patient(**arguments)
        for kind in rows:
            if kind == "segmented" and (options.quick or options.without_segmenting):
                continue
            try:
                labels = patient.truth if kind == "true" else segmented(patient)
                rows[kind][str(arguments["seed"])] = measure(patient, labels)
            except TwinError as error:
                rows[kind][str(arguments["seed"])] = {"failed": error.line}
            print(f"  seed {arguments['seed']}, {kind} labels: done", file=sys.stderr, flush=True)
    report = {kind: {"summary": summary(many, AIM[kind]), "patients": many} for kind, many in rows.items() if many}
    if options.json:
        json.dump(report, sys.stdout, indent=1)
        print()
        return 0
    for kind, entry in report.items():
        print(table(kind, entry["summary"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
