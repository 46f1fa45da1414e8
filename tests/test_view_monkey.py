"""A sample of `scripts/monkey.py`: random hands on the window leave no exception, no lost edit and nothing behind."""

from __future__ import annotations

import pytest

from tests.support.toy_case import planned_case
from tests.support.windows import own_folders, shown_window

pytestmark = pytest.mark.gui
ACTIONS = 40


def test_random_hands_break_nothing_and_lose_nothing(qtbot, monkeypatch, tmp_path):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.store import save_case
    from tests.fuzz.window_checks import copied, let_go, saved_and_recovered, undo_and_redo_everything
    from tests.fuzz.window_memory import leftovers
    from tests.fuzz.window_monkey import Monkey

    own_folders(monkeypatch, tmp_path / "user")
    case = save_case(planned_case(), tmp_path / "toy.twin")
    other = copied(case, tmp_path, "other.twin")
    children = leftovers()["children"]  # the screen is one
    window = shown_window(qtbot, Session.open(case))
    monkey = Monkey(window, seed=8, cases=(case, other))
    try:
        monkey.act(ACTIONS)
        let_go(window)  # while questions are still answered
    finally:
        monkey.stop()
    assert not monkey.faults, "\n".join(map(str, monkey.faults))  # whole, with where they came from
    assert sum(monkey.changing.values()) >= ACTIONS // 8  # hands that change nothing prove nothing
    assert undo_and_redo_everything(window.desk.session) == []
    assert saved_and_recovered(window) == []
    window.close()
    assert leftovers()["children"] <= children
