"""Smoothing of a complex of surfaces as a whole, by a low-pass filter that does not shrink what it smooths.

G. Taubin, T. Zhang, G. Golub, "Optimal surface smoothing as filter design", ECCV 1996: a windowed Chebyshev expansion
of the ideal low-pass, applied to the graph Laplacian of the points. A point follows its neighbours on the surface;
where surfaces meet, those on the surface of one structure, which stays smooth across the line. The filter acts on every
coordinate alone, so it may run in index coordinates and gives the same as in mm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from anatomy_twin.kernels.mesh_cell import IN_CELL, ON_EDGE


@njit(cache=True)
def _lead(triangles: Any, pairs: Any, level_of_pair: Any, level: Any) -> None:
    """Find for every point the highest level of the surfaces that it lies on."""
    for t in range(triangles.shape[0]):
        here = level_of_pair[pairs[t]]
        for c in range(3):
            level[triangles[t, c]] = max(level[triangles[t, c]], here)


@njit(cache=True)
def _count_neighbours(triangles: Any, kinds: Any, pairs: Any, level: Any, bounds: Any, start: Any) -> None:
    for t in range(triangles.shape[0]):
        for c in range(3):
            v = triangles[t, c]
            if kinds[v] == ON_EDGE or kinds[v] == IN_CELL:
                start[v + 1] += 1
            elif bounds[level[v], pairs[t]]:
                start[v + 1] += 2
    for v in range(start.shape[0] - 1):
        start[v + 1] += start[v]


@njit(cache=True)
def _list_neighbours(triangles: Any, kinds: Any, pairs: Any, level: Any, bounds: Any, at: Any, listed: Any) -> None:
    for t in range(triangles.shape[0]):
        for c in range(3):
            v, after, before = triangles[t, c], triangles[t, (c + 1) % 3], triangles[t, (c + 2) % 3]
            alone = kinds[v] == ON_EDGE or kinds[v] == IN_CELL
            if alone or bounds[level[v], pairs[t]]:
                listed[at[v]] = after
                at[v] += 1
                if not alone:
                    listed[at[v]] = before
                    at[v] += 1


@njit(parallel=True, cache=True)
def _half_way(
    points: Any, start: Any, listed: Any, before: Any, factor: float, share: Any, softness: Any, out: Any, total: Any
) -> None:
    """``out`` = factor (point + mean of neighbours) / 2 - (factor - 1) before; ``total`` += its share of ``out``."""
    past = np.float32(factor - 1.0)
    for v in prange(points.shape[0]):
        x = y = z = np.float32(0.0)
        for n in range(start[v], start[v + 1]):
            w = listed[n]
            x += points[w, 0]
            y += points[w, 1]
            z += points[w, 2]
        count = start[v + 1] - start[v]
        weight = np.float32(0.5 * factor / count) if count > 0 else np.float32(0.0)
        own = np.float32(0.5 * factor) if count > 0 else np.float32(factor)
        x = own * points[v, 0] + weight * x - past * before[v, 0]
        y = own * points[v, 1] + weight * y - past * before[v, 1]
        z = own * points[v, 2] + weight * z - past * before[v, 2]
        out[v, 0], out[v, 1], out[v, 2] = x, y, z
        here = share[0] + softness[v] * (share[1] - share[0])
        total[v, 0] += here * x
        total[v, 1] += here * y
        total[v, 2] += here * z


def neighbours(
    triangles: NDArray[np.int32], kinds: NDArray[np.uint8], pairs: NDArray[np.int32], bounds: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return whom each point follows.

    Parameters
    ----------
    triangles, kinds : as ``mesh_extract.extract`` returns them: around a point that lies on one surface only all
        triangles turn the same way, so that their next corners are its neighbours, each once.
    pairs : (M,) which surface (pair of regions that touch) a triangle belongs to.
    bounds : (structure count, pair count) which surfaces bound a structure, in rising order of importance: where
        surfaces meet, a point follows those of the last structure that has any there, and so keeps that one smooth.

    Returns
    -------
    level (N,) : the structure that a point follows; start (N + 1,), listed : its neighbours are
    ``listed[start[v]:start[v + 1]]``, each as often as any other.
    """
    numbers = np.arange(len(bounds), dtype=np.int32)[:, None]
    level_of_pair = np.max(np.where(bounds, numbers, 0), axis=0).astype(np.int32)
    level = np.zeros(len(kinds), np.int32)
    _lead(triangles, pairs, level_of_pair, level)
    start = np.zeros(len(kinds) + 1, np.int32)
    _count_neighbours(triangles, kinds, pairs, level, bounds, start)
    listed = np.empty(int(start[-1]), np.int32)
    _list_neighbours(triangles, kinds, pairs, level, bounds, start[:-1].copy(), listed)
    return level, start, listed


def filter_coefficients(half_at: float, degree: int) -> NDArray[np.float64]:
    """Return the coefficients (degree + 1,) of the filter in Chebyshev polynomials of (1 + W) / 2, W the mean of the
    neighbours. A frequency (eigenvalue of 1 - W, 0 to 2) of ``half_at`` is halved, lower ones stay; their sum is 1."""
    edge = math.acos(1.0 - 0.5 * half_at)
    numbers = np.arange(1, degree + 1)
    ideal = np.concatenate([[edge / np.pi], 2.0 * np.sin(numbers * edge) / (numbers * np.pi)])
    windowed = ideal * (0.54 + 0.46 * np.cos(np.pi * np.arange(degree + 1) / (degree + 1)))  # Hamming
    return np.asarray(windowed / windowed.sum())


def low_pass(
    points: NDArray[np.float64],
    start: NDArray[np.int32],
    listed: NDArray[np.int32],
    half_at: tuple[float, float],
    degree: int,
    softness: NDArray[np.float32],
    farthest: float,
) -> NDArray[np.float64]:
    """Return the points (N, 3) smoothed, none moved by more than ``farthest`` along an axis (index units).

    Two filters run at once: ``softness`` (N,) blends from the first, which halves
    the frequency ``half_at[0]``, to the second.
    """
    shares = np.stack([filter_coefficients(frequency, degree) for frequency in half_at], axis=1).astype(np.float32)
    before = points.astype(np.float32)
    total = before * (shares[0, 0] + softness * (shares[0, 1] - shares[0, 0]))[:, None]
    now, spare = np.empty_like(before), np.empty_like(before)
    _half_way(before, start, listed, before, 1.0, shares[1], softness, now, total)
    for share in shares[2:]:
        _half_way(now, start, listed, before, 2.0, share, softness, spare, total)
        before, now, spare = now, spare, before
    return np.asarray(points + np.clip(total - points, -farthest, farthest))


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    triangles, kinds, pairs = np.array([[0, 1, 2]], np.int32), np.zeros(3, np.uint8), np.zeros(1, np.int32)
    _, start, listed = neighbours(triangles, kinds, pairs, np.ones((1, 1), bool))
    low_pass(np.eye(3), start, listed, (0.1, 0.05), 4, np.zeros(3, np.float32), 0.5)
