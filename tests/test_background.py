"""Long work in a child process: what goes over, what comes back, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from anatomy_twin.errors import PlanError, UsageError, WorkerError
from anatomy_twin.pipeline.background import BackgroundTask, Event
from anatomy_twin.pipeline.merging import changed_since, merged
from anatomy_twin.pipeline.transport import ExchangeFile, pack, unpack

HERE = "tests.support.background_jobs:"
posix = pytest.mark.skipif(os.name != "posix", reason="this platform has no signals")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where files for other processes go; nothing may be left in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert not [path for path in tmp_path.rglob("*") if path.name != "note"]


def run(function, *args, until=None, **kwargs) -> list[Event]:
    """Run a task to its end and return what it told."""
    told = []
    task = BackgroundTask(HERE + function, args, kwargs, listener=told.append)
    task.start()
    if until is not None:
        until(task)
    assert task.join(60) and task.over
    return told


def has_ended(pid: int) -> bool:
    """Wait for a process to end; one that does not is ended here."""
    for _ in range(250):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return True
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return False


def written(note: Path) -> int:
    """Wait for a child to write its number."""
    for _ in range(1500):
        if note.exists() and note.read_text():
            return int(note.read_text())
        time.sleep(0.02)
    raise AssertionError("the child wrote nothing")


# what goes over


def sent_and_back(value):
    """Send a value and send it back as it came; return it as it was received, and as it came back."""
    there, back = ExchangeFile.create(), ExchangeFile.create()
    parcel, shared = pack(value, there)
    received, known = unpack(parcel, there)
    answer, _ = pack(received, back, known)
    returned, _ = unpack(answer, back, shared)
    there.close()
    back.close()
    assert answer.file_bytes == 0, "what the other side has was sent again"
    return received, returned


def test_a_case_goes_over_and_comes_back_as_the_same_objects(folder, toy_case):
    received, returned = sent_and_back(toy_case)
    assert received.volume is not toy_case.volume
    assert np.array_equal(received.volume.array, toy_case.volume.array)
    assert received.volume.array.flags.writeable is False
    assert np.array_equal(received.results["A"].omega, toy_case.results["A"].omega)
    assert returned is toy_case


def test_only_what_is_new_is_sent_back(folder, toy_case):
    there, back = ExchangeFile.create(), ExchangeFile.create()
    parcel, shared = pack(toy_case, there)
    received, known = unpack(parcel, there)
    volume = replace(received.volume, warnings=("looked at",))
    labels = replace(received.label_map, array=received.label_map.array + 0)
    changed = replace(received, volumes={"scan": volume}, labels={"scan": labels})
    answer, _ = pack(changed, back, known)
    returned, _ = unpack(answer, back, shared)
    assert answer.file_bytes == labels.array.nbytes
    assert np.shares_memory(returned.volume.array, toy_case.volume.array)
    assert returned.volume.warnings == ("looked at",)
    assert returned.anatomy is toy_case.anatomy and returned.plans["A"] is toy_case.plans["A"]
    there.close()
    back.close()
    assert np.array_equal(returned.label_map.array, toy_case.label_map.array), "the map ends with the file"


@pytest.mark.parametrize("turn", [
    lambda a: a.transpose(2, 0, 1)[:, ::-1], lambda a: a[::-1, :, ::-1], lambda a: a[::2, 1:9], lambda a: a[3:3],
    lambda a: np.broadcast_to(a[:1, :1, :1], a.shape), np.asfortranarray,
])  # fmt: skip
def test_arrays_in_any_order_keep_their_values(folder, turn):
    array = turn(np.arange(24 * 26 * 28, dtype=np.int16).reshape(24, 26, 28))
    received, returned = sent_and_back((array, "text", {"again": array}))
    assert np.array_equal(received[0], array) and received[0].dtype == array.dtype
    assert received[2]["again"] is received[0]
    assert returned[0] is array


@posix
def test_files_between_processes_are_private_and_nameless(folder):
    file = ExchangeFile.create()
    assert os.fstat(file.descriptor).st_mode & 0o077 == 0
    assert os.fstat(file.descriptor).st_nlink == 0
    file.close()


def test_no_room_is_told_in_words(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere at all")
    with pytest.raises(WorkerError, match=r"cannot be handed to another process.*TMPDIR"):
        ExchangeFile.create()


# how it goes


def test_it_tells_how_far_it_is_and_then_the_result(folder):
    told = run("double", np.arange(5000))
    assert [event.kind for event in told] == ["stage", "progress", "warning", "result"]
    assert told[0].value == "doubling" and told[1].value == 0.5 and told[2].value == "two lines"
    assert np.array_equal(told[-1].value, np.arange(5000) * 2)


def test_arrays_are_read_only_over_there(folder):
    assert run("is_writable", np.zeros(5000))[-1].value is False


def test_a_case_that_comes_back_shares_all_that_did_not_change(folder, toy_case):
    case = run("rename_patient", toy_case, name="somebody")[-1].value
    assert case.patient.pseudonym == "somebody"
    assert case.volume is toy_case.volume and case.results["A"] is toy_case.results["A"]


@pytest.mark.parametrize(("function", "words"), [
    ("stumble", "failed with ValueError: two lines"), ("no_memory", "not enough memory"),
    ("absent", "failed with AttributeError"),
    pytest.param("die", r"ended from outside \(SIGKILL\); perhaps the machine ran out of memory", marks=posix),
])  # fmt: skip
def test_failures_are_one_line(folder, function, words):
    (last,) = run(function)
    assert last.kind == "error" and isinstance(last.value, WorkerError)
    with pytest.raises(WorkerError, match=words):
        raise last.value


def test_a_refusal_comes_as_itself(folder):
    (last,) = run("refuse")
    assert isinstance(last.value, PlanError) and last.value.line == "no path (tumour_1); plan by hand"


def test_a_function_that_cannot_be_named_is_refused():
    with pytest.raises(UsageError, match="names no function"):
        BackgroundTask(lambda: 1)


@posix
def test_cancelling_asks_first_and_kills_then(folder, tmp_path):
    note = tmp_path / "note"

    def cancel(task):
        pid.append(written(note))
        task.cancel(polite_s=0.2)

    for function in ("sleep_politely", "sleep_deaf"):
        pid = []
        assert run(function, str(note), until=cancel)[-1] == Event("cancelled")
        assert has_ended(pid[0])
        note.unlink()


def test_one_cancelled_before_it_began_never_begins(folder):
    task = BackgroundTask(HERE + "refuse", listener=(told := []).append)
    task.cancel()
    task.start()
    assert task.join(10) and told == [Event("cancelled")]


@posix
def test_the_child_ends_with_its_parent(folder, tmp_path):
    note = tmp_path / "note"
    code = f"from tests.support.background_jobs import start_task_and_sleep; start_task_and_sleep({str(note)!r})"
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)})
    child = written(note)
    parent.kill()
    parent.wait()
    assert has_ended(child)


# how it reaches a case that went on meanwhile


def test_only_what_the_work_changed_is_taken(toy_case):
    plan = replace(toy_case.plan("A"), name="B")
    answer = toy_case.without_plan("A").with_plan(replace(plan, name="C")).with_step("thinking", {"of": "C"}, 2.0)
    now = toy_case.with_plan(plan).with_step("drawing", {"of": "B"})
    case = merged(toy_case, answer, now, {"plans"})
    assert list(case.plans) == ["B", "C"], "what came meanwhile stays, what the work took out goes"
    assert [step.stage for step in case.provenance[-2:]] == ["drawing", "thinking"]
    assert case.timings_s["thinking"] == 2.0
    assert case.results["A"] is toy_case.results["A"], "a field that is not written stays"


def test_what_was_read_is_known_by_what_it_is(toy_case):
    now = toy_case.with_plan(replace(toy_case.plan("A"), name="B"))
    assert changed_since(toy_case, now, {"labels", "plans:A", "volumes"}) == ()
    assert changed_since(toy_case, now, {"labels", "plans", "plans:B"}) == ("plans", "plans B")
