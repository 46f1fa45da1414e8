"""What can be put right about a surface without guessing at its shape, and solids from files of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.solid.mesh_file import load_surface
from anatomy_twin.anatomy.solid.solids import as_solid, nesting, part_of, shells_of
from anatomy_twin.core import SILENT, Monitor, SurfaceMesh
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.kernels.mesh_crossings import crossing_triangles
from anatomy_twin.kernels.mesh_quality import measure

EQUAL_MM: Final = 1e-5  # what text files with six digits make of one point
LARGEST_HOLE_MM: Final = 10.0
LARGEST_MOVE_MM: Final = 0.5  # under a voxel: the shape stays that of the labels
LARGEST_SHARE_MOVED: Final = 0.025
LARGEST_PATCH_MM: Final = 6.0
LARGEST_CHANGE: Final = 0.002  # of the volume, by what crossing triangles were replaced with
LARGEST_CRUMB_ML: Final = 0.001  # a flat shell of less than a voxel that decimation left behind, and turned inside out
BY_HAND: Final = "make it again from its labels, or clean it in the program that wrote it"

Points = NDArray[np.float64]
Triangles = NDArray[np.int64]


def mended(surface: SurfaceMesh, *, largest_hole_mm: float = LARGEST_HOLE_MM) -> tuple[SurfaceMesh, tuple[str, ...]]:
    """Return a solid made of a surface that is nearly one, and a line for each thing that was put right.

    In this order: points closer than a hundred-thousandth of a mm become one; triangles without three different points
    and such as are given again go; neighbours are made to face the same way; holes up to ``largest_hole_mm`` across
    are closed by a fan around their middle; a point at which several fans meet becomes several; shells that face in
    are turned, flat ones of under a mm3 left out; where a few triangles (under 2.5 %) cut through others, their points
    are evened out by at most half a mm, and what still does is replaced by patches of at most 6 mm across.

    Parameters
    ----------
    surface : triangles in LPS mm.
    largest_hole_mm : the longest way across a hole that is still closed.

    Returns
    -------
    The solid (the same object where nothing was wrong) and the notes.

    Raises
    ------
    MeshError : what is left is no solid, named as by ``as_solid``.
    DataError : the size of holes is no length.
    """
    if not np.isfinite(largest_hole_mm) or largest_hole_mm < 0:
        raise DataError(f"largest_hole_mm is {largest_hole_mm}", advice="give a length in mm")
    try:
        return as_solid(surface), ()
    except MeshError:
        pass
    notes: list[str] = []
    # about its own middle: a point of a scan lies hundreds of mm from the origin
    centre = np.round(surface.points_mm.mean(axis=0)) if len(surface.points_mm) else np.zeros(3)
    points, triangles = merged_points(surface.points_mm - centre, surface.triangles, notes)
    triangles = _without_repeats(triangles, notes)
    triangles = facing_alike(triangles, notes)
    points, triangles = filled(points, triangles, largest_hole_mm, notes)
    points, triangles = _parted(points, triangles, notes)
    triangles = _outward(points, triangles, notes)
    points, triangles = _uncrossed(points, triangles, notes)
    used, renamed = np.unique(triangles, return_inverse=True)
    if not len(used):
        raise MeshError("the surface is no solid: nothing is left of it", advice="make it again from its labels")
    whole = SurfaceMesh(points[used] + centre, renamed.reshape(-1, 3).astype(np.int64))
    try:
        return as_solid(whole), tuple(notes)
    except MeshError as error:
        raise MeshError(error.what, where="after mending", advice=BY_HAND) from error


def load_solid(
    path: str | Path, monitor: Monitor = SILENT, *, largest_hole_mm: float = LARGEST_HOLE_MM
) -> SurfaceMesh:
    """Read a surface that another program wrote and return it as a solid.

    Parameters
    ----------
    path : .stl, .ply, .obj or .off, read as by ``load_surface``: in a child process with limits.
    monitor : warned of all that is assumed about the file, and of all that was mended.
    largest_hole_mm : the longest way across a hole that is still closed.

    Raises
    ------
    MeshError : the file cannot be read, or does not hold a solid and cannot be mended without guessing.
    WorkerError : the child process ran out of memory or time.
    Cancelled : the user stopped.
    """
    where = "".join(letter if letter.isprintable() else "?" for letter in Path(path).name[:80])
    surface = load_surface(path, monitor)
    try:
        solid, notes = mended(surface, largest_hole_mm=largest_hole_mm)
    except MeshError as error:
        raise MeshError(error.what, where=where, advice=BY_HAND) from error
    for note in notes:
        monitor.warn(f"{where}: {note}")
    return solid


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def merged_points(points: Points, triangles: Triangles, notes: list[str]) -> tuple[Points, Triangles]:
    """Make one of points that are equal; the first of them stays where it is."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(EQUAL_MM, output_type="ndarray") if len(points) else np.empty((0, 2), int)
    used = np.zeros(len(points), bool)
    used[triangles] = True
    pairs = pairs[used[pairs].all(axis=1)]
    if not len(pairs):
        return points, triangles
    graph = coo_matrix((np.ones(len(pairs), np.int8), tuple(pairs.T)), shape=(len(points), len(points)))
    group = connected_components(graph, directed=False)[1]
    first = np.unique(group, return_index=True)[1]
    gone = np.count_nonzero(used) - len(np.unique(group[used]))
    notes.append(f"{_count(int(gone), 'point was', 'points were')} at the place of another and became one with it")
    return points, first[group][triangles]


def _without_repeats(triangles: Triangles, notes: list[str]) -> Triangles:
    """Drop triangles that name a point twice, and what is given again: of two back to back neither stays."""
    flat = (triangles == np.roll(triangles, 1, axis=1)).any(axis=1)
    if flat.any():
        notes.append(f"{_count(int(flat.sum()), 'triangle', 'triangles')} without three different points left out")
        triangles = triangles[~flat]
    if not len(triangles):
        return triangles
    turn = np.argmin(triangles, axis=1)
    arranged = np.take_along_axis(triangles, (turn[:, None] + np.arange(3)) % 3, axis=1)
    way = arranged[:, 1] < arranged[:, 2]
    _, first, group = np.unique(np.sort(triangles, axis=1), axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    back, forth = np.bincount(group, ~way), np.bincount(group, way)
    keep = np.zeros(len(triangles), bool)
    keep[first[(back == 0) | (forth == 0)]] = True
    if not keep.all():
        notes.append(f"{_count(int((~keep).sum()), 'triangle', 'triangles')} given again or back to back left out")
    return triangles[keep]


def edges_of(triangles: Triangles) -> tuple[Triangles, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Directed edges (3 M, 2), the number of the undirected edge of each, how often each of those is used, and of how
    many more triangles it runs forth than back."""
    edges = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2)
    size = int(edges.max()) + 1 if len(edges) else 1
    key = edges.min(axis=1) * size + edges.max(axis=1)
    _, number, uses = np.unique(key, return_inverse=True, return_counts=True)
    number = number.ravel()
    balance = np.bincount(number, np.where(edges[:, 0] < edges[:, 1], 1, -1), minlength=len(uses)).astype(np.int64)
    return edges, number, uses, balance


def facing_alike(triangles: Triangles, notes: list[str]) -> Triangles:
    """Turn triangles so that neighbours run along their common edge in opposite directions, where that is possible."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    edges, number, uses, balance = edges_of(triangles)
    if not ((uses == 2) & (balance != 0)).any():
        return triangles
    order = np.argsort(number, kind="stable")
    paired = order[uses[number[order]] == 2].reshape(-1, 2)
    owner = paired // 3
    same = (edges[paired[:, 0]] == edges[paired[:, 1]]).all(axis=1)
    count = len(triangles)
    # 1: they face alike, 2: one has to be turned
    graph = coo_matrix((np.where(same, 2, 1), tuple(owner.T)), shape=(count, count)).tocsr()
    graph = graph.maximum(graph.T)
    groups, group = connected_components(graph, directed=False)
    turn = np.zeros(count, bool)
    for start in np.unique(group, return_index=True)[1]:
        walk, before = breadth_first_order(graph, start, directed=False)
        for at in walk[1:]:
            turn[at] = turn[before[at]] ^ (graph[before[at], at] == 2)
    # the smaller part of each group is the one that was wrong
    share = np.bincount(group, turn, minlength=groups) / np.bincount(group, minlength=groups)
    turn ^= (share > 0.5)[group]
    if turn.any():
        notes.append(f"{_count(int(turn.sum()), 'triangle', 'triangles')} turned to face as the neighbours do")
    return np.where(turn[:, None], triangles[:, ::-1], triangles)


def filled(
    points: Points, triangles: Triangles, largest_mm: float, notes: list[str]
) -> tuple[Points, Triangles]:
    """Close holes by fans around their middle."""
    edges, number, uses, _ = edges_of(triangles)
    new_points: list[Any] = []
    new_triangles: list[tuple[int, int, int]] = []
    sizes = []
    for loop in rings_of(edges[uses[number] == 1]):
        corners = points[loop]
        across = float(np.linalg.norm(corners[:, None] - corners[None], axis=2).max()) if len(loop) < 2000 else np.inf
        if across > largest_mm:
            continue
        sizes.append(across)
        if len(loop) == 3:
            new_triangles.append((loop[2], loop[1], loop[0]))
            continue
        middle = len(points) + len(new_points)
        new_points.append(corners.mean(axis=0))
        new_triangles += [(b, a, middle) for a, b in zip(loop, loop[1:] + loop[:1], strict=True)]
    if not sizes:
        return points, triangles
    notes.append(f"{_count(len(sizes), 'hole', 'holes')} of up to {max(sizes):.1f} mm closed")
    return np.vstack([points, *new_points]), np.vstack([triangles, np.array(new_triangles, np.int64)])


def rings_of(rim: Triangles) -> list[list[int]]:
    """Return the rings that directed edges (N, 2) make, none of which meets a point twice; open ends are left out."""
    onward: dict[int, list[int]] = {}
    for start, stop in rim.tolist():
        onward.setdefault(start, []).append(stop)
    loops = []
    for start in sorted(onward):
        while onward[start]:
            path, place = [start], {start: 0}
            while path and onward.get(path[-1]):
                after = onward[path[-1]].pop()
                if after not in place:
                    place[after] = len(path)
                    path.append(after)
                    continue
                ring = path[place[after]:]
                loops.append(ring)
                path = path[: place[after] + 1]
                for point in ring[1:]:
                    del place[point]
    return loops


def _parted(points: Points, triangles: Triangles, notes: list[str]) -> tuple[Points, Triangles]:
    """Give each fan of triangles a point of its own where several meet in one; the shape stays as it is."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, number, uses, balance = edges_of(triangles)
    if not len(triangles) or (uses != 2).any() or (balance != 0).any():
        return points, triangles
    # corners of triangles are one point if they follow each other around it: over a common edge
    order = np.argsort(number, kind="stable").reshape(-1, 2)  # an edge: from corner n of a triangle to the next one
    ahead = order // 3 * 3 + (order % 3 + 1) % 3
    links = np.concatenate([np.stack([order[:, 0], ahead[:, 1]], 1), np.stack([ahead[:, 0], order[:, 1]], 1)])
    size = 3 * len(triangles)
    fan = connected_components(coo_matrix((np.ones(len(links), np.int8), tuple(links.T)), (size, size)), False)[1]
    first = np.unique(fan, return_index=True)[1]
    owner = triangles.ravel()[first]
    extra = len(first) - len(np.unique(owner))
    if not extra:
        return points, triangles
    notes.append(f"{_count(extra, 'point', 'points')} at which parts of the surface touch made two")
    return points[owner], fan.reshape(-1, 3).astype(np.int64)


def _outward(points: Points, triangles: Triangles, notes: list[str]) -> Triangles:
    """Turn outermost shells that face in, with all that is within them if all of that is turned too."""
    _, _, uses, balance = edges_of(triangles)
    if not len(triangles) or (uses != 2).any() or (balance != 0).any():
        return triangles
    surface = SurfaceMesh(points, triangles)
    which = shells_of(triangles, len(points))
    shells = [part_of(surface, shell) for shell in which]
    crumb = [-LARGEST_CRUMB_ML < shell.volume_ml <= 0 and len(shells) > 1 for shell in shells]
    crumb = [small and depth == 0 for small, depth in zip(crumb, nesting(shells), strict=True)] if any(crumb) else crumb
    if any(crumb) and not all(crumb):
        notes.append(f"{_count(sum(crumb), 'shell', 'shells')} of under a mm3 that faced in left out")
        return _outward(points, triangles[~np.any([w for w, small in zip(which, crumb, strict=True) if small], axis=0)],
                        notes)  # fmt: skip
    wrong = [(shell.volume_ml < 0) == (depth % 2 == 0) for shell, depth in zip(shells, nesting(shells), strict=True)]
    if not any(wrong):
        return triangles
    if all(wrong):
        notes.append("the surface was inside out and has been turned")
        return np.ascontiguousarray(triangles[:, ::-1])
    turned = triangles.copy()
    depths = nesting(shells)
    for shell, bad, depth in zip(which, wrong, depths, strict=True):
        # a part within another that faces out may be a cavity or a second solid: that is not for us to say
        if bad and depth == 0:
            turned[shell] = triangles[shell][:, ::-1]
    number = sum(bad and depth == 0 for bad, depth in zip(wrong, depths, strict=True))
    if number:
        notes.append(f"{_count(number, 'part was', 'parts were')} inside out and turned")
    return turned


def _uncrossed(points: Points, triangles: Triangles, notes: list[str]) -> tuple[Points, Triangles]:
    """Even out the few triangles that cut through others, and patch what is left; all or nothing."""
    if not len(triangles) or not measure(points, triangles.astype(np.int32))[1]:
        return points, triangles
    before = int(crossing_triangles(points, triangles).sum())
    if not before or before > max(6, LARGEST_SHARE_MOVED * len(triangles)):
        return points, triangles
    moved, left = _evened(points, triangles)
    farthest = float(np.linalg.norm(moved - points, axis=1).max())
    patched = triangles
    for rings in (0, 1, 1, 2, 2, 3):
        if not left.any():
            break
        found = _patched(moved, patched, left, rings)
        if found is None:
            return points, triangles
        moved, patched = found
        left = crossing_triangles(moved, patched)
    change = SurfaceMesh(moved, patched).volume_ml / SurfaceMesh(points, triangles).volume_ml - 1.0
    if left.any() or abs(change) > LARGEST_CHANGE:
        return points, triangles
    notes.append(f"{before} triangles that cut through others evened out by up to {farthest:.2f} mm"
                 f"{'' if patched is triangles else ', the rest patched'}: the volume changed by {100 * change:+.3f} %")
    return moved, patched


def _evened(points: Points, triangles: Triangles) -> tuple[Points, NDArray[np.bool_]]:
    """Move the points of crossing triangles towards their neighbours; return the points and what still crosses."""
    moved = points.copy()
    crossing = crossing_triangles(points, triangles)
    start, stop = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    degree = np.maximum(np.bincount(start, minlength=len(points)), 1)[:, None]
    for _ in range(15):
        near = np.zeros(len(points), bool)
        near[triangles[crossing]] = True
        mean = np.stack(
            [np.bincount(start, moved[stop, axis], minlength=len(points)) for axis in range(3)], axis=1
        ) / degree
        way = moved + np.where(near[:, None], 0.5 * (mean - moved), 0.0) - points
        length = np.linalg.norm(way, axis=1, keepdims=True)
        moved = np.asarray(points + way * np.minimum(1.0, LARGEST_MOVE_MM / np.maximum(length, 1e-12)))
        crossing = crossing_triangles(moved, triangles)
        if not crossing.any():
            break
    return moved, crossing


def _patched(
    points: Points, triangles: Triangles, crossing: NDArray[np.bool_], rings: int
) -> tuple[Points, Triangles] | None:
    """Take out crossing triangles with so many rings around them and close the holes; None where that goes too far."""
    out = crossing
    for _ in range(rings):
        near = np.zeros(len(points), bool)
        near[triangles[out]] = True
        out = np.asarray(near[triangles].any(axis=1))
    notes: list[str] = []
    points, triangles = filled(points, triangles[~out], LARGEST_PATCH_MM, notes)
    _, _, uses, balance = edges_of(triangles)
    if not len(triangles) or (uses != 2).any() or (balance != 0).any():
        return None
    points, triangles = _parted(points, triangles, notes)
    shells = shells_of(triangles, len(points))
    if len(shells) > 1:  # a few triangles between two holes close to a crumb
        surface = SurfaceMesh(points, triangles)
        small = [shell for shell in shells if abs(part_of(surface, shell).volume_ml) < LARGEST_CRUMB_ML]
        if small and len(small) < len(shells):
            triangles = triangles[~np.any(small, axis=0)]
    return points, triangles
