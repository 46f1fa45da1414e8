"""The heat solver on finer and finer grids: a manufactured solution, and the volume that an antenna coagulates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.simulation.thermal import HeatPulse, ThermalModel, ThermalSystem, assembly, pipeline
from anatomy_twin.simulation.thermal.base import largest_time_step_s
from anatomy_twin.simulation.thermal.zones import zone_surface
from tests.support.thermal_boxes import NO_DAMAGE, centred_plan, liver_block

LENGTH_M, K0, SWING, CAPACITY, RATE, PEAK_K = 0.04, 0.5, 0.5, 3.8e6, 2e-3, 20.0


def manufactured(places_m):
    """Rise, conductivity and heat source (K, W/m/K, W/m3) at places [..., 3]: any k and rise, the source that fits.

    k = k0 (1 + s sin(2 pi x / L) sin(2 pi y / L) sin(2 pi z / L)), rise = A sin(pi x / L) sin(pi y / L) sin(pi z / L),
    q = -div(k grad rise) + C w rise.
    """
    waves = np.pi / LENGTH_M
    single, double = np.sin(waves * places_m), np.sin(2.0 * waves * places_m)
    rise = PEAK_K * single.prod(axis=-1)
    k = K0 * (1.0 + SWING * double.prod(axis=-1))
    mixed = np.zeros(rise.shape)  # grad k . grad rise
    for axis in range(3):
        others = [n for n in range(3) if n != axis]
        slope_k = K0 * SWING * 2.0 * waves * np.cos(2.0 * waves * places_m[..., axis]) * double[..., others].prod(-1)
        slope = PEAK_K * waves * np.cos(waves * places_m[..., axis]) * single[..., others].prod(axis=-1)
        mixed += slope_k * slope
    return rise, k, 3.0 * waves**2 * k * rise - mixed + CAPACITY * RATE * rise


def manufactured_error_k(count: int) -> float:
    """Largest error of the steady state on a grid of ``count`` voxels across, whose outermost middles are the walls."""
    step_m = LENGTH_M / (count - 1)
    shape = (count,) * 3
    rise, k, source = manufactured(np.moveaxis(np.indices(shape), 0, -1) * step_m)
    faces = [assembly.face_conductance_w_k(k, axis, step_m * 1e3) for axis in range(3)]
    capacity = np.full(shape, CAPACITY * step_m**3)
    system = ThermalSystem(
        VolumeGeometry.upright(shape, (step_m * 1e3,) * 3), *faces, capacity, np.full(shape, RATE), np.zeros(shape),
        (HeatPulse(0.0, 1e9, source * step_m**3),), largest_time_step_s(*faces, capacity), damage=NO_DAMAGE,
    )
    state = pipeline.run(system, 2500.0)[-1]
    return float(np.abs(state.temperature_c - 37.0 - rise).max())


def test_a_manufactured_solution_with_uneven_conductivity_converges_with_second_order():
    errors = np.array([manufactured_error_k(count) for count in (11, 21, 41)])
    orders = np.log2(errors[:-1] / errors[1:])
    assert errors[-1] < 0.005 * PEAK_K
    assert orders == pytest.approx([2.0, 2.0], abs=0.2)


@pytest.fixture(scope="module")
def block():
    return liver_block(120.0, 3.0)


def volume_ml(block, spacing_mm: float, share: float = 1.0) -> float:
    """The volume within the surface of what 60 W coagulate in five minutes of homogeneous liver."""
    case, centre = block
    system = assembly.assemble(case, centred_plan(centre, 60.0, 300.0), ThermalModel(spacing_mm=spacing_mm, room_mm=10))
    state = pipeline.run(replace(system, time_step_s=system.time_step_s * share), 300.0)[-1]
    return zone_surface(state.omega, system.geometry).volume_ml


def test_the_coagulated_volume_settles_on_finer_grids(block):
    volumes = np.array([volume_ml(block, spacing) for spacing in (3.0, 2.0, 1.5, 1.0, 0.75)])
    away = np.abs(volumes - volumes[-1])[:-1]
    assert (np.diff(away) < 0.0).all()
    assert away[1] < 0.05 * volumes[-1]  # 2 mm
    assert away[3] < 0.01 * volumes[-1]  # 1 mm


def test_the_coagulated_volume_settles_with_shorter_steps(block):
    volumes = np.array([volume_ml(block, 2.0, share) for share in (1.0, 0.5, 0.25, 0.125)])
    changes = np.abs(np.diff(volumes))
    assert (changes[1:] < 0.75 * changes[:-1]).all()
    assert changes[0] < 0.02 * volumes[-1]
