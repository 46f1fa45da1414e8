"""Slice views under real mouse and keys: linked planes, grey window, zoom, slabs, oblique planes, tools, hovering."""

# ruff: noqa: F811
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import PlaneCut, ResectionPlan
from anatomy_twin.rehearsal import Tool
from anatomy_twin.rehearsal.oblique import PlaneChoice
from tests.support.slice_views import picture_of, screen_point, show, turn_wheel, views  # noqa: F401
from tests.support.toy_case import planned_case

pytestmark = pytest.mark.gui


class Hand(Tool):
    """A tool that takes the button and remembers what it was told."""

    name = "hand"

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def press(self, at):
        self.told.append(("press", at))
        return not at.alt

    def drag(self, at):
        self.told.append(("drag", at))

    def release(self, at):
        self.told.append(("release", at))

    def hover(self, at):
        self.told.append(("hover", at))

    def key(self, name):
        self.told.append(("key", name))
        return name == "]"

    def cancel(self):
        self.told.append(("cancel", None))
        return True

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.told]


def drag(qtbot, pane, button, start, end, modifier=None, inside=True):
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    keys = modifier or Qt.KeyboardModifier.NoModifier
    qtbot.mousePress(pane, button, keys, start)
    for share in (0.5, 1.0):
        place = QPointF(start + (end - start) * share)
        move = QMouseEvent(QEvent.Type.MouseMove, place, QPointF(pane.mapToGlobal(place)), Qt.MouseButton.NoButton,
                           button, keys)  # fmt: skip
        QApplication.sendEvent(pane, move)
    if inside:
        qtbot.mouseRelease(pane, button, keys, end)


def test_a_click_moves_the_crossing_point_to_the_voxel_under_it(views, qtbot):
    from PySide6.QtCore import Qt

    desk, panes = views
    target = np.array([85.0, 35.0, desk.focus_mm[2]])
    place = screen_point(panes["axial"], target)
    qtbot.mouseClick(panes["axial"], Qt.MouseButton.LeftButton, pos=place)
    assert np.allclose(desk.focus_mm, target, atol=panes["axial"].plane.pixel_mm)
    assert abs(float(panes["sagittal"].plane.distance_mm(desk.focus_mm))) < 1e-6
    assert abs(float(panes["coronal"].plane.distance_mm(desk.focus_mm))) < 1e-6


def test_a_scroll_samples_only_the_slice_that_moved(views):
    desk, panes = views
    for pane in panes.values():
        picture_of(pane)
    before = {name: dict(pane.painter.work) for name, pane in panes.items()}
    z = desk.focus_mm[2]
    turn_wheel(panes["axial"])
    assert desk.focus_mm[2] == pytest.approx(z - 4.0)
    crossing = picture_of(panes["coronal"])
    picture_of(panes["axial"])
    assert panes["axial"].painter.work["grey"] == before["axial"]["grey"] + 1
    assert panes["coronal"].painter.work == before["coronal"] and panes["sagittal"].painter.work == before["sagittal"]
    row = screen_point(panes["coronal"], desk.focus_mm).y()
    red = crossing[row - 2 : row + 3, 5:25, 0].max(axis=0) - crossing[row - 2 : row + 3, 5:25, 2].min(axis=0)
    assert (red > 40).mean() > 0.8, "the line of the axial slice follows"


def test_keys_go_through_slices_and_zoom(views, qtbot):
    from PySide6.QtCore import Qt

    desk, panes = views
    pane = panes["coronal"]
    y = desk.focus_mm[1]
    for key, step in ((Qt.Key.Key_Up, -4.0), (Qt.Key.Key_Down, 0.0), (Qt.Key.Key_PageDown, 4.0)):
        qtbot.keyClick(pane, key)
        assert desk.focus_mm[1] == pytest.approx(y + step)
    whole = pane.plane.pixel_mm
    qtbot.keyClick(pane, Qt.Key.Key_Plus)
    assert pane.plane.pixel_mm == pytest.approx(whole / 1.2)
    qtbot.keyClick(pane, Qt.Key.Key_R)
    assert pane.plane.pixel_mm == pytest.approx(whole)


def test_the_right_button_drags_the_grey_window_without_sampling_anew(views, qtbot):
    from PySide6.QtCore import QPoint, Qt

    desk, panes = views
    before = picture_of(panes["axial"])
    work, window = dict(panes["axial"].painter.work), desk.window
    drag(qtbot, panes["axial"], Qt.MouseButton.RightButton, QPoint(100, 200), QPoint(160, 150))
    assert desk.window[0] > window[0] and desk.window[1] > window[1]
    assert np.abs(picture_of(panes["axial"]) - before).max() > 10
    after = panes["axial"].painter.work
    assert after["grey"] == work["grey"] and after["labels"] == work["labels"]
    assert not desk.session.dirty, "a look round is no step of the case"


def test_control_and_wheel_zoom_about_the_mouse(views):
    _, panes = views
    pane = panes["axial"]
    place = screen_point(pane, (-70.0, -15.0, 25.0))
    held, whole = pane.point_at(place.toPointF()), pane.plane.pixel_mm
    turn_wheel(pane, 3, place, control=True)
    assert pane.plane.pixel_mm == pytest.approx(whole / 1.2**3)
    assert np.allclose(pane.point_at(place.toPointF()), held)


@pytest.mark.parametrize("how", ["middle", "shift"])
def test_the_picture_is_shifted(views, qtbot, how):
    from PySide6.QtCore import QPoint, Qt

    desk, panes = views
    pane, focus = panes["axial"], desk.focus_mm
    point = pane.point_at(QPoint(100, 100).toPointF())
    button = Qt.MouseButton.MiddleButton if how == "middle" else Qt.MouseButton.LeftButton
    keys = None if how == "middle" else Qt.KeyboardModifier.ShiftModifier
    drag(qtbot, pane, button, QPoint(100, 100), QPoint(130, 80), keys)
    assert np.allclose(pane.point_at(QPoint(130, 80).toPointF()), point) and desk.focus_mm == focus


def test_a_magnified_view_follows_a_crossing_point_that_leaves_it(views):
    desk, panes = views
    pane = panes["axial"]
    for _ in range(12):
        pane.zoom(1.2)
    desk.set_focus((85.0, 35.0, 30.0))
    place = screen_point(pane, desk.focus_mm)
    assert pane.rect().contains(place)


def test_a_tool_gets_the_button_with_points_in_the_patient(views, qtbot):
    from PySide6.QtCore import QPoint, Qt

    desk, panes = views
    hand, pane, focus = Hand(), panes["sagittal"], desk.focus_mm
    desk.set_tool(hand)
    start = screen_point(pane, (focus[0], -15.0, 25.0))
    drag(qtbot, pane, Qt.MouseButton.LeftButton, start, QPoint(-50, -40), Qt.KeyboardModifier.ControlModifier)
    assert [name for name in hand.names if name != "hover"] == ["press", "drag", "drag", "release"]
    at = hand.told[hand.names.index("press")][1]
    assert at.view == "sagittal" and at.control and not at.shift
    assert np.allclose(at.point_mm, (focus[0], -15.0, 25.0), atol=pane.plane.pixel_mm)
    assert np.allclose(at.toward, pane.plane.normal) and at.pixel_mm == pytest.approx(pane.plane.pixel_mm)
    assert desk.focus_mm == focus, "the tool took the button"
    drag(qtbot, pane, Qt.MouseButton.LeftButton, start, start, Qt.KeyboardModifier.AltModifier)
    assert np.allclose(desk.focus_mm, at.point_mm), "what the tool does not take moves the crossing point"


def test_a_button_that_comes_up_unseen_ends_the_drag(views, qtbot):
    from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    desk, panes = views
    hand, pane = Hand(), panes["axial"]
    desk.set_tool(hand)
    drag(qtbot, pane, Qt.MouseButton.LeftButton, QPoint(50, 50), QPoint(60, 60), inside=False)
    place = QPointF(80, 80)
    none = Qt.MouseButton.NoButton
    QApplication.sendEvent(pane, QMouseEvent(QEvent.Type.MouseMove, place, QPointF(pane.mapToGlobal(place)), none, none,
                                             Qt.KeyboardModifier.NoModifier))  # fmt: skip
    assert hand.names[-2:] == ["release", "hover"]
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    pane.hide()  # the mouse may leave it, too: that it points nowhere is told then
    assert [name for name in hand.names if name != "hover"][-1] == "cancel", "a view that goes away lets go"
    qtbot.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert [name for name in hand.names if name != "hover"][-1] == "cancel"


def test_keys_go_to_the_tool_first(views, qtbot):
    from PySide6.QtCore import Qt

    desk, panes = views
    hand, focus = Hand(), desk.focus_mm
    desk.set_tool(hand)
    qtbot.keyClick(panes["axial"], "]")
    qtbot.keyClick(panes["axial"], Qt.Key.Key_Delete)
    assert ("key", "]") in hand.told and ("key", "Delete") in hand.told and desk.focus_mm == focus


def test_the_line_under_the_mouse_says_value_structure_and_place(views):
    from anatomy_twin.view.slice_words import hover_text

    desk, _ = views
    text = hover_text(desk, (-70.0, -15.0, 25.0))
    volume = desk.scene.volume
    assert f"{volume.at((-70.0, -15.0, 25.0)):.0f} HU" in text and "Tumour 1" in text and "R 70.0" in text
    assert hover_text(desk, (900.0, 0.0, 0.0)) == ""
    desk.show_field("temperature")
    assert "\N{DEGREE SIGN}C" in hover_text(desk, (-70.0, -15.0, 25.0))


def test_hovering_writes_the_line_and_leaving_takes_it_away(views, qtbot):
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    _, panes = views
    pane = panes["axial"]
    empty = picture_of(pane)
    qtbot.mouseMove(pane, screen_point(pane, (-70.0, -15.0, 25.0)))
    qtbot.waitUntil(lambda: np.abs(picture_of(pane) - empty)[-16:].max() > 60, timeout=3000)
    QApplication.sendEvent(pane, QEvent(QEvent.Type.Leave))
    assert np.array_equal(picture_of(pane), empty)


def test_planes_along_and_across_the_applicator(views):
    desk, panes = views
    pane, applicator = panes["coronal"], desk.plan.applicators[0]
    pane.choose(PlaneChoice("along", 0))
    ends = [applicator.entry_mm, applicator.tip_mm]
    assert np.allclose(pane.plane.distance_mm(ends), 0.0, atol=1e-6)
    turn_wheel(pane, 2)
    assert pane.choice.angle_deg == pytest.approx(10.0)
    assert np.allclose(pane.plane.distance_mm(ends), 0.0, atol=1e-6)
    for end in ends:
        assert pane.rect().contains(screen_point(pane, end)), "all of the applicator is seen"
    pane.choose(PlaneChoice("across", 0))
    turn_wheel(pane, 7)
    assert np.linalg.norm(np.subtract(desk.focus_mm, applicator.tip_mm)) == pytest.approx(7.0, abs=0.05)
    assert np.allclose(pane.plane.normal, applicator.direction)
    moved = replace(applicator, tip_mm=tuple(np.add(applicator.tip_mm, (0.0, 5.0, 0.0))))
    desk.move(replace(desk.plan, applicators=(moved,)))
    assert np.allclose(pane.plane.normal, moved.direction), "the plane follows the hand"


def test_the_plane_of_a_cut_and_home_again_where_the_plan_has_none(show):
    case = planned_case()
    plan = ResectionPlan("R", "liver", ("tumour_1",), (PlaneCut((-60.0, -10.0, 20.0), (0.8, 0.0, 0.6)),))
    desk, panes = show(case.with_plan(plan))
    desk.choose_plan("R")
    pane = panes["sagittal"]
    pane.choose(PlaneChoice("cut"))
    assert abs(float(pane.plane.normal @ np.array([0.8, 0.0, 0.6]))) == pytest.approx(1.0)
    desk.choose_plan("")
    assert pane.choice == PlaneChoice("sagittal")


def test_the_menu_in_the_corner_offers_the_planes_of_the_plan(views):
    _, panes = views
    menu = panes["axial"].menu.offered()
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert texts[:4] == ["Axial", "Coronal", "Sagittal", "As scanned"] and "Along applicator 1" in texts
    next(action for action in menu.actions() if action.text() == "Across applicator 1").trigger()
    assert panes["axial"].choice.kind == "across" and panes["axial"].menu.text() == "Across applicator 1"
    menu.deleteLater()
