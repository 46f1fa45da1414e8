"""Lesions on the heart of a case: planned from standard sets, simulated, paced without and with them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

from anatomy_twin.core import SILENT, Case, Chamber, Induction, LesionPlan, Monitor, PacingProtocol, SiteOutcome
from anatomy_twin.errors import UsageError
from anatomy_twin.pipeline.record import Heard, recorded, timed_stage
from anatomy_twin.plan import check_plan
from anatomy_twin.plan.lesion_sets import SETS, lesion_set
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.electro.inducing import chamber_of, induce
from anatomy_twin.simulation.electro.lesion_result import ActivationModel
from anatomy_twin.simulation.electro.sites import SiteChoice

PLANNING: Final = "planning the lesions"
ACTIVATING: Final = "following the activation"
INDUCING: Final = "pacing the heart"
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


def _told(outcomes: Sequence[SiteOutcome]) -> str:
    induced = [one for one in outcomes if one.induced]
    return f"induced from {len(induced)} of {len(outcomes)} sites"


def _set_name(name: str) -> str:
    found = SHORT.get(name, name)
    if found not in SETS:
        raise UsageError(f"no set of lesions is called {name!r}", advice=f"use {', '.join(SHORT)}")
    return found
