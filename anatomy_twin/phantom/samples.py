"""Other patients by seed, made once and kept in the user's cache folder."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.phantom.patient import make_patient
from anatomy_twin.phantom.series import write_series

MODEL_VERSION = 1


def cache_folder() -> Path:
    """The user's cache folder for this package: XDG_CACHE_HOME, LOCALAPPDATA, ~/Library/Caches or ~/.cache."""
    if os.environ.get("XDG_CACHE_HOME"):
        base = Path(os.environ["XDG_CACHE_HOME"])
    elif sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        base = Path(os.environ["LOCALAPPDATA"])
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "anatomy_twin"


def sample_folder(
    kind: str = "liver_tumour", seed: int = 0, phase: str = "portal", matrix: int = 288, slice_mm: float = 2.5,
    monitor: Monitor = SILENT,
) -> Path:
    """Return a folder with the DICOM series of a synthetic patient; it is made if the cache does not hold it yet.

    A series is written to a temporary folder and renamed, so what is in the cache is complete.
    """
    name = f"{kind}-{seed}-{phase}-{matrix}-{slice_mm:g}-v{MODEL_VERSION}"
    target = cache_folder() / "patients" / name
    if target.is_dir():
        return target
    patient = make_patient(seed, kind, phase, matrix=matrix, slice_mm=slice_mm, monitor=monitor)
    target.parent.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    try:
        write_series(patient, working / "series")
        try:
            (working / "series").rename(target)
        except OSError:
            if not target.is_dir():  # not a second process that was faster
                raise
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return target
