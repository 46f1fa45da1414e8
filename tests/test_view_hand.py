"""What is seen and read around the hand: words that cover nothing, numbers of a moved plan, typed commas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.gui


@pytest.fixture
def moved(shell_window):
    """The desk of a window whose hand holds plan A, 3 mm from where it was."""
    desk = shell_window.desk
    plan = desk.plan
    needle = plan.applicators[0]
    desk.move(replace(plan, applicators=(replace(needle, tip_mm=tuple(np.add(needle.tip_mm, (3.0, 0.0, 0.0)))),)))
    yield desk
    desk.drop()
    desk.set_live(None)


def test_the_row_of_the_zone_tells_of_the_preview_while_the_plan_is_moved(shell_window, moved):
    from anatomy_twin.core import Quantity
    from anatomy_twin.pipeline.live import Preview

    tree, saved = shell_window.panels["tree"], moved.case.results["A"].coagulated_ml
    assert tree.rows["zone"].label == "Zone: preview" and tree.rows["zone"].volume_ml is None
    moved.set_live(Preview(moved.plan, (Quantity("ablated_ml", "Ablated volume", 7.25, "ml"),)))
    assert tree.rows["zone"].volume_ml == 7.25 and tree.items["zone"].text(2) == "7.2"
    moved.drop()
    assert tree.rows["zone"].volume_ml == pytest.approx(saved, rel=0.05)


def test_the_words_of_a_handle_stand_in_the_view_of_the_hand():
    from anatomy_twin.rehearsal.handle_shapes import handle_shapes
    from anatomy_twin.rehearsal.handles import Handle

    handle = Handle("tip 1", "tip of applicator {number}", "tip", 0, (0.0, 0.0, 0.0))
    for view in ("axial", "3d", ""):
        words = [one for one in handle_shapes((handle,), "tip 1", "", "margin 2 mm", view) if one.kind == "text"]
        assert [(one.text, one.only) for one in words] == [("margin 2 mm", view)]


def test_words_leave_letters_and_scales_free(shell_window):
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QImage, QPainter

    from anatomy_twin.view.slice_ink import Canvas, write_beside
    from anatomy_twin.view.slice_notes import INK, draw_letters
    from anatomy_twin.view.slice_words import corners_taken

    pane, desk = shell_window.views.slice_panes["coronal"], shell_window.desk
    field = desk.scene.fields[0]
    image = QImage(420, 300, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    try:
        canvas = Canvas(painter, replace(pane.plane, shape=(300, 420)), 420, 300, "coronal")
        fixed = corners_taken(canvas, pane.menu.geometry(), field)
        canvas.taken.extend(fixed)
        draw_letters(canvas)
        for place in ((400, 150), (12, 140), (210, 20), (210, 270), (380, 250), (60, 280)):
            write_beside(canvas, "Smallest margin 2.2 mm", QPointF(*place), INK, 5.0)
        words = canvas.taken[len(fixed) :]
    finally:
        painter.end()
    assert len(words) == 6
    assert not [(one, other) for one in words for other in fixed if one.shared(other) > 0]
    assert not [n for n, one in enumerate(words) for other in words[:n] if one.shared(other) > 0]


@pytest.mark.parametrize(("typed", "value"), [("7,5", 7.5), ("7.5", 7.5), ("12", 12.0)])
def test_a_comma_is_a_decimal_point(qtbot, typed, value):
    from PySide6.QtCore import Qt

    from anatomy_twin.view.panels.plan_parameters import NumberField

    field = NumberField()
    qtbot.addWidget(field)
    field.setSuffix(" mm")
    field.selectAll()
    qtbot.keyClicks(field.lineEdit(), typed)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == value
