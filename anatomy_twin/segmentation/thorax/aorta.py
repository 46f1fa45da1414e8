"""The thoracic aorta: discs beside the spine and behind the sternum, joined over the arch by the best tube."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage
from skimage.graph import route_through_array

from anatomy_twin.kernels.seg_circles import best_path, disc_scores
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    dilate_mm,
    distance_mm,
    fill_slices,
    largest_component,
    open_mm,
    volume_ml,
)

RADII_MM: Final = np.array([8.0, 9.5, 11.0, 12.5, 14.0, 16.0, 18.5, 21.5])
RIM_MM: Final = 2.5
FULL_STEP_HU: Final = 60.0
ROOT_BELOW_CARINA_MM: Final = 58.0  # the annulus of adults lies 45 to 65 mm below the carina
ARCH_ABOVE_CARINA_MM: Final = 48.0
ENHANCED_HU: Final = 120.0
CLIP_HU: Final = 200.0
FLAT_HU: Final = 110.0  # beside the spine: the flap and both lumina of a dissection read alike


@dataclass(frozen=True, eq=False)
class Tube:
    """Points of a centre line in voxels (n, 3), the radius in mm and the score at each."""

    points: Image
    radius_mm: Image
    score: Image

    def part(self, keep: Mask) -> Tube:
        """Return the points that are kept."""
        return Tube(self.points[keep], self.radius_mm[keep], self.score[keep])


@dataclass(frozen=True, eq=False)
class AortaScene:
    """What the search sees on the working grid: HU, what the aorta cannot be, the spine, the level of the carina."""

    hu: Image
    barred: Mask
    frame: SpineFrame
    carina: int

    @property
    def step(self) -> float:
        """Spacing in mm."""
        return self.frame.spacing_mm


def find_thoracic_aorta(scene: AortaScene) -> tuple[Found, float | None, Tube | None, Tube | None]:
    """Return the aorta from its root to the lower end of the scan, its median HU, descending and ascending part.

    The descending aorta is a disc beside and before the spine in every slice below the arch, the ascending one a disc
    behind the sternum down to about 58 mm below the carina; both by dynamic programming over place and radius, the
    second with the grey values of the first. The arch is the cheapest tube from one to the other above the carina.
    Works on native scans (rim against fat and lung) and enhanced ones; the two lumina of a dissection are taken
    together as long as the rim is seen.
    """
    step = scene.step
    down, level = _descending(scene)
    if down is None or level is None:
        return Found.nothing("no tube beside the spine that looks like the aorta"), None, None, None
    up = _ascending(scene, level)
    rules: list[str] = []
    down, widened = _widened(scene, down, level)
    tubes, note = [down], "descending part only: no ascending aorta was recognised"
    if up is not None:
        arch = _arch(scene, down, up, level)
        tubes = [down, up] if arch is None else [down, up, arch]
        note = "" if arch is not None else "without the arch, which was not recognised"
    if len(tubes) < 3:
        rules.append("incomplete")
    if widened:
        rules.append("two lumina")
        words = "a narrow bright lumen beside a darker one (dissection or thrombus): drawn to the outer border"
        note = f"{note}; {words}" if note else words
    mask = draw_tubes(scene, tubes, level)
    size = volume_ml(mask, step)
    if size < 8.0:
        return Found.nothing(f"the tube beside the spine holds only {size:.0f} ml"), None, None, None
    core = mask & (distance_mm(~mask, step, 9.0) > 2.0 * step)
    median = float(np.median(scene.hu[core if core.any() else mask]))
    if not 10.0 <= median <= 700.0:
        return Found.nothing(f"the tube beside the spine has {median:.0f} HU, not that of blood"), None, None, None
    if size > 700.0:
        rules.append("volume")
    found = Found(mask, "check" if rules else "ok", note, tuple(rules))
    return found, median, down, up


def _track(
    image: Image, axis: int, slices: np.ndarray, rows: np.ndarray, columns: np.ndarray, size: tuple[int, int],
    scene: AortaScene, radii: Image, level: float | None, prefer: Image | None = None,
) -> Tube:
    """Track a disc through ``slices`` of ``axis``; windows start at (rows, columns) per slice and have one ``size``."""
    step = scene.step
    hard = np.moveaxis(scene.barred, axis, 0)
    stack = np.moveaxis(image, axis, 0)
    scores = np.full((slices.size, radii.size, *size), -1.0, dtype=np.float32)
    means = np.zeros_like(scores)
    for n, k in enumerate(slices.tolist()):
        r, c = np.arange(size[0]) + rows[n], np.arange(size[1]) + columns[n]
        part, mean = disc_scores(np.ascontiguousarray(stack[k]), r, c, radii / step, RIM_MM / step, FULL_STEP_HU)
        block = np.ix_(np.clip(r, 0, stack.shape[1] - 1), np.clip(c, 0, stack.shape[2] - 1))
        outside = (r < 0) | (r >= stack.shape[1])
        beyond = outside[:, None] | ((c < 0) | (c >= stack.shape[2]))[None]
        covered = ndimage.uniform_filter(hard[k].astype(np.float32), 3)[block]
        scores[n] = part - np.where(beyond, 1.5, 1.5 * covered)[None] - np.clip((10.0 - mean) / 20.0, 0.0, 2.0)
        means[n] = mean
    if level is not None:
        scores -= _unlike(means, level)
    if prefer is not None:
        scores += prefer[:, None] if prefer.ndim == 3 else prefer[None, None]
    path = best_path(scores, max(1, round(4.5 / step)), 0.04 * (step / 3.0) ** 2, 0.05)
    index = np.arange(slices.size)
    n, b, a = path.T
    smooth = max(0.8, 3.0 / step)
    first = ndimage.gaussian_filter1d((rows + b).astype(float), smooth, mode="nearest")
    second = ndimage.gaussian_filter1d((columns + a).astype(float), smooth, mode="nearest")
    radius = ndimage.gaussian_filter1d(radii[n], smooth, mode="nearest")
    points = np.stack([slices.astype(float), first, second], axis=1)
    return Tube(points, radius, scores[index, n, b, a])


def _unlike(means: Image, level: float) -> Image:
    """Return 0 to 1: how far mean values of the clipped image are from the grey value of the aorta.

    With contrast medium only what is much darker counts: the false lumen of a dissection fills late.
    """
    if level > ENHANCED_HU:
        return np.clip((70.0 - means) / 40.0, 0.0, 1.0).astype(np.float32)
    return np.minimum(1.0, np.abs(means - level) / 40.0).astype(np.float32)


def _clipped(hu: Image, top_hu: float) -> Image:
    """Return the image on which edges are measured: plaque and dense contrast weigh no more than a normal rim."""
    return np.ascontiguousarray(np.clip(hu, -100.0, top_hu), dtype=np.float32)


def _level(scene: AortaScene, tube: Tube) -> float:
    """Return the median HU near the centre line of a tube."""
    good = tube.part(tube.score > 0.2) if (tube.score > 0.2).sum() > 3 else tube
    places = np.clip(np.rint(good.points).astype(int), 0, np.asarray(scene.hu.shape) - 1)
    smooth = ndimage.uniform_filter(scene.hu, 3, mode="nearest")
    return float(np.median(smooth[tuple(places.T)]))


def _descending(scene: AortaScene) -> tuple[Tube | None, float | None]:
    step, frame = scene.step, scene.frame
    top = min(scene.hu.shape[0], scene.carina + round(20.0 / step))
    slices = np.arange(0, top)
    if slices.size * step < 30.0:
        return None, None
    window = (round(80.0 / step), round(120.0 / step))
    rows = np.rint((frame.y_mm[slices] - 72.0) / step).astype(np.int64)
    columns = np.rint((frame.x_mm[slices] - 60.0) / step).astype(np.int64)
    image = _clipped(scene.hu, FLAT_HU)
    # the usual place, weakly: right beside the vertebral body, on the left more often
    r = 72.0 - np.arange(window[0])[:, None] * step
    c = np.arange(window[1])[None] * step - 60.0
    prefer = -0.25 * np.clip(np.abs(r - 34.0) / 30.0 - 0.3, 0.0, 2.0)
    prefer = prefer - 0.25 * np.clip(np.abs(c - 12.0) / 40.0, 0.0, 2.0)
    radii = RADII_MM[:7]
    tube = _track(image, 0, slices, rows, columns, window, scene, radii, None, prefer.astype(np.float32))
    level = _level(scene, tube)
    tube = _track(image, 0, slices, rows, columns, window, scene, radii, level, prefer.astype(np.float32))
    level = _level(scene, tube)
    smooth = ndimage.gaussian_filter1d(tube.score.astype(float), 9.0 / step, mode="nearest")
    good = _longest_run(ndimage.binary_closing(np.pad(smooth > 0.05, 9, mode="edge"), iterations=5)[9:-9])
    if good.sum() * step < 30.0 or float(np.median(tube.score[good])) < 0.2:
        return None, None
    return tube.part(good), level


def _widened(scene: AortaScene, tube: Tube, level: float) -> tuple[Tube, bool]:
    """Return the descending aorta with its outer border where only a narrow bright lumen was followed.

    In a dissection or beside a thrombus the bright lumen is a small disc in a larger one of soft tissue: where for
    15 mm or more the radius is below 0.72 of its median, the larger disc that holds the small one is tracked on an
    image that shows no contrast medium (clipped at 60 HU).
    """
    step = scene.step
    usual = float(np.median(tube.radius_mm[tube.score > 0.2])) if (tube.score > 0.2).any() else 0.0
    fits = (tube.radius_mm > 0.72 * usual) & (tube.score > 0.1)
    narrow = ~fits & ndimage.binary_opening(~fits, iterations=max(1, round(7.5 / step)))
    if level < 200.0 or usual < 11.0 or not narrow.any():
        return tube, False
    image = _clipped(scene.hu, 60.0)
    radii = RADII_MM[(usual * 0.8 <= RADII_MM) & (usual * 1.35 >= RADII_MM)]
    half = round(usual / step)
    chosen = np.flatnonzero(narrow)
    slices = np.rint(tube.points[chosen, 0]).astype(np.int64)
    rows = np.rint(tube.points[chosen, 1]).astype(np.int64) - half
    columns = np.rint(tube.points[chosen, 2]).astype(np.int64) - half
    offset = (np.arange(2 * half + 1) - half) * step
    away = np.hypot(offset[:, None], offset[None, :])[None]
    room = (usual - tube.radius_mm[chosen])[:, None, None]
    prefer = -2.0 * np.clip((away - room - 2.0) / 4.0, 0.0, 1.0)
    size = (offset.size, offset.size)
    wide = _track(image, 0, slices, rows, columns, size, scene, radii, None, prefer.astype(np.float32))
    if float(np.median(wide.score)) < 0.1:
        return tube, False
    points, radius = tube.points.copy(), np.array(tube.radius_mm)
    points[chosen], radius[chosen] = wide.points, wide.radius_mm
    return Tube(points, radius, tube.score), True


def _ascending(scene: AortaScene, level: float) -> Tube | None:
    step, frame = scene.step, scene.frame
    low = max(0, scene.carina - round(ROOT_BELOW_CARINA_MM / step))
    high = min(scene.hu.shape[0] - 1, scene.carina + round(12.0 / step))
    slices = np.arange(low, high + 1)
    if slices.size * step < 25.0:
        return None
    window = (round(84.0 / step), round(90.0 / step))
    rows = np.rint((frame.y_mm[slices] - 142.0) / step).astype(np.int64)
    columns = np.rint((frame.x_mm[slices] - 50.0) / step).astype(np.int64)
    c = np.arange(window[1], dtype=np.float32)[None, :] * step - 50.0
    radii, image = RADII_MM[2:], _clipped(scene.hu, CLIP_HU)
    # first where it stands free beside the upper vena cava, then down to the root, which lies further to the middle
    upper = slices >= scene.carina - round(25.0 / step)
    weak = np.broadcast_to(-0.25 * np.clip(np.abs(c + 5.0) / 30.0 - 0.5, 0.0, 2.0), window).astype(np.float32)
    first = _track(image, 0, slices[upper], rows[upper], columns[upper], window, scene, radii, level, weak)
    below = np.clip((scene.carina - slices) * step / ROOT_BELOW_CARINA_MM, 0.0, 1.0)
    place_mm = np.median((first.points[:, 2] - columns[upper]) * step - 50.0)
    expected = (place_mm + below * 0.5 * (4.0 - place_mm))[:, None, None]
    strong = -0.5 * np.clip(np.abs(c[None] - expected) / 12.0 - 0.6, 0.0, 2.0)
    # ... and a little further back
    behind = np.median(first.points[:, 1]) * step + 8.0 * below[:, None, None]
    r = (rows[:, None, None] + np.arange(window[0])[None, :, None]) * step
    strong = strong - 0.4 * np.clip(np.abs(r - behind) / 12.0 - 0.6, 0.0, 2.0) * below[:, None, None]
    prefer = strong.astype(np.float32)
    # in the heart no rim holds the disc: it is no wider there than above
    radii = radii[radii <= max(radii[1], 1.2 * float(np.median(first.radius_mm)))]
    tube = _track(image, 0, slices, rows, columns, window, scene, radii, level, prefer)
    good = _longest_run(ndimage.gaussian_filter1d(tube.score.astype(float), 6.0 / step, mode="nearest") > -0.05)
    if good.sum() * step < 20.0 or float(np.median(tube.score[good])) < 0.1:
        return None
    return tube.part(good)


def _longest_run(good: Mask) -> Mask:
    labels, count = ndimage.label(good)
    if count == 0:
        return good
    return np.asarray(labels == int(np.argmax(np.bincount(labels)[1:])) + 1)


def _arch(scene: AortaScene, down: Tube, up: Tube, level: float) -> Tube | None:
    """Return the cheapest tube from the upper end of the ascending to that of the descending part."""
    step = scene.step
    start, stop = up.points[-1], down.points[-1]
    low = max(0, int(min(start[0], stop[0])) - round(6.0 / step))
    high = min(scene.hu.shape[0], scene.carina + round(ARCH_ABOVE_CARINA_MM / step))
    sides = []
    for axis in (1, 2):
        a, b = sorted((start[axis], stop[axis]))
        sides.append(slice(max(0, int(a - 27.0 / step)), min(scene.hu.shape[axis], int(b + 27.0 / step) + 1)))
    box = (slice(low, high), *sides)
    part, hard = _clipped(scene.hu, CLIP_HU)[box], scene.barred[box]
    if min(part.shape) < 5:
        return None
    radii = RADII_MM[1:7]
    best = np.full(part.shape, -1.0, dtype=np.float32)
    radius = np.full(part.shape, 12.0, dtype=np.float32)
    for axis in range(3):
        stack = np.moveaxis(part, axis, 0)
        r, c = np.arange(stack.shape[1]), np.arange(stack.shape[2])
        score = np.empty(stack.shape, dtype=np.float32)
        size = np.empty(stack.shape, dtype=np.float32)
        for k in range(stack.shape[0]):
            values, means = disc_scores(
                np.ascontiguousarray(stack[k]), r, c, radii / step, RIM_MM / step, FULL_STEP_HU
            )
            values -= _unlike(means, level)
            choice = np.argmax(values, axis=0)
            score[k] = np.take_along_axis(values, choice[None], 0)[0]
            size[k] = radii[choice]
        score, size = np.moveaxis(score, 0, axis), np.moveaxis(size, 0, axis)
        radius = np.where(score > best, size, radius)
        best = np.maximum(best, score)
    best = ndimage.uniform_filter(best - 1.5 * ndimage.uniform_filter(hard.astype(np.float32), 3), 3)
    cost = np.exp(-4.0 * np.clip(best, -1.0, 1.0)) + 0.02
    origin = np.array([side.start for side in box])
    ends = [np.clip(np.rint(p - origin).astype(int), 0, np.asarray(part.shape) - 1) for p in (start, stop)]
    route, _ = route_through_array(cost, tuple(ends[0]), tuple(ends[1]), fully_connected=True, geometric=True)
    path = np.asarray(route)
    score = best[tuple(path.T)]
    if float(np.median(score)) < 0.0 or float(np.mean(hard[tuple(path.T)])) > 0.2:
        return None
    smooth = max(1.0, 6.0 / step)
    points = ndimage.gaussian_filter1d(path.astype(float), smooth, axis=0, mode="nearest") + origin
    width = ndimage.gaussian_filter1d(radius[tuple(path.T)].astype(float), smooth, mode="nearest")
    # at its ends the arch is as wide as what it joins
    share = np.linspace(0.0, 1.0, len(path))
    ends_mm = (1.0 - share) * float(np.median(up.radius_mm[-5:])) + share * float(np.median(down.radius_mm[-5:]))
    return Tube(points, np.maximum(width, 0.85 * ends_mm), score)


def draw_tubes(scene: AortaScene, tubes: list[Tube], level: float) -> Mask:
    """Fill the tubes: voxels up to 3 mm beyond the fitted radius whose grey value is that of the aorta."""
    step, shape = scene.step, scene.hu.shape
    smooth = ndimage.gaussian_filter(scene.hu, 0.5, mode="nearest")
    margin = np.full(shape, 99.0, dtype=np.float32)
    inner = np.full(shape, 99.0, dtype=np.float32)
    for number, tube in enumerate(tubes):
        in_slices = number < 2
        for point, radius in zip(tube.points, tube.radius_mm, strict=True):
            reach = radius + 4.0
            low = np.maximum(np.floor(point - reach / step).astype(int), 0)
            high = np.minimum(np.ceil(point + reach / step).astype(int) + 1, shape)
            if in_slices:
                low[0], high[0] = round(point[0]), round(point[0]) + 1
            if np.any(high <= low):
                continue
            box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
            grids = np.ogrid[box]
            away = np.sqrt(sum(((g - p) * step) ** 2 for g, p in zip(grids, point, strict=True)))
            margin[box] = np.minimum(margin[box], away - radius)
            inner[box] = np.minimum(inner[box], away / radius)
    if level > ENHANCED_HU:
        alike = (smooth > 0.5 * level + 20.0) | ((margin < 0.0) & (smooth > 10.0))
    else:
        alike = (np.abs(smooth - level) < 30.0) | ((margin < 0.0) & (smooth > level))
    mask = ((margin < 3.0) & alike & ~scene.barred) | (inner < 0.6)
    opened = largest_component(open_mm(mask, 3.0, step))
    mask = opened if opened.any() else largest_component(mask)
    # two lumina and their flap, plaque: what the tube surrounds belongs to it
    return np.asarray(fill_slices(mask) & (dilate_mm(mask, step, step) | (margin < 0.0)))
