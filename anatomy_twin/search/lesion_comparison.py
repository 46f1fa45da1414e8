"""Lesion sets side by side on the same protocol and sites, and how likely one still holds where it has gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from anatomy_twin.core import SILENT, Case, LesionPlan, Monitor, PacingProtocol, Probability
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.core.plans import LesionLine, LesionPoint
from anatomy_twin.errors import SimulationError
from anatomy_twin.plan.lesion_sets import gapped, random_gaps
from anatomy_twin.search.lesions import Burden, Lesions, burden, killed, lesions_of, wall_of
from anatomy_twin.simulation.electro.chamber_tissue import ElectroModel
from anatomy_twin.simulation.electro.inducing import Ground, ground_of, outcomes, parameters_of, warnings_of
from anatomy_twin.simulation.electro.sites import SiteChoice

NO_LESIONS: Final = "no lesions"
GAP_MM: Final = 4.0
STILL_ISOLATED: Final = 0.98  # of the area that a plan isolates without gaps

LesionChoice = str | LesionPlan | Sequence[LesionLine | LesionPoint]


@dataclass(frozen=True, eq=False)
class SetOutcome:
    """What one set of lesions does: site by site, and what it costs."""

    name: str
    lesions: Lesions
    outcomes: tuple[SiteOutcome, ...]
    burden: Burden

    @property
    def inducible(self) -> tuple[SiteOutcome, ...]:
        """The sites from which an arrhythmia was induced."""
        return tuple(one for one in self.outcomes if one.induced)

    @property
    def arrhythmias(self) -> dict[str, int]:
        """How many sites there are of each type that was induced."""
        names = [one.arrhythmia for one in self.inducible]
        return {name: names.count(name) for name in sorted(set(names))}

    @property
    def cycle_ms(self) -> float:
        """The median cycle of what was induced, nan where nothing was."""
        return float(np.median([one.cycle_ms for one in self.inducible])) if self.inducible else float("nan")

    @property
    def line(self) -> str:
        """All of it in one line for the reader."""
        kinds = ", ".join(f"{count} {name}" for name, count in self.arrhythmias.items())
        told = f" ({kinds}; cycle {self.cycle_ms:.0f} ms)" if kinds else ""
        return (f"{self.name}: inducible from {len(self.inducible)} of {len(self.outcomes)} sites{told}; "
                f"{self.burden.length_mm:.0f} mm of lines, {self.burden.ablated_cm2:.1f} cm2 ablated, "
                f"{self.burden.isolated_cm2:.1f} cm2 isolated")


@dataclass(frozen=True, eq=False)
class LesionComparison:
    """Sets of lesions on the same chamber, protocol and sites, the chamber without lesions first."""

    chamber: str
    protocol: PacingProtocol
    sets: tuple[SetOutcome, ...]
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a plan does without one of its lesions (its place in the plan): the sites that are inducible again."""

    lesion: int
    inducible: tuple[str, ...]
    isolated_cm2: float


@dataclass(frozen=True, eq=False)
class LesionRobustness:
    """How likely a plan still holds: nothing can be induced (``holds``), what it isolates stays isolated (``isolates``)
    with ``gaps`` gaps of ``gap_mm`` at random places by ``seed``; and without each of its lesions.

    ``without_gaps`` is the plan as it is; where that is inducible nothing can hold.
    """

    plan_name: str
    without_gaps: SetOutcome
    holds: Probability
    isolates: Probability
    left_out: tuple[LeftOut, ...]
    gaps: int
    gap_mm: float
    seed: int
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def compare_lesion_sets(
    case: Case, sets: Mapping[str, LesionChoice], protocol: PacingProtocol | None = None, *,
    chamber: str | None = None, model: ElectroModel | None = None, sites: SiteChoice = None,
    executor: Executor | None = None, monitor: Monitor | None = None, checkpoint: Path | str | None = None,
) -> LesionComparison:
    """Return what each of some sets of lesions does to a chamber, on the same protocol and sites, and none of them.

    ``sets``: by name a standard set (``lesion_set``), a plan or lesions; the others as for ``induce``. Raises
    ``SimulationError`` where there is no set, and as ``induce``.
    """
    if not sets:
        raise SimulationError("no lesion sets to compare", advice="give at least one")
    wall = wall_of(case, chamber, next(iter(sets.values())))
    ground = ground_of(wall, protocol, model, sites)
    given: dict[str, Lesions] = {NO_LESIONS: (), **{name: lesions_of(wall, one) for name, one in sets.items()}}
    rows = _paced(ground, given, executor, monitor or SILENT, checkpoint)
    numbers, assumed = parameters_of(ground)
    every = [one for row in rows for one in row.outcomes]
    return LesionComparison(ground.chamber.name, ground.protocol, rows, FrozenMapping(numbers), assumed,
                            warnings_of(ground.protocol, every))


def lesion_robustness(
    case: Case, plan: LesionPlan | str, protocol: PacingProtocol | None = None, *, samples: int = 20, gaps: int = 1,
    gap_mm: float = GAP_MM, seed: int = 0, model: ElectroModel | None = None, sites: SiteChoice = None,
    executor: Executor | None = None, monitor: Monitor | None = None, checkpoint: Path | str | None = None,
) -> LesionRobustness:
    """Return how likely a plan of lesions still holds with gaps at random places, and without each of its lesions.

    Parameters
    ----------
    samples, gaps, gap_mm, seed : how many treatments are drawn, and the gaps in the lines of each.
    others : as for ``induce``.

    Raises ``SimulationError`` for a plan without lines, no samples or gaps, and as ``induce``.
    """
    chosen = case.plan(plan) if isinstance(plan, str) else plan
    if not isinstance(chosen, LesionPlan) or not any(isinstance(one, LesionLine) for one in chosen.lesions):
        raise SimulationError(f"the plan {chosen.name!r} has no lines in which there could be gaps")
    if samples < 1 or gaps < 1:
        raise SimulationError(f"{samples} samples of {gaps} gaps", advice="use one or more of both")
    ground = ground_of(wall_of(case, chosen.chamber), protocol, model, sites)
    variants = {chosen.name: chosen.lesions}
    variants |= {
        f"without {n}": (*chosen.lesions[:n], *chosen.lesions[n + 1 :]) for n in range(len(chosen.lesions))
    }
    variants |= {f"sample {n}": _with_gaps(ground, chosen, gaps, gap_mm, seed + n) for n in range(samples)}
    rows = _paced(ground, variants, executor, monitor or SILENT, checkpoint)
    whole, drawn = rows[0], rows[1 + len(chosen.lesions) :]
    left = tuple(
        LeftOut(n, tuple(one.name for one in row.inducible), row.burden.isolated_cm2)
        for n, row in enumerate(rows[1 : 1 + len(chosen.lesions)])
    )
    closed = sum(row.burden.isolated_cm2 >= STILL_ISOLATED * whole.burden.isolated_cm2 for row in drawn)
    numbers, assumed = parameters_of(ground)
    every = [one for row in rows for one in row.outcomes]
    return LesionRobustness(
        chosen.name, whole, Probability.counted(sum(not row.inducible for row in drawn), samples),
        Probability.counted(closed, samples), left, gaps, gap_mm, seed, FrozenMapping(numbers), assumed,
        warnings_of(ground.protocol, every),
    )


def _with_gaps(ground: Ground, plan: LesionPlan, gaps: int, gap_mm: float, seed: int) -> Lesions:
    """Return the lesions of a plan with gaps in its lines."""
    wall = ground.chamber
    assert isinstance(wall, Chamber)
    lines = [one for one in plan.lesions if isinstance(one, LesionLine) and len(set(one.points_mm)) > 1]
    others = [one for one in plan.lesions if one not in lines]
    return (*gapped(wall, lines, gap_mm, random_gaps(gaps, seed)), *others)


def _paced(
    ground: Ground, sets: Mapping[str, Lesions], executor: Executor | None, monitor: Monitor,
    checkpoint: Path | str | None,
) -> tuple[SetOutcome, ...]:
    found = outcomes(ground, [killed(ground, lesions) for lesions in sets.values()], executor, monitor, checkpoint)
    return tuple(
        SetOutcome(name, lesions, outcome, burden(ground, lesions))
        for (name, lesions), outcome in zip(sets.items(), found, strict=True)
    )
