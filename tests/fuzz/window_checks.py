"""What must hold after random hands: undo and redo give the same case, so do the journal and the saved case."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.window_memory import settle

EDITED = ("plans", "measurements", "display", "patient")


def same_case(one: Any, other: Any) -> list[str]:
    """Return what of two cases that a person can edit is not equal."""
    differ = [part for part in EDITED if getattr(one, part) != getattr(other, part)]
    for name in dict.fromkeys((*one.labels, *other.labels)):
        if name not in one.labels or name not in other.labels:
            differ.append(f"labels {name}")
        elif not np.array_equal(one.labels[name].array, other.labels[name].array):
            differ.append(f"voxels of {name}")
        elif one.labels[name].segments != other.labels[name].segments:
            differ.append(f"segments of {name}")
    return differ


def undo_and_redo_everything(session: Any) -> list[str]:
    """Undo all steps, redo all, and return what of the case is not as it was."""
    before = session.snapshot()
    done = len(session.history.done)
    session.go_to(0)
    session.go_to(done)
    return same_case(before, session.snapshot())


def copied(case: Path, folder: Path, name: str = "") -> Path:
    """Return a copy of a case folder, under its own or another name."""
    target = folder / (name or case.name)
    shutil.copytree(case, target)
    return target


def let_go(window: Any, wait_s: float = 300.0) -> None:
    """Give back what the hands hold, stop what runs, and wait until no case is read or written and nothing asks."""
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.view.opening import Opening

    opening = Opening.of(window)
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        if window.desk is not None:
            window.desk.tool.cancel()
            window.desk.drop()
        window.jobs.cancel_all()
        settle(0.2)
        asks = QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None
        busy = opening.saver.busy or opening.keeper.writing or opening.reading or window.jobs.busy
        if window.desk is not None and not (asks or busy):
            return
    raise TimeoutError("the window does not come to rest")


def saved_and_recovered(window: Any) -> list[str]:
    """Recover the case from its journal as after a crash, then save and load it; return what differs."""
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.store import load_case

    session = window.desk.session
    case, held, faults = session.path, session.snapshot(), []
    session.sync()
    state = Path(os.environ["XDG_STATE_HOME"])
    aside = state.with_name(f"{state.name}-aside")
    shutil.copytree(state, aside)
    os.environ["XDG_STATE_HOME"] = str(aside)
    try:
        again = Session.open(case)  # read-only: the window has it; its journal lies beside
        lost = again.recover()
        differ = same_case(held, again.case)
        if differ and not lost:
            faults.append(f"the journal gave another case back: {', '.join(differ)}")
        again.close(keep_journal=True)
    finally:
        os.environ["XDG_STATE_HOME"] = str(state)
        shutil.rmtree(aside, ignore_errors=True)
    session.save(anyway=True)
    differ = same_case(held, load_case(case))
    if differ:
        faults.append(f"the saved case is another one: {', '.join(differ)}")
    return faults
