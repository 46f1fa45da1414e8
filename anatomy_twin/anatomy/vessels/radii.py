"""Radii of a vessel tree measured in the image: where brightness has fallen half-way to what lies around."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VesselTree, Volume
from anatomy_twin.kernels.tree_profiles import averaged_profiles, radial_profiles
from anatomy_twin.kernels.tree_sections import gaps_to_parents, running_medians, smooth_lines

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SAMPLES: Final = 49
# a ray ends beyond the wall where a blurred wall has faded: half again the label's radius and three voxels
REACH: Final = (1.5, 3.0)
# thinner than so many voxels (of the mean side) a tube is not wider than its blur: half of its height lies at the
# blur's width, not at the wall
LEAST_VOXELS: Final = 1.3
# half of the height of a wall that noise alone could make: the medians of 32 places over some nodes vary by 2 to 3 HU
LEAST_HU: Final = 12.0
# a label is not farther off than this; what is measured beyond is another vessel's wall
TRUSTED: Final = (0.6, 1.35)
WINDOW: Final = (3.5, 2.25)


def with_image_radii(tree: VesselTree, volume: Volume) -> VesselTree:
    """Return a tree whose radii are measured in the image where it shows the wall.

    Across each node the brightness falls from that of the lumen to that of the surroundings; half-way lies the wall of
    a blurred tube, whatever threshold the label was drawn with. Profiles are medians around the line, averaged along
    it over one radius or two voxels. Kept as they are: radii of bridges, of vessels thinner than 1.3 voxels (the blur
    is wider), of those that are not at least 12 HU brighter than what surrounds them, and those more than 40 %
    smaller or 35 % larger than the label says. A branch is measured outside its parent's lumen only.
    """
    if len(tree.parents) < 3:
        return tree
    upright = volume.canonical()
    spacing = np.asarray(upright.geometry.spacing_mm, np.float64)
    first, mothers = _lines(tree.parents)
    points = upright.geometry.to_index(tree.nodes_mm) * spacing
    radius = np.asarray(tree.radius_mm, np.float64)
    along = _along(points, first)
    mean = float(np.mean(spacing))
    window = np.maximum(2.0 * mean, radius)
    _, tangent = smooth_lines(along, points, np.ones(len(points)), np.maximum(2.5 * mean, 1.5 * radius), first, 2)
    size = np.linalg.norm(tangent, axis=1, keepdims=True)
    tangent = np.where(size > 1e-6, tangent / np.maximum(size, 1e-6), [1.0, 0.0, 0.0])
    reach = REACH[0] * radius + REACH[1] * mean
    low = np.maximum(np.floor((points - reach[:, None]).min(axis=0) / spacing).astype(int) - 1, 0)
    high = np.ceil((points + reach[:, None]).max(axis=0) / spacing).astype(int) + 2
    part = np.ascontiguousarray(upright.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))], np.float32)
    if min(part.shape) < 2:
        return tree
    profiles = radial_profiles(part, spacing, points - low * spacing, tangent, reach, SAMPLES)
    found, height = _half_way(averaged_profiles(profiles, reach, along, window, first), reach, radius)
    gap = gaps_to_parents(points, radius, first, mothers)
    inside = np.all((points >= -0.5 * spacing) & (points <= (np.array(upright.geometry.shape) - 0.5) * spacing), axis=1)
    bridged = np.zeros(len(points), bool) if tree.bridged is None else np.asarray(tree.bridged, bool)
    sound = inside & ~bridged & (gap > 0.5 * radius) & (height >= LEAST_HU) & (found >= LEAST_VOXELS * mean)
    sound &= (found >= TRUSTED[0] * radius) & (found <= TRUSTED[1] * radius)
    ratio = running_medians(along, np.where(sound, found / radius, 1.0), sound.astype(np.float64),
                            np.maximum(WINDOW[0] * mean, WINDOW[1] * radius), first, np.ones(len(points)))  # fmt: skip
    # what was not measured on a line that was elsewhere is as far off as that, but a thin vessel's blur tells nothing
    wide = sound | (radius >= LEAST_VOXELS * mean)
    return replace(tree, radius_mm=np.where(wide & ~bridged, ratio * radius, radius))


def _lines(parents: Integers) -> tuple[Integers, Integers]:
    """Return where lines of nodes that follow each other begin (l + 1,), and the line (l,) each hangs on (-1: none)."""
    number = np.arange(len(parents))
    # a line runs from its parent or, where the tree was hung on another root, towards it
    linked = (parents[1:] == number[:-1]) | (parents[:-1] == number[1:])
    first = np.concatenate([[0], 1 + np.flatnonzero(~linked), [len(parents)]]).astype(np.int64)
    line = np.searchsorted(first, number, side="right") - 1
    up = np.where(parents < 0, -1, line[parents])
    mothers = np.full(len(first) - 1, -1, np.int64)
    out = np.flatnonzero((up >= 0) & (up != line))
    mothers[line[out]] = up[out]
    return first, mothers


def _along(points: Floats, first: Integers) -> Floats:
    steps = np.append(0.0, np.linalg.norm(np.diff(points, axis=0), axis=1))
    steps[first[:-1]] = 0.0
    total = np.cumsum(steps)
    return np.asarray(total - np.repeat(total[first[:-1]], np.diff(first)))


def _half_way(profiles: Floats, reach: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """Return where profiles have fallen half-way (n,; 0 where they do not), and how high the wall is in HU (n,)."""
    far = reach[:, None] * (np.arange(SAMPLES) / (SAMPLES - 1.0))
    middle = far <= np.maximum(0.4 * radius, far[:, 1])[:, None]
    top = (profiles * middle).sum(axis=1) / middle.sum(axis=1)
    outer = far >= 1.1 * radius[:, None]
    # what surrounds the vessel: the lowest stretch of a voxel and more beyond the wall, as farther out others lie
    calm = profiles.copy()
    calm[:, 1:-1] = (profiles[:, :-2] + profiles[:, 1:-1] + profiles[:, 2:]) / 3.0
    floor = np.where(outer, calm, np.inf).min(axis=1)
    half = 0.5 * (top + floor)
    below = profiles < half[:, None]
    at = np.argmax(below, axis=1)
    rows = np.arange(len(profiles))
    before = np.maximum(at - 1, 0)
    drop = profiles[rows, before] - profiles[rows, at]
    share = (profiles[rows, before] - half) / np.where(drop > 0, drop, 1.0)
    found = np.where(below.any(axis=1) & (at > 0), far[rows, before] + share * (far[rows, at] - far[rows, before]), 0.0)
    return found, np.where(found > 0, top - floor, 0.0)
