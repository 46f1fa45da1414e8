"""Velocity, phase singularities, tracks, parts and frequencies of fields that are known exactly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import trimesh

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.assembly import element_rates
from anatomy_twin.simulation.electro.base import Stimulus, voltage_mv
from anatomy_twin.simulation.electro.measures import (
    Singularities,
    conduction_m_s,
    density_per_s,
    dominant_hz,
    parts_without,
    phase_of,
    singularities,
    tracks,
)
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.spread import rows_of
from anatomy_twin.simulation.electro.velocity import tuned


@pytest.fixture(scope="module")
def sphere():
    made = trimesh.creation.icosphere(subdivisions=5, radius=20.0)
    return SurfaceMesh(np.asarray(made.vertices, np.float64), np.asarray(made.faces, np.int64))


def test_the_velocity_of_a_front_over_a_sphere_is_that_of_its_times(sphere):
    angle = np.arccos(np.clip(sphere.points_mm[:, 2] / 20.0, -1.0, 1.0))
    found = conduction_m_s(sphere, 20.0 * angle / 0.8)
    middles = sphere.points_mm[sphere.triangles].mean(axis=1)
    away = np.abs(middles[:, 2]) < 18.0
    assert np.linalg.norm(found[away], axis=1) == pytest.approx(0.8, rel=0.02)
    assert (found[away, 2] < 0.0).all()  # from the pole at the top downwards
    times = np.where(sphere.points_mm[:, 2] > 0.0, 20.0 * angle / 0.8, np.nan)
    below = (sphere.points_mm[sphere.triangles][:, :, 2] <= 0.0).any(axis=1)
    assert np.isnan(conduction_m_s(sphere, times)[below]).all()
    assert np.isnan(conduction_m_s(sphere, np.zeros(len(times)))).all()  # everywhere at once: no velocity


def test_a_phase_that_turns_about_an_axis_has_its_two_poles_and_nothing_else(sphere):
    phase = np.arctan2(sphere.points_mm[:, 1], sphere.points_mm[:, 0])
    phase[np.hypot(*sphere.points_mm[:, :2].T) < 1e-9] = 0.0
    found = singularities(sphere, phase, 7.0)
    order = np.argsort(found.points_mm[:, 2])
    assert found.time_ms == 7.0 and sorted(found.chirality) == [-1, 1]
    assert found.points_mm[order] == pytest.approx(np.array([[0, 0, -20.0], [0, 0, 20.0]]), abs=1.0)
    assert found.chirality[order[1]] == 1  # counter-clockwise from outside at the top
    assert not singularities(sphere, 0.1 * sphere.points_mm[:, 0]).triangles.size
    with pytest.raises(SimulationError, match="no number"):
        singularities(sphere, np.where(phase > 3.0, np.nan, phase))


def test_a_wave_that_half_the_tissue_lets_through_curls_into_a_pair_that_stays(sphere):
    """A second stimulus in the tail of a front, over half of it: two tips of opposite turn, each of a rotor."""
    name = "mitchell_schaeffer_2003"
    model = ionic_model(name)
    kind = model.parameters(tau_close=40.0, tau_open=60.0)
    diffusivity = tuned(name, kind, 0.3, 1.2, 0.1).diffusivity_mm2_ms
    rows = rows_of(element_rates(sphere.points_mm, sphere.triangles, diffusivity))
    x, y, _ = sphere.points_mm.T
    front = Stimulus(0.0, np.flatnonzero(x < -18.5), 50.0, 2.0)
    half = Stimulus(150.0, np.flatnonzero((y < 0.0) & (x < 8.0)), 60.0, 3.0)
    system = pipeline.tissue(sphere.points_mm, rows, model, (kind,), dt_ms=0.1, stimuli=(front, half))
    voltages = [voltage_mv(system, one) for one in pipeline.run(system, pipeline.init(system), 1200.0, every_ms=5.0)]
    seen = [
        singularities(sphere, phase_of(now, before, -40.0), 5.0 * number)
        for number, (before, now) in enumerate(pairwise(voltages), start=1)
    ]
    assert all(one.chirality.sum() == 0 for one in seen)  # a closed surface has as many of either kind
    assert not any(len(one.triangles) for one in seen[:25]) and all(len(one.triangles) == 2 for one in seen[-100:])
    first, second = tracks(seen, farthest_mm=6.0, least_ms=100.0)
    assert first.chirality == -second.chirality and first.lasted_ms > 1000.0 and second.lasted_ms > 1000.0
    density = density_per_s(sphere, seen)
    tips = np.concatenate([one.points_mm for one in seen if len(one.triangles)])
    far = np.linalg.norm(sphere.points_mm[:, None] - tips[None], axis=2).min(axis=1) > 3.0
    assert density.max() > 5.0 and not density[far].any()
    hertz = dominant_hz(np.array(voltages[-160:]), 5.0, (3.0, 20.0))
    assert np.percentile(hertz, [10.0, 90.0]) == pytest.approx(float(np.median(hertz)), abs=0.4)  # all turn as they do
    assert 4.0 < np.median(hertz) < 12.0


def test_tracks_join_what_is_near_and_turns_alike():
    def moment(time_ms, points, chirality):
        return Singularities(time_ms, np.arange(len(points)), np.array(points, float).reshape(-1, 3),
                             np.array(chirality, np.int64))  # fmt: skip

    seen = [
        moment(0.0, [(0, 0, 0), (20, 0, 0)], [1, -1]), moment(5.0, [(21, 0, 0), (1, 0, 0), (1.5, 0, 0)], [-1, 1, -1]),
        moment(10.0, [(2, 0, 0), (40, 0, 0)], [1, -1]),
    ]
    found = tracks(seen, 3.0)
    assert [(one.chirality, one.lasted_ms) for one in found] == [(1, 10.0), (-1, 5.0), (-1, 0.0), (-1, 0.0)]
    assert found[0].points_mm[:, 0].tolist() == [0.0, 1.0, 2.0]
    assert len(tracks(seen, 3.0, least_ms=5.0)) == 2 and tracks([], 3.0) == ()


def test_a_closed_ring_of_lesions_parts_a_cap_and_one_with_a_gap_does_not(sphere):
    z = sphere.points_mm[:, 2]
    ring = np.abs(z - 10.0) < 1.3
    parts = parts_without(sphere, ring)
    assert (parts[ring] == -1).all() and (parts[z < 8.0] == 0).all() and (parts[z > 12.0] == 1).all()
    gap = ring & ~((sphere.points_mm[:, 0] > 0.0) & (np.abs(sphere.points_mm[:, 1]) < 2.0))
    assert (parts_without(sphere, gap)[~gap] == 0).all()


def test_the_dominant_frequency_of_known_waves_is_theirs():
    time_s = np.arange(0.0, 3.0, 0.005)
    hertz = np.array([4.3, 6.15, 11.0])
    waves = 40.0 * np.sign(np.sin(2.0 * np.pi * hertz * time_s[:, None] + 0.3))
    found = dominant_hz(np.column_stack([waves, np.full(time_s.size, -80.0)]), 5.0)
    assert found[:3] == pytest.approx(hertz, abs=0.05) and found[3] == 0.0
    with pytest.raises(SimulationError, match=r"0\.50 s are too short for 2 Hz"):
        dominant_hz(waves[:100], 5.0)
