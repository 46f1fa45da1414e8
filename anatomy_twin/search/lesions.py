"""The loop of a virtual heart: induce, find what drives, ablate it, induce again until nothing can be induced.

    search = search_lesions(case, PacingProtocol(extra=2), start="wide_area_pvi", sites=12, executor=pool,
                            checkpoint="sites")
    case = case.with_plan(lesion_plan_of(search)).with_lesion_search(search)
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.heart import sites_cut_off
from anatomy_twin.core import SILENT, Case, LesionPlan, LesionRound, LesionSearch, Monitor, PacingProtocol, part_of
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.core.plans import LesionLine, LesionPoint
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import surface_parts
from anatomy_twin.plan.lesion_sets import lesion_set
from anatomy_twin.search.lesion_targets import CORE_MM, LINE_MM, targets_of
from anatomy_twin.simulation.electro.chamber_tissue import ElectroModel, dead_nodes
from anatomy_twin.simulation.electro.inducing import (
    Ground,
    chamber_of,
    ground_of,
    outcomes,
    parameters_of,
    warnings_of,
)
from anatomy_twin.simulation.electro.lesions import ablated
from anatomy_twin.simulation.electro.sites import SiteChoice

Lesions = tuple[LesionLine | LesionPoint, ...]


@dataclass(frozen=True, slots=True)
class LesionBudget:
    """When a search gives up: after so many rounds of pacing, where lines longer than ``most_mm`` would be needed, or
    between rounds once ``most_minutes`` are over (None: it takes its time)."""

    most_rounds: int = 8
    most_mm: float = 800.0
    most_minutes: float | None = None

    def __post_init__(self) -> None:
        minutes = 1.0 if self.most_minutes is None else self.most_minutes
        if not (self.most_rounds >= 1 and self.most_mm > 0.0 and minutes > 0.0):
            raise SimulationError("a budget of rounds, mm or minutes is not above zero")


@dataclass(frozen=True, slots=True)
class Burden:
    """What lesions cost: length of their lines, area that they kill, area that they cut off from the valve."""

    length_mm: float
    ablated_cm2: float
    isolated_cm2: float


def search_lesions(
    case: Case, protocol: PacingProtocol | None = None, *, name: str = "driver guided",
    start: str | LesionPlan | None = None, chamber: str | None = None, model: ElectroModel | None = None,
    sites: SiteChoice = None, budget: LesionBudget | None = None, executor: Executor | None = None,
    monitor: Monitor | None = None, checkpoint: Path | str | None = None,
) -> LesionSearch:
    """Return the rounds in which what can be induced on a chamber was ablated, until nothing can or a budget is spent.

    What is induced within tissue that lesions cut off from the valve stays there: it is neither ablated nor counted.

    Parameters
    ----------
    name : of the plan that has all the lesions (``lesion_plan_of``).
    start : lesions of the first round: a standard set of ``lesion_set``, or a plan; None begins with what is induced.
    budget : when to give up; default 8 rounds and 800 mm.
    others : as for ``induce``. With ``checkpoint`` a search that was stopped goes on where it was.

    Raises ``SimulationError`` for the muscle of ventricles, and as ``induce``.
    """
    wall = wall_of(case, chamber, start)
    ground, told, begun = ground_of(wall, protocol, model, sites), monitor or SILENT, time.monotonic()
    limits, lesions = budget or LesionBudget(), Lesions()
    rounds, ended = list[LesionRound](), ""
    while not ended:
        number = len(rounds) + (0 if start else 1)
        share = 1.0 / (limits.most_rounds + 1)
        with part_of(told, len(rounds) * share, (len(rounds) + 1) * share) as inner:
            dead = killed(ground, lesions)
            found, = outcomes(ground, [dead], executor, inner, checkpoint)
        apart = sites_cut_off(wall, dead) if dead is not None else None
        left = [one for one in found if one.induced and not (apart and apart(one))]
        new, why = _started(wall, start) if start and not rounds else _proposed(ground, wall, left, lesions)
        ended = _end(ground, found, left, new, lesions, number, limits)
        if not ended and time.monotonic() - begun > 60.0 * (limits.most_minutes or np.inf):
            ended = f"the {limits.most_minutes:g} minutes are over"
        cost = burden(ground, lesions)
        rounds.append(LesionRound(number, found, () if ended else new, () if ended else why, cost.isolated_cm2,
                                  cost.ablated_cm2, cost.length_mm))
        lesions = tuple(dict.fromkeys((*lesions, *new)))
    numbers, assumed = parameters_of(ground)
    numbers |= {"lesions": f"lines of {LINE_MM:g} mm to either side, discs of {CORE_MM:g} mm about tips of waves"}
    every = [outcome for one in rounds for outcome in one.outcomes]
    return LesionSearch(name, ground.chamber.name, ground.protocol, tuple(rounds), ended, FrozenMapping(numbers),
                        (*assumed, "size of lesions"), warnings_of(ground.protocol, every))


def lesion_plan_of(search: LesionSearch) -> LesionPlan:
    """Return the plan of all lesions of a search."""
    lesions = tuple(dict.fromkeys(lesion for one in search.rounds for lesion in one.lesions))
    return LesionPlan(search.plan_name, search.chamber, lesions)


def wall_of(case: Case, chamber: str | None, plan: LesionPlan | object = None) -> Chamber:
    """Return the chamber of a case (by name, a plan's, or the only one); ``SimulationError`` where it is no wall."""
    named = chamber or (plan.chamber if isinstance(plan, LesionPlan) else None)
    found = chamber_of(case, named)
    if not isinstance(found, Chamber):
        raise SimulationError(f"lesions are searched on the wall of an atrium, {found.name!r} is muscle",
                              advice="place lesions by hand")
    return found


def lesions_of(chamber: Chamber, given: str | LesionPlan | Sequence[LesionLine | LesionPoint] | None) -> Lesions:
    """Return the lesions of a standard set, a plan, or as given."""
    if given is None:
        return ()
    if isinstance(given, str):
        return lesion_set(chamber, given)
    return given.lesions if isinstance(given, LesionPlan) else tuple(given)


def killed(ground: Ground, lesions: Lesions) -> NDArray[np.bool_] | None:
    """Return which nodes lesions kill, None for no lesions."""
    return ablated(ground.chamber, lesions).dead if lesions else None


def burden(ground: Ground, lesions: Lesions) -> Burden:
    """Return what lesions on a wall cost."""
    wall = ground.chamber
    if not lesions:
        return Burden(0.0, 0.0, 0.0)
    assert isinstance(wall, Chamber)
    done, surface = ablated(wall, lesions), wall.surface
    areas = surface_parts.point_areas_mm2(surface.points_mm, surface.triangles) / 100.0
    off = surface_parts.cut_off(surface.triangles, done.dead, wall.valve_points)
    return Burden(done.length_mm, float(areas[done.dead].sum()), float(areas[off].sum()))


def _started(wall: Chamber, start: str | LesionPlan) -> tuple[Lesions, tuple[str, ...]]:
    lesions = lesions_of(wall, start)
    return lesions, (f"the set {start}" if isinstance(start, str) else "the plan given",) * len(lesions)


def _proposed(
    ground: Ground, wall: Chamber, found: Sequence[SiteOutcome], lesions: Lesions
) -> tuple[Lesions, tuple[str, ...]]:
    targets = targets_of(wall, found, dead_nodes(wall, ground.model, killed(ground, lesions)))
    pairs = [(lesion, target.why) for target in targets for lesion in target.lesions if lesion not in lesions]
    return tuple(lesion for lesion, _ in pairs), tuple(why for _, why in pairs)


def _end(
    ground: Ground, found: Sequence[SiteOutcome], left: Sequence[SiteOutcome], new: Lesions, lesions: Lesions,
    number: int, limits: LesionBudget,
) -> str:
    """Return why the search ends after a round, "" where it goes on; ``left`` are inducible and not cut off."""
    sites, induced = len(found), len(left)
    if not induced:
        inside = ", ".join(one.name for one in found if one.induced)
        return f"nothing can be induced any more from any of {sites} sites" + (
            f", but within isolated tissue, where it stays: {inside}" if inside else ""
        )
    if not new:
        return f"no driver is left to ablate, {induced} of {sites} sites are inducible"
    if number >= limits.most_rounds:
        return f"the {limits.most_rounds} rounds are over, {induced} of {sites} sites are inducible"
    if burden(ground, (*lesions, *new)).length_mm > limits.most_mm:
        return f"more than {limits.most_mm:g} mm would be needed, {induced} of {sites} sites are inducible"
    return ""
