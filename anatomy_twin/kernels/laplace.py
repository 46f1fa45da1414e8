"""Laplace's equation between two boundaries that run between the voxel centres of a grid.

Unknowns are the centres of the voxels of a layer, kept as a list. Where a neighbour lies beyond a boundary, the known
value sits on the way to it at a distance of its own (Shortley and Weller, Z Angew Math Mech 1938;18:344), so that the
boundary is not rounded to voxels:

    2 / (a + b) * [ (u_next - u) / a + (u_before - u) / b ]  summed over the three axes = 0

with a and b the distances in mm to the next and the previous value along the axis. Solved by successive
over-relaxation in red-black order: all red voxels only read black ones and the other way round, so the result does not
depend on the number of threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

OUTSIDE, LAYER, INSIDE, CLOSED = 0, 1, 2, 3
"""What a voxel is: beyond the outer boundary, an unknown, beyond the inner one, or nothing flows into it."""
AT_INSIDE, AT_OUTSIDE, AT_CLOSED = -1, -2, -3
"""What stands in place of a neighbour's number where there is no neighbour."""
NEAREST = 0.02  # of a voxel: a boundary closer to a centre would make the equations stiff and gain nothing


@njit(cache=True, parallel=True)
def _links(
    nodes: Any, number: Any, kind: Any, inner: Any, outer: Any, steps: Any, next_to: Any, gap: Any
) -> None:
    shape = kind.shape
    for n in prange(nodes.shape[0]):
        k, j, i = nodes[n, 0], nodes[n, 1], nodes[n, 2]
        for side in range(6):
            axis, way = side // 2, 2 * (side % 2) - 1
            a, b, c = k, j, i
            if axis == 0:
                a += way
            elif axis == 1:
                b += way
            else:
                c += way
            step = steps[axis]
            gap[n, side] = step
            if a < 0 or b < 0 or c < 0 or a >= shape[0] or b >= shape[1] or c >= shape[2]:
                next_to[n, side] = AT_CLOSED
                continue
            other = kind[a, b, c]
            if other == LAYER:
                next_to[n, side] = number[a, b, c]
            elif other == CLOSED:
                next_to[n, side] = AT_CLOSED
            else:
                here = inner[k, j, i] if other == INSIDE else outer[k, j, i]
                there = inner[a, b, c] if other == INSIDE else outer[a, b, c]
                share = here / (here - there) if here != there else 0.5
                gap[n, side] = step * min(max(share, NEAREST), 1.0)
                next_to[n, side] = AT_INSIDE if other == INSIDE else AT_OUTSIDE


def links(
    kind: NDArray[np.uint8], inner: NDArray[np.float32], outer: NDArray[np.float32],
    spacing_mm: tuple[float, float, float],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], int]:
    """Return the voxels of a layer as a list, red ones first, with their six neighbours.

    Parameters
    ----------
    kind : [k, j, i], one of OUTSIDE, LAYER, INSIDE, CLOSED; beyond the array nothing flows.
    inner, outer : [k, j, i], level functions whose zero is the inner and the outer boundary, of any one sign in the
        layer and of the other beyond the boundary; only their values next to it count.
    spacing_mm : [k, j, i].

    Returns
    -------
    nodes (N, 3) [k, j, i]; neighbours (N, 6), before and after along k, j, i: a number of the list or AT_...;
    distances (N, 6) in mm to these; and how many of the list are red.
    """
    places = np.argwhere(kind == LAYER).astype(np.int32)
    black = (places.sum(axis=1) & 1).astype(bool)
    nodes = np.ascontiguousarray(np.concatenate([places[~black], places[black]]))
    number = np.full(kind.shape, -1, np.int32)
    number[tuple(nodes.T)] = np.arange(len(nodes), dtype=np.int32)
    next_to, gap = np.empty((len(nodes), 6), np.int32), np.empty((len(nodes), 6), np.float32)
    _links(nodes, number, np.ascontiguousarray(kind), inner, outer, np.asarray(spacing_mm, float), next_to, gap)
    return nodes, next_to, gap, int((~black).sum())


@njit(cache=True, parallel=True)
def _weights(next_to: Any, gap: Any, weight: Any) -> None:
    for n in prange(next_to.shape[0]):
        total = 0.0
        for axis in range(3):
            before, after = float(gap[n, 2 * axis]), float(gap[n, 2 * axis + 1])
            for side in range(2):
                value = 0.0
                if next_to[n, 2 * axis + side] != AT_CLOSED:
                    value = 2.0 / ((before + after) * (after if side else before))
                weight[n, 2 * axis + side] = value
                total += value
        for side in range(6):
            weight[n, side] = weight[n, side] / total if total > 0.0 else 0.0


@njit(cache=True, parallel=True)
def _relax(start: int, stop: int, value: Any, next_to: Any, weight: Any, omega: float, change: Any) -> None:
    """Renew one colour; ``change`` (64,) gets the largest change of each of 64 equal parts of it."""
    parts = change.shape[0]
    for part in prange(parts):
        largest = 0.0
        for n in range(start + part * (stop - start) // parts, start + (part + 1) * (stop - start) // parts):
            mean, total = 0.0, 0.0
            for side in range(6):
                other = next_to[n, side]
                total += weight[n, side]
                if other >= 0:
                    mean += weight[n, side] * value[other]
                elif other == AT_OUTSIDE:
                    mean += weight[n, side]
            if total > 0.0:
                step = omega * (mean - value[n])
                value[n] += step
                largest = max(largest, abs(step))
        change[part] = largest


def solve(
    next_to: NDArray[np.int32], gap_mm: NDArray[np.float32], red: int, width: float,
    tolerance: float = 1e-6, most: int = 4000,
) -> tuple[NDArray[np.float64], int, float]:
    """Return u (N,), 0 at the inner boundary and 1 at the outer, after so many sweeps, and its last change.

    Parameters
    ----------
    next_to, gap_mm, red : the list of ``links``.
    width : about how many voxels the layer is thick; sets the over-relaxation, 2 / (1 + sin(pi / width)).
    tolerance : sweeps end when no value changes by more than this.
    most : sweeps at most.
    """
    count = len(next_to)
    weight = np.empty((count, 6), np.float64)
    _weights(next_to, gap_mm, weight)
    value = np.full(count, 0.5)
    change = np.zeros(64)
    # a little under the best for a flat layer: too much over-relaxation costs more than too little
    omega = 2.0 / (1.0 + math.sin(math.pi / max(width, 3.0)))
    sweep, last = 0, math.inf
    while sweep < most and last > tolerance:
        last = 0.0
        for start, stop in ((0, red), (red, count)):
            _relax(start, stop, value, next_to, weight, omega, change)
            last = max(last, float(change.max()))
        sweep += 1
    return value, sweep, last
