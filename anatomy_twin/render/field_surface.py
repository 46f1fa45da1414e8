"""Colours on surfaces: a field of a result as it is at each point, and what a resection would take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.plans import PlaneCut, ResectionPlan
from anatomy_twin.rehearsal import FieldSeries
from anatomy_twin.rehearsal.slice_paint import FIELD_STOPS

RGB = tuple[int, int, int]
REMOVED: Final[RGB] = (255, 84, 60)
DENSE: Final = 0.68  # opacity of what is taken away: denser than what stays, so that it is read without colour too
SOFT_EDGE_MM: Final = 0.8  # half the width of the change between two colours beside a plane
STOPS: Final = np.array(FIELD_STOPS, float)


def field_at(series: FieldSeries, snapshot: int, points_mm: NDArray[Any]) -> NDArray[np.float32]:
    """Return a field of a result at points (N, 3) in LPS mm, trilinear; NaN outside of its grid."""
    from scipy.ndimage import map_coordinates

    index = series.geometry.to_index(points_mm).T
    size = np.asarray(series.geometry.shape)[:, None]
    inside = ((index >= -0.5) & (index <= size - 0.5)).all(axis=0)
    found = np.full(index.shape[1], np.nan, np.float32)
    held = np.clip(index[:, inside], 0, size - 1)
    found[inside] = map_coordinates(np.asarray(series.values[snapshot]), held, order=1, output=np.float32)
    return found


def scale_colours(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Return RGB (N, 3) of values on the scale from ``low`` to ``high``; beyond it the colours of its ends."""
    place = np.clip((np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-9), 0.0, 1.0) * (len(STOPS) - 1)
    return np.stack([np.interp(place, np.arange(len(STOPS)), STOPS[:, n]) for n in range(3)], axis=-1).astype(np.uint8)


def field_painter(series: FieldSeries, snapshot: int, colour: RGB, opacity: float) -> Any:
    """Return a painter of surfaces by a field (see ``value_painter``)."""
    return value_painter(lambda points: field_at(series, snapshot, points), series.range, colour, opacity)


def value_painter(
    values_at: Callable[[NDArray[Any]], NDArray[Any]], scale: tuple[float, float], colour: RGB, opacity: float
) -> Any:
    """Return a painter of surfaces by the values at their points, on a scale from its low to its high end.

    It fades in over the lowest tenth of the scale above its least value.
    """
    low, high = scale

    def paint(points: NDArray[Any], normals: NDArray[Any]) -> NDArray[np.uint8] | None:
        values = values_at(points)
        share = np.clip((np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-9) * 10.0, 0.0, 1.0)
        if not share.any():
            return None
        rgb = scale_colours(values, low, high)
        mixed = share[:, None] * rgb + (1.0 - share[:, None]) * np.asarray(colour, float)
        # where there is something to read the surface is less seen through
        alpha = 255.0 * (opacity + share * max(0.0, 0.85 - opacity))
        return np.column_stack([mixed, alpha]).astype(np.uint8)

    return paint


def beyond(plan: ResectionPlan, points_mm: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far points (N, 3) lie on the removed side of a plan's planes, in mm; negative in what stays.

    Planes are combined as the plan says: removed is what lies beyond any of them, or beyond all of them.
    """
    planes = [cut for cut in plan.cuts if isinstance(cut, PlaneCut)]
    if not planes:
        return np.full(len(points_mm), -np.inf)
    depths = [(np.asarray(points_mm) - np.asarray(cut.point_mm)) @ np.asarray(cut.normal) for cut in planes]
    return np.asarray(np.max(depths, axis=0) if plan.combination == "any" else np.min(depths, axis=0))


def cut_painter(plan: ResectionPlan, colour: RGB, opacity: float, removed: RGB = REMOVED) -> Any:
    """Return a painter that colours what a resection plan's planes take away."""

    def paint(points: NDArray[Any], normals: NDArray[Any]) -> NDArray[np.uint8] | None:
        share = np.clip(0.5 + beyond(plan, points) / (2.0 * SOFT_EDGE_MM), 0.0, 1.0)[:, None]
        mixed = share * np.asarray(removed, float) + (1.0 - share) * np.asarray(colour, float)
        alpha = 255.0 * (opacity + share[:, 0] * max(0.0, DENSE - opacity))
        return np.column_stack([mixed, alpha]).astype(np.uint8)

    return paint
