"""Where a structure or a coagulated zone ends, finer than a voxel, and how far points are from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import TableZone, VolumeGeometry, Zoned, reindex
from anatomy_twin.core.later import later
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.distance import signed_distance_mm
from anatomy_twin.kernels.triangles import least_distance_mm

if TYPE_CHECKING:
    from anatomy_twin.simulation.thermal import ThermalState

ndimage = later("scipy.ndimage")
spatial = later("scipy.spatial")

Floats = NDArray[np.float64]
FAR = 5.0  # damage is followed over this many powers of e to either side of the boundary
KELVIN_PER_E = 20.0 / float(np.log(10.0))  # cold is followed as if it killed ten times more with every 20 K


@dataclass(frozen=True, eq=False)
class Boundary:
    """A field [k, j, i] on a grid: above zero inside, below outside. It does not have to be a distance."""

    field: NDArray[np.float32]
    geometry: VolumeGeometry

    def sample(self, points_mm: Floats) -> Floats:
        """Return the field at points (..., 3), LPS mm; far outside where the grid ends."""
        index = np.moveaxis(np.round(self.geometry.to_index(points_mm), 6), -1, 0)
        return np.asarray(ndimage.map_coordinates(self.field, index, order=1, cval=-FAR), dtype=np.float64)

    def surface(self) -> tuple[Floats, NDArray[np.int64]]:
        """Return points (n, 3) in LPS mm and triangles (m, 3) of the boundary; ``DataError`` if there is none."""
        padded = np.pad(self.field, 1, constant_values=-FAR)
        if not (padded > 0).any():
            raise DataError("there is no boundary: nothing lies inside")
        from skimage.measure import marching_cubes  # loaded here: a window needs none to open

        index, triangles, _, _ = marching_cubes(padded, 0.0)
        return self.geometry.to_world(index.astype(float) - 1.0), triangles.astype(np.int64)


def mask_boundary(mask: NDArray[np.bool_], geometry: VolumeGeometry) -> Boundary:
    """Return the smooth boundary of a mask that encloses exactly the volume of its voxels.

    The signed distance is resampled to cubes, smoothed against the staircase (over the longest edge of a voxel, but
    no more than a quarter of the radius of a ball of the same volume), and cut at the level that keeps the volume, so
    that small structures do not shrink.
    """
    index = np.argwhere(mask)
    if index.size == 0:
        raise DataError("there is no boundary: the mask is empty")
    spacing = np.asarray(geometry.spacing_mm)
    pad = np.ceil(4.0 * spacing.max() / spacing).astype(int) + 1
    low, high = index.min(axis=0) - pad, index.max(axis=0) + pad + 1
    shape = tuple(int(size) for size in high - low)
    block = np.zeros(shape, bool)
    block[tuple((index - low).T)] = True
    crop = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), (shape[0], shape[1], shape[2]))
    step = float(min(max(spacing.min(), 0.5), 1.0))
    fine = np.floor((np.asarray(shape) - 1) * spacing / step).astype(int) + 1
    at = np.meshgrid(*(np.arange(size) * step / edge for size, edge in zip(fine, spacing, strict=True)), indexing="ij")
    signed = ndimage.map_coordinates(signed_distance_mm(block, geometry.spacing_mm), at, order=1, mode="nearest")
    radius = (0.75 / np.pi * index.shape[0] * float(spacing.prod())) ** (1.0 / 3.0)
    smooth = ndimage.gaussian_filter(signed, min(float(spacing.max()), 0.25 * radius) / step, mode="nearest")
    wanted = round(index.shape[0] * float(spacing.prod()) / step**3)
    level = np.partition(smooth.ravel(), smooth.size - max(wanted, 1))[smooth.size - max(wanted, 1)]
    grid = VolumeGeometry(
        (int(fine[0]), int(fine[1]), int(fine[2])), (step, step, step), geometry.direction, crop.origin_mm,
        geometry.frame_of_reference_uid,
    )
    return Boundary((smooth - level + 1e-6).astype(np.float32), grid)


def zone_boundary(result: Zoned) -> Boundary:
    """Return the boundary of the coagulated zone: by its damage field where that gives the mask, else by the mask; of
    what device tables promise by the depth in it."""
    order, flips = result.geometry.canonical_axes()
    geometry = result.geometry.reindexed(order, flips)
    if isinstance(result, TableZone):
        return Boundary(np.maximum(reindex(result.depth_mm, order, flips), -FAR), geometry)
    zone = reindex(result.coagulated, order, flips)
    if result.coldest_c is not None:
        coldest = reindex(result.coldest_c, order, flips)
        for edge_c in catalog.load("tissues")["freezing"]["lethal"].values():
            if np.array_equal(coldest <= edge_c, zone):
                return Boundary(isotherm_field(coldest, edge_c), geometry)
    if result.hottest_c is not None:
        hottest = reindex(result.hottest_c, order, flips)
        for edge_c in catalog.load("tissues")["damage"]["isotherms_c"]:
            if np.array_equal(hottest >= edge_c, zone):
                return Boundary(-isotherm_field(hottest, edge_c), geometry)
    for values, threshold in ((result.omega[-1], 1.0), (result.cem43_min, 240.0)):
        damage = reindex(np.asarray(values), order, flips)
        if np.array_equal(damage >= threshold, zone):
            field = np.clip(np.log(np.maximum(damage, 1e-30) / threshold), -FAR, FAR).astype(np.float32)
            if _is_graded(field):
                return Boundary(field, geometry)
    return mask_boundary(zone, geometry)


def isotherm_field(coldest_c: NDArray[Any], edge_c: float) -> NDArray[np.float32]:
    """Return the field of a ``Boundary`` of what was once colder than ``edge_c``."""
    return np.clip((edge_c - np.asarray(coldest_c)) / KELVIN_PER_E, -FAR, FAR).astype(np.float32)


def verdict_field(
    verdict: str, log_damage: NDArray[np.float32], state: ThermalState
) -> NDArray[np.float32]:
    """Return the field of the ``Boundary`` of what is coagulated by a verdict of ``ThermalModel`` that judges heat.

    ``log_damage`` [k, j, i] is the logarithm of the Arrhenius integral, smooth where it is 0.
    """
    if verdict == "cem43":
        threshold = float(catalog.load("tissues")["damage"]["cem43"]["threshold_min"])
        return np.clip(np.log(np.maximum(state.cem43_min, 1e-30) / threshold), -FAR, FAR).astype(np.float32)
    if verdict.startswith("isotherm_"):
        return -isotherm_field(state.hottest_so_far_c, float(verdict.removeprefix("isotherm_")))
    return log_damage


def _is_graded(field: NDArray[np.float32]) -> bool:
    """Tell whether the field changes gently across its zero, so that it places it within a voxel."""
    inside = field > 0
    shell = inside & ~ndimage.binary_erosion(inside, border_value=1)
    return bool(shell.any()) and bool((field[shell] < FAR).mean() > 0.9)


def signed_distance_to(boundary: Boundary, points_mm: Floats) -> Floats:
    """Return the distance in mm of points (n, 3) to the surface of a boundary, positive inside."""
    gap = distance_to_triangles(*boundary.surface(), points_mm)
    return np.where(boundary.sample(points_mm) > 0, gap, -gap)


def distance_to_triangles(vertices_mm: Floats, triangles: NDArray[np.int64], points_mm: Floats) -> Floats:
    """Return the distance in mm of points (n, 3) to a surface of small triangles."""
    corners = np.ascontiguousarray(vertices_mm[triangles], np.float64)
    tree = spatial.cKDTree(corners.mean(axis=1))
    count = min(16, triangles.shape[0])
    near = np.asarray(tree.query(points_mm, k=count)[1]).reshape(points_mm.shape[0], count)
    return least_distance_mm(np.ascontiguousarray(points_mm, np.float64), corners, near.astype(np.int64))
