"""What the solid organs leave over in the cavity: the room of stomach, gut and pancreas, and what it is filled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.abdomen.gut_frame import GutFrame, find_gut_frame
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.tissues import Wall
from anatomy_twin.segmentation.ground.working_grid import Image, Mask, close_mm

FAT_HU: Final = -60.0
RIM_HU: Final = -35.0  # 3 mm voxels half of fat, half of tissue, read less
CONTRAST_HU: Final = 210.0
BLOOD_BELOW_AORTA_HU: Final = 14.0
SOFT_TOP_HU: Final = 75.0  # native muscle, clots and dense content lie below
LIVER_GAP_MM: Final = 6.0


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
    def spacing_mm(self) -> float:
        """Spacing of the grid."""
        return self.wall.spacing_mm


def make_room(wall: Wall, phase: Phase, taken: Mask, lumen: Mask) -> Room:
    """Return the room that ``taken`` (other organs) leaves; ``lumen`` is gas and contrast medium that is no lung."""
    step, masks = wall.spacing_mm, wall.masks
    frame = find_gut_frame(masks, step)
    smooth = ndimage.gaussian_filter(wall.hu, 0.5, mode="nearest")
    blood = blood_level(phase)
    taken = taken & ~lumen
    if "liver" in masks and masks["liver"].any():
        # what the liver's outline left out between its lobes and at its lesions
        taken = taken | (close_mm(masks["liver"], LIVER_GAP_MM, step) & ~lumen)
    free = masks["body"] & ~taken & (wall.cavity_depth > 1.0) & ~_beside_spine(wall, frame)
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


def _beside_spine(wall: Wall, frame: GutFrame | None) -> Mask:
    """Return where vertebrae, psoas and crura lie: nothing of the gut is there."""
    left, front = wall.frame.left_mm, wall.frame.front_mm
    spinal = (np.abs(left) < 62.0) & (front < 34.0) | (front < -20.0) | (np.abs(left) < 80.0) & (front < 8.0)
    if frame is not None:
        spinal = spinal | (np.abs(frame.left_mm) < 26.0) & (frame.front_mm < -8.0)
    return np.broadcast_to(spinal, wall.hu.shape)
