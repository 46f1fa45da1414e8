"""Confirmations of generated patients against their known margins: how many lie within the stated interval.

    python scripts/bench_confirmation.py [--seeds 8] [--first 1] [--kinds liver_tumour,liver_metastases]
                                         [--matrix 128] [--slice 4] [--outlines 0]

Each patient is scanned, ablated (zones of random size, shape and offset), moved (breathing, shift, turn), scanned again
and confirmed. The true margin is measured on the drawn shapes at 0.8 mm: the least signed distance of the target's
surface to the part of the zone's surface behind which the organ lives. With ``--outlines N`` nothing is scanned:
N pairs of tilted ellipsoids (and of concentric balls) are cut into voxels on grids of random place, and the least
margin between their outlines is held against the true one, as a part of half a voxel of both grids across the surface.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import anatomy_twin as at
from anatomy_twin.assess.boundary import mask_boundary, signed_distance_to
from anatomy_twin.core import SILENT, VolumeGeometry
from anatomy_twin.kernels.distance import signed_distance_mm
from anatomy_twin.phantom import AblatedZone, Deformation, breathing, make_patient, make_second_scan
from anatomy_twin.phantom.abdomen.drawing import draw
from anatomy_twin.phantom.canvas import VALUE, Canvas
from anatomy_twin.phantom.conditions import USUAL
from anatomy_twin.phantom.patient import Drawn, draw_patient

FINE_MM = 0.8
MOST_TARGETS = 3


@dataclass(frozen=True, eq=False)
class Trial:
    """One patient before and after, and the true margin of each target."""

    before: Any
    after: Any
    moved: Deformation
    zones: dict[str, AblatedZone]
    margins: dict[str, tuple[float, float]]


def make_trial(seed: int, kind: str, grid: dict[str, Any]) -> Trial:
    """Return a patient ablated and moved as the seed says; margins are (true margin, least depth) in mm."""
    rng = np.random.default_rng([seed, len(kind)])
    before = make_patient(seed, kind, "portal", **grid)
    targets = [one for one in before.tumours
               if one.tissue != "cyst" and one.radius_mm >= 5.0 and one.name in before.truth]  # fmt: skip
    moved = replace(
        breathing(before, float(rng.uniform(5, 20))), shift_mm=tuple(rng.uniform(-15, 15, 3)),
        rotation_deg=tuple(rng.uniform(-5, 5, 3)), centre_mm=before.volume.geometry.center_mm,
    )
    zones: dict[str, AblatedZone] = {}
    for one in targets:
        offset, way = rng.normal(size=3), rng.normal(size=3)
        offset *= rng.uniform(0, 5) / np.linalg.norm(offset)
        along = one.radius_mm + rng.uniform(4, 14)
        zone = AblatedZone(tuple(np.add(one.centre_mm, offset)), along, along * rng.uniform(0.75, 0.95), tuple(way),
                           bool(rng.uniform() < 0.4))  # fmt: skip
        apart = [np.linalg.norm(np.subtract(zone.centre_mm, other.centre_mm)) - other.along_mm
                 for other in zones.values()]  # fmt: skip
        if len(zones) < MOST_TARGETS and all(gap > along + 8.0 for gap in apart):
            zones[one.name] = zone
    after = make_second_scan(seed, kind, "portal", **grid, zones=tuple(zones.values()), deformation=moved)
    drawn = draw_patient(seed, kind, "portal", 64, 8.0, SILENT, USUAL)
    margins = {name: true_margin(drawn, name, zone, moved) for name, zone in zones.items()}
    return Trial(before, after, moved, zones, margins)


def true_margin(drawn: Drawn, target: str, zone: AblatedZone, moved: Deformation) -> tuple[float, float]:
    """Return the least signed distance of the drawn target to living organ, where it lies after; and its depth."""
    from skimage.measure import marching_cubes

    reach = zone.along_mm + 15.0
    low = np.subtract(zone.centre_mm, reach)
    size = int(2 * reach / FINE_MM)
    grid = VolumeGeometry.upright((size,) * 3, (FINE_MM,) * 3, tuple(low))
    canvas = Canvas(grid, tuple(drawn.shift_mm), drawn.build.warp, drawn.build.warp_mm)
    draw(drawn.build, canvas, drawn.inside, SILENT)
    number = 1 + [one.name for one in drawn.inside.tumours].index(target)
    liver = signed_distance_mm(canvas.labels == VALUE["liver"], grid.spacing_mm)
    tumour = signed_distance_mm(canvas.lesions == number, grid.spacing_mm)
    surface = grid.to_world(marching_cubes(np.asarray(tumour, np.float32), 0.0)[0].astype(float))
    shell = at_ellipsoid(zone)
    index = np.clip(np.round(grid.to_index(shell)).astype(int), 0, size - 1)
    shell = shell[liver[tuple(index.T)] > 0.0]
    from scipy.spatial import cKDTree

    gap = cKDTree(moved.to_second(shell)).query(moved.to_second(surface))[0]
    signed = np.where(zone.distance_mm(surface) > 0, -gap, gap)
    at_surface = np.clip(np.round(grid.to_index(surface)).astype(int), 0, size - 1)
    return float(signed.min()), float(liver[tuple(at_surface.T)].min())


def at_ellipsoid(zone: AblatedZone) -> np.ndarray:
    """Points on the surface of a zone, about 0.4 mm apart."""
    count = int(4 * np.pi * zone.along_mm**2 / 0.16)
    n = np.arange(count) + 0.5
    polar, round_ = np.arccos(1 - 2 * n / count), np.pi * (1 + 5**0.5) * n
    ball = np.stack([np.cos(round_) * np.sin(polar), np.sin(round_) * np.sin(polar), np.cos(polar)], axis=1)
    axis = np.asarray(zone.direction) / np.linalg.norm(zone.direction)
    along = ball @ axis
    return zone.centre_mm + zone.along_mm * along[:, None] * axis + zone.across_mm * (ball - along[:, None] * axis)


def print_outlines(count: int) -> None:
    """Print how far least margins between outlines in voxels are off."""
    print("voxel mm          shapes       bias   95 %   largest   part of half a voxel of both (95 %)")
    for spacing in ((4.0, 1.5, 1.5), (2.0, 1.0, 1.0), (1.5, 1.0, 1.0)):
        for shapes in ("tilted", "concentric"):
            rng = np.random.default_rng(7)
            told = np.array([outlines_off(rng, spacing, shapes == "concentric") for _ in range(count)])
            off, part = np.abs(told[:, 0]), np.abs(told[:, 0]) / told[:, 1]
            print(f"{' x '.join(map(str, spacing)):<17} {shapes:<10} {told[:, 0].mean():>6.2f} "
                  f"{np.percentile(off, 95):>6.2f} {off.max():>9.2f} {np.percentile(part, 95):>9.2f}", flush=True)


def outlines_off(rng: np.random.Generator, spacing: Any, concentric: bool) -> tuple[float, float]:
    """Return by how much a least margin in voxels is off, and half a voxel of both across the target there."""
    from scipy.spatial import cKDTree

    target = rng.uniform(5, 12) * (np.ones(3) if concentric else rng.uniform(0.8, 1.25, 3))
    zone = (target.max() + rng.uniform(1, 10)) * (np.ones(3) if concentric else rng.uniform(0.8, 1.0, 3))
    turns = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2)]
    middle = np.zeros(3) if concentric else rng.uniform(-3, 3, 3)
    ball = at_ellipsoid(AblatedZone((0.0, 0.0, 0.0), 20.0, 20.0))[::2] / 20.0
    points, shell = ball * target @ turns[0].T, ball * zone @ turns[1].T + middle
    gaps = cKDTree(shell).query(points)[0]
    dead = ((((points - middle) @ turns[1]) / zone) ** 2).sum(axis=1) <= 1.0
    true = np.where(dead, gaps, -gaps)
    seen = mask_boundary(*in_voxels(rng, np.zeros(3), target, turns[0], spacing)).surface()[0]
    found = signed_distance_to(mask_boundary(*in_voxels(rng, middle, zone, turns[1], spacing)), seen)
    way = turns[0] @ (seen[found.argmin()] @ turns[0] / target**2)
    half_voxel = np.sqrt(0.5) * np.linalg.norm(way * np.asarray(spacing)[::-1]) / np.linalg.norm(way)
    return float(found.min() - true.min()), float(half_voxel)


def in_voxels(rng: np.random.Generator, middle: Any, axes: Any, turn: Any, spacing: Any) -> Any:
    """Return an ellipsoid as a mask on a grid of random place, and the grid."""
    reach = float(axes.max()) + 5.0
    count = np.ceil(2.0 * reach / np.asarray(spacing)).astype(int) + 2
    start = middle - reach - rng.uniform(0, 1, 3) * np.asarray(spacing)[::-1]
    grid = VolumeGeometry.upright(tuple(int(n) for n in count), spacing, tuple(start))
    places = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)) - middle
    return ((places @ turn / axes) ** 2).sum(axis=-1) <= 1.0, grid


def main() -> int:
    """Print a row per target and the count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--kinds", default="liver_tumour,liver_metastases")
    parser.add_argument("--matrix", type=int, default=128)
    parser.add_argument("--slice", type=float, default=4.0)
    parser.add_argument("--outlines", type=int, default=0, metavar="N")
    options = parser.parse_args()
    if options.outlines:
        print_outlines(options.outlines)
        return 0
    hits = count = 0
    print("kind              seed target    depth   true  found   low   high  in  error  at target  verdict")
    for kind in options.kinds.split(","):
        for seed in range(options.first, options.first + options.seeds):
            trial = make_trial(seed, kind, {"matrix": options.matrix, "slice_mm": options.slice})
            case = at.Case.new(volume=trial.before.volume, labels=trial.before.truth)
            start = time.process_time()
            found = at.register(trial.before.volume, trial.after.volume, trial.before.truth)
            print(f"# registered in {time.process_time() - start:.0f} s", file=sys.stderr, flush=True)
            for name, (true, depth) in trial.margins.items():
                told, inside = confirmed(case, trial, found, name, true)
                hits, count = hits + bool(inside), count + (inside is not None)
                print(f"{kind:<17} {seed:>4} {name:<9} {depth:>5.1f} {true:>6.1f} {told}", flush=True)
    print(f"{hits} of {count} true margins lie within the stated interval ({100 * hits / max(count, 1):.0f} %)")
    return 0


def confirmed(case: Any, trial: Trial, found: Any, name: str, true: float) -> tuple[str, bool | None]:
    """Return the row of a target and whether its margin lies in the interval; None where there is no interval."""
    where = case.volume.geometry.to_world(np.argwhere(case.label_map.mask(name)))
    miss = float(np.linalg.norm(found.to_moving(where) - trial.moved.to_second(where), axis=1).mean())
    try:
        one = at.confirm_ablation(case, trial.after.volume, target=name, registration=found, segmenter="")
    except at.errors.TwinError as error:
        return f"{error}", None
    if one.low_mm is None or one.high_mm is None or one.error_mm is None:
        return f"{one.margin_mm:>6.1f}     -      -  -       - {miss:>10.1f}    {one.verdict}", None
    inside = one.low_mm <= true <= one.high_mm
    told = f"{one.margin_mm:>6.1f} {one.low_mm:>5.1f} {one.high_mm:>6.1f} {'yes' if inside else 'NO':<3}"
    return f"{told} {one.error_mm:>6.1f} {miss:>10.1f}    {one.verdict}", inside


if __name__ == "__main__":
    sys.exit(main())
