"""Which of many choices no other choice is better than in one respect without being worse in another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True)
def _front(costs: Any, front: Any) -> int:
    """Write the places of the rows that no other row dominates into ``front``; return how many there are.

    Rows stand in an order in which none is dominated by a later one. A member of the front that has just dominated a
    row moves one step forward, so that those that dominate much are asked first.
    """
    size = 0
    for row in range(costs.shape[0]):
        beaten = False
        for n in range(size):
            member = front[n]
            no_worse, better = True, False
            for column in range(costs.shape[1]):
                if costs[member, column] > costs[row, column]:
                    no_worse = False
                    break
                if costs[member, column] < costs[row, column]:
                    better = True
            if no_worse and better:
                beaten = True
                if n > 0:
                    front[n], front[n - 1] = front[n - 1], front[n]
                break
        if not beaten:
            front[size] = row
            size += 1
    return size


def pareto_rows(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places (ascending) of the rows of ``costs`` (n, c) that no other row dominates.

    One row dominates another when it is nowhere larger and somewhere less; equal rows do not dominate each other.
    All costs are finite.
    """
    costs = np.ascontiguousarray(costs, dtype=np.float64)
    if not costs.size:
        return np.arange(costs.shape[0])
    rows, back = np.unique(costs, axis=0, return_inverse=True)  # in lexical order
    order = np.argsort(rows.sum(axis=1), kind="stable")
    front = np.empty(rows.shape[0], np.int64)
    size = _front(rows[order], front)
    kept = np.zeros(rows.shape[0], np.bool_)
    kept[order[front[:size]]] = True
    return np.flatnonzero(kept[back.ravel()])


def warm_up() -> None:
    """Compile the kernel of this file (it is cached on disk)."""
    pareto_rows(np.zeros((2, 2)))
