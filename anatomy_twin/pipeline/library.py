"""The library of cases, from files: which folders hold cases, what their cards say, which of them are gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.errors import ScanError, StoreError, TwinError
from anatomy_twin.render.thumbnail import case_thumbnail
from anatomy_twin.store import load_case
from anatomy_twin.store.library_card import CaseCard, card_of
from anatomy_twin.store.manifest import MANIFEST, stamp_of
from anatomy_twin.store.recent import case_title
from anatomy_twin.store.state import NAME

if TYPE_CHECKING:
    from anatomy_twin.store.library import Library

URL_VARIABLE: Final = "ANATOMY_TWIN_LIBRARY"
ZIP_SUFFIX: Final = ".twin.zip"
DEEPEST: Final = 8  # folders below the one that is searched


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for cases did: the places added or read anew, those unchanged, those gone, and lines on others."""

    added: tuple[Path, ...] = ()
    unchanged: tuple[Path, ...] = ()
    missing: tuple[Path, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """One line for people."""
        parts = [f"{len(self.added)} read", f"{len(self.unchanged)} unchanged"]
        parts += [f"{len(self.missing)} missing"] if self.missing else []
        parts += [f"{len(self.refused)} could not be read: {self.refused[0]}"] if self.refused else []
        return ", ".join(parts)


def library_url() -> str:
    """Return the address of the user's library: what ``ANATOMY_TWIN_LIBRARY`` says, else a file in the user's data."""
    named = os.environ.get(URL_VARIABLE, "").strip()
    if named:
        return named
    return f"sqlite:///{Path(platformdirs.user_data_path(NAME, appauthor=False)) / 'library.sqlite'}"


def open_library(url: str = "") -> Library:
    """Open the library at an address ("sqlite:///FILE", "postgresql://USER@HOST/NAME"), by default the user's own.

    Raises ``StoreError`` where the database cannot be used, ``UsageError`` where the address is none.
    """
    try:
        from anatomy_twin.store.library import open_database
    except ImportError as error:
        raise StoreError("the library needs SQLAlchemy", advice="pip install 'sqlalchemy>=2'") from error
    return open_database(url or library_url())


def read_card(place: str | Path, monitor: Monitor = SILENT) -> CaseCard:
    """Read a case and return its card with a picture; ``StoreError`` where no case can be read there."""
    case = load_case(place, monitor)
    return card_of(case, place, thumbnail=case_thumbnail(case))


def add_cases(library: Library, place: str | Path, monitor: Monitor = SILENT) -> Found:
    """Put a case, or all cases at and below a folder, into the library; what did not change is not read again.

    Returns what was done. Raises ``StoreError`` where no case is there, ``Cancelled`` when the user stops: what was
    read until then stays in the library.
    """
    return _read_all(library, tuple(cases_below(Path(place).absolute())), monitor, Path(place).name)


def refresh(library: Library, monitor: Monitor = SILENT) -> Found:
    """Look at every case of the library: read anew what changed, mark what is gone and what is back."""
    places = tuple(library.stamps())
    return _read_all(library, places, monitor, "") if places else Found()


def refresh_by_address(url: str = "", monitor: Monitor = SILENT) -> Found:
    """``refresh`` for a child process, which opens the library itself."""
    with open_library(url) as library:
        return refresh(library, monitor)


def add_by_address(url: str, place: str, monitor: Monitor = SILENT) -> Found:
    """``add_cases`` for a child process, which opens the library itself."""
    with open_library(url) as library:
        return add_cases(library, place, monitor)


def is_case(place: Path) -> bool:
    """Tell by its name and manifest, without reading it, whether a case lies at a place."""
    try:
        if place.is_dir():
            return (place / MANIFEST).is_file()
        return place.is_file() and place.name.lower().endswith(ZIP_SUFFIX)
    except OSError:
        return False


def cases_below(place: Path) -> Iterator[Path]:
    """Yield the case at a place, or all at and below a folder, in the order of their names; links are not followed."""
    if is_case(place):
        yield place
        return
    yield from _below(place, DEEPEST)


def _below(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_symlink())
    except OSError:
        return
    for path in entries:
        if is_case(path):
            yield path
        elif depth and path.is_dir():
            yield from _below(path, depth - 1)


def _read_all(library: Library, places: tuple[Path, ...], monitor: Monitor, where: str) -> Found:
    if not places:
        raise StoreError("there is no saved case", where=where[:80], advice="choose a folder that holds cases (*.twin)")
    known = library.stamps()
    added: list[Path] = []
    unchanged: list[Path] = []
    missing: list[Path] = []
    refused: list[str] = []
    monitor.stage("reading cases")
    for number, place in enumerate(places):
        check_cancelled(monitor)
        monitor.progress(number / len(places))
        stamp = stamp_of(place)
        if not stamp:
            missing.append(place)
            library.mark_missing(place)
        elif known.get(place) == stamp:
            unchanged.append(place)
            library.mark_missing(place, missing=False)
        else:
            try:
                library.add(read_card(place))
                added.append(place)
            except (StoreError, ScanError) as error:
                refused.append(f"{case_title(place)}: {_short(error)}")
    monitor.progress(1.0)
    return Found(tuple(added), tuple(unchanged), tuple(missing), tuple(refused))


def _short(error: TwinError) -> str:
    return error.what[:160]
