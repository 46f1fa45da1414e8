"""Hard rules and soft costs on a patient of boxes, where the answers are known on paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import AblationPlan, Applicator, LabelMap, ResectionPlan, SegmentCut
from anatomy_twin.errors import PlanError
from anatomy_twin.plan import check_plan, load_device, require_in_body
from anatomy_twin.plan.tissues import thick_part
from tests.support.box_patient import base_masks, box, box_case, case_of, geometry, labels_of, reindexed_case

OFFSET_MM = load_device("mwa-generic")["active_offset_mm"]
ENTRY, TIP = (-79.0, 0.0, 0.0), (OFFSET_MM, 0.0, 0.0)


def plan_of(entry=ENTRY, tip=TIP, power_w=60.0, duration_s=300.0, target="tumour_1", device="mwa-generic"):
    return AblationPlan("A", target, (Applicator(device, entry, tip, power_w, duration_s),))


def rule(check, name):
    return next(rule for rule in check.rules if rule.name == name)


def cost(check, name):
    return next(cost for cost in check.costs if cost.name == name)


def test_a_clear_path_breaks_nothing():
    check = check_plan(box_case(), plan_of())
    assert check.feasible
    assert rule(check, "entry on the skin").outcome == "passed"
    assert rule(check, "inside the body").outcome == "passed"
    assert rule(check, "tip inside the body").outcome == "passed"
    assert rule(check, "only known tissue").outcome == "passed"
    reach = rule(check, "reaches the target")
    assert (reach.outcome, reach.value, reach.limit) == ("passed", 79.0 + OFFSET_MM, 200.0)


def test_bone_in_the_way_is_named_with_its_place():
    grid = geometry()
    check = check_plan(box_case({"bone": box(grid, (-70, -10, -10), (-60, 10, 10))}), plan_of())
    broken = rule(check, "crosses no bone")
    assert not check.feasible
    assert (broken.outcome, broken.hit, broken.value) == ("broken", "bone", 0.0)
    assert broken.place_mm == pytest.approx((-70.0, 0.0, 0.0), abs=0.11)  # the face between two voxels


@pytest.mark.parametrize(("gap_mm", "outcome"), [(4.0, "broken"), (10.0, "passed")])
def test_the_guard_distance_is_measured_to_the_face_of_the_structure(gap_mm, outcome):
    grid = geometry()
    wall = box(grid, (-70, gap_mm, -20), (-60, 40, 20))
    masks = {name: wall if name == "colon" else np.roll(wall, 30, axis=0) for name in ("colon", "stomach", "duodenum")}
    masks["stomach"] = box(grid, (60, 60, 50), (70, 70, 60))
    masks["duodenum"] = box(grid, (60, 60, 30), (70, 70, 40))
    check = check_plan(box_case(masks), plan_of())
    found = rule(check, "crosses no stomach or bowel")
    assert found.outcome == outcome
    assert found.value == pytest.approx(gap_mm, abs=0.05)
    assert found.hit == ("colon" if outcome == "broken" else "")
    assert -70.5 <= found.place_mm[0] <= -59.5


def test_a_missing_structure_is_never_passed():
    case = box_case(absent=("gallbladder",))
    check = check_plan(case, plan_of())
    assert rule(check, "crosses no gallbladder").outcome == "not checked"
    assert "not found" in rule(check, "crosses no gallbladder").reason
    assert "not segmented" in rule(check, "crosses no lung").reason
    passed = {r.name for r in check.rules if r.outcome == "passed"}
    assert not any(name.startswith("crosses") for name in passed)


@pytest.mark.parametrize(("name", "ruled"), [
    ("bone", "crosses no bone"), ("lung_right", "crosses no lung"), ("pleural_recess", "crosses no pleural recess"),
    ("inferior_vena_cava", "crosses no great vessel"), ("hepatic_veins", "crosses no large vessel of the organ"),
    ("colon", "crosses no stomach or bowel"), ("gallbladder", "crosses no gallbladder"), ("heart", "crosses no heart"),
])  # fmt: skip
def test_each_structure_in_the_way_is_named_and_its_rule_open_without_it(name, ruled):
    low = (-44, -10, -10) if name == "hepatic_veins" else (-70, -10, -10)  # a vessel of the organ lies in it
    masks = {name: box(geometry(), low, (low[0] + 10, 10, 10))}
    found = rule(check_plan(box_case(masks), plan_of()), ruled)
    assert (found.outcome, found.hit, found.value) == ("broken", name, 0.0)
    assert found.place_mm == pytest.approx((low[0], 0.0, 0.0), abs=0.11)
    without = rule(check_plan(box_case(), plan_of()), ruled)
    assert without.outcome == "not checked" and "not segmented" in without.reason


def test_a_flagged_outline_breaks_a_rule_and_never_lets_it_pass():
    grid = geometry()
    for place, outcome in (((60, 60, 50), "not checked"), ((-70, -5, -5), "broken")):
        far = box(grid, place, tuple(p + 12 for p in place))
        case = box_case({"gallbladder": far})
        labels = with_state(case.label_map, "gallbladder", "check")
        found = rule(check_plan(replace(case, labels={case.primary: labels}), plan_of()), "crosses no gallbladder")
        assert found.outcome == outcome
        assert ("to be confirmed: gallbladder" in found.reason) == (outcome == "not checked")
        sure = with_state(labels, "gallbladder", "confirmed")
        sure = rule(check_plan(replace(case, labels={case.primary: sure}), plan_of()), "crosses no gallbladder")
        assert sure.outcome == ("broken" if outcome == "broken" else "passed")


def with_state(labels, name, state):
    return replace(labels, segments=tuple(replace(s, state=state) if s.name == name else s for s in labels.segments))


def test_half_of_a_pair_is_not_enough_to_pass_but_enough_to_break():
    grid = geometry()
    aside = check_plan(box_case({"lung_right": box(grid, (-70, 50, 40), (-20, 70, 60))}), plan_of())
    assert rule(aside, "crosses no lung").outcome == "not checked"
    assert "lung left" in rule(aside, "crosses no lung").reason
    hit = check_plan(box_case({"lung_right": box(grid, (-70, -5, -5), (-60, 5, 5))}), plan_of())
    assert (rule(hit, "crosses no lung").outcome, rule(hit, "crosses no lung").hit) == ("broken", "lung_right")


def test_tissue_without_a_known_label_is_forbidden():
    grid = geometry()
    masks = base_masks(grid)
    masks["muscle"] = masks["muscle"] & ~box(grid, (-70, -10, -10), (-60, 10, 10))
    check = check_plan(case_of(labels_of(grid, masks)), plan_of())
    found = rule(check, "only known tissue")
    assert (found.outcome, found.hit) == ("broken", "unknown_tissue")
    assert found.value == pytest.approx(10.0, abs=0.05)
    assert found.place_mm == pytest.approx((-70.0, 0.0, 0.0), abs=0.11)
    named = check_plan(box_case({"unknown_tissue": box(grid, (0, 0, 0), (1, 1, 1))}), plan_of())
    assert rule(named, "only known tissue").outcome == "passed"  # the later class, muscle or liver, counts


def test_vessels_count_by_their_diameter():
    grid = geometry((1.0, 1.0, 1.0), (22.0, 82.0, 82.0))
    names = ("hepatic_veins", "portal_branches")

    def tube(diameter_mm):
        x, _, z = np.moveaxis(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0)
        return (np.hypot(x + 30, z) < diameter_mm / 2) & box(grid, (-50, -40, -50), (50, 40, 50))

    for diameter_mm, outcome in ((8.0, "broken"), (2.0, "passed")):
        masks = {names[0]: tube(diameter_mm), names[1]: box(grid, (30, 30, 20), (31, 31, 21))}
        check = check_plan(box_case(masks, grid), plan_of())
        found = rule(check, "crosses no large vessel of the organ")
        assert found.outcome == outcome
        assert found.hit == ("hepatic_veins" if outcome == "broken" else "")


def test_thick_part_keeps_the_thick_half_of_a_vessel():
    grid = geometry((1.0, 1.0, 1.0), (12.0, 12.0, 30.0))
    points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    radius = np.where(points[..., 0] < 0, 4.0, 1.2)
    vessel = np.hypot(points[..., 1], points[..., 2]) < radius
    thick = thick_part(vessel, grid.spacing_mm, 5.0)
    assert not thick[points[..., 0] > 3].any()
    wide = vessel & (points[..., 0] < -3)
    assert thick[wide].mean() > 0.97


def test_outside_of_body_and_scan_is_told_with_the_place():
    case = box_case()
    far = check_plan(case, plan_of(entry=(-88.0, 0.0, 0.0)))
    assert rule(far, "entry on the skin").outcome == "broken"
    assert rule(far, "entry on the skin").value == pytest.approx(8.0, abs=0.2)
    deep = check_plan(case, plan_of(entry=(-60.0, 0.0, 0.0)))
    assert rule(deep, "entry on the skin").hit == "inside"
    through = check_plan(case, plan_of(tip=(84.0, 0.0, 0.0)))
    assert rule(through, "tip inside the body").outcome == "broken"
    with pytest.raises(PlanError, match=r"84\.0, 0\.0, 0\.0 mm LPS"):
        require_in_body(through)
    beyond = check_plan(case, plan_of(entry=(-300.0, 0.0, 0.0), tip=(-250.0, 0.0, 0.0)))
    assert rule(beyond, "inside the body").outcome == "broken"
    with pytest.raises(PlanError, match="outside"):
        require_in_body(beyond)
    require_in_body(check_plan(case, plan_of()))


def test_a_path_that_leaves_the_body_again_is_broken():
    grid = geometry()
    masks = base_masks(grid)
    notch = box(grid, (-70, -20, -1000), (-56, 20, 1000))
    masks = {name: mask & ~notch for name, mask in masks.items()}
    found = rule(check_plan(case_of(labels_of(grid, masks)), plan_of()), "inside the body")
    assert (found.outcome, found.hit) == ("broken", "outside")
    assert found.place_mm == pytest.approx((-56.0, 0.0, 0.0), abs=0.11)


def test_reach_power_and_time_are_held_against_the_device():
    grid = geometry(half_mm=(120.0, 90.0, 90.0))
    check = check_plan(
        box_case(grid=grid), plan_of(entry=(-79.0, -79.0, -100.0), tip=(60.0, 60.0, 70.0), power_w=150, duration_s=5)
    )
    assert rule(check, "reaches the target").value == pytest.approx(np.linalg.norm((139, 139, 170)), abs=0.06)
    assert {"reaches the target", "power in the device's range", "time in the device's range"} <= {
        r.name for r in check.broken
    }


def test_costs_have_their_analytic_values():
    check = check_plan(box_case(), plan_of())
    assert cost(check, "path length").value == 79.0 + OFFSET_MM
    assert cost(check, "angle to the axial plane").value == 0.0
    assert cost(check, "angle to the normal of the capsule").value == pytest.approx(0.0, abs=0.5)
    assert cost(check, "organ missing before the target").value == 0.0
    assert cost(check, "heated centre off the target").value == pytest.approx(0.0, abs=0.05)

    slope = np.array([np.cos(np.radians(30)), 0.0, np.sin(np.radians(30))])
    entry = tuple(-slope * 79.0 / slope[0])
    oblique = check_plan(box_case(), plan_of(entry=entry, tip=tuple(OFFSET_MM * slope)))
    assert cost(oblique, "angle to the axial plane").value == pytest.approx(30.0, abs=0.1)
    assert cost(oblique, "angle to the normal of the capsule").value == pytest.approx(30.0, abs=0.5)


def test_a_superficial_target_lacks_organ_in_front():
    grid = geometry()
    masks = base_masks(grid)
    masks["liver"] = box(grid, (-14, -50, -50), (50, 50, 50))
    check = check_plan(case_of(labels_of(grid, masks)), plan_of())
    # liver begins at -14, the target at -8 (its first voxel at -8 or -6): 4 mm short of 10
    assert cost(check, "organ missing before the target").value == pytest.approx(4.0, abs=2.0)


def test_several_applicators_are_told_apart():
    two = AblationPlan("A", "tumour_1", (
        Applicator("mwa-generic", ENTRY, TIP, 60, 300),
        Applicator("mwa-generic", (0, -79, 0), (0, OFFSET_MM, 0), 60, 300),
    ))
    names = [r.name for r in check_plan(box_case(), two).rules]
    assert "applicator 1: crosses no bone" in names
    assert "applicator 2: crosses no bone" in names


@pytest.mark.parametrize(("order", "flips"), [
    ((2, 0, 1), (True, False, True)), ((1, 2, 0), (False, True, False)), ((0, 1, 2), (True, True, True)),
])
def test_re_indexed_arrays_give_the_same_check(order, flips):
    grid = geometry((2.5, 1.5, 2.0), (60.0, 85.0, 85.0), (0.7, -0.3, 0.2))
    bone = box(grid, (-70, -30, -10), (-60, -1, 10))
    case = box_case({"bone": bone}, grid)
    plan = plan_of(entry=(-79.0, -20.3, 11.0))
    assert check_plan(case, plan) == check_plan(reindexed_case(case, order, flips), plan)


def test_refusals_say_what_there_is():
    case = box_case()
    with pytest.raises(PlanError, match="no structure is called 'tumour_9'; there are muscle, liver, tumour_1"):
        check_plan(case, plan_of(target="tumour_9"))
    with pytest.raises(PlanError, match="there are mwa-generic"):
        check_plan(case, plan_of(device="laser"))
    with pytest.raises(PlanError, match="resects by planes"):
        check_plan(case, ResectionPlan("B", "liver", ("tumour_1",), (SegmentCut(("V",)),)))
    labels = case.label_map
    naked = LabelMap(labels.array, labels.geometry, tuple(s for s in labels.segments if s.name != "body"))
    with pytest.raises(PlanError, match="no body outline"):
        check_plan(case_of(naked), plan_of())
