"""Voxels with a tensor each, arranged for their kernel: what joins neighbours is kept at each voxel, not in a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import tissue_bricks
from anatomy_twin.simulation.electro.assembly import tensors_of

TILE_BLOCKS: Final = 4  # of 8 places


@dataclass(frozen=True, eq=False)
class Bricks:
    """Voxels, in the order of ``np.argwhere``: ``place`` (N,) where the kernel keeps one, of ``places``.

    ``rates`` float32 [block, 18, 8], 1/ms, to the neighbours of each place and ``beside`` int32 [block, 8], where the
    rows of voxels around a block stand; see ``kernels/tissue_bricks.py``.
    """

    place: NDArray[np.int64]
    places: int
    beside: NDArray[np.int32]
    rates: NDArray[np.float32]

    def sums(self) -> NDArray[np.float64]:
        """Return for each voxel (N,) half the sum of the sizes of all its rates, its own among them, 1/ms."""
        sizes, total = (
            np.asarray(values, np.float64).reshape(-1)[self.place]
            for values in (np.abs(self.rates).sum(axis=1), np.abs(self.rates.sum(axis=1)))
        )
        return np.asarray(0.5 * (sizes + total))

    def sparse_rates(self) -> sparse.csr_array:
        """Return the rates [voxel, voxel], 1/ms; rows sum to 0."""
        node = np.full(self.places, -1, np.int64)
        node[self.place] = np.arange(self.place.size)
        block, slot, lane = np.nonzero(self.rates)
        steps = np.argwhere(tissue_bricks.slot_numbers() >= 0) - 1
        steps = steps[np.argsort(tissue_bricks.slot_numbers()[tuple((steps + 1).T)])]
        rows = np.array([(0, 0), *tissue_bricks.ROWS])
        row = np.array([int(np.flatnonzero((rows == step[:2]).all(axis=1))[0]) for step in steps])
        to_block = np.concatenate([np.arange(len(self.beside))[:, None], self.beside], axis=1)[block, row[slot]]
        to = 8 * to_block + lane + steps[slot, 2]
        entries = (self.rates[block, slot, lane].astype(np.float64), (node[8 * block + lane], node[to]))
        off = sparse.coo_array(entries, (self.place.size,) * 2).tocsr()
        return sparse.csr_array(off - sparse.diags_array(off.sum(axis=1)))

    def tile_pairs(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return pairs of tiles of 32 places (own, beside it), some more than once and some beyond the last."""
        block = np.arange(len(self.beside))
        around = np.concatenate([block[:, None], self.beside], axis=1).astype(np.int64)
        around = np.concatenate([around - 1, around, around + 1], axis=1)
        return np.repeat(block, around.shape[1]) // TILE_BLOCKS, around.reshape(-1) // TILE_BLOCKS


def bricks_of(
    mask: NDArray[np.bool_], geometry: VolumeGeometry, diffusivity_mm2_ms: ArrayLike,
    conducting: NDArray[np.bool_] | None = None,
) -> Bricks:
    """Return the voxels of a mask with the rates of ``assembly.voxel_rates``, arranged for the kernel.

    Parameters
    ----------
    mask : bool [k, j, i] on ``geometry``; diffusivity_mm2_ms : a number, (N,) or tensors (N, 3, 3) in world axes.
    conducting : (N,), voxels that are False have no neighbours (scar, lesions). Default: all have.

    Raises ``SimulationError`` for a mask without voxels and what does not belong to it.
    """
    voxels = np.argwhere(mask)
    count = len(voxels)
    if mask.shape != geometry.shape or not count:
        raise SimulationError(f"a mask of {mask.shape} with {count} voxels on a grid of {geometry.shape}")
    open_ = np.ones(count, bool) if conducting is None else np.asarray(conducting)
    if open_.shape != (count,) or open_.dtype != bool:
        raise SimulationError(f"conducting is {open_.dtype} {open_.shape} for {count} voxels")
    axes = np.asarray(geometry.direction, np.float64)
    tensors = np.ascontiguousarray(axes.T @ tensors_of(diffusivity_mm2_ms, count) @ axes)
    place, beside = _arranged(voxels, mask.shape)
    number = np.full(np.add(mask.shape, 2), -1, np.int64)
    number[1:-1, 1:-1, 1:-1][mask] = np.where(open_, np.arange(count), -1)
    strides = np.array([number.shape[1] * number.shape[2], number.shape[2], 1], np.int64)
    rates = np.zeros((len(beside), tissue_bricks.SLOTS, 8), np.float32)
    tissue_bricks.fill(
        (voxels + 1) @ strides, number.reshape(-1), strides, place, tensors, np.array(geometry.spacing_mm),
        tissue_bricks.slot_numbers(), rates,
    )
    return Bricks(read_only(place, "place"), 8 * len(beside), read_only(beside, "beside"), read_only(rates, "rates"))


def _arranged(
    voxels: NDArray[np.int64], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the place of each voxel and the blocks in the rows around each block.

    A block without tissue is kept where the one after or before it in its row is a neighbour of some block: the kernel
    looks one place beyond the block that it is told.
    """
    columns = shape[2] // 8 + 3  # one before, one after and one between rows: no block is beside one of another row
    rows = shape[1] + 2
    keys = ((voxels[:, 0] + 1) * rows + voxels[:, 1] + 1) * columns + voxels[:, 2] // 8 + 1
    filled = np.unique(keys)
    steps = np.array([(k * rows + j) * columns for k, j in tissue_bricks.ROWS])
    around = filled[:, None] + steps[: tissue_bricks.WIDE_ROWS]
    needed = np.isin(around - 1, filled) | np.isin(around + 1, filled)
    kept = np.union1d(filled, around[needed])
    count = -(-(kept.size + 2) // TILE_BLOCKS) * TILE_BLOCKS
    beside = np.repeat(np.arange(count, dtype=np.int32)[:, None], len(steps), axis=1)
    wanted = kept[:, None] + steps
    found = np.minimum(np.searchsorted(kept, wanted), kept.size - 1)
    there = kept[found] == wanted
    beside[1 : kept.size + 1][there] = found[there] + 1
    return 8 * (np.searchsorted(kept, keys) + 1) + voxels[:, 2] % 8, beside
