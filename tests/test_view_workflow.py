"""The whole work in the window, clicked through: a dropped DICOM folder, organs, a plan, a drag, heat, a report."""

from __future__ import annotations

import json

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.phantom import make_patient, write_series
from tests.support.windows import drop, open_dialog, own_folders, shown_window, wait_for

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.long]  # each step has its tests, the demo the chain


def finish(qtbot, window):
    """Wait until no task runs any more; none of them may have failed."""
    qtbot.wait(200)
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=400_000)
    assert {job.state for job in window.jobs.jobs} <= {"done"}, [(job.title, job.lines) for job in window.jobs.jobs]


def drag_tip(qtbot, window, moved_mm):
    """Pull the tip of the first applicator over the axial slice by (right, down) mm."""
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest

    desk, pane = window.desk, window.views.slice_panes["axial"]
    desk.set_focus(desk.plan.applicators[0].tip_mm)
    qtbot.wait(50)
    row, column = pane.plane.to_pixel(desk.plan.applicators[0].tip_mm)
    ends = [np.array([column, row]), np.array([column, row]) + np.array(moved_mm) / pane.plane.pixel_mm]
    start, end = (QPoint(*(round(float(value)) for value in place)) for place in ends)
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(pane, start + (end - start) * share)
        qtbot.wait(20)
    assert desk.moving is not None
    wait_for(qtbot, lambda: desk.live_is_current and desk.live.quantities)
    shown = desk.live
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=end)
    return shown


def test_from_a_dicom_folder_to_a_saved_report(qtbot, monkeypatch, tmp_path):
    from PySide6.QtCore import Qt

    from anatomy_twin.view.dialogs_series import SeriesDialog
    from anatomy_twin.view.opening import Opening
    from anatomy_twin.view.opening_export import write_report
    from anatomy_twin.view.tools.plan_handles import SNAP_PX

    own_folders(monkeypatch, tmp_path)
    write_series(make_patient(4, kind="liver_tumour", phase="portal", matrix=144, slice_mm=5.0), tmp_path / "scan")
    window = shown_window(qtbot)
    assert drop(window, tmp_path / "scan")
    dialog = wait_for(qtbot, lambda: open_dialog(window, SeriesDialog))
    qtbot.mouseClick(dialog.button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: window.desk)
    desk = window.desk
    assert desk.case.volume.synthetic and not desk.case.labels

    window.run("simulate.organs")
    finish(qtbot, window)
    assert "liver" in desk.case.label_map and desk.session.history.names[-1] == "Organs found"
    window.run("simulate.surfaces")
    finish(qtbot, window)
    assert desk.case.anatomy.structures["liver"].surface is not None
    window.run("slices.centre")
    window.run("simulate.propose")
    finish(qtbot, window)
    assert desk.plan is not None and desk.plan_name in desk.case.plans
    before = desk.plan

    window.run("plan.edit")
    shown = drag_tip(qtbot, window, (6.0, 4.0))
    moved = np.subtract(desk.plan.applicators[0].tip_mm, before.applicators[0].tip_mm)
    reach_mm = SNAP_PX * window.views.slice_panes["axial"].plane.pixel_mm
    assert np.linalg.norm(moved - (6.0, 4.0, 0.0)) <= reach_mm, "where the hand let go, or what is there to snap to"
    assert desk.plan.applicators[0].entry_mm == before.applicators[0].entry_mm
    assert shown.plan == desk.plan, "the numbers shown were those of the place where the hand let go"
    assert desk.session.history.names[-1].startswith("Move tip")
    window.run("plan.edit")
    window.run("simulate.run")
    finish(qtbot, window)
    name = desk.plan_name
    assert desk.case.results[name].coagulated_ml > 1.0 and desk.case.assessments[name].quantities
    window.run("plan.duplicate")
    assert len(desk.case.plans) == 2
    window.run("edit.undo")
    assert len(desk.case.plans) == 1

    opening = Opening.of(window)
    opening.saver.save_to(tmp_path / "work.twin")
    qtbot.waitUntil(lambda: desk.session.path is not None, timeout=60_000)
    write_report(opening, tmp_path / "work_report", show=False)
    finish(qtbot, window)
    facts = json.loads((tmp_path / "work_report" / "report.json").read_text(encoding="utf-8"))
    assert facts["plan_name"] == name and facts["synthetic"]
    kept = at.load_case(tmp_path / "work.twin")
    assert kept.plans[name] == desk.case.plans[name] and name in kept.results
    window.close()
