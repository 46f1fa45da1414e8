"""The pancreas: followed from the duodenum across the aorta to the spleen, then bounded by fat, vessels and gut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.segmentation.abdomen.gut_frame import course_at, follow, window_of
from anatomy_twin.segmentation.abdomen.gut_room import RIM_HU, Room
from anatomy_twin.segmentation.ground.working_grid import Found, Image, Mask, dilate_mm, volume_ml

# usual course of an adult lying on the back: mm left of the aorta's middle, above the kidneys' middle, before the
# aorta's front face (measured on generated anatomies and one scan of a person; wide of both)
COURSE: Final[NDArray[np.float64]] = np.array([
    (-55, -3, 17), (-40, 3, 20), (-25, 13, 29), (-10, 25, 38), (5, 31, 38), (20, 35, 29), (35, 38, 17), (50, 41, 8),
    (68, 44, 0),
], dtype=np.float64)  # fmt: skip
UP_SD_MM: Final = 16.0
FRONT_SD_MM: Final = 14.0
PLACE_WEIGHT: Final = 0.12
THIN_MM: Final = 5.0
HEAD_ENDS_MM: Final = -20.0
MOVE_COST: Final = 0.02
LEAST_EVIDENCE: Final = 0.3
PANCREAS_ML: Final = (12.0, 190.0)  # atrophied to swollen
LEAST_LENGTH_MM: Final = 60.0
# share of fat in the surroundings of 3 to 9 mm: without any the border would be invented
LEAST_FAT: Final = {"native": 0.15, "enhanced": 0.06}
# HU of the gland with its lobules of fat, by phase
LEVEL_HU: Final = {"native": (-35.0, 60.0), "arterial": (55.0, 150.0), "late arterial": (55.0, 150.0),
                   "portal venous": (50.0, 135.0), "delayed": (45.0, 125.0), "unknown": (0.0, 125.0)}


@dataclass(frozen=True, eq=False)
class Course:
    """Where an organ was followed: its middle line as a mask, how much tissue of its kind lies there, 0 to 1."""

    line: Mask
    evidence: float
    length_mm: float


def pancreas_tissue(room: Room) -> Mask:
    """Return what could be pancreas by its HU: soft tissue within the range of the phase, less than blood."""
    low, high = LEVEL_HU[room.phase.name]
    high = min(high, room.blood_hu)
    if room.phase.name == "native" and room.phase.aorta_hu is not None:
        # blood is a little denser than the gland with its fat
        high = min(high, max(35.0, room.phase.aorta_hu - 2.0))
    return np.asarray(room.tissue & (room.smooth > low) & (room.smooth < high))


def follow_pancreas(room: Room) -> Course | None:
    """Return the course of the pancreas, head to tail; None where the frame or the window is missing.

    Sagittal planes from 55 mm right to 70 mm left of the aorta; in each the place where soft tissue of the right
    density fills 5 mm around, near the usual place, joined to a smooth line by dynamic programming. Thick tissue is no
    better than a gland's 15 mm, except in the head.
    """
    frame, step = room.frame, room.spacing_mm
    if frame is None:
        return None
    window = window_of(frame, (-45.0, 88.0), (-25.0, 85.0), (-54.0, 69.0))
    if window is None:
        return None
    against = room.fat | room.lumen | room.taken
    gland = window.take(pancreas_tissue(room) & ~against).astype(np.float32)
    strange = window.take(against, 1.0).astype(np.float32)
    evidence = ndimage.gaussian_filter(gland - 0.3 * strange, THIN_MM / step)
    most = np.where(window.left_mm < HEAD_ENDS_MM, 0.85, 0.65)
    up, front = course_at(COURSE, window.left_mm, 0)
    away = ((window.up_mm[:, None, None] - up) / UP_SD_MM) ** 2
    away = away + ((window.front_mm[None, :, None] - front) / FRONT_SD_MM) ** 2
    score: Image = np.minimum(evidence, most) - PLACE_WEIGHT * away
    path = follow(np.moveaxis(score, 2, 0), MOVE_COST)
    along = np.array([evidence[k, f, n] for n, (k, f) in enumerate(path)])
    kept = _longest(along > LEAST_EVIDENCE, 2)
    points = np.zeros(gland.shape, dtype=bool)
    for n in np.flatnonzero(kept):
        points[path[n, 0], path[n, 1], n] = True
    if not kept.any():
        return None
    return Course(window.put(points, room.tissue.shape), float(along[kept].mean()), float(kept.sum() * step))


def judge_pancreas(room: Room, course: Course | None, mask: Mask) -> Found:
    """Return the pancreas with its state, or "not found" with the reason."""
    if room.frame is None:
        return Found.nothing("needs the aorta, and a kidney or the spleen seen whole")
    if course is None:
        return Found.nothing("no tissue of its density where it crosses the aorta")
    if course.length_mm < LEAST_LENGTH_MM:
        return Found.nothing(f"could be followed over {course.length_mm:.0f} mm only")
    size = volume_ml(mask, room.spacing_mm)
    if not PANCREAS_ML[0] <= size <= PANCREAS_ML[1]:
        return Found.nothing(f"what lies along its usual course has {size:.0f} ml")
    share = fat_around(room, mask)
    if share < LEAST_FAT["enhanced" if room.phase.enhanced else "native"]:
        return Found.nothing(f"no fat parts it from its neighbours ({100 * share:.0f} % of its surroundings)")
    note = (f"{size:.0f} ml followed over {course.length_mm:.0f} mm; its border to bowel, stomach and vessels is "
            "estimated")  # fmt: skip
    return Found(mask, "check", note, ("estimated",))


def fat_around(room: Room, mask: Mask) -> float:
    """Return the share of fat in what lies 3 to 9 mm outside a mask and is no other organ."""
    step = room.spacing_mm
    shell = dilate_mm(mask, 9.0, step) & ~dilate_mm(mask, 3.0, step) & ~room.taken
    return float(np.mean(room.smooth[shell] < RIM_HU)) if shell.any() else 0.0


def _longest(good: Mask, gap: int) -> Mask:
    """Return the longest run of true entries, with gaps of up to ``gap`` entries filled."""
    labels, count = ndimage.label(ndimage.binary_closing(good, iterations=gap) | good)
    if count == 0:
        return np.zeros_like(good)
    return np.asarray(labels == 1 + int(np.argmax(np.bincount(labels)[1:])))
