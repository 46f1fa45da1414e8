"""Whether there is memory enough, said before it is taken."""

from __future__ import annotations

import psutil

from anatomy_twin.errors import MeshError

SHARE_OF_FREE = 0.8


def check_memory(
    needed_bytes: float, what: str, advice: str, limit_bytes: float | None = None, *, share: float = SHARE_OF_FREE
) -> None:
    """Raise ``MeshError`` where ``what`` would need more than ``limit_bytes``, or than ``share`` of what is free."""
    limit = share * psutil.virtual_memory().available if limit_bytes is None else limit_bytes
    if needed_bytes > limit:
        raise MeshError(
            f"{what} would need about {needed_bytes / 1e9:.2g} GB of memory and {limit / 1e9:.2g} GB can be used",
            advice=advice,
        )
