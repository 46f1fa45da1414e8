"""What a generator did: its energy, its pauses, the lines of its charts, the table of its records."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import catalog, simulation
from anatomy_twin.core import AblationPlan, Applicator
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.export import write_traces
from anatomy_twin.rehearsal.courses import (
    generator_charts,
    generator_summary,
    round_ticks,
    shown_range,
    summary_document,
    summary_words,
)
from anatomy_twin.simulation.thermal import ThermalModel, cryo
from tests.support.thermal_boxes import centred_plan, liver_block
from tests.support.toy_case import gaussian_heat

COARSE = ThermalModel(spacing_mm=2.5, room_mm=10.0)
STEADY = {
    "kind": "rfa", "frequency_hz": 5e5, "shaft_length_mm": 150.0, "shaft_diameter_mm": 1.5, "active_length_mm": 20.0,
    "active_offset_mm": 10.0, "power_w": [1, 60], "duration_s": [30, 900], "electrode": {},
    "generator": {"kind": "power"},
}  # fmt: skip


def traced(plan, **traces):
    """A result of a plan of which only the traces mean anything."""
    elsewhere = AblationPlan("A", "tumour_1", (Applicator("mwa-generic", (-141, -34, 25), (-66, -13, 25), 60, 300),))
    records = {name: np.asarray(values, float) for name, values in traces.items()}
    return replace(gaussian_heat(elsewhere), plan_name=plan.name, traces=records)


@pytest.fixture
def pair():
    """Two probes of 60 s that take turns, with 10 s without power: 20 s of 50 W, 10 s of none, 30 s of 40 W."""
    probe = Applicator("rfa-cooled-20", (-141, -34, 25), (-66, -13, 25), 100.0, 60.0)
    plan = AblationPlan("R", "tumour_1", (probe, replace(probe, entry_mm=(-141, -34, 33), tip_mm=(-66, -13, 33))))
    return plan, traced(
        plan, time_s=[0, 10, 20, 30, 40, 50], applicator=[1, 1, 1, 2, 2, 2], power_w=[50, 50, 0, 40, 40, 40],
        impedance_ohm=[80, 75, 95, 70, 66, 68], sensor_c=[37, 80, 85, 40, 60, 70],
    )


def test_the_energy_is_the_integral_of_the_power(pair):
    plan, result = pair
    found = generator_summary(result, plan)
    assert found.measured and found.paused_s == 10.0
    assert found.energy_j == pytest.approx(20 * 50 + 30 * 40)
    assert [part.energy_j for part in found.parts] == pytest.approx([1000.0, 1200.0])
    assert [part.highest_power_w for part in found.parts] == [50.0, 40.0]
    assert [(part.least_ohm, part.final_ohm) for part in found.parts] == [(75.0, 95.0), (66.0, 68.0)]
    # coolant runs through these tips: a sensor in them would read it, the trace is of the tissue beside them
    assert [part.hottest_tissue_c for part in found.parts] == [85.0, 70.0]
    assert all(part.hottest_sensor_c is None for part in found.parts)
    tines = replace(plan, applicators=tuple(replace(one, device="rfa-tines-35") for one in plan.applicators))
    assert [part.hottest_sensor_c for part in generator_summary(result, tines).parts] == [85.0, 70.0]
    labels = [generator_charts(result, one)[2].label for one in (plan, tines)]
    assert labels == ["Tissue at the cooled tip", "Sensors at the tips of the tines"]
    assert summary_words(found)[0] == "2.2 kJ given by the generator; 10 s without power"
    document = json.loads(json.dumps(summary_document(found)))
    assert document["energy_j"] == 2200.0 and document["applicators"][1]["final_ohm"] == 68.0


def test_lines_are_steps_of_power_and_interrupted_measurements(pair):
    plan, result = pair
    power, impedance, sensor = generator_charts(result, plan)
    assert [chart.unit for chart in (power, impedance, sensor)] == ["W", "ohm", "degC"]
    first, second = power.lines
    assert [first.at(time) for time in (0.0, 19.9, 25.0, 45.0)] == [50.0, 50.0, 0.0, 0.0]
    assert [second.at(time) for time in (0.0, 29.9, 30.0, 60.0)] == [0.0, 0.0, 40.0, 40.0]
    assert first.times_s[-1] == 60.0  # the end of the plan, not of the records
    assert impedance.lines[1].at(10.0) is None and impedance.lines[1].at(45.0) == 66.0
    low, high = shown_range(impedance)
    assert low == 0.0 and high > 95.0


def test_a_line_is_interrupted_while_another_electrode_is_on():
    probe = Applicator("rfa-cooled-20", (-141, -34, 25), (-66, -13, 25), 100.0, 60.0)
    plan = AblationPlan("R", "tumour_1", (probe, replace(probe, tip_mm=(-66, -13, 33))))
    times = np.arange(60.0)
    turns = np.where(times // 15 % 2 == 0, 1.0, 2.0)
    result = traced(plan, time_s=times, applicator=turns, power_w=np.full(60, 30.0), impedance_ohm=70 + 10 * turns,
                    sensor_c=np.full(60, 50.0))  # fmt: skip
    line = generator_charts(result, plan)[1].lines[0]
    assert line.at(14.0) == 80.0 and line.at(20.0) is None and line.at(35.0) == 80.0
    assert np.isnan(line.values).sum() == 1
    assert generator_summary(result, plan).energy_j == pytest.approx(60 * 30.0)


def test_a_constant_power_gives_power_times_time(tmp_path, monkeypatch):
    """The same from the simulation as on paper: 12 W for 45 s from second 20 on are 540 J."""
    (tmp_path / "mine.json").write_text(json.dumps({"devices": {"steady": STEADY}}))
    monkeypatch.setenv("ANATOMY_TWIN_DEVICES", str(tmp_path))
    catalog.load.cache_clear()
    try:
        case, centre = liver_block(60.0, 3.0)
        tip = tuple(np.subtract(centre, (0.0, 0.0, 10.0)))
        probe = Applicator("steady", tuple(np.add(centre, (0.0, 0.0, 25.0))), tip, 12.0, 45.0, 20.0)
        plan = AblationPlan("R", "tumour_1", (probe,))
        found = generator_summary(simulation.simulate(case, plan, COARSE), plan)
    finally:
        catalog.load.cache_clear()
    assert found.energy_j == pytest.approx(540.0, rel=0.03)  # the steps of the run do not meet second 20 exactly
    assert found.paused_s == 0.0 and found.parts[0].highest_power_w == 12.0


def test_microwaves_show_the_power_as_it_is_set():
    case, centre = liver_block(80.0, 4.0)
    plan = centred_plan(centre, 50.0, 120.0)
    plan = replace(plan, applicators=(replace(plan.applicators[0], start_s=30.0),))
    result = traced(plan)
    (chart,) = generator_charts(result, plan)
    assert chart.label == "Power as set"
    assert [chart.lines[0].at(time) for time in (0.0, 29.0, 30.0, 149.0, 150.0)] == [0.0, 0.0, 50.0, 50.0, 0.0]
    found = generator_summary(result, plan)
    assert not found.measured and found.energy_j == 50.0 * 120.0 and found.paused_s is None
    assert "not measured" in summary_words(found)[0]
    with pytest.raises(DataError, match="has no records of a generator"):
        write_traces(case.with_plan(plan).with_result(result), "A", "nowhere.csv")


def test_a_needle_comes_near_its_temperature_as_its_device_says():
    """Exponential with the device's time constant, to -140 degC, in both freezes, from the start of the applicator."""
    entry = catalog.load("devices")["devices"]["cryo-generic"]
    probe = Applicator("cryo-generic", (0.0, 0.0, 60.0), (0.0, 0.0, 0.0), 100.0, 100.0, 40.0)
    needle = cryo.Needle(np.zeros(1, np.int64), np.ones(1), np.array([0, 1]), np.ones(1), np.ones(1),
                         cryo.phases_of(probe, 37.0))  # fmt: skip
    plan = AblationPlan("F", "tumour_1", (probe,))
    result = traced(plan, **cryo.needle_traces([needle]))
    (chart,) = generator_charts(result, plan)
    line = chart.lines[0]
    late, gas = 30.0, entry["gas"]
    expected = gas["needle_c"] + (37.0 - gas["needle_c"]) * np.exp(-late / gas["time_constant_s"])
    second_s = 40.0 + 100.0 + entry["protocol"][1]["duration_s"]
    for start in (40.0, second_s):
        assert line.at(start) == 37.0 and line.at(start + late) == pytest.approx(expected)
    assert line.at(20.0) is None and line.at(200.0) is None
    coldest = generator_summary(result, plan).parts[0].coldest_needle_c
    assert gas["needle_c"] <= coldest < gas["needle_c"] + 1.5


def test_the_table_is_what_was_recorded(pair, tmp_path):
    plan, result = pair
    case, _ = liver_block(60.0, 3.0)
    file = write_traces(case.with_plan(plan).with_result(result), "R", tmp_path / "r.csv")
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [float(row["impedance_ohm"]) for row in rows] == [80, 75, 95, 70, 66, 68]
    assert [row["applicator"] for row in rows] == ["1", "1", "1", "2", "2", "2"]
    with pytest.raises(UsageError, match="csv"):
        write_traces(case, "R", tmp_path / "r.txt")
    with pytest.raises(DataError, match="is not simulated"):
        write_traces(case.with_plan(plan), "R", tmp_path / "s.csv")


@pytest.mark.parametrize(("low", "high", "most"), [(0.0, 87.0, 4), (-153.0, 37.0, 5), (0.0, 0.7, 3), (0.0, 12.0, 12)])
def test_ticks_are_round_within_and_few(low, high, most):
    ticks = round_ticks(low, high, most)
    assert 2 <= len(ticks) <= most + 1
    assert low - 1e-9 <= ticks[0] and ticks[-1] <= high + 1e-9
    step = ticks[1] - ticks[0]
    assert np.allclose(np.diff(ticks), step)
    assert round(step / 10 ** np.floor(np.log10(step) + 1e-9), 6) in (1.0, 2.0, 5.0)
