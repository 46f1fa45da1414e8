"""Raw values of header elements become text and numbers; what breaks its own type is ``None`` or refused."""

from __future__ import annotations

import math
import re
import struct
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pydicom import charset
from pydicom.datadict import DicomDictionary, tag_for_keyword

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.walk import name_of

_FORMS: Final = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_CHARACTER_SET: Final = 0x00080005
_ABSENT: Final = (b"", b"")


def tags_of(keywords: Iterable[str]) -> dict[str, int]:
    """Return the tag of each keyword."""
    found = {keyword: tag_for_keyword(keyword) for keyword in keywords}
    return {keyword: int(tag) for keyword, tag in found.items() if tag is not None}


@dataclass(frozen=True, slots=True)
class HeaderValues:
    """The kept elements of one file (see ``prescan.FileMap``), read by keyword."""

    tags: Mapping[str, int]
    raw: Mapping[int, tuple[bytes, bytes]]
    little: bool

    def __contains__(self, keyword: str) -> bool:
        return self.tags[keyword] in self.raw

    def data(self, keyword: str) -> bytes:
        """Return the raw bytes, none where the element is absent."""
        return self.raw.get(self.tags[keyword], _ABSENT)[1]

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Return the parts of a value as texts, printable and with single spaces; binary numbers in decimals."""
        vr, raw = self.raw.get(self.tags[keyword], _ABSENT)
        if not raw:
            return ()
        kind = _kind(self.tags[keyword], vr)
        if kind in _FORMS:
            form = struct.Struct(f"{'<' if self.little else '>'}{_FORMS[kind]}")
            whole = raw[: len(raw) - len(raw) % form.size]
            return tuple(f"{number:.10g}" for (number,) in form.iter_unpack(whole))
        return _texts(raw, self.raw.get(_CHARACTER_SET, _ABSENT)[1])

    def text(self, keyword: str) -> str:
        """Return a text value in one piece."""
        return "\\".join(self.texts(keyword))

    def numbers(self, keyword: str, count: int) -> tuple[float, ...] | None:
        """Return ``count`` finite numbers; ``None`` where the element is absent or holds anything else.

        Raises ``ScanError`` where the element has another binary type than the standard gives it.
        """
        tag = self.tags[keyword]
        if tag not in self.raw:
            return None
        vr, raw = self.raw[tag]
        kind = _kind(tag, vr)
        if kind in _FORMS:
            return _binary(raw, f"{'<' if self.little else '>'}{count}{_FORMS[kind]}")
        return _decimals(raw, count)

    def number(self, keyword: str) -> float | None:
        """Return one finite number or ``None``."""
        found = self.numbers(keyword, 1)
        return found[0] if found else None

    def integer(self, keyword: str) -> int | None:
        """Return one whole number or ``None``."""
        found = self.number(keyword)
        return int(found) if found is not None and found == int(found) else None


# slices of one series share most of their values: those are worked out once


@lru_cache(maxsize=4096)
def _kind(tag: int, vr: bytes) -> str:
    """Return the VR by which to read an element: the one that is written, if it is one of the standard's."""
    kinds, given = str(DicomDictionary[tag][0]).split(" or "), vr.decode("ascii", "replace")
    if given in kinds:
        return given
    if given not in ("", "UN") and (given in _FORMS or kinds[0] in _FORMS):
        raise ScanError(f"{name_of(tag)} is of type {given}, not {' or '.join(kinds)}")
    return kinds[0]


@lru_cache(maxsize=4096)
def _binary(raw: bytes, form: str) -> tuple[float, ...] | None:
    coding = struct.Struct(form)
    if len(raw) != coding.size:
        return None
    found = tuple(float(number) for number in coding.unpack(raw))
    return found if all(math.isfinite(number) for number in found) else None


@lru_cache(maxsize=4096)
def _decimals(raw: bytes, count: int) -> tuple[float, ...] | None:
    parts = raw.decode("ascii", "replace").rstrip(" \0").split("\\")
    if len(parts) != count or not all(DECIMAL.fullmatch(part.strip()) for part in parts):
        return None
    found = tuple(float(part) for part in parts)
    return found if all(math.isfinite(number) for number in found) else None


@lru_cache(maxsize=4096)
def _texts(raw: bytes, character_set: bytes) -> tuple[str, ...]:
    text = raw.decode("ascii") if raw.isascii() and b"\x1b" not in raw else _decode(raw, character_set)
    return tuple(_clean(part) for part in text.rstrip(" \0").split("\\"))


def _clean(text: str) -> str:
    if text.isprintable():
        return " ".join(text.split()) if " " in text else text
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _decode(raw: bytes, character_set: bytes) -> str:
    names = [part.strip() for part in character_set.decode("ascii", "replace").rstrip(" \0").split("\\")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote the text
        try:
            return charset.decode_bytes(raw, charset.convert_encodings(names), {0x5C, 0x5E, 0x3D})
        except (ValueError, LookupError, TypeError):
            return raw.decode("ascii", "replace")
