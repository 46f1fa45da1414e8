"""Where a user's own state lies: journals of open cases, what was opened lately. Nothing of it is part of a case."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import platformdirs

NAME = "anatomy_twin"


def state_folder() -> Path:
    """Return the user's state folder of this program (XDG_STATE_HOME or what the system has); it may not be there."""
    return Path(platformdirs.user_state_path(NAME, appauthor=False))


def journal_file(case: str | Path, folder: Path | None = None) -> Path:
    """Return where the journal of a case lies: named by the place of the case, which the name does not tell."""
    place = hashlib.sha256(str(Path(case).absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return (state_folder() if folder is None else folder) / "journals" / f"{place}.journal"


def parts_folder(case: str | Path, folder: Path | None = None) -> Path:
    """Return where lies what the journal of a case cannot hold: found labels, surfaces, simulated fields."""
    return journal_file(case, folder).with_suffix(".parts")


def private_folder(folder: Path) -> Path:
    """Make a folder that only its user can read, and return it; ``OSError`` where the disk refuses."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(OSError):  # one that was there may be open to others
        folder.chmod(0o700)
    return folder
