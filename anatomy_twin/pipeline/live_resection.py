"""The numbers of a resection by planes, quick enough to follow a hand. They are the numbers themselves, not coarser."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from anatomy_twin.assess.resection import described
from anatomy_twin.assess.resection_field import ResectionField, prepare_resection
from anatomy_twin.core import SILENT, Case, Monitor, Patient, Plan, ResectionPlan, check_cancelled
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.live import NeedsPreparing, Preview

CAPTION: Final = "counted from the labels"


@dataclass(frozen=True, eq=False)
class Prepared:
    """What stays while planes are moved: the organ, its targets and vessels."""

    organ: str
    targets: tuple[str, ...]
    field: ResectionField
    patient: Patient


def prepare(case: Case, plan: Plan) -> Prepared:
    """Return the organ of a plan prepared for any planes; takes seconds.

    Raises ``PlanError`` for a plan that is no resection, and where organ or targets are not there.
    """
    plan = _resection(plan)
    return Prepared(plan.organ, plan.targets, prepare_resection(case.label_map, plan, case.anatomy.trees), case.patient)


def preview(prepared: Any, plan: Plan, monitor: Monitor = SILENT) -> Preview:
    """Return the numbers of a plan.

    Raises ``NeedsPreparing`` where the plan is of another organ or names another target, ``PlanError`` for a cut that
    is no plane, and ``Cancelled``.
    """
    start, plan = time.perf_counter(), _resection(plan)
    assert isinstance(prepared, Prepared)
    if plan.organ != prepared.organ or not set(plan.targets) <= set(prepared.targets):
        raise NeedsPreparing("the plan is about something else now")
    check_cancelled(monitor)
    quantities = described(prepared.field.numbers(plan), plan, prepared.patient)
    return Preview(plan, quantities, caption=CAPTION, seconds=time.perf_counter() - start)


def _resection(plan: Plan) -> ResectionPlan:
    if not isinstance(plan, ResectionPlan):
        raise PlanError(f"plan {plan.name!r} is no resection")
    return plan
