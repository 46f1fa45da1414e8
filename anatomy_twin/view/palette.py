"""Everything that can be done, found by a few letters (Ctrl+K); structures and plans too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from anatomy_twin.rehearsal.tree import centre_of
from anatomy_twin.view.command_words import other_words
from anatomy_twin.view.finding import Entry, called, found, meant, plain
from anatomy_twin.view.menus import keys_text
from anatomy_twin.view.style import current_theme
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

LETTERS: Final = 100  # width in letters
SHOWN: Final = 14  # rows
KEYS_UP_DOWN: Final = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class Palette(QDialog):
    """Type, choose by arrow keys, Enter does it; Esc or a click beside it closes it."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._window = window
        self.entries = entries_of(window)
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("Command, structure or plan"))
        self.line.setClearButtonEnabled(True)
        self.line.installEventFilter(self)
        self.list = QTreeWidget(objectName="found")
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.list.header().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        card = QFrame(objectName="card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(8, 8, 8, 8)
        inside.addWidget(self.line)
        inside.addWidget(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(card)
        self.line.textChanged.connect(self._find)
        self.list.itemClicked.connect(lambda item, _: self._do(item))
        self._find("")
        self._place()

    def _place(self) -> None:
        window, metrics = self._window, self.fontMetrics()
        row = self.list.sizeHintForRow(0) if self.list.topLevelItemCount() else metrics.height() + 6
        width = min(LETTERS * metrics.averageCharWidth(), window.width() - 40)
        height = min(SHOWN * row + self.line.sizeHint().height() + 40, window.height() - 80)
        self.resize(width, height)
        self.list.setColumnWidth(1, round(0.33 * width))
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, min(90, window.height() // 8))))
        self.line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the line have the letters and the list the arrows."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in KEYS_UP_DOWN:
                self._move({Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: 1 - SHOWN,
                            Qt.Key.Key_PageDown: SHOWN - 1}[Qt.Key(event.key())])  # fmt: skip
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do(self.list.currentItem())
                return True
        return False

    def _move(self, step: int) -> None:
        count = self.list.topLevelItemCount()
        if count:
            item = self.list.currentItem()
            at = -1 if item is None else self.list.indexOfTopLevelItem(item)
            self._choose((at + step) % count if abs(step) == 1 else min(max(at + step, 0), count - 1))

    def _find(self, query: str) -> None:
        self.list.clear()
        quiet = QBrush(QColor(current_theme().quiet))
        entries = found(query, self.entries)
        if not entries:
            entries = self._find_likely(query, quiet)
        for entry in entries:
            name = called(query, entry)
            beside = f"{entry.also}   \N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}"
            item = QTreeWidgetItem([entry.text, entry.why or (beside if name else entry.also), entry.keys])
            item.setData(0, Qt.ItemDataRole.UserRole, entry)
            item.setForeground(1, quiet)
            item.setSizeHint(0, QSize(0, round(1.5 * self.fontMetrics().height())))
            for column in (0, 1):
                item.setToolTip(column, item.text(column))
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if entry.why:
                for column in (0, 2):
                    item.setForeground(column, quiet)
            self.list.addTopLevelItem(item)
        if entries:
            self._choose(self.list.topLevelItemCount() - len(entries))

    def _find_likely(self, query: str, quiet: QBrush) -> list[Entry]:
        """Say that nothing has that name; return what has one that is like it."""
        likely = meant(query, self.entries)
        entries = found(likely, self.entries) if likely else []
        words = tr("Nothing is called \u201c{query}\u201d.").format(query=query.strip())
        if entries:
            words += "  " + tr("Like it is \u201c{word}\u201d:").format(word=likely)
        item = QTreeWidgetItem([words])
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setForeground(0, quiet)
        item.setSizeHint(0, QSize(0, round(1.5 * self.fontMetrics().height())))
        self.list.addTopLevelItem(item)
        item.setFirstColumnSpanned(True)
        return entries

    def _choose(self, row: int) -> None:
        item = self.list.topLevelItem(row)
        if item is not None:
            self.list.setCurrentItem(item)

    def _do(self, item: QTreeWidgetItem | None) -> None:
        entry = None if item is None else item.data(0, Qt.ItemDataRole.UserRole)
        if entry is None or entry.why:
            return
        window = self._window
        self.close()
        if entry.kind == "command":
            window.run(entry.key)
        elif entry.kind == "plan" and window.desk is not None:
            window.desk.choose_plan(entry.key)
        elif window.desk is not None:
            go_to_structure(window, entry.key)


def entries_of(window: RehearsalWindow) -> list[Entry]:
    """Return all that can be found: commands in the order of the menus, then structures and plans of the case."""
    entries = []
    for command in window.commands.values():
        if command.name == "help.palette":
            continue
        menu = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ".join(
            part for part in (command.menu, command.submenu) if part
        )
        text = (command.saying(window) if command.saying else command.text).replace("&", "")
        if command.submenu and not command.saying and not plain(text).startswith(plain(command.submenu)):
            text, menu = f"{command.submenu}: {text}", command.menu  # "Bone" alone would not tell what of it
        keys, why = keys_text(command.keys[:1]), why_not(window, command.name)
        entries.append(Entry("command", command.name, text, menu, keys, why, other_words(command.name), command.tip))
    desk = window.desk
    if desk is not None:
        labels = {look.name: look.label for look in desk.scene.looks}
        labels |= {surface.name: surface.label for surface in desk.scene.surfaces}
        entries += [Entry("structure", name, label, tr("Structure")) for name, label in labels.items()]
        entries += [Entry("plan", name, tr("Plan {name}").format(name=name), tr("Plan")) for name in desk.case.plans]
    return entries


def why_not(window: RehearsalWindow, name: str) -> str:
    """Return in a few words why a command cannot be run now; "" where it can."""
    command = window.commands[name]
    if command.enabled(window):
        return ""
    if command.why is not None and (window.desk is not None or name.startswith("file.")):
        return command.why(window)
    return tr("open a case first") if window.desk is None else tr("not possible now")


def go_to_structure(window: RehearsalWindow, name: str) -> None:
    """Move the crossing point into a structure and make it the one that tools work on."""
    desk = window.desk
    if desk is None:
        return
    point = centre_of(desk.case, desk.scene, name)
    if point is not None:
        desk.set_focus(point)
    if any(look.name == name for look in desk.scene.looks):
        desk.set_active(name)
