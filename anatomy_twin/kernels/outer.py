"""The outer surface of a body in a scan: voxels with a face to the air that reaches the sides of the scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

FREE, AIR, BODY = 0, 1, 2


@njit(cache=True)
def _sweep(state: Any) -> bool:
    """Carry air through one slice once in each of the four directions; True where any was carried on."""
    rows, columns = state.shape
    changed = False
    for j in range(rows):
        for i in range(columns):
            if state[j, i] == FREE and ((i > 0 and state[j, i - 1] == AIR) or (j > 0 and state[j - 1, i] == AIR)):
                state[j, i] = AIR
                changed = True
    for j in range(rows - 1, -1, -1):
        for i in range(columns - 1, -1, -1):
            if state[j, i] == FREE and (
                (i + 1 < columns and state[j, i + 1] == AIR) or (j + 1 < rows and state[j + 1, i] == AIR)
            ):
                state[j, i] = AIR
                changed = True
    return changed


@njit(parallel=True, cache=True)
def _fill(body: Any, state: Any) -> None:
    """Mark body voxels, and the air of each slice that is connected to a side of the slice."""
    depth, rows, columns = body.shape
    for k in prange(depth):
        for j in range(rows):
            for i in range(columns):
                side = j == 0 or i == 0 or j == rows - 1 or i == columns - 1
                state[k, j, i] = BODY if body[k, j, i] else AIR if side else FREE
        while _sweep(state[k]):
            pass


@njit(cache=True)
def _pass_on(state: Any, touched: Any) -> bool:
    """Carry air from slice to slice, up and down; ``touched`` marks those that got some."""
    depth, rows, columns = state.shape
    any_touched = False
    for turn in range(2 * depth - 2):
        k = turn + 1 if turn < depth - 1 else 2 * depth - 3 - turn
        other = k - 1 if turn < depth - 1 else k + 1
        for j in range(rows):
            for i in range(columns):
                if state[k, j, i] == FREE and state[other, j, i] == AIR:
                    state[k, j, i] = AIR
                    touched[k] = True
                    any_touched = True
    return any_touched


@njit(parallel=True, cache=True)
def _settle(state: Any, touched: Any) -> None:
    for k in prange(state.shape[0]):
        if touched[k]:
            while _sweep(state[k]):
                pass
            touched[k] = False


@njit(parallel=True, cache=True)
def _mark(state: Any, surface: Any) -> None:
    depth, rows, columns = state.shape
    for k in prange(depth):
        for j in range(rows):
            for i in range(columns):
                surface[k, j, i] = state[k, j, i] == BODY and (
                    (k > 0 and state[k - 1, j, i] == AIR) or (k + 1 < depth and state[k + 1, j, i] == AIR)
                    or (j > 0 and state[k, j - 1, i] == AIR) or (j + 1 < rows and state[k, j + 1, i] == AIR)
                    or (i > 0 and state[k, j, i - 1] == AIR) or (i + 1 < columns and state[k, j, i + 1] == AIR)
                )


def outer_surface(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the voxels of ``body`` (bool [k, j, i]) with a face to air that is connected to the sides of the scan.

    The sides are the first and last rows and columns; the first and last slice are none, as the scan cuts the body
    there.
    """
    body = np.ascontiguousarray(body, dtype=np.bool_)
    state = np.empty(body.shape, np.uint8)
    _fill(body, state)
    touched = np.zeros(body.shape[0], np.bool_)
    while _pass_on(state, touched):
        _settle(state, touched)
    surface = np.empty(body.shape, np.bool_)
    _mark(state, surface)
    return surface


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    outer_surface(np.zeros((2, 2, 2), np.bool_))
