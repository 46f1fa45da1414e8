"""Memory that a closed case leaves free is given back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> bool:
    """Collect what nothing holds any more and give free memory back; True where the C library could (glibc).

    Free memory between what is in use stays with the process otherwise: several hundred MB after some large cases.
    """
    gc.collect()
    if not sys.platform.startswith("linux"):
        return False
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return False
    trim.argtypes = [ctypes.c_size_t]
    return bool(trim(0))
