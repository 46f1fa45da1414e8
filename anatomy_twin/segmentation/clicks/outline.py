"""A lesion in the liver around one point, drawn in two ways; the one whose border the image shows better is kept.

One way asks at which level between lesion and liver the border changes most, the other is the growing of the seeded
tools. The first knows what the liver looks like, the second follows edges of any kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.segmentation.clicks.scene import box_around
from anatomy_twin.segmentation.clicks.size import draw_new
from anatomy_twin.segmentation.clicks.tools import Tool, grow
from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    box_start_shape,
    close_mm,
    depth_mm,
    dilate_mm,
    distance_mm,
    equal_grid,
    erode_mm,
    open_mm,
    paste,
    resample,
    resample_mask,
    volume_ml,
)

Point = Sequence[float]

REACH_MM: Final = 45.0  # nothing farther from the point is looked at
MAX_RADIUS_MM: Final = 38.0  # a region that grows farther has leaked
LEVELS: Final = 9
MIN_CONTRAST_HU: Final = 8.0
MIN_DISTINCT: Final = 0.6  # share of the region's surroundings that must differ from it
MIN_ML: Final = 0.1
FAT_HU: Final = -30.0
NEIGHBOURS: Final = (  # large vessels and organs that a lesion does not enter
    "inferior_vena_cava", "portal_vein", "hepatic_veins", "portal_branches", "aorta", "gallbladder", "stomach", "bowel",
    "colon", "bone", "lung_right", "lung_left", "kidney_right", "kidney_left",
)
EDGES: Final = 1.1  # the way along edges is right more often than one level all around
LESION: Final = "lesion_1"  # stands for any lesion: sizes are those of lesions


def outline_in_liver(
    array: NDArray[Any], geometry: VolumeGeometry, liver: Mask, barred: Mask | None, point_mm: Point, tool: Tool = grow
) -> tuple[Mask | None, str]:
    """Return the lesion at a point as a mask on the grid and what it is, or None and why there is none to be seen.

    Parameters
    ----------
    array, geometry : HU on upright axes, a box that holds at least ``REACH_MM`` around the point (or ends with the
        scan).
    liver, barred : bool on the same grid; ``barred`` are vessels and neighbours that a lesion does not enter.
    point_mm : LPS mm, in the lesion.
    tool : the seeded tool of the second way.
    """
    scene = _scene(array, geometry, liver, point_mm, barred)
    looks, why = _looks(scene)
    if looks is None:
        return None, why
    point = np.asarray(point_mm, dtype=np.float64)[None]
    first, failed = _draw(scene, looks)
    best, best_score = first, 0.0 if first is None else _score(scene, first, looks)
    drawn = draw_new(array, geometry, point, np.zeros((0, 3)), tool, LESION, hu=True)
    found: Mask | None = None
    if drawn is not None:
        grown = np.zeros(geometry.shape, dtype=bool)
        grown[drawn.scene.box] = drawn.scene.to_native(drawn.mask)
        second = resample_mask(grown, geometry, scene.geometry) & ~scene.barred
        far = second.any() and float(scene.away_mm[second].max()) > MAX_RADIUS_MM
        score = _score(scene, second, looks) if second.any() and not far else 0.0
        if EDGES * score > best_score:
            best = second
            found = grown if barred is None else grown & ~barred
    if best is None:
        return None, failed
    note, fault = _described(scene, best, looks)
    if fault:
        return None, fault
    return (paste(best, scene.geometry, geometry) if found is None else found), note


@dataclass(frozen=True, eq=False)
class _Scene:
    """The surroundings of the point on a fine grid of equal spacing: HU smoothed by 1 mm, the liver, the distance."""

    smooth: Image
    liver: Mask
    barred: Mask
    away_mm: Image
    geometry: VolumeGeometry

    @property
    def spacing_mm(self) -> float:
        return self.geometry.spacing_mm[0]


def _scene(
    hu: NDArray[Any], geometry: VolumeGeometry, liver: Mask, point_mm: Point, barred: Mask | None
) -> _Scene:
    box = box_around(geometry, np.asarray(point_mm, dtype=np.float64), REACH_MM)
    coarse = geometry.cropped(*box_start_shape(box))
    fine = equal_grid(coarse, 1.25)
    values = resample(hu[box], coarse, fine)
    smooth = ndimage.gaussian_filter(values, 1.0 / 1.25, mode="nearest", truncate=3.0)
    away = np.linalg.norm(
        fine.to_world(np.moveaxis(np.indices(fine.shape), 0, -1)) - np.asarray(point_mm, dtype=float), axis=-1
    )
    inside = resample_mask(liver[box], coarse, fine)
    # a lesion at the surface may have been left out of the liver
    hull = close_mm(inside, 10.0, 1.25) | dilate_mm(inside, 3.0, 1.25)
    out = (smooth < FAT_HU) | ~hull
    if barred is not None:
        out |= resample_mask(barred[box], coarse, fine)
    return _Scene(smooth, inside, out, away.astype(np.float32), fine)


@dataclass(frozen=True)
class _Looks:
    """Levels at the point and of the liver, HU, and whether the lesion is brighter (1) or darker (-1)."""

    level: float
    liver: float
    sign: float


def _looks(scene: _Scene) -> tuple[_Looks | None, str]:
    """Return what lesion and liver look like, or None and why they cannot be told apart."""
    step = scene.spacing_mm
    near = scene.away_mm <= 3.0
    level = float(np.median(scene.smooth[near]))
    core = erode_mm(scene.liver, 2.0, step) & ~scene.barred
    ring = core & (scene.away_mm > 12.0)
    if np.count_nonzero(ring) < 500:
        return None, "too little liver around it to compare with"
    liver, noise = _liver_level(scene.smooth[ring])
    contrast = level - liver
    if abs(contrast) < max(MIN_CONTRAST_HU, 1.5 * noise):
        return None, f"it has {level:.0f} HU where the liver has {liver:.0f} HU (noise {noise:.0f})"
    return _Looks(level, liver, 1.0 if contrast > 0 else -1.0), ""


def _draw(scene: _Scene, looks: _Looks) -> tuple[Mask | None, str]:
    """Return the region at the level along whose border the image changes most, or None and why not."""
    near = scene.away_mm <= 3.0
    best, best_score = None, 0.0
    for share in np.linspace(0.25, 0.7, LEVELS):
        region = _region(scene, looks.sign, looks.liver + share * (looks.level - looks.liver), near)
        if region is None:
            continue
        score = _score(scene, region, looks)
        if score > best_score:
            best, best_score = region, score
    return best, "no closed border around it within 38 mm"


def _score(scene: _Scene, region: Mask, looks: _Looks) -> float:
    return _edge(scene, region, looks.sign) * _distinct(scene, region, looks.sign, looks.level, looks.liver)


def _described(scene: _Scene, region: Mask, looks: _Looks) -> tuple[str, str]:
    """Return what a region is, and what speaks against it ("" where nothing does)."""
    share = _distinct(scene, region, looks.sign, looks.level, looks.liver)
    ml = volume_ml(region, scene.spacing_mm)
    if share < MIN_DISTINCT:
        return "", f"only {100 * share:.0f} % of its surroundings differ from it"
    if ml < MIN_ML:
        return "", f"what differs there is {ml:.2f} ml, too small to be told from noise"
    kind = "brighter" if looks.sign > 0 else "darker"
    hu = abs(looks.level - looks.liver)
    return f"{ml:.1f} ml, {hu:.0f} HU {kind} than the liver, border distinct on {100 * share:.0f} %", ""


def _liver_level(values: Image) -> tuple[float, float]:
    """Return the level and spread of the parenchyma: the mode of the histogram, not pulled by lesions and vessels."""
    low, high = np.percentile(values, [2, 98])
    counts, edges = np.histogram(values, bins=max(10, int(high - low)), range=(float(low), float(high) + 1e-3))
    smooth = ndimage.gaussian_filter1d(counts.astype(float), 3.0)
    level = float(edges[int(np.argmax(smooth))] + 0.5 * (edges[1] - edges[0]))
    near = values[np.abs(values - level) < 25.0]
    return level, 1.4826 * float(np.median(np.abs(near - level)))


def _region(scene: _Scene, sign: float, threshold: float, near: Mask) -> Mask | None:
    """Return the region beyond a threshold that hangs together around the point; None where it leaks or is empty."""
    step = scene.spacing_mm
    beyond = (sign * scene.smooth > sign * threshold) & ~scene.barred & (scene.away_mm <= REACH_MM)
    kept = _hanging_on(open_mm(beyond, 2.0, step), near)
    if kept is None:
        kept = _hanging_on(beyond, near)
    if kept is None:
        return None
    kept = ndimage.binary_fill_holes(close_mm(kept, 2.0, step) & ~scene.barred)
    if float(scene.away_mm[kept].max()) > MAX_RADIUS_MM:
        return None
    return np.asarray(kept)


def _hanging_on(mask: Mask, near: Mask) -> Mask | None:
    labels, _ = ndimage.label(mask)
    counts = np.bincount(labels[near])
    if counts.size < 2 or counts[1:].max() == 0:
        return None
    return np.asarray(labels == int(np.argmax(counts[1:])) + 1)


def _edge(scene: _Scene, region: Mask, sign: float) -> float:
    """Return the mean change of HU per mm across the border, outwards towards the liver."""
    step = scene.spacing_mm
    inner = region & (depth_mm(region, step) <= 1.5 * step)
    away = distance_mm(region, step, 5.0)
    outer = (away > 0.5 * step) & (away <= 1.5 * step) & ~scene.barred
    if not outer.any():
        return 0.0
    return max(0.0, sign * (float(scene.smooth[inner].mean()) - float(scene.smooth[outer].mean()))) / (2.0 * step)


def _distinct(scene: _Scene, region: Mask, sign: float, level: float, liver: float) -> float:
    """Return the share of the shell 2 to 5 mm outside that is nearer to the liver (or beyond) than to the lesion."""
    away = distance_mm(region, scene.spacing_mm, 7.0)
    shell = (away > 2.0) & (away <= 5.0)
    if not shell.any():
        return 0.0
    different = sign * scene.smooth < sign * 0.5 * (level + liver)
    return float(np.mean((different | scene.barred)[shell]))
