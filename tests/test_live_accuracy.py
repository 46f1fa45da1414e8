"""The zone of the preview against that of the simulation at 1 mm, for settings weak and strong, with a vein and two
applicators; and the pieces that make it so: vessels measured on a finer grid, a border that runs between voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.assess.boundary import distance_to_triangles
from anatomy_twin.core import Applicator
from anatomy_twin.pipeline import live_thermal
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.thermal import ThermalModel, assembly, pipeline
from tests.support.thermal_boxes import centred_plan, liver_block

SLANT = (1.0, 0.6, -0.4)


@pytest.fixture(scope="module")
def blocks():
    return {None: liver_block(110.0), "vein": liver_block(110.0, vein=(12.0, 8.0))}


def beside(plan, *shift_mm):
    """The plan with a second applicator beside the first."""
    first = plan.applicators[0]
    ends = (tuple(np.add(end, shift_mm)) for end in (first.entry_mm, first.tip_mm))
    return replace(plan, applicators=(first, Applicator(first.device, *ends, first.power_w, first.duration_s)))


@pytest.mark.parametrize(("vein", "power_w", "duration_s", "two"), [
    (None, 30.0, 180.0, False), pytest.param("vein", 30.0, 600.0, False, marks=pytest.mark.long),
    ("vein", 100.0, 600.0, False), (None, 60.0, 300.0, True),
])  # fmt: skip
def test_the_volume_is_within_eight_percent_of_the_simulation(blocks, vein, power_w, duration_s, two):
    case, centre = blocks[vein]
    plan = centred_plan(centre, power_w, duration_s, direction=SLANT, depth_mm=40.0)
    plan = beside(plan, -4.0, 6.0, 14.0) if two else plan
    exact = simulate(case, plan, ThermalModel(snapshots=1))
    seen = live_thermal.preview(live_thermal.prepare(case, plan), plan)
    volume_ml = next(one.value for one in seen.quantities if one.name == "ablated_ml")
    assert volume_ml == pytest.approx(exact.coagulated_ml, rel=0.08)
    assert seen.surface.volume_ml == pytest.approx(volume_ml, abs=1e-3)


@pytest.mark.parametrize("choices", [
    {"verdict": "cem43", "perfusion_factor": 2.0}, {"verdict": "isotherm_60", "perfusion_factor": 0.0},
    {"verdict": "isotherm_50", "cooling_s": 60.0},
])  # fmt: skip
def test_a_preview_goes_by_what_decides_and_by_perfusion(blocks, choices):
    case, centre = blocks[None]
    plan = centred_plan(centre, 60.0, 180.0, direction=SLANT, depth_mm=40.0)
    exact = simulate(case, plan, ThermalModel(spacing_mm=1.5, snapshots=1, **choices))
    seen = live_thermal.preview(live_thermal.prepare(case, plan, **choices), plan)
    volume_ml = next(one.value for one in seen.quantities if one.name == "ablated_ml")
    assert volume_ml == pytest.approx(exact.coagulated_ml, rel=0.08)


def test_a_coarse_grid_counts_the_vessels_of_a_fine_one():
    """A vein of 2 mm is no sink, one of 6 mm is, and its volume is the same on both grids."""
    for diameter_mm, wide in ((2.0, False), (6.0, True)):
        case, centre = liver_block(60.0, 0.75, vein=(5.0, diameter_mm))
        sinks = []
        for spacing_mm in (1.0, 2.5):
            plan = centred_plan(centre, 30.0, 180.0, depth_mm=20.0)
            model = ThermalModel(spacing_mm=spacing_mm, room_mm=5.0)
            box, _ = assembly.box_around(case.label_map, plan, model)
            ground = assembly.lay_ground(case.label_map, box, model)
            sinks.append(ground.sink.sum() * spacing_mm**2 / box.shape[0])
        assert (min(sinks) > 0) == wide, diameter_mm
        assert sinks[1] == pytest.approx(sinks[0], rel=0.25) and (not wide or sinks[0] == pytest.approx(28.3, rel=0.2))


def test_the_field_of_the_border_has_its_sign_and_is_smooth(blocks):
    case, centre = blocks[None]
    plan = centred_plan(centre, 30.0, 600.0, depth_mm=40.0)
    system = assembly.assemble(case, plan, ThermalModel(spacing_mm=2.5))
    state = pipeline.run(system, 600.0)[-1]
    field = pipeline.log_damage(system, state, 8.0)
    assert np.array_equal(field > 0, state.omega > 1.0)
    # the last voxel with damage and the first without do not lie at two ends of the scale
    none = (state.omega <= 0.0)
    for axis in range(3):
        ahead, here = np.roll(field, -1, axis), (np.roll(none, -1, axis) != none) & (field > 0)
        assert not here.any() or np.abs(ahead - field)[here].max() < 4.0


def test_the_distance_to_triangles_is_that_of_a_sphere():
    generator = np.random.default_rng(3)
    from skimage.measure import marching_cubes

    grid = np.moveaxis(np.indices((41, 41, 41)), 0, -1) - 20.0
    points, triangles, _, _ = marching_cubes(15.0 - np.linalg.norm(grid, axis=-1), 0.0)
    away = generator.normal(size=(300, 3))
    away *= (generator.uniform(5.0, 30.0, 300) / np.linalg.norm(away, axis=1))[:, None]
    found = distance_to_triangles(points - 20.0, triangles.astype(np.int64), away)
    assert found == pytest.approx(np.abs(np.linalg.norm(away, axis=1) - 15.0), abs=0.06)
