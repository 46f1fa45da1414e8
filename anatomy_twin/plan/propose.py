"""Search for applicator trajectories: every entry on the skin is tried, the feasible ones are ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Applicator,
    Case,
    LabelMap,
    Monitor,
    PlanCheck,
    check_cancelled,
    part_of,
)
from anatomy_twin.errors import PlanError
from anatomy_twin.plan.check import check_plan, target_center_mm
from anatomy_twin.plan.device import Zone, choose_zone, load_device
from anatomy_twin.plan.entries import skin_entries
from anatomy_twin.plan.measure import limit, measure_paths, weighted_cost
from anatomy_twin.plan.rules import broken_by_rule
from anatomy_twin.plan.tissues import build_tissues, canonical_labels, require_body, require_target

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that was found, its check, one line why it stands where it does, and its weighted cost.

    ``warning`` says what the plan cannot keep although no rule speaks of it: a zone that is too small.
    """

    plan: AblationPlan
    check: PlanCheck
    why: str
    cost: float
    warning: str = ""


def propose(
    case: Case, kind: str = "ablation", target: str = "tumour_1", margin_mm: float = 5.0,
    device: str = "mwa-generic", count: int = 5, monitor: Monitor = SILENT, *, candidates: int = 20_000,
) -> tuple[Proposal, ...]:
    """Return up to ``count`` ablation plans for ``target``, best first, with entries well apart.

    The heated zone's centre is put on the target's centroid; power and time are the smallest zone of the device's
    table that covers the target and ``margin_mm``. About ``candidates`` entries on the skin are tried.

    Raises ``PlanError`` for another kind, an unknown target or device, or when no path keeps the hard rules (the
    message tells which rules stop how many percent of the paths).
    """
    if kind != "ablation":
        raise PlanError(f"cannot propose plans of kind {kind!r}", advice="this version proposes 'ablation'")
    labels = canonical_labels(case.label_map)
    require_target(labels, target)
    require_body(labels)
    facts = load_device(device)
    centre = target_center_mm(labels, target)
    shaft_mm, offset_mm = float(facts["shaft_length_mm"]), float(facts["active_offset_mm"])
    entries = skin_entries(labels, centre, shaft_mm - offset_mm, candidates)
    if entries.shape[0] == 0:
        raise PlanError(f"no skin within the {shaft_mm:g} mm of the shaft", where=target, advice="take another device")
    away = centre - entries
    tips = np.round(centre + offset_mm * away / np.linalg.norm(away, axis=1)[:, None], 2)
    monitor.progress(0.2)
    check_cancelled(monitor)
    tissues = build_tissues(labels, target, np.vstack([entries, tips]), limit("risk_distance_cap_mm"))
    with part_of(monitor, 0.3, 0.8) as inner:
        measures = measure_paths(tissues, entries, tips, inner)
    broken = broken_by_rule(tissues, measures, shaft_mm)
    feasible = np.flatnonzero(~np.any(list(broken.values()), axis=0))
    if feasible.size == 0:
        raise PlanError(
            f"none of {entries.shape[0]} paths to {target} keeps the hard rules: {_stops(broken)}",
            advice="plan by hand or take another target",
        )
    cost = np.round(weighted_cost(measures.costs, shaft_mm), 6)
    chosen = _spread(entries, cost, feasible, count)
    points = _target_points(labels, target, centre)
    share = 100.0 * feasible.size / entries.shape[0]
    found = []
    for rank, path in enumerate(chosen, start=1):
        monitor.progress(0.8 + 0.2 * rank / len(chosen))
        check_cancelled(monitor)
        zone = choose_zone(facts, points, (tips[path] - entries[path]) / measures.length_mm[path], margin_mm)
        applicator = Applicator(
            device, tuple(entries[path].tolist()), tuple(tips[path].tolist()), zone.power_w, zone.duration_s
        )
        plan = AblationPlan(f"{target} {rank}", target, (applicator,), margin_mm)
        check = check_plan(case, plan)
        warning = _too_small(zone, facts)
        cover = f"{_table_of(facts)} promises a zone of {_size_of(zone)}, which covers target and margin"
        cover = f"warning: {warning}" if warning else cover
        why = _why(check, cover, share, entries.shape[0], float(cost[path]))
        found.append(Proposal(plan, check, why, float(cost[path]), warning))
    return tuple(found)


def _target_points(labels: LabelMap, target: str, centre: Floats) -> Floats:
    """Points of the target relative to its centre (n, 3) in mm: the corners of its surface voxels' boxes, halved."""
    mask = labels.mask(target)
    index = np.argwhere(mask).astype(float)
    faces = [index + 0.5 * sign * np.eye(3)[axis] for axis in range(3) for sign in (-1.0, 1.0)]
    return np.asarray(labels.geometry.to_world(np.vstack(faces)) - centre)


def _spread(entries: Floats, cost: Floats, feasible: NDArray[np.int64], count: int) -> list[int]:
    """Pick the cheapest feasible paths whose entries keep their distance; ties go by the place of the entry."""
    order = sorted(feasible.tolist(), key=lambda n: (cost[n], *entries[n]))
    apart = limit("entry_distance_mm")
    chosen: list[int] = []
    for path in order:
        if len(chosen) == count:
            break
        if all(np.linalg.norm(entries[path] - entries[other]) >= apart for other in chosen):
            chosen.append(path)
    return chosen


def _stops(broken: dict[str, NDArray[np.bool_]]) -> str:
    """Tell which rules stop how many percent of the paths, the strictest first."""
    shares = {name: 100.0 * float(flags.mean()) for name, flags in broken.items() if flags.any()}
    order = sorted(shares, key=lambda name: (-shares[name], name))
    return ", ".join(f"{name!r} stops {shares[name]:.0f} %" for name in order)


def _too_small(zone: Zone, device: dict[str, Any]) -> str:
    if zone.covers:
        return ""
    return f"the largest zone of {_table_of(device)}, {_size_of(zone)}, does not cover target and margin"


def _table_of(device: dict[str, Any]) -> str:
    return "the device's table" + (" (assumed)" if "zone_table" in device.get("assumed", ()) else "")


def _size_of(zone: Zone) -> str:
    return f"{zone.length_mm:.0f} x {zone.diameter_mm:.0f} mm"


def _why(check: PlanCheck, cover: str, share: float, tried: int, cost: float) -> str:
    facts = ", ".join(f"{item.name} {item.value:g} {item.unit}" for item in check.costs)
    open_rules = [rule.name for rule in check.rules if rule.outcome == "not checked"]
    left = f"; not checked: {', '.join(open_rules)}" if open_rules else ""
    return f"cost {cost:.2f} among the {share:.1f} % of {tried} paths that keep the hard rules: {facts}; {cover}{left}"
