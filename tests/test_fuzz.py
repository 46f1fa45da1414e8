"""A sample of the corpus of broken input: every case ends in the truth, a warning or a refusal, in time and in memory.

`scripts/run_corpus.py` runs all of it.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.runner import all_cases

ROOT = Path(__file__).resolve().parent.parent
CORPORA = ROOT / "tests" / "fuzz" / "corpora"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the runner measures by Linux's means")


@linux_only
@pytest.mark.slow
def test_a_sample_of_all_families():
    command = [sys.executable, str(ROOT / "scripts" / "run_corpus.py"), "--sample", "60", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout, done.stderr[-2000:]
    results = json.loads(done.stdout)["cases"]
    assert not [case for case in results if case["violations"]]
    assert done.returncode == 0
    assert {case["family"] for case in results} == {case.family for case in all_cases()}
    assert {"truth", "warned", "refused"} == {case["outcome"] for case in results}


def test_the_corpus_is_as_large_as_it_says():
    counts = Counter(case.family for case in all_cases())
    dicom = ("truncation", "header", "length", "description", "number", "text", "structure", "syntax", "folder",
             "codec", "multi-frame", "flip")  # fmt: skip
    assert sum(counts[family] for family in dicom) >= 300
    assert all(counts[family] >= 12 for family in dicom)
    assert counts["defect"] >= 24
    assert counts["command line"] >= 24


@pytest.mark.parametrize("target", ["prescan", "loader", "plan"])
def test_the_stored_inputs_of_the_fuzz_targets_raise_nothing_but_refusals(target):
    module = importlib.import_module(f"tests.fuzz.targets.{target}")
    stored = sorted((CORPORA / target).iterdir())
    assert len(stored) >= 10
    assert sum(file.stat().st_size for file in stored) < 100_000
    for data in (*module.seeds().values(), *(file.read_bytes() for file in stored)):
        module.one_input(data)
