"""What decides, what a generator records, which devices go together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import simulation
from anatomy_twin.assess import ablative_margin
from anatomy_twin.core import AblationPlan, Applicator
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal import ThermalModel
from anatomy_twin.store import load_case, save_case
from tests.support.thermal_boxes import centred_plan, liver_block


@pytest.mark.parametrize("edge_c", [50.0, 60.0])
def test_an_isotherm_may_decide(edge_c):
    case, centre = liver_block(80.0, 4.0)
    model = ThermalModel(spacing_mm=2.0, verdict=f"isotherm_{edge_c:g}", room_mm=10.0)
    found = simulation.simulate(case, centred_plan(centre, 50.0, 120.0), model)
    assert found.verdict_model == f"at or above {edge_c:g} degC at any time"
    np.testing.assert_array_equal(found.coagulated, found.hottest_c >= edge_c)
    seen = found.temperature_c.max(axis=0)
    assert (found.hottest_c >= seen - 1e-4)[seen > 39.5].all()
    assert found.surface.volume_ml == pytest.approx(found.coagulated_ml, rel=0.15)
    margin = ablative_margin(case.label_map, "tumour_1", found)
    assert np.isfinite(margin.minimal_mm)


def test_radiofrequency_leaves_what_its_generator_recorded(tmp_path):
    case, centre = liver_block(80.0, 4.0)
    tip = tuple(np.subtract(centre, (0.0, 0.0, 10.0)))
    probe = Applicator("rfa-cooled-20", tuple(np.add(centre, (0.0, 0.0, 35.0))), tip, 60.0, 90.0)
    plan = AblationPlan("R", "tumour_1", (probe,))
    found = simulation.simulate(case, plan, ThermalModel(spacing_mm=2.5, room_mm=10.0))
    assert found.coagulated_ml > 0.5
    assert set(found.traces) == {"time_s", "applicator", "power_w", "impedance_ohm", "sensor_c"}
    assert found.traces["time_s"][-1] < 90.0 <= found.traces["time_s"][-1] + 1.01
    assert found.traces["power_w"].max() <= 60.0
    save_case(case.with_plan(plan).with_result(found), tmp_path / "case.twin")
    kept = load_case(tmp_path / "case.twin").results["R"]
    for name, values in found.traces.items():
        np.testing.assert_array_equal(kept.traces[name], values)
    np.testing.assert_array_equal(kept.hottest_c, found.hottest_c)


def test_two_electrodes_with_tines_take_turns():
    """One generator drives one electrode at a time: the second begins when the first has ended."""
    case, centre = liver_block(90.0, 3.0)
    first = centred_plan(centre, 50.0, 300.0).applicators[0]
    first = replace(first, device="rfa-tines-35", tip_mm=tuple(np.add(centre, (0.0, 0.0, 20.0))))
    aside = {name: tuple(np.add(getattr(first, name), (8.0, 0.0, 0.0))) for name in ("entry_mm", "tip_mm")}
    model = ThermalModel(spacing_mm=3.0, room_mm=5.0, control_s=10.0)
    with pytest.raises(SimulationError, match="two are on at 200 s; let each begin when the one before has ended"):
        simulation.simulate(case, AblationPlan("T", "tumour_1", (first, replace(first, **aside, start_s=200.0))), model)
    plan = AblationPlan("T", "tumour_1", (first, replace(first, **aside, start_s=310.0)))
    found = simulation.simulate(case, plan, model)
    on = found.traces["power_w"] > 0
    assert set(found.traces["applicator"][on & (found.traces["time_s"] < 300.0)]) == {1.0}
    assert set(found.traces["applicator"][on & (found.traces["time_s"] >= 310.0)]) == {2.0}
    x = found.geometry.to_world(np.argwhere(found.coagulated))[:, 0]
    assert x.max() - centre[0] > 4.0 + (centre[0] - x.min()), "the second heats its own side"


def test_kinds_of_devices_do_not_mix():
    case, centre = liver_block(80.0, 4.0)
    first = centred_plan(centre).applicators[0]
    second = replace(first, device="rfa-cooled-20", tip_mm=tuple(np.add(first.tip_mm, (6.0, 0.0, 0.0))))
    with pytest.raises(SimulationError, match="mixes devices of kind mwa and rfa"):
        simulation.simulate(case, AblationPlan("M", "tumour_1", (first, second)))
