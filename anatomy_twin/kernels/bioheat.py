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
from numba import njit, prange
from numpy.typing import NDArray


@njit(cache=True, parallel=True, error_model="numpy")
def advance(
    temperature: NDArray[Any], new: NDArray[Any], face_k: NDArray[Any], face_j: NDArray[Any], face_i: NDArray[Any],
    source: NDArray[Any], gain: NDArray[Any], loss: NDArray[Any], constants: NDArray[Any], row_max: NDArray[Any],
) -> None:
    """Advance the temperature by one time step; the outermost layer of voxels is left as it is in ``new``.

    Parameters
    ----------
    temperature, new : [k, j, i], degC, before and (written) after the step.
    face_k, face_j, face_i : [k, j, i], W/K, conductance of the face between a voxel and its next along that axis.
    source : [k, j, i], W per voxel.
    gain : [k, j, i], K/W, l / (w C V) of the module's formula, V the volume of a voxel.
    loss : [k, j, i], 1 - exp(-w dt).
    constants : body temperature, start and end of evaporation in degC, and there the ratio of the heat that a voxel
        takes up per kelvin to that outside (1 turns evaporation off).
    row_max : [k, j], written: the highest temperature of each row, before or after the step.
    """
    body, boil_from, boil_to, ratio = constants[0], constants[1], constants[2], constants[3]
    width = (boil_to - boil_from) * ratio
    size_k, size_j, size_i = temperature.shape
    for k in prange(1, size_k - 1):
        for j in range(1, size_j - 1):
            row = temperature[k, j]
            highest = body
            for i in range(1, size_i - 1):
                here = row[i]
                flow = (
                    face_i[k, j, i] * (row[i + 1] - here) + face_i[k, j, i - 1] * (row[i - 1] - here)
                    + face_j[k, j, i] * (temperature[k, j + 1, i] - here)
                    + face_j[k, j - 1, i] * (temperature[k, j - 1, i] - here)
                    + face_k[k, j, i] * (temperature[k + 1, j, i] - here)
                    + face_k[k - 1, j, i] * (temperature[k - 1, j, i] - here)
                )
                new[k, j, i] = here + gain[k, j, i] * (flow + source[k, j, i]) - loss[k, j, i] * (here - body)
            for i in range(1, size_i - 1):
                highest = max(highest, max(new[k, j, i], row[i]))
            row_max[k, j] = highest
            if highest > boil_from:
                for i in range(1, size_i - 1):
                    here, after = row[i], new[k, j, i]
                    if here > boil_from or after > boil_from:
                        # heat content above the start of evaporation, in kelvin of ordinary heating
                        heat = here - boil_from
                        if here > boil_from:
                            heat = min(heat, boil_to - boil_from) * ratio + max(here - boil_to, body - body)
                        heat += after - here
                        if heat <= 0:
                            new[k, j, i] = boil_from + heat
                        elif heat < width:
                            new[k, j, i] = boil_from + heat / ratio
                        else:
                            new[k, j, i] = boil_to + (heat - width)


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
