"""What lies in a plane of a grid: an image in one plane or many, labels by weight; the box of a label.

A plane is given in index units of a grid [k, j, i]: pixel [row, column] lies at ``start + row * per_row + column *
per_column``. Half a voxel beyond the outermost voxel centres belongs to the grid. The kernels run on one thread and
let go of the interpreter's lock.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

Floats = NDArray[np.float64]
Values = NDArray[np.float32]

MEAN: Final = 0
MAXIMUM: Final = 1
MINIMUM: Final = 2


@njit(cache=True, nogil=True, no_cpython_wrapper=True)
def _within(place: float, size: int) -> bool:
    return -0.5 - 1e-9 <= place <= size - 0.5 + 1e-9


@njit(cache=True, nogil=True, no_cpython_wrapper=True)
def _tap(place: float, size: int) -> tuple[int, int, float]:
    """Return the two voxels beside a place along one axis and the weight of the second."""
    held = min(max(place, 0.0), size - 1.0)
    low = int(held)
    if low > size - 2:
        low = max(size - 2, 0)
    return low, min(low + 1, size - 1), held - low


@njit(cache=True, nogil=True, no_cpython_wrapper=True)
def _value(array: Any, k: float, j: float, i: float) -> float:
    """Return an array between its voxels."""
    k0, k1, c = _tap(k, array.shape[0])
    j0, j1, b = _tap(j, array.shape[1])
    i0, i1, a = _tap(i, array.shape[2])
    d, e = 1.0 - a, 1.0 - b
    first = (array[k0, j0, i0] * d + array[k0, j0, i1] * a) * e + (array[k0, j1, i0] * d + array[k0, j1, i1] * a) * b
    if c == 0.0:
        return float(first)
    other = (array[k1, j0, i0] * d + array[k1, j0, i1] * a) * e + (array[k1, j1, i0] * d + array[k1, j1, i1] * a) * b
    return float(first * (1.0 - c) + other * c)


@njit(cache=True, nogil=True)
def sample_slab(
    array: Any, start: Floats, per_row: Floats, per_column: Floats, per_step: Floats, count: int, mode: int,
    outside: float, result: Values,
) -> None:
    """Sample an array [k, j, i] in ``count`` parallel planes and keep mean, maximum or minimum of each pixel.

    ``start`` lies in the first plane, ``per_step`` leads to the next one; planes that leave the grid at a pixel do
    not count there, and ``outside`` fills what all of them leave. ``result`` (rows, columns) is overwritten.
    """
    for row in range(result.shape[0]):
        for column in range(result.shape[1]):
            k = start[0] + row * per_row[0] + column * per_column[0]
            j = start[1] + row * per_row[1] + column * per_column[1]
            i = start[2] + row * per_row[2] + column * per_column[2]
            total, met = 0.0, 0
            for step in range(count):
                kk, jj, ii = k + step * per_step[0], j + step * per_step[1], i + step * per_step[2]
                if _within(kk, array.shape[0]) and _within(jj, array.shape[1]) and _within(ii, array.shape[2]):
                    value = _value(array, kk, jj, ii)
                    if met == 0:
                        total = value
                    elif mode == 0:
                        total += value
                    elif mode == 1:
                        total = max(total, value)
                    else:
                        total = min(total, value)
                    met += 1
            if met == 0:
                result[row, column] = outside
            elif mode == 0:
                result[row, column] = total / met
            else:
                result[row, column] = total


@njit(cache=True, nogil=True)
def sample_aligned(
    array: Any, at_steps: Floats, at_rows: Floats, at_columns: Floats, mode: int, outside: float, result: Values
) -> None:
    """Do what ``sample_slab`` does where planes, rows and columns run along the axes of ``array``, in that order.

    ``at_steps``, ``at_rows`` and ``at_columns`` are the places along the axes.
    """
    columns, size = result.shape[1], array.shape[2]
    low, part = np.empty(columns, np.int64), np.empty(columns, np.float32)
    first, last = size, -1
    for column in range(columns):
        low[column], high, weight = _tap(at_columns[column], size)
        part[column] = weight
        if _within(at_columns[column], size):
            first, last = min(first, low[column]), max(last, high)
    line, best = np.zeros(size + 1, np.float32), np.empty(columns, np.float32)
    for row in range(result.shape[0]):
        result[row, :] = outside
        if last < 0 or not _within(at_rows[row], array.shape[1]):
            continue
        r0, r1, weight = _tap(at_rows[row], array.shape[1])
        b, met = np.float32(weight), 0
        for step in range(at_steps.size):
            if not _within(at_steps[step], array.shape[0]):
                continue
            s0, s1, weight = _tap(at_steps[step], array.shape[0])
            c = np.float32(weight)
            p, q, r, s = (1 - c) * (1 - b), (1 - c) * b, c * (1 - b), c * b
            for i in range(first, last + 1):
                line[i] = array[s0, r0, i] * p + array[s0, r1, i] * q + array[s1, r0, i] * r + array[s1, r1, i] * s
            for column in range(columns):
                i = low[column]
                value = line[i] + (line[min(i + 1, size - 1)] - line[i]) * part[column]
                if met == 0:
                    best[column] = value
                elif mode == 0:
                    best[column] += value
                elif mode == 1:
                    best[column] = max(best[column], value)
                else:
                    best[column] = min(best[column], value)
            met += 1
        for column in range(columns):
            if met > 0 and _within(at_columns[column], size):
                result[row, column] = best[column] / met if mode == 0 else best[column]


@njit(cache=True, nogil=True, no_cpython_wrapper=True)
def _greatest(labels: Any, weights: Any) -> tuple[int, float]:
    """Return the label of the greatest summed weight (of equal ones the greater label), and its lead over the next."""
    one, other, many = labels[0], labels[0], False
    weight, rest = 0.0, 0.0
    for n in range(8):
        if labels[n] == one:
            weight += weights[n]
        elif other == one or labels[n] == other:
            other = labels[n]
            rest += weights[n]
        else:
            many = True
    if not many:
        ahead = min(abs(weight - rest), 1.0)
        if ahead < 1e-9:
            return max(one, other), ahead
        return (one if weight > rest else other), ahead
    best, best_weight, next_weight = 0, -1.0, 0.0
    for n in range(8):
        weight, seen = 0.0, False
        for m in range(8):
            if labels[m] == labels[n]:
                weight += weights[m]
                seen = seen or m < n
        if seen:
            continue
        if weight > best_weight + 1e-9 or (weight > best_weight - 1e-9 and labels[n] > best):
            next_weight = max(best_weight, next_weight)
            best, best_weight = labels[n], weight
        else:
            next_weight = max(next_weight, weight)
    return best, min(max(best_weight - next_weight, 0.0), 1.0)


@njit(cache=True, nogil=True)
def sample_labels(
    labels: Any, layers: NDArray[np.int64], start: Floats, per_row: Floats, per_column: Floats, limit: int,
    codes: NDArray[np.uint16], lead: NDArray[np.uint8],
) -> None:
    """Sample a label array [layer, k, j, i] in a plane: at each pixel the label of the greatest trilinear weight.

    ``layers`` are the ones to sample; labels of ``limit`` and above count as none. ``codes`` (layers, rows, columns)
    and ``lead`` (how far it is ahead of the next label, 1..255) are overwritten; outside the grid there is label 0.
    """
    found, weights = np.zeros(8, np.int64), np.zeros(8)
    for row in range(codes.shape[1]):
        for column in range(codes.shape[2]):
            k = start[0] + row * per_row[0] + column * per_column[0]
            j = start[1] + row * per_row[1] + column * per_column[1]
            i = start[2] + row * per_row[2] + column * per_column[2]
            if not (_within(k, labels.shape[1]) and _within(j, labels.shape[2]) and _within(i, labels.shape[3])):
                codes[:, row, column] = 0
                lead[:, row, column] = 255
                continue
            k0, k1, c = _tap(k, labels.shape[1])
            j0, j1, b = _tap(j, labels.shape[2])
            i0, i1, a = _tap(i, labels.shape[3])
            if c < 1e-9:  # on a slice of the grid: its neighbour has no say
                k1 = k0
            for n in range(layers.size):
                layer = layers[n]
                first = labels[layer, k0, j0, i0]
                ahead = 1.0
                if not (
                    first == labels[layer, k0, j0, i1] and first == labels[layer, k0, j1, i0]
                    and first == labels[layer, k0, j1, i1] and (k0 == k1 or (
                        first == labels[layer, k1, j0, i0] and first == labels[layer, k1, j0, i1]
                        and first == labels[layer, k1, j1, i0] and first == labels[layer, k1, j1, i1]
                    ))
                ):
                    for corner in range(8):
                        kk, jj, ii = corner >> 2 & 1, corner >> 1 & 1, corner & 1
                        found[corner] = labels[layer, k1 if kk else k0, j1 if jj else j0, i1 if ii else i0]
                        weights[corner] = (c if kk else 1 - c) * (b if jj else 1 - b) * (a if ii else 1 - a)
                    label, ahead = _greatest(found, weights)
                else:
                    label = int(first)
                codes[n, row, column] = label if 0 <= label < limit else 0
                lead[n, row, column] = 1 + int(ahead * 254.0)


@njit(cache=True, nogil=True)
def sample_bent(array: Any, index: Floats, step: int, outside: float, result: Values) -> None:
    """Sample an array [k, j, i] where ``index`` (rows, columns, 3) says; it is given for every ``step``-th pixel.

    Between them places are linear. ``index`` reaches at least as far as the picture ``result``.
    """
    place = np.empty(3)
    for row in range(result.shape[0]):
        r, b = row // step, (row % step) / step
        for column in range(result.shape[1]):
            c, a = column // step, (column % step) / step
            inside = True
            for axis in range(3):
                value = index[r, c, axis] * (1 - a) * (1 - b)
                if a > 0:
                    value += index[r, c + 1, axis] * a * (1 - b)
                if b > 0:
                    value += index[r + 1, c, axis] * (1 - a) * b
                    if a > 0:
                        value += index[r + 1, c + 1, axis] * a * b
                place[axis] = value
                inside = inside and _within(value, array.shape[axis])
            result[row, column] = _value(array, place[0], place[1], place[2]) if inside else outside


@njit(cache=True, nogil=True)
def box_of(labels: Any, value: int) -> NDArray[np.int64]:
    """Return the box of a label in an array [k, j, i]: first and last + 1 of each axis (3, 2); zeros without any."""
    box = np.zeros((3, 2), np.int64)
    for k in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            for i in range(labels.shape[2]):
                if labels[k, j, i] == value:
                    if box[0, 1] == 0:
                        box[1, 0], box[2, 0] = j, i
                        box[0, 0] = k
                    box[0, 1] = k + 1
                    box[1, 0], box[1, 1] = min(box[1, 0], j), max(box[1, 1], j + 1)
                    box[2, 0], box[2, 1] = min(box[2, 0], i), max(box[2, 1], i + 1)
    return box


def warm_up() -> None:
    """Compile the kernels of this file for the usual kinds of arrays (they are cached on disk)."""
    start, step = np.zeros(3), np.array([0.0, 1.0, 0.0])
    across, none = np.array([0.0, 0.0, 1.0]), np.zeros(3)
    values = np.zeros((2, 2), np.float32)
    for kind in (np.int16, np.float32, np.uint8):
        array = np.zeros((2, 2, 2), kind)
        array.flags.writeable = False
        sample_bent(array, np.zeros((2, 2, 3)), 2, 0.0, values)
        sample_slab(array, start, step, across, none, 1, MEAN, 0.0, values)
        sample_aligned(array, none, none[:2], none[:2], MEAN, 0.0, values)
        sample_aligned(array.transpose(1, 0, 2), none, none[:2], none[:2], MEAN, 0.0, values)
    labels = np.zeros((1, 2, 2, 2), np.uint8)
    labels.flags.writeable = False
    codes, lead = np.zeros((1, 2, 2), np.uint16), np.ones((1, 2, 2), np.uint8)
    sample_labels(labels, np.zeros(1, np.int64), start, step, across, 4, codes, lead)
    box_of(labels[0], 1)
