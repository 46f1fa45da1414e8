"""Thick slices: the maximum, minimum or mean of a volume over a slab of given thickness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VolumeGeometry, reindex
from anatomy_twin.errors import UsageError
from anatomy_twin.kernels import slice_sample as kernels
from anatomy_twin.rehearsal.slicing import SlicePlane
from anatomy_twin.units import check_range

Floats = NDArray[np.float64]

MODES: Final = {"maximum": kernels.MAXIMUM, "minimum": kernels.MINIMUM, "mean": kernels.MEAN}
MOST_PLANES: Final = 256


@dataclass(frozen=True, slots=True)
class Slab:
    """How thick a slice is in mm and what of it is shown; 0 mm is a plane without thickness."""

    thickness_mm: float = 0.0
    mode: str = "maximum"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(f"a slab has no {self.mode!r}", advice=f"use one of {', '.join(MODES)}")
        object.__setattr__(self, "thickness_mm", check_range("thickness_mm", self.thickness_mm, 0.0, 500.0))


def slab_offsets_mm(geometry: VolumeGeometry, plane: SlicePlane, slab: Slab) -> Floats:
    """Return where along the normal of a plane the planes of a slab lie, in mm from its middle, ends included.

    They are at most one voxel apart, so that no voxel is passed over (in slabs of over 256 voxels further).
    """
    if slab.thickness_mm <= 0.0:
        return np.zeros(1)
    per_mm = np.abs(geometry.inverse_affine[:3, :3] @ plane.normal).max()
    steps = int(np.ceil(round(slab.thickness_mm * float(per_mm), 6)))
    return np.linspace(-0.5, 0.5, min(max(steps, 1), MOST_PLANES - 1) + 1) * slab.thickness_mm


def plane_index(geometry: VolumeGeometry, plane: SlicePlane, offset_mm: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Return the index [k, j, i] of the first pixel of a plane, and what a row and a column add to it.

    ``offset_mm`` shifts the plane along its normal. Rounded to a billionth of a voxel, so that the last digit of a
    geometry decides nothing.
    """
    start = geometry.to_index(plane.to_world([0.0, 0.0]) + offset_mm * plane.normal)
    matrix = geometry.inverse_affine[:3, :3] * plane.pixel_mm
    parts = (start, matrix @ np.asarray(plane.down), matrix @ np.asarray(plane.right))
    return np.round(parts[0], 9), np.round(parts[1], 9), np.round(parts[2], 9)


def sample_slab(
    array: NDArray[Any], geometry: VolumeGeometry, plane: SlicePlane, slab: Slab = Slab(), *,
    outside: float = float("nan"),
) -> NDArray[np.float32]:
    """Sample an array [k, j, i] on ``geometry`` in a plane or slab: float32 [row, column], linear between voxels.

    Whichever way the array is indexed the picture is the same. ``outside`` fills what lies beyond the grid.
    """
    axes = geometry.canonical_axes()
    values, grid = canonical_view(array, axes), geometry.reindexed(*axes)
    offsets = slab_offsets_mm(grid, plane, slab)
    start, per_row, per_column = plane_index(grid, plane, float(offsets[0]))
    per_step = np.zeros(3)
    if offsets.size > 1:
        per_step = grid.inverse_affine[:3, :3] @ plane.normal * float(offsets[1] - offsets[0])
    result = np.empty(plane.shape, np.float32)
    order = axes_of(per_row, per_column, per_step)
    if order is None:
        kernels.sample_slab(
            values, start, per_row, per_column, per_step, offsets.size, MODES[slab.mode], outside, result
        )
        return result
    steps, rows, columns = (
        start[axis] + step[axis] * np.arange(count)
        for axis, step, count in zip(
            order, (per_step, per_row, per_column), (offsets.size, *plane.shape), strict=True
        )
    )
    kernels.sample_aligned(values.transpose(order), steps, rows, columns, MODES[slab.mode], outside, result)
    return result


def axes_of(per_row: Floats, per_column: Floats, per_step: Floats) -> tuple[int, int, int] | None:
    """Return the axes of the grid along which planes, rows and columns run; None where they are oblique to it."""
    lone = [np.flatnonzero(np.abs(step) > 1e-6 * np.abs(step).max()) for step in (per_row, per_column, per_step)]
    if lone[0].size != 1 or lone[1].size != 1 or lone[0][0] == lone[1][0] or lone[2].size > 1:
        return None
    row, column = int(lone[0][0]), int(lone[1][0])
    step = 3 - row - column
    return (step, row, column) if lone[2].size == 0 or lone[2][0] == step else None


def canonical_view(array: NDArray[Any], axes: tuple[tuple[int, int, int], tuple[bool, bool, bool]]) -> NDArray[Any]:
    """Return a read-only view of an array [..., k, j, i] on canonical axes, booleans as 0 and 1."""
    view = reindex(array.view(np.uint8) if array.dtype == np.bool_ else array, *axes).view()
    view.flags.writeable = False
    return view
