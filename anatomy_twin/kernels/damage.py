"""Thermal damage: the Arrhenius integral and the thermal dose CEM43, by tables over temperature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import ArrayLike, NDArray

GAS_CONSTANT_J_MOL_K = 8.314462618
KELVIN_AT_0_C = 273.15
TABLE_FROM_C = 39.0
TABLE_TO_C = 160.0
TABLE_PER_KELVIN = 16


def arrhenius_rate_1_s(
    temperature_c: ArrayLike, frequency_1_s: float, energy_j_mol: float, floor_c: float
) -> NDArray[np.float64]:
    """Return dOmega/dt = A exp(-Ea / (R T)) in 1/s, zero below the floor temperature (degC)."""
    celsius = np.asarray(temperature_c, dtype=np.float64)
    rate = frequency_1_s * np.exp(-energy_j_mol / (GAS_CONSTANT_J_MOL_K * (celsius + KELVIN_AT_0_C)))
    return np.where(celsius >= floor_c, rate, 0.0)


def cem43_rate(
    temperature_c: ArrayLike, r_above: float = 0.5, r_below: float = 0.25, breakpoint_c: float = 43.0
) -> NDArray[np.float64]:
    """Return equivalent minutes at 43 degC per minute: R^(43 - T), Sapareto and Dewey 1984 (PMID 6547421)."""
    celsius = np.asarray(temperature_c, dtype=np.float64)
    return np.where(celsius >= breakpoint_c, r_above, r_below) ** (43.0 - celsius)


def table_temperatures_c() -> NDArray[np.float64]:
    """Return the temperatures of the table rows in degC."""
    return np.linspace(TABLE_FROM_C, TABLE_TO_C, int(TABLE_TO_C - TABLE_FROM_C) * TABLE_PER_KELVIN + 1)


@njit(cache=True, parallel=True, error_model="numpy")
def accumulate(
    before: NDArray[Any], after: NDArray[Any], row_max: NDArray[Any], omega: NDArray[Any], cem43: NDArray[Any],
    omega_table: NDArray[Any], cem43_table: NDArray[Any], gain: NDArray[Any], loss: NDArray[Any],
    gain_dead: NDArray[Any], loss_dead: NDArray[Any], scale: NDArray[Any],
) -> None:
    """Add the damage of one time step, and let perfusion end in voxels that reach Omega = 1.

    Parameters
    ----------
    before, after : [k, j, i], degC, at the two ends of the step; the damage is that at their mean.
    row_max : [k, j], degC; rows that stay below the table are skipped.
    omega, cem43 : [k, j, i], changed: the Arrhenius integral and the thermal dose in minutes.
    omega_table, cem43_table : (n,), what one step adds at each temperature of ``table_temperatures_c``.
    gain, loss : [k, j, i], changed to ``gain_dead``, ``loss_dead`` where Omega reaches 1 (see ``bioheat.advance``).
    scale : first temperature of the table (degC), rows per kelvin, one half.
    """
    start, per_kelvin, half = scale[0], scale[1], scale[2]
    last = omega_table.size - 2
    size_k, size_j, size_i = before.shape
    for k in prange(1, size_k - 1):
        for j in range(1, size_j - 1):
            if row_max[k, j] < start:
                continue
            for i in range(1, size_i - 1):
                place = (half * (before[k, j, i] + after[k, j, i]) - start) * per_kelvin
                if place < 0:
                    continue
                n = min(int(place), last)
                part = place - n
                if part > half + half:  # hotter than the table: its last row
                    part = half + half
                old = omega[k, j, i]
                grown = old + omega_table[n] + part * (omega_table[n + 1] - omega_table[n])
                omega[k, j, i] = grown
                cem43[k, j, i] += cem43_table[n] + part * (cem43_table[n + 1] - cem43_table[n])
                if grown >= 1 and old < 1:
                    gain[k, j, i] = gain_dead[k, j, i]
                    loss[k, j, i] = loss_dead[k, j, i]
