"""What the decimation of a surface complex has to know before it begins: stars, orders and quadrics of its points.

A complex is a set of triangles in which an edge may have any number of triangles: where three structures meet it has
three. Orders of points after Dey, Edelsbrunner, Guha and Nekhayev, "Topology preserving edge contraction", Publications
de l'Institut Mathematique (Beograd) 1999;66(80):23-45. Quadrics: Garland and Heckbert, SIGGRAPH 1997, 209-216.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from anatomy_twin.kernels.compiling import njit

LARGEST_STAR = 120  # a point with more triangles than this is left alone, and nothing is drawn into it
RIM_WEIGHT = 1.0  # of a squared distance from an edge of a contact rim, times its squared length
SURFACE, RIM, FIXED, GONE = 0, 1, 2, 3  # orders of points
_BLOCK = 512


@njit(cache=True)
def stars(triangles: Any, count: int, point_count: int) -> Any:
    """Return (start (N + 1,), star (3 M,), wings (3 M, 2)) of the first ``count`` triangles.

    The triangles at point u are ``star[start[u]:start[u + 1]]``; ``wings`` are their two other points, in the turn
    of the triangle.
    """
    start = np.zeros(point_count + 1, np.int32)
    for t in range(count):
        for c in range(3):
            start[triangles[t, c] + 1] += 1
    for u in range(point_count):
        start[u + 1] += start[u]
    star, wings = np.empty(3 * count, np.int32), np.empty((3 * count, 2), np.int32)
    filled = start[:-1].copy()
    for t in range(count):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        for _ in range(3):
            place = filled[a]
            star[place], wings[place, 0], wings[place, 1] = t, b, c
            filled[a] = place + 1
            a, b, c = b, c, a
    return start, star, wings


@njit(cache=True)
def link(first: int, last: int, wings: Any, neighbour: Any, uses: Any) -> int:
    """Collect the link of the point whose wings are rows ``first`` to ``last``: its points, and how many triangles each
    shares with it. Return how many points there are."""
    found = 0
    for n in range(first, last):
        for side in range(2):
            v = wings[n, side]
            place = 0
            while place < found and neighbour[place] != v:
                place += 1
            if place == found:
                neighbour[found] = v
                uses[found] = 0
                found += 1
            uses[place] += 1
    return found


@njit(cache=True, no_cpython_wrapper=True)
def _arc(
    at: int, row: int, first: int, last: int, wings: Any, neighbour: Any, uses: Any, found: int, walked: Any
) -> int:
    """Walk along the link from point ``at`` over the wings of ``row`` to the next point that has not two triangles, or
    until there is no way on; return that point."""
    while True:
        walked[row - first] = True
        at = wings[row, 1] if wings[row, 0] == at else wings[row, 0]
        for place in range(found):
            if neighbour[place] == at and uses[place] != 2:
                return at
        for row in range(first, last):
            if not walked[row - first] and (wings[row, 0] == at or wings[row, 1] == at):
                break
        else:
            return at


@njit(cache=True, no_cpython_wrapper=True)
def _order(first: int, last: int, wings: Any, neighbour: Any, uses: Any, found: int, walked: Any) -> int:
    """The order of a point from its link: one circle, one bundle of arcs with two common ends, or anything else."""
    rims, x, y = 0, 0, 0
    for n in range(found):
        if uses[n] != 2:
            x, y = (n, y) if rims == 0 else (x, n)
            rims += 1
    walked[: last - first] = False
    if rims == 0:
        _arc(wings[first, 0], first, first, last, wings, neighbour, uses, found, walked)
        return SURFACE if walked[: last - first].all() else FIXED
    if rims != 2 or uses[x] != uses[y]:
        return FIXED
    one, other = neighbour[x], neighbour[y]
    for row in range(first, last):
        if (
            not walked[row - first]
            and (wings[row, 0] == one or wings[row, 1] == one)
            and _arc(one, row, first, last, wings, neighbour, uses, found, walked) != other
        ):
            return FIXED
    return RIM if walked[: last - first].all() else FIXED


@njit(cache=True, no_cpython_wrapper=True)
def _add_plane(quadric: Any, nx: float, ny: float, nz: float, x: Any, weight: float) -> None:
    """Add weight times the squared distance from the plane through x with the unit normal n."""
    d = -(nx * x[0] + ny * x[1] + nz * x[2])
    quadric[0] += weight * nx * nx
    quadric[1] += weight * nx * ny
    quadric[2] += weight * nx * nz
    quadric[3] += weight * ny * ny
    quadric[4] += weight * ny * nz
    quadric[5] += weight * nz * nz
    quadric[6] += weight * nx * d
    quadric[7] += weight * ny * d
    quadric[8] += weight * nz * d
    quadric[9] += weight * d * d


@njit(cache=True, no_cpython_wrapper=True)
def _add_line(quadric: Any, x: Any, y: Any, weight: float) -> None:
    """Add weight |y - x|^2 times the squared distance from the line through x and y; the weight too."""
    t0, t1, t2 = y[0] - x[0], y[1] - x[1], y[2] - x[2]
    squared = t0 * t0 + t1 * t1 + t2 * t2
    if squared <= 0.0:
        return
    length = math.sqrt(squared)
    t0, t1, t2 = t0 / length, t1 / length, t2 / length
    a0, a1, a2 = (0.0, -t2, t1) if abs(t0) < 0.6 else (t2, 0.0, -t0)  # across the line
    length = math.sqrt(a0 * a0 + a1 * a1 + a2 * a2)
    a0, a1, a2 = a0 / length, a1 / length, a2 / length
    _add_plane(quadric, a0, a1, a2, x, weight * squared)
    _add_plane(quadric, t1 * a2 - t2 * a1, t2 * a0 - t0 * a2, t0 * a1 - t1 * a0, x, weight * squared)
    quadric[10] += weight * squared


@njit(cache=True, parallel=True)
def prepare(points: Any, start: Any, wings: Any) -> Any:
    """Return (orders (N,), quadrics (N, 11)) of all points.

    A quadric is the upper triangle of A, then b, c and the sum of weights w: at x, (x^T A x + 2 b^T x + c) / w is the
    mean squared distance in mm2 from the planes of the triangles around the point, weighted by their area in mm2, and
    from the rim edges there, weighted by their squared length.
    """
    count = points.shape[0]
    orders = np.empty(count, np.uint8)
    quadrics = np.zeros((count, 11))
    for block in prange((count + _BLOCK - 1) // _BLOCK):
        neighbour, uses = np.empty(2 * LARGEST_STAR, np.int32), np.empty(2 * LARGEST_STAR, np.int32)
        walked = np.empty(LARGEST_STAR, np.bool_)
        for u in range(block * _BLOCK, min(count, (block + 1) * _BLOCK)):
            first, last = start[u], start[u + 1]
            if first == last or last - first > LARGEST_STAR:
                orders[u] = GONE if first == last else FIXED
                continue
            found = link(first, last, wings, neighbour, uses)
            orders[u] = _order(first, last, wings, neighbour, uses, found, walked)
            x = points[u]
            for n in range(first, last):
                y, z = points[wings[n, 0]], points[wings[n, 1]]
                n0 = (y[1] - x[1]) * (z[2] - x[2]) - (y[2] - x[2]) * (z[1] - x[1])
                n1 = (y[2] - x[2]) * (z[0] - x[0]) - (y[0] - x[0]) * (z[2] - x[2])
                n2 = (y[0] - x[0]) * (z[1] - x[1]) - (y[1] - x[1]) * (z[0] - x[0])
                length = math.sqrt(n0 * n0 + n1 * n1 + n2 * n2)
                if length > 0.0:
                    _add_plane(quadrics[u], n0 / length, n1 / length, n2 / length, x, 0.5 * length)
                    quadrics[u, 10] += 0.5 * length
            for n in range(found):
                if uses[n] != 2:
                    _add_line(quadrics[u], x, points[neighbour[n]], RIM_WEIGHT)
    return orders, quadrics
