"""Triangles of a surface that pass through each other, found on a grid of cells."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

WIDER_THAN_MEAN = 2.0  # cells than the boxes of triangles, along each axis: few triangles in a cell, few cells for each
MOST_CELLS = 4_000_000
SAME_PLACE = 1e-9  # of an edge: touching is not crossing
MANY = 500_000  # triangles: worth asking between whether to go on
_BLOCKS = 256  # of triangles or cells, each looked at by one thread


@njit(cache=True, no_cpython_wrapper=True)
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
def _apart(points: Any, triangles: Any, t: int, r: int) -> bool:
    """Tell whether triangle r lies on one side of the plane of t, corners of both put aside."""
    a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    a0, a1, a2 = points[a, 0], points[a, 1], points[a, 2]
    b0, b1, b2 = points[b, 0] - a0, points[b, 1] - a1, points[b, 2] - a2
    c0, c1, c2 = points[c, 0] - a0, points[c, 1] - a1, points[c, 2] - a2
    n0, n1, n2 = b1 * c2 - b2 * c1, b2 * c0 - b0 * c2, b0 * c1 - b1 * c0
    own, above, below = 0, 0, 0
    for n in range(3):
        v = triangles[r, n]
        if v != a and v != b and v != c:
            height = n0 * (points[v, 0] - a0) + n1 * (points[v, 1] - a1) + n2 * (points[v, 2] - a2)
            own += 1
            above += height >= 0.0
            below += height <= 0.0
    return above == own or below == own


@njit(cache=True, no_cpython_wrapper=True)
def triangles_cross(points: Any, triangles: Any, t: int, r: int) -> bool:
    """Tell whether an edge of one triangle passes through the other; never for two with a common edge."""
    common = 0
    for n in range(3):
        for m in range(3):
            common += triangles[t, n] == triangles[r, m]
    if common > 1 or _apart(points, triangles, t, r) or _apart(points, triangles, r, t):
        return False
    for n in range(3):
        for one, other in ((t, r), (r, t)):
            u, v = triangles[one, n], triangles[one, (n + 1) % 3]
            if _pierces(points, u, v, triangles[other, 0], triangles[other, 1], triangles[other, 2]):
                return True
    return False


@njit(cache=True)
def _box(points: Any, triangles: Any, t: int, box: Any) -> None:
    """Write lowest and highest place along each axis."""
    a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    for axis in range(3):
        x, y, z = points[a, axis], points[b, axis], points[c, axis]
        box[axis], box[3 + axis] = min(x, y, z), max(x, y, z)


@njit(cache=True, parallel=True)
def _extents(points: Any, triangles: Any, sums: Any, lows: Any, highs: Any) -> None:
    """Sum the widths of the boxes by block, and find the ends of all."""
    count = triangles.shape[0]
    for block in prange(_BLOCKS):
        box = np.empty(6)
        lows[block], highs[block] = np.inf, -np.inf
        for t in range(block * count // _BLOCKS, (block + 1) * count // _BLOCKS):
            _box(points, triangles, t, box)
            for axis in range(3):
                sums[block, axis] += box[3 + axis] - box[axis]
                lows[block, axis] = min(lows[block, axis], box[axis])
                highs[block, axis] = max(highs[block, axis], box[3 + axis])


@njit(cache=True, no_cpython_wrapper=True)
def _span(box: Any, origin: Any, scale: Any, shape: Any, span: Any) -> None:
    """Write the first and the last cell along each axis that a box reaches into."""
    for axis in range(3):
        span[axis] = int((box[axis] - origin[axis]) * scale[axis])
        span[3 + axis] = min(shape[axis] - 1, int((box[3 + axis] - origin[axis]) * scale[axis]))


@njit(cache=True)
def _list_cells(points: Any, triangles: Any, among: Any, origin: Any, scale: Any, shape: Any) -> Any:
    """Return (start, owner): the triangles in each cell, of those cells that a triangle of ``among`` reaches into."""
    box, span = np.empty(6), np.empty(6, np.int64)
    rows, columns = shape[1], shape[2]
    every = among.shape[0] == 0
    wanted = np.zeros(1 if every else shape[0] * rows * columns, np.bool_)
    for t in range(among.shape[0]):
        if among[t]:
            _box(points, triangles, t, box)
            _span(box, origin, scale, shape, span)
            for k in range(span[0], span[3] + 1):
                for j in range(span[1], span[4] + 1):
                    for i in range(span[2], span[5] + 1):
                        wanted[(k * rows + j) * columns + i] = True
    start = np.zeros(shape[0] * rows * columns + 1, np.int64)
    owner = np.empty(0, np.int32)
    for turn in range(2):
        for t in range(triangles.shape[0]):
            _box(points, triangles, t, box)
            _span(box, origin, scale, shape, span)
            for k in range(span[0], span[3] + 1):
                for j in range(span[1], span[4] + 1):
                    row = (k * rows + j) * columns
                    for cell in range(row + span[2], row + span[5] + 1):
                        if every or wanted[cell]:
                            if turn == 1:
                                owner[start[cell]] = t
                            start[cell] += 1
        if turn == 0:
            total = 0
            for cell in range(start.shape[0]):
                total, start[cell] = total + start[cell], total
            owner = np.empty(total, np.int32)
    return start, owner  # every start has moved on to its end, which is the next one's start


@njit(cache=True, parallel=True)
def _search(
    points: Any, triangles: Any, among: Any, start: Any, owner: Any, origin: Any, scale: Any, shape: Any,
    crossing: Any, first_block: int, last_block: int,
) -> None:
    cells = start.shape[0] - 1
    every = among.shape[0] == 0
    for block in prange(first_block, last_block):
        low, high = block * cells // _BLOCKS, (block + 1) * cells // _BLOCKS
        most = 0
        for cell in range(low, high):
            most = max(most, start[cell] - (start[cell - 1] if cell else 0))
        boxes = np.empty((most, 6))
        for cell in range(low, high):
            first, last = start[cell - 1] if cell else 0, start[cell]
            if last - first < 2:
                continue
            k, j, i = cell // (shape[1] * shape[2]), cell // shape[2] % shape[1], cell % shape[2]
            for n in range(last - first):
                _box(points, triangles, owner[first + n], boxes[n])
            for n in range(1, last - first):
                t, one = owner[first + n], boxes[n]
                for m in range(n):
                    other = boxes[m]
                    if (
                        one[0] > other[3] or other[0] > one[3] or one[1] > other[4] or other[1] > one[4]
                        or one[2] > other[5] or other[2] > one[5]
                    ):
                        continue
                    r = owner[first + m]
                    # boxes meet in several cells: the lowest of these is the one that looks
                    if (
                        (not every and not among[t] and not among[r])
                        or int((max(one[0], other[0]) - origin[0]) * scale[0]) != k
                        or int((max(one[1], other[1]) - origin[1]) * scale[1]) != j
                        or int((max(one[2], other[2]) - origin[2]) * scale[2]) != i
                    ):
                        continue
                    if triangles_cross(points, triangles, t, r):
                        crossing[t] = True  # cells may say so of the same triangle: always the same
                        crossing[r] = True


def crossing_triangles(
    points_mm: NDArray[np.float64], triangles: NDArray[np.integer[Any]], among: NDArray[np.bool_] | None = None,
    asked: Callable[[], None] = lambda: None,
) -> NDArray[np.bool_]:
    """Tell of every triangle whether it passes through another one.

    Parameters
    ----------
    points_mm : (N, 3); triangles : (M, 3) point numbers, of a surface or a complex of surfaces.
    among : (M,) only pairs of which one is among these are looked at (what has moved since); by default all.
    asked : called every second or so; what it raises ends the work.

    Returns
    -------
    bool (M,) : triangles with a common edge, and those that only touch, do not count; nor do those in one plane.
    """
    corners = np.ascontiguousarray(triangles, dtype=np.int32).reshape(-1, 3)
    points = np.ascontiguousarray(points_mm, dtype=np.float64).reshape(-1, 3)
    corners, points = _writeable(corners), _writeable(points)
    crossing = np.zeros(len(corners), np.bool_)
    if len(corners) < 2 or (among is not None and not among.any()):
        return crossing
    looked = np.empty(0, np.bool_) if among is None else np.array(among, dtype=np.bool_)
    sums, lows, highs = np.zeros((_BLOCKS, 3)), np.empty((_BLOCKS, 3)), np.empty((_BLOCKS, 3))
    _extents(points, corners, sums, lows, highs)
    origin = lows.min(axis=0)
    extent = np.maximum(highs.max(axis=0) - origin, 1e-9)
    width = np.maximum(WIDER_THAN_MEAN * sums.sum(axis=0) / len(corners), extent / 1000.0)
    width *= max(1.0, float(np.prod(extent / width)) / MOST_CELLS) ** (1.0 / 3.0)
    shape = np.floor(extent / width).astype(np.int64) + 1
    start, owner = _list_cells(points, corners, looked, origin, 1.0 / width, shape)
    step = _BLOCKS if len(corners) < MANY else _BLOCKS // 4
    for first in range(0, _BLOCKS, step):
        asked()
        _search(points, corners, looked, start, owner, origin, 1.0 / width, shape, crossing, first, first + step)
    return crossing


def _writeable(array: NDArray[Any]) -> NDArray[Any]:
    """A copy of what cannot be written: kernels are compiled for one kind of array."""
    return array if array.flags.writeable else array.copy()
