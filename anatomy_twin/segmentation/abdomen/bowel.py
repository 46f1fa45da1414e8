"""Colon and small bowel: lumen with gas, stool, contrast medium or fluid, and loops that only their form shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.abdomen.gut_room import Room, cut_at_necks, mean_of, spread
from anatomy_twin.segmentation.ground.tissues import Wall, lungs_of
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    box_of,
    close_mm,
    depth_mm,
    dilate_mm,
    distance_mm,
    open_mm,
    volume_ml,
)

GAS_HU: Final = -170.0  # darker than any fat: gas, alone or in stool
CONTRAST_HU: Final = 210.0
WALL_MM: Final = 3.0
MIN_LUMEN_ML: Final = 0.5
# the colon frames the cavity and is wide, small bowel fills its middle: generated anatomies and two scans of persons
FRAME_MM: Final = (32.0, 12.0)  # depth under the inner face of the wall: half way, and what is worth one unit
COLON_RADIUS_MM: Final = (12.0, 4.0)
BESIDE_SOLID_MM: Final = 10.0
HIGH_MM: Final = (35.0, 15.0)
LOOP_MM: Final = 4.5
STOOL_HU: Final = -55.0
SOFT_HU: Final = -25.0
CRUMB_MM: Final = 3.5
STOOL_REACH_MM: Final = 30.0
MEETING: Final = 0.8
STOOL_DEEP_MM: Final = 6.0
WIDE_FLANK_MM: Final = 13.0
SPECKS_MM: Final = 6.0
MOST_STOOL_HU: Final = 65.0
CONTACT: Final = 0.16
LOOP_UP_MM: Final = (-105.0, 50.0)  # from the middle of the kidneys: pelvis to above the pancreas
BOWEL_ML: Final = 8.0


def find_bowel(room: Room, others: Mask) -> dict[str, Found]:
    """Return ``colon`` and ``bowel`` (small bowel) on the grid of the room.

    ``others`` are stomach, duodenum and pancreas. Lumen with gas, stool or contrast medium is colon where it is wide
    or lies near the wall of the trunk, small bowel where it is narrow and deep inside; thick soft tissue that nothing
    else claims, between the pelvis and the height of the pancreas, is a loop of small bowel. State "check", rule
    "estimated".
    """
    step, wall = room.spacing_mm, room.wall
    lumen = room.lumen & ~others & ~room.taken
    free = room.free & ~others & ~lungs_of(wall.masks)
    colon = _colon_lumen(room, lumen)
    # stool is darker than tissue and not as dark as fat
    solid = free & ~lumen & (room.smooth > STOOL_HU) & (room.smooth < MOST_STOOL_HU)
    stool = _stool(room, open_mm(solid & dilate_mm(colon, STOOL_REACH_MM, step), CRUMB_MM, step), colon)
    colon = colon | stool
    tissue = open_mm((room.tissue & (room.smooth > SOFT_HU) | lumen) & free & ~colon, LOOP_MM, step) & ~lumen
    loops, filled_colon = _loops(room, tissue)
    colon |= filled_colon
    loops = (loops | lumen) & ~colon
    soft = free & ((wall.hu > -50.0) | (wall.hu < GAS_HU))
    # the wall is as thick as it is where organs and fat leave room for it: fat is never wall
    blur = free & dilate_mm((wall.hu < GAS_HU) & free, 1.1 * step, step)
    found = {
        "colon": _with_wall(colon, soft & ~loops, blur & ~loops, step,
                            "gas, stool and contrast medium in wide lumen or near the wall of the trunk"),
        "bowel": _with_wall(loops, soft & (room.smooth > SOFT_HU) & ~colon, blur & ~colon, step,
                            "narrow lumen and loops of soft tissue that no other organ claims"),
    }
    if not found["colon"].absent and not found["bowel"].absent:
        found["bowel"] = replace(found["bowel"], mask=found["bowel"].mask & ~found["colon"].mask)
    return found


def _colon_lumen(room: Room, lumen: Mask) -> Mask:
    """Return the pieces of lumen that are colon by their width and by how near the wall of the trunk they lie."""
    result = np.zeros_like(lumen)
    if not lumen.any():
        return result
    box = box_of(lumen, 2)
    pieces, count, depth = cut_at_necks(lumen[box], room.spacing_mm)
    index = np.arange(count + 1)
    radius = np.asarray(ndimage.maximum(depth, pieces, index))
    # the flexures lie against liver and spleen instead of the wall
    solid = np.logical_or.reduce([room.wall.masks[n] for n in ("liver", "spleen") if n in room.wall.masks] or [lumen])
    beside_solid = distance_mm(solid, room.spacing_mm, 60.0)[box] + BESIDE_SOLID_MM
    deep = mean_of(np.minimum(room.wall.cavity_depth[box], beside_solid), pieces, count)
    score = (FRAME_MM[0] - deep) / FRAME_MM[1]
    if room.frame is not None:
        # small bowel does not reach above the pancreas
        up = mean_of(np.broadcast_to(room.frame.up_mm[:, None, None], lumen.shape)[box], pieces, count)
        score += np.clip((up - HIGH_MM[0]) / HIGH_MM[1], 0.0, 3.0)
    # far beside and not before the spine only colon lies
    beside, before = (
        mean_of(np.broadcast_to(side, lumen.shape)[box], pieces, count)
        for side in (room.wall.frame.left_mm, room.wall.frame.front_mm)
    )
    score += 2.0 * np.clip((np.abs(beside) - 70.0) / 20.0, 0.0, 1.0) * np.clip((50.0 - before) / 20.0, 0.0, 1.0)
    chosen = score + np.clip((radius - COLON_RADIUS_MM[0]) / COLON_RADIUS_MM[1], -1.0, 3.0) > 0.0
    chosen[0] = False
    result[box] = chosen[pieces] & lumen[box]
    return result


def _stool(room: Room, solid: Mask, colon: Mask) -> Mask:
    """Return the pieces of what is neither fat nor bright that the gas of the colon meets over a good part."""
    result = np.zeros_like(solid)
    if not solid.any():
        return result
    box, step = box_of(solid, 2), room.spacing_mm
    pieces, count, depth = cut_at_necks(solid[box], step)
    rim = solid[box] & (depth < 1.2 * step)
    # gas swims on stool (the patient lies on the back)
    under = np.zeros_like(colon)
    for n in (1, 2):
        under[:, n:] |= colon[:, :-n]
    touched = mean_of(under[box], np.where(rim, pieces, 0), count)
    deep = mean_of(room.wall.cavity_depth[box], pieces, count)
    beside = mean_of(np.broadcast_to(room.wall.frame.left_mm, solid.shape)[box], pieces, count)
    flank = (deep < 24.0) & (np.abs(beside) > 70.0)
    # tissue of the liver or the wall beside gas is denser than stool
    chosen = (touched > np.where(flank, 0.5, 1.0) * CONTACT) & (deep < FRAME_MM[0]) & (deep > STOOL_DEEP_MM)
    chosen[0] = False
    radius = np.asarray(ndimage.maximum(depth, pieces, np.arange(count + 1)), dtype=np.float32)
    free = (deep < FRAME_MM[0]) & (deep > STOOL_DEEP_MM) & (radius > LOOP_MM) & ~chosen
    free[0] = False
    held = chosen[pieces]
    result[box] = (held | spread(pieces, radius, free, held, MEETING, step, 4)) & solid[box]
    return result


def _loops(room: Room, tissue: Mask) -> tuple[Mask, Mask]:
    """Return thick tissue that is loops, deep between the pelvis and the pancreas, and colon full of fluid.

    The latter is wide and lies in a flank.
    """
    loops, colon = np.zeros_like(tissue), np.zeros_like(tissue)
    if not tissue.any() or room.frame is None:
        return loops, colon
    box = box_of(tissue, 2)
    pieces, count, depth = cut_at_necks(tissue[box], room.spacing_mm)
    deep = mean_of(room.wall.cavity_depth[box], pieces, count)
    up = mean_of(np.broadcast_to(room.frame.up_mm[:, None, None], tissue.shape)[box], pieces, count)
    before = mean_of(np.broadcast_to(room.wall.frame.front_mm, tissue.shape)[box], pieces, count)
    beside = mean_of(np.broadcast_to(room.wall.frame.left_mm, tissue.shape)[box], pieces, count)
    level = mean_of(room.smooth[box], pieces, count)
    radius = np.asarray(ndimage.maximum(depth, pieces, np.arange(count + 1)))
    flank = (radius > WIDE_FLANK_MM) & (np.abs(beside) > 70.0) & (deep < 40.0) & (deep > 6.0) & (before < 70.0)
    flank &= (level < MOST_STOOL_HU) & (up < 0.0) & (up > LOOP_UP_MM[0])
    chosen = (up > LOOP_UP_MM[0]) & (up < LOOP_UP_MM[1]) & (deep > 9.0) & (before > 22.0) & ~flank
    chosen[0] = flank[0] = False
    loops[box], colon[box] = chosen[pieces] & tissue[box], flank[pieces] & tissue[box]
    return loops, colon


def _with_wall(lumen: Mask, room: Mask, near_gas: Mask, step: float, note: str) -> Found:
    """Return the lumen with its wall, or nothing where there is no lumen."""
    if volume_ml(lumen, step) < BOWEL_ML:
        return Found.nothing(f"nothing seen of {note.split(',')[0]}")
    # the voxels between gas and wall read like fat
    mask = lumen | (dilate_mm(lumen, max(WALL_MM, 1.1 * step), step) & (room | near_gas))
    return Found(mask, "check", f"{note}; wall of {WALL_MM:g} mm assumed", ("estimated",))


def find_lumen(wall: Wall, cavity: Mask, taken: Mask, step: float) -> Mask:
    """Return gas that is not lung and positive contrast in the cavity, below the lungs' base."""
    lungs, body = lungs_of(wall.masks), wall.masks["body"]
    left = np.broadcast_to(wall.frame.left_mm, lungs.shape)
    front = np.broadcast_to(wall.frame.front_mm, lungs.shape)
    below = _below_the_chest(wall, lungs)
    from_lung = distance_mm(lungs, step, 26.0)
    under_skin = depth_mm(np.pad(body, ((0, 0), (1, 1), (1, 1))), step, 15.0)[:, 1:-1, 1:-1]
    # the wall is thin in front of the gut, and gas behind it hides its inner face
    cavity = cavity | ((front > 40.0) & (under_skin > 10.0) & (wall.cavity_depth > -30.0))
    gas = (wall.hu < GAS_HU) & (under_skin > 6.0) & (from_lung > 5.0) & (cavity | (wall.cavity_depth > -4.0)) & below
    gas &= ~_open_air(wall.hu, body)
    # the thin lower edge of a lung leans on the wall; the oesophagus runs before the spine behind the heart
    edge = (from_lung < 12.0) & (wall.cavity_depth < 12.0) | (from_lung < 8.0)
    gullet = (np.abs(left - 8.0) < 36.0) & (front < 60.0) & (from_lung < 25.0)
    gas = _kept(gas, edge | gullet, 0.5)
    # stool holds gas in specks too small to count one by one: what lies between them counts, what lies beside not
    mottled = (ndimage.gaussian_filter(gas.astype(np.float32), 4.0 / step) > 0.12) & cavity & ~taken
    mottled &= close_mm(gas, SPECKS_MM, step)
    least = max(2, int(MIN_LUMEN_ML / step**3 * 1000.0))
    lumen = _large(gas | (mottled & (wall.hu < 400.0) & ~_plain_fat(wall)), least)
    bright = (wall.hu > CONTRAST_HU) & cavity & ~taken & (wall.cavity_depth > 3.0) & below
    # the end of a floating rib lies behind and at the wall
    rib = (front < 25.0) & (wall.cavity_depth < 20.0) | (np.abs(left) < 32.0) & (front < 40.0) | (front < 8.0)
    lumen |= _large(_kept(bright, rib, 0.4), least)
    # where gas and contrast meet lie voxels of neither
    spine = (np.abs(left) < 28.0) & (front < 34.0)
    return (lumen | (close_mm(lumen, step, step) & cavity & ~taken)) & ~spine


def _open_air(hu: Image, body: Mask) -> Mask:
    """Return the air around the patient with what of it reaches into the outline, between arm and trunk for one."""
    labels, count = ndimage.label(hu < GAS_HU)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    outside = np.bincount(labels[~body], minlength=count + 1)
    # lung that the border of the scan cuts opens to nothing
    keep = outside > 0.3 * sizes
    keep[0] = False
    return np.asarray(keep[labels])


def _plain_fat(wall: Wall) -> Mask:
    return np.asarray(ndimage.uniform_filter((wall.hu > -140.0) & (wall.hu < -60.0), 3, output=np.float32) > 0.9)


def _kept(mask: Mask, place: Mask, share: float) -> Mask:
    """Return the components of a mask of which less than ``share`` lies in ``place``."""
    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    inside = np.bincount(labels[place], minlength=count + 1)
    keep = inside < share * sizes
    keep[0] = False
    return np.asarray(keep[labels])


def _below_the_chest(wall: Wall, lungs: Mask) -> Mask:
    """Return the slices in which lung fills less than half of the cavity."""
    inside = (wall.cavity_depth > 0.0).sum(axis=(1, 2))
    share = lungs.sum(axis=(1, 2)) / np.maximum(1, inside)
    high = share > 0.45
    first = int(np.argmax(high)) if high.any() else high.size
    return np.broadcast_to((np.arange(high.size) < first)[:, None, None], lungs.shape)


def _large(mask: Mask, least: int) -> Mask:
    labels, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = sizes >= least
    keep[0] = False
    return keep[labels]
