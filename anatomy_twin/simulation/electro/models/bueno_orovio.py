"""Bueno-Orovio, Cherry and Fenton 2008: the minimal model of the human ventricular cell, four variables.

J Theor Biol 2008;253:544, doi 10.1016/j.jtbi.2008.03.029: V[mV] = 85.7 u - 84.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anatomy_twin.kernels import ionic_bueno_orovio as kernel
from anatomy_twin.simulation.electro.models.model import IonicModel, Numbers, Parameters, Rates


def rates(v: Numbers, y: Numbers, p: Parameters) -> Rates:
    """Return the rates of the cell: V in mV, y [v, w, s]."""
    gate_v, w, s = y
    u = (v - p["rest_mv"]) / p["range_mv"]
    fast = -gate_v * np.where(u >= p["theta_v"], (u - p["theta_v"]) * (p["u_u"] - u), 0.0) / p["tau_fi"]
    tau_so = p["tau_so1"] + (p["tau_so2"] - p["tau_so1"]) * _rise(p["k_so"] * (u - p["u_so"]))
    tau_o = np.where(u >= p["theta_o"], p["tau_o2"], p["tau_o1"])
    above = u >= p["theta_w"]
    outward = np.where(above, 1.0 / tau_so, (u - p["u_o"]) / tau_o)
    slow = -np.where(above, w * s, 0.0) / p["tau_si"]
    tau_v_minus = np.where(u >= p["theta_v_minus"], p["tau_v2_minus"], p["tau_v1_minus"])
    rise_w = _rise(p["k_w_minus"] * (u - p["u_w_minus"]))
    tau_w_minus = p["tau_w1_minus"] + (p["tau_w2_minus"] - p["tau_w1_minus"]) * rise_w
    w_below = np.where(u >= p["theta_o"], p["w_inf_star"], 1.0 - u / p["tau_w_inf"])
    fires = u >= p["theta_v"]
    return Rates(
        p["range_mv"] * (fast + outward + slow),
        np.stack((
            np.where(fires | (u >= p["theta_v_minus"]), 0.0, 1.0), np.where(above, 0.0, w_below),
            _rise(p["k_s"] * (u - p["u_s"])),
        )),
        np.stack((
            np.where(fires, p["tau_v_plus"], tau_v_minus), np.where(above, p["tau_w_plus"], tau_w_minus),
            np.where(above, p["tau_s2"], p["tau_s1"]),
        )),
        np.zeros((0, *v.shape)),
    )


def _rise(x: Numbers) -> Numbers:
    result: Numbers = 0.5 * (1.0 + np.tanh(x))
    return result



def constants(p: Parameters, dt_ms: float) -> Numbers:
    """Return the kernel's constants in the order of its CONSTANTS."""
    return np.array([p["rest_mv"] - BASE_MV, 1.0 / p["range_mv"], p["range_mv"], dt_ms])


def local_rows(values: Mapping[str, Any], dt_ms: float) -> list[Any]:
    """Return what the kernel reads of the parameters of each node: shares of a step where they are time constants."""
    flows = {"tau_fi", "tau_o1", "tau_o2", "tau_si"}
    relaxations = {"tau_v1_minus", "tau_v2_minus", "tau_v_plus", "tau_w_plus", "tau_s1", "tau_s2"}
    rows = []
    for name in kernel.LOCAL:
        value = values[name]
        if name in flows:
            value = dt_ms / value
        elif name in relaxations:
            value = -np.expm1(-dt_ms / value)
        elif name == "tau_w_inf":
            value = 1.0 / value
        rows.append(value)
    return rows



BASE_MV: Final = -84.015625  # 1/64 mV below rest: far ahead of a front V must not fade into denormal numbers
MODEL: Final = IonicModel(
    name="bueno_orovio_2008", variables=kernel.VARIABLES, gates=3, base_mv=BASE_MV, local=kernel.LOCAL, rates=rates,
    constants=constants, react=kernel.react, local_rows=local_rows,
)
