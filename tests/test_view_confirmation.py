"""A second scan confirms an ablation in the window: asked for, worked out beside it, seen in all views, taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.toy_after import CENTRE, DEAD_HU, MARGIN, SHIFT, write_toy_after
from tests.support.windows import answer, drop, open_dialog, wait_for

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_toy_after(tmp_path_factory.mktemp("after"))


@pytest.fixture(scope="module")
def found(toy_case, files):
    """The confirmation of the toy patient, made without a window."""
    from anatomy_twin.pipeline import confirm_case

    return confirm_case(toy_case, files[0], plan="A", zone=files[1], name="1 day").confirmations["1 day"]


def kit_of(window):
    from anatomy_twin.view.confirming import confirming_of

    return confirming_of(window.desk)


def shown(qtbot, window, found):
    """A confirmation as a step of the open case, seen in the views."""
    kit = kit_of(window)
    assert window.desk.do("Confirmation", window.desk.case.with_confirmation(found))
    window.show_panel("confirmation")
    kit.choose(found.name)
    qtbot.waitUntil(lambda: kit.shown is not None, timeout=90_000)
    return kit


def ask(qtbot, window, files, name):
    from PySide6.QtCore import Qt

    from anatomy_twin.view.dialogs_confirm import ConfirmDialog

    window.run("confirm.scan")
    dialog = wait_for(qtbot, lambda: open_dialog(window, ConfirmDialog))
    assert not dialog.button.isEnabled() and dialog.choice is None
    dialog.take_scan(files[0])
    dialog.take_zone(files[1])
    dialog.name.setText(name)
    assert dialog.choice.plan == "A" and dialog.choice.target == "tumour_1"
    qtbot.mouseClick(dialog.button, Qt.MouseButton.LeftButton)


def test_a_scan_is_chosen_worked_out_and_taken_back(plan_window, qtbot, files):
    window, desk = plan_window, plan_window.desk
    ask(qtbot, window, files, "1 day")
    wait_for(qtbot, lambda: "1 day" in desk.case.confirmations, timeout=300_000)
    found = desk.case.confirmations["1 day"]
    assert found.margin_mm == pytest.approx(MARGIN, abs=1.5) and found.plan_name == "A"
    assert desk.case.volumes["1 day"] is found.volume and desk.session.history.names[-1] == "Confirmation 1 day"
    kit = kit_of(window)
    qtbot.waitUntil(lambda: kit.on and desk.focus_mm == pytest.approx(found.place_mm, abs=1e-6), timeout=20_000)
    steps = {step.name: step for step in window.panels["steps"].steps}
    assert steps["confirm"].reason.facts["scan"] == "1 day"
    window.run("confirm.delete")
    assert not desk.case.confirmations and "1 day" not in desk.case.volumes and not kit.on and desk.second is None
    window.run("edit.undo")
    assert desk.case.confirmations["1 day"] is found
    for _ in range(2):
        desk.undo()
    assert not desk.case.confirmations and kit.found is None


def test_stopped_work_leaves_the_case_as_it_is(plan_window, qtbot, files):
    window, case = plan_window, plan_window.desk.case
    ask(qtbot, window, files, "never")
    job = wait_for(qtbot, lambda: next((one for one in window.jobs.jobs if one.writes), None))
    qtbot.waitUntil(lambda: job.state == "running", timeout=60_000)
    window.jobs.cancel(job)
    qtbot.waitUntil(lambda: job.over, timeout=60_000)
    assert job.state == "cancelled" and window.desk.case is case


def test_zone_margin_and_worst_point_are_seen(plan_window, qtbot, found):
    window, desk = plan_window, plan_window.desk
    kit = shown(qtbot, window, found)
    panes = window.views.slice_panes
    names = [tint.name for tint in panes["axial"].content().tints]
    assert "ablation_zone" in names and "margin" in names and "zone" not in names and "rim" not in names
    layers = {layer.name: layer for layer in window.views.scene_pane.layers}
    points = layers["ablation_zone"].surface.points_mm
    # of the ball without what the capsule cuts off; voxels of 4 mm
    assert np.linalg.norm(points - CENTRE, axis=1).max() == pytest.approx(17.0, abs=2.0)
    assert not layers["zone"].visible and layers["liver"].opacity < 0.5
    (paint,) = kit.painters().values()
    surface = layers["tumour_1"].surface.points_mm
    colours = paint(surface, surface)[:, :3]
    from anatomy_twin.rehearsal.confirmed import BELOW, NARROW, SAFE

    away = 17.0 - np.linalg.norm(surface - CENTRE, axis=1)
    for band, colour in (((2.5, 4.0), NARROW), ((7.0, 20.0), SAFE)):
        place = (away > band[0]) & (away < band[1])
        assert place.any() and (colours[place] == colour).all(axis=1).mean() > 0.9
    assert found.margin_mm < 0 or not (colours == BELOW).all(axis=1).any()
    shapes = [shape for shape in desk.shapes() if shape.name == "worst margin"]
    assert {shape.kind for shape in shapes} == {"knob", "text"} and shapes[0].points_mm == (found.place_mm,)
    kit.to_worst()
    assert desk.focus_mm == pytest.approx(found.place_mm)
    for pane in panes.values():
        row, column = pane.plane.to_pixel(found.place_mm)
        assert (row, column) == pytest.approx((0.5 * pane.height() - 0.5, 0.5 * pane.width() - 0.5), abs=2.0)
    kit.set_with_plan(True)
    assert "zone" in [tint.name for tint in panes["axial"].content().tints]
    kit.set_on(False)
    assert "ablation_zone" not in [tint.name for tint in panes["axial"].content().tints]
    assert "ablation_zone" not in {layer.name for layer in window.views.scene_pane.layers}


def test_both_scans_are_seen_in_their_place(plan_window, qtbot, found):
    window, desk = plan_window, plan_window.desk
    kit = shown(qtbot, window, found)
    pane = window.views.slice_panes["axial"]
    place = np.add(CENTRE, (11.0, 0.0, 0.0))  # in the zone, not in the tumour
    desk.set_focus(place)
    row, column = (round(value) for value in pane.plane.to_pixel(place))

    def seen():
        content = pane.content()
        values = pane.painter.seen(content)
        scale = content.sharpness
        return values[round(row * scale) - 2 : round(row * scale) + 3, round(column * scale) - 2 :
                      round(column * scale) + 3].mean()  # fmt: skip

    window.run("confirm.switch")
    assert kit.look == "after" and seen() == pytest.approx(DEAD_HU, abs=12)
    from anatomy_twin.view.slice_words import hover_text, second_lines

    assert "1 day" in hover_text(desk, place) and second_lines(desk)[0] == "Scan: 1 day"
    window.run("confirm.switch")
    assert kit.look == "before" and seen() == pytest.approx(105, abs=12) and desk.second is None
    panel = window.panels["confirmation"]
    panel.looks["fade"].click()
    panel.fade.setValue(25)
    assert seen() == pytest.approx(0.75 * 105 + 0.25 * DEAD_HU, abs=12)
    assert found.transform.to_moving(place) == pytest.approx(np.add(place, SHIFT), abs=0.6)


def test_the_registration_is_read_before_the_verdict_and_a_poor_one_stands_out(plan_window, qtbot, found):
    window, desk = plan_window, plan_window.desk
    poor = replace(found, name="4 weeks", error_mm=6.4, error_p95_mm=11.0, verdict="uncertain", low_mm=-6.0,
                   high_mm=7.0, registration="distance of the surfaces of liver: mean 6.4 mm, 95 % within 11.0 mm")
    desk.do("First", desk.case.with_confirmation(found))
    kit = shown(qtbot, window, poor)
    panel = window.panels["confirmation"]
    assert "POOR" in panel.registration.text() and "background" in panel.registration.styleSheet()
    assert panel.registration.mapTo(panel.widget(), panel.registration.rect().topLeft()).y() < panel.verdict.mapTo(
        panel.widget(), panel.verdict.rect().topLeft()).y()  # fmt: skip
    assert panel.list.topLevelItemCount() == 2 and panel.numbers.columnCount() == 3
    assert [panel.list.topLevelItem(n).text(1)[2:] for n in range(2)] == [f"{found.error_mm:.1f} mm", "6.4 mm"]
    panel.list.itemClicked.emit(panel.list.topLevelItem(0), 0)
    assert kit.chosen == "1 day" and "good" in panel.registration.text()
    assert f"{found.margin_mm:.1f}" in panel.worst.text() and "assumed" in panel.told.text()
    window.run("confirm.next")
    assert kit.chosen == "4 weeks"


def test_a_scan_that_is_dropped_may_be_the_one_after(plan_window, qtbot, files):
    from anatomy_twin.view.dialogs_confirm import ConfirmDialog

    assert drop(plan_window, files[0])
    assert "after the treatment" in answer(qtbot, plan_window, "confirm")
    dialog = wait_for(qtbot, lambda: open_dialog(plan_window, ConfirmDialog))
    assert dialog.choice.place == files[0]
    dialog.name.setText(plan_window.desk.case.primary)
    dialog.button.click()
    assert "choose another" in dialog.problem.text()
    dialog.reject()


def test_what_a_confirmation_says_is_said_in_german(qapp, found):
    from anatomy_twin.view.spoken import spoken
    from anatomy_twin.view.words import install_language

    said = [found.registration, found.reason, *(q.label for q in found.quantities),
            *(q.note for q in found.quantities if q.note)]  # fmt: skip
    install_language("de")
    try:
        left = [part for text in said for part in text.split("; ") if spoken(part) == part]
    finally:
        install_language("en")
    assert left == []
