"""Lines of provenance: which stage ran, with which versions, and how long it took."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata

from anatomy_twin import __version__
from anatomy_twin.core import (
    Case,
    Monitor,
    check_cancelled,
)
from anatomy_twin.core.monitor import HandingOn

LIBRARIES = ("numpy", "scipy", "numba", "scikit-image", "SimpleITK", "pydicom", "vtk", "pyvista")


@dataclass
class Clock:
    """Seconds that a stage took, once it ended."""

    seconds: float = 0.0


@contextmanager
def timed_stage(name: str, monitor: Monitor) -> Iterator[Clock]:
    """Run a stage under its name: told to the monitor before, timed after."""
    check_cancelled(monitor)
    monitor.stage(name)
    clock, start = Clock(), time.perf_counter()
    yield clock
    clock.seconds = time.perf_counter() - start
    monitor.progress(1.0)


def recorded(case: Case, stage: str, facts: Mapping[str, str], clock: Clock) -> Case:
    """Add a line of provenance, and before it the versions in use where they are not those of the line before."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    now = {"anatomy_twin": __version__, "python": platform.python_version(), **versions}
    known = [dict(step.facts) for step in case.provenance if step.stage == "software"]
    if not known or known[-1] != now:
        case = case.with_step("software", now)
    return case.with_step(stage, facts, clock.seconds)


class Heard(HandingOn):
    """A monitor that hands everything on and keeps what it was warned of, each line once."""

    def __init__(self, outer: Monitor) -> None:
        super().__init__(outer)
        self.lines: list[str] = []

    def warn(self, message: str) -> None:
        """Hand a warning on and keep it, once."""
        if message not in self.lines:
            self.lines.append(message)
            super().warn(message)
