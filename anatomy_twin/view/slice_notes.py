"""What stands on a slice besides the image: letters, crosshair, applicators, marks, scales, lines of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from anatomy_twin.rehearsal import FieldSeries, Marker, Needle, SlicePlane, format_number
from anatomy_twin.rehearsal.captions import Box
from anatomy_twin.rehearsal.slice_paint import FIELD_STOPS
from anatomy_twin.view.slice_ink import (
    FAINT_INK,
    HALO,
    INK,
    Canvas,
    draw_line,
    draw_words,
    font_of,
    meeting_line,
    near_part,
    write_beside,
)
from anatomy_twin.view.style import PLANE_COLOURS

IN_PLANE_MM: Final = 3.0
GAP_PX: Final = 14.0
EDGE_PX: Final = 8.0
PLATE: Final = QColor(0, 0, 0, 120)  # below words that stand on the picture


def draw_crosshair(canvas: Canvas, others: Mapping[str, SlicePlane], focus_mm: Any) -> None:
    """Draw the lines in which the other views' planes meet this one, open round the crossing point."""
    centre = canvas.at(focus_mm)
    for name, plane in others.items():
        line = meeting_line(canvas.plane, focus_mm, plane.normal)
        exact = meeting_line(canvas.plane, np.asarray(plane.to_world([0.0, 0.0])), plane.normal)
        if line is None or exact is None:
            continue
        through = abs(float(plane.distance_mm(focus_mm))) < 0.05
        foot, direction = line if through else exact
        start = canvas.at(foot)
        way = canvas.at(foot + direction * canvas.plane.pixel_mm) - start
        reach = float(canvas.width + canvas.height) + float(np.hypot(start.x() - centre.x(), start.y() - centre.y()))
        colour = QColor(PLANE_COLOURS.get(name, "#ffffff"))
        colour.setAlphaF(0.85)
        near = GAP_PX if through and abs(float(canvas.plane.distance_mm(focus_mm))) < IN_PLANE_MM else 0.0
        slanted = min(abs(way.x()), abs(way.y())) > 1e-3  # straight lines are sharper and quicker without smoothing
        canvas.painter.setRenderHint(QPainter.RenderHint.Antialiasing, slanted)
        for sign in (-1, 1):
            draw_line(canvas, [start + way * (sign * near), start + way * (sign * reach)], colour, 1.0, halo=False)
    canvas.painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def draw_needles(canvas: Canvas, needles: tuple[Needle, ...]) -> None:
    """Draw applicators and their tines: dashed where they lie out of the plane, whole in it, thick where they heat."""
    for number, needle in enumerate(needles, start=1):
        colour = QColor(*needle.colour)
        entry, tip = np.asarray(needle.entry_mm), np.asarray(needle.tip_mm)
        faint, shaft = QColor(colour), colour.lighter(160)
        faint.setAlphaF(0.6)
        for start, stop in ((entry, tip), *needle.tines):
            draw_line(canvas, [canvas.at(start), canvas.at(stop)], faint, 1.4, dashed=True)
        thick = 2 * needle.radius_mm / canvas.plane.pixel_mm
        shaft_px = min(max(1.8, thick), 6.0)
        heats_px = 2.4 if needle.tines else max(shaft_px + 2.5, thick)
        heating = ((ends, heats_px, colour) for ends in needle.heating_mm)
        for ends, width, ink in (((entry, tip), shaft_px, shaft), *heating):
            part = near_part(np.asarray(ends[0]), np.asarray(ends[1]), canvas.plane, IN_PLANE_MM)
            if part is not None:
                draw_line(canvas, [canvas.at(part[0]), canvas.at(part[1])], ink, width)
        if abs(float(canvas.plane.distance_mm(tip))) <= IN_PLANE_MM:
            canvas.painter.setPen(QPen(HALO, 1.0))
            canvas.painter.setBrush(colour)
            canvas.painter.drawEllipse(canvas.at(tip), 3.2, 3.2)
        if len(needles) > 1:
            draw_words(canvas.painter, canvas.at(entry) + QPointF(6, -6), str(number), colour)


def draw_markers(canvas: Canvas, markers: tuple[Marker, ...]) -> None:
    """Draw named points near the plane."""
    for marker in markers:
        if abs(float(canvas.plane.distance_mm(marker.point_mm))) <= IN_PLANE_MM:
            place, colour = canvas.at(marker.point_mm), QColor(*marker.colour)
            canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in (QPen(HALO, 4.0), QPen(colour, 2.0)):
                canvas.painter.setPen(pen)
                canvas.painter.drawEllipse(place, 7, 7)
            write_beside(canvas, marker.label, place, colour, 5.0, font_of(canvas.painter, 0.9))


def draw_letters(canvas: Canvas) -> None:
    """Write which side of the patient lies at each edge."""
    font = font_of(canvas.painter, 1.35, bold=True)
    metrics = QFontMetricsF(font)
    letters, middle, half = canvas.plane.letters, canvas.width / 2, canvas.height / 2
    low = half + metrics.capHeight() / 2
    centre, right = Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight
    draw_words(canvas.painter, QPointF(EDGE_PX, low), letters["left"], INK, font)
    draw_words(canvas.painter, QPointF(canvas.width - EDGE_PX, low), letters["right"], INK, font, right)
    draw_words(canvas.painter, QPointF(middle, EDGE_PX + metrics.capHeight()), letters["top"], INK, font, centre)
    bottom = canvas.height - EDGE_PX - QFontMetricsF(canvas.painter.font()).height()
    draw_words(canvas.painter, QPointF(middle, bottom), letters["bottom"], INK, font, centre)


def scale_length_mm(pixel_mm: float, width_px: int) -> float:
    """Return the length of a scale bar: 1, 2 or 5 times a power of ten, at most a quarter of the picture."""
    most = max(width_px * pixel_mm / 4, 1e-3)
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(part * power for part in (1, 2, 5) if part * power <= most * (1 + 1e-9)))


def scale_right(canvas: Canvas) -> float:
    """Return where the scale bar and its words end at the right."""
    length = scale_length_mm(canvas.plane.pixel_mm, canvas.width)
    words = QFontMetricsF(font_of(canvas.painter, 0.9)).horizontalAdvance(_scale_words(length))
    return EDGE_PX + length / canvas.plane.pixel_mm + 6 + words


def _scale_words(length_mm: float) -> str:
    return f"{length_mm / 10:g} cm" if length_mm >= 10 else f"{length_mm:g} mm"


def draw_scale(canvas: Canvas, bottom: float) -> None:
    """Draw a scale bar at the lower left, its foot at ``bottom``."""
    length = scale_length_mm(canvas.plane.pixel_mm, canvas.width)
    text = _scale_words(length)
    left, right = EDGE_PX, EDGE_PX + length / canvas.plane.pixel_mm
    corners = [QPointF(left, bottom - 5), QPointF(left, bottom), QPointF(right, bottom), QPointF(right, bottom - 5)]
    draw_line(canvas, corners, INK, 1.5)
    draw_words(canvas.painter, QPointF(right + 6, bottom + 1), text, FAINT_INK, font_of(canvas.painter, 0.9))


def _field_scale_top(canvas: Canvas, bottom: float) -> float:
    metrics = QFontMetricsF(font_of(canvas.painter, 0.9))
    letter = canvas.height / 2 + QFontMetricsF(canvas.painter.font()).height()  # the one at the right edge ends here
    return bottom - min(max(min(canvas.height * 0.3, bottom - letter - 1.5 * metrics.height() - 10), 40.0), 240.0)


def field_scale_box(canvas: Canvas, series: FieldSeries, bottom: float) -> Box:
    """Return where the scale of a field stands, its words included."""
    metrics = QFontMetricsF(font_of(canvas.painter, 0.9))
    values = (metrics.horizontalAdvance(format_number(series.shown(value), series.unit)) + 17 for value in series.range)
    width = max(metrics.horizontalAdvance(series.label), *values)
    top = _field_scale_top(canvas, bottom) - 2 * metrics.height()
    return Box(canvas.width - EDGE_PX - width, top, float(canvas.width), bottom + metrics.height() / 2)


def draw_field_scale(canvas: Canvas, series: FieldSeries, bottom: float) -> None:
    """Draw the colours of a field with its name, its ends and its lines of equal value."""
    painter, font = canvas.painter, font_of(canvas.painter, 0.9)
    metrics, top = QFontMetricsF(font), _field_scale_top(canvas, bottom)
    height, left = bottom - top, canvas.width - EDGE_PX - 12
    shades = QLinearGradient(0, bottom, 0, top)
    for place, stop in enumerate(FIELD_STOPS):
        shades.setColorAt(place / (len(FIELD_STOPS) - 1), QColor(*stop))
    painter.setPen(QPen(HALO, 2.0))
    painter.setBrush(QBrush(shades))
    painter.drawRect(QRectF(left, top, 12, height))
    low, high = series.range
    marks = sorted({low, high, *(level for level in series.levels if low < level < high)})
    last = float("inf")
    for value in marks:
        y = bottom - (value - low) / (high - low) * height
        if value in (low, high) or (last - y >= metrics.height() and y - top >= metrics.height()):
            last = y
            right = Qt.AlignmentFlag.AlignRight
            draw_line(canvas, [QPointF(left, y), QPointF(left + 12, y)], INK, 1.0, halo=False)
            at = QPointF(left - 5, y + metrics.capHeight() / 2)
            draw_words(painter, at, format_number(series.shown(value), series.unit), INK, font, right)
    name = QPointF(canvas.width - EDGE_PX, top - metrics.capHeight() / 2 - metrics.descent() - 3)
    draw_words(painter, name, series.label, INK, font, Qt.AlignmentFlag.AlignRight)


def draw_lines(canvas: Canvas, lines: list[tuple[str, QColor]], place: QPointF, align: Qt.AlignmentFlag) -> None:
    """Write lines one below the other on a dark ground; ``place`` is where the first one's base line begins or ends."""
    metrics = QFontMetricsF(canvas.painter.font())
    step, width = metrics.height(), max((metrics.horizontalAdvance(text) for text, _ in lines), default=0.0)
    left = place.x() - width if align == Qt.AlignmentFlag.AlignRight else place.x()
    if width > 0:
        box = QRectF(left, place.y() - metrics.ascent(), width, step * len(lines))
        canvas.painter.fillRect(box.adjusted(-4, -1, 4, 1), PLATE)
    for number, (text, colour) in enumerate(lines):
        draw_words(canvas.painter, place + QPointF(0, number * step), text, colour, align=align)
