"""Another scan of the patient in the slices of the first: where a registration says that its tissue lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import Transform, Volume
from anatomy_twin.errors import UsageError
from anatomy_twin.kernels.slice_sample import sample_bent
from anatomy_twin.rehearsal.slicing import SlicePlane
from anatomy_twin.units import check_range

MODES: Final = ("fade", "checker")
SQUARE_MM: Final = 20.0
STEP_MM: Final = 4.0  # a deformation is smooth: it is read at so many mm and is linear between


@dataclass(frozen=True, eq=False)
class SecondScan:
    """Scan ``name`` laid over the first: "fade" by a ``share`` 0..1 of it, or "checker" in every second square.

    ``transform`` leads from points of the first scan to those of this one.
    """

    name: str
    volume: Volume
    transform: Transform
    mode: str = "fade"
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(f"no way to lay scans over each other is called {self.mode!r}",
                             advice=f"use one of {', '.join(MODES)}")  # fmt: skip
        check_range("share", self.share, 0.0, 1.0)

    def value_at(self, point_mm: ArrayLike) -> float | None:
        """Return the value at a point (LPS mm) of the first scan, linear; None beyond the second one."""
        index = self.volume.geometry.to_index(self.transform.to_moving(np.asarray(point_mm, float)))
        value = float(_sampled(self.volume, index.reshape(1, 1, 3), 1, (1, 1))[0, 0])
        return None if np.isnan(value) else value


def sample_second(second: SecondScan, plane: SlicePlane) -> NDArray[np.float32]:
    """Return the values of a second scan in a plane of the first: float32 [row, column], NaN beyond it."""
    step = max(round(STEP_MM / plane.pixel_mm), 1)
    rows, columns = (np.arange(-(-(count - 1) // step) + 1) * step for count in plane.shape)
    coarse = plane.to_world(np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).astype(float))
    index = second.volume.geometry.to_index(second.transform.to_moving(coarse))
    return _sampled(second.volume, index, step, plane.shape)


def laid_over(
    first: NDArray[np.float32], second: NDArray[np.float32], how: SecondScan, pixel_mm: float
) -> NDArray[np.float32]:
    """Return a picture of both scans; where one has no values the other one is shown alone in a fade."""
    if how.mode == "checker":
        square = max(SQUARE_MM / pixel_mm, 1.0)
        row, column = ((np.arange(count) - 0.5 * count) // square for count in first.shape)
        odd = (row[:, None] + column[None]) % 2 > 0
        return np.where(odd, second, first).astype(np.float32)
    share = np.float32(how.share)
    if share in (0.0, 1.0):
        return second if share else first
    mixed = (1 - share) * first + share * second
    return np.where(np.isnan(first), second, np.where(np.isnan(second), first, mixed)).astype(np.float32)


def _sampled(volume: Volume, index: NDArray[Any], step: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    result = np.empty(shape, np.float32)
    sample_bent(volume.array, np.ascontiguousarray(index, np.float64), step, np.nan, result)
    return result
