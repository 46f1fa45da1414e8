"""The oesophagus: a soft tube between windpipe or left atrium and spine, followed by its place more than its border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels.seg_circles import best_path, disc_scores
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import (
    Box,
    Found,
    Image,
    Mask,
    boxed_components,
    close_slices_mm,
    dilate_mm,
    distance_mm,
    erode_mm,
    fill_slices,
    open_slices_mm,
    touching,
    volume_ml,
)

RADII_MM: Final = np.array([5.5, 7.0, 8.5])
WINDOW_MM: Final = 36.0
BEFORE_SPINE_MM: Final = 10.0
AORTA_FRONT_MM: Final = 60.0  # what lies farther before the spine is its ascending part
GAS_HU: Final = -170.0  # a few mm of gas, blurred
MOST_GAS_ML: Final = 4.0
SOFT_HU: Final = (-30.0, 110.0)
AIR_HU: Final = -300.0
WALL_MM: Final = 2.5
LEAST_SECTION_MM2: Final = 45.0
SIZE_ML: Final = (6.0, 90.0)


@dataclass(frozen=True, eq=False)
class Course:
    """Where the oesophagus runs on the working grid: slices (n,), rows and columns in voxels, radius in mm."""

    slices: NDArray[np.int64]
    rows: Image
    columns: Image
    radius_mm: Image

    def on_grid(self, source: VolumeGeometry, target: VolumeGeometry) -> Course:
        """Return the course in the voxels of another upright grid, with one entry per slice of that grid."""
        start = target.to_index(source.to_world((0.0, 0.0, 0.0)))
        scale = [a / b for a, b in zip(source.spacing_mm, target.spacing_mm, strict=True)]
        low, high = (start[0] + (self.slices[end] + half) * scale[0] for end, half in ((0, -0.5), (-1, 0.5)))
        slices = np.arange(max(0, int(np.ceil(low))), min(target.shape[0] - 1, int(np.floor(high))) + 1)
        rows, columns, radius = (
            np.interp((slices - start[0]) / scale[0], self.slices, line)
            for line in (self.rows, self.columns, self.radius_mm)
        )
        return Course(slices, start[1] + rows * scale[1], start[2] + columns * scale[2], radius)

    def box(self, shape: tuple[int, int, int], margin: int) -> Box:
        """Return the box of the course and ``margin`` voxels around, within the array."""
        lines = (self.slices, self.rows, self.columns)
        sides = [slice(max(0, int(line.min()) - margin), min(size, int(line.max()) + margin + 2))
                 for line, size in zip(lines, shape, strict=True)]
        return sides[0], sides[1], sides[2]

    def within(self, box: Box) -> Course:
        """Return the course in the voxels of a box."""
        return Course(self.slices - box[0].start, self.rows - box[1].start, self.columns - box[2].start,
                      self.radius_mm)


def find_course(
    hu: Image, lungs: Mask, airways: Mask, aorta: Mask, bone: Mask, frame: SpineFrame, carina: int
) -> Course | str:
    """Return the course of the oesophagus on the working grid, or why there is none.

    Per slice a small soft disc is looked for near its usual place: about 10 mm before the vertebrae, behind the
    windpipe above the carina and a little to the left, to the left and forward towards the diaphragm; spots of gas that
    are no airway attract. Dynamic programming keeps the path smooth.
    """
    step = frame.spacing_mm
    levels = np.flatnonzero(lungs.any(axis=(1, 2)))
    if levels.size == 0:
        return "needs the lungs"
    low = max(int(levels[0]), carina - round(130.0 / step))
    high = min(int(levels[-1]) + round(10.0 / step), hu.shape[0] - 1)
    slices = np.arange(low, high + 1)
    if slices.size * step < 40.0 or carina > high + round(150.0 / step):
        return "too little of the space before the spine is in the field"
    row, column, behind = _expected(airways, aorta, bone, frame, slices, carina)
    count = 2 * round(WINDOW_MM / 2.0 / step) + 1
    rows = np.rint(row).astype(np.int64) - count // 2
    columns = np.rint(column).astype(np.int64) - count // 2
    gas = (hu < GAS_HU) & ~lungs & ~(distance_mm(airways, step, 9.0) < 4.0) & ~(distance_mm(lungs, step, 9.0) < 4.0)
    # what is larger is the stomach, or bowel
    for box, part in boxed_components(gas, int(MOST_GAS_ML * 1000.0 / step**3)):
        gas[box] &= ~part
    pull = ndimage.gaussian_filter(gas.astype(np.float32), 1.5)
    filled = np.where(gas, np.float32(30.0), hu)
    image = np.ascontiguousarray(np.clip(ndimage.gaussian_filter(filled, 0.4), -100.0, 110.0), dtype=np.float32)
    hard = lungs | airways | aorta | bone
    scores = np.full((slices.size, RADII_MM.size, count, count), -1.0, dtype=np.float32)
    offset = (np.arange(count) - count // 2) * step
    prior = -0.35 * ((offset[:, None] / 9.0) ** 2 + (offset[None, :] / 11.0) ** 2)
    for n, k in enumerate(slices.tolist()):
        r, c = np.arange(count) + rows[n], np.arange(count) + columns[n]
        part, mean = disc_scores(image[k], r, c, RADII_MM / step, 2.5 / step, 60.0)
        block = np.ix_(np.clip(r, 0, hu.shape[1] - 1), np.clip(c, 0, hu.shape[2] - 1))
        covered = ndimage.uniform_filter(hard[k].astype(np.float32), 3)[block]
        # vertebrae may have holes in their mask, and below the carina nothing behind the aorta's middle is oesophagus
        covered = covered + np.clip((r - behind[n])[:, None] * step / 6.0, 0.0, 1.0)
        strange = np.clip((5.0 - mean) / 20.0, 0.0, 1.0) + np.clip((mean - 80.0) / 30.0, 0.0, 1.0)
        scores[n] = part - strange - 1.5 * covered[None] + prior[None] + 2.5 * pull[k][block][None]
    path = best_path(scores, max(1, round(4.0 / step)), 0.08 * (step / 3.0) ** 2, 0.1)
    radius, b, a = path.T
    line = ndimage.gaussian_filter1d
    rows_at, columns_at = line((rows + b).astype(float), 2.0), line((columns + a).astype(float), 2.0)
    return Course(slices, rows_at, columns_at, line(RADII_MM[radius], 2.0))


def draw_oesophagus(
    hu: Image, course: Course, lungs: Mask, airways: Mask, others: Mask, spacing_mm: float
) -> Found:
    """Return the oesophagus along its course, always with the state "check" (rule "estimated").

    Parameters
    ----------
    hu : a grid of about 1.25 mm; ``course`` in its voxels, with one entry per slice.
    lungs, airways : as air; others : aorta and bone. They and the walls of the airways are never taken.

    Soft tissue within the radius and 1.5 mm beyond; gas that hangs on neither lung nor airway belongs to it, with a
    wall of 2.5 mm around. "not found" where fewer than half of the slices hold such tissue.
    """
    step = spacing_mm
    air = hu < AIR_HU
    outer = touching(air, erode_mm(lungs, 2.0, step) | airways)
    barred = outer | others | dilate_mm(airways, 1.5, step)
    smooth = ndimage.gaussian_filter(hu, 0.6 / step, mode="nearest", truncate=3.0)
    away = np.full(hu.shape, 99.0, dtype=np.float32)
    j, i = np.indices(hu.shape[1:], dtype=np.float32)
    for n, k in enumerate(course.slices.tolist()):
        away[k] = np.hypot(j - course.rows[n], i - course.columns[n]) * step - course.radius_mm[n]
    gas = air & ~outer & (away < 1.0)
    soft = (smooth > SOFT_HU[0]) & (smooth < SOFT_HU[1]) & (away < 1.5)
    soft = (soft | (dilate_mm(gas, WALL_MM, step) & (away < 2.5))) & ~barred
    soft = fill_slices(close_slices_mm(soft, 2.0, step)) & ~barred
    mask = np.zeros_like(soft)
    for box, part in boxed_components(open_slices_mm(soft, 2.0, step), max(3, int(150.0 / step**3))):
        mask[box] |= part
    size = volume_ml(mask, step)
    filled = float(np.mean(mask[course.slices].sum(axis=(1, 2)) * step**2 > LEAST_SECTION_MM2))
    if filled < 0.5 or not SIZE_ML[0] <= size <= SIZE_ML[1]:
        words = f"{size:.0f} ml of soft tissue, at its usual place in {100 * filled:.0f} % of the slices"
        return Found.nothing(f"no tube between windpipe and spine stands out: {words}")
    note = f"{size:.0f} ml, followed by its place between windpipe, aorta and spine"
    return Found(mask, "check", note, ("estimated",))


def _expected(
    airways: Mask, aorta: Mask, bone: Mask, frame: SpineFrame, slices: NDArray[np.int64], carina: int
) -> tuple[Image, Image, Image]:
    """Return the usual place (row, column in voxels) per slice, and the row behind which it never lies.

    Behind the windpipe above the carina, 10 mm before the vertebrae below it; from 40 to 110 mm below it passes before
    the aorta.
    """
    step = frame.spacing_mm
    rows, columns, behind = (np.full(slices.size, np.nan) for _ in range(3))
    for n, k in enumerate(slices.tolist()):
        middle = round(float(frame.x_mm[k] / step))
        near = bone[k][:, max(0, middle - 3):middle + 4].any(axis=1)
        reference = round(float(frame.y_mm[k] / step))
        first = max(0, reference - round(45.0 / step))
        hits = np.flatnonzero(near[first:reference + 1])
        face = first + hits[0] if hits.size else reference - round(32.0 / step)
        below = max(0.0, (carina - k) * step)
        # mm to the left: behind the windpipe first, left of it lower down
        left = 4.0 + 8.0 * min(1.0, below / 110.0)
        rows[n] = face - (BEFORE_SPINE_MM + 8.0 * min(1.0, below / 110.0)) / step
        columns[n] = frame.x_mm[k] / step + left / step
        behind[n] = face
        if k > carina and airways[k].any():
            j, i = np.nonzero(airways[k])
            rows[n] = 0.4 * rows[n] + 0.6 * (j.max() + 8.0 / step)
            columns[n] = i.mean() + 5.0 / step
        elif below > 15.0 and aorta[k].any():
            j, i = np.nonzero(aorta[k] & (frame.front_mm[k] < AORTA_FRONT_MM))
            if j.size:
                share = min(1.0, max(0.0, below - 40.0) / 70.0)
                rows[n] += share * (min(rows[n], j.min() - 4.0 / step) - rows[n])
                columns[n] += share * (i.mean() - columns[n])
                behind[n] = min(face, j.mean() + 4.0 / step)
    smooth = 12.0 / step
    lines = (ndimage.gaussian_filter1d(ndimage.median_filter(line, 5, mode="nearest"), smooth, mode="nearest")
             for line in (rows, columns))
    return (*lines, ndimage.median_filter(behind, 5, mode="nearest"))
