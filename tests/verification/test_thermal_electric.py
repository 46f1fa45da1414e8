"""The electric field of radiofrequency electrodes against closed solutions; what the generator does with it."""

from __future__ import annotations

import numpy as np
import pytest
from numba import get_num_threads, set_num_threads

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels import electrostatic
from anatomy_twin.simulation.thermal import electric, line_exchange

CONDUCTIVITY_S_M = 0.333


def _system(shape, spacing_mm, exchange, *, open_m=None, conductivity=None, slope=0.0, dtype=np.float64):
    values = np.full(shape, CONDUCTIVITY_S_M) if conductivity is None else conductivity
    none = np.zeros((0, 3), np.int64)
    electrode = electric.Electrode(1, exchange.astype(dtype), none, 50.0, 0.0, 60.0)
    return electric.ElectricSystem(
        values.astype(dtype), (electrode,), (np.zeros(shape) if open_m is None else open_m).astype(dtype),
        spacing_mm * 1e-3, {"kind": "power"}, slope,
    )


def _away_mm(grid, centre):
    return grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)) - centre


@pytest.mark.parametrize("spacing_mm", [2.0, 1.0])
def test_resistance_and_heat_between_concentric_spheres(spacing_mm):
    """R = (1 / a - 1 / b) / (4 pi s); heat within r: what the shell from a to r has of it."""
    inner, outer = 6.0, 20.0
    size = round(44.0 / spacing_mm)
    grid = VolumeGeometry.upright((size,) * 3, (spacing_mm,) * 3)
    distance = np.linalg.norm(_away_mm(grid, grid.center_mm), axis=-1)
    exchange, metal = electric.body_exchange_m(grid, distance - inner)
    ground, beyond = electric.body_exchange_m(grid, outer - distance)
    tissue = np.where(metal | beyond, 0.0, CONDUCTIVITY_S_M)
    system = _system(grid.shape, spacing_mm, exchange, open_m=ground, conductivity=tissue)
    found = electric.solve_field(system, system.electrodes[0], np.full(grid.shape, 37.0))
    exact = (1e3 / inner - 1e3 / outer) / (4.0 * np.pi * CONDUCTIVITY_S_M)
    error = 1.0 / found.conductance_s / exact - 1.0
    assert abs(error) < (0.02 if spacing_mm == 2.0 else 0.005)
    near = distance < 12.0
    share = (1.0 / inner - 1.0 / 12.0) / (1.0 / inner - 1.0 / outer)
    assert found.heat_w[near].sum() / found.conductance_s == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("radius_mm", [0.25, 0.75])
@pytest.mark.parametrize("spacing_mm", [1.0, 2.5])
@pytest.mark.parametrize(("tilt", "shift"), [(0.0, 0.0), (0.0, 0.4), (0.35, 0.2)])
def test_a_needle_thinner_than_a_voxel_has_the_field_of_the_cylinder(radius_mm, spacing_mm, tilt, shift):
    """V = ln(R / r) / ln(R / r0) around a long cylinder, whatever its direction and place between the voxels."""
    size, far = round(40.0 / spacing_mm), 20.0
    shape = (size,) * 3
    along = np.array([np.cos(tilt), 0.8 * np.sin(tilt), 0.6 * np.sin(tilt)])
    centre = np.add(size / 2.0, (0.0, shift, shift / 2.0))
    length = size / along[0] + 12.0
    pad = 30
    weights = line_exchange.line_weights(
        (size + 2 * pad, size, size), np.add(centre, (pad, 0, 0)) - 0.5 * length * along,
        np.add(centre, (pad, 0, 0)) + 0.5 * length * along, electric.WIDTH,
    )[pad:-pad]
    edge = spacing_mm * 1e-3
    strength = line_exchange.strength(radius_mm / (electric.WIDTH * spacing_mm))
    exchange = 2.0 * np.pi * CONDUCTIVITY_S_M * strength * weights * edge
    away = np.moveaxis(np.indices(shape), 0, -1) - centre
    distance = np.linalg.norm(away - (away @ along)[..., None] * along, axis=-1) * spacing_mm
    exact = np.log(far / np.maximum(distance, radius_mm)) / np.log(far / radius_mm)
    rim = np.ones(shape, bool)
    rim[1:-1, 1:-1, 1:-1] = False
    held = np.where(rim, 1e6, 0.0)
    padded = np.pad(np.full(shape, CONDUCTIVITY_S_M), 1)
    faces = [np.zeros_like(padded) for _ in range(3)]
    electrostatic.faces_of(padded, edge, *faces)
    levels = electrostatic.hierarchy(*faces, np.pad(exchange + held, 1))
    right = np.pad(exchange + held * exact, 1)
    potential, count, _ = electrostatic.solve(levels, right, np.zeros_like(right), 1e-8)
    inside = ~rim & (np.abs(away @ along) * spacing_mm < 8.0) & (distance > 3.0 * spacing_mm) & (distance < 14.0)
    found = potential[electric.INSIDE][inside]
    assert np.abs(found - exact[inside]).max() < 0.03
    assert count < 30


@pytest.mark.parametrize("spacing_mm", [0.25, 0.5, 1.0])
def test_a_needle_has_the_same_resistance_where_voxels_are_thinner_than_it(spacing_mm):
    """A needle of length L and radius a in endless tissue has R = (ln(2 L / a) - 1) / (2 pi s L), its ends left out."""
    length, radius = 12.0, 0.75
    size = round(24.0 / spacing_mm)
    grid = VolumeGeometry.upright((size,) * 3, (spacing_mm,) * 3)
    centre = np.asarray(grid.center_mm)
    exchange = electric.needle_exchange_m(grid, _line(centre, (0, 0, length / 2)), radius)
    system = _system(grid.shape, spacing_mm, exchange, open_m=electric.open_sides_m(grid, centre))
    found = 1.0 / electric.solve_field(system, system.electrodes[0], np.full(grid.shape, 37.0)).conductance_s
    exact = (np.log(2.0 * length / radius) - 1.0) / (2.0 * np.pi * CONDUCTIVITY_S_M * length * 1e-3)
    assert found == pytest.approx(exact, rel=0.05)


def test_the_current_heats_with_all_its_power():
    grid = VolumeGeometry.upright((40, 36, 38), (1.5,) * 3)
    centre = np.asarray(grid.center_mm)
    exchange = electric.needle_exchange_m(grid, _line(centre, (0, 0, 10.0)), 0.75)
    rng = np.random.default_rng(4)
    system = _system(grid.shape, 1.5, exchange, conductivity=rng.uniform(0.1, 0.8, grid.shape))
    grounded = electric.ElectricSystem(
        system.conductivity_s_m, system.electrodes, np.where(_rim(grid.shape), 1.0, 0.0), system.edge_m,
        {"kind": "power"},
    )
    found = electric.solve_field(grounded, grounded.electrodes[0], np.full(grid.shape, 37.0))
    # what the held rim spends outside the box is the rest
    rim = (grounded.conductivity_s_m * grounded.open_m * found.potential**2).sum()
    assert found.heat_w.sum() + rim == pytest.approx(found.conductance_s, rel=1e-3)


def test_an_open_box_stands_for_endless_tissue():
    """The resistance of a small ball in endless tissue is 1 / (4 pi s a), whatever the size of the box."""
    for half_mm in (12.0, 20.0):
        size = round(2.0 * half_mm / 1.0)
        grid = VolumeGeometry.upright((size,) * 3, (1.0,) * 3)
        distance = np.linalg.norm(_away_mm(grid, grid.center_mm), axis=-1)
        exchange, metal = electric.body_exchange_m(grid, distance - 5.0)
        system = _system(
            grid.shape, 1.0, exchange, open_m=electric.open_sides_m(grid, grid.center_mm),
            conductivity=np.where(metal, 0.0, CONDUCTIVITY_S_M),
        )
        found = electric.solve_field(system, system.electrodes[0], np.full(grid.shape, 37.0))
        assert 1.0 / found.conductance_s == pytest.approx(1e3 / (4.0 * np.pi * CONDUCTIVITY_S_M * 5.0), rel=0.02)


def test_conductivity_rises_and_falls_when_tissue_dries():
    shape = (6, 6, 6)
    exchange = np.zeros(shape)
    exchange[3, 3, 3] = 1e-3
    system = _system(shape, 1.0, exchange, slope=0.015)

    def at(celsius):
        return float(electric.conductivity_at(system, np.full(shape, celsius))[0, 0, 0])

    assert at(37.0) == pytest.approx(CONDUCTIVITY_S_M)
    assert at(57.0) == pytest.approx(CONDUCTIVITY_S_M * 1.3)
    assert at(99.0) == pytest.approx(CONDUCTIVITY_S_M * (1.0 + 0.015 * 62.0))
    assert at(120.0) == pytest.approx(at(99.0) * system.dry_ratio)


def test_any_number_of_threads_gives_the_same_field():
    grid = VolumeGeometry.upright((34, 30, 32), (1.5,) * 3)
    centre = np.asarray(grid.center_mm)
    exchange = electric.needle_exchange_m(grid, _line(centre, (0, 4.0, 8.0)), 0.75)
    system = _system(grid.shape, 1.5, exchange, open_m=electric.open_sides_m(grid, centre), dtype=np.float32)
    warm = np.random.default_rng(0).uniform(37.0, 104.0, grid.shape).astype(np.float32)
    before, found = get_num_threads(), []
    for threads in (1, min(2, before)):
        set_num_threads(threads)
        found.append(electric.solve_field(system, system.electrodes[0], warm))
    set_num_threads(before)
    np.testing.assert_array_equal(found[0].padded, found[1].padded)
    np.testing.assert_array_equal(found[0].heat_w, found[1].heat_w)


def test_single_precision_is_enough():
    grid = VolumeGeometry.upright((34, 30, 32), (1.5,) * 3)
    centre = np.asarray(grid.center_mm)
    exchange = electric.needle_exchange_m(grid, _line(centre, (0, 0, 8.0)), 0.75)
    opened, warm = electric.open_sides_m(grid, centre), np.full(grid.shape, 60.0)
    single, double = (
        electric.solve_field(one, one.electrodes[0], warm.astype(kind))
        for kind in (np.float32, np.float64)
        for one in (_system(grid.shape, 1.5, exchange, open_m=opened, slope=0.015, dtype=kind),)
    )
    assert single.conductance_s == pytest.approx(double.conductance_s, rel=1e-3)
    np.testing.assert_allclose(single.potential, double.potential, atol=2e-3)


def _line(centre, half_mm):
    return [(np.subtract(centre, half_mm), np.add(centre, half_mm))]


def _rim(shape):
    rim = np.ones(shape, bool)
    rim[1:-1, 1:-1, 1:-1] = False
    return rim
