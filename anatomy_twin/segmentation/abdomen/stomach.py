"""The stomach: what soft tissue, fluid and gas remain between left liver lobe, spleen and left diaphragm."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.abdomen.gut_room import Room, cut_at_necks, mean_of, spread
from anatomy_twin.segmentation.ground.frame import below_dome, find_dome
from anatomy_twin.segmentation.ground.tissues import lungs_of
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    box_of,
    boxed_components,
    dilate_mm,
    distance_mm,
    largest_component,
    open_mm,
    volume_ml,
)

GAS_HU: Final = -170.0
CLEAR_GAS_HU: Final = -450.0
SOFT_HU: Final = (-15.0, 135.0)
CONTRAST_HU: Final = 600.0
CORE_MM: Final = 7.0  # bowel loops and vessels of the upper left abdomen are thinner
TAIL_MM: Final = 6.0  # half of what a collapsed stomach measures
STOMACH_ML: Final = (40.0, 900.0)
GAS_BEFORE: Final = 0.55  # share of a gas bubble's lower face behind which stomach must lie
BEHIND_MM: Final = 12.0
MIN_SCORE: Final = 0.2
CORE_UP_MM: Final = (58.0, 50.0)  # from the middle of the kidneys
LUNG_SHARE: Final = 0.45
ROOF_MM: Final = 12.0  # diaphragm, fat and the heart's lower edge
# before the aorta's front face: at the height of the pancreas, and of the fundus; heights from the kidneys' middle
LEAST_FRONT_MM: Final = (8.0, -45.0)
# antrum: from the aorta and the kidneys' middle
ANTRUM_UP_MM: Final = (-18.0, 60.0)
ANTRUM_LEFT_MM: Final = (-60.0, 34.0)
ANTRUM_FRONT_MM: Final = 28.0
ANTRUM_ML: Final = 60.0
PYLORUS_MM: Final = 6.0
MEETING: Final = 0.7
WIDE_GAS_MM: Final = 14.0
PIECE_ML: Final = 120.0
FUNDUS_UP_MM: Final = (40.0, 65.0)


def find_stomach(room: Room, held: Mask) -> Found:
    """Return ``stomach`` on the grid of the room.

    ``held`` are voxels of pancreas and duodenum. What is soft, thick and lies left of and before the spine, below the
    diaphragm and beside spleen, left lung or liver, with the gas that swims on it (the patient lies on the back). The
    border to collapsed bowel and to the pancreas is not seen: state "check", rule "estimated".
    """
    wall, step, masks = room.wall, room.spacing_mm, room.wall.masks
    none = np.zeros_like(masks["body"])
    liver = masks.get("liver", none)
    roof = masks.get("spleen", none) | masks.get("lung_left", none)
    if not liver.any() or not roof.any():
        return Found.nothing("needs the liver, and the spleen or the left lung")
    zone = _zone(room, liver, roof)
    taken = room.taken | held
    inner = wall.cavity_depth > 1.0
    spleen = masks.get("spleen", none)
    level = float(np.median(wall.hu[spleen])) if spleen.any() else 0.0
    # enhanced spleen that its own outline left out is brighter than stomach
    high = min(SOFT_HU[1], level - 18.0) if level > 85.0 else SOFT_HU[1]
    soft = (room.smooth > SOFT_HU[0]) & (room.smooth < high) & zone & inner & ~taken
    bright = (room.smooth >= SOFT_HU[1]) & (room.smooth < CONTRAST_HU) & room.lumen & zone
    gas = (wall.hu < GAS_HU) & room.lumen & zone
    part, score = _best_core(room, open_mm(soft | bright, CORE_MM, step), liver, roof)
    if part is None or score < MIN_SCORE:
        return Found.nothing("no thick soft structure between left liver lobe, spleen and diaphragm")
    mask = (dilate_mm(part, CORE_MM, step) & (soft | bright)) | part
    bubbles = _swimming(wall.hu, gas, mask, step)
    rim = dilate_mm(bubbles, 1.2 * step, step) & inner & ~taken & ~(gas & ~bubbles)
    # tails run along the diaphragm, the heart and the crus
    mask = largest_component(open_mm(mask | bubbles | rim, TAIL_MM, step))
    filled = soft | bright | bubbles | rim
    mask = (mask | (dilate_mm(mask, 1.2 * step, step) & filled)) & ~taken
    antrum = _antrum(room, mask, taken | dilate_mm(held, PYLORUS_MM, step))
    if volume_ml(antrum, step) <= ANTRUM_ML:
        # more is bowel that lies against the stomach without fat between
        mask |= antrum
    size = volume_ml(mask, step)
    if not STOMACH_ML[0] <= size <= STOMACH_ML[1]:
        return Found.nothing(f"what lies between liver, spleen and diaphragm has {size:.0f} ml: not a stomach alone")
    note = f"{size:.0f} ml of soft tissue, fluid and gas; its border to bowel and pancreas is estimated"
    return Found(mask, "check", note, ("estimated",))


def _zone(room: Room, liver: Mask, roof: Mask) -> Mask:
    """Return where a stomach can lie: left of the spine's right edge, before the spine, below the diaphragm."""
    wall, step, shape = room.wall, room.spacing_mm, liver.shape
    left = np.broadcast_to(wall.frame.left_mm, shape)
    front = np.broadcast_to(wall.frame.front_mm, shape)
    held = np.flatnonzero(liver.any(axis=(1, 2)))
    low = held[0] + 0.3 * (held[-1] - held[0]) if held[0] > 1 else held[0]
    k = np.arange(shape[0])[:, None, None]
    lungs = lungs_of(wall.masks)
    dome = find_dome(lungs, wall.masks["body"], step)
    below = below_dome(shape, dome, lungs, step) > ROOF_MM
    beside_spine = (front > 32.0) | ((front > 8.0) & (left > 45.0))
    if room.frame is not None:
        least = np.interp(room.frame.up_mm, FUNDUS_UP_MM, LEAST_FRONT_MM)
        beside_spine = (room.frame.front_mm > least[:, None, None]) & ((room.frame.left_mm > 20.0) | (front > 48.0))
    return np.asarray((left > -5.0) & beside_spine & (k >= low) & (k <= held[-1] + 2) & below & wall.masks["body"])


def _best_core(room: Room, cores: Mask, liver: Mask, roof: Mask) -> tuple[Mask | None, float]:
    wall, step = room.wall, room.spacing_mm
    lungs = lungs_of(wall.masks)
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
        if room.frame is not None:
            near *= _bell(float(np.median(room.frame.up_mm[k])), CORE_UP_MM[0], CORE_UP_MM[1])
        # the heart lies between the lungs
        around = dilate_mm(part, 4.0 * step, step) & ~part
        near *= float(np.mean(lungs[box][around]) < LUNG_SHARE) if around.any() else 1.0
        score = _bell(left, 55.0, 38.0) * _bell(front, 70.0, 40.0) * near * deep * large
        if score > best_score:
            best, best_score = np.zeros_like(cores), score
            best[box] = part
    return best, best_score


def _swimming(hu: Image, gas: Mask, stomach: Mask, step: float) -> Mask:
    """Return the gas bubbles behind whose lower faces stomach lies; colon beside it has a wall and fat of its own."""
    result = np.zeros_like(gas)
    reach = max(2, round(BEHIND_MM / step))
    # the blurred walls between two bubbles are no gas of either
    labels, count = ndimage.label(gas & (hu < CLEAR_GAS_HU))
    if count == 0:
        return result
    lower = (labels > 0) & ~np.roll(labels > 0, -1, axis=1)
    lower[:, -1] = False
    faces = np.bincount(labels[lower], minlength=count + 1)
    near = np.zeros_like(gas)
    for n in range(1, reach + 1):
        moved = np.zeros_like(gas)
        moved[:, :-n] = stomach[:, n:]
        near |= moved
    met = np.bincount(labels[lower & near], minlength=count + 1)
    keep = (faces > 0) & (met > GAS_BEFORE * faces)
    keep[0] = False
    return np.asarray(gas & dilate_mm(keep[labels], 1.1 * step, step) & ~((labels > 0) & ~keep[labels]))


def _antrum(room: Room, stomach: Mask, taken: Mask) -> Mask:
    """Return what goes on from the stomach without a neck: body and antrum below the height where it was sought.

    Thick tissue and gas before the pancreas is cut at its necks; a piece belongs to the stomach where it meets it over
    a good part of its own cross-section, loops that lie beside it meet it over less.
    """
    result = np.zeros_like(stomach)
    if room.frame is None or not stomach.any():
        return result
    step, frame = room.spacing_mm, room.frame
    up, left = frame.up_mm[:, None, None], frame.left_mm
    top = int(np.flatnonzero(stomach.any(axis=(1, 2)))[-1])
    zone = (up > ANTRUM_UP_MM[0]) & (up < ANTRUM_UP_MM[1]) & (left > ANTRUM_LEFT_MM[0]) & (left < ANTRUM_LEFT_MM[1])
    zone = zone & (frame.front_mm > ANTRUM_FRONT_MM)
    dense = (room.smooth <= SOFT_HU[1]) | room.lumen
    body = open_mm(room.filled & dense & ~taken & zone, TAIL_MM, step)
    body[top + 1:] = False
    rest = body & ~stomach
    if not rest.any():
        return result
    box = box_of(rest, 3)
    pieces, count, depth = cut_at_necks(rest[box], step)
    radius = np.asarray(ndimage.maximum(depth, pieces, np.arange(count + 1)), dtype=np.float32)
    gas = mean_of(room.lumen[box], pieces, count)
    small = np.bincount(pieces.ravel(), minlength=count + 1) * step**3 / 1000.0 < PIECE_ML
    free = (radius > TAIL_MM) & ~((gas > 0.6) & (radius > WIDE_GAS_MM)) & small
    free[0] = False
    result[box] = spread(pieces, radius, free, stomach[box], MEETING, step) & rest[box]
    return result


def _bell(value: float, middle: float, width: float) -> float:
    return float(np.exp(-0.5 * ((value - middle) / width) ** 2))
