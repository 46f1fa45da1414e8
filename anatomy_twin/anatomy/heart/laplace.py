"""Laplace's equation on a surface, in tetrahedra and on voxels: fields between parts of a wall, and their gradients.

Linear elements (cotangent weights) on triangles and tetrahedra, differences between voxels that share a face; nothing
flows through what is not fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import cg, spsolve

from anatomy_twin.core import SurfaceMesh, TetMesh, VolumeGeometry
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels.elements import sizes_and_gradients

TOLERANCE = 1e-8
MOST_ITERATIONS = 5000


@dataclass(frozen=True, eq=False)
class Grid:
    """Where fields are solved: the stiffness (N, N), and per place of evaluation (P) nodes and weights of a gradient.

    ``nodes`` (P, n) and ``gradients`` (P, n, 3): the gradient at place p is the sum of ``gradients`` times the values
    at ``nodes``; the value there is the mean of the first ``corners`` of these. ``flat`` is True on a surface.
    """

    stiffness: csr_matrix
    nodes: NDArray[np.int64]
    gradients: NDArray[np.float64]
    corners: int
    flat: bool

    def gradient(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gradient (P, 3) of values (N,), per mm."""
        return np.asarray(np.einsum("pn,pna->pa", values[self.nodes], self.gradients))

    def at_places(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values (N,) at the places of evaluation (P,)."""
        return np.asarray(values[self.nodes[:, : self.corners]].mean(axis=1))


def on_surface(surface: SurfaceMesh) -> Grid:
    """Return the grid of a surface; places of evaluation are its triangles."""
    return _of_elements(surface.points_mm, surface.triangles, flat=True)


def in_tetrahedra(mesh: TetMesh) -> Grid:
    """Return the grid of tetrahedra, which are its places of evaluation."""
    return _of_elements(mesh.points_mm, mesh.tetrahedra, flat=False)


def _of_elements(points: NDArray[np.float64], elements: NDArray[np.int64], *, flat: bool) -> Grid:
    size, gradients = sizes_and_gradients(points, elements)
    if not (size > 0).all():
        where = points[elements[int(np.argmin(size))]].mean(axis=0)
        raise MeshError(f"{int((size <= 0).sum())} {'triangles' if flat else 'tetrahedra'} are flat",
                        where="at {:.1f}, {:.1f}, {:.1f} mm".format(*where), advice="remesh")
    local = gradients @ gradients.transpose(0, 2, 1) * size[:, None, None]
    n = elements.shape[1]
    rows, columns = np.repeat(elements, n, axis=1).ravel(), np.tile(elements, (1, n)).ravel()
    stiffness = coo_matrix((local.ravel(), (rows, columns)), (len(points), len(points))).tocsr()
    return Grid(stiffness, elements, gradients, n, flat)


def on_voxels(mask: NDArray[np.bool_], geometry: VolumeGeometry) -> Grid:
    """Return the grid of the voxels of a mask, in the order of ``np.argwhere``; they are the places of evaluation."""
    voxels = np.argwhere(mask)
    count = len(voxels)
    number = np.full(np.add(mask.shape, 2), -1, np.int64)
    number[1:-1, 1:-1, 1:-1][mask] = np.arange(count)
    nodes = np.tile(np.arange(count)[:, None], (1, 7))
    weights = np.zeros((count, 7, 3))
    entries = []
    for axis in range(3):
        way, step_mm = geometry.direction[:, axis], geometry.spacing_mm[axis]
        shift = np.zeros(3, int)
        shift[axis] = 1
        after = number[tuple((voxels + 1 + shift).T)]
        before = number[tuple((voxels + 1 - shift).T)]
        joined = np.flatnonzero(after >= 0)
        weight = 1.0 / step_mm**2
        entries.append((joined, after[joined], np.full(len(joined), weight)))
        ahead, behind = np.where(after >= 0, after, np.arange(count)), np.where(before >= 0, before, np.arange(count))
        span = ((after >= 0).astype(float) + (before >= 0)) * step_mm
        slope = np.divide(1.0, span, out=np.zeros(count), where=span > 0)
        nodes[:, 1 + 2 * axis], nodes[:, 2 + 2 * axis] = ahead, behind
        weights[:, 1 + 2 * axis] = slope[:, None] * way
        weights[:, 2 + 2 * axis] = -slope[:, None] * way
    a, b, w = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    off = coo_matrix((-w, (a, b)), (count, count)).tocsr()
    off = off + off.T
    diagonal = -np.asarray(off.sum(axis=1)).ravel()
    stiffness = off + coo_matrix((diagonal, (np.arange(count), np.arange(count))), (count, count)).tocsr()
    return Grid(csr_matrix(stiffness), nodes, weights, 1, False)


def harmonic(grid: Grid, fixed: dict[float, NDArray[Any]]) -> NDArray[np.float64]:
    """Return the field (N,) that solves Laplace's equation with given values.

    Parameters
    ----------
    grid : where.
    fixed : value -> numbers of the nodes that have it; of a node named twice the last counts.

    Raises
    ------
    MeshError : fewer than two values have nodes, or a part of the grid hangs together with none of them.
    """
    count = grid.stiffness.shape[0]
    values = np.full(count, np.nan)
    for value, nodes in fixed.items():
        values[nodes] = value
    known = np.isfinite(values)
    if len(np.unique(values[known])) < 2:
        raise MeshError("a field between two parts of the wall needs both", advice="see which of them is empty")
    free = np.flatnonzero(~known)
    if not free.size:
        return values
    pieces, piece = connected_components(grid.stiffness, directed=False)
    if len(np.unique(piece[known])) < pieces:
        raise MeshError("a part of the wall hangs together with none of the parts that are fixed",
                        advice="leave loose parts out")
    inner = grid.stiffness[free][:, free].tocsc()
    right = -(grid.stiffness[free][:, known] @ values[known])
    values[free] = _solved(inner, right, direct=grid.flat)
    low, high = np.nanmin(values[known]), np.nanmax(values[known])
    return np.clip(values, low, high)


def _solved(matrix: Any, right: NDArray[np.float64], *, direct: bool) -> NDArray[np.float64]:
    if direct:
        return np.asarray(spsolve(matrix, right))
    found, failed = cg(matrix.tocsr(), right, rtol=TOLERANCE, maxiter=MOST_ITERATIONS, M=diags(1.0 / matrix.diagonal()))
    if failed:
        raise MeshError("a field in the wall could not be solved", advice="improve the mesh")
    return np.asarray(found)
