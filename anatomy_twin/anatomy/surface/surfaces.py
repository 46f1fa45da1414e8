"""The surface of one mask, and what to leave out of a surface: the same engine as for all structures of a case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from anatomy_twin.anatomy.surface.closed_parts import closed_parts
from anatomy_twin.anatomy.surface.complexes import complex_of, decimated, structure_surface
from anatomy_twin.anatomy.surface.regions import RegionMap, regions_of_mask
from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels.mesh_nesting import solid_angle


def surface_of(mask: NDArray[Any], geometry: VolumeGeometry, *, triangle_budget: int = 40_000) -> SurfaceMesh:
    """Return the smooth, closed, outward surface of a mask; where the mask ends at the border it is cut off flat.

    Parameters
    ----------
    mask : bool [k, j, i] on ``geometry``.
    geometry : the grid; any orientation, left-handed ones too. The same voxels give the same surface, however they
        are indexed.
    triangle_budget : surfaces with more triangles are decimated to at most this many, where that keeps them whole.

    Raises
    ------
    MeshError : the mask is empty, or the surface needs more memory than there is.
    """
    if not np.any(mask):
        raise MeshError("a surface of no voxels", advice="give a mask with at least one voxel")
    found = complex_of(regions_of_mask(mask, geometry))
    if len(found.triangles) > triangle_budget:
        found = decimated(found, math.inf, triangle_budget)
    return structure_surface(found, 0)


def without_islands(
    surface: SurfaceMesh, smallest_ml: float, largest_share: float, nothing_ml: float = 0.0
) -> tuple[SurfaceMesh, tuple[SurfaceMesh, ...], int]:
    """Return the surface without its smallest parts.

    Parameters
    ----------
    surface : closed, in any number of parts.
    smallest_ml : parts that enclose less are islands and are left out, with what is hollow in them.
    largest_share : where islands are more than this share of the volume, the structure consists of them: none is
        left out.
    nothing_ml : parts that enclose less and face wrongly (inward though in no other, outward though in one) are what
        is left of a contact or a tunnel between voxels; they go in any case.

    Returns
    -------
    (surface, the islands that were left out, number of parts that are left, hollows not counted).
    """
    whole, parts = surface, closed_parts(surface)
    while len(parts.volumes_ml) > 1:
        nothing = parts.facing_wrongly & (np.abs(parts.volumes_ml) < nothing_ml)
        if not nothing.any() or nothing.all():
            break
        surface = _part(surface, ~nothing[parts.of_triangle])
        parts = closed_parts(surface)
    islands = (parts.volumes_ml > 0) & (parts.volumes_ml < smallest_ml)
    count = int(np.count_nonzero(parts.volumes_ml > 0))
    if not islands.any() or parts.volumes_ml[islands].sum() > largest_share * whole.volume_ml:
        return surface, (), count
    left_out = tuple(_part(surface, parts.of_triangle == number) for number in np.flatnonzero(islands))
    dropped, hollow = islands, parts.around >= 0
    for _ in range(int(parts.depths.max())):  # with what is in them
        dropped = dropped | (hollow & dropped[parts.around])
    count -= int(np.count_nonzero(parts.volumes_ml[dropped] > 0))
    return _part(surface, ~dropped[parts.of_triangle]), left_out, count


def _part(surface: SurfaceMesh, which: NDArray[np.bool_]) -> SurfaceMesh:
    used, corners = np.unique(surface.triangles[which], return_inverse=True)
    return SurfaceMesh(surface.points_mm[used], corners.reshape(-1, 3))


def voxels_of_islands(islands: Sequence[SurfaceMesh], regions: RegionMap, number: int) -> int:
    """Return how many voxels of structure ``number`` small parts of its surface stand for: those whose middles they
    hold, with all that share faces with these."""
    found = 0
    for island in islands:
        index = regions.geometry.to_index(island.points_mm)
        low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
        high = np.ceil(index.max(axis=0)).astype(int) + 1
        array = regions.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        groups, _ = label(regions.member[number][array])
        middles = np.argwhere(groups)
        if not len(middles):
            continue
        triangles = island.triangles.astype(np.int32)
        rows, places = np.arange(len(triangles)), (middles + low).astype(np.float64)
        inside = [abs(solid_angle(index, triangles, rows, place)) > 2.0 * np.pi for place in places]
        if not any(inside):  # smoothed to less than reaches the middle of a voxel
            inside[int(np.argmin(np.linalg.norm(places - index.mean(axis=0), axis=1)))] = True
        held = np.unique(groups[tuple(middles[np.array(inside)].T)])
        found += int(np.isin(groups, held).sum())
    return found
