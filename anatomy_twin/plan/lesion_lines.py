"""Lines on a left atrium from its named parts: round veins and the appendage, and from one barrier to another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import load
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.plans import LesionLine, lesion_places_mm
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels import surface_parts, surface_paths
from anatomy_twin.kernels.surface_paths import Line, Ways
from anatomy_twin.units import lps_text

SIDES: Final = ("left", "right")
VALVE: Final = "mitral_valve"
APPENDAGE: Final = "left_atrial_appendage"
Nodes = NDArray[np.int64]


def rule(name: str) -> float:
    """Return one number of the standard sets."""
    return float(load("lesions")["sets"][name]["value"])


@lru_cache(maxsize=4)
def ways_of(chamber: Chamber) -> Ways:
    """Return the ways over a chamber's wall (kept: sets, checks and gaps of one chamber ask for them many times)."""
    return surface_paths.ways_over(chamber.surface.points_mm, chamber.surface.triangles)


def veins_of(chamber: Chamber, side: str = "") -> tuple[str, ...]:
    """Return the names of the openings that are pulmonary veins, of one side or of both.

    Raises ``PlanError`` where the chamber has no named parts, or no vein on that side.
    """
    if chamber.regions is None:
        raise PlanError(f"{chamber.name} has no named parts yet", advice="find its regions first")
    found = tuple(one.name for one in chamber.openings if one.name.startswith(f"pulmonary_vein_{side}"))
    if not found:
        raise PlanError(f"{chamber.name} has no pulmonary vein {'on the ' + side if side else 'with a name'}",
                        advice="name its openings")
    return found


def beyond_mouth(chamber: Chamber, name: str) -> Nodes:
    """Return the nodes of a vein or the appendage beyond its mouth: its region, or its rim where it has none."""
    if name in chamber.region_names:
        found = np.flatnonzero(chamber.in_regions([name]))
        if found.size:
            return found
    return chamber.opening(name).points


@lru_cache(maxsize=8)
def round_side(chamber: Chamber, side: str) -> tuple[Line, ...]:
    """Return the line round all veins of a side, at a distance from their mouths and over what lies between them."""
    ways = ways_of(chamber)
    inside = [beyond_mouth(chamber, name) for name in veins_of(chamber, side)]
    bridges = []
    for one, other in pairwise(inside):
        between = surface_paths.cheapest_line(ways, one, other)
        if between is not None:
            bridges.append(np.unique(between.ends).astype(np.int64))
    away = surface_paths.distance_mm(ways, np.concatenate([*inside, *bridges]))
    return tuple(_rim_of(chamber, away - rule("wide_area_mm")))


def round_one(chamber: Chamber, ways: Ways, name: str) -> list[Line]:
    """Return the line round one vein, or the appendage, half-way to others where these are near."""
    apart = rule("appendage_mm" if name == APPENDAGE else "single_vein_mm")
    away = surface_paths.distance_mm(ways, beyond_mouth(chamber, name))
    others = [beyond_mouth(chamber, other) for other in (*veins_of(chamber), APPENDAGE)
              if other != name and (other in chamber.region_names or other != APPENDAGE)]
    to_others = surface_paths.distance_mm(ways, np.concatenate(others)) if others else np.full(len(away), np.inf)
    return _rim_of(chamber, away - np.minimum(apart, np.maximum(to_others, 0.5 * ways.step_mm)))


def joined(
    chamber: Chamber, over: Sequence[str], from_nodes: Nodes, to_nodes: Nodes, not_over: Sequence[str] = ()
) -> Line:
    """Return the shortest line from some nodes to others that keeps to the regions ``over`` as far as it can.

    ``not_over`` are regions that it leaves out wherever there is another way. Raises ``PlanError`` where there is none.
    """
    dear = rule("off_course")
    points = np.where(chamber.in_regions([name for name in over if name in chamber.region_names]), 1.0, dear)
    points[chamber.in_regions([name for name in not_over if name in chamber.region_names])] = dear**3
    cost = points[chamber.surface.triangles].mean(axis=1)
    found = surface_paths.cheapest_line(
        surface_paths.ways_over(chamber.surface.points_mm, chamber.surface.triangles, cost), from_nodes, to_nodes
    )
    if found is None:
        raise PlanError(f"no way over {chamber.name} joins the ends of a line", advice="mend its surface")
    return found


def nodes_on(lines: Sequence[Line]) -> Nodes:
    """Return the nodes next to lines, each once."""
    return np.unique(np.concatenate([surface_paths.nodes_along(line) for line in lines]))


def nearer_to(ways: Ways, nodes: Nodes, those: Nodes, others: Nodes) -> Nodes:
    """Return those of ``nodes`` that are nearer to ``those`` than to ``others``; all where none or all are."""
    if not others.size:
        return nodes
    near = surface_paths.distance_mm(ways, those)[nodes] < surface_paths.distance_mm(ways, others)[nodes]
    return nodes[near] if near.any() else nodes


def as_lesion(chamber: Chamber, line: Line, radius_mm: float) -> LesionLine:
    """Return a lesion through nodes of the wall along a line, a few mm apart; closed where the line is."""
    points = chamber.surface.points_mm
    nodes, _ = surface_paths.nearest_points(points, surface_paths.spaced(points, line, rule("bend_mm")))
    nodes[[0, -1]] = surface_paths.nodes_along(line)[[0, -1]]  # an end at a rim stays at the rim
    kept = nodes[np.concatenate([[True], np.diff(nodes) != 0])]
    if len(kept) == 1:
        kept = np.repeat(kept, 2)
    return LesionLine(tuple(map(tuple, points[kept].tolist())), radius_mm)


def line_of(chamber: Chamber, ways: Ways, lesion: LesionLine, name: str = "a line") -> Line:
    """Return where a lesion line runs over a wall; ``PlanError`` where its points do not hang together."""
    nodes, _ = surface_paths.nearest_points(chamber.surface.points_mm, lesion_places_mm(lesion))
    found = surface_paths.shortest_line(ways, nodes)
    if found is None:
        raise PlanError(f"{name}: its points lie on parts of {chamber.name} that do not hang together",
                        where=lps_text(lesion.points_mm[0]), advice="draw a line on one part")
    return found


def _rim_of(chamber: Chamber, values: NDArray[Any]) -> list[Line]:
    """Return the outer rim of where ``values`` (N,) are not above 0: islands in it are filled."""
    valve = chamber.valve_points
    outside = surface_parts.parts(chamber.surface.triangles, values > 0.0)
    rest = outside[valve][outside[valve] >= 0]
    if not rest.size:
        raise PlanError(f"a line round a part of {chamber.name} would lie on its valve", advice="draw it by hand")
    main = outside == np.bincount(rest).argmax()
    tiny = 1e-6
    return surface_paths.contours(
        chamber.surface.triangles, np.where(main, np.maximum(values, tiny), np.minimum(values, -tiny))
    )
