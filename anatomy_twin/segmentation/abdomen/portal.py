"""The portal trunk with splenic and superior mesenteric vein, outside the liver, where the phase shows them."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.kernels.seg_geodesic import travel_time
from anatomy_twin.segmentation.ground.borders import grown_to_half
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.ridges import masked_mean
from anatomy_twin.segmentation.ground.working_grid import (
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
TRUNK_ML: Final = (1.0, 60.0)
WIDEST_MM: Final = 10.5  # half the width of what is no vein any more
LOCAL_MM: Final = 18.0
NEAR_MM: Final = 24.0
FORK_MM: Final = 12.0
STEM_MM: Final = 75.0  # a portal trunk is about 80 mm long
REACH_MM: Final = 150.0  # along the vein from the liver: confluence, spleen and the mesenteric stump lie nearer
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
    best: Mask | None = None
    # from generous to strict, until what hangs on the liver is no more than a vein
    for share, radius in ((0.5, 1.2), (0.6, 1.2), (0.6, 2.2), (0.75, 2.2)):
        bright = (smooth > level + share * contrast) & (smooth < level + 2.0 * contrast + 60.0) & ~others
        best = _from_the_liver(bright, liver, masks, radius, step)
        if best is not None and volume_ml(best, step) <= TRUNK_ML[1]:
            break
    monitor.progress(0.9)
    if best is not None and best.any():
        free = ~others & (~liver | dilate_mm(best, 1.2 * step, step)) & (hu < level + 2.0 * contrast + 60.0)
        best = grown_to_half(hu, best, free, float(np.percentile(smooth[best], 75)), step)
    volume = 0.0 if best is None else volume_ml(best, step)
    if best is None or volume < TRUNK_ML[0]:
        return {NAME: Found.nothing("no bright tube leaves the liver at the hilum")}
    if volume > TRUNK_ML[1]:
        return {NAME: Found.nothing(f"what leaves the hilum has {volume:.0f} ml: more than a portal vein")}
    brightness = float(np.median(hu[best]))
    note = f"{volume:.0f} ml, {brightness:.0f} HU; followed from the hilum as far as it keeps its brightness"
    return {NAME: Found(best, "ok", note)}


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


def _from_the_liver(bright: Mask, liver: Mask, masks: Masks, radius_mm: float, step: float) -> Mask | None:
    """Return what runs on outside the liver from its vessels, of the tubes the one that leaves it at the hilum."""
    tube = bright & ~open_mm(bright, WIDEST_MM, step)
    core = erode_mm(tube, radius_mm, step)
    hull = close_mm(liver, 16.0, step)
    deep = erode_mm(liver, 3.0, step)
    parts = boxed_components(core, max(4, int(0.15 / step**3 * 1000.0)))[:25]
    scores = [_hilar_score(part, box, deep[box], hull[box], liver, masks, step) for box, part in parts]
    if not scores or max(scores) <= 0.0:
        return None
    box, part = parts[int(np.argmax(scores))]
    whole = np.zeros(liver.shape, dtype=bool)
    whole[box] = part
    whole = _joined(whole, core, tube, masks, step)
    if volume_ml(whole & ~liver, step) < 0.2:
        return None
    grown = dilate_mm(whole, radius_mm + 0.6 * step, step) & tube
    tube = _within_reach(grown, whole & deep, step)
    outer = _outside(tube, liver, step)
    free = outer & ~hull
    return _with_stem(tube | outer, free if volume_ml(free, step) > 1.0 else outer, step)


def _joined(whole: Mask, core: Mask, tube: Mask, masks: Masks, step: float) -> Mask:
    """Add the cores that hang on the first by a thin piece of tube of up to 8 mm, but nothing that hangs on the aorta.

    Where the vein bends it is cut lengthwise by thick slices and reads thin.
    """
    aorta = masks.get("aorta")
    near_aorta = distance_mm(aorta, step, 9.0) < 7.5 if aorta is not None and aorta.any() else np.zeros_like(whole)
    for _ in range(2):
        bridge = touching(dilate_mm(whole, 8.0, step) & tube, whole)
        labels, count = ndimage.label(core & ~whole)
        hits = np.unique(labels[bridge & (labels > 0)])
        arteries = np.unique(labels[near_aorta & (labels > 0)])
        chosen = np.setdiff1d(hits, arteries)
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        chosen = chosen[sizes[chosen] * step**3 / 1000.0 > 0.15]
        if not chosen.size:
            break
        whole = whole | np.isin(labels, chosen) | bridge
    return whole


def _hilar_score(
    part: Mask, box: tuple[slice, slice, slice], deep: Mask, hull: Mask, liver: Mask, masks: Masks, step: float
) -> float:
    """Return how much a tube looks like the portal vein: in the liver and out of it, before the cava, mid-height."""
    inside = volume_ml(part & deep, step)
    bay = volume_ml(part & hull & ~deep, step)
    if bay < 0.15:
        return 0.0
    k, j, i = (float(np.median(axis)) + side.start for axis, side in zip(np.nonzero(part & hull), box, strict=True))
    held = np.flatnonzero(liver.any(axis=(1, 2)))
    height = (k - held[0]) / max(1, held[-1] - held[0])
    score = min(3.0, inside + 0.3) * min(2.0, bay) * (1.0 if 0.05 < height < 0.85 else 0.3)
    anchor = masks.get("inferior_vena_cava")
    sideways = 0.0
    if anchor is None or not anchor.any():
        anchor, sideways = masks.get("aorta"), 36.0
    if anchor is not None and anchor.any():
        rows = np.flatnonzero(anchor.any(axis=(1, 2)))
        nearest = anchor[rows[int(np.argmin(np.abs(rows - k)))]]
        b, a = (float(np.mean(axis)) for axis in np.nonzero(nearest))
        front, left = (b - j) * step, (i - a) * step + sideways
        score *= float(np.clip((front - 2.0) / 8.0, 0.05, 1.0)) * float(np.exp(-0.5 * (left / 35.0) ** 2))
    return score


def _within_reach(tube: Mask, doors: Mask, step: float) -> Mask:
    """Return the part of the tube that can be reached from inside the liver within ``REACH_MM`` along itself."""
    reached = tube & dilate_mm(doors, 1.5 * step, step) if doors.any() else tube
    cube = ndimage.generate_binary_structure(3, 3)
    return np.asarray(ndimage.binary_dilation(reached, cube, iterations=int(REACH_MM / (1.25 * step)), mask=tube))


def _outside(tube: Mask, liver: Mask, step: float) -> Mask:
    """Return the pieces of a tube outside the liver, without thin branches that only lie in bays of its outline."""
    bays, beside = close_mm(liver, 8.0, step), dilate_mm(liver, 5.0, step)
    result = np.zeros_like(tube)
    pieces = boxed_components(tube & ~liver, max(2, int(0.1 / step**3 * 1000.0)))
    waiting = []
    for number, (box, part) in enumerate(pieces):
        thick = float(depth_mm(part, step, 5.0).max()) >= 3.5
        if number == 0:
            result[box] |= part
        elif box[0].start >= pieces[0][0][0].stop + round(6.0 / step) and np.mean(beside[box][part]) > 0.5:
            continue  # above the trunk and along the liver: its own edge
        elif thick or np.count_nonzero(part & ~bays[box]) > 0.4 * np.count_nonzero(part):
            waiting.append((box, part))
    for _ in range(3):
        # a piece far from what is kept is the liver's own edge
        reach = distance_mm(result, step, NEAR_MM + 2.0)
        for box, part in waiting:
            if float(reach[box][part].min()) <= NEAR_MM:
                result[box] |= part
    return result


def _with_stem(tube: Mask, outer: Mask, step: float) -> Mask:
    """Return what lies outside, and the stem that runs on from it into the liver as far as its first fork.

    ``outer`` is the part of ``tube`` that surely is no branch. From it the tube is followed in steps of 3 mm; it has
    forked where what lies ahead falls into two wide parts that both go on for 12 mm.
    """
    whole = touching(tube | outer, outer)
    box = box_of(whole, 2)
    part, start = whole[box], outer[box]
    if not start.any():
        return outer
    slowness = np.where(part, 1.0, np.inf).astype(np.float32)
    way = travel_time(slowness, start, (step, step, step), STEM_MM + 30.0)
    depth = depth_mm(part, step, 12.0)
    widest = float(np.percentile(depth[start], 95))
    end = STEM_MM
    for far in np.arange(0.0, STEM_MM, 2.0):
        # only so far ahead: farther on the branches touch other vessels again
        ahead = part & (way > far) & (way < far + FORK_MM + 6.0) & (depth > 0.3 * widest)
        labels, count = ndimage.label(ahead, np.ones((3, 3, 3)))
        numbers = np.arange(1, count + 1)
        if not count:
            end = far
            break
        nearest = np.asarray(ndimage.minimum(way, labels, numbers))
        reach = np.asarray(ndimage.maximum(way, labels, numbers))
        large = (nearest < far + 2.5 * step) & (reach > far + FORK_MM)
        if np.count_nonzero(large) != 1 and (far > 0.0 or not large.any()):
            end = far
            break
    result = outer.copy()
    stem = part & (way <= end)
    result[box] |= touching(open_mm(stem, 0.5 * widest, step) | start, start)
    return result
