"""The brush: paint and erase by strokes, with its ring in all views and the stroke tinted while it is drawn."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.rehearsal import Pointer, Shape, Tint, Tool
from anatomy_twin.segmentation.editing.desk import Desk as EditDesk
from anatomy_twin.segmentation.editing.desk import Rules
from anatomy_twin.segmentation.editing.region import within_hu
from anatomy_twin.segmentation.editing.strokes import Region, Stroke
from anatomy_twin.units import Point, check_point
from anatomy_twin.view.tools.hand_kit import Hand

ERASING: Final = (255, 255, 255)
RING_POINTS: Final = 48
FILL: Final = 0.45


class Held:
    """A stroke while it is drawn: what it covers, and of that what the limits let through."""

    def __init__(self, hand: Hand, at: Pointer, erase: bool) -> None:
        assert hand.labels is not None
        self.hand, self.erase, self.view = hand, erase, at.view
        self.upright: VolumeGeometry = hand.upright
        self.stroke = Stroke(self.upright, hand.radius_mm, None if hand.ball else at.toward)
        self._desk = EditDesk(hand.labels, hand.desk.active, create=True)
        self._rules = Rules(**hand.rules)
        self._shown: Stroke | None = None
        self._mask: Any = None
        self._start = np.zeros(3, dtype=int)

    def draw(self, point_mm: Point) -> bool:
        """Draw on to a point; True where more is covered."""
        piece = self.stroke.extend(point_mm)
        if piece is None:
            return False
        self._show(piece)
        return True

    def _show(self, piece: Region) -> None:
        """Keep what of a piece may be painted, beside what the stroke covers."""
        block = self._desk.block(piece.box)
        name = self._desk.segment.name
        if self.erase:
            allowed = piece.mask & self._desk.mask(block, name)
        else:
            allowed = piece.mask & self._desk.writable(block, self._rules)
        hand = self.hand
        if hand.limits.by_hu:
            assert hand.labels is not None
            allowed = allowed & within_hu(hand.labels.geometry, piece.box, **hand.hu)
        whole = self.stroke.region
        if self._mask is None or self._mask.shape != whole.mask.shape or tuple(self._start) != whole.start:
            mask = np.zeros(whole.mask.shape, dtype=bool)
            if self._mask is not None:
                mask[_place(self._start, self._mask.shape, whole.start)] = self._mask
            self._mask, self._start = mask, np.array(whole.start)
        self._mask[_place(piece.start, piece.mask.shape, whole.start)] |= allowed

    def tint(self) -> Tint | None:
        """What is tinted on slices; None before anything is covered."""
        if self._mask is None:
            return None
        k, j, i = (int(n) for n in self._start)
        colour = ERASING if self.erase else self.hand.colour
        return tint_of(Region((k, j, i), self._mask), self.upright, "stroke", colour, fill=FILL, dashed=self.erase)


def tint_of(
    region: Region, upright: VolumeGeometry, name: str, colour: tuple[int, int, int], *, fill: float = 0.4,
    dashed: bool = True,
) -> Tint:
    """Return a region as a tint of slices, with an empty voxel around it, in memory of its own."""
    mask = np.pad(region.mask, 1)
    mask.setflags(write=False)
    k, j, i = (n - 1 for n in region.start)
    grid = Region((k, j, i), mask).geometry(upright)
    return Tint(name, name, mask, grid, colour, level=0.45, fill=fill, dashed=dashed)


def _place(start: Any, shape: Any, origin: Any) -> Any:
    return tuple(slice(int(a) - int(o), int(a) - int(o) + n) for a, n, o in zip(start, shape, origin, strict=True))


class Brush(Tool):
    """Drag on a slice to paint the active segment, or to erase from it; Ctrl does the other of the two."""

    def __init__(self, hand: Hand, name: str = "paint") -> None:
        self.hand, self.name = hand, name
        self._held: Held | None = None
        self._at: Pointer | None = None

    @property
    def erases(self) -> bool:
        """True for the eraser."""
        return self.name == "erase"

    def press(self, at: Pointer) -> bool:
        """Begin a stroke on a slice; Shift and the 3-D view are left to the view."""
        if at.view == "3d" or at.point_mm is None or at.shift or at.alt:
            return False
        erase = self.erases != at.control
        self._at = at
        if not self.hand.ready(filled=erase):
            return True
        self._held = Held(self.hand, at, erase)
        self._held.draw(at.point_mm)
        self.hand.desk.drawing_changed.emit()
        return True

    def drag(self, at: Pointer) -> None:
        """Draw on."""
        self._at = at
        if self._held is not None and at.point_mm is not None and at.view == self._held.view:
            self._held.draw(at.point_mm)
        self.hand.desk.drawing_changed.emit()

    def release(self, at: Pointer) -> None:
        """The stroke becomes one step of the case."""
        held, self._held = self._held, None
        if held is not None:
            region = held.stroke.region
            if region.mask.size:
                self.hand.put(region, erase=held.erase, verb="erase" if held.erase else "paint")
            self.hand.desk.drawing_changed.emit()

    def hover(self, at: Pointer | None) -> None:
        """Let the ring follow the mouse."""
        self._at = at
        self.hand.desk.drawing_changed.emit()

    def double(self, at: Pointer) -> bool:
        """Two quick dabs are two dabs."""
        if not self.press(at):
            return False
        self.release(at)
        return True

    def key(self, name: str) -> bool:
        """[ and ] make the brush smaller and larger."""
        if name not in ("[", "]"):
            return False
        self.hand.resize(1 if name == "]" else -1)
        return True

    def wheel(self, steps: float, at: Pointer) -> bool:
        """Shift and wheel make the brush larger and smaller; other turns are left to the view."""
        if not at.shift:
            return False
        self.hand.resize(steps)
        return True

    def cancel(self) -> bool:
        """Drop the stroke that is being drawn."""
        held, self._held = self._held, None
        self.hand.desk.drawing_changed.emit()
        return held is not None

    def tints(self) -> tuple[Tint, ...]:
        """The stroke as it is drawn."""
        tint = None if self._held is None else self._held.tint()
        return () if tint is None else (tint,)

    def shapes(self) -> tuple[Shape, ...]:
        """The ring of the brush; across the other slices a disc is a line, a ball a ring."""
        at = self._at
        if at is None or at.point_mm is None or at.view == "3d":
            return ()
        erase = self.erases != at.control if self._held is None else self._held.erase
        return ring(self.hand, at.point_mm, at.toward, erase, held=self._held is not None)


def ring(hand: Hand, point_mm: Point, toward: Point, erase: bool, *, held: bool = False) -> tuple[Shape, ...]:
    """Return what a brush at a place looks like: a ball, or a disc and the lines where other slices cut it."""
    # lighter than the segment, on which it lies most of the time
    colour, radius = ERASING if erase else light(hand.colour), hand.radius_mm
    if hand.ball:
        return (Shape("circle", (point_mm,), colour, "brush", radius_mm=radius, reach_mm=radius, dashed=erase,
                      lit=held),)  # fmt: skip
    centre, normal = np.asarray(point_mm), np.asarray(toward)
    helper = np.eye(3)[int(np.argmin(np.abs(normal)))]
    right = np.cross(normal, helper)
    right /= np.linalg.norm(right)
    down = np.cross(normal, right)
    angle = np.linspace(0.0, 2.0 * np.pi, RING_POINTS, endpoint=False)[:, None]
    points = centre + radius * (np.cos(angle) * right + np.sin(angle) * down)
    corners = tuple(_point(p) for p in points)
    outline = Shape("outline", corners, colour, "brush", reach_mm=0.75, dashed=erase, lit=held)
    lines = []
    for axis in range(3):  # the other slices go through the crossing point
        across = np.eye(3)[axis]
        away = float((np.asarray(hand.desk.focus_mm) - centre) @ across)
        if abs(normal[axis]) > 0.9 or abs(away) >= radius:
            continue
        along = np.cross(normal, across)
        half = np.sqrt(radius**2 - away**2) * along / np.linalg.norm(along)
        middle = centre + away * across
        ends = (_point(middle - half), _point(middle + half))
        lines.append(Shape("line", ends, colour, "brush", width_px=2.0, reach_mm=0.05, dashed=erase))
    return (outline, *lines)


def light(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return a colour halfway to white."""
    return (colour[0] + 255) // 2, (colour[1] + 255) // 2, (colour[2] + 255) // 2


def _point(values: Any) -> Point:
    return check_point("point", values)
