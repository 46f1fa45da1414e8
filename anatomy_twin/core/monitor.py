"""How long work tells that it goes on, and how it is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from anatomy_twin.errors import Cancelled


class Monitor(Protocol):
    """Handed to every long function. Callers give one that draws a bar, a window's, or none."""

    def stage(self, name: str) -> None:
        """A named stage begins (it ends when the next begins)."""

    def progress(self, fraction: float) -> None:
        """``fraction`` (0 to 1) of the current stage is done."""

    def warn(self, message: str) -> None:
        """One line that the user should read."""

    @property
    def cancelled(self) -> bool:
        """True once the user has asked to stop."""


class SilentMonitor:
    """A monitor that shows nothing and never cancels."""

    cancelled = False

    def stage(self, name: str) -> None:
        """Do nothing."""

    def progress(self, fraction: float) -> None:
        """Do nothing."""

    def warn(self, message: str) -> None:
        """Do nothing."""


SILENT = SilentMonitor()


def check_cancelled(monitor: Monitor) -> None:
    """Raise ``Cancelled`` if the user has asked to stop."""
    if monitor.cancelled:
        raise Cancelled("stopped on request")


def next_stage(monitor: Monitor, name: str) -> None:
    """Finish the stage that runs and begin the one called ``name``, unless the user has asked to stop."""
    monitor.progress(1.0)
    check_cancelled(monitor)
    monitor.stage(name)


@contextmanager
def part_of(monitor: Monitor, start: float, stop: float) -> Iterator[Monitor]:
    """Give a monitor whose progress 0..1 is ``start``..``stop`` of the outer one's stage."""
    yield _Part(monitor, start, stop)


class HandingOn:
    """A monitor that hands everything on to another one; kinds of it change one of the four."""

    def __init__(self, outer: Monitor) -> None:
        self._outer = outer

    @property
    def cancelled(self) -> bool:
        """True once the user has asked to stop."""
        return self._outer.cancelled

    def stage(self, name: str) -> None:
        """Begin a stage."""
        self._outer.stage(name)

    def progress(self, fraction: float) -> None:
        """Tell how far the stage is, 0 to 1."""
        self._outer.progress(fraction)

    def warn(self, message: str) -> None:
        """Hand a warning on."""
        self._outer.warn(message)


class Unwarned(HandingOn):
    """A monitor that keeps warnings to itself: those of a coarse run are not about what the user asked for."""

    def warn(self, message: str) -> None:
        """Do nothing."""


class _Part(HandingOn):
    def __init__(self, outer: Monitor, start: float, stop: float) -> None:
        super().__init__(outer)
        self._start, self._stop = start, stop

    def progress(self, fraction: float) -> None:
        self._outer.progress(self._start + (self._stop - self._start) * fraction)
