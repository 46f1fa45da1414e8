"""What can be checked about a surface: closed, outward, its volume, its triangles, how far it is from its voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.surface.closed_parts import closed_parts
from anatomy_twin.core import Certificate, SurfaceMesh, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.mesh_crossings import crossing_triangles
from anatomy_twin.kernels.mesh_quality import boundary_distance_mm, measure


@dataclass(frozen=True, eq=False)
class VoxelBoundary:
    """The faces between the voxels in a structure and those out of it; what is beyond the array is out.

    ``regions`` [k, j, i] on ``geometry`` are region numbers, ``inside`` (R,) tells which of them belong to the
    structure (those beyond its end do not). All structures of a scan share one array of regions.
    """

    regions: NDArray[Any]
    inside: NDArray[np.bool_]
    geometry: VolumeGeometry

    def __post_init__(self) -> None:
        if self.regions.shape != self.geometry.shape:
            raise DataError(f"regions {self.regions.shape} do not lie on a grid of {self.geometry.shape}")
        if self.regions.dtype.kind != "u":
            raise DataError("regions are not numbered by unsigned integers")

    @staticmethod
    def of_mask(mask: NDArray[np.bool_], geometry: VolumeGeometry) -> VoxelBoundary:
        """Return the boundary of a mask [k, j, i] on ``geometry``."""
        return VoxelBoundary(np.asarray(mask, dtype=np.uint16), np.array([False, True]), geometry)

    def distance_mm(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the exact distance from points (N, 3) in LPS mm to the nearest face.

        Where there is none within 16 voxels, the distance that was searched: the true one is larger.
        """
        return boundary_distance_mm(
            self.regions, self.inside, self.geometry.spacing_mm, self.geometry.to_index(points_mm)
        )


def is_watertight(triangles: NDArray[Any]) -> bool:
    """Tell whether every edge is shared by exactly two triangles that run along it in opposite directions.

    Parameters
    ----------
    triangles : point numbers (M, 3).

    Returns
    -------
    bool : False too for no triangle at all, or for a triangle that names a point twice.
    """
    if len(triangles) == 0:
        return False
    start = np.asarray(triangles, dtype=np.int64).ravel()
    stop = np.roll(np.asarray(triangles, dtype=np.int64), -1, axis=1).ravel()
    if bool(np.any(start == stop)):
        return False
    size = int(start.max()) + 1
    forward = np.sort(start * size + stop)
    backward = np.sort(stop * size + start)
    # each directed edge occurs once, and its opposite occurs too: then it has exactly two triangles
    return bool(np.all(np.diff(forward) > 0) and np.array_equal(forward, backward))


def certify(
    surface: SurfaceMesh, volume_ml: float, *, touches_border: bool = False, boundary: VoxelBoundary | None = None
) -> Certificate:
    """Measure a surface and return what was found, good or bad.

    Outward is said of a surface only if each of its closed parts faces as it must: those in no other out, hollows in.

    Parameters
    ----------
    surface : triangles in LPS mm.
    volume_ml : the volume counted from the voxels that the surface stands for.
    touches_border : whether the voxels reach the end of the scan, so that the surface is cut off flat there.
    boundary : the voxels themselves, for the distances of the surface's points and triangle centres from the faces
        between voxels in and out; without it these are not checked.
    """
    triangles = surface.triangles.astype(np.int32)
    points = np.array(surface.points_mm)
    watertight, manifold, pieces, enclosed_mm3, angles = measure(points, triangles)
    enclosed_ml = enclosed_mm3 / 1000.0
    error = 100.0 * (enclosed_ml - volume_ml) / volume_ml if volume_ml > 0 else 0.0
    p95 = largest = None
    if boundary is not None and len(triangles):
        centres = (points[triangles[:, 0]] + points[triangles[:, 1]] + points[triangles[:, 2]]) / 3.0
        distances = boundary.distance_mm(np.concatenate([points, centres]))
        p95, largest = float(np.percentile(distances, 95)), float(distances.max())
    return Certificate(
        watertight=watertight,
        outward=enclosed_ml > 0 and not (watertight and pieces > 1 and closed_parts(surface).facing_wrongly.any()),
        volume_error_percent=float(error),
        triangle_count=len(triangles),
        touches_border=touches_border,
        manifold=manifold,
        boundary_p95_mm=p95,
        boundary_max_mm=largest,
        smallest_angle_deg=float(angles.min()) if len(triangles) else None,
        angle_p5_deg=float(np.percentile(angles, 5)) if len(triangles) else None,
        pieces=pieces,
        crossing_triangles=int(crossing_triangles(points, triangles).sum()),
    )
