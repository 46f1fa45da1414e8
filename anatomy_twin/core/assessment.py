"""What is read off a plan and its result: rules, costs, numbers with limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from anatomy_twin.errors import DataError
from anatomy_twin.units import Point, check_range, check_unit, place_text

OUTCOMES: Final = ("passed", "broken", "not checked")
VERDICTS: Final = ("met", "borderline", "not met", "not checked", "")
LATER: Final = {"may_be_missing": True}  # of a field that cases of older versions do not have


@dataclass(frozen=True, slots=True)
class Rule:
    """One hard rule: ``hit`` is the structure in the way and ``place_mm`` (LPS) where; ``reason`` is one line."""

    name: str
    outcome: str
    reason: str
    value: float | None = None
    unit: str = ""
    limit: float | None = None
    hit: str = ""
    place_mm: Point | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise DataError(f"unknown outcome {self.outcome!r} of rule {self.name!r}")
        check_unit(self.unit)

    @property
    def told(self) -> str:
        """The rule in a line: its name, the reason and, where it is broken, the place."""
        line = f"{self.name}: {self.reason}"
        return line if self.place_mm is None or self.outcome != "broken" else f"{line}, at {place_text(self.place_mm)}"


@dataclass(frozen=True, slots=True)
class Cost:
    """One soft cost: lower is better."""

    name: str
    value: float
    unit: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """The rules and costs of one plan."""

    plan_name: str
    rules: tuple[Rule, ...]
    costs: tuple[Cost, ...] = ()

    @property
    def broken(self) -> tuple[Rule, ...]:
        """The rules that the plan breaks."""
        return tuple(rule for rule in self.rules if rule.outcome == "broken")

    @property
    def feasible(self) -> bool:
        """True when no rule is broken; rules may still be not checked."""
        return not self.broken


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number with its unit, the limit it is held against, the verdict, and where both come from.

    ``verdict`` is "" for a number that has no limit and "not checked" for one that could not be computed (``value``
    None). ``place_mm`` (LPS) is where it was found, ``note`` one line (denominators, assumptions). ``interval`` holds
    the ends, low and high in the same unit, of the 95 % interval of a number that was sampled.
    """

    name: str
    label: str
    value: float | None
    unit: str
    limit: str = ""
    verdict: str = ""
    source: str = ""
    place_mm: Point | None = None
    note: str = ""
    interval: tuple[float, float] | None = field(default=None, metadata=LATER)

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise DataError(f"unknown verdict {self.verdict!r} of {self.name!r}")
        if self.value is not None:
            check_range(self.name, self.value)
        if self.interval is not None:
            low, high = (check_range(self.name, end) for end in self.interval)
            if low > high:
                raise DataError(f"the interval of {self.name!r} ends below its beginning: {low:g} to {high:g}")
        check_unit(self.unit)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Named numbers of a case, or of one plan and its result. ``synthetic``: read off a generated patient."""

    plan_name: str
    quantities: tuple[Quantity, ...]
    synthetic: bool = False
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Quantity:
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        known = ", ".join(quantity.name for quantity in self.quantities)
        raise DataError(f"no number is called {name!r}", advice=f"there are {known}")
