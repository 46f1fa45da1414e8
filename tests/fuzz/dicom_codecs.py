"""Broken streams of compressed pixels: dimensions that are not the header's, cuts, bombs, loose ends."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

import numpy as np

from tests.fuzz.case import REFUSED, TRUTH, WARNED, Case
from tests.fuzz.dicom_bytes import (
    HARMLESS,
    HTJ2K,
    ITEM,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    JPEG_LS,
    PIXELS,
    RLE,
    SEQUENCE_END,
    UNDEFINED,
    DicomFile,
    encapsulated,
    series_case,
    text,
)
from tests.fuzz.dicom_headers import COLUMNS, LAST, ROWS, SIGNED, STORED, u16

Change = Callable[[bytes], bytes]
SYNTAXES = {"rle": RLE, "jpeg-ls": JPEG_LS, "jpeg-2000": JPEG_2000, "jpeg-lossless": JPEG_LOSSLESS,
            "jpeg": JPEG_BASELINE}  # fmt: skip
ALL = tuple(range(6))
# the marker of a JPEG family stream that begins its frame header
_FRAME_MARKER = {"jpeg-ls": b"\xff\xf7", "jpeg-lossless": b"\xff\xc3", "jpeg": b"\xff\xc0"}


def codecs() -> list[Case]:
    """Every family of broken streams."""
    return [*_good(), *_of_every_kind(), *_rle(), *_jpegs(), *_jpeg_2000()]


def _streamed(change: Change, file: DicomFile) -> DicomFile:
    """Change the one stream in a file and pack it anew."""
    value = file[PIXELS].value
    (offsets,) = struct.unpack_from("<I", value, 4)
    (length,) = struct.unpack_from("<I", value, 12 + offsets)
    stream = value[16 + offsets : 16 + offsets + length]
    return file.set(PIXELS, encapsulated(change(stream)), b"OB", UNDEFINED)


def _packed(pack: Callable[[bytes], bytes], file: DicomFile) -> DicomFile:
    """Pack the one stream in a file in another way."""
    value = file[PIXELS].value
    (offsets,) = struct.unpack_from("<I", value, 4)
    (length,) = struct.unpack_from("<I", value, 12 + offsets)
    return file.set(PIXELS, pack(value[16 + offsets : 16 + offsets + length]), b"OB", UNDEFINED)


def _case(
    kind: str,
    name: str,
    mutation: Callable[[DicomFile], DicomFile],
    allowed: frozenset[str],
    slices: tuple[int, ...] = (2,),
) -> Case:
    if kind == "jpeg":  # lossy: a warning says so even where all is well
        allowed = allowed | WARNED if "truth" in allowed else allowed
    return series_case(f"{kind}-{name}", "codec", mutation, allowed, syntax=SYNTAXES[kind], slices=slices)


def _good() -> list[Case]:
    return [_case(kind, "good", lambda file: file, TRUTH) for kind in SYNTAXES]


def _of_every_kind() -> list[Case]:
    """Cuts, nothing, noise, and containers that do not hold what they say."""
    noise = np.random.default_rng(3).bytes(400)
    streams: dict[str, Change] = {
        "empty": lambda stream: b"",
        "zeros": lambda stream: bytes(200),
        "ones": lambda stream: b"\xff" * 200,
        "noise": lambda stream: noise,
        "half": lambda stream: stream[: len(stream) // 2],
        "head-only": lambda stream: stream[:40],
    }
    packings: dict[str, Callable[[bytes], bytes]] = {
        "no-fragment": lambda stream: encapsulated(),
        "no-item": lambda stream: SEQUENCE_END,
        "not-packed": lambda stream: stream + stream[: len(stream) % 2],
        "fragment-beyond-the-end": lambda stream: ITEM + bytes(4) + ITEM + struct.pack("<I", 2**31) + stream,
        "fragment-undefined": lambda stream: ITEM + bytes(4) + ITEM + struct.pack("<I", UNDEFINED) + stream,
        "never-closed-and-cut": lambda stream: encapsulated(stream, end=b"")[:-30],
        "wrong-item-tag": lambda stream: encapsulated(stream).replace(ITEM, b"\xfe\xff\x01\xe0"),
    }
    loose: dict[str, Callable[[bytes], bytes]] = {
        "never-closed": lambda stream: encapsulated(stream, end=b""),
        "two-fragments": lambda stream: encapsulated(stream[: len(stream) // 4 * 2], stream[len(stream) // 4 * 2 :]),
        "thousand-empty-fragments": lambda stream: encapsulated(*[b""] * 1000, stream),
        "offset-beyond-the-end": lambda stream: encapsulated(stream, offsets=struct.pack("<I", 2**31)),
        "offsets-of-ten-frames": lambda stream: encapsulated(stream, offsets=bytes(40)),
        "two-frames": lambda stream: encapsulated(stream, stream),
        "tail": lambda stream: encapsulated(stream + bytes(300)),
    }
    cases = []
    for kind in SYNTAXES:
        cases += [_case(kind, name, partial(_streamed, change), REFUSED) for name, change in streams.items()]
        few = packings if kind in ("rle", "jpeg-2000") else {"not-packed": packings["not-packed"]}
        cases += [_case(kind, name, partial(_packed, pack), REFUSED, slices=LAST) for name, pack in few.items()]
        few = loose if kind in ("rle", "jpeg-ls") else {"two-fragments": loose["two-fragments"], "tail": loose["tail"]}
        cases += [_case(kind, name, partial(_packed, pack), HARMLESS) for name, pack in few.items()]
        cases.append(_case(kind, "rows-65535", lambda file: file.set(ROWS, u16(65535)), REFUSED, slices=ALL))
        cases.append(_case(kind, "rows-17", lambda file: file.set(ROWS, u16(17)), REFUSED, slices=ALL))
        cases.append(_case(kind, "columns-8", lambda file: file.set(COLUMNS, u16(8)), REFUSED, slices=ALL))
    return cases


def _rle() -> list[Case]:
    """The RLE of PS3.5 annex G: 64 bytes of offsets, then segments of literal and repeated runs."""

    def header(count: int, *offsets: int) -> Change:
        def change(stream: bytes) -> bytes:
            given = offsets or struct.unpack_from("<15I", stream, 4)
            return struct.pack("<16I", count & UNDEFINED, *given, *[0] * (15 - len(given))) + stream[64:]

        return change

    def second_at(place: Callable[[int, int], int]) -> Change:
        def change(stream: bytes) -> bytes:
            count, first, second = struct.unpack_from("<3I", stream)
            return struct.pack("<3I", count, first, place(second, len(stream)) & UNDEFINED) + stream[12:]

        return change

    def run_too_long(stream: bytes) -> bytes:
        return struct.pack("<16I", 2, 64, 66, *[0] * 13) + b"\x81\x07" + b"\x81\x07" * 40

    def literal_too_long(stream: bytes) -> bytes:
        return struct.pack("<16I", 2, 64, 66, *[0] * 13) + b"\x7f\x01" + b"\x7f\x01"

    def bomb(stream: bytes) -> bytes:
        return struct.pack("<16I", 2, 64, 2_000_064, *[0] * 13) + b"\x81\x07" * 2_000_000

    changes = {
        "no-segment": header(0), "1-segment": header(1), "3-segments": header(3), "16-segments": header(16),
        "255-segments": header(255), "4294967295-segments": header(UNDEFINED),
        "offsets-0": header(2, 0, 0), "offset-into-the-header": header(2, 8, 64),
        "offsets-backwards": header(2, 200, 64), "segment-beyond-the-end": second_at(lambda second, size: size + 1),
        "offset-4294967295": second_at(lambda second, size: UNDEFINED),
        "offset-early": second_at(lambda second, size: second - 8), "run-too-long": run_too_long,
        "literal-too-long": literal_too_long, "bomb": bomb,
    }  # fmt: skip
    return [_case("rle", name, partial(_streamed, change), REFUSED) for name, change in changes.items()]


def _jpegs() -> list[Case]:
    """Frame headers of the JPEG family that are not the header's: rows, columns, bits, components."""
    cases = []
    for kind, marker in _FRAME_MARKER.items():

        def sof(offset: int, value: bytes, stream: bytes, marker: bytes = marker) -> bytes:
            at = stream.index(marker) + offset
            return stream[:at] + value + stream[at + len(value) :]

        def without_end(stream: bytes) -> bytes:
            return stream[: stream.rindex(b"\xff\xd9")]

        def twice(stream: bytes, marker: bytes = marker) -> bytes:
            at = stream.index(marker)
            length = 2 + struct.unpack_from(">H", stream, at + 2)[0]
            return stream[: at + length] + stream[at : at + length] + stream[at + length :]

        changes: dict[str, Change] = {
            "65535x65535": partial(sof, 5, b"\xff\xff\xff\xff"),
            "0x0": partial(sof, 5, bytes(4)),
            "32-rows": partial(sof, 5, b"\0\x20"),
            "8-columns": partial(sof, 7, b"\0\x08"),
            "bits-0": partial(sof, 4, b"\0"),
            "bits-200": partial(sof, 4, b"\xc8"),
            "components-3": partial(sof, 9, b"\x03"),
            "components-0": partial(sof, 9, b"\0"),
            "length-0": partial(sof, 2, b"\0\0"),
            "length-65535": partial(sof, 2, b"\xff\xff"),
            "other-process": partial(sof, 1, b"\xc9"),
            "frame-header-twice": twice,
        }
        cases += [_case(kind, name, partial(_streamed, change), REFUSED) for name, change in changes.items()]
        cases.append(_case(kind, "without-end", partial(_streamed, without_end), HARMLESS))
    lossy = partial(_streamed, _near_lossless)
    cases.append(_case("jpeg-ls", "near-lossless-in-disguise", lossy, REFUSED | WARNED))
    return cases


def _near_lossless(stream: bytes) -> bytes:
    """Set the allowed error of the scan header to 3: the entropy code means other values then (ISO 14495-1 C.2.3)."""
    at = stream.index(b"\xff\xda")
    near = at + 2 + struct.unpack_from(">H", stream, at + 2)[0] - 3 + 0
    return stream[:near] + b"\x03" + stream[near + 1 :]


def _jpeg_2000() -> list[Case]:
    """SIZ (ISO 15444-1 A.5.1): sizes, tiles, components and bits; the markers after it."""

    def siz(offset: int, value: bytes, stream: bytes) -> bytes:
        at = stream.index(b"\xff\x51") + offset
        return stream[:at] + value + stream[at + len(value) :]

    def size(columns: int, rows: int, stream: bytes) -> bytes:
        return siz(6, struct.pack(">II", columns, rows), stream)

    def everything(columns: int, rows: int, tile: int, stream: bytes) -> bytes:
        return siz(22, struct.pack(">II", tile, tile), size(columns, rows, stream))

    def boxed(stream: bytes) -> bytes:
        signature = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
        return signature + struct.pack(">I4s", len(stream) + 8, b"jp2c") + stream

    def without_end(stream: bytes) -> bytes:
        return stream[: stream.rindex(b"\xff\xd9")]

    refused: dict[str, Change] = {
        "size-4294967295": partial(size, UNDEFINED, UNDEFINED),
        "size-65535": partial(size, 65535, 65535),
        "size-bomb-one-tile": partial(everything, 60_000, 60_000, 60_000),
        "size-bomb-tiles-of-1": partial(everything, 60_000, 60_000, 1),
        "size-0": partial(size, 0, 0),
        "size-17-columns": partial(size, 17, 16),
        "size-8-rows": partial(size, 16, 8),
        "tile-0": partial(siz, 22, bytes(8)),
        "offset-15": partial(siz, 14, struct.pack(">II", 15, 15)),
        "offset-beyond": partial(siz, 14, struct.pack(">II", 99, 99)),
        "components-0": partial(siz, 38, b"\0\0"),
        "components-3": partial(siz, 38, b"\0\3"),
        "components-16384": partial(siz, 38, b"\x40\0"),
        "bits-38": partial(siz, 40, b"\x25"),
        "bits-8-unsigned": partial(siz, 40, b"\x07"),
        "subsampling-0": partial(siz, 41, b"\0\0"),
        "subsampling-2": partial(siz, 41, b"\2\2"),
        "siz-length-0": partial(siz, 2, b"\0\0"),
        "siz-twice": lambda stream: stream[:2] + stream[2 : 2 + 43] + stream[2:],
        "no-siz": lambda stream: stream[:2] + stream[45:],
        "tile-part-length": lambda stream: stream.replace(b"\xff\x90\0\x0a\0\0", b"\xff\x90\0\x0a\xff\xff", 1),
    }
    harmless: dict[str, Change] = {"boxed": boxed, "without-end": without_end}
    cases = [_case("jpeg-2000", name, partial(_streamed, change), REFUSED) for name, change in refused.items()]
    cases += [_case("jpeg-2000", name, partial(_streamed, change), HARMLESS) for name, change in harmless.items()]
    cases.append(_case("jpeg-2000", "named-htj2k", lambda file: file.set(0x00020010, text(HTJ2K, b"\0")), HARMLESS))
    cases.append(_case("jpeg-2000", "named-rle", lambda file: file.set(0x00020010, text(RLE, b"\0")), REFUSED))
    named = lambda file: file.set(0x00020010, text(JPEG_BASELINE, b"\0"))  # noqa: E731
    cases.append(_case("jpeg-2000", "named-jpeg", named, REFUSED))
    cases.append(_case("jpeg-2000", "sign-other", lambda file: file.set(SIGNED, u16(0)), REFUSED))
    cases.append(_case("jpeg-2000", "stored-8", lambda file: file.set(STORED, u16(8)), REFUSED))
    return cases
