"""Where to ablate what was induced: across the narrowest way of a macro re-entry, at tips of waves, where it fires.

Each lesion begins at a barrier (the rim of an opening, or what is dead already), so that it leaves no hole of its own
to go round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.core.mesh import SurfaceMesh
from anatomy_twin.core.plans import LesionLine
from anatomy_twin.kernels import surface_paths
from anatomy_twin.kernels.surface_paths import Line, Ways
from anatomy_twin.plan.lesion_lines import as_lesion, ways_of
from anatomy_twin.simulation.electro.drivers import holes_of, turning_holes
from anatomy_twin.simulation.electro.sites import region_at
from anatomy_twin.units import check_point

LINE_MM: Final = 3.0  # radius of a line
CORE_MM: Final = 5.0  # radius of the disc where tips of waves are densest
APART_MM: Final = 12.0  # of one another are the peaks that are taken in one round
LEAST_PEAK: Final = 0.4  # of the highest
MOST_TARGETS: Final = 3  # in one round

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Target:
    """Lesions against one driver, and in one line why; ``middle_mm`` is where the driver is."""

    lesions: tuple[LesionLine, ...]
    why: str
    middle_mm: tuple[float, float, float]


def targets_of(
    chamber: Chamber, outcomes: Sequence[SiteOutcome], dead: NDArray[np.bool_], most: int = MOST_TARGETS
) -> tuple[Target, ...]:
    """Return at most so many targets for what was induced on a chamber, macro re-entries first.

    ``dead`` (N,) are nodes that do not conduct. Two targets are ``APART_MM`` apart or more; the others wait for the
    next round, where they may not be needed any more.
    """
    ways, found = ways_of(chamber), list[Target]()
    barrier = _barrier(chamber, dead)
    induced = [one for one in outcomes if one.induced]
    for one in induced:
        if one.arrhythmia == "macro re-entry" and (across := _across(chamber, ways, one, dead)) is not None:
            found.append(across)
    found += _at_tips(chamber, ways, [one for one in induced if one.arrhythmia != "focal"], dead, barrier)
    found += [_at_source(chamber, ways, one, barrier) for one in induced if one.arrhythmia == "focal"]
    chosen = list[Target]()
    for target in found:
        gaps = [np.linalg.norm(np.subtract(target.middle_mm, other.middle_mm)) for other in chosen]
        if len(chosen) < most and all(gap >= APART_MM for gap in gaps):
            chosen.append(target)
    return tuple(chosen)


def _barrier(chamber: Chamber, dead: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.unique(np.concatenate([np.flatnonzero(dead), *(one.points for one in chamber.openings)]))


def _across(chamber: Chamber, ways: Ways, outcome: SiteOutcome, dead: NDArray[np.bool_]) -> Target | None:
    """Return the shortest line between a hole that is gone round one way and one that is gone round the other.

    Every way round the first leads between the two. Where only one is gone round it is joined to the nearest other.
    """
    assert outcome.last_ms is not None
    surface = chamber.surface
    wall = SurfaceMesh(surface.points_mm, surface.triangles[(~dead)[surface.triangles].all(axis=1)])
    late = np.nan_to_num(outcome.last_ms.astype(np.float64))
    phases = ((-2.0 * np.pi / outcome.cycle_ms * late + np.pi) % (2.0 * np.pi) - np.pi).astype(np.float32)
    turning = turning_holes(chamber, wall, phases[None])
    if not turning:
        return None
    one = turning[0]
    others = {hole.name: hole.nodes for hole in turning if hole.way == -one.way}
    others = others or {name: np.unique(rim) for name, rim in holes_of(chamber, wall) if name != one.name}
    if not others:
        return None
    line = surface_paths.cheapest_line(ways, one.nodes, np.unique(np.concatenate(list(others.values()))))
    if line is None or len(line.share) < 2:
        return None
    end = int(line.ends[-1, 0])
    name = next(name for name, nodes in others.items() if end in nodes)
    length = surface_paths.length_mm(surface.points_mm, line)
    why = (f"macro re-entry round {one.name}, from {outcome.name}: across its narrowest way to {name}, "
           f"{length:.0f} mm")
    return Target((as_lesion(chamber, line, LINE_MM),), why, _middle(chamber, line))


def _at_tips(
    chamber: Chamber, ways: Ways, induced: Sequence[SiteOutcome], dead: NDArray[np.bool_], barrier: NDArray[np.int64]
) -> list[Target]:
    """Return discs where tips of waves are densest and fastest over all that was induced, joined to the barrier."""
    score = np.zeros(len(chamber.surface.points_mm))
    for one in induced:
        if one.singularities_per_s is not None and one.singularities_per_s.max() > 0.0 and one.dominant_hz is not None:
            product = one.singularities_per_s.astype(np.float64) * one.dominant_hz
            score += product / max(float(product.max()), 1e-9)
    score[dead] = 0.0
    found, highest = list[Target](), float(score.max())
    while highest > 0.0 and score.max() >= LEAST_PEAK * highest and len(found) < MOST_TARGETS:
        node = int(np.argmax(score))
        best = max(induced, key=lambda one: 0.0 if one.singularities_per_s is None else one.singularities_per_s[node])
        tips, hertz = best.singularities_per_s, best.dominant_hz
        assert tips is not None and hertz is not None
        why = f"{tips[node]:.0f} tips of waves per s at {hertz[node]:.1f} Hz{_in(chamber, node)}, from {best.name}"
        found.append(_joined(chamber, ways, node, barrier, why))
        score[surface_paths.distance_mm(ways, np.array([node]), until_mm=APART_MM) < APART_MM] = 0.0
    return found


def _at_source(chamber: Chamber, ways: Ways, outcome: SiteOutcome, barrier: NDArray[np.int64]) -> Target:
    """Return a disc where the last beat that spread began."""
    assert outcome.last_ms is not None
    times = outcome.last_ms.astype(np.float64)
    times[~(times >= np.nanmax(times) - outcome.cycle_ms)] = np.inf
    node = int(np.argmin(times))
    return _joined(chamber, ways, node, barrier, f"spreads from here{_in(chamber, node)}, from {outcome.name}")


def _joined(chamber: Chamber, ways: Ways, node: int, barrier: NDArray[np.int64], why: str) -> Target:
    """Return a disc about a node and the shortest line that joins it to the barrier, if that is not under the disc."""
    place = check_point("target", chamber.surface.points_mm[node])
    disc = LesionLine((place, place), CORE_MM)
    line = surface_paths.cheapest_line(ways, barrier, np.array([node])) if barrier.size else None
    length = 0.0 if line is None else surface_paths.length_mm(chamber.surface.points_mm, line)
    if line is None or length <= CORE_MM:
        return Target((disc,), why, place)
    return Target((disc, as_lesion(chamber, line, LINE_MM)), f"{why}; joined over {length:.0f} mm", place)


def _middle(chamber: Chamber, line: Line) -> tuple[float, float, float]:
    points = surface_paths.line_mm(chamber.surface.points_mm, line)
    return check_point("target", points[len(points) // 2])


def _in(chamber: Chamber, node: int) -> str:
    region = region_at(chamber, node)
    return f" in {region}" if region else ""
