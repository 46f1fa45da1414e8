"""What the generator of the plan shown did over time: power, impedance, temperatures, and the moment that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from anatomy_twin import catalog
from anatomy_twin.pipeline.procedures import procedure_of
from anatomy_twin.rehearsal.courses import CourseChart, generator_charts, generator_summary, summary_words
from anatomy_twin.view.course_paint import draw_chart, pen_of
from anatomy_twin.view.names import named
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

NARROW: Final = 24.0  # times the height of a line: charts narrower than that stand below one another


class CoursePanel(QWidget):
    """Charts side by side with one time; a click or a drag shows another moment of the simulation."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._desk = window.desk
        self.setWindowTitle(tr("Course"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(False)
        self.charts: tuple[CourseChart, ...] = ()
        self._fields: list[QRectF] = []  # where the lines of each chart were drawn last
        self._stale = True
        for signal in (self._desk.scene_changed, self._desk.plan_changed):
            signal.connect(self.refresh)
        self._desk.moment_changed.connect(self.update)
        theme_changed.connect(self.update)
        self.refresh()

    def refresh(self) -> None:
        """Take the charts of the plan shown; where they are not seen, once they are."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        desk = self._desk
        plan, result = desk.case.plans.get(desk.plan_name), desk.case.results.get(desk.plan_name)
        self.charts = generator_charts(result, plan)
        summary = generator_summary(result, plan)
        words = "\n".join(spoken(line) for line in summary_words(summary)) if summary is not None else ""
        self.setToolTip(words)
        self.setAccessibleName(tr("Course"))
        self.setAccessibleDescription(words)
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the charts that changed while nobody saw them."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show the simulated moment that was clicked."""
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the simulated moment that the mouse is dragged to."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        damage, place = self._desk.field("damage"), event.position()
        for field in self._fields:
            if damage is not None and field.left() - 4 <= place.x() <= field.right() + 4 and field.width() > 0:
                seconds = (place.x() - field.left()) / field.width() * self._end_s()
                self._desk.set_snapshot(int(np.argmin(np.abs(np.asarray(damage.times_s) - seconds))))
                return

    def _end_s(self) -> float:
        ends = [float(line.times_s[-1]) for chart in self.charts for line in chart.lines]
        damage = self._desk.field("damage")
        return max([1.0, *ends, *([] if damage is None else [float(damage.times_s[-1])])])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the charts, or a line that says why there are none."""
        painter, theme = QPainter(self), current_theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.field))
        self._fields = []
        if not self.charts:
            painter.setPen(QColor(theme.quiet))
            middle = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(10, 10, -10, -10), int(middle), self._nothing())
            return
        line = QFontMetricsF(self.font()).height()
        count, room = len(self.charts), QRectF(self.rect()).adjusted(line / 2, 2, -line / 2, -2)
        legend = self._legend(painter, room, line)
        room.setTop(room.top() + legend)
        across = room.width() / count >= NARROW * line / 2
        wide, high = (room.width() / count, room.height()) if across else (room.width(), room.height() / count)
        damage = self._desk.field("damage")
        now = None if damage is None else float(damage.times_s[self._desk.snapshot])
        for number, chart in enumerate(self.charts):
            corner = room.topLeft() + (QPointF(number * wide, 0.0) if across else QPointF(0.0, number * high))
            self._fields.append(draw_chart(painter, chart, QRectF(corner, QSizeF(wide - line / 2, high)),
                                           self._end_s(), now))  # fmt: skip

    def _nothing(self) -> str:
        desk = self._desk
        procedure = procedure_of(desk.plan)
        if desk.plan is None:
            return tr("no plan is shown")
        if procedure is None or not procedure.simulated:
            return tr("only ablations are simulated")
        if desk.plan_name not in desk.case.results:
            return tr("not simulated yet")
        return tr("nothing was recorded: simulate the plan again")

    def _legend(self, painter: QPainter, room: QRectF, line: float) -> float:
        """Write the applicators with their lines; return how much room that took."""
        theme, left, metrics = current_theme(), room.left(), QFontMetricsF(self.font())
        plan = self._desk.case.plans.get(self._desk.plan_name)
        for part in dict.fromkeys(one.part for chart in self.charts for one in chart.lines):
            device = getattr(plan, "applicators", ())[part - 1].device if plan is not None else ""
            device = named(catalog.load("devices")["devices"].get(device, {}).get("label", device))
            words = tr("Applicator {number}: {device}").format(number=part, device=device)
            painter.setPen(pen_of(part))
            middle = room.top() + 0.55 * line
            painter.drawLine(QPointF(left, middle), QPointF(left + 2 * line, middle))
            painter.setPen(QColor(theme.text))
            painter.drawText(QPointF(left + 2.4 * line, room.top() + metrics.ascent()), words)
            left += 3.4 * line + metrics.horizontalAdvance(words)
        if self._desk.moving is not None:
            painter.setPen(QColor(theme.warning))
            painter.drawText(QPointF(left, room.top() + metrics.ascent()), tr("of the saved plan"))
        return 1.15 * line
