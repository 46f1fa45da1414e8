"""Every entry on the skin for a target: which are feasible, what stops the others, what each costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, Applicator, Case, Monitor, check_cancelled, part_of
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels.pareto import pareto_rows
from anatomy_twin.plan.check import target_center_mm
from anatomy_twin.plan.device import load_device
from anatomy_twin.plan.entries import skin_entries
from anatomy_twin.plan.ground import depth_in_organ_mm, lay_ground, limit
from anatomy_twin.plan.measure import (
    COST_NAMES,
    COST_UNITS,
    cost_weights,
    measure_paths,
    tracks_of,
    weighted_cost,
)
from anatomy_twin.plan.rules import broken_by_rule, unchecked_rules
from anatomy_twin.plan.tissues import build_tissues, canonical_labels, require_body, require_target

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EntryMap:
    """The entries of one target, in an order that does not depend on the order of the scan's array.

    Attributes
    ----------
    target, device : what is aimed at and with what.
    centre_mm : where the heat is put, LPS mm.
    entries_mm, tips_mm : (n, 3) LPS mm, read-only.
    rules : names of the hard rules.
    broken : (rules, n) which entry breaks which rule.
    unchecked : rule -> why no entry can be said to keep it.
    feasible : (n,) no rule is broken.
    stopped_by : (n,) the number of the rule that stops an entry and most others, -1 where none does.
    cost_names, cost_units : of the columns of ``costs``.
    costs : (n, 6) mm or degrees, NaN where a cost has no meaning.
    weights : cost -> weight.
    cost : (n,) weighted sum of the scaled costs.
    pareto : places of the feasible entries that no other feasible one is better than in one cost without being worse
        in another, the cheapest first.
    skin_count : how many voxels of the skin are within reach; more than n where they were thinned.
    """

    target: str
    device: str
    centre_mm: tuple[float, float, float]
    entries_mm: Floats
    tips_mm: Floats
    rules: tuple[str, ...]
    broken: NDArray[np.bool_]
    unchecked: Mapping[str, str]
    feasible: NDArray[np.bool_]
    stopped_by: NDArray[np.int64]
    costs: Floats
    weights: Mapping[str, float]
    cost: Floats
    pareto: NDArray[np.int64]
    skin_count: int
    cost_names: tuple[str, ...] = COST_NAMES
    cost_units: tuple[str, ...] = COST_UNITS

    def __post_init__(self) -> None:
        for value in (getattr(self, name) for name in self.__dataclass_fields__):
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def stops(self) -> dict[str, float]:
        """Return how many percent of the entries each rule stops, the strictest first; only rules that stop any."""
        shares = {name: 100.0 * float(flags.mean()) for name, flags in zip(self.rules, self.broken, strict=True)}
        return {name: shares[name] for name in sorted(shares, key=lambda name: (-shares[name], name)) if shares[name]}

    def nearest(self, point_mm: Any, reach_mm: float = np.inf, *, feasible: bool = False) -> int:
        """Return the place of the (feasible) entry nearest to a point (LPS mm), -1 where none is within reach."""
        gaps = np.linalg.norm(self.entries_mm - np.asarray(point_mm, float), axis=1)
        if feasible:
            gaps = np.where(self.feasible, gaps, np.inf)
        if not gaps.size or not gaps.min() <= reach_mm or not np.isfinite(gaps.min()):
            return -1
        return int(np.argmin(np.round(gaps, 6)))

    def reasons(self, entry: int) -> tuple[str, ...]:
        """Name the rules that an entry breaks."""
        return tuple(name for name, flags in zip(self.rules, self.broken, strict=True) if flags[entry])


def entry_map(
    case: Case, target: str = "tumour_1", device: str = "mwa-generic", *, weights: Mapping[str, float] | None = None,
    beside: tuple[Applicator, ...] = (), centre_mm: Any = None, candidates: int | None = None,
    monitor: Monitor = SILENT,
) -> EntryMap:
    """Try every voxel of the skin as an entry for a target and return the map of it.

    Parameters
    ----------
    weights : cost -> weight; those of the limits where not said (see ``reweighted``).
    beside : other applicators, of this plan or of earlier ones; tracks that run along them cost.
    centre_mm : where the heat is put, LPS mm; the centroid of the target by default.
    candidates : at most about so many entries; by default the number in the limits, far above what a scan has.

    Raises
    ------
    PlanError
        For an unknown target, device or cost, a map without a body, or no skin within reach of the shaft.
    """
    known = cost_weights(weights)
    labels = canonical_labels(case.label_map)
    require_target(labels, target)
    require_body(labels)
    facts = load_device(device)
    centre = target_center_mm(labels, target) if centre_mm is None else np.round(np.asarray(centre_mm, float), 2)
    shaft_mm, offset_mm = float(facts["shaft_length_mm"]), float(facts["active_offset_mm"])
    most = int(limit("candidates")) if candidates is None else candidates
    entries, skin_count = skin_entries(labels, centre, shaft_mm - offset_mm, most)
    away = centre - entries
    size = np.linalg.norm(away, axis=1)[:, None]
    entries, away, size = entries[size[:, 0] > 1.0], away[size[:, 0] > 1.0], size[size[:, 0] > 1.0]
    if entries.shape[0] == 0:
        raise PlanError(f"no skin within the {shaft_mm:g} mm of the shaft", where=target, advice="take another device")
    tips = np.round(centre + offset_mm * away / size, 2)
    monitor.progress(0.2)
    check_cancelled(monitor)
    tissues = build_tissues(labels, target, np.vstack([entries, tips]), limit("risk_distance_cap_mm"))
    ground = lay_ground(tissues, depth_in_organ_mm(labels, target), skin=False)
    with part_of(monitor, 0.4, 0.9) as inner:
        measures = measure_paths(tissues, ground, entries, tips, tracks_of(tuple(beside)), inner)
    broken = broken_by_rule(tissues, ground, measures, shaft_mm)
    flags = np.array(list(broken.values()))
    feasible = np.asarray(~flags.any(axis=0))
    costs = np.round(measures.costs, 6)
    found = EntryMap(
        target, device, (float(centre[0]), float(centre[1]), float(centre[2])), entries, tips, tuple(broken), flags,
        FrozenMapping(unchecked_rules(tissues, ground)), feasible, _stopped_by(flags), costs,
        FrozenMapping(known), np.zeros(len(entries)), pareto_entries(costs, feasible), skin_count,
    )
    return reweighted(found, known)


def reweighted(entries: EntryMap, weights: Mapping[str, float] | None = None) -> EntryMap:
    """Return the map with other weights (those of the limits where not said); nothing is measured again.

    Which entries are feasible, and which are better than others in no cost without being worse in another, does not
    depend on weights. Raises ``PlanError`` for a name that is no cost and for a weight below 0.
    """
    known = cost_weights(weights)
    shaft_mm = float(load_device(entries.device)["shaft_length_mm"])
    cost = np.round(weighted_cost(entries.costs, shaft_mm, known), 6)
    front = np.sort(entries.pareto)
    order = np.lexsort((*entries.entries_mm[front].T[::-1], cost[front]))
    return replace(entries, weights=FrozenMapping(known), cost=cost, pareto=front[order])


def best_entries(entries: EntryMap, count: int, *, pareto: bool = False, apart_mm: float | None = None) -> list[int]:
    """Return the places of the cheapest feasible entries (of the Pareto set) that keep a distance from each other.

    Ties go by the place of the entry. The distance is that of the limits where ``apart_mm`` is not said.
    """
    apart = limit("entry_distance_mm") if apart_mm is None else apart_mm
    if pareto:
        order = entries.pareto
    else:
        feasible = np.flatnonzero(entries.feasible)
        order = feasible[np.lexsort((*entries.entries_mm[feasible].T[::-1], entries.cost[feasible]))]
    chosen: list[int] = []
    left = order
    while left.size and len(chosen) < count:
        chosen.append(int(left[0]))
        left = left[np.linalg.norm(entries.entries_mm[left] - entries.entries_mm[left[0]], axis=1) >= apart]
        left = left[left != chosen[-1]]
    return chosen


def _stopped_by(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each entry the rule that it breaks, of several the one that stops most entries; -1 for none."""
    order = np.argsort(-flags.sum(axis=1), kind="stable")
    first = np.argmax(flags[order], axis=0)
    return np.where(flags.any(axis=0), order[first], -1)


def pareto_entries(costs: Floats, feasible: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the places of the feasible entries that no other dominates, with costs as fine as a hand can keep them."""
    steps = catalog.load("limits")["cost_steps"]
    step = np.array([float(steps[name]) for name in COST_NAMES])
    places = np.flatnonzero(feasible)
    return places[pareto_rows(np.round(np.nan_to_num(costs[places], nan=0.0) / step))]
