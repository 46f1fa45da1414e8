"""The report of an ablation: the map of entries with its table, the generator, ice."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import ResectionPlan
from anatomy_twin.plan import entry_map
from anatomy_twin.report import write_report
from anatomy_twin.report.entries import LISTED, entry_rows, plan_entries
from tests.support.toy_case import planned_case


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    write_report(planned_case(), place)
    return place


def test_the_map_stands_in_the_report_with_its_best_entries(folder):
    found = json.loads((folder / "report.json").read_text(encoding="utf-8"))["entries"]
    entries = entry_map(planned_case(), "tumour_1", "mwa-generic")
    assert f"{100 * entries.feasible.mean():.1f} % of {entries.feasible.size} entries" in found["text"]
    assert found["not_checked"] == list(entries.unchecked) != []
    assert 1 <= len(found["rows"]) <= LISTED
    assert found["heads"][3] == "path length (mm)"
    costs = [float(row["cells"][2]) for row in found["rows"]]
    assert costs == sorted(costs)
    for row in found["rows"]:
        gap = np.linalg.norm(entries.entries_mm - row["entry_mm"], axis=1)
        place = int(np.argmin(gap))
        assert gap[place] < 0.1 and entries.feasible[place]
        # the length of the path by its ends
        length = np.linalg.norm(entries.entries_mm[place] - entries.tips_mm[place])
        assert float(row["cells"][3]) == pytest.approx(length, abs=0.06)
        mine, others = entries.costs[place], entries.costs[entries.feasible]
        known = np.isfinite(mine)
        better = (others[:, known] <= mine[known]).all(axis=1) & (others[:, known] < mine[known]).any(axis=1)
        assert not better.any()
    page = html.unescape((folder / "report.html").read_text(encoding="utf-8"))
    assert "<h2>Entries on the skin</h2>" in page and found["lines"][-1] in page
    assert all(f"Not checked, so no entry is known to keep it: {name}" in page for name in entries.unchecked)


def test_a_map_that_cannot_be_made_is_told(folder):
    case = planned_case()
    gone = replace(case.plans["A"], target="tumour_9")
    entries, reason = plan_entries(replace(case, plans={"A": gone}), "A")
    assert entries is None and "tumour_9" in reason
    assert entry_rows(case, "A", entries, reason)["text"].startswith("No map of entries: ")


def test_a_resection_has_no_entries():
    case = planned_case().with_plan(ResectionPlan("R", "liver", ("tumour_1",), ()))
    assert plan_entries(case, "R") == (None, "") and entry_rows(case, "R", None, "") == {}


def test_the_report_says_what_the_generator_gave(folder):
    found = json.loads((folder / "report.json").read_text(encoding="utf-8"))["simulation"]
    assert found["title"] == "Coagulation"
    assert found["generator"] == ["18.0 kJ as set (not measured)", "Applicator 1: set to 60 W"]  # 60 W for 300 s
