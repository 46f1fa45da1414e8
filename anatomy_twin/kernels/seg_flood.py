"""Growing a region from seeds step by step, where what grows too large at once is a leak and stays out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True)
def _grow(level: Any, limit: float, cap: int, state: Any, border: Any, queue: Any) -> tuple[int, int]:
    """Grow from the voxels ``border[:count]`` of state 1 over voxels of state 0 whose level is below ``limit``.

    ``state`` (flat): 0 free, 1 taken, 2 barred, 3 in the piece at hand. Every connected piece (6 neighbours) is
    counted; one of more than ``cap`` voxels becomes barred as far as it was walked, another one is taken. Returns
    (pieces taken, pieces barred).
    """
    depth, rows, columns = level.shape
    plane = rows * columns
    flat = level.ravel()
    taken, barred = 0, 0
    for n in range(border.size):
        start = border[n]
        for way in range(6):
            first = _neighbour(start, way, depth, rows, columns, plane)
            if first < 0 or state[first] != 0 or flat[first] >= limit:
                continue
            queue[0] = first
            state[first] = 3
            head, tail = 0, 1
            leak = False
            while head < tail:
                at = queue[head]
                head += 1
                for turn in range(6):
                    other = _neighbour(at, turn, depth, rows, columns, plane)
                    if other < 0 or flat[other] >= limit:
                        continue
                    if state[other] == 2:
                        leak = True
                    elif state[other] == 0:
                        state[other] = 3
                        queue[tail] = other
                        tail += 1
                        if tail > cap:
                            leak = True
                            break
                if tail > cap:
                    break
            for m in range(tail):
                state[queue[m]] = 2 if leak else 1
            if leak:
                barred += 1
            else:
                taken += 1
    return taken, barred


@njit(cache=True, no_cpython_wrapper=True)
def _neighbour(place: int, way: int, depth: int, rows: int, columns: int, plane: int) -> int:
    """Return the flat index of one of the six neighbours, -1 beyond the array."""
    k, rest = place // plane, place % plane
    j, i = rest // columns, rest % columns
    if way == 0:
        return place - 1 if i > 0 else -1
    if way == 1:
        return place + 1 if i < columns - 1 else -1
    if way == 2:
        return place - columns if j > 0 else -1
    if way == 3:
        return place + columns if j < rows - 1 else -1
    if way == 4:
        return place - plane if k > 0 else -1
    return place + plane if k < depth - 1 else -1


def grow_without_leaks(
    level: NDArray[np.float32], seeds: NDArray[np.bool_], limits: NDArray[np.float64], caps: NDArray[np.int64],
    barred: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Return the seeds and what grows from them through ``level`` < limit, limit by limit (ascending).

    At each limit every new connected piece of more than the cap of that limit (in voxels) is a leak: it stays out for
    good, and so does what touches it later. ``barred`` is never entered.
    """
    state = np.where(seeds, 1, 0).astype(np.int8)
    if barred is not None:
        state[barred & ~seeds] = 4
    flat = state.ravel()
    queue = np.empty(int(caps.max()) + 8, dtype=np.int64)
    image = np.ascontiguousarray(level, dtype=np.float32)
    for limit, cap in zip(limits.tolist(), caps.tolist(), strict=True):
        border = np.flatnonzero(flat == 1)
        _grow(image, float(limit), int(cap), flat, border, queue)
    return np.asarray(state == 1)


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    image = np.zeros((2, 2, 2), np.float32)
    seeds = np.zeros((2, 2, 2), np.bool_)
    seeds[0, 0, 0] = True
    grow_without_leaks(image, seeds, np.array([1.0]), np.array([8], dtype=np.int64))
