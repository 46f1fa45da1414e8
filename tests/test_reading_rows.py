"""Rows of the panels that are read, without a window: which numbers can be trusted, which structures there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import Assessment, Display, Quantity
from anatomy_twin.rehearsal import build_scene
from anatomy_twin.rehearsal.looks import scene_displayed
from anatomy_twin.rehearsal.numbers import group_of, shown_numbers
from anatomy_twin.rehearsal.tree import GROUPS, centre_of, shown, shown_only, tree_rows


def row_of(numbers, name):
    return next(row for row in numbers.rows if row.quantity.name == name)


def test_numbers_of_a_plan_as_it_is_and_as_it_is_moved(toy_case):
    plan = toy_case.plans["A"]
    saved = toy_case.assessments["A"]
    numbers = shown_numbers(toy_case, plan)
    assert numbers.state == "assessed" and all(row.current for row in numbers.rows)
    assert sum(numbers.verdicts().values()) == sum(bool(q.verdict) for q in saved.quantities)
    moved = replace(plan, margin_mm=9.0)
    numbers = shown_numbers(toy_case, moved)
    assert numbers.state == "moved" and not any(row.current for row in numbers.rows if row.of_plan)
    assert numbers.verdicts() == {}
    margin = saved["minimal_margin_mm"]
    better = replace(margin, value=margin.value + 1.5)
    numbers = shown_numbers(toy_case, moved, [better], live_is_current=True)
    row = row_of(numbers, "minimal_margin_mm")
    assert numbers.state == "preview" and row.current and row.change == pytest.approx(1.5)
    assert row.change_text.endswith("1.5 mm") and row.change_is == "better"
    waiting = row_of(numbers, "ablated_ml")
    assert waiting.waits and waiting.change_text == "" and not waiting.current
    stale = shown_numbers(toy_case, moved, [better])
    assert stale.state == "updating" and not row_of(stale, "minimal_margin_mm").current
    assert row_of(stale, "minimal_margin_mm").verdict == ""


def test_a_plan_that_was_moved_and_let_go_has_only_its_preview(toy_case):
    plan = replace(toy_case.plans["A"], margin_mm=9.0)
    case = toy_case.with_plan(plan)
    before = {quantity.name: quantity for quantity in toy_case.assessments["A"].quantities}
    assert shown_numbers(case, plan).state == "none"
    numbers = shown_numbers(case, plan, before=before)
    assert all(row.waits for row in numbers.rows if row.of_plan)
    ml = replace(before["ablated_ml"], value=before["ablated_ml"].value - 3.0)
    numbers = shown_numbers(case, plan, [ml], live_is_current=True, before=before)
    assert row_of(numbers, "ablated_ml").change == pytest.approx(-3.0)
    assert shown_numbers(case, plan, [ml], live_is_current=True, before=before, exact=True).state == "exact"
    refused = shown_numbers(case, plan, [], live_is_current=True, before=before)
    assert refused.state == "refused" and not any(row.current for row in refused.rows if row.of_plan)
    assert shown_numbers(case, plan, before=before, unmeasured=True).state == "unmeasured"
    assert shown_numbers(case, None).state == "none"


def test_changes_that_say_nothing_are_told_as_none(toy_case):
    moved = replace(toy_case.plans["A"], margin_mm=9.0)
    same = toy_case.assessments["A"]["ablated_ml"]
    numbers = shown_numbers(toy_case, moved, [same], live_is_current=True)
    assert row_of(numbers, "ablated_ml").change_text == "="
    unknown = replace(same, value=None, verdict="not checked")
    row = row_of(shown_numbers(toy_case, moved, [unknown], live_is_current=True), "ablated_ml")
    assert row.change is None and row.value_text == "\N{EN DASH}"


def test_numbers_stand_in_groups(toy_case):
    names = {"margin_tumour_1_mm": "margins", "minimal_margin_mm": "margins", "cut_vessel_2_mm": "vessels",
             "remnant_to_body_weight_percent": "remnant", "remaining_ml": "remnant", "bone_peak_c": "heat",
             "liver_segment_4_ml": "segments", "tumour_candidate_2_ml": "lesions", "spleen_ml": "organs",
             "rim_percent": "coverage", "something": "other"}  # fmt: skip
    assert {name: group_of(name) for name in names} == names
    anatomy = Assessment("", (Quantity("tumour_ml_of_old", "x", 1.0, "ml"),))
    rows = shown_numbers(toy_case.with_assessment(anatomy), None).rows
    assert rows[0].group == "lesions" and not rows[0].of_plan


def test_every_structure_has_one_row_in_a_group(toy_case):
    scene = build_scene(toy_case, "A", masks=False)
    rows = tree_rows(scene, toy_case)
    names = [row.name for row in rows]
    assert len(set(names)) == len(names) and set(names) >= {s.name for s in toy_case.label_map.segments} | {"zone"}
    assert [GROUPS.index(row.group) for row in rows] == sorted(GROUPS.index(row.group) for row in rows)
    by_name = {row.name: row for row in rows}
    assert by_name["tumour_1"].group == "target" and by_name["liver"].volume_ml > 100
    for row in rows:
        if not row.absent and row.name != "zone":
            held = toy_case.label_map.mask(row.name)
            point = centre_of(toy_case, scene, row.name)
            assert held[toy_case.label_map.geometry.nearest_voxel(point)], row.name
    assert centre_of(toy_case, scene, "nothing") is None


def test_what_was_not_found_is_told_and_many_of_a_kind_are_folded(toy_case):
    labels = toy_case.label_map
    spleen = labels.segment("spleen")
    lost = replace(spleen, name="bile_duct", value=0, state="not found", note="no tube beside the portal vein")
    bones = [replace(spleen, name=f"vertebra_l{n}", value=100 + n) for n in range(1, 6)]
    array = labels.array.copy()
    for n, bone in enumerate(bones):
        array[0, 0, 0, n] = bone.value
    other = replace(labels, array=array, segments=(*labels.segments, lost, *bones))
    case = replace(toy_case, labels={toy_case.primary: other})
    rows = {row.name: row for row in tree_rows(build_scene(case, "A", masks=False), case)}
    assert rows["bile_duct"].absent and "portal" in rows["bile_duct"].note and not rows["bile_duct"].visible
    assert {row.name for row in rows.values() if row.fold == "vertebra"} == {bone.name for bone in bones}
    assert rows["vertebra_l1"].group == "bone" and rows["vertebra_l1"].opacity is None


def test_only_what_differs_is_written_down(toy_case):
    scene = build_scene(toy_case, "A", masks=False)
    rows = tree_rows(scene, toy_case)
    display = shown(Display(), {row.name: row.visible for row in rows}, rows)
    assert display == Display()
    alone = shown_only(Display(), rows, ["tumour_1"])
    dressed = scene_displayed(scene, alone)
    assert [layer.name for layer in dressed.surfaces if layer.visible] == ["tumour_1"]
    assert [look.name for look in dressed.looks if look.visible] == ["tumour_1"]
    wide = scene_displayed(scene, replace(Display(), window_width=200.0, window_level=10.0))
    assert wide.window == (200.0, 10.0) and scene_displayed(scene, Display()).window == scene.window
    assert np.array_equal(dressed.volume.array, scene.volume.array)
