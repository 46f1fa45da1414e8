"""The airways: grown from the windpipe as far as lumen can be told from lung, without leaking into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.kernels.seg_flood import grow_without_leaks
from anatomy_twin.segmentation.ground.ridges import ridge_strength
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    depth_mm,
    dilate_mm,
    distance_mm,
    erode_mm,
    touching,
    volume_ml,
)

MAX_TRUNK_ML: Final = 160.0  # windpipe and bronchi of a tall man hold 150 ml
PIECE_ML: Final = 2.5  # a segmental bronchus with its branches holds less
STEP_HU: Final = 8.0
LUMEN_EDGE_HU: Final = -500.0  # half way between air and wall
THIN_EDGE_HU: Final = -750.0


@dataclass(frozen=True, eq=False)
class LungTexture:
    """What the lung between its vessels reads, on an image smoothed by ``sigma_mm``: middle and spread in HU."""

    level_hu: float
    noise_hu: float


def lung_texture(smooth: Image, lungs: Mask) -> LungTexture:
    """Measure the parenchyma: the middle of its histogram's lower part and the spread below that middle."""
    values = smooth[lungs]
    values = values[(values > -1000.0) & (values < -500.0)]
    if values.size < 100:
        return LungTexture(-850.0, 30.0)
    counts, edges = np.histogram(values, bins=100, range=(-1000.0, -500.0))
    peak = int(np.argmax(ndimage.gaussian_filter1d(counts.astype(float), 2.0)))
    level = float(0.5 * (edges[peak] + edges[peak + 1]))
    below = values[values < level]
    return LungTexture(level, max(5.0, 1.4826 * float(np.median(level - below))))


def find_airways(
    hu: Image, windpipe: Mask, lungs: Mask, body: Mask, spacing_mm: float, monitor: Monitor = SILENT
) -> Found:
    """Return the lumen of trachea and bronchi.

    Parameters
    ----------
    hu : a grid of about 1.25 mm around the lungs.
    windpipe : the part of the trachea that runs alone (see ``ground.find_windpipe``).
    lungs : lung as air.

    From the windpipe the region grows through darker voxels, the limit rising step by step to three standard
    deviations below the lung; a piece that gets too large at once is a leak and stays out. Then dark tubes that hang
    on the tree are added. The border lies half way between air and wall.
    """
    if not windpipe.any():
        return Found.nothing("no windpipe in the field of the scan")
    smooth = ndimage.gaussian_filter(hu, 0.7 / spacing_mm, mode="nearest", truncate=3.0)
    seeds = erode_mm(windpipe, 2.0, spacing_mm) & (smooth < -850.0)
    if not seeds.any():
        return Found.nothing("no windpipe in the field of the scan")
    texture = lung_texture(smooth, lungs)
    start = min(float(np.percentile(smooth[seeds], 95)) + 25.0, -880.0)
    tree = _trunk(smooth, seeds, body, start, spacing_mm)
    monitor.progress(0.4)
    check_cancelled(monitor)
    highest = texture.level_hu - 3.0 * texture.noise_hu
    limits = np.arange(start, highest, STEP_HU)
    voxel_ml = spacing_mm**3 / 1000.0
    if limits.size:
        caps = np.full(limits.size, max(8, int(PIECE_ML / voxel_ml)), dtype=np.int64)
        tree = grow_without_leaks(smooth, tree, limits, caps, ~body)
    tree = _without_blobs(tree, lungs, spacing_mm)
    monitor.progress(0.6)
    tree |= _dark_tubes(smooth, tree, lungs, texture, spacing_mm)
    monitor.progress(0.9)
    lumen = _to_the_wall(hu, tree, lungs, body, spacing_mm)
    return _judged(lumen, lungs, spacing_mm)


def find_carina(airways: Mask, lungs: Mask, spacing_mm: float) -> int:
    """Return the slice (working grid) where the windpipe divides, by estimate where it is not seen.

    The highest slice below which the lumen is in two parts more than 12 mm apart for 9 mm. Without a windpipe: 78 mm
    below the top of the lungs, and above the scan where this cuts the lungs' tops off.
    """
    split = []
    for part in airways:
        labels, count = ndimage.label(part)
        places = [np.mean(np.nonzero(labels == n + 1)[1]) for n in range(count) if (labels == n + 1).sum() > 2]
        split.append(len(places) > 1 and (max(places) - min(places)) * spacing_mm > 12.0)
    run = max(2, round(9.0 / spacing_mm))
    for k in range(len(split) - 1, run - 1, -1):
        if all(split[k - run + 1:k + 1]) and airways[k + 1:].any():
            return k
    if airways.any():
        # only the windpipe itself is in the field
        return int(np.flatnonzero(airways.any(axis=(1, 2)))[0])
    levels = np.flatnonzero(lungs.any(axis=(1, 2)))
    areas = lungs.sum(axis=(1, 2))
    if areas[-1] * spacing_mm**2 > 1500.0:
        return int(lungs.shape[0] + round(60.0 / spacing_mm))
    return int(levels[-1] - round(78.0 / spacing_mm))


def _trunk(smooth: Image, seeds: Mask, body: Mask, start: float, step: float) -> Mask:
    """Return windpipe and large bronchi: the region below a limit, lowered until it does not hold the lung as well."""
    for limit in np.arange(start, start - 80.0, -10.0):
        grown = touching((smooth < limit) & body, seeds) | seeds
        if volume_ml(grown, step) < MAX_TRUNK_ML:
            return grown
    return seeds


def _without_blobs(tree: Mask, lungs: Mask, step: float) -> Mask:
    """Cut off what is thicker in the lung than a bronchus: a leak, or a bulla."""
    near = distance_mm(~dilate_mm(lungs, 4.0, step), step, 14.0) > 12.0
    thick = (depth_mm(tree, step, 9.0) > 6.0) & near
    return tree & ~dilate_mm(thick, 8.0, step) if thick.any() else tree


def _dark_tubes(smooth: Image, tree: Mask, lungs: Mask, texture: LungTexture, step: float) -> Mask:
    """Return tubes darker than their surroundings that hang on the tree: bronchi too thin for the plain limit."""
    zone = dilate_mm(tree | lungs, 1.5 * step, step)
    where = zone & (smooth < texture.level_hu - 0.5 * texture.noise_hu)
    dark = ridge_strength(-np.minimum(smooth, texture.level_hu + 150.0), where, step, (1.0, 1.6))
    noise = max(8.0, float(np.percentile(dark[where], 75))) if where.any() else 8.0
    strong = (dark > 3.0 * noise) & (dark > 40.0) & (tree | lungs)
    joined = ndimage.label(strong | tree, structure=np.ones((3, 3, 3)))[0]
    keep = np.zeros(int(joined.max()) + 1, dtype=bool)
    keep[np.unique(joined[tree])] = True
    keep[0] = False
    return np.asarray(keep[joined] & strong)


def _to_the_wall(hu: Image, tree: Mask, lungs: Mask, body: Mask, step: float) -> Mask:
    """Widen the tree to where the wall begins: half way between air and wall.

    Thick parts by up to 2 voxels; thin ones by one at most and not beyond -750 HU, they have lung behind their wall.
    """
    inner = depth_mm(tree, step, 4.0) > 1.8
    thick = dilate_mm(inner, 1.8 + 2.3 * step, step) & (hu < LUMEN_EDGE_HU) & body & ~lungs
    rim = dilate_mm(tree, 2.2 * step, step) & thick
    thin = dilate_mm(tree, step, step) & (hu < THIN_EDGE_HU) & body
    return np.asarray(tree | rim | thin)


def _judged(lumen: Mask, lungs: Mask, step: float) -> Found:
    size = volume_ml(lumen, step)
    if size < 4.0:
        return Found.nothing(f"only {size:.1f} ml of a windpipe were found")
    inside = volume_ml(lumen & dilate_mm(lungs, 3.0, step), step)
    if size > MAX_TRUNK_ML:
        return Found(lumen, "check", f"{size:.0f} ml is more than airways hold: may have leaked", ("volume",))
    thin = "" if inside > 3.0 else "; bronchi in the lung were not followed"
    return Found(lumen, "ok", f"lumen, {size:.0f} ml, as far as it can be told from lung{thin}")
