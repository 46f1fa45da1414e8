"""Labelled blocks of voxels put together: what overlaps lies in different layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import ScanError

LARGEST_GRID_VOXELS = 2**30
MOST_LABEL_BYTES = 2**32
MOST_LAYERS = 64


@dataclass(frozen=True, eq=False)
class Piece:
    """Labelled voxels: the first voxel [k, j, i] of a block, its mask, all of one ``value``.

    With value 0 the block is no mask but holds the values themselves, 0 where there is none.
    """

    corner: tuple[int, int, int]
    content: NDArray[Any]
    value: int


def layered(
    pieces: Sequence[Piece], count: int, grid: VolumeGeometry, scan: VolumeGeometry | None, where: str
) -> tuple[NDArray[Any], VolumeGeometry, dict[int, tuple[int, int]]]:
    """Put pieces together on the smallest block of ``grid`` that holds them all.

    Parameters
    ----------
    pieces : what is labelled, in voxels of ``grid``.
    count : number of segments, whose values are 1 to ``count``.
    scan : the scan that the labels are for: a block of more voxels must reach beyond it.

    Returns the array [layer, k, j, i], the block's geometry, and (layer, value) of every value that has voxels.
    Raises ``ScanError`` where the block or the number of layers would be too large.
    """
    start, shape = (0, 0, 0), (1, 1, 1)
    if pieces:
        low = np.min([piece.corner for piece in pieces], axis=0)
        high = np.max([np.add(piece.corner, piece.content.shape) for piece in pieces], axis=0)
        start, shape = tuple(low.tolist()), tuple((high - low).tolist())
    voxels = int(np.prod(shape, dtype=np.int64))
    if scan is not None and voxels > int(np.prod(scan.shape, dtype=np.int64)):
        raise ScanError("segmentation reaches beyond the scan", where=where, advice="check that they belong together")
    if voxels > LARGEST_GRID_VOXELS:
        raise ScanError("labels cover more voxels than can be held", where=where, advice="export them again")
    layers: list[NDArray[Any]] = [np.zeros(shape, np.uint8 if count < 256 else np.uint16)]
    of_value: dict[int, list[Piece]] = {}
    for piece in pieces:
        of_value.setdefault(piece.value, []).append(piece)
    for block, content in _blocks(layers[0], of_value.pop(0, []), start):
        np.copyto(block, content, where=content != 0, casting="same_kind")
    places = {value: (0, value) for value in np.unique(layers[0]).tolist() if value}
    for value, own in sorted(of_value.items()):
        free = (n for n, one in enumerate(layers) if not any(b[mask].any() for b, mask in _blocks(one, own, start)))
        layer = next(free, len(layers))
        if layer == len(layers):
            if (layer + 1) * layers[0].nbytes > MOST_LABEL_BYTES or layer == MOST_LAYERS:
                raise ScanError("segments overlap in more layers than can be held", where=where)
            layers.append(np.zeros_like(layers[0]))
        for block, mask in _blocks(layers[layer], own, start):
            block[mask] = value
        places[value] = (layer, value)
    return np.stack(layers), grid.cropped(start, shape), places


def _blocks(
    layer: NDArray[Any], pieces: Sequence[Piece], start: tuple[int, int, int]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Give, for each piece, the part of a layer that it covers (a view) and its content."""
    for piece in pieces:
        spans = tuple(slice(place - first, place - first + size)
                      for place, first, size in zip(piece.corner, start, piece.content.shape, strict=True))  # fmt: skip
        yield layer[spans], piece.content
