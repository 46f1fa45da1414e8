"""What the walls of large vessels pass, by diameter and flow, against Graetz' series and other correlations."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.linalg import eigh_tridiagonal

from anatomy_twin import catalog
from anatomy_twin.simulation.thermal import ThermalModel, assembly, pipeline, tissues, vessels
from tests.support.thermal_boxes import centred_plan, liver_block


def graetz_mean_nusselt(graetz: np.ndarray, cells: int = 4000) -> np.ndarray:
    """Solve Graetz' problem (parabolic flow, wall of one temperature) by separation on rings; Gz = Re Pr d / L.

    (1 / r) (r t')' = -lambda^2 (1 - r^2) t, t(1) = 0. The flow-weighted mean temperature is a sum of
    exp(-2 lambda^2 / Gz), and the mean Nusselt number is -Gz / 4 times its logarithm.
    """
    edges = np.linspace(0.0, 1.0, cells + 1)
    middle, step = 0.5 * (edges[1:] + edges[:-1]), edges[1]
    ring = 0.5 * (edges[1:] ** 2 - edges[:-1] ** 2)
    flow = ring * (1.0 - middle**2)
    face = edges[1:-1] / step
    diagonal = np.zeros(cells)
    diagonal[:-1] += face
    diagonal[1:] += face
    diagonal[-1] += 1.0 / (0.5 * step)
    root = np.sqrt(flow)
    squares, modes = eigh_tridiagonal(
        diagonal / flow, -face / (root[1:] * root[:-1]), select="i", select_range=(0, 149)
    )
    share = (modes.T @ root) ** 2 / flow.sum()  # of the flow-weighted mean at the entry
    means = np.array([(share * np.exp(-squares * 2.0 / value)).sum() for value in graetz])
    return -graetz / 4.0 * np.log(means)


def test_laminar_flow_follows_graetz():
    # Nu of developed flow 3.657 (any text on convection); the series has 150 terms, which holds to Gz of 1e4
    found = np.array([1.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 5000.0])
    exact = graetz_mean_nusselt(found)
    assert exact[0] == pytest.approx(3.66, abs=0.12)
    assert vessels.nusselt(found / 24.5, 24.5, 1.0) == pytest.approx(exact, rel=0.02)


def test_turbulent_flow_is_between_the_correlations_of_others():
    # Dittus-Boelter (0.023 Re^0.8 Pr^0.4) is good to 25 % from Re 1e4 on; Gnielinski at 1e4 and Pr 0.7 by hand: 29.8
    assert float(vessels.nusselt(1e4, 0.7, 0.01)) == pytest.approx(29.8, abs=0.1)
    for reynolds in (1e4, 3e4, 1e5):
        other = 0.023 * reynolds**0.8 * 5.0**0.4
        assert float(vessels.nusselt(reynolds, 5.0, 0.1)) == pytest.approx(other, rel=0.25)


def test_the_number_rises_without_a_jump_from_laminar_to_turbulent():
    found = vessels.nusselt(np.arange(1.0, 6000.0), 24.5, 0.5)
    assert (np.diff(found) > 0).all()
    assert np.diff(found)[1000:].max() < 0.02  # of about 50


def test_a_wall_gives_no_more_than_the_blood_can_carry_off():
    facts, blood = catalog.load("tissues")["vessels"], tissues.tissue("blood")
    diameter, velocity = 5.0, np.array([1e-5, 1e-3, 0.1, 1.0])
    found = vessels.effective_nusselt(diameter, velocity, blood, facts)
    h = found * blood.conductivity_w_m_k / 5e-3
    wall_m2 = math.pi * 5e-3 * facts["heated_length_mm"] * 1e-3
    carried = blood.density_kg_m3 * blood.specific_heat_j_kg_k * velocity * math.pi * 2.5e-3**2  # W/K
    assert (h * wall_m2 < carried * (1.0 + 1e-9)).all()
    assert h[0] * wall_m2 == pytest.approx(carried[0], rel=1e-6)  # slow blood leaves as warm as the wall
    assert (np.diff(found) > 0).all()
    assert float(vessels.effective_nusselt(5.0, 0.0, blood, facts)) == 0.0


@pytest.fixture(scope="module")
def beside_a_vein():
    case, centre = liver_block(110.0, 2.0, vein=(12.0, 8.0))
    return case, centre_plan(centre)


def centre_plan(centre):
    """60 W for five minutes 12 mm from the middle of a hepatic vein of 8 mm."""
    return centred_plan(centre, 60.0, 300.0, depth_mm=45.0)


def heated_ml(case, plan, **options):
    model = ThermalModel(spacing_mm=2.0, room_mm=15.0, **options)
    system = assembly.assemble(case, plan, model)
    dead = pipeline.run(system, 300.0)[-1].omega >= 1.0
    return float(dead.sum()) * system.geometry.voxel_volume_ml, system


def test_less_flow_cools_less_and_without_flow_a_vessel_is_tissue(beside_a_vein):
    case, plan = beside_a_vein
    found = [heated_ml(case, plan, vessel_flow_factor=factor)[0] for factor in (0.0, 0.02, 0.2, 1.0, 5.0)]
    assert found[0] > found[1] > found[2] > found[3] > found[4]
    assert found[0] == heated_ml(case, plan, vessel_sinks=False)[0]
    assert found[0] - found[3] > 0.5


def test_the_result_says_what_the_walls_pass(beside_a_vein):
    case, plan = beside_a_vein
    _, system = heated_ml(case, plan)
    facts, blood = catalog.load("tissues")["vessels"], tissues.tissue("blood")
    wide, thin = vessels.heat_transfer_w_m2_k([10.0, 6.0], facts["velocity_m_s"]["hepatic_veins"], blood, facts)
    found = re.search(r"\(times 1\): walls of (\d+) to (\d+) W/m2/K", system.parameters["vessels"])
    assert found is not None
    assert wide < float(found[1]) <= float(found[2]) < thin + 1.0
    _, still = heated_ml(case, plan, vessel_flow_factor=0.0)
    assert "none here" in still.parameters["vessels"]
    assert "vessels: heated_length_mm" in system.assumed


def test_every_vessel_of_the_catalog_has_a_velocity():
    facts = catalog.load("tissues")
    named = [name for name, tissue in facts["segments"]["tissue"].items() if tissue == "blood"]
    assert set(named) == set(facts["vessels"]["velocity_m_s"]) - {"other"}
    assert all(0.01 < value < 1.0 for value in facts["vessels"]["velocity_m_s"].values())
