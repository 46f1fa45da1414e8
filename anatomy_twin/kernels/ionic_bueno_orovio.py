"""Reaction step of the Bueno-Orovio 2008 cell, eight nodes at a time in float32.

Formulas: ``simulation/electro/models/bueno_orovio.py``. Gates exactly over a step (that of
w below threshold, whose time constant depends on V, to the third order of the step), V by explicit Euler.
``advanced`` moves one vector and may be called by kernels that diffuse in the same pass; ``react`` moves blocks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit, njit_of_sources
from anatomy_twin.kernels.vectors import exp, higher_of, load, splat, store, where_less

VARIABLES: Final = ("v", "w", "s")
LOCAL: Final = (
    "u_o", "u_u", "theta_v", "theta_w", "theta_v_minus", "theta_o", "tau_v1_minus", "tau_v2_minus", "tau_v_plus",
    "tau_w1_minus", "tau_w2_minus", "k_w_minus", "u_w_minus", "tau_w_plus", "tau_fi", "tau_o1", "tau_o2", "tau_so1",
    "tau_so2", "k_so", "u_so", "tau_s1", "tau_s2", "k_s", "u_s", "tau_si", "tau_w_inf", "w_inf_star",
)
CONSTANTS: Final = ("rest_mv", "per_range", "range_mv", "dt")
VARIABLE_COUNT: Final = len(VARIABLES)
LOCAL_COUNT: Final = 28  # what is read of each node: see ``local_rows`` of the model


@njit(inline="always")
def advanced(
    volt: Any, gate_v: Any, w: Any, s: Any, local: Any, at: Any, rest_mv: Any, per_range: Any, range_mv: Any, dt: Any,
) -> Any:
    """Return V, v, w and s after a step; what is read of the parameters of the nodes lies at ``at`` in ``local``."""
    u = (volt - rest_mv) * per_range
    zero, one = splat(np.float32(0.0)), splat(np.float32(1.0))
    theta_v, theta_w = load(local, at + 16), load(local, at + 24)
    theta_v_minus, theta_o = load(local, at + 32), load(local, at + 40)
    # shares of a step: minus what flows
    fast = where_less(u, theta_v, zero, gate_v * (u - theta_v) * (load(local, at + 8) - u) * load(local, at + 112))
    so_rise = 1.0 / (1.0 + exp(-2.0 * load(local, at + 152) * (u - load(local, at + 160))))
    tau_so = load(local, at + 136) + (load(local, at + 144) - load(local, at + 136)) * so_rise
    per_o = where_less(u, theta_o, load(local, at + 120), load(local, at + 128))
    outward = where_less(u, theta_w, (u - load(local, at)) * per_o, dt / tau_so)
    slow = where_less(u, theta_w, zero, w * s * load(local, at + 200))
    # gates
    v_steady = where_less(u, theta_v_minus, one, zero)
    v_share = where_less(u, theta_v_minus, load(local, at + 48), load(local, at + 56))
    v_after = where_less(u, theta_v, gate_v + (v_steady - gate_v) * v_share, gate_v - gate_v * load(local, at + 64))
    v_after = higher_of(splat(np.float32(1e-30)), v_after)  # denormal numbers are slow
    w_steady = where_less(u, theta_o, 1.0 - u * load(local, at + 208), load(local, at + 216))
    w_rise = 1.0 / (1.0 + exp(-2.0 * load(local, at + 88) * (u - load(local, at + 96))))
    y = dt / (load(local, at + 72) + (load(local, at + 80) - load(local, at + 72)) * w_rise)
    w_share = y * (1.0 - y * (0.5 - y * (1.0 / 6.0)))
    w_after = where_less(u, theta_w, w + (w_steady - w) * w_share, w - w * load(local, at + 104))
    s_steady = 1.0 / (1.0 + exp(-2.0 * load(local, at + 184) * (u - load(local, at + 192))))
    s_share = where_less(u, theta_w, load(local, at + 168), load(local, at + 176))
    return volt + range_mv * (fast - outward + slow), v_after, w_after, s + (s_steady - s) * s_share


@njit_of_sources(nogil=True, error_model="numpy")
def react(
    v: NDArray[Any], state: NDArray[Any], local: NDArray[Any], first_rows: NDArray[np.int32], table: NDArray[Any],
    constants: NDArray[Any], starts: NDArray[np.int64], length: int,
) -> None:
    """Advance blocks of 8 cells by one step, see ``React`` in ``simulation/electro/models/model.py``.

    ``first_rows`` and ``table`` are not read.
    """
    local_step = 0 if local.shape[0] == 1 else 8 * LOCAL_COUNT
    for stretch in range(starts.size):
        for block in range(starts[stretch], starts[stretch] + length):
            own, at = block * (8 * VARIABLE_COUNT), block * local_step
            volt, gate_v, w, s = advanced(
                load(v, 8 * block), load(state, own), load(state, own + 8), load(state, own + 16), local, at,
                constants[0], constants[1], constants[2], constants[3],
            )
            store(v, 8 * block, volt)
            store(state, own, gate_v)
            store(state, own + 8, w)
            store(state, own + 16, s)
