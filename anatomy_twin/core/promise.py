"""The zone that the tables of a plan's devices promise: ellipsoids about the shafts, no physics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import FrozenMapping, read_only
from anatomy_twin.core.geometry import VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.units import Point, check_point, check_positive

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An ellipsoid of revolution: its centre (LPS mm), the unit vector of its axis, length along it and diameter."""

    centre_mm: Point
    direction: Point
    length_mm: float
    diameter_mm: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", check_point("centre_mm", self.centre_mm))
        direction = np.asarray(check_point("direction", self.direction))
        if abs(float(np.linalg.norm(direction)) - 1.0) > 1e-3:
            raise DataError("the direction of an ellipsoid is no unit vector")
        for name in ("length_mm", "diameter_mm"):
            object.__setattr__(self, name, check_positive(name, getattr(self, name), 500.0))

    @property
    def volume_ml(self) -> float:
        """Its volume."""
        return math.pi / 6.0 * self.length_mm * self.diameter_mm**2 / 1000.0

    def fill(self, points_mm: Floats) -> Floats:
        """Return how full points (..., 3) make it: 0 in the centre, 1 on the surface, in proportion between."""
        along, across = self._apart(points_mm)
        return np.asarray(np.hypot(along / (0.5 * self.length_mm), across / (0.5 * self.diameter_mm)))

    def depth_mm(self, points_mm: Floats) -> Floats:
        """Return how deep points (..., 3) lie in it (negative: outside): the distance to the surface where that is
        near, of the first order ((1 - fill) over the slope of fill).
        """
        along, across = self._apart(points_mm)
        half, aside = 0.5 * self.length_mm, 0.5 * self.diameter_mm
        fill = np.hypot(along / half, across / aside)
        steep = np.hypot(along / half**2, across / aside**2)
        middle = fill < 1e-6
        return np.where(middle, min(half, aside), (1.0 - fill) * fill / np.where(middle, 1.0, steep))

    def rings_mm(self, meridians: int = 4, parallels: int = 3, corners: int = 48) -> list[Floats]:
        """Return closed lines (corners, 3) on its surface: ellipses through both poles and circles about the axis."""
        axis = np.asarray(self.direction)
        first = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
        first /= np.linalg.norm(first)
        second, centre = np.cross(axis, first), np.asarray(self.centre_mm)
        half, aside = 0.5 * self.length_mm, 0.5 * self.diameter_mm
        turn = np.linspace(0.0, 2.0 * math.pi, corners, endpoint=False)[:, None]
        found = []
        for angle in np.linspace(0.0, math.pi, meridians, endpoint=False):
            out = math.cos(angle) * first + math.sin(angle) * second
            found.append(centre + half * np.cos(turn) * axis + aside * np.sin(turn) * out)
        for height in np.linspace(-1.0, 1.0, parallels + 2)[1:-1]:
            wide = aside * math.sqrt(1.0 - height**2)
            found.append(centre + half * height * axis + wide * (np.cos(turn) * first + np.sin(turn) * second))
        return found

    def _apart(self, points_mm: Floats) -> tuple[Floats, Floats]:
        offset = np.asarray(points_mm, np.float64) - np.asarray(self.centre_mm)
        along = offset @ np.asarray(self.direction)
        return along, np.sqrt(np.maximum((offset**2).sum(axis=-1) - along**2, 0.0))


def union_depth_mm(ellipsoids: Sequence[Ellipsoid], points_mm: Floats) -> Floats:
    """Return how deep points (..., 3) lie in the union of ellipsoids (see ``Ellipsoid.depth_mm``)."""
    found = ellipsoids[0].depth_mm(points_mm)
    for other in ellipsoids[1:]:
        found = np.maximum(found, other.depth_mm(points_mm))
    return found


@dataclass(frozen=True, eq=False)
class TableZone:
    """The zone that the tables of a plan's devices promise, to be set beside a ``ThermalResult``.

    It knows no vessel, no tissue, no temperature: it is the union of ``ellipsoids`` (one for each applicator), and has
    none of the fields that a simulation has. ``depth_mm`` (float32 [k, j, i] on ``geometry``) is above 0 inside.
    ``parameters`` say what the tables say, ``assumed`` which of them have no public source.
    """

    plan_name: str
    ellipsoids: tuple[Ellipsoid, ...]
    geometry: VolumeGeometry
    depth_mm: NDArray[np.float32]
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    verdict_model = "ellipsoid of the device's table, no physics"

    def __post_init__(self) -> None:
        if not self.ellipsoids:
            raise DataError("a zone of device tables needs an ellipsoid")
        depth = read_only(self.depth_mm, "depth_mm", ndim=3, dtype=np.float32)
        if depth.shape != self.geometry.shape:
            raise DataError(f"depth_mm has shape {depth.shape}, its grid {self.geometry.shape}")
        object.__setattr__(self, "depth_mm", depth)
        object.__setattr__(self, "parameters", FrozenMapping(self.parameters))

    @property
    def coagulated(self) -> NDArray[np.bool_]:
        """What the tables promise to be coagulated, bool [k, j, i]."""
        return np.asarray(self.depth_mm > 0)

    @property
    def coagulated_ml(self) -> float:
        """Volume of the zone in ml, counted in voxels."""
        return int(np.count_nonzero(self.depth_mm > 0)) * self.geometry.voxel_volume_ml
