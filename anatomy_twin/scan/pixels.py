"""Stored pixel values of one file: the codec is chosen by name, and lengths are checked before values are believed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import ExplicitVRBigEndian

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.headers import foreign_data, read_dataset, uid_name

_NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"}
# transfer syntax -> the one decoding plugin of pydicom that is used for it
_PLUGINS = {
    "1.2.840.10008.1.2.5": "pydicom",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg",
}
# the first JPEG of 1992 with Huffman codes, 8 to 16 bits, lossy and lossless: decoded by SimpleITK in a child process
BY_SIMPLEITK = frozenset(
    f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 53, 55, 57, 70)
)
_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 53, 55, 81, 91, 203))
_IMAGE_MODULE = (
    "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation",
)  # fmt: skip


def is_lossy(transfer_syntax: str) -> bool:
    """Tell whether values of this transfer syntax are not those of the scanner."""
    return transfer_syntax in _LOSSY


def syntax_name(transfer_syntax: str) -> str:
    """Return the name of a transfer syntax in plain words."""
    name = uid_name(transfer_syntax)
    return name if name != transfer_syntax else "unknown transfer syntax"


def readable_transfer_syntaxes() -> tuple[str, ...]:
    """Return the names of the transfer syntaxes that this package reads."""
    return tuple(syntax_name(uid) for uid in sorted(_NATIVE | _PLUGINS.keys() | BY_SIMPLEITK))


def check_readable(transfer_syntax: str) -> None:
    """Raise ``ScanError`` if no decoder of this package reads the transfer syntax."""
    if transfer_syntax not in _NATIVE | _PLUGINS.keys() | BY_SIMPLEITK:
        raise ScanError(f"pixels in {syntax_name(transfer_syntax)} cannot be read",
                        advice="send the series again uncompressed or as JPEG 2000")


def stored_values(dataset: Dataset, where: str) -> NDArray[Any]:
    """Return the stored values [row, column] of a single-frame grey dataset, signed as the header says.

    ``where`` names the slice in errors. Raises ``ScanError`` where pixels are absent, cut short or not decodable.
    """
    bits, stored, signed = _bits(dataset, where)
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if syntax in _NATIVE:
        values = _native(dataset, rows, columns, bits, signed, where)
    else:
        check_readable(syntax)
        with foreign_data("pixels cannot be decoded", where=where, advice="send the series again"):
            decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
            values, _ = decoder.as_array(dataset, index=0, raw=True, decoding_plugin=_PLUGINS[syntax])
    return _checked(values, rows, columns, bits, stored, signed, int(dataset.HighBit), where)


def stored_values_by_simpleitk(files: Sequence[bytes]) -> list[NDArray[Any]]:
    """Return the stored values of files in one of the JPEG syntaxes that only SimpleITK decodes.

    Meant to run in a child process: the decoders below it can end the process on broken streams. Each file is
    written anew with its pixels only, so that SimpleITK neither rescales them nor sees anything else.
    """
    import SimpleITK as sitk

    values: list[NDArray[Any]] = []
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-") as folder:
        path = Path(folder) / "slice.dcm"
        for number, data in enumerate(files, start=1):
            where = f"slice {number}"
            with foreign_data("pixels cannot be decoded", where=where, advice="send the series again"):
                dataset = read_dataset(data)
                bits, stored, signed = _bits(dataset, where)
                _pixels_only(dataset).save_as(path, enforce_file_format=True)
                array = sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
                array = array.reshape(array.shape[-2:]) if array.ndim == 3 and array.shape[0] == 1 else array
            values.append(_checked(array, int(dataset.Rows), int(dataset.Columns), bits, stored, signed,
                                   int(dataset.HighBit), where))
    return values


def _pixels_only(dataset: Dataset) -> Dataset:
    bare = Dataset()
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    bare.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    bare.SOPInstanceUID = "2.25.1"
    for keyword in _IMAGE_MODULE:
        bare[keyword] = dataset[keyword]
    bare.PixelData = dataset.PixelData
    bare["PixelData"].VR = "OB"
    bare["PixelData"].is_undefined_length = True
    return bare


def _bits(dataset: Dataset, where: str) -> tuple[int, int, bool]:
    """Return bits allocated, bits stored and signedness; refuse what holds no plain grey whole numbers."""
    if "PixelData" not in dataset:
        kind = "floating point pixels" if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset else ""
        raise ScanError(f"{kind or 'no pixels'} in an image", where=where, advice="send the series again")
    if "ModalityLUTSequence" in dataset:
        raise ScanError("pixel values go through a table that is not read yet", where=where)
    with foreign_data("the pixel description is broken", where=where, advice="send the series again"):
        bits, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
        signed, high = int(dataset.PixelRepresentation), int(dataset.HighBit)
    if bits not in (8, 16, 32) or not 1 <= stored <= bits or not stored - 1 <= high < bits or signed not in (0, 1):
        raise ScanError(f"pixels of {stored} bits in {bits} with high bit {high} make no sense", where=where)
    return bits, stored, bool(signed)


def _native(dataset: Dataset, rows: int, columns: int, bits: int, signed: bool, where: str) -> NDArray[Any]:
    data = dataset.PixelData
    expected = rows * columns * bits // 8
    if len(data) < expected:
        raise ScanError(f"pixels are cut short: {len(data)} of {expected} bytes", where=where,
                        advice="copy the series again")
    if len(data) > expected + 1:
        raise ScanError(f"more pixels than the header tells: {len(data)} instead of {expected} bytes", where=where,
                        advice="send the series again")
    big = dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    kind = np.dtype(f"{'>' if big else '<'}{'i' if signed else 'u'}{bits // 8}")
    if big and bits == 8 and dataset["PixelData"].VR == "OW":
        data = np.frombuffer(data + b"\0" * (len(data) % 2), "<u2").byteswap().tobytes()
    return np.frombuffer(data, kind, count=rows * columns).reshape(rows, columns)


def _checked(
    values: NDArray[Any], rows: int, columns: int, bits: int, stored: int, signed: bool, high: int, where: str
) -> NDArray[Any]:
    """Check the size, and drop bits that are not part of the value (old overlays live there)."""
    if values.shape != (rows, columns):
        raise ScanError(f"decoded pixels are {'x'.join(map(str, values.shape))}, the header tells {rows}x{columns}",
                        where=where, advice="send the series again")
    if stored == bits:
        return values
    low, top = (-(1 << (stored - 1)), (1 << (stored - 1)) - 1) if signed else (0, (1 << stored) - 1)
    if high == stored - 1 and int(values.min()) >= low and int(values.max()) <= top:
        return values
    raw = values.astype(np.int64) & ((1 << bits) - 1)
    raw = (raw >> (high - stored + 1)) & ((1 << stored) - 1)
    return np.where(raw > top, raw - (1 << stored), raw) if signed else raw
