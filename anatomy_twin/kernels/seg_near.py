"""Euclidean distance up to a few voxels: all neighbours within reach are tried, row by row, skipping empty rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(parallel=True, cache=True)
def _rows(mask: Any, step: float, cap: Any, squared: Any, filled: Any) -> None:
    """Squared distance along i to the nearest set voxel of the row, at most ``cap``; which rows hold any below it."""
    size = mask.shape[2]
    for k in prange(mask.shape[0]):
        for j in range(mask.shape[1]):
            any_set = False
            for i in range(size):
                any_set |= mask[k, j, i]
            filled[k, j] = any_set
            if not any_set:
                for i in range(size):
                    squared[k, j, i] = cap
                continue
            gap = math.inf
            for i in range(size):
                gap = 0.0 if mask[k, j, i] else gap + step
                squared[k, j, i] = min(cap, np.float32(gap * gap))
            gap = math.inf
            for i in range(size - 1, -1, -1):
                gap = 0.0 if mask[k, j, i] else gap + step
                squared[k, j, i] = min(squared[k, j, i], np.float32(gap * gap))


# without the rule for nan the comparison runs on several values at once
@njit(cache=True, fastmath={"nnan", "nsz"}, no_cpython_wrapper=True)
def _lower(out: Any, values: Any, more: Any) -> None:
    for i in range(out.size):
        value = values[i] + more
        out[i] = value if value < out[i] else out[i]


@njit(parallel=True, cache=True)
def _columns(squared: Any, filled: Any, weights: Any, cap: Any, out: Any, reached: Any) -> None:
    """Least of the squared distances of the rows before and behind plus ``weights`` (by how many rows away)."""
    rows, size, reach = squared.shape[1], squared.shape[2], weights.size - 1
    for k in prange(squared.shape[0]):
        for j in range(rows):
            low, high = max(0, j - reach), min(rows, j + reach + 1)
            for i in range(size):
                out[k, j, i] = cap
            reached[k, j] = False
            for other in range(low, high):
                if filled[k, other]:
                    reached[k, j] = True
                    more = weights[abs(other - j)]
                    _lower(out[k, j], squared[k, other], more)


@njit(parallel=True, cache=True)
def _slices(squared: Any, filled: Any, weights: Any, cap: Any, out: Any) -> None:
    """The same across slices; the result is the distance itself."""
    slices, size, reach = squared.shape[0], squared.shape[2], weights.size - 1
    for j in prange(squared.shape[1]):
        for k in range(slices):
            low, high = max(0, k - reach), min(slices, k + reach + 1)
            for i in range(size):
                out[k, j, i] = cap
            for other in range(low, high):
                if filled[other, j]:
                    more = weights[abs(other - k)]
                    _lower(out[k, j], squared[other, j], more)
            for i in range(size):
                out[k, j, i] = np.sqrt(out[k, j, i])


def near_distance_mm(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float], cap_mm: float
) -> NDArray[np.float32]:
    """Return the distance in mm from each voxel centre to the nearest one in ``mask``, ``cap_mm`` where it is larger.

    The same numbers as ``kernels.distance.distance_mm`` (``spacing_mm`` [k, j, i]), faster where the cap is a few
    voxels.
    """
    shape = mask.shape
    cap = np.float32(cap_mm * cap_mm)
    first, second = np.empty(shape, np.float32), np.empty(shape, np.float32)
    filled, reached = np.empty(shape[:2], np.bool_), np.empty(shape[:2], np.bool_)
    _rows(np.ascontiguousarray(mask, dtype=np.bool_), float(spacing_mm[2]), cap, first, filled)
    _columns(first, filled, _weights(spacing_mm[1], cap_mm), cap, second, reached)
    _slices(second, reached, _weights(spacing_mm[0], cap_mm), cap, first)
    return first


def _weights(step: float, cap_mm: float) -> NDArray[np.float32]:
    away = np.arange(int(cap_mm / step) + 1) * step
    return (away * away).astype(np.float32)


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    near_distance_mm(np.ones((2, 2, 2), np.bool_), (1.0, 1.0, 1.0), 2.0)
