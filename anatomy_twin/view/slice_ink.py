"""Lines, knobs and words over a slice, drawn so that they can be read on black and on white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from anatomy_twin.rehearsal import Shape, SlicePlane
from anatomy_twin.rehearsal.captions import Box, leader, place_words, round_place
from anatomy_twin.rehearsal.slicing import cross

INK: Final = QColor(255, 255, 255)  # slices are black in every theme, so what is written on them is light
FAINT_INK: Final = QColor(198, 206, 216)
HALO: Final = QColor(0, 0, 0, 190)
AROUND: Final = ((-1.0, -1.0), (0.0, -1.2), (1.0, -1.0), (-1.2, 0.0), (1.2, 0.0), (-1.0, 1.0), (0.0, 1.2), (1.0, 1.0))

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Canvas:
    """Where one draws: the painter, the plane with one picture point per screen point, and the size in points.

    ``taken`` are boxes that words beside things leave free: knobs, and words that stand there already. ``view`` is the
    name of the view, for shapes that are drawn in one view only.
    """

    painter: QPainter
    plane: SlicePlane
    width: int
    height: int
    view: str = ""
    taken: list[Box] = field(default_factory=list)

    def at(self, point_mm: Any) -> QPointF:
        """Return where a point in LPS mm, projected on the plane, lies on the screen."""
        row, column = self.plane.to_pixel(point_mm)
        return QPointF(float(column) + 0.5, float(row) + 0.5)

    def along(self, points_mm: Any) -> list[QPointF]:
        """Return where points (n, 3) lie on the screen."""
        return [QPointF(column + 0.5, row + 0.5) for row, column in self.plane.to_pixel(points_mm).tolist()]

    @property
    def box(self) -> QRectF:
        """The whole picture."""
        return QRectF(0, 0, self.width, self.height)


def font_of(painter: QPainter, scale: float = 1.0, *, bold: bool = False) -> QFont:
    """Return the window's font in another size, so that it follows the person's choice."""
    font = QFont(painter.font())
    size = font.pointSizeF() if font.pointSizeF() > 0 else 10.0
    font.setPointSizeF(max(size * scale, 6.0))
    font.setBold(bold)
    return font


def draw_words(
    painter: QPainter, place: QPointF, text: str, colour: QColor = INK, font: QFont | None = None,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> QRectF:
    """Write a line with a dark halo; ``place`` is the left, middle or right end of its base line. Returns its box."""
    used = font or painter.font()
    metrics = QFontMetricsF(used)
    width = metrics.horizontalAdvance(text)
    shift = {Qt.AlignmentFlag.AlignHCenter: width / 2, Qt.AlignmentFlag.AlignRight: width}.get(align, 0.0)
    start, before = QPointF(place.x() - shift, place.y()), painter.font()
    painter.setFont(used)
    painter.setPen(HALO)
    for right, down in AROUND:
        painter.drawText(start + QPointF(right, down), text)
    painter.setPen(colour)
    painter.drawText(start, text)
    painter.setFont(before)
    return QRectF(place.x() - shift, place.y() - metrics.ascent(), width, metrics.height())


def draw_line(
    canvas: Canvas, points: list[QPointF], colour: QColor, width: float, *, dashed: bool = False, closed: bool = False,
    halo: bool = True,
) -> None:
    """Draw a line through points of the screen, with a dark edge."""
    if len(points) < 2:
        return
    shape = QPolygonF(points)
    cap, join = Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    pens = [QPen(colour, width, Qt.PenStyle.CustomDashLine if dashed else Qt.PenStyle.SolidLine, cap, join)]
    if dashed:
        pens[0].setDashPattern([4.0, 3.0])
    elif halo:
        pens.insert(0, QPen(HALO, width + 2.0, Qt.PenStyle.SolidLine, cap, join))
    canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in pens:
        canvas.painter.setPen(pen)
        if closed:
            canvas.painter.drawPolygon(shape)
        else:
            canvas.painter.drawPolyline(shape)


def near_part(first: Any, second: Any, plane: SlicePlane, reach_mm: float) -> tuple[Floats, Floats] | None:
    """Return the part of a line (LPS mm) that lies within ``reach_mm`` of a plane; None where none of it does."""
    a, b = np.asarray(first, float), np.asarray(second, float)
    start, end = float(plane.distance_mm(a)), float(plane.distance_mm(b))
    if not np.isfinite(reach_mm):
        return a, b
    if abs(end - start) < 1e-9:
        return (a, b) if abs(start) <= reach_mm else None
    shares = sorted(((-reach_mm - start) / (end - start), (reach_mm - start) / (end - start)))
    low, high = max(shares[0], 0.0), min(shares[1], 1.0)
    return (a + low * (b - a), a + high * (b - a)) if low <= high else None


def near_runs(points: Sequence[Any], plane: SlicePlane, reach_mm: float) -> list[list[Floats]]:
    """Return what of a line through points (LPS mm) lies within ``reach_mm`` of a plane, in lines without gaps."""
    signed = plane.distance_mm(np.asarray(points))
    low, high = np.minimum(signed[:-1], signed[1:]), np.maximum(signed[:-1], signed[1:])
    runs: list[list[Floats]] = []
    last = -2
    for number in np.flatnonzero((low <= reach_mm) & (high >= -reach_mm)).tolist():
        part = near_part(points[number], points[number + 1], plane, reach_mm)
        if part is None:
            continue
        if number == last + 1 and abs(signed[number]) <= reach_mm:
            runs[-1].append(part[1])
        else:
            runs.append([*part])
        last = number
    return runs


def draw_shapes(canvas: Canvas, shapes: tuple[Shape, ...]) -> None:
    """Draw shapes: lines first, then knobs, then words, so that nothing to be grabbed or read is covered."""
    shapes = tuple(shape for shape in shapes if shape.only in ("", "slices", canvas.view))
    for shape in shapes:
        if shape.kind == "knob" and _near(canvas, shape):
            place = canvas.at(shape.points_mm[0])
            canvas.taken.append(round_place(place.x(), place.y(), shape.radius_px + 2.0))
    for kinds in (("line", "outline", "plane"), ("circle", "knob"), ("text",)):
        for shape in shapes:
            if shape.kind in kinds and shape.points_mm:
                _DRAWN[shape.kind](canvas, shape)


def _colour(shape: Shape) -> QColor:
    colour = QColor(*shape.colour)
    return colour.lighter(130) if shape.lit else colour


def _draw_path(canvas: Canvas, shape: Shape) -> None:
    """Draw a line or an outline, as far as it lies near the plane."""
    points = list(shape.points_mm)
    closed = shape.kind == "outline"
    distances = np.abs(canvas.plane.distance_mm(np.asarray(points)))
    width = shape.width_px + (1.0 if shape.lit else 0.0)
    if bool(np.all(distances <= shape.reach_mm)):
        placed = canvas.along(points)
        if closed and shape.fill > 0:
            inside = QColor(_colour(shape))
            inside.setAlphaF(min(shape.fill, 1.0))
            canvas.painter.setPen(Qt.PenStyle.NoPen)
            canvas.painter.setBrush(inside)
            canvas.painter.drawPolygon(QPolygonF(placed))
        draw_line(canvas, placed, _colour(shape), width, dashed=shape.dashed, closed=closed)
    else:
        for run in near_runs(points + points[:1] if closed else points, canvas.plane, shape.reach_mm):
            draw_line(canvas, canvas.along(run), _colour(shape), width, dashed=shape.dashed)
    if shape.text and float(distances.min()) <= shape.reach_mm:
        _write(canvas, shape, points[int(np.argmin(distances[::-1]) * -1 - 1)])


def _draw_plane(canvas: Canvas, shape: Shape) -> None:
    """Draw the line in which a plane meets the slice."""
    if len(shape.points_mm) < 2:
        return
    point = np.asarray(shape.points_mm[0])
    normal = np.asarray(shape.points_mm[1]) - point
    line = meeting_line(canvas.plane, point, normal)
    if line is None:
        return
    foot, direction = line
    reach = shape.radius_mm if shape.radius_mm > 0 else 1000.0
    half = float(np.sqrt(max(reach**2 - float(np.sum((foot - point) ** 2)), 0.0)))
    if half > 0:
        ends = [canvas.at(foot - half * direction), canvas.at(foot + half * direction)]
        draw_line(canvas, ends, _colour(shape), shape.width_px + shape.lit, dashed=shape.dashed)
        if shape.text:
            _write(canvas, shape, foot + half * direction)


def meeting_line(plane: SlicePlane, point: Any, normal: Any) -> tuple[Floats, Floats] | None:
    """Return where another plane meets a slice: its point nearest to ``point``, and the unit direction."""
    away, own = np.asarray(normal, float), plane.normal
    length = float(np.linalg.norm(away))
    direction = cross(own, away)
    slope = float(np.linalg.norm(direction))
    if length < 1e-9 or slope < 1e-3 * length:
        return None
    direction = direction / slope
    uphill = cross(direction, away / length)  # in the other plane, across the line
    foot = np.asarray(point, float)
    return foot - float(plane.distance_mm(foot)) / float(uphill @ own) * uphill, direction


def _draw_circle(canvas: Canvas, shape: Shape) -> None:
    """Draw where a ball is cut by the slice."""
    distance = abs(float(canvas.plane.distance_mm(shape.points_mm[0])))
    radius = shape.radius_mm
    if distance < radius:
        radius = float(np.sqrt(radius**2 - distance**2))
    elif np.isfinite(shape.reach_mm):
        return
    painter, size = canvas.painter, radius / canvas.plane.pixel_mm
    centre, colour = canvas.at(shape.points_mm[0]), _colour(shape)
    painter.setPen(Qt.PenStyle.NoPen)
    inside = QColor(colour)
    inside.setAlphaF(min(max(shape.fill, 0.0), 1.0))
    painter.setBrush(inside)
    painter.drawEllipse(centre, size, size)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = shape.width_px + shape.lit
    style = Qt.PenStyle.DashLine if shape.dashed else Qt.PenStyle.SolidLine
    for pen in (QPen(HALO, width + 2.0), QPen(colour, width, style)):
        painter.setPen(pen)
        painter.drawEllipse(centre, size, size)
    if shape.text:
        _write(canvas, shape, shape.points_mm[0], size)


def _near(canvas: Canvas, shape: Shape) -> bool:
    return abs(float(canvas.plane.distance_mm(shape.points_mm[0]))) <= shape.reach_mm


def _draw_knob(canvas: Canvas, shape: Shape) -> None:
    """Draw a dot to be grabbed, fainter where it lies out of the plane."""
    if not _near(canvas, shape):
        return
    distance = abs(float(canvas.plane.distance_mm(shape.points_mm[0])))
    painter, centre, colour = canvas.painter, canvas.at(shape.points_mm[0]), _colour(shape)
    radius = shape.radius_px + (2.0 if shape.lit else 0.0)
    inside = QColor(colour)
    # what is held does not hide its place, and a ring nothing
    inside.setAlphaF(0.0 if shape.hollow else 0.3 if shape.lit else 0.55 if distance <= 2.5 else 0.2)
    painter.setPen(QPen(HALO, 4.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(centre, radius, radius)
    painter.setPen(QPen(INK if shape.lit else colour, 2.0))
    painter.setBrush(inside)
    painter.drawEllipse(centre, radius, radius)
    if shape.text:
        _write(canvas, shape, shape.points_mm[0], radius)


def _draw_text(canvas: Canvas, shape: Shape) -> None:
    if _near(canvas, shape):
        place = canvas.at(shape.points_mm[0])
        there = [box for box in canvas.taken if _round(box, place)]
        _write(canvas, shape, shape.points_mm[0], max((box.right - box.left for box in there), default=0.0) / 2)


def _round(box: Box, place: QPointF) -> bool:
    """True where a box is that of a knob at a place."""
    return abs(box.left + box.right - 2 * place.x()) < 1.0 and abs(box.top + box.bottom - 2 * place.y()) < 1.0


def _write(canvas: Canvas, shape: Shape, point: Any, away_px: float = 0.0) -> None:
    """Write the text of a shape beside a point, held inside the picture."""
    write_beside(canvas, shape.text, canvas.at(point), _colour(shape), away_px)


def write_beside(
    canvas: Canvas, text: str, place: QPointF, colour: QColor, away_px: float = 0.0, font: QFont | None = None
) -> None:
    """Write words beside a place, inside the picture, over no knob and no words that stand there already.

    ``away_px`` is the radius of what is at the place. Words that must stand away are tied to it by a line.
    """
    metrics = QFontMetricsF(font or canvas.painter.font())
    lines = _broken(text, metrics, 0.5 * canvas.width)
    size = max(metrics.horizontalAdvance(line) for line in lines), metrics.height() * len(lines)
    at, room = (place.x(), place.y()), Box(4.0, 2.0, canvas.width - 4.0, canvas.height - 2.0)
    box, _ = place_words(at, size, canvas.taken, room, away_px)
    canvas.taken.append(box)
    ends = leader(at, box, away_px)
    if ends:
        draw_line(canvas, [QPointF(*end) for end in ends], colour, 1.0)
    for number, line in enumerate(lines):
        base = box.top + metrics.ascent() + number * metrics.height()
        draw_words(canvas.painter, QPointF(box.left, base), line, colour, font)


def _broken(text: str, metrics: QFontMetricsF, room: float) -> list[str]:
    """Return a text in lines, broken at its commas where it is too wide."""
    lines: list[str] = []
    for whole in text.split("\n"):
        line = ""
        for part in whole.split(", "):
            longer = f"{line}, {part}" if line else part
            if line and metrics.horizontalAdvance(longer) > room:
                lines.append(line + ",")
                longer = part
            line = longer
        lines.append(line)
    return lines


_DRAWN: Final = {
    "line": _draw_path, "outline": _draw_path, "plane": _draw_plane, "circle": _draw_circle, "knob": _draw_knob,
    "text": _draw_text,
}
