"""The numbered steps of the work: what is done, what comes next, what to look at, and the commands of each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from anatomy_twin.pipeline.procedures import unmeasured
from anatomy_twin.rehearsal.workflow import WorkStep, workflow
from anatomy_twin.view.jobs import Job
from anatomy_twin.view.panels.step_progress import StepProgress, work_of
from anatomy_twin.view.panels.step_words import command_words, reason_words, state_words, step_name
from anatomy_twin.view.plan_checks import KIT, PlanChecks
from anatomy_twin.view.style import current_theme
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

SOON_MS: Final = 60
TICK_MS: Final = 1000  # while long work runs
LEAST_ARC: Final = 0.08  # of the circle round the number of a step whose work has just begun
NARROWEST: Final = 24  # letters
SIGNS: Final = {"done": "\N{CHECK MARK}", "attention": "!"}


@dataclass(frozen=True)
class StepWork:
    """What belongs to a step: names of commands, and of panels that are brought to the front (the last one on top)."""

    commands: tuple[str, ...]
    panels: tuple[str, ...]


# names of commands that do not exist are left out
WORK: Final = {
    "load": StepWork(("file.open", "file.import_folder", "file.library"), ()),
    "check": StepWork(("measure.distance", "segment.sample"), ("messages",)),
    "organs": StepWork(("simulate.organs", "simulate.surfaces", "segment.next_flagged", "segment.confirm",
                        "segment.grow"), ("tree", "segment")),
    "plan": StepWork(("simulate.propose", "plan.new_ablation", "plan.new_resection", "plan.edit", "plan.check"),
                     ("numbers", "plans")),
    "simulate": StepWork(("simulate.run", "simulate.run_all", "simulate.play", "simulate.field"), ("numbers",)),
    "compare": StepWork(("plan.compare", "plan.duplicate", "plan.next", "plan.copy_comparison"),
                        ("plans", "compare")),
    "report": StepWork(("file.report", "file.export", "file.save", "file.add_to_library"), ("numbers",)),
    "confirm": StepWork(("confirm.scan", "confirm.worst", "confirm.look", "confirm.next"), ("confirmation",)),
}


class ShortButton(QPushButton):
    """A button whose words end in dots where they do not fit."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self._words = words
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # the panel stays narrow

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as fits."""
        super().resizeEvent(event)
        room = self.width() - 3 * self.fontMetrics().horizontalAdvance("0")
        shown = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        if shown != self.text():
            self.setText(shown)


class StepBadge(QWidget):
    """The number of a step in a circle; a sign in its place where it is done or to be looked at."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number, self.state = number, "open"
        self.fraction: float | None = None  # of the long work that runs
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As high as a line and a half."""
        side = round(self.fontMetrics().lineSpacing() * 1.5)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint circle and sign."""
        theme, busy = current_theme(), self.fraction is not None
        colour = {"done": theme.verdicts["met"][1], "attention": theme.verdicts["borderline"][1],
                  "current": theme.accent, "open": theme.quiet}["open" if busy else self.state]  # fmt: skip
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(QPen(QColor(colour), 1.6))
        if self.state == "current" and not busy:
            painter.setBrush(QColor(colour))
        painter.drawEllipse(box)
        if self.fraction is not None:
            painter.setPen(QPen(QColor(theme.accent), 3.0))
            painter.drawArc(box, 90 * 16, round(-360 * 16 * max(self.fraction, LEAST_ARC)))
            colour = theme.text
        painter.setPen(QColor(theme.on_accent if self.state == "current" and not busy else colour))
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        sign = str(self._number) if busy else SIGNS.get(self.state, str(self._number))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, sign)


class StepRow(QFrame):
    """One step: badge, name, why; its commands below while it is open."""

    pressed = Signal(str)

    def __init__(self, window: RehearsalWindow, step: WorkStep) -> None:
        super().__init__()
        self._window, self.name = window, step.name
        self.chosen = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.badge, self.why, self.progress = StepBadge(step.number), QLabel(), StepProgress()
        self.progress.stopped.connect(window.jobs.cancel)
        title = QLabel(f"{step.number}  {step_name(step.name)}")
        bold = title.font()
        bold.setBold(True)
        title.setFont(bold)
        self.why.setObjectName("quiet")
        self.why.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(title)
        words.addWidget(self.why)
        words.addWidget(self.progress)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(9, 7, 7, 7)
        column.setSpacing(4)
        column.addLayout(head)
        self.drawer = QWidget()
        self.buttons: dict[str, QPushButton] = {}
        self._make_buttons()
        column.addWidget(self.drawer)
        self.drawer.hide()

    def show_step(self, step: WorkStep) -> None:
        """Show how far it is."""
        why = reason_words(step.reason)
        if self.badge.state != step.state:
            self.badge.state = step.state
            self.badge.update()
        self.why.setText(why)
        self.setAccessibleName(f"{step.number} {step_name(step.name)}, {state_words(step.state)}: {why}")
        self.setToolTip(f"{step_name(step.name)}: {state_words(step.state)}")
        self.refresh()

    def show_work(self, job: Job | None, more: int = 0) -> None:
        """Show how far long work of this step is in place of why the step is as it is; None: there is none."""
        self.progress.show_work(job, more)
        self.why.setVisible(job is None)
        if self.badge.fraction != self.progress.fraction:
            self.badge.fraction = self.progress.fraction
            self.badge.update()

    def refresh(self) -> None:
        """Let the buttons show what can be done now."""
        for name, button in self.buttons.items():
            command, action = self._window.commands.get(name), self._window.actions_by_name.get(name)
            if command is not None and action is not None:
                button.setEnabled(command.enabled(self._window))  # the menus follow a moment later
                button.setToolTip(action.toolTip())

    def open_drawer(self, on: bool) -> None:
        """Show the commands of the step, or not."""
        self.drawer.setVisible(on)
        self.chosen = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a card under the step that is open, a quiet one under the pointer, a rim where the keyboard is."""
        theme = current_theme()
        focus, under = self.hasFocus(), self.underMouse()
        if not (self.chosen or focus or under):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = theme.field if self.chosen else theme.button if under else theme.panel
        painter.setBrush(QColor(ground))
        painter.setPen(QColor(theme.accent if focus else theme.line if self.chosen else ground))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be pressed."""
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Show it as it was."""
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click chooses the step."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit(self.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and space choose it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit(self.name)
        else:
            super().keyPressEvent(event)

    def _make_buttons(self) -> None:
        column = QVBoxLayout(self.drawer)
        column.setContentsMargins(self.badge.sizeHint().width() + 8, 0, 0, 2)
        column.setSpacing(3)
        for name in WORK[self.name].commands:
            command = self._window.commands.get(name)
            if command is None:
                continue
            button = ShortButton(command_words(name, command.text))
            button.setAccessibleName(command.text)
            button.setCursor(Qt.CursorShape.ArrowCursor)
            button.clicked.connect(lambda _=False, name=name: self._window.run(name))
            self.buttons[name] = button
            column.addWidget(button)


class StepsPanel(QScrollArea):
    """All of them. One is open at a time: the one that comes next, until another one is chosen."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        self.setWindowTitle(tr("Steps"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._window, self._desk = window, window.desk
        assert self._desk is not None
        self.steps: tuple[WorkStep, ...] = workflow(self._desk.case)
        self.rows = {step.name: StepRow(window, step) for step in self.steps}
        self.chosen = ""
        self._by_hand = False
        self._checks: PlanChecks | None = None
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(5, 5, 5, 5)
        column.setSpacing(3)
        for row in self.rows.values():
            row.pressed.connect(self.choose)
            column.addWidget(row)
        column.addStretch(1)
        self.setWidget(inside)
        self.setMinimumWidth(NARROWEST * self.fontMetrics().horizontalAdvance("0"))
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.refresh)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._show_work)
        for signal in (self._desk.case_changed, self._desk.plan_changed, self._desk.tool_changed, window.jobs.changed):
            signal.connect(self._refresh_soon)
        window.jobs.changed.connect(self._show_work)  # at once: a press is seen to have done something
        window.jobs.progressed.connect(self._show_work)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Be as wide as the longest word."""
        super().showEvent(event)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the step that is open in sight."""
        super().resizeEvent(event)
        if self.chosen:
            self._bring_up(self.rows[self.chosen])

    def changeEvent(self, event: QEvent) -> None:
        """Be as wide as the longest word, in another size of type too."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.isVisible():
            QTimer.singleShot(0, self, self._fit)

    def _fit(self) -> None:
        bar, rows = self.verticalScrollBar().sizeHint().width(), self.rows.values()
        self.setMinimumWidth(max(row.minimumSizeHint().width() for row in rows) + bar + 10)

    def sizeHint(self) -> QSize:
        """Narrow: the views need the room."""
        return QSize(round(1.1 * NARROWEST * self.fontMetrics().horizontalAdvance("0")), super().sizeHint().height())

    def choose(self, name: str) -> None:
        """Open a step: its commands here, its panels in front."""
        self._by_hand = True
        self._open(name)
        for panel in WORK[name].panels:
            self._window.show_panel(panel)

    def refresh(self) -> None:
        """Read the steps off the case again."""
        from anatomy_twin.view.opening import Opening

        assert self._desk is not None
        if self._checks is None and KIT in self._desk.kits:  # the panel of plans makes it, after this one
            self._checks = self._desk.kits[KIT]
            self._checks.changed.connect(self._refresh_soon)
        known = {} if self._checks is None else self._checks.known
        self.steps = workflow(self._desk.case, reported=Opening.of(self._window).reported, checks=known,
                              read=self._read())  # fmt: skip
        for step in self.steps:
            self.rows[step.name].show_step(step)
        self._show_work()
        current = next((step.name for step in self.steps if step.state == "current"), "report")
        if not self._by_hand or not self.chosen:
            self._open(current)

    def _read(self) -> frozenset[str]:
        """Return the plans whose numbers are known beside the case, or of which there are none to know."""
        assert self._desk is not None
        followed = {} if self._checks is None else self._checks.followed
        none = {name for name, plan in self._desk.case.plans.items() if unmeasured(plan)}
        return frozenset(none | {name for name, numbers in followed.items() if numbers.exact})

    def _show_work(self, *_: object) -> None:
        jobs = self._window.jobs.jobs
        for name, row in self.rows.items():
            job, more = work_of(jobs, name)
            if job is not None and row.progress.job is None:
                self._bring_up(row)
            row.show_work(job, more)
        if self._window.jobs.busy != self._tick.isActive():
            self._tick.start() if self._window.jobs.busy else self._tick.stop()

    def _bring_up(self, row: StepRow) -> None:
        """Scroll to a step, once it has its size."""
        QTimer.singleShot(SOON_MS, row, lambda: self.ensureWidgetVisible(row, 0, 0))

    def _open(self, name: str) -> None:
        if name != self.chosen:
            self._bring_up(self.rows[name])
        self.chosen = name
        for other, row in self.rows.items():
            row.open_drawer(other == name)

    def _refresh_soon(self, *_: object) -> None:
        if not self._soon.isActive():
            self._soon.start()
