"""Broken DICOM files, first half: cut files, foreign beginnings, lengths, image description, numbers, texts."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from functools import partial

import numpy as np

from tests.fuzz.case import REFUSED, Case
from tests.fuzz.dicom_bytes import (
    HARMLESS,
    PIXELS,
    SHAPE,
    UNDEFINED,
    DicomFile,
    Element,
    number_text,
    series_case,
    text,
)

MIDDLE, LAST, ALL = (2,), (5,), tuple(range(SHAPE[0]))
ROWS, COLUMNS, FRAMES, SAMPLES = 0x00280010, 0x00280011, 0x00280008, 0x00280002
PHOTOMETRIC, ALLOCATED, STORED, HIGH, SIGNED = 0x00280004, 0x00280100, 0x00280101, 0x00280102, 0x00280103
SPACING, ORIENTATION, POSITION, THICKNESS = 0x00280030, 0x00200037, 0x00200032, 0x00180050
INTERCEPT, SLOPE, RESCALE_TYPE, PADDING = 0x00281052, 0x00281053, 0x00281054, 0x00280120
CHARSET, IMAGE_TYPE, SOP_CLASS, SOP_UID, MODALITY = 0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080060
DESCRIPTION, NAME, PATIENT_ID, KVP, KERNEL = 0x0008103E, 0x00100010, 0x00100020, 0x00180060, 0x00181210
STUDY_UID, SERIES_UID, NUMBER, FRAME_OF_REFERENCE = 0x0020000D, 0x0020000E, 0x00200013, 0x00200052


def setting(
    tag: int, value: bytes, vr: bytes | None = None, length: int | None = None
) -> Callable[[DicomFile], DicomFile]:
    return lambda file: file.set(tag, value, vr, length)


def u16(value: int) -> bytes:
    return struct.pack("<H", value & 0xFFFF)


def truncations() -> list[Case]:
    """Files that end early: nothing of them may count, and the slice must be missed."""

    def at(place: Callable[[DicomFile], int], file: DicomFile) -> bytes:
        return file.encoded()[: place(file)]

    def pixels(file: DicomFile) -> int:
        return len(file.encoded()) - len(file[PIXELS].value)

    def inside(tag: int, offset: int, file: DicomFile) -> int:
        return file.encoded().index(struct.pack("<HH", tag >> 16, tag & 0xFFFF) + file[tag].vr) + offset

    places: dict[str, Callable[[DicomFile], int]] = {
        "0-bytes": lambda file: 0,
        "1-byte": lambda file: 1,
        "half-the-preamble": lambda file: 64,
        "the-preamble": lambda file: 128,
        "half-the-magic": lambda file: 130,
        "the-magic": lambda file: 132,
        "half-a-tag": lambda file: 134,
        "inside-the-meta": lambda file: 200,
        "before-the-class": partial(inside, SOP_CLASS, 0),
        "inside-the-name": partial(inside, NAME, 12),
        "inside-the-position": partial(inside, POSITION, 14),
        "before-the-rows": partial(inside, ROWS, 0),
        "before-the-slope": partial(inside, SLOPE, 0),
        "before-the-pixels": partial(inside, PIXELS, 0),
        "inside-the-pixel-length": partial(inside, PIXELS, 10),
        "no-pixel": pixels,
        "half-the-pixels": lambda file: pixels(file) + len(file[PIXELS].value) // 2,
        "one-row-short": lambda file: pixels(file) + len(file[PIXELS].value) - 32,
        "one-byte-short": lambda file: pixels(file) + len(file[PIXELS].value) - 1,
    }
    return [
        series_case(f"{name}-{where}", "truncation", partial(at, place), REFUSED, slices=slices)
        for name, place in places.items()
        for where, slices in (("middle", MIDDLE), ("last", LAST))
    ]


def polyglots() -> list[Case]:
    """Other formats around, before or instead of a file."""

    def preamble(start: bytes, file: DicomFile) -> DicomFile:
        file.preamble = start.ljust(128, b"\0")[:128]
        return file

    def magic(value: bytes, file: DicomFile) -> DicomFile:
        file.magic = value
        return file

    def bare(file: DicomFile) -> bytes:
        return file.encoded()[132:]

    def group_length(value: int, file: DicomFile) -> DicomFile:
        file.group_length = value
        return file

    def zipped(file: DicomFile) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("slice.dcm", file.encoded())
        return stream.getvalue()

    def pam(file: DicomFile) -> bytes:
        head = b"P7\nWIDTH 16\nHEIGHT 16\nDEPTH 1\nMAXVAL 65535\nTUPLTYPE GRAYSCALE\nENDHDR\n"
        return head + file[PIXELS].value

    random = np.random.default_rng(7).bytes(5000)
    harmless = {
        "preamble-pe": partial(preamble, b"MZ\x90\0"),
        "preamble-elf": partial(preamble, b"\x7fELF\x02\x01\x01"),
        "preamble-tiff": partial(preamble, b"II*\0\x08\0\0\0"),
        "preamble-zip": partial(preamble, b"PK\x03\x04"),
        "preamble-html": partial(preamble, b"<html><script>alert(1)</script>"),
        "preamble-shell": partial(preamble, b"#!/bin/sh\nexit 1\n"),
        "bare-without-preamble": bare,
        "meta-length-0": partial(group_length, 0),
        "meta-length-too-long": partial(group_length, 100_000),
        "meta-length-too-short": partial(group_length, 12),
        "meta-length-4294967295": partial(group_length, UNDEFINED),
        "meta-twice": lambda file: file.encoded()[: -len(file.dataset())] + bare(file),
        "meta-absent": lambda file: bytes(128) + b"DICM" + file.dataset(),
    }
    refused = {
        "magic-lower-case": partial(magic, b"dicm"),
        "magic-swapped": partial(magic, b"DCIM"),
        "magic-at-the-start": lambda file: b"DICM" + file.encoded()[132:],
        "gzip": lambda file: gzip.compress(file.encoded(), mtime=0),
        "gzip-bomb": lambda file: gzip.compress(bytes(20_000_000), mtime=0),
        "bzip2": lambda file: bz2.compress(file.encoded()),
        "zip": zipped,
        "pam": pam,
        "zeros": lambda file: bytes(10_000),
        "ones": lambda file: b"\xff" * 10_000,
        "random": lambda file: random,
        "random-after-the-magic": lambda file: bytes(128) + b"DICM" + random,
        "random-after-the-meta": lambda file: file.encoded()[: -len(file.dataset())] + random,
        "text": lambda file: b"dear doctor,\n" * 300,
        "png": lambda file: b"\x89PNG\r\n\x1a\n" + bytes(400),
    }
    return [
        *(series_case(name, "header", mutation, HARMLESS) for name, mutation in harmless.items()),
        *(series_case(name, "header", mutation, REFUSED, slices=LAST) for name, mutation in refused.items()),
    ]


def lengths() -> list[Case]:
    """Lengths that are not those of the values."""

    def longer(tag: int, by: int, file: DicomFile) -> DicomFile:
        file[tag].length = len(file[tag].value) + by
        return file

    def written(tag: int, length: int, file: DicomFile) -> DicomFile:
        file[tag].length = length
        return file

    def private(length: int, file: DicomFile) -> DicomFile:
        return file.insert(Element(0x00091001, b"OB", b"12345678", length), before=NAME)

    refused = {
        "name-65535": partial(written, NAME, 65535),
        "name-odd": partial(longer, NAME, -1),
        "class-swallows-the-next": partial(longer, SOP_CLASS, 6),
        "position-shorter": partial(longer, POSITION, -2),
        "pixels-0": partial(written, PIXELS, 0),
        "pixels-2-less": partial(longer, PIXELS, -2),
        "pixels-2-more": partial(longer, PIXELS, 2),
        "pixels-twice": partial(longer, PIXELS, 512),
        "pixels-2147483648": partial(written, PIXELS, 2**31),
        "pixels-4294967294": partial(written, PIXELS, UNDEFINED - 1),
        "pixels-undefined-and-native": partial(written, PIXELS, UNDEFINED),
        "private-one-beyond-the-end": lambda file: private(len(file.encoded()), file),
        "private-4294967294": partial(private, UNDEFINED - 1),
        "private-undefined": partial(private, UNDEFINED),
        "pixels-odd": lambda file: file.set(PIXELS, file[PIXELS].value[:-1]),
        "rows-of-0-bytes": setting(ROWS, b""),
    }
    harmless = {
        "name-swallows-the-id": lambda file: longer(NAME, 8 + len(file[PATIENT_ID].value), file),
        "name-of-0-bytes": setting(NAME, b""),
        "thickness-of-0-bytes": setting(THICKNESS, b""),
        "trailing-zeros": lambda file: file.encoded() + bytes(64),
        "trailing-padding-element": lambda file: file.insert(Element(0xFFFCFFFC, b"OB", bytes(100))),
    }
    return [
        *(series_case(name, "length", mutation, REFUSED) for name, mutation in refused.items()),
        *(series_case(name, "length", mutation, HARMLESS) for name, mutation in harmless.items()),
    ]


def descriptions() -> list[Case]:
    """What the header says of the matrix and the bits does not fit the pixels."""

    def both(rows: int, columns: int, file: DicomFile) -> DicomFile:
        return file.set(ROWS, u16(rows)).set(COLUMNS, u16(columns))

    def bits(allocated: int, stored: int, high: int, file: DicomFile) -> DicomFile:
        return file.set(ALLOCATED, u16(allocated)).set(STORED, u16(stored)).set(HIGH, u16(high))

    def palette(entries: int, data: bytes, file: DicomFile) -> DicomFile:
        file.set(PHOTOMETRIC, text("PALETTE COLOR"))
        for number in (0x1101, 0x1102, 0x1103):
            file.set(0x00280000 | number, struct.pack("<HHH", entries, 0, 16), b"US")
            file.set(0x00280000 | (number + 0x100), data, b"OW")
        return file

    def colour(file: DicomFile) -> DicomFile:
        file.set(SAMPLES, u16(3)).set(PHOTOMETRIC, text("RGB")).set(0x00280006, u16(0), b"US")
        return file.set(PIXELS, file[PIXELS].value * 3)

    refused: dict[str, Callable[[DicomFile], DicomFile]] = {
        **{f"rows-{value}": setting(ROWS, u16(value)) for value in (0, 1, 15, 17, 32, 65535)},
        **{f"columns-{value}": setting(COLUMNS, u16(value)) for value in (0, 1, 15, 17, 32, 65535)},
        "matrix-8x32": partial(both, 8, 32),
        "matrix-1x256": partial(both, 1, 256),
        "matrix-65535x65535": partial(both, 65535, 65535),
        "rows-ul-65536": setting(ROWS, struct.pack("<I", 65536), b"UL"),
        "rows-ul-4294967295": setting(ROWS, struct.pack("<I", UNDEFINED), b"UL"),
        "rows-negative": setting(ROWS, struct.pack("<h", -16), b"SS"),
        "rows-of-two-values": setting(ROWS, u16(16) + u16(17)),
        "rows-infinite": setting(ROWS, struct.pack("<d", float("inf")), b"FD"),
        "rows-text": setting(ROWS, b"sixteen ", b"LO"),
        "rows-absent": lambda file: file.remove(ROWS),
        "samples-3": setting(SAMPLES, u16(3)),
        "samples-65535": setting(SAMPLES, u16(65535)),
        **{f"frames-{value}": setting(FRAMES, number_text(value), b"IS") for value in (2, 1_000_000, 2**31)},
        "allocated-0": setting(ALLOCATED, u16(0)),
        "allocated-1": setting(ALLOCATED, u16(1)),
        "allocated-8": setting(ALLOCATED, u16(8)),
        "allocated-12": setting(ALLOCATED, u16(12)),
        "allocated-15": setting(ALLOCATED, u16(15)),
        "allocated-32": setting(ALLOCATED, u16(32)),
        "allocated-64": setting(ALLOCATED, u16(64)),
        "allocated-65535": setting(ALLOCATED, u16(65535)),
        "stored-0": setting(STORED, u16(0)),
        "stored-17": setting(STORED, u16(17)),
        "stored-65535": setting(STORED, u16(65535)),
        "stored-8-high-15": setting(STORED, u16(8)),
        "stored-12-high-15": setting(STORED, u16(12)),
        "high-0": setting(HIGH, u16(0)),
        "high-16": setting(HIGH, u16(16)),
        "high-65535": setting(HIGH, u16(65535)),
        "8-bits-of-16": partial(bits, 8, 8, 7),
        "32-bits-of-16": partial(bits, 32, 32, 31),
        "sign-2": setting(SIGNED, u16(2)),
        "sign-65535": setting(SIGNED, u16(65535)),
        "sign-absent": lambda file: file.remove(SIGNED),
        "sign-lost": setting(SIGNED, u16(0)),
        "rgb": setting(PHOTOMETRIC, text("RGB")),
        "rgb-with-three-times-the-data": colour,
        "ybr-full-422": setting(PHOTOMETRIC, text("YBR_FULL_422")),
        "argb": setting(PHOTOMETRIC, text("ARGB")),
        "nonsense": setting(PHOTOMETRIC, text("GARBAGE")),
        "palette-short": partial(palette, 256, b"\0\0"),
        "palette-overflow": partial(palette, 65535, b"\0\0"),
        "palette-empty": partial(palette, 0, b""),
    }
    harmless: dict[str, Callable[[DicomFile], DicomFile]] = {
        "rows-ul-16": setting(ROWS, struct.pack("<I", 16), b"UL"),
        "samples-0": setting(SAMPLES, u16(0)),
        "frames-negative": setting(FRAMES, number_text(-5), b"IS"),
        "samples-absent": lambda file: file.remove(SAMPLES),
        "frames-0": setting(FRAMES, number_text(0), b"IS"),
        "frames-1": setting(FRAMES, number_text(1), b"IS"),
        "frames-empty": setting(FRAMES, b"", b"IS"),
        "frames-text": setting(FRAMES, b"many", b"IS"),
        "planar": setting(0x00280006, u16(1), b"US"),
        "monochrome1": setting(PHOTOMETRIC, text("MONOCHROME1")),
        "photometric-empty": setting(PHOTOMETRIC, b""),
        "photometric-absent": lambda file: file.remove(PHOTOMETRIC),
        "photometric-long": setting(PHOTOMETRIC, b"MONOCHROME2" * 100),
        "palette-beside-grey": lambda file: file.set(0x00281101, struct.pack("<HHH", 65535, 0, 16), b"US"),
    }
    return [
        *(series_case(name, "description", mutation, REFUSED) for name, mutation in refused.items()),
        *(series_case(name, "description", mutation, HARMLESS) for name, mutation in harmless.items()),
    ]
