"""Unique identifiers that depend on nothing but what they name, so that a series is the same on every run."""

from __future__ import annotations

import hashlib


def make_uid(*parts: object) -> str:
    """Return a UID under the root 2.25 (a UUID as a number, DICOM PS3.5 B.2) from a hash of ``parts``."""
    text = "/".join(["anatomy_twin phantom", *(str(part) for part in parts)])
    digest = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # UUID version 8: free form (RFC 9562)
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(digest, 'big')}"
