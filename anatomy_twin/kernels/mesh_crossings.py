"""Which triangles of a surface cut through others of it.

A triangle is cut where an edge of another passes from one side of it to the other within it (the four signed volumes of
Möller and Trumbore's test, written as determinants). Triangles that only touch, or lie in one plane, are not cut.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

_BLOCK = 64


@njit(cache=True, inline="always")
def _side(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Six times the volume of the tetrahedron a, b, c, d; positive when d is where the normal of a, b, c points."""
    x, y, z = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    p, q, r = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    return (y * r - z * q) * (d[0] - a[0]) + (z * p - x * r) * (d[1] - a[1]) + (x * q - y * p) * (d[2] - a[2])


@njit(cache=True)
def _edge_cuts(p: Any, q: Any, a: Any, b: Any, c: Any, least: float) -> Any:
    """Whether the edge p, q passes through the triangle a, b, c; nearer than ``least`` (mm3) to a border counts not."""
    above, below = _side(a, b, c, p), _side(a, b, c, q)
    if (above > -least and below > -least) or (above < least and below < least):
        return False
    first, second, third = _side(p, q, a, b), _side(p, q, b, c), _side(p, q, c, a)
    return (first > least and second > least and third > least) or (
        first < -least and second < -least and third < -least
    )


@njit(cache=True)
def _cut(points: Any, one: Any, other: Any, least: float) -> Any:
    """Whether an edge of ``one`` that has no point in common with ``other`` passes through it."""
    for n in range(3):
        p, q = one[n], one[(n + 1) % 3]
        if p == other[0] or p == other[1] or p == other[2] or q == other[0] or q == other[1] or q == other[2]:
            continue
        if _edge_cuts(points[p], points[q], points[other[0]], points[other[1]], points[other[2]], least):
            return True
    return False


@njit(cache=True, parallel=True)
def _sweep(points: Any, triangles: Any, low: Any, high: Any, least: float, found: Any) -> None:
    """Each triangle against those that begin after it along the first axis and before it ends; in that order."""
    count = triangles.shape[0]
    for block in prange((count + _BLOCK - 1) // _BLOCK):
        for n in range(block * _BLOCK, min(count, (block + 1) * _BLOCK)):
            for m in range(n + 1, count):
                if low[m, 0] > high[n, 0]:
                    break
                if low[m, 1] > high[n, 1] or low[n, 1] > high[m, 1]:
                    continue
                if low[m, 2] > high[n, 2] or low[n, 2] > high[m, 2]:
                    continue
                if _cut(points, triangles[n], triangles[m], least) or _cut(points, triangles[m], triangles[n], least):
                    found[n] = m
                    break


def crossing_triangles(points_mm: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pairs (N, 2) of triangles that cut through each other, at most one per triangle, in rising order.

    Parameters
    ----------
    points_mm : (P, 3), best about their own middle.
    triangles : (M, 3).
    """
    corners = points_mm[triangles]
    low, high = corners.min(axis=1), corners.max(axis=1)
    axis = int(np.argmax(np.ptp(points_mm, axis=0))) if len(points_mm) else 0
    turn = [axis, (axis + 1) % 3, (axis + 2) % 3]
    order = np.argsort(low[:, axis], kind="stable")
    found = np.full(len(triangles), -1, np.int64)
    extent = float(np.ptp(points_mm, axis=0).max()) if len(points_mm) else 0.0
    low, high = np.ascontiguousarray(low[order][:, turn]), np.ascontiguousarray(high[order][:, turn])
    points, sorted_triangles = np.ascontiguousarray(points_mm), np.ascontiguousarray(triangles[order])
    _sweep(points, sorted_triangles, low, high, 1e-14 * extent**3, found)
    first = np.flatnonzero(found >= 0)
    pairs = np.sort(np.stack([order[first], order[found[first]]], axis=1), axis=1)
    return pairs[np.lexsort(pairs.T[::-1])]


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    crossing_triangles(np.eye(3), np.array([[0, 1, 2]], dtype=np.int64))
