"""Whether an arrhythmia could be induced on a heart, site by site, and what became of it round by round of lesions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import FrozenMapping, read_only
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.core.plans import LesionLine, LesionPoint
from anatomy_twin.errors import DataError

ARRHYTHMIAS: Final = ("none", "focal", "macro re-entry", "rotors", "fibrillation")
PER_NODE: Final = ("last_ms", "singularities_per_s", "dominant_hz")


@dataclass(frozen=True, eq=False)
class SiteOutcome:
    """What pacing from one site did.

    ``captured``: whether stimuli spread; ``induced``: whether an arrhythmia lasted as long as the protocol asks, after
    ``intervals_ms``; ``lasted_ms`` the longest that anything went on by itself. ``cycle_ms`` is the median cycle in its
    last second (nan where none was), ``refractory_ms`` the longest interval at which S2 did not capture (nan unknown).
    ``arrhythmia`` is one of ``ARRHYTHMIAS``, ``evidence`` the lines that say why. Per node of the chamber, None where
    nothing was induced: ``last_ms`` the last activation, ms after the last stimulus, ``singularities_per_s`` tips of
    waves close by, ``dominant_hz`` the frequency of most power.
    """

    name: str
    site_mm: NDArray[np.float64]
    captured: bool
    induced: bool
    intervals_ms: tuple[float, ...] = ()
    lasted_ms: float = 0.0
    cycle_ms: float = float("nan")
    refractory_ms: float = float("nan")
    tries: int = 0
    arrhythmia: str = "none"
    evidence: tuple[str, ...] = ()
    last_ms: NDArray[np.float32] | None = None
    singularities_per_s: NDArray[np.float32] | None = None
    dominant_hz: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "site_mm", read_only(self.site_mm, "site_mm", ndim=1, dtype=np.float64))
        for name in PER_NODE:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, read_only(getattr(self, name), name, ndim=1, dtype=np.float32))
        if self.arrhythmia not in ARRHYTHMIAS:
            raise DataError(f"no arrhythmia is called {self.arrhythmia!r}", advice=f"use {', '.join(ARRHYTHMIAS)}")


@dataclass(frozen=True, eq=False)
class Induction:
    """Inducibility of a chamber site by site: ``without`` and ``with_plan`` the lesions of a plan, the same protocol.

    ``plan_name`` is "" where no plan was asked about (then ``with_plan`` is empty). ``dead`` (N,) are the nodes that
    the plan's lesions kill. ``parameters`` are the numbers used, as text with units; ``assumed`` names those that have
    no public source.
    """

    plan_name: str
    chamber: str
    protocol: PacingProtocol
    without: tuple[SiteOutcome, ...]
    with_plan: tuple[SiteOutcome, ...] = ()
    dead: NDArray[np.bool_] | None = None
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dead is not None:
            object.__setattr__(self, "dead", read_only(self.dead, "dead", ndim=1, dtype=bool))
        object.__setattr__(self, "parameters", FrozenMapping(self.parameters))

    @property
    def inducible(self) -> bool:
        """Whether anything was induced: with the plan's lesions where there is a plan, else without."""
        return any(one.induced for one in (self.with_plan or self.without))


@dataclass(frozen=True, eq=False)
class LesionRound:
    """One round of a search: what pacing did with all lesions before it, and the lesions that it then proposed.

    ``why`` has a line for each of ``lesions``. ``isolated_cm2``, ``ablated_cm2`` and ``length_mm`` are those of all
    lesions that stood while this round's sites were paced.
    """

    number: int
    outcomes: tuple[SiteOutcome, ...]
    lesions: tuple[LesionLine | LesionPoint, ...] = ()
    why: tuple[str, ...] = ()
    isolated_cm2: float = 0.0
    ablated_cm2: float = 0.0
    length_mm: float = 0.0

    @property
    def inducible(self) -> tuple[SiteOutcome, ...]:
        """The sites from which an arrhythmia was induced."""
        return tuple(one for one in self.outcomes if one.induced)


@dataclass(frozen=True, eq=False)
class LesionSearch:
    """Rounds of inducing, finding what drives, ablating and inducing again; ``ended`` says in one line why it stopped.

    ``plan_name`` names the plan of all its lesions.
    """

    plan_name: str
    chamber: str
    protocol: PacingProtocol
    rounds: tuple[LesionRound, ...]
    ended: str
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", FrozenMapping(self.parameters))

    @property
    def inducible(self) -> bool:
        """Whether an arrhythmia could still be induced in the last round."""
        return bool(self.rounds) and bool(self.rounds[-1].inducible)


def per_node(outcome: SiteOutcome) -> dict[str, NDArray[Any]]:
    """Return the maps of an outcome that are there, by name."""
    return {name: getattr(outcome, name) for name in PER_NODE if getattr(outcome, name) is not None}
