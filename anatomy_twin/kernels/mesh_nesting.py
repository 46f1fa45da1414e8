"""Which closed parts of a surface lie in which others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True)
def solid_angle(points: Any, triangles: Any, rows: Any, x: Any) -> float:
    """Return the solid angle that triangles fill as seen from x: 4 pi, either sign, from within a closed surface.

    Only the triangles numbered in ``rows`` count. Van Oosterom and Strackee, IEEE Trans Biomed Eng 1983;30:125.
    """
    total = 0.0
    for t in rows:
        u, v, w = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        a0, a1, a2 = points[u, 0] - x[0], points[u, 1] - x[1], points[u, 2] - x[2]
        b0, b1, b2 = points[v, 0] - x[0], points[v, 1] - x[1], points[v, 2] - x[2]
        c0, c1, c2 = points[w, 0] - x[0], points[w, 1] - x[1], points[w, 2] - x[2]
        a = math.sqrt(a0 * a0 + a1 * a1 + a2 * a2)
        b = math.sqrt(b0 * b0 + b1 * b1 + b2 * b2)
        c = math.sqrt(c0 * c0 + c1 * c1 + c2 * c2)
        top = a0 * (b1 * c2 - b2 * c1) + a1 * (b2 * c0 - b0 * c2) + a2 * (b0 * c1 - b1 * c0)
        ab, ac, bc = a0 * b0 + a1 * b1 + a2 * b2, a0 * c0 + a1 * c1 + a2 * c2, b0 * c0 + b1 * c1 + b2 * c2
        total += 2.0 * math.atan2(top, a * b * c + ab * c + ac * b + bc * a)
    return total


@njit(cache=True, parallel=True)
def _nest(points: Any, triangles: Any, order: Any, start: Any, low: Any, high: Any, depth: Any, around: Any) -> None:
    for part in prange(len(start) - 1):
        # from the middle of its largest triangle: its points may be those of a part that it touches
        largest, x = -1.0, np.zeros(3)
        for t in order[start[part] : start[part + 1]]:
            u, v, w = points[triangles[t, 0]], points[triangles[t, 1]], points[triangles[t, 2]]
            area = np.sum(np.cross(v - u, w - u) ** 2)
            if area > largest:
                largest = area
                for axis in range(3):
                    x[axis] = (u[axis] + v[axis] + w[axis]) / 3.0
        smallest = np.inf
        for other in range(len(start) - 1):
            if other == part or (x <= low[other]).any() or (x >= high[other]).any():
                continue
            if abs(solid_angle(points, triangles, order[start[other] : start[other + 1]], x)) > 2.0 * math.pi:
                depth[part] += 1
                size = np.prod(high[other] - low[other])
                if size < smallest:
                    smallest = size
                    around[part] = other


def nesting_of(
    points: NDArray[np.float64], triangles: NDArray[np.int32], part: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return for each closed part of a surface in how many others it lies, and in which of them directly.

    Parameters
    ----------
    points (N, 3), triangles (M, 3) : the surface; its parts do not cross, and face either way.
    part (M,), count : which part a triangle belongs to, 0 to ``count`` - 1.

    Returns
    -------
    depth (count,), around (count,) : ``around`` is -1 for a part that lies in no other.
    """
    order = np.argsort(part, kind="stable").astype(np.int32)
    start = np.concatenate([[0], np.cumsum(np.bincount(part, minlength=count))]).astype(np.int64)
    depth, around = np.zeros(count, np.int32), np.full(count, -1, np.int32)
    if count > 1:
        corners = points[triangles[order]]
        low = np.minimum.reduceat(corners.min(axis=1), start[:-1], axis=0)
        high = np.maximum.reduceat(corners.max(axis=1), start[:-1], axis=0)
        _nest(points, triangles, order, start, low, high, depth, around)
    return depth, around
