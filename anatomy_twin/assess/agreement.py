"""How well a found structure agrees with a truth: overlap, surface distance, volume, centreline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.errors import DataError
from anatomy_twin.kernels.distance import distance_mm

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A found mask against a truth; what has no meaning (nothing found, no truth) is NaN.

    ``dice`` 2 |A and B| / (|A| + |B|); ``surface_distance_95_mm`` the larger of the two directed 95 % distances
    between the surfaces; ``volume_error_percent`` found less truth in % of the truth; ``truth_ml``, ``found_ml``;
    ``cut`` tells whether the truth touches the border of the grid, where the organ goes on unseen.
    """

    dice: float
    surface_distance_95_mm: float
    volume_error_percent: float
    truth_ml: float
    found_ml: float
    cut: bool


def dice(found: Mask, truth: Mask) -> float:
    """Return the overlap of two masks, 0 to 1; NaN where both are empty."""
    total = int(np.count_nonzero(found)) + int(np.count_nonzero(truth))
    return 2.0 * int(np.count_nonzero(found & truth)) / total if total else float("nan")


def agreement(found: Mask, truth: Mask, spacing_mm: tuple[float, float, float]) -> Agreement:
    """Return how ``found`` agrees with ``truth``, both bool [k, j, i] on a grid of ``spacing_mm`` [k, j, i].

    Faces where a mask is cut off by the border of the grid are no surface. Raises ``DataError`` when the shapes
    differ.
    """
    if found.shape != truth.shape:
        raise DataError(f"masks of {found.shape} and {truth.shape} voxels cannot be compared")
    voxel_ml = float(np.prod(spacing_mm)) / 1000.0
    truth_ml, found_ml = np.count_nonzero(truth) * voxel_ml, np.count_nonzero(found) * voxel_ml
    error = 100.0 * (found_ml - truth_ml) / truth_ml if truth_ml else float("nan")
    return Agreement(
        dice(found, truth), surface_distance_95_mm(found, truth, spacing_mm), error, float(truth_ml), float(found_ml),
        touches_border(truth),
    )


def surface_distance_95_mm(found: Mask, truth: Mask, spacing_mm: tuple[float, float, float]) -> float:
    """Return the larger of the 95th percentiles of the distances from surface to surface, NaN where one is empty.

    A surface is the voxels of a mask with a face neighbour outside; distances run between voxel centres.
    """
    box = _joint_box(found, truth)
    if box is None or not found.any() or not truth.any():
        return float("nan")
    first, second = _surface(found)[box], _surface(truth)[box]
    if not first.any() or not second.any():  # a mask that fills the grid has no surface
        return float("nan")
    there = distance_mm(second, spacing_mm)[first]
    back = distance_mm(first, spacing_mm)[second]
    return float(max(np.percentile(there, 95.0), np.percentile(back, 95.0)))


def centreline_share(
    points: NDArray[np.float64], mask: Mask, spacing_mm: tuple[float, float, float], within_mm: float = 2.0
) -> float:
    """Return the share of ``points`` that lie within ``within_mm`` of ``mask``; NaN without points.

    ``points`` (n, 3) are [k, j, i] indices (fractions allowed) of places evenly spaced along a centreline; a point
    outside the grid counts as missed.
    """
    if not len(points):
        return float("nan")
    return float(points_met(points, mask, spacing_mm, within_mm).mean())


def points_met(
    points: NDArray[np.float64], mask: Mask, spacing_mm: tuple[float, float, float], within_mm: float = 2.0
) -> NDArray[np.bool_]:
    """Tell for each of ``points`` (n, 3; [k, j, i] indices) whether it lies within ``within_mm`` of ``mask``.

    A point outside the grid is missed.
    """
    hit = np.zeros(len(points), dtype=bool)
    if not mask.any() or not len(points):
        return hit
    index = np.rint(points).astype(int)
    inside = np.all((index >= 0) & (index < np.asarray(mask.shape)), axis=1)
    away = distance_mm(mask, spacing_mm, within_mm + 2.0 * max(spacing_mm))
    hit[inside] = away[tuple(index[inside].T)] <= within_mm
    return hit


def skeleton_radius_mm(mask: Mask, points: NDArray[np.float64], spacing_mm: tuple[float, float, float]) -> NDArray[Any]:
    """Return how far the skeleton voxels ``points`` [k, j, i] (n, 3) lie from the border of their mask, in mm (n,).

    The centre of the nearest voxel outside lies, of many, about a quarter of a voxel beyond the border. Faces where
    the border of the grid cuts the mask are no border.
    """
    box = _joint_box(mask, mask)
    if box is None or not len(points):
        return np.zeros(len(points))
    wide = tuple(slice(max(0, part.start - 1), part.stop + 1) for part in box)
    depth = distance_mm(~mask[wide], spacing_mm)
    inner = tuple((np.rint(points).astype(int) - [part.start for part in wide]).T)
    return np.maximum(depth[inner] - 0.25 * float(np.mean(spacing_mm)), 0.0)


def skeleton_points(mask: Mask) -> NDArray[np.float64]:
    """Return the voxels [k, j, i] (n, 3) of the mask's centreline (thinning after Lee, Kashyap and Chu 1994)."""
    from skimage.morphology import skeletonize

    box = _joint_box(mask, mask)
    if box is None:
        return np.zeros((0, 3))
    thin = skeletonize(mask[box])
    return np.argwhere(thin).astype(np.float64) + [part.start for part in box]


def touches_border(mask: Mask) -> bool:
    """Tell whether a mask reaches the first or last voxel of any axis."""
    return any(bool(np.take(mask, end, axis).any()) for axis in range(3) for end in (0, -1))


def _surface(mask: Mask) -> Mask:
    return mask & ~ndimage.binary_erosion(mask, border_value=1)


def _joint_box(first: Mask, second: Mask) -> tuple[slice, slice, slice] | None:
    both = first | second
    if not both.any():
        return None
    spans = []
    for axis in range(3):
        filled = np.flatnonzero(both.any(axis=tuple(a for a in range(3) if a != axis)))
        spans.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return spans[0], spans[1], spans[2]
