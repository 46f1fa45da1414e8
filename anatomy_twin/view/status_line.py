"""The line below: the crossing point, what was told last, what runs, and what the program is for, never cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QStatusBar, QToolButton, QWidget

from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.view.stage_words import stage_words
from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.jobs import Job, Jobs

STAYS_MS: Final = 8000
TICK_MS: Final = 1000
MOST_SHARE: Final = {1: 0.6, 2: 0.38}  # of the room beside the notice, for what was told and for what runs
STEPS: Final = 1000  # of a bar
BAR_LINES: Final = 14  # heights of a line: what runs is shown without its bar where it has less room than that
PARTS: Final = "\N{MIDDLE DOT}"  # stands between what is said of a place
SIGNS: Final = {"info": "", "warning": "\N{BLACK UP-POINTING SMALL TRIANGLE} ", "error": "\N{BALLOT X} "}


class ShortLabel(QLabel):
    """A label that takes the room there is: what does not fit ends in dots, and is whole in the tool tip.

    Of a line with middle dots whole parts are left out at the end, as long as one remains.
    """

    def minimumSizeHint(self) -> QSize:
        """Return a size that gives way to everything else."""
        return QSize(0, super().minimumSizeHint().height())

    def setText(self, text: str) -> None:
        """Show a line."""
        super().setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much of the line as fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self._fitting(room.width()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)

    def _fitting(self, width: int) -> str:
        """Return the line without as many parts at its end as do not fit."""
        line, parts = self.text(), self.text().split(PARTS)
        for count in range(len(parts), 1, -1):
            some = line if count == len(parts) else f"{PARTS.join(parts[:count]).rstrip()}  \N{HORIZONTAL ELLIPSIS}"
            if self.fontMetrics().horizontalAdvance(some) <= width:
                return some
        return parts[0].rstrip()


@dataclass
class _Work:
    title: str
    cancel: Callable[[], object] | None
    stage: str = ""
    fraction: float = 0.0
    words: Callable[[], str] | None = None


class WorkLine(QWidget):
    """What runs, in a few words, how far it is, and a way to stop it; hidden where nothing runs. A press asks more."""

    pressed = Signal()
    came_or_went = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._works: dict[object, _Work] = {}
        self.words, self.bar, self.button = ShortLabel(), QProgressBar(), QToolButton()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(6 * self.fontMetrics().height(), max(6, self.fontMetrics().height() // 3))
        self.button.setObjectName("small")
        self.button.setAutoRaise(True)
        self.button.clicked.connect(self._stop)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.button)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._show)
        self.speak()
        self.hide()

    def follow(self, jobs: Jobs) -> None:
        """Show the long work of a window too."""
        jobs.changed.connect(lambda: self._take_jobs(jobs))
        jobs.progressed.connect(lambda job: self.tell(job, None, job.fraction))

    def speak(self) -> None:
        """Take the words of the language of now."""
        self.button.setText(tr("Stop"))
        self._show()

    def add(
        self, key: object, title: str, cancel: Callable[[], object] | None, words: Callable[[], str] | None = None
    ) -> None:
        """Show a piece of work; ``cancel`` is called when the person stops it; ``words`` tells what it does now."""
        self._works[key] = _Work(title, cancel, words=words)
        self._show()

    def tell(self, key: object, stage: str | None = None, fraction: float | None = None) -> None:
        """Show how far a piece of work is."""
        work = self._works.get(key)
        if work is not None:
            work.stage = work.stage if stage is None else stage
            work.fraction = work.fraction if fraction is None else min(max(fraction, 0.0), 1.0)
            self._show()

    def take(self, key: object) -> None:
        """Show a piece of work no more."""
        if self._works.pop(key, None) is not None:
            self._show()

    def minimumSizeHint(self) -> QSize:
        """Return a size that gives way to the line that is never cut."""
        return QSize(0, super().minimumSizeHint().height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ask for more."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def _take_jobs(self, jobs: Jobs) -> None:
        from anatomy_twin.view.jobs import Job, progress_words

        for job in jobs.jobs:
            if job.over:
                self.take(job)
            elif job not in self._works:
                self.add(job, job.title, _stopping(jobs, job), lambda job=job: progress_words(job))  # type: ignore[misc]
        for key in [key for key in self._works if isinstance(key, Job) and key not in jobs.jobs]:
            self.take(key)
        self._show()

    def _first(self) -> _Work | None:
        return next(iter(self._works.values()), None)

    def _show(self) -> None:
        work, more = self._first(), len(self._works) - 1
        if self.isHidden() != (work is None):
            self.setVisible(work is not None)
            self.came_or_went.emit()
        if work is None:
            self._clock.stop()
            return
        if not self._clock.isActive():
            self._clock.start()
        now = work.words() if work.words is not None else stage_words(work.stage)
        line = f"{work.title}: {now}" if now else work.title
        if more > 0:
            line += "  " + tr("(and {count} more)").format(count=more)
        if self.words.text() != line:
            self.words.setText(line)
        self.bar.setRange(0, STEPS if work.fraction > 0.0 else 0)
        self.bar.setValue(round(STEPS * work.fraction))
        self.button.setVisible(work.cancel is not None)
        self.button.setAccessibleName(tr("Stop {title}").format(title=work.title))

    def _stop(self) -> None:
        work = self._first()
        if work is not None and work.cancel is not None:
            work.cancel()


def _stopping(jobs: Jobs, job: Job) -> Callable[[], object]:
    return lambda: jobs.cancel(job)


class _Row(QWidget):
    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class StatusLine(QStatusBar):
    """``place`` is what stands at the crossing point, ``told`` what was told last, ``notice`` the intended use.

    ``work`` is what runs.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.told_label, self.place_label, self.notice_label = ShortLabel(), ShortLabel(), QLabel(tr(INTENDED_USE))
        self.notice_label.setObjectName("notice")
        self.notice_label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.work = WorkLine()
        self.place_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # what is left
        self.told_label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        row = _Row()
        row.resized.connect(self._share)
        self.work.came_or_went.connect(self._share)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(8, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.place_label, 1)
        layout.addWidget(self.told_label)
        layout.addWidget(self.work)
        layout.addWidget(self.notice_label)
        self._row = row
        self.addWidget(row, 1)
        self.told_label.hide()
        self._level = "info"
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.clear)
        theme_changed.connect(self._colour)

    def tell(self, level: str, line: str) -> None:
        """Show a line ("info", "warning" or "error"); an error stays until the next line."""
        self._level = level
        self.told_label.setText(SIGNS.get(level, "") + line)
        self.told_label.show()
        self._share()
        self._colour()
        if level == "error":
            self._timer.stop()
        else:
            self._timer.start(STAYS_MS)

    def speak(self) -> None:
        """Take the words of the language of now."""
        self.notice_label.setText(tr(INTENDED_USE))
        self.work.speak()

    def clear(self) -> None:
        """Show no line."""
        self._timer.stop()
        self.told_label.setText("")
        self.told_label.hide()  # the place gets its room
        self._share()

    def _share(self) -> None:
        """Let no part take the room of all others."""
        room = max(self._row.width() - self.notice_label.sizeHint().width(), 0)
        parts = [part for part in (self.told_label, self.work) if not part.isHidden()]
        for part in parts:
            part.setMaximumWidth(round(MOST_SHARE[len(parts)] * room))
        self.work.bar.setVisible(self.work.maximumWidth() > BAR_LINES * self.fontMetrics().height())

    def _colour(self) -> None:
        theme = current_theme()
        colours = {"warning": theme.warning, "error": theme.error}
        palette = self.told_label.palette()
        palette.setColor(self.told_label.foregroundRole(), colours.get(self._level, theme.text))
        self.told_label.setPalette(palette)
