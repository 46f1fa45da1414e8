"""Making, changing and naming measurements. Cases go in and come out; nothing here draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from anatomy_twin.core import Angle, Area, Ball, Case, Diameters, Distance, Measurement, Quantity, Volume
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.rehearsal.build import format_number, structure_label
from anatomy_twin.rehearsal.measure import lesion_diameters, measured, sized
from anatomy_twin.rehearsal.scene import Scene
from anatomy_twin.units import Point, check_point

KINDS: Final[dict[str, int]] = {"distance": 2, "angle": 3, "area": 3, "ball": 2, "diameters": 4}  # points, at least
_TYPES: Final[dict[type, str]] = {
    Distance: "distance", Angle: "angle", Area: "area", Ball: "ball", Diameters: "diameters",
}  # fmt: skip


def kind_of(measurement: Measurement) -> str:
    """Return the kind of a measurement, one of ``KINDS``."""
    return _TYPES[type(measurement)]


def made(kind: str, name: str, points_mm: tuple[Point, ...]) -> Measurement:
    """Return a measurement of a kind through points in the order of their drawing.

    An angle is drawn arm, vertex, arm; a ball centre, edge; diameters long, long, short, short. Raises ``DataError``
    where there are too few points or too many, or two are one and the same.
    """
    if kind not in KINDS:
        raise UsageError(f"no measurement is called {kind!r}", advice=f"use one of {', '.join(KINDS)}")
    if len(points_mm) < KINDS[kind] or (kind != "area" and len(points_mm) > KINDS[kind]):
        raise DataError(f"{name} has {len(points_mm)} points", advice=f"give {KINDS[kind]}")
    if kind == "area":
        return Area(name, points_mm)
    makers: dict[str, Callable[..., Measurement]] = {
        "distance": Distance, "angle": Angle, "ball": Ball, "diameters": Diameters,
    }  # fmt: skip
    return makers[kind](name, *points_mm)


def points_of(measurement: Measurement) -> tuple[Point, ...]:
    """Return the points that can be moved, in the order of their drawing."""
    if isinstance(measurement, Distance):
        return measurement.start_mm, measurement.end_mm
    if isinstance(measurement, Angle):
        return measurement.first_mm, measurement.vertex_mm, measurement.second_mm
    if isinstance(measurement, Area):
        return measurement.points_mm
    if isinstance(measurement, Ball):
        return measurement.centre_mm, measurement.edge_mm
    return (measurement.long_start_mm, measurement.long_end_mm, measurement.short_start_mm, measurement.short_end_mm)


def with_point(measurement: Measurement, number: int, point_mm: Point) -> Measurement:
    """Return the measurement with one of its points elsewhere; the centre of a ball takes the ball along.

    Raises ``DataError`` where the point falls on another one that it must be apart from.
    """
    points = list(points_of(measurement))
    if isinstance(measurement, Ball) and number == 0:
        points[1] = check_point("edge", np.add(points[1], np.subtract(point_mm, points[0])))
    points[number] = point_mm
    return made(kind_of(measurement), measurement.name, tuple(points))


def middle_of(measurement: Measurement) -> Point:
    """Return the point that stands for a measurement: where a crosshair goes to show it."""
    points = points_of(measurement)
    if isinstance(measurement, Ball):
        return measurement.centre_mm
    if isinstance(measurement, Angle):
        return measurement.vertex_mm
    return check_point("middle", np.mean(points[:2] if isinstance(measurement, Diameters) else points, axis=0))


def next_name(taken: Mapping[str, object], word: str) -> str:
    """Return "Distance 1", or with the next number that is free."""
    return next(name for name in (f"{word} {n}" for n in range(1, len(taken) + 2)) if name not in taken)


def renamed(case: Case, name: str, new: str) -> Case:
    """Return the case with a measurement called otherwise, at its place in the order.

    Raises ``DataError`` for a name that is taken, empty or too long, and where no measurement is called ``name``.
    """
    new = new.strip()
    if name not in case.measurements:
        raise DataError(f"no measurement is called {name!r}")
    if new != name and new in case.measurements:
        raise DataError(f"another measurement is called {new!r}", advice="give a name of its own")
    items = {new if key == name else key: replace(one, name=new) if key == name else one
             for key, one in case.measurements.items()}  # fmt: skip
    return replace(case, measurements=FrozenMapping(items))


def lesions_of(scene: Scene) -> tuple[str, ...]:
    """Return the names of the segments whose diameters are worth measuring: targets, lesions and candidates."""
    return tuple(look.name for look in scene.looks if look.group == "target")


def with_diameters(
    case: Case, targets: tuple[str, ...], label_of: Callable[[str], str] = structure_label,
    known: Mapping[str, Diameters] = FrozenMapping(),
) -> Case:
    """Return the case with the diameters of lesions; those measured before are measured anew, under their names.

    ``label_of`` gives the name of a new one for the lesion's; ``known`` are diameters of these labels that were found
    before, by the lesion's name. Raises ``DataError`` where a lesion has no voxels.
    """
    for target in targets:
        old = next((one.name for one in case.measurements.values()
                    if isinstance(one, Diameters) and one.target == target), "")  # fmt: skip
        name = old or label_of(target)
        if not old and name in case.measurements:
            name = next_name(case.measurements, name)
        found = replace(known[target], name=name) if target in known else lesion_diameters(case.label_map, target, name)
        case = case.with_measurement(found)
    return case


def value_words(quantities: tuple[Quantity, ...]) -> tuple[str, str]:
    """Return the leading number of a measurement and what more is known, each with units ("4.2 ml", "113 ± 12 HU")."""
    first = _words(quantities[0])
    named = {quantity.name: quantity for quantity in quantities[1:]}
    if "short_mm" in named:
        return first, _words(named["short_mm"])
    mean, sd = named.get("mean"), named.get("sd")
    if mean is None or mean.value is None:
        return first, ""
    words = f"{mean.value:.0f}"
    if sd is not None and sd.value is not None:
        words += f" \N{PLUS-MINUS SIGN} {sd.value:.0f}"
    return first, f"{words} {mean.unit}".strip()


def _words(quantity: Quantity) -> str:
    if quantity.value is None:
        return "\N{EN DASH}"
    if quantity.unit == "deg":
        return f"{quantity.value:.1f}\N{DEGREE SIGN}"
    if quantity.unit == "mm":  # lengths are read to a tenth, long ones too
        return f"{quantity.value:.1f} mm"
    return format_number(quantity.value, quantity.unit)


class MeasuredValues:
    """The numbers of measurements on one volume, each computed once."""

    def __init__(self) -> None:
        self._volume: Volume | None = None
        self._known: dict[Measurement, tuple[Quantity, ...]] = {}

    def of(self, measurement: Measurement, volume: Volume) -> tuple[Quantity, ...]:
        """Return all numbers of a measurement (see ``measured``)."""
        if volume is not self._volume or len(self._known) > 1000:
            self._volume, self._known = volume, {}
        if measurement not in self._known:
            self._known[measurement] = measured(measurement, volume)
        return self._known[measurement]

    def words(self, measurement: Measurement, volume: Volume) -> tuple[str, str]:
        """Return the leading number and what more is known, as text."""
        return value_words(self.of(measurement, volume))

    def range_words(self, measurement: Measurement, volume: Volume) -> str:
        """Return the least and the greatest image value in a measurement ("-12 to 160 HU"), "" where it has none."""
        named = {quantity.name: quantity for quantity in self.of(measurement, volume)}
        least, greatest = named.get("least"), named.get("greatest")
        if least is None or greatest is None or least.value is None or greatest.value is None:
            return ""
        return f"{least.value:.0f} to {greatest.value:.0f} {least.unit}".strip()


def live_words(measurement: Measurement) -> str:
    """Return the size of a measurement that is being drawn, as text; quick, whatever its extent."""
    numbers = [_words(quantity) for quantity in sized(measurement)]
    if len(numbers) > 1:
        numbers[:-1] = [words.removesuffix(" mm") for words in numbers[:-1]]
    return " \N{MULTIPLICATION SIGN} ".join(numbers)
