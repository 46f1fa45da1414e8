"""The voxels of a vessel as a graph: its parts, gaps between them, paths from a root, where rings were opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import euler_number

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.kernels.tree_paths import (
    cheapest_paths,
    explaining_paths,
    neighbour_steps_mm,
    neighbour_table,
    outward_steps,
    ways_of_contact,
)

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MARGIN: Final = 3  # voxels around the vessel
LEAST_VOXELS: Final = 2  # a part of one voxel has no direction that would tell where it belongs
# a gap is bridged from the end of a part straight on: within 45 degrees
LEAST_AHEAD: Final = 0.7
# seen from the end of a tube the middle of its voxels moves back by half of what the view is widened, seen from a
# flank it hardly moves; below a fifth the voxel is no end
LEAST_END: Final = 0.2
# what a mm of path costs, by depth: a way through a wide lumen is worth a long detour, as one that crosses a contact of
# two walls is shallow there
PRICE: Final = -4.0
RING: Final = (16.0, 8.0)  # voxels and depths
# a path takes along what lies within its radius and a voxel or so of it (farther: a branch of its own)
EXPLAINS: Final = (1.15, 1.0)


@dataclass(frozen=True, eq=False)
class Voxels:
    """The voxels of a vessel in a box around it, numbered in the order of the grid.

    ``start`` is the place of the box in the whole grid of shape ``whole``; ``grid`` [k, j, i] holds numbers (-1
    outside), ``field`` 1 inside and 0 outside, continued beyond a border of the grid that cuts the vessel. Per voxel:
    ``places`` (n, 3) in the box, ``table`` (n, 26) its neighbours, ``depth_mm`` below the wall and the ``component`` it
    hangs together with (from 0).
    """

    start: NDArray[np.int64]
    whole: tuple[int, ...]
    spacing_mm: tuple[float, float, float]
    grid: NDArray[np.int32]
    field: NDArray[np.float32]
    places: Integers
    table: NDArray[np.int32]
    depth_mm: Floats
    component: Integers

    @property
    def sides_mm(self) -> Floats:
        """The spacing as an array (3,)."""
        return np.asarray(self.spacing_mm, np.float64)

    @property
    def places_mm(self) -> Floats:
        """Where the voxels are in mm along k, j, i from the box's first voxel, (n, 3)."""
        return self.places * self.sides_mm


@dataclass(frozen=True, eq=False)
class Bridges:
    """Links across gaps from voxel ``first`` to ``second``, ``length_mm`` between centres, ``empty_mm`` of it outside.

    ``joined`` tells which components hang together with that of the root.
    """

    first: Integers
    second: Integers
    length_mm: Floats
    empty_mm: Floats
    joined: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Paths:
    """Paths that explain a vessel: voxels on them, the voxel before each (-1: root) and its way from the root in mm.

    ``trunk`` lists the voxels of a path that one line must follow, from the root on.
    """

    on_path: NDArray[np.bool_]
    before: Integers
    length_mm: Floats
    trunk: Integers


def box_voxels(mask: Mask) -> int:
    """Return how many voxels the box around a mask that is not empty has, with its margin."""
    spans = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    return int(np.prod([int(span[-1]) - int(span[0]) + 1 + 2 * MARGIN for span in spans]))


def voxels_of(mask: Mask, spacing_mm: tuple[float, float, float], monitor: Monitor = SILENT) -> Voxels:
    """Number the voxels of a mask that is not empty; the monitor is asked between the steps whether to go on."""
    spans = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    low = np.array([span[0] - MARGIN for span in spans])
    high = np.array([span[-1] + 1 + MARGIN for span in spans])
    inner = tuple(slice(max(0, a), min(size, b)) for a, b, size in zip(low, high, mask.shape, strict=True))
    pad = [(s.start - a, b - s.stop) for s, a, b in zip(inner, low, high, strict=True)]
    inside = np.pad(mask[inner], pad)
    wide = np.pad(mask[inner], pad, mode="edge")
    check_cancelled(monitor)
    depth = distance_mm(~wide, spacing_mm) if not wide.all() else np.full(wide.shape, np.float32(1e3))
    check_cancelled(monitor)
    parts, _ = ndimage.label(inside, np.ones((3, 3, 3)))
    check_cancelled(monitor)
    places = np.argwhere(inside)
    grid = np.full(inside.shape, -1, np.int32)
    grid[inside] = np.arange(len(places), dtype=np.int32)
    check_cancelled(monitor)
    return Voxels(
        low.astype(np.int64), mask.shape, spacing_mm, grid, wide.astype(np.float32), places,
        neighbour_table(grid, places), depth[inside].astype(np.float64), parts[inside].astype(np.int64) - 1,
    )


def bridges_of(vessel: Voxels, root: int, bridge_mm: float, monitor: Monitor = SILENT) -> Bridges:
    """Link the parts of a vessel to the part of voxel ``root`` across gaps of up to ``bridge_mm``, the best first.

    A part is joined where the end of one of both faces the other (straight on within 45 degrees), parts of one voxel
    never. Each part gets one link, so that no ring is closed.
    """
    part = vessel.component
    sizes = np.bincount(part)
    joined = np.zeros(sizes.size, bool)
    joined[part[root]] = True
    none = np.zeros(0, np.int64)
    if sizes.size == 1 or bridge_mm <= 0:
        return Bridges(none, none, np.zeros(0), np.zeros(0), joined)
    first, second = _facing(vessel, bridge_mm, monitor)
    check_cancelled(monitor)
    large = (sizes[part[first]] >= LEAST_VOXELS) & (sizes[part[second]] >= LEAST_VOXELS)
    first, second = first[large], second[large]
    if not first.size:
        return Bridges(none, none, np.zeros(0), np.zeros(0), joined)
    gap, length = _gaps(vessel, first, second)
    ahead = np.maximum(_ahead(vessel, first, gap, bridge_mm), _ahead(vessel, second, -gap, bridge_mm))
    price = length * (2.0 - ahead)
    good = np.flatnonzero(ahead >= LEAST_AHEAD)
    chosen: list[int] = []
    waiting = good[np.lexsort((second[good], first[good], price[good]))]
    while waiting.size:
        check_cancelled(monitor)
        here, there = joined[part[first[waiting]]], joined[part[second[waiting]]]
        ready = np.flatnonzero(here != there)
        if not ready.size:
            break
        best = int(waiting[ready[0]])
        chosen.append(best)
        joined[[part[first[best]], part[second[best]]]] = True
        waiting = waiting[~(here & there)]
    links = np.array(chosen, np.int64)
    return Bridges(first[links], second[links], np.linalg.norm(gap[links], axis=1), length[links], joined)


def _gaps(vessel: Voxels, first: Integers, second: Integers) -> tuple[Floats, Floats]:
    """Return the vectors between voxels (n, 3) in mm, and how much of each lies in neither of the two voxels (n,)."""
    gap = vessel.places_mm[second] - vessel.places_mm[first]
    length = np.linalg.norm(gap, axis=1)
    inside = 1.0 / np.max(np.abs(gap) / vessel.sides_mm, axis=1)  # half of the way through each of the two
    return gap, length * (1.0 - inside)


def _facing(vessel: Voxels, bridge_mm: float, monitor: Monitor) -> tuple[Integers, Integers]:
    """Return pairs of voxels of different parts that face each other: what lies between is nearest to one or other."""
    away, nearest = ndimage.distance_transform_edt(vessel.grid < 0, sampling=vessel.spacing_mm, return_indices=True)
    owner = vessel.grid[tuple(nearest)]
    owner[away > 0.5 * bridge_mm + 1.5 * max(vessel.spacing_mm)] = -1
    pairs = []
    for axis in range(3):
        check_cancelled(monitor)
        low = np.moveaxis(owner, axis, 0)[:-1].ravel()
        high = np.moveaxis(owner, axis, 0)[1:].ravel()
        met = (low >= 0) & (high >= 0) & (low != high)
        low, high = low[met].astype(np.int64), high[met].astype(np.int64)
        apart = vessel.component[low] != vessel.component[high]
        pairs.append(np.sort(np.column_stack([low[apart], high[apart]]), axis=1))
    both = np.unique(np.concatenate(pairs), axis=0)
    both = both[_gaps(vessel, both[:, 0], both[:, 1])[1] <= bridge_mm]
    return both[:, 0], both[:, 1]


def _ahead(vessel: Voxels, voxels: Integers, gap: Floats, bridge_mm: float) -> Floats:
    """Return the cosine between the way out of the end at each voxel and a gap; 0 where the voxel is no end."""
    reach = max(bridge_mm, 3.0 * max(vessel.spacing_mm))
    which, back = np.unique(voxels, return_inverse=True)
    out = outward_steps(
        vessel.grid, vessel.component, vessel.places, vessel.depth_mm, vessel.sides_mm, which, reach
    )[back]
    size = np.linalg.norm(out, axis=1)
    cosine = (out * gap).sum(1) / np.maximum(size * np.linalg.norm(gap, axis=1), 1e-9)
    return np.where(size >= LEAST_END, cosine, 0.0)


def paths_of(vessel: Voxels, root: int, bridges: Bridges, tube: Mask | None = None) -> Paths:
    """Return the paths from a root voxel that explain all parts which hang together.

    A mm of path costs the inverse fourth power of the depth, so that it runs in the middle and rather along a wide
    vessel than through a place where two walls touch. ``tube`` (n,) marks voxels of an unbranched tube that holds the
    root: one path from the root to its other end explains all of it, and every other path begins there.
    """
    first, to, mm = _linked(bridges, len(vessel.places))
    steps, weight = neighbour_steps_mm(vessel.spacing_mm), vessel.depth_mm**PRICE
    on_path, explained = np.zeros(len(weight), bool), np.zeros(len(weight), bool)
    sources = np.array([root])
    if tube is not None:
        aside = np.where(tube, weight, 1e6)
        _, along, behind = cheapest_paths(vessel.table, steps, aside, sources, first, to, mm)
        explained |= tube
        there = tube & np.isfinite(along)
        # the farthest voxel lies in a corner of the end: the deepest within a radius of it stands for the end
        end = there & (along >= along[there].max() - vessel.depth_mm[there].max())
        node = int(np.argmax(np.where(end, vessel.depth_mm, -1.0)))
        chain = [node]
        while behind[chain[-1]] >= 0:
            chain.append(int(behind[chain[-1]]))
        sources = np.array(chain[::-1])
        on_path[sources] = True
    _, length, before = cheapest_paths(vessel.table, steps, weight, sources, first, to, mm)
    reached = np.flatnonzero(np.isfinite(length))
    far_first = np.append(sources[:1], reached[np.lexsort((reached, -length[reached]))])
    if tube is not None:
        length = length + along[_origins(before)]
        before[sources] = behind[sources]
    scale, more = EXPLAINS
    explaining_paths(
        before, far_first, vessel.depth_mm, vessel.grid, vessel.places, vessel.sides_mm, scale,
        more * max(vessel.spacing_mm), on_path, explained,
    )
    return Paths(on_path, before, length, sources)


def _linked(bridges: Bridges, count: int) -> tuple[Integers, Integers, Floats]:
    """Return the bridges from each voxel, both ways: those of voxel n are first[n]:first[n + 1]."""
    both = np.concatenate([bridges.first, bridges.second])
    to = np.concatenate([bridges.second, bridges.first])
    order = np.lexsort((to, both))
    first = np.searchsorted(both[order], np.arange(count + 1)).astype(np.int64)
    return first, to[order], np.concatenate([bridges.length_mm, bridges.length_mm])[order]


def _origins(before: Integers) -> Integers:
    """Return the voxel at the beginning of each one's path."""
    origin = np.where(before < 0, np.arange(len(before)), before)
    for _ in range(len(before).bit_length()):
        origin = origin[origin]
    return origin


def rings_of(vessel: Voxels, paths: Paths, monitor: Monitor = SILENT) -> Integers:
    """Return a voxel for each place where the paths cut a ring open: where branches touch that are far apart else.

    How many rings there are at most is counted from the voxels: parts plus closed hollows less the Euler number. Rings
    shorter than about sixteen voxels and four diameters are not told from forks.
    """
    inside = vessel.grid >= 0
    _, outsides = ndimage.label(~inside)
    check_cancelled(monitor)
    most = int(vessel.component.max()) + 1 + outsides - 1 - int(euler_number(inside, 3))  # type: ignore[no-untyped-call]
    if most <= 0:
        return np.zeros(0, np.int64)
    check_cancelled(monitor)
    sources = np.flatnonzero(paths.on_path)
    table, steps = vessel.table, neighbour_steps_mm(vessel.spacing_mm)
    none = np.zeros(0, np.int64)
    _, _, before = cheapest_paths(
        table, steps, np.ones(len(table)), sources, np.zeros(len(table) + 1, np.int64), none, np.zeros(0)
    )
    nearest = _origins(before)
    nearest[~paths.on_path[nearest]] = -1
    way = ways_of_contact(table, nearest, paths.before, np.where(paths.on_path, paths.length_mm, np.inf))
    side = max(vessel.spacing_mm)
    least = RING[0] * side + RING[1] * vessel.depth_mm
    touching = np.zeros(vessel.grid.shape, bool)
    touching[tuple(vessel.places[way > least].T)] = True
    spots, count = ndimage.label(touching, np.ones((3, 3, 3)))
    spot_of = spots[tuple(vessel.places.T)]
    rings = []
    for spot in range(1, count + 1):
        mine = np.flatnonzero(spot_of == spot)
        rings.append((-float(way[mine].max()), int(mine[np.argmax(vessel.depth_mm[mine])])))
    return np.array([voxel for _, voxel in sorted(rings)[:most]], np.int64)
