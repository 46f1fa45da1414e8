"""From where a 3-D view is seen, and what lies under the mouse in it. No drawing library and no Qt here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.errors import UsageError
from anatomy_twin.units import Point, check_point

Floats = NDArray[np.float64]
SEEN = 0.25  # a surface that adds less than this share of a pixel's colour is not what a person points at


@lru_cache(maxsize=16)  # words and dots ask for the same camera many times in a frame
def _axes(position_mm: Point, focal_mm: Point, up: Point) -> tuple[Floats, Floats, Floats]:
    offset = np.subtract(position_mm, focal_mm)
    toward = offset / max(float(np.linalg.norm(offset)), 1e-9)
    right = np.cross(up, toward)
    right = right / max(float(np.linalg.norm(right)), 1e-12)
    found = right, np.cross(toward, right), toward
    for axis in found:
        axis.setflags(write=False)
    return found


@dataclass(frozen=True, slots=True)
class Camera:
    """From where a 3-D view is seen, as plain numbers (LPS mm).

    ``half_height_mm`` is half of what the view shows from top to bottom at the focal point; ``parallel`` without
    perspective, else the camera opens by ``angle_deg`` from top to bottom.
    """

    position_mm: Point
    focal_mm: Point
    up: Point
    half_height_mm: float
    parallel: bool = True
    angle_deg: float = 30.0

    @property
    def distance_mm(self) -> float:
        """From the camera to its focal point."""
        return float(np.linalg.norm(np.subtract(self.position_mm, self.focal_mm)))

    @property
    def axes(self) -> tuple[Floats, Floats, Floats]:
        """Unit vectors to the viewer's right, up, and towards the viewer."""
        return _axes(self.position_mm, self.focal_mm, self.up)

    @property
    def shown_mm(self) -> float:
        """Half of the height that is shown at the focal point, with or without perspective."""
        if self.parallel:
            return self.half_height_mm
        return self.distance_mm * float(np.tan(np.radians(self.angle_deg) / 2))

    def turned(self, right_deg: float, down_deg: float, roll_deg: float = 0.0) -> Camera:
        """Return the camera after the scene was turned under the hand: about the view's up, its right, its depth."""
        right, up, toward = self.axes
        turn = rotation(up, -right_deg) @ rotation(right, -down_deg) @ rotation(toward, roll_deg)
        place = np.asarray(self.focal_mm) + turn @ np.subtract(self.position_mm, self.focal_mm)
        return replace(self, position_mm=_point(place), up=_point(turn @ up))

    def panned(self, right_mm: float, up_mm: float) -> Camera:
        """Return the camera moved across the view."""
        right, up, _ = self.axes
        step = right_mm * right + up_mm * up
        return replace(
            self, position_mm=_point(np.asarray(self.position_mm) + step), focal_mm=_point(np.add(self.focal_mm, step))
        )

    def zoomed(self, factor: float) -> Camera:
        """Return the camera with everything ``factor`` times as large."""
        if factor <= 0:
            raise UsageError(f"a view cannot be enlarged {factor} times")
        half = float(np.clip(self.half_height_mm / factor, 1.0, 5000.0))
        if self.parallel:
            return replace(self, half_height_mm=half)
        _, _, toward = self.axes
        distance = float(np.clip(self.distance_mm / factor, 5.0, 20000.0))
        return replace(
            self, position_mm=_point(np.asarray(self.focal_mm) + distance * toward), half_height_mm=half
        )

    def centred(self, point_mm: ArrayLike, half_height_mm: float | None = None) -> Camera:
        """Return the camera looking the same way at another point, and showing as much as asked for."""
        step = np.subtract(point_mm, self.focal_mm)
        moved = replace(self, position_mm=_point(np.add(self.position_mm, step)), focal_mm=_point(point_mm))
        return moved if half_height_mm is None else moved.zoomed(moved.shown_mm / max(half_height_mm, 1.0))

    def with_perspective(self, on: bool) -> Camera:
        """Return the camera with or without perspective, the focal point as large as before."""
        if on is not self.parallel:
            return self
        _, _, toward = self.axes
        if not on:
            far = np.asarray(self.focal_mm) + 2000.0 * toward
            return replace(self, parallel=True, half_height_mm=self.shown_mm, position_mm=_point(far))
        distance = self.half_height_mm / float(np.tan(np.radians(self.angle_deg) / 2))
        return replace(self, parallel=False, position_mm=_point(np.asarray(self.focal_mm) + distance * toward))

    def ray(self, x: float, y: float, size: tuple[int, int]) -> tuple[Floats, Floats]:
        """Return where the ray through a place of the view starts, and its unit direction into the picture.

        Parameters: ``x``, ``y`` in pixels from the upper left corner, ``size`` (width, height) of the view.
        """
        width, height = size
        right, up, toward = self.axes
        scale = self.shown_mm / (height / 2)
        aim = np.asarray(self.focal_mm) + (x - width / 2) * scale * right + (height / 2 - y) * scale * up
        if self.parallel:
            return aim + self.distance_mm * toward, -toward
        start = np.asarray(self.position_mm)
        return start, (aim - start) / float(np.linalg.norm(aim - start))

    def pixel_of(self, point_mm: ArrayLike, size: tuple[int, int]) -> tuple[float, float]:
        """Return where a point is seen, in pixels from the upper left corner."""
        width, height = size
        right, up, toward = self.axes
        offset = np.subtract(point_mm, self.focal_mm)
        scale = self.shown_mm / (height / 2)
        if not self.parallel:
            depth = self.distance_mm - float(offset @ toward)
            scale *= max(depth, 1e-6) / self.distance_mm
        return width / 2 + float(offset @ right) / scale, height / 2 - float(offset @ up) / scale

    def pixel_mm(self, depth_mm: float, height: int) -> float:
        """Return how large a pixel is at a distance from where rays start."""
        at_focus = 2.0 * self.shown_mm / max(height, 1)
        return at_focus if self.parallel else at_focus * depth_mm / max(self.distance_mm, 1e-9)


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a ray meets a surface: depth from its start, the surface's name, and how much of it is seen (0..1)."""

    depth_mm: float
    name: str
    opacity: float


def seen_first(hits: Iterable[Hit]) -> Hit | None:
    """Return the hit that a person points at: the one that adds most to the colour of the pixel.

    A tumour that shines through a thin shell is meant, not the shell; a vessel behind an opaque organ is not.
    """
    left, best, most = 1.0, None, 0.0
    first = None
    for hit in sorted(hits, key=lambda item: item.depth_mm):
        first = first or hit
        share = left * hit.opacity
        if share > most and share >= SEEN:
            best, most = hit, share
        left *= 1.0 - hit.opacity
    return best or first


def rotation(axis: ArrayLike, angle_deg: float) -> Floats:
    """Return the matrix that turns by an angle about an axis through the origin (Rodrigues)."""
    unit = np.asarray(axis, float) / max(float(np.linalg.norm(axis)), 1e-12)
    x, y, z = unit
    cross: Any = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(angle_deg)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def _point(values: ArrayLike) -> Point:
    return check_point("camera", values)
