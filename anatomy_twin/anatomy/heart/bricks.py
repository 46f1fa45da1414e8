"""A closed wall as voxels, and which of its border voxels belong to which part of its surface."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, generate_binary_structure
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.memory import check_memory
from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.errors import MeshError
from anatomy_twin.units import check_range


def bricks_of(surface: SurfaceMesh, spacing_mm: float) -> tuple[NDArray[np.bool_], VolumeGeometry]:
    """Return the voxels of an upright grid whose centres lie within a closed surface, bool [k, j, i], and the grid.

    There is one empty layer around them. Raises ``MeshError`` for a surface that is open or encloses no centre, or a
    grid that does not fit into memory; ``DataError`` for a spacing beyond 0.05 to 10 mm.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

    step = check_range("spacing_mm", spacing_mm, 0.05, 10.0)
    edges = np.sort(np.stack([surface.triangles, np.roll(surface.triangles, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    if (np.unique(edges, axis=0, return_counts=True)[1] != 2).any():
        raise MeshError("the surface of the wall is not closed", advice="close it: bricks fill what it encloses")
    low = surface.points_mm.min(axis=0) - 1.5 * step
    size = np.ceil((surface.points_mm.max(axis=0) - low) / step).astype(int) + 2
    check_memory(4 * int(np.prod(size.astype(np.int64))), "the voxels", "take larger ones")
    points, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(surface.points_mm, deep=True))
    cells.SetData(3, numpy_to_vtkIdTypeArray(np.ascontiguousarray(surface.triangles.ravel(), np.int64), deep=True))
    data.SetPoints(points)
    data.SetPolys(cells)
    cut = vtkPolyDataToImageStencil()
    cut.SetInputData(data)
    cut.SetOutputOrigin(*low)
    cut.SetOutputSpacing(step, step, step)
    cut.SetOutputWholeExtent(0, int(size[0]) - 1, 0, int(size[1]) - 1, 0, int(size[2]) - 1)
    image = vtkImageStencilToImage()
    image.SetInputConnection(cut.GetOutputPort())
    image.SetOutputScalarTypeToUnsignedChar()
    image.SetInsideValue(1)
    image.SetOutsideValue(0)
    image.Update()
    mask = vtk_to_numpy(image.GetOutput().GetPointData().GetScalars()).reshape(size[::-1]).astype(bool)
    if not mask.any():
        raise MeshError("the surface encloses no voxel", advice="take smaller voxels, or see whether it faces out")
    shape = (int(size[2]), int(size[1]), int(size[0]))
    return mask, VolumeGeometry.upright(shape, (step,) * 3, (float(low[0]), float(low[1]), float(low[2])))


def border_parts(
    mask: NDArray[np.bool_], geometry: VolumeGeometry, surface: SurfaceMesh, part: NDArray[Any]
) -> dict[int, NDArray[np.bool_]]:
    """Return per part of a surface the voxels [k, j, i] at the border of a mask that lie nearest to it.

    ``part`` (N,) are whole numbers of the surface's points. A voxel is at the border if one that shares a face is out.
    """
    if part.shape != (len(surface.points_mm),) or part.dtype.kind not in "ui":
        raise MeshError(f"parts of {part.dtype} {part.shape} for {len(surface.points_mm)} points",
                        advice="give one whole number a point")
    border = mask & ~binary_erosion(mask, generate_binary_structure(3, 1))
    voxels = np.argwhere(border)
    nearest = cKDTree(surface.points_mm).query(geometry.to_world(voxels))[1]
    found = {}
    for number in np.unique(part).tolist():
        own = np.zeros(mask.shape, bool)
        own[tuple(voxels[part[nearest] == number].T)] = True
        found[int(number)] = own
    return found
