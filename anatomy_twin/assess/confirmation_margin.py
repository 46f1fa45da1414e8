"""How far a target carried into a scan after reaches into the ablation zone there, and where nothing more is asked.

The margin of a point of the target's surface is its least distance to organ that lives: to the part of the
zone's surface behind which the organ goes on. Where the zone ends at the surface of the organ nothing lies behind: no
margin is asked for outside of the organ (the subcapsular part of a target is left out of the margin that way, and only
that part: what of the target lies outside of the zone counts wherever it is).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.assess.boundary import Boundary, distance_to_triangles, mask_boundary
from anatomy_twin.assess.margin_field import MarginField, prepare_margin
from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.kernels.distance import signed_distance_mm
from anatomy_twin.units import check_point

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Point = tuple[float, float, float]
Move = Callable[[Floats], Floats]
RIM_MM: Final = 5.0
GRID_MM: Final = 1.0
ROOM_MM: Final = 70.0
BEYOND_MM: Final = 8.0


@dataclass(frozen=True, eq=False)
class Measured:
    """Margins of the target's surface and what is not covered. Places in LPS mm of the scans before and after.

    ``margin_mm`` is the least one. ``thin_mm`` and ``thick_mm`` are the least and the greatest that it may be where a
    layer of organ between zone and capsule from half to one and a half as thick as cannot be told from none is taken
    to live. ``way`` is the direction (unit, LPS of before) of the target's surface at the worst point; ``depth_mm`` is
    how deep in the organ the target's shallowest point lies.
    """

    margin_mm: float
    thin_mm: float
    thick_mm: float
    place_mm: Point
    place_after_mm: Point
    way: Floats
    distances_mm: Floats
    depth_mm: float
    subcapsular_percent: float
    target_percent: float
    target_left_ml: float
    rim_percent: float | None
    rim_left_ml: float


def subcapsular_mm() -> float:
    """Return how near to the surface of the organ a target's surface is called subcapsular."""
    return float(catalog.load("limits")["confirmation"]["subcapsular_mm"]["value"])


class Moves(Protocol):
    """What carries points (n, 3), LPS mm, from the scan before to the scan after, and back."""

    def to_moving(self, points_mm: Any) -> Floats:
        """Return points of the scan before in the scan after."""

    def to_fixed(self, points_mm: Any) -> Floats:
        """Return points of the scan after in the scan before."""


def measure(
    labels: LabelMap, target: str, zone_mask: Mask, organ: Mask | None, grid_after: VolumeGeometry,
    found: Moves, contraction_percent: float, blur_mm: float,
) -> Measured:
    """Carry the target's surface into the scan after and measure it against the zone there.

    ``labels`` are those of before, canonical; ``organ`` is where its organ lies after. ``blur_mm``: organ between zone
    and capsule thinner than this cannot be told apart from none (errors of the registration and of the outline,
    voxels).
    """
    view = view_of(labels, target, zone_mask, organ, grid_after, found, contraction_percent)
    field = prepare_margin(labels, target, _grid_around(labels, target), RIM_MM)
    told = [view.distances(field.points_mm, step) for step in (blur_mm, 0.5 * blur_mm, 1.5 * blur_mm)]
    distances = told[0]
    least = [float(part.min()) for part in told]
    worst = int(np.argmin(np.round(distances, 4)))
    place = field.points_mm[worst]
    depths = np.full(1, np.inf) if view.depth is None else view.depth.sample(field.points_mm)
    shallow = 100.0 * float((depths < subcapsular_mm()).mean())
    return Measured(
        float(distances[worst]), min(least), max(least), check_point("place_mm", np.round(place, 1)),
        check_point("place_after_mm", np.round(found.to_moving(place), 1)),
        _normal(mask_boundary(labels.mask(target), labels.geometry), place), distances,
        float(depths.min()), shallow,
        *_left(field, view, blur_mm),
    )


def view_of(
    labels: LabelMap, target: str, zone_mask: Mask, organ: Mask | None, grid_after: VolumeGeometry, found: Moves,
    contraction_percent: float,
) -> View:
    """Return how a zone is measured from the scan before; parameters are those of ``measure``."""
    zone = mask_boundary(zone_mask if organ is None else _beyond(zone_mask, organ, grid_after), grid_after)
    middle = grid_after.to_world(np.argwhere(zone_mask).mean(axis=0))
    # the zone larger by a factor about its middle is the zone as it is, seen from points drawn in by that factor
    factor = 1.0 / (1.0 - contraction_percent / 100.0)

    def drawn_in(points: Floats) -> Floats:
        return np.asarray(middle + (found.to_moving(points) - middle) / factor)

    vertices, triangles = zone.surface()
    depth = _depth_of(labels, target)

    def back(points: Floats) -> Floats:
        return np.asarray(found.to_fixed(middle + factor * (points - middle)))

    ends = None if depth is None else depth.sample(back(vertices))
    return View(zone, vertices, triangles, ends, depth, drawn_in, back, factor)


@dataclass(frozen=True, eq=False)
class View:
    """A zone's surface, ``ends``: how deep in the organ its points lie, and the way of points of before to it.

    ``drawn_in`` carries points of before into the zone as it is after, shrunk by its contraction, ``back`` the other
    way; what is measured there is ``factor`` times as long before.
    """

    zone: Boundary
    vertices: Floats
    triangles: NDArray[np.int64]
    ends: Floats | None
    depth: Boundary | None
    drawn_in: Move
    back: Move
    factor: float

    def distances(self, points: Floats, blur_mm: float) -> Floats:
        """Return the margins at points (n, 3) of before."""
        kept = self.triangles
        if self.ends is not None:
            inner = self.triangles[self.ends[self.triangles].mean(axis=1) > blur_mm]
            kept = inner if len(inner) else kept
        gaps = self.factor * distance_to_triangles(self.vertices, kept, self.drawn_in(points))
        bare = ~self.covered(points, blur_mm)
        if bare.any():
            away = distance_to_triangles(self.vertices, self.triangles, self.drawn_in(points[bare]))
            gaps[bare] = -self.factor * away
        return np.asarray(gaps)

    def covered(self, points: Floats, blur_mm: float) -> Mask:
        """Tell which points lie in the zone; those nearer to the capsule than ``blur_mm`` are asked that far below."""
        asked = self._below(points, blur_mm)
        return np.asarray((self.zone.sample(self.drawn_in(asked)) > 0) | (self.zone.sample(self.drawn_in(points)) > 0))

    def _below(self, points: Floats, blur_mm: float) -> Floats:
        """Return points moved down to ``blur_mm`` below the capsule where they are nearer to it."""
        if self.depth is None:
            return points
        short = np.maximum(blur_mm - self.depth.sample(points), 0.0)
        return np.asarray(points + np.minimum(short, 2.0 * blur_mm + 2.0)[:, None] * _normals(self.depth, points))


def _beyond(zone_mask: Mask, organ: Mask, grid: VolumeGeometry) -> Mask:
    """Return a zone that goes on a little outside of the organ: its edge at the capsule is no corner to be rounded."""
    room = np.ceil(2.0 * BEYOND_MM / np.asarray(grid.spacing_mm)).astype(int)
    index = np.argwhere(zone_mask)
    low, high = np.maximum(index.min(axis=0) - room, 0), np.minimum(index.max(axis=0) + room + 1, zone_mask.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    inside, zone = organ[box] | zone_mask[box], zone_mask[box]
    gap, nearest = ndimage.distance_transform_edt(~inside, sampling=grid.spacing_mm, return_indices=True)
    result = zone_mask.copy()
    result[box] |= ~inside & (gap <= BEYOND_MM) & zone[tuple(nearest)]
    return result


def _depth_of(labels: LabelMap, target: str) -> Boundary | None:
    """Depth below the surface of the organ in mm around the target; a target that bulges out of it belongs to it."""
    organ = labels.segment(target).part_of
    if not organ or organ not in labels:
        return None
    geometry = labels.geometry
    inside = labels.mask(organ) | labels.mask(target)
    index = np.argwhere(labels.mask(target))
    room = np.ceil(ROOM_MM / np.asarray(geometry.spacing_mm)).astype(int)
    low, high = np.maximum(index.min(axis=0) - room, 0), np.minimum(index.max(axis=0) + room + 1, geometry.shape)
    size = high - low
    crop = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))
    block = inside[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]
    return Boundary(signed_distance_mm(block, geometry.spacing_mm, ROOM_MM).astype(np.float32), crop)


def _normals(boundary: Boundary, points: Floats) -> Floats:
    """Return directions (n, 3) in which a field rises."""
    step = 0.75 * max(boundary.geometry.spacing_mm)
    slopes = np.stack([boundary.sample(points + step * axis) - boundary.sample(points - step * axis)
                       for axis in np.eye(3)], axis=-1)  # fmt: skip
    return np.asarray(slopes / np.maximum(np.linalg.norm(slopes, axis=-1, keepdims=True), 1e-9))


def _normal(boundary: Boundary, point: Floats) -> Floats:
    return np.asarray(_normals(boundary, point[None])[0])


def _left(field: MarginField, view: View, blur_mm: float) -> tuple[float, float, float | None, float]:
    """Return percent covered and ml not covered of the target, and the same of its rim."""
    told: list[tuple[float | None, float]] = []
    for part in (field.inside, field.rim):
        places = field.geometry.to_world(np.argwhere(part))
        dead = view.covered(places, blur_mm) if len(places) else np.zeros(0, bool)
        left_ml = int(np.count_nonzero(~dead)) * field.geometry.voxel_volume_ml
        told.append((100.0 * float(dead.mean()) if dead.size else None, left_ml))
    (inside, inside_ml), (rim, rim_ml) = told
    return float(inside or 0.0), inside_ml, rim, rim_ml


def _grid_around(labels: LabelMap, target: str) -> VolumeGeometry:
    """A fine grid, parallel to the labels, that holds the target and its rim."""
    geometry = labels.geometry
    index = np.argwhere(labels.mask(target))
    spacing = np.asarray(geometry.spacing_mm)
    low, high = index.min(axis=0) - (RIM_MM + 3.0) / spacing, index.max(axis=0) + (RIM_MM + 3.0) / spacing
    size = np.ceil((high - low) * spacing / GRID_MM).astype(int) + 1
    start = geometry.to_world(low)
    return VolumeGeometry((int(size[0]), int(size[1]), int(size[2])), (GRID_MM,) * 3, geometry.direction,
                          (float(start[0]), float(start[1]), float(start[2])), geometry.frame_of_reference_uid)
