"""The potential of an electrode in tissue: div(s grad V) = e (V - V_electrode) on a regular grid, by finite volumes.

s is the conductivity (S/m) and e the exchange with an electrode that is thinner than a voxel (see ``line_exchange``).
Conjugate gradients are preconditioned by one cycle of cell-centred multigrid: coarse cells join 2 x 2 x 2, their faces
conduct half the sum of the four that they join (twice as far), Jacobi smooths. Sums run plane by plane in fixed order,
so that any number of threads gives the same result. The whole iteration is one compiled function: on the small grids of
a preview, calls from Python took longer than their arithmetic.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

COARSEST = 6  # voxels along the longest side of the coarsest grid
SMOOTH = 0.8  # weight of a Jacobi sweep
SWEEPS_ON_COARSEST = 24  # an even number


class Grids(NamedTuple):
    """All grids of the multigrid, finest first, one after another in flat arrays, each with a layer of zeros around it.

    Grid n has ``shapes[n]`` and lies at ``starts[n]``: conductances of faces to the next voxel, the exchange on the
    diagonal, 1 / (their sum), and room to work.
    """

    shapes: NDArray[np.int64]
    starts: NDArray[np.int64]
    face_k: NDArray[Any]
    face_j: NDArray[Any]
    face_i: NDArray[Any]
    exchange: NDArray[Any]
    inverse: NDArray[Any]
    right: NDArray[Any]
    guess: NDArray[Any]
    spare: NDArray[Any]


class Level(NamedTuple):
    """One of the grids, [k, j, i]."""

    face_k: NDArray[Any]
    face_j: NDArray[Any]
    face_i: NDArray[Any]
    exchange: NDArray[Any]
    inverse: NDArray[Any]


BODY, SLOPE, BOIL_FROM, BOIL_TO, DRY = range(5)  # of the constants of ``conductivity_of``


@njit(cache=True, error_model="numpy", inline="always")
def conductivity_of(celsius: Any, at_body: Any, constants: Any) -> Any:
    """Return the conductivity at a temperature (degC) of what conducts ``at_body`` at body temperature.

    It rises by ``SLOPE`` per kelvin up to where water boils, then falls with the water that is left to ``DRY`` of that.
    """
    found = at_body * (1 + constants[SLOPE] * (min(celsius, constants[BOIL_FROM]) - constants[BODY]))
    dried = max(celsius - constants[BOIL_FROM], 0) / (constants[BOIL_TO] - constants[BOIL_FROM])
    return found * max(1 - (1 - constants[DRY]) * dried, constants[DRY])


@njit(cache=True, error_model="numpy")
def conductivities(celsius: Any, at_body: Any, constants: Any, out: Any) -> None:
    """Write the conductivity of each voxel, all [k, j, i]."""
    for k in range(celsius.shape[0]):
        for j in range(celsius.shape[1]):
            row, cold, to = celsius[k, j], at_body[k, j], out[k, j]
            for i in range(row.size):
                to[i] = conductivity_of(row[i], cold[i], constants)


@njit(cache=True, error_model="numpy")
def block_above(values: Any, least: Any) -> Any:
    """Return the first and one past the last index along each axis, (3, 2), where values [k, j, i] reach ``least``."""
    found = np.empty((3, 2), np.int64)
    found[:, 0], found[:, 1] = 2**40, 0
    for k in range(values.shape[0]):
        for j in range(values.shape[1]):
            row, first, last = values[k, j], -1, -1
            for i in range(row.size):
                if row[i] >= least:
                    first, last = i if first < 0 else first, i
            if first >= 0:
                found[0, 0], found[0, 1] = min(found[0, 0], k), max(found[0, 1], k + 1)
                found[1, 0], found[1, 1] = min(found[1, 0], j), max(found[1, 1], j + 1)
                found[2, 0], found[2, 1] = min(found[2, 0], first), max(found[2, 1], last + 1)
    return found


@njit(cache=True, error_model="numpy")
def exchanges(conductivity: Any, needle_m: Any, open_m: Any, to_needle: Any, total: Any) -> None:
    """Write what leads from each voxel to the needle, and to the needle and the far ground (S).

    ``conductivity`` (S/m) and what is written have a layer of zeros around them, ``needle_m`` and ``open_m`` have not.
    """
    for k in range(needle_m.shape[0]):
        for j in range(needle_m.shape[1]):
            for i in range(needle_m.shape[2]):
                here = conductivity[k + 1, j + 1, i + 1]
                to_needle[k + 1, j + 1, i + 1] = here * needle_m[k, j, i]
                total[k + 1, j + 1, i + 1] = here * (needle_m[k, j, i] + open_m[k, j, i])


@njit(cache=True, error_model="numpy")
def moved(celsius: Any, at_body: Any, constants: Any, was: Any, heat: Any) -> float:
    """Return the mean share by which conductivities changed, weighed by the heat, all [k, j, i]."""
    change, total = 0.0, 0.0
    for k in range(celsius.shape[0]):
        for j in range(celsius.shape[1]):
            for i in range(celsius.shape[2]):
                now = conductivity_of(celsius[k, j, i], at_body[k, j, i], constants)
                if was[k, j, i] > 0:
                    change += abs(now / was[k, j, i] - 1) * heat[k, j, i]
                total += heat[k, j, i]
    return change / total if total > 0 else 0.0


@njit(cache=True, error_model="numpy")
def faces_of(conductivity: NDArray[Any], edge_m: Any, face_k: NDArray[Any], face_j: NDArray[Any], face_i: Any) -> None:
    """Write the conductance (S) of each face to the next voxel: the harmonic mean of both sides (S/m) x ``edge_m``.

    All arrays are [k, j, i] with a layer of zeros around them.
    """
    double = edge_m + edge_m
    nothing = double - double
    for k in range(conductivity.shape[0] - 1):
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


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _inverse_diagonal(face_k: Any, face_j: Any, face_i: Any, exchange: Any, inverse: Any) -> None:
    for k in range(1, inverse.shape[0] - 1):
        for j in range(1, inverse.shape[1] - 1):
            for i in range(1, inverse.shape[2] - 1):
                total = exchange[k, j, i] + face_k[k, j, i] + face_j[k, j, i] + face_i[k, j, i]
                total += face_k[k - 1, j, i] + face_j[k, j - 1, i] + face_i[k, j, i - 1]
                inverse[k, j, i] = 1 / total if total > 0 else total - total


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _add_up(fine: Any, coarse: Any) -> None:
    """Join 2 x 2 x 2 by their sum. The layer of zeros around ``fine`` completes odd sides."""
    for k in range(1, coarse.shape[0] - 1):
        for j in range(1, coarse.shape[1] - 1):
            a, b = fine[2 * k - 1, 2 * j - 1], fine[2 * k - 1, 2 * j]
            c, d = fine[2 * k, 2 * j - 1], fine[2 * k, 2 * j]
            row = coarse[k, j]
            for i in range(1, row.size - 1):
                odd, even = 2 * i - 1, 2 * i
                row[i] = (a[odd] + a[even]) + (b[odd] + b[even]) + ((c[odd] + c[even]) + (d[odd] + d[even]))


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _join_faces(finer: Any, level: Any) -> None:
    """Join faces: half the sum of the four that lie between two joined voxels, which are twice as far apart."""
    half = finer.face_k.dtype.type(0.5)
    for k in range(1, level.face_k.shape[0] - 1):
        for j in range(1, level.face_k.shape[1] - 1):
            for i in range(1, level.face_k.shape[2] - 1):
                z, y, x = 2 * k, 2 * j, 2 * i
                a, b, c = finer.face_k[z], finer.face_j[z - 1 : z + 1, y], finer.face_i[z - 1 : z + 1]
                level.face_k[k, j, i] = half * (a[y - 1, x - 1] + a[y - 1, x] + a[y, x - 1] + a[y, x])
                level.face_j[k, j, i] = half * (b[0, x - 1] + b[0, x] + b[1, x - 1] + b[1, x])
                level.face_i[k, j, i] = half * (c[0, y - 1, x] + c[0, y, x] + c[1, y - 1, x] + c[1, y, x])


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"}, no_cpython_wrapper=True)
def _flow(v: Any, level: Any, right: Any, out: Any, weight: Any, smooth: bool) -> None:
    """Write the current (A) that is left over in each voxel, or v + ``weight`` x (that / diagonal).

    A plane is one long row: the zeros around it pass nothing.
    """
    plane, line = v.shape[1] * v.shape[2], v.shape[2]
    values, to = v.reshape(-1), out.reshape(-1)
    face_k, face_j, face_i = level.face_k.reshape(-1), level.face_j.reshape(-1), level.face_i.reshape(-1)
    exchange, inverse, given = level.exchange.reshape(-1), level.inverse.reshape(-1), right.reshape(-1)
    for k in range(1, v.shape[0] - 1):
        first, stop = k * plane + line, (k + 1) * plane - line
        here, result = values[first:stop], to[first:stop]
        west, east = values[first - 1 : stop - 1], values[first + 1 : stop + 1]
        north, south = values[first - line : stop - line], values[first + line : stop + line]
        below, above = values[first - plane : stop - plane], values[first + plane : stop + plane]
        face_w, face_e = face_i[first - 1 : stop - 1], face_i[first:stop]
        face_n, face_s = face_j[first - line : stop - line], face_j[first:stop]
        face_b, face_a = face_k[first - plane : stop - plane], face_k[first:stop]
        leak, source, share = exchange[first:stop], given[first:stop], inverse[first:stop]
        for i in range(here.size):
            flow = face_w[i] * (west[i] - here[i]) + face_e[i] * (east[i] - here[i])
            flow += face_n[i] * (north[i] - here[i]) + face_s[i] * (south[i] - here[i])
            flow += face_b[i] * (below[i] - here[i]) + face_a[i] * (above[i] - here[i])
            rest = source[i] + flow - leak[i] * here[i]
            result[i] = here[i] + weight * share[i] * rest if smooth else rest


@njit(cache=True, error_model="numpy")
def _start(level: Any, right: Any, out: Any, weight: Any) -> None:
    """Write the first sweep from nothing: weight x right / diagonal."""
    for k in range(1, out.shape[0] - 1):
        for j in range(1, out.shape[1] - 1):
            for i in range(1, out.shape[2] - 1):
                out[k, j, i] = weight * level.inverse[k, j, i] * right[k, j, i]


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _spread(coarse: Any, v: Any) -> None:
    """Add to each voxel what the coarse one that holds it has."""
    for k in range(1, v.shape[0] - 1):
        for j in range(1, v.shape[1] - 1):
            row, given = v[k, j], coarse[(k + 1) // 2, (j + 1) // 2]
            pairs = (row.size - 2) // 2
            for i in range(1, pairs + 1):
                row[2 * i - 1] += given[i]
                row[2 * i] += given[i]
            if row.size % 2:
                row[row.size - 2] += given[pairs + 1]


@njit(cache=True, error_model="numpy")
def _dot(a: Any, b: Any, lanes: Any) -> float:
    """Return the sum of a x b: each plane along j in ``lanes`` side by side, then along i, then plane by plane."""
    total = 0.0
    for k in range(1, a.shape[0] - 1):
        lanes[:] = 0
        for j in range(1, a.shape[1] - 1):
            one, other = a[k, j], b[k, j]
            for i in range(lanes.size):
                lanes[i] += one[i] * other[i]
        for i in range(lanes.size):
            total += lanes[i]
    return total


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _descend(v: Any, rest: Any, way: Any, along: Any, share: Any) -> None:
    """Go ``share`` of the way: v += share way, rest += share along, where -along is what the matrix makes of way."""
    for k in range(v.shape[0]):
        for j in range(v.shape[1]):
            for i in range(v.shape[2]):
                v[k, j, i] += share * way[k, j, i]
                rest[k, j, i] += share * along[k, j, i]


@njit(cache=True, error_model="numpy")
def _turn(way: Any, step: Any, share: Any) -> None:
    for k in range(way.shape[0]):
        for j in range(way.shape[1]):
            for i in range(way.shape[2]):
                way[k, j, i] = step[k, j, i] + share * way[k, j, i]


@njit(cache=True, error_model="numpy")
def joule_heat(v: Any, level: Any, electrode: Any, source: Any, out: Any) -> None:
    """Write W per voxel: half of what each of its faces spends, and what its exchange with the electrode does.

    ``electrode`` is the potential of the electrode (V), ``source`` the part of the exchange that leads to it (S); what
    leads to the far ground heats nothing near. All arrays are [k, j, i] with a layer of zeros around them.
    """
    for k in range(1, v.shape[0] - 1):
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
) -> Grids:
    """Return the grids of the multigrid from the conductances (S) of faces and exchange of the finest.

    They are [k, j, i] with a layer of zeros around them, and may be zero anywhere.
    """
    shapes = [exchange.shape]
    while max(shapes[-1]) > COARSEST + 2:
        shapes.append(tuple((n - 1) // 2 + 2 for n in shapes[-1]))
    sizes = [int(np.prod(shape)) for shape in shapes]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    flats = [np.zeros(starts[-1], exchange.dtype) for _ in range(8)]
    for flat, fine in zip(flats, (face_k, face_j, face_i, exchange), strict=False):
        flat[: sizes[0]] = fine.ravel()
    grids = Grids(np.array(shapes, np.int64), starts, *flats)
    _join(grids)
    return grids


def finest(grids: Grids) -> Level:
    """Return the finest grid."""
    return Level(*(flat[: grids.starts[1]].reshape(grids.shapes[0]) for flat in grids[2:7]))


@njit(cache=True, inline="always")
def _view(flat: Any, grids: Any, n: int) -> Any:
    shape = grids.shapes[n]
    return flat[grids.starts[n] : grids.starts[n + 1]].reshape((shape[0], shape[1], shape[2]))


@njit(cache=True)
def _level(grids: Any, n: int) -> Any:
    return Level(
        _view(grids.face_k, grids, n), _view(grids.face_j, grids, n), _view(grids.face_i, grids, n),
        _view(grids.exchange, grids, n), _view(grids.inverse, grids, n),
    )


@njit(cache=True)
def _join(grids: Any) -> None:
    """Fill the coarse grids from the finest, and all diagonals."""
    for n in range(grids.shapes.shape[0]):
        level = _level(grids, n)
        if n > 0:
            finer = _level(grids, n - 1)
            _join_faces(finer, level)
            _add_up(finer.exchange, level.exchange)
        _inverse_diagonal(level.face_k, level.face_j, level.face_i, level.exchange, level.inverse)


@njit(cache=True, no_cpython_wrapper=True)
def _cycle(grids: Any, weight: Any) -> Any:
    """Return about the inverse of the matrix times ``right`` of the finest grid, symmetric as the descent asks."""
    last = grids.shapes.shape[0] - 1
    for n in range(last):
        level, right = _level(grids, n), _view(grids.right, grids, n)
        guess, spare = _view(grids.guess, grids, n), _view(grids.spare, grids, n)
        _start(level, right, guess, weight)
        _flow(guess, level, right, spare, weight, False)
        _add_up(spare, _view(grids.right, grids, n + 1))
    level, right = _level(grids, last), _view(grids.right, grids, last)
    found, spare = _view(grids.guess, grids, last), _view(grids.spare, grids, last)
    _start(level, right, found, weight)
    for _ in range(SWEEPS_ON_COARSEST // 2):
        _flow(found, level, right, spare, weight, True)
        _flow(spare, level, right, found, weight, True)
    for n in range(last - 1, -1, -1):
        guess = _view(grids.guess, grids, n)
        _spread(found, guess)
        found = _view(grids.spare, grids, n)
        _flow(guess, _level(grids, n), _view(grids.right, grids, n), found, weight, True)
    return found


@njit(cache=True)
def _iterate(grids: Any, right: Any, v: Any, rest: Any, way: Any, along: Any, settings: Any) -> Any:
    """Change ``v`` until the rest is small; ``settings``: weight of a sweep, tolerance, most iterations."""
    level, lanes, nothing = _level(grids, 0), np.zeros(right.shape[2], right.dtype), np.zeros_like(right)
    _flow(v, level, right, rest, settings[0], False)
    goal = settings[1] * np.sqrt(_dot(right, right, lanes))
    left, before, count = np.sqrt(_dot(rest, rest, lanes)), 1.0, 0
    while left > goal and count < settings[2]:
        step = _cycle(grids, settings[0])
        now = _dot(rest, step, lanes)
        _turn(way, step, now / before if count else 0.0)
        _flow(way, level, nothing, along, settings[0], False)
        _descend(v, rest, way, along, -now / _dot(way, along, lanes))
        before, count = now, count + 1
        left = np.sqrt(_dot(rest, rest, lanes))
    return count, left / max(goal, 1e-300) * settings[1]


def solve(
    grids: Grids, right: NDArray[Any], guess: NDArray[Any], tolerance: float = 1e-4, most: int = 60
) -> tuple[NDArray[Any], int, float]:
    """Return the potential, the iterations it took and the norm of the rest over that of ``right``.

    ``right`` is the current (A) that comes from outside, ``guess`` where to start, all [k, j, i] with a layer of zeros.
    """
    v, way, along = guess.copy(), np.zeros_like(right), np.zeros_like(right)
    rest = grids.right[: grids.starts[1]].reshape(right.shape)
    kind = right.dtype.type
    count, left = _iterate(grids, right, v, rest, way, along, (kind(SMOOTH), float(tolerance), int(most)))
    return v, int(count), float(left)
