"""Plans in the window: handles dragged with the mouse and moved by keys, settings, the list, the comparison."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.plan_hand import Hand, off

pytestmark = pytest.mark.gui


@pytest.fixture
def window(plan_window):
    return plan_window


@pytest.fixture
def hand(window, qtbot):
    return Hand(window, qtbot)


def test_outside_edit_mode_nothing_moves(window, hand):
    plan = hand.desk.plan
    assert not window.desk.edit_mode and hand.tool.handles == ()
    tip = np.asarray(hand.needle.tip_mm)
    hand.look_at(tip)
    hand.press(tip)
    hand.drag(off(tip, 20.0, 0.0, 0.0))
    hand.release(off(tip, 20.0, 0.0, 0.0))
    assert hand.desk.plan is plan and hand.desk.moving is None and hand.steps == ()


def test_a_tip_is_dragged_on_a_slice_undone_and_done_again(window, hand):
    window.run("plan.edit")
    before = hand.needle
    tip, aim = np.asarray(before.tip_mm), off(before.tip_mm, 12.0, -9.0, 0.0)
    hand.look_at(tip)
    hand.press(tip)
    assert hand.tool.lit == "applicator 1: tip"
    hand.drag(aim)
    assert hand.desk.moving is not None and hand.desk.case.plans["A"].applicators[0] == before
    assert window.panels["plans"].plans.topLevelItem(0).text(2) == "being moved"
    hand.release(aim)
    pixel = hand.pane.plane.pixel_mm
    assert np.allclose(hand.needle.tip_mm, aim, atol=pixel) and hand.needle.entry_mm == before.entry_mm
    assert hand.needle.tip_mm[2] == pytest.approx(tip[2])  # it stays in its slice
    assert hand.steps == ("Move tip of applicator 1",) and "A" not in hand.desk.case.results
    window.run("edit.undo")
    assert hand.needle == before and "A" in hand.desk.case.results
    window.run("edit.redo")
    assert np.allclose(hand.needle.tip_mm, aim, atol=pixel)


def test_escape_gives_back_what_is_held(window, hand):
    from PySide6.QtCore import Qt

    window.run("plan.edit")
    before, tip = hand.desk.plan, np.asarray(hand.needle.tip_mm)
    hand.look_at(tip)
    hand.press(tip)
    hand.drag(off(tip, 25.0, 10.0, 0.0))
    assert hand.desk.plan != before
    hand.key(Qt.Key.Key_Escape)
    assert hand.desk.plan is before and hand.desk.moving is None and hand.desk.edit_mode
    hand.drag(off(tip, 40.0, 10.0, 0.0))
    hand.release(off(tip, 40.0, 10.0, 0.0))
    assert hand.desk.plan is before and hand.steps == ()


def test_shift_moves_along_the_axis_and_a_click_moves_nothing(window, hand):
    window.run("plan.edit")
    before, tip = hand.needle, np.asarray(hand.needle.tip_mm)
    hand.look_at(tip)
    hand.press(tip)
    hand.release(tip)
    assert hand.steps == () and hand.tool.chosen == "applicator 1: tip"
    hand.press(tip)
    hand.drag(off(tip, 15.0, -20.0, 0.0), shift=True)
    hand.release(tip)
    assert hand.needle.direction == pytest.approx(before.direction) and hand.needle.depth_mm != before.depth_mm


def test_an_entry_snaps_to_the_skin_and_alt_keeps_it_free(window, hand):
    window.run("plan.edit")
    entry = np.asarray(hand.needle.entry_mm)
    hand.look_at(entry)
    hand.press(entry)
    hand.drag(off(entry, 0.5, 2.0, 0.0), alt=False)
    assert hand.tool.snapped is not None and hand.tool.snapped.label == "on the skin"
    skin = hand.needle.entry_mm
    texts = [shape.text for shape in hand.desk.shapes() if shape.kind == "text"]
    assert "entry of applicator 1, on the skin" in texts
    hand.drag(off(entry, 0.5, 2.0, 0.0))
    assert hand.tool.snapped is None and hand.needle.entry_mm != skin
    window.desk.undo()  # gives back what is held
    assert hand.needle.entry_mm == pytest.approx(tuple(entry)) and hand.steps == ()


def test_keys_move_the_chosen_handle_as_one_step(window, hand):
    from PySide6.QtCore import Qt

    window.run("plan.edit")
    tip = np.asarray(hand.needle.tip_mm)
    hand.pane.setFocus()
    hand.key(Qt.Key.Key_Tab)
    assert hand.tool.chosen == "applicator 1: tip" and np.allclose(hand.desk.focus_mm, tip, atol=1e-3)
    hand.key(Qt.Key.Key_Right)
    hand.key(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    hand.key(Qt.Key.Key_Up)
    assert hand.needle.tip_mm == pytest.approx(tuple(off(tip, 6.0, -1.0, 0.0)))  # to the patient's left, then anterior
    axis = np.asarray(hand.needle.direction)
    hand.key(Qt.Key.Key_PageDown)
    assert hand.needle.tip_mm == pytest.approx(tuple(off(off(tip, 6.0, -1.0, 0.0), *axis)))
    assert hand.steps == ("Move tip of applicator 1",)
    hand.key(Qt.Key.Key_Tab)
    hand.key(Qt.Key.Key_Left)
    assert hand.steps == ("Move tip of applicator 1", "Move entry of applicator 1")
    hand.key(Qt.Key.Key_Delete)  # the only applicator of a plan stays
    assert len(hand.desk.plan.applicators) == 1


def test_a_plane_is_placed_turned_and_removed(window, hand):
    from PySide6.QtCore import Qt

    window.run("plan.new_resection")
    assert hand.desk.edit_mode and hand.desk.plan.name == "B" and hand.steps == ("New plan B",)
    normal = hand.handle("normal")
    hand.look_at(normal.point_mm)
    centre = np.asarray(hand.desk.plan.cuts[0].point_mm)
    hand.press(normal.point_mm)
    hand.drag(off(normal.point_mm, 0.0, 25.0, 0.0))
    hand.release(normal.point_mm)
    assert hand.desk.plan.cuts[0].point_mm == pytest.approx(tuple(centre))
    turned = off(np.subtract(normal.point_mm, centre), 0.0, 25.0, 0.0)
    assert hand.desk.plan.cuts[0].normal == pytest.approx(tuple(turned / np.linalg.norm(turned)), abs=0.05)
    assert hand.steps[-1] == "Move direction of plane 1"
    window.run("plan.add_part")
    place = off(hand.desk.focus_mm, 20.0, 10.0, 0.0)
    hand.bot.mouseClick(hand.pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, hand.at(place))
    assert len(hand.desk.plan.cuts) == 2 and hand.tool.chosen == "plane 2: centre"
    assert np.allclose(hand.desk.plan.cuts[1].point_mm, place, atol=hand.pane.plane.pixel_mm)
    assert hand.desk.tool is hand.tool  # handles again
    window.run("plan.remove_part")
    assert len(hand.desk.plan.cuts) == 1 and hand.steps[-1] == "Remove plane 2"


def test_an_applicator_is_placed_by_two_clicks(window, hand):
    from PySide6.QtCore import Qt

    window.run("plan.add_part")
    tip = np.asarray(hand.needle.tip_mm)
    hand.look_at(tip)
    assert "enters the skin" in hand.desk.tool.hint
    for point in (off(tip, -40.0, -50.0, 0.0), tip):
        hand.bot.mouseClick(hand.pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, hand.at(point))
        if point is not tip:
            assert "tip" in hand.desk.tool.hint
    assert len(hand.desk.plan.applicators) == 2 and hand.steps == ("Add applicator 2",)
    assert np.allclose(hand.desk.plan.applicators[1].tip_mm, tip, atol=hand.pane.plane.pixel_mm)


def test_settings_are_named_steps_joined_while_turned(window, hand):
    from PySide6.QtCore import Qt

    panel = window.panels["plans"]
    window.show_panel("plans")
    power = panel.parameters.fields["power 1"]
    power.setFocus()
    for _ in range(3):
        hand.bot.keyClick(power, Qt.Key.Key_Up)
    assert hand.needle.power_w == 75.0 and hand.steps == ("Power of applicator 1",)
    panel.parameters.fields["margin"].setValue(7.5)
    assert hand.desk.plan.margin_mm == 7.5 and hand.steps[-1] == "Margin"
    window.run("edit.undo")
    window.run("edit.undo")
    assert hand.needle.power_w == 60.0 and power.value() == 60.0


def test_the_list_chooses_copies_renames_and_deletes(window, hand):
    panel = window.panels["plans"]
    window.run("plan.duplicate")
    assert hand.desk.plan_name == "B" and panel.plans.topLevelItemCount() == 2
    panel.plans.setCurrentItem(panel.plans.topLevelItem(0))
    assert hand.desk.plan_name == "A"
    panel.plans.topLevelItem(0).setText(0, "Straight")
    assert list(hand.desk.case.plans) == ["Straight", "B"] and hand.desk.plan_name == "Straight"
    assert "Straight" in hand.desk.case.results and panel.plans.topLevelItem(0).text(0) == "Straight"
    panel.plans.topLevelItem(0).setText(0, "B")  # there is one already: told, and nothing changes
    assert list(hand.desk.case.plans) == ["Straight", "B"] and panel.plans.topLevelItem(0).text(0) == "Straight"
    window.run("plan.next")
    assert hand.desk.plan_name == "B"
    window.run("plan.delete")
    assert hand.desk.plan_name == "Straight" and panel.plans.topLevelItemCount() == 1
    window.run("edit.undo")
    assert panel.plans.topLevelItemCount() == 2


def test_rules_are_checked_when_the_hand_rests_and_are_no_step_of_their_own(window, hand):
    window.run("plan.duplicate")
    panel = window.panels["plans"]
    assert panel.checks.of("B") is not None  # the copy is as well checked as the plan
    panel.parameters.fields["time 1"].setValue(300)
    assert panel.checks.of("B") is None and "B" not in hand.desk.case.checks
    steps = hand.steps
    hand.bot.waitUntil(lambda: "B" in hand.desk.case.checks, timeout=60_000)
    assert hand.steps == steps and panel.rules.rules.topLevelItemCount() > 8
    shown = [panel.rules.rules.topLevelItem(row).text(0) for row in range(panel.rules.rules.topLevelItemCount())]
    assert all(any(word in text for word in ("kept", "broken", "not checked")) for text in shown if text)
    assert panel.checks.known.keys() == {"A", "B"}
    window.run("edit.undo")  # the check goes with the change that it is about
    assert hand.needle.duration_s == 240.0 and hand.steps == ("Duplicate plan A",)
    window.run("edit.redo")
    assert hand.needle.duration_s == 300.0 and "B" in hand.desk.case.checks


def test_a_stroke_on_another_organ_leaves_the_simulation_and_numbers_are_read_off_again(window, hand, qtbot):
    from anatomy_twin.segmentation.editing import paint

    desk, numbers = hand.desk, window.panels["numbers"]
    before, simulated = desk.case.assessments["A"], desk.case.results["A"]
    change = paint.change(desk.case.label_map, "spleen", [(108.0, 35.0, 30.0)], radius_mm=14.0)
    desk.session.do_labels(change)
    assert desk.case.results["A"] is simulated and "A" not in desk.case.assessments
    assert numbers.shown.state == "none"
    qtbot.waitUntil(lambda: "A" in desk.case.assessments and "A" in desk.case.checks, timeout=120_000)
    assert desk.case.assessments["A"] == before and numbers.shown.state == "assessed"
    assert hand.steps == (change.name,)
    window.run("edit.undo")
    assert desk.case.assessments["A"] is before


def test_numbers_of_a_resection_need_no_simulation(window, hand):
    window.run("plan.new_resection")
    hand.bot.waitUntil(lambda: "B" in hand.desk.case.assessments, timeout=60_000)
    assert hand.steps == ("New plan B",) and hand.desk.case.assessments["B"]["remnant_percent"].value > 0
    numbers = window.panels["numbers"]
    assert "exact" in numbers.banner.text() and "Simulate" not in numbers.banner.text()
    hand.desk.move(replace(hand.desk.plan, cuts=(replace(hand.desk.plan.cuts[0], normal=(1.0, 0.0, 0.0)),)))
    hand.bot.waitUntil(lambda: numbers.shown.state == "exact", timeout=60_000)
    assert "as it is held: exact" in numbers.banner.text() and " ms " in numbers.banner.toolTip()
    hand.desk.drop()
    assert numbers.shown.state == "assessed"  # at once
    window.show_panel("compare")
    column = window.panels["compare"].comparison.plans[1]
    assert column.assessed and not column.preview
    window.run("edit.undo")
    assert list(hand.desk.case.plans) == ["A"] and "B" not in hand.desk.case.assessments


def test_the_comparison_marks_and_chooses(window, hand):
    from PySide6.QtWidgets import QApplication

    desk, panel = hand.desk, window.panels["compare"]
    window.show_panel("compare")
    window.run("plan.duplicate")
    numbers = replace(desk.case.assessments["A"], plan_name="B")
    better = tuple(
        replace(q, value=q.value + 3.0, verdict="borderline") if q.name == "minimal_margin_mm" else q
        for q in numbers.quantities
    )
    desk.do("Numbers", desk.case.with_assessment(replace(numbers, quantities=better)))
    hand.bot.waitUntil(lambda: len(panel.comparison.plans) == 2 and panel.comparison.plans[1].assessed)
    row = next(n for n, row in enumerate(panel.comparison.rows, start=1) if row.name == "minimal_margin_mm")
    assert panel.table.item(row, 1).font().bold() and "\N{BLACK STAR}" in panel.table.item(row, 1).text()
    assert not panel.table.item(row, 0).font().bold()
    assert "not assessed" not in panel.table.item(row, 0).text()
    panel.table.horizontalHeader().sectionClicked.emit(0)
    assert desk.plan_name == "A"
    panel.copy()
    assert QApplication.clipboard().text().startswith("\tPlan A\tPlan B\nKind\tablation\tablation")


def test_in_3d_a_handle_follows_the_mouse_in_the_plane_of_the_camera(window, hand):
    from PySide6.QtCore import QPoint, Qt

    window.run("plan.new_resection")
    view = window.views.scene_pane
    picture = view.interactor

    def seen(point_mm):
        x, y = view.stage.camera.pixel_of(point_mm, (picture.width(), picture.height()))
        return QPoint(round(x), round(y))

    handle = hand.handle("plane")
    before, toward = np.asarray(handle.point_mm), view.stage.camera.axes[2]
    start, stop = seen(before), seen(before) + QPoint(24, -15)
    hand.bot.mouseMove(picture, start)
    hand.bot.mousePress(picture, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, start)
    assert hand.tool.lit == handle.name
    hand.bot.mouseMove(picture, stop)
    hand.bot.mouseRelease(picture, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, stop)
    after = np.asarray(hand.desk.plan.cuts[0].point_mm)
    assert hand.steps[-1] == "Move plane 1" and (after - before) @ toward == pytest.approx(0.0, abs=1e-6)
    away = seen(after) - stop
    assert abs(away.x()) <= 8 and abs(away.y()) <= 8  # near a vessel it may be drawn to it


def test_lesions_and_curved_surfaces_are_moved_by_hand_too(window, hand):
    from anatomy_twin.core import LesionLine, LesionPlan, LesionPoint, ResectionPlan, SurfaceCut

    focus = np.asarray(hand.desk.focus_mm)
    grid = tuple(tuple(off(focus, 12.0 * i, 0.0, 12.0 * j)) for i in range(4) for j in range(4))
    curved = ResectionPlan("S", "liver", ("tumour_1",), (SurfaceCut(grid),))
    lesions = LesionPlan("L", "left_atrium", (
        LesionPoint(tuple(focus), 30.0, 20.0, 12.0), LesionLine((tuple(focus + 9.0), tuple(focus + 30.0))),
    ))  # fmt: skip
    for plan, kind, words in ((curved, "control", "Move point 1 of surface 1"), (lesions, "lesion", "Move lesion 1")):
        hand.desk.do("Plan", hand.desk.case.with_plan(plan))
        hand.desk.choose_plan(plan.name)
        hand.desk.set_edit_mode(True)
        handle = hand.handle(kind)
        hand.look_at(handle.point_mm)
        hand.press(handle.point_mm)
        hand.drag(off(handle.point_mm, 10.0, 6.0, 0.0))
        hand.release(handle.point_mm)
        assert np.allclose(hand.handle(kind).point_mm, off(handle.point_mm, 10.0, 6.0, 0.0), atol=1.5)
        assert hand.steps[-1] == words and any(shape.kind == "line" for shape in hand.desk.shapes())


def test_what_is_not_measured_is_said_and_not_offered(window, hand):
    from anatomy_twin.core import ResectionPlan, SegmentCut, SurfaceCut

    focus, panels = np.asarray(hand.desk.focus_mm), window.panels
    grid = tuple(tuple(off(focus, 12.0 * i, 0.0, 12.0 * j)) for i in range(4) for j in range(4))
    for name, cut, words in (("S", SurfaceCut(grid), "curved cut"), ("T", SegmentCut(("V",)), "cut by segments")):
        hand.desk.do("Plan", hand.desk.case.with_plan(ResectionPlan(name, "liver", ("tumour_1",), (cut,))))
        hand.desk.choose_plan(name)
        hand.desk.set_edit_mode(True)
        for text in (panels["numbers"].banner.text(), panels["plans"].heading.text(),
                     panels["plans"].rules.heading.text()):  # fmt: skip
            assert words in text and "not measured yet" in text
        assert not window.commands["simulate.check"].enabled(window) and hand.desk.live is None
        assert "not measured yet" in window.commands["simulate.check"].why(window)
        assert window.live.state == "off" and panels["plans"].checks._next() is None


def test_rules_read_the_same_everywhere(window, hand):
    panels = window.panels
    window.show_panel("compare")
    hand.bot.waitUntil(lambda: panels["compare"].table.item(1, 0) is not None)
    left = sum(rule.outcome == "not checked" for rule in hand.desk.case.checks["A"].rules)
    assert left > 1 and not hand.desk.case.checks["A"].broken
    assert f"{left} rules not checked" in panels["plans"].rules.heading.text()
    assert f"{left} not checked" in panels["plans"].plans.topLevelItem(0).text(2)
    assert f"{left} not checked" in panels["compare"].table.item(1, 0).text()
    assert panels["steps"].rows["plan"].why.text() == f"plan A: {left} rules not checked"
    assert f"{left} rules not checked" in panels["compare"].table.item(0, 0).toolTip()


def test_all_words_of_handles_and_settings_can_be_translated(toy_case):
    from anatomy_twin.pipeline.procedures import LESIONS, PROCEDURES
    from anatomy_twin.rehearsal.snapping import WORDS
    from anatomy_twin.view.plan_words import plan_words
    from tests.test_handles import PLANS, plan_handles

    known = plan_words()
    used = [*WORDS.values(), *(handle.words for plan in PLANS.values() for handle in plan_handles(plan))]
    for procedure in (*PROCEDURES.values(), LESIONS):
        used += [procedure.title, procedure.part, *procedure.clicks]
        if procedure is not LESIONS:
            plan = procedure.new(toy_case, "Z", "")
            for parameter in procedure.parameters(toy_case, plan):
                used += [parameter.words, parameter.tip] if parameter.tip else [parameter.words]
    assert not set(used) - set(known)
