"""What the person should read: warnings of the case, and what was told while working."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPlainTextEdit

from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


class MessagesPanel(QPlainTextEdit):
    """Lines, the newest last."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self.setWindowTitle(tr("Messages"))
        self.setReadOnly(True)
        self.setPlainText("\n".join(window.desk.scene.messages))
        window.desk.told.connect(lambda level, line: self.appendPlainText(line))
