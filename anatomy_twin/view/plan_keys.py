"""Keys that move the chosen handle of a plan, taken before a view or the walk from field to field has them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from anatomy_twin.view.tools.plan_handles import PlanHandles

KEY: Final = Qt.Key
NAMES: Final = {
    KEY.Key_Left: "Left", KEY.Key_Right: "Right", KEY.Key_Up: "Up", KEY.Key_Down: "Down", KEY.Key_PageUp: "PageUp",
    KEY.Key_PageDown: "PageDown", KEY.Key_Tab: "Tab", KEY.Key_Backtab: "Backtab", KEY.Key_Delete: "Delete",
}  # fmt: skip
KEPT: Final = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


class PlanKeys(QObject):
    """Gives arrow keys, Page keys, Tab and Delete over a view to the handles while they are the tool."""

    def __init__(self, tool: PlanHandles, views: list[QWidget], parent: QObject) -> None:
        super().__init__(parent)
        self._tool = tool
        for view in views:
            view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hand a key over where the tool uses it; from Tab through all handles the way leads on to the next field."""
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            return False
        if not isinstance(event, QKeyEvent) or self._tool.desk.tool is not self._tool:
            return False
        name = NAMES.get(KEY(event.key()))
        if name is None or event.modifiers() & ~KEPT or not self._tool.uses(name):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        return self._tool.key(f"Shift+{name}" if shift else name)
