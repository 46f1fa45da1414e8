"""Reaction step of the Mitchell-Schaeffer 2003 cell, eight nodes at a time in float32.

Formulas: ``simulation/electro/models/mitchell_schaeffer.py``. h exactly over a step, V by explicit Euler.
``advanced`` moves one vector and may be called by kernels that diffuse in the same pass; ``react`` moves blocks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit, njit_of_sources
from anatomy_twin.kernels.vectors import load, splat, store, where_less

VARIABLES: Final = ("h",)
LOCAL: Final = ("tau_in", "tau_out", "tau_open", "tau_close")
CONSTANTS: Final = ("rest_mv", "per_range", "range_mv", "u_gate")
VARIABLE_COUNT: Final = len(VARIABLES)
LOCAL_COUNT: Final = 4  # what is read of each node: see ``local_rows`` of the model


@njit(inline="always")
def advanced(
    volt: Any, h: Any, per_in: Any, per_out: Any, opening: Any, closing: Any, rest_mv: Any, per_range: Any,
    range_mv: Any, u_gate: Any,
) -> Any:
    """Return V and h after a step, where per_in to closing are what ``local_rows`` makes of the parameters."""
    u = (volt - rest_mv) * per_range
    moved = u * (h * u * (1.0 - u) * per_in - per_out)
    return volt + range_mv * moved, where_less(u, splat(u_gate), h + (1.0 - h) * opening, h - h * closing)


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
            volt, h = advanced(
                load(v, 8 * block), load(state, own), load(local, at), load(local, at + 8), load(local, at + 16),
                load(local, at + 24), constants[0], constants[1], constants[2], constants[3],
            )
            store(v, 8 * block, volt)
            store(state, own, h)
