"""The aorta: a path of bright discs beside and before the spine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.kernels.seg_circles import best_path, disc_scores
from anatomy_twin.segmentation.ground.borders import grown_to_half
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.tube import Course, course_of, draw_tube, refine_tube
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    close_mm,
    largest_component,
    open_mm,
    resample,
    volume_ml,
)

RADII_MM = np.array([6.0, 7.5, 9.0, 10.5, 12.0, 13.5, 15.0, 17.0, 19.5, 22.5])
LEFT_MM = (-18.0, 54.0)
FRONT_MM = (-30.0, 64.0)
# in the belly it lies before the spine, in the chest beside it: what lies farther before the spine there is the heart
FRONT_IN_BELLY_MM = (4.0, 64.0)
FRONT_IN_CHEST_MM = (-30.0, 44.0)
# a dissected aorta has two lumens of different brightness: above this both count as blood
BRIGHT_BLOOD_HU = 130.0
# hip bones beside the spine: where they lie, a section of a crest and of a wing; the aorta divides at L4, seldom at L5
HIP_BESIDE_MM, HIP_FRONT_MM = 40.0, 35.0
CREST_MM2, HIP_MM2 = 150.0, 700.0
BELOW_CREST_MM = 36.0
LUNG_MM3 = 20e3  # bowel gas that passes for lung is less


@dataclass(frozen=True, eq=False)
class AortaPath:
    """Per slice: centre (row, column in voxels), radius in mm, score, mean HU inside."""

    rows: Image
    columns: Image
    radius_mm: Image
    score: Image
    hu: Image


def find_aorta(hu: Image, body: Mask, bone: Mask, lungs: Mask, frame: SpineFrame) -> tuple[Found, float | None]:
    """Return the aorta within the scan and its median HU (None where not found).

    Two passes of dynamic programming over slices, radius and place; the second prefers the HU of the first path. The
    aorta ends where it divides: below that no single disc fits.
    """
    step = frame.spacing_mm
    # edges count up to 200 HU, so that calcified plaque and dense contrast weigh no more than a normal rim
    image = np.ascontiguousarray(np.clip(hu, -100.0, 200.0), dtype=np.float32)
    vertebra = _vertebral_bodies(bone, frame)
    reach, cost = max(1, round(4.5 / step)), 0.04 * (step / 3.0) ** 2
    scores, means, origin = _score_slices(image, body, vertebra, lungs, frame)
    path = _path(scores, means, origin, best_path(scores, reach, cost, 0.05), frame)
    good = path.score > 0.3
    if good.sum() * step < 20.0:
        return Found.nothing("no tube beside the spine that looks like the aorta"), None
    level = float(np.median(path.hu[good]))
    if level > BRIGHT_BLOOD_HU + 40.0:
        image = np.minimum(image, np.float32(BRIGHT_BLOOD_HU))
        scores, means, origin = _score_slices(image, body, vertebra, lungs, frame)
        level = min(level, BRIGHT_BLOOD_HU)
    again = scores - np.minimum(1.0, np.abs(means - level) / 40.0).astype(np.float32)
    path = _path(again, means, origin, best_path(again, reach, cost, 0.05), frame)
    limit = BRIGHT_BLOOD_HU if float(np.max(image)) <= BRIGHT_BLOOD_HU else 200.0
    mask = _draw(np.minimum(hu, np.float32(limit)), path, _upper_end(path, frame), lungs, step)
    mask[:_below_division(bone, lungs, frame)] = False
    mask = largest_component(mask & body)
    size = volume_ml(mask, step)
    length = float(mask.any(axis=(1, 2)).sum()) * step
    if length < 20.0 or size < 3.0:
        return Found.nothing("no tube beside the spine that looks like the aorta"), None
    inside = hu[_core(mask, step)]
    median = float(np.median(inside if inside.size else hu[mask]))
    if not 15.0 <= median <= 650.0:
        return Found.nothing(f"the tube beside the spine has {median:.0f} HU, not that of blood"), None
    return Found(mask, "ok"), median


def _below_division(bone: Mask, lungs: Mask, frame: SpineFrame) -> int:
    """Return the first slice that may hold the aorta: it divides at L4, where the crests of the hip bones end.

    The crests are the upper end of the run of slices, from the lowest one up, with dense bone on both sides of the
    spine; a run that holds no section as large as a hip bone, or reaches up to the lungs, is of ribs. 0 where the
    field ends above the pelvis.
    """
    step = frame.spacing_mm
    place = np.broadcast_to((np.abs(frame.left_mm) > HIP_BESIDE_MM) & (frame.front_mm < HIP_FRONT_MM), bone.shape)
    sides = [place & np.broadcast_to(frame.left_mm * side > 0.0, bone.shape) & bone for side in (-1.0, 1.0)]
    areas_mm2 = np.min([side.sum(axis=(1, 2)) for side in sides], axis=0) * step**2
    crest = 0
    while crest < areas_mm2.size and areas_mm2[crest] > CREST_MM2:
        crest += 1
    if not crest or float(areas_mm2[:crest].max()) < HIP_MM2:
        return 0
    if np.count_nonzero(lungs[:crest]) * step**3 > LUNG_MM3:
        return 0
    return max(0, crest - round(BELOW_CREST_MM / step))


def slices_of(found: Found) -> int:
    """Return in how many slices a structure was found."""
    return 0 if found.mask is None else int(found.mask.any(axis=(1, 2)).sum())


def share_of(found: Found, other: Mask) -> float:
    """Return the share of a structure that lies in ``other``; 0 where it was not found."""
    return 0.0 if found.mask is None else float(np.mean(other[found.mask]))


def refine_aorta(
    volume: Volume, mask: Mask, geometry: VolumeGeometry, aorta_hu: float, spacing_mm: float
) -> tuple[Mask, VolumeGeometry]:
    """Return the aorta with its rim drawn anew on a finer grid, and that grid; ``volume`` on upright axes."""
    bright = aorta_hu > BRIGHT_BLOOD_HU + 40.0
    drawn, fine = refine_tube(volume, mask, geometry, BRIGHT_BLOOD_HU if bright else aorta_hu + 15.0, spacing_mm)
    if bright:
        return drawn, fine
    # the rim sought keeps to the inner side of a blurred border
    image = np.minimum(resample(volume.array, volume.geometry, fine), np.float32(aorta_hu))
    image = ndimage.gaussian_filter(image, 0.6 / spacing_mm, truncate=3.0)
    held = np.broadcast_to(drawn.any(axis=(1, 2), keepdims=True), drawn.shape)
    return grown_to_half(image, drawn, held, aorta_hu, spacing_mm, rings=1), fine


def _core(mask: Mask, step: float) -> Mask:
    core = ndimage.binary_erosion(mask, iterations=max(1, round(3.0 / step)))
    return core if core.any() else mask


def _vertebral_bodies(bone: Mask, frame: SpineFrame) -> Mask:
    step = frame.spacing_mm
    zone = (np.abs(frame.left_mm) < 45.0) & (frame.front_mm < 42.0)
    spine = bone & zone
    return close_mm(open_mm(spine, step, step), 9.0, step) & zone if spine.any() else spine


def _score_slices(
    image: Image, body: Mask, vertebra: Mask, lungs: Mask, frame: SpineFrame
) -> tuple[Image, Image, np.ndarray]:
    step = frame.spacing_mm
    half = (round((LEFT_MM[1] - LEFT_MM[0]) / step) + 1, round((FRONT_MM[1] - FRONT_MM[0]) / step) + 1)
    count = image.shape[0]
    scores = np.full((count, RADII_MM.size, half[1], half[0]), -1.0, dtype=np.float32)
    means = np.zeros_like(scores)
    origin = np.zeros((count, 2), dtype=np.int64)
    hard = vertebra | (image < -50.0)
    aside = _outside_window(body, lungs, half[1], step)
    covered = ndimage.uniform_filter(hard.astype(np.float32), (0, 3, 3))
    for k in range(count):
        row = round(float((frame.y_mm[k] - FRONT_MM[1]) / step))
        column = round(float((frame.x_mm[k] + LEFT_MM[0]) / step))
        origin[k] = row, column
        rows, columns = np.arange(half[1]) + row, np.arange(half[0]) + column
        part, mean = disc_scores(image[k], rows, columns, RADII_MM / step, 2.5 / step, 60.0)
        inside_r = np.clip(rows, 0, image.shape[1] - 1)
        inside_c = np.clip(columns, 0, image.shape[2] - 1)
        block = np.ix_(inside_r, inside_c)
        outside = (inside_r != rows)[:, None] | (inside_c != columns)[None]
        bad = outside | ~body[k][block]
        penalty = np.where(bad, 1.5, 1.5 * covered[k][block]) + aside[k][:, None]
        low = np.clip((15.0 - mean) / 20.0, 0.0, 2.0)
        scores[k] = part - penalty[None] - low
        means[k] = mean
    return scores, means, origin


def _outside_window(body: Mask, lungs: Mask, rows: int, step: float) -> Image:
    """Return the penalty [k, row] of lying outside the window (the chest has its own, where lung fills the slice)."""
    share = lungs.sum(axis=(1, 2)) / np.maximum(body.sum(axis=(1, 2)), 1)
    share = ndimage.gaussian_filter1d(share.astype(float), 6.0 / step, mode="nearest")
    chest = np.clip((share - 0.1) / 0.25, 0.0, 1.0)
    low = FRONT_IN_BELLY_MM[0] + chest * (FRONT_IN_CHEST_MM[0] - FRONT_IN_BELLY_MM[0])
    high = FRONT_IN_BELLY_MM[1] + chest * (FRONT_IN_CHEST_MM[1] - FRONT_IN_BELLY_MM[1])
    front = FRONT_MM[1] - np.arange(rows) * step
    return np.clip(np.maximum(low[:, None] - front, front - high[:, None]) / 9.0, 0.0, 1.5).astype(np.float32)


def _path(scores: Image, means: Image, origin: np.ndarray, path: np.ndarray, frame: SpineFrame) -> AortaPath:
    k = np.arange(scores.shape[0])
    n, b, a = path.T
    smooth = max(0.8, 3.0 / frame.spacing_mm)
    line = ndimage.gaussian_filter1d
    return AortaPath(
        line((origin[:, 0] + b).astype(float), smooth, mode="nearest"),
        line((origin[:, 1] + a).astype(float), smooth, mode="nearest"),
        line(RADII_MM[n], smooth, mode="nearest"),
        scores[k, n, b, a], means[k, n, b, a],
    )


def _upper_end(path: AortaPath, frame: SpineFrame) -> Mask:
    """Return the slices that hold the aorta: the longest run of good fits, bridging gaps of 15 mm."""
    step = frame.spacing_mm
    good = ndimage.gaussian_filter1d(path.score.astype(float), 6.0 / step, mode="nearest") > 0.15
    good = ndimage.binary_closing(np.pad(good, 5, mode="edge"), iterations=max(1, round(7.5 / step)))[5:-5] | good
    labels, count = ndimage.label(good)
    if count == 0:
        return good
    return np.asarray(labels == int(np.argmax(np.bincount(labels)[1:])) + 1)


def _draw(image: Image, path: AortaPath, slices: Mask, forbidden: Mask, step: float) -> Mask:
    """Draw the rim around the path, in two turns: the first finds the middle of what is no circle."""
    levels = ndimage.median_filter(path.hu, max(3, 2 * round(12.0 / step) + 1), mode="nearest")
    course = Course(path.rows, path.columns, path.radius_mm, levels)
    mask = draw_tube(image, course, slices, step)
    return draw_tube(image, course_of(mask, levels, step), mask.any(axis=(1, 2)), step, forbidden)
