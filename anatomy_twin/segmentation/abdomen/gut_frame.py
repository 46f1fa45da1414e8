"""Where the retroperitoneal organs are looked for: mm from the aorta and from the height of kidneys and spleen.

Pancreas and duodenum cross before the aorta at a height that kidneys and spleen tell better than the diaphragm does.
A course (a list of usual places in these coordinates) is followed plane by plane with dynamic programming.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.kernels.seg_circles import best_path
from anatomy_twin.segmentation.ground.working_grid import Image, Mask, Masks

# middles of the organs above the middle of both kidneys, mm: adults lying on the back (assumed, +- 12)
ABOVE_KIDNEYS_MM: Final = {"kidney_right": -3.0, "kidney_left": 3.0, "spleen": 47.0}


@dataclass(frozen=True, eq=False)
class GutFrame:
    """Per slice the middle (column) and front face (row) of the aorta in voxels, and the height in mm.

    ``up_mm`` [k] counts from the middle between the kidneys; ``spacing_mm`` of the grid.
    """

    column: Image
    row: Image
    up_mm: Image
    spacing_mm: float
    shape: tuple[int, int, int]

    @property
    def left_mm(self) -> Image:
        """Mm to the patient's left of the middle of the aorta, [k, 1, i]."""
        i = np.arange(self.shape[2], dtype=np.float32)
        return ((i[None, :] - self.column[:, None]) * self.spacing_mm)[:, None, :].astype(np.float32)

    @property
    def front_mm(self) -> Image:
        """Mm before the front face of the aorta, [k, j, 1]."""
        j = np.arange(self.shape[1], dtype=np.float32)
        return ((self.row[:, None] - j[None, :]) * self.spacing_mm)[:, :, None].astype(np.float32)


def find_gut_frame(masks: Masks, spacing_mm: float) -> GutFrame | None:
    """Return the frame.

    None without an aorta, without a kidney or spleen that is seen whole from top to bottom, and where the liver lies
    left of the aorta: in mirrored organs the usual courses mean nothing.
    """
    aorta, liver = masks.get("aorta"), masks.get("liver")
    if aorta is None or not aorta.any():
        return None
    if liver is not None and liver.any() and _middle_column(liver) > _middle_column(aorta):
        return None
    slices = np.flatnonzero(aorta.any(axis=(1, 2)))
    heights = []
    for name, above in ABOVE_KIDNEYS_MM.items():
        mask = masks.get(name)
        # cut by the border of the scan it has its middle elsewhere
        if mask is None or not mask.any() or mask[0].any() or mask[-1].any():
            continue
        amount = mask.sum(axis=(1, 2))
        heights.append(float(np.average(np.arange(amount.size), weights=amount)) * spacing_mm - above)
    if not heights or slices.size * spacing_mm < 30.0:
        return None
    area = aorta.sum(axis=(1, 2))
    columns = (aorta.sum(axis=1) @ np.arange(aorta.shape[2]))[slices] / area[slices]
    rows = np.array([float(np.argmax(aorta[k].any(axis=1))) for k in slices])
    every, smooth = np.arange(aorta.shape[0]), 6.0 / spacing_mm
    column = ndimage.gaussian_filter1d(np.interp(every, slices, columns), smooth, mode="nearest")
    row = ndimage.gaussian_filter1d(np.interp(every, slices, rows), smooth, mode="nearest")
    up = every * spacing_mm - float(np.median(heights))
    return GutFrame(
        column.astype(np.float32), row.astype(np.float32), up.astype(np.float32), spacing_mm, aorta.shape  # type: ignore[arg-type]
    )


def _middle_column(mask: Mask) -> float:
    amount = mask.sum(axis=(0, 1))
    return float(np.average(np.arange(amount.size), weights=amount))


@dataclass(frozen=True, eq=False)
class Window:
    """A part of the volume with the aorta in the same place of every slice: [up, front, left]."""

    slices: NDArray[np.int64]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    up_mm: Image
    front_mm: Image
    left_mm: Image

    def take(self, volume: NDArray[Any], outside: float = 0.0) -> NDArray[Any]:
        """Return the values of a volume in the window."""
        inside = (self.rows >= 0) & (self.rows < volume.shape[1])
        across = (self.columns >= 0) & (self.columns < volume.shape[2])
        k = self.slices[:, None, None]
        rows = np.clip(self.rows, 0, volume.shape[1] - 1)[:, :, None]
        columns = np.clip(self.columns, 0, volume.shape[2] - 1)[:, None, :]
        return np.where(inside[:, :, None] & across[:, None, :], volume[k, rows, columns], outside)

    def put(self, values: Mask, shape: tuple[int, int, int]) -> Mask:
        """Return a mask of the volume that holds the window's."""
        result = np.zeros(shape, dtype=bool)
        k, j, i = np.nonzero(values)
        rows, columns = self.rows[k, j], self.columns[k, i]
        good = (rows >= 0) & (rows < shape[1]) & (columns >= 0) & (columns < shape[2])
        result[self.slices[k[good]], rows[good], columns[good]] = True
        return result


def window_of(
    frame: GutFrame, up_mm: tuple[float, float], front_mm: tuple[float, float], left_mm: tuple[float, float]
) -> Window | None:
    """Return the window between the given limits; None where less than 30 mm of its height is in the scan."""
    step = frame.spacing_mm
    slices = np.flatnonzero((frame.up_mm >= up_mm[0]) & (frame.up_mm <= up_mm[1]))
    if slices.size * step < 30.0:
        return None
    front = np.arange(front_mm[0], front_mm[1] + step, step, dtype=np.float32)
    left = np.arange(left_mm[0], left_mm[1] + step, step, dtype=np.float32)
    rows = np.rint(frame.row[slices, None] - front[None] / step).astype(np.int64)
    columns = np.rint(frame.column[slices, None] + left[None] / step).astype(np.int64)
    return Window(slices, rows, columns, frame.up_mm[slices], front, left)


def follow(score: Image, move_cost: float, reach: int = 2) -> NDArray[np.int64]:
    """Return the best path (row, column) through the planes of ``score`` [plane, row, column]."""
    stack = np.ascontiguousarray(score[:, None], dtype=np.float32)
    return best_path(stack, reach, move_cost, 0.0)[:, 1:]


def course_at(course: NDArray[np.float64], at: Image, axis: int) -> tuple[Image, Image]:
    """Return the two other coordinates of a course (N, 3: left, up, front mm) where ``axis`` has the values ``at``."""
    order = np.argsort(course[:, axis], kind="stable")
    others = [n for n in range(3) if n != axis]
    first, second = (np.interp(at, course[order, axis], course[order, n]) for n in others)
    return first.astype(np.float32), second.astype(np.float32)
