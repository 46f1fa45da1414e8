"""All steps by name: a click goes back or forth to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QBrush, QColor, QShowEvent
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

COUNT = Qt.ItemDataRole.UserRole


class HistoryPanel(QWidget):
    """The oldest state on top, done steps below it, undone ones in grey; the one marked is the case as it is."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._desk = window.desk
        self.setWindowTitle(tr("History"))
        self.list = QListWidget()
        self.list.setUniformItemSizes(True)
        self.dropped = QLabel(objectName="quiet")
        self.dropped.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.dropped)
        self.setFocusProxy(self.list)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
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
        done = len(history.done)
        first = tr("Earlier steps, no longer kept") if history.dropped else tr("Case as it was opened")
        quiet = QBrush(QColor(current_theme().quiet))
        self.list.clear()
        for count, name in enumerate((first, *history.names, *history.redo_names)):
            item = QListWidgetItem(name if count else f"\N{BULLET} {name}")
            item.setData(COUNT, count)
            if count > done:
                item.setForeground(quiet)
                item.setToolTip(tr("Undone: click to do it again"))
                font = item.font()
                font.setItalic(True)
                item.setFont(font)
            elif count == done:
                item.setToolTip(tr("The case is here now"))
            else:
                item.setToolTip(tr("Click to undo what came after"))
            self.list.addItem(item)
        self.list.setCurrentRow(done)
        self.list.scrollToItem(self.list.item(done))
        self.dropped.setText(history.told)
        self.dropped.setVisible(bool(history.told))

    def _go(self, item: QListWidgetItem) -> None:
        count = int(item.data(COUNT))
        # not before the list has ended telling of the click: its items are made anew
        QTimer.singleShot(0, self, lambda: self.go_to(count))

    def go_to(self, count: int) -> None:
        """Go back or forth until so many steps are done."""
        desk = self._desk
        if count != len(desk.session.history.done):
            desk.tool.cancel()
            desk.drop()
            desk.attempt(lambda: desk.session.go_to(count))
