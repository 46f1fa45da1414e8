"""The cube of eight voxel centres: its edges and faces, and how a surface between two regions runs through it.

Corner c of a cell lies at (k, j, i) = (c >> 2 & 1, c >> 1 & 1, c & 1). Edges 0-3 run along i, 4-7 along j, 8-11 along
k; a surface crosses an edge in its middle. Faces 0, 1 lie across k, 2, 3 across j, 4, 5 across i (low side first).
Corners and edges of a face are listed counter-clockwise about the positive axis. (k, j, i) counts as right-handed.

Marching cubes (Lorensen and Cline, SIGGRAPH 1987) with one rule for ambiguous faces (the corners of the set are joined
across them), so that neighbouring cells always agree. No triangle has a side that runs through a face without being
the cut of that face: two cells could both have it, and four triangles would meet there.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

MOST_TRIANGLES = 5


def _edge_ends() -> NDArray[np.int64]:
    """Return the two corners (12, 2) of every edge, low corner first."""
    along_i = [(4 * k + 2 * j, 4 * k + 2 * j + 1) for k in (0, 1) for j in (0, 1)]
    along_j = [(4 * k + i, 4 * k + 2 + i) for k in (0, 1) for i in (0, 1)]
    along_k = [(2 * j + i, 4 + 2 * j + i) for j in (0, 1) for i in (0, 1)]
    return np.array(along_i + along_j + along_k, dtype=np.int64)


def _face_corners() -> NDArray[np.int64]:
    """Return the four corners (6, 4) of every face, counter-clockwise about the positive axis."""
    weight = (4, 2, 1)
    rows = []
    for axis in range(3):
        first, second = weight[(axis + 1) % 3], weight[(axis + 2) % 3]
        rows += [[side * weight[axis] + step for step in (0, first, first + second, second)] for side in (0, 1)]
    return np.array(rows, dtype=np.int64)


def _face_edges() -> NDArray[np.int64]:
    """Return the edges (6, 4) of every face: edge n joins its corners n and n + 1."""
    number = {frozenset(ends): edge for edge, ends in enumerate(EDGE_ENDS.tolist())}
    rows = FACE_CORNERS.tolist()
    return np.array([[number[frozenset((row[n], row[(n + 1) % 4]))] for n in range(4)] for row in rows])


EDGE_ENDS = _edge_ends()
FACE_CORNERS = _face_corners()
FACE_EDGES = _face_edges()
CORNER_PLACES = np.array([(c >> 2 & 1, c >> 1 & 1, c & 1) for c in range(8)], dtype=np.float64)
EDGE_MIDDLES = CORNER_PLACES[EDGE_ENDS].mean(axis=1)
SHARE_FACE = np.array([[any(a in row and b in row for row in FACE_EDGES) for b in range(12)] for a in range(12)])


def _loops(corners: int) -> list[list[int]]:
    """Return the closed lines of edge numbers that bound the set of corners on the cube, the set on their right."""
    inside = [corners >> c & 1 for c in range(8)]
    follow: dict[int, int] = {}
    for face in range(6):
        around, edges = FACE_CORNERS[face].tolist(), FACE_EDGES[face].tolist()
        values = [inside[c] for c in around]
        crossed = [n for n in range(4) if values[n] != values[(n + 1) % 4]]
        if len(crossed) == 4:  # the set is joined: its complement's two corners are cut off, one each
            pairs = [((n - 1) % 4, n) for n in range(4) if not values[n]]
        elif len(crossed) == 2:
            pairs = [(crossed[0], crossed[1])]
        else:
            continue
        for a, b in pairs:
            # from edge a to edge b corner a + 1 is on the right, seen against the positive axis
            forward = bool(values[(a + 1) % 4]) == (face % 2 == 1)
            start, stop = (edges[a], edges[b]) if forward else (edges[b], edges[a])
            follow[start] = stop
    loops = []
    while follow:
        first, step = follow.popitem()
        loop = [first]
        while step != first:
            loop.append(step)
            step = follow.pop(step)
        at = loop.index(min(loop))
        loops.append(loop[at:] + loop[:at])
    return sorted(loops)


def _smallest_angle(a: int, b: int, c: int) -> float:
    corners = EDGE_MIDDLES[[a, b, c]]
    least = 180.0
    for n in range(3):
        u, v = corners[(n + 1) % 3] - corners[n], corners[(n + 2) % 3] - corners[n]
        cosine = float(u @ v / np.sqrt((u @ u) * (v @ v)))
        least = min(least, float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))))
    return least


def _triangulated(loop: list[int]) -> tuple[float, list[tuple[int, int, int]]]:
    """Return the triangulation of a loop whose smallest angle is largest; angle 0 where there is none to be had."""
    count = len(loop)
    best: dict[tuple[int, int], tuple[float, list[tuple[int, int, int]]]] = {}
    for n in range(count - 1):
        best[n, n + 1] = (180.0, [])
    for width in range(2, count):
        for start in range(count - width):
            stop = start + width
            best[start, stop] = (0.0, [])
            is_side = width == count - 1
            if not is_side and SHARE_FACE[loop[start], loop[stop]]:
                continue
            for middle in range(start + 1, stop):
                left, right = best[start, middle], best[middle, stop]
                angle = min(_smallest_angle(loop[start], loop[middle], loop[stop]), left[0], right[0])
                if angle > best[start, stop][0] + 1e-9:
                    triangle = (loop[start], loop[middle], loop[stop])
                    best[start, stop] = (angle, [*left[1], triangle, *right[1]])
    return best[0, count - 1]


@cache
def cell_table() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how the surface around a set of corners runs through a cell, for all 256 sets.

    Bit c of the set's number stands for corner c; the set is joined across ambiguous faces.

    Returns
    -------
    count (256,) and triangles (256, MOST_TRIANGLES, 3), edge numbers, their normals pointing out of the set.
    """
    count = np.zeros(256, np.int64)
    triangles = np.zeros((256, MOST_TRIANGLES, 3), np.int64)
    for corners in range(256):
        found = [triangle for loop in _loops(corners) for triangle in _triangulated(loop)[1]]
        count[corners] = len(found)
        triangles[corners, : len(found)] = np.array(found, dtype=np.int64).reshape(-1, 3)
    return count, triangles
