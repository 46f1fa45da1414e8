"""Cross-sections of vessels: where their middle is and how wide they are, finer than the voxels; smooth lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

RAYS = 32
LEAST_CLEAR = 0.4


@njit(cache=True, no_cpython_wrapper=True)
def _filled(field: Any, k: float, j: float, i: float) -> float:
    """How full of vessel a place is, 0..1 (trilinear; ``k``, ``j``, ``i`` in voxels, the nearest inside the grid)."""
    k = min(max(k, 0.0), field.shape[0] - 1.0)
    j = min(max(j, 0.0), field.shape[1] - 1.0)
    i = min(max(i, 0.0), field.shape[2] - 1.0)
    c, b, a = min(int(k), field.shape[0] - 2), min(int(j), field.shape[1] - 2), min(int(i), field.shape[2] - 2)
    w, v, u = k - c, j - b, i - a
    near = (field[c, b, a] * (1.0 - u) + field[c, b, a + 1] * u) * (1.0 - v)
    near += (field[c, b + 1, a] * (1.0 - u) + field[c, b + 1, a + 1] * u) * v
    far = (field[c + 1, b, a] * (1.0 - u) + field[c + 1, b, a + 1] * u) * (1.0 - v)
    far += (field[c + 1, b + 1, a] * (1.0 - u) + field[c + 1, b + 1, a + 1] * u) * v
    return float(near * (1.0 - w) + far * w)


@njit(cache=True)
def line_owners(
    shape: tuple[int, int, int], spacing: NDArray[np.float64], points: NDArray[np.float64],
    radius: NDArray[np.float64], line: NDArray[np.int64], more_mm: float,
) -> NDArray[np.int32]:
    """Return for each voxel [k, j, i] the number of the line it belongs to, -1 far from all.

    ``points`` (n, 3; mm along k, j, i), ``radius`` (n,) and ``line`` (n,) are the nodes of lines. A voxel within
    ``radius`` + ``more_mm`` of nodes belongs to the one with the least distance^2 - radius^2 (power distance, whose
    borders run through the circle in which two balls meet).
    """
    owner = np.full(shape, -1, np.int32)
    power = np.full(shape, np.inf, np.float32)
    low, high = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for n in range(points.shape[0]):
        reach = radius[n] + more_mm
        for axis in range(3):
            low[axis] = max(0, math.ceil((points[n, axis] - reach) / spacing[axis]))
            high[axis] = min(shape[axis] - 1, int((points[n, axis] + reach) / spacing[axis]))
        for k in range(low[0], high[0] + 1):
            for j in range(low[1], high[1] + 1):
                flat = (k * spacing[0] - points[n, 0]) ** 2 + (j * spacing[1] - points[n, 1]) ** 2
                for i in range(low[2], high[2] + 1):
                    far = flat + (i * spacing[2] - points[n, 2]) ** 2
                    if far <= reach * reach and far - radius[n] ** 2 < power[k, j, i]:
                        power[k, j, i] = far - radius[n] ** 2
                        owner[k, j, i] = line[n]
    return owner


@njit(cache=True, no_cpython_wrapper=True)
def _ray(field: Any, owner: Any, mine: int, spacing: Any, point: Any, way: Any, reach: float, step: float) -> float:
    """Radius r of the sector that holds what a ray meets: r^2 / 2 = integral of fullness times distance.

    The ray ends where the vessel has ended: before fullness rises again (another vessel) or at ``reach``. It is -1
    where the ray leaves the line ``mine`` for another one before (a line of -1 leaves none).
    """
    total, least = 0.0, 1.0
    count = int(reach / step)
    for n in range(count):
        at = (n + 0.5) * step
        k, j = (point[0] + at * way[0]) / spacing[0], (point[1] + at * way[1]) / spacing[1]
        i = (point[2] + at * way[2]) / spacing[2]
        full = _filled(field, k, j, i)
        if least < 0.5 and full > least + 0.02:
            break
        c, b, a = int(k + 0.5), int(j + 0.5), int(i + 0.5)
        if full > 0.5 and 0 <= c < owner.shape[0] and 0 <= b < owner.shape[1] and 0 <= a < owner.shape[2]:
            other = owner[c, b, a]
            if mine >= 0 and other >= 0 and other != mine:
                return -1.0
        least = min(least, full)
        total += full * at * step
        if least <= 0.0:
            break
    return math.sqrt(2.0 * total)


@njit(cache=True, no_cpython_wrapper=True)
def _circle(x: Any, y: Any, sound: Any, radius: float) -> tuple[float, float, float]:
    """Fit a circle to points by least squares of the distance from it (Gauss-Newton from the origin).

    A weak pull towards the origin keeps the centre where only a short arc is known.
    """
    u, v = 0.0, 0.0
    for _ in range(6):
        normal, right = np.zeros((3, 3)), np.zeros((3, 3))
        heard = 0.0
        for n in range(x.size):
            if not sound[n]:
                continue
            p, q = x[n] - u, y[n] - v
            far = math.sqrt(p * p + q * q) + 1e-9
            row = (-p / far, -q / far, -1.0)
            heard += 1.0
            for a in range(3):
                for b in range(3):
                    normal[a, b] += row[a] * row[b]
                right[a, 0] -= row[a] * (far - radius)
        pull = 0.02 * heard
        normal[0, 0] += pull
        normal[1, 1] += pull
        right[0, 0] -= pull * u
        right[1, 0] -= pull * v
        if not _solved(normal, right, 3):
            break
        u, v, radius = u + right[0, 0], v + right[1, 0], max(radius + right[2, 0], 1e-3)
    return u, v, radius


@njit(cache=True, no_cpython_wrapper=True)
def frame_around(tangent: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two unit vectors (3,) at right angles to a unit vector and to each other."""
    least = 0
    for axis in range(1, 3):
        if abs(tangent[axis]) < abs(tangent[least]):
            least = axis
    across, up = np.zeros(3), np.zeros(3)
    for axis in range(3):
        across[axis] = (1.0 if axis == least else 0.0) - tangent[least] * tangent[axis]
    across /= math.sqrt((across * across).sum())
    up[0] = tangent[1] * across[2] - tangent[2] * across[1]
    up[1] = tangent[2] * across[0] - tangent[0] * across[2]
    up[2] = tangent[0] * across[1] - tangent[1] * across[0]
    return across, up


@njit(cache=True, parallel=True)
def cross_sections(
    field: NDArray[np.float32], owner: NDArray[np.int32], spacing: NDArray[np.float64], points: NDArray[np.float64],
    tangents: NDArray[np.float64], reach: NDArray[np.float64], line: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the radius (n,), the step to the middle (n, 3) and the share of sound rays (n,) of sections of a vessel.

    ``field`` [k, j, i] is 1 in the vessel and 0 outside, ``spacing`` (3,) in mm. ``points`` and ``tangents`` (n, 3) are
    in mm along k, j, i from voxel (0, 0, 0); ``reach`` (n,) is how far rays go, ``line`` (n,) the line of each point
    and ``owner`` [k, j, i] the line that voxels belong to (-1: none). 32 rays perpendicular to the tangent give 32
    sectors with radii that keep the section's area, whatever the voxels do to its rim. A ray that leads into another
    line's voxels, or more than 1.5 times (plus half a voxel) as far as the middle one of all, is not sound. Where all
    are sound the radius is that of the circle of equal area and the step leads to the centroid; where some are not, a
    circle is fitted to the ends of the others. A place outside the vessel gives 0 everywhere.
    """
    count = points.shape[0]
    radius, step_to, sound = np.zeros(count), np.zeros((count, 3)), np.zeros(count)
    fine = 0.2 * spacing.min()
    half = 0.5 * spacing.max()
    for n in prange(count):
        point, tangent = points[n], tangents[n]
        if _filled(field, point[0] / spacing[0], point[1] / spacing[1], point[2] / spacing[2]) < 0.05:
            continue
        across, up = frame_around(tangent)
        sides, x, y = np.empty(RAYS), np.empty(RAYS), np.empty(RAYS)
        clear = np.zeros(RAYS, np.bool_)
        # hemmed in by other lines all around, a section is measured as if they were not there, and trusted little
        trust = 1.0
        for mine in (line[n], -1):
            good = 0
            for ray in range(RAYS):
                angle = 2.0 * math.pi * (ray + 0.5) / RAYS
                x[ray], y[ray] = math.cos(angle), math.sin(angle)
                way = x[ray] * across + y[ray] * up
                sides[ray] = _ray(field, owner, mine, spacing, point, way, reach[n], fine)
                clear[ray] = sides[ray] >= 0.0
                good += clear[ray]
            if good >= LEAST_CLEAR * RAYS:
                break
            trust = 0.5
        middle = np.median(sides[clear])
        area, good, u, v = 0.0, 0, 0.0, 0.0
        for ray in range(RAYS):
            clear[ray] = clear[ray] and sides[ray] <= 1.5 * middle + half
            good += clear[ray]
            area += sides[ray] ** 2
            u, v = u + sides[ray] ** 3 * x[ray] * 2.0 / 3.0, v + sides[ray] ** 3 * y[ray] * 2.0 / 3.0
            x[ray], y[ray] = x[ray] * sides[ray], y[ray] * sides[ray]
        sound[n] = trust * good / RAYS
        if good == RAYS:
            radius[n] = math.sqrt(area / RAYS)
            if area > 0.0:
                u, v = u / area, v / area
        else:
            u, v, radius[n] = _circle(x, y, clear, middle)
            if good < LEAST_CLEAR * RAYS or not 0.6 * middle <= radius[n] <= 1.6 * middle:
                u, v, radius[n], sound[n] = 0.0, 0.0, middle, 0.0
        for axis in range(3):
            step_to[n, axis] = u * across[axis] + v * up[axis]
    return radius, step_to, sound


@njit(cache=True, parallel=True)
def ways_out_mm(
    field: NDArray[np.float32], spacing: NDArray[np.float64], points: NDArray[np.float64], ways: NDArray[np.float64],
    most: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how far in mm it is from points along unit vectors ``ways`` to the wall of a vessel, at most ``most``.

    Parameters as for ``cross_sections``; the wall is where fullness falls below one half.
    """
    far = np.zeros(points.shape[0])
    fine = 0.2 * spacing.min()
    for n in prange(points.shape[0]):
        while far[n] < most[n]:
            place = points[n] + (far[n] + fine) * ways[n]
            if _filled(field, place[0] / spacing[0], place[1] / spacing[1], place[2] / spacing[2]) < 0.5:
                break
            far[n] += fine
    return far


@njit(cache=True, no_cpython_wrapper=True)
def _solved(normal: Any, right: Any, size: int) -> bool:
    """Solve a small symmetric system in place (Gauss with pivots); ``right`` (3, 3) becomes the solution."""
    for p in range(size):
        best = p
        for q in range(p + 1, size):
            if abs(normal[q, p]) > abs(normal[best, p]):
                best = q
        if abs(normal[best, p]) < 1e-9:
            return False
        if best != p:
            for m in range(size):
                normal[p, m], normal[best, m] = normal[best, m], normal[p, m]
            for m in range(right.shape[1]):
                right[p, m], right[best, m] = right[best, m], right[p, m]
        for q in range(size):
            if q != p:
                share = normal[q, p] / normal[p, p]
                for m in range(p, size):
                    normal[q, m] -= share * normal[p, m]
                for m in range(right.shape[1]):
                    right[q, m] -= share * right[p, m]
    for p in range(size):
        for m in range(right.shape[1]):
            right[p, m] /= normal[p, p]
    return True


@njit(cache=True, parallel=True)
def smooth_lines(
    along: NDArray[np.float64], values: NDArray[np.float64], trust: NDArray[np.float64], window: NDArray[np.float64],
    first: NDArray[np.int64], degree: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return values (n, m) along lines, and their derivatives (n, m), from local polynomials of ``degree`` 1 or 2.

    ``along`` (n,) is the length in mm along each line, ``trust`` (n,) the weight of each value and ``window`` (n,) half
    the width in mm of the surroundings that count; line l is first[l]:first[l + 1]. The polynomial is fitted by least
    squares with tricube weights (Cleveland, Robust locally weighted regression, JASA 1979): curves are not flattened
    as by a running mean. Within half a window of an end, where a curve would be a guess, the degree is 1,
    and lower where too few places have weight; with none the value is kept.
    """
    result, slope = values.copy(), np.zeros_like(values)
    for line in prange(first.size - 1):
        low, high = first[line], first[line + 1]
        for n in range(low, high):
            start, stop = n, n
            while start > low and along[n] - along[start - 1] < window[n]:
                start -= 1
            while stop < high - 1 and along[stop + 1] - along[n] < window[n]:
                stop += 1
            ahead = min(along[n] - along[low], along[high - 1] - along[n])
            most = min(degree, stop - start, 1 if ahead < 0.5 * window[n] else 2)
            for order in range(most, -1, -1):
                normal, right = np.zeros((3, 3)), np.zeros((3, values.shape[1]))
                heard = 0
                for m in range(start, stop + 1):
                    x = (along[m] - along[n]) / window[n]
                    weight = trust[m] * (1.0 - min(abs(x), 1.0) ** 3) ** 3
                    if weight <= 0.0:
                        continue
                    heard += 1
                    power = 1.0
                    for p in range(order + 1):
                        other = power
                        for q in range(order + 1):
                            normal[p, q] += weight * other
                            other *= x
                        for v in range(values.shape[1]):
                            right[p, v] += weight * power * values[m, v]
                        power *= x
                if heard > order and _solved(normal, right, order + 1):
                    for v in range(values.shape[1]):
                        result[n, v] = right[0, v]
                        if order > 0:
                            slope[n, v] = right[1, v] / window[n]
                    break
    return result, slope


@njit(cache=True, parallel=True)
def running_medians(
    along: NDArray[np.float64], values: NDArray[np.float64], trust: NDArray[np.float64], window: NDArray[np.float64],
    first: NDArray[np.int64], former: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the weighted median (n,) of ``values`` within ``window`` mm along lines; it keeps steps.

    Parameters as for ``smooth_lines``, values (n,) and ``former`` (n,). Places without trust are interpolated between
    their neighbours on the line that have some; a line without any keeps its ``former`` values.
    """
    result = former.copy()
    for line in prange(first.size - 1):
        low, high = first[line], first[line + 1]
        last = -1
        for n in range(low, high):
            if trust[n] <= 0.0:
                continue
            start, stop = n, n
            while start > low and along[n] - along[start - 1] <= window[n]:
                start -= 1
            while stop < high - 1 and along[stop + 1] - along[n] <= window[n]:
                stop += 1
            order = np.argsort(values[start : stop + 1], kind="mergesort")
            total = trust[start : stop + 1].sum()
            below = 0.0
            for m in order:
                below += trust[start + m]
                if below >= 0.5 * total:
                    result[n] = values[start + m]
                    break
            for m in range(low if last < 0 else last + 1, n):
                share = 1.0 if last < 0 else (along[m] - along[last]) / (along[n] - along[last])
                result[m] = result[n] * share + (0.0 if last < 0 else result[last] * (1.0 - share))
            last = n
        if last >= 0:
            result[last + 1 : high] = result[last]
    return result


@njit(cache=True, parallel=True)
def gaps_to_parents(
    points: NDArray[np.float64], radius: NDArray[np.float64], first: NDArray[np.int64], parent: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how far each node (n,) of a line lies outside the nearest ball of its parent line, in mm; inf for a root.

    ``points`` (n, 3), ``radius`` (n,); line l is first[l]:first[l + 1] and hangs on line ``parent[l]`` (-1: on none).
    """
    gap = np.full(points.shape[0], np.inf)
    for line in prange(first.size - 1):
        if parent[line] < 0:
            continue
        for n in range(first[line], first[line + 1]):
            best, at = np.inf, 0
            for m in range(first[parent[line]], first[parent[line] + 1]):
                far = 0.0
                for axis in range(3):
                    far += (points[n, axis] - points[m, axis]) ** 2
                if far < best:
                    best, at = far, m
            gap[n] = math.sqrt(best) - radius[at]
    return gap
