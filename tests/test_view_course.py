"""The course of the generator, devices and choices of the simulation in the window."""

from __future__ import annotations

import pytest

from anatomy_twin.core import AblationPlan
from anatomy_twin.pipeline.procedures.ablation import with_device
from anatomy_twin.plan import heat_centre_mm

pytestmark = pytest.mark.gui


def choose(window, field, value):
    """Choose a value in a field of the plan's settings, as a person does."""
    box = window.panels["plans"].parameters.fields[field]
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_the_course_shows_the_moment_and_a_click_shows_another(plan_window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    window = plan_window
    panel = window.panels["course"]
    window.run("simulate.course")
    qtbot.waitUntil(lambda: panel.isVisible() and bool(panel.charts), timeout=5000)
    panel.grab()
    (chart,) = panel.charts
    power = window.desk.plan.applicators[0].power_w
    assert chart.name == "set" and chart.lines[0].at(1.0) == power
    assert f"{power:.0f} W" in panel.accessibleDescription()
    (field,) = panel._fields
    times = window.desk.scene.fields[0].times_s
    for share in (0.0, 0.5, 1.0):
        place = QPoint(round(field.left() + share * field.width()), round(field.center().y()))
        qtbot.mouseClick(panel, Qt.MouseButton.LeftButton, pos=place)
        assert abs(times[window.desk.snapshot] - share * times[-1]) <= 0.51 * max(times[1:] - times[:-1])
    window.desk.choose_plan("")
    panel.grab()
    assert panel.charts == ()


def test_another_device_is_fitted_told_and_undone(plan_window):
    window = plan_window
    told = []
    window.desk.told.connect(lambda level, line: told.append((level, line)))
    before = window.desk.plan
    choose(window, "device 1", "cryo-generic")
    after = window.desk.plan
    assert after == with_device(0, before, "cryo-generic")
    assert after.applicators[0].entry_mm == before.applicators[0].entry_mm
    assert heat_centre_mm(after, 0) == pytest.approx(heat_centre_mm(before, 0), abs=0.15)
    level, line = told[-1]
    assert level == "warning" and f"{before.applicators[0].power_w:g} W became 70 %" in line and "its tip went" in line
    fields = window.panels["plans"].parameters.fields
    assert fields["power 1"].suffix() == " %"
    tip = fields["device 1"].toolTip()
    assert "assumed: " in tip and "gas.time constant s 20" in tip and "source: " in tip
    window.run("edit.undo")
    assert window.desk.plan == before and fields["power 1"].suffix() == " W"


def test_choices_of_the_simulation_are_used_and_follow_the_kind_of_plan(plan_window, qtbot):
    from anatomy_twin.view.simulation_choices import SimulationChoices, choices_of

    window, form = plan_window, plan_window.panels["plans"].simulation
    kit, plan = choices_of(window.desk), window.desk.plan
    assert isinstance(plan, AblationPlan) and form.isVisibleTo(window) and form.note.isHidden()
    assert not kit.differ("A", plan)
    form.verdict.setCurrentIndex(form.verdict.findData("isotherm_60"))
    form.verdict.activated.emit(form.verdict.currentIndex())
    form.numbers["perfusion_percent"].setValue(50.0)
    form.numbers["spacing_mm"].setValue(3.0)
    wanted = {"verdict": "isotherm_60", "perfusion_factor": 0.5, "spacing_mm": 3.0}
    assert kit.choices.options(plan) == wanted
    assert kit.differ("A", plan) and not form.note.isHidden()
    window.run("simulate.run")  # not "simulated already": that was by other choices
    qtbot.waitUntil(lambda: not kit.differ("A", plan), timeout=240_000)
    result = window.desk.case.results["A"]
    assert result.verdict_model == "at or above 60 degC at any time"
    assert result.parameters["perfusion factor"] == "0.5"
    anew = SimulationChoices(window.desk)  # as when the case is opened again
    assert anew.choices.options(plan) == {"verdict": "isotherm_60", "perfusion_factor": 0.5}
    choose(window, "device 1", "cryo-generic")
    assert [form.verdict.itemData(n) for n in range(form.verdict.count())] == ["isotherm_-20", "isotherm_-40"]
    assert kit.choices.options(window.desk.plan) == {"perfusion_factor": 0.5, "spacing_mm": 3.0}
    window.desk.choose_plan("")
    assert not form.isVisibleTo(window)
