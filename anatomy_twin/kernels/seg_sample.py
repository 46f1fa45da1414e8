"""Sampling of an image between its voxels where the axes of both grids are parallel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


def line_taps(size: int, spacing: float, start: float, count: int, step: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return for ``count`` places along a line the lower neighbour and the weight of the upper one.

    ``start`` is the distance from the outer edge of the first voxel to the outer edge of the first output voxel;
    beyond the ends the end value holds.
    """
    place = np.clip((start + (np.arange(count) + 0.5) * step) / spacing - 0.5, 0.0, size - 1.0)
    low = np.minimum(np.floor(place).astype(np.int64), max(size - 2, 0))
    return low, (place - low).astype(np.float32)


@njit(parallel=True, cache=True)
def _above(
    image: Any, low_k: Any, low_j: Any, low_i: Any, part_k: Any, part_j: Any, part_i: Any, level: float, out: Any
) -> None:
    top_k, top_j, top_i = image.shape[0] - 1, image.shape[1] - 1, image.shape[2] - 1
    for k in prange(out.shape[0]):
        k0, wk = low_k[k], part_k[k]
        k1 = min(k0 + 1, top_k)
        for j in range(out.shape[1]):
            j0, wj = low_j[j], part_j[j]
            j1 = min(j0 + 1, top_j)
            for i in range(out.shape[2]):
                i0, wi = low_i[i], part_i[i]
                i1 = min(i0 + 1, top_i)
                near = image[k0, j0, i0] * (1 - wi) + image[k0, j0, i1] * wi
                front = image[k0, j1, i0] * (1 - wi) + image[k0, j1, i1] * wi
                far = image[k1, j0, i0] * (1 - wi) + image[k1, j0, i1] * wi
                back = image[k1, j1, i0] * (1 - wi) + image[k1, j1, i1] * wi
                value = (near * (1 - wj) + front * wj) * (1 - wk) + (far * (1 - wj) + back * wj) * wk
                out[k, j, i] = value > level


def sample_above(
    image: NDArray[np.float32], taps: tuple[tuple[NDArray[Any], NDArray[Any]], ...], level: float
) -> NDArray[np.bool_]:
    """Return where the linearly interpolated image exceeds ``level``; ``taps`` are ``line_taps`` for k, j and i."""
    (low_k, part_k), (low_j, part_j), (low_i, part_i) = taps
    out = np.empty((low_k.size, low_j.size, low_i.size), dtype=np.bool_)
    _above(image, low_k, low_j, low_i, part_k, part_j, part_i, level, out)
    return out


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    taps = line_taps(2, 1.0, 0.0, 2, 1.0)
    sample_above(np.zeros((2, 2, 2), np.float32), (taps, taps, taps), 0.5)
