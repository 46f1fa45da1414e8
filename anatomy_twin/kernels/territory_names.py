"""The best names for all branches of a tree at once: a branch passes its name on unless it changes at a fork."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.tree_order import order_from_roots

Floats = NDArray[np.float64]


@njit(cache=True)
def _best(order: Any, parents: Any, score: Any, allowed: Any, change: float, chosen: Any) -> None:
    count, kinds = score.shape
    best = score.copy()
    pick = np.zeros((count, kinds), np.int64)  # the name of a node, given that of its parent
    for at in range(count - 1, -1, -1):
        node = order[at]
        up = parents[node]
        if up < 0:
            continue
        for above in range(kinds):
            top, kind = -math.inf, above
            if allowed[above, above]:
                top = best[node, above]
            for k in range(kinds):
                if k != above and allowed[above, k] and best[node, k] - change > top:
                    top, kind = best[node, k] - change, k
            best[up, above] += top
            pick[node, above] = kind
    for at in range(count):
        node = order[at]
        up = parents[node]
        if up >= 0:
            chosen[node] = pick[node, chosen[up]]
            continue
        for k in range(kinds):
            if best[node, k] > best[node, chosen[node]]:
                chosen[node] = k


def best_names(
    parents: NDArray[np.int64], score: Floats, allowed: NDArray[np.bool_], change: float
) -> NDArray[np.int64]:
    """Return the name of every node for which the sum of scores, less a price per change of name, is largest.

    The largest sum over all namings of a tree (Viterbi's algorithm, on a tree instead of a chain; exact).

    Parameters
    ----------
    parents : (n,) the node above each node, -1 at a root.
    score : (n, names) what a name is worth at a node; -inf where it cannot be.
    allowed : (names, names) ``allowed[a, b]`` tells whether what hangs on a branch called a may be called b.
    change : what is taken off where a node is called otherwise than its parent.

    Returns
    -------
    names : (n,) column of ``score`` for each node; of equally good ones the parent's own, then the first.
    """
    up = np.array(parents, np.int64)
    chosen = np.zeros(len(up), np.int64)
    if len(up):
        order = order_from_roots(up)
        _best(order, up, np.array(score, np.float64), np.array(allowed, np.bool_), float(change), chosen)
    return chosen


def summed_below(parents: NDArray[np.int64], values: Floats) -> Floats:
    """Return for each node the sum of ``values`` (n, ...) over it and all that hangs on it."""
    total = np.array(values, np.float64)
    for node in order_from_roots(parents)[::-1]:
        up = parents[node]
        if up >= 0:
            total[up] += total[node]
    return total
