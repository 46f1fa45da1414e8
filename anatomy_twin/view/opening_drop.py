"""A folder or file that is dropped anywhere on the window is opened; a frame shows that it would be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.opening import Opening


class DropCatcher(QObject):
    """Takes drops for the whole window, whatever is under the pointer."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening)
        self._opening = opening
        window = opening.window
        self.frame = QFrame(window)
        self.frame.setObjectName("card")
        self.frame.setAutoFillBackground(True)
        self._words = QLabel()
        self._words.setObjectName("heading")
        column = QVBoxLayout(self.frame)
        column.setContentsMargins(40, 26, 40, 26)
        column.addWidget(self._words)
        self.frame.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what is dragged over the window."""
        kind = event.type()
        if kind in (QEvent.Type.DragEnter, QEvent.Type.DragMove):
            places = places_of(event)
            if not places:
                return False
            event.acceptProposedAction()
            if kind == QEvent.Type.DragEnter:
                self._show(places)
            return True
        if kind == QEvent.Type.DragLeave:
            self.frame.hide()
            return True
        if kind == QEvent.Type.Drop:
            self.frame.hide()
            places = places_of(event)
            if not places:
                return False
            event.acceptProposedAction()
            # after the drop has ended: the program that it came from waits for it
            QTimer.singleShot(0, self, lambda: self._take(places[0]))
            if len(places) > 1:
                self._opening.window.tell(tr("only the first of what was dropped is opened"), "warning")
            return True
        return False

    def _take(self, place: Path) -> None:
        from anatomy_twin.view.opening_confirm import offer_dropped

        if not offer_dropped(self._opening.window, place):
            self._opening.open_path(place)

    def _show(self, places: list[Path]) -> None:
        self._words.setText(tr("Drop to open {name}").format(name=places[0].name))
        self.frame.adjustSize()
        window = self._opening.window
        self.frame.move((window.width() - self.frame.width()) // 2, (window.height() - self.frame.height()) // 2)
        self.frame.show()
        self.frame.raise_()


def places_of(event: QEvent) -> list[Path]:
    """Return the local files and folders that are dragged."""
    assert isinstance(event, QDropEvent)
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
