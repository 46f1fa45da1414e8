"""Questions and refusals in words. None waits in an event loop of its own: the answer comes to a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.errors import TwinError
from anatomy_twin.view.words import tr


@dataclass(frozen=True)
class Choice:
    """One answer: ``key`` is what the function gets, ``words`` stand on the button."""

    key: str
    words: str
    default: bool = False
    way_out: bool = False  # what Esc and the closing cross mean


def ask(
    window: QWidget, title: str, text: str, more: str, choices: Sequence[Choice], then: Callable[[str], object],
    *, warning: bool = False,
) -> QMessageBox:
    """Ask a question over the window and give the answer to ``then``; exactly one choice should be the way out."""
    box = QMessageBox(window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setIcon(QMessageBox.Icon.Warning if warning else QMessageBox.Icon.Question)
    box.setText(text)
    box.setInformativeText(more)
    buttons = {}
    for choice in choices:
        role = QMessageBox.ButtonRole.RejectRole if choice.way_out else QMessageBox.ButtonRole.ActionRole
        button = box.addButton(choice.words, role)
        button.setObjectName(choice.key)
        buttons[button] = choice.key
        if choice.default:
            box.setDefaultButton(button)
        if choice.way_out:
            box.setEscapeButton(button)
    out = next((choice.key for choice in choices if choice.way_out), "")
    box.finished.connect(lambda _: then(buttons.get(box.clickedButton(), out)))
    box.open()
    return box


def refuse(window: QWidget, title: str, error: TwinError) -> QMessageBox:
    """Show in words what could not be done and what to do about it."""
    box = QMessageBox(window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(title)
    box.setText(f"{error.what[:1].upper()}{error.what[1:]}" + (f" ({error.where})" if error.where else "") + ".")
    if error.advice:
        box.setInformativeText(f"{error.advice[:1].upper()}{error.advice[1:]}.")
    box.addButton(tr("Close"), QMessageBox.ButtonRole.RejectRole)
    box.open()
    return box


class StepsDialog(QDialog):
    """A list of steps with a sentence above and choices below: what a crash left, or what could not be done again."""

    def __init__(
        self, window: QWidget, title: str, text: str, steps: Sequence[str], choices: Sequence[Choice],
        then: Callable[[str], object],
    ) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._answer = next((choice.key for choice in choices if choice.way_out), "")
        column = QVBoxLayout(self)
        words = QLabel(text)
        words.setWordWrap(True)
        self.list = QListWidget()
        for number, step in enumerate(steps, start=1):
            self.list.addItem(f"{number}.  {step}")
        self.list.setAlternatingRowColors(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        row = QHBoxLayout()
        row.addStretch(1)
        default = None
        for choice in choices:
            button = QPushButton(choice.words)
            button.setObjectName(choice.key)
            button.setDefault(choice.default)
            button.setAutoDefault(choice.default)
            button.clicked.connect(lambda _=False, key=choice.key: self._choose(key))
            row.addWidget(button)
            if choice.default:
                default = button
        column.addWidget(words)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        if default is not None:  # only now it belongs to this window
            default.setFocus()
        letter = self.fontMetrics().averageCharWidth()
        self.resize(80 * letter, 46 * letter)
        self.finished.connect(lambda _: then(self._answer))

    def _choose(self, key: str) -> None:
        self._answer = key
        self.accept()
