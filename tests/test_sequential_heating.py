"""Applicators that heat one after the other: kept in files, honoured by the simulation."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import Applicator
from anatomy_twin.errors import DataError, PlanError
from anatomy_twin.search import confirm_duration
from anatomy_twin.simulation.thermal import ThermalModel, assembly, pipeline
from anatomy_twin.store import load_plan, save_plan
from anatomy_twin.store.plan_file import plan_of_case
from tests.support.thermal_boxes import centred_plan, liver_block

MODEL = ThermalModel(spacing_mm=2.5, room_mm=15.0, snapshots=1)


@pytest.fixture(scope="module")
def block():
    return liver_block(100.0)


def later(plan, start_s):
    return replace(plan, applicators=tuple(replace(one, start_s=start_s) for one in plan.applicators))


def state_of(case, plan, time_s=None):
    system = assembly.assemble(case, plan, MODEL)
    return pipeline.run(system, system.heating_s if time_s is None else time_s)[-1]


def test_what_begins_later_is_the_same_heat_later(block):
    case, centre = block
    plan = centred_plan(centre, 60.0, 180.0, depth_mm=30.0)
    first, second = state_of(case, plan), state_of(case, later(plan, 120.0))
    assert second.time_s == 300.0 and np.allclose(first.temperature_c, second.temperature_c, atol=0.02)
    assert np.allclose(first.omega, second.omega, rtol=1e-3, atol=1e-6)
    assert not state_of(case, later(plan, 120.0), 119.0).omega.any()


def test_one_after_the_other_gives_each_its_zone(block):
    """30 mm apart they do not help each other: twice the zone of one, within what the heat left over adds."""
    case, centre = block
    one = centred_plan(centre, 60.0, 240.0, direction=(1, 0, 0), depth_mm=35.0)
    other = replace(one.applicators[0], start_s=240.0, **{
        end: tuple(np.add(getattr(one.applicators[0], end), (0.0, 30.0, 0.0))) for end in ("entry_mm", "tip_mm")
    })
    both = replace(one, applicators=(one.applicators[0], other))
    single = np.count_nonzero(state_of(case, one).omega >= 1.0)
    pair = np.count_nonzero(state_of(case, both).omega >= 1.0)
    assert 1.98 * single <= pair <= 2.4 * single


def test_plans_keep_their_starts_and_old_ones_begin_at_once(tmp_path, block):
    plan = later(centred_plan(block[1]), 90.0)
    path = save_plan(plan, tmp_path / "plan.json")
    assert load_plan(path) == plan
    content = json.loads(path.read_text())
    for entry in content["applicators"]:
        del entry["start_s"]
    assert plan_of_case(content, "plans/A.json") == later(plan, 0.0)
    path.write_text(json.dumps(content))
    assert load_plan(path) == later(plan, 0.0)


def test_a_start_that_is_none_is_refused(block):
    for start_s in (-1.0, float("nan"), 1e6):
        with pytest.raises(DataError):
            Applicator("mwa-generic", (0, 0, 0), (0, 0, 50), 60.0, 300.0, start_s)
    with pytest.raises(PlanError, match="one after the other"):
        confirm_duration(block[0], later(centred_plan(block[1]), 60.0))
