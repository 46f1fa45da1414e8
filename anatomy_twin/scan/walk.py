"""From element to element of a DICOM dataset (PS3.5 section 7) with a stack of what is open, within bounds."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydicom.datadict import DicomDictionary

from anatomy_twin.errors import ScanError

LARGEST_VALUE_BYTES: Final = 64 * 1024
DEEPEST: Final = 16
MOST_ELEMENTS: Final = 400_000
MOST_ITEMS: Final = 60_000
MOST_FRAGMENTS: Final = 100_000
UNDEFINED: Final = 0xFFFFFFFF
PIXELS: Final = {0x7FE00010: "PixelData", 0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData"}
COPY_AGAIN: Final = "copy the file again"
_WINDOW = 16 * 1024
LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
SHORT = frozenset(
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


class Walk:
    """The state of one walk; ``run`` goes from element to element with a stack of open sequences and items."""

    __slots__ = ("_base", "_buffer", "_length_of", "_long_of", "_open", "_read", "_size", "_tag_of", "_times",
                 "_wanted", "_where", "elements", "explicit", "items", "little", "pixels", "position",
                 "values")  # fmt: skip

    def __init__(
        self, read: Read, size: int, position: int, explicit: bool, little: bool, wanted: frozenset[int], where: str,
        times: int = 1,
    ) -> None:
        self._read, self._size, self.position, self._times = read, size, position, times
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
            if buffer[at + 4 : at + 6] not in SHORT:
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
        if self.elements > self._times * MOST_ELEMENTS:
            raise self._broken(f"has more than {self._times * MOST_ELEMENTS} elements")
        self.position = base + at

    def _element(self, tag: int, at: int) -> None:
        """Go over one element: into a sequence, past anything else."""
        if self._open and not self._open[-1][1]:
            raise self._broken("has an element between the items of a sequence")
        self.elements += 1
        if self.elements > self._times * MOST_ELEMENTS:
            raise self._broken(f"has more than {self._times * MOST_ELEMENTS} elements")
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
        if vr in SHORT and self.explicit:
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
            if tag in self.values:
                raise self._broken(f"has the element {name_of(tag)} twice")
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
            if self.items > self._times * MOST_ITEMS:
                raise self._broken(f"has more than {self._times * MOST_ITEMS} items of sequences")
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
        return ScanError(f"a DICOM file {what}", where=self._where, advice=COPY_AGAIN)

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
