"""Exact Euclidean distance on anisotropic voxel grids (lower envelopes of parabolas, Felzenszwalb and Huttenlocher
2012), with a cap that skips all work far from the object."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

TILE = 16  # columns
_SET = np.array([False, True])

@njit(cache=True, no_cpython_wrapper=True)
def _envelope(values: Any, step: float, cap: float, vertex: Any, border: Any, out: Any) -> None:
    """Squared distances of one line: out[q] = min over p of (step (q - p))^2 + values[p], at most ``cap``."""
    count = values.shape[0]
    top = -1
    for q in range(count):
        if values[q] >= cap:
            continue
        height = values[q] + (step * q) ** 2
        where = -math.inf
        while top >= 0:
            p = vertex[top]
            where = (height - values[p] - (step * p) ** 2) / (2.0 * step * step * (q - p))
            if where > border[top]:
                break
            top -= 1
        top += 1
        vertex[top] = q
        border[top] = where if top > 0 else -math.inf
    if top < 0:
        for q in range(count):
            out[q] = cap
        return
    at = 0
    for q in range(count):
        while at < top and border[at + 1] < q:
            at += 1
        p = vertex[at]
        out[q] = min(cap, (step * (q - p)) ** 2 + values[p])


@njit(parallel=True, cache=True)
def _pass_rows(kinds: Any, wanted: Any, squared: Any, step: float, cap: float) -> None:
    """First pass: distance along i to the nearest voxel of the row whose kind is wanted, from both sides."""
    for k in prange(kinds.shape[0]):
        for j in range(kinds.shape[1]):
            gap = math.inf
            for i in range(kinds.shape[2]):
                gap = 0.0 if wanted[kinds[k, j, i]] else gap + step
                squared[k, j, i] = min(cap, gap * gap)
            gap = math.inf
            for i in range(kinds.shape[2] - 1, -1, -1):
                gap = 0.0 if wanted[kinds[k, j, i]] else gap + step
                squared[k, j, i] = min(squared[k, j, i], gap * gap)


@njit(parallel=True, cache=True)
def _pass_columns(squared: Any, step: float, cap: float) -> None:
    """Second pass: envelopes along j, of a few neighbouring columns at a time, as they share lines of the cache."""
    size = squared.shape[1]
    for k in prange(squared.shape[0]):
        values, out = np.empty((TILE, size)), np.empty((TILE, size))
        border, vertex = np.empty(size + 1), np.empty(size + 1, np.int64)
        for first in range(0, squared.shape[2], TILE):
            count = min(TILE, squared.shape[2] - first)
            near = False
            for j in range(size):
                for n in range(count):
                    values[n, j] = squared[k, j, first + n]
                    near |= values[n, j] < cap
            if not near:
                continue
            for n in range(count):
                _envelope(values[n], step, cap, vertex, border, out[n])
            for j in range(size):
                for n in range(count):
                    squared[k, j, first + n] = out[n, j]


@njit(parallel=True, cache=True)
def _pass_slices(squared: Any, step: float, cap: float) -> None:
    """Third pass: envelopes along k; the result is the distance itself."""
    size = squared.shape[0]
    far = math.sqrt(cap)
    for j in prange(squared.shape[1]):
        values, out = np.empty((TILE, size)), np.empty((TILE, size))
        border, vertex = np.empty(size + 1), np.empty(size + 1, np.int64)
        for first in range(0, squared.shape[2], TILE):
            count = min(TILE, squared.shape[2] - first)
            near = False
            for k in range(size):
                for n in range(count):
                    values[n, k] = squared[k, j, first + n]
                    near |= values[n, k] < cap
                    squared[k, j, first + n] = far
            if not near:
                continue
            for n in range(count):
                _envelope(values[n], step, cap, vertex, border, out[n])
            for k in range(size):
                for n in range(count):
                    squared[k, j, first + n] = math.sqrt(out[n, k])


@njit(parallel=True, cache=True)
def _join(mask: Any, inside: Any, outside: Any, half: float) -> None:
    """Turn the distance ``outside`` a mask into the signed one, in place."""
    for k in prange(mask.shape[0]):
        for j in range(mask.shape[1]):
            for i in range(mask.shape[2]):
                outside[k, j, i] = inside[k, j, i] - half if mask[k, j, i] else half - outside[k, j, i]


def distance_mm(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float], cap_mm: float = 1e6
) -> NDArray[np.float32]:
    """Return for every voxel the distance in mm from its centre to the nearest centre of a voxel in ``mask``.

    ``spacing_mm`` is [k, j, i]. Distances above ``cap_mm`` are given as ``cap_mm``; a small cap is much faster.
    """
    kinds = np.ascontiguousarray(mask, dtype=np.bool_).view(np.uint8)
    return _distance(kinds, _SET, spacing_mm, cap_mm, np.empty(mask.shape, np.float32))


def distance_to_kinds_mm(
    kinds: NDArray[np.uint8], wanted: NDArray[np.bool_], spacing_mm: tuple[float, float, float], cap_mm: float,
    out: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return what ``distance_mm`` does for the voxels whose kind is ``wanted`` (256,), written to ``out``."""
    return _distance(kinds, wanted, spacing_mm, cap_mm, out)


def _distance(
    kinds: Any, wanted: Any, spacing_mm: tuple[float, float, float], cap_mm: float, out: Any
) -> NDArray[np.float32]:
    cap = float(cap_mm) ** 2
    _pass_rows(kinds, wanted, out, float(spacing_mm[2]), cap)
    _pass_columns(out, float(spacing_mm[1]), cap)
    _pass_slices(out, float(spacing_mm[0]), cap)
    return np.asarray(out)


def signed_distance_mm(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float], cap_mm: float = 1e6
) -> NDArray[np.float32]:
    """Return the signed distance in mm to the boundary of ``mask``, positive inside.

    The boundary lies half way between voxel centres: it is where distance to the inside and to the outside are equal.
    """
    mask = np.ascontiguousarray(mask, dtype=np.bool_)
    outside = distance_mm(mask, spacing_mm, cap_mm)
    inside = distance_mm(~mask, spacing_mm, cap_mm)
    _join(mask, inside, outside, 0.5 * min(spacing_mm))
    return outside


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    signed_distance_mm(np.ones((2, 2, 2), bool), (1.0, 1.0, 1.0))
    kinds = np.zeros((3, 3, 3), np.uint8)[:2, :2, :2]
    distance_to_kinds_mm(kinds, np.ones(256, np.bool_), (1.0, 1.0, 1.0), 1.0, np.empty((2, 2, 2), np.float32))
