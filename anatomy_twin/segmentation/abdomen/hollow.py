"""Stomach, bowel and gallbladder, as far as gas, contrast medium in the lumen, fluid and position show them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.abdomen.stomach import find_stomach
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.tissues import Wall, find_wall, lungs_of
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    Masks,
    boxed_components,
    close_mm,
    components,
    depth_mm,
    dilate_mm,
    distance_mm,
    erode_mm,
    largest_component,
    open_mm,
    paste,
    volume_ml,
)

GAS_HU: Final = -170.0  # darker than any fat: gas, alone or in stool
CONTRAST_HU: Final = 210.0
WALL_MM: Final = 4.0
MIN_LUMEN_ML: Final = 0.5
FLUID_HU: Final = (-12.0, 28.0)
BILE_HU: Final = (-12.0, 26.0)
FLUID_REACH_MM: Final = 30.0
GALLBLADDER_ML: Final = (4.0, 150.0)
COLON_RADIUS_MM: Final = 10.0


def find_hollow(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT, wall: Wall | None = None
) -> dict[str, Found]:
    """Find ``stomach``, ``colon`` (wide lumen), ``bowel`` (narrow lumen) and ``gallbladder``.

    Parameters as ``tissues.find_tissues``. Bowel is lumen that holds gas or positive contrast, the fluid that hangs on
    it, and a wall of 4 mm; collapsed loops and loops with fluid alone stay unknown tissue. State "check" by the
    rule "estimated".
    """
    wall = wall or find_wall(hu, geometry, masks)
    step = wall.spacing_mm
    cavity = (wall.cavity_depth > -2.0) & wall.masks["body"]
    taken = _solid(wall.masks, step)
    gallbladder = _gallbladder(wall, cavity, taken, step)
    monitor.progress(0.4)
    check_cancelled(monitor)
    lumen = _lumen(wall, cavity, taken, step)
    if gallbladder.mask is not None:
        taken = taken | gallbladder.mask
    stomach = find_stomach(wall, taken, lumen)
    if stomach.mask is not None:
        taken = taken | stomach.mask
        lumen &= ~stomach.mask
    fluid = _fluid_on(wall, lumen, cavity & ~taken, step)
    monitor.progress(0.8)
    bowel = (lumen | fluid) & ~taken
    colon = _wide(bowel, lumen, step)
    free = wall.masks["body"] & ~taken & ~lungs_of(wall.masks)
    # the wall is as thick as it is where organs and fat leave room for it: fat is never wall
    soft = free & ((wall.hu > -50.0) | (wall.hu < GAS_HU))
    blur = free & dilate_mm((wall.hu < GAS_HU) & free, 1.1 * step, step)
    found = {
        "stomach": stomach,
        "bowel": _with_wall(bowel & ~colon, soft & ~colon, blur, step, "gas, contrast and fluid in narrow lumen"),
        "colon": _with_wall(colon, soft, blur, step, "gas and stool in lumen wider than small bowel"),
        "gallbladder": gallbladder,
    }
    if not found["colon"].absent and not found["bowel"].absent:
        found["bowel"] = replace(found["bowel"], mask=found["bowel"].mask & ~found["colon"].mask)
    monitor.progress(1.0)
    if wall.geometry is geometry:
        return found
    return {
        name: entry if entry.mask is None else replace(entry, mask=paste(entry.mask, wall.geometry, geometry))
        for name, entry in found.items()
    }


def _solid(masks: Masks, step: float) -> Mask:
    """Return what is known to be no bowel, with the bright rim of vessels and kidneys."""
    result = np.zeros_like(masks["body"])
    rims = {"liver": 0.0, "spleen": 0.0, "aorta": 3.0, "inferior_vena_cava": 0.0, "kidney_right": 3.0,
            "kidney_left": 3.0, "bone": 4.0, "heart": 0.0, "portal_vein": 0.0}
    for name, rim in rims.items():
        if name in masks and masks[name].any():
            result |= dilate_mm(masks[name], rim, step) if rim else masks[name]
    return result


def _lumen(wall: Wall, cavity: Mask, taken: Mask, step: float) -> Mask:
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


def _fluid_on(wall: Wall, lumen: Mask, allowed: Mask, step: float) -> Mask:
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


def _wide(bowel: Mask, lumen: Mask, step: float) -> Mask:
    """Return the lumen that belongs to stretches wider than normal small bowel (below 30 mm across, wall included)."""
    cores = open_mm(bowel, COLON_RADIUS_MM, step)
    kept = np.zeros_like(bowel)
    for box, part in boxed_components(cores, max(2, int(3.0 / step**3 * 1000.0))):
        # wide stretches that hold no gas or stool are dilated loops or something else
        if np.count_nonzero(part & lumen[box]) > 0.5 * np.count_nonzero(part):
            kept[box] |= part
    near = dilate_mm(kept, COLON_RADIUS_MM, step) & bowel if kept.any() else kept
    labels, count = ndimage.label(bowel & ~near)
    # what is left of such a stretch between its folds
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    contact = np.bincount(labels[dilate_mm(near, 1.2 * step, step)], minlength=count + 1)
    small = (contact > 0) & (sizes * step**3 / 1000.0 < 6.0)
    small[0] = False
    return near | small[labels]


def _with_wall(lumen: Mask, room: Mask, near_gas: Mask, step: float, note: str) -> Found:
    """Return the lumen with its wall, or nothing where there is no lumen."""
    if volume_ml(lumen, step) < 2.0:
        return Found.nothing(f"no {note.split(',')[0]} seen")
    # the voxels between gas and wall read like fat
    mask = lumen | (dilate_mm(lumen, 1.1 * step, step) & (room | near_gas)) | (dilate_mm(lumen, WALL_MM, step) & room)
    return Found(mask, "check", f"{note}; wall of {WALL_MM:g} mm assumed", ("estimated",))


def _gallbladder(wall: Wall, cavity: Mask, taken: Mask, step: float) -> Found:
    """Return the pouch of bile at the liver's underside."""
    liver = wall.masks.get("liver")
    if liver is None or not liver.any():
        return Found.nothing("needs the liver")
    smooth = ndimage.gaussian_filter(wall.hu, 0.6, mode="nearest")
    hull = close_mm(liver, 12.0, step)
    near = dilate_mm(liver, 45.0, step) & cavity
    bile = (smooth > BILE_HU[0]) & (smooth < BILE_HU[1]) & near & ~(taken & ~liver) & (wall.cavity_depth > 4.0)
    left = np.broadcast_to(wall.frame.left_mm, bile.shape)
    bile &= left < 25.0
    rim = near & (smooth < BILE_HU[1] + 22.0) & (smooth > -25.0)
    best: tuple[float, Mask] | None = None
    # a neighbour of the same brightness hangs on it by a bridge that a deeper erosion cuts
    for deep in (0.9, 1.8, 2.8):
        core = open_mm(erode_mm(bile, deep * step, step), 1.0 * step, step)
        for part in components(core, max(4, int(0.6 / step**3 * 1000.0)))[:10]:
            grown = largest_component(dilate_mm(part, (deep + 0.8) * step, step) & rim)
            score = _gallbladder_score(grown, wall, liver, hull, step)
            if best is None or score > best[0] + 0.05:
                best = (score, grown)
    if best is None or best[0] < 0.3:
        return Found.nothing("no smooth pouch with the density of bile at the liver's underside")
    ml, level = volume_ml(best[1], step), float(np.median(wall.hu[best[1]]))
    note = f"{ml:.0f} ml, {level:.0f} HU at the liver's underside (score {best[0]:.2f})"
    # one that hangs free of the liver might be a loop of bowel with fluid
    return Found(best[1], "ok", note) if best[0] >= 0.55 else Found(best[1], "check", note, ("position",))


def _gallbladder_score(part: Mask, wall: Wall, liver: Mask, hull: Mask, step: float) -> float:
    """Return 0 to 1: volume, even and fluid, round, leaning on the liver but not inside it, no gas in it."""
    ml = volume_ml(part, step)
    if not GALLBLADDER_ML[0] <= ml <= GALLBLADDER_ML[1]:
        return 0.0
    inner = erode_mm(part, 1.2 * step, step)
    values = wall.hu[inner if inner.any() else part]
    even = float(np.exp(-0.5 * (max(0.0, float(values.std()) - 10.0) / 10.0) ** 2))
    away = distance_mm(part, step, 9.0)
    shell = (away > 0.0) & (away <= 2.2 * step)
    lean = float(np.mean(liver[shell]))
    gas = float(np.mean(wall.hu[shell] < -300.0))
    fat = float(np.mean(wall.hu[shell] < -30.0))
    radius = (3000.0 * ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    compact = min(1.0, float(depth_mm(part, step).max()) / (0.55 * radius))
    # wholly inside the liver it is a cyst, without liver beside it a bowel loop
    lean_score = float(np.clip((lean - 0.04) / 0.1, 0.0, 1.0)) * float(np.clip((0.93 - lean) / 0.1, 0.0, 1.0))
    height = np.flatnonzero(liver.any(axis=(1, 2)))
    level = (float(np.median(np.nonzero(part)[0])) - height[0]) / max(1, height[-1] - height[0])
    low = float(np.clip((0.85 - level) / 0.15, 0.0, 1.0))
    enclosed = 0.5 + 0.5 * float(np.mean(hull[shell]))
    return even * lean_score * compact * low * enclosed * (1.0 - min(1.0, 8.0 * gas)) * (1.0 - 0.3 * fat)
