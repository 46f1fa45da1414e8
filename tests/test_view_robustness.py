"""How robust a plan is, in the window: read, shown on the target, gone when the plan moves; and a search's words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.rehearsal.robust_field import COVERED, FAILING, failing_field, limits_mm
from tests.support.robust_plans import WORST, toy_robustness
from tests.support.toy_case import TUMOUR_MM, planned_case
from tests.support.windows import wait_for

pytestmark = pytest.mark.gui


@pytest.fixture
def shown(plan_window):
    from anatomy_twin.view.plan_robustness import robustness_of_desk

    desk = plan_window.desk
    assert desk.do("known", desk.case.with_robustness(toy_robustness(desk.case)))
    plan_window.show_panel("plans")
    return plan_window, robustness_of_desk(desk), plan_window.panels["plans"].robustness


def test_the_field_is_of_the_target_alone():
    found = toy_robustness(planned_case())
    field = failing_field(found)
    points = found.geometry.to_world(np.argwhere(field.values[0] > 0))
    assert field.range == (0.0, 30.0) and field.values.max() == pytest.approx(100 * WORST)
    reach = np.linalg.norm(found.surface.points_mm - TUMOUR_MM, axis=1).max() + 2 * 1.8
    assert np.linalg.norm(points - TUMOUR_MM, axis=1).max() <= max(reach, 12.0)
    assert points[:, 0].min() > TUMOUR_MM[0] - 2.5, "only one side of it is missed"
    assert field.moment(7) == 0 and limits_mm(found) == (0.0, 2.0, 5.0, 10.0)


def test_it_is_read_and_shown_on_the_target(shown, qtbot):
    window, kit, box = shown
    desk, pane = window.desk, window.views.scene_pane
    assert not box.inner.isVisible() and "81 %" in box.line.text() and "57 to 93" in box.line.text()
    box.switch.click()
    panel = window.panels["plans"]
    wait_for(qtbot, lambda: 0 <= box.switch.mapTo(panel.viewport(), box.switch.rect().center()).y() < panel.height())
    assert [bar.shown for bar in box.limits.bars] == ["81 %", "50 %", "12 %", "0 %"]
    assert box.limits.bars[0].low == pytest.approx(0.57, abs=0.01)
    assert [bar.words for bar in box.matters.bars] == ["sideways", "perfusion"]
    assert "±2 mm (assumed)" in box.notes.text() and "perfusion 50\N{EN DASH}150 %" in box.notes.text()

    zone = {layer.name for layer in pane.layers}
    box.map_switch.click()
    assert desk.field_shown == FAILING and kit.shown and "always covered" in box.legend.text()
    assert "zone" in zone and "zone" not in {layer.name for layer in pane.layers}, "it would hide the target"
    from anatomy_twin.view.plan_robustness import failing_painters

    painters = failing_painters(desk, desk.field(FAILING))
    assert [name for name, paint in painters.items() if paint is not None] == ["tumour_1"]
    found = kit.found
    ends = found.surface.points_mm[[int(np.argmax(found.uncovered)), int(np.argmin(found.surface.points_mm[:, 0]))]]
    rgba = painters["tumour_1"](ends, ends)
    assert rgba[1, :3].tolist() == list(COVERED) and rgba[0, 0] > 240
    assert [shape.text for shape in kit.shapes() if shape.kind == "text"] == ["25 %"]
    box.weakest.click()
    assert desk.focus_mm == pytest.approx(found.weakest_mm, abs=2.0)
    content = window.views.slice_panes["axial"].content()
    assert content.field is desk.field(FAILING) and content.moment == 0
    box.switch.click()
    assert desk.field_shown == "" and not box.inner.isVisible() and kit.shapes() == ()


def test_a_plan_that_moves_is_no_longer_as_robust_as_it_was(shown):
    window, kit, box = shown
    desk = window.desk
    kit.show_map(True)
    plan = desk.plan
    moved = replace(plan, applicators=(replace(plan.applicators[0], power_w=50.0), *plan.applicators[1:]))
    desk.move(moved)
    assert kit.found is None and desk.field(FAILING) is None and kit.shapes() == ()
    desk.commit("Power")
    assert not desk.case.robustness and desk.field_shown == "" and box.line.text() == ""
    window.run("edit.undo")
    assert kit.found is not None and "81 %" in box.line.text()


def test_treatments_are_sampled_beside_the_window_and_the_newest_wish_counts(plan_window, qtbot):
    from anatomy_twin.view.plan_robustness import robustness_of_desk

    window, desk = plan_window, plan_window.desk
    window.show_panel("plans")
    kit, box = robustness_of_desk(desk), window.panels["plans"].robustness
    assert not window.commands["plan.failing"].enabled(window)
    first = kit.start()
    kit.samples, kit.placement_mm = 20, 1.5
    window.run("plan.robustness")
    job = kit.job
    assert job is not first and box.bar.isVisible() and (first.stopping or first.over)
    qtbot.waitUntil(lambda: job.over, timeout=240_000)
    assert job.state == "done" and first.state == "cancelled"
    found = desk.case.robustness["A"]
    assert found.samples == 20 and {one.name: one.source for one in found.spreads}["placement_mm"] == "given"
    assert "coverage_probability_percent" in {row.name for row in desk.case.assessments["A"].quantities}
    assert desk.field_shown == FAILING and window.commands["plan.failing"].enabled(window)
    assert desk.session.history.names[-1] == "Robustness of plan A"
    window.run("edit.undo")
    assert not desk.case.robustness and kit.found is None


def test_a_search_is_asked_for_and_what_falls_short_is_said(plan_window, qtbot):
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QDialogButtonBox, QMessageBox

    from anatomy_twin.view.dialogs_search import SearchDialog, start_search
    from tests.support.windows import open_dialog

    window = plan_window
    window.run("plan.search")
    dialog = wait_for(qtbot, lambda: open_dialog(window, SearchDialog))
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert ok.isEnabled() and dialog.targets.item(0).checkState() == Qt.CheckState.Checked
    names = [dialog.devices.item(row).data(Qt.ItemDataRole.UserRole) for row in range(dialog.devices.count())]
    assert "mwa-generic" in names and "cryo-generic" not in names
    dialog.most.setValue(1)
    for row in range(dialog.targets.count()):
        dialog.targets.item(row).setCheckState(Qt.CheckState.Checked)
    assert not ok.isEnabled() and "of its own" in dialog.told.text() and dialog.in_turn.isEnabled()
    dialog.reject()

    before = window.desk.case
    job = start_search(window, ("tumour_1", "tumour_2"), most_applicators=1)
    qtbot.waitUntil(lambda: job.over, timeout=120_000)
    box = wait_for(qtbot, lambda: open_dialog(window, QMessageBox))
    assert "No plan was confirmed" in box.text() and "applicators: 1.0 instead of 2.0" in box.informativeText()
    assert window.desk.case is before
    box.close()


def test_plans_of_a_search_give_way_to_those_made_meanwhile():
    from anatomy_twin.view.dialogs_search import under_free_names

    now = planned_case()
    plan = now.plan("A")
    for names, fresh in ((["A"], ["B"]), (["A tumour_1", "A tumour_2"], ["A tumour_1", "A tumour_2"])):
        after = now
        for name in names:
            after = after.with_plan(replace(plan, name=name, margin_mm=2.0))
        moved, first = under_free_names(after, names, now)
        assert first == fresh[0] and set(fresh) <= set(moved.plans)
    twice = now.with_plan(replace(plan, name="B tumour_1"))
    after, first = under_free_names(now.with_plan(replace(plan, name="B tumour_1")), ["B tumour_1"], twice)
    assert first == "C tumour_1" and first in after.plans


@pytest.mark.long
def test_what_a_search_confirms_becomes_one_step(plan_window, qtbot):
    from anatomy_twin.view.dialogs_search import start_search

    window, before = plan_window, set(plan_window.desk.case.plans)
    job = start_search(window, ("tumour_1",), margin_mm=1.0)
    qtbot.waitUntil(lambda: job.over, timeout=570_000)
    case = window.desk.case
    (fresh,) = set(case.plans) - before
    assert window.desk.plan_name == fresh and fresh in case.results and fresh in case.checks
    assert case.assessments[fresh]["minimal_margin_mm"].value >= 1.0
    window.run("edit.undo")
    assert set(window.desk.case.plans) == before
