"""A quick look for inducible sites on a coarser wall and for a shorter time, and what it misses."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.fibres import with_given_fibres
from anatomy_twin.anatomy.heart.remesh import remeshed
from anatomy_twin.core import SILENT, Case, LesionPlan, Monitor, PacingProtocol, Probability, next_stage
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.core.heart import Chamber, Substrate
from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.search.lesions import killed, lesions_of, wall_of
from anatomy_twin.simulation.electro.chamber_tissue import ElectroModel, mean_edge_mm
from anatomy_twin.simulation.electro.inducing import ground_of, outcomes, parameters_of
from anatomy_twin.simulation.electro.sites import SiteChoice

SUSTAINED_MS: Final = 1000.0
COARSER: Final = 1.5  # times the edge


@dataclass(frozen=True, eq=False)
class Screening:
    """A coarse look held against a fine one at the same sites: which share of the inducible ones it finds
    (``sensitivity``) and of the others it leaves out (``specificity``), None where there are none of them."""

    coarse: tuple[SiteOutcome, ...]
    fine: tuple[SiteOutcome, ...]
    sensitivity: Probability | None
    specificity: Probability | None
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)


def coarsened(chamber: Chamber, edge_mm: float) -> Chamber:
    """Return a chamber with longer edges: regions, muscle classes and thickness of the nearest point, fibres of the
    nearest triangle. Raises what ``remeshed`` does."""
    found = remeshed(chamber, edge_mm)
    near = cKDTree(chamber.surface.points_mm).query(found.surface.points_mm)[1]
    substrate, fibres = chamber.substrate, chamber.fibres
    if substrate is not None:
        substrate = Substrate(substrate.classes[near], substrate.values[near], substrate.value_name, substrate.unit,
                              substrate.source, substrate.notes)
    found = replace(found, substrate=substrate, wall_mm=None if chamber.wall_mm is None else chamber.wall_mm[near])
    if fibres is None:
        return found
    middles = (one.surface.points_mm[one.surface.triangles].mean(axis=1) for one in (chamber, found))
    old, new = middles
    beside = cKDTree(old).query(new)[1]
    return with_given_fibres(found, fibres.endo[beside], fibres.epi[beside], fibres.source)


def screening(
    case: Case, protocol: PacingProtocol | None = None, *, plan: LesionPlan | None = None, chamber: str | None = None,
    model: ElectroModel | None = None, sites: SiteChoice = None, sustained_ms: float = SUSTAINED_MS,
    edge_mm: float | None = None, executor: Executor | None = None, monitor: Monitor | None = None,
    checkpoint: Path | str | None = None,
) -> Screening:
    """Return what pacing on a coarser wall for a shorter time finds, held against the fine one at the same sites.

    ``edge_mm`` of the coarse wall, default 1.5 times that of the chamber; ``sustained_ms`` counts there; the others as
    for ``induce``.
    """
    told = monitor or SILENT
    wall = wall_of(case, chamber, plan)
    ground = ground_of(wall, protocol, model, sites)
    rough = coarsened(wall, COARSER * mean_edge_mm(wall) if edge_mm is None else edge_mm)
    quick = replace(ground.protocol, sustained_ms=min(sustained_ms, ground.protocol.sustained_ms))
    coarse = ground_of(rough, quick, model, {site.name: site.point_mm for site in ground.sites})
    seen = []
    for name, one, on in (("coarse", coarse, rough), ("fine", ground, wall)):
        next_stage(told, f"pacing, {name}")
        dead = killed(one, lesions_of(on, plan))
        seen += outcomes(one, [dead], executor, told, checkpoint)
    pairs = list(zip(*seen, strict=True))
    hits = [quickly.induced for quickly, really in pairs if really.induced]
    misses = [not quickly.induced for quickly, really in pairs if not really.induced]
    numbers = {f"coarse {key}": value for key, value in parameters_of(coarse)[0].items()}
    return Screening(
        seen[0], seen[1], Probability.counted(sum(hits), len(hits)) if hits else None,
        Probability.counted(sum(misses), len(misses)) if misses else None,
        FrozenMapping({**parameters_of(ground)[0], **numbers}),
    )
