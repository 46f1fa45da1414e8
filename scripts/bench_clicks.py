"""How far a few clicks get: a scripted user clicks in the middle of the largest error, again and again.

    python scripts/bench_clicks.py [--quick] [--json] [--tools grow,levelset] [--seeds 31,32] [--only real]

The scripted user compares the mask with the truth, takes the largest connected piece that is missing or too much
(faces of voxels connect), and clicks on the voxel in it that lies deepest (farthest from its border, in mm): inside
where the piece is missing, outside where it is too much. Each click is answered before the next is made. "axis" rows
are three clicks at once: the deepest point and both ends of the long axis.

Prints the Dice overlap after 0, 1, 2 ... clicks and the seconds that each was waited for: lesions of generated patients
of every kind and phase (three clicks, no labels), a labelled lung tumour, and the organs of the labelled CTs (five
clicks): from nothing, and from the automatic segmentation, as a user corrects it ("missing" where it found nothing,
the clicks then begin among the other organs). Below it: how many rows reach what is aimed at, the largest loss that a
click caused, and the wait on a grid of 110 slices of 512 x 512. --json prints one object of named figures instead;
--quick ends within a minute.
The real scans are taken from the folder that the environment variable ANATOMY_TWIN_TEST_DATA names; without it these
rows are left out and a line says so. Overlap is counted only in the slices that are labelled.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy import ndimage

from anatomy_twin.assess.agreement import dice
from anatomy_twin.core import LabelMap, Seeds, Volume, VolumeGeometry
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import TwinError
from anatomy_twin.phantom import make_patient
from anatomy_twin.segmentation import segment, warm_up

# class numbers of TotalSegmentator's "total" map, version 2
CLASSES = {
    "spleen": (1,), "kidney_right": (2,), "kidney_left": (3,), "gallbladder": (4,), "liver": (5,), "stomach": (6,),
    "pancreas": (7,), "lung_left": (10, 11), "lung_right": (12, 13, 14), "bowel": (18,), "duodenum": (19,),
    "colon": (20,), "aorta": (52,), "inferior_vena_cava": (63,), "portal_vein": (64,),
}
SMALLEST_ML = 1.0
KINDS = (  # of generated patients, each with its phase
    ("liver_tumour", "portal"), ("liver_tumour", "native"), ("liver_tumour", "arterial"),
    ("liver_metastases", "portal"), ("liver_carcinoma", "arterial"), ("liver_cysts", "portal"),
    ("kidney_lesions", "portal"),
)  # fmt: skip
LESIONS = ("tumour", "lesion", "kidney_lesion")
AIMS = {"generated": 0.85, "real lesion": 0.75, "real organ": 0.90}
Row = dict[str, Any]


def next_click(truth: np.ndarray, mask: np.ndarray, geometry: VolumeGeometry) -> tuple[tuple[float, ...], bool] | None:
    """Return the deepest point of the largest error in LPS mm and whether it belongs inside; None without errors."""
    best: tuple[int, bool, np.ndarray] | None = None
    for error, inside in ((truth & ~mask, True), (mask & ~truth, False)):
        parts, count = ndimage.label(error)
        if count:
            sizes = np.bincount(parts.ravel())[1:]
            if best is None or sizes.max() > best[0]:
                best = int(sizes.max()), inside, parts == int(sizes.argmax()) + 1
    if best is None:
        return None
    box = ndimage.find_objects(best[2].astype(int))[0]
    depth = ndimage.distance_transform_edt(np.pad(best[2][box], 1), sampling=geometry.spacing_mm)[1:-1, 1:-1, 1:-1]
    index = np.add(np.unravel_index(int(depth.argmax()), depth.shape), [side.start for side in box])
    return tuple(float(part) for part in geometry.to_world(index)), best[1]


def long_axis(truth: np.ndarray, geometry: VolumeGeometry) -> list[tuple[float, ...]]:
    """Return the deepest point and both ends of the longest axis, the ends a little inside of the border."""
    points = geometry.to_world(np.argwhere(truth))
    first = points[np.linalg.norm(points - points.mean(0), axis=1).argmax()]
    second = points[np.linalg.norm(points - first, axis=1).argmax()]
    middle = (first + second) / 2.0
    click = next_click(truth, np.zeros_like(truth), geometry)
    assert click is not None
    return [click[0], *(tuple(middle + 0.92 * (end - middle)) for end in (first, second))]


def play(
    volume: Volume, name: str, truth: np.ndarray, where: slice, tool: str, clicks: int, labels: LabelMap | None
) -> Row:
    """Let the scripted user click; return the overlap before and after each click, each wait and the most CPU time."""
    known = np.zeros_like(truth)
    known[where] = truth[where]
    mask = labels.mask(name) if labels is not None and name in labels else np.zeros_like(truth)
    overlaps, waits, spent = [dice(mask[where], known[where])], [], 0.0
    inside: list[tuple[float, ...]] = []
    outside: list[tuple[float, ...]] = []
    for _ in range(clicks):
        seen = np.zeros_like(truth)
        seen[where] = mask[where]
        click = next_click(known, seen, volume.geometry)
        if click is None:
            break
        (inside if click[1] else outside).append(click[0])
        start, cpu = time.perf_counter(), time.process_time()
        seeds = {name: Seeds(inside=tuple(inside), outside=tuple(outside))}
        labels = segment(volume, tool, seeds, labels)
        waits.append(round(time.perf_counter() - start, 2))
        spent = max(spent, time.process_time() - cpu)
        mask = labels.mask(name)
        overlaps.append(dice(mask[where], known[where]))
    return {"dice": [round(value, 3) for value in overlaps], "seconds": waits, "cpu_s": round(spent, 2)}


def lesion_rows(tools: list[str], seeds: list[int], kinds: tuple[tuple[str, str], ...], matrix: int) -> Iterator[Row]:
    """Lesions of generated patients of every kind."""
    for seed in seeds:
        for n, (kind, phase) in enumerate(kinds):
            patient = make_patient(seed + n, kind, phase, matrix=matrix, slice_mm=2.5)
            for entry in patient.truth.segments:
                if entry.name.startswith(LESIONS) and not entry.absent:
                    case = f"{kind} {phase} {seed + n}"
                    truth = patient.truth.mask(entry.name)
                    yield from lesion(patient.volume, entry.name, truth, tools, case, "generated")


def lesion(volume: Volume, name: str, truth: np.ndarray, tools: list[str], case: str, group: str) -> Iterator[Row]:
    """Three clicks one after the other, and three at once."""
    for tool in tools:
        head: Row = {"group": group, "case": case, "name": name, "ml": round(_ml(truth, volume), 1)}
        yield {**head, "start": "nothing", "tool": tool, **play(volume, name, truth, slice(None), tool, 3, None)}
        start, cpu = time.perf_counter(), time.process_time()
        found = segment(volume, tool, {name: long_axis(truth, volume.geometry)}).mask(name)
        yield {**head, "start": "axis", "tool": tool, "dice": [0.0, round(dice(found, truth), 3)],
               "seconds": [round(time.perf_counter() - start, 2)], "cpu_s": round(time.process_time() - cpu, 2)}


def _ml(mask: np.ndarray, volume: Volume) -> float:
    return float(np.count_nonzero(mask) * volume.geometry.voxel_volume_ml)


def real_rows(tools: list[str], folder: Path, quick: bool) -> Iterator[Row]:
    """The labelled lung tumour, and the organs of the labelled abdomens."""
    image, label = (read(folder / "pyradiomics_lung2" / f"lung2_{kind}.nrrd") for kind in ("image", "label"))
    yield from lesion(image, "lesion_1", label.array > 0, tools, "real lung tumour", "real lesion")
    for case, volume, truth, where in (native(folder),) if quick else (native(folder), slab(folder)):
        automatic = None if quick else _automatic(case, volume)
        for name, values in CLASSES.items():
            mask = np.isin(truth, values)
            if _ml(mask[where], volume) < SMALLEST_ML or (quick and name not in ("liver", "spleen", "aorta")):
                continue
            head: Row = {"group": "real organ", "case": case, "name": name, "ml": round(_ml(mask[where], volume), 1)}
            for tool in tools:
                for start, labels in (("nothing", None),) if quick else (("automatic", automatic), ("nothing", None)):
                    found = labels is not None and name in labels
                    row = {**head, "start": "missing" if start == "automatic" and not found else start, "tool": tool}
                    if start == "nothing" or labels is not None:
                        yield {**row, **play(volume, name, mask, where, tool, 5, labels)}


def _automatic(case: str, volume: Volume) -> LabelMap | None:
    try:
        return segment(volume)
    except TwinError as error:
        print(f"{case}: {error.line}", file=sys.stderr)
        return None


def read(path: Path) -> Volume:
    """Read a grid file or a folder of slices as a CT on upright axes."""
    from anatomy_twin.scan import load_volume

    return load_volume(path, modality="CT").canonical()


def native(folder: Path) -> tuple[str, Volume, np.ndarray, slice]:
    """The native abdomen: labels cover its top 30 slices, and their header repeats the origin of the whole scan."""
    volume = read(folder / "totalsegmentator_refs" / "example_ct.nii.gz")
    labels = read(folder / "totalsegmentator_refs" / "example_seg.nii.gz")
    truth = np.zeros(volume.geometry.shape, dtype=np.int32)
    truth[82:112] = labels.array
    return "real native abdomen", volume, truth, slice(82, 112)


def slab(folder: Path) -> tuple[str, Volume, np.ndarray, slice]:
    """The portal slab, labelled throughout."""
    root = folder / "totalsegmentator_refs"
    from anatomy_twin.scan import load_volume

    volume = load_volume(root / "example_ct_dicom").canonical()
    labels = read(root / "example_seg_dicom.nii.gz")
    values = LabelMap(labels.array.astype(np.uint8)[None], labels.geometry, ())
    placed = labels_on_grid(values, volume.geometry, 0.1)
    return "real portal slab", volume, np.asarray(placed.array[0]), slice(None)


def large_grid() -> dict[str, float]:
    """Return the seconds of clicks on 110 slices of 512 x 512: on a lesion, on an organ, to correct it, and on a tube.

    The scan is a generated patient on finer voxels."""
    patient = make_patient(31, "liver_tumour", "portal", matrix=64, slice_mm=2.5)
    small = patient.volume.geometry
    spacing = (2.5, 0.75, 0.75)
    middle = small.to_world((np.asarray(small.shape) - 1) / 2.0)
    origin = middle - 0.5 * (np.array([512, 512, 110]) - 1) * spacing[::-1]
    grid = VolumeGeometry.upright((110, 512, 512), spacing, tuple(float(part) for part in origin))
    start, step = small.to_index(grid.to_world((0.0, 0.0, 0.0))), np.asarray(spacing) / np.asarray(small.spacing_mm)
    image = np.asarray(patient.volume.array, dtype=np.float32)
    values = ndimage.affine_transform(image, step, start, grid.shape, np.int16, order=1, mode="nearest")
    volume = Volume(values, grid, "CT", "HU")
    organ = small.to_world(np.argwhere(patient.truth.mask("liver"))).mean(0)
    name = next(entry.name for entry in patient.truth.segments if entry.name.startswith("tumour") and not entry.absent)
    lesion_mm = small.to_world(np.argwhere(patient.truth.mask(name))).mean(0)
    vessel_mm = small.to_world(np.argwhere(patient.truth.mask("aorta"))).mean(0)
    figures, labels = {}, None
    for what, key, point, side in (
        ("lesion", "tumour_9", lesion_mm, "inside"), ("organ", "liver", organ, "inside"),
        ("correction", "liver", organ, "outside"), ("tube", "aorta", vessel_mm, "inside"),
    ):
        began = time.perf_counter()
        labels = segment(volume, "grow", {key: {side: [tuple(float(part) for part in point)]}}, labels)
        figures[what] = round(time.perf_counter() - began, 2)
    return figures


def summary(rows: list[Row]) -> dict[str, Any]:
    """Return named figures for each group and start: how many rows reach the aim, the mean, losses, waits."""
    figures: dict[str, Any] = {}
    for group, start, tool in dict.fromkeys((row["group"], row["start"], row["tool"]) for row in rows):
        many = [r for r in rows if (r["group"], r["start"], r["tool"]) == (group, start, tool)]
        waits = [wait for row in many for wait in row["seconds"]]
        losses = [a - b for row in many for a, b in zip(row["dice"], row["dice"][1:], strict=False)]
        figures[f"{group}, {start}, {tool}"] = {
            "rows": len(many), "aim": AIMS[group], "reach": sum(row["dice"][-1] >= AIMS[group] for row in many),
            "mean_dice_before": round(float(np.mean([row["dice"][0] for row in many])), 3),
            "mean_dice": round(float(np.mean([row["dice"][-1] for row in many])), 3),
            "largest_loss_by_a_click": round(max([0.0, *losses]), 3),
            "median_seconds_a_click": round(float(np.median(waits)), 2) if waits else 0.0,
            "most_seconds_a_click": max(waits, default=0.0), "most_cpu_seconds": max(row["cpu_s"] for row in many),
        }
    return figures


def main() -> int:
    """Print the table, or one JSON document with --json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one small generated patient and a few real structures")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tools", default="grow")
    parser.add_argument("--seeds", default="31", help="the first seed of each round of kinds")
    parser.add_argument("--only", choices=("generated", "real"), help="one half of the table")
    options = parser.parse_args()
    tools = options.tools.split(",")
    seeds = [31] if options.quick else [int(part) for part in options.seeds.split(",")]
    warm_up()
    rows: list[Row] = []
    data = os.environ.get("ANATOMY_TWIN_TEST_DATA")
    for row in _all_rows(options, tools, seeds, Path(data) if data else None):
        rows.append(row)
        if not options.json:
            numbers = " ".join(f"{value:.3f}" for value in row["dice"])
            head = f"{row['case']:<28} {row['name']:<20} {row['ml']:7.1f} ml {row['start']:<10} {row['tool']:<14}"
            print(f"{head} {numbers:<42} {' '.join(f'{wait:.1f}' for wait in row['seconds'])} s", flush=True)
    figures = summary(rows)
    large = large_grid()
    if options.json:
        document = {"figures": figures, "seconds_on_512x512x110": large, "real_scans": bool(data), "rows": rows}
        json.dump(document, sys.stdout, indent=1)
        return 0
    for key, one in figures.items():
        print(f"{key}: {one['reach']} of {one['rows']} reach {one['aim']:.2f}, mean {one['mean_dice']:.3f} (before "
              f"{one['mean_dice_before']:.3f}), largest loss by one click {one['largest_loss_by_a_click']:.3f}, "
              f"{one['median_seconds_a_click']:.1f} s a click (at most {one['most_seconds_a_click']:.1f})")
    print(f"on 110 slices of 512 x 512: {', '.join(f'{key} {value:.1f} s' for key, value in large.items())}")
    if not data:
        print("ANATOMY_TWIN_TEST_DATA is not set: no real scans")
    return 0


def _all_rows(options: argparse.Namespace, tools: list[str], seeds: list[int], data: Path | None) -> Iterator[Row]:
    if options.only != "real":
        yield from lesion_rows(tools, seeds, KINDS[:1] if options.quick else KINDS, 160 if options.quick else 256)
    if data is not None and options.only != "generated":
        yield from real_rows(tools, data, options.quick)


if __name__ == "__main__":
    raise SystemExit(main())
