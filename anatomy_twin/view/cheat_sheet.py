"""All keys on one page, made of the table of commands, and what the mouse does."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QTextBrowser, QVBoxLayout

from anatomy_twin.view.menus import keys_text
from anatomy_twin.view.style import current_theme
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

COLUMN_LETTERS: Final = 44


def mouse_habits() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (where, [(what the hand does, what comes of it)])."""
    return [
        (tr("Mouse in slices"), [
            (tr("Left button"), tr("crossing point goes there; with a tool, the tool")),
            (tr("Wheel"), tr("next slice")),
            (tr("Ctrl and wheel"), tr("zoom")),
            (tr("Middle button"), tr("move the picture")),
            (tr("Right button, drag"), tr("brightness and contrast")),
            (tr("Double click"), tr("this view alone, and back")),
        ]),
        (tr("Mouse in 3-D"), [
            (tr("Left button, drag"), tr("turn; on a handle in edit mode, move it")),
            (tr("Middle button, drag"), tr("move the picture")),
            (tr("Wheel"), tr("zoom")),
            (tr("Double click"), tr("this view alone, and back")),
        ]),
        (tr("Everywhere"), [
            (tr("Drag between views"), tr("give one more room")),
            (tr("Tab, Shift+Tab"), tr("next, previous field")),
            ("F6, Shift+F6", tr("next, previous view or panel")),
            ("Esc", tr("give back what is held; put the tool away; leave edit mode")),
        ]),
    ]  # fmt: skip


def groups_of(window: RehearsalWindow) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (menu, [(keys, what they do)]) of every command that has keys, in the order of the menus."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for command in window.commands.values():
        if command.keys:
            text = command.text.replace("&", "").rstrip(".\N{HORIZONTAL ELLIPSIS}")
            groups.setdefault(command.menu or tr("More"), []).append((keys_text(command.keys), text))
    return list(groups.items())


def columns_of(groups: list[tuple[str, list[tuple[str, str]]]], count: int) -> list[str]:
    """Return the groups as HTML in so many columns of about the same height, in order within each."""
    sizes = [_height(lines) for _, lines in groups]
    heights: list[int] = [0] * count
    places: list[list[int]] = [[] for _ in range(count)]
    for number in sorted(range(len(groups)), key=lambda number: -sizes[number]):  # the longest first
        column = heights.index(min(heights))
        heights[column] += sizes[number]
        places[column].append(number)
    places.sort(key=lambda numbers: min(numbers, default=len(groups)))
    return ["".join(_group(*groups[number]) for number in sorted(numbers)) for numbers in places]


def _height(lines: list[tuple[str, str]]) -> int:
    """Return about how many lines a group takes, with its heading and those that are too long for one."""
    room = COLUMN_LETTERS - max(len(keys) for keys, _ in lines)
    return 2 + sum(1 + len(text) // room for _, text in lines)


def _group(title: str, lines: list[tuple[str, str]]) -> str:
    quiet, accent = current_theme().quiet, current_theme().accent
    rows = "".join(
        f'<tr><td style="color:{accent}; white-space:nowrap; padding-right:10px">{escape(keys)}</td>'
        f"<td>{escape(text)}</td></tr>"
        for keys, text in lines
    )
    heading = f'<p style="color:{quiet}; margin-bottom:1px"><b>{escape(title)}</b></p>'
    return f'{heading}<table cellspacing="1">{rows}</table>'


class CheatSheet(QDialog):
    """One page over the window; any key but those that scroll, or a click beside it, closes it."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page = QTextBrowser()
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page.installEventFilter(self)
        letter = self.fontMetrics().averageCharWidth()
        width, height = round(0.94 * window.width()), round(0.95 * window.height())
        count = min(max(width // (COLUMN_LETTERS * letter), 1), 4)
        groups = [*groups_of(window), *mouse_habits()]
        cells = "".join(
            f'<td valign="top" width="{100 // count}%" style="padding-right:14px">{column}</td>'
            for column in columns_of(groups, count)
        )
        self.page.setHtml(f'<table width="100%"><tr>{cells}</tr></table>')
        card = QFrame(objectName="card")
        inside = QVBoxLayout(card)
        inside.addWidget(self.page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(card)
        self.page.document().setTextWidth(width - 50)
        if self.page.document().size().height() + 44 > height:
            self.page.zoomOut(1)  # a little smaller is better than a page that has to be scrolled
            self.page.document().setTextWidth(width - 50)
        height = min(height, round(self.page.document().size().height()) + 44)
        self.resize(width, height)
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, (window.height() - height) // 2)))
        self.page.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close at a key."""
        scrolls = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home,
                   Qt.Key.Key_End, Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt)  # fmt: skip
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() not in scrolls:
            self.close()
            return True
        return False
