"""One good series of 20 slices and its defective variants, each with the analytic truth.

The picture is a smooth function of the place in the patient, steep and different along each axis. So a reader's answer
is judged at the places that its own geometry claims, whatever the order and direction of its array: a voxel is right
if it holds the value that belongs to the place where the reader says that it lies. Nothing has to be resampled.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom

from tests.support.dicom_series import AXIAL, SAGITTAL, as_localizer, write_series

SHAPE = (20, 28, 24)
SPACING_MM = (2.0, 0.8, 0.7)
ORIGIN_MM = (-30.0, -40.0, 50.0)
INTERCEPT = -1024.0
# a voxel is right within this; the picture changes by 20 HU per mm along the stack, so it also bounds the place: 0.1 mm
TOLERANCE_HU = 2.5
_PLACE_MM = 0.12
_GRADIENT = np.array([9.0, 14.0, 20.0])
_CENTRE = np.array([-22.0, -29.0, 69.0])

Floats = np.ndarray


def picture(points_mm: Floats, offset: float = 0.0) -> Floats:
    """Return the HU that belong to places (..., 3) in LPS mm: linear, with weak products that break every symmetry."""
    x, y, z = np.moveaxis(np.asarray(points_mm, float) - _CENTRE, -1, 0)
    return offset + 150.0 + _GRADIENT[0] * x + _GRADIENT[1] * y + _GRADIENT[2] * z + 0.15 * x * y + 0.08 * y * z


@dataclass(frozen=True, eq=False)
class Stack:
    """One right answer: slices at known places whose pixels hold ``picture(place, offset)``.

    ``positions_mm`` (n, 3) are the centres of the first pixels, ``axes`` the direction along a row and down a column.
    ``outside`` is what pixels hold that were not scanned: (mask [row, column], the values that may stand there).
    """

    positions_mm: Floats
    shape: tuple[int, int]
    axes: Sequence[Sequence[float]] = AXIAL
    pixel_spacing_mm: tuple[float, float] = SPACING_MM[1:]
    offset: float = 0.0
    outside: tuple[Floats, tuple[float, ...]] | None = None

    def judge(self, array: Floats, affine: Floats) -> Judgement:
        """Judge an answer: array [a, b, c] and the 4 x 4 matrix from its index to LPS mm."""
        index = np.stack(np.meshgrid(*map(np.arange, array.shape), indexing="ij"), axis=-1)
        places = index @ np.asarray(affine)[:3, :3].T + np.asarray(affine)[:3, 3]
        row, column = (np.asarray(axis, float) for axis in self.axes)
        normal = np.cross(row, column)
        heights = self.positions_mm @ normal
        along = places @ normal
        nearest = np.argmin(np.abs(along[..., None] - heights), axis=-1)
        off = along - heights[nearest]
        rest = places - self.positions_mm[nearest]
        at_row = rest @ column / self.pixel_spacing_mm[0]
        at_column = rest @ row / self.pixel_spacing_mm[1]
        inside = ((at_row > -0.01) & (at_row < self.shape[0] - 0.99) & (at_column > -0.01)
                  & (at_column < self.shape[1] - 0.99) & (along > heights.min() - _PLACE_MM)
                  & (along < heights.max() + _PLACE_MM))  # fmt: skip
        scanned = np.abs(off) < _PLACE_MM
        good = np.abs(array - picture(places, self.offset)) <= TOLERANCE_HU
        if self.outside is not None:
            mask, allowed = self.outside
            rows, columns = (np.clip(np.rint(at).astype(int), 0, size - 1)
                             for at, size in ((at_row, self.shape[0]), (at_column, self.shape[1])))
            good = np.where(mask[rows, columns], np.isin(array, allowed), good)
        found = {int(k) for k in np.unique(nearest[inside & scanned])}
        lost = sum(k not in found for k in range(len(heights))
                   if not any(abs(heights[k] - heights[other]) < 0.05 for other in found))
        wrong = int(np.count_nonzero(inside & ~good))
        return Judgement(wrong, int(np.count_nonzero(inside)), lost, int(np.count_nonzero(inside & ~scanned & good)))


@dataclass(frozen=True)
class Judgement:
    """How an answer compares with one stack.

    ``wrong`` of ``compared`` voxels hold a value that does not belong to their place; ``lost`` slices of the series
    are in no voxel; ``made_up`` voxels lie where nothing was scanned, with the value that would have been there.
    """

    wrong: int
    compared: int
    lost: int
    made_up: int

    @property
    def right(self) -> bool:
        """True if everything that was scanned is there, each value at its place."""
        return self.compared > 0 and self.wrong == 0 and self.lost == 0


@dataclass(frozen=True, eq=False)
class Truth:
    """What a reader may answer: any of ``stacks`` (the first is the main one), never what equals none of them.

    ``partial`` lists stacks that are right answers only with a word of warning, because slices are left out.
    """

    stacks: tuple[Stack, ...]
    partial: tuple[Stack, ...] = ()
    files: tuple[Path, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Variant:
    """One defect: ``write`` makes the series in a folder and returns its truth."""

    name: str
    write: Callable[[Path], Truth]
    what: str


def good_series(folder: Path, *, heights_mm: Sequence[float] | None = None, tilt_deg: float = 0.0, offset: float = 0.0,
                axes: Sequence[Sequence[float]] = AXIAL, spacing_mm: tuple[float, float, float] = SPACING_MM,
                slope: Callable[[int], float] = lambda k: 1.0, count: int = SHAPE[0], prepare: object = None,
                **options: object) -> Stack:
    """Write the series whose pixels follow from their places, and return its stack.

    ``heights_mm`` moves slices along the normal; ``prepare(k, stored) -> stored`` changes the stored pixels.
    """
    shape = (count, *SHAPE[1:])
    row, column = (np.asarray(axis, float) for axis in axes)
    normal = np.cross(row, column) * (-1.0 if options.get("descending") else 1.0)
    step = (normal + column * np.tan(np.radians(tilt_deg))) * spacing_mm[0]
    positions = np.asarray(ORIGIN_MM) + np.outer(np.arange(count), step)
    if heights_mm is not None:
        positions = positions + np.outer(heights_mm, normal)
    down, along = np.meshgrid(np.arange(shape[1]) * spacing_mm[1], np.arange(shape[2]) * spacing_mm[2], indexing="ij")
    plane = down[..., None] * column + along[..., None] * row
    stored = np.stack([np.rint((picture(position + plane, offset) - INTERCEPT) / slope(k))
                       for k, position in enumerate(positions)])
    if callable(prepare):
        stored = np.stack([prepare(k, image) for k, image in enumerate(stored)])
    edit = options.pop("edit", None)

    def finish(k: int, dataset: pydicom.Dataset) -> None:
        dataset.RescaleSlope = f"{slope(k):g}"
        if callable(edit):
            edit(k, dataset)

    truth = write_series(folder, shape=shape, spacing_mm=spacing_mm, axes=axes, origin_mm=ORIGIN_MM, tilt_deg=tilt_deg,
                         shifts_mm=heights_mm, stored=stored, intercept=INTERCEPT, edit=finish, **options)
    assert np.allclose(truth.positions_mm, positions)
    kept = [k for k in range(count) if k not in options.get("skip", ())]
    return Stack(positions[kept], shape[1:], axes, spacing_mm[1:], offset)
