"""The heat solver against closed solutions; the derivations are in README.md beside this file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate

from anatomy_twin.simulation.thermal import Evaporation, ThermalState, pipeline
from anatomy_twin.simulation.thermal.base import ThermalSystem
from tests.support.thermal_boxes import uniform_box

CONDUCTIVITY, HEAT_CAPACITY, RATE = 0.52, 3.816e6, 6.4e-3


def started(system: ThermalSystem, rise: np.ndarray) -> ThermalState:
    """A state with the given temperature above body temperature."""
    state = pipeline.init(system)
    return ThermalState((state.temperature_c + rise).astype(system.dtype), state.omega, state.cem43_min)


def nyborg_rise_k(radius_m: float, time_s: float, power_w: float) -> float:
    """Rise of a point source in perfused tissue by direct integration of the heat kernel over time."""
    diffusivity = CONDUCTIVITY / HEAT_CAPACITY

    def kernel(age: float) -> float:
        spread = 4.0 * np.pi * diffusivity * age
        return spread**-1.5 * np.exp(-radius_m**2 / (4.0 * diffusivity * age) - RATE * age)

    return power_w / HEAT_CAPACITY * integrate.quad(kernel, 0.0, time_s, limit=400)[0]


def test_the_reference_values_of_the_point_source_are_the_integral_of_the_heat_kernel():
    for radius_mm, rise in ((4, 13.732), (8, 1.92647), (16, 0.02607)):
        assert nyborg_rise_k(radius_mm * 1e-3, 120.0, 1.0) == pytest.approx(rise, rel=5e-4)


@pytest.fixture(scope="module")
def point_source_errors():
    """Error in per cent at 4, 8 and 16 mm for grids of 2 and 1 mm."""
    found = {}
    for spacing, size in ((2.0, 49), (1.0, 97)):
        power = np.zeros((size,) * 3)
        middle = size // 2
        power[middle, middle, middle] = 1.0
        system = uniform_box((size,) * 3, spacing, CONDUCTIVITY, HEAT_CAPACITY, RATE, power_w=power)
        state = pipeline.run(system, 120.0)[-1]
        errors = []
        for radius_mm in (4, 8, 16):
            step = int(radius_mm / spacing)
            rise = float(state.temperature_c[middle, middle, middle + step]) - 37.0
            errors.append(100.0 * (rise / nyborg_rise_k(radius_mm * 1e-3, 120.0, 1.0) - 1.0))
        found[spacing] = errors
    return found


def test_nyborg_point_source_at_one_millimetre(point_source_errors):
    near, middle, far = (abs(error) for error in point_source_errors[1.0])
    assert near < 5.5
    assert middle < 3.5
    assert far < 7.0


def test_the_error_of_the_point_source_falls_with_the_square_of_the_grid(point_source_errors):
    ratios = np.array(point_source_errors[2.0]) / np.array(point_source_errors[1.0])
    assert (ratios > 3.2).all()
    assert (ratios < 8.0).all()


def test_steady_state_of_a_heated_perfused_slab():
    size, spacing, power = 61, 1.0, 2.0e-4  # W per voxel of 1 mm3: 2e5 W/m3
    shape = (size, 3, 3)
    system = uniform_box(
        shape, spacing, CONDUCTIVITY, HEAT_CAPACITY, RATE, power_w=np.full(shape, power), axes=(0,), dtype=np.float64
    )
    state = pipeline.run(system, 4000.0)[-1]
    length = (size - 1) * spacing * 1e-3
    x = np.arange(size) * spacing * 1e-3
    wave = np.sqrt(RATE * HEAT_CAPACITY / CONDUCTIVITY)
    highest = power / 1e-9 / (RATE * HEAT_CAPACITY)
    exact = highest * (1.0 - np.cosh(wave * (x - length / 2)) / np.cosh(wave * length / 2))
    assert np.abs(state.temperature_c[:, 1, 1] - 37.0 - exact).max() < 0.002 * highest


def test_steady_state_of_a_heated_slab_that_conducts_better_when_warm():
    size, spacing, power, slope = 21, 1.0, 4.0e-4, 0.01
    system = uniform_box(
        (size, 3, 3), spacing, CONDUCTIVITY, HEAT_CAPACITY, power_w=np.full((size, 3, 3), power), axes=(0,),
        time_step_s=2.0, dtype=np.float64,
    )
    state = pipeline.run(replace(system, conductivity_slope_1_k=slope), 6000.0)[-1]
    x = np.arange(size) * spacing * 1e-3
    straight = power / 1e-9 * x * (x[-1] - x) / (2.0 * CONDUCTIVITY)  # the rise with the conductivity of 37 degC
    exact = (np.sqrt(1.0 + 2.0 * slope * straight) - 1.0) / slope
    assert exact.max() > 30.0
    assert np.abs(state.temperature_c[:, 1, 1] - 37.0 - exact).max() < 1e-6


def test_transient_of_a_sine_decays_at_the_exact_rate_with_second_order():
    errors = []
    for size, spacing in ((21, 2.0), (41, 1.0)):
        shape = (size, 3, 3)
        system = uniform_box(
            shape, spacing, CONDUCTIVITY, HEAT_CAPACITY, RATE, axes=(0,), dtype=np.float64,
            time_step_s=0.2 * spacing**2,
        )
        wave = np.sin(np.pi * np.arange(size) / (size - 1))
        state = pipeline.run(system, 60.0, state=started(system, np.broadcast_to(
            10.0 * wave[:, None, None], shape)))[-1]
        length = (size - 1) * spacing * 1e-3
        exact = 10.0 * np.exp(-(CONDUCTIVITY / HEAT_CAPACITY * (np.pi / length) ** 2 + RATE) * 60.0)
        errors.append(abs(float(state.temperature_c[size // 2, 1, 1]) - 37.0 - exact))
    assert errors[1] < 0.002
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)


def test_a_uniform_field_decays_exactly_whatever_the_step():
    for time_step_s in (1.0, 100.0):
        system = uniform_box((5, 5, 5), 1.0, 0.0, HEAT_CAPACITY, 0.05, time_step_s=time_step_s)
        state = pipeline.run(system, 100.0, state=started(system, np.full((5, 5, 5), 20.0)))[-1]
        assert float(state.temperature_c[2, 2, 2]) - 37.0 == pytest.approx(20.0 * np.exp(-5.0), rel=1e-3)


@pytest.mark.parametrize("rate", [1.0, 1e3, 1e6])
def test_any_strength_of_a_sink_is_stable(rate):
    power = np.full((9, 9, 9), 1e-2)
    system = uniform_box((9, 9, 9), 1.0, CONDUCTIVITY, HEAT_CAPACITY, rate, power_w=power)
    inner = pipeline.run(system, 200.0)[-1].temperature_c[1:-1, 1:-1, 1:-1] - 37.0
    assert (inner >= 0).all()
    assert (inner <= 1e-2 / (rate * HEAT_CAPACITY * 1e-9) * (1 + 1e-3) + 1e-5).all()


def test_heat_in_a_closed_box_is_what_was_put_in():
    power = np.zeros((17, 17, 17))
    power[8, 8, 8] = 0.05
    system = uniform_box((17,) * 3, 1.0, CONDUCTIVITY, HEAT_CAPACITY, power_w=power, closed=True, dtype=np.float64)
    for state in pipeline.run(system, 300.0, (60.0, 120.0)):
        assert pipeline.heat_content_j(system, state) == pytest.approx(0.05 * state.time_s, rel=1e-9)


def test_heat_in_a_closed_box_with_boiling_is_what_was_put_in():
    power = np.zeros((17, 17, 17))
    power[6:11, 6:11, 6:11] = 0.02
    boil = Evaporation(heat_ratio=220.0)
    for dtype, tolerance in ((np.float64, 1e-9), (np.float32, 1e-3)):
        system = uniform_box(
            (17,) * 3, 1.0, CONDUCTIVITY, HEAT_CAPACITY, power_w=power, closed=True, evaporation=boil, dtype=dtype
        )
        state = pipeline.run(system, 20.0)[-1]
        assert 99.0 < float(state.temperature_c.max()) < 101.0
        assert pipeline.heat_content_j(system, state) == pytest.approx(50.0, rel=tolerance)


def test_dried_tissue_hands_its_power_on_and_the_sum_stays():
    power = np.zeros((17, 17, 17))
    power[4:13, 4:13, 4:13] = 2e-3
    power[8, 8, 8] = 0.9
    boil = Evaporation(heat_ratio=5.0, dry_absorption=0.05)
    system = uniform_box(
        (17,) * 3, 1.0, CONDUCTIVITY, HEAT_CAPACITY, power_w=power, closed=True, evaporation=boil, dtype=np.float64
    )
    state = pipeline.run(system, 20.0)[-1]
    assert float(state.temperature_c.max()) > 101.0
    assert pipeline.heat_content_j(system, state) == pytest.approx(power.sum() * 20.0, rel=1e-9)


def test_heat_in_a_closed_perfused_box_follows_its_balance():
    power = np.zeros((17, 17, 17))
    power[8, 8, 8] = 0.05
    system = uniform_box((17,) * 3, 1.0, CONDUCTIVITY, HEAT_CAPACITY, RATE, power_w=power, closed=True)
    for state in pipeline.run(system, 400.0, (50.0, 150.0)):
        exact = 0.05 / RATE * -np.expm1(-RATE * state.time_s)
        assert pipeline.heat_content_j(system, state) == pytest.approx(exact, rel=1e-3)


def test_two_materials_in_series_share_the_temperature_by_their_resistance():
    from anatomy_twin.simulation.thermal.assembly import face_conductance_w_k

    conductivity = np.ones((4, 3, 3)) * 0.2
    conductivity[2:] = 0.6
    face = face_conductance_w_k(conductivity, 0, 1.0)
    # half a voxel of each, one after the other: 1 / (0.5/0.2 + 0.5/0.6) = 0.3 W/m/K
    assert face[:, 1, 1] == pytest.approx([0.2e-3, 0.3e-3, 0.6e-3, 0.0])
