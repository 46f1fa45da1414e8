"""What a search for applicators answers: plans that the full simulation confirmed, or how far they fall short."""

from __future__ import annotations

from dataclasses import dataclass, field

from anatomy_twin.core import AblationPlan, ThermalResult
from anatomy_twin.units import Point


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What a search could not confirm: ``reached`` in place of ``wanted``, where (LPS mm), and why in one line.

    Where that is beside a large vessel with flow, ``elsewhere_mm`` is the margin apart from that vessel.
    """

    name: str
    wanted: float
    reached: float | None
    unit: str
    reason: str
    place_mm: Point | None = None
    elsewhere_mm: float | None = None


@dataclass(frozen=True, eq=False)
class AblationSearch:
    """What a search found. ``plans`` (one for each target, all with all applicators, as they heat together) and their
    ``results`` are of one full simulation that confirmed them; both are empty where none did, and ``shortfalls`` say
    how far the best that was simulated falls short.

    ``margins_mm`` by target, ``lost_ml`` healthy tissue by target, ``coarse_runs`` and ``full_runs`` simulations.
    """

    targets: tuple[str, ...]
    margin_mm: float
    plans: tuple[AblationPlan, ...] = ()
    results: tuple[ThermalResult, ...] = ()
    margins_mm: dict[str, float] = field(default_factory=dict)
    lost_ml: dict[str, float] = field(default_factory=dict)
    shortfalls: tuple[Shortfall, ...] = ()
    coarse_runs: int = 0
    full_runs: int = 0

    @property
    def confirmed(self) -> bool:
        """True when the full simulation confirmed the plans."""
        return bool(self.plans)
