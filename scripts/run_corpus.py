#!/usr/bin/env python3
"""Run the corpus of broken and hostile input and say what came of it (Linux).

    python3 scripts/run_corpus.py [--family NAME ...] [--name PART] [--sample N] [--jobs N] [--json]

Prints a table of families and outcomes, the slowest case and the one that took the most memory. The exit code is 1 if
any case broke the rules of `tests/fuzz/case.py`; those are listed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

# one thread a process: the runner forks
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from environment import go_on_inside  # noqa: E402

if __name__ == "__main__":
    go_on_inside(__file__, __doc__ or "")

from tests.fuzz.case import Case  # noqa: E402
from tests.fuzz.runner import Result, all_cases, run_cases  # noqa: E402

OUTCOMES = ("truth", "warned", "refused")


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Run the corpus of broken and hostile input.")
    parser.add_argument("--family", action="append", help="only this family; may be given again")
    parser.add_argument("--name", help="only cases whose name holds this")
    parser.add_argument("--sample", type=int, help="about so many cases over all families, the same each time")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes at a time")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    options = parser.parse_args(arguments)
    cases = [case for case in all_cases() if (not options.family or case.family in options.family)
             and (not options.name or options.name in case.name)]  # fmt: skip
    if options.sample:
        cases = sampled(cases, options.sample)
    if not cases:
        parser.error("no such case")
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        results = run_cases(cases, Path(folder), jobs=options.jobs, done=tell)
    seconds = time.monotonic() - start
    if options.json:
        print(json.dumps({"seconds": round(seconds, 1), "cases": [asdict(result) for result in results]}))
    else:
        print(table(results))
        print(f"{len(results)} cases in {seconds:.0f} s")
    return int(not all(result.good for result in results))


def tell(result: Result) -> None:
    """Say at once what broke the rules."""
    if not result.good:
        print(f"{result.family} {result.name}: {'; '.join(result.violations)}", file=sys.stderr, flush=True)


def sampled(cases: Sequence[Case], count: int) -> list[Case]:
    """Take about ``count`` cases, at least two of each family, by a fixed seed."""
    families: dict[str, list[Case]] = {}
    for case in cases:
        families.setdefault(case.family, []).append(case)
    chosen = []
    for family, members in families.items():
        share = max(2, round(count * len(members) / len(cases)))
        chosen += random.Random(f"sample of {family}").sample(members, min(share, len(members)))
    return chosen


def table(results: Sequence[Result]) -> str:
    """Return the table of outcomes, the extremes and the violations as text."""
    families = list(dict.fromkeys(result.family for result in results))
    lines = [f"{'family':<20}{'cases':>7}" + "".join(f"{outcome:>9}" for outcome in OUTCOMES) + f"{'wrong':>9}"]
    for family in [*families, "all"]:
        own = [result for result in results if family in (result.family, "all")]
        counts = Counter(result.outcome for result in own)
        wrong = sum(not result.good for result in own)
        lines.append(f"{family:<20}{len(own):>7}" + "".join(f"{counts[o]:>9}" for o in OUTCOMES) + f"{wrong:>9}")
    slowest = max(results, key=lambda result: result.wall_s)
    largest = max(results, key=lambda result: result.memory_bytes)
    lines.append(f"slowest: {slowest.family} {slowest.name}, {slowest.wall_s:.2f} s")
    lines.append(f"most memory: {largest.family} {largest.name}, {largest.memory_bytes / 1e6:.0f} MB")
    for result in results:
        if not result.good:
            lines.append(f"WRONG {result.family} {result.name}: {'; '.join(result.violations)} [{result.detail}]")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
