"""Parting an even organ from neighbours of the same mean grey value: folded bowel, stomach wall, kidney, heart."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    box_of,
    close_mm,
    components,
    depth_mm,
    dilate_mm,
    fill_slices,
    open_mm,
    touching,
)

BLUR_MM: Final = 4.5
SPAN_HU: Final = 60.0
DARK_HU: Final = -45.0
FREE_SHIFT_HU: Final = (12.0, 22.0)
UNEVEN_FACTOR: Final = 1.9
LEAST_HU: Final = 5.0
OPENING_MM: Final = 9.0
UPPER_OPENING_MM: Final = 6.0
EVEN_SHARE: Final = 0.6
EMBEDDED_MM: Final = 9.0
RIM_MM: Final = 4.5
LARGE_ML: Final = 1.0
TOLERANT_MM: Final = 20.0
MIN_FREE_SHARE: Final = 0.2


def unevenness(mask: Mask, image: Image, level_hu: float, spacing_mm: float, free_hu: Image) -> Image:
    """Return how uneven the inside of ``mask`` is around each of its voxels, in HU.

    The local standard deviation (Gaussian of 4.5 mm, without the rim, which holds a part of its surroundings) and by
    how much more than ``free_hu`` ([k, 1, 1]) the local mean lies off ``level_hu``, added as squares.
    """
    weight = (mask & (depth_mm(mask, spacing_mm, 2.0 * spacing_mm) > 1.1 * spacing_mm)).astype(np.float32)
    apart = np.clip(image - level_hu, -SPAN_HU, SPAN_HU)
    # fat in a fissure or the hilum, and the voxels beside it, say nothing about the tissue
    weight[dilate_mm(mask & (apart < DARK_HU), 1.1 * spacing_mm, spacing_mm)] = 0.0
    weight += np.float32(0.02) * mask
    mean, square, amount = (
        ndimage.gaussian_filter(part * weight, BLUR_MM / spacing_mm, mode="nearest", truncate=3.0)
        for part in (apart, apart * apart, np.ones_like(apart))
    )
    amount = np.maximum(amount, 1e-6)
    mean = mean / amount
    shift = np.maximum(np.abs(mean) - free_hu, 0.0)
    return np.sqrt(np.maximum(square / amount - mean * mean, 0.0) + shift * shift) * mask


def uneven_parts(mask: Mask, core: Mask, image: Image, level_hu: float, spacing_mm: float, thin: Mask) -> Mask:
    """Return what of ``mask`` hangs on at its surface and is uneven.

    The usual unevenness is measured in ``core``. Where it is 1.9 times that, the mask is set aside (twice as much, and
    a mean farther off, is allowed from the core's middle height upwards, where no bowel hangs and the hilum and thin
    lobes lie). From the rest the part that hangs together with the core after an opening of 9 mm (6 mm higher up, 3 mm
    within ``thin``) is kept. What lies embedded in that part (vessels, small lesions: a closing of 9 mm and the holes
    of each slice) or within 4.5 mm of it belongs to it again. Remaining pieces that are mostly even, four fifths
    enclosed by the mask or under 1 ml are left as they were; what hung on by the pieces that go goes with them.
    """
    result = np.zeros_like(mask)
    box = box_of(mask, 6)
    inside, middle = mask[box], core[box]
    height = (np.arange(inside.shape[0]) - float(np.mean(np.nonzero(middle)[0]))) * spacing_mm
    upper = np.clip(height / TOLERANT_MM + 1.0, 0.0, 1.0).astype(np.float32)[:, None, None]
    free = FREE_SHIFT_HU[0] + (FREE_SHIFT_HU[1] - FREE_SHIFT_HU[0]) * upper
    depart = unevenness(inside, image[box], level_hu, spacing_mm, free)
    usual = max(LEAST_HU, UNEVEN_FACTOR * float(np.median(depart[middle & inside])))
    limit = usual * (1.0 + upper)
    even = inside & (depart < limit)
    opened = open_mm(even, OPENING_MM, spacing_mm) | (open_mm(even, UPPER_OPENING_MM, spacing_mm) & (upper > 0.0))
    opened |= open_mm(even, 3.0, spacing_mm) & thin[box]
    base = touching(opened, middle)
    if base.sum() < 0.4 * inside.sum():
        return result
    whole = fill_slices(close_mm(base, EMBEDDED_MM, spacing_mm)) & inside
    whole |= dilate_mm(whole, RIM_MM, spacing_mm) & inside & (even | (depart < 2.0 * usual))
    for piece in components(inside & ~whole, max(1, int(LARGE_ML * 1000.0 / spacing_mm**3))):
        # a thin tongue of the organ itself is even; a lesion in it is not, but mostly enclosed
        if np.count_nonzero(even & piece) > EVEN_SHARE * np.count_nonzero(piece):
            continue
        rim = ndimage.binary_dilation(piece) & ~piece
        if np.count_nonzero(rim & ~inside) > MIN_FREE_SHARE * np.count_nonzero(rim):
            result[box] |= piece
    cut = result[box]
    left = inside & ~cut
    firm = open_mm(left, RIM_MM, spacing_mm) | (open_mm(left, 3.0, spacing_mm) & thin[box])
    loose = left & ~dilate_mm(touching(firm, middle), RIM_MM, spacing_mm)
    result[box] |= touching(loose, dilate_mm(cut, 1.1 * spacing_mm, spacing_mm))
    return result
