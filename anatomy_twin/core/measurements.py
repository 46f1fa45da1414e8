"""What a person measured on the slices or in 3-D, kept with the case. All points are LPS mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anatomy_twin.core.plans import check_name
from anatomy_twin.errors import DataError
from anatomy_twin.units import Point, check_point

LEAST_MM = 1e-3  # two clicks nearer than this are one


@dataclass(frozen=True, slots=True)
class Distance:
    """A straight line between two points."""

    name: str
    start_mm: Point
    end_mm: Point

    def __post_init__(self) -> None:
        check_name(self.name)
        _set_points(self, "start_mm", "end_mm")
        _apart(self.name, self.start_mm, self.end_mm)


@dataclass(frozen=True, slots=True)
class Angle:
    """The angle at ``vertex_mm`` between the directions to two other points."""

    name: str
    first_mm: Point
    vertex_mm: Point
    second_mm: Point

    def __post_init__(self) -> None:
        check_name(self.name)
        _set_points(self, "first_mm", "vertex_mm", "second_mm")
        _apart(self.name, self.first_mm, self.vertex_mm)
        _apart(self.name, self.second_mm, self.vertex_mm)


@dataclass(frozen=True, slots=True)
class Area:
    """A closed outline in a plane: its corners in order, the last joined to the first."""

    name: str
    points_mm: tuple[Point, ...]

    def __post_init__(self) -> None:
        check_name(self.name)
        points = tuple(check_point("corner", point) for point in self.points_mm)
        if len(points) < 3:
            raise DataError(f"the outline {self.name!r} has {len(points)} corners", advice="give three or more")
        object.__setattr__(self, "points_mm", points)


@dataclass(frozen=True, slots=True)
class Ball:
    """A ball in which volume and image values are read (a region of interest)."""

    name: str
    centre_mm: Point
    edge_mm: Point

    def __post_init__(self) -> None:
        check_name(self.name)
        _set_points(self, "centre_mm", "edge_mm")
        _apart(self.name, self.centre_mm, self.edge_mm)

    @property
    def radius_mm(self) -> float:
        """Distance from the centre to the edge."""
        return float(np.linalg.norm(np.subtract(self.edge_mm, self.centre_mm)))


@dataclass(frozen=True, slots=True)
class Diameters:
    """The longest diameter of a lesion in one image plane and the longest across it, as RECIST 1.1 has them.

    Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247: the longest diameter in the plane of measurement; nodes by
    their short axis, at right angles to it.
    """

    name: str
    long_start_mm: Point
    long_end_mm: Point
    short_start_mm: Point
    short_end_mm: Point
    target: str = ""

    def __post_init__(self) -> None:
        check_name(self.name)
        _set_points(self, "long_start_mm", "long_end_mm", "short_start_mm", "short_end_mm")
        _apart(self.name, self.long_start_mm, self.long_end_mm)


Measurement = Distance | Angle | Area | Ball | Diameters


def _set_points(item: object, *names: str) -> None:
    for name in names:
        object.__setattr__(item, name, check_point(name, getattr(item, name)))


def _apart(name: str, one_mm: Point, other_mm: Point) -> None:
    if float(np.linalg.norm(np.subtract(one_mm, other_mm))) < LEAST_MM:
        raise DataError(f"two points of the measurement {name!r} are one and the same", advice="set them apart")
