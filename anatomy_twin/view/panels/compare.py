"""Plans side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


class ComparePanel(QWidget):
    """Plans side by side."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        self.setWindowTitle(tr("Compare"))
