"""The ellipsoid of a device's table in the window: drawn, told, following the hand, and taken away again."""

from __future__ import annotations

import gc
import weakref
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


def test_a_closed_case_is_let_go_with_what_was_measured_of_its_table(qtbot, monkeypatch, tmp_path):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.store import save_case
    from tests.support.toy_case import planned_case
    from tests.support.windows import own_folders, shown_window

    own_folders(monkeypatch, tmp_path / "user")
    window = shown_window(qtbot, Session.open(save_case(planned_case(), tmp_path / "toy.twin")))
    window.run("plan.table")
    kits = weakref.ref(window.desk.kits["table"])
    qtbot.waitUntil(lambda: kits().measured is not None, timeout=90_000)
    held = [weakref.ref(window.desk), weakref.ref(window.desk.session), kits]
    window.leave_case()
    qtbot.wait(300)
    gc.collect()
    assert [type(one()).__name__ for one in held if one() is not None] == []
