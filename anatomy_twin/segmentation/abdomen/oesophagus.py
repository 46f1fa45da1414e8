"""The lower oesophagus, from the hiatus upwards as far as the scan reaches, found as the chest segmenter finds it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.landmarks import Landmarks
from anatomy_twin.segmentation.ground.working_grid import Found, Image, Mask, finer_grid, resample_mask
from anatomy_twin.segmentation.thorax.oesophagus import Course, draw_oesophagus, find_course

# the hiatus lies at the tenth thoracic vertebra, below the top of the right hemidiaphragm by about so much (assumed)
HIATUS_BELOW_DOME_MM: Final = 25.0
CARINA_ABOVE_DOME_MM: Final = 85.0
LEAST_MM: Final = 42.0
LEAST_AORTA: Final = 0.75  # share of the slices
FINE_MM: Final = 1.25
AROUND_MM: Final = 15.0


def find_lower_oesophagus(
    volume: Volume, hu: Image, geometry: VolumeGeometry, lungs: Mask, hard: tuple[Mask, Mask], marks: Landmarks | None
) -> tuple[VolumeGeometry, Found]:
    """Return the grid of the answer, and ``oesophagus`` above the hiatus.

    Parameters
    ----------
    volume : the scan. hu, geometry : the working grid, upright. lungs : on it. hard : aorta and bone on it.
    marks : the landmarks.

    Followed by its place before spine and aorta more than by its border: state "check", rule "estimated". "not found"
    where less than 42 mm above the hiatus are in view.
    """
    step = geometry.spacing_mm[0]
    if marks is None or marks.dome is None or not lungs.any():
        return geometry, Found.nothing("the lower end of the chest is not in the field of the scan")
    low = max(0, round((marks.dome.value_mm - HIATUS_BELOW_DOME_MM) / step))
    if (hu.shape[0] - low) * step < LEAST_MM:
        return geometry, Found.nothing(f"less than {LEAST_MM:.0f} mm above the hiatus are in the field of the scan")
    part, frame = slice(low, None), marks.frame
    if float(np.mean(hard[0][part].any(axis=(1, 2)))) < LEAST_AORTA:
        return geometry, Found.nothing("needs the aorta, which was not followed so high")
    chest = SpineFrame(frame.x_mm[part], frame.y_mm[part], step, (hu.shape[0] - low, *hu.shape[1:]))
    carina = round((HIATUS_BELOW_DOME_MM + CARINA_ABOVE_DOME_MM) / step)
    none = np.zeros_like(lungs[part])
    aorta, bone = hard
    course = find_course(hu[part], lungs[part], none, aorta[part], bone[part], chest, carina)
    if isinstance(course, str):
        return geometry, Found.nothing(course)
    course = replace(course, slices=course.slices + low)
    return _drawn(volume, geometry, course, lungs, aorta | bone)


def _drawn(
    volume: Volume, geometry: VolumeGeometry, course: Course, lungs: Mask, others: Mask
) -> tuple[VolumeGeometry, Found]:
    """Draw the border on a finer grid around the course."""
    line = np.zeros_like(lungs)
    rows = np.clip(np.rint(course.rows).astype(int), 0, line.shape[1] - 1)
    columns = np.clip(np.rint(course.columns).astype(int), 0, line.shape[2] - 1)
    line[course.slices, rows, columns] = True
    fine = finer_grid(volume, line, geometry, FINE_MM, AROUND_MM)
    inside = course.on_grid(geometry, fine.geometry)
    lungs, others = (resample_mask(mask, geometry, fine.geometry) for mask in (lungs, others))
    found = draw_oesophagus(fine.hu, inside, lungs, np.zeros_like(lungs), others, FINE_MM)
    return fine.geometry, found
