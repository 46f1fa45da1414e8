"""The assessment as a reader gets it: names, units, limits, verdicts, honest gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import catalog
from anatomy_twin.assess import assess
from anatomy_twin.core import AblationPlan, Applicator, Case, Patient, PositionPlan
from anatomy_twin.core.results import PHYSICS
from anatomy_twin.errors import DataError, PlanError
from tests.support.box_patient import ball, ball_zone, base_masks, box, case_of, geometry, labels_of
from tests.support.toy_patient import ELLIPSOIDS, make_segment, toy_patient

PLAN = AblationPlan("p", "tumour_1", (Applicator("mwa-generic", (-79, 0, 0), (14, 0, 0), 60, 300),))


@pytest.fixture(scope="module")
def box_labels():
    grid = geometry(half_mm=(60.0, 85.0, 85.0))
    masks = base_masks(grid) | {"bowel": box(grid, (-60, 10, -10), (-51, 30, 10))}
    masks["muscle"] = masks["muscle"] & ~masks["bowel"]
    return labels_of(grid, masks, absent=("spleen",))


def test_volumes_of_the_toy_patient_are_those_of_its_ellipsoids():
    volume, labels = toy_patient()
    found = assess(Case.new(volume=volume, labels=labels))
    assert found.synthetic
    for name in ("liver", "spleen", "kidney_right", "tumour_1"):
        exact_ml = 4.0 / 3.0 * np.pi * np.prod(ELLIPSOIDS[name][1]) / 1000.0
        assert found[f"{name}_ml"].value == pytest.approx(exact_ml, rel=0.03)  # voxels of 4 mm
        assert found[f"{name}_ml"].unit == "ml"
    lesions = found["tumour_1_ml"].value + found["tumour_2_ml"].value
    assert found["liver_healthy_ml"].value == pytest.approx(found["liver_ml"].value - lesions, abs=0.2)
    assert "less tumour 1, tumour 2" in found["liver_healthy_ml"].note
    assert found["liver_ml"].verdict == "met"
    assert "hepatic veins" in found["liver_ml"].note


def test_volumes_that_are_implausible_missing_or_cut_off_say_so(box_labels):
    case = case_of(box_labels)
    found = assess(case)
    assert found["liver_ml"].value == pytest.approx(1000.0, rel=1e-3)
    assert found["spleen_ml"].value is None
    assert (found["spleen_ml"].verdict, found["spleen_ml"].note) == ("not checked", "not found")
    assert found["kidney_left_ml"].note == "not segmented"
    assert not found.synthetic
    grid = geometry(half_mm=(20.0, 85.0, 85.0))
    cut = assess(case_of(labels_of(grid, base_masks(grid))))["liver_ml"]
    assert cut.verdict == "not checked"
    assert "edge of the scan" in cut.note
    small = geometry()
    tiny = assess(case_of(labels_of(small, {"liver": ball(small, (0, 0, 0), 20.0)})))["liver_ml"]
    assert tiny.verdict == "not met"


def test_liver_volume_by_formula(box_labels):
    known = assess(case_of(box_labels, patient=Patient(height_cm=170, weight_kg=70)))
    assert known["liver_vauthey_ml"].value == pytest.approx(1510, abs=1)
    assert known["liver_urata_ml"].value == pytest.approx(1286, abs=1)
    assert "1.818 m2" in known["liver_vauthey_ml"].note
    unknown = assess(case_of(box_labels))["liver_vauthey_ml"]
    assert (unknown.value, unknown.verdict) == (None, "not checked")


@pytest.mark.parametrize(("radius", "verdict"), [(14.5, "met"), (11.0, "borderline"), (6.0, "not met")])
def test_verdict_of_the_margin(box_labels, radius, verdict):
    found = assess(case_of(box_labels), PLAN, ball_zone((0, 0, 0), radius))
    margin = found["minimal_margin_mm"]
    assert margin.verdict == verdict
    assert margin.value == pytest.approx(radius - 8.0, abs=0.7)  # 2 mm voxels
    assert margin.place_mm is not None
    assert "10.1186/s13063-025-09006-2" in margin.source
    assert found["target_percent"].verdict == ("not met" if radius < 8 else "met")
    ablated = found["ablated_ml"].value
    assert ablated == pytest.approx(4.0 / 3.0 * np.pi * radius**3 / 1000.0, rel=0.02)
    share = found["healthy_lost_percent"]
    healthy_ml = 1000.0 - box_labels.volume_ml("tumour_1")
    assert share.value == pytest.approx(100 * found["healthy_lost_ml"].value / healthy_ml, abs=0.06)
    assert "less tumour 1" in share.note


def test_the_rim_verdict_has_a_borderline(box_labels):
    full = assess(case_of(box_labels), PLAN, ball_zone((0, 0, 0), 16.0))["rim_percent"]
    assert (full.value, full.verdict) == (100.0, "met")
    most = assess(case_of(box_labels), PLAN, ball_zone((0, 0, 0), 12.8))["rim_percent"]
    assert 90.0 < most.value < 100.0
    assert most.verdict == "borderline"
    part = assess(case_of(box_labels), PLAN, ball_zone((0, 0, 0), 10.0))["rim_percent"]
    assert part.verdict == "not met"


def test_a_flagged_target_can_miss_a_limit_and_cannot_meet_one(box_labels):
    flagged = replace(box_labels, segments=tuple(
        replace(s, state="check") if s.name == "tumour_1" else s for s in box_labels.segments))
    for radius, verdict in ((14.5, "not checked"), (11.0, "borderline"), (6.0, "not met")):
        margin = assess(case_of(flagged), PLAN, ball_zone((0, 0, 0), radius))["minimal_margin_mm"]
        assert margin.verdict == verdict
        assert ("to be confirmed" in margin.note) == (verdict != "not met")


def test_heated_organs_are_named_with_the_place(box_labels):
    zone = ball_zone((-30, 20, 0), 12.0, half_mm=30.0)
    grid = zone.geometry.cropped((0, 0, 0), zone.geometry.shape)
    moved = replace(zone, geometry=replace(grid, origin_mm=(-60.3, -10.3, -30.3)))
    heat = moved.temperature_c.copy()
    heat[:] = 37.0
    spot = moved.geometry.nearest_voxel((-55.0, 20.0, 0.0))
    heat[(1, *spot)] = 61.25
    found = assess(case_of(box_labels), PLAN, replace(moved, temperature_c=heat))["bowel_peak_c"]
    assert found.value == pytest.approx(61.2, abs=0.1)
    assert found.verdict == "not met"
    assert found.place_mm == pytest.approx(moved.geometry.to_world(spot), abs=0.06)
    assert found.source == "assumed"


def test_without_a_result_or_a_resolvable_target_nothing_is_invented(box_labels):
    case = case_of(box_labels)
    planned = assess(case, PLAN)
    for name in ("minimal_margin_mm", "target_percent", "rim_percent", "healthy_lost_ml"):
        assert (planned[name].value, planned[name].verdict) == (None, "not checked")
        assert planned[name].note == "the plan was not simulated yet"
    grid = geometry()
    speck = labels_of(grid, base_masks(grid) | {"tumour_1": ball(grid, (0, 0, 0), 2.5)})
    found = assess(case_of(speck), PLAN, ball_zone((0, 0, 0), 10.0))
    assert found["minimal_margin_mm"].verdict == "not checked"
    assert "voxels" in found["minimal_margin_mm"].note
    assert found["ablated_ml"].value > 4.0


def test_the_result_of_the_case_is_used(box_labels):
    case = case_of(box_labels).with_plan(PLAN)
    case = case.with_result(ball_zone((0, 0, 0), 14.5))
    assert assess(case, PLAN).quantities == assess(case, result=case.results["p"]).quantities
    assert assess(case, PLAN)["minimal_margin_mm"].verdict == "met"


def test_a_result_of_other_physics_is_told_and_one_of_todays_or_without_a_name_is_not(box_labels):
    case, zone = case_of(box_labels).with_plan(PLAN), ball_zone((0, 0, 0), 14.5)
    assert assess(case, PLAN, zone).notes == ()
    assert assess(case, PLAN, replace(zone, parameters={"physics": PHYSICS})).notes == ()
    older = assess(case, PLAN, replace(zone, parameters={"physics": "0"}))
    assert older.notes == (
        f"simulated by another state of the physics (0, now {PHYSICS}): simulate again before judging",
    )


def test_refusals(box_labels):
    case = case_of(box_labels)
    with pytest.raises(PlanError, match="PositionPlan"):
        assess(case, PositionPlan("D", "liver"))
    with pytest.raises(PlanError, match="there are body, muscle, liver, tumour_1, bowel"):
        assess(case, replace(PLAN, target="tumour_5"))
    with pytest.raises(DataError, match="of plan 'other'"):
        assess(case, PLAN, ball_zone((0, 0, 0), 10.0, plan_name="other"))


def limits_of(node):
    if isinstance(node, dict):
        if {"value", "unit"} <= node.keys() or "range" in node:
            yield node
        for part in node.values():
            yield from limits_of(part)
    elif isinstance(node, list):
        for part in node:
            yield from limits_of(part)


def test_every_limit_has_a_source_or_is_marked_assumed():
    content = catalog.load("limits")
    found = list(limits_of(content))
    assert len(found) >= 14
    for entry in found:
        assert entry.get("source") or entry.get("assumed") is True
        assert entry["unit"]
    for group in content["tissue_groups"]:
        for name in group["structures"]:
            assert make_segment(name, 0, 1).name == name  # has a coded term
        assert all(set(choice) <= set(group["structures"]) for choice in group["enough"])
