"""What the solid organs leave over in the cavity: the room of stomach, gut and pancreas, and what it is filled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from anatomy_twin.segmentation.abdomen.gut_frame import GutFrame, find_gut_frame
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.tissues import Wall
from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    close_mm,
    depth_mm,
    dilate_mm,
    distance_mm,
    open_mm,
    touching,
)

PIECE_MM: Final = 15.0  # gut is judged in pieces of about this size
FAT_HU: Final = -60.0
RIM_HU: Final = -35.0  # 3 mm voxels half of fat, half of tissue, read less
BLOOD_BELOW_AORTA_HU: Final = 14.0
SOFT_TOP_HU: Final = 75.0  # native muscle, clots and dense content lie below
LIVER_GAP_MM: Final = 6.0
SKIN_TO_GUT_MM: Final = 7.0
WIDE_LUMEN_MM: Final = 7.0  # half of what no vein of the abdomen but the cava measures
WIDE_BELOW_MM: Final = 45.0  # above lie heart and cava
PSOAS_MM: Final = 6.0
CUT_FLANK_MM: Final = 36.0  # where the field cuts the flank, the wall's inner face is not known


@dataclass(frozen=True, eq=False)
class Room:
    """The free part of the cavity on the grid of ``wall``.

    ``smooth`` : HU with little noise. ``taken`` : other organs. ``lumen`` : gas and positive contrast. ``fat`` : what
    is fat for certain. ``free`` : inside the wall and not taken. ``tissue`` : free and neither fat, gas, contrast nor
    blood. ``blood_hu`` : what is brighter is a vessel, where contrast shows it. ``frame`` : None where aorta or kidneys
    give no height.
    """

    wall: Wall
    frame: GutFrame | None
    smooth: Image
    taken: Mask
    lumen: Mask
    fat: Mask
    free: Mask
    tissue: Mask
    blood_hu: float
    phase: Phase

    @property
    def filled(self) -> Mask:
        """Tissue, lumen and the voxels between gas and wall, which read like fat."""
        step = self.wall.spacing_mm
        rim = dilate_mm(self.lumen & (self.smooth < RIM_HU), 1.1 * step, step) & (self.smooth <= RIM_HU) & self.free
        return self.tissue | (self.lumen & ~self.taken) | rim

    @property
    def spacing_mm(self) -> float:
        """Spacing of the grid."""
        return self.wall.spacing_mm


def make_room(wall: Wall, phase: Phase, taken: Mask, lumen: Mask) -> Room:
    """Return the room that ``taken`` (other organs) leaves; ``lumen`` is gas and contrast medium that is no lung."""
    step, masks = wall.spacing_mm, wall.masks
    frame = find_gut_frame(masks, step)
    smooth = ndimage.gaussian_filter(wall.hu, 0.5, mode="nearest")
    blood = blood_level(phase)
    inside = depth_mm(np.pad(masks["body"], ((0, 0), (1, 1), (1, 1))), step, 12.0)[:, 1:-1, 1:-1] > SKIN_TO_GUT_MM
    lumen = lumen & inside
    taken = taken & ~lumen
    if "liver" in masks and masks["liver"].any():
        # what the liver's outline left out between its lobes and at its lesions
        taken = taken | (close_mm(masks["liver"], LIVER_GAP_MM, step) & ~lumen)
    muscle = _beside_spine(wall, frame, smooth, taken) | _cut_flank(wall)
    free = inside & ~taken & (wall.cavity_depth > 1.0) & ~muscle
    # gut full of thinned contrast medium is wider than any vein
    if phase.enhanced and frame is not None:
        bright = (smooth > blood) & free & (frame.up_mm < WIDE_BELOW_MM)[:, None, None]
        lumen = lumen | (dilate_mm(open_mm(bright & ~lumen, WIDE_LUMEN_MM, step), step, step) & bright)
    fat = (smooth <= FAT_HU) & ~lumen
    tissue = free & ~lumen & (smooth > RIM_HU) & (smooth < blood)
    return Room(wall, frame, smooth, taken, lumen, fat, free, tissue, blood, phase)


def blood_level(phase: Phase) -> float:
    """Return the HU above which soft tissue of the cavity is blood (or contrast medium)."""
    aorta = phase.aorta_hu
    if aorta is None or not phase.enhanced:
        return SOFT_TOP_HU if phase.name == "native" else 140.0
    if phase.veins_visible:
        return max(95.0, aorta - BLOOD_BELOW_AORTA_HU)
    return 160.0


def _beside_spine(wall: Wall, frame: GutFrame | None, smooth: Image, taken: Mask) -> Mask:
    """Return where vertebrae, psoas and crura lie: nothing of the gut is there."""
    left, front, step = wall.frame.left_mm, wall.frame.front_mm, wall.spacing_mm
    spinal = (np.abs(left) < 62.0) & (front < 34.0) | (front < -20.0) | (np.abs(left) < 80.0) & (front < 8.0)
    if frame is not None:
        spinal = spinal | (np.abs(frame.left_mm) < 26.0) & (frame.front_mm < -8.0)
    result = np.array(np.broadcast_to(spinal, wall.hu.shape))
    bone = wall.masks.get("bone")
    if bone is None or not bone.any():
        return result
    # psoas and quadratus bulge out of that box; they are thick, soft and lean on the vertebrae or on the box
    soft = (smooth > 20.0) & (smooth < 110.0) & wall.masks["body"] & ~taken
    zone = np.broadcast_to((np.abs(left) < 85.0) & (np.abs(left) > 14.0) & (front < 46.0), result.shape)
    column = bone & np.broadcast_to(np.abs(left) < 50.0, result.shape)
    thick = open_mm(soft & zone & (distance_mm(column, step, 45.0) < 42.0), PSOAS_MM, step)
    core = soft & np.broadcast_to((np.abs(left) < 50.0) & (front < 22.0), result.shape)
    return np.asarray(result | dilate_mm(touching(thick, core), 0.7 * step, step))


def _cut_flank(wall: Wall) -> Mask:
    """Return what lies near a side of the array that the body reaches."""
    body = wall.masks["body"]
    result = np.zeros_like(body)
    reach = round(CUT_FLANK_MM / wall.spacing_mm)
    for side, part in ((0, slice(0, reach)), (-1, slice(-reach, None))):
        cut = body[:, :, side].sum(axis=1) * wall.spacing_mm > 30.0
        result[cut, :, part] = True
    return result


def cut_at_necks(inside: Mask, step: float) -> tuple[NDArray[np.int32], int, Image]:
    """Return the pieces of a mask cut at necks (labels from 1), how many, and the depth of its voxels in mm."""
    depth = depth_mm(inside, step, 40.0)
    smooth = ndimage.gaussian_filter(depth, 0.7)
    size = 2 * round(0.5 * PIECE_MM / step) + 1
    peaks, count = ndimage.label((ndimage.maximum_filter(smooth, size) == smooth) & inside, np.ones((3, 3, 3)))
    return watershed(-smooth, peaks, mask=inside), count, depth


def mean_of(image: NDArray[Any], pieces: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Return the mean of an image in each piece, by its number; 0 for pieces without voxels."""
    flat = pieces.ravel()
    total = np.bincount(flat, weights=np.asarray(image, dtype=np.float64).ravel(), minlength=count + 1)
    return total / np.maximum(np.bincount(flat, minlength=count + 1), 1)


def spread(
    pieces: NDArray[np.int32], radius_mm: Image, free: NDArray[np.bool_], held: Mask, share: float, spacing_mm: float,
    steps: int = 6,
) -> Mask:
    """Return the free pieces that go on from a mask without a neck.

    ``pieces`` and ``held`` on one grid; ``radius_mm`` and ``free`` by the number of the piece. A piece goes on where it
    meets what is held over ``share`` of its own cross-section; a loop that only lies beside it meets it over less.
    """
    chosen = np.zeros(free.size, dtype=bool)
    for _ in range(steps):
        near = dilate_mm(held, 1.1 * spacing_mm, spacing_mm)
        met = np.bincount(pieces[near & (pieces > 0)], minlength=free.size) * spacing_mm**2
        more = free & ~chosen & (met > share * np.pi * radius_mm**2)
        if not more.any():
            break
        chosen |= more
        held = more[pieces]
    return np.asarray(chosen[pieces])
