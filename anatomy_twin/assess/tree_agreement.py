"""How well a found vessel tree agrees with a true one: centrelines, radii and forks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.vessels.branches import branches, order_from_roots, without_spurs
from anatomy_twin.core import VesselTree, VolumeGeometry
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.errors import DataError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EVERY_MM: Final = 0.25
LEAST_TOLERANCE_MM: Final = 0.5
RADIUS_SHARE: Final = 0.10
RADIUS_FROM_VOXELS: Final = 3.0
SHOWN_FROM_VOXELS: Final = 2.0  # a vessel of two voxels in diameter is one that the grid shows with a lumen
LEAST_VOXELS: Final = (0.0, 1.0, 1.5, 2.0, 3.0)
GENERATIONS: Final = 3


@dataclass(frozen=True, slots=True)
class ForkShare:
    """Forks of one generation (that of the branch which forks): how many there are and how many were met."""

    there: int
    met: int

    @property
    def share(self) -> float:
        """The share that was met, NaN where there is none."""
        return self.met / self.there if self.there else float("nan")


@dataclass(frozen=True, slots=True)
class TreeAgreement:
    """What ``tree_agreement`` measures. Shares are of length (centrelines, radii) or of forks; NaN: nothing to measure.

    ``found`` maps the least true diameter in voxels to the share of that true centreline within ``tolerance_mm`` of the
    found one, ``length_mm`` to how long it is; where a branch still runs in the lumen of a wider one it has no wall
    that could be seen, and only ``found_everywhere`` counts it. ``right`` is the share of the found centreline within
    tolerance of the true one, ``distance_p95_mm`` the distance that 95 % of the true centreline of two voxels and more
    stays below.
    Radii are compared where the true diameter is above three voxels and the vessel is not inside a wider one:
    ``radius_within`` is the share within 10 %, ``radius_bias_percent`` the median error, ``radius_p90_percent`` what
    90 % of the absolute errors stay below. ``forks`` maps the generation of the forking branch to its forks;
    ``forks_to_third`` sums those of generations 1 to 3. ``strict_to_third`` matches only with forks whose branches all
    are found at least 0.7 times as wide as a fork must show.
    """

    voxel_mm: float
    tolerance_mm: float
    found: Mapping[float, float]
    found_everywhere: Mapping[float, float]
    length_mm: Mapping[float, float]
    right: float
    distance_p95_mm: float
    radius_within: float
    radius_bias_percent: float
    radius_p90_percent: float
    radius_length_mm: float
    forks: Mapping[int, ForkShare]
    forks_to_third: ForkShare
    strict_to_third: ForkShare


@dataclass(frozen=True, eq=False)
class _Points:
    places: Floats
    radius: Floats
    ways: Floats

    def where(self, chosen: Mask) -> _Points:
        return _Points(self.places[chosen], self.radius[chosen], self.ways[chosen])


def tree_agreement(
    found: VesselTree, true: VesselTree, voxel_mm: float, *, mask: Mask | None = None,
    geometry: VolumeGeometry | None = None, shown_voxels: float = SHOWN_FROM_VOXELS,
) -> TreeAgreement:
    """Return how well a found tree agrees with the true one.

    Parameters
    ----------
    found, true : trees in LPS mm; the true one may have several roots.
    voxel_mm : the largest spacing of the voxels that the tree was found in. The tolerance is half of it, at least
        0.5 mm.
    mask, geometry : bool [k, j, i] on its grid. Given, only what lies in voxels of the mask is compared, of both trees:
        what a label does not show cannot be found, and other vessels may be part of the found tree. Of the true one
        what the mask shows whole counts: where another vessel or a lesion cuts into the label it is no lumen.
    shown_voxels : forks count where the branch before and two behind it are at least this many voxels in diameter. The
        true tree is cut to such branches, forks nearer than a voxel are one, generations are counted on what is left
        (1 from a root). A true fork is met by a found one within two voxels, or its radius and a voxel; each by one.

    Raises ``DataError`` for a mask without its geometry.
    """
    if (mask is None) != (geometry is None):
        raise DataError("a mask needs its geometry")
    tolerance = max(LEAST_TOLERANCE_MM, 0.5 * voxel_mm)
    theirs, ours = _shown(_points(true), mask, geometry), _within(_points(found), mask, geometry)
    away, _ = _nearest(theirs, ours)
    back, _ = _nearest(ours, _points(true))
    diameter, own = 2.0 * theirs.radius / voxel_mm, ~_inside_wider(theirs)
    lengths, shares, everywhere = {}, {}, {}
    for least in LEAST_VOXELS:
        wide = diameter >= least
        everywhere[least] = _share(away[wide] <= tolerance)
        lengths[least], shares[least] = float((wide & own).sum() * EVERY_MM), _share(away[wide & own] <= tolerance)
    shown = away[(diameter >= SHOWN_FROM_VOXELS) & own]
    sized = (diameter > RADIUS_FROM_VOXELS) & (away <= tolerance) & own
    lumen = ours.where(~_inside_wider(ours))
    _, beside = _nearest(theirs, lumen)
    error = lumen.radius[beside[sized]] / theirs.radius[sized] - 1.0 if sized.any() else np.zeros(0)
    forks = _forks(true, voxel_mm, shown_voxels, mask, geometry)
    all_found, wide_found = _found_forks(found, 0.0), _found_forks(found, 0.35 * shown_voxels * voxel_mm)
    by_generation = _matched(forks, all_found, voxel_mm)
    strict = _matched(forks, wide_found, voxel_mm)
    return TreeAgreement(
        voxel_mm, tolerance, FrozenMapping(shares), FrozenMapping(everywhere), FrozenMapping(lengths),
        _share(back <= tolerance),
        float(np.percentile(shown, 95.0)) if shown.size else float("nan"), _share(np.abs(error) <= RADIUS_SHARE),
        100.0 * float(np.median(error)) if error.size else float("nan"),
        100.0 * float(np.percentile(np.abs(error), 90.0)) if error.size else float("nan"),
        float(error.size * EVERY_MM), FrozenMapping(by_generation), _summed(by_generation), _summed(strict),
    )


def _points(tree: VesselTree) -> _Points:
    start, stop, radius = tree.pieces()
    length = np.linalg.norm(stop - start, axis=1)
    # places every 0.25 mm along all pieces one after the other, so that each stands for the same length
    ends = np.cumsum(length)
    at = (np.arange(int(ends[-1] / EVERY_MM)) + 0.5) * EVERY_MM if length.size else np.zeros(0)
    piece = np.minimum(np.searchsorted(ends, at), max(0, len(ends) - 1))
    along = ((at - (ends - length)[piece]) / np.maximum(length[piece], 1e-12))[:, None] if at.size else np.zeros((0, 1))
    ways = (stop - start) / np.maximum(length, 1e-12)[:, None]
    return _Points(start[piece] * (1.0 - along) + stop[piece] * along, radius[piece], ways[piece])


def _within(points: _Points, mask: Mask | None, geometry: VolumeGeometry | None) -> _Points:
    if mask is None or geometry is None:
        return points
    return points.where(_in_mask(points.places, mask, geometry))


def _shown(points: _Points, mask: Mask | None, geometry: VolumeGeometry | None) -> _Points:
    """Return the points where a mask shows the vessel whole: not cut by another one, a lesion or the organ's surface.

    Of eight places around, at 0.6 radii, seven lie in the mask; of a vessel thinner than two voxels only the middle.
    """
    points = _within(points, mask, geometry)
    if mask is None or geometry is None or not len(points.places):
        return points
    helper = np.where(np.abs(points.ways[:, :1]) < 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    across = np.cross(points.ways, helper)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    up = np.cross(points.ways, across)
    inside = np.zeros(len(points.places))
    for angle in np.arange(8) * np.pi / 4.0:
        aside = 0.6 * points.radius[:, None] * (np.cos(angle) * across + np.sin(angle) * up)
        inside += _in_mask(points.places + aside, mask, geometry)
    return points.where((inside >= 7) | (points.radius < max(geometry.spacing_mm)))


def _in_mask(places: Floats, mask: Mask, geometry: VolumeGeometry) -> Mask:
    inside = np.zeros(len(places), bool)
    if len(places):
        known = geometry.contains(places)
        inside[known] = mask[tuple(geometry.voxel_of(places[known]).T)]
    return inside


def _nearest(points: _Points, others: _Points) -> tuple[Floats, NDArray[np.int64]]:
    if not len(points.places) or not len(others.places):
        return np.full(len(points.places), np.inf), np.zeros(len(points.places), np.int64)
    away, which = cKDTree(others.places).query(points.places)
    return np.asarray(away), np.asarray(which)


def _inside_wider(points: _Points) -> Mask:
    """Tell which points lie in the lumen of a vessel at least a tenth wider: their own wall is not to be seen there."""
    inside = np.zeros(len(points.places), bool)
    for low in np.geomspace(0.25, 32.0, 60):
        wide = (points.radius >= low) & (points.radius < low * (128.0 ** (1.0 / 59.0)))
        thin = np.flatnonzero(points.radius < low / (1.0 + RADIUS_SHARE))
        if wide.any() and thin.size:
            away, _ = cKDTree(points.places[wide]).query(points.places[thin], distance_upper_bound=low)
            inside[thin[np.isfinite(away)]] = True
    return inside


@dataclass(frozen=True, slots=True)
class _Fork:
    place: tuple[float, ...]
    radius: float
    generation: int


def _cut_to(tree: VesselTree, least_radius_mm: float) -> VesselTree | None:
    """Return the tree without branches thinner than a radius, and what hangs on them."""
    keep = np.ones(len(tree.parents), bool)
    thin = (tree.radius_mm < least_radius_mm) & (tree.parents >= 0)
    for node in _from_roots(tree):
        keep[node] = not thin[node] and (tree.parents[node] < 0 or keep[tree.parents[node]])
    if keep.sum() < 2:
        return None
    number = np.cumsum(keep) - 1
    up = tree.parents[keep]
    return replace(tree, nodes_mm=tree.nodes_mm[keep], parents=np.where(up < 0, -1, number[up]),
                   radius_mm=tree.radius_mm[keep], bridged=np.asarray(tree.bridged)[keep], branch_names={})  # fmt: skip


def _from_roots(tree: VesselTree) -> NDArray[np.int64]:
    return order_from_roots(tree.parents)


def _forks(
    true: VesselTree, voxel_mm: float, shown_voxels: float, mask: Mask | None, geometry: VolumeGeometry | None
) -> list[_Fork]:
    tree = _cut_to(true, 0.5 * shown_voxels * voxel_mm)
    if tree is None:
        return []
    forks = []
    for branch in branches(tree, apart_mm=voxel_mm):
        place = tree.nodes_mm[branch.nodes[-1]]
        if branch.ends == "fork" and (
            mask is None or geometry is None or bool(_in_mask(place[None], mask, geometry)[0])
        ):
            forks.append(_Fork(tuple(place), branch.end_radius_mm, branch.generation))
    return forks


def _found_forks(found: VesselTree, least_radius_mm: float) -> Floats:
    tree = _cut_to(found, least_radius_mm)
    if tree is None:
        return np.zeros((0, 3))
    keep = without_spurs(tree)
    kids = np.bincount(tree.parents[keep & (tree.parents >= 0)], minlength=len(keep))
    return tree.nodes_mm[kids > 1]


def _matched(forks: list[_Fork], places: Floats, voxel_mm: float) -> dict[int, ForkShare]:
    """Return per generation how many forks have a place of their own within reach (most matches, then nearest)."""
    met = np.zeros(len(forks), bool)
    if forks and len(places):
        reach = np.array([max(2.0 * voxel_mm, fork.radius + voxel_mm) for fork in forks])
        away = np.linalg.norm(np.array([fork.place for fork in forks])[:, None] - places[None], axis=2)
        rows, columns = linear_sum_assignment(np.where(away <= reach[:, None], away, 1e6))
        met[rows] = away[rows, columns] <= reach[rows]
    result = {}
    for generation in sorted({fork.generation for fork in forks}):
        mine = np.array([fork.generation == generation for fork in forks])
        result[generation] = ForkShare(int(mine.sum()), int(met[mine].sum()))
    return result


def _summed(forks: Mapping[int, ForkShare]) -> ForkShare:
    few = [share for generation, share in forks.items() if generation <= GENERATIONS]
    return ForkShare(sum(share.there for share in few), sum(share.met for share in few))


def _share(met: Mask) -> float:
    return float(met.mean()) if met.size else float("nan")
