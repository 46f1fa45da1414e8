"""A target prepared for many zones: its margin and coverage, fast enough to follow a hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.boundary import FAR, Boundary, distance_to_triangles, mask_boundary, signed_distance_to
from anatomy_twin.assess.margin import Margin, is_lesion, nearest, organ_field
from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.core.later import later
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.units import check_point

spatial = later("scipy.spatial")

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]



@dataclass(frozen=True, eq=False)
class MarginField:
    """What ``ablative_margin`` takes off the labels, prepared once on ``geometry``; ``margin`` then takes a zone.

    ``inside`` (the target), ``rim`` and ``healthy`` (organ without lesions) are bool [k, j, i] on ``geometry``.
    """

    target: str
    geometry: VolumeGeometry
    inside: Mask
    rim: Mask
    healthy: Mask
    points_mm: Floats
    depth_mm: Floats
    rim_mm: float
    slack_mm: float

    def margin(self, zone: Boundary) -> tuple[Margin, Floats, NDArray[np.int64]]:
        """Return the margin by the definitions of ``ablative_margin``, and points and triangles of the zone's surface.

        Its samples are only those where the least margin may be.

        Raises ``DataError`` when nothing is coagulated.
        """
        vertices, triangles, low, high = zone_surface(zone)
        shallow = self.depth_mm < self.rim_mm
        near = self._may_be_worst(zone, vertices, triangles, shallow)
        gap = distance_to_triangles(vertices, triangles, self.points_mm[near])
        distance = np.where(zone.sample(self.points_mm[near]) > 0, gap, -gap)
        ends = shallow[near] & (distance >= np.maximum(self.depth_mm[near] - self.slack_mm, 0.0))
        counted = np.flatnonzero(~ends) if (~ends).any() else np.arange(distance.size)
        least = counted[int(np.argmin(np.round(distance[counted], 4)))]
        worst = near[least]
        dead, part = self._dead(zone, low, high)
        inside, rim = int(np.count_nonzero(self.inside)), int(np.count_nonzero(self.rim))
        lost_ml = int(np.count_nonzero(dead & self.healthy[part])) * self.geometry.voxel_volume_ml
        found = Margin(
            float(distance[least]), check_point("place_mm", np.round(self.points_mm[worst], 1)),
            100.0 * np.count_nonzero(dead & self.inside[part]) / max(inside, 1),
            100.0 * np.count_nonzero(dead & self.rim[part]) / rim if rim else None,
            100.0 * float(shallow.mean()), lost_ml, distance,
        )
        return found, vertices, triangles

    def _may_be_worst(
        self, zone: Boundary, vertices: Floats, triangles: NDArray[np.int64], shallow: Mask
    ) -> NDArray[np.int64]:
        """Return the numbers of the points among which the least margin is: the others cannot have it.

        The distance to the centre of the nearest triangle is too large by no more than the reach of a triangle.
        """
        if shallow.all():
            return np.arange(shallow.size)
        corners = vertices[triangles]
        centres = corners.mean(axis=1)
        reach = float(np.sqrt(((corners - centres[:, None]) ** 2).sum(axis=2).max()))
        rough = np.asarray(spatial.cKDTree(centres).query(self.points_mm)[0])
        inside = zone.sample(self.points_mm) > 0
        low = np.where(inside, rough - reach, -rough)
        high = np.where(inside, rough, reach - rough)
        return np.flatnonzero(low <= high[~shallow].min() + 1e-3)

    def _dead(self, zone: Boundary, low: Floats, high: Floats) -> tuple[Mask, tuple[slice, ...]]:
        """Return what is coagulated on the part of the grid that holds the zone, and which part that is."""
        corners = np.array([[a, b, c] for a in (low[0], high[0]) for b in (low[1], high[1]) for c in (low[2], high[2])])
        index = self.geometry.to_index(zone.geometry.to_world(corners))
        first = np.clip(np.floor(index.min(axis=0)).astype(int), 0, self.geometry.shape)
        stop = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, first, self.geometry.shape)
        size = stop - first
        part = tuple(slice(int(a), int(b)) for a, b in zip(first, stop, strict=True))
        if not size.all():
            return np.zeros(tuple(int(n) for n in size), bool), part
        grid = self.geometry.cropped((int(first[0]), int(first[1]), int(first[2])),
                                     (int(size[0]), int(size[1]), int(size[2])))  # fmt: skip
        return sampled(zone.field, places_along(zone.geometry, grid)) > 0, part


def prepare_margin(labels: LabelMap, target: str, grid: VolumeGeometry, rim_mm: float = 5.0) -> MarginField:
    """Return a target prepared for zones within ``grid``, on which volumes are counted.

    ``labels`` are canonical and parallel to ``grid``. Raises ``DataError`` where the target is empty.
    """
    boundary = mask_boundary(labels.mask(target), labels.geometry)
    points, _ = boundary.surface()
    organ = organ_field(labels, target, points, rim_mm)
    inside = sampled(boundary.field, places_along(boundary.geometry, grid)) > 0
    here = np.ones(grid.shape, bool)
    if organ is not None:
        here = sampled(organ.field, places_along(organ.geometry, grid)) > 0
    sick = inside.copy()
    for part in labels.parts(labels.segment(target).part_of) if organ is not None else ():
        if is_lesion(part.name) and part.name != target:
            healthy = np.argwhere(here & ~sick)
            sick[tuple(healthy.T)] |= nearest(labels.mask(part.name), labels.geometry, grid.to_world(healthy))
    away = distance_mm(inside, grid.spacing_mm, rim_mm + 4.0)
    rim = (away <= rim_mm + max(grid.spacing_mm)) & ~inside & here
    edge = rim & (away > rim_mm - 0.5)  # nearer ones lie in the rim for sure
    rim[edge] = signed_distance_to(boundary, grid.to_world(np.argwhere(edge))) >= -rim_mm
    depth = np.full(points.shape[0], np.inf) if organ is None else organ.sample(points)
    return MarginField(target, grid, inside, rim, here & ~sick, points, depth, rim_mm,
                       0.5 * min(labels.geometry.spacing_mm))  # fmt: skip


def zone_surface(zone: Boundary) -> tuple[Floats, NDArray[np.int64], Floats, Floats]:
    """Return points (n, 3) in LPS mm and triangles of a zone, and the least and largest index of its box.

    Raises ``DataError`` where there is none.
    """
    inside = zone.field > 0
    if not inside.any():
        raise DataError("nothing is coagulated")
    spans = [np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    low = np.array([max(span[0] - 2, 0) for span in spans])
    high = np.array([min(span[-1] + 3, size) for span, size in zip(spans, zone.field.shape, strict=True)])
    block = zone.field[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    from skimage.measure import marching_cubes  # loaded here: a window needs none to open

    index, triangles, _, _ = marching_cubes(np.pad(block, 1, constant_values=-FAR), 0.0)
    points = zone.geometry.to_world(index.astype(float) - 1.0 + low)
    return points, triangles.astype(np.int64), low.astype(float), (high - 1).astype(float)


def places_along(geometry: VolumeGeometry, grid: VolumeGeometry) -> list[Floats]:
    """Return for each axis the indices in ``geometry`` of the voxels of ``grid``, which is parallel to it."""
    steps = [np.arange(size)[:, None] * np.eye(3)[axis] for axis, size in enumerate(grid.shape)]
    return [np.round(geometry.to_index(grid.to_world(step))[:, axis], 6) for axis, step in enumerate(steps)]


def sampled(field: NDArray[np.float32], at: list[Floats]) -> Floats:
    """Return a field [k, j, i] at the crossings of places along its axes, linear between voxels, -FAR outside."""
    values = np.asarray(field, np.float64)
    outside = []
    for axis, places in enumerate(at):
        size = values.shape[axis]
        low = np.clip(np.floor(places).astype(int), 0, max(size - 2, 0))
        share = np.clip(places - low, 0.0, 1.0)
        shape = [1, 1, 1]
        shape[axis] = -1
        here = np.take(values, low, axis=axis)
        there = np.take(values, np.minimum(low + 1, size - 1), axis=axis)
        values = here + (there - here) * share.reshape(shape)
        outside.append((places < 0.0) | (places > size - 1))
    for axis, gone in enumerate(outside):
        if gone.any():
            np.moveaxis(values, axis, 0)[gone] = -FAR
    return np.asarray(values)
