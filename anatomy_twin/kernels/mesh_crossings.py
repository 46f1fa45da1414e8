"""Triangles of a surface that pass through each other, found on a grid of cells."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

CELL_SHARE = 0.9  # of all triangles are no wider than a cell
SAME_PLACE = 1e-9  # of an edge: touching is not crossing


@njit(cache=True)
def _pierces(points: Any, u: int, v: int, a: int, b: int, c: int) -> bool:
    """Tell whether the segment (u, v) passes through the inside of the triangle (a, b, c)."""
    b0, b1, b2 = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    c0, c1, c2 = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    n0, n1, n2 = b1 * c2 - b2 * c1, b2 * c0 - b0 * c2, b0 * c1 - b1 * c0
    squared = n0 * n0 + n1 * n1 + n2 * n2
    u0, u1, u2 = points[u, 0] - points[a, 0], points[u, 1] - points[a, 1], points[u, 2] - points[a, 2]
    d0, d1, d2 = points[v, 0] - points[u, 0], points[v, 1] - points[u, 1], points[v, 2] - points[u, 2]
    above, slope = n0 * u0 + n1 * u1 + n2 * u2, n0 * d0 + n1 * d1 + n2 * d2
    least = SAME_PLACE * math.sqrt(squared * (d0 * d0 + d1 * d1 + d2 * d2))
    if above * (above + slope) >= 0.0 or abs(above) <= least or abs(above + slope) <= least:
        return False
    share = -above / slope
    x0, x1, x2 = u0 + share * d0, u1 + share * d1, u2 + share * d2
    # shares of the corners b and c at the place where the segment meets the plane
    of_b = (n0 * (x1 * c2 - x2 * c1) + n1 * (x2 * c0 - x0 * c2) + n2 * (x0 * c1 - x1 * c0)) / squared
    of_c = (n0 * (b1 * x2 - b2 * x1) + n1 * (b2 * x0 - b0 * x2) + n2 * (b0 * x1 - b1 * x0)) / squared
    return bool(of_b > SAME_PLACE and of_c > SAME_PLACE and of_b + of_c < 1.0 - SAME_PLACE)


@njit(cache=True)
def _cross(points: Any, triangles: Any, t: int, r: int) -> bool:
    """Tell whether an edge of one triangle passes through the other; never for two with a common edge."""
    common = 0
    for n in range(3):
        for m in range(3):
            common += triangles[t, n] == triangles[r, m]
    if common > 1:
        return False
    for axis in range(3):
        low, high = math.inf, -math.inf
        other_low, other_high = math.inf, -math.inf
        for n in range(3):
            low, high = min(low, points[triangles[t, n], axis]), max(high, points[triangles[t, n], axis])
            place = points[triangles[r, n], axis]
            other_low, other_high = min(other_low, place), max(other_high, place)
        if low > other_high or other_low > high:
            return False
    for n in range(3):
        for one, other in ((t, r), (r, t)):
            u, v = triangles[one, n], triangles[one, (n + 1) % 3]
            if _pierces(points, u, v, triangles[other, 0], triangles[other, 1], triangles[other, 2]):
                return True
    return False


@njit(cache=True)
def _cells(points: Any, triangles: Any, origin: Any, width: float, shape: Any) -> Any:
    """Return (cell, triangle) for every cell of the grid that the box of a triangle reaches into."""
    count = triangles.shape[0]
    spans = np.empty((count, 3, 2), np.int64)
    total = 0
    for t in range(count):
        size = 1
        for axis in range(3):
            low, high = math.inf, -math.inf
            for c in range(3):
                place = points[triangles[t, c], axis]
                low, high = min(low, place), max(high, place)
            spans[t, axis, 0] = math.floor((low - origin[axis]) / width)
            spans[t, axis, 1] = min(shape[axis] - 1, math.floor((high - origin[axis]) / width))
            size *= spans[t, axis, 1] - spans[t, axis, 0] + 1
        total += size
    cell, owner = np.empty(total, np.int64), np.empty(total, np.int32)
    filled = 0
    for t in range(count):
        for k in range(spans[t, 0, 0], spans[t, 0, 1] + 1):
            for j in range(spans[t, 1, 0], spans[t, 1, 1] + 1):
                for i in range(spans[t, 2, 0], spans[t, 2, 1] + 1):
                    cell[filled] = (k * shape[1] + j) * shape[2] + i
                    owner[filled] = t
                    filled += 1
    return cell, owner


@njit(cache=True, parallel=True)
def _search(points: Any, triangles: Any, owner: Any, begins: Any, crossing: Any) -> None:
    for group in prange(begins.shape[0] - 1):
        for n in range(begins[group], begins[group + 1]):
            for m in range(n + 1, begins[group + 1]):
                if _cross(points, triangles, owner[n], owner[m]):
                    crossing[owner[n]] = True  # cells may say so of the same triangle: always the same
                    crossing[owner[m]] = True


def crossing_triangles(points_mm: NDArray[np.float64], triangles: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Tell of every triangle whether it passes through another one.

    Parameters
    ----------
    points_mm : (N, 3); triangles : (M, 3) point numbers, of a surface or a complex of surfaces.

    Returns
    -------
    bool (M,) : triangles with a common edge, and those that only touch, do not count; nor do those in one plane.
    """
    corners = np.array(triangles, dtype=np.int32).reshape(-1, 3)
    points = np.array(points_mm, dtype=np.float64).reshape(-1, 3)
    crossing = np.zeros(len(corners), np.bool_)
    if len(corners) < 2:
        return crossing
    boxes = points[corners]
    widths = np.ptp(boxes, axis=1).max(axis=1)
    origin = boxes.reshape(-1, 3).min(axis=0)
    extent = boxes.reshape(-1, 3).max(axis=0) - origin
    # no more cells along an axis than a few million in all, whatever the triangles are like
    width = max(float(np.quantile(widths, CELL_SHARE)), float(extent.max()) / 500.0, 1e-9)
    shape = np.floor(extent / width).astype(np.int64) + 1
    cell, owner = _cells(points, corners, origin, width, shape)
    order = np.argsort(cell, kind="stable")
    cell, owner = cell[order], owner[order]
    begins = np.concatenate(([0], np.flatnonzero(np.diff(cell)) + 1, [len(cell)]))
    _search(points, corners, owner, begins, crossing)
    return crossing
