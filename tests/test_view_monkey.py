"""A sample of `scripts/monkey.py`: random hands on the window leave no exception, no lost edit and nothing behind."""

from __future__ import annotations

import pytest

from tests.support.toy_case import planned_case
from tests.support.windows import own_folders, shown_window

pytestmark = pytest.mark.gui
ACTIONS = 120


def test_random_hands_break_nothing_and_lose_nothing(qtbot, monkeypatch, tmp_path):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.store import save_case
    from tests.fuzz import window_monkey as hands

    own_folders(monkeypatch, tmp_path / "user")
    case = save_case(planned_case(), tmp_path / "toy.twin")
    children = hands.leftovers()["children"]  # the screen is one
    window = shown_window(qtbot, Session.open(case))
    monkey = hands.Monkey(window, seed=5)
    try:
        monkey.act(ACTIONS)
    finally:
        monkey.stop()
    assert not monkey.faults
    hands.let_go(window)
    assert hands.undo_and_redo_everything(window.desk.session) == []
    assert hands.saved_and_recovered(window, case) == []
    window.close()
    assert hands.leftovers()["children"] <= children
