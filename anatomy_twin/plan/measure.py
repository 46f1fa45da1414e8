"""Everything that is measured along straight paths; rules and costs of one or of many paths are read off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.core.later import later
from anatomy_twin.kernels.distance import distance_mm, signed_distance_mm
from anatomy_twin.kernels.rays import least_along, walk_paths
from anatomy_twin.plan.tissues import OUTSIDE, Tissues

Floats = NDArray[np.float64]
COST_NAMES = (
    "path length",
    "closeness to structures at risk",
    "angle to the axial plane",
    "organ missing before the target",
    "angle to the normal of the capsule",
)

ndimage = later("scipy.ndimage")


def limit(name: str) -> float:
    """Return a number of the planning section of the limits."""
    return float(catalog.load("limits")["planning"][name]["value"])


@dataclass(frozen=True, eq=False)
class Measures:
    """Arrays over n paths; shares are 0 at the entry and 1 at the tip, NaN where nothing is met."""

    entries_mm: Floats
    tips_mm: Floats
    length_mm: Floats
    in_class: Floats
    first: Floats
    last: Floats
    group_mm: Floats
    group_share: Floats
    skin_mm: Floats
    deep_outside_mm: Floats
    unknown_mm: Floats
    costs: Floats

    def place(self, path: int, share: float) -> tuple[float, float, float]:
        """Return the point of a path at a share of its length, LPS mm, rounded to 0.1 mm."""
        point = self.entries_mm[path] + share * (self.tips_mm[path] - self.entries_mm[path])
        return round(float(point[0]), 1), round(float(point[1]), 1), round(float(point[2]), 1)


def measure_paths(tissues: Tissues, entries_mm: Floats, tips_mm: Floats, monitor: Monitor = SILENT) -> Measures:
    """Measure paths from ``entries_mm`` to ``tips_mm`` (both (n, 3), LPS mm) in their tissue."""
    starts, ends = tissues.to_index(entries_mm), tissues.to_index(tips_mm)
    length_mm = np.linalg.norm(tips_mm - entries_mm, axis=1)
    in_class, first, last = walk_paths(tissues.classes, starts, ends, len(tissues.names))
    cap = limit("risk_distance_cap_mm")
    spacing = tissues.geometry.spacing_mm
    group_mm = np.full((starts.shape[0], len(tissues.groups)), cap)
    group_share = np.ones_like(group_mm)
    for number, group in enumerate(tissues.groups):
        check_cancelled(monitor)
        monitor.progress(number / (len(tissues.groups) + 1))
        mask = tissues.is_any(group.classes)
        if not group.classes or not mask.any():
            continue
        field = np.maximum(distance_mm(mask, spacing, cap + min(spacing)) - 0.5 * min(spacing), 0.0)
        near, share = least_along(field.astype(np.float32), starts, ends)
        met = in_class[:, list(group.classes)].sum(axis=1) > 0.0
        reached = np.where(np.isnan(first), np.inf, first)[:, list(group.classes)].min(axis=1)
        group_mm[:, number] = np.where(met, 0.0, np.minimum(near, cap))
        group_share[:, number] = np.where(met, reached, share)
    body = tissues.classes != OUTSIDE
    skin = signed_distance_mm(body, spacing, cap + min(spacing))
    skin_mm = np.clip(ndimage.map_coordinates(skin, starts.T, order=1, mode="nearest").astype(float), -cap, cap)
    skin_mm[~tissues.geometry.contains(entries_mm)] = -cap
    body_first = np.where(np.isnan(first[:, 1:]), np.inf, first[:, 1:]).min(axis=1)
    left = np.where(np.isnan(last[:, OUTSIDE]), 0.0, last[:, OUTSIDE])
    deep = np.where(np.isfinite(body_first), np.maximum(left - body_first, 0.0), 1.0) * length_mm
    return Measures(
        entries_mm, tips_mm, length_mm, in_class, first, last, group_mm, group_share, skin_mm, deep,
        in_class[:, list(tissues.unknown_classes)].sum(axis=1) * length_mm,
        _costs(tissues, entries_mm, tips_mm, length_mm, first, group_mm.min(axis=1)),
    )


def _costs(
    tissues: Tissues, entries_mm: Floats, tips_mm: Floats, length_mm: Floats, first: Floats, nearest_mm: Floats
) -> Floats:
    """Return the soft costs (n, 5) in the order of ``COST_NAMES``; NaN where a cost has no meaning."""
    direction = (tips_mm - entries_mm) / length_mm[:, None]
    tilt = np.degrees(np.arcsin(np.clip(np.abs(direction[:, 2]), 0.0, 1.0)))
    count = length_mm.shape[0]
    missing, angle = np.full(count, np.nan), np.full(count, np.nan)
    if tissues.organ_classes:
        inside = np.where(np.isnan(first), np.inf, first)
        target = np.minimum(inside[:, tissues.target_class], 1.0)
        organ = np.minimum(inside[:, list(tissues.organ_classes)].min(axis=1), target)
        missing = np.maximum(limit("organ_before_target_mm") - (target - organ) * length_mm, 0.0)
        angle = _capsule_angle(tissues, entries_mm + organ[:, None] * (tips_mm - entries_mm), direction)
    return np.column_stack([length_mm, limit("risk_distance_cap_mm") - nearest_mm, tilt, missing, angle])


def _capsule_angle(tissues: Tissues, points_mm: Floats, direction: Floats, reach_mm: float = 3.0) -> Floats:
    """Angle in degrees (0..90) between paths and the normal of the organ's surface where they enter it."""
    mask = tissues.is_any((*tissues.organ_classes, tissues.target_class))
    field = signed_distance_mm(mask, tissues.geometry.spacing_mm, 4.0 * reach_mm)
    gradient = np.empty_like(points_mm)
    for axis in range(3):
        shift = np.zeros(3)
        shift[axis] = reach_mm
        ahead, behind = (
            ndimage.map_coordinates(field, tissues.to_index(points_mm + sign * shift).T, order=1, mode="nearest")
            for sign in (1.0, -1.0)
        )
        gradient[:, axis] = ahead - behind
    size = np.linalg.norm(gradient, axis=1)
    cosine = np.abs((gradient * direction).sum(axis=1)) / np.maximum(size, 1e-9)
    return np.where(size > 1e-6, np.degrees(np.arccos(np.clip(cosine, 0.0, 1.0))), np.nan)


def weighted_cost(costs: Floats, shaft_length_mm: float) -> Floats:
    """Return one number per path (n,): each cost scaled to 0..1, weighted by the catalog and summed."""
    scale = np.array([shaft_length_mm, limit("risk_distance_cap_mm"), 90.0, limit("organ_before_target_mm"), 90.0])
    weights = catalog.load("limits")["cost_weights"]
    weight = np.array([float(weights[name]) for name in COST_NAMES])
    return np.asarray((np.nan_to_num(costs / scale, nan=0.0) * weight).sum(axis=1))
