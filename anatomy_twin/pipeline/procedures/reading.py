"""What is read off a plan when the hand rests: its rules, and its numbers where nothing has to be simulated first."""

from __future__ import annotations

from anatomy_twin.assess import assess
from anatomy_twin.core import SILENT, Assessment, Case, Monitor, Plan, PlanCheck, ResectionPlan
from anatomy_twin.plan import check_plan, table_zone


def read_off(case: Case, plan: Plan, monitor: Monitor = SILENT) -> tuple[PlanCheck, Assessment | None]:
    """Return the check of a plan, and its assessment where it is a resection or has a simulation in the case.

    Raises what ``check_plan`` and ``assess`` raise.
    """
    check = check_plan(case, plan, monitor)
    simulated = case.plans.get(plan.name) == plan and plan.name in case.results
    return check, assess(case, plan, monitor=monitor) if simulated or isinstance(plan, ResectionPlan) else None


def promised_numbers(case: Case, plan: Plan, monitor: Monitor = SILENT) -> Assessment:
    """Return the numbers of a plan by the tables of its devices; raises what ``table_zone`` and ``assess`` raise."""
    return assess(case, plan, table_zone(case, plan), monitor)
