"""Long work: how far it is, and a way to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


class JobsPanel(QWidget):
    """Long work: how far it is, and a way to stop it."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        self.setWindowTitle(tr("Tasks"))
