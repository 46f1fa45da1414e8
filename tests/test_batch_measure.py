"""Numbers of the batch's rows against what can be computed on paper for boxes and balls."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.anatomy import build_anatomy
from anatomy_twin.batch.compare import add_truth
from anatomy_twin.batch.measure import COLUMNS, TRUTH_COLUMNS, largest_diameter_mm, measure_case
from anatomy_twin.core import Case, Volume
from anatomy_twin.errors import DataError
from tests.support.box_patient import ball, base_masks, box, geometry, labels_of

GRID = geometry()
BALL = 4 / 3 * np.pi * 8.0**3 / 1000


def meshed(masks, absent=(), hu=None) -> Case:
    labels = labels_of(GRID, masks, absent)
    volume = Volume(np.zeros(GRID.shape, np.int16) if hu is None else hu, GRID)
    return Case.new(volume=volume, labels=labels, anatomy=build_anatomy(volume, labels))


@pytest.fixture(scope="module")
def case() -> Case:
    masks = base_masks(GRID)
    hu = np.where(masks["liver"], 100, -1000).astype(np.int16)
    hu[masks["tumour_1"]] = 40
    return meshed(masks, ("spleen",), hu)


@pytest.fixture(scope="module")
def rows(case) -> dict[str, dict]:
    return {row["structure"]: row for row in measure_case(case)}


def test_every_row_has_every_column(rows):
    assert set(rows) == {"body", "muscle", "liver", "tumour_1", "spleen"}
    assert all(list(row) == list(COLUMNS) for row in rows.values())


def test_a_box_measures_what_it_is(rows):
    liver = rows["liver"]
    assert liver["volume_ml"] == pytest.approx(1000.0)
    assert [liver[f"extent_{way}_mm"] for way in ("left_right", "front_back", "head_foot")] == [100.0] * 3
    assert liver["border_share_percent"] == 0
    # the corners of the surface are rounded by less than two voxels
    assert np.sqrt(3) * 100 - 8 < liver["largest_diameter_mm"] < np.sqrt(3) * 100
    # and its edges too: 1200 mm of edge, rounded by 4 mm, are 3.5 % of the area
    assert 0.96 * 600 < liver["surface_area_cm2"] < 600


def test_a_ball_measures_what_it_is(rows):
    tumour = rows["tumour_1"]
    assert tumour["volume_ml"] == pytest.approx(BALL, rel=0.05) and tumour["part_of"] == "liver"
    assert tumour["largest_diameter_mm"] == pytest.approx(16.0, abs=1.5)
    assert tumour["surface_area_cm2"] == pytest.approx(4 * np.pi * 64 / 100, rel=0.06)
    assert tumour["surface_closed"] and tumour["surface_outward"]


def test_parts_count_for_the_whole(rows):
    liver, tumour = rows["liver"], rows["tumour_1"]
    assert liver["volume_without_parts_ml"] == pytest.approx(1000.0 - tumour["volume_ml"])
    share = tumour["volume_ml"] / 1000.0
    assert liver["mean_hu"] == pytest.approx(100 - 60 * share)
    assert liver["sd_hu"] == pytest.approx(60 * np.sqrt(share * (1 - share)))
    assert tumour["mean_hu"] == pytest.approx(40) and tumour["sd_hu"] == pytest.approx(0)


def test_what_is_cut_shows_how_much_of_its_outline_is_no_surface(rows):
    ends, sides = 2 * 160 * 160, 4 * 160 * 140  # the body goes through all slices
    assert rows["body"]["border_share_percent"] == pytest.approx(100 * ends / (ends + sides))


def test_what_was_not_found_has_no_numbers(rows):
    spleen = rows["spleen"]
    assert spleen["state"] == "not found" and spleen["code"]
    assert all(spleen[name] is None for name in list(COLUMNS)[8:])


def test_values_that_are_no_hu_are_not_called_hu(case):
    volume = replace(case.volume, modality="MR", units="")
    found = measure_case(replace(case, volumes={"scan": volume}))
    assert all(row["mean_hu"] is None and row["sd_hu"] is None for row in found)


@pytest.mark.parametrize(("order", "flips"), [((2, 0, 1), (True, False, True)), ((0, 2, 1), (False, True, False))])
def test_rows_do_not_depend_on_the_order_of_the_array(case, rows, order, flips):
    labels = case.label_map.reindexed(order, flips)
    array = np.transpose(case.volume.array, order)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    volume = Volume(array, labels.geometry)
    turned = Case.new(volume=volume, labels=labels, anatomy=build_anatomy(volume, labels))
    for row in measure_case(turned):
        expected = rows[row["structure"]]
        for name, value in row.items():
            assert value == (pytest.approx(expected[name], rel=1e-6) if isinstance(value, float) else expected[name])


def test_the_largest_diameter_is_the_largest_of_all_pairs():
    points = np.random.default_rng(5).normal(size=(120, 3))
    pairs = max(np.linalg.norm(a - b) for a, b in itertools.combinations(points, 2))
    assert largest_diameter_mm(points) == pytest.approx(pairs)
    flat = points * [1.0, 1.0, 0.0]
    pairs = max(np.linalg.norm(a - b) for a, b in itertools.combinations(flat, 2))
    assert largest_diameter_mm(flat) == pytest.approx(pairs)
    assert largest_diameter_mm(points[:1]) == 0.0


@pytest.fixture(scope="module")
def compared() -> dict[str, dict]:
    """Found: the liver 10 mm too far left, one candidate on the lesion and one elsewhere, no spleen."""
    truth = labels_of(GRID, {**base_masks(GRID), "spleen": box(GRID, (52, -20, -20), (72, 20, 20))})
    masks = base_masks(GRID)
    masks["liver"] = box(GRID, (-40, -50, -50), (60, 50, 50))
    masks["tumour_candidate_1"] = masks.pop("tumour_1")
    masks["tumour_candidate_2"] = ball(GRID, (30, 30, 30), 6.0)
    found = meshed(masks, ("spleen",))
    return {row["structure"]: row for row in measure_case(found, truth)}


def test_agreement_with_the_truth(compared):
    liver = compared["liver"]
    assert liver["dice"] == pytest.approx(0.9, abs=0.003) and liver["truth_ml"] == pytest.approx(1000)
    assert liver["surface_distance_95_mm"] == pytest.approx(10.0)  # a third of the surface is 10 mm away
    assert liver["volume_error_percent"] == pytest.approx(0, abs=0.3)
    assert compared["body"]["dice"] == 1.0 and compared["body"]["surface_distance_95_mm"] == 0.0
    spleen = compared["spleen"]
    assert spleen["dice"] == 0.0 and spleen["volume_error_percent"] == -100.0
    assert spleen["surface_distance_95_mm"] is None and spleen["state"] == "not found"


def test_lesions_are_matched_and_false_ones_told(compared):
    assert compared["tumour_1"]["met_by"] == "tumour_candidate_1" and compared["tumour_1"]["state"] == "met"
    assert compared["tumour_1"]["dice"] == 1.0 and compared["tumour_1"]["truth_ml"] == pytest.approx(BALL, rel=0.05)
    assert compared["tumour_candidate_1"]["false_candidate"] is False
    assert compared["tumour_candidate_2"]["false_candidate"] is True
    assert all(set(row) == {*COLUMNS, *TRUTH_COLUMNS} for row in compared.values())


def test_only_labelled_slices_are_compared():
    masks = {"body": base_masks(GRID)["body"], "liver": box(GRID, (-50, -50, -50), (50, 50, 50))}
    half = {**masks, "liver": box(GRID, (-50, -50, -50), (50, 50, 0))}
    labelled = (GRID.to_world(np.stack([np.arange(GRID.shape[0]), *np.zeros((2, GRID.shape[0]))], 1))[:, 2] < 0)
    rows = [{"structure": "liver"}, {"structure": "body"}]
    add_truth(rows, labels_of(GRID, masks), labels_of(GRID, half), labelled[:, None, None])
    assert rows[0]["dice"] == 1.0 and rows[0]["truth_ml"] == pytest.approx(500)
    with pytest.raises(DataError, match="complete nowhere"):
        add_truth(rows, labels_of(GRID, masks), labels_of(GRID, half), np.zeros((1, 1, 1), bool))
