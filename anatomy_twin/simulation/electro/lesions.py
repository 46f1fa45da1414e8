"""What lesions kill: bands round lines and discs round points on a chamber's wall, and whether they go through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import usual_wall_mm
from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.heart import Chamber, Myocardium
from anatomy_twin.core.plans import LesionLine, LesionPoint, lesion_name, lesion_places_mm
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import surface_paths
from anatomy_twin.kernels.surface_paths import Ways
from anatomy_twin.simulation.electro.lesions_muscle import kill_in_muscle
from anatomy_twin.simulation.electro.one_lesion import (
    Killed,
    Lesion,
    point_size_mm,
    refuse_far,
)
from anatomy_twin.units import lps_text


@dataclass(frozen=True, eq=False)
class Ablated:
    """What lesions kill of a chamber of N nodes.

    ``dead`` (N,) bool; ``of`` the nodes that each lesion kills; per lesion ``depth_mm`` (a line of a chamber is taken
    to be as deep as the wall), ``transmural`` whether all that it covers is dead through the wall, ``lengths_mm`` (0 of
    a point) and ``paths_mm`` (n, 3) where it runs. ``notes`` are lines for the reader, ``assumed`` what has no source.
    """

    dead: NDArray[np.bool_]
    of: tuple[NDArray[np.int64], ...]
    depth_mm: NDArray[np.float64]
    transmural: NDArray[np.bool_]
    lengths_mm: NDArray[np.float64]
    paths_mm: tuple[NDArray[np.float64], ...]
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("dead", "depth_mm", "transmural", "lengths_mm"):
            object.__setattr__(self, name, read_only(getattr(self, name), name, ndim=1))

    @property
    def length_mm(self) -> float:
        """How long all lines are together."""
        return float(self.lengths_mm.sum())


def ablated(chamber: Chamber | Myocardium, lesions: Sequence[Lesion]) -> Ablated:
    """Return what lesions kill of a chamber's wall, or of the muscle of ventricles from its inner surface.

    A line is the shortest one over the surface through its points, each moved to the nearest node; it kills what lies
    within its radius along the surface, and always enough that no front passes over it at the mesh in use (told where
    that is more than its radius). It is taken to go through the whole wall of a chamber. A point kills the disc that
    ``cardiac_lesion`` gives for its power, time and force, as wide as at the inner surface, where it is at least as
    deep as the wall; the rest stays alive (told). The thickness is ``wall_mm`` of the chamber, else that of the catalog
    (assumed). For muscle see ``kill_in_muscle``.

    Raises
    ------
    SimulationError : a point farther from the wall than the catalog allows, points of a line that do not hang together,
        settings out of the catheter's range.
    """
    if isinstance(chamber, Myocardium):
        in_muscle = kill_in_muscle(chamber, lesions)
        lines = any(isinstance(lesion, LesionLine) for lesion in lesions)
        return _together(chamber.count, in_muscle, (), ("depth of lines in muscle",) if lines else ())
    wall, notes = wall_of(chamber)
    assumed = () if chamber.wall_mm is not None else ("thickness of the wall",)
    ways = surface_paths.ways_over(chamber.surface.points_mm, chamber.surface.triangles)
    found = []
    for number, lesion in enumerate(lesions, start=1):
        name = lesion_name(lesion, number)
        nodes = snapped(chamber, lesion, name)
        if isinstance(lesion, LesionLine):
            found.append(_line(ways, nodes, lesion, wall, name))
        else:
            found.append(_point(ways, nodes, lesion, wall, name))
    if any(isinstance(lesion, LesionLine) for lesion in lesions):
        notes = (*notes, "lines are taken to be without gaps and to go through the whole wall (assumed)")
        assumed = (*assumed, "lines go through the wall")
    return _together(len(wall), found, notes if lesions else (), assumed if lesions else ())


def wall_of(chamber: Chamber) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return how thick the wall is at every node (N,), mm, and a line where that is assumed."""
    if chamber.wall_mm is not None:
        return chamber.wall_mm, ()
    thick = usual_wall_mm(chamber.name)
    line = f"the thickness of the wall is not known: {thick:g} mm everywhere (assumed)"
    return np.full(len(chamber.surface.points_mm), thick), (line,)


def snapped(chamber: Chamber, lesion: Lesion, name: str) -> NDArray[np.int64]:
    """Return the nodes nearest to the points of a lesion; ``SimulationError`` where one is far from the wall."""
    places = lesion_places_mm(lesion)
    nodes, away = surface_paths.nearest_points(chamber.surface.points_mm, places)
    refuse_far(name, places, away, chamber.name)
    return nodes


def _line(ways: Ways, nodes: NDArray[np.int64], lesion: LesionLine, wall: NDArray[np.float64], name: str) -> Killed:
    line = surface_paths.shortest_line(ways, nodes)
    if line is None:
        raise SimulationError(f"{name}: its points lie on parts of the wall that do not hang together",
                              where=lps_text(lesion.points_mm[0]), advice="draw a line on one part")
    found, reach = surface_paths.band(ways, line, lesion.radius_mm)
    notes = ()
    if reach > lesion.radius_mm:
        notes = (f"{name}: the mesh does not resolve a radius of {lesion.radius_mm:g} mm, "
                 f"up to {reach:.1f} mm are killed so that the line has no gap",)
    path = surface_paths.line_mm(ways.points_mm, line)
    return Killed(found, float(wall[found].max()), True, path, notes)


def _point(ways: Ways, nodes: NDArray[np.int64], lesion: LesionPoint, wall: NDArray[np.float64], name: str) -> Killed:
    here = float(wall[nodes[0]])
    depth, width = point_size_mm(lesion, name, here)
    disc = np.flatnonzero(surface_paths.distance_mm(ways, nodes, until_mm=width / 2.0) <= width / 2.0)
    dead = disc[depth >= wall[disc]]
    notes = ()
    if not depth > 0.0:
        notes = (f"{name}: {lesion.power_w:g} W for {lesion.duration_s:g} s make no lesion",)
    elif len(dead) < len(disc):
        notes = (f"{name}: {depth:.1f} mm deep, the wall is up to {wall[disc].max():.1f} mm thick: "
                 f"{len(disc) - len(dead)} of {len(disc)} nodes stay alive",)
    return Killed(dead, depth, depth > 0.0 and len(dead) == len(disc), ways.points_mm[nodes], notes)


def _together(count: int, found: Sequence[Killed], notes: tuple[str, ...], assumed: tuple[str, ...]) -> Ablated:
    dead = np.zeros(count, bool)
    for one in found:
        dead[one.nodes] = True
    lengths = [float(np.linalg.norm(np.diff(one.path_mm, axis=0), axis=1).sum()) for one in found]
    told = [line for one in found for line in one.notes]
    return Ablated(
        dead, tuple(one.nodes for one in found), np.array([one.depth_mm for one in found], float),
        np.array([one.transmural for one in found], bool), np.array(lengths, float),
        tuple(one.path_mm for one in found), (*notes, *told), assumed,
    )
