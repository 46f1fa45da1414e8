"""The portal trunk with splenic and superior mesenteric vein, outside the liver, where the phase shows them."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.abdomen.portal_tube import follow_from_the_liver, with_parts_apart
from anatomy_twin.segmentation.ground.borders import grown_to_half
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.ridges import masked_mean
from anatomy_twin.segmentation.ground.rules import flagged
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    Masks,
    boxed_components,
    close_mm,
    dilate_mm,
    distance_mm,
    erode_mm,
    open_mm,
    touching,
    volume_ml,
)

NAME: Final = "portal_vein"
GRID_MM: Final = 2.0
MIN_CONTRAST_HU: Final = 12.0
# ml: trunk 8 cm of 13 mm, splenic vein 10 cm of 8 mm and a stump of the mesenteric vein are about 20; twice that when
# the pressure is high
TRUNK_ML: Final = (1.0, 45.0)
WHOLE_ML: Final = 6.0
LOCAL_MM: Final = 18.0
SOFT_HU: Final = 60.0
SHADE_MM: Final = 25.0
OWN_LEVEL: Final = 50.0  # percentile: the grid blurs thin veins, so their middle is not as bright as the stems
# share of fat around the trunk: about 0.5 where there is much fat, 0.16 in a lean person; next to none within the liver
LEAST_FAT: Final = (0.05, 0.1)
AWAY_MM: Final = (30.0, 36.0)  # doubtful, and no portal vein
FAT_HU: Final = 20.0
FAT_MM: Final = 5.0
HILAR_FAT: Final = 0.3  # a branch beside a fissure has fat on one side only
NO_FAT: Final = 0.05
ALONG_MM: Final = 4.0
BESIDE_MM: Final = 6.0
ASTRAY: Final = 0.15  # of the volume; 0.1 where the vein runs through a compact pancreas
FAR_MM: Final = 12.0  # half the thickness of a pancreas
BESIDE_CAVA_MM: Final = 20.0
OTHERS_MM: Final = {
    "aorta": 3.5, "kidney_right": 4.0, "kidney_left": 4.0, "bone": 4.0, "spleen": 0.0, "lung_right": 2.0,
    "lung_left": 2.0, "inferior_vena_cava": 1.5, "heart": 2.0, "gallbladder": 0.0,
}


def portal_region(masks: Masks, spacing_mm: float) -> Mask:
    """Return the box of the working grid in which the vein can lie: from the cava to the spleen, before the spine.

    Needs "liver" and "aorta"; empty without them.
    """
    result = np.zeros(next(iter(masks.values())).shape, dtype=bool)
    liver, aorta = masks.get("liver"), masks.get("aorta")
    if liver is None or aorta is None or not (liver.any() and aorta.any()):
        return result
    k_liver = np.flatnonzero(liver.any(axis=(1, 2)))
    _, j, i = np.nonzero(aorta)
    j_middle, i_middle = float(np.median(j)), float(np.median(i))

    def cells(mm: float) -> int:
        return round(mm / spacing_mm)

    low = max(0, int(k_liver[0]) - cells(20.0), int(k_liver[-1]) - cells(230.0))
    high = int(k_liver[0]) + round(0.85 * (k_liver[-1] - k_liver[0])) + 1
    front, back = int(j_middle) - cells(110.0), int(j_middle) + cells(30.0)
    right, left = int(i_middle) - cells(100.0), int(i_middle) + cells(115.0)
    result[low:high, max(0, front):back, max(0, right):left] = True
    return result


def find_portal_vein(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT
) -> dict[str, Found]:
    """Find ``portal_vein``: trunk, splenic vein and the stump of the superior mesenteric vein outside the liver.

    Parameters
    ----------
    hu, geometry : a grid of about 2 mm over ``portal_region``.
    masks : needs "liver"; uses aorta, cava, kidneys, spleen, bone and gallbladder to stay out of them.

    What is brighter than half-way between liver and its vessels, no wider than a vein, and runs from inside the liver
    to outside, is followed 150 mm along itself. Not looked for where the phase does not show veins.
    """
    if not phase.veins_visible:
        state = "not found" if phase.name == "unknown" else "not visible in this phase"
        return {NAME: Found.nothing(f"phase {phase.name}: no brighter than the organs around it", state)}
    liver = masks.get("liver")
    if liver is None or not liver.any():
        return {NAME: Found.nothing("needs the liver")}
    step = geometry.spacing_mm[0]
    smooth = ndimage.gaussian_filter(hu, 1.0 / step, mode="nearest", truncate=3.0)
    level, contrast = vein_level(smooth, liver, step)
    if phase.aorta_hu is not None:
        # the portal vein is about as bright as the aorta then, so what is fainter in the liver are its small branches
        contrast = max(contrast, 0.6 * (phase.aorta_hu - level))
    monitor.progress(0.3)
    check_cancelled(monitor)
    if contrast < MIN_CONTRAST_HU:
        note = f"veins are less than {MIN_CONTRAST_HU:g} HU brighter than the liver"
        return {NAME: Found.nothing(note, "not visible in this phase")}
    others = _others(hu, masks, step)
    # shading by arms in the field lifts whole regions
    core = erode_mm(liver, 4.0, step)
    local = masked_mean(np.clip(smooth, level - 40.0, level + 40.0), core if core.any() else liver, SHADE_MM, step)
    excess = smooth - local
    best: Mask | None = None
    apart = False
    # from generous to strict, until what hangs on the liver is no more than a vein
    for share, radius in ((0.5, 1.2), (0.6, 1.2), (0.6, 2.2), (0.75, 2.2)):
        bright = (excess > share * contrast) & (smooth < level + 2.0 * contrast + 60.0) & ~others
        # half-way to soft tissue that is no liver
        weak = (smooth > min(0.5 * (level + 1.2 * contrast + SOFT_HU), level)) & ~others & ~core
        fat = fat_around(smooth, bright, step)
        in_fat = bright & (fat > HILAR_FAT)
        proper = _liver_proper(smooth, bright, fat, liver, masks, step)
        best = follow_from_the_liver(bright, weak, proper, in_fat, masks, radius, step)
        if best is not None and volume_ml(best, step) <= TRUNK_ML[1]:
            if volume_ml(best & ~proper, step) < WHOLE_ML / 2.0:
                best, apart = with_parts_apart(best, in_fat, masks, step)
            break
    monitor.progress(0.9)
    if best is not None and best.any():
        free = ~others & (~liver | dilate_mm(best, 1.2 * step, step)) & (hu < level + 2.0 * contrast + 60.0)
        best = grown_to_half(hu, best, free, float(np.percentile(smooth[best], OWN_LEVEL)), step)
    volume = 0.0 if best is None else volume_ml(best, step)
    if (best is None or volume < TRUNK_ML[0]) and liver[0].any():
        bright = (excess > 0.5 * contrast) & (smooth < level + 2.0 * contrast + 60.0) & ~others
        stretch = _beside_hilar_fat(smooth, bright, liver, masks, step)
        if stretch is not None:
            note = f"{volume_ml(stretch, step):.0f} ml beside the fat of the hilum; the trunk below is not in the field"
            return {NAME: Found(stretch, "check", note, ("estimated",))}
    if best is None or volume < TRUNK_ML[0]:
        return {NAME: Found.nothing("no bright tube leaves the liver at the hilum")}
    if volume > TRUNK_ML[1]:
        return {NAME: Found.nothing(f"what leaves the hilum has {volume:.0f} ml: more than a portal vein")}
    fat = fat_around(smooth, excess > 0.5 * contrast, step)
    great = masks.get("aorta", np.zeros_like(best)) | masks.get("inferior_vena_cava", np.zeros_like(best))
    away_mm = _away_mm(best, great, step)
    if away_mm > AWAY_MM[1]:
        return {NAME: Found.nothing(f"what leaves the hilum lies {away_mm:.0f} mm and more before aorta and vena cava")}
    judged = _judged(hu, best, liver, proper, fat, apart, step)
    words = f"lies {away_mm:.0f} mm and more before aorta and vena cava"
    return {NAME: flagged(judged, "adjacency", words) if away_mm > AWAY_MM[0] else judged}


def _away_mm(vein: Mask, great: Mask, step: float) -> float:
    """Return how far from aorta and vena cava all but the nearest tenth of a vein lies; 0 where neither is known.

    Of generated portal veins and a real one this is 11 to 20 mm; bowel behind the front wall lies beyond 40 mm.
    """
    if not great.any():
        return 0.0
    return float(np.percentile(distance_mm(great, step, 2.0 * AWAY_MM[1])[vein], 10.0))


def _judged(hu: Image, vein: Mask, liver: Mask, proper: Mask, fat: Image, apart: bool, step: float) -> Found:
    """Return the vein with what speaks against it: too little of it, too little fat around it, pieces apart.

    ``proper`` is the liver as the finder took it: what it holds beyond ``liver`` are vessels in a solid organ, and a
    trunk beside many of them may be a branch in a part of the liver that was not drawn.
    """
    outer, outer_ml = vein & ~liver, volume_ml(vein & ~proper, step)
    astray_ml = volume_ml(proper & ~liver & dilate_mm(vein, BESIDE_MM, step), step)
    share = float(np.mean(fat[outer])) if outer.any() else 1.0
    if share < LEAST_FAT[0]:
        return Found.nothing("what leaves the hilum has no fat around it, as vessels in the liver have none")
    volume = volume_ml(vein, step)
    bright_hu = float(np.median(hu[vein]))
    note = f"{volume:.0f} ml, {bright_hu:.0f} HU; followed from the hilum as far as it keeps its brightness"
    told = {
        "volume": "too little for trunk and splenic vein together" if volume < WHOLE_ML
        else "little of it outside the liver" if outer_ml < WHOLE_ML else "",
        "estimated": "in pieces, the way between is not seen" if apart else "",
        "adjacency": "little fat around it" if share < LEAST_FAT[1]
        else "beside vessels in a solid organ that is not the liver" if astray_ml > ASTRAY * volume else "",
    }
    rules = tuple(rule for rule, words in told.items() if words)
    return Found(vein, "check" if rules else "ok", "; ".join([note, *(told[rule] for rule in rules)]), rules)


def _liver_proper(smooth: Image, bright: Mask, fat: Image, liver: Mask, masks: Masks, step: float) -> Mask:
    """Return the liver without vessels that run in fat, where its outline was drawn across the hilum.

    And with what a poor outline left out: a vessel far from all fat runs in a large solid organ, which the pancreas is
    not, and far to the right of the cava the trunk runs in fat or not at all.
    """
    result = liver & ~(bright & (fat > HILAR_FAT))
    cava = masks.get("inferior_vena_cava")
    if cava is not None and cava.any():
        right = int(float(np.nonzero(cava)[2].mean()) - BESIDE_CAVA_MM / step)
        if right > 0:
            result[..., :right] |= (fat < NO_FAT)[..., :right] & bright[..., :right]
    seen = open_mm(smooth < FAT_HU, step, step)
    return result | (bright & (distance_mm(seen, step, FAR_MM + step) > FAR_MM)) if seen.any() else result


def fat_around(smooth: Image, bright: Mask, step: float) -> Image:
    """Return which share of what is no bright vessel nearby (Gaussian, 5 mm) is fat, 0 to 1."""
    fat = ndimage.gaussian_filter((smooth < FAT_HU).astype(np.float32), FAT_MM / step, truncate=2.5)
    rest = ndimage.gaussian_filter((~bright).astype(np.float32), FAT_MM / step, truncate=2.5)
    return np.asarray(np.where(rest > 0.02, fat / np.maximum(rest, 0.02), 0.0), dtype=np.float32)


def _beside_hilar_fat(smooth: Image, bright: Mask, liver: Mask, masks: Masks, step: float) -> Mask | None:
    """Return the widest stretch of vessel beside the fat in the liver's inner bays, where the trunk divides.

    For a field that ends in the liver, with the trunk below it. It must lie before the aorta and to the right of it.
    """
    hull = close_mm(liver, 16.0, step)
    fat = open_mm((smooth < 20.0) & erode_mm(hull, 6.0, step), step, step)
    if not fat.any():
        return None
    wide = open_mm(bright & hull, 2.6, step)
    pieces = boxed_components(wide & dilate_mm(fat, 6.0, step), max(2, int(1.0 / step**3 * 1000.0)))
    aorta = masks.get("aorta")
    for box, part in pieces:
        _, j, i = (float(np.median(axis)) + side.start for axis, side in zip(np.nonzero(part), box, strict=True))
        if aorta is not None and aorta.any():
            _, b, a = (float(np.median(axis)) for axis in np.nonzero(aorta))
            if (b - j) * step < 10.0 or (a - i) * step < 10.0:
                continue
        result = np.zeros_like(liver)
        result[box] = part
        result = touching(dilate_mm(result, ALONG_MM, step) & bright & hull, result)
        beside = dilate_mm(result, 1.2 * step, step)
        return grown_to_half(smooth, result, beside, float(np.percentile(smooth[result], OWN_LEVEL)), step)
    return None


def vein_level(smooth: Image, liver: Mask, step: float) -> tuple[float, float]:
    """Return the liver's median HU and how much brighter than the liver around them its large vessels are (0: none)."""
    core = erode_mm(liver, 4.0, step)
    core = core if core.any() else liver
    level = float(np.median(smooth[core]))
    excess = (smooth - masked_mean(smooth, core, LOCAL_MM, step))[core]
    middle = float(np.median(excess))
    spread = 1.4826 * float(np.median(middle - excess[excess < middle])) if (excess < middle).any() else 5.0
    top = excess[excess > middle + 2.5 * spread]
    return level, float(np.percentile(top, 70)) - middle if top.size * step**3 > 320.0 else 0.0


def _others(hu: Image, masks: Masks, step: float) -> Mask:
    result = np.zeros(hu.shape, dtype=bool)
    for name, rim in OTHERS_MM.items():
        if name in masks and masks[name].any():
            result |= dilate_mm(masks[name], rim, step) if rim else masks[name]
    # contrast medium in bowel, with its wall
    lumen = open_mm(hu > 260.0, 0.9 * step, step)
    return result | (dilate_mm(lumen, 4.0, step) if lumen.any() else lumen)
