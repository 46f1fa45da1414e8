"""From paths through voxels to lines in the middle of vessels: finer than the voxels, smooth, with radius and forks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.vessels.voxels import Bridges, Paths, Voxels
from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.kernels.tree_sections import (
    cross_sections,
    gaps_to_parents,
    line_owners,
    running_medians,
    smooth_lines,
    ways_out_mm,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ROUNDS: Final = 4
# nodes lie 0.6 voxels apart; lines are smoothed over two and a half voxels (the wall of a thin vessel is known to half
# a voxel only) or one and a half radii to either side, radii over a little more
STEP: Final = 0.6
WINDOW: Final = (2.5, 1.5)
RADIUS_WINDOW: Final = (3.5, 2.25)
OVERLAP: Final = 0.7
FLOOR: Final = 0.03
CLAIMS: Final = (0.5, 1.0)
MORE: Final = 0.0
# what sticks out of its parent by less than its own radius or a voxel and a half is roughness of the wall
LEAST_OUT: Final = (1.0, 1.5)


@dataclass(eq=False)
class Line:
    """A line of nodes from the side of its ``parent`` line (-1: the root) to a tip, in mm along k, j, i.

    ``inside`` counts nodes at the beginning that lie in the parent's lumen, ``beside`` those whose
    own lumen overlaps with it. ``sound`` is the trust in each node,
    ``cut_mm`` what was cut off at its end.
    """

    parent: int
    points: Floats
    bridged: NDArray[np.bool_]
    radius: Floats
    sound: Floats
    inside: int = 0
    beside: int = 0
    cut_mm: float = 0.0

    @property
    def along(self) -> Floats:
        """Length in mm from the first node to each."""
        return np.append(0.0, np.cumsum(np.linalg.norm(np.diff(self.points, axis=0), axis=1)))


@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes of a finished tree: places (n, 3) in mm along k, j, i of the box, parents, radius in mm, bridged."""

    points: Floats
    parents: Integers
    radius: Floats
    bridged: NDArray[np.bool_]


def lines_of(vessel: Voxels, paths: Paths, bridges: Bridges) -> list[Line]:
    """Divide the paths into lines, each following the larger branch at a fork; parents come before their children."""
    nodes = np.flatnonzero(paths.on_path)
    nodes = nodes[np.lexsort((nodes, paths.length_mm[nodes]))]
    before = paths.before
    worth = np.zeros(len(vessel.places))
    worth[nodes] = vessel.depth_mm[nodes] ** 2
    for node in nodes[::-1]:
        if before[node] >= 0:
            worth[before[node]] += worth[node]
    worth[paths.trunk] = np.inf
    heir: dict[int, int] = {}
    for node in nodes:
        up = int(before[node])
        if up >= 0 and (up not in heir or worth[node] > worth[heir[up]]):
            heir[up] = int(node)
    over = {(int(a), int(b)) for a, b in zip(bridges.first, bridges.second, strict=True)}
    step = STEP * float(np.mean(vessel.spacing_mm))
    line_of: dict[int, int] = {}
    lines: list[Line] = []
    for node in nodes:
        up = int(before[node])
        if up >= 0 and heir[up] == node:
            continue
        chain = [int(node)]
        while chain[-1] in heir:
            chain.append(heir[chain[-1]])
        line_of.update(dict.fromkeys(chain, len(lines)))
        if up >= 0:
            chain.insert(0, up)
        gaps = np.array([(a, b) in over or (b, a) in over for a, b in pairwise(chain)], bool)
        lines.append(_resampled(vessel, np.array(chain), gaps, step, line_of[up] if up >= 0 else -1))
    return lines


def _resampled(vessel: Voxels, chain: Integers, gaps: NDArray[np.bool_], step: float, parent: int) -> Line:
    places = vessel.places_mm[chain]
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1)))
    count = max(2, int(np.ceil(along[-1] / step)) + 1) if along[-1] > 0 else 1
    at = np.linspace(0.0, along[-1], count)
    points = np.column_stack([np.interp(at, along, places[:, axis]) for axis in range(3)])
    radius = np.interp(at, along, vessel.depth_mm[chain])
    bridged = np.zeros(count, bool)
    for gap in np.flatnonzero(gaps):
        bridged |= (at > along[gap]) & (at <= along[gap + 1] + 1e-9)
    return Line(parent, points, bridged, radius, np.ones(count))


def centred(vessel: Voxels, lines: list[Line], monitor: Monitor = SILENT) -> list[Line]:
    """Move the lines into the middle of the vessel, smooth them, measure radii, and drop what only roughens a wall.

    A path ends in a corner of the vessel's end. Its last radius is cut off, and drawn straight on to the wall later.
    """
    # a root in the middle of a vessel, where two lines begin, is no end
    step = STEP * float(np.mean(vessel.spacing_mm))
    starts = [float(np.linalg.norm(line.points[0] - lines[0].points[0])) for line in lines[1:] if line.parent == 0]
    at_end = min(starts, default=np.inf) > step
    for line in lines:
        _cut_end(line)
    if at_end:
        _reverse(lines[0])
        _cut_end(lines[0])
        _reverse(lines[0])
    for turn in range(ROUNDS):
        check_cancelled(monitor)
        monitor.progress(turn / ROUNDS)
        first = np.cumsum([0, *(len(line.points) for line in lines)])
        points = np.concatenate([line.points for line in lines])
        along = np.concatenate([line.along for line in lines])
        radius = np.concatenate([line.radius for line in lines])
        bridged = np.concatenate([line.bridged for line in lines])
        mean = float(np.mean(vessel.spacing_mm))
        window = np.maximum(WINDOW[0] * mean, WINDOW[1] * radius)
        one = np.ones(len(points))
        _, tangent = smooth_lines(along, points, one, window, first, 2)
        size = np.linalg.norm(tangent, axis=1, keepdims=True)
        tangent = np.where(size > 1e-6, tangent / np.maximum(size, 1e-6), [1.0, 0.0, 0.0])
        reach = 2.2 * radius + 2.0 * max(vessel.spacing_mm)
        number = np.repeat(np.arange(len(lines)), np.diff(first))
        # whose voxel is whose is told by radii, which the first round measures
        claims = _claims(lines, mean)
        known = np.flatnonzero(claims > 0)[:len(points) if turn else 0]
        owner = line_owners(
            vessel.grid.shape, vessel.sides_mm, points[known], claims[known], number[known], MORE * mean
        )
        width, to_middle, sound = cross_sections(
            vessel.field, owner, vessel.sides_mm, points, tangent, reach, number
        )
        limit = np.maximum(0.5 * radius, 0.5 * mean)
        far = np.linalg.norm(to_middle, axis=1)
        to_middle *= np.minimum(1.0, limit / np.maximum(far, 1e-9))[:, None]
        # no trust in what was not measured: bridges, and sections that run into other branches all around
        trust = np.where(bridged | (width <= 0), 0.0, np.clip(2.0 * sound - 0.8, 0.05, 1.0))
        for low, line in zip(first[:-1], lines, strict=True):
            trust[low : low + line.inside] = 0.0
        # what was not measured stays about where it is
        moved, _ = smooth_lines(along, points + to_middle, np.maximum(trust, FLOOR), window, first, 2)
        alone = trust.copy()
        for low, line in zip(first[:-1], lines, strict=True):
            alone[low : low + line.beside] = 0.0
        window = np.maximum(RADIUS_WINDOW[0] * mean, RADIUS_WINDOW[1] * radius)
        radius = _steady(along, width, alone, window, first, radius)
        for n, line in enumerate(lines):
            mine = slice(first[n], first[n + 1])
            moved[first[n] : first[n] + line.inside] = line.points[: line.inside]
            line.points, line.radius, line.sound = moved[mine], radius[mine], trust[mine]
        _leave(lines)
        if turn in (0, 2):
            lines = _without_spurs(vessel, lines)
    for line in lines:
        keep = max(0, min(line.inside, len(line.points) - 2))
        for name in ("points", "bridged", "radius", "sound"):
            setattr(line, name, getattr(line, name)[keep:])
    _lengthen(vessel, lines)
    if at_end:
        _reverse(lines[0])
        _lengthen(vessel, lines[:1])
        _reverse(lines[0])
    return lines


def _claims(lines: list[Line], mean: float) -> Floats:
    """Return the radius with which each node claims voxels for its line, 0 where it claims none.

    Lines half as wide as their parent at least and as two voxels do: a thin twig leaves a spot on its parent's wall,
    which a section does not mind. Where a line begins sections run into its parent; it claims no more there than the
    radius it has farther on.
    """
    claims = []
    for line in lines:
        radius = line.radius
        if line.parent >= 0:
            mother = lines[line.parent]
            near = int(np.argmin(np.linalg.norm(mother.points - line.points[0], axis=1)))
            wide = float(mother.radius[max(0, near - 3) : near + 4].max())
            later = float(np.median(radius[line.beside :][:8]))
            if later < max(CLAIMS[0] * wide, CLAIMS[1] * mean):
                radius = np.zeros(len(radius))
        claims.append(radius)
    return np.concatenate(claims)


def _reverse(line: Line) -> None:
    for name in ("points", "bridged", "radius", "sound"):
        setattr(line, name, getattr(line, name)[::-1])


def _cut_end(line: Line) -> None:
    to_end = line.along[-1] - line.along
    near = np.flatnonzero(to_end <= line.radius)
    keep = max(3, int(near[0]) if near.size else 0, len(line.points) // 2)
    line.cut_mm = float(to_end[min(keep, len(to_end)) - 1])
    for name in ("points", "bridged", "radius", "sound"):
        setattr(line, name, getattr(line, name)[:keep])


def _lengthen(vessel: Voxels, lines: list[Line]) -> None:
    """Draw lines straight on from their last node to the wall of the vessel."""
    ways, ends = np.zeros((len(lines), 3)), np.array([line.points[-1] for line in lines])
    for n, line in enumerate(lines):
        to_end = line.along[-1] - line.along
        ways[n] = _direction(line.points[to_end <= max(2.5 * float(np.mean(vessel.spacing_mm)), line.radius[-1])])
    most = np.array([max(line.cut_mm, line.radius[-1]) + max(vessel.spacing_mm) for line in lines])
    far = ways_out_mm(vessel.field, vessel.sides_mm, ends, ways, most)
    step = STEP * float(np.mean(vessel.spacing_mm))
    for n, line in enumerate(lines):
        count = int(np.ceil(far[n] / step)) if ways[n].any() else 0
        shares = np.arange(1, count + 1)[:, None] / max(count, 1)
        more = ends[n] + shares * far[n] * ways[n]
        index = more / vessel.sides_mm + vessel.start
        more = more[np.all((index >= -0.5) & (index <= np.asarray(vessel.whole) - 0.5), axis=1)]
        count = len(more)
        line.points = np.concatenate([line.points, more])
        for name in ("bridged", "radius", "sound"):
            values = getattr(line, name)
            setattr(line, name, np.concatenate([values, np.full(count, values[-1])]))


def _direction(points: Floats) -> Floats:
    """Return the unit vector along points from the first to the last, zeros where there are fewer than two."""
    if len(points) < 2:
        return np.zeros(3)
    middle = points - points.mean(axis=0)
    way: Floats = np.linalg.svd(middle, full_matrices=False)[2][0]
    return way if way @ (points[-1] - points[0]) >= 0 else -way


def _steady(along: Floats, width: Floats, trust: Floats, window: Floats, first: Integers, former: Floats) -> Floats:
    """Smooth radii along lines: a median that keeps steps, then a local line; what was not measured is interpolated."""
    calm = running_medians(along, width, trust, window, first, former)
    smooth, _ = smooth_lines(along, calm[:, None].copy(), np.maximum(trust, 0.01), window, first, 1)
    return np.maximum(smooth[:, 0], 1e-3)


def _without_spurs(vessel: Voxels, lines: list[Line]) -> list[Line]:
    """Drop lines without children that hardly stick out of their parents."""
    side = float(np.mean(vessel.spacing_mm))
    busy = np.zeros(len(lines), bool)
    for n in range(len(lines) - 1, 0, -1):
        line = lines[n]
        along = line.along
        out = float(along[-1] - along[min(line.inside, len(along) - 1)])
        wide = float(np.median(line.radius[min(line.inside, len(along) - 1) :]))
        least = max(LEAST_OUT[0] * wide, LEAST_OUT[1] * side)
        if line.parent >= 0 and (busy[n] or out >= least):
            busy[n] = busy[line.parent] = True
    keep_lines = np.flatnonzero(busy | (np.array([line.parent for line in lines]) < 0))
    number = np.full(len(lines), -1)
    number[keep_lines] = np.arange(keep_lines.size)
    kept = [lines[n] for n in keep_lines]
    for line in kept:
        if line.parent >= 0:
            line.parent = int(number[line.parent])
    return kept


def _leave(lines: list[Line]) -> None:
    """Count the nodes at the beginning of lines that lie in the parent's lumen, and those whose lumens overlap."""
    first = np.cumsum([0, *(len(line.points) for line in lines)])
    gaps = gaps_to_parents(
        np.concatenate([line.points for line in lines]), np.concatenate([line.radius for line in lines]), first,
        np.array([line.parent for line in lines]),
    )  # fmt: skip
    for line, low, high in zip(lines, first[:-1], first[1:], strict=True):
        gap = gaps[low:high]
        outside = np.flatnonzero(gap > 0)
        line.inside = int(outside[0]) if outside.size else len(gap)
        clear = np.flatnonzero(gap > OVERLAP * float(np.median(line.radius)))
        # what never comes clear of its parent is measured at its end
        line.beside = min(int(clear[0]) if clear.size else len(gap), max(len(gap) - 3, 0))


def joined(vessel: Voxels, lines: list[Line]) -> Nodes:
    """Join the lines to one tree.

    A side branch is seen only outside its parent. Inside it is drawn straight on: the fork is the node of the parent
    that the branch, going back straight, comes nearest to.
    """
    step = STEP * float(np.mean(vessel.spacing_mm))
    points, parents, radius, bridged = [], [], [], []
    numbers: list[Integers] = []
    total = 0
    for line in lines:
        places, widths, over, up = line.points, line.radius, line.bridged, -1
        if line.parent >= 0:
            mother = lines[line.parent]
            fork = _fork(line, mother, vessel)
            up = int(numbers[line.parent][fork])
            way = line.points[0] - mother.points[fork]
            count = max(0, int(np.ceil(np.linalg.norm(way) / step)) - 1)
            shares = np.arange(1, count + 1) / (count + 1.0)
            places = np.concatenate([mother.points[fork] + shares[:, None] * way, places])
            widths = np.concatenate([np.full(count, line.radius[0]), widths])
            over = np.concatenate([np.full(count, line.bridged[0]), over])
            line.points, line.radius, line.bridged = places, widths, over
            line.sound = np.concatenate([np.zeros(count), line.sound])
        mine = total + np.arange(len(places))
        points.append(places)
        parents.append(np.append(up, mine[:-1]))
        radius.append(widths)
        bridged.append(over)
        numbers.append(mine)
        total += len(places)
    return Nodes(np.concatenate(points), np.concatenate(parents), np.concatenate(radius), np.concatenate(bridged))


def _fork(line: Line, mother: Line, vessel: Voxels) -> int:
    side = float(np.mean(vessel.spacing_mm))
    start = line.points[0]
    span = max(2.5 * side, 1.5 * float(line.radius[0]))
    ahead = line.points[line.along <= span]
    to_nodes = mother.points - start
    apart = np.linalg.norm(to_nodes, axis=1)
    near = int(np.argmin(apart))
    if len(ahead) < 3:
        return near
    way = -_direction(ahead)
    back = np.maximum(to_nodes @ way, 0.0)
    off = np.linalg.norm(to_nodes - back[:, None] * way, axis=1)
    # what lies far from where the branch meets its parent is a guess: each mm away costs a quarter of a mm beside
    price = np.hypot(off, 0.25 * np.linalg.norm(mother.points - mother.points[near], axis=1))
    price[apart > apart[near] + 2.0 * float(mother.radius[near]) + 2.0 * side] = np.inf
    return int(np.argmin(price))
