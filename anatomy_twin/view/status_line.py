"""The line below: what was told last, what is at the crossing point, and what the program is for, never cut."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QWidget

from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.words import tr

STAYS_MS: Final = 8000
SIGNS: Final = {"info": "", "warning": "\N{BLACK UP-POINTING SMALL TRIANGLE} ", "error": "\N{BALLOT X} "}


class ShortLabel(QLabel):
    """A label that takes the room there is: what does not fit ends in dots, and is whole in the tool tip."""

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
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)


class StatusLine(QStatusBar):
    """``place`` is what stands at the crossing point, ``told`` what was told last, ``notice`` the intended use."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.told_label, self.place_label, self.notice_label = ShortLabel(), ShortLabel(), QLabel(tr(INTENDED_USE))
        self.notice_label.setObjectName("notice")
        self.notice_label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.place_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.told_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(8, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.place_label, 3)
        layout.addWidget(self.told_label, 2)
        layout.addWidget(self.notice_label)
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
        self._colour()
        if level == "error":
            self._timer.stop()
        else:
            self._timer.start(STAYS_MS)

    def speak(self) -> None:
        """Take the words of the language of now."""
        self.notice_label.setText(tr(INTENDED_USE))

    def clear(self) -> None:
        """Show no line."""
        self._timer.stop()
        self.told_label.setText("")
        self.told_label.hide()  # the place gets its room

    def _colour(self) -> None:
        theme = current_theme()
        colours = {"warning": theme.warning, "error": theme.error}
        palette = self.told_label.palette()
        palette.setColor(self.told_label.foregroundRole(), colours.get(self._level, theme.text))
        self.told_label.setPalette(palette)
