"""What is not blood: muscle of the left ventricle, oesophagus behind the left atrium; and the root of the aorta."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.kernels.seg_circles import best_path, disc_scores
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    close_mm,
    dilate_mm,
    distance_mm,
    largest_component,
    open_mm,
    touching,
    volume_ml,
)
from anatomy_twin.segmentation.thorax.oesophagus import Course, draw_oesophagus

FAT_HU: Final = 15.0  # half way between muscle and fat
THICKEST_MM: Final = 16.0
MUSCLE_ML: Final = (40.0, 320.0)
ROOT_MM: Final = 22.0  # from the valve to the sinotubular junction, about
GULLET_RADII_MM: Final = np.array([5.5, 7.0, 8.5])
WINDOW_MM: Final = 36.0


def cavity_of(pool: Mask, others: Mask, step: float) -> Mask:
    """Return the cavity of the left ventricle: its pool with papillary muscles and the rough inside."""
    closed = close_mm(pool, 7.0, step) & ~others
    return np.asarray(ndimage.binary_fill_holes(closed | pool) & ~others)


def find_muscle(hu: Image, cavity: Mask, blood: Mask, atria: Mask, limit_hu: float, step: float) -> Found:
    """Return the muscle of the left ventricle.

    Parameters
    ----------
    hu : smoothed; ``cavity`` of the ventricle; ``blood`` all other pools; ``atria`` left atrium and aorta, whose walls
        are not muscle of the ventricle; ``limit_hu`` what is brighter is blood.

    Soft tissue around the cavity, no thicker than 2.5 mm more than the wall is where fat or lung lies outside: under
    the apex the diaphragm looks alike.
    """
    away = distance_mm(cavity, step, THICKEST_MM + step)
    soft = (hu > FAT_HU) & (hu < limit_hu + 40.0) & ~cavity & ~blood & ~dilate_mm(atria, 3.2, step)
    shell = (soft & (away <= THICKEST_MM)) | (dilate_mm(cavity, 1.5 * step, step) & ~cavity & ~blood & ~atria)
    shell = touching(open_mm(shell | cavity, 3.0, step), cavity) & ~cavity
    rim = shell & dilate_mm(hu < FAT_HU, 1.1 * step, step)
    if not rim.any():
        return Found.nothing("no soft tissue lies around the cavity of the left ventricle")
    thick = float(np.median(away[rim]))
    muscle = largest_component(close_mm(shell & (away <= thick + 2.5), 2.0, step) & ~cavity & ~blood)
    size = volume_ml(muscle, step)
    note = f"{size:.0f} ml, {thick:.0f} mm thick where fat or lung lies outside"
    if not MUSCLE_ML[0] <= size <= MUSCLE_ML[1]:
        return Found(muscle, "check", note, ("volume",))
    return Found(muscle, "ok", note)


def find_root(aorta: Mask, cavity: Mask, step: float) -> Found:
    """Return the root of the aorta: its first 22 mm from the left ventricle on, where the coronaries come off."""
    start = aorta & dilate_mm(cavity, 1.6 * step, step)
    if start.sum() * step**2 < 80.0:
        return Found.nothing("the aorta was not followed to the left ventricle")
    away = distance_mm(start, step, ROOT_MM + 2 * step)
    root = touching(aorta & (away <= ROOT_MM), start)
    return Found(root, "check", f"the first {ROOT_MM:.0f} mm beyond the valve (assumed length)", ("estimated",))


def find_gullet(hu: Image, atrium: Mask, aorta: Mask, blood: Mask, step: float) -> Found:
    """Return the oesophagus behind the left atrium, always with the state "check" (rule "estimated").

    Per slice a small soft disc is looked for between the atrium and the descending aorta, about 20 mm to the right of
    the middle of the aorta; dynamic programming keeps the path smooth (as ``thorax.oesophagus`` does in a whole chest).
    """
    levels = np.flatnonzero(atrium.any(axis=(1, 2)))
    low, high = max(0, levels[0] - round(20.0 / step)), min(len(hu) - 1, levels[-1] + round(8.0 / step))
    rear = float(np.percentile(np.nonzero(atrium)[1], 90))
    down = aorta.copy()
    down[:, : max(0, round(rear - 5.0 / step))] = False
    slices, rows, columns = [], [], []
    for k in range(low, high + 1):
        if down[k].sum() * step**2 > 150.0:
            j, i = np.nonzero(down[k])
            slices.append(k)
            rows.append(j.mean() - 6.0 / step)
            columns.append(i.mean() - 18.0 / step)
    if len(slices) * step < 30.0:
        return Found.nothing("the descending aorta, beside which it is looked for, is not in view")
    air = hu < -350.0
    lungs = touching(air, open_mm(air, 8.0, step))
    course = _course(hu, np.array(slices), np.array(rows), np.array(columns), lungs | blood, step)
    return draw_oesophagus(hu, course, lungs, np.zeros_like(lungs), dilate_mm(blood, 1.5, step), step)


def _course(
    hu: Image, slices: NDArray[np.int64], rows: Image, columns: Image, hard: Mask, step: float
) -> Course:
    """Return the smoothest path of soft discs near the expected places."""
    count = 2 * round(WINDOW_MM / 2.0 / step) + 1
    firsts = [np.rint(ndimage.gaussian_filter1d(line, 8.0 / step, mode="nearest")).astype(np.int64) - count // 2
              for line in (rows, columns)]
    image = np.ascontiguousarray(np.clip(np.where(hu < -170.0, 30.0, hu), -100.0, 110.0), dtype=np.float32)
    offset = (np.arange(count) - count // 2) * step
    prior = -0.35 * ((offset[:, None] / 8.0) ** 2 + (offset[None, :] / 11.0) ** 2)
    scores = np.full((slices.size, GULLET_RADII_MM.size, count, count), -1.0, dtype=np.float32)
    for n, k in enumerate(slices.tolist()):
        r, c = np.arange(count) + firsts[0][n], np.arange(count) + firsts[1][n]
        part, mean = disc_scores(image[k], r, c, GULLET_RADII_MM / step, 2.5 / step, 60.0)
        block = np.ix_(np.clip(r, 0, hu.shape[1] - 1), np.clip(c, 0, hu.shape[2] - 1))
        covered = ndimage.uniform_filter(hard[k].astype(np.float32), round(6.0 / step))[block]
        strange = np.clip((5.0 - mean) / 20.0, 0.0, 1.0) + np.clip((mean - 80.0) / 30.0, 0.0, 1.0)
        scores[n] = part - strange - 1.5 * covered[None] + prior[None]
    path = best_path(scores, max(1, round(2.0 / step)), 0.08 * (step / 3.0) ** 2, 0.1)
    radius, b, a = path.T
    soft = 6.0 / step
    row, column = (ndimage.gaussian_filter1d((first + move).astype(float), soft) for first, move in
                   zip(firsts, (b, a), strict=True))
    return Course(slices, row, column, ndimage.gaussian_filter1d(GULLET_RADII_MM[radius], soft))
