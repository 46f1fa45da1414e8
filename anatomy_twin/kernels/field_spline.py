"""Cubic B-spline fields on grids, their adjoint, and what the registration of two images needs per voxel.

Every sum runs in a fixed order, so that the result does not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

Floats = NDArray[np.float64]
Values = NDArray[np.float32]


def spline_taps(count: int, step: float) -> tuple[NDArray[np.int64], Values, int]:
    """Return for ``count`` nodes, ``step`` knots apart, their first knot (count,), weights (count, 4), number of knots.

    Uniform cubic B-spline; the first knot lies one knot before the first node.
    """
    place = np.arange(count) * step
    base = np.floor(place).astype(np.int64)
    t = place - base
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1) / 6.0
    return base, weights.astype(np.float32), int(base[-1]) + 4


@njit(parallel=True, cache=True)
def expand(values: Any, base: Any, weights: Any) -> Any:
    """Spread knots (A, L, M) over nodes: (A, N, M), with ``base`` (N,) and ``weights`` (N, 4) of the middle axis."""
    outer, inner, count = values.shape[0], values.shape[2], base.shape[0]
    result = np.empty((outer, count, inner), np.float32)
    for row in prange(outer * count):
        a, n = row // count, row % count
        low = base[n]
        for m in range(inner):
            result[a, n, m] = (
                weights[n, 0] * values[a, low, m] + weights[n, 1] * values[a, low + 1, m]
                + weights[n, 2] * values[a, low + 2, m] + weights[n, 3] * values[a, low + 3, m]
            )
    return result


@njit(parallel=True, cache=True)
def collect(values: Any, base: Any, weights: Any, knots: int) -> Any:
    """The adjoint of ``expand``: nodes (A, N, M) summed into knots (A, knots, M); ``base`` rises."""
    outer, inner, count = values.shape[0], values.shape[2], base.shape[0]
    result = np.zeros((outer, knots, inner), np.float32)
    if outer >= knots:
        for a in prange(outer):
            for n in range(count):
                for tap in range(4):
                    weight = weights[n, tap]
                    for m in range(inner):
                        result[a, base[n] + tap, m] += weight * values[a, n, m]
        return result
    first = np.searchsorted(base, np.arange(knots) - 3)
    for row in prange(outer * knots):
        a, knot = row // knots, row % knots
        for n in range(first[knot], count):
            tap = knot - base[n]
            if tap < 0:
                break
            weight = weights[n, tap]
            for m in range(inner):
                result[a, knot, m] += weight * values[a, n, m]
    return result


@njit(parallel=True, cache=True)
def sample_at(stack: Any, to_index: Any, points: Any, outside: float) -> Any:
    """Sample images [c, k, j, i] at ``points`` (n, 3) in mm, linear: (n, c); ``outside`` where the grid ends.

    ``to_index`` is the 4 x 4 matrix from mm to index [k, j, i].
    """
    count, channels = points.shape[0], stack.shape[0]
    top = (stack.shape[1] - 1, stack.shape[2] - 1, stack.shape[3] - 1)
    result = np.empty((count, channels), np.float32)
    for n in prange(count):
        place = np.empty(3)
        low = np.empty(3, np.int64)
        inside = True
        for axis in range(3):
            value = to_index[axis, 3]
            for part in range(3):
                value += to_index[axis, part] * points[n, part]
            if not (-1e-6 <= value <= top[axis] + 1e-6):
                inside = False
                break
            low[axis] = min(max(int(np.floor(value)), 0), max(top[axis] - 1, 0))
            place[axis] = min(max(value - low[axis], 0.0), 1.0)
        if not inside:
            for c in range(channels):
                result[n, c] = outside
            continue
        k, j, i = low
        up = min(k + 1, top[0])
        back = min(j + 1, top[1])
        left = min(i + 1, top[2])
        for c in range(channels):
            image = stack[c]
            near = (image[k, j, i] * (1 - place[2]) + image[k, j, left] * place[2]) * (1 - place[1]) + (
                image[k, back, i] * (1 - place[2]) + image[k, back, left] * place[2]) * place[1]
            far = (image[up, j, i] * (1 - place[2]) + image[up, j, left] * place[2]) * (1 - place[1]) + (
                image[up, back, i] * (1 - place[2]) + image[up, back, left] * place[2]) * place[1]
            result[n, c] = near * (1 - place[0]) + far * place[0]
    return result


@njit(parallel=True, cache=True)
def add_normal(tensor: Any, pull: Any, slope: Any, miss: Any, weight: Any) -> None:
    """Add one channel to the normal equations per voxel: ``tensor`` (n, 6) += w g g^T, ``pull`` (n, 3) += w r g.

    ``slope`` (n, 3) is g, ``miss`` (n,) the residual r and ``weight`` (n,) w. The six are xx, yy, zz, xy, xz, yz.
    """
    for n in prange(tensor.shape[0]):
        w = weight[n]
        x, y, z = slope[n, 0], slope[n, 1], slope[n, 2]
        tensor[n, 0] += w * x * x
        tensor[n, 1] += w * y * y
        tensor[n, 2] += w * z * z
        tensor[n, 3] += w * x * y
        tensor[n, 4] += w * x * z
        tensor[n, 5] += w * y * z
        r = w * miss[n]
        pull[n, 0] += r * x
        pull[n, 1] += r * y
        pull[n, 2] += r * z


@njit(parallel=True, cache=True)
def apply_tensor(tensor: Any, vectors: Any) -> Any:
    """Return the product of symmetric matrices (n, 6) with vectors (n, 3)."""
    result = np.empty_like(vectors)
    for n in prange(vectors.shape[0]):
        x, y, z = vectors[n, 0], vectors[n, 1], vectors[n, 2]
        result[n, 0] = tensor[n, 0] * x + tensor[n, 3] * y + tensor[n, 4] * z
        result[n, 1] = tensor[n, 3] * x + tensor[n, 1] * y + tensor[n, 5] * z
        result[n, 2] = tensor[n, 4] * x + tensor[n, 5] * y + tensor[n, 2] * z
    return result
