"""The map of entries in the panel of plans: a switch, the best entries as a list, the weights as sliders."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QHeaderView, QLabel, QSlider, QToolButton, QTreeWidget, QVBoxLayout, QWidget

from anatomy_twin.core import AblationPlan
from anatomy_twin.plan.measure import COST_NAMES, cost_weights
from anatomy_twin.rehearsal.entry_colours import FAIR, GOOD, rule_colour
from anatomy_twin.view.panels.rows import all_rows, rows_of
from anatomy_twin.view.plan_entries import LISTED, PlanEntries
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

FINE: Final = 10  # steps of a slider per unit of weight
MOST: Final = 5.0
RULES: Final = 6
WEIGH_MS: Final = 40


class PlanEntryList(QWidget):
    """Shown for ablations. A click on a row takes that entry; sliders rank anew at once.

    ``unfolded`` tells that there is more to see than before.
    """

    unfolded = Signal()

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._desk = window.desk
        self.entries = PlanEntries(window, window.desk)
        self.switch = QToolButton()
        self.switch.setText(tr("Map of entries"))
        self.switch.setCheckable(True)
        self.switch.setToolTip(tr("Try every place of the skin as entry, and show on the skin which are allowed"))
        self.switch.clicked.connect(lambda _=False: self.entries.toggle())
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.rows = self._table()
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.sliders: dict[str, QSlider] = {}
        self._values: dict[str, QLabel] = {}
        self._weights = self._slider_grid()
        self._waiting: dict[str, float] = {}
        self._seen = (False, False)
        self._later = QTimer(self, singleShot=True, interval=WEIGH_MS)
        self._later.timeout.connect(self._weigh)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.switch, self.told, self.rows, self._weights, self.legend):
            column.addWidget(widget)
        self.entries.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        found, on = self.entries.shown, self.entries.on
        self.setVisible(isinstance(self._desk.plan, AblationPlan))
        self.switch.setChecked(on)
        self.told.setVisible(on)
        for widget in (self.rows, self._weights, self.legend):
            widget.setVisible(found is not None)
        self.told.setText(self._words())
        if found is not None:
            self._fill()
            self.legend.setText(self._legend())
        self._show_weights()
        before, self._seen = self._seen, (on, found is not None)
        if before != self._seen and on:
            self.unfolded.emit()

    # widgets

    def _table(self) -> QTreeWidget:
        table = QTreeWidget()
        heads = (tr("No."), tr("Cost"), tr("Length"), tr("Risk"), tr("Axial"), tr("Organ"), tr("Capsule"), tr("Tracks"))
        table.setHeaderLabels(list(heads))
        for column, name in enumerate(COST_NAMES, start=2):
            table.headerItem().setToolTip(column, spoken(name))
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setAccessibleName(tr("The best entries"))
        table.setToolTip(tr("No other entry is better in one cost without being worse in another; a click takes one"))
        table.header().setStretchLastSection(False)
        table.header().setMinimumSectionSize(2 * self.fontMetrics().averageCharWidth())
        table.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        table.header().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.itemClicked.connect(self._chosen)
        table.itemActivated.connect(self._chosen)
        return table

    def _slider_grid(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(QLabel(tr("What counts how much")), 0, 0, 1, 2)
        usual = QToolButton()
        usual.setText(tr("Usual"))
        usual.setToolTip(tr("The usual weights again"))
        usual.clicked.connect(lambda _=False: self.entries.usual_weights())
        grid.addWidget(usual, 0, 2)
        for row, name in enumerate(COST_NAMES, start=1):
            label, slider, value = QLabel(spoken(name)), QSlider(Qt.Orientation.Horizontal), QLabel()
            slider.setRange(0, int(MOST * FINE))
            slider.setPageStep(FINE // 2)
            slider.setAccessibleName(tr("Weight of: {cost}").format(cost=spoken(name)))
            slider.valueChanged.connect(partial(self._slid, name))
            label.setBuddy(slider)
            label.setWordWrap(True)
            value.setMinimumWidth(value.fontMetrics().horizontalAdvance("0.00"))
            for column, widget in enumerate((label, slider, value)):
                grid.addWidget(widget, row, column)
            self.sliders[name], self._values[name] = slider, value
        grid.setColumnStretch(1, 1)
        return holder

    # what is shown

    def _words(self) -> str:
        found = self.entries.shown
        if self.entries.error:
            return spoken(self.entries.error)
        if found is None:
            return tr("every place of the skin is tried")
        words = tr("applicator {number}: {count} of {tried} entries keep the rules, {front} are in the Pareto set")
        lines = [words.format(count=int(found.feasible.sum()), tried=found.feasible.size,
                              number=self.entries.part + 1, front=len(found.pareto))]  # fmt: skip
        if found.unchecked:
            rules = ", ".join(spoken(name) for name in found.unchecked)
            lines.append(tr("Not checked: {rules}").format(rules=rules))
        return "\n".join(lines)

    def _fill(self) -> None:
        found = self.entries.shown
        assert found is not None
        plan, part = self._desk.plan, self.entries.part
        needles = plan.applicators if isinstance(plan, AblationPlan) else ()
        here = needles[part].entry_mm if part < len(needles) else ()
        with QSignalBlocker(self.rows):
            self.rows.clearSelection()
            for item, entry in zip(rows_of(self.rows, len(self.entries.listed)), self.entries.listed, strict=True):
                costs = [f"{value:.0f}" if np.isfinite(value) else "" for value in found.costs[entry]]
                texts = (str(all_rows(self.rows).index(item) + 1), f"{found.cost[entry]:.2f}", *costs)
                item.setSelected(tuple(found.entries_mm[entry]) == here)
                for column, text in enumerate(texts):
                    item.setText(column, text)
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            listed = np.nan_to_num(found.costs[list(self.entries.listed)])
            for column in range(len(COST_NAMES)):  # what is nothing in all of them needs no room
                self.rows.setColumnHidden(column + 2, not (listed[:, column] >= 0.5).any())
        row = self.rows.sizeHintForRow(0)
        height = min(max(len(self.entries.listed), 1), LISTED) * row + self.rows.header().sizeHint().height()
        self.rows.setFixedHeight(height + 2 * self.rows.frameWidth() + 4)

    def _legend(self) -> str:
        found = self.entries.shown
        assert found is not None
        lines = [f"{_square(GOOD)}{_square(FAIR)} {tr('may be entered, from the cheapest to the dearest')}"]
        for name, share in list(found.stops().items())[:RULES]:
            percent = "< 1" if share < 0.5 else f"{share:.0f}"
            lines.append(f"{_square(rule_colour(name))} {percent} % {spoken(name)}")
        return "<br>".join(lines)

    def _show_weights(self) -> None:
        known = cost_weights(self.entries.weights)
        for name, slider in self.sliders.items():
            value = self._waiting.get(name, known[name])
            with QSignalBlocker(slider):
                if abs(slider.value() - value * FINE) > 0.5:
                    slider.setValue(round(value * FINE))
            self._values[name].setText(f"{value:g}")

    # what is done

    def _slid(self, name: str, value: int) -> None:
        self._waiting[name] = value / FINE
        self._values[name].setText(f"{value / FINE:g}")
        if not self._later.isActive():
            self._later.start()

    def _weigh(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for name, value in waiting.items():
            self.entries.weigh(name, value)

    def _chosen(self, item: object, _column: int = 0) -> None:
        row = next((n for n, one in enumerate(all_rows(self.rows)) if one is item), -1)
        if 0 <= row < len(self.entries.listed):
            self.entries.take(self.entries.listed[row])


def _square(rgb: tuple[int, int, int]) -> str:
    return f'<span style="background-color:rgb({rgb[0]},{rgb[1]},{rgb[2]})">&nbsp;&nbsp;&nbsp;</span>'
