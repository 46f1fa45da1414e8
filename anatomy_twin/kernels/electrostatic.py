"""The potential of an electrode in tissue: div(s grad V) = e (V - V_electrode) on a regular grid, by finite volumes.

s is the conductivity (S/m) and e the exchange with an electrode that is thinner than a voxel (see ``line_exchange``).
Conjugate gradients are preconditioned by one cycle of cell-centred multigrid: coarse cells join 2 x 2 x 2, their faces
conduct half the sum of the four that they join (twice as far), Jacobi smooths. Sums run plane by plane in fixed order,
so that any number of threads gives the same result.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

COARSEST = 6  # voxels along the longest side of the coarsest grid
SMOOTH = 0.8  # weight of a Jacobi sweep
SWEEPS_ON_COARSEST = 24


class Level(NamedTuple):
    """One grid, every array with a layer of zeros around it: conductances of faces to the next voxel, the exchange on
    the diagonal, 1 / (their sum), and room to work."""

    face_k: NDArray[Any]
    face_j: NDArray[Any]
    face_i: NDArray[Any]
    exchange: NDArray[Any]
    inverse: NDArray[Any]
    right: NDArray[Any]
    guess: NDArray[Any]
    spare: NDArray[Any]


@njit(cache=True, parallel=True, error_model="numpy")
def faces_of(conductivity: NDArray[Any], edge_m: Any, face_k: NDArray[Any], face_j: NDArray[Any], face_i: Any) -> None:
    """Write the conductance (S) of each face to the next voxel: the harmonic mean of both sides (S/m) x ``edge_m``.

    All arrays are [k, j, i] with a layer of zeros around them.
    """
    double = edge_m + edge_m
    nothing = double - double
    for k in prange(conductivity.shape[0] - 1):
        for j in range(conductivity.shape[1] - 1):
            for i in range(conductivity.shape[2] - 1):
                here = conductivity[k, j, i]
                if here > 0:
                    a, b, c = conductivity[k + 1, j, i], conductivity[k, j + 1, i], conductivity[k, j, i + 1]
                    face_k[k, j, i] = double * here * a / (here + a)
                    face_j[k, j, i] = double * here * b / (here + b)
                    face_i[k, j, i] = double * here * c / (here + c)
                else:
                    face_k[k, j, i] = nothing
                    face_j[k, j, i] = nothing
                    face_i[k, j, i] = nothing


@njit(cache=True, parallel=True, error_model="numpy")
def _inverse_diagonal(face_k: Any, face_j: Any, face_i: Any, exchange: Any, inverse: Any) -> None:
    for k in prange(1, inverse.shape[0] - 1):
        for j in range(1, inverse.shape[1] - 1):
            for i in range(1, inverse.shape[2] - 1):
                total = exchange[k, j, i] + face_k[k, j, i] + face_j[k, j, i] + face_i[k, j, i]
                total += face_k[k - 1, j, i] + face_j[k, j - 1, i] + face_i[k, j, i - 1]
                inverse[k, j, i] = 1 / total if total > 0 else total - total


@njit(cache=True, parallel=True, error_model="numpy")
def _coarsen(fine: Any, across: int, coarse: Any) -> None:
    """Join 2 x 2 x 2: exchange (``across`` 3) adds up; of faces along an axis those between joined voxels, halved."""
    size_k, size_j, size_i = fine.shape
    for k in prange(1, coarse.shape[0] - 1):
        for j in range(1, coarse.shape[1] - 1):
            for i in range(1, coarse.shape[2] - 1):
                total = fine[0, 0, 0]  # nothing
                for a in range(2):
                    for b in range(2):
                        for c in range(2):
                            outer = across == 3 or (across == 0 and a) or (across == 1 and b) or (across == 2 and c)
                            z, y, x = 2 * k - 1 + a, 2 * j - 1 + b, 2 * i - 1 + c
                            if outer and z < size_k and y < size_j and x < size_i:
                                total += fine[z, y, x]
                coarse[k, j, i] = total if across == 3 else total / 2


@njit(cache=True, parallel=True, error_model="numpy", fastmath={"contract", "nsz"})
def _residual(v: Any, level: Any, right: Any, out: Any) -> None:
    face_k, face_j, face_i, exchange = level.face_k, level.face_j, level.face_i, level.exchange
    for k in prange(1, v.shape[0] - 1):
        for j in range(1, v.shape[1] - 1):
            row, left, next_j, below, above = v[k, j], v[k, j - 1], v[k, j + 1], v[k - 1, j], v[k + 1, j]
            for i in range(1, v.shape[2] - 1):
                here = row[i]
                flow = face_i[k, j, i - 1] * (row[i - 1] - here) + face_i[k, j, i] * (row[i + 1] - here)
                flow += face_j[k, j - 1, i] * (left[i] - here) + face_j[k, j, i] * (next_j[i] - here)
                flow += face_k[k - 1, j, i] * (below[i] - here) + face_k[k, j, i] * (above[i] - here)
                out[k, j, i] = right[k, j, i] + flow - exchange[k, j, i] * here


@njit(cache=True, parallel=True, error_model="numpy", fastmath={"contract", "nsz"})
def _smooth(v: Any, level: Any, right: Any, out: Any, weight: Any) -> None:
    """Write v + weight x (residual / diagonal) to ``out``."""
    face_k, face_j, face_i, exchange = level.face_k, level.face_j, level.face_i, level.exchange
    for k in prange(1, v.shape[0] - 1):
        for j in range(1, v.shape[1] - 1):
            row, left, next_j, below, above = v[k, j], v[k, j - 1], v[k, j + 1], v[k - 1, j], v[k + 1, j]
            for i in range(1, v.shape[2] - 1):
                here = row[i]
                flow = face_i[k, j, i - 1] * (row[i - 1] - here) + face_i[k, j, i] * (row[i + 1] - here)
                flow += face_j[k, j - 1, i] * (left[i] - here) + face_j[k, j, i] * (next_j[i] - here)
                flow += face_k[k - 1, j, i] * (below[i] - here) + face_k[k, j, i] * (above[i] - here)
                rest = right[k, j, i] + flow - exchange[k, j, i] * here
                out[k, j, i] = here + weight * level.inverse[k, j, i] * rest


@njit(cache=True, parallel=True, error_model="numpy")
def _add_coarse(v: Any, coarse: Any) -> None:
    for k in prange(1, v.shape[0] - 1):
        for j in range(1, v.shape[1] - 1):
            for i in range(1, v.shape[2] - 1):
                v[k, j, i] += coarse[(k + 1) // 2, (j + 1) // 2, (i + 1) // 2]


@njit(cache=True, parallel=True, error_model="numpy")
def _dots(a: Any, b: Any, sums: Any) -> None:
    for k in prange(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            part = a[k, j, 0] - a[k, j, 0]
            for i in range(a.shape[2]):
                part += a[k, j, i] * b[k, j, i]
            total += part
        sums[k] = total


@njit(cache=True, parallel=True, error_model="numpy")
def _descend(v: Any, rest: Any, way: Any, along: Any, share: Any) -> None:
    """Go ``share`` of the way: v += share way, rest += share along, where -along is what the matrix makes of way."""
    for k in prange(v.shape[0]):
        for j in range(v.shape[1]):
            for i in range(v.shape[2]):
                v[k, j, i] += share * way[k, j, i]
                rest[k, j, i] += share * along[k, j, i]


@njit(cache=True, parallel=True, error_model="numpy")
def _turn(way: Any, step: Any, share: Any) -> None:
    for k in prange(way.shape[0]):
        for j in range(way.shape[1]):
            for i in range(way.shape[2]):
                way[k, j, i] = step[k, j, i] + share * way[k, j, i]


@njit(cache=True, parallel=True, error_model="numpy")
def joule_heat(v: Any, level: Any, electrode: Any, source: Any, out: Any) -> None:
    """Write W per voxel: half of what each of its faces spends, and what its exchange with the electrode does.

    ``electrode`` is the potential of the electrode (V), ``source`` the part of the exchange that leads to it (S); what
    leads to the far ground heats nothing near. All arrays are [k, j, i] with a layer of zeros around them.
    """
    for k in prange(1, v.shape[0] - 1):
        for j in range(1, v.shape[1] - 1):
            for i in range(1, v.shape[2] - 1):
                here = v[k, j, i]
                heat = level.face_k[k - 1, j, i] * (v[k - 1, j, i] - here) ** 2
                heat += level.face_k[k, j, i] * (v[k + 1, j, i] - here) ** 2
                heat += level.face_j[k, j - 1, i] * (v[k, j - 1, i] - here) ** 2
                heat += level.face_j[k, j, i] * (v[k, j + 1, i] - here) ** 2
                heat += level.face_i[k, j, i - 1] * (v[k, j, i - 1] - here) ** 2
                heat += level.face_i[k, j, i] * (v[k, j, i + 1] - here) ** 2
                out[k, j, i] = heat / 2 + source[k, j, i] * (electrode - here) ** 2


def hierarchy(
    face_k: NDArray[Any], face_j: NDArray[Any], face_i: NDArray[Any], exchange: NDArray[Any]
) -> list[Level]:
    """Return the grids of the multigrid, finest first, from the conductances (S) of faces and exchange.

    They are [k, j, i] with a layer of zeros around them, and may be zero anywhere.
    """
    levels = []
    faces, diagonal = (face_k, face_j, face_i), exchange
    while True:
        inverse, right, guess, spare = (np.zeros_like(diagonal) for _ in range(4))
        _inverse_diagonal(faces[0], faces[1], faces[2], diagonal, inverse)
        levels.append(Level(faces[0], faces[1], faces[2], diagonal, inverse, right, guess, spare))
        if max(diagonal.shape) <= COARSEST + 2:
            return levels
        shape = tuple((n - 1) // 2 + 2 for n in diagonal.shape)
        joined = [np.zeros(shape, diagonal.dtype) for _ in range(4)]
        for axis, fine in enumerate((*faces, diagonal)):
            _coarsen(fine, axis, joined[axis])
        faces, diagonal = (joined[0], joined[1], joined[2]), joined[3]


def _cycle(levels: list[Level], n: int, right: NDArray[Any]) -> Any:
    """Return about the inverse of the matrix of grid ``n`` times ``right``: symmetric, as conjugate gradients ask."""
    level, weight = levels[n], right.dtype.type(SMOOTH)
    v = np.multiply(level.inverse, right, out=level.guess)
    v *= weight
    if n == len(levels) - 1:
        spare = level.spare
        for _ in range(SWEEPS_ON_COARSEST):
            _smooth(v, level, right, spare, weight)
            v, spare = spare, v
        return v
    _residual(v, level, right, level.spare)
    coarse = levels[n + 1]
    _coarsen(level.spare, 3, coarse.right)
    _add_coarse(v, _cycle(levels, n + 1, coarse.right))
    _smooth(v, level, right, level.spare, weight)
    return level.spare


def solve(
    levels: list[Level], right: NDArray[Any], guess: NDArray[Any], tolerance: float = 1e-4, most: int = 60
) -> tuple[NDArray[Any], int, float]:
    """Return the potential, the iterations it took and the norm of the rest over that of ``right``.

    ``right`` is the current (A) that comes from outside, ``guess`` where to start, all [k, j, i] with a layer of zeros.
    """
    level, sums = levels[0], np.zeros(right.shape[0])

    def dot(a: NDArray[Any], b: NDArray[Any]) -> float:
        _dots(a, b, sums)
        return float(sums.sum())

    v, rest, along = guess.copy(), np.zeros_like(right), np.zeros_like(right)
    _residual(v, level, right, rest)
    goal = tolerance * np.sqrt(dot(right, right))
    nothing = np.zeros_like(right)
    way = np.zeros_like(right)
    before, count = 1.0, 0
    left = np.sqrt(dot(rest, rest))
    while left > goal and count < most:
        step = _cycle(levels, 0, rest)
        now = dot(rest, step)
        _turn(way, step, right.dtype.type(now / before if count else 0.0))
        _residual(way, level, nothing, along)
        _descend(v, rest, way, along, right.dtype.type(-now / dot(way, along)))
        before, count = now, count + 1
        left = np.sqrt(dot(rest, rest))
    return v, count, float(left / max(goal, 1e-300) * tolerance)
