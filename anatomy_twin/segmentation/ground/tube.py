"""The wall of a vessel around its course: per slice a closed curve at the rim of its lumen, smooth along the vessel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    box_of,
    box_start_shape,
    equal_grid,
    erode_mm,
    resample,
    resample_mask,
)

RAYS: Final = 36
STEP_MM: Final = 0.75
RIM_MM: Final = 2.25
REACH_MM: Final = 33.0
BEND: Final = 0.06
MAX_BEND: Final = 2
PEAK_MM: Final = 3.0


@dataclass(frozen=True, eq=False)
class Course:
    """Per slice: middle of the vessel (row and column in voxels), its radius in mm and the grey level in it."""

    rows: Image
    columns: Image
    radius_mm: Image
    hu: Image


def course_of(mask: Mask, hu: Image, spacing_mm: float) -> Course:
    """Return the course of a vessel that a mask shows: middle and radius of equal area per slice, smooth along it."""
    area = mask.sum(axis=(1, 2)).astype(float)
    known = area > 0
    places = np.arange(mask.shape[0])
    rows = np.where(known, mask.sum(axis=2) @ np.arange(mask.shape[1]), 0.0) / np.maximum(area, 1.0)
    columns = np.where(known, mask.sum(axis=1) @ np.arange(mask.shape[2]), 0.0) / np.maximum(area, 1.0)
    radius = np.sqrt(area / np.pi) * spacing_mm
    lines = [
        ndimage.gaussian_filter1d(np.interp(places, places[known], line[known]), 3.0 / spacing_mm, mode="nearest")
        if known.any() else line
        for line in (rows, columns, radius)
    ]
    return Course(lines[0], lines[1], lines[2], hu)


def draw_tube(hu: Image, course: Course, slices: Mask, spacing_mm: float, barred: Mask | None = None) -> Mask:
    """Return the lumen of a vessel, bool [k, j, i], in the given slices.

    Parameters
    ----------
    hu : equal spacing, already limited upwards where plaque or a second lumen must not count as another tissue.
    course : where the vessel runs, to a few mm. slices : bool [k]. barred : what cannot belong to it.

    Along 36 rays a rim is where the profile falls most over 2.25 mm, in units of the contrast to soft tissue; what is
    darker than half of the contrast before the rim counts against it, as does a radius far from the course's. The best
    closed curve (neighbouring rays differ by at most 1.5 mm) is found by dynamic programming. Where the neighbour is as
    bright as the vessel no ray sees a rim and the curve goes on as beside it.
    """
    count = round(REACH_MM / STEP_MM)
    radius = (np.arange(count) + 1) * STEP_MM
    angle = np.arange(RAYS) * 2.0 * np.pi / RAYS
    used = np.flatnonzero(slices)
    mask = np.zeros(hu.shape, dtype=bool)
    if not used.size:
        return mask
    profile = np.empty((used.size, RAYS, count), dtype=np.float32)
    for n, k in enumerate(used):
        places = np.stack([
            course.rows[k] + np.sin(angle)[:, None] * radius[None] / spacing_mm,
            course.columns[k] + np.cos(angle)[:, None] * radius[None] / spacing_mm,
        ])
        profile[n] = ndimage.map_coordinates(hu[k], places, order=1, mode="nearest")
    score = _scores(profile, course.hu[used], course.radius_mm[used], radius)
    score = ndimage.gaussian_filter1d(score, 2.5 / spacing_mm, axis=0, mode="nearest")
    curve = _closed_curves(score)
    rim = radius[curve]
    rim = ndimage.gaussian_filter(rim, (1.5 / spacing_mm, 0.7), mode=("nearest", "wrap"))
    return _filled(mask, rim, course, used, spacing_mm, barred)


def _scores(profile: Image, level: Image, expected_mm: Image, radius: Image) -> Image:
    """Return how well the rim lies at each radius [slice, ray, radius]."""
    width = round(RIM_MM / STEP_MM)
    limited = np.minimum(profile, level[:, None, None] + 10.0)
    contrast = np.clip(level - 35.0, 25.0, 150.0)[:, None, None]
    line = np.pad(limited, ((0, 0), (0, 0), (width, width)), mode="edge")
    total = np.concatenate([np.zeros_like(line[..., :1]), np.cumsum(line, axis=-1)], axis=-1)
    n = np.arange(radius.size) + width
    # the rim lies half a step beyond the sample
    inner = (total[..., n + 1] - total[..., n + 1 - width]) / width
    outer = (total[..., n + 1 + np.minimum(width, line.shape[-1] - 1 - n)] - total[..., n + 1]) / width
    # a rim towards fat or lung counts as much as one towards muscle, at its own half of the contrast
    fall = inner - outer
    strongest = ndimage.maximum_filter1d(fall, 2 * round(PEAK_MM / STEP_MM) + 1, axis=-1, mode="nearest")
    edge = np.maximum(fall / np.maximum(strongest, contrast), -0.5)
    dark = np.clip((level[:, None, None] - 0.5 * contrast - limited) / contrast, 0.0, 0.5)
    crossed = np.cumsum(dark, axis=-1) * STEP_MM / 2.0
    away = (radius[None, None] - expected_mm[:, None, None]) / (0.3 * expected_mm[:, None, None] + 1.5)
    return (edge - crossed - 0.12 * away**2).astype(np.float32)


def _closed_curves(score: Image) -> np.ndarray:
    """Return per slice and ray the index of the radius on the best closed curve."""
    slices, rays, count = score.shape
    # three turns: what starts the first and ends the last has no hold on the second
    total = score[:, 0].astype(np.float64)
    choices = []
    for turn in range(1, 3 * rays):
        best, which = total.copy(), np.zeros(total.shape, dtype=np.int64)
        for shift in range(-MAX_BEND, MAX_BEND + 1):
            if shift == 0:
                continue
            moved = np.full_like(total, -1e9)
            source = total[:, max(0, -shift):count - max(0, shift)]
            moved[:, max(0, shift):count - max(0, -shift)] = source - BEND * shift * shift
            better = moved > best
            best = np.where(better, moved, best)
            which = np.where(better, shift, which)
        choices.append(which)
        total = best + score[:, turn % rays]
    place = np.argmax(total, axis=1)
    curve = np.empty((slices, rays), dtype=np.int64)
    every = np.arange(slices)
    for turn in range(3 * rays - 1, -1, -1):
        if rays <= turn < 2 * rays:
            curve[:, turn - rays] = place
        if turn > 0:
            place = place - choices[turn - 1][every, place]
    return curve


def _filled(
    mask: Mask, rim: Image, course: Course, used: np.ndarray, spacing_mm: float, barred: Mask | None
) -> Mask:
    j, i = np.indices(mask.shape[1:], dtype=np.float32)
    for n, k in enumerate(used):
        dy, dx = j - course.rows[k], i - course.columns[k]
        away = np.hypot(dy, dx) * spacing_mm
        near = away <= REACH_MM + spacing_mm
        place = np.mod(np.arctan2(dy[near], dx[near]), 2.0 * np.pi) * RAYS / (2.0 * np.pi)
        low = np.floor(place).astype(int)
        share = place - low
        limit = rim[n][low % RAYS] * (1.0 - share) + rim[n][(low + 1) % RAYS] * share
        mask[k][near] = away[near] <= limit + 0.5 * STEP_MM
    return mask if barred is None else mask & ~barred


def refine_tube(
    volume: Volume, mask: Mask, geometry: VolumeGeometry, limit_hu: float, spacing_mm: float = 1.5
) -> tuple[Mask, VolumeGeometry]:
    """Return a vessel found on a working grid with its rim drawn anew on a finer one, and that grid.

    Parameters
    ----------
    volume : the scan on upright axes. mask, geometry : the vessel and its grid.
    limit_hu : what is brighter counts as bright as this (plaque, a brighter lumen beside the other).
    """
    step = geometry.spacing_mm[0]
    block = box_of(mask, int(np.ceil((REACH_MM + 3.0) / step)))
    held = box_of(mask)
    block = (held[0], block[1], block[2])
    coarse = geometry.cropped(*box_start_shape(block))
    fine = equal_grid(coarse, spacing_mm)
    image = ndimage.gaussian_filter(resample(volume.array, volume.geometry, fine), 0.6 / spacing_mm, truncate=3.0)
    image = np.minimum(image, np.float32(limit_hu))
    shape = resample_mask(mask[block], coarse, fine)
    inner = erode_mm(shape, 3.0, spacing_mm)
    weight = np.where(inner.any(axis=(1, 2), keepdims=True), inner, shape)
    amount = weight.sum(axis=(1, 2))
    level = np.where(weight, image, 0.0).sum(axis=(1, 2)) / np.maximum(amount, 1)
    known = amount > 0
    if not known.any():
        return shape, fine
    level = np.interp(np.arange(level.size), np.flatnonzero(known), level[known])
    level = ndimage.median_filter(level, max(3, 2 * round(12.0 / spacing_mm) + 1), mode="nearest")
    return draw_tube(image, course_of(shape, level, spacing_mm), shape.any(axis=(1, 2)), spacing_mm), fine
