"""What drives: a wave round a hole, a spiral, a point that fires, and disorder, each made so that it is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import Stimulus
from anatomy_twin.simulation.electro.chamber_tissue import ClassTissue, ElectroModel, tissue_of
from anatomy_twin.simulation.electro.drivers import EVERY_MS, Record, drivers_of, joined_tracks, recorded
from anatomy_twin.simulation.electro.measures import Track
from tests.support.sheets import sheet

VELOCITY = 0.3
QUICK = ClassTissue(VELOCITY, VELOCITY, parameters={"tau_in": 0.3, "tau_close": 35.0, "tau_open": 60.0})
MODEL = ElectroModel("quick", classes=dict.fromkeys(("healthy", "interstitial", "dense"), QUICK))


def begun(chamber, excited, refractory, dead=None):
    """Tissue where some nodes are excited and others cannot be yet, some time later."""
    system = tissue_of(chamber, MODEL, dead)
    v, h = np.where(excited, 10.0, -80.0), np.where(refractory, 0.0, 1.0)
    return system, pipeline.run(system, pipeline.init(system, cells=(v, h[None])), 400.0)[-1]


def cycles(record):
    """Times between upstrokes of some nodes that are alive."""
    volts = record.voltages_mv[:, np.flatnonzero(record.alive)[::7]]
    up = (volts[1:] > -40.0) & (volts[:-1] <= -40.0)
    gaps = np.concatenate([np.diff(np.flatnonzero(column)) for column in up.T]) * EVERY_MS
    middle = float(np.median(gaps))
    return middle, float(np.subtract(*np.percentile(gaps, [75, 25])) / middle)


def on(points, centre=(25.0, 25.0)):
    away = points[:, :2] - centre
    return np.hypot(*away.T), np.arctan2(away[:, 1], away[:, 0])


@pytest.mark.parametrize("way", [1, -1])
def test_a_wave_round_an_opening_is_macro_reentry_and_the_opening_is_named(way):
    chamber = sheet(50.0, 50.0, 1.0, lambda points: (on(points)[0] > 12.0) & (on(points)[0] < 20.0))
    _, angle = on(chamber.surface.points_mm)
    angle = way * angle
    system, state = begun(chamber, (angle > 0.0) & (angle < 0.8), (angle > -1.2) & (angle <= 0.0))
    record = recorded(system, state)
    cycle, spread = cycles(record)
    assert 0.9 * 2.0 * np.pi * 12.0 / VELOCITY < cycle < 1.3 * 2.0 * np.pi * 13.0 / VELOCITY
    found = drivers_of(chamber, record, cycle, spread)
    assert found.arrhythmia == "macro re-entry" and not found.rotors
    turns = {one.name: one.way for one in found.turning}
    assert turns == {"hole 1": way, "mitral valve": -way}  # seen from outside of each of them
    assert "in 100 % of what is alive" in found.evidence[0]
    words = "counter-clockwise" if way > 0 else "clockwise"
    assert any(f"goes round hole 1, {words} seen from outside, in 100 %" in line for line in found.evidence)
    assert np.median(found.dominant_hz) == pytest.approx(1000.0 / cycle, rel=0.05)


def test_a_wave_round_scar_and_lesions_is_macro_reentry_too():
    chamber = sheet(40.0, 40.0, 1.0)
    radius, angle = on(chamber.surface.points_mm, (20.0, 20.0))
    dead = radius < 10.0
    system, state = begun(chamber, (angle > 0.0) & (angle < 0.8) & ~dead, (angle > -1.2) & (angle <= 0.0), dead)
    record = recorded(system, state)
    found = drivers_of(chamber, record, *cycles(record))
    assert found.arrhythmia == "macro re-entry"
    assert any("what does not conduct at 20" in one.name and one.way == 1 for one in found.turning)
    assert not found.dominant_hz[dead].any() and np.isnan(record.last_ms[dead]).all()


def test_a_spiral_on_a_disc_is_a_rotor_at_its_place_and_turns_its_way():
    chamber = sheet(50.0, 50.0, 1.0)
    x, y, _ = chamber.surface.points_mm.T
    # runs right below, can go neither back nor up at once: counter-clockwise, the phase rises the other way
    system, state = begun(chamber, (x < 25.0) & (x > 15.0) & (y < 25.0), (x <= 15.0) | (y >= 25.0))
    record = recorded(system, state)
    found = drivers_of(chamber, record, *cycles(record))
    assert found.arrhythmia == "rotors" and found.rotors[0].lasted_ms > 900.0
    assert found.rotors[0].chirality == -1 and len(found.rotors) == 1
    middle = found.rotors[0].points_mm.mean(axis=0)
    assert np.linalg.norm(middle[:2] - 25.0) < 12.0
    densest = chamber.surface.points_mm[np.argmax(found.singularities_per_s)]
    assert np.linalg.norm(densest - found.rotors[0].points_mm, axis=1).min() < 4.0


def test_a_point_that_fires_is_focal_and_its_place_is_told():
    chamber = sheet(40.0, 40.0, 1.0)
    system = tissue_of(chamber, MODEL)
    near = np.flatnonzero(np.linalg.norm(chamber.surface.points_mm - (14.0, 22.0, 0.0), axis=1) < 2.0)
    fires = tuple(Stimulus(200.0 * n, near) for n in range(8))
    system = replace(system, stimuli=fires)
    record = recorded(system, pipeline.run(system, pipeline.init(system), 395.0)[-1])
    cycle, spread = cycles(record)
    assert cycle == pytest.approx(200.0, abs=4.0)
    found = drivers_of(chamber, record, cycle, spread)
    assert found.arrhythmia == "focal" and not found.turning and not found.singularities_per_s.any()
    place = next(line for line in found.evidence if "spreads from" in line)
    x, y = (float(word) for word in place.split("at ")[1].split(", ")[:2])
    assert np.hypot(x - 14.0, y - 22.0) < 3.0


def test_many_tips_that_come_and_go_are_fibrillation():
    """Voltages made of pairs of tips at new places every 80 ms: none turns for two cycles."""
    chamber, random = sheet(50.0, 50.0, 1.0), np.random.default_rng(3)
    points, rows = chamber.surface.points_mm[:, :2], []
    for n in range(500):
        if n % 40 == 0:
            centres = random.uniform(8.0, 42.0, (6, 2))
            start = random.uniform(-np.pi, np.pi)
        angle = start - 2.0 * np.pi * n * EVERY_MS / 160.0
        for sign, centre in zip((1, -1, 1, -1, 1, -1), centres, strict=True):
            angle = angle + sign * np.arctan2(*(points - centre).T[::-1])
        rows.append(-30.0 + 50.0 * np.cos(angle))
    alive = np.ones(len(points), bool)
    record = Record(np.array(rows, np.float32), alive, np.zeros(len(points)), 1000.0)
    found = drivers_of(chamber, record, 160.0, 0.3)
    assert found.arrhythmia == "fibrillation" and not found.rotors
    assert "on average" in found.evidence[-1]


def test_tracks_that_were_lost_for_a_moment_are_joined_and_others_are_not():
    def track(first_ms, x, way=1):
        times = np.arange(first_ms, first_ms + 50.0, 2.0)
        return Track(way, times, np.tile((x, 0.0, 0.0), (len(times), 1)))

    joined = joined_tracks((track(0.0, 0.0), track(60.0, 2.0), track(120.0, 30.0), track(130.0, 2.0, -1)))
    assert sorted(round(one.lasted_ms) for one in joined) == [48, 48, 108]
