"""Long and live work of the window: how it runs beside it, what reaches the case, how it ends."""

from __future__ import annotations

import os
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from anatomy_twin.core.measurements import Distance
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.jobs import CANCELLED, DONE, FAILED, OUT_OF_DATE, RUNNING, WAITING

pytestmark = pytest.mark.gui
HERE = "tests.support.background_jobs:"
LONG_MS = 60_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("between")


@pytest.fixture
def window(qtbot, toy_case, folder, monkeypatch, tmp_path):
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.view.style import apply_style
    from anatomy_twin.view.window import RehearsalWindow

    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    apply_style(QApplication.instance())
    window = RehearsalWindow(Session(toy_case))
    qtbot.addWidget(window)
    window.resize(1100, 750)
    with qtbot.waitExposed(window):
        window.show()
    window.told = []
    window.desk.told.connect(lambda level, line: window.told.append((level, line)))
    yield window
    window.close()
    assert not list(folder.iterdir()), "a file between processes was left over"


def rename(window, seconds=0.0, **kwargs):
    """Start work that renames the patient."""
    kwargs = {"reads": ("patient",), "writes": ("patient",), **kwargs}
    return window.jobs.start_on_case("Renaming", HERE + "later_patient", "somebody", seconds, name="Renamed", **kwargs)


def idle(window):
    return lambda: not window.jobs.busy


def moved(plan, *shift_mm):
    first = plan.applicators[0]
    return replace(plan, applicators=(replace(first, tip_mm=tuple(np.add(first.tip_mm, shift_mm))),))


# jobs


def test_the_answer_becomes_one_step_that_can_be_undone(window, qtbot, toy_case):
    seen = []
    job = rename(window, 0.3, done=seen.append)
    assert job.state == RUNNING
    plan = replace(toy_case.plan("A"), name="B")
    window.desk.do("New plan", window.desk.case.with_plan(plan))  # the hand goes on meanwhile
    qtbot.waitUntil(idle(window), timeout=LONG_MS)
    assert job.state == DONE and job.lines == ["a warning"]
    case = window.desk.case
    assert case.patient.pseudonym == "somebody" and list(case.plans) == ["A", "B"] and seen == [case]
    assert window.desk.session.history.names == ("New plan", "Renamed")
    assert case.volume is toy_case.volume and case.results["A"] is toy_case.results["A"]
    assert any("Renaming: done" in line for _, line in window.told)
    window.desk.undo()
    assert window.desk.case.patient.pseudonym != "somebody"


def test_an_answer_to_an_older_case_is_not_taken(window, qtbot):
    job = rename(window, 0.3)
    patient = replace(window.desk.case.patient, pseudonym="meanwhile")
    window.desk.do("Rename", replace(window.desk.case, patient=patient))
    qtbot.waitUntil(idle(window), timeout=LONG_MS)
    assert job.state == OUT_OF_DATE and "patient changed meanwhile" in job.lines[-1]
    assert window.desk.case.patient.pseudonym == "meanwhile"
    assert any(level == "warning" and "was not taken" in line for level, line in window.told)


def test_work_that_fails_leaves_the_case_and_says_why(window, qtbot, toy_case):
    errors = []
    job = window.jobs.start_on_case("Trying", HERE + "unfit_patient", reads=(), writes=("patient",),
                                    failed=errors.append)  # fmt: skip
    qtbot.waitUntil(idle(window), timeout=LONG_MS)
    assert job.state == FAILED and isinstance(errors[0], PlanError)
    assert window.desk.case is toy_case and not window.desk.session.history.names
    assert ("error", "Trying: it cannot be done") in window.told


def test_one_heavy_piece_at_a_time_and_any_can_be_stopped(window, qtbot, toy_case):
    panel = window.panels["jobs"]
    first, second, third = (rename(window, 30.0) for _ in range(3))
    short = window.jobs.start("Adding", HERE + "double", np.arange(3), short=True)
    assert (first.state, second.state, short.state) == (RUNNING, WAITING, RUNNING)
    qtbot.waitUntil(lambda: first.stage == "waiting" and first.fraction > 0, timeout=LONG_MS)
    row = panel.rows[first.number]
    assert "waiting" in row.state.text() and row.bar.value() == round(100 * first.fraction)
    assert panel.rows[second.number].state.text() == "waits its turn"
    window.show_panel("jobs")
    from PySide6.QtCore import Qt

    qtbot.mouseClick(panel.rows[second.number].stop_button, Qt.MouseButton.LeftButton)
    assert second.state == CANCELLED
    window.jobs.cancel(first)
    qtbot.waitUntil(lambda: third.state == RUNNING, timeout=LONG_MS)
    assert panel.rows[third.number].bar.isVisibleTo(panel)
    window.run("simulate.stop")
    qtbot.waitUntil(idle(window), timeout=LONG_MS)
    assert first.state == CANCELLED and "stopped" in row.state.text()
    assert window.desk.case is toy_case
    panel.clear_button.click()
    assert not panel.rows and panel.empty.isVisibleTo(panel)


def test_work_is_seen_where_it_was_started_in_the_line_below_and_by_its_tab(window, qtbot):
    from PySide6.QtCore import Qt

    row, line = window.panels["steps"].rows["organs"], window.status_line.work
    first = rename(window, 30.0, step="organs")
    assert row.progress.isVisibleTo(row) and not row.why.isVisibleTo(row), "at once"
    second = rename(window, 30.0, step="organs")
    assert "Renaming" in row.progress.words.text() and "1 more" in row.progress.words.text()
    assert line.isVisible() and line.words.text().startswith("Renaming")
    assert window.panels["jobs"].windowTitle() == "Tasks (2)"
    tabs = window.dock_places._tabs["messages"]
    assert "Tasks (2)" in [tabs.tabText(n) for n in range(tabs.count())]
    qtbot.waitUntil(lambda: first.stage == "waiting" and first.fraction > 0, timeout=LONG_MS)
    qtbot.waitUntil(lambda: "waiting" in row.progress.words.text() and row.badge.fraction == first.fraction)
    assert row.progress.bar.value() == round(1000 * first.fraction)
    window.jobs.cancel(second)
    window.panels["steps"].choose("organs")
    qtbot.mouseClick(row.progress.button, Qt.MouseButton.LeftButton)
    assert first.stopping and "stopping" in row.progress.words.text() and not row.progress.button.isEnabled()
    qtbot.waitUntil(idle(window), timeout=LONG_MS)
    assert first.state == CANCELLED and not line.isVisible() and row.badge.fraction is None
    assert row.why.isVisibleTo(row) and window.panels["jobs"].windowTitle() == "Tasks"


def test_the_same_work_is_not_begun_twice_unless_the_case_is_another(window, qtbot, toy_case):
    from anatomy_twin.view.commands.simulate import start_once

    def begin():
        return start_once(window, "plan", "Renaming", HERE + "later_patient", "somebody", 30.0, reads=("plans:A",),
                          writes=("patient",))  # fmt: skip

    job = begin()
    assert begin() is job and any("runs already" in line for _, line in window.told)
    qtbot.waitUntil(lambda: job.state == RUNNING, timeout=LONG_MS)
    window.desk.do("Moved", window.desk.case.with_plan(moved(toy_case.plan("A"), 0, 0, 3)))
    other = begin()
    assert other is not job and job.stopping, "its answer would not fit any more"
    window.jobs.cancel_all()
    qtbot.waitUntil(idle(window), timeout=LONG_MS)


def test_a_plan_that_has_a_result_is_not_simulated_again_unasked(window, qtbot, toy_case):
    desk = window.desk
    desk.do("Moved", desk.case.with_plan(moved(toy_case.plan("A"), 0, 0, 3)))
    desk.undo()
    assert "A" in desk.case.results and desk.session.history.undone
    window.run("simulate.run")
    window.run("simulate.run_all")
    assert not window.jobs.jobs and desk.session.history.undone, "what was undone can still be done again"
    assert any("simulated already" in line for _, line in window.told)
    assert window.commands["simulate.again"].enabled(window)


def test_closing_ends_what_runs(window, qtbot):
    job = rename(window, 30.0)
    qtbot.waitUntil(lambda: job.task._child is not None, timeout=LONG_MS)
    child = job.task._child.process
    window.close()
    assert child.poll() is not None and job.state == CANCELLED


def test_a_simulation_by_its_command(window, qtbot, toy_case):
    desk = window.desk
    desk.do("Shorter", desk.case.with_plan(replace(
        toy_case.plan("A"), applicators=(replace(toy_case.plan("A").applicators[0], duration_s=120.0),))))
    assert "A" not in desk.case.results and not window.time_bar.slider.isEnabled()
    window.run("simulate.run")
    distance = Distance("d", (0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    desk.do("Measured", desk.case.with_measurement(distance))
    qtbot.waitUntil(idle(window), timeout=120_000)
    assert window.jobs.jobs[-1].state == DONE, window.jobs.jobs[-1].lines
    assert desk.case.results["A"].times_s[-1] == 120.0 and "A" in desk.case.assessments
    assert "d" in desk.case.measurements and desk.session.history.names[-1] == "Plan A simulated"
    assert window.time_bar.slider.isEnabled()


# what follows the hand


def test_numbers_follow_the_plan_that_is_moved(window, qtbot, toy_case):
    desk = window.desk
    assert window.live.state == "off"
    desk.set_edit_mode(True)
    qtbot.waitUntil(lambda: window.live.state == "ready", timeout=LONG_MS)
    assert desk.live is None, "what was simulated needs no preview"
    pid = window.live._server.process_id
    shown = []
    desk.live_changed.connect(
        lambda: desk.live and shown.append((desk.live.plan, desk.live_is_current, desk.plan))
    )
    for n in range(1, 30):
        desk.move(moved(toy_case.plan("A"), 0.0, 0.2 * n, 0.0))
        assert not desk.live_is_current
    assert "preview" in window.time_bar.label.text()
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert desk.live.plan == desk.plan == moved(toy_case.plan("A"), 0.0, 0.2 * 29, 0.0)
    assert all(current == (plan == held) for plan, current, held in shown)
    assert len(shown) < 29 and window.live.state == "ready"
    assert "coagulated" in window.time_bar.label.text() and "2.5 mm" in window.time_bar.label.toolTip()
    desk.undo()  # gives back what the hand holds
    assert desk.live is None and "coagulated" in window.time_bar.label.text()
    desk.move(moved(toy_case.plan("A"), 0.0, 0.0, 2000.0))
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert not desk.live.quantities and "outside the scan" in desk.live.warnings[0]
    assert [line for level, line in window.told if level == "warning" and "outside the scan" in line]
    window.close()
    assert not Path(f"/proc/{pid}").exists()


def test_what_is_given_back_or_let_go_has_its_numbers_at_once(window, qtbot):
    desk, numbers = window.desk, window.panels["numbers"]
    window.run("plan.duplicate")  # a plan that was not simulated
    desk.set_edit_mode(True)
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    first, start = desk.live, desk.plan
    assert first.quantities and numbers.shown.state == "preview"
    desk.move(moved(start, 0.0, 3.0, 0.0))
    assert numbers.shown.state == "updating" and not any(row.current for row in numbers.shown.rows if row.of_plan)
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    desk.drop()
    assert desk.live is first and desk.live_is_current and numbers.shown.state == "preview"
    desk.move(moved(start, 0.0, 4.0, 0.0))
    desk.commit("Move")  # the hand lets go before an answer has come
    assert not desk.live_is_current
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert desk.live.plan == desk.case.plans["B"] == moved(start, 0.0, 4.0, 0.0)
    last = desk.live
    desk.undo()
    assert desk.live is first and desk.live_is_current
    desk.redo()
    assert desk.live is last
    # another patient: what was computed does not count any more, though the plan is the same
    desk.do("Weight", replace(desk.case, patient=replace(desk.case.patient, weight_kg=71.0)))
    assert not desk.live_is_current and numbers.shown.state == "updating"
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert desk.live is not last and window.live.state == "ready"


def test_a_child_that_dies_is_replaced(window, qtbot, toy_case, monkeypatch):
    here = "tests.support.live_jobs:"
    stand_in = SimpleNamespace(live_prepare=here + "prepare_target", live_preview=here + "quick", simulated=True)
    monkeypatch.setattr("anatomy_twin.view.live.procedure_of", lambda plan: stand_in)
    desk = window.desk
    desk.set_edit_mode(True)
    qtbot.waitUntil(lambda: window.live.state == "ready", timeout=LONG_MS)
    os.kill(window.live._server.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: window.live.state == "off", timeout=LONG_MS)
    desk.move(moved(toy_case.plan("A"), 0.0, 1.0, 0.0))
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert any("start anew" in line for _, line in window.told)
    for _ in range(2):
        os.kill(window.live._server.process_id, signal.SIGKILL)
        qtbot.waitUntil(lambda: window.live.state == "off", timeout=LONG_MS)
        desk.move(replace(desk.plan, margin_mm=desk.plan.margin_mm + 1.0))
        if window.live.state != "off":
            qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert window.live.state == "off" and window.told[-1][0] == "error" and "SIGKILL" in window.told[-1][1]


def test_playing_goes_through_the_moments(window, qtbot):
    desk, bar = window.desk, window.time_bar
    assert desk.snapshot_count > 3
    bar.speed_box.setCurrentIndex(bar.speed_box.count() - 1)
    desk.set_snapshot(desk.snapshot_count - 3)
    window.run("simulate.play")
    assert bar.play_button.isChecked()
    qtbot.waitUntil(lambda: not bar.play_button.isChecked(), timeout=LONG_MS)
    assert desk.snapshot == desk.snapshot_count - 1
    last = bar.label.text()
    window.run("simulate.earlier")
    assert desk.snapshot == desk.snapshot_count - 2 and bar.slider.value() == desk.snapshot
    assert bar.label.text() != last
    window.run("simulate.field")
    assert desk.field_shown == "temperature" and bar.field_box.currentData() == "temperature"


def test_the_full_simulation_follows_when_the_hand_rests(window, qtbot, toy_case, monkeypatch):
    started = []
    monkeypatch.setattr("anatomy_twin.view.following.simulate", lambda window, name: started.append(name))
    desk = window.desk
    window.live.following_by._rest.setInterval(50)
    assert window.commands["simulate.follow"].checked(window)
    qtbot.wait(150)
    assert not started, "it has its result"
    desk.move(moved(toy_case.plan("A"), 0.0, 1.0, 0.0))
    qtbot.wait(150)
    assert not started, "the hand holds it"
    desk.commit("Moved")
    qtbot.waitUntil(lambda: started == ["A"], timeout=LONG_MS)
    window.run("plan.duplicate")
    desk.choose_plan("A")
    desk.choose_plan("B")
    qtbot.wait(150)
    assert started == ["A"], "a plan that is only chosen is not changed"
    desk.choose_plan("A")
    window.run("simulate.follow")
    desk.move(moved(toy_case.plan("A"), 0.0, 2.0, 0.0))
    desk.commit("Moved")
    qtbot.wait(150)
    assert started == ["A"]
