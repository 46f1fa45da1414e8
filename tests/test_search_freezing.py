"""The search for the time of a freeze: what it returns was simulated and keeps the margin, or says what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import simulation
from anatomy_twin.assess import ablative_margin
from anatomy_twin.core import AblationPlan, Applicator, Case, LabelMap
from anatomy_twin.plan import load_device
from anatomy_twin.search import confirm_duration
from anatomy_twin.simulation.thermal import ThermalModel
from tests.support.thermal_boxes import liver_block

MODEL = ThermalModel(spacing_mm=2.5, room_mm=12.0)


@pytest.fixture(scope="module")
def small():
    """A block of liver with a tumour of 4 mm radius in its middle, and a plan of one needle through it."""
    case, centre = liver_block(100.0, 2.0)
    labels = case.label_map
    array = labels.array.copy()
    away = labels.geometry.to_world(np.moveaxis(np.indices(array.shape[1:]), 0, -1)) - centre
    array[2] = np.linalg.norm(away, axis=-1) <= 4.0
    case = Case.new(volume=case.volume, labels=LabelMap(array, labels.geometry, labels.segments))
    tip = np.add(centre, (0.0, 0.0, -load_device("cryo-generic")["active_offset_mm"]))
    needle = Applicator("cryo-generic", tuple(np.add(tip, (0.0, 0.0, 60.0))), tuple(tip), 70.0, 600.0)
    return case, AblationPlan("F", "tumour_1", (needle,))


def minimal_mm(case, result) -> float:
    return ablative_margin(case.label_map, "tumour_1", result).minimal_mm


def test_the_shortest_freeze_that_gives_the_margin(small):
    case, plan = small
    found, result = confirm_duration(case, replace(plan, margin_mm=1.0), model=MODEL)
    needle = found.applicators[0]
    assert minimal_mm(case, result) >= 1.0
    assert needle.power_w == 70.0 and needle.tip_mm == plan.applicators[0].tip_mm
    assert not any("not reached" in line for line in result.warnings)
    # freeze, thaw of five minutes, freeze
    assert result.times_s[-1] == pytest.approx(2.0 * needle.duration_s + 300.0)
    assert 60.0 < needle.duration_s < 900.0
    shorter = replace(found, applicators=(replace(needle, duration_s=needle.duration_s - 60.0),))
    assert minimal_mm(case, simulation.simulate(case, shorter, MODEL)) < 1.0


def test_a_margin_out_of_reach_is_told_with_its_duty_cycle(small):
    """The zone of one needle is about 15 mm thick: 8 mm around 8 mm are too much."""
    case, plan = small
    found, result = confirm_duration(case, replace(plan, margin_mm=8.0), model=MODEL)
    needle, margin = found.applicators[0], minimal_mm(case, result)
    assert margin < 8.0
    assert needle.power_w > 70.0  # what a longer freeze could not, a higher duty cycle was tried for
    words = (f"the margin of 8 mm around tumour_1 is not reached: {margin:.1f} mm with a duty cycle of "
             f"{needle.power_w:g} % for each freeze of {needle.duration_s:g} s")  # fmt: skip
    assert words in result.warnings
