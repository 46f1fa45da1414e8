"""Previews that follow the hand: as true as the simulation on the same grid, the newest wins, nothing is left over."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numba import get_num_threads

from anatomy_twin.assess import assess
from anatomy_twin.assess.boundary import Boundary, zone_boundary
from anatomy_twin.assess.margin import ablative_margin
from anatomy_twin.assess.margin_field import prepare_margin
from anatomy_twin.assess.resection import resection_quantities
from anatomy_twin.core import Case, PlaneCut, ResectionPlan, SurfaceMesh
from anatomy_twin.errors import Cancelled, PlanError, SimulationError
from anatomy_twin.pipeline import live_resection, live_thermal
from anatomy_twin.pipeline.live import NeedsPreparing, Preview
from anatomy_twin.pipeline.live_server import Answer, LiveServer, Question
from anatomy_twin.pipeline.pace import Pace, paced
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.thermal import ThermalModel, assembly, pipeline

THERMAL = "anatomy_twin.pipeline.live_thermal:prepare", "anatomy_twin.pipeline.live_thermal:preview"
SLOW = "tests.support.live_jobs:prepare", "tests.support.live_jobs:preview"
QUICK = "tests.support.live_jobs:prepare_target", "tests.support.live_jobs:quick"
posix = pytest.mark.skipif(os.name != "posix", reason="this platform has no signals")


def moved(plan, *shift_mm):
    """The plan with the tip of its first applicator elsewhere."""
    first = plan.applicators[0]
    tip = tuple(np.add(first.tip_mm, shift_mm))
    return replace(plan, applicators=(replace(first, tip_mm=tip), *plan.applicators[1:]))


# heat


@pytest.fixture(scope="module")
def ground(toy_case):
    return live_thermal.prepare(toy_case, toy_case.plan("A"))


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (6.0, -4.0, 3.0)])
def test_the_preview_is_the_simulation_on_its_grid(toy_case, ground, shift):
    plan = moved(toy_case.plan("A"), *shift)
    seen = live_thermal.preview(ground, plan)
    model = ThermalModel(spacing_mm=2.5, room_mm=live_thermal.ROOM_MM, snapshots=1)
    exact = simulate(toy_case, plan, model)
    assert seen.plan == plan and seen.geometry.is_close(exact.geometry, 1e-6)
    assert "2.5 mm" in seen.caption and "not the simulation" in seen.caption
    dead = seen.level >= 1.0
    assert np.count_nonzero(dead != exact.coagulated) <= 0.01 * np.count_nonzero(exact.coagulated)
    numbers = {one.name: one for one in seen.quantities}
    expected = {one.name: one for one in assess(toy_case, plan, exact).quantities}
    # the border is drawn through the damage of the run; its shares are counted on a grid finer than that of the run
    system = assembly.assemble(toy_case, plan, model)
    state = pipeline.run(system, system.heating_s)[-1]
    zone = Boundary(pipeline.log_damage(system, state), system.geometry)
    margin, points, triangles = prepare_margin(toy_case.label_map, "tumour_1", system.geometry).margin(zone)
    assert numbers["ablated_ml"].value == pytest.approx(abs(SurfaceMesh(points, triangles).volume_ml), rel=0.01)
    assert numbers["minimal_margin_mm"].value == pytest.approx(expected["minimal_margin_mm"].value, abs=0.2)
    assert numbers["minimal_margin_mm"].value == pytest.approx(margin.minimal_mm, abs=0.01)
    assert numbers["target_percent"].value == pytest.approx(margin.target_percent, abs=2.5)
    assert numbers["rim_percent"].value == pytest.approx(margin.rim_percent, abs=2.5)
    assert numbers["healthy_lost_ml"].value == pytest.approx(expected["healthy_lost_ml"].value, rel=0.06)
    assert numbers["tumour_ml"].value == expected["tumour_ml"].value
    for name in ("minimal_margin_mm", "target_percent"):
        assert numbers[name].limit == expected[name].limit and "not the simulation" in numbers[name].note


def test_the_preview_follows_verdict_and_perfusion(toy_case):
    """60 degC kills less than the Arrhenius integral; without perfusion more dies."""
    case, plan = toy_case, toy_case.plan("A")
    usual = live_thermal.preview(live_thermal.prepare(case, plan), plan)
    found = {}
    for name, choices in {
        "hot": {"verdict": "isotherm_60"}, "dose": {"verdict": "cem43"}, "dry": {"perfusion_factor": 0.0},
    }.items():
        found[name] = live_thermal.preview(live_thermal.prepare(case, plan, **choices), plan).surface.volume_ml
    assert found["hot"] < usual.surface.volume_ml < found["dry"]
    assert found["dose"] != found["hot"]


def test_the_preview_is_near_the_full_simulation(toy_case, ground):
    seen = live_thermal.preview(ground, toy_case.plan("A"))
    numbers = {one.name: one.value for one in seen.quantities}
    full = {one.name: one.value for one in toy_case.assessments["A"].quantities}
    assert numbers["ablated_ml"] == pytest.approx(full["ablated_ml"], rel=0.08)
    assert numbers["minimal_margin_mm"] == pytest.approx(full["minimal_margin_mm"], abs=1.0)
    for name in ("target_percent", "rim_percent"):
        assert numbers[name] == pytest.approx(full[name], abs=3.0)


def test_two_threads_are_tried_less_often_where_they_wait_for_each_other():
    pace = Pace()
    tried = []
    for _ in range(40):
        with paced(pace) as together:
            if together:
                time.sleep(0.02)  # as on a machine that gives no time to either
        tried.append(together)
    expected = get_num_threads() > 1
    assert [n for n, together in enumerate(tried) if together] == ([0, 9, 26] if expected else [])


def test_two_threads_give_what_one_gives(toy_case, ground):
    alone = live_thermal.preview(replace(ground, pace=Pace(alone=9)), toy_case.plan("A"))
    together = live_thermal.preview(replace(ground, pace=Pace()), toy_case.plan("A"))
    assert np.array_equal(alone.level, together.level)


def test_the_surface_encloses_the_zone(toy_case, ground):
    seen = live_thermal.preview(ground, toy_case.plan("A"))
    volume = np.count_nonzero(seen.level >= 1.0) * seen.geometry.voxel_volume_ml
    assert seen.surface.volume_ml == pytest.approx(volume, rel=0.05)


def test_a_prepared_target_gives_the_margin_of_assess(toy_case):
    result, labels = toy_case.results["A"], toy_case.label_map
    exact = ablative_margin(labels, "tumour_1", result)
    margin, _, _ = prepare_margin(labels, "tumour_1", result.geometry).margin(zone_boundary(result))
    assert margin.minimal_mm == pytest.approx(exact.minimal_mm, abs=1e-6)
    assert margin.place_mm == exact.place_mm
    assert margin.target_percent == pytest.approx(exact.target_percent, abs=1e-6)
    assert margin.rim_percent == pytest.approx(exact.rim_percent, abs=1e-6)
    assert margin.healthy_lost_ml == pytest.approx(exact.healthy_lost_ml, abs=1e-6)


def test_what_does_not_fit_the_ground_asks_for_another(toy_case, ground):
    plan = toy_case.plan("A")
    with pytest.raises(NeedsPreparing):
        live_thermal.preview(ground, replace(plan, target="tumour_2"))
    with pytest.raises(NeedsPreparing):
        live_thermal.preview(ground, moved(plan, 60.0, 0.0, 0.0))
    with pytest.raises(SimulationError, match="outside the scan"):
        live_thermal.preview(ground, moved(plan, 0.0, 0.0, 900.0))
    strong = replace(plan, applicators=(replace(plan.applicators[0], power_w=400.0),))
    with pytest.raises(SimulationError, match="out of the range"):
        live_thermal.preview(ground, strong)


def test_a_preview_can_be_stopped(toy_case, ground):
    class Stop:
        cancelled = True

        def progress(self, fraction):
            pass

    with pytest.raises(Cancelled):
        live_thermal.preview(ground, toy_case.plan("A"), Stop())


# resections


def test_a_resection_has_the_numbers_of_assess(toy_case):
    plan = ResectionPlan("R", "liver", ("tumour_1",), (PlaneCut((-50.0, 0.0, 20.0), (-1.0, 0.1, 0.0)),))
    prepared = live_resection.prepare(toy_case, plan)
    other = replace(plan, cuts=(PlaneCut((-42.0, 5.0, 20.0), (-1.0, 0.3, 0.2)),))
    for one in (plan, other):
        assert live_resection.preview(prepared, one).quantities == resection_quantities(toy_case, one)
    with pytest.raises(NeedsPreparing):
        live_resection.preview(prepared, replace(plan, organ="spleen", targets=()))
    with pytest.raises(PlanError):
        live_resection.prepare(toy_case, toy_case.plan("A"))


# the child process


class Talk:
    """A server and what it said."""

    def __init__(self, case: Case) -> None:
        self.said: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.heard: list[Answer] = []
        self.server = LiveServer(case, self.said.put)
        self.server.start()

    def until(self, kind: str, ticket: int = 0) -> Answer:
        while True:
            answer = self.said.get(timeout=60)
            self.heard.append(answer)
            if answer.kind == kind and answer.ticket >= ticket:
                return answer
            assert answer.kind != "ended", answer


@pytest.fixture
def talk(toy_case, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    talk = Talk(toy_case)
    yield talk
    assert talk.server.stop()
    assert not list(tmp_path.iterdir()), "a file was left over"


def test_the_child_answers_as_here(talk, toy_case, ground):
    plan = toy_case.plan("A")
    talk.server.ask(Question(1, plan, *THERMAL))
    answer = talk.until("preview")
    here = live_thermal.preview(ground, plan)
    assert isinstance(answer.value, Preview) and answer.value.plan == plan
    assert np.array_equal(answer.value.level, here.level) and answer.value.quantities == here.quantities
    talk.server.ask(Question(2, replace(plan, target="nothing"), *THERMAL))
    refused = talk.until("error", 2).value
    assert isinstance(refused, PlanError) and "nothing" in refused.line
    talk.server.ask(Question(3, plan, *QUICK))
    assert talk.until("preview", 3).value.plan == plan, "it goes on after a refusal"


def test_it_is_prepared_anew_where_a_plan_does_not_fit(talk, toy_case):
    plan = toy_case.plan("A")
    for ticket, target in enumerate(("one", "one", "two"), start=1):
        talk.server.ask(Question(ticket, replace(plan, target=target), *QUICK))
        assert talk.until("preview", ticket).value.caption == target
    assert [(one.kind, one.ticket) for one in talk.heard if one.kind == "preparing"] == [
        ("preparing", 1), ("preparing", 3)
    ]


def test_the_newest_wins(talk, toy_case):
    """Each answer of the stand-in takes a second, and hears when it is not wanted any more."""
    plan = toy_case.plan("A")
    talk.server.ask(Question(1, plan, *SLOW))
    talk.until("preparing")
    time.sleep(0.5)  # longer than the patience: the running one gives way
    for ticket in range(2, 12):
        talk.server.ask(Question(ticket, plan, *SLOW))
    assert talk.until("preview", 11).value.caption == "slow"
    tickets = [one.ticket for one in talk.heard if one.kind == "preview"]
    assert 1 not in tickets and len(tickets) <= 2 and tickets == sorted(tickets)
    talk.server.ask(Question(12, plan, *SLOW))
    time.sleep(0.3)
    talk.server.forget()
    time.sleep(0.3)
    assert talk.said.empty()


@posix
def test_a_child_that_is_killed_is_told_with_its_signal(talk, toy_case):
    talk.until("ready")
    os.kill(talk.server.process_id, signal.SIGKILL)
    with pytest.raises(AssertionError, match="ended from outside"):
        talk.until("preview")


@posix
def test_the_child_ends_with_its_parent(tmp_path):
    note = tmp_path / "note"
    code = f"from tests.support.live_jobs import serve_and_sleep; serve_and_sleep({str(note)!r})"
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)})
    for _ in range(1500):
        if note.exists() and note.read_text():
            break
        time.sleep(0.02)
    child = int(note.read_text())
    parent.kill()
    parent.wait()
    for _ in range(250):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        os.kill(child, signal.SIGKILL)
        raise AssertionError("the child outlived its parent")
    assert [path.name for path in tmp_path.iterdir()] == ["note"]
