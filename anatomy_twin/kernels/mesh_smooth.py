"""Smoothing of surfaces by a low-pass filter that does not shrink them, and how structures agree on shared points.

G. Taubin, T. Zhang, G. Golub, "Optimal surface smoothing as filter design", ECCV 1996: a windowed Chebyshev expansion
of the ideal low-pass, applied to the graph Laplacian of the points. The filter acts on every coordinate alone, so the
result does not depend on the axes.

Every structure smooths its own surface. A point on several of them is put where the planes of all these smooth surfaces
meet best (weighted least squares): along a line of contact it may slide, but it makes no dent in either surface.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.mesh_boundary import corners_of_points
from anatomy_twin.kernels.mesh_cell import ON_EDGE, ON_FACE

_AVERAGINGS = 8  # how far points listen to their surroundings, as rounds of half the mean of the neighbours
_ALONG = 0.3


@njit(cache=True)
def _face_lines(triangles: Any, kinds: Any, line: Any) -> None:
    """Find for every point inside a face the two points before and after it on the line that runs through the face."""
    line[:] = -1
    for t in range(triangles.shape[0]):
        for c in range(3):
            v = triangles[t, c]
            if kinds[v] != ON_FACE:
                continue
            for step in range(1, 3):
                w = triangles[t, (c + step) % 3]
                if (kinds[w] == ON_EDGE or kinds[w] == ON_FACE) and line[v, 0] != w:
                    line[v, 0 if line[v, 0] < 0 else 1] = w


@njit(cache=True)
def _follow(before: int, here: int, kinds: Any, line: Any) -> int:
    """Go along a line through a face to the edge at its end."""
    while kinds[here] == ON_FACE:
        after = line[here, 1] if line[here, 0] == before else line[here, 0]
        before, here = here, after
    return here


@njit(cache=True)
def _next(v: int, w: int, kinds: Any, at_end: Any, line: Any) -> int:
    """Return the point on an edge that ``v`` follows in the direction of ``w``, -1 for none."""
    if kinds[v] != ON_EDGE or (kinds[w] != ON_EDGE and kinds[w] != ON_FACE):
        return -1
    other = _follow(v, w, kinds, line)
    return -1 if at_end[other] and not at_end[v] else other


@njit(cache=True)
def _neighbours(triangles: Any, kinds: Any, at_end: Any, line: Any, start: Any, listed: Any) -> None:
    """List for points on edges the points on edges next to them; all others have no neighbours."""
    for t in range(triangles.shape[0]):
        for c in range(3):
            v = triangles[t, c]
            start[v + 1] += _next(v, triangles[t, (c + 1) % 3], kinds, at_end, line) >= 0
    for v in range(start.shape[0] - 1):
        start[v + 1] += start[v]
    at = start[:-1].copy()
    for t in range(triangles.shape[0]):
        for c in range(3):
            v = triangles[t, c]
            other = _next(v, triangles[t, (c + 1) % 3], kinds, at_end, line)
            if other >= 0:
                listed[at[v]] = other
                at[v] += 1


@njit(cache=True)
def _fill_in(triangles: Any, kinds: Any, at_end: Any, line: Any, points: Any, on_wall: Any) -> None:
    """Put points inside faces on the chord of their line, points inside cells in the middle of those around them.

    Where a wall comes up to the end of the scan, points there go straight on from it; ``on_wall`` notes which do.
    """
    for v in range(kinds.shape[0]):
        if kinds[v] == ON_FACE:
            one, other = _follow(v, line[v, 0], kinds, line), _follow(v, line[v, 1], kinds, line)
            if at_end[v] and at_end[one] != at_end[other]:
                on_wall[v] = True
                one = other = other if at_end[one] else one
            for axis in range(3):
                points[v, axis] = np.float32(0.5) * (points[one, axis] + points[other, axis])
    # at the end of the scan the points of walls alone count, where there are two of them or more
    walls = np.zeros(kinds.shape[0], np.int32)
    for t in range(triangles.shape[0]):
        for c in range(3):
            v = triangles[t, c]
            if at_end[v] and kinds[v] != ON_EDGE and kinds[v] != ON_FACE:
                walls[v] += on_wall[triangles[t, (c + 1) % 3]]
    around = np.zeros(kinds.shape[0], np.int32)
    for t in range(triangles.shape[0]):
        for c in range(3):
            v, w = triangles[t, c], triangles[t, (c + 1) % 3]
            if kinds[v] == ON_EDGE or kinds[v] == ON_FACE or (walls[v] > 1 and not on_wall[w]):
                continue
            for axis in range(3):
                points[v, axis] = points[w, axis] + (points[v, axis] if around[v] > 0 else np.float32(0.0))
            around[v] += 1
    for v in range(kinds.shape[0]):
        if around[v] > 0:
            on_wall[v] = walls[v] > 0
            for axis in range(3):
                points[v, axis] /= around[v]


@njit(parallel=True, cache=True)
def _half_way(points: Any, start: Any, listed: Any, before: Any, factor: Any, share: Any, out: Any, total: Any) -> None:
    """``out`` = factor (point + mean of neighbours) / 2 - (factor - 1) before; ``total`` += share ``out``."""
    past = factor - np.float32(1.0)
    own = np.float32(0.5) * factor
    for v in prange(points.shape[0]):
        x = y = z = np.float32(0.0)
        for n in range(start[v], start[v + 1]):
            w = listed[n]
            x += points[w, 0]
            y += points[w, 1]
            z += points[w, 2]
        if start[v + 1] == start[v]:
            continue
        weight = own / np.float32(start[v + 1] - start[v])
        x = own * points[v, 0] + weight * x - past * before[v, 0]
        y = own * points[v, 1] + weight * y - past * before[v, 1]
        z = own * points[v, 2] + weight * z - past * before[v, 2]
        out[v, 0], out[v, 1], out[v, 2] = x, y, z
        total[v, 0] += share * x
        total[v, 1] += share * y
        total[v, 2] += share * z


@njit(parallel=True, cache=True)
def _normals(
    points: Any, raw: Any, triangles: Any, start: Any, corner: Any, normals: Any, change: Any, around: Any
) -> None:
    """Write unit normals, the square of how far each point has come along its own, and the points around each."""
    for v in prange(points.shape[0]):
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        nx = ny = nz = np.float32(0.0)
        for n in range(start[v], start[v + 1]):
            t, c = corner[n] // 3, corner[n] % 3
            u, w = triangles[t, (c + 1) % 3], triangles[t, (c + 2) % 3]
            around[n] = u
            ax, ay, az = points[u, 0] - x, points[u, 1] - y, points[u, 2] - z
            bx, by, bz = points[w, 0] - x, points[w, 1] - y, points[w, 2] - z
            nx += ay * bz - az * by
            ny += az * bx - ax * bz
            nz += ax * by - ay * bx
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        if length > 0.0:
            nx, ny, nz = nx / length, ny / length, nz / length
        normals[v, 0], normals[v, 1], normals[v, 2] = nx, ny, nz
        change[v] = ((x - raw[v, 0]) * nx + (y - raw[v, 1]) * ny + (z - raw[v, 2]) * nz) ** 2


@njit(parallel=True, cache=True)
def _averaged(values: Any, start: Any, around: Any, out: Any) -> None:
    for v in prange(values.shape[0]):
        total = np.float32(0.0)
        for n in range(start[v], start[v + 1]):
            total += values[around[n]]
        out[v] = np.float32(0.5) * (values[v] + total / np.float32(max(start[v + 1] - start[v], 1)))


@njit(cache=True)
def _add_planes(
    points: Any, normals: Any, change: Any, at_end: Any, on_wall: Any, origin: Any, trust: float, floor: float,
    planes: Any,
) -> None:
    for v in range(points.shape[0]):
        x, y, z = np.float64(points[v, 0]), np.float64(points[v, 1]), np.float64(points[v, 2])
        nx, ny, nz = np.float64(normals[v, 0]), np.float64(normals[v, 1]), np.float64(normals[v, 2])
        weight = (trust / (floor + change[v])) ** 2
        if at_end[v]:  # held in the end of the scan: only walls that come up to it have a say there
            nx = ny = nz = np.float64(0.0)
            weight *= 1.0 if on_wall[v] else 1e-9
        level = nx * x + ny * y + nz * z
        p = planes[origin[v]]
        p[0] += weight * (nx * nx + _ALONG)
        p[1] += weight * (ny * ny + _ALONG)
        p[2] += weight * (nz * nz + _ALONG)
        p[3] += weight * nx * ny
        p[4] += weight * nx * nz
        p[5] += weight * ny * nz
        p[6] += weight * (nx * level + _ALONG * x)
        p[7] += weight * (ny * level + _ALONG * y)
        p[8] += weight * (nz * level + _ALONG * z)


@njit(parallel=True, cache=True)
def _meet(planes: Any, raw: Any, low: Any, high: Any, out: Any) -> None:
    for v in prange(planes.shape[0]):
        a, b, c, d, e, f, x, y, z = planes[v]
        # the matrix [[a, d, e], [d, b, f], [e, f, c]] by its adjugate: it is never singular
        m00, m01, m02 = b * c - f * f, e * f - d * c, d * f - b * e
        m11, m12, m22 = a * c - e * e, d * e - a * f, a * b - d * d
        determinant = a * m00 + d * m01 + e * m02
        for axis in range(3):
            out[v, axis] = raw[v, axis]
        if determinant > 0.0:
            out[v, 0] = (m00 * x + m01 * y + m02 * z) / determinant
            out[v, 1] = (m01 * x + m11 * y + m12 * z) / determinant
            out[v, 2] = (m02 * x + m12 * y + m22 * z) / determinant
        for axis in range(3):
            out[v, axis] = min(max(out[v, axis], low[v, axis]), high[v, axis])


def filter_coefficients(half_at: float, degree: int) -> NDArray[np.float64]:
    """Return the coefficients (degree + 1,) of the filter in Chebyshev polynomials of (1 + W) / 2, W the mean of the
    neighbours. A frequency (eigenvalue of 1 - W, 0 to 2) of ``half_at`` is halved, lower ones stay; their sum is 1."""
    edge = math.acos(1.0 - 0.5 * half_at)
    numbers = np.arange(1, degree + 1)
    ideal = np.concatenate([[edge / np.pi], 2.0 * np.sin(numbers * edge) / (numbers * np.pi)])
    windowed = ideal * (0.54 + 0.46 * np.cos(np.pi * np.arange(degree + 1) / (degree + 1)))  # Hamming
    return np.asarray(windowed / windowed.sum())


def add_smoothed(
    points: NDArray[np.float64],
    triangles: NDArray[np.int32],
    origin: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    at_end: NDArray[np.bool_],
    half_at: float,
    degree: int,
    trust: float,
    trusted_mm: float,
    planes: NDArray[np.float64],
) -> None:
    """Smooth one structure's surface and add what it asks of its points to ``planes``.

    Parameters
    ----------
    points : (N, 3) of the whole complex, mm.
    triangles, origin : the surface, closed, and the numbers of its points in the complex (``structure_boundary``).
    kinds : (N,) what the points of the complex are (``mesh_extract.extract``): those on edges between voxels are the
        ones that the surface of this structure alone would have, and they are smoothed as if there were no others.
    at_end : (N,) points in a plane where the scan ends: what comes up to it does not bend around its edge.
    half_at, degree : the filter (``filter_coefficients``).
    trust, trusted_mm : a structure has the more to say about a shared point, the more it is trusted and the less its
        own surface had to move there to be smooth; moves below ``trusted_mm`` are as good as none.
    planes : (N, 9), changed: sums of weight (n n^T + s 1) (upper triangle, diagonal first) and of weight (n n^T + s 1)
        x, for smoothed places x and normals n there.
    """
    start, corner = corners_of_points(triangles, len(origin))
    own_kinds, own_end = kinds[origin], at_end[origin]
    line = np.empty((len(origin), 2), np.int32)
    _face_lines(triangles, own_kinds, line)
    next_start, listed = np.zeros(len(origin) + 1, np.int32), np.empty(3 * len(triangles), np.int32)
    _neighbours(triangles, own_kinds, own_end, line, next_start, listed)
    shares = filter_coefficients(half_at, degree).astype(np.float32)
    before = points[origin].astype(np.float32)
    total = before * shares[0]
    now, spare = np.empty_like(before), np.empty_like(before)
    _half_way(before, next_start, listed, before, np.float32(1.0), shares[1], now, total)
    for share in shares[2:]:
        _half_way(now, next_start, listed, before, np.float32(2.0), share, spare, total)
        before, now, spare = now, spare, before
    on_wall = np.zeros(len(origin), bool)
    _fill_in(triangles, own_kinds, own_end, line, total, on_wall)
    change, averaged, normals = np.empty(len(origin), np.float32), np.empty(len(origin), np.float32), np.empty_like(now)
    _normals(total, points[origin].astype(np.float32), triangles, start, corner, normals, change, listed)
    for _ in range(_AVERAGINGS):
        _averaged(change, start, listed, averaged)
        change, averaged = averaged, change
    _add_planes(total, normals, change, own_end, on_wall, origin, float(trust), float(trusted_mm) ** 2, planes)


def meeting_places(
    planes: NDArray[np.float64], raw: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the points (N, 3) where the planes gathered by ``add_smoothed`` meet best, each between ``low`` and
    ``high`` (N, 3); ``raw`` is where a point stays that has no planes."""
    out = np.empty_like(raw)
    _meet(planes, raw, low, high, out)
    return out
