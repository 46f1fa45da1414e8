"""Where a point of one scan of a patient lies in another scan of the same patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.geometry import VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.units import check_range

Floats = NDArray[np.float64]
INVERSE_STEPS = 60
INVERSE_MM = 1e-3


@dataclass(frozen=True, eq=False)
class Transform:
    """A map from LPS mm of the fixed volume to LPS mm of the moving one, with its estimated error.

    A point x goes to ``matrix`` x + ``displacement_mm`` (x). ``matrix`` is 4 x 4; ``displacement_mm`` [3, k, j, i]
    (x, y, z in mm) lies on ``grid`` of the fixed volume, is linear between its nodes and goes on beyond the grid as it
    is at its border; without it the map is affine. ``error_mm`` is None where nothing told it; ``error_kind`` says in
    a line what it is.
    """

    matrix: NDArray[Any]
    error_mm: float | None
    displacement_mm: NDArray[Any] | None = None
    grid: VolumeGeometry | None = None
    error_kind: str = ""

    def __post_init__(self) -> None:
        matrix = read_only(self.matrix, "matrix", ndim=2, dtype=float)
        if matrix.shape != (4, 4):
            raise DataError(f"a transform is a 4 x 4 matrix, not {matrix.shape}")
        object.__setattr__(self, "matrix", matrix)
        if self.error_mm is not None:
            object.__setattr__(self, "error_mm", check_range("error_mm", self.error_mm, 0.0))
        if (self.displacement_mm is None) != (self.grid is None):
            raise DataError("a displacement field and its grid belong together")
        if self.displacement_mm is None or self.grid is None:
            return
        field = read_only(self.displacement_mm, "displacement_mm", ndim=4, dtype=np.float32)
        if field.shape != (3, *self.grid.shape):
            raise DataError(f"a field of {field.shape} is not three components on {self.grid.shape}")
        if not np.isfinite(field).all():
            raise DataError("a displacement field holds values that are not finite")
        object.__setattr__(self, "displacement_mm", field)

    def to_moving(self, points_mm: ArrayLike) -> Floats:
        """Return where points (..., 3) of the fixed volume lie in the moving one, LPS mm."""
        points = np.asarray(points_mm, dtype=np.float64)
        moved: Floats = points @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        if self.grid is not None and self.displacement_mm is not None:
            moved = moved + _between(self.displacement_mm, self.grid.to_index(points))
        return moved

    def to_fixed(self, points_mm: ArrayLike) -> Floats:
        """Return where points (..., 3) of the moving volume lie in the fixed one, LPS mm (by fixed-point iteration).

        Raises ``DataError`` where the field folds over and a point has no one place to come from.
        """
        points = np.asarray(points_mm, dtype=np.float64)
        back = np.linalg.inv(self.matrix)
        at: Floats = points @ back[:3, :3].T + back[:3, 3]
        if self.grid is None or points.size == 0:
            return at
        for _ in range(INVERSE_STEPS):
            miss = (points - self.to_moving(at)) @ back[:3, :3].T
            at = at + miss
            if float(np.abs(miss).max()) < INVERSE_MM:
                return at
        worst = np.argmax(np.abs(miss).max(axis=-1))
        place = ", ".join(f"{value:.1f}" for value in points.reshape(-1, 3)[worst])
        raise DataError("the deformation folds over and cannot be inverted", where=f"{place} mm LPS")


def _between(field: NDArray[Any], index: Floats) -> Floats:
    """Return a field [3, k, j, i] at fractional indices (..., 3), linear, as (..., 3)."""
    limit = np.array(field.shape[1:]) - 1
    held = np.clip(index, 0, limit)
    low = np.minimum(held.astype(int), np.maximum(limit - 1, 0))
    high = np.minimum(low + 1, limit)
    share = held - low
    total = np.zeros(index.shape, np.float64)
    for corner in range(8):
        up = [(corner >> axis) & 1 for axis in range(3)]
        at = tuple((high if up[axis] else low)[..., axis] for axis in range(3))
        weight = np.prod([share[..., axis] if up[axis] else 1.0 - share[..., axis] for axis in range(3)], axis=0)
        for part in range(3):
            total[..., part] += weight * field[part][at]
    return total
