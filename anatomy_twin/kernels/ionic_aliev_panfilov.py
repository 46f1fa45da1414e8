"""Reaction step of the Aliev-Panfilov 1996 cell, eight nodes at a time in float32.

Formulas: ``simulation/electro/models/aliev_panfilov.py``. Explicit Euler.
``advanced`` moves one vector and may be called by kernels that diffuse in the same pass; ``react`` moves blocks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit, njit_of_sources
from anatomy_twin.kernels.vectors import load, store

VARIABLES: Final = ("r",)
LOCAL: Final = ("k", "a", "epsilon", "mu_1", "mu_2")
CONSTANTS: Final = ("rest_mv", "per_range", "range_mv", "step")
VARIABLE_COUNT: Final = len(VARIABLES)
LOCAL_COUNT: Final = 5  # what is read of each node: see ``local_rows`` of the model


@njit(inline="always")
def advanced(
    volt: Any, r: Any, k: Any, a: Any, epsilon: Any, mu_1: Any, mu_2: Any, rest_mv: Any, per_range: Any, range_mv: Any,
    step: Any,
) -> Any:
    """Return V and r after a step; ``step`` in the time units of the model."""
    u = (volt - rest_mv) * per_range
    moved = step * u * (k * (u - a) * (1.0 - u) - r)
    relaxed = step * (epsilon + mu_1 * r / (u + mu_2)) * (-r - k * u * (u - a - 1.0))
    return volt + range_mv * moved, r + relaxed


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
            volt, r = advanced(
                load(v, 8 * block), load(state, own), load(local, at), load(local, at + 8), load(local, at + 16),
                load(local, at + 24), load(local, at + 32), constants[0], constants[1], constants[2], constants[3],
            )
            store(v, 8 * block, volt)
            store(state, own, r)
