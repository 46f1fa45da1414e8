"""What a folder or file of scans holds, as rows that a person chooses from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.pipeline.library import is_case
from anatomy_twin.scan import Series, find_series

GLANCE: Final = 40  # files that are looked at to tell whether a folder may hold a scan
SCAN_SUFFIXES: Final = (".dcm", ".dicom", ".ima", ".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series. ``verdict`` is "loads", "warning", "repair" or "refused", ``loading`` says it in words.

    ``reason`` is why it stands at its ``rank``, ``geometry`` what its slices make, ``part`` which part of a series
    that was split it is. ``shape`` [k, j, i] and ``spacing_mm`` (0: unknown) are those of its voxels. ``description``
    and ``uid`` are for the screen only.
    """

    uid: str
    rank: int
    modality: str
    description: str
    part: str
    slice_count: int
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    geometry: str
    loading: str
    verdict: str
    reason: str


def list_series(path: str | Path, monitor: Monitor = SILENT) -> tuple[SeriesRow, ...]:
    """Return the series at a path, best first; ``ScanError`` where there is no image at all."""
    return tuple(_row(one) for one in find_series(path, monitor))


def may_be_scan(path: str | Path) -> bool:
    """Tell from a glance at its first files whether a folder or file may hold a scan; a saved case is none."""
    place = Path(path)
    try:
        if is_case(place):
            return False
        files = [place] if place.is_file() else islice((one for one in place.rglob("*") if one.is_file()), GLANCE)
        return any(_like_scan(file) for file in files)
    except OSError:
        return False


def _like_scan(file: Path) -> bool:
    if file.name.lower().endswith(SCAN_SUFFIXES):
        return True
    with file.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def _row(one: Series) -> SeriesRow:
    refused = one.loading.startswith("refused")
    repairable = refused and one.loading.startswith("refused; repair would")
    verdict = "repair" if repairable else "refused" if refused else "warning" if "warning" in one.loading else "loads"
    return SeriesRow(
        one.uid, one.rank, one.modality, " ".join(one.description.split())[:120], one.part, one.slice_count, one.shape,
        one.spacing_mm, one.verdict.line, one.loading, verdict, one.reason,
    )
