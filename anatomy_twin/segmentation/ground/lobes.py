"""Cutting a mask where it is only hung on by a neck."""

from __future__ import annotations

import numpy as np
import SimpleITK

from anatomy_twin.segmentation.ground.working_grid import Image, Mask, box_of, depth_mm

PROMINENCE_MM = 2.0
LARGE_LOBE_MM = 14.0


def keep_lobes(
    mask: Mask, core: Mask, spacing_mm: float, neck_share: float = 0.62, neck_cap_mm: float = 18.0,
    large_lobe_mm: float = LARGE_LOBE_MM, image: Image | None = None,
) -> Mask:
    """Return the part of ``mask`` that hangs together with ``core`` by more than necks.

    The mask falls into lobes (watershed of its distance map). From the lobe that holds most of the core, a neighbour
    joins when it hangs on a large lobe (inner radius ``large_lobe_mm``) and the widest passage to it is at least
    ``neck_share`` of the smaller of its own inner radius and ``neck_cap_mm``. With an ``image`` a lobe must also look
    like the first one: its mean within 0.9 and its standard deviation within 1.6 of the first lobe's standard
    deviation (folds of bowel are neither).
    """
    if not (mask & core).any():
        return np.zeros_like(mask)
    box = box_of(mask, 1)
    inside = mask[box]
    depth = depth_mm(inside, spacing_mm)
    relief = SimpleITK.GetImageFromArray(np.where(inside, -depth, 1.0).astype(np.float32))
    basins = SimpleITK.MorphologicalWatershed(relief, PROMINENCE_MM, False, False)
    labels = SimpleITK.GetArrayFromImage(basins).astype(np.int64)
    labels[~inside] = 0
    count = int(labels.max()) + 1
    radius = np.zeros(count)
    np.maximum.at(radius, labels.ravel(), depth.ravel())
    pairs, widths = _passages(labels, depth, count)
    held = np.bincount(labels[core[box] & inside], minlength=count)
    held[0] = 0
    first = int(np.argmax(held))
    kept = {first}
    alike = _alike(labels, depth, image[box], first, count, spacing_mm) if image is not None else np.ones(count, bool)
    # chains of small lobes are bowel: a small lobe may hang on a large one only
    trunk = radius >= large_lobe_mm
    trunk[list(kept)] = True
    changed = True
    while changed:
        changed = False
        for (a, b), width in zip(pairs.tolist(), widths.tolist(), strict=True):
            if (a in kept) == (b in kept):
                continue
            other, holder = (b, a) if a in kept else (a, b)
            if trunk[holder] and alike[other] and width >= neck_share * min(radius[other], neck_cap_mm):
                kept.add(other)
                changed = True
    result = np.zeros_like(mask)
    result[box] = np.isin(labels, sorted(kept)) & inside
    return result


def _alike(labels: np.ndarray, depth: np.ndarray, image: Image, first: int, count: int, step: float) -> np.ndarray:
    """Tell for each lobe whether the grey values of its inside are those of lobe ``first``."""
    inner = (depth > 1.03 * step) & (labels > 0)
    place, values = labels[inner], image[inner].astype(np.float64)
    amount = np.maximum(np.bincount(place, minlength=count), 1)
    mean = np.bincount(place, values, minlength=count) / amount
    spread = np.sqrt(np.maximum(np.bincount(place, values**2, minlength=count) / amount - mean**2, 0.0))
    return np.asarray((np.abs(mean - mean[first]) < 0.9 * spread[first]) & (spread < 1.6 * spread[first]))


def _passages(labels: np.ndarray, depth: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of touching lobes (n, 2) and the largest depth of their common border."""
    keys, depths = [], []
    for axis in range(3):
        first = np.moveaxis(labels, axis, 0)[:-1].ravel()
        second = np.moveaxis(labels, axis, 0)[1:].ravel()
        level = np.minimum(np.moveaxis(depth, axis, 0)[:-1].ravel(), np.moveaxis(depth, axis, 0)[1:].ravel())
        border = (first != second) & (first > 0) & (second > 0)
        low, high = np.minimum(first, second)[border], np.maximum(first, second)[border]
        keys.append(low * count + high)
        depths.append(level[border])
    key, level = np.concatenate(keys), np.concatenate(depths)
    unique, place = np.unique(key, return_inverse=True)
    widths = np.zeros(unique.size)
    np.maximum.at(widths, place, level)
    return np.stack([unique // count, unique % count], axis=1), widths
