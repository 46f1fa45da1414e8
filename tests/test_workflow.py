"""The steps of the work are read off the case: what is done, what comes next, what is to be looked at and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

import anatomy_twin as at
from anatomy_twin.core import Assessment, FrozenMapping, LabelMap, PlanCheck, PlaneCut, ResectionPlan, Rule
from anatomy_twin.rehearsal.workflow import NAMES, SENTENCES, STATES, Reason, workflow
from tests.support.toy_patient import toy_patient
from tests.test_store_confirmation import confirmation


def states(case, **options):
    steps = workflow(case, **options)
    assert tuple(step.name for step in steps) == NAMES and all(step.state in STATES for step in steps)
    assert [step.number for step in steps] == list(range(1, 9))
    assert sum(step.state == "current" for step in steps) <= 1
    return {step.name: step.state for step in steps}


def line(case, name, **options):
    return next(step.reason.line for step in workflow(case, **options) if step.name == name)


@pytest.fixture(scope="module")
def scan():
    return at.Case.new(volume=toy_patient()[0])


def test_without_a_case_loading_comes_first():
    assert states(None)["load"] == "current" and set(states(None).values()) == {"current", "open"}
    assert line(None, "load") == "open a case or a scan"


def test_a_scan_alone_wants_organs(scan):
    assert states(scan)["organs"] == "current" and states(scan)["load"] == "done" and states(scan)["plan"] == "open"
    assert line(scan, "load") == "CT, 65 slices every 4 mm"
    assert line(scan, "organs") == "organs are not outlined yet"


def test_warnings_of_the_scan_are_to_be_looked_at(scan):
    warned = replace(scan, volumes={"scan": replace(scan.volume, warnings=("feet first",))})
    assert states(warned)["check"] == "attention" and line(warned, "check") == "1 warning about the scan"
    assert states(warned)["organs"] == "current"


def test_labels_without_surfaces_are_not_finished(scan):
    labelled = replace(scan, labels={"scan": toy_patient()[1]})
    assert states(labelled)["organs"] == "current" and "surfaces" in line(labelled, "organs")


def test_a_doubtful_structure_is_counted(toy_case):
    labels = toy_case.label_map
    doubt = tuple(replace(one, state="check") if one.name in ("liver", "spleen") else one for one in labels.segments)
    doubted = LabelMap(labels.array, labels.geometry, doubt)
    case = replace(toy_case, labels=FrozenMapping({toy_case.primary: doubted}))
    assert states(case)["organs"] == "attention" and line(case, "organs") == "2 structures to check"
    sound = tuple(replace(one, state="confirmed") for one in labels.segments)
    case = replace(case, labels=FrozenMapping({toy_case.primary: LabelMap(labels.array, labels.geometry, sound)}))
    assert states(case)["organs"] == "done"


def test_a_plan_moves_the_work_on(toy_case):
    bare = replace(toy_case, plans={}, checks={}, results={}, assessments={})
    assert states(bare)["plan"] == "current" and line(bare, "plan") == "no plan yet"
    planned = replace(toy_case, results={}, assessments={})
    assert states(planned)["simulate"] == "current" and line(planned, "simulate") == "plan A is not simulated"
    assert states(planned)["compare"] == "open" and states(planned)["report"] == "open"
    assert line(planned, "report") == "follows step 5" and line(bare, "simulate") == "follows step 4"


def test_all_done_but_the_report(toy_case):
    assert states(toy_case)["simulate"] == "done" and states(toy_case)["compare"] == "open"
    assert states(toy_case)["report"] == "current", "one plan needs no comparison"
    assert states(toy_case, reported=True)["report"] == "done"


def test_broken_rules_are_told_with_their_plan(toy_case):
    rules = (Rule("ribs", "broken", "through a rib"), Rule("lung", "broken", "through the lung"))
    case = replace(toy_case, checks={"A": PlanCheck("A", rules)})
    assert states(case)["plan"] == "attention" and line(case, "plan") == "plan A: 2 rules broken"
    bare = replace(toy_case, checks={})
    assert line(bare, "plan") == "plan A: rules not checked"
    # what was read off beside the case counts too, and what could not be checked is to be looked at
    assert line(bare, "plan", checks={"A": PlanCheck("A", rules[:1])}) == "plan A: 1 rule broken"
    unseen = (Rule("heart", "not checked", "heart not found"), Rule("lung", "passed", "nothing near"))
    assert states(bare, checks={"A": PlanCheck("A", unseen)})["plan"] == "attention"
    assert line(bare, "plan", checks={"A": PlanCheck("A", unseen)}) == "plan A: 1 rule not checked"
    assert states(bare, checks={"A": PlanCheck("A", unseen[1:])})["plan"] == "done"


def test_a_resection_needs_no_simulation_and_two_plans_are_compared(toy_case):
    cut = PlaneCut((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    case = replace(toy_case, plans={"B": ResectionPlan("B", "liver", ("tumour_1",), (cut,))}, checks={}, results={})
    assert states(case)["simulate"] == "done" and "a resection is not simulated" in line(case, "simulate")
    both = toy_case.with_plan(case.plan("B"))
    assert states(both)["compare"] == "open" and line(both, "compare") == "plan B: numbers follow by themselves"
    assert states(both, read=("B",))["compare"] == "done", "numbers that are known beside the case count"
    full = both.with_assessment(Assessment("B", ()))
    assert states(full)["compare"] == "done" and line(full, "compare") == "2 plans to compare"


def test_every_sentence_can_be_filled():
    facts = dict.fromkeys(("count", "plans", "modality", "slices", "step", "number", "scan"), "1")
    for kind in SENTENCES:
        assert "{" not in Reason(kind, FrozenMapping(facts)).line


def test_a_confirmation_waits_for_the_treatment(toy_case, scan):
    assert states(scan)["confirm"] == "open" and line(scan, "confirm") == "follows step 3"
    assert states(toy_case, reported=True)["confirm"] == "open"
    assert line(toy_case, "confirm") == "after the treatment, with a second scan"


@pytest.mark.parametrize(("verdict", "state"), [("complete with margin", "done"), ("borderline", "attention"),
                                                ("incomplete", "attention"), ("uncertain", "attention")])
def test_the_last_confirmation_tells_how_it_went(toy_case, verdict, state):
    case = toy_case.with_confirmation(confirmation(0.5))
    found = replace(confirmation(), name="4 weeks", verdict=verdict)
    case = case.with_confirmation(found)
    assert states(case)["confirm"] == state and line(case, "confirm") == f"4 weeks: {verdict}"
