#!/usr/bin/env python3
"""Print how well organs, vessels and lesions are found: generated patients and real scans, apart.

    python3 scripts/bench_segmentation.py [--quick] [--json] [--only SET,...] [--workers 2] [--keep FOLDER]
                                            [--development]

The generated patients have seeds, phases and noise that nothing was tuned on (seeds from 101; --development takes seeds
100 below instead, for whoever tunes). Real scans are those of the folder that ANATOMY_TWIN_TEST_DATA names, compared on
their labelled slices only; labels made by a network are called silver. Every study runs as `anatomy-twin batch` runs
it, in a process of its own with one thread. Per structure: Dice, the larger of the two directed 95 % surface distances,
volume error, for tubes the shares of the centrelines within 2 mm of the other: of the true one ("line"; "wide" counts
its stretches of at least 3 mm diameter only, the finest branches of a generated tree are thinner than a voxel) and of
the found one ("right"). Generated trees give their own centrelines, other truths those of their masks. A structure of
the truth that was not found counts with Dice 0 ("miss"), one that the phase does not show is "hidden" and does not
count, one without a truth is printed as "no truth". "wrong" counts outlines with Dice below 0.5 that bear no flag.
--quick takes one small patient.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parent
FIRST_SEED = 101
LESION_MM = 10.0
REST = "unknown_tissue"  # what no structure claims: its truth is not that of an organ
HIDDEN = "not visible in this phase"
UNOFFERED = "not offered"  # a segmenter of another region does not look for it
WRONG_DICE = 0.5  # below this an outline is another structure rather than a poor one
LESIONS = ("tumour", "lesion", "kidney_lesion", "nodule")
TARGETS = {  # what the project aims at; real scans in brackets after the set
    "body": 0.95, "liver": 0.95, "spleen": 0.95, "kidney_right": 0.95, "kidney_left": 0.95, "aorta": 0.95,
    "lung_right": 0.95, "lung_left": 0.95, "heart": 0.95, "left_atrium": 0.93,
    "native-abdomen": {"liver": 0.90, "spleen": 0.88, "kidney_right": 0.80, "kidney_left": 0.80, "aorta": 0.88,
                       "bone": 0.85, "lung_right": 0.95, "lung_left": 0.95},
    "portal-slab": {"liver": 0.92, "spleen": 0.88, "aorta": 0.88, "bone": 0.85, "intrahepatic_vessels": 0.70},
    "portal-abdomen": {}, "dissected-aorta": {"aorta": 0.88}, "lung-tumour": {},
}  # fmt: skip
NO_TRUTH = ("liver", "spleen", "kidney_right", "kidney_left", "aorta", "inferior_vena_cava", "portal_vein",
            "intrahepatic_vessels", "lung_right", "lung_left", "bone", "tumour")  # fmt: skip
Row = dict[str, Any]


def generated(quick: bool) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Return the sets of generated patients: name -> (study, segmenter, arguments of ``make_patient``)."""
    if quick:
        small = {"seed": FIRST_SEED, "kind": "liver_tumour", "phase": "portal", "matrix": 128, "slice_mm": 4.0}
        return {"portal": [("portal-101", "ct-abdomen", small)]}
    from anatomy_twin.phantom import KINDS, Conditions

    abdomen = {"kind": "liver_tumour", "matrix": 256, "slice_mm": 2.5}
    sets: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for phase, seeds in (("portal", range(101, 107)), ("arterial", range(107, 111)), ("native", range(111, 115))):
        sets[phase] = [(f"{phase}-{s}", "ct-abdomen", {**abdomen, "seed": s, "phase": phase}) for s in seeds]
    hard = {
        "noise 25 HU": {"noise_hu": 25.0}, "5 mm slices": {"slice_mm": 5.0},
        "arms": {"conditions": Conditions(arms=True)}, "oral contrast": {"conditions": Conditions(oral_contrast=True)},
        "metal": {"conditions": Conditions(metal="spine")},
        "no right kidney": {"conditions": Conditions(removed=("kidney_right",))},
        "no spleen": {"conditions": Conditions(removed=("spleen",))},
        "mirrored": {"conditions": Conditions(situs_inversus=True)},
        "upper half": {"conditions": Conditions(field_of_view=(0.5, 1.0))},
        "lower half": {"conditions": Conditions(field_of_view=(0.0, 0.5))},
    }
    sets["hard"] = [
        (f"hard-{name.replace(' ', '-')}", "ct-abdomen", {**abdomen, "seed": 120 + n, "phase": "portal", **more})
        for n, (name, more) in enumerate(hard.items())
    ]
    sets["unusual"] = [
        (f"unusual-{s}", "ct-abdomen", {**abdomen, "seed": s, "conditions": Conditions(unusual=True)})
        for s in range(131, 135)
    ]
    sets["lesions"] = [
        (f"{kind.replace('_', '-')}-{s}", "ct-abdomen", {**abdomen, "kind": kind, "seed": s, "phase": phase})
        for kind, phase, first in (
            ("liver_metastases", "portal", 161), ("liver_carcinoma", "arterial", 164), ("liver_cysts", "portal", 167),
            ("kidney_lesions", "portal", 169), ("abdomen", "portal", 171),
        )
        for s in range(first, first + 2)
    ]
    for name in ("portal", "native", "unusual"):  # the same studies without the table of where organs usually lie
        sets[f"{name} without prior"] = [(f"{n}-np", f"{s}:no-prior", a) for n, s, a in sets[name]]
    for kind, segmenter, phase, first in (
        ("chest", "ct-thorax", "portal", 141), ("head", "ct-head", "native", 151),
        ("heart", "cta-heart", "arterial", 181),
    ):
        if kind in KINDS:
            shown = {"kind": kind, "phase": phase, "matrix": 256, "slice_mm": 2.0}
            sets[kind] = [(f"{kind}-{s}", segmenter, {**shown, "seed": s}) for s in range(first, first + 4)]
    return sets


def run_set(name: str, studies: Sequence[tuple[str, str, Any]], out: Path, workers: int) -> list[Row]:
    """Run one set as a batch and return its rows, each with the study's seconds and memory."""
    from anatomy_twin.batch import Call, Study, run_batch

    rows: list[Row] = []
    by_segmenter = defaultdict(list)
    for study, segmenter, source in studies:
        call = source if isinstance(source, Call) else Call("anatomy_twin.phantom:make_patient", tuple(source.items()))
        by_segmenter[segmenter].append(Study(study, call))
    for segmenter, many in by_segmenter.items():
        place = out / f"{name}-{segmenter}".replace(" ", "-").replace(":", "-")
        result = run_batch(many, place, segmenter=segmenter, workers=workers, report=_said)
        for outcome in result.outcomes:
            if not outcome.done:
                rows.append({"study": outcome.name, "structure": "(study)", "state": "failed", "note": outcome.reason})
        facts = {o.name: (o.seconds, o.peak_memory_mb) for o in result.outcomes}
        for row in result.rows():
            rows.append({**row, "seconds": facts[row["study"]][0], "peak_memory_mb": facts[row["study"]][1]})
    return rows


def _said(outcome: Any, ended: int, total: int) -> None:
    line = f"{outcome.name}: {outcome.state} {outcome.reason}".rstrip()
    print(f"  {ended}/{total} {line}, {outcome.seconds:.0f} s", file=sys.stderr, flush=True)


def summary(rows: Iterable[Row], targets: Mapping[str, Any]) -> list[Row]:
    """Return one line per structure of the truth over all studies of a set."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("truth_ml") and _stem(row["structure"]) not in LESIONS and row["structure"] != REST:
            by_name[row["structure"]].append(row)
    lines = []
    for name, many in by_name.items():
        if all(row["state"] == UNOFFERED for row in many):
            continue
        shown = [row for row in many if row["state"] != HIDDEN]
        dice = [row["dice"] or 0.0 for row in shown]
        lines.append({
            "structure": name, "studies": len(shown), "dice": statistics.fmean(dice) if dice else None,
            "least_dice": min(dice, default=None), "not_visible": len(many) - len(shown),
            "surface_distance_95_mm": _mean(many, "surface_distance_95_mm"),
            "volume_error_percent": _mean(many, "volume_error_percent"),
            "centreline_found": _mean(many, "centreline_found"), "centreline_right": _mean(many, "centreline_right"),
            "centreline_found_wide": _mean(many, "centreline_found_wide"),
            "not_found": sum(not row["dice"] for row in shown),
            "flagged": sum(row["state"] == "check" for row in shown),
            "wrong_without_flag": sum(row["state"] == "ok" and row["dice"] < WRONG_DICE for row in shown),
            "target": targets.get(name),
        })
    return lines


def lesions(rows: Iterable[Row]) -> Row:
    """Return how many lesions of at least 10 mm were found, and the false candidates per scan."""
    rows = list(rows)
    real = [r for r in rows if r.get("truth_ml") and _stem(r["structure"]) in LESIONS]
    large = [r for r in real if _diameter_mm(r["truth_ml"]) >= LESION_MM]
    met = [r for r in large if r.get("met_by")]
    scans = {r["study"] for r in rows}
    false = sum(1 for r in rows if r.get("false_candidate") in (True, "true", "True"))
    return {
        "lesions_of_10_mm": len(large), "found": len(met), "smaller_found": sum(bool(r.get("met_by")) for r in real)
        - len(met), "smaller": len(real) - len(large), "false_per_scan": false / max(1, len(scans)),
        "dice_of_found": statistics.fmean(r["dice"] for r in met) if met else None,
    }  # fmt: skip


def untrue(rows: Iterable[Row]) -> list[Row]:
    """Return structures without a truth of a scan: what was found, for a person to judge."""
    return [
        {"structure": r["structure"], "volume_ml": r["volume_ml"], "state": r["state"], "note": r["note"]}
        for r in rows if r["structure"] in NO_TRUTH or _stem(r["structure"]) in ("tumour_candidate", "nodule_candidate")
    ]


def unoffered(rows: Iterable[Row]) -> list[str]:
    """Return the structures of the truth that the segmenter offers in none of the studies."""
    states: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.get("truth_ml"):
            states[row["structure"]].add(row["state"])
    return sorted(name for name, seen in states.items() if seen == {UNOFFERED})


def absences(rows: Iterable[Row]) -> list[Row]:
    """Return per study what is absent or flagged, with the reason: what the hard scans are for."""
    return [
        {"study": r["study"], "structure": r["structure"], "state": r["state"], "rules": r.get("rules", ""),
         "dice": r.get("dice"), "note": r.get("note", "")}
        for r in rows if r["state"] not in ("ok", "met") and (r.get("truth_ml") or r["structure"] == "(study)")
    ]  # fmt: skip


def table(lines: Sequence[Row], title: str) -> str:
    """Lay out the lines of ``summary`` for the terminal."""
    head = f"{'structure':<24}{'n':>3}{'Dice':>7}{'least':>7}{'aim':>6}{'95 % mm':>9}{'vol %':>8}"
    head += f"{'line':>6}{'wide':>6}{'right':>6}{'miss':>5}{'flag':>5}{'wrong':>6}{'hidden':>7}"
    out = [title, head]
    for r in sorted(lines, key=lambda line: -(line["dice"] or 0.0)):
        out.append(
            f"{r['structure']:<24}{r['studies']:>3}{_cell(r['dice'], '7.3f')}{_cell(r['least_dice'], '7.3f')}"
            f"{_cell(r['target'], '6.2f')}"
            f"{_cell(r['surface_distance_95_mm'], '9.1f')}{_cell(r['volume_error_percent'], '8.1f')}"
            f"{_cell(r['centreline_found'], '6.2f')}{_cell(r['centreline_found_wide'], '6.2f')}"
            f"{_cell(r['centreline_right'], '6.2f')}"
            f"{r['not_found']:>5}{r['flagged']:>5}{r['wrong_without_flag']:>6}{r['not_visible']:>7}"
        )
    return "\n".join(out)


def main() -> int:
    """Run the sets and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one small patient, within a minute")
    parser.add_argument("--json", action="store_true", help="one object of named figures on stdout")
    parser.add_argument("--only", help="sets to run, as in portal,native,real")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", metavar="FOLDER", help="keep labels and tables there (and resume from them)")
    parser.add_argument("--development", action="store_true", help="seeds below 100: those that may be tuned on")
    options = parser.parse_args()
    sets = generated(options.quick)
    if options.development:
        sets = {name: [(s, g, {**a, "seed": a["seed"] - 100}) for s, g, a in many] for name, many in sets.items()}
    chosen = options.only.split(",") if options.only else [*sets, *(() if options.quick else ("real",))]
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(options.keep or temporary)
        for name in chosen:
            if name == "real":
                report.update(_real(out, options.workers, options.json))
                continue
            if name not in sets:
                parser.error(f"no set is called {name!r}: there are {', '.join(sets)} and real")
            rows = run_set(name, sets[name], out, options.workers)
            report[name] = _entry(rows, TARGETS)
            if not options.json:
                _print_set(name, f"generated patients, {name}", report[name])
    if options.json:
        json.dump(report, sys.stdout, indent=1)
        print()
    return 0


def _real(out: Path, workers: int, as_json: bool) -> dict[str, Any]:
    import real_scans

    from anatomy_twin.batch import Call

    if real_scans.FOLDER not in os.environ:
        print(f"real scans: {real_scans.FOLDER} names no folder, left out", file=sys.stderr)
        return {}
    studies = [(n, s, Call(f"real_scans:{f.__name__}")) for n, s, f, _ in real_scans.SCANS]
    rows = run_set("real", studies, out, workers)
    report = {}
    for name, _, _, who in real_scans.SCANS:
        mine = [row for row in rows if row["study"] == name]
        report[name] = {**_entry(mine, TARGETS[name]), "truth": who, "no_truth": untrue(
            row for row in mine if not row.get("truth_ml"))}  # fmt: skip
        if not as_json:
            _print_set(name, f"real scan, {name} ({who})", report[name])
    return report


def _entry(rows: Sequence[Row], targets: Mapping[str, Any]) -> dict[str, Any]:
    seconds = {row["study"]: row.get("seconds") for row in rows if row.get("seconds")}
    memory = [row["peak_memory_mb"] for row in rows if row.get("peak_memory_mb")]
    return {
        "structures": summary(rows, targets), "not_offered": unoffered(rows), "lesions": lesions(rows),
        "absent_or_flagged": absences(rows),
        "seconds_per_study": statistics.fmean(seconds.values()) if seconds else None,
        "peak_memory_mb": max(memory, default=None),
    }


def _print_set(name: str, title: str, entry: Mapping[str, Any]) -> None:
    print(table(entry["structures"], f"\n{title}"))
    if entry["not_offered"]:
        print(f"not offered: {', '.join(entry['not_offered'])}")
    found = entry["lesions"]
    if found["lesions_of_10_mm"] or found["smaller"] or found["false_per_scan"]:
        print(f"lesions of 10 mm and more: {found['found']} of {found['lesions_of_10_mm']} found; smaller "
              f"{found['smaller_found']} of {found['smaller']}; false per scan {found['false_per_scan']:.2f}")
    for row in entry.get("no_truth", ()):
        volume = "" if row["volume_ml"] is None else f"{row['volume_ml']:.0f} ml"
        print(f"  no truth: {row['structure']} {volume} {row['state']} {row['note'][:70]}".rstrip())
    every = name in ("hard", "unusual") or entry.get("truth")
    for row in (r for r in entry["absent_or_flagged"] if every or r["structure"] == "(study)"):
        dice = "" if row["dice"] is None else f"Dice {row['dice']:.2f}"
        print(f"  {row['study']}: {row['structure']} {row['state']} {row['rules']} {dice} {row['note'][:80]}".rstrip())
    if entry["seconds_per_study"]:
        print(f"seconds per study (one thread, two side by side, meshes and measuring included) "
              f"{entry['seconds_per_study']:.0f}, peak memory {entry['peak_memory_mb']:.0f} MB", flush=True)


def _mean(rows: Iterable[Row], column: str) -> float | None:
    values = [float(row[column]) for row in rows if row.get(column) not in (None, "")]
    return statistics.fmean(values) if values else None


def _cell(value: float | None, layout: str) -> str:
    width = int(layout.split(".")[0])
    return " " * (width - 1) + "-" if value is None else format(value, layout)


def _stem(name: str) -> str:
    stem, _, number = name.rpartition("_")
    return stem if number.isdigit() else name


def _diameter_mm(volume_ml: float) -> float:
    return 2.0 * (0.75 / 3.141592653589793 * volume_ml * 1000.0) ** (1.0 / 3.0)


if __name__ == "__main__":
    import environment

    environment.go_on_inside(__file__, __doc__)
    # children import the functions that make the studies
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(SCRIPTS), os.environ.get("PYTHONPATH", "")]))
    raise SystemExit(main())
