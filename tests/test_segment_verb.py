"""The verb ``segment`` and ``info case``: clicks from the command line, what they leave and what they refuse."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.cli.main import main
from anatomy_twin.core import Case
from anatomy_twin.segmentation import segment
from anatomy_twin.store import load_case, save_case
from tests.support.toy_patient import toy_patient


@pytest.fixture
def saved(tmp_path):
    volume, labels = toy_patient()
    return save_case(Case.new(volume=volume, labels=labels), tmp_path / "a.twin")


def run(capsys, *arguments):
    code = main(["segment", *(str(part) for part in arguments)])
    out = capsys.readouterr()
    return code, out.out, out.err.strip().splitlines()


def test_the_verb_corrects_the_labels_of_a_case(capsys, tmp_path, saved):
    case = tmp_path / "a.twin"
    before = load_case(case).label_map
    code, out, _ = run(capsys, case, "--click", "lesion_1=0,-60,60", "--click-out", "spleen=85,35,30", "--json")
    assert code == 0
    entries = json.loads(out)["segments"]
    assert entries["spleen"]["state"] == "corrected" and "grow" in entries["spleen"]["note"]
    after = load_case(case)
    assert after.label_map.volume_ml("spleen") < before.volume_ml("spleen")
    assert np.array_equal(after.label_map.mask("kidney_left"), before.mask("kidney_left"))
    assert after.provenance[-1].facts["pointed at"] == "lesion_1, spleen"


def test_the_verb_reads_a_file_of_seeds(capsys, tmp_path, saved):
    case, seeds = tmp_path / "a.twin", tmp_path / "seeds.json"
    seeds.write_text(json.dumps({"spleen": {"outside": [[85, 35, 30]]}}))
    code, out, _ = run(capsys, case, "--segmenter", "levelset", "--seeds", seeds, "--json")
    assert code == 0 and "levelset" in json.loads(out)["segments"]["spleen"]["note"]


@pytest.mark.parametrize(("arguments", "word"), [
    (["--click", "liver=1,2"], "NAME=x,y,z"),
    (["--click", "liver=900,0,0"], "outside the scan"),
    (["--click", "liver=-160,-115,0"], "in the air"),
    (["--click", "liver=-55,-10,20", "--click-out", "liver=-55,-10,20"], "contradict"),
    (["--segmenter", "grow"], "needs seeds"),
    (["--segmenter", "gro", "--click", "liver=-55,-10,20"], "no segmenter"),
    (["--seeds", "nowhere.json"], "cannot be read"),
    (["--seeds", "bad.json"], "not JSON"),
    (["--seeds", "odd.json"], "no part"),
])
def test_the_verb_refuses_in_one_line(capsys, tmp_path, saved, monkeypatch, arguments, word):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text("{liver: 3")
    (tmp_path / "odd.json").write_text('{"liver": {"upside": [[0, 0, 0]]}}')
    before = load_case(tmp_path / "a.twin").label_map
    code, out, lines = run(capsys, tmp_path / "a.twin", *arguments)
    assert code == 2 and not out and word in lines[-1]
    assert np.array_equal(load_case(tmp_path / "a.twin").label_map.array, before.array)


@pytest.fixture
def flagged(tmp_path):
    """The toy patient, its spleen to be checked and its right kidney confirmed."""
    volume, labels = toy_patient()
    states = {"spleen": ("check", ("volume",), "too large"), "kidney_right": ("confirmed", (), "")}
    segments = tuple(
        replace(s, **dict(zip(("state", "rules", "note"), states.get(s.name, ("ok", (), "")), strict=True)))
        for s in labels.segments
    )
    save_case(Case.new(volume=volume, labels=replace(labels, segments=segments)), tmp_path / "f.twin")
    return tmp_path / "f.twin"


def test_a_click_does_not_clear_a_flag(capsys, flagged):
    code, out, _ = run(capsys, flagged, "--click-out", "spleen=85,35,30", "--json")
    entry = json.loads(out)["segments"]["spleen"]
    assert code == 0 and (entry["state"], entry["rules"]) == ("check", ["volume"])
    assert entry["note"].startswith("corrected by grow") and entry["note"].endswith("before: too large")


def test_a_click_that_would_eat_another_organ_whole_is_refused(capsys, flagged):
    before = load_case(flagged).label_map
    middle = ",".join(f"{value:.1f}" for value in middle_of(load_case(flagged), "kidney_left"))
    code, out, lines = run(capsys, flagged, "--click", f"liver={middle}")
    assert code == 2 and not out and "kidney_left would vanish" in lines[-1]
    assert np.array_equal(load_case(flagged).label_map.array, before.array)


def test_an_organ_that_loses_a_part_of_itself_to_a_click_is_flagged_and_named(capsys, flagged):
    code, out, _ = run(capsys, flagged, "--click", "muscle=85,35,30", "--segmenter", "threshold")
    entry = load_case(flagged).label_map.segment("spleen")
    assert code == 0 and "(volume, lost)" in out and "kidney_right" not in out
    assert "other segments stay as they were" in out and "ml to muscle" in entry.note


def middle_of(case, name):
    labels = case.label_map
    return labels.geometry.to_world(np.argwhere(labels.mask(name)).mean(0))


def test_what_a_person_did_is_replaced_only_when_asked(capsys, flagged):
    before = load_case(flagged).label_map
    code, out, lines = run(capsys, flagged)
    assert code == 2 and not out and "kidney_right" in lines[-1] and "--overwrite" in lines[-1]
    assert np.array_equal(load_case(flagged).label_map.array, before.array)


def test_a_slip_of_the_pen_is_refused_and_a_name_of_ones_own_is_not(capsys, flagged):
    code, _, lines = run(capsys, flagged, "--click", "lever=-55,-10,20")
    assert code == 2 and "did you mean liver?" in lines[-1]
    code, out, _ = run(capsys, flagged, "--click", "finding_of_interest=85,35,30", "--json")
    assert code == 0 and json.loads(out)["segments"]["finding_of_interest"]["volume_ml"] > 0.03


@pytest.mark.parametrize("seed", [{"liver": (0.0, 0.0, 0.0)}, {"tumour_1": {"inside": [(0, 0, 0), (1, 1, 1)]}}])
def test_the_organ_finder_takes_one_click_in_a_lesion_and_nothing_else(seed):
    from anatomy_twin.errors import UsageError

    volume, labels = toy_patient()
    with pytest.raises(UsageError, match="one click inside each tumour"):
        segment(volume, "ct-abdomen", seed, labels)


def test_the_segments_of_a_case_are_listed_with_their_rules(capsys, flagged):
    assert main(["info", "case", str(flagged), "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)["segments"]
    assert entries["spleen"]["rules"] == ["volume"] and entries["kidney_right"]["state"] == "confirmed"
    assert main(["info", "case", str(flagged)]) == 0
    assert "check (volume)  too large" in capsys.readouterr().out
