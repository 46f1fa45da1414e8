"""A mask becomes a smooth closed surface in LPS mm.

Discrete flying edges followed by a windowed sinc filter: of the methods compared on ellipsoids with known volume
(marching cubes with and without blur, signed distance fields, surface nets) it was the only smooth one that did not
shrink small lesions (surface nets with their usual smoothing take 5 % off a 3 cm tumour, a Gaussian blur 2 %). What
the filter still takes is put back by moving the surface along its normals by (lost volume / area).
Filters: Schroeder, Maynard, Geveci, "Flying edges", IEEE LDAV 2015; Taubin, Zhang, Golub, "Optimal surface smoothing
as filter design", ECCV 1996. Decimation: Garland and Heckbert, SIGGRAPH 1997, as in the package fast-simplification.
"""

from __future__ import annotations

from typing import Any

import fast_simplification
import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter
from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

from anatomy_twin.anatomy.certificate import is_watertight
from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.core.geometry import reindex
from anatomy_twin.errors import MeshError

SMOOTHING_ITERATIONS = 20
PASS_BAND = 0.05
COARSEN_ABOVE_FACES = 150_000
COARSEST_MM = 4.0
COARSE_VOLUME_TOLERANCE = 0.02
SMOOTH_VOLUME_TOLERANCE = 0.05

Points = NDArray[np.float64]
Triangles = NDArray[np.int64]


def surface_of(
    mask: NDArray[Any], geometry: VolumeGeometry, *, triangle_budget: int = 40_000, coarsen: bool = True
) -> SurfaceMesh:
    """Return the smooth, outward surface of a mask; where the mask ends at the border the surface is closed there.

    Parameters
    ----------
    mask : bool [k, j, i] on ``geometry``.
    geometry : the grid; any orientation, left-handed ones too. The same voxels give the same surface, however they
        are indexed.
    triangle_budget : surfaces with more triangles are decimated to about this many, unless that would open them.
    coarsen : allow very large surfaces to be drawn from blocks of voxels (never where that changes the volume by 2 %).

    Raises
    ------
    MeshError : the mask is empty.
    """
    if not np.any(mask):
        raise MeshError("a surface of no voxels", advice="give a mask with at least one voxel")
    order, flips = geometry.canonical_axes()
    block, grid = _cropped(reindex(np.asarray(mask, dtype=bool), order, flips), geometry.reindexed(order, flips))
    target_mm3 = int(np.count_nonzero(block)) * grid.voxel_volume_ml * 1000.0
    if coarsen:
        block, grid = _coarsened(block, grid)
    raw, triangles = _flying_edges(block, grid.spacing_mm)
    if _volume_mm3(_world(raw, grid), triangles) < 0:
        triangles = triangles[:, ::-1]
    farthest_mm = min(grid.spacing_mm)
    points = _with_volume(_world(_smooth(raw, triangles), grid), triangles, target_mm3, farthest_mm)
    if abs(_volume_mm3(points, triangles) / target_mm3 - 1.0) > SMOOTH_VOLUME_TOLERANCE:
        # specks and lattices one voxel thin lose themselves in the filter: draw them as they are
        points = _with_volume(_world(raw, grid), triangles, target_mm3, farthest_mm)
    if len(triangles) > triangle_budget:
        points, triangles = _decimated(points, triangles, triangle_budget)
        points = _with_volume(points, triangles, target_mm3, farthest_mm)
    return SurfaceMesh(points, np.ascontiguousarray(triangles))


def bounding_box(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """Return the smallest block [k, j, i] that holds every true voxel of a mask that has one."""
    spans = [slice(None)] * 3
    for axis in range(3):  # each axis looks only at what the ones before left over
        block = mask[tuple(spans)]
        filled = np.flatnonzero(block.any(axis=tuple(other for other in range(3) if other != axis)))
        spans[axis] = slice(int(filled[0]), int(filled[-1]) + 1)
    return spans[0], spans[1], spans[2]


def _cropped(mask: NDArray[np.bool_], grid: VolumeGeometry) -> tuple[NDArray[np.bool_], VolumeGeometry]:
    """Cut the mask to its bounding box with one empty voxel on every side, also beyond the border."""
    spans = bounding_box(mask)
    block = np.pad(mask[spans], 1)
    start = (spans[0].start - 1, spans[1].start - 1, spans[2].start - 1)
    return block, grid.cropped(start, block.shape)


def _face_count(mask: NDArray[np.bool_]) -> int:
    """Count voxel faces between inside and outside: about half the triangles that flying edges will give."""
    return sum(int(np.count_nonzero(np.diff(mask.view(np.int8), axis=axis))) for axis in range(3))


def _coarsened(mask: NDArray[np.bool_], grid: VolumeGeometry) -> tuple[NDArray[np.bool_], VolumeGeometry]:
    """Double the finest spacing until the surface is small enough to be worth decimating; thin shells stay as they are.
    """
    while _face_count(mask) > COARSEN_ABOVE_FACES:
        finest = min(grid.spacing_mm)
        factors = [2 if spacing < 1.5 * finest else 1 for spacing in grid.spacing_mm]
        if 2 * finest > COARSEST_MM:
            break
        coarse = _blocks(mask, factors)
        before, after = np.count_nonzero(mask), np.count_nonzero(coarse) * int(np.prod(factors))
        if abs(after / before - 1.0) > COARSE_VOLUME_TOLERANCE:
            break
        mask = np.pad(coarse, 1)
        spacing = tuple(size * factor for size, factor in zip(grid.spacing_mm, factors, strict=True))
        centre = [(factor - 1) / 2 - factor for factor in factors]  # the padding is one coarse voxel wide
        origin = tuple(float(value) for value in grid.to_world(centre))
        grid = VolumeGeometry(mask.shape, spacing, grid.direction, origin, grid.frame_of_reference_uid)
    return mask, grid


def _blocks(mask: NDArray[np.bool_], factors: list[int]) -> NDArray[np.bool_]:
    """Return the mask of blocks that are at least half full; a half-full block counts when its index sum is even."""
    padded = np.pad(mask, [(0, -size % factor) for size, factor in zip(mask.shape, factors, strict=True)])
    total = padded.astype(np.uint8)
    for axis, factor in enumerate(factors):
        if factor == 2:
            even = total[(slice(None),) * axis + (slice(0, None, 2),)]
            total = even + total[(slice(None),) * axis + (slice(1, None, 2),)]
    half = int(np.prod(factors)) // 2
    k, j, i = np.ogrid[: total.shape[0], : total.shape[1], : total.shape[2]]
    return np.asarray((total > half) | ((total == half) & ((k + j + i) % 2 == 0)))


def _flying_edges(mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> tuple[Points, Triangles]:
    """Return the raw surface; points (N, 3) are i, j, k times spacing."""
    image = vtkImageData()
    image.SetDimensions(mask.shape[2], mask.shape[1], mask.shape[0])
    image.SetSpacing(spacing_mm[2], spacing_mm[1], spacing_mm[0])
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(mask).view(np.uint8).ravel(), deep=True))
    edges = vtkDiscreteFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 1)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    return _arrays(edges.GetOutput())


def _arrays(data: vtkPolyData) -> tuple[Points, Triangles]:
    points = vtk_to_numpy(data.GetPoints().GetData()).astype(np.float64)
    triangles = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int64)
    return points, triangles


def _poly_data(points: Points, triangles: Triangles) -> vtkPolyData:
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray

    data, nodes, cells = vtkPolyData(), vtkPoints(), vtkCellArray()
    nodes.SetData(numpy_to_vtk(np.ascontiguousarray(points), deep=True))
    offsets = np.arange(0, 3 * len(triangles) + 1, 3, dtype=np.int64)
    connectivity = np.ascontiguousarray(triangles).ravel()
    cells.SetData(numpy_to_vtk(offsets, deep=True), numpy_to_vtk(connectivity, deep=True))
    data.SetPoints(nodes)
    data.SetPolys(cells)
    return data


def _smooth(points: Points, triangles: Triangles) -> Points:
    sinc = vtkWindowedSincPolyDataFilter()
    sinc.SetInputData(_poly_data(points, triangles))
    sinc.SetNumberOfIterations(SMOOTHING_ITERATIONS)
    sinc.SetPassBand(PASS_BAND)
    sinc.BoundarySmoothingOff()
    sinc.FeatureEdgeSmoothingOff()
    sinc.NonManifoldSmoothingOn()
    sinc.NormalizeCoordinatesOn()
    sinc.Update()
    smooth = vtk_to_numpy(sinc.GetOutput().GetPoints().GetData()).astype(np.float64)
    return smooth if np.isfinite(smooth).all() else points


def _world(points: Points, grid: VolumeGeometry) -> Points:
    return grid.to_world(points[:, ::-1] / np.asarray(grid.spacing_mm))


def _volume_mm3(points: Points, triangles: Triangles) -> float:
    centred = points - points.mean(axis=0)
    a, b, c = (centred[triangles[:, n]] for n in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def _with_volume(points: Points, triangles: Triangles, target_mm3: float, farthest_mm: float) -> Points:
    """Move the points along their normals until the enclosed volume is the given one (dV = area * distance).

    Stops where that would move them by more than ``farthest_mm`` in all, or does not bring the volume nearer.
    """
    missing, moved_mm = target_mm3 - _volume_mm3(points, triangles), 0.0
    for _ in range(4):
        a, b, c = (points[triangles[:, n]] for n in range(3))
        twice_area = np.cross(b - a, c - a)
        area = float(np.linalg.norm(twice_area, axis=1).sum() / 2.0)
        if area <= 0 or abs(missing) < 1e-4 * target_mm3 or moved_mm + abs(missing) / area > farthest_mm:
            break
        sums = [
            np.bincount(triangles.ravel(), np.repeat(twice_area[:, axis], 3), minlength=len(points))
            for axis in range(3)
        ]
        normals = np.stack(sums, axis=1)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        unit = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
        further = points + unit * (missing / area)
        still_missing = target_mm3 - _volume_mm3(further, triangles)
        if abs(still_missing) >= abs(missing):
            break
        moved_mm += abs(missing) / area
        points, missing = further, still_missing
    return points


def _decimated(points: Points, triangles: Triangles, budget: int) -> tuple[Points, Triangles]:
    """Return a decimated surface, or the given one where every try opened it (collapses can pinch thin parts)."""
    if not is_watertight(triangles):
        return points, triangles
    centre = points.mean(axis=0)
    for count, aggressiveness in ((budget, 7.0), (budget, 5.0), (2 * budget, 7.0)):
        if count >= len(triangles):
            break
        fewer_points, fewer = fast_simplification.simplify(
            (points - centre).astype(np.float32), triangles.astype(np.int32), target_count=count, agg=aggressiveness
        )
        fewer = np.asarray(fewer, dtype=np.int64)
        if is_watertight(fewer):
            return np.asarray(fewer_points, dtype=np.float64) + centre, fewer
    return points, triangles
