"""Small pictures of cases that were opened, kept in the user's cache folder under a name that does not tell the place.

They make a list of cases easy to read, and may be deleted at any moment.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

import platformdirs

from anatomy_twin.store.state import NAME

MOST: Final = 200
LARGEST_BYTES: Final = 4 * 2**20
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def thumbnail_folder() -> Path:
    """Return the folder of the pictures (XDG_CACHE_HOME or what the system has); it may not be there."""
    return Path(platformdirs.user_cache_path(NAME, appauthor=False)) / "thumbnails"


def thumbnail_file(case: str | Path, folder: Path | None = None) -> Path:
    """Return where the picture of the case at a place lies, or would lie."""
    place = hashlib.sha256(str(Path(case).absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return (thumbnail_folder() if folder is None else folder) / f"{place}.png"


def thumbnail(case: str | Path, folder: Path | None = None) -> bytes:
    """Return the picture of a case as PNG, b"" where there is none."""
    file = thumbnail_file(case, folder)
    try:
        if file.stat().st_size > LARGEST_BYTES:
            return b""
        data = file.read_bytes()
    except OSError:
        return b""
    return data if data.startswith(_PNG) else b""


def keep_thumbnail(case: str | Path, png: bytes, folder: Path | None = None) -> None:
    """Keep the picture of a case; the oldest are dropped where there are many. A full disk keeps none, silently."""
    file = thumbnail_file(case, folder)
    fresh = file.with_name(f".{file.name}.tmp-{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(png)
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
        kept = sorted(file.parent.glob("*.png"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in kept[MOST:]:
            old.unlink(missing_ok=True)
