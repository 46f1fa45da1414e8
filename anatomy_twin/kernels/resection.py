"""Which voxels of an organ lie beyond cutting planes: counted fast along rows, or marked one by one.

A plane is (a_k, a_j, a_i, c) in index units: a voxel [k, j, i] is beyond it where a_k k + a_j j + c + a_i i >= 0, in
this order of sums, so that both kernels decide alike to the last bit.
"""

from __future__ import annotations

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

_PARTS = 64


@njit(cache=True)
def _base(planes: Floats, n: int, k: int, j: int) -> float:
    base: float = planes[n, 0] * k + planes[n, 1] * j + planes[n, 3]
    return base


@njit(cache=True, no_cpython_wrapper=True)
def _first_beyond(base: float, slope: float, size: int) -> int:
    """Return the first i in 0 .. size with base + slope * i >= 0, for a slope above zero."""
    guess = np.ceil(-base / slope)
    i = 0 if guess < 0 else size if guess > size else int(guess)
    while i > 0 and base + slope * (i - 1) >= 0.0:
        i -= 1
    while i < size and base + slope * i < 0.0:
        i += 1
    return i


@njit(cache=True, no_cpython_wrapper=True)
def _first_before(base: float, slope: float, size: int) -> int:
    """Return the first i in 0 .. size with base + slope * i < 0, for a slope below zero."""
    guess = np.floor(-base / slope) + 1
    i = 0 if guess < 0 else size if guess > size else int(guess)
    while i > 0 and base + slope * (i - 1) < 0.0:
        i -= 1
    while i < size and base + slope * i >= 0.0:
        i += 1
    return i


@njit(cache=True, no_cpython_wrapper=True)
def _span(planes: Floats, k: int, j: int, size: int, every: bool) -> tuple[int, int]:
    """Return [low, high) of the voxels of a row that lie beyond all planes (``every``), or beyond none of them."""
    low, high = 0, size
    for n in range(planes.shape[0]):
        base, slope = _base(planes, n, k, j), planes[n, 2]
        if slope == 0.0:
            if (base >= 0.0) != every:
                return 0, 0
        elif slope > 0.0:
            edge = _first_beyond(base, slope, size)
            if every:
                low = max(low, edge)
            else:
                high = min(high, edge)
        else:
            edge = _first_before(base, slope, size)
            if every:
                high = min(high, edge)
            else:
                low = max(low, edge)
    return low, high


@njit(cache=True, parallel=True)
def count_beyond(
    rows: Ints, first: NDArray[np.int64], runs: Ints, codes: NDArray[np.uint8], planes: Floats, size: int, every: bool,
    kinds: int,
) -> NDArray[np.int64]:
    """Count voxels beyond planes by code.

    Parameters: ``rows`` (R, 2) [k, j] of the rows that hold something; ``first`` (R + 1,) where their runs begin in
    ``runs`` (M, 2) [start, stop) along i, each of one of ``codes`` (M,); ``planes`` (P, 4) in index units; ``size`` of
    the grid along i; ``every`` counts what lies beyond all planes, else what lies beyond any; ``kinds`` codes are
    0 .. kinds - 1. Returns int64 (kinds,).
    """
    parts = np.zeros((_PARTS, kinds), np.int64)
    count = rows.shape[0]
    for part in prange(_PARTS):
        for r in range(part * count // _PARTS, (part + 1) * count // _PARTS):
            low, high = _span(planes, rows[r, 0], rows[r, 1], size, every)
            for m in range(first[r], first[r + 1]):
                inside = max(0, min(high, runs[m, 1]) - max(low, runs[m, 0]))
                parts[part, codes[m]] += inside if every else runs[m, 1] - runs[m, 0] - inside
    total: NDArray[np.int64] = parts.sum(axis=0)
    return total


@njit(cache=True, parallel=True)
def mark_beyond(inside: NDArray[np.bool_], planes: Floats, every: bool) -> NDArray[np.bool_]:
    """Return the voxels [k, j, i] of ``inside`` that lie beyond all planes (``every``) or beyond any of them."""
    result = np.zeros(inside.shape, np.bool_)
    for k in prange(inside.shape[0]):
        for j in range(inside.shape[1]):
            for i in range(inside.shape[2]):
                if inside[k, j, i]:
                    beyond = every
                    for n in range(planes.shape[0]):
                        if (_base(planes, n, k, j) + planes[n, 2] * i >= 0.0) != every:
                            beyond = not every
                            break
                    result[k, j, i] = beyond
    return result


@njit(cache=True)
def find_runs(codes: NDArray[np.uint8]) -> tuple[Ints, NDArray[np.int64], Ints, NDArray[np.uint8]]:
    """Return rows, first, runs and codes (see ``count_beyond``) of a grid [k, j, i] of codes; 0 is left out."""
    rows_count, runs_count = 0, 0
    for k in range(codes.shape[0]):
        for j in range(codes.shape[1]):
            before, here = 0, runs_count
            for i in range(codes.shape[2]):
                code = codes[k, j, i]
                if code != before and code != 0:
                    runs_count += 1
                before = code
            rows_count += runs_count > here
    rows, first = np.empty((rows_count, 2), np.int32), np.zeros(rows_count + 1, np.int64)
    runs, kinds = np.empty((runs_count, 2), np.int32), np.empty(runs_count, np.uint8)
    r, m = 0, 0
    for k in range(codes.shape[0]):
        for j in range(codes.shape[1]):
            begin, before = m, 0
            for i in range(codes.shape[2]):
                code = codes[k, j, i]
                if code != before:
                    if before != 0:
                        runs[m - 1, 1] = i
                    if code != 0:
                        runs[m, 0], kinds[m] = i, code
                        m += 1
                before = code
            if before != 0:
                runs[m - 1, 1] = codes.shape[2]
            if m > begin:
                rows[r, 0], rows[r, 1] = k, j
                r += 1
                first[r] = m
    return rows, first, runs, kinds


@njit(cache=True, parallel=True)
def mark_cut(
    inside: NDArray[np.bool_], matrix: Floats, offset: Floats, planes: Floats, own: int, every: bool,
    shape: tuple[int, int],
) -> NDArray[np.bool_]:
    """Return which points of a grid in one plane lie on the cut: in the organ, and where the plane alone decides.

    ``matrix`` (3, 2) and ``offset`` (3,) give the index [k, j, i] = matrix @ (row, column) + offset of a point;
    ``own`` is the number of the plane that the points lie in. Beyond every other plane (``every``) or beyond none.
    """
    result = np.zeros(shape, np.bool_)
    for row in prange(shape[0]):
        for column in range(shape[1]):
            k = matrix[0, 0] * row + matrix[0, 1] * column + offset[0]
            j = matrix[1, 0] * row + matrix[1, 1] * column + offset[1]
            i = matrix[2, 0] * row + matrix[2, 1] * column + offset[2]
            kk, jj, ii = int(np.floor(k + 0.5)), int(np.floor(j + 0.5)), int(np.floor(i + 0.5))
            if not (0 <= kk < inside.shape[0] and 0 <= jj < inside.shape[1] and 0 <= ii < inside.shape[2]):
                continue
            if not inside[kk, jj, ii]:
                continue
            on = True
            for n in range(planes.shape[0]):
                beyond = planes[n, 0] * k + planes[n, 1] * j + planes[n, 3] + planes[n, 2] * i >= 0.0
                if n != own and beyond != every:
                    on = False
                    break
            result[row, column] = on
    return result
