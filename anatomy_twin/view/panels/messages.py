"""What the person should read: warnings of the case, and apart from them what was told while working."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

SIGNS: Final = {"info": "\N{INFORMATION SOURCE}", "warning": "\N{WARNING SIGN}", "error": "\N{BALLOT X}"}
MOST: Final = 500  # told lines that are kept
LEVEL = Qt.ItemDataRole.UserRole


class MessagesPanel(QWidget):
    """Two lists: lines of the case, and lines that were told, the newest first."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._window, self._desk = window, window.desk
        self._unread = 0
        self.setWindowTitle(tr("Messages"))
        self.case_lines, self.told_lines = _Lines(), _Lines()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setMinimumWidth(1)  # tabs scroll where there is little room
        self.tabs.addTab(self.case_lines, "")
        self.tabs.addTab(self.told_lines, "")
        self.tabs.setTabToolTip(0, tr("Warnings and notes of the case"))
        self.tabs.setTabToolTip(1, tr("What was told while working"))
        self.tabs.currentChanged.connect(self._read)
        corner = QWidget()
        buttons = QHBoxLayout(corner)
        buttons.setContentsMargins(0, 0, 4, 0)
        buttons.setSpacing(2)
        for words, tip, action in (
            (tr("Copy"), tr("Copy the chosen lines, or all"), self.copy),
            (tr("Clear"), tr("Forget what was told while working; lines of the case stay"), self.clear),
        ):
            button = QToolButton()
            button.setText(words)
            button.setToolTip(tip)
            button.setAutoRaise(True)
            button.clicked.connect(action)
            buttons.addWidget(button)
        self.tabs.setCornerWidget(corner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.tabs, 1)
        self._desk.told.connect(self.add)
        self._desk.scene_changed.connect(self.refresh)
        theme_changed.connect(self._recolour)
        self.refresh()

    def sizeHint(self) -> QSize:
        """Return the size the panel would like."""
        return QSize(self.fontMetrics().averageCharWidth() * 46, self.fontMetrics().height() * 9)

    def refresh(self) -> None:
        """Show the lines of the case as it is now."""
        lines = self._desk.scene.messages
        if self.case_lines.plain() != list(lines):
            self.case_lines.clear()
            for line in lines:
                self.case_lines.append(level_of(line), spoken(line), line)
        self._titles()

    def add(self, level: str, line: str) -> None:
        """Show a line that was told, above the others, with the time."""
        self.told_lines.insertItem(0, self.told_lines.row_of(level, line, datetime.now().strftime("%H:%M:%S")))
        while self.told_lines.count() > MOST:
            self.told_lines.takeItem(self.told_lines.count() - 1)
        if self.tabs.currentWidget() is not self.told_lines or not self.isVisible():
            self._unread += 1
        if level == "error":
            self.tabs.setCurrentWidget(self.told_lines)
            self._window.show_panel("messages")
        self.told_lines.scrollToTop()
        self._titles()

    def copy(self) -> None:
        """Put the lines of the list that is shown into the clipboard, those chosen or all."""
        self._current().copy()

    def clear(self) -> None:
        """Forget the lines that were told; those of the case stay."""
        self.told_lines.clear()
        self._unread = 0
        self._titles()

    def _current(self) -> _Lines:
        return self.told_lines if self.tabs.currentWidget() is self.told_lines else self.case_lines

    def _read(self) -> None:
        if self.tabs.currentWidget() is self.told_lines:
            self._unread = 0
        self._titles()

    def _titles(self) -> None:
        """Let tabs and dock tell how many lines wait to be read."""
        warnings = sum(self.case_lines.item(n).data(LEVEL) != "info" for n in range(self.case_lines.count()))
        told = self.told_lines.count()
        self.tabs.setTabText(0, tr("Case ({count})").format(count=self.case_lines.count()))
        self.tabs.setTabText(1, tr("Told ({count})").format(count=told))
        title = tr("Messages")
        if warnings:
            title += f"  {SIGNS['warning']} {warnings}"
        if self._unread:
            title += "  " + tr("{count} new").format(count=self._unread)
        if title != self.windowTitle():
            self.setWindowTitle(title)
            dock = self._window.docks.get("messages")
            if dock is not None:
                dock.setWindowTitle(title)

    def _recolour(self) -> None:
        for lines in (self.case_lines, self.told_lines):
            lines.recolour()


class _Lines(QListWidget):
    """Lines that wrap, each with sign and word of how grave it is."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setAlternatingRowColors(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)

    def row_of(self, level: str, line: str, when: str = "", plain: str = "") -> QListWidgetItem:
        """Return a row: sign and word of the level, the time, the line; ``plain`` is the line as it was told."""
        word = {"warning": tr("Warning"), "error": tr("Problem")}.get(level, "")
        head = "  ".join(part for part in (when, word) if part)
        item = QListWidgetItem(f"{head}{': ' if word else '  ' if head else ''}{line}")
        item.setData(LEVEL, level)
        item.setData(LEVEL + 1, plain or line)
        item.setToolTip(line)
        item.setIcon(_icon(level))
        return item

    def append(self, level: str, line: str, plain: str = "") -> None:
        """Add a line below; ``plain`` is how it was told, where that was in another language."""
        self.addItem(self.row_of(level, line, plain=plain))

    def plain(self) -> list[str]:
        """Return the lines without sign and time."""
        return [str(self.item(n).data(LEVEL + 1)) for n in range(self.count())]

    def recolour(self) -> None:
        """Take the colours of the theme of now."""
        for n in range(self.count()):
            self.item(n).setIcon(_icon(str(self.item(n).data(LEVEL))))

    def copy(self) -> None:
        """Put the chosen lines, or all, into the clipboard."""
        chosen = [self.item(n) for n in range(self.count()) if self.item(n).isSelected()]
        items = chosen or [self.item(n) for n in range(self.count())]
        QApplication.clipboard().setText("\n".join(item.text() for item in items))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the usual key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)


def level_of(line: str) -> str:
    """Return how grave a line of the case is: what is broken, assumed or to be checked warns."""
    text = line.lower()
    if text.startswith("broken:"):
        return "error"
    words = ("not checked", "check:", "assumed", "estimated", "missing", "cut ", "not found", "unknown", "warning",
             "no public source", "not seen", "second piece", "generated patient", "differ", "beyond")  # fmt: skip
    return "warning" if any(word in text for word in words) else "info"


def _icon(level: str) -> QIcon:
    """Return the sign of a level in its colour."""
    theme, side = current_theme(), 48
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    font = painter.font()
    font.setPixelSize(side * 3 // 4)
    painter.setFont(font)
    painter.setPen(QColor({"warning": theme.warning, "error": theme.error}.get(level, theme.quiet)))
    painter.drawText(picture.rect(), Qt.AlignmentFlag.AlignCenter, SIGNS.get(level, SIGNS["info"]))
    painter.end()
    return QIcon(picture)
