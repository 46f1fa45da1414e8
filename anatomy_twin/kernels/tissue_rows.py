"""How voltage spreads over nodes with any neighbours: one explicit step, eight nodes at a time.

Nodes stand in slices of 8; a slice has as many slots as its node with the most neighbours, each slot a weight and a
column for all 8. What a slot lacks has the weight 0 and its own row as column.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit_of_sources
from anatomy_twin.kernels.vectors import (
    any_rises,
    gather,
    higher_of,
    load,
    load_ints,
    splat,
    store,
    where_less,
)


@njit_of_sources(nogil=True, error_model="numpy")
def spread(
    v: NDArray[Any], out: NDArray[Any], keep: NDArray[Any], columns: NDArray[np.int32], weights: NDArray[Any],
    starts: NDArray[np.int64],
) -> None:
    """Write keep V + sum of weights V[columns] into ``out``.

    Parameters
    ----------
    v, out, keep : float32 [8 slices]; keep is 1 less the sum of a node's weights.
    columns, weights : int32 and float32 [slot, 8], of one step: rates times its length.
    starts : [slice + 1], the first slot of each slice.
    """
    for one in range(starts.size - 1):
        total = load(v, 8 * one) * load(keep, 8 * one)
        for slot in range(starts[one], starts[one + 1]):
            total = total + load(weights, 8 * slot) * gather(v, load_ints(columns, 8 * slot))
        store(out, 8 * one, total)


@njit_of_sources(nogil=True, error_model="numpy")
def watch(
    before: NDArray[Any], now: NDArray[Any], last: NDArray[Any], first: NDArray[Any], threshold: float, time: float,
    span: float,
) -> None:
    """Note when V rose through a threshold between two moments, by the straight line between them.

    Parameters
    ----------
    before, now : float32 [8 blocks], V at ``time`` and ``span`` later; ``before`` becomes ``now``.
    last, first : float32 [8 blocks], changed: the latest and the first time, -1 for never.
    """
    level, begin, length = splat(np.float32(threshold)), np.float32(time), np.float32(span)
    never = splat(np.float32(0.0))
    for block in range(before.size // 8):
        old, new = load(before, 8 * block), load(now, 8 * block)
        store(before, 8 * block, new)
        if not any_rises(old, new, level):
            continue
        moment = begin + length * ((level - old) / (new - old))
        ended = load(last, 8 * block)
        risen = where_less(old, level, where_less(new, level, ended, moment), ended)
        store(last, 8 * block, risen)
        begun = load(first, 8 * block)
        store(first, 8 * block, where_less(begun, never, risen, begun))


@njit_of_sources(nogil=True, error_model="numpy")
def moved_tiles(before: NDArray[Any], now: NDArray[Any], length: int, least: float, moved: NDArray[np.bool_]) -> None:
    """Tell which tiles of ``length`` blocks hold a node whose V changed by more than ``least``."""
    scratch = np.empty(8, np.float32)
    for tile in range(moved.size):
        most = load(now, 8 * tile * length) - load(before, 8 * tile * length)
        most = higher_of(most, -most)
        for block in range(tile * length + 1, (tile + 1) * length):
            change = load(now, 8 * block) - load(before, 8 * block)
            most = higher_of(most, higher_of(change, -change))
        store(scratch, 0, most)
        moved[tile] = scratch.max() > least


@njit_of_sources(nogil=True)
def woken(moved: NDArray[np.bool_], starts: NDArray[np.int64], neighbours: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return [tile] whether it or one of its neighbours (``neighbours[starts[t]:starts[t + 1]]``) moved."""
    found = moved.copy()
    for tile in range(moved.size):
        if moved[tile]:
            for place in range(starts[tile], starts[tile + 1]):
                found[neighbours[place]] = True
    return found
