"""Smooth random fields in patient coordinates: the same whatever grid they are sampled on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@dataclass(frozen=True, eq=False)
class SmoothNoise:
    """A random field with about unit variance whose bumps are about ``spacing_mm`` wide (cubic B-spline lattice)."""

    lattice: NDArray[np.float64]
    spacing_mm: float
    low_mm: tuple[float, float, float]

    @staticmethod
    def draw(
        rng: np.random.Generator, spacing_mm: float, low_mm: tuple[float, float, float],
        high_mm: tuple[float, float, float],
    ) -> SmoothNoise:
        """Draw a field for the box ``low_mm`` to ``high_mm`` (x, y, z)."""
        size = [int(np.ceil((high - low) / spacing_mm)) + 4 for low, high in zip(low_mm, high_mm, strict=True)]
        # a cubic B-spline lattice of white noise has variance (151/315)^3; this brings it back to one
        lattice = rng.standard_normal(size[::-1]) / (151.0 / 315.0) ** 1.5
        return SmoothNoise(lattice, spacing_mm, low_mm)

    def on(self, x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float32]:
        """Sample on the grid of upright axes ``x`` (I,), ``y`` (J,), ``z`` (K,) in mm: float32 [k, j, i]."""
        values = self.lattice
        for axis, coordinate, low in ((0, z, self.low_mm[2]), (1, y, self.low_mm[1]), (2, x, self.low_mm[0])):
            moved = np.ascontiguousarray(np.moveaxis(values, axis, 0))
            flat = _spline_along(moved.reshape(moved.shape[0], -1), (coordinate - low) / self.spacing_mm + 1.0)
            values = np.moveaxis(flat.reshape(-1, *moved.shape[1:]), 0, axis)
        return np.ascontiguousarray(values, dtype=np.float32)

    def at(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sample at points (N, 3) in mm."""
        index = (np.asarray(points_mm, float) - self.low_mm) / self.spacing_mm + 1.0
        return np.asarray(_spline_points(self.lattice, index))


@njit(cache=True)
def _spline_along(values, index):  # type: ignore[no-untyped-def] # noqa: ANN001
    """Uniform cubic B-spline over the first axis of ``values`` (L, M) at fractional ``index`` (N,)."""
    result = np.zeros((index.size, values.shape[1]))
    last = values.shape[0] - 1
    for n in range(index.size):
        base = int(np.floor(index[n]))
        t = index[n] - base
        weights = (
            (1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6,
        )
        for tap in range(4):
            row = min(max(base - 1 + tap, 0), last)
            for m in range(values.shape[1]):
                result[n, m] += weights[tap] * values[row, m]
    return result


@njit(cache=True)
def _spline_points(lattice, index):  # type: ignore[no-untyped-def] # noqa: ANN001
    """Uniform tricubic B-spline over ``lattice`` [k, j, i] at fractional ``index`` (N, 3) in x, y, z order."""
    result = np.zeros(index.shape[0])
    weights = np.zeros((3, 4))
    base = np.zeros(3, np.int64)
    for n in range(index.shape[0]):
        for axis in range(3):
            base[axis] = int(np.floor(index[n, axis]))
            t = index[n, axis] - base[axis]
            weights[axis] = np.array([
                (1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6,
            ])
        for c in range(4):
            k = min(max(base[2] - 1 + c, 0), lattice.shape[0] - 1)
            for b in range(4):
                j = min(max(base[1] - 1 + b, 0), lattice.shape[1] - 1)
                for a in range(4):
                    i = min(max(base[0] - 1 + a, 0), lattice.shape[2] - 1)
                    result[n] += weights[2, c] * weights[1, b] * weights[0, a] * lattice[k, j, i]
    return result
