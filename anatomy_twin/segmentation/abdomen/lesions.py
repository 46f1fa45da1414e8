"""Tumour candidates: compact regions in the liver that are darker or brighter than the parenchyma around them.

A proposal, never a diagnosis: each candidate carries a score and waits for review.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.abdomen.lesion_ground import (
    FAT_HU,
    Candidate,
    Parenchyma,
    component_of,
    least_visible_mm,
    measure_parenchyma,
    ramp,
    streaks,
    vessels_of,
)
from anatomy_twin.segmentation.abdomen.lesions_outside import OUTSIDE_MM, find_outside
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.rules import inside_liver
from anatomy_twin.segmentation.ground.working_grid import (
    Box,
    Found,
    Image,
    Mask,
    Masks,
    box_of,
    box_start_shape,
    components,
    depth_mm,
    dilate_mm,
    distance_mm,
    open_mm,
    volume_ml,
)

WIDE_ML: Final = 1.8
MIN_ML: Final = 0.42
MAX_ML: Final = 500.0
MIN_SCORE: Final = 0.45
MAX_CANDIDATES: Final = 8
MAX_SEEDS: Final = 14  # regions of each kind that are looked at, largest first
CONTRASTS_HU: Final = (12.0, 35.0)  # a metastasis without contrast medium and in the portal phase


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
    box = box_of(liver, int(np.ceil((OUTSIDE_MM + 3.0) / geometry.spacing_mm[0])))
    whole, geometry = liver.shape, geometry.cropped(*box_start_shape(box))
    hu, liver, masks = hu[box], liver[box], {name: mask[box] for name, mask in masks.items()}
    spacing = geometry.spacing_mm[0]
    gallbladder = masks.get("gallbladder")
    if gallbladder is not None and inside_liver(gallbladder, liver, spacing):
        # fluid inside the liver is a cyst rather
        masks.pop("gallbladder")
    tissue = measure_parenchyma(hu, liver, masks, geometry)
    monitor.progress(0.5)
    check_cancelled(monitor)
    found: list[Candidate] = []
    for sign in (-1, 1):
        found += _one_sign(hu, tissue, liver, masks, sign, spacing)
        monitor.progress(0.75 if sign < 0 else 1.0)
    sure = [c for c in found if c.score >= MIN_SCORE]
    outside = find_outside(hu, tissue, liver, masks, sure, MIN_SCORE, spacing)
    # where veins are bright, what is bright beside the liver is a vein
    found += [c for c in outside if c.contrast_hu < 0.0 or not phase.veins_visible]
    found = sorted((c for c in found if c.score >= MIN_SCORE), key=lambda c: (-c.score, -c.ml))[:MAX_CANDIDATES]
    limits = _limits(tissue, phase)
    if not found:
        note = f"no compact region in the liver differs enough from it; {limits}"
        return {"tumour_candidate_1": Found.nothing(note)}
    notes = [one.note if number else f"{one.note}; {limits}" for number, one in enumerate(found)]
    return {
        f"tumour_candidate_{number}": Found(_placed(one.mask, box, whole), "check", note, ("candidate",))
        for number, (one, note) in enumerate(zip(found, notes, strict=True), start=1)
    }


def _limits(tissue: Parenchyma, phase: Phase) -> str:
    """Return in words from which size on lesions can be seen in this picture."""
    words = []
    for contrast in CONTRASTS_HU:
        size = least_visible_mm(tissue, contrast)
        words.append(f"{contrast:.0f} HU " + ("not at all" if size is None else f"from about {size:.0f} mm"))
    unseen = "" if phase.veins_visible else f", in the phase {phase.name} many lesions are as bright as the liver"
    return f"what differs by {' and '.join(words)} would be seen (noise {tissue.noise_hu:.0f} HU){unseen}"


def _placed(mask: Mask, box: Box, shape: tuple[int, ...]) -> Mask:
    result = np.zeros(shape, dtype=bool)
    result[box] = mask
    return result


def _one_sign(hu: Image, tissue: Parenchyma, liver: Mask, masks: Masks, sign: int, spacing: float) -> list[Candidate]:
    """Return the candidates darker (-1) or brighter (+1) than the liver."""
    excess = sign * tissue.excess
    threshold = max(2.8 * tissue.noise_hu, 9.0)
    seeds = tissue.hull & ~tissue.fat & (excess > threshold)
    if sign > 0:
        seeds &= ~dilate_mm(vessels_of(masks, liver), 2.0, spacing)
    seeds = open_mm(seeds, 2.5, spacing)
    result = []
    for part in components(seeds, max(1, int(0.12 / spacing**3 * 1000)))[:MAX_SEEDS]:
        candidate = _measure(part, hu, tissue, liver, masks, sign, spacing)
        if candidate is not None and not any((candidate.mask & other.mask).any() for other in result):
            result.append(candidate)
    faint = _faint(hu, tissue, liver, masks, sign, result, spacing)
    # what differs little is drawn better from the stronger smoothing
    better = [other for other in faint if other.score >= MIN_SCORE]
    return [c for c in result if not any((c.mask & other.mask).any() for other in better)] + faint


def _faint(
    hu: Image, tissue: Parenchyma, liver: Mask, masks: Masks, sign: int, taken: list[Candidate], spacing: float
) -> list[Candidate]:
    """Return larger candidates that differ by a few HU only: round, well inside or at a surface without fat in it."""
    excess = sign * tissue.wide
    threshold = max(3.0 * tissue.noise_wide_hu, 4.5 if sign < 0 else 7.0)
    allowed = tissue.hull & ~tissue.fat & ~dilate_mm(vessels_of(masks, liver), 1.0 if sign < 0 else 3.0, spacing)
    seeds = open_mm(allowed & (excess > threshold), 4.0, spacing)
    plain_hu = max(14.0, 5.0 * tissue.noise_hu)
    sure = [other for other in taken if other.score >= MIN_SCORE and abs(other.contrast_hu) > plain_hu]
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
    mask = component_of(open_mm(mask, 2.0, spacing), seed)
    mask = ndimage.binary_fill_holes(mask)
    ml = volume_ml(mask, spacing)
    if not (WIDE_ML if faint else MIN_ML) <= ml <= MAX_ML:
        return None
    return _score(mask, box, hu, tissue, liver, masks, spacing, faint)


@dataclass(frozen=True, eq=False)
class _Signs:
    """What is measured at a region in ``box``: its shell, what of that is parenchyma, and figures from 0 to 1."""

    mask: Mask
    box: Box
    shell: Mask
    parenchyma: Mask
    vessels: Mask
    ml: float
    contrast_hu: float
    roundness: float
    inside: float  # the share of it that the liver's outline holds

    def share(self, where: Mask) -> float:
        """Return how much of the shell's volume ``where`` fills."""
        return float(np.count_nonzero(where)) / max(1, np.count_nonzero(self.shell))


def _score(
    mask: Mask, box: Box, hu: Image, tissue: Parenchyma, liver: Mask, masks: Masks, spacing: float, faint: bool
) -> Candidate:
    away = distance_mm(mask, spacing, 12.0)
    shell = (away > 1.5 * spacing) & (away <= 6.0)
    field = tissue.wide_draw[box] if faint else tissue.excess_fine[box]
    limit = 0.5 * abs(float(np.median(field[mask]))) + (2.0 * tissue.noise_wide_hu if faint else 8.0)
    parenchyma = shell & tissue.hull[box] & (np.abs(field) < limit)
    outside = field[parenchyma]
    contrast = float(np.median(field[mask])) - (float(np.median(outside)) if outside.size else 0.0)
    ml = volume_ml(mask, spacing)
    equal_radius = (3000.0 * ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    roundness = float(np.clip(float(depth_mm(mask, spacing).max()) / equal_radius, 0.0, 1.0))
    signs = _Signs(mask, box, shell, parenchyma, vessels_of(masks, liver)[box], ml, contrast, roundness,
                   float(np.mean(liver[box][mask])))
    enclosure = signs.share(shell & (parenchyma | signs.vessels))
    free = tissue.hull[box] & ~tissue.fat[box]
    # the strongest of many rays hold what noise adds, which is a large share of a faint contrast
    more = 0.75 * tissue.noise_wide_hu / max(abs(contrast), 1.0) if faint else 0.0
    alone = 1.0 - ramp(streaks(mask, tissue.wide_draw[box], free, spacing), 0.58 + more, 0.72 + more)
    if faint:
        score = _faint_score(signs, tissue, shell & liver[box], alone)
    else:
        score = _clear_contrast(contrast, tissue.noise_hu, alone) * ramp(roundness, 0.38, 0.62)
        score = score * ramp(enclosure, 0.45, 0.75) * (1.0 - ramp(signs.share(shell & (hu[box] < FAT_HU)), 0.03, 0.2))
    score = _doubted(score, signs, tissue, spacing)
    whole = np.zeros(liver.shape, dtype=bool)
    whole[box] = mask
    return Candidate(whole, float(score), contrast, roundness, enclosure, ml, float(np.median(hu[box][mask])))


def _faint_score(signs: _Signs, tissue: Parenchyma, room: Mask, alone: float) -> float:
    """Believe a few HU only of what is large, round and parenchyma to the liver's own outline and around it."""
    plain = float(np.count_nonzero(signs.parenchyma & room)) / max(1, np.count_nonzero(room))
    score = ramp(abs(signs.contrast_hu) / tissue.noise_wide_hu, 2.5, 4.0) * ramp(signs.roundness, 0.55, 0.65)
    score *= ramp(plain, 0.6, 0.8) * ramp(signs.share(room), 0.3, 0.5)
    return score * (ramp(signs.inside, 0.85, 0.97) * alone)


def _clear_contrast(contrast_hu: float, noise_hu: float, alone: float) -> float:
    """Return from 0 to 1 how clearly a region differs from the liver; ``alone`` is 0 for a piece of a vessel."""
    if contrast_hu < 0.0:
        clear = ramp(-contrast_hu, max(8.0, 2.0 * noise_hu), max(22.0, 6.0 * noise_hu))
        # little contrast counts where it is well above the noise and the region is no piece of a vessel
        some = ramp(-contrast_hu, max(6.0, 3.2 * noise_hu), max(8.0, 4.4 * noise_hu)) * alone
    else:
        # unknown vessels are bright
        clear, some = ramp(contrast_hu, max(10.0, 3.0 * noise_hu), max(26.0, 7.0 * noise_hu)), 0.0
    return max(clear * (clear + (1.0 - clear) * alone), some)


def _doubted(score: float, signs: _Signs, tissue: Parenchyma, spacing: float) -> float:
    """Lower the score of what looks like a neighbour, the end of a fissure or the fat along a vessel."""
    box, shell, ml = signs.box, signs.shell, signs.ml
    # what the liver's own outline left out is often a neighbour
    score *= 0.5 + 0.5 * ramp(signs.inside, 0.1, 0.5)
    score *= 0.6 + 0.4 * ramp(ml, 0.4, 1.5)
    # the end of a fissure is small and has fat beside it
    beside_fat = signs.share(shell & tissue.fat[box])
    score *= 1.0 - 0.7 * ramp(beside_fat, 0.02, 0.1) * (1.0 - ramp(ml, 1.0, 3.0))
    inner_fat = signs.share((shell | signs.mask) & tissue.fissure[box])
    score *= 1.0 - 0.8 * ramp(inner_fat, 0.01, 0.05) * (1.0 - ramp(ml, 4.0, 9.0))
    # and what is small and lies along a vessel is often the fat around it
    along = signs.share(shell & dilate_mm(signs.vessels, 1.0, spacing))
    return score * (1.0 - 0.7 * ramp(along, 0.12, 0.3) * (1.0 - ramp(ml, 2.5, 5.0)))
