"""Menus, tool bar and keys of the window, made of the table of commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeySequence
from PySide6.QtWidgets import QMenu, QToolBar

from anatomy_twin.view.commands import Command
from anatomy_twin.view.icons import DRAWINGS, icon
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

ICON_LETTERS: Final = 3  # side of an icon in letters of the window's type
LOW: Final = 50  # lines of type: in a lower window the tool bar has no words, the views need the room


def keys_text(keys: tuple[str, ...]) -> str:
    """Return keys as people read them ("Ctrl+Z, Z"), in their language."""
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(key).toString(native) for key in keys)


class Menus(QObject):
    """``actions``: command name -> what stands for it in menus and on the tool bar."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self._window = window
        self.actions: dict[str, QAction] = {}
        self._menus: dict[str, QMenu] = {}
        self.bar = QToolBar(window)
        self.bar.setObjectName("tools")
        self.bar.setMovable(False)
        self.bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        window.addToolBar(self.bar)
        window.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def fill(self, commands: Mapping[str, Command]) -> None:
        """Make everything anew."""
        for action in self.actions.values():
            self._window.removeAction(action)
            action.deleteLater()
        self._window.menuBar().clear()
        for menu in self._menus.values():
            menu.deleteLater()
        self.bar.clear()
        self.actions, self._menus = {}, {}
        self.bar.setWindowTitle(tr("Tools"))
        group = ""
        for command in commands.values():
            action = self._action(command)
            if command.menu:
                self._place(command, action)
            if command.bar:
                part = command.name.partition(".")[0]
                if group and part != group:
                    self.bar.addSeparator()
                group = part
                self.bar.addAction(action)
        self.redraw()

    def _action(self, command: Command) -> QAction:
        action = QAction(command.text, self)
        keys = keys_text(command.keys)
        tip = command.tip or command.text.replace("&", "")
        action.setToolTip(f"{tip}   ({keys})" if keys else tip)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setCheckable(command.checked is not None)
        action.setMenuRole(QAction.MenuRole.NoRole)
        action.setIconText(command.short or command.text.replace("&", "").rstrip(".\N{HORIZONTAL ELLIPSIS}"))
        action.triggered.connect(lambda _=False, name=command.name: self._window.run(name))
        self.actions[command.name] = action
        self._window.addAction(action)
        return action

    def _place(self, command: Command, action: QAction) -> None:
        if command.menu not in self._menus:
            self._menus[command.menu] = self._window.menuBar().addMenu(command.menu)
        menu = self._menus[command.menu]
        if command.divided and menu.actions():
            menu.addSeparator()
        if command.submenu:
            inner = next((m for m in menu.findChildren(QMenu) if m.title() == command.submenu), None)
            menu = inner or menu.addMenu(command.submenu)
        menu.addAction(action)

    def refresh(self) -> None:
        """Show what can be done now, what is on, and the words that change."""
        window = self._window
        for name, action in self.actions.items():
            command = window.commands[name]
            action.setEnabled(command.enabled(window))
            if command.checked is not None:
                action.setChecked(action.isEnabled() and command.checked(window))
            if command.saying is not None:
                action.setText(command.saying(window))

    def redraw(self) -> None:
        """Draw icons in the colours and the size of now."""
        window = self._window
        side = max(ICON_LETTERS * QFontMetrics(window.font()).averageCharWidth(), 18)
        self.bar.setIconSize(QSize(side, side))
        self.fit_words()
        for command in window.commands.values():
            if command.icon in DRAWINGS:
                self.actions[command.name].setIcon(icon(command.icon, side))
                self.actions[command.name].setIconVisibleInMenu(False)

    def fit_words(self) -> None:
        """Words below the icons where they are wanted and the window is high enough."""
        window = self._window
        words = bool(window.preferences["toolbar_words"]) and window.height() >= LOW * window.fontMetrics().height()
        style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if words else Qt.ToolButtonStyle.ToolButtonIconOnly
        if self.bar.toolButtonStyle() != style:
            self.bar.setToolButtonStyle(style)
