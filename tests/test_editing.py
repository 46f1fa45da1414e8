"""Editing verbs: slices, islands and sets, what must hold for any label map, cases and the command line."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import anatomy_twin as at
from anatomy_twin.cli.main import main
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation import editing
from tests.support.editing_maps import (
    CENTRE,
    ball,
    check_rules,
    grid,
    lines,
    middle,
    off_centre,
    one_segment,
    organ_map,
    points_of,
    segment,
    sitk_distance,
)
from tests.support.reindexing import ALL_AXES, name_of, some_axes
from tests.support.toy_case import planned_case

QUICK = settings(max_examples=12, deadline=None, derandomize=True)
coordinates = st.tuples(*(st.floats(c - 16, c + 16) for c in CENTRE))
strokes = st.lists(coordinates, min_size=1, max_size=4)


# --- slices, islands, sets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("plane", "axis"), [("axial", 0), ("coronal", 1), ("sagittal", 2)])
def test_filling_between_slices_of_a_ball_interpolates_its_radius(plane, axis):
    mask, geometry = ball(15.0, (1.0, 1.0, 1.0), reach_mm=4.0)
    filled = np.flatnonzero(mask.any(axis=tuple(n for n in range(3) if n != axis)))
    given_slices = np.append(filled[:-1:5], filled[-1])
    stack = np.zeros_like(np.moveaxis(mask, axis, 0))
    stack[given_slices] = np.moveaxis(mask, axis, 0)[given_slices]
    result = editing.fill_between(one_segment(np.moveaxis(stack, 0, axis), geometry), "liver", plane)
    result = np.moveaxis(result.mask("liver"), axis, 0)
    heights = np.arange(mask.shape[0]) - (mask.shape[0] - 1) / 2
    radii = np.interp(heights, heights[given_slices], np.sqrt(np.maximum(225 - heights[given_slices] ** 2, 0)))
    inside = (np.arange(mask.shape[0]) >= filled[0]) & (np.arange(mask.shape[0]) <= filled[-1])
    away = np.hypot(*np.meshgrid(heights, heights))
    expected = (away[None] <= radii[:, None, None]) & inside[:, None, None]
    assert 2 * np.count_nonzero(result & expected) / (result.sum() + expected.sum()) > 0.985
    assert np.array_equal(result[given_slices], stack[given_slices])


def test_filling_between_slices_follows_a_slanting_tube_and_a_cone_exactly():
    geometry = grid((41, 60, 60), (1.0, 1.0, 1.0))
    x, y, z = (points_of(geometry) - middle(geometry)).transpose(3, 0, 1, 2)
    tube = np.hypot(x - z, y) <= 5.0
    sparse = tube.copy()
    sparse[np.arange(41) % 20 != 0] = False
    filled = editing.fill_between(one_segment(sparse, geometry), "liver").mask("liver")
    assert 2 * np.count_nonzero(filled & tube) / (filled.sum() + tube.sum()) > 0.97
    cone = np.hypot(x, y) <= 12 + z / 4
    sparse = cone.copy()
    sparse[1:-1] = False
    filled = editing.fill_between(one_segment(sparse, geometry), "liver").mask("liver")
    assert 2 * np.count_nonzero(filled & cone) / (filled.sum() + cone.sum()) > 0.985


def test_named_slices_are_kept_and_those_between_drawn_anew():
    geometry = grid((21, 40, 40), (2.0, 1.0, 1.0))
    x, y, _ = (points_of(geometry) - middle(geometry)).transpose(3, 0, 1, 2)
    tube = np.hypot(x, y) <= 8.0
    spoiled = tube.copy()
    spoiled[8:12, 18:30] = False
    z = geometry.to_world([(4, 0, 0), (16, 0, 0)])[:, 2]
    filled = editing.fill_between(one_segment(spoiled, geometry), "liver", slices_mm=list(z)).mask("liver")
    assert np.array_equal(filled, tube)


def test_islands():
    geometry = grid((20, 40, 40), (1.0, 1.0, 1.0))
    mask = np.zeros(geometry.shape, bool)
    mask[2:8, 2:8, 2:8] = True  # 0.216 ml
    mask[12:16, 12:16, 12:16] = True  # 0.064 ml
    mask[16, 16, 16] = True  # touches it at a corner
    mask[2, 30, 30] = True
    labels = one_segment(mask, geometry, "tumour_1")
    assert editing.islands(labels, "tumour_1").volume_ml("tumour_1") == pytest.approx(0.216)
    place = geometry.to_world((13, 13, 13)).tolist()
    second = editing.islands(labels, "tumour_1", "at", point_mm=place)
    assert second.volume_ml("tumour_1") == pytest.approx(0.065)
    apart = editing.islands(labels, "tumour_1", "at", point_mm=place, connectivity=6)
    assert apart.volume_ml("tumour_1") == pytest.approx(0.064)
    large = editing.islands(labels, "tumour_1", "larger", min_ml=0.065)
    assert large.volume_ml("tumour_1") == pytest.approx(0.281)
    split = editing.islands(labels, "tumour_1", "split", min_ml=0.01)
    assert {n: round(split.volume_ml(n), 3) for n in split.names} == {"tumour_1": 0.216, "tumour_2": 0.065}
    assert split.segment("tumour_2").code == split.segment("tumour_1").code
    assert all(split.segment(n).state == "corrected" for n in split.names)
    every = editing.islands(labels, "tumour_1", "split")
    assert every.volume_ml("tumour_3") == pytest.approx(0.001)
    assert np.array_equal(np.logical_or.reduce([every.mask(n) for n in every.names]), mask)
    check_rules(labels, every)


def test_sets():
    labels = organ_map()
    liver, spleen = lines(labels, "liver"), lines(labels, "spleen")
    both = editing.logical(labels, "tumour_1", "union", "tumour_2", force=True)
    assert np.array_equal(lines(both, "tumour_1"), lines(labels, "tumour_1") | lines(labels, "tumour_2"))
    less = editing.logical(labels, "liver", "subtract", "hepatic_veins", force=True)
    assert np.array_equal(lines(less, "liver"), liver & ~lines(labels, "hepatic_veins"))
    in_it = editing.logical(labels, "body", "intersect", "spleen")
    assert np.array_equal(lines(in_it, "body"), spleen)
    copied = editing.logical(labels, "segment_1", "copy", "liver", create=True)
    assert np.array_equal(lines(copied, "segment_1"), liver) and np.array_equal(lines(copied, "tumour_1"),
                                                                                 lines(labels, "tumour_1"))
    outside = editing.logical(copied, "segment_1", "invert")
    assert np.array_equal(lines(outside, "segment_1"), lines(labels, "body") & ~liver)
    for result in (both, less, in_it, copied, outside):
        check_rules(labels, result)


def test_where_organs_and_their_tumours_share_a_layer_the_tumour_stays():
    geometry = grid((20, 30, 30), (1.0, 1.0, 1.0))
    x, y, z = (points_of(geometry) - middle(geometry)).transpose(3, 0, 1, 2)
    array = np.zeros((1, *geometry.shape), np.uint8)
    array[0][x * x + y * y + z * z < 64] = 1
    array[0][(x - 3) ** 2 + y * y + z * z < 9] = 2
    labels = at.LabelMap(array, geometry, (segment("liver", 0, 1), segment("tumour_1", 0, 2)))
    for edited in (editing.margin(labels, "liver", 1.5), editing.smooth(labels, "liver", 1.5),
                   editing.paint(labels, "liver", tuple(middle(geometry)), 3.0)):  # fmt: skip
        assert np.array_equal(lines(edited, "tumour_1"), lines(labels, "tumour_1"))
    shrunk = editing.margin(labels, "liver", -4.0)
    assert np.array_equal(shrunk.mask("liver"), sitk_distance(~labels.mask("liver"), (1.0, 1.0, 1.0)) > 4.0)


# --- what holds for any edit -----------------------------------------------------------------------------------------


@QUICK
@given(strokes, st.floats(0.5, 8.0), st.sampled_from(["liver", "spleen", "tumour_1", "body"]), st.booleans())
def test_painting_adds_and_erasing_leaves_nothing_under_the_brush(points, radius_mm, name, disc):
    labels = organ_map(rest=True)
    brush = {"brush": "disc"} if disc else {}
    painted = editing.paint(labels, name, points, radius_mm, force=True, **brush)
    assert not (lines(labels, name) & ~lines(painted, name)).any()
    check_rules(labels, painted)
    again = editing.paint(painted, name, points, radius_mm, force=True, **brush)
    assert again is painted
    erased = editing.erase(painted, name, points, radius_mm, force=True, **brush)
    swept = lines(editing.paint(labels, name, points, radius_mm, force=True, parent="grow", **brush), name)
    assert not (lines(erased, name) & swept & ~lines(labels, name)).any()
    check_rules(painted, erased)


@QUICK
@given(st.floats(0.5, 6.0), st.floats(0.1, 4.0), st.sampled_from(["liver", "spleen", "tumour_2"]))
def test_margins_are_monotone(margin_mm, more_mm, name):
    labels = organ_map()
    small, large = (lines(editing.margin(labels, name, m, force=True), name) for m in (margin_mm, margin_mm + more_mm))
    assert not (lines(labels, name) & ~small).any() and not (small & ~large).any()
    less, least = (lines(editing.margin(labels, name, -m, force=True), name) for m in (margin_mm, margin_mm + more_mm))
    assert not (least & ~less).any() and not (less & ~lines(labels, name)).any()


@QUICK
@given(st.integers(0, 10**6), st.floats(0.6, 4.0))
def test_smoothing_keeps_the_volume_of_any_blob(seed, sigma_mm):
    rng = np.random.default_rng(seed)
    geometry = grid((24, 32, 28), (2.0, 1.0, 1.5))
    blob = ndimage.gaussian_filter(rng.normal(size=geometry.shape), (2, 4, 3)) > 0.01
    labels = one_segment(blob, geometry)
    try:
        smoothed = editing.smooth(labels, "liver", sigma_mm)
    except SegmentationError as refusal:
        assert "thin everywhere" in str(refusal)
        return
    assert np.count_nonzero(smoothed.mask("liver")) == np.count_nonzero(blob)


EDITS = {
    "paint": lambda m: editing.paint(m, "liver", [off_centre(12, 1, 2), off_centre(3, 14, -3)], 5.0),
    "disc": lambda m: editing.paint(m, "spleen", [off_centre(12, 1, 2), off_centre(-3, 9, -3)], 3.0, brush="disc"),
    "erase": lambda m: editing.erase(m, "liver", off_centre(0, 9, 2), 5.0, to="nearest"),
    "smooth": lambda m: editing.smooth(editing.erase(m, "liver", off_centre(9, 3, -4), 4.0), "liver", 2.0),
    "grow": lambda m: editing.margin(m, "tumour_1", 5.0, parent="grow"),
    "shrink": lambda m: editing.margin(m, "spleen", (-2.0, -1.0, -3.0)),
    "hollow": lambda m: editing.hollow(m, "spleen", 3.0, shell="medial"),
    "islands": lambda m: editing.islands(editing.erase(m, "spleen", off_centre(20), 4.0), "spleen", "split"),
    "fill": lambda m: editing.fill_between(m, "liver", "coronal", slices_mm=[CENTRE[1] - 9, CENTRE[1] + 8]),
    "copy": lambda m: editing.logical(m, "segment_1", "copy", "liver", create=True),
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_order_of_the_axes_does_not_matter(edit):
    labels = organ_map(rest=True)
    expected = EDITS[edit](labels)
    assert expected.segments != labels.segments
    for axes in some_axes(5, seed=list(EDITS).index(edit)):
        turned = EDITS[edit](labels.reindexed(*axes))
        again = expected.reindexed(*axes)
        assert np.array_equal(turned.array, again.array), name_of(axes)
        assert turned.segments == expected.segments and turned.geometry.is_close(again.geometry)


def test_all_orders_of_axes_for_the_brush():
    labels = organ_map()
    expected = EDITS["paint"](labels)
    for axes in ALL_AXES:
        assert np.array_equal(EDITS["paint"](labels.reindexed(*axes)).array, expected.reindexed(*axes).array)


def test_a_change_is_the_box_that_differs_and_says_what_it_does():
    labels = organ_map()
    change = editing.paint.change(labels, "liver", off_centre(13.5, 0, 0), 5.0)
    after = change.applied(labels)
    differs = (after.array != labels.array).any(0)
    assert [(s.start, s.stop) for s in change.box] == [
        (int(np.nonzero(differs)[n].min()), int(np.nonzero(differs)[n].max()) + 1) for n in range(3)
    ]
    gained = (lines(after, "liver").sum() - lines(labels, "liver").sum()) * labels.geometry.voxel_volume_ml
    assert f"liver +{gained:.3g} ml" in change.told and any(line.startswith("spleen -") for line in change.told)
    nothing = editing.paint.change(labels, "liver", CENTRE, 2.0)
    assert nothing.empty and nothing.applied(labels) is labels


# --- on a case and on the command line -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved_case(tmp_path_factory):
    """The toy patient with a plan, a result and surfaces, on disk."""
    path = tmp_path_factory.mktemp("case") / "toy.twin"
    return at.save_case(planned_case(6.0), path)


@pytest.fixture
def case_path(saved_case, tmp_path):
    return Path(shutil.copytree(saved_case, tmp_path / "toy.twin"))


def run(capsys, *arguments):
    code = main(["edit", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_an_edit_of_a_case_drops_what_depends_on_the_labels_and_is_recorded(case_path, capsys):
    before = at.load_case(case_path)
    assert before.plans and before.results and before.anatomy.structures
    code, out, err = run(capsys, case_path, "paint", "liver", "--at", "-55,-68,20", "--at", "-45,-68,20", "--radius", 8,
                         "--keep", "lung_right,aorta", "--json")
    assert code == 0 and "dropped" in err and "plan A" in err
    document = json.loads(out)
    after = at.load_case(case_path)
    assert not after.plans and not after.results and not after.assessments and not after.anatomy.structures
    expected = editing.paint(before.label_map, "liver", [(-55, -68, 20), (-45, -68, 20)], 8.0,
                             keep=("lung_right", "aorta"))
    assert np.array_equal(after.label_map.array, expected.array) and after.label_map.segments == expected.segments
    assert document["segments"]["liver"]["volume_ml"] == pytest.approx(expected.volume_ml("liver"), abs=1e-3)
    assert document["segments"]["liver"]["state"] == "corrected"
    step = after.provenance[-1]
    assert step.stage == "editing labels" and step.facts["edit"] == "paint liver" and "liver +" in step.facts["changed"]
    assert np.array_equal(after.volume.array, before.volume.array)


def test_confirming_changes_no_voxel_keeps_surfaces_and_checks_plans_anew(tmp_path, capsys):
    from anatomy_twin.core import LabelMap
    from anatomy_twin.segmentation import edit_history

    case = planned_case()
    old = case.label_map
    flagged = LabelMap(old.array, old.geometry, tuple(
        replace(s, state="check", rules=("volume",), note="rather large") if s.name in ("liver", "colon") else s
        for s in old.segments))
    edited, history = edit_history.EditHistory().apply(flagged, editing.confirm.change(flagged, "liver"))
    segment = edited.segment("liver")
    assert (segment.state, segment.rules) == ("confirmed", ()) and "volume" in segment.note and "large" in segment.note
    assert np.array_equal(edited.array, flagged.array)
    undone, _ = history.undo(edited)
    assert undone.segments == flagged.segments
    assert editing.confirm.change(edited, "liver").empty
    at.save_case(replace(case, labels={case.primary: flagged}, assessments={}), tmp_path / "flagged.twin")
    code, out, err = run(capsys, tmp_path / "flagged.twin", "confirm", "liver")
    saved = at.load_case(tmp_path / "flagged.twin")
    assert code == 0 and "confirmed" in out and saved.label_map.segment("liver").state == "confirmed", err
    assert saved.plans.keys() == case.plans.keys() == saved.checks.keys() and not saved.assessments
    assert saved.results.keys() == case.results.keys()
    assert saved.anatomy["liver"].surface is not None and saved.anatomy["liver"].state == "confirmed"


COMMANDS = [
    (("erase", "liver", "--at", "-100,-10,20", "--radius", 12, "--brush", "disc", "--hu", "60,200"), "liver"),
    (("smooth", "liver", "--sigma", 5), "liver"),
    (("margin", "tumour_1", "--margin", "8,4,4", "--parent", "grow"), "tumour_1"),
    (("margin", "spleen", "--margin", -6), "spleen"),
    (("hollow", "spleen", "--thickness", 14, "--shell", "medial"), "spleen"),
    (("fill-between", "liver", "--slices=-18,20,60"), "liver"),
    (("logical", "segment_1", "--operation", "copy", "--other", "liver", "--create"), "segment_1"),
    (("islands", "bone", "--islands", "at", "--at", "0,72,0"), ""),
]


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_every_verb_from_the_command_line(case_path, capsys, number):
    arguments, name = COMMANDS[number]
    code, out, err = run(capsys, case_path, *arguments)
    if not name:  # one island only: nothing changes, which is said
        assert code == 2 and "changes nothing" in err and out == ""
        return
    assert code == 0, err
    assert name in out and "corrected" in out
    assert at.load_case(case_path).label_map.segment(name).state == "corrected"


@pytest.mark.parametrize(("arguments", "word"), [
    (("polish", "liver"), "polish"), (("paint", "liver"), "needs --at"), (("paint", "liver", "--at", "1,2"), "--at"),
    (("paint", "liver", "--at", "0,0,0", "--radius", 5, "--sigma", 3), "paint takes no --sigma"),
    (("margin", "liver"), "needs --margin"), (("margin", "liver", "--margin", "wide"), "--margin"),
    (("smooth", "livre"), "livre"), (("logical", "liver", "--operation", "union", "--other", "spleen"), "vanish"),
    (("erase", "liver", "--at", "0,0,0", "--radius", 5, "--hu", "7"), "--hu"),
    (("paint", "liver", "--at", "9000,0,0", "--radius", 5), "off the volume"),
])  # fmt: skip
def test_the_command_line_refuses_in_one_line_and_leaves_the_case(case_path, capsys, arguments, word):
    before = (case_path / "case.json").read_bytes()
    code, out, err = run(capsys, case_path, *arguments)
    told = [line for line in err.splitlines() if line.startswith("anatomy-twin: ")]
    assert code == 2 and out == "" and len(told) == 1 and word in told[0], err
    assert (case_path / "case.json").read_bytes() == before
