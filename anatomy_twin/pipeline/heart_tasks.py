"""What a window has computed of a heart beside itself: inducibility, and what was induced as a film."""

from __future__ import annotations

from anatomy_twin.core import SILENT, Case, Monitor
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.induction import Induction, SiteOutcome
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.pipeline.arrhythmia import induction_case
from anatomy_twin.simulation.electro.replay import Replay, replayed
from anatomy_twin.simulation.electro.sites import SiteChoice


def induce_case(
    case: Case, chamber: str, plan_name: str, protocol: PacingProtocol, sites: SiteChoice = None, *,
    monitor: Monitor = SILENT,
) -> Case:
    """Return the case with what can be induced on a chamber, with the lesions of a plan where one is named; see
    ``induction_case``."""
    return induction_case(case, plan_name, protocol, sites, chamber=chamber, monitor=monitor)[0]


def replay_of(
    chamber: Chamber, induction: Induction, outcome: SiteOutcome, with_plan: bool, *, monitor: Monitor = SILENT
) -> Replay:
    """Return what was induced from a site as voltages over time, with the plan's lesions or without."""
    return replayed(chamber, outcome, induction.protocol, induction.dead if with_plan else None, monitor=monitor)
