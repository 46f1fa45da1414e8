"""The verb ``plan``: what it says beside the rules, that a zone is too small or a lesion has another name now."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.cli.main import main
from anatomy_twin.core import Case
from anatomy_twin.store import load_case, save_case
from tests.support.toy_patient import toy_patient


def run(capsys, *arguments):
    code = main([*(str(part) for part in arguments), "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    return json.loads(out), err


@pytest.fixture
def saved(tmp_path):
    """The toy patient with its second tumour as a proposal of the program."""
    volume, labels = toy_patient()
    found = replace(labels.segment("tumour_2"), name="tumour_candidate_1", state="check", note="darker than the liver")
    segments = tuple(found if s.name == "tumour_2" else s for s in labels.segments)
    return save_case(Case.new(volume=volume, labels=replace(labels, segments=segments)), tmp_path / "a.twin")


def test_a_zone_that_does_not_cover_target_and_margin_is_told(capsys, saved):
    document, err = run(capsys, "plan", saved, "--target", "tumour_1", "--margin", "2")
    assert document["warning"] == "" and document["target"] == "tumour_1" and "does not cover" not in err
    document, err = run(capsys, "plan", saved, "--target", "tumour_1", "--margin", "20", "--name", "B")
    assert "does not cover target and margin" in document["warning"]
    assert f"note: plan B: {document['warning']}" in err
    case = load_case(saved)
    assert case.provenance[-1].facts["warning"] == document["warning"] in case.provenance[-1].facts["why"]


def test_a_candidate_that_becomes_a_tumour_is_named_with_its_new_name(capsys, saved):
    before = load_case(saved).label_map
    document, err = run(capsys, "plan", saved, "--target", "tumour_candidate_1", "--margin", "2")
    assert document["target"] == "tumour_2"
    assert "note: tumour_candidate_1 is called tumour_2 from now on" in err.splitlines()
    after = load_case(saved).label_map
    assert "tumour_candidate_1" not in after
    assert np.array_equal(after.mask("tumour_2"), before.mask("tumour_candidate_1"))
    _, err = run(capsys, "plan", saved, "--target", "tumour_2", "--margin", "2", "--name", "C")
    assert "from now on" not in err


def test_all_entries_are_told_drawn_and_weighed(capsys, saved, tmp_path):
    from PIL import Image

    from anatomy_twin.render import can_render

    if not can_render()[0]:
        pytest.skip("this machine cannot draw")
    main(["mesh", str(saved)])
    capsys.readouterr()
    document, _ = run(capsys, "plan", saved, "--target", "tumour_1", "--map", tmp_path / "map.png")
    found = document["entries"]
    assert found["tried"] == found["on_the_skin"] > found["feasible"] >= len(found["pareto"]) > 1
    costs = [one["cost"] for one in found["pareto"]]
    assert costs == sorted(costs) and "overlap with other tracks" not in found["pareto"][0]["costs"]
    assert load_case(saved).plan("A").applicators[0].entry_mm in [tuple(one["entry_mm"]) for one in found["pareto"]]
    picture = np.asarray(Image.open(tmp_path / "map.png").convert("RGB")).astype(int)
    green = (picture[..., 1] > picture[..., 0] + 60) & (picture[..., 1] > picture[..., 2] + 40)
    assert green.sum() > 2000

    wanted = "path length=9,axial=0,risk=0,organ=0,capsule=0"
    weighed, _ = run(capsys, "plan", saved, "--target", "tumour_1", "--name", "B", "--weights", wanted)
    lengths = [one["costs"]["path length"] for one in weighed["entries"]["pareto"]]
    assert lengths == sorted(lengths) and weighed["entries"]["weights"]["path length"] == 9.0
    assert load_case(saved).plan("B").applicators[0].depth_mm == pytest.approx(min(lengths), abs=0.01)


@pytest.mark.parametrize(("weights", "words"), [
    ("angle=2", "names no cost"), ("length", "names no cost"), ("length=much", "has no number"),
    ("length=-1", "not negative"),
])  # fmt: skip
def test_weights_that_make_no_sense_are_refused(capsys, saved, weights, words):
    assert main(["plan", str(saved), "--target", "tumour_1", f"--weights={weights}"]) == 2
    assert words in capsys.readouterr().err
    assert main(["plan", str(saved), "--file", "x.json", "--map", "a.png"]) == 2
