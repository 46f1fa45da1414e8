"""By what tissue counts as dead: the Arrhenius integral, the thermal dose or an isotherm, at the end or on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import integrate

from anatomy_twin import catalog
from anatomy_twin.core import ThermalResult
from anatomy_twin.kernels.damage import cem43_rate
from anatomy_twin.simulation.thermal.assembly import damage_model
from anatomy_twin.simulation.thermal.base import ISOTHERMS_C, DamageModel
from anatomy_twin.simulation.thermal.zones import isotherm_level


def level_by(
    verdict: str, model: DamageModel, omega: NDArray[Any], cem43_min: NDArray[Any], hottest_c: NDArray[Any]
) -> tuple[NDArray[Any], str]:
    """Return a level [k, j, i] that is at least 1 where tissue is dead by a verdict that judges heat, and its words.

    ``omega`` is the Arrhenius integral, ``cem43_min`` the dose in minutes at 43 degC, ``hottest_c`` the highest
    temperature so far; the verdicts are those of ``ThermalModel``.
    """
    if verdict in ISOTHERMS_C:
        edge_c = ISOTHERMS_C[verdict]
        return isotherm_level(hottest_c, edge_c), f"at or above {edge_c:g} degC at any time"
    if verdict == "cem43":
        limit_min = model.cem43_threshold_min
        return cem43_min / limit_min, f"thermal dose of at least {limit_min:g} equivalent minutes at 43 degC"
    return omega, "Arrhenius integral of at least 1 (63 % of cells dead)"


def dose_so_far_min(result: ThermalResult) -> NDArray[np.float32]:
    """Return the thermal dose of a result at each of its moments in minutes at 43 degC, [moment, k, j, i].

    Only the last one was stored; before it the temperature is taken straight from one moment to the next (trapezoid
    rule), and never more than there is at the end.
    """
    model = damage_model(catalog.load("tissues"))
    rate = cem43_rate(result.temperature_c, model.r_above, model.r_below, model.cem43_breakpoint_c)
    dose = integrate.cumulative_trapezoid(rate, result.times_s / 60.0, axis=0, initial=0.0)
    final = np.asarray(result.cem43_min, np.float32)
    found = np.minimum(dose.astype(np.float32), final[None])
    found[-1] = final
    return found
