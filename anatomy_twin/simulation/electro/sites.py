"""From where a heart is paced: evenly over what is alive, beside the veins, by segments, or by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anatomy_twin.core.heart import Chamber, Myocardium
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import surface_paths
from anatomy_twin.units import Point, check_point, lps_text

USUAL_COUNT: Final = 12
MOST_SITES: Final = 200
FROM_VEIN_MM: Final = 8.0  # from the rim of a vein: on the wall of the antrum
FARTHEST_MM: Final = 10.0
VEINS: Final = "veins"
SEGMENTS: Final = "segments"
EVENING_ROUNDS: Final = 3
SEGMENT_PARTS: Final = tuple(f"aha_{number}" for number in range(1, 18))
RIGHT: Final = "right_ventricle"

Floats = NDArray[np.float64]
SiteChoice = int | str | Sequence[Point] | Floats | Mapping[str, Point] | None


@dataclass(frozen=True, slots=True)
class Site:
    """A place to pace from, by its name."""

    name: str
    point_mm: Point


def sites_of(
    chamber: Chamber | Myocardium, choice: SiteChoice = None, out: NDArray[np.bool_] | None = None
) -> tuple[Site, ...]:
    """Return the places to pace a chamber from.

    Parameters
    ----------
    choice : how many, spread evenly over what is alive; "veins" for the antrum of each pulmonary vein; "segments" for
        the 17 segments of the left ventricle and two places of the right one; points in LPS mm, with or without names.
        None: segments where the muscle has them, else 12 spread evenly.
    out : (N,), nodes that do not conduct before any lesion.

    Raises ``SimulationError`` for a number, a word or points that make no sense on this chamber.
    """
    points = chamber.surface.points_mm if isinstance(chamber, Chamber) else chamber.points_mm()
    alive = np.ones(len(points), bool) if out is None else ~out
    if choice is None:
        segmented = isinstance(chamber, Myocardium) and SEGMENT_PARTS[0] in chamber.parts
        choice = SEGMENTS if segmented else USUAL_COUNT
    if isinstance(choice, (int, np.integer)):
        return _evenly(chamber, points, alive, int(choice))
    if isinstance(choice, str):
        if choice not in (VEINS, SEGMENTS):
            raise SimulationError(f"there is no choice of sites called {choice!r}",
                                  advice=f"use {VEINS}, {SEGMENTS}, a number or points in LPS mm")
        return (_beside_veins if choice == VEINS else _in_segments)(chamber, points, alive)
    named = choice.items() if isinstance(choice, Mapping) else ((f"site {n}", p) for n, p in enumerate(choice, 1))
    found = tuple(Site(name, check_point(f"site {name}", point)) for name, point in named)
    if not found:
        raise SimulationError("no sites to pace from", advice="give at least one")
    for site in found:
        away = float(np.linalg.norm(points - np.array(site.point_mm), axis=1).min())
        if away > FARTHEST_MM:
            raise SimulationError(f"the site {site.name!r} is {away:.1f} mm from any tissue",
                                  where=lps_text(site.point_mm), advice="move it to the wall")
    return found


def _evenly(chamber: Chamber | Myocardium, points: Floats, alive: NDArray[np.bool_], count: int) -> tuple[Site, ...]:
    """Each new site is farthest from all before; then each moves to the middle of what is nearest to it."""
    if not 1 <= count <= MOST_SITES:
        raise SimulationError(f"{count} sites to pace from", advice=f"use 1 to {MOST_SITES}")
    nodes = np.flatnonzero(alive)
    if count > nodes.size:
        raise SimulationError(f"{count} sites on {nodes.size} nodes that are alive")
    places = points[nodes]
    middle = places.mean(axis=0)
    chosen = [int(np.argmin(np.linalg.norm(places - middle, axis=1)))]
    nearest = np.linalg.norm(places - places[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(places - places[chosen[-1]], axis=1))
    for _ in range(EVENING_ROUNDS):
        own = cKDTree(places[chosen]).query(places)[1]
        for n in range(count):
            mine = np.flatnonzero(own == n)
            chosen[n] = int(mine[np.argmin(np.linalg.norm(places[mine] - places[mine].mean(axis=0), axis=1))])
    return tuple(_site(chamber, points, int(nodes[n]), f"site {number}") for number, n in enumerate(chosen, start=1))


def _beside_veins(chamber: Chamber | Myocardium, points: Floats, alive: NDArray[np.bool_]) -> tuple[Site, ...]:
    rims = [one for one in chamber.openings if "vein" in one.name] if isinstance(chamber, Chamber) else []
    if not rims or not isinstance(chamber, Chamber):
        raise SimulationError(f"{chamber.name!r} has no opening that is known as a vein",
                              advice="name its openings first, or give points")
    ways = surface_paths.ways_over(points, chamber.surface.triangles)
    middle = points.mean(axis=0)
    found = []
    for rim in rims:
        away = surface_paths.distance_mm(ways, rim.points)
        ring = np.flatnonzero(alive & (np.abs(away - FROM_VEIN_MM) < 0.25 * FROM_VEIN_MM))
        if not ring.size:
            raise SimulationError(f"nothing is alive beside {rim.name.replace('_', ' ')}")
        node = int(ring[np.argmin(np.linalg.norm(points[ring] - middle, axis=1))])
        found.append(_site(chamber, points, node, f"beside {rim.name.replace('_', ' ')}", region=False))
    return tuple(found)


def _in_segments(chamber: Chamber | Myocardium, points: Floats, alive: NDArray[np.bool_]) -> tuple[Site, ...]:
    """The voxel nearest to the middle of each segment, inner ones first, and two of the right ventricle."""
    parts = chamber.parts if isinstance(chamber, Myocardium) else {}
    if SEGMENT_PARTS[0] not in parts:
        raise SimulationError(f"the segments of {chamber.name!r} are not known", advice="build it with segments")
    inner = parts.get("left_endocardium", np.ones(len(points), bool))
    found = []
    for name in SEGMENT_PARTS:
        own = parts[name] & alive
        if own.any():
            within = np.flatnonzero(own & inner) if (own & inner).any() else np.flatnonzero(own)
            found.append(_site(chamber, points, _most_central(points, within), name.replace("aha_", "segment ")))
    right = np.flatnonzero(parts[RIGHT] & alive) if RIGHT in parts else np.zeros(0, np.int64)
    if right.size:
        base = points[parts["base"]] if "base" in parts else points[right]
        down = np.linalg.norm(points[right] - base.mean(axis=0), axis=1)
        apex, outflow = right[down > np.quantile(down, 0.8)], right[down < np.quantile(down, 0.2)]
        found += [_site(chamber, points, _most_central(points, apex), "right ventricle, apex"),
                  _site(chamber, points, _most_central(points, outflow), "right ventricle, base")]
    return tuple(found)


def _most_central(points: Floats, nodes: NDArray[np.int64]) -> int:
    return int(nodes[np.argmin(np.linalg.norm(points[nodes] - points[nodes].mean(axis=0), axis=1))])


def _site(chamber: Chamber | Myocardium, points: Floats, node: int, name: str, *, region: bool = True) -> Site:
    place = region_at(chamber, node) if region else ""
    return Site(f"{name}, {place}" if place else name, check_point(name, points[node]))


def region_at(chamber: Chamber | Myocardium, node: int) -> str:
    """Return the name of the region of a node in words, "" where regions are not known."""
    if not isinstance(chamber, Chamber) or chamber.regions is None:
        return ""
    return chamber.region_names[int(chamber.regions[node])].replace("_", " ")
