"""Potentials of electrodes and electrocardiograms against what is known exactly of sources in a medium without end."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from anatomy_twin.core import Chamber, SurfaceMesh, VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import ecg, pipeline, sinus
from anatomy_twin.simulation.electro.assembly import element_rates, fibre_tensors
from anatomy_twin.simulation.electro.base import Stimulus, activation_ms
from anatomy_twin.simulation.electro.bricks import bricks_of
from anatomy_twin.simulation.electro.electrograms import (
    WALL_MM,
    Electrograms,
    electrode_weights,
    node_volumes_mm3,
    record,
)
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.spread import box_lattice, rows_of
from anatomy_twin.simulation.electro.velocity import tuned
from tests.support.made_ventricles import slab_of_muscle

INSIDE, AROUND = 0.14, 0.7  # S/m: 0.1 mm2/ms at 1400 / cm and 1 uF/cm2


def box(shape, spacing_mm=0.5, tensors=0.1):
    mask, grid = np.ones(shape, bool), VolumeGeometry.upright(shape, (spacing_mm,) * 3)
    points = grid.to_world(np.argwhere(mask))
    return bricks_of(mask, grid, tensors), points, np.full(mask.size, spacing_mm**3)


def test_within_uniform_tissue_the_potential_is_the_voltage_turned_round():
    """The integral of div grad V / (4 pi r) is -V where V fades within the tissue: phi = -(s / s_b) V."""
    spread, points, volumes = box((41, 41, 41))
    middle = np.array([10.0, 10.0, 10.0])
    volts = 100.0 * np.exp(-((points - middle) ** 2).sum(axis=1) / (2.0 * 2.5**2))
    places = {"middle": middle, "beside": (12.0, 11.0, 10.0), "outside": (10.0, 10.0, 35.0)}
    weights = electrode_weights(spread, points, volumes, places, surround_s_m=AROUND)
    found = weights @ volts
    expected = -INSIDE / AROUND * 100.0 * np.exp(-np.array([0.0, 5.0, 625.0]) / (2.0 * 2.5**2))
    assert found == pytest.approx(expected, rel=0.03, abs=0.01)
    assert weights @ np.full(len(points), 30.0) == pytest.approx(0.0, abs=1e-3)  # nothing where all is alike


@pytest.mark.parametrize("away_mm", [3.0, 6.0, 12.0, -8.0])
def test_a_front_is_seen_by_its_solid_angle(away_mm):
    """A sheet of dipoles: phi = s dV / (4 pi s_b) times the solid angle of the front, positive ahead of it."""
    side, half = 24, 40
    spread, points, volumes = box((side, side, 2 * half))
    volts = np.where(points[:, 0] < 0.5 * half - 0.25, 100.0, 0.0)
    centre = points.mean(axis=0)
    place = centre * [0.0, 1.0, 1.0] + [0.5 * half - 0.25 + away_mm, 0.0, 0.0]
    found = electrode_weights(spread, points, volumes, {"axis": place}, surround_s_m=AROUND) @ volts
    edge = 0.25 * side  # half of the side of the square, mm
    angle = 4.0 * np.arcsin(edge**2 / (edge**2 + away_mm**2))
    assert found[0] == pytest.approx(np.sign(away_mm) * INSIDE * 100.0 * angle / (4.0 * np.pi * AROUND), rel=0.03)


def test_a_surface_stands_for_its_wall():
    """A sphere of triangles and the same wall as voxels give the same potential for the same V."""
    radius, step = 20.0, 0.5
    ball = trimesh.creation.icosphere(subdivisions=5, radius=radius)
    surface = SurfaceMesh(np.asarray(ball.vertices), np.asarray(ball.faces))
    on_surface = rows_of(element_rates(surface.points_mm, surface.triangles, 0.1))
    count = 88
    grid = VolumeGeometry.upright((count,) * 3, (step,) * 3, (-0.5 * step * (count - 1),) * 3)
    away = np.linalg.norm(np.moveaxis(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0), axis=0)
    mask = np.abs(away - radius) < 0.5 * WALL_MM
    points = grid.to_world(np.argwhere(mask))
    places = {"inside": (0.0, 0.0, -10.0), "outside": (0.0, 0.0, 33.0)}
    found = []
    for spread, where, volumes in (
        (on_surface, surface.points_mm, node_volumes_mm3(Chamber("ball", surface, ()))),
        (bricks_of(mask, grid, 0.1), points, np.full(len(points), step**3)),
    ):
        volts = 100.0 / (1.0 + np.exp(-(where[:, 2] / np.linalg.norm(where, axis=1) * radius - 3.0) / 1.5))
        assert volumes.sum() == pytest.approx(4.0 * np.pi * radius**2 * WALL_MM, rel=0.02)
        found.append(electrode_weights(spread, where, volumes, places) @ volts)
    assert found[0] == pytest.approx(found[1], rel=0.08)


def test_electrodes_are_refused_by_name_and_two_make_a_bipolar_signal():
    spread, points, volumes = box((4, 4, 30))
    with pytest.raises(SimulationError, match="'tip' is 58 mm from any tissue"):
        electrode_weights(spread, points, volumes, {"ring": (5.0, 0.0, 1.0), "tip": (5.0, 0.0, 60.0)})
    with pytest.raises(SimulationError, match="no electrode"):
        electrode_weights(spread, points, volumes, {})
    with pytest.raises(SimulationError, match="one stencil"):
        electrode_weights(box_lattice((4, 4, 8), (1.0,) * 3, (0.1,) * 3), points, volumes, {"a": (0.0, 0.0, 0.0)})
    model = ionic_model("mitchell_schaeffer_2003")
    system = pipeline.tissue(points, spread, model, dt_ms=0.05, stimuli=(Stimulus(0.0, np.arange(16) * 30),))
    pair = {"a": (6.0, 0.75, 3.0), "b": (8.0, 0.75, 3.0)}
    weights = dict(zip(pair, electrode_weights(spread, points, volumes, pair), strict=True))
    signals, end = record(system, pipeline.init(system), weights, 40.0, 0.5)
    assert signals.times_ms[-1] == pytest.approx(40.0) and end.steps == 800
    times = activation_ms(system, end)
    for name, place in pair.items():  # it falls most steeply as the front passes below it
        below = times[np.argmin(np.linalg.norm(points - place, axis=1))]
        assert signals.times_ms[np.argmin(np.gradient(signals.of(name)))] == pytest.approx(below, abs=1.0)
    assert signals.bipolar_mv("a", "b") == pytest.approx(signals.of("a") - signals.of("b"))


def dipole_ecg(way):
    """Leads of a dipole in the middle of the torso that points one way for 80 ms and less strongly so after 200 ms."""
    times = np.arange(0.0, 400.0)
    strength = 40.0 * np.exp(-((times - 40.0) / 15.0) ** 2) + 10.0 * np.exp(-((times - 280.0) / 30.0) ** 2)
    lying = ecg.TorsoOrientation(np.eye(3), np.zeros(3), "as it is")
    places = ecg.torso_electrodes(lying)
    potentials = [np.asarray(way) @ np.array(place) / np.linalg.norm(place) ** 3 for place in places.values()]
    return ecg.ecg_of(Electrograms(tuple(places), times, strength[:, None] * np.array(potentials)), lying)


@pytest.mark.parametrize(("degrees", "name"), [
    (0.0, "normal"), (60.0, "normal"), (-60.0, "left axis deviation"), (120.0, "right axis deviation"),
    (-150.0, "extreme axis"),
])  # fmt: skip
def test_the_axis_is_that_of_the_dipole_and_leads_add_up(degrees, name):
    turn = np.radians(degrees)
    found = dipole_ecg([np.cos(turn), 0.0, -np.sin(turn)])  # 0 to the left, 90 to the feet
    measured = ecg.measures_of(found)
    assert measured.axis_deg == pytest.approx(degrees, abs=0.5) and measured.axis_name == name
    assert found.lead("I") + found.lead("III") == pytest.approx(found.lead("II"))
    assert found.lead("aVR") + found.lead("aVL") + found.lead("aVF") == pytest.approx(0.0, abs=1e-12)
    # u exp(-u^2) is a 20th of its greatest value at u = 2.145
    assert measured.qrs_ms == pytest.approx(2 * 2.145 * 15.0, abs=2.0)
    upright = [lead for lead in ecg.LEADS if found.lead(lead)[280] > 0.02 * np.ptp(found.lead(lead))]
    assert [lead for lead, wave in measured.t_waves.items() if wave == "upright"] == upright


def test_a_heart_is_laid_into_the_torso_by_its_own_axes():
    points = np.random.default_rng(2).normal(size=(50, 3))
    lies = ecg.laid_in_torso(points, np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]))
    down = lies.rotation @ [0.0, 0.0, -1.0]  # from base to apex: to the left, front and feet
    assert down[0] > 0.4 and down[1] < -0.3 and down[2] < -0.3
    right = lies.rotation @ [1.0, 0.0, 0.0]
    assert right[0] < -0.5 and right[1] < -0.5
    places = ecg.torso_electrodes(lies)
    away = np.array(places["V2"]) - points.mean(axis=0)
    assert lies.rotation @ away == pytest.approx([-10.0, -78.0, 20.0], abs=1e-9)
    with pytest.raises(SimulationError, match="parallel"):
        ecg.laid_in_torso(points, np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 2.0]))
    with pytest.raises(SimulationError, match="no rotation"):
        ecg.TorsoOrientation(-np.eye(3), np.zeros(3), "")
    with pytest.raises(SimulationError, match="flat"):
        ecg.measures_of(ecg.Ecg(np.arange(10.0), np.zeros((12, 10))))


@pytest.fixture(scope="module")
def wall():
    """A piece of wall, 30 x 12 x 12 mm, its inner side at i = 0, with an electrode beyond its outer side."""
    muscle = slab_of_muscle((12, 12, 30), 1.0)
    depth = muscle.points_mm()[:, 0] / 29.0
    inner = depth == 0.0
    found = type(muscle)("wall", muscle.mask, muscle.geometry, muscle.fibres, depth,
                         parts={"left_endocardium": inner})
    spread = sinus.heart_conduction(found)
    weights = electrode_weights(spread, found.points_mm(), node_volumes_mm3(found), {"outer": (40.0, 5.5, 5.5)})
    return found, {"outer": weights[0]}


def test_the_inner_layer_is_faster_and_the_rest_is_not(wall):
    muscle, _ = wall
    root = sinus.Root((0.0, 0.0, 0.0), 3.0)
    points = muscle.points_mm()
    for factor in (1.0, 3.0):
        beat = sinus.SinusBeat(along_m_s=0.6, across_m_s=0.3, endocardial_factor=factor)
        times = sinus.activation_of(muscle, (root,), beat)
        far = np.argmin(np.abs(points - [0.0, 11.0, 0.0]).sum(axis=1))
        deep = np.argmin(np.abs(points - [29.0, 0.0, 0.0]).sum(axis=1))
        speed = 0.3 if factor == 1.0 else 0.6 * factor
        assert times[far] - 3.0 == pytest.approx(11.0 / speed, rel=0.02)
        assert times[deep] - 3.0 == pytest.approx(29.0 / 0.6, rel=0.03)
    with pytest.raises(SimulationError, match="no root"):
        sinus.activation_of(muscle, ())


def test_the_t_wave_turns_with_the_gradient_of_durations(wall):
    """Where the outside recovers first, as it does with a gradient steeper than its delay, QRS and T agree."""
    muscle, weights = wall
    times = sinus.activation_of(muscle, [sinus.Root((0.0, y, z)) for y in range(12) for z in range(12)])
    delay = times.max()
    areas = []
    for outer_ms in (300.0, 300.0 - 2.0 * delay):
        beat = sinus.SinusBeat(endocardium_ms=300.0, epicardium_ms=outer_ms, apex_to_base_ms=0.0)
        durations = sinus.durations_of(muscle, (1.0, 0.0, 0.0), beat)
        line = sinus.potentials_of_beat(weights, times, durations).of("outer")
        qrs, late = line[: int(delay) + 6].sum(), line[int(delay) + 20 :].sum()
        areas.append((qrs, late))
        assert qrs > 0.0  # the front comes nearer
    assert areas[0][1] < 0.0 < areas[1][1]
    # every cell goes through the same voltages: with one duration all over, what T adds up to undoes what QRS does
    assert areas[0][1] == pytest.approx(-areas[0][0], rel=0.5)


def test_a_beat_by_arrival_looks_like_one_of_the_whole_simulation(wall):
    muscle, _ = wall
    model, dt_ms = ionic_model("ten_tusscher_2006"), 0.02
    kind = model.parameters("epicardium")
    tuning = tuned(model.name, kind, 0.6, 1.0, dt_ms, triangles=False)
    system_spread = bricks_of(muscle.mask, muscle.geometry, fibre_tensors(
        muscle.fibres, tuning.diffusivity_mm2_ms, tuning.diffusivity_mm2_ms))
    points = muscle.points_mm()
    paced = np.flatnonzero(points[:, 0] < 3.0)
    system = pipeline.tissue(points, system_spread, model, (kind,), dt_ms, stimuli=(Stimulus(0.0, paced),))
    weights = dict(zip(("outer",), electrode_weights(
        system_spread, points, node_volumes_mm3(muscle), {"outer": (40.0, 5.5, 5.5)}), strict=True))
    whole, _ = record(system, pipeline.init(system, "epicardium"), weights, 70.0)
    beat = sinus.SinusBeat(along_m_s=0.6, across_m_s=0.6, endocardial_factor=1.0)
    times = sinus.activation_of(muscle, [sinus.Root((2.0, y, z)) for y in range(12) for z in range(12)], beat)
    quick = sinus.potentials_of_beat(weights, np.maximum(times, 1.0), np.full(muscle.count, 300.0), 70.0)
    one, other = whole.of("outer")[8:], quick.of("outer")[8:]
    assert np.corrcoef(one, other)[0, 1] > 0.95
    assert one.max() == pytest.approx(other.max(), rel=0.15)
