"""Plans that are laid badly: each fault is named, with its place in mm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import AblationPlan, Applicator
from anatomy_twin.plan import check_plan
from tests.support.box_patient import ball, base_masks, box, box_case, case_of, geometry, labels_of

ENTRY, TIP = (-79.0, 0.0, 0.0), (16.0, 0.0, 0.0)
VESSELS = ("hepatic_veins", "portal_branches", "portal_vein", "inferior_vena_cava", "aorta")


def plan_of(*ends):
    return AblationPlan("A", "tumour_1", tuple(Applicator("mwa-generic", *pair, 60.0, 300.0) for pair in ends))


def rule(check, name):
    return next(one for one in check.rules if one.name == name)


@pytest.mark.parametrize(("half_mm", "name"), [(1.0, "hepatic_veins"), (4.0, "hepatic_veins"), (5.0, "aorta")])
def test_a_tip_in_a_vessel_is_named_with_its_place(half_mm, name):
    """A thin vein that may be crossed is no place for a tip either."""
    grid = geometry()
    masks = base_masks(grid)
    masks[name] = box(grid, (16 - half_mm, -half_mm, -30), (16 + half_mm, half_mm, 30))
    absent = tuple(other for other in VESSELS if other != name)
    check = check_plan(case_of(labels_of(grid, masks, absent)), plan_of((ENTRY, (15.2, -0.4, 0.3))))
    found = rule(check, "tip in no vessel")
    assert (found.outcome, found.hit, found.place_mm) == ("broken", name, (15.2, -0.4, 0.3))
    assert name.replace("_", " ") in found.reason
    beside = rule(check_plan(case_of(labels_of(grid, masks, absent)), plan_of((ENTRY, (9.0, 0.0, 0.0)))), found.name)
    assert beside.outcome == "not checked" and "portal vein not found" in beside.reason


def test_missing_vessels_are_named():
    check = check_plan(box_case(absent=("hepatic_veins",)), plan_of((ENTRY, TIP)))
    for name in ("crosses no large vessel of the organ", "tip in no vessel"):
        found = rule(check, name)
        assert found.outcome == "not checked"
        assert "hepatic veins not found" in found.reason or "hepatic vessels not segmented" in found.reason
    assert "aorta" in rule(check, "crosses no great vessel").reason


def test_a_tip_outside_the_body_and_one_in_gas_are_named():
    case = box_case()
    out = rule(check_plan(case, plan_of((ENTRY, (90.0, 1.0, 0.0)))), "tip inside the body")
    assert (out.outcome, out.place_mm) == ("broken", (90.0, 1.0, 0.0))
    grid = geometry()
    labels = labels_of(grid, base_masks(grid))
    gas = case_of(labels)
    array = np.where(ball(grid, (30, 0, 0), 6.0), -850, 40).astype(np.int16)
    gas = replace(gas, volumes={"scan": replace(gas.volume, array=array)})
    found = rule(check_plan(gas, plan_of((ENTRY, (30.0, 0.0, 0.0)))), "tip not in air")
    assert (found.outcome, found.value, found.hit, found.place_mm) == ("broken", -850.0, "air", (30.0, 0.0, 0.0))
    assert rule(check_plan(gas, plan_of((ENTRY, TIP))), "tip not in air").outcome == "passed"
    resonance = replace(gas, volumes={"scan": replace(gas.volume, modality="MR")})
    assert rule(check_plan(resonance, plan_of((ENTRY, TIP))), "tip not in air").outcome == "not checked"


def test_applicators_that_touch_are_named_with_the_place():
    """Two shafts of 1.8 mm: axes 1.6 mm apart where they cross, 5 mm apart where they run side by side."""
    crossed = check_plan(box_case(), plan_of((ENTRY, TIP), ((0.0, -79.0, 1.6), (0.0, 16.0, 1.6))))
    for number, other in ((1, 2), (2, 1)):
        found = rule(crossed, f"applicator {number}: clear of other applicators")
        assert (found.outcome, found.hit, found.value, found.limit) == ("broken", f"applicator {other}", 1.6, 1.8)
        np.testing.assert_allclose(found.place_mm, (0.0, 0.0, 0.8), atol=0.051)
    apart = check_plan(box_case(), plan_of((ENTRY, TIP), ((-79.0, 5.0, 0.0), (16.0, 5.0, 0.0))))
    found = rule(apart, "applicator 1: clear of other applicators")
    assert (found.outcome, found.value) == ("passed", 5.0)
    assert not [one for one in check_plan(box_case(), plan_of((ENTRY, TIP))).rules if one.name.startswith("clear")]
    overlap = next(one for one in apart.costs if one.name == "applicator 2: overlap with other tracks")
    assert overlap.value == pytest.approx(95.0, abs=0.1)


def test_shafts_in_one_place_one_after_the_other_are_left_open():
    """Whether the first is drawn before the second goes in, no plan says."""
    one = Applicator("mwa-generic", ENTRY, TIP, 60.0, 300.0)
    for start_s, outcome in ((299.0, "broken"), (300.0, "not checked")):
        plan = AblationPlan("A", "tumour_1", (one, replace(one, start_s=start_s)))
        found = rule(check_plan(box_case(), plan), "applicator 2: clear of other applicators")
        assert (found.outcome, found.value, found.limit) == (outcome, 0.0, 1.8)
        assert ("draw the first" in found.reason) == (outcome == "not checked")
    cold = replace(one, device="cryo-generic", power_w=100.0)  # its time is that of each of two freezes
    plan = AblationPlan("A", "tumour_1", (cold, replace(cold, start_s=700.0)))
    assert rule(check_plan(box_case(), plan), "applicator 1: clear of other applicators").outcome == "broken"


def test_an_organ_as_target_is_named():
    check = check_plan(box_case(), replace(plan_of((ENTRY, TIP)), target="liver"))
    found = rule(check, "target is a lesion")
    assert (found.outcome, found.hit) == ("broken", "liver") and not check.feasible
    np.testing.assert_allclose(found.place_mm, (0.0, 0.0, 0.0), atol=1.1)
    assert not [one for one in check_plan(box_case(), plan_of((ENTRY, TIP))).rules if one.name == found.name]


@pytest.mark.parametrize(("centre", "side"), [((0, 0, 68), "head"), ((0, 0, -68), "feet"), ((-88, 0, 0), "right"),
                                              ((0, 88, 0), "back")])  # fmt: skip
def test_a_target_at_the_end_of_the_scan_is_named_with_the_place(centre, side):
    grid = geometry()
    masks = base_masks(grid)
    masks["tumour_1"] = ball(grid, centre, 8.0)
    found = rule(check_plan(case_of(labels_of(grid, masks)), plan_of((ENTRY, TIP))), "target inside the scan")
    assert found.outcome == "broken" and found.hit == "tumour_1" and f"towards the {side}" in found.reason
    assert np.linalg.norm(np.subtract(found.place_mm, centre)) < 6.0
    assert rule(check_plan(box_case(), plan_of((ENTRY, TIP))), "target inside the scan").outcome == "passed"


def test_power_and_time_out_of_range_are_named():
    needle = Applicator("mwa-generic", ENTRY, TIP, 130.0, 20.0)
    check = check_plan(box_case(), AblationPlan("A", "tumour_1", (needle,)))
    assert rule(check, "power in the device's range").outcome == "broken"
    assert rule(check, "time in the device's range").outcome == "broken"
