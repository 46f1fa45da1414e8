"""Isosurface stuffing for several touching regions: lattice points near an interface are drawn onto it, what the
interfaces still cut is divided so that neighbours fit.

F. Labelle and J. R. Shewchuk, "Isosurface stuffing", SIGGRAPH 2007 (one surface; the fractions below which a point is
drawn); J. Bronson, J. Levine, R. Whitaker, "Lattice cleaving", IEEE TVCG 2014 (several materials). Here a tetrahedron
that would hold three regions has one of its points drawn onto an interface, until it holds two at most: curves where
three regions meet then run along edges. A point on an interface belongs to no region (DRAWN) and fits either side.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.tet_field import INNER, region_at

DRAWN = -1
LONG, SHORT, OTHER = 0.24999, 0.41189, 0.3  # Labelle and Shewchuk's safe fractions for the two kinds of lattice edge
FIRST_ENDS = np.array([0, 0, 0, 1, 1, 2])
SECOND_ENDS = np.array([1, 2, 3, 2, 3, 3])


@njit(cache=True, error_model="numpy")
def cut_edge_keys(tetrahedra: Any, labels: Any) -> NDArray[np.int64]:
    """Return for the six edges of each tetrahedron (M, 6) a key where the ends are of two regions, else -1."""
    keys = np.full((tetrahedra.shape[0], 6), -1, np.int64)
    for t in range(tetrahedra.shape[0]):
        for e in range(6):
            a, b = tetrahedra[t, FIRST_ENDS[e]], tetrahedra[t, SECOND_ENDS[e]]
            if labels[a] != labels[b]:
                keys[t, e] = (np.int64(min(a, b)) << 32) | np.int64(max(a, b))
    return keys


@njit(**INNER)
def _safe_fraction(points: Any, a: int, b: int) -> float:
    """The fraction of an edge within which its end may be drawn: by whether it runs along an axis or a diagonal."""
    most = 0.0
    for axis in range(3):
        most = max(most, abs(points[b, axis] - points[a, axis]))
    along = 0
    for axis in range(3):
        along += abs(points[b, axis] - points[a, axis]) > 0.01 * most
    return LONG if along == 1 else (SHORT if along == 3 else OTHER)


@njit(**INNER)
def _draw(
    drawn: Any, labels: Any, cut: Any, starts: Any, edges: Any, points: Any, ends: Any, fractions: Any, turn: int
) -> None:
    """Put end ``turn % 2`` of edge ``turn // 2`` onto its crossing; none of its edges is cut any more."""
    e = turn // 2
    v, part = ends[e, turn % 2], fractions[e]
    for axis in range(3):
        drawn[v, axis] = points[ends[e, 0], axis] + part * (points[ends[e, 1], axis] - points[ends[e, 0], axis])
    labels[v] = DRAWN
    for n in range(starts[v], starts[v + 1]):
        cut[edges[n]] = False


@njit(cache=True, error_model="numpy")
def needs(points: Any, ends: Any, fractions: Any) -> NDArray[np.float64]:
    """Return for both ends of the edges (2 E,) how near their crossing is, 1 at the safe fraction, 2 beyond it."""
    near = np.full(2 * ends.shape[0], 2.0)
    for e in range(ends.shape[0]):
        allowed = _safe_fraction(points, ends[e, 0], ends[e, 1])
        for side in range(2):
            part = fractions[e] if side == 0 else 1.0 - fractions[e]
            if part < allowed:
                near[2 * e + side] = part / allowed
    return near


@njit(**INNER)
def _edges_of_points(ends: Any, count: int) -> Any:
    """For each point the edges at it: where they begin and their numbers."""
    starts = np.zeros(count + 2, np.int64)
    for e in range(ends.shape[0]):
        starts[ends[e, 0] + 2] += 1
        starts[ends[e, 1] + 2] += 1
    for v in range(count + 1):
        starts[v + 1] += starts[v]
    edges = np.empty(2 * ends.shape[0], np.int64)
    for e in range(ends.shape[0]):
        for side in range(2):
            v = ends[e, side] + 1
            edges[starts[v]] = e
            starts[v] += 1
    return starts, edges


@njit(**INNER)
def _kinds(labels: Any, tetrahedra: Any, t: int) -> int:
    """How many regions the corners of a tetrahedron are in."""
    kinds = 0
    for a in range(4):
        label = labels[tetrahedra[t, a]]
        fresh = label != DRAWN
        for b in range(a):
            fresh = fresh and labels[tetrahedra[t, b]] != label
        kinds += fresh
    return kinds


@njit(cache=True, error_model="numpy")
def draw_points(
    points: Any, labels: Any, ends: Any, fractions: Any, tetrahedra: Any, tet_edges: Any, turns: Any, kept: Any
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Draw points onto interfaces: those with a crossing near, then those of tetrahedra with three regions.

    Parameters: points (N, 3) mm; labels (N,), changed in place; ends (E, 2) and fractions (E,) of the edges that are
    cut; tetrahedra (M, 4) and the numbers of their cut edges (M, 6); ``turns``, the places of ``needs`` to be served,
    nearest first; ``kept`` (N,), points that are not drawn unless three regions leave no other choice. Returns
    the points after drawing and which edges are still cut (E,).
    """
    drawn = points.copy()
    cut = np.ones(ends.shape[0], np.bool_)
    starts, edges = _edges_of_points(ends, points.shape[0])
    for turn in range(turns.size):
        e = turns[turn] // 2
        if cut[e] and not kept[ends[e, turns[turn] % 2]]:
            _draw(drawn, labels, cut, starts, edges, points, ends, fractions, turns[turn])
    for t in range(tetrahedra.shape[0]):
        while _kinds(labels, tetrahedra, t) > 2:
            best, best_turn = 3.0, np.int64(0)
            for n in range(6):
                e = tet_edges[t, n]
                if e >= 0 and cut[e]:
                    for side in range(2):
                        part = fractions[e] if side == 0 else 1.0 - fractions[e]
                        if kept[ends[e, side]]:
                            part += 1.0
                        if part < best:
                            best, best_turn = part, 2 * e + side
            _draw(drawn, labels, cut, starts, edges, points, ends, fractions, best_turn)
    return drawn, cut


@njit(cache=True, error_model="numpy")
def place_crossings(
    points: Any, drawn: Any, ends: Any, fractions: Any, cut: Any
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return all points, those of crossings after ``drawn``, the numbers of crossings (E,) and the stem of each point.

    A stem is the mean distance (mm) of a point to the crossings on its edges; it says which way squares are halved.
    """
    count = drawn.shape[0]
    total = count
    numbers = np.full(ends.shape[0], -1, np.int64)
    for e in range(ends.shape[0]):
        if cut[e]:
            numbers[e] = total
            total += 1
    every = np.empty((total, 3))
    for v in range(count):
        for axis in range(3):
            every[v, axis] = drawn[v, axis]
    stem, known = np.zeros(count), np.zeros(count)
    for e in range(ends.shape[0]):
        if cut[e]:
            length = 0.0
            for axis in range(3):
                way = points[ends[e, 1], axis] - points[ends[e, 0], axis]
                every[numbers[e], axis] = points[ends[e, 0], axis] + fractions[e] * way
                length += way * way
            length = np.sqrt(length)
            for side in range(2):
                stem[ends[e, side]] += length * (fractions[e] if side == 0 else 1.0 - fractions[e])
                known[ends[e, side]] += 1.0
    for v in range(count):
        stem[v] /= max(known[v], 1.0)
    return every, numbers, stem


@njit(**INNER)
def _edge_of(a: int, b: int) -> int:
    """The number of the edge between corners ``a`` and ``b`` of a tetrahedron, as in FIRST_ENDS."""
    low, high = min(a, b), max(a, b)
    return low + high - 1 if low == 0 else low + high


@njit(**INNER)
def _turn(a: int, b: int, c: int, d: int) -> int:
    """Orientation of four local corners (0..3 the tetrahedron's own, 4..9 the middles of its edges).

    Taken from barycentric coordinates 1..3, in which the tetrahedron itself turns positively.
    """
    share = np.zeros((4, 4), np.int64)
    for n, local in enumerate((a, b, c, d)):
        if local < 4:
            share[n, local] = 2
        else:
            share[n, FIRST_ENDS[local - 4]] += 1
            share[n, SECOND_ENDS[local - 4]] += 1
    for n in range(1, 4):
        for corner in range(4):
            share[n, corner] -= share[0, corner]
    turn = 0
    for n in range(1, 4):
        one, two = n % 3 + 1, (n + 1) % 3 + 1
        turn += share[1, n] * (share[2, one] * share[3, two] - share[2, two] * share[3, one])
    return turn


@njit(**INNER)
def _put(out: Any, of: Any, end: Any, names: Any, label: int, a: int, b: int, c: int, d: int) -> None:
    """Add one piece with its orientation; ``names`` are the point numbers of the ten local corners."""
    at = end[0]
    end[0] += 1
    turned = _turn(a, b, c, d) < 0
    out[at, 0], out[at, 1] = names[a], names[b]
    out[at, 2], out[at, 3] = names[d if turned else c], names[c if turned else d]
    of[at] = label


@njit(**INNER)
def _divided(
    out: Any, of: Any, end: Any, names: Any, ours: Any, theirs: Any, drawn: Any, count: int, lying: int, label: int,
    flip: int,
) -> None:
    """Add the pieces on one region's side of a cut tetrahedron.

    ``ours`` (``count`` of them), ``theirs`` and ``drawn`` (``lying``) are local corners. Squares on the faces are
    halved from the corner that comes first, so neighbours agree.
    """
    near = 4 + _edge_of(ours[0], theirs[0])
    if count == 1:
        last = drawn[lying - 1] if lying else 4 + _edge_of(ours[0], theirs[2])
        middle = drawn[0] if lying == 2 else 4 + _edge_of(ours[0], theirs[1])
        _put(out, of, end, names, label, ours[0], near, middle, last)
        return
    far = 4 + _edge_of(ours[1], theirs[0])
    if count == 3:
        last = 4 + _edge_of(ours[2], theirs[0])
        _put(out, of, end, names, label, ours[0], ours[1], ours[2], last)
        _put(out, of, end, names, label, ours[0], ours[1], far, last)
        _put(out, of, end, names, label, ours[0], near, far, last)
        return
    last = drawn[0] if lying else 4 + _edge_of(ours[1], theirs[1])
    _put(out, of, end, names, label, ours[0], ours[1], far, last)
    if lying:
        _put(out, of, end, names, label, ours[0], far, near, last)
        return
    # the square between the four crossings is halved the same way from both sides
    side = 4 + _edge_of(ours[0], theirs[1])
    _put(out, of, end, names, label, ours[0], near, far, last if flip else side)
    _put(out, of, end, names, label, ours[0], near if flip else far, last, side)


@njit(**INNER)
def _sort_corners(labels: Any, stem: Any, names: Any, low: int, high: int, sides: Any, counts: Any) -> None:
    """Write the local corners in ``low``, in ``high`` and drawn, those with the longer stem (lower number) first."""
    counts[0] = counts[1] = counts[2] = 0
    for n in range(4):
        label = labels[names[n]]
        side = 0 if label == low else (1 if label == high else 2)
        at = counts[side]
        counts[side] += 1
        while at > 0:
            before = names[sides[side, at - 1]]
            if stem[before] > stem[names[n]] or (stem[before] == stem[names[n]] and before < names[n]):
                break
            sides[side, at] = sides[side, at - 1]
            at -= 1
        sides[side, at] = n


@njit(**INNER)
def _square_distance(points: Any, a: int, b: int) -> float:
    return float(
        (points[a, 0] - points[b, 0]) ** 2 + (points[a, 1] - points[b, 1]) ** 2 + (points[a, 2] - points[b, 2]) ** 2
    )


@njit(cache=True, error_model="numpy")
def divide(
    points: Any, labels: Any, tetrahedra: Any, tet_edges: Any, numbers: Any, stem: Any, field: Any
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the pieces (P, 4) of all tetrahedra that are not wholly outside, and their regions (P,), 0 outside too.

    ``points``, ``numbers`` and ``stem`` come from ``place_crossings``. A tetrahedron with all corners on interfaces
    takes the region at its centre.
    """
    out = np.empty((6 * tetrahedra.shape[0], 4), np.int32)
    of = np.empty(6 * tetrahedra.shape[0], np.int64)
    end = np.zeros(1, np.int64)
    names = np.empty(10, np.int64)
    sides = np.empty((3, 4), np.int64)
    counts = np.empty(3, np.int64)
    values, centre = np.empty(field[3].size), np.empty(3)
    for t in range(tetrahedra.shape[0]):
        low, high, outer = np.int64(32767), np.int64(DRAWN), 0
        for n in range(4):
            names[n] = tetrahedra[t, n]
            label = labels[names[n]]
            if label != DRAWN:
                low, high = min(low, label), max(high, label)
            outer += label == 0
        if outer == 4:
            continue
        if high == DRAWN:
            for axis in range(3):
                centre[axis] = 0.0
                for n in range(4):
                    centre[axis] += 0.25 * points[names[n], axis]
            low = high = region_at(field, centre[0], centre[1], centre[2], values)
        if low == high:
            for n in range(4):
                out[end[0], n] = names[n]
            of[end[0]] = low
            end[0] += 1
            continue
        for n in range(6):
            e = tet_edges[t, n]
            names[4 + n] = numbers[e] if e >= 0 else -1
        _sort_corners(labels, stem, names, low, high, sides, counts)
        flip = 0
        if counts[0] == 2 and counts[1] == 2:
            a, b = names[4 + _edge_of(sides[0, 0], sides[1, 0])], names[4 + _edge_of(sides[0, 1], sides[1, 1])]
            c, d = names[4 + _edge_of(sides[0, 0], sides[1, 1])], names[4 + _edge_of(sides[0, 1], sides[1, 0])]
            flip = int(_square_distance(points, a, b) < _square_distance(points, c, d))
        _divided(out, of, end, names, sides[0], sides[1], sides[2], counts[0], counts[2], low, flip)
        _divided(out, of, end, names, sides[1], sides[0], sides[2], counts[1], counts[2], high, flip)
    return out[: end[0]].copy(), of[: end[0]].copy()


@njit(cache=True, error_model="numpy")
def touching(pieces: Any, regions: Any, count: int) -> NDArray[np.int64]:
    """Return for each of ``count`` points the set of regions around it, one bit each."""
    held = np.zeros(count, np.int64)
    for t in range(pieces.shape[0]):
        for n in range(4):
            held[pieces[t, n]] |= 1 << np.int64(regions[t])
    return held


@njit(**INNER)
def _parts(pieces: Any, rings: Any, first: int, stop: int, v: int, inside: Any, group: Any) -> int:
    """Into how many parts, joined by faces at ``v``, the tetrahedra around it fall that are marked ``inside``."""
    count = stop - first
    for n in range(count):
        group[n] = n
    parts = 0
    for n in range(count):
        parts += inside[n]
    for n in range(count):
        for m in range(n):
            if inside[n] and inside[m]:
                common = 0
                for a in range(4):
                    for b in range(4):
                        common += pieces[rings[first + n], a] == pieces[rings[first + m], b]
                if common == 3 and group[n] != group[m]:
                    old, new = group[n], group[m]
                    parts -= 1
                    for other in range(count):
                        if group[other] == old:
                            group[other] = new
    return parts


@njit(cache=True, error_model="numpy")
def pinches(pieces: Any, regions: Any, held: Any, starts: Any, rings: Any) -> NDArray[np.int64]:
    """Return for each point (N,) the regions whose boundary is not one simple sheet there, one bit each.

    There a region, or all that is not the region, falls into parts that only an edge or a point joins.
    """
    found = np.zeros(held.size, np.int64)
    largest = 0
    for v in range(held.size):
        largest = max(largest, starts[v + 1] - starts[v])
    inside, group = np.empty(largest, np.bool_), np.empty(largest, np.int64)
    for v in range(held.size):
        if held[v] & (held[v] - 1) == 0:
            continue
        two = 0
        for r in range(62):
            two += held[v] >> r & 1
        for r in range(62):
            if not held[v] >> r & 1:
                continue
            for side in range(2):
                if side == 1 and two == 2:
                    break  # what is not the one region is the other
                for n in range(starts[v], starts[v + 1]):
                    inside[n - starts[v]] = (regions[rings[n]] == r) == (side == 0)
                if _parts(pieces, rings, starts[v], starts[v + 1], v, inside, group) > 1:
                    found[v] |= held[v] if two == 2 else np.int64(1) << r
    return found
