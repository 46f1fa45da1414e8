"""The kidneys: compact organs in fat beside the spine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.liver import Scene
from anatomy_twin.segmentation.lobes import keep_lobes
from anatomy_twin.segmentation.lungs import distance_within
from anatomy_twin.segmentation.working_grid import (
    Box,
    Found,
    Image,
    Mask,
    box_of,
    close_mm,
    components,
    dilate_mm,
    erode_mm,
    fill_slices,
    open_mm,
    volume_ml,
)

ENHANCED_LEVELS_HU = (64, 76, 90, 110, 130, 150, 170, 190, 210)
NATIVE_WINDOWS_HU = tuple((low, high) for low in (-5, 5, 15) for high in (40, 50, 60))
VOLUME_ML = (45.0, 420.0)
HEIGHT_MM = (45.0, 150.0)
MAX_UNEQUAL_MM = 60.0
MIN_BESIDE_MM = 36.0
STUB_MM = 7.5


@dataclass(frozen=True, eq=False)
class Candidate:
    """A region that may be a kidney, within ``box`` of the grid."""

    mask: Mask
    box: Box
    score: float


def find_kidneys(scene: Scene, taken: Mask, aorta_hu: float | None) -> dict[str, Found]:
    """Return "kidney_right" and "kidney_left".

    Candidates come from many thresholds; the best lies 58 +- 25 mm beside the spine, has the size of a kidney, fills
    its ellipsoid of equal moments, stands out from its surroundings and lies in fat, not on the wall or a vertebra
    (these two tell it from the psoas).
    """
    enhanced = aorta_hu is not None and aorta_hu > 90.0
    found, scores = {}, {}
    for name, side in (("kidney_right", -1.0), ("kidney_left", 1.0)):
        best = _best(scene, taken, side, enhanced)
        found[name] = _finish(best, scene, taken, enhanced)
        scores[name] = 0.0 if best is None else best.score
    return _level_gate(found, scores, scene)


def _level_gate(found: dict[str, Found], scores: dict[str, float], scene: Scene) -> dict[str, Found]:
    """Drop the weaker of two finds that do not lie at about one height, and what lies where the psoas lies."""
    heights = {}
    for name, entry in found.items():
        if entry.absent:
            continue
        beside = float(np.mean(np.abs(np.broadcast_to(scene.frame.left_mm, scene.hu.shape)[entry.mask])))
        if beside < MIN_BESIDE_MM:
            found[name] = Found.nothing(f"the best region lies {beside:.0f} mm beside the spine, where the psoas lies")
            continue
        heights[name] = float(np.mean(np.nonzero(entry.mask)[0])) * scene.spacing_mm
    if len(heights) == 2:
        apart = abs(heights["kidney_right"] - heights["kidney_left"])
        if apart > MAX_UNEQUAL_MM:
            weaker = min(scores, key=lambda name: scores[name])
            found[weaker] = Found.nothing(f"the best region lies {apart:.0f} mm higher or lower than the other kidney")
    return found


def _search_box(scene: Scene, taken: Mask, side: float) -> Mask:
    left = np.broadcast_to(scene.frame.left_mm, scene.hu.shape) * side
    front = np.broadcast_to(scene.frame.front_mm, scene.hu.shape)
    zone = (left > 18.0) & (left < 115.0) & (front > -55.0) & (front < 62.0) & (scene.depth > -2.0)
    zone &= ~((np.abs(left) < 24.0) & (front < 35.0))
    return zone & scene.body & ~(scene.lungs | scene.gas | scene.aorta | taken)


def _best(scene: Scene, taken: Mask, side: float, enhanced: bool) -> Candidate | None:
    step = scene.spacing_mm
    zone = _search_box(scene, taken, side)
    if volume_ml(zone, step) < 30.0:
        return None
    box = box_of(zone, 2)
    zone, smooth = zone[box], scene.smooth[box]
    if enhanced:
        trials = [(smooth > low, radius) for low in ENHANCED_LEVELS_HU for radius in (3.0, 6.0)]
    else:
        windows = [(smooth > low) & (smooth < high) for low, high in NATIVE_WINDOWS_HU]
        trials = [(window, radius) for window in windows for radius in (4.5, 7.5)]
    fat = (scene.hu[box] < -20.0) & (scene.hu[box] > -160.0)
    best: Candidate | None = None
    least = max(4, int(VOLUME_ML[0] / (step**3 / 1000.0)))
    for inside, radius in trials:
        # the collecting system is darker or brighter than the cortex: it belongs to the organ
        solid = inside & zone
        for part in components(open_mm(solid, radius, step), least // 2)[:3]:
            whole = fill_slices(close_mm(part, 6.0 if enhanced else 4.5, step) & zone)
            score = _score(whole, scene, box, side, fat)
            if best is None or score > best.score:
                best = Candidate(whole, box, score)
    return best


def _score(part: Mask, scene: Scene, box: Box, side: float, fat: Mask) -> float:
    step = scene.spacing_mm
    size = volume_ml(part, step)
    k = np.flatnonzero(part.any(axis=(1, 2)))
    height = (k[-1] - k[0] + 1) * step if k.size else 0.0
    cut = bool(part[0].any() or part[-1].any())
    if not VOLUME_ML[0] <= size <= VOLUME_ML[1] or not (20.0 if cut else HEIGHT_MM[0]) <= height <= HEIGHT_MM[1]:
        return 0.0
    left = np.broadcast_to(scene.frame.left_mm, scene.hu.shape)[box][part] * side
    place = np.exp(-0.5 * ((float(np.mean(left)) - 58.0) / 25.0) ** 2)
    bulk = np.exp(-0.5 * (np.log(size / 170.0) / 0.6) ** 2)
    shell = distance_within(part, 6.0, step) & ~part
    amount = max(1, int(shell.sum()))
    fat_share = float((shell & fat).sum()) / amount
    contact = float((shell & (scene.lungs[box] | (scene.depth[box] < 0.0))).sum()) / amount
    vertebra = float((shell & scene.bone[box]).sum()) / amount
    contrast = abs(float(np.mean(scene.smooth[box][part])) - float(np.mean(scene.smooth[box][shell])))
    compact = _ellipsoid_overlap(part)
    return float(
        place * bulk * compact**3 * min(1.0, contrast / 60.0) * (1.0 - contact) ** 2 * fat_share**1.5
        * max(0.0, 1.0 - 2.0 * vertebra) ** 3
    )


def _ellipsoid_overlap(part: Mask) -> float:
    """Return the Dice overlap of a region with the ellipsoid of equal moments and volume."""
    points = np.argwhere(part).astype(float)
    if len(points) < 20:
        return 0.0
    middle = points.mean(0)
    spread = np.cov((points - middle).T) + 1e-6 * np.eye(3)
    inverse = np.linalg.inv(spread)
    grid = np.moveaxis(np.indices(part.shape), 0, -1) - middle
    range2 = np.einsum("...a,ab,...b->...", grid, inverse, grid)
    inside = range2 <= 5.0
    return float(2.0 * (inside & part).sum() / (inside.sum() + part.sum()))


def _stubs(kidney: Mask, beside_mm: Image, step: float) -> Mask:
    """Return what sticks out of a kidney towards the spine and is no thicker than a vessel: vein and artery."""
    solid = dilate_mm(open_mm(kidney, STUB_MM, step), 1.1 * step, step)
    stubs = np.zeros_like(kidney)
    if not (solid & kidney).any():
        return stubs
    medial = float(np.percentile(beside_mm[solid & kidney], 15.0))
    for part in components(kidney & ~solid, 4):
        # a thin pole lies no nearer to the spine than the rest of the organ
        if float(np.median(beside_mm[part])) < medial:
            stubs |= part
    return stubs


def _finish(best: Candidate | None, scene: Scene, taken: Mask, enhanced: bool) -> Found:
    step = scene.spacing_mm
    if best is None or best.score < 0.02:
        return Found.nothing("no compact organ in fat beside the spine")
    box, part = best.box, best.mask
    level = float(np.median(scene.smooth[box][part]))
    spread = max(8.0, float(np.std(scene.smooth[box][part])))
    reach = dilate_mm(part, 6.0, step) & ~(taken | scene.lungs | scene.gas | scene.aorta)[box]
    # with contrast: half way between cortex and fat at the rim, but never down to muscle
    bright = scene.smooth[box] > max(0.5 * level, 70.0)
    alike = bright if enhanced else np.abs(scene.smooth[box] - level) < 2.2 * spread
    grown = part | (reach & alike & (scene.smooth[box] > -10.0))
    # renal vessels and bowel hang on by necks; a mottled cortex has necks of its own
    if enhanced and spread < 40.0:
        opened = open_mm(grown, 3.0, step) | part
        grown = keep_lobes(opened, erode_mm(part, 6.0, step), step, 0.75, 14.0, 12.0)
    else:
        grown = open_mm(grown, 3.0, step) | part
    grown = grown if volume_ml(grown, step) > 0.6 * volume_ml(part, step) else part
    closed = fill_slices(close_mm(grown, 4.5, step) & ~(taken | scene.gas)[box]) & (scene.smooth[box] > -60.0)
    if enhanced:
        closed &= ~_stubs(closed, np.broadcast_to(np.abs(scene.frame.left_mm), scene.hu.shape)[box], step)
    labels = components(closed)
    whole = np.zeros(scene.hu.shape, dtype=bool)
    whole[box] = labels[0]
    cut = bool(whole[0].any() or whole[-1].any())
    size = volume_ml(whole, step)
    if not VOLUME_ML[0] <= size <= VOLUME_ML[1]:
        return Found.nothing(f"the best region has {size:.0f} ml, not the size of a kidney")
    return Found(ndimage.binary_fill_holes(whole), "ok", "cut by the border of the scan" if cut else "")
