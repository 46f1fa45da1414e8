"""Broken SEG objects, structure sets and reports (``tests/fuzz/label_objects.py``), decoded in this process.

``scripts/run_corpus.py`` runs the same cases as a user would meet them, each in processes of its own.
"""

from __future__ import annotations

import pytest

from anatomy_twin.errors import TwinError
from anatomy_twin.scan import label_object
from anatomy_twin.scan.label_object import decode_label_object
from tests.fuzz.case import Case
from tests.fuzz.label_objects import cases, load

ALL = {case.name: case for case in cases() if case.name != "seg-deflate-bomb"}  # that one needs the child's limit


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr(label_object, "run_limited",
                        lambda _, data, name, target, **limits: decode_label_object(data, name, target))


def outcome(case: Case, folder) -> str:
    """What comes of a case: "truth", "warned", "refused", or "wrong"."""
    path = case.write(folder)
    try:
        loaded = load(path)
    except TwinError as error:
        assert "\n" not in error.line
        return "refused"
    same = case.same is not None and case.same(loaded.value)
    if not loaded.warnings:
        return "truth" if same else "wrong"
    told = " ".join(loaded.warnings)
    return "warned" if same or (case.word is not None and case.word in told) else "wrong"


@pytest.mark.parametrize("name", ALL)
def test_a_broken_object_is_read_right_with_a_warning_or_refused(name, tmp_path, in_process):
    assert outcome(ALL[name], tmp_path) in ALL[name].allowed


def test_the_limits_of_the_child_process_hold(tmp_path):
    bomb = next(case for case in cases() if case.name == "seg-deflate-bomb")
    assert outcome(bomb, tmp_path) == "refused"


def test_there_are_enough_cases():
    assert len(ALL) >= 40
    assert {name.split("-")[0] for name in ALL} == {"seg", "rt", "sr"}
