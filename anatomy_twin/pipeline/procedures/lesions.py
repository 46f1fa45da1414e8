"""Lesions on a heart chamber, as far as a hand needs them: they are drawn and moved along its wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from anatomy_twin.core import Case, LesionLine, LesionPlan, LesionPoint, Plan
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.procedures.around import context_around
from anatomy_twin.pipeline.procedures.kinds import Parameter, Procedure
from anatomy_twin.rehearsal.handles import Handle, PlanContext, move_handle, plan_handles
from anatomy_twin.rehearsal.heart_wall import wall_of
from anatomy_twin.rehearsal.shapes import CutTint, Shape
from anatomy_twin.units import check_point

LESION_RGB: Final = (255, 110, 160)
POINT_RADIUS_MM: Final = 3.0  # as large as a point is drawn (assumed)


def new_plan(case: Case, name: str, target: str = "") -> Plan:
    """Return a plan without lesions on the chamber ``target``, else the first; ``PlanError`` where there is none."""
    chamber = case.chambers.get(target) or next(iter(case.chambers.values()), None)
    if chamber is None:
        raise PlanError("the case has no surface of a heart chamber", advice="make or read one first")
    return LesionPlan(name, chamber.name, ())


def parameters(case: Case, plan: Plan) -> tuple[Parameter, ...]:
    """Return nothing: lesions are set one by one where they are drawn."""
    return ()


def parts(plan: Plan) -> tuple[str, ...]:
    """Return a line of each lesion."""
    assert isinstance(plan, LesionPlan)
    found = []
    for lesion in plan.lesions:
        if isinstance(lesion, LesionPoint):
            found.append(f"point, {lesion.power_w:g} W, {lesion.duration_s:g} s, {lesion.force_g:g} g")
        else:
            found.append(f"line of {len(lesion.points_mm)} points, {2.0 * lesion.radius_mm:g} mm wide")
    return tuple(found)


def add_part(plan: Plan, point_mm: Any) -> Plan:
    """Return the plan with one more lesion at a point, set like the last point."""
    assert isinstance(plan, LesionPlan)
    known = [lesion for lesion in plan.lesions if isinstance(lesion, LesionPoint)]
    return replace(plan, lesions=(*plan.lesions, fresh_point(known, point_mm)))


def fresh_point(known: Sequence[LesionPoint], point_mm: Any) -> LesionPoint:
    """Return a lesion at a point, set like the last of those known, else as is usual (assumed)."""
    point = check_point("point_mm", point_mm)
    return replace(known[-1], point_mm=point) if known else LesionPoint(point, 30.0, 30.0, 10.0)


def remove_part(plan: Plan, number: int) -> Plan:
    """Return the plan without lesion ``number`` (from 0)."""
    assert isinstance(plan, LesionPlan)
    return replace(plan, lesions=(*plan.lesions[:number], *plan.lesions[number + 1 :]))


def shapes(plan: Plan, context: PlanContext, lit: bool) -> tuple[Shape, ...]:
    """Return lines and rings of the lesions; where there is a wall, lines over it on slices only: in 3-D they are part
    of what is drawn of the heart."""
    assert isinstance(plan, LesionPlan)
    width, found = 3.0 if lit else 2.0, []
    for n, lesion in enumerate(plan.lesions, start=1):
        if isinstance(lesion, LesionPoint):
            on_wall = context.wall is not None
            found.append(Shape("circle", (lesion.point_mm,), LESION_RGB, f"lesion {n}", radius_mm=POINT_RADIUS_MM,
                               width_px=width, only="slices" if on_wall else ""))  # fmt: skip
            if on_wall and not lit:  # with handles there is one
                found.append(Shape("knob", (lesion.point_mm,), LESION_RGB, f"lesion {n}", radius_px=5.0, fill=1.0,
                                   only="3d", among=True))  # fmt: skip
            continue
        points, only = lesion.points_mm, ""
        if context.wall is not None:
            points, only = context.wall.way(points), "slices"
        found.append(Shape("line", points, LESION_RGB, f"line {n}", width_px=width, reach_mm=lesion.radius_mm,
                           only=only))  # fmt: skip
    return tuple(found)


def moved(plan: Plan, handle: Handle, point_mm: Any, context: PlanContext) -> Plan:
    """Return the plan with a handle elsewhere; where there is a wall, all of its lesion stays on that."""
    after = move_handle(plan, handle, point_mm, context)
    assert isinstance(after, LesionPlan)
    if context.wall is None:
        return after
    part = after.lesions[handle.part]
    if isinstance(part, LesionLine):
        part = replace(part, points_mm=tuple(check_point("on wall", context.held(p)) for p in part.points_mm))
    else:
        part = replace(part, point_mm=check_point("on wall", context.held(part.point_mm)))
    return replace(after, lesions=(*after.lesions[: handle.part], part, *after.lesions[handle.part + 1 :]))


def _context(case: Case, plan: Plan) -> PlanContext:
    assert isinstance(plan, LesionPlan)
    chamber = case.chambers.get(plan.chamber)
    return replace(context_around(case), wall=None if chamber is None else wall_of(chamber))


def _tints(plan: Plan) -> tuple[CutTint, ...]:
    return ()


def _targets(plan: Plan) -> tuple[str, ...]:
    assert isinstance(plan, LesionPlan)
    return (plan.chamber,)


LESIONS: Final = Procedure(
    "lesions", "Heart lesions", LesionPlan, "lesion", ("Click where the lesion is to be",), new_plan, _context,
    plan_handles, moved, shapes, _tints, parameters, parts, add_part, remove_part, _targets, "", "",
)  # fmt: skip
