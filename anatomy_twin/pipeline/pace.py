"""Whether short work on small grids is worth two threads, learnt from how the last of it went."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from numba import get_num_threads

from anatomy_twin.kernels.compiling import on_threads

THREADS: Final = 2  # more bring little to a grid of forty planes
FREE_SHARE: Final = 0.65  # of the time that the threads would have had on cores of their own
FIRST_PATIENCE: Final = 8


@dataclass(eq=False)
class Pace:
    """What was learnt: how often to work alone before two threads are tried again.

    On free cores two threads halve the time; where others work too, threads that meet after every millisecond wait for
    each other and are slower than one. The results are the same.
    """

    alone: int = 0  # so often from now on
    patience: int = FIRST_PATIENCE


@contextmanager
def paced(pace: Pace) -> Iterator[bool]:
    """Run what follows on two threads where that has lately been of use, else on one; yields whether it is two."""
    threads = 1 if pace.alone > 0 else min(get_num_threads(), THREADS)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    try:
        with on_threads(threads):
            yield threads > 1
    finally:
        wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
        _learn(pace, threads, wall_s, cpu_s)


def _learn(pace: Pace, threads: int, wall_s: float, cpu_s: float) -> None:
    if threads == 1:
        pace.alone = max(0, pace.alone - 1)
    elif cpu_s < FREE_SHARE * threads * wall_s:
        pace.alone, pace.patience = pace.patience, 2 * pace.patience
    else:
        pace.patience = FIRST_PATIENCE
