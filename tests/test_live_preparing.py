"""What happens to a drag that begins while previews are still prepared: the newest wins, the old is never current."""

from __future__ import annotations

import queue
import tempfile
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.live_server import LiveServer, Question
from tests.support.live_jobs import GATE

HERE = "tests.support.live_jobs:"
GATED = HERE + "prepare_at_the_gate", HERE + "quick"
REFUSED = HERE + "refuse_at_the_gate", HERE + "quick"
OTHER = HERE + "prepare_elsewhere", HERE + "quick"
LONG_MS = 60_000


class Gate:
    """Preparing ends when it is opened."""

    def __init__(self, folder):
        self.folder = folder

    def open(self):
        (self.folder / "open").touch()

    def close(self):
        (self.folder / "open").unlink()

    @property
    def prepared(self):
        """Target and margin of the plans that something was prepared for."""
        note = self.folder / "prepared"
        return note.read_text().splitlines() if note.exists() else []


@pytest.fixture
def gate(tmp_path, monkeypatch):
    (tmp_path / "gate").mkdir()
    monkeypatch.setenv(GATE, str(tmp_path / "gate"))
    return Gate(tmp_path / "gate")


def at(plan, margin_mm):
    """The plan as a hand that has come so far holds it."""
    return replace(plan, margin_mm=margin_mm)


# the child


class Talk:
    def __init__(self, case):
        self.said = queue.SimpleQueue()
        self.server = LiveServer(case, self.said.put)
        self.server.start()

    def next(self):
        return self.said.get(timeout=60)


@pytest.fixture
def talk(toy_case, gate, tmp_path, monkeypatch):
    between = tmp_path / "between"
    between.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(between))
    talk = Talk(toy_case)
    assert talk.next().kind == "ready"
    yield talk
    gate.open()
    assert talk.server.stop()
    assert not list(between.iterdir())


def preparing(talk, plan, ways):
    talk.server.ask(Question(1, plan, *ways))
    said = talk.next()
    assert (said.kind, said.ticket) == ("preparing", 1)


def hand_goes_on(talk, plan, ways, last=9):
    for ticket in range(2, last + 1):
        talk.server.ask(Question(ticket, at(plan, 1.0 + ticket), *ways))
        time.sleep(0.02)  # each is heard before the next
    time.sleep(0.1)


def test_what_was_prepared_serves_the_newest_place_of_the_hand(talk, gate, toy_case):
    plan = toy_case.plan("A")
    preparing(talk, plan, GATED)
    hand_goes_on(talk, plan, GATED)
    gate.open()
    said = talk.next()
    assert (said.kind, said.ticket, said.value.plan) == ("preview", 9, at(plan, 10.0))
    talk.server.ask(Question(10, at(plan, 11.0), *GATED))
    assert talk.next().ticket == 10, "places that the hand has left are not answered later"
    assert gate.prepared == ["tumour_1 5"], "it was prepared once"


def test_a_plan_that_needs_another_ground_gets_one(talk, gate, toy_case):
    plan = toy_case.plan("A")
    preparing(talk, plan, GATED)
    talk.server.ask(Question(2, replace(plan, target="tumour_2"), *GATED))
    time.sleep(0.2)
    gate.open()
    kinds = []
    while not kinds or kinds[-1] != ("preview", 2):
        said = talk.next()
        kinds.append((said.kind, said.ticket))
    assert ("preview", 1) not in kinds, "a ground that is not its own answers nothing"
    assert gate.prepared == ["tumour_1 5", "tumour_2 5"]


def test_another_kind_of_plan_is_answered_after_the_one_that_was_begun(talk, gate, toy_case):
    plan = toy_case.plan("A")
    preparing(talk, plan, GATED)
    talk.server.ask(Question(2, at(plan, 7.0), *OTHER))
    time.sleep(0.2)
    gate.open()
    said = [talk.next() for _ in range(3)]
    assert [(one.kind, one.ticket) for one in said] == [("preview", 1), ("preparing", 2), ("preview", 2)]
    assert [said[0].value.plan.margin_mm, said[2].value.plan.margin_mm] == [5.0, 7.0], "each under its own name"


def test_a_ground_that_is_refused_costs_the_old_question_only(talk, gate, toy_case):
    plan = toy_case.plan("A")
    preparing(talk, plan, REFUSED)
    hand_goes_on(talk, plan, OTHER, last=3)
    gate.open()
    said = talk.next()
    assert (said.kind, said.ticket) == ("error", 1) and isinstance(said.value, PlanError)
    said = [talk.next() for _ in range(2)]
    assert [(one.kind, one.ticket) for one in said] == [("preparing", 3), ("preview", 3)]


def test_what_is_forgotten_while_it_is_prepared_leaves_the_ground_for_the_next(talk, gate, toy_case):
    plan = toy_case.plan("A")
    preparing(talk, plan, GATED)
    talk.server.forget()
    time.sleep(0.2)
    gate.open()
    talk.server.ask(Question(2, at(plan, 6.0), *GATED))
    while (said := talk.next()).ticket < 2:
        assert said.kind == "preview"
    assert (said.kind, said.value.plan.margin_mm) == ("preview", 6.0) and gate.prepared == ["tumour_1 5"]


# the window


@pytest.fixture
def window(qtbot, toy_case, gate, monkeypatch):
    from tests.support.windows import shown_window

    ways = SimpleNamespace(live_prepare=GATED[0], live_preview=GATED[1], simulated=True)
    monkeypatch.setattr("anatomy_twin.view.live.procedure_of", lambda plan: ways)
    from anatomy_twin.pipeline.session import Session

    window = shown_window(qtbot, Session(toy_case))
    window.shown = []
    desk = window.desk
    desk.live_changed.connect(
        lambda: desk.live and window.shown.append((desk.live.plan, desk.plan, desk.live_is_current))
    )
    yield window
    gate.open()
    window.close()


def drag_while_preparing(window, qtbot, gate, last=12):
    """Begin to drag before anything is ready; return the plan that the hand holds at last."""
    desk = window.desk
    plan = desk.case.plan("A")
    desk.set_edit_mode(True)
    desk.move(at(plan, 5.1))
    qtbot.waitUntil(lambda: window.live.state == "preparing", timeout=LONG_MS)
    for step in range(2, last + 1):
        desk.move(at(plan, 5.0 + 0.1 * step))
        qtbot.wait(15)
        assert desk.live is None and not desk.live_is_current, "nothing is shown of what is not known yet"
    return at(plan, 5.0 + 0.1 * last)


@pytest.mark.gui
def test_a_drag_that_begins_before_previews_are_ready_ends_with_its_own(window, qtbot, gate):
    desk = window.desk
    held = drag_while_preparing(window, qtbot, gate)
    assert "coagulated" not in window.time_bar.label.text(), "numbers of the old place are not shown for the new one"
    gate.open()
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert desk.live.plan == desk.plan == held
    assert all(current == (plan == shown) for plan, shown, current in window.shown)
    assert [plan for plan, _, _ in window.shown] == [held], "no older place is shown in between"
    assert gate.prepared == ["tumour_1 5.1"]
    qtbot.waitUntil(lambda: window.live.state == "ready", timeout=LONG_MS)


@pytest.mark.gui
def test_what_is_given_back_before_previews_are_ready_gets_none(window, qtbot, gate):
    desk = window.desk
    drag_while_preparing(window, qtbot, gate, last=4)
    assert desk.drop()
    gate.open()
    qtbot.waitUntil(lambda: window.live.state == "ready", timeout=LONG_MS)
    qtbot.wait(200)
    assert desk.live is None and not window.shown, "the plan as it was simulated needs no preview"
    plan = at(desk.case.plan("A"), 8.0)
    desk.move(plan)
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert desk.live.plan == plan and len(gate.prepared) == 1


@pytest.mark.gui
def test_a_hand_that_lets_go_before_previews_are_ready_sees_its_step(window, qtbot, gate):
    desk = window.desk
    held = drag_while_preparing(window, qtbot, gate, last=4)
    desk.commit("Moved")
    assert desk.case.plan("A") == held and "A" not in desk.case.results
    gate.open()
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert desk.live.plan == held
    desk.undo()  # its result comes back, no preview stands in its place
    assert desk.live is None and "A" in desk.case.results


@pytest.mark.gui
def test_numbers_of_the_old_ground_are_never_current_while_another_is_prepared(window, qtbot, gate):
    desk = window.desk
    gate.open()
    desk.set_edit_mode(True)
    old = at(desk.case.plan("A"), 6.0)
    desk.move(old)
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    gate.close()
    new = replace(old, target="tumour_2")
    desk.move(new)
    qtbot.waitUntil(lambda: window.live.state == "preparing", timeout=LONG_MS)
    assert desk.live.plan == old and not desk.live_is_current
    desk.move(at(new, 7.0))
    qtbot.wait(50)
    assert not desk.live_is_current and "coagulated" not in window.time_bar.label.text()
    gate.open()
    qtbot.waitUntil(lambda: desk.live_is_current, timeout=LONG_MS)
    assert desk.live.plan == at(new, 7.0) and desk.live.caption == "tumour_2"
    assert all(current == (plan == shown) for plan, shown, current in window.shown)


@pytest.mark.gui
def test_a_window_that_is_closed_while_previews_are_prepared_leaves_nothing(window, qtbot, gate):
    import psutil

    drag_while_preparing(window, qtbot, gate, last=3)
    number = window.live._server.process_id
    window.close()
    assert not psutil.pid_exists(number) or psutil.Process(number).status() == "zombie"
