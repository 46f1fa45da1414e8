"""How segments of other programs are named, coded and coloured here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import Code, Segment
from anatomy_twin.errors import UsageError

DEFAULT_COLOUR = (144, 238, 144)
LONGEST_NAME = 64
NO_CODE = Code("", "", "")


@dataclass(frozen=True, slots=True)
class ForeignSegment:
    """What another program says about a segment.

    ``side`` and ``region`` are the code values of a laterality and of an anatomic region, where stated; ``colour`` is
    taken where the catalog has none for the segment.
    """

    number: int
    label: str
    code: Code = NO_CODE
    side: str = ""
    region: str = ""
    colour: tuple[int, int, int] = DEFAULT_COLOUR
    automatic: bool = False
    note: str = ""


def plain_text(text: object, longest: int = LONGEST_NAME) -> str:
    """Return text of a file as one short line of printable characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)[: 4 * longest]).split())
    return line if len(line) <= longest else line[: longest - 3].rstrip() + "..."


def identity_words(*texts: object) -> frozenset[str]:
    """Return the words (three letters and more, upper case) of a patient's name and ID."""
    return frozenset(word for text in texts for word in re.split(r"[\W_]+", str(text).upper()) if len(word) > 2)


def without_identity(label: str, words: frozenset[str], number: int) -> str:
    """Return a label, or ``segment_N`` where it is empty or holds a word of the patient's name or ID.

    A label that the catalog knows tells of an organ, whatever the patient is called.
    """
    clean = plain_text(label)
    if clean and (_known(clean) or not words & identity_words(clean)):
        return clean
    return f"segment_{number}"


def _known(label: str) -> bool:
    try:
        return bool(catalog.term(catalog.segment_name(label, "")))
    except UsageError:
        return False


def coded(scheme: object, value: object, meaning: object) -> Code:
    """Return a coded term of a file as short plain text."""
    return Code(plain_text(scheme, 16), plain_text(value, 64), plain_text(meaning))


def code_value(item: Any) -> str:
    """Return the value of a coded term, wherever it stands (PS3.3 8.1: short, long or a URN)."""
    return str(item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue") or "")


def gap_note(slices: Iterable[int]) -> tuple[str, ...]:
    """Say where labelled slices leave others out between them: what is between them stays empty."""
    gaps = np.diff(sorted(set(slices)))
    if gaps.size == 0 or gaps.max() == 1:
        return ()
    if gaps.min() > 1:
        return (f"labelled on one of {int(gaps.min())} slices at most; the slices between stay empty",)
    count = int(np.count_nonzero(gaps > 1))
    return (f"{count} {'gap' if count == 1 else 'gaps'} between labelled slices stay empty",)


def name_segments(found: Sequence[ForeignSegment]) -> list[str]:
    """Return one name for each segment: the catalog's where label or code is known there, else its own.

    A code that several segments share names none of them: it says less than their labels.
    """
    shared = Counter((one.code.value, one.side) for one in found)
    names: list[str] = []
    for one in found:
        code = one.code.value if shared[one.code.value, one.side] == 1 else ""
        name = catalog.segment_name(one.label, code, names, side=one.side, region=one.region)
        if name in names:
            name = f"{one.label} ({one.number})"
        while name in names:
            name += "'"
        names.append(name)
    return names


def described(one: ForeignSegment, name: str, layer: int, value: int) -> Segment:
    """Return the segment of a label map. Value 0 stands for a segment without a voxel."""
    try:
        term = catalog.term(name)
        colour, parent = tuple(term["colour"]), str(term["part_of"])
        known = Code(str(term["scheme"]), str(term["code"]), str(term["meaning"]))
    except UsageError:
        colour, parent, known = one.colour, "", NO_CODE
    code = one.code if one.code.value else known
    if value == 0:
        return Segment(name, 0, 0, code, colour, "not found", parent, one.note or "listed without a single voxel")
    return Segment(name, layer, value, code, colour, "ok" if one.automatic else "check", parent, one.note)


def empty_note(segments: Sequence[Segment]) -> tuple[str, ...]:
    """Name the segments that are listed without a voxel, the first four of them."""
    names = [segment.name for segment in segments if segment.absent]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return (f"listed without a voxel: {', '.join(names[:4])}{more}",) if names else ()


def rgb_of_cielab(stored: Sequence[int]) -> tuple[int, int, int]:
    """Return the sRGB colour of a DICOM CIELab triple (PS3.3 C.10.7.1.1: L* as 0..65535, a* and b* from -128 to 127).

    CIE 1976 L*a*b* with white point D50, the Bradford-adapted matrix from XYZ (D50) to linear sRGB, and the transfer
    curve of IEC 61966-2-1.
    """
    if len(stored) != 3:
        return DEFAULT_COLOUR
    light, a, b = stored[0] * 100 / 65535, stored[1] * 255 / 65535 - 128, stored[2] * 255 / 65535 - 128
    fy = (light + 16) / 116
    cubes = [t**3 if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29) for t in (fy + a / 500, fy, fy - b / 200)]
    x, y, z = (part * white for part, white in zip(cubes, (0.96422, 1.0, 0.82521), strict=True))
    linear = (
        3.1338561 * x - 1.6168667 * y - 0.4906146 * z,
        -0.9787684 * x + 1.9161415 * y + 0.0334540 * z,
        0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
    )
    parts = [12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in (max(u, 0.0) for u in linear)]
    red, green, blue = (round(255 * min(part, 1.0)) for part in parts)
    return red, green, blue
