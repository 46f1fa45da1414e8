"""Broken DICOM files, second half: sequences, order, value representations, transfer syntaxes, folders."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.fuzz.case import REFUSED, TRUTH, Case
from tests.fuzz.dicom_bytes import (
    BIG,
    DEFLATED,
    EXPLICIT,
    HARMLESS,
    HTJ2K,
    IMPLICIT,
    ITEM,
    ITEM_END,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    JPEG_LS,
    PIXELS,
    RLE,
    RUN,
    SEQUENCE_END,
    UNDEFINED,
    DicomFile,
    Element,
    good,
    number_text,
    series_case,
    taken_apart,
    text,
    write_files,
)
from tests.fuzz.dicom_headers import (
    COLUMNS,
    INTERCEPT,
    LAST,
    NAME,
    POSITION,
    ROWS,
    SLOPE,
    SOP_CLASS,
    SPACING,
    u16,
)

SYNTAX = 0x00020010
PRIVATE_SEQUENCE, ICON = 0x00091010, 0x00880200


def nested(depth: int, defined: bool) -> bytes:
    """The value of a sequence that holds a sequence, and so on."""
    tag = struct.pack("<HH", 0x0008, 0x1140) + b"SQ\0\0"
    if not defined:
        return (ITEM + struct.pack("<I", UNDEFINED) + tag + struct.pack("<I", UNDEFINED)) * depth + (
            SEQUENCE_END + ITEM_END) * depth
    heads, length = [], 0
    for _ in range(depth):
        heads.append(ITEM + struct.pack("<I", length + 12) + tag + struct.pack("<I", length))
        length += 20
    return b"".join(reversed(heads))


def item(*elements: Element) -> bytes:
    value = b"".join(element.encoded() for element in elements)
    return ITEM + struct.pack("<I", len(value)) + value


def _icon() -> list[Element]:
    return [
        Element(ROWS, b"US", u16(1)),
        Element(COLUMNS, b"US", u16(1)),
        Element(INTERCEPT, b"DS", number_text(7)),
        Element(SLOPE, b"DS", number_text(7)),
        Element(PIXELS, b"OW", b"\x11\x22"),
    ]


def structures() -> list[Case]:
    """Sequences without end, elements twice, out of order, or of another kind than their tag."""

    def sequence(value: bytes, length: int | None, file: DicomFile) -> DicomFile:
        return file.insert(Element(0x00081140, b"SQ", value, length), before=NAME)

    def twice(tag: int, value: bytes, file: DicomFile) -> DicomFile:
        return file.insert(Element(tag, file[tag].vr, value), before=tag)

    def twice_after(tag: int, value: bytes, file: DicomFile) -> DicomFile:
        file.body.insert(file.body.index(file[tag]) + 1, Element(tag, file[tag].vr, value))
        return file

    def kind(tag: int, vr: bytes, file: DicomFile) -> DicomFile:
        return file.set(tag, file[tag].value, vr)

    def many(number: int, file: DicomFile) -> DicomFile:
        for n in range(number):
            file.body.append(Element(0x00110000 + n % 0xF000 + 0x1000 + (n // 0xF000) * 0x20000, b"LO", b"x "))
        file.body.sort(key=lambda element: element.tag)
        return file

    def reversed_order(file: DicomFile) -> DicomFile:
        file.body.reverse()
        return file

    def pixels_first(file: DicomFile) -> DicomFile:
        file.body.insert(0, file.body.pop())
        return file

    def icon(length: int | None, file: DicomFile) -> DicomFile:
        value = item(*_icon()) + (SEQUENCE_END if length == UNDEFINED else b"")
        return file.set(ICON, value, b"SQ", length)

    def early_icon(file: DicomFile) -> DicomFile:
        return file.set(PRIVATE_SEQUENCE, item(*_icon()), b"SQ")

    def icon_in_unknown(file: DicomFile) -> DicomFile:
        return file.set(PRIVATE_SEQUENCE, item(*_icon()) + SEQUENCE_END, b"UN", UNDEFINED)

    def fake_tags(file: DicomFile) -> DicomFile:
        return file.set(0x00091001, b"".join(element.encoded() for element in _icon()), b"OB")

    def overlay(rows: int, data: bytes, file: DicomFile) -> DicomFile:
        file.set(0x60000010, u16(rows), b"US").set(0x60000011, u16(rows), b"US").set(0x60000100, u16(1), b"US")
        return file.set(0x60003000, data, b"OW")

    def without_end(value: bytes, file: DicomFile) -> DicomFile:
        return sequence(value, UNDEFINED, file)

    empty_items = ITEM + bytes(4)
    refused: dict[str, Callable[[DicomFile], DicomFile | bytes]] = {
        "nested-50000-never-closed": partial(sequence, nested(50_000, False)[: 20 * 50_000], UNDEFINED),
        "sequence-never-closed": partial(without_end, item(Element(0x00081150, b"UI", b"1.2\0"))),
        "item-never-closed": partial(without_end, ITEM + struct.pack("<I", UNDEFINED)),
        "intercept-twice-first-wrong": partial(twice, INTERCEPT, number_text(0)),
        "intercept-twice-last-wrong": partial(twice_after, INTERCEPT, number_text(0)),
        "pixels-twice-first-wrong": partial(twice, PIXELS, bytes(512)),
        "pixels-twice-last-wrong": partial(twice_after, PIXELS, bytes(512)),
        "position-twice": partial(twice, POSITION, number_text(-30, -40, 55.01)),
        "intercept-out-of-order-twice": lambda file: file.insert(
            Element(INTERCEPT, b"DS", number_text(0)), before=NAME),
        "pixels-as-floats": lambda file: file.remove(PIXELS).set(0x7FE00008, bytes(1024), b"OF"),
        "value-table": lambda file: file.set(0x00283000, item(Element(0x00283006, b"US", bytes(512))), b"SQ"),
        "position-in-binary": lambda file: file.set(POSITION, struct.pack("<3f", 0, 0, 0), b"FL"),
        "kind-of-nothing": partial(kind, SPACING, b"\0\0"),
    }  # fmt: skip
    harmless: dict[str, Callable[[DicomFile], DicomFile | bytes]] = {
        "nested-500": partial(sequence, nested(500, True), None),
        "nested-50000": partial(sequence, nested(50_000, True), None),
        "nested-500-undefined": partial(sequence, nested(500, False) + SEQUENCE_END, UNDEFINED),
        "nested-50000-undefined": partial(sequence, nested(50_000, False) + SEQUENCE_END, UNDEFINED),
        "items-200000": partial(sequence, empty_items * 200_000, None),
        "items-200000-undefined": partial(sequence, empty_items * 200_000 + SEQUENCE_END, UNDEFINED),
        "elements-60000": partial(many, 60_000),
        "item-beyond-its-sequence": partial(sequence, ITEM + struct.pack("<I", 1000), None),
        "item-of-4294967294": partial(sequence, ITEM + struct.pack("<I", UNDEFINED - 1), None),
        "no-item-in-a-sequence": partial(sequence, b"12345678", None),
        "nested-14": partial(sequence, nested(14, True), None),
        "items-1000": partial(sequence, empty_items * 1000, None),
        "elements-3000": partial(many, 3000),
        "reversed": reversed_order,
        "pixels-first": pixels_first,
        "name-twice": partial(twice, NAME, text("Muster^Erika")),
        "spacing-twice-equal": lambda file: twice(SPACING, file[SPACING].value, file),
        "spacing-as-un": partial(kind, SPACING, b"UN"),
        "spacing-as-lo": partial(kind, SPACING, b"LO"),
        "spacing-as-ob": partial(kind, SPACING, b"OB"),
        "spacing-unknown-kind": partial(kind, SPACING, b"ZZ"),
        "spacing-lower-case": partial(kind, SPACING, b"ds"),
        "position-as-doubles": lambda file: file.set(POSITION, struct.pack("<3d", -30, -40, 55), b"FD"),
        "slope-as-double": lambda file: file.set(SLOPE, struct.pack("<d", 1), b"FD"),
        "pixels-as-un": partial(kind, PIXELS, b"UN"),
        "pixels-as-ob": partial(kind, PIXELS, b"OB"),
        "pixels-as-sequence": partial(kind, PIXELS, b"SQ"),
        "icon": partial(icon, None),
        "icon-undefined": partial(icon, UNDEFINED),
        "icon-first": early_icon,
        "icon-in-unknown": icon_in_unknown,
        "tags-in-a-value": fake_tags,
        "overlay": partial(overlay, 16, bytes(32)),
        "overlay-65535": partial(overlay, 65535, bytes(2)),
        "sequence-end-alone": lambda file: file.insert(Element(0xFFFEE0DD, b"\0\0", b""), before=NAME),
        "group-lengths": lambda file: file.set(0x00080000, struct.pack("<I", 7), b"UL"),
        "command-group": lambda file: file.insert(Element(0x00000002, b"UI", b"1.2\0"), before=file.body[0].tag),
        "class-twice": lambda file: twice(SOP_CLASS, file[SOP_CLASS].value, file),
    }
    return [
        *(series_case(name, "structure", mutation, REFUSED) for name, mutation in refused.items()),
        *(series_case(name, "structure", mutation, HARMLESS) for name, mutation in harmless.items()),
    ]


def syntaxes() -> list[Case]:
    """Files whose transfer syntax is not the one they name, and deflated ones that hold more than they should."""

    def named(uid: str, file: DicomFile) -> DicomFile:
        return file.set(SYNTAX, text(uid, b"\0"))

    def renamed(uid: str, data: bytes) -> bytes:
        """Name another syntax in a file whose data set stays as it is."""
        end = _end_of_meta(data)
        return named(uid, taken_apart(data[:end])).encoded() + data[end:]

    def deflated(file: DicomFile, *, extra: bytes = b"", cut: int = 0, zeros: int = 0) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(file.dataset())
        if zeros:
            head = struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, zeros)
            packed += packer.compress(head)
            for _ in range(zeros // 2**20):
                packed += packer.compress(bytes(2**20))
        packed += packer.flush()
        body, file.body = packed[: len(packed) - cut], []
        return named(DEFLATED, file).encoded() + body + extra

    bomb = 2**30
    refused: dict[str, Callable[[DicomFile], DicomFile | bytes]] = {
        "named-deflated": partial(named, DEFLATED),
        "named-jpeg": partial(named, JPEG_BASELINE),
        "named-jpeg-lossless": partial(named, JPEG_LOSSLESS),
        "named-jpeg-ls": partial(named, JPEG_LS),
        "named-jpeg-2000": partial(named, JPEG_2000),
        "named-htj2k": partial(named, HTJ2K),
        "named-rle": partial(named, RLE),
        "named-mpeg": partial(named, "1.2.840.10008.1.2.4.100"),
        "named-pointer": partial(named, "1.2.840.10008.1.2.4.94"),
        "named-unknown": partial(named, "1.2.3"),
        "named-path": partial(named, "../../evil"),
        "deflate-bomb": partial(deflated, zeros=bomb),
        "deflate-cut": partial(deflated, cut=40),
        "deflate-garbage": lambda file: deflated(file, cut=len(deflated(file))) + b"\x07" * 500,
    }
    harmless: dict[str, Callable[[DicomFile], DicomFile | bytes]] = {
        "named-implicit": partial(named, IMPLICIT),
        "named-big-endian": partial(named, BIG),
        "named-ge-private": partial(named, "1.2.840.113619.5.2"),
        "named-nothing": partial(named, ""),
        "named-twice": partial(named, f"{EXPLICIT}\\{IMPLICIT}"),
        "absent": lambda file: file.remove(SYNTAX),
        "deflated-with-a-tail": partial(deflated, extra=b"tail of the file"),
    }
    cases = [series_case(name, "syntax", mutation, REFUSED) for name, mutation in refused.items()]
    cases += [series_case(name, "syntax", mutation, HARMLESS) for name, mutation in harmless.items()]
    for kind, uid in (("implicit", IMPLICIT), ("big", BIG), ("deflated", DEFLATED)):
        cases.append(series_case(f"{kind}-good", "syntax", bytes, TRUTH, syntax=uid))
        cases.append(series_case(f"{kind}-cut", "syntax", lambda data: data[:-60], REFUSED, syntax=uid, slices=LAST))
    for name, uid, made in (("implicit-named-explicit", EXPLICIT, IMPLICIT), ("big-named-little", EXPLICIT, BIG),
                            ("implicit-named-big", BIG, IMPLICIT)):  # fmt: skip
        cases.append(series_case(name, "syntax", partial(renamed, uid), HARMLESS, syntax=made))
    return cases


def _end_of_meta(data: bytes) -> int:
    return 144 + int(struct.unpack_from("<I", data, 140)[0])


def folders() -> list[Case]:
    """Good series in hostile surroundings, and folders that hold none."""

    def around(change: Callable[[Path], object], folder: Path) -> Path:
        files = {f"slice{k:03d}.dcm": data for k, data in enumerate(good().files)}
        target = write_files(folder, files)
        change(target)
        return target

    def directory(names: bytes, target: Path) -> None:
        record = item(Element(0x00041430, b"CS", b"IMAGE "), Element(0x00041500, b"CS", names))
        file = taken_apart(good().files[0])
        file.set(0x00020002, text("1.2.840.10008.1.3.10", b"\0"))
        file.body = [Element(0x00041220, b"SQ", record)]
        (target / "DICOMDIR").write_bytes(file.encoded())

    def deep(target: Path) -> None:
        place = target
        for _ in range(60):
            place = place / "d"
            place.mkdir()
        (target / "slice003.dcm").rename(place / "x")

    def renamed(name: bytes, target: Path) -> None:
        (target / "slice003.dcm").rename(target / os.fsdecode(name))

    def beside(name: str, data: bytes, target: Path) -> None:
        (target / name).write_bytes(data)

    harmless: dict[str, Callable[[Path], object]] = {
        "directory-with-traversal": partial(directory, b"..\\..\\..\\ETC\\PASSWD "),
        "directory-absolute": partial(directory, b"/etc/passwd "),
        "loop-of-links": lambda target: (target / "loop").symlink_to(target, target_is_directory=True),
        "link-to-itself": lambda target: (target / "self").symlink_to(target / "self"),
        "link-to-nothing": lambda target: (target / "gone.dcm").symlink_to("nowhere.dcm"),
        "link-to-zeros": lambda target: (target / "zeros.dcm").symlink_to("/dev/zero"),
        "pipe": lambda target: os.mkfifo(target / "pipe.dcm"),
        "name-newline": partial(renamed, b"a\nb.dcm"),
        "name-escape": partial(renamed, b"\x1b[31mred"),
        "name-not-utf8": partial(renamed, b"\xff\xfe\x80.dcm"),
        "name-long": partial(renamed, b"n" * 250),
        "name-option": partial(renamed, b"--overwrite"),
        "deep-folder": deep,
        "zip-beside": partial(beside, "scan.zip", b"PK\x03\x04" + bytes(500)),
        "text-beside": partial(beside, "readme.txt", b"read me"),
        "table-beside": partial(beside, "table.csv", b"=1+1,2\n"),
        "hidden-beside": partial(beside, "._slice000", b"\0\x05\x16\x07" + bytes(4092)),
        "sparse-file-of-8-gb": lambda target: _sparse(target / "big.bin", 8 * 2**30),
    }
    refused: dict[str, Callable[[Path], object]] = {
        "unreadable-slice-is-a-folder": lambda target: ((target / "slice003.dcm").unlink(),
                                                        (target / "slice003.dcm").mkdir()),
        "sparse-slice-of-8-gb": lambda target: _sparse(target / "slice003.dcm", 8 * 2**30),
        "slice-copied": partial(beside, "copy.dcm", good().files[3]),
        "empty-slice-beside": partial(beside, "slice006.dcm", b""),
        "no-series": lambda target: [path.unlink() for path in target.iterdir()],
    }
    same = good().is_volume
    return [
        *(Case(name, "folder", partial(around, change), RUN, HARMLESS, same, None)
          for name, change in harmless.items()),
        *(Case(name, "folder", partial(around, change), RUN, REFUSED) for name, change in refused.items()),
    ]


def _sparse(path: Path, size: int) -> None:
    with path.open("r+b" if path.exists() else "wb") as stream:
        stream.truncate(size)

