"""The kidneys: compact organs in fat beside the spine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.segmentation.abdomen.liver import Scene
from anatomy_twin.segmentation.abdomen.lungs import distance_within
from anatomy_twin.segmentation.ground.lobes import keep_lobes
from anatomy_twin.segmentation.ground.working_grid import (
    Box,
    Found,
    Image,
    Mask,
    box_of,
    close_mm,
    components,
    depth_mm,
    dilate_mm,
    erode_mm,
    fill_slices,
    open_mm,
    volume_ml,
)

ENHANCED_LEVELS_HU = (64, 76, 90, 110, 130, 150, 170, 190, 210)
# without contrast a kidney is a little darker than muscle: lower limit, upper limit less the HU of the back muscles
NATIVE_WINDOWS_HU = ((-15, -8), (-15, 0), (0, 0), (0, 10))
USUAL_MUSCLE_HU = 52.0
NECK_SHARES = (0.55, 0.75)
VOLUME_ML = (45.0, 420.0)
HEIGHT_MM = (45.0, 150.0)
MAX_UNEQUAL_MM = 60.0
MIN_BESIDE_MM = 36.0
STUB_MM = 7.5
KEPT = 4
LEAST_SCORE = 0.02
POLE_MM = 18.0
BACK_MM = -27.0  # behind the spine's reference by more than this lie the muscles of the back
USUAL_WEIGHT = 0.2  # a weight of the prior that 4 % of the widened anatomies reach
PAD = 10  # voxels around the box, so that its border closes nothing off
MEDULLA_MM = 24.0  # the mouth of the hilum is narrower than twice that
MEDULLA_HU = 42.0  # before it is filled the medulla is as dark as muscle; sinus fat and urine are darker
MEDULLA_OPEN_MM = 4.5
CORTICAL_AORTA_HU = 200.0  # so bright an aorta goes with a bright cortex around a dark medulla


@dataclass(frozen=True, eq=False)
class Candidate:
    """A region that may be a kidney, within ``box`` of the grid."""

    mask: Mask
    box: Box
    score: float

    @property
    def height(self) -> float:
        """Mean slice of the whole grid."""
        return self.box[0].start + float(np.mean(np.nonzero(self.mask)[0]))


def find_kidneys(
    scene: Scene, taken: Mask, aorta_hu: float | None, monitor: Monitor = SILENT
) -> dict[str, Found]:
    """Return "kidney_right" and "kidney_left".

    Candidates come from many thresholds; the best lies 58 +- 25 mm beside the spine, has the size of a kidney, fills
    its ellipsoid of equal moments, stands out from its surroundings and lies in fat, not on the wall or a vertebra
    (these two tell it from the psoas).
    """
    enhanced = aorta_hu is not None and aorta_hu > 90.0
    mottled = aorta_hu is not None and aorta_hu > CORTICAL_AORTA_HU
    candidates = {}
    for share, name in ((0.4, "kidney_right"), (0.8, "kidney_left")):
        candidates[name] = _candidates(scene, taken, name, enhanced, mottled)
        monitor.progress(share)
        check_cancelled(monitor)
    chosen = _pair(candidates["kidney_right"], candidates["kidney_left"], scene.spacing_mm)
    found = {
        name: _finish(best, scene, taken, enhanced, mottled) for name, best in zip(candidates, chosen, strict=True)
    }
    scores = {name: 0.0 if best is None else best.score for name, best in zip(candidates, chosen, strict=True)}
    return _level_gate(found, scores, scene)


def _pair(
    right: list[Candidate], left: list[Candidate], step: float
) -> tuple[Candidate | None, Candidate | None]:
    """Return the best candidate of each side; two that lie at about one height are the better pair."""
    if not right or not left:
        return (right[0] if right else None), (left[0] if left else None)
    pairs = [
        (a.score * b.score * float(np.exp(-0.5 * (max(0.0, abs(a.height - b.height) * step - 20.0) / 25.0) ** 2)), a, b)
        for a in right for b in left
    ]
    best = max(pairs, key=lambda entry: entry[0])
    return best[1], best[2]


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


def _candidates(scene: Scene, taken: Mask, name: str, enhanced: bool, mottled: bool) -> list[Candidate]:
    """Return up to ``KEPT`` regions that may be the kidney of one side, best first.

    Without contrast psoas, duodenum and liver look like it: first only where kidneys usually lie, then everywhere.
    """
    zone = _search_box(scene, taken, -1.0 if name == "kidney_right" else 1.0)
    if not enhanced:
        zone &= np.broadcast_to(scene.frame.front_mm > BACK_MM, zone.shape)
    usual = scene.hint(name, 0.1)
    if not enhanced and usual.min() < 0.5:
        found = _candidates_in(scene, zone & (usual > USUAL_WEIGHT), usual, name, enhanced, mottled)
        if found and found[0].score >= LEAST_SCORE:
            return found
    return _candidates_in(scene, zone, usual, name, enhanced, mottled)


def _candidates_in(
    scene: Scene, zone: Mask, usual: Image, name: str, enhanced: bool, mottled: bool
) -> list[Candidate]:
    step, side = scene.spacing_mm, -1.0 if name == "kidney_right" else 1.0
    if volume_ml(zone, step) < 30.0:
        return []
    box = box_of(zone, 2)
    zone, smooth, usual = zone[box], scene.smooth[box], usual[box]
    if enhanced:
        trials = [(smooth > low, radius) for low in ENHANCED_LEVELS_HU for radius in (3.0, 6.0)]
    else:
        muscle = _muscle_hu(scene)
        windows = [(smooth > low) & (smooth < muscle + more) for low, more in NATIVE_WINDOWS_HU]
        trials = [(window, radius) for window in windows for radius in (4.5, 7.5)]
    fat = (scene.hu[box] < -20.0) & (scene.hu[box] > -160.0)
    kept: list[Candidate] = []
    least = max(4, int(VOLUME_ML[0] / (step**3 / 1000.0)))
    # the collecting system is darker or brighter than the cortex, medulla before it is filled darker: both belong to it
    gap = 9.0 if mottled else 6.0 if enhanced else 4.5
    for inside, radius in trials:
        solid = inside & zone
        for part in components(open_mm(solid, radius, step), least // 2)[:3]:
            for piece in (part,) if enhanced else (part, *_main_lobes(part, step)):
                whole = fill_slices(close_mm(piece, gap, step) & zone)
                score = _score(whole, scene, box, side, fat) * float(np.mean(usual[whole])) if whole.any() else 0.0
                if score > 0.0:
                    kept.append(Candidate(whole, box, score))
    kept.sort(key=lambda entry: -entry.score)
    return _different(kept)


def _muscle_hu(scene: Scene) -> float:
    """Return the grey level of the muscles beside the spinous processes (between their fat), 52 HU where not seen."""
    left = np.broadcast_to(np.abs(scene.frame.left_mm), scene.hu.shape)
    front = np.broadcast_to(scene.frame.front_mm, scene.hu.shape)
    back = (left > 12.0) & (left < 50.0) & (front < -18.0) & (front > -60.0) & scene.body & ~scene.bone
    values = scene.smooth[back & (scene.smooth > 15.0) & (scene.smooth < 90.0)]
    return float(np.percentile(values, 60.0)) if values.size > 200 else USUAL_MUSCLE_HU


def _main_lobes(part: Mask, step: float) -> list[Mask]:
    """Return the thickest lobe with what hangs on it broadly, twice: psoas and bowel touch a kidney by necks."""
    if volume_ml(part, step) < 2.0 * VOLUME_ML[0]:
        return []
    depth = depth_mm(part, step)
    core = depth >= 0.8 * float(depth.max())
    lobes = [keep_lobes(part, core, step, share, 20.0, 10.0) for share in NECK_SHARES]
    return [lobe for lobe in lobes if int(lobe.sum()) < int(part.sum())]


def _different(candidates: list[Candidate]) -> list[Candidate]:
    """Return the best candidates of which none is mostly another."""
    result: list[Candidate] = []
    for entry in candidates:
        size = int(entry.mask.sum())
        if all(2.0 * int((entry.mask & other.mask).sum()) < 1.0 * (size + int(other.mask.sum())) for other in result):
            result.append(entry)
        if len(result) == KEPT:
            break
    return result


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


def _medulla(cortex: Mask, smooth: Image, free: Mask, step: float) -> Mask:
    """Return what the bright cortex lies around like a shell open to the hilum: medulla, but no sinus fat or urine."""
    shell = close_mm(np.pad(cortex, PAD), MEDULLA_MM, step)[PAD:-PAD, PAD:-PAD, PAD:-PAD]
    inside = shell & free & (smooth > MEDULLA_HU)
    # artery and vein in the hilum are thinner
    return open_mm(inside | cortex, MEDULLA_OPEN_MM, step) & inside


def _pole(best: Candidate, scene: Scene, free: Mask, level: float, spread: float) -> Mask:
    """Return the kidney with a pole that a fold of its outline parts from the rest, if that makes it a better one."""
    step, box, part = scene.spacing_mm, best.box, best.mask
    brightest = min(level + 2.5 * spread, max(level + 8.0, _muscle_hu(scene) - 6.0))
    like = (scene.smooth[box] > -10.0) & (scene.smooth[box] < brightest)
    far = dilate_mm(part, POLE_MM, step) & like & free
    whole = open_mm(part | far, 3.0, step) | part
    core = erode_mm(part, 4.5, step)
    whole = keep_lobes(whole, core if core.any() else part, step, 0.55)
    side = float(np.sign(np.median(np.broadcast_to(scene.frame.left_mm, scene.hu.shape)[box][part])))
    fat = (scene.hu[box] < -20.0) & (scene.hu[box] > -160.0)
    return whole if _score(whole, scene, box, side, fat) > _score(part, scene, box, side, fat) else part


def _finish(best: Candidate | None, scene: Scene, taken: Mask, enhanced: bool, mottled: bool) -> Found:
    step = scene.spacing_mm
    if best is None or best.score < LEAST_SCORE:
        return Found.nothing("no compact organ in fat beside the spine")
    box, part = best.box, best.mask
    level = float(np.median(scene.smooth[box][part]))
    spread = max(8.0, float(np.std(scene.smooth[box][part])))
    barred = taken | scene.lungs | scene.gas | scene.aorta
    if not enhanced:
        barred = barred | np.broadcast_to(scene.frame.front_mm <= BACK_MM, barred.shape)
    reach = dilate_mm(part, 6.0, step) & ~barred[box]
    # with contrast: half way between cortex and fat at the rim, but never down to muscle
    bright = scene.smooth[box] > max(0.5 * level, 70.0)
    alike = bright if enhanced else np.abs(scene.smooth[box] - level) < 2.0 * spread
    grown = part | (reach & alike & (scene.smooth[box] > -10.0))
    if not enhanced:
        grown |= _pole(best, scene, ~(barred | scene.bone)[box], level, spread)
    # renal vessels and bowel hang on by necks; a mottled cortex has necks of its own
    if enhanced and not mottled and spread < 40.0:
        opened = open_mm(grown, 3.0, step) | part
        grown = keep_lobes(opened, erode_mm(part, 6.0, step), step, 0.75, 14.0, 12.0)
    else:
        grown = open_mm(grown, 3.0, step) | part
    grown = grown if volume_ml(grown, step) > 0.6 * volume_ml(part, step) else part
    closed = close_mm(grown, 9.0 if mottled else 4.5, step) & ~(taken | scene.gas)[box]
    closed = fill_slices(closed) & (scene.smooth[box] > -60.0)
    if mottled:
        closed |= _medulla(closed, scene.smooth[box], ~barred[box], step)
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
