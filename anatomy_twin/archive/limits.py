"""What an archive may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEBIBYTE: Final = 1024**2
ADVICE: Final = "ask for a plain zip file, or unpack it yourself with care"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may cost.

    ``ratio``: how many times its own size an archive may hold, asked only beyond ``free_bytes`` of content: empty
    slices and label maps compress a thousandfold and are no bombs, as long as they stay small.
    """

    archive_bytes: int = 16 * 1024 * MEBIBYTE
    total_bytes: int = 16 * 1024 * MEBIBYTE
    free_bytes: int = 64 * MEBIBYTE
    ratio: float = 200.0
    members: int = 50_000
    path_bytes: int = 1000
    part_bytes: int = 255
    depth: int = 32
    memory_bytes: int = 1024 * MEBIBYTE
    cpu_s: float = 600.0
    wall_s: float = 900.0

    def content_bytes(self, archive_bytes: int) -> int:
        """How much an archive of that size may hold."""
        return min(self.total_bytes, max(self.free_bytes, int(archive_bytes * self.ratio)))


STANDARD: Final = Limits()
