"""How far the long work of a step is, shown where it was started, and a way to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from anatomy_twin.view.jobs import RUNNING, Job, progress_words
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from collections.abc import Iterable

STEPS: Final = 1000  # of the bar


def work_of(jobs: Iterable[Job], step: str) -> tuple[Job | None, int]:
    """Return the work of a step that runs, else the one that waits longest, and how many more there are."""
    found = [job for job in jobs if job.step == step and not job.over]
    running = [job for job in found if job.state == RUNNING]
    return next(iter(running or found), None), max(len(found) - 1, 0)


class StepProgress(QWidget):
    """What is done, what of it now and for how long; a bar; a button that stops it. Hidden where nothing is done."""

    stopped = Signal(object)  # the Job

    def __init__(self) -> None:
        super().__init__()
        self.job: Job | None = None
        self._more = 0
        self.words, self.bar, self.button = QLabel(), QProgressBar(), QPushButton(tr("Stop"))
        self.words.setWordWrap(True)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(max(6, self.fontMetrics().height() // 3))
        self.bar.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(lambda: self.stopped.emit(self.job))
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.bar, 1)
        line.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(2)
        column.addWidget(self.words)
        column.addLayout(line)
        self.hide()

    @property
    def fraction(self) -> float | None:
        """How far it is, 0 to 1; None where nothing is done."""
        return None if self.job is None else self.job.fraction

    def show_work(self, job: Job | None, more: int = 0) -> None:
        """Show a piece of work, or none; ``more`` is how many wait behind it."""
        self.job, self._more = job, more
        self.setVisible(job is not None)
        if job is not None:
            self.button.setAccessibleName(tr("Stop {title}").format(title=job.title))
            self.refresh()

    def refresh(self) -> None:
        """Show it as it is now."""
        job = self.job
        if job is None:
            return
        line = f"{job.title}: {progress_words(job)}"
        if self._more:
            line += "  " + tr("(and {count} more)").format(count=self._more)
        if self.words.text() != line:
            self.words.setText(line)
        self.bar.setVisible(job.state == RUNNING)
        self.bar.setRange(0, STEPS if job.fraction > 0.0 else 0)  # what tells nothing shows that it goes on
        self.bar.setValue(round(STEPS * job.fraction))
        self.button.setEnabled(not job.stopping)
