"""The hollow organs and the pancreas together: each takes its share of what the solid organs leave in the cavity."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.abdomen.bowel import find_bowel, find_lumen
from anatomy_twin.segmentation.abdomen.duodenum import follow_duodenum, judge_duodenum
from anatomy_twin.segmentation.abdomen.gut_division import divide, duodenum_core, pancreas_core
from anatomy_twin.segmentation.abdomen.gut_frame import find_gut_frame
from anatomy_twin.segmentation.abdomen.gut_room import make_room
from anatomy_twin.segmentation.abdomen.pancreas import follow_pancreas, judge_pancreas
from anatomy_twin.segmentation.abdomen.stomach import find_stomach
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.tissues import Wall, find_wall
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    Masks,
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

BILE_HU: Final = (-12.0, 26.0)
BESIDE_BILE_HU: Final = 48.0
GALLBLADDER_ML: Final = (4.0, 150.0)
LOOP_MM: Final = 10.0
BULB_UP_MM: Final = 14.0


def find_hollow(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT, wall: Wall | None = None
) -> dict[str, Found]:
    """Find ``stomach``, ``duodenum``, ``pancreas``, ``colon``, ``bowel`` (small bowel) and ``gallbladder``.

    Parameters as ``tissues.find_tissues``. First what gas, fluid and contrast medium show, then the courses of
    duodenum and pancreas, then the borders between all of them. Where fat does not part them the border is estimated:
    all but the gallbladder carry the state "check", rule "estimated".
    """
    wall = wall or find_wall(hu, geometry, masks)
    step = wall.spacing_mm
    cavity = (wall.cavity_depth > -2.0) & wall.masks["body"]
    taken = _solid(wall.masks, step)
    lumen = find_lumen(wall, cavity, taken, step)
    room = make_room(wall, phase, taken, lumen)
    duodenum = follow_duodenum(room)
    # its descending part full of fluid lies beside the gallbladder
    loop = taken if duodenum is None else taken | dilate_mm(duodenum.line & _below_bulb(wall), LOOP_MM, step)
    gallbladder = _gallbladder(wall, cavity, loop, step)
    monitor.progress(0.3)
    check_cancelled(monitor)
    if gallbladder.mask is not None:
        taken = taken | gallbladder.mask
        room = make_room(wall, phase, taken, lumen)
        duodenum = follow_duodenum(room)
    ways = {"duodenum": duodenum, "pancreas": follow_pancreas(room)}
    held = pancreas_core(room, ways["pancreas"]) | duodenum_core(room, ways["duodenum"])
    monitor.progress(0.5)
    check_cancelled(monitor)
    stomach = find_stomach(room, held)
    none = np.zeros_like(taken)
    gland, gut, sack = divide(room, ways["pancreas"], ways["duodenum"], none if stomach.mask is None else stomach.mask)
    found = {
        "stomach": stomach if stomach.mask is None else replace(stomach, mask=sack),
        "duodenum": judge_duodenum(room, ways["duodenum"], gut),
        "pancreas": judge_pancreas(room, ways["pancreas"], gland),
        "gallbladder": gallbladder,
    }
    monitor.progress(0.8)
    check_cancelled(monitor)
    others = np.logical_or.reduce([none, *(entry.mask for entry in found.values() if entry.mask is not None)])
    found.update(find_bowel(room, others))
    monitor.progress(1.0)
    if wall.geometry is geometry:
        return found
    return {
        name: entry if entry.mask is None else replace(entry, mask=paste(entry.mask, wall.geometry, geometry))
        for name, entry in found.items()
    }


def _below_bulb(wall: Wall) -> Mask:
    """Return the slices below the duodenal bulb, where nothing but the duodenum holds the duodenum's course."""
    frame = find_gut_frame(wall.masks, wall.spacing_mm)
    if frame is None:
        return np.zeros_like(wall.masks["body"])
    return np.broadcast_to((frame.up_mm < BULB_UP_MM)[:, None, None], wall.masks["body"].shape)


def _solid(masks: Masks, step: float) -> Mask:
    """Return what is known to be no bowel, with the bright rim of vessels and kidneys."""
    result = np.zeros_like(masks["body"])
    rims = {"liver": 0.0, "spleen": 0.0, "aorta": 3.0, "inferior_vena_cava": 0.0, "kidney_right": 3.0,
            "kidney_left": 3.0, "bone": 4.0, "heart": 0.0, "portal_vein": 0.0}
    for name, rim in rims.items():
        if name in masks and masks[name].any():
            result |= dilate_mm(masks[name], rim, step) if rim else masks[name]
    return result


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
    inside = erode_mm(liver, 2.0 * step, step)
    parenchyma = float(np.median(wall.hu[inside if inside.any() else liver]))
    rim = near & (smooth > -25.0)
    best: tuple[float, Mask] | None = None
    # a neighbour of the same brightness hangs on it by a bridge that a deeper erosion cuts
    for deep in (0.9, 1.8, 2.8):
        core = open_mm(erode_mm(bile, deep * step, step), 1.0 * step, step)
        for part in components(core, max(4, int(0.6 / step**3 * 1000.0)))[:10]:
            # the border to a liver without much contrast medium lies half-way to its level
            half = 0.5 * (float(np.median(smooth[part])) + parenchyma)
            wide = rim & (smooth < min(max(half, BILE_HU[1]), BESIDE_BILE_HU))
            grown = largest_component(dilate_mm(part, (deep + 0.8) * step, step) & wide)
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
