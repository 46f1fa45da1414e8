"""The heart above the diaphragm, as far as a scan of the abdomen shows it."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    close_slices_mm,
    distance_in_slices_mm,
    fill_slices,
    largest_component,
    open_mm,
    open_slices_mm,
    volume_ml,
)

NAME: Final = "heart"
LEAST_LUNG_ML: Final = 300.0
LEAST_ML: Final = 15.0
LARGEST_ML: Final = 1500.0
BEFORE_SPINE_MM: Final = 22.0
BETWEEN_LUNGS_MM: Final = 75.0
TISSUE_HU: Final = (0.0, 450.0)
OPENING_MM: Final = 7.5
RIM_MM: Final = 15.0
LUNG_AROUND: Final = 0.25
FAT_HU: Final = -25.0
FAT_AROUND: Final = 0.6
LUNG_SHARE: Final = 0.25
GROWTH: Final = 1.3
OVERLAP: Final = 0.8


def find_heart(hu: Image, lungs: Mask, depth: Image, taken: Mask, frame: SpineFrame) -> Found:
    """Return the region of the heart: muscle, blood and pericardium together.

    Parameters
    ----------
    hu : smoothed image [k, j, i]; ``lungs`` both lungs; ``depth`` mm inside the trunk wall.
    taken : what other structures hold (liver, aorta, stomach, spleen, bone, gas).

    Soft tissue before the spine and between the lungs is followed from the top of the field down, slice by slice, as
    long as at least a quarter of what lies within 15 mm around it, trunk wall and known organs aside, is lung, or as
    it hangs on the slice above in its own fat with lung in the slice: below that lies the diaphragm. The border to
    what rests on it is estimated, hence "check".
    """
    step = frame.spacing_mm
    if volume_ml(lungs, step) < LEAST_LUNG_ML:
        return Found.nothing("too little lung in the field to tell where the heart lies")
    soft = (hu > TISSUE_HU[0]) & (hu < TISSUE_HU[1]) & ~taken & (depth > 0.0) & ~lungs
    near = distance_in_slices_mm(lungs, step, BETWEEN_LUNGS_MM) < BETWEEN_LUNGS_MM
    region = soft & near & np.broadcast_to(frame.front_mm > BEFORE_SPINE_MM, hu.shape)
    region = open_slices_mm(region, OPENING_MM, step)
    heart = _followed(region, lungs, ~taken & (depth > 0.0), (hu < FAT_HU) & (depth > 0.0), step)
    core = largest_component(open_mm(heart, OPENING_MM, step))
    heart = ndimage.binary_propagation(core, mask=heart)
    heart = fill_slices(close_slices_mm(heart, 4.5, step)) & ~taken & ~lungs
    size = volume_ml(heart, step)
    if size < LEAST_ML:
        return Found.nothing("the field ends below the heart")
    if size > LARGEST_ML:
        return Found.nothing(f"{size:.0f} ml of soft tissue between the lungs is no heart")
    note = "region with pericardium; its lower border is where the lungs end around it"
    if heart[-1].any():
        note += "; cut by the border of the scan"
    return Found(heart, "check", note, ("estimated",))


def _followed(region: Mask, lungs: Mask, free: Mask, fat: Mask, step: float) -> Mask:
    """Follow the largest part of the highest slice down while lung lies around it, where nothing known does."""
    result = np.zeros_like(region)
    around = distance_in_slices_mm(lungs, step, RIM_MM) < step
    before = None
    for k in range(region.shape[0] - 1, -1, -1):
        if not lungs[k].any():
            continue
        labels, count = ndimage.label(region[k])
        if not count:
            if before is not None:
                break
            continue
        shared = np.bincount(labels[before], minlength=count + 1) if before is not None else np.bincount(labels.ravel())
        shared[0] = 0
        if not shared.any():
            break
        part = labels == int(np.argmax(shared))
        rim = (ndimage.distance_transform_edt(~part) * step <= RIM_MM) & ~part & (free[k] | lungs[k])
        held = np.count_nonzero(rim & (lungs[k] | around[k])) >= LUNG_AROUND * np.count_nonzero(rim)
        if not held and before is not None:
            held = _in_fat(part, before, rim & (fat[k] | lungs[k]), rim, lungs[k], free[k] | part)
        if not held:
            if before is None:  # the highest slices may show the wide roots of the vessels
                continue
            break
        result[k] = before = part
    return result


def _in_fat(part: Mask, before: Mask, dark: Mask, rim: Mask, lungs: Mask, room: Mask) -> bool:
    """Tell whether a region of one slice is the heart in its fat: what hangs on the region above, hardly wider than it.

    Fat or lung has to lie around it, and lung to fill a quarter of the cavity, which ends the heart at the diaphragm.
    """
    area = np.count_nonzero(part)
    if area > GROWTH * np.count_nonzero(before) or np.count_nonzero(part & before) < OVERLAP * area:
        return False
    if np.count_nonzero(lungs) < LUNG_SHARE * np.count_nonzero(room | lungs):
        return False
    return np.count_nonzero(dark) >= FAT_AROUND * np.count_nonzero(rim)
