"""Another device for an applicator of a plan: what stays, what is fitted, what is said; choices of a simulation."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Applicator
from anatomy_twin.pipeline.procedures import procedure_of
from anatomy_twin.pipeline.procedures.ablation import with_device
from anatomy_twin.pipeline.tasks import simulate_plans
from anatomy_twin.plan import heat_centre_mm
from anatomy_twin.rehearsal import needles_of
from tests.support.thermal_boxes import centred_plan, liver_block

ANTENNA = Applicator("mwa-generic", (-100.0, 20.0, 30.0), (-40.0, 0.0, 10.0), 80.0, 300.0)


def plan_of(*applicators) -> AblationPlan:
    return AblationPlan("A", "tumour_1", applicators or (ANTENNA,))


def parameters(plan):
    return {one.name: one for one in procedure_of(plan).parameters(liver_block(40.0, 4.0)[0], plan)}


@pytest.mark.parametrize("device", ["rfa-cooled-20", "rfa-cooled-30", "rfa-tines-35", "cryo-generic"])
def test_entry_and_heat_stay_with_another_device(device):
    before = plan_of()
    after = with_device(0, before, device)
    assert after.applicators[0].device == device
    assert after.applicators[0].entry_mm == ANTENNA.entry_mm
    np.testing.assert_allclose(heat_centre_mm(after, 0), heat_centre_mm(before, 0), atol=0.15)
    np.testing.assert_allclose(after.applicators[0].direction, ANTENNA.direction, atol=1e-3)


def test_power_and_time_go_into_the_range_and_another_unit_takes_the_table():
    strong = plan_of(Applicator("rfa-cooled-30", ANTENNA.entry_mm, ANTENNA.tip_mm, 200.0, 1800.0))
    tines = with_device(0, strong, "rfa-tines-35").applicators[0]
    assert (tines.power_w, tines.duration_s) == (150.0, 1800.0)
    needle = with_device(0, strong, "cryo-generic").applicators[0]
    assert (needle.power_w, needle.duration_s) == (70.0, 900.0)  # 40, 70 and 100 % stand in its table
    fields = parameters(plan_of(needle))
    assert fields["power 1"].unit == "%" and fields["power 1"].label == "Duty cycle of applicator 1"
    assert fields["time 1"].label == "Each freeze of applicator 1"


def test_one_generator_drives_all_applicators():
    probe = replace(ANTENNA, device="rfa-cooled-20", power_w=100.0)
    pair = plan_of(probe, replace(probe, entry_mm=(-100.0, 30.0, 30.0), tip_mm=(-40.0, 10.0, 10.0)))
    same = with_device(0, pair, "rfa-cooled-30")
    assert [one.device for one in same.applicators] == ["rfa-cooled-30", "rfa-cooled-20"]
    other = with_device(0, pair, "rfa-tines-35")
    assert [one.device for one in other.applicators] == ["rfa-tines-35", "rfa-tines-35"]
    np.testing.assert_allclose(heat_centre_mm(other, 1), heat_centre_mm(pair, 1), atol=0.15)
    assert [one.device for one in with_device(1, pair, "cryo-generic").applicators] == ["cryo-generic"] * 2


def test_a_start_can_be_set_where_there_are_several():
    assert "start 1" not in parameters(plan_of())
    pair = plan_of(ANTENNA, replace(ANTENNA, tip_mm=(-40.0, 20.0, 10.0)))
    later = parameters(pair)["start 2"].write(pair, 300.0)
    assert [one.start_s for one in later.applicators] == [0.0, 300.0]


def test_a_device_of_the_user_is_called_with_its_file(tmp_path, monkeypatch):
    entry = {"kind": "mwa", "label": "Mine", "frequency_hz": 2.45e9, "shaft_length_mm": 150.0, "shaft_diameter_mm": 2.0,
             "active_length_mm": 30.0, "active_offset_mm": 14.0, "power_w": [10, 40], "duration_s": [60, 600],
             "sar": {"relative_permittivity": 43.0, "conductivity_s_m": 1.7, "shaft_loss": 0.3}}  # fmt: skip
    (tmp_path / "ward.json").write_text(json.dumps({"devices": {"mine": entry}}))
    monkeypatch.setenv("ANATOMY_TWIN_DEVICES", str(tmp_path))
    catalog.load.cache_clear()
    try:
        assert ("mine", "Mine (ward.json)") in parameters(plan_of())["device 1"].choices
        assert with_device(0, plan_of(), "mine").applicators[0].power_w == 40.0
    finally:
        catalog.load.cache_clear()


def test_choices_reach_the_simulation():
    case, centre = liver_block(80.0, 4.0)
    plan = centred_plan(centre, 50.0, 60.0)
    options = {"verdict": "isotherm_50", "spacing_mm": 3.0, "perfusion_factor": 0.5, "cooling_s": 30.0}
    result = simulate_plans(case.with_plan(plan), ["A"], options).results["A"]
    assert result.verdict_model == "at or above 50 degC at any time"
    np.testing.assert_array_equal(result.coagulated, result.hottest_c >= 50.0)
    assert result.geometry.spacing_mm == pytest.approx((3.0, 3.0, 3.0))
    assert result.parameters["perfusion factor"] == "0.5" and result.times_s[-1] == 90.0


def test_what_works_of_an_applicator_is_drawn_where_it_works():
    """By the numbers of the devices: the antenna up to its tip, 30 mm of the needle 3 mm behind it, tines beyond it."""
    antenna, needle, tines = (
        needles_of(plan_of(replace(ANTENNA, device=device)))[0][0]
        for device in ("mwa-generic", "cryo-generic", "rfa-tines-35")
    )
    tip, along = np.asarray(ANTENNA.tip_mm), np.asarray(ANTENNA.direction)
    (piece,) = antenna.heating_mm
    np.testing.assert_allclose(piece, [tip - 32.0 * along, tip], atol=0.02)
    (piece,) = needle.heating_mm
    np.testing.assert_allclose(piece, [tip - 33.0 * along, tip - 3.0 * along], atol=0.02)
    ends = np.array([stop for _, stop in tines.heating_mm]) - tip
    ahead = ends @ along
    aside = np.linalg.norm(ends - ahead[:, None] * along, axis=1)
    outermost = aside > 17.0
    assert outermost.sum() == 8  # 35 mm across, 20 mm beyond the tip of the shaft
    np.testing.assert_allclose(aside[outermost], 17.5, atol=0.02)
    np.testing.assert_allclose(ahead[outermost], 20.0, atol=0.02)
    assert ahead.max() == pytest.approx(28.0, abs=0.02)
