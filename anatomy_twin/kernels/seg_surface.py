"""The smooth surface through a block of evidence that costs least, by aggregation along rows and columns.

Semi-global matching: H. Hirschmueller, IEEE Trans Pattern Anal Mach Intell 2008;30(2):328-341, here for one height per
place instead of one disparity per pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True, no_cpython_wrapper=True)
def _pass_line(cost: Any, small: float, large: float, total: Any) -> None:
    """Add to ``total`` [n, w] the least cost of paths along the line that end at each (place, height)."""
    count, levels = cost.shape
    before = cost[0].astype(np.float64)
    for w in range(levels):
        total[0, w] += before[w]
    now = np.empty(levels)
    for n in range(1, count):
        least = before.min()
        for w in range(levels):
            best = before[w]
            if w > 0:
                best = min(best, before[w - 1] + small)
            if w < levels - 1:
                best = min(best, before[w + 1] + small)
            best = min(best, least + large)
            now[w] = cost[n, w] + best - least
        for w in range(levels):
            before[w] = now[w]
            total[n, w] += now[w]


@njit(cache=True)
def _aggregate(cost: Any, small: float, large: float, total: Any) -> None:
    rows, columns, _ = cost.shape
    for a in range(rows):
        _pass_line(cost[a], small, large, total[a])
        _pass_line(cost[a, ::-1], small, large, total[a, ::-1])
    for b in range(columns):
        _pass_line(cost[:, b], small, large, total[:, b])
        _pass_line(cost[::-1, b], small, large, total[::-1, b])


def best_surface(cost: NDArray[np.float32], small: float, large: float) -> NDArray[np.int64]:
    """Return per place (a, b) the index of the height with the least aggregated cost.

    ``cost`` is [a, b, height]; a step of one level between neighbours costs ``small``, any larger one ``large``.
    """
    total = np.zeros(cost.shape, dtype=np.float64)
    _aggregate(np.ascontiguousarray(cost, dtype=np.float32), float(small), float(large), total)
    return np.asarray(np.argmin(total, axis=2), dtype=np.int64)


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    best_surface(np.zeros((2, 2, 2), np.float32), 0.1, 0.5)
