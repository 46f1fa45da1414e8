"""The ellipsoid of a device's table in the window: drawn, told, following the hand, and taken away again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.gui


@pytest.fixture
def sight(plan_window):
    plan_window.run("plan.table")
    return plan_window.desk.kits["table"]


def test_outline_and_wires_follow_the_plan_while_it_is_dragged_and_go_again(plan_window, sight):
    desk = plan_window.desk
    (before,) = [tint for tint in desk.tints() if tint.name == "table"]
    rings = [shape for shape in desk.shapes() if shape.name.startswith("table") and shape.kind == "outline"]
    assert len(rings) == 7 and all(shape.only == "3d" for shape in rings)
    plan, step = desk.plan, np.array([3.0, -4.0, 5.0])
    needle = plan.applicators[0]
    ends = {end: tuple(np.add(getattr(needle, end), step)) for end in ("entry_mm", "tip_mm")}
    desk.move(replace(plan, applicators=(replace(needle, **ends),)))
    (after,) = [tint for tint in desk.tints() if tint.name == "table"]
    middles = [tint.geometry.to_world(np.argwhere(tint.values > 0)).mean(axis=0) for tint in (before, after)]
    assert np.abs(middles[1] - middles[0] - step).max() < 0.6
    desk.drop()
    plan_window.run("plan.table")
    assert not [tint for tint in desk.tints() if tint.name == "table"]
    assert not [shape for shape in desk.shapes() if shape.name.startswith("table")]
    assert sight.lines() == ()


def test_both_margins_are_told_when_the_hand_rests(plan_window, sight, qtbot):
    import anatomy_twin as at

    desk = plan_window.desk
    qtbot.waitUntil(lambda: sight.measured is not None, timeout=90_000)
    wanted = at.assess(desk.case, desk.plan, at.table_zone(desk.case, desk.plan))["minimal_margin_mm"].value
    promised, given, preview = sight.margins()
    assessed = desk.case.assessments["A"]["minimal_margin_mm"].value
    assert (promised.value, given.value, preview) == (wanted, assessed, False)
    assert sight.lines()[0] == f"Margin: table {wanted:.1f} mm, simulated {assessed:.1f} mm"


def test_where_the_table_promises_nothing_the_view_says_so(plan_window, sight):
    desk = plan_window.desk
    plan = desk.plan
    desk.move(replace(plan, applicators=(replace(plan.applicators[0], duration_s=60.0),)))
    assert not [tint for tint in desk.tints() if tint.name == "table"]
    assert "promises nothing for power 60 W and 60 s" in sight.lines()[0]
    desk.drop()


def test_previews_bring_the_numbers_of_the_table_only_while_it_is_shown(plan_window, sight):
    from anatomy_twin.pipeline import live_thermal
    from anatomy_twin.pipeline.procedures import ABLATION, RESECTION

    assert sight.preview_of(ABLATION).endswith(":preview_promised")
    assert sight.preview_of(RESECTION) == RESECTION.live_preview
    case, plan = plan_window.desk.case, plan_window.desk.plan
    found = live_thermal.preview_promised(live_thermal.prepare(case, plan), plan)
    import anatomy_twin as at

    exact = at.assess(case, plan, at.table_zone(case, plan))
    promised = {quantity.name: quantity.value for quantity in found.promised}
    assert promised["minimal_margin_mm"] == pytest.approx(exact["minimal_margin_mm"].value, abs=0.2)
    assert promised["target_percent"] == pytest.approx(exact["target_percent"].value, abs=2.0)
    plan_window.run("plan.table")
    assert sight.preview_of(ABLATION) == ABLATION.live_preview
