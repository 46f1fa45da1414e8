"""Candidates of lesions in and on the kidneys: cysts, and solid bulges that enhance less than the kidney."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.abdomen.lesion_ground import ramp
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.working_grid import (
    Box,
    Found,
    Image,
    Mask,
    Masks,
    box_of,
    boxed_components,
    close_mm,
    depth_mm,
    dilate_mm,
    distance_mm,
    open_mm,
    volume_ml,
)

SMOOTH_MM: Final = 1.5
FLUID_HU: Final = (-12.0, 26.0)
FAT_HU: Final = -25.0
REACH_MM: Final = 22.0  # how far a cyst may bulge out of the kidney
HULL_MM: Final = 8.0
CORE_MM: Final = 3.0
LESION_ML: Final = (0.5, 400.0)
MIN_SCORE: Final = 0.45
MAX_CANDIDATES: Final = 6


@dataclass(frozen=True, eq=False)
class Candidate:
    """One region of one kidney, on the grid that was given."""

    mask: Mask
    side: str
    score: float
    note: str


def find_kidney_lesions(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT
) -> dict[str, Found]:
    """Find ``kidney_lesion_candidate_1`` ... (best first) on a grid of about 1.5 mm around the kidneys.

    Cysts: even fluid, round, leaning on the kidney. Solid ones only in the portal venous and delayed phases, where
    cortex and medulla are equally bright: less enhanced than the kidney and bulging out of it. What lies on the side of
    the spine at mid-height is taken for renal pelvis and left out, a cyst there too. Every state is "check".
    """
    found: list[Candidate] = []
    for side in ("kidney_right", "kidney_left"):
        kidney = masks.get(side)
        if kidney is not None and kidney.any():
            check_cancelled(monitor)
            found += _of_one(hu, kidney, side, masks, phase, geometry.spacing_mm[0])
    found = sorted((c for c in found if c.score >= MIN_SCORE), key=lambda c: -c.score)[:MAX_CANDIDATES]
    unseen = "" if phase.veins_visible else f"; solid lesions are not told from the kidney in the phase {phase.name}"
    if not found:
        missing = all(masks.get(side) is None for side in ("kidney_right", "kidney_left"))
        note = "needs a kidney" if missing else f"no round region in or on the kidneys differs enough from them{unseen}"
        return {"kidney_lesion_candidate_1": Found.nothing(note)}
    return {
        f"kidney_lesion_candidate_{number}": Found(
            c.mask, "check", c.note + (unseen if number == 1 else ""), ("candidate",), c.side
        )
        for number, c in enumerate(found, start=1)
    }


def _of_one(hu: Image, kidney: Mask, side: str, masks: Masks, phase: Phase, step: float) -> list[Candidate]:
    box = box_of(kidney, int(np.ceil((REACH_MM + 6.0) / step)))
    part, organ = hu[box], kidney[box]
    smooth = ndimage.gaussian_filter(part, SMOOTH_MM / step, mode="nearest", truncate=3.0)
    level = float(np.median(smooth[organ]))
    others = np.zeros_like(organ)
    for name, mask in masks.items():
        if name not in (side, "body", "unknown_tissue"):
            others |= mask[box]
    allowed = dilate_mm(organ, REACH_MM, step) & ~others
    hull = close_mm(organ, HULL_MM, step)
    kinds = [("fluid", (smooth > FLUID_HU[0]) & (smooth < min(FLUID_HU[1], level - 12.0)))]
    if phase.veins_visible and level > 90.0:
        solid = (smooth > FLUID_HU[1] + 4.0) & (smooth < level - max(35.0, 0.25 * level))
        kinds.append(("solid", solid))
    result: list[Candidate] = []
    for kind, wanted in kinds:
        cores = open_mm(wanted & allowed, CORE_MM, step)
        for place, core in boxed_components(cores, max(2, int(0.25 / step**3 * 1000.0)))[:10]:
            whole = np.zeros_like(organ)
            whole[place] = core
            candidate = _measured(whole, part, smooth, organ, hull, kind, level, side, step)
            if candidate is not None:
                central = _central(candidate[0], organ, side, step)
                score = candidate[1] * (1.0 - central)
                candidate = candidate[0], score, f"score {score:.2f}: {candidate[2]}"
                result.append(_placed(candidate, side, hu.shape, box))
    return result


def _central(mask: Mask, organ: Mask, side: str, step: float) -> float:
    """Return 0 to 1: how surely a region lies where the pelvis does, on the spine's side at the kidney's mid-height."""
    here, middle = (np.mean(np.nonzero(field), axis=1) for field in (mask, organ))
    toward = (here[2] - middle[2]) * step * (1.0 if side == "kidney_right" else -1.0)
    held = np.flatnonzero(organ.any(axis=(1, 2)))
    height = abs(here[0] - 0.5 * (held[0] + held[-1])) / max(1.0, 0.5 * (held[-1] - held[0]))
    # a cyst that bulges to the front or the back lies off the middle in that direction too; the pelvis looks forward
    behind = float(here[1] - middle[1]) * step
    aside = ramp(behind, 11.0, 17.0) if behind > 0.0 else ramp(-behind, 17.0, 24.0)
    return ramp(toward, -4.0, 4.0) * (1.0 - ramp(height, 0.5, 0.75)) * (1.0 - aside)


def _medial(mask: Mask, organ: Mask, side: str, step: float) -> float:
    """Return 0 to 1: how surely a region lies on that side of the kidney's middle where the sinus is."""
    toward = (np.mean(np.nonzero(mask)[2]) - np.mean(np.nonzero(organ)[2])) * step
    return ramp(float(toward) * (1.0 if side == "kidney_right" else -1.0), -9.0, -1.0)


def _placed(found: tuple[Mask, float, str], side: str, shape: tuple[int, ...], box: Box) -> Candidate:
    mask = np.zeros(shape, dtype=bool)
    mask[box] = found[0]
    return Candidate(mask, side, found[1], found[2])


def _measured(
    core: Mask, hu: Image, smooth: Image, organ: Mask, hull: Mask, kind: str, level: float, side: str, step: float
) -> tuple[Mask, float, str] | None:
    """Return (mask, score, note) of one region, None where its size is no lesion's."""
    inside = float(np.median(smooth[core]))
    half = 0.5 * (inside + level)
    rim = dilate_mm(core, 1.5 * step, step) & (smooth > 0.5 * (inside - 100.0)) & (smooth < half)
    mask = ndimage.binary_fill_holes(core | rim)
    ml = volume_ml(mask, step)
    if not LESION_ML[0] <= ml <= LESION_ML[1]:
        return None
    away = distance_mm(mask, step, 8.0)
    shell = (away > 0.9 * step) & (away <= 4.0)
    count = max(1, int(np.count_nonzero(shell)))
    contact = np.count_nonzero(shell & organ) / count
    fat = np.count_nonzero(shell & (hu < FAT_HU)) / count
    bulge = np.count_nonzero(mask & ~hull) / max(1, int(np.count_nonzero(mask)))
    radius = (3000.0 * ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    roundness = min(1.0, float(depth_mm(mask, step).max()) / radius)
    spread = float(np.std(smooth[core]))
    score = ramp(roundness, 0.56, 0.72) * ramp(contact, 0.06, 0.18) * ramp(ml, 0.4, 1.0)
    # what lies in the hollow of the kidney with fat about it is pelvis, vessels or sinus
    score *= 1.0 - ramp(fat, 0.06, 0.2) * (1.0 - ramp(bulge, 0.25, 0.5)) * _medial(mask, organ, side, step)
    if kind == "solid":
        # inside the outline only where no sinus is
        inside_ok = (1.0 - _medial(mask, organ, side, step)) * ramp(roundness, 0.7, 0.82)
        score *= max(ramp(bulge, 0.05, 0.18), inside_ok) * ramp(contact, 0.2, 0.35) * ramp(ml, 1.0, 3.0)
        score *= 1.0 - ramp(spread, 23.0, 32.0)
    else:
        # fluid that touches neither kidney nor fat with most of its surface is bowel
        score *= (1.0 - ramp(spread, 9.0, 16.0)) * (1.0 - ramp(1.0 - contact - fat, 0.58, 0.74))
        # fluid that does not reach the outside is a calyx rather
        inner = (1.0 - ramp(bulge, 0.01, 0.06)) * (1.0 - ramp(fat, 0.0, 0.08))
        score *= 1.0 - 0.8 * inner * _medial(mask, organ, side, step)
    words = "fluid, a cyst?" if kind == "fluid" else "solid, enhances less than the kidney"
    return mask, score, f"{ml:.1f} ml, {inside:.0f} HU ({words}), kidney {level:.0f} HU"
