"""From layers of labels, which may overlap, to one map of regions: voxels in the same structures are one region."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

MOST_KEYS = 1 << 24  # of the dense table; more combinations of classes than this are looked up by sorting


@njit(parallel=True, cache=True)
def _survey(layers: Any, lookup: Any, present: Any, spans: Any) -> None:
    """Count the voxels of every key [plane group, key] and find the first and last filled row and column of a plane."""
    groups = present.shape[0]
    planes, rows, columns = layers.shape[1:]
    for group in prange(groups):
        counts = present[group]
        for k in range(group * planes // groups, (group + 1) * planes // groups):
            first_row, last_row, first_column, last_column = rows, -1, columns, -1
            for j in range(rows):
                left, right = columns, -1
                for i in range(columns):
                    key = lookup[0, layers[0, k, j, i]]
                    for layer in range(1, layers.shape[0]):
                        key += lookup[layer, layers[layer, k, j, i]]
                    counts[key] += 1
                    if key != 0:
                        left = min(left, i)
                        right = i
                if right >= 0:
                    first_row, last_row = min(first_row, j), j
                    first_column, last_column = min(first_column, left), max(last_column, right)
            spans[k, 0], spans[k, 1], spans[k, 2], spans[k, 3] = first_row, last_row, first_column, last_column


@njit(parallel=True, cache=True)
def _compose(layers: Any, lookup: Any, number: Any, start: Any, regions: Any) -> None:
    """Write region numbers into the inner part of ``regions``, whose outermost voxels stay as they are."""
    for k in prange(regions.shape[0] - 2):
        for j in range(regions.shape[1] - 2):
            row = regions[k + 1, j + 1]
            for i in range(regions.shape[2] - 2):
                key = lookup[0, layers[0, start[0] + k, start[1] + j, start[2] + i]]
                for layer in range(1, layers.shape[0]):
                    key += lookup[layer, layers[layer, start[0] + k, start[1] + j, start[2] + i]]
                row[i + 1] = number[key]


def survey(
    layers: NDArray[Any], lookup: NDArray[np.int32], key_count: int
) -> tuple[NDArray[np.int64], tuple[slice, slice, slice]]:
    """Count how many voxels have each combination of classes and where those that have any lie.

    Parameters
    ----------
    layers : uint8 or uint16 [layer, k, j, i].
    lookup : int32 [layer, value], what a value adds to the key of its voxel; 0 for what is in no structure.
    key_count : keys are below it.

    Returns
    -------
    voxels per key (key_count,), and the smallest block [k, j, i] that holds every key but 0 (empty if there is none).
    """
    planes = layers.shape[1]
    groups = max(1, min(planes, 16, (1 << 22) // key_count))
    present = np.zeros((groups, key_count), np.int64)
    spans = np.empty((planes, 4), np.int64)
    _survey(layers, lookup, present, spans)
    filled = np.flatnonzero(spans[:, 1] >= 0)
    if not len(filled):
        return present.sum(axis=0), (slice(0, 0), slice(0, 0), slice(0, 0))
    used = spans[filled]
    block = (
        slice(int(filled[0]), int(filled[-1]) + 1),
        slice(int(used[:, 0].min()), int(used[:, 1].max()) + 1),
        slice(int(used[:, 2].min()), int(used[:, 3].max()) + 1),
    )
    return present.sum(axis=0), block


def compose(
    layers: NDArray[Any], lookup: NDArray[np.int32], number: NDArray[np.uint16], block: tuple[slice, slice, slice]
) -> NDArray[np.uint16]:
    """Return the region of every voxel of a block, with one empty voxel around it.

    ``number`` (key count,) is the region of each key (0 for key 0); the other parameters are as for ``survey``.
    """
    start = np.array([span.start for span in block])
    regions = np.zeros([span.stop - span.start + 2 for span in block], np.uint16)
    _compose(layers, lookup, number, start, regions)
    return regions
