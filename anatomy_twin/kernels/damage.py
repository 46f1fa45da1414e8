"""Thermal damage: the Arrhenius integral and the thermal dose CEM43, by tables over temperature."""

from __future__ import annotations

import numpy as np
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
