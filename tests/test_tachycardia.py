"""A tachycardia through a known channel in a scar: induced, its isthmus found in the channel, stopped by a lesion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import PacingProtocol
from anatomy_twin.core.heart import Substrate
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.chamber_tissue import electro_model, tissue_of
from anatomy_twin.simulation.electro.electrograms import node_volumes_mm3
from anatomy_twin.simulation.electro.inducing import ground_of, outcomes
from anatomy_twin.simulation.electro.induction import pace_site
from anatomy_twin.simulation.electro.isthmus import describe, find_isthmus, killed_across, lesion_across
from anatomy_twin.simulation.electro.tachycardia import ablate_tachycardias, paced_for_tachycardia
from tests.support.made_ventricles import slab_of_muscle

PROTOCOL = PacingProtocol(drive_ms=600.0, drive_count=2, longest_ms=360.0, shortest_ms=300.0, step_ms=20.0,
                          sustained_ms=1200.0, radius_mm=3.0)  # fmt: skip
MODEL = "ventricle_slow_border"
SITE = (8.0, 29.5, 1.0)
WIDTH_MM, THICK_MM = 8.0, 3.0


def slab_with_scar(channel=True):
    """80 x 60 x 3 mm with a scar of 40 x 36 mm, through which a channel of 8 mm runs along x, slow where x < 45."""
    muscle = slab_of_muscle((3, 60, 80), 1.0)
    points = muscle.points_mm()
    x, y = (points - points.mean(axis=0))[:, :2].T
    scar = (np.abs(x) < 20.0) & (np.abs(y) < 18.0)
    strand = scar & (np.abs(y) < WIDTH_MM / 2.0) & channel
    classes = np.where(strand, np.where(x < 5.0, 1, 0), np.where(scar, 2, 0))
    return replace(muscle, substrate=Substrate(classes, classes.astype(float), "made", "")), strand


@pytest.fixture(scope="module")
def tachycardia():
    muscle, strand = slab_with_scar()
    system = tissue_of(muscle, electro_model(MODEL))
    found = pace_site(system, pipeline.init(system), SITE, PROTOCOL)
    assert found.induced
    isthmus = find_isthmus(system, found.state, node_volumes_mm3(muscle), found.cycle_ms)
    return muscle, strand, system, found, isthmus


def test_the_isthmus_is_the_channel(tachycardia):
    muscle, strand, _, found, isthmus = tachycardia
    assert isthmus is not None and isthmus.sustained and isthmus.cycles >= 3
    assert isthmus.cycle_ms == pytest.approx(found.cycle_ms, rel=0.2)  # the first turns are slower
    assert strand[isthmus.section].all() and strand[isthmus.nodes].mean() > 0.9
    assert abs(isthmus.way @ [1.0, 0.0, 0.0]) > 0.98  # along the channel, which the front leaves beside the site
    assert isthmus.way[0] < 0.0
    assert isthmus.area_mm2 == pytest.approx(WIDTH_MM * THICK_MM, rel=0.3)
    assert np.linalg.norm(np.diff(isthmus.ends_mm, axis=0)) == pytest.approx(WIDTH_MM - 1.0, abs=1.0)
    assert isthmus.barrier_mm == pytest.approx(1.0, abs=0.5)
    assert any(f"{isthmus.cycles} times in a row" in line for line in describe(isthmus))
    line = lesion_across(isthmus)
    assert abs(np.diff(line.points_mm, axis=0)[:, 1]).sum() > 5.0 and np.ptp(np.array(line.points_mm)[:, 0]) < 2.0
    # the front is slow there: 25 mm of border zone at 0.2 m/s and 15 at 0.63 take 150 ms
    assert np.ptp(isthmus.times_ms) > 100.0
    assert muscle.count == 60 * 80 * 3


def test_a_lesion_across_the_isthmus_ends_it_and_one_elsewhere_does_not(tachycardia):
    muscle, strand, _, _, isthmus = tachycardia
    points, model = muscle.points_mm(), electro_model(MODEL)
    across = killed_across(points, isthmus)
    aside = np.linalg.norm(points - [72.0, 52.0, 1.0], axis=1) < 6.0
    assert strand[across].mean() > 0.4
    for dead, induced in ((across, False), (aside, True)):
        outcome, found = paced_for_tachycardia(muscle, model, SITE, PROTOCOL, dead=dead)
        assert outcome.captured and outcome.induced is induced and (found is not None) is induced
        assert outcome.arrhythmia == ("macro re-entry" if induced else "none")


def test_without_a_channel_nothing_goes_round():
    muscle, _ = slab_with_scar(channel=False)
    outcome, found = paced_for_tachycardia(muscle, electro_model(MODEL), SITE, PROTOCOL)
    assert outcome.captured and not outcome.induced and found is None


@pytest.mark.long
def test_rounds_end_when_nothing_can_be_induced():
    muscle, strand = slab_with_scar()
    sites = {"beside the channel": SITE, "far corner": (74.0, 5.0, 1.0)}
    search, dead = ablate_tachycardias(muscle, electro_model(MODEL), sites, PROTOCOL, rounds=3)
    assert search.ended.startswith("nothing") and not search.inducible and len(search.rounds) == 2
    first, last = search.rounds
    assert first.outcomes[0].induced and len(first.lesions) == 1 and "narrowest" in first.why[0]
    assert first.length_mm == 0.0 and last.length_mm > 5.0 and (dead & strand).any()
    assert "through the whole wall" in search.parameters["radius of lesions"] and "border zone" in search.assumed
    with pytest.raises(SimulationError, match="0 sites"):
        ablate_tachycardias(muscle, electro_model(MODEL), {}, PROTOCOL)


def test_what_has_no_isthmus_is_told(tachycardia):
    muscle, _, system, _, _ = tachycardia
    rest = pipeline.init(system)
    assert find_isthmus(system, rest, node_volumes_mm3(muscle), 400.0, cycles=1) is None
    with pytest.raises(SimulationError, match="volumes of shape"):
        find_isthmus(system, rest, np.ones(3), 400.0)


@pytest.mark.long
def test_inducing_from_sites_tells_the_isthmus():
    muscle, _ = slab_with_scar()
    ground = ground_of(muscle, PROTOCOL, electro_model(MODEL), {"beside the channel": SITE})
    ((outcome,),) = outcomes(ground, [None])
    assert outcome.induced and outcome.arrhythmia == "macro re-entry"
    assert any("narrowest" in line for line in outcome.evidence)
