"""The region whose border is short and lies on edges, while a data term says what belongs to it.

Minimises the sum over voxels of ``edge |grad u| + force u`` for ``low <= u <= high``: the convex form of geodesic
active contours and of Chan and Vese's model (Bresson and others, Fast global minimization of the active contour/snake
model, 2007; Nikolova, Esedoglu and Chan 2006), by the primal-dual method of Chambolle and Pock (2011). Every level set
of the minimiser is a global minimum, so the answer does not depend on where it began. Boxes around clicks are small
and rounds are many: on one thread, since waking another one twice a round would cost more than it saves.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

_CHECK = 10  # rounds between two looks at how much still moves


# neither nan nor signed zeros occur: several voxels of a row are worked on at once
@njit(cache=True, fastmath={"nnan", "nsz", "contract"}, no_cpython_wrapper=True)
def _dual_row(
    here: Any, next_k: Any, next_j: Any, edge: Any, room: Any, room_k: Any, room_j: Any, a: Any, b: Any, c: Any,
    steps: Any,
) -> None:
    size = here.size
    for i in range(size):
        after = here[i + 1] if i + 1 < size else here[i]
        open_i = room[i] * room[i + 1] if i + 1 < size else room[i]
        x = a[i] + steps[0] * (next_k[i] - here[i]) * room[i] * room_k[i]
        y = b[i] + steps[1] * (next_j[i] - here[i]) * room[i] * room_j[i]
        z = c[i] + steps[2] * (after - here[i]) * open_i
        share = edge[i] / max(edge[i], np.float32(math.sqrt(x * x + y * y + z * z)))
        a[i], b[i], c[i] = x * share, y * share, z * share


@njit(cache=True)
def _dual(ahead: Any, edge: Any, room: Any, flow: Any, steps: Any) -> None:
    """flow <- projection onto |flow| <= edge of (flow + sigma grad ahead); nothing flows out of the room."""
    slices, rows = ahead.shape[0], ahead.shape[1]
    for k in range(slices):
        for j in range(rows):
            up, on = min(k + 1, slices - 1), min(j + 1, rows - 1)
            _dual_row(
                ahead[k, j], ahead[up, j], ahead[k, on], edge[k, j], room[k, j], room[up, j], room[k, on],
                flow[0, k, j], flow[1, k, j], flow[2, k, j], steps,
            )


@njit(cache=True, fastmath={"nnan", "nsz", "contract"}, no_cpython_wrapper=True)
def _primal_row(
    u: Any, ahead: Any, a: Any, before_k: Any, with_k: Any, b: Any, before_j: Any, with_j: Any, c: Any, force: Any,
    low: Any, high: Any, steps: Any,
) -> None:
    for i in range(u.size):
        behind = c[i - 1] if i > 0 else np.float32(0.0)
        gain = steps[0] * (a[i] - with_k * before_k[i]) + steps[1] * (b[i] - with_j * before_j[i])
        value = u[i] + gain + steps[2] * (c[i] - behind) - force[i]
        value = min(max(value, low[i]), high[i])
        ahead[i] = np.float32(2.0) * value - u[i]
        u[i] = value


@njit(cache=True)
def _primal(u: Any, ahead: Any, flow: Any, force: Any, low: Any, high: Any, steps: Any) -> None:
    """u <- u + tau (div flow - force) within its bounds; ahead = 2 u - u before."""
    for k in range(u.shape[0]):
        with_k = np.float32(1.0 if k > 0 else 0.0)
        for j in range(u.shape[1]):
            with_j = np.float32(1.0 if j > 0 else 0.0)
            _primal_row(
                u[k, j], ahead[k, j], flow[0, k, j], flow[0, max(k - 1, 0), j], with_k, flow[1, k, j],
                flow[1, k, max(j - 1, 0)], with_j, flow[2, k, j], force[k, j], low[k, j], high[k, j], steps,
            )


def smallest_surface(
    force: NDArray[np.float32], edge: NDArray[np.float32], low: NDArray[np.bool_], high: NDArray[np.bool_],
    room: NDArray[np.bool_], spacing_mm: tuple[float, float, float], rounds: int = 200, still: float = 0.01,
) -> NDArray[np.float32]:
    """Return u in 0..1 [k, j, i]; u > 0.5 is the region.

    Parameters
    ----------
    force : negative where a voxel rather belongs to the region (per mm; 1 outweighs a surface of curvature 1 per mm).
    edge : weight of the border in each voxel, small on edges of the image, at most about 1.
    low, high : u is at least ``low`` and at most ``high`` (a seed inside has low True, one outside has high False).
    room : where the border is counted: between a voxel of the room and one outside it there is no border to pay for.
    spacing_mm : sides of a voxel [k, j, i].
    rounds, still : at most so many rounds, fewer where in one round no u moves by more than ``still``.
    """
    inverse = 1.0 / np.asarray(spacing_mm, dtype=np.float64)
    # tau sigma |grad|^2 = 1; u lives in 0..1 and flow in 0..edge, so both steps are alike
    step = 1.0 / (2.0 * math.sqrt(float((inverse**2).sum())))
    steps = (step * inverse).astype(np.float32)
    pull = np.ascontiguousarray(step * force, dtype=np.float32)
    bound = np.ascontiguousarray(np.maximum(edge, 1e-6), dtype=np.float32)
    least, most = np.ascontiguousarray(low, dtype=np.float32), np.ascontiguousarray(high, dtype=np.float32)
    within = np.ascontiguousarray(room, dtype=np.float32)
    u = np.clip((pull < 0).astype(np.float32), least, most)
    ahead, flow = u.copy(), np.zeros((3, *u.shape), np.float32)
    for turn in range(rounds):
        known = u.copy() if turn % _CHECK == _CHECK - 1 else u
        _dual(ahead, bound, within, flow, steps)
        _primal(u, ahead, flow, pull, least, most, steps)
        if known is not u and float(np.abs(u - known).max()) < still:
            break
    return u


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    zero, all_true = np.zeros((2, 2, 2), np.float32), np.ones((2, 2, 2), bool)
    smallest_surface(zero, zero, ~all_true, all_true, all_true, (1.0, 1.0, 1.0), 1)
