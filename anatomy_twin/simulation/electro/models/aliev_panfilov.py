"""Aliev and Panfilov 1996: two variables, the canine ventricle, cheap and stable spirals.

Chaos Solitons Fractals 1996;7:293, doi 10.1016/0960-0779(95)00089-5: E[mV] = 100 u - 80, t[ms] = 12.9 t[time units].
"""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.kernels import ionic_aliev_panfilov as kernel
from anatomy_twin.simulation.electro.models.model import IonicModel, Numbers, Parameters, Rates


def rates(v: Numbers, y: Numbers, p: Parameters) -> Rates:
    """Return the rates of the cell: V in mV, y [r], the paper's v."""
    (r,) = y
    u = (v - p["rest_mv"]) / p["range_mv"]
    slope = -p["k"] * u * (u - p["a"]) * (u - 1.0) - u * r
    relaxing = (p["epsilon"] + p["mu_1"] * r / (u + p["mu_2"])) * (-r - p["k"] * u * (u - p["a"] - 1.0))
    none = np.zeros((0, *v.shape))
    return Rates(-p["range_mv"] / p["time_unit_ms"] * slope, none, none, relaxing[None] / p["time_unit_ms"])



def constants(p: Parameters, dt_ms: float) -> Numbers:
    """Return the kernel's constants in the order of its CONSTANTS."""
    return np.array([p["rest_mv"] - BASE_MV, 1.0 / p["range_mv"], p["range_mv"], dt_ms / p["time_unit_ms"]])


BASE_MV: Final = -80.015625  # 1/64 mV below rest: far ahead of a front V must not fade into denormal numbers
MODEL: Final = IonicModel(
    name="aliev_panfilov_1996", variables=kernel.VARIABLES, gates=0, base_mv=BASE_MV, local=kernel.LOCAL, rates=rates,
    constants=constants, react=kernel.react,
)
