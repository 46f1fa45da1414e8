"""A child that stays: it answers many times, is not told again what it holds, and stops when it is asked to."""

from __future__ import annotations

import os
import queue
import signal

import numpy as np
import pytest

from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.helper import Helper
from tests.support.toy_patient import toy_patient

JOBS = "tests.support.background_jobs:"
posix = pytest.mark.skipif(os.name != "posix", reason="this platform has no signals")


@pytest.fixture
def volume():
    return toy_patient()[0]


@pytest.fixture
def helper(volume):
    helper = Helper(volume, ("anatomy_twin.core",))
    yield helper
    assert helper.stop()


def asked(helper, function, *args, **kwargs):
    said = queue.SimpleQueue()
    task = helper.task(JOBS + function, args, kwargs, listener=said.put)
    task.start()
    return task, said


def last(said):
    while True:
        event = said.get(timeout=60)
        if event.kind in ("result", "error", "cancelled"):
            return event


def test_one_child_answers_many_times_and_maps_what_it_holds(helper, volume):
    _, said = asked(helper, "sum_of", volume, np.arange(5000))
    first = last(said)
    child = helper.process_id
    assert first.kind == "result" and first.value == int(volume.array.sum()) + int(np.arange(5000).sum())
    _, said = asked(helper, "sum_of", volume, np.full(5000, 2))
    assert last(said).value == int(volume.array.sum()) + 10_000 and helper.process_id == child


def test_errors_are_told_and_it_goes_on(helper, volume):
    _, said = asked(helper, "refuse")
    error = last(said)
    assert error.kind == "error" and isinstance(error.value, PlanError)
    _, said = asked(helper, "sum_of", volume, np.zeros(1))
    assert last(said).kind == "result"


def test_what_is_stopped_answers_nothing_and_the_next_one_is_done(helper, volume):
    slow, slow_said = asked(helper, "wait_for_stop")
    assert slow_said.get(timeout=60).kind == "stage"
    waiting, waiting_said = asked(helper, "wait_for_stop")
    waiting.cancel()
    slow.cancel()
    assert last(slow_said).kind == "cancelled" and last(waiting_said).kind == "cancelled"
    _, said = asked(helper, "sum_of", volume, np.zeros(1))
    assert last(said).kind == "result" and slow.over and waiting.over


def test_a_child_that_does_not_listen_is_replaced(helper, volume):
    stubborn, said = asked(helper, "stubborn")
    assert said.get(timeout=60).kind == "stage"
    child = helper.process_id
    stubborn.cancel(polite_s=0.05)
    assert last(said).kind == "cancelled"
    _, said = asked(helper, "sum_of", volume, np.zeros(1))
    assert last(said).kind == "result" and helper.process_id != child


@posix
def test_a_child_that_is_killed_is_told_with_its_signal(helper, volume):
    _, said = asked(helper, "wait_for_stop")
    assert said.get(timeout=60).kind == "stage"
    os.kill(helper.process_id, signal.SIGKILL)
    error = last(said)
    assert error.kind == "error" and "SIGKILL" in error.value.line
    _, said = asked(helper, "sum_of", volume, np.zeros(1))
    assert last(said).kind == "result"
