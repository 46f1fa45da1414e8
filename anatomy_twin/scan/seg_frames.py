"""The frames of a DICOM SEG object: where each lies, and its pixel values one frame at a time (PS3.3 A.51, C.8.20)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.headers import foreign_data

LONGEST_SIDE = 16384
MOST_FRAMES = 60_000
MOST_PLANES = 20_000
SAME_PLACE_MM = 0.01
_LITTLE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99")
_BIG = "1.2.840.10008.1.2.2"
_RLE = "1.2.840.10008.1.2.5"
_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
_PLUGINS = {
    "1.2.840.10008.1.2.4.80": "pyjpegls", "1.2.840.10008.1.2.4.90": "pylibjpeg", "1.2.840.10008.1.2.4.201": "pylibjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg", _RLE: "pydicom",
}  # fmt: skip
_AGAIN = "export it again"
FrameReader = Callable[[int], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Frames:
    """Where the frames of an object lie: ``corner`` [frame, (k, j, i)] is the first pixel of each on ``geometry``.

    ``geometry`` spans all frames; ``size`` is (rows, columns) of one.
    """

    geometry: VolumeGeometry
    corner: NDArray[np.int64]
    size: tuple[int, int]
    notes: tuple[str, ...] = ()


def group_item(frame: Dataset | None, shared: Dataset | None, keyword: str) -> Dataset | None:
    """Return the one item of a functional group, of the frame itself or shared by all frames."""
    for groups in (frame, shared):
        items = groups.get(keyword) if groups is not None else None
        if items:
            first: Dataset = items[0]
            return first
    return None


def place_frames(
    dataset: Dataset, frame_of_reference: str, scan: VolumeGeometry | None, of_scan: bool, where: str
) -> Frames:
    """Put the frames of an object on one regular grid.

    Frames may leave slices out, so the distance of slices is taken from ``scan`` where the object states none, or
    where it was made of this scan's images (``of_scan``); else the stated one, else the smallest one.

    Raises ``ScanError`` where the frames lie in different planes or on no regular grid.
    """
    rows, columns, count = frame_size(dataset, where)
    per_frame = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    if len(per_frame) != count:
        raise ScanError(f"segmentation object has {count} frames and places {len(per_frame)}", where=where,
                        advice=_AGAIN)
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
    planes = [_plane(frame, shared, number, where) for number, frame in enumerate(per_frame, start=1)]
    positions = np.array([plane[0] for plane in planes])
    axes, spacing = np.array(planes[0][1]), np.array(planes[0][2])
    if any(not np.allclose(p[1], axes, atol=1e-4) or not np.allclose(p[2], spacing, rtol=1e-4) for p in planes):
        raise ScanError("frames of the segmentation lie in different planes", where=where, advice=_AGAIN)
    row, column = _unit_axes(axes, where)
    normal = np.cross(row, column)
    offsets = positions - positions[0]
    stated = _stated_step(per_frame[0], shared)
    scan_step = _scan_step(scan, normal) if scan is not None and (of_scan or stated is None) else None
    step, notes = _step(offsets @ normal, [one for one in (scan_step, stated) if one is not None], where)
    index = np.stack([offsets @ normal / step, offsets @ column / spacing[0], offsets @ row / spacing[1]], axis=1)
    corner = np.rint(index).astype(np.int64)
    if np.abs(index - corner).max(initial=0.0) > 0.05:
        raise ScanError("frames of the segmentation do not lie on one regular grid", where=where,
                        advice="resample it onto the scan first")
    first = corner.min(axis=0)
    shape = corner.max(axis=0) - first + (1, rows, columns)
    if shape[0] > MOST_PLANES or max(shape[1:]) > 4 * LONGEST_SIDE:
        raise ScanError("frames of the segmentation lie too far apart", where=where, advice=_AGAIN)
    direction = np.stack([normal, column, row], axis=1)
    size = np.array([step, *spacing])
    start = positions[0] + direction @ (first * size)
    geometry = VolumeGeometry(
        (int(shape[0]), int(shape[1]), int(shape[2])), (float(size[0]), float(size[1]), float(size[2])), direction,
        (float(start[0]), float(start[1]), float(start[2])), frame_of_reference,
    )
    return Frames(geometry, corner - first, (rows, columns), notes)


def frame_size(dataset: Dataset, where: str) -> tuple[int, int, int]:
    """Return rows, columns and number of frames; ``ScanError`` where they can be none."""
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    count = int(dataset.get("NumberOfFrames", 1) or 0)  # some leave it out where there is one
    if not (0 < rows <= LONGEST_SIDE and 0 < columns <= LONGEST_SIDE and 0 < count <= MOST_FRAMES):
        raise ScanError(f"segmentation object claims {count} frames of {rows} x {columns} pixels", where=where,
                        advice=_AGAIN)
    return rows, columns, count


def _plane(frame: Dataset, shared: Dataset | None, number: int, where: str) -> tuple[Any, Any, Any]:
    place = group_item(frame, shared, "PlanePositionSequence")
    turn = group_item(frame, shared, "PlaneOrientationSequence")
    size = group_item(frame, shared, "PixelMeasuresSequence")
    if place is None or turn is None or size is None:
        raise ScanError("segmentation object does not say where its frames lie in the patient", where=where,
                        advice="give a segmentation of a CT or MR volume")
    values = (
        [float(v) for v in place.ImagePositionPatient], [float(v) for v in turn.ImageOrientationPatient],
        [float(v) for v in size.PixelSpacing],
    )
    if [len(v) for v in values] != [3, 6, 2] or not all(np.isfinite(v).all() for v in map(np.array, values)):
        raise ScanError(f"position of frame {number} of the segmentation is no position", where=where, advice=_AGAIN)
    if not all(1e-3 <= v <= 1e3 for v in values[2]) or max(map(abs, values[0])) > 1e5:
        raise ScanError(f"position or spacing of frame {number} of the segmentation makes no sense", where=where,
                        advice=_AGAIN)
    return values


def _unit_axes(axes: NDArray[np.float64], where: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    row, column = axes[:3], axes[3:]
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not all(abs(length - 1) < 1e-3 for length in lengths) or abs(row @ column) > 1e-3:
        raise ScanError("orientation of the segmentation's frames is none", where=where, advice=_AGAIN)
    row = row / lengths[0]
    column = column - (column @ row) * row
    return row, column / np.linalg.norm(column)


def _stated_step(frame: Dataset, shared: Dataset | None) -> float | None:
    measures = group_item(frame, shared, "PixelMeasuresSequence")
    text = measures.get("SpacingBetweenSlices") if measures is not None else None
    value = abs(float(text)) if text is not None and text != "" else 0.0
    return value if 1e-3 <= value <= 1e3 else None


def _scan_step(scan: VolumeGeometry, normal: NDArray[np.float64]) -> float | None:
    """Return the scan's step along the normal of the frames, where one of its axes goes that way."""
    cosines = np.abs(normal @ scan.direction)
    axis = int(np.argmax(cosines))
    return scan.spacing_mm[axis] if cosines[axis] > 1 - 1e-4 else None


def _step(along_mm: NDArray[np.float64], candidates: list[float], where: str) -> tuple[float, tuple[str, ...]]:
    """Return the first candidate that all frames keep to, or else their smallest distance if they keep to that."""
    span = np.unique(along_mm)
    span -= span[0]
    gaps = np.diff(span)
    gaps = gaps[gaps > SAME_PLACE_MM]
    tried = [*candidates, *gaps[np.argsort(gaps)][:1].tolist()]
    if not tried:
        return 1.0, ("one slice without a stated slice distance: 1 mm is assumed",)
    for step in tried:
        if np.abs(span - np.rint(span / step) * step).max() <= 0.05 * step:
            return float(step), ()
    raise ScanError("frames of the segmentation are not spaced regularly", where=where,
                    advice="resample it onto the scan first")


def frame_reader(dataset: Dataset, where: str) -> FrameReader:
    """Return a function that gives the stored values [row, column] of one frame, by its number from 0.

    The pixel data's length is compared with what the header announces before any of it is believed.
    """
    rows, columns, count = frame_size(dataset, where)
    bits = int(dataset.get("BitsAllocated") or 0)
    if bits not in (1, 8, 16) or int(dataset.get("SamplesPerPixel") or 1) != 1:
        raise ScanError(f"segmentation object of {bits} bits per pixel cannot be read", where=where, advice=_AGAIN)
    data = dataset.get("PixelData")
    if not isinstance(data, bytes):
        raise ScanError("segmentation object holds no pixel data", where=where, advice=_AGAIN)
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if syntax in (*_LITTLE, _BIG):
        needed = (rows * columns * count * bits + 7) // 8
        if len(data) not in (needed, needed + needed % 2):
            raise ScanError(f"segmentation object holds {len(data)} bytes of pixels where {needed} are announced",
                            where=where, advice=_AGAIN)
        if syntax in _LITTLE:
            return lambda number: _native(data, number, rows, columns, bits)
    if syntax == _DEFLATED_FRAMES or (syntax == _RLE and bits == 1):
        unpack = _inflated if syntax == _DEFLATED_FRAMES else _run_lengths
        size = (rows * columns * bits + 7) // 8
        return lambda number: _native(
            unpack(get_frame(data, number, number_of_frames=count), size, where), 0, rows, columns, bits
        )
    if syntax != _BIG and syntax not in _PLUGINS:
        raise ScanError("segmentation object is compressed in a way that cannot be read", where=where,
                        advice="export it again uncompressed")
    return lambda number: _decoded(dataset, number, rows, columns, where)


def _native(data: bytes, number: int, rows: int, columns: int, bits: int) -> NDArray[Any]:
    size = rows * columns
    if bits > 1:
        dtype = "<u2" if bits == 16 else "u1"
        return np.frombuffer(data, dtype, size, number * size * bits // 8).reshape(rows, columns)
    first, last = number * size, (number + 1) * size
    packed = np.frombuffer(data, np.uint8)[first // 8 : (last + 7) // 8]
    return np.unpackbits(packed, bitorder="little")[first % 8 : first % 8 + size].reshape(rows, columns)


def _inflated(frame: bytes, size: int, where: str) -> bytes:
    """Inflate one frame (Deflated Image Frame Compression, PS3.5 A.4.16), never beyond its size."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inflater.decompress(frame, size + 2)
    if len(content) not in (size, size + size % 2):
        raise ScanError("a frame of the segmentation inflates to another size than announced", where=where,
                        advice=_AGAIN)
    return content


def _run_lengths(frame: bytes, size: int, where: str) -> bytes:
    """Expand one RLE frame of packed bits (PS3.5 annex G: one segment after a header of 64 bytes)."""
    content, at = bytearray(), 64
    if frame[:8] != b"\x01\0\0\0\x40\0\0\0":
        raise ScanError("a compressed frame of the segmentation is damaged", where=where, advice=_AGAIN)
    while at < len(frame) and len(content) < size:
        control = frame[at]
        if control < 128:
            content += frame[at + 1 : at + 2 + control]
            at += control + 2
        else:
            content += frame[at + 1 : at + 2] * (257 - control if control > 128 else 0)
            at += 2 if control > 128 else 1
    if len(content) < size:
        raise ScanError("a compressed frame of the segmentation is cut short", where=where, advice=_AGAIN)
    return bytes(content)


def _decoded(dataset: Dataset, number: int, rows: int, columns: int, where: str) -> NDArray[Any]:
    syntax = dataset.file_meta.TransferSyntaxUID
    with foreign_data("a frame of the segmentation cannot be decoded", where=where, advice=_AGAIN):
        plugin = _PLUGINS.get(str(syntax), "")  # none for big endian, which is not compressed
        values, _ = get_decoder(syntax).as_array(dataset, index=number, raw=True, decoding_plugin=plugin)
    if values.shape != (rows, columns) or values.dtype.kind != "u":
        raise ScanError("a frame of the segmentation decodes to another size than announced", where=where,
                        advice=_AGAIN)
    return np.asarray(values)
