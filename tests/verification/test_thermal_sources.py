"""The microwave source and the walls of large vessels against closed solutions."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

from anatomy_twin import catalog
from anatomy_twin.core import Applicator, VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import bioheat
from anatomy_twin.simulation.thermal import sources, vessels

LIVER = (2.45e9, 43.03, 1.69)


def upright_probe(power_w: float = 60.0, tip=(0.0, 0.0, 0.0)) -> Applicator:
    """An applicator that enters from the head, with its active zone around the origin."""
    low = np.add(tip, (0.0, 0.0, -catalog.load("devices")["devices"]["mwa-generic"]["active_offset_mm"]))
    return Applicator("mwa-generic", tuple(np.add(low, (0, 0, 90))), tuple(low), power_w, 300.0)


def box(size: int, spacing: float = 1.0) -> VolumeGeometry:
    """A cube of voxels around the origin."""
    return VolumeGeometry.upright((size,) * 3, (spacing,) * 3, (-(size - 1) / 2.0 * spacing,) * 3)


def test_attenuation_is_the_real_part_of_the_complex_propagation_constant():
    frequency, permittivity, conductivity = LIVER
    angular = 2 * math.pi * frequency
    complex_permittivity = permittivity - 1j * conductivity / (angular * sources.VACUUM_PERMITTIVITY_F_M)
    exact = (1j * angular / sources.SPEED_OF_LIGHT_M_S * cmath.sqrt(complex_permittivity)).real
    assert sources.attenuation_1_m(*LIVER) == pytest.approx(exact, rel=1e-9)
    assert 1e3 / exact == pytest.approx(20.8, abs=0.5)  # penetration depth of liver at 2.45 GHz in mm


def test_one_emitter_leaves_the_closed_share_of_its_power_within_a_ball():
    spacing, size, radius, attenuation = 1.0, 81, 30.0, 0.048
    density = np.zeros((size,) * 3)
    start = np.full(3, -(size - 1) / 2.0)
    far = np.array([1e3, 1e3, 1e3])
    bioheat.attenuated_line(
        density, start, spacing, np.zeros((1, 3)), np.ones(1), attenuation, far, far + 1.0, 1e-3, 5
    )
    axis = start[0] + np.arange(size)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    for ball in (10.0, 20.0, radius):
        shell = np.sqrt(z**2 + y**2 + x**2)
        inside = density[(shell < ball) & (shell > 4.0)].sum()
        exact = math.exp(-2 * attenuation * 4.0) - math.exp(-2 * attenuation * ball)
        assert inside == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("power_w", [20.0, 60.0, 100.0])
def test_the_absorbed_power_is_exact_whatever_is_air(power_w):
    grid = box(61, 1.5)
    absorbing = np.ones(grid.shape, bool)
    expected = power_w * (1.0 - catalog.load("devices")["devices"]["mwa-generic"]["sar"]["shaft_loss"])
    assert sources.power_per_voxel_w(upright_probe(power_w), grid, absorbing).sum() == pytest.approx(expected)
    absorbing[:, :10] = False
    power = sources.power_per_voxel_w(upright_probe(power_w), grid, absorbing)
    assert power.sum() == pytest.approx(expected)
    assert power[:, :10].max() == 0.0


def test_the_source_has_the_symmetry_of_the_antenna():
    power = sources.power_per_voxel_w(upright_probe(), box(51), np.ones((51,) * 3, bool))
    for other in (power[:, ::-1], power[:, :, ::-1], power.transpose(0, 2, 1)):
        assert np.allclose(other, power, rtol=1e-9, atol=1e-12)
    along = power.sum(axis=(1, 2))
    centre = (along * np.arange(51)).sum() / along.sum()
    assert abs(centre - 25.0) < 0.6  # the shaft above and not below the tip shifts it a little


def test_the_source_does_not_depend_on_how_the_grid_lies():
    grid = box(41)
    turned = VolumeGeometry(grid.shape, grid.spacing_mm, np.eye(3), grid.origin_mm)
    absorbing = np.ones(grid.shape, bool)
    upright = sources.power_per_voxel_w(upright_probe(), grid, absorbing)  # [z, y, x]
    other = sources.power_per_voxel_w(upright_probe(), turned, absorbing)  # [x, y, z]
    assert np.allclose(other.transpose(2, 1, 0), upright, rtol=1e-9, atol=1e-12)


def test_a_source_outside_tissue_and_settings_out_of_range_are_refused():
    grid = box(21)
    with pytest.raises(SimulationError, match="outside tissue"):
        sources.power_per_voxel_w(upright_probe(), grid, np.zeros(grid.shape, bool))
    with pytest.raises(SimulationError, match="out of the range"):
        sources.check_settings(upright_probe(150.0))
    with pytest.raises(SimulationError, match="no device"):
        sources.check_settings(Applicator("laser", (0, 0, 9), (0, 0, 0), 10.0, 60.0))


def cylinder(diameter_mm: float, direction, size: int = 48) -> np.ndarray:
    """Voxels of 1 mm whose centre lies in a cylinder through the middle of a cube."""
    along = np.asarray(direction) / np.linalg.norm(direction)
    away = np.moveaxis(np.indices((size,) * 3), 0, -1) - (size - 1) / 2.0 + np.array([0.13, -0.21, 0.37])
    aside = away - (away @ along)[..., None] * along
    return np.linalg.norm(aside, axis=-1) <= diameter_mm / 2.0


@pytest.mark.parametrize("direction", [(1, 0, 0), (1, 1, 0), (3, 2, 1)])
@pytest.mark.parametrize("diameter_mm", [4.0, 6.0, 8.0, 12.0])
def test_local_diameter_of_a_straight_vessel(diameter_mm, direction):
    found = vessels.local_diameter_mm(cylinder(diameter_mm, direction), 1.0)
    assert np.median(found[found > 0]) == pytest.approx(diameter_mm, abs=max(1.01, 0.2 * diameter_mm))


def test_a_thin_vessel_beside_a_wide_one_stays_thin():
    mask = cylinder(2.0, (1, 0, 0)) | np.roll(cylinder(10.0, (1, 0, 0)), 12, axis=2)
    found = vessels.local_diameter_mm(mask, 1.0)
    assert found[24, 24, 20:26].max() <= 3.0
    assert found[24, 24, 36] >= 8.0


@pytest.mark.parametrize("direction", [(1, 0, 0), (1, 1, 0), (3, 2, 1)])
def test_the_wall_of_a_vessel_passes_what_a_smooth_cylinder_would(direction):
    # with tissue that conducts perfectly only the wall resists: h pi d per length, and h d = Nu k
    mask = cylinder(9.0, direction)
    transfer = np.where(mask, 4.36 * 0.517 / 9e-3, 0.0)
    perfect = np.full(mask.shape, 1e9)
    wall = vessels.wall_conductance_w_k(mask, transfer, perfect, 1.0)
    inner = (slice(8, -8),) * 3
    length_m = mask[inner].sum() / (math.pi * 4.5**2) * 1e-3
    assert wall[inner].sum() == pytest.approx(4.36 * 0.517 * math.pi * length_m, rel=0.08)
    assert not wall[mask].any()
