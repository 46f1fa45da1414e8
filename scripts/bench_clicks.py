"""How far a few clicks get: a scripted user clicks in the middle of the largest error, again and again.

    python scripts/bench_clicks.py [--quick] [--json] [--tools grow,levelset] [--seeds 1,2,3]

Prints the Dice overlap after 0, 1, 2 ... clicks: lesions of generated patients, a labelled lung tumour, and the organs
of the labelled CTs, starting from the automatic segmentation and from nothing. The real scans are taken from the
folder that the environment variable ANATOMY_TWIN_TEST_DATA names; without it these rows say so. Overlap is counted
only in the slices that are labelled. "axis" rows are three clicks at once: the middle and both ends of the long axis.
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


def dice(one: np.ndarray, two: np.ndarray) -> float:
    """Return the Dice overlap of two masks."""
    return 2.0 * float(np.count_nonzero(one & two)) / max(1.0, float(one.sum() + two.sum()))


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
) -> dict[str, Any]:
    """Let the scripted user click; return the overlap before and after each click and the longest wait."""
    known = np.zeros_like(truth)
    known[where] = truth[where]
    mask = labels.mask(name) if labels is not None and name in labels else np.zeros_like(truth)
    overlaps, slowest = [dice(mask[where], known[where])], 0.0
    inside: list[tuple[float, ...]] = []
    outside: list[tuple[float, ...]] = []
    for _ in range(clicks):
        seen = np.zeros_like(truth)
        seen[where] = mask[where]
        click = next_click(known, seen, volume.geometry)
        if click is None:
            break
        (inside if click[1] else outside).append(click[0])
        start = time.perf_counter()
        seeds = {name: Seeds(inside=tuple(inside), outside=tuple(outside))}
        labels = segment(volume, tool, seeds, labels)
        slowest = max(slowest, time.perf_counter() - start)
        mask = labels.mask(name)
        overlaps.append(dice(mask[where], known[where]))
    return {"dice": [round(value, 3) for value in overlaps], "slowest_s": round(slowest, 2)}


def lesion_rows(tools: list[str], seeds: list[int], matrix: int) -> Iterator[dict[str, Any]]:
    """Lesions of generated patients, in the phase that the seed takes in turn."""
    for seed in seeds:
        phase = ("portal", "portal", "native", "arterial")[seed % 4]
        patient = make_patient(seed, "liver_tumour", phase, matrix=matrix)
        for tumour in patient.tumours:
            truth = patient.truth.mask(tumour.name)
            yield from lesion(patient.volume, tumour.name, truth, tools, f"generated {seed} {phase}")


def lesion(volume: Volume, name: str, truth: np.ndarray, tools: list[str], case: str) -> Iterator[dict[str, Any]]:
    """Three clicks one after the other, and three at once."""
    for tool in tools:
        yield {"case": case, "name": name, "start": "nothing", "tool": tool,
               **play(volume, name, truth, slice(None), tool, 3, None)}
        start = time.perf_counter()
        found = segment(volume, tool, {name: long_axis(truth, volume.geometry)}).mask(name)
        yield {"case": case, "name": name, "start": "axis", "tool": tool, "dice": [0.0, round(dice(found, truth), 3)],
               "slowest_s": round(time.perf_counter() - start, 2)}


def real_rows(tools: list[str], folder: Path, quick: bool) -> Iterator[dict[str, Any]]:
    """The labelled lung tumour, and the organs of the labelled abdomens."""
    image, label = (read(folder / "pyradiomics_lung2" / f"lung2_{kind}.nrrd") for kind in ("image", "label"))
    yield from lesion(image, "lesion_1", label.array > 0, tools, "real lung tumour")
    for case, volume, truth, where in (native(folder), slab(folder)):
        try:
            automatic: LabelMap | None = segment(volume)
        except TwinError as error:
            automatic = None
            print(f"{case}: {error.line}", file=sys.stderr)
        for name, values in CLASSES.items():
            mask = np.isin(truth, values)
            if np.count_nonzero(mask[where]) * volume.geometry.voxel_volume_ml < SMALLEST_ML:
                continue
            for tool in tools:
                for start, labels in (("automatic", automatic), ("nothing", None)):
                    if quick and (start == "nothing" or name not in ("liver", "spleen", "aorta")):
                        continue
                    if start == "automatic" and (labels is None or name not in labels):
                        yield {"case": case, "name": name, "start": start, "tool": tool, "dice": [], "slowest_s": 0.0,
                               "note": "not found automatically"}
                        continue
                    yield {"case": case, "name": name, "start": start, "tool": tool,
                           **play(volume, name, mask, where, tool, 5, labels)}


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


def main() -> int:
    """Print the table, or one JSON document with --json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one generated patient and three organs")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tools", default="grow")
    parser.add_argument("--seeds", default="1,2,3,4,5,6")
    options = parser.parse_args()
    tools = options.tools.split(",")
    seeds = [1] if options.quick else [int(part) for part in options.seeds.split(",")]
    warm_up()
    rows = []
    data = os.environ.get("ANATOMY_TWIN_TEST_DATA")
    for row in _all_rows(tools, seeds, 192 if options.quick else 288, Path(data) if data else None, options.quick):
        rows.append(row)
        if not options.json:
            numbers = " ".join(f"{value:.3f}" for value in row["dice"]) or row.get("note", "")
            head = f"{row['case']:<24} {row['name']:<20} {row['start']:<10} {row['tool']:<14}"
            print(f"{head} {numbers:<42} {row['slowest_s']:.1f} s", flush=True)
    if options.json:
        json.dump({"rows": rows}, sys.stdout, indent=1)
    elif not data:
        print("ANATOMY_TWIN_TEST_DATA is not set: no real scans")
    return 0


def _all_rows(
    tools: list[str], seeds: list[int], matrix: int, data: Path | None, quick: bool
) -> Iterator[dict[str, Any]]:
    yield from lesion_rows(tools, seeds, matrix)
    if data is not None:
        yield from real_rows(tools, data, quick)


if __name__ == "__main__":
    raise SystemExit(main())
