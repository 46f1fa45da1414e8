"""Unit names as they are written after numbers, and checks of single values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

from anatomy_twin.errors import DataError

UNITS: Final = frozenset(
    {"", "mm", "mm2", "cm2", "ml", "HU", "degC", "s", "min", "ms", "W", "W/m3", "%", "deg", "kg", "cm", "1/s", "g",
     "count"}
)


def check_unit(unit: str) -> str:
    """Return ``unit`` if it is one of the names in ``UNITS``, else raise ``DataError``."""
    if unit not in UNITS:
        raise DataError(f"unknown unit {unit!r}", advice=f"use one of {', '.join(sorted(UNITS - {''}))}")
    return unit


def check_range(name: str, value: float, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    """Return ``value`` as a float if it is finite and within [minimum, maximum], else raise ``DataError``."""
    if isinstance(value, bool):
        raise DataError(f"{name} is not a number: {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} is not a number: {value!r}") from error
    if not math.isfinite(number):
        raise DataError(f"{name} is not finite: {value!r}")
    if not minimum <= number <= maximum:
        span = f"from {minimum:g} to {maximum:g}" if math.isfinite(minimum) else f"of at most {maximum:g}"
        span = span if math.isfinite(maximum) else f"of at least {minimum:g}"
        raise DataError(f"{name} is {number:g}", advice=f"give a value {span}")
    return number


def check_positive(name: str, value: float, maximum: float = math.inf) -> float:
    """Return ``value`` as a float if it is finite, above zero and at most ``maximum``, else raise ``DataError``."""
    number = check_range(name, value, maximum=maximum)
    if number <= 0:
        raise DataError(f"{name} is {number:g}", advice="give a value above zero")
    return number


Point = tuple[float, float, float]
FARTHEST: Final = 1e6  # millimetres: nothing that belongs to a patient lies a kilometre away


def check_point(name: str, value: object) -> Point:
    """Return ``value`` as a tuple of three finite floats of at most ``FARTHEST``, else raise ``DataError``."""
    try:
        numbers = tuple(float(part) for part in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} is not a point: {value!r}", advice="give three numbers in LPS mm") from error
    if len(numbers) != 3 or not all(abs(part) <= FARTHEST for part in numbers):
        raise DataError(f"{name} is not a point: {value!r}", advice="give three finite numbers in LPS mm")
    return numbers[0], numbers[1], numbers[2]


_ENDS: Final = (("R", "L"), ("A", "P"), ("F", "H"))  # where an axis is negative and positive
_AXIS: Final = {letter: (axis, 2 * end - 1) for axis, ends in enumerate(_ENDS) for end, letter in enumerate(ends)}
_NUMBER: Final = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_LPS: Final = re.compile(", ".join([r"(-?[0-9]+\.[0-9])"] * 3) + " mm LPS")
_PLACE: Final = re.compile(r"[,\s]+".join([rf"([A-Z])\s*({_NUMBER})"] * 3) + r"\s*(?:MM)?")


def lps_text(point_mm: Iterable[float]) -> str:
    """Return a point in LPS mm as scripts read it: "-62.0, -20.0, 33.0 mm LPS"."""
    return ", ".join(f"{float(value):.1f}" for value in point_mm) + " mm LPS"


def places_read(text: str) -> str:
    """Return a text with every place of ``lps_text`` in it as people read it (see ``place_text``)."""
    return _LPS.sub(lambda found: place_text((float(found[1]), float(found[2]), float(found[3]))), text)


def place_text(point_mm: Point) -> str:
    """Return a point in LPS mm as people read it: "R 62.0, A 20.0, H 33.0 mm" (sides of the scanner's origin)."""
    return ", ".join(f"{_ENDS[n][int(value >= 0)]} {abs(value):.1f}" for n, value in enumerate(point_mm)) + " mm"


def read_place(text: str) -> Point | None:
    """Read a point in LPS mm as it is typed, "-62,-20,33", or as it is shown, "R 62.0, A 20.0, H 33.0 mm".

    With letters the axes may stand in any order; ``None`` for anything else and for what lies beyond ``FARTHEST``.
    """
    found = _PLACE.fullmatch(text.strip().upper())
    if found is not None:
        words = found.groups()
        named = {_AXIS[letter][0]: _AXIS[letter][1] * float(number)
                 for letter, number in zip(words[::2], words[1::2], strict=True) if letter in _AXIS}
        numbers = [named[axis] for axis in range(3)] if len(named) == 3 else []
    else:
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            return None
    if len(numbers) != 3 or not all(abs(number) <= FARTHEST for number in numbers):
        return None
    return numbers[0], numbers[1], numbers[2]
