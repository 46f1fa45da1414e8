"""Landmarks of the trunk that most abdominal CTs show, and coordinates that follow them instead of the array.

Every landmark is optional but the spine and the section of the cavity: a slab without lung and pelvis has no height of
its own, which the coordinates then say by how uncertain they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import Image, Mask, close_slices_mm, fill_slices, largest_in_slices

# an adult's usual measures, taken where the scan does not show its own (assumed, wide of what is common)
USUAL_WIDTH_MM: Final = 125.0
USUAL_FRONT_MM: Final = 112.0
USUAL_HEIGHT_MM: Final = 195.0
WIDTH_MM: Final = (85.0, 190.0)
FRONT_MM: Final = (60.0, 220.0)
HEIGHT_MM: Final = (150.0, 290.0)
# how far below the top of a hemidiaphragm the lung fills this share of its half of the cavity: measured on generated
# anatomies and one scan of a person, hence the wide standard deviations
LUNG_SHARES: Final = ((0.60, 0.0, 10.0), (0.35, 14.0, 14.0), (0.15, 32.0, 20.0), (0.05, 55.0, 28.0))


@dataclass(frozen=True, slots=True)
class Height:
    """A height in mm above the lower face of the grid, and the standard deviation of where it really is."""

    value_mm: float
    sd_mm: float


@dataclass(frozen=True, eq=False)
class Landmarks:
    """What was found on the upright grid ``geometry``.

    ``frame`` : the spine, slice by slice. ``width_mm``, ``front_mm`` : half the width of the cavity and its reach in
    front of the spine (medians over the abdomen). ``dome`` : top of the diaphragm; ``dome_right`` and ``dome_left`` the
    two halves; ``crest`` : top of the iliac bones. Heights are None where the scan does not show them.
    """

    geometry: VolumeGeometry
    frame: SpineFrame
    width_mm: float
    front_mm: float
    dome: Height | None
    dome_right: Height | None
    dome_left: Height | None
    crest: Height | None

    @property
    def height_mm(self) -> float:
        """What counts as the distance from the iliac crest to the top of the diaphragm (where an end is not in view, an
        adult's usual one)."""
        if self.dome is None or self.crest is None:
            return USUAL_HEIGHT_MM
        # half way to the usual one: organs hang from the diaphragm, a long waist moves them only in part
        own = float(np.clip(self.dome.value_mm - self.crest.value_mm, *HEIGHT_MM))
        return 0.5 * (own + USUAL_HEIGHT_MM)

    @property
    def top_mm(self) -> float | None:
        """Height of the top of the diaphragm, from the iliac crest where the lungs are not in view; else None."""
        if self.dome is not None:
            return self.dome.value_mm
        return None if self.crest is None else self.crest.value_mm + USUAL_HEIGHT_MM

    @property
    def height_sd_mm(self) -> float:
        """Standard deviation of the heights that the coordinates give: 1000 where nothing says a height."""
        if self.dome is not None and self.crest is not None:
            return self.dome.sd_mm
        if self.dome is not None:
            return float(np.hypot(self.dome.sd_mm, 12.0))
        return 1000.0 if self.crest is None else float(np.hypot(self.crest.sd_mm, 25.0))

    def lines(self) -> tuple[str, ...]:
        """Return one line per landmark that was found, for reports and tests."""
        named = {"top of the diaphragm": self.dome, "right hemidiaphragm": self.dome_right,
                 "left hemidiaphragm": self.dome_left, "iliac crest": self.crest}
        said = [f"{name} at {height.value_mm:.0f} +- {height.sd_mm:.0f} mm" for name, height in named.items() if height]
        return (f"cavity {2 * self.width_mm:.0f} mm wide, {self.front_mm:.0f} mm in front of the spine", *said)


def find_landmarks(
    geometry: VolumeGeometry, frame: SpineFrame, bright: Mask, lungs: Mask, depth: Image
) -> Landmarks:
    """Return the landmarks of a trunk.

    Parameters
    ----------
    geometry : the upright grid of equal spacing, [k, j, i] to the head, the back and the patient's left.
    frame : the spine on it. bright, lungs : bool masks, bright is what exceeds 180 HU in the body.
    depth : mm inside the trunk wall (``find_cavity_depth``).
    """
    cavity = depth > 0.0
    right, left = _dome(lungs, cavity, frame, -1.0), _dome(lungs, cavity, frame, 1.0)
    crest = _crest(bright, cavity, frame)
    both = [height for height in (right, left) if height is not None]
    # the right one is the higher; the left alone lies about 10 mm lower
    dome = right if right is not None else None
    if dome is None and left is not None:
        dome = Height(left.value_mm + 10.0, float(np.hypot(left.sd_mm, 8.0)))
    elif dome is not None and len(both) == 2 and left.value_mm > dome.value_mm + 25.0 and left.sd_mm <= dome.sd_mm:
        dome = Height(left.value_mm, float(np.hypot(left.sd_mm, 12.0)))
    if dome is not None and crest is not None and not HEIGHT_MM[0] <= dome.value_mm - crest.value_mm <= HEIGHT_MM[1]:
        # one of them is wrong: the lung is what is less often mistaken
        crest = None
    width, front = _section(cavity, frame, dome, crest)
    return Landmarks(geometry, frame, width, front, dome, right, left, crest)


def _dome(lungs: Mask, cavity: Mask, frame: SpineFrame, side: float) -> Height | None:
    """Return the top of one hemidiaphragm from how much of its half of the cavity each slice of lung fills."""
    step = frame.spacing_mm
    half = np.broadcast_to(frame.left_mm * side > 15.0, cavity.shape)
    room = (cavity & half).sum(axis=(1, 2)) + (lungs & ~cavity & half).sum(axis=(1, 2))
    share = (lungs & half).sum(axis=(1, 2)) / np.maximum(room, 1)
    share = ndimage.gaussian_filter1d(share.astype(float), 3.0 / step, mode="nearest")
    for level, above_mm, sd_mm in LUNG_SHARES:
        high = np.flatnonzero(share >= level)
        if high.size and share[high[0]:].mean() > 0.6 * level:
            return Height(float(high[0]) * step + above_mm, sd_mm)
    return None


def _crest(bright: Mask, cavity: Mask, frame: SpineFrame) -> Height | None:
    """Return the top of the iliac bones: of the slices from below in which both sides hold a large section of bone.

    Ribs, at the lower end of a scan that ends above the pelvis, are thin in every slice: at least one slice must hold a
    section of 6 cm2 on each side.
    """
    step = frame.spacing_mm
    # the spine's reference leaves the spine in the pelvis: behind is what lies behind the middle of the cavity
    rows = np.flatnonzero(cavity.any(axis=(0, 2)))
    behind = np.arange(bright.shape[1]) > (0.5 * (rows[0] + rows[-1]) - 15.0 / step if rows.size else 0.0)
    area = np.zeros((2, bright.shape[0]))
    for n, side in enumerate((-1.0, 1.0)):
        beside = (frame.left_mm * side > 40.0) & (frame.left_mm * side < 170.0)
        zone = bright & beside & behind[None, :, None]
        if zone.any():
            solid = fill_slices(close_slices_mm(zone, 6.0, step))
            area[n] = largest_in_slices(solid).sum(axis=(1, 2)) * step**2 / 100.0
    least = ndimage.gaussian_filter1d(area.min(0), 3.0 / step, mode="nearest")
    gap = max(1, round(9.0 / step))
    run = 0
    while run < least.size and least[run:run + gap].max() > 2.5:
        run += 1
    if run * step < 15.0 or run >= least.size or least[:run].max() < 6.0:
        return None
    return Height((run - 0.5) * step, 8.0)


def _section(
    cavity: Mask, frame: SpineFrame, dome: Height | None, crest: Height | None
) -> tuple[float, float]:
    """Return half the width of the cavity and how far it reaches in front of the spine, in mm."""
    step = frame.spacing_mm
    low = 0 if crest is None else int(crest.value_mm / step)
    high = cavity.shape[0] if dome is None else int(dome.value_mm / step)
    part = slice(max(0, low), max(low + 1, min(high, cavity.shape[0])))
    columns, rows = cavity[part].any(axis=1), cavity[part].any(axis=2)
    filled = columns.any(axis=1)
    if not filled.any():
        return USUAL_WIDTH_MM, USUAL_FRONT_MM
    front = float(np.median(frame.y_mm[part][filled] - np.argmax(rows[filled], axis=1) * step))
    width = _half_width_mm(columns[filled], frame.x_mm[part][filled], front, step)
    return float(np.clip(width, *WIDTH_MM)), float(np.clip(front, *FRONT_MM))


def _half_width_mm(columns: Mask, x_mm: Image, front_mm: float, step: float) -> float:
    """Return half the width of the cavity [slice, column].

    Where a side of the field cuts it the other side's distance from the spine counts, and where both do what is usual
    for its depth.
    """
    count = columns.shape[1]
    first, last = np.argmax(columns, axis=1), count - np.argmax(columns[:, ::-1], axis=1)
    width = columns.sum(axis=1) * step / 2.0
    right_cut, left_cut = first == 0, last == count
    width = np.where(right_cut & ~left_cut, last * step - x_mm, width)
    width = np.where(left_cut & ~right_cut, x_mm - first * step, width)
    seen = ~(right_cut & left_cut)
    if seen.mean() < 0.2:
        return max(float(np.median(width)), USUAL_WIDTH_MM / USUAL_FRONT_MM * front_mm)
    return float(np.median(width[seen]))


def coordinates(landmarks: Landmarks, geometry: VolumeGeometry) -> tuple[Image, Image, Image | None]:
    """Return normalised coordinates of the voxels of an upright grid parallel to that of the landmarks.

    Along i, [k, i]: 1 is the left end of the cavity's half width, beside the spine. Along j, [k, j]: 1 is the front end
    of the cavity. Along k, [k]: 0 is the top of the diaphragm and -1 the iliac crest (None where no height is known).
    """
    own = landmarks.geometry
    start = own.to_index(geometry.to_world((0.0, 0.0, 0.0)))
    step_own, step = np.asarray(own.spacing_mm), np.asarray(geometry.spacing_mm)
    k, j, i = ((start[n] * step_own[n] + np.arange(geometry.shape[n]) * step[n]) for n in range(3))
    heights = np.arange(own.shape[0]) * step_own[0]
    x_mm = np.interp(k, heights, landmarks.frame.x_mm)
    y_mm = np.interp(k, heights, landmarks.frame.y_mm)
    beside = (i[None, :] - x_mm[:, None]) / landmarks.width_mm
    before = (y_mm[:, None] - j[None, :]) / landmarks.front_mm
    top = landmarks.top_mm
    along = None if top is None else ((k - top) / landmarks.height_mm).astype(np.float32)
    return beside.astype(np.float32), before.astype(np.float32), along
