"""Which of the liver's vessels drain into the vena cava and which come from the portal trunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.kernels.seg_geodesic import travel_time
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    box_of,
    close_mm,
    depth_mm,
    dilate_mm,
    volume_ml,
)

LEAST_ML: Final = 2.0
LEAST_SHARE: Final = 0.6
# of both together: in generated patients and a real one a tree that is rightly told apart holds 28 to 72 %
LEAST_OF_BOTH: Final = 0.2
ISLAND_ML: Final = 0.3
# ways whose costs differ by less than so much (natural logarithm) decide nothing
NEAR: Final = 0.25
LIMIT: Final = 1e6
BRIGHTNESS: Final = (0.15, 0.9)
TUBE: Final = (0.1, 1.2)
# where no trunk was found: the hilum is a bay of the outline about 3 cm wide, between a tenth and seven tenths of the
# liver's height; right and left portal vein are 9 to 12 mm wide, 6 mm where a grid loses half a voxel of their wall
BAY_MM: Final = 15.0
NEAR_BAY_MM: Final = 12.0
HILUM_HEIGHT: Final = (0.1, 0.75)
STEM_RADIUS_MM: Final = 3.0
FROM_CAVA_MM: Final = 8.0
CROWD_MM: Final = 20.0
APART: Final = "see hepatic_vessels"


@dataclass(frozen=True, eq=False)
class Trees:
    """Two trees that share no voxel, and the share of their voxels for which either root would do nearly as well."""

    first: Mask
    second: Mask
    doubtful: float


def split_by_roots(
    vessels: Mask, first_root: Mask, second_root: Mask, spacing_mm: float, brightness: Image | None = None,
    ridge: Image | None = None,
) -> Trees:
    """Give each vessel voxel to the root it reaches on the better way; voxels that reach none stay out of both.

    Parameters
    ----------
    vessels : bool [k, j, i]; the roots lie outside, within two voxels of it.
    brightness : excess over the liver in units of that of large vessels; 1 everywhere if None.
    ridge : strength of the ridge (see ``ridge_strength``) in the same units; as bright everywhere if None.

    A mm of the way costs 1 / (radius^3 brightness^4 tube^4), radius being the distance to the vessel's border and tube
    the share of the brightness that the ridge has: where two trees touch the passage is thin, and fainter than the
    middle of either, as it is half liver, and what is wide across the way from one to the other is no tube. Brighter
    than nine tenths is full: one of the two trees is often a little brighter than the other. Islands below 0.3 ml of
    one tree within the other go to that other.
    """
    first, second = np.zeros_like(vessels), np.zeros_like(vessels)
    if not vessels.any():
        return Trees(first, second, 0.0)
    box = box_of(vessels, 3)
    part = vessels[box]
    bright = np.ones(part.shape, np.float32) if brightness is None else np.clip(brightness[box], *BRIGHTNESS)
    starts = [dilate_mm(root[box], 2.0 * spacing_mm + 0.1, spacing_mm) & part for root in (first_root, second_root)]
    ease = np.maximum(depth_mm(part, spacing_mm), 0.5 * spacing_mm) ** 3 * bright**4
    if ridge is not None:
        ease *= np.clip(ridge[box] / bright, *TUBE) ** 4
    slowness = np.where(part, 1.0 / ease, np.inf).astype(np.float32)
    ways = [travel_time(slowness, start, (spacing_mm, spacing_mm, spacing_mm), LIMIT) for start in starts]
    reached = np.isfinite(ways[0]) | np.isfinite(ways[1])
    first[box] = reached & (ways[0] <= ways[1])
    second[box] = reached & (ways[1] < ways[0])
    _swap_islands(first[box], second[box], starts, spacing_mm)
    _add_leftovers(part, first[box], second[box])
    both = np.isfinite(ways[0]) & np.isfinite(ways[1])
    apart = np.abs(np.log(np.maximum(ways[0][both], 1e-9) / np.maximum(ways[1][both], 1e-9)))
    count = int(np.count_nonzero(reached))
    return Trees(first, second, float(np.count_nonzero(apart < NEAR)) / count if count else 0.0)


def _swap_islands(first: Mask, second: Mask, starts: list[Mask], spacing_mm: float) -> None:
    """Move small pieces that do not hang on their own root to the other tree where they touch it (in place)."""
    cube = np.ones((3, 3, 3))
    for own, other, start in ((first, second, starts[0]), (second, first, starts[1])):
        labels, count = ndimage.label(own, cube)
        if not count:
            continue
        small = np.bincount(labels.ravel()) * spacing_mm**3 / 1000.0 < ISLAND_ML
        small[0] = False
        small[np.unique(labels[start])] = False
        near = np.zeros(count + 1, dtype=bool)
        near[np.unique(labels[ndimage.binary_dilation(other, cube) & own])] = True
        moved = (small & near)[labels]
        own &= ~moved
        other |= moved


def _add_leftovers(vessels: Mask, first: Mask, second: Mask) -> None:
    """Give pieces that hang on one tree only by edges or corners of voxels to that tree (in place)."""
    cube = np.ones((3, 3, 3))
    labels, count = ndimage.label(vessels & ~first & ~second, cube)
    if not count:
        return
    beside = [np.unique(labels[ndimage.binary_dilation(tree, cube) & (labels > 0)]) for tree in (first, second)]
    first |= np.isin(labels, np.setdiff1d(beside[0], beside[1]))
    second |= np.isin(labels, np.setdiff1d(beside[1], beside[0]))


def part_trees(
    vessels: Mask, cava: Mask | None, trunk: Mask | None, spacing_mm: float, note: str, brightness: Image | None = None,
    ridge: Image | None = None, liver: Mask | None = None,
) -> dict[str, Found]:
    """Return "hepatic_veins", "portal_branches" and "hepatic_vessels" (what hangs on neither, or all undivided).

    Parameters
    ----------
    vessels : the vessels in the liver without the trunk. cava, trunk : the roots, None or empty where not found.
    note : what is known of the vessels; it begins the notes of all three.
    liver : with it the widest vessel in the hilum stands for a trunk that was not found.

    Without both roots, or where a tree would hold less than 2 ml or a fifth of both, or much hangs on neither, they are
    not told apart.
    """
    if cava is None or not cava.any():
        return _undivided(vessels, note, "the vena cava, into which the hepatic veins run, was not found")
    words = "the portal trunk"
    if (trunk is None or not trunk.any()) and liver is not None:
        trunk, words = hilar_root(vessels, liver, cava, spacing_mm), "the widest vessel of the hilum (no trunk found)"
    if trunk is None or not trunk.any():
        return _undivided(vessels, note, "the portal trunk, from which the portal branches come, was not found")
    trees = split_by_roots(vessels, _confluence(cava, trunk, vessels, spacing_mm), trunk, spacing_mm, brightness, ridge)
    veins, portal = trees.first, trees.second
    total = max(1, int(np.count_nonzero(vessels)))
    if np.count_nonzero(veins | portal) < LEAST_SHARE * total:
        return _undivided(vessels, note, "much of them hangs neither on the vena cava nor on the portal trunk")
    sizes = volume_ml(veins, spacing_mm), volume_ml(portal, spacing_mm)
    if min(sizes) < max(LEAST_ML, LEAST_OF_BOTH * sum(sizes)):
        return _undivided(vessels, note, "nearly all of them hang on one root: the other one's were not seen")
    doubt = f"told apart by the way to the root, {100 * trees.doubtful:.0f} % are doubtful"
    rest = vessels & ~veins & ~portal
    return {
        "hepatic_veins": Found(veins, "check", f"{note}; towards the inferior vena cava, {doubt}", ("estimated",)),
        "portal_branches": Found(portal, "check", f"{note}; towards {words}, {doubt}", ("estimated",)),
        "hepatic_vessels": Found(rest, "ok", f"{note}; hangs on neither tree")
        if rest.any() else Found.nothing("every vessel hangs on one of the two trees"),
    }


def _undivided(vessels: Mask, note: str, why: str) -> dict[str, Found]:
    return {
        "hepatic_vessels": Found(vessels, "ok", f"{note}; hepatic and portal veins not told apart: {why}")
        if vessels.any() else Found.nothing(note),
        "hepatic_veins": Found.nothing(f"not told apart from portal branches, {APART}: {why}"),
        "portal_branches": Found.nothing(f"not told apart from hepatic veins, {APART}: {why}"),
    }


def hilar_root(vessels: Mask, liver: Mask, cava: Mask, spacing_mm: float) -> Mask:
    """Return the piece of a vessel from which portal branches come where the trunk outside the liver is not known.

    Of the vessels that hang together with many others, at least as wide as a right or left portal vein, near the bay
    of the liver's outline, in the middle heights of the liver and away from the vena cava, into which the hepatic
    veins run: the widest place and what is near to it. Empty where there is none.
    """
    parts, _ = ndimage.label(vessels, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    depth = np.where((sizes >= 0.2 * sizes.max(initial=1))[parts], depth_mm(vessels, spacing_mm, 12.0), np.float32(0.0))
    near_bay = dilate_mm(close_mm(liver, BAY_MM, spacing_mm) & ~liver, NEAR_BAY_MM, spacing_mm)
    rows = np.flatnonzero(liver.any(axis=(1, 2)))
    low, high = (int(rows[0] + share * (rows[-1] - rows[0])) for share in HILUM_HEIGHT)
    near_bay &= ~dilate_mm(cava, FROM_CAVA_MM, spacing_mm)
    near_bay[:low] = False
    near_bay[high:] = False
    result = np.zeros_like(vessels)
    wide = near_bay & (depth >= STEM_RADIUS_MM)
    if not wide.any():
        return result
    # the piece that holds most, where vessels are many: a single wide spot may be a contact of two, and the veins of
    # the bowel are wide as well, but nothing branches around them
    crowd = ndimage.uniform_filter(vessels.astype(np.float32), 2 * round(CROWD_MM / spacing_mm) + 1, mode="constant")
    labels, _ = ndimage.label(wide, np.ones((3, 3, 3)))
    score = np.bincount(labels.ravel(), np.where(wide, depth**2 * crowd**2, 0.0).ravel())
    piece = labels == int(np.argmax(score))
    result[piece & (depth >= 0.8 * float(depth[piece].max()))] = True
    return result


def _confluence(cava: Mask, trunk: Mask, vessels: Mask, spacing_mm: float) -> Mask:
    """Return the part of the cava above the hilum, where the hepatic veins join it; all of it where none is above.

    Lower down portal branches of the caudate lobe lean on it.
    """
    near = dilate_mm(trunk, 2.0 * spacing_mm + 0.1, spacing_mm) & vessels
    levels = np.flatnonzero(near.any(axis=(1, 2)))
    rows = np.flatnonzero(cava.any(axis=(1, 2)))
    if not levels.size or rows[-1] <= levels[-1]:
        return cava
    weight: NDArray[np.int64] = near.sum(axis=(1, 2))
    hilum = int(np.searchsorted(np.cumsum(weight), 0.5 * weight.sum()))
    upper = cava.copy()
    upper[:hilum] = False
    return upper if (dilate_mm(upper, 2.0 * spacing_mm + 0.1, spacing_mm) & vessels).any() else cava
