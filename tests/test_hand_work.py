"""Work on outlines beside a window: verbs, the table of segments, counts that follow every step, surfaces of a few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import Case, inverse_axes, reindex
from anatomy_twin.errors import DataError, SegmentationError, UsageError
from anatomy_twin.pipeline import hand as work
from anatomy_twin.pipeline.hand_counts import VoxelCounts
from anatomy_twin.pipeline.hand_surfaces import remade, with_structures
from anatomy_twin.pipeline.session import Session
from anatomy_twin.segmentation.editing import confirm, erase, margin, paint, table
from anatomy_twin.segmentation.editing.region import regions_of
from tests.support.toy_patient import toy_patient


@pytest.fixture
def session() -> Session:
    volume, labels = toy_patient()
    return Session(Case.new(volume=volume, labels=labels))


def counted(session: Session) -> VoxelCounts:
    counts = VoxelCounts()
    counts.begin(session)
    while not counts.count_for(1.0):
        pass
    session.listen(lambda fields: counts.follow(session) if "labels" in fields else None)
    return counts


def truth(session: Session) -> dict[str, int]:
    labels = session.case.label_map
    return {s.name: int(np.count_nonzero(labels.array[s.layer] == s.value)) for s in labels.segments if not s.absent}


def told(session: Session, counts: VoxelCounts) -> dict[str, int | None]:
    return {s.name: counts.count(s.layer, s.value) for s in session.case.label_map.segments if not s.absent}


# counts and undo


def test_counts_follow_a_hundred_random_strokes_and_all_is_undone_exactly(session):
    counts, labels = counted(session), session.case.label_map
    draw = np.random.default_rng(3)
    names = ["liver", "spleen", "kidney_left", "tumour_1"]
    states = [(session.case.label_map.array.copy(), {n: counts.mark(labels, n) for n in names})]
    while len(session.history.done) < 100:
        name, point = str(draw.choice(names)), draw.uniform((-90, -50, -40), (90, 60, 60))
        verb = paint if draw.random() < 0.7 else erase
        try:
            change = verb.change(session.case.label_map, name, [point, point + draw.normal(0, 12, 3)],
                                 draw.uniform(2, 12), brush=str(draw.choice(["sphere", "disc"])))  # fmt: skip
        except SegmentationError:  # something would vanish: refused
            continue
        if change.empty:
            continue
        session.do_labels(change)
        marks = {n: counts.mark(session.case.label_map, n) for n in names}
        states.append((session.case.label_map.array.copy(), marks))
    assert told(session, counts) == truth(session)
    assert session.history.bytes < 2_000_000
    for voxels, marks in reversed(states[:-1]):
        session.undo()
        assert np.array_equal(session.case.label_map.array, voxels)
        assert {n: counts.mark(session.case.label_map, n) for n in names} == marks
    assert told(session, counts) == truth(session)
    for voxels, marks in states[1:]:
        session.redo()
        assert np.array_equal(session.case.label_map.array, voxels)
        assert {n: counts.mark(session.case.label_map, n) for n in names} == marks
    assert told(session, counts) == truth(session)


def test_counting_goes_on_while_outlines_are_edited(session):
    counts = VoxelCounts()
    counts.begin(session)
    session.listen(lambda fields: counts.follow(session) if "labels" in fields else None)
    for number in range(12):
        counts.count_for(0.0)  # one slice at a time
        session.do_labels(paint.change(session.case.label_map, "spleen", [(60.0, 20.0 - 5 * number, 30.0)], 9.0))
    session.undo()
    assert counts.count(0, 1) is None
    assert counts.volume_now_ml(session.case.label_map, "spleen") == session.case.label_map.volume_ml("spleen")
    while not counts.count_for(1.0):
        pass
    assert told(session, counts) == truth(session)
    assert counts.volume_ml(session.case.label_map, "liver") == session.case.label_map.volume_ml("liver")


def test_voxels_copied_ahead_are_taken_only_while_they_are_of_the_labels(session):
    labels = session.case.label_map.array
    copy = labels.copy()
    session.ahead = (labels, copy)
    session.do_labels(paint.change(session.case.label_map, "spleen", [(60.0, 10.0, 30.0)], 8.0))
    assert np.shares_memory(session.case.label_map.array, copy) and not np.shares_memory(copy, labels)
    session.undo()
    assert np.array_equal(copy, labels)
    other = Session(session.snapshot())
    other.ahead = (labels, np.zeros_like(labels))  # of other labels: it must not be taken
    other.do_labels(paint.change(other.case.label_map, "spleen", [(60.0, 10.0, 30.0)], 8.0))
    assert np.count_nonzero(other.case.label_map.array) > 1000


# the table


def test_a_new_segment_is_not_started_then_in_progress_then_checked(session):
    session.do_labels(table.begin.change(session.case.label_map, "my clip", colour=(1, 2, 3)))
    begun = session.case.label_map.segment("my clip")
    assert work.state_of(begun) == work.NOT_STARTED and begun.colour == (1, 2, 3)
    liver = session.case.label_map.mask("liver").copy()
    session.do_labels(paint.change(session.case.label_map, "my clip", [(-60.0, 0.0, 20.0)], 9.0, create=True))
    assert work.state_of(session.case.label_map.segment("my clip")) == work.IN_PROGRESS
    assert np.array_equal(session.case.label_map.mask("liver"), liver)  # it lies over the organs
    session.do_labels(confirm.change(session.case.label_map, "my clip"))
    assert work.state_of(session.case.label_map.segment("my clip")) == work.CHECKED
    session.do_labels(table.flag.change(session.case.label_map, "my clip", "too large"))
    flagged = session.case.label_map.segment("my clip")
    assert work.state_of(flagged) == work.FLAGGED and "too large" in work.why_of(flagged)
    assert table.flag.change(session.case.label_map, "my clip", "too large").empty
    session.do_labels(table.remove.change(session.case.label_map, "my clip"))
    assert "my clip" not in {s.name for s in session.case.label_map.segments}
    for _ in range(5):
        session.undo()
    assert "my clip" not in {s.name for s in session.case.label_map.segments}
    session.go_to(2)
    assert work.state_of(session.case.label_map.segment("my clip")) == work.IN_PROGRESS


def test_names_that_are_taken_or_none_are_refused(session):
    labels = session.case.label_map
    for name in ("liver", "", " liver2", "a\nb", "x" * 65):
        with pytest.raises(UsageError):
            table.begin.change(labels, name)
    assert table.next_name(labels, "tumour") == "tumour_3" and table.next_name(labels, "pancreas") == "pancreas"
    assert table.next_name(labels, "liver") == "liver_1" and table.known_terms()["liver"] == "Liver"
    with pytest.raises(DataError):
        table.flag.change(labels, "pancreas")


def test_clear_leaves_the_line_and_parts_lose_their_ground(session):
    before = session.case.label_map.array.copy()
    session.do_labels(table.clear.change(session.case.label_map, "spleen"))
    assert work.state_of(session.case.label_map.segment("spleen")) == work.NOT_STARTED
    with pytest.raises(SegmentationError):
        table.clear.change(session.case.label_map, "spleen")
    session.undo()
    assert np.array_equal(session.case.label_map.array, before)


def test_a_name_changes_everywhere_and_back(toy_case):
    session = Session(toy_case)
    session.do("rename", work.renamed(toy_case, "tumour_1", "lesion_1"))
    case = session.case
    assert case.plan("A").target == "lesion_1" and "lesion_1" in case.label_map
    assert "lesion_1" in case.anatomy.structures and "tumour_1" not in case.anatomy.structures
    session.do_labels(paint.change(case.label_map, "lesion_1", [(-70.0, -15.0, 25.0)], 14.0))
    session.undo()
    session.undo()
    assert session.case.label_map is toy_case.label_map and session.case.plan("A").target == "tumour_1"
    with pytest.raises(UsageError):
        work.renamed(toy_case, "tumour_1", "liver")
    liver = work.renamed(toy_case, "liver", "organ")
    assert liver.label_map.segment("tumour_1").part_of == "organ"


# work for another process


def test_verbs_give_the_change_that_they_make(session):
    labels = session.case.label_map
    change = work.changed(labels, "margin", "spleen", {"margin_mm": 6.0, "over": "everywhere"})
    assert np.array_equal(change.applied(labels).array, margin(labels, "spleen", 6.0).array)
    with pytest.raises(UsageError):
        work.changed(labels, "islands", "spleen", {"keep_islands": "largest"})  # it has one
    with pytest.raises(UsageError):
        work.changed(labels, "melt", "spleen")


def test_threshold_takes_the_values_that_the_limits_allow(session):
    labels, volume = session.case.label_map, session.case.volume
    change = work.thresholded(labels, volume, "tumour_1", (130.0, 175.0), {"over": ("liver",), "keep": ("tumour_2",)})
    after = change.applied(labels)
    mask = after.mask("tumour_1")
    assert mask[labels.mask("hepatic_veins")].mean() > 0.9 and not mask[~labels.mask("liver")].any()
    assert np.array_equal(after.mask("tumour_2"), labels.mask("tumour_2"))
    with pytest.raises(UsageError):
        work.thresholded(labels, volume, "spleen", (5000.0, 6000.0))


def test_clicks_correct_what_the_ones_before_gave(session):
    labels, volume = session.case.label_map, session.case.volume
    one = work.grown(labels, volume, "segment_1", [((85.0, 35.0, 30.0), True)])
    clicks = [((85.0, 35.0, 30.0), True), ((85.0, 25.0, 30.0), True), ((85.0, -40.0, 30.0), False)]
    both = work.grown(labels, volume, "segment_1", clicks)
    again = work.grown(labels, volume, "segment_1", clicks, draft=one, drafted=1)
    for change in (both, again):
        found, spleen = change.applied(labels).mask("segment_1"), labels.mask("spleen")
        assert 2 * np.count_nonzero(found & spleen) > 0.95 * (np.count_nonzero(found) + np.count_nonzero(spleen))
    assert np.array_equal(both.applied(labels).array, again.applied(labels).array)
    assert work.grown(labels, volume, "spleen", [((85.0, 35.0, 30.0), True)]).empty


def test_the_difference_of_two_label_maps_turns_one_into_the_other():
    _, labels = toy_patient()
    for axes in (((0, 1, 2), (False,) * 3), ((1, 2, 0), (False, True, True))):
        before = labels.reindexed(*axes)
        after = paint(paint(before, "spleen", [(60.0, 20.0, 30.0)], 9.0), "liver", [(20.0, 0.0, 20.0)], 7.0)
        change = work.difference(before, after, "both")
        assert np.array_equal(change.applied(before).array, after.array) and len(change.told) >= 2
        added, gone = regions_of(before, change, "spleen")
        upright = reindex(after.mask("spleen") & ~before.mask("spleen"), *before.geometry.canonical_axes())
        assert np.array_equal(upright[added.box], added.mask) and np.count_nonzero(upright) == added.mask.sum()
        assert gone.empty and inverse_axes(*axes)
    assert work.difference(labels, labels, "none").empty


# surfaces


def test_the_surface_of_one_segment_fits_its_voxels_and_says_that_it_stands_alone(toy_case):
    labels = paint(toy_case.label_map, "spleen", [(60.0, 20.0, 30.0)], 12.0)
    made = remade(labels, toy_case.volume, ["spleen", "liver"])
    for name, structure in made.items():
        assert structure.certificate.watertight and structure.part_of == labels.segment(name).part_of
        assert structure.volume_ml == pytest.approx(labels.volume_ml(name))
        assert abs(structure.certificate.volume_error_percent) < 3.0
        assert "made alone" in structure.note
    low, high = made["spleen"].surface.points_mm.min(0), made["spleen"].surface.points_mm.max(0)
    places = labels.geometry.to_world(np.argwhere(labels.mask("spleen")))
    assert np.all(low >= places.min(0) - 4.0) and np.all(high <= places.max(0) + 4.0)
    anatomy = with_structures(replace(toy_case, labels={toy_case.primary: labels}), made)
    assert list(anatomy.structures) == list(toy_case.anatomy.structures)
    assert anatomy.structures["spleen"] is made["spleen"]
