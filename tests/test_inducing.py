"""Pacing a chamber site by site: what goes round a ring, what a lesion across it does, executors, stops, refusals."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.core import SilentMonitor
from anatomy_twin.errors import Cancelled, DataError, SimulationError
from anatomy_twin.simulation.electro import inducing
from anatomy_twin.simulation.electro.inducing import ground_of, outcomes
from anatomy_twin.simulation.electro.sites import sites_of
from tests.support.rings import AROUND_MM, LATE, PROTOCOL, SITES, VELOCITY_M_S, ring, ring_case
from tests.support.sheets import bar, sheet


@pytest.fixture(scope="module")
def cut():
    return at.induce(ring_case(), "cut", PROTOCOL, model=LATE, sites=SITES)


def alike(first, second):
    return all(
        (one.name, one.induced, one.intervals_ms, one.lasted_ms, one.tries, one.arrhythmia, one.evidence)
        == (two.name, two.induced, two.intervals_ms, two.lasted_ms, two.tries, two.arrhythmia, two.evidence)
        and np.array_equal(one.cycle_ms, two.cycle_ms, equal_nan=True)
        and (one.last_ms is None) == (two.last_ms is None)
        and (one.last_ms is None or np.array_equal(one.last_ms, two.last_ms, equal_nan=True))
        for one, two in zip(first, second, strict=True)
    )


def test_a_ring_re_enters_at_its_velocity_and_not_once_a_lesion_crosses_it(cut):
    beside = cut.without[0]
    assert beside.induced and beside.captured and beside.arrhythmia == "macro re-entry"
    assert 0.95 * AROUND_MM / VELOCITY_M_S < beside.cycle_ms < 1.35 * AROUND_MM / VELOCITY_M_S
    assert any("goes round hole 1" in line for line in beside.evidence)
    assert np.median(beside.dominant_hz) == pytest.approx(1000.0 / beside.cycle_ms, rel=0.08)
    assert beside.last_ms is not None and beside.last_ms.max() > PROTOCOL.sustained_ms - 400.0
    assert [one.captured for one in cut.with_plan] == [True, True] and not any(one.induced for one in cut.with_plan)
    assert not cut.inducible and cut.dead is not None and 5 < cut.dead.sum() < 60
    assert [one.name for one in cut.without] == ["beside", "opposite"] == [one.name for one in cut.with_plan]
    assert "1.1 s counted as sustained" in cut.warnings[0] and cut.parameters["sustained"].startswith("1.1 s")
    assert "0.5 m/s wanted, 0.5" in cut.parameters["conduction healthy"] and cut.assumed


def test_it_is_the_same_in_other_processes_and_from_a_folder(cut, tmp_path, monkeypatch):
    case = ring_case()
    with ProcessPoolExecutor(2) as pool:
        again = at.induce(case, "cut", PROTOCOL, model=LATE, sites=SITES, executor=pool, checkpoint=tmp_path)
    assert alike(again.without, cut.without) and alike(again.with_plan, cut.with_plan)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4 and all(file.suffix == ".npz" for file in files)
    files[0].write_bytes(files[0].read_bytes()[:200])  # half a file
    run = []
    monkeypatch.setattr(inducing, "outcome_of", lambda *given: run.append(given[0]) or outcome(*given))
    kept = at.induce(case, "cut", PROTOCOL, model=LATE, sites=SITES, checkpoint=tmp_path)
    assert len(run) == 1 and alike(kept.without, cut.without) and alike(kept.with_plan, cut.with_plan)
    (tmp_path / "file").write_text("no folder")
    quick = replace(PROTOCOL, longest_ms=160.0)
    with pytest.raises(SimulationError, match=r"finished sites cannot be kept: .*\(file\)"):
        at.induce(case, None, quick, model=LATE, sites={"opposite": SITES["opposite"]}, checkpoint=tmp_path / "file")
    run.clear()
    at.induce(case, None, replace(PROTOCOL, drive_ms=390.0, longest_ms=160.0), model=LATE,
              sites={"opposite": SITES["opposite"]}, checkpoint=tmp_path)
    assert len(run) == 1  # another protocol is another run


outcome = inducing.outcome_of


def test_what_the_case_knows_without_lesions_is_not_paced_again(cut, monkeypatch):
    case = ring_case().with_induction(cut)
    monkeypatch.setattr(inducing, "outcome_of", lambda *given: pytest.fail("paced again"))
    known = at.induce(case, None, PROTOCOL, model=LATE, sites=SITES)
    assert known.without is cut.without and known.inducible and not known.with_plan and known.plan_name == ""


def test_a_run_that_is_stopped_keeps_what_is_done(tmp_path):
    class Once(SilentMonitor):
        cancelled = False

        def progress(self, fraction):
            self.cancelled = True  # after the first site

    with pytest.raises(Cancelled):
        at.induce(ring_case(), "cut", PROTOCOL, model=LATE, sites=SITES, monitor=Once(), checkpoint=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_dead_sites_and_weak_pacing_are_said_with_what_would_be_needed():
    chamber = ring()
    weak = replace(PROTOCOL, strength_mv_ms=0.5)
    ground = ground_of(chamber, weak, LATE, SITES)
    away = np.linalg.norm(chamber.surface.points_mm - SITES["beside"], axis=1)
    (dead, silent), = outcomes(ground, [away < 6.0])
    assert not dead.captured and dead.tries == 0 and "does not conduct" in dead.evidence[0]
    assert not silent.captured and silent.tries == 1
    least = float(silent.evidence[0].split(": ")[1].split(" mV/ms")[0])
    for strength, captured in ((0.9 * least, False), (1.1 * least, True)):
        stronger = ground_of(chamber, replace(weak, strength_mv_ms=strength), LATE, {"opposite": SITES["opposite"]})
        assert outcomes(stronger, [None])[0][0].captured is captured
    assert inducing.warnings_of(weak, (dead, silent))[1] == "nothing was captured from beside; opposite"


def test_numbers_that_are_none_stop_it_with_site_and_node():
    ground = ground_of(ring(), PROTOCOL, LATE, {"here": SITES["beside"]})
    v = ground.cells[0].copy()
    v[7] = np.nan
    with pytest.raises(SimulationError, match=r"here: the voltage of node 7 is nan mV at step \d+"):
        outcomes(replace(ground, cells=(v, ground.cells[1])), [None])


def test_sites_are_spread_evenly_over_what_is_alive():
    chamber = sheet(40.0, 40.0, 1.0)
    points = chamber.surface.points_mm
    out = points[:, 0] > 30.0
    sites = sites_of(chamber, 12, out)
    places = np.array([site.point_mm for site in sites])
    gaps = np.linalg.norm(places[:, None] - places, axis=2)[~np.eye(12, dtype=bool)]
    assert [site.point_mm for site in sites_of(chamber, places)] == [site.point_mm for site in sites]  # by hand
    assert len({site.name for site in sites}) == 12 and not (places[:, 0] > 30.0).any()
    assert gaps.min() > 0.6 * np.sqrt(30.0 * 40.0 / 12)
    farthest = np.linalg.norm(points[~out][:, None] - places, axis=2).min(axis=1).max()
    assert farthest < 1.2 * np.sqrt(30.0 * 40.0 / 12)


def test_segments_of_a_left_ventricle_and_two_places_of_the_right_are_sites():
    muscle = bar((4, 4, 40))
    x = muscle.points_mm()[:, 0]
    parts = {f"aha_{n}": (x >= (n - 1)) & (x < n) for n in range(1, 18)}
    parts |= {"right_ventricle": x >= 17.0, "base": x < 1.0}
    sites = sites_of(replace(muscle, parts=parts))
    assert len(sites) == 19 and sites[4].name == "segment 5" and 4.0 <= sites[4].point_mm[0] < 5.0
    assert sites[17].point_mm[0] > sites[18].point_mm[0] >= 17.0
    with pytest.raises(SimulationError, match="segments of 'ventricles' are not known"):
        sites_of(muscle, "segments")


def test_the_muscle_of_ventricles_is_paced_too():
    volume = at.Volume(np.zeros((2, 2, 2), np.float32), at.VolumeGeometry.upright((2, 2, 2), (1.0, 1.0, 1.0)))
    case = at.Case.new(volume=volume).with_chamber(bar())
    few = replace(PROTOCOL, drive_ms=600.0, longest_ms=400.0, shortest_ms=300.0, step_ms=100.0)
    found = at.induce(case, None, few, sites=2)
    assert [one.captured for one in found.without] == [True, True] and not found.inducible
    assert found.chamber == "ventricles" and found.parameters["nodes"] == "1500"
    assert found.parameters["model"] == "Ventricles, two variables"  # not those of an atrium


def test_what_cannot_be_is_refused_by_name():
    case = ring_case()
    for given, words in (
        ({"chamber": "spleen"}, "no heart chamber is called 'spleen'"), ({"sites": 0}, "0 sites"),
        ({"sites": "everywhere"}, "no choice of sites called 'everywhere'"), ({"sites": "veins"}, "known as a vein"),
        ({"sites": [(0.0, 0.0, 90.0)]}, r"site 'site 1' is \d+\.\d mm from any tissue"), ({"sites": []}, "no sites"),
        ({"plan": "ice"}, "no plan is called 'ice'"),
    ):
        with pytest.raises((SimulationError, DataError), match=words):
            at.induce(case, **{"protocol": PROTOCOL, **given})
    with pytest.raises(SimulationError, match="the case has none"):
        at.induce(replace(case, chambers={}), None, PROTOCOL)
    foreign = at.LesionPlan("far", "right_atrium", case.plan("cut").lesions)
    with pytest.raises(SimulationError, match="is of 'right_atrium', not of 'left_atrium'"):
        at.induce(case, foreign, PROTOCOL, chamber="left_atrium")
