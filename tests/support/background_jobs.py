"""What tests let a background task do."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from anatomy_twin.core import check_cancelled
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.background import BackgroundTask


def double(values, monitor):
    monitor.stage("doubling")
    monitor.progress(0.5)
    monitor.warn("two\nlines")
    return values * 2


def is_writable(values):
    return bool(values.flags.writeable)


def rename_patient(case, name):
    return replace(case, patient=replace(case.patient, pseudonym=name))


def refuse():
    raise PlanError("no path", where="tumour_1", advice="plan by hand")


def stumble():
    raise ValueError("two\nlines")


def no_memory():
    raise MemoryError


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_politely(note, monitor):
    Path(note).write_text(str(os.getpid()))
    while True:
        check_cancelled(monitor)
        time.sleep(0.02)


def sleep_deaf(note):
    Path(note).write_text(str(os.getpid()))
    time.sleep(600)


def start_task_and_sleep(note):
    """A program that starts a task and is killed: what it started must go with it."""
    task = BackgroundTask("tests.support.background_jobs:sleep_deaf", (note,))
    task.start()
    time.sleep(600)


def later_patient(case, name, seconds, monitor):
    """Rename the patient after a while, in steps that can be stopped."""
    monitor.stage("waiting")
    for part in range(10):
        check_cancelled(monitor)
        monitor.progress(part / 10)
        time.sleep(seconds / 10)
    monitor.warn("a warning")
    return rename_patient(case, name)


def unfit_patient(case):
    raise PlanError("it cannot be done")


def sum_of(volume, values):
    """The sum of all voxels and of some values."""
    return int(volume.array.sum()) + int(values.sum())


def wait_for_stop(monitor):
    monitor.stage("waiting")
    while True:
        check_cancelled(monitor)
        time.sleep(0.02)


def stubborn(monitor):
    monitor.stage("deaf")
    time.sleep(600)
