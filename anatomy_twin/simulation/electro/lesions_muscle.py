"""Lesions on the inner surface of ventricles: voxels of their muscle that die, down to a depth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from anatomy_twin.catalog import load
from anatomy_twin.core.heart import Myocardium
from anatomy_twin.core.plans import LesionLine, lesion_name, lesion_places_mm
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro.one_lesion import (
    Killed,
    Lesion,
    point_size_mm,
    refuse_far,
)
from anatomy_twin.units import lps_text


def kill_in_muscle(muscle: Myocardium, lesions: Sequence[Lesion]) -> list[Killed]:
    """Return what each lesion kills of the N voxels of ventricles.

    A line runs over the voxels of one inner surface (a part called "..._endocardium") by neighbours from one of its
    points to the next, a point sits on the voxel nearest to it. What dies lies below voxels within the lesion's radius,
    down to the depth of the application, or of the catalog for lines (assumed). A radius that the voxels do not resolve
    is widened (told).

    Raises ``SimulationError`` for muscle without inner surfaces, and as ``ablated``.
    """
    inner = [np.flatnonzero(part) for name, part in muscle.parts.items() if name.endswith("_endocardium")]
    if lesions and not any(len(one) for one in inner):
        raise SimulationError(f"the inner surface of {muscle.name} is not known", advice="name its endocardium")
    points = muscle.points_mm()
    inner = [one for one in inner if len(one)]
    trees = [cKDTree(points[one]) for one in inner]
    found = []
    for number, lesion in enumerate(lesions, start=1):
        name, places = lesion_name(lesion, number), lesion_places_mm(lesion)
        away = [tree.query(places)[0] for tree in trees]
        nearest = int(np.argmin([one.max() for one in away]))
        refuse_far(name, places, away[nearest], muscle.name)
        found.append(_killed(muscle, points, inner[nearest], trees[nearest], lesion, name))
    return found


def _killed(
    muscle: Myocardium, points: NDArray[np.float64], inner: NDArray[np.int64], tree: cKDTree, lesion: Lesion, name: str
) -> Killed:
    step = float(max(muscle.geometry.spacing_mm))
    stops = tree.query(lesion_places_mm(lesion))[1]
    notes: tuple[str, ...] = ()
    if isinstance(lesion, LesionLine):
        path = _path(points[inner], tree, stops, 1.8 * step, name)
        depth = float(load("lesions")["muscle_line_depth_mm"]["value"])
        radius = max(lesion.radius_mm, np.sqrt(3.0) * step)  # less lets a front pass between the corners of voxels
        notes = (f"{name}: {depth:g} mm deep (assumed)",)
        if radius > lesion.radius_mm:
            notes += (f"{name}: the voxels do not resolve a radius of {lesion.radius_mm:g} mm, it is {radius:.1f} mm",)
    else:
        path = np.asarray(stops)
        depth, width = point_size_mm(lesion, name)
        radius = width / 2.0
        if not depth > 0.0:
            notes = (f"{name}: {lesion.power_w:g} W for {lesion.duration_s:g} s make no lesion",)
    way = points[inner[path]]
    aside = cKDTree(way).query(points[inner])[0]
    below, at = tree.query(points)
    covered = aside[at] <= radius
    dead = covered & (below + step / 2.0 <= depth)
    through = bool(dead.any()) and not bool((covered & ~dead).any())
    if depth > 0.0 and not through:
        notes += (f"{name}: does not reach the outer surface",)
    return Killed(np.flatnonzero(dead), depth, through, way, notes)


def _path(
    points: NDArray[np.float64], tree: cKDTree, stops: NDArray[np.int64], reach_mm: float, name: str
) -> NDArray[np.int64]:
    """Return which of an inner surface's voxels a line runs over: the shortest way by neighbours."""
    pairs = tree.query_pairs(reach_mm, output_type="ndarray")
    length = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    graph = coo_array((length, tuple(pairs.T)), (len(points), len(points))).tocsr()
    found = [np.asarray(stops[:1])]
    for here, there in pairwise(stops):
        away, before = dijkstra(graph, directed=False, indices=there, return_predecessors=True)
        if not np.isfinite(away[here]):
            raise SimulationError(f"{name}: its points lie on parts of the wall that do not hang together",
                                  where=lps_text(points[here]), advice="draw a line on one part")
        way = [int(here)]
        while way[-1] != there:
            way.append(int(before[way[-1]]))
        found.append(np.array(way[1:], np.int64))
    return np.concatenate(found)
