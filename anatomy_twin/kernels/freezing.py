"""Freezing and thawing of perfused tissue on a regular grid, and the needles that freeze it.

The state is the heat content H per volume (J/m3), 0 at body temperature. Water freezes between the liquidus and the
solidus temperature; the ice share f falls linearly from 1 to 0 between them, and heat capacity and latent heat make
H(T) three straight lines, so that T(H) needs no iteration. Conductivity goes linearly from its unfrozen to its frozen
value with f. A flow between two voxels is the difference of Kirchhoff's transform of T: with

    w(T) = integral of f dT from the liquidus = (max(solidus - T, 0)^2 - max(liquidus - T, 0)^2) / (2 width)

and the conductances g (unfrozen) and G (frozen) of a face it is g (dT - dw) + G dw: the same number for both sides,
exact for steady conduction whatever k(T). Perfusion is scaled by 1 - f and ends for good where the tissue has once
been colder than a limit (stasis); it and the walls of large vessels enter linearly implicit,

    dH/dt = (flow + S (T_body - T)) / (1 + d S / C),   C the least heat capacity between T and T_body,

which cannot overshoot body temperature at any S and keeps the exact steady state. An explicit step is stable up to
d = heat capacity of a voxel over its conductances. A step of ``stages`` s is one of the Runge-Kutta-Legendre scheme of
the first order (Meyer, Balsara and Aslam, J Comput Phys 2014;257:594), stable up to d s (s + 1) / 2:

    Y_j = (2 j - 1) / j (Y_{j-1} + 2 t / (s^2 + s) dH/dt(Y_{j-1})) + (1 - j) / j Y_{j-2},   t the length of the step.

A needle is thinner than a voxel. Each piece of it, of length b, takes the heat

    2 pi b (mean of K(T) - K(T_needle)) / ln(r_eq / r_0),   K(T) = k_u (T - w) + k_f w

from the tissue round it, mean and withdrawal by the same Gaussian weights of standard deviation s (mm, per axis).
A line that takes q per length with such weights leaves K = A + q / 2 pi (ln r + E1(r^2 / 2 s^2) / 2); its weighted
mean is A + q / 2 pi ln(2 s exp(-g / 2)), g Euler's constant, because the mean of ln x and of E1(x) under exp(-x) are
-g and ln 2. A needle of radius r_0 at T_needle leaves K = K(T_needle) + q / 2 pi ln(r / r_0). Both agree far away if
r_eq = 2 s exp(-g / 2) = 1.4986 s. (Peaceman, SPE Journal 1978;18:183, has the same thought for a well in one block.)
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

EQUIVALENT_RADIUS: Final = 2.0 * float(np.exp(-0.5 * np.euler_gamma))  # times the standard deviation of the weights
NOTHING: Final = (2**30, -(2**30))  # the span of a row in which all is at body temperature
# columns of the table of materials, J/m3/K and J/m3
UNFROZEN, MUSHY, FROZEN, AT_LIQUIDUS, AT_SOLIDUS = 0, 1, 2, 3, 4
# constants of ``advance``
BODY, LIQUIDUS, SOLIDUS, LETHAL, STASIS, LIMIT, LENGTH = 0, 1, 2, 3, 4, 5, 6


@njit(cache=True, inline="always")
def _iced(celsius: Any, liquidus: Any, solidus: Any, half_per_width: Any) -> Any:
    """Return w(T) of the module's text, in kelvin."""
    zero = liquidus - liquidus
    upper, lower = max(liquidus - celsius, zero), max(solidus - celsius, zero)
    return (lower * lower - upper * upper) * half_per_width


@njit(cache=True, parallel=True, error_model="numpy", fastmath={"contract", "nsz"})
def _conduct(
    heat: NDArray[Any], older: NDArray[Any], temperature: NDArray[Any], new: NDArray[Any], source: NDArray[Any],
    slopes: NDArray[Any], warm_k: NDArray[Any], warm_j: NDArray[Any], warm_i: NDArray[Any], cold_k: NDArray[Any],
    cold_j: NDArray[Any], cold_i: NDArray[Any], perfusion: NDArray[Any], wall: NDArray[Any], coldest: NDArray[Any],
    lethal_s: NDArray[Any], spans: NDArray[np.int32], new_spans: NDArray[np.int32], constants: NDArray[Any],
    parts: NDArray[Any], ends: bool,
) -> None:
    """One stage of ``advance``, where voxels or their neighbours are not at body temperature.

    ``older`` (two stages ago) becomes parts[0] ``heat`` + parts[1] ``older`` + parts[2] dH/dt, ``new`` its temperature.
    No loop over a row branches, so that several voxels are reckoned at once; each is a sum of its own.
    """
    body, liquidus, solidus = constants[BODY], constants[LIQUIDUS], constants[SOLIDUS]
    lethal, stasis, limit, length = constants[LETHAL], constants[STASIS], constants[LIMIT], constants[LENGTH]
    now, before_last, moved = parts[0], parts[1], parts[2]
    one = (liquidus - solidus) / (liquidus - solidus)
    per_width = one / (liquidus - solidus)
    half = per_width / (one + one)
    zero = body - body
    size_k, size_j, size_i = temperature.shape
    for k in prange(1, size_k - 1):
        for j in range(1, size_j - 1):
            first, last = spans[k, j, 0], spans[k, j, 1]
            least_i = min(first, spans[k - 1, j, 0], spans[k + 1, j, 0], spans[k, j - 1, 0], spans[k, j + 1, 0]) - 1
            most_i = max(last, spans[k - 1, j, 1], spans[k + 1, j, 1], spans[k, j - 1, 1], spans[k, j + 1, 1]) + 1
            begin, end = max(least_i, 1), min(most_i + 1, size_i - 1)
            if begin >= end:
                new_spans[k, j, 0], new_spans[k, j, 1] = first, last
                continue
            count = end - begin
            row, out = temperature[k, j, begin - 1 : end + 1], new[k, j, begin:end]
            left, right = temperature[k, j - 1, begin:end], temperature[k, j + 1, begin:end]
            below, above = temperature[k - 1, j, begin:end], temperature[k + 1, j, begin:end]
            warm_a, warm_b = warm_i[k, j, begin - 1 : end], warm_j[k, j - 1, begin:end]
            warm_c, warm_d, warm_e = warm_j[k, j, begin:end], warm_k[k - 1, j, begin:end], warm_k[k, j, begin:end]
            cold_a, cold_b = cold_i[k, j, begin - 1 : end], cold_j[k, j - 1, begin:end]
            cold_c, cold_d, cold_e = cold_j[k, j, begin:end], cold_k[k - 1, j, begin:end], cold_k[k, j, begin:end]
            for n in range(count):
                mine = _iced(row[n + 1], liquidus, solidus, half)
                here = row[n + 1] - mine
                before, after = _iced(row[n], liquidus, solidus, half), _iced(row[n + 2], liquidus, solidus, half)
                beside, across = _iced(left[n], liquidus, solidus, half), _iced(right[n], liquidus, solidus, half)
                under, over = _iced(below[n], liquidus, solidus, half), _iced(above[n], liquidus, solidus, half)
                out[n] = (
                    warm_a[n] * (row[n] - before - here) + cold_a[n] * (before - mine)
                    + warm_a[n + 1] * (row[n + 2] - after - here) + cold_a[n + 1] * (after - mine)
                    + warm_b[n] * (left[n] - beside - here) + cold_b[n] * (beside - mine)
                    + warm_c[n] * (right[n] - across - here) + cold_c[n] * (across - mine)
                    + warm_d[n] * (below[n] - under - here) + cold_d[n] * (under - mine)
                    + warm_e[n] * (above[n] - over - here) + cold_e[n] * (over - mine)
                )
            content, before_it, given = heat[k, j, begin:end], older[k, j, begin:end], source[k, j, begin:end]
            walls, living, least_c = wall[k, j, begin:end], perfusion[k, j, begin:end], coldest[k, j, begin:end]
            unfrozen, per_unfrozen = slopes[0, k, j, begin:end], slopes[1, k, j, begin:end]
            per_mushy, per_frozen = slopes[2, k, j, begin:end], slopes[3, k, j, begin:end]
            frozen_from = slopes[4, k, j, begin:end]
            for n in range(count):
                celsius = row[n + 1]
                ice = min(max((liquidus - celsius) * per_width, zero), one)
                exchange = walls[n] + (living[n] * (one - ice) if least_c[n] > stasis else zero)
                per_own = one if celsius >= solidus else unfrozen[n] * per_frozen[n]
                rate = out[n] + given[n] + exchange * unfrozen[n] * (body - celsius)
                rate /= one + limit * exchange * per_own
                held = now * content[n] + before_last * before_it[n] + moved * rate
                before_it[n] = held
                freezes_from = unfrozen[n] * (liquidus - body)
                out[n] = (
                    body + max(held, freezes_from) * per_unfrozen[n]
                    + (min(max(held, frozen_from[n]), freezes_from) - freezes_from) * per_mushy[n]
                    + min(held - frozen_from[n], zero) * per_frozen[n]
                )
            if ends:
                below_s = lethal_s[k, j, begin:end]
                for n in range(count):
                    least_c[n] = min(least_c[n], out[n])
                    below_s[n] += length if out[n] <= lethal else zero
            for n in range(min(first, end) - begin):
                if out[n] != body:
                    first = begin + n
                    break
            for n in range(count - 1, max(last - begin, -1), -1):
                if out[n] != body:
                    last = begin + n
                    break
            new_spans[k, j, 0], new_spans[k, j, 1] = first, last


@njit(cache=True, error_model="numpy", no_cpython_wrapper=True)
def _withdraw(
    source: NDArray[Any], temperature: NDArray[Any], voxels: NDArray[np.int64], weights: NDArray[Any],
    starts: NDArray[np.int64], warm: NDArray[Any], cold: NDArray[Any], needle_c: NDArray[Any], on: NDArray[Any],
    volume_m3: float, constants: NDArray[Any],
) -> float:
    """Write what the needles give in W/m3 to ``source`` (flat); return what they take in W."""
    liquidus, solidus = float(constants[LIQUIDUS]), float(constants[SOLIDUS])
    half, taken = 0.5 / (liquidus - solidus), 0.0
    for n in range(voxels.size):
        source[voxels[n]] = 0.0
    for piece in range(starts.size - 1):
        if on[piece] == 0.0:
            continue
        mean, mean_ice = 0.0, 0.0
        for n in range(starts[piece], starts[piece + 1]):
            celsius = float(temperature[voxels[n]])
            mean += weights[n] * celsius
            mean_ice += weights[n] * _iced(celsius, liquidus, solidus, half)
        needle_ice = _iced(needle_c[piece], liquidus, solidus, half)
        watts = warm[piece] * (mean - mean_ice - needle_c[piece] + needle_ice) + cold[piece] * (mean_ice - needle_ice)
        # a gas that is to cool does not warm tissue that is colder than it, nor the other way round
        watts = max(watts, 0.0) * on[piece] if on[piece] > 0.0 else min(watts, 0.0) * -on[piece]
        taken += watts
        for n in range(starts[piece], starts[piece + 1]):
            source[voxels[n]] -= weights[n] * watts / volume_m3
    return taken


@njit(cache=True, error_model="numpy")
def advance(
    heat: NDArray[Any], older: NDArray[Any], temperature: NDArray[Any], new: NDArray[Any], source: NDArray[Any],
    slopes: NDArray[Any], warm: tuple[Any, Any, Any], cold: tuple[Any, Any, Any], perfusion: NDArray[Any],
    wall: NDArray[Any], coldest: NDArray[Any], lethal_s: NDArray[Any], spans: NDArray[np.int32],
    new_spans: NDArray[np.int32], constants: NDArray[Any], voxels: NDArray[np.int64], weights: NDArray[Any],
    starts: NDArray[np.int64], piece_warm: NDArray[Any], piece_cold: NDArray[Any], needle_c: NDArray[Any],
    on: NDArray[Any], volume_m3: float, stages: int, taken_j: float,
) -> float:
    """Advance a freezing tissue by as many steps as ``needle_c`` has rows; return J withdrawn by then.

    The outermost layer of voxels stays as it is. With each stage ``heat`` and ``older``, ``temperature`` and ``new``,
    ``spans`` and ``new_spans`` change their parts: after an odd number of stages the second of each holds the end.

    Parameters
    ----------
    heat, older : [k, j, i], J/m3, and a copy of it; both changed.
    temperature, new : [k, j, i], degC, that of ``heat``, and a copy of it; both changed.
    source : [k, j, i], 0, changed: W/m3 from the needles.
    slopes : [5, k, j, i], those of ``slopes_of``.
    warm, cold : three [k, j, i] each, W/m3/K, conductance of the face between a voxel and its next along k, j, i over
        the volume of a voxel, unfrozen and frozen.
    perfusion, wall : [k, j, i], 1/s, rates on the unfrozen heat capacity.
    coldest, lethal_s : [k, j, i], changed: the least temperature so far and the time at or below the lethal one.
    spans, new_spans : [k, j, 2], changed: the first and the last voxel of a row that was or is not at body temperature
        or holds a needle's weights; ``NOTHING`` where there is none.
    constants : those of ``constants_of``, with the longest explicit step at ``LIMIT`` and the step at ``LENGTH``.
    voxels, weights, starts : the voxels (flat) and shares of piece n of a needle are ``starts[n]:starts[n + 1]``.
    piece_warm, piece_cold : (pieces,), W/K, 2 pi k b / ln(r_eq / r_0) of the unfrozen and the frozen tissue.
    needle_c, on : (steps, pieces), degC and the share of its heat flow that counts: above 0 a piece only cools, below
        0 it only warms, 0 is off.
    volume_m3 : of a voxel.
    stages : of each step.
    taken_j : what was withdrawn before, in J.
    """
    length, parts = float(constants[LENGTH]), np.zeros(3, constants.dtype)
    for n in range(needle_c.shape[0]):
        before = taken_j
        for stage in range(1, stages + 1):
            now, past = (2.0 * stage - 1.0) / stage, (1.0 - stage) / stage
            moved = now * 2.0 * length / (stages * stages + stages)
            parts[0], parts[1], parts[2] = now, past, moved
            watts = _withdraw(
                source.reshape(-1), temperature.reshape(-1), voxels, weights, starts, piece_warm, piece_cold,
                needle_c[n], on[n], volume_m3, constants,
            )
            before, taken_j = taken_j, now * taken_j + past * before + moved * watts
            _conduct(
                heat, older, temperature, new, source, slopes, warm[0], warm[1], warm[2], cold[0], cold[1], cold[2],
                perfusion, wall, coldest, lethal_s, spans, new_spans, constants, parts, stage == stages,
            )
            heat, older = older, heat
            temperature, new = new, temperature
            spans, new_spans = new_spans, spans
    return taken_j


def material_row(
    body_c: float, liquidus_c: float, solidus_c: float, unfrozen_j_m3_k: float, frozen_j_m3_k: float,
    latent_j_m3: float,
) -> list[float]:
    """Return the row of the table of materials: three slopes of H(T) and the heat content at both ends of freezing."""
    width = liquidus_c - solidus_c
    mushy = 0.5 * (unfrozen_j_m3_k + frozen_j_m3_k) + latent_j_m3 / width
    at_liquidus = unfrozen_j_m3_k * (liquidus_c - body_c)
    return [unfrozen_j_m3_k, mushy, frozen_j_m3_k, at_liquidus, at_liquidus - mushy * width]


def slopes_of(number: NDArray[np.uint8], materials: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return what ``advance`` asks of each voxel, [5, k, j, i], from its row ``number`` of ``materials`` (n, 5).

    The unfrozen heat capacity (J/m3/K), one over it, over that while water freezes and over the frozen one, and the
    heat content (J/m3) at the end of freezing.
    """
    table = np.asarray(materials, np.float64)
    columns = [table[:, UNFROZEN], *(1.0 / table[:, n] for n in (UNFROZEN, MUSHY, FROZEN)), table[:, AT_SOLIDUS]]
    return np.stack([column.astype(dtype)[number] for column in columns])


def heat_content_j_m3(
    temperature_c: NDArray[Any], number: NDArray[np.uint8], materials: NDArray[Any], constants: NDArray[Any]
) -> NDArray[np.float64]:
    """Return H in J/m3 of temperatures in degC, [k, j, i]: what ``advance`` inverts."""
    celsius = np.asarray(temperature_c, np.float64)
    body, liquidus, solidus = (float(constants[n]) for n in (BODY, LIQUIDUS, SOLIDUS))
    table = np.asarray(materials, np.float64)[number]
    return np.asarray(
        np.where(celsius >= liquidus, table[..., UNFROZEN] * (celsius - body), table[..., AT_LIQUIDUS])
        + table[..., MUSHY] * (np.clip(celsius, solidus, liquidus) - liquidus)
        + table[..., FROZEN] * np.minimum(celsius - solidus, 0.0)
    )


def constants_of(
    body_c: float, liquidus_c: float, solidus_c: float, lethal_c: float, stasis_c: float, dtype: Any
) -> NDArray[Any]:
    """Return the constants of ``advance``; lengths of steps, at ``LIMIT`` and ``LENGTH``, are still 0."""
    return np.array([body_c, liquidus_c, solidus_c, lethal_c, stasis_c, 0.0, 0.0], dtype)


def spans_of(temperature_c: NDArray[Any], body_c: float, voxels: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return ``spans`` of ``advance`` for temperatures [k, j, i] and the flat voxels of needles."""
    away = temperature_c != body_c
    away.reshape(-1)[voxels] = True
    spans = np.empty((*away.shape[:2], 2), np.int32)
    spans[:] = NOTHING
    some, last = away.any(axis=2), away.shape[2] - 1
    spans[some, 0] = away.argmax(axis=2)[some]
    spans[some, 1] = last - away[:, :, ::-1].argmax(axis=2)[some]
    return spans
