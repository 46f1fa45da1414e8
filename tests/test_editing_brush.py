"""The brush: dabs, strokes and discs, who gives way, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.core import Volume
from anatomy_twin.errors import DataError, SegmentationError, TwinError, UsageError
from anatomy_twin.segmentation import editing
from tests.support.editing_maps import (
    CENTRE,
    ball,
    check_rules,
    lines,
    middle,
    off_centre,
    one_segment,
    organ_map,
    points_of,
)

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
    assert (fixed.state, fixed.rules) == ("check", ("volume",))  # until a person confirms the whole of it
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
