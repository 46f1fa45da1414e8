"""Kill programs in the middle of saving a case, and look at what is on the disk afterwards.

Each trial starts a child process that saves one of two distinguishable cases over the other and kills it (SIGKILL,
which no program can catch) at a seeded random moment: half of the trials over the whole save, half around the step in
which the new case takes the place of the old one. Then the case is opened as a user would open it. It has to be the old
case or the new one, every file and byte of it, and nothing else may lie beside it.

    python scripts/kill_saves.py --count 200
    python scripts/kill_saves.py --form two-steps --json     # as on systems that cannot exchange two folders
    python scripts/kill_saves.py --form zip
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

from environment import go_on_inside

if __name__ == "__main__":
    go_on_inside(__file__, __doc__ or "")

import numpy as np

from anatomy_twin.core import AblationPlan, Applicator, Case, Patient, Volume, VolumeGeometry
from anatomy_twin.errors import TwinError
from anatomy_twin.store import load_case, save_case, swap, verify_case

FORMS = ("folder", "two-steps", "zip")


@dataclass
class Counts:
    """What was found after the kills; ``finished`` of them came too late to hit the save."""

    form: str
    seed: int
    trials: int = 0
    old: int = 0
    new: int = 0
    broken: int = 0
    finished: int = 0
    killed_in_swap: int = 0
    with_leftovers: int = 0
    not_swept: int = 0

    @property
    def good(self) -> bool:
        """True when every trial left a whole case and nothing beside it."""
        return self.broken == 0 and self.not_swept == 0 and self.old + self.new == self.trials


def make_case(number: int) -> Case:
    """Return a case whose every file differs from that of any other number."""
    random_numbers = np.random.default_rng(number)
    grid = VolumeGeometry((24, 64, 64), (2.0, 0.8, 0.8), np.eye(3), (-25.0, -25.0, float(number)))
    volume = Volume(random_numbers.integers(-1000, 1000, grid.shape).astype(np.int16), grid, modality="CT", units="HU")
    case = Case.new(volume=volume, patient=Patient(f"case {number}"))
    for name in "ABCD":
        applicator = Applicator("mwa-generic", (0.0, -90.0, 0.0), (0.0, float(number), 1.0), 60.0, 300.0)
        case = case.with_plan(AblationPlan(name, f"tumour_{number}", (applicator,)))
    return case.with_step("make", {"number": str(number)})


def fingerprint(path: Path) -> str:
    """Return one checksum over the names and bytes of all files of a case."""
    digest = hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        digest.update(file.relative_to(path).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def start_saving(case: Case, target: Path, form: str) -> tuple[int, int]:
    """Start a child that saves; return its number and a pipe that brings "b" when it begins, "s" when it swaps."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside sleeping threads of the linear algebra
        child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    code = 1
    try:
        sync = swap.sync_folder if form != "zip" else os.fsync
        if form == "two-steps":
            swap.exchange = lambda one, other: False  # type: ignore[assignment]

        def telling(what: Path | int) -> None:
            sync(what)
            os.write(writing, b"s")  # the new one is being made durable, names change next

        if form == "zip":
            os.fsync = telling  # type: ignore[assignment]
        else:
            swap.sync_folder = telling  # type: ignore[assignment]
        os.write(writing, b"b")
        save_case(case, target)
        code = 0
    finally:
        os._exit(code)


def wait_for(pipe: int, mark: bytes) -> None:
    """Read until the mark or the end of the pipe."""
    while os.read(pipe, 1) not in (mark, b""):
        pass


def kill_once(case: Case, target: Path, form: str, in_swap: bool, delay_s: float) -> bool:
    """Start a save, kill it after the delay; return whether it was still running."""
    child, pipe = start_saving(case, target, form)
    try:
        wait_for(pipe, b"s" if in_swap else b"b")
        time.sleep(delay_s)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    finally:
        os.close(pipe)
    return os.WIFSIGNALED(status)


def run(count: int, seed: int, form: str, folder: Path) -> Counts:
    """Do ``count`` trials in an empty folder."""
    target = folder / ("killed.twin.zip" if form == "zip" else "killed.twin")
    cases = [make_case(0), make_case(1)]
    prints, times_s = [], []
    for number in (1, 0):
        start = time.perf_counter()
        save_case(cases[number], target)
        times_s.append(time.perf_counter() - start)
        prints.insert(0, fingerprint(target))
    counts, moments, here = Counts(form, seed), random.Random(seed), 0
    for trial in range(count):
        in_swap = trial % 2 == 1
        delay_s = moments.uniform(0.0, 0.004 if in_swap else 1.1 * min(times_s))
        hit = kill_once(cases[1 - here], target, form, in_swap, delay_s)
        counts.trials += 1
        counts.finished += not hit
        counts.killed_in_swap += hit and in_swap
        counts.with_leftovers += bool(swap.leftovers(target))
        here = judge(target, prints, here, counts)
    return counts


def judge(target: Path, prints: list[str], here: int, counts: Counts) -> int:
    """Open the case, count what it is, and return which of the two now lies there."""
    try:
        number = int(load_case(target).patient.pseudonym[-1])
        whole = verify_case(target).ok and fingerprint(target) == prints[number]
    except (TwinError, OSError) as error:
        print(f"broken: {error}", file=sys.stderr)
        whole, number = False, here
    counts.not_swept += len(list(target.parent.iterdir())) != 1
    if not whole:
        counts.broken += 1
        save_case(make_case(here), target)
        return here
    counts.old += number == here
    counts.new += number != here
    return number


def main() -> int:
    """Run the trials and print the counts; 1 if any case was broken or anything was left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--form", choices=FORMS, default="folder")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = run(options.count, options.seed, options.form, Path(folder))
    if options.json:
        print(json.dumps({**asdict(counts), "good": counts.good}))
    else:
        print(f"{counts.trials} kills ({counts.form}, seed {counts.seed}): {counts.old} old, {counts.new} new, "
              f"{counts.broken} broken; {counts.killed_in_swap} near the swap, {counts.finished} came after the end; "
              f"leftovers in {counts.with_leftovers}, not swept in {counts.not_swept}")
    return 0 if counts.good else 1


if __name__ == "__main__":
    sys.exit(main())
