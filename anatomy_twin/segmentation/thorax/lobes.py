"""The lobes of the lungs: along the fissures where these are seen, between the vessels of the lobes where not."""

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
THICKEST_MM: Final = 5.5  # beyond, neither fissures nor the bands without vessels along them are left
STEP_MM: Final = 2.0
LAYER_MM: Final = 1.0
OBLIQUE_REACH_MM: Final = 45.0
HORIZONTAL_REACH_MM: Final = 42.0
SEEN_LEAST: Final = 0.30
SEEN_WHOLE: Final = 0.92
SEEN_EVIDENCE: Final = 0.3
SIDE_MM: Final = 3.0  # a fissure is brighter than the lung so far on both sides of it
GAP_WEIGHT: Final = 0.4  # no vessels at all count as much as a faint fissure
GAP_NEAR: Final = 0.14
GAP_MM: Final = 8.0
GAP_SHARE: Final = 0.55  # vessels on an estimated border, as a share of those usual around it
LOWER_SHARE: Final = (0.25, 0.68)  # of its lung (adults: about 0.45 right, 0.5 left, each +- 0.07)
MIDDLE_SHARE: Final = (0.05, 0.32)  # of the right lung (adults: about 0.15 to 0.2)
# the oblique fissure runs from 74 % of the lung's height at the back to its base at the front
OBLIQUE: Final = (0.74, 0.02)
HORIZONTAL: Final = 0.45


@dataclass(frozen=True, eq=False)
class Sheet:
    """A surface w(u, v) through a lung: its height in mm, where it lies in the lung, where a fissure was seen on it.

    ``vessels`` is how many vessels cross it, as a share of what is usual 8 to 25 mm beside it.

    A point p (k, j, i in mm) has (u, v, w) = axes @ (p - origin); cells of the surface are ``STEP_MM`` wide from
    ``low``.
    """

    height_mm: Image
    seen: Mask
    inside: Mask
    origin: Image
    axes: Image
    low: tuple[float, float]
    vessels: float

    @property
    def share(self) -> float:
        """The share of the sheet inside the lung along which a fissure was seen."""
        return float(self.seen[self.inside].mean()) if self.inside.any() else 0.0

    @property
    def doubt(self) -> str:
        """Why it is no border between lobes; empty where it may be one."""
        if self.share >= SEEN_LEAST or (self.inside.any() and self.vessels <= GAP_SHARE):
            return ""
        return f"is seen along {100 * self.share:.0f} % of its course only, and no band without vessels shows it"

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

    Fissures are thin bright plates, and no larger vessel crosses them. In each lung the smooth sheet along which most
    plates and fewest vessels lie, near the usual course of the oblique fissure, divides lower from upper lobe; on the
    right a second one, in front of the first, the middle lobe. Where no plate is seen the sheet follows the vessels:
    the lobe is "check" with the rule "fissure incomplete" and the share, or with the rule "estimated" where less than
    30 % were seen. Lobes are "not found" where neither a fissure nor a band without vessels shows, where what is
    parted off has no lobe's size, and on slices thicker than 5.5 mm.
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
        inner = lung[box] & (depth_mm(lung[box], spacing_mm, 4.0) > 1.5)
        free = inner & ~dilate_mm(barred[box] | airways[box], 1.3 * spacing_mm, spacing_mm)
        scene = _Scene(hu[box], lung[box], inner, free, barred[box], texture, spacing_mm)
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
    """One lung in its box: image, mask, the same without its rim, and without vessels too; the vessels."""

    hu: Image
    lung: Mask
    inner: Mask
    free: Mask
    vessels: Mask
    texture: LungTexture
    step: float


def _divide(scene: _Scene, right: bool) -> dict[str, Found]:
    side = "right" if right else "left"
    upper, lower, middle = f"lung_upper_lobe_{side}", f"lung_lower_lobe_{side}", "lung_middle_lobe_right"
    lung, step = scene.lung, scene.step
    oblique = _oblique(scene)
    names = [upper, lower] + ([middle] if right else [])
    if oblique.doubt:
        return {name: Found.nothing(f"the oblique fissure {oblique.doubt}") for name in names}
    places = np.nonzero(lung)
    points = np.stack(places, axis=1).astype(np.float32) * np.float32(step)
    front = oblique.above(points)
    below = float(np.mean(~front))
    if not LOWER_SHARE[0] <= below <= LOWER_SHARE[1]:
        reason = f"the best border parts off {100 * below:.0f} % of the lung below it, which no lower lobe holds"
        return {name: Found.nothing(reason) for name in names}
    result = {lower: _lobe(lung, places, ~front, oblique.share, step)}
    if not right:
        result[upper] = _lobe(lung, places, front, oblique.share, step)
        return result
    ahead = np.zeros_like(lung)
    ahead[tuple(axis[front] for axis in places)] = True
    flat = _horizontal(scene, ahead)
    high = flat.above(points)
    between, reason = float(np.mean(front & ~high)), f"the horizontal fissure {flat.doubt}"
    if not flat.doubt and not MIDDLE_SHARE[0] <= between <= MIDDLE_SHARE[1]:
        reason = f"what would be the middle lobe holds {100 * between:.0f} % of the lung"
    elif not flat.doubt:
        reason = ""
    if reason:
        result[upper] = Found.nothing(f"{reason}: upper and middle lobe were not parted")
        result[middle] = Found.nothing(reason)
        return result
    share = min(oblique.share, flat.share)
    result[upper] = _lobe(lung, places, front & high, share, step)
    result[middle] = _lobe(lung, places, front & ~high, share, step)
    return result


def _lobe(lung: Mask, places: tuple[Image, ...], chosen: Mask, share: float, step: float) -> Found:
    mask = np.zeros_like(lung)
    mask[tuple(axis[chosen] for axis in places)] = True
    size, seen = volume_ml(mask, step), f"fissure seen along {100 * share:.0f} % of its course"
    if size < 60.0:
        return Found.nothing(f"what the fissures part off holds only {size:.0f} ml")
    if share >= SEEN_WHOLE:
        return Found(mask, "ok", f"{size:.0f} ml, {seen}")
    rule = "fissure incomplete" if share >= SEEN_LEAST else "estimated"
    return Found(mask, "check", f"{size:.0f} ml; {seen}, elsewhere estimated between the vessels", (rule,))


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
    noise = 0.0
    for reach, trust in ((reach_mm, 0.7 * reach_mm), (14.0, 9.0), (8.0, 6.0)):
        w = np.arange(-reach, reach + 0.5, LAYER_MM)
        block = _Block.of(scene, region, origin, axes, (u, v, w), height)
        # the widest block is lung for the most part; a narrow one is mostly the fissure and what lies beside it
        noise = noise or block.noise()
        # near the fissure its own line tells more than the vessels around
        evidence = block.evidence(noise) + np.float32(GAP_WEIGHT if reach > 10.0 else GAP_NEAR) * block.gap()
        cost = np.where(block.within, 0.25 * (w / trust) ** 2, 0.0) - evidence
        level = best_surface(cost.astype(np.float32), 0.15, 1.2)
        weight = _nearby(evidence, level)
        inside = np.take_along_axis(block.within, level[..., None], 2)[..., 0]
        weight = np.where(inside, weight, 0.0).astype(np.float32)
        height = _settled(u, v, height + w[level].astype(np.float32), weight)
    w = np.arange(-25.0, 25.5, LAYER_MM)
    block = _Block.of(scene, region, origin, axes, (u, v, w), height)
    evidence, inside = block.evidence(noise), block.within[..., w.size // 2]
    here = evidence[..., np.abs(w) < 2.1].max(axis=2)
    away = block.within & (np.abs(w) > 5.0)
    usual = float(np.mean(evidence[away])) if away.any() else 1.0
    seen = inside & (ndimage.uniform_filter(here, 5) > max(SEEN_EVIDENCE, 2.5 * usual))
    return Sheet(height, seen, inside, origin, axes, (float(u[0]), float(v[0])), block.crossing(w))


@dataclass(frozen=True, eq=False)
class _Block:
    """A lung around a sheet, sampled at [u, v, w] with w counted from the sheet.

    ``rise`` : HU by which a layer is brighter than the lung on both sides, after a median along the sheet (vessels are
    dots there) and a mean; ``free`` where that is known; ``within`` the region; ``vessels`` their share.
    """

    rise: Image
    free: Mask
    within: Mask
    vessels: Image

    @staticmethod
    def of(
        scene: _Scene, region: Mask, origin: Image, axes: Image, places: tuple[Image, Image, Image], height: Image
    ) -> _Block:
        """Sample the scene; a point [u, v, w] lies w mm beyond ``height``."""
        u, v, w = places
        shape = (u.size, v.size, w.size)
        grid = np.stack([
            np.broadcast_to(u[:, None, None], shape), np.broadcast_to(v[None, :, None], shape),
            w[None, None, :] + height[..., None],
        ]).reshape(3, -1)
        index = ((axes.T @ grid + origin[:, None]) / scene.step).astype(np.float32)

        def nearest(mask: Mask) -> Mask:
            return np.asarray(ndimage.map_coordinates(mask.view(np.uint8), index, order=0).reshape(shape), dtype=bool)

        level = scene.texture.level_hu
        image = np.where(scene.free, np.minimum(scene.hu, level + 400.0), level).astype(np.float32)
        values = ndimage.map_coordinates(image, index, order=1, mode="nearest").reshape(shape)
        values = ndimage.gaussian_filter1d(values, 0.8, axis=2, mode="nearest")
        away = round(SIDE_MM / LAYER_MM)
        rise = values - np.maximum(np.roll(values, away, axis=2), np.roll(values, -away, axis=2))
        inner = nearest(scene.inner)
        free = nearest(scene.free) & np.roll(inner, away, axis=2) & np.roll(inner, -away, axis=2)
        free[..., :away] = False
        free[..., -away:] = False
        rise = ndimage.median_filter(np.where(free, rise, np.float32(0.0)), (3, 3, 1), mode="nearest")
        rise = ndimage.gaussian_filter(rise, (1.0, 1.0, 0.0), mode="nearest")
        return _Block(rise, free, nearest(region), nearest(scene.vessels).astype(np.float32))

    def noise(self) -> float:
        """Return the spread of ``rise`` in HU."""
        return max(4.0, 1.4826 * float(np.median(np.abs(self.rise[self.free])))) if self.free.any() else 20.0

    def evidence(self, noise: float) -> Image:
        """Return what speaks for a fissure, 0 to 1.5, in multiples of the noise."""
        return np.asarray(np.clip(self.rise / (4.0 * noise), 0.0, 1.5), dtype=np.float32)

    def gap(self) -> Image:
        """Return 1 where no vessel lies within about 8 mm along the sheet, 0 where as many as usual along w do."""
        inside, sigma = self.within.astype(np.float32), (GAP_MM / STEP_MM, GAP_MM / STEP_MM, 1.5)
        near = ndimage.gaussian_filter(self.vessels * inside, sigma, mode="nearest")
        near /= ndimage.gaussian_filter(inside, sigma, mode="nearest") + np.float32(0.05)
        usual = ndimage.uniform_filter1d(near, 31, axis=2, mode="nearest")
        return np.asarray(np.clip(1.0 - near / (usual + np.float32(0.004)), -1.0, 1.0) * inside, dtype=np.float32)

    def crossing(self, w: Image) -> float:
        """Return the share of vessel on the sheet as a share of that 8 to 25 mm beside it."""
        here, beside = self.within & (np.abs(w) < 2.1), self.within & (np.abs(w) > 8.0)
        usual = float(self.vessels[beside].mean()) if beside.any() else 0.0
        return float(self.vessels[here].mean()) / usual if usual > 0.004 and here.any() else 1.0


def _nearby(evidence: Image, level: NDArray[np.int64]) -> Image:
    """Return the evidence at a level or one layer beside it."""
    count = evidence.shape[2]
    around = [np.clip(level + shift, 0, count - 1)[..., None] for shift in (-1, 0, 1)]
    return np.asarray(np.max([np.take_along_axis(evidence, n, 2)[..., 0] for n in around], axis=0))


def _settled(u: Image, v: Image, height: Image, weight: Image) -> Image:
    """Return the sheet through what was seen, smooth, and quadratic where nothing was.

    The quadratic is fitted by reweighting: what lies far off it (Tukey's biweight, 12 mm) does not count.
    """
    known = weight > 0.15
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
