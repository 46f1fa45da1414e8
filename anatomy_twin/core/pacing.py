"""How a heart is paced to see whether an arrhythmia can be induced, and what counts as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from anatomy_twin.errors import PlanError
from anatomy_twin.units import check_positive, check_range

KINDS: Final = ("extra_stimuli", "burst", "ramp")
MOST_EXTRA: Final = 3


@dataclass(frozen=True, slots=True)
class PacingProtocol:
    """A protocol of programmed stimulation from one site after the other.

    ``kind`` "extra_stimuli": ``drive_count`` beats (S1) every ``drive_ms``, then up to ``extra`` further ones (S2 to
    S4). Each starts ``longest_ms`` after the one before and comes ``step_ms`` earlier in every try until it captures
    no more (``shortest_ms`` at the least); then it stays one step later and the next is added.
    "burst": ``drive_count`` beats at every interval from ``longest_ms`` down to ``shortest_ms``.
    "ramp": one train in which every interval is ``step_ms`` shorter than the one before.

    An arrhythmia is sustained when it lasts ``sustained_ms`` after the last stimulus; what is shorter than 5 s screens,
    and is called so. A stimulus is ``strength_mv_ms`` for ``duration_ms`` within ``radius_mm`` of the site.
    """

    kind: str = "extra_stimuli"
    drive_ms: float = 500.0
    drive_count: int = 6
    extra: int = 1
    longest_ms: float = 350.0
    shortest_ms: float = 120.0
    step_ms: float = 10.0
    sustained_ms: float = 5000.0
    strength_mv_ms: float = 50.0
    duration_ms: float = 2.0
    radius_mm: float = 2.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PlanError(f"unknown kind of pacing {self.kind!r}", advice=f"use one of {', '.join(KINDS)}")
        if not 1 <= self.drive_count <= 1000:
            raise PlanError(f"a drive of {self.drive_count} beats", advice="use 1 to 1000")
        if not 1 <= self.extra <= MOST_EXTRA:
            raise PlanError(f"{self.extra} extra stimuli", advice=f"use 1 to {MOST_EXTRA} (S2 to S4)")
        for name in ("drive_ms", "longest_ms", "shortest_ms", "step_ms", "strength_mv_ms", "duration_ms", "radius_mm"):
            object.__setattr__(self, name, check_positive(name, getattr(self, name)))
        object.__setattr__(self, "sustained_ms", check_range("sustained_ms", self.sustained_ms, 200.0, 120_000.0))
        if self.shortest_ms > self.longest_ms:
            raise PlanError(f"intervals from {self.longest_ms:g} down to {self.shortest_ms:g} ms", advice="swap them")
        if self.duration_ms >= self.shortest_ms:
            raise PlanError(f"stimuli of {self.duration_ms:g} ms every {self.shortest_ms:g} ms",
                            advice="use shorter ones or longer intervals")

    @property
    def screens(self) -> bool:
        """True where less than the 5 s are asked for that atrial re-entry has to last."""
        return self.sustained_ms < 5000.0

    def intervals_ms(self) -> tuple[float, ...]:
        """Return the intervals that are tried, the longest first."""
        count = int((self.longest_ms - self.shortest_ms) / self.step_ms + 1e-9)
        return tuple(self.longest_ms - n * self.step_ms for n in range(count + 1))
