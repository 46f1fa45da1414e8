"""A case that was never saved, and work that no journal holds, outlive their program; nothing is left without need."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.core import Distance, FrozenMapping
from anatomy_twin.errors import StoreError
from anatomy_twin.pipeline.session import Session
from anatomy_twin.segmentation.editing import paint
from anatomy_twin.store.drafts import discard, drafts, drafts_folder
from anatomy_twin.store.swap import write_file
from tests.support.full_case import full_case
from tests.support.toy_patient import toy_patient


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def scan_alone(name="Elm"):
    volume, _ = toy_patient(8.0)
    return at.Case.new(volume=volume, patient=at.Patient(name))


def with_labels(case):
    return replace(case, labels=FrozenMapping({case.primary: toy_patient(8.0)[1]}))


def measured(case, name):
    return case.with_measurement(Distance(name, (0.0, 0.0, 0.0), (1.0, 2.0, 3.0)))


def corner(case):
    """A point where no organ is."""
    return case.volume.geometry.to_world((3.0, 3.0, 3.0))


def keep(session):
    """Do at once what a window does beside the work."""
    work = session.begin_keep()
    return work is not None and session.end_keep(work, work.write())


def end_of_program(session):
    """The process is gone: neither saved nor closed; the system gives its locks back."""
    session._kept.leave()
    session._release()


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def same(one, other):
    assert list(one.volumes) == list(other.volumes) and one.primary == other.primary
    assert all(np.array_equal(one.volumes[name].array, other.volumes[name].array) for name in one.volumes)
    assert list(one.labels) == list(other.labels)
    for name, labels in one.labels.items():
        assert np.array_equal(labels.array, other.labels[name].array) and labels.segments == other.labels[name].segments
    for part in ("plans", "measurements", "patient", "display", "provenance"):
        assert getattr(one, part) == getattr(other, part), part
    assert list(one.anatomy.structures) == list(other.anatomy.structures) and list(one.results) == list(other.results)


WORK = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.test_session_keeping import corner, keep, measured, paint, scan_alone, with_labels
from anatomy_twin.pipeline.session import Session
session = Session(scan_alone(), state=Path(sys.argv[1]))
assert keep(session) and session.path is None
session.do("Measure D1", measured(session.case, "D1"))
session.do("Find organs", with_labels(session.case))
assert session.keep_due
if sys.argv[3] == "kept":
    assert keep(session)
session.do_labels(paint.change(session.case.label_map, "liver", [corner(session.case)], radius_mm=20.0))
session.do("Measure D2", measured(session.case, "D2"))
print("ready", flush=True)
os.read(0, 1)
"""


@pytest.mark.parametrize("kept", ["kept", "not yet"])
def test_a_case_that_was_never_saved_outlives_a_killed_program(state, request, kept):
    command = [sys.executable, "-c", WORK, str(state), str(request.config.rootpath), kept]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        assert drafts(state) == ()  # it is being worked on
        process.kill()
    (draft,) = drafts(state)
    assert draft.name == "Elm" and draft.steps == 4
    session, lost = Session.open_draft(draft.place, state=state)
    assert drafts(state) == () and session.path is None and session.dirty
    if kept == "kept":
        assert lost == () and tuple(session.case.measurements) == ("D1", "D2")
        labels = with_labels(scan_alone()).label_map
        again = paint.change(labels, "liver", [corner(session.case)], radius_mm=20.0)
        assert (session.case.label_map.array != labels.array).sum() == (again.after != again.before).sum() > 0
        session.undo()
        session.undo()
        assert np.array_equal(session.case.label_map.array, labels.array)
    else:  # killed within the seconds that found organs need to be on the disk: told, and the rest is there
        assert any("Find organs: to be made again (labels)" in line for line in lost)
        assert "D1" in session.case.measurements
    session.close()
    assert not files(state)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("saved", [True, False])
def test_work_of_any_kind_is_there_after_a_crash_at_any_moment(state, tmp_path, saved, seed):
    """Steps small and large, undone and redone, kept now and then, also half way; three crashes in a row."""
    rng = np.random.default_rng(seed)
    first = with_labels(scan_alone())
    place = at.save_case(first, tmp_path / "a.twin")
    session = Session.open(place, state=state) if saved else Session(first, state=state)
    assert saved or keep(session)
    anatomies = (full_case().anatomy, first.anatomy)
    for crash in range(3):
        for number in range(int(rng.integers(2, 14))):
            case, choice = session.case, int(rng.integers(6))
            if choice == 0:
                session.do("Surfaces", replace(case, anatomy=anatomies[int(rng.integers(2))]))
            elif choice == 1:
                session.do("Measure", measured(case, f"D{crash}.{number}"))
            elif choice == 2:
                points = [case.label_map.geometry.to_world(rng.integers(2, np.array(case.volume.array.shape) - 2))]
                session.do_labels(paint.change(case.label_map, "liver", points, radius_mm=float(rng.integers(9, 30))))
            elif choice == 3 and session.history.done:
                session.undo()
            elif choice == 4 and session.history.undone:
                session.redo()
            elif choice == 5:
                work = session.begin_keep()
                if work is not None:
                    session.do("Meanwhile", measured(session.case, f"M{crash}.{number}"))
                    session.undo()
                    assert session.end_keep(work, work.write())
        keep(session)
        if rng.random() < 0.5:
            session.do("Measure", measured(session.case, f"last {crash}"))
        half = session.begin_keep() if rng.random() < 0.5 else None
        expected = session.snapshot()
        end_of_program(session)
        assert half is None or half.given_up
        if saved:
            session = Session.open(place, state=state)
            assert session.recover() == ()
        else:
            (draft,) = drafts(state)
            session, lost = Session.open_draft(draft.place, state=state)
            assert lost == ()
        same(session.case, expected)
    there = session.save(place if saved else tmp_path / "b.twin")
    same(at.load_case(there), expected)
    assert not session.dirty and not files(state)
    session.close()
    assert not files(state)


def test_what_is_saved_or_given_up_while_it_is_being_kept_leaves_nothing(state, tmp_path):
    session = Session(scan_alone(), state=state)
    work = session.begin_keep()
    session.save(tmp_path / "a.twin")  # before the first copy is written
    with pytest.raises(at.errors.Cancelled):
        work.write()
    assert not files(state)
    session.do("Find organs", with_labels(session.case))
    work = session.begin_keep()
    written = work.write()
    session.save()
    assert not session.end_keep(work, written) and not files(state)
    session.close()
    session = Session(scan_alone(), state=state)
    assert keep(session)
    work = session.begin_keep()
    assert work is None  # nothing was done since
    session.do("Find organs", with_labels(session.case))
    work = session.begin_keep()
    session.close()
    with pytest.raises(at.errors.Cancelled):
        work.write()
    assert not files(state)


def test_only_its_user_can_read_what_is_kept(state):
    session = Session(scan_alone(), state=state)
    assert keep(session)
    session.do("Find organs", with_labels(session.case))
    assert keep(session)
    kept = [path for path in (drafts_folder(state), *(state / "journals").iterdir()) if path.is_dir()]
    assert len(kept) == 2 and all(path.stat().st_mode & 0o077 == 0 for path in kept)
    assert all(path.stat().st_mode & 0o077 == 0 for path in state.rglob("*.journal"))
    session.close()


def test_a_full_disk_is_told_and_does_not_stop_the_work(state, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("anatomy_twin.store.save.write_file", full)
    session = Session(scan_alone(), state=state)
    work = session.begin_keep()
    with pytest.raises(StoreError, match="the disk is full") as refused:
        work.write()
    session.drop_keep(work, refused.value)
    assert "would be lost in a crash" in session.messages[-1] and "the disk is full" in session.messages[-1]
    session.do("Measure D1", measured(session.case, "D1"))
    assert "D1" in session.case.measurements and session.keep_due
    monkeypatch.setattr("anatomy_twin.store.save.write_file", write_file)
    assert keep(session) and not session.messages
    end_of_program(session)
    (draft,) = drafts(state)
    session, lost = Session.open_draft(draft.place, state=state)
    assert lost == () and "D1" in session.case.measurements
    session.close()


def test_a_draft_is_opened_once_and_can_be_discarded(state):
    session = Session(scan_alone(), state=state)
    assert keep(session)
    session.do("Measure D1", measured(session.case, "D1"))
    place = session.place
    with pytest.raises(StoreError, match="open in another window"):
        Session.open_draft(place, state=state)
    end_of_program(session)
    discard(place, state)
    assert drafts(state) == () and not files(state)


def test_a_plan_that_is_moved_is_kept_by_the_journal_alone(state, tmp_path):
    """Its old result is dropped with it: a record names what is left, and nothing large is written for that."""
    case = full_case()
    plan = next(name for name in case.plans if name in case.results)
    place = at.save_case(case, tmp_path / "a.twin")
    session = Session.open(place, state=state)
    old = session.case.plan(plan)
    moved = replace(old, applicators=tuple(replace(one, minutes=1.0) if hasattr(one, "minutes") else replace(
        one, tip_mm=tuple(value + 1.0 for value in one.tip_mm)) for one in old.applicators))  # fmt: skip
    session.do("Move the tip", session.case.with_plan(moved))
    assert plan not in session.case.results and not session.keep_due
    expected = session.case
    end_of_program(session)
    session = Session.open(place, state=state)
    assert session.recover() == ()
    assert session.case.plan(plan) == moved and list(session.case.results) == list(expected.results)
    session.close()
