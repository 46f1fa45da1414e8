"""Guarded improvement of tetrahedra: points move one after another, and only where their worst angle allows it.

Points of one colour share no tetrahedron, so they may move at the same time and the result does not depend on the
number of threads. Points on an interface slide along it (``pull_to_interface``), those on a curve of three regions
along the curve. The measure is ``badness``: the largest |cosine| of a dihedral angle around the point.
L. Freitag and C. Ollivier-Gooch, "Tetrahedral mesh improvement using swapping and smoothing", IJNME 1997.

A ``mesh`` is the tuple (points (N, 3) mm, tetrahedra (M, 4), starts (N + 1,) and rings: the tetrahedra around each
point, held (N,): the regions around each point, one bit each).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.tet_field import INNER, keep_along, pull_to_interface
from anatomy_twin.kernels.tet_quality import badness

STEPS = (0.3, 0.12, 0.04, 0.012)
WELL_SHAPED = 0.72  # the lattice itself has angles of 45 degrees
LOST_TRACK = 0.5  # a logarithm of fields that is left this large, a sixth of a voxel, says that the interface is lost


@njit(**INNER)
def _badness_at(mesh: Any, t: int, v: int, place: Any) -> float:
    """Return the badness of one tetrahedron if its point ``v`` were at ``place``."""
    points, tetrahedra = mesh[0], mesh[1]
    a, b, c, d = tetrahedra[t, 0], tetrahedra[t, 1], tetrahedra[t, 2], tetrahedra[t, 3]
    worst: float = badness(
        place if a == v else points[a], place if b == v else points[b],
        place if c == v else points[c], place if d == v else points[d],
    )
    return worst


@njit(**INNER)
def _ring_badness(mesh: Any, v: int, place: Any, best: float) -> float:
    """Return the worst badness around point ``v`` if it were at ``place``, or early any value above ``best``."""
    starts, rings = mesh[2], mesh[3]
    worst = 0.0
    for n in range(starts[v], starts[v + 1]):
        worst = max(worst, _badness_at(mesh, rings[n], v, place))
        if worst > best:
            break
    return worst


@njit(**INNER)
def _survey(mesh: Any, v: int, mean: Any) -> Any:
    """Write the mean of the neighbours that touch every region that ``v`` touches.

    Returns whether there are enough of them, and the mean length of the edges at ``v``.
    """
    points, tetrahedra, starts, rings, held = mesh
    own = held[v]
    count, total = 0, 0.0
    mean[0] = mean[1] = mean[2] = 0.0
    for n in range(starts[v], starts[v + 1]):
        for corner in range(4):
            other = tetrahedra[rings[n], corner]
            if other == v:
                continue
            total += np.sqrt(
                (points[other, 0] - points[v, 0]) ** 2 + (points[other, 1] - points[v, 1]) ** 2
                + (points[other, 2] - points[v, 2]) ** 2
            )
            if held[other] & own == own:
                count += 1
                for axis in range(3):
                    mean[axis] += points[other, axis]
    for axis in range(3):
        mean[axis] = mean[axis] / count if count else points[v, axis]
    return count > 3, total / (3.0 * (starts[v + 1] - starts[v]))


@njit(**INNER)
def _relax_one(mesh: Any, v: int, field: Any, limit: float, share: float) -> None:
    points, own = mesh[0], mesh[4][v]
    single = own & (own - 1) == 0
    now = _ring_badness(mesh, v, points[v], 9.0)
    if single and (share == 0.0 or now < WELL_SHAPED):
        return
    mean, place = np.empty(3), np.empty(3)
    known, edge = _survey(mesh, v, mean)
    if not known:
        share = 0.0
    for axis in range(3):
        mean[axis] -= points[v, axis]
    if known and not single:
        keep_along(field, own, points[v], mean)
    reach = 0.3 * edge
    allowed = max(limit, now)
    for _ in range(3):
        for axis in range(3):
            place[axis] = points[v, axis] + share * mean[axis]
        left = 0.0 if single else pull_to_interface(field, own, place, reach)
        if left < LOST_TRACK and _ring_badness(mesh, v, place, allowed) <= allowed:
            for axis in range(3):
                points[v, axis] = place[axis]
            return
        share *= 0.4
        reach *= 0.4


@njit(**INNER)
def _steepest(mesh: Any, t: int, v: int, step: float, place: Any, out: Any) -> None:
    """Write the direction in which moving ``v`` lowers the badness of tetrahedron ``t`` most."""
    points = mesh[0]
    for axis in range(3):
        place[axis] = points[v, axis]
    for axis in range(3):
        place[axis] = points[v, axis] - step
        below = _badness_at(mesh, t, v, place)
        place[axis] = points[v, axis] + step
        out[axis] = below - _badness_at(mesh, t, v, place)
        place[axis] = points[v, axis]
    _normalise(out)


@njit(**INNER)
def _normalise(way: Any) -> None:
    length = np.sqrt(way[0] ** 2 + way[1] ** 2 + way[2] ** 2) + 1e-30
    for axis in range(3):
        way[axis] /= length


@njit(**INNER)
def _ways(mesh: Any, v: int, first: int, second: int, edge: float, mean: Any, ways: Any) -> None:
    """Write five directions: steepest for the worst two tetrahedra and both together, to the mean, into the worst."""
    points, tetrahedra = mesh[0], mesh[1]
    place = np.empty(3)
    _steepest(mesh, first, v, 1e-4 * edge, place, ways[0])
    _steepest(mesh, second, v, 1e-4 * edge, place, ways[1])
    for axis in range(3):
        ways[2, axis] = ways[0, axis] + ways[1, axis]
        ways[3, axis] = mean[axis] - points[v, axis]
        ways[4, axis] = -points[v, axis]
        for corner in range(4):
            ways[4, axis] += 0.25 * points[tetrahedra[first, corner], axis]
    for n in range(2, 5):
        _normalise(ways[n])


@njit(**INNER)
def _lift_one(mesh: Any, v: int, field: Any, target: float, off_share: float) -> None:
    points, _, starts, rings, held = mesh
    own = held[v]
    single = own & (own - 1) == 0
    worst, second, first_at, second_at = -1.0, -1.0, rings[starts[v]], rings[starts[v]]
    for n in range(starts[v], starts[v + 1]):
        value = _badness_at(mesh, rings[n], v, points[v])
        if value > worst:
            second, second_at = worst, first_at
            worst, first_at = value, rings[n]
        elif value > second:
            second, second_at = value, rings[n]
    if worst < target:
        return
    mean, place, at, found = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    edge = _survey(mesh, v, mean)[1]
    ways = np.zeros((5, 3))
    _ways(mesh, v, first_at, second_at, edge, mean, ways)
    best = worst
    for w in range(5):
        for step in STEPS:
            for axis in range(3):
                place[axis] = points[v, axis] + step * edge * ways[w, axis]
                at[axis] = place[axis]
            if not single:
                if pull_to_interface(field, own, at, 0.5 * edge) > LOST_TRACK:
                    if off_share == 0.0:
                        continue
                    for axis in range(3):
                        at[axis] = points[v, axis]
                away = np.sqrt((place[0] - at[0]) ** 2 + (place[1] - at[1]) ** 2 + (place[2] - at[2]) ** 2)
                part = min(1.0, off_share * edge / (away + 1e-30))
                for axis in range(3):
                    place[axis] = at[axis] + part * (place[axis] - at[axis])
            value = _ring_badness(mesh, v, place, best)
            if value < best - 1e-6:
                best = value
                for axis in range(3):
                    found[axis] = place[axis]
    if best < worst:
        for axis in range(3):
            points[v, axis] = found[axis]


@njit(cache=True, parallel=True, error_model="numpy")
def sweep(mesh: Any, order: Any, colour_starts: Any, field: Any, lift: bool, limit: float, share: float) -> None:
    """One pass over points, in place; ``order`` lists them by colour, ``colour_starts`` says where each begins.

    Without ``lift`` points go towards the mean of their neighbours, ``share`` of the way at most, and those on an
    interface are drawn back onto it; a move is made where it lowers the badness around the point or leaves it under
    ``limit``. With ``lift`` only points whose badness is ``limit`` or more move, to where it is least; those on an
    interface may leave it (or their place, where it cannot be found) by ``share`` edge lengths.
    """
    for colour in range(colour_starts.size - 1):
        for n in prange(colour_starts[colour], colour_starts[colour + 1]):
            if lift:
                _lift_one(mesh, order[n], field, limit, share)
            else:
                _relax_one(mesh, order[n], field, limit, share)
