"""Straight paths through voxel grids: which classes a path crosses and how near it comes to a structure.

Everything is in index space [k, j, i] with voxel centres at whole numbers; lengths become mm by the path's own length.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

Floats = NDArray[np.float64]


@njit(cache=True, no_cpython_wrapper=True)
def _walk(classes: Any, start: Any, end: Any, length: Any, first: Any, last: Any, counted: Any, goal: int) -> float:
    """Visit every voxel that the segment ``start``..``end`` runs through (Amanatides and Woo 1987).

    Adds to ``length[c]`` the share of the path (0..1) in class c; ``first[c]`` and ``last[c]`` are the shares at
    which c is first entered and last left. Outside the grid counts as class 0. Returns the share in classes that are
    ``counted``, until class ``goal`` is met.
    """
    before = 0.0
    cell = np.empty(3, np.int64)
    step = np.empty(3, np.int64)
    next_at = np.empty(3)
    per_cell = np.empty(3)
    for axis in range(3):
        span = end[axis] - start[axis]
        cell[axis] = math.floor(start[axis] + 0.5)
        if span > 1e-12:
            step[axis], per_cell[axis] = 1, 1.0 / span
            next_at[axis] = (cell[axis] + 0.5 - start[axis]) / span
        elif span < -1e-12:
            step[axis], per_cell[axis] = -1, -1.0 / span
            next_at[axis] = (cell[axis] - 0.5 - start[axis]) / span
        else:
            step[axis], per_cell[axis], next_at[axis] = 0, math.inf, math.inf
    at = 0.0
    while at < 1.0:
        axis = 0
        if next_at[1] < next_at[axis]:
            axis = 1
        if next_at[2] < next_at[axis]:
            axis = 2
        leave = min(next_at[axis], 1.0)
        inside = True
        for other in range(3):
            if cell[other] < 0 or cell[other] >= classes.shape[other]:
                inside = False
        kind = classes[cell[0], cell[1], cell[2]] if inside else 0
        if leave > at:
            if length[kind] == 0.0:
                first[kind] = at
            length[kind] += leave - at
            last[kind] = leave
            if counted[kind] and not (goal >= 0 and length[goal] > 0.0):
                before += leave - at
        at = max(at, leave)
        cell[axis] += step[axis]
        next_at[axis] += per_cell[axis]
    return before


@njit(parallel=True, cache=True)
def _walk_all(
    classes: Any, starts: Any, ends: Any, length: Any, first: Any, last: Any, counted: Any, goal: int, before: Any
) -> None:
    for path in prange(starts.shape[0]):
        before[path] = _walk(
            classes, starts[path], ends[path], length[path], first[path], last[path], counted, goal
        )


def walk_paths(
    classes: NDArray[np.uint8], starts: Floats, ends: Floats, class_count: int
) -> tuple[Floats, Floats, Floats]:
    """Walk many paths through a class volume, voxel by voxel without leaving one out.

    Parameters
    ----------
    classes : uint8 [k, j, i], each below ``class_count``; class 0 is also everything outside the grid.
    starts, ends : (n, 3) fractional indices [k, j, i].
    class_count : number of classes.

    Returns
    -------
    length, first, last : each (n, class_count): the share of the path in a class, and the shares of the path at
    which the class is first entered and last left (NaN where it is not met).
    """
    return walk_to_goal(classes, starts, ends, class_count, (), -1)[:3]


def walk_to_goal(
    classes: NDArray[np.uint8], starts: Floats, ends: Floats, class_count: int, counted: tuple[int, ...], goal: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Walk as ``walk_paths`` does; return also (n,) the share of the path in the ``counted`` classes before ``goal``.

    Where class ``goal`` is not met the whole path counts.
    """
    starts, ends = np.ascontiguousarray(starts, dtype=np.float64), np.ascontiguousarray(ends, dtype=np.float64)
    shape = (starts.shape[0], class_count)
    length, first, last = np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan)
    before, table = np.zeros(shape[0]), np.zeros(class_count, np.bool_)
    table[list(counted)] = True
    _walk_all(np.ascontiguousarray(classes), starts, ends, length, first, last, table, goal, before)
    return length, first, last, before


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    walk_paths(np.zeros((2, 2, 2), np.uint8), np.zeros((1, 3)), np.ones((1, 3)), 1)
