"""A guard against an error in some builds of Qt's Python binding that would end the program after minutes of use."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

MUCH: Final = 1 << 40


def hold_singletons() -> bool:
    """Make None, True and False outlive a binding that gives back more references to them than it took.

    PySide6 6.12.0 counts one reference too few to None with every call that returns nothing. From Python 3.12 on these
    objects cannot die; before that the program ends with "deallocating None" after some ten thousand calls. Their
    counts are raised once, far beyond what a session uses up. Returns True where that was needed and done.
    """
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 12) or sys.getrefcount(None) > MUCH // 2:
        return False
    for single in (None, True, False):
        count = ctypes.c_ssize_t.from_address(id(single))
        if abs(count.value - sys.getrefcount(single)) > 8:
            return False  # another layout of objects than the usual one
        count.value += MUCH
    return True
