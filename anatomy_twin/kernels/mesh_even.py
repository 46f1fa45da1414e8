"""Steps that make triangles of a surface even: collapsing short edges, flipping edges, finding the way back to it.

M. Botsch, L. Kobbelt, "A remeshing approach to multiresolution modeling", SGP 2004. Edges are taken in a given order;
one near which something has changed in the same round waits for the next, so that a round only reads what was before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from anatomy_twin.kernels.compiling import njit

MOST_TURN = 0.5  # cosine: a triangle does not turn farther than 60 degrees by one step


@njit(cache=True, no_cpython_wrapper=True)
def _normal(p: Any, q: Any, r: Any) -> Any:
    ux, uy, uz = q[0] - p[0], q[1] - p[1], q[2] - p[2]
    vx, vy, vz = r[0] - p[0], r[1] - p[1], r[2] - p[2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@njit(cache=True, no_cpython_wrapper=True)
def _turns_far(old: Any, new: Any) -> bool:
    """Tell whether two normals differ by too much, or the new triangle has no area."""
    dot = old[0] * new[0] + old[1] * new[1] + old[2] * new[2]
    before = old[0] * old[0] + old[1] * old[1] + old[2] * old[2]
    after = new[0] * new[0] + new[1] * new[1] + new[2] * new[2]
    return bool(after <= 1e-14 or (before > 1e-14 and dot < MOST_TURN * math.sqrt(before * after)))


@njit(cache=True, no_cpython_wrapper=True)
def _common(a: int, b: int, triangles: Any, start: Any, corner: Any, mark: Any, stamp: int) -> int:
    """Count the neighbours that two points share; ``mark`` is room for a stamp per point."""
    for n in range(start[a], start[a + 1]):
        for c in range(3):
            mark[triangles[corner[n] // 3, c]] = stamp
    mark[a] = mark[b] = -1
    count = 0
    for n in range(start[b], start[b + 1]):
        for c in range(3):
            v = triangles[corner[n] // 3, c]
            if mark[v] == stamp:
                mark[v] = -1
                count += 1
    return count


@njit(cache=True)
def collapse_short(
    edges: Any, points: Any, triangles: Any, start: Any, corner: Any, rim: Any, rim_edge: Any, longest: float, into: Any
) -> int:
    """Collapse edges (n, 2) in order, in place; ``into`` (N,) notes which point each becomes. Returns their number.

    Points of the ``rim`` stay on it: an edge with one end on it goes to that end, one along it (``rim_edge``) to its
    first end, one across is left. No edge becomes longer than ``longest``, no triangle turns far.
    """
    touched = np.zeros(points.shape[0], np.bool_)
    mark = np.full(points.shape[0], -1, np.int64)
    done = 0
    for e in range(edges.shape[0]):
        u, v = edges[e, 0], edges[e, 1]
        if rim[v] and not rim[u]:
            u, v = v, u
        if touched[u] or touched[v] or (rim[u] and rim[v] and not rim_edge[e]):
            continue
        if _common(u, v, triangles, start, corner, mark, e) != (1 if rim_edge[e] else 2):
            continue
        share = 0.0 if rim[u] else 0.5
        x = points[u, 0] + share * (points[v, 0] - points[u, 0])
        y = points[u, 1] + share * (points[v, 1] - points[u, 1])
        z = points[u, 2] + share * (points[v, 2] - points[u, 2])
        place = (x, y, z)
        sound = True
        for end in (u, v):
            for n in range(start[end], start[end + 1]):
                t, c = corner[n] // 3, corner[n] % 3
                a, b = triangles[t, (c + 1) % 3], triangles[t, (c + 2) % 3]
                if touched[a] or touched[b]:
                    sound = False
                    break
                if a in (u, v) or b in (u, v):
                    continue
                far = 0.0
                for other in (a, b):
                    far = max(far, math.sqrt((points[other, 0] - x) ** 2 + (points[other, 1] - y) ** 2
                                             + (points[other, 2] - z) ** 2))
                if far > longest or _turns_far(
                    _normal(points[end], points[a], points[b]), _normal(place, points[a], points[b])
                ):
                    sound = False
                    break
            if not sound:
                break
        if not sound:
            continue
        for end in (u, v):
            for n in range(start[end], start[end + 1]):
                for c in range(3):
                    touched[triangles[corner[n] // 3, c]] = True
        points[u, 0], points[u, 1], points[u, 2] = x, y, z
        into[v] = u
        done += 1
    return done


@njit(cache=True)
def flip_edges(edges: Any, sides: Any, points: Any, triangles: Any, start: Any, corner: Any) -> int:
    """Flip edges whose opposite angles sum to more than 180 degrees, in place; returns their number.

    ``edges`` (n, 2) are the ends of inner edges, ``sides`` (n, 2) their two triangles, the first of which runs from the
    first end to the second.
    """
    touched = np.zeros(points.shape[0], np.bool_)
    done = 0
    for e in range(edges.shape[0]):
        a, b = edges[e, 0], edges[e, 1]
        t, s = sides[e, 0], sides[e, 1]
        c = triangles[t, 0] + triangles[t, 1] + triangles[t, 2] - a - b
        d = triangles[s, 0] + triangles[s, 1] + triangles[s, 2] - a - b
        if touched[a] or touched[b] or touched[c] or touched[d] or c == d:
            continue
        cosines = 0.0
        for tip in (c, d):
            dot, ua, ub = 0.0, 0.0, 0.0
            for axis in range(3):
                p, q = points[a, axis] - points[tip, axis], points[b, axis] - points[tip, axis]
                dot += p * q
                ua += p * p
                ub += q * q
            cosines += math.acos(min(max(dot / math.sqrt(max(ua * ub, 1e-30)), -1.0), 1.0))
        if cosines <= math.pi + 1e-6:
            continue
        joined = False
        for n in range(start[c], start[c + 1]):
            for k in range(3):
                joined |= triangles[corner[n] // 3, k] == d
        if joined:
            continue
        old, other = _normal(points[a], points[b], points[c]), _normal(points[b], points[a], points[d])
        first, second = _normal(points[c], points[a], points[d]), _normal(points[d], points[b], points[c])
        if _turns_far(old, other) or _turns_far(old, first) or _turns_far(old, second) or _turns_far(other, first) or (
            _turns_far(other, second)
        ):
            continue
        triangles[t, 0], triangles[t, 1], triangles[t, 2] = c, a, d
        triangles[s, 0], triangles[s, 1], triangles[s, 2] = d, b, c
        touched[a] = touched[b] = touched[c] = touched[d] = True
        done += 1
    return done


@njit(cache=True, no_cpython_wrapper=True)
def _nearest_in(p: Any, a: Any, b: Any, c: Any, out: Any) -> float:
    """Write the point of a triangle that is nearest to p (C. Ericson, Real-Time Collision Detection, 5.1.5)."""
    d1 = d2 = d3 = d4 = d5 = d6 = 0.0
    for n in range(3):
        ab, ac = b[n] - a[n], c[n] - a[n]
        d1 += ab * (p[n] - a[n])
        d2 += ac * (p[n] - a[n])
        d3 += ab * (p[n] - b[n])
        d4 += ac * (p[n] - b[n])
        d5 += ab * (p[n] - c[n])
        d6 += ac * (p[n] - c[n])
    vc, vb, va = d1 * d4 - d3 * d2, d5 * d2 - d1 * d6, d3 * d6 - d5 * d4
    if d1 <= 0.0 and d2 <= 0.0:
        v, w = 0.0, 0.0
    elif d3 >= 0.0 and d4 <= d3:
        v, w = 1.0, 0.0
    elif vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        v, w = d1 / (d1 - d3), 0.0
    elif d6 >= 0.0 and d5 <= d6:
        v, w = 0.0, 1.0
    elif vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        v, w = 0.0, d2 / (d2 - d6)
    elif va <= 0.0 and d4 - d3 >= 0.0 and d5 - d6 >= 0.0:
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        v = 1.0 - w
    else:
        total = va + vb + vc
        v, w = vb / total, vc / total
    squared = 0.0
    for n in range(3):
        out[n] = a[n] + v * (b[n] - a[n]) + w * (c[n] - a[n])
        squared += (p[n] - out[n]) ** 2
    return squared


@njit(cache=True, error_model="numpy")
def back_onto(places: Any, near: Any, points: Any, triangles: Any, start: Any, corner: Any) -> None:
    """Put places (n, 3), in place, onto the nearest of the triangles around the points ``near`` (n, k) of a surface."""
    found, best = np.empty(3), np.empty(3)
    for n in range(places.shape[0]):
        least = math.inf
        for k in range(near.shape[1]):
            v = near[n, k]
            for m in range(start[v], start[v + 1]):
                t = corner[m] // 3
                squared = _nearest_in(
                    places[n], points[triangles[t, 0]], points[triangles[t, 1]], points[triangles[t, 2]], found
                )
                if squared < least:
                    least = squared
                    best[0], best[1], best[2] = found[0], found[1], found[2]
        if least < math.inf:
            places[n, 0], places[n, 1], places[n, 2] = best[0], best[1], best[2]
