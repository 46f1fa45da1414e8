"""Divides what fills the room between pancreas, duodenum, stomach and the rest of the gut, from markers of each."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from anatomy_twin.segmentation.abdomen.gut_room import Room
from anatomy_twin.segmentation.abdomen.pancreas import HEAD_ENDS_MM, Course, pancreas_tissue
from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    box_of,
    depth_mm,
    distance_mm,
    erode_mm,
    open_mm,
    touching,
)

PANCREAS, DUODENUM, STOMACH, OTHER, VESSEL = 1, 2, 3, 4, 5
HEAD_REACH_MM: Final = 26.0
BODY_REACH_MM: Final = 19.0
NATIVE_REACH_MM: Final = (18.0, 11.0)  # without contrast only the place tells it from vessels and gut
DUODENUM_REACH_MM: Final = 17.0
PANCREAS_CORE_MM: Final = 4.5
DUODENUM_CORE_MM: Final = 5.5
END_MM: Final = 6.0
FLUID_HU: Final = 25.0
LOOP_MM: Final = 4.5  # half of what a collapsed loop of bowel measures


def pancreas_core(room: Room, course: Course | None) -> Mask:
    """Return what certainly is pancreas where it was followed."""
    if course is None:
        return np.zeros_like(room.free)
    return pancreas_tissue(room) & (distance_mm(course.line, room.spacing_mm, 9.0) <= PANCREAS_CORE_MM)


def duodenum_core(room: Room, course: Course | None) -> Mask:
    """Return what certainly is duodenum where it was followed."""
    if course is None:
        return np.zeros_like(room.free)
    return (room.tissue | room.lumen) & (distance_mm(course.line, room.spacing_mm, 9.0) <= DUODENUM_CORE_MM)


def divide(
    room: Room, pancreas: Course | None, duodenum: Course | None, stomach: Mask
) -> tuple[Mask, Mask, Mask]:
    """Return pancreas, duodenum and the stomach's share of the room.

    ``stomach`` is what was taken for it without regard to the others. Markers are the cores of the courses, the inside
    of the stomach and thick tissue far from all; flooding goes from them over the tissue, first where it is thick and
    even, so that borders come to lie at clefts, necks and steps of density.
    """
    step = room.spacing_mm
    cores = {PANCREAS: pancreas_core(room, pancreas), DUODENUM: duodenum_core(room, duodenum)}
    far = np.full(room.free.shape, 40.0, dtype=np.float32)
    from_pancreas = far if pancreas is None else distance_mm(pancreas.line, step, 30.0)
    from_duodenum = far if duodenum is None else distance_mm(duodenum.line, step, 30.0)
    cores[PANCREAS] &= ~(cores[DUODENUM] & (from_duodenum < from_pancreas))
    cores[DUODENUM] &= ~cores[PANCREAS]
    body = room.filled
    gland = _gland(room, cores[PANCREAS], from_pancreas)
    held = cores[PANCREAS] | cores[DUODENUM]
    thick = open_mm(body & ~held, LOOP_MM, step)
    markers = np.zeros(body.shape, dtype=np.int32)
    inside = room.wall.masks["body"]
    markers[thick & (from_pancreas > HEAD_REACH_MM) & (from_duodenum > DUODENUM_REACH_MM) & ~stomach] = OTHER
    # where contrast medium shows the gland, what has its density is not taken for the inside of the stomach
    elsewhere = ~gland if room.phase.enhanced else from_pancreas > PANCREAS_CORE_MM + 3.0
    markers[erode_mm(stomach, 4.0, step) & ~held & elsewhere] = STOMACH
    if room.phase.enhanced:
        markers[(room.smooth > room.blood_hu) & room.free & ~room.lumen & inside] = VESSEL
    markers[cores[DUODENUM]] = DUODENUM
    markers[cores[PANCREAS]] = PANCREAS
    flooded = np.zeros(body.shape, dtype=np.int32)
    box = box_of(markers > 0, 4)
    flooded[box] = watershed(_relief(room, body, step)[box], markers[box], mask=(body | (markers > 0))[box])
    found = (flooded == PANCREAS) & gland
    found = touching(open_mm(found, 1.6 * step / 3.0, step) | (found & cores[PANCREAS]), cores[PANCREAS])
    gut = (flooded == DUODENUM) & (from_duodenum < DUODENUM_REACH_MM)
    gut &= dilate_up(cores[DUODENUM], round(END_MM / step))
    gut = touching(open_mm(gut, 2.0, step) | (gut & cores[DUODENUM]), cores[DUODENUM])
    return found, gut, (flooded == STOMACH) | (stomach & ~found & ~gut & (flooded != VESSEL))


def dilate_up(core: Mask, slices: int) -> Mask:
    """Return the slices that the core reaches, and so many beyond, over their whole area."""
    held = ndimage.binary_dilation(core.any(axis=(1, 2)), iterations=max(1, slices))
    return np.broadcast_to(held[:, None, None], core.shape)


def _gland(room: Room, core: Mask, from_line: Image) -> Mask:
    """Return what may be pancreas: within its reach, and where contrast shows it near the gland's own density."""
    if not core.any() or room.frame is None:
        return np.zeros_like(core)
    head, body = (HEAD_REACH_MM, BODY_REACH_MM) if room.phase.enhanced else NATIVE_REACH_MM
    reach = np.where(room.frame.left_mm < HEAD_ENDS_MM, head, body)
    near = pancreas_tissue(room) & (from_line < reach)
    if not room.phase.enhanced:
        return np.asarray(near)
    level = float(np.median(room.smooth[core]))
    weight = ndimage.gaussian_filter(room.tissue.astype(np.float32), 1.0)
    mean = ndimage.gaussian_filter(np.where(room.tissue, room.smooth, 0.0), 1.0) / np.maximum(weight, 0.05)
    return np.asarray(room.tissue & (from_line < reach) & (mean > 0.5 * (level + FLUID_HU)))


def _relief(room: Room, body: Mask, step: float) -> Image:
    """Return what the flooding climbs: steps of density, and shallow tissue."""
    image = np.clip(room.smooth, -80.0, 160.0)
    return np.asarray(
        ndimage.gaussian_gradient_magnitude(image, 0.7) - 2.0 * depth_mm(body, step, 12.0), dtype=np.float32
    )
