"""Smoothing that keeps the volume, margins and shells, by exact distances in the box of the segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.later import later
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.kernels.distance import distance_mm as exact_distance_mm
from anatomy_twin.kernels.seg_geodesic import travel_time
from anatomy_twin.kernels.seg_near import near_distance_mm
from anatomy_twin.segmentation.editing.commit import commit
from anatomy_twin.segmentation.editing.desk import NEAREST, Change, Desk, Mask, Rules, Verb
from anatomy_twin.units import check_positive, check_range

ndimage = later("scipy.ndimage")

LARGEST_MM: Final = 100.0
LARGEST_SIGMA_MM: Final = 15.0
BAND_SIGMAS: Final = 3.0
NEAR_VOXELS: Final = 10  # up to so many trying all neighbours is faster than envelopes
SURFACE: Final = 0.25  # part of a voxel; half a voxel along the axes, nearly none across
_EVERYTHING: Final = np.ones((3, 3, 3), dtype=bool)
_ROUNDING: Final = 1e-6


def capped_distance_mm(mask: Mask, spacing_mm: Sequence[float], cap_mm: float) -> NDArray[np.float32]:
    """Return the distance in mm of each voxel centre to the nearest one in ``mask``, at most ``cap_mm``."""
    k, j, i = spacing_mm
    near = near_distance_mm if cap_mm <= NEAR_VOXELS * min(spacing_mm) else exact_distance_mm
    return near(mask, (float(k), float(j), float(i)), float(cap_mm))


def _within(mask: Mask, spacing_mm: Sequence[float], reach_mm: float) -> Mask:
    """Return the voxels whose centre lies within a distance of the mask's, itself counted in."""
    cap = reach_mm + max(spacing_mm)
    return np.asarray(capped_distance_mm(mask, spacing_mm, cap) <= reach_mm * (1 + _ROUNDING))


@Verb
def margin(
    labels: Any, name: str, margin_mm: float | Sequence[float], *, barriers: Sequence[str] = (), **rules: Any
) -> Change:
    """Grow a segment by a margin, or shrink it by a negative one.

    Parameters
    ----------
    margin_mm : one number, or three for left-right, front-back and head-foot (an ellipsoid; all of one sign). Grown:
        every voxel whose centre lies within the margin of a voxel centre of the segment; shrunk: every voxel whose
        centre lies farther than that from all voxel centres outside. Exact on any voxel size; beyond the border of the
        volume everything goes on as at the border.
    barriers : segments that a growing margin neither enters nor passes. Behind them the way around counts: what that is
        longer than the straight way, by fast marching, is added to the exact distance.
    rules : who gives way, see ``Rules``. A lesion stays inside its organ unless ``parent="grow"``.

    Raises as ``paint`` does; ``DataError`` for a margin above 100 mm.
    """
    spacing, reach, grows = _ellipsoid(labels, name, margin_mm)
    desk = Desk(labels, name)
    box = desk.box_of(margin_mm=reach if grows else 0.0)
    block = desk.block(box)
    solid = desk.ground(block, name)
    scaled = _scaled(desk.spacing_mm, spacing)
    if not grows:
        return commit(desk, "margin", box, solid & ~_within(~solid, scaled, 1.0), Rules(**rules))
    want = _within(solid, scaled, 1.0)
    blocked = np.zeros(solid.shape, dtype=bool)
    for barrier in barriers:
        blocked |= desk.mask(block, desk.named(barrier).name, name)
    if blocked.any():
        want &= _detour(solid, blocked & ~solid, scaled) <= 1.0 + _ROUNDING
    return commit(desk, "margin", box, want, Rules(**rules))


def _detour(solid: Mask, blocked: Mask, steps: Sequence[float]) -> NDArray[np.float64]:
    """Return the length of the shortest way from ``solid`` around what is blocked, up to about 1 (inf beyond).

    Fast marching is some percent too long; as the same error is in the march without barriers, only the difference of
    the two is taken, and the length itself is the exact distance.
    """
    k, j, i = (float(step) for step in steps)
    limit = 1.5 + 3.0 * max(step for step in steps if step < 1.0) if min(steps) < 1.0 else 1.5
    free = travel_time(np.ones(solid.shape, np.float32), solid, (k, j, i), limit)
    around = travel_time(np.where(blocked, np.inf, 1.0).astype(np.float32), solid, (k, j, i), limit)
    both = np.isfinite(free) & np.isfinite(around)
    more = np.where(both, np.where(both, around, 0.0) - np.where(both, free, 0.0), np.inf)
    return capped_distance_mm(solid, steps, 1.0 + max(steps)) + np.maximum(more, 0.0)


def _ellipsoid(labels: Any, name: str, margin_mm: Any) -> tuple[tuple[float, float, float], float, bool]:
    """Return the margin along [k, j, i] of upright axes, the largest of them, and whether it grows."""
    values = [margin_mm] * 3 if np.ndim(margin_mm) == 0 else list(margin_mm)
    if len(values) != 3:
        raise UsageError("a margin is one number or three", advice="give mm left-right, front-back, head-foot")
    i, j, k = (check_range("the margin in mm", value, -LARGEST_MM, LARGEST_MM) for value in values)
    signs = {np.sign(value) for value in (i, j, k)} - {0.0}
    if len(signs) != 1:
        raise UsageError("a margin of nothing, or one that grows here and shrinks there",
                         advice="give mm of one sign, not all 0")
    return (abs(k), abs(j), abs(i)), max(abs(i), abs(j), abs(k)), signs == {1.0}


def _scaled(spacing_mm: Sequence[float], margin_mm: Sequence[float]) -> list[float]:
    """Return voxel steps in units of the margin along each axis; where that is 0, farther than any reach."""
    return [step / reach if reach > 0 else 1e3 for step, reach in zip(spacing_mm, margin_mm, strict=True)]


@Verb
def hollow(labels: Any, name: str, thickness_mm: float, *, shell: str = "inside", **rules: Any) -> Change:
    """Make a segment the shell of what it is.

    Parameters
    ----------
    thickness_mm : of the shell, up to 100 mm, measured from the surface, which on average over all directions
        runs a quarter of a voxel before the nearest voxel centre behind it.
    shell : "inside" (the shell ends where the segment ended), "outside" (it begins there) or "medial" (half each).
    rules : who gives way, see ``Rules``.
    """
    thickness = check_positive("the thickness in mm", thickness_mm, LARGEST_MM)
    if shell not in ("inside", "outside", "medial"):
        raise UsageError(f"no shell is called {shell!r}", advice="choose inside, outside or medial")
    inner = {"inside": thickness, "outside": 0.0, "medial": thickness / 2}[shell]
    outer = thickness - inner
    desk = Desk(labels, name)
    box = desk.box_of(margin_mm=outer + SURFACE * min(desk.spacing_mm))
    solid = desk.solid(box)
    want = np.zeros(solid.shape, dtype=bool)
    before_mm = SURFACE * min(desk.spacing_mm)
    if inner:
        want |= solid & _within(~solid, desk.spacing_mm, inner + before_mm)
    if outer:
        want |= _within(solid, desk.spacing_mm, outer + before_mm) & ~solid
    return commit(desk, "hollow", box, want, Rules(**rules))


@Verb
def smooth(labels: Any, name: str, sigma_mm: float = 2.0, *, thin: bool = False, **rules: Any) -> Change:
    """Smooth the surface of a segment and keep its volume to the voxel.

    Parameters
    ----------
    sigma_mm : of the Gaussian that is laid over the signed distance to the surface. Features smaller than it go.
    thin : smooth also what is thinner than twice the sigma. Else long thin parts (vessels) stay as they are, so that
        they do not break; short ones, up to three sigma or three voxels (spikes, specks), go.
    rules : who gives way, see ``Rules``. Voxels that are given up go to the nearest other segment of the layer.

    The new surface is the level of the smoothed signed distance that encloses as many voxels as before; equal voxels
    at that level are taken in the order inside first, then head to foot. Parts in other layers (a tumour at the
    surface of the liver) stay covered. Raises ``SegmentationError`` where the whole segment is thin.
    """
    sigma = check_positive("sigma in mm", sigma_mm, LARGEST_SIGMA_MM)
    desk = Desk(labels, name)
    box = desk.box_of(margin_mm=BAND_SIGMAS * sigma)
    block = desk.block(box)
    solid = desk.ground(block, name)
    applied = Rules(**{"to": NEAREST, **rules})
    fixed = np.zeros(solid.shape, dtype=bool)
    for part in desk.parts(name):
        fixed |= desk.mask(block, part.name) & solid
    if not thin:
        fixed |= _thin_parts(solid, desk.spacing_mm, sigma)
        if not (solid & ~fixed).any():
            raise SegmentationError(f"{name} is thin everywhere: nothing of it would be smoothed with {sigma:g} mm",
                                    advice="give a smaller sigma, or thin=True")
    level = _smoothed(solid, desk.spacing_mm, sigma)
    candidates = (desk.writable(block, applied) | solid) & ~fixed
    want = fixed.copy()
    want[candidates] = _highest(level[candidates], solid[candidates], int(solid.sum() - fixed.sum()))
    return commit(desk, "smooth", box, want, applied)


def _smoothed(solid: Mask, spacing_mm: Sequence[float], sigma_mm: float) -> NDArray[np.float32]:
    """Return the signed distance to the surface (positive inside, capped) under a Gaussian."""
    cap = BAND_SIGMAS * sigma_mm + max(spacing_mm)
    signed = capped_distance_mm(~solid, spacing_mm, cap) - capped_distance_mm(solid, spacing_mm, cap)
    return np.asarray(ndimage.gaussian_filter(
        signed, [sigma_mm / step for step in spacing_mm], mode="nearest", truncate=BAND_SIGMAS
    ))  # fmt: skip


def _highest(values: NDArray[np.float32], inside: Mask, count: int) -> Mask:
    """Return the ``count`` highest of ``values``; of equal ones those that are inside come first, then in order."""
    chosen = np.zeros(values.shape, dtype=bool)
    if count <= 0:
        return chosen
    if count >= values.size:
        return ~chosen
    edge = np.partition(values, values.size - count)[values.size - count]
    chosen = values > edge
    equal = np.flatnonzero(values == edge)
    equal = equal[np.argsort(~inside[equal], kind="stable")]
    chosen[equal[: count - int(np.count_nonzero(chosen))]] = True
    return chosen


def _thin_parts(solid: Mask, spacing_mm: Sequence[float], sigma_mm: float) -> Mask:
    """Return the long parts that are thinner than two sigma.

    Thin is what an opening by sigma takes away. Of that, what lies farther than three sigma from the rest is long; it
    is kept with its way back to the thick part. Islands without a thick part are long where their box is.
    """
    core = solid & ~_within(~solid, spacing_mm, sigma_mm)
    opened = solid & _within(core, spacing_mm, sigma_mm) if core.any() else core
    rest = solid & ~opened
    if not rest.any():
        return rest
    reach = max(3.0 * sigma_mm, 3.0 * max(spacing_mm))
    if opened.any():
        cap = reach + max(spacing_mm)
        far = rest & (capped_distance_mm(opened, spacing_mm, cap) > reach)
    else:
        far = rest
    islands, count = ndimage.label(solid, _EVERYTHING)
    with_core = np.zeros(count + 1, dtype=bool)
    with_core[np.unique(islands[opened])] = True
    small = np.zeros(count + 1, dtype=bool)
    for number, place in enumerate(ndimage.find_objects(islands), start=1):
        if not with_core[number] and place is not None:
            size = [(s.stop - s.start) * step for s, step in zip(place, spacing_mm, strict=True)]
            small[number] = float(np.linalg.norm(size)) <= reach
    far = (far | (rest & ~with_core[islands])) & ~small[islands]
    if not far.any():
        return far
    return rest & _within(far, spacing_mm, reach)
