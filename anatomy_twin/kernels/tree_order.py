"""The nodes of a tree in an order in which every parent comes before its children."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True)
def _order(parents: Any, order: Any) -> None:
    count = parents.shape[0]
    depth = np.full(count, -1, np.int64)
    deepest = 0
    for node in range(count):
        steps, up = 0, node
        while up >= 0 and depth[up] < 0:
            steps, up = steps + 1, parents[up]
        value = steps + (depth[up] if up >= 0 else -1)
        deepest = max(deepest, value)
        up = node
        while up >= 0 and depth[up] < 0:
            depth[up] = value
            value, up = value - 1, parents[up]
    start = np.zeros(deepest + 2, np.int64)
    for node in range(count):
        start[depth[node] + 1] += 1
    for level in range(deepest + 1):
        start[level + 1] += start[level]
    for node in range(count):
        order[start[depth[node]]] = node
        start[depth[node]] += 1


def order_from_roots(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all nodes (n,), each after its parent, by depth and then by number. ``parents`` (n,) has -1 at roots."""
    up = np.array(parents, np.int64)
    order = np.zeros(len(up), np.int64)
    if len(up):
        _order(up, order)
    return order
