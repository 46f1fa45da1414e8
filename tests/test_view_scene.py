"""The 3-D view in a real window, with real mouse and keys: turning, picking, tools, cuts, menus, closing."""

from __future__ import annotations

import gc
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

    apply_style(QApplication.instance(), "dark", 100)
    window = shown_window(qtbot, Session(toy_case))
    pane = window.views.scene_pane
    qtbot.waitUntil(lambda: pane.frames["resting"] > 0, timeout=20000)
    yield window
    window.close()


def place_of(pane, point_mm):
    """Where a point is seen, in pixels of the drawing surface."""
    from PySide6.QtCore import QPoint

    size = pane.interactor.width(), pane.interactor.height()
    x, y = pane.stage.camera.pixel_of(point_mm, size)
    return QPoint(round(x), round(y))


def drag(qtbot, pane, start, steps, button, modifiers=None):
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    held = modifiers or Qt.KeyboardModifier.NoModifier
    target = pane.interactor

    def send(kind, place, pressed):
        where = QPointF(place)
        which = button if kind != QEvent.Type.MouseMove else Qt.MouseButton.NoButton
        event = QMouseEvent(kind, where, QPointF(target.mapToGlobal(place)), which, pressed, held)
        QApplication.sendEvent(target, event)

    send(QEvent.Type.MouseButtonPress, start, button)
    place = start
    for step in steps:
        place = place + step
        send(QEvent.Type.MouseMove, place, button)
    send(QEvent.Type.MouseButtonRelease, place, Qt.MouseButton.NoButton)


def picture(pane, kind="resting"):
    pane.stage.frame(kind)
    return pane.stage.picture().astype(int)


def test_turning_draws_this_view_only_and_then_finely(window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    pane, slices = window.views.scene_pane, window.views.slice_panes
    qtbot.waitUntil(lambda: not pane._timers["prepare"].isActive(), timeout=20000)
    qtbot.wait(600)
    painted = {name: one.paint_count for name, one in slices.items()}
    moving, rest = pane.frames["moving"], pane.frames["resting"] + pane.frames["best"]
    before = pane.stage.camera
    drag(qtbot, pane, QPoint(100, 100), [QPoint(4, 2)] * 10, Qt.MouseButton.LeftButton)
    after = pane.stage.camera
    assert after.distance_mm == pytest.approx(before.distance_mm, rel=1e-6)
    angle = np.degrees(np.arccos(before.axes[2] @ after.axes[2]))
    assert 10 < angle < 40
    qtbot.waitUntil(lambda: pane.frames["moving"] > moving, timeout=10000)
    assert not pane.stage.renderer.GetUseDepthPeeling() and not pane.stage.renderer.GetUseFXAA()
    qtbot.waitUntil(lambda: pane.frames["resting"] + pane.frames["best"] > rest, timeout=10000)
    assert {name: one.paint_count for name, one in slices.items()} == painted, "a slice was painted for a turn"


def test_pan_zoom_wheel_and_keys(window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    pane = window.views.scene_pane
    before = pane.stage.camera
    drag(qtbot, pane, QPoint(100, 100), [QPoint(20, 0)], Qt.MouseButton.MiddleButton)
    step = 20 * 2 * before.half_height_mm / pane.interactor.height()
    assert np.allclose(np.subtract(pane.stage.camera.focal_mm, before.focal_mm), (-step, 0, 0), atol=1e-6)
    drag(qtbot, pane, QPoint(100, 100), [QPoint(0, -30)], Qt.MouseButton.RightButton)
    assert pane.stage.camera.half_height_mm < before.half_height_mm
    pane.interactor.setFocus()
    qtbot.keyClick(pane.interactor, Qt.Key.Key_Right)
    assert abs(pane.stage.camera.axes[2][0]) > 0.05
    qtbot.keyClick(pane.interactor, Qt.Key.Key_R)
    assert pane.edge_letters() == {"left": "R", "right": "L", "top": "H", "bottom": "F"}


def test_sides_by_buttons_and_by_commands(window, qtbot):
    from PySide6.QtCore import Qt

    pane = window.views.scene_pane
    expected = {"anterior": "R", "posterior": "L", "right": "P", "left": "A", "head": "L", "foot": "R"}
    for side, letter in expected.items():
        qtbot.mouseClick(pane.bar.buttons[side], Qt.MouseButton.LeftButton)
        by_button = pane.edge_letters()
        window.run("scene.reset")
        window.run(f"scene.{side}")
        assert pane.edge_letters() == by_button
        assert by_button["left"] == letter or side == "head", (side, by_button)
    window.run("scene.perspective")
    assert not pane.stage.camera.parallel and pane.bar.perspective.isChecked()


def test_a_click_finds_the_surface_to_a_fifth_of_a_millimetre(window, qtbot):
    pane = window.views.scene_pane
    tumour = next(layer for layer in pane.layers if layer.group == "target")
    middle = tumour.surface.points_mm.mean(axis=0)
    pane.centre_on(middle)
    from PySide6.QtCore import QPointF, Qt

    place = place_of(pane, middle)
    at = pane.mouse.pointer(QPointF(place), Qt.KeyboardModifier.NoModifier)
    start, toward = np.asarray(at.eye_mm), np.asarray(at.toward)
    assert np.linalg.norm(np.cross(np.subtract(at.point_mm, start), toward)) < 1e-3, "the point is not under the mouse"
    layer = next(one for one in pane.layers if one.name == at.structure)
    assert pane.finder.nearest_mm(layer.surface, at.point_mm) < 0.2
    assert at.view == "3d" and at.pixel_mm == pytest.approx(2 * pane.stage.camera.shown_mm / pane.interactor.height())
    words = pane.mouse.words(at)
    assert layer.caption in words and "HU" in words


def test_hover_tells_and_shift_moves_the_crossing_point(window, qtbot):
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    pane, desk = window.views.scene_pane, window.desk
    desk.reader.prepare()
    liver = desk.scene.focus_mm
    place = place_of(pane, liver)
    qtbot.mouseMove(pane.interactor, place)
    qtbot.waitUntil(lambda: pane.bar.words.text() != "", timeout=5000)
    assert "mm" in pane.bar.words.text()
    before = desk.focus_mm
    no, shift = Qt.MouseButton.NoButton, Qt.KeyboardModifier.ShiftModifier
    where = QPointF(pane.interactor.mapToGlobal(place))
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), where, no, no, shift)
    QApplication.sendEvent(pane.interactor, event)
    assert desk.focus_mm != before
    assert np.hypot(*np.subtract(pane.stage.camera.pixel_of(desk.focus_mm, (pane.interactor.width(),
                    pane.interactor.height())), (place.x(), place.y()))) < 1.0  # fmt: skip


def test_a_tool_gets_the_left_button_first_and_keeps_it(window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    from anatomy_twin.rehearsal import Shape, Tool

    pane, desk = window.views.scene_pane, window.desk

    class Grab(Tool):
        def __init__(self):
            self.heard = []

        def press(self, at):
            self.heard.append(("press", at))
            return True

        def drag(self, at):
            self.heard.append(("drag", at))

        def release(self, at):
            self.heard.append(("release", at))

        def shapes(self):
            return (Shape("knob", (desk.scene.focus_mm,), (0, 255, 0), radius_px=9.0),)

    tool = Grab()
    desk.set_tool(tool)
    camera = pane.stage.camera
    far = QPoint(5000, 60)  # outside of the view
    drag(qtbot, pane, place_of(pane, desk.scene.focus_mm), [QPoint(5, 0), far], Qt.MouseButton.LeftButton)
    assert [kind for kind, _ in tool.heard] == ["press", "drag", "drag", "release"]
    assert all(at.view == "3d" for _, at in tool.heard) and tool.heard[0][1].point_mm is not None
    assert tool.heard[-1][1].point_mm is None
    assert pane.stage.camera == camera, "the view turned although the tool had the button"
    green = picture(pane)
    assert ((green[..., 1] > 200) & (green[..., 0] < 80)).sum() > 100
    desk.set_tool(None)
    green = picture(pane)
    assert ((green[..., 1] > 200) & (green[..., 0] < 80)).sum() == 0


def test_hiding_by_the_menu_is_a_step_that_can_be_undone(window):
    from anatomy_twin.view.scene_menu import make_menu

    pane, desk = window.views.scene_pane, window.desk
    kept = pane.stage.surfaces.actor("tumour_1")
    menu = make_menu(pane, "liver", (0.0, 0.0, 0.0))
    actions = {action.text(): action for action in menu.actions()}
    actions["Hide"].trigger()
    assert not pane.stage.surfaces.layer("liver").visible and pane.stage.surfaces.actor("tumour_1") is kept
    actions["Only this"].trigger()
    assert [layer.name for layer in pane.layers if layer.visible] == ["liver"]
    desk.undo()
    desk.undo()
    assert pane.stage.surfaces.layer("liver").visible and pane.stage.surfaces.actor("tumour_1") is kept
    desk.set_look("liver", opacity=0.9)
    assert pane.stage.surfaces.actor("liver").GetProperty().GetOpacity() == pytest.approx(0.9)
    menu.deleteLater()


def test_the_needle_follows_the_hand_and_the_old_zone_goes(window, qtbot):
    pane, desk = window.views.scene_pane, window.desk
    assert pane.stage.surfaces.layer("zone") is not None
    plan = desk.plan
    tip = tuple(np.add(plan.applicators[0].tip_mm, (4.0, 0.0, 6.0)))
    before = pane.frames["moving"]
    desk.move(replace(plan, applicators=(replace(plan.applicators[0], tip_mm=tip),)))
    assert pane.stage.needles.needles[0].tip_mm == pytest.approx(tip)
    assert pane.stage.surfaces.layer("zone") is None, "a zone that belongs to another place of the needle is shown"
    qtbot.waitUntil(lambda: pane.frames["moving"] > before, timeout=10000)
    desk.drop()
    assert pane.stage.surfaces.layer("zone") is not None
    assert pane.stage.needles.needles[0].tip_mm == plan.applicators[0].tip_mm


def test_a_preview_is_shown_only_while_it_is_current(window):
    from anatomy_twin.pipeline.live import Preview

    pane, desk = window.views.scene_pane, window.desk
    surface = next(layer.surface for layer in desk.scene.surfaces if layer.name == "zone")
    moved = replace(desk.plan, margin_mm=6.0)
    desk.move(moved)
    desk.set_live(Preview(moved, surface=surface, caption="preview on a 2.5 mm grid"))
    assert pane.stage.preview.shown and pane.stage.preview.caption((0.0, 0.0, 1.0)).text == "Zone: preview"
    desk.move(replace(moved, margin_mm=7.0))
    assert not pane.stage.preview.shown
    desk.drop()


def test_cuts_slices_volume_and_fields_by_commands(window, qtbot):
    pane, desk = window.views.scene_pane, window.desk
    plain = picture(pane)
    for name in ("axial", "coronal", "sagittal", "view", "applicator", "box"):
        window.run(f"scene.cut_{name}")
        assert pane.cut_name == name and len(pane.stage.planes) == (6 if name == "box" else 1)
        assert (np.abs(picture(pane) - plain).max(axis=-1) > 20).mean() > 0.02, name
    window.run("scene.cut_coronal")
    point, normal = pane.stage.planes[0]
    assert point == desk.focus_mm and normal == (0.0, 1.0, 0.0)
    desk.set_focus(np.add(desk.focus_mm, (0.0, 8.0, 0.0)))
    assert pane.stage.planes[0][0] == desk.focus_mm
    window.run("scene.cut_flip")
    assert pane.stage.planes[0][1] == (0.0, -1.0, 0.0)
    window.run("scene.cut_none")
    window.run("scene.slices")
    assert pane.standing and set(pane.stage.slices.names) == {"axial", "coronal", "sagittal"}
    window.run("scene.slices")
    window.run("scene.volume_soft-tissue")
    assert pane.stage.volume_look == "soft-tissue"
    window.run("scene.volume_none")
    window.run("scene.field_temperature")
    assert desk.field_shown == "temperature"
    pane.stage.frame("resting")
    assert pane.stage.bar.lines[0] == "Temperature"
    window.run("scene.field_none")
    pane.stage.frame("resting")
    assert pane.stage.bar.lines == ()


def test_a_row_of_the_tree_stands_out_in_all_views_and_the_mouse_lights_up_its_row(window, qtbot):
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.view.panels.scene_tree import SceneTree

    window.run("look.panel_tree")

    pane, desk, tree = window.views.scene_pane, window.desk, window.findChild(SceneTree)
    axial = window.views.slice_panes["axial"]
    qtbot.waitUntil(lambda: not pane.busy, timeout=20000)
    whole = {kind: count for kind, count in pane.frames.items() if kind != "over"}
    sampled = dict(axial.painter.work)
    tree.tree.scrollToItem(tree.items["liver"])
    row = tree.tree.visualItemRect(tree.items["liver"]).center()
    row.setX(90)  # on its name
    move = QMouseEvent(QEvent.Type.MouseMove, QPointF(row), QPointF(tree.tree.viewport().mapToGlobal(row)),
                       Qt.MouseButton.NoButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)  # fmt: skip
    QApplication.sendEvent(tree.tree.viewport(), move)
    qtbot.waitUntil(lambda: desk.shown_out == "liver", timeout=10000)
    qtbot.waitUntil(lambda: pane.frames["over"] > 0, timeout=10000)
    assert pane.stage.pointed.shown and axial.content().pointed == "liver"
    assert {kind: count for kind, count in pane.frames.items() if kind != "over"} == whole, "surfaces drawn anew"
    axial.painter.paint(axial.content())
    assert axial.painter.work["labels"] == sampled["labels"] and axial.painter.work["grey"] == sampled["grey"]
    tree.point_out("")
    assert not pane.stage.pointed.shown and axial.content().pointed == ""
    desk.point_out("liver", "3d")
    assert tree.is_pointed("liver") and not tree.is_pointed("tumour_1") and not pane.stage.pointed.shown
    tree.items["liver"].parent().setExpanded(False)
    assert tree.is_pointed(str(tree.items["liver"].parent().data(0, Qt.ItemDataRole.UserRole))), "its group instead"
    assert not tree.is_pointed("liver")


def test_views_come_near_to_a_plan_that_is_to_be_edited_and_leave_what_a_person_chose(window):
    pane, desk = window.views.scene_pane, window.desk
    pane.set_camera(pane.stage.camera.zoomed(0.5))
    chosen = pane.stage.camera
    window.run("plan.edit")
    assert desk.edit_mode and pane.stage.camera == chosen
    window.run("plan.edit")
    pane.look("anterior")
    pane._home = pane.stage.camera = pane.stage.camera.zoomed(0.3)
    window.run("plan.edit")
    size = pane.interactor.width(), pane.interactor.height()
    applicator = desk.plan.applicators[0]
    for end in (applicator.tip_mm, applicator.entry_mm):
        x, y = pane.stage.camera.pixel_of(end, size)
        assert 0 < x < size[0] and 0 < y < size[1]
    assert pane.stage.camera.shown_mm < chosen.shown_mm


def test_a_double_click_makes_it_the_only_view(window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    pane = window.views.scene_pane
    qtbot.mouseDClick(pane.interactor, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert window.views.alone is pane


def test_a_picture_is_saved_beside_the_window(window, qtbot, tmp_path):
    from PIL import Image

    from anatomy_twin.view.scene_pictures import start_film, start_snapshot

    start_snapshot(window, str(tmp_path / "view.png"), (320, 240), "white")
    start_film(window, "anatomy_twin.render.animation:turntable", str(tmp_path / "round.webp"), (160, 120), "dark", 0.2)
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=60000)
    with Image.open(tmp_path / "view.png") as image:
        assert image.size == (320, 240) and np.asarray(image)[2, 2].min() > 200
    with Image.open(tmp_path / "round.webp") as film:
        assert film.n_frames == 4


@pytest.mark.long
def test_nothing_is_left_of_ten_windows(qtbot, toy_case):
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.render.live_stage import LiveStage
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.scene_pane import ScenePane

    def left() -> tuple[int, int]:
        for _ in range(3):
            QApplication.processEvents()
            QApplication.sendPostedEvents(None, 52)  # deferred deletes
            gc.collect()
        kinds = [type(thing) for thing in gc.get_objects()]
        return kinds.count(LiveStage), kinds.count(ScenePane)

    before = left()
    for _ in range(10):
        pane = ScenePane(Desk(Session(toy_case)))
        pane.resize(200, 160)
        with qtbot.waitExposed(pane):
            pane.show()
        pane.stage.frame("moving")
        renderer, over = pane.stage.renderer, pane.stage.shapes.over
        assert renderer.GetActors().GetNumberOfItems() > 3
        pane.shut()
        assert renderer.GetActors().GetNumberOfItems() <= 1 and over.GetActors().GetNumberOfItems() == 0
        assert not any(timer.isActive() for timer in pane._timers.values())
        pane.close()
        pane.deleteLater()
        del pane, renderer, over
    after = left()
    assert after[0] - before[0] <= 1 and after[1] - before[1] <= 1
