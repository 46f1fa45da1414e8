"""What is drawn over slices and in 3-D besides images and surfaces: lines, knobs, words, tinted regions. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import UsageError
from anatomy_twin.units import Point

KINDS: Final = ("line", "outline", "circle", "knob", "text", "plane")
ALWAYS: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Shape:
    """Something drawn at places in LPS mm.

    ``kind``: "line" (open) and "outline" (closed) through ``points_mm``; "circle" of ``radius_mm`` round the one point,
    a ball in 3-D; "knob", a dot of ``radius_px`` that can be grabbed, a ring where ``fill`` is little but not 0; "text"
    beside the one point; "plane" through the first point with the second as tip of its normal and ``radius_mm`` as
    reach. On a slice a shape is drawn where it lies within ``reach_mm`` of the plane (``ALWAYS``: projected from
    anywhere); a plane is drawn as the line in which it meets the slice. ``name`` says whose it is (a handle, a
    measurement); ``lit`` while it is pointed at or held; ``only`` "slices", "3d" or the name of a view for what is not
    drawn everywhere. A knob that stands ``among`` surfaces is hidden in 3-D by what is before it.
    """

    kind: str
    points_mm: tuple[Point, ...]
    colour: tuple[int, int, int] = (255, 255, 255)
    name: str = ""
    text: str = ""
    width_px: float = 1.5
    radius_mm: float = 0.0
    radius_px: float = 6.0
    reach_mm: float = 2.5
    fill: float = 0.0
    dashed: bool = False
    lit: bool = False
    only: str = ""
    among: bool = False

    @property
    def hollow(self) -> bool:
        """True for a knob that is a ring."""
        return self.kind == "knob" and 0.0 < self.fill < 0.5

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"no shape is called {self.kind!r}", advice=f"use one of {', '.join(KINDS)}")


@dataclass(frozen=True, eq=False)
class Tint:
    """A region tinted on slices: where ``values`` [k, j, i] on ``geometry`` reach ``level`` (a mask: level 0.5).

    ``line`` is the width of its edge as a share of the usual one; ``striking``: the edge is its colour on black, and
    its dashes are white, so that it is seen at once on any picture.
    """

    name: str
    label: str
    values: NDArray[Any]
    geometry: VolumeGeometry
    colour: tuple[int, int, int]
    level: float = 0.5
    fill: float = 0.3
    dashed: bool = False
    line: float = 1.0
    striking: bool = False


@dataclass(frozen=True, slots=True)
class CutTint:
    """The part of some segments beyond planes, tinted on slices.

    ``planes``: (point, normal) each; removed is what lies on the side of any normal, or of all with ``every``.
    """

    segments: tuple[str, ...]
    planes: tuple[tuple[Point, Point], ...]
    every: bool = False
    colour: tuple[int, int, int] = (255, 120, 90)
    fill: float = 0.35
