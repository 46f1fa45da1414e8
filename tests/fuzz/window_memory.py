"""What a window takes and leaves behind: memory, widgets, threads, processes, files; and whether any of it grows."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from anatomy_twin.view.memory import give_back

MB = 2**20
LEAST_MB = 12.0  # what a half of a run may rise by before it is called growing ...
LEAST_SHARE = 0.015  # ... or this share of all that is held
SPARE = 4  # widgets, threads, files more than early in the run: one that ends late is no leak


def resident_mb() -> float:
    """Return the memory of this process that the system counts, in MB."""
    return float(psutil.Process(os.getpid()).memory_info().rss / MB)


def held_mb() -> float:
    """Return the resident memory of this process in MB once rubbish is collected and what is free was given back."""
    give_back()
    return resident_mb()


def deleted() -> None:
    """Delete what is to be deleted: ``processEvents`` alone leaves it, the event loop of the program does not."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def settle(seconds: float = 0.05) -> None:
    """Let the window do what it has put off."""
    end = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        deleted()
        if time.monotonic() >= end:
            return
        time.sleep(0.005)


def errands_done(wait_s: float = 60.0) -> None:
    """Wait until threads that read, save or draw beside the window are through: they hold the case meanwhile."""
    end = time.monotonic() + wait_s
    while any(one.name.startswith("errand") for one in threading.enumerate()) and time.monotonic() < end:
        settle(0.05)
    settle()


def leftovers(wait_s: float = 3.0) -> dict[str, int]:
    """Return how many widgets, threads and child processes there are, once what is to be deleted is gone."""
    settle(wait_s)
    process = psutil.Process(os.getpid())
    return {"widgets": len(QApplication.allWidgets()), "threads": process.num_threads(),
            "children": len(process.children(recursive=True)), "files": process.num_fds()}  # fmt: skip


def rise(counts: Sequence[float], values: Sequence[float]) -> float:
    """Return by how much ``values`` rise over the last half of ``counts``: the median of all slopes, times its length.

    What fills up at first and stands from then on rises by nothing; one value that stands out does not count.
    """
    x, y = np.asarray(counts, float), np.asarray(values, float)
    later = x >= (x[0] + x[-1]) / 2
    x, y = x[later], y[later]
    if len(x) < 2:
        return 0.0
    first, second = np.triu_indices(len(x), 1)
    slopes = (y[second] - y[first]) / (x[second] - x[first])
    return float(np.median(slopes) * (x[-1] - x[0]))


def growing(counts: Sequence[float], values: Sequence[float]) -> bool:
    """Tell whether memory in MB grows: it rises over the last half by more than 12 MB and 1.5 % of what is held."""
    return rise(counts, values) > max(LEAST_MB, LEAST_SHARE * float(np.median(values)))


def verdict(what: str, counts: Sequence[float], values: Sequence[float], faults: list[str]) -> dict[str, Any]:
    """Return what to tell about memory over a run of ``what``, and add a fault where it grows."""
    if len(values) < 2:
        return {}
    risen = rise(counts, values)
    grows = growing(counts, values)
    if grows:
        faults.append(f"memory grows with {what}: by {risen:.0f} MB over the last half, {values[-1]:.0f} MB held")
    return {f"memory over {what}": "growing" if grows else "not growing",
            f"rise over the last half of {what} in MB": round(risen, 1)}  # fmt: skip


def more(what: str, early: dict[str, int], late: dict[str, int]) -> list[str]:
    """Return a fault for each kind of thing that there is more of late than early."""
    return [f"{name} grow with {what}: {early[name]} early, {late[name]} at the end"
            for name in ("widgets", "threads", "children", "files") if late[name] > early[name] + SPARE]  # fmt: skip
