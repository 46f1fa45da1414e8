"""The search for power and time: what it returns was simulated and keeps the margin, or says what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anatomy_twin.assess import ablative_margin
from anatomy_twin.core import AblationPlan, Applicator
from anatomy_twin.errors import PlanError
from anatomy_twin.plan import load_device
from anatomy_twin.search import confirm_duration
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.thermal import ThermalModel
from tests.support.box_patient import ball, base_masks, box_case, case_of, geometry, labels_of

MODEL = ThermalModel(spacing_mm=2.0, room_mm=15.0)
OFFSET_MM = load_device("mwa-generic")["active_offset_mm"]


def plan_of(margin_mm, power_w=60.0):
    applicator = Applicator("mwa-generic", (-79, 0, 0), (OFFSET_MM, 0, 0), power_w, 600)
    return AblationPlan("A", "tumour_1", (applicator,), margin_mm)


def test_the_shortest_time_that_gives_the_margin():
    case = box_case()
    plan, result = confirm_duration(case, plan_of(3.0), model=MODEL)
    margin = ablative_margin(case.label_map, "tumour_1", result).minimal_mm
    assert margin >= 3.0
    assert result.plan_name == plan.name
    assert result.times_s[-1] == plan.applicators[0].duration_s
    assert plan.applicators[0].entry_mm == (-79, 0, 0)
    shorter_s = plan.applicators[0].duration_s - 30.0
    if shorter_s >= 60.0:
        shorter = replace(plan, applicators=(replace(plan.applicators[0], duration_s=shorter_s),))
        assert ablative_margin(case.label_map, "tumour_1", simulate(case, shorter, MODEL)).minimal_mm < 3.0


@pytest.mark.parametrize("verdict", ["isotherm_60", "cem43"])
def test_the_time_follows_the_verdict(verdict):
    """60 degC takes longer than the Arrhenius integral, the dose of 240 min does not: the margin holds by each."""
    model = replace(MODEL, verdict=verdict)
    plan, result = confirm_duration(box_case(), plan_of(3.0), model=model)
    assert ablative_margin(box_case().label_map, "tumour_1", result).minimal_mm >= 3.0
    first = plan.applicators[0]
    if first.duration_s > 60.0:
        shorter = replace(plan, applicators=(replace(first, duration_s=max(60.0, first.duration_s - 45.0)),))
        before = simulate(box_case(), shorter, model)
        assert ablative_margin(box_case().label_map, "tumour_1", before).minimal_mm < 3.0


def test_a_margin_out_of_reach_is_told():
    plan, result = confirm_duration(box_case(), plan_of(30.0, 100.0), model=MODEL)
    assert any("the margin of 30 mm around tumour_1 is not reached" in line for line in result.warnings)
    assert plan.applicators[0].duration_s <= load_device("mwa-generic")["duration_s"][1]


def test_a_target_too_small_for_a_margin_is_refused():
    grid = geometry()
    speck = labels_of(grid, base_masks(grid) | {"tumour_1": ball(grid, (0, 0, 0), 2.5)})
    with pytest.raises(PlanError, match="voxels"):
        confirm_duration(case_of(speck), plan_of(5.0), model=MODEL)
