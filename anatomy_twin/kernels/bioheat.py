"""Heat in perfused tissue on a regular grid, and how a line antenna heats it.

The equation is that of Pennes, J Appl Physiol 1948;1:93:

    C dT/dt = div(k grad T) + q - C w (T - T_body)

with C the volumetric heat capacity (J/m3/K), q the heat source (W/m3) and w a rate (1/s) that holds perfusion and the
exchange with the wall of a large vessel. Finite volumes in space; in time the first order exponential integrator

    T' = T + g (sum of face flows + source) - l (T - T_body),   l = 1 - exp(-w dt),  g = l / (w C)

which is exact for a uniform field, keeps the exact steady state, and is stable at any w as long as the explicit
diffusion part is (dt * sum of face conductances <= C).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels import damage
from anatomy_twin.kernels.compiling import njit

COLD, WARM, BOILING = 0, 1, 2  # what a row of voxels holds, see ``advance``
LENGTH = 5  # where the constants of ``advance`` hold the length of a step


@njit(cache=True, inline="always")
def _passing(celsius: Any, body: Any, slope: Any) -> Any:
    """Return u + slope u2 in K, u above body temperature: flows where conductivity rises go by its difference."""
    rise = celsius - body
    return rise + slope * rise * rise


# sums may be contracted and the sign of zero lost; the order of sums stays, so any number of threads gives the same
@njit(cache=True, parallel=True, error_model="numpy", fastmath={"contract", "nsz"})
def advance(
    temperature: NDArray[Any], new: NDArray[Any], face_k: NDArray[Any], face_j: NDArray[Any], face_i: NDArray[Any],
    source: NDArray[Any], gain: NDArray[Any], loss: NDArray[Any], capacity: NDArray[Any], wall: NDArray[Any],
    omega: NDArray[Any], cem43: NDArray[Any], hottest: NDArray[Any], omega_table: NDArray[Any],
    cem43_table: NDArray[Any], constants: NDArray[Any], rows: NDArray[Any],
) -> None:
    """Advance temperature and damage by one time step; the outermost layer of voxels is left as it is in ``new``.

    Rows in which nothing is warm cost nothing but their heat. Where Omega reaches a level perfusion ends.

    Parameters
    ----------
    temperature, new : [k, j, i], degC, before and (written) after the step.
    face_k, face_j, face_i : [k, j, i], W/K at body temperature, conductance of the face between a voxel and its next
        along that axis.
    source : [k, j, i], W per voxel.
    gain : [k, j, i], K/W, l / (w C V) of the module's formula, V the volume of a voxel; changed where tissue dies.
    loss : [k, j, i], 1 - exp(-w dt); changed where tissue dies.
    capacity, wall : [k, j, i], J/K and 1/s, the rate that stays where perfusion ends.
    omega, cem43 : [k, j, i], changed: the Arrhenius integral and the thermal dose in minutes.
    hottest : [k, j, i], degC, changed where it is warm: the highest temperature so far.
    omega_table, cem43_table : (n,), what one step adds at each temperature of ``damage.table_temperatures_c``.
    constants : those of ``constants_of``, with the length of the step in s at ``LENGTH``.
    rows : [k, j], written: ``COLD``, ``WARM`` where damage may grow, ``BOILING`` where water may boil.
    """
    body, boil_from, boil_to, ratio = constants[0], constants[1], constants[2], constants[3]
    slope, length, table_from, per_kelvin = constants[4], constants[5], constants[6], constants[7]
    one, half, dead = constants[8], constants[9], constants[10]
    warm_from, hot_from = table_from - body, boil_from - body
    width = (boil_to - boil_from) * ratio
    last = omega_table.size - 2
    size_k, size_j, size_i = temperature.shape
    for k in prange(1, size_k - 1):
        for j in range(1, size_j - 1):
            row, left, right = temperature[k, j], temperature[k, j - 1], temperature[k, j + 1]
            below, above, out = temperature[k - 1, j], temperature[k + 1, j], new[k, j]
            warm, hot = np.int32(0), np.int32(0)
            for i in range(1, size_i - 1):
                here = row[i] - body
                mine = _passing(row[i], body, slope)
                flow = (
                    face_i[k, j, i - 1] * (_passing(row[i - 1], body, slope) - mine)
                    + face_i[k, j, i] * (_passing(row[i + 1], body, slope) - mine)
                    + face_j[k, j - 1, i] * (_passing(left[i], body, slope) - mine)
                    + face_j[k, j, i] * (_passing(right[i], body, slope) - mine)
                    + face_k[k - 1, j, i] * (_passing(below[i], body, slope) - mine)
                    + face_k[k, j, i] * (_passing(above[i], body, slope) - mine)
                )
                after = here + gain[k, j, i] * (flow + source[k, j, i]) - loss[k, j, i] * here
                out[i] = after + body
                warm |= np.int32(after > warm_from) | np.int32(here > warm_from)
                hot |= np.int32(after > hot_from) | np.int32(here > hot_from)
            rows[k, j] = BOILING if hot else WARM if warm else COLD
            if hot:
                for i in range(1, size_i - 1):
                    before, after = row[i], out[i]
                    if before > boil_from or after > boil_from:
                        # heat content above the start of evaporation, in kelvin of ordinary heating
                        heat = before - boil_from
                        if heat > 0:
                            heat = min(heat, boil_to - boil_from) * ratio + max(before - boil_to, body - body)
                        heat += after - before
                        if heat <= 0:
                            out[i] = boil_from + heat
                        elif heat < width:
                            out[i] = boil_from + heat / ratio
                        else:
                            out[i] = boil_to + (heat - width)
            if warm:
                for i in range(1, size_i - 1):
                    hottest[k, j, i] = max(hottest[k, j, i], out[i])
                    place = (half * (row[i] + out[i]) - table_from) * per_kelvin
                    if place < 0:
                        continue
                    n = min(int(place), last)
                    part = min(place - n, one)  # hotter than the table: its last row
                    old = omega[k, j, i]
                    grown = old + omega_table[n] + part * (omega_table[n + 1] - omega_table[n])
                    omega[k, j, i] = grown
                    cem43[k, j, i] += cem43_table[n] + part * (cem43_table[n + 1] - cem43_table[n])
                    if grown >= dead and old < dead:
                        exponent = wall[k, j, i] * length
                        lost = -math.expm1(-exponent)
                        loss[k, j, i] = lost
                        gain[k, j, i] = (lost / exponent if exponent > 0 else one) * length / capacity[k, j, i]


@njit(cache=True, parallel=True, error_model="numpy")
def attenuated_line(
    power: NDArray[Any], start: NDArray[Any], step_mm: float, elements: NDArray[Any], weights: NDArray[Any],
    attenuation_1_mm: float, shaft_from: NDArray[Any], shaft_to: NDArray[Any], shaft_radius_mm: float,
    subdivisions: int,
) -> None:
    """Write the mean power density (1/mm3, integral over all space 1 but for the shaft) of a line of emitters.

    Each element e at distance s gives 2 a exp(-2 a s) / (4 pi s2) per unit power: what a point emitter in a medium of
    field attenuation a leaves there, its spatial integral being one. The elements are added as powers (not as fields).

    Parameters
    ----------
    power : [k, j, i], written.
    start : (3,) mm, centre of voxel [0, 0, 0] in coordinates along the axes of the grid.
    step_mm : edge of a voxel.
    elements, weights : (n, 3) mm and (n,), places and shares of the emitters.
    attenuation_1_mm : the field attenuation a.
    shaft_from, shaft_to, shaft_radius_mm : the metal shaft, from its tip to its far end: nothing is absorbed there.
    subdivisions : near the line each voxel is averaged over this many points along each axis.
    """
    size_k, size_j, size_i = power.shape
    double = 2.0 * attenuation_1_mm
    axis = shaft_to - shaft_from
    length2 = axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]
    near = 3.0 * step_mm + shaft_radius_mm
    for k in prange(size_k):
        for j in range(size_j):
            for i in range(size_i):
                centre_z, centre_y, centre_x = start[0] + k * step_mm, start[1] + j * step_mm, start[2] + i * step_mm
                closest = 1e30
                for n in range(elements.shape[0]):
                    closest = min(
                        closest,
                        (centre_z - elements[n, 0]) ** 2 + (centre_y - elements[n, 1]) ** 2
                        + (centre_x - elements[n, 2]) ** 2,
                    )
                count = subdivisions if closest < near * near else 1
                total = 0.0
                for part in range(count * count * count):
                    a, b, c = part // (count * count), (part // count) % count, part % count
                    z = centre_z + ((a + 0.5) / count - 0.5) * step_mm
                    y = centre_y + ((b + 0.5) / count - 0.5) * step_mm
                    x = centre_x + ((c + 0.5) / count - 0.5) * step_mm
                    dz, dy, dx = z - shaft_from[0], y - shaft_from[1], x - shaft_from[2]
                    along = (dz * axis[0] + dy * axis[1] + dx * axis[2]) / length2
                    if 0.0 <= along <= 1.0:
                        aside = (dz - along * axis[0]) ** 2 + (dy - along * axis[1]) ** 2 + (dx - along * axis[2]) ** 2
                        if aside < shaft_radius_mm * shaft_radius_mm:
                            continue
                    for n in range(elements.shape[0]):
                        square = (z - elements[n, 0]) ** 2 + (y - elements[n, 1]) ** 2 + (x - elements[n, 2]) ** 2
                        square = max(square, 0.25 * shaft_radius_mm * shaft_radius_mm)
                        distance = math.sqrt(square)
                        total += weights[n] * double * math.exp(-double * distance) / (4.0 * math.pi * square)
                power[k, j, i] = total / (count * count * count)


def exponential_factors(
    rate_1_s: NDArray[Any], capacity_j_k: NDArray[Any], time_step_s: float, dtype: Any = np.float32
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return (gain, loss) for ``advance`` from the rate w (1/s) and the heat capacity of each voxel (J/K).

    gain = (1 - exp(-w dt)) / (w C), which is dt / C where w is zero; loss = 1 - exp(-w dt). Both [k, j, i].
    """
    exponent = np.asarray(rate_1_s, dtype=np.float64) * time_step_s
    loss = -np.expm1(-exponent)
    factor = np.divide(loss, exponent, out=np.ones_like(loss), where=exponent > 0)
    gain = factor * time_step_s / capacity_j_k
    return np.ascontiguousarray(gain, dtype=dtype), np.ascontiguousarray(loss, dtype=dtype)


def constants_of(
    body_c: float, boil_from_c: float, boil_to_c: float, heat_ratio: float, conductivity_slope_1_k: float,
    perfusion_ends_at: float, dtype: Any,
) -> NDArray[Any]:
    """Return the constants of ``advance``; the length of the step, at ``LENGTH``, is still 0.

    ``heat_ratio`` of the heat that a voxel takes up per kelvin between the ends of evaporation to that outside (1 turns
    evaporation off); ``conductivity_slope_1_k`` by what share of its value at body temperature a conductivity rises
    per kelvin; ``perfusion_ends_at`` the Arrhenius integral at which it does.
    """
    return np.array(
        [body_c, boil_from_c, boil_to_c, heat_ratio, conductivity_slope_1_k / 2.0, 0.0, damage.TABLE_FROM_C,
         damage.TABLE_PER_KELVIN, 1.0, 0.5, perfusion_ends_at], dtype,
    )  # fmt: skip
