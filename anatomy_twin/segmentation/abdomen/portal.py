"""The portal trunk with splenic and superior mesenteric vein, outside the liver, where the phase shows them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
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
TRUNK_ML: Final = (1.0, 45.0)
WHOLE_ML: Final = 6.0
WIDEST_MM: Final = 10.5  # half the width of what is no vein any more
LOCAL_MM: Final = 18.0
SOFT_HU: Final = 60.0
SHADE_MM: Final = 25.0
HILAR_RADIUS_MM: Final = 4.5
NEAR_MM: Final = 24.0
LINK_MM: Final = 30.0
GAP_MM: Final = 15.0  # where two veins meet they are cut obliquely and read thin
FORK_MM: Final = 12.0
IN_LIVER_MM: Final = 45.0
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
    # shading by arms in the field lifts whole regions
    core = erode_mm(liver, 4.0, step)
    local = masked_mean(np.clip(smooth, level - 40.0, level + 40.0), core if core.any() else liver, SHADE_MM, step)
    excess = smooth - local
    best: Mask | None = None
    # from generous to strict, until what hangs on the liver is no more than a vein
    for share, radius in ((0.5, 1.2), (0.6, 1.2), (0.6, 2.2), (0.75, 2.2)):
        bright = (excess > share * contrast) & (smooth < level + 2.0 * contrast + 60.0) & ~others
        # half-way to soft tissue that is no liver
        weak = (smooth > min(0.5 * (level + 1.2 * contrast + SOFT_HU), level)) & ~others & ~core
        best = _from_the_liver(bright, weak, liver, masks, radius, step)
        if best is not None and volume_ml(best, step) <= TRUNK_ML[1]:
            break
    monitor.progress(0.9)
    if best is not None and best.any():
        free = ~others & (~liver | dilate_mm(best, 1.2 * step, step)) & (hu < level + 2.0 * contrast + 60.0)
        best = grown_to_half(hu, best, free, float(np.percentile(smooth[best], 75)), step)
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
    brightness = float(np.median(hu[best]))
    note = f"{volume:.0f} ml, {brightness:.0f} HU; followed from the hilum as far as it keeps its brightness"
    if volume < WHOLE_ML:
        return {NAME: Found(best, "check", f"{note}; too little for trunk and splenic vein together", ("volume",))}
    return {NAME: Found(best, "ok", note)}


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
        return dilate_mm(result, 4.0, step) & bright & hull
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


def _from_the_liver(bright: Mask, weak: Mask, liver: Mask, masks: Masks, radius_mm: float, step: float) -> Mask | None:
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
    whole = _joined(whole, core, tube, weak, masks, step)
    if volume_ml(whole & ~liver, step) < 0.2:
        return None
    grown = (dilate_mm(whole, radius_mm + 0.6 * step, step) & tube) | whole
    tube = _within_reach(grown, whole & deep, step)
    outer = _outside(tube, liver, step)
    free = _not_above(outer & ~close_mm(liver, 10.0, step), masks, step)
    if volume_ml(free, step) > 1.0:
        return _with_stem(tube | outer, free, deep, step)
    # only the hilum is in the field: a trunk there is wide, branches in fissures are not
    wide = float(depth_mm(outer, step, 8.0).max()) >= HILAR_RADIUS_MM
    return _with_stem(tube | outer, outer, deep, step) if wide else None


def _not_above(outer: Mask, masks: Masks, step: float) -> Mask:
    """Remove pieces that lie higher than the largest one, unless far to the left, where the splenic vein rises."""
    pieces = boxed_components(outer)
    aorta = masks.get("aorta")
    left = float(np.median(np.nonzero(aorta)[2])) + 20.0 / step if aorta is not None and aorta.any() else np.inf
    result = outer.copy()
    for box, part in pieces[1:]:
        above = box[0].start > pieces[0][0][0].stop + 10.0 / step
        if above and box[2].start + float(np.nonzero(part)[2].mean()) < left:
            result[box] &= ~part
    return result


def _joined(whole: Mask, core: Mask, tube: Mask, weak: Mask, masks: Masks, step: float) -> Mask:
    """Add the cores that hang on the first by a thin piece of tube, but nothing that hangs on the aorta.

    Where the vein bends it is cut lengthwise by thick slices and reads thin or faint: 30 mm of tube may lie between,
    of which each mm that is only ``weak`` counts three.
    """
    aorta = masks.get("aorta")
    near_aorta = distance_mm(aorta, step, 9.0) < 7.5 if aorta is not None and aorta.any() else np.zeros_like(whole)
    slowness = np.where(tube, 1.0, np.where(weak & ~near_aorta, 3.0, np.inf)).astype(np.float32)
    for _ in range(3):
        way = travel_time(slowness, whole, (step, step, step), LINK_MM)
        labels, count = ndimage.label(core & ~whole)
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        arteries = np.unique(labels[near_aorta & (labels > 0)])
        met = np.setdiff1d(np.unique(labels[np.isfinite(way) & (labels > 0)]), arteries)
        met = met[sizes[met] * step**3 / 1000.0 > 0.15]
        if not met.size:
            break
        added = np.isin(labels, met)
        for number in met:
            for place in _way_back(way, labels == number):
                added[place] = True
        whole = whole | (added & (tube | weak))
    return whole


def _way_back(way: NDArray[np.float64], end: Mask) -> list[tuple[slice, slice, slice]]:
    """Return the voxels, each with its neighbours, on the fastest way from the start of ``way`` to ``end``."""
    places = np.argwhere(end)
    k, j, i = (int(n) for n in places[int(np.argmin(way[end]))])
    path = []
    while True:
        around = (slice(max(0, k - 1), k + 2), slice(max(0, j - 1), j + 2), slice(max(0, i - 1), i + 2))
        path.append(around)
        part = way[around]
        best = np.unravel_index(int(np.argmin(part)), part.shape)
        if part[best] >= way[k, j, i] or way[k, j, i] <= 0.0:
            return path
        k, j, i = (int(n) + side.start for n, side in zip(best, around, strict=True))


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


def _with_stem(tube: Mask, outer: Mask, deep: Mask, step: float) -> Mask:
    """Return the largest piece outside the liver and the stem that runs from it into the hilum up to its first fork.

    ``outer`` is the part of ``tube`` that surely is no branch; its other pieces stay where they lie within 15 mm along
    the tube, or the stem meets them. From there the tube is followed in steps of 2 mm; it has forked where what lies
    ahead falls into two wide parts that both go on for 12 mm, at the latest 45 mm after it came to lie in ``deep``.
    """
    pieces = boxed_components(outer)
    if not pieces:
        return outer
    main = np.zeros_like(outer)
    main[pieces[0][0]] = pieces[0][1]
    whole = touching(tube | outer, main)
    box = box_of(whole, 2)
    part, start = whole[box], main[box]
    slowness = np.where(part, 1.0, np.inf).astype(np.float32)
    near = np.isfinite(travel_time(slowness, start, (step, step, step), GAP_MM))
    start = touching(outer[box], start | (near & outer[box]))
    way = travel_time(slowness, start, (step, step, step), STEM_MM + 30.0)
    depth = depth_mm(part, step, 12.0)
    widest = float(np.percentile(depth[start], 95))
    inside = part & deep[box] & np.isfinite(way)
    last = min(STEM_MM, float(way[inside].min()) + IN_LIVER_MM) if inside.any() else STEM_MM
    end, barred = last, np.zeros_like(part)
    for far in np.arange(0.0, last, 2.0):
        # only so far ahead: farther on the branches touch other vessels again
        ahead = part & (way > far) & (way < far + FORK_MM + 6.0) & (depth > 0.3 * widest) & ~barred
        labels, count = ndimage.label(ahead, np.ones((3, 3, 3)))
        numbers = np.arange(1, count + 1)
        if not count:
            end = far
            break
        nearest = np.asarray(ndimage.minimum(way, labels, numbers))
        reach = np.asarray(ndimage.maximum(way, labels, numbers))
        veins = np.unique(labels[outer[box] & ~start])  # what leads to another vein outside is no branch
        large = numbers[(nearest < far + 2.5 * step) & (reach > far + FORK_MM) & ~np.isin(numbers, veins)]
        if np.isin(numbers, veins).any() and not large.size:
            continue
        if far < 8.0 and large.size > 1:
            # branches of the veins outside; the stem is the widest
            sizes = np.bincount(labels.ravel())[large]
            barred |= np.isin(labels, np.delete(large, int(np.argmax(sizes))))
        elif large.size != 1:
            end = far
            break
    stem = part & (way <= end) & ~barred
    result = np.zeros_like(outer)
    result[box] = touching(open_mm(stem, 0.5 * widest, step) | (stem & near) | outer[box], start)
    return result
