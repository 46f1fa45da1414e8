"""The row above the 3-D view: from where to look, what to show, and what is under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from anatomy_twin.view.icons import icon
from anatomy_twin.view.status_line import ShortLabel
from anatomy_twin.view.style import theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.scene_pane import ScenePane

SIDES: Final = ("anterior", "posterior", "right", "left", "head", "foot")


def side_words() -> dict[str, tuple[str, str]]:
    """Return letter and words of every side from which the patient can be seen, in the person's language."""
    return {
        "anterior": (tr("A"), tr("Look from the front (anterior)")),
        "posterior": (tr("P"), tr("Look from behind (posterior)")),
        "right": (tr("R"), tr("Look from the patient's right")),
        "left": (tr("L"), tr("Look from the patient's left")),
        "head": (tr("H"), tr("Look from the head")),
        "foot": (tr("F"), tr("Look from the feet")),
    }


class SceneBar(QWidget):
    """Buttons of the view and a line that tells what the mouse points at."""

    def __init__(self, pane: ScenePane) -> None:
        super().__init__(pane)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 2, 6, 2)
        row.setSpacing(2)
        self.buttons: dict[str, QToolButton] = {}
        self._words_of: dict[QToolButton, tuple[str, str]] = {}  # icon, and a word where there is room for it
        for side, (letter, words) in side_words().items():
            self._button(row, side, letter, words).clicked.connect(lambda _=False, name=side: pane.look(name))
        row.addSpacing(6)
        fit = self._button(row, "fit", "scan", tr("Fill the view with the target"), tr("Target"))
        fit.clicked.connect(lambda: pane.fit_target())
        self.slices = self._button(row, "slices", "slices", tr("Stand the slices in the view"), tr("Slices"))
        self.slices.setCheckable(True)
        self.slices.clicked.connect(pane.set_standing)
        self.perspective = self._button(row, "perspective", "volume", tr("With perspective"),
                                        tr("Perspective"))  # fmt: skip
        self.perspective.setCheckable(True)
        self.perspective.clicked.connect(pane.set_perspective)
        self.words = ShortLabel()
        self.words.setObjectName("quiet")
        row.addSpacing(8)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.words, 1)
        self._dress()
        theme_changed.connect(self._dress)
        pane.view_changed.connect(lambda: self._follow(pane))

    def _button(self, row: QHBoxLayout, name: str, text: str, words: str, word: str = "") -> QToolButton:
        button = QToolButton()
        if word:
            self._words_of[button] = text, word
            text = word
        button.setObjectName("small")
        button.setText(text)
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.setAutoRaise(True)
        button.setMinimumWidth(round(1.6 * self.fontMetrics().height()))
        row.addWidget(button)
        self.buttons[name] = button
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Write words on the buttons where there is room for them and for what is under the mouse."""
        super().resizeEvent(event)
        wide, line = self.fontMetrics().horizontalAdvance, self.fontMetrics().height()
        needed = sum(wide(word) + 2 * line for _, word in self._words_of.values()) + (len(SIDES) + 6) * 2 * line
        style = Qt.ToolButtonStyle
        for button in self._words_of:
            button.setToolButtonStyle(style.ToolButtonTextOnly if self.width() >= needed else style.ToolButtonIconOnly)

    def _dress(self) -> None:
        side = round(1.2 * self.fontMetrics().height())
        for button, (name, _) in self._words_of.items():
            button.setIcon(icon(name))
            button.setIconSize(QSize(side, side))

    def _follow(self, pane: ScenePane) -> None:
        self.slices.setChecked(pane.standing)
        self.perspective.setChecked(not pane.stage.camera.parallel)

    def tell(self, line: str) -> None:
        """Show what is under the mouse."""
        if line != self.words.text():
            self.words.setText(line)
