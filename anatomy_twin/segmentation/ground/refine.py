"""Borders at half of the local contrast, on a finer grid than the one on which the organ was found."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.segmentation.ground.borders import grown_to_half
from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    box_of,
    box_start_shape,
    depth_mm,
    distance_mm,
    equal_grid,
    fill_slices,
    largest_component,
    paste,
    resample,
    resample_mask,
)

BAND_MM: Final = 5.0
MIN_CONTRAST_HU: Final = 12.0
STIFFNESS_MM: Final = 9.0
FAT_REACH_MM: Final = 4.5
FAT_BELOW_HU: Final = 70.0


def refine_border(
    volume: Volume, hu: Image, mask: Mask, barred: Mask, geometry: VolumeGeometry, spacing_mm: float = 1.5,
    up_to_fat: bool = False,
) -> tuple[Mask, VolumeGeometry]:
    """Return the organ on a grid of ``spacing_mm`` around it, and that grid.

    Parameters
    ----------
    volume : the scan on upright axes.
    hu, mask, barred, geometry : HU, the organ as found and what it must not take, on the working grid.

    Near the border (5 mm) the scan, slightly smoothed, is held against the mean of the local mean inside and the
    local mean outside: a blurred edge lies at half of its contrast. Where both sides hardly differ the found border
    stays; a term that grows with the distance from it keeps the result near. With ``up_to_fat`` the border is then
    carried out to half of the contrast wherever fat or air lies within 5 mm: a wall behind a thin layer of fat
    makes the mean outside too bright for it.
    """
    step = geometry.spacing_mm[0]
    block = box_of(mask, int(np.ceil(12.0 / step)))
    coarse = geometry.cropped(*box_start_shape(block))
    fine = equal_grid(coarse, spacing_mm)
    image = ndimage.gaussian_filter(
        resample(volume.array, volume.geometry, fine), 0.8 / spacing_mm, mode="nearest", truncate=3.0
    )
    middle, contrast = _levels(hu[block], mask[block], step)
    middle, contrast = resample(middle, coarse, fine), resample(contrast, coarse, fine)
    shape = resample_mask(mask[block], coarse, fine)
    forbidden = resample_mask(barred[block], coarse, fine)
    span = np.maximum(np.abs(contrast), MIN_CONTRAST_HU)
    edge = np.clip((image - middle) * np.sign(contrast) / span, -0.5, 0.5)
    edge *= np.clip((np.abs(contrast) - 0.5 * MIN_CONTRAST_HU) / MIN_CONTRAST_HU, 0.0, 1.0)
    limit = BAND_MM + spacing_mm
    inside = depth_mm(shape, spacing_mm, limit)
    outside = distance_mm(shape, spacing_mm, limit)
    signed = np.where(shape, inside - 0.5 * spacing_mm, 0.5 * spacing_mm - outside)
    score = ndimage.gaussian_filter(edge + signed / STIFFNESS_MM, 0.8 / spacing_mm * 1.2, mode="nearest", truncate=3.0)
    result = (score > 0.0) & (signed > -BAND_MM) | (signed > BAND_MM)
    result &= ~forbidden
    result = fill_slices(largest_component(result)) & ~forbidden
    if up_to_fat and result.any():
        level = float(np.median(image[result]))
        darkest = ndimage.minimum_filter(image, size=2 * round(FAT_REACH_MM / spacing_mm) + 1)
        result = grown_to_half(
            image, result, ~forbidden & (darkest < level - FAT_BELOW_HU), level, spacing_mm, rings=1, look_mm=3.0
        )
    return result, fine


def refine_organ(
    volume: Volume, hu: Image, mask: Mask, barred: Mask, geometry: VolumeGeometry, spacing_mm: float = 1.5,
    up_to_fat: bool = True,
) -> tuple[Mask, VolumeGeometry]:
    """Return ``refine_border`` done twice: a first result a few mm off is drawn the rest of the way.

    Parameters and result as there; the mask comes back empty when nothing is left of it.
    """
    fine, where = refine_border(volume, hu, mask, barred & ~mask, geometry, spacing_mm)
    again = paste(fine, where, geometry)
    if not again.any():
        return fine, where
    return refine_border(volume, hu, again, barred & ~again, geometry, spacing_mm, up_to_fat)


def redrawn(
    volume: Volume, hu: Image, mask: Mask, barred: Mask, geometry: VolumeGeometry, spacing_mm: float,
    up_to_fat: bool = True,
) -> tuple[Mask, VolumeGeometry] | None:
    """Return ``refine_organ`` of what ``mask`` holds outside ``barred``; None where nothing is there or left of it."""
    own = mask & ~barred
    if not own.any():
        return None
    fine, where = refine_organ(volume, hu, own, barred, geometry, spacing_mm, up_to_fat)
    return (fine, where) if fine.any() else None


def _levels(hu: Image, mask: Mask, step: float) -> tuple[Image, Image]:
    """Return the level half way between the local means inside and outside, and inside less outside."""
    clipped = np.clip(hu, -150.0, 350.0)
    deep = depth_mm(mask, step, 3 * step)
    inner = (deep > step) & (deep <= 3 * step)
    inner = inner if inner.any() else mask
    apart = distance_mm(mask, step, 12.0)
    # the voxels next to the border hold a part of both sides
    outer = (apart > step) & (apart <= 9.0)
    sigma = 5.0 / step
    mean_in = _local_mean(clipped, inner, sigma)
    mean_out = _local_mean(clipped, outer, 0.8 * sigma)
    return 0.5 * (mean_in + mean_out), mean_in - mean_out


def _local_mean(values: Image, weight: Mask, sigma: float) -> Image:
    share = weight.astype(np.float32)
    overall = float(np.mean(values[weight])) if weight.any() else 0.0
    total = ndimage.gaussian_filter(values * share, sigma, mode="nearest", truncate=3.0)
    amount = ndimage.gaussian_filter(share, sigma, mode="nearest", truncate=3.0)
    return (total + 1e-3 * overall) / (amount + 1e-3)
