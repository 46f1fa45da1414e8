"""Angles, volumes and neighbours of tetrahedra, and which voxel centres each of them holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.tet_field import INNER


@njit(**INNER)
def badness(a: Any, b: Any, c: Any, d: Any) -> float:
    """Return the largest |cosine| of the six dihedral angles, 2 or more where the tetrahedron is inverted.

    0 is a right angle everywhere, 0.985 means that the worst angle is 10 (or 170) degrees. The face normals of a
    closed tetrahedron add up to nothing, so three cross products give all four.
    """
    u0, u1, u2 = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    v0, v1, v2 = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    w0, w1, w2 = d[0] - a[0], d[1] - a[1], d[2] - a[2]
    p0, p1, p2 = v1 * w2 - v2 * w1, v2 * w0 - v0 * w2, v0 * w1 - v1 * w0
    q0, q1, q2 = w1 * u2 - w2 * u1, w2 * u0 - w0 * u2, w0 * u1 - w1 * u0
    r0, r1, r2 = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
    s0, s1, s2 = -p0 - q0 - r0, -p1 - q1 - r1, -p2 - q2 - r2
    six_volumes = u0 * p0 + u1 * p1 + u2 * p2
    p = np.sqrt(p0 * p0 + p1 * p1 + p2 * p2)
    q = np.sqrt(q0 * q0 + q1 * q1 + q2 * q2)
    r = np.sqrt(r0 * r0 + r1 * r1 + r2 * r2)
    s = np.sqrt(s0 * s0 + s1 * s1 + s2 * s2)
    size = (p + q + r + s) * np.sqrt(p + q + r + s)
    if six_volumes <= 1e-9 * size:
        return float(2.0 + min(1.0, -six_volumes / (size + 1e-30)))
    worst = abs(p0 * q0 + p1 * q1 + p2 * q2) / (p * q)
    worst = max(worst, abs(p0 * r0 + p1 * r1 + p2 * r2) / (p * r))
    worst = max(worst, abs(p0 * s0 + p1 * s1 + p2 * s2) / (p * s))
    worst = max(worst, abs(q0 * r0 + q1 * r1 + q2 * r2) / (q * r))
    worst = max(worst, abs(q0 * s0 + q1 * s1 + q2 * s2) / (q * s))
    return float(max(worst, abs(r0 * s0 + r1 * s1 + r2 * s2) / (r * s)))


@njit(cache=True, error_model="numpy")
def all_badness(points: Any, tetrahedra: Any) -> NDArray[np.float64]:
    """Return ``badness`` of every tetrahedron (M,)."""
    worst = np.empty(tetrahedra.shape[0])
    for t in range(tetrahedra.shape[0]):
        worst[t] = badness(
            points[tetrahedra[t, 0]], points[tetrahedra[t, 1]], points[tetrahedra[t, 2]], points[tetrahedra[t, 3]]
        )
    return worst


@njit(cache=True, error_model="numpy")
def around(tetrahedra: Any, count: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return for each of ``count`` points where its tetrahedra begin (N + 1,) in the list of their numbers."""
    starts = np.zeros(count + 2, np.int64)
    for t in range(tetrahedra.shape[0]):
        for n in range(4):
            starts[tetrahedra[t, n] + 2] += 1
    for v in range(count + 1):
        starts[v + 1] += starts[v]
    rings = np.empty(starts[count + 1], np.int32)
    for t in range(tetrahedra.shape[0]):
        for n in range(4):
            v = tetrahedra[t, n] + 1
            rings[starts[v]] = t
            starts[v] += 1
    return starts[: count + 1], rings


@njit(cache=True, error_model="numpy")
def colours(tetrahedra: Any, starts: Any, rings: Any) -> NDArray[np.int32]:
    """Return a colour for each point (N,), first fit; no two points of one colour share a tetrahedron.

    More than 63 neighbours' colours cannot be told apart: points without a colour (-1) must not be moved.
    """
    colour = np.full(starts.size - 1, -1, np.int32)
    one = np.uint64(1)
    for v in range(colour.size):
        taken = np.uint64(0)
        for n in range(starts[v], starts[v + 1]):
            for corner in range(4):
                other = colour[tetrahedra[rings[n], corner]]
                if other >= 0:
                    taken |= one << np.uint64(other)
        for pick in range(63):
            if not taken >> np.uint64(pick) & one:
                colour[v] = pick
                break
    return colour


@njit(cache=True, error_model="numpy")
def dihedral_degrees(points: Any, tetrahedra: Any) -> NDArray[np.float64]:
    """Return the six dihedral angles (M, 6) in degrees; those of an inverted tetrahedron are negative."""
    angles = np.empty((tetrahedra.shape[0], 6))
    edges, normals = np.empty((3, 3)), np.empty((4, 3))
    for t in range(tetrahedra.shape[0]):
        for n in range(3):
            for axis in range(3):
                edges[n, axis] = points[tetrahedra[t, n + 1], axis] - points[tetrahedra[t, 0], axis]
        for n in range(3):
            one, two = (n + 1) % 3, (n + 2) % 3
            for axis in range(3):
                b, c = (axis + 1) % 3, (axis + 2) % 3
                normals[n, axis] = edges[one, b] * edges[two, c] - edges[one, c] * edges[two, b]
        volume = 0.0
        for axis in range(3):
            normals[3, axis] = -normals[0, axis] - normals[1, axis] - normals[2, axis]
            volume += edges[0, axis] * normals[0, axis]
        at = 0
        for one in range(4):
            for two in range(one):
                dot = cross = 0.0
                for axis in range(3):
                    b, c = (axis + 1) % 3, (axis + 2) % 3
                    dot -= normals[one, axis] * normals[two, axis]
                    cross += (normals[one, b] * normals[two, c] - normals[one, c] * normals[two, b]) ** 2
                angles[t, at] = np.degrees(np.arctan2(np.sqrt(cross), dot)) * (1.0 if volume > 0.0 else -1.0)
                at += 1
    return angles


@njit(**INNER)
def _six_volumes(points: Any, a: int, b: int, c: int, d: int) -> float:
    u0, u1, u2 = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    v0, v1, v2 = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    w0, w1, w2 = points[d, 0] - points[a, 0], points[d, 1] - points[a, 1], points[d, 2] - points[a, 2]
    return float(u0 * (v1 * w2 - v2 * w1) + u1 * (v2 * w0 - v0 * w2) + u2 * (v0 * w1 - v1 * w0))


@njit(cache=True, error_model="numpy")
def region_volumes(points: Any, tetrahedra: Any, regions: Any, count: int) -> NDArray[np.float64]:
    """Return the volume (mm3, signed) of each of ``count`` regions."""
    volumes = np.zeros(count)
    for t in range(tetrahedra.shape[0]):
        a, b, c, d = tetrahedra[t, 0], tetrahedra[t, 1], tetrahedra[t, 2], tetrahedra[t, 3]
        volumes[regions[t]] += _six_volumes(points, a, b, c, d) / 6.0
    return volumes


@njit(cache=True, error_model="numpy")
def held_voxels(points: Any, tetrahedra: Any, regions: Any, voxels: Any, count: int) -> NDArray[np.int64]:
    """Count voxels by their own region (rows) and that of the tetrahedron that holds their centre (columns).

    ``points`` (N, 3) are in indices [k, j, i] of ``voxels``, an array of region numbers below ``count``; number 0 is
    outside. A centre on the face between two tetrahedra belongs to the one that comes first. The row after the last
    counts, at [count, 0], how often a centre lies in a second one by more than a millionth of its volume.
    """
    table = np.zeros((count + 1, count), np.int64)
    owner = np.zeros(voxels.shape, np.int16)
    low, high = np.empty(3, np.int64), np.empty(3, np.int64)
    part = np.empty(4)
    plane = np.empty((4, 4))
    for t in range(tetrahedra.shape[0]):
        inside = True
        for axis in range(3):
            least = most = points[tetrahedra[t, 0], axis]
            for n in range(1, 4):
                least = min(least, points[tetrahedra[t, n], axis])
                most = max(most, points[tetrahedra[t, n], axis])
            low[axis] = max(0, int(np.ceil(least)))
            high[axis] = min(voxels.shape[axis] - 1, int(np.floor(most)))
            inside = inside and low[axis] <= high[axis]
        if not inside or not _barycentric_planes(points, tetrahedra, t, plane):
            continue
        for k in range(low[0], high[0] + 1):
            for j in range(low[1], high[1] + 1):
                for n in range(4):
                    part[n] = plane[n, 3] + plane[n, 0] * k + plane[n, 1] * j
                for i in range(low[2], high[2] + 1):
                    least = 1.0
                    for n in range(4):
                        least = min(least, part[n] + plane[n, 2] * i)
                    if least < -1e-9:
                        continue
                    if owner[k, j, i] == 0:
                        owner[k, j, i] = regions[t]
                    elif least > 1e-6:
                        table[count, 0] += 1
    for k in range(voxels.shape[0]):
        for j in range(voxels.shape[1]):
            for i in range(voxels.shape[2]):
                table[voxels[k, j, i], owner[k, j, i]] += 1
    return table


@njit(**INNER)
def _barycentric_planes(points: Any, tetrahedra: Any, t: int, plane: Any) -> bool:
    """Write the four barycentric coordinates as linear functions (rows: slopes along k, j, i, constant)."""
    whole = _six_volumes(points, tetrahedra[t, 0], tetrahedra[t, 1], tetrahedra[t, 2], tetrahedra[t, 3])
    if whole <= 0.0:
        return False
    for n in range(4):
        tip = tetrahedra[t, n]
        a, b, c = tetrahedra[t, (n + 1) % 4], tetrahedra[t, (n + 2) % 4], tetrahedra[t, (n + 3) % 4]
        height = 0.0
        for axis in range(3):
            f, g = (axis + 1) % 3, (axis + 2) % 3
            plane[n, axis] = (points[b, f] - points[a, f]) * (points[c, g] - points[a, g]) - (
                points[b, g] - points[a, g]
            ) * (points[c, f] - points[a, f])
            height += plane[n, axis] * (points[tip, axis] - points[a, axis])
        plane[n, 3] = 0.0
        for axis in range(3):
            plane[n, axis] /= height
            plane[n, 3] -= plane[n, axis] * points[a, axis]
    return True
