"""A bounded walk over the bytes of a DICOM file (PS3.5 section 7, PS3.10 section 7), before anything believes them.

It is iterative, skips what it does not need, and refuses what breaks a bound: lengths against the bytes that are
there, nesting, counts of elements and items, the size that a deflated file may grow to. Only the few short values that
say what the file is are kept.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom.datadict import DicomDictionary

from anatomy_twin.errors import ScanError

LARGEST_FILE_BYTES: Final = 8 * 2**30
LARGEST_INFLATED_BYTES: Final = 512 * 2**20
LARGEST_VALUE_BYTES: Final = 64 * 1024
DEEPEST: Final = 16
MOST_ELEMENTS: Final = 400_000
MOST_ITEMS: Final = 60_000
MOST_FRAGMENTS: Final = 100_000
UNDEFINED: Final = 0xFFFFFFFF
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
PIXELS: Final = {0x7FE00010: "PixelData", 0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData"}
_COPY_AGAIN = "copy the file again"
_WINDOW = 16 * 1024
# a file without preamble is taken for DICOM only if it begins with a tag of group 2 or 8, in either byte order
_GROUP_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
     b"ST", b"TM", b"UI", b"UL", b"US"}
)  # fmt: skip
_SEQUENCES = frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
Read = Callable[[int, int], bytes]
_FORMS = {
    little: tuple(struct.Struct(order + form).unpack_from for form in ("HH", "H", "I"))
    for little, order in ((True, "<"), (False, ">"))
}


class NoDicomError(ScanError):
    """The bytes do not say that they are DICOM."""


@dataclass(frozen=True, slots=True)
class PixelPlace:
    """Where pixel values stand: the element's name, its first byte, and length or the fragments (start, length).

    ``whole`` is false where the file ends before the pixels do; ``length`` is then what is there.
    """

    keyword: str
    vr: str
    start: int
    length: int
    fragments: tuple[tuple[int, int], ...] | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class FileMap:
    """What a walk found: the coding, the kept values (tag -> VR and raw bytes) and the place of the pixels.

    ``inflated`` is the whole content where the file was deflated; places count in it then. ``stamp`` tells a later
    reader that the file is still the same one.
    """

    size: int
    transfer_syntax: str
    explicit: bool
    little: bool
    marked: bool
    values: Mapping[int, tuple[bytes, bytes]]
    pixels: PixelPlace | None
    elements: int
    items: int
    inflated: bytes | None = None
    stamp: tuple[int, int] = (0, 0)


def prescan(source: bytes | Path, where: str = "", wanted: frozenset[int] = frozenset()) -> FileMap:
    """Walk over a file and return its map.

    Parameters
    ----------
    source : the bytes of a file, or its path (then only what is needed is read).
    where : what errors call the file.
    wanted : tags at the top level whose raw values are kept.

    Raises ``NoDicomError`` where the bytes do not say that they are DICOM (or say it by their first element alone and
    break a bound), ``ScanError`` where a bound is broken.
    """
    if isinstance(source, bytes):
        return _mapped(lambda start, count: source[start : start + count], len(source), where, wanted, (0, 0))
    try:
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise ScanError("a file cannot be read", where=where, advice="check its permissions") from error
    try:
        status = os.fstat(descriptor)
        stamp = (status.st_size, status.st_mtime_ns)
        return _mapped(reader_of(descriptor), status.st_size, where, wanted, stamp)
    except OSError as error:
        raise ScanError("a file cannot be read", where=where, advice=_COPY_AGAIN) from error
    finally:
        os.close(descriptor)


def reader_of(descriptor: int) -> Read:
    """Return a function that reads ``count`` bytes at ``start`` of an open file."""
    if hasattr(os, "pread"):
        return lambda start, count: os.pread(descriptor, count, start)

    def read(start: int, count: int) -> bytes:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, count)

    return read


def check_dicom(data: bytes, where: str) -> bytes:
    """Return the bytes of a DICOM file unchanged if they keep all bounds, for a general parser to read.

    Raises ``ScanError`` otherwise.
    """
    prescan(data, where)
    return data


def _mapped(read: Read, size: int, where: str, wanted: frozenset[int], stamp: tuple[int, int]) -> FileMap:
    if size > LARGEST_FILE_BYTES:
        raise ScanError(f"a file of {size / 2**30:.1f} GB is too large", where=where)
    start = read(0, 132)
    marked = start[128:132] == b"DICM"
    if not marked and start[:2] not in _GROUP_STARTS:
        raise NoDicomError("a file is no DICOM", where=where)
    try:
        return _walked(read, size, start, marked, where, wanted, stamp)
    except ScanError as error:
        if marked:
            raise
        raise NoDicomError(error.what, where=where) from error


def _walked(
    read: Read, size: int, start: bytes, marked: bool, where: str, wanted: frozenset[int], stamp: tuple[int, int]
) -> FileMap:
    meta = _Walk(read, size, 132 if marked else 0, True, True, frozenset({0x00020010, 0x00020002}), where)
    syntax = ""
    if marked or start[:2] == b"\x02\x00":
        meta.run(only_group=2)
        syntax = meta.values.get(0x00020010, (b"", b""))[1].decode("ascii", "replace").strip(" \0")
    position, inflated = meta.position, None
    if syntax == DEFLATED:
        inflated = _inflated(read, position, size, where)
        data, size, position = inflated, len(inflated), 0
        read = lambda first, count: data[first : first + count]  # noqa: E731
    explicit, little = _coding(read(position, 8), syntax)
    walk = _Walk(read, size, position, explicit, little, wanted, where)
    walk.run()
    named = syntax or (IMPLICIT if not explicit else EXPLICIT if little else BIG_ENDIAN)
    values = {**meta.values, **walk.values}
    return FileMap(size, named, explicit, little, marked, values, walk.pixels, walk.elements, walk.items, inflated,
                   stamp)


def _coding(start: bytes, syntax: str) -> tuple[bool, bool]:
    """Tell explicit from implicit and little from big endian by the first element; the name is only a hint."""
    little = start[:2] != b"\x00\x08" and not (syntax == BIG_ENDIAN and start[:1] == b"\0")
    vr = start[4:6]
    return vr in _LONG or vr in _SHORT, little


def _inflated(read: Read, position: int, size: int, where: str) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(read(position, size - position), LARGEST_INFLATED_BYTES + 1)
    except zlib.error as error:
        raise ScanError("a deflated file is damaged", where=where, advice=_COPY_AGAIN) from error
    if len(data) > LARGEST_INFLATED_BYTES:
        raise ScanError(f"a deflated file grows beyond {LARGEST_INFLATED_BYTES >> 20} MB", where=where)
    if not inflater.eof:
        raise ScanError("a deflated file is cut short", where=where, advice=_COPY_AGAIN)
    return data


class _Walk:
    """The state of one walk; ``run`` goes from element to element with a stack of open sequences and items."""

    __slots__ = ("_base", "_buffer", "_length_of", "_long_of", "_open", "_read", "_size", "_tag_of", "_wanted",
                 "_where", "elements", "explicit", "items", "little", "pixels", "position", "values")  # fmt: skip

    def __init__(
        self, read: Read, size: int, position: int, explicit: bool, little: bool, wanted: frozenset[int], where: str
    ) -> None:
        self._read, self._size, self.position = read, size, position
        self.explicit, self.little, self._wanted, self._where = explicit, little, wanted, where
        self._buffer, self._base = b"", 0
        self._tag_of, self._length_of, self._long_of = _FORMS[little]
        # what is open: (its end or -1 where a delimiter says so, whether it is an item, the coding around it)
        self._open: list[tuple[int, bool, bool]] = []
        self.elements = self.items = 0
        self.values: dict[int, tuple[bytes, bytes]] = {}
        self.pixels: PixelPlace | None = None

    def run(self, only_group: int | None = None) -> None:
        """Walk to the end, or until another group than ``only_group`` begins."""
        size, stack = self._size, self._open
        while True:
            if not stack and self.explicit and only_group is None:
                self._plain_elements()
            while stack and stack[-1][0] == self.position:
                self.explicit = stack.pop()[2]
            if self.position >= size:
                break
            at = self.position - self._base
            if at < 0 or at + 12 > len(self._buffer):
                self._buffer, self._base, at = self._read(self.position, _WINDOW), self.position, 0
            if len(self._buffer) - at < 8:
                if self._only_zeros(self.position):
                    break
                raise self._broken("ends in the middle of an element")
            group, element = self._tag_of(self._buffer, at)
            if group == 0xFFFE:
                self._delimiter(element, self._long_of(self._buffer, at + 4)[0])
                continue
            if only_group is not None and group != only_group and not stack:
                break
            if group == element == 0 and self._only_zeros(self.position):
                break
            self._element(group << 16 | element, at)
        if stack:
            raise self._broken("ends inside a sequence")

    def _plain_elements(self) -> None:
        """Go over elements of the top level whose VR has a short length: nearly all of a file, so in a loop of its own.

        Stops before the first one that is anything else.
        """
        buffer, base, position, size = self._buffer, self._base, self.position, self._size
        tag_of, length_of, wanted = self._tag_of, self._length_of, self._wanted
        at, last, count = position - base, len(buffer) - 12, 0
        if at < 0:
            return
        while at <= last:
            if buffer[at + 4 : at + 6] not in _SHORT:
                break
            group, element = tag_of(buffer, at)
            end = at + 8 + length_of(buffer, at + 6)[0]
            if group == 0xFFFE or base + end > size:
                break
            count += 1
            if group << 16 | element in wanted:
                self._keep(group << 16 | element, buffer[at + 4 : at + 6], base + at + 8, end - at - 8)
            at = end
        self.elements += count
        if self.elements > MOST_ELEMENTS:
            raise self._broken(f"has more than {MOST_ELEMENTS} elements")
        self.position = base + at

    def _element(self, tag: int, at: int) -> None:
        """Go over one element: into a sequence, past anything else."""
        if self._open and not self._open[-1][1]:
            raise self._broken("has an element between the items of a sequence")
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise self._broken(f"has more than {MOST_ELEMENTS} elements")
        vr, length, head = self._head(at)
        start = self.position + head
        if not self._open and tag in PIXELS:
            self._pixels(tag, vr, start, length)
        elif length == UNDEFINED:
            self._undefined(tag, vr, start)
        elif start + length > self._limit():
            raise self._broken("has an element that claims more bytes than there are")
        elif length and (vr == b"SQ" or (not vr and tag in _SEQUENCES)):
            self._note(tag)
            self._enter(start, start + length, item=False)
        else:
            if not self._open and tag in self._wanted:
                self._keep(tag, vr, start, length)
            self.position = start + length

    def _head(self, at: int) -> tuple[bytes, int, int]:
        """Return VR (empty where the coding is implicit), length of the value, length of what stands before it."""
        buffer = self._buffer
        vr = buffer[at + 4 : at + 6]
        if vr in _SHORT and self.explicit:
            return vr, self._length_of(buffer, at + 6)[0], 8
        if not self.explicit or not (vr.isalpha() and vr.isupper()):
            return b"", self._long_of(buffer, at + 4)[0], 8
        if len(buffer) - at < 12:
            raise self._broken("ends in the middle of an element")
        # unknown VRs are of later editions: their lengths are long (PS3.5 section 7.1.2)
        return vr, self._long_of(buffer, at + 8)[0], 12

    def _undefined(self, tag: int, vr: bytes, start: int) -> None:
        """Enter a value whose end a delimiter tells: a sequence, or compressed pixels inside one."""
        if vr in (b"OB", b"OW"):
            _, self.position, whole = self._fragments(start)
            if not whole:
                raise self._broken("ends inside its compressed pixels")
            return
        if vr not in (b"SQ", b"UN", b""):
            raise self._broken("has a value of undefined length that is no sequence")
        self._note(tag)
        self._enter(start, -1, item=False)
        if vr == b"UN":  # always implicit inside (PS3.5 section 6.2.2)
            self.explicit = False

    def _note(self, tag: int) -> None:
        if not self._open and tag in self._wanted:
            self.values[tag] = (b"SQ", b"")

    def _enter(self, start: int, end: int, *, item: bool) -> None:
        if len(self._open) >= 2 * DEEPEST:
            raise self._broken(f"nests sequences deeper than {DEEPEST}")
        self._open.append((end, item, self.explicit))
        self.position = start

    def _delimiter(self, element: int, length: int) -> None:
        """Open an item, or close an item or a sequence of undefined length."""
        start, stack = self.position + 8, self._open
        if element == _ITEM and stack and not stack[-1][1]:
            self.items += 1
            if self.items > MOST_ITEMS:
                raise self._broken(f"has more than {MOST_ITEMS} items of sequences")
            end = -1 if length == UNDEFINED else start + length
            if end > self._limit():
                raise self._broken("has an item that claims more bytes than there are")
            self._enter(start, end, item=True)
            return
        closes_item = {_ITEM_END: True, _SEQUENCE_END: False}.get(element)
        if closes_item is None or not stack or stack[-1][1] is not closes_item or stack[-1][0] != -1:
            raise self._broken("has an item or delimiter where none can be")
        self.explicit = stack.pop()[2]
        self.position = start

    def _limit(self) -> int:
        """Return where the innermost open part of known length ends."""
        return next((end for end, _, _ in reversed(self._open) if end >= 0), self._size)

    def _broken(self, what: str) -> ScanError:
        return ScanError(f"a DICOM file {what}", where=self._where, advice=_COPY_AGAIN)

    def _keep(self, tag: int, vr: bytes, position: int, length: int) -> None:
        if tag in self.values:
            raise self._broken(f"has the element {name_of(tag)} twice")
        if length > LARGEST_VALUE_BYTES:
            raise self._broken(f"has a value of {length} bytes in {name_of(tag)}")
        at = position - self._base
        inside = at >= 0 and at + length <= len(self._buffer)
        value = self._buffer[at : at + length] if inside else self._read(position, length)
        self.values[tag] = (vr, value)

    def _pixels(self, tag: int, vr: bytes, position: int, length: int) -> None:
        if self.pixels is not None:
            raise self._broken("has pixels twice")
        name = vr.decode("ascii")
        if length == UNDEFINED:
            fragments, end, whole = self._fragments(position)
            self.pixels = PixelPlace(PIXELS[tag], name, position, end - position, fragments, whole)
            self.position = end
            return
        # a length beyond the end is told by the reader of the pixels, which can say how many are missing
        there = min(length, self._size - position)
        self.pixels = PixelPlace(PIXELS[tag], name, position, there, None, there == length)
        self.position = position + there

    def _fragments(self, position: int) -> tuple[tuple[tuple[int, int], ...], int, bool]:
        """Return the fragments of encapsulated pixels, the offset table first, where they end, and if that was told."""
        found: list[tuple[int, int]] = []
        form = struct.Struct("<HHI" if self.little else ">HHI")
        while True:
            head = self._read(position, 8)
            group, element, length = form.unpack(head) if len(head) == 8 else (0, 0, 0)
            position += 8
            if (group, element) == (0xFFFE, _SEQUENCE_END) and length == 0:
                return tuple(found), position, True
            if (group, element) != (0xFFFE, _ITEM) or length > self._size - position:
                return tuple(found), self._size, False
            found.append((position, length))
            if len(found) > MOST_FRAGMENTS:
                raise self._broken(f"has pixels in more than {MOST_FRAGMENTS} pieces")
            position += length

    def _only_zeros(self, position: int) -> bool:
        """Tell whether nothing but zeros fills the file up to its end, as some archives leave it."""
        rest = self._size - position
        return not self._open and rest <= 2**20 and not any(self._read(position, rest))


def name_of(tag: int) -> str:
    """Return the keyword of a tag, or its number."""
    entry = DicomDictionary.get(tag)
    return str(entry[4]) if entry else f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
