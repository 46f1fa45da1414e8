"""What a report says of how robust a plan is: numbers with intervals, what was assumed, and the map as pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from anatomy_twin.cli.common import numbers_json, numbers_text
from anatomy_twin.errors import DataError
from anatomy_twin.pipeline import assess_case
from anatomy_twin.rehearsal import build_scene, format_interval
from anatomy_twin.render.field_surface import scale_colours
from anatomy_twin.render.robustness_picture import STRIP_PX
from anatomy_twin.report.content import build_content
from anatomy_twin.report.document import make_pdf
from anatomy_twin.report.page import make_page
from anatomy_twin.report.pictures import Figure
from anatomy_twin.report.robustness import robustness_tasks
from tests.support.robust_plans import toy_robustness
from tests.support.toy_case import planned_case


@pytest.fixture(scope="module")
def case():
    plain = planned_case(8.0)
    return assess_case(plain.with_robustness(toy_robustness(plain)), "A")


def test_numbers_intervals_and_assumptions_are_told(case):
    content = build_content(case, build_scene(case, "A"), "A")
    told = content["robustness"]
    assert [row["shown"] for row in told["shares"]] == ["81 %", "50 %", "12 %", "0 %"]
    assert told["shares"][0]["interval"] == "57 to 93 %" and told["shares"][0]["count"] == "13 of 16"
    assert [row["assumed"] for row in told["sampled_over"]] == [True, False] and told["failed"] == 1
    assert "nothing is coagulated" in told["margins"] and told["uncovered_there"] == "25 %"
    tables = {row["name"]: row["table"] for row in content["numbers"]}
    assert tables["coverage_probability_percent"] == "robustness", "told once"
    assert not set(told["notes"]) & set(content["number_notes"])
    figures = [Figure(group, group, np.zeros((8, 8, 3), np.uint8)) for group in ("robust_target", "robustness")]
    page = make_page(content, figures, [])
    for words in ("<h2>Robustness</h2>", "57 to 93 %", "sampled over the ranges below", "assumed"):
        assert words in page
    assert make_pdf(content, figures, [])[:5] == b"%PDF-"


def test_a_sampled_number_keeps_its_interval_everywhere(case):
    """Wilson's interval of 13 of 16 (SciPy), in the number itself, in the terminal, as JSON and in the report."""
    known = stats.binomtest(13, 16).proportion_ci(0.95, method="wilson")
    numbers = case.assessments["A"]
    share = numbers["coverage_probability_percent"]
    assert share.interval == pytest.approx((100 * known.low, 100 * known.high), abs=0.051)
    assert "interval" not in share.note and format_interval(share) == "95 % interval 57 to 93 %"
    line = next(line for line in numbers_text(numbers).splitlines() if share.label in line)
    assert line.endswith("81.2 %  95 % interval 57 to 93 % (16 simulated treatments on a 2.5 mm grid)")
    assert numbers_json(numbers)["quantities"][share.name]["interval"] == share.interval
    assert format_interval(numbers["margin_p50_mm"]) == "" and numbers["margin_p50_mm"].interval is None
    rows = {row["name"]: row for row in build_content(case, build_scene(case, "A"), "A")["numbers"]}
    assert rows[share.name]["interval"] == "95 % interval 57 to 93 %" and rows["margin_p50_mm"]["interval"] == ""
    with pytest.raises(DataError, match="ends below its beginning"):
        replace(share, interval=(2.0, 1.0))


def test_a_plan_that_was_not_sampled_has_no_such_section():
    plain = planned_case(8.0)
    content = build_content(plain, build_scene(plain, "A"), "A")
    assert content["robustness"] == {} and "<h2>Robustness" not in make_page(content, [], [])
    assert robustness_tasks(plain, build_scene(plain, "A"), "A") == []


@pytest.mark.gui
def test_the_map_is_drawn_where_it_fails(case):
    tasks = robustness_tasks(case, build_scene(case, "A"), "A")
    assert [group for group, _, _ in tasks] == ["robust_target", "robustness", "robustness"]
    assert "from the left" in tasks[0][1] and "16 sampled treatments" in tasks[0][1]
    target = tasks[0][2]().astype(int)
    warm = (target[..., 0] > 120) & (target[..., 0] > target[..., 1] + 40)
    assert warm.mean() > 0.05, "the side that is missed is looked at"
    strip = np.unique(target[:, -STRIP_PX:].reshape(-1, 3), axis=0)
    for share in (0.3, 0.6, 1.0):  # the scale beside it holds the colours that the surface is painted with
        colour = scale_colours(np.array([share]), 0.0, 1.0)[0].astype(int)
        assert np.abs(strip - colour).max(axis=1).min() <= 3
    flat = tasks[1][2]().astype(int)
    tinted = (flat[..., 0] > flat[..., 1] + 40) & (flat[..., 2] > flat[..., 1] + 10)
    columns = np.flatnonzero(tinted.any(axis=0))
    assert tinted.mean() > 0.005 and 0.15 * flat.shape[1] < columns.mean() < 0.85 * flat.shape[1]
