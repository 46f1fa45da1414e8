"""Plans as files of their own: written by the program, written by hand, and written by nobody who means well."""

from __future__ import annotations

import json

import pytest

import anatomy_twin as at
from anatomy_twin.core import AblationPlan, LesionLine, LesionPlan, ResectionPlan
from anatomy_twin.errors import PlanError, StoreError
from anatomy_twin.store import load_plan, save_case, save_plan
from anatomy_twin.store.plan_file import plan_from_json
from tests.fuzz.manifests import APPLICATOR, BAD_PLANS, GOOD_PLANS, PLAN, is_the_plan
from tests.support.full_case import all_plans, full_case


@pytest.mark.parametrize("plan", all_plans(), ids=lambda plan: type(plan).__name__)
def test_every_kind_of_plan_comes_back_exactly(tmp_path, plan):
    path = at.save_plan(plan, tmp_path / "new" / "plan.json")
    assert at.load_plan(path) == plan and type(load_plan(path)) is type(plan)
    before = path.read_bytes()
    assert save_plan(load_plan(path), path).read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["plan.json"]


def test_the_file_is_the_one_that_a_case_holds(tmp_path):
    case = save_case(full_case(), tmp_path / "x.twin")
    plan = load_plan(case / "plans" / "A.json")
    assert plan == full_case().plan("A")
    assert save_plan(plan, tmp_path / "A.json").read_bytes() == (case / "plans" / "A.json").read_bytes()


@pytest.mark.parametrize("name", GOOD_PLANS)
def test_plans_of_people_are_read(name):
    assert is_the_plan(plan_from_json(GOOD_PLANS[name]))


@pytest.mark.parametrize("name", BAD_PLANS)
def test_what_is_no_plan_is_refused_in_one_line(tmp_path, name):
    path = tmp_path / "plan.json"
    path.write_bytes(BAD_PLANS[name])
    with pytest.raises(PlanError, match=r"plan\.json") as caught:
        load_plan(path)
    assert "\n" not in caught.value.line and caught.value.line.isprintable() and len(caught.value.line) < 500
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(("change", "words"), [
    ({"speed": 3}, "unknown fields: speed"),
    ({"applicators": [{**APPLICATOR, "tip_mm": [1, 2]}]}, "applicators: tip_mm: 3 values expected, 2 found"),
    ({"margin_mm": 10**400}, "margin_mm: a number is too large"),
    ({"applicators": [APPLICATOR] * 13}, "at most 12"),
    ({"kind": "ResectionPlan"}, "unknown fields: applicators, target"),
])  # fmt: skip
def test_a_refusal_names_the_field(change, words):
    with pytest.raises(PlanError, match=words):
        plan_from_json(json.dumps({**PLAN, **change}).encode(), "x.json")


def test_usual_values_may_be_left_out_in_every_kind():
    cut = {"kind": "SegmentCut", "segments": ["V"]}
    resection = {"kind": "ResectionPlan", "name": "r", "organ": "liver", "targets": ["t"], "cuts": [cut]}
    lesions = {"kind": "LesionPlan", "name": "l", "chamber": "left_atrium",
               "lesions": [{"kind": "LesionLine", "points_mm": [[0, 0, 0], [1, 1, 1]]}]}
    read = [plan_from_json(json.dumps(content).encode()) for content in (resection, lesions, PLAN)]
    assert [type(plan) for plan in read] == [ResectionPlan, LesionPlan, AblationPlan]
    assert read[0].margin_mm == 10.0
    assert read[1].lesions == (LesionLine(((0, 0, 0), (1, 1, 1)), 3.0),)
    position = plan_from_json(b'{"kind": "PositionPlan", "name": "p", "organ": "liver"}')
    assert position.gravity == (0.0, 1.0, 0.0)


def test_a_plan_is_not_written_over_a_folder_or_a_link(tmp_path):
    plan = all_plans()[0]
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("folder", "link"):
        with pytest.raises(StoreError, match="folder or link"):
            save_plan(plan, tmp_path / name)
    with pytest.raises(StoreError, match="name"):
        save_plan(plan, tmp_path / ("x" * 300))
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing.json", tmp_path / "a\0b"):
        with pytest.raises(PlanError):
            load_plan(path)
