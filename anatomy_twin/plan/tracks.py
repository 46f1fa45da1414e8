"""Straight tracks of applicators beside each other: how long they run together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def length_beside(entries_mm: Floats, tips_mm: Floats, tracks_mm: Floats, distance_mm: float) -> Floats:
    """Return for each path the length in mm that lies within ``distance_mm`` of any track.

    ``entries_mm`` and ``tips_mm`` are (n, 3), ``tracks_mm`` (t, 2, 3). What is near a track is a cylinder with round
    ends, which is convex: of a straight line one interval lies in it, and those of several tracks are joined.
    """
    length = np.linalg.norm(tips_mm - entries_mm, axis=1)
    way = (tips_mm - entries_mm) / length[:, None]
    intervals = np.stack([_within(entries_mm, way, length, one, other, distance_mm) for one, other in tracks_mm])
    order = np.argsort(intervals[..., 0], axis=0, kind="stable")
    total, reached = np.zeros(len(length)), np.full(len(length), -np.inf)
    for row in order:
        low, high = intervals[row, np.arange(len(length))].T
        total += np.maximum(high - np.maximum(low, reached), 0.0)
        reached = np.maximum(reached, high)
    return total


def _within(start: Floats, way: Floats, length: Floats, one: Floats, other: Floats, radius: float) -> Floats:
    """Return the interval (n, 2) of paths (distance from the start in mm) within a radius of a segment; or (0, 0)."""
    axis = other - one
    size = float(np.linalg.norm(axis))
    axis = axis / size
    low, high = np.full(len(start), np.inf), np.full(len(start), -np.inf)
    for centre in (one, other):  # the round ends
        gap = start - centre
        begin, end = _roots(np.ones(len(start)), (gap * way).sum(1), (gap**2).sum(1), radius)
        low, high = np.minimum(low, begin), np.maximum(high, end)
    offset = start - one
    along, deep = way @ axis, offset @ axis
    across, apart = way - along[:, None] * axis, offset - deep[:, None] * axis
    begin, end = _roots((across**2).sum(1), (across * apart).sum(1), (apart**2).sum(1), radius)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.sort(np.stack([-deep / along, (size - deep) / along]), axis=0)
    flat = np.abs(along) < 1e-12  # runs across the axis: all of it at one height
    level = (deep >= 0.0) & (deep <= size)
    begin = np.maximum(begin, np.where(flat, np.where(level, -np.inf, np.inf), ends[0]))
    end = np.minimum(end, np.where(flat, np.where(level, np.inf, -np.inf), ends[1]))
    met = end >= begin
    low, high = np.where(met, np.minimum(low, begin), low), np.where(met, np.maximum(high, end), high)
    low, high = np.clip(low, 0.0, length), np.clip(high, 0.0, length)
    return np.stack([np.where(high > low, low, 0.0), np.where(high > low, high, 0.0)], axis=1)


def _roots(square: Floats, half: Floats, rest: Floats, radius: float) -> tuple[Floats, Floats]:
    """Return where square t2 + 2 half t + rest <= radius2 begins and ends; (inf, -inf) where it never is."""
    gap = rest - radius**2
    parallel = square < 1e-12
    inner = half**2 - square * gap
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(inner, 0.0))
        begin, end = (-half - root) / square, (-half + root) / square
    none = np.where(parallel, gap > 0.0, inner <= 0.0)
    begin = np.where(none, np.inf, np.where(parallel, -np.inf, begin))
    end = np.where(none, -np.inf, np.where(parallel, np.inf, end))
    return begin, end
