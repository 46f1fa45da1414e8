"""What a surgeon intends: the plan kinds. All points are LPS mm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import DataError
from anatomy_twin.units import Point, check_point, check_positive, check_range

COMBINATIONS: Final = ("any", "all")


def check_name(name: str) -> str:
    """Return ``name`` if it can name a plan in files and tables, else raise ``DataError``."""
    if not isinstance(name, str) or not name.strip() or len(name) > 80 or not name.isprintable():
        raise DataError(f"plan name {name!r} is empty, too long or not printable", advice="give a short name")
    return name


@dataclass(frozen=True, slots=True)
class Applicator:
    """One needle or antenna: from the skin entry to the tip, with the device of the catalog that heats or freezes.

    ``power_w`` is what the device is set to: its power, or what the catalog names as its ``setting`` (the duty cycle of
    a cryoneedle, in %); ``duration_s`` how long it works from ``start_s`` after the plan begins, a device with a
    protocol in each of its freezes.
    """

    device: str
    entry_mm: Point
    tip_mm: Point
    power_w: float
    duration_s: float
    start_s: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.device, str):
            raise DataError(f"the device of an applicator is not a name: {self.device!r}")
        object.__setattr__(self, "entry_mm", check_point("entry_mm", self.entry_mm))
        object.__setattr__(self, "tip_mm", check_point("tip_mm", self.tip_mm))
        object.__setattr__(self, "power_w", check_positive("power_w", self.power_w, 500.0))
        object.__setattr__(self, "duration_s", check_positive("duration_s", self.duration_s, 7200.0))
        object.__setattr__(self, "start_s", check_range("start_s", self.start_s, 0.0, 14400.0))
        if self.depth_mm < 1.0:
            raise DataError("entry and tip of an applicator are the same point")

    @property
    def depth_mm(self) -> float:
        """Distance from entry to tip in mm."""
        return float(np.linalg.norm(np.subtract(self.tip_mm, self.entry_mm)))

    @property
    def direction(self) -> Point:
        """Unit vector from entry to tip."""
        return check_point("direction", np.subtract(self.tip_mm, self.entry_mm) / self.depth_mm)


@dataclass(frozen=True, slots=True)
class AblationPlan:
    """Applicators that shall coagulate ``target`` and ``margin_mm`` of tissue around it."""

    name: str
    target: str
    applicators: tuple[Applicator, ...]
    margin_mm: float = 5.0

    def __post_init__(self) -> None:
        check_name(self.name)
        if not isinstance(self.target, str):
            raise DataError(f"the target of plan {self.name!r} is not a name: {self.target!r}")
        object.__setattr__(self, "applicators", tuple(self.applicators))
        object.__setattr__(self, "margin_mm", check_range("margin_mm", self.margin_mm, 0.0, 30.0))
        if not self.applicators:
            raise DataError(f"plan {self.name!r} has no applicator")


@dataclass(frozen=True, slots=True)
class PlaneCut:
    """A plane through ``point_mm``; what lies on the side of ``normal`` is removed."""

    point_mm: Point
    normal: Point

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_mm", check_point("point_mm", self.point_mm))
        normal = np.asarray(check_point("normal", self.normal))
        length = float(np.linalg.norm(normal))
        if length < 1e-9:
            raise DataError("the normal of a plane cut is zero")
        object.__setattr__(self, "normal", check_point("normal", normal / length))


@dataclass(frozen=True, slots=True)
class SurfaceCut:
    """A Bezier surface of 4 x 4 control points, row by row."""

    control_points_mm: tuple[Point, ...]

    def __post_init__(self) -> None:
        points = tuple(check_point("control point", point) for point in self.control_points_mm)
        if len(points) != 16:
            raise DataError(f"a surface cut has {len(points)} control points", advice="give 4 x 4")
        object.__setattr__(self, "control_points_mm", points)


@dataclass(frozen=True, slots=True)
class SegmentCut:
    """Whole segments are removed, for instance ("V", "VI")."""

    segments: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", tuple(self.segments))
        if not self.segments:
            raise DataError("a segment cut names no segment")


@dataclass(frozen=True, slots=True)
class ResectionPlan:
    """Cuts through ``organ`` that remove ``targets`` with ``margin_mm``.

    With ``combination`` "any" a part of the organ is removed where any of the cuts removes it (pieces side by side),
    with "all" where all of them do (a wedge between planes).
    """

    name: str
    organ: str
    targets: tuple[str, ...]
    cuts: tuple[PlaneCut | SurfaceCut | SegmentCut, ...]
    margin_mm: float = 10.0
    combination: str = "any"

    def __post_init__(self) -> None:
        check_name(self.name)
        object.__setattr__(self, "targets", tuple(self.targets))
        object.__setattr__(self, "cuts", tuple(self.cuts))
        if self.combination not in COMBINATIONS:
            raise DataError(f"cuts cannot be combined by {self.combination!r}", advice="use any or all")
        object.__setattr__(self, "margin_mm", check_range("margin_mm", self.margin_mm, 0.0, 50.0))


@dataclass(frozen=True, slots=True)
class LesionPoint:
    """One radiofrequency application of a catheter on the heart."""

    point_mm: Point
    power_w: float
    duration_s: float
    force_g: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_mm", check_point("point_mm", self.point_mm))
        object.__setattr__(self, "power_w", check_positive("power_w", self.power_w, 100.0))
        object.__setattr__(self, "duration_s", check_positive("duration_s", self.duration_s, 300.0))
        object.__setattr__(self, "force_g", check_range("force_g", self.force_g, 0.0, 100.0))


@dataclass(frozen=True, slots=True)
class LesionLine:
    """A continuous line of lesions through the given points."""

    points_mm: tuple[Point, ...]
    radius_mm: float = 3.0

    def __post_init__(self) -> None:
        points = tuple(check_point("line point", point) for point in self.points_mm)
        if len(points) < 2:
            raise DataError("a lesion line has fewer than two points")
        object.__setattr__(self, "points_mm", points)
        object.__setattr__(self, "radius_mm", check_positive("radius_mm", self.radius_mm, 20.0))


def lesion_name(lesion: LesionLine | LesionPoint, number: int) -> str:
    """Return what a lesion, ``number`` from 1 on in its plan, is called in messages and rules."""
    return f"lesion {number} ({'line' if isinstance(lesion, LesionLine) else 'point'})"


def lesion_places_mm(lesion: LesionLine | LesionPoint) -> NDArray[np.float64]:
    """Return the points (n, 3) that a lesion is given by."""
    return np.array(lesion.points_mm if isinstance(lesion, LesionLine) else [lesion.point_mm], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class LesionPlan:
    """Lesions on one heart chamber."""

    name: str
    chamber: str
    lesions: tuple[LesionLine | LesionPoint, ...]

    def __post_init__(self) -> None:
        check_name(self.name)
        object.__setattr__(self, "lesions", tuple(self.lesions))


@dataclass(frozen=True, slots=True)
class PositionPlan:
    """How the patient lies: direction of gravity (unit vector in LPS) and insufflation."""

    name: str
    organ: str
    gravity: Point = (0.0, 1.0, 0.0)
    insufflation_mmhg: float = 0.0

    def __post_init__(self) -> None:
        check_name(self.name)
        object.__setattr__(self, "gravity", check_point("gravity", self.gravity))
        object.__setattr__(
            self, "insufflation_mmhg", check_range("insufflation_mmhg", self.insufflation_mmhg, 0.0, 25.0)
        )


Plan = AblationPlan | ResectionPlan | LesionPlan | PositionPlan
