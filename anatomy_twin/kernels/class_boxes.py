"""The box of the voxels of each class of a class volume."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(parallel=True, cache=True)
def _boxes_of_slices(classes: Any, boxes: Any) -> None:
    """Boxes (slice, class, 4: first and last row, first and last column) of each slice, -1 where there is none."""
    for k in prange(classes.shape[0]):
        box = boxes[k]
        for j in range(classes.shape[1]):
            for i in range(classes.shape[2]):
                kind = classes[k, j, i]
                if box[kind, 0] < 0:
                    box[kind, 0], box[kind, 2], box[kind, 3] = j, i, i
                box[kind, 1] = j
                if i < box[kind, 2]:
                    box[kind, 2] = i
                if i > box[kind, 3]:
                    box[kind, 3] = i


def class_boxes(classes: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """Return for each of ``count`` classes the first voxel [k, j, i] of its box and the one behind the last, (c, 2, 3).

    ``classes`` is uint8 [k, j, i], all below ``count``. A class without voxels has two equal corners.
    """
    found = np.full((classes.shape[0], count, 4), -1, np.int64)
    _boxes_of_slices(np.ascontiguousarray(classes), found)
    boxes = np.zeros((count, 2, 3), np.int64)
    for kind in range(count):
        slices = np.flatnonzero(found[:, kind, 0] >= 0)
        if slices.size:
            sides = found[slices, kind]
            boxes[kind, 0] = slices[0], sides[:, 0].min(), sides[:, 2].min()
            boxes[kind, 1] = slices[-1] + 1, sides[:, 1].max() + 1, sides[:, 3].max() + 1
    return boxes


def warm_up() -> None:
    """Compile the kernel of this file (it is cached on disk)."""
    class_boxes(np.zeros((2, 2, 2), np.uint8), 1)
