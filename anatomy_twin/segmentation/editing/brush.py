"""Painting and erasing with a brush of millimetres along a stroke."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Volume, VolumeGeometry, as_seeds, reindex
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.segmentation.editing.commit import commit
from anatomy_twin.segmentation.editing.desk import Box, Change, Desk, Mask, Rules, Verb
from anatomy_twin.units import check_positive, check_range

LARGEST_RADIUS_MM: Final = 100.0
MOST_POINTS: Final = 10_000
BRUSHES: Final = ("sphere", "disc")
AXES: Final = {"axial": 0, "coronal": 1, "sagittal": 2}


@Verb
def paint(
    labels: Any, name: str, points_mm: Any, radius_mm: float, *, brush: str = "sphere", plane: str = "axial",
    volume: Volume | None = None, hu: tuple[float, float] | None = None, create: bool = False, **rules: Any,
) -> Change:
    """Add what a brush covers to a segment.

    Parameters
    ----------
    labels, name : the label map and the segment in it.
    points_mm : the stroke: one point or several (LPS mm), joined by straight lines.
    radius_mm : of the brush, up to 100 mm. Voxels are covered whose centre lies within it, and those on the stroke.
    brush : "sphere", or "disc": round in the slices of ``plane`` and one slice thick.
    plane : "axial", "coronal" or "sagittal", of the disc.
    volume, hu : where both are given only voxels with HU from ``hu[0]`` to ``hu[1]`` are touched.
    create : make the segment where the label map lacks it.
    rules : who gives way, see ``Rules``.

    Returns the edited ``LabelMap`` (``paint.change`` the difference alone); unchanged where the brush covers nothing
    that may be painted. Raises ``DataError`` for an unknown segment, a radius out of range and a stroke off the volume,
    ``SegmentationError`` where another segment would vanish.
    """
    desk = Desk(labels, name, create=create)
    box, covered = _covered(desk, points_mm, radius_mm, brush, plane, volume, hu)
    return commit(desk, "paint", box, desk.solid(box) | covered, Rules(**rules))


@Verb
def erase(
    labels: Any, name: str, points_mm: Any, radius_mm: float, *, brush: str = "sphere", plane: str = "axial",
    volume: Volume | None = None, hu: tuple[float, float] | None = None, **rules: Any,
) -> Change:
    """Take what a brush covers from a segment, and from its parts. Parameters as for ``paint``."""
    desk = Desk(labels, name)
    box, covered = _covered(desk, points_mm, radius_mm, brush, plane, volume, hu)
    return commit(desk, "erase", box, desk.solid(box) & ~covered, Rules(**rules))


def _covered(
    desk: Desk, points_mm: Any, radius_mm: float, brush: str, plane: str, volume: Volume | None,
    hu: tuple[float, float] | None,
) -> tuple[Box, Mask]:
    """Return the box of the brush and the voxels that it covers."""
    radius = check_positive("the radius of the brush in mm", radius_mm, LARGEST_RADIUS_MM)
    if brush not in BRUSHES:
        raise UsageError(f"no brush is called {brush!r}", advice="choose sphere or disc")
    if plane not in AXES:
        raise UsageError(f"no plane is called {plane!r}", advice=f"choose {', '.join(AXES)}")
    points = stroke_points(points_mm)
    if brush == "disc":
        box, covered = _discs(desk.geometry, points, radius, AXES[plane])
    else:
        box, covered = _capsules(desk.geometry, points, radius)
    if not covered.any():
        place = ", ".join(f"{value:.1f}" for value in points[0])
        raise DataError("the stroke lies off the volume", where=f"{place} mm LPS", advice="give points inside the scan")
    if hu is not None:
        covered &= _within_hu(desk, box, volume, hu)
    return box, covered


def stroke_points(points_mm: Any) -> NDArray[np.float64]:
    """Return the points of a stroke, (n, 3) in LPS mm; ``UsageError`` where there are none or too many."""
    points = np.asarray(as_seeds(points_mm.tolist() if isinstance(points_mm, np.ndarray) else points_mm).inside)
    if not 1 <= len(points) <= MOST_POINTS:
        raise UsageError(f"a stroke of {len(points)} points", advice=f"give 1 to {MOST_POINTS} points in LPS mm")
    return points.astype(np.float64)


def _within_hu(desk: Desk, box: Box, volume: Volume | None, hu: tuple[float, float]) -> Mask:
    if volume is None:
        raise UsageError("a range of HU needs the scan", advice="give volume=")
    if not volume.geometry.is_close(desk.labels.geometry, 0.01):
        raise DataError("scan and labels are not on the same grid", advice="give the scan that the labels are of")
    low, high = (check_range("hu", value) for value in hu)
    if low > high:
        raise UsageError(f"no HU lie from {low:g} to {high:g}", advice="give the lower one first")
    values = reindex(volume.array, *desk.axes)[box]
    return np.asarray((values >= low) & (values <= high))


def _capsules(geometry: VolumeGeometry, points: NDArray[np.float64], radius: float) -> tuple[Box, Mask]:
    """Cover all within ``radius`` of the line through the points."""
    steps = np.asarray(geometry.spacing_mm)
    index = geometry.to_index(points)
    box = _box_around(geometry, index, radius / steps)
    covered = np.zeros([s.stop - s.start for s in box], dtype=bool)
    if covered.size:
        for a, b in _pieces(index):
            part = _part(box, np.minimum(a, b) - radius / steps, np.maximum(a, b) + radius / steps)
            if part is not None:
                sub, centres = part
                covered[sub] |= _near_piece(centres, a, b, steps) <= radius * radius * (1 + 1e-9)
        _cover_stroke(geometry, points, box, covered)
    return box, covered


def _discs(geometry: VolumeGeometry, points: NDArray[np.float64], radius: float, axis: int) -> tuple[Box, Mask]:
    """Cover, in each slice, all within ``radius`` of the piece of the line that runs in that slice."""
    steps = np.asarray(geometry.spacing_mm)
    index = geometry.to_index(points)
    reach = radius / steps
    reach[axis] = 0.5
    box = _box_around(geometry, index, reach)
    covered = np.zeros([s.stop - s.start for s in box], dtype=bool)
    if not covered.size:
        return box, covered
    flat = steps.copy()
    flat[axis] = 0.0
    for a, b in _pieces(index):
        for number in range(box[axis].start, box[axis].stop):
            cut = _cut(a, b, axis, number)
            if cut is None:
                continue
            low, high = np.minimum(*cut) - reach, np.maximum(*cut) + reach
            low[axis] = high[axis] = number
            part = _part(box, low, high)
            if part is not None:
                sub, centres = part
                covered[sub] |= _near_piece(centres, *cut, flat) <= radius * radius * (1 + 1e-9)
    _cover_stroke(geometry, points, box, covered)
    return box, covered


def _cut(a: NDArray[np.float64], b: NDArray[np.float64], axis: int, number: int) -> Any:
    """Return the ends of the piece of a line that lies in a slice (half a voxel to both sides); None if none does."""
    low, high = number - 0.5, number + 0.5
    rise = b[axis] - a[axis]
    if abs(rise) < 1e-9:
        return (a, b) if low <= a[axis] < high else None
    first, last = sorted(((low - a[axis]) / rise, (high - a[axis]) / rise))
    first, last = max(first, 0.0), min(last, 1.0)
    return (a + first * (b - a), a + last * (b - a)) if first < last else None


def _pieces(index: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    ends = index[1:] if len(index) > 1 else index
    return list(zip(index[: len(ends)], ends, strict=True))


def _box_around(geometry: VolumeGeometry, index: NDArray[np.float64], reach: NDArray[np.float64]) -> Box:
    low = np.floor(index.min(0) - reach).astype(int)
    high = np.ceil(index.max(0) + reach).astype(int) + 1
    sides = [
        slice(min(max(0, int(a)), size), min(max(0, int(b)), size))
        for a, b, size in zip(low, high, geometry.shape, strict=True)
    ]
    return sides[0], sides[1], sides[2]


def _part(box: Box, low: Sequence[float], high: Sequence[float]) -> Any:
    """Return (slices into the box, index coordinates of their voxels along each axis); None if nothing is there."""
    sub, centres = [], []
    for axis, side in enumerate(box):
        first = max(side.start, int(np.ceil(low[axis] - 1e-9)))
        last = min(side.stop, int(np.floor(high[axis] + 1e-9)) + 1)
        if last <= first:
            return None
        sub.append(slice(first - side.start, last - side.start))
        shape = [1, 1, 1]
        shape[axis] = last - first
        centres.append(np.arange(first, last, dtype=np.float64).reshape(shape))
    return tuple(sub), centres


def _near_piece(centres: Any, a: Any, b: Any, steps: Any) -> NDArray[np.float64]:
    """Squared distance in mm of voxel centres to the straight piece from a to b (index coordinates)."""
    along = (b - a) * steps
    length = float(along @ along)
    offset = [(centre - start) * step for centre, start, step in zip(centres, a, steps, strict=True)]
    if length > 0:
        share = np.clip(sum(o * w for o, w in zip(offset, along, strict=True)) / length, 0.0, 1.0)
        offset = [o - share * w for o, w in zip(offset, along, strict=True)]
    return np.asarray(sum(o * o for o in offset))


def _cover_stroke(geometry: VolumeGeometry, points: NDArray[np.float64], box: Box, covered: Mask) -> None:
    """Cover the voxels that the stroke runs through: a brush finer than a voxel leaves no gaps."""
    step = 0.25 * min(geometry.spacing_mm)
    samples = [points]
    for a, b in pairwise(points):
        count = min(int(np.linalg.norm(b - a) / step) + 1, 100_000)
        samples.append(a + np.linspace(0.0, 1.0, count, endpoint=False)[:, None] * (b - a))
    voxels = np.unique(geometry.voxel_of(np.concatenate(samples)), axis=0)
    low, high = np.array([s.start for s in box]), np.array([s.stop for s in box])
    inside = voxels[np.all((voxels >= low) & (voxels < high), axis=1)] - low
    covered[tuple(inside.T)] = True
