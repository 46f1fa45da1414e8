"""The closed parts that a surface consists of: solids, hollows in them, solids in these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.kernels.mesh_boundary import pieces_of
from anatomy_twin.kernels.mesh_nesting import nesting_of


@dataclass(frozen=True, eq=False)
class ClosedParts:
    """``of_triangle`` (M,) numbers the parts; for each: the volume that it encloses (below 0: it faces in), in how
    many other parts it lies, and in which one directly (-1: in none)."""

    of_triangle: NDArray[np.int32]
    volumes_ml: NDArray[np.float64]
    depths: NDArray[np.int32]
    around: NDArray[np.int32]

    @property
    def facing_wrongly(self) -> NDArray[np.bool_]:
        """Which do not face as their depth asks: outermost ones out, hollows in these in, what is in hollows out."""
        return np.asarray((self.volumes_ml > 0) != (self.depths % 2 == 0))


def closed_parts(surface: SurfaceMesh) -> ClosedParts:
    """Return the parts of a closed surface that do not hang together, in the order of their first triangles."""
    triangles = surface.triangles.astype(np.int32)
    if not len(triangles):
        none = np.empty(0, np.int32)
        return ClosedParts(none, np.empty(0), none, none)
    points = surface.points_mm - np.mean(surface.points_mm, axis=0)
    piece = pieces_of(triangles, len(points))[0][triangles[:, 0]]
    _, first, number = np.unique(piece, return_index=True, return_inverse=True)
    place = np.empty(len(first), np.int32)
    place[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    part = place[number.ravel()]
    a, b, c = (points[triangles[:, n]] for n in range(3))
    volumes_ml = np.bincount(part, weights=np.einsum("ij,ij->i", a, np.cross(b, c)) / 6000.0, minlength=len(first))
    return ClosedParts(part, volumes_ml.astype(np.float64), *nesting_of(points, triangles, part, len(first)))
