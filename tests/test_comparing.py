"""Plans side by side: which is best of a row, and where none can be said to be."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from anatomy_twin.core import Assessment, PlanCheck, PlaneCut, Quantity, ResectionPlan, Rule
from anatomy_twin.rehearsal.comparing import (
    BEST_SIGN,
    NOT_ASSESSED,
    PREVIEW_SIGN,
    Followed,
    as_csv,
    as_text,
    better_of,
    compare_plans,
    plan_state,
)

CUT = PlaneCut((-40.0, 0.0, 0.0), (-1.0, 0.0, 0.0))


def numbers(name, **values):
    units = {"minimal_margin_mm": "mm", "ablated_ml": "ml", "healthy_lost_ml": "ml", "remnant_percent": "%",
             "cut_vessels": "count", "liver_peak_c": "degC"}  # fmt: skip
    limits = {"minimal_margin_mm": "at least 5 mm", "liver_peak_c": "at most 45 degC"}
    return Assessment(name, tuple(
        Quantity(key, key.replace("_", " "), value, units[key], limits.get(key, ""),
                 "not checked" if value is None else "met" if key == "minimal_margin_mm" and value >= 5 else "")
        for key, value in values.items()
    ))  # fmt: skip


@pytest.fixture
def three(toy_case):
    """Plans A, B, C for one target; C has no numbers."""
    plan = toy_case.plans["A"]
    case = replace(toy_case, assessments={}, checks={}, results={})
    for name in "BC":
        case = case.with_plan(replace(plan, name=name))
    case = case.with_assessment(numbers("A", minimal_margin_mm=4.02, ablated_ml=30.0, healthy_lost_ml=9.0,
                                        liver_peak_c=44.0))  # fmt: skip
    return case.with_assessment(numbers("B", minimal_margin_mm=6.0, ablated_ml=35.0, healthy_lost_ml=12.0,
                                        liver_peak_c=44.04))  # fmt: skip


def row_of(comparison, name):
    return next(row for row in comparison.rows if row.name == name)


def best_in(comparison, name):
    cells = row_of(comparison, name).cells
    return [state.name for state, cell in zip(comparison.plans, cells, strict=True) if cell.best]


def test_the_best_is_marked_where_it_is_known_what_is_better(three):
    table = compare_plans(three)
    assert [state.name for state in table.plans] == ["A", "B", "C"]
    assert best_in(table, "minimal_margin_mm") == ["B"] and row_of(table, "minimal_margin_mm").better == "higher"
    assert best_in(table, "healthy_lost_ml") == ["A"]
    assert best_in(table, "ablated_ml") == [] and row_of(table, "ablated_ml").better == ""
    assert row_of(table, "minimal_margin_mm").cells[1].verdict == "met"


def test_what_is_shown_as_the_same_is_equally_good(three):
    assert best_in(compare_plans(three), "liver_peak_c") == []  # 44.0 and 44.0
    case = three.with_assessment(numbers("C", liver_peak_c=50.0))
    assert best_in(compare_plans(case), "liver_peak_c") == ["A", "B"]


def test_a_plan_without_numbers_says_so(three):
    table = compare_plans(three)
    assert {row.cells[2].text for row in table.rows if row.name != "rules_broken"} == {NOT_ASSESSED}
    case = three.with_assessment(numbers("C", minimal_margin_mm=None))
    cells = row_of(compare_plans(case), "minimal_margin_mm").cells
    assert cells[2].text == "not checked" and not cells[2].best and cells[1].best
    assert row_of(compare_plans(case), "ablated_ml").cells[2].text == "\N{EM DASH}"  # assessed, but has no such number


def test_what_does_not_meet_its_limit_is_not_marked_as_best(three):
    case = three
    for name, verdict in (("A", "not met"), ("B", "not met")):
        table = case.assessments[name]
        missed = tuple(replace(q, verdict=verdict) if q.name == "minimal_margin_mm" else q for q in table.quantities)
        case = case.with_assessment(replace(table, quantities=missed))
    assert best_in(compare_plans(case), "minimal_margin_mm") == []


def test_plans_with_different_aims_are_not_ranked(three):
    case = three.with_plan(replace(three.plans["B"], target="tumour_2"))
    case = case.with_assessment(numbers("B", minimal_margin_mm=6.0))
    assert best_in(compare_plans(case), "minimal_margin_mm") == []
    cut = ResectionPlan("R", "liver", ("tumour_1",), (CUT,))
    other = replace(cut, name="S", cuts=(CUT, CUT))
    case = three.with_plan(cut).with_plan(other).with_assessment(numbers("R", remnant_percent=40.0, cut_vessels=3.0))
    case = case.with_assessment(numbers("S", remnant_percent=55.0, cut_vessels=2.0))
    table = compare_plans(case)
    assert best_in(table, "remnant_percent") == ["S"] and best_in(table, "cut_vessels") == ["S"]
    assert row_of(table, "remnant_percent").cells[0].text == "\N{EM DASH}"  # an ablation has none
    names = [row.name for row in compare_plans(case, first="R").rows]
    assert names[:3] == ["rules_broken", "remnant_percent", "cut_vessels"]
    assert set(names) == {row.name for row in table.rows}


def test_numbers_that_followed_the_hand_stand_in_and_are_told_apart(three):
    coarse = Followed(numbers("C", minimal_margin_mm=9.0, ablated_ml=20.0).quantities)
    table = compare_plans(three, followed={"C": coarse, "A": coarse})
    cells = row_of(table, "minimal_margin_mm").cells
    assert cells[2].text == f"{PREVIEW_SIGN} 9.0 mm" and cells[2].preview and not cells[2].best
    assert best_in(table, "minimal_margin_mm") == ["B"]  # a preview is neither best nor beaten
    assert cells[0].text == "4.0 mm" and table.plans[2].words == "rules not checked, preview only"
    exact = compare_plans(three, followed={"C": Followed(coarse.quantities, exact=True)})
    assert best_in(exact, "minimal_margin_mm") == ["C"] and exact.plans[2].words == "rules not checked, assessed"


def test_single_vessels_of_different_plans_are_no_row(three):
    vessel = Quantity("cut_vessel_1_mm", "Cut: V", 3.0, "mm")
    case = three.with_assessment(replace(three.assessments["A"], quantities=(vessel,)))
    assert "cut_vessel_1_mm" not in [row.name for row in compare_plans(case).rows]


def test_rules_and_states_in_words(three):
    rules = (Rule("crosses no bone", "broken", "runs through bone"), Rule("crosses no lung", "passed", "nothing near"))
    case = replace(three, checks={"A": PlanCheck("A", rules), "B": PlanCheck("B", rules[1:])})
    table = compare_plans(case, {"C": PlanCheck("C", (Rule("crosses no heart", "not checked", "not segmented"),))})
    row = row_of(table, "rules_broken")
    assert [cell.text for cell in row.cells] == ["1 rule broken", "all rules kept", "1 rule not checked"]
    assert [cell.verdict for cell in row.cells] == ["not met", "met", "not checked"]
    assert [cell.best for cell in row.cells] == [False, True, False]  # the last one may break what was not checked
    assert plan_state(case, "B").words == "all rules kept, assessed"
    assert plan_state(three, "C").words == "rules not checked, not assessed"


@pytest.mark.parametrize(("quantity", "better"), [
    (Quantity("x", "x", 1.0, "mm", "at least 5 mm"), "higher"),
    (Quantity("x", "x", 1.0, "degC", "at most 45"), "lower"),
    (Quantity("margin_tumour_2_mm", "m", 1.0, "mm"), "higher"), (Quantity("tumour_ml", "v", 1.0, "ml"), ""),
    (Quantity("remnant_to_body_weight_percent", "r", None, "%"), "higher"),
])  # fmt: skip
def test_better_is_known_by_limit_or_name(quantity, better):
    assert better_of(quantity) == better


def test_the_table_as_text_and_csv(three):
    table = compare_plans(three)
    lines = [line.split("\t") for line in as_text(table).split("\n")]
    assert lines[0] == ["", "Plan A", "Plan B", "Plan C"] and {len(line) for line in lines} == {4}
    margin = next(line for line in lines if line[0] == "minimal margin mm")
    assert margin[2] == f"{BEST_SIGN} 6.0 mm (met)" and margin[3] == NOT_ASSESSED
    assert list(csv.reader(io.StringIO(as_csv(table)))) == lines
    empty = replace(three, plans={}, assessments={})
    assert compare_plans(empty).rows == () and as_text(compare_plans(empty)).startswith("")
