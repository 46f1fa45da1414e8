"""Tumour candidates: compact regions in the liver that are darker or brighter than the parenchyma around them.

A proposal, never a diagnosis: each candidate carries a score and waits for review.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.abdomen.vessels import with_rims
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.ridges import masked_mean
from anatomy_twin.segmentation.ground.working_grid import (
    Box,
    Found,
    Image,
    Mask,
    Masks,
    box_of,
    box_start_shape,
    close_mm,
    components,
    depth_mm,
    dilate_mm,
    distance_mm,
    equal_grid,
    erode_mm,
    open_mm,
    resample_mask,
    volume_ml,
)

HULL_MM: Final = 15.0
SMOOTH_MM: Final = 2.0
WIDE_MM: Final = 5.0  # what differs little must be large to be told from noise
WIDE_DRAW_MM: Final = 3.0
WIDE_ML: Final = 2.5
BACKGROUND_MM: Final = 22.0
FAT_HU: Final = -10.0
FAT_RIM_MM: Final = 2.2
MIN_ML: Final = 0.35
MAX_ML: Final = 500.0
MIN_SCORE: Final = 0.45
MAX_CANDIDATES: Final = 8
MAX_SEEDS: Final = 14  # regions of each kind that are looked at, largest first
# neighbours and how far their blurred rim reaches, in mm
NEIGHBOURS: Final = {
    "gallbladder": 3.0, "inferior_vena_cava": 1.5, "aorta": 2.0, "bone": 3.0, "stomach": 1.5, "bowel": 1.5,
    "colon": 1.5, "kidney_right": 2.0, "kidney_left": 2.0, "spleen": 2.0, "lung_right": 2.5, "lung_left": 2.5,
    "portal_vein": 1.0,
}


@dataclass(frozen=True, eq=False)
class Parenchyma:
    """The liver's own level: ``excess`` HU over the local mean after light (1.2 mm) and strong (2 mm) smoothing.

    ``fissure`` is fat deeper than 4 mm in the hull. ``wide`` and ``wide_draw`` are the excess after 5 and 3 mm
    without vessels, ``noise_wide_hu`` the spread of ``wide``.
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

    @property
    def note(self) -> str:
        """One line for the reader."""
        kind = "darker" if self.contrast_hu < 0 else "brighter"
        fluid = ", as dark as fluid (cyst?)" if self.level_hu < 22.0 else ""
        return (
            f"score {self.score:.2f}: {self.ml:.1f} ml, {abs(self.contrast_hu):.0f} HU {kind} than the liver "
            f"around it, {100 * self.enclosure:.0f} % enclosed by liver{fluid}"
        )


def find_tumour_candidates(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT
) -> dict[str, Found]:
    """Find ``tumour_candidate_1`` ... (best first) in the liver.

    Parameters as for ``vessels.find_hepatic_vessels`` (a grid of about 1.5 mm around the liver); ``masks`` needs
    "liver" and uses vessels, gallbladder and neighbours to leave them out. Every candidate's state is "check";
    an empty result is one entry ``tumour_candidate_1`` that was not found.
    """
    liver = masks.get("liver")
    if liver is None or not liver.any():
        return {"tumour_candidate_1": Found.nothing("needs the liver")}
    box = box_of(liver, int(np.ceil((HULL_MM + 3.0) / geometry.spacing_mm[0])))
    whole, geometry = liver.shape, geometry.cropped(*box_start_shape(box))
    hu, liver, masks = hu[box], liver[box], {name: mask[box] for name, mask in masks.items()}
    spacing = geometry.spacing_mm[0]
    tissue = measure_parenchyma(hu, liver, masks, geometry)
    monitor.progress(0.5)
    check_cancelled(monitor)
    found: list[Candidate] = []
    for sign in (-1, 1):
        found += _one_sign(hu, tissue, liver, masks, sign, spacing)
        monitor.progress(0.75 if sign < 0 else 1.0)
    found = sorted((c for c in found if c.score >= MIN_SCORE), key=lambda c: (-c.score, -c.ml))[:MAX_CANDIDATES]
    if not found:
        return {"tumour_candidate_1": Found.nothing("no compact region in the liver differs enough from it")}
    return {
        f"tumour_candidate_{number}": Found(_placed(one.mask, box, whole), "check", one.note, ("candidate",))
        for number, one in enumerate(found, start=1)
    }


def _placed(mask: Mask, box: Box, shape: tuple[int, ...]) -> Mask:
    result = np.zeros(shape, dtype=bool)
    result[box] = mask
    return result


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
    fine = _masked_smooth(hu, usable, 1.2 / spacing, level)
    strong = _masked_smooth(hu, usable, SMOOTH_MM / spacing, level)
    core = erode_mm(liver, 4.0, spacing)
    core = core if core.any() else liver
    vessels = _vessels(masks, liver)
    plain = core & ~dilate_mm(vessels, 1.5, spacing)
    spread = 1.4826 * float(np.median(np.abs(strong[plain] - np.median(strong[plain]))))
    mean = np.full(hu.shape, float(np.median(strong[plain])), dtype=np.float32)
    for _ in range(3):
        sample = plain & (np.abs(strong - mean) < 2.5 * max(spread, 2.0))
        mean = masked_mean(strong, sample, BACKGROUND_MM, spacing)
        rest = (strong - mean)[sample]
        spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    without = usable & ~dilate_mm(vessels, 1.0, spacing)
    wide, draw = (_masked_smooth(hu, without, mm / spacing, level) - mean for mm in (WIDE_MM, WIDE_DRAW_MM))
    inner = wide[plain & without] if (plain & without).any() else wide[plain]
    noise_wide = 1.4826 * float(np.median(np.abs(inner - np.median(inner))))
    return Parenchyma(
        hull, fine - mean, strong - mean, max(spread, 1.0), fat, fat & deep, wide, draw, max(noise_wide, 0.6)
    )


def _masked_smooth(hu: Image, usable: Mask, sigma: float, level: float) -> Image:
    """Return the Gaussian mean over the usable voxels only; ``level`` where there are none near."""
    weight = ndimage.gaussian_filter(usable.astype(np.float32), sigma, truncate=3.0)
    total = ndimage.gaussian_filter(np.where(usable, hu - level, 0.0).astype(np.float32), sigma, truncate=3.0)
    return np.where(weight > 0.02, total / np.maximum(weight, 0.02), 0.0).astype(np.float32) + np.float32(level)


def _vessels(masks: Masks, like: Mask) -> Mask:
    result = np.zeros_like(like)
    for name in ("hepatic_vessels", "hepatic_veins", "portal_branches", "portal_vein"):
        if name in masks:
            result |= masks[name]
    return result


def _one_sign(hu: Image, tissue: Parenchyma, liver: Mask, masks: Masks, sign: int, spacing: float) -> list[Candidate]:
    """Return the candidates darker (-1) or brighter (+1) than the liver."""
    excess = sign * tissue.excess
    threshold = max(2.8 * tissue.noise_hu, 9.0)
    seeds = tissue.hull & ~tissue.fat & (excess > threshold)
    if sign > 0:
        seeds &= ~dilate_mm(_vessels(masks, liver), 2.0, spacing)
    seeds = open_mm(seeds, 2.5, spacing)
    result = []
    for part in components(seeds, max(1, int(0.12 / spacing**3 * 1000)))[:MAX_SEEDS]:
        candidate = _measure(part, hu, tissue, liver, masks, sign, spacing)
        if candidate is not None and not any((candidate.mask & other.mask).any() for other in result):
            result.append(candidate)
    return result + _faint(hu, tissue, liver, masks, sign, result, spacing)


def _faint(
    hu: Image, tissue: Parenchyma, liver: Mask, masks: Masks, sign: int, taken: list[Candidate], spacing: float
) -> list[Candidate]:
    """Return larger candidates that differ by a few HU only: round, well inside or at a surface without fat in it."""
    excess = sign * tissue.wide
    threshold = max(3.0 * tissue.noise_wide_hu, 4.5 if sign < 0 else 7.0)
    allowed = tissue.hull & ~tissue.fat & ~dilate_mm(_vessels(masks, liver), 1.0 if sign < 0 else 3.0, spacing)
    seeds = open_mm(allowed & (excess > threshold), 4.0, spacing)
    sure = [other for other in taken if other.score >= MIN_SCORE]
    result: list[Candidate] = []
    for part in components(seeds, max(1, int(0.4 / spacing**3 * 1000)))[:MAX_SEEDS]:
        candidate = _measure(part, hu, tissue, liver, masks, sign, spacing, faint=True)
        if candidate is None or any((candidate.mask & other.mask).any() for other in (*sure, *result)):
            continue
        result.append(candidate)
    return result


def _measure(
    part: Mask, hu: Image, tissue: Parenchyma, liver: Mask, masks: Masks, sign: int, spacing: float,
    faint: bool = False,
) -> Candidate | None:
    """Draw the border half-way between region and liver, measure the region and score it; None where it is none."""
    box = box_of(part, int(np.ceil(18.0 / spacing)))
    seed, fine = part[box], sign * (tissue.wide_draw if faint else tissue.excess_fine)[box]
    strength = (sign * (tissue.wide_draw if faint else tissue.excess)[box])[seed]
    level = float(np.percentile(strength, 60))
    allowed = tissue.hull[box] & ~tissue.fat[box]
    mask = allowed & (fine > 0.5 * level) & (distance_mm(seed, spacing, 6.0) < 5.0)
    # bridges of noise go, holes of noise are filled
    mask = _component_of(open_mm(mask, 2.0, spacing), seed)
    mask = ndimage.binary_fill_holes(mask)
    ml = volume_ml(mask, spacing)
    if not (WIDE_ML if faint else MIN_ML) <= ml <= MAX_ML:
        return None
    return _score(mask, box, hu, tissue, liver, masks, spacing, faint)


def _component_of(mask: Mask, seed: Mask) -> Mask:
    labels, _ = ndimage.label(mask)
    counts = np.bincount(labels[seed & mask], minlength=1)
    counts[0] = 0
    return np.asarray(labels == int(np.argmax(counts))) if counts.any() else seed.copy()


def _score(
    mask: Mask, box: Box, hu: Image, tissue: Parenchyma, liver: Mask, masks: Masks, spacing: float, faint: bool
) -> Candidate:
    away = distance_mm(mask, spacing, 12.0)
    shell = (away > 1.5 * spacing) & (away <= 6.0)
    field = tissue.wide_draw[box] if faint else tissue.excess_fine[box]
    limit = 0.5 * abs(float(np.median(field[mask]))) + (2.0 * tissue.noise_wide_hu if faint else 8.0)
    parenchyma = shell & tissue.hull[box] & (np.abs(field) < limit)
    vessels = _vessels(masks, liver)[box]
    around = np.count_nonzero(shell)
    enclosure = float(np.count_nonzero(shell & (parenchyma | vessels))) / max(1, around)
    fat = float(np.count_nonzero(shell & (hu[box] < FAT_HU))) / max(1, around)
    outside = field[parenchyma]
    contrast = float(np.median(field[mask])) - (float(np.median(outside)) if outside.size else 0.0)
    ml = volume_ml(mask, spacing)
    equal_radius = (3000.0 * ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    roundness = float(np.clip(float(depth_mm(mask, spacing).max()) / equal_radius, 0.0, 1.0))
    if faint:
        # a few HU are believed only of what is large, round and parenchyma to the liver's own outline and around it
        room = shell & liver[box]
        plain = float(np.count_nonzero(parenchyma & room)) / max(1, np.count_nonzero(room))
        score = _ramp(abs(contrast) / tissue.noise_wide_hu, 2.5, 4.0) * _ramp(roundness, 0.55, 0.65)
        score *= _ramp(plain, 0.6, 0.8) * _ramp(np.count_nonzero(room) / max(1, around), 0.3, 0.5)
        score *= _ramp(float(np.mean(liver[box][mask])), 0.85, 0.97)
    else:
        clear = _ramp(abs(contrast), max(8.0, 2.0 * tissue.noise_hu), max(22.0, 6.0 * tissue.noise_hu))
        score = clear * _ramp(roundness, 0.38, 0.62) * _ramp(enclosure, 0.45, 0.75) * (1.0 - _ramp(fat, 0.03, 0.2))
    # what the liver's own outline left out is often a neighbour
    score *= 0.5 + 0.5 * _ramp(float(np.mean(liver[box][mask])), 0.1, 0.5)
    score *= 0.6 + 0.4 * _ramp(ml, 0.4, 1.5)
    # the end of a fissure is small and has fat beside it
    beside_fat = float(np.count_nonzero(shell & tissue.fat[box])) / max(1, around)
    score *= 1.0 - 0.7 * _ramp(beside_fat, 0.02, 0.1) * (1.0 - _ramp(ml, 1.0, 3.0))
    inner_fat = float(np.count_nonzero((shell | mask) & tissue.fissure[box])) / max(1, around)
    score *= 1.0 - 0.8 * _ramp(inner_fat, 0.01, 0.05) * (1.0 - _ramp(ml, 4.0, 9.0))
    # and what is small and lies along a vessel is often the fat around it
    along = float(np.count_nonzero(shell & dilate_mm(vessels, 1.0, spacing))) / max(1, around)
    score *= 1.0 - 0.7 * _ramp(along, 0.12, 0.3) * (1.0 - _ramp(ml, 2.5, 5.0))
    whole = np.zeros(liver.shape, dtype=bool)
    whole[box] = mask
    return Candidate(whole, float(score), contrast, roundness, enclosure, ml, float(np.median(hu[box][mask])))


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 below ``low``, 1 above ``high``, straight between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
