"""A case is saved in another thread while work on it goes on; other programs change or remove it meanwhile."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace

import pytest

import anatomy_twin as at
from anatomy_twin.core import Distance
from anatomy_twin.errors import StoreError, UsageError
from anatomy_twin.pipeline.session import Session
from anatomy_twin.segmentation.editing import paint
from tests.support.toy_patient import toy_patient


@pytest.fixture
def saved(tmp_path):
    volume, labels = toy_patient()
    return at.save_case(at.Case.new(volume=volume, labels=labels), tmp_path / "a.twin")


def opened(path, tmp_path):
    return Session.open(path, state=tmp_path / "state")


def measure(session, name):
    session.do(f"Measure {name}", session.case.with_measurement(Distance(name, (0.0, 0.0, 0.0), (1.0, 2.0, 3.0))))


def write(saving):
    thread = threading.Thread(target=saving.write)
    thread.start()
    return thread


def test_steps_made_while_a_case_is_written_stay_unsaved(saved, tmp_path):
    session = opened(saved, tmp_path)
    measure(session, "D1")
    saving = session.begin_save()
    thread = write(saving)
    measure(session, "D2")
    session.do_labels(paint.change(session.case.label_map, "spleen", [(85.0, 35.0, 30.0)], radius_mm=45.0))
    session.undo()
    thread.join()
    session.end_save(saving)
    assert session.dirty and tuple(at.load_case(saved).measurements) == ("D1",)
    session.close(keep_journal=True)
    later = opened(saved, tmp_path)
    assert later.recoverable()[0] == "Measure D2" and later.recover() == ()
    assert tuple(later.case.measurements) == ("D1", "D2")
    assert (later.case.label_map.array == at.load_case(saved).label_map.array).all()
    later.undo()
    assert tuple(later.case.measurements) == ("D1",)
    later.close()


def test_undo_of_what_is_being_saved_is_recovered_too(saved, tmp_path):
    session = opened(saved, tmp_path)
    measure(session, "D1")
    measure(session, "D2")
    saving = session.begin_save()
    session.undo()
    saving.write()
    session.end_save(saving)
    assert session.dirty
    session.redo()
    assert not session.dirty
    session.undo()
    session.close(keep_journal=True)
    later = opened(saved, tmp_path)
    later.recover()
    assert tuple(later.case.measurements) == ("D1",)
    later.close()


def test_a_save_that_failed_leaves_everything_as_it_was(saved, tmp_path):
    session = opened(saved, tmp_path)
    measure(session, "D1")
    saving = session.begin_save()
    with pytest.raises(UsageError, match="being saved"):
        session.begin_save()
    session.drop_save(saving)
    assert session.dirty and session.path == saved
    session.close(keep_journal=True)
    later = opened(saved, tmp_path)
    assert later.recoverable() == ("Measure D1",)
    later.close()


def test_what_others_did_to_the_case_is_seen(saved, tmp_path):
    session = opened(saved, tmp_path)
    assert session.outside == ""
    at.save_case(replace(session.case, patient=at.Patient("other")), saved)
    assert session.outside == "changed"
    with pytest.raises(StoreError, match="changed the case"):
        session.save()
    session.save(anyway=True)
    assert session.outside == ""
    shutil.rmtree(saved)
    assert session.outside == "removed"
    with pytest.raises(StoreError, match="removed the case"):
        session.save()
    session.save(anyway=True)
    assert saved.is_dir()
    session.close()


def test_a_zip_is_watched_too(saved, tmp_path):
    place = at.save_case(at.load_case(saved), tmp_path / "z.twin.zip")
    session = opened(place, tmp_path)
    measure(session, "D1")
    session.save()
    assert session.outside == "" and tuple(at.load_case(place).measurements) == ("D1",)
    place.unlink()
    assert session.outside == "removed"
    session.close()
