"""How the C library keeps free memory (glibc; elsewhere nothing is done)."""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Final

# parameters of mallopt(3)
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8

LARGE_BYTES: Final = 32 * 2**20  # blocks from here on are the system's again as soon as they are free
KEPT_BYTES: Final = 16 * 2**20  # free memory that stays with the process for what comes next


def keep_together() -> bool:
    """Let all threads share one pool of memory; True where the C library could.

    By itself glibc gives threads pools of their own, and what is free in these stays with the process: a window seems
    to grow (after 500 random actions on a case: 1,123 MB held with many pools and 996 with one, while what was in use
    stayed the same). To be called before threads begin.
    """
    library = _library()
    if library is None:
        return False
    settings = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, LARGE_BYTES), (_TRIM_THRESHOLD, KEPT_BYTES))
    return all(library.mallopt(name, value) for name, value in settings)


def give_free_back() -> bool:
    """Give free memory back to the system, also that between what is in use; True where the C library could.

    Otherwise it stays with the process: several hundred MB after some large cases.
    """
    library = _library()
    return library is not None and bool(library.malloc_trim(ctypes.c_size_t(0)))


def _library() -> Any:
    """Return glibc; None where the C library is another one."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
