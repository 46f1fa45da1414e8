"""Places in the patient: what the window and the report show can be typed at the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy_twin.cli.common import parse_target
from anatomy_twin.cli.main import main
from anatomy_twin.core import Case
from anatomy_twin.errors import UsageError
from anatomy_twin.store import load_case, save_case
from anatomy_twin.units import FARTHEST, place_text, read_place
from tests.support.toy_patient import toy_patient

SPLEEN_MM = (85.0, 35.0, 30.0)
SPLEEN_SHOWN = "L 85.0, P 35.0, H 30.0 mm"
numbers = st.floats(-2000, 2000).map(lambda value: round(value, 1))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.tuples(numbers, numbers, numbers))
def test_what_is_shown_can_be_read_again(point):
    assert read_place(place_text(point)) == point
    assert read_place(",".join(f"{value:.1f}" for value in point)) == point


@pytest.mark.parametrize(("text", "point"), [
    ("R 62.0, A 20.0, H 33.0 mm", (-62.0, -20.0, 33.0)),
    ("L 62.0  P 20.5  F 33.0 mm", (62.0, 20.5, -33.0)),
    ("h33 a20 r62", (-62.0, -20.0, 33.0)),
    ("F.5,R62,P0", (-62.0, 0.0, -0.5)),
    (" -62, 4 ,1e1", (-62.0, 4.0, 10.0)),
])
def test_places_in_any_order_with_letters_or_as_three_numbers(text, point):
    assert read_place(text) == point


@pytest.mark.parametrize("text", [
    "", "liver", "1,2", "1,2,3,4", "nan,1,2", "inf,1,2", "1 2 3", "R 1, L 2, H 3", "R 1, X 2, H 3", "R 1, A 2",
    "R -1, A 2, H 3", "R62A20H33", "R 1,5, A 2,5, H 3,5", f"R {FARTHEST * 2:.0f}, A 1, H 1", "S 1, A 2, R 3"])
def test_what_is_no_place_is_none(text):
    assert read_place(text) is None


def test_a_target_is_a_place_or_a_name():
    assert parse_target(SPLEEN_SHOWN) == parse_target("L85 P35 H30") == parse_target("85,35,30") == SPLEEN_MM
    assert parse_target("tumour_1") == "tumour_1" and parse_target(None) is None
    with pytest.raises(UsageError, match="is not a position"):
        parse_target("L 85, R 35, H 30")


@pytest.fixture
def case(tmp_path):
    volume, labels = toy_patient()
    return save_case(Case.new(volume=volume, labels=labels), tmp_path / "a.twin")


def after(case, *arguments):
    assert main([*(str(part) for part in arguments)]) == 0
    return load_case(case).label_map.array


def test_clicks_and_brushes_take_the_place_that_is_shown(capsys, case):
    by_letters = after(case, "segment", case, "--click-out", f"spleen={SPLEEN_SHOWN}")
    volume, labels = toy_patient()
    save_case(Case.new(volume=volume, labels=labels), case)
    by_numbers = after(case, "segment", case, "--click-out", "spleen=85,35,30")
    assert np.array_equal(by_letters, by_numbers) and not np.array_equal(by_letters, labels.array)
    painted = after(case, "edit", case, "paint", "spleen", "--at", "L55, P62, F40", "--radius", "6", "--force")
    geometry = volume.geometry
    value = labels.segment("spleen").value
    assert painted[0][geometry.nearest_voxel((55.0, 62.0, -40.0))] == value
    capsys.readouterr()
    assert main(["edit", str(case), "erase", "spleen", "--at", "L55,R62,F40", "--radius", "6", "--json"]) == 2
    assert "--at 'L55,R62,F40'" in capsys.readouterr().err


def test_a_place_in_a_case_is_said_where_the_scan_ends(capsys, case):
    assert main(["segment", str(case), "--click", "liver=L 900, A 0, H 0", "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "outside the scan" in err
    assert main(["segment", str(case), "--click-out", "spleen=L85,P35,H30", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["segments"]["spleen"]["state"] == "corrected"
