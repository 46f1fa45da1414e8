"""The minimal ablative margin, the coverage of target and rim, and what healthy tissue is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.boundary import Boundary, mask_boundary, signed_distance_to, zone_boundary
from anatomy_twin.core import LabelMap, VolumeGeometry, Zoned, is_lesion
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.distance import distance_mm, signed_distance_mm
from anatomy_twin.units import Point, check_point

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Margin:
    """What a coagulated zone does to a target. Percentages are of volumes; None where there is nothing to cover.

    ``minimal_mm`` is signed, positive where the zone reaches beyond the target, at ``place_mm`` (LPS) of the
    target's surface. ``subcapsular_percent`` of that surface lies so close to the organ's surface that the margin
    ends there; it is left out where the zone reaches the organ's surface.
    """

    minimal_mm: float
    place_mm: Point
    target_percent: float
    rim_percent: float | None
    subcapsular_percent: float
    healthy_lost_ml: float
    samples_mm: Floats


def resolvable(labels: LabelMap, target: str) -> str:
    """Return "" when a target is large enough on its grid for a margin, else the reason why it is not."""
    index = np.argwhere(labels.mask(target))
    if index.shape[0] < 27:
        return f"{target} has {index.shape[0]} voxels, a margin needs at least 27"
    thin = (np.ptp(index, axis=0) + 1).min()
    return f"{target} is {thin} voxels thin, a margin needs at least 3" if thin < 3 else ""


def ablative_margin(labels: LabelMap, target: str, result: Zoned, rim_mm: float = 5.0) -> Margin:
    """Measure what the zone of ``result`` does to ``target`` and the rim of ``rim_mm`` around it.

    The minimal margin is the least signed distance of the target's surface to the zone's surface (the definition of
    the minimal ablative margin). Rim and healthy tissue are counted inside the target's organ only.

    Raises ``DataError`` when nothing is coagulated or the target is empty.
    """
    order, flips = labels.geometry.canonical_axes()
    labels = labels.reindexed(order, flips)
    if not result.coagulated.any():
        raise DataError("nothing is coagulated")
    boundary = mask_boundary(labels.mask(target), labels.geometry)
    zone = zone_boundary(result)
    points, _ = boundary.surface()
    distances = signed_distance_to(zone, points)
    organ = organ_field(labels, target, points, rim_mm)
    depth = np.full(points.shape[0], np.inf) if organ is None else organ.sample(points)
    slack = 0.5 * min(labels.geometry.spacing_mm)
    shallow = depth < rim_mm
    ends = shallow & (distances >= np.maximum(depth - slack, 0.0))
    counted = np.flatnonzero(~ends) if (~ends).any() else np.arange(points.shape[0])
    worst = counted[int(np.argmin(np.round(distances[counted], 4)))]
    grid = _grid_around(zone.geometry, points, rim_mm)
    target_percent, rim_percent, lost_ml = _volumes(labels, target, boundary, zone, organ, grid, rim_mm)
    return Margin(
        float(distances[worst]), check_point("place_mm", np.round(points[worst], 1)), target_percent, rim_percent,
        100.0 * float(shallow.mean()), lost_ml, distances,
    )


def organ_field(labels: LabelMap, target: str, points: Floats, rim_mm: float) -> Boundary | None:
    """Depth below the organ's surface (mm) around the target, or None for a target that is no part of an organ."""
    organ = labels.segment(target).part_of
    if not organ or organ not in labels:
        return None
    block = _block(labels.geometry, points, 60.0)
    mask = labels.mask(organ)[block[0]]
    return Boundary(signed_distance_mm(mask, labels.geometry.spacing_mm, 4.0 * rim_mm), block[1])


def _block(geometry: VolumeGeometry, points: Floats, pad_mm: float) -> tuple[tuple[slice, ...], VolumeGeometry]:
    index = geometry.to_index(points)
    pad = np.ceil(pad_mm / np.asarray(geometry.spacing_mm))
    low = np.clip(np.floor(index.min(axis=0) - pad), 0, None).astype(int)
    high = np.minimum(np.ceil(index.max(axis=0) + pad).astype(int) + 1, geometry.shape)
    size = high - low
    crop = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)), crop


def _grid_around(zone: VolumeGeometry, points: Floats, rim_mm: float) -> VolumeGeometry:
    """The grid of the zone, extended so that it holds the target and its rim."""
    index = np.round(zone.to_index(points), 6)
    pad = np.ceil((rim_mm + 2.0) / np.asarray(zone.spacing_mm))
    low = np.minimum(np.floor(index.min(axis=0) - pad), 0).astype(int)
    high = np.maximum(np.ceil(index.max(axis=0) + pad) + 1, zone.shape).astype(int)
    size = high - low
    return zone.cropped((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))


def _volumes(
    labels: LabelMap, target: str, boundary: Boundary, zone: Boundary, organ: Boundary | None, grid: VolumeGeometry,
    rim_mm: float,
) -> tuple[float, float | None, float]:
    """Return percent of the target and of its rim that are coagulated, and the healthy organ lost in ml."""
    centres = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    dead = zone.sample(centres) > 0
    inside = boundary.sample(centres) > 0
    here = np.ones(grid.shape, bool) if organ is None else organ.sample(centres) > 0
    sick = inside.copy()
    for part in labels.parts(labels.segment(target).part_of) if organ is not None else ():
        if is_lesion(part.name) and part.name != target:
            sick |= nearest(labels.mask(part.name), labels.geometry, centres)
    # voxel centres first, then the exact distance for those that may lie in the rim
    rim = (distance_mm(inside, grid.spacing_mm, rim_mm + 4.0) <= rim_mm + max(grid.spacing_mm)) & ~inside & here
    rim[rim] = signed_distance_to(boundary, centres[rim]) >= -rim_mm
    rim_percent = 100.0 * float(dead[rim].mean()) if rim.any() else None
    lost_ml = int(np.count_nonzero(dead & here & ~sick)) * grid.voxel_volume_ml
    return 100.0 * float(dead[inside].mean()), rim_percent, lost_ml


def nearest(mask: NDArray[np.bool_], geometry: VolumeGeometry, points: Floats) -> NDArray[np.bool_]:
    """Return the value of ``mask`` [k, j, i] at points (..., 3) in LPS mm; False outside its grid."""
    index = geometry.voxel_of(points)
    inside = np.all((index >= 0) & (index < np.asarray(geometry.shape)), axis=-1)
    values = np.zeros(inside.shape, bool)
    values[inside] = mask[tuple(index[inside].T)]
    return values
