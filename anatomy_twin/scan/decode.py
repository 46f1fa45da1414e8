"""One compressed frame becomes stored values: runs in a child process only, where a decoder may die."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import ScanError

# transfer syntax -> the one decoding plugin of pydicom that is used for it
PLUGINS: Final = {
    "1.2.840.10008.1.2.5": "pydicom",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg",
}
# the first JPEG of 1992 with Huffman codes, 8 to 16 bits, lossy and lossless
BY_SIMPLEITK: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 53, 55, 57, 70))


@dataclass(frozen=True, slots=True)
class CodedFrame:
    """A compressed grey frame and what its header says about it."""

    data: bytes
    transfer_syntax: str
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool


def decode_frame(frame: CodedFrame) -> NDArray[Any]:
    """Return the stored values [row, column]; ``ScanError`` where the stream is damaged."""
    try:
        if frame.transfer_syntax in BY_SIMPLEITK:
            return _by_simpleitk(frame)
        return _by_pydicom(frame)
    except (MemoryError, ScanError):
        raise
    except BaseException as error:  # noqa: BLE001 - some native libraries raise what is no Exception
        raise ScanError(f"pixels cannot be decoded: {type(error).__name__}", advice="send the series again") from None


def _by_pydicom(frame: CodedFrame) -> NDArray[Any]:
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    from anatomy_twin.scan.codestream import RLE, rle_lengths  # it checks what is defined here

    pixels = frame.rows * frame.columns
    if frame.transfer_syntax in RLE and not all(0 <= length - pixels <= 1 for length in rle_lengths(frame.data)):
        raise ScanError("run-length coded pixels are not as many as the header tells", advice="send the series again")
    values, _ = get_decoder(UID(frame.transfer_syntax)).as_array(
        encapsulate([frame.data]), index=0, raw=True, decoding_plugin=PLUGINS[frame.transfer_syntax],
        rows=frame.rows, columns=frame.columns, number_of_frames=1, samples_per_pixel=1,
        photometric_interpretation="MONOCHROME2", pixel_keyword="PixelData", bits_allocated=frame.bits_allocated,
        bits_stored=frame.bits_stored, pixel_representation=int(frame.signed),
    )  # fmt: skip
    return values


def _by_simpleitk(frame: CodedFrame) -> NDArray[Any]:
    """Write the frame into a bare file, so that SimpleITK neither rescales it nor sees anything else, and read that."""
    import SimpleITK as sitk
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    bare = Dataset()
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = UID(frame.transfer_syntax)
    bare.SOPClassUID, bare.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "2.25.1"
    bare.SamplesPerPixel, bare.PhotometricInterpretation = 1, "MONOCHROME2"
    bare.Rows, bare.Columns, bare.PixelRepresentation = frame.rows, frame.columns, int(frame.signed)
    bare.BitsAllocated, bare.BitsStored, bare.HighBit = frame.bits_allocated, frame.bits_stored, frame.high_bit
    bare.PixelData = encapsulate([frame.data])
    bare["PixelData"].VR, bare["PixelData"].is_undefined_length = "OB", True
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-") as folder:
        path = Path(folder) / "slice.dcm"
        bare.save_as(path, enforce_file_format=True)
        array: NDArray[Any] = sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
    return np.ascontiguousarray(array.reshape(array.shape[-2:]) if array.ndim == 3 and array.shape[0] == 1 else array)
