"""Vessels in and beside the liver, where the contrast phase shows them.

Strong ridges (see ``ridges``) are grown to half of the contrast between vessel and liver, which is where the border of
a blurred tube lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.abdomen.liver_veins import part_trees
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.ridges import masked_mean, ridge_strength
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    Masks,
    box_of,
    close_mm,
    dilate_mm,
    erode_mm,
    open_mm,
    touching,
)

LOCAL_MEAN_MM: Final = 18.0
MIN_CONTRAST_HU: Final = 12.0
MIN_COMPONENT_ML: Final = 0.15
MIN_EXTENT_MM: Final = 14.0
# the wall of a vessel is blurred over about two voxels of a scan of 2.5 mm; a tube as sharp as that reads about its
# contrast as ridge (see ``ridges``), the flank of a wide one less than half
BESIDE_MM: Final = 2.6
OWN_TUBE: Final = 0.8
# what a vessel of the liver cannot be, and how far its bright rim reaches in mm
NOT_A_VESSEL: Final = {
    "aorta": 3.0, "kidney_right": 4.0, "kidney_left": 4.0, "bone": 3.0, "spleen": 2.0, "lung_right": 2.0,
    "lung_left": 2.0, "inferior_vena_cava": 0.0, "gallbladder": 0.0, "stomach": 0.0, "bowel": 0.0, "colon": 0.0,
}


@dataclass(frozen=True, eq=False)
class Contrast:
    """How much brighter than the surrounding liver each voxel is (``excess``, HU), and what to expect.

    ``typical_hu`` is the excess of the large vessels, ``noise_hu`` the standard deviation of the parenchyma.
    """

    excess: Image
    noise_hu: float
    typical_hu: float


def measure_contrast(hu: Image, region: Mask, liver: Mask, spacing_mm: float, smooth_mm: float = 1.0) -> Contrast:
    """Return the excess over the local liver mean (without vessels, fat and lesions); 0 outside ``region``."""
    smooth = ndimage.gaussian_filter(hu, smooth_mm / spacing_mm, mode="nearest", truncate=3.0)
    core = erode_mm(liver, 3.0, spacing_mm)
    core = core if core.any() else liver
    level = float(np.median(smooth[core]))
    noise = 1.4826 * float(np.median(np.abs(smooth[core] - level)))
    excess = smooth - level
    for _ in range(3):
        plain = core & (excess > -2.5 * noise) & (excess < 1.5 * noise)
        excess = smooth - masked_mean(smooth, plain, LOCAL_MEAN_MM, spacing_mm)
        values = excess[core]
        level = float(np.median(values))
        # only what lies below the median: the other half holds the vessels
        lower = values[values < level]
        noise = 1.4826 * float(np.median(level - lower)) if lower.size else noise
        excess -= level
    return Contrast(np.where(region, excess, 0.0).astype(np.float32), noise, 0.0)


def typical_excess(contrast: Contrast, ridge: Image, region: Mask) -> float:
    """Return the excess of the large vessels in HU (80th percentile on the strongest ridges), 0 without any."""
    strong = region & (ridge > 5.0 * _ridge_noise(ridge, region)) & (contrast.excess > 2.0 * contrast.noise_hu)
    if np.count_nonzero(strong) < 30:
        return 0.0
    return float(np.percentile(contrast.excess[strong], 80))


def _ridge_noise(ridge: Image, region: Mask) -> float:
    """Return the ridge strength that three quarters of the liver stay below: what noise alone gives."""
    return max(1.0, float(np.percentile(ridge[region], 75))) if region.any() else 1.0


def grow_vessels(contrast: Contrast, ridge: Image, region: Mask, spacing_mm: float) -> Mask:
    """Return bright tubes: strong ridges, grown to half of their own contrast.

    What is fainter than half of the brightest voxel of the vessel within ``BESIDE_MM`` is its blurred wall, unless it
    is nearly as tube-like as it is bright: a thin branch beside a wide one.
    """
    excess, noise = contrast.excess, contrast.noise_hu
    half = max(0.5 * contrast.typical_hu, 1.5 * noise)
    ridge_noise = _ridge_noise(ridge, region)
    seeds = region & (ridge > max(0.4 * contrast.typical_hu, 3.0 * ridge_noise)) & (excess > 0.9 * half)
    seeds |= open_mm(region & (excess > max(half, 2.0 * noise)), 1.5 * spacing_mm, spacing_mm) & (ridge > ridge_noise)
    faint = 0.3 * contrast.typical_hu
    thin = (ridge > max(faint, 2.0 * ridge_noise)) & (excess > max(faint, noise))
    grown = touching(region & ((excess > half) | thin), seeds)
    return grown & ((excess > 0.5 * _brightest(excess, grown, spacing_mm)) | (thin & (ridge > OWN_TUBE * excess)))


def _brightest(excess: Image, vessels: Mask, spacing_mm: float) -> Image:
    """Return the greatest excess of the vessels within ``BESIDE_MM`` of each voxel."""
    reach = int(BESIDE_MM / spacing_mm)
    steps = np.indices((2 * reach + 1,) * 3) - reach
    near = (steps**2).sum(axis=0) * spacing_mm**2 <= BESIDE_MM**2
    inside = np.where(vessels, excess, np.float32(0.0))
    return np.asarray(ndimage.maximum_filter(inside, footprint=near, mode="constant"), dtype=np.float32)


def drop_specks(
    mask: Mask, spacing_mm: float, min_ml: float = MIN_COMPONENT_ML, extent_mm: float = MIN_EXTENT_MM
) -> Mask:
    """Remove components that are too small or too short to be told from noise."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    if count == 0:
        return mask.copy()
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = np.zeros(count + 1, dtype=bool)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        long_mm = spacing_mm * float(np.sqrt(sum((side.stop - side.start) ** 2 for side in box)))
        keep[number] = sizes[number] * spacing_mm**3 / 1000.0 >= min_ml and long_mm >= extent_mm
    return keep[labels]


def find_hepatic_vessels(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT
) -> dict[str, Found]:
    """Find hepatic and portal veins in the liver.

    Parameters
    ----------
    hu, geometry : a grid of about 1.5 mm around the liver with a margin of some millimetres.
    masks : needs "liver"; "portal_vein" and "inferior_vena_cava" are the roots of the two trees; "aorta",
        "gallbladder" and other organs are kept out of.
    phase : nothing is looked for where the phase does not show veins.

    Returns
    -------
    ``hepatic_veins`` and ``portal_branches`` (``hepatic_vessels`` then holds what hangs on neither) or, where the two
    trees cannot be told apart, ``hepatic_vessels`` alone.
    """
    names = ("hepatic_vessels", "hepatic_veins", "portal_branches")
    if not phase.veins_visible:
        state = "not found" if phase.name == "unknown" else "not visible in this phase"
        return {name: Found.nothing(f"phase {phase.name}: veins not brighter than the liver", state) for name in names}
    liver = masks.get("liver")
    if liver is None or not liver.any():
        return {name: Found.nothing("needs the liver") for name in names}
    spacing = geometry.spacing_mm[0]
    others = with_rims(masks, NOT_A_VESSEL, spacing)
    # at the dome the cava leans on the liver, and the hepatic veins run the last millimetres in the angle between
    cava = masks.get("inferior_vena_cava")
    whole = liver if cava is None else liver | (cava & dilate_mm(liver, 6.0, spacing))
    region = close_mm(whole, 8.0, spacing) & ~others
    contrast = measure_contrast(hu, region, liver, spacing)
    monitor.progress(0.3)
    check_cancelled(monitor)
    ridge = ridge_strength(np.maximum(contrast.excess, -2.5 * contrast.noise_hu), region, spacing)
    contrast = Contrast(contrast.excess, contrast.noise_hu, typical_excess(contrast, ridge, region))
    monitor.progress(0.6)
    if contrast.typical_hu < MIN_CONTRAST_HU:
        note = f"vessels are less than {MIN_CONTRAST_HU:g} HU brighter than the liver"
        return {name: Found.nothing(note, "not visible in this phase") for name in names}
    vessels = drop_specks(grow_vessels(contrast, ridge, region, spacing), spacing)
    trunk = masks.get("portal_vein")
    monitor.progress(0.8)
    check_cancelled(monitor)
    note = f"vessels {contrast.typical_hu:.0f} HU brighter than the liver, noise {contrast.noise_hu:.0f} HU"
    return part_trees(
        vessels if trunk is None else vessels & ~trunk, cava, trunk, spacing, note,
        contrast.excess / np.float32(contrast.typical_hu), ridge / np.float32(contrast.typical_hu), liver,
    )


def with_rims(masks: Masks, rims_mm: Mapping[str, float], spacing_mm: float) -> Mask:
    """Return the union of the named masks, each widened by its rim in mm (0: as it is)."""
    by_rim: dict[float, Mask] = {}
    for name, rim in rims_mm.items():
        mask = masks.get(name)
        if mask is not None:
            by_rim[rim] = by_rim[rim] | mask if rim in by_rim else mask
    result = np.zeros(next(iter(masks.values())).shape, dtype=bool)
    for rim, mask in by_rim.items():
        result |= dilate_mm(mask, rim, spacing_mm) if rim and mask.any() else mask
    return result


def vessel_diameter_mm(mask: Mask, geometry: VolumeGeometry) -> Image:
    """Return the local diameter in mm at each voxel of a vessel mask, 0 elsewhere.

    The diameter of the largest ball that lies in the mask and covers the voxel, found from the ridge of the distance
    map: each voxel takes the greatest value of the distance map within a ridge ball that reaches it. The grid may
    have unequal spacing; the border of a voxel lies half a voxel outside its centre.
    """
    result = np.zeros(mask.shape, dtype=np.float32)
    if not mask.any():
        return result
    box = box_of(mask, 2)
    part = mask[box]
    spacing = geometry.spacing_mm
    padded = np.pad(part, 1, mode="edge")
    inside = ndimage.distance_transform_edt(padded, sampling=spacing)[1:-1, 1:-1, 1:-1]
    # of many outside centres the nearest lies about a quarter of a voxel beyond the border
    radius = np.where(part, inside - 0.25 * float(np.mean(spacing)), 0.0)
    best = np.zeros(part.shape)
    levels = np.append(np.arange(0.5 * min(spacing), float(radius.max()), 0.5 * min(spacing)), float(radius.max()))
    for level in levels:
        ridge = radius >= level - 1e-9
        near = ndimage.distance_transform_edt(~ridge, sampling=spacing) <= level + 0.5 * float(np.mean(spacing))
        best[near & part] = level
    result[box] = (2.0 * best).astype(np.float32)
    return result
