"""Where the heat of a run goes, with all terms on, and two electrodes that one generator switches between."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core import AblationPlan, Applicator
from anatomy_twin.simulation.thermal import ThermalModel, assembly, driven, pipeline
from tests.support.thermal_boxes import centred_plan, liver_block

INNER = (slice(1, -1),) * 3


def edge_flow_w(system, temperature):
    """What the inner voxels give to the outermost layer, W."""
    total = 0.0
    for axis, face in enumerate((system.face_k, system.face_j, system.face_i)):
        heat = np.moveaxis(np.asarray(temperature, np.float64), axis, 0)
        conductance = np.moveaxis(np.asarray(face, np.float64), axis, 0)
        inner = (slice(None), *INNER[:2])
        total += float((conductance[0] * (heat[1] - heat[0]))[inner[1:]].sum())
        total += float((conductance[-2] * (heat[-2] - heat[-1]))[inner[1:]].sum())
    return total


def taken_w(system, work):
    """What blood (and coolant) of body temperature takes from the inner voxels, W."""
    alive = work.omega < system.damage.perfusion_ends_at
    rate = np.where(alive, system.perfusion_1_s, 0.0) + system.wall_1_s
    lost = rate * system.capacity_j_k * (np.asarray(work.temperature, np.float64) - system.body_c)
    return float(lost[INNER].sum())


def content_j(system, temperature):
    """The heat of the inner voxels above body temperature, evaporation included, J."""
    boil, celsius = system.evaporation, np.asarray(temperature, np.float64)
    boiling = np.clip(celsius - boil.from_c, 0.0, boil.to_c - boil.from_c) * (boil.heat_ratio - 1.0)
    return float(((celsius - system.body_c + boiling) * system.capacity_j_k)[INNER].sum())


def balance(system, duration_s, step_s):
    """Heat put in, what of it is neither left nor taken nor gone through the edge (trapezoids over steps), J; degC."""
    work = pipeline.begin(system, pipeline.init(system))
    given = gone = boiled = 0.0
    for _ in range(round(duration_s / step_s)):
        before = taken_w(system, work) + edge_flow_w(system, work.temperature)
        pipeline.advance(system, work, 1, step_s)
        given += float(np.asarray(pipeline.source_w(system, work), np.float64)[INNER].sum()) * step_s
        gone += 0.5 * step_s * (before + taken_w(system, work) + edge_flow_w(system, work.temperature))
        boiled = max(boiled, float(work.temperature.max()))
    if work.driver is not None:
        assert given < work.driver.energy_j  # what the coolant takes counts as heat below zero
        return work.driver.energy_j, given - gone - content_j(system, work.temperature), boiled
    return given, given - gone - content_j(system, work.temperature), boiled


def test_the_heat_of_microwaves_beside_a_vein_is_accounted_for():
    case, centre = liver_block(90.0, 2.0, vein=(14.0, 8.0))
    plan = centred_plan(centre, 100.0, 120.0, depth_mm=40.0)
    system = assembly.assemble(case, plan, ThermalModel(spacing_mm=2.0, room_mm=8.0, double_precision=True))
    assert int(system.parameters["voxels of large vessels"]) > 50
    given, missing, hottest = balance(system, 150.0, 0.25)
    assert hottest > system.evaporation.from_c + 1.0  # water boils
    assert abs(missing) < 1e-3 * given


def test_the_heat_of_radiofrequency_beside_a_vein_is_accounted_for_in_either_number_type():
    case, centre = liver_block(90.0, 2.0, vein=(14.0, 8.0))
    tip = tuple(np.add(centre, (0.0, 0.0, -10.0)))
    probe = Applicator("rfa-cooled-20", tuple(np.add(centre, (0.0, 0.0, 40.0))), tip, 100.0, 120.0)
    plan, found = AblationPlan("A", "tumour_1", (probe,)), []
    for double in (True, False):
        model = ThermalModel(spacing_mm=2.0, room_mm=8.0, double_precision=double)
        system = assembly.assemble(case, plan, model)
        given, missing, hottest = balance(system, 120.0, 0.25)
        assert hottest > system.evaporation.from_c
        assert abs(missing) < 1e-3 * given
        found.append((given, hottest))
    assert found[0] == pytest.approx(found[1], rel=1e-3)


@pytest.fixture(scope="module")
def switched():
    """Two cooled electrodes 16 mm apart, four minutes, and one of them alone."""
    case, centre = liver_block(100.0, 2.0)
    tips = [tuple(np.add(centre, (aside, 0.0, -10.0))) for aside in (-8.0, 8.0)]
    probes = tuple(
        Applicator("rfa-cooled-20", tuple(np.add(tip, (0.0, 0.0, 50.0))), tip, 100.0, 240.0) for tip in tips
    )
    runs = []
    for some in (probes, probes[:1]):
        plan = AblationPlan("A", "tumour_1", some)
        system = assembly.assemble(case, plan, ThermalModel(spacing_mm=2.0, room_mm=15.0))
        work = pipeline.begin(system, pipeline.init(system))
        rows = []
        for _ in range(240):
            pipeline.advance(system, work, 1, 1.0)
            rows.append((work.driver.generator.active, work.driver.heat_w))
        runs.append((system, work, rows))
    return runs, tips


def test_only_the_electrode_whose_turn_it_is_heats(switched):
    runs, tips = switched
    system, _, rows = runs[0]
    switch_s = system.electric.protocol["switch_s"]
    sides = {0: [], 1: []}
    for active, heat in rows:
        if heat is not None:
            total = heat.sum(axis=(0, 1), dtype=np.float64)
            at = (total * np.arange(total.size)).sum() / total.sum()
            sides[active].append(float(system.geometry.to_world(np.array([0.0, 0.0, at]))[0]))
    assert min(len(found) for found in sides.values()) > 40
    for number, tip in enumerate(tips):
        assert np.mean(sides[number]) == pytest.approx(tip[0], abs=2.5)
    active = np.array([row[0] for row in rows])
    turns = np.diff(np.flatnonzero(np.diff(active)))
    assert turns.max() <= switch_s + 1.0 and np.count_nonzero(np.diff(active)) >= 7


def test_charge_and_energy_are_conserved_in_every_turn(switched):
    system, work, _ = switched[0][0]
    trace = driven.traces(work.driver)
    assert set(trace["applicator"]) == {1.0, 2.0}
    given = float((trace["power_w"] * np.diff(trace["time_s"], append=240.0)).sum())
    assert work.driver.energy_j == pytest.approx(given, rel=0.01)
    for number, (*_, found) in work.driver.fields.items():
        electrode = system.electric.electrodes[number]
        potential = found.potential.astype(np.float64)
        out = (found.conductivity_s_m * system.electric.open_m * potential).astype(np.float64)
        current = float((found.conductivity_s_m * electrode.exchange_m * (1.0 - potential)).sum(dtype=np.float64))
        assert float(out.sum()) == pytest.approx(current, rel=2e-3)  # what enters leaves through the open sides
        assert current == pytest.approx(found.conductance_s, rel=1e-5)
        beyond = float((out * potential).sum())
        assert float(found.heat_w.sum(dtype=np.float64)) + beyond == pytest.approx(current, rel=2e-3)


def test_two_switched_electrodes_leave_one_zone_that_is_larger_than_that_of_one(switched):
    (both, pair, _), (_, single, _) = switched[0]
    volumes = [np.count_nonzero(work.omega >= 1.0) * 8e-3 for work in (pair, single)]
    assert volumes[0] > 1.3 * volumes[1]
    middle = both.geometry.voxel_of(both.geometry.center_mm)
    assert pair.omega[tuple(middle)] >= 1.0  # half way between them
