"""A child process dies, overruns or answers; the caller lives and hears one line."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from anatomy_twin.errors import GeometryError, TwinError, UsageError, WorkerError
from anatomy_twin.worker import run_limited

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
    pid = int(note.read_text())
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("the grandchild still runs")


def test_a_name_without_a_colon_is_refused():
    with pytest.raises(UsageError, match="names no function"):
        run_limited("os.getcwd")
    assert issubclass(WorkerError, TwinError)
