"""Ways over a surface of triangles: how far points are along it, shortest lines on it, bands round lines, contours.

Distances are first arrivals at unit speed (``kernels.eikonal``). A shortest line is followed back from its end: from a
point on a side of a triangle it goes to the point q of another side at which T(q) + |p q| is least, with T linear along
that side: F. Bornemann, C. Rasch, Comput Vis Sci 2006;9:57, read backwards. T becomes less with every step.

A line is given by what it crosses: ``ends`` (n, 2) points of the surface and ``share`` (n,); its point n lies at
``share`` of the way from the first to the second, which are the same where it passes through a point.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.eikonal import arrive_on_triangles, prepared, solved
from anatomy_twin.kernels.mesh_boundary import corners_of_points

ON_POINT = 1e-6  # share of a side so near to its end is that end


class Ways(NamedTuple):
    """What many searches over one surface share: its points (N, 3), triangles (M, 3) and their ``cost`` per mm (M,),
    ``start`` and ``corner`` of the triangles at a point, ``tables``, ``step_mm`` and ``place`` of ``eikonal.prepared``.
    """

    points_mm: NDArray[np.float64]
    triangles: NDArray[np.int32]
    cost: NDArray[np.float64]
    start: NDArray[np.int32]
    corner: NDArray[np.int32]
    tables: tuple[NDArray[Any], ...]
    step_mm: float
    place: NDArray[np.int64]


class Line(NamedTuple):
    """A line on a surface, see the head of this file."""

    ends: NDArray[np.int32]
    share: NDArray[np.float64]


def ways_over(
    points_mm: NDArray[np.float64], triangles: NDArray[np.integer[Any]], cost: NDArray[np.float64] | None = None
) -> Ways:
    """Return the ways over a surface; triangles without area are not crossed.

    With ``cost`` (M,), what a mm of a way costs in each triangle, ways and shortest lines are the cheapest ones, and
    distances are costs.
    """
    a, b, c = (points_mm[triangles[:, n]] for n in range(3))
    sound = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 0
    costs = np.ones(len(triangles)) if cost is None else np.asarray(cost, dtype=np.float64)
    metrics = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]) * costs[:, None] ** 2
    few = np.ascontiguousarray(triangles[sound], dtype=np.int32)
    tables, step, place = prepared(points_mm, np.asarray(triangles, np.int64), metrics, sound)
    start, corner = corners_of_points(few, len(points_mm))
    points = np.ascontiguousarray(points_mm, dtype=np.float64)
    return Ways(points, few, costs[sound], start, corner, tables, step, place)


def distance_mm(
    ways: Ways, points: NDArray[np.integer[Any]], start_mm: NDArray[np.float64] | None = None,
    closed: NDArray[np.bool_] | None = None, until_mm: float = math.inf,
) -> NDArray[np.float64]:
    """Return (N,) how far each point of a surface is from the nearest of ``points``, inf where it is not reached.

    ``start_mm`` is added for each of them, points that are ``closed`` are not crossed, nothing goes beyond
    ``until_mm``.
    """
    starts = np.zeros(len(points)) if start_mm is None else np.asarray(start_mm, dtype=np.float64)
    shut = np.zeros(len(ways.place), bool)
    if closed is not None:
        shut[ways.place] = closed
    found = solved(arrive_on_triangles, ways.tables, ways.step_mm, ways.place[points], starts, shut, until_mm)
    return np.asarray(found[ways.place])


def nearest_points(
    points_mm: NDArray[np.float64], places_mm: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which of ``points_mm`` (N, 3) is nearest to each of ``places_mm`` (n, 3), and how far it is, mm."""
    places = np.ascontiguousarray(places_mm, dtype=np.float64)
    found = _nearest(np.ascontiguousarray(points_mm, dtype=np.float64), places)
    return found, np.linalg.norm(points_mm[found] - places, axis=1)


def shortest_line(ways: Ways, stops: NDArray[np.integer[Any]]) -> Line | None:
    """Return the shortest line through points of a surface, one after the other; None where two do not hang together.

    ``stops`` (n,) numbers of points, at least one; the line begins at the first.
    """
    ends, share = [np.full((1, 2), stops[0], np.int32)], [np.zeros(1)]
    for here, there in pairwise(stops):
        if here == there:
            continue
        straight = float(np.linalg.norm(ways.points_mm[here] - ways.points_mm[there]))
        for reach in (2.0 * straight * float(ways.cost.min()) + 4.0 * ways.step_mm, math.inf):
            times = distance_mm(ways, np.array([there]), until_mm=reach)
            if np.isfinite(times[here]):
                break
        else:
            return None
        crossed, shares = _followed(
            ways.points_mm, ways.triangles, ways.cost, ways.start, ways.corner, times, here, there
        )
        ends.append(crossed)
        share.append(shares)
    return Line(np.concatenate(ends), np.concatenate(share))


def line_mm(points_mm: NDArray[np.float64], line: Line) -> NDArray[np.float64]:
    """Return the points (n, 3) of a line."""
    first, second = points_mm[line.ends[:, 0]], points_mm[line.ends[:, 1]]
    return np.asarray(first + line.share[:, None] * (second - first))


def nodes_along(line: Line) -> NDArray[np.int64]:
    """Return for each point of a line (n,) the nearer end of the side that it lies on."""
    return np.where(line.share <= 0.5, line.ends[:, 0], line.ends[:, 1]).astype(np.int64)


def length_mm(points_mm: NDArray[np.float64], line: Line) -> float:
    """Return how long a line is."""
    return float(np.linalg.norm(np.diff(line_mm(points_mm, line), axis=0), axis=1).sum())


def from_line_mm(ways: Ways, line: Line, until_mm: float = math.inf) -> NDArray[np.float64]:
    """Return (N,) how far each point of a surface is from a line, along the surface, inf beyond ``until_mm``."""
    points, starts = _beside(ways.points_mm, line_mm(ways.points_mm, line), line.ends)
    return distance_mm(ways, points, starts, until_mm=until_mm)


def band(ways: Ways, line: Line, radius_mm: float) -> tuple[NDArray[np.int64], float]:
    """Return the points within a radius of a line, never fewer than bar the way over it, and how far they reach, mm.

    The way is barred where of every side of a triangle that the line crosses one end is in the band: the nearer.
    """
    barrier = np.unique(nodes_along(line))
    crossed = ways.points_mm[line.ends[:, 1]] - ways.points_mm[line.ends[:, 0]]
    longest = float(np.linalg.norm(crossed, axis=1).max())
    away = from_line_mm(ways, line, max(radius_mm, longest))
    return np.union1d(np.flatnonzero(away <= radius_mm), barrier), max(radius_mm, float(away[barrier].max()))


def cheapest_line(
    ways: Ways, from_points: NDArray[np.integer[Any]], to_points: NDArray[np.integer[Any]]
) -> Line | None:
    """Return the shortest line from any of some points to any of others; None where they do not hang together."""
    first = distance_mm(ways, to_points)
    here = int(from_points[np.argmin(first[from_points])])
    second = distance_mm(ways, np.array([here]))
    return shortest_line(ways, np.array([here, int(to_points[np.argmin(second[to_points])])]))


def contours(triangles: NDArray[np.integer[Any]], values: NDArray[np.float64]) -> list[Line]:
    """Return the lines on a surface along which ``values`` (N,), linear over its triangles, are 0.

    A closed line ends where it begins; others begin and end at the rim of the surface. They are ordered by the first
    side that they cross.
    """
    below = values <= 0.0
    crossed: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for corners in triangles[below[triangles].any(axis=1) & ~below[triangles].all(axis=1)]:
        sides = [(int(min(a, b)), int(max(a, b))) for a, b in zip(corners, np.roll(corners, -1), strict=True)]
        one, other = (side for side in sides if below[side[0]] != below[side[1]])
        crossed.setdefault(one, []).append(other)
        crossed.setdefault(other, []).append(one)
    found, left = [], dict.fromkeys([*sorted(side for side in crossed if len(crossed[side]) == 1), *sorted(crossed)])
    while left:
        way = [next(iter(left))]
        left.pop(way[0])
        while ahead := [side for side in crossed[way[-1]] if side in left]:
            way.append(ahead[0])
            left.pop(ahead[0])
        if len(way) > 2 and way[0] in crossed[way[-1]]:
            way.append(way[0])
        ends = np.array(way, np.int32)
        low, high = values[ends[:, 0]], values[ends[:, 1]]
        found.append(Line(ends, low / (low - high)))
    return found


def spaced(points_mm: NDArray[np.float64], line: Line, spacing_mm: float) -> NDArray[np.float64]:
    """Return places (n, 3) on a line, evenly at most ``spacing_mm`` apart along it, its two ends among them."""
    way = line_mm(points_mm, line)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], max(int(np.ceil(along[-1] / spacing_mm - 1e-9)), 1) + 1)
    return np.stack([np.interp(at, along, way[:, n]) for n in range(3)], axis=1)


@njit(cache=True)
def _nearest(points: Any, places: Any) -> Any:
    found = np.zeros(places.shape[0], np.int64)
    for n in range(places.shape[0]):
        least = math.inf
        for v in range(points.shape[0]):
            x, y, z = points[v, 0] - places[n, 0], points[v, 1] - places[n, 1], points[v, 2] - places[n, 2]
            square = x * x + y * y + z * z
            if square < least:
                least, found[n] = square, v
    return found


@njit(cache=True, no_cpython_wrapper=True)
def _away(points: Any, v: int, place: Any) -> float:
    x, y, z = points[v, 0] - place[0], points[v, 1] - place[1], points[v, 2] - place[2]
    return math.sqrt(x * x + y * y + z * z)


@njit(cache=True, no_cpython_wrapper=True)
def _best_on_side(points: Any, times: Any, x: int, y: int, place: Any, cost: float) -> Any:
    """Return (T + way, T, share) of the best point between the points x and y to go to from a place."""
    side, along, square = 0.0, 0.0, 0.0
    for n in range(3):
        d, p = points[y, n] - points[x, n], place[n] - points[x, n]
        side += d * d
        along += d * p
        square += p * p
    best, at, share = times[x] + cost * math.sqrt(square), times[x], 0.0
    other = times[y] + cost * _away(points, y, place)
    if other < best:
        best, at, share = other, times[y], 1.0
    if side > 0.0 and times[x] < math.inf and times[y] < math.inf:
        slope = (times[y] - times[x]) / (cost * math.sqrt(side))
        if -1.0 < slope < 1.0:
            height = math.sqrt(max(square - along * along / side, 0.0))
            foot = along / side - slope * height / math.sqrt(side * (1.0 - slope * slope))
            if ON_POINT < foot < 1.0 - ON_POINT:
                there = times[x] + foot * (times[y] - times[x])
                way = cost * math.sqrt(max(square - 2.0 * foot * along + foot * foot * side, 0.0))
                if there + way < best:
                    best, at, share = there + way, there, foot
    return best, at, share


@njit(cache=True)
def _followed(
    points: Any, triangles: Any, cost: Any, start: Any, corner: Any, times: Any, here: int, there: int
) -> Any:
    """Follow the shortest line from one point to the other, where ``times`` are 0; returns its ends and shares."""
    most = 4 * points.shape[0] + 4
    ends, shares = np.empty((most, 2), np.int32), np.empty(most)
    count, a, b, share, now = 0, here, here, 0.0, times[here]
    place = points[here].copy()
    while (a != there or b != there) and count < most:
        best, to_a, to_b, to_share, to_time = math.inf, -1, -1, 0.0, now
        for n in range(start[a], start[a + 1]):
            t = corner[n] // 3
            p, q, r = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            if b != p and b != q and b != r:
                continue
            for m in range(3):
                x, y = triangles[t, m], triangles[t, (m + 1) % 3]
                if (x == a and y == b) or (x == b and y == a):
                    continue
                value, time, at = _best_on_side(points, times, x, y, place, cost[t])
                if value < best and time < now:
                    best, to_time = value, time
                    to_a, to_b, to_share = x, y, at
                    if at == 0.0:
                        to_b = x
                    elif at == 1.0:
                        to_a, to_share = y, 0.0
        if to_a < 0:  # flat: on to the nearer of the two ends
            to_a = a if times[a] < times[b] else b
            to_b, to_share, to_time = to_a, 0.0, times[to_a]
            if to_time >= now:
                break
        a, b, share, now = to_a, to_b, to_share, to_time
        for n in range(3):
            place[n] = points[a, n] + share * (points[b, n] - points[a, n])
        ends[count, 0], ends[count, 1], shares[count] = a, b, share
        count += 1
    return ends[:count].copy(), shares[:count].copy()


@njit(cache=True)
def _beside(points: Any, line: Any, ends: Any) -> Any:
    """Return the points of the triangles that a line runs through and how far each is from its piece there."""
    count = max(4 * (line.shape[0] - 1), 1)
    found, away = np.empty(count, np.int64), np.empty(count)
    if line.shape[0] == 1:
        found[0], away[0] = ends[0, 0], 0.0
        return found, away
    for n in range(line.shape[0] - 1):
        for m in range(4):
            v = ends[n + m // 2, m % 2]
            side, along = 0.0, 0.0
            for k in range(3):
                d = line[n + 1, k] - line[n, k]
                side += d * d
                along += d * (points[v, k] - line[n, k])
            share = min(max(along / side, 0.0), 1.0) if side > 0.0 else 0.0
            square = 0.0
            for k in range(3):
                d = points[v, k] - line[n, k] - share * (line[n + 1, k] - line[n, k])
                square += d * d
            found[4 * n + m], away[4 * n + m] = v, math.sqrt(square)
    return found, away


def warm_up() -> None:
    """Compile everything (it is cached on disk)."""
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    line = shortest_line(ways_over(points, triangles), np.array([0, 3]))
    assert line is not None
    band(ways_over(points, triangles), line, 0.5)
    nearest_points(points, points)
