"""How robust a plan is lives in the case: kept to the last bit, gone with its plan, refused where torn."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import pyvista
from scipy import stats

from anatomy_twin.errors import DataError, StoreError
from anatomy_twin.pipeline import assess_case
from anatomy_twin.pipeline.procedures.naming import with_copy, with_name
from anatomy_twin.store import load_case, save_case, verify_case
from tests.support.robust_plans import MARGINS_MM, WORST, toy_robustness
from tests.support.saved_cases import assert_equal, reseal
from tests.support.toy_case import planned_case


@pytest.fixture(scope="module")
def bare_case():
    return planned_case(8.0)


@pytest.fixture(scope="module")
def robust_case(bare_case):
    return bare_case.with_robustness(toy_robustness(bare_case))


@pytest.mark.parametrize("file", ["case.twin", "case.zip"])
def test_it_is_read_as_it_was_saved(tmp_path, robust_case, file):
    saved = save_case(robust_case, tmp_path / file)
    assert_equal(load_case(saved), robust_case)
    verify_case(saved)
    again = save_case(load_case(saved), tmp_path / f"again {file}")
    if saved.is_dir():
        assert (again / "case.json").read_bytes() == (saved / "case.json").read_bytes()
        text = (saved / "robustness/A/robustness.json").read_text()
        assert json.loads(text)["margins_mm"][0] is None, "nothing coagulated is no number"
        assert robust_case.patient.pseudonym not in text, "nothing new names the patient"


def test_other_programs_see_the_map(tmp_path, robust_case):
    saved = save_case(robust_case, tmp_path / "case.twin")
    mesh = pyvista.read(saved / "robustness/A/target.vtp")
    found = robust_case.robustness["A"]
    np.testing.assert_array_equal(mesh.points, found.surface.points_mm)
    np.testing.assert_array_equal(mesh.point_data["uncovered"], found.uncovered)
    assert mesh.point_data["uncovered"].max() == pytest.approx(WORST, abs=0.02)


def test_it_goes_with_the_plan_that_it_is_of(robust_case):
    plan, labels = robust_case.plan("A"), robust_case.label_map
    assert robust_case.with_plan(plan).robustness, "the same plan"
    moved = replace(plan, applicators=(replace(plan.applicators[0], power_w=50.0),))
    assert not robust_case.with_plan(moved).robustness
    assert not robust_case.without_plan("A").robustness
    assert robust_case.with_labels(labels, robust_case.anatomy).robustness
    assert not robust_case.with_labels(replace(labels, notes=("new",)), robust_case.anatomy).robustness
    assert robust_case.with_result(replace(robust_case.results["A"], warnings=("anew",))).robustness
    copied, name = with_copy(robust_case, "A")
    assert name not in copied.robustness and "A" in copied.robustness
    renamed = with_name(robust_case, "A", "Other")
    assert renamed.robustness["Other"].plan_name == "Other" and "A" not in renamed.robustness
    with pytest.raises(DataError, match="no plan"):
        robust_case.with_robustness(replace(robust_case.robustness["A"], plan_name="Z"))


def test_numbers_read_anew_keep_it(robust_case):
    rows = {row.name: row for row in assess_case(robust_case, "A").assessments["A"].quantities}
    assert rows["coverage_probability_percent"].value == 81.2 and rows["margin_probability_percent"].value == 12.5
    known = stats.binomtest(13, 16).proportion_ci(0.95, method="wilson")
    assert rows["coverage_probability_percent"].interval == pytest.approx((100 * known.low, 100 * known.high), abs=0.06)


def test_probabilities_per_limit_are_counted(robust_case):
    found = robust_case.robustness["A"]
    assert [found.probability_of(limit).count for limit in (0.0, 1.0, 5.0, 9.0)] == [13, 9, 2, 0]
    assert found.probability_of(0.0).value == np.mean(MARGINS_MM >= 0.0)
    worst = found.surface.points_mm[found.uncovered == found.uncovered.max()]
    assert np.abs(worst - found.weakest_mm).max(axis=1).min() < 0.06


def test_parts_that_do_not_fit_are_refused(tmp_path, robust_case):
    found = robust_case.robustness["A"]
    with pytest.raises(DataError, match="uncovered"):
        replace(found, uncovered=found.uncovered[1:])
    with pytest.raises(DataError, match="no sample"):
        replace(found, margins_mm=np.zeros(0), target_percents=np.zeros(0))
    saved = save_case(robust_case, tmp_path / "case.twin")

    def without_map(manifest):
        del manifest["files"]["robustness/A/target.vtp"]

    reseal(saved, without_map)
    with pytest.raises(StoreError, match=r"target\.vtp"):
        load_case(saved)


def test_a_case_without_is_read(tmp_path, bare_case):
    saved = save_case(bare_case, tmp_path / "case.twin")
    reseal(saved, lambda manifest: manifest["case"].pop("robustness"))
    assert_equal(load_case(saved), bare_case)
