"""Measuring: distances, angles, areas, balls, diameters are drawn, dragged and removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from anatomy_twin.core import Diameters, Measurement
from anatomy_twin.errors import DataError, TwinError
from anatomy_twin.rehearsal import Pointer, Shape, Tool, structure_label
from anatomy_twin.rehearsal.measure_edit import (
    KINDS,
    MeasuredValues,
    lesions_of,
    live_words,
    made,
    next_name,
    points_of,
    with_diameters,
    with_point,
)
from anatomy_twin.rehearsal.measure_shapes import drawing_shapes, knob_shapes, measurement_shapes
from anatomy_twin.rehearsal.readout import structures_at
from anatomy_twin.units import Point, check_point
from anatomy_twin.view.names import named
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

GRAB_PX: Final = 9.0
DRAG_PX: Final = 4.0  # a press that moves less is a click


def attach(window: RehearsalWindow) -> None:
    """Draw the measurements of the case that a window just opened."""
    desk = window.desk
    if desk is None:
        return
    values = MeasuredValues()
    desk.shape_sources.append(lambda: kept_shapes(desk, values))
    desk.case_changed.connect(lambda fields: desk.drawing_changed.emit() if "measurements" in fields else None)


def kept_shapes(desk: Desk, values: MeasuredValues) -> tuple[Shape, ...]:
    """Return what is drawn of the measurements of the case; the one that is held is drawn by the tool."""
    tool = desk.tool if isinstance(desk.tool, MeasuringTool) else None
    shapes: list[Shape] = []
    for name, measurement in desk.case.measurements.items():
        if tool is not None and tool.held is not None and tool.held.name == name:
            continue
        words = "  ".join(part for part in values.words(measurement, desk.case.volume) if part)
        if isinstance(measurement, Diameters):
            words = live_words(measurement)
        marked = name == desk.marked
        extent = values.range_words(measurement, desk.case.volume) if marked else ""
        text = "  ".join(part for part in (f"{name}: {words}", extent) if part) if marked else words
        knobs = marked or (tool is not None and tool.mode == "edit")
        shapes += measurement_shapes(measurement, text, marked=marked, knobs=knobs)
    return tuple(shapes)


def words_of(mode: str) -> str:
    """Return what a measurement of a kind is called."""
    return {"distance": tr("Distance"), "angle": tr("Angle"), "area": tr("Area"), "ball": tr("Ball"),
            "diameters": tr("Diameters"), "lesion": tr("Diameters"), "edit": tr("Measurement")}[mode]  # fmt: skip


class MeasuringTool(Tool):
    """Draws measurements of one kind; ends of those that are there can be dragged.

    ``mode`` is a kind of measurement, "lesion" (diameters of the lesion under the mouse), or "edit" (nothing is drawn).
    A line is drawn by two clicks or by one drag. Esc gives back what is drawn or held.
    """

    def __init__(self, desk: Desk, mode: str = "distance") -> None:
        self.desk, self.mode = desk, mode
        self.name = f"measure {mode}"
        self.points: list[Point] = []
        self.held: Measurement | None = None  # one that is being dragged, as it is now
        self._number = -1  # which of its points
        self._began: Pointer | None = None
        self._start: Point = (0.0, 0.0, 0.0)  # where the point that is held was
        self._mouse: Point | None = None
        self._drawing = False
        self._near: tuple[str, int] | None = None
        self._again = False  # the next one is drawn when this is done
        self._drawn_on = ""  # what begins on a slice is drawn in 3-D when it is done: slices need not wait for it

    @property
    def hint(self) -> str:  # type: ignore[override]
        """What to do next, in a line."""
        return {
            "distance": tr("Click two points, or drag a line"),
            "angle": tr("Click one arm, the vertex, the other arm"),
            "area": tr("Click corners or draw freely; double click or Enter closes the outline"),
            "ball": tr("Drag from the centre to the edge"),
            "diameters": tr("Draw the longest diameter, then the one across it"),
            "lesion": tr("Click a lesion"),
            "edit": tr("Drag the ends of a measurement; Delete removes it"),
        }[self.mode]

    # the mouse

    def press(self, at: Pointer) -> bool:
        """Take hold of an end, or place a point."""
        if self.held is not None or self._began is not None:  # a release that never came
            self.release(at)
        if not self.points and self._grab(at):
            return True
        if at.point_mm is None or self.mode == "edit":
            return False
        self._again = at.shift
        if self.mode == "lesion":
            return self._measure_lesion(at)
        if not self._may_place(at):
            return True
        if self._closes(at):
            self._finish()
            return True
        if not self.points:
            self.desk.mark("")
            self._drawn_on = "" if at.view == "3d" else "slices"
        self.points.append(at.point_mm)
        self._began, self._drawing, self._mouse = at, False, at.point_mm
        self.desk.drawing_changed.emit()
        return True

    def drag(self, at: Pointer) -> None:
        """Move what is held, or draw on."""
        if self.held is not None:
            self._move(at)
        elif self.points and self._began is not None and at.point_mm is not None and at.view == self._began.view:
            if self.mode == "area":
                if _apart(self.points[-1], at.point_mm) > DRAG_PX * at.pixel_mm:
                    self.points.append(at.point_mm)
                    self._drawing = True
            elif self._complete():
                self.points[-1] = at.point_mm
            elif self._drawing or _apart(self._began.point_mm, at.point_mm) > DRAG_PX * at.pixel_mm:
                self._drawing = True
            self._mouse = at.point_mm
            self.desk.drawing_changed.emit()

    def release(self, at: Pointer) -> None:
        """Let go: a measurement that is complete becomes a step."""
        if self.held is not None:
            self._let_go()
            return
        if self._began is None:
            return
        if self._drawing and self.mode != "area" and self._mouse is not None:
            self.points.append(self._mouse)
        closed = self.mode == "area" and self._drawing and len(self.points) > 8 and self._closes(at)
        self._began, self._drawing = None, False
        if self._complete() or closed:
            self._finish()

    def hover(self, at: Pointer | None) -> None:
        """Let the rubber band follow; light the end under the mouse."""
        self._mouse = None if at is None else at.point_mm
        near = None if at is None or self.points else self._end_at(at)
        if self.points or near != self._near:
            self._near = near
            self.desk.drawing_changed.emit()

    def double(self, at: Pointer) -> bool:
        """Close an outline."""
        if self.mode == "area" and len(self.points) > 2:
            self._finish()
            return True
        return self.mode != "edit" and at.point_mm is not None

    def key(self, name: str) -> bool:
        """Enter closes an outline; Delete takes back the last point, or removes what is marked."""
        if name in ("Return", "Enter") and self.mode == "area" and len(self.points) > 2:
            self._finish()
            return True
        if name in ("Delete", "Backspace"):
            if self.points:
                self.points.pop()
                self.desk.drawing_changed.emit()
                return True
            return remove(self.desk, self.desk.marked)
        return False

    def cancel(self) -> bool:
        """Give back what is held or drawn."""
        had = self.held is not None or bool(self.points)
        self.held, self.points, self._began, self._drawing, self._number = None, [], None, False, -1
        if had:
            self.desk.drawing_changed.emit()
        return had

    def shapes(self) -> tuple[Shape, ...]:
        """What is drawn now, and the one that is held."""
        if self.held is not None:
            only = "" if self._began is None or self._began.view == "3d" else "slices"
            shapes = measurement_shapes(self.held, live_words(self.held), lit=True, knobs=True)
            return tuple(replace(shape, only=only) for shape in shapes) if only else shapes
        if self.points:
            points = tuple(self.points)
            moving = self._mouse is not None and not (self._complete() and self.mode != "area")
            if moving and self._mouse is not None and _apart(points[-1], self._mouse) > 1e-3:
                points = (*points, self._mouse)
            return drawing_shapes(self.mode, points, self._live_words(points), only=self._drawn_on)
        if self._near is not None and self._near[0] in self.desk.case.measurements:
            points = points_of(self.desk.case.measurements[self._near[0]])
            return tuple(knob_shapes(points, (255, 255, 255), f"measurement {self._near[0]}", self._near[1],
                                     only="slices"))  # fmt: skip
        return ()

    # inside

    def _complete(self) -> bool:
        return self.mode != "area" and len(self.points) >= KINDS.get(self.mode, 99)

    def _live_words(self, points: tuple[Point, ...]) -> str:
        """Return the size of what is drawn so far: a length until there are points enough for more."""
        kind = self.mode
        if len(points) < KINDS[kind]:
            kind, points = "distance", points[2:4] if len(points) > 3 else points[:2]
        try:
            return live_words(made(kind, "drawn", points))
        except TwinError:
            return ""

    def _may_place(self, at: Pointer) -> bool:
        """Tell why an outline cannot get a point here: it lies in one slice."""
        if self.mode != "area":
            return True
        if at.view == "3d":
            self.desk.tell(tr("areas are drawn on a slice"), "warning")
            return False
        if self.points:
            off = abs(float(np.dot(np.subtract(at.point_mm or self.points[0], self.points[0]), at.toward)))
            if off > max(0.05, 0.1 * at.pixel_mm):
                self.desk.tell(tr("the outline lies on another slice: go back to it, or press Esc"), "warning")
                return False
        return True

    def _closes(self, at: Pointer) -> bool:
        return (self.mode == "area" and len(self.points) > 2 and at.point_mm is not None
                and _apart(self.points[0], at.point_mm) <= GRAB_PX * at.pixel_mm)  # fmt: skip

    def _finish(self) -> None:
        """Make what is drawn a step of the case."""
        desk, word = self.desk, words_of(self.mode)
        points, self.points, self._began, self._drawing = tuple(self.points), [], None, False
        if self.mode == "area":
            points = _without_repeats(points)
        name = next_name(desk.case.measurements, word)
        try:
            measurement = made(self.mode, name, points)
        except DataError as error:
            desk.tell(str(error), "warning")
            desk.drawing_changed.emit()
            return
        if desk.do(tr("Measure {name}").format(name=name), desk.case.with_measurement(measurement)):
            desk.tell(f"{name}: {live_words(measurement)}")
            desk.mark(name)
            if desk.tool is self and not self._again:  # the next click is meant for the patient again
                desk.set_tool(MeasuringTool(desk, "edit"))
        desk.drawing_changed.emit()

    def _measure_lesion(self, at: Pointer) -> bool:
        if at.point_mm is None:
            return False
        targets = set(lesions_of(self.desk.scene))
        found = [look.name for look in structures_at(self.desk.reader, at.point_mm) if look.name in targets]
        if at.structure in targets:
            found.insert(0, at.structure)
        if found:
            measure_targets(self.desk, (found[0],))
        else:
            self.desk.tell(tr("there is no lesion under the mouse: draw its diameters by hand"), "warning")
        return True

    def _end_at(self, at: Pointer) -> tuple[str, int] | None:
        """Return the end of a measurement under the mouse, the marked one's first."""
        best: tuple[float, str, int] | None = None
        for name, measurement in self.desk.case.measurements.items():
            for number, point in enumerate(points_of(measurement)):
                off = off_pointer_px(at, point) - (0.5 if name == self.desk.marked else 0.0)
                if off <= GRAB_PX and (best is None or off < best[0]):
                    best = off, name, number
        return None if best is None else (best[1], best[2])

    def _grab(self, at: Pointer) -> bool:
        end = self._end_at(at)
        if end is None:
            return False
        self.held = self.desk.case.measurements[end[0]]
        self._number, self._began, self._near = end[1], at, None
        self._start = points_of(self.held)[end[1]]
        self.desk.mark(end[0])
        self.desk.drawing_changed.emit()
        return True

    def _move(self, at: Pointer) -> None:
        if self.held is None or self._began is None or at.view != self._began.view:
            return
        place = _moved(self._start, self._began, at)
        if isinstance(self.held, Diameters) and self.held.target:  # by hand from now on
            self.held = made("diameters", self.held.name, points_of(self.held))
        try:
            self.held = with_point(self.held, self._number, place)
        except DataError:  # onto another of its points: it waits there
            return
        self.desk.drawing_changed.emit()

    def _let_go(self) -> None:
        held, self.held, self._began = self.held, None, None
        if held is not None and held != self.desk.case.measurements.get(held.name):
            name = tr("Move {name}").format(name=held.name)
            self.desk.do(name, self.desk.case.with_measurement(held))
        self.desk.drawing_changed.emit()


def measure_targets(desk: Desk, targets: tuple[str, ...], known: Mapping[str, Diameters] | None = None) -> bool:
    """Measure the diameters of lesions as one step; ``known`` are those found before, by the lesion's name."""
    def measure() -> None:
        after = with_diameters(desk.case, targets, lambda target: named(structure_label(target)), known or {})
        words = tr("Measure diameters of {count} lesions").format(count=len(targets))
        desk.session.do(words, after)
        new = [one for one in after.measurements.values() if isinstance(one, Diameters) and one.target in targets]
        if len(new) == 1:
            desk.set_focus(np.add(new[0].long_start_mm, new[0].long_end_mm) / 2)  # the slice that they lie in
            desk.mark(new[0].name)
            desk.tell(f"{new[0].name}: {live_words(new[0])}")
        else:
            desk.tell(words)

    return desk.attempt(measure)


def remove(desk: Desk, name: str) -> bool:
    """Remove a measurement as a step; True where there was one."""
    if name not in desk.case.measurements:
        return False
    return desk.do(tr("Remove {name}").format(name=name), desk.case.without_measurement(name))


def mode_of(desk: Desk | None) -> str:
    """Return what the measuring tool that is held draws, "" where another tool is held."""
    return desk.tool.mode if desk is not None and isinstance(desk.tool, MeasuringTool) else ""


def off_pointer_px(at: Pointer, point_mm: Point) -> float:
    """Return how far a point is from the mouse on the screen; beyond everything where it is not on the slice."""
    toward = np.asarray(at.toward)
    away = np.subtract(point_mm, at.eye_mm if at.view == "3d" or at.point_mm is None else at.point_mm)
    depth = float(away @ toward)
    if at.view != "3d" and abs(depth) > 2.5:
        return float("inf")
    return float(np.linalg.norm(away - depth * toward)) / max(at.pixel_mm, 1e-6)


def _moved(start: Point, began: Pointer, at: Pointer) -> Point:
    """Return where a point goes that was at ``start``: with the mouse in its plane; in 3-D onto the surface there."""
    if at.view == "3d":
        if at.point_mm is not None:
            return at.point_mm
        eye, toward = np.asarray(at.eye_mm), np.asarray(at.toward)  # beside surfaces: at the depth that it had
        return check_point("point", eye + float(np.subtract(start, eye) @ toward) * toward)
    if at.point_mm is None or began.point_mm is None:
        return start
    return check_point("point", np.add(start, np.subtract(at.point_mm, began.point_mm)))


def _apart(one: Point | None, other: Point | None) -> float:
    if one is None or other is None:
        return 0.0
    return float(np.linalg.norm(np.subtract(one, other)))


def _without_repeats(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return the corners of an outline without those that repeat the one before."""
    kept = [point for n, point in enumerate(points) if n == 0 or _apart(points[n - 1], point) > 1e-3]
    return tuple(kept)
