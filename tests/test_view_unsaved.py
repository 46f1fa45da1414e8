"""A window on a case that was never saved: it is kept, told quietly, offered after a crash, and gone when it may be."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

import anatomy_twin as at
from anatomy_twin.core import FrozenMapping
from anatomy_twin.pipeline.session import Session
from anatomy_twin.store.drafts import drafts, drafts_folder
from anatomy_twin.store.state import state_folder
from tests.support.toy_patient import toy_patient
from tests.support.windows import answer, own_folders, shown_window, wait_for

pytestmark = pytest.mark.gui


@pytest.fixture
def folders(monkeypatch, tmp_path):
    own_folders(monkeypatch, tmp_path)
    return tmp_path


def scan_alone():
    return at.Case.new(volume=toy_patient(8.0)[0], patient=at.Patient("Elm"))


def with_labels(case):
    return replace(case, labels=FrozenMapping({case.primary: toy_patient(8.0)[1]}))


def opening_of(window):
    from anatomy_twin.view.opening import Opening

    return Opening.of(window)


def kept(window):
    """True where a crash would lose nothing now."""
    keeper, session = opening_of(window).keeper, window.desk.session
    return session.place is not None and not session.keep_due and not keeper.busy


WINDOW = """
import os, sys
sys.path.insert(0, sys.argv[1])
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
application = QApplication([])
from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.window import RehearsalWindow
from tests.test_view_unsaved import kept, scan_alone, with_labels
window = RehearsalWindow(Session(scan_alone()))
window.show()
did = []
def look():
    if not did and kept(window):
        window.desk.do("Find organs", with_labels(window.desk.case))
        did.append(True)
    elif len(did) == 1 and kept(window):
        window.desk.set_look("liver", "Hide liver", visible=False)
        did.append(True)
        os.write(1, b"ready\\n")
timer = QTimer(interval=50)
timer.timeout.connect(look)
timer.start()
application.exec()
"""


def test_a_window_that_was_killed_leaves_its_case_to_the_next(qtbot, folders, request):
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QPushButton

    command = [sys.executable, "-c", WINDOW, str(request.config.rootpath)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline()
        process.kill()
    assert line == b"ready\n"
    window = shown_window(qtbot)
    (draft,) = opening_of(window).recents.drafts
    assert draft.name == "Elm" and draft.steps == 2
    button = window.start_page.findChild(QPushButton, f"open:{draft.place.name}")
    assert "Elm" in button.accessibleName()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: window.desk)
    case = window.desk.case
    assert case.label_map.names == with_labels(scan_alone()).label_map.names
    assert not case.display.layers["liver"].visible and opening_of(window).unsaved
    assert "not saved yet" in window.windowTitle() and opening_of(window).keeper.button.isVisible()
    opening_of(window).saver.save_to(folders / "elm.twin")
    qtbot.waitUntil(lambda: window.desk.session.path is not None, timeout=30_000)
    assert "not saved yet" not in window.windowTitle() and not opening_of(window).keeper.button.isVisible()
    assert not list(drafts_folder().iterdir()) and at.load_case(folders / "elm.twin").label_map.names
    window.close()


def test_what_a_person_discards_is_gone(qtbot, folders):
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QPushButton

    window = shown_window(qtbot, Session(scan_alone()))
    wait_for(qtbot, lambda: kept(window))
    opening_of(window).close_case()
    answer(qtbot, window, "discard")
    wait_for(qtbot, lambda: window.desk is None)
    assert not list(drafts_folder().iterdir())
    left = Session(scan_alone())
    work = left.begin_keep()
    left.end_keep(work, work.write())
    left.close(keep_journal=True)
    window.close()
    window = shown_window(qtbot)
    (draft,) = drafts()
    qtbot.mouseClick(window.start_page.findChild(QPushButton, f"discard:{draft.place.name}"), Qt.MouseButton.LeftButton)
    assert "Elm" in answer(qtbot, window, "cancel") and drafts()
    qtbot.mouseClick(window.start_page.findChild(QPushButton, f"discard:{draft.place.name}"), Qt.MouseButton.LeftButton)
    answer(qtbot, window, "discard")
    qtbot.waitUntil(lambda: not drafts(), timeout=10_000)
    assert window.start_page.findChild(QPushButton, f"discard:{draft.place.name}") is None
    assert not [path for path in state_folder().rglob("*.journal")]
    window.close()


def test_a_state_folder_that_cannot_be_written_is_told_and_stops_nothing(qtbot, folders, monkeypatch):
    (folders / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(folders / "file"))  # a file, so that nothing can be made in it
    window = shown_window(qtbot, Session(scan_alone()))
    banner = opening_of(window).banner
    wait_for(qtbot, lambda: "would be lost in a crash" in banner.words)
    window.desk.do("Find organs", with_labels(window.desk.case))
    assert window.desk.case.label_map.names and banner.bar.isVisible()
    opening_of(window).saver.save_to(folders / "elm.twin")
    qtbot.waitUntil(lambda: window.desk.session.path is not None, timeout=30_000)
    window.close()


def test_a_name_that_is_proposed_is_free_and_a_scan_is_told_from_a_case(qtbot, folders):
    from PySide6.QtWidgets import QFileDialog

    from anatomy_twin.pipeline.scans import may_be_scan
    from tests.support.windows import open_dialog, scan_of

    place = at.save_case(scan_alone(), folders / "elm.twin")
    assert may_be_scan(scan_of(folders / "patient")) and not may_be_scan(place) and not may_be_scan(folders / "no")
    window = shown_window(qtbot, Session.open(place))
    opening_of(window).saver.save_as()
    dialog = wait_for(qtbot, lambda: open_dialog(window, QFileDialog))
    assert dialog.selectedFiles() == [str(folders / "elm_2.twin")]
    dialog.accept()
    qtbot.waitUntil(lambda: window.desk.session.path == folders / "elm_2.twin", timeout=30_000)
    window.close()
