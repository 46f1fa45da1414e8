"""The surroundings of a few clicks: a box of the scan on few voxels, what is fixed in it, and its noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.segmentation.ground.working_grid import Box, Image, Mask, box_start_shape, resample, resample_mask

Floats = NDArray[np.float64]

HU_RANGE: Final = (-250.0, 450.0)  # what lies beyond is air, cortex or metal: how far beyond does not matter
VOXELS: Final = 45_000  # a box is looked at on at most so many voxels, so that a click is answered at once
TOLD_MM: Final = 3.0  # seeds farther from their middle than this say how large the structure is
SEED_MM: Final = 1.2  # a click means this much around it
SEEN_MM: Final = 2.0  # what lies so near to a click looks as what is clicked
SMOOTH_MM: Final = 1.2
SOFT_HU: Final = 0.0
FAT_HU: Final = (-160.0, -30.0)
LENGTH: Final = 2.0  # a correction is so many times longer than it is wide
THICKNESS: Final = 1.6
EDGE_PERCENT: Final = 70.0  # so much of the surroundings counts as flat


@dataclass(frozen=True, eq=False)
class Expected:
    """A shape that is expected: how far each voxel of a grid lies outside of it in mm (negative inside), the box that
    holds it, its half thickness, how far from its border the answer may lie, and whether the shape itself is known
    well (then it counts more than the image where the image says little)."""

    outside_mm: Callable[[VolumeGeometry], Floats]
    box: Box
    radius_mm: float
    slack_mm: float
    told: bool
    wider_mm: float = 0.0  # a tube whose sections are at most so much wider than expected; 0: no tube
    wall_mm: float = 0.0  # what does not show of its wall
    lime_mm: float = 0.0  # so far beyond its discs lime may lie in its wall; 0: none is looked for


@dataclass(frozen=True, eq=False)
class Scene:
    """A box around clicks, [k, j, i] on upright axes; not finer than the scan, not more than ``VOXELS`` voxels.

    ``smooth`` is the image lightly smoothed, ``edge`` small where it changes, ``noise`` its noise; ``room`` is where
    the answer may lie at all (for a correction: outside the mask, or inside it), ``must`` and ``never`` what the user
    said; ``far_mm`` is the distance from the middle of the inside seeds, ``reach_mm`` how far from there anything may
    be set, ``away_mm`` the same distance in the shape that is expected (see ``make_scene``). ``told`` says that the
    user said how large it is, ``patch`` that a mask is corrected; ``near_inside`` and ``near_outside`` hold the voxels
    next to each seed.
    """

    smooth: Image
    edge: Image
    noise: float
    room: Mask
    must: Mask
    never: Mask
    away_mm: Floats
    far_mm: Floats
    reach_mm: float
    told: bool
    patch: bool
    near_inside: tuple[Mask, ...]
    near_outside: tuple[Mask, ...]
    geometry: VolumeGeometry
    native: VolumeGeometry
    box: Box
    by_click: bool = False

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Sides of a voxel [k, j, i]."""
        return self.geometry.spacing_mm

    @property
    def side_mm(self) -> float:
        """The longest side of a voxel."""
        return max(self.geometry.spacing_mm)

    def to_native(self, mask: Mask) -> Mask:
        """Carry a mask of the scene to the voxels of the scan in ``box``."""
        return mask if self.geometry.shape == self.native.shape else resample_mask(mask, self.geometry, self.native)


def box_around(geometry: VolumeGeometry, centre_mm: Sequence[float] | Floats, reach_mm: float) -> Box:
    """Return the slices of all voxels within ``reach_mm`` of a point along each axis, inside the grid."""
    index = geometry.voxel_of(centre_mm)
    steps = np.ceil(reach_mm / np.asarray(geometry.spacing_mm)).astype(int)
    low = np.clip(index - steps, 0, np.asarray(geometry.shape) - 1)
    high = np.clip(index + steps + 1, 1, geometry.shape)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2]))


def coarse_grid(geometry: VolumeGeometry, voxels: int) -> VolumeGeometry:
    """Return the grid of at most ``voxels`` voxels over the same box; axes that are coarse already stay as they are."""
    sides = np.asarray(geometry.spacing_mm)
    extent = sides * np.asarray(geometry.shape)
    wanted = float(sides.min())
    count = np.asarray(geometry.shape)
    while count.prod() > voxels:
        wanted *= 1.02
        count = np.where(sides >= wanted, geometry.shape, np.maximum(1, np.floor(extent / wanted + 0.5))).astype(int)
    spacing = extent / count
    x, y, z = geometry.to_world(-0.5 + 0.5 * spacing / sides).tolist()
    return VolumeGeometry(
        (int(count[0]), int(count[1]), int(count[2])), (float(spacing[0]), float(spacing[1]), float(spacing[2])),
        geometry.direction, (x, y, z), geometry.frame_of_reference_uid,
    )


def span_of(points_mm: Floats) -> tuple[Floats, float]:
    """Return the middle of the box around points and how far from it the farthest one lies, mm."""
    centre = (points_mm.min(0) + points_mm.max(0)) / 2.0
    return centre, float(np.linalg.norm(points_mm - centre, axis=1).max())


def make_scene(
    array: NDArray[np.generic], geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats, radius_mm: float, *,
    hu: bool = True, room: Mask | None = None, box_mm: Floats | None = None, reach_mm: float | None = None,
    voxels: int = VOXELS, expected: Expected | None = None, sure_mm: float = SEED_MM, deepest_mm: float = np.inf,
) -> Scene:
    """Return the scene for something of about ``radius_mm`` around the inside seeds.

    Parameters
    ----------
    array, geometry : the scan on upright axes; ``hu`` where its values are HU.
    inside_mm, outside_mm : seeds, (n, 3) in LPS mm; at least one inside.
    room : where the answer may lie, bool on the same grid; None for everywhere. What is missing from a mask, or too
        much, is mostly a crescent along its border: ``away_mm`` is then half the distance from the seeds, or the depth
        in the room by ``THICKNESS`` where that is more.
    box_mm : two opposite corners (2, 3) of a box that holds the answer: ``away_mm`` is then ``radius_mm`` on the
        ellipsoid that touches its sides.
    reach_mm : how far the answer may reach, if not as ``reach_of`` says.
    sure_mm : so much around an inside seed belongs to it. deepest_mm : nothing deeper in the room does.
    expected : a shape instead of a ball: ``away_mm`` is then ``radius_mm`` on its border.
    """
    centre, span = span_of(inside_mm if box_mm is None else box_mm)
    reach, box = _extent(geometry, radius_mm, (centre, span), box_mm, room, reach_mm, expected)
    native = geometry.cropped(*box_start_shape(box))
    grid = coarse_grid(native, voxels)
    same = grid.shape == native.shape
    values = np.asarray(array[box], dtype=np.float32) if same else resample(array[box], native, grid)
    low, high = HU_RANGE if hu else (float(part) for part in np.percentile(values, [0.5, 99.5]))
    values = np.clip(values, low, max(high, low + 1.0))
    points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    near_inside = tuple(np.linalg.norm(points - one, axis=-1) for one in inside_mm)
    near_outside = tuple(np.linalg.norm(points - one, axis=-1) for one in outside_mm)
    never = _seeded(grid, near_outside, outside_mm)
    must = _seeded(grid, near_inside, inside_mm, max(sure_mm, SEED_MM)) & ~never
    free = np.ones(grid.shape, dtype=bool)
    if room is not None:
        free = room[box].copy() if same else resample_mask(room[box], native, grid)
        must &= free | _seeded(grid, (), inside_mm)
    free |= must
    if expected is not None:
        away = np.maximum(radius_mm + expected.outside_mm(grid), 0.0)
    else:
        away = np.linalg.norm((points - centre) / _sides(box_mm, radius_mm), axis=-1)
    if box_mm is not None:
        never = never | ((points < box_mm.min(0)) | (points > box_mm.max(0))).any(-1)
    never = (never | ~free | (away > reach)) & ~must
    far = away
    if room is not None:
        depth = distance_mm(~free, grid.spacing_mm, THICKNESS * reach)
        away = np.maximum(np.maximum(away - span, 0.0) / LENGTH, depth / THICKNESS)
        never |= (depth > deepest_mm) & ~must
    smooth = smoothed(values, grid.spacing_mm, SMOOTH_MM)
    seen = max(SEEN_MM, 1.01 * min(grid.spacing_mm))
    edge, noise = _edges(smooth, grid, free & (far <= reach)), noise_of(smooth, low, high)
    inner, outer = tuple((d <= seen) & free for d in near_inside), tuple(d <= seen for d in near_outside)
    if hu and _solid_at(smooth, inner):
        # what is solid at the click has no fat in it
        never |= (smooth < FAT_HU[1]) & (smooth > FAT_HU[0]) & ~must
    patch = room is not None
    told = box_mm is not None or (span >= TOLD_MM and not patch)
    if expected is not None:
        told = expected.told
    return Scene(
        smooth, edge, noise, free, must, never, away, far, reach, told, patch, inner, outer, grid, native, box
    )


def _sides(box_mm: Floats | None, radius_mm: float) -> Floats:
    """Return the half axes, in radii, of the ellipsoid that touches the sides of a box; of a ball without one."""
    return np.ones(3) if box_mm is None else np.maximum((box_mm.max(0) - box_mm.min(0)) / 2.0, 0.5) / radius_mm


def _extent(
    geometry: VolumeGeometry, radius_mm: float, middle: tuple[Floats, float], box_mm: Floats | None, room: Mask | None,
    reach_mm: float | None, expected: Expected | None,
) -> tuple[float, Box]:
    """Return how far from the ``middle`` (a point, and its seeds' span) the answer may reach, and the box to look at.

    The others are parameters of ``make_scene``.
    """
    centre, span = middle
    if box_mm is not None:
        return 2.0 * radius_mm, box_around(geometry, centre, 1.5 * span + 4.0)
    if expected is not None:
        return radius_mm + expected.slack_mm, expected.box
    reach = reach_of(radius_mm if room is None else LENGTH * radius_mm, span) if reach_mm is None else reach_mm
    return reach, box_around(geometry, centre, reach + max(geometry.spacing_mm))


def _solid_at(smooth: Image, seen: Sequence[Mask]) -> bool:
    """Tell whether what lies at the clicks is mostly denser than water."""
    values = np.concatenate([smooth[one] for one in seen]) if seen else np.zeros(0)
    return bool(values.size and float(np.median(values)) > SOFT_HU)


def reach_of(radius_mm: float, span_mm: float = 0.0) -> float:
    """Return how far from the middle of its seeds something of a radius may reach, mm."""
    return 2.0 * max(radius_mm, span_mm) + 4.0


def _seeded(
    grid: VolumeGeometry, distances: Sequence[Floats], points_mm: Floats, radius_mm: float = SEED_MM
) -> Mask:
    """Return the voxels that hold the points, and those within ``radius_mm`` of them."""
    mask = np.zeros(grid.shape, dtype=bool)
    for distance in distances:
        mask |= distance <= radius_mm
    for k, j, i in grid.voxel_of(points_mm).reshape(-1, 3):
        if 0 <= k < grid.shape[0] and 0 <= j < grid.shape[1] and 0 <= i < grid.shape[2]:
            mask[k, j, i] = True
    return mask


def smoothed(values: Image, spacing_mm: Sequence[float], width_mm: float) -> Image:
    """Return the image blurred by a Gaussian; along an axis that is coarse already nothing happens."""
    widths = [width_mm / side if side < 3.0 * width_mm else 0.0 for side in spacing_mm]
    return np.asarray(ndimage.gaussian_filter(values, widths, mode="nearest", truncate=3.0), dtype=np.float32)


def noise_of(image: Image, low: float, high: float) -> float:
    """Return the standard deviation of the noise, from the differences of neighbours in a row."""
    reach = 0.1 * (high - low)
    soft = (image > low + reach) & (image < high - reach)
    steps = np.abs(np.diff(image, axis=2))[soft[:, :, 1:] & soft[:, :, :-1]]
    least = 0.002 * (high - low)
    if steps.size < 50:
        return 4.0 * least
    return float(np.clip(1.4826 * float(np.median(steps)) / np.sqrt(2.0), least, 30.0 * least))


def gradient_of(image: Image, spacing_mm: Sequence[float]) -> Image:
    """Return the length of the gradient per mm."""
    total = np.zeros(image.shape, dtype=np.float32)
    for axis, side in enumerate(spacing_mm):
        if image.shape[axis] > 1:
            total += np.gradient(image, side, axis=axis).astype(np.float32) ** 2
    return np.asarray(np.sqrt(total))


def _edges(smooth: Image, grid: VolumeGeometry, where: Mask) -> Image:
    steepness = gradient_of(smooth, grid.spacing_mm)
    flat = float(np.percentile(steepness[where], EDGE_PERCENT)) if where.any() else 1.0
    return np.asarray(np.maximum(1.0 / (1.0 + (steepness / max(flat, 0.5)) ** 2), 0.05), dtype=np.float32)
