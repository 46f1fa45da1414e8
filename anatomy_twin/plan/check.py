"""Check a plan of any author against the patient: hard rules and soft costs of every applicator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Case,
    Cost,
    LabelMap,
    Monitor,
    PlanCheck,
    ResectionPlan,
    Rule,
    check_cancelled,
)
from anatomy_twin.core.plans import LesionPlan, Plan
from anatomy_twin.errors import PlanError
from anatomy_twin.plan.device import load_device
from anatomy_twin.plan.ground import depth_in_organ_mm, lay_ground, limit
from anatomy_twin.plan.lesion_rules import check_lesions
from anatomy_twin.plan.measure import measure_paths, tracks_of
from anatomy_twin.plan.placing import apart_rules, target_in_scan, target_is_lesion, tip_in_air, vessel_named
from anatomy_twin.plan.resection import resection_rules
from anatomy_twin.plan.rules import path_costs, path_rules, setting_rules
from anatomy_twin.plan.tissues import build_tissues, canonical_labels, require_target
from anatomy_twin.units import lps_text


def check_plan(case: Case, plan: Plan, monitor: Monitor = SILENT) -> PlanCheck:
    """Check an ablation or a resection by planes against the segmentation of a case, lesions against its heart chamber.

    Each rule says passed, broken or not checked (its structure is not there), what is hit and where (LPS mm). With
    several applicators the names of rules and costs begin with "applicator N: ".

    Raises ``PlanError`` for another kind of plan, an unknown target (the message lists what there is) or device, or a
    segmentation without a body.
    """
    if isinstance(plan, ResectionPlan):
        return PlanCheck(plan.name, resection_rules(canonical_labels(case.label_map), plan))
    if isinstance(plan, LesionPlan):
        return check_lesions(case, plan)
    if not isinstance(plan, AblationPlan):
        kinds = "ablations, resections by planes and lesions on the heart"
        raise PlanError(f"plan {plan.name!r} is a {type(plan).__name__}; this version checks {kinds} only")
    labels = canonical_labels(case.label_map)
    require_target(labels, plan.target)
    depth_mm = depth_in_organ_mm(labels, plan.target)
    rules: list[Rule] = [target_in_scan(labels, plan.target), *target_is_lesion(labels, plan.target)]
    costs: list[Cost] = []
    for number, applicator in enumerate(plan.applicators, start=1):
        check_cancelled(monitor)
        monitor.progress((number - 1) / len(plan.applicators))
        lead = f"applicator {number}: " if len(plan.applicators) > 1 else ""
        device = load_device(applicator.device)
        ends = np.array([applicator.entry_mm, applicator.tip_mm])
        others = tuple(other for other in plan.applicators if other is not applicator)
        tissues = build_tissues(labels, plan.target, ends, limit("risk_distance_cap_mm"))
        ground = lay_ground(tissues, depth_mm)
        measures = measure_paths(tissues, ground, ends[:1], ends[1:], tracks_of(others))
        along = path_rules(tissues, ground, measures, 0, device)
        found = (
            *(vessel_named(rule, labels) for rule in along), tip_in_air(case, applicator),
            *apart_rules(plan, number - 1), *setting_rules(applicator, device),
        )
        rules += [replace(rule, name=lead + rule.name) for rule in found]
        aim = _aim_cost(labels, plan, ends, device)
        costs += [replace(cost, name=lead + cost.name) for cost in (*path_costs(measures, 0), aim)]
    monitor.progress(1.0)
    return PlanCheck(plan.name, tuple(rules), tuple(costs))


def require_in_body(check: PlanCheck) -> None:
    """Raise ``PlanError`` with the place when a checked plan has an applicator outside the body."""
    named = {rule.name.rpartition(": ")[2]: rule for rule in reversed(check.broken)}
    for name in ("tip inside the body", "entry on the skin", "inside the body"):
        if name in named:
            place = named[name].place_mm
            raise PlanError(
                f"plan {check.plan_name!r}: {named[name].reason}", where="" if place is None else lps_text(place),
                advice="move entry and tip into the body",
            )


def target_center_mm(labels: LabelMap, target: str) -> NDArray[np.float64]:
    """Return the centroid of a structure in LPS mm, rounded to 0.01 mm."""
    index = np.argwhere(labels.mask(target)).mean(axis=0)
    return np.round(np.round(labels.geometry.to_world(index), 6), 2)


def _aim_cost(labels: LabelMap, plan: AblationPlan, ends: NDArray[np.float64], device: dict[str, Any]) -> Cost:
    axis = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    centre = ends[1] - axis * float(device["active_offset_mm"])
    off = float(np.linalg.norm(centre - target_center_mm(labels, plan.target)))
    return Cost("heated centre off the target", round(off, 1), "mm", f"from the centroid of {plan.target}")
