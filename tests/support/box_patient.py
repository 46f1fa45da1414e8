"""A patient made of boxes, balls and tubes whose distances are known on paper, for planning and assessment."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import Case, LabelMap, Segment, ThermalResult, Volume, VolumeGeometry
from tests.support.toy_patient import ellipsoid_mask, make_segment

SPACING = (2.0, 2.0, 2.0)


def geometry(spacing_mm=SPACING, half_mm=(70.0, 90.0, 90.0), shift_mm=(0.0, 0.0, 0.0)) -> VolumeGeometry:
    """An upright grid around the origin of LPS space; half sizes are given [k, j, i]."""
    shape = tuple(int(2 * half / step) for half, step in zip(half_mm, spacing_mm, strict=True))
    corner = [-0.5 * (size - 1) * step for size, step in zip(shape, spacing_mm, strict=True)]
    origin = (corner[2] + shift_mm[0], corner[1] + shift_mm[1], corner[0] + shift_mm[2])
    return VolumeGeometry.upright(shape, spacing_mm, origin, "1.2.826.0.1.3680043.8.498.2")


def points_of(grid: VolumeGeometry) -> np.ndarray:
    return grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))


def box(grid: VolumeGeometry, low, high) -> np.ndarray:
    """Voxels whose centre lies between two corners (LPS mm)."""
    points = points_of(grid)
    return np.all((points >= np.asarray(low)) & (points < np.asarray(high)), axis=-1)


def ball(grid: VolumeGeometry, centre, radius) -> np.ndarray:
    return ellipsoid_mask(grid, centre, (radius,) * 3)


def base_masks(grid: VolumeGeometry) -> dict[str, np.ndarray]:
    """A body of 160 x 160 mm with muscle around a liver of 100 x 100 x 100 mm that holds a ball of 8 mm radius."""
    whole = box(grid, (-80, -80, -1000), (80, 80, 1000))
    return {
        "body": whole,
        "muscle": whole,
        "liver": box(grid, (-50, -50, -50), (50, 50, 50)),
        "tumour_1": ball(grid, (0, 0, 0), 8.0),
    }


def labels_of(grid: VolumeGeometry, masks: dict[str, np.ndarray], absent: tuple[str, ...] = ()) -> LabelMap:
    """A label map with one layer per mask; ``absent`` segments are there with the state "not found"."""
    array = np.zeros((len(masks), *grid.shape), np.uint8)
    segments: list[Segment] = []
    for layer, (name, mask) in enumerate(masks.items()):
        array[layer][mask] = 1
        segments.append(make_segment(name, layer, 1))
    segments += [make_segment(name, 0, 0, "not found") for name in absent]
    return LabelMap(array, grid, tuple(segments))


def case_of(labels: LabelMap, **more) -> Case:
    volume = Volume(np.zeros(labels.geometry.shape, np.int16), labels.geometry)
    return Case.new(volume=volume, labels=labels, **more)


def box_case(extra: dict[str, np.ndarray] | None = None, grid: VolumeGeometry | None = None, absent=()) -> Case:
    grid = grid or geometry()
    return case_of(labels_of(grid, {**base_masks(grid), **(extra or {})}, absent))


def reindexed_case(case: Case, order, flips) -> Case:
    """The same patient on the same grid, with its array axes in another order."""
    return case_of(case.label_map.reindexed(order, flips))


def ball_zone(centre, radius, spacing_mm=1.0, half_mm=24.0, graded=True, plan_name="p", shift=0.3) -> ThermalResult:
    """A result whose coagulated zone is a ball; ``graded``: with a damage that falls off smoothly, else a bare mask."""
    size = int(2 * half_mm / spacing_mm)
    corner = (-half_mm + shift, -half_mm - shift, -half_mm + shift)
    grid = VolumeGeometry.upright((size,) * 3, (spacing_mm,) * 3, corner)
    depth = radius - np.linalg.norm(points_of(grid) - np.asarray(centre), axis=-1)
    omega = np.exp(np.clip(depth * (0.8 if graded else 1e4), -60, 60)).astype(np.float32)
    heat = (37 + 40 * np.clip(depth / radius + 0.5, 0, 1.5)).astype(np.float32)
    start = np.full(grid.shape, 37.0, np.float32)
    return ThermalResult(
        plan_name, grid, np.array([0.0, 300.0]), np.stack([start, heat]), np.stack([omega * 0, omega]),
        np.zeros(grid.shape, np.float32), omega >= 1, "Arrhenius integral of at least 1",
    )
