"""Regions at a point: what a line of equal values encloses on a slice, and the piece of a segment that holds it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from anatomy_twin.core import LabelMap, Volume, reindex
from anatomy_twin.core.later import later
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation.editing.desk import Desk, Mask
from anatomy_twin.segmentation.editing.strokes import Region
from anatomy_twin.units import check_point

ndimage = later("scipy.ndimage")

EVEN_MM: Final = 0.8  # noise is evened out by so much, or lines of equal values would not close
LARGEST_SHARE: Final = 0.15  # of the slice: more is the background, not what is pointed at
LEAST_VOXELS: Final = 4


def level_region(volume: Volume, point_mm: ArrayLike, normal: ArrayLike) -> Region | None:
    """Return what the line of equal values through a point encloses on the slice of the grid nearest to a plane.

    Of the two sides of the line (at least as bright, at most as bright) the smaller one counts that hangs together
    with the point, its holes filled. ``point_mm`` LPS, ``normal`` the unit vector of the plane. None off the grid, and
    where nothing smaller than a seventh of the slice is enclosed.
    """
    axes = volume.geometry.canonical_axes()
    upright = volume.geometry.reindexed(*axes)
    if not bool(upright.contains(point_mm)):
        return None
    k, j, i = upright.nearest_voxel(point_mm)
    axis = int(np.argmax(np.abs(upright.direction.T @ np.asarray(normal, dtype=np.float64))))
    values = np.take(reindex(volume.array, *axes), (k, j, i)[axis], axis).astype(np.float32)
    steps = [step for side, step in enumerate(upright.spacing_mm) if side != axis]
    values = ndimage.gaussian_filter(values, [EVEN_MM / step for step in steps], mode="nearest")
    here = tuple(n for side, n in enumerate((k, j, i)) if side != axis)
    found = []
    for side in (values >= values[here], values <= values[here]):
        pieces, _ = ndimage.label(side)
        region = _filled(pieces == pieces[here])
        if LEAST_VOXELS <= np.count_nonzero(region[1]) <= LARGEST_SHARE * side.size:
            found.append(region)
    if not found:
        return None
    (row, column), best = min(found, key=lambda region: np.count_nonzero(region[1]))
    start = [row, column]
    start.insert(axis, (k, j, i)[axis])
    return Region((start[0], start[1], start[2]), np.expand_dims(best, axis))


def _filled(piece: Mask) -> tuple[tuple[int, int], Mask]:
    """Return a piece of a slice cut to its box, its holes filled, and where that box begins."""
    rows, columns = np.flatnonzero(piece.any(1)), np.flatnonzero(piece.any(0))
    cut = piece[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    return (int(rows[0]), int(columns[0])), np.asarray(ndimage.binary_fill_holes(cut))


def piece_at(labels: LabelMap, name: str, point_mm: ArrayLike) -> Region:
    """Return the piece of a segment (voxels that touch, corners counted in) that holds a point in LPS mm.

    Raises ``SegmentationError`` where none does.
    """
    desk = Desk(labels, name)
    box = desk.box_of()
    pieces, _ = ndimage.label(desk.solid(box), np.ones((3, 3, 3)))
    voxel = [n - s.start for n, s in zip(desk.geometry.nearest_voxel(point_mm), box, strict=True)]
    inside = all(0 <= n < size for n, size in zip(voxel, pieces.shape, strict=True))
    number = int(pieces[tuple(voxel)]) if inside else 0
    if not number:
        place = ", ".join(f"{value:.1f}" for value in check_point("point", point_mm))
        raise SegmentationError(f"no island of {name} lies at this point", where=f"{place} mm LPS",
                                advice="click inside one")
    return Region((box[0].start, box[1].start, box[2].start), pieces == number)
