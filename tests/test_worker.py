"""A child process dies, overruns or answers; the caller lives and hears one line."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from anatomy_twin.errors import GeometryError, TwinError, UsageError, WorkerError
from anatomy_twin.worker import run_each, run_limited

HERE = "tests.support.worker_jobs:"
posix = pytest.mark.skipif(os.name != "posix", reason="this platform has no signals or resource limits")


def test_the_answer_comes_back_whatever_is_printed():
    assert run_limited(HERE + "add", b"x" * 3_000_000, b"y") == b"x" * 3_000_000 + b"y"


def test_environment_reaches_the_child():
    assert run_limited(HERE + "environment", "TWIN_TEST", env={"TWIN_TEST": "here"}) == "here"
    assert "TWIN_TEST" not in os.environ


def test_refusals_pass_through_as_they_are():
    with pytest.raises(GeometryError) as caught:
        run_limited(HERE + "refuse")
    assert caught.value.line == "gap of 7.5 mm (slice 12); scan again"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raise_value_error", "failed with ValueError: two lines"),
        ("leave", "failed with SystemExit: 3"),
        ("leave_at_once", "ended without an answer (exit code 7)"),
        ("absent", "failed with AttributeError"),
        ("not_picklable", "failed with"),
    ],
)
def test_other_failures_are_one_line(name, words):
    with pytest.raises(WorkerError) as caught:
        run_limited(HERE + name)
    assert words in caught.value.line
    assert "\n" not in caught.value.line


@posix
def test_a_dead_child_is_told_with_its_signal():
    with pytest.raises(WorkerError, match="was ended by SIGABRT"):
        run_limited(HERE + "abort")


@posix
def test_memory_and_processor_time_are_limited():
    with pytest.raises(WorkerError, match=r"ran out of memory \(limit 1 GB\)"):
        run_limited(HERE + "fill_memory", memory_bytes=2**30)
    with pytest.raises(WorkerError, match="more than 1 s of processor time"):
        run_limited(HERE + "spin", cpu_s=1)


def test_a_child_that_sleeps_is_stopped():
    with pytest.raises(WorkerError, match=r"no answer within 1.5 s and was stopped"):
        run_limited(HERE + "sleep", 60, wall_s=1.5)


@posix
def test_what_the_child_started_is_stopped_too(tmp_path):
    note = tmp_path / "pid"
    with pytest.raises(WorkerError, match="no answer"):
        run_limited(HERE + "start_grandchild", str(note), wall_s=3.0)
    assert has_ended(int(note.read_text()))


@posix
def test_what_a_dead_child_started_is_stopped_too(tmp_path):
    note = tmp_path / "pid"
    with pytest.raises(WorkerError, match="was ended by SIGABRT"):
        next(run_each(HERE + "leave_grandchild", [str(note)], wall_s=30))
    assert has_ended(int(note.read_text()))


def has_ended(pid):
    """Wait for a process to end; one that does not is ended here."""
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return True
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return False


def test_a_name_without_a_colon_is_refused():
    with pytest.raises(UsageError, match="names no function"):
        run_limited("os.getcwd")
    assert issubclass(WorkerError, TwinError)


def test_a_stream_of_work_keeps_its_order_over_several_children():
    jobs = "tests.support.worker_jobs:square_late"
    assert list(run_each(jobs, range(12), processes=3, wall_s=30)) == [number**2 for number in range(12)]


def test_items_are_taken_as_they_are_needed():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    stream = run_each("tests.support.worker_jobs:square_late", items(), processes=1, wall_s=30)
    assert next(stream) == 0
    stream.close()
    assert len(taken) < 6


def test_items_that_end_in_an_error_leave_no_child_at_work(tmp_path):
    note = tmp_path / "note"

    def items():
        yield str(note)
        raise KeyError("no more items")

    with pytest.raises(KeyError):  # while the first child is being started
        list(run_each(HERE + "note_late", items(), wall_s=30))
    time.sleep(1.5)
    assert not note.exists()


@pytest.mark.parametrize(
    ("bad", "words"),
    [("abort", "ended by SIGABRT"), ("refuse", "gap of 7.5 mm"), ("raise", "failed with ValueError"),
     ("hang", "gave no answer within")],
)  # fmt: skip
def test_the_item_that_fails_is_the_one_that_raises(monkeypatch, bad, words):
    monkeypatch.setattr("anatomy_twin.worker.START_S", 3.0)
    stream = run_each("tests.support.worker_jobs:square_or_fail", [2, 3, bad, 4], wall_s=1.0)
    assert [next(stream), next(stream)] == [4, 9]
    with pytest.raises(TwinError, match=words):
        next(stream)


def test_memory_of_a_stream_is_limited():
    stream = run_each("tests.support.worker_jobs:allocate", [4 * 2**30], memory_bytes=2**30, wall_s=30)
    with pytest.raises(WorkerError, match="memory"):
        next(stream)
