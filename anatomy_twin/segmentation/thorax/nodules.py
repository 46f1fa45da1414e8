"""Nodule candidates: compact solid spots in the lung that are neither vessels nor part of the chest wall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.segmentation.ground.working_grid import (
    Box,
    Found,
    Image,
    Mask,
    boxed_components,
    depth_mm,
    dilate_mm,
    touching,
    volume_ml,
)

SOLID_HU: Final = -400.0  # half way between lung and soft tissue
RADII_MM: Final = (16.0, 11.0, 8.0, 6.0, 4.6, 3.6, 2.7)
LEAST_DIAMETER_MM: Final = 6.0
LEAST_HU: Final = -150.0
LARGEST_ML: Final = 150.0
MAX_LONG: Final = 2.2  # longest to shortest axis
MAX_TIES: Final = 0.10  # share of the surroundings that is vessel or other soft tissue in the lung
MAX_TIES_BALL: Final = 0.25
BALL_LONG: Final = 1.5
BALL_FULL: Final = 0.5
BALL_HU: Final = 100.0  # blurred junctions of small vessels read more
MAX_WALL: Final = 0.62
ENHANCED_HU: Final = 120.0
MOST: Final = 12
SMALL_MM: Final = 9.0  # small ones must look the part: there are many more vessels of that size
SMALL_SCORE: Final = 0.55


@dataclass(frozen=True, eq=False)
class Spot:
    """A candidate: its mask in a box, and what speaks for it (0 to 1)."""

    box: Box
    mask: Mask
    score: float
    diameter_mm: float
    level_hu: float
    on_wall: bool


def find_nodules(
    hu: Image, lungs: dict[str, Mask], airways: Mask, spacing_mm: float, blood_hu: float | None = None,
    slice_mm: float = 1.0, monitor: Monitor = SILENT,
) -> dict[str, Found]:
    """Return ``nodule_candidate_N`` (best first), each part of the lung it lies in; all with the state "check".

    Parameters
    ----------
    hu : a grid of about 1.25 mm around the lungs.
    lungs : "lung_right", "lung_left" with nodules and vessels filled in; airways : lumen.
    blood_hu : median of the aorta; in an enhanced scan what is as bright is a vessel.
    slice_mm : thickness of the scan's slices: a spot must be twice as large, thick slices blur vessels into spots.

    From thick to thin, what survives an opening is a spot when it is no longer than 2.2 times its width, at least 6 mm
    in diameter (of the ball of its volume), hardly tied to other soft tissue in the lung (a vessel runs on at both
    ends, a nodule hangs on one at most) and not mostly surrounded by chest wall.
    """
    inside = np.zeros(hu.shape, dtype=bool)
    for mask in lungs.values():
        inside |= mask
    if not inside.any():
        return {"nodule_candidate_1": Found.nothing("needs a lung")}
    smooth = ndimage.gaussian_filter(hu, 0.6 / spacing_mm, mode="nearest", truncate=3.0)
    solid = inside & (smooth > SOLID_HU)
    depth = depth_mm(solid, spacing_mm, RADII_MM[0] + 6.0)
    spots: list[Spot] = []
    least = max(LEAST_DIAMETER_MM, 2.0 * slice_mm)
    taken = np.zeros(hu.shape, dtype=bool)
    for number, radius in enumerate(RADII_MM):
        for box, core in boxed_components(depth > radius):
            spot = _spot(smooth, solid, inside, taken, airways, box, core, radius, spacing_mm, blood_hu, least)
            if spot is not None:
                spots.append(spot)
                taken[spot.box] |= dilate_mm(spot.mask, 2.0, spacing_mm)
        monitor.progress((number + 1) / len(RADII_MM))
        check_cancelled(monitor)
    spots.sort(key=lambda spot: -spot.score)
    if not spots:
        return {"nodule_candidate_1": Found.nothing(f"no compact spot of {least:.0f} mm or more that is not a vessel")}
    return {f"nodule_candidate_{n}": _found(spot, lungs, hu.shape, n, len(spots)) for n, spot in
            enumerate(spots[:MOST], start=1)}


def _found(spot: Spot, lungs: dict[str, Mask], shape: tuple[int, ...], number: int, count: int) -> Found:
    mask = np.zeros(shape, dtype=bool)
    mask[spot.box] = spot.mask
    side = max(lungs, key=lambda name: int((lungs[name][spot.box] & spot.mask).sum()))
    place = "on the pleura" if spot.on_wall else "in the lung"
    more = f"; {count - MOST} further candidates are not listed" if number == MOST and count > MOST else ""
    facts = f"{spot.diameter_mm:.0f} mm, {spot.level_hu:.0f} HU, {place}, score {spot.score:.2f}"
    note = f"{facts}: needs a look, may be a vessel or scar{more}"
    return Found(mask, "check", note, ("candidate",), side)


def _spot(
    smooth: Image, solid: Mask, inside: Mask, taken: Mask, airways: Mask, box: Box, core: Mask, radius: float,
    step: float, blood_hu: float | None, least_mm: float,
) -> Spot | None:
    """Return the spot around a core that survived the erosion by ``radius``, or None where it is none."""
    margin = int(np.ceil((radius + 7.0) / step))
    sides = [slice(max(0, b.start - margin), min(n, b.stop + margin)) for b, n in zip(box, solid.shape, strict=True)]
    room = (sides[0], sides[1], sides[2])
    seed = np.zeros(tuple(side.stop - side.start for side in room), dtype=bool)
    starts = [b.start - side.start for b, side in zip(box, room, strict=True)]
    seed[tuple(slice(first, first + n) for first, n in zip(starts, core.shape, strict=True))] = core
    if (seed & taken[room]).any():
        return None
    around, lung = solid[room], inside[room]
    # rooms of a few thousand voxels: too small to be worth threads
    part = touching((ndimage.distance_transform_edt(~seed) * step <= radius + 0.8 * step) & around, seed)
    size = volume_ml(part, step)
    diameter = 2.0 * (size * 1000.0 * 0.75 / np.pi) ** (1.0 / 3.0)
    if diameter < least_mm or size > LARGEST_ML:
        return None
    # what tells most vessels apart comes first, distances cost most
    longest_mm, long = _axes(part, step)
    fullness = size / (np.pi / 6.0 * longest_mm**3 / 1000.0)
    level = float(np.median(smooth[room][part]))
    if long > MAX_LONG or fullness < 0.22 or level < LEAST_HU:
        return None
    away = ndimage.distance_transform_edt(~part) * step
    shell = (away > 1.3 * step) & (away < 1.3 * step + 2.6)
    ties = float(np.mean((around & shell)[shell]))
    wall = float(np.mean((~lung & ~airways[room])[shell]))
    if wall > MAX_WALL or float(np.mean((airways[room])[shell])) > 0.1:
        return None
    most = MAX_TIES
    if blood_hu is not None and blood_hu > ENHANCED_HU:
        # a vessel is as bright as the aorta inside, however small; nodules enhance by less than half as much, so that
        # a ball on vessels is told from where these meet. Native scans show no such difference
        core_hu = float(np.percentile(smooth[room][part], 90))
        if max(110.0, 0.7 * blood_hu) < core_hu < 1.6 * blood_hu and diameter < 30.0:
            return None
        if long < BALL_LONG and fullness > BALL_FULL and core_hu < BALL_HU:
            most = MAX_TIES_BALL
    if ties > most:
        return None
    # bone at the chest wall: the head of a rib, a spur
    if level > 140.0 and wall > 0.08:
        return None
    score = float(np.clip(1.0 - ties / MAX_TIES, 0, 1) * 0.4 + np.clip(1.0 - wall, 0, 1) * 0.2
                  + np.clip(1.0 - (long - 1.0) / MAX_LONG, 0, 1) * 0.2 + np.clip(diameter / 20.0, 0, 1) * 0.2)
    if diameter < SMALL_MM and score < SMALL_SCORE:
        return None
    return Spot(room, part, score, diameter, level, wall > 0.08)


def _axes(part: Mask, step: float) -> tuple[float, float]:
    """Return the longest way across in mm and its ratio to the shortest, from the moments (exact for a ball)."""
    points = np.argwhere(part).astype(np.float64)
    if len(points) < 4:
        return step, 99.0
    values = np.linalg.eigvalsh(np.cov(points.T) + np.eye(3) / 12.0)
    return float(2.0 * np.sqrt(5.0 * values[-1]) * step), float(np.sqrt(values[-1] / values[0]))
