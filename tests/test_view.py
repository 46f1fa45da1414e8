"""The window, opened for real: linked slices, tree, time, letters, clean closing."""

from __future__ import annotations

import os

import numpy as np
import pytest

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot, toy_case):
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.view.style import apply_style
    from anatomy_twin.view.window import RehearsalWindow

    apply_style(QApplication.instance())
    window = RehearsalWindow(toy_case)
    qtbot.addWidget(window)
    window.resize(1200, 800)
    with qtbot.waitExposed(window):
        window.show()
    yield window
    window.close()


def picture_of(widget) -> np.ndarray:
    """What a Qt widget shows, RGB."""
    from PySide6.QtGui import QImage

    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return data[:, : image.width(), 2::-1].astype(int)


def test_a_screen_is_there():
    assert os.environ.get("DISPLAY"), "pytest-xvfb has not started"


def test_click_in_one_slice_moves_the_others(window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    axial, coronal = window.slice_panes["axial"], window.slice_panes["coronal"]
    before = picture_of(coronal)
    target = np.array([85.0, 35.0, window.model.focus_mm[2]])  # the spleen
    row, column = axial.plane.to_pixel(target)
    qtbot.mouseClick(axial, Qt.MouseButton.LeftButton, pos=QPoint(round(float(column)), round(float(row))))
    pixel = axial.plane.pixel_mm
    assert np.allclose(window.model.focus_mm, target, atol=2 * pixel)
    assert "Spleen" in window.place_label.text() and "L 8" in window.place_label.text()
    assert np.abs(picture_of(coronal) - before).mean() > 1.0


def test_wheel_goes_one_slice_towards_the_viewer(window, qtbot):
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    axial = window.slice_panes["axial"]
    z = window.model.focus_mm[2]
    event = QWheelEvent(
        QPointF(50, 50), QPointF(axial.mapToGlobal(QPoint(50, 50))), QPoint(0, 0), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )
    QApplication.sendEvent(axial, event)
    assert abs(abs(window.model.focus_mm[2] - z) - 4.0) < 1e-6


def test_liver_is_on_the_viewers_left_and_letters_say_so(window):
    for name in ("axial", "coronal"):
        pane = window.slice_panes[name]
        window.model.set_focus((-55.0, -10.0, 20.0))
        assert pane.plane.letters["left"] == "R" and pane.plane.letters["right"] == "L"
        _, column = pane.plane.to_pixel((-55.0, -10.0, 20.0))
        assert column < pane.width() / 2
        picture = picture_of(pane)
        row, column = pane.plane.to_pixel((-55.0, 10.0, 0.0))
        red, _, blue = picture[int(row), int(column)]
        assert red > blue + 5, "the liver's tint is missing where the liver is"
    assert window.scene_pane.edge_letters() == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    window.scene_pane.look("posterior")
    assert window.scene_pane.edge_letters()["left"] == "L"


def test_tree_hides_a_structure_in_3d_and_in_slices(window):
    from PySide6.QtCore import Qt

    pane = window.slice_panes["axial"]
    window.model.set_focus((-55.0, -10.0, 20.0))
    before = picture_of(pane)
    window.tree.items["liver"].setCheckState(0, Qt.CheckState.Unchecked)
    actor = window.scene_pane.interactor.actors["liver"]
    assert not actor.GetVisibility()
    assert np.abs(picture_of(pane) - before).max() > 20
    window.tree.items["liver"].setCheckState(0, Qt.CheckState.Checked)
    assert actor.GetVisibility() and np.array_equal(picture_of(pane), before)
    window.tree.sliders["liver"].setValue(80)
    assert actor.prop.opacity == pytest.approx(0.8)


def test_time_slider_grows_the_zone(window, toy_case):
    result = toy_case.results["A"]
    texts, seen = [], []
    for snapshot in (0, len(result.times_s) // 2, len(result.times_s) - 1):
        window.time_slider.setValue(snapshot)
        texts.append(window.time_label.text())
        expected = result.coagulated_at(snapshot).sum() * result.geometry.voxel_volume_ml
        assert f"coagulated {expected:.1f} ml" in window.time_label.text()
        seen.append(window.scene_pane.interactor.actors.get("zone") is not None)
    assert len(set(texts)) == 3 and seen == [False, True, True]
    zone = window.scene_pane.interactor.actors["zone"]
    points = np.asarray(zone.mapper.dataset.points)
    inside = result.geometry.to_world(np.argwhere(result.coagulated))
    assert np.allclose(points.mean(axis=0), inside.mean(axis=0), atol=2.0)


def test_playing_ends_at_the_last_moment(window, qtbot):
    window.time_slider.setValue(window.model.snapshot_count - 3)
    window.play_button.click()
    qtbot.waitUntil(lambda: window.model.snapshot == window.model.snapshot_count - 1, timeout=20000)
    qtbot.waitUntil(lambda: not window.play_button.isChecked(), timeout=20000)


def test_double_click_shows_one_view_alone_and_back(window):
    pane = window.slice_panes["sagittal"]
    pane.maximise.emit(pane)
    assert pane.isVisible() and not window.scene_pane.isVisible()
    pane.maximise.emit(pane)
    assert window.scene_pane.isVisible()


def test_intended_use_is_always_visible(window):
    assert window.notice_label.isVisible() and "Not for diagnosis" in window.notice_label.text()


def test_verdicts_have_a_word_and_a_symbol(window):
    for row in range(window.numbers.rowCount()):
        text = window.numbers.item(row, 2).text()
        assert text == "" or len(text.split()) >= 2


def test_open_and_close_again(qtbot, toy_case):
    from anatomy_twin.view.window import RehearsalWindow

    for _ in range(3):
        window = RehearsalWindow(toy_case)
        with qtbot.waitExposed(window):
            window.show()
        window.close()
        assert not window.isVisible()


def test_case_without_plan_opens(qtbot, toy_case):
    from anatomy_twin.core import Case
    from anatomy_twin.view.window import RehearsalWindow

    window = RehearsalWindow(Case.new(volume=toy_case.volume))
    qtbot.addWidget(window)
    window.show()
    assert "not simulated" in window.time_label.text() and not window.time_slider.isEnabled()
    assert window.scene_pane.interactor.actors["line"].input.startswith("no surfaces yet")
    window.close()
