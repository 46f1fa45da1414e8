"""Anatomical slices of volumes, masks and fields in radiological convention.

Every slice view of the package (pictures, window, web page, report) comes through here, so that the patient's right is
on the viewer's left everywhere: axial with anterior up, coronal and sagittal with the head up, sagittal with anterior
on the viewer's left. Slices are planes of the patient (LPS), not of the array: an oblique, flipped or feet-first scan
gives the same picture as an upright one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import Volume, VolumeGeometry, reindex
from anatomy_twin.errors import UsageError
from anatomy_twin.units import Point, check_point, check_positive

Floats = NDArray[np.float64]

# plane: (towards the viewer's right, down the picture), both unit vectors in LPS
DIRECTIONS: Final[dict[str, tuple[Point, Point]]] = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
PLANES: Final = tuple(DIRECTIONS)
_LETTERS: Final = (("R", "L"), ("A", "P"), ("F", "H"))  # towards the negative and the positive end of each LPS axis


def cross(first: Any, second: Any) -> Floats:
    """Return the cross product of two vectors of three numbers, quicker than for arrays of them."""
    (a, b, c), (d, e, f) = first, second
    return np.array([b * f - c * e, c * d - a * f, a * e - b * d], dtype=np.float64)


def letters_of(direction: ArrayLike, *, count: int = 1, least: float = 0.35) -> str:
    """Return the anatomical letters (R, L, A, P, H, F) that a direction in LPS points to.

    Parameters: ``direction`` three numbers; ``count`` how many letters at most, strongest first; further letters are
    given only where their part of the unit vector is at least ``least``.
    """
    vector = np.asarray(direction, dtype=np.float64)
    vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
    order = np.argsort(-np.abs(vector), kind="stable")
    picked = [n for rank, n in enumerate(order[:count]) if rank == 0 or abs(vector[n]) >= least]
    return "".join(_LETTERS[n][int(vector[n] > 0)] for n in picked)


@dataclass(frozen=True, eq=False)
class SlicePlane:
    """A picture plane in the patient: rows go ``down``, columns ``right`` (unit vectors in LPS).

    ``origin_mm`` is the centre of the top-left pixel [0, 0], ``pixel_mm`` the distance between pixels, ``shape`` the
    picture as (rows, columns).
    """

    name: str
    origin_mm: Point
    right: Point
    down: Point
    pixel_mm: float
    shape: tuple[int, int]

    @cached_property
    def normal(self) -> Floats:
        """Unit vector (LPS) that points away from the viewer."""
        return cross(self.right, self.down)

    @property
    def letters(self) -> dict[str, str]:
        """The anatomical letters at the ``left``, ``right``, ``top`` and ``bottom`` edge: two where it lies aslant."""
        right, down = np.asarray(self.right), np.asarray(self.down)
        return {
            "left": letters_of(-right, count=2), "right": letters_of(right, count=2),
            "top": letters_of(-down, count=2), "bottom": letters_of(down, count=2),
        }

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the picture in mm, outer edge to outer edge."""
        return self.shape[1] * self.pixel_mm, self.shape[0] * self.pixel_mm

    def to_world(self, pixel: ArrayLike) -> Floats:
        """Turn pixels (..., 2) as [row, column], fractions allowed, into LPS mm (..., 3)."""
        pixels = np.asarray(pixel, dtype=np.float64) * self.pixel_mm
        return np.asarray(
            np.asarray(self.origin_mm) + pixels[..., :1] * np.asarray(self.down)
            + pixels[..., 1:] * np.asarray(self.right)
        )

    def to_pixel(self, point_mm: ArrayLike) -> Floats:
        """Project LPS mm (..., 3) along the normal and return pixels (..., 2) as [row, column]."""
        offset = np.asarray(point_mm, dtype=np.float64) - np.asarray(self.origin_mm)
        row, column = offset @ np.asarray(self.down), offset @ np.asarray(self.right)
        return np.asarray(np.stack([row, column], axis=-1) / self.pixel_mm)

    def distance_mm(self, point_mm: ArrayLike) -> Floats:
        """Signed distance of points (..., 3) from the plane in mm; positive behind it as the viewer sees it."""
        offset = np.asarray(point_mm, dtype=np.float64) - np.asarray(self.origin_mm)
        return np.asarray(offset @ self.normal)

    def same_plane(self, other: SlicePlane, tolerance_mm: float = 1e-3) -> bool:
        """Tell whether two pictures lie in the same plane, whatever part of it they show."""
        return bool(
            np.allclose(self.normal, other.normal, atol=1e-6) and abs(self.distance_mm(other.origin_mm)) < tolerance_mm
        )


@dataclass(frozen=True, eq=False)
class SliceImage:
    """A sampled slice: float32 [row, column], NaN where there is no data, and the plane it lies in."""

    array: NDArray[np.float32]
    plane: SlicePlane

    @property
    def letters(self) -> dict[str, str]:
        """The anatomical letter at each edge (see ``SlicePlane.letters``)."""
        return self.plane.letters


def plane_through(
    geometry: VolumeGeometry,
    name: str,
    point_mm: ArrayLike,
    *,
    pixel_mm: float | None = None,
    size_mm: tuple[float, float] | None = None,
) -> SlicePlane:
    """Return the anatomical plane ``name`` through a point (LPS mm).

    Parameters: ``geometry`` the grid whose extent the picture shows; ``pixel_mm`` by default the finest spacing of the
    grid; ``size_mm`` (width, height) makes a picture of that size centred on the point instead of the whole grid.
    Raises ``UsageError`` for an unknown plane.
    """
    if name not in DIRECTIONS:
        raise UsageError(f"no plane is called {name!r}", advice=f"use one of {', '.join(PLANES)}")
    right, down = (np.asarray(vector) for vector in DIRECTIONS[name])
    point = np.asarray(check_point("point_mm", point_mm))
    step = check_positive("pixel_mm", min(geometry.spacing_mm) if pixel_mm is None else pixel_mm)
    if size_mm is None:
        corners = geometry.corners_mm()
        across, along = corners @ right, corners @ down
        low = np.array([along.min(), across.min()])
        width, height = np.ptp(across), np.ptp(along)
    else:
        width, height = (check_positive("size_mm", value) for value in size_mm)
        low = np.array([point @ down - height / 2, point @ right - width / 2])
    # rounded first: half a pixel must not depend on the last digit
    shape = (max(1, round(round(float(height / step), 6))), max(1, round(round(float(width / step), 6))))
    normal = np.cross(right, down)
    first = low + step / 2
    origin = first[0] * down + first[1] * right + (point @ normal) * normal
    return SlicePlane(
        name, check_point("origin_mm", origin), check_point("right", right), check_point("down", down), step, shape
    )


def sample(
    array: NDArray[Any],
    geometry: VolumeGeometry,
    plane: SlicePlane,
    *,
    nearest: bool = False,
    outside: float = float("nan"),
) -> NDArray[np.float32]:
    """Sample an array [k, j, i] on ``geometry`` in a plane: float32 [row, column].

    Trilinear between voxel centres, or the nearest voxel; the half voxel beyond the outermost centres belongs to the
    grid. ``outside`` fills what lies outside it.
    """
    axes = geometry.canonical_axes()  # so that a place half-way between two voxels goes to the same one always
    array, geometry = reindex(array, *axes), geometry.reindexed(*axes)
    start = geometry.to_index(plane.origin_mm)
    per_row = geometry.to_index(plane.to_world([1.0, 0.0])) - start
    per_column = geometry.to_index(plane.to_world([0.0, 1.0])) - start
    row_axis, column_axis = _lone_axis(per_row), _lone_axis(per_column)
    if row_axis is not None and column_axis is not None and row_axis != column_axis:
        return _sample_aligned(array, start, per_row, per_column, row_axis, column_axis, plane.shape, nearest, outside)
    rows, columns = np.arange(plane.shape[0])[:, None], np.arange(plane.shape[1])[None, :]
    index = [start[n] + rows * per_row[n] + columns * per_column[n] for n in range(3)]
    return _sample_general(array, index, nearest, outside)


def slice_image(
    volume: Volume,
    plane: str | SlicePlane,
    point_mm: ArrayLike | None = None,
    *,
    pixel_mm: float | None = None,
    size_mm: tuple[float, float] | None = None,
) -> SliceImage:
    """Return a slice of a volume: a plane by name through ``point_mm`` (LPS; default the centre), or a ready plane.

    See ``plane_through`` for ``pixel_mm`` and ``size_mm``.
    """
    if isinstance(plane, str):
        point = volume.geometry.center_mm if point_mm is None else point_mm
        plane = plane_through(volume.geometry, plane, point, pixel_mm=pixel_mm, size_mm=size_mm)
    return SliceImage(sample(volume.array, volume.geometry, plane), plane)


def slice_mask(mask: NDArray[np.bool_], geometry: VolumeGeometry, plane: SlicePlane) -> NDArray[np.bool_]:
    """Return a mask [k, j, i] in a plane, bool [row, column]: the value of the nearest voxel, False outside."""
    return np.asarray(sample(mask, geometry, plane, nearest=True, outside=0.0) > 0.5)


def slice_mask_fraction(mask: NDArray[np.bool_], geometry: VolumeGeometry, plane: SlicePlane) -> NDArray[np.float32]:
    """Return a mask in a plane as 0..1 between voxels: its contour at 0.5 is a smooth outline."""
    return sample(mask, geometry, plane, outside=0.0)


def _lone_axis(step: Floats) -> int | None:
    moving = np.flatnonzero(np.abs(step) > 1e-6 * np.abs(step).max())
    return int(moving[0]) if moving.size == 1 else None


def _weights(position: Floats, size: int, nearest: bool) -> tuple[Any, Any, Any, Any]:
    """Return lower index, upper index, weight of the upper one, and whether the position lies in the grid."""
    inside = (position >= -0.5 - 1e-9) & (position < size - 0.5 + 1e-9)
    held = np.clip(position, 0.0, size - 1.0)
    if nearest:
        lower = np.minimum(np.floor(np.round(held, 6) + 0.5), size - 1).astype(np.intp)
        return lower, lower, np.zeros_like(held), inside
    lower = np.minimum(np.floor(held), max(size - 2, 0)).astype(np.intp)
    return lower, np.minimum(lower + 1, size - 1), held - lower, inside


def _sample_aligned(
    array: NDArray[Any], start: Floats, per_row: Floats, per_column: Floats, row_axis: int, column_axis: int,
    shape: tuple[int, int], nearest: bool, outside: float,
) -> NDArray[np.float32]:
    """Sample along grid axes, one axis after the other: fast enough to scroll."""
    fixed_axis = 3 - row_axis - column_axis
    low, high, weight, inside = _weights(start[fixed_axis : fixed_axis + 1], array.shape[fixed_axis], nearest)
    if not inside[0]:
        return np.full(shape, outside, np.float32)
    picture = np.take(array, low[0], axis=fixed_axis).astype(np.float32)
    if weight[0] > 0:
        upper = np.take(array, high[0], axis=fixed_axis).astype(np.float32)
        picture += np.float32(weight[0]) * (upper - picture)
    if row_axis > column_axis:
        picture = picture.T
    rows = start[row_axis] + per_row[row_axis] * np.arange(shape[0])
    columns = start[column_axis] + per_column[column_axis] * np.arange(shape[1])
    low, high, weight, rows_inside = _weights(rows, array.shape[row_axis], nearest)
    part = weight[:, None].astype(np.float32)
    picture = picture[low] * (1 - part) + picture[high] * part
    low, high, weight, columns_inside = _weights(columns, array.shape[column_axis], nearest)
    part = weight[None, :].astype(np.float32)
    picture = picture[:, low] * (1 - part) + picture[:, high] * part
    picture[~(rows_inside[:, None] & columns_inside[None, :])] = outside
    return picture


def _sample_general(
    array: NDArray[Any], index: list[Floats], nearest: bool, outside: float
) -> NDArray[np.float32]:
    """Sample at any positions: for grids that are oblique to the patient's axes."""
    parts = [_weights(position, size, nearest) for position, size in zip(index, array.shape, strict=True)]
    inside = parts[0][3] & parts[1][3] & parts[2][3]
    picture = np.zeros(inside.shape, np.float32)
    for corner in range(1 if nearest else 8):
        places, share = [], np.ones(inside.shape)
        for axis, (low, high, weight, _) in enumerate(parts):
            upper = bool(corner >> axis & 1)
            places.append(high if upper else low)
            share = share * (weight if upper else 1.0 - weight)
        picture += (array[tuple(places)] * share).astype(np.float32)
    picture[~inside] = outside
    return picture
