"""Where the voxels of an image are in the patient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import DataError
from anatomy_twin.units import Point, check_point, check_positive

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VolumeGeometry:
    """The regular grid of a volume in patient coordinates (LPS, mm).

    Arrays are indexed [k, j, i]; everything here is in that order. Column ``n`` of ``direction`` is the unit vector
    (LPS) of one step along array axis ``n``, so column 0 is the step from slice to slice. ``origin_mm`` is the centre
    of voxel [0, 0, 0]. Only this class turns indices into millimetres and back.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    direction: Floats
    origin_mm: Point
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        shape = tuple(int(size) for size in self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise DataError(f"shape {self.shape!r} is not three positive sizes [k, j, i]")
        spacing = tuple(check_positive("spacing_mm", value) for value in self.spacing_mm)
        if len(spacing) != 3:
            raise DataError(f"spacing_mm {self.spacing_mm!r} is not three numbers")
        direction = read_only(self.direction, "direction", ndim=2, dtype=np.float64)
        if direction.shape != (3, 3) or not np.allclose(direction.T @ direction, np.eye(3), atol=1e-4):
            raise DataError("direction is not an orthonormal 3 x 3 matrix")
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "spacing_mm", spacing)
        object.__setattr__(self, "direction", direction)
        object.__setattr__(self, "origin_mm", check_point("origin_mm", self.origin_mm))

    @staticmethod
    def upright(
        shape: tuple[int, int, int],
        spacing_mm: tuple[float, float, float],
        origin_mm: Point = (0.0, 0.0, 0.0),
        frame_of_reference_uid: str = "",
    ) -> VolumeGeometry:
        """Return a grid whose k goes to the head, j to the back and i to the patient's left."""
        direction = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
        return VolumeGeometry(shape, spacing_mm, direction, origin_mm, frame_of_reference_uid)

    @cached_property
    def affine(self) -> Floats:
        """The 4 x 4 matrix from index [k, j, i, 1] to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.direction * np.asarray(self.spacing_mm)
        matrix[:3, 3] = self.origin_mm
        return read_only(matrix, "affine")

    @cached_property
    def inverse_affine(self) -> Floats:
        """The 4 x 4 matrix from LPS mm to index [k, j, i]."""
        return read_only(np.linalg.inv(self.affine), "inverse_affine")

    @property
    def voxel_volume_ml(self) -> float:
        """The volume of one voxel in ml."""
        # multiplied in one order whichever way the axes are indexed: the last digit is the same
        return float(np.prod(sorted(self.spacing_mm))) / 1000.0

    @property
    def center_mm(self) -> Point:
        """The centre of the grid in LPS mm."""
        return check_point("center_mm", self.to_world((np.asarray(self.shape) - 1) / 2.0))

    def to_world(self, index: ArrayLike) -> Floats:
        """Turn indices (..., 3) in [k, j, i] order, fractions allowed, into LPS mm (..., 3)."""
        points = np.asarray(index, dtype=np.float64)
        return np.asarray(points @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_index(self, point_mm: ArrayLike) -> Floats:
        """Turn LPS mm (..., 3) into fractional indices (..., 3) in [k, j, i] order."""
        points = np.asarray(point_mm, dtype=np.float64)
        return np.asarray(points @ self.inverse_affine[:3, :3].T + self.inverse_affine[:3, 3])

    def contains(self, point_mm: ArrayLike) -> NDArray[np.bool_]:
        """Tell for points (..., 3) in LPS mm whether they lie in a voxel of the grid (see ``voxel_of``)."""
        voxel = self._voxel(point_mm)
        return np.asarray(np.all((voxel >= 0) & (voxel < np.asarray(self.shape)), axis=-1))

    def voxel_of(self, point_mm: ArrayLike) -> NDArray[np.int64]:
        """Return the indices (..., 3) of the voxels that hold points (..., 3) in LPS mm, also beyond the grid.

        A point on the face between two voxels (to a millionth of a voxel) belongs to the one further to the head, the
        back or the left, whichever way the array runs.
        """
        return self._voxel(point_mm).astype(np.int64)

    def _voxel(self, point_mm: ArrayLike) -> Floats:
        index = np.round(self.to_index(point_mm), 6)
        return np.where(self._runs_back, np.ceil(index - 0.5), np.floor(index + 0.5))

    @cached_property
    def _runs_back(self) -> NDArray[np.bool_]:
        """For each array axis: whether it runs against the canonical one."""
        order, flips = self.canonical_axes()
        backwards = np.zeros(3, dtype=bool)
        backwards[list(order)] = flips
        return backwards

    def nearest_voxel(self, point_mm: ArrayLike) -> tuple[int, int, int]:
        """Return the index [k, j, i] of the voxel that holds a point; ``DataError`` if the point is outside."""
        if not bool(self.contains(point_mm)):
            place = ", ".join(f"{value:.1f}" for value in np.asarray(point_mm, dtype=float))
            raise DataError("point lies outside the scan", where=f"{place} mm LPS")
        k, j, i = (int(value) for value in self.voxel_of(point_mm))
        return k, j, i

    def corners_mm(self) -> Floats:
        """Return the 8 outer corners (voxel edges, not centres) in LPS mm, shape (8, 3)."""
        sides = [(-0.5, size - 0.5) for size in self.shape]
        return self.to_world(np.array(np.meshgrid(*sides, indexing="ij")).reshape(3, -1).T)

    def cropped(self, start: tuple[int, int, int], shape: tuple[int, int, int]) -> VolumeGeometry:
        """Return the grid of the block that begins at index ``start``."""
        return replace(self, shape=shape, origin_mm=check_point("origin_mm", self.to_world(start)))

    def canonical_axes(self) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
        """Return (order, flips) that make k go most nearly to the head, j to the back and i to the left.

        Apply with ``reindex`` to the array and ``reindexed`` to this geometry. Where two axes are as near as each
        other (a grid turned by 45 degrees), the patient decides and not the array: the one that leans more to the
        left, then more to the back, is taken. So the same grid in another order of axes gives the same canonical one.
        """
        order: list[int] = []
        flips: list[bool] = []
        for world_axis in (2, 1, 0):
            free = [axis for axis in range(3) if axis not in order]
            axis = max(free, key=partial(self._nearness, world_axis))
            order.append(axis)
            flips.append(bool(self.direction[world_axis, axis] < 0))
        return (order[0], order[1], order[2]), (flips[0], flips[1], flips[2])

    def _nearness(self, world_axis: int, axis: int) -> tuple[float, ...]:
        """Rank an array axis by its part along a world axis; equal ones by where that way along them leads."""
        column = self.direction[:, axis]
        ahead = column if column[world_axis] >= 0 else -column
        return (round(float(ahead[world_axis]), 6), *(float(part) for part in ahead))

    def reindexed(self, order: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> VolumeGeometry:
        """Return the same grid with its axes reordered and then flipped, as ``reindex`` does to an array."""
        corner = [self.shape[axis] - 1 if flip else 0 for axis, flip in zip(order, flips, strict=True)]
        start = np.zeros(3)
        start[list(order)] = corner
        signs = np.where(flips, -1.0, 1.0)
        return replace(
            self,
            shape=(self.shape[order[0]], self.shape[order[1]], self.shape[order[2]]),
            spacing_mm=(self.spacing_mm[order[0]], self.spacing_mm[order[1]], self.spacing_mm[order[2]]),
            direction=self.direction[:, list(order)] * signs,
            origin_mm=check_point("origin_mm", self.to_world(start)),
        )

    def is_close(self, other: VolumeGeometry, tolerance_mm: float = 1e-3) -> bool:
        """Tell whether two grids have the same voxels, corner by corner, within ``tolerance_mm``."""
        return self.shape == other.shape and bool(
            np.allclose(self.corners_mm(), other.corners_mm(), rtol=0.0, atol=tolerance_mm)
        )


def reindex(array: NDArray[Any], order: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> NDArray[Any]:
    """Return a view of ``array`` [..., k, j, i] with its last three axes reordered and then flipped."""
    lead = array.ndim - 3
    view = np.transpose(array, (*range(lead), *(axis + lead for axis in order)))
    steps = tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)
    return view[(..., *steps)]


def inverse_axes(
    order: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Return the (order, flips) that undo ``reindex`` with the given ones."""
    back = tuple(order.index(axis) for axis in range(3))
    undone = tuple(flips[axis] for axis in back)
    return (back[0], back[1], back[2]), (undone[0], undone[1], undone[2])
