"""Long work: how far it is, and a way to stop it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.view.jobs import CANCELLED, DONE, FAILED, OUT_OF_DATE, RUNNING, Job, progress_words
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

MOST_LINES: Final = 4
_NAME: Final = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
SIGNS: Final = {DONE: "\N{CHECK MARK}", FAILED: "\N{BALLOT X}", CANCELLED: "\N{BLACK SQUARE}",
         OUT_OF_DATE: "\N{CLOCKWISE OPEN CIRCLE ARROW}"}  # fmt: skip


class JobsPanel(QWidget):
    """Long work: how far it is, and a way to stop it."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        self.setWindowTitle(tr("Tasks"))
        self._jobs = window.jobs
        self.rows: dict[int, JobRow] = {}
        self.empty = QLabel(tr("Nothing runs. Long work shows here how far it is."))
        self.empty.setObjectName("quiet")
        self.empty.setWordWrap(True)
        self.stop_button = QPushButton(tr("Stop all"))
        self.clear_button = QPushButton(tr("Clear finished"))
        self.stop_button.clicked.connect(window.jobs.cancel_all)
        self.clear_button.clicked.connect(window.jobs.clear)
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(2)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 6, 8, 6)
        column.addWidget(self.empty)
        column.addLayout(self._list)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(8, 0, 8, 6)
        buttons.addStretch(1)
        buttons.addWidget(self.clear_button)
        buttons.addWidget(self.stop_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll, 1)
        layout.addLayout(buttons)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        window.jobs.changed.connect(self.refresh)
        window.jobs.progressed.connect(self._progressed)
        self.refresh()

    def refresh(self) -> None:
        """Show all that waits, runs or is over; the newest above."""
        jobs = self._jobs.jobs
        known = {job.number for job in jobs}
        for number in [number for number in self.rows if number not in known]:
            row = self.rows.pop(number)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for job in jobs:
            if job.number not in self.rows:
                row = self.rows[job.number] = JobRow(job)
                row.stop_button.clicked.connect(lambda _=False, job=job: self._jobs.cancel(job))
                self._list.insertWidget(0, row)
            self.rows[job.number].refresh()
        self.empty.setVisible(not jobs)
        self.stop_button.setEnabled(self._jobs.busy)
        self.clear_button.setEnabled(any(job.over for job in jobs))
        self._count()
        running = any(job.state == RUNNING for job in jobs)
        if running != self._clock.isActive():
            self._clock.start() if running else self._clock.stop()

    def sizeHint(self) -> QSize:
        """Room for about three rows."""
        line = self.fontMetrics().height()
        return QSize(30 * line, 9 * line)

    def _progressed(self, job: Job) -> None:
        if job.number in self.rows:
            self.rows[job.number].refresh()

    def _count(self) -> None:
        """Let the tab tell how much there is, behind which the panel may lie."""
        open_ones = sum(not job.over for job in self._jobs.jobs)
        title = f"{tr('Tasks')} ({open_ones})" if open_ones else tr("Tasks")
        if title != self.windowTitle():
            self.setWindowTitle(title)

    def _tick(self) -> None:
        for row in self.rows.values():
            if row.job.state == RUNNING:
                row.refresh()


class JobRow(QWidget):
    """One piece of work: title, stage and bar while it runs; sign, word, time and lines when it is over."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job
        self.title, self.state, self.lines = QLabel(job.title), QLabel(), QLabel()
        self.state.setObjectName("quiet")
        self.lines.setObjectName("quiet")
        self.lines.setWordWrap(True)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(max(6, self.fontMetrics().height() // 3))
        self.stop_button = QPushButton(tr("Stop"))
        self.stop_button.setAccessibleName(tr("Stop {title}").format(title=job.title))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self.state, 0, 1)
        grid.addWidget(self.stop_button, 0, 2, 2, 1)
        grid.addWidget(self.bar, 1, 0, 1, 2)
        grid.addWidget(self.lines, 2, 0, 1, 3)
        grid.setColumnStretch(0, 1)

    def refresh(self) -> None:
        """Show the job as it is now."""
        job = self.job
        self.stop_button.setVisible(not job.over)
        self.bar.setVisible(job.state == RUNNING)
        if job.state == RUNNING:
            # a stage that tells nothing shows that it goes on
            self.bar.setRange(0, 100 if job.fraction > 0 else 0)
            self.bar.setValue(round(100 * job.fraction))
        self.state.setText(self._state())
        shown, more = job.lines[:MOST_LINES], len(job.lines) - MOST_LINES
        if more > 0:
            shown = [*shown[:-1], tr("and {number} more, under Messages").format(number=more + 1)]
        self.lines.setText("\n".join(map(_plain, shown)))
        self.lines.setVisible(bool(job.lines))
        self.setToolTip("\n".join(map(_plain, job.lines)))

    def _state(self) -> str:
        job = self.job
        if not job.over:
            return progress_words(job)
        words = {DONE: tr("done"), FAILED: tr("failed"), CANCELLED: tr("stopped"), OUT_OF_DATE: tr("out of date")}
        at = time.strftime("%H:%M", time.localtime(job.ended or 0.0))
        took = tr("{seconds} s").format(seconds=f"{job.seconds:.1f}")
        return f"{SIGNS[job.state]} {words[job.state]}, {at} ({took})"


def _plain(line: str) -> str:
    """Return a line with the names of segments in words ("hepatic artery" for hepatic_artery)."""
    return _NAME.sub(lambda found: found.group().replace("_", " "), line)
