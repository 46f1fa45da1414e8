"""What a compressed frame says of itself, read from its first bytes before any decoder sees it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.decode import CodedFrame

RLE: Final = frozenset({"1.2.840.10008.1.2.5"})
JPEG_2000: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201, 202, 203))
JPEG_LS: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (80, 81))
_SEARCHED_BYTES = 64 * 1024
_SEND_AGAIN = "send the series again"


@dataclass(frozen=True, slots=True)
class StreamSize:
    """What a stream announces: matrix, bits of a value, values per pixel; ``signed`` is ``None`` if it does not say.

    ``plain`` is false where pixels are subsampled or begin away from the corner.
    """

    rows: int
    columns: int
    bits: int
    components: int
    signed: bool | None = None
    plain: bool = True


def check_stream(frame: CodedFrame, where: str) -> None:
    """Raise ``ScanError`` unless a compressed frame announces the matrix and the values of its header."""
    syntax, data = frame.transfer_syntax, frame.data
    if syntax in RLE:
        _check_rle(data, frame.bits_allocated, where)
        return
    size = _jpeg_2000(data) if syntax in JPEG_2000 else _jpeg(data)
    if size is None:
        raise ScanError("compressed pixels do not begin as their coding does", where=where, advice=_SEND_AGAIN)
    # a decoder of JPEG-LS was seen to search for the missing end of a stream until it was stopped
    if syntax in JPEG_LS and not data[-_SEARCHED_BYTES:].rstrip(b"\0").endswith(b"\xff\xd9"):
        raise ScanError("compressed pixels are cut short", where=where, advice=_SEND_AGAIN)
    if (size.rows, size.columns) != (frame.rows, frame.columns) or not size.plain:
        raise ScanError(f"compressed pixels are {size.rows}x{size.columns}, "
                        f"the header tells {frame.rows}x{frame.columns}", where=where, advice=_SEND_AGAIN)
    # the depth of a lossy JPEG may be less than that of the header; of the others it rules how they are decoded
    exact = syntax in JPEG_2000 | JPEG_LS
    fits = size.bits in (frame.bits_stored, frame.bits_allocated) if exact else size.bits <= frame.bits_allocated
    # encoders that looked at the values first state fewer bits; for signed ones that shifts nothing
    fits = fits or (syntax in JPEG_2000 and frame.signed and size.bits < frame.bits_stored)
    if size.components != 1 or not fits or size.signed not in (None, frame.signed):
        sign = {None: "", True: "signed ", False: "unsigned "}[size.signed]
        raise ScanError(f"compressed pixels have {size.components} {sign}values of {size.bits} bits, the header tells "
                        f"1 {'signed' if frame.signed else 'unsigned'} in {frame.bits_stored} bits",
                        where=where, advice=_SEND_AGAIN)


def _check_rle(data: bytes, bits_allocated: int, where: str) -> None:
    """One segment a byte of a value, each beginning after the 64 bytes of the header (PS3.5 annex G)."""
    header = struct.unpack("<16I", data[:64]) if len(data) >= 64 else (0,) * 16
    count, starts = header[0], header[1 : 1 + min(header[0], 15)]
    rising = all(first < second for first, second in pairwise(starts))
    if count != bits_allocated // 8 or not rising or starts[0] != 64 or starts[-1] >= len(data):
        raise ScanError("run-length coded pixels have a broken header", where=where, advice=_SEND_AGAIN)


def rle_lengths(data: bytes) -> list[int]:
    """Return how many bytes each segment of a run-length coded frame decodes to (PS3.5 section G.3.1)."""
    header = struct.unpack("<16I", data[:64])
    ends = [*header[2 : 1 + header[0]], len(data)]
    lengths = []
    for at, end in zip(header[1 : 1 + header[0]], ends, strict=True):
        length = 0
        while at < end - 1:  # a run takes two bytes at least; a single one fills the segment up
            head = data[at]
            if head > 128:
                length += 257 - head
                at += 2
            elif head < 128:
                length += min(head + 1, end - at - 1)
                at += head + 2
            else:
                at += 1
        lengths.append(length)
    return lengths


def _jpeg_2000(data: bytes) -> StreamSize | None:
    """Read the SIZ marker segment (ISO/IEC 15444-1 annex A.5.1), behind a JP2 wrapper too."""
    start = data.find(b"\xff\x4f\xff\x51", 0, _SEARCHED_BYTES)
    if start < 0 or len(data) < start + 45:
        return None
    width, height, left, top = struct.unpack_from(">4I", data, start + 8)
    (components,) = struct.unpack_from(">H", data, start + 40)
    depth, step_x, step_y = data[start + 42 : start + 45]
    plain = left == top == 0 and step_x == step_y == 1
    return StreamSize(height, width, (depth & 0x7F) + 1, components, bool(depth & 0x80), plain)


def _jpeg(data: bytes) -> StreamSize | None:
    """Read the frame header (SOF of ISO/IEC 10918-1 annex B.2.2, and of JPEG-LS) behind other marker segments."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 10 <= min(len(data), _SEARCHED_BYTES):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            bits, rows, columns, components = struct.unpack_from(">BHHB", data, at + 4)
            return StreamSize(rows, columns, bits, components)
        if length < 2 or marker in (0xD9, 0xDA):
            return None
        at += 2 + length
    return None
