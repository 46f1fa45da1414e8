"""Search for applicator trajectories: every entry on the skin is tried, the feasible ones are ranked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, overload

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
from anatomy_twin.core.plans import LesionPlan
from anatomy_twin.errors import PlanError
from anatomy_twin.plan.check import check_plan
from anatomy_twin.plan.device import Zone, choose_zone, load_device
from anatomy_twin.plan.lesion_propose import propose_lesions
from anatomy_twin.plan.proposal import Proposal
from anatomy_twin.plan.skin_map import EntryMap, best_entries, entry_map
from anatomy_twin.plan.tissues import canonical_labels

Floats = NDArray[np.float64]


@overload
def propose(
    case: Case, kind: Literal["ablation"] = "ablation", target: str = "tumour_1", margin_mm: float = 5.0,
    device: str = "mwa-generic", count: int = 5, monitor: Monitor = SILENT, *,
    weights: Mapping[str, float] | None = None, beside: tuple[Applicator, ...] = (), candidates: int | None = None,
    entries: EntryMap | None = None,
) -> tuple[Proposal[AblationPlan], ...]: ...


@overload
def propose(
    case: Case, kind: Literal["lesions"], target: str = "", *, count: int = 5, monitor: Monitor = SILENT,
    weights: Mapping[str, float] | None = None,
) -> tuple[Proposal[LesionPlan], ...]: ...


def propose(
    case: Case, kind: str = "ablation", target: str | None = None, margin_mm: float = 5.0,
    device: str = "mwa-generic", count: int = 5, monitor: Monitor = SILENT, *,
    weights: Mapping[str, float] | None = None, beside: tuple[Applicator, ...] = (), candidates: int | None = None,
    entries: EntryMap | None = None,
) -> tuple[Proposal[Any], ...]:
    """Return up to ``count`` plans, best first: ablations of ``target`` ("tumour_1") with entries well apart, or
    lesions on a heart chamber (see ``propose_lesions``; of the choices they have ``count`` and ``weights``).

    The heated zone's centre is put on the target's centroid; power and time are the smallest zone of the device's
    table that covers the target and ``margin_mm``. Every voxel of the skin is tried as an entry, or about
    ``candidates``. ``weights`` (cost -> weight) replace those of the limits, ``beside`` are other applicators whose
    tracks are better left alone, ``entries`` is the map where it is at hand (target, device and weights are its own).

    Raises ``PlanError`` for another kind, an unknown target, device or cost, or when no path keeps the hard rules (the
    message tells which rules stop how many percent of the paths).
    """
    if kind == "lesions":
        return propose_lesions(case, target or "", count, monitor, weights=weights)
    if kind != "ablation":
        raise PlanError(f"cannot propose plans of kind {kind!r}", advice="use 'ablation' or 'lesions'")
    target = "tumour_1" if target is None else target
    if entries is None:
        with part_of(monitor, 0.0, 0.8) as inner:
            entries = entry_map(
                case, target, device, weights=weights, beside=beside, candidates=candidates, monitor=inner
            )
    labels = canonical_labels(case.label_map)
    facts = load_device(entries.device)
    chosen = best_entries(entries, count)
    if not chosen:
        stops = ", ".join(f"{name!r} stops {share:.0f} %" for name, share in entries.stops().items())
        raise PlanError(
            f"none of {entries.feasible.size} paths to {entries.target} keeps the hard rules: {stops}",
            advice="plan by hand or take another target",
        )
    points = _target_points(labels, entries.target, np.asarray(entries.centre_mm))
    found = []
    for rank, path in enumerate(chosen, start=1):
        monitor.progress(0.8 + 0.2 * rank / len(chosen))
        check_cancelled(monitor)
        entry, tip = entries.entries_mm[path], entries.tips_mm[path]
        zone = choose_zone(facts, points, (tip - entry) / np.linalg.norm(tip - entry), margin_mm)
        applicator = Applicator(
            entries.device, tuple(entry.tolist()), tuple(tip.tolist()), zone.power_w, zone.duration_s
        )
        plan = AblationPlan(f"{entries.target} {rank}", entries.target, (applicator,), margin_mm)
        check = check_plan(case, plan)
        warning = _too_small(zone, facts)
        cover = f"{_table_of(facts)} promises a zone of {_size_of(zone)}, which covers target and margin"
        cover = f"warning: {warning}" if warning else cover
        cost = float(entries.cost[path])
        found.append(Proposal(plan, check, _why(check, cover, entries, cost), cost, warning))
    return tuple(found)


def _target_points(labels: LabelMap, target: str, centre: Floats) -> Floats:
    """Points of the target relative to its centre (n, 3) in mm: the corners of its surface voxels' boxes, halved."""
    mask = labels.mask(target)
    index = np.argwhere(mask).astype(float)
    faces = [index + 0.5 * sign * np.eye(3)[axis] for axis in range(3) for sign in (-1.0, 1.0)]
    return np.asarray(labels.geometry.to_world(np.vstack(faces)) - centre)


def _too_small(zone: Zone, device: dict[str, Any]) -> str:
    if zone.covers:
        return ""
    return f"the largest zone of {_table_of(device)}, {_size_of(zone)}, does not cover target and margin"


def _table_of(device: dict[str, Any]) -> str:
    return "the device's table" + (" (assumed)" if "zone_table" in device.get("assumed", ()) else "")


def _size_of(zone: Zone) -> str:
    return f"{zone.length_mm:.0f} x {zone.diameter_mm:.0f} mm"


def _why(check: PlanCheck, cover: str, entries: EntryMap, cost: float) -> str:
    facts = ", ".join(f"{item.name} {item.value:g} {item.unit}" for item in check.costs)
    open_rules = [rule.name for rule in check.rules if rule.outcome == "not checked"]
    left = f"; not checked: {', '.join(open_rules)}" if open_rules else ""
    tried = entries.feasible.size
    of_all = f" (thinned from {entries.skin_count} of the skin)" if tried < entries.skin_count else ""
    share = 100.0 * float(entries.feasible.mean())
    among = f"among the {share:.1f} % of {tried} paths{of_all} that keep the hard rules"
    return f"cost {cost:.2f} {among}: {facts}; {cover}{left}"
