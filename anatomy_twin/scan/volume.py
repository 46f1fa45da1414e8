"""One series becomes one volume, or is refused by name."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path

from anatomy_twin.core import SILENT, Monitor, Volume, VolumeGeometry, part_of
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.choice import check_series, choose_series
from anatomy_twin.scan.find import unpacked
from anatomy_twin.scan.grid_file import is_grid_file
from anatomy_twin.scan.headers import PATIENT_POSITIONS, private_uid
from anatomy_twin.scan.meaning import is_hu
from anatomy_twin.scan.pixels import is_lossy, syntax_name
from anatomy_twin.scan.repair import repaired, repaired_geometry
from anatomy_twin.scan.series import Series, count_of, listing_of, ranked
from anatomy_twin.scan.slice_header import SliceHeader
from anatomy_twin.scan.volume_file import load_volume_file
from anatomy_twin.scan.voxels import AIR_HU, read_voxels

_UNITS = {"BQML": "Bq/ml", "CNTS": "counts", "GML": "g/ml", "CM2ML": "cm2/ml", "PROPCNTS": "proportional counts"}


def load_volume(
    path: str | PathLike[str],
    series_uid: str | None = None,
    repair: bool = False,
    modality: str | None = None,
    monitor: Monitor = SILENT,
) -> Volume:
    """Load one series of a DICOM file or folder, or a NIfTI, NRRD or MetaImage file, as a volume.

    An archive (zip, tar) of such files is unpacked for the time of the call.

    Parameters
    ----------
    path : a file, or a folder that is searched with all its subfolders for DICOM files.
    series_uid : ``Series.uid`` of the series to load; the best one (``find_series``) where none is named.
    repair : allow the repairs that ``Series.verdict.repairs`` names; each that is made is written into ``warnings``.
    modality : "CT", "MR" or "PT", for files that do not state it (NIfTI, NRRD, MetaImage).
    monitor : told the progress, asked for cancelling.

    Returns a ``Volume``: array axis 0 goes along the slice normal (rows x columns of the header, right-hand rule), CT
    in HU by each slice's own slope and intercept, int16 where all values are whole and fit, else float32. Padding
    outside the scanned circle of a CT (below -1024 HU) becomes -1024 HU, said in ``warnings``. MONOCHROME1 tells how
    to display and changes no value. Slices may lie off the regular grid by up to 0.1 mm, at most a quarter of
    a step (from 0.02 mm with a warning).

    Raises ``ScanError`` where nothing can be read and ``GeometryError`` where the slices are no regular upright
    volume; the line names the finding in millimetres, degrees and slice numbers counted from 1 along the normal.
    """
    with unpacked(path) as place:
        if is_grid_file(place):
            return load_volume_file(place, modality, monitor=monitor)
        return _load_dicom(place, series_uid, repair, modality, monitor)


def _load_dicom(path: Path, series_uid: str | None, repair: bool, modality: str | None, monitor: Monitor) -> Volume:
    with part_of(monitor, 0.0, 0.2) as headers_monitor:
        listing = listing_of(path, headers_monitor)
    found = ranked(listing)
    chosen, warnings = choose_series(found, listing, series_uid)
    if modality not in (None, chosen.modality):
        raise ScanError(f"the series says that it is {chosen.modality or 'of no modality'}, not {modality}",
                        advice="leave the modality to the series")
    check_series(chosen, repair)
    if not chosen.loadable:
        repaired_geometry(chosen)  # what cannot be repaired is said before pixels are read
    with part_of(monitor, 0.2, 1.0) as pixel_monitor:
        array, sha256, more = read_voxels(chosen.headers, pixel_monitor)
    warnings += [*more, *_value_warnings(chosen), *chosen.verdict.notes]
    facts = _facts(chosen, found, sha256)
    instances = {private_uid(header.sop_uid) for header in chosen.headers if header.sop_uid}
    if chosen.loadable:
        geometry = _geometry(chosen)
    else:
        made = repaired(array, chosen, float(AIR_HU if is_hu(chosen.headers[0]) else array.min()), monitor)
        array, geometry = made.array, made.geometry
        instances = set() if made.resampled else instances
        warnings += [f"repaired: {line}" for line in made.lines]
        facts["repairs"] = "; ".join(made.lines)
    return Volume(
        array=array,
        geometry=geometry,
        modality=chosen.modality,
        units=_units(chosen.headers[0]),
        warnings=tuple(warnings),
        facts=facts,
        synthetic=all(header.synthetic for header in chosen.headers),
        instances=tuple(instances),
    )


def _units(header: SliceHeader) -> str:
    if header.modality == "PT":
        return _UNITS.get(header.units, "")
    return "HU" if is_hu(header) else ""


def _geometry(series: Series) -> VolumeGeometry:
    grid = series.grid
    assert grid is not None  # a series without problems has been placed
    return VolumeGeometry(
        shape=series.shape,
        spacing_mm=series.spacing_mm,
        direction=grid.direction,
        origin_mm=(float(grid.origin_mm[0]), float(grid.origin_mm[1]), float(grid.origin_mm[2])),
        frame_of_reference_uid=series.headers[0].frame_of_reference_uid,
    )


def _value_warnings(series: Series) -> list[str]:
    first = series.headers[0]
    lines = list(dict.fromkeys(note for header in series.headers for note in header.notes))
    if any(h.lossy or is_lossy(h.transfer_syntax) for h in series.headers):
        lines.append("pixels were compressed with loss: values differ from those of the scanner")
    kernels, voltages = {h.kernel for h in series.headers}, {h.kvp for h in series.headers}
    for what, count in (("kernels", len(kernels)), ("tube voltages", len(voltages))):
        if count > 1:
            lines.append(f"its slices were made with {count} different {what}")
    if any(h.photometric == "MONOCHROME1" for h in series.headers):
        lines.append("MONOCHROME1 asks for an inverted display; values are kept as stored")
    if first.modality == "CT" and not is_hu(first):
        lines.append("the series states values other than HU: no unit is given")
    if first.modality == "PT" and not _units(first):
        lines.append("the series does not state the unit of its values")
    if series.slice_count == 1:
        lines.append("a single slice is no volume for planning")
    if not first.frame_of_reference_uid:
        lines.append("no frame of reference: other objects cannot be matched by it")
    return lines


def _facts(series: Series, found: tuple[Series, ...], sha256: str) -> dict[str, str]:
    """Named findings without anything that tells who the patient is."""
    first = series.headers[0]
    syntaxes = sorted({syntax_name(h.transfer_syntax) for h in series.headers})
    facts = {
        "series": f"series {series.rank} of {len(found)}, {count_of(series.slice_count, 'slice')}",
        "choice": series.reason,
        "slices": str(series.slice_count),
        "geometry": series.verdict.line,
        "transfer syntax": ", ".join(syntaxes),
        "sha256": sha256,
    }
    if series.set_aside:
        facts["set aside"] = ", ".join(series.set_aside)
    if first.patient_position in PATIENT_POSITIONS:
        facts["patient position"] = PATIENT_POSITIONS[first.patient_position]
    if first.kvp is not None and 0 < first.kvp < 1000:
        facts["tube voltage"] = f"{first.kvp:g} kVp"
    if first.thickness_mm is not None and first.thickness_mm > 0:
        facts["slice thickness"] = f"{first.thickness_mm:g} mm"
    kernel = _harmless(first)
    if kernel:
        facts["kernel"] = kernel
    return facts


def _harmless(header: SliceHeader) -> str:
    """Return the kernel's name if it is short technical text without a word of the patient's name or ID."""
    text = header.kernel
    if not re.fullmatch(r"[A-Za-z0-9 _.+\\/-]{1,24}", text):
        return ""
    words = set(re.split(r"\W+|_", text.upper())) | {text.upper()}
    return "" if words & header.patient_words or any(w in text.upper() for w in header.patient_words) else text
