"""A mouse over the axial slice of a window that holds the handles of a plan."""

from __future__ import annotations

import numpy as np


def off(point_mm, *by_mm):
    return np.asarray(point_mm, float) + by_mm


class Hand:
    """A mouse over the axial slice, and what it finds there."""

    def __init__(self, window, qtbot):
        from anatomy_twin.view.tools.plan_handles import handles_of

        self.desk, self.bot, self.tool = window.desk, qtbot, handles_of(window)
        self.pane = window.views.slice_panes["axial"]

    def handle(self, kind, part=0):
        return next(h for h in self.tool.handles if h.kind == kind and h.part == part)

    def look_at(self, point_mm):
        self.desk.set_focus(point_mm)
        self.bot.wait(20)

    def at(self, point_mm):
        from PySide6.QtCore import QPoint

        row, column = self.pane.plane.to_pixel(point_mm)
        return QPoint(round(float(column)), round(float(row)))

    def press(self, point_mm):
        from PySide6.QtCore import Qt

        self.bot.mouseMove(self.pane, self.at(point_mm))
        self.bot.mousePress(self.pane, Qt.MouseButton.LeftButton, pos=self.at(point_mm))

    def drag(self, point_mm, shift=False, alt=True):
        """The mouse moves while held; Alt, so that nothing is snapped to, unless told otherwise."""
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtGui import QMouseEvent
        from PySide6.QtWidgets import QApplication

        keys = Qt.KeyboardModifier.AltModifier if alt else Qt.KeyboardModifier.NoModifier
        keys |= Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        place = QPointF(self.at(point_mm))
        event = QMouseEvent(QMouseEvent.Type.MouseMove, place, self.pane.mapToGlobal(place), Qt.MouseButton.NoButton,
                            Qt.MouseButton.LeftButton, keys)  # fmt: skip
        QApplication.sendEvent(self.pane, event)

    def release(self, point_mm):
        from PySide6.QtCore import Qt

        self.bot.mouseRelease(self.pane, Qt.MouseButton.LeftButton, pos=self.at(point_mm))

    def key(self, key, modifiers=None):
        from PySide6.QtCore import Qt

        self.bot.keyClick(self.pane, key, modifiers or Qt.KeyboardModifier.NoModifier)

    @property
    def needle(self):
        return self.desk.plan.applicators[0]

    @property
    def steps(self):
        return self.desk.session.history.names
