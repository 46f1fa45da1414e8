"""Fenton and Karma 1998: three variables, with sets that follow other models' restitution.

Chaos 1998;8:20, doi 10.1063/1.166311.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anatomy_twin.kernels import ionic_fenton_karma as kernel
from anatomy_twin.simulation.electro.models.model import IonicModel, Numbers, Parameters, Rates


def rates(v: Numbers, y: Numbers, p: Parameters) -> Rates:
    """Return the rates of the cell: V in mV, y [v, w]."""
    gate_v, w = y
    u = (v - p["rest_mv"]) / p["range_mv"]
    above = u >= p["u_c"]
    fast = -gate_v * np.where(above, (1.0 - u) * (u - p["u_c"]), 0.0) / p["tau_d"]
    outward = np.where(above, 1.0 / p["tau_r"], u / p["tau_0"])
    slow = -w * (1.0 + np.tanh(p["k"] * (u - p["u_csi"]))) / (2.0 * p["tau_si"])
    opening = np.where(u >= p["u_v"], p["tau_v1_minus"], p["tau_v2_minus"])
    steady = np.where(above, 0.0, 1.0)
    return Rates(
        p["range_mv"] * (fast + outward + slow), np.stack((steady, steady)),
        np.stack((np.where(above, p["tau_v_plus"], opening), np.where(above, p["tau_w_plus"], p["tau_w_minus"]))),
        np.zeros((0, *v.shape)),
    )



def constants(p: Parameters, dt_ms: float) -> Numbers:
    """Return the kernel's constants in the order of its CONSTANTS."""
    return np.array([p["rest_mv"] - BASE_MV, 1.0 / p["range_mv"], p["range_mv"]])


def local_rows(values: Mapping[str, Any], dt_ms: float) -> list[Any]:
    """Return what the kernel reads of the parameters of each node: shares of a step, thresholds as they are."""
    return [
        *(dt_ms / values[name] for name in kernel.LOCAL[:4]),
        *(-np.expm1(-dt_ms / values[name]) for name in kernel.LOCAL[4:9]),
        *(values[name] for name in kernel.LOCAL[9:]),
    ]



BASE_MV: Final = -85.015625  # 1/64 mV below rest: far ahead of a front V must not fade into denormal numbers
MODEL: Final = IonicModel(
    name="fenton_karma_1998", variables=kernel.VARIABLES, gates=2, base_mv=BASE_MV, local=kernel.LOCAL, rates=rates,
    constants=constants, react=kernel.react, local_rows=local_rows,
)
