"""Numbers of measurements: lengths, angles, areas, regions with their image values, RECIST diameters."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours, points_in_poly

from anatomy_twin.core import (
    Angle,
    Area,
    Ball,
    Diameters,
    Distance,
    LabelMap,
    Measurement,
    Quantity,
    Volume,
    VolumeGeometry,
)
from anatomy_twin.core.later import later
from anatomy_twin.errors import DataError
from anatomy_twin.rehearsal.cropping import cut_to
from anatomy_twin.units import check_point

spatial = later("scipy.spatial")

Floats = NDArray[np.float64]

MOST_SAMPLES: Final = 250_000
LINES: Final = 400  # across a lesion, in search of its longest diameter at right angles


def measured(measurement: Measurement, volume: Volume) -> tuple[Quantity, ...]:
    """Return the numbers of one measurement, the leading one first; image values in the volume's units."""
    sizes = sized(measurement)
    if isinstance(measurement, Area):
        return (*sizes, *_values(volume, _points_in_outline(measurement, volume.geometry)))
    if isinstance(measurement, Ball):
        return (*sizes, *_values(volume, _points_in_ball(measurement, volume.geometry)))
    return sizes


def sized(measurement: Measurement) -> tuple[Quantity, ...]:
    """Return the numbers of a measurement that need no image: lengths, angle, area, volume."""
    if isinstance(measurement, Distance):
        return (_number("distance_mm", "Distance", _length(measurement.start_mm, measurement.end_mm), "mm"),)
    if isinstance(measurement, Angle):
        return (_number("angle_deg", "Angle", _angle_deg(measurement), "deg"),)
    if isinstance(measurement, Diameters):
        long = _length(measurement.long_start_mm, measurement.long_end_mm)
        short = _length(measurement.short_start_mm, measurement.short_end_mm)
        return (_number("long_mm", "Longest diameter", long, "mm"), _number("short_mm", "Across it", short, "mm"))
    if isinstance(measurement, Area):
        return (_number("area_mm2", "Area", _area_mm2(measurement), "mm2"),)
    size = 4.0 / 3.0 * np.pi * measurement.radius_mm**3 / 1000.0
    return (_number("volume_ml", "Volume", size, "ml"),)


def lesion_diameters(labels: LabelMap, name: str, title: str) -> Diameters:
    """Return the RECIST diameters of a segment, called ``title``: longest diameter of any slice, longest chord across.

    Slices are those of the scan that are nearest to axial; the outline runs between voxel centres, so a diameter is
    that of the outline and not of voxel centres. Raises ``DataError`` where the segment has no voxels.
    """
    labels = cut_to(labels, name)
    labels = labels.reindexed(*labels.geometry.canonical_axes())
    mask = labels.mask(name)
    best: tuple[float, Floats] | None = None
    for k in np.flatnonzero(mask.any(axis=(1, 2))):
        for contour in find_contours(np.pad(mask[k], 1).astype(float), 0.5):
            index = np.column_stack([np.full(len(contour), float(k)), contour - 1.0])
            outline = np.asarray(labels.geometry.to_world(index))
            length, ends = _longest(outline)
            if best is None or length > best[0] + 1e-6:
                best = length, np.concatenate([ends, outline])
    if best is None:
        raise DataError(f"{name} has no voxels to measure")
    ends, outline = best[1][:2], best[1][2:]
    across = _chord(outline, ends)
    points = [check_point("point", np.round(point, 2)) for point in (*ends, *across)]
    return Diameters(title, *points, target=name)


def _number(name: str, label: str, value: float, unit: str) -> Quantity:
    return Quantity(name, label, round(float(value), 2), unit)


def _length(one_mm: tuple[float, ...], other_mm: tuple[float, ...]) -> float:
    return float(np.linalg.norm(np.subtract(one_mm, other_mm)))


def _angle_deg(angle: Angle) -> float:
    one, other = np.subtract(angle.first_mm, angle.vertex_mm), np.subtract(angle.second_mm, angle.vertex_mm)
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)))


def _normal(points: Floats) -> Floats:
    """Return the normal of an outline, of twice its area (Newell's sum over its edges)."""
    return np.asarray(np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0))


def _area_mm2(area: Area) -> float:
    points = np.asarray(area.points_mm)
    return float(np.linalg.norm(_normal(points - points[0]))) / 2.0


def _values(volume: Volume, index: NDArray[np.int64]) -> tuple[Quantity, ...]:
    unit = volume.units if volume.units == "HU" else ""
    if not len(index):
        return (Quantity("mean", "Mean", None, unit, "", "not checked", note="no voxel lies in it"),)
    values = volume.array[tuple(index.T)].astype(np.float64)
    named = {"mean": values.mean(), "sd": values.std(ddof=1) if len(values) > 1 else 0.0, "least": values.min(),
             "greatest": values.max()}  # fmt: skip
    labels = {"mean": "Mean", "sd": "Standard deviation", "least": "Least", "greatest": "Greatest"}
    note = f"{len(values)} voxels"
    return tuple(Quantity(key, labels[key], round(float(value), 1), unit, note=note) for key, value in named.items())


def _points_in_outline(area: Area, geometry: VolumeGeometry) -> NDArray[np.int64]:
    """Return the indices of the voxels that an outline's inner points lie in, each once."""
    points = np.asarray(area.points_mm)
    normal = _normal(points - points[0])
    if np.linalg.norm(normal) < 1e-9:
        return np.zeros((0, 3), np.int64)
    normal = normal / np.linalg.norm(normal)
    right = points[np.argmax(np.linalg.norm(points - points[0], axis=1))] - points[0]
    right = right / np.linalg.norm(right)
    right = right - (right @ normal) * normal
    right = right / np.linalg.norm(right)
    down = np.cross(normal, right)
    flat = np.stack([(points - points[0]) @ right, (points - points[0]) @ down], axis=1)
    size = np.ptp(flat, axis=0)
    step = max(0.5 * min(geometry.spacing_mm), float(np.sqrt(max(size.prod(), 1e-12) / MOST_SAMPLES)))
    grid = np.stack(np.meshgrid(*(np.arange(low + step / 2, low + extent, step)
                                  for low, extent in zip(flat.min(axis=0), size, strict=True))), axis=-1)  # fmt: skip
    inner = grid.reshape(-1, 2)
    inner = inner[points_in_poly(inner, flat)]
    return _voxels(points[0] + inner[:, :1] * right + inner[:, 1:] * down, geometry)


def _points_in_ball(ball: Ball, geometry: VolumeGeometry) -> NDArray[np.int64]:
    reach = np.ceil(ball.radius_mm / np.asarray(geometry.spacing_mm)).astype(int) + 1
    centre = np.round(geometry.to_index(ball.centre_mm)).astype(int)
    low, high = np.maximum(centre - reach, 0), np.minimum(centre + reach + 1, geometry.shape)
    if (high <= low).any():
        return np.zeros((0, 3), np.int64)
    index = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1).reshape(-1, 3)
    inside = np.linalg.norm(geometry.to_world(index) - np.asarray(ball.centre_mm), axis=1) <= ball.radius_mm
    return np.asarray(index[inside], np.int64)


def _voxels(points_mm: Floats, geometry: VolumeGeometry) -> NDArray[np.int64]:
    inside = np.asarray(geometry.contains(points_mm), bool).reshape(-1)
    return np.unique(np.asarray(geometry.voxel_of(points_mm[inside]), np.int64), axis=0)


def _longest(outline: Floats) -> tuple[float, Floats]:
    """Return the greatest distance between two points of a flat outline, and the two points."""
    flat = outline - outline.mean(axis=0)
    axes = np.linalg.svd(flat, full_matrices=False)[2][:2]
    try:
        corners = outline[spatial.ConvexHull(flat @ axes.T).vertices]
    except spatial.QhullError:  # a line
        corners = outline
    apart = np.linalg.norm(corners[:, None] - corners[None], axis=-1)
    one, other = np.unravel_index(int(np.argmax(np.round(apart, 6))), apart.shape)
    return float(apart[one, other]), corners[[one, other]]


def _chord(outline: Floats, ends: Floats) -> Floats:
    """Return the ends of the longest chord of a flat closed outline at right angles to the line between two points."""
    along = ends[1] - ends[0]
    length = float(np.linalg.norm(along))
    along = along / length
    flat = outline - ends[0]
    side = flat - (flat @ along)[:, None] * along
    across = side[np.argmax(np.linalg.norm(side, axis=1))]
    across = across / max(float(np.linalg.norm(across)), 1e-12)
    u, v = flat @ along, flat @ across
    places = np.linspace(0.0, length, LINES + 2)[1:-1]
    line, low, high = _pieces(u, v, places)
    inside = points_in_poly(np.stack([places[line], 0.5 * (low + high)], axis=1), np.stack([u, v], axis=1))
    line, low, high = line[inside], low[inside], high[inside]
    if not line.size:
        return np.stack([ends[0], ends[0]])
    best = int(np.argmax(np.round(high - low, 8)))  # of equally long ones the first
    foot = ends[0] + places[line[best]] * along
    return np.stack([foot + low[best] * across, foot + high[best] * across])


def _pieces(u: Floats, v: Floats, places: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return the pieces into which a closed outline (u, v) divides lines at right angles to u.

    Each as the number of its line (at ``places``) and its two heights, line by line, the lower pieces first.
    """
    before, after = u[:-1] - places[:, None], u[1:] - places[:, None]
    line, edge = np.nonzero(before * after <= 0.0)
    step = u[edge + 1] - u[edge]
    share = np.where(np.abs(step) > 1e-12, -before[line, edge] / np.where(np.abs(step) > 1e-12, step, 1.0), 0.0)
    height = np.round(v[edge] + share * (v[edge + 1] - v[edge]), 9)
    order = np.lexsort((height, line))
    line, height = line[order], height[order]
    next_up = (line[1:] == line[:-1]) & (height[1:] > height[:-1])
    return line[:-1][next_up], height[:-1][next_up], height[1:][next_up]
