"""Filling between slices: the shape in between is taken from the shapes before and behind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.later import later
from anatomy_twin.errors import DataError, SegmentationError, UsageError
from anatomy_twin.segmentation.editing.commit import commit
from anatomy_twin.segmentation.editing.desk import Change, Desk, Mask, Rules, Verb, grown_box
from anatomy_twin.segmentation.editing.shape import capped_distance_mm
from anatomy_twin.units import check_range

ndimage = later("scipy.ndimage")

AXES: Final = {"axial": 0, "coronal": 1, "sagittal": 2}
_APART_MM: Final = 1e4  # slices this far apart do not see each other


@Verb
def fill_between(
    labels: Any, name: str, plane: str = "axial", *, slices_mm: Sequence[float] | None = None, **rules: Any
) -> Change:
    """Fill a segment between slices by shape-based interpolation.

    The signed distance to the outline, within the slice, is interpolated linearly from one given slice to the next;
    inside is where it is positive (Raya and Udupa, IEEE Trans. Med. Imaging 9, 1990). Where each of two slices holds
    one piece, the outlines are laid over each other by their centroids first, so that a slanting vessel stays whole.

    Parameters
    ----------
    plane : "axial", "coronal" or "sagittal": the slices of the volume that lie nearest to it.
    slices_mm : the given slices: z of axial ones (LPS mm, at the middle of the volume), y of coronal, x of sagittal
        ones. What the segment is in the slices between them is replaced. Without it, all slices that hold the segment
        are given, and those between that do not are filled.
    rules : who gives way, see ``Rules``.

    Raises ``SegmentationError`` where nothing is to be filled or a given slice is empty, ``DataError`` for a slice off
    the volume.
    """
    if plane not in AXES:
        raise UsageError(f"no plane is called {plane!r}", advice=f"choose {', '.join(AXES)}")
    axis = AXES[plane]
    desk = Desk(labels, name)
    box = grown_box(desk.box_of(), (0, 0, 0), desk.geometry.shape)
    solid = desk.solid(box)
    stack = np.moveaxis(solid, axis, 0)
    filled = np.flatnonzero(stack.any(axis=(1, 2)))
    given = filled if slices_mm is None else _given(desk, axis, slices_mm, box[axis].start, filled)
    gaps = [(int(a), int(b)) for a, b in pairwise(given) if b - a > 1]
    if not gaps:
        raise SegmentationError(f"{name} leaves no slice empty between others", advice="give slices_mm to fill between")
    steps = [s for n, s in enumerate(desk.spacing_mm) if n != axis]
    result = stack.copy()
    for a, b in gaps:
        result[a + 1:b] = _between(stack[a], stack[b], b - a, steps)
    return commit(desk, "fill between slices", box, np.moveaxis(result, 0, axis), Rules(**rules))


def _given(desk: Desk, axis: int, slices_mm: Sequence[float], start: int, filled: NDArray[Any]) -> NDArray[Any]:
    """Return the numbers, in the box, of the slices at world coordinates."""
    world = 2 - axis
    middle = np.asarray(desk.geometry.center_mm)
    chosen: set[int] = set()
    for value in slices_mm:
        point = middle.copy()
        rise = desk.geometry.direction[:, axis]
        point = point + (check_range("slices_mm", value) - middle[world]) / rise[world] * rise
        number = int(desk.geometry.voxel_of(point)[axis])
        if not 0 <= number < desk.geometry.shape[axis]:
            raise DataError("the slice lies off the volume", where=f"{value:g} mm", advice="give LPS mm in the scan")
        if number - start not in filled:
            raise SegmentationError(f"{desk.segment.name} is empty in a given slice", where=f"{value:g} mm",
                                    advice="outline it there first")
        chosen.add(number - start)
    if len(chosen) < 2:
        raise UsageError("filling needs two slices", advice="give two or more different ones")
    return np.array(sorted(chosen))


def _between(first: Mask, last: Mask, count: int, steps: Sequence[float]) -> Mask:
    """Return the ``count - 1`` slices between two."""
    one, two = (_signed(mask, steps) for mask in (first, last))
    move = np.zeros(2)
    if ndimage.label(first)[1] == 1 and ndimage.label(last)[1] == 1:
        move = np.array(ndimage.center_of_mass(last)) - np.array(ndimage.center_of_mass(first))
    result = np.empty((count - 1, *first.shape), dtype=bool)
    for n in range(1, count):
        share = n / count
        here = _moved(one, share * move)
        there = _moved(two, (share - 1.0) * move)
        result[n - 1] = (1.0 - share) * here + share * there > 0
    return result


def _moved(signed: NDArray[np.float32], by: NDArray[np.float64]) -> NDArray[np.float32]:
    if not by.any():
        return signed
    return np.asarray(ndimage.shift(signed, by, order=1, mode="nearest"))


def _signed(mask: Mask, steps: Sequence[float]) -> NDArray[np.float32]:
    """Signed distance in mm to the outline in one slice, positive inside; the outline runs half way between centres."""
    spacing = (_APART_MM, *steps)
    far = float(np.hypot(mask.shape[0] * steps[0], mask.shape[1] * steps[1])) + 1.0
    stack = mask[None]
    half = 0.5 * min(steps)
    outside = capped_distance_mm(stack, spacing, far)[0]
    inside = capped_distance_mm(~stack, spacing, far)[0]
    return np.where(mask, inside - half, half - outside).astype(np.float32)
