"""A line that lies between the voxels of a grid, shared out to them by a Gaussian."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _bell(centre: float, reach: float, width: float, size: int, out: NDArray[np.float64]) -> Any:
    """Write the Gaussian at whole places from the one returned first to the one before the second; return their sum."""
    low = max(0, int(np.ceil(centre - reach)))
    high = min(size, int(np.floor(centre + reach)) + 1)
    total = 0.0
    for n in range(low, high):
        away = (n - centre) / width
        out[n - low] = np.exp(-0.5 * away * away)
        total += out[n - low]
    return low, high, total


@njit(cache=True, error_model="numpy")
def spread_line(
    weights: NDArray[np.float64], start: NDArray[np.float64], stop: NDArray[np.float64], width: float, reach: float
) -> None:
    """Add to ``weights`` [k, j, i] the length (voxels) that each voxel stands for of a line between fractional indices.

    The line is cut in pieces of at most half a ``width``, the standard deviation of the Gaussian in voxels; it is cut
    off at ``reach``. What would lie outside the grid is given to the voxels inside.
    """
    size_k, size_j, size_i = weights.shape
    length = np.sqrt(((stop - start) ** 2).sum())
    count = max(1, int(np.ceil(2.0 * length / width)))
    room = int(2.0 * reach) + 2
    along_k, along_j, along_i = np.empty(room), np.empty(room), np.empty(room)
    for n in range(count):
        share = (n + 0.5) / count
        centre = start + share * (stop - start)
        low_k, high_k, total_k = _bell(centre[0], reach, width, size_k, along_k)
        low_j, high_j, total_j = _bell(centre[1], reach, width, size_j, along_j)
        low_i, high_i, total_i = _bell(centre[2], reach, width, size_i, along_i)
        total = total_k * total_j * total_i
        if not total > 0:
            continue
        piece = length / count / total
        for k in range(low_k, high_k):
            for j in range(low_j, high_j):
                here = along_k[k - low_k] * along_j[j - low_j] * piece
                for i in range(low_i, high_i):
                    weights[k, j, i] += here * along_i[i - low_i]
