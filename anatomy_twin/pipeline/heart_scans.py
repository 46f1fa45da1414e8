"""Two scans of one heart come into one case: the CT that shows its chambers and the MR that shows its fibrosis."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from anatomy_twin.core import SILENT, Case, FrozenMapping, Monitor, Patient
from anatomy_twin.errors import ScanError
from anatomy_twin.pipeline.chain import import_scan
from anatomy_twin.pipeline.heart import LATE
from anatomy_twin.pipeline.record import recorded, timed_stage
from anatomy_twin.scan import Series, find_series, load_volume

READING: Final = "reading the late enhancement"


def import_heart(
    path: str | Path, *, late: str | Path | None = None, series_uid: str | None = None, late_uid: str | None = None,
    repair: bool = False, modality: str | None = None, patient: Patient | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Read the CT of a heart and, where there is one, its late-enhancement MR into a new case.

    Parameters
    ----------
    path : folder, file or archive with the CT, and perhaps the MR of the same patient beside it.
    late : where the MR is, if not there.
    series_uid, late_uid : of the series to take; by default the best CT and the best MR of that patient (see
        ``find_series``). The monitor is told which MR was taken, and of others that could have been meant.
    repair, modality, patient : as ``import_scan``.

    The MR becomes the volume "late_enhancement". Raises ``ScanError`` as ``load_volume``, where ``late`` or
    ``late_uid`` hold no MR, and for an MR of another patient.
    """
    found = find_series(path, monitor)
    scan = _named(found, series_uid) or _best(found, "CT")
    if scan is None:
        return import_scan(path, series_uid=series_uid, repair=repair, modality=modality, patient=patient,
                           monitor=monitor)
    several = len(found) > 1  # a file that holds one volume has no UID to name it by
    case = import_scan(path, series_uid=scan.uid if several else series_uid, repair=repair, modality=modality,
                       patient=patient, monitor=monitor)
    apart = late is not None
    others = find_series(late, monitor) if late is not None else found
    chosen = _late(others, scan, late_uid, apart, monitor)
    if chosen is None:
        return case
    return _with_late(case, late if late is not None else path, chosen, len(others) > 1, apart, repair, monitor)


def _named(found: tuple[Series, ...], uid: str | None) -> Series | None:
    return next((one for one in found if one.uid == uid), None)


def _best(found: tuple[Series, ...], modality: str) -> Series | None:
    """Return the best series of a modality that can be read; they come best first."""
    return next((one for one in found if one.modality == modality and not one.aside and one.loadable), None)


def _late(
    others: tuple[Series, ...], scan: Series, uid: str | None, apart: bool, monitor: Monitor
) -> Series | None:
    """Return the MR that is meant, None where there is none; ``ScanError`` where it was asked for and cannot be."""
    if uid is not None:
        chosen = _named(others, uid)
        if chosen is None or chosen.modality != "MR":
            raise ScanError("no MR series of that UID here", advice="list the series to see their UIDs")
    elif apart and len(others) == 1 and others[0].modality in ("MR", ""):
        chosen = others[0]
    else:
        rivals = [one for one in others if one.modality == "MR" and not one.aside and one.loadable
                  and (one.patient_key == scan.patient_key or apart)]
        chosen = rivals[0] if rivals else None
        if len(rivals) > 1:
            monitor.warn(f"{len(rivals) - 1} more series of MR could have been meant as late enhancement; name one")
    if chosen is None and apart:
        raise ScanError("no MR that can be read is there", advice="give the late-enhancement series")
    if chosen is not None and chosen.patient_key and scan.patient_key and chosen.patient_key != scan.patient_key:
        raise ScanError("the late enhancement is of another patient", advice="give both scans of one patient")
    return chosen


def _with_late(
    case: Case, path: str | Path, chosen: Series, several: bool, apart: bool, repair: bool, monitor: Monitor
) -> Case:
    with timed_stage(READING, monitor) as clock:
        volume = load_volume(path, chosen.uid if several else None, repair,
                             "MR" if apart and not chosen.modality else None, monitor)
        monitor.warn(f"late enhancement: {chosen.slice_count} MR slices, {chosen.reason or 'the only one'}")
        for warning in volume.warnings:
            monitor.warn(f"late enhancement: {warning}")
    case = replace(case, volumes=FrozenMapping({**case.volumes, LATE: volume}))
    return recorded(case, READING, volume.facts, clock)
