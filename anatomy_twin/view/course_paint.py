"""Drawing one chart of what a generator did over time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from anatomy_twin.rehearsal.courses import LINE_RGB, CourseChart, CourseLine, round_ticks, shown_range, shown_unit
from anatomy_twin.view.style import current_theme
from anatomy_twin.view.words import tr

DASHES: Final = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def pen_of(part: int) -> QPen:
    """Return how the lines of an applicator (from 1) are drawn: colour and dashes are its own."""
    dark, light = LINE_RGB[(part - 1) % len(LINE_RGB)]
    return QPen(QColor(*(dark if current_theme().dark else light)), 1.8, DASHES[(part - 1) % len(DASHES)])


def draw_chart(
    painter: QPainter, chart: CourseChart, box: QRectF, end_s: float, now_s: float | None
) -> QRectF:
    """Draw a chart in a box, its time from 0 to ``end_s``, with a mark at ``now_s``; return where its lines lie."""
    theme, metrics = current_theme(), QFontMetricsF(painter.font())
    line, (low, high) = metrics.height(), shown_range(chart)
    ticks = round_ticks(low, high, max(2, int((box.height() - 2.4 * line) / (1.6 * line))))
    wide = max((metrics.horizontalAdvance(f"{tick:g}") for tick in ticks), default=0.0) + line / 2
    field = QRectF(box.left() + wide, box.top() + 1.35 * line, box.width() - wide, box.height() - 2.55 * line)
    if field.width() < 2 * line or field.height() < line:
        return QRectF()
    _draw_title(painter, chart, box, now_s)
    for tick in ticks:
        height = field.bottom() - (tick - low) / (high - low) * field.height()
        painter.setPen(QPen(QColor(theme.line), 1.0))
        painter.drawLine(QPointF(field.left(), height), QPointF(field.right(), height))
        text = f"{tick:g}"
        left = field.left() - metrics.horizontalAdvance(text) - line / 4
        painter.setPen(QColor(theme.quiet))
        painter.drawText(QPointF(left, height + metrics.capHeight() / 2), text)
    _draw_minutes(painter, field, end_s)
    painter.save()
    painter.setClipRect(field.adjusted(-1, -2, 1, 2))
    for one in chart.lines:
        painter.setPen(pen_of(one.part))
        for points in _pieces(one):
            across = field.left() + points[:, 0] / end_s * field.width()
            down = field.bottom() - (points[:, 1] - low) / (high - low) * field.height()
            painter.drawPolyline(QPolygonF([QPointF(*place) for place in np.column_stack([across, down]).tolist()]))
    painter.restore()
    if now_s is not None:
        x = field.left() + now_s / end_s * field.width()
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        painter.drawLine(QPointF(x, field.top() - 2), QPointF(x, field.bottom() + 3))
    return field


def _draw_title(painter: QPainter, chart: CourseChart, box: QRectF, now_s: float | None) -> None:
    """Write what a chart shows, and where there is room the values at the moment that is shown."""
    theme, metrics = current_theme(), QFontMetricsF(painter.font())
    title, base = f"{tr(chart.label)}, {shown_unit(chart)}", box.top() + metrics.ascent()
    painter.setPen(QColor(theme.text))
    painter.drawText(QPointF(box.left(), base), title)
    if now_s is None:
        return
    values = "   ".join(_value_words(one, now_s, len(chart.lines) > 1) for one in chart.lines)
    width = metrics.horizontalAdvance(values)
    if width <= box.width() - metrics.horizontalAdvance(title) - metrics.height():
        painter.setPen(QColor(theme.accent))
        painter.drawText(QPointF(box.right() - width, base), values)


def _draw_minutes(painter: QPainter, field: QRectF, end_s: float) -> None:
    theme, metrics = current_theme(), QFontMetricsF(painter.font())
    line, unit = metrics.height(), tr("min")
    base, last = field.bottom() + metrics.ascent() + 2, field.right() - metrics.horizontalAdvance(unit)
    for minute in round_ticks(0.0, end_s / 60.0, max(2, int(field.width() / (4 * line)))):
        text, x = f"{minute:g}", field.left() + minute * 60.0 / end_s * field.width()
        left = x - metrics.horizontalAdvance(text) / 2
        painter.setPen(QColor(theme.line))
        painter.drawLine(QPointF(x, field.bottom()), QPointF(x, field.bottom() + 3))
        if left + metrics.horizontalAdvance(text) <= last - line / 2:
            painter.setPen(QColor(theme.quiet))
            painter.drawText(QPointF(left, base), text)
    painter.setPen(QColor(theme.quiet))
    painter.drawText(QPointF(last, base), unit)


def _value_words(line: CourseLine, now_s: float, numbered: bool) -> str:
    value = line.at(now_s)
    text = "\N{EN DASH}" if value is None else f"{value:.0f}"
    return f"{line.part}: {text}" if numbered else text


def _pieces(line: CourseLine) -> list[NDArray[np.float64]]:
    """Return the points (n, 2) of each piece between interruptions."""
    points = np.column_stack([line.times_s, line.values])
    parts = np.split(points, np.flatnonzero(~np.isfinite(line.values)))
    return [part[np.isfinite(part[:, 1])] for part in parts if np.isfinite(part[:, 1]).any()]
