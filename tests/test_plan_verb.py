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
