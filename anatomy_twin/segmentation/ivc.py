"""The inferior vena cava: a tube to the right of the aorta, found where it stands out, left out where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.kernels.seg_circles import sample_around
from anatomy_twin.segmentation.phase import Phase
from anatomy_twin.segmentation.working_grid import Found, Image, Mask, Masks, distance_mm, largest_component, open_mm

Floats = NDArray[np.float64]

NAME: Final = "inferior_vena_cava"
RADII_MM: Final = (6.0, 8.0, 10.0, 12.0, 14.0)
DIRECTIONS: Final = 16
RIGHT_MM: Final = (6.0, 60.0)   # to the right of the aorta's middle
FRONT_MM: Final = (-18.0, 45.0)  # in front of the aorta's middle
STEP_COST: Final = 0.06  # per voxel of movement between slices
DISTINCT_HU: Final = 22.0
MIN_LENGTH_MM: Final = 45.0
MIN_SCORE: Final = 0.45
AREA_CM2: Final = (0.5, 9.0)


@dataclass(frozen=True, eq=False)
class Path:
    """Per slice: centre (j, i) in voxels, radius in mm, mean HU inside, and how well a tube fits (0 to 1)."""

    slices: NDArray[np.int64]
    centres: Floats
    radius_mm: Floats
    inside_hu: Floats
    score: Floats


def find_inferior_vena_cava(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT
) -> dict[str, Found]:
    """Find ``inferior_vena_cava`` on the 3 mm working grid, in portal venous and delayed scans.

    Needs "aorta"; uses "liver", "bone", kidneys and lungs to stay out of them. A disc of 6 to 14 mm radius is followed
    from slice to slice, scored by how evenly bright it is and by the share of its surroundings that differ; stretches
    that fit badly, or whose brightness a vein cannot have in this phase, are left out.
    """
    if phase.name not in ("portal venous", "delayed"):
        return {NAME: Found.nothing(f"phase {phase.name}: not told apart from its neighbours")}
    aorta = masks.get("aorta")
    if aorta is None or not aorta.any():
        return {NAME: Found.nothing("needs the aorta as a landmark")}
    step = geometry.spacing_mm[0]
    smooth = ndimage.gaussian_filter(hu, 0.7, mode="nearest")
    barred = _barred(masks, step)
    low, high = _brightness(hu, masks, phase)
    path = _follow(smooth, aorta, barred, (low, high), step, monitor)
    if path is None:
        return {NAME: Found.nothing("no even tube of a vein's brightness to the right of the aorta")}
    mask = _fill(smooth, path, barred, step)
    mask = _with_rim(hu, mask, barred | masks.get("liver", np.zeros_like(barred)))
    mask = _gate(mask & _below_heart(masks, path, step), path, step)
    if not mask.any():
        return {NAME: Found.nothing("what lies to the right of the aorta does not hold the form of a vein")}
    length = int(mask.any(axis=(1, 2)).sum()) * step
    note = f"{length:.0f} mm long, {float(np.mean(hu[mask])):.0f} HU; where it does not stand out it is left out"
    return {NAME: Found(mask, "ok", note)}


def _barred(masks: Masks, step: float) -> Mask:
    rims = {"aorta": 2.0, "bone": 2.0, "kidney_right": 3.0, "kidney_left": 3.0, "lung_right": 4.0, "lung_left": 4.0}
    result = np.zeros_like(masks["aorta"])
    for name, rim in rims.items():
        if name in masks and masks[name].any():
            result |= distance_mm(masks[name], step, rim + step) <= rim
    return result


def _brightness(hu: Image, masks: Masks, phase: Phase) -> tuple[float, float]:
    """Return the HU that the vein may have: from somewhat below the liver to somewhat above the aorta."""
    aorta = phase.aorta_hu if phase.aorta_hu is not None else float(np.median(hu[masks["aorta"]]))
    liver = phase.liver_hu if phase.liver_hu is not None else aorta - 30.0
    return min(liver - 5.0, aorta - 40.0) if phase.name == "portal venous" else liver - 15.0, aorta + 45.0


def _follow(
    smooth: Image, aorta: Mask, barred: Mask, limits: tuple[float, float], step: float, monitor: Monitor
) -> Path | None:
    slices = np.flatnonzero(aorta.any(axis=(1, 2)))
    if slices.size < 10:
        return None
    middle = np.array([np.mean(np.nonzero(aorta[k]), axis=1) for k in slices])
    middle = ndimage.gaussian_filter1d(middle, 2.0, axis=0, mode="nearest")
    origin = np.rint(middle).astype(np.int64)
    rows = np.arange(int(-FRONT_MM[1] / step), int(-FRONT_MM[0] / step) + 1)
    columns = np.arange(int(-RIGHT_MM[1] / step), int(-RIGHT_MM[0] / step) + 1)
    scores, levels = [], []
    for number, k in enumerate(slices):
        check_cancelled(monitor)
        score, level = _slice_scores(smooth[k], barred[k], origin[number], rows, columns, limits, step)
        scores.append(score)
        levels.append(level)
        monitor.progress(0.8 * (number + 1) / slices.size)
    best = _best_path(scores, origin)
    index = np.array(best)
    radius = np.asarray(RADII_MM)[index[:, 0]]
    centres = np.stack([origin[:, 0] + rows[index[:, 1]], origin[:, 1] + columns[index[:, 2]]], axis=1).astype(float)
    score = np.array([scores[n][tuple(place)] for n, place in enumerate(best)])
    inside = np.array([levels[n][tuple(place)] for n, place in enumerate(best)])
    return Path(slices, centres, radius, inside, score)


def _slice_scores(
    image: Image, barred: Mask, origin: NDArray[np.int64], rows: NDArray[np.int64], columns: NDArray[np.int64],
    limits: tuple[float, float], step: float,
) -> tuple[Floats, Floats]:
    """Return (score, mean HU inside) for each (radius, row, column) of the window of one slice."""
    angle = np.arange(DIRECTIONS) * 2.0 * np.pi / DIRECTIONS
    unit = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    score = np.full((len(RADII_MM), rows.size, columns.size), -1.0)
    level = np.zeros_like(score)
    closed = barred.astype(np.float32)
    for number, radius in enumerate(RADII_MM):
        def sample(field: Image, at_mm: float) -> Floats:
            return sample_around(field, origin[0] + rows, origin[1] + columns, unit * (at_mm / step))

        inner = np.concatenate([sample(image, 0.35 * radius), sample(image, 0.75 * radius)], axis=-1)
        mean, spread = inner.mean(-1), inner.std(-1)
        ring = sample(image, radius + 4.0)
        distinct = np.clip((mean[..., None] - ring) / DISTINCT_HU, 0.0, 1.0)
        # bone and aorta beside the vein are brighter than it and bound it too
        distinct = np.maximum(distinct, np.clip(sample(closed, radius + 4.0), 0.0, 1.0))
        within = np.clip((mean - limits[0]) / 15.0 + 1.0, 0.0, 1.0) * np.clip((limits[1] - mean) / 15.0 + 1.0, 0.0, 1.0)
        even = np.exp(-0.5 * (spread / 18.0) ** 2)
        blocked = sample(closed, 0.75 * radius).mean(-1)
        # a larger disc that fits as well is the better one
        score[number] = distinct.mean(-1) * even * within * (1.0 - blocked) + 0.012 * radius * within - 0.1
        level[number] = mean
    return score, level


def _best_path(scores: list[Floats], origin: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return the (radius, row, column) per slice with the highest sum of score less the cost of movement."""
    total = scores[0]
    back: list[NDArray[np.int64]] = []
    moves = [(r, a, b) for r in (-1, 0, 1) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    for number in range(1, len(scores)):
        shift = origin[number] - origin[number - 1]
        padded = np.pad(total, ((1, 1), (4, 4), (4, 4)), constant_values=-1e6)
        shift = np.clip(shift, -3, 3)
        options = []
        for r, a, b in moves:
            row, column = 4 + a + int(shift[0]), 4 + b + int(shift[1])
            view = padded[1 + r:1 + r + total.shape[0], row:row + total.shape[1], column:column + total.shape[2]]
            options.append(view - STEP_COST * (abs(r) + np.hypot(a, b)))
        stack = np.stack(options)
        choice = np.argmax(stack, axis=0)
        back.append(choice)
        total = np.take_along_axis(stack, choice[None], 0)[0] + scores[number]
    place = tuple(int(n) for n in np.unravel_index(int(np.argmax(total)), total.shape))
    path = [place]
    for number in range(len(scores) - 1, 0, -1):
        r, a, b = moves[int(back[number - 1][path[-1]])]
        shift = np.clip(origin[number] - origin[number - 1], -3, 3)
        previous = (path[-1][0] + r, path[-1][1] + a + int(shift[0]), path[-1][2] + b + int(shift[1]))
        path.append(tuple(int(np.clip(v, 0, s - 1)) for v, s in zip(previous, total.shape, strict=True)))
    return [(p[0], p[1], p[2]) for p in path[::-1]]


def _fill(smooth: Image, path: Path, barred: Mask, step: float) -> Mask:
    """Return, slice by slice, the voxels around the path that are as bright as its middle."""
    result = np.zeros(smooth.shape, dtype=bool)
    level = ndimage.median_filter(path.inside_hu, 7, mode="nearest")
    j, i = np.indices(smooth.shape[1:])
    for number, k in enumerate(path.slices):
        away = np.hypot(j - path.centres[number, 0], i - path.centres[number, 1]) * step
        part = (away <= 1.6 * path.radius_mm[number] + 2.0) & ~barred[k]
        part &= np.abs(smooth[k] - level[number]) < 0.75 * DISTINCT_HU
        part |= (away <= 0.75 * path.radius_mm[number]) & ~barred[k] & (np.abs(smooth[k] - level[number]) < 40.0)
        labels, _ = ndimage.label(part)
        seeds = np.unique(labels[(away <= 0.6 * path.radius_mm[number]) & part])
        result[k] = np.isin(labels, seeds[seeds > 0])
    return result


def _with_rim(hu: Image, mask: Mask, barred: Mask) -> Mask:
    """Add the outermost voxels, which smoothing took: in-plane neighbours nearly as bright as the vein itself."""
    if not mask.any():
        return mask
    level = float(np.median(hu[mask]))
    near = ndimage.binary_dilation(mask, ndimage.generate_binary_structure(2, 1)[None])
    return mask | (near & ~barred & (np.abs(hu - level) < 40.0))


def _below_heart(masks: Masks, path: Path, step: float) -> Mask:
    """Return the slices up to 6 mm above the last one where the vein runs beside the liver: then comes the heart."""
    shape = masks["aorta"].shape
    if "liver" not in masks or not masks["liver"].any():
        return np.ones(shape, dtype=bool)
    away = distance_mm(masks["liver"], step, 20.0)
    j, i = np.rint(path.centres).astype(np.int64).T
    beside = path.slices[away[path.slices, j, i] < path.radius_mm + 4.0]
    last = int(beside.max()) + round(6.0 / step) if beside.size else shape[0]
    return np.broadcast_to((np.arange(shape[0]) <= last)[:, None, None], shape)


def _gate(mask: Mask, path: Path, step: float) -> Mask:
    """Keep the longest stretch whose fit and cross-section are those of a vein, a little smoothed."""
    area = mask[path.slices].sum(axis=(1, 2)) * step**2 / 100.0
    fit = ndimage.median_filter(path.score, 5, mode="nearest")
    good = (fit > MIN_SCORE) & (area > AREA_CM2[0]) & (area < AREA_CM2[1])
    good = ndimage.binary_closing(np.pad(good, 2), np.ones(3))[2:-2]
    labels, count = ndimage.label(good)
    if count == 0:
        return np.zeros_like(mask)
    sizes = np.bincount(labels)[1:]
    longest = int(np.argmax(sizes)) + 1
    if sizes[longest - 1] * step < MIN_LENGTH_MM:
        return np.zeros_like(mask)
    kept = np.zeros_like(mask)
    chosen = path.slices[labels == longest]
    kept[chosen] = mask[chosen]
    return largest_component(open_mm(kept, step, step))
