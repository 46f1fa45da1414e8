"""What a hand draws, as voxels: a brush that grows with every move, and an outline that is filled.

A ``Region`` is a block of voxels on upright axes (k to the head, j to the back, i to the left), whichever way the
array of a label map runs; ``cover`` and ``uncover`` put it into a segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import UsageError
from anatomy_twin.segmentation.editing.desk import Box, Mask
from anatomy_twin.units import check_positive

LARGEST_RADIUS_MM: Final = 100.0
ROUNDING: Final = 1e-9
ALIGNED: Final = 0.99999  # so near to an axis of the grid, all its slices are cut alike
SLACK_VOXELS: Final = 24  # a block that has to grow grows by so much more

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Region:
    """Voxels on upright axes: ``mask`` bool [k, j, i], its first voxel at index ``start`` of the upright grid."""

    start: tuple[int, int, int]
    mask: Mask

    @property
    def box(self) -> Box:
        """The slices of the block on upright axes."""
        k, j, i = (slice(a, a + n) for a, n in zip(self.start, self.mask.shape, strict=True))
        return k, j, i

    @property
    def empty(self) -> bool:
        """True where it holds no voxel."""
        return not self.mask.any()

    def geometry(self, upright: VolumeGeometry) -> VolumeGeometry:
        """Return the grid of the block, cut from the upright grid that it was made for."""
        k, j, i = self.mask.shape
        return upright.cropped(self.start, (k, j, i))


def slab_mm(geometry: VolumeGeometry, normal: ArrayLike) -> float:
    """Return how thick a slice of a grid is along a unit vector (LPS): the width of a voxel seen that way."""
    along = np.abs(geometry.direction.T @ np.asarray(normal, dtype=np.float64))
    return float(along @ np.asarray(geometry.spacing_mm))


class Stroke:
    """What a brush covers while it is drawn.

    Parameters
    ----------
    geometry : the upright grid.
    radius_mm : of the brush. Voxels are covered whose centre lies within it, and those that the stroke runs through.
    normal : unit vector (LPS) of the slice that a disc lies in, which is then one voxel thick; None for a ball.
    """

    def __init__(self, geometry: VolumeGeometry, radius_mm: float, normal: ArrayLike | None = None) -> None:
        self.geometry = geometry
        self.radius_mm = check_positive("the radius of the brush in mm", radius_mm, LARGEST_RADIUS_MM)
        self._steps = np.asarray(geometry.spacing_mm)
        self._normal = None if normal is None else geometry.direction.T @ np.asarray(normal, dtype=np.float64)
        self._half = 0.0 if normal is None else 0.5 * slab_mm(geometry, np.asarray(normal))
        self._reach = self._reach_voxels()
        self._last: Floats | None = None
        self._low = self._high = np.zeros(3, dtype=int)  # what is covered lies here
        self._start = np.zeros(3, dtype=int)  # and this is what the block begins at
        self._block: Mask = np.zeros((0, 0, 0), dtype=bool)

    def extend(self, point_mm: ArrayLike) -> Region | None:
        """Draw on to a point (LPS mm); returns what this piece covers, None where that lies off the grid."""
        there = self.geometry.to_index(point_mm)
        here = there if self._last is None else self._last
        self._last = there
        low = np.clip(np.ceil(np.minimum(here, there) - self._reach - ROUNDING).astype(int), 0, self.geometry.shape)
        high = np.clip(np.floor(np.maximum(here, there) + self._reach + ROUNDING).astype(int) + 1, 0,
                       self.geometry.shape)  # fmt: skip
        if np.any(high <= low):
            return None
        piece = self._piece(low, high, here, there)
        if not piece.any():
            return None
        self._make_room(low, high)
        place = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, self._start, strict=True))
        self._block[place] |= piece
        return Region((int(low[0]), int(low[1]), int(low[2])), piece)

    @property
    def region(self) -> Region:
        """All that is covered so far; an empty region before anything is."""
        place = tuple(slice(a - s, b - s) for a, b, s in zip(self._low, self._high, self._start, strict=True))
        k, j, i = (int(n) for n in self._low)
        return Region((k, j, i), self._block[place])

    def _reach_voxels(self) -> Floats:
        if self._normal is None:
            reach = np.full(3, self.radius_mm)
        else:
            flat = np.sqrt(np.maximum(1.0 - self._normal**2, 0.0))
            reach = self.radius_mm * flat + self._half * np.abs(self._normal)
        return np.asarray(np.maximum(reach / self._steps, 0.5))

    def _piece(self, low: Any, high: Any, here: Floats, there: Floats) -> Mask:
        """Cover, in a box, all within the radius of the straight piece between two points (index coordinates)."""
        offset = []
        for axis in range(3):
            shape = [1, 1, 1]
            shape[axis] = int(high[axis] - low[axis])
            along = np.arange(low[axis], high[axis], dtype=np.float64).reshape(shape)
            offset.append((along - here[axis]) * self._steps[axis])
        way = (there - here) * self._steps
        flat = way if self._normal is None else way - (way @ self._normal) * self._normal
        length = float(flat @ flat)
        share: Any = 0.0
        if length > 0:
            share = np.clip(sum(o * w for o, w in zip(offset, flat, strict=True)) / length, 0.0, 1.0)
        apart = [o - share * w for o, w in zip(offset, way, strict=True)]
        squared = sum(a * a for a in apart)
        if self._normal is None:
            covered = squared <= self.radius_mm**2 * (1 + ROUNDING)
        else:
            depth = sum(a * n for a, n in zip(apart, self._normal, strict=True))
            covered = squared - depth * depth <= self.radius_mm**2 * (1 + ROUNDING)
            covered &= (depth >= -self._half - 1e-6) & (depth < self._half - 1e-6)
        result = np.broadcast_to(covered, tuple(int(n) for n in high - low)).copy()
        self._run_through(result, low, here, there)
        return result

    def _run_through(self, piece: Mask, low: Any, here: Floats, there: Floats) -> None:
        """Cover the voxels that the piece runs through: a brush finer than a voxel leaves no gaps."""
        if self.radius_mm >= 0.75 * float(np.linalg.norm(self._steps)):
            return
        length = float(np.linalg.norm((there - here) * self._steps))
        count = min(int(4.0 * length / float(self._steps.min())) + 2, 10_000)
        samples = here + np.linspace(0.0, 1.0, count)[:, None] * (there - here)
        voxels = self.geometry.voxel_of(self.geometry.to_world(samples)) - low
        inside = voxels[np.all((voxels >= 0) & (voxels < piece.shape), axis=1)]
        piece[tuple(inside.T)] = True

    def _make_room(self, low: Any, high: Any) -> None:
        """Let the block reach over a box."""
        first = self._block.size == 0
        self._low = low.copy() if first else np.minimum(self._low, low)
        self._high = high.copy() if first else np.maximum(self._high, high)
        end = self._start + self._block.shape
        if not first and np.all(low >= self._start) and np.all(high <= end):
            return
        start = self._low.copy() if first else np.where(low < self._start, low - SLACK_VOXELS, self._start)
        stop = self._high.copy() if first else np.where(high > end, high + SLACK_VOXELS, end)
        start, stop = np.maximum(start, 0), np.minimum(stop, self.geometry.shape)
        block = np.zeros(tuple(int(n) for n in stop - start), dtype=bool)
        if not first:
            place = tuple(slice(a - s, a - s + n) for a, s, n in
                          zip(self._start, start, self._block.shape, strict=True))  # fmt: skip
            block[place] = self._block
        self._start, self._block = start, block


def outlined(
    geometry: VolumeGeometry, outline_mm: ArrayLike, normal: ArrayLike, *, through: bool = False
) -> Region:
    """Return the voxels inside a closed outline that was drawn on a slice.

    Parameters
    ----------
    geometry : the upright grid.
    outline_mm : (n, 3) LPS mm, at least three points; what it encloses by the even-odd rule counts.
    normal : unit vector (LPS) of the slice. ``through``: all slices behind and before it too, not that one alone.

    Raises ``UsageError`` for fewer than three points.
    """
    points = np.asarray(outline_mm, dtype=np.float64).reshape(-1, 3)
    if len(points) < 3:
        raise UsageError("an outline needs three points", advice="draw around a region")
    frame = geometry.direction
    index = geometry.to_index(points)
    toward = frame.T @ np.asarray(normal, dtype=np.float64)
    axis = int(np.argmax(np.abs(toward)))
    right = np.zeros(3)
    right[(axis + 2) % 3] = 1.0
    right -= (right @ toward) * toward
    right /= np.linalg.norm(right)
    down = np.cross(toward, right)
    steps = np.asarray(geometry.spacing_mm)
    half = 0.5 * slab_mm(geometry, np.asarray(normal))
    level = float(np.mean(index * steps @ toward))
    low, high = _prism(index, toward, steps, half, geometry.shape, through)
    mask = np.zeros(tuple(int(n) for n in np.maximum(high - low, 0)), dtype=bool)
    region = Region((int(low[0]), int(low[1]), int(low[2])), mask)
    if not mask.size:
        return region
    polygon = np.stack([index * steps @ right, index * steps @ down], axis=1)
    others = [n for n in range(3) if n != axis]
    one, two = np.meshgrid(*(np.arange(low[n], high[n]) * steps[n] for n in others), indexing="ij")
    flat: Mask | None = None
    for number in range(int(low[axis]), int(high[axis])):
        depth = one * toward[others[0]] + two * toward[others[1]] + number * steps[axis] * toward[axis] - level
        near = np.ones(one.shape, dtype=bool) if through else (depth >= -half - 1e-6) & (depth < half - 1e-6)
        if not near.any():
            continue
        if flat is None or abs(toward[axis]) < ALIGNED:
            places = [one * w[others[0]] + two * w[others[1]] + number * steps[axis] * w[axis] for w in (right, down)]
            flat = inside_polygon(places[0].ravel(), places[1].ravel(), polygon).reshape(one.shape)
        place: list[Any] = [slice(None)] * 3
        place[axis] = number - int(low[axis])
        mask[tuple(place)] = flat & near
    return region


def _prism(index: Floats, toward: Floats, steps: Floats, half: float, shape: Any, through: bool) -> tuple[Any, Any]:
    """Return the first and the last but one voxel of the box that holds an outline and its depth."""
    depth = float(np.linalg.norm(np.asarray(shape) * steps)) if through else half
    reach = depth * np.abs(toward) / steps
    low = np.clip(np.ceil(index.min(0) - reach - ROUNDING).astype(int), 0, shape)
    high = np.clip(np.floor(index.max(0) + reach + ROUNDING).astype(int) + 1, 0, shape)
    return low, high


def inside_polygon(x: Floats, y: Floats, polygon: Floats) -> Mask:
    """Tell for points whether they lie inside a closed polygon (m, 2) by the even-odd rule.

    Points are sorted by ``y`` once, so that each edge looks only at those beside it.
    """
    order = np.argsort(y, kind="stable")
    px, py = x[order], y[order]
    inside = np.zeros(len(px), dtype=bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        first, last = np.searchsorted(py, (min(y1, y2), max(y1, y2)), side="left")
        if last > first:
            cross = x1 + (py[first:last] - y1) / (y2 - y1) * (x2 - x1)
            inside[first:last] ^= px[first:last] < cross
    result = np.empty(len(px), dtype=bool)
    result[order] = inside
    return result
