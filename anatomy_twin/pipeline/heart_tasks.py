"""What a window has computed of a heart beside itself: inducibility, and what was induced as a film."""

from __future__ import annotations

from anatomy_twin.core import SILENT, Case, LesionPlan, Monitor
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.induction import Induction, SiteOutcome
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.pipeline.record import recorded, timed_stage
from anatomy_twin.simulation.electro.inducing import induce
from anatomy_twin.simulation.electro.replay import Replay, replayed
from anatomy_twin.simulation.electro.sites import SiteChoice

STAGE = "inducing"


def induce_case(
    case: Case, chamber: str, plan_name: str = "", protocol: PacingProtocol | None = None, sites: SiteChoice = None,
    *, monitor: Monitor = SILENT,
) -> Case:
    """Return the case with what can be induced on a chamber, with the lesions of a plan where one is named.

    ``sites`` as ``sites_of`` takes them. Raises what ``induce`` raises.
    """
    plan = case.plan(plan_name) if plan_name else None
    with timed_stage(STAGE, monitor) as clock:
        found = induce(case, plan if isinstance(plan, LesionPlan) else None, protocol, chamber=chamber, sites=sites,
                       monitor=monitor)  # fmt: skip
    facts = {"chamber": chamber, "plan": plan_name or "none", "sites": str(len(found.without))}
    return recorded(case.with_induction(found), STAGE, facts, clock)


def replay_of(
    chamber: Chamber, induction: Induction, outcome: SiteOutcome, with_plan: bool, *, monitor: Monitor = SILENT
) -> Replay:
    """Return what was induced from a site as voltages over time, with the plan's lesions or without."""
    return replayed(chamber, outcome, induction.protocol, induction.dead if with_plan else None, monitor=monitor)
