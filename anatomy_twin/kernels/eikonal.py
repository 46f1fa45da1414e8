"""First arrival of a front on triangles, each with a metric of its own: the anisotropic eikonal equation.

Within a triangle the front takes sqrt(d^T M d) for a way d, M the inverse of the squared velocity tensor. A corner c is
reached over the side from a to b in

    T(c) = min over l in [0, 1] of  l T(a) + (1 - l) T(b) + sqrt(d^T M d),  d from the point l a + (1 - l) b to c

(F. Bornemann, C. Rasch, Comput Vis Sci 2006;9:57, who show that this converges for obtuse triangles too). With
t = T(a) - T(b), g the squared length of a b in the metric, l0 where the perpendicular from c meets the side, and h its
length, the minimum within the side is T(b) + l0 t + h sqrt(1 - t^2 / g). All times are corrected until none changes:
points wait in a list, those that come before a rising limit are looked at first, so that nearly all are final when they
are. One thread, a fixed order: the same result anywhere.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.mesh_boundary import corners_of_points

SETTLED = 1e-5  # of the time along a mean side: a correction by less is kept and not passed on
COEFFICIENTS = 8  # per triangle and point of it, see ``triangle_rows``


@njit(cache=True)
def _squared(points: Any, a: int, b: int, metric: Any) -> float:
    x, y, z = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1], points[a, 2] - points[b, 2]
    return float(
        metric[0] * x * x + metric[1] * y * y + metric[2] * z * z
        + 2.0 * (metric[3] * x * y + metric[4] * x * z + metric[5] * y * z)
    )


@njit(cache=True)
def _fill(
    points: Any, triangles: Any, metrics: Any, open_: Any, start: Any, corner: Any, others: Any, rows: Any
) -> Any:
    """Write the rows; returns the sum of the lengths of sides and their number."""
    kept = np.zeros(start.shape[0], np.int32)
    count, total, sides = 0, 0.0, 0
    for v in range(start.shape[0] - 1):
        for n in range(start[v], start[v + 1]):
            t, c = corner[n] // 3, corner[n] % 3
            if not open_[t]:
                continue
            a, b = triangles[t, (c + 1) % 3], triangles[t, (c + 2) % 3]
            to_a, to_b = _squared(points, v, a, metrics[t]), _squared(points, v, b, metrics[t])
            across = _squared(points, a, b, metrics[t])
            others[count, 0], others[count, 1] = a, b
            row = rows[count]
            # a over the side from v to b, then b over the side from v to a: l0, (h / side)^2, the side squared, length
            row[0] = (across + to_b - to_a) / (2.0 * to_b)
            row[1] = max(across / to_b - row[0] * row[0], 0.0)
            row[2], row[3] = to_b, math.sqrt(to_a)
            row[4] = (across + to_a - to_b) / (2.0 * to_a)
            row[5] = max(across / to_a - row[4] * row[4], 0.0)
            row[6], row[7] = to_a, math.sqrt(to_b)
            total += row[3] + row[7]
            sides += 2
            count += 1
        kept[v + 1] = count
    return kept, total, sides


def triangle_rows(
    points_mm: NDArray[np.float64], triangles: NDArray[np.int32], metrics: NDArray[np.float64],
    conducting: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], float]:
    """Return what ``arrive_on_triangles`` needs to know of a surface.

    Parameters
    ----------
    points_mm (N, 3), triangles (M, 3).
    metrics : (M, 6), ms2/mm2, xx, yy, zz, xy, xz, yz of the inverse of the squared velocity tensor.
    conducting : (M,), triangles that are False are not there.

    Returns
    -------
    start (N + 1,) of the rows of a point; others (R, 2), the two other corners of each triangle around it; rows
    (R, 8), coefficients in ms; the mean time along a side, ms.
    """
    start, corner = corners_of_points(triangles, points_mm.shape[0])
    count = 3 * int(np.count_nonzero(conducting))
    others, rows = np.empty((count, 2), np.int32), np.empty((count, COEFFICIENTS))
    kept, total, sides = _fill(points_mm, triangles, metrics, conducting, start, corner, others, rows)
    return kept, others, rows, total / max(sides, 1)


# a root of less than nothing is told apart before it is drawn; a time not known yet is infinite and takes no part
@njit(cache=True, error_model="numpy", no_cpython_wrapper=True, inline="always")
def over_side(here: float, beside: float, foot: float, slope: float, side: float, length: float) -> float:
    """Return when the front reaches a corner over the side from ``here`` to ``beside`` (times at its ends).

    ``foot`` is l0 of this file's formula, ``slope`` (h / side)^2, ``side`` g, ``length`` the way from ``here``.
    """
    t = here - beside
    rest = side - t * t
    if rest > 0.0:
        root = math.sqrt(slope / rest)
        share = foot - t * root
        if 0.0 < share < 1.0:
            return beside + foot * t + root * rest
    return here + length


def prepared(
    points_mm: NDArray[np.float64], triangles: NDArray[np.int64], metrics: NDArray[np.float64],
    conducting: NDArray[np.bool_],
) -> tuple[tuple[NDArray[Any], ...], float, NDArray[np.int64]]:
    """Return the arrays of ``arrive_on_triangles``, the step of its limit (ms) and the place (N,) of points in them.

    Points are put in an order in which near ones are close together; parameters as for ``triangle_rows``.
    """
    order = along_curve(points_mm)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    renamed = place[triangles]
    rank = np.argsort(renamed.min(axis=1), kind="stable")
    start, others, rows, step = triangle_rows(
        points_mm[order], renamed[rank].astype(np.int32), metrics[rank], conducting[rank]
    )
    return (start, others, rows), step, place


@njit(cache=True, no_cpython_wrapper=True, inline="always")
def put(point: int, near: Any, tail: int) -> int:
    """Put a point at the end of a list that goes round; returns its new end."""
    near[tail] = point
    return tail + 1 if tail + 1 < near.shape[0] else 0


@njit(cache=True, no_cpython_wrapper=True, inline="always")
def queued(point: int, near: Any, waiting: Any, tail: int, held: int) -> Any:
    """Put a point into the list unless it waits already; returns the list's new end and how many it holds."""
    if waiting[point]:
        return tail, held
    waiting[point] = True
    return put(point, near, tail), held + 1


@njit(cache=True, no_cpython_wrapper=True)
def raised(times: Any, near: Any, far: Any, behind: int, tail: int, step: float) -> Any:
    """Move what comes next from ``far`` to ``near``; return (limit, number left in far, end of near, number moved)."""
    first = math.inf
    for n in range(behind):
        first = min(first, times[far[n]])
    limit = first + step
    kept = 0
    for n in range(behind):
        v = far[n]
        if times[v] <= limit:
            tail = put(v, near, tail)
        else:
            far[kept] = v
            kept += 1
    return limit, kept, tail, behind - kept


@njit(cache=True, error_model="numpy")
def arrive_on_triangles(
    start: Any, others: Any, rows: Any, step: float, until: float, closed: Any, times: Any, near: Any, far: Any,
    waiting: Any, behind: int,
) -> int:
    """Correct ``times`` (N,) until none changes; returns how many times a point was looked at.

    ``far`` holds the first ``behind`` points to look at, ``waiting`` tells which points are in a list; ``near`` is
    room for N. Points that are ``closed`` are not reached; nothing goes on from where it is later than ``until``.
    """
    head, tail, looked = 0, 0, 0
    settled = SETTLED * step
    while behind > 0:
        limit, behind, tail, held = raised(times, near, far, behind, tail, step)
        while held > 0:
            v = near[head]
            head = head + 1 if head + 1 < near.shape[0] else 0
            held -= 1
            here = times[v]
            if here > limit:
                far[behind] = v
                behind += 1
                continue
            waiting[v] = False
            looked += 1
            for n in range(start[v], start[v + 1]):
                a, b = others[n, 0], others[n, 1]
                row = rows[n]
                if times[a] > min(here, times[b]) and not closed[a]:
                    time = over_side(here, times[b], row[0], row[1], row[2], row[3])
                    if time < times[a]:
                        news = times[a] - time > settled
                        times[a] = time
                        if news and time <= until:
                            tail, held = queued(a, near, waiting, tail, held)
                if times[b] > min(here, times[a]) and not closed[b]:
                    time = over_side(here, times[a], row[4], row[5], row[6], row[7])
                    if time < times[b]:
                        news = times[b] - time > settled
                        times[b] = time
                        if news and time <= until:
                            tail, held = queued(b, near, waiting, tail, held)
    return looked


def solved(
    arrive: Any, tables: tuple[Any, ...], step: float, sources: NDArray[Any], starts: NDArray[np.float64],
    closed: NDArray[np.bool_], until: float,
) -> NDArray[np.float64]:
    """Return the times (N,) that a kernel ``arrive`` finds from ``sources`` (n,) that start at ``starts`` (n,).

    ``tables`` are its arrays up to ``step``; ``closed`` (N,) points are not reached; later than ``until`` is inf.
    """
    count = closed.shape[0]
    times = np.full(count, np.inf)
    np.minimum.at(times, sources, starts)
    first = np.unique(sources)
    near, far, waiting = np.empty(count, np.int32), np.empty(count, np.int32), np.zeros(count, bool)
    far[: first.size] = first
    waiting[first] = True
    arrive(*tables, step, until, closed, times, near, far, waiting, int(first.size))
    times[times > until] = np.inf
    return times


def along_curve(points_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return an order of points in which near ones are close together (Morton's)."""
    low, span = points_mm.min(axis=0), max(float(np.ptp(points_mm, axis=0).max()), 1e-12)
    steps = ((points_mm - low) / span * 1023.0).astype(np.int64)
    key = np.zeros(len(steps), np.int64)
    for bit in range(10):
        for axis in range(3):
            key |= (steps[:, axis] >> bit & 1) << (3 * bit + axis)
    return np.argsort(key, kind="stable")
