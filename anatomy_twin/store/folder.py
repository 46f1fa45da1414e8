"""Names of the files of a case: safe on every system, never leading out of its folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from anatomy_twin.errors import StoreError

LONGEST_NAME = 60
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,120}")


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """Return a file name without suffix for each name: the name itself where every system can have it.

    Others keep their plain letters and get eight digits of their sha256, so that "a/b", "a b" and "A b" stay three.
    The empty name (the case as a whole) becomes "_case".
    """
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:LONGEST_NAME].strip("-") or "_case"
        if (plain != name and name) or plain.lower() in taken | _RESERVED:
            plain = f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        chosen[name] = plain
        taken.add(plain.lower())
    return chosen


def check_relative(text: object, where: str) -> str:
    """Return a path from a manifest if it stays inside the case on every system, else raise ``StoreError``."""
    if isinstance(text, str) and 1 <= text.count("/") + 1 <= 4 and len(text) < 400:
        parts = text.split("/")
        if all(_PART.fullmatch(part) and not part.endswith(".") for part in parts):
            return text
    raise StoreError(f"manifest names a file that may not be: {str(text)[:80]!r}", where=where)


def printable(text: object, longest: int = 80) -> str:
    """Return a text out of a file as it may stand in a message: short, and without what moves a terminal's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text)[:longest])


def inside(folder: Path, relative: str, where: str) -> Path:
    """Return the path of a file of the case; ``StoreError`` if a link stands anywhere on the way."""
    path = folder
    for part in relative.split("/"):
        path = path / part
        if path.is_symlink():
            raise StoreError(f"{relative} is a link, not a file", where=where, advice="a case holds plain files only")
    return path
