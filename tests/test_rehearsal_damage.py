"""The damage that is shown over time goes by the verdict of the result, so that no two zones are shown."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin import simulation
from anatomy_twin.rehearsal import build_scene
from anatomy_twin.simulation.thermal import ThermalModel
from tests.support.thermal_boxes import centred_plan, liver_block


@pytest.fixture(scope="module")
def block():
    return liver_block(80.0, 4.0)


@pytest.mark.parametrize("verdict", ["arrhenius", "cem43", "isotherm_50", "isotherm_60"])
def test_the_zone_of_the_last_moment_is_the_zone_of_the_result(block, verdict):
    case, centre = block
    plan = centred_plan(centre, 50.0, 240.0)
    model = ThermalModel(spacing_mm=2.0, verdict=verdict, room_mm=10.0, cooling_s=60.0)
    result = simulation.simulate(case, plan, model)
    scene = build_scene(case.with_plan(plan).with_result(result), "A")
    damage = next(one for one in scene.fields if one.name == "damage")
    assert damage.by_limit == (verdict != "arrhenius")
    np.testing.assert_array_equal(damage.values[-1] >= 1.0, result.coagulated)
    counts = [np.count_nonzero(values >= 1.0) for values in damage.values]
    assert counts[0] == 0 and counts[-1] > 100
    assert (np.diff(counts) >= 0).all()  # what is dead stays dead


def test_the_dose_of_earlier_moments_is_that_of_a_run_that_ends_there(block):
    """The dose between moments is interpolated: against a run whose end is that moment, within a voxel layer."""
    case, centre = block
    model = ThermalModel(spacing_mm=2.0, verdict="cem43", room_mm=10.0)
    long, short = (
        simulation.simulate(case, centred_plan(centre, 50.0, seconds), model) for seconds in (240.0, 120.0)
    )
    plan = centred_plan(centre, 50.0, 240.0)
    scene = build_scene(case.with_plan(plan).with_result(long), "A")
    damage = next(one for one in scene.fields if one.name == "damage")
    moment = int(np.flatnonzero(damage.times_s == 120.0)[0])
    # boxes differ: volumes are compared
    ml = [np.count_nonzero(dead) * long.geometry.voxel_volume_ml
          for dead in (damage.values[moment] >= 1.0, short.coagulated)]  # fmt: skip
    assert ml[0] == pytest.approx(ml[1], rel=0.06)
