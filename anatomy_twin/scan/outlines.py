"""Closed outlines on a slice filled on its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import ScanError

ON_OUTLINE = 1e-3
CHUNK = 2**21
MOST_CROSSINGS = 2**26
Floats = NDArray[np.float64]


def fill_outlines(outlines: Sequence[Floats], shape: tuple[int, int]) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """Fill closed polygons together by the even-odd rule.

    Parameters
    ----------
    outlines : points [n, 2] of each polygon as (row, column) in pixels; a pixel's centre is at whole numbers. The last
        point is joined to the first.
    shape : rows and columns of the slice.

    Returns the mask of the box around the outlines, within the slice, and the (row, column) of its first pixel.

    A pixel belongs when its centre lies inside, or within a thousandth of a pixel of an outline: outlines that were
    traced through the centres of border pixels (as OpenCV does) give their mask back, and rounding in a file's
    decimals decides nothing. Raises ``ScanError`` where the outlines wind to and fro without end.
    """
    starts = np.concatenate([np.asarray(points, np.float64) for points in outlines])
    ends = np.concatenate([np.roll(np.asarray(points, np.float64), -1, axis=0) for points in outlines])
    low = np.clip(np.floor(starts.min(axis=0)).astype(int), 0, np.array(shape) - 1)
    high = np.clip(np.ceil(starts.max(axis=0)).astype(int), 0, np.array(shape) - 1)
    rows, columns = (high - low + 1).tolist()
    starts, ends = starts - low, ends - low
    toggles = np.zeros(rows * (columns + 1), np.int64)
    for row, column in _crossings(starts, ends, rows, 0.0):
        first = np.clip(np.ceil(column), 0, columns).astype(np.int64)
        toggles += np.bincount(row * (columns + 1) + first, minlength=toggles.size)
    inside = (np.cumsum(toggles.reshape(rows, -1)[:, :columns], axis=1) & 1).astype(bool)
    steep = np.abs(ends[:, 0] - starts[:, 0]) >= np.abs(ends[:, 1] - starts[:, 1])
    for line, place in _crossings(starts[steep], ends[steep], rows, ON_OUTLINE):
        _mark(inside, line, place)
    for line, place in _crossings(starts[~steep][:, ::-1], ends[~steep][:, ::-1], columns, ON_OUTLINE):
        _mark(inside.T, line, place)
    return inside, (int(low[0]), int(low[1]))


def _mark(inside: NDArray[np.bool_], line: NDArray[np.int64], place: Floats) -> None:
    """Add the pixels of ``line`` whose centre is at ``place``."""
    nearest = np.rint(place)
    on = (np.abs(place - nearest) <= ON_OUTLINE) & (nearest >= 0) & (nearest < inside.shape[1])
    inside[line[on], nearest[on].astype(np.int64)] = True


def _crossings(starts: Floats, ends: Floats, count: int, reach: float) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """Give, in parts of bounded size, the whole-numbered lines 0 .. count - 1 that edges cross, and where.

    Without ``reach`` an edge owns its lower end and not its upper one, so that a vertex on a line counts once; with
    it, both ends and ``reach`` beyond them.
    """
    low = np.minimum(starts[:, 0], ends[:, 0])
    high = np.maximum(starts[:, 0], ends[:, 0])
    if reach:
        first, stop = np.ceil(low - reach), np.floor(high + reach) + 1
    else:
        first, stop = np.ceil(low), np.ceil(high)
    first, stop = np.clip(first, 0, count).astype(np.int64), np.clip(stop, 0, count).astype(np.int64)
    amount = np.maximum(stop - first, 0)
    if int(amount.sum()) > MOST_CROSSINGS:
        raise ScanError("outlines cross the slice more often than can be", advice="export them again")
    rise = ends[:, 0] - starts[:, 0]
    slope = np.divide(ends[:, 1] - starts[:, 1], rise, out=np.zeros_like(rise), where=rise != 0)
    limits = np.searchsorted(np.cumsum(amount), np.arange(CHUNK, int(amount.sum()) + CHUNK, CHUNK))
    begin = 0
    for end in np.minimum(limits + 1, len(amount)).tolist():
        if end <= begin:
            continue
        part = slice(begin, end)
        edge = np.repeat(np.arange(begin, end), amount[part])
        before = np.cumsum(amount[part]) - amount[part]
        line = np.arange(len(edge)) - np.repeat(before, amount[part]) + first[edge]
        along = np.clip(line - starts[edge, 0], np.minimum(rise[edge], 0.0), np.maximum(rise[edge], 0.0))
        yield line, starts[edge, 1] + slope[edge] * along
        begin = end
