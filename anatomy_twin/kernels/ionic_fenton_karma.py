"""Reaction step of the Fenton-Karma 1998 cell, eight nodes at a time in float32.

Formulas: ``simulation/electro/models/fenton_karma.py``. Gates exactly over a step, V by explicit Euler.
``advanced`` moves one vector and may be called by kernels that diffuse in the same pass; ``react`` moves blocks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit, njit_of_sources
from anatomy_twin.kernels.vectors import exp, load, splat, store, where_less

VARIABLES: Final = ("v", "w")
LOCAL: Final = (
    "tau_d", "tau_r", "tau_si", "tau_0", "tau_v_plus", "tau_v1_minus", "tau_v2_minus", "tau_w_plus", "tau_w_minus",
    "u_c", "u_v", "u_csi", "k",
)
CONSTANTS: Final = ("rest_mv", "per_range", "range_mv")
VARIABLE_COUNT: Final = len(VARIABLES)
LOCAL_COUNT: Final = 13  # what is read of each node: see ``local_rows`` of the model


@njit(inline="always")
def advanced(volt: Any, gate_v: Any, w: Any, local: Any, at: Any, rest_mv: Any, per_range: Any, range_mv: Any) -> Any:
    """Return V, v and w after a step; what is read of the parameters of the nodes lies at ``at`` in ``local``."""
    u = (volt - rest_mv) * per_range
    u_c, u_v = load(local, at + 72), load(local, at + 80)
    past = u - u_c
    zero = splat(np.float32(0.0))
    # shares of a step: minus what flows
    fast = where_less(past, zero, zero, gate_v * past * (1.0 - u) * load(local, at))
    outward = where_less(past, zero, u * load(local, at + 24), load(local, at + 8))
    slow = w * load(local, at + 16) / (1.0 + exp(-2.0 * load(local, at + 96) * (u - load(local, at + 88))))
    v_opening = where_less(u, u_v, load(local, at + 48), load(local, at + 40))
    v_after = where_less(past, zero, gate_v + (1.0 - gate_v) * v_opening, gate_v - gate_v * load(local, at + 32))
    w_after = where_less(past, zero, w + (1.0 - w) * load(local, at + 64), w - w * load(local, at + 56))
    return volt + range_mv * (fast - outward + slow), v_after, w_after


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
            volt, gate_v, w = advanced(
                load(v, 8 * block), load(state, own), load(state, own + 8), local, at, constants[0], constants[1],
                constants[2],
            )
            store(v, 8 * block, volt)
            store(state, own, gate_v)
            store(state, own + 8, w)
