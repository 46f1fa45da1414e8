"""Resection of an organ by planes, as a procedure."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, Plan, PlaneCut, ResectionPlan, SegmentCut, SurfaceCut
from anatomy_twin.core.later import later
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.procedures.around import choices_of, context_around, middle_mm, outline_mm, with_words
from anatomy_twin.pipeline.procedures.kinds import Parameter, Procedure
from anatomy_twin.pipeline.targets import candidates
from anatomy_twin.rehearsal.handles import PlanContext, move_handle, plan_handles, surface_points
from anatomy_twin.rehearsal.shapes import ALWAYS, CutTint, Shape
from anatomy_twin.rehearsal.slicing import letters_of
from anatomy_twin.units import check_point

spatial = later("scipy.spatial")

Floats = NDArray[np.float64]

ORGAN: Final = "liver"
# organs that are resected in parts, in the order in which they are looked for
ORGANS: Final = ("liver", "spleen", "pancreas", "kidney_right", "kidney_left", "lung_right", "lung_left")
MARGIN_MM: Final = 10.0
SIDES: Final = {"R": "right", "L": "left", "A": "front", "P": "back", "H": "upper", "F": "lower"}
CUT_RGB: Final = (255, 150, 70)
CURVED: Final = "a curved cut is drawn and moved; what it removes is not measured yet"
BY_SEGMENTS: Final = "a cut by segments is listed; what it removes is not measured yet"
RIGHT: Final = np.array([-1.0, 0.0, 0.0])


def new_plan(case: Case, name: str, target: str = "") -> ResectionPlan:
    """Return one plane between the target and the hilum, with the margin, across the line that joins them.

    Without a target the plane runs through the middle of the organ and removes what lies to the patient's right of it.
    Raises ``PlanError`` where no organ is outlined.
    """
    labels = case.label_map
    target = target or next(iter(candidates(labels)), "")
    organ = (labels.segment(target).part_of if target in labels else "") or next(
        (organ for organ in ORGANS if organ in labels), ""
    )
    if organ not in labels:
        raise PlanError("there is no organ to resect", advice="segment the organs first")
    if target not in labels:
        return ResectionPlan(name, organ, (), (_plane(middle_mm(case, organ), RIGHT),), MARGIN_MM)
    centre, points = middle_mm(case, target), outline_mm(case, target)
    way = centre - hilum_mm(case, organ)
    normal = RIGHT if np.linalg.norm(way) < 1.0 else way / np.linalg.norm(way)
    near = float(((np.asarray(points) - centre) @ normal).min()) if points is not None else 0.0
    return ResectionPlan(name, organ, (target,), (_plane(centre + (near - MARGIN_MM) * normal, normal),), MARGIN_MM)


def hilum_mm(case: Case, organ: str) -> Floats:
    """Return where vessels enter an organ (LPS mm): of the liver, where the portal vein's trunk meets it.

    Without a portal vein, and for other organs, the middle of the organ stands for it.
    """
    middle = middle_mm(case, organ)
    surface = outline_mm(case, organ)
    trunk = outline_mm(case, "portal_vein") if organ == ORGAN else None
    if surface is None or trunk is None or not len(trunk):
        return middle
    gaps = spatial.cKDTree(surface).query(trunk)[0]
    return np.asarray(trunk[gaps <= gaps.min() + 5.0].mean(axis=0))


def _plane(point: Any, normal: Any) -> PlaneCut:
    return PlaneCut(check_point("point_mm", np.round(point, 2)), check_point("normal", np.round(normal, 4)))


# what can be set


def parameters(case: Case, plan: Plan) -> tuple[Parameter, ...]:
    """Return organ, targets, margin and how the planes are combined."""
    assert isinstance(plan, ResectionPlan)
    labels = case.labels.get(case.primary)
    names = labels.names if labels is not None else ()
    known = candidates(labels) if labels is not None else ()
    return (
        Parameter("organ", "Organ", "choice", partial(_read, "organ"), partial(_write, "organ"),
                  choices=with_words(tuple(organ for organ in ORGANS if organ in names), plan.organ)),
        Parameter("targets", "Targets", "several", partial(_read, "targets"), partial(_write, "targets"),
                  choices=choices_of(dict.fromkeys((*known, *plan.targets)))),
        Parameter("margin", "Margin", "number", partial(_read, "margin_mm"), partial(_write, "margin_mm"),
                  unit="mm", low=0.0, high=50.0, step=1.0, digits=1, tip="least distance of the cut from a target"),
        Parameter("combination", "Planes together", "choice", partial(_read, "combination"),
                  partial(_write, "combination"),
                  choices=(("any", "remove what lies beyond any plane"), ("all", "remove what lies beyond all planes")),
                  tip="several planes side by side, or a wedge between them"),
    )  # fmt: skip


def _read(field: str, plan: Plan) -> Any:
    return getattr(plan, field)


def _write(field: str, plan: Plan, value: Any) -> Plan:
    assert isinstance(plan, ResectionPlan)
    return replace(plan, **{field: value})


# parts, shapes, tints


def parts(plan: Plan) -> tuple[str, ...]:
    """Return a line of each cut: what it is and to which side it removes."""
    assert isinstance(plan, ResectionPlan)
    found = []
    for cut in plan.cuts:
        if isinstance(cut, PlaneCut):
            side = letters_of(cut.normal)
            tilt = np.degrees(np.arccos(min(abs(cut.normal[2]), 1.0)))
            found.append(f"removes the {SIDES[side]} side, {tilt:.0f}\N{DEGREE SIGN} to axial")
        elif isinstance(cut, SurfaceCut):
            found.append("curved surface of 4 x 4 points")
        else:
            found.append(f"segments {', '.join(cut.segments)}" if isinstance(cut, SegmentCut) else "")
    return tuple(found)


def add_part(plan: Plan, point_mm: Any, normal: Any = None) -> Plan:
    """Return the plan with one more plane through a point (LPS mm).

    By default it stands across the last one, so that two make a corner.
    """
    assert isinstance(plan, ResectionPlan)
    planes = [np.asarray(cut.normal) for cut in plan.cuts if isinstance(cut, PlaneCut)]
    if normal is None and planes:
        last = planes[-1]
        normal = np.cross(last, np.eye(3)[2] if abs(last[2]) < 0.9 else np.eye(3)[1])
    return replace(plan, cuts=(*plan.cuts, _plane(point_mm, RIGHT if normal is None else normal)))


def remove_part(plan: Plan, number: int) -> Plan:
    """Return the plan without cut ``number`` (from 0); ``PlanError`` where it is the only one."""
    assert isinstance(plan, ResectionPlan)
    if len(plan.cuts) == 1:
        raise PlanError(f"plan {plan.name} needs a plane", advice="delete the plan, or add another one first")
    return replace(plan, cuts=(*plan.cuts[:number], *plan.cuts[number + 1 :]))


def shapes(plan: Plan, context: PlanContext, lit: bool) -> tuple[Shape, ...]:
    """Return the planes of a resection, each as wide as the organ, its arrow towards what is removed."""
    assert isinstance(plan, ResectionPlan)
    colour = CUT_RGB if lit else _dim(CUT_RGB)
    found: list[Shape] = []
    for n, cut in enumerate(plan.cuts, start=1):
        if isinstance(cut, PlaneCut):
            tip = check_point("tip", np.add(cut.point_mm, np.multiply(cut.normal, context.arrow_mm)))
            found.append(Shape("plane", (cut.point_mm, tip), colour, f"plane {n}", f"{n}", 2.4 if lit else 1.6,
                               context.reach_mm, fill=0.22 if lit else 0.12, lit=lit))  # fmt: skip
            if lit:
                found.append(Shape("line", (cut.point_mm, tip), colour, f"plane {n} arrow", width_px=2.0,
                                   reach_mm=ALWAYS))  # fmt: skip
        elif isinstance(cut, SurfaceCut):
            found += _surface_lines(cut, n, colour)
    return tuple(found)


def _surface_lines(cut: SurfaceCut, n: int, colour: tuple[int, int, int]) -> list[Shape]:
    grid = surface_points(cut, 12)
    lines = [*grid[::3], *np.swapaxes(grid, 0, 1)[::3]]
    return [
        Shape("line", tuple(check_point("surface", point) for point in line), colour, f"surface {n}") for line in lines
    ]


def tints(plan: Plan) -> tuple[CutTint, ...]:
    """Return the part of the organ that the planes remove, to be tinted on slices."""
    assert isinstance(plan, ResectionPlan)
    planes = tuple((cut.point_mm, cut.normal) for cut in plan.cuts if isinstance(cut, PlaneCut))
    if not planes or len(planes) < len(plan.cuts):
        return ()
    return (CutTint((plan.organ,), planes, plan.combination == "all"),)


def unmeasured(plan: Plan) -> str:
    """Return why what a resection removes is not measured: it has another cut than planes; "" where it is."""
    assert isinstance(plan, ResectionPlan)
    if any(isinstance(cut, SurfaceCut) for cut in plan.cuts):
        return CURVED
    return BY_SEGMENTS if any(isinstance(cut, SegmentCut) for cut in plan.cuts) else ""


def _dim(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    return int(0.7 * colour[0]), int(0.7 * colour[1]), int(0.7 * colour[2])


def _context(case: Case, plan: Plan) -> PlanContext:
    assert isinstance(plan, ResectionPlan)
    return context_around(case, plan.organ)


def _targets(plan: Plan) -> tuple[str, ...]:
    assert isinstance(plan, ResectionPlan)
    return plan.targets


RESECTION: Final = Procedure(
    "resection", "Resection by planes", ResectionPlan, "plane", ("Click where the plane is to run",),
    new_plan, _context, plan_handles, move_handle, shapes, tints, parameters, parts, add_part, remove_part, _targets,
    "anatomy_twin.pipeline.live_resection:prepare", "anatomy_twin.pipeline.live_resection:preview",
    unmeasured=unmeasured,
)  # fmt: skip
