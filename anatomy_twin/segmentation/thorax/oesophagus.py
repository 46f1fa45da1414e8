"""The oesophagus: a soft tube between windpipe or left atrium and spine, followed by its place more than its border."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.kernels.seg_circles import best_path, disc_scores
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    boxed_components,
    distance_mm,
    volume_ml,
)

RADII_MM: Final = np.array([5.5, 7.0, 8.5])
WINDOW_MM: Final = 36.0
BEFORE_SPINE_MM: Final = 10.0
SOFT_HU: Final = (-30.0, 110.0)
LEAST_SECTION_MM2: Final = 45.0


def find_oesophagus(
    hu: Image, lungs: Mask, airways: Mask, aorta: Mask, bone: Mask, frame: SpineFrame, carina: int
) -> Found:
    """Return the oesophagus on the working grid, always with the state "check" (rule "estimated").

    Per slice a small soft disc is looked for near its usual place: about 10 mm before the vertebrae, behind the
    windpipe above the carina and a little to the left, to the left and forward towards the diaphragm; spots of gas that
    are no airway attract. Dynamic programming keeps the path smooth. "not found" where fewer than half of the slices
    hold soft tissue there.
    """
    step = frame.spacing_mm
    levels = np.flatnonzero(lungs.any(axis=(1, 2)))
    if levels.size == 0:
        return Found.nothing("needs the lungs")
    low = max(int(levels[0]), carina - round(130.0 / step))
    high = min(int(levels[-1]) + round(10.0 / step), hu.shape[0] - 1)
    slices = np.arange(low, high + 1)
    if slices.size * step < 40.0 or carina > high + round(150.0 / step):
        return Found.nothing("too little of the space before the spine is in the field")
    row, column = _expected(airways, aorta, bone, frame, slices, carina)
    count = 2 * round(WINDOW_MM / 2.0 / step) + 1
    rows = np.rint(row).astype(np.int64) - count // 2
    columns = np.rint(column).astype(np.int64) - count // 2
    gas = (hu < -250.0) & ~lungs & ~(distance_mm(airways, step, 9.0) < 4.0) & ~(distance_mm(lungs, step, 9.0) < 4.0)
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
        strange = np.clip((5.0 - mean) / 20.0, 0.0, 1.0) + np.clip((mean - 80.0) / 30.0, 0.0, 1.0)
        scores[n] = part - strange - 1.5 * covered[None] + prior[None] + 2.5 * pull[k][block][None]
    path = best_path(scores, max(1, round(4.0 / step)), 0.08 * (step / 3.0) ** 2, 0.1)
    radius, b, a = path.T
    line = ndimage.gaussian_filter1d
    rows_at, columns_at = line((rows + b).astype(float), 2.0), line((columns + a).astype(float), 2.0)
    mask = _drawn(hu, gas, hard, slices, rows_at, columns_at, line(RADII_MM[radius], 2.0), step)
    size = volume_ml(mask, step)
    filled_slices = float(np.mean(mask[slices].sum(axis=(1, 2)) * step**2 > LEAST_SECTION_MM2))
    if filled_slices < 0.5 or not 6.0 <= size <= 90.0:
        words = f"soft tissue at its usual place in {100 * filled_slices:.0f} % of the slices only"
        return Found.nothing(f"no tube between windpipe and spine stands out: {words}")
    note = f"{size:.0f} ml, followed by its place between windpipe, aorta and spine"
    return Found(mask, "check", note, ("estimated",))


def _expected(
    airways: Mask, aorta: Mask, bone: Mask, frame: SpineFrame, slices: np.ndarray, carina: int
) -> tuple[Image, Image]:
    """Return the usual place (row, column in voxels) per slice."""
    step = frame.spacing_mm
    rows, columns = np.full(slices.size, np.nan), np.full(slices.size, np.nan)
    for n, k in enumerate(slices.tolist()):
        middle = round(float(frame.x_mm[k] / step))
        near = bone[k][:, max(0, middle - 3):middle + 4].any(axis=1)
        reference = round(float(frame.y_mm[k] / step))
        behind = np.flatnonzero(near[max(0, reference - round(45.0 / step)):reference + 1])
        face = max(0, reference - round(45.0 / step)) + behind[0] if behind.size else reference - round(32.0 / step)
        # mm to the left: behind the windpipe first, left of it lower down
        below = max(0.0, (carina - k) * step)
        left = 4.0 + 8.0 * min(1.0, below / 110.0)
        rows[n] = face - (BEFORE_SPINE_MM + 8.0 * min(1.0, below / 110.0)) / step
        columns[n] = frame.x_mm[k] / step + left / step
        if k > carina and airways[k].any():
            j, i = np.nonzero(airways[k])
            rows[n] = 0.4 * rows[n] + 0.6 * (j.max() + 8.0 / step)
            columns[n] = i.mean() + 5.0 / step
    smooth = 12.0 / step
    return (ndimage.gaussian_filter1d(ndimage.median_filter(rows, 5, mode="nearest"), smooth, mode="nearest"),
            ndimage.gaussian_filter1d(ndimage.median_filter(columns, 5, mode="nearest"), smooth, mode="nearest"))


def _drawn(
    hu: Image, gas: Mask, hard: Mask, slices: np.ndarray, rows: Image, columns: Image, radii: Image, step: float
) -> Mask:
    """Fill soft tissue and gas within the radius and 1.5 mm beyond."""
    mask = np.zeros(hu.shape, dtype=bool)
    j, i = np.indices(hu.shape[1:], dtype=np.float32)
    soft = ((hu > SOFT_HU[0]) & (hu < SOFT_HU[1])) | gas
    for n, k in enumerate(slices.tolist()):
        away = np.hypot(j - rows[n], i - columns[n]) * step
        mask[k] = (away < radii[n] + 1.0) & soft[k] & ~hard[k]
    result = np.zeros_like(mask)
    for box, part in boxed_components(mask, max(3, int(150.0 / step**3))):
        result[box] |= part
    return result
