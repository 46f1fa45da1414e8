"""Cases and scans come into the window and leave it: dropped, chosen, recovered, refused, saved; nothing is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest

import anatomy_twin as at
from anatomy_twin.core import Distance
from anatomy_twin.pipeline.session import Session
from tests.support.toy_patient import toy_patient
from tests.support.windows import answer, drop, open_dialog, own_folders, scan_of, shown_window, wait_for

pytestmark = pytest.mark.gui


@pytest.fixture
def folders(monkeypatch, tmp_path):
    own_folders(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def small_case():
    """A case that opens quickly: labels without surfaces on a coarse grid."""
    volume, labels = toy_patient(8.0)
    return at.Case.new(volume=volume, labels=labels)


@pytest.fixture
def saved(folders, small_case):
    return at.save_case(small_case, folders / "toy.twin")


def opening_of(window):
    from anatomy_twin.view.opening import Opening

    return Opening.of(window)


def opened(qtbot, place):
    window = shown_window(qtbot)
    opening_of(window).open_path(place)
    wait_for(qtbot, lambda: window.desk)
    return window


def measure(window, name="D1"):
    case = window.desk.case
    assert window.desk.do(f"Measure {name}", case.with_measurement(Distance(name, (0.0, 0.0, 0.0), (1.0, 2.0, 3.0))))


def test_a_dropped_dicom_folder_becomes_a_case(qtbot, folders):
    from PySide6.QtCore import Qt

    from anatomy_twin.view.dialogs_series import SeriesDialog

    window = shown_window(qtbot)
    assert drop(window, scan_of(folders / "patient"), on=window.start_page.tiles["file.open"])
    dialog = wait_for(qtbot, lambda: open_dialog(window, SeriesDialog))
    cells = [dialog.table.item(0, column).text() for column in range(dialog.table.columnCount())]
    assert cells[:2] == ["1", "CT"] and cells[3] == "8" and "loads" in cells[5] and "8 axial slices" in cells[6]
    assert "regular axial slices" in dialog.why.text()
    dialog.pseudonym.setText("Elm")
    dialog.weight_kg.setText("71,5")
    qtbot.mouseClick(dialog.button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: window.desk)
    case = window.desk.case
    assert (case.patient.pseudonym, case.patient.weight_kg) == ("Elm", 71.5) and case.volume.array.shape[0] == 8
    assert opening_of(window).unsaved and window.actions_by_name["file.save"].isEnabled()
    opening_of(window).saver.save_to(folders / "elm.twin")
    qtbot.waitUntil(lambda: window.desk.session.path is not None, timeout=30_000)
    assert at.load_case(folders / "elm.twin").patient.pseudonym == "Elm" and not opening_of(window).unsaved
    window.close()


def test_a_folder_without_images_is_refused_in_words(qtbot, folders):
    from PySide6.QtWidgets import QMessageBox

    (folders / "letters").mkdir()
    (folders / "letters/a.txt").write_text("nothing")
    window = shown_window(qtbot)
    assert drop(window, folders / "letters")
    box = wait_for(qtbot, lambda: open_dialog(window, QMessageBox))
    assert "no" in box.text().lower() and "letters" in box.text() and window.desk is None
    box.close()
    assert not drop(window), "nothing is dragged"
    window.close()


def test_a_dropped_case_is_opened_and_remembered(qtbot, saved):
    from anatomy_twin.store.recent import recent_cases
    from anatomy_twin.store.thumbnails import thumbnail

    window = shown_window(qtbot)
    assert drop(window, saved / "case.json") and drop(window, saved), "as by a hand that trembles"
    wait_for(qtbot, lambda: window.desk)
    qtbot.waitUntil(lambda: not opening_of(window).wait.busy, timeout=20_000)
    assert not window.desk.session.read_only
    assert [one.place for one in recent_cases()] == [saved]
    qtbot.waitUntil(lambda: bool(thumbnail(saved)), timeout=20_000)
    window.run("file.close")
    tile = window.start_page.tiles["recent:1"]
    tile.setFocus()
    qtbot.keyClick(tile, " ")
    wait_for(qtbot, lambda: window.desk)
    window.close()


def test_recent_cases_that_are_gone_are_greyed(qtbot, saved, folders):
    from anatomy_twin.store import recent

    recent.remember(saved)
    recent.remember(folders / "gone.twin")
    window = shown_window(qtbot)
    assert not window.start_page.tiles["recent:1"].isEnabled() and window.start_page.tiles["recent:2"].isEnabled()
    actions = window.actions_by_name
    assert not actions["file.recent_1"].isEnabled() and actions["file.recent_1"].text() == "gone"
    assert actions["file.recent_2"].isEnabled() and not actions["file.recent_3"].isEnabled()
    window.close()


def test_unsaved_work_is_asked_about(qtbot, saved, small_case, folders):
    other = at.save_case(small_case, folders / "other.twin")
    window = opened(qtbot, saved)
    measure(window)
    window.run("file.close")
    assert "Measure D1" in answer(qtbot, window, "cancel") and window.desk is not None
    opening_of(window).open_case(other)
    answer(qtbot, window, "save")
    qtbot.waitUntil(lambda: window.desk.session.path == other, timeout=30_000)
    assert tuple(at.load_case(saved).measurements) == ("D1",)
    measure(window, "D2")
    window.run("file.close")
    answer(qtbot, window, "discard")
    qtbot.waitUntil(lambda: window.desk is None, timeout=10_000)
    assert not at.load_case(other).measurements
    window.close()


def test_a_person_who_closes_the_window_is_asked(qtbot, saved):
    from PySide6.QtWidgets import QMessageBox

    window = opened(qtbot, saved)
    measure(window)
    opening_of(window).asks_on_close = True  # as it is when the program runs
    assert not window.close()
    box = wait_for(qtbot, lambda: open_dialog(window, QMessageBox))
    assert window.isVisible() and "toy" in box.text()
    answer(qtbot, window, "save")
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=30_000)
    assert tuple(at.load_case(saved).measurements) == ("D1",)


def test_revert_gives_up_what_was_done(qtbot, saved):
    window = opened(qtbot, saved)
    measure(window)
    window.run("file.revert")
    answer(qtbot, window, "revert")
    wait_for(qtbot, lambda: window.desk and not window.desk.case.measurements)
    assert not window.desk.session.dirty and not window.desk.session.read_only
    window.close()


CRASH = """
import os, sys
from anatomy_twin.pipeline.session import Session
from anatomy_twin.core import Distance
session = Session.open(sys.argv[1])
for name in ("D1", "D2"):
    line = Distance(name, (0.0, 0.0, 0.0), (1.0, 2.0, 3.0))
    session.do(f"Measure {name}", session.case.with_measurement(line))
print("ready", flush=True)
os.read(0, 1)
"""


def other_program(place):
    """Another program that has the case open and has done two steps."""
    process = subprocess.Popen([sys.executable, "-c", CRASH, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    return process


def end(process):
    process.kill()
    process.wait(20)
    process.stdin.close()
    process.stdout.close()


def test_work_of_a_killed_program_is_recovered(qtbot, saved):
    from anatomy_twin.view.dialogs import StepsDialog

    end(other_program(saved))
    window = shown_window(qtbot)
    opening_of(window).open_case(saved)
    dialog = wait_for(qtbot, lambda: open_dialog(window, StepsDialog))
    assert [dialog.list.item(row).text() for row in range(2)] == ["1.  Measure D1", "2.  Measure D2"]
    answer(qtbot, window, "later", kind=StepsDialog)
    assert window.desk is None
    opening_of(window).open_case(saved)
    answer(qtbot, window, "recover", kind=StepsDialog)
    wait_for(qtbot, lambda: window.desk)
    assert tuple(window.desk.case.measurements) == ("D1", "D2") and window.desk.session.dirty
    window.run("edit.undo")
    assert tuple(window.desk.case.measurements) == ("D1",)
    window.close()


def test_a_case_that_came_from_the_command_line_is_recovered_too(qtbot, saved):
    from anatomy_twin.view.dialogs import StepsDialog

    end(other_program(saved))
    window = shown_window(qtbot, Session.open(saved))
    answer(qtbot, window, "saved", kind=StepsDialog)
    wait_for(qtbot, lambda: window.desk)
    assert not window.desk.case.measurements and not window.desk.session.recoverable()
    window.close()


def test_the_second_window_is_read_only_and_says_whose_the_case_is(qtbot, saved, folders):
    process = other_program(saved)
    try:
        window = opened(qtbot, saved)
        owner = window.desk.session.lock.owner
        banner = opening_of(window).banner
        assert owner.pid == process.pid and banner.bar.isVisible()
        assert "Read-only" in banner.words and owner.user in banner.words and str(process.pid) in banner.words
        assert "read-only" in window.windowTitle() and owner.user in window.windowTitle()
        measure(window)
        window.run("file.save")
        assert owner.user in answer(qtbot, window, "cancel")
        opening_of(window).saver.save_to(folders / "mine.twin")
        qtbot.waitUntil(lambda: not banner.bar.isVisible(), timeout=30_000)
        assert tuple(at.load_case(folders / "mine.twin").measurements) == ("D1",)
        assert not at.load_case(saved).measurements and "read-only" not in window.windowTitle()
        window.close()
    finally:
        end(process)


def test_a_case_that_another_program_changed_is_not_overwritten_unasked(qtbot, saved, small_case):
    window = opened(qtbot, saved)
    measure(window)
    at.save_case(replace(small_case, patient=at.Patient("Fir")), saved)
    opening_of(window).banner.look_outside()
    assert "changed this case" in opening_of(window).banner.words
    window.run("file.save")
    assert "Overwriting it loses" in answer(qtbot, window, "cancel")
    assert at.load_case(saved).patient.pseudonym == "Fir" and window.desk.session.dirty
    window.run("file.save")
    answer(qtbot, window, "overwrite")
    qtbot.waitUntil(lambda: not window.desk.session.dirty, timeout=30_000)
    assert tuple(at.load_case(saved).measurements) == ("D1",) and not opening_of(window).banner.words
    shutil.rmtree(saved)
    measure(window, "D2")
    window.run("file.save")
    assert "removed this case" in answer(qtbot, window, "overwrite")
    qtbot.waitUntil(lambda: not window.desk.session.dirty, timeout=30_000)
    assert tuple(at.load_case(saved).measurements) == ("D1", "D2")
    window.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of file sizes")
def test_a_disk_that_refuses_leaves_the_old_case_and_the_work(qtbot, saved):
    import resource

    window = opened(qtbot, saved)
    measure(window)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, usual[1]))
    try:
        window.run("file.save")
        words = wait_for(qtbot, lambda: _words_over(window))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert "cannot be written" in words and "nothing of your work is lost" in words
    assert not at.load_case(saved).measurements and window.desk.session.dirty
    answer(qtbot, window, "again")
    qtbot.waitUntil(lambda: not window.desk.session.dirty, timeout=30_000)
    assert tuple(at.load_case(saved).measurements) == ("D1",)
    window.close()


def _words_over(window):
    from PySide6.QtWidgets import QMessageBox

    box = open_dialog(window, QMessageBox)
    return "" if box is None else f"{box.text()} {box.informativeText()}"


def test_a_case_of_a_newer_program_is_refused_in_words(qtbot, saved):
    from PySide6.QtWidgets import QMessageBox

    from anatomy_twin.store.sealed_json import SEAL, seal

    manifest = json.loads((saved / "case.json").read_bytes())
    del manifest[SEAL]
    (saved / "case.json").write_bytes(seal({**manifest, "schema_version": 99}))
    window = shown_window(qtbot)
    opening_of(window).open_case(saved)
    box = wait_for(qtbot, lambda: open_dialog(window, QMessageBox))
    assert "version 99" in box.text() and "pdate this program" in box.informativeText()
    box.close()
    window.close()


def test_opening_can_be_stopped(qtbot, saved, monkeypatch):
    from anatomy_twin.core import check_cancelled

    def slowly(cls, place, monitor=None, **_):
        for _ in range(2000):
            check_cancelled(monitor)
            time.sleep(0.01)

    window = shown_window(qtbot)
    monkeypatch.setattr(Session, "open", classmethod(slowly))
    opening = opening_of(window)
    opening.open_case(saved)
    qtbot.waitUntil(opening.wait.isVisible, timeout=5_000)
    row = next(iter(opening.wait._rows.values()))
    row.button.click()
    qtbot.waitUntil(lambda: not opening.wait.busy, timeout=5_000)
    assert window.desk is None and not opening.wait.isVisible()
    window.close()
