"""The ellipsoid of a device's table: held against the table, geometry, and simulations with and without a vein."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin import catalog
from anatomy_twin.assess import mask_boundary
from anatomy_twin.catalog.zones import promised_zone
from anatomy_twin.core import Ellipsoid, union_depth_mm
from anatomy_twin.errors import DataError, PlanError
from anatomy_twin.plan import ellipsoids_of
from tests.support.thermal_boxes import centred_plan, liver_block
from tests.support.toy_patient import toy_patient

DEVICES = catalog.load("devices")["devices"]
MWA = DEVICES["mwa-generic"]
TUMOUR = "tumour_1"


def plan_of(case, power_w=60.0, duration_s=600.0, device="mwa-generic", beyond_mm=16.0, direction=(1.0, 0.0, 0.0)):
    """One applicator along a direction whose tip lies beyond the middle of the tumour."""
    labels = case.label_map
    middle = labels.geometry.to_world(np.argwhere(labels.mask(TUMOUR))).mean(axis=0)
    tip = middle + beyond_mm * np.asarray(direction)
    entry = tip - 90.0 * np.asarray(direction)
    needle = at.Applicator(device, tuple(entry), tuple(tip), power_w, duration_s)
    return at.AblationPlan("A", TUMOUR, (needle,))


@pytest.fixture(scope="module")
def case():
    volume, labels = toy_patient()
    return at.Case.new(volume=volume, labels=labels)


@pytest.mark.parametrize("name", sorted(DEVICES))
def test_every_row_of_every_table_comes_back_as_it_stands(name):
    for row in DEVICES[name]["zone_table"]:
        zone = promised_zone(name, DEVICES[name], row["power_w"], row["duration_s"])
        found = (zone.length_mm, zone.diameter_mm, zone.beyond_tip_mm, zone.volume_ml)
        wanted = (row["length_mm"], row["diameter_mm"], row["beyond_tip_mm"], row["volume_ml"])
        assert found == pytest.approx(wanted, abs=1e-9)


def test_between_rows_the_table_is_linear_in_power_and_time():
    rows = {(row["power_w"], row["duration_s"]): row for row in MWA["zone_table"]}
    corners = [rows[power, time]["length_mm"] for power in (60, 80) for time in (300, 600)]
    zone = promised_zone("mwa-generic", MWA, 65.0, 500.0)
    early, late = (corners[n] + 0.25 * (corners[n + 2] - corners[n]) for n in (0, 1))
    assert zone.length_mm == pytest.approx(early + 2.0 / 3.0 * (late - early), abs=1e-9)


@pytest.mark.parametrize(("power_w", "duration_s"), [(25.0, 600.0), (60.0, 170.0), (60.0, 700.0)])
def test_beyond_the_table_nothing_is_promised_and_the_refusal_names_place_and_range(case, power_w, duration_s):
    with pytest.raises(PlanError) as caught:
        at.table_zone(case, plan_of(case, power_w, duration_s))
    assert "mm" in caught.value.where
    assert "from 30 to 100 W and from 180 to 600 s" in caught.value.advice


def test_a_device_without_a_table_is_refused(tmp_path, monkeypatch, case):
    entry = {key: value for key, value in MWA.items() if key != "zone_table"}
    (tmp_path / "mine.json").write_text(json.dumps({"devices": {"mine": entry}}))
    monkeypatch.setenv("ANATOMY_TWIN_DEVICES", str(tmp_path))
    catalog.load.cache_clear()
    try:
        with pytest.raises(PlanError, match="no table of zones"):
            at.table_zone(case, plan_of(case, device="mine"))
    finally:
        catalog.load.cache_clear()


def test_a_plan_that_is_no_ablation_and_a_tip_outside_the_scan_are_refused(case):
    with pytest.raises(PlanError, match="no ablation"):
        at.table_zone(case, at.ResectionPlan("R", "liver", (), (at.PlaneCut((0, 0, 0), (1, 0, 0)),)))
    far = plan_of(case, beyond_mm=4000.0)
    with pytest.raises(PlanError, match=r"outside the scan \(.* mm"):
        at.table_zone(case, far)


def test_the_zone_lies_along_the_shaft_as_far_beyond_the_tip_as_the_table_says(case):
    direction = np.array([2.0, -1.0, 2.0]) / 3.0
    plan = plan_of(case, direction=direction)
    zone = at.table_zone(case, plan, 0.5)
    points = zone.geometry.to_world(np.argwhere(zone.coagulated)) - np.asarray(plan.applicators[0].tip_mm)
    along = points @ direction
    across = np.linalg.norm(points - along[:, None] * direction, axis=1)
    row = next(r for r in MWA["zone_table"] if (r["power_w"], r["duration_s"]) == (60, 600))
    assert along.max() == pytest.approx(row["beyond_tip_mm"], abs=0.4)
    assert along.min() == pytest.approx(row["beyond_tip_mm"] - row["length_mm"], abs=0.4)
    assert across.max() == pytest.approx(0.5 * row["diameter_mm"], abs=0.4)
    exact_ml = math.pi / 6.0 * row["length_mm"] * row["diameter_mm"] ** 2 / 1000.0
    assert zone.coagulated_ml == pytest.approx(exact_ml, rel=0.005)


def test_two_applicators_promise_the_union_and_no_more(case):
    one = plan_of(case)
    needle = one.applicators[0]
    aside = {end: tuple(np.add(getattr(needle, end), (0.0, 15.0, 0.0))) for end in ("entry_mm", "tip_mm")}
    moved = replace(needle, **aside)
    both = replace(one, applicators=(needle, moved))
    zones = [at.table_zone(case, replace(one, applicators=part)) for part in ((needle,), (moved,))]
    union = at.table_zone(case, both)
    centres = union.geometry.to_world(np.argwhere(union.coagulated))
    inside = [np.asarray(zone.ellipsoids[0].fill(centres)) < 1.0 for zone in zones]
    assert (inside[0] | inside[1]).all()
    shared_ml = np.count_nonzero(inside[0] & inside[1]) * union.geometry.voxel_volume_ml
    assert shared_ml > 1.0
    assert union.coagulated_ml == pytest.approx(sum(zone.coagulated_ml for zone in zones) - shared_ml, rel=0.01)


def test_depth_is_the_distance_to_the_surface_where_that_is_near():
    shape = Ellipsoid((3.0, -4.0, 5.0), (0.0, 0.0, 1.0), 40.0, 28.0)
    surface = np.concatenate(shape.rings_mm(meridians=90, parallels=0, corners=360))
    assert np.abs(shape.fill(surface) - 1.0).max() < 1e-12
    offset = surface - np.asarray(shape.centre_mm)
    normal = offset / np.array([14.0**2, 14.0**2, 20.0**2])
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    for distance in (-1.0, 1.0):
        depth = union_depth_mm((shape,), surface - distance * normal)
        assert np.abs(depth - distance).max() < 0.07


def test_margin_by_a_table_is_that_of_an_ellipsoid():
    """A ball of a tumour in the middle of a ball of a zone: the margin is the difference of the radii."""
    block, centre = liver_block()
    plan = centred_plan(centre)
    zone = at.table_zone(block, plan)
    ball = Ellipsoid(tuple(centre), (0.0, 0.0, 1.0), 28.0, 28.0)
    centres = zone.geometry.to_world(np.moveaxis(np.indices(zone.geometry.shape), 0, -1))
    zone = replace(zone, ellipsoids=(ball,), depth_mm=ball.depth_mm(centres).astype(np.float32))
    surface, _ = mask_boundary(block.label_map.mask(TUMOUR), block.label_map.geometry).surface()
    farthest = float(np.linalg.norm(surface - centre, axis=1).max())  # the voxels of the tumour make no smooth ball
    found = at.assess(block, plan, zone)["minimal_margin_mm"].value
    assert found == pytest.approx(14.0 - farthest, abs=0.1)


def test_a_promise_can_miss_a_limit_but_not_meet_it(case):
    large = at.assess(case, plan_of(case, 100.0, 600.0), at.table_zone(case, plan_of(case, 100.0, 600.0)))
    small = at.assess(case, plan_of(case, 30.0, 180.0), at.table_zone(case, plan_of(case, 30.0, 180.0)))
    assert large["target_percent"].value == 100.0
    assert large["target_percent"].verdict == "not checked"
    assert small["rim_percent"].verdict == "not met"
    assert "no physics" in large["ablated_ml"].note
    assert not any(quantity.name.endswith("_peak_c") for quantity in large.quantities)


def test_of_tines_whose_zone_is_no_ellipsoid_it_is_said(case):
    zone = at.table_zone(case, plan_of(case, 100.0, 300.0, "rfa-tines-35", beyond_mm=-12.0))
    assert "its table says 12.7 ml" in zone.warnings[0]
    assert zone.assumed == ("rfa-tines-35: zone_table",)


def test_the_simulation_in_nothing_but_liver_gives_what_the_table_promises():
    """Held against physics: the tables are of homogeneous liver, so there both must agree, and beside a vein not."""
    bare, centre = liver_block()
    plan = centred_plan(centre)
    coarse = at.ThermalModel(spacing_mm=2.0)
    found = at.compare_zones(bare, plan, at.simulate(bare, plan, coarse))
    assert found.dice > 0.9
    ablated = dict((one.name, (one.value, other.value)) for one, other in found.pairs)
    assert ablated["ablated_ml"][0] == pytest.approx(ablated["ablated_ml"][1], rel=0.1)
    assert ablated["minimal_margin_mm"][0] == pytest.approx(ablated["minimal_margin_mm"][1], abs=1.0)
    cooled, _ = liver_block(vein=(14.0, 8.0))
    beside = at.compare_zones(cooled, plan, at.simulate(cooled, plan, coarse))
    margins = dict((one.name, (one.value, other.value)) for one, other in beside.pairs)["minimal_margin_mm"]
    assert margins[0] == pytest.approx(ablated["minimal_margin_mm"][0], abs=0.05)  # the table knows no vein
    assert margins[1] < ablated["minimal_margin_mm"][1] - 0.5


def test_a_plan_that_was_not_simulated_is_not_compared(case):
    with pytest.raises(DataError, match="not simulated"):
        at.compare_zones(case, plan_of(case))


def test_ellipsoids_of_a_plan_need_no_case(case):
    plan = plan_of(case)
    assert ellipsoids_of(plan) == at.table_zone(case, plan).ellipsoids
