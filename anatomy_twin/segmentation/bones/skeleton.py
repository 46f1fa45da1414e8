"""The skeleton on a finer grid: dense shells, the marrow they enclose, and not the spinal canal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    close_slices_mm,
    depth_mm,
    distance_mm,
    fill_slices,
    open_slices_mm,
    touching,
)

SHELL_HU: Final = 130.0
DENSEST_LIMIT_HU: Final = 350.0
REACH_MM: Final = 6.0
MUSCLE_HU: Final = 55.0
LEAST_MARROW_HU: Final = 78.0
BODY_RADIUS_MM: Final = 26.0
RIM_MM: Final = 2.6


@dataclass(frozen=True, eq=False)
class Spine:
    """The spine on a fine grid: mm left and in front of the middle of the canal, the canal, the vertebral bodies.

    ``marrow_hu`` is this patient's level of the marrow, ``bodies`` a mask without the discs where marrow is brighter.
    """

    left: Image
    front: Image
    canal: Mask
    bodies: Mask
    marrow_hu: float


def find_skeleton(hu: Image, step: float, coarse: Mask, barred: Mask, left: Image, front: Image) -> tuple[Mask, Spine]:
    """Return the bones on a grid of equal spacing ``step`` (1 to 3 mm), and the spine.

    Parameters
    ----------
    hu : the image [k, j, i].
    coarse : the bones as found on the working grid, carried to this one; ``barred`` what is no bone.
    left, front : mm from the spine's reference (see ``SpineFrame``), on this grid.

    What exceeds half of the contrast of the densest bone around (at least 130 HU, as partial volume lowers thin
    cortex) near the coarse mask is shell. Marrow is what a shell encloses within a slice; in the bodies of the
    vertebrae, whose shell is thin, what is brighter than half way between muscle and this patient's own marrow.
    """
    smooth = ndimage.gaussian_filter(hu, 0.7 / step, mode="nearest", truncate=3.0) if step < 2.0 else hu
    rough = coarse | ((hu > 150.0) & (np.abs(left) < 30.0) & (np.abs(front) < 40.0) & ~barred)
    canal, middle = _canal(hu, step, rough, left, front)
    left, front = left - middle[:, 0, None, None], front - middle[:, 1, None, None]
    barred = barred | canal
    near = distance_mm(coarse, step, REACH_MM + step) <= REACH_MM
    bodies, marrow_hu = _vertebral_bodies(hu, step, left, front, barred)
    near |= bodies
    dense = ndimage.maximum_filter(np.where(near, smooth, 0.0), size=2 * round(3.0 / step) + 1)
    half = MUSCLE_HU + 0.5 * (dense - MUSCLE_HU)
    shell = near & (smooth > np.clip(half, SHELL_HU, DENSEST_LIMIT_HU)) & ~barred
    shell = touching(shell | (coarse & ~barred & (smooth > SHELL_HU)), coarse & ~barred)
    closed = close_slices_mm(shell, 2.0, step) & (smooth > LEAST_MARROW_HU) & ~barred
    filled = fill_slices(closed | shell) & near & ~barred & (smooth > -60.0)
    filled &= distance_mm(shell, step, 12.0) < 10.0
    # the border of a body lies at half of its contrast, as that of every bone
    outer = bodies & (smooth < np.minimum(half, DENSEST_LIMIT_HU)) & (depth_mm(bodies, step, 2.0 * RIM_MM) < RIM_MM)
    bodies &= ~outer
    return shell | filled | bodies, Spine(left, front, canal, bodies, marrow_hu)


def _vertebral_bodies(hu: Image, step: float, left: Image, front: Image, barred: Mask) -> tuple[Mask, float]:
    """Return the bodies before the canal and the marrow's level (median within 9 mm of the middle of the bodies)."""
    smooth = ndimage.gaussian_filter(hu, 1.2 / step, mode="nearest", truncate=3.0)
    zone = np.hypot(left, front - BODY_RADIUS_MM + 2.0) < BODY_RADIUS_MM
    core = np.hypot(left, front - 22.0) < 9.0
    level = float(np.median(hu[core])) if core.any() else 150.0
    limit = max(LEAST_MARROW_HU, 0.5 * (MUSCLE_HU + level))
    body = open_slices_mm(zone & (smooth > limit) & ~barred, 4.5, step)
    body = touching(body, core & body)
    body = close_slices_mm(body, 3.0, step) & zone & (smooth > 0.9 * limit) & ~barred
    return fill_slices(body) & zone & ~barred & (smooth > 0.0), level


def _canal(hu: Image, step: float, bone: Mask, left: Image, front: Image) -> tuple[Mask, Image]:
    """Return the spinal canal and its middle per slice [k, 2] in mm (left, front of the spine's reference).

    Slice by slice the largest dark region that bone encloses near the reference; where the ring is open (between two
    arches) the middle is that of the slices around.
    """
    zone = (np.abs(left) < 30.0) & (np.abs(front) < 40.0)
    ring = close_slices_mm(bone & zone, 5.0, step)
    holes = open_slices_mm(fill_slices(ring) & ~bone & zone & (hu < 110.0), 3.5, step)
    canal = np.zeros_like(holes)
    middle = np.full((hu.shape[0], 2), np.nan)
    for k in range(hu.shape[0]):
        labels, count = ndimage.label(holes[k])
        if not count:
            continue
        index = np.arange(1, count + 1)
        area_mm2 = ndimage.sum_labels(np.ones_like(labels), labels, index) * step**2
        x = ndimage.mean(np.broadcast_to(left[k], labels.shape), labels, index)
        y = ndimage.mean(np.broadcast_to(front[k], labels.shape), labels, index)
        score = area_mm2 * np.exp(-((x / 12.0) ** 2) - ((y / 25.0) ** 2)) * ((area_mm2 > 60.0) & (area_mm2 < 700.0))
        best = int(np.argmax(score))
        if score[best] > 0.0:
            canal[k] = labels == best + 1
            middle[k] = x[best], y[best]
    return canal, np.stack([_followed(line, step) for line in middle.T], axis=1)


def _followed(line: Image, step: float) -> Image:
    """Fill the slices without a ring from their neighbours and smooth the line over about 20 mm."""
    known = ~np.isnan(line)
    if not known.any():
        return np.zeros(line.shape, np.float32)
    index = np.arange(line.size)
    whole = ndimage.median_filter(np.interp(index, index[known], line[known]), size=max(3, round(30.0 / step)))
    return ndimage.gaussian_filter1d(whole, 10.0 / step, mode="nearest").astype(np.float32)
