"""A scene as plain data: what a picture, a window or a web page shows. Nothing here draws."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SurfaceMesh, Volume, VolumeGeometry
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import DataError
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.units import Point, check_point


@dataclass(frozen=True, slots=True)
class SurfaceLayer:
    """One surface: colour RGB 0..255, opacity 0..1. ``group`` is "organ", "vessel", "target", "zone", "body"."""

    name: str
    label: str
    surface: SurfaceMesh
    colour: tuple[int, int, int]
    opacity: float = 1.0
    visible: bool = True
    group: str = "organ"
    volume_ml: float | None = None
    state: str = ""

    @property
    def caption(self) -> str:
        """The label, and where its outline is flagged a word that says so."""
        return _caption(self.label, self.state)


@dataclass(frozen=True, eq=False)
class OverlayLayer:
    """A mask bool [k, j, i] on ``geometry``, drawn over slices as outline and light fill."""

    name: str
    label: str
    mask: NDArray[Any]
    geometry: VolumeGeometry
    colour: tuple[int, int, int]
    visible: bool = True
    state: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", read_only(self.mask, "mask", ndim=3, dtype=bool))

    @property
    def caption(self) -> str:
        """The label, and where its outline is flagged a word that says so."""
        return _caption(self.label, self.state)


def _caption(label: str, state: str) -> str:
    return f"{label} ({state})" if state == "check" else label


@dataclass(frozen=True, slots=True)
class SegmentLook:
    """How one segment of the primary label map is drawn on slices: voxels of ``layer`` that hold ``value``.

    ``group`` is that of its surface ("organ", "vessel", "target", "body"); ``part_of`` the segment it belongs to.
    """

    name: str
    label: str
    layer: int
    value: int
    colour: tuple[int, int, int]
    visible: bool = True
    group: str = "organ"
    state: str = ""
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Needle:
    """One applicator: a line from entry to tip (LPS mm), and what of it heats or freezes.

    That are ``active_length_mm`` of the shaft, which end ``active_end_mm`` behind the tip, or ``tines`` of
    ``tine_radius_mm`` that come out of it, as straight pieces (their ends, LPS mm).
    """

    label: str
    entry_mm: Point
    tip_mm: Point
    radius_mm: float
    active_length_mm: float
    colour: tuple[int, int, int] = (240, 255, 30)
    active_end_mm: float = 0.0
    tines: tuple[tuple[Point, Point], ...] = ()
    tine_radius_mm: float = 0.0

    @property
    def heating_mm(self) -> tuple[tuple[Point, Point], ...]:
        """The straight pieces that heat or freeze: the tines, or a part of the shaft; none where that is not known."""
        if self.tines or self.active_length_mm <= 0.0:
            return self.tines
        way = np.subtract(self.entry_mm, self.tip_mm)
        length = float(np.linalg.norm(way))
        first, last = (min(mm, length) for mm in (self.active_end_mm + self.active_length_mm, self.active_end_mm))
        if not last < first:
            return ()
        start, stop = (
            check_point("heating", np.add(self.tip_mm, back / length * way)) for back in (first, last)
        )
        return ((start, stop),)


@dataclass(frozen=True, eq=False)
class FieldSeries:
    """A simulated field over time, [t, k, j, i] on ``geometry``; ``levels`` are the contours to draw.

    ``cold``: of a freezing. Its temperatures are held as degrees below zero, so that the range begins at the ice and
    goes to the coldest; ``shown`` turns them into what people read. ``by_limit``: a damage that is 1 at a limit and
    no integral of which 1 - exp(-value) would be the dead share.
    """

    name: str
    label: str
    unit: str
    values: NDArray[Any]
    times_s: NDArray[Any]
    geometry: VolumeGeometry
    range: tuple[float, float]
    levels: tuple[float, ...] = ()
    cold: bool = False
    by_limit: bool = False

    def shown(self, value: float) -> float:
        """Return a value of the field as people read it."""
        return -value if self.cold and self.unit == "degC" else value

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", read_only(self.values, "values", ndim=4))
        object.__setattr__(self, "times_s", read_only(self.times_s, "times_s", ndim=1))

    def moment(self, snapshot: int) -> int:
        """Return the number of its own snapshot that is shown with snapshot ``snapshot`` of a result."""
        return min(snapshot, self.times_s.size - 1)


@dataclass(frozen=True, slots=True)
class Marker:
    """A named point, for instance the worst margin."""

    label: str
    point_mm: Point
    colour: tuple[int, int, int] = (255, 255, 255)


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything to be shown. ``focus_mm`` (LPS) is where the slice views cross; ``window`` is (width, level) in HU."""

    title: str
    volume: Volume
    surfaces: tuple[SurfaceLayer, ...] = ()
    overlays: tuple[OverlayLayer, ...] = ()
    needles: tuple[Needle, ...] = ()
    fields: tuple[FieldSeries, ...] = ()
    markers: tuple[Marker, ...] = ()
    numbers: tuple[tuple[str, str, str], ...] = ()
    focus_mm: Point = (0.0, 0.0, 0.0)
    window: tuple[float, float] = (400.0, 50.0)
    notice: str = INTENDED_USE
    messages: tuple[str, ...] = field(default=())
    looks: tuple[SegmentLook, ...] = ()

    def with_surface(self, name: str, **changes: Any) -> Scene:
        """Return the scene with one surface layer changed (``visible=False``, ``opacity=0.3``)."""
        if name not in {layer.name for layer in self.surfaces}:
            raise DataError(f"the scene has no surface called {name!r}")
        return replace(
            self, surfaces=tuple(replace(s, **changes) if s.name == name else s for s in self.surfaces)
        )
