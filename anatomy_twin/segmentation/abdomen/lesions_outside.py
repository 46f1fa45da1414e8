"""Lesions that stand out of the liver at a rim or a tip, where the outline of the liver left them out."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.abdomen.lesion_ground import (
    NEIGHBOURS,
    SMOOTH_MM,
    Candidate,
    Parenchyma,
    component_of,
    masked_smooth,
    ramp,
)
from anatomy_twin.segmentation.abdomen.vessels import with_rims
from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    Masks,
    box_of,
    boxed_components,
    depth_mm,
    dilate_mm,
    distance_mm,
    erode_mm,
    open_mm,
    volume_ml,
)

OUTSIDE_MM: Final = 36.0  # how far a lesion at a rim of the liver may stand out of the outline that was found
GUT: Final = ("stomach", "bowel", "colon")
OUTSIDE_FAT_HU: Final = -40.0
OUTSIDE_OPEN_MM: Final = (8.0, 4.0)  # large ones first: bowel hangs on them by what is thinner
OUTSIDE_MAX_HU: Final = 260.0
FLUID_HU: Final = (-15.0, 30.0)
OUTSIDE_ML: Final = (0.8, 200.0)
AORTA_MM: Final = 28.0
MAX_REGIONS: Final = 28


def find_outside(
    hu: Image, tissue: Parenchyma, liver: Mask, masks: Masks, taken: list[Candidate], least: float,
    spacing: float
) -> list[Candidate]:
    """Return candidates that stand out of the liver's outline: lesions at a rim or a tip that the outline left out.

    Round, even and unlike the liver on which they lie; what touches other soft tissue (bowel, pancreas, a vessel goes
    on) is none.
    """
    near = distance_mm(liver, spacing, OUTSIDE_MM) < OUTSIDE_MM
    light = ndimage.gaussian_filter(hu, 1.2 / spacing, mode="nearest", truncate=3.0)
    plain_fat = dilate_mm(near & (light < OUTSIDE_FAT_HU), 1.6, spacing)
    # the outline of the stomach is estimated and takes what hangs on the left lobe
    barred = with_rims({name: mask for name, mask in masks.items() if name not in GUT}, NEIGHBOURS, spacing)
    usable = (near & ~(barred & ~erode_mm(liver, 3.0, spacing)) & ~plain_fat & masks.get("body", near)) | liver
    level = float(np.median(hu[liver]))
    excess = masked_smooth(hu, usable, SMOOTH_MM / spacing, level) - tissue.mean
    smooth, soft = excess + tissue.mean, usable & ~liver
    # crura and oesophagus, darker than the liver, lie between the aorta and the liver
    midline = dilate_mm(masks["aorta"], AORTA_MM, spacing) if "aorta" in masks else np.zeros_like(liver)
    contrast = max(2.8 * tissue.noise_hu, 12.0)
    bands = (  # fluid, darker and brighter tissue are parted, so that a cyst does not hang on bowel
        (-1, (smooth > FLUID_HU[0]) & (smooth < min(FLUID_HU[1], level - contrast)) & ~midline),
        (-1, (smooth > FLUID_HU[1]) & (excess < -contrast) & ~midline),
        (1, (smooth < OUTSIDE_MAX_HU) & (excess > contrast)),
    )
    result: list[Candidate] = []
    for radius_mm, (sign, band) in product(OUTSIDE_OPEN_MM, bands):
        seeds = open_mm(soft & band, radius_mm, spacing)
        for place, part in boxed_components(seeds, max(1, int(0.3 / spacing**3 * 1000)))[:MAX_REGIONS]:
            if volume_ml(part, spacing) > OUTSIDE_ML[1]:
                continue
            seed = np.zeros_like(liver)
            seed[place] = part
            candidate = _measure_outside(seed, hu, sign * excess, usable, liver, tissue, sign, spacing)
            if candidate is None or candidate.score < least:
                continue
            if not any((candidate.mask & other.mask).any() for other in (*taken, *result)):
                result.append(candidate)
    return result


def _measure_outside(
    part: Mask, hu: Image, excess: Image, usable: Mask, liver: Mask, tissue: Parenchyma, sign: int, spacing: float
) -> Candidate | None:
    box = box_of(part, int(np.ceil(15.0 / spacing)))
    seed, field = part[box], excess[box]
    level = float(np.median(field[seed]))
    mask = usable[box] & (field > 0.5 * level) & (distance_mm(seed, spacing, 4.5) < 3.0)
    mask = ndimage.binary_fill_holes(component_of(open_mm(mask, 2.0, spacing), seed))
    ml = volume_ml(mask, spacing)
    if not OUTSIDE_ML[0] <= ml <= OUTSIDE_ML[1]:
        return None
    away = distance_mm(mask, spacing, 8.0)
    shell = (away > 1.1 * spacing) & (away <= 5.0)
    around = max(1, int(np.count_nonzero(shell)))
    # the outline may end a little before the lesion begins
    beside = distance_mm(liver[box], spacing, 6.0) <= 4.5
    contact = np.count_nonzero(shell & usable[box] & beside & (field < 0.5 * level)) / around
    loose = np.count_nonzero(shell & usable[box] & ~beside & (hu[box] > -10.0)) / around
    radius = (3000.0 * ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    roundness = min(1.0, float(depth_mm(mask, spacing).max()) / radius)
    inner = erode_mm(mask, 2.0, spacing)
    spread = float(np.std(field[inner])) if inner.any() else np.inf
    large = ramp(ml, 3.0, 10.0)
    score = ramp(level, max(12.0, 3.0 * tissue.noise_hu), max(28.0, 6.0 * tissue.noise_hu))
    score *= ramp(roundness, 0.5, 0.65) * ramp(contact, 0.28 - 0.08 * large, 0.42 - 0.12 * large)
    score *= 1.0 - ramp(loose, 0.08 + 0.1 * large, 0.22 + 0.13 * large)
    if float(np.median(hu[box][mask])) < FLUID_HU[1]:
        # a pouch that only leans on the liver is the gallbladder or bowel
        score *= ramp(contact, 0.38, 0.5)
    if sign > 0:
        # small and bright is a vessel
        score *= ramp(ml, 2.0, 4.0)
    score *= 0.4 + 0.6 * ramp(ml, 1.0, 2.5)
    score *= 1.0 - ramp(spread / max(tissue.noise_hu, 2.5), 3.3, 5.0)
    whole = np.zeros(liver.shape, dtype=bool)
    whole[box] = mask
    return Candidate(whole, score, sign * level, roundness, contact, ml, float(np.median(hu[box][mask])), True)
