"""Fronts that come again: the anisotropic eikonal equation on voxels that are activated, refractory, and recover.

The step from voxels to their neighbour is that of ``eikonal_solid`` (48 tetrahedra). Events, each a time and a voxel,
are taken in their order. A voxel that has recovered is activated; one that has not lets the front pass by. Then each
neighbour gets the time at which the front would reach it, from those voxels that this front has activated just before,
and the way there takes longer the shorter the neighbour's rest. How long an action potential lasts after how long a
rest, and how much slower the front is, are tables of the neighbour's class.
"""

from __future__ import annotations

import heapq
import math
from typing import Any

import numpy as np

from anatomy_twin.kernels.compiling import njit, njit_of_sources
from anatomy_twin.kernels.eikonal_solid import into_voxel


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _read(table: Any, of: int, rest: float, step: float) -> float:
    """Return a class's value after a rest, a straight line between the places of its table (every ``step`` ms)."""
    place = min(max(rest / step, 0.0), table.shape[1] - 1.001)
    low = int(place)
    return float(table[of, low] + (place - low) * (table[of, low + 1] - table[of, low]))


@njit_of_sources(error_model="numpy")
def run(
    cell: Any, number: Any, strides: Any, ways: Any, tensors: Any, metrics: Any, closed: Any, classes: Any,
    durations: Any, delays: Any, step: float, least: Any, fresh: float, at_ms: Any, at_node: Any, until: float,
    most: int, activated: Any, lasts: Any,
) -> Any:
    """Return every activation until a time: times (e,) and voxels (e,), in order.

    Parameters
    ----------
    cell, number, strides, ways, tensors, metrics, closed : as for ``eikonal_solid.arrive_on_voxels``.
    classes : (N,) of the tables ``durations`` (ms) and ``delays`` (how many times as long a front takes) [class, rest],
        one place every ``step`` ms of rest; ``least`` [class] the least rest after which a voxel answers.
    fresh : ms, for how long an activated voxel takes part in its front.
    at_ms, at_node : stimuli; until, most : the end, in ms and in activations.
    activated, lasts : (N,), changed: when each voxel was activated last (-inf: never) and how long that lasts.
    """
    times, nodes = np.empty(most), np.empty(most, np.int64)
    count = 0
    best = np.full(cell.shape[0], np.inf)
    moves = np.empty(3, np.int64)
    queue = [(at_ms[0], at_node[0])]
    for n in range(1, at_ms.shape[0]):
        heapq.heappush(queue, (at_ms[n], at_node[n]))
    while len(queue) > 0:
        now, v = heapq.heappop(queue)
        if now > until or count == most:
            break
        if now >= best[v]:
            best[v] = np.inf
        of = classes[v]
        rest = now - activated[v] - lasts[v]
        if closed[v] or rest < least[of]:
            continue
        activated[v], lasts[v] = now, _read(durations, of, rest, step)
        times[count], nodes[count] = now, v
        count += 1
        for n in range(ways.shape[0]):
            way = ways[n]
            moves[0] = way[3 + way[0]] * strides[way[0]]
            moves[1] = moves[0] + way[3 + way[1]] * strides[way[1]]
            moves[2] = moves[1] + way[3 + way[2]] * strides[way[2]]
            for place in range(3):
                origin = cell[v] - moves[place]
                w = number[origin]
                if w < 0 or closed[w] or now - activated[w] - lasts[w] < least[classes[w]] - fresh:
                    continue
                n1, n2, n3 = number[origin + moves[0]], number[origin + moves[1]], number[origin + moves[2]]
                if (place > 0 and (n1 < 0 or closed[n1])) or (place > 1 and (n2 < 0 or closed[n2])):
                    continue  # only touching along an edge or in a corner
                t1 = activated[n1] if n1 >= 0 and now - activated[n1] < fresh else math.inf
                t2 = activated[n2] if n2 >= 0 and now - activated[n2] < fresh else math.inf
                t3 = math.inf
                if n3 >= 0 and n2 >= 0 and not closed[n2] and now - activated[n3] < fresh:
                    t3 = activated[n3]
                time = max(into_voxel(way, place, tensors[w], metrics[w], t1, t2, t3), now)
                late = time - activated[w] - lasts[w]
                time = now + (time - now) * _read(delays, classes[w], late, step)
                if time < best[w] and time - activated[w] - lasts[w] >= least[classes[w]]:
                    best[w] = time
                    heapq.heappush(queue, (time, np.int64(w)))
    return times[:count], nodes[:count]
