"""A volume or one line, within a time: how a file or folder loads, and whether independent readers agree.

The files of pydicom's wheel are always there; the others need ``ANATOMY_TWIN_TEST_DATA``.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest

from anatomy_twin.core import Volume
from anatomy_twin.errors import TwinError
from anatomy_twin.scan import find_series, load_volume

PYDICOM = Path(pydicom.data.__file__).parent
LONGEST_S = 20
PADDING_HU = -1024.0


def cases(*rows: tuple):
    """Parameters of a test; the first value of a row is its name."""
    return [pytest.param(*row, id=row[0]) for row in rows]


# --- nothing but a volume or one line ---------------------------------------------------------------------------------


class Hangs(Exception):
    """A file took longer than any file may."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise ``Hangs`` in the main thread after so many seconds, where the system has such a clock."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(path: Path, *, repair: bool = False) -> Volume | str:
    """Load what is at a path: the volume, or the line of the refusal. Listing it first must not do worse."""
    try:
        with within(LONGEST_S):
            try:
                listed = bool(find_series(path))
            except TwinError as error:
                check_line(error)
                listed = False
            try:
                volume = load_volume(path, repair=repair)
            except TwinError as error:
                check_line(error)
                return error.line
    except Hangs:
        raise AssertionError(f"{path.name} takes more than {LONGEST_S} s") from None
    assert listed, f"{path.name} is loaded and not listed"
    return volume


def check_line(error: TwinError) -> None:
    line = str(error)
    assert type(error) is not TwinError, "a refusal has a kind"
    assert line.strip() and line.isprintable(), repr(line)
    assert len(line) < 600 and "Traceback" not in line and "Error(" not in line, line
    assert error.what and error.advice, f"says what and what to do: {line}"


def refusal(path: Path, *, repair: bool = False) -> str:
    found = outcome(path, repair=repair)
    assert isinstance(found, str), f"{path.name} was loaded"
    return found


def loaded(path: Path, *, repair: bool = False) -> Volume:
    found = outcome(path, repair=repair)
    assert isinstance(found, Volume), found
    return found


# --- the oracles ------------------------------------------------------------------------------------------------------


def assert_same_values(found: np.ndarray, wanted: np.ndarray, modality: str, loss: float = 0.0) -> None:
    """Equal but for padding, which a CT must not keep as a value that no tissue has."""
    close = np.abs(found.astype(float) - wanted) <= np.maximum(1e-5 * np.abs(wanted), 1e-3) + loss
    if modality == "CT":
        close |= (found == PADDING_HU) & (wanted < PADDING_HU)
    assert close.all(), f"{np.count_nonzero(~close)} of {close.size} voxels differ"
