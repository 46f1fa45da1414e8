"""The tree of structures: eye, colour, name, opacity, volume, state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHeaderView,
    QLineEdit,
    QMenu,
    QSlider,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import Display
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.rehearsal.tree import TreeRow, centre_of, shown, shown_only, tree_rows
from anatomy_twin.view.names import named
from anatomy_twin.view.nothing import Nothing
from anatomy_twin.view.panels.scene_rows import KEY, NAME, OPACITY, STATE, VOLUME, RowDelegate, RowTree, state_word
from anatomy_twin.view.panels.segment_list import volume_text
from anatomy_twin.view.style import theme_changed
from anatomy_twin.view.tools.hand_kit import hand_of
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

LETTERS = 22  # of a name that can be read at least


class SceneTree(QWidget):
    """All structures in groups; what is changed here is a step that can be undone."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._desk = window.desk
        self._hand = hand_of(window)
        self._hand.counted.append(self.refresh)
        self.setWindowTitle(tr("Structures"))
        self.rows: dict[str, TreeRow] = {}
        self.items: dict[str, QTreeWidgetItem] = {}
        self.sliders: dict[str, QSlider] = {}
        self._folders: dict[str, QTreeWidgetItem] = {}
        self._busy = False
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Find a structure"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.wordy = True  # states are told by word and sign
        self.heading_font = QFont(self.font())
        self._full = 0
        self.tree = RowTree(self)
        self._set_up_tree()
        Nothing(self.tree, tr("No structures yet: step 3 finds them."))
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 0)
        column.setSpacing(3)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        self.setFocusProxy(self.tree)
        self._desk.scene_changed.connect(self.refresh)
        self._live: tuple[bool, float | None] = (False, None)  # what rows of zones show while the hand holds the plan
        for signal in (self._desk.plan_changed, self._desk.live_changed):
            signal.connect(self._follow_hand)
        self._desk.pointed_changed.connect(self.tree.viewport().update)
        theme_changed.connect(self.fit)
        self.fit()
        self.refresh()

    def _set_up_tree(self) -> None:
        tree = self.tree
        tree.setHeaderLabels([tr("Structure"), tr("Opacity"), tr("ml"), tr("State")])
        tree.setItemDelegate(RowDelegate(self, tree))
        tree.setIndentation(10)
        tree.setUniformRowHeights(True)
        tree.setAlternatingRowColors(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._menu)
        tree.itemDoubleClicked.connect(lambda item, _: self.centre(str(item.data(NAME, KEY))))
        tree.itemChanged.connect(self._checked)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionsMovable(False)
        tree.header().setMinimumSectionSize(10)
        tree.header().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for part in (OPACITY, VOLUME, STATE):
            tree.header().setSectionResizeMode(part, QHeaderView.ResizeMode.Fixed)
        tree.headerItem().setTextAlignment(VOLUME, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def fit(self) -> None:
        """Take widths from the type."""
        metrics = self.fontMetrics()
        self.heading_font = QFont(self.font())
        self.heading_font.setBold(True)
        words = max(metrics.horizontalAdvance(state_word(state)) for state in ("check", "confirmed", "simulated"))
        sign = metrics.horizontalAdvance("\N{BLACK FLAG}") + 16
        names = metrics.averageCharWidth() * LETTERS + 3 * metrics.height() + 30
        volume, opacity = metrics.horizontalAdvance("15000") + 12, metrics.horizontalAdvance("no surface") + 4
        self._full = names - 4 * metrics.averageCharWidth() + volume + opacity + words + sign
        narrow = max(opacity * 2 // 3, metrics.horizontalAdvance(tr("none")) + 8)
        # where there is little room names come first: words of states are in their tool tips, and opacity in the menu
        room = self.tree.viewport().width()
        self.wordy = room >= self._full
        self.tree.setColumnHidden(OPACITY, room < names - 6 * metrics.averageCharWidth() + volume + narrow + sign)
        self.tree.setColumnWidth(OPACITY, opacity if self.wordy else narrow)
        self.tree.setColumnWidth(VOLUME, volume)
        self.tree.setColumnWidth(STATE, words + sign if self.wordy else sign + 4)
        self.tree.headerItem().setText(STATE, tr("State") if self.wordy else "")
        self.tree.headerItem().setText(OPACITY, tr("Opacity") if self.wordy else "")
        self.tree.setMinimumWidth(names + volume + sign - 12 * metrics.averageCharWidth())
        self.tree.viewport().update()

    def sizeHint(self) -> QSize:
        """Return a width at which names can be read."""
        return QSize(self._full + 50, 420)

    # rows

    def refresh(self) -> None:
        """Show the structures as they are now; what is chosen, open and in sight stays."""
        rows = {row.name: self._completed(row) for row in tree_rows(self._desk.scene, self._desk.case)}
        self._busy = True
        if [(r.name, r.group, r.fold, r.opacity is None) for r in rows.values()] != [
            (r.name, r.group, r.fold, r.opacity is None) for r in self.rows.values()
        ]:
            self._build(rows)
        for name, row in rows.items():
            if self.rows.get(name) != row:
                self._show(row)
        self.rows = rows
        self._busy = False
        self.tree.viewport().update()

    def _follow_hand(self) -> None:
        """While a plan is moved the row of its zone tells of the preview, or nothing until there is one."""
        live = self._desk.live if self._desk.live_is_current else None
        quantities = () if live is None else live.quantities
        volume = next((one.value for one in quantities if one.name == "ablated_ml"), None)
        now = (True, volume) if self._desk.moving is not None else (False, None)
        if now != self._live:
            self._live = now
            self.refresh()

    def _completed(self, row: TreeRow) -> TreeRow:
        """Return a row with a name in the user's language; its voxels are counted where no surface tells the volume."""
        if row.absent:
            return replace(row, label=named(row.label))
        if row.group == "zone" and self._desk.moving is not None:  # that of the saved plan is not what is seen
            whole = row.name == "zone"  # a preview of cold tells nothing of the ice
            return replace(row, label=tr("Zone: preview") if whole else row.label,
                           volume_ml=self._live[1] if whole else None)  # fmt: skip
        labels = self._hand.labels
        if row.volume_ml is not None or labels is None or row.name not in labels:
            return row
        return replace(row, volume_ml=self._hand.counts.volume_ml(labels, row.name))

    def _build(self, rows: dict[str, TreeRow]) -> None:
        """Make all rows anew."""
        tree = self.tree
        shut = {key for key, item in self._folders.items() if not item.isExpanded()}
        new = set(self._folders)
        chosen = {str(item.data(NAME, KEY)) for item in tree.selectedItems()}
        current = tree.currentItem()
        current_key = str(current.data(NAME, KEY)) if current is not None else ""
        place = tree.verticalScrollBar().value()
        tree.clear()
        self.items, self.sliders, self._folders, self.rows = {}, {}, {}, {}
        for row in rows.values():
            self._add(row)
        for key, item in self._folders.items():
            item.setExpanded(key not in shut if key in new else not key.startswith("fold:"))
        for key, item in (*self.items.items(), *self._folders.items()):
            item.setSelected(key in chosen)
            if key == current_key:
                tree.setCurrentItem(item, NAME, tree.selectionModel().SelectionFlag.NoUpdate)
        self._filter(self.search.text())
        tree.verticalScrollBar().setValue(place)

    def _folder(self, key: str, parent: Any) -> QTreeWidgetItem:
        if key not in self._folders:
            item = QTreeWidgetItem(parent)
            item.setData(NAME, KEY, key)
            item.setFirstColumnSpanned(True)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self._folders[key] = item
        return self._folders[key]

    def _add(self, row: TreeRow) -> None:
        parent = self._folder(f"group:{row.group}", self.tree)
        if row.fold:
            parent = self._folder(f"fold:{row.fold}", parent)
        item = QTreeWidgetItem(parent)
        item.setData(NAME, KEY, row.name)
        self.items[row.name] = item
        if row.opacity is not None:
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(0, 100)
            slider.setPageStep(10)
            slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            slider.valueChanged.connect(lambda value, name=row.name: self._slid(name, value))
            self.tree.setItemWidget(item, OPACITY, slider)
            self.sliders[row.name] = slider

    def _show(self, row: TreeRow) -> None:
        item = self.items[row.name]
        item.setText(NAME, row.label)
        item.setText(VOLUME, volume_text(row.volume_ml))
        item.setText(STATE, state_word(row.state))
        if not row.absent:
            item.setCheckState(NAME, Qt.CheckState.Checked if row.visible else Qt.CheckState.Unchecked)
        item.setToolTip(NAME, row.label)
        item.setToolTip(VOLUME, tr("counted from voxels"))
        item.setToolTip(STATE, _reasons(row))
        slider = self.sliders.get(row.name)
        if slider is not None and row.opacity is not None:
            slider.blockSignals(True)
            slider.setValue(round(100 * row.opacity))
            slider.blockSignals(False)
            slider.setToolTip(tr("Opacity of {name}: {percent} %").format(name=row.label, percent=slider.value()))
        else:
            item.setText(OPACITY, "" if row.absent else tr("no surface"))
            item.setToolTip(OPACITY, "" if row.absent else tr("no surface: make surfaces to see it in 3-D"))

    def title_of(self, key: str) -> str:
        """Return what stands in a row: the structure's label, or the group's title and how many it holds."""
        if key in self.rows:
            return self.rows[key].label
        titles = {
            "group:target": tr("Targets"), "group:zone": tr("Simulated"), "group:vessel": tr("Vessels"),
            "group:organ": tr("Organs"), "group:bone": tr("Bones"), "group:body": tr("Body"),
            "fold:vertebra": tr("Vertebrae"), "fold:rib": tr("Ribs"),
        }  # fmt: skip
        return f"{titles.get(key, key)}  ({len(self._names(key))})"

    def share_visible(self, key: str) -> float:
        """Return how much of a row is shown: 1 all, 0 nothing, 0.5 a part of a group."""
        seen = [self.rows[name].visible for name in self._names(key)]
        return 1.0 if seen and all(seen) else 0.5 if any(seen) else 0.0

    def _names(self, key: str) -> list[str]:
        """Return the structures of a row that can be shown."""
        kind, _, rest = key.partition(":")
        return [row.name for row in self.rows.values() if not row.absent and (
            row.name == key or (kind == "group" and row.group == rest) or (kind == "fold" and row.fold == rest))]

    # what is pointed at

    def point_out(self, key: str) -> None:
        """Let the views show which structure a row is, "" for none; a group is not shown."""
        self._desk.point_out(key if key in self.rows else "", "tree")

    def is_pointed(self, key: str) -> bool:
        """True where the mouse is on a structure in a view, for its row, or for the row that it is folded up in."""
        pointed = self._desk.pointed
        if not pointed or self._desk.pointed_in == "tree" or pointed not in self.items:
            return False
        shown = self.items[pointed]
        above = shown.parent()
        while above is not None:
            shown, above = shown if above.isExpanded() else above, above.parent()
        return key == str(shown.data(NAME, KEY))

    # what a person does

    def toggle(self, key: str) -> None:
        """Show or hide a structure or a group; with several rows chosen, all of these."""
        chosen = [str(item.data(NAME, KEY)) for item in self.tree.selectedItems()]
        keys = chosen if key in chosen and len(chosen) > 1 else [key]
        names = [name for one in keys for name in self._names(one)]
        self.show_names(names, self.share_visible(key) < 1.0, self._words_of(keys))

    def show_names(self, names: list[str], on: bool, what: str = "") -> None:
        """Show or hide structures as one step."""
        display = shown(self._desk.case.display, dict.fromkeys(names, on), self.rows.values())
        form = tr("Show {name}") if on else tr("Hide {name}")
        self._do(form.format(name=what or ", ".join(names)), display)

    def solo(self, key: str) -> None:
        """Show nothing but a structure or a group."""
        display = shown_only(self._desk.case.display, self.rows.values(), self._names(key))
        self._do(tr("Only {name}").format(name=self._words_of([key])), display)

    def centre(self, key: str) -> None:
        """Bring the crosshair into a structure."""
        if key in self.rows:
            point = centre_of(self._desk.case, self._desk.scene, key)
            if point is not None:
                self._desk.set_focus(point)

    def choose_colour(self, name: str) -> None:
        """Ask for another colour."""
        row = self.rows[name]
        words = tr("Colour of {name}").format(name=row.label)
        dialog = QColorDialog(QColor(*row.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(words)
        dialog.colorSelected.connect(
            lambda chosen: self._desk.set_look(name, words, colour=(chosen.red(), chosen.green(), chosen.blue()))
        )
        dialog.open()

    def usual(self, name: str) -> None:
        """Give a structure the look that it has by itself."""
        layers = {key: layer for key, layer in self._desk.case.display.layers.items() if key != name}
        display = replace(self._desk.case.display, layers=FrozenMapping(layers))
        self._do(tr("Usual look of {name}").format(name=self.rows[name].label), display)

    def usual_all(self) -> None:
        """Give all structures the look that they have by themselves."""
        self._do(tr("Usual look of all"), replace(self._desk.case.display, layers=FrozenMapping()))

    def _do(self, name: str, display: Display) -> None:
        if display != self._desk.case.display:
            self._desk.do(name, replace(self._desk.case, display=display))

    def _words_of(self, keys: list[str]) -> str:
        if len(keys) > 1:
            return tr("{count} structures").format(count=len(keys))
        return self.title_of(keys[0]).partition("  (")[0]

    def _slid(self, name: str, percent: int) -> None:
        self._desk.set_look(name, tr("Opacity of {name}").format(name=self.rows[name].label), opacity=percent / 100)

    def _checked(self, item: QTreeWidgetItem, column: int) -> None:
        name = str(item.data(NAME, KEY))
        if column == NAME and not self._busy and name in self.rows:
            on = item.checkState(NAME) == Qt.CheckState.Checked
            if on != self.rows[name].visible:
                self.show_names([name], on, self.rows[name].label)

    def _menu(self, place: QPoint) -> None:
        item = self.tree.itemAt(place) or self.tree.currentItem()  # by the menu key: the row that is chosen
        if item is not None:
            menu = self.menu_of(str(item.data(NAME, KEY)))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.tree.viewport().mapToGlobal(place))

    def menu_of(self, key: str) -> QMenu:
        """Return what can be done with a row."""
        menu, row = QMenu(self), self.rows.get(key)
        if row is not None:
            menu.addAction(tr("Centre the views here"), lambda: self.centre(key)).setEnabled(not row.absent)
        words = tr("Hide") if self.share_visible(key) == 1.0 else tr("Show")
        menu.addAction(words, lambda: self.toggle(key)).setEnabled(bool(self._names(key)))
        menu.addAction(tr("Only this"), lambda: self.solo(key)).setEnabled(bool(self._names(key)))
        every = [one.name for one in self.rows.values() if not one.absent]
        menu.addAction(tr("Show all"), lambda: self.show_names(every, True, tr("all structures")))
        usual = menu.addAction(tr("Usual look of all"), self.usual_all)
        usual.setEnabled(bool(self._desk.case.display.layers))
        if row is not None and not row.absent:
            menu.addSeparator()
            menu.addAction(tr("Colour..."), lambda: self.choose_colour(key))
            part = menu.addMenu(tr("Opacity"))
            part.setEnabled(row.opacity is not None)
            for percent in (100, 75, 50, 25, 10):
                part.addAction(f"{percent} %", partial(self._slid, key, percent))
            menu.addAction(tr("Usual look"), lambda: self.usual(key)).setEnabled(key in self._desk.case.display.layers)
        return menu

    def _filter(self, words: str) -> None:
        """Show the rows that hold all words."""
        parts = words.lower().split()
        for name, item in self.items.items():
            label = item.text(NAME).lower()
            item.setHidden(not all(part in label or part in name for part in parts))
        for item in self._folders.values():
            held = list(_below(item))
            item.setHidden(all(one.isHidden() for one in held))
            if parts and not item.isHidden():
                item.setExpanded(True)


def _below(item: QTreeWidgetItem) -> Iterator[QTreeWidgetItem]:
    for child in [item.child(n) for n in range(item.childCount())]:
        if child is None:
            continue
        if child.childCount():
            yield from _below(child)
        else:
            yield child


def _reasons(row: TreeRow) -> str:
    """Return why a structure has its state."""
    lines = [tr("flagged by: {rules}").format(rules=", ".join(row.rules))] if row.rules else []
    return "\n".join([state_word(row.state), *lines, *([row.note] if row.note else [])]).strip()
