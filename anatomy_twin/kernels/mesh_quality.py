"""What can be measured on a triangle surface: closed, one fan per point, pieces, angles, enclosed volume, and the exact
distance to the faces between the voxels that it stands for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.mesh_decimate_setup import stars

FARTHEST_STEPS = 16  # voxels that the search for the boundary goes to each side
_BLOCK = 512


@njit(cache=True, parallel=True)
def _fans(start: Any, wings: Any) -> Any:
    """Per point: 0 no triangle, 1 one closed fan, 2 several closed fans, 3 anything else."""
    count = start.shape[0] - 1
    kinds = np.zeros(count, np.uint8)
    for block in prange((count + _BLOCK - 1) // _BLOCK):
        for u in range(block * _BLOCK, min(count, (block + 1) * _BLOCK)):
            first, last = start[u], start[u + 1]
            if first == last:
                continue
            kinds[u] = 1
            for n in range(first, last):
                followers = leaders = 0  # one triangle goes on where this one ends, and one ends where it begins
                for m in range(first, last):
                    followers += wings[m, 0] == wings[n, 1]
                    leaders += wings[m, 1] == wings[n, 0]
                if followers != 1 or leaders != 1 or wings[n, 0] == wings[n, 1] or wings[n, 0] == u or wings[n, 1] == u:
                    kinds[u] = 3
                    break
            if kinds[u] == 3:
                continue
            at, steps = wings[first, 1], 1
            while at != wings[first, 0]:
                n = first
                while wings[n, 0] != at:
                    n += 1
                at = wings[n, 1]
                steps += 1
            if steps < last - first:
                kinds[u] = 2
    return kinds


@njit(cache=True)
def _pieces(triangles: Any, point_count: int) -> int:
    """Count sets of triangles that hang together by points (union-find with path halving)."""
    parent = np.arange(point_count).astype(np.int32)
    joined = 0
    seen = np.zeros(point_count, np.bool_)
    points = 0
    for t in range(triangles.shape[0]):
        root = np.int32(-1)
        for c in range(3):
            u = triangles[t, c]
            if not seen[u]:
                seen[u] = True
                points += 1
            while parent[u] != u:
                parent[u] = parent[parent[u]]
                u = parent[u]
            if root < 0:
                root = u
            elif u != root:
                low, high = min(u, root), max(u, root)
                parent[high] = low
                root = low
                joined += 1
    return points - joined


@njit(cache=True, parallel=True)
def _shapes(points: Any, triangles: Any) -> Any:
    """Return (angles (M, 3) in degrees, six times the volume (M,) between each triangle and the first point in mm3)."""
    count = triangles.shape[0]
    angles, volumes = np.empty((count, 3)), np.empty(count)
    for t in prange(count):
        for c in range(3):
            a, b, d = triangles[t, c], triangles[t, (c + 1) % 3], triangles[t, (c + 2) % 3]
            b0, b1, b2 = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
            d0, d1, d2 = points[d, 0] - points[a, 0], points[d, 1] - points[a, 1], points[d, 2] - points[a, 2]
            n0, n1, n2 = b1 * d2 - b2 * d1, b2 * d0 - b0 * d2, b0 * d1 - b1 * d0
            sine, cosine = math.sqrt(n0 * n0 + n1 * n1 + n2 * n2), b0 * d0 + b1 * d1 + b2 * d2
            angles[t, c] = math.degrees(math.atan2(sine, cosine)) if sine > 0.0 or cosine > 0.0 else 0.0
            if c == 0:
                volumes[t] = (
                    n0 * (points[a, 0] - points[0, 0]) + n1 * (points[a, 1] - points[0, 1])
                    + n2 * (points[a, 2] - points[0, 2])
                )
    return angles, volumes


def measure(
    points_mm: NDArray[np.float64], triangles: NDArray[np.int32]
) -> tuple[bool, bool, int, float, NDArray[np.float64]]:
    """Measure a surface.

    Parameters
    ----------
    points_mm : (N, 3); triangles : (M, 3), both writeable and contiguous.

    Returns
    -------
    (watertight, manifold, pieces, volume_mm3, angles_deg (M, 3)). Watertight: every edge has two triangles that run
    along it in opposite ways. Manifold: besides, every point has one closed fan of triangles. Pieces hang together by
    points. The volume is signed (divergence theorem), positive when closed and outward.
    """
    if not len(triangles):
        return False, False, 0, 0.0, np.empty((0, 3))
    start, _, wings = stars(triangles, len(triangles), len(points_mm))
    worst = int(_fans(start, wings).max())
    angles, volumes = _shapes(points_mm, triangles)
    pieces = int(_pieces(triangles, len(points_mm)))
    return worst <= 2, worst == 1, pieces, float(volumes.sum()) / 6.0, angles


@njit(cache=True, no_cpython_wrapper=True)
def _within(regions: Any, inside: Any, k: int, j: int, i: int) -> bool:
    if k < 0 or j < 0 or i < 0 or k >= regions.shape[0] or j >= regions.shape[1] or i >= regions.shape[2]:
        return False
    region = regions[k, j, i]
    return bool(region < inside.shape[0] and inside[region])


@njit(cache=True, no_cpython_wrapper=True)
def _nearest_face(regions: Any, inside: Any, spacing: Any, x: Any, low: Any, high: Any) -> float:
    """Squared distance in mm2 of index x to the nearest face between a voxel in and one out.

    A box of voxels around x grows by one layer where its wall is nearest, until the wall is farther than the nearest
    face found: all faces of the box's voxels are looked at, so no nearer one can be left.
    """
    for axis in range(3):
        low[axis] = high[axis] = math.floor(x[axis] + 0.5)
    best, grown, side = math.inf, -1, 0
    while True:
        k0, k1, j0, j1, i0, i1 = low[0], high[0], low[1], high[1], low[2], high[2]
        if grown == 0:
            k0 = k1 = k0 if side == 0 else k1
        elif grown == 1:
            j0 = j1 = j0 if side == 0 else j1
        elif grown == 2:
            i0 = i1 = i0 if side == 0 else i1
        for k in range(k0, k1 + 1):
            for j in range(j0, j1 + 1):
                for i in range(i0, i1 + 1):
                    best = _own_faces(regions, inside, spacing, x, k, j, i, best)
        wall = math.inf
        for axis in range(3):
            below = (x[axis] - low[axis] + 0.5) * spacing[axis]
            above = (high[axis] + 0.5 - x[axis]) * spacing[axis]
            if below < wall:
                wall, grown, side = below, axis, 0
            if above < wall:
                wall, grown, side = above, axis, 1
        if best <= wall * wall:
            return best
        if high[grown] - low[grown] >= 2 * FARTHEST_STEPS:
            return wall * wall if math.isinf(best) else best
        if side == 0:
            low[grown] -= 1
        else:
            high[grown] += 1


@njit(cache=True, no_cpython_wrapper=True)
def _own_faces(regions: Any, inside: Any, spacing: Any, x: Any, k: int, j: int, i: int, best: float) -> float:
    """Squared distance to the nearest of a voxel's faces that part in from out; ``best`` where none is nearer."""
    at = (k, j, i)
    nearest = 0.0
    for axis in range(3):
        nearest += (max(0.0, abs(x[axis] - at[axis]) - 0.5) * spacing[axis]) ** 2
    if nearest >= best:
        return best
    here = _within(regions, inside, k, j, i)
    for axis in range(3):
        beside = nearest - (max(0.0, abs(x[axis] - at[axis]) - 0.5) * spacing[axis]) ** 2
        for step in (-1, 1):
            squared = beside + ((x[axis] - at[axis] - 0.5 * step) * spacing[axis]) ** 2
            if squared >= best:
                continue
            other = _within(
                regions, inside, k + (step if axis == 0 else 0), j + (step if axis == 1 else 0),
                i + (step if axis == 2 else 0),
            )
            if other != here:
                best = squared
    return best


@njit(cache=True, parallel=True)
def _distances(regions: Any, inside: Any, spacing: Any, indices: Any) -> Any:
    count = indices.shape[0]
    found = np.empty(count)
    for block in prange((count + _BLOCK - 1) // _BLOCK):
        low, high = np.empty(3, np.int64), np.empty(3, np.int64)
        for n in range(block * _BLOCK, min(count, (block + 1) * _BLOCK)):
            found[n] = math.sqrt(_nearest_face(regions, inside, spacing, indices[n], low, high))
    return found


def boundary_distance_mm(
    regions: NDArray[np.integer[Any]],
    inside: NDArray[np.bool_],
    spacing_mm: tuple[float, float, float],
    indices: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the distance in mm from each place to the nearest face between a voxel in and a voxel out.

    Parameters
    ----------
    regions : [k, j, i] region numbers up to 65 535; what is beyond the array is out. No copy is made of uint16.
    inside : per region number whether it is in; numbers beyond its end are out.
    spacing_mm : voxel size along k, j and i.
    indices : (N, 3) places as fractional indices [k, j, i]; voxel centres are whole numbers.

    Returns
    -------
    (N,) exact distances; where no face lies within 16 voxels, the distance that was searched.
    """
    where = np.ascontiguousarray(indices, dtype=np.float64).reshape(-1, 3)
    if not where.flags.writeable:
        where = where.copy()
    spacing = np.array(spacing_mm, dtype=np.float64)
    numbers = np.ascontiguousarray(regions, dtype=np.uint16)
    found = _distances(numbers, np.array(inside, dtype=np.bool_), spacing, where)
    return np.asarray(found)
