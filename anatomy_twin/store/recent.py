"""Which cases were opened lately: their places and when, nothing about patients. Lies in the user's state folder."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from anatomy_twin.store.state import state_folder
from anatomy_twin.store.swap import disk_refusal

MOST: Final = 12
LARGEST_BYTES: Final = 2**20
_FORMAT: Final = "anatomy_twin recent"


@dataclass(frozen=True, slots=True)
class Recent:
    """One case that was opened: ``place`` is its folder or zip, ``opened`` the UTC time (ISO 8601)."""

    place: Path
    opened: str

    @property
    def name(self) -> str:
        """What the case is called: the name of its folder or file without its suffixes."""
        return case_title(self.place)

    @property
    def missing(self) -> bool:
        """True where nothing lies at the place any more, or the disk is not there."""
        try:
            return not self.place.exists()
        except OSError:
            return True


def case_title(place: Path) -> str:
    """Return the name of a folder or file of a case without ".twin" and ".zip"."""
    name = place.name
    for suffix in (".zip", ".twin"):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
    return name


def recent_file(folder: Path | None = None) -> Path:
    """Return where the list lies; it may not be there."""
    return (state_folder() if folder is None else folder) / "recent.json"


def recent_cases(folder: Path | None = None) -> tuple[Recent, ...]:
    """Return the cases that were opened lately, the last one first; a damaged list counts as empty."""
    file = recent_file(folder)
    try:
        if file.stat().st_size > LARGEST_BYTES:
            return ()
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            return ()
        found = [Recent(Path(str(one["place"])), str(one["opened"])[:32]) for one in content["cases"]]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(one for one in found if one.place.is_absolute())[:MOST]


def remember(case: str | Path, folder: Path | None = None) -> None:
    """Put a case at the head of the list; ``StoreError`` where the disk refuses."""
    place = Path(case).absolute()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    others = [one for one in recent_cases(folder) if one.place != place]
    _write((Recent(place, now), *others)[:MOST], folder)


def drop(case: str | Path, folder: Path | None = None) -> None:
    """Take a case off the list; ``StoreError`` where the disk refuses."""
    place = Path(case).absolute()
    _write(tuple(one for one in recent_cases(folder) if one.place != place), folder)


def clear(folder: Path | None = None) -> None:
    """Forget all of the list; ``StoreError`` where the disk refuses."""
    _write((), folder)


def _write(cases: tuple[Recent, ...], folder: Path | None) -> None:
    file = recent_file(folder)
    content = {"format": _FORMAT, "cases": [{"place": str(one.place), "opened": one.opened} for one in cases]}
    fresh = file.with_name(f".{file.name}.tmp-{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1, ensure_ascii=True)
        fresh.replace(file)
    except OSError as error:
        raise disk_refusal("the list of recent cases", error, file.name) from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
