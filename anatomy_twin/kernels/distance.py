"""Exact Euclidean distance on anisotropic voxel grids (lower envelopes of parabolas, Felzenszwalb and Huttenlocher
2012), with a cap that skips all work far from the object."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray


@njit(cache=True)
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
def _pass_rows(mask: Any, squared: Any, step: float, cap: float) -> None:
    """First pass: distance along i to the nearest set voxel of the row, from both sides."""
    for k in prange(mask.shape[0]):
        for j in range(mask.shape[1]):
            gap = math.inf
            for i in range(mask.shape[2]):
                gap = 0.0 if mask[k, j, i] else gap + step
                squared[k, j, i] = min(cap, gap * gap)
            gap = math.inf
            for i in range(mask.shape[2] - 1, -1, -1):
                gap = 0.0 if mask[k, j, i] else gap + step
                squared[k, j, i] = min(squared[k, j, i], gap * gap)


@njit(parallel=True, cache=True)
def _pass_columns(squared: Any, step: float, cap: float) -> None:
    """Second pass: envelopes along j."""
    size = squared.shape[1]
    for k in prange(squared.shape[0]):
        values, out, border = np.empty(size), np.empty(size), np.empty(size + 1)
        vertex = np.empty(size + 1, np.int64)
        for i in range(squared.shape[2]):
            for j in range(size):
                values[j] = squared[k, j, i]
            _envelope(values, step, cap, vertex, border, out)
            for j in range(size):
                squared[k, j, i] = out[j]


@njit(parallel=True, cache=True)
def _pass_slices(squared: Any, step: float, cap: float) -> None:
    """Third pass: envelopes along k; the result is the distance itself."""
    size = squared.shape[0]
    for j in prange(squared.shape[1]):
        values, out, border = np.empty(size), np.empty(size), np.empty(size + 1)
        vertex = np.empty(size + 1, np.int64)
        for i in range(squared.shape[2]):
            for k in range(size):
                values[k] = squared[k, j, i]
            _envelope(values, step, cap, vertex, border, out)
            for k in range(size):
                squared[k, j, i] = math.sqrt(out[k])


def distance_mm(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float], cap_mm: float = 1e6
) -> NDArray[np.float32]:
    """Return for every voxel the distance in mm from its centre to the nearest centre of a voxel in ``mask``.

    ``spacing_mm`` is [k, j, i]. Distances above ``cap_mm`` are given as ``cap_mm``; a small cap is much faster.
    """
    squared = np.empty(mask.shape, np.float32)
    cap = float(cap_mm) ** 2
    _pass_rows(np.ascontiguousarray(mask, dtype=np.bool_), squared, float(spacing_mm[2]), cap)
    _pass_columns(squared, float(spacing_mm[1]), cap)
    _pass_slices(squared, float(spacing_mm[0]), cap)
    return squared


def signed_distance_mm(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float], cap_mm: float = 1e6
) -> NDArray[np.float32]:
    """Return the signed distance in mm to the boundary of ``mask``, positive inside.

    The boundary lies half way between voxel centres: it is where distance to the inside and to the outside are equal.
    """
    outside = distance_mm(mask, spacing_mm, cap_mm)
    inside = distance_mm(~np.asarray(mask, dtype=bool), spacing_mm, cap_mm)
    half = 0.5 * min(spacing_mm)
    return np.where(mask, inside - half, half - outside).astype(np.float32)


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    distance_mm(np.ones((2, 2, 2), bool), (1.0, 1.0, 1.0))
