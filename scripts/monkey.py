#!/usr/bin/env python3
"""Let random hands loose on the window, and open and close it many times; say what broke and whether memory grows.

    python3 scripts/monkey.py [--actions N] [--opens N] [--seed S] [--case CASE] [--simulations N] [--json]

Every other opening is a window of its own, the others are in a window that stays; some are closed while a preview
starts or a simulation runs, some once all is drawn. Actions are those of `tests/fuzz/window_monkey.py`. After every 100
of them all steps are undone and redone and the case must be what it was; after every 500 the case is recovered from its
journal, saved and loaded again and must be the same. Memory is told after 10, 50, 100, 200 openings and every 100
actions: as the system counts it, and as held once what is free was given back. It grows where what is held rises over
the last half of the run by more than 12 MB and 1.5 %; of actions, what the history of steps holds is taken off first.
CASE is a saved case (it is copied); without it the toy patient of the tests is used. Needs a screen, or Xvfb
(`xvfb-run -a`). The exit code is 1 if anything broke or grows.
"""

from __future__ import annotations

import argparse
import faulthandler
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
CHECKED_EVERY = 500
TOLD = (1, 10, 50, 100, 200)  # openings after which memory is told
MARKS = 20  # how often memory is looked at while the case is opened and closed
MOST_DRAWN_S = 20.0


def main(arguments: Sequence[str]) -> int:
    """Run as many actions and openings as asked for; return the exit code."""
    from anatomy_twin.view.allocator import keep_together

    parser = argparse.ArgumentParser(description="Random hands on the window.")
    parser.add_argument("--actions", type=int, default=2000, help="how many actions (2000)")
    parser.add_argument("--opens", type=int, default=200, help="how often the case is opened and closed (200)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--case", type=Path, help="a saved case (default: the toy patient)")
    parser.add_argument("--simulations", type=int, default=6, help="how many simulations may be started (6)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    faulthandler.enable()
    keep_together()  # as the program does
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-monkey-") as folder:
        for name in ("STATE", "CONFIG", "CACHE", "DATA"):
            os.environ[f"XDG_{name}_HOME"] = str(Path(folder) / "user")
        found = run(options, Path(folder))
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            if name != "faults":
                print(f"{name}: {value}")
        print(f"faults: {len(found['faults'])}")
        for fault in found["faults"]:
            print(fault)
    return int(bool(found["faults"]))


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Open and close, then act; return counts and faults."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from tests.fuzz.window_checks import copied

    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    application = QApplication.instance() or QApplication(["monkey"])
    first = copied(options.case, folder) if options.case else toy(folder)
    cases = (first, copied(first, folder, f"other-{first.name}"))
    found: dict[str, Any] = {"case": first.name, "seed": options.seed, "faults": []}
    for action, name in ((opened, "opening"), (acted, "acting")):
        start = time.monotonic()
        found |= action(cases, options, found["faults"])
        found[f"seconds of {name}"] = round(time.monotonic() - start, 1)
    application.processEvents()
    return found


def toy(folder: Path) -> Path:
    """Save the toy patient of the tests and return where."""
    from anatomy_twin.store import save_case
    from tests.support.toy_case import planned_case

    return save_case(planned_case(), folder / "toy.twin")


def tell(*words: object) -> None:
    """Say how far it is."""
    print(*words, file=sys.stderr, flush=True)


# opening and closing


def opened(cases: Sequence[Path], options: argparse.Namespace, faults: list[str]) -> dict[str, Any]:
    """Open and close the case as often as asked for."""
    from tests.fuzz import window_memory as memory

    count = options.opens
    if count < 1:
        return {}
    standing = shown()
    early: dict[str, int] = {}
    marks: list[tuple[int, float, float]] = []
    wanted = {max(round(count * n / MARKS), 1) for n in range(1, MARKS + 1)} | {n for n in TOLD if n <= count}
    for number in range(1, count + 1):
        open_and_close(cases[number % 2], number, standing if number % 2 else None)
        if number in wanted:
            memory.errands_done()
            marks.append((number, round(memory.resident_mb(), 1), round(memory.held_mb(), 1)))
            tell(f"{number} of {count} opened, MB resident and held: {marks[-1][1:]}")
        if number == min(10, count):
            early = memory.leftovers()
    late = memory.leftovers(10.0)
    faults += memory.more("every opening", early, late)
    standing.close()
    counts, _, held = zip(*marks, strict=True)
    told = {n: {"resident": resident, "held": kept} for n, resident, kept in marks if n in {*TOLD, count}}
    return {"opened": count, "memory after openings in MB": told, "left after 10 openings": early,
            "left at the end": late, **memory.verdict("openings", counts, held, faults)}  # fmt: skip


def shown(session: Any = None) -> Any:
    """Return a window on the screen."""
    from anatomy_twin.view.window import RehearsalWindow

    window = RehearsalWindow(session)
    window.resize(1200, 760)
    window.show()
    return window


def open_and_close(case: Path, number: int, standing: Any = None) -> None:
    """Open a case in a window of its own, or in one that stands, and close it in the midst of this or that."""
    from anatomy_twin.pipeline.session import Session
    from tests.fuzz.window_memory import settle

    session = Session.open(case)
    window = standing if standing is not None else shown(session)
    if standing is not None:
        standing.show_session(session)
    kind = number % 10
    if kind in (3, 4):  # closed while the preview's process starts
        window.desk.set_edit_mode(True)
    elif kind in (6, 7) and window.commands["simulate.run"].enabled(window):
        window.run("simulate.run")
    settle(0.05)
    end = time.monotonic() + MOST_DRAWN_S
    while kind in (8, 9) and window.views.scene_pane.busy and time.monotonic() < end:
        settle(0.05)
    if standing is not None:
        standing.leave_case()
    else:
        window.close()
        window.deleteLater()
    settle()


# acting


def acted(cases: Sequence[Path], options: argparse.Namespace, faults: list[str]) -> dict[str, Any]:
    """Act as often as asked for on one window."""
    from anatomy_twin.pipeline.session import Session
    from tests.fuzz import window_memory as memory
    from tests.fuzz.window_checks import let_go, saved_and_recovered, undo_and_redo_everything
    from tests.fuzz.window_monkey import Monkey

    count = options.actions
    if count < 1:
        return {}
    window = shown(Session.open(cases[0]))
    monkey = Monkey(window, options.seed, tuple(cases), options.simulations)
    marks: list[dict[str, Any]] = []
    told = 0
    for done in range(EVERY, count + EVERY, EVERY):
        monkey.act(min(EVERY, count - done + EVERY))
        let_go(window)
        differ = undo_and_redo_everything(window.desk.session)
        if differ:
            faults.append(f"after {done} actions undo and redo of everything changed {', '.join(differ)}")
        if done % CHECKED_EVERY == 0 or done >= count:
            faults += saved_and_recovered(window)
        memory.errands_done()
        left = memory.leftovers(0.2)
        steps = window.desk.session.history
        marks.append({"actions": min(done, count), "resident": round(memory.resident_mb(), 1),
                      "held": round(memory.held_mb(), 1), "history": round(steps.bytes / memory.MB, 1),
                      "steps": len(steps.done) + len(steps.undone), **left})  # fmt: skip
        tell(f"MB and counts: {marks[-1]}")
        for fault in monkey.faults[told:]:
            tell(fault)
        told = len(monkey.faults)
    monkey.stop()
    faults += [f"seed {options.seed}: {fault}" for fault in monkey.faults]
    window.close()
    counts = [mark["actions"] for mark in marks]
    beside = [mark["held"] - mark["history"] for mark in marks]
    for name in ("widgets", "threads", "children", "files"):
        risen = memory.rise(counts, [mark[name] for mark in marks])
        if risen > memory.SPARE + 0.1 * marks[-1][name]:
            faults.append(f"{name} grow with actions: by {risen:.0f} over the last half, {marks[-1][name]} at the end")
    return {"actions": count, "kinds": dict(monkey.counts), "of these changed the case": dict(monkey.changing),
            "every 100 actions, memory in MB": marks,
            **memory.verdict("actions", counts, beside, faults)}  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
