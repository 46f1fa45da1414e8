"""One cell of eight voxel centres: how surfaces between any number of regions run through it.

``rank`` says which regions are joined across an ambiguous face (the higher one). Where four regions meet on a face two
of them are joined by a short line, so that never more than three surfaces meet in a point of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.mesh_table import CORNER_PLACES, EDGE_MIDDLES, FACE_CORNERS, FACE_EDGES, SHARE_FACE

ON_EDGE, ON_FACE, ON_CURVE, IN_CELL = 0, 1, 2, 3  # what a point is: see ``mesh_extract.extract``


@njit(cache=True, no_cpython_wrapper=True)
def points_on_face(a: int, b: int, c: int, d: int) -> int:
    """Return how many points lie inside a face whose voxels are a, b, c, d, in circle."""
    crossed = (a != b) + (b != c) + (c != d) + (d != a)
    if crossed == 3:
        return 1
    return 2 if crossed == 4 and a != c and b != d else 0


@njit(cache=True, no_cpython_wrapper=True)
def _joined_from(a: int, b: int, c: int, d: int, rank: Any) -> int:
    """Return 0 where a and c are joined across a face crossed four times, 1 where b and d are."""
    if a == c and b == d:
        return 0 if rank[a] > rank[b] else 1
    if a == c or b == d:
        return 0 if a == c else 1
    return 0 if max(rank[a], rank[c]) > max(rank[b], rank[d]) else 1


@njit(cache=True, no_cpython_wrapper=True)
def corners_of(regions: Any, k: int, j: int, i: int, cell: Any) -> None:
    """Write the regions of a cell's eight voxels into ``cell``."""
    for dk in range(2):
        for dj in range(2):
            row = regions[k + dk, j + dj]
            cell[4 * dk + 2 * dj] = row[i]
            cell[4 * dk + 2 * dj + 1] = row[i + 1]


@njit(cache=True, no_cpython_wrapper=True)
def set_of(cell: Any, rank: Any) -> tuple[int, int, int]:
    """Return (set of corners of the higher region, higher region, lower region); set -1 for more than two regions."""
    first = cell[0]
    second = first
    corners = 0
    for c in range(1, 8):
        if cell[c] != first:
            if second == first:
                second = cell[c]
            if cell[c] != second:
                return -1, 0, 0
            corners |= 1 << c
    if rank[second] > rank[first]:
        return corners, second, first
    return 255 - corners, first, second


@njit(cache=True, no_cpython_wrapper=True)
def _cut(u: int, v: int, left: int, right: int, flip: bool, count: int, lines: Any) -> int:
    lines[count, 0], lines[count, 1] = u, v
    lines[count, 2], lines[count, 3] = (right, left) if flip else (left, right)
    return count + 1


@njit(cache=True, no_cpython_wrapper=True)
def _face_lines(face: int, cell: Any, rank: Any, count: int, lines: Any) -> int:
    """Add the lines (from, to, left, right; seen from outside the cell) that surfaces leave on a face."""
    flip = face % 2 == 0
    p, e = FACE_CORNERS[face], FACE_EDGES[face]
    crossed = np.empty(4, np.int64)
    crossings = 0
    for n in range(4):
        if cell[p[n]] != cell[p[(n + 1) % 4]]:
            crossed[crossings] = n
            crossings += 1
    inner = 12 + 2 * face
    if crossings == 2:
        a, b = crossed[0], crossed[1]
        return int(_cut(e[a], e[b], cell[p[a]], cell[p[b]], flip, count, lines))
    if crossings == 3:
        for m in range(3):
            n = crossed[m]
            count = _cut(e[n], inner, cell[p[n]], cell[p[(n + 1) % 4]], flip, count, lines)
    if crossings == 4:
        s = _joined_from(cell[p[0]], cell[p[1]], cell[p[2]], cell[p[3]], rank)
        q0, q1, q2, q3 = cell[p[s]], cell[p[s + 1]], cell[p[(s + 2) % 4]], cell[p[(s + 3) % 4]]
        e0, e1, e2, e3 = e[s], e[s + 1], e[(s + 2) % 4], e[(s + 3) % 4]
        if q0 == q2:
            count = _cut(e0, e1, q0, q1, flip, count, lines)
            return int(_cut(e2, e3, q2, q3, flip, count, lines))
        count = _cut(e0, inner, q0, q1, flip, count, lines)
        count = _cut(e1, inner, q1, q2, flip, count, lines)
        count = _cut(inner, inner + 1, q0, q2, flip, count, lines)
        count = _cut(e2, inner + 1, q2, q3, flip, count, lines)
        count = _cut(e3, inner + 1, q3, q0, flip, count, lines)
    return count


@njit(cache=True, no_cpython_wrapper=True)
def _put(a: int, b: int, c: int, front: int, back: int, count: int, triangles: Any) -> int:
    """Add a triangle whose normal points to ``front``."""
    triangles[count, 0], triangles[count, 1], triangles[count, 2] = a, b, c
    triangles[count, 3], triangles[count, 4] = front, back
    return count + 1


@njit(cache=True, no_cpython_wrapper=True)
def _put_loop(loop: Any, front: int, back: int, count: int, triangles: Any) -> int:
    """Add a loop of three points, or of four along a line that no face has; returns the same count if it cannot."""
    if loop[3] < 0:
        return int(_put(loop[0], loop[1], loop[2], front, back, count, triangles))
    for n in range(2):
        a, b, c, d = loop[n], loop[n + 1], loop[n + 2], loop[(n + 3) % 4]
        if not SHARE_FACE[a, c]:
            count = _put(a, b, c, front, back, count, triangles)
            return int(_put(a, c, d, front, back, count, triangles))
    return count


@njit(cache=True, no_cpython_wrapper=True)
def mixed_cell(
    cell: Any, rank: Any, lines: Any, triangles: Any, centres: Any, curved: Any
) -> tuple[int, int]:
    """Cut a cell of three or more regions; returns the numbers of triangles and of points inside it.

    Points are local: 0-11 on edges, 12 + 2 face + n on faces, 24 + n inside. Every connected net of lines on the
    cell's surface has its own point inside, so that what does not meet on the faces does not meet in the cell.
    """
    count = 0
    for face in range(6):
        count = _face_lines(face, cell, rank, count, lines)
    net = np.full(24, -1, np.int64)
    loop = np.empty(4, np.int64)
    made, inner = 0, 0
    for start in range(count):
        if net[lines[start, 0]] >= 0:
            continue
        mark = start
        net[lines[start, 0]] = mark
        changed = True
        while changed:
            changed = False
            for n in range(count):
                u, v = lines[n, 0], lines[n, 1]
                if (net[u] == mark) != (net[v] == mark):
                    net[u] = net[v] = mark
                    changed = True
        points, on_faces = 0, 0
        centre = np.zeros(3)
        for v in range(24):
            if net[v] == mark:
                points += 1
                on_faces += v >= 12
                for axis in range(3):
                    if v < 12:
                        centre[axis] += EDGE_MIDDLES[v, axis]
                    else:
                        centre[axis] += 0.5 if axis != (v - 12) // 4 else ((v - 12) // 2) % 2
        if on_faces == 0 and points <= 4:
            front, back = lines[start, 2], lines[start, 3]
            loop[:] = -1
            loop[0] = lines[start, 0]
            at = lines[start, 1]
            length = 1
            previous = start
            while at != loop[0]:
                loop[length] = at
                length += 1
                for n in range(count):
                    if n != previous and (lines[n, 0] == at or lines[n, 1] == at):
                        at = lines[n, 1] if lines[n, 0] == at else lines[n, 0]
                        previous = n
                        break
            before = made
            made = _put_loop(loop, front, back, made, triangles)
            if made > before:
                continue
        for n in range(count):
            if net[lines[n, 0]] == mark:
                made = _put(lines[n, 0], lines[n, 1], 24 + inner, lines[n, 2], lines[n, 3], made, triangles)
        for axis in range(3):
            centres[inner, axis] = centre[axis] / points
        curved[inner] = on_faces > 0
        inner += 1
    return made, inner


@njit(cache=True, no_cpython_wrapper=True)
def place_on_face(face: int, cell: Any, rank: Any, k: int, j: int, i: int, at: int, points: Any, kinds: Any) -> int:
    """Place the points inside a low face of a cell; returns the number of the next point."""
    p = FACE_CORNERS[face]
    a, b, c, d = cell[p[0]], cell[p[1]], cell[p[2]], cell[p[3]]
    here = points_on_face(a, b, c, d)
    s = _joined_from(a, b, c, d, rank) if here == 2 else 0
    for n in range(here):
        for axis in range(3):
            place = CORNER_PLACES[p[0], axis] + CORNER_PLACES[p[2], axis]
            if here == 2:  # two thirds from the middle towards the line that cuts off the corner
                corner = CORNER_PLACES[p[(s + 1 + 2 * n) % 4], axis]
                place += (2.0 * corner - place) / 3.0
            points[at, axis] = 0.5 * place + (k if axis == 0 else j if axis == 1 else i)
        kinds[at] = ON_FACE
        at += 1
    return at


