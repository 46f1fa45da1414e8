"""The inferior vena cava: an oval tube to the right of the aorta, followed from the confluence to the heart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.kernels.seg_circles import best_path
from anatomy_twin.kernels.seg_tubes import oval_scores
from anatomy_twin.segmentation.ground.borders import grown_to_half
from anatomy_twin.segmentation.ground.frame import SpineFrame, find_spine
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    Masks,
    dilate_mm,
    distance_mm,
    erode_mm,
    largest_component,
    open_mm,
)

Floats = NDArray[np.float64]

NAME: Final = "inferior_vena_cava"
# half axes in mm (front to back, right to left): adults' veins measure 15 to 32 mm across and are oval, flat when empty
OVALS_MM: Final = ((4.5, 7.5), (5.5, 9.0), (7.0, 9.0), (6.5, 11.0), (8.5, 10.5), (7.5, 12.5), (10.0, 11.5),
                   (9.0, 13.5), (11.5, 14.0))
RIM_MM: Final = 3.0
RIGHT_MM: Final = (12.0, 66.0)   # to the right of the aorta's middle
FRONT_MM: Final = (-24.0, 60.0)  # in front of the aorta's middle
RIGHT_MEAN_MM: Final = 36.0
RIGHT_SPREAD_MM: Final = 12.0
RIM_HU: Final = 20.0
NATIVE_RIM_HU: Final = 14.0
SOFT_HU: Final = 9.0  # beyond the limits of brightness the fit fades to nothing over so much
MIN_LENGTH_MM: Final = 45.0
MIN_RIM: Final = 0.34
MIN_SCORE: Final = 0.27
LIKE_LIVER_HU: Final = 8.0
BESIDE_HU: Final = 12.0  # a neighbour that differs by less has no border that noise leaves to be seen
AREA_CM2: Final = (0.7, 9.0)
BELOW_FORK_MM: Final = 18.0   # the veins join about one vertebral body lower than the aorta divides
ABOVE_LIVER_MM: Final = 9.0   # then comes the right atrium


@dataclass(frozen=True, eq=False)
class Path:
    """Per slice: centre (j, i) and half axes (j, i) in voxels, mean HU inside, fit and share of rim (0 to 1)."""

    centres: Floats
    axes: Floats
    inside_hu: Floats
    score: Floats
    rim: Floats


def find_inferior_vena_cava(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT,
    frame: SpineFrame | None = None,
) -> dict[str, Found]:
    """Find ``inferior_vena_cava`` on the 3 mm working grid.

    Needs "aorta"; uses "liver", "bone", kidneys and lungs to stay out of them. An upright oval is followed from slice
    to slice by dynamic programming, scored by its evenness, by the share of its rim that shows (brighter or darker
    than the inside, bone and aorta count) and by its place beside the aorta; a second pass asks for the brightness of
    the neighbouring slices. Below the aorta's end the spine leads on. Stretches whose brightness a vein cannot have
    in this phase, whose section is not a vein's, or whose rim does not show for long are left out.
    """
    aorta = masks.get("aorta")
    if aorta is None or not aorta.any():
        return {NAME: Found.nothing("needs the aorta as a landmark")}
    if phase.name == "unknown":
        return {NAME: Found.nothing("the phase is not known, so neither is the vein's brightness")}
    step = geometry.spacing_mm[0]
    frame = frame or find_spine(hu, masks.get("body", hu > -250.0), step)
    smooth = ndimage.gaussian_filter(hu, 0.6, mode="nearest")
    # native blood differs little from liver, so noise counts more than sharpness there
    image = smooth if phase.name == "native" else ndimage.gaussian_filter(hu, 0.4, mode="nearest")
    barred = _barred(masks, step)
    middle, slices = _beside(aorta, frame, step)
    if slices.size * step < MIN_LENGTH_MM * 0.6:
        return {NAME: Found.nothing("too little of the aorta is in the field")}
    limits = _brightness(hu, masks, phase)
    full_hu = NATIVE_RIM_HU if phase.name == "native" else RIM_HU
    path = _follow(smooth, middle[slices], slices, barred, limits, full_hu, masks, step, monitor)
    monitor.progress(0.8)
    check_cancelled(monitor)
    for _ in range(2):
        path = _refitted(_fill(image, path, slices, barred, full_hu, step), path, slices)
    mask = _fill(image, path, slices, barred, full_hu, step)
    unsure = np.zeros(slices.size, dtype=bool)
    if phase.name != "native":
        unsure = _like_liver(hu, mask, masks, slices)
    mask, rules = _gate(mask, path, slices, limits, _below_heart(masks, path, slices, step), step, unsure)
    if not mask.any():
        if np.mean(unsure) > 0.5:
            return {NAME: Found.nothing("as bright as the liver it lies in: its border does not show")}
        return {NAME: Found.nothing("what lies to the right of the aorta does not hold the form of a vein")}
    if phase.name != "native":  # there the border towards the liver is a few HU, less than noise
        mask = _to_half(hu, mask, barred, step)
    length = int(mask.any(axis=(1, 2)).sum()) * step
    shown = float(np.mean(path.rim[np.isin(slices, np.flatnonzero(mask.any(axis=(1, 2))))]))
    note = f"{length:.0f} mm long, {float(np.median(hu[mask])):.0f} HU, {100 * shown:.0f} % of its rim shows"
    return {NAME: Found(mask, "check" if rules else "ok", note, rules)}


def _barred(masks: Masks, step: float) -> Mask:
    rims = {"aorta": 2.0, "bone": 2.0, "kidney_right": 3.0, "kidney_left": 3.0, "lung_right": 2.0, "lung_left": 2.0}
    result = np.zeros_like(masks["aorta"])
    for name, rim in rims.items():
        if name in masks and masks[name].any():
            result |= distance_mm(masks[name], step, rim + step) <= rim
    return result


def _brightness(hu: Image, masks: Masks, phase: Phase) -> tuple[float, float]:
    """Return the HU that the vein may have in this phase.

    Native blood is that of the aorta; later the vein is never brighter than the aorta by much, and mixes: at the
    kidneys' level blood that returns early meets blood from the legs, which comes last.
    """
    aorta = phase.aorta_hu if phase.aorta_hu is not None else float(np.median(hu[masks["aorta"]]))
    liver = phase.liver_hu if phase.liver_hu is not None else aorta - 30.0
    if phase.name == "native":
        return max(22.0, aorta - 13.0), aorta + 8.0
    if phase.name in ("arterial", "late arterial"):
        return 32.0, min(aorta - 30.0, 210.0)
    return min(liver - 12.0, aorta - 40.0), aorta + 30.0


def _beside(aorta: Mask, frame: SpineFrame, step: float) -> tuple[Floats, NDArray[np.int64]]:
    """Return the aorta's middle (j, i) of every slice, led on by the spine where it ends, and the slices to search."""
    count = aorta.shape[0]
    spine = np.stack([frame.y_mm / step, frame.x_mm / step], axis=1).astype(float)
    held = np.flatnonzero(aorta.any(axis=(1, 2)))
    offset = np.array([np.mean(np.nonzero(aorta[k]), axis=1) for k in held]) - spine[held]
    offset = ndimage.gaussian_filter1d(offset, 2.0, axis=0, mode="nearest")
    every = np.arange(count)
    middle = spine + np.stack([np.interp(every, held, offset[:, n]) for n in range(2)], axis=1)
    low = 0 if held[0] <= 1 else max(0, int(held[0] - BELOW_FORK_MM / step))
    high = min(count, int(held[-1] + 45.0 / step) + 1)
    return middle, np.arange(low, high)


def _follow(
    smooth: Image, middle: Floats, slices: NDArray[np.int64], barred: Mask, limits: tuple[float, float],
    full_hu: float, masks: Masks, step: float, monitor: Monitor,
) -> Path:
    origin = np.rint(middle).astype(np.int64)
    down = np.arange(int(-FRONT_MM[1] / step), int(-FRONT_MM[0] / step) + 1)
    across = np.arange(int(-RIGHT_MM[1] / step), int(-RIGHT_MM[0] / step) + 1)
    axes = np.asarray(OVALS_MM) / step
    image = np.ascontiguousarray(np.clip(smooth, -60.0, 260.0))
    closed = barred.astype(np.float32)
    shape = (slices.size, axes.shape[0], down.size, across.size)
    score, level, rim = (np.zeros(shape, dtype=np.float32) for _ in range(3))
    expected = _place(masks, slices, down, across, step)
    # of ovals that fit alike the larger is the vein, the smaller lies in it
    size = 0.011 * np.minimum(9.5, np.sqrt(axes[:, 0] * axes[:, 1]) * step)[:, None, None]
    for number, k in enumerate(slices):
        check_cancelled(monitor)
        fit, level[number], rim[number] = oval_scores(
            image[k], closed[k], origin[number, 0] + down, origin[number, 1] + across, axes, RIM_MM / step, full_hu
        )
        allowed = np.clip((level[number] - limits[0]) / SOFT_HU + 1.0, 0.0, 1.0)
        allowed = allowed * np.clip((limits[1] - level[number]) / SOFT_HU + 1.0, 0.0, 1.0)
        score[number] = (fit + size) * allowed - expected[number]
        monitor.progress(0.7 * (number + 1) / slices.size)
    move = 0.022 * (step / 3.0) ** 2
    first = best_path(score, 1, move, 0.02)
    path = _read(first, score, level, rim, origin, down, across, axes)
    local = ndimage.gaussian_filter1d(ndimage.median_filter(path.inside_hu, 9, mode="nearest"), 3.0, mode="nearest")
    again = score - 0.5 * np.minimum(1.0, np.abs(level - local[:, None, None, None]) / 35.0).astype(np.float32)
    return _read(best_path(again, 1, move, 0.02), score, level, rim, origin, down, across, axes)


def _place(
    masks: Masks, slices: NDArray[np.int64], down: NDArray[np.int64], across: NDArray[np.int64], step: float
) -> Image:
    """Return the cost of each place [slice, 1, row, column]: how unusual it is beside the aorta at that level.

    About 36 mm to the right of the aorta; level with it below the liver and, towards the dome, farther and farther
    in front of it (about 45 mm where the vein enters the heart), where the liver's top tells how high a slice lies.
    """
    right, front = -across * step, -down * step
    cost = np.zeros((slices.size, 1, down.size, across.size), dtype=np.float32)
    liver = masks.get("liver")
    held = np.flatnonzero(liver.any(axis=(1, 2))) if liver is not None else np.zeros(0, np.int64)
    cut = held.size == 0 or held[-1] >= liver.shape[0] - 2
    for number, k in enumerate(slices):
        sideways = np.minimum(4.0, ((right - RIGHT_MEAN_MM) / RIGHT_SPREAD_MM) ** 2)
        low, high = -8.0, 24.0
        if not cut:
            below_top = (held[-1] - k) * step
            low = float(np.interp(below_top, [0.0, 40.0, 90.0], [18.0, 0.0, -12.0]))
            high = float(np.interp(below_top, [0.0, 40.0, 90.0, 130.0], [60.0, 42.0, 20.0, 12.0]))
        beyond = np.maximum(0.0, np.maximum(low - front, front - high))
        cost[number, 0] = 0.05 * sideways[None, :] + 0.25 * np.minimum(2.0, (beyond / 10.0) ** 2)[:, None]
    return cost


def _read(
    path: NDArray[np.int64], score: Image, level: Image, rim: Image, origin: NDArray[np.int64],
    down: NDArray[np.int64], across: NDArray[np.int64], axes: Floats,
) -> Path:
    k = np.arange(path.shape[0])
    n, b, a = path.T
    centres = np.stack([origin[:, 0] + down[b], origin[:, 1] + across[a]], axis=1).astype(float)
    smoothed = ndimage.gaussian_filter1d(centres, 1.0, axis=0, mode="nearest")
    half = ndimage.gaussian_filter1d(axes[n], 1.0, axis=0, mode="nearest")
    place = (k, n, b, a)
    return Path(smoothed, half, level[place].astype(float), score[place].astype(float), rim[place].astype(float))


def _fill(image: Image, path: Path, slices: NDArray[np.int64], barred: Mask, full_hu: float, step: float) -> Mask:
    """Return, slice by slice, the voxels that are more likely vein than its surroundings.

    Log odds of place (distance to the oval's rim over 2 mm) and of brightness: it counts for the vein up to half of
    the contrast that the rim has in that direction, where the border of a blurred tube lies, and the more the stronger
    that contrast is. So where the vein does not differ from the liver the oval decides, and where it does the image.
    """
    result = np.zeros(image.shape, dtype=bool)
    j, i = np.indices(image.shape[1:], dtype=np.float32)
    level = ndimage.median_filter([_middle_hu(image[k], path, n) for n, k in enumerate(slices)], 5, mode="nearest")
    for number, k in enumerate(slices):
        dj, di = j - path.centres[number, 0], i - path.centres[number, 1]
        shape = np.hypot(dj / path.axes[number, 0], di / path.axes[number, 1])
        inside_mm = (1.0 - shape) * float(path.axes[number].mean()) * step
        half = _half_contrast(image[k], path, number, level[number], 0.55 * full_hu, step)
        sector = np.floor((np.arctan2(dj, di) / (2.0 * np.pi) + 0.5) * half.size).astype(np.int64) % half.size
        there = half[sector]
        ratio = np.abs(image[k] - level[number]) / there
        weight = np.clip((there - 8.0) / 12.0, 0.3, 4.0)
        odds = inside_mm / 2.0 + weight * np.clip(1.0 - ratio**2, -6.0, 1.0)
        candidate = (odds > 0.0) & (shape < 2.0) & ~barred[k]
        labels, count = ndimage.label(candidate)
        if count:
            b, a = np.rint(path.centres[number]).astype(int)
            around = labels[max(0, b - 1):b + 2, max(0, a - 1):a + 2]
            result[k] = ndimage.binary_fill_holes(np.isin(labels, np.unique(around[around > 0]))) & ~barred[k]
    return result


def _middle_hu(image: Image, path: Path, number: int) -> float:
    """Return the mean of the nine voxels in the middle of the tube."""
    b, a = np.rint(path.centres[number]).astype(int)
    part = image[max(0, b - 1):b + 2, max(0, a - 1):a + 2]
    return float(part.mean()) if part.size else 0.0


def _refitted(mask: Mask, path: Path, slices: NDArray[np.int64]) -> Path:
    """Return the path with each oval that of equal moments to the filled section, smooth from slice to slice."""
    centres, axes = path.centres.copy(), path.axes.copy()
    for number, k in enumerate(slices):
        places = np.argwhere(mask[k])
        if len(places) >= 5:
            centres[number] = places.mean(0)
            axes[number] = np.clip(2.0 * places.std(0) + 0.15, 0.75 * path.axes[number], 1.4 * path.axes[number])
    smooth = [ndimage.gaussian_filter1d(field, 1.0, axis=0, mode="nearest") for field in (centres, axes)]
    return replace(path, centres=smooth[0], axes=smooth[1])


def _half_contrast(image: Image, path: Path, number: int, level: float, least_hu: float, step: float) -> Floats:
    """Return for 36 directions (from -180 degrees) half of the difference between inside and outside, in HU."""
    angle = (np.arange(36) + 0.5) * 2.0 * np.pi / 36.0 - np.pi
    s, c = np.sin(angle), np.cos(angle)
    reach = 1.0 / np.hypot(s / path.axes[number, 0], c / path.axes[number, 1]) + 4.5 / step
    places = np.stack([path.centres[number, 0] + reach * s, path.centres[number, 1] + reach * c])
    outside = ndimage.map_coordinates(image, places, order=1, mode="nearest")
    contrast = ndimage.median_filter(np.abs(outside - level), 5, mode="wrap")
    return np.clip(0.5 * contrast, least_hu, 130.0)


def _to_half(hu: Image, mask: Mask, barred: Mask, step: float) -> Mask:
    """Return the vein widened by up to a voxel, in its own slices, to half of the contrast with what lies beside it.

    The oval keeps to the inner side of a blurred border. Where the neighbour differs by less than noise does, nothing
    is added.
    """
    rows = np.flatnonzero(mask.any(axis=(1, 2)))
    inner = erode_mm(mask, step, step)
    level = np.array([np.median(hu[k][inner[k] if inner[k].any() else mask[k]]) for k in rows])
    level = ndimage.median_filter(level, 5, mode="nearest")
    every = np.interp(np.arange(hu.shape[0]), rows, level)
    excess = (ndimage.gaussian_filter(hu, 0.4, mode="nearest") - every[:, None, None]).astype(np.float32)
    own = np.broadcast_to(mask.any(axis=(1, 2), keepdims=True), mask.shape)
    return grown_to_half(excess, mask, own & ~barred, 0.0, step, rings=1, least_hu=BESIDE_HU)


def _below_heart(masks: Masks, path: Path, slices: NDArray[np.int64], step: float) -> int:
    """Return the last slice: 9 mm above the last one where the vein runs beside the liver."""
    liver = masks.get("liver")
    if liver is None or not liver.any():
        return int(slices[-1])
    away = distance_mm(liver, step, 24.0)
    j, i = np.rint(path.centres).astype(np.int64).T
    j, i = np.clip(j, 0, liver.shape[1] - 1), np.clip(i, 0, liver.shape[2] - 1)
    beside = slices[away[slices, j, i] < path.axes.mean(1) * step + 4.0]
    return int(beside.max()) + round(ABOVE_LIVER_MM / step) if beside.size else int(slices[-1])


def _like_liver(hu: Image, mask: Mask, masks: Masks, slices: NDArray[np.int64]) -> Mask:
    """Return, per slice, whether the tube lies in what was taken for liver and is as bright as that."""
    result = np.zeros(slices.size, dtype=bool)
    liver = masks.get("liver")
    if liver is None or not liver.any():
        return result
    for number, k in enumerate(slices):
        part = mask[k]
        if np.count_nonzero(part & liver[k]) > 0.5 * max(1, np.count_nonzero(part)):
            around = liver[k] & ~ndimage.binary_dilation(part, iterations=2)
            near = around & ndimage.binary_dilation(part, iterations=8)
            if near.any():
                result[number] = abs(float(np.median(hu[k][part])) - float(np.median(hu[k][near]))) < LIKE_LIVER_HU
    return np.asarray(ndimage.median_filter(result.astype(np.uint8), 7, mode="nearest") > 0)


def _gate(
    mask: Mask, path: Path, slices: NDArray[np.int64], limits: tuple[float, float], last: int, step: float,
    unsure: Mask,
) -> tuple[Mask, tuple[str, ...]]:
    """Keep the longest stretch whose fit, brightness and section are those of a vein; name what speaks against it."""
    area = mask[slices].sum(axis=(1, 2)) * step**2 / 100.0
    fit = ndimage.gaussian_filter1d(path.score, 2.0, mode="nearest")
    rim = ndimage.gaussian_filter1d(path.rim, 2.0, mode="nearest")
    bright = (path.inside_hu > limits[0] - 8.0) & (path.inside_hu < limits[1] + 8.0)
    good = (fit > MIN_SCORE) & (rim > MIN_RIM) & (area > AREA_CM2[0]) & (area < AREA_CM2[1]) & bright & ~unsure
    reach = max(1, round(9.0 / step))
    good = ndimage.binary_closing(np.pad(good, reach), np.ones(2 * reach + 1))[reach:-reach] & (slices <= last)
    labels, count = ndimage.label(good)
    if count == 0:
        return np.zeros_like(mask), ()
    sizes = np.bincount(labels)[1:]
    longest = int(np.argmax(sizes)) + 1
    whole = slices.size * step
    if sizes[longest - 1] * step < min(MIN_LENGTH_MM, 0.7 * whole):
        return np.zeros_like(mask), ()
    kept = np.zeros_like(mask)
    chosen = slices[labels == longest]
    kept[chosen] = mask[chosen]
    # thin strands go, the corners of the section stay
    kept = largest_component(kept & dilate_mm(open_mm(kept, step, step), step, step))
    faint = float(np.mean(path.rim[labels == longest])) < 0.55
    return kept, ("contrast",) if faint else ()
