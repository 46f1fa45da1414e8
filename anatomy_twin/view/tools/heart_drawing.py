"""Lesions drawn on the wall of a heart chamber: a line by clicks, discs by a click each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from anatomy_twin.core import LesionLine, LesionPoint
from anatomy_twin.pipeline.procedures.lesions import LESION_RGB, fresh_point
from anatomy_twin.rehearsal import ALWAYS, Pointer, Shape, Tool
from anatomy_twin.rehearsal.heart_shapes import path_lines
from anatomy_twin.rehearsal.heart_wall import length_mm
from anatomy_twin.units import Point
from anatomy_twin.view.heart import HeartSight
from anatomy_twin.view.heart_ink import TUBE_MM
from anatomy_twin.view.heart_lesions import add_lesions
from anatomy_twin.view.tools.plan_sight import seen_at
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

CLOSE_PX: Final = 10.0  # a click so near to the first point closes the line
DRAFT_RGB: Final = (255, 190, 215)


class DrawLine(Tool):
    """Click from point to point on the wall; the way over it between clicks is shown. Enter or a double click ends the
    line, a click on its first point closes it, Backspace takes the last point back, Esc drops it.
    """

    name = "lesion line"

    def __init__(self, desk: Desk, sight: HeartSight) -> None:
        self.desk, self.sight = desk, sight
        self.points: list[Point] = []
        self._at: Point | None = None
        self._closing = False
        self.hint = tr("Click from point to point on the wall; Enter or a double click ends the line, a click on its "
                       "first point closes it, Esc drops it")  # fmt: skip

    def press(self, at: Pointer) -> bool:
        """Take a point of the line, or close it."""
        if self._closes(at):
            self.points.append(self.points[0])
            self.end()
            return True
        place = self.sight.on_wall(at)
        if place is None:
            return False
        if not self.points or place != self.points[-1]:
            self.points.append(place)
        self._show(None)
        return True

    def hover(self, at: Pointer | None) -> None:
        """Show the way from the last point to the mouse."""
        self._closing = at is not None and self._closes(at)
        self._show(None if at is None else self.points[0] if self._closing else self.sight.on_wall(at))

    def double(self, at: Pointer) -> bool:
        """End the line; its last point is where the first of the two clicks was."""
        if self.points:
            self.end()
            return True
        return self.sight.on_wall(at) is not None

    def key(self, name: str) -> bool:
        """End the line, or take the last point back."""
        if name in ("Return", "Enter") and self.points:
            self.end()
            return True
        if name in ("Delete", "Backspace") and self.points:
            self.points.pop()
            self._show(self._at)
            return True
        return False

    def cancel(self) -> bool:
        """Drop the line."""
        held, self.points = bool(self.points), []
        self._show(None)
        return held

    def end(self) -> None:
        """Make the line a lesion of the plan; one of a single point is dropped."""
        points, self.points = self.points, []
        self._show(None)
        if len(points) < 2:
            self.desk.tell(tr("a line needs two points: it was dropped"), "warning")
            return
        known = [one for one in (self.sight.plan.lesions if self.sight.plan else ()) if isinstance(one, LesionLine)]
        line = replace(known[-1], points_mm=tuple(points)) if known else LesionLine(tuple(points))
        add_lesions(self.desk, self.sight, (line,), tr("Draw lesion line"))

    def shapes(self) -> tuple[Shape, ...]:
        """The points that were clicked, and how long the line is up to the mouse."""
        found = [Shape("knob", (point,), LESION_RGB, "drawing", radius_px=5.0, fill=1.0, reach_mm=4.0)
                 for point in self.points]  # fmt: skip
        if self._at is not None:
            found.append(Shape("knob", (self._at,), DRAFT_RGB, "drawing", radius_px=5.0, fill=0.3, lit=self._closing))
            wall = self.sight.wall
            if self.points and wall is not None:
                words = f"{length_mm(wall.path_mm((*self.points, self._at))):.0f} mm"
                found.append(Shape("text", (self._at,), DRAFT_RGB, "drawing length", words, reach_mm=ALWAYS))
        return tuple(found)

    def _closes(self, at: Pointer) -> bool:
        return len(self.points) > 2 and seen_at(self.points[0], at)[0] <= CLOSE_PX

    def _show(self, at: Point | None) -> None:
        self._at, wall = at, self.sight.wall
        ends = (*self.points, *(() if at is None else (at,)))
        if wall is None or len(ends) < 2 or not self.points:
            self.sight.redraw()
            return
        self.sight.redraw((path_lines("drawing", wall.path_mm(ends), DRAFT_RGB, TUBE_MM),))


class PlacePoint(Tool):
    """Click on the wall where the catheter burns a disc; each is set as the last one was."""

    name = "lesion point"

    def __init__(self, desk: Desk, sight: HeartSight) -> None:
        self.desk, self.sight = desk, sight
        self._at: Point | None = None
        self.hint = tr("Click on the wall where a point of ablation is to be; Esc ends")

    def press(self, at: Pointer) -> bool:
        """Place one."""
        place = self.sight.on_wall(at)
        if place is None:
            return False
        known = [one for one in (self.sight.plan.lesions if self.sight.plan else ()) if isinstance(one, LesionPoint)]
        add_lesions(self.desk, self.sight, (fresh_point(known, place),), tr("Place lesion point"))
        return True

    def hover(self, at: Pointer | None) -> None:
        """Show where a click would place one."""
        self._at = None if at is None else self.sight.on_wall(at)
        self.sight.redraw()

    def double(self, at: Pointer) -> bool:
        """The second click of two says nothing new."""
        return self.sight.on_wall(at) is not None

    def shapes(self) -> tuple[Shape, ...]:
        """A ring where a click would place one."""
        if self._at is None:
            return ()
        return (Shape("knob", (self._at,), DRAFT_RGB, "drawing", radius_px=6.0, fill=0.3),)
