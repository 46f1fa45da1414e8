"""The nearest of many straight pieces for every voxel of a mask, exactly, and whether the way there stays inside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

Floats = NDArray[np.float64]
BLOCK: int = 16  # voxels along one side of the blocks that share their candidates, and of the small blocks in them
SMALL: int = 4
TIE_MM2: float = 1e-9
TIE_MM: float = 1e-6


@njit(cache=True, no_cpython_wrapper=True)
def _to_piece(x: float, y: float, z: float, start: Any, along: Any, square: float) -> float:
    """Squared distance in mm2 from a point to the piece start + t along, 0 <= t <= 1 (Ericson 2005, 5.1.2)."""
    a, b, c = x - start[0], y - start[1], z - start[2]
    t = 0.0
    if square > 0.0:
        t = min(max((a * along[0] + b * along[1] + c * along[2]) / square, 0.0), 1.0)
    a, b, c = a - t * along[0], b - t * along[1], c - t * along[2]
    found: float = a * a + b * b + c * c
    return found


@njit(cache=True, no_cpython_wrapper=True)
def _lean(x: float, y: float, z: float, start: Any, along: Any, square: float) -> float:
    """How far a point lies along a piece from the end that is nearest to it, in mm: 0 beside the piece, else negative.

    Where pieces meet, all of them are equally near to the points beyond their common end; the one is taken that leads
    most nearly towards the point.
    """
    if square <= 0.0:
        return -math.inf
    length = math.sqrt(square)
    way = ((x - start[0]) * along[0] + (y - start[1]) * along[1] + (z - start[2]) * along[2]) / length
    lean: float = min(way, 0.0) + min(length - way, 0.0)
    return lean


@njit(cache=True, no_cpython_wrapper=True)
def _middle_and_reach(affine: Any, low: Any, high: Any, middle: Any) -> float:
    """Write the middle in mm of the voxels low to high (exclusive); return how far its corners' centres lie from it."""
    square = 0.0
    for axis in range(3):
        middle[axis] = affine[axis, 3]
        for n in range(3):
            middle[axis] += affine[axis, n] * 0.5 * (low[n] + high[n] - 1)
    for n in range(3):  # the axes of a grid are at right angles
        for axis in range(3):
            square += (affine[axis, n] * 0.5 * (high[n] - 1 - low[n])) ** 2
    return math.sqrt(square)


@njit(cache=True, no_cpython_wrapper=True)
def _candidates(middle: Any, reach: float, start: Any, along: Any, square: Any, among: Any, count: int, away: Any,
                kept: Any) -> int:  # fmt: skip
    """Write those of ``among`` (its first ``count``) that can be nearest to a place within ``reach`` of the middle.

    A piece further from the middle than the nearest one by more than twice the reach is nearest to none.
    """
    least = math.inf
    for n in range(count):
        piece = among[n]
        away[n] = math.sqrt(_to_piece(middle[0], middle[1], middle[2], start[piece], along[piece], square[piece]))
        least = min(least, away[n])
    many = 0
    for n in range(count):
        if away[n] <= least + 2.0 * reach + 1e-6:
            kept[many] = among[n]
            many += 1
    return many


@njit(cache=True, no_cpython_wrapper=True)
def _any_set(mask: Any, low: Any, high: Any) -> bool:
    for k in range(low[0], high[0]):
        for j in range(low[1], high[1]):
            for i in range(low[2], high[2]):
                if mask[k, j, i]:
                    return True
    return False


@njit(cache=True)
def _fill(mask: Any, affine: Any, start: Any, along: Any, square: Any, low: Any, high: Any, among: Any, count: int,
          owner: Any, distance: Any) -> None:  # fmt: skip
    """Give each voxel of a block its nearest piece among the candidates."""
    for k in range(low[0], high[0]):
        for j in range(low[1], high[1]):
            for i in range(low[2], high[2]):
                if not mask[k, j, i]:
                    continue
                x = affine[0, 0] * k + affine[0, 1] * j + affine[0, 2] * i + affine[0, 3]
                y = affine[1, 0] * k + affine[1, 1] * j + affine[1, 2] * i + affine[1, 3]
                z = affine[2, 0] * k + affine[2, 1] * j + affine[2, 2] * i + affine[2, 3]
                best, best_piece, lean = math.inf, -1, -math.inf
                for n in range(count):
                    piece = among[n]
                    found = _to_piece(x, y, z, start[piece], along[piece], square[piece])
                    if found > best + TIE_MM2:
                        continue
                    own = _lean(x, y, z, start[piece], along[piece], square[piece])
                    if found < best - TIE_MM2 or own > lean + TIE_MM:
                        best, best_piece, lean = found, piece, own
                owner[k, j, i] = best_piece
                distance[k, j, i] = math.sqrt(best)


@njit(parallel=True, cache=True)
def _nearest(mask: Any, affine: Any, start: Any, along: Any, square: Any, owner: Any, distance: Any) -> None:
    """Per block of voxels the pieces that can be nearest to any of it, the same for small blocks in it, then voxels."""
    shape = np.array(mask.shape)
    blocks = (shape + BLOCK - 1) // BLOCK
    pieces = start.shape[0]
    for block in prange(blocks[0] * blocks[1] * blocks[2]):
        low, high = np.empty(3, np.int64), np.empty(3, np.int64)
        inner, outer = np.empty(3, np.int64), np.empty(3, np.int64)
        low[0] = block // (blocks[1] * blocks[2]) * BLOCK
        low[1] = block // blocks[2] % blocks[1] * BLOCK
        low[2] = block % blocks[2] * BLOCK
        for n in range(3):
            high[n] = min(low[n] + BLOCK, shape[n])
        if not _any_set(mask, low, high):
            continue
        middle, away = np.empty(3), np.empty(pieces)
        near, nearer = np.empty(pieces, np.int64), np.empty(pieces, np.int64)
        reach = _middle_and_reach(affine, low, high, middle)
        count = _candidates(middle, reach, start, along, square, np.arange(pieces), pieces, away, near)
        for k in range(low[0], high[0], SMALL):
            for j in range(low[1], high[1], SMALL):
                for i in range(low[2], high[2], SMALL):
                    inner[0], inner[1], inner[2] = k, j, i
                    for n in range(3):
                        outer[n] = min(inner[n] + SMALL, high[n])
                    if not _any_set(mask, inner, outer):
                        continue
                    reach = _middle_and_reach(affine, inner, outer, middle)
                    few = _candidates(middle, reach, start, along, square, near, count, away, nearer)
                    _fill(mask, affine, start, along, square, inner, outer, nearer, few, owner, distance)


@njit(cache=True, no_cpython_wrapper=True)
def _gap(mask: Any, k: float, j: float, i: float, to: Any, length_mm: float) -> float:
    """Length in mm of the longest stretch outside the mask that the straight way comes back from.

    The way leads from the voxel (k, j, i) to the index ``to``; the last stretch may end outside, as a vessel may run
    there.
    """
    reach = max(abs(to[0] - k), abs(to[1] - j), abs(to[2] - i))
    steps = math.ceil(2.0 * reach)
    longest, out = 0.0, 0
    for n in range(1, steps + 1):
        share = n / steps
        a = math.floor(k + share * (to[0] - k) + 0.5)
        b = math.floor(j + share * (to[1] - j) + 0.5)
        c = math.floor(i + share * (to[2] - i) + 0.5)
        inside = (
            0 <= a < mask.shape[0] and 0 <= b < mask.shape[1] and 0 <= c < mask.shape[2] and mask[a, b, c]
        )
        if inside:
            longest = max(longest, out * length_mm / steps)
            out = 0
        else:
            out += 1
    return longest


@njit(parallel=True, cache=True)
def _hidden(mask: Any, affine: Any, inverse: Any, start: Any, along: Any, square: Any, owner: Any, distance: Any,
            gap_mm: float, hidden: Any) -> None:  # fmt: skip
    for k in prange(mask.shape[0]):
        point, to = np.empty(3), np.empty(3)
        for j in range(mask.shape[1]):
            for i in range(mask.shape[2]):
                piece = owner[k, j, i]
                if piece < 0:
                    continue
                for axis in range(3):
                    point[axis] = affine[axis, 0] * k + affine[axis, 1] * j + affine[axis, 2] * i + affine[axis, 3]
                t = 0.0
                if square[piece] > 0.0:
                    for axis in range(3):
                        t += (point[axis] - start[piece, axis]) * along[piece, axis]
                    t = min(max(t / square[piece], 0.0), 1.0)
                for axis in range(3):
                    to[axis] = inverse[axis, 3]
                    for other in range(3):
                        to[axis] += inverse[axis, other] * (start[piece, other] + t * along[piece, other])
                hidden[k, j, i] = _gap(mask, k, j, i, to, distance[k, j, i]) > gap_mm


@njit(cache=True, no_cpython_wrapper=True)
def _push(heap: Any, count: int, key: Any, voxel: Any, entry: int) -> int:
    """Put an entry on the heap that is ordered by (key, voxel number); returns the new count."""
    at = count
    while at > 0:
        above = (at - 1) // 2
        other = heap[above]
        if not (key[entry] < key[other] or (key[entry] == key[other] and voxel[entry] < voxel[other])):
            break
        heap[at] = other
        at = above
    heap[at] = entry
    return count + 1


@njit(cache=True, no_cpython_wrapper=True)
def _pop(heap: Any, count: int, key: Any, voxel: Any) -> int:
    """Take the first entry off the heap; the heap has one less then."""
    first = int(heap[0])
    last = heap[count - 1]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= count - 1:
            break
        if child + 1 < count - 1:
            a, b = heap[child + 1], heap[child]
            if key[a] < key[b] or (key[a] == key[b] and voxel[a] < voxel[b]):
                child += 1
        c = heap[child]
        if not (key[c] < key[last] or (key[c] == key[last] and voxel[c] < voxel[last])):
            break
        heap[at] = c
        at = child
    heap[at] = last
    return first


@njit(cache=True)
def _round_corners(mask: Any, hidden: Any, owner: Any, distance: Any, spacing: Any) -> None:
    """Give hidden voxels to the piece whose way through the mask is shortest, from voxel to neighbouring voxel.

    Starts at voxels that see their nearest piece (their distance is exact) and goes on by Dijkstra's algorithm over
    the 26 neighbours; of equal ways the voxel with the lower number comes first. What no way reaches keeps its piece.
    """
    shape = mask.shape
    size_j, size_i = shape[1], shape[2]
    total = np.count_nonzero(hidden)
    room = 27 * total + 1
    key, voxel, source = np.empty(room), np.empty(room, np.int64), np.empty(room, np.int64)
    heap = np.empty(room, np.int64)
    count, used = 0, 0
    open_ = hidden.copy()
    for k in range(shape[0]):
        for j in range(shape[1]):
            for i in range(shape[2]):
                if not hidden[k, j, i]:
                    continue
                for n in range(27):
                    a, b, c = k + n // 9 - 1, j + n // 3 % 3 - 1, i + n % 3 - 1
                    if n == 13 or a < 0 or b < 0 or c < 0 or a >= shape[0] or b >= shape[1] or c >= shape[2]:
                        continue
                    if mask[a, b, c] and not hidden[a, b, c]:
                        step = math.sqrt(
                            ((a - k) * spacing[0]) ** 2 + ((b - j) * spacing[1]) ** 2 + ((c - i) * spacing[2]) ** 2
                        )
                        key[used] = distance[a, b, c] + step
                        voxel[used] = (k * size_j + j) * size_i + i
                        source[used] = owner[a, b, c]
                        count = _push(heap, count, key, voxel, used)
                        used += 1
    while count > 0:
        entry = _pop(heap, count, key, voxel)
        count -= 1
        number = voxel[entry]
        k, j, i = number // (size_j * size_i), number // size_i % size_j, number % size_i
        if not open_[k, j, i]:
            continue
        open_[k, j, i] = False
        owner[k, j, i] = source[entry]
        distance[k, j, i] = key[entry]
        for n in range(27):
            a, b, c = k + n // 9 - 1, j + n // 3 % 3 - 1, i + n % 3 - 1
            if a < 0 or b < 0 or c < 0 or a >= shape[0] or b >= shape[1] or c >= shape[2] or not open_[a, b, c]:
                continue
            step = math.sqrt(((a - k) * spacing[0]) ** 2 + ((b - j) * spacing[1]) ** 2 + ((c - i) * spacing[2]) ** 2)
            key[used] = key[entry] + step
            voxel[used] = (a * size_j + b) * size_i + c
            source[used] = source[entry]
            count = _push(heap, count, key, voxel, used)
            used += 1


def nearest_pieces(
    mask: NDArray[np.bool_], affine: Floats, start_mm: Floats, stop_mm: Floats
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return for each voxel of a mask the nearest straight piece, exactly, and the distance to it.

    Parameters
    ----------
    mask : bool [k, j, i].
    affine : (4, 4) from [k, j, i, 1] to mm (``VolumeGeometry.affine``).
    start_mm, stop_mm : (n, 3) the ends of the pieces, n at least 1.

    Returns
    -------
    piece : int32 [k, j, i], -1 outside the mask. Of pieces equally near (squares within 1e-9 mm2), as those that meet
        at a fork are to all that lies beyond it, the one that leads most nearly towards the voxel, then the first.
    distance_mm : float32 [k, j, i], 0 outside the mask.
    """
    owner, distance = np.full(mask.shape, -1, np.int32), np.zeros(mask.shape, np.float32)
    if mask.any():
        start, along, square = _pieces(start_mm, stop_mm)
        _nearest(_own(mask), _own(affine), start, along, square, owner, distance)
    return owner, distance


def _own(array: Any) -> Any:
    """The same array so that it may be written to: numba compiles anew for arrays that are locked."""
    same = np.ascontiguousarray(array)
    return same if same.flags.writeable else same.copy()


def _pieces(start_mm: Floats, stop_mm: Floats) -> tuple[Floats, Floats, Floats]:
    start = np.array(start_mm, np.float64, order="C")
    along = np.array(stop_mm, np.float64, order="C") - start
    return start, along, (along**2).sum(axis=1)


def nearest_within(
    mask: NDArray[np.bool_], affine: Floats, spacing_mm: tuple[float, float, float], start_mm: Floats, stop_mm: Floats,
    gap_mm: float,
) -> tuple[NDArray[np.int32], NDArray[np.float32], int]:  # fmt: skip
    """Return the same along ways that do not leave the mask, and how many voxels do not see their nearest piece.

    Where the straight way to the nearest piece does not come back into the mask after more than ``gap_mm`` outside,
    that piece is the nearest within the mask too, since no way is shorter than a straight one. The other voxels are
    hidden behind a fissure or a notch: they get the piece whose way round, from voxel to voxel, is shortest.
    ``spacing_mm`` is [k, j, i].
    """
    owner, distance = nearest_pieces(mask, affine, start_mm, stop_mm)
    start, along, square = _pieces(start_mm, stop_mm)
    inside, hidden = _own(mask), np.zeros(mask.shape, np.bool_)
    inverse = np.ascontiguousarray(np.linalg.inv(affine))
    _hidden(inside, _own(affine), inverse, start, along, square, owner, distance, float(gap_mm), hidden)
    count = int(np.count_nonzero(hidden))
    if count:
        _round_corners(inside, hidden, owner, distance, np.asarray(spacing_mm, np.float64))
    return owner, distance, count
