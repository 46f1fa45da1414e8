"""Small steps of taking crossings out of a complex: which triangles touch points, and triangles with points renamed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

_BLOCKS = 64  # of triangles, each looked at by one thread


@njit(cache=True, parallel=True)
def _touching(triangles: Any, points: Any, found: Any) -> None:
    for t in prange(triangles.shape[0]):
        found[t] = points[triangles[t, 0]] or points[triangles[t, 1]] or points[triangles[t, 2]]


def touching(triangles: NDArray[np.int32], points: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell of every triangle (M, 3) whether one of its corners is among ``points``, bool (N,)."""
    found = np.empty(len(triangles), np.bool_)
    _touching(triangles, points, found)
    return found


@njit(cache=True)
def _renamed(triangles: Any, sides: Any, number: Any, out: Any, out_sides: Any) -> int:
    count = 0
    for t in range(triangles.shape[0]):
        a, b, c = number[triangles[t, 0]], number[triangles[t, 1]], number[triangles[t, 2]]
        if a >= 0 and b >= 0 and c >= 0 and a != b and b != c and c != a:
            out[count, 0], out[count, 1], out[count, 2] = a, b, c
            out_sides[count, 0], out_sides[count, 1] = sides[t, 0], sides[t, 1]
            count += 1
    return count


def renamed(
    triangles: NDArray[np.int32], sides: NDArray[np.int32], number: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the triangles with every point v as ``number[v]``, and their sides.

    Left out are those of which two points have the same number, or one a negative one.
    """
    out, out_sides = np.empty_like(triangles), np.empty_like(sides)
    count = _renamed(triangles, sides, number, out, out_sides)
    return out[:count].copy(), out_sides[:count].copy()
