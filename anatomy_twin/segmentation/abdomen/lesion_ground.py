"""The liver as lesions are told from it: its own level, fat, neighbours; and what a candidate is."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.segmentation.abdomen.vessels import with_rims
from anatomy_twin.segmentation.ground.ridges import masked_mean
from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    Masks,
    close_mm,
    dilate_mm,
    equal_grid,
    erode_mm,
    resample_mask,
)

HULL_MM: Final = 15.0
SMOOTH_MM: Final = 2.0
WIDE_MM: Final = 5.0  # what differs little must be large to be told from noise
WIDE_DRAW_MM: Final = 3.0
BACKGROUND_MM: Final = 22.0
FAT_HU: Final = -10.0
FAT_RIM_MM: Final = 2.2
RAYS: Final = 96
LEAST_MM: Final = 9.0  # the smallest that are offered, of plain and of little contrast
WIDE_LEAST_MM: Final = 15.0
# neighbours and how far their blurred rim reaches, in mm
NEIGHBOURS: Final = {
    "gallbladder": 3.0, "inferior_vena_cava": 1.5, "aorta": 2.0, "bone": 3.0, "stomach": 1.5, "bowel": 1.5,
    "colon": 1.5, "kidney_right": 2.0, "kidney_left": 2.0, "spleen": 2.0, "lung_right": 2.5, "lung_left": 2.5,
    "portal_vein": 1.0, "trunk_wall": 0.0, "heart": 1.5, "pancreas": 1.5, "duodenum": 1.5,
}


@dataclass(frozen=True, eq=False)
class Parenchyma:
    """The liver's own level: ``excess`` HU over the local mean after light (1.2 mm) and strong (2 mm) smoothing.

    ``fissure`` is fat deeper than 4 mm in the hull. ``wide`` and ``wide_draw`` are the excess after 5 and 3 mm
    without vessels, ``noise_wide_hu`` the spread of ``wide``, ``mean`` the liver's level around each voxel.
    """

    hull: Mask
    excess_fine: Image
    excess: Image
    noise_hu: float
    fat: Mask
    fissure: Mask
    wide: Image
    wide_draw: Image
    noise_wide_hu: float
    mean: Image


@dataclass(frozen=True, eq=False)
class Candidate:
    """One region with what speaks for it: contrast in HU, roundness and enclosure (0 to 1) and the score (0 to 1)."""

    mask: Mask
    score: float
    contrast_hu: float
    roundness: float
    enclosure: float
    ml: float
    level_hu: float
    outside: bool = False

    @property
    def note(self) -> str:
        """One line for the reader."""
        kind = "darker" if self.contrast_hu < 0 else "brighter"
        fluid = ", as dark as fluid (cyst?)" if self.level_hu < 22.0 else ""
        place = "lies on the liver with {:.0f} % of its surface" if self.outside else "{:.0f} % enclosed by liver"
        return (
            f"score {self.score:.2f}: {self.ml:.1f} ml, {abs(self.contrast_hu):.0f} HU {kind} than the liver "
            f"around it, {place.format(100 * self.enclosure)}{fluid}"
        )


def liver_hull(liver: Mask, geometry: VolumeGeometry, hull_mm: float = HULL_MM) -> Mask:
    """Return the liver with its bays up to twice ``hull_mm`` wide filled, where a surface lesion would lie."""
    coarse = equal_grid(geometry, max(3.0, geometry.spacing_mm[0]))
    closed = close_mm(resample_mask(liver, geometry, coarse), hull_mm, coarse.spacing_mm[0])
    return resample_mask(closed, coarse, geometry) | liver


def measure_parenchyma(hu: Image, liver: Mask, masks: Masks, geometry: VolumeGeometry) -> Parenchyma:
    """Measure the excess of each voxel over the liver around it; fat and neighbours do not bleed into the smoothing."""
    spacing = geometry.spacing_mm[0]
    rims = with_rims(masks, NEIGHBOURS, spacing) & ~erode_mm(liver, 3.0, spacing)
    barred = rims | with_rims(masks, dict.fromkeys(NEIGHBOURS, 0.0), spacing)
    hull = liver_hull(liver, geometry) & ~barred
    light = ndimage.gaussian_filter(hu, 0.9 / spacing, mode="nearest", truncate=3.0)
    # fat in fissures and at the surface, with the rim that reads between fat and liver
    fat = dilate_mm((light < FAT_HU) & dilate_mm(hull, 4.0, spacing), FAT_RIM_MM, spacing)
    usable = hull & ~fat
    deep = erode_mm(hull, 4.0, spacing)
    level = float(np.median(light[liver]))
    fine = masked_smooth(hu, usable, 1.2 / spacing, level)
    strong = masked_smooth(hu, usable, SMOOTH_MM / spacing, level)
    core = erode_mm(liver, 4.0, spacing)
    core = core if core.any() else liver
    vessels = vessels_of(masks, liver)
    plain = core & ~dilate_mm(vessels, 1.5, spacing)
    # of a tip of the liver that the border of the scan cuts vessels may leave nothing
    plain = plain if plain.any() else core
    spread = 1.4826 * float(np.median(np.abs(strong[plain] - np.median(strong[plain]))))
    mean = np.full(hu.shape, float(np.median(strong[plain])), dtype=np.float32)
    for _ in range(3):
        sample = plain & (np.abs(strong - mean) < 2.5 * max(spread, 2.0))
        if not sample.any():
            break
        mean = masked_mean(strong, sample, BACKGROUND_MM, spacing)
        rest = (strong - mean)[sample]
        spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    without = usable & ~dilate_mm(vessels, 1.0, spacing)
    wide, draw = (masked_smooth(hu, without, mm / spacing, level) - mean for mm in (WIDE_MM, WIDE_DRAW_MM))
    inner = wide[plain & without] if (plain & without).any() else wide[plain]
    noise_wide = 1.4826 * float(np.median(np.abs(inner - np.median(inner))))
    return Parenchyma(
        hull, fine - mean, strong - mean, max(spread, 1.0), fat, fat & deep, wide, draw, max(noise_wide, 0.6),
        mean,
    )


def masked_smooth(hu: Image, usable: Mask, sigma: float, level: float) -> Image:
    """Return the Gaussian mean over the usable voxels only; ``level`` where there are none near."""
    weight = ndimage.gaussian_filter(usable.astype(np.float32), sigma, truncate=3.0)
    total = ndimage.gaussian_filter(np.where(usable, hu - level, 0.0).astype(np.float32), sigma, truncate=3.0)
    return np.where(weight > 0.02, total / np.maximum(weight, 0.02), 0.0).astype(np.float32) + np.float32(level)


def vessels_of(masks: Masks, like: Mask) -> Mask:
    """Return the vessels of the liver that are known, as a mask of the shape of ``like``."""
    result = np.zeros_like(like)
    for name in ("hepatic_vessels", "hepatic_veins", "portal_branches", "portal_vein"):
        if name in masks:
            result |= masks[name]
    return result


def component_of(mask: Mask, seed: Mask) -> Mask:
    """Return the component of ``mask`` that holds most of ``seed``; the seed itself where none holds any."""
    labels, _ = ndimage.label(mask)
    counts = np.bincount(labels[seed & mask], minlength=1)
    counts[0] = 0
    return np.asarray(labels == int(np.argmax(counts))) if counts.any() else seed.copy()


def streaks(mask: Mask, field: Image, usable: Mask, spacing: float) -> float:
    """Return how far a region goes on as a strand, 0 (a ball by itself) to about 1 (a piece of a vessel).

    Means of ``field`` along rays of 12 mm that start outside the region, as shares of the region's own median: the
    mean of the two strongest that point apart (by more than 60 degrees).
    """
    level = float(np.median(field[mask]))
    centre = np.mean(np.nonzero(mask), axis=1)
    radius = (3.0 * np.count_nonzero(mask) / (4.0 * np.pi)) ** (1.0 / 3.0)
    n = np.arange(RAYS) + 0.5
    up, turn = 1.0 - 2.0 * n / RAYS, np.pi * (1.0 + 5.0**0.5) * n
    rays = np.stack([up, np.sqrt(1.0 - up * up) * np.cos(turn), np.sqrt(1.0 - up * up) * np.sin(turn)])
    along = 1.25 * radius + np.arange(0.0, 12.0, 1.5) / spacing
    places = centre[:, None, None] + rays[:, :, None] * along
    values = ndimage.map_coordinates(np.where(usable, field, 0.0), places, order=1, mode="constant", cval=0.0)
    means = np.clip(values.mean(1) / level, 0.0, None) if level else np.zeros(RAYS)
    first = int(np.argmax(means))
    apart = rays.T @ rays[:, first] < 0.5
    return 0.5 * float(means[first] + means[apart].max())


def least_visible_mm(tissue: Parenchyma, contrast_hu: float) -> float | None:
    """Return the diameter in mm from which a ball of that contrast to the liver stands out of the noise, None if none.

    A Gaussian of standard deviation s leaves of a ball of radius R, at its middle, the share
    erf(R / (s sqrt 2)) - sqrt(2 / pi) (R / s) exp(-R^2 / (2 s^2)) (integral of the Gaussian over the ball). It has to
    exceed the limits of the searches after 2 and 5 mm.
    """
    searches = (
        (SMOOTH_MM, max(3.8 * tissue.noise_hu, 9.0), LEAST_MM),
        (WIDE_MM, max(3.0 * tissue.noise_wide_hu, 4.5), WIDE_LEAST_MM),
    )
    for diameter in np.arange(LEAST_MM, 41.0, 1.0):
        for sigma, limit, least in searches:
            size = 0.5 * float(diameter) / sigma
            share = erf(size / 2.0**0.5) - (2.0 / np.pi) ** 0.5 * size * np.exp(-0.5 * size * size)
            if diameter >= least and contrast_hu * share > limit:
                return float(diameter)
    return None


def ramp(value: float, low: float, high: float) -> float:
    """Return 0 below ``low``, 1 above ``high``, straight between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
