"""Long work beside the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class Jobs(QObject):
    """What runs, how far it is, and a way to stop it."""

    changed = Signal()

    def stop(self) -> None:
        """End all work; nothing of it reaches the case any more."""
