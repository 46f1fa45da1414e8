"""A chamber's surface with triangles of one size: for a wave to run the same way everywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.surface import chamber_of
from anatomy_twin.anatomy.solid.repair import edges_of
from anatomy_twin.core import SILENT, Monitor, SurfaceMesh, check_cancelled
from anatomy_twin.core.heart import Chamber, Opening
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels.mesh_boundary import corners_of_points
from anatomy_twin.kernels.mesh_even import back_onto, collapse_short, flip_edges
from anatomy_twin.units import check_range

LONG, SHORT = 4.0 / 3.0, 4.0 / 5.0  # of the edge that is wanted, as by Botsch and Kobbelt
ROUNDS: Final = 6
MOST_FLIPS, FEW_FLIPS = 20, 2e-4  # passes over all edges, and the share of them that is not worth another
MOST_POINTS: Final = 1_000_000
_NEAR: Final = 3  # points of the given surface whose triangles are tried on the way back to it
_RIM_STEPS: Final = 20  # into which an edge is parted to find the way back to a rim

Points = NDArray[np.float64]
Triangles = NDArray[np.int64]


def remeshed(chamber: Chamber, edge_mm: float, monitor: Monitor = SILENT) -> Chamber:
    """Return a chamber whose edges are all about ``edge_mm`` long.

    Long edges are split, short ones collapsed, badly placed ones flipped, points evened out along the surface and put
    back onto it, six times over. Rims keep their places and names; regions are those of the nearest point before;
    fibres are left out: find them again.

    Parameters
    ----------
    chamber : of ``chamber_of``.
    edge_mm : 0.2 to 3 mm.
    monitor : told of progress; may cancel between rounds.

    Raises ``MeshError`` for more points than a million, and where the result is no chamber any more.
    """
    edge = check_range("edge_mm", edge_mm, 0.2, 3.0)
    if (needed := chamber.surface.area_cm2 * 100.0 / (0.866 * edge**2)) > MOST_POINTS:
        raise MeshError(f"edges of {edge:g} mm need {needed / 1e6:.1f} million points", advice="take longer ones")
    given = chamber.surface
    points, triangles = given.points_mm.copy(), given.triangles.copy()
    start, corner = corners_of_points(given.triangles.astype(np.int32), len(given.points_mm))
    tree = cKDTree(given.points_mm)
    rims = cKDTree(np.concatenate([_along(chamber.rim_mm(one), edge / _RIM_STEPS) for one in chamber.openings]))
    for turn in range(ROUNDS):
        check_cancelled(monitor)
        points, triangles = _split(points, triangles, LONG * edge)
        points, triangles = _collapsed(points, triangles, SHORT * edge, LONG * edge)
        triangles = _flipped(points, triangles)
        points, rim = _evened(points, triangles)
        inner = np.flatnonzero(~rim)
        near = np.asarray(tree.query(points[inner], k=_NEAR)[1], np.int64)
        placed = np.ascontiguousarray(points[inner])
        back_onto(placed, near, given.points_mm, given.triangles, start, corner)
        points[inner] = placed
        points[rim] = rims.data[rims.query(points[rim])[1]]
        triangles = _flipped(points, triangles)
        monitor.progress((turn + 1) / ROUNDS)
    found = chamber_of(SurfaceMesh(points, triangles), chamber.name)
    if len(found.openings) != len(chamber.openings):
        raise MeshError(f"{len(chamber.openings)} openings have become {len(found.openings)}",
                        advice="take shorter edges")
    middles = np.array([chamber.rim_mm(one).mean(axis=0) for one in chamber.openings])
    openings = []
    for one in found.openings:
        before = chamber.openings[int(np.argmin(np.linalg.norm(middles - found.rim_mm(one).mean(axis=0), axis=1)))]
        openings.append(Opening(one.points, before.name))
    regions = None if chamber.regions is None else chamber.regions[tree.query(found.surface.points_mm)[1]]
    return replace(found, openings=tuple(openings), regions=regions, region_names=chamber.region_names,
                   notes=(*chamber.notes, *found.notes))


def _along(rim: Points, step_mm: float) -> Points:
    """Return points every ``step_mm`` along a closed line."""
    after = np.roll(rim, -1, axis=0)
    parts = np.maximum(np.ceil(np.linalg.norm(after - rim, axis=1) / step_mm).astype(int), 1)
    first = np.repeat(np.arange(len(rim)), parts)
    share = (np.arange(len(first)) - np.repeat(np.cumsum(parts) - parts, parts)) / parts[first]
    return np.asarray(rim[first] + share[:, None] * (after - rim)[first])


def _split(points: Points, triangles: Triangles, longest_mm: float) -> tuple[Points, Triangles]:
    """Part edges that are too long in the middle until there are none; neighbours part the same edges."""
    while True:
        edges, number, uses, _ = edges_of(triangles)
        first = np.zeros(len(uses), np.int64)
        first[number] = np.arange(len(number))
        ends = edges[first]
        long = np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1) > longest_mm
        if not long.any():
            return points, triangles
        middle = np.full(len(uses), -1, np.int64)
        middle[long] = len(points) + np.arange(int(long.sum()))
        points = np.vstack([points, points[ends[long]].mean(axis=1)])
        triangles = _parted(points, triangles, middle[number].reshape(-1, 3))


def _parted(points: Points, triangles: Triangles, middle: Triangles) -> Triangles:
    """Return triangles cut along the middles (M, 3) of their edges, -1 where an edge is whole; edge n starts at n."""
    cut = (middle >= 0).sum(axis=1)
    out = [triangles[cut == 0]]
    for count, lead in ((1, middle >= 0), (2, middle < 0)):  # turn the cut edge, or the whole one, to the front
        which = cut == count
        turn = np.argmax(lead[which], axis=1)[:, None]
        order = (turn + np.arange(3)) % 3
        a, b, c = np.take_along_axis(triangles[which], order, axis=1).T
        m, n, o = np.take_along_axis(middle[which], order, axis=1).T
        if count == 1:
            out += [np.stack([a, m, c], axis=1), np.stack([m, b, c], axis=1)]
            continue
        # edges b-c (n) and c-a (o) are cut: the corner c off, the rest over its shorter diagonal
        out.append(np.stack([n, c, o], axis=1))
        one = np.linalg.norm(points[a] - points[n], axis=1) <= np.linalg.norm(points[b] - points[o], axis=1)
        out += [np.stack([a, b, np.where(one, n, o)], axis=1),
                np.stack([np.where(one, a, b), n, o], axis=1)]
    which = cut == 3
    (a, b, c), (m, n, o) = triangles[which].T, middle[which].T
    out += [np.stack(corners, axis=1) for corners in ((a, m, o), (m, b, n), (o, n, c), (m, n, o))]
    return np.concatenate(out)


def _rim(triangles: Triangles, count: int) -> tuple[Any, NDArray[np.bool_]]:
    """Return what ``edges_of`` does, and which points are on a rim."""
    found = edges_of(triangles)
    edges, number, uses, _ = found
    rim = np.zeros(count, bool)
    rim[edges[uses[number] == 1]] = True
    return found, rim


def _collapsed(points: Points, triangles: Triangles, shortest_mm: float, longest_mm: float) -> tuple[Points, Triangles]:
    while True:
        (edges, number, uses, _), rim = _rim(triangles, len(points))
        first = np.unique(number, return_index=True)[1]
        ends = edges[first]
        length = np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1)
        short = np.flatnonzero(length < shortest_mm)
        short = short[np.argsort(length[short], kind="stable")]
        into = np.arange(len(points))
        start, corner = corners_of_points(triangles.astype(np.int32), len(points))
        points = points.copy()
        done = collapse_short(np.ascontiguousarray(ends[short]), points, triangles, start, corner, rim,
                              uses[short] == 1, longest_mm, into)
        if not done:
            return points, triangles
        triangles = into[triangles]
        triangles = triangles[(triangles != np.roll(triangles, 1, axis=1)).all(axis=1)]
        used, renamed = np.unique(triangles, return_inverse=True)
        points, triangles = points[used], renamed.reshape(-1, 3)


def _flipped(points: Points, triangles: Triangles) -> Triangles:
    triangles = triangles.copy()
    for _ in range(MOST_FLIPS):
        edges, number, uses, _ = edges_of(triangles)
        order = np.argsort(number, kind="stable")
        pairs = order[uses[number[order]] == 2].reshape(-1, 2)
        start, corner = corners_of_points(triangles.astype(np.int32), len(points))
        done = flip_edges(edges[pairs[:, 0]], pairs // 3, points, triangles, start, corner)
        if done <= FEW_FLIPS * len(pairs):
            break
    return triangles


def _evened(points: Points, triangles: Triangles) -> tuple[Points, NDArray[np.bool_]]:
    """Move points half the way to the middle of their neighbours, on a rim of those along it; return where rims are."""
    (edges, number, uses, _), rim = _rim(triangles, len(points))
    along = edges[uses[number] == 1]
    both = np.concatenate([edges[~rim[edges[:, 0]]], along, along[:, ::-1]])
    sums = np.stack([np.bincount(both[:, 0], points[both[:, 1], n], len(points)) for n in range(3)], axis=1)
    count = np.bincount(both[:, 0], minlength=len(points))[:, None]
    return np.where(count > 0, 0.5 * (points + sums / np.maximum(count, 1)), points), rim
