"""Lesions on a heart chamber, as far as a hand needs them: they are drawn and moved, nothing is computed of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from anatomy_twin.core import Case, LesionLine, LesionPlan, LesionPoint, Plan
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.procedures.around import context_around
from anatomy_twin.pipeline.procedures.kinds import Parameter, Procedure
from anatomy_twin.rehearsal.handles import PlanContext, move_handle, plan_handles
from anatomy_twin.rehearsal.shapes import CutTint, Shape
from anatomy_twin.units import check_point

LESION_RGB: Final = (255, 110, 160)
NOT_COMPUTED: Final = "heart lesions are drawn and moved; what they do is not computed yet"
POINT_RADIUS_MM: Final = 3.0  # as large as a point is drawn (assumed)


def new_plan(case: Case, name: str, target: str = "") -> Plan:
    """Refuse: lesions come with a plan that was read; points and lines are added to it."""
    raise PlanError("this version does not begin plans of heart lesions", advice="open a case that has one")


def parameters(case: Case, plan: Plan) -> tuple[Parameter, ...]:
    """Return nothing that can be set: what lesions do is not computed yet."""
    return ()


def parts(plan: Plan) -> tuple[str, ...]:
    """Return a line of each lesion."""
    assert isinstance(plan, LesionPlan)
    found = []
    for lesion in plan.lesions:
        if isinstance(lesion, LesionPoint):
            found.append(f"point, {lesion.power_w:g} W, {lesion.duration_s:g} s, {lesion.force_g:g} g")
        else:
            length = float(np.linalg.norm(np.diff(lesion.points_mm, axis=0), axis=1).sum())
            found.append(f"line of {len(lesion.points_mm)} points, {length:.0f} mm")
    return tuple(found)


def add_part(plan: Plan, point_mm: Any) -> Plan:
    """Return the plan with one more lesion at a point, set like the last point."""
    assert isinstance(plan, LesionPlan)
    known = [lesion for lesion in plan.lesions if isinstance(lesion, LesionPoint)]
    point = check_point("point_mm", point_mm)
    fresh = replace(known[-1], point_mm=point) if known else LesionPoint(point, 30.0, 30.0, 10.0)
    return replace(plan, lesions=(*plan.lesions, fresh))


def remove_part(plan: Plan, number: int) -> Plan:
    """Return the plan without lesion ``number`` (from 0)."""
    assert isinstance(plan, LesionPlan)
    return replace(plan, lesions=(*plan.lesions[:number], *plan.lesions[number + 1 :]))


def shapes(plan: Plan, context: PlanContext, lit: bool) -> tuple[Shape, ...]:
    """Return lines and rings of the lesions."""
    assert isinstance(plan, LesionPlan)
    width = 3.0 if lit else 2.0
    return tuple(
        Shape("line", lesion.points_mm, LESION_RGB, f"line {n}", width_px=width, reach_mm=lesion.radius_mm)
        if isinstance(lesion, LesionLine) else
        Shape("circle", (lesion.point_mm,), LESION_RGB, f"lesion {n}", radius_mm=POINT_RADIUS_MM, width_px=width)
        for n, lesion in enumerate(plan.lesions, start=1)
    )  # fmt: skip


def unmeasured(plan: Plan) -> str:
    """Return that nothing is computed of lesions."""
    return NOT_COMPUTED


def _context(case: Case, plan: Plan) -> PlanContext:
    return context_around(case)


def _tints(plan: Plan) -> tuple[CutTint, ...]:
    return ()


def _targets(plan: Plan) -> tuple[str, ...]:
    assert isinstance(plan, LesionPlan)
    return (plan.chamber,)


LESIONS: Final = Procedure(
    "lesions", "Heart lesions", LesionPlan, "lesion", ("Click where the lesion is to be",), new_plan, _context,
    plan_handles, move_handle, shapes, _tints, parameters, parts, add_part, remove_part, _targets, "", "",
    unmeasured=unmeasured,
)  # fmt: skip
