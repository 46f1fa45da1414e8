"""Everything that is measured along straight paths; rules and costs of one or of many paths are read off it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, Applicator, Monitor, check_cancelled
from anatomy_twin.core.later import later
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels.ray_fields import least_distance_along, values_at
from anatomy_twin.kernels.rays import walk_to_goal
from anatomy_twin.plan.ground import NORMAL_REACH_MM, Field, Ground, fields_of, limit
from anatomy_twin.plan.tissues import DIGITS, OUTSIDE, Tissues
from anatomy_twin.plan.tracks import length_beside

Floats = NDArray[np.float64]
COST_NAMES = (
    "path length",
    "closeness to structures at risk",
    "angle to the axial plane",
    "organ missing before the target",
    "angle to the normal of the capsule",
    "overlap with other tracks",
)
COST_UNITS = ("mm", "mm", "deg", "mm", "deg", "mm")

ndimage = later("scipy.ndimage")


@dataclass(frozen=True, eq=False)
class Measures:
    """Arrays over n paths; shares are 0 at the entry and 1 at the tip, NaN where nothing is met.

    ``group_mm`` has a column per group of the tissues; ``before_mm`` is the organ's tissue before the target,
    ``target_share`` where the target begins.
    """

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
    thick_unknown_mm: Floats
    thick_unknown_share: Floats
    before_mm: Floats
    target_share: Floats
    tip_class: NDArray[np.uint8]
    costs: Floats

    def place(self, path: int, share: float) -> tuple[float, float, float]:
        """Return the point of a path at a share of its length, LPS mm, rounded to 0.1 mm."""
        point = self.entries_mm[path] + share * (self.tips_mm[path] - self.entries_mm[path])
        return round(float(point[0]), 1), round(float(point[1]), 1), round(float(point[2]), 1)


def tracks_of(applicators: tuple[Applicator, ...]) -> Floats:
    """Return entries and tips of applicators, (t, 2, 3) LPS mm."""
    return np.array([[one.entry_mm, one.tip_mm] for one in applicators], float).reshape(-1, 2, 3)


def measure_paths(
    tissues: Tissues, ground: Ground, entries_mm: Floats, tips_mm: Floats, tracks_mm: Floats | None = None,
    monitor: Monitor = SILENT, fields: Iterable[Field] | None = None,
) -> Measures:
    """Measure paths from ``entries_mm`` to ``tips_mm`` (both (n, 3), LPS mm) in their tissue.

    ``tracks_mm`` (t, 2, 3) are entries and tips of other applicators, ``fields`` what ``fields_of`` gives for the
    tissues, where it is to be seen how long that takes.
    """
    starts, ends = tissues.to_index(entries_mm), tissues.to_index(tips_mm)
    length_mm = np.linalg.norm(tips_mm - entries_mm, axis=1)
    in_class, first, last, before = walk_to_goal(
        tissues.classes, starts, ends, len(tissues.names), tissues.organ_classes, tissues.target_class
    )
    monitor.progress(0.2)
    check_cancelled(monitor)
    met_first = np.where(np.isnan(first), np.inf, first)
    fields = fields_of(tissues, ground) if fields is None else fields
    near, share = _least(tissues, fields, starts, ends, met_first, monitor)
    group_mm, group_share = near[:, :-1], share[:, :-1]
    left = np.where(np.isnan(last[:, OUTSIDE]), 0.0, last[:, OUTSIDE])
    body_first = met_first[:, OUTSIDE + 1:].min(axis=1)
    deep = np.where(np.isfinite(body_first), np.maximum(left - body_first, 0.0), 1.0) * length_mm
    organ = np.minimum(met_first[:, [*tissues.organ_classes, tissues.target_class]].min(axis=1), 1.0)
    before_mm = before * length_mm
    return Measures(
        entries_mm, tips_mm, length_mm, in_class, first, last, group_mm, group_share,
        _skin_mm(tissues, ground, entries_mm, starts), deep,
        in_class[:, list(tissues.unknown_classes)].sum(axis=1) * length_mm, near[:, -1], share[:, -1], before_mm,
        first[:, tissues.target_class], _class_at(tissues, ends), _costs(
            tissues, ground, (entries_mm, tips_mm, length_mm), organ, before_mm, group_mm.min(axis=1), tracks_mm
        ),
    )


def _least(
    tissues: Tissues, fields: Iterable[Field], starts: Floats, ends: Floats, met_first: Floats, monitor: Monitor
) -> tuple[Floats, Floats]:
    """Return the least distance (n, groups + 1) of each path to each group and to unknown tissue, and the share where.

    A path that meets a class of a group (``met_first`` (n, c), the share where, else infinite) is 0 mm away.
    """
    cap, spacing = limit("risk_distance_cap_mm"), tissues.geometry.spacing_mm
    count = len(tissues.groups) + 1
    near, share = np.empty((len(starts), count)), np.empty((len(starts), count))
    classes = [*(group.classes for group in tissues.groups), ()]
    for number, field in enumerate(fields):
        check_cancelled(monitor)
        monitor.progress(0.2 + 0.6 * number / count)
        met = met_first[:, list(classes[number])].min(axis=1) if classes[number] else np.full(len(starts), np.inf)
        near[:, number], share[:, number] = least_distance_along(
            field.values, field.blocks, starts - field.corner, ends - field.corner, spacing, cap, np.isfinite(met)
        )
        share[:, number] = np.where(np.isfinite(met), met, share[:, number])
    return near, share


def _skin_mm(tissues: Tissues, ground: Ground, entries_mm: Floats, starts: Floats) -> Floats:
    """Return how far inside (+) or outside (-) the surface of the body the entries lie."""
    if ground.skin is None:
        return np.full(len(entries_mm), 0.5 * min(tissues.geometry.spacing_mm))
    cap = limit("risk_distance_cap_mm")
    skin_mm = ndimage.map_coordinates(ground.skin, starts.T, order=1, mode="nearest").astype(float)
    skin_mm = np.clip(skin_mm, -cap, cap)
    skin_mm[~tissues.geometry.contains(entries_mm)] = -cap
    return np.asarray(skin_mm)


def _class_at(tissues: Tissues, index: Floats) -> NDArray[np.uint8]:
    """Return the class of the voxel at indices; what is beyond the block is outside."""
    cell = np.floor(index + 0.5).astype(np.int64)
    inside = np.all((cell >= 0) & (cell < tissues.classes.shape), axis=1)
    kinds = tissues.classes[tuple(np.where(inside[:, None], cell, 0).T)]
    return np.where(inside, kinds, OUTSIDE).astype(np.uint8)


def _costs(
    tissues: Tissues, ground: Ground, paths: tuple[Floats, Floats, Floats], organ: Floats, before_mm: Floats,
    nearest_mm: Floats, tracks_mm: Floats | None,
) -> Floats:
    """Return the soft costs (n, 6) in the order of ``COST_NAMES``; NaN where a cost has no meaning.

    ``organ`` is the share of each path where it enters the organ of the target, or the target itself.
    """
    entries_mm, tips_mm, length_mm = paths
    direction = (tips_mm - entries_mm) / length_mm[:, None]
    tilt = np.degrees(np.arcsin(np.clip(np.abs(direction[:, 2]), 0.0, 1.0)))
    missing, angle, beside = (np.full(length_mm.shape, np.nan) for _ in range(3))
    if tissues.organ_classes:
        missing = np.maximum(limit("organ_before_target_mm") - before_mm, 0.0)
        angle = _capsule_angle(tissues, ground, entries_mm + organ[:, None] * (tips_mm - entries_mm), direction)
    if tracks_mm is not None and len(tracks_mm):
        beside = length_beside(entries_mm, tips_mm, tracks_mm, limit("track_distance_mm"))
    return np.column_stack([length_mm, limit("risk_distance_cap_mm") - nearest_mm, tilt, missing, angle, beside])


def _capsule_angle(tissues: Tissues, ground: Ground, points_mm: Floats, direction: Floats) -> Floats:
    """Angle in degrees (0..90) between paths and the normal of the organ's surface where they enter it."""
    if ground.capsule is None:
        return np.full(len(points_mm), np.nan)
    geometry = tissues.geometry
    index = geometry.to_index(points_mm) - ground.capsule_corner
    gradient = np.empty_like(points_mm)
    for axis, shift in enumerate(NORMAL_REACH_MM * np.eye(3)):
        step = geometry.to_index(shift) - geometry.to_index(np.zeros(3))
        ahead, behind = (values_at(ground.capsule, np.round(index + sign * step, DIGITS)) for sign in (1.0, -1.0))
        gradient[:, axis] = ahead - behind
    size = np.linalg.norm(gradient, axis=1)
    cosine = np.abs((gradient * direction).sum(axis=1)) / np.maximum(size, 1e-9)
    return np.where(size > 1e-6, np.degrees(np.arccos(np.clip(cosine, 0.0, 1.0))), np.nan)


def cost_weights(changes: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the weight of each cost, those of the limits with ``changes``.

    Raises ``PlanError`` for a name that is no cost (the message lists them) and for a weight below 0.
    """
    weights = {name: float(catalog.load("limits")["cost_weights"][name]) for name in COST_NAMES}
    for name, value in (changes or {}).items():
        if name not in weights:
            raise PlanError(f"no cost is called {name!r}", advice=f"there are {', '.join(COST_NAMES)}")
        if not 0.0 <= float(value) < np.inf:
            raise PlanError(f"the weight of {name!r} is {value}", advice="give a number that is not negative")
        weights[name] = float(value)
    return weights


def scaled_costs(costs: Floats, shaft_length_mm: float) -> Floats:
    """Return costs (n, 6) as parts of the scale of each, 0 where a cost has no meaning."""
    scale = np.array([
        shaft_length_mm, limit("risk_distance_cap_mm"), 90.0, limit("organ_before_target_mm"), 90.0,
        limit("track_overlap_scale_mm"),
    ])
    return np.asarray(np.nan_to_num(costs / scale, nan=0.0))


def weighted_cost(costs: Floats, shaft_length_mm: float, weights: Mapping[str, float] | None = None) -> Floats:
    """Return one number per path (n,): each cost scaled, weighted (by the catalog where not said) and summed."""
    known = cost_weights(weights)
    weight = np.array([known[name] for name in COST_NAMES])
    return np.asarray((scaled_costs(costs, shaft_length_mm) * weight).sum(axis=1))
