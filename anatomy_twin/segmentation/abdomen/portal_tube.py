"""The tube that leaves the liver at its hilum: which one it is, what belongs to it, and where it forks inside."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.kernels.seg_geodesic import travel_time
from anatomy_twin.segmentation.ground.working_grid import (
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

WIDEST_MM: Final = 10.5  # half the width of what is no vein any more
HILAR_RADIUS_MM: Final = 4.5
WIDE_MM: Final = 3.4
BEFORE_AORTA_MM: Final = 15.0
APART_MM: Final = 45.0
NEAR_MM: Final = 24.0
LINK_MM: Final = 30.0
GAP_MM: Final = 15.0  # where two veins meet they are cut obliquely and read thin
FORK_MM: Final = 12.0
IN_LIVER_MM: Final = 45.0
STEM_MM: Final = 75.0  # a portal trunk is about 80 mm long
REACH_MM: Final = 150.0  # along the vein from the liver: confluence, spleen and the mesenteric stump lie nearer


def follow_from_the_liver(
    bright: Mask, weak: Mask, liver: Mask, in_fat: Mask, masks: Masks, radius_mm: float, step: float
) -> Mask | None:
    """Return what runs on outside the liver from its vessels, of the tubes the one that leaves it at the hilum.

    Parameters
    ----------
    bright : as bright as veins; weak : brighter than soft tissue, may bridge gaps; in_fat : the bright in fat.
    liver : without vessels that only lie in bays of its outline. radius_mm : what is thinner does not lead on.
    """
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
    widest_mm = float(depth_mm(outer, step, 8.0).max())
    wide = widest_mm >= (WIDE_MM if _mostly(in_fat, outer) else HILAR_RADIUS_MM)
    return _with_stem(tube | outer, outer, deep, step) if wide else None


def with_parts_apart(vein: Mask, in_fat: Mask, masks: Masks, step: float) -> tuple[Mask, bool]:
    """Return the vein with up to two other stretches of it, and whether there are any.

    Where the vein is pressed flat its trunk and the mesenteric vein are apart. A stretch is wide, runs in fat, lies
    between cava and aorta and well before them, goes up for 10 mm or more and keeps away from arteries; 45 mm may lie
    between.
    """
    aorta, cava = masks.get("aorta"), masks.get("inferior_vena_cava")
    if aorta is None or cava is None or not (aorta.any() and cava.any()):
        return vein, False
    behind = float(np.median(np.nonzero(aorta)[1])) - BEFORE_AORTA_MM / step
    right = float(np.median(np.nonzero(cava)[2])) - 15.0 / step
    left = float(np.median(np.nonzero(aorta)[2])) + 12.0 / step
    arteries = distance_mm(aorta, step, 9.0) < 7.5
    away = distance_mm(vein, step, APART_MM + 2.0)
    result, added = vein.copy(), 0
    for box, part in boxed_components(in_fat & ~vein, max(2, int(0.4 / step**3 * 1000.0))):
        _, j, i = (float(axis.mean()) + side.start for axis, side in zip(np.nonzero(part), box, strict=True))
        tall_mm = (box[0].stop - box[0].start) * step
        if j > behind or not right < i < left or tall_mm < 10.0 or (arteries[box] & part).any():
            continue
        near = float(away[box][part].min()) <= APART_MM
        if near and float(depth_mm(part, step, 5.0).max()) >= WIDE_MM:
            result[box] |= part
            added += 1
        if added == 2:
            break
    return result, added > 0


def _mostly(field: Mask, part: Mask) -> bool:
    return bool(np.count_nonzero(field & part) > 0.5 * np.count_nonzero(part))


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
