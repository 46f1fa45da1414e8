"""Unit names as they are written after numbers, and checks of single values."""

from __future__ import annotations

import math
from typing import Final

from anatomy_twin.errors import DataError

UNITS: Final = frozenset(
    {"", "mm", "mm2", "cm2", "ml", "HU", "degC", "s", "min", "ms", "W", "W/m3", "%", "deg", "kg", "cm", "1/s", "g"}
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
        raise DataError(f"{name} is {number:g}", advice=f"give a value from {minimum:g} to {maximum:g}")
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
