"""What is closed is let go: nothing of a case stays behind in its window, and what grows is called growing."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
import weakref

import pytest

from tests.support.toy_case import planned_case
from tests.support.windows import own_folders, shown_window

pytestmark = pytest.mark.gui


def _settled(seconds: float = 0.3) -> None:
    from tests.fuzz.window_memory import settle

    settle(seconds)
    gc.collect()


def _double(number):
    return 2 * number


@pytest.fixture
def case(monkeypatch, tmp_path):
    from anatomy_twin.store import save_case

    own_folders(monkeypatch, tmp_path / "user")
    return save_case(planned_case(), tmp_path / "toy.twin")


def test_a_closed_case_is_let_go_with_its_desk_and_its_finished_work(qtbot, case):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.opening import Opening

    window = shown_window(qtbot, Session.open(case))
    Opening.of(window).note_report()
    job = window.jobs.start("doubling", _double, 21, reads=("labels",))
    qtbot.waitUntil(lambda: job.over, timeout=60_000)
    held = [weakref.ref(thing) for thing in (window.desk, window.desk.session, window.desk.case, window.desk.scene)]
    assert all(one() is not None for one in held)
    window.leave_case()
    _settled()
    assert [type(one()).__name__ for one in held if one() is not None] == []
    assert job in window.jobs.jobs


def test_another_language_keeps_the_case_and_lets_all_else_go(qtbot, case):
    from PySide6.QtWidgets import QApplication, QMenu

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.commands.look import speak

    window = shown_window(qtbot, Session.open(case))
    session, desk = window.desk.session, weakref.ref(window.desk)
    try:
        speak(window, "de")
        _settled()
        assert desk() is None and window.desk.session is session
        widgets, menus = len(QApplication.allWidgets()), len(window.findChildren(QMenu))
        for language in ("en", "de"):
            speak(window, language)
            _settled()
        assert len(window.findChildren(QMenu)) == menus
        assert len(QApplication.allWidgets()) <= widgets + 4
    finally:
        speak(window, "en")


def test_dialogs_are_gone_once_they_are_closed(qtbot, case):
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QDialog

    from anatomy_twin.pipeline.session import Session

    window = shown_window(qtbot, Session.open(case))
    closer = QTimer(interval=30)
    closer.timeout.connect(lambda: [d.reject() for d in [QApplication.activeModalWidget()] if isinstance(d, QDialog)])
    closer.start()
    _settled()
    before = len(window.findChildren(QDialog))
    for name in ("edit.preferences", "help.about", "scene.snapshot", "file.save_as", "segment.new"):
        window.run(name)
        qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=20_000)
    closer.stop()
    _settled()
    assert [type(one).__name__ for one in window.findChildren(QDialog)][before:] == []


@pytest.mark.parametrize(("values", "grows"), [
    ([700.0] * 21, False),
    ([650.0, *[700.0 + 5 * (n % 2) for n in range(20)]], False),  # a cache that fills, and noise
    ([700.0] * 15 + [900.0] + [700.0] * 5, False),  # one value that stands out
    ([600.0 + 40 * min(n, 8) for n in range(21)], False),  # what is bounded
    ([600.0 + 4.0 * n for n in range(21)], True),
    ([600.0 + 4.0 * n + 15 * (n % 2) for n in range(21)], True),
])  # fmt: skip
def test_memory_grows_where_it_rises_to_the_end(values, grows):
    from tests.fuzz.window_memory import growing, verdict

    counts = list(range(0, 2001, 100))
    assert growing(counts, values) is grows
    faults = []
    told = verdict("actions", counts, values, faults)
    assert told["memory over actions"] == ("growing" if grows else "not growing")
    assert len(faults) == grows


def test_the_history_counts_a_step_once(case):
    from dataclasses import replace

    from anatomy_twin.pipeline.session import Session

    session = Session.open(case)
    plan = session.case.plans["A"]
    session.do("Other rule", session.case.with_plan(replace(plan, margin_mm=7.0)))
    entry = session.history.done[-1]
    assert entry.bytes == session.history.bytes > 0
    assert entry.__dict__["bytes"] == entry.bytes  # long sessions would be slow otherwise
    session.close()


def test_another_language_keeps_a_case_without_plans(qtbot, monkeypatch, tmp_path, toy_case):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.commands.look import speak

    own_folders(monkeypatch, tmp_path)
    window = shown_window(qtbot, Session(toy_case.without_plan("A")))
    session = window.desk.session
    try:
        speak(window, "de")
        assert window.desk.session is session and window.desk.plan_name == "" and window.menuBar().isVisible()
    finally:
        speak(window, "en")


def test_unreachable_cycles_die_in_the_interface_thread_alone(qtbot, monkeypatch, tmp_path):
    import threading

    from anatomy_twin.view.memory import Collector
    from anatomy_twin.view.window import RehearsalWindow

    own_folders(monkeypatch, tmp_path)
    living, window = Collector.living, RehearsalWindow()
    assert not gc.isenabled()
    died_in: list[str] = []

    class Cycle:
        def __init__(self) -> None:
            self.me = self
            weakref.finalize(self, lambda: died_in.append(threading.current_thread().name))

    def allocate() -> None:
        for _ in range(200):
            Cycle()
        _ = [[number] for number in range(200_000)]  # more than enough for Python to look for cycles by itself

    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert died_in == []
    qtbot.waitUntil(lambda: len(died_in) == 200, timeout=20_000)
    assert set(died_in) == {threading.main_thread().name}
    window.deleteLater()
    qtbot.waitUntil(lambda: Collector.living == living, timeout=20_000)
    assert gc.isenabled() == (living == 0)


POOLS = """
import ctypes, threading
from anatomy_twin.view.allocator import give_free_back, keep_together
assert {before}
together = threading.Barrier(4)
threads = [threading.Thread(target=lambda: (together.wait(), b"x" * 50_000, together.wait())) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert give_free_back()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has pools of its own kind")
@pytest.mark.parametrize(("before", "pools"), [("keep_together()", 1), ("True", 2)])
def test_threads_share_one_pool_of_memory_in_a_window(before, pools):
    child = subprocess.run(
        [sys.executable, "-c", POOLS.format(before=before)], capture_output=True, text=True, check=True, timeout=60
    )
    counted = child.stderr.count("Arena ")
    assert counted == 1 if pools == 1 else counted >= pools
