"""Ventricular tachycardia: programmed stimulation, the isthmus of what is induced, a lesion across it, once more.

Sustained means that the same isthmus is passed at least twice in a row (see ``isthmus``). Lesions are taken to go
through the whole wall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, LesionLine, LesionRound, LesionSearch, Monitor, Myocardium, PacingProtocol
from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import activation_ms
from anatomy_twin.simulation.electro.chamber_tissue import ElectroModel, tissue_of, told
from anatomy_twin.simulation.electro.electrograms import node_volumes_mm3
from anatomy_twin.simulation.electro.induction import pace_site
from anatomy_twin.simulation.electro.isthmus import Isthmus, describe, find_isthmus, killed_across, lesion_across
from anatomy_twin.units import Point, check_positive

MOST_ROUNDS: Final = 5
RADIUS_MM: Final = 4.0


def paced_for_tachycardia(
    muscle: Myocardium, model: ElectroModel, site_mm: Point, protocol: PacingProtocol, *, name: str = "site",
    dead: NDArray[np.bool_] | None = None, monitor: Monitor = SILENT,
) -> tuple[SiteOutcome, Isthmus | None]:
    """Pace ventricles at one site and return what it did, and the isthmus of what it induced.

    What lasted but passes no isthmus twice in a row is not counted as induced, and the evidence says so.
    """
    system = tissue_of(muscle, model, dead)
    paced = pace_site(system, pipeline.init(system), site_mm, protocol, monitor)
    if not paced.induced or paced.state is None:
        return SiteOutcome(name, paced.site_mm, paced.captured, False, (), paced.longest_ms,
                           refractory_ms=paced.refractory_ms, tries=paced.tries), None
    found = None
    if np.isfinite(paced.cycle_ms):
        found = find_isthmus(system, paced.state, node_volumes_mm3(muscle), paced.cycle_ms, monitor=monitor)
    sustained = found is not None and found.sustained
    evidence = ("it lasted, but no isthmus was passed twice in a row",) if found is None else describe(found)
    return SiteOutcome(
        name, paced.site_mm, True, sustained, paced.intervals_ms, paced.longest_ms, paced.cycle_ms,
        paced.refractory_ms, paced.tries, "macro re-entry" if sustained else "none", evidence,
        last_ms=activation_ms(system, paced.state, last=True).astype(np.float32),
    ), found if sustained else None


def ablate_tachycardias(
    muscle: Myocardium, model: ElectroModel, sites: Mapping[str, Point], protocol: PacingProtocol, *,
    rounds: int = MOST_ROUNDS, radius_mm: float = RADIUS_MM, monitor: Monitor = SILENT,
) -> tuple[LesionSearch, NDArray[np.bool_]]:
    """Pace from all sites, cut the isthmus of each tachycardia, and pace from all of them again.

    Ends when none can be induced or after ``rounds``. Returns the rounds, and the voxels (N,) that all lesions kill.
    A tachycardia whose isthmus was cut before in the same round is not looked into again.
    """
    if not sites or rounds < 1:
        raise SimulationError(f"{len(sites)} sites and {rounds} rounds", advice="give one or more of both")
    check_positive("radius_mm", radius_mm)
    dead, points = np.zeros(muscle.count, bool), muscle.points_mm()
    done: list[LesionRound] = []
    ended = f"after {rounds} rounds something can still be induced"
    length = 0.0
    for number in range(1, rounds + 1):
        outcomes, lesions, why, killed = [], list[LesionLine](), list[str](), dead.copy()
        for name, site in sites.items():
            outcome, found = paced_for_tachycardia(muscle, model, site, protocol, name=name, dead=dead,
                                                   monitor=monitor)
            outcomes.append(outcome)
            if found is None or killed[found.section].any():
                continue
            lesions.append(lesion_across(found, radius_mm))
            why.append(f"{name}: {'; '.join(describe(found))}")
            killed |= killed_across(points, found, radius_mm)
        done.append(LesionRound(number, tuple(outcomes), tuple(lesions), tuple(why), length_mm=length))
        if not any(one.induced for one in outcomes):
            ended = "nothing can be induced any more"
            break
        length += sum(float(np.linalg.norm(np.diff(line.points_mm, axis=0), axis=1).sum()) for line in lesions)
        dead = killed
    parameters, assumed = told(muscle, model)
    search = LesionSearch(
        "isthmus lesions", muscle.name, protocol, tuple(done), ended,
        {**parameters, "radius of lesions": f"{radius_mm:g} mm, through the whole wall"}, assumed, muscle.notes,
    )
    if ended.startswith("after") and done[-1].lesions:
        # the last lesions were never paced against
        search = replace(search, warnings=(*search.warnings, "the last lesions were not tried out"))
    return search, dead
