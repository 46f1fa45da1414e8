"""Which series is meant, and whether it may be loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from anatomy_twin.errors import GeometryError, ScanError
from anatomy_twin.scan.headers import UNKNOWN_CLASS, Listing
from anatomy_twin.scan.meaning import value_problem
from anatomy_twin.scan.pixels import check_readable
from anatomy_twin.scan.series import ORIENTATION_TOLERANCE, Series, count_of

MAX_VOXELS = 2**31
_CONTINUES_MM = 0.1
_CHOOSE = "name one (series_uid, --series)"


def choose_series(found: tuple[Series, ...], listing: Listing, uid: str | None) -> tuple[Series, list[str]]:
    """Return the named or the best series with warnings of what else could be meant, or say why none can be picked."""
    if uid is not None:
        named = [one for one in found if one.uid == uid]
        if not named:
            raise ScanError("no series of that UID here", advice="list the series to see their UIDs")
        base = named[0].headers[0].series_uid
        if len({one.patient_key for one in found if one.headers[0].series_uid == base}) > 1:
            raise ScanError("two patients share one series", advice="give the images of one patient")
        return named[0], _beside(named[0], found, listing)
    patients = {one.patient_key for one in found}
    if len(patients) > 1:
        count = "two" if len(patients) == 2 else str(len(patients))
        raise ScanError(f"images of {count} patients in one folder", advice=f"give one patient, or {_CHOOSE}")
    if all(one.aside for one in found):
        names = sorted({one.aside for one in found})
        raise ScanError(f"only {' and '.join(f'{name}s' for name in names)} here, no volume of slices",
                        advice="give the folder of a CT series")
    if listing.broken:
        raise ScanError(f"{count_of(len(listing.broken), 'broken DICOM file')} here that may be missing slices",
                        where=_names(listing.broken), advice=f"replace or remove what is broken, or {_CHOOSE}")
    turned = [one for one in _parts(found[0], found) if one.slice_count >= found[0].slice_count / 2
              and one.headers[0].image_type == found[0].headers[0].image_type
              and not _same_plane(one, found[0])]  # fmt: skip
    if turned:
        counts = " and ".join(str(one.slice_count) for one in (found[0], *turned))
        raise GeometryError(f"{counts} slices of one series lie in different planes",
                            advice=f"give slices of one plane, or {_CHOOSE}")
    return found[0], _beside(found[0], found, listing)


def _names(files: Sequence[Path], most: int = 3) -> str:
    """Return the names of a few files, for the terminal."""
    names = ["".join(c if c.isprintable() else "?" for c in file.name[:60]) for file in files[:most]]
    return ", ".join(names) + (" and more" if len(files) > most else "")


def _parts(chosen: Series, found: tuple[Series, ...]) -> list[Series]:
    """Return what else was split off from the chosen series."""
    uid = chosen.headers[0].series_uid
    return [one for one in found if one is not chosen and not one.aside and one.headers[0].series_uid == uid]


def _continues(one: Series, chosen: Series) -> bool:
    """Tell whether another series has a slice one step before the first or after the last one of the chosen series.

    A damaged Series Instance UID takes a slice out of its series; at an end nothing else would tell.
    """
    ours, theirs = chosen.headers, one.headers
    if one.aside or len(ours) < 2 or theirs[0].series_uid == ours[0].series_uid or not _same_plane(one, chosen):
        return False
    alike = {(h.frame_of_reference_uid, h.rows, h.columns, h.patient_key) for h in (ours[0], theirs[0])}
    placed = [h.position_mm for h in theirs if h.position_mm is not None]
    if len(alike) > 1 or not placed or ours[0].position_mm is None or ours[-1].position_mm is None:
        return False
    first, last = np.asarray(ours[0].position_mm), np.asarray(ours[-1].position_mm)
    step = (last - first) / (len(ours) - 1)
    ends = np.stack([first - step, last + step])
    return bool((np.linalg.norm(np.asarray(placed)[:, None] - ends, axis=2) < _CONTINUES_MM).any())


def _same_plane(one: Series, other: Series) -> bool:
    first, second = one.headers[0].orientation, other.headers[0].orientation
    return first is None or second is None or bool(np.allclose(first, second, atol=ORIENTATION_TOLERANCE))


def _beside(chosen: Series, found: tuple[Series, ...], listing: Listing) -> list[str]:
    """Warn of what else could have been meant."""
    lines = []
    rivals = [one for one in found if one is not chosen and one.loadable and one.modality == chosen.modality
              and one.slice_count >= chosen.slice_count / 2]  # fmt: skip
    if rivals:
        lines.append(f"{len(rivals)} more series of {chosen.modality} could have been meant; {_CHOOSE} to take another")
    parts = _parts(chosen, found)
    if parts:
        lines.append(f"the series was split into {len(parts) + 1} parts; this one has {chosen.slice_count} slices")
    if any(_continues(one, chosen) for one in found):
        lines.append("another series goes on where this one ends, in the same planes: slices may be missing here")
    uid = chosen.headers[0].series_uid
    for one in found:
        if one.aside and one.headers[0].series_uid == uid:
            lines.append(f"of the same series, set aside: {count_of(one.slice_count, one.aside)}")
    if listing.broken:
        lines.append(f"beside the series: {count_of(len(listing.broken), 'broken DICOM file')}")
    if UNKNOWN_CLASS in listing.others:
        lines.append(f"beside the series: {count_of(listing.others[UNKNOWN_CLASS], UNKNOWN_CLASS)}")
    return lines


def check_series(series: Series, repair: bool) -> None:
    """Raise ``GeometryError`` or ``ScanError`` where a series cannot be loaded truthfully, repaired or not."""
    repairs, repairable = series.verdict.repairs, series.verdict.repairable
    if series.aside:
        labels = series.modality == "SEG"
        raise ScanError(series.verdict.line, advice="give the scan, then read this as its labels (load_labels, "
                        "segment --labels)" if labels else "give a series of slices")
    if not series.loadable and not (repair and repairable):
        advice = "export the series again, complete and upright"
        if repairable:
            advice = f"export it again, or allow its repair (repair=True, --repair): {'; '.join(repairs)}"
        elif repair:
            advice = f"there is no safe repair; {advice}"
        raise GeometryError(series.verdict.line, where=count_of(series.slice_count, "slice"), advice=advice)
    if problem := value_problem(series.headers, bool(series.verdict.duplicates)):
        raise ScanError(problem, advice="export the series again")
    if np.prod(series.shape, dtype=np.float64) > MAX_VOXELS:
        raise ScanError(f"a volume of {' x '.join(map(str, series.shape))} voxels is too large")
    for syntax in {h.transfer_syntax for h in series.headers}:
        check_readable(syntax)
