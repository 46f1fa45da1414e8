"""Cases that were never saved: each has a place in the user's state folder, so that a crash does not lose it.

A draft is a case like any other, which lies in a folder that only its user can read. The program that works on it holds
its lock; what nobody holds was left by a program that ended before the case was saved. It is removed as soon as the
case is saved elsewhere or given up.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from anatomy_twin.errors import StoreError
from anatomy_twin.store.folder import printable
from anatomy_twin.store.journal import read_journal
from anatomy_twin.store.lock import lock_case
from anatomy_twin.store.manifest import MANIFEST, read_manifest
from anatomy_twin.store.state import journal_file, parts_folder, private_folder, state_folder
from anatomy_twin.store.swap import disk_refusal, mend

SUFFIX: Final = ".twin"
LARGEST_COUNTED: Final = 16 * 2**20  # bytes of a journal whose steps are counted for a list


@dataclass(frozen=True, slots=True)
class Draft:
    """One case that was left unsaved: its place, the name in it, when it was last worked on (UTC, ISO 8601), and how
    many steps were done (None where that is not known)."""

    place: Path
    name: str
    changed: str
    steps: int | None


def drafts_folder(folder: Path | None = None) -> Path:
    """Return where drafts lie; it may not be there."""
    return (state_folder() if folder is None else folder) / "unsaved"


def new_place(folder: Path | None = None) -> Path:
    """Return a free place for a draft in a folder that only its user can read; ``StoreError`` where there is none."""
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}{SUFFIX}"
    try:
        return private_folder(drafts_folder(folder)) / name
    except OSError as error:
        raise disk_refusal("the copy against a crash", error, name) from error


def drafts(folder: Path | None = None) -> tuple[Draft, ...]:
    """Return the drafts that no running program holds, the latest first; half-written ones are cleared away."""
    place = drafts_folder(folder)
    found = []
    with contextlib.suppress(OSError):
        names = {one.name.removeprefix(".").removesuffix(".lock") for one in place.iterdir()}
        for name in sorted(name for name in names if name.endswith(SUFFIX)):
            draft = _draft(place / name, folder)
            if draft is not None:
                found.append(draft)
    return tuple(sorted(found, key=lambda draft: draft.changed, reverse=True))


def discard(place: Path, folder: Path | None = None) -> None:
    """Remove a draft with everything that was kept for it; nothing where a disk refuses."""
    with contextlib.suppress(OSError):
        journal_file(place, folder).unlink(missing_ok=True)
    shutil.rmtree(parts_folder(place, folder), ignore_errors=True)
    with contextlib.suppress(OSError):  # the manifest first: what a kill leaves of a draft is then no case any more
        (place / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(place, ignore_errors=True)


def _draft(place: Path, folder: Path | None) -> Draft | None:
    lock = lock_case(place)
    if not lock.held:
        return None
    try:
        mend(place)
        manifest = place / MANIFEST
        if not manifest.is_file():
            discard(place, folder)  # its program ended before there was anything to go on from
            return None
        name = _name(place)
        journal = journal_file(place, folder)
        times = [one.stat().st_mtime for one in (manifest, journal) if one.is_file()]
        changed = datetime.fromtimestamp(max(times), UTC).isoformat(timespec="seconds")
        return Draft(place, name, changed, _steps(journal))
    finally:
        lock.release()


def _name(place: Path) -> str:
    try:
        return printable(json.loads(read_manifest(place))["case"]["patient"]["pseudonym"], 80)
    except (StoreError, ValueError, KeyError, TypeError):
        return ""


def _steps(journal: Path) -> int | None:
    if not journal.is_file():
        return 0
    try:
        if journal.stat().st_size > LARGEST_COUNTED:
            return None
        content = read_journal(journal)
    except (StoreError, OSError):
        return None
    before = content.header.get("steps", ())
    count = len(before) if isinstance(before, list) else 0
    for record in content.records:
        back = "undo" in record or bool(record.get("back"))
        count += -1 if back else 1
    return max(count, 0)
