"""The start page, the library window, the steps of the work, reports and exports, pressed as a person does."""

from __future__ import annotations

from pathlib import Path

import pytest

import anatomy_twin as at
from tests.support.toy_patient import toy_patient
from tests.support.windows import answer, open_dialog, own_folders, scan_of, shown_window, wait_for

pytestmark = pytest.mark.gui


@pytest.fixture
def folders(monkeypatch, tmp_path):
    own_folders(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def saved(folders):
    volume, labels = toy_patient(8.0)
    case = at.Case.new(volume=volume, labels=labels, patient=at.Patient("Alder"))
    at.save_case(at.Case.new(volume=volume, patient=at.Patient("Birch")), folders / "cases/birch.twin")
    return at.save_case(case, folders / "cases/alder.twin")


def opening_of(window):
    from anatomy_twin.view.opening import Opening

    return Opening.of(window)


def click(qtbot, widget):
    from PySide6.QtCore import Qt

    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_the_first_start_offers_the_samples(qtbot, folders, monkeypatch):
    from anatomy_twin.view import start_page
    from anatomy_twin.view.start_samples import Sample, samples

    found = samples()
    assert found[0].name == "liver_tumour" and found[0].picture.is_file() and len(list(found[0].folder.iterdir())) > 100
    short = Sample("liver_tumour", scan_of(folders / "sample"), found[0].picture)
    monkeypatch.setattr(start_page, "samples", lambda: (short,))
    window = shown_window(qtbot)
    tiles = window.start_page.tiles
    assert {"sample:liver_tumour", "file.open", "file.import_folder", "file.library"} <= set(tiles)
    assert not any(name.startswith("recent") for name in tiles)
    assert "tumour" in tiles["sample:liver_tumour"].accessibleName()
    click(qtbot, tiles["sample:liver_tumour"])
    assert "a minute or two" in answer(qtbot, window, "scan")
    wait_for(qtbot, lambda: window.desk)
    assert window.desk.case.volume.array.shape == (8, 288, 288) and window.desk.case.synthetic
    window.leave_case()
    from anatomy_twin.pipeline.samples import prepared_sample

    at.save_case(at.Case.new(volume=toy_patient(8.0)[0]), prepared_sample("liver_tumour"))
    click(qtbot, window.start_page.tiles["sample:liver_tumour"])
    assert "is ready" in answer(qtbot, window, "whole")
    wait_for(qtbot, lambda: window.desk)
    assert window.desk.session.path == prepared_sample("liver_tumour")
    window.leave_case()
    window.resize(640, 700)
    qtbot.waitUntil(lambda: window.start_page._columns < 5, timeout=5_000)
    window.close()


def test_the_start_page_follows_the_theme(qtbot, folders):
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.view.style import apply_style

    window = shown_window(qtbot)
    middles = []
    for theme in ("light", "dark"):
        apply_style(QApplication.instance(), theme)
        picture = window.start_page.grab().toImage()
        middles.append(picture.pixelColor(picture.width() - 20, picture.height() - 20).lightness())
    assert middles[0] > 180 > 60 > middles[1]
    window.close()


def test_cases_are_added_found_opened_and_taken_off(qtbot, saved):
    pytest.importorskip("sqlalchemy")
    window = shown_window(qtbot)
    click(qtbot, window.start_page.tiles["file.library"])
    from anatomy_twin.view.library_window import LibraryWindow

    library = wait_for(qtbot, lambda: window.findChild(LibraryWindow))
    qtbot.waitUntil(library.empty.isVisible, timeout=20_000)
    library.add_folder(saved.parent)
    qtbot.waitUntil(lambda: len(library.cards) == 2, timeout=60_000)
    assert "2 read" in library.told.text() and not library.empty.isVisible()
    qtbot.keyClicks(library.words, "alder")
    qtbot.waitUntil(lambda: [card.title for card in library.cards] == ["alder"], timeout=20_000)
    assert library.list.item(0).text() == "alder\nCT" and not library.list.item(0).icon().isNull()
    library.details.tags.setText("teaching")
    click(qtbot, library.details.keep)
    qtbot.waitUntil(lambda: library.cards and library.cards[0].tags == ("teaching",), timeout=20_000)
    library.words.clear()
    library.plan.setCurrentIndex(1)
    qtbot.waitUntil(lambda: not library.cards, timeout=20_000)
    assert library.empty.isVisible() and library.empty.text() == "No case fits."
    library.plan.setCurrentIndex(0)
    qtbot.keyClicks(library.words, "birch")
    qtbot.waitUntil(lambda: [card.title for card in library.cards] == ["birch"], timeout=20_000)
    click(qtbot, library.remove_button)
    assert "stays where it is" in answer(qtbot, library, "remove")
    qtbot.waitUntil(lambda: not library.cards, timeout=20_000)
    assert (saved.parent / "birch.twin").is_dir()
    library.words.setText("teaching")
    qtbot.waitUntil(lambda: library.card is not None and library.card.title == "alder", timeout=20_000)
    click(qtbot, library.open_button)
    wait_for(qtbot, lambda: window.desk)
    assert window.desk.case.patient.pseudonym == "Alder"
    window.close()


def test_a_library_that_cannot_be_used_is_told(qtbot, folders, monkeypatch):
    pytest.importorskip("sqlalchemy")
    monkeypatch.setenv("ANATOMY_TWIN_LIBRARY", "mysql://me@host/x")
    from anatomy_twin.view.library_window import show_library

    window = shown_window(qtbot)
    library = show_library(window)
    qtbot.waitUntil(lambda: "not known" in library.told.text(), timeout=20_000)
    library.close()
    window.close()


def test_steps_show_how_far_the_work_is_and_lead_on(qtbot, saved):
    window = shown_window(qtbot)
    opening_of(window).open_case(saved)
    wait_for(qtbot, lambda: window.desk)
    steps = window.panels["steps"]
    assert [row.badge.state for row in steps.rows.values()] == ["done", "done", "current", *["open"] * 5]
    assert steps.chosen == "organs" and steps.rows["organs"].why.text().startswith("outlined")
    assert "next" in steps.rows["organs"].accessibleName() and steps.rows["organs"].drawer.isVisible()
    steps.rows["report"].setFocus()
    qtbot.keyClick(steps.rows["report"], " ")
    assert steps.chosen == "report" and steps.rows["report"].drawer.isVisible()
    assert not steps.rows["organs"].drawer.isVisible() and "file.report" in steps.rows["report"].buttons
    click(qtbot, steps.rows["organs"])
    assert window.panels["segment"].isVisible()
    window.close()


def test_all_commands_of_the_steps_exist_and_all_reasons_have_words(qtbot, folders):
    from anatomy_twin.core import FrozenMapping
    from anatomy_twin.rehearsal.workflow import NAMES, SENTENCES, STATES, Reason
    from anatomy_twin.view.commands import all_commands
    from anatomy_twin.view.panels import PLACES
    from anatomy_twin.view.panels.steps import WORK, reason_words, state_words, step_name

    known = {command.name for command in all_commands()}
    assert {name for work in WORK.values() for name in work.commands} <= known
    assert {name for work in WORK.values() for name in work.panels} <= {place.name for place in PLACES}
    facts = FrozenMapping(dict.fromkeys(("count", "plans", "modality", "slices", "step", "number", "scan"), "1"))
    assert all(reason_words(Reason(kind, facts)) == Reason(kind, facts).line for kind in SENTENCES)
    assert tuple(WORK) == NAMES and all(step_name(name) for name in NAMES) and all(map(state_words, STATES))


def test_labels_and_plans_are_exported(qtbot, saved):
    from anatomy_twin.view.opening_export import ExportDialog

    window = shown_window(qtbot)
    opening_of(window).open_case(saved)
    wait_for(qtbot, lambda: window.desk)
    window.run("file.export")
    dialog = window.findChild(ExportDialog)
    assert not dialog.button.isEnabled() and not dialog.plans.isEnabled() and not dialog.trees.isEnabled()
    dialog.labels.click()
    assert dialog.button.isEnabled()
    dialog.write(saved.parent / "out")
    file = saved.parent / "out/labels.seg.nrrd"
    qtbot.waitUntil(file.is_file, timeout=60_000)
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=20_000)
    assert at.load_labels(file).names == window.desk.case.label_map.names
    window.close()


def test_a_report_marks_its_step_as_done(qtbot, saved, monkeypatch):
    from PySide6.QtWidgets import QFileDialog

    from anatomy_twin.view import opening_export

    shown = []
    monkeypatch.setattr(opening_export, "show_file", lambda place: shown.append(place) or True)
    window = shown_window(qtbot)
    opening = opening_of(window)
    opening.open_case(saved)
    wait_for(qtbot, lambda: window.desk)
    opening_export.ask_report(opening)
    dialog = wait_for(qtbot, lambda: open_dialog(window, QFileDialog))
    assert [Path(name) for name in dialog.selectedFiles()] == [saved.parent / "alder_report"]
    (saved.parent / "alder_report").mkdir()  # one that is there is a name too, not a folder to walk into
    dialog.accept()
    qtbot.waitUntil(lambda: opening.reported, timeout=120_000)
    assert not shown and str(saved.parent / "alder_report") in answer(qtbot, window, "open")
    assert [Path(place) for place in shown] == [saved.parent / "alder_report/report.html"] and shown[0].is_file()
    steps = window.panels["steps"]
    qtbot.waitUntil(lambda: steps.rows["report"].badge.state == "done", timeout=5_000)
    window.close()
