"""What a user points at: clicks, a box and scribbles, in LPS mm."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from anatomy_twin.errors import UsageError

Point = tuple[float, float, float]
DEFAULT_NAME: Final = "segment_1"
_KEYS: Final = {
    "inside": "inside", "in": "inside", "outside": "outside", "out": "outside", "box": "box",
    "scribbles_inside": "scribbles_inside", "scribbles_outside": "scribbles_outside",
}


@dataclass(frozen=True, slots=True)
class Seeds:
    """Clicks ``inside`` and ``outside`` a structure, a ``box`` (two opposite corners) that holds it, and scribbles.

    All in LPS mm. A scribble is a line of points; every voxel on it is meant.
    """

    inside: tuple[Point, ...] = ()
    outside: tuple[Point, ...] = ()
    box: tuple[Point, Point] | None = None
    scribbles_inside: tuple[tuple[Point, ...], ...] = ()
    scribbles_outside: tuple[tuple[Point, ...], ...] = ()

    @property
    def empty(self) -> bool:
        """True where nothing is pointed at."""
        return not (self.inside or self.outside or self.box or self.scribbles_inside or self.scribbles_outside)


def as_seeds(value: Any) -> Seeds:
    """Return seeds from what is handy in a script or a JSON file.

    ``value`` is ``Seeds``, one point, a list of points (all inside), or a mapping with some of "inside" ("in"),
    "outside" ("out"), "box", "scribbles_inside" and "scribbles_outside". Raises ``UsageError`` for anything else.
    """
    if isinstance(value, Seeds):
        return value
    if isinstance(value, Mapping):
        unknown = [str(key) for key in value if key not in _KEYS]
        if unknown:
            known = ", ".join(sorted(set(_KEYS.values())))
            raise UsageError(f"seeds have no part {unknown[0]!r}", advice=f"use {known}")
        parts: dict[str, Any] = {_KEYS[key]: part for key, part in value.items() if part is not None}
        return Seeds(
            _points(parts.get("inside", ())), _points(parts.get("outside", ())), _box(parts.get("box")),
            tuple(_points(line) for line in _lines(parts.get("scribbles_inside", ()))),
            tuple(_points(line) for line in _lines(parts.get("scribbles_outside", ()))),
        )
    return Seeds(inside=_points(value))


def named_seeds(value: Any) -> dict[str, Any]:
    """Return seeds by segment name from what ``segment`` takes: a mapping of names, or seeds for one segment.

    Values stay as they are given (``as_seeds`` reads them). Seeds without a name are for ``DEFAULT_NAME``.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping) and not (value and all(key in _KEYS for key in value)):
        return {str(name): one for name, one in value.items()}
    return {DEFAULT_NAME: value}


def _lines(value: Any) -> list[Any]:
    """Accept one scribble where a list of them is meant."""
    lines = list(value)
    return [lines] if lines and _is_point(lines[0]) else lines


def _points(value: Any) -> tuple[Point, ...]:
    if _is_point(value):
        return (_point(value),)
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise UsageError(f"{value!r} is no point", advice="give x, y, z in LPS mm")
    return tuple(_point(one) for one in value)


def _point(value: Any) -> Point:
    if not _is_point(value):
        raise UsageError(f"{value!r} is no point", advice="give x, y, z in LPS mm")
    x, y, z = (float(part) for part in value)
    if not all(math.isfinite(part) for part in (x, y, z)):
        raise UsageError(f"{value!r} is no point", advice="give finite numbers in LPS mm")
    return x, y, z


def _box(value: Any) -> tuple[Point, Point] | None:
    if value is None:
        return None
    corners = _points(value)
    if len(corners) != 2:
        raise UsageError("a box has two corners", advice="give [[x, y, z], [x, y, z]] in LPS mm")
    low = tuple(min(a, b) for a, b in zip(*corners, strict=True))
    high = tuple(max(a, b) for a, b in zip(*corners, strict=True))
    return _point(low), _point(high)


def _is_point(value: Any) -> bool:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__len__") or len(value) != 3:
        return False
    return all(isinstance(part, int | float) or getattr(part, "shape", None) == () for part in value)
