"""Damage at constant temperature against published times."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.simulation.thermal import DamageModel, ThermalState, pipeline
from tests.support.thermal_boxes import uniform_box

# degC: seconds to Omega = 1 with A = 7.39e39 1/s, Ea = 2.577e5 J/mol
ARRHENIUS_S = {43: 513.0, 45: 277.0, 50: 61.4, 54: 19.0, 55: 14.2, 60: 3.45, 65: 0.87, 70: 0.23}
# degC: seconds to 240 equivalent minutes at 43 degC
CEM43_S = {43: 14400.0, 45: 3600.0, 50: 112.5, 55: 3.52, 60: 0.11}


def held_at(celsius: float, seconds: float) -> ThermalState:
    """A box without conduction, perfusion or heat that starts at one temperature and so stays there."""
    system = uniform_box((4, 4, 4), 1.0, 0.0, 3.8e6, damage=DamageModel())
    state = pipeline.init(system)
    hot = ThermalState(np.full((4, 4, 4), celsius, np.float32), state.omega, state.cem43_min)
    return pipeline.step(system, hot, 20, seconds / 20)


@pytest.mark.parametrize("celsius", ARRHENIUS_S)
def test_time_to_an_arrhenius_integral_of_one(celsius):
    tolerance = 0.025 if celsius == 70 else 0.01  # 0.23 s has two digits
    assert float(held_at(celsius, ARRHENIUS_S[celsius]).omega[1, 1, 1]) == pytest.approx(1.0, rel=tolerance)


@pytest.mark.parametrize("celsius", CEM43_S)
def test_time_to_a_dose_of_240_minutes(celsius):
    assert float(held_at(celsius, CEM43_S[celsius]).cem43_min[1, 1, 1]) == pytest.approx(240.0, rel=0.01)


def test_nothing_is_integrated_below_the_floor():
    state = held_at(42.5, 3600.0)
    assert float(state.omega[1, 1, 1]) == 0.0
    assert float(state.cem43_min[1, 1, 1]) == pytest.approx(60.0 * 0.25**0.5, rel=1e-3)


def test_the_two_models_cross_between_50_and_55_degrees():
    cooler, hotter = held_at(50.0, 61.4), held_at(55.0, 14.2)
    assert float(cooler.cem43_min[1, 1, 1]) < 240.0
    assert float(hotter.cem43_min[1, 1, 1]) > 240.0


def test_perfusion_ends_where_tissue_has_died():
    system = uniform_box((4, 4, 4), 1.0, 0.0, 3.8e6, 0.02, damage=DamageModel())
    hot = np.full((4, 4, 4), 37.0, np.float32)
    hot[1, 1, 1], hot[2, 2, 2] = 90.0, 44.0
    state = pipeline.init(system)
    state = pipeline.step(system, ThermalState(hot, state.omega, state.cem43_min), 50, 1.0)
    assert float(state.omega[1, 1, 1]) > 1.0
    # dies in the first step, which is still cooled
    assert float(state.temperature_c[1, 1, 1]) == pytest.approx(37.0 + 53.0 * np.exp(-0.02), abs=0.01)
    assert float(state.temperature_c[2, 2, 2]) == pytest.approx(37.0 + 7.0 * np.exp(-1.0), abs=0.01)
