"""Surfaces and tetrahedral meshes in LPS mm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import DataError


@dataclass(frozen=True, eq=False)
class SurfaceMesh:
    """Triangles (M, 3) over points (N, 3) in LPS mm, counter-clockwise seen from outside."""

    points_mm: NDArray[np.float64]
    triangles: NDArray[np.int64]

    def __post_init__(self) -> None:
        points = read_only(self.points_mm, "points_mm", ndim=2, dtype=np.float64)
        triangles = read_only(self.triangles, "triangles", ndim=2, dtype=np.int64)
        _check_mesh(points, triangles, corners=3)
        object.__setattr__(self, "points_mm", points)
        object.__setattr__(self, "triangles", triangles)

    @property
    def volume_ml(self) -> float:
        """The signed enclosed volume in ml (divergence theorem); positive when closed and outward."""
        a, b, c = (self.points_mm[self.triangles[:, n]] - self.points_mm.mean(axis=0) for n in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6000.0)

    def outward(self) -> SurfaceMesh:
        """Return this surface, its triangles turned round where it encloses a negative volume."""
        return self if self.volume_ml >= 0 else SurfaceMesh(self.points_mm, self.triangles[:, ::-1])

    @property
    def area_cm2(self) -> float:
        """The surface area in cm2."""
        a, b, c = (self.points_mm[self.triangles[:, n]] for n in range(3))
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 200.0)


@dataclass(frozen=True, eq=False)
class TetMesh:
    """Tetrahedra (M, 4) over points (N, 3) in LPS mm, positively oriented, with one region number each.

    Region n is called ``region_names[n]``. Neighbouring regions share the points of the face between them.
    """

    points_mm: NDArray[np.float64]
    tetrahedra: NDArray[np.int64]
    regions: NDArray[np.int64]
    region_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        points = read_only(self.points_mm, "points_mm", ndim=2, dtype=np.float64)
        tetrahedra = read_only(self.tetrahedra, "tetrahedra", ndim=2, dtype=np.int64)
        regions = read_only(self.regions, "regions", ndim=1, dtype=np.int64)
        _check_mesh(points, tetrahedra, corners=4)
        if regions.shape[0] != tetrahedra.shape[0]:
            raise DataError("regions and tetrahedra differ in number")
        object.__setattr__(self, "region_names", tuple(self.region_names))
        if self.region_names and regions.size and not 0 <= regions.min() <= regions.max() < len(self.region_names):
            raise DataError("a tetrahedron is in a region that has no name")
        object.__setattr__(self, "points_mm", points)
        object.__setattr__(self, "tetrahedra", tetrahedra)
        object.__setattr__(self, "regions", regions)


def _check_mesh(points: NDArray[Any], cells: NDArray[Any], corners: int) -> None:
    if points.shape[1] != 3 or cells.shape[1] != corners:
        raise DataError(f"a mesh needs points (N, 3) and cells (M, {corners}), not {points.shape} and {cells.shape}")
    if not np.isfinite(points).all():
        raise DataError("a mesh has points that are not finite")
    if cells.size and (cells.min() < 0 or cells.max() >= points.shape[0]):
        raise DataError("a mesh has a cell that names a point that is not there")
