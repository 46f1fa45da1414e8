"""The changed slice of a broken series, as a seed for a fuzz target."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.case import Case


def slices_of(cases: Sequence[Case], largest: int) -> dict[str, bytes]:
    """Return the third slice of each case (the one that is changed) that is no larger than ``largest`` bytes."""
    found = {}
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = case.write(Path(folder)) / "slice002.dcm"
            if path.is_file() and path.stat().st_size <= largest:
                found[case.name] = path.read_bytes()
    return found
