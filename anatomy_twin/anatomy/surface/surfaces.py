"""The surface of one mask, and what to leave out of a surface: the same engine as for all structures of a case."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.surface.complexes import complex_of, decimated, structure_surface
from anatomy_twin.anatomy.surface.regions import regions_of_mask
from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels.mesh_boundary import pieces_of


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
) -> tuple[SurfaceMesh, int, float, int]:
    """Return the surface without its smallest pieces.

    Parameters
    ----------
    surface : closed, in any number of pieces.
    smallest_ml : pieces that enclose less are islands and are left out, with what is hollow in them.
    largest_share : where islands are more than this share of the volume, the structure consists of them: none is
        left out.
    nothing_ml : pieces turned inward that enclose less are what is left of a contact or a tunnel between voxels, and
        may be no hollows but lie outside; they go in any case.

    Returns
    -------
    (surface, how many islands were left out, their volume in ml, parts that are left, hollows not counted).
    """
    piece, count = pieces_of(surface.triangles.astype(np.int32), len(surface.points_mm))
    if count == 1:
        return surface, 0, 0.0, 1
    a, b, c = (surface.points_mm[surface.triangles[:, n]] - surface.points_mm.mean(axis=0) for n in range(3))
    of_triangle = piece[surface.triangles[:, 0]]
    enclosed = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6000.0
    volumes_ml = np.bincount(of_triangle, weights=enclosed, minlength=count).astype(np.float64)
    nothing = (volumes_ml <= 0) & (volumes_ml > -nothing_ml)
    islands = (volumes_ml > 0) & (volumes_ml < smallest_ml)
    lost_ml = float(volumes_ml[islands].sum())
    parts = int(np.count_nonzero(volumes_ml > 0))
    if lost_ml > largest_share * volumes_ml.sum():
        islands[:], lost_ml = False, 0.0
    if not islands.any() and not nothing.any():
        return surface, 0, 0.0, parts
    dropped = islands | nothing | _hollows_of(islands, volumes_ml, piece, surface.points_mm)
    used, corners = np.unique(surface.triangles[~dropped[of_triangle]], return_inverse=True)
    kept = SurfaceMesh(surface.points_mm[used], corners.reshape(-1, 3))
    return kept, int(np.count_nonzero(islands)), lost_ml, parts - int(np.count_nonzero(islands))


def _hollows_of(
    islands: NDArray[np.bool_], volumes_ml: NDArray[np.float64], piece: NDArray[np.int32], points: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which pieces are hollows (turned inward) in the box of an island."""
    found = np.zeros(len(islands), bool)
    hollows = np.flatnonzero(volumes_ml <= 0)
    if not len(hollows):
        return found
    low, high = np.full((len(islands), 3), np.inf), np.full((len(islands), 3), -np.inf)
    np.minimum.at(low, piece, points)
    np.maximum.at(high, piece, points)
    for hollow in hollows:
        around = islands & np.all(low <= low[hollow], axis=1) & np.all(high >= high[hollow], axis=1)
        found[hollow] = bool(around.any())
    return found
