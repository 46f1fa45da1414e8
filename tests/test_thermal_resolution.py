"""Grids and steps that cannot resolve what is asked are named with their place; a finer box around the target works."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import simulation
from anatomy_twin.core import Applicator, Case, LabelMap
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal import ThermalModel, assembly, pipeline
from tests.support.thermal_boxes import centred_plan, liver_block
from tests.support.toy_patient import make_segment


@pytest.fixture(scope="module")
def block():
    return liver_block(90.0, 1.0)


def with_small_target(case, centre, radius_mm):
    """The case with a second target of this radius in its middle."""
    labels = case.label_map
    away = labels.geometry.to_world(np.moveaxis(np.indices(labels.geometry.shape), 0, -1)) - centre
    small = (np.linalg.norm(away, axis=-1) <= radius_mm).astype(np.uint8)
    grown = np.concatenate([labels.array, small[None]])
    segments = (*labels.segments, make_segment("tumour_2", len(labels.array), 1))
    return Case.new(volume=case.volume, labels=LabelMap(grown, labels.geometry, segments))


def warnings_of(case, plan, **options):
    return assembly.assemble(case, plan, ThermalModel(room_mm=5.0, **options)).warnings


def test_a_target_of_few_voxels_is_warned_of_with_its_place_and_one_below_a_voxel_refused(block):
    case, centre = block
    plan = replace(centred_plan(centre, 20.0, 60.0, depth_mm=30.0), target="tumour_2")
    small = with_small_target(case, centre, 2.2)
    found = [line for line in warnings_of(small, plan, spacing_mm=2.0) if "tumour_2" in line]
    place = "{:.1f}, {:.1f}, {:.1f} mm LPS".format(*centre)
    assert len(found) == 1 and "4.0 mm across" in found[0] and place in found[0] and "1.3 mm" in found[0]
    assert not any("tumour_2" in line for line in warnings_of(small, plan, spacing_mm=1.0))
    with pytest.raises(SimulationError, match="less than a voxel of 3 mm") as caught:
        warnings_of(with_small_target(case, centre, 1.0), plan, spacing_mm=3.0)
    assert place in caught.value.line


def test_a_coarse_grid_and_missing_vessels_are_told_and_shafts_that_take_turns_are_not(block):
    case, centre = block
    plan = centred_plan(centre, 20.0, 60.0, depth_mm=30.0)
    one = plan.applicators[0]
    turns = replace(plan, applicators=(one, replace(one, start_s=60.0)))
    found = warnings_of(case, turns, spacing_mm=3.0)
    assert any("voxels of 3 mm are coarse" in line for line in found)
    assert sum("no vessel is segmented" in line for line in found) == 1
    assert not any("overlap" in line for line in found)
    assert not any("coarse" in line for line in warnings_of(case, plan, spacing_mm=2.5))
    assert not any("no vessel" in line for line in warnings_of(case, plan, spacing_mm=2.5, vessel_sinks=False))
    again = replace(plan, applicators=(one, replace(one, start_s=59.0)))
    (line,) = [line for line in warnings_of(case, again, spacing_mm=2.5) if "overlap" in line]
    assert "applicators 1 and 2 overlap: their axes are 0.0 mm apart at" in line and "mm LPS" in line


def test_a_vessel_that_coarse_voxels_lose_is_named_with_its_place():
    # its axis lies on the edge of four voxels, none of which is half full
    case, centre = liver_block(88.0, 1.0, vein=(16.0, 4.8))
    plan = centred_plan(centre, 20.0, 60.0, depth_mm=30.0)
    system = assembly.assemble(case, plan, ThermalModel(room_mm=5.0, spacing_mm=4.0))
    assert system.parameters["voxels of large vessels"] == "0"
    lost = [line for line in system.warnings if "lose vessels" in line]
    assert len(lost) == 1
    x_mm, y_mm = (float(part) for part in lost[0].rpartition(" at ")[2].split(",")[:2])
    assert abs(x_mm - centre[0] - 16.0) <= 2.1 and abs(y_mm - centre[1]) <= 2.1
    assert not any("lose vessels" in line for line in warnings_of(case, plan, spacing_mm=1.0))


def test_applicators_that_overlap_while_both_work_are_named_with_the_place(block):
    case, centre = block
    plan = centred_plan(centre, 20.0, 60.0, depth_mm=30.0)
    crossing = centred_plan(centre, 20.0, 60.0, direction=(1.0, 0.0, 0.0), depth_mm=30.0).applicators[0]
    both = replace(plan, applicators=(*plan.applicators, crossing))
    found = [line for line in warnings_of(case, both, spacing_mm=2.0) if "overlap" in line]
    assert len(found) == 1 and found[0].startswith("applicators 1 and 2 overlap")
    assert "{:.1f}, {:.1f}, {:.1f} mm LPS".format(*centre) in found[0]
    later = replace(both, applicators=(plan.applicators[0], replace(crossing, start_s=60.0)))
    assert not any("overlap" in line for line in warnings_of(case, later, spacing_mm=2.0))


def test_a_generator_that_acts_too_seldom_is_refused(block):
    case, centre = block
    tip = tuple(np.add(centre, (0.0, 0.0, -10.0)))
    probe = Applicator("rfa-cooled-20", tuple(np.add(centre, (0.0, 0.0, 40.0))), tip, 100.0, 60.0)
    plan = replace(centred_plan(centre), applicators=(probe,))
    with pytest.raises(SimulationError, match="acts every 10 s cannot keep pauses of 15 s"):
        assembly.assemble(case, plan, ThermalModel(spacing_mm=2.0, room_mm=5.0, control_s=10.0))


def test_a_step_that_is_not_stable_is_refused_with_its_place(block):
    case, centre = block
    system = assembly.assemble(case, centred_plan(centre, 20.0, 60.0, depth_mm=30.0), ThermalModel(room_mm=5.0))
    assert pipeline.step(system, pipeline.init(system), 1, system.time_step_s * 1.05).time_s > 0
    with pytest.raises(SimulationError, match=r"too long for voxels of 1 mm.*use at most") as caught:
        pipeline.step(system, pipeline.init(system), 1, 5.0)
    assert "mm LPS" in caught.value.line


def test_the_cost_is_told_before_a_long_run(block, monkeypatch):
    case, centre = block
    told = []

    class Listener:
        cancelled = False
        stage = progress = staticmethod(lambda *_: None)
        warn = staticmethod(told.append)

    plan = centred_plan(centre, 20.0, 60.0, depth_mm=30.0)
    result = simulation.simulate(case, plan, ThermalModel(spacing_mm=2.0, room_mm=5.0), Listener())
    assert not any("the run takes" in line for line in told)
    assert "steps of at most" in result.parameters["time step"]
    monkeypatch.setattr("anatomy_twin.simulation.thermal.resolution.LONG_S", 0.0)
    simulation.simulate(case, plan, ThermalModel(spacing_mm=2.0, room_mm=5.0), Listener())
    assert any("the run takes" in line and "million voxels" in line for line in told)


def test_a_finer_box_around_the_target_gives_the_same_zone(block):
    """Half a millimetre on a scan of one: the zone nears that of finer voxels, and the grid lies in the scan."""
    case, centre = block
    plan = centred_plan(centre, 30.0, 90.0, depth_mm=30.0)
    volumes = {}
    for spacing in (2.0, 1.0, 0.5):
        result = simulation.simulate(case, plan, ThermalModel(spacing_mm=spacing, room_mm=5.0, snapshots=1))
        volumes[spacing] = result.surface.volume_ml
        assert result.geometry.spacing_mm == (spacing,) * 3
        inside = case.label_map.geometry.contains(result.geometry.to_world(np.array([np.zeros(3)])))
        assert bool(np.all(inside))
    assert volumes[1.0] == pytest.approx(volumes[0.5], rel=0.02)
    assert volumes[2.0] == pytest.approx(volumes[0.5], rel=0.04)
