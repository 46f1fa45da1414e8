"""First arrival of a front in tetrahedra and on the voxels of a mask: the anisotropic eikonal equation in space.

The same equation and the same lists as on triangles (see ``eikonal``). In a tetrahedron time is linear, T = sum T_n w_n
with w_n the barycentric coordinates, so that with G_mn = grad w_m . D grad w_n (D the squared velocity tensor)

    sum_mn G_mn T_m T_n = 1

is a quadratic equation for the time of one corner. It holds where the front comes out of the face opposite: where
sum_n G_mn T_n <= 0 for its three corners m; else the front comes over a side of that face or along an edge. On voxels
every centre looks at the 48 tetrahedra from it to a neighbour by a face, one by an edge and one by a corner, with its
own tensor; no front passes between voxels that only touch along an edge or in a corner.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit, njit_of_sources
from anatomy_twin.kernels.eikonal import over_side, queued, raised

SIDES = np.array([[0, 0, 1, 2], [0, 0, 3, 4], [1, 3, 0, 5], [2, 4, 5, 0]])  # number of the side between two corners
OTHERS = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True, inline="always")
def _over_pair(here: float, beside: float, to_here: float, to_beside: float, side: float) -> float:
    """Return when the front comes over the side between two points; squared lengths in the metric."""
    foot = (to_beside + side - to_here) / (2.0 * side)
    slope = max(to_beside / side - foot * foot, 0.0)
    return float(over_side(here, beside, foot, slope, side, math.sqrt(to_here)))


@njit(cache=True, error_model="numpy")
def fill_tetrahedra(points: Any, tetrahedra: Any, tensors: Any, metrics: Any, rows: Any) -> float:
    """Write for each tetrahedron the six G_mn and the six squared sides (of ``SIDES``); return the mean side, ms."""
    edge, normal = np.empty((3, 3)), np.empty((4, 3))
    total = 0.0
    for t in range(tetrahedra.shape[0]):
        for n in range(3):
            for axis in range(3):
                edge[n, axis] = points[tetrahedra[t, n + 1], axis] - points[tetrahedra[t, 0], axis]
        for n in range(3):
            a, b = edge[(n + 1) % 3], edge[(n + 2) % 3]
            normal[n + 1, 0] = a[1] * b[2] - a[2] * b[1]
            normal[n + 1, 1] = a[2] * b[0] - a[0] * b[2]
            normal[n + 1, 2] = a[0] * b[1] - a[1] * b[0]
        volume = edge[0, 0] * normal[1, 0] + edge[0, 1] * normal[1, 1] + edge[0, 2] * normal[1, 2]
        for axis in range(3):
            normal[0, axis] = -(normal[1, axis] + normal[2, axis] + normal[3, axis])
        d, g = tensors[t], metrics[t]
        for m in range(4):
            for n in range(m + 1, 4):
                u, w = normal[m], normal[n]
                rows[t, SIDES[m, n]] = (
                    d[0] * u[0] * w[0] + d[1] * u[1] * w[1] + d[2] * u[2] * w[2] + d[3] * (u[0] * w[1] + u[1] * w[0])
                    + d[4] * (u[0] * w[2] + u[2] * w[0]) + d[5] * (u[1] * w[2] + u[2] * w[1])
                ) / (volume * volume)
                p, q = points[tetrahedra[t, m]], points[tetrahedra[t, n]]
                x, y, z = p[0] - q[0], p[1] - q[1], p[2] - q[2]
                squared = (
                    g[0] * x * x + g[1] * y * y + g[2] * z * z + 2.0 * (g[3] * x * y + g[4] * x * z + g[5] * y * z)
                )
                rows[t, 6 + SIDES[m, n]] = squared
                total += math.sqrt(squared)
    return float(total / max(6 * tetrahedra.shape[0], 1))


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _into_corner(to: int, at: int, ids: Any, row: Any, times: Any) -> float:
    """Return when the front reaches corner ``to`` of a tetrahedron by its face with corner ``at`` (from 0 to 3)."""
    b, c = -1, -1
    for n in range(4):
        if n != to and n != at:
            if b < 0:
                b = n
            else:
                c = n
    here, at_b, at_c = times[ids[at]], times[ids[b]], times[ids[c]]
    to_at, to_b, to_c = SIDES[to, at], SIDES[to, b], SIDES[to, c]
    at_to_b, at_to_c, b_to_c = SIDES[at, b], SIDES[at, c], SIDES[b, c]
    if at_b < math.inf and at_c < math.inf:
        own = -(row[to_at] + row[to_b] + row[to_c])
        own_b = -(row[to_b] + row[at_to_b] + row[b_to_c])
        own_c = -(row[to_c] + row[at_to_c] + row[b_to_c])
        db, dc = at_b - here, at_c - here
        half = row[to_b] * db + row[to_c] * dc
        inner = half * half - own * (own_b * db * db + own_c * dc * dc + 2.0 * row[b_to_c] * db * dc - 1.0)
        if inner >= 0.0:
            d = (math.sqrt(inner) - half) / own
            flow_b = row[to_b] * d + own_b * db + row[b_to_c] * dc
            flow_c = row[to_c] * d + row[b_to_c] * db + own_c * dc
            flow_at = row[to_at] * d + row[at_to_b] * db + row[at_to_c] * dc
            if flow_b <= 0.0 and flow_c <= 0.0 and flow_at <= 0.0:
                return float(here + d)
    over_b = _over_pair(here, at_b, row[6 + to_at], row[6 + to_b], row[6 + at_to_b])
    over_c = _over_pair(here, at_c, row[6 + to_at], row[6 + to_c], row[6 + at_to_c])
    return float(min(over_b, over_c))


@njit_of_sources(error_model="numpy")
def arrive_in_tetrahedra(
    start: Any, corner: Any, tetrahedra: Any, rows: Any, conducting: Any, step: float, until: float, closed: Any,
    times: Any, near: Any, far: Any, waiting: Any, behind: int,
) -> int:
    """Correct ``times`` until none changes, as ``eikonal.arrive_on_triangles``; tetrahedra not ``conducting`` are none.

    ``corner[start[v]:start[v + 1]]`` are 4 tetrahedron + place of the tetrahedra around point v.
    """
    head, tail, looked = 0, 0, 0
    while behind > 0:
        limit, behind, tail, held = raised(times, near, far, behind, tail, step)
        while held > 0:
            v = near[head]
            head = head + 1 if head + 1 < near.shape[0] else 0
            held -= 1
            if times[v] > limit:
                far[behind] = v
                behind += 1
                continue
            waiting[v] = False
            looked += 1
            for n in range(start[v], start[v + 1]):
                t, at = corner[n] // 4, corner[n] % 4
                if not conducting[t]:
                    continue
                ids = tetrahedra[t]
                earliest = min(min(times[ids[0]], times[ids[1]]), min(times[ids[2]], times[ids[3]]))
                for m in range(3):
                    to = OTHERS[at, m]
                    w = ids[to]
                    if times[w] <= earliest or closed[w]:
                        continue
                    time = _into_corner(to, at, ids, rows[t], times)
                    if time < times[w]:
                        times[w] = time
                        if time <= until:
                            tail, held = queued(w, near, waiting, tail, held)
    return looked


def corners_of_tetrahedra(tetrahedra: NDArray[np.int32], point_count: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return start, corner of each point v: ``corner[start[v]:start[v + 1]]`` are 4 tetrahedron + place."""
    corner = np.argsort(tetrahedra.ravel(), kind="stable").astype(np.int32)
    counts = np.bincount(tetrahedra.ravel(), minlength=point_count)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32), corner


def ways_to_neighbours() -> NDArray[np.int64]:
    """Return the tetrahedra from a voxel to neighbours by a face, an edge and a corner.

    (48, 6): the axes first, second, third (0 to 2: k, j, i) and the signs of steps along k, j, i.
    """
    orders = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    signs = [(k, j, i) for k in (-1, 1) for j in (-1, 1) for i in (-1, 1)]
    return np.array([(*order, *sign) for order in orders for sign in signs], dtype=np.int64)


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def into_voxel(way: Any, place: int, d: Any, m: Any, t1: float, t2: float, t3: float) -> float:
    """Return when the front reaches a voxel out of one of its 48 tetrahedra, of which corner ``place`` has changed.

    ``d``, ``m`` are D and its inverse per step: kk, jj, ii, kj, ki, ji; ``t1`` to ``t3`` the times of its neighbours by
    a face, an edge and a corner.
    """
    a, b, c = way[0], way[1], way[2]
    sab, sac, sbc = way[3 + a] * way[3 + b], way[3 + a] * way[3 + c], way[3 + b] * way[3 + c]
    if t1 < math.inf and t2 < math.inf and t3 < math.inf:
        db, dc = t2 - t1, t3 - t2
        dab, dac, dbc = sab * d[2 + a + b], sac * d[2 + a + c], sbc * d[2 + b + c]
        half = dab * db + dac * dc
        inner = half * half - d[a] * (d[b] * db * db + d[c] * dc * dc + 2.0 * dbc * db * dc - 1.0)
        if inner >= 0.0:
            da = (-half - math.sqrt(inner)) / d[a]
            along_a = -(d[a] * da + half)
            along_b = -(dab * da + d[b] * db + dbc * dc)
            along_c = -(dac * da + dbc * db + d[c] * dc)
            if along_a >= along_b and along_b >= along_c and along_c >= 0.0:
                return float(t1 - da)
    mab, mac, mbc = sab * m[2 + a + b], sac * m[2 + a + c], sbc * m[2 + b + c]
    to_1 = m[a]
    to_2 = m[a] + m[b] + 2.0 * mab
    to_3 = to_2 + m[c] + 2.0 * (mac + mbc)
    between_13 = m[b] + m[c] + 2.0 * mbc
    if place == 0:
        return float(min(_over_pair(t1, t2, to_1, to_2, m[b]), _over_pair(t1, t3, to_1, to_3, between_13)))
    if place == 1:
        return float(min(_over_pair(t2, t1, to_2, to_1, m[b]), _over_pair(t2, t3, to_2, to_3, m[c])))
    return float(min(_over_pair(t3, t1, to_3, to_1, between_13), _over_pair(t3, t2, to_3, to_2, m[c])))


@njit_of_sources(error_model="numpy")
def arrive_on_voxels(
    cell: Any, number: Any, strides: Any, ways: Any, tensors: Any, metrics: Any, step: float, until: float, closed: Any,
    times: Any, near: Any, far: Any, waiting: Any, behind: int,
) -> int:
    """Correct ``times`` (N,) of the N voxels of a mask until none changes, as ``eikonal.arrive_on_triangles``.

    ``cell`` (N,) is where a voxel lies in the flat array ``number`` of them (-1: not in the mask; its outermost
    layer is not), ``strides`` (3,) of that array along k, j, i; ``ways`` see ``ways_to_neighbours``; ``tensors``,
    ``metrics`` (N, 6) are D and its inverse per step: kk, jj, ii, kj, ki, ji.
    """
    head, tail, looked = 0, 0, 0
    moves = np.empty(3, np.int64)
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
            for n in range(ways.shape[0]):
                way = ways[n]
                moves[0] = way[3 + way[0]] * strides[way[0]]
                moves[1] = moves[0] + way[3 + way[1]] * strides[way[1]]
                moves[2] = moves[1] + way[3 + way[2]] * strides[way[2]]
                for place in range(3):
                    origin = cell[v] - moves[place]  # the voxel that sees v in this place
                    w = number[origin]
                    if w < 0 or closed[w]:
                        continue
                    n1, n2, n3 = number[origin + moves[0]], number[origin + moves[1]], number[origin + moves[2]]
                    if (place > 0 and (n1 < 0 or closed[n1])) or (place > 1 and (n2 < 0 or closed[n2])):
                        continue  # only touching along an edge or in a corner
                    t1 = times[n1] if n1 >= 0 else math.inf
                    t2 = times[n2] if n2 >= 0 else math.inf
                    t3 = times[n3] if n3 >= 0 and n2 >= 0 and not closed[n2] else math.inf
                    if times[w] <= min(t1, min(t2, t3)):
                        continue
                    time = into_voxel(way, place, tensors[w], metrics[w], t1, t2, t3)
                    if time < times[w]:
                        times[w] = time
                        if time <= until:
                            tail, held = queued(w, near, waiting, tail, held)
    return looked
