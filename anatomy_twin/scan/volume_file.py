"""A NIfTI, NRRD or MetaImage file becomes one volume, or is refused by name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, Volume, VolumeGeometry, check_cancelled, part_of
from anatomy_twin.core.volume import place_not_finite
from anatomy_twin.errors import ScanError, UsageError
from anatomy_twin.scan.grid_file import GridFile, GridHeader, describe_grid, read_grid
from anatomy_twin.scan.series import Series, count_of
from anatomy_twin.scan.verdict import GeometryVerdict, orientation_name

MODALITIES = ("CT", "MR", "PT")
_INT16 = (-32768, 32767)
_EXACT_FLOAT32 = 2**24
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
_AIR_HU = -1024
# A guess at CT in HU: some voxels of air and of soft tissue must be there, and no value that HU never take.
_LOWEST_GUESS_HU, _HIGHEST_GUESS_HU = (-10_000, -900), 32_767
_AIR_BELOW_HU, _SOFT_HU = -700, (-150, 300)
_LEAST_AIR, _LEAST_SOFT = 0.01, 0.02
# noise gives tissue many values; labels and masks have few
_LEAST_SOFT_VALUES = 40
# what is called CT and has no value below this holds no air and no fat: it may not be HU
_NO_HU_ABOVE = -50
_CHUNK = 2**20


def load_volume_file(
    path: str | PathLike[str], modality: str | None = None, monitor: Monitor = SILENT
) -> Volume:
    """Load a NIfTI, NRRD or MetaImage file as a volume.

    Parameters
    ----------
    path : the file; its content counts, not its name.
    modality : "CT" (values are taken for HU), "MR" or "PT": these files do not state it. Where it is not given, CT is
        guessed from values that only HU have, said in ``warnings``; else modality and units stay empty.
    monitor : told the progress, asked for cancelling.

    Returns a ``Volume`` [k, j, i] on the file's own grid in LPS mm, int16 where all values are whole and fit, else
    float32. Nothing of the file's name and free texts is kept.

    Raises ``ScanError`` in one line for what cannot be read truthfully (``read_grid``), for several layers, values that
    are not finite or too large to be held; ``UsageError`` for an unknown modality.
    """
    if modality not in (None, *MODALITIES):
        raise UsageError("that modality is not known", advice=f"use one of {', '.join(MODALITIES)}")
    place = Path(path)
    header = describe_grid(place)
    _check_single(header)
    with part_of(monitor, 0.0, 0.8) as part:
        grid = read_grid(place, part)
    array = _as_volume_values(grid.array.reshape(grid.geometry.shape), grid.geometry, monitor)
    named, warnings = _modality(array, modality)
    return Volume(
        array=array,
        geometry=grid.geometry,
        modality=named,
        units="HU" if named == "CT" else "",
        warnings=(*grid.notes, *warnings, *_more_warnings(array, named)),
        facts=_facts(grid, header, _sha256(dict.fromkeys((place, header.source)))),
    )


def series_of_file(path: str | PathLike[str]) -> Series:
    """Describe the volume in a NIfTI, NRRD or MetaImage file from its header.

    Its ``uid`` is "file" and its modality empty: these files state neither. ``ScanError`` for broken bytes.
    """
    place = Path(path)
    header = describe_grid(place)
    shape = (header.shape[-3], header.shape[-2], header.shape[-1])
    verdict = _verdict(header)
    return Series(
        uid="file",
        modality="",
        description="",
        slice_count=shape[0],
        shape=shape,
        spacing_mm=header.spacing_mm,
        verdict=verdict,
        loading=_loading(verdict),
        rank=1,
        reason=f"the only volume of the file ({header.format_line})",
        files=(place,),
    )


def _loading(verdict: GeometryVerdict) -> str:
    if verdict.problems:
        return verdict.loading
    return "loads once its modality is named (modality=, --modality), or as CT where its values can only be HU"


def _verdict(header: GridHeader) -> GeometryVerdict:
    problems = list(header.problems)
    if not problems:
        problems += _layers(header)
    known = header.geometry is not None
    return GeometryVerdict(
        uniform=not problems,
        orientation=orientation_name(header.geometry.direction[:, 0]) if header.geometry is not None else "unknown",
        step_mm=header.spacing_mm[0] if known else 0.0,
        notes=header.notes,
        problems=tuple(problems),
    )


def _layers(header: GridHeader) -> list[str]:
    if len(header.shape) == 4 and header.shape[0] > 1:
        return [f"the file holds {header.shape[0]} layers on one grid, not one volume"]
    return []


def _check_single(header: GridHeader) -> None:
    for line in () if header.problems else _layers(header):
        raise ScanError(line, advice="give one volume")


def _as_volume_values(values: NDArray[Any], geometry: VolumeGeometry, monitor: Monitor) -> NDArray[Any]:
    """Return int16 where all values are whole and fit, else float32; ``ScanError`` for what neither can hold."""
    lost = sum(int(np.count_nonzero(~np.isfinite(part))) for part in values) if values.dtype.kind == "f" else 0
    if lost:
        raise ScanError(f"{count_of(lost, 'voxel')} that are no finite numbers" if lost > 1
                        else "a voxel that is no finite number", where=place_not_finite(values, geometry),
                        advice="replace them by a value, then export again")  # fmt: skip
    low, high = values.min().item(), values.max().item()
    fits = _INT16[0] <= low and high <= _INT16[1]
    if values.dtype.kind in "iu":
        if not fits and max(abs(low), abs(high)) > _EXACT_FLOAT32:
            raise ScanError("values too large to be held exactly", advice="export the file again")
        return values.astype(np.int16 if fits else np.float32, copy=False)
    if max(abs(low), abs(high)) > _LARGEST_FLOAT32:
        raise ScanError("values too large to be held", advice="export the file again")
    whole = fits
    for part in values if fits else ():
        check_cancelled(monitor)
        whole = whole and bool(np.all(part == np.rint(part)))
        if not whole:
            break
    return values.astype(np.int16 if whole else np.float32, copy=False)


def _modality(array: NDArray[Any], given: str | None) -> tuple[str, list[str]]:
    if given == "CT":
        low = float(array.min())
        if low > _NO_HU_ABOVE:
            return given, [f"no value lies below {low:g}: what was named CT may not be in HU"]
        return given, []
    if given is not None:
        return given, []
    if _looks_like_hu(array):
        return "CT", ["the file states no modality: its values look like HU, taken for CT by guess; "
                      "name it with modality= to be sure"]  # fmt: skip
    return "", ["the file states neither modality nor units; name it with modality=\"CT\", \"MR\" or \"PT\""]


def _looks_like_hu(array: NDArray[Any]) -> bool:
    """Tell whether the values have the extremes, the air and the soft tissue of a CT in HU."""
    low, high = float(array.min()), float(array.max())
    if not (_LOWEST_GUESS_HU[0] <= low <= _LOWEST_GUESS_HU[1] and high <= _HIGHEST_GUESS_HU):
        return False
    air = sum(int(np.count_nonzero(part <= _AIR_BELOW_HU)) for part in array)
    tissue = np.zeros(_SOFT_HU[1] - _SOFT_HU[0] + 1, np.int64)
    for part in array:
        soft = part[(part >= _SOFT_HU[0]) & (part <= _SOFT_HU[1])]
        tissue += np.bincount(np.rint(soft).astype(np.int64) - _SOFT_HU[0], minlength=tissue.size)
    enough = air >= _LEAST_AIR * array.size and tissue.sum() >= _LEAST_SOFT * array.size
    return bool(enough and np.count_nonzero(tissue) >= _LEAST_SOFT_VALUES)


def _more_warnings(array: NDArray[Any], modality: str) -> list[str]:
    lines = []
    if modality == "CT":
        below = sum(int(np.count_nonzero(part < _AIR_HU)) for part in array)
        if below:
            verb = "lies" if below == 1 else "lie"
            lines.append(f"{count_of(below, 'voxel')} {verb} below {_AIR_HU} HU: "
                         "padding outside the scanned circle, or resampling")
    if array.shape[0] == 1:
        lines.append("a single slice is no volume for planning")
    lines.append("no frame of reference: other objects cannot be matched by it")
    return lines


def _facts(grid: GridFile, header: GridHeader, sha256: str) -> dict[str, str]:
    """Named findings without anything that tells who the patient is: no name of the file, no free text of it."""
    slices = grid.geometry.shape[0]
    return {
        "series": f"series 1 of 1, {count_of(slices, 'slice')}",
        "slices": str(slices),
        "geometry": _verdict(header).line,
        "format": grid.format,
        "sha256": sha256,
    }


def _sha256(files: Iterable[Path]) -> str:
    """Return the checksum over the bytes of the file and, if its voxels are in another one, of that."""
    digest = hashlib.sha256()
    for place in files:
        try:
            with place.open("rb") as stream:
                while data := stream.read(_CHUNK):
                    digest.update(data)
        except OSError:
            raise ScanError("the file cannot be read", advice="check that it may be read") from None
    return digest.hexdigest()
