"""One series becomes one volume, or is refused by name."""

from __future__ import annotations

import hashlib
import re
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, Volume, VolumeGeometry, check_cancelled, part_of
from anatomy_twin.errors import GeometryError, ScanError
from anatomy_twin.scan.headers import (
    PATIENT_POSITIONS,
    UNKNOWN_CLASS,
    Listing,
    SliceHeader,
    foreign_data,
    read_dataset,
)
from anatomy_twin.scan.pixels import (
    BY_SIMPLEITK,
    check_readable,
    is_lossy,
    stored_values,
    syntax_name,
)
from anatomy_twin.scan.series import ORIENTATION_TOLERANCE, Series, count_of, listing_of, ranked
from anatomy_twin.worker import run_limited

AIR_HU = -1024
MAX_VOXELS = 2**31
_INT16 = (-32768, 32767)
_EXACT_FLOAT32 = 2**24
_CHOOSE = "name one with series_uid"


def load_volume(
    path: str | PathLike[str],
    series_uid: str | None = None,
    repair: bool = False,
    monitor: Monitor = SILENT,
) -> Volume:
    """Load one series of a DICOM file or folder as a volume.

    Parameters
    ----------
    path : a DICOM file, or a folder that is searched with all its subfolders.
    series_uid : ``Series.uid`` of the series to load; the best one (``find_series``) where none is named.
    repair : allow named repairs. This version knows none: a series that needs one is refused all the same.
    monitor : told the progress, asked for cancelling.

    Returns a ``Volume``: array axis 0 goes along the slice normal (rows x columns of the header, right-hand rule), CT
    in HU by each slice's own slope and intercept, int16 where all values are whole and fit, else float32. Padding
    outside the scanned circle of a CT (below -1024 HU) becomes -1024 HU, said in ``warnings``. MONOCHROME1 tells how
    to display and changes no value. Slices may lie off the regular grid by up to 0.1 mm (from 0.02 mm with a
    warning).

    Raises ``ScanError`` where nothing can be read and ``GeometryError`` where the slices are no regular upright
    volume; the line names the finding in millimetres, degrees and slice numbers counted from 1 along the normal.
    """
    with part_of(monitor, 0.0, 0.2) as headers_monitor:
        listing = listing_of(path, headers_monitor)
    found = ranked(listing)
    chosen, warnings = _choose(found, listing, series_uid)
    _check_series(chosen, repair)
    with part_of(monitor, 0.2, 1.0) as pixel_monitor:
        array, sha256, more = _read_pixels(chosen, pixel_monitor)
    warnings += [*more, *chosen.verdict.notes]
    return Volume(
        array=array,
        geometry=_geometry(chosen),
        modality=chosen.modality,
        units="HU" if _is_hu(chosen.headers[0]) else "",
        warnings=tuple(warnings),
        facts=_facts(chosen, found, sha256),
        synthetic=all(header.synthetic for header in chosen.headers),
    )


def _choose(found: tuple[Series, ...], listing: Listing, uid: str | None) -> tuple[Series, list[str]]:
    """Pick the named or the best series, or say why none can be picked."""
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
                        advice=f"replace or remove what is broken, or {_CHOOSE}")
    turned = [one for one in _parts(found[0], found) if one.slice_count >= found[0].slice_count / 2
              and one.headers[0].image_type == found[0].headers[0].image_type
              and not _same_plane(one, found[0])]  # fmt: skip
    if turned:
        counts = " and ".join(str(one.slice_count) for one in (found[0], *turned))
        raise GeometryError(f"{counts} slices of one series lie in different planes",
                            advice=f"give slices of one plane, or {_CHOOSE}")
    return found[0], _beside(found[0], found, listing)


def _parts(chosen: Series, found: tuple[Series, ...]) -> list[Series]:
    """Return what else was split off from the chosen series."""
    uid = chosen.headers[0].series_uid
    return [one for one in found if one is not chosen and not one.aside and one.headers[0].series_uid == uid]


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
    if listing.broken:
        lines.append(f"beside the series: {count_of(len(listing.broken), 'broken DICOM file')}")
    if UNKNOWN_CLASS in listing.others:
        lines.append(f"beside the series: {count_of(listing.others[UNKNOWN_CLASS], UNKNOWN_CLASS)}")
    return lines


def _check_series(series: Series, repair: bool) -> None:
    if series.aside:
        raise ScanError(series.verdict.line, advice="give a series of single slices")
    if not series.loadable:
        advice = "this version repairs no series" if repair else "export the series again, complete and upright"
        raise GeometryError(series.verdict.line, where=count_of(series.slice_count, "slice"), advice=advice)
    if series.modality == "CT" and any(h.slope is None or h.intercept is None for h in series.headers):
        raise ScanError("a CT without rescale slope and intercept has no HU", advice="export the series again")
    for number, header in enumerate(series.headers, start=1):
        slope, intercept = _rescale(header)
        if not 1e-9 < abs(slope) < 1e9 or abs(intercept) > 1e9:
            raise ScanError(f"rescale slope {slope:g} and intercept {intercept:g} make no sense",
                            where=f"slice {number}", advice="export the series again")
    if len({_is_hu(h) for h in series.headers}) > 1 or len({h.rescale_type for h in series.headers}) > 1:
        raise ScanError("slices of different units", advice="export the series again")
    if len({h.sop_uid for h in series.headers if h.sop_uid}) < sum(bool(h.sop_uid) for h in series.headers):
        raise ScanError("two slices carry one identity", advice="export the series again")
    if np.prod(series.shape, dtype=np.float64) > MAX_VOXELS:
        raise ScanError(f"a volume of {' x '.join(map(str, series.shape))} voxels is too large")
    for syntax in {h.transfer_syntax for h in series.headers}:
        check_readable(syntax)


def _is_hu(header: SliceHeader) -> bool:
    return header.modality == "CT" and header.rescale_type in ("", "HU")


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


def _read_pixels(series: Series, monitor: Monitor) -> tuple[NDArray[Any], str, list[str]]:
    """Return the array [k, j, i] in real units, the sha256 over the files in slice order, and warnings."""
    headers, warnings = series.headers, []
    whole = all(_whole(header) for header in headers)
    array: NDArray[Any] = np.empty(series.shape, np.int16 if whole else np.float32)
    digest = hashlib.sha256()
    padded, padding_values = 0, set()
    by_simpleitk = _decode_in_child(series)
    for k, header in enumerate(headers):
        check_cancelled(monitor)
        monitor.progress(k / len(headers))
        where = f"slice {k + 1} of {len(headers)}"
        with foreign_data("a slice cannot be read", where=where, advice="copy the series again"):
            data = header.path.read_bytes()
            dataset = read_dataset(data)
        digest.update(data)
        stored = by_simpleitk[k] if k in by_simpleitk else stored_values(dataset, where)
        if whole and array.dtype == np.int16 and not _fits(stored, header):
            array = array.astype(np.float32)
        array[k] = _scaled(stored, header, whole, where)
        outside, outside_hu = _padding(dataset, header, stored, where)
        if outside is not None:
            array[k][outside] = AIR_HU
            padded += int(np.count_nonzero(outside))
            padding_values.add(outside_hu)
    if padded:
        found = ", ".join(f"{value:g}" for value in sorted(padding_values))
        warnings.append(f"{padded} voxels of padding ({found} HU) set to {AIR_HU} HU")
    warnings += _pixel_warnings(series)
    return array, digest.hexdigest(), warnings


def _decode_in_child(series: Series) -> dict[int, NDArray[Any]]:
    """Decode the slices that need SimpleITK in one child process, which may die on a broken stream."""
    numbers = [k for k, header in enumerate(series.headers) if header.transfer_syntax in BY_SIMPLEITK]
    if not numbers:
        return {}
    with foreign_data("a slice cannot be read", advice="copy the series again"):
        files = [series.headers[k].path.read_bytes() for k in numbers]
    values = run_limited(
        "anatomy_twin.scan.pixels:stored_values_by_simpleitk", files, memory_bytes=6 * 2**30,
        cpu_s=60 + len(files), wall_s=120 + 2 * len(files),
    )  # fmt: skip
    return dict(zip(numbers, values, strict=True))


def _whole(header: SliceHeader) -> bool:
    return all(number == int(number) and abs(number) < _EXACT_FLOAT32 for number in _rescale(header))


def _rescale(header: SliceHeader) -> tuple[float, float]:
    return (1.0 if header.slope is None else header.slope, 0.0 if header.intercept is None else header.intercept)


def _scaled(stored: NDArray[Any], header: SliceHeader, whole: bool, where: str) -> NDArray[Any]:
    slope, intercept = _rescale(header)
    if not whole:
        return stored.astype(np.float64) * slope + intercept
    # whole numbers stay whole; only values beyond the exact range of float32 cannot be kept
    low, high = _bounds(stored, header)
    if max(abs(low), abs(high)) > _EXACT_FLOAT32:
        raise ScanError("values too large to be held exactly", where=where)
    return stored.astype(np.int32) * np.int32(slope) + np.int32(intercept)


def _bounds(stored: NDArray[Any], header: SliceHeader) -> tuple[int, int]:
    slope, intercept = (int(number) for number in _rescale(header))
    ends = [int(stored.min()) * slope + intercept, int(stored.max()) * slope + intercept]
    return min(ends), max(ends)


def _fits(stored: NDArray[Any], header: SliceHeader) -> bool:
    low, high = _bounds(stored, header)
    return _INT16[0] <= low and high <= _INT16[1]


def _padding(
    dataset: Any, header: SliceHeader, stored: NDArray[Any], where: str
) -> tuple[NDArray[np.bool_] | None, float]:
    """Find what a CT holds outside the scanned circle: the mask, or nothing, and its HU.

    A padding value that lies in the range of tissue or air is left alone: it cannot be told from the patient.
    """
    if header.modality != "CT" or "PixelPaddingValue" not in dataset:
        return None, 0.0
    with foreign_data("the padding value is broken", where=where):
        value = dataset.PixelPaddingValue
        if value is None or value == "":
            return None, 0.0
        value, bits = int(value), int(dataset.BitsAllocated)
        if int(dataset.PixelRepresentation) == 1 and value >= 1 << (bits - 1):
            value -= 1 << bits  # written as unsigned although the pixels are signed
    slope, intercept = _rescale(header)
    hu = value * slope + intercept
    if hu >= AIR_HU:
        return None, hu
    mask = stored == value
    return (mask if bool(mask.any()) else None), hu


def _pixel_warnings(series: Series) -> list[str]:
    first, lines = series.headers[0], []
    if any(h.lossy or is_lossy(h.transfer_syntax) for h in series.headers):
        lines.append("pixels were compressed with loss: values differ from those of the scanner")
    if any(h.photometric == "MONOCHROME1" for h in series.headers):
        lines.append("MONOCHROME1 asks for an inverted display; values are kept as stored")
    if first.modality == "CT" and not _is_hu(first):
        lines.append("the series states values other than HU: no unit is given")
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
