"""Outlines by hand in the window itself, with real mouse and keys: paint, undo, three clicks, list and states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot, toy_case):
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.style import apply_style
    from tests.support.windows import shown_window

    apply_style(QApplication.instance(), "dark")
    plain = replace(toy_case, plans={}, checks={}, results={}, assessments={})
    window = shown_window(qtbot, Session(plain), (1500, 950))
    window.activateWindow()
    window.show_panel("segment")
    yield window
    window.close()


def place(pane, point):
    from PySide6.QtCore import QPoint

    row, column = pane.plane.to_pixel(point)
    return QPoint(round(float(column)), round(float(row)))


def drag(qtbot, pane, points, modifier=None):
    """Press at the first point, move over the others, let go at the last: as a hand does it."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    keys = modifier or Qt.KeyboardModifier.NoModifier
    spots = [place(pane, point) for point in points]
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, keys, spots[0])
    for spot in spots[1:]:
        there = QPointF(spot)
        QApplication.sendEvent(pane, QMouseEvent(
            QEvent.Type.MouseMove, there, pane.mapToGlobal(there), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
            keys))  # fmt: skip
    qtbot.mouseRelease(pane, Qt.MouseButton.LeftButton, keys, spots[-1])


def picture_of(widget) -> np.ndarray:
    from PySide6.QtGui import QImage

    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return data[:, : image.width(), 2::-1].astype(int)


def test_paint_a_stroke_see_it_undo_it(window, qtbot):
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    desk, pane = window.desk, window.views.slice_panes["axial"]
    panel = window.panels["segment"]
    desk.set_active("spleen")
    desk.set_focus((60.0, 10.0, 20.0))
    before = desk.case.label_map.array.copy()
    qtbot.waitUntil(lambda: panel.hand.counts.complete)
    volume = float(panel.volume_shown)
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_2)
    assert desk.tool.name == "paint" and panel.buttons["segment.paint"].isChecked()
    qtbot.keyClick(pane, Qt.Key.Key_BracketRight)
    assert panel.hand.radius_mm == pytest.approx(7.2)
    spot, focus = QPointF(place(pane, (50.0, 0.0, 20.0))), desk.focus_mm
    for turn in (120, -120):
        QApplication.sendEvent(pane, QWheelEvent(
            spot, pane.mapToGlobal(spot), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ShiftModifier, Qt.ScrollPhase.NoScrollPhase, False))  # fmt: skip
        assert panel.hand.radius_mm == pytest.approx(8.64 if turn > 0 else 7.2) and desk.focus_mm == focus
    clean = picture_of(pane)
    qtbot.mouseMove(pane, place(pane, (50.0, 0.0, 20.0)))
    qtbot.waitUntil(lambda: bool(desk.tool.shapes()))
    assert np.abs(picture_of(pane) - clean).max() > 60  # the ring
    drag(qtbot, pane, [(50.0, 0.0, 20.0), (40.0, -10.0, 20.0), (30.0, -20.0, 20.0)])
    assert desk.session.history.names == ("paint spleen",)
    after = desk.case.label_map.array.copy()
    changed = np.argwhere((after != before).any(axis=0))
    assert len(np.unique(changed[:, 0])) == 1 and len(changed) > 20
    qtbot.waitUntil(lambda: panel.volume_shown != "" and float(panel.volume_shown) > volume)
    assert panel.list.rows["spleen"].state == "in progress"
    drag(qtbot, pane, [(40.0, -10.0, 20.0), (41.0, -10.0, 20.0)], Qt.KeyboardModifier.ControlModifier)
    assert desk.session.history.names[-1] == "erase spleen"
    desk.undo()
    assert np.array_equal(desk.case.label_map.array, after)
    desk.undo()
    assert np.array_equal(desk.case.label_map.array, before)
    qtbot.waitUntil(lambda: panel.volume_shown != "" and float(panel.volume_shown) == volume)
    qtbot.keyClick(pane, Qt.Key.Key_2)
    assert desk.tool.name == "navigate"


def test_an_edited_surface_is_told_and_made_anew_beside_the_window(window, qtbot):
    desk, pane, panel = window.desk, window.views.slice_panes["axial"], window.panels["segment"]
    desk.set_active("spleen")
    desk.set_focus((60.0, 10.0, 20.0))
    old = desk.case.anatomy.structures["spleen"].surface
    window.run("segment.paint")
    drag(qtbot, pane, [(58.0, 20.0, 20.0), (52.0, 10.0, 20.0)])
    assert "spleen" in panel.hand.surfaces.stale()
    with qtbot.waitSignal(window.jobs.finished, timeout=60_000):
        pass
    fresh = desk.case.anatomy.structures["spleen"]
    assert fresh.surface is not old and fresh.certificate.watertight
    assert fresh.volume_ml == pytest.approx(desk.case.label_map.volume_ml("spleen"))
    assert "spleen" not in panel.hand.surfaces.stale()
    assert desk.session.history.names == ("paint spleen",)  # a surface is no step of its own


def test_three_clicks_are_proposed_beside_the_window_and_taken(window, qtbot):
    from PySide6.QtCore import Qt

    desk, pane, panel = window.desk, window.views.slice_panes["axial"], window.panels["segment"]
    from anatomy_twin.view.tools import hand_actions as actions

    assert actions.begin(panel.hand, "segment_1", (20, 200, 220))
    desk.set_focus((85.0, 35.0, 30.0))
    before = desk.case.label_map.array.copy()
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_6)
    assert desk.tool.name == "grow"
    none, shift = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
    for point, keys in (((85.0, 35.0, 30.0), none), ((85.0, 25.0, 30.0), none), ((85.0, -40.0, 30.0), shift)):
        qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, keys, place(pane, point))
    assert [inside for _, inside in desk.tool.clicks] == [True, True, False]
    qtbot.waitUntil(lambda: bool(desk.tool.tints()), timeout=90_000)
    assert np.array_equal(desk.case.label_map.array, before)
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_Return)
    labels = desk.case.label_map
    spleen, found = labels.mask("spleen"), labels.mask("segment_1")
    both = 2 * np.count_nonzero(spleen & found) / (np.count_nonzero(spleen) + np.count_nonzero(found))
    assert both > 0.85 and desk.session.history.names[-1] == "grow segment_1"
    assert not desk.tool.shapes() and not desk.tool.tints()


def test_list_goes_from_one_to_the_next_and_keeps_their_states(window, qtbot):
    from PySide6.QtCore import Qt

    desk, panel = window.desk, window.panels["segment"]
    names = list(panel.list.rows)
    item = panel.list.item_of("liver")
    spot = panel.list.visualItemRect(item).center()
    panel.list.scrollToItem(item)
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.list.visualItemRect(item).center())
    assert desk.active == "liver" and spot is not None
    voxel = desk.case.label_map.geometry.nearest_voxel(desk.focus_mm)
    assert desk.case.label_map.mask("liver")[voxel]
    window.run("segment.next")
    assert desk.active == names[names.index("liver") + 1]
    window.run("segment.previous")
    window.run("segment.flag")
    assert panel.hand.segment.state == "check"
    qtbot.waitUntil(lambda: panel.list.rows["liver"].state == "flagged")
    panel.only_flagged.setChecked(True)
    assert list(panel.list.rows) == ["liver"]
    window.run("segment.confirm")
    qtbot.waitUntil(lambda: not panel.list.rows)
    panel.only_flagged.setChecked(False)
    assert panel.list.rows["liver"].state == "checked"
    panel.list.eye_clicked.emit("liver")
    assert not desk.case.display.layer("liver").visible
    desk.undo()
    desk.undo()
    desk.undo()
    assert panel.hand.segment.state == "ok"


def test_every_tool_can_be_taken_up_by_its_command(window, qtbot):
    desk = window.desk
    window.run("segment.paint")
    assert desk.tool.name == "navigate"  # no segment is chosen: that is told
    desk.set_active("liver")
    for name in ("paint", "draw", "erase", "trace", "grow", "scissors", "keep_island", "remove_island", "sample"):
        window.run(f"segment.{name}")
        assert desk.tool.name == name.replace("_", " ")
    window.run("segment.navigate")
    assert desk.tool.name == "navigate"
