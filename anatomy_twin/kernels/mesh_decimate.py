"""Fewer triangles for a complex of surfaces that share their interfaces: every structure stays closed, none gains or
loses volume by much, and touching ones still share all their triangles, also along the rims of contacts.

Edges are contracted in rounds: all points find their best allowed edge at once (see ``mesh_decimate_edges``), the
cheapest of these that do not meet are taken in order, and all are contracted at once. The result depends on the input
only, not on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.mesh_decimate_edges import best_edges
from anatomy_twin.kernels.mesh_decimate_setup import prepare, stars

SHARE_PER_ROUND = 0.5  # of the points, those with the cheapest edges: the rest wait for what may become cheaper
GROWTH = 1.5  # of the cost that is looked into, from round to round: what is left is coarser
POINTS_AT_A_TIME = 500_000  # looked at between two calls of ``asked``
LEAST_PROGRESS = 0.004  # of the triangles in a round; less is not worth another


@njit(cache=True)
def _chosen(ranking: Any, partner: Any, start: Any, wings: Any, most: int) -> Any:
    """Return the points whose edges are taken: in the order given, those that touch no neighbourhood taken before,
    until ``most`` triangles will have gone."""
    blocked = np.zeros(partner.shape[0], np.bool_)
    taken = np.empty(ranking.shape[0], np.int32)
    count, going = 0, 0
    for u in ranking:
        v = partner[u]
        if blocked[u] or blocked[v]:
            continue
        for n in range(start[u], start[u + 1]):
            blocked[wings[n, 0]] = blocked[wings[n, 1]] = True
            if wings[n, 0] == v or wings[n, 1] == v:
                going += 1
        for n in range(start[v], start[v + 1]):
            blocked[wings[n, 0]] = blocked[wings[n, 1]] = True
        taken[count] = u
        count += 1
        if going >= most:
            break
    return taken[:count]


@njit(cache=True, parallel=True)
def _contract(
    taken: Any, partner: Any, places: Any, points: Any, triangles: Any, orders: Any, quadrics: Any, start: Any,
    star: Any, wings: Any, changed: Any, given: Any, into: Any,
) -> None:
    """Contract the taken edges in place; a triangle that vanishes gets point number -1 first. No two edges meet.

    ``given`` is the number that each point was given in, ``into`` notes for these where they went; ``changed`` tells
    around which points triangles are others or elsewhere than before.
    """
    for number in prange(taken.shape[0]):
        u = taken[number]
        v = partner[u]
        gone, kept = (v, u) if orders[u] > orders[v] else (u, v)
        into[given[gone]] = given[kept]
        for end in (u, v):
            for n in range(start[end], start[end + 1]):
                changed[wings[n, 0]] = changed[wings[n, 1]] = True
        for axis in range(3):
            points[kept, axis] = places[u, axis]
        for entry in range(11):
            quadrics[kept, entry] += quadrics[gone, entry]
        for n in range(start[gone], start[gone + 1]):
            t = star[n]
            if triangles[t, 0] == kept or triangles[t, 1] == kept or triangles[t, 2] == kept:
                triangles[t, 0] = -1
            else:
                for c in range(3):
                    if triangles[t, c] == gone:
                        triangles[t, c] = kept


@njit(cache=True)
def _compact(
    points: Any, triangles: Any, sides: Any, orders: Any, quadrics: Any, given: Any, changed: Any, partner: Any,
    cost: Any, places: Any, pending: Any, count: int,
) -> Any:
    """Move what is left to the front of the arrays, in the same order; return (points left, triangles left)."""
    number = np.full(points.shape[0], -1, np.int32)
    left = 0
    for t in range(count):
        if triangles[t, 0] < 0:
            continue
        for c in range(3):
            triangles[left, c] = triangles[t, c]
            number[triangles[t, c]] = 0
        sides[left, 0], sides[left, 1] = sides[t, 0], sides[t, 1]
        left += 1
    kept = 0
    for u in range(points.shape[0]):
        if number[u] < 0:
            continue
        number[u] = kept
        for axis in range(3):
            points[kept, axis], places[kept, axis] = points[u, axis], places[u, axis]
        for entry in range(11):
            quadrics[kept, entry] = quadrics[u, entry]
        orders[kept], given[kept] = orders[u], given[u]
        changed[kept], partner[kept], cost[kept], pending[kept] = changed[u], partner[u], cost[u], pending[u]
        kept += 1
    for u in range(kept):
        if partner[u] >= 0:
            partner[u] = number[partner[u]]
    for t in range(left):
        for c in range(3):
            triangles[t, c] = number[triangles[t, c]]
    return kept, left


class Decimated(NamedTuple):
    """What is left of a complex: ``points_mm`` (n, 3), ``triangles`` (m, 3), their ``sides`` (m, 2), all in the order
    of the input, and ``became`` (N,): which of the points each one of the input was drawn into, -1 without triangles.
    """

    points_mm: NDArray[np.float64]
    triangles: NDArray[np.int32]
    sides: NDArray[np.int32]
    became: NDArray[np.int32]


def decimate_complex(
    points_mm: NDArray[np.float64],
    triangles: NDArray[np.int32],
    sides: NDArray[np.int32],
    tolerance_mm: float,
    target_triangles: int,
    *,
    most_triangles: float = np.inf,
    widest_mm: float = 0.0,
    asked: Callable[[int], None] = lambda _: None,
) -> Decimated:
    """Contract edges of a surface complex until it has few enough triangles or is as coarse as it may be.

    The complex stays the same up to a homeomorphism: pieces, holes, contacts and rims remain. Points at which rims meet
    stay where they are; contractions of edges within a surface or along a rim of three leave all volumes as they are.

    Parameters
    ----------
    points_mm : (N, 3) LPS mm.
    triangles : (M, 3) point numbers; an edge may have any number of triangles.
    sides : (M, 2) the two regions that a triangle parts, first the one its back faces or the other way about: the same
        for all triangles.
    tolerance_mm : root mean square distance that a point may have from the planes of the triangles it stands for, and
        from the rims.
    target_triangles : stop when so many are left (just below it). More stay where the tolerance forbids.
    most_triangles, widest_mm : where the tolerance leaves more than so many, it is doubled, and again, until there are
        just as many, or it is as wide as that.
    asked : called every second or so with the number of triangles that are left; what it raises ends the work.
    """
    points = np.array(points_mm, dtype=np.float64, order="C").reshape(-1, 3)
    faces = np.array(triangles, dtype=np.int32, order="C").reshape(-1, 3)
    parts = np.array(sides, dtype=np.int32, order="C").reshape(-1, 2)
    into = np.arange(len(points), dtype=np.int32)
    if not len(faces):
        return Decimated(points[:0], faces, parts, np.full(len(points), -1, np.int32))
    tolerance, target = min(float(tolerance_mm), 1e9), max(0, int(target_triangles))
    centre = points.mean(axis=0)  # quadrics lose digits far from the origin
    points -= centre
    count, given = len(faces), into.copy()
    start, _, wings = stars(faces, count, len(points))
    orders, quadrics = prepare(points, start, wings)
    changed, partner, pending = np.ones(len(points), bool), np.full(len(points), -1, np.int32), np.zeros(len(points))
    cost, places = np.full(len(points), np.inf), np.zeros_like(points)
    about = (points, faces, parts, orders, quadrics, given, changed, partner, cost, places, pending)
    kept, count = _compact(*about, count)
    ceiling = np.inf
    while count > target:
        asked(count)
        start, star, wings = stars(faces, count, kept)
        for first in range(0, kept, POINTS_AT_A_TIME):
            asked(count)
            best_edges(
                points[:kept], parts, orders, quadrics, start, star, wings, tolerance**2, ceiling, changed, partner,
                cost, places, pending, first, min(kept, first + POINTS_AT_A_TIME),
            )
        asked(count)
        changed[:kept] = False
        ranking = _ranking(cost[:kept], max(64, int(SHARE_PER_ROUND * kept)))
        taken = _chosen(ranking, partner[:kept], start, wings, count - target)
        _contract(
            taken, partner, places, points, faces, orders, quadrics, start, star, wings, changed, given, into
        )
        before, dearest = count, float(cost[ranking[-1]]) if len(ranking) else np.inf
        kept, count = _compact(points[:kept], *about[1:], count)
        if before - count >= LEAST_PROGRESS * before:
            ceiling = GROWTH * dearest
        elif np.isfinite(ceiling):
            ceiling = np.inf
        elif count > most_triangles and tolerance < widest_mm:
            tolerance, target = 2.0 * tolerance, max(target, int(most_triangles))
            changed[:kept] = True
        else:
            break
    return Decimated(
        points[:kept] + centre, faces[:count].copy(), parts[:count].copy(), _followed(into, given[:kept])
    )


def _followed(into: NDArray[np.int32], left: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return where every point ended, as numbers of what is left, from where each went when it was contracted."""
    while True:
        further = into[into]
        if np.array_equal(further, into):
            break
        into = further
    number = np.full(len(into), -1, np.int32)
    number[left] = np.arange(len(left), dtype=np.int32)
    return number[into]


def _ranking(cost: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Return the points on offer this round, cheapest first, equal ones by number."""
    offered = np.flatnonzero(np.isfinite(cost))
    # the leading bits of a positive double grow with it: 5 of the fraction are plenty, and 16 bits are sorted by radix
    key = np.clip((cost[offered].view(np.int64) >> 47) - (1023 - 60 << 5), 0, 65535).astype(np.uint16)
    order = np.argsort(key, kind="stable")
    return offered[order[:most]]
