"""Putting a region that a hand drew, or a program proposed, into a segment, or taking it away."""

from __future__ import annotations

from typing import Any

import numpy as np

from anatomy_twin.core import LabelMap, Segment, Volume, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.segmentation.editing.commit import commit
from anatomy_twin.segmentation.editing.desk import Box, Change, Desk, Mask, Rules, Verb, moved_box
from anatomy_twin.segmentation.editing.strokes import Region
from anatomy_twin.units import check_range


@Verb
def cover(
    labels: Any, name: str, region: Region, *, volume: Volume | None = None, hu: tuple[float, float] | None = None,
    create: bool = False, verb: str = "paint", **rules: Any,
) -> Change:
    """Add a region to a segment.

    Parameters
    ----------
    labels, name : the label map and the segment in it.
    region : voxels on the upright axes of the label map.
    volume, hu : where both are given only voxels with HU from ``hu[0]`` to ``hu[1]`` are touched.
    create : make the segment where the label map lacks it or it has no voxels.
    verb : what the step and the notes call it. ``rules`` : who gives way, see ``Rules``.

    Returns the edited ``LabelMap`` (``cover.change`` the difference alone); unchanged where nothing may be added.
    Raises as ``paint`` does.
    """
    desk = Desk(labels, name, create=create)
    _check_place(desk, region)
    wanted = region.mask & within_hu(labels.geometry, region.box, volume, hu)
    return commit(desk, verb, region.box, desk.solid(region.box) | wanted, Rules(**rules))


@Verb
def uncover(
    labels: Any, name: str, region: Region, *, volume: Volume | None = None, hu: tuple[float, float] | None = None,
    verb: str = "erase", **rules: Any,
) -> Change:
    """Take a region from a segment, and from its parts. Parameters as for ``cover``."""
    desk = Desk(labels, name)
    _check_place(desk, region)
    gone = region.mask & within_hu(labels.geometry, region.box, volume, hu)
    return commit(desk, verb, region.box, desk.solid(region.box) & ~gone, Rules(**rules))


def within_hu(
    geometry: VolumeGeometry, box: Box, volume: Volume | None, hu: tuple[float, float] | None
) -> Mask:
    """Return which voxels of a box, on upright axes, have values in a range; all of them without a range.

    Raises ``UsageError`` for a range without a scan or upside down, ``DataError`` for a scan on another grid.
    """
    if hu is None:
        return np.ones(tuple(s.stop - s.start for s in box), dtype=bool)
    if volume is None:
        raise UsageError("a range of HU needs the scan", advice="give volume=")
    if volume.geometry is not geometry and not volume.geometry.is_close(geometry, 0.01):
        raise DataError("scan and labels are not on the same grid", advice="give the scan that the labels are of")
    low, high = (check_range("hu", value) for value in hu)
    if low > high:
        raise UsageError(f"no HU lie from {low:g} to {high:g}", advice="give the lower one first")
    values = reindex(volume.array, *geometry.canonical_axes())[box]
    return np.asarray((values >= low) & (values <= high))


def regions_of(labels: LabelMap, change: Change, name: str) -> tuple[Region, Region]:
    """Return what a change adds to a segment and what it takes from it, as regions on upright axes."""
    axes = labels.geometry.canonical_axes()
    box = moved_box(change.box, inverse_axes(*axes), labels.geometry.shape)
    old = _voxels_of(change.before, change.segments_before, name)
    new = _voxels_of(change.after, change.segments_after, name)
    start = (box[0].start, box[1].start, box[2].start)
    added, gone = (np.ascontiguousarray(reindex(mask, *axes)) for mask in (new & ~old, old & ~new))
    return Region(start, added), Region(start, gone)


def _voxels_of(block: Any, segments: tuple[Segment, ...], name: str) -> Mask:
    for segment in segments:
        if segment.name == name and not segment.absent and segment.layer < block.shape[0]:
            return np.asarray(block[segment.layer] == segment.value)
    return np.zeros(block.shape[1:], dtype=bool)


def _check_place(desk: Desk, region: Region) -> None:
    sides = zip(region.box, desk.geometry.shape, strict=True)
    inside = all(side.start >= 0 and side.stop <= size for side, size in sides)
    if not inside:
        raise DataError("the region does not lie in the label map", advice="draw it on the scan that was segmented")
