"""Lesions on the heart of a case: planned from standard sets, simulated, paced without and with them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

from anatomy_twin.core import (
    SILENT,
    Case,
    Chamber,
    Induction,
    LesionPlan,
    LesionSearch,
    Monitor,
    PacingProtocol,
    SiteOutcome,
)
from anatomy_twin.errors import UsageError
from anatomy_twin.pipeline.record import Heard, recorded, timed_stage
from anatomy_twin.plan import check_plan
from anatomy_twin.plan.lesion_sets import SETS, lesion_set
from anatomy_twin.search import LesionBudget, lesion_plan_of, search_lesions
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.electro.inducing import chamber_of, induce
from anatomy_twin.simulation.electro.lesion_result import ActivationModel
from anatomy_twin.simulation.electro.sites import SiteChoice

PLANNING: Final = "planning the lesions"
ACTIVATING: Final = "following the activation"
INDUCING: Final = "pacing the heart"
SEARCHING: Final = "pacing and ablating in turn"
# what sets are called for short on the command line
SHORT: Final = {
    "pvi": "wide_area_pvi", "veins": "single_vein_pvi", "roof": "roof_line", "inferior": "inferior_line",
    "box": "box", "mitral": "mitral_line", "anterior": "anterior_line", "appendage": "appendage",
    "cavotricuspid": "cavotricuspid",
}  # fmt: skip
SCREENING: Final = PacingProtocol(drive_count=4, longest_ms=280.0, step_ms=20.0, sustained_ms=1000.0)
SCREENING_SITES: Final = 4
FULL: Final = PacingProtocol(extra=2)
FULL_SITES: Final = 12


def lesions_case(
    case: Case, sets: Sequence[str] = ("pvi",), name: str = "PVI", *, chamber: str | None = None,
    monitor: Monitor = SILENT,
) -> Case:
    """Add the plan ``name`` of standard sets of lesions ("pvi", "roof", ... or their full names), checked.

    Raises ``UsageError`` for a set that there is not, ``PlanError`` where the chamber has no parts for it.
    """
    full = [_set_name(one) for one in sets]
    with timed_stage(PLANNING, monitor) as clock:
        wall = chamber_of(case, chamber)
        if not isinstance(wall, Chamber):
            raise UsageError(f"{wall.name} is muscle: it has no standard sets", advice="give a plan of your own")
        plan = LesionPlan(name, wall.name, lesion_set(wall, "+".join(full)))
        check = check_plan(case, plan)
        for rule in check.broken:
            monitor.warn(f"plan {name} breaks a rule: {rule.told}")
    facts = {"plan": name, "chamber": wall.name, "sets": ", ".join(full), "lesions": str(len(plan.lesions))}
    return recorded(case.with_plan(plan, check), PLANNING, facts, clock)


def activation_case(
    case: Case, plan: LesionPlan, model: ActivationModel | None = None, monitor: Monitor = SILENT
) -> Case:
    """Simulate how a chamber is activated without and with a plan's lesions, and what these isolate."""
    heard = Heard(monitor)
    with timed_stage(ACTIVATING, heard) as clock:
        result = simulate(case, plan, model, heard)
        for warning in result.warnings:
            heard.warn(warning)
    facts = {"plan": plan.name, "veins": ", ".join(f"{name} {verdict}" for name, verdict in result.veins.items())}
    return recorded(case.with_result(result), ACTIVATING, {**facts, **result.parameters}, clock)


def induction_case(
    case: Case, plan_name: str = "", protocol: PacingProtocol = SCREENING, sites: SiteChoice = SCREENING_SITES, *,
    chamber: str | None = None, executor: Executor | None = None, checkpoint: str | Path | None = None,
    monitor: Monitor = SILENT,
) -> tuple[Case, Induction]:
    """Pace a chamber from site after site, without and with the lesions of a plan ("": without only).

    ``executor`` runs sites side by side, ``checkpoint`` is a folder to go on from; see ``induce``.
    """
    with timed_stage(INDUCING, monitor) as clock:
        found = induce(case, plan_name or None, protocol, chamber=chamber, sites=sites, executor=executor,
                       monitor=monitor, checkpoint=checkpoint)
        for warning in found.warnings:
            monitor.warn(warning)
    facts = {"plan": plan_name or "none", "chamber": found.chamber, "without lesions": _told(found.without)}
    facts |= {"with lesions": _told(found.with_plan)} if plan_name else {}
    return recorded(case.with_induction(found), INDUCING, {**facts, **found.parameters}, clock), found


def compared_case(
    case: Case, sets: Sequence[str], protocol: PacingProtocol = SCREENING, sites: SiteChoice = SCREENING_SITES, *,
    chamber: str | None = None, executor: Executor | None = None, checkpoint: str | Path | None = None,
    monitor: Monitor = SILENT,
) -> Case:
    """Add a plan for each of some sets ("pvi", "pvi+roof"), simulated and paced on the same protocol and sites.

    Each plan is called as its set. What is paced without lesions is paced once.
    """
    for name in sets:
        case = lesions_case(case, name.split("+"), name, chamber=chamber, monitor=monitor)
        plan = case.plan(name)
        assert isinstance(plan, LesionPlan)
        case = activation_case(case, plan, monitor=monitor)
        case, _ = induction_case(case, name, protocol, sites, executor=executor, checkpoint=checkpoint,
                                 monitor=monitor)
    return case


def searched_case(
    case: Case, protocol: PacingProtocol = SCREENING, sites: SiteChoice = SCREENING_SITES, *, name: str = "search",
    start: str | None = None, budget: LesionBudget | None = None, chamber: str | None = None,
    executor: Executor | None = None, checkpoint: str | Path | None = None, monitor: Monitor = SILENT,
) -> tuple[Case, LesionSearch]:
    """Pace, ablate what drives, and pace again until nothing is induced or a budget is spent; see ``search_lesions``.

    All lesions become the plan ``name``, which is simulated. ``start`` is a plan of the case or a standard set.
    """
    first: str | LesionPlan | None = start
    if start is not None:
        known = case.plans.get(start)
        first = known if isinstance(known, LesionPlan) else "+".join(_set_name(one) for one in start.split("+"))
    with timed_stage(SEARCHING, monitor) as clock:
        found = search_lesions(case, protocol, name=name, start=first, chamber=chamber, sites=sites, budget=budget,
                               executor=executor, monitor=monitor, checkpoint=checkpoint)
        plan = lesion_plan_of(found)
        case = case.with_plan(plan, check_plan(case, plan)).with_lesion_search(found)
        for warning in found.warnings:
            monitor.warn(warning)
    facts = {"plan": name, "rounds": str(len(found.rounds)), "lesions": str(len(plan.lesions)), "ended": found.ended}
    case = recorded(case, SEARCHING, {**facts, **found.parameters}, clock)
    return activation_case(case, plan, monitor=monitor), found


def _told(outcomes: Sequence[SiteOutcome]) -> str:
    induced = [one for one in outcomes if one.induced]
    return f"induced from {len(induced)} of {len(outcomes)} sites"


def _set_name(name: str) -> str:
    found = SHORT.get(name, name)
    if found not in SETS:
        raise UsageError(f"no set of lesions is called {name!r}", advice=f"use {', '.join(SHORT)}")
    return found
