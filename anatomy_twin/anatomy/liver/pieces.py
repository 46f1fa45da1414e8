"""Parts of an organ made to hang together: small pieces go to the neighbour that they share most surface with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Numbers = NDArray[np.uint8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def in_one_piece(
    numbers: Numbers, spacing_mm: tuple[float, float, float], keep: Mask | None = None
) -> tuple[Numbers, list[str]]:
    """Return the parts of an organ with each in one piece, voxels joined by their faces, and what was out of reach.

    Parameters
    ----------
    numbers : [k, j, i] number of the part of each voxel, 0 outside the organ.
    spacing_mm : of the grid.
    keep : pieces of which at least half is in this mask stay as they are.

    The largest piece of each part stays. Every other piece goes to the part that it shares the largest surface with;
    pieces among pieces follow once their neighbours have. Where the organ itself is in several pieces, one that holds
    no part's largest piece goes to the part that has most of it.
    """
    pieces, part, size = _pieces(numbers)
    if not len(part):
        return numbers.copy(), []
    first, second, area = _shared_mm2(pieces, spacing_mm)
    settled = np.zeros(len(part), bool)
    for number in np.unique(part):
        mine = np.flatnonzero(part == number)
        settled[mine[np.argmax(size[mine])]] = True
    marked = np.zeros(len(part), bool)
    if keep is not None:
        held = np.bincount(pieces[keep & (numbers > 0)] - 1, minlength=len(part))
        marked = ~settled & (held > 0) & (2 * held >= size)
    settled |= marked
    apart = _join(part, size, settled, first, second, area)
    result = np.append(0, part)[pieces].astype(np.uint8)
    notes = []
    if marked.any():
        notes.append(f"{np.count_nonzero(marked)} pieces of segments lie apart, as their branches were named by hand")
    if apart:
        ml = float(sum(size[apart])) * float(np.prod(spacing_mm)) / 1000.0
        notes.append(f"{len(apart)} loose parts of the liver ({ml:.2g} ml) are counted to one segment each")
    return result, notes


def _pieces(numbers: Numbers) -> tuple[NDArray[np.int32], Ints, Ints]:
    """Return pieces joined by faces (from 1 on) of all parts, the part of each and how many voxels it has."""
    pieces = np.zeros(numbers.shape, np.int32)
    parts: list[int] = []
    for number in np.unique(numbers[numbers > 0]):
        found, count = ndimage.label(numbers == number)
        pieces[found > 0] = found[found > 0] + len(parts)
        parts += [int(number)] * count
    return pieces, np.array(parts, np.int64), np.bincount(pieces.ravel(), minlength=len(parts) + 1)[1:].astype(np.int64)


def _shared_mm2(pieces: NDArray[np.int32], spacing_mm: tuple[float, float, float]) -> tuple[Ints, Ints, Floats]:
    """Return pairs of pieces (from 0 on, either order) that touch, and the surface that they share."""
    keys, areas = [], []
    base = int(pieces.max()) + 1
    for axis in range(3):
        a, b = (np.moveaxis(pieces, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        touch = (a != b) & (a > 0) & (b > 0)
        keys += [a[touch].astype(np.int64) * base + b[touch], b[touch].astype(np.int64) * base + a[touch]]
        face = float(np.prod(spacing_mm)) / spacing_mm[axis]
        areas += [np.full(np.count_nonzero(touch), face)] * 2
    pair, place = np.unique(np.concatenate(keys), return_inverse=True)
    total = np.bincount(place, np.concatenate(areas), len(pair))
    return (pair // base - 1).astype(np.int64), (pair % base - 1).astype(np.int64), total.astype(np.float64)


def _join(part: Ints, size: Ints, settled: Mask, first: Ints, second: Ints, area: Floats) -> list[int]:
    """Give, in place, every piece that is not settled to a part; return those that touch none of the settled ones."""
    apart: list[int] = []
    by_size = np.argsort(size, kind="stable")
    while not settled.all():
        moved = False
        for piece in by_size[~settled[by_size]]:
            mine = (first == piece) & settled[second]
            if mine.any():
                part[piece] = np.argmax(np.bincount(part[second[mine]], area[mine]))
                settled[piece] = moved = True
        if not moved:
            largest = int(by_size[~settled[by_size]][-1])
            settled[largest] = True
            apart.append(largest)
    return apart
