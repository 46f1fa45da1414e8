"""The least distance along many straight paths, read from a field of distances without reading all of it.

Everything is in index space [k, j, i], voxel centres at whole numbers; lengths in mm come from the voxels' spacing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

Floats = NDArray[np.float64]
BLOCK = 4  # voxels
SIDE = 16  # voxels of a large block
STRIDE = 16  # samples
# between voxels that differ by no more than their distance along each axis, interpolation rises by no more than this
STEEPEST = math.sqrt(3.0)
ROUNDING_MM = 1e-3


@njit(parallel=True, cache=True)
def _block_least(field: Any, least: Any) -> None:
    """The least value of each block of voxels and of the first layer behind it, which interpolation reads too."""
    depth, rows, columns = field.shape
    for a in prange(least.shape[0]):
        for b in range(least.shape[1]):
            for c in range(least.shape[2]):
                value = field[a * BLOCK, b * BLOCK, c * BLOCK]
                for k in range(a * BLOCK, min((a + 1) * BLOCK + 1, depth)):
                    for j in range(b * BLOCK, min((b + 1) * BLOCK + 1, rows)):
                        for i in range(c * BLOCK, min((c + 1) * BLOCK + 1, columns)):
                            value = min(value, field[k, j, i])
                least[a, b, c] = value


@njit(cache=True, no_cpython_wrapper=True)
def _value(field: Any, k: float, j: float, i: float) -> float:
    """Trilinear value at an index within the field."""
    k0, j0, i0 = int(k), int(j), int(i)
    k1, j1, i1 = min(k0 + 1, field.shape[0] - 1), min(j0 + 1, field.shape[1] - 1), min(i0 + 1, field.shape[2] - 1)
    u, v, w = k - k0, j - j0, i - i0
    low = (field[k0, j0, i0] * (1 - w) + field[k0, j0, i1] * w) * (1 - v)
    low += (field[k0, j1, i0] * (1 - w) + field[k0, j1, i1] * w) * v
    high = (field[k1, j0, i0] * (1 - w) + field[k1, j0, i1] * w) * (1 - v)
    high += (field[k1, j1, i0] * (1 - w) + field[k1, j1, i1] * w) * v
    found: float = low * (1 - u) + high * u
    return found


@njit(cache=True, no_cpython_wrapper=True)
def _stay(spot: float, way: float, block: int, edge: int, size: int) -> float:
    """Return for how many samples a path stays in a block on one axis; the outermost blocks reach on for ever."""
    if way > 0.0 and edge * (block + 1) < size:
        return (edge * (block + 1) - spot) / way
    if way < 0.0 and block > 0:
        return (edge * block - spot) / way
    return math.inf


@njit(cache=True)
def _held(spot: float, size: int) -> float:
    return min(max(spot, 0.0), size - 1.0)


@njit(cache=True, no_cpython_wrapper=True)
def _least_of(
    field: Any, least: Any, large: Any, start: Any, way: Any, count: int, step_mm: float, cap: float
) -> tuple[float, float]:
    """Return the least value along one path below ``cap``, and the share of the path where it lies first.

    The path is sampled at ``count`` + 1 places, ``way`` apart. A few of them are read first; of the rest those are
    left out that cannot be below the best so far: in a block whose least value is not, and as near a larger value as
    the field may fall from it.
    """
    depth, rows, columns = field.shape
    best, first = cap, count
    for sample in range(0, count + 1, STRIDE):
        k = _held(start[0] + sample * way[0], depth)
        j = _held(start[1] + sample * way[1], rows)
        i = _held(start[2] + sample * way[2], columns)
        if least[int(k) // BLOCK, int(j) // BLOCK, int(i) // BLOCK] < best:
            here = _value(field, k, j, i)
            if here < best:
                best, first = here, sample
    sample = 0
    while sample <= count:
        at_k, at_j, at_i = start[0] + sample * way[0], start[1] + sample * way[1], start[2] + sample * way[2]
        k, j, i = _held(at_k, depth), _held(at_j, rows), _held(at_i, columns)
        edge = SIDE
        lowest = large[int(k) // SIDE, int(j) // SIDE, int(i) // SIDE]
        if lowest <= best and not (lowest == best and (best == cap or sample >= first)):
            edge = BLOCK
            lowest = least[int(k) // BLOCK, int(j) // BLOCK, int(i) // BLOCK]
        if lowest > best or (lowest == best and (best == cap or sample >= first)):
            free = min(float(count), _stay(at_k, way[0], int(k) // edge, edge, depth))
            free = min(free, _stay(at_j, way[1], int(j) // edge, edge, rows))
            free = min(free, _stay(at_i, way[2], int(i) // edge, edge, columns))
            # where it leaves the block the value is no less either, and falls from there no faster than it may
            sample += int(max(free, 0.0)) + 1 + int(max(lowest - best - ROUNDING_MM, 0.0) / step_mm)
            continue
        here = _value(field, k, j, i)
        if here < best or (here == best and sample < first and here < cap):
            best, first = here, sample
        sample += 1 + int(max(here - best - ROUNDING_MM, 0.0) / step_mm)
    return best, first / count


@njit(parallel=True, cache=True)
def _least_all(
    field: Any, least: Any, large: Any, starts: Any, ends: Any, spacing: Any, cap: float, found: Any, share: Any
) -> None:
    for path in prange(starts.shape[0]):
        if found[path] <= 0.0:
            continue
        reach, size = 0.0, 0.0
        for axis in range(3):
            span = abs(ends[path, axis] - starts[path, axis])
            reach = max(reach, span)
            size += (span * spacing[axis]) ** 2
        count = math.ceil(2.0 * reach) + 1
        way = (ends[path] - starts[path]) / count
        step_mm = max(STEEPEST * math.sqrt(size) / count, 1e-9)
        found[path], share[path] = _least_of(field, least, large, starts[path], way, count, step_mm, cap)


@njit(parallel=True, cache=True)
def _values_at(field: Any, places: Any, found: Any) -> None:
    for n in prange(places.shape[0]):
        k, j = _held(places[n, 0], field.shape[0]), _held(places[n, 1], field.shape[1])
        found[n] = _value(field, k, j, _held(places[n, 2], field.shape[2]))


def values_at(field: NDArray[np.float32], places: Floats) -> Floats:
    """Return the trilinear values (n,) of a field at indices (n, 3) [k, j, i]; beyond it those of its border."""
    found = np.empty(len(places))
    _values_at(np.ascontiguousarray(field), np.ascontiguousarray(places, dtype=np.float64), found)
    return found


def _least_of_blocks(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the least value in each cube of blocks."""
    steps = [np.arange(0, size, SIDE // BLOCK) for size in blocks.shape]
    for axis, step in enumerate(steps):
        blocks = np.minimum.reduceat(blocks, step, axis=axis)
    return np.ascontiguousarray(blocks)


def block_least(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the least value in each block of a field, for ``least_distance_along``."""
    least = np.empty([-(-size // BLOCK) for size in field.shape], np.float32)
    if field.size:
        _block_least(field, least)
    return least


def least_distance_along(
    field: NDArray[np.float32], blocks: NDArray[np.float32], starts: Floats, ends: Floats,
    spacing_mm: tuple[float, float, float], cap_mm: float, hit: NDArray[np.bool_] | None = None,
) -> tuple[Floats, Floats]:
    """Return for n paths the least trilinear value of a field (n,), at most the cap, and the share (n,) where it is.

    Parameters
    ----------
    field : float32 [k, j, i]; neighbours along an axis differ by no more than ``spacing_mm``, as distances in mm do.
        Beyond it the nearest voxel of its border counts.
    blocks : what ``block_least`` gives for it.
    starts, ends : (n, 3) fractional indices [k, j, i]; the paths are sampled at most half a voxel apart.
    cap_mm : no value above this is of interest; the share is 1 where nothing is below it.
    hit : (n,) paths that are known to come as near as 0; they are not followed, and their share is 1.
    """
    starts, ends = np.ascontiguousarray(starts, dtype=np.float64), np.ascontiguousarray(ends, dtype=np.float64)
    found, share = np.full(len(starts), float(cap_mm)), np.ones(len(starts))
    if hit is not None:
        found[hit] = 0.0
    if field.size and len(starts):
        spacing, large = np.asarray(spacing_mm, float), _least_of_blocks(blocks)
        _least_all(field, blocks, large, starts, ends, spacing, float(cap_mm), found, share)
    return found, share


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    field = np.zeros((2, 2, 2), np.float32)
    values_at(field, np.zeros((1, 3)))
    least_distance_along(field, block_least(field), np.zeros((1, 3)), np.ones((1, 3)), (1.0, 1.0, 1.0), 1.0)
