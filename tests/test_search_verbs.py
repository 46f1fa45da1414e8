"""``plan --search`` and ``assess --robustness`` on a saved case: what is kept, what is said, how they refuse."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from anatomy_twin.cli.main import main
from anatomy_twin.store import load_case, save_case
from tests.support.box_patient import ball, base_masks, case_of, geometry, labels_of


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    grid = geometry()
    masks = base_masks(grid) | {"tumour_1": ball(grid, (-24, 0, 0), 7.0), "tumour_2": ball(grid, (22, 4, 6), 7.0)}
    return save_case(case_of(labels_of(grid, masks)), tmp_path_factory.mktemp("search") / "a.twin")


def run(capsys, *arguments):
    code = main([*(str(part) for part in arguments), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def test_a_search_keeps_what_was_confirmed_and_its_robustness_is_told(capsys, saved, tmp_path):
    code, document, _ = run(capsys, "plan", saved, "--search", "--targets", "tumour_1,tumour_2", "--margin", "3")
    assert code == 0 and document["confirmed"] and not document["shortfalls"]
    case = load_case(saved)
    assert set(case.plans) == set(case.results) == {"A tumour_1", "A tumour_2"}
    assert min(document["margins_mm"].values()) >= 3.0
    assert case.provenance[-1].facts["confirmed"] == "yes"
    code, document, _ = run(
        capsys, "assess", saved, "--plan", "A tumour_1", "--robustness", "8", "--placement", "1", "--seed", "4",
        "--map", tmp_path / "map.png",
    )
    with Image.open(tmp_path / "map.png") as picture:
        shades = np.asarray(picture.convert("RGB"))
    assert shades.shape[0] > 900 and shades.shape[1] > 1300
    yellow = (shades[..., 0] > 200) & (shades[..., 1] > 180) & (shades[..., 2] < 190)
    assert yellow[:, :900].mean() > 0.01, "what is always coagulated is seen on the slices"
    found = document["robustness"]
    assert code == 0 and found["covered"]["of"] == 8 and found["covered"]["low"] <= found["covered"]["value"]
    assert len(found["margins_mm"]) == 8 and found["seed"] == 4
    case = load_case(saved)
    assert case.robustness["A tumour_1"].covered.count == found["covered"]["count"]
    assert case.robustness["A tumour_1"].weakest_mm == tuple(found["weakest_mm"])
    kept = {one.name: one for one in case.assessments["A tumour_1"].quantities}
    assert kept["coverage_probability_percent"].value == pytest.approx(100 * found["covered"]["value"], abs=0.06)
    code = main(["assess", str(saved), "--plan", "A tumour_1", "--robustness", "2"])
    assert code == 0 and "Probability of complete coverage" in capsys.readouterr().out


def test_what_is_not_confirmed_is_no_plan(capsys, saved):
    before = set(load_case(saved).plans)
    code, document, _ = run(
        capsys, "plan", saved, "--search", "--target", "tumour_1", "--margin", "29", "--applicators", "1", "--name", "B"
    )
    assert code == 1 and not document["confirmed"] and not document["plans"]
    assert any(one["name"] == "margin of tumour_1" for one in document["shortfalls"])
    assert set(load_case(saved).plans) == before


@pytest.mark.parametrize(("words", "told"), [
    (("plan", "--target", "tumour_1", "--in-turn"), "--in-turn goes with --search"),
    (("plan", "--target", "tumour_1", "--seed", "3"), "--seed goes with --search"),
    (("plan", "--search", "--targets", "liver"), "liver is no lesion"),
    (("plan", "--search", "--targets", "tumour_1", "--seed", "-1"), "the seed is -1"),
    (("plan", "--search", "--targets", "tumour_1", "--name", ""), "plan name '' is empty"),
    (("plan", "--search", "--targets", "tumour_1", "--weights", "length=2"), "not for --search"),
    (("assess", "--placement", "2"), "--placement goes with --robustness"),
    (("assess", "--picture", "a.png"), "--picture goes with --ellipsoid"),
])  # fmt: skip
def test_options_that_mean_nothing_here_are_refused_and_the_case_stays(capsys, saved, words, told):
    before = {path: path.stat().st_mtime_ns for path in saved.rglob("*")}
    code, _, err = run(capsys, words[0], saved, *words[1:])
    assert code == 2 and told in err
    assert {path: path.stat().st_mtime_ns for path in saved.rglob("*")} == before


def test_wrong_words_are_refused(capsys, saved):
    for arguments in (("--search",), ("--targets", "tumour_1"), ("--search", "--targets", "tumour_7"),
                      ("--search", "--target", "tumour_1", "--applicators", "0")):  # fmt: skip
        try:
            assert main(["plan", str(saved), *arguments]) == 2
        except SystemExit as stop:
            assert stop.code == 2
    assert main(["assess", str(saved), "--plan", "none", "--robustness", "4"]) == 2
    assert main(["assess", str(saved), "--robustness", "4", "--map", "map.jpg"]) == 2
    capsys.readouterr()
