"""What is robust in a CT of the chest: outline, spine, windpipe, lungs as air, bones; on the 3 mm grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import Volume
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation.ground.body import Body, find_body
from anatomy_twin.segmentation.ground.frame import SpineFrame, find_cavity_depth, find_spine
from anatomy_twin.segmentation.ground.plausibility import check_ct
from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    WorkingGrid,
    boxed_components,
    dilate_mm,
    erode_mm,
    make_working_grid,
    open_mm,
    volume_ml,
)

AIR_HU: Final = -450.0
EMPTY_HU: Final = -940.0
MIN_EXTENT_MM: Final = (60.0, 150.0, 150.0)
MIN_SECTION_CM2: Final = 180.0
BASES_SHARE: Final = 0.25  # less than a quarter of the height: nothing of the heart or its vessels is whole there
MIN_LUNGS_ML: Final = 60.0  # less than this in the field is no scan of the chest


@dataclass(frozen=True, eq=False)
class ThoraxGround:
    """The robust structures of a chest on the working grid.

    ``lungs`` is the air of both lungs without the windpipe, ``windpipe`` the part of the trachea that runs alone
    (empty where none was seen), ``gas`` other air in the body, ``lumen`` what contrast medium fills, ``cavity_depth``
    mm inside the inner face of the trunk wall.
    """

    grid: WorkingGrid
    hu: Image
    body: Body
    frame: SpineFrame
    windpipe: Mask
    lungs: Mask
    gas: Mask
    bright: Mask
    lumen: Mask
    cavity_depth: Image

    @property
    def spacing_mm(self) -> float:
        """The spacing, the same along all axes."""
        return self.grid.spacing_mm


def check_chest_volume(volume: Volume) -> None:
    """Refuse what is no CT of a chest by its kind or size (see ``plausibility.check_ct``)."""
    check_ct(volume, "ct-thorax", MIN_EXTENT_MM, 8, "the chest")


def find_thorax_ground(volume: Volume) -> ThoraxGround:
    """Find outline, spine, windpipe, lungs and the inner face of the chest wall.

    Raises ``SegmentationError`` where there is no trunk or no lung.
    """
    grid = make_working_grid(volume)
    step = grid.spacing_mm
    hu = np.nan_to_num(np.clip(grid.hu, -1024.0, 1500.0), nan=-1024.0)
    body = find_body(hu, step)
    sections = body.mask.sum(axis=(1, 2)) * step**2 / 100.0
    if not body.mask.any() or float(np.median(sections[sections > 0])) < MIN_SECTION_CM2:
        raise SegmentationError("the scan shows no trunk", advice="give a CT of the chest")
    frame = find_spine(_without_contrast(hu, step), body.mask, step)
    air = (hu < AIR_HU) & body.mask
    windpipe = find_windpipe(hu, body.mask, frame)
    lungs = _lung_air(hu, air, windpipe, step)
    if volume_ml(lungs, step) < MIN_LUNGS_ML:
        raise SegmentationError("the scan shows no lung", advice="give a CT of the chest")
    _check_region(lungs, windpipe, step)
    gas = air & ~dilate_mm(lungs | windpipe, 2.0 * step, step)
    bright = (hu > 180.0) & body.mask
    depth = find_cavity_depth(hu, body.mask, _rim_of_trunk(bright, frame), lungs, frame)
    return ThoraxGround(grid, hu, body, frame, windpipe, lungs, gas, bright, contrast_lumen(hu, step, frame), depth)


def _check_region(lungs: Mask, windpipe: Mask, step: float) -> None:
    """Refuse a scan of the abdomen that shows no more of the chest than the bases of the lungs."""
    areas = lungs.sum(axis=(1, 2)) * step**2 / 100.0
    levels = np.flatnonzero(areas > 3.0)
    height_mm, whole_mm = (float(levels[-1] - levels[0] + 1) if levels.size else 0.0) * step, areas.size * step
    if not windpipe.any() and areas[-1] > 3.0 and height_mm < BASES_SHARE * whole_mm:
        raise SegmentationError(
            f"the scan shows an abdomen: lung lies in the upper {height_mm:.0f} of {whole_mm:.0f} mm only",
            advice="give a CT of the chest, or use ct-abdomen",
        )


def contrast_lumen(hu: Image, step: float, frame: SpineFrame | None = None) -> Mask:
    """Return blood bright with contrast medium: wide bright regions, and even ones above 220 HU of 6 mm or more.

    Bone is a shell around something darker, or uneven. With a ``frame`` nothing in the middle of the vertebrae counts,
    and around them only what runs on evenly for 24 mm: end plates are even and bright as well, but flat.
    """
    mean = ndimage.uniform_filter(hu, 3, mode="nearest")
    square = ndimage.uniform_filter(hu * hu, 3, mode="nearest")
    even = (hu > 220.0) & (square - mean * mean < 40.0**2)
    lumen = open_mm(hu > 150.0, 9.0, step) | even
    if frame is not None:
        left, front = np.abs(frame.left_mm), frame.front_mm
        tall = ndimage.binary_opening(even, np.ones((max(2, round(24.0 / step)), 1, 1), dtype=bool))
        lumen &= tall | (left > 26.0) | (front > 36.0)
        lumen &= (left > 20.0) | (front > 19.0)
    if not lumen.any():
        return lumen
    small = np.zeros_like(lumen)
    for box, part in boxed_components(dilate_mm(lumen, step, step), 40):
        small[box] |= part
    return small


def _without_contrast(hu: Image, step: float) -> Image:
    """Return the image with blood bright with contrast medium flattened."""
    lumen = contrast_lumen(hu, step)
    return np.where(dilate_mm(lumen, 2.0 * step, step), np.minimum(hu, 40.0), hu) if lumen.any() else hu


def _rim_of_trunk(bright: Mask, frame: SpineFrame) -> Mask:
    """Return bright voxels that may be rib or spine: thin and near the skin, or around the spine."""
    step = frame.spacing_mm
    solid = dilate_mm(open_mm(bright, 9.0, step), 2.0 * step, step)
    spine = (np.abs(frame.left_mm) < 35.0) & (frame.front_mm < 30.0)
    return bright & (~solid | spine)


# --- the windpipe ----------------------------------------------------------------------------------------------------


def find_windpipe(hu: Image, body: Mask, frame: SpineFrame) -> Mask:
    """Return the part of the trachea that runs alone: the longest chain of round, empty spots before the spine.

    Per slice the regions below -850 HU of 40 to 900 mm2 that lie whole within 40 mm of the middle and 0 to 100 mm
    before the spine; those that overlap from slice to slice form chains. Empty where no chain is 20 mm long.
    """
    step = frame.spacing_mm
    left = np.broadcast_to(frame.left_mm, hu.shape)
    front = np.broadcast_to(frame.front_mm, hu.shape)
    zone = (np.abs(left) < 40.0) & (front > 0.0) & (front < 100.0) & body
    empty = (hu < -850.0) & body
    in_slice = np.zeros((3, 3, 3), dtype=bool)
    in_slice[1] = ndimage.generate_binary_structure(2, 1)
    labels, count = ndimage.label(empty, in_slice)
    if count == 0:
        return np.zeros(hu.shape, dtype=bool)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    inside = np.bincount(labels.ravel(), weights=zone.ravel(), minlength=count + 1)
    area = sizes * step**2
    fits = (area >= 40.0) & (area <= 900.0) & (inside == sizes)
    fits[0] = False
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if fits[number]:
            sides = [(side.stop - side.start) for side in box[1:]]
            fits[number] = sizes[number] > 0.5 * sides[0] * sides[1] and max(sides) < 2.6 * min(sides)
    return _longest_chain(np.where(fits[labels], labels, 0), step)


def _longest_chain(labels: np.ndarray, step: float) -> Mask:
    """Return the union of the regions of the longest chain through neighbouring slices."""
    best: dict[int, tuple[float, int]] = {}
    for k in range(labels.shape[0]):
        part = labels[k]
        for number in np.unique(part[part > 0]).tolist():
            below = labels[k - 1][part == number] if k else np.zeros(0, dtype=labels.dtype)
            options = [(best[other][0], other) for other in np.unique(below[below > 0]).tolist()]
            length, before = max(options, default=(0.0, 0))
            best[number] = (length + step, before)
    if not best:
        return np.zeros(labels.shape, dtype=bool)
    number = max(best, key=lambda n: best[n][0])
    if best[number][0] < 20.0:
        return np.zeros(labels.shape, dtype=bool)
    chain = []
    while number:
        chain.append(number)
        number = best[number][1]
    return np.isin(labels, chain)


# --- lungs as air ----------------------------------------------------------------------------------------------------


def _lung_air(hu: Image, air: Mask, windpipe: Mask, step: float) -> Mask:
    """Return the air that is lung: not as empty as gas in the bowel, or large and high up (emphysema).

    Gas in bowel and stomach reads below -940 HU in half of its voxels or more; healthy lung hardly anywhere.
    """
    free = air & ~dilate_mm(windpipe, 2.5, step)
    free = open_mm(free, step, step)
    result = np.zeros(air.shape, dtype=bool)
    heights = np.flatnonzero(free.any(axis=(1, 2)))
    if heights.size == 0:
        return result
    high = heights[0] + 0.6 * (heights[-1] - heights[0])
    for box, part in boxed_components(free, max(1, int(20.0 / (step**3 / 1000.0)))):
        inner = erode_mm(part, step, step)
        values = hu[box][inner if inner.sum() > 50 else part]
        empty, median = float(np.mean(values < EMPTY_HU)), float(np.median(values))
        size = volume_ml(part, step)
        tall = box[0].stop - 1 > high
        if (empty < 0.35 and median > -915.0) or (size > 400.0 and tall and empty < 0.8 and median > -975.0):
            result[box] |= part
    return result
