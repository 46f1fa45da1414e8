"""Stored values become real ones: HU for a CT, whole where that is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.meaning import rescale_of
from anatomy_twin.scan.pixels import PixelFormat, padding_value
from anatomy_twin.scan.slice_header import SliceHeader
from anatomy_twin.scan.slices import read_slices
from anatomy_twin.scan.verdict import count_of

AIR_HU = -1024
_INT16 = (-32768, 32767)
_EXACT_FLOAT32 = 2**24


class _Wider(Exception):
    """Values do not fit into 16 bits."""


def read_voxels(headers: tuple[SliceHeader, ...], monitor: Monitor = SILENT) -> tuple[NDArray[Any], str, list[str]]:
    """Read the slices and rescale each by its own slope and intercept.

    Returns the array [k, j, i] (int16 where all values are whole and fit, else float32), the sha256 of the files (see
    ``slices.read_slices``), and warnings. Padding outside the scanned circle of a CT becomes -1024 HU. Raises
    ``ScanError`` naming the slice that cannot be read or whose values no type holds exactly.
    """
    shape = (len(headers), headers[0].rows, headers[0].columns)
    if all(_whole(header) for header in headers):
        try:
            return _read(headers, np.empty(shape, np.int16), monitor)
        except _Wider:
            pass
    return _read(headers, np.empty(shape, np.float32), monitor)


def _read(
    headers: tuple[SliceHeader, ...], array: NDArray[Any], monitor: Monitor
) -> tuple[NDArray[Any], str, list[str]]:
    def put(k: int, stored: NDArray[Any], form: PixelFormat) -> tuple[int, float]:
        header = headers[k]
        low, high = int(stored.min()), int(stored.max())
        outside, outside_hu = _padding(header, form, stored, low, high)
        if _whole(header):
            _put_whole(array[k], stored, header, (low, high), f"slice {k + 1} of {len(headers)}")
        else:
            slope, intercept = rescale_of(header)
            array[k] = stored.astype(np.float64) * slope + intercept
        if outside is None:
            return 0, 0.0
        array[k][outside] = AIR_HU
        return int(np.count_nonzero(outside)), outside_hu

    padding, sha256, cut = read_slices(headers, array, put, monitor)
    warnings = []
    if cut:
        warnings.append(f"values need more bits than the header tells in {count_of(cut, 'slice')}: "
                        "the bits above were dropped")
    if total := sum(count for count, _ in padding):
        values = ", ".join(f"{value:g}" for value in sorted({value for count, value in padding if count}))
        warnings.append(f"{total} voxels of padding ({values} HU) set to {AIR_HU} HU")
    return array, sha256, warnings


def _whole(header: SliceHeader) -> bool:
    return all(number == int(number) and abs(number) < _EXACT_FLOAT32 for number in rescale_of(header))


def _put_whole(
    out: NDArray[Any], stored: NDArray[Any], header: SliceHeader, ends: tuple[int, int], where: str
) -> None:
    """Put the whole values of a slice into their place, which ``stored`` may be a view of.

    Raises ``_Wider`` where 16 bits do not do; only values beyond the exact range of float32 cannot be kept at all.
    """
    slope, intercept = (int(number) for number in rescale_of(header))
    low, high = sorted(end * slope + intercept for end in ends)
    if max(abs(low), abs(high)) > _EXACT_FLOAT32:
        raise ScanError("values too large to be held exactly", where=where)
    if out.dtype == np.int16 and not _INT16[0] <= low <= high <= _INT16[1]:
        raise _Wider
    if out.dtype == np.int16 and slope == 1 and stored.dtype.itemsize == 2:
        # the sum fits into 16 bits, so it may be made modulo 2**16, without a wider copy
        shift = np.array(intercept & 0xFFFF, np.uint16).view(np.int16)
        np.add(stored.astype(stored.dtype.newbyteorder("="), copy=False).view(np.int16), shift, out=out)
    else:
        out[...] = stored.astype(np.int64) * slope + intercept


def _padding(
    header: SliceHeader, form: PixelFormat, stored: NDArray[Any], low: int, high: int
) -> tuple[NDArray[np.bool_] | None, float]:
    """Find what a CT holds outside the scanned circle: the mask, or nothing, and its HU.

    A padding value that lies in the range of tissue or air is left alone: it cannot be told from the patient.
    """
    value = padding_value(header, form)
    if header.modality != "CT" or value is None:
        return None, 0.0
    slope, intercept = rescale_of(header)
    hu = value * slope + intercept
    if hu >= AIR_HU or not low <= value <= high:
        return None, hu
    mask = stored == value
    return (mask if bool(mask.any()) else None), hu
