"""Lungs, told from gas in the bowel by what they are made of."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    boxed_components,
    close_mm,
    components,
    depth_mm,
    distance_mm,
    erode_mm,
    fill_slices,
    open_mm,
    volume_ml,
)

AIR_HU = -450.0
RIM_HU = -400.0
THIN_ML = 0.25
THIN_REACH_MM = 4.5


def find_lungs(hu: Image, body: Mask, frame: SpineFrame) -> tuple[dict[str, Found], Mask]:
    """Return ("lung_right", "lung_left") and the gas that is not lung (bool [k, j, i]).

    Lung holds vessels and interstitium: few voxels below -940 HU, median above -900; gas in the bowel is emptier.
    Emphysema reaches into the range of gas, so a large emptier region still counts where it reaches the upper fifth.
    """
    step = frame.spacing_mm
    air = open_mm((hu < AIR_HU) & body, step, step)
    lungs = np.zeros(body.shape, dtype=bool)
    top = int(0.8 * body.shape[0])
    for part in components(air, max(1, int(15.0 / (step**3 / 1000.0)))):
        inner = erode_mm(part, step, step)
        sample = hu[inner] if inner.sum() > 50 else hu[part]
        empty = float(np.mean(sample < -940.0))
        median = float(np.median(sample))
        size = volume_ml(part, step)
        high = bool(part[top:].any())
        if (empty < 0.3 and median > -900.0) or (size > 400.0 and empty < 0.55 and median > -945.0 and high):
            lungs |= part
    lungs |= _thin_parts(hu, body, lungs, step)
    gas = (hu < -300.0) & (depth_mm(body, step, 9.0 + step) > 9.0) & ~distance_within(lungs, 2 * step, step)
    if not lungs.any():
        nothing = Found.nothing("no lung in the field of the scan")
        return {"lung_right": nothing, "lung_left": nothing}, gas
    right, left = _sides(lungs, frame)
    found = {}
    for name, side in (("lung_right", right), ("lung_left", left)):
        if volume_ml(side, step) < 10.0:
            found[name] = Found.nothing("no lung on this side in the field of the scan")
            continue
        # vessels belong to the lung: they are filled, the border towards the diaphragm stays
        whole = close_mm(side, 6.0, step) & body & (side | (hu < 150.0))
        whole = _without_small_holes(whole, step)
        cut = bool(side[-1].any() or side[0].any())
        found[name] = Found(whole, "ok", "cut by the border of the scan" if cut else "")
    if not found["lung_right"].absent and not found["lung_left"].absent:
        clean = found["lung_left"].mask & ~found["lung_right"].mask
        found["lung_left"] = Found(clean, found["lung_left"].state, found["lung_left"].note)
    return found, gas


def _thin_parts(hu: Image, body: Mask, lungs: Mask, step: float) -> Mask:
    """Return what the opening took off the lungs: thin edges and recesses within 4.5 mm that look like lung."""
    result = np.zeros_like(lungs)
    if not lungs.any():
        return result
    rest = (hu < RIM_HU) & body & ~lungs
    for _ in range(2):
        near = distance_within(lungs | result, THIN_REACH_MM, step)
        for box, part in boxed_components(rest & ~result, max(2, int(THIN_ML * 1000.0 / step**3))):
            values = hu[box][part]
            alike = float(np.mean(values < -940.0)) < 0.2 and float(np.median(values)) > -900.0
            if alike and (near[box] & part).any():
                result[box] |= part
    return result


def _without_small_holes(mask: Mask, spacing_mm: float) -> Mask:
    """Fill the holes of each slice that are no larger than a vessel: the dome of the liver is a hole as well."""
    filled = fill_slices(mask)
    structure = np.zeros((3, 3, 3), dtype=bool)
    structure[1] = True
    labels, count = ndimage.label(filled & ~mask, structure)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    small = (sizes > 0) & (sizes * spacing_mm**2 < 300.0)
    return mask | small[labels]


def distance_within(mask: Mask, within_mm: float, spacing_mm: float) -> Mask:
    """Return the voxels within a distance of a mask; none where the mask is empty."""
    if not mask.any():
        return np.zeros(mask.shape, dtype=bool)
    return distance_mm(mask, spacing_mm, within_mm + spacing_mm) <= within_mm


def _sides(lungs: Mask, frame: SpineFrame) -> tuple[Mask, Mask]:
    """Split lung into the patient's right and left; where both hang together, at their narrowest."""
    step = frame.spacing_mm
    left_mm = np.broadcast_to(frame.left_mm, lungs.shape)
    right, left = np.zeros_like(lungs), np.zeros_like(lungs)
    for part in components(lungs):
        share = float(np.mean(left_mm[part] > 0.0))
        if share > 0.9:
            left |= part
        elif share < 0.1:
            right |= part
        else:
            seeds = [(part & (left_mm < -25.0)), (part & (left_mm > 25.0))]
            cores = [erode_mm(seed, 2 * step, step) for seed in seeds]
            near_right, near_left = (distance_mm(core, step) for core in cores)
            right |= part & (near_right <= near_left)
            left |= part & (near_right > near_left)
    return right, left
