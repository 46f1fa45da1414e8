"""The report of an ablation: the map of entries with its table, the generator, ice."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import ResectionPlan
from anatomy_twin.plan import entry_map
from anatomy_twin.rehearsal import build_scene
from anatomy_twin.report.content import build_content
from anatomy_twin.report.document import make_pdf
from anatomy_twin.report.entries import LISTED, entry_rows, entry_tasks, plan_entries
from anatomy_twin.report.page import make_page
from anatomy_twin.report.pictures import Figure
from tests.support.toy_case import planned_case


@pytest.fixture(scope="module")
def content():
    """What the report of the toy case says, without its pictures."""
    return told(planned_case())


def told(case):
    parts = entry_rows(case, "A", plan_entries(case, "A"))
    return build_content(case, build_scene(case, "A"), "A") | {"entries": parts}


def test_the_map_stands_in_the_report_with_its_best_entries(content):
    (found,) = json.loads(json.dumps(content["entries"]))
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
    stops = {item["label"] for item in found["legend"][2:]}
    assert found["title"] == "" and len(stops) == len(entries.stops()) > 0
    assert all(label.partition(" stops ")[0] in entries.stops() and label.endswith(" %") for label in stops)
    assert "(Microwave antenna, generic 2.45 GHz)" in found["text"]
    page = html.unescape(make_page(content, [], []))
    assert all(label in page for label in stops)
    assert "<h2>Entries on the skin</h2>" in page and found["lines"][-1] in page
    assert all(f"Not checked, so no entry is known to keep it: {name}" in page for name in entries.unchecked)


def test_every_applicator_has_its_map():
    """What is the same for both is told once; a device that nobody knows keeps its name."""
    case = planned_case()
    one = case.plans["A"].applicators[0]
    aside = replace(one, tip_mm=tuple(np.add(one.tip_mm, (0, 0, 6))), entry_mm=tuple(np.add(one.entry_mm, (0, 0, 6))))
    strange = replace(aside, device="own-needle")
    case = replace(case, plans={"A": replace(case.plans["A"], applicators=(one, aside, strange))})
    first, second, third = parts = entry_rows(case, "A", found := plan_entries(case, "A"))
    assert [part["group"] for part in parts] == ["entries 1", "entries 2", "entries 3"]
    assert second["title"] == "Applicator 2: Microwave antenna, generic 2.45 GHz"
    assert "an entry for applicator 2 (the others stay where they are)" in second["text"]
    assert first["rows"] and second["rows"] and first["rows"][0]["entry_mm"] != second["rows"][0]["entry_mm"]
    assert first["lines"] and not set(first["lines"]) & set(second["lines"])
    assert third["title"].endswith("own-needle") and third["text"].startswith("No map of entries: ")
    tasks = entry_tasks(case, "A", found)
    assert [group for group, _, _ in tasks] == ["entries 1", "entries 2"] and "applicator 2" in tasks[1][1]
    content = told(case)
    assert [bool(row["assumed_text"]) for row in content["plan"]] == [True, False, True], "once for each device"
    figures = [Figure(group, caption, np.zeros((8, 8, 3), np.uint8)) for group, caption, _ in tasks]
    page = make_page(content, figures, [])
    assert page.index(first["title"]) < page.index(tasks[0][1]) < page.index(second["title"]) < page.index(tasks[1][1])
    assert make_pdf(content, figures, [])[:5] == b"%PDF-"


def test_a_map_that_cannot_be_made_is_told():
    case = planned_case()
    gone = replace(case.plans["A"], target="tumour_9")
    ((entries, reason),) = found = plan_entries(replace(case, plans={"A": gone}), "A")
    assert entries is None and "tumour_9" in reason
    assert entry_rows(case, "A", found)[0]["text"].startswith("No map of entries: ")


def test_a_resection_has_no_entries():
    case = planned_case().with_plan(ResectionPlan("R", "liver", ("tumour_1",), ()))
    assert plan_entries(case, "R") == [] == entry_rows(case, "R", [])


def test_the_report_says_what_the_generator_gave(content):
    found = content["simulation"]
    assert found["title"] == "Coagulation"
    assert found["generator"] == ["18.0 kJ as set (not measured)", "Applicator 1: set to 60 W"]  # 60 W for 300 s
