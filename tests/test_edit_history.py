"""Undo and redo of label edits: the same to the bit, in bounded memory, on the labels they belong to and no others."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy_twin.core import LabelMap
from anatomy_twin.errors import DataError, SegmentationError, UsageError
from anatomy_twin.segmentation import editing
from anatomy_twin.segmentation.editing.history import EditHistory, EditSession, Step
from tests.support.editing_maps import grid, middle, one_segment, organ_map, segment

CENTRE = middle(grid())
QUICK = settings(max_examples=10, deadline=None, derandomize=True)


OFFSETS = st.tuples(*[st.floats(-14, 14)] * 3)


def same(one: LabelMap, other: LabelMap) -> bool:
    return (
        one.array.dtype == other.array.dtype and one.array.tobytes() == other.array.tobytes()
        and one.array.shape == other.array.shape and one.segments == other.segments and one.notes == other.notes
        and one.geometry is other.geometry
    )


EDITS = (
    ("paint", lambda x: ("liver", CENTRE + x, 5.0), {}),
    ("paint", lambda x: ("spleen", CENTRE + x, 4.0), {"over": "unclaimed"}),
    ("erase", lambda x: ("liver", CENTRE + x, 4.0), {"force": True}),
    ("paint", lambda x: ("gallbladder", CENTRE + x, 3.0), {"create": True, "force": True}),
    ("margin", lambda x: ("tumour_1", 2.0), {"parent": "grow", "force": True}),
    ("margin", lambda x: ("liver", -1.0), {"force": True}),
    ("smooth", lambda x: ("liver", 1.5), {"thin": True}),
    ("logical", lambda x: ("segment_1", "copy", "liver"), {"create": True}),
    ("logical", lambda x: ("tumour_1", "union", "tumour_2"), {"force": True}),
    ("islands", lambda x: ("spleen", "split"), {}),
)


@QUICK
@given(st.lists(st.tuples(st.integers(0, len(EDITS) - 1), OFFSETS), min_size=1, max_size=6))
def test_any_run_of_edits_is_undone_and_redone_to_the_bit(script):
    labels = organ_map(rest=True)
    states, history, session = [labels], EditHistory(), EditSession(labels)
    for number, offset in script:
        verb, arguments, options = EDITS[number]
        try:
            change = editing.VERBS[verb].change(states[-1], *_tuples(arguments(np.array(offset))), **options)
        except (SegmentationError, DataError):  # vanished before, or the stroke lies off the volume
            continue
        after, history = history.apply(states[-1], change)
        session.edit(editing.VERBS[verb], *_tuples(arguments(np.array(offset))), **options)
        assert same(session.labels, after)
        if not change.empty:
            states.append(after)
    assert history.names == session.history.names and len(history.names) == len(states) - 1
    at = states[-1]
    for expected in states[-2::-1]:
        at, history = history.undo(at)
        session.undo()
        assert same(at, expected) and same(session.snapshot(), expected)
    for expected in states[1:]:
        at, history = history.redo(at)
        session.redo()
        assert same(at, expected) and same(session.labels, expected)
    assert not history.undone


def _tuples(arguments):
    return [tuple(a.tolist()) if isinstance(a, np.ndarray) else a for a in arguments]


def paint(labels, x, radius_mm=4.0):
    return editing.paint.change(labels, "liver", (CENTRE[0] + x, CENTRE[1], CENTRE[2]), radius_mm)


def test_steps_have_names_and_an_edit_after_undo_forgets_what_was_undone():
    labels = organ_map()
    one, history = EditHistory().apply(labels, paint(labels, 14))
    two, history = history.apply(one, editing.margin.change(one, "spleen", 2.0))
    assert history.names == ("paint liver", "margin spleen")
    back, history = history.undo(two)
    assert history.names == ("paint liver",) and history.redo_names == ("margin spleen",)
    _, history = history.apply(back, paint(back, -14))
    assert history.names == ("paint liver", "paint liver") and history.redo_names == ()
    unchanged, same_history = history.apply(back, editing.paint.change(back, "liver", tuple(CENTRE), 1.0))
    assert unchanged is back and same_history is history


def test_nothing_to_undo_or_redo_is_said():
    labels = organ_map()
    session = EditSession(labels)
    for act in (lambda: EditHistory().undo(labels), lambda: EditHistory().redo(labels), session.undo, session.redo):
        with pytest.raises(UsageError, match="nothing to"):
            act()


def test_labels_of_another_hand_are_refused_and_stay_as_they_are():
    labels = organ_map()
    after, history = EditHistory().apply(labels, paint(labels, 14))
    with pytest.raises(DataError, match="paint liver"):
        history.undo(labels)
    odd = after.array.copy()
    odd[after.array != labels.array] = 0
    with pytest.raises(DataError, match="paint liver"):
        history.undo(replace(after, array=odd))
    other = one_segment(organ_map().mask("liver"), labels.geometry)
    with pytest.raises(DataError):
        history.undo(other)
    assert same(history.undo(after)[0], labels)


def test_memory_is_bounded_and_what_was_dropped_is_told():
    labels = organ_map()
    history, states = EditHistory(max_bytes=4_000), [labels]
    for x in (14, -14, 12, -12, 10, -10, 16, -16, 13, -13):
        after, history = history.apply(states[-1], paint(states[-1], x, 5.0 + abs(x) / 10))
        assert history.bytes <= 4_000
        if after is not states[-1]:
            states.append(after)
    assert history.dropped == len(states) - 1 - len(history.done) > 0
    assert f"{history.dropped} oldest steps can no longer be undone" in history.told
    at = states[-1]
    while history.done:
        at, history = history.undo(at)
    assert same(at, states[history.dropped])
    small = EditHistory(max_bytes=10).recorded(paint(labels, 14))
    assert small.done == () and small.dropped == 1 and "the oldest step can no longer" in small.told
    with pytest.raises(DataError):
        EditHistory(max_bytes=0)


def test_a_step_is_small_beside_its_box():
    geometry = grid((80, 100, 100), (1.0, 1.0, 1.0))
    mask = np.zeros(geometry.shape, bool)
    mask[10:70, 10:90, 10:90] = True
    labels = one_segment(mask, geometry)
    change = editing.margin.change(labels, "liver", 3.0)
    step = Step.of(change)
    assert change.before.nbytes > 400_000 and step.bytes < 0.01 * change.before.nbytes
    # what the estimate leaves out is little: runs are counted to the byte
    assert step.bytes - len(step.runs) < 3000


def test_an_edit_works_in_its_box_and_copies_no_map():
    """What a verb allocates is a few times its box, however large the map is."""
    shape = (120, 256, 256)
    geometry = grid(shape, (1.0, 1.0, 1.0))
    array = np.zeros((4, *shape), np.uint8)
    array[0, 40:70, 100:140, 90:150] = 1
    array[0, 80:100, 10:250, 10:250] = 2
    labels = LabelMap(array, geometry, (segment("liver", 0, 1), segment("spleen", 0, 2)))
    session = EditSession(labels)
    place = tuple(geometry.to_world((70, 120, 120)).tolist())
    session.edit(editing.margin, "liver", 1.0)  # compiles its kernels
    session.undo()
    box_bytes = 4 * 36 * 46 * 66
    for verb, arguments, limit in (
        (editing.paint, ("liver", place, 6.0), 2e6), (editing.erase, ("liver", place, 6.0), 2e6),
        (editing.margin, ("liver", 2.0), 12 * box_bytes), (editing.smooth, ("liver", 2.0), 60 * box_bytes),
    ):
        tracemalloc.start()
        session.edit(verb, *arguments)
        session.undo()
        session.redo()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < limit < array.nbytes, (verb.__name__, peak)
        session.undo()
    assert same(session.snapshot(), labels)


def test_layers_and_other_number_types_come_back_too():
    labels = organ_map()
    for dtype in (np.uint16, np.int16, np.int32):
        typed = replace(labels, array=labels.array.astype(dtype)[:3], segments=labels.segments[:5])
        change = editing.logical.change(typed, "segment_1", "copy", "liver", create=True)
        assert change.layers_after > typed.array.shape[0]
        after, history = EditHistory().apply(typed, change)
        back, history = history.undo(after)
        assert same(back, typed) and same(history.redo(back)[0], after)


def test_a_view_of_a_session_is_live_and_a_snapshot_stays():
    session = EditSession(organ_map())
    snapshot, view = session.snapshot(), session.labels
    session.edit(editing.paint, "liver", (CENTRE[0] + 14, CENTRE[1], CENTRE[2]), 4.0)
    assert not np.array_equal(view.array, snapshot.array) and same(snapshot, organ_map_like(snapshot))
    with pytest.raises(ValueError, match="read-only"):
        session.labels.array[0, 0, 0, 0] = 1


def organ_map_like(labels: LabelMap) -> LabelMap:
    return replace(organ_map(), geometry=labels.geometry)
