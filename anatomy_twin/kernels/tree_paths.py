"""Ways through the voxels of a vessel: cheapest paths from a root, and the few of them that explain all the rest.

The scheme of Sato, Bitter, Bender, Kaufman and Nakajima (TEASAR: tree-structure extraction algorithm for accurate and
robust skeletons, Pacific Graphics 2000), with a price per mm that depends on the depth below the wall.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.seg_geodesic import _rise, _sink


@njit(cache=True, parallel=True)
def neighbour_table(grid: NDArray[np.int32], voxels: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the numbers of the 26 neighbours of each voxel (n, 26), -1 where there is none.

    ``grid`` [k, j, i] holds the number of each voxel of the vessel and -1 elsewhere; ``voxels`` (n, 3) their places.
    Neighbours are in the order of their offsets from (-1, -1, -1) to (1, 1, 1), the voxel itself left out.
    """
    count = voxels.shape[0]
    table = np.full((count, 26), -1, np.int32)
    for n in prange(count):
        at = 0
        for c in range(-1, 2):
            for b in range(-1, 2):
                for a in range(-1, 2):
                    if a == 0 and b == 0 and c == 0:
                        continue
                    k, j, i = voxels[n, 0] + c, voxels[n, 1] + b, voxels[n, 2] + a
                    if 0 <= k < grid.shape[0] and 0 <= j < grid.shape[1] and 0 <= i < grid.shape[2]:
                        table[n, at] = grid[k, j, i]
                    at += 1
    return table


def neighbour_steps_mm(spacing_mm: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the distance in mm to each of the 26 neighbours, in the order of ``neighbour_table``; (26,)."""
    offsets = [(c, b, a) for c in (-1, 0, 1) for b in (-1, 0, 1) for a in (-1, 0, 1) if (c, b, a) != (0, 0, 0)]
    return np.asarray(np.linalg.norm(np.array(offsets) * np.asarray(spacing_mm), axis=1))


@njit(cache=True, no_cpython_wrapper=True)
def _relax(voxel: int, other: int, price: float, step: float, state: Any, count: int) -> int:
    cost, length, before, heap, place = state
    if cost[voxel] + price < cost[other]:
        cost[other] = cost[voxel] + price
        length[other] = length[voxel] + step
        before[other] = voxel
        if place[other] < 0:
            heap[count] = other
            place[other] = count
            count += 1
        _rise(heap, place, cost, place[other])
    return count


@njit(cache=True)
def cheapest_paths(
    table: NDArray[np.int32], steps_mm: NDArray[np.float64], weight: NDArray[np.float64], sources: NDArray[np.int64],
    bridge_first: NDArray[np.int64], bridge_to: NDArray[np.int64], bridge_mm: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return per voxel the cost of the cheapest path from ``sources``, its length in mm and the voxel before it.

    A step costs its length times the mean ``weight`` (n,) of its two voxels (Dijkstra 1959). Beyond the neighbours of
    ``table``, voxel n is linked to bridge_to[bridge_first[n]:bridge_first[n + 1]], ``bridge_mm`` long. Of equal costs
    the voxel with the lower number goes first. Cost and length are inf, the voxel before -1, where no path leads; the
    voxel before a source is -1.
    """
    total = table.shape[0]
    cost, length = np.full(total, np.inf), np.full(total, np.inf)
    before = np.full(total, -1, np.int64)
    heap, place = np.empty(total, np.int64), np.full(total, -1, np.int64)
    count = 0
    for source in sources:
        if cost[source] > 0.0:
            cost[source], length[source] = 0.0, 0.0
            heap[count], place[source] = source, count
            count += 1
    state = (cost, length, before, heap, place)
    while count > 0:
        voxel = heap[0]
        count -= 1
        if count > 0:
            heap[0] = heap[count]
            _sink(heap, place, cost, count)
        place[voxel] = -2
        for n in range(26):
            other = table[voxel, n]
            if other >= 0 and place[other] != -2:
                price = steps_mm[n] * 0.5 * (weight[voxel] + weight[other])
                count = _relax(voxel, other, price, steps_mm[n], state, count)
        for b in range(bridge_first[voxel], bridge_first[voxel + 1]):
            other = bridge_to[b]
            if place[other] != -2:
                price = bridge_mm[b] * 0.5 * (weight[voxel] + weight[other])
                count = _relax(voxel, other, price, bridge_mm[b], state, count)
    return cost, length, before


@njit(cache=True)
def _explain(voxel: int, radius: float, grid: Any, voxels: Any, spacing: Any, explained: Any) -> None:
    """Mark what lies within ``radius`` mm of a voxel."""
    k, j, i = voxels[voxel, 0], voxels[voxel, 1], voxels[voxel, 2]
    c, b, a = int(radius / spacing[0]), int(radius / spacing[1]), int(radius / spacing[2])
    for z in range(max(0, k - c), min(grid.shape[0], k + c + 1)):
        for y in range(max(0, j - b), min(grid.shape[1], j + b + 1)):
            flat = ((z - k) * spacing[0]) ** 2 + ((y - j) * spacing[1]) ** 2
            if flat > radius * radius:
                continue
            for x in range(max(0, i - a), min(grid.shape[2], i + a + 1)):
                if grid[z, y, x] >= 0 and flat + ((x - i) * spacing[2]) ** 2 <= radius * radius:
                    explained[grid[z, y, x]] = True


@njit(cache=True)
def explaining_paths(
    before: NDArray[np.int64], order: NDArray[np.int64], depth_mm: NDArray[np.float64], grid: NDArray[np.int32],
    voxels: NDArray[np.int64], spacing: NDArray[np.float64], scale: float, more_mm: float,
    on_path: NDArray[np.bool_], explained: NDArray[np.bool_],
) -> None:
    """Find the voxels (n,) on the paths that explain the vessel, and mark them in ``on_path`` (n,).

    ``order`` lists voxels, farthest from the root first. Each that nothing explains yet gives the path back to what is
    on a path already (``before``); what lies within ``scale`` * depth + ``more_mm`` of a path is ``explained`` (n,).
    """
    for voxel in order:
        if explained[voxel]:
            continue
        at = voxel
        while at >= 0 and not on_path[at]:
            on_path[at] = True
            _explain(at, scale * depth_mm[at] + more_mm, grid, voxels, spacing, explained)
            at = before[at]


@njit(cache=True, no_cpython_wrapper=True)
def _way_mm(first: int, second: int, parents: Any, length: Any) -> float:
    """Length of the way from one node of a tree to another; a parent is never farther from the root."""
    total = length[first] + length[second]
    while first != second:
        if first < 0 or second < 0:
            return math.inf
        if length[first] > length[second] or (length[first] == length[second] and first > second):
            first = parents[first]
        else:
            second = parents[second]
    return float(total - 2.0 * length[first])


@njit(cache=True, parallel=True)
def ways_of_contact(
    table: NDArray[np.int32], nearest: NDArray[np.int64], parents: NDArray[np.int64], length_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return per voxel the longest way along the tree, in mm, between its tree node and those of its neighbours (n,).

    ``nearest`` (n,) is the tree node (itself a voxel) that each voxel belongs to, ``parents`` (n,) and ``length_mm``
    (n,; from the root) make the tree. Where two branches touch, a short step through the voxels is a long way round.
    """
    longest = np.zeros(nearest.size)
    for n in prange(nearest.size):
        for m in range(26):
            other = table[n, m]
            if nearest[n] >= 0 and other >= 0 and nearest[other] >= 0 and nearest[other] != nearest[n]:
                way = _way_mm(nearest[n], nearest[other], parents, length_mm)
                if way > longest[n] and way < math.inf:
                    longest[n] = way
    return longest


@njit(cache=True, no_cpython_wrapper=True)
def _middle(
    voxel: int, reach: float, grid: Any, component: Any, voxels: Any, depth: Any, spacing: Any, middle: Any
) -> float:
    """Set ``middle`` (3,) to the mean step in mm to the voxels of the same part within ``reach``; returns the depth of
    the deepest of them."""
    k, j, i = voxels[voxel, 0], voxels[voxel, 1], voxels[voxel, 2]
    c, b, a = int(reach / spacing[0]), int(reach / spacing[1]), int(reach / spacing[2])
    total, deepest = 0, 0.0
    middle[:] = 0.0
    for z in range(max(0, k - c), min(grid.shape[0], k + c + 1)):
        for y in range(max(0, j - b), min(grid.shape[1], j + b + 1)):
            for x in range(max(0, i - a), min(grid.shape[2], i + a + 1)):
                other = grid[z, y, x]
                if other < 0 or component[other] != component[voxel]:
                    continue
                p, q, r = (z - k) * spacing[0], (y - j) * spacing[1], (x - i) * spacing[2]
                if p * p + q * q + r * r <= reach * reach:
                    total += 1
                    deepest = max(deepest, depth[other])
                    middle[0] += p
                    middle[1] += q
                    middle[2] += r
    middle /= total
    return deepest


@njit(cache=True, parallel=True)
def outward_steps(
    grid: NDArray[np.int32], component: NDArray[np.int64], voxels: NDArray[np.int64], depth_mm: NDArray[np.float64],
    spacing: NDArray[np.float64], chosen: NDArray[np.int64], reach_mm: float,
) -> NDArray[np.float64]:
    """Return for each ``chosen`` voxel how its surroundings end there: (m, 3) along k, j, i.

    From the middle of the voxels of its own ``component`` (n,) in a wide ball around it to that in a narrow one. The
    narrow ball is a voxel wider than the tube is deep within ``reach_mm``, the wide one three times as deep, at least
    ``reach_mm``. At the end of a tube the vector points out along the tube and has about half the length of the
    difference of the two radii, which is its unit; on a flank it is short.
    """
    result = np.zeros((chosen.size, 3))
    side = spacing.max()
    for n in prange(chosen.size):
        near, far = np.zeros(3), np.zeros(3)
        deep = _middle(chosen[n], reach_mm, grid, component, voxels, depth_mm, spacing, far)
        narrow = deep + side
        wide = max(reach_mm, 3.0 * deep, narrow + 2.0 * side)
        _middle(chosen[n], narrow, grid, component, voxels, depth_mm, spacing, near)
        _middle(chosen[n], wide, grid, component, voxels, depth_mm, spacing, far)
        for axis in range(3):
            result[n, axis] = (near[axis] - far[axis]) / (wide - narrow)
    return result
