"""What the 3-D view is about: the target, what must never be left out, and where it is cut."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.core import AblationPlan, ResectionPlan
from anatomy_twin.rehearsal import SurfaceLayer
from anatomy_twin.rehearsal.near_plan import aim_of
from anatomy_twin.rehearsal.picking import Camera
from anatomy_twin.render.live_stage import Planes, box_planes
from anatomy_twin.units import Point, check_point
from anatomy_twin.view.desk import Desk

CUTS: Final = ("axial", "coronal", "sagittal", "view", "applicator", "box")
BOX_MM: Final = 45.0  # half the side of the box round the target


def dear_names(desk: Desk) -> frozenset[str]:
    """Return what is operated on: targets, and the organ round them."""
    plan, labels = desk.plan, desk.case.labels.get(desk.case.primary)
    names = {"liver"}
    if isinstance(plan, ResectionPlan):
        names |= {plan.organ, *plan.targets}
    elif isinstance(plan, AblationPlan):
        names.add(plan.target)
        if labels is not None and plan.target in labels:
            names.add(labels.segment(plan.target).part_of)
    return frozenset(names)


def aimed_at(desk: Desk) -> SurfaceLayer | None:
    """Return the target of the plan shown, else its organ, the largest lesion, the liver; None where there is none."""
    return aim_of(desk.plan, desk.scene.surfaces)


def cut_planes(desk: Desk, camera: Camera, name: str, normal: Point | None, flipped: bool) -> Planes:
    """Return the planes of a cut by name, "" for none; ``normal`` is that of an anatomical one, what is there stays."""
    sign = -1.0 if flipped else 1.0
    if name == "box":
        layer = aimed_at(desk)
        middle = desk.focus_mm if layer is None else np.asarray(layer.surface.points_mm).mean(axis=0)
        return box_planes(np.subtract(middle, BOX_MM), np.add(middle, BOX_MM))
    if name == "applicator":
        return _along_applicator(desk, camera, sign)
    if not name or normal is None:
        return ()
    return ((desk.focus_mm, check_point("normal", sign * np.asarray(normal))),)


def _along_applicator(desk: Desk, camera: Camera, sign: float) -> Planes:
    """Return the plane that holds the first applicator and faces the viewer as much as that allows."""
    plan = desk.plan
    if not isinstance(plan, AblationPlan):
        return ()
    needle = plan.applicators[0]
    along = np.asarray(needle.direction)
    _, up, toward = camera.axes
    normal = -(toward - (toward @ along) * along)
    if np.linalg.norm(normal) < 0.05:  # seen along the needle
        normal = up - (up @ along) * along
    return ((needle.tip_mm, check_point("normal", sign * normal / np.linalg.norm(normal))),)
