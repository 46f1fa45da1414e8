"""A series that is no regular upright volume, resampled onto one: by the named repairs of its verdict and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.errors import DataError, GeometryError
from anatomy_twin.scan.choice import MAX_VOXELS
from anatomy_twin.scan.series import Series
from anatomy_twin.scan.stack import SILENT_MM, TOLERATED_MM, Floats, Stack, measure
from anatomy_twin.scan.verdict import count_of, listed

# A sideways offset this near to a whole pixel is one: header texts are rounded, and whole pixels are only copied.
WHOLE_PIXEL_MM = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Repaired:
    """The volume after the repair, and what was done: one line for each repair, with its numbers.

    ``resampled`` is false where all voxels are still those of the series (only duplicates were dropped, if anything).
    """

    array: NDArray[Any]
    geometry: VolumeGeometry
    lines: tuple[str, ...]
    resampled: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where each kept slice comes to lie on the new grid, in voxels of it.

    Plane ``p`` of the grid is ``(1 - weight[p])`` of kept slice ``below[p]`` and ``weight[p]`` of the next one.
    ``offset`` (m, 2) are the rows and columns by which a kept slice is moved down and right.
    """

    kept: NDArray[np.intp]
    below: NDArray[np.intp]
    weight: Floats
    offset: Floats
    start: tuple[int, int]
    shape: tuple[int, int, int]
    step_mm: float


def repaired_geometry(series: Series) -> VolumeGeometry:
    """Return the grid that ``repaired`` would give, from the headers alone.

    The grid keeps the pixels of slice 1 where they are, and is as large as all slices together. Raises
    ``GeometryError`` where the series cannot be repaired.
    """
    return _geometry(series, _layout(series, _stack(series)))


def repaired(array: NDArray[Any], series: Series, fill: float, monitor: Monitor = SILENT) -> Repaired:
    """Put slices onto a regular upright grid.

    Parameters
    ----------
    array : [slice, row, column] in the order of ``series.headers``, duplicate slices included.
    series : with a verdict that is uniform or repairable.
    fill : the value where no slice lies (a sheared stack leaves corners free).
    monitor : told the progress, asked for cancelling.

    Returns the array in the same type (whole numbers by rounding), its grid and what was done. In between slices and
    pixels the values are linear; a slice that lies on a plane of the grid and is not moved sideways keeps every voxel
    as it was. Beyond the outermost pixel centres nothing is made up: those voxels get ``fill``. A uniform series
    comes back as it is.

    Raises ``GeometryError`` where the verdict allows no repair or two images at one place differ, ``DataError`` where
    the array does not belong to the series or cannot hold ``fill``.
    """
    if array.shape != series.shape:
        raise DataError(f"array {array.shape} and series {series.shape} differ in shape")
    if array.dtype.kind in "iu" and int(fill) != np.asarray(int(fill)).astype(array.dtype):
        raise DataError(f"fill value {fill:g} does not fit into {array.dtype}")
    stack = _stack(series)
    layout = _layout(series, stack)
    geometry = _geometry(series, layout)
    if series.verdict.uniform:
        return Repaired(array, geometry, (), False)
    _check_images(array, series, stack)
    out, filled = _resampled(array, layout, fill, monitor)
    resampled = bool(layout.offset.any() or (layout.weight % 1).any())
    return Repaired(out, geometry, _lines(series, stack, layout, filled, fill), resampled)


def _stack(series: Series) -> Stack:
    if series.grid is None or not series.verdict.repairable:
        raise GeometryError("; ".join(series.verdict.beyond_repair) or series.verdict.line,
                            where=count_of(series.slice_count, "slice"), advice="export the series again")
    first = series.headers[0]
    spacing = first.pixel_spacing_mm or (0.0, 0.0)
    return measure(
        np.array([header.position_mm for header in series.headers], dtype=np.float64),
        np.array([header.orientation for header in series.headers], dtype=np.float64),
        (first.rows * spacing[0], first.columns * spacing[1]),
        sorted_along=series.grid.direction,
    )


def _layout(series: Series, stack: Stack) -> _Layout:
    kept = stack.kept
    along = stack.along_mm[kept]
    count, on_grid = (kept.size - 1, True) if series.verdict.uniform else stack.regular_steps()
    step = float(along[-1]) / count if count else stack.step_mm or series.spacing_mm[0]
    below, weight = _planes(along, count, step, stack.tolerated_mm if on_grid else min(SILENT_MM, stack.tolerated_mm))
    spacing = np.array(series.spacing_mm[1:])
    moved = max(stack.drift_mm, stack.bend_mm) > TOLERATED_MM
    offset = stack.lateral_mm[kept] / spacing if moved else np.zeros((kept.size, 2))
    offset = np.where(np.abs(offset - np.rint(offset)) * spacing <= WHOLE_PIXEL_MM, np.rint(offset), offset)
    low, high = np.floor(offset.min(axis=0)).astype(int), np.ceil(offset.max(axis=0)).astype(int)
    rows, columns = (int(size) for size in np.array(series.shape[1:]) + high - low)
    if (count + 1) * rows * columns > MAX_VOXELS:
        raise GeometryError(f"the repaired volume of {count + 1} x {rows} x {columns} voxels would be too large")
    return _Layout(kept, below, weight, offset, (int(low[0]), int(low[1])), (count + 1, rows, columns), step)


def _planes(along: Floats, count: int, step: float, snap_mm: float) -> tuple[NDArray[np.intp], Floats]:
    """Return for each plane of the grid the kept slice below it and the weight of the next one."""
    place = np.minimum(np.arange(count + 1) * step, along[-1])
    below = np.clip(np.searchsorted(along, place, side="right") - 1, 0, max(along.size - 2, 0))
    if along.size < 2:
        return below, np.zeros(count + 1)
    weight = (place - along[below]) / (along[below + 1] - along[below])
    # a plane at a slice is that slice; at the upper neighbour first, so that the lower one wins a tie
    weight[np.abs(along[below + 1] - place) <= snap_mm] = 1.0
    weight[np.abs(along[below] - place) <= snap_mm] = 0.0
    full = weight == 1.0
    last = below + 1 == along.size - 1
    below, weight = np.where(full & ~last, below + 1, below), np.where(full & ~last, 0.0, weight)
    return below, weight


def _geometry(series: Series, layout: _Layout) -> VolumeGeometry:
    grid = series.grid
    assert grid is not None  # a series that can be repaired has been placed
    _, down_mm, right_mm = series.spacing_mm
    corner = (grid.origin_mm + grid.direction[:, 1] * layout.start[0] * down_mm
              + grid.direction[:, 2] * layout.start[1] * right_mm)  # fmt: skip
    return VolumeGeometry(
        shape=layout.shape,
        spacing_mm=(layout.step_mm, down_mm, right_mm),
        direction=grid.direction,
        origin_mm=(float(corner[0]), float(corner[1]), float(corner[2])),
        frame_of_reference_uid=series.headers[0].frame_of_reference_uid,
    )


def _check_images(array: NDArray[Any], series: Series, stack: Stack) -> None:
    """Refuse images that differ at one place, and one image at two places."""
    seen: dict[tuple[str, int], int] = {}
    for number in stack.kept + 1:
        header = series.headers[number - 1]
        before = seen.setdefault((header.sop_uid, header.frame), int(number))
        if header.sop_uid and before != number:
            raise GeometryError("one image lies at two places", where=f"slices {before} and {number}",
                                advice="export the series again")
    for k in np.flatnonzero(stack.repeated):
        if not np.array_equal(array[k], array[k + 1], equal_nan=array.dtype.kind == "f"):
            raise GeometryError("two different images at one place", where=f"slices {k + 1} and {k + 2}",
                                advice="export one of the two volumes alone")


def _resampled(array: NDArray[Any], layout: _Layout, fill: float, monitor: Monitor) -> tuple[NDArray[Any], int]:
    """Return the new array and how many of its voxels lie in no slice."""
    out = np.full(layout.shape, fill, array.dtype)
    covered = 0
    moved: dict[int, tuple[NDArray[Any], slice, slice]] = {}
    for plane, (below, weight) in enumerate(zip(layout.below, layout.weight, strict=True)):
        check_cancelled(monitor)
        monitor.progress(plane / len(out))
        needed = [int(below) + n for n, share in ((0, 1 - weight), (1, weight)) if share]
        moved = {n: moved[n] if n in moved else _moved(array[layout.kept[n]], layout, n) for n in needed}
        values, rows, columns = moved[needed[0]]
        if len(needed) == 2:
            values, rows, columns = _blended(moved[needed[0]], moved[needed[1]], float(weight))
        whole = values.dtype.kind == "f" and out.dtype.kind in "iu"
        out[plane, rows, columns] = np.rint(values) if whole else values
        covered += values.size
    return out, out.size - covered


def _moved(image: NDArray[Any], layout: _Layout, number: int) -> tuple[NDArray[Any], slice, slice]:
    """Move one slice sideways: its values on whole pixels of the grid, and the rows and columns they take there."""
    target = []
    for axis in (0, 1):
        place = float(layout.offset[number, axis]) - layout.start[axis]
        whole = int(np.ceil(place))
        part = np.asarray(whole - place, _exact_type(image))
        size = image.shape[axis]
        if part:
            low, high = (slice(0, size - 1), slice(1, size))
            lower, upper = (image[low], image[high]) if axis == 0 else (image[:, low], image[:, high])
            image = lower * (1 - part) + upper * part
            size -= 1
        target.append(slice(whole, whole + size))
    return image, target[0], target[1]


def _exact_type(image: NDArray[Any]) -> type[np.floating[Any]]:
    """The float type in which values are interpolated: small whole numbers stay exact in float32."""
    return np.float32 if image.dtype.itemsize <= 2 or image.dtype == np.float32 else np.float64


def _blended(
    one: tuple[NDArray[Any], slice, slice], other: tuple[NDArray[Any], slice, slice], weight: float
) -> tuple[NDArray[Any], slice, slice]:
    """Mix two moved slices where both have values."""
    boxes = [
        slice(max(a.start, b.start), max(min(a.stop, b.stop), max(a.start, b.start)))
        for a, b in zip(one[1:], other[1:], strict=True)
    ]
    parts = []
    for values, *place in (one, other):
        inner = tuple(slice(box.start - at.start, box.stop - at.start) for box, at in zip(boxes, place, strict=True))
        parts.append(values[inner])
    share = np.asarray(weight, _exact_type(parts[0]))
    return parts[0] * (1 - share) + parts[1] * share, boxes[0], boxes[1]


def _lines(series: Series, stack: Stack, layout: _Layout, filled: int, fill: float) -> tuple[str, ...]:
    """Say what was done, with its numbers."""
    verdict, lines = series.verdict, []
    if verdict.duplicates:
        lines.append(f"dropped {count_of(len(verdict.duplicates), 'duplicate slice')} "
                     f"(slice {listed(verdict.duplicates)})")
    made = int(np.count_nonzero(layout.weight % 1))
    if made and stack.regular_steps()[1]:
        gaps = ", ".join(f"{mm:.4g} mm after slice {k}" for k, mm in verdict.gaps[:5])
        lines.append(f"interpolated {count_of(made, 'missing slice')} (gap of {gaps})")
    elif made:
        low, high = verdict.steps_mm
        lines.append(f"resampled steps of {low:.4g} to {high:.4g} mm to {layout.step_mm:.4g} mm: "
                     f"{made} of {layout.shape[0]} slices are interpolated")
    if stack.drift_mm > TOLERATED_MM:
        lines.append(f"sheared back a gantry tilt of {verdict.tilt_deg:.1f} degrees: slices moved by up to "
                     f"{_farthest(series, layout):.4g} mm")
    elif layout.offset.any():
        lines.append(f"moved slices sideways by up to {_farthest(series, layout):.4g} mm")
    if filled:
        lines.append(f"{100 * filled / np.prod(layout.shape, dtype=float):.2g} % of the voxels lie in no slice: "
                     f"set to {fill:g}")
    return tuple(lines)


def _farthest(series: Series, layout: _Layout) -> float:
    return float(np.linalg.norm(layout.offset * np.array(series.spacing_mm[1:]), axis=1).max())
