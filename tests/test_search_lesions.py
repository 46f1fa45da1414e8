"""The loop on a ring that re-enters: one line across it ends it; sets side by side, gaps, a coarse look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.core import LesionLine, LesionPlan, SiteOutcome
from anatomy_twin.errors import SimulationError
from anatomy_twin.search import LesionBudget, lesion_plan_of, screening, search_lesions
from anatomy_twin.search.lesion_comparison import NO_LESIONS, compare_lesion_sets, lesion_robustness
from anatomy_twin.search.lesion_screening import coarsened
from anatomy_twin.search.lesion_targets import CORE_MM, targets_of
from anatomy_twin.simulation.electro.chamber_tissue import mean_edge_mm
from tests.support.rings import CENTRE_MM, LATE, PROTOCOL, RADIUS_MM, SITES, across, polar, ring, ring_case
from tests.support.sheets import bar, sheet

ONE = {"beside": SITES["beside"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All tests of this file share what was paced."""
    return tmp_path_factory.mktemp("sites")


@pytest.fixture(scope="module")
def found(folder):
    return search_lesions(ring_case(), PROTOCOL, name="loop", model=LATE, sites=SITES, checkpoint=folder)


def test_a_ring_needs_one_line_across_its_narrowest_way(found):
    first, last = found.rounds
    assert first.number == 1 and first.inducible and not last.inducible and not found.inducible
    assert "nothing can be induced any more from any of 2 sites" in found.ended
    line, = first.lesions
    radius, angle = polar(np.array(line.points_mm))
    assert "macro re-entry round" in first.why[0] and "mitral valve" in first.why[0] and "hole 1" in first.why[0]
    # straight across where the jagged rims are nearest to each other, which is less than the 6.4 mm they are apart
    assert 3.8 < np.ptp(radius) < 6.0 and np.ptp(np.unwrap(angle)) < 0.1
    assert first.length_mm == first.ablated_cm2 == 0.0  # what stood while it was paced
    assert last.length_mm == pytest.approx(np.ptp(radius), rel=0.1) and last.isolated_cm2 == 0.0
    assert 0.1 < last.ablated_cm2 < 1.0
    plan = lesion_plan_of(found)
    assert plan.lesions == first.lesions and plan.name == "loop"
    case = ring_case().with_plan(plan).with_lesion_search(found)
    assert case.lesion_searches["loop"] is found and "size of lesions" in found.assumed


def test_what_lesions_cut_off_from_the_valve_is_left_alone(folder):
    """A line round the ring near its outer rim, the valve: what re-enters inside of it cannot get out."""
    angles = np.linspace(0.0, 2.0 * np.pi, 61)
    away = RADIUS_MM + 2.0
    points = np.stack([CENTRE_MM + away * np.cos(angles), CENTRE_MM + away * np.sin(angles), 0.0 * angles], -1)
    line = LesionLine(tuple(map(tuple, points)), 0.5)
    case = ring_case().with_plan(LesionPlan("round", "left_atrium", (line,)))
    inner = {"beside": (CENTRE_MM + RADIUS_MM - 1.5, CENTRE_MM, 0.0)}
    found = search_lesions(case, PROTOCOL, start=case.plan("round"), model=LATE, sites=inner, checkpoint=folder)
    assert [len(one.lesions) for one in found.rounds] == [1, 0] and found.rounds[1].inducible
    assert found.rounds[1].isolated_cm2 > 4.0
    assert found.ended.endswith("but within isolated tissue, where it stays: beside")


def test_a_search_begins_with_a_set_and_stops_at_its_budgets(folder):
    case = ring_case()
    begun = search_lesions(case, PROTOCOL, start=case.plan("cut"), model=LATE, sites=ONE, checkpoint=folder)
    assert [one.number for one in begun.rounds] == [0, 1] and begun.rounds[0].lesions == case.plan("cut").lesions
    assert begun.rounds[0].inducible and not begun.rounds[1].inducible and "the plan given" in begun.rounds[0].why
    short = search_lesions(case, PROTOCOL, model=LATE, sites=ONE, budget=LesionBudget(most_mm=2.0), checkpoint=folder)
    assert len(short.rounds) == 1 and "more than 2 mm would be needed" in short.ended and short.inducible
    assert not short.rounds[0].lesions
    once = search_lesions(case, PROTOCOL, model=LATE, sites=ONE, budget=LesionBudget(1), checkpoint=folder)
    assert "the 1 rounds are over" in once.ended
    for given in ({"most_rounds": 0}, {"most_mm": 0.0}, {"most_minutes": -1.0}):
        with pytest.raises(SimulationError, match="a budget of rounds, mm or minutes"):
            LesionBudget(**given)
    with pytest.raises(SimulationError, match="'ventricles' is muscle"):
        search_lesions(replace(case, chambers={}, muscles={"ventricles": bar()}), PROTOCOL)


def induced(chamber, kind, **maps):
    count = len(chamber.surface.points_mm)
    every = {"last_ms": np.zeros(count), "singularities_per_s": np.zeros(count), "dominant_hz": np.full(count, 6.0)}
    return SiteOutcome("site 1", np.zeros(3), True, True, (200.0,), 5000.0, 160.0, arrhythmia=kind, **(every | maps))


def test_tips_of_waves_get_a_disc_that_is_joined_to_the_nearest_barrier():
    chamber = sheet(60.0, 40.0, 1.0)
    points = chamber.surface.points_mm
    tips = 100.0 * np.exp(-((points[:, 0] - 18.0) ** 2 + (points[:, 1] - 20.0) ** 2) / 20.0)
    tips += 80.0 * np.exp(-((points[:, 0] - 48.0) ** 2 + (points[:, 1] - 9.0) ** 2) / 20.0)
    outcome = induced(chamber, "rotors", singularities_per_s=tips)
    first, second = targets_of(chamber, [outcome], np.zeros(len(points), bool))
    assert first.middle_mm == pytest.approx((18.0, 20.0, 0.0), abs=0.8)
    assert second.middle_mm == pytest.approx((48.0, 9.0, 0.0), abs=0.8)
    disc, line = first.lesions
    assert disc.radius_mm == CORE_MM and set(disc.points_mm) == {first.middle_mm} and "99 tips" in first.why
    ends = np.array(line.points_mm)[[0, -1]]
    assert ends[1] == pytest.approx(first.middle_mm, abs=1.0) and "joined over 17 mm" in first.why
    assert ends[0][0] < 1.1  # the rim to the left is the nearest
    dead = np.linalg.norm(points - (30.0, 20.0, 0.0), axis=1) < 4.0  # a lesion nearer than any rim
    again = targets_of(chamber, [outcome], dead, most=1)
    assert len(again) == 1 and "joined over 9 mm" in again[0].why
    assert np.linalg.norm(np.array(again[0].lesions[1].points_mm[0]) - (30.0, 20.0, 0.0)) < 4.0


def test_a_point_that_fires_is_ablated_there():
    chamber = sheet(40.0, 40.0, 1.0)
    away = np.linalg.norm(chamber.surface.points_mm - (15.0, 22.0, 0.0), axis=1)
    target, = targets_of(chamber, [induced(chamber, "focal", last_ms=4900.0 + away / 0.5)], np.zeros(len(away), bool))
    assert target.middle_mm == pytest.approx((15.0, 22.0, 0.0), abs=0.8) and "spreads from here" in target.why


def test_sets_are_compared_on_the_same_sites_with_the_chamber_as_it_is(folder):
    case = ring_case()
    aside = LesionLine(((12.0, 40.0, 0.0), (12.0, 42.0, 0.0)), 1.5)  # does not cross the ring
    sets = {"cut": case.plan("cut"), "aside": (aside,)}
    compared = compare_lesion_sets(case, sets, PROTOCOL, model=LATE, sites=SITES, checkpoint=folder)
    none, cut, beside = compared.sets
    assert none.name == NO_LESIONS and len(none.inducible) == 1 and none.arrhythmias == {"macro re-entry": 1}
    assert not cut.inducible and np.isnan(cut.cycle_ms) and len(beside.inducible) == 1
    assert 280.0 < none.cycle_ms < 420.0 and cut.burden.length_mm == pytest.approx(6.4, abs=1.6)
    assert cut.line.startswith("cut: inducible from 0 of 2 sites; ") and "1 macro re-entry; cycle" in none.line
    with pytest.raises(SimulationError, match="no lesion sets"):
        compare_lesion_sets(case, {}, PROTOCOL)


def test_a_gap_in_the_only_line_lets_it_re_enter_and_a_second_line_makes_up_for_one(folder):
    case = ring_case()
    alone = lesion_robustness(case, case.plan("cut"), PROTOCOL, samples=2, gap_mm=3.0, seed=3, model=LATE, sites=ONE,
                              checkpoint=folder)
    assert not alone.without_gaps.inducible and alone.holds.value == 0.0 and alone.holds.high < 0.7
    assert alone.left_out[0].inducible == ("beside",) and alone.isolates.value == 1.0  # nothing was isolated
    both = LesionPlan("both", "left_atrium", (across(2.5), across(-2.0)))
    twice = lesion_robustness(case.with_plan(both), "both", PROTOCOL, samples=2, gap_mm=3.0, seed=3, model=LATE,
                              sites=ONE, checkpoint=folder)
    assert twice.holds.count == twice.holds.of == 2 and twice.holds.low < 0.6
    assert [one.inducible for one in twice.left_out] == [(), ()]
    assert twice.without_gaps.burden.isolated_cm2 > 1.0 and twice.isolates.value == 0.0  # a gap opens one of two ends
    with pytest.raises(SimulationError, match="0 samples of 1 gaps"):
        lesion_robustness(case, "cut", PROTOCOL, samples=0)


def test_a_coarse_look_is_held_against_the_fine_one(folder):
    seen = screening(ring_case(), PROTOCOL, model=LATE, sites=SITES, sustained_ms=800.0, edge_mm=1.8, checkpoint=folder)
    assert [one.name for one in seen.coarse] == [one.name for one in seen.fine] == list(SITES)
    assert [one.induced for one in seen.fine] == [True, False]
    assert seen.sensitivity is not None and seen.sensitivity.of == 1
    assert seen.specificity is not None and seen.specificity.of == 1
    assert seen.parameters["coarse sustained"].startswith("0.8 s") and seen.parameters["sustained"].startswith("1.1 s")
    assert float(seen.parameters["coarse mean edge"][:4]) > 1.4 * float(seen.parameters["mean edge"][:4])


def test_a_coarser_wall_keeps_its_openings_fibres_and_classes():
    fine = ring()
    coarse = coarsened(fine, 1.8)
    assert mean_edge_mm(coarse) == pytest.approx(1.8, rel=0.15) and coarse.surface.area_cm2 == pytest.approx(
        fine.surface.area_cm2, rel=0.03)
    assert {one.name for one in coarse.openings} == {one.name for one in fine.openings}
    assert coarse.fibres is not None and np.abs(coarse.fibres.endo[:, 0]).min() > 0.99
    assert coarse.substrate is not None
    _, angle = polar(coarse.surface.points_mm)
    late = coarse.substrate.classes == 1
    assert late[(angle > 0.25) & (angle < 1.25)].all() and not late[(angle < 0.05) | (angle > 1.45)].any()
    assert at.search_lesions is search_lesions
