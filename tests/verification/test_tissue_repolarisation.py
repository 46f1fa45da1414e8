"""Maps of repolarisation and restitution of tissue against single cells and against what a straight front must give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import cell, pipeline
from anatomy_twin.simulation.electro.base import Stimulus, activation_ms
from anatomy_twin.simulation.electro.bricks import bricks_of
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.repolarisation import beat_maps, restitution_of


def strand(model, kinds, dt_ms, count=48, diffusivity=0.1, **changed):
    mask = np.ones((1, 1, count), bool)
    grid = VolumeGeometry.upright(mask.shape, (0.5,) * 3)
    points = grid.to_world(np.argwhere(mask))
    return pipeline.tissue(points, bricks_of(mask, grid, diffusivity), model, kinds, dt_ms, **changed)


def test_tissue_that_is_stimulated_as_one_repolarises_like_its_cell():
    model = ionic_model("ten_tusscher_2006")
    kind = model.parameters("epicardium")
    system = strand(model, (kind,), 0.02, 16)
    stimulus = cell.stimulus_of(model)
    system = replace(system, stimuli=(
        Stimulus(0.0, np.arange(16), stimulus.strength_mv_ms, stimulus.duration_ms),))
    found, end = beat_maps(system, pipeline.init(system, "epicardium"), 600.0)
    _, beats = cell.pace(model, 600.0, 1)
    assert found.apd_ms == pytest.approx(beats[0].apd_ms, abs=0.5)
    assert found.peak_mv == pytest.approx(beats[0].peak_mv, abs=1.0)  # looked at every half millisecond
    assert end.steps * 0.02 < 320.0  # it ends when all have recovered
    half, _ = beat_maps(system, pipeline.init(system, "epicardium"), 600.0, level=0.5)
    assert (half.apd_ms < found.apd_ms - 15.0).all()


def test_a_front_recovers_in_its_order_and_late_cells_later():
    model = ionic_model("mitchell_schaeffer_2003")
    kinds = (model.parameters(tau_close=120.0), model.parameters(tau_close=170.0))
    late = np.arange(48) >= 24
    system = strand(model, kinds, 0.05, kind_of_node=late.astype(int), stimuli=(Stimulus(0.0, np.arange(4)),))
    found, end = beat_maps(system, pipeline.init(system), 500.0)
    assert found.activation_ms == pytest.approx(activation_ms(system, end), abs=0.06)
    assert (np.diff(found.activation_ms[4:]) > 0.0).all()
    # far from the ends and the border between both kinds: the duration of its own cell
    for part, kind in ((slice(8, 14), kinds[0]), (slice(36, 42), kinds[1])):
        _, beats = cell.pace(model, 700.0, 1, parameters=kind, dt_ms=0.05)
        assert found.apd_ms[part] == pytest.approx(beats[0].apd_ms, rel=0.03)
    assert (found.repolarisation_ms > found.activation_ms + 100.0).all()
    quiet, _ = beat_maps(replace(system, stimuli=()), pipeline.init(system), 20.0)
    assert np.isnan(quiet.activation_ms).all() and np.isnan(quiet.apd_ms).all()


def test_restitution_of_tissue_is_that_of_its_cells():
    model = ionic_model("mitchell_schaeffer_2003")
    kind = model.parameters()
    system = strand(model, (kind,), 0.05, 8)
    intervals = [340.0, 400.0, 500.0]
    found = restitution_of(system, pipeline.init(system), np.arange(8), intervals, drive_ms=600.0, beats=3)
    known = cell.restitution_s1s2(model, intervals, cycle_length_ms=600.0, beats=3, dt_ms=0.05,
                                  stimulus=cell.Stimulus(50.0, 2.0))
    assert found.apd_ms == pytest.approx(np.repeat(known.apd_ms[:, None], 8, 1), abs=2.0)
    assert found.diastolic_ms == pytest.approx(np.repeat(known.diastolic_ms[:, None], 8, 1), abs=2.0)
    assert (np.diff(found.apd_ms, axis=0) > 3.0).all()  # a longer rest, a longer answer
    with pytest.raises(SimulationError, match="0 intervals"):
        restitution_of(system, pipeline.init(system), np.arange(8), [])
