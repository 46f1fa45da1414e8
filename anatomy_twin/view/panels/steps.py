"""The numbered steps of the work: what is done, what comes next, what to look at, and the commands of each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from anatomy_twin.rehearsal.workflow import Reason, WorkStep, workflow
from anatomy_twin.view.style import current_theme
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

SOON_MS: Final = 60
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
    "simulate": StepWork(("simulate.run", "simulate.run_all", "simulate.play", "simulate.field", "simulate.stop"),
                         ("jobs", "numbers")),
    "compare": StepWork(("plan.duplicate", "simulate.measure", "plan.next", "plan.copy_comparison"),
                        ("plans", "compare")),
    "report": StepWork(("file.report", "file.export", "file.save", "file.add_to_library"), ("numbers",)),
}


def step_name(name: str) -> str:
    """Return what a step is called."""
    return {"load": tr("Load"), "check": tr("Check"), "organs": tr("Organs"), "plan": tr("Plan"),
            "simulate": tr("Simulate"), "compare": tr("Compare"), "report": tr("Report")}[name]  # fmt: skip


def state_words(state: str) -> str:
    """Return what a state is called, for readers of the screen."""
    return {"done": tr("done"), "current": tr("next"), "open": tr("open"), "attention": tr("to be looked at")}[state]


def reason_words(reason: Reason) -> str:
    """Return why a step is as it is, in the language of the window."""
    words = {
        "no case": tr("open a case or a scan"),
        "loaded": tr("{modality}, {slices} slices every {step} mm"),
        "scan warnings": tr("{count} warnings about the scan"),
        "one scan warning": tr("1 warning about the scan"),
        "scan is sound": tr("no warning about the scan"),
        "later": tr("comes later"),
        "no organs": tr("organs are not outlined yet"),
        "structures to check": tr("{count} structures to check"),
        "one structure to check": tr("1 structure to check"),
        "no surfaces": tr("outlined; surfaces are not made yet"),
        "organs are there": tr("{count} structures outlined"),
        "no target": tr("no target is outlined yet"),
        "no plan": tr("no plan yet"),
        "rules broken": tr("plan {plans}: {count} rules broken"),
        "one rule broken": tr("plan {plans}: 1 rule broken"),
        "rules not checked": tr("plan {plans}: rules are not checked"),
        "plans": tr("plan {plans}"),
        "not simulated": tr("plan {plans} is not simulated"),
        "simulated": tr("plan {plans} simulated"),
        "nothing to simulate": tr("nothing to simulate in these plans"),
        "one plan": tr("a second plan makes a comparison"),
        "comparable": tr("{count} plans to compare"),
        "not assessed": tr("plan {plans}: numbers are not read off yet"),
        "report ready": tr("ready to be written"),
        "report too early": tr("written when there is something to report"),
        "report written": tr("written"),
    }
    return words[reason.kind].format(**reason.facts)


def command_words(name: str, text: str) -> str:
    """Return what a command is called in this narrow panel: a short name, else its ``text``."""
    return {
        "file.open": tr("Open case"), "file.import_folder": tr("Import scan"), "file.library": tr("Library"),
        "measure.distance": tr("Distance"), "segment.sample": tr("Sample HU"), "simulate.organs": tr("Find organs"),
        "simulate.surfaces": tr("Make surfaces"), "segment.next_flagged": tr("Next flagged"),
        "segment.confirm": tr("Mark checked"), "segment.grow": tr("Grow by clicks"), "simulate.propose": tr("Propose"),
        "plan.new_ablation": tr("New ablation"), "plan.new_resection": tr("New resection"),
        "plan.edit": tr("Edit handles"), "plan.check": tr("Check rules"), "simulate.run": tr("Simulate"),
        "simulate.run_all": tr("Simulate all"), "simulate.play": tr("Play"), "simulate.field": tr("Next field"),
        "simulate.stop": tr("Stop"), "plan.duplicate": tr("Copy plan"), "simulate.measure": tr("Read numbers"),
        "plan.next": tr("Next plan"), "plan.copy_comparison": tr("Copy table"), "file.report": tr("Write report"),
        "file.export": tr("Export"), "file.save": tr("Save"), "file.add_to_library": tr("Add to library"),
    }.get(name, text)


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
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As high as a line and a half."""
        side = round(self.fontMetrics().lineSpacing() * 1.5)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint circle and sign."""
        theme = current_theme()
        colour = {"done": theme.verdicts["met"][1], "attention": theme.verdicts["borderline"][1],
                  "current": theme.accent, "open": theme.quiet}[self.state]  # fmt: skip
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(QPen(QColor(colour), 1.6))
        if self.state == "current":
            painter.setBrush(QColor(colour))
        painter.drawEllipse(box)
        painter.setPen(QColor(theme.on_accent if self.state == "current" else colour))
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, SIGNS.get(self.state, str(self._number)))


class StepRow(QFrame):
    """One step: badge, name, why; its commands below while it is open."""

    pressed = Signal(str)

    def __init__(self, window: RehearsalWindow, step: WorkStep) -> None:
        super().__init__()
        self._window, self.name = window, step.name
        self.chosen = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.badge, self.why = StepBadge(step.number), QLabel()
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

    def refresh(self) -> None:
        """Let the buttons show what can be done now."""
        for name, button in self.buttons.items():
            action = self._window.actions_by_name.get(name)
            if action is not None:
                button.setEnabled(action.isEnabled())
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
    """All seven. One is open at a time: the one that comes next, until another one is chosen."""

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
        for signal in (self._desk.case_changed, self._desk.plan_changed, self._desk.tool_changed, window.jobs.changed):
            signal.connect(self._refresh_soon)
        self.refresh()

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
        self.steps = workflow(self._desk.case, reported=Opening.of(self._window).reported)
        for step in self.steps:
            self.rows[step.name].show_step(step)
        current = next((step.name for step in self.steps if step.state == "current"), "report")
        if not self._by_hand or not self.chosen:
            self._open(current)

    def _open(self, name: str) -> None:
        self.chosen = name
        for other, row in self.rows.items():
            row.open_drawer(other == name)

    def _refresh_soon(self, *_: object) -> None:
        if not self._soon.isActive():
            self._soon.start()
