"""A tumour against a hepatic vein: by the device's table it is covered with its margin, by the physics it is not."""

from __future__ import annotations

import numpy as np
import pytest

import anatomy_twin as at
from tests.support.vein_tumour import case_beside_vein


@pytest.fixture(scope="module")
def case():
    return case_beside_vein()


@pytest.fixture(scope="module")
def cooled(case):
    return at.compare_zones(case, "A", at.simulate(case, "A", at.ThermalModel(spacing_mm=2.0)))


def test_the_plan_keeps_the_hard_rules_and_the_table_promises_tumour_and_margin(case, cooled):
    assert case.checks["A"].feasible
    promised = cooled.promised
    assert promised["minimal_margin_mm"].value >= 5.0
    assert promised["target_percent"].value == 100.0
    assert promised["rim_percent"].value == 100.0


def test_the_simulation_leaves_tumour_at_the_vein(case, cooled):
    simulated = cooled.simulated
    assert simulated["minimal_margin_mm"].value < 0.0
    assert simulated["minimal_margin_mm"].verdict == "not met"
    assert simulated["rim_percent"].value < 98.0
    vein = case.label_map.geometry.to_world(np.argwhere(case.label_map.mask("hepatic_veins")))
    worst = np.asarray(simulated["minimal_margin_mm"].place_mm)
    assert np.linalg.norm(vein - worst, axis=1).min() < 1.5  # half a diagonal of the scan's voxels
    assert cooled.dice > 0.9  # elsewhere both agree


def test_it_is_the_blood_that_makes_the_difference(case, cooled):
    bloodless = at.simulate(case, "A", at.ThermalModel(spacing_mm=2.0, vessel_sinks=False))
    found = at.compare_zones(case, "A", bloodless, cooled.table)
    promised, simulated = (one["minimal_margin_mm"].value for one in (found.promised, found.simulated))
    assert simulated == pytest.approx(promised, abs=1.0)
    assert found.simulated["rim_percent"].value == 100.0
