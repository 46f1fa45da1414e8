"""What a compressed frame says of itself, read from its first bytes before any decoder sees it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from anatomy_twin.errors import ScanError

RLE: Final = frozenset({"1.2.840.10008.1.2.5"})
JPEG_2000: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201, 202, 203))
JPEG_LS: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (80, 81))
_SEARCHED_BYTES = 64 * 1024
_SEND_AGAIN = "send the series again"


@dataclass(frozen=True, slots=True)
class StreamSize:
    """Matrix, bits of a value, and values per pixel that a stream announces; 0 where the coding does not say."""

    rows: int
    columns: int
    bits: int
    components: int


def check_stream(data: bytes, syntax: str, rows: int, columns: int, bits_allocated: int, where: str) -> None:
    """Raise ``ScanError`` unless a compressed frame announces the matrix and depth of its header."""
    if syntax in RLE:
        _check_rle(data, bits_allocated, where)
        return
    size = _jpeg_2000(data) if syntax in JPEG_2000 else _jpeg(data)
    if size is None:
        raise ScanError("compressed pixels do not begin as their coding does", where=where, advice=_SEND_AGAIN)
    if (size.rows, size.columns) != (rows, columns):
        raise ScanError(f"compressed pixels are {size.rows}x{size.columns}, the header tells {rows}x{columns}",
                        where=where, advice=_SEND_AGAIN)
    if size.components != 1 or not 1 <= size.bits <= bits_allocated:
        raise ScanError(f"compressed pixels have {size.components} values of {size.bits} bits, "
                        f"the header tells 1 in {bits_allocated} bits", where=where, advice=_SEND_AGAIN)


def _check_rle(data: bytes, bits_allocated: int, where: str) -> None:
    """One segment a byte of a value, each beginning after the 64 bytes of the header (PS3.5 annex G)."""
    header = struct.unpack("<16I", data[:64]) if len(data) >= 64 else (0,) * 16
    count, starts = header[0], header[1 : 1 + min(header[0], 15)]
    rising = all(first < second for first, second in pairwise(starts))
    if count != bits_allocated // 8 or not rising or starts[0] != 64 or starts[-1] >= len(data):
        raise ScanError("run-length coded pixels have a broken header", where=where, advice=_SEND_AGAIN)


def _jpeg_2000(data: bytes) -> StreamSize | None:
    """Read the SIZ marker segment (ISO/IEC 15444-1 annex A.5.1), behind a JP2 wrapper too."""
    start = data.find(b"\xff\x4f\xff\x51", 0, _SEARCHED_BYTES)
    if start < 0 or len(data) < start + 43:
        return None
    width, height, left, top = struct.unpack_from(">4I", data, start + 8)
    (components,) = struct.unpack_from(">H", data, start + 40)
    bits = (data[start + 42] & 0x7F) + 1
    return StreamSize(height - top, width - left, bits, components)


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
