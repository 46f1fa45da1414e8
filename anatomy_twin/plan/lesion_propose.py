"""Standard sets of lesions for a chamber, each checked, best first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anatomy_twin.catalog import load
from anatomy_twin.core import SILENT, Case, Monitor, PlanCheck, check_cancelled
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.plans import LesionPlan
from anatomy_twin.errors import DataError, PlanError
from anatomy_twin.plan.lesion_rules import check_lesions
from anatomy_twin.plan.lesion_sets import lesion_set
from anatomy_twin.plan.proposal import Proposal

OFFERED: Final = (
    "wide_area_pvi", "wide_area_pvi+roof_line", "wide_area_pvi+box", "wide_area_pvi+mitral_line",
    "wide_area_pvi+roof_line+mitral_line", "wide_area_pvi+roof_line+anterior_line", "single_vein_pvi",
    "wide_area_pvi+box+mitral_line+appendage",
)  # fmt: skip
ISOLATES: Final = "isolates "
OESOPHAGUS: Final = "keeps off the oesophagus"


def propose_lesions(
    case: Case, target: str = "", count: int = 5, monitor: Monitor = SILENT, *,
    weights: Mapping[str, float] | None = None,
) -> tuple[Proposal[LesionPlan], ...]:
    """Return up to ``count`` plans of the standard sets on a chamber of the case, best first.

    ``target`` names the chamber; "" is the only one that is a surface. What counts, by weights of the limits (all
    assumed; ``weights`` replaces some): veins that are not isolated, rules that are broken, how long lines are, how
    much of the wall is cut off, how near lesions come to the oesophagus. Sets that a chamber has no parts for are left
    out.

    Raises ``DataError`` for a chamber that is not there, ``PlanError`` for muscle, several chambers to choose from, a
    weight that is none, or where no set can be made.
    """
    chamber, weight = _chamber(case, target), _weights(weights)
    found, refused = [], ""
    for number, name in enumerate(OFFERED):
        monitor.progress(number / len(OFFERED))
        check_cancelled(monitor)
        try:
            plan = LesionPlan(name.replace("_", " "), chamber.name, lesion_set(chamber, name))
        except (PlanError, DataError) as error:
            refused = error.line
            continue
        check = check_lesions(case, plan)
        parts = _parts(check, chamber)
        cost = sum(weight[key] * value for key, value in parts.items())
        found.append(Proposal(plan, check, _why(check, cost), round(cost, 3)))
    if not found:
        raise PlanError(f"no standard set can be made on {chamber.name}: {refused}", advice="draw lesions by hand")
    monitor.progress(1.0)
    return tuple(sorted(found, key=lambda one: one.cost)[:count])


def _chamber(case: Case, target: str) -> Chamber:
    names = list(case.chambers)
    if not target and len(names) != 1:
        raise PlanError(f"the case has {len(names)} heart chambers that are surfaces",
                        advice=f"name one: {', '.join(names)}" if names else "add a chamber first")
    found = case.chamber(target or names[0])
    if not isinstance(found, Chamber):
        raise PlanError(f"standard sets are made on atria; {found.name} is muscle of ventricles",
                        advice="draw lesions by hand")
    return found


def _weights(changes: Mapping[str, float] | None) -> dict[str, float]:
    known = {name: float(value) for name, value in load("limits")["lesions"]["cost_weights"].items()}
    for name, value in (changes or {}).items():
        if name not in known:
            raise PlanError(f"no cost of lesions is called {name!r}", advice=f"there are {', '.join(known)}")
        if not 0.0 <= float(value) < float("inf"):
            raise PlanError(f"the weight of {name!r} is {value}", advice="give a number that is not negative")
        known[name] = float(value)
    return known


def _parts(check: PlanCheck, chamber: Chamber) -> dict[str, float]:
    """Return what a plan costs by the names of the weights."""
    cost = {one.name: one.value for one in check.costs}
    veins = [rule for rule in check.rules if rule.name.startswith(ISOLATES)]
    near = next(rule for rule in check.rules if rule.name == OESOPHAGUS)
    cap = float(load("limits")["planning"]["risk_distance_cap_mm"]["value"])
    return {
        "veins not isolated": float(sum(rule.outcome != "passed" for rule in veins)),
        "broken rules": float(sum(not rule.name.startswith(ISOLATES) for rule in check.broken)),
        "100 mm of lines": cost["length of lines"] / 100.0,
        "tenth of the wall cut off": 10.0 * cost["isolated area"] / chamber.surface.area_cm2,
        "closeness to the oesophagus": 0.0 if near.value is None else max(0.0, 1.0 - near.value / cap),
    }


def _why(check: PlanCheck, cost: float) -> str:
    veins = [rule for rule in check.rules if rule.name.startswith(ISOLATES)]
    closed = [rule.name.removeprefix(ISOLATES) for rule in veins if rule.outcome == "passed"]
    near = next(rule for rule in check.rules if rule.name == OESOPHAGUS)
    words = [f"isolates {len(closed)} of {len(veins)} veins" if veins else "veins have no names"]
    words += [f"{one.name} {one.value:g} {one.unit}" for one in check.costs if one.name != "applications"]
    words.append(f"oesophagus {'not checked' if near.value is None else f'{near.value:g} mm away'}")
    others = [rule.name for rule in check.broken if rule not in veins]
    broken = f"; broken: {', '.join(others)}" if others else ""
    return f"cost {cost:.2f}: {', '.join(words)}{broken}"
