"""The keyboard's place: keys that are typed are no commands, and F6 goes from view to panel to tool bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QToolBar,
    QWidget,
)

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

KEY: Final = Qt.Key
PLAIN: Final = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier,
                Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
MOVES: Final = frozenset({KEY.Key_Up, KEY.Key_Down, KEY.Key_Left, KEY.Key_Right, KEY.Key_Home, KEY.Key_End,
                          KEY.Key_PageUp, KEY.Key_PageDown})  # fmt: skip
PRESSES: Final = frozenset({KEY.Key_Space, KEY.Key_Return, KEY.Key_Enter})
TYPED: Final = frozenset({KEY.Key_Backspace, KEY.Key_Delete, KEY.Key_Escape}) | MOVES | PRESSES


def keeps_key(widget: QWidget | None, key: int, modifiers: Qt.KeyboardModifier) -> bool:
    """True where a key belongs to the widget that has the keyboard, and is no command of the window.

    What is typed into a field stays there, also the plain keys of a spin box; lists, buttons and sliders keep the
    keys by which they are moved and pressed. Keys with Ctrl or Alt are commands everywhere.
    """
    if widget is None or modifiers not in PLAIN:
        return False
    if _typed_into(widget):
        return key < KEY.Key_Escape or key in TYPED
    if isinstance(widget, QAbstractItemView):
        return key in MOVES | PRESSES
    if isinstance(widget, QComboBox | QAbstractSlider):
        return key in MOVES | PRESSES
    if isinstance(widget, QAbstractButton):
        return key in PRESSES
    return False


def _typed_into(widget: QWidget) -> bool:
    if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit):
        return not widget.isReadOnly()
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, QAbstractSpinBox | QKeySequenceEdit)


class KeyGuard(QObject):
    """Keeps keys that are typed from the window's commands, and moves the keyboard from part to part.

    It watches the widget that has the keyboard and no other: a filter over all would be asked about every event.
    """

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self._window = window
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)
        self._follow(None, QApplication.focusWidget())

    def stop(self) -> None:
        """Guard no more."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.disconnect(self._follow)
            self._follow(QApplication.focusWidget(), None)

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None:
            before.removeEventFilter(self)
        if now is not None:
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of the widget that has the keyboard out of the shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            widget = QApplication.focusWidget()
            if watched is widget and keeps_key(widget, event.key(), event.modifiers()):
                event.accept()
                return True
        return False


def parts_of(window: RehearsalWindow) -> list[QWidget]:
    """Return the parts of a window that F6 goes through: views, panels in front, time, tool bar."""
    parts: list[QWidget] = []
    if window.views is not None:
        parts += window.views.shown
        parts += [panel for panel in window.panels.values() if panel.isVisible()]
        if window.time_bar is not None and window.time_bar.isVisible():
            parts.append(window.time_bar)
    else:
        parts.append(window.start_page)
    parts += [bar for bar in window.findChildren(QToolBar) if bar.isVisible() and bar.actions()]
    return parts


def go_to_part(window: RehearsalWindow, step: int) -> None:
    """Move the keyboard to the next (1) or the previous (-1) part that takes it."""
    parts = parts_of(window)
    holder = QApplication.focusWidget()
    at = next((i for i, p in enumerate(parts) if holder is not None and (p is holder or p.isAncestorOf(holder))), None)
    start = (-1 if step > 0 else len(parts)) if at is None else at
    for turn in range(1, len(parts) + 1):
        if give_keyboard(parts[(start + step * turn) % len(parts)]):
            return


def give_keyboard(part: QWidget) -> bool:
    """Give the keyboard to the first widget of a part that Tab reaches, or to the one that had it last."""
    last = part.focusWidget()
    for widget in ([last] if last is not None else []) + [part, *part.findChildren(QWidget)]:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled() and widget.isVisible():
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            return True
    return False
