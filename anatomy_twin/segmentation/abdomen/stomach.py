"""The stomach: what soft tissue, fluid and gas remain between left liver lobe, spleen and left diaphragm."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.frame import below_dome, find_dome
from anatomy_twin.segmentation.ground.tissues import Wall, lungs_of
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Mask,
    boxed_components,
    dilate_mm,
    distance_mm,
    largest_component,
    open_mm,
    volume_ml,
)

GAS_HU: Final = -170.0
SOFT_HU: Final = (-15.0, 135.0)
CONTRAST_HU: Final = 600.0
CORE_MM: Final = 7.0  # bowel loops and vessels of the upper left abdomen are thinner
STOMACH_ML: Final = (40.0, 900.0)
GAS_IN_STOMACH: Final = 0.3  # share of a gas bubble's surroundings that must be stomach
MIN_SCORE: Final = 0.25
ROOF_MM: Final = 12.0  # diaphragm, fat and the heart's lower edge


def find_stomach(wall: Wall, taken: Mask, lumen: Mask) -> Found:
    """Return ``stomach`` on the grid of ``wall``.

    ``taken`` are voxels of other organs, ``lumen`` gas and contrast medium that is no lung. What is soft, thick and
    lies left of and before the spine, below the diaphragm and beside spleen, left lung or liver, with the gas that is
    embedded in it. The border to collapsed bowel and to the pancreas is not seen: state "check", rule "estimated".
    """
    step, masks = wall.spacing_mm, wall.masks
    none = np.zeros_like(masks["body"])
    liver = masks.get("liver", none)
    roof = masks.get("spleen", none) | masks.get("lung_left", none)
    if not liver.any() or not roof.any():
        return Found.nothing("needs the liver, and the spleen or the left lung")
    zone = _zone(wall, liver, roof)
    smooth = ndimage.gaussian_filter(wall.hu, 0.5, mode="nearest")
    inner = wall.cavity_depth > 1.0
    spleen = masks.get("spleen", none)
    level = float(np.median(wall.hu[spleen])) if spleen.any() else 0.0
    # enhanced spleen that its own outline left out is brighter than stomach
    high = min(SOFT_HU[1], level - 18.0) if level > 85.0 else SOFT_HU[1]
    soft = (smooth > SOFT_HU[0]) & (smooth < high) & zone & inner & ~taken
    bright = (smooth >= SOFT_HU[1]) & (smooth < CONTRAST_HU) & lumen & zone
    gas = (wall.hu < GAS_HU) & lumen & zone
    filled = soft | bright | (dilate_mm(gas, 1.2 * step, step) & zone & inner & ~taken & ~gas)
    part, score = _best_core(wall, open_mm(soft | bright, CORE_MM, step), liver, roof)
    if part is None or score < MIN_SCORE:
        return Found.nothing("no thick soft structure between left liver lobe, spleen and diaphragm")
    near = dilate_mm(part, CORE_MM, step)
    mask = (near & soft) | part
    mask |= _embedded(gas, mask, step)
    mask = (mask | (dilate_mm(mask, 1.2 * step, step) & filled)) & ~taken
    # tails run along the diaphragm, the heart and the crus
    mask = largest_component(open_mm(mask, 1.5 * step, step))
    size = volume_ml(mask, step)
    if not STOMACH_ML[0] <= size <= STOMACH_ML[1]:
        return Found.nothing(f"what lies between liver, spleen and diaphragm has {size:.0f} ml: not a stomach alone")
    note = f"{size:.0f} ml of soft tissue, fluid and gas; its border to bowel and pancreas is estimated"
    return Found(mask, "check", note, ("estimated",))


def _zone(wall: Wall, liver: Mask, roof: Mask) -> Mask:
    """Return where a stomach can lie: left of the spine's right edge, before the spine, below the diaphragm."""
    step, shape = wall.spacing_mm, liver.shape
    left = np.broadcast_to(wall.frame.left_mm, shape)
    front = np.broadcast_to(wall.frame.front_mm, shape)
    held = np.flatnonzero((liver | roof).any(axis=(1, 2)) & liver.any(axis=(1, 2)))
    low = held[0] + 0.3 * (held[-1] - held[0]) if held[0] > 1 else held[0]
    k = np.arange(shape[0])[:, None, None]
    lungs = lungs_of(wall.masks)
    dome = find_dome(lungs, wall.masks["body"], step)
    below = below_dome(shape, dome, lungs, step) > ROOF_MM
    beside_spine = (front > 32.0) | ((front > 8.0) & (left > 45.0))
    return np.asarray((left > -5.0) & beside_spine & (k >= low) & (k <= held[-1] + 2) & below & wall.masks["body"])


def _best_core(wall: Wall, cores: Mask, liver: Mask, roof: Mask) -> tuple[Mask | None, float]:
    step = wall.spacing_mm
    from_roof = distance_mm(roof, step, 60.0)
    from_liver = distance_mm(liver, step, 40.0)
    best, best_score = None, 0.0
    for box, part in boxed_components(cores, max(2, int(10.0 / step**3 * 1000.0)))[:12]:
        places = np.nonzero(part)
        k, j, i = (axis + side.start for axis, side in zip(places, box, strict=True))
        left = float(np.median(wall.frame.left_mm[k, 0, i]))
        front = float(np.median(wall.frame.front_mm[k, j, 0]))
        near = max(0.5, float(np.mean(from_roof[box][part] < 55.0)))
        near *= max(0.6, float(np.mean(from_liver[box][part] < 38.0)))
        deep = float(np.clip(np.median(wall.cavity_depth[box][part]) / 15.0, 0.0, 1.0))
        large = min(1.0, volume_ml(part, step) / 80.0)
        score = _bell(left, 55.0, 38.0) * _bell(front, 70.0, 40.0) * near * deep * large
        if score > best_score:
            best, best_score = np.zeros_like(cores), score
            best[box] = part
    return best, best_score


def _embedded(gas: Mask, stomach: Mask, step: float) -> Mask:
    """Return the gas bubbles of whose surroundings a good part is stomach; colon beside it is bounded by fat too."""
    result = np.zeros_like(gas)
    around = dilate_mm(stomach, 1.2 * step, step)
    for box, part in boxed_components(gas, 3)[:60]:
        grow = tuple(slice(max(0, s.start - 2), s.stop + 2) for s in box)
        whole = np.zeros_like(gas[grow])
        corner = [side.start - wide.start for side, wide in zip(box, grow, strict=True)]
        whole[tuple(slice(a, a + n) for a, n in zip(corner, part.shape, strict=True))] = part
        shell = ndimage.binary_dilation(whole, iterations=2) & ~ndimage.binary_dilation(whole)
        if np.count_nonzero(shell & around[grow]) > GAS_IN_STOMACH * max(1, np.count_nonzero(shell)):
            result[box] |= part
    return result


def _bell(value: float, middle: float, width: float) -> float:
    return float(np.exp(-0.5 * ((value - middle) / width) ** 2))
