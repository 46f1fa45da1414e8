"""All surfaces between the regions of a voxel map at once, as one complex of triangles that neighbours share.

Multi-material marching cubes on the grid of voxel centres. Between two regions a cell is cut by the table of
``mesh_table``; where three or more meet, a point inside the cell is joined to the lines that the surfaces leave on its
faces (so does H.-C. Hege et al., "A generalized marching cubes algorithm based on non-binary classifications", ZIB
1997, for triple lines). On a face the cut depends on its four voxels alone, so neighbouring cells agree, and never do
more than three surfaces meet in a point of it: any union of regions is bounded by a closed surface, for any map.

Counted first, filled after, slab by slab: every row of voxels knows its place in the arrays, so the result does not
depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.mesh_cell import (
    IN_CELL,
    ON_CURVE,
    ON_EDGE,
    corners_of,
    mixed_cell,
    place_on_face,
    points_on_face,
    set_of,
)
from anatomy_twin.kernels.mesh_table import cell_table

_CHUNK_PLANES = 8  # planes that one thread fills in a row: the first of them is numbered twice
_KINDS = 7  # points of a row: edges along i, j, k, faces across k, j, i, points in cells


@njit(parallel=True, cache=True)
def _flag(regions: Any, flags: Any) -> None:
    for k in prange(regions.shape[0] - 1):
        for j in range(regions.shape[1] - 1):
            here, behind = regions[k, j], regions[k, j + 1]
            above, beyond = regions[k + 1, j], regions[k + 1, j + 1]
            row = flags[k, j]
            for i in range(regions.shape[2] - 1):
                own = here[i]
                along_i, along_j, along_k = own != here[i + 1], own != behind[i], own != above[i]
                others = (own != behind[i + 1]) | (own != above[i + 1]) | (own != beyond[i]) | (own != beyond[i + 1])
                mixed = along_i | along_j | along_k | others
                row[i] = along_i * np.uint8(1) | along_j * np.uint8(2) | along_k * np.uint8(4) | mixed * np.uint8(8)


@njit(parallel=True, cache=True)
def _count(regions: Any, flags: Any, rank: Any, table_count: Any, row_points: Any, row_triangles: Any) -> None:
    words = flags.view(np.uint64)
    for k in prange(regions.shape[0] - 1):
        cell = np.empty(8, np.int64)
        lines, triangles = np.empty((32, 4), np.int64), np.empty((40, 5), np.int64)
        centres, curved = np.empty((8, 3)), np.empty(8, np.bool_)
        for j in range(regions.shape[1] - 1):
            here = row_points[k, j]
            for word in range(words.shape[2]):
                if words[k, j, word] == 0:
                    continue
                for i in range(8 * word, 8 * word + 8):
                    flag = flags[k, j, i]
                    if flag == 0:
                        continue
                    here[0] += flag & 1
                    here[1] += (flag >> 1) & 1
                    here[2] += (flag >> 2) & 1
                    corners_of(regions, k, j, i, cell)
                    corners, _, _ = set_of(cell, rank)
                    if corners >= 0:
                        row_triangles[k, j] += table_count[corners]
                        continue
                    here[3] += points_on_face(cell[0], cell[2], cell[3], cell[1])
                    here[4] += points_on_face(cell[0], cell[1], cell[5], cell[4])
                    here[5] += points_on_face(cell[0], cell[4], cell[6], cell[2])
                    made, inner = mixed_cell(cell, rank, lines, triangles, centres, curved)
                    here[6] += inner
                    row_triangles[k, j] += made


@njit(cache=True, no_cpython_wrapper=True)
def _number_plane(
    regions: Any, flags: Any, words: Any, k: int, row_start: Any, row_points: Any, on_i: Any, on_j: Any, on_k: Any
) -> None:
    """Write the numbers of the points in plane k: on edges along i and j, and the first on each face across k."""
    for j in range(regions.shape[1] - 1):
        at_i = row_start[k, j]
        at_j = at_i + row_points[k, j, 0]
        at_k = at_j + row_points[k, j, 1] + row_points[k, j, 2]
        several = row_points[k, j, 3] > 0
        for word in range(words.shape[2]):
            if words[k, j, word] == 0:
                continue
            for i in range(8 * word, 8 * word + 8):
                flag = flags[k, j, i]
                if flag & 1:
                    on_i[j, i] = at_i
                    at_i += 1
                if flag & 2:
                    on_j[j, i] = at_j
                    at_j += 1
                if several and flag & 3:
                    on_k[j, i] = at_k
                    at_k += points_on_face(
                        regions[k, j, i], regions[k, j + 1, i], regions[k, j + 1, i + 1], regions[k, j, i + 1]
                    )


@njit(cache=True, no_cpython_wrapper=True)
def _local_to_global(
    k: int, j: int, i: int, low: int, on_i: Any, on_j: Any, on_k: Any, up: Any, face_j: Any, face_i: Any, number: Any
) -> None:
    """Look up the numbers of a cell's 12 edge points and of the first point on each face (12 + 2 face)."""
    high = 1 - low
    number[0], number[1] = on_i[low, j, i], on_i[low, j + 1, i]
    number[2], number[3] = on_i[high, j, i], on_i[high, j + 1, i]
    number[4], number[5] = on_j[low, j, i], on_j[low, j, i + 1]
    number[6], number[7] = on_j[high, j, i], on_j[high, j, i + 1]
    number[8], number[9], number[10], number[11] = up[j, i], up[j, i + 1], up[j + 1, i], up[j + 1, i + 1]
    number[12], number[14] = on_k[low, j, i], on_k[high, j, i]
    number[16], number[18] = face_j[j, i], face_j[j + 1, i]
    number[20], number[22] = face_i[j, i], face_i[j, i + 1]
    for face in range(6):
        number[13 + 2 * face] = number[12 + 2 * face] + 1


@njit(parallel=True, cache=True)
def _fill(
    regions: Any, flags: Any, rank: Any, table_count: Any, table: Any, row_points: Any, row_start: Any,
    triangle_start: Any, chunk_planes: int, points: Any, kinds: Any, out: Any, sides: Any,
) -> None:
    words = flags.view(np.uint64)
    planes, rows, columns = regions.shape
    for chunk in prange((planes - 2) // chunk_planes + 1):
        on_i, on_j, on_k = (
            np.empty((2, rows, columns), np.int32),
            np.empty((2, rows, columns), np.int32),
            np.empty((2, rows, columns), np.int32),
        )
        up, face_j, face_i = (
            np.empty((rows, columns), np.int32),
            np.empty((rows, columns), np.int32),
            np.empty((rows, columns), np.int32),
        )
        cell, number = np.empty(8, np.int64), np.empty(32, np.int64)
        lines, cut = np.empty((32, 4), np.int64), np.empty((40, 5), np.int64)
        centres, curved = np.empty((8, 3)), np.empty(8, np.bool_)
        first = chunk * chunk_planes
        last = min(first + chunk_planes, planes - 1)
        _number_plane(regions, flags, words, first, row_start, row_points, on_i[0], on_j[0], on_k[0])
        for k in range(first, last):
            low = (k - first) % 2
            high = 1 - low
            if k + 1 < planes - 1:
                _number_plane(
                    regions, flags, words, k + 1, row_start, row_points, on_i[high], on_j[high], on_k[high]
                )
            # points first: rows look up what the row behind them owns
            for j in range(rows - 1):
                here = row_points[k, j]
                at_i = row_start[k, j]
                at_j = at_i + here[0]
                at_up = at_j + here[1]
                at_fk = at_up + here[2]
                at_fj = at_fk + here[3]
                at_fi = at_fj + here[4]
                faces = here[3] + here[4] + here[5] > 0
                for word in range(words.shape[2]):
                    if words[k, j, word] == 0:
                        continue
                    for i in range(8 * word, 8 * word + 8):
                        flag = flags[k, j, i]
                        if flag & 7 == 0:
                            continue
                        if flag & 1:
                            points[at_i, 0], points[at_i, 1], points[at_i, 2] = k, j, i + 0.5
                            at_i += 1
                        if flag & 2:
                            points[at_j, 0], points[at_j, 1], points[at_j, 2] = k, j + 0.5, i
                            at_j += 1
                        if flag & 4:
                            points[at_up, 0], points[at_up, 1], points[at_up, 2] = k + 0.5, j, i
                            up[j, i] = at_up
                            at_up += 1
                        if faces:
                            corners_of(regions, k, j, i, cell)
                            face_j[j, i], face_i[j, i] = at_fj, at_fi
                            at_fk = place_on_face(0, cell, rank, k, j, i, at_fk, points, kinds)
                            at_fj = place_on_face(2, cell, rank, k, j, i, at_fj, points, kinds)
                            at_fi = place_on_face(4, cell, rank, k, j, i, at_fi, points, kinds)
            for j in range(rows - 1):
                t = triangle_start[k, j]
                at_cell = row_start[k, j]
                for kind in range(_KINDS - 1):
                    at_cell += row_points[k, j, kind]
                for word in range(words.shape[2]):
                    if words[k, j, word] == 0:
                        continue
                    for i in range(8 * word, 8 * word + 8):
                        if flags[k, j, i] & 8 == 0:
                            continue
                        corners_of(regions, k, j, i, cell)
                        corners, high_region, low_region = set_of(cell, rank)
                        _local_to_global(k, j, i, low, on_i, on_j, on_k, up, face_j, face_i, number)
                        if corners >= 0:
                            # normals of the table point to the lower ranked region
                            turn = low_region > high_region
                            for n in range(table_count[corners]):
                                out[t, 0] = number[table[corners, n, 0]]
                                out[t, 1] = number[table[corners, n, 2 if turn else 1]]
                                out[t, 2] = number[table[corners, n, 1 if turn else 2]]
                                sides[t, 0] = min(low_region, high_region)
                                sides[t, 1] = max(low_region, high_region)
                                t += 1
                            continue
                        made, inner = mixed_cell(cell, rank, lines, cut, centres, curved)
                        for n in range(inner):
                            number[24 + n] = at_cell
                            points[at_cell, 0] = k + centres[n, 0]
                            points[at_cell, 1] = j + centres[n, 1]
                            points[at_cell, 2] = i + centres[n, 2]
                            kinds[at_cell] = ON_CURVE if curved[n] else IN_CELL
                            at_cell += 1
                        for n in range(made):
                            turn = cut[n, 3] > cut[n, 4]
                            out[t, 0] = number[cut[n, 0]]
                            out[t, 1] = number[cut[n, 2 if turn else 1]]
                            out[t, 2] = number[cut[n, 1 if turn else 2]]
                            sides[t, 0] = min(cut[n, 3], cut[n, 4])
                            sides[t, 1] = max(cut[n, 3], cut[n, 4])
                            t += 1


def count_complex(regions: NDArray[np.uint16], rank: NDArray[np.int32]) -> tuple[NDArray[Any], ...]:
    """Count the points and triangles that ``extract`` will make, in a few percent of its memory.

    Parameters
    ----------
    regions : uint16 [k, j, i], region of every voxel; the outermost voxels are of region 0.
    rank : (region count,); where two regions are ambiguous the one of higher rank is joined.

    Returns
    -------
    flags uint8 [k, j, i rounded up to 8] (bits 0-2: the edge to the next voxel along i, j, k is crossed, bit 3: the
    cell is not uniform), points per row and kind int32 [k, j, 7], triangles per row int32 [k, j].
    """
    planes, rows, columns = regions.shape
    flags = np.zeros((planes, rows, -(-columns // 8) * 8), np.uint8)
    row_points = np.zeros((planes, rows, _KINDS), np.int32)
    row_triangles = np.zeros((planes, rows), np.int32)
    _flag(regions, flags)
    _count(regions, flags, rank, cell_table()[0], row_points, row_triangles)
    return flags, row_points, row_triangles


def extract(
    regions: NDArray[np.uint16], rank: NDArray[np.int32], counted: tuple[NDArray[Any], ...]
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.int32], NDArray[np.int32]]:
    """Return the surfaces between all regions of a map.

    Parameters
    ----------
    regions, rank : as given to ``count_complex``; counted : what it returned.

    Returns
    -------
    points (N, 3) : index coordinates [k, j, i]; kinds (N,) : 0 in the middle of an edge between two voxels, 1 inside
    a face of four voxels (three surfaces meet there), 2 inside a cell on such a line, 3 inside a cell elsewhere;
    triangles (M, 3) : their normals, with (k, j, i) as a right-handed frame, point to their front; sides (M, 2) :
    region in front and region behind, the smaller number in front.
    """
    flags, row_points, row_triangles = counted
    row_start = _starts(row_points.sum(axis=2, dtype=np.int64))
    triangle_start = _starts(row_triangles)
    point_count, triangle_count = int(row_points.sum(dtype=np.int64)), int(row_triangles.sum(dtype=np.int64))
    points, kinds = np.empty((point_count, 3)), np.full(point_count, ON_EDGE, np.uint8)
    triangles, sides = np.empty((triangle_count, 3), np.int32), np.empty((triangle_count, 2), np.int32)
    counts, table = cell_table()
    _fill(
        regions, flags, rank, counts, table, row_points, row_start, triangle_start, _CHUNK_PLANES, points, kinds,
        triangles, sides,
    )
    return points, kinds, triangles, sides


def _starts(counts: NDArray[Any]) -> NDArray[np.int64]:
    ends = np.cumsum(counts.ravel(), dtype=np.int64)
    return np.concatenate([np.zeros(1, np.int64), ends[:-1]]).reshape(counts.shape)
