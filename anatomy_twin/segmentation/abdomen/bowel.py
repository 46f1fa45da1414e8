"""Colon and small bowel: lumen with gas, stool, contrast medium or fluid, and loops that only their form shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from anatomy_twin.segmentation.abdomen.gut_room import Room
from anatomy_twin.segmentation.ground.tissues import Wall, lungs_of
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
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
WALL_MM: Final = 4.0
MIN_LUMEN_ML: Final = 0.5
FLUID_HU: Final = (-12.0, 28.0)
FLUID_REACH_MM: Final = 30.0
PIECE_MM: Final = 15.0  # lumen is judged in pieces of about this size
# the colon frames the cavity and is wide, small bowel fills its middle: generated anatomies and two scans of persons
FRAME_MM: Final = (32.0, 12.0)  # depth under the inner face of the wall: half way, and what is worth one unit
COLON_RADIUS_MM: Final = (12.0, 4.0)
LOOP_MM: Final = 4.5
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
    cavity = (wall.cavity_depth > -2.0) & wall.masks["body"]
    fluid = fluid_on(wall, lumen, cavity & ~room.taken & ~others, step)
    filled = (lumen | fluid) & ~others
    colon = _colon_pieces(room, filled, lumen)
    free = wall.masks["body"] & ~room.taken & ~others & ~lungs_of(wall.masks)
    # the wall is as thick as it is where organs and fat leave room for it: fat is never wall
    soft = free & ((wall.hu > -50.0) | (wall.hu < GAS_HU))
    blur = free & dilate_mm((wall.hu < GAS_HU) & free, 1.1 * step, step)
    loops = _loops(room, others | dilate_mm(colon, WALL_MM, step))
    narrow = (filled & ~colon) | loops
    found = {
        "colon": _with_wall(colon, soft & ~narrow, blur & ~narrow, step,
                            "gas, stool and contrast medium in wide lumen or near the wall of the trunk"),
        "bowel": _with_wall(narrow, soft & ~colon, blur & ~colon, step,
                            "narrow lumen and loops of soft tissue that no other organ claims"),
    }
    if not found["colon"].absent and not found["bowel"].absent:
        found["bowel"] = replace(found["bowel"], mask=found["bowel"].mask & ~found["colon"].mask)
    return found


def _colon_pieces(room: Room, filled: Mask, lumen: Mask) -> Mask:
    """Return the pieces of lumen that are colon by their width and by how near the wall of the trunk they lie."""
    step = room.spacing_mm
    result = np.zeros_like(filled)
    if not filled.any():
        return result
    box = box_of(filled, 2)
    inside, gas = filled[box], lumen[box]
    depth = depth_mm(inside, step, 40.0)
    smooth = ndimage.gaussian_filter(depth, 0.7)
    size = 2 * round(0.5 * PIECE_MM / step) + 1
    peaks, count = ndimage.label((ndimage.maximum_filter(smooth, size) == smooth) & inside, np.ones((3, 3, 3)))
    if count == 0:
        return result
    pieces = watershed(-smooth, peaks, mask=inside)
    index = np.arange(count + 1)
    radius = np.asarray(ndimage.maximum(depth, pieces, index))
    deep = np.asarray(ndimage.mean(room.wall.cavity_depth[box], pieces, index))
    # fluid alone is no colon
    share = np.asarray(ndimage.mean(gas, pieces, index))
    score = (FRAME_MM[0] - deep) / FRAME_MM[1] + np.clip((radius - COLON_RADIUS_MM[0]) / COLON_RADIUS_MM[1], -1.0, 3.0)
    chosen = (score > 0.0) & (share > 0.35)
    chosen[0] = False
    result[box] = chosen[pieces] & inside
    return result


def _loops(room: Room, others: Mask) -> Mask:
    """Return thick soft tissue of the middle abdomen that nothing else claims."""
    none = np.zeros_like(room.free)
    if room.frame is None:
        return none
    step, up = room.spacing_mm, room.frame.up_mm
    height = ((up > LOOP_UP_MM[0]) & (up < LOOP_UP_MM[1]))[:, None, None]
    body = room.tissue & ~others & height & (room.wall.cavity_depth > 5.0)
    return open_mm(body | (room.lumen & ~others), LOOP_MM, step) & body


def _with_wall(lumen: Mask, room: Mask, near_gas: Mask, step: float, note: str) -> Found:
    """Return the lumen with its wall, or nothing where there is no lumen."""
    if volume_ml(lumen, step) < BOWEL_ML:
        return Found.nothing(f"nothing seen of {note.split(',')[0]}")
    # the voxels between gas and wall read like fat
    mask = lumen | (dilate_mm(lumen, 1.1 * step, step) & (room | near_gas)) | (dilate_mm(lumen, WALL_MM, step) & room)
    return Found(mask, "check", f"{note}; wall of {WALL_MM:g} mm assumed", ("estimated",))


def find_lumen(wall: Wall, cavity: Mask, taken: Mask, step: float) -> Mask:
    """Return gas that is not lung and positive contrast in the cavity, below the lungs' base."""
    lungs = lungs_of(wall.masks)
    left = np.broadcast_to(wall.frame.left_mm, lungs.shape)
    front = np.broadcast_to(wall.frame.front_mm, lungs.shape)
    below = _below_the_chest(wall, lungs)
    from_lung = distance_mm(lungs, step, 26.0)
    gas = (wall.hu < GAS_HU) & wall.masks["body"] & (from_lung > 5.0) & (wall.cavity_depth > -4.0) & below
    # air in a fold of the skin
    gas = _kept(gas, wall.cavity_depth < 3.0, 0.4)
    # the thin lower edge of a lung leans on the wall; the oesophagus runs before the spine behind the heart
    edge = (from_lung < 12.0) & (wall.cavity_depth < 12.0) | (from_lung < 8.0)
    gullet = (np.abs(left - 8.0) < 36.0) & (front < 60.0) & (from_lung < 25.0)
    gas = _kept(gas, edge | gullet, 0.5)
    # stool holds gas in specks too small to count one by one
    mottled = (ndimage.gaussian_filter(gas.astype(np.float32), 4.0 / step) > 0.12) & cavity & ~taken
    least = max(2, int(MIN_LUMEN_ML / step**3 * 1000.0))
    lumen = _large(gas | (mottled & (wall.hu < 400.0) & ~_plain_fat(wall)), least)
    bright = (wall.hu > CONTRAST_HU) & cavity & ~taken & (wall.cavity_depth > 3.0) & below
    # the end of a floating rib lies behind and at the wall
    rib = (front < 25.0) & (wall.cavity_depth < 20.0) | (np.abs(left) < 32.0) & (front < 40.0) | (front < 8.0)
    lumen |= _large(_kept(bright, rib, 0.4), least)
    # where gas and contrast meet lie voxels of neither
    spine = (np.abs(left) < 28.0) & (front < 34.0)
    return (lumen | (close_mm(lumen, step, step) & cavity & ~taken)) & ~spine


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


def fluid_on(wall: Wall, lumen: Mask, allowed: Mask, step: float) -> Mask:
    """Return compact fluid that touches gas or contrast: the rest of a level."""
    smooth = ndimage.gaussian_filter(wall.hu, 0.6, mode="nearest")
    # gas blurs into its neighbours, so the fluid begins a little away from it
    fluid = (smooth > FLUID_HU[0]) & (smooth < FLUID_HU[1]) & allowed & ~lumen & (wall.cavity_depth > 2.0)
    # a level lies near the gas above it: more is a kidney or the liver
    compact = open_mm(fluid & dilate_mm(lumen, FLUID_REACH_MM, step), 1.8 * step, step)
    near = dilate_mm(lumen, 2.2 * step, step)
    labels, count = ndimage.label(compact)
    if count == 0:
        return compact
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    contact = np.bincount(labels[near], minlength=count + 1)
    keep = (contact > 0) & (contact > 0.12 * sizes) & (sizes * step**3 / 1000.0 < 500.0)
    keep[0] = False
    return keep[labels] | (near & fluid & dilate_mm(keep[labels], step, step))
