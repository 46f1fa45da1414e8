"""What a folder or file of scans holds, as rows that a person chooses from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.scan import Series, find_series


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


def _row(one: Series) -> SeriesRow:
    refused = one.loading.startswith("refused")
    repairable = refused and one.loading.startswith("refused; repair would")
    verdict = "repair" if repairable else "refused" if refused else "warning" if "warning" in one.loading else "loads"
    return SeriesRow(
        one.uid, one.rank, one.modality, " ".join(one.description.split())[:120], one.part, one.slice_count, one.shape,
        one.spacing_mm, one.verdict.line, one.loading, verdict, one.reason,
    )
