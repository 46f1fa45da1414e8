"""Slice views of the toy case on the screen, and what a mouse does to them."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core import Case
from tests.support.toy_case import planned_case


@pytest.fixture
def show(qtbot):
    """Put three slice views of a case on the screen; returns desk and views by name."""
    from PySide6.QtWidgets import QHBoxLayout, QWidget

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.slice_pane import SlicePane

    kept = []

    def make(case: Case):
        desk, host = Desk(Session(case)), QWidget()
        panes = {name: SlicePane(desk, name) for name in ("axial", "coronal", "sagittal")}
        row = QHBoxLayout(host)
        for pane in panes.values():
            row.addWidget(pane)
        host.resize(1200, 420)
        qtbot.addWidget(host)
        with qtbot.waitExposed(host):
            host.show()
        kept.append((desk, host))
        return desk, panes

    return make


@pytest.fixture
def views(show):
    return show(planned_case())


def screen_point(pane, point_mm):
    from PySide6.QtCore import QPoint

    row, column = pane.plane.to_pixel(point_mm)
    return QPoint(round(float(column) + 0.5), round(float(row) + 0.5))


def picture_of(pane) -> np.ndarray:
    from PySide6.QtGui import QImage

    image = pane.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return data[:, : image.width(), 2::-1].astype(int)


def turn_wheel(pane, steps=1, at=None, control=False):
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    place = at or QPoint(pane.width() // 2, pane.height() // 2)
    keys = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(QPointF(place), QPointF(pane.mapToGlobal(place)), QPoint(0, 0), QPoint(0, round(120 * steps)),
                        Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(pane, event)
