"""The window on bad ground: no display, no OpenGL, a full disk, buttons that come up unseen, heat that ends early.

Each is told in words, and nothing that was done is lost.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.errors import RenderError
from anatomy_twin.pipeline.session import Session
from tests.support.plan_hand import Hand, off
from tests.support.toy_case import planned_case
from tests.support.toy_patient import toy_patient
from tests.support.windows import answer, own_folders, shown_window, wait_for
from tests.test_view_opening import _words_over, measure, opened

x11 = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays of X only")
LONG_MS = 60_000

# what a window stands on


@x11
@pytest.mark.gui
@pytest.mark.parametrize(("changes", "words"), [
    ({"DISPLAY": ""}, "there is no display for a window"),
    ({"DISPLAY": ":9797"}, "the display :9797 does not answer; start it"),
    ({"QT_XCB_GL_INTEGRATION": "none"}, "cannot draw by OpenGL, which the 3-D view needs; install a driver"),
], ids=["none", "dead", "without OpenGL"])  # fmt: skip
def test_where_no_window_can_stand_it_is_said_before_anything_is_shown(monkeypatch, qapp, changes, words):
    from anatomy_twin.view.display import check_display, remembered

    check_display()
    assert remembered().is_file(), "here it can"
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RenderError) as refused:
        check_display()
    assert words in refused.value.line and "view CASE --screenshot FILE" in refused.value.line
    assert not remembered().is_file()


WITHOUT_GLX = """
import time
from PySide6.QtWidgets import QApplication
from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.display import check_display
from anatomy_twin.view.window import RehearsalWindow
from tests.support.toy_case import planned_case
check_display()
application = QApplication(["window"])
window = RehearsalWindow(Session(planned_case()))
window.resize(1000, 700)
window.show()
pane, end = window.views.scene_pane, time.monotonic() + 60
while time.monotonic() < end and not pane.frames["resting"]:
    application.processEvents()
picture = pane.stage.picture().reshape(-1, 3).astype(int)
print("colours", len(set(map(tuple, (picture // 32).tolist()))), "frames", pane.frames["resting"])
window.close()
"""


@x11
@pytest.mark.gui
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_a_display_without_glx_is_drawn_on_by_egl(tmp_path):
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1200x800x24", "-nolisten", "tcp", "-extension", "GLX"],
        pass_fds=(writer,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        os.close(writer)
        with os.fdopen(reader) as told:
            number = told.readline().strip()
        assert number, "Xvfb has not started"
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_GLX], capture_output=True, text=True, timeout=300,
            env={**os.environ, "DISPLAY": f":{number}", "XDG_STATE_HOME": str(tmp_path)},
        )  # fmt: skip
    finally:
        server.terminate()
        server.wait(20)
    assert done.returncode == 0, done.stderr[-2000:]
    words = done.stdout.split()
    assert int(words[1]) > 20 and int(words[3]) > 0, done.stdout


# a disk without room


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own that holds 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.gui
def test_a_disk_that_fills_up_leaves_the_old_case_and_the_work(qtbot, monkeypatch, tmp_path, small_disk):
    own_folders(monkeypatch, tmp_path / "user")
    volume, labels = toy_patient(8.0)
    saved = at.save_case(at.Case.new(volume=volume, labels=labels), small_disk / "toy.twin")
    window = opened(qtbot, saved)
    measure(window)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(4096))
    window.run("file.save")
    words = wait_for(qtbot, lambda: _words_over(window))
    assert "disk is full" in words.lower() or "no space" in words.lower(), words
    assert "nothing of your work is lost" in words
    assert not at.load_case(saved).measurements and window.desk.session.dirty
    left = {one.name for one in small_disk.iterdir()} - {".toy.twin.lock"}
    assert left == {"filler", "toy.twin"}, "half a case was left"
    filler.unlink()
    answer(qtbot, window, "again")
    qtbot.waitUntil(lambda: not window.desk.session.dirty, timeout=30_000)
    assert tuple(at.load_case(saved).measurements) == ("D1",)
    window.close()


# hands


@pytest.fixture
def hand(plan_window, qtbot):
    plan_window.desk.set_edit_mode(True)
    hand = Hand(plan_window, qtbot)
    hand.look_at(hand.needle.tip_mm)
    return hand


@pytest.mark.gui
def test_a_button_that_comes_up_outside_the_window_ends_the_drag_as_a_step(hand):
    from PySide6.QtCore import QPoint, Qt

    tip = np.asarray(hand.needle.tip_mm)
    hand.press(tip)
    hand.drag(off(tip, 6.0, 3.0, 0.0))
    held = hand.desk.plan
    hand.bot.mouseRelease(hand.pane, Qt.MouseButton.LeftButton, pos=QPoint(-400, -900))
    assert hand.desk.moving is None and len(hand.steps) == 1 and hand.steps[0].startswith("Move tip")
    assert hand.desk.plan == held, "it stays where it was seen last"
    hand.bot.mouseMove(hand.pane, hand.at(off(tip, -10.0, 0.0, 0.0)))
    assert hand.desk.plan == held and len(hand.steps) == 1


@pytest.mark.gui
def test_a_button_that_comes_up_where_nobody_sees_it_ends_the_drag_too(hand):
    """Another program took the mouse: the next thing that is heard is a move without a button."""
    tip = np.asarray(hand.needle.tip_mm)
    hand.press(tip)
    hand.drag(off(tip, 6.0, 3.0, 0.0))
    held = hand.desk.plan
    move_without_button(hand.pane, hand.at(off(tip, -20.0, 10.0, 0.0)))
    assert hand.desk.moving is None and hand.desk.plan == held and len(hand.steps) == 1
    move_without_button(hand.pane, hand.at(off(tip, -30.0, 10.0, 0.0)))
    assert hand.desk.plan == held and hand.desk.session.dirty
    hand.desk.undo()
    assert np.allclose(hand.needle.tip_mm, tip)


@pytest.mark.gui
def test_in_3d_a_button_that_comes_up_unseen_ends_turning(plan_window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    pane = plan_window.views.scene_pane
    target, before = pane.interactor, pane.stage.camera
    qtbot.mousePress(target, Qt.MouseButton.LeftButton, pos=QPoint(40, 60))
    move_without_button(target, QPoint(90, 90))
    camera = pane.stage.camera
    move_without_button(target, QPoint(190, 150))
    assert pane.stage.camera == camera == before, "nothing turns under a hand that holds nothing"


def move_without_button(widget, place):
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    none = Qt.MouseButton.NoButton
    where = QPointF(place)
    event = QMouseEvent(QEvent.Type.MouseMove, where, QPointF(widget.mapToGlobal(place)), none, none,
                        Qt.KeyboardModifier.NoModifier)  # fmt: skip
    QApplication.sendEvent(widget, event)


# simulations


@pytest.fixture
def heated(qtbot, monkeypatch, tmp_path):
    own_folders(monkeypatch, tmp_path / "user")
    window = shown_window(qtbot, Session(planned_case()))
    window.told = []
    window.desk.told.connect(lambda level, line: window.told.append((level, line)))
    yield window
    window.close()


def changed(window, **changes):
    """A step that leaves the plan without a result."""
    case = window.desk.case
    plan = case.plan("A")
    assert window.desk.do("Changed", case.with_plan(replace(
        plan, applicators=(replace(plan.applicators[0], **changes),))))  # fmt: skip
    assert "A" not in window.desk.case.results
    return window.desk.case


@pytest.mark.gui
def test_a_simulation_that_is_stopped_leaves_the_case_and_can_be_run_again(heated, qtbot):
    case = changed(heated, duration_s=600.0)
    heated.run("simulate.run")
    job = heated.jobs.jobs[-1]
    qtbot.waitUntil(lambda: job.fraction > 0 or not heated.jobs.busy, timeout=LONG_MS)
    heated.run("simulate.stop")
    qtbot.waitUntil(lambda: not heated.jobs.busy, timeout=LONG_MS)
    now = heated.desk.case  # its rules may have been read off meanwhile
    assert job.state == "cancelled"
    assert now.plans == case.plans and now.label_map is case.label_map and not now.results
    assert heated.desk.session.history.names == ("Changed",) and heated.desk.session.dirty
    changed(heated, duration_s=60.0)
    heated.run("simulate.run")
    qtbot.waitUntil(lambda: not heated.jobs.busy, timeout=2 * LONG_MS)
    assert heated.jobs.jobs[-1].state == "done" and "A" in heated.desk.case.results


@pytest.mark.gui
def test_a_simulation_that_fails_says_why_and_leaves_the_case(heated, qtbot):
    case = changed(heated, power_w=400.0)
    heated.run("simulate.run")
    qtbot.waitUntil(lambda: not heated.jobs.busy, timeout=LONG_MS)
    errors = [line for level, line in heated.told if level == "error"]
    assert len(errors) == 1 and "400" in errors[0] and "\n" not in errors[0], heated.told
    now = heated.desk.case  # its rules may have been read off meanwhile
    assert now.plans == case.plans and now.label_map is case.label_map and not now.results
    assert heated.desk.session.history.names == ("Changed",)
    heated.run("edit.undo")
    assert "A" in heated.desk.case.results
