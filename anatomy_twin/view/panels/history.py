"""All steps by name: a click goes back or forth to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QBrush, QColor, QFont, QShowEvent
from PySide6.QtWidgets import QLabel, QListView, QVBoxLayout, QWidget

from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class Steps(QAbstractListModel):
    """The rows: the state at the beginning, the steps done, those undone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self.done = 0
        self._undone_font = QFont()
        self._undone_font.setItalic(True)

    def show(self, names: tuple[str, ...], done: int) -> None:
        """Take over other steps."""
        if (names, done) == (self.names, self.done):
            return
        if names == self.names:
            self.done = done
            self.dataChanged.emit(self.index(0), self.index(len(names) - 1))
            return
        self.beginResetModel()
        self.names, self.done = names, done
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the words, the look or the tip of a row."""
        row = index.row()
        if not 0 <= row < len(self.names):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.names[row] if row else f"\N{BULLET} {self.names[row]}"
        if role == Qt.ItemDataRole.ToolTipRole:
            if row == self.done:
                return tr("The case is here now")
            return tr("Undone: click to do it again") if row > self.done else tr("Click to undo what came after")
        if row > self.done and role == Qt.ItemDataRole.FontRole:
            return self._undone_font
        if row > self.done and role == Qt.ItemDataRole.ForegroundRole:
            return QBrush(QColor(current_theme().quiet))
        return None


class HistoryPanel(QWidget):
    """The oldest state on top, done steps below it, undone ones in grey; the one marked is the case as it is."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._desk = window.desk
        self.setWindowTitle(tr("History"))
        self.steps = Steps(self)
        self.list = QListView()
        self.list.setModel(self.steps)
        self.list.setUniformItemSizes(True)
        self.dropped = QLabel(objectName="quiet")
        self.dropped.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.dropped)
        self.setFocusProxy(self.list)
        self.list.clicked.connect(self._go)
        self.list.activated.connect(self._go)
        self._desk.case_changed.connect(self.refresh)
        theme_changed.connect(self.refresh)
        self._stale = True

    def showEvent(self, event: QShowEvent) -> None:
        """Show what was done while nobody saw it."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the steps as they are now; where they are not seen, once they are: a long list takes its time."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        history = self._desk.session.history
        first = tr("Earlier steps, no longer kept") if history.dropped else tr("Case as it was opened")
        self.steps.show((first, *history.names, *history.redo_names), len(history.done))
        here = self.steps.index(len(history.done))
        self.list.setCurrentIndex(here)
        self.list.scrollTo(here)
        self.dropped.setText(history.told)
        self.dropped.setVisible(bool(history.told))

    def _go(self, index: QModelIndex) -> None:
        count = index.row()
        # not before the list has ended telling of the click: its rows change
        QTimer.singleShot(0, self, lambda: self.go_to(count))

    def go_to(self, count: int) -> None:
        """Go back or forth until so many steps are done."""
        desk = self._desk
        if count != len(desk.session.history.done):
            desk.tool.cancel()
            desk.drop()
            desk.attempt(lambda: desk.session.go_to(count))
