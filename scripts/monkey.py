#!/usr/bin/env python3
"""Let random hands loose on the window, and open and close it many times; say what broke.

    python3 scripts/monkey.py [--actions N] [--opens N] [--seed S] [--case CASE] [--json]

Actions are those of `tests/fuzz/window_monkey.py`. After every 100 of them all steps are undone and redone and the case
must be what it was; at the end the case is recovered from its journal, saved and loaded again and must be the same.
Counts exceptions, lost edits, and what is left of memory, widgets, threads and processes. CASE is a saved case (it is
copied); without it the toy patient of the tests is used. Needs a screen, or Xvfb (`xvfb-run -a`). The exit code is 1 if
anything broke.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from environment import go_on_inside

if __name__ == "__main__":
    go_on_inside(__file__, __doc__ or "")

EVERY = 100


def main(arguments: Sequence[str]) -> int:
    """Run as many actions and openings as asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Random hands on the window.")
    parser.add_argument("--actions", type=int, default=2000, help="how many actions (2000)")
    parser.add_argument("--opens", type=int, default=200, help="how often the case is opened and closed (200)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--case", type=Path, help="a saved case (default: the toy patient)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-monkey-") as folder:
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = folder
        found = run(options, Path(folder))
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            if name != "faults":
                print(f"{name}: {value}")
        for fault in found["faults"]:
            print(fault)
    return int(bool(found["faults"]))


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Open and close, then act; return counts and faults."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from tests.fuzz import window_monkey as hands

    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    application = QApplication.instance() or QApplication(["monkey"])
    case = hands.copied(options.case, folder) if options.case else toy(folder)
    found: dict[str, Any] = {"case": case.name, "faults": []}
    start = time.monotonic()
    found |= opened(case, options.opens, found["faults"])
    found["seconds of opening"] = round(time.monotonic() - start, 1)
    start = time.monotonic()
    found |= acted(case, options.actions, options.seed, found["faults"])
    found["seconds of acting"] = round(time.monotonic() - start, 1)
    application.processEvents()
    return found


def toy(folder: Path) -> Path:
    """Save the toy patient of the tests and return where."""
    from anatomy_twin.store import save_case
    from tests.support.toy_case import planned_case

    return save_case(planned_case(), folder / "toy.twin")


def opened(case: Path, count: int, faults: list[str]) -> dict[str, Any]:
    """Open and close the case ``count`` times."""
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.window import RehearsalWindow
    from tests.fuzz import window_monkey as hands

    memory, left = [], []
    for number in range(1, count + 1):
        window = RehearsalWindow(Session.open(case))
        window.show()
        hands.settle()
        window.close()
        window.deleteLater()
        del window
        if number in {3, count // 2, count}:
            left.append(hands.leftovers())
            memory.append(round(hands.memory_mb()))
    if len(left) > 1:
        for name, value in left[-1].items():
            if value > left[0][name] + 3:
                faults.append(f"{name} grow with every opening: {left[0][name]} after 3, {value} after {count}")
        if count >= 20 and (memory[-1] - memory[0]) / count > 2.0:
            faults.append(f"memory grows with every opening: {memory} MB")
    return {"opened": count, "left after 3, half, all": left, "memory in MB": memory}


def acted(case: Path, count: int, seed: int, faults: list[str]) -> dict[str, Any]:
    """Act ``count`` times on one window."""
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.window import RehearsalWindow
    from tests.fuzz import window_monkey as hands

    window = RehearsalWindow(Session.open(case))
    window.resize(1300, 850)
    window.show()
    monkey = hands.Monkey(window, seed)
    memory = []
    for done in range(0, count, EVERY):
        monkey.act(min(EVERY, count - done))
        hands.let_go(window)
        differ = hands.undo_and_redo_everything(window.desk.session)
        if differ:
            faults.append(f"after {done + EVERY} actions undo and redo of everything changed {', '.join(differ)}")
        memory.append(round(hands.memory_mb()))
        print(f"{done + EVERY} of {count}, {len(monkey.faults)} faults, {memory[-1]} MB", file=sys.stderr, flush=True)
    monkey.stop()
    faults += monkey.faults
    steps = len(window.desk.session.history.done)
    faults += hands.saved_and_recovered(window, case)
    window.close()
    return {"actions": count, "kinds": dict(monkey.counts), "steps in the history": steps,
            "memory while acting in MB": memory}  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
