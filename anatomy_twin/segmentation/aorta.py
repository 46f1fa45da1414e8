"""The aorta: a path of bright discs beside and before the spine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from anatomy_twin.kernels.seg_circles import best_path, disc_scores
from anatomy_twin.segmentation.frame import SpineFrame
from anatomy_twin.segmentation.working_grid import Found, Image, Mask, close_mm, largest_component, open_mm, volume_ml

RADII_MM = np.array([6.0, 7.5, 9.0, 10.5, 12.0, 13.5, 15.0, 17.0])
LEFT_MM = (-18.0, 48.0)
FRONT_MM = (4.0, 64.0)


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
    scores, means, origin = _score_slices(image, body, vertebra, lungs, frame)
    reach = max(1, round(4.5 / step))
    path = _path(scores, means, origin, best_path(scores, reach, 0.04 * (step / 3.0) ** 2, 0.05), frame)
    good = path.score > 0.3
    if good.sum() * step < 20.0:
        return Found.nothing("no tube beside the spine that looks like the aorta"), None
    level = float(np.median(path.hu[good]))
    again = scores - np.minimum(1.0, np.abs(means - level) / 40.0).astype(np.float32)
    path = _path(again, means, origin, best_path(again, reach, 0.04 * (step / 3.0) ** 2, 0.05), frame)
    mask = _draw(hu, path, _upper_end(path, frame), vertebra | lungs, step)
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
        penalty = np.where(bad, 1.5, 1.5 * covered[k][block])
        low = np.clip((15.0 - mean) / 20.0, 0.0, 2.0)
        scores[k] = part - penalty[None] - low
        means[k] = mean
    return scores, means, origin


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


def _draw(hu: Image, path: AortaPath, slices: Mask, forbidden: Mask, step: float) -> Mask:
    """Fill the discs: voxels up to 3 mm beyond the fitted radius whose HU is that of the path."""
    smooth = ndimage.gaussian_filter(hu, 0.5)
    mask = np.zeros(hu.shape, dtype=bool)
    levels = ndimage.median_filter(path.hu, max(3, 2 * round(12.0 / step) + 1), mode="nearest")
    j, i = np.indices(hu.shape[1:], dtype=np.float32)
    for k in np.flatnonzero(slices):
        apart = np.hypot(j - path.rows[k], i - path.columns[k]) * step
        window = max(25.0, 0.35 * abs(levels[k]))
        alike = np.abs(smooth[k] - levels[k]) < window
        plaque = (apart < path.radius_mm[k]) & (smooth[k] > levels[k])
        near = (apart < path.radius_mm[k] + 3.0) & (alike | plaque) & ~forbidden[k]
        mask[k] = near | (apart < 0.6 * path.radius_mm[k])
    opened = open_mm(mask, 3.0, step)
    return opened if opened.any() else mask
