"""Flat triangles of a decimated complex: their longest edge is turned to run the other way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.kernels.mesh_crossings import crossing_triangles
from anatomy_twin.kernels.mesh_decimate_setup import stars

FLAT_DEG, WIDE_DEG = 8.0, 120.0  # smallest and largest angle: a corner that lies nearly on the edge across
LOW = 0.141  # height over the longest edge, at most, of a triangle with an angle of 8 degrees and one of 120
LEAST_COSINE = 0.7  # of the turn that a normal may make
PASSES = 3
Points = NDArray[np.float64]


def without_flat(
    points_mm: Points, triangles: NDArray[np.int32], sides: NDArray[np.int32], monitor: Monitor = SILENT
) -> NDArray[np.int32]:
    """Return the triangles with the longest edges of flat ones turned, where that is no harm.

    An edge is turned between two triangles of the same two regions, where both become less flat, the surface stays
    nearly as it is, and nothing crosses. Rims stay, and the surfaces remain what they are up to a homeomorphism.

    Parameters
    ----------
    points_mm : (N, 3), triangles : (M, 3), sides : (M, 2) of a complex in which no triangles cross.
    monitor : may cancel between passes.
    """
    for _ in range(PASSES):
        check_cancelled(monitor)
        turned, pairs = _turned(points_mm, triangles, sides)
        while pairs:
            fresh = np.zeros(len(triangles), bool)
            fresh[np.array(pairs)] = True
            crossing = crossing_triangles(points_mm, turned, fresh)
            bad = [pair for pair in pairs if crossing[list(pair)].any()]
            if not bad:
                break
            for pair in bad:
                turned[list(pair)] = triangles[list(pair)]
            pairs = [pair for pair in pairs if pair not in bad]
        if not pairs:
            break
        triangles = turned
    return triangles


def _turned(
    points: Points, triangles: NDArray[np.int32], sides: NDArray[np.int32]
) -> tuple[NDArray[np.int32], list[tuple[int, int]]]:
    """Return the triangles with edges turned that have no corner in common, and which pairs of triangles these are."""
    sides_mm = points[triangles] - points[np.roll(triangles, -1, axis=1)]
    longest = np.einsum("ijk,ijk->ij", sides_mm, sides_mm).max(axis=1)
    normals = np.cross(sides_mm[:, 0], sides_mm[:, 1])
    low = np.flatnonzero(np.einsum("ij,ij->i", normals, normals) < (LOW * longest) ** 2)  # few have angles measured
    angles = _angles_deg(points[triangles[low]])
    which = (angles.min(axis=1) < FLAT_DEG) & (angles.max(axis=1) > WIDE_DEG)
    flat, widest = low[which], angles[which].argmax(axis=1)
    out, pairs = triangles.copy(), list[tuple[int, int]]()
    if not len(flat):
        return out, pairs
    start, star, wings = stars(triangles, len(triangles), len(points))
    held: set[int] = set()
    for t, place in zip(flat.tolist(), widest.tolist(), strict=True):
        c, a, b = (int(triangles[t, (place + step) % 3]) for step in range(3))
        around = slice(start[a], start[a + 1])
        both = star[around][(wings[around] == b).any(axis=1)]
        if len(both) != 2 or not np.array_equal(sides[both[0]], sides[both[1]]):
            continue
        r = int(both[0] if both[1] == t else both[1])
        d = int(triangles[r].sum()) - a - b
        if held & {a, b, c, d} or (wings[start[c] : start[c + 1]] == d).any():
            continue
        old, new = points[[[c, a, b], [a, d, b]]], points[[[c, a, d], [c, d, b]]]
        before, after = _normals(old), _normals(new)
        whole = before.sum(axis=0)
        lengths = np.linalg.norm(after, axis=1) * np.linalg.norm(whole)
        if _angles_deg(new).min() <= _angles_deg(old).min() or np.any(after @ whole < LEAST_COSINE * lengths):
            continue
        out[t], out[r] = (c, a, d), (c, d, b)
        held |= {a, b, c, d}
        pairs.append((t, r))
    return out, pairs


def _normals(corners: Points) -> Points:
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def _angles_deg(corners: Points) -> Points:
    """Return the angles (M, 3) at the corners (M, 3, 3) of triangles."""
    one = np.roll(corners, -1, axis=1) - corners
    other = np.roll(corners, 1, axis=1) - corners
    lengths = np.linalg.norm(one, axis=2) * np.linalg.norm(other, axis=2)
    cosines = np.einsum("ijk,ijk->ij", one, other) / np.maximum(lengths, 1e-30)
    return np.asarray(np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))))
