"""How kernels are compiled: without the ways in that nobody uses."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numba

# numba's decorator for a kernel, with no way in from C, which takes a sixth of the time to compile. A function that
# only other kernels call needs none from Python either: ``no_cpython_wrapper=True``.
njit: Final[Any] = partial(numba.njit, no_cfunc_wrapper=True)
