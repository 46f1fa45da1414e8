"""What is shown while no case is open: samples, what was opened lately, where to drop a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


class StartPage(QWidget):
    """The way in."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(tr("Open a case or drop a DICOM folder here")))
