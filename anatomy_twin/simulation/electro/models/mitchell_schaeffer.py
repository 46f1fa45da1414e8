"""Mitchell and Schaeffer 2003: two variables, the shape of an action potential and its restitution.

Bull Math Biol 2003;65:767, doi 10.1016/S0092-8240(03)00041-7. The voltage u of the paper goes from 0 to 1; how it is
laid between rest and peak in mV is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anatomy_twin.kernels import ionic_mitchell_schaeffer as kernel
from anatomy_twin.simulation.electro.models.model import IonicModel, Numbers, Parameters, Rates


def rates(v: Numbers, y: Numbers, p: Parameters) -> Rates:
    """Return the rates of the cell: V in mV, y [h]."""
    (h,) = y
    u = (v - p["rest_mv"]) / p["range_mv"]
    slope = h * u**2 * (1.0 - u) / p["tau_in"] - u / p["tau_out"]
    opens = u < p["u_gate"]
    return Rates(
        -p["range_mv"] * slope, np.where(opens, 1.0, 0.0)[None],
        np.where(opens, p["tau_open"], p["tau_close"])[None], np.zeros((0, *v.shape)),
    )



def constants(p: Parameters, dt_ms: float) -> Numbers:
    """Return the kernel's constants in the order of its CONSTANTS."""
    return np.array([p["rest_mv"] - BASE_MV, 1.0 / p["range_mv"], p["range_mv"], p["u_gate"]])


def local_rows(values: Mapping[str, Any], dt_ms: float) -> list[Any]:
    """Return what the kernel reads of the parameters of each node: shares of a step."""
    opening, closing = (-np.expm1(-dt_ms / values[name]) for name in ("tau_open", "tau_close"))
    return [dt_ms / values["tau_in"], dt_ms / values["tau_out"], opening, closing]



BASE_MV: Final = -80.015625  # 1/64 mV below rest: far ahead of a front V must not fade into denormal numbers
MODEL: Final = IonicModel(
    name="mitchell_schaeffer_2003", variables=kernel.VARIABLES, gates=1, base_mv=BASE_MV, local=kernel.LOCAL,
    rates=rates, constants=constants, react=kernel.react, local_rows=local_rows,
)
