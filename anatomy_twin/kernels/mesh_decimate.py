"""Fewer triangles for a complex of surfaces that share their interfaces: every structure stays closed, none gains or
loses volume by much, and touching ones still share all their triangles, also along the rims of contacts.

Edges are contracted in rounds: all points find their best allowed edge at once (see ``mesh_decimate_edges``), the
cheapest of these that do not meet are taken in order, and all are contracted at once. The result depends on the input
only, not on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from anatomy_twin.kernels.mesh_decimate_edges import best_edges
from anatomy_twin.kernels.mesh_decimate_setup import prepare, stars

SHARE_PER_ROUND = 0.5  # of the points, those with the cheapest edges: the rest wait for what may become cheaper
GROWTH = 1.5  # of the cost that is looked into, from round to round: what is left is coarser
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
    star: Any,
) -> None:
    """Contract the taken edges in place; a triangle that vanishes gets point number -1 first. No two edges meet."""
    for number in prange(taken.shape[0]):
        u = taken[number]
        v = partner[u]
        gone, kept = (v, u) if orders[u] > orders[v] else (u, v)
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
def _compact(points: Any, triangles: Any, sides: Any, orders: Any, quadrics: Any, count: int) -> Any:
    """Move what is left to the front of the arrays, in the same order; return (points left, triangles left)."""
    number = np.full(points.shape[0], -1, np.int32)
    left = 0
    for t in range(count):
        if triangles[t, 0] < 0:
            continue
        for c in range(3):
            triangles[left, c] = triangles[t, c]
            number[triangles[t, c]] = 0
        sides[left] = sides[t]
        left += 1
    kept = 0
    for u in range(points.shape[0]):
        if number[u] < 0:
            continue
        number[u] = kept
        points[kept] = points[u]
        orders[kept] = orders[u]
        quadrics[kept] = quadrics[u]
        kept += 1
    for t in range(left):
        for c in range(3):
            triangles[t, c] = number[triangles[t, c]]
    return kept, left


def decimate_complex(
    points_mm: NDArray[np.float64],
    triangles: NDArray[np.int32],
    sides: NDArray[np.int32],
    tolerance_mm: float,
    target_triangles: int,
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]:
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

    Returns
    -------
    (points_mm (n, 3), triangles (m, 3), sides (m, 2)) : copies, in the order of the input; points without a triangle
        are left out.
    """
    points = np.array(points_mm, dtype=np.float64, order="C").reshape(-1, 3)
    faces = np.array(triangles, dtype=np.int32, order="C").reshape(-1, 3)
    parts = np.array(sides, dtype=np.int32, order="C").reshape(-1, 2)
    if not len(faces):
        return points[:0], faces, parts
    limit = min(float(tolerance_mm), 1e9) ** 2
    target = max(0, int(target_triangles))
    centre = points.mean(axis=0)  # quadrics lose digits far from the origin
    points -= centre
    count = len(faces)
    start, _, wings = stars(faces, count, len(points))
    orders, quadrics = prepare(points, start, wings)
    kept, count = _compact(points, faces, parts, orders, quadrics, count)
    ceiling = np.inf
    while count > target:
        points, orders, quadrics = points[:kept], orders[:kept], quadrics[:kept]
        start, star, wings = stars(faces, count, kept)
        partner, cost, places = best_edges(
            points, parts, orders, quadrics, start, star, wings, limit, ceiling
        )
        ranking = _ranking(cost, max(64, int(SHARE_PER_ROUND * kept)))
        taken = _chosen(ranking, partner, start, wings, count - target)
        _contract(taken, partner, places, points, faces, orders, quadrics, start, star)
        before = count
        kept, count = _compact(points, faces, parts, orders, quadrics, count)
        if before - count >= LEAST_PROGRESS * before:
            ceiling = GROWTH * float(cost[ranking[-1]])
        elif np.isinf(ceiling):
            break
        else:
            ceiling = np.inf
    return points[:kept] + centre, faces[:count].copy(), parts[:count].copy()


def _ranking(cost: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Return the points on offer this round, cheapest first, equal ones by number."""
    offered = np.flatnonzero(np.isfinite(cost))
    # the leading bits of a positive double grow with it: 5 of the fraction are plenty, and 16 bits are sorted by radix
    key = np.clip((cost[offered].view(np.int64) >> 47) - (1023 - 60 << 5), 0, 65535).astype(np.uint16)
    order = np.argsort(key, kind="stable")
    return offered[order[:most]]
