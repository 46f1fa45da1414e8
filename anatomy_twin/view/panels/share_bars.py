"""Bars of shares with their intervals, and of correlations to either side of a middle line."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from anatomy_twin.view.style import current_theme, theme_changed


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: ``value`` 0..1 (-1..1 where bars go both ways), its interval, and what stands beside it."""

    words: str
    value: float
    shown: str
    low: float | None = None
    high: float | None = None
    tip: str = ""


class ShareBars(QWidget):
    """Rows of words, a bar and a number. ``both_ways``: bars begin in the middle."""

    def __init__(self, name: str, *, both_ways: bool = False) -> None:
        super().__init__()
        self.bars: tuple[Bar, ...] = ()
        self._both_ways = both_ways
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme_changed.connect(self.update)

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        """Show other rows."""
        if bars != self.bars:
            self.bars = bars
            lines = [f"{bar.words}: {bar.shown}" for bar in bars]
            self.setAccessibleDescription("; ".join(lines))
            self.setToolTip("\n".join(f"{line}  {bar.tip}".rstrip() for line, bar in zip(lines, bars, strict=True)))
            self.updateGeometry()
            self.update()

    @property
    def row_px(self) -> int:
        """The height of a row."""
        return round(1.5 * self.fontMetrics().height())

    def sizeHint(self) -> QSize:
        """As high as the rows are."""
        return QSize(30 * self.fontMetrics().averageCharWidth(), self.row_px * len(self.bars))

    def minimumSizeHint(self) -> QSize:
        """As high as the rows are, and as narrow as one likes."""
        return QSize(12 * self.fontMetrics().averageCharWidth(), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows."""
        metrics, theme = self.fontMetrics(), current_theme()
        number = max((metrics.horizontalAdvance(bar.shown) for bar in self.bars), default=0)
        gap = metrics.averageCharWidth()
        widest = max((metrics.horizontalAdvance(bar.words) for bar in self.bars), default=0)
        words = min(widest, round(0.45 * (self.width() - number)))
        left, right = words + gap, self.width() - number - gap
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row, bar in enumerate(self.bars):
            box = QRectF(0, row * self.row_px, self.width(), self.row_px)
            painter.setPen(QColor(theme.text))
            short = metrics.elidedText(bar.words, Qt.TextElideMode.ElideRight, words)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), short)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), bar.shown)
            if right > left:
                self._draw(painter, bar, QRectF(left, box.top() + 0.28 * self.row_px, right - left, 0.44 * self.row_px))
        painter.end()

    def _draw(self, painter: QPainter, bar: Bar, room: QRectF) -> None:
        theme = current_theme()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.line))
        painter.drawRect(room)

        def place(value: float) -> float:
            share = 0.5 + 0.5 * value if self._both_ways else value
            return room.left() + room.width() * min(max(share, 0.0), 1.0)

        ends = sorted((place(0.0), place(bar.value)))
        painter.setBrush(QColor(theme.accent))
        painter.drawRect(QRectF(ends[0], room.top(), max(ends[1] - ends[0], 1.0), room.height()))
        painter.setPen(QPen(QColor(theme.text), 1.5))
        if self._both_ways:
            painter.drawLine(QPointF(place(0.0), room.top() - 2), QPointF(place(0.0), room.bottom() + 2))
        if bar.low is not None and bar.high is not None:
            middle, reach = room.center().y(), 0.5 * room.height()
            painter.drawLine(QPointF(place(bar.low), middle), QPointF(place(bar.high), middle))
            for end in (bar.low, bar.high):
                painter.drawLine(QPointF(place(end), middle - reach), QPointF(place(end), middle + reach))
