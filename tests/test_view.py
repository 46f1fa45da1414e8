"""The window, opened for real: linked slices, tree, time, letters, clean closing."""

from __future__ import annotations

import os

import numpy as np
import pytest

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot, toy_case):
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.style import apply_style
    from tests.support.windows import shown_window

    apply_style(QApplication.instance(), "dark", 100)
    window = shown_window(qtbot, Session(toy_case))
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

    axial, coronal = window.views.slice_panes["axial"], window.views.slice_panes["coronal"]
    before = picture_of(coronal)
    target = np.array([85.0, 35.0, window.desk.focus_mm[2]])  # the spleen
    row, column = axial.plane.to_pixel(target)
    qtbot.mouseClick(axial, Qt.MouseButton.LeftButton, pos=QPoint(round(float(column)), round(float(row))))
    pixel = axial.plane.pixel_mm
    assert np.allclose(window.desk.focus_mm, target, atol=2 * pixel)
    assert "Spleen" in window.place_label.text() and "L 8" in window.place_label.text()
    assert np.abs(picture_of(coronal) - before).mean() > 1.0


def test_wheel_goes_one_slice_towards_the_viewer(window, qtbot):
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    axial = window.views.slice_panes["axial"]
    z = window.desk.focus_mm[2]
    event = QWheelEvent(
        QPointF(50, 50), QPointF(axial.mapToGlobal(QPoint(50, 50))), QPoint(0, 0), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )
    QApplication.sendEvent(axial, event)
    assert abs(abs(window.desk.focus_mm[2] - z) - 4.0) < 1e-6


def test_liver_is_on_the_viewers_left_and_letters_say_so(window):
    for name in ("axial", "coronal"):
        pane = window.views.slice_panes[name]
        window.desk.set_focus((-55.0, -10.0, 20.0))
        assert pane.plane.letters["left"] == "R" and pane.plane.letters["right"] == "L"
        _, column = pane.plane.to_pixel((-55.0, -10.0, 20.0))
        assert column < pane.width() / 2
        picture = picture_of(pane)
        row, column = pane.plane.to_pixel((-55.0, 10.0, 0.0))
        red, _, blue = picture[int(row), int(column)]
        assert red > blue + 5, "the liver's tint is missing where the liver is"
    assert window.views.scene_pane.edge_letters() == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    window.views.scene_pane.look("posterior")
    assert window.views.scene_pane.edge_letters()["left"] == "L"


def test_tree_hides_a_structure_in_3d_and_in_slices(window):
    from PySide6.QtCore import Qt

    pane = window.views.slice_panes["axial"]
    window.desk.set_focus((-55.0, -10.0, 20.0))
    before = picture_of(pane)
    tree = window.panels["tree"]
    tree.items["liver"].setCheckState(0, Qt.CheckState.Unchecked)
    surfaces = window.views.scene_pane.stage.surfaces
    assert not surfaces.layer("liver").visible
    assert surfaces.actor("liver") is None or not surfaces.actor("liver").GetVisibility()
    assert np.abs(picture_of(pane) - before).max() > 20
    tree.items["liver"].setCheckState(0, Qt.CheckState.Checked)
    assert surfaces.layer("liver").visible and np.array_equal(picture_of(pane), before)
    tree.sliders["liver"].setValue(80)
    assert surfaces.layer("liver").opacity == pytest.approx(0.8)
    assert len(window.desk.session.history.done) == 3


def test_time_slider_grows_the_zone(window, toy_case):
    result = toy_case.results["A"]
    bar, texts, seen = window.time_bar, [], []
    for snapshot in (0, len(result.times_s) // 2, len(result.times_s) - 1):
        bar.slider.setValue(snapshot)
        texts.append(bar.time_label.text() + bar.label.text())
        expected = result.coagulated_at(snapshot).sum() * result.geometry.voxel_volume_ml
        assert f"coagulated {expected:.1f} ml" in bar.label.text()
        zone = window.views.scene_pane.stage.surfaces.layer("zone")
        seen.append(zone is not None and zone.visible)
    assert len(set(texts)) == 3 and seen == [False, True, True]
    points = zone.surface.points_mm
    inside = result.geometry.to_world(np.argwhere(result.coagulated))
    assert np.allclose(points.mean(axis=0), inside.mean(axis=0), atol=2.0)


def test_playing_ends_at_the_last_moment(window, qtbot):
    window.time_bar.slider.setValue(window.desk.snapshot_count - 3)
    window.time_bar.play_button.click()
    qtbot.waitUntil(lambda: window.desk.snapshot == window.desk.snapshot_count - 1, timeout=20000)
    qtbot.waitUntil(lambda: not window.time_bar.play_button.isChecked(), timeout=20000)


def test_double_click_shows_one_view_alone_and_back(window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    pane, views = window.views.slice_panes["sagittal"], window.views
    qtbot.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(40, 60))
    assert pane.isVisible() and not views.scene_pane.isVisible() and pane.size() == views.size()
    qtbot.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(40, 60))
    assert views.scene_pane.isVisible() and pane.width() < views.width() / 1.9


def test_intended_use_is_always_visible(window):
    assert window.notice_label.isVisible() and "Not for diagnosis" in window.notice_label.text()


def test_verdicts_have_a_word_and_a_symbol(window):
    texts = window.panels["numbers"].texts()
    verdicts = [verdict for _, _, verdict in texts.values() if verdict]
    assert verdicts and all(len(verdict.split()) >= 2 for verdict in verdicts)


def test_open_and_close_again(qtbot, toy_case):
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.window import RehearsalWindow

    counts = []
    for _ in range(3):
        window = RehearsalWindow(Session(toy_case))
        with qtbot.waitExposed(window):
            window.show()
        window.close()
        assert not window.isVisible() and window.desk is None
        window.deleteLater()
        qtbot.wait(50)
        counts.append(len(QApplication.allWidgets()))
    assert counts[2] <= counts[1], "widgets of a closed window are left"


def test_a_case_follows_another_in_the_same_window(window, qtbot, toy_case):
    from dataclasses import replace

    from anatomy_twin.core import Patient
    from anatomy_twin.pipeline.session import Session

    other = replace(toy_case, patient=Patient("other"))
    window.show_session(Session(other))
    assert "other" in window.windowTitle() and window.desk.case is other
    window.leave_case()
    assert window.desk is None and window.centralWidget() is window.start_page and not window.docks
    window.show_session(Session(toy_case))
    qtbot.waitUntil(window.views.isVisible, timeout=5000)
    assert window.panels["tree"].items


def test_case_without_plan_opens(qtbot, toy_case):
    from anatomy_twin.core import Case
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.window import RehearsalWindow

    window = RehearsalWindow(Session(Case.new(volume=toy_case.volume)))
    qtbot.addWidget(window)
    window.show()
    assert "no plan" in window.time_bar.label.text() and not window.time_bar.slider.isEnabled()
    assert window.views.scene_pane.interactor.actors["line"].input.startswith("No surfaces yet")
    window.close()
