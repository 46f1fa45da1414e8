"""The surface of one structure out of a complex, closed and with one fan of triangles around every point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

_BLOCKS = 64  # of points or triangles, each looked at by one thread


@njit(parallel=True, cache=True)
def _count_bounding(sides: Any, member: Any, counts: Any) -> None:
    for block in prange(_BLOCKS):
        for t in range(block * sides.shape[0] // _BLOCKS, (block + 1) * sides.shape[0] // _BLOCKS):
            counts[block] += member[sides[t, 0]] != member[sides[t, 1]]


@njit(cache=True)
def _select(triangles: Any, sides: Any, member: Any, number: Any, out: Any) -> tuple[int, int]:
    """Copy triangles with one side in the structure, turned outward, points numbered as they are met."""
    count, points = 0, 0
    for t in range(triangles.shape[0]):
        front, back = member[sides[t, 0]], member[sides[t, 1]]
        if front == back:
            continue
        for c in range(3):
            v = triangles[t, c]
            if number[v] < 0:
                number[v] = points
                points += 1
        out[count, 0] = number[triangles[t, 0]]
        out[count, 1] = number[triangles[t, 1 if back else 2]]
        out[count, 2] = number[triangles[t, 2 if back else 1]]
        count += 1
    return count, points


@njit(cache=True, no_cpython_wrapper=True)
def _fan_of_first(triangles: Any, corners: Any, in_fan: Any) -> int:
    """Mark the corners of a point that hang together by edges with the first; returns how many these are."""
    in_fan[0] = True
    reached = 1
    grown = True
    while grown:
        grown = False
        for m in range(1, corners.shape[0]):
            if in_fan[m]:
                continue
            t, c = corners[m] // 3, corners[m] % 3
            after, before = triangles[t, (c + 1) % 3], triangles[t, (c + 2) % 3]
            for n in range(corners.shape[0]):
                if in_fan[n]:
                    s, d = corners[n] // 3, corners[n] % 3
                    if triangles[s, (d + 2) % 3] == after or triangles[s, (d + 1) % 3] == before:
                        in_fan[m] = True
                        reached += 1
                        grown = True
                        break
    return reached


@njit(cache=True)
def corners_of_points(triangles: NDArray[np.int32], point_count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the corners of triangles at each point v: ``corner[start[v]:start[v + 1]]``, each 3 triangle + place."""
    start = np.zeros(point_count + 1, np.int32)
    for t in range(triangles.shape[0]):
        for c in range(3):
            start[triangles[t, c] + 1] += 1
    for v in range(point_count):
        start[v + 1] += start[v]
    at = start[:-1].copy()
    corner = np.empty(3 * triangles.shape[0], np.int32)
    for t in range(triangles.shape[0]):
        for c in range(3):
            v = triangles[t, c]
            corner[at[v]] = 3 * t + c
            at[v] += 1
    return start, corner


@njit(parallel=True, cache=True)
def _split_fans(triangles: Any, point_count: int, copies: Any) -> int:
    """Give every further fan around a point a copy of it; ``copies`` notes of which point. Returns their number."""
    start, corner = corners_of_points(triangles, point_count)
    made = 0
    most = np.max(start[1:] - start[:-1])
    in_fan = np.empty(most, np.bool_)
    several = np.zeros(point_count, np.bool_)
    for block in prange(_BLOCKS):
        reached = np.empty(most, np.bool_)
        for v in range(block * point_count // _BLOCKS, (block + 1) * point_count // _BLOCKS):
            own = corner[start[v] : start[v + 1]]
            reached[: own.shape[0]] = False
            several[v] = _fan_of_first(triangles, own, reached) < own.shape[0]
    for at in np.flatnonzero(several):
        corners = corner[start[at] : start[at + 1]]
        left = corners.shape[0]
        while left > 0:
            in_fan[:left] = False
            if _fan_of_first(triangles, corners[:left], in_fan) == left:
                break
            # the fan that was found leaves with a copy of the point, the others stay in the list
            kept = 0
            for m in range(left):
                if in_fan[m]:
                    triangles[corners[m] // 3, corners[m] % 3] = point_count + made
                else:
                    corners[kept] = corners[m]
                    kept += 1
            copies[made] = at
            made += 1
            left = kept
    return made


@njit(cache=True)
def _pieces(triangles: Any, point_count: int, piece: Any) -> int:
    """Number the closed surfaces that hang together, by point."""
    root = np.arange(point_count)
    for t in range(triangles.shape[0]):
        for c in range(2):
            a, b = triangles[t, c], triangles[t, c + 1]
            while root[a] != a:
                root[a] = root[root[a]]
                a = root[a]
            while root[b] != b:
                root[b] = root[root[b]]
                b = root[b]
            if a < b:
                root[b] = a
            else:
                root[a] = b
    count = 0
    for v in range(point_count):
        if root[v] == v:
            piece[v] = count
            count += 1
        else:
            piece[v] = piece[root[v]]
    return count


def structure_boundary(
    triangles: NDArray[np.int32], sides: NDArray[np.int32], member: NDArray[np.bool_], point_count: int,
    *, split: bool = True,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the surface of a set of regions.

    Parameters
    ----------
    triangles, sides : the complex (see ``mesh_extract.extract``), over ``point_count`` points.
    member : (region count,) whether a region belongs to the structure.
    split : give every fan of triangles around a point its own copy of it.

    Returns
    -------
    origin (n,) : for every point of the surface its number in the complex (some are there several times: where the
    structure touches itself in a point); triangles (m, 3) : outward where those of the complex point to their front.
    """
    number = np.full(point_count, -1, np.int32)
    counts = np.zeros(_BLOCKS, np.int64)
    _count_bounding(sides, member, counts)
    selected = np.empty((int(counts.sum()), 3), np.int32)
    count, points = _select(triangles, sides, member, number, selected)
    met = np.flatnonzero(number >= 0)
    origin = np.empty(points, np.int32)
    origin[number[met]] = met
    if not split:
        return origin, selected
    copies = np.empty(3 * count, np.int32)
    made = _split_fans(selected, points, copies)
    return np.concatenate([origin, origin[copies[:made]]]), selected


def pieces_of(triangles: NDArray[np.int32], point_count: int) -> tuple[NDArray[np.int32], int]:
    """Return for every point the number of the piece of surface it is on, and how many pieces there are."""
    piece = np.empty(point_count, np.int32)
    return piece, int(_pieces(triangles, point_count, piece))
