"""The map of entries in the window: shown on the skin, ranked by sliders, taken by a click and given back."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.pipeline.procedures.entering import entries_of, heat_centre_mm, with_entry
from anatomy_twin.rehearsal import Pointer
from anatomy_twin.rehearsal.entry_colours import BEYOND, GOOD, SkinPainter, entry_colours, rule_colour

pytestmark = pytest.mark.gui


@pytest.fixture
def shown(plan_window, qtbot):
    from anatomy_twin.view.plan_entries import entries_of_desk

    plan_window.show_panel("plans")
    plan_window.run("plan.entries")
    kit = entries_of_desk(plan_window.desk)
    qtbot.waitUntil(lambda: kit.entries is not None, timeout=90_000)
    return plan_window, kit


def at_skin(point_mm):
    return Pointer("3d", tuple(point_mm), (0.0, 1.0, 0.0), (0.0, -900.0, 0.0), 0.5, "body")


def test_the_map_is_painted_listed_weighed_and_taken(shown, qtbot):
    window, kit = shown
    panel = window.panels["plans"].entry_list
    found = kit.entries
    assert panel.switch.isChecked() and panel.rows.topLevelItemCount() == len(kit.listed) > 1
    assert str(int(found.feasible.sum())) in panel.told.text()
    layer = next(one for one in window.views.scene_pane.layers if one.name == "body")
    assert layer.visible and layer.opacity == 1.0
    (paint,) = kit.painters().values()
    best = int(found.pareto[0])
    points = np.array([found.entries_mm[best], (9000.0, 0.0, 0.0)])
    assert paint(points, points)[:, :3].tolist() == [entry_colours(found)[best].tolist(), list(BEYOND)]

    before = kit.listed
    panel.sliders["path length"].setValue(50)
    qtbot.waitUntil(lambda: kit.weights.get("path length") == 5.0, timeout=5000)
    assert kit.entries.costs is found.costs and kit.entries.weights["path length"] == 5.0
    assert kit.listed[0] == kit.entries.pareto[0] and (kit.listed != before or len(before) < 3)

    start = window.desk.plan.applicators[0]
    panel.rows.itemClicked.emit(panel.rows.topLevelItem(1), 0)
    taken = window.desk.plan.applicators[0]
    assert taken.entry_mm == tuple(kit.entries.entries_mm[kit.listed[1]]) and taken.power_w == start.power_w
    assert window.desk.session.history.names[-1] == "Entry of applicator 1"
    assert panel.rows.topLevelItem(1).isSelected()
    window.run("edit.undo")
    assert window.desk.plan.applicators[0] == start

    good = kit.entries.entries_mm[kit.listed[0]]
    assert "may be entered" in kit.words(at_skin(good)) and kit.click(at_skin(good))
    assert window.desk.plan.applicators[0].entry_mm == tuple(good)
    bad = np.flatnonzero(kit.entries.broken[kit.entries.rules.index("crosses no bone")])[0]
    assert "crosses no bone" in kit.words(at_skin(kit.entries.entries_mm[bad]))
    kept = window.desk.plan
    assert kit.click(at_skin(kit.entries.entries_mm[bad])) and window.desk.plan is kept
    assert not kit.click(at_skin((9000.0, 0.0, 0.0)))

    panel.switch.click()
    assert not kit.on and kit.shapes() == [] and kit.painters() == {}


def test_of_several_applicators_each_keeps_the_place_of_its_heat(toy_case):
    from dataclasses import replace

    plan = toy_case.plan("A")
    first = plan.applicators[0]
    ends = {name: tuple(np.add(getattr(first, name), (0, 8, 0))) for name in ("entry_mm", "tip_mm")}
    second = replace(first, **ends)
    both = replace(plan, applicators=(first, second))
    entries = entries_of(toy_case, both, 1)
    assert entries.centre_mm == pytest.approx(heat_centre_mm(both, 1))
    assert np.isfinite(entries.costs[:, -1]).all()
    moved = with_entry(both, 1, entries, int(np.flatnonzero(entries.feasible)[0]))
    assert moved.applicators[0] == first
    assert heat_centre_mm(moved, 1) == pytest.approx(heat_centre_mm(both, 1), abs=0.11)


def test_colours_tell_cost_and_rule(toy_case):
    entries = entries_of(toy_case, toy_case.plan("A"), 0)
    colours = entry_colours(entries)
    feasible = np.flatnonzero(entries.feasible)
    assert tuple(colours[feasible[np.argmin(entries.cost[feasible])]]) == GOOD
    stopped = np.flatnonzero(~entries.feasible)
    for n in stopped[:: max(len(stopped) // 50, 1)]:
        assert tuple(colours[n]) == rule_colour(entries.rules[entries.stopped_by[n]])
    # what may be entered is brighter than everything else
    assert colours[feasible].max(axis=1).min() > colours[stopped].max(axis=1).max()
    painter = SkinPainter(entries)
    np.testing.assert_array_equal(painter.colours(entries, entries.entries_mm), colours)
