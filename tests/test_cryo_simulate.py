"""Simulating a plan of cryoneedles: what comes out, what is refused, where it is kept and read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import catalog, simulation
from anatomy_twin.assess.assess import assess
from anatomy_twin.core import AblationPlan, Applicator, Case, LabelMap
from anatomy_twin.errors import Cancelled, SimulationError
from anatomy_twin.pipeline import live_thermal
from anatomy_twin.plan.rules import setting_rules
from anatomy_twin.rehearsal.build import build_scene
from anatomy_twin.simulation.thermal import ThermalModel, assembly, cryo, freezing
from anatomy_twin.store.results import read_result, result_jobs
from tests.support.thermal_boxes import centred_plan, liver_block
from tests.support.toy_patient import make_segment

DEVICE = "cryo-generic"
COARSE = ThermalModel(spacing_mm=2.0, room_mm=20.0)


def needle(centre, duty=100.0, duration_s=600.0, aside_mm=(0.0, 0.0)) -> Applicator:
    """A needle along the head-foot axis with the middle of its freezing part at, or aside of, ``centre``."""
    offset = catalog.load("devices")["devices"][DEVICE]["active_offset_mm"]
    tip = np.add(centre, (*aside_mm, -offset))
    return Applicator(DEVICE, tuple(np.add(tip, (0.0, 0.0, 70.0))), tuple(tip), duty, duration_s)


def frozen_plan(centre, *needles) -> AblationPlan:
    return AblationPlan("F", "tumour_1", needles or (needle(centre),))


@pytest.fixture(scope="module")
def block():
    return liver_block(120.0, 2.0)


@pytest.fixture(scope="module")
def result(block):
    case, centre = block
    return simulation.simulate(case, frozen_plan(centre), COARSE)


def test_the_zone_is_what_was_once_as_cold_as_the_lethal_isotherm(result):
    assert result.coldest_c is not None
    assert np.array_equal(result.coagulated, result.coldest_c <= -20.0)
    assert "-20 degC" in result.verdict_model
    assert result.surface.volume_ml == pytest.approx(result.coagulated_ml, rel=0.1)
    assert not result.omega.any()
    assert not result.cem43_min.any()
    assert float(result.coldest_c.min()) < -80.0
    assert (result.coldest_c <= result.temperature_c.min(axis=0) + 1e-3).all()


def test_a_needle_that_begins_later_freezes_the_same(block, result):
    case, centre = block
    late = simulation.simulate(case, frozen_plan(centre, replace(needle(centre), start_s=120.0)), COARSE)
    assert late.times_s[-1] == pytest.approx(result.times_s[-1] + 120.0)
    np.testing.assert_allclose(late.coldest_c, result.coldest_c, atol=0.2)
    early = late.temperature_c[late.times_s <= 120.0]
    assert len(early) and (early == 37.0).all()


def test_a_gas_that_is_on_for_a_part_of_the_time_freezes_the_same_on_a_coarser_grid(block):
    case, centre = block
    plan = frozen_plan(np.add(centre, (0.8, 0.6, 0.9)), needle(np.add(centre, (0.8, 0.6, 0.9)), 70.0, 300.0))
    fine, coarse = (
        simulation.simulate(case, plan, ThermalModel(spacing_mm=spacing, room_mm=15.0)).surface.volume_ml
        for spacing in (1.0, 2.0)
    )
    assert coarse == pytest.approx(fine, rel=0.1)


def test_a_cold_organ_freezes_from_its_own_temperature(block, result):
    case, centre = block
    cold = simulation.simulate(case, frozen_plan(centre), replace(COARSE, surroundings_c=20.0))
    assert (cold.temperature_c[0] == 20.0).all() and float(cold.temperature_c.max()) <= 20.0
    assert cold.coagulated_ml > 1.2 * result.coagulated_ml
    assert "20 degC" in cold.parameters["body temperature"]


def test_the_zone_table_of_the_catalog_is_what_the_simulation_gives(block):
    case, centre = block
    row = next(r for r in catalog.load("devices")["devices"][DEVICE]["zone_table"]
               if (r["power_w"], r["duration_s"]) == (100, 300))  # fmt: skip
    plan = frozen_plan(centre, needle(centre, 100.0, 300.0))
    found = simulation.simulate(case, plan, replace(COARSE, spacing_mm=1.25))
    size = np.ptp(found.surface.points_mm, axis=0)
    assert size[2] == pytest.approx(row["length_mm"], abs=1.0)
    assert size[0] == pytest.approx(row["diameter_mm"], abs=0.5)


def test_the_snapshots_hold_the_ends_of_freezes_and_the_zone_only_grows(result):
    assert {0.0, 600.0, 900.0, 1500.0} <= set(result.times_s)
    assert result.times_s.size <= COARSE.snapshots
    volumes = [np.count_nonzero(result.coagulated_at(n)) for n in range(result.times_s.size)]
    assert volumes == sorted(volumes)
    assert volumes[0] == 0
    assert volumes[-1] == np.count_nonzero(result.coagulated)
    thawed = int(np.flatnonzero(result.times_s == 900.0)[0])
    assert result.temperature_c[thawed].min() > -10.0  # the passive thaw


def test_the_result_says_what_it_used_and_what_is_assumed(result):
    text = " ".join(f"{name}: {value}" for name, value in result.parameters.items())
    for part in ("freeze 600 s, thaw 300 s, freeze 600 s", "duty cycle: 100 %", "-140 degC", "kJ/kg of water",
                 "volume once at or below 0 degC", "volume once at or below -40 degC", "tissue liver"):  # fmt: skip
        assert part in text
    assert f"{DEVICE}: active_length_mm" in result.assumed
    assert "freezing: water_fraction" in result.assumed


def test_minus_forty_degrees_kill_less_than_minus_twenty_and_heat_is_not_asked(block, result):
    case, centre = block
    deep = simulation.simulate(case, frozen_plan(centre), replace(COARSE, verdict="isotherm_-40"))
    assert 0.0 < deep.coagulated_ml < 0.7 * result.coagulated_ml
    assert np.array_equal(deep.coldest_c, result.coldest_c)
    with pytest.raises(SimulationError, match="judges heat"):
        simulation.simulate(case, frozen_plan(centre), replace(COARSE, verdict="cem43"))
    with pytest.raises(SimulationError, match="judges cold"):
        simulation.simulate(case, centred_plan(centre), replace(COARSE, verdict="isotherm_-20"))


def test_a_plan_that_mixes_heat_and_cold_is_refused_by_name(block):
    case, centre = block
    mixed = AblationPlan("M", "tumour_1", (needle(centre), *centred_plan(centre).applicators))
    with pytest.raises(SimulationError, match="plan 'M' mixes devices of kind cryo and mwa"):
        simulation.simulate(case, mixed, COARSE)


def test_settings_out_of_range_are_named_as_what_the_device_is_set_to(block):
    case, centre = block
    with pytest.raises(SimulationError, match="duty cycle 150 % is out of the range"):
        simulation.simulate(case, frozen_plan(centre, needle(centre, 150.0)), COARSE)
    rule = setting_rules(needle(centre, 10.0), catalog.load("devices")["devices"][DEVICE])[0]
    assert rule.outcome == "broken"
    assert rule.name == "duty cycle in the device's range"
    assert "10 %, the device gives 20 to 100 %" in rule.reason


def test_two_needles_freeze_more_than_twice_what_one_does_between_them(block, result):
    case, centre = block
    pair = frozen_plan(centre, needle(centre, aside_mm=(-7.0, 0.0)), needle(centre, aside_mm=(7.0, 0.0)))
    found = simulation.simulate(case, pair, COARSE)
    assert found.coagulated_ml > 2.2 * result.coagulated_ml
    middle = tuple(found.geometry.voxel_of(centre))
    assert found.coldest_c[middle] < -20.0


def test_a_vein_keeps_its_side_warm(block, result):
    case, centre = liver_block(120.0, 2.0, vein=(9.0, 8.0))
    found = simulation.simulate(case, frozen_plan(centre), COARSE)
    ends = [found.geometry.to_world(np.argwhere(found.coagulated))[:, 0] - centre[0] for found in (found, result)]
    assert ends[0].max() < ends[1].max() - 0.9
    assert ends[0].min() == pytest.approx(ends[1].min(), abs=2.0)
    voxel = tuple(found.geometry.voxel_of(np.add(centre, (9.0, 0.0, 0.0))))
    assert found.coldest_c[voxel] == 37.0


def test_a_needle_outside_the_body_is_refused_with_its_place(block):
    case, centre = block
    inside, outside = (tuple(np.add(centre, (0.0, 0.0, away))) for away in (30.0, 500.0))
    away = Applicator(DEVICE, inside, outside, 100.0, 600.0)
    with pytest.raises(SimulationError, match="outside the scan"):
        simulation.simulate(case, frozen_plan(centre, away), COARSE)


def test_a_cancelled_freezing_stops(block):
    case, centre = block

    class Stopped:
        cancelled = False
        told = 0

        def progress(self, fraction):
            self.told += 1
            self.cancelled = self.told > 20

        def stage(self, name):
            raise AssertionError(name)

        def warn(self, message):
            assert message.startswith("what if"), message

    with pytest.raises(Cancelled):
        simulation.simulate(case, frozen_plan(centre), replace(COARSE, vessel_sinks=False), Stopped())


def test_steps_of_several_stages_agree_with_short_ones(block):
    case, centre = block
    system = cryo.assemble(case, frozen_plan(centre), COARSE)
    exact = freezing.run(replace(system, longest_step_s=system.time_step_s), 600.0)[-1]
    quick = freezing.run(system, 600.0)[-1]
    slow = freezing.run(replace(system, longest_step_s=10.0), 600.0)[-1]
    volumes = [np.count_nonzero(np.asarray(state.coldest_c) <= -1.0) for state in (exact, quick, slow)]
    assert np.abs(np.asarray(quick.coldest_c) - exact.coldest_c).max() < 1.5
    assert volumes[1] == pytest.approx(volumes[0], rel=0.01)
    assert volumes[2] == pytest.approx(volumes[0], rel=0.02)


def test_a_result_of_cold_comes_back_from_the_store_and_one_of_heat_has_no_coldest(result, block):
    files = {name: make() for name, make in result_jobs(result, "results/F").items()}
    back = read_result("results/F/result.json", files.__getitem__)
    assert np.array_equal(back.coldest_c, result.coldest_c)
    assert np.array_equal(back.coagulated, result.coagulated)
    assert back.verdict_model == result.verdict_model
    heat = replace(result, coldest_c=None)
    files = {name: make() for name, make in result_jobs(heat, "results/F").items()}
    assert not any("coldest" in name for name in files)
    assert read_result("results/F/result.json", files.__getitem__).coldest_c is None


def test_the_preview_of_a_freezing_is_near_the_run(block, result):
    case, centre = block
    plan = frozen_plan(centre)
    preview = live_thermal.preview(live_thermal.prepare(case, plan), plan)
    ablated = next(one for one in preview.quantities if one.name == "ablated_ml")
    assert "first freeze" in preview.caption
    assert ablated.value == pytest.approx(result.coagulated_ml, rel=0.15)
    assert preview.surface.volume_ml == pytest.approx(result.surface.volume_ml, rel=0.15)


def test_the_zone_is_measured_on_the_isotherm_and_organs_must_not_freeze(block, result):
    case, centre = block
    labels = case.label_map
    away = labels.geometry.to_world(np.moveaxis(np.indices(labels.geometry.shape), 0, -1)) - centre
    array = np.array(labels.array)
    array[3] = np.abs(away - [12.0, 0.0, 0.0]).max(axis=-1) <= 5.0
    segments = (*labels.segments, make_segment("gallbladder", 3, 1))
    with_bladder = Case.new(volume=case.volume, labels=LabelMap(array, labels.geometry, segments))
    found = {one.name: one for one in assess(with_bladder, frozen_plan(centre), result).quantities}
    assert found["ablated_ml"].value == pytest.approx(result.coagulated_ml, abs=0.01)
    cold = found["gallbladder_peak_c"]
    assert cold.label == "Gallbladder, lowest temperature"
    assert cold.limit == "at least 0 degC"
    assert (cold.verdict == "met") == (cold.value >= 0.0)
    hit = np.abs(result.geometry.to_world(np.moveaxis(np.indices(result.geometry.shape), 0, -1)) - centre
                 - [12.0, 0.0, 0.0]).max(axis=-1) <= 5.0  # fmt: skip
    assert cold.value == pytest.approx(float(result.coldest_c[hit].min()), abs=0.06)


def test_a_scene_shows_cold_where_it_showed_heat(block, result):
    case, centre = block
    scene = build_scene(case.with_plan(frozen_plan(centre)).with_result(result), "F")
    fields = {series.name: series for series in scene.fields}
    assert fields["temperature"].range[0] == 0.0
    assert fields["temperature"].values.max() > 80.0
    last = fields["damage"].values[-1]
    assert np.array_equal(last >= 1.0, result.coagulated)


def test_the_ground_of_a_preview_may_be_larger_than_its_plan(block):
    case, centre = block
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    plan, wide = frozen_plan(centre), replace(COARSE, room_mm=30.0)
    box, _ = assembly.box_around(labels, plan, COARSE)
    large, _ = assembly.box_around(labels, plan, wide)
    ground = assembly.lay_ground(labels, large, wide).cropped(box)
    own = cryo.system_on(assembly.lay_ground(labels, box, COARSE), plan, COARSE)
    cut = cryo.system_on(ground, plan, COARSE)
    states = [freezing.run(system, 60.0)[-1] for system in (own, cut)]
    assert np.abs(np.asarray(states[0].temperature_c) - states[1].temperature_c).max() < 1e-3
