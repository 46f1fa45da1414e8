"""Travel time from seeds through a medium of given slowness: the eikonal equation by fast marching.

Sethian, A fast marching level set method for monotonically advancing fronts, PNAS 1996, on voxels of unequal sides.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True)
def _before(times: Any, a: int, b: int) -> bool:
    """Which of two voxels comes first; of equals the one with the lower index, so that the order is always the same."""
    return bool(times[a] < times[b] or (times[a] == times[b] and a < b))


@njit(cache=True, no_cpython_wrapper=True)
def _rise(heap: Any, place: Any, times: Any, at: int) -> None:
    voxel = heap[at]
    while at > 0:
        above = (at - 1) // 2
        if not _before(times, voxel, heap[above]):
            break
        heap[at] = heap[above]
        place[heap[at]] = at
        at = above
    heap[at] = voxel
    place[voxel] = at


@njit(cache=True, no_cpython_wrapper=True)
def _sink(heap: Any, place: Any, times: Any, count: int) -> None:
    at = 0
    voxel = heap[0]
    while True:
        child = 2 * at + 1
        if child >= count:
            break
        if child + 1 < count and _before(times, heap[child + 1], heap[child]):
            child += 1
        if not _before(times, heap[child], voxel):
            break
        heap[at] = heap[child]
        place[heap[at]] = at
        at = child
    heap[at] = voxel
    place[voxel] = at


@njit(cache=True, no_cpython_wrapper=True)
def _arrival(first: Any, weight: Any, slow: float) -> float:
    """Solve sum of weight (t - first)^2 = slow^2 over the axes that the front comes along (weight = 1 / side^2)."""
    for a in range(2):
        for b in range(2 - a):
            if first[b] > first[b + 1]:
                first[b], first[b + 1] = first[b + 1], first[b]
                weight[b], weight[b + 1] = weight[b + 1], weight[b]
    time = math.inf
    square, linear, constant = 0.0, 0.0, -slow * slow
    for n in range(3):
        if first[n] >= time:
            break
        square += weight[n]
        linear += weight[n] * first[n]
        constant += weight[n] * first[n] * first[n]
        inner = linear * linear - square * constant
        if inner < 0.0:
            break
        time = (linear + math.sqrt(inner)) / square
    return time


@njit(cache=True)
def _march(slowness: Any, shape: Any, steps: Any, limit: float, times: Any, heap: Any, place: Any, count: int) -> None:
    size_j, size_i = shape[1], shape[2]
    strides = (size_j * size_i, size_i, 1)
    first, weight = np.empty(3), np.empty(3)
    where = np.empty(3, np.int64)
    while count > 0:
        voxel = heap[0]
        if times[voxel] > limit:
            break
        count -= 1
        if count > 0:
            heap[0] = heap[count]
            _sink(heap, place, times, count)
        place[voxel] = -2
        where[0], where[1], where[2] = voxel // strides[0], (voxel // size_i) % size_j, voxel % size_i
        for axis in range(3):
            for side in (-1, 1):
                if not 0 <= where[axis] + side < shape[axis]:
                    continue
                other = voxel + side * strides[axis]
                if place[other] == -2 or not math.isfinite(slowness[other]):
                    continue
                spot = (other // strides[0], (other // size_i) % size_j, other % size_i)
                for n in range(3):
                    low = times[other - strides[n]] if spot[n] > 0 else math.inf
                    high = times[other + strides[n]] if spot[n] + 1 < shape[n] else math.inf
                    first[n] = min(low, high)
                    weight[n] = 1.0 / (steps[n] * steps[n])
                time = _arrival(first, weight, slowness[other])
                if time < times[other]:
                    times[other] = time
                    if place[other] < 0:
                        heap[count] = other
                        place[other] = count
                        count += 1
                    _rise(heap, place, times, place[other])


def travel_time(
    slowness: NDArray[np.float32], start: NDArray[np.bool_], spacing_mm: tuple[float, float, float], limit: float
) -> NDArray[np.float64]:
    """Return the time in which a front from ``start`` reaches each voxel; inf where that is later than ``limit``.

    ``slowness`` [k, j, i] is time per mm (1: the time is the distance in mm), inf where nothing passes; ``spacing_mm``
    [k, j, i]. Voxels of ``start`` have time 0, also where nothing passes.
    """
    shape = slowness.shape
    slow = np.ascontiguousarray(slowness, dtype=np.float64).ravel()
    times = np.full(slow.size, np.inf)
    heap = np.empty(slow.size, np.int64)
    place = np.full(slow.size, -1, np.int64)
    seeds = np.flatnonzero(np.ascontiguousarray(start))
    times[seeds] = 0.0
    heap[: seeds.size] = seeds
    place[seeds] = np.arange(seeds.size)
    steps = np.asarray(spacing_mm, dtype=np.float64)
    _march(slow, np.asarray(shape, np.int64), steps, float(limit), times, heap, place, int(seeds.size))
    times[times > limit] = np.inf
    return times.reshape(shape)


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    start = np.zeros((3, 3, 3), bool)
    start[1, 1, 1] = True
    travel_time(np.ones((3, 3, 3), np.float32), start, (1.0, 1.0, 1.0), 5.0)
