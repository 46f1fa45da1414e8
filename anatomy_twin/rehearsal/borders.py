"""How far points are from the border of a set of voxels, exactly and quickly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.core.later import later

spatial = later("scipy.spatial")

Floats = NDArray[np.float64]


@dataclass
class Voxels:
    """Voxels of one structure as they are found, slice by slice."""

    parts: list[NDArray[np.int64]] = field(default_factory=list)
    count: int = 0

    def add(self, index: NDArray[np.int64]) -> None:
        """Add indices (N, 3)."""
        self.parts.append(index)
        self.count += len(index)

    def index(self) -> NDArray[np.int64]:
        """All of them, (N, 3)."""
        return np.concatenate(self.parts)


@dataclass(frozen=True, eq=False)
class Border:
    """The faces between the voxels of a structure and the others.

    Coordinates are those of the array's axes in mm: turned and moved against LPS, of the same lengths. ``inner`` holds
    the centres of its outermost voxels, ``outer`` those of their neighbours that are not its own.
    """

    geometry: VolumeGeometry
    mask: NDArray[np.bool_]
    start: NDArray[np.int64]
    inner: Any
    outer: Any

    @staticmethod
    def of(index: NDArray[np.int64], geometry: VolumeGeometry) -> Border:
        """Return the border of the voxels ``index`` (N, 3), N > 0, of a grid."""
        start = index.min(axis=0) - 1
        mask = np.zeros(index.max(axis=0) - start + 2, bool)
        mask[tuple((index - start).T)] = True
        near, inside = np.zeros_like(mask), mask.copy()
        for axis in range(3):
            one, other = [slice(None)] * 3, [slice(None)] * 3
            one[axis], other[axis] = slice(1, None), slice(None, -1)
            near[tuple(one)] |= mask[tuple(other)]
            near[tuple(other)] |= mask[tuple(one)]
            inside[tuple(one)] &= mask[tuple(other)]
            inside[tuple(other)] &= mask[tuple(one)]
        trees = []
        for part in (mask & ~inside, near & ~mask):
            centres = (np.argwhere(part) + start) * np.asarray(geometry.spacing_mm)
            trees.append(spatial.cKDTree(centres, balanced_tree=False, compact_nodes=False))
        return Border(geometry, mask, start, *trees)

    def distance_mm(self, point_mm: ArrayLike) -> float:
        """Return how far a point in LPS mm is from the nearest face, negative for a point inside."""
        return self.nearest(point_mm)[0]

    def nearest(self, point_mm: ArrayLike) -> tuple[float, Floats]:
        """Return how far the nearest face is (negative inside) and the centre of the voxel behind it, LPS mm.

        For a point outside that voxel is one of the structure's, for a point inside one of the others.
        """
        place = self.geometry.to_index(point_mm)
        voxel = np.asarray(self.geometry.voxel_of(point_mm)) - self.start
        within = bool((voxel >= 0).all() and (voxel < self.mask.shape).all()) and bool(self.mask[tuple(voxel)])
        spacing = np.asarray(self.geometry.spacing_mm)
        distance, centre = _to_boxes(place * spacing, self.outer if within else self.inner, spacing)
        return -distance if within else distance, self.geometry.to_world(centre / spacing)

    def at_least_mm(self, point_mm: ArrayLike) -> float:
        """Return a length that the point is at least away (0 within the box round the structure)."""
        place = self.geometry.to_index(point_mm) - self.start
        beyond = np.maximum(np.maximum(0.5 - place, place - (np.asarray(self.mask.shape) - 1.5)), 0.0)
        if not beyond.any():
            return -float("inf")
        return float(np.linalg.norm(beyond * np.asarray(self.geometry.spacing_mm)))


def _to_boxes(place: Floats, centres: Any, size: Floats) -> tuple[float, Floats]:
    """Return the distance from a place to the nearest of equal boxes of a size round centres, and its centre.

    A box is nearer than its centre by half its diagonal at most, so few of them need to be looked at.
    """
    nearest, _ = centres.query(place)
    index = centres.query_ball_point(place, nearest + float(np.linalg.norm(size)) / 2 + 1e-9)
    beyond = np.maximum(np.abs(centres.data[index] - place) - size / 2, 0.0)
    squares = (beyond**2).sum(axis=1)
    least = int(np.argmin(squares))
    return float(np.sqrt(squares[least])), np.asarray(centres.data[index[least]], float)
