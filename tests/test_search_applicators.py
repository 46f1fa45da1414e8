"""The search for applicators: what it reports the full simulation confirmed; what it cannot have is named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.assess import ablative_margin
from anatomy_twin.core import Applicator
from anatomy_twin.errors import PlanError, UsageError
from anatomy_twin.search import search_ablation
from anatomy_twin.search.applicators import _Aim, _why_none
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.thermal import ThermalModel
from tests.support.box_patient import ball, base_masks, box, case_of, geometry, labels_of

MODEL = ThermalModel(spacing_mm=2.0, room_mm=15.0, snapshots=3)
PAIR = ("tumour_1", "tumour_2")


@cache
def patient(*balls, extra=()):
    """The patient of boxes with balls (x, y, z, radius) as tumours, and more boxes (name, low, high)."""
    grid = geometry()
    masks = base_masks(grid)
    for number, (*centre, radius) in enumerate(balls, start=1):
        masks[f"tumour_{number}"] = ball(grid, centre, radius)
    return case_of(labels_of(grid, masks | {name: box(grid, low, high) for name, low, high in extra}))


@pytest.fixture(scope="module")
def pair():
    return patient((-25, 0, 0, 8), (22, 4, 6, 7))


@pytest.fixture(scope="module")
def found(pair):
    return search_ablation(pair, PAIR, 4.0, model=MODEL, seed=1)


def test_two_tumours_are_covered_by_one_plan_each_of_the_same_heat(pair, found):
    assert found.confirmed and not found.shortfalls and found.targets == PAIR
    assert [plan.target for plan in found.plans] == list(PAIR)
    assert found.plans[0].applicators == found.plans[1].applicators and len(found.plans[0].applicators) == 2
    for plan, result in zip(found.plans, found.results, strict=True):
        again = simulate(pair, plan, MODEL)
        assert result.plan_name == plan.name and result.times_s[-1] == max(a.duration_s for a in plan.applicators)
        for of in (result, again):  # the box is another around each target: the same zone within a voxel's share
            assert ablative_margin(pair.label_map, plan.target, of).minimal_mm >= 4.0 - (0.0 if of is result else 0.3)
        assert found.margins_mm[plan.target] >= 4.0
        assert at.check_plan(pair, plan).feasible
    case = pair
    for plan, result in zip(found.plans, found.results, strict=True):
        case = case.with_plan(plan).with_result(result)
        numbers = {one.name: one for one in at.assess(case, plan).quantities}
        assert numbers["minimal_margin_mm"].value == pytest.approx(found.margins_mm[plan.target], abs=0.06)


def test_the_answer_is_the_same_with_any_executor(pair, found):
    with ThreadPoolExecutor(2) as executor:
        again = search_ablation(pair, PAIR, 4.0, model=MODEL, seed=1, executor=executor)
    assert again.plans == found.plans and again.margins_mm == found.margins_mm
    assert np.array_equal(again.results[0].coagulated, found.results[0].coagulated)


@pytest.mark.long
def test_one_after_the_other(pair, found):
    turns = search_ablation(pair, PAIR, 4.0, model=MODEL, seed=1, together=False)
    first, second = turns.plans[0].applicators
    assert turns.confirmed and second.start_s == first.duration_s
    assert min(turns.margins_mm.values()) >= 4.0


def test_a_target_too_large_for_one_gets_a_second(pair):
    case = patient((0, 0, 0, 17.0))
    alone = search_ablation(case, ("tumour_1",), 5.0, most_applicators=1, model=MODEL)
    assert not alone.confirmed and not alone.plans and not alone.results
    (short,) = alone.shortfalls
    assert short.name == "margin of tumour_1" and short.wanted == 5.0 and short.reached < 5.0
    assert np.linalg.norm(short.place_mm) == pytest.approx(17.0, abs=2.0)
    more = search_ablation(case, ("tumour_1",), 5.0, most_applicators=4, model=MODEL)
    assert more.confirmed and len(more.plans[0].applicators) > 1 and more.margins_mm["tumour_1"] >= 5.0


def test_what_is_impossible_is_named_and_no_plan_is_given():
    far = search_ablation(patient((0, 0, 0, 8)), ("tumour_1",), 30.0, most_applicators=2, model=MODEL)
    assert not far.confirmed and far.shortfalls[0].reached < 30.0 and far.full_runs >= 1
    grid = geometry()
    walls = box(grid, (-30, -30, -30), (30, 30, 30)) & ~box(grid, (-22, -22, -22), (22, 22, 22))
    shut = case_of(labels_of(grid, base_masks(grid) | {"bone": walls}))
    closed = search_ablation(shut, ("tumour_1",), 3.0, model=MODEL)
    assert not closed.plans and closed.shortfalls[0].name == "entry to tumour_1"
    assert "bone" in closed.shortfalls[0].reason and closed.full_runs == 0
    few = search_ablation(patient((-25, 0, 0, 8), (22, 4, 6, 7)), PAIR, most_applicators=1, model=MODEL)
    assert few.shortfalls[0].name == "applicators" and not few.plans


@pytest.mark.long
def test_an_organ_that_would_be_burnt_stops_the_plan():
    """The gallbladder begins 3 mm from the tumour: a margin of 5 mm reaches into it."""
    case = patient((0, 0, 0, 8), extra=(("gallbladder", (11, -15, -15), (40, 15, 15)),))
    found = search_ablation(case, ("tumour_1",), 5.0, most_applicators=1, model=MODEL)
    assert not found.plans
    hot = [short for short in found.shortfalls if short.name == "temperature of gallbladder"]
    margin = [short for short in found.shortfalls if short.name == "margin of tumour_1"]
    assert (hot and hot[0].reached > 45.0) or (margin and margin[0].reached < 5.0)


def test_bad_questions_are_refused(pair):
    for targets, most in (((), 4), (("tumour_1", "tumour_1"), 4), (("tumour_1",), 0), (("tumour_1",), 99)):
        with pytest.raises(UsageError):
            search_ablation(pair, targets, most_applicators=most)
    with pytest.raises(PlanError):
        search_ablation(pair, ("tumour_9",))
    with pytest.raises(PlanError):
        search_ablation(pair, ("tumour_1",), devices=("none",))


def test_why_a_second_target_has_no_layout_is_said():
    def aim(target, path, best=None):
        return _Aim(target, (path,), None, 5.0, 45.0, np.random.default_rng(0), best=best)

    first, beside, away = (
        Applicator("mwa-generic", (x, -60.0, 0.0), (x, 0.0, 0.0), 60.0, 300.0) for x in (0.0, 3.0, 20.0)
    )
    placed = aim("tumour_1", first, SimpleNamespace(applicators=(first,)))
    crowded, blocked = aim("tumour_2", beside), aim("tumour_2", away)
    assert _why_none(crowded, [placed, crowded]).startswith("every entry that was tried comes within 5 mm of an appl")
    assert _why_none(blocked, [placed, blocked]) == "no layout that keeps the hard rules can be simulated"
