"""Surfaces that do not pass through themselves or each other.

The surfaces between voxels, as they are extracted, never do. What smoothing, putting volumes back or decimation make
of them is looked through for triangles that cross, and taken back there, and there only, as far as is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.kernels.mesh_crossings import crossing_triangles
from anatomy_twin.kernels.mesh_decimate import Decimated
from anatomy_twin.kernels.mesh_untangle import renamed, touching

Points = NDArray[np.float64]
SHARE_LEFT = 0.7  # of the way that a point has come, when it is called back
LEAST_SHARE = 0.1  # a point with less of its way left goes back for good
ALONE = 5  # times that points are called back alone, before those around them are too
ROUNDS = 24
FEW = 0.3  # of all triangles: looked at alone


def untangled(
    points_mm: Points, sound_mm: Points, triangles: NDArray[np.int32], monitor: Monitor = SILENT
) -> Points:
    """Return the points with those of crossing triangles moved back until none cross.

    Parameters
    ----------
    points_mm : (N, 3) where the points should be.
    sound_mm : (N, 3) where they come from: places at which no triangles cross.
    triangles : (M, 3).
    monitor : may cancel between rounds.

    Returns
    -------
    (N, 3) : every point on the way from its sound place to the one where it should be, nearly all at its end.
    """
    places, share = points_mm, np.ones(len(points_mm))
    moved = touching(triangles, np.any(points_mm != sound_mm, axis=1))
    crossing = crossing_triangles(
        places, triangles, None if moved.mean() > FEW else moved, lambda: check_cancelled(monitor)
    )
    for number in range(ROUNDS):
        if not crossing.any():
            break
        check_cancelled(monitor)
        back = _corners(triangles, crossing, len(share))
        if number >= ALONE:
            back = _corners(triangles, touching(triangles, back), len(share))
        share[back] *= SHARE_LEFT
        share[share < LEAST_SHARE] = 0.0
        places = np.where(share[:, None] < 1.0, sound_mm + share[:, None] * (points_mm - sound_mm), points_mm)
        crossing = crossing_triangles(places, triangles, touching(triangles, back))
    return places


def untangled_decimation(
    points_mm: Points, triangles: NDArray[np.int32], sides: NDArray[np.int32], fewer: Decimated,
    monitor: Monitor = SILENT,
) -> tuple[Points, NDArray[np.int32], NDArray[np.int32]]:
    """Return what decimation has left, with all points of before where its triangles would cross.

    Parameters
    ----------
    points_mm, triangles, sides : the complex before, in which no triangles cross.
    fewer : what was made of it.
    monitor : may cancel between rounds.

    Returns
    -------
    (points_mm (n, 3), triangles (m, 3), sides (m, 2)).
    """
    crossing = crossing_triangles(fewer.points_mm, fewer.triangles, None, lambda: check_cancelled(monitor))
    if not crossing.any():
        return fewer.points_mm, fewer.triangles, fewer.sides
    left = len(fewer.points_mm)
    released = np.zeros(left, bool)
    # points by the numbers of both: first those that are left, then those of before
    places = np.concatenate([fewer.points_mm, points_mm])
    stem = np.concatenate([np.arange(left, dtype=np.int32), fewer.became])
    mixed, parts = fewer.triangles, fewer.sides
    for _ in range(ROUNDS):
        check_cancelled(monitor)
        back = _corners(mixed, crossing, len(places))
        if released[stem[back]].any():  # it was not enough there
            back = _corners(mixed, touching(mixed, back), len(places))
        while back.any():
            released[stem[back]] = True
            mixed, parts, fresh = _released(triangles, sides, fewer, released)
            back = _ill_joined(mixed, parts, fresh, len(places)) & ~released[stem]
        crossing = crossing_triangles(places, mixed, fresh)
        if not crossing.any():
            break
    used = np.unique(mixed)
    number = np.full(len(places), -1, np.int32)
    number[used] = np.arange(len(used), dtype=np.int32)
    return places[used], number[mixed], parts


def _released(
    triangles: NDArray[np.int32], sides: NDArray[np.int32], fewer: Decimated, released: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Return the complex with only those points drawn together that did not go into released ones, its sides, and
    which of its triangles are others than in ``fewer``."""
    left, before = len(fewer.points_mm), len(fewer.became)
    free = released[fewer.became] & (fewer.became >= 0)
    number = np.where(free, left + np.arange(before, dtype=np.int32), fewer.became).astype(np.int32)
    around = touching(triangles, free)
    back, back_sides = renamed(triangles[around], sides[around], number)
    stays = ~touching(fewer.triangles, released)
    fresh = np.concatenate([np.zeros(np.count_nonzero(stays), bool), np.ones(len(back), bool)])
    return np.concatenate([fewer.triangles[stays], back]), np.concatenate([fewer.sides[stays], back_sides]), fresh


def _ill_joined(
    triangles: NDArray[np.int32], sides: NDArray[np.int32], fresh: NDArray[np.bool_], count: int
) -> NDArray[np.bool_]:
    """Tell of ``count`` points at which edges or triangles of fresh ones something is not as it was in the complex:
    there every region met an edge on two sides, and no two triangles had the same corners."""
    near = touching(triangles, _corners(triangles, fresh, count))
    corners, parts = np.sort(triangles[near], axis=1).astype(np.int64), sides[near].astype(np.int64)
    found = np.zeros(count, bool)
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    keys, edge = np.unique(pairs[:, 0] * count + pairs[:, 1], return_inverse=True)
    regions = int(parts.max()) + 1
    meetings, uses = np.unique((edge[:, None] * regions + np.tile(parts, (3, 1))).ravel(), return_counts=True)
    crowded = keys[meetings[uses > 2] // regions]
    found[crowded // count] = found[crowded % count] = True
    _, same, uses = np.unique(edge[: len(corners)] * count + corners[:, 2], return_inverse=True, return_counts=True)
    found[corners[uses[same] > 1]] = True
    return found


def _corners(triangles: NDArray[np.int32], which: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Tell which of ``count`` points are corners of some of the triangles."""
    found = np.zeros(count, bool)
    found[triangles[which]] = True
    return found
