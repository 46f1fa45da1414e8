"""A graded body-centred-cubic lattice of tetrahedra: corners and centres of the leaves of a balanced octree.

Two equal neighbouring leaves give four tetrahedra around the line between their centres, one for each edge of the
shared square (halved where a smaller leaf puts a corner in its middle); a leaf beside a larger one gives half
pyramids on both sides of its square, cut along the diagonal from the middle of the larger square. All angles of this
background lie between 45 and 120 degrees. F. Labelle and J. R. Shewchuk, "Isosurface stuffing", SIGGRAPH 2007.

Level 0 has the coarsest cells; ``cells`` holds one byte per cell of every level, level after level, each in [k, j, i]
order of shape ``shape * 2**level``: bit 0 (SPLIT) says that the cell is cut into eight, bit 1 (FILLED) that a voxel of
a structure is in it or near it. Points are counted in halves of the finest cell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.tet_field import INNER

SPLIT, FILLED = 1, 2
CORNERS = np.array([[0, 1, 2, 3], [0, 1, 2, 4], [0, 1, 4, 3], [0, 2, 3, 4], [1, 2, 3, 4]])


@njit(cache=True, error_model="numpy")
def level_start(shape: Any, level: int) -> int:
    """Return where the cells of a level begin in ``cells``."""
    before: int = (8**level - 1) // 7 * shape[0] * shape[1] * shape[2]
    return before


@njit(**INNER)
def _cell(cells: Any, shape: Any, level: int, k: int, j: int, i: int) -> int:
    """Return the byte of a cell, or -1 beyond the lattice."""
    nk, nj, ni = shape[0] << level, shape[1] << level, shape[2] << level
    if k < 0 or j < 0 or i < 0 or k >= nk or j >= nj or i >= ni:
        return -1
    return int(cells[level_start(shape, level) + (k * nj + j) * ni + i])


@njit(cache=True, error_model="numpy")
def mark(
    cells: Any, shape: Any, level: int, cell_mm: float, corner: Any, inside: Any, origin: Any, spacing: Any, bit: int,
    reach: float,
) -> None:
    """Set ``bit`` in the cells of one level that come within ``reach`` voxels of the centre of one ``inside`` (!= 0).

    ``corner`` is the outer corner of the lattice, ``origin`` the position of voxel [0, 0, 0], both mm in [k, j, i].
    """
    start = level_start(shape, level)
    nk, nj, ni = shape[0] << level, shape[1] << level, shape[2] << level
    for k in range(inside.shape[0]):
        k0 = max(0, int(np.floor((origin[0] + (k - reach) * spacing[0] - corner[0]) / cell_mm)))
        k1 = min(nk - 1, int(np.floor((origin[0] + (k + reach) * spacing[0] - corner[0]) / cell_mm)))
        for j in range(inside.shape[1]):
            j0 = max(0, int(np.floor((origin[1] + (j - reach) * spacing[1] - corner[1]) / cell_mm)))
            j1 = min(nj - 1, int(np.floor((origin[1] + (j + reach) * spacing[1] - corner[1]) / cell_mm)))
            last = -1
            for i in range(inside.shape[2]):
                if not inside[k, j, i]:
                    continue
                i0 = max(0, int(np.floor((origin[2] + (i - reach) * spacing[2] - corner[2]) / cell_mm)))
                i1 = min(ni - 1, int(np.floor((origin[2] + (i + reach) * spacing[2] - corner[2]) / cell_mm)))
                if i1 <= last:
                    continue
                for a in range(k0, k1 + 1):
                    for b in range(j0, j1 + 1):
                        for c in range(max(i0, last + 1), i1 + 1):
                            cells[start + (a * nj + b) * ni + c] |= bit
                last = i1


@njit(**INNER)
def _emit(out: Any, end: Any, spots: Any, row: int) -> None:
    """Add the tetrahedron of the ``spots`` named by a row of CORNERS, positively oriented as (k, j, i).

    ``end`` holds how many there are; they are only counted where ``out`` has no rows.
    """
    at = end[0]
    end[0] += 1
    if out.shape[0] == 0:
        return
    a, b, c, d = CORNERS[row, 0], CORNERS[row, 1], CORNERS[row, 2], CORNERS[row, 3]
    u0, u1, u2 = spots[b, 0] - spots[a, 0], spots[b, 1] - spots[a, 1], spots[b, 2] - spots[a, 2]
    v0, v1, v2 = spots[c, 0] - spots[a, 0], spots[c, 1] - spots[a, 1], spots[c, 2] - spots[a, 2]
    w0, w1, w2 = spots[d, 0] - spots[a, 0], spots[d, 1] - spots[a, 1], spots[d, 2] - spots[a, 2]
    turn = u0 * (v1 * w2 - v2 * w1) + u1 * (v2 * w0 - v0 * w2) + u2 * (v0 * w1 - v1 * w0)
    for n in range(4):
        spot = CORNERS[row, n]
        place = n if turn > 0 or n < 2 else 5 - n
        out[at, place] = spots[spot, 0] << 42 | spots[spot, 1] << 21 | spots[spot, 2]


@njit(**INNER)
def _between_equals(
    cells: Any, shape: Any, level: int, place: Any, axis: int, side: int, spots: Any, out: Any, end: Any
) -> None:
    """Tetrahedra around the line from a leaf to the equal one that follows it along ``axis``."""
    for n in range(3):
        spots[0, n] = spots[1, n] = place[n] * side + side // 2
    spots[1, axis] += side
    for edge in range(4):
        across = (axis + 1 + edge // 2) % 3
        along = 3 - axis - across
        up = edge % 2
        for n in range(3):
            spots[2, n] = place[n] * side
        spots[2, axis] += side
        spots[2, across] += up * side
        for n in range(3):
            spots[3, n] = spots[4, n] = spots[2, n]
        spots[3, along] += side
        spots[4, along] += side // 2
        place[across] += 2 * up - 1
        first = _cell(cells, shape, level, place[0], place[1], place[2])
        place[axis] += 1
        second = _cell(cells, shape, level, place[0], place[1], place[2])
        place[axis] -= 1
        place[across] -= 2 * up - 1
        halved = int((first > 0 and first & SPLIT > 0) or (second > 0 and second & SPLIT > 0))
        for row in range(halved, 2 * halved + 1):
            _emit(out, end, spots, row)


@njit(**INNER)
def _beside_larger(place: Any, axis: int, step: int, side: int, spots: Any, out: Any, end: Any) -> None:
    """Half pyramids on both sides of the square of a leaf whose neighbour along ``axis`` is twice as large."""
    for n in range(3):
        spots[0, n] = place[n] * side + side // 2  # the leaf's centre
        spots[1, n] = ((place[n] + (step if n == axis else 0)) // 2) * 2 * side + side  # the larger one's
        # the middle of the larger square (2) is at the upper side of an even cell, at the lower side of an odd one
        odd = place[n] % 2
        ahead = 1 if step > 0 else 0
        spots[2, n] = (place[n] + (ahead if n == axis else 1 - odd)) * side
        spots[3, n] = (place[n] + (ahead if n == axis else odd)) * side
    for turn in range(1, 3):
        tangent = (axis + turn) % 3
        for n in range(3):
            spots[4, n] = spots[3, n] if n == tangent else spots[2, n]
        for row in range(3, 5):
            _emit(out, end, spots, row)


@njit(cache=True, error_model="numpy")
def tetrahedra(cells: Any, shape: Any, levels: int, out: Any) -> int:
    """Write the tetrahedra of all leaves that are FILLED, or have such a neighbour, and return how many there are.

    ``out`` is (M, 4) of packed points, or has no rows: then they are only counted.
    """
    end = np.zeros(1, np.int64)
    place = np.empty(3, np.int64)
    spots = np.empty((5, 3), np.int64)
    for level in range(levels):
        side = 2 << (levels - 1 - level)
        for k in range(shape[0] << level):
            for j in range(shape[1] << level):
                for i in range(shape[2] << level):
                    own = _cell(cells, shape, level, k, j, i)
                    if own & SPLIT:
                        continue
                    if level > 0 and not _cell(cells, shape, level - 1, k >> 1, j >> 1, i >> 1) & SPLIT:
                        continue
                    for way in range(6):
                        axis, step = way // 2, 2 * (way % 2) - 1
                        place[0], place[1], place[2] = k, j, i
                        place[axis] += step
                        beside = _cell(cells, shape, level, place[0], place[1], place[2])
                        if beside < 0 or beside & SPLIT:
                            continue
                        parent = SPLIT
                        if level > 0:
                            parent = _cell(cells, shape, level - 1, place[0] >> 1, place[1] >> 1, place[2] >> 1)
                        place[axis] -= step
                        if not parent & SPLIT:
                            if (own | parent) & FILLED:
                                _beside_larger(place, axis, step, side, spots, out, end)
                        elif step > 0 and (own | beside) & FILLED:
                            _between_equals(cells, shape, level, place, axis, side, spots, out, end)
    return int(end[0])


@njit(**INNER)
def _slot(table: Any, key: int) -> int:
    """Return the place of a key in an open hash table of a power of two places, or the empty one where it belongs."""
    mask = table.size - 1
    spread = key * 0x9E3779B97F4A7C1
    at = (spread ^ (spread >> 29)) & mask
    while table[at] != -1 and table[at] != key:
        at = (at + 1) & mask
    return int(at)


@njit(cache=True, error_model="numpy")
def numbered(keys: Any) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the distinct entries of ``keys`` (any shape, -1 is left out) in order of appearance and their numbers.

    The numbers have the shape of ``keys``; those of -1 are -1.
    """
    flat = keys.ravel()
    size = 1024
    room = 256
    table = np.full(size, -1, np.int64)
    number = np.empty(size, np.int32)
    found = np.empty(room, np.int64)
    count = 0
    out = np.empty(flat.size, np.int32)
    for n in range(flat.size):
        key = flat[n]
        if key == -1:
            out[n] = -1
            continue
        at = _slot(table, key)
        if table[at] == -1:
            if count == room:
                room, size = 2 * room, 2 * size
                grown = np.empty(room, np.int64)
                for old in range(count):
                    grown[old] = found[old]
                found = grown
                table = np.full(size, -1, np.int64)
                number = np.empty(size, np.int32)
                for old in range(count):
                    again = _slot(table, found[old])
                    table[again], number[again] = found[old], old
                at = _slot(table, key)
            table[at], number[at] = key, count
            found[count] = key
            count += 1
        out[n] = number[at]
    return found[:count].copy(), out.reshape(keys.shape)


@njit(cache=True, error_model="numpy")
def positions(keys: Any, corner: Any, half_mm: float) -> NDArray[np.float64]:
    """Return the positions (N, 3) in mm, [k, j, i], of packed points."""
    places = np.empty((keys.size, 3))
    for n in range(keys.size):
        for axis in range(3):
            places[n, axis] = corner[axis] + half_mm * ((keys[n] >> (42 - 21 * axis)) & 0x1FFFFF)
    return places
