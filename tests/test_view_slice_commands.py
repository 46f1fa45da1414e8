"""The commands of the slices, run in the window by key and by name."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.rehearsal.slabs import Slab
from tests.support.toy_case import planned_case

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.window import RehearsalWindow

    window = RehearsalWindow(Session(planned_case()))
    qtbot.addWidget(window)
    window.resize(1200, 800)
    with qtbot.waitExposed(window):
        window.show()
    yield window
    window.close()


def test_every_command_of_the_slices_runs_and_undoes_itself_where_it_toggles(window):
    from anatomy_twin.view.commands.slices import commands

    for command in commands():
        assert command.text and command.tip and command.menu
        if command.name != "slices.window.keep":
            window.run(command.name)
    for name in ("slices.outlines", "slices.fills", "slices.crosshair", "slices.bare"):
        before = window.desk.slice_style
        window.run(name)
        assert window.desk.slice_style != before
        window.run(name)
        assert window.desk.slice_style == before
    assert not window.desk.session.dirty


def test_presets_set_the_grey_window_and_say_so(window):
    window.run("slices.window.lung")
    assert window.desk.window == (1600.0, -600.0)
    assert window.commands["slices.window.lung"].checked(window)
    assert not window.commands["slices.window.bone"].checked(window)
    window.run("slices.window.reset")
    assert window.desk.window == window.desk.scene.window


def test_a_grey_window_is_kept_with_the_case_as_a_step(window):
    window.run("slices.window.bone")
    window.run("slices.window.keep")
    assert window.desk.case.display.window_width == 2000.0 and window.desk.session.dirty
    window.desk.undo()
    assert window.desk.case.display.window_width is None


def test_slabs_by_command(window):
    window.run("slices.slab.thicker")
    assert window.desk.slice_style.slab == Slab(5.0)
    window.run("slices.slab.minimum")
    window.run("slices.slab.20mm")
    assert window.desk.slice_style.slab == Slab(20.0, "minimum")
    window.run("slices.slab.thinner")
    assert window.desk.slice_style.slab.thickness_mm == 10.0
    window.run("slices.slab.off")
    assert window.desk.slice_style.slab.thickness_mm == 0.0


def test_planes_of_the_view_that_was_used_last(window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    pane = window.views.slice_panes["coronal"]
    qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(80, 80))
    window.run("slices.plane.along")
    assert pane.choice.kind == "along"
    window.run("slices.plane.turn")
    assert pane.choice.angle_deg == pytest.approx(15.0)
    window.run("slices.plane.across")
    assert pane.choice.kind == "across" and window.views.slice_panes["axial"].choice.kind == "axial"
    window.run("slices.reset_all")
    assert pane.choice.kind == "coronal"
    assert not window.commands["slices.plane.cut"].enabled(window)
    assert window.commands["slices.plane.cut"].why(window)


def test_slices_go_to_the_target_and_on_by_command(window):
    window.desk.set_focus((0.0, 0.0, 0.0))
    window.run("slices.centre")
    at_target = np.asarray(window.desk.focus_mm)
    assert np.linalg.norm(at_target - (-70.0, -15.0, 25.0)) < 8.0
    z = window.desk.focus_mm[2]
    window.run("slices.next")
    assert window.desk.focus_mm[2] == pytest.approx(z - 4.0)


def test_fields_are_laid_over_and_taken_away(window):
    window.run("slices.field.temperature")
    assert window.desk.field_shown == "temperature"
    content = window.views.slice_panes["axial"].content()
    assert content.field is not None and content.field.name == "temperature"
    window.run("slices.field.temperature")
    assert window.desk.field_shown == ""
