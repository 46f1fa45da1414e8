"""The chain from a scan to an assessed plan. Each stage takes a case and returns a new one with its provenance."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Final

from anatomy_twin.assess import assess
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Case,
    FrozenMapping,
    LesionPlan,
    Monitor,
    Patient,
    Plan,
    Rule,
    ThermalResult,
)
from anatomy_twin.pipeline.anatomy import mesh_case
from anatomy_twin.pipeline.arrhythmia import activation_case
from anatomy_twin.pipeline.labels import segment_case, target_case
from anatomy_twin.pipeline.record import Heard, recorded, timed_stage
from anatomy_twin.pipeline.searching import with_robustness_numbers
from anatomy_twin.pipeline.targets import Target, choose_target
from anatomy_twin.plan import EntryMap, Proposal, check_plan, load_device, propose, require_in_body
from anatomy_twin.scan import load_volume
from anatomy_twin.search import confirm_duration
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.thermal import ThermalModel
from anatomy_twin.units import check_range
from anatomy_twin.worker import run_limited

WARM_UP_S: Final = 3600.0  # a room on a machine with much else to do
# what compiles the kernels of a room; what takes longest comes first
WARM_UPS: Final = (
    "anatomy_twin.anatomy.warm:warm_surfaces", "anatomy_twin.anatomy.warm:warm_trees",
    "anatomy_twin.anatomy.warm:warm_tetrahedra", "anatomy_twin.simulation:warm_up",
    "anatomy_twin.segmentation:warm_up", "anatomy_twin.rehearsal.slice_paint:warm_up",
    "anatomy_twin.plan:warm_up", "anatomy_twin.assess:warm_up", "anatomy_twin.registration:warm_up",
)  # fmt: skip


def import_scan(
    path: str | Path, *, series_uid: str | None = None, repair: bool = False, modality: str | None = None,
    patient: Patient | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Read the best (or the named) series of a folder, or a volume file, into a new case (see ``load_volume``)."""
    with timed_stage("reading the scan", monitor) as clock:
        volume = load_volume(path, series_uid=series_uid, repair=repair, modality=modality, monitor=monitor)
        for warning in volume.warnings:
            monitor.warn(warning)
    case = Case.new(volume=volume, patient=patient)
    return recorded(case, "reading the scan", volume.facts, clock)


def propose_case(
    case: Case, *, target: str = "tumour_1", name: str = "A", margin_mm: float = 5.0, device: str = "mwa-generic",
    entries: EntryMap | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Add the best proposed ablation of ``target``, checked, as plan ``name``; ``entries`` is the map if known."""
    with timed_stage("planning the ablation", monitor) as clock:
        best: Proposal = propose(
            case, "ablation", target=target, margin_mm=margin_mm, device=device, count=1, entries=entries,
            monitor=monitor,
        )[0]
        plan = replace(best.plan, name=name)
        check = check_plan(case, plan)
        if best.warning:
            monitor.warn(f"plan {name}: {best.warning}")
    facts = {"plan": name, "target": target, "device": device, "why": best.why}
    facts |= {"warning": best.warning} if best.warning else {}
    return recorded(case.with_plan(plan, check), "planning the ablation", facts, clock)


def add_plan(case: Case, plan: Plan, monitor: Monitor = SILENT) -> Case:
    """Add a plan made by hand, with its check: broken rules are kept and shown.

    Raises ``PlanError`` for an unknown target or device and for an applicator outside the body.
    """
    with timed_stage("checking the plan", monitor) as clock:
        check = check_plan(case, plan, monitor=monitor)
        require_in_body(check)
    return recorded(case.with_plan(plan, check), "checking the plan", {"plan": plan.name}, clock)


def simulate_case(
    case: Case, plan_name: str = "A", *, refine: bool = False, model: ThermalModel | None = None,
    monitor: Monitor = SILENT,
) -> Case:
    """Simulate one plan: the heat of an ablation, the activation of the heart with lesions.

    With ``refine`` the shortest duration that reaches the margin replaces the planned one.

    ``model`` holds the choices of the simulator (default: its own). Each warning is told once, as early as it is known:
    which rules the plan breaks, what the grid cannot resolve, what the zone came to.
    """
    plan, heard = case.plan(plan_name), Heard(monitor)
    if isinstance(plan, LesionPlan):
        return activation_case(case, plan, monitor=monitor)
    with timed_stage("simulating the heat", heard) as clock:
        for rule in _broken(case, plan):
            heard.warn(f"plan {plan_name} breaks a rule: {rule.told}")
        if refine and isinstance(plan, AblationPlan):
            plan, result = confirm_duration(case, plan, monitor=heard, model=model)
            case = case.with_plan(plan, check_plan(case, plan))
        else:
            result = simulate(case, plan, model, monitor=heard)
        for warning in result.warnings:
            heard.warn(warning)
    return recorded(case.with_result(result), "simulating the heat", _simulation_facts(result), clock)


def _broken(case: Case, plan: Plan) -> tuple[Rule, ...]:
    """Return the rules that an ablation breaks, but for applicators that overlap: the simulation names them itself."""
    if not isinstance(plan, AblationPlan) or plan.target not in case.label_map or "body" not in case.label_map:
        return ()
    check = case.checks.get(plan.name) or check_plan(case, plan)
    return tuple(rule for rule in check.broken if not rule.name.endswith("clear of other applicators"))


def _simulation_facts(result: ThermalResult) -> Mapping[str, str]:
    return FrozenMapping({"plan": result.plan_name, "verdict by": result.verdict_model, **result.parameters})


def assess_case(case: Case, plan_name: str | None = None, monitor: Monitor = SILENT) -> Case:
    """Read the numbers off the anatomy and, where ``plan_name`` is given, off that plan and its result."""
    with timed_stage("measuring margins", monitor) as clock:
        case = case.with_assessment(assess(case))
        if plan_name is not None:
            plan = case.plan(plan_name)
            assessment = with_robustness_numbers(case, assess(case, plan, case.results.get(plan_name)))
            case = case.with_assessment(assessment)
            for quantity in assessment.quantities:
                if quantity.verdict == "not met":
                    value = "none" if quantity.value is None else f"{quantity.value:g} {quantity.unit}"
                    text = f"{quantity.label} {value}, limit {quantity.limit}"
                    monitor.warn(f"not met: {text}")
    return recorded(case, "measuring margins", {"plan": plan_name or "none"}, clock)


def run_liver_ablation(
    path: str | Path, *, target: Target | None = None, radius_mm: float | None = None, margin_mm: float = 5.0,
    device: str = "mwa-generic", series_uid: str | None = None, repair: bool = False, modality: str | None = None,
    patient: Patient | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Take a CT to a simulated and assessed microwave ablation of one liver tumour.

    Raises a ``TwinError`` when the scan cannot be read truthfully, when ``target`` is needed and missing, or when no
    path to the target is allowed.
    """
    check_range("margin_mm", margin_mm, 0.0, 30.0)  # what can be refused at once is not refused minutes later
    if radius_mm is not None:
        check_range("the target's radius in mm", radius_mm, 1.0, 60.0)
    load_device(device)
    case = import_scan(
        path, series_uid=series_uid, repair=repair, modality=modality, patient=patient, monitor=monitor
    )
    if case.volume.units == "HU" and target is not None and not isinstance(target, str):
        case.volume.geometry.nearest_voxel(target)
    case = segment_case(case, monitor=monitor)
    chosen = choose_target(case, target)
    case = target_case(case, chosen, radius_mm=radius_mm, proposed=target is None, monitor=monitor)
    case = mesh_case(case, monitor=monitor)
    case = propose_case(case, margin_mm=margin_mm, device=device, monitor=monitor)
    case = simulate_case(case, "A", refine=True, monitor=monitor)
    return assess_case(case, "A", monitor=monitor)


def warm_up(monitor: Monitor = SILENT) -> None:
    """Compile and cache every kernel with the signatures that the chain uses, so that no case waits for it.

    Rooms are compiled side by side, each in a process of its own, as many at a time as there are cores: minutes the
    first time. Raises ``WorkerError`` where one fails.
    """
    with timed_stage("compiling kernels", monitor), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = [pool.submit(run_limited, warm, wall_s=WARM_UP_S) for warm in WARM_UPS]
        for number, done in enumerate(as_completed(running), start=1):
            done.result()
            monitor.progress(number / len(running))
