"""Placing parts of plans by clicks: an applicator by entry and target, a plane by a point of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anatomy_twin.core import AblationPlan
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.procedures import Procedure, procedure_of
from anatomy_twin.rehearsal import Pointer, Shape, Tool
from anatomy_twin.rehearsal.handle_shapes import rubber_band
from anatomy_twin.rehearsal.handles import heat_offset_mm
from anatomy_twin.rehearsal.snapping import Snapped
from anatomy_twin.units import Point, check_point
from anatomy_twin.view.tools.plan_handles import SNAP_PX, PlanHandles, own_key
from anatomy_twin.view.tools.plan_sight import IN_3D

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

TARGET_PX = 22.0  # in 3-D whoever clicks so near to the target's centre means it


class PlacePart(Tool):
    """Click where the next applicator or plane of the plan shown is to be; Esc takes the last click back."""

    name = "place"

    def __init__(self, desk: Desk, handles: PlanHandles) -> None:
        self.desk, self.handles, self.say = desk, handles, handles.say
        self.points: list[Point] = []
        self._at: Point | None = None
        self._snapped: Snapped | None = None
        self._tell()

    @property
    def procedure(self) -> Procedure | None:
        """That of the plan shown."""
        return procedure_of(self.desk.plan)

    def press(self, at: Pointer) -> bool:
        """Take a point; the last one makes the part."""
        procedure = self.procedure
        if procedure is None:
            return False
        place = self._place(at)
        if place is None:
            self.desk.tell(self.say("there is nothing under the mouse: click on a slice or on a structure"), "warning")
            return True
        self.points.append(place)
        if len(self.points) == len(procedure.clicks):
            self._make(procedure)
        else:
            self._tell()
        self.desk.drawing_changed.emit()
        return True

    def hover(self, at: Pointer | None) -> None:
        """Show where the point would be taken."""
        self._at = None if at is None else self._place(at)
        self.desk.drawing_changed.emit()

    def cancel(self) -> bool:
        """Take the last click back."""
        if not self.points:
            return False
        self.points.pop()
        self._tell()
        self.desk.drawing_changed.emit()
        return True

    def shapes(self) -> tuple[Shape, ...]:
        """The points that were clicked, and a line to the mouse."""
        found: list[Shape] = [
            Shape("knob", (point,), (110, 215, 255), "placing", radius_px=6.0, fill=1.0, reach_mm=float("inf"))
            for point in self.points
        ]
        if self._at is not None:
            if self.points:
                found += rubber_band(self.points[-1], self._at)
            found.append(Shape("knob", (self._at,), (255, 255, 255), "placing", radius_px=5.0, lit=True))
            if self._snapped is not None:
                found.append(Shape("text", (self._at,), (255, 255, 255), "placing",
                                   self.handles.snap_words(self._snapped)))
        return tuple(found)

    def _place(self, at: Pointer) -> Point | None:
        """Return the point that is meant: of an entry the skin, of a tip the middle of the target."""
        snapper, plan = self.handles.surroundings[1], self.desk.plan
        first, ablation = not self.points, isinstance(plan, AblationPlan)
        self._snapped = None
        near = at.point_mm if at.point_mm is not None else check_point("eye", at.eye_mm)
        if not at.alt and ablation and first:
            if at.view == IN_3D:
                self._snapped = snapper.skin_on_ray(at.eye_mm, at.toward, at.eye_mm)
            else:
                self._snapped = snapper.snap(near, ("skin",), 2.0 * SNAP_PX * at.pixel_mm)
        elif not at.alt:
            self._snapped = self._target_under(at) if at.view == IN_3D else snapper.snap(
                near, ("target",) if ablation else ("target", "vessel", "surface"), SNAP_PX * at.pixel_mm
            )
        return at.point_mm if self._snapped is None else self._snapped.point_mm

    def _target_under(self, at: Pointer) -> Snapped | None:
        way = np.asarray(at.toward) / np.linalg.norm(at.toward)
        for centre in self.handles.surroundings[1].centres_mm.values():
            offset = np.subtract(centre, at.eye_mm)
            aside = float(np.linalg.norm(offset - (offset @ way) * way))
            if aside <= TARGET_PX * at.pixel_mm:
                return self.handles.surroundings[1].snap(centre, ("target",), 1.0)
        return None

    def _make(self, procedure: Procedure) -> None:
        plan = self.desk.plan
        assert plan is not None
        points = list(self.points)
        if isinstance(plan, AblationPlan) and self._snapped is not None and self._snapped.kind == "target":
            # who points at the middle of the target wants the heat there: the tip lies beyond it
            way = np.subtract(points[1], points[0])
            length = max(float(np.linalg.norm(way)), 1e-9)
            offset = heat_offset_mm(plan.applicators[-1].device)
            points[1] = check_point("tip_mm", np.round(np.add(points[1], offset * way / length), 2))
        self.points.clear()
        try:
            after = procedure.add_part(plan, *points)
        except TwinError as error:
            self.desk.tell(str(error), "error")
            self._tell()
            return
        number = len(procedure.parts(after))
        part = self.say(f"{procedure.part} {{number}}", number=number)
        if self.desk.do(self.say("Add {part}", part=part), self.desk.case.with_plan(after), own_key(self.desk)):
            self.desk.set_tool(None)
            first = next((h.name for h in self.handles.handles if h.part == number - 1), "")
            self.handles.choose(first)

    def _tell(self) -> None:
        procedure = self.procedure
        if procedure is not None and len(self.points) < len(procedure.clicks):
            self.hint = self.say(procedure.clicks[len(self.points)])
            self.desk.tell(self.hint)
