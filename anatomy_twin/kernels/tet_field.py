"""Smooth region fields straight from labels: every region's indicator blurred by a cubic B-spline.

At a point p the field of region r is f_r(p) = gain_r * sum over voxels v of [label(v) = r] B(k - v_k) B(j - v_j)
B(i - v_i), B being the cubic B-spline (standard deviation 0.58 voxel). It is twice continuously differentiable, needs
64 labels and no array of floats, and is nothing two voxels away from its region. The region at p is the one with the
largest f_r; the interface between a and b is where f_a = f_b. Gains (1 for outside) make up for what the blur takes
from thin and strongly curved regions: a factor of two moves an interface by a quarter of a voxel.

A ``field`` is the tuple (regions, origin, spacing, gains): region numbers [k, j, i] padded by at least three voxels of
region 0 (outside) on every side, the position of voxel [0, 0, 0] and the spacing in mm, [k, j, i], and one gain for
each region, outside included. Positions are millimetres in the frame of the array: index times spacing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

PADDING = 3
LARGEST_RATIO = 5.5  # of two gains: the interface is six tenths of a voxel off; beyond it fields hardly fall any more
BISECTIONS = 9
NEWTON_STEPS = 3
FAR = 20.0
TRACE = 1e-9
# functions that only other kernels call need no way in from Python, which halves the time it takes to compile them
INNER: Any = {"cache": True, "error_model": "numpy", "no_cpython_wrapper": True}


@njit(**INNER)
def _taps(u: float) -> Any:
    """Weights of the four voxels around a place a fraction ``u`` beyond the second of them."""
    rest = 1.0 - u
    return (
        rest * rest * rest / 6.0,
        2.0 / 3.0 - u * u * (1.0 - 0.5 * u),
        2.0 / 3.0 - rest * rest * (1.0 - 0.5 * rest),
        u * u * u / 6.0,
    )


@njit(**INNER)
def _slopes(u: float) -> Any:
    """Derivatives of ``_taps`` by the place, per voxel."""
    rest = 1.0 - u
    return -0.5 * rest * rest, u * (1.5 * u - 2.0), -rest * (1.5 * rest - 2.0), 0.5 * u * u


@njit(**INNER)
def region_at(field: Any, z: float, y: float, x: float, values: Any) -> int:
    """Return the region with the largest field at a point (k, j, i); ``values`` takes the field of every region."""
    regions, origin, spacing, gains = field
    k, j, i = (z - origin[0]) / spacing[0], (y - origin[1]) / spacing[1], (x - origin[2]) / spacing[2]
    k0, j0, i0 = int(np.floor(k)), int(np.floor(j)), int(np.floor(i))
    for n in range(gains.size):
        values[n] = 0.0
    if not (1 <= k0 < regions.shape[0] - 2 and 1 <= j0 < regions.shape[1] - 2 and 1 <= i0 < regions.shape[2] - 2):
        values[0] = 1.0
        return 0
    wk, wj, wi = _taps(k - k0), _taps(j - j0), _taps(i - i0)
    for a in range(4):
        for b in range(4):
            weight = wk[a] * wj[b]
            for c in range(4):
                values[regions[k0 + a - 1, j0 + b - 1, i0 + c - 1]] += weight * wi[c]
    best = 0
    for n in range(gains.size):
        values[n] *= gains[n]
        if values[n] > values[best]:
            best = n
    return best


@njit(**INNER)
def log_ratio(field: Any, z: float, y: float, x: float, first: int, second: int) -> Any:
    """Return log(f_first / f_second) at a point (k, j, i) and its gradient in 1/mm along k, j and i.

    Across an interface the logarithm rises almost evenly, three for a voxel, where the fields themselves flatten: that
    is what Newton's method needs. Where one of the two is nothing it is FAR, where both are it is 0, without a slope.
    """
    regions, origin, spacing, gains = field
    ratio = max(1.0 / LARGEST_RATIO, min(LARGEST_RATIO, gains[first] / gains[second]))
    k, j, i = (z - origin[0]) / spacing[0], (y - origin[1]) / spacing[1], (x - origin[2]) / spacing[2]
    k0, j0, i0 = int(np.floor(k)), int(np.floor(j)), int(np.floor(i))
    if not (1 <= k0 < regions.shape[0] - 2 and 1 <= j0 < regions.shape[1] - 2 and 1 <= i0 < regions.shape[2] - 2):
        return FAR if first == 0 else (-FAR if second == 0 else 0.0), 0.0, 0.0, 0.0
    wk, wj, wi = _taps(k - k0), _taps(j - j0), _taps(i - i0)
    sk, sj, si = _slopes(k - k0), _slopes(j - j0), _slopes(i - i0)
    one = one_k = one_j = one_i = 0.0
    two = two_k = two_j = two_i = 0.0
    for a in range(4):
        for b in range(4):
            line = line_slope = other = other_slope = 0.0
            for c in range(4):
                label = regions[k0 + a - 1, j0 + b - 1, i0 + c - 1]
                if label == first:
                    line += wi[c]
                    line_slope += si[c]
                elif label == second:
                    other += wi[c]
                    other_slope += si[c]
            across, along_k, along_j = wk[a] * wj[b], sk[a] * wj[b], wk[a] * sj[b]
            one += across * line
            one_k += along_k * line
            one_j += along_j * line
            one_i += across * line_slope
            two += across * other
            two_k += along_k * other
            two_j += along_j * other
            two_i += across * other_slope
    if one < TRACE or two < TRACE:
        return FAR if one > two else (-FAR if two > one else 0.0), 0.0, 0.0, 0.0
    return (
        np.log(ratio * one / two), (one_k / one - two_k / two) / spacing[0], (one_j / one - two_j / two) / spacing[1],
        (one_i / one - two_i / two) / spacing[2],
    )


@njit(cache=True, error_model="numpy")
def fields_at(field: Any, points: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the region at each of the points (N, 3), and the fields of all regions there (N, regions)."""
    found = np.empty(points.shape[0], np.int64)
    fields = np.empty((points.shape[0], field[3].size))
    for n in range(points.shape[0]):
        found[n] = region_at(field, points[n, 0], points[n, 1], points[n, 2], fields[n])
    return found, fields


@njit(cache=True, parallel=True, error_model="numpy")
def crossings(field: Any, points: Any, ends: Any, labels: Any) -> NDArray[np.float64]:
    """Return for edges (E, 2) whose ends lie in two regions the fraction from the first end to the interface.

    The interface is where the fields of the two ends' regions are equal: bisection, then one secant step. Where a
    third region (or outside) lies thinly between the two, both fields are nothing there, and the interface is where the
    region with the lower number ends.
    """
    found = np.empty(ends.shape[0])
    for e in prange(ends.shape[0]):
        one, two = ends[e, 0], ends[e, 1]
        swap = labels[one] > labels[two]
        if swap:
            one, two = two, one
        z, y, x = points[one, 0], points[one, 1], points[one, 2]
        dz, dy, dx = points[two, 0] - z, points[two, 1] - y, points[two, 2] - x
        first, second = labels[one], labels[two]
        low, high, at_low, at_high = 0.0, 1.0, FAR, -FAR
        for _ in range(BISECTIONS):
            t = 0.5 * (low + high)
            value = log_ratio(field, z + t * dz, y + t * dy, x + t * dx, first, second)[0]
            if value > 0.0:
                low, at_low = t, value
            else:
                high, at_high = t, value
        drop = at_low - at_high
        part = low + (high - low) * (at_low / drop if drop > 1e-12 else 0.5)
        found[e] = 1.0 - part if swap else part
    return found


@njit(**INNER)
def pull_to_interface(field: Any, held: int, place: Any, reach: float) -> float:
    """Move a point, in place, onto the interface of the regions whose bits are set in ``held`` (bit 0 is outside).

    Newton's method with the shortest step that meets all conditions f_a = f_b (one for two regions, two along a curve
    of three, three at a point of four); regions beyond the fourth do not count. The whole way is at most ``reach`` mm.
    Returns the largest remaining |log(f_a / f_b)|.
    """
    size = field[3].size
    count = 0
    members = np.empty(4, np.int64)
    for n in range(size):
        if held >> n & 1 and count < 4:
            members[count] = n
            count += 1
    rows = count - 1
    z, y, x = place[0], place[1], place[2]
    slopes = np.empty((3, 3))
    gram = np.empty((3, 3))
    rest = np.empty(3)
    left = 0.0
    for step in range(NEWTON_STEPS + 1):
        left = 0.0
        for r in range(rows):
            rest[r], slopes[r, 0], slopes[r, 1], slopes[r, 2] = log_ratio(
                field, place[0], place[1], place[2], members[0], members[r + 1]
            )
            left = max(left, abs(rest[r]))
        if step == NEWTON_STEPS or left < 1e-3:
            break
        scale = 0.0
        for r in range(rows):
            for c in range(rows):
                gram[r, c] = (
                    slopes[r, 0] * slopes[c, 0] + slopes[r, 1] * slopes[c, 1] + slopes[r, 2] * slopes[c, 2]
                )
            scale = max(scale, gram[r, r])
        if scale < 1e-8:
            break
        for r in range(rows):
            gram[r, r] += 1e-3 * scale  # fields that fall together give no direction of their own
        _solve_small(gram, rest, rows)
        way = 0.0
        for axis in range(3):
            for r in range(rows):
                place[axis] -= slopes[r, axis] * rest[r]
        way = np.sqrt((place[0] - z) ** 2 + (place[1] - y) ** 2 + (place[2] - x) ** 2)
        if way > reach:
            place[0] = z + (place[0] - z) * reach / way
            place[1] = y + (place[1] - y) * reach / way
            place[2] = x + (place[2] - x) * reach / way
    return left


@njit(**INNER)
def keep_along(field: Any, held: int, place: Any, way: Any) -> None:
    """Take from ``way``, in place, what leads off the interface at a point: its parts along the fields' slopes.

    Beyond the width of the blur the fields have no slope that could lead a point back.
    """
    first = np.int64(-1)
    normals = np.zeros((2, 3))
    rows = 0
    for n in range(field[3].size):
        if not held >> n & 1:
            continue
        if first < 0:
            first = np.int64(n)
            continue
        if rows == 2:
            way[0] = way[1] = way[2] = 0.0  # four regions meet in a point
            return
        _, normals[rows, 0], normals[rows, 1], normals[rows, 2] = log_ratio(
            field, place[0], place[1], place[2], first, n
        )
        before = 0.0
        for axis in range(3):
            before += normals[0, axis] * normals[rows, axis]
        for axis in range(3):
            normals[rows, axis] -= before * normals[0, axis] if rows else 0.0
        length = np.sqrt(normals[rows, 0] ** 2 + normals[rows, 1] ** 2 + normals[rows, 2] ** 2)
        off = 0.0
        for axis in range(3):
            normals[rows, axis] /= length + 1e-12
            off += normals[rows, axis] * way[axis]
        for axis in range(3):
            way[axis] -= off * normals[rows, axis]
        rows += 1


@njit(**INNER)
def _solve_small(matrix: Any, right: Any, rows: int) -> None:
    """Solve a symmetric positive definite system of up to three rows in place (the result is in ``right``)."""
    for p in range(rows):
        for r in range(p + 1, rows):
            factor = matrix[r, p] / matrix[p, p]
            for c in range(p, rows):
                matrix[r, c] -= factor * matrix[p, c]
            right[r] -= factor * right[p]
    for p in range(rows - 1, -1, -1):
        for c in range(p + 1, rows):
            right[p] -= matrix[p, c] * right[c]
        right[p] /= matrix[p, p]


@njit(cache=True, error_model="numpy")
def boundary_voxels(regions: Any, most: int, count: int) -> Any:
    """Pick voxels that have a face neighbour of another region, about ``most`` of each of ``count`` regions.

    Returns their indices (S, 3), how many voxels each stands for (S,), and how many voxels of each region have no
    such neighbour (count,). Outside voxels only count where they touch a region.
    """
    seen, inner = np.zeros(count, np.int64), np.zeros(count, np.int64)
    stride, met = np.ones(count, np.int64), np.zeros(count, np.int64)
    index, stands_for = np.empty((0, 3), np.int64), np.empty(0)
    picked = 0
    for turn in range(2):
        for k in range(1, regions.shape[0] - 1):
            for j in range(1, regions.shape[1] - 1):
                for i in range(1, regions.shape[2] - 1):
                    own = regions[k, j, i]
                    if (
                        own == regions[k - 1, j, i] == regions[k + 1, j, i] == regions[k, j - 1, i]
                        and own == regions[k, j + 1, i] == regions[k, j, i - 1] == regions[k, j, i + 1]
                    ):
                        inner[own] += turn
                    elif turn == 0:
                        seen[own] += 1
                    else:
                        if met[own] % stride[own] == stride[own] // 2:
                            index[picked, 0], index[picked, 1], index[picked, 2] = k, j, i
                            stands_for[picked] = own
                            picked += 1
                        met[own] += 1
        if turn == 0:
            total = 0
            for r in range(count):
                stride[r] = (seen[r] + most - 1) // most if seen[r] > most else 1
                total += seen[r] // stride[r] + 1
            index, stands_for = np.empty((total, 3), np.int64), np.empty(total)
    shares = np.zeros(count)
    for n in range(picked):
        shares[int(stands_for[n])] += 1.0
    for n in range(picked):
        own = int(stands_for[n])
        stands_for[n] = seen[own] / shares[own]
    return index[:picked].copy(), stands_for[:picked].copy(), inner


@njit(cache=True, error_model="numpy")
def offsets(field: Any, points: Any, held: Any, reach: float) -> NDArray[np.float64]:
    """Return how far (mm) points (N, 3) are from the interface of the regions in ``held`` (N,), -1 where that is lost.

    It is lost where no field of them reaches, or the interface is further than ``reach``.
    """
    away = np.empty(points.shape[0])
    place = np.empty(3)
    for n in range(points.shape[0]):
        for axis in range(3):
            place[axis] = points[n, axis]
        left = 1.0
        for _ in range(3):
            left = pull_to_interface(field, held[n], place, reach)
        away[n] = -1.0 if left > 0.2 else np.sqrt(
            (place[0] - points[n, 0]) ** 2 + (place[1] - points[n, 1]) ** 2 + (place[2] - points[n, 2]) ** 2
        )
    return away
