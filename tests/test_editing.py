"""Editing verbs: analytic volumes, SimpleITK's distances as the judge, and what must hold for any label map."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import anatomy_twin as at
from anatomy_twin.cli.main import main
from anatomy_twin.core import Volume
from anatomy_twin.errors import DataError, SegmentationError, TwinError, UsageError
from anatomy_twin.segmentation import editing
from tests.support.editing_maps import ball, grid, middle, one_segment, organ_map, points_of, segment
from tests.support.reindexing import ALL_AXES, name_of, some_axes
from tests.support.toy_case import planned_case

CENTRE = tuple(middle(grid()))
QUICK = settings(max_examples=12, deadline=None, derandomize=True)
coordinates = st.tuples(*(st.floats(c - 16, c + 16) for c in CENTRE))
strokes = st.lists(coordinates, min_size=1, max_size=4)


def off_centre(x=0.0, y=0.0, z=0.0):
    return CENTRE[0] + x, CENTRE[1] + y, CENTRE[2] + z


def lines(labels, name):
    """Voxels of a segment in its own layer."""
    one = labels.segment(name)
    return labels.array[one.layer] == one.value if not one.absent else np.zeros(labels.geometry.shape, bool)


def check_rules(before, after):
    """What no edit may break: parts stay on the ground that they stood on, absent ones have no voxels, no strangers."""
    for layer in range(after.array.shape[0]):
        known = {s.value for s in after.segments if s.layer == layer and not s.absent}
        assert set(np.unique(after.array[layer])) - {0} <= known
    for one in after.segments:
        if one.absent:
            continue
        assert lines(after, one.name).any(), one
        parent = one.part_of
        if parent and parent in after:
            outside = lines(after, one.name) & ~after.mask(parent)
            assert not outside.any()
            own = lines(after, one.name) & ~lines(after, parent)
            assert not (own & ~(lines(before, one.name) & ~lines(before, parent))).any()


# --- the brush -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (2.0, 0.7, 1.3)])
def test_a_dab_is_a_sphere_and_a_stroke_a_capsule(spacing_mm):
    seed, geometry = ball(1.0, spacing_mm, reach_mm=20.0)
    labels = one_segment(seed, geometry)
    point = tuple(middle(geometry))
    points = points_of(geometry)
    painted = editing.paint(labels, "liver", point, 9.0)
    assert painted.volume_ml("liver") == pytest.approx(4 / 3 * np.pi * 0.9**3, rel=0.02)
    assert np.array_equal(painted.mask("liver"), np.linalg.norm(points - point, axis=-1) <= 9.0 * (1 + 1e-9))
    end = (point[0] + 10.0, point[1] - 5.0, point[2] + 4.0)
    stroke = editing.paint(labels, "liver", [point, end], 5.0)
    length = np.linalg.norm(np.subtract(end, point))
    assert stroke.volume_ml("liver") == pytest.approx((np.pi * 25 * length + 4 / 3 * np.pi * 125) / 1000, rel=0.03)


def test_a_disc_stays_in_its_slice_and_follows_a_stroke_through_slices():
    seed, geometry = ball(1.0, (2.0, 1.0, 1.0), reach_mm=20.0)
    labels = one_segment(seed, geometry)
    x, y, z = middle(geometry)
    for plane, axis, step in (("axial", 0, 2.0), ("coronal", 1, 1.0), ("sagittal", 2, 1.0)):
        disc = editing.paint(labels, "liver", (x, y, z), 8.0, brush="disc", plane=plane)
        added = disc.mask("liver") & ~seed
        slices = np.unique(np.nonzero(added)[axis])
        assert slices.size == 1
        area = np.count_nonzero(disc.mask("liver").take(slices[0], axis)) * 2.0 / step
        assert area == pytest.approx(np.pi * 64, rel=0.04)
    slanting = editing.paint(labels, "liver", [(x, y, z), (x + 12, y, z + 12)], 3.0, brush="disc").mask("liver") & ~seed
    k = np.unique(np.nonzero(slanting)[0])
    assert k.size >= 6
    columns = [np.nonzero(slanting[n])[1].size and np.nonzero(slanting[n])[1].mean() for n in k]
    assert np.all(np.diff([np.nonzero(slanting[n])[1].mean() for n in k[1:]]) >= -1e-9) and columns
    middles = [np.nonzero(slanting[n])[1] for n in k]
    assert all(len(rows) for rows in middles)


def test_a_brush_finer_than_a_voxel_paints_the_voxels_of_the_stroke():
    labels = organ_map()
    painted = editing.paint(labels, "spleen", [off_centre(-18, 0, 0), off_centre(-18, 8, 0)], 0.05)
    added = lines(painted, "spleen") & ~lines(labels, "spleen")
    assert np.count_nonzero(added) == 9 and ndimage.label(added)[1] == 1


def test_only_the_hounsfield_units_that_are_asked_for():
    labels = organ_map()
    hu = np.where(points_of(labels.geometry)[..., 1] < CENTRE[1], -50, 100).astype(np.int16)
    volume = Volume(hu, labels.geometry)
    painted = editing.paint(labels, "spleen", off_centre(-16, 0, 0), 6.0, volume=volume, hu=(0, 200))
    added = lines(painted, "spleen") & ~lines(labels, "spleen")
    assert added.any() and (hu[added] == 100).all()
    erased = editing.erase(labels, "spleen", off_centre(18, 0, 0), 6.0, volume=volume, hu=(-100, 0))
    gone = lines(labels, "spleen") & ~lines(erased, "spleen")
    assert gone.any() and (hu[gone] == -50).all()
    with pytest.raises(UsageError, match="needs the scan"):
        editing.paint(labels, "spleen", CENTRE, 6.0, hu=(0, 200))
    other = Volume(hu[:-1], labels.geometry.cropped((0, 0, 0), (23, 40, 36)))
    with pytest.raises(DataError, match="same grid"):
        editing.paint(labels, "spleen", CENTRE, 6.0, volume=other, hu=(0, 200))


def test_who_gives_way():
    labels = organ_map(rest=True)
    at_border = off_centre(13.5, 0, 0)
    everywhere = editing.paint(labels, "liver", at_border, 5.0)
    assert lines(everywhere, "spleen").sum() < lines(labels, "spleen").sum()
    polite = editing.paint(labels, "liver", at_border, 5.0, over="unclaimed")
    assert np.array_equal(lines(polite, "spleen"), lines(labels, "spleen"))
    assert lines(polite, "liver").sum() > lines(labels, "liver").sum()
    kept = editing.paint(labels, "liver", at_border, 5.0, keep="spleen")
    assert np.array_equal(kept.array, polite.array)
    only = editing.paint(labels, "liver", at_border, 5.0, over="spleen")
    added = lines(only, "liver") & ~lines(labels, "liver")
    assert added.any() and not (added & ~lines(labels, "spleen")).any()
    check_rules(labels, everywhere)


def test_what_is_erased_goes_to_the_rest_of_the_body_or_to_whom_it_is_given():
    labels = organ_map(rest=True)
    erased = editing.erase(labels, "liver", off_centre(0, 12, 0), 4.0)
    gone = lines(labels, "liver") & ~lines(erased, "liver")
    assert gone.any() and (erased.array[0][gone] == 9).all()
    given_away = editing.erase(labels, "liver", off_centre(0, 12, 0), 4.0, to="spleen")
    assert (given_away.array[0][gone] == 2).all()
    bare = organ_map()
    assert (editing.erase(bare, "liver", off_centre(0, 12, 0), 4.0).array[0][gone] == 0).all()
    with pytest.raises(UsageError, match="same layer"):
        editing.erase(labels, "liver", off_centre(0, 12, 0), 4.0, to="tumour_1")


def test_a_part_stays_inside_its_organ_or_takes_it_along():
    labels = organ_map()
    inside = editing.paint(labels, "tumour_1", off_centre(-13, 3, 0), 5.0)
    assert not (lines(inside, "tumour_1") & ~lines(labels, "liver")).any()
    assert np.array_equal(lines(inside, "liver"), lines(labels, "liver"))
    grown = editing.paint(labels, "tumour_1", off_centre(-13, 3, 0), 5.0, parent="grow")
    assert lines(grown, "tumour_1").sum() > lines(inside, "tumour_1").sum()
    assert not (lines(grown, "tumour_1") & ~lines(grown, "liver")).any()
    check_rules(labels, grown)


def test_an_organ_that_is_taken_along_takes_from_nobody_who_does_not_give_way():
    labels = organ_map(rest=True)
    place = off_centre(14, 0, 0)
    taking = editing.paint(labels, "tumour_2", place, 6.0, parent="grow")
    assert lines(taking, "spleen").sum() < lines(labels, "spleen").sum()
    for rules in ({"over": "unclaimed"}, {"keep": "spleen"}):
        polite = editing.paint(labels, "tumour_2", place, 6.0, parent="grow", **rules)
        assert np.array_equal(lines(polite, "spleen"), lines(labels, "spleen"))
        assert lines(polite, "liver").sum() > lines(labels, "liver").sum()
        check_rules(labels, polite)


def test_segments_that_are_part_of_each_other_do_not_hang_an_edit():
    labels = organ_map()
    circle = {"liver": "tumour_1", "tumour_1": "liver", "spleen": "spleen"}
    odd = replace(labels, segments=tuple(replace(s, part_of=circle.get(s.name, s.part_of)) for s in labels.segments))
    for name in circle:
        assert lines(editing.margin(odd, name, 2.0, force=True), name).sum() > lines(labels, name).sum()


def test_what_lies_in_an_organ_goes_where_the_organ_is_taken_away():
    labels = organ_map()
    erased = editing.erase(labels, "liver", off_centre(-6, 3, 0), 3.0)
    assert 0 < lines(erased, "tumour_1").sum() < lines(labels, "tumour_1").sum()
    check_rules(labels, erased)
    taken = editing.paint(labels, "spleen", off_centre(0, 0, 12), 5.0)
    assert lines(taken, "hepatic_veins").sum() < lines(labels, "hepatic_veins").sum()
    check_rules(labels, taken)


def test_states_and_notes():
    labels = organ_map(state="confirmed")
    once = editing.paint(labels, "liver", off_centre(13.5, 0, 0), 5.0)
    assert once.segment("liver").state == "corrected" and once.segment("liver").note == "corrected by hand (paint)"
    assert once.segment("spleen").state == "corrected" and "confirmed before" in once.segment("spleen").note
    assert once.segment("body") == labels.segment("body") and once.notes == labels.notes
    twice = editing.margin(editing.paint(once, "liver", off_centre(-13.5, 0, 0), 5.0), "liver", 2.0)
    assert twice.segment("liver").note == "corrected by hand (paint, margin)"
    flagged = replace(labels, segments=tuple(
        replace(s, state="check", rules=("volume",), note="smaller than expected") if s.name == "spleen" else s
        for s in labels.segments
    ))  # fmt: skip
    fixed = editing.margin(flagged, "spleen", 2.0).segment("spleen")
    assert (fixed.state, fixed.rules) == ("corrected", ())
    assert fixed.note == "corrected by hand (margin); before: smaller than expected"


def test_a_missing_segment_is_painted_where_that_is_meant():
    labels = organ_map()
    with pytest.raises(SegmentationError, match="not found"):
        editing.paint(labels, "gallbladder", CENTRE, 3.0)
    found = editing.paint(labels, "gallbladder", off_centre(-16, 0, 0), 3.0, create=True)
    assert found.segment("gallbladder").state == "corrected" and lines(found, "gallbladder").any()
    new = editing.paint(labels, "lesion_3", off_centre(0, 6, 0), 3.0, create=True)
    assert new.segment("lesion_3").layer == 2 and new.segment("lesion_3").part_of == "liver"
    with pytest.raises(UsageError, match="no term"):
        editing.paint(labels, "unobtainium", CENTRE, 3.0, create=True)
    flat = one_segment(lines(labels, "liver"), labels.geometry)
    layered = editing.paint(flat, "tumour_1", CENTRE, 3.0, create=True)
    assert layered.array.shape[0] == 3 and layered.segment("tumour_1").layer == 2


REFUSALS = [
    (lambda m: editing.paint(m, "livre", CENTRE, 3.0), DataError, "livre"),
    (lambda m: editing.paint(m, "liver", CENTRE, 0.0), DataError, "radius"),
    (lambda m: editing.paint(m, "liver", CENTRE, 101.0), DataError, "radius"),
    (lambda m: editing.paint(m, "liver", CENTRE, float("nan")), DataError, "radius"),
    (lambda m: editing.paint(m, "liver", off_centre(900), 5.0), DataError, "off the volume"),
    (lambda m: editing.paint(m, "liver", [], 5.0), UsageError, "points"),
    (lambda m: editing.paint(m, "liver", "here", 5.0), UsageError, "point"),
    (lambda m: editing.paint(m, "liver", CENTRE, 5.0, brush="cube"), UsageError, "cube"),
    (lambda m: editing.paint(m, "liver", CENTRE, 5.0, plane="oblique"), UsageError, "oblique"),
    (lambda m: editing.paint(m, "liver", CENTRE, 5.0, over="lung"), DataError, "lung"),
    (lambda m: editing.paint(m, "liver", CENTRE, 5.0, parent="shrink"), UsageError, "shrink"),
    (lambda m: editing.paint(m, "tumour_1", off_centre(5, -4, 2), 6.0), SegmentationError, "tumour_2 would vanish"),
    (lambda m: editing.erase(m, "tumour_1", off_centre(-5, 3, 0), 9.0), SegmentationError, "nothing would be left"),
    (lambda m: editing.erase(m, "liver", off_centre(-5, 3, 0), 6.0), SegmentationError, "tumour_1 would vanish"),
    (lambda m: editing.margin(m, "liver", 0.0), UsageError, "margin"),
    (lambda m: editing.margin(m, "liver", (3.0, -1.0, 0.0)), UsageError, "margin"),
    (lambda m: editing.margin(m, "liver", 300.0), DataError, "margin"),
    (lambda m: editing.margin(m, "liver", (1.0, 2.0)), UsageError, "three"),
    (lambda m: editing.margin(m, "tumour_1", -30.0), SegmentationError, "nothing would be left"),
    (lambda m: editing.hollow(m, "spleen", -1.0), DataError, "thickness"),
    (lambda m: editing.hollow(m, "spleen", 1.0, shell="top"), UsageError, "top"),
    (lambda m: editing.smooth(m, "liver", 99.0), DataError, "sigma"),
    (lambda m: editing.smooth(m, "hepatic_veins", 3.0), SegmentationError, "thin everywhere"),
    (lambda m: editing.islands(m, "liver", "smallest"), UsageError, "smallest"),
    (lambda m: editing.islands(m, "liver", "larger"), UsageError, "min_ml"),
    (lambda m: editing.islands(m, "liver", "larger", min_ml=900.0), SegmentationError, "nothing would be left"),
    (lambda m: editing.islands(m, "liver", "at"), UsageError, "which island"),
    (lambda m: editing.islands(m, "liver", "at", point_mm=off_centre(20)), SegmentationError, "no island"),
    (lambda m: editing.islands(m, "liver", connectivity=8), UsageError, "connectivity"),
    (lambda m: editing.fill_between(m, "liver"), SegmentationError, "no slice empty"),
    (lambda m: editing.fill_between(m, "liver", slices_mm=[CENTRE[2]]), UsageError, "two slices"),
    (lambda m: editing.fill_between(m, "liver", slices_mm=[0.0, 1.0]), DataError, "off the volume"),
    (lambda m: editing.fill_between(m, "liver", slices_mm=[102.0, CENTRE[2]]), SegmentationError, "empty in a given"),
    (lambda m: editing.logical(m, "liver", "xor", "spleen"), UsageError, "xor"),
    (lambda m: editing.logical(m, "liver", "union"), UsageError, "one other"),
    (lambda m: editing.logical(m, "liver", "invert", "spleen"), UsageError, "no other"),
    (lambda m: editing.logical(m, "liver", "union", "liver"), UsageError, "itself"),
    (lambda m: editing.logical(m, "liver", "union", "gallbladder"), SegmentationError, "no voxels"),
    (lambda m: editing.logical(m, "liver", "union", "spleen"), SegmentationError, "spleen would vanish"),
    (lambda m: editing.logical(m, "liver", "intersect", "spleen"), SegmentationError, "nothing would be left"),
]


@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_refusals_are_one_line_and_change_nothing(number):
    act, kind, word = REFUSALS[number]
    labels = organ_map()
    copy = labels.array.copy()
    with pytest.raises(TwinError) as refusal:
        act(labels)
    assert isinstance(refusal.value, kind) and word in str(refusal.value) and "\n" not in str(refusal.value)
    assert np.array_equal(labels.array, copy)


def test_forced_a_segment_may_vanish_and_says_so():
    labels = organ_map()
    merged = editing.logical(labels, "liver", "union", "spleen", force=True)
    assert merged.segment("spleen").absent and "removed by hand" in merged.segment("spleen").note
    assert lines(merged, "liver").sum() == lines(labels, "liver").sum() + lines(labels, "spleen").sum()
    gone = editing.erase(labels, "tumour_1", off_centre(-5, 3, 0), 9.0, force=True)
    assert gone.segment("tumour_1").absent and "tumour_1" not in gone


# --- smoothing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (2.5, 0.8, 0.8)])
@pytest.mark.parametrize("sigma_mm", [1.0, 2.0, 4.0])
def test_smoothing_keeps_the_volume_and_takes_noise_off_a_ball(spacing_mm, sigma_mm):
    mask, geometry = ball(15.0, spacing_mm)
    noise = np.random.default_rng(7).random(mask.shape) < 0.3
    shell = ndimage.binary_dilation(mask) & ~ndimage.binary_erosion(mask)
    rough = np.where(shell, noise, mask)
    labels = one_segment(rough, geometry)
    smoothed = editing.smooth(labels, "liver", sigma_mm)
    assert smoothed.volume_ml("liver") == pytest.approx(labels.volume_ml("liver"), rel=0.005)
    # the judge: a ball of the same volume
    radius = (labels.volume_ml("liver") * 1000 * 3 / 4 / np.pi) ** (1 / 3)
    true = np.linalg.norm(points_of(geometry) - middle(geometry), axis=-1) <= radius
    wrong = [np.count_nonzero(m != true) for m in (rough, smoothed.mask("liver"))]
    assert wrong[1] < 0.5 * wrong[0]


def test_smoothing_rounds_a_box_symmetrically_and_keeps_its_volume():
    geometry = grid((40, 40, 40), (1.0, 1.0, 1.0))
    box = np.zeros(geometry.shape, bool)
    box[10:30, 10:30, 10:30] = True
    smoothed = editing.smooth(one_segment(box, geometry), "liver", 3.0).mask("liver")
    assert np.count_nonzero(smoothed) == 8000
    assert not smoothed[10, 10, 10] and smoothed[20, 20, 9]
    assert np.count_nonzero(smoothed != smoothed.transpose(1, 2, 0)) < 0.01 * 8000


def test_spikes_and_specks_go_and_thin_vessels_stay_whole():
    mask, geometry = ball(12.0, reach_mm=16.0)
    c = np.asarray(mask.shape) // 2
    spiked = mask.copy()
    spiked[c[0], c[1], c[2] + 13:c[2] + 15] = True  # a spike of two voxels
    spiked[2, 2, 2] = True  # a speck
    smoothed = editing.smooth(one_segment(spiked, geometry), "liver", 2.0).mask("liver")
    assert not smoothed[c[0], c[1], c[2] + 14] and not smoothed[2, 2, 2]
    vessel = mask.copy()
    vessel[c[0], c[1], c[2]:] = True  # one voxel thin, 16 mm out of the ball
    kept = editing.smooth(one_segment(vessel, geometry), "liver", 2.0)
    assert kept.mask("liver")[c[0], c[1], c[2]:].all()
    assert ndimage.label(kept.mask("liver"), np.ones((3, 3, 3)))[1] == 1
    assert kept.volume_ml("liver") == pytest.approx(np.count_nonzero(vessel) / 1000, rel=0.005)
    broken = editing.smooth(one_segment(vessel, geometry), "liver", 2.0, thin=True)
    assert not broken.mask("liver")[c[0], c[1], -1]
    assert broken.volume_ml("liver") == pytest.approx(np.count_nonzero(vessel) / 1000, rel=0.005)


def test_smoothing_leaves_no_crack_between_neighbours_and_no_tumour_uncovered():
    geometry = grid((30, 40, 40), (1.0, 1.0, 1.0))
    array = np.zeros((3, *geometry.shape), np.uint8)
    steps = 20 + 3 * ((np.arange(40) // 5) % 2)  # a border of steps between two organs that fill everything
    array[0] = np.where(np.arange(40)[None, None, :] < steps[None, :, None], 1, 2)
    array[2, 14:17, 15:20, 20:23] = 3
    labels = at.LabelMap(array, geometry, (segment("liver", 0, 1), segment("spleen", 0, 2), segment("tumour_1", 2, 3)))
    smoothed = editing.smooth(labels, "liver", 3.0)
    assert (smoothed.array[0] != 0).all()
    assert lines(smoothed, "liver").sum() == lines(labels, "liver").sum()
    assert np.array_equal(lines(smoothed, "tumour_1"), lines(labels, "tumour_1"))
    border = [np.count_nonzero(row == 1) for row in smoothed.array[0][5]]
    assert np.abs(np.diff(border)).max() == 1 and np.ptp(border[8:32]) == 1


# --- margins ---------------------------------------------------------------------------------------------------------


def sitk_distance(mask, spacing_mm):
    """Distance in mm from each voxel to the nearest one of a mask, by SimpleITK (0 inside)."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(step) for step in spacing_mm[::-1]])
    signed = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return np.maximum(sitk.GetArrayFromImage(signed), 0.0)


@pytest.mark.parametrize("margin_mm", [1.0, 2.5, 5.0, 7.3])
def test_margins_are_those_of_simpleitks_distance(margin_mm):
    rng = np.random.default_rng(3)
    spacing_mm = (2.5, 0.7, 1.1)
    geometry = grid((20, 48, 40), spacing_mm)
    blob = ndimage.gaussian_filter(rng.normal(size=geometry.shape), 3) > 0.02
    blob[[0, -1]] = blob[:, [0, -1]] = blob[:, :, [0, -1]] = False
    labels = one_segment(blob, geometry)
    grown = editing.margin(labels, "liver", margin_mm).mask("liver")
    distance = sitk_distance(blob, spacing_mm)
    sure = np.abs(distance - margin_mm) > 1e-4
    assert np.array_equal(grown[sure], (distance <= margin_mm)[sure])
    try:
        shrunk = editing.margin(labels, "liver", -margin_mm).mask("liver")
    except SegmentationError:
        shrunk = np.zeros_like(blob)
    depth = sitk_distance(~blob, spacing_mm)
    sure = np.abs(depth - margin_mm) > 1e-4
    assert np.array_equal(shrunk[sure], (depth > margin_mm)[sure])


def test_a_margin_of_a_ball_has_the_volume_of_a_larger_ball():
    mask, geometry = ball(12.0, (0.8, 0.8, 0.8), reach_mm=8.0)
    labels = one_segment(mask, geometry)
    for margin_mm in (5.0, -5.0):
        volume = editing.margin(labels, "liver", margin_mm).volume_ml("liver")
        # the nearest voxel centre of the ball, or outside of it, lies at most half a diagonal behind its surface
        behind = 0.4 * np.sqrt(3) * -np.sign(margin_mm)
        limits = sorted(4 / 3 * np.pi * ((12.0 + margin_mm + b) / 10) ** 3 for b in (0.0, behind))
        assert limits[0] * 0.99 < volume < limits[1] * 1.01


def test_a_margin_per_direction_is_an_ellipsoid():
    geometry = grid((31, 31, 31), (1.0, 1.0, 1.0))
    point = np.zeros(geometry.shape, bool)
    point[15, 15, 15] = True
    grown = editing.margin(one_segment(point, geometry), "liver", (10.0, 5.0, 0.0)).mask("liver")
    x, y, z = (points_of(geometry) - middle(geometry)).transpose(3, 0, 1, 2)
    assert np.array_equal(grown, ((x / 10) ** 2 + (y / 5) ** 2 <= 1 + 1e-9) & (z == 0))


def test_a_margin_stops_at_a_barrier_and_does_not_come_out_behind_it():
    geometry = grid((21, 31, 31), (1.0, 1.0, 1.0))
    array = np.zeros((1, *geometry.shape), np.uint8)
    array[0, 8:13, 13:18, 8:11] = 1
    array[0, :, :, 13] = 2  # a wall across the volume
    labels = at.LabelMap(array, geometry, (segment("liver", 0, 1), segment("aorta", 0, 2)))
    grown = editing.margin(labels, "liver", 6.0, barriers=("aorta",))
    assert not lines(grown, "liver")[:, :, 13:].any() and lines(grown, "liver")[10, 15, 12]
    assert np.array_equal(lines(grown, "aorta"), lines(labels, "aorta"))
    leaking = editing.margin(labels, "liver", 6.0, keep="aorta")
    assert lines(leaking, "liver")[:, :, 14:].any()


def test_a_margin_goes_around_the_edge_of_a_barrier_by_the_length_of_the_way():
    """From a point behind the edge of a wall the way is the one to the edge and on from there (plane geometry)."""
    geometry = grid((3, 61, 61), (50.0, 0.5, 0.5))  # slices so far apart that the margin stays in one
    array = np.zeros((1, *geometry.shape), np.uint8)
    array[0, 1, 20, 20] = 1
    array[0, :, :33, 30] = 2
    labels = at.LabelMap(array, geometry, (segment("liver", 0, 1), segment("aorta", 0, 2)))
    margin_mm = 12.0
    grown = lines(editing.margin(labels, "liver", margin_mm, barriers=("aorta",)), "liver")[1]
    j, i = np.indices(grown.shape) * 0.5
    straight = np.hypot(j - 10, i - 10)
    # the line from the point by the edge (voxel 33, 30) parts what is seen from what lies in the shadow
    shadow = (i > 15) & ((j - 10) * (15 - 10) < (16.5 - 10) * (i - 10))
    way = np.where(shadow, np.hypot(16.5 - 10, 15 - 10) + np.hypot(j - 16.5, i - 15), straight)
    way[array[0, 1] == 2] = np.inf
    near_edge = np.abs((j - 10) * 5.0 - 6.5 * (i - 10)) / np.hypot(5.0, 6.5) < 1.0  # of the shadow
    sure = ~shadow & ~near_edge & (np.abs(way - margin_mm) > 1e-6)
    assert np.array_equal(grown[sure], (way <= margin_mm)[sure])
    assert not (grown & (way > margin_mm + 1e-6)).any()
    inside = shadow & (way < margin_mm - 0.8)
    assert inside.sum() > 20 and grown[inside].all()


def test_a_margin_goes_on_beyond_the_border_of_the_volume():
    geometry = grid((10, 20, 20), (1.0, 1.0, 1.0))
    half = np.zeros(geometry.shape, bool)
    half[:, :, :10] = True
    shrunk = editing.margin(one_segment(half, geometry), "liver", -3.0).mask("liver")
    assert shrunk[:, :, :7].all() and not shrunk[:, :, 7:].any()


@pytest.mark.parametrize("shell", ["inside", "outside", "medial"])
def test_a_shell_of_a_ball(shell):
    mask, geometry = ball(14.0, (0.7, 0.7, 0.7))
    thick = editing.hollow(one_segment(mask, geometry), "liver", 4.0, shell=shell)
    inner, outer = {"inside": (1.0, 1.4), "outside": (1.4, 1.8), "medial": (1.2, 1.6)}[shell]
    assert thick.volume_ml("liver") == pytest.approx(4 / 3 * np.pi * (outer**3 - inner**3), rel=0.04)


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
