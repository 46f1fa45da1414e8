"""How margins are spread over the surface of a target, with the limits and the least one within its error."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from anatomy_twin.core import Confirmation
from anatomy_twin.rehearsal.confirmed import margin_colour, wanted_margin_mm
from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.words import tr

LINES: Final = 7.5  # of type, high
STEPS: Final = (1, 2, 5, 10)


class MarginHistogram(QWidget):
    """Bars of 1 mm in the colours that the target has in 3-D; above them the least margin with its error."""

    def __init__(self) -> None:
        super().__init__()
        self._found: Confirmation | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Margins over the surface of the target"))
        theme_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Some lines high."""
        return QSize(260, round(LINES * self.fontMetrics().lineSpacing()))

    def show_confirmation(self, found: Confirmation | None) -> None:
        """Show the margins of a confirmation."""
        self._found = found
        if found is not None:
            parts = zip(found.histogram_edges_mm, found.histogram_percent, strict=False)
            wanted, below, narrow = wanted_margin_mm(), 0.0, 0.0
            for low, share in parts:
                below += share if low < 0 else 0.0
                narrow += share if 0 <= low < wanted else 0.0
            told = tr("{below} % of the surface below 0 mm, {narrow} % from 0 to {wanted} mm, {safe} % above")
            words = told.format(below=f"{below:.0f}", narrow=f"{narrow:.0f}", wanted=f"{wanted:g}",
                                safe=f"{100 - below - narrow:.0f}")  # fmt: skip
            self.setToolTip(words)
            self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint bars, limits, and the least margin."""
        found = self._found
        if found is None or not found.histogram_percent:
            return
        theme, metrics = current_theme(), self.fontMetrics()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = metrics.height()
        low = min(found.histogram_edges_mm[0], -1.0, *(() if found.low_mm is None else (found.low_mm - 0.5,)))
        high = max(found.histogram_edges_mm[-1], wanted_margin_mm() + 1, *(
            () if found.high_mm is None else (found.high_mm + 0.5,)))  # fmt: skip
        box = QRectF(6, 1.35 * line, self.width() - 12, self.height() - 3.4 * line)
        scale = box.width() / (high - low)

        def across(value: float) -> float:
            return box.left() + (value - low) * scale

        top = max(found.histogram_percent)
        for start, end, share in zip(found.histogram_edges_mm, found.histogram_edges_mm[1:], found.histogram_percent,
                                     strict=False):  # fmt: skip
            height = box.height() * share / top
            bar = QRectF(across(start), box.bottom() - height, (end - start) * scale, height)
            painter.fillRect(bar.adjusted(0.7, 0, -0.7, 0), QColor(*margin_colour(start)))
        painter.setPen(QPen(QColor(theme.line), 1.0))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.setPen(QPen(QColor(theme.text), 1.4, Qt.PenStyle.DashLine))
        for limit in (0.0, wanted_margin_mm()):
            painter.drawLine(QPointF(across(limit), box.top()), QPointF(across(limit), box.bottom()))
        self._write_scale(painter, box, low, high, scale)
        self._draw_least(painter, found, across, 0.68 * line)

    def _write_scale(self, painter: QPainter, box: QRectF, low: float, high: float, scale: float) -> None:
        theme, metrics = current_theme(), self.fontMetrics()
        line, middle = metrics.height(), Qt.AlignmentFlag.AlignHCenter
        painter.setPen(QColor(theme.text))
        step = next((one for one in STEPS if one * scale > 2.2 * metrics.horizontalAdvance("00")), STEPS[-1])
        for value in range(-(-int(low) // step) * step, int(high) + 1, step):
            place = box.left() + (value - low) * scale
            painter.drawText(QRectF(place - 30, box.bottom() + 1, 60, line), middle, f"{value}")
        painter.setPen(QColor(theme.quiet))
        words = tr("margin in mm, part of the target's surface")
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, self.width() - 8)
        painter.drawText(QRectF(0, box.bottom() + line, self.width(), line), middle, words)

    def _draw_least(self, painter: QPainter, found: Confirmation, across: object, height: float) -> None:
        assert callable(across)
        theme = current_theme()
        pen = QPen(QColor(theme.text), 2.0)
        painter.setPen(pen)
        place = across(found.margin_mm)
        if found.low_mm is not None and found.high_mm is not None:
            ends = across(found.low_mm), across(found.high_mm)
            painter.drawLine(QPointF(ends[0], height), QPointF(ends[1], height))
            for end in ends:
                painter.drawLine(QPointF(end, height - 4), QPointF(end, height + 4))
        painter.setBrush(QColor(theme.text))
        painter.drawEllipse(QPointF(place, height), 4.0, 4.0)
        words = tr("least {mm} mm").format(mm=f"{found.margin_mm:.1f}")
        width = self.fontMetrics().horizontalAdvance(words) + 8
        last = place if found.high_mm is None else across(found.high_mm)
        first = place if found.low_mm is None else across(found.low_mm)
        at = last + 8 if last + 8 + width < self.width() else first - width
        if at >= 0:
            painter.drawText(QPointF(at, height + 0.35 * self.fontMetrics().ascent()), words)
