"""Lengths along the field lines of a layer: how far it is to its inner and to its outer boundary.

With T the unit vector along grad u (u from ``laplace``), the lengths L0 from the inner and L1 from the outer boundary
obey  T . grad L0 = 1,  -T . grad L1 = 1,  each zero on its own boundary, and the thickness is L0 + L1 (Yezzi and
Prince, IEEE Trans Med Imaging 2003;22:1332). Upwind differences from the side that a line comes from:

    L = (1 + sum |T_a| L_a / h_a + correction) / (sum |T_a| / h_a)

over the three axes, L_a the value at distance h_a on that side: that of the neighbour, or 0 where the boundary is
nearer. The first order scheme takes curved lines for longer on one side of the layer than on the other; what it leaves
out, -sum |T_a| h_a / 2 * (second difference of L along a), is put back from the solution before (deferred correction).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.laplace import AT_INSIDE, AT_OUTSIDE

_UNKNOWN = -1.0


@njit(cache=True, no_cpython_wrapper=True)
def _boundary_value(other: int, here: float) -> float:
    if other == AT_INSIDE:
        return 0.0
    return 1.0 if other == AT_OUTSIDE else here


@njit(cache=True, parallel=True)
def directions(value: Any, next_to: Any, gap: Any, tangent: Any) -> None:
    """Write the unit vectors (N, 3) [k, j, i] of grad u; zero where u is flat.

    ``value`` (N,), ``next_to`` (N, 6), ``gap`` (N, 6) in mm as in ``laplace``: second order on uneven distances.
    """
    for n in prange(value.shape[0]):
        here = value[n]
        size = 0.0
        for axis in range(3):
            low, high = next_to[n, 2 * axis], next_to[n, 2 * axis + 1]
            before, after = float(gap[n, 2 * axis]), float(gap[n, 2 * axis + 1])
            u_low = value[low] if low >= 0 else _boundary_value(low, here)
            u_high = value[high] if high >= 0 else _boundary_value(high, here)
            slope = ((u_high - here) / after * before + (here - u_low) / before * after) / (before + after)
            tangent[n, axis] = slope
            size += slope * slope
        size = size**0.5
        for axis in range(3):
            tangent[n, axis] = tangent[n, axis] / size if size > 1e-9 else 0.0


@njit(cache=True)
def _sweep(order: Any, tangent: Any, next_to: Any, gap: Any, sign: int, zero_at: int, extra: Any, length: Any) -> Any:
    """Renew the lengths in order; the largest change is returned. ``sign`` 1 comes from low u, -1 from high u."""
    largest = 0.0
    for at in range(order.shape[0]):
        n = order[at]
        above, below = 1.0 + extra[n], 0.0
        for axis in range(3):
            part = tangent[n, axis] * sign
            if part == 0.0:
                continue
            side = 2 * axis if part > 0.0 else 2 * axis + 1
            other = next_to[n, side]
            rate = abs(part) / float(gap[n, side])
            if other >= 0:
                if length[other] < 0.0:
                    continue
                above += rate * length[other]
            elif other != zero_at:
                continue
            below += rate
        if below > 0.0:
            new = max(above / below, 0.0)
            if abs(new - length[n]) > largest:
                largest = abs(new - length[n])
            length[n] = new
    return largest


@njit(cache=True, no_cpython_wrapper=True)
def _bend(low: Any, centre: Any, high: Any, a: float, b: float, zero_at: int, length: Any) -> Any:
    """The second difference at ``centre`` with ``low`` at distance a before it and ``high`` at b; 0 if not known."""
    if length[high] < 0.0 or length[centre] < 0.0:
        return 0.0
    before = 0.0
    if low >= 0:
        before = length[low]
        if before < 0.0:
            return 0.0
    elif low != zero_at:
        return 0.0
    return 2.0 / (a + b) * ((length[high] - length[centre]) / b - (length[centre] - before) / a)


@njit(cache=True, parallel=True)
def _left_out(tangent: Any, next_to: Any, gap: Any, sign: int, zero_at: int, length: Any, extra: Any) -> None:
    """Write -sum |T_a| h_a / 2 d2L/da2, where the values on both sides are known."""
    for n in prange(length.shape[0]):
        total = 0.0
        for axis in range(3):
            part = tangent[n, axis] * sign
            if part == 0.0 or length[n] < 0.0:
                continue
            near = 2 * axis if part > 0.0 else 2 * axis + 1
            far = 2 * axis + 1 if part > 0.0 else 2 * axis
            low, high = np.int64(next_to[n, near]), np.int64(next_to[n, far])
            step = float(gap[n, near])
            bend = 0.0
            if high >= 0:
                bend = _bend(low, np.int64(n), high, step, float(gap[n, far]), zero_at, length)
            elif low >= 0:
                # no value on the far side (the other boundary): the bend of the voxel before is taken
                earlier = np.int64(next_to[low, near])
                bend = _bend(earlier, low, np.int64(n), float(gap[low, near]), step, zero_at, length)
            total -= abs(part) * step / 2.0 * bend
        # a length grows by 1 per mm: a correction that is a good part of that comes from a kink, not from a bend
        extra[n] = min(max(total, -0.3), 0.3)


def lengths(
    value: NDArray[np.float64], next_to: NDArray[np.int32], gap_mm: NDArray[np.float32], *, corrections: int = 2
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the lengths L0 and L1 (N,) in mm along field lines, NaN where no line arrives, and T (N, 3) [k, j, i].

    Parameters
    ----------
    value : u (N,), 0 at the inner boundary and 1 at the outer.
    next_to, gap_mm : the list of ``laplace.links``.
    corrections : how often the term that first order leaves out is put back.
    """
    tangent = np.zeros((len(value), 3))
    directions(value, next_to, gap_mm, tangent)
    found = []
    rising = np.argsort(value, kind="stable")
    for sign, zero_at in ((1, AT_INSIDE), (-1, AT_OUTSIDE)):
        order = rising if sign > 0 else rising[::-1].copy()
        length, extra = np.full(len(value), _UNKNOWN), np.zeros(len(value))
        for turn in range(corrections + 1):
            if turn:
                _left_out(tangent, next_to, gap_mm, sign, zero_at, length, extra)
            for _ in range(8):
                # in the order of u nearly every value is final after one sweep
                if _sweep(order, tangent, next_to, gap_mm, sign, zero_at, extra, length) < 1e-4:
                    break
        found.append(np.where(length < 0, np.nan, length))
    return found[0], found[1], tangent
