"""Words in the middle of a list that is empty: what would stand there, and how it comes to be."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractItemView, QLabel

MARGIN_PX = 10


class Nothing(QLabel):
    """Lies over ``view`` while that has no rows; it takes no clicks."""

    def __init__(self, view: QAbstractItemView, words: str) -> None:
        super().__init__(words, view.viewport())
        self._view = view
        self.setObjectName("quiet")
        self.setWordWrap(True)
        self.setMargin(MARGIN_PX)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        view.viewport().installEventFilter(self)
        model = view.model()
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            signal.connect(self.look)
        self.look()

    def look(self, *_: object) -> None:
        """Show the words where there are no rows."""
        self.setGeometry(self._view.viewport().rect())
        self.setVisible(not self._view.model().rowCount())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the size of the list."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self.look()
        return False
