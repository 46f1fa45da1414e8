"""Steps that can be undone and redone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


class HistoryPanel(QWidget):
    """Steps that can be undone and redone."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        self.setWindowTitle(tr("History"))
