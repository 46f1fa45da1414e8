"""An open case: steps, undo, redo, a crash at any moment, two programs, a full disk."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.core import Display, Distance, FrozenMapping
from anatomy_twin.errors import StoreError, UsageError
from anatomy_twin.pipeline.session import Session
from anatomy_twin.segmentation.editing import erase, paint
from anatomy_twin.store.swap import write_file
from tests.support.full_case import full_case
from tests.support.toy_patient import toy_patient

JOURNALED = ("plans", "checks", "assessments", "measurements", "display", "patient", "provenance")


@pytest.fixture
def saved(tmp_path):
    volume, labels = toy_patient()
    plan = at.AblationPlan("A", "tumour_1", (at.Applicator("mwa-generic", (-138, -45, 27), (-61, -11, 25), 60, 240),))
    case = at.Case.new(volume=volume, labels=labels).with_plan(plan)
    return at.save_case(case, tmp_path / "a.twin")


def opened(path, tmp_path, **options):
    return Session.open(path, state=tmp_path / "state", **options)


def moved(case, x_mm):
    plan = case.plan("A")
    applicator = replace(plan.applicators[0], tip_mm=(x_mm, -11.0, 25.0))
    return case.with_plan(replace(plan, applicators=(applicator,)))


def same(one, other):
    for part in JOURNALED:
        assert getattr(one, part) == getattr(other, part), part
    mine, theirs = one.label_map, other.label_map
    assert np.array_equal(mine.array, theirs.array) and mine.segments == theirs.segments


def act(session, rng, kinds=9):
    """Do one thing at random that a user could do; the first six kinds go forward only."""
    case = session.case
    choice = int(rng.integers(kinds))
    if choice < 2:
        session.do("Move the tip", moved(case, float(rng.integers(-70, -50))), key=("", "tip")[choice])
    elif choice == 2:
        name = f"D{rng.integers(4)}"
        line = Distance(name, (0.0, 0.0, 0.0), tuple(float(v) for v in rng.integers(1, 50, 3)))
        session.do("Measure a distance", case.with_measurement(line))
    elif choice == 3:
        session.do("Hide", replace(case, display=case.display.with_layer("liver", opacity=float(rng.random()))), "look")
    elif choice in (4, 5):
        verb = (paint, erase)[choice - 4]
        place = case.label_map.geometry.to_world(rng.integers(8, np.array(case.label_map.geometry.shape) - 8))
        session.do_labels(verb.change(case.label_map, "liver", [place], radius_mm=float(rng.integers(3, 9))))
    elif choice == 6 and session.history.done:
        session.undo()
    elif choice == 7 and session.history.undone:
        session.redo()
    elif choice == 8:
        session.go_to(int(rng.integers(len(session.history.done) + len(session.history.undone) + 1)))


def test_every_step_is_undone_and_redone_exactly(saved, tmp_path):
    session = opened(saved, tmp_path)
    rng = np.random.default_rng(3)
    states = [session.snapshot()]
    while len(states) <= 12:
        act(session, rng, kinds=6)
        states[len(session.history.done) :] = [session.snapshot()]
    for count in range(len(states) - 1, -1, -1):
        same(session.case, states[count])
        if count:
            session.undo()
    with pytest.raises(UsageError, match="nothing to undo"):
        session.undo()
    for state in states[1:]:
        session.redo()
        same(session.case, state)
    session.close()


@pytest.mark.parametrize("seed", range(12))
def test_a_crash_at_any_moment_loses_nothing(saved, tmp_path, seed):
    """Two crashes in a row, with saves in between: what is recovered is what was there."""
    rng = np.random.default_rng(seed)
    expected, did = None, False
    for _ in range(2):
        session = opened(saved, tmp_path)
        if expected is not None:
            assert bool(session.recoverable()) == did
            assert session.recover() == ()
            same(session.case, expected)
        for _ in range(int(rng.integers(1, 25))):
            act(session, rng)
            if rng.random() < 0.08:
                session.save()
        expected = session.snapshot()
        did = session._kept.begun
        session.lock.release()  # the process is gone: neither saved nor closed
        if did:
            session._kept.leave()
    last = opened(saved, tmp_path)
    assert last.recover() == ()
    same(last.case, expected)
    last.save()
    last.close()
    same(at.load_case(saved), expected)
    assert not list((tmp_path / "state").rglob("*.journal"))


def test_snapshots_stay_as_they_are_while_voxels_are_edited(saved, tmp_path):
    session = opened(saved, tmp_path)
    before = session.snapshot()
    copy = before.label_map.array.copy()
    session.do_labels(erase.change(session.case.label_map, "liver", [(-55.0, -10.0, 20.0)], radius_mm=12.0))
    between = session.snapshot()
    second = between.label_map.array.copy()
    session.do_labels(erase.change(session.case.label_map, "liver", [(-35.0, -10.0, 20.0)], radius_mm=12.0))
    assert np.array_equal(before.label_map.array, copy) and np.array_equal(between.label_map.array, second)
    assert not np.array_equal(session.case.label_map.array, second)
    assert session.case.plans == before.plans, "plans are dropped by an edit of labels"
    session.close()


def test_a_stroke_far_from_a_simulation_keeps_it_and_one_on_its_grid_does_not(toy_case):
    """What is kept is the very result that the new outlines would give."""
    session = Session(toy_case)
    assert set(toy_case.results) == {"A"} and toy_case.checks and toy_case.assessments
    spleen, near = [(108.0, 35.0, 30.0)], [(-55.0, -10.0, 20.0)]
    session.do_labels(paint.change(session.case.label_map, "spleen", spleen, radius_mm=14.0))
    kept = session.case.results["A"]
    assert kept is toy_case.results["A"] and not session.case.checks and not session.case.assessments
    anew = at.simulate(session.snapshot(), session.case.plan("A"), at.ThermalModel(snapshots=kept.times_s.size))
    assert anew.geometry.is_close(kept.geometry)
    assert np.array_equal(anew.temperature_c, kept.temperature_c) and np.array_equal(anew.omega, kept.omega)
    session.do_labels(erase.change(session.case.label_map, "liver", near, radius_mm=8.0))
    assert not session.case.results
    session.undo()
    assert session.case.results["A"] is kept
    session.undo()
    assert session.case.assessments == toy_case.assessments and session.case.checks == toy_case.checks
    session.redo()
    assert session.case.results["A"] is kept and not session.case.assessments
    session.close()


def test_a_voxel_on_the_face_of_a_simulations_grid_counts_as_touched(toy_case):
    """From outside towards the grid, voxel by voxel: no edit whose voxels reach into the grid leaves the result."""
    grid, labels = toy_case.results["A"].geometry, toy_case.label_map
    centre = grid.to_world((np.array(grid.shape) - 1) / 2)
    last = grid.to_world(np.array(grid.shape) - 1)
    seen = set()
    for step in range(0, 14):
        point = (float(last[0] + step * labels.geometry.spacing_mm[2]), float(centre[1]), float(centre[2]))
        if not labels.geometry.contains(point):
            break
        session = Session(toy_case)
        change = paint.change(labels, "segment_1", [point], radius_mm=0.1, create=True, force=True)
        if change.empty:
            continue
        session.do_labels(change)
        edited = session.case.label_map
        places = edited.geometry.to_world(np.argwhere(edited.mask("segment_1")))
        inside = grid.to_index(places)
        reaches = bool(((inside > -1) & (inside < np.array(grid.shape))).all(axis=1).any())
        kept = "A" in session.case.results
        assert not (reaches and kept), f"{step} voxels from the face"
        seen.add(kept)
        session.close()
    assert seen == {True, False}


def test_steps_of_one_drag_are_one(saved, tmp_path):
    session = opened(saved, tmp_path)
    first = session.case
    for x_mm in (-60.0, -59.0, -58.0):
        session.do("Move the tip", moved(session.case, x_mm), key="tip of A")
    assert session.history.names == ("Move the tip",) and session.dirty
    session.undo()
    assert session.case.plan("A") == first.plan("A") and not session.dirty
    session.redo()
    session.save()
    assert not session.dirty
    session.do("Move the tip", moved(session.case, -50.0), key="tip of A")
    assert len(session.history.done) == 2 and session.dirty, "a drag after a save is joined to one before it"
    session.close()


def test_history_keeps_within_its_bound_and_says_what_it_dropped(saved, tmp_path):
    session = opened(saved, tmp_path, max_bytes=40_000)
    rng = np.random.default_rng(1)
    for _ in range(30):
        place = session.case.label_map.geometry.to_world(rng.integers(8, 30, 3))
        session.do_labels(paint.change(session.case.label_map, "liver", [place], radius_mm=8.0))
    assert session.history.bytes <= 40_000 and "can no longer be undone" in session.history.told
    session.close()


def test_a_second_session_is_read_only_and_knows_the_owner(saved, tmp_path):
    one = opened(saved, tmp_path)
    two = opened(saved, tmp_path)
    assert not one.read_only and "is open for" in two.read_only
    two.do("Move the tip", moved(two.case, -50.0))
    with pytest.raises(StoreError, match=r"open for.*another name"):
        two.save()
    other = two.save(tmp_path / "b.twin")
    assert not two.read_only and at.load_case(other).plan("A") == two.case.plan("A")
    one.close()
    two.close()


def test_a_case_that_another_program_changed_or_removed_is_not_overwritten(saved, tmp_path):
    session = opened(saved, tmp_path)
    session.do("Move the tip", moved(session.case, -50.0))
    at.save_case(moved(session.case, -40.0), saved)
    with pytest.raises(StoreError, match="changed the case since it was opened"):
        session.save()
    shutil.rmtree(saved)
    with pytest.raises(StoreError, match="removed the case"):
        session.save()
    session.save(anyway=True)
    assert at.load_case(saved).plan("A") == session.case.plan("A")
    session.close()


def test_a_full_disk_on_save_leaves_the_old_case_and_the_work(saved, tmp_path, monkeypatch):
    session = opened(saved, tmp_path)
    session.do("Move the tip", moved(session.case, -50.0))
    before = at.load_case(saved).plan("A")

    def full(path, data):
        if "labels" in str(path):
            raise OSError(28, "No space left on device")
        write_file(path, data)

    monkeypatch.setattr("anatomy_twin.store.save.write_file", full)
    with pytest.raises(StoreError, match="the disk is full"):
        session.save()
    monkeypatch.undo()
    assert at.load_case(saved).plan("A") == before and session.dirty
    session.lock.release()
    again = opened(saved, tmp_path)
    assert again.recoverable() == ("Move the tip",)
    again.recover()
    assert again.case.plan("A") == session.case.plan("A")
    again.close()


def test_a_journal_of_an_older_state_of_the_case_is_not_replayed(saved, tmp_path):
    session = opened(saved, tmp_path)
    session.do("Move the tip", moved(session.case, -50.0))
    session.close(keep_journal=True)
    at.save_case(moved(at.load_case(saved), -45.0), saved)
    assert opened(saved, tmp_path).recoverable() == ()


def test_what_a_journal_cannot_hold_is_told(saved, tmp_path):
    session = opened(saved, tmp_path)
    session.do("Make surfaces", replace(session.case, anatomy=full_case().anatomy))
    session.close(keep_journal=True)
    again = opened(saved, tmp_path)
    assert again.recover() == ("Make surfaces: to be made again (anatomy)",)
    again.forget()
    again.close()


def test_listeners_hear_what_changed(saved, tmp_path):
    session, heard = opened(saved, tmp_path), []
    session.listen(heard.append)
    session.do("Look", replace(session.case, display=Display("slicer")))
    session.do("Nothing", session.case)
    session.undo()
    assert heard == [frozenset({"display"})] * 2
    assert session.case.measurements == FrozenMapping()
    session.close()
