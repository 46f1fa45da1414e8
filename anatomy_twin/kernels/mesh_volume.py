"""Volumes between the surfaces of a complex, and how they change where a surface moves along its normal.

A surface between two regions carries its part of the divergence theorem, sum of a . (b x c) / 6 over its triangles;
the volume of a structure is the sum over the surfaces around it. A point moved by x changes it by x . A, A a third of
the area vectors of its triangles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

_CHUNKS = 64  # sums are taken in chunks of a fixed number, so that their order does not depend on the threads
_MOST_PAIRS = 32  # surfaces that meet in one point


@njit(parallel=True, cache=True)
def _fluxes(points: Any, triangles: Any, pairs: Any, centre: Any, sums: Any) -> None:
    count = triangles.shape[0]
    for chunk in prange(sums.shape[0]):
        own = sums[chunk]
        for t in range(chunk * count // sums.shape[0], (chunk + 1) * count // sums.shape[0]):
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            ax, ay, az = points[a, 0] - centre[0], points[a, 1] - centre[1], points[a, 2] - centre[2]
            bx, by, bz = points[b, 0] - centre[0], points[b, 1] - centre[1], points[b, 2] - centre[2]
            cx, cy, cz = points[c, 0] - centre[0], points[c, 1] - centre[1], points[c, 2] - centre[2]
            own[pairs[t]] += (ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)) / 6.0


@njit(cache=True, no_cpython_wrapper=True)
def _area_vectors(
    points: Any, triangles: Any, pairs: Any, start: Any, corner: Any, v: int, which: Any, area: Any
) -> int:
    """Sum a third of the area vectors of a point's triangles by surface; returns how many surfaces there are."""
    found = 0
    for n in range(start[v], start[v + 1]):
        t = corner[n] // 3
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        wx, wy, wz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        slot = 0
        while slot < found and which[slot] != pairs[t]:
            slot += 1
        if slot == found:
            if found == which.shape[0]:
                continue
            which[slot] = pairs[t]
            area[slot, 0] = area[slot, 1] = area[slot, 2] = 0.0
            found += 1
        area[slot, 0] += (uy * wz - uz * wy) / 6.0
        area[slot, 1] += (uz * wx - ux * wz) / 6.0
        area[slot, 2] += (ux * wy - uy * wx) / 6.0
    return found


@njit(parallel=True, cache=True)
def _areas(points: Any, triangles: Any, pairs: Any, start: Any, corner: Any, sums: Any) -> None:
    count = points.shape[0]
    for chunk in prange(sums.shape[0]):
        which, area = np.empty(_MOST_PAIRS, np.int64), np.empty((_MOST_PAIRS, 3))
        for v in range(chunk * count // sums.shape[0], (chunk + 1) * count // sums.shape[0]):
            for slot in range(_area_vectors(points, triangles, pairs, start, corner, v, which, area)):
                sums[chunk, which[slot]] += np.sqrt(area[slot, 0] ** 2 + area[slot, 1] ** 2 + area[slot, 2] ** 2)


@njit(parallel=True, cache=True)
def _moved(
    points: Any, triangles: Any, pairs: Any, start: Any, corner: Any, distance: Any, low: Any, high: Any, out: Any
) -> None:
    count = points.shape[0]
    for chunk in prange(_CHUNKS):
        which, area = np.empty(_MOST_PAIRS, np.int64), np.empty((_MOST_PAIRS, 3))
        for v in range(chunk * count // _CHUNKS, (chunk + 1) * count // _CHUNKS):
            found = _area_vectors(points, triangles, pairs, start, corner, v, which, area)
            for axis in range(3):
                out[v, axis] = points[v, axis]
            for slot in range(found):
                length = np.sqrt(area[slot, 0] ** 2 + area[slot, 1] ** 2 + area[slot, 2] ** 2)
                if length > 0.0:
                    for axis in range(3):
                        out[v, axis] += distance[which[slot]] * area[slot, axis] / length
            for axis in range(3):
                out[v, axis] = min(max(out[v, axis], low[v, axis]), high[v, axis])


def fluxes(
    points: NDArray[np.float64], triangles: NDArray[np.int32], pairs: NDArray[np.int32], pair_count: int,
    centre: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the part (pair_count,) of each surface in the volume behind it, in the cube of the points' unit.

    ``pairs`` (M,) says to which surface a triangle belongs. Parts of surfaces that together are closed add up to the
    volume behind them; that of a single open one depends on the origin, ``centre`` (3,).
    """
    sums = np.zeros((_CHUNKS, pair_count))
    _fluxes(points, triangles, pairs, centre, sums)
    return np.asarray(sums.sum(axis=0))


def surface_areas(
    points: NDArray[np.float64], triangles: NDArray[np.int32], pairs: NDArray[np.int32], pair_count: int,
    start: NDArray[np.int32], corner: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Return by how much the volume behind each surface grows per distance moved along the normals of its points.

    ``start`` and ``corner`` list the triangles around a point: corner // 3 for those from start[v] to start[v + 1].
    """
    sums = np.zeros((_CHUNKS, pair_count))
    _areas(points, triangles, pairs, start, corner, sums)
    return np.asarray(sums.sum(axis=0))


def moved_along_normals(
    points: NDArray[np.float64], triangles: NDArray[np.int32], pairs: NDArray[np.int32], start: NDArray[np.int32],
    corner: NDArray[np.int32], distance: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the points moved along the normals of their surfaces by ``distance`` (pair count,), within low and high.

    A point where several surfaces meet moves by the sum of what these ask for; ``low`` and ``high`` are (N, 3).
    """
    out = np.empty_like(points)
    _moved(points, triangles, pairs, start, corner, distance, low, high, out)
    return out
