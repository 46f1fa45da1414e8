"""The ablation zone of a scan after, brought back to the scan before, to be seen there with the margins around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.boundary import mask_boundary
from anatomy_twin.assess.confirmation_margin import view_of
from anatomy_twin.core import SILENT, Case, Monitor, SurfaceMesh, VolumeGeometry
from anatomy_twin.core.confirmation import ZONE
from anatomy_twin.core.later import later
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.distance import distance_mm

ndimage = later("scipy.ndimage")

Floats = NDArray[np.float64]
ZONE_STEP_MM: Final = 1.5
MARGIN_STEP_MM: Final = 1.5
AROUND_MM: Final = 4.0
RIM_MM: Final = 12.0  # how far around the target distances are kept


@dataclass(frozen=True, eq=False)
class ConfirmedZone:
    """What of a confirmation is seen on the scan before; grids are of that scan, LPS mm.

    ``zone`` [k, j, i] on ``zone_grid`` is above 0 in the ablation zone (larger by the contraction that was assumed),
    ``surface`` its edge; ``target_surface`` is the one that margins are measured from. ``margins_mm`` on
    ``margin_grid`` are the margins at places round the target: how deep they lie in the zone, where organ goes on
    behind its edge, negative outside of it.
    ``away_mm`` on ``away_grid`` is how far voxels lie from the target, no more than 12 mm.
    """

    name: str
    target: str
    zone: NDArray[np.float32]
    zone_grid: VolumeGeometry
    surface: SurfaceMesh
    target_surface: SurfaceMesh
    margins_mm: NDArray[np.float32]
    margin_grid: VolumeGeometry
    away_mm: NDArray[np.float32]
    away_grid: VolumeGeometry

    def margins_at(self, points_mm: NDArray[Any]) -> NDArray[np.float32]:
        """Return the margins at points (n, 3) round the target."""
        index = np.moveaxis(self.margin_grid.to_index(points_mm), -1, 0)
        return np.asarray(ndimage.map_coordinates(self.margins_mm, index, order=1, mode="nearest"))


def confirmed_zone(case: Case, name: str, monitor: Monitor = SILENT) -> ConfirmedZone:
    """Return the zone of the confirmation ``name`` on the scan before; ``DataError`` where there is no such one."""
    if name not in case.confirmations:
        raise DataError(f"no confirmation is called {name!r}")
    found = case.confirmations[name]
    monitor.stage("bringing the zone back")
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    after = found.labels.reindexed(*found.labels.geometry.canonical_axes())
    mask = after.mask(ZONE)
    zone = mask_boundary(mask, after.geometry)
    organ = labels.segment(found.target).part_of
    inside_organ = after.mask(organ) if organ and organ in after else None
    view = view_of(
        labels, found.target, mask, inside_organ, after.geometry, found.transform, found.contraction_percent
    )
    points, triangles = zone.surface()
    back = view.back(points)
    monitor.progress(0.3)
    zone_grid = _grid_over(labels.geometry, back, ZONE_STEP_MM)
    values = zone.sample(view.drawn_in(_places(zone_grid))).reshape(zone_grid.shape)
    monitor.progress(0.6)
    target = labels.mask(found.target)
    inside = labels.geometry.to_world(np.argwhere(target))
    margin_grid = _grid_over(labels.geometry, inside, MARGIN_STEP_MM)
    margins = view.distances(_places(margin_grid), found.capsule_mm).reshape(margin_grid.shape)
    away, away_grid = _away(target, labels.geometry)
    monitor.progress(1.0)
    return ConfirmedZone(
        name, found.target, _kept(values), zone_grid, SurfaceMesh(back, triangles).outward(),
        SurfaceMesh(*mask_boundary(target, labels.geometry).surface()).outward(), _kept(margins), margin_grid, away,
        away_grid,
    )


def _grid_over(geometry: VolumeGeometry, points_mm: Floats, step_mm: float) -> VolumeGeometry:
    """A grid parallel to ``geometry`` that holds points with some room."""
    index, spacing = geometry.to_index(points_mm), np.asarray(geometry.spacing_mm)
    room = AROUND_MM / spacing + 0.5
    low, high = index.min(axis=0) - room, index.max(axis=0) + room
    size = np.ceil((high - low) * spacing / step_mm).astype(int) + 1
    start = geometry.to_world(low)
    return VolumeGeometry((int(size[0]), int(size[1]), int(size[2])), (step_mm,) * 3, geometry.direction,
                          (float(start[0]), float(start[1]), float(start[2])), geometry.frame_of_reference_uid)


def _places(grid: VolumeGeometry) -> Floats:
    return grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3).astype(float))


def _away(target: NDArray[np.bool_], geometry: VolumeGeometry) -> tuple[NDArray[np.float32], VolumeGeometry]:
    """Return the distance of voxels round the target to it, and their grid."""
    index = np.argwhere(target)
    reach = np.ceil(RIM_MM / np.asarray(geometry.spacing_mm)).astype(int) + 1
    low = np.maximum(index.min(axis=0) - reach, 0)
    high = np.minimum(index.max(axis=0) + reach + 1, geometry.shape)
    part = target[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]
    grid = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), (part.shape[0], part.shape[1], part.shape[2]))
    return _kept(distance_mm(part, geometry.spacing_mm, RIM_MM)), grid


def _kept(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return values that nobody writes to any more."""
    found = np.ascontiguousarray(values, np.float32)
    found.flags.writeable = False
    return found
