"""Which edge of a surface complex is best contracted next, and where the joint point goes.

Whether an edge may go: the link conditions of Dey, Edelsbrunner, Guha and Nekhayev (1999) for complexes of triangles;
they keep the complex the same up to a homeomorphism, so what was closed stays closed. Where its point goes: least
quadric error (Garland and Heckbert 1997) among the places that leave the enclosed volumes as they are (the constraint
of Lindstrom and Turk, "Fast and memory efficient polygonal simplification", IEEE Visualization 1998, 279-286).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.mesh_decimate_setup import FIXED, GONE, LARGEST_STAR, SURFACE, link

MOST_TRIANGLES = 16  # around one point: more make slivers
LEAST_COSINE = 0.5  # a triangle may turn by 60 degrees at a time
LEAST_SHAPE = 0.4  # 2 sqrt(3) |normal| / sum of squared sides: 1 for equal sides, 0.4 at 14 to 20 degrees
TIE = 1e-3  # how far flat places are drawn to the middle of the edge: keeps the equations solvable
LENGTH_COST = 1e-5  # cost of squared length beside squared distance: long edges of flat places come later
TRIES = 3
_BLOCK = 256


@njit(cache=True, no_cpython_wrapper=True)
def _kind(order: int, other: int, uses: int) -> int:
    """How an edge between points of two orders may be contracted: 0 not, 1 anywhere, 2 to the point of higher order."""
    if uses == 2:
        if order == SURFACE and other == SURFACE:
            return 1
        return 2 if order == SURFACE or other == SURFACE else 0
    if order == SURFACE or other == SURFACE or order == other == FIXED:
        return 0
    return 1 if order == other else 2


@njit(cache=True, no_cpython_wrapper=True)
def _middle(points: Any, u: int, v: int) -> Any:
    return 0.5 * (points[u, 0] + points[v, 0]), 0.5 * (points[u, 1] + points[v, 1]), 0.5 * (points[u, 2] + points[v, 2])


@njit(cache=True, no_cpython_wrapper=True)
def _squared(points: Any, u: int, v: int) -> float:
    x, y, z = points[u, 0] - points[v, 0], points[u, 1] - points[v, 1], points[u, 2] - points[v, 2]
    return float(x * x + y * y + z * z)


@njit(cache=True, no_cpython_wrapper=True)
def _error(q: Any, x: float, y: float, z: float) -> float:
    """The quadric at a place: weighted sum of squared distances."""
    return float(
        x * (q[0] * x + 2.0 * (q[1] * y + q[2] * z + q[6])) + y * (q[3] * y + 2.0 * (q[4] * z + q[7]))
        + z * (q[5] * z + 2.0 * q[8]) + q[9]
    )


@njit(cache=True, no_cpython_wrapper=True)
def _inverse(q: Any) -> Any:
    """The inverse of A + TIE w I, symmetric, as its upper triangle (positive definite by the tie)."""
    tie = TIE * q[10] + 1e-30
    a, b, c, d, e, f = q[0] + tie, q[1], q[2], q[3] + tie, q[4], q[5] + tie
    m0, m1, m2 = d * f - e * e, c * e - b * f, b * e - c * d
    scale = 1.0 / (a * m0 + b * m1 + c * m2)
    return (
        m0 * scale, m1 * scale, m2 * scale, (a * f - c * c) * scale, (b * c - a * e) * scale, (a * d - b * b) * scale
    )


@njit(cache=True)
def _times(m: Any, x: float, y: float, z: float) -> Any:
    return m[0] * x + m[1] * y + m[2] * z, m[1] * x + m[3] * y + m[4] * z, m[2] * x + m[4] * y + m[5] * z


@njit(cache=True, no_cpython_wrapper=True)
def _lowest(q: Any, inverse: Any, x: float, y: float, z: float) -> Any:
    """The step from the middle of the edge to the place of least error."""
    return _times(
        inverse,
        -(q[0] * x + q[1] * y + q[2] * z + q[6]),
        -(q[1] * x + q[3] * y + q[4] * z + q[7]),
        -(q[2] * x + q[4] * y + q[5] * z + q[8]),
    )


@njit(cache=True, no_cpython_wrapper=True)
def _constraint(
    points: Any, sides: Any, start: Any, star: Any, wings: Any, u: int, v: int, middle: Any, region: int
) -> Any:
    """Return (g0, g1, g2, r): the volume of a region does not change if g . step = r; all zero where g is no direction.

    With the middle of the edge as apex, the triangles that vanish enclose nothing, and a triangle (p, b, c) that stays
    encloses p . (b x c) / 6.
    """
    m0, m1, m2 = middle
    g0, g1, g2, r, size = 0.0, 0.0, 0.0, 0.0, 0.0
    for end in range(2):
        own, other = (u, v) if end == 0 else (v, u)
        x0, x1, x2 = points[own, 0] - m0, points[own, 1] - m1, points[own, 2] - m2
        for n in range(start[own], start[own + 1]):
            b, d, t = wings[n, 0], wings[n, 1], star[n]
            if b == other or d == other or (sides[t, 0] != region and sides[t, 1] != region):
                continue
            sign = 1.0 if sides[t, 0] == region else -1.0
            b0, b1, b2 = points[b, 0] - m0, points[b, 1] - m1, points[b, 2] - m2
            d0, d1, d2 = points[d, 0] - m0, points[d, 1] - m1, points[d, 2] - m2
            n0, n1, n2 = sign * (b1 * d2 - b2 * d1), sign * (b2 * d0 - b0 * d2), sign * (b0 * d1 - b1 * d0)
            g0, g1, g2 = g0 + n0, g1 + n1, g2 + n2
            r += n0 * x0 + n1 * x1 + n2 * x2
            size += n0 * n0 + n1 * n1 + n2 * n2
    if g0 * g0 + g1 * g1 + g2 * g2 <= 0.01 * size:  # a ring that is folded or empty
        return 0.0, 0.0, 0.0, 0.0
    return g0, g1, g2, r


@njit(cache=True)
def _held(m: Any, g: Any, h: Any, step: Any) -> Any:
    """Correct a step of least error so that one or two volumes stay: Lagrange's multipliers with A's inverse m."""
    s0, s1, s2 = step
    p0, p1, p2 = _times(m, g[0], g[1], g[2])
    gg = g[0] * p0 + g[1] * p1 + g[2] * p2
    if gg <= 0.0:
        return step
    gr = g[3] - (g[0] * s0 + g[1] * s1 + g[2] * s2)
    o0, o1, o2 = _times(m, h[0], h[1], h[2])
    hh = h[0] * o0 + h[1] * o1 + h[2] * o2
    gh = g[0] * o0 + g[1] * o1 + g[2] * o2
    hr = h[3] - (h[0] * s0 + h[1] * s1 + h[2] * s2)
    determinant = gg * hh - gh * gh
    if determinant <= 1e-6 * gg * hh:  # one volume, or two that change together
        a, b = gr / gg, 0.0
    else:
        a, b = (gr * hh - hr * gh) / determinant, (hr * gg - gr * gh) / determinant
    return s0 + a * p0 + b * o0, s1 + a * p1 + b * o1, s2 + a * p2 + b * o2


@njit(cache=True, no_cpython_wrapper=True)
def _triangle(points: Any, x0: float, x1: float, x2: float, b: int, d: int) -> Any:
    """Return the normal (three times, of twice the area) and the sum of squared sides of the triangle (x, b, d)."""
    b0, b1, b2 = points[b, 0] - x0, points[b, 1] - x1, points[b, 2] - x2
    d0, d1, d2 = points[d, 0] - x0, points[d, 1] - x1, points[d, 2] - x2
    e0, e1, e2 = d0 - b0, d1 - b1, d2 - b2
    squares = b0 * b0 + b1 * b1 + b2 * b2 + d0 * d0 + d1 * d1 + d2 * d2 + e0 * e0 + e1 * e1 + e2 * e2
    return b1 * d2 - b2 * d1, b2 * d0 - b0 * d2, b0 * d1 - b1 * d0, squares


@njit(cache=True, no_cpython_wrapper=True)
def _fits(points: Any, start: Any, wings: Any, u: int, v: int, x0: float, x1: float, x2: float) -> bool:
    """Tell whether every triangle that stays keeps its side and a decent shape when u and v move to x.

    Shapes are compared as 12 |normal|^2 / (sum of squared sides)^2; none may be worse than the worst before, unless
    decent.
    """
    least, worst = LEAST_SHAPE * LEAST_SHAPE, 1.0
    for end in range(2):
        own, other = (u, v) if end == 0 else (v, u)
        o0, o1, o2 = points[own, 0], points[own, 1], points[own, 2]
        if o0 == x0 and o1 == x1 and o2 == x2:
            continue
        for n in range(start[own], start[own + 1]):
            b, d = wings[n, 0], wings[n, 1]
            if b == other or d == other:
                continue
            n0, n1, n2, squares = _triangle(points, x0, x1, x2, b, d)
            m0, m1, m2, _ = _triangle(points, o0, o1, o2, b, d)
            after = n0 * n0 + n1 * n1 + n2 * n2
            turn = n0 * m0 + n1 * m1 + n2 * m2
            before = m0 * m0 + m1 * m1 + m2 * m2
            if after == 0.0 or turn < 0.0 or turn * turn < LEAST_COSINE * LEAST_COSINE * before * after:
                return False
            if 12.0 * after < least * squares * squares:
                worst = min(worst, 12.0 * after / (squares * squares))
    if worst == 1.0:
        return True
    for end in range(2):
        own = u if end == 0 else v
        for n in range(start[own], start[own + 1]):
            m0, m1, m2, squares = _triangle(
                points, points[own, 0], points[own, 1], points[own, 2], wings[n, 0], wings[n, 1]
            )
            if 12.0 * (m0 * m0 + m1 * m1 + m2 * m2) <= worst * squares * squares:
                return True
    return False


@njit(cache=True, no_cpython_wrapper=True)
def _keeps_topology(u: int, v: int, uses: int, start: Any, wings: Any, links: Any, all_uses: Any, found: int) -> bool:
    """The link conditions: what u and v have both as neighbours is just the points opposite to their edge.

    ``links[0]`` and ``all_uses[0]`` hold the ``found`` neighbours of u and how many triangles each shares with it; the
    second rows are filled with those of v.
    """
    more = link(start[v], start[v + 1], wings, links[1], all_uses[1])
    common = 0
    for n in range(found):
        for m in range(more):
            if links[0, n] == links[1, m]:
                common += 1
                if uses != 2 and all_uses[0, n] != 2 and all_uses[1, m] != 2:
                    return False  # a rim of three edges
    if common != uses:
        return False
    for n in range(start[u], start[u + 1]):  # the two other faces of a tetrahedron would become one
        a, b = wings[n, 0], wings[n, 1]
        if a == v or b == v:
            continue
        for m in range(start[v], start[v + 1]):
            c, d = wings[m, 0], wings[m, 1]
            if (a == c and b == d) or (a == d and b == c):
                return False
    return True


@njit(cache=True)
def _place(
    points: Any, sides: Any, start: Any, star: Any, wings: Any, u: int, v: int, uses: int, q: Any
) -> Any:
    """Return (whether all triangles stay sound, the place of the joint point of an edge that may go anywhere)."""
    m0, m1, m2 = _middle(points, u, v)
    squared = _squared(points, u, v)
    g, h = (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)
    t = star[start[u]]
    if uses == 2 or uses == 3:
        g = _constraint(points, sides, start, star, wings, u, v, (m0, m1, m2), sides[t, 0])
    if uses == 3:
        h = _constraint(points, sides, start, star, wings, u, v, (m0, m1, m2), sides[t, 1])
    inverse = _inverse(q)
    step = _held(inverse, g, h, _lowest(q, inverse, m0, m1, m2))
    if step[0] ** 2 + step[1] ** 2 + step[2] ** 2 <= squared:
        x0, x1, x2 = m0 + step[0], m1 + step[1], m2 + step[2]
        if _fits(points, start, wings, u, v, x0, x1, x2):
            return True, x0, x1, x2
    # from the middle of the edge straight to where the volumes stay
    step = _held((1.0, 0.0, 0.0, 1.0, 0.0, 1.0), g, h, (0.0, 0.0, 0.0))
    x0, x1, x2 = m0 + step[0], m1 + step[1], m2 + step[2]
    fits = step[0] ** 2 + step[1] ** 2 + step[2] ** 2 <= squared and _fits(points, start, wings, u, v, x0, x1, x2)
    return fits, x0, x1, x2


@njit(cache=True, no_cpython_wrapper=True)
def _is_known(u: int, start: Any, wings: Any, changed: Any, pending: Any, ceiling: float) -> bool:
    """Tell whether what was found for u still holds: its triangles and those of its neighbours are as they were, and
    no edge that was too costly then is to be looked into now."""
    if changed[u] or pending[u] <= ceiling:
        return False
    touched = False
    for n in range(start[u], start[u + 1]):
        touched |= changed[wings[n, 0]] or changed[wings[n, 1]]
    return not touched


@njit(cache=True, parallel=True)
def best_edges(
    points: Any, sides: Any, orders: Any, quadrics: Any, start: Any, star: Any, wings: Any, limit: float,
    ceiling: float, changed: Any, partner: Any, cost: Any, places: Any, pending: Any, first: int, last: int,
) -> None:
    """Find for every point u from ``first`` to before ``last`` the best contraction of an edge (u, v) with v > u that
    is allowed.

    Written are, where ``changed`` (N,) says that something around the point is not as it was in the round before,
    ``partner`` (N,), -1 for none, its ``cost`` (N,), ``places`` (N, 3) of the joint point in mm, and ``pending`` (N,),
    the cost of what was too costly to be looked into. ``limit`` is the largest mean squared distance in mm2 that a
    contraction may reach; edges that cost more than ``ceiling`` are not looked into.
    """
    for block in prange((last - first + _BLOCK - 1) // _BLOCK):
        links, uses = np.empty((2, 2 * LARGEST_STAR), np.int32), np.empty((2, 2 * LARGEST_STAR), np.int32)
        q, ranked, rank_cost = np.empty(11), np.empty(TRIES, np.int32), np.empty(TRIES)
        for u in range(first + block * _BLOCK, min(last, first + (block + 1) * _BLOCK)):
            if _is_known(u, start, wings, changed, pending, ceiling):
                continue
            partner[u], cost[u], pending[u] = -1, np.inf, np.inf
            around = start[u + 1] - start[u]
            if orders[u] == GONE or around > LARGEST_STAR:
                continue
            found = link(start[u], start[u + 1], wings, links[0], uses[0])
            tries = _rank(u, found, points, orders, quadrics, links[0], uses[0], q, limit, ranked, rank_cost)
            for n in range(tries):
                if rank_cost[n] > ceiling:
                    pending[u] = rank_cost[n]
                    break
                v, shared = links[0, ranked[n]], uses[0, ranked[n]]
                beside = start[v + 1] - start[v]
                if beside > LARGEST_STAR or around + beside - 2 * shared > MOST_TRIANGLES * max(1, shared - 1):
                    continue
                if not _keeps_topology(u, v, shared, start, wings, links, uses, found):
                    continue
                for entry in range(11):
                    q[entry] = quadrics[u, entry] + quadrics[v, entry]
                if _kind(orders[u], orders[v], shared) == 1:
                    fits, x, y, z = _place(points, sides, start, star, wings, u, v, shared, q)
                else:
                    stays = u if orders[u] > orders[v] else v
                    x, y, z = points[stays, 0], points[stays, 1], points[stays, 2]
                    fits = _fits(points, start, wings, u, v, x, y, z)
                error = max(0.0, _error(q, x, y, z))
                if fits and error <= limit * q[10]:
                    partner[u], places[u, 0], places[u, 1], places[u, 2] = v, x, y, z
                    cost[u] = error + LENGTH_COST * q[10] * _squared(points, u, v)
                    break


@njit(cache=True, no_cpython_wrapper=True)
def _rank(
    u: int, found: int, points: Any, orders: Any, quadrics: Any, neighbour: Any, uses: Any, q: Any, limit: float,
    ranked: Any, rank_cost: Any,
) -> int:
    """Fill ``ranked`` with the places in the link of u of the cheapest edges, best first; return how many."""
    tries = 0
    for n in range(found):
        v = neighbour[n]
        kind = _kind(orders[u], orders[v], uses[n]) if v > u else 0
        if kind == 0:
            continue
        for entry in range(11):
            q[entry] = quadrics[u, entry] + quadrics[v, entry]
        if kind == 1:
            x, y, z = _middle(points, u, v)
            s0, s1, s2 = _lowest(q, _inverse(q), x, y, z)
            error = _error(q, x + s0, y + s1, z + s2)
        else:
            stays = u if orders[u] > orders[v] else v
            error = _error(q, points[stays, 0], points[stays, 1], points[stays, 2])
        if error > limit * q[10]:
            continue
        total = error + LENGTH_COST * q[10] * _squared(points, u, v)
        place = min(tries, TRIES)
        while place > 0 and rank_cost[place - 1] > total:
            if place < TRIES:
                ranked[place], rank_cost[place] = ranked[place - 1], rank_cost[place - 1]
            place -= 1
        if place < TRIES:
            ranked[place], rank_cost[place] = n, total
            tries = min(TRIES, tries + 1)
    return tries
