"""How voltage spreads over the voxels of a mask, each with a tensor of its own: one explicit step of 18 neighbours.

Voxels stand in blocks of 8 along i, as they lie in the mask; blocks without tissue are not kept. What lies beside a
block in the 8 rows around it is found by the number of the block there, so that a step loads vectors and gathers
nothing. A neighbour that is not there has the rate 0.

Slots of a block: 0 and 1 its own row at i - 1 and i + 1; then three for each of the rows at k - 1, k + 1, j - 1 and
j + 1 (i - 1, i, i + 1); then one for each of the rows (k - 1, j - 1), (k - 1, j + 1), (k + 1, j - 1), (k + 1, j + 1).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit, njit_of_sources
from anatomy_twin.kernels.vectors import load, store

SLOTS: Final = 18
ROWS: Final = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))  # steps along k and j
WIDE_ROWS: Final = 4  # of which i - 1 and i + 1 are neighbours too


def slot_numbers() -> NDArray[np.int64]:
    """Return the slot of each neighbour [k + 1, j + 1, i + 1], -1 for the voxel itself and for its corners."""
    found = np.full((3, 3, 3), -1, np.int64)
    found[1, 1, 0], found[1, 1, 2] = 0, 1
    for row, (k, j) in enumerate(ROWS):
        if row < WIDE_ROWS:
            found[k + 1, j + 1] = 2 + 3 * row + np.arange(3)
        else:
            found[k + 1, j + 1, 1] = 2 + 2 * WIDE_ROWS + row
    return found


@njit_of_sources(nogil=True, error_model="numpy")
def spread(v: NDArray[Any], out: NDArray[Any], beside: NDArray[np.int32], rates: NDArray[Any], step: float) -> None:
    """Write V + step times the sum of rate (V of a neighbour - V) into ``out``.

    Parameters
    ----------
    v, out : float32 [8 blocks]; step : float32, ms.
    beside : int32 [block, 8], the block in each of ``ROWS``, or the block itself where all rates there are 0. The first
        and the last block hold no tissue.
    rates : float32 [block, 18, 8], 1/ms.
    """
    for block in range(1, beside.shape[0] - 1):
        at, own = 8 * block, 8 * SLOTS * block
        here = load(v, at)
        total = load(rates, own) * (load(v, at - 1) - here) + load(rates, own + 8) * (load(v, at + 1) - here)
        for row in range(4):
            to, slot = 8 * beside[block, row], own + 16 + 24 * row
            total = total + load(rates, slot) * (load(v, to - 1) - here)
            total = total + load(rates, slot + 8) * (load(v, to) - here)
            total = total + load(rates, slot + 16) * (load(v, to + 1) - here)
        for row in range(4, 8):
            total = total + load(rates, own + 80 + 8 * row) * (load(v, 8 * beside[block, row]) - here)
        store(out, at, here + total * step)
    edge = 8 * (beside.shape[0] - 1)
    for lane in range(8):
        out[lane], out[edge + lane] = v[lane], v[edge + lane]


@njit(cache=True, error_model="numpy")
def fill(
    cell: NDArray[Any], number: NDArray[Any], strides: NDArray[Any], place: NDArray[Any], tensors: NDArray[Any],
    spacing: NDArray[Any], slots: NDArray[Any], rates: NDArray[Any],
) -> None:
    """Add the rates between voxels to ``rates`` [block, slot, 8], by the fluxes of ``assembly.voxel_rates``.

    Parameters
    ----------
    cell : [voxel], where it lies in the flat array ``number`` of voxels (-1: none; its outermost layer has none).
    strides : (3,), of that array along k, j, i; spacing : (3,), mm.
    place : [voxel], where the kernel keeps it; tensors : [voxel, 3, 3] along k, j, i, mm2/ms.
    slots : see ``slot_numbers``.
    """
    for a in range(cell.size):
        if number[cell[a]] < 0:
            continue
        for axis in range(3):
            b = number[cell[a] + strides[axis]]
            if b < 0:
                continue
            own_a, own_b = tensors[a, axis, axis], tensors[b, axis, axis]
            if own_a + own_b > 0.0:
                flow = 2.0 * own_a * own_b / (own_a + own_b) / spacing[axis] ** 2
                _join(place, slots, rates, a, b, b, strides, cell, flow)
                _join(place, slots, rates, a, b, a, strides, cell, -flow)
            for turn in range(1, 3):
                other = (axis + turn) % 3
                cross = 0.5 * (tensors[a, axis, other] + tensors[b, axis, other]) / spacing[axis]
                for end in range(2):
                    node = a if end == 0 else b
                    ahead, behind = number[cell[node] + strides[other]], number[cell[node] - strides[other]]
                    count = int(ahead >= 0) + int(behind >= 0)
                    if count == 0:
                        continue
                    slope = 0.5 * cross / (count * spacing[other])
                    _join(place, slots, rates, a, b, ahead if ahead >= 0 else node, strides, cell, slope)
                    _join(place, slots, rates, a, b, behind if behind >= 0 else node, strides, cell, -slope)


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _join(
    place: Any, slots: Any, rates: Any, a: int, b: int, source: int, strides: Any, cell: Any, rate: float
) -> None:
    """Let V of a voxel drive what flows from b into a; a joint of a with itself or at a voxel beyond counts nothing."""
    for end in range(2):
        to = a if end == 0 else b
        if source == to:
            continue
        rest = cell[source] - cell[to]
        k = int(np.rint(rest / strides[0]))
        rest -= k * strides[0]
        j = int(np.rint(rest / strides[1]))
        i = rest - j * strides[1]
        at = place[to]
        rates[at // 8, slots[k + 1, j + 1, i + 1], at % 8] += rate if end == 0 else -rate
