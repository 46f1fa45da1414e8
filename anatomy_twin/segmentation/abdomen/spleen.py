"""The spleen: an even organ at the left wall, behind, below the left lung."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.abdomen.liver import Level, Scene
from anatomy_twin.segmentation.abdomen.lungs import distance_within
from anatomy_twin.segmentation.ground.frame import wall_weight
from anatomy_twin.segmentation.ground.lobes import keep_lobes
from anatomy_twin.segmentation.ground.posterior import expectation_maximisation, smooth_decision
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Mask,
    box_of,
    close_mm,
    components,
    dilate_mm,
    distance_mm,
    fill_slices,
    open_mm,
    touching,
    volume_ml,
)

VOLUME_ML = (30.0, 900.0)
MUSCLE_HU = 58.0
MOTTLED_SHARE = 0.2
STRIPE_MM = 12.0  # half the width of a dark stripe that lies between brighter ones
STRIPE_HU = 45.0
LINE_MM = 6.0
LINE_HU = 18.0
LINE_NOISE = 4.5
LINE_LEAST_ML = 0.4
LINE_BELOW_HU = 95.0


def find_spleen(scene: Scene, liver: Mask, liver_level: Level | None, aorta_hu: float | None) -> Found:
    """Return the spleen.

    Every grey level that many even voxels at the left wall share is tried; the best region by size, place (lateral,
    posterior, touching the wall, below the dome) and evenness is grown. With contrast in the aorta a region far darker
    than the liver is muscle or fluid, not spleen.
    """
    step = scene.spacing_mm
    region = _region(scene, liver)
    if volume_ml(region, step) < 30.0:
        return Found.nothing("no tissue at the left wall below the lung")
    best: tuple[float, Mask] | None = None
    mottled = False
    box = box_of(region, 2)
    usual = scene.rather("spleen", ("kidney_left", "stomach"), 0.05) * scene.hint("spleen", 0.3)
    lines = dark_lines(scene, region)
    for alike, tolerance in _trials(scene, region, liver_level, aorta_hu):
        alike &= ~lines
        for part in components(open_mm(alike[box], 6.0, step), max(4, int(6.0 / (step**3 / 1000.0))))[:3]:
            whole = np.zeros_like(region)
            whole[box] = part
            score = _score(whole, scene, tolerance) * float(np.mean(usual[whole]))
            if best is None or score > best[0]:
                best = (score, whole)
                mottled = tolerance > 20.0
    if best is None or best[0] < 2.0:
        return Found.nothing("no even organ at the left wall")
    grow = _grow_mottled if mottled else _grow
    mask = grow(best[1], scene, liver, lines)
    if scene.arms_in_field and not mottled and mask.any():
        # shaded, its level rises from back to front: the core holds a part of it only
        mask = mask | _grow(mask, scene, liver, lines)
    return _gate(mask, scene, liver_level, aorta_hu)


def _region(scene: Scene, liver: Mask) -> Mask:
    left = np.broadcast_to(scene.frame.left_mm, scene.hu.shape)
    front = np.broadcast_to(scene.frame.front_mm, scene.hu.shape)
    region = (scene.depth > -1.0) & (left > 35.0) & (front < 75.0) & (front > -75.0) & scene.body
    # the muscles of the back reach beyond the box of the wall
    region &= ~((left < 60.0) & (front < -22.0) & (scene.depth < 12.0))
    return region & ~(scene.lungs | scene.bone | scene.gas | scene.aorta | liver) & (scene.under_dome > -3.0)


def _trials(
    scene: Scene, region: Mask, liver_level: Level | None, aorta_hu: float | None
) -> list[tuple[Mask, float]]:
    """Return what to try: voxels, and how uneven in HU the organ may be."""
    trials = [
        (region & (np.abs(scene.smooth - peak) < max(11.0, 0.12 * peak)), 12.0)
        for peak in _levels(scene, region) if _level_fits(peak, liver_level, aorta_hu)
    ]
    if aorta_hu is not None and aorta_hu > 170.0:
        # in the arterial phase the spleen is mottled: no level of its own, but brighter than muscle throughout
        bright = region & (scene.smooth > 72.0) & (scene.smooth < 0.9 * aorta_hu)
        trials.append((bright, 30.0))
    return trials


def dark_lines(scene: Scene, region: Mask) -> Mask:
    """Return the thin dark lines in and around ``region``: fat between two organs that is hardly as thick as a voxel.

    What lies 18 HU (and 4.5 times the noise) or more below a closing of 6 mm of the picture (the stripes of a spleen
    are wider) and is darker than any organ full of contrast medium; single dots are noise. The picture is not the
    denoised one, which has lost such lines.
    """
    step, box = scene.spacing_mm, box_of(region, 2)
    image = ndimage.gaussian_filter(np.clip(scene.hu[box], -100.0, 150.0), 0.45, mode="nearest")
    soft = region[box] & (scene.smooth[box] > 20.0) & (scene.smooth[box] < 140.0)
    rest = (image - np.clip(scene.smooth[box], -100.0, 150.0))[soft]
    noise = 1.4826 * float(np.median(np.abs(rest - np.median(rest)))) if rest.size else 0.0
    reach = max(1, round(0.5 * LINE_MM / step))
    ball = ndimage.iterate_structure(ndimage.generate_binary_structure(3, 1), reach)
    depth = ndimage.grey_closing(image, footprint=ball) - image
    dark = (depth > max(LINE_HU, LINE_NOISE * noise)) & (image < LINE_BELOW_HU)
    labels, _ = ndimage.label(dark)
    large = np.bincount(labels.ravel()) * step**3 >= LINE_LEAST_ML * 1000.0
    large[0] = False
    result = np.zeros(region.shape, dtype=bool)
    result[box] = large[labels]
    return result


def _levels(scene: Scene, region: Mask) -> list[float]:
    step = scene.spacing_mm
    clipped = np.clip(scene.hu, -200.0, 400.0)
    size = max(3, 2 * round(6.0 / step) + 1)
    mean = ndimage.uniform_filter(clipped, size)
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(clipped * clipped, size) - mean * mean, 0.0))
    soft = region & (mean > 10.0) & (mean < 260.0)
    if soft.sum() < 20:
        return []
    even = soft & (spread <= np.percentile(spread[soft], 40.0))
    counts, edges = np.histogram(mean[even], bins=np.arange(0.0, 264.0, 2.0))
    line = ndimage.gaussian_filter1d(counts.astype(float), 1.5)
    top = (line[1:-1] >= line[:-2]) & (line[1:-1] > line[2:]) & (line[1:-1] > 0.03 * line.max())
    return [float(edges[n + 1]) + 1.0 for n in np.flatnonzero(top)]


def _level_fits(level_hu: float, liver: Level | None, aorta_hu: float | None) -> bool:
    if level_hu < 24.0:
        return False
    if aorta_hu is not None and aorta_hu > 100.0 and liver is not None:
        return level_hu > max(60.0, liver.mean_hu - 25.0)
    return level_hu < 90.0 or aorta_hu is None or aorta_hu > 80.0


def _score(part: Mask, scene: Scene, tolerance: float = 12.0) -> float:
    """Return a score that grows with size and falls with every cue that speaks against the spleen."""
    step = scene.spacing_mm
    size = min(volume_ml(part, step), 350.0)
    left = np.broadcast_to(scene.frame.left_mm, part.shape)[part]
    front = np.broadcast_to(scene.frame.front_mm, part.shape)[part]
    depth = scene.depth[part]
    lateral = 1.0 / (1.0 + np.exp(-(np.median(left) - 65.0) / 8.0))
    behind = 1.0 / (1.0 + np.exp((np.median(front) - 35.0) / 8.0))
    beside_lung = distance_within(scene.lungs, 9.0, step)[part]
    near_wall = float(np.mean((depth < 20.0) | beside_lung))
    wall = min(1.0, near_wall / 0.15) * float(np.median(depth) < 60.0)
    spread = float(np.std(scene.smooth[part])) / tolerance
    k = np.nonzero(part.any(axis=(1, 2)))[0]
    height = _lung_base(scene) - 0.5 * (k[0] + k[-1]) * step
    level = np.exp(-0.5 * (max(0.0, abs(height - 50.0) - 40.0) / 35.0) ** 2)
    return float(size * lateral * behind * wall * level * np.exp(-0.5 * spread**2))


def _lung_base(scene: Scene) -> float:
    """Return the height (mm above the first slice) of the top of the abdomen on the left."""
    left = np.broadcast_to(scene.frame.left_mm > 30.0, scene.hu.shape)
    lung = scene.lungs & left
    if not lung.any():
        return scene.hu.shape[0] * scene.spacing_mm
    share = lung.sum(axis=(1, 2)) / np.maximum((scene.body & left).sum(axis=(1, 2)), 1)
    high = np.flatnonzero(share > 0.25)
    return float(high[0] if high.size else scene.hu.shape[0]) * scene.spacing_mm


def _grow(core: Mask, scene: Scene, liver: Mask, lines: Mask) -> Mask:
    step = scene.spacing_mm
    allowed = scene.body & ~(scene.lungs | scene.bone | scene.gas | scene.aorta | liver)
    allowed &= distance_within(core, 36.0, step)
    box = box_of(allowed, 1)
    apart = distance_mm(core[box], step, 40.0)
    prior = wall_weight(scene.depth[box]) * np.exp(-np.maximum(apart - 18.0, 0.0) / 8.0) * 0.6
    spread = max(5.0, float(np.std(scene.smooth[core])))
    posterior = expectation_maximisation(
        scene.smooth[box], allowed[box], prior.astype(np.float32), float(np.median(scene.smooth[core])), spread,
        shaded=scene.arms_in_field, core=core[box], spacing_mm=step,
    )
    inside = smooth_decision(posterior, step) & allowed[box]
    opened = keep_lobes(touching(open_mm(inside & ~lines[box], 4.0, step), core[box]), core[box], step, neck_share=0.55)
    grown = dilate_mm(opened, 3.0, step) & inside
    closed = close_mm(grown, 4.5, step) & allowed[box] & (scene.smooth[box] > 0.0)
    mask = np.zeros_like(core)
    mask[box] = fill_slices(closed)
    return mask


def _grow_mottled(core: Mask, scene: Scene, liver: Mask, lines: Mask) -> Mask:
    """Return a spleen in the arterial phase: what is brighter than muscle near the core, averaged over its stripes."""
    step = scene.spacing_mm
    allowed = scene.body & ~(scene.lungs | scene.bone | scene.gas | scene.aorta | liver) & (scene.depth > -2.0)
    allowed &= distance_within(core, 27.0, step)
    box = box_of(allowed, 2)
    room, inner = allowed[box], core[box]
    limit = MUSCLE_HU + MOTTLED_SHARE * (float(np.median(scene.smooth[core])) - MUSCLE_HU)
    weight = room.astype(np.float32)
    level = np.clip(scene.smooth[box], -50.0, 250.0)
    sigma = 3.0 / step
    mean = ndimage.gaussian_filter(level * weight, sigma) / np.maximum(ndimage.gaussian_filter(weight, sigma), 0.05)
    inside = room & (mean > limit) & (scene.smooth[box] > 20.0)
    opened = keep_lobes(touching(open_mm(inside & ~lines[box], 4.5, step), inner), inner, step, neck_share=0.55)
    grown = (dilate_mm(opened, 3.0, step) & inside) | inner
    mask = np.zeros_like(core)
    closed = close_mm(grown, 6.0, step) & room & (scene.smooth[box] > 0.0)
    # a stripe as dark as muscle lies between brighter parts
    closed |= close_mm(grown, STRIPE_MM, step) & room & (scene.smooth[box] > STRIPE_HU) & ~lines[box]
    mask[box] = fill_slices(closed)
    return mask


def _gate(mask: Mask, scene: Scene, liver_level: Level | None, aorta_hu: float | None) -> Found:
    step = scene.spacing_mm
    size = volume_ml(mask, step)
    cut = bool(mask[0].any() or mask[-1].any())
    if not (VOLUME_ML[0] if not cut else 10.0) <= size <= VOLUME_ML[1]:
        return Found.nothing(f"the best region has {size:.0f} ml, not the size of a spleen")
    level = float(np.median(scene.smooth[mask]))
    if not _level_fits(level, liver_level, aorta_hu):
        return Found.nothing(f"the best region has {level:.0f} HU, not that of a spleen in this phase")
    return Found(mask, "ok", "cut by the border of the scan" if cut else "")
