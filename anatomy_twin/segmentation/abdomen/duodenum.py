"""The duodenum: the part that crosses before the aorta, then the part that descends right of the pancreatic head."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.segmentation.abdomen.gut_frame import Window, course_at, follow, window_of
from anatomy_twin.segmentation.abdomen.gut_room import Room
from anatomy_twin.segmentation.abdomen.pancreas import Course, fat_around
from anatomy_twin.segmentation.ground.working_grid import Found, Image, Mask, volume_ml

# mm left of the aorta's middle, above the kidneys' middle, before the aorta's front face (see ``pancreas.COURSE``)
CROSSING: Final[NDArray[np.float64]] = np.array([
    (-58, -28, 6), (-45, -34, 7), (-30, -37, 10), (-15, -36, 13), (0, -29, 14), (15, -18, 14), (30, -12, 16),
], dtype=np.float64)  # fmt: skip
DESCENT: Final[NDArray[np.float64]] = np.array([
    (-64, -34, 6), (-70, -18, 6), (-70, -5, 8), (-66, 8, 15), (-58, 22, 24),
], dtype=np.float64)  # fmt: skip
CROSSING_SD_MM: Final = (16.0, 10.0)
DESCENT_SD_MM: Final = (14.0, 14.0)
PLACE_WEIGHT: Final = 0.12
WIDE_MM: Final = 5.0
MOST: Final = 0.75
MOVE_COST: Final = 0.03
LEAST_EVIDENCE: Final = 0.32
LEAST_LENGTH_MM: Final = 60.0
LEAST_FAT: Final = 0.1
DUODENUM_ML: Final = (10.0, 220.0)


def follow_duodenum(room: Room) -> Course | None:
    """Return the course of the duodenum; None where it could not be followed over 60 mm.

    The crossing part between the mesenteric vessels and the aorta is sought first, in sagittal planes; the descending
    part then in axial slices from where that began. Collapsed wall, fluid, gas and contrast medium all count.
    """
    frame, step = room.frame, room.spacing_mm
    if frame is None:
        return None
    gut = (room.tissue & (room.smooth > -12.0)) | room.lumen
    against = (room.fat | room.taken) & ~room.lumen
    shape = gut.shape
    window = window_of(frame, (-72.0, 25.0), (-12.0, 50.0), (-60.0, 21.0))
    if window is None:
        return None
    evidence = _evidence(window, gut, against, step)
    up, front = course_at(CROSSING, window.left_mm, 0)
    away = ((window.up_mm[:, None, None] - up) / CROSSING_SD_MM[0]) ** 2
    away = away + ((window.front_mm[None, :, None] - front) / CROSSING_SD_MM[1]) ** 2
    path = follow(np.moveaxis(np.minimum(evidence, MOST) - PLACE_WEIGHT * away, 2, 0), MOVE_COST)
    points, values = np.zeros(evidence.shape, dtype=bool), []
    for n, (k, f) in enumerate(path):
        if evidence[k, f, n] > LEAST_EVIDENCE:
            points[k, f, n] = True
            values.append(float(evidence[k, f, n]))
    line: Mask = window.put(points, shape)
    low = float(window.up_mm[path[0, 0]])
    window = window_of(frame, (low, max(25.0, low + 32.0)), (-25.0, 60.0), (-105.0, -35.0))
    if window is not None:
        evidence = _evidence(window, gut, against, step)
        left, front = course_at(DESCENT, window.up_mm, 1)
        away = ((window.left_mm[None, None, :] - left[:, None, None]) / DESCENT_SD_MM[0]) ** 2
        away = away + ((window.front_mm[None, :, None] - front[:, None, None]) / DESCENT_SD_MM[1]) ** 2
        path = follow(np.minimum(evidence, MOST) - PLACE_WEIGHT * away, MOVE_COST)
        points = np.zeros(evidence.shape, dtype=bool)
        for n, (f, i) in enumerate(path):
            if evidence[n, f, i] <= LEAST_EVIDENCE:
                # above the end of the descending part lie liver, gallbladder and fat
                break
            points[n, f, i] = True
            values.append(float(evidence[n, f, i]))
        line |= window.put(points, shape)
    if len(values) * step < LEAST_LENGTH_MM:
        return None
    return Course(line, float(np.mean(values)), len(values) * step)


def _evidence(window: Window, gut: Mask, against: Mask, step: float) -> Image:
    """Return how much of the surroundings of each place is gut, less a share of what is fat or another organ."""
    wanted, strange = window.take(gut).astype(np.float32), window.take(against, 1.0).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter(wanted - 0.3 * strange, WIDE_MM / step), dtype=np.float32)


def judge_duodenum(room: Room, course: Course | None, mask: Mask) -> Found:
    """Return the duodenum with its state, or "not found" with the reason."""
    if room.frame is None:
        return Found.nothing("needs the aorta, and a kidney or the spleen seen whole")
    if course is None:
        return Found.nothing(f"no tube of {LEAST_LENGTH_MM:.0f} mm before the aorta and right of it")
    size = volume_ml(mask, room.spacing_mm)
    if not DUODENUM_ML[0] <= size <= DUODENUM_ML[1]:
        return Found.nothing(f"what lies along its usual course has {size:.0f} ml")
    share = fat_around(room, mask)
    if share < LEAST_FAT:
        return Found.nothing(f"no fat parts it from its neighbours ({100 * share:.0f} % of its surroundings)")
    note = f"{size:.0f} ml followed over {course.length_mm:.0f} mm; its beginning and its border to bowel are estimated"
    return Found(mask, "check", note, ("estimated",))
