"""How far off a registration is around one place: patches of tissue are shifted until they fit best.

Neither landmarks nor outlines are needed: vessels and the surface of the organ are in the scans. A patch that fits
better a few mm away tells that the transform is that far off there. What was treated takes no part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap, Transform, Volume
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.kernels.field_spline import sample_at
from anatomy_twin.registration.deformable import FAR, blurred, with_slopes
from anatomy_twin.registration.images import Image, coarser_mask, prepared, treatable

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
REACH_MM: Final = 55.0  # patches lie no further than this from the surface of the place
KEPT_OFF_MM: Final = 14.0  # what is nearer than this to the place may have been treated
RIM_MM: Final = 4.0
APART_MM: Final = 20.0
MOST_PATCHES: Final = 48  # the nearest ones
PATCH_MM: Final = 13.0
STEP_MM: Final = 2.5
SEARCH_MM: Final = 8.0
BLUR_MM: Final = 1.5
LEAST_POINTS: Final = 150
LEAST_PATCHES: Final = 5
SURE_MM: Final = 1.2  # a patch tells its shift this well, or is left out
LIKE: Final = 0.35  # correlation below which a patch is taken not to show the same tissue
TONES: Final = 100.0
MOST_FAR: Final = 0.3
MOST_SHIFT_MM: Final = 4.0  # patches of another patient fit best anywhere within the search: some 6 mm


@dataclass(frozen=True, slots=True)
class LocalError:
    """``shift_mm``: root mean square of the shifts by which ``count`` patches of ``tried`` fit better.

    ``likeness`` is the median correlation of all patches where the transform has them, ``far`` the share of those that
    fit nowhere near.
    """

    shift_mm: float
    count: int
    tried: int
    likeness: float
    far: float

    @property
    def alike(self) -> bool:
        """Whether the scans show the same tissue there."""
        return bool(self.count >= LEAST_PATCHES and self.far < MOST_FAR and self.shift_mm < MOST_SHIFT_MM)

    @property
    def error_mm(self) -> float:
        """The error of the transform at the place (95 %): what patches tell, and what they cannot."""
        return math.hypot(self.shift_mm, float(catalog.load("limits")["confirmation"]["transform_mm"]["value"]))


def local_error(
    fixed: Volume, moving: Volume, labels: LabelMap, transform: Transform, place: str, organ: str
) -> LocalError | None:
    """Return how far patches of ``organ`` around the segment ``place`` of ``labels`` fit better elsewhere.

    ``fixed`` and ``moving`` are canonical, ``labels`` parallel to ``fixed``; ``transform`` goes from fixed to moving.
    None where the organ shows too few patches with anything in them to be recognised.
    """
    if not organ:
        return None
    first, second = prepared(fixed), prepared(moving)
    centres, counted = _centres(first, labels, place, organ)
    if not len(centres):
        return None
    tone = float(np.median(first.array[counted]))
    still = replace(first, array=np.clip(first.array, tone - TONES, tone + TONES))
    moved = replace(second, array=np.clip(second.array, tone - TONES, tone + TONES))
    around = np.concatenate([centres - PATCH_MM, centres + PATCH_MM])
    still = blurred(still, around, BLUR_MM)
    moved = blurred(moved, transform.to_moving(around), BLUR_MM, 30.0)
    stack = with_slopes(moved)
    weight = counted.astype(np.float32)[None]
    told = [_patch(centre, still, stack, moved, weight, first, transform) for centre in centres]
    known = [one for one in told if one is not None]
    if len(known) < LEAST_PATCHES:
        return None
    likeness = float(np.median([one.before for one in known]))
    sure = [one for one in known if one.spread_mm < SURE_MM and one.after >= LIKE]
    lost = [one for one in known if one.after < LIKE]
    if len(sure) < LEAST_PATCHES:
        return LocalError(float("nan"), len(sure), len(known), likeness, len(lost) / len(known))
    square = np.array([max(one.shift_mm**2 - one.spread_mm**2, 0.0) for one in sure])
    share = np.array([1.0 / (0.3**2 + one.spread_mm**2) for one in sure])
    return LocalError(float(np.sqrt((share * square).sum() / share.sum())), len(sure), len(known), likeness,
                      len(lost) / len(known))  # fmt: skip


def _centres(first: Image, labels: LabelMap, place: str, organ: str) -> tuple[Floats, Mask]:
    """Return middles of patches in the organ, and what of it (and its rim) counts on the grid of ``first``."""
    grid = first.geometry
    target = coarser_mask(labels.mask(place), labels.geometry, grid)
    inside = coarser_mask(labels.mask(organ), labels.geometry, grid)
    changed = target.copy()
    for segment in treatable(labels):
        changed |= coarser_mask(labels.mask(segment.name), labels.geometry, grid)
    spacing = grid.spacing_mm
    near = distance_mm(inside, spacing, RIM_MM + 2.0) <= RIM_MM
    counted = near & (distance_mm(changed, spacing, KEPT_OFF_MM + 2.0) > KEPT_OFF_MM)
    away = distance_mm(target, spacing, REACH_MM + 2.0)
    index = np.argwhere(inside & counted & (away < REACH_MM))
    if not len(index):
        return np.zeros((0, 3)), counted
    places = grid.to_world(index)
    cell = np.floor((places - places.min(axis=0)) / APART_MM).astype(np.int64)
    group = np.unique(cell, axis=0, return_inverse=True)[1]
    sums = np.stack([np.bincount(group.ravel(), places[:, axis]) for axis in range(3)], axis=1)
    centres = sums / np.bincount(group.ravel())[:, None]
    gaps = np.linalg.norm(centres[:, None] - grid.to_world(np.argwhere(target))[None, ::7], axis=2).min(axis=1)
    return centres[np.argsort(gaps, kind="stable")[:MOST_PATCHES]], counted


@dataclass(frozen=True, slots=True)
class _Shift:
    shift_mm: float
    spread_mm: float
    before: float
    after: float


def _ball() -> Floats:
    steps = np.arange(-PATCH_MM, PATCH_MM + 0.1, STEP_MM)
    points = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(points[(points**2).sum(axis=1) <= PATCH_MM**2])


def _patch(
    centre: Floats, still: Image, stack: NDArray[np.float32], moved: Image, weight: NDArray[np.float32], first: Image,
    transform: Transform,
) -> _Shift | None:
    places = centre + _ball()
    counts = sample_at(weight, np.asarray(first.geometry.inverse_affine), places, 0.0)[:, 0] > 0.5
    values = sample_at(still.array[None], np.asarray(still.geometry.inverse_affine), places, FAR)[:, 0]
    kept = counts & (values > FAR / 2)
    if np.count_nonzero(kept) < LEAST_POINTS:
        return None
    wanted, at = values[kept].astype(np.float64), transform.to_moving(places[kept])
    to_index = np.asarray(moved.geometry.inverse_affine)
    start, before, after = _searched(wanted, at, stack, to_index)
    if start is None:
        return None
    return _refined(wanted, at, start, stack, to_index, before, after)


def _searched(
    wanted: Floats, at: Floats, stack: NDArray[np.float32], to_index: Floats
) -> tuple[Floats | None, float, float]:
    """Return the shift on a grid that correlates best, and the correlations without and with it."""
    steps = np.arange(-SEARCH_MM, SEARCH_MM + 0.1, 2.0)
    shifts = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    shifts = shifts[(shifts**2).sum(axis=1) <= SEARCH_MM**2]
    every = (at[None] + shifts[:, None]).reshape(-1, 3)
    values = sample_at(stack[:1], to_index, every, FAR)[:, 0].reshape(len(shifts), -1).astype(np.float64)
    whole = (values > FAR / 2).all(axis=1)
    middle = wanted - wanted.mean()
    spread = values - values.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        like = (spread @ middle) / np.sqrt((spread**2).sum(axis=1) * (middle @ middle))
    like = np.where(whole & np.isfinite(like), like, -1.0)
    here = int(np.argmin((shifts**2).sum(axis=1)))
    if not whole[here]:
        return None, 0.0, 0.0
    best = int(np.argmax(like - 0.002 * (shifts**2).sum(axis=1) / SEARCH_MM))
    return shifts[best], float(like[here]), float(like[best])


def _refined(
    wanted: Floats, at: Floats, start: Floats, stack: NDArray[np.float32], to_index: Floats, before: float, after: float
) -> _Shift | None:
    """Return the shift that fits best (Gauss-Newton, each value weighted by how well it fits) and its spread."""
    shift, spread = start.copy(), np.inf
    for _ in range(6):
        found = sample_at(stack, to_index, at + shift, FAR).astype(np.float64)
        seen = found[:, 0] > FAR / 2
        if np.count_nonzero(seen) < LEAST_POINTS:
            return None
        # value of the fixed scan = factor * (value + slope . step) + offset
        design = np.column_stack([found[seen], np.ones(int(seen.sum()))])
        a, b = wanted[seen], found[seen, 0]
        factor = np.clip(np.sqrt(a.var() / max(b.var(), 1e-6)), 0.5, 2.0)
        miss = a - a.mean() - factor * (b - b.mean())
        scale = max(1.4826 * float(np.median(np.abs(miss))), 1e-3)
        weights = 1.0 / (1.0 + (miss / (2.5 * scale)) ** 2)
        slopes = factor * design[:, 1:4]
        slopes = slopes - np.average(slopes, axis=0, weights=weights)
        normal = (slopes * weights[:, None]).T @ slopes + 1e-6 * np.eye(3)
        step = np.linalg.solve(normal, (slopes * weights[:, None]).T @ miss)
        length = float(np.linalg.norm(step))
        shift += step * min(1.0, 2.0 / max(length, 1e-9))
        # blurred voxels repeat each other: about a third of them says something of its own
        spread = float(np.sqrt(np.trace(np.linalg.inv(normal)) * 3.0)) * scale
        if length < 0.02 or np.linalg.norm(shift) > SEARCH_MM + 3.0:
            break
    return _Shift(float(np.linalg.norm(shift)), spread, before, after)
