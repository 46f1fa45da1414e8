"""The voxels of a NIfTI, NRRD or MetaImage file; runs in a child process with limits.

Packed voxels are unpacked here, under a cap and with the checksum of the packing looked at to the end: none of the
libraries does both. They are then given a plain file, so that they neither unpack nor look for other files.
"""

from __future__ import annotations

import bz2
import errno
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.grid_header import GridHeader, broken
from anatomy_twin.scan.grid_metaimage import split_metaimage
from anatomy_twin.scan.grid_nrrd import MAX_HEADER_BYTES, split_nrrd

_CHUNK = 2**20
_PACKED_CHUNK = 2**16
_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"
_MAX_TEXT_BYTES = 2**26
# what the library is given of a header
_NRRD_KEPT = re.compile(r"\s*(type|dimension|sizes|kinds|space|space directions|space origin)\s*:(?!=)", re.IGNORECASE)
_META_KEPT = {
    "ndims": "NDims", "dimsize": "DimSize", "elementtype": "ElementType", "elementspacing": "ElementSpacing",
    "transformmatrix": "TransformMatrix", "rotation": "TransformMatrix", "orientation": "TransformMatrix",
    "offset": "Offset", "position": "Offset", "origin": "Offset",
}  # fmt: skip


def decode_to(path: Path, header: GridHeader, folder: Path) -> list[list[float]]:
    """Write the voxels of ``path`` as ``voxels.npy`` [.., k, j, i] (real values) into ``folder``.

    Returns the 4 x 4 matrix from index [k, j, i, 1] to LPS mm as the library sees it. Raises ``ScanError`` where the
    packing is damaged or the library's view differs from the header's.
    """
    try:
        by_library = _by_nibabel if header.format.startswith("NIfTI") else _by_simpleitk
        values, affine = by_library(path, header, folder)
        if values.shape != header.shape or values.dtype.newbyteorder("=") != header.dtype.newbyteorder("="):
            raise broken("two readers of this file differ in its size or type")
        np.save(folder / "voxels.npy", _real_values(values, header.scale), allow_pickle=False)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ScanError("there is no room for its voxels in the folder of temporary files",
                            advice=f"free {2 * header.data_bytes / 1e9:.1g} GB there, or set TMPDIR") from None
        raise
    return [[float(value) for value in row] for row in affine]


def _by_nibabel(path: Path, header: GridHeader, folder: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    import nibabel

    if header.encoding != "raw":
        plain = folder / "plain.nii"
        with plain.open("wb") as target:
            _unpack(header, target)
        path = plain
    kind = nibabel.Nifti1Image if header.format == "NIfTI-1" else nibabel.Nifti2Image
    image = kind.from_filename(str(path), mmap=True)
    matrix = image.header.get_sform() if image.header["sform_code"] > 0 else image.header.get_qform()
    unit_mm = {1: 1000.0, 3: 0.001}.get(int(image.header["xyzt_units"]) & 7, 1.0)
    affine = np.eye(4)
    affine[:3] = np.diag([-1.0, -1.0, 1.0]) @ matrix[:3] * unit_mm
    slope, intercept = float(image.dataobj.slope), float(image.dataobj.inter)
    if (slope, intercept) != header.scale:
        raise broken("two readers of this file differ in its rescaling")
    values = np.asarray(image.dataobj.get_unscaled())
    values = values.reshape(values.shape[:3], order="F") if values.size == np.prod(values.shape[:3]) else values
    return values.T, affine[:, [2, 1, 0, 3]]


def _by_simpleitk(path: Path, header: GridHeader, folder: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    import SimpleITK as sitk

    path = _plain_copy(path, header, folder)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("NrrdImageIO" if header.format == "NRRD" else "MetaImageIO")
    reader.SetFileName(str(path))
    try:
        image = reader.Execute()
    except RuntimeError:
        raise broken("the voxels cannot be read") from None
    values = sitk.GetArrayFromImage(image)
    if len(header.shape) == 4:
        values = values[None] if values.ndim == 3 else np.moveaxis(values, -1, 0)
    affine = np.eye(4)
    if image.GetDimension() != 3:
        raise broken("two readers of this file differ in its dimensions")
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return values, affine[:, [2, 1, 0, 3]]


def _plain_copy(path: Path, header: GridHeader, folder: Path) -> Path:
    """Write the same file with its voxels unpacked behind what its header says of their place and type."""
    with path.open("rb") as stream:
        head = stream.read(MAX_HEADER_BYTES + 1)
    order = ">" if header.dtype.byteorder == ">" else "<"
    if header.format == "NRRD":
        lines, _ = split_nrrd(head)
        kept = [line for line in lines if _NRRD_KEPT.match(line)]
        text = "\n".join(["NRRD0005", *kept, "encoding: raw", f"endian: {'big' if order == '>' else 'little'}"])
        target_path, end = folder / "plain.nrrd", "\n\n"
    else:
        fields, _ = split_metaimage(head)
        kept = [f"{_META_KEPT[name]} = {value}" for name, value in fields.items() if name in _META_KEPT]
        text = "\n".join(["ObjectType = Image", *kept, "BinaryData = True", "CompressedData = False",
                          f"BinaryDataByteOrderMSB = {order == '>'}", "ElementDataFile = LOCAL"])
        target_path, end = folder / "plain.mha", "\n"
    with target_path.open("wb") as target:
        target.write((text + end).encode("utf-8"))
        _unpack(header, target)
    return target_path


def _unpack(header: GridHeader, target: BinaryIO) -> None:
    """Write what the file packs, plain; ``ScanError`` if it is damaged, short or more than the header announces."""
    with header.source.open("rb") as stream:
        stream.seek(header.offset)
        if header.encoding == "raw":
            shutil.copyfileobj(stream, target, _CHUNK)
            return
        if header.encoding == "ascii":
            target.write(_numbers_from_text(stream, header))
            return
        wanted, written = header.lead_bytes + header.data_bytes, 0
        for part in _unbzipped(stream) if header.encoding == "bzip2" else _unzipped(stream, header.encoding):
            written += len(part)
            if written > wanted:
                raise broken(f"the file unpacks to more than the {wanted} bytes that it announces")
            target.write(part)
    if written < wanted:
        raise broken(f"the file is cut off: it announces {wanted} bytes and unpacks to {written}")


def _unzipped(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Unpack gzip members, or one zlib stream, piece by piece to the checksum at the end; padding may follow."""
    data = stream.read(_PACKED_CHUNK)
    while True:
        unpacker = zlib.decompressobj(31 if encoding == "gzip" else 15)
        while not unpacker.eof:
            yield _piece(unpacker, data or _more(stream))
            data = unpacker.unconsumed_tail
        data = unpacker.unused_data
        if len(data) < len(_GZIP):
            data += stream.read(_PACKED_CHUNK)
        if encoding == "zlib" or not data.startswith(_GZIP):
            return


def _unbzipped(stream: BinaryIO) -> Iterator[bytes]:
    """Unpack bzip2 streams piece by piece, each to its checksum; padding may follow."""
    data = stream.read(_PACKED_CHUNK)
    while True:
        unpacker = bz2.BZ2Decompressor()
        while not unpacker.eof:
            yield _piece(unpacker, (data or _more(stream)) if unpacker.needs_input else b"")
            data = b""
        data = unpacker.unused_data
        if len(data) < len(_BZIP2):
            data += stream.read(_PACKED_CHUNK)
        if not data.startswith(_BZIP2):
            return


def _more(stream: BinaryIO) -> bytes:
    data = stream.read(_PACKED_CHUNK)
    if not data:
        raise broken("the file is cut off: its packed voxels have no end")
    return data


def _piece(unpacker: Any, data: bytes) -> bytes:
    try:
        piece: bytes = unpacker.decompress(data, _CHUNK)
    except (zlib.error, OSError, EOFError, ValueError):
        raise broken("the packed voxels are damaged") from None
    return piece


def _numbers_from_text(stream: BinaryIO, header: GridHeader) -> bytes:
    text = stream.read(_MAX_TEXT_BYTES + 1)
    if len(text) > _MAX_TEXT_BYTES:
        raise broken("so many voxels as text are not read here", advice="write them raw or with gzip")
    words = text.split()
    if len(words) != header.data_bytes // header.dtype.itemsize:
        raise broken(f"the file announces {header.data_bytes // header.dtype.itemsize} voxels and lists {len(words)}")
    try:
        if header.dtype.kind == "f":
            return np.array([float(word) for word in words], header.dtype).tobytes()
        return np.array([int(word) for word in words], header.dtype).tobytes()
    except (ValueError, OverflowError):
        raise broken("the voxels hold text that is no number of the announced type") from None


def _real_values(values: NDArray[Any], scale: tuple[float, float]) -> NDArray[Any]:
    """Return slope * value + intercept: whole where all is whole and fits, else 32-bit floats."""
    slope, intercept = scale
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if scale == (1.0, 0.0):
        return np.ascontiguousarray(values)
    whole = values.dtype.kind in "iu" and slope == int(slope) and intercept == int(intercept)
    ends = [float(values.min()) * slope + intercept, float(values.max()) * slope + intercept] if whole else [0.0, 0.0]
    if max(map(abs, ends)) > 2**31 - 1:
        raise ScanError("rescaled values are too large to be held exactly")
    result: NDArray[Any] = np.empty(values.shape, np.int32 if whole else np.float32)
    for n, part in enumerate(values):
        result[n] = part.astype(np.float64) * slope + intercept
    return result
