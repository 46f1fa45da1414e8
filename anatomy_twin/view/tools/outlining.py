"""Outlines that are drawn on a slice and filled, or cut through all slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from anatomy_twin.rehearsal import Pointer, Shape, Tool
from anatomy_twin.segmentation.editing.strokes import outlined
from anatomy_twin.units import Point
from anatomy_twin.view.tools.brush import ERASING
from anatomy_twin.view.tools.hand_kit import Hand

NEAR_PX = 2.0  # the mouse has to move so far for the next point


class Outline(Tool):
    """Draw round a region by dragging, or click corner by corner and end with Enter or a double click.

    ``through``: the outline cuts through all slices (scissors); it then takes away, and adds with Ctrl. Else it is
    filled on its slice, and taken away with Ctrl.
    """

    def __init__(self, hand: Hand, name: str = "draw", *, through: bool = False) -> None:
        self.hand, self.name, self.through = hand, name, through
        self._points: list[Point] = []
        self._normal: Any = None
        self._view = ""
        self._held = self._erase = False
        self._at: Point | None = None

    def press(self, at: Pointer) -> bool:
        """Begin an outline, or set its next corner."""
        if at.view == "3d" or at.point_mm is None or at.shift or at.alt:
            return False
        if self._points and at.view != self._view:
            self._drop()
        if not self._points:
            self._erase = self.through != at.control
            if not self.hand.ready(filled=self._erase):
                return True
            self._view, self._normal = at.view, np.asarray(at.toward)
        self._held = True
        self._add(at)
        return True

    def drag(self, at: Pointer) -> None:
        """Draw on."""
        if self._held and at.view == self._view:
            self._add(at)

    def release(self, at: Pointer) -> None:
        """What was dragged round is filled; single clicks wait for the next corner."""
        if not self._held:
            return
        self._held = False
        if self._dragged(at):
            self.take()

    def hover(self, at: Pointer | None) -> None:
        """Show the side that the next click would draw."""
        if self._points:
            self._at = None if at is None or at.view != self._view else at.point_mm
            self.hand.desk.drawing_changed.emit()

    def double(self, at: Pointer) -> bool:
        """End the outline."""
        return self.take() or at.view != "3d"

    def key(self, name: str) -> bool:
        """Enter ends the outline, Backspace takes its last corner back."""
        if name in ("Return", "Enter") and self._points:
            return self.take()
        if name in ("Backspace", "Delete") and self._points:
            self._points.pop()
            self.hand.desk.drawing_changed.emit()
            return True
        return False

    def take(self) -> bool:
        """Fill the outline, as one step; True where there was one."""
        points, erase = self._points, self._erase
        self._points, self._at = [], None
        if len(points) >= 3:
            region = outlined(self.hand.upright, points, self._normal, through=self.through)
            verb = ("cut" if erase else "fill") if self.through else ("erase" if erase else "draw")
            self.hand.put(region, erase=erase, verb=verb)
        self.hand.desk.drawing_changed.emit()
        return len(points) >= 3

    def cancel(self) -> bool:
        """Drop the outline."""
        return self._drop()

    def shapes(self) -> tuple[Shape, ...]:
        """The outline as far as it is drawn."""
        if not self._points:
            return ()
        colour = ERASING if self._erase else self.hand.colour
        points = (*self._points, self._at) if self._at is not None else tuple(self._points)
        kind = "outline" if len(points) > 2 else "line"
        if len(points) < 2:
            return (Shape("knob", points, colour, "outline", radius_px=3.0, reach_mm=0.75),)
        return (Shape(kind, points, colour, "outline", width_px=2.0, reach_mm=0.75, fill=0.2, dashed=self._erase),)

    def _add(self, at: Pointer) -> None:
        assert at.point_mm is not None
        if self._points:
            away = float(np.linalg.norm(np.subtract(at.point_mm, self._points[-1])))
            if away < NEAR_PX * at.pixel_mm:
                return
        self._points.append(at.point_mm)
        self.hand.desk.drawing_changed.emit()

    def _dragged(self, at: Pointer) -> bool:
        """Tell a line that was dragged from corners that were clicked: its points lie close to each other."""
        if len(self._points) < 8:
            return False
        steps = np.linalg.norm(np.diff(np.asarray(self._points[-6:]), axis=0), axis=1)
        return bool(np.median(steps) < 40.0 * at.pixel_mm)

    def _drop(self) -> bool:
        held = bool(self._points)
        self._points, self._at, self._held = [], None, False
        self.hand.desk.drawing_changed.emit()
        return held
