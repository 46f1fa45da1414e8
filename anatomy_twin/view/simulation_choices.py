"""What a person chose for the simulations of one open case: what decides, how much blood flows, how fine the grid."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Plan
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

KIT: Final = "simulation"
HEAT: Final = ("arrhenius", "cem43", "isotherm_50", "isotherm_60")
COLD: Final = ("isotherm_-20", "isotherm_-40")


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices; ``heat`` and ``cold`` are the verdicts for plans of either kind."""

    heat: str = HEAT[0]
    cold: str = COLD[0]
    perfusion_percent: float = 100.0
    cooling_s: float = 0.0
    spacing_mm: float = 1.0

    def options(self, plan: Plan | None) -> dict[str, Any]:
        """Return what differs from the usual for a plan, by the names of ``ThermalModel``."""
        usual, verdict, found = Choices(), "cold" if freezes(plan) else "heat", {}
        for name, field, scale in (("verdict", verdict, None), ("perfusion_factor", "perfusion_percent", 0.01),
                                   ("cooling_s", "cooling_s", 1.0), ("spacing_mm", "spacing_mm", 1.0)):  # fmt: skip
            value = getattr(self, field)
            if value != getattr(usual, field):
                found[name] = value if scale is None else scale * value
        return found

    def preview_options(self, plan: Plan | None) -> tuple[tuple[str, Any], ...]:
        """Return those of the options that a preview of a plan goes by; its grid is its own."""
        return tuple(sorted((name, value) for name, value in self.options(plan).items() if name != "spacing_mm"))


class SimulationChoices(QObject):
    """The choices at a desk, and with which ones its plans were simulated. ``changed`` tells of others."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._ran_with: dict[str, dict[str, Any]] = {name: result.asked for name, result in desk.case.results.items()}
        # a case that was simulated by other than the usual goes on by that
        options = self._ran_with.get(desk.plan_name, {})
        verdict = options.get("verdict", "")
        kind = {} if not verdict else {"cold" if verdict in COLD else "heat": verdict}
        self.choices = Choices(perfusion_percent=100.0 * options.get("perfusion_factor", 1.0), **kind)

    def choose(self, **changes: Any) -> None:
        """Take other choices, by their names."""
        known = {field.name for field in fields(Choices)}
        assert set(changes) <= known
        found = replace(self.choices, **changes)
        if found != self.choices:
            self.choices = found
            self.changed.emit()

    def differ(self, name: str, plan: Plan | None) -> bool:
        """True where a plan was simulated with other choices than those of now."""
        return self._ran_with.get(name, {}) != self.choices.options(plan)

    def ran(self, name: str, options: dict[str, Any]) -> None:
        """Remember with which options a plan was simulated."""
        self._ran_with[name] = dict(options)


def choices_of(desk: Desk) -> SimulationChoices:
    """Return the choices at a desk."""
    if KIT not in desk.kits:
        desk.kits[KIT] = SimulationChoices(desk)
    found: SimulationChoices = desk.kits[KIT]
    return found


def freezes(plan: Plan | None) -> bool:
    """True where a plan's devices freeze."""
    devices = catalog.load("devices")["devices"]
    return isinstance(plan, AblationPlan) and devices.get(plan.applicators[0].device, {}).get("kind") == "cryo"


def verdict_words() -> dict[str, str]:
    """Return what may decide that tissue is dead, in words."""
    return {
        "arrhenius": tr("Arrhenius integral of 1"), "cem43": tr("thermal dose of 240 min (CEM43)"),
        "isotherm_50": tr("once at 50 \N{DEGREE SIGN}C"), "isotherm_60": tr("once at 60 \N{DEGREE SIGN}C"),
        "isotherm_-20": tr("once at -20 \N{DEGREE SIGN}C"), "isotherm_-40": tr("once at -40 \N{DEGREE SIGN}C"),
    }  # fmt: skip
