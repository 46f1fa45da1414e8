"""Physics and numbers that follow the hand."""

from __future__ import annotations

from PySide6.QtCore import QObject


class Live(QObject):
    """Asks for previews of the plan that is moved; the newest request wins."""

    def stop(self) -> None:
        """End it; no answer comes any more."""
