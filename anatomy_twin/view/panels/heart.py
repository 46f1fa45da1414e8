"""The heart chamber that is shown: its map, where it is paced, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.rehearsal import structure_label
from anatomy_twin.rehearsal.heart_maps import UNREACHED, HeartMap
from anatomy_twin.view.flow import flow
from anatomy_twin.view.heart import HeartSight
from anatomy_twin.view.heart_induction import HeartInduction
from anatomy_twin.view.heart_words import capital, map_words, set_words, substrate_line
from anatomy_twin.view.names import named
from anatomy_twin.view.nothing import Nothing
from anatomy_twin.view.panels.heart_induction_box import InductionBox
from anatomy_twin.view.panels.heart_lists import LesionList, VeinList, fit_rows, small_tree
from anatomy_twin.view.panels.rows import all_rows, rows_of
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


class HeartPanel(QScrollArea):
    """Choose what a chamber is coloured by and from where it is paced. The tab is there where the case has a chamber.
    """

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._window, self._desk = window, window.desk
        self.setWindowTitle(tr("Heart"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sight = HeartSight(window, window.desk)
        self.chamber_box, self.map_box = QComboBox(), QComboBox()
        self.told, self.legend = QLabel(), QLabel()
        for label in (self.told, self.legend):
            label.setWordWrap(True)
        self.told.setObjectName("quiet")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.sites = self._site_list()
        self.lesions, self.veins = LesionList(window, self.sight), VeinList(self.sight)
        self.induction = InductionBox(window, HeartInduction(window, window.desk, self.sight))
        self._lay_out()
        self.chamber_box.activated.connect(lambda row: self.sight.show_chamber(self.chamber_box.itemData(row)))
        self.map_box.activated.connect(lambda row: self.sight.show_map(self.map_box.itemData(row)))
        self.sight.changed.connect(self.refresh)
        self._desk.plan_changed.connect(self.refresh)
        window.desk_changed.connect(self.refresh)  # the panel has its place by then
        self.refresh()

    # widgets

    def _lay_out(self) -> None:
        inner, gap = QWidget(), self.fontMetrics().height() // 3
        column = QVBoxLayout(inner)
        column.setContentsMargins(gap, gap, gap, gap)
        column.setSpacing(gap)
        form = QFormLayout()
        form.addRow(tr("Chamber"), self.chamber_box)
        form.addRow(tr("Coloured by"), self.map_box)
        self.chamber_box.setAccessibleName(tr("Chamber"))
        self.map_box.setAccessibleName(tr("Coloured by"))
        column.addLayout(form)
        column.addWidget(self.legend)
        column.addWidget(self._heading(tr("Pacing sites")))
        column.addWidget(flow(self._button("heart.site", tr("Place")), self._button("heart.remove_site", tr("Remove"))))
        column.addWidget(self.sites)
        column.addWidget(self._heading(tr("Lesions")))
        column.addWidget(flow(self._button("heart.line", tr("Line")), self._button("heart.point", tr("Points")),
                              self._set_button(), self._button("plan.edit", tr("Edit")),
                              self._button("heart.remove_lesion", tr("Remove"))))  # fmt: skip
        column.addWidget(self.lesions)
        column.addWidget(self.veins)
        column.addWidget(self._heading(tr("Inducibility")))
        column.addWidget(self.induction)
        column.addWidget(self.told)
        column.addStretch(1)
        self.setWidget(inner)

    def _heading(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setObjectName("heading")
        return label

    def _button(self, command: str, text: str) -> QToolButton:
        button, known = QToolButton(), self._window.commands[command]
        button.setText(text)
        keys = f" ({', '.join(known.keys)})" if known.keys else ""
        button.setToolTip(f"{known.tip or known.text}{keys}")
        button.clicked.connect(lambda _=False: self._window.run(command))
        return button

    def _site_list(self) -> QTreeWidget:
        tree = small_tree((tr("No."), tr("Where"), tr("All active after")), tr("Pacing sites"), 1)
        Nothing(tree, tr("No site yet: press Place and click on the wall."))
        tree.currentItemChanged.connect(self._site_chosen)
        return tree

    def _set_button(self) -> QToolButton:
        button, menu = QToolButton(), QMenu(self)
        button.setText(tr("Standard set"))
        button.setToolTip(tr("Add the lines of a standard set to the plan shown"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for name in set_words():
            menu.addAction(self._window.actions_by_name[f"heart.set_{name}"])
        button.setMenu(menu)
        return button

    # what is shown

    def refresh(self) -> None:
        """Show what is known now."""
        sight, places = self.sight, self._window.dock_places
        if places is not None and places.panels.get("heart") is self:
            places.offer("heart", sight.chamber is not None)
        if sight.chamber is None:
            return
        self._fill(self.chamber_box, [(name, named(structure_label(name)), "") for name in self._desk.case.chambers],
                   sight.chamber.name)  # fmt: skip
        self._fill(self.map_box, [(name, words, sight.why_not(name)) for name, words in map_words().items()],
                   sight.map_name)  # fmt: skip
        self.legend.setText("" if sight.map is None else _legend(sight.map))
        self.legend.setVisible(bool(self.legend.text()))
        self._list_sites()
        self.lesions.refresh()
        self.veins.refresh()
        self.induction.refresh()
        self.told.setText("\n".join(self._lines()))

    def _fill(self, box: QComboBox, entries: list[tuple[str, str, str]], chosen: str) -> None:
        """List (name, words, why it cannot be chosen) in a box."""
        with QSignalBlocker(box):
            if [box.itemData(row) for row in range(box.count())] != [name for name, _, _ in entries]:
                box.clear()
                for name, words, _ in entries:
                    box.addItem(words, name)
            model = box.model()
            for row, (_, _, why) in enumerate(entries):
                item = model.item(row)  # type: ignore[attr-defined]
                item.setEnabled(not why)
                item.setToolTip(why)
            box.setCurrentIndex(box.findData(chosen))

    def _list_sites(self) -> None:
        sight = self.sight
        with QSignalBlocker(self.sites):
            for index, (item, site) in enumerate(zip(rows_of(self.sites, len(sight.sites)), sight.sites, strict=True)):
                item.setText(0, str(site.number))
                item.setText(1, sight.region_at(site.point_mm))
                last = sight.last_ms if index == sight.chosen else None
                item.setText(2, "" if last is None else f"{last:.0f} ms")
                item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if index == sight.chosen:
                    self.sites.setCurrentItem(item)
        fit_rows(self.sites, len(sight.sites))

    def _lines(self) -> list[str]:
        chamber = self.sight.chamber
        assert chamber is not None
        return [line for line in (substrate_line(chamber), *map(spoken, chamber.notes)) if line]

    # what is done

    def _site_chosen(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        row = next((n for n, one in enumerate(all_rows(self.sites)) if one is item), -1)
        if row >= 0 and row != self.sight.chosen:
            self.sight.choose_site(row)

    def sizeHint(self) -> QSize:
        """Return a width at which the lists can be read."""
        return QSize(42 * self.fontMetrics().averageCharWidth(), 26 * self.fontMetrics().height())


def _legend(shown: HeartMap) -> str:
    """Return what the colours of a map of classes mean, as rich text."""
    if shown.name == "plain" or not shown.classes:
        grey = _square(UNREACHED)
        return f"{grey} {tr('not reached')}" if shown.name == "activation" else ""
    return " &nbsp; ".join(f"{_square(rgb)}&nbsp;{capital(named(structure_label(name))).replace(' ', '&nbsp;')}"
                           for name, rgb in shown.classes)  # fmt: skip


def _square(rgb: tuple[int, int, int]) -> str:
    return f'<span style="background-color:rgb({rgb[0]},{rgb[1]},{rgb[2]})">&nbsp;&nbsp;&nbsp;</span>'
