"""A DICOM file as a plain list of elements that may be changed against every rule, and small good series to start from.

Written for making broken files: nothing here checks anything. The encoding is that of PS3.5 section 7.1.
"""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PIL import Image

from tests.fuzz.case import Case
from tests.support.dicom_series import write_series

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
HTJ2K = "1.2.840.10008.1.2.4.201"

UNDEFINED = 0xFFFFFFFF
ITEM = b"\xfe\xff\x00\xe0"
ITEM_END = b"\xfe\xff\x0d\xe0" + bytes(4)
SEQUENCE_END = b"\xfe\xff\xdd\xe0" + bytes(4)
PIXELS = 0x7FE00010
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}


@dataclass
class Element:
    """One data element; ``length`` is what is written as its length where that is not the truth."""

    tag: int
    vr: bytes
    value: bytes
    length: int | None = None

    def encoded(self) -> bytes:
        length = len(self.value) if self.length is None else self.length
        head = struct.pack("<HH", self.tag >> 16, self.tag & 0xFFFF) + self.vr
        if self.vr in _LONG:
            return head + struct.pack("<HI", 0, length) + self.value
        return head + struct.pack("<H", length & 0xFFFF) + self.value


@dataclass
class DicomFile:
    """An explicit little endian file in parts."""

    meta: list[Element]
    body: list[Element]
    preamble: bytes = bytes(128)
    magic: bytes = b"DICM"
    group_length: int | None = None
    tail: bytes = b""

    def encoded(self) -> bytes:
        meta = b"".join(element.encoded() for element in self.meta)
        length = len(meta) if self.group_length is None else self.group_length
        meta = Element(0x00020000, b"UL", struct.pack("<I", length & 0xFFFFFFFF)).encoded() + meta
        return self.preamble + self.magic + meta + self.dataset() + self.tail

    def dataset(self) -> bytes:
        return b"".join(element.encoded() for element in self.body)

    def __getitem__(self, tag: int) -> Element:
        return next(element for element in (*self.meta, *self.body) if element.tag == tag)

    def set(self, tag: int, value: bytes, vr: bytes | None = None, length: int | None = None) -> DicomFile:
        """Replace the value of an element, or put a new one into its place."""
        part = self.meta if tag >> 16 == 2 else self.body
        for element in part:
            if element.tag == tag:
                element.value, element.length = value, length
                element.vr = vr or element.vr
                return self
        part.insert(sum(element.tag < tag for element in part), Element(tag, vr or b"UN", value, length))
        return self

    def remove(self, *tags: int) -> DicomFile:
        self.meta = [element for element in self.meta if element.tag not in tags]
        self.body = [element for element in self.body if element.tag not in tags]
        return self

    def insert(self, element: Element, before: int = 0) -> DicomFile:
        """Put an element before the one of tag ``before``, or at the end."""
        place = next((n for n, one in enumerate(self.body) if one.tag == before), len(self.body))
        self.body.insert(place, element)
        return self


Mutation = Callable[[DicomFile], "DicomFile | bytes"]


def taken_apart(data: bytes) -> DicomFile:
    """Take a good explicit little endian file apart; sequences stay bytes."""
    at, meta, body = 132, [], []
    while at < len(data):
        tag = struct.unpack_from("<HH", data, at)
        vr = data[at + 4 : at + 6]
        wide = vr in _LONG
        (length,) = struct.unpack_from("<I" if wide else "<H", data, at + (8 if wide else 6))
        start = at + (12 if wide else 8)
        end = len(data) if length == UNDEFINED else start + length
        element = Element(tag[0] << 16 | tag[1], vr, data[start:end], UNDEFINED if length == UNDEFINED else None)
        (meta if tag[0] == 2 else body).append(element)
        at = end
    return DicomFile([element for element in meta if element.tag != 0x00020000], body)


@dataclass(frozen=True, eq=False)
class Good:
    """A good series: its files by slice, values [k, j, i] in HU, and the matrix [k, j, i, 1] -> mm."""

    files: tuple[bytes, ...]
    array: np.ndarray
    affine: np.ndarray = field(repr=False)

    def is_volume(self, volume: Any) -> bool:
        """Tell whether a loaded volume has these values, this place and the right unit.

        A volume that says that its series was split, or goes on in another one, may lack the first or the last
        slice; one that says that its slices lie off the grid may lie off by the 0.1 mm that are tolerated then (0.02 mm
        without a word).
        """
        said, size = " ".join(volume.warnings), len(self.array)
        parts = [slice(0, size)]
        if "split into" in said or "goes on where" in said:
            parts += [slice(0, size - 1), slice(1, size)]
        tolerated_mm = 0.101 if "grid" in said or "drift" in said else 0.021
        return (volume.modality, volume.units) == ("CT", "HU") and any(
            volume.array.shape == self.array[part].shape
            and bool(np.array_equal(volume.array, self.array[part]))
            and self._off_mm(volume.geometry.affine, part) <= tolerated_mm
            for part in parts
        )

    def _off_mm(self, affine: np.ndarray, part: slice) -> float:
        """Return how far the corners of a part of the slices lie from where they should."""
        count = part.stop - part.start
        corners = np.array([[k, j, i, 1] for k in (0, count - 1) for j in (0, 31) for i in (0, 31)])
        shifted = np.add(corners, (part.start, 0, 0, 0))
        return float(np.linalg.norm((corners @ affine.T - shifted @ self.affine.T)[:, :3], axis=1).max())


SHAPE = (6, 16, 16)
SPACING_MM = (2.5, 0.8, 0.7)
ORIGIN_MM = (-30.0, -40.0, 50.0)


@cache
def good(syntax: str = EXPLICIT) -> Good:
    """The good series in one transfer syntax: 6 slices of 16 x 16 (JPEG 2000: 32 x 32, its encoder takes no less).

    Smooth with noise, some stored values negative where the syntax takes that.
    """
    random = np.random.default_rng(20)
    size = 32 if syntax == JPEG_2000 else SHAPE[1]
    signed = syntax not in (JPEG_LOSSLESS, JPEG_BASELINE)
    ramp = np.add.outer(np.arange(size) * 40, np.arange(size) * 25)[None] + 60 * np.arange(6)[:, None, None]
    stored = ramp + random.integers(0, 60, ramp.shape) - (300 if signed else 0)
    if syntax == JPEG_BASELINE:
        stored = stored // 8  # below 256
    stored = stored.astype(np.int16 if signed else np.uint16)
    written = syntax if syntax not in (JPEG_LOSSLESS, JPEG_BASELINE, HTJ2K) else EXPLICIT
    with tempfile.TemporaryDirectory() as folder:
        truth = write_series(Path(folder), shape=stored.shape, spacing_mm=SPACING_MM, origin_mm=ORIGIN_MM,
                             stored=stored, signed=signed, syntax=written)
        files = tuple(path.read_bytes() for path in truth.files)
    if syntax == JPEG_LOSSLESS:
        files = tuple(_with_stream(data, syntax, _jpeg_lossless(stored[k])) for k, data in enumerate(files))
    if syntax == JPEG_BASELINE:
        streams = [_jpeg(pixels) for pixels in stored]
        files = tuple(_in_8_bits(data, streams[k]) for k, data in enumerate(files))
        stored = np.stack([np.asarray(Image.open(io.BytesIO(stream))) for stream in streams])
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([(0, 0, SPACING_MM[0]), (0, SPACING_MM[1], 0), (SPACING_MM[2], 0, 0)])
    affine[:3, 3] = ORIGIN_MM
    return Good(files, stored.astype(np.int32) - 1024, affine)


def encapsulated(*fragments: bytes, offsets: bytes = b"", end: bytes = SEQUENCE_END) -> bytes:
    """The value of compressed pixel data (PS3.5 A.4): offset table, fragments, delimiter."""
    items = b"".join(ITEM + struct.pack("<I", len(part)) + part for part in (offsets, *map(_even, fragments)))
    return items + end


def stream_in(data: bytes) -> bytes:
    """The first fragment of a file with one compressed frame."""
    value = taken_apart(data)[PIXELS].value
    (offsets,) = struct.unpack_from("<I", value, 4)
    (length,) = struct.unpack_from("<I", value, 12 + offsets)
    return value[16 + offsets : 16 + offsets + length]


def number_text(*numbers: object) -> bytes:
    """The value of a DS or IS element."""
    return _even(b"\\".join(str(number).encode() for number in numbers), b" ")


def _even(value: bytes, pad: bytes = b"\0") -> bytes:
    return value + pad * (len(value) % 2)


def text(value: str | bytes, pad: bytes = b" ") -> bytes:
    """The value of a text element, padded to an even length."""
    return _even(value.encode() if isinstance(value, str) else value, pad)


def _with_stream(data: bytes, syntax: str, stream: bytes) -> bytes:
    file = taken_apart(data)
    file.set(0x00020010, text(syntax, b"\0"))
    return file.set(PIXELS, encapsulated(stream), b"OB", UNDEFINED).encoded()


def _jpeg(pixels: np.ndarray) -> bytes:
    """One frame of 8 bits as the lossy JPEG that everybody knows."""
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "jpeg", quality=95)
    return stream.getvalue()


def _in_8_bits(data: bytes, stream: bytes) -> bytes:
    file = taken_apart(_with_stream(data, JPEG_BASELINE, stream))
    for tag, value in ((0x00280100, 8), (0x00280101, 8), (0x00280102, 7)):
        file.set(tag, struct.pack("<H", value))
    return file.set(0x00282110, b"01", b"CS").encoded()


def _jpeg_lossless(pixels: np.ndarray) -> bytes:
    """One frame of 16 bits as JPEG lossless, by GDCM's encoder."""
    import SimpleITK as sitk

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.dcm"
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(str(path))
        writer.UseCompressionOn()
        writer.SetCompressor("JPEG")
        writer.Execute(sitk.GetImageFromArray(pixels.astype(np.uint16)[None]))
        dataset = pydicom.dcmread(io.BytesIO(path.read_bytes()))
        assert str(dataset.file_meta.TransferSyntaxUID) == JPEG_LOSSLESS
        return next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1))


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write a folder of files."""
    target = folder / "series"
    target.mkdir()
    for name, data in files.items():
        (target / name).write_bytes(data)
    return target


TRUTH_OR_REFUSED = frozenset({"truth", "refused"})
HARMLESS = frozenset({"truth", "warned", "refused"})
RUN = "tests.fuzz.dicom_run:load"


def series_case(
    name: str,
    family: str,
    mutation: Mutation,
    allowed: frozenset[str],
    *,
    syntax: str = EXPLICIT,
    slices: tuple[int, ...] = (2,),
    truth: Callable[[Good], Good] | None = None,
    run: str = RUN,
) -> Case:
    """A good series of which some slices go through ``mutation``; what is loaded must be the (changed) truth.

    A warning alone excuses no wrong value here: what is warned of must hold the right values all the same.
    """

    def write(folder: Path) -> Path:
        files = {}
        for k, data in enumerate(good(syntax).files):
            if k in slices:
                made = mutation(taken_apart(data) if syntax not in (IMPLICIT, BIG, DEFLATED) else data)
                data = made if isinstance(made, bytes) else made.encoded()
            files[f"slice{k:03d}.dcm"] = data
        return write_files(folder, files)

    def same(volume: Any) -> bool:
        return (truth(good(syntax)) if truth else good(syntax)).is_volume(volume)

    return Case(name, family, write, run, allowed, same, word=None)


def with_values(change: Callable[[np.ndarray], None]) -> Callable[[Good], Good]:
    """A truth whose values are changed in place."""

    def changed(one: Good) -> Good:
        array = one.array.astype(np.float64)
        change(array)
        return replace(one, array=array)

    return changed
