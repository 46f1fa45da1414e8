"""What is expected before the border is drawn: a tube, what looks as at the clicks, a mask that grew or shrank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.segmentation.clicks.scene import Expected, Floats, box_around, coarse_grid, noise_of, smoothed
from anatomy_twin.segmentation.clicks.tubes import BRIGHT_HU, LIME_MM, WALL_MM, WIDER_MM, Tube
from anatomy_twin.segmentation.ground.compose import IN_PARTS
from anatomy_twin.segmentation.ground.working_grid import Box, Mask, box_of, box_start_shape, resample

# the radius in mm of the ball of the same volume: from what adults have, rounded outwards (liver 0.8 to 2.5 l, spleen
# 60 to 600 ml, kidney 70 to 330 ml, gallbladder 8 to 80 ml, pancreas 30 to 150 ml)
USUAL_MM: Final[Mapping[str, tuple[float, float]]] = MappingProxyType({
    "liver": (40.0, 85.0), "spleen": (24.0, 53.0), "kidney": (25.0, 44.0), "gallbladder": (12.0, 27.0),
    "pancreas": (9.0, 33.0), "stomach": (19.0, 60.0), "duodenum": (9.0, 28.0), "lung": (40.0, 90.0),
    "heart": (40.0, 70.0), "portal_vein": (7.0, 24.0), "hepatic_veins": (7.0, 24.0), "portal_branches": (6.0, 22.0),
    "colon": (10.0, 60.0), "bowel": (10.0, 60.0), "vertebra": (15.0, 27.0),
})
# how thick vessels that branch may be at most (radius in mm): what is thicker is an organ behind them
THIN_MM: Final[Mapping[str, float]] = MappingProxyType({
    "portal_vein": 11.0, "hepatic_veins": 9.0, "portal_branches": 8.0, "hepatic_artery": 5.0, "bile_duct": 7.0,
})
AIRY: Final = ("lung", "airways")
MIXED: Final = ("stomach", "colon", "bowel")  # gas, food and walls do not look alike
HOLLOW: Final = ("stomach", "colon", "bowel", "duodenum", "oesophagus", "lung", "airways", "fat", "body")
WIDTHS: Final = (1.6, 2.3, 3.2)  # windows of values in units of the spread at the click
OPENINGS_MM: Final = (2.5, 4.5, 7.0)
NEAR_MM: Final = 4.0
FAR: Final = 1.9  # an organ reaches so many radii of its ball from a click in it
VOXELS: Final = 160_000
SLACK_MM: Final = 9.0
FAT_HU: Final = -30.0
AIR_HU: Final = -300.0


def usual_mm(name: str) -> tuple[float, float] | None:
    """Return the least and largest radius of the ball of an organ's volume, or None where it is not known."""
    if name.startswith(IN_PARTS):
        return None
    return next((span for stem, span in USUAL_MM.items() if name.startswith(stem)), None)


@dataclass(frozen=True, eq=False)
class Patch:
    """A mask in a box of the scan with its worth at first sight."""

    mask: Mask
    geometry: VolumeGeometry
    worth: float

    def depth_mm(self, grid: VolumeGeometry) -> Floats:
        """Return the distance to its border on another grid, negative inside."""
        return signed_mm(self.mask, self.geometry, grid, SLACK_MM + 30.0)


def signed_mm(mask: Mask, geometry: VolumeGeometry, grid: VolumeGeometry, limit_mm: float) -> Floats:
    """Return the distance to the border of a mask (negative inside), carried to the voxels of another grid."""
    spacing = geometry.spacing_mm
    depth = distance_mm(mask, spacing, limit_mm) - distance_mm(~mask, spacing, limit_mm)
    # distances are between centres of voxels; the border lies half-way
    depth = (depth - 0.5 * np.sign(depth) * float(np.mean(spacing))).astype(np.float32)
    if geometry.shape == grid.shape and np.allclose(geometry.to_world((0, 0, 0)), grid.to_world((0, 0, 0))):
        return np.asarray(depth, dtype=np.float64)
    first = geometry.to_index(grid.to_world((0.0, 0.0, 0.0)))
    step = np.asarray(grid.spacing_mm) / np.asarray(spacing)
    return np.asarray(
        ndimage.affine_transform(depth, step, first, grid.shape, order=1, mode="nearest"), dtype=np.float64
    )


def expect_tube(tube: Tube, geometry: VolumeGeometry, name: str) -> Expected:
    """Return a tube as what is expected; it may be wider and flatter than its discs."""
    margin = float(tube.radii_mm.max()) + SLACK_MM
    low, high = tube.middles_mm.min(0) - margin, tube.middles_mm.max(0) + margin
    # a tube ends where its discs end
    low[2], high[2] = tube.middles_mm[:, 2].min() - 1.5, tube.middles_mm[:, 2].max() + 1.5
    radius = float(np.median(tube.radii_mm))
    wall = WALL_MM if name == "aorta" and tube.level > BRIGHT_HU else 0.0

    def away(grid: VolumeGeometry) -> Floats:
        points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
        return tube.depth_mm(points)

    lime = LIME_MM if name == "aorta" else 0.0
    return Expected(away, box_between(geometry, low, high), radius, SLACK_MM, True, WIDER_MM[name], wall, lime)


def expect_patch(patch: Patch, geometry: VolumeGeometry, radius_mm: float, slack_mm: float, told: bool) -> Expected:
    """Return a mask as what is expected, its border within ``slack_mm``."""
    inner = box_of(patch.mask)
    corners = np.array([[s.start - 0.5, s.stop - 0.5] for s in inner]).T
    points = patch.geometry.to_world(corners)
    box = box_between(geometry, points.min(0) - slack_mm, points.max(0) + slack_mm)
    return Expected(patch.depth_mm, box, radius_mm, slack_mm, told)


def expect_spheroid(
    geometry: VolumeGeometry, inside_mm: Floats, half_mm: float, thick: float
) -> Expected:
    """Return something long through clicks that lie apart: a spheroid along the two that are farthest from each other.

    ``half_mm`` is half of its length, ``thick`` its thickness as a share of its length; it is as thick at least as
    the other clicks lie aside.
    """
    gaps = np.linalg.norm(inside_mm[:, None] - inside_mm[None], axis=-1)
    one, two = np.unravel_index(int(gaps.argmax()), gaps.shape)
    middle = (inside_mm[one] + inside_mm[two]) / 2.0
    along = (inside_mm[two] - inside_mm[one]) / max(float(gaps.max()), 1e-6)

    def parts(points: Floats) -> tuple[Floats, Floats]:
        away = points - middle
        length = away @ along
        return length, np.sqrt(np.maximum((away**2).sum(-1) - length**2, 0.0))

    aside = float(parts(inside_mm)[1].max())
    half_thick = min(max(thick * half_mm, 1.05 * aside), half_mm)
    radius = float((half_mm * half_thick**2) ** (1.0 / 3.0))

    def away(grid: VolumeGeometry) -> Floats:
        length, across = parts(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)))
        return np.asarray(radius * (np.hypot(length / half_mm, across / half_thick) - 1.0))

    slack = radius + 4.0
    wide = (1.0 + slack / radius) * np.sqrt((half_mm * along) ** 2 + half_thick**2 * (1.0 - along**2))
    return Expected(away, box_between(geometry, middle - wide, middle + wide), radius, slack, True)


def box_between(geometry: VolumeGeometry, low_mm: Floats, high_mm: Floats) -> Box:
    """Return the voxels between two corners, at least one."""
    corners = geometry.to_index(np.array([low_mm, high_mm]))
    shape = np.asarray(geometry.shape)
    first = np.clip(np.floor(corners.min(0) + 0.5), 0, shape - 1).astype(int)
    last = np.clip(np.ceil(corners.max(0) + 0.5), first + 1, shape).astype(int)
    return slice(int(first[0]), int(last[0])), slice(int(first[1]), int(last[1])), slice(int(first[2]), int(last[2]))


# --- what looks as at the clicks --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Look:
    """The surroundings of clicks in an organ on few voxels, and how its values are there."""

    smooth: NDArray[np.float32]
    grid: VolumeGeometry
    at: NDArray[np.bool_]
    barred: Mask
    level: float
    spread: float


def alike_regions(
    array: NDArray[np.generic], geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats, name: str, *, hu: bool
) -> list[Patch]:
    """Return regions that look as at the clicks and hang together with them, the best first; [] where none is usual.

    Windows of several widths around the values at the clicks are opened by several radii, so that what hangs on by a
    neck falls off; the volume must be one that the organ has, and what surrounds it should look different.
    """
    usual = usual_mm(name)
    if usual is None or name.startswith(MIXED):
        return []
    look = _look(array, geometry, inside_mm, outside_mm, FAR * usual[1], hu and not name.startswith(HOLLOW))
    found = _regions(look, name, usual)
    if found and not name.startswith(AIRY):
        # a few voxels at a click say little of the organ's values: once more with those of the best region
        found += _regions(_learned(look, found[0].mask), name, usual)
    return sorted((one for one in found if one.worth > 0.02), key=lambda one: -one.worth)


def _regions(look: _Look, name: str, usual: tuple[float, float]) -> list[Patch]:
    thin = next((radius for stem, radius in THIN_MM.items() if name.startswith(stem)), None)
    airy = name.startswith(AIRY)
    found: list[Patch] = []
    for width in (1.0,) if airy else WIDTHS:
        if airy:
            like = look.smooth < min(AIR_HU, look.level + 400.0)
        else:
            like = np.abs(look.smooth - look.level) <= width * look.spread
        like &= ~look.barred
        if thin is not None:
            like &= ~_opened(like, look.grid, thin)
        for opening in (0.0, 1.2) if thin is not None else (1.5,) if airy else OPENINGS_MM:
            region = _hanging(like, look, opening)
            if region is not None:
                found.append(Patch(region, look.grid, _worth(region, like, look, usual, thin is None and not airy)))
    return sorted(found, key=lambda one: -one.worth)


def _learned(look: _Look, region: Mask) -> _Look:
    values = look.smooth[region]
    level = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - level)))
    return replace(look, level=level, spread=float(np.clip(1.2 * spread, 0.8 * look.spread, 2.0 * look.spread)))


def _look(
    array: NDArray[np.generic], geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats, reach_mm: float,
    solid: bool,
) -> _Look:
    middle = inside_mm.mean(0)
    reach = reach_mm + float(np.linalg.norm(inside_mm - middle, axis=1).max())
    box = box_around(geometry, middle, reach)
    native = geometry.cropped(*box_start_shape(box))
    grid = coarse_grid(native, VOXELS)
    values = np.clip(resample(array[box], native, grid), -1000.0, 600.0)
    smooth = smoothed(values, grid.spacing_mm, 0.5 * max(grid.spacing_mm) + 0.6)
    points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    at = np.zeros(grid.shape, dtype=bool)
    for one in inside_mm:
        at |= np.linalg.norm(points - one, axis=-1) <= NEAR_MM
    for k, j, i in np.clip(grid.voxel_of(inside_mm).reshape(-1, 3), 0, np.asarray(grid.shape) - 1):
        at[k, j, i] = True
    barred = (smooth < FAT_HU) & ~at if solid else np.zeros(grid.shape, dtype=bool)
    for one in outside_mm:
        gap = float(np.linalg.norm(inside_mm - one, axis=1).min())
        barred |= np.linalg.norm(points - one, axis=-1) <= min(5.0, 0.4 * gap)
    level = float(np.median(smooth[at]))
    spread = 1.4826 * float(np.median(np.abs(smooth[at] - level)))
    least = max(noise_of(smooth, -1000.0, 600.0) if smooth.size > 50 else 5.0, 5.0, 0.06 * abs(level))
    spread = float(np.clip(1.3 * spread, least, 4.0 * least))
    return _Look(np.asarray(smooth, np.float32), grid, at, barred, level, spread)


def _opened(mask: Mask, grid: VolumeGeometry, radius_mm: float) -> Mask:
    """Open by a ball; at the borders of the box everything goes on."""
    if radius_mm <= 0.0:
        return mask
    core = distance_mm(~mask, grid.spacing_mm, radius_mm + 1.0) > radius_mm
    return np.asarray(distance_mm(core, grid.spacing_mm, radius_mm + 1.0) <= radius_mm)


def _hanging(like: Mask, look: _Look, opening_mm: float) -> Mask | None:
    """Return what of a window hangs together with the clicks after an opening."""
    spacing = look.grid.spacing_mm
    core = like
    if opening_mm > 0.0:
        core = distance_mm(~like, spacing, opening_mm + 1.0) > opening_mm
    labels, _ = ndimage.label(core)
    near = distance_mm(look.at, spacing, 2.0 * opening_mm + 2.0) <= 1.5 * opening_mm
    counts = np.bincount(labels[near & core], minlength=2)
    if counts.size < 2 or counts[1:].max() == 0:
        return None
    kept = np.isin(labels, np.flatnonzero(counts > 0)[np.flatnonzero(counts > 0) > 0])
    if opening_mm > 0.0:
        kept = (distance_mm(kept, spacing, opening_mm + 2.0 * max(spacing)) <= opening_mm + 0.5 * min(spacing)) & like
    kept = kept | look.at & ~look.barred
    closing = 0.8 * max(spacing) + 1.0
    closed = distance_mm(~(distance_mm(kept, spacing, closing + 2.0) <= closing), spacing, closing + 2.0) > closing
    return np.asarray(ndimage.binary_fill_holes((closed | kept) & ~look.barred))


def _worth(region: Mask, like: Mask, look: _Look, usual: tuple[float, float], compact: bool) -> float:
    """Return how distinct the border is, times how usual the volume is (cut off by the scan it may be smaller).

    A ``compact`` organ also has little surface for its volume: what has leaked has much.
    """
    spacing = look.grid.spacing_mm
    radius = float((3.0 * np.count_nonzero(region) * np.prod(spacing) / (4.0 * np.pi)) ** (1.0 / 3.0))
    away = distance_mm(region, spacing, 8.0)
    shell = (away > 0.6 * max(spacing)) & (away <= 1.2 * max(spacing) + 2.5)
    if not shell.any():
        return 0.0
    distinct = 1.0 - float(np.mean(like[shell]))
    cut = any(bool(np.take(region, at, axis).any()) for axis in range(3) for at in (0, -1))
    short = max(0.0, np.log(usual[0] / radius)) * (0.5 if cut else 1.0)
    off = (short + max(0.0, np.log(radius / usual[1]))) / 0.25
    round_ = min(1.0, 1.5 * 4.0 * np.pi * radius**2 / max(surface_mm2(region, spacing), 1.0)) if compact else 1.0
    return float(distinct**2 * round_**1.5 * np.exp(-0.5 * off * off))


def surface_mm2(region: Mask, spacing_mm: tuple[float, float, float]) -> float:
    """Return the area of the faces of voxels between a region and the rest, about 1.5 times that of its surface."""
    total = 0.0
    for axis in range(3):
        area = float(np.prod(spacing_mm)) / spacing_mm[axis]
        total += area * np.count_nonzero(np.diff(region.astype(np.int8), axis=axis))
    return total
