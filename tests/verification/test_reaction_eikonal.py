"""Fronts that come again, against the eikonal equation and the whole simulation: on a ring and in a channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.core.heart import Myocardium, Substrate
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import eikonal, pipeline, reaction_eikonal
from anatomy_twin.simulation.electro.base import Stimulus
from anatomy_twin.simulation.electro.chamber_tissue import ClassTissue, eikonal_of, electro_model, tissue_of
from anatomy_twin.simulation.electro.isthmus import activations
from tests.support.made_ventricles import slab_of_muscle

MODEL = electro_model("ventricle_slow_border")


def ring(inner_mm, wide_mm=4.0):
    """A ring of voxels of 1 mm with fibres around it; its points and the angle of each."""
    count = int(2 * (inner_mm + wide_mm)) + 4
    grid = VolumeGeometry.upright((1, count, count), (1.0,) * 3, (-(count - 1) / 2, -(count - 1) / 2, 0.0))
    away = np.linalg.norm(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))[..., :2], axis=-1)
    mask = (away >= inner_mm) & (away < inner_mm + wide_mm)
    points = grid.to_world(np.argwhere(mask))
    angle = np.arctan2(points[:, 1], points[:, 0])
    return Myocardium("ring", mask, grid, np.stack([-np.sin(angle), np.cos(angle), 0.0 * angle], -1)), points, angle


def test_the_first_front_arrives_as_the_eikonal_equation_says():
    muscle = slab_of_muscle((6, 30, 40), 1.0, fibre=(1.0, 1.0, 0.0))
    scar = np.zeros(muscle.count, int)
    scar[np.abs(muscle.points_mm()[:, 0] - 20.0) < 2.0] = 2
    scar[muscle.points_mm()[:, 1] > 24.0] = 0  # a way round
    muscle = replace(muscle, substrate=Substrate(scar, scar.astype(float), "made"))
    again = reaction_eikonal.again_of(muscle, MODEL)
    fronts = reaction_eikonal.run(again, [(5.0, np.array([0]))], 1000.0)
    known = eikonal.activation(eikonal_of(muscle, MODEL), [0], 5.0).times_ms
    found = np.full(muscle.count, np.inf)
    found[fronts.nodes] = fronts.times_ms
    assert fronts.nodes.size == np.unique(fronts.nodes).size == np.isfinite(known).sum()  # once each, then quiet
    assert np.array_equal(np.isfinite(found), np.isfinite(known))
    reached = np.isfinite(known)
    assert found[reached] == pytest.approx(known[reached], rel=0.005, abs=0.05)
    for stimuli, words in (([], "nothing is stimulated"), ([(0.0, np.array([muscle.count]))], "not there")):
        with pytest.raises(SimulationError, match=words):
            reaction_eikonal.run(again, stimuli, 100.0)
    with pytest.raises(SimulationError, match="times of recovery"):
        reaction_eikonal.run(again, [(0.0, np.array([0]))], 100.0, refractory_until_ms=np.zeros(3))


def test_curves_of_restitution_rise_with_rest():
    curves = reaction_eikonal.curves_of(MODEL, "healthy", 1.0)
    early = curves.rest_ms < 200.0
    assert (np.diff(curves.duration_ms[early]) > -1.0).all() and curves.duration_ms[-1] > 1.5 * curves.duration_ms[0]
    assert curves.delay[0] > 1.5 and curves.delay[-1] == 1.0 and (curves.delay[early] > 1.0).all()
    border = reaction_eikonal.curves_of(MODEL, "interstitial", 1.0)
    assert border.duration_ms[-1] > 1.2 * curves.duration_ms[-1]  # recovers late, as it was made
    assert border.rest_ms[0] > curves.rest_ms[0]


@pytest.mark.parametrize("inner_mm", [34.0, 55.0])
def test_a_front_circles_a_ring_a_little_faster_than_in_the_whole_simulation(inner_mm):
    """One way is blocked until the site has recovered. Voxels in steps slow the whole simulation, not the front."""
    muscle, points, angle = ring(inner_mm)
    site, patch = np.flatnonzero((angle > 0) & (angle * inner_mm < 4)), (angle <= 0) & (angle * inner_mm > -12)
    begun = replace(tissue_of(muscle, MODEL, patch), stimuli=(Stimulus(0.0, site),))
    state = pipeline.run(begun, pipeline.init(begun), 325.0)[-1]
    nodes, times = activations(tissue_of(muscle, MODEL), state, 2500.0)
    at = int(np.argmin(np.linalg.norm(points - [0.0, inner_mm + 2.0, 0.0], axis=1)))
    whole = np.diff(times[nodes == at])
    again = reaction_eikonal.again_of(muscle, MODEL)
    fronts = reaction_eikonal.run(again, [(0.0, site)], 2825.0, refractory_until_ms=np.where(patch, 150.0, 0.0))
    quick = fronts.cycles_ms(at)
    assert whole.size >= 3 and quick.size >= 3
    assert np.ptp(whole[-3:]) < 3.0 and np.ptp(quick[-3:]) < 3.0
    assert 0.90 < quick[-1] / whole[-1] < 0.98  # found 0.93 and 0.94
    assert 2.0 * np.pi * inner_mm / 0.63 < quick[-1]  # not faster than rested tissue
    small, _, angle = ring(20.0)  # its cycle would be shorter than an action potential
    patch = (angle <= 0) & (angle * 20.0 > -12)
    ended = reaction_eikonal.run(reaction_eikonal.again_of(small, MODEL), [(0.0, np.flatnonzero(
        (angle > 0) & (angle * 20.0 < 4)))], 2000.0, refractory_until_ms=np.where(patch, 150.0, 0.0))
    assert ended.lasted_ms < 400.0


def test_around_a_channel_the_same_early_beat_goes_on_and_the_same_late_one_ends():
    border = ClassTissue(0.25, 0.25, parameters={"tau_in": 0.3, "tau_close": 200.0, "tau_open": 120.0})
    model = replace(MODEL, name="channel", classes={**MODEL.classes, "interstitial": border})
    muscle = slab_of_muscle((3, 60, 80), 1.0)
    points = muscle.points_mm()
    x, y = (points - points.mean(axis=0))[:, :2].T
    scar = (np.abs(x) < 20.0) & (np.abs(y) < 18.0)
    classes = np.where(scar & (np.abs(y) < 4.0), np.where(x < 5.0, 1, 0), np.where(scar, 2, 0))
    muscle = replace(muscle, substrate=Substrate(classes, classes.astype(float), "made"))
    site = np.flatnonzero(np.linalg.norm(points - [8.0, 29.5, 1.0], axis=1) < 3.0)
    at = int(np.argmin(np.linalg.norm(points - [30.0, 29.0, 1.0], axis=1)))
    again, system = reaction_eikonal.again_of(muscle, model), tissue_of(muscle, model)
    for interval, goes_on in ((320.0, True), (380.0, False)):
        beats = (0.0, 600.0, 600.0 + interval)
        quick = reaction_eikonal.run(again, [(time, site) for time in beats], beats[-1] + 2000.0).cycles_ms(at)
        paced = replace(system, stimuli=tuple(Stimulus(time, site) for time in beats))
        nodes, times = activations(paced, pipeline.init(paced), beats[-1] + 2000.0)
        whole = np.diff(times[nodes == at])
        assert (quick.size > 4, whole.size > 4) == (goes_on, goes_on)
        pair = quick[-4:].mean(), whole[-4:].mean()  # long and short cycles take turns in both
        assert pair[0] == pytest.approx(pair[1], rel=0.1)
