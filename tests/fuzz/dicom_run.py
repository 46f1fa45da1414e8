"""What reads a DICOM case: the loader."""

from __future__ import annotations

from pathlib import Path

from anatomy_twin.errors import TwinError
from anatomy_twin.scan import load_volume
from tests.fuzz.case import Loaded

_LONGEST_LINE = 400


def load(path: Path, repair: bool = False) -> Loaded:
    """Load the best series as a volume; whatever text comes with it must be fit for a terminal."""
    try:
        volume = load_volume(path, repair=repair)
    except TwinError as error:
        check_text(error.line)
        raise
    for line in (*volume.warnings, *volume.facts.keys(), *volume.facts.values(), volume.modality, volume.units):
        check_text(line)
    return Loaded(volume, volume.warnings)


def load_repaired(path: Path) -> Loaded:
    """Load with repairs allowed."""
    return load(path, repair=True)


def check_text(line: str) -> None:
    """Raise ``AssertionError`` if a line holds what a terminal or a page could take for a command."""
    assert line.isprintable(), f"not printable: {line!r}"
    assert len(line) <= _LONGEST_LINE, f"{len(line)} characters: {line[:80]!r}"
