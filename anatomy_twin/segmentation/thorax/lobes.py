"""The lobes of the lungs, as far as the fissures between them are seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.kernels.seg_surface import best_surface
from anatomy_twin.segmentation.ground.working_grid import Found, Image, Mask, box_of, depth_mm, dilate_mm, volume_ml
from anatomy_twin.segmentation.thorax.airways import LungTexture

LOBES: Final = (
    "lung_upper_lobe_right", "lung_middle_lobe_right", "lung_lower_lobe_right", "lung_upper_lobe_left",
    "lung_lower_lobe_left",
)
THICKEST_MM: Final = 3.5  # slices thicker than this blur the fissures away
STEP_MM: Final = 2.0
LAYER_MM: Final = 1.0
OBLIQUE_REACH_MM: Final = 45.0
HORIZONTAL_REACH_MM: Final = 42.0
SEEN_LEAST: Final = 0.30
SEEN_WHOLE: Final = 0.92
SEEN_EVIDENCE: Final = 0.3
# the oblique fissure runs from 74 % of the lung's height at the back to its base at the front
OBLIQUE: Final = (0.74, 0.02)
HORIZONTAL: Final = 0.45


@dataclass(frozen=True, eq=False)
class Sheet:
    """A surface w(u, v) through a lung: its height in mm, where it lies in the lung, where a fissure was seen on it.

    A point p (k, j, i in mm) has (u, v, w) = axes @ (p - origin); cells of the surface are ``STEP_MM`` wide from
    ``low``.
    """

    height_mm: Image
    seen: Mask
    inside: Mask
    origin: Image
    axes: Image
    low: tuple[float, float]

    @property
    def share(self) -> float:
        """The share of the sheet inside the lung along which a fissure was seen."""
        return float(self.seen[self.inside].mean()) if self.inside.any() else 0.0

    def above(self, points: Image) -> Mask:
        """Tell for points (n, 3) in mm whether they lie on the far side of the sheet (larger w)."""
        u, v, w = (self.axes.astype(np.float32) @ (points - self.origin.astype(np.float32)).T.astype(np.float32))
        places = np.stack([(u - self.low[0]) / STEP_MM, (v - self.low[1]) / STEP_MM])
        return np.asarray(w > ndimage.map_coordinates(self.height_mm, places, order=1, mode="nearest"))


def find_lobes(
    hu: Image, lungs: dict[str, Mask], barred: Mask, airways: Mask, texture: LungTexture, spacing_mm: float,
    slice_mm: float, monitor: Monitor = SILENT,
) -> dict[str, Found]:
    """Return the five lobes.

    Parameters
    ----------
    hu : a grid of about 1.25 mm; lungs : "lung_right", "lung_left"; barred : vessels and nodules, near which no
        fissure is looked for; slice_mm : thickness of the scan's slices.

    Fissures are thin bright plates. In each lung the smooth sheet along which most of them lie, near the usual course
    of the oblique fissure, divides lower from upper lobe; on the right a second one, in front of the first, the middle
    lobe. Where no plate is seen the sheet is spanned between those that are: the lobe is "check" with the rule
    "fissure incomplete" and the share. Under 30 % seen, or on slices thicker than 3.5 mm, lobes are "not found".
    """
    nothing = {name: Found.nothing("needs the lung") for name in LOBES}
    if slice_mm > THICKEST_MM:
        reason = f"no fissure can be seen on slices of {slice_mm:g} mm"
        return {name: Found.nothing(reason) for name in LOBES}
    result = dict(nothing)
    for side, lung in lungs.items():
        right = side == "lung_right"
        names = [name for name in LOBES if name.endswith("right" if right else "left")]
        if volume_ml(lung, spacing_mm) < 500.0 or np.ptp(np.flatnonzero(lung.any(axis=(1, 2)))) * spacing_mm < 140.0:
            reason = "too little of the lung is in view to tell its lobes"
            result.update({name: Found.nothing(reason) for name in names})
            continue
        check_cancelled(monitor)
        box = box_of(lung, 3)
        valid = lung[box] & (depth_mm(lung[box], spacing_mm, 4.0) > 1.5)
        valid &= ~dilate_mm(barred[box] | airways[box], 1.3 * spacing_mm, spacing_mm)
        scene = _Scene(hu[box], lung[box], valid, texture, spacing_mm)
        parts = _divide(scene, right)
        result.update({name: _grown(parts[name], box, lung.shape) for name in names})
        monitor.progress(0.5 if right else 1.0)
    return result


def _grown(entry: Found, box: tuple[slice, slice, slice], shape: tuple[int, ...]) -> Found:
    if entry.mask is None:
        return entry
    mask = np.zeros(shape, dtype=bool)
    mask[box] = entry.mask
    return Found(mask, entry.state, entry.note, entry.rules)


@dataclass(frozen=True, eq=False)
class _Scene:
    """One lung in its box: image, mask, and where a fissure may be looked for (no vessels, no rim)."""

    hu: Image
    lung: Mask
    valid: Mask
    texture: LungTexture
    step: float


def _divide(scene: _Scene, right: bool) -> dict[str, Found]:
    side = "right" if right else "left"
    upper, lower, middle = f"lung_upper_lobe_{side}", f"lung_lower_lobe_{side}", "lung_middle_lobe_right"
    lung, step = scene.lung, scene.step
    oblique = _oblique(scene)
    names = [upper, lower] + ([middle] if right else [])
    if oblique.share < SEEN_LEAST:
        reason = f"the oblique fissure is seen along {100 * oblique.share:.0f} % of its course only"
        return {name: Found.nothing(reason) for name in names}
    places = np.nonzero(lung)
    points = np.stack(places, axis=1).astype(np.float32) * np.float32(step)
    front = oblique.above(points)
    result = {lower: _lobe(lung, places, ~front, oblique.share, step)}
    if not right:
        result[upper] = _lobe(lung, places, front, oblique.share, step)
        return result
    ahead = np.zeros_like(lung)
    ahead[tuple(axis[front] for axis in places)] = True
    flat = _horizontal(scene, ahead)
    if flat.share < SEEN_LEAST:
        reason = f"the horizontal fissure is seen along {100 * flat.share:.0f} % of its course only"
        result[upper] = Found.nothing(f"{reason}: upper and middle lobe were not parted")
        result[middle] = Found.nothing(reason)
        return result
    high = flat.above(points)
    share = min(oblique.share, flat.share)
    result[upper] = _lobe(lung, places, front & high, share, step)
    result[middle] = _lobe(lung, places, front & ~high, share, step)
    return result


def _lobe(lung: Mask, places: tuple[Image, ...], chosen: Mask, share: float, step: float) -> Found:
    mask = np.zeros_like(lung)
    mask[tuple(axis[chosen] for axis in places)] = True
    size = volume_ml(mask, step)
    if size < 60.0:
        return Found.nothing(f"what the fissures part off holds only {size:.0f} ml")
    if share >= SEEN_WHOLE:
        return Found(mask, "ok", f"{size:.0f} ml, fissure seen along {100 * share:.0f} % of its course")
    note = f"{size:.0f} ml; fissure seen along {100 * share:.0f} % of its course, the rest is extrapolated"
    return Found(mask, "check", note, ("fissure incomplete",))


def _oblique(scene: _Scene) -> Sheet:
    """Fit the oblique fissure: the sheet runs down to the front, its far side is the upper lobe."""
    lung, step = scene.lung, scene.step
    k, j, i = (np.flatnonzero(lung.any(axis=tuple(n for n in range(3) if n != axis))) for axis in range(3))
    base, top = float(k[0]) * step, float(k[-1]) * step
    front, back = float(j[0]) * step, float(j[-1]) * step
    start = np.array([base + OBLIQUE[0] * (top - base), back - 0.06 * (back - front)])
    stop = np.array([base + OBLIQUE[1] * (top - base), front + 0.18 * (back - front)])
    along = (stop - start) / np.linalg.norm(stop - start)
    across = np.array([-along[1], along[0]])
    if across[0] < 0:
        across = -across
    axes = np.array([[along[0], along[1], 0.0], [0.0, 0.0, 1.0], [across[0], across[1], 0.0]])
    middle = 0.5 * (start + stop)
    origin = np.array([middle[0], middle[1], 0.5 * float(i[0] + i[-1]) * step])
    return _fit(scene, lung, origin, axes, OBLIQUE_REACH_MM)


def _horizontal(scene: _Scene, ahead: Mask) -> Sheet:
    """Fit the horizontal fissure within what lies before the oblique one; its far side is the upper lobe."""
    lung, step = scene.lung, scene.step
    k, j, i = (np.flatnonzero(lung.any(axis=tuple(n for n in range(3) if n != axis))) for axis in range(3))
    height = (k[0] + HORIZONTAL * (k[-1] - k[0])) * step
    origin = np.array([height, 0.5 * float(j[0] + j[-1]) * step, 0.5 * float(i[0] + i[-1]) * step])
    axes = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    # the oblique fissure itself is a plate as well
    inside = ahead & ~dilate_mm(lung & ~ahead, 5.0, step)
    return _fit(scene, inside, origin, axes, HORIZONTAL_REACH_MM)


def _fit(scene: _Scene, region: Mask, origin: Image, axes: Image, reach_mm: float) -> Sheet:
    """Fit the sheet with most evidence in three passes, each nearer to the last and with the lung flattened along it.

    Flattening lets the evidence be averaged along the fissure. After each pass a quadratic surface is fitted robustly
    to what was seen; where nothing is seen the sheet falls back on it.
    """
    step = scene.step
    corners = np.array(np.meshgrid(*[(0.0, size * step) for size in region.shape], indexing="ij")).reshape(3, -1).T
    turned = (corners - origin) @ axes.T
    u = np.arange(turned[:, 0].min(), turned[:, 0].max() + STEP_MM, STEP_MM)
    v = np.arange(turned[:, 1].min(), turned[:, 1].max() + STEP_MM, STEP_MM)
    height = np.zeros((u.size, v.size), dtype=np.float32)
    weight = np.zeros_like(height)
    inside = np.zeros(height.shape, dtype=bool)
    for reach, trust in ((reach_mm, 0.7 * reach_mm), (14.0, 9.0), (8.0, 6.0)):
        w = np.arange(-reach, reach + 0.5, LAYER_MM)
        evidence, within = _evidence(scene, region, origin, axes, (u, v, w), height)
        cost = -evidence + np.where(within, 0.25 * (w / trust) ** 2, 0.0)
        level = best_surface(cost.astype(np.float32), 0.15, 1.2)
        moved = w[level].astype(np.float32)
        weight = _nearby(evidence, level)
        inside = np.take_along_axis(within, level[..., None], 2)[..., 0]
        weight = np.where(inside, weight, 0.0).astype(np.float32)
        height = _settled(u, v, height + moved, weight)
    w = np.arange(-12.0, 12.5, LAYER_MM)
    evidence, within = _evidence(scene, region, origin, axes, (u, v, w), height)
    inside = within[..., w.size // 2]
    here = evidence[..., np.abs(w) < 2.1].max(axis=2)
    usual = float(np.mean(evidence[..., np.abs(w) > 5.0][within[..., np.abs(w) > 5.0]])) if within.any() else 1.0
    seen = inside & (ndimage.uniform_filter(here, 5) > max(SEEN_EVIDENCE, 2.5 * usual))
    return Sheet(height, seen, inside, origin, axes, (float(u[0]), float(v[0])))


def _evidence(
    scene: _Scene, region: Mask, origin: Image, axes: Image, places: tuple[Image, Image, Image], height: Image
) -> tuple[Image, Mask]:
    """Return what speaks for a fissure at [u, v, w] (0 to 1.5) and whether the place lies in the region.

    How much brighter a layer is than the lung 3 mm on both sides, in multiples of the noise, after a median along the
    sheet (vessels are dots there) and a mean; ``w`` counts from ``height``.
    """
    u, v, w = places
    grid = np.stack([
        np.broadcast_to(u[:, None, None], (u.size, v.size, w.size)),
        np.broadcast_to(v[None, :, None], (u.size, v.size, w.size)),
        w[None, None, :] + height[..., None],
    ]).reshape(3, -1)
    index = ((axes.T @ grid + origin[:, None]) / scene.step).astype(np.float32)
    shape = (u.size, v.size, w.size)
    level = scene.texture.level_hu
    image = np.where(scene.valid, np.minimum(scene.hu, level + 400.0), level).astype(np.float32)
    values = ndimage.map_coordinates(image, index, order=1, mode="nearest").reshape(shape)
    valid = ndimage.map_coordinates(scene.valid.astype(np.float32), index, order=1).reshape(shape) > 0.7
    within = ndimage.map_coordinates(region.astype(np.float32), index, order=1).reshape(shape) > 0.5
    values = ndimage.gaussian_filter1d(values, 0.8, axis=2, mode="nearest")
    away = round(3.0 / LAYER_MM)
    before, behind = np.roll(values, away, axis=2), np.roll(values, -away, axis=2)
    rise = values - np.maximum(before, behind)
    good = valid & np.roll(valid, away, axis=2) & np.roll(valid, -away, axis=2)
    good[..., :away] = False
    good[..., -away:] = False
    rise = np.where(good, rise, 0.0).astype(np.float32)
    rise = ndimage.median_filter(rise, (3, 3, 1), mode="nearest")
    rise = ndimage.gaussian_filter(rise, (1.0, 1.0, 0.0), mode="nearest")
    noise = max(4.0, 1.4826 * float(np.median(np.abs(rise[good])))) if good.any() else 20.0
    return np.clip(rise / (4.0 * noise), 0.0, 1.5).astype(np.float32), within


def _nearby(evidence: Image, level: NDArray[np.int64]) -> Image:
    """Return the evidence at a level or one layer beside it."""
    count = evidence.shape[2]
    around = [np.clip(level + shift, 0, count - 1)[..., None] for shift in (-1, 0, 1)]
    return np.asarray(np.max([np.take_along_axis(evidence, n, 2)[..., 0] for n in around], axis=0))


def _settled(u: Image, v: Image, height: Image, weight: Image) -> Image:
    """Return the sheet through what was seen, smooth, and quadratic where nothing was.

    The quadratic is fitted by reweighting: what lies far off it (Tukey's biweight, 12 mm) does not count.
    """
    known = weight > 0.3
    if np.count_nonzero(known) < 40:
        return np.zeros_like(height)
    a, b = (u - u.mean())[:, None] / 100.0, (v - v.mean())[None, :] / 60.0
    terms = np.stack(np.broadcast_arrays(1.0 + 0.0 * a * b, a, b, a * a, a * b, b * b))
    design, target = terms[:, known].T, height[known].astype(float)
    trust = weight[known].astype(float)
    residual = target - np.median(target)
    ridge = np.diag([0.0, 1e-3, 1e-3, 0.05, 0.05, 0.05]) * trust.sum()
    for scale in (40.0, 25.0, 15.0, 12.0, 12.0):
        share = trust * np.clip(1.0 - (residual / scale) ** 2, 0.0, None) ** 2
        if share.sum() < 10.0:
            break
        fitted = np.linalg.solve(design.T @ (design * share[:, None]) + ridge, design.T @ (share * target))
        residual = target - design @ fitted
    else:
        base = np.tensordot(fitted, terms, axes=1)
        off = height - base
        kept = np.where(known & (np.abs(off) < 10.0), weight, 0.0)
        above = ndimage.gaussian_filter(kept * off, 2.0, mode="nearest")
        below = ndimage.gaussian_filter(kept, 2.0, mode="nearest")
        return np.asarray(base + above / (below + 0.05), dtype=np.float32)
    return np.full(height.shape, np.float32(np.median(target)))
