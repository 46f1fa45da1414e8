"""What scans after an ablation say: the registration first, then verdict, margins and numbers, scan beside scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import Confirmation
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.rehearsal.confirmed import GRADE_OF, VERDICT_OF, registration_grade
from anatomy_twin.units import place_text
from anatomy_twin.view.confirming import AFTER, BEFORE, CHECKER, FADE, LOOKS, Confirming
from anatomy_twin.view.flow import flow
from anatomy_twin.view.names import named
from anatomy_twin.view.nothing import Nothing
from anatomy_twin.view.panels.margin_histogram import MarginHistogram
from anatomy_twin.view.panels.rows import all_rows, rows_of
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.style import VERDICTS, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

SCAN, REGISTRATION, MARGIN, VERDICT = range(4)
MOST_ROWS: Final = 4
POOR_GROUND: Final = "#b3240e"


class ConfirmationPanel(QScrollArea):
    """A list of confirmations; of the chosen one first how far the registration is to be trusted, then the rest."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._window, self._desk = window, window.desk
        self.setWindowTitle(tr("Confirmation"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.kit = Confirming(window, window.desk)
        heads = (tr("Scan"), tr("Error"), tr("Least margin"), tr("Verdict"))
        self.list = self._table(heads, tr("Confirmations"))
        self.list.headerItem().setToolTip(REGISTRATION, tr("Error of the registration"))
        _fit_columns(self.list, VERDICT)
        Nothing(self.list, tr("No scan after the treatment yet"))
        self.registration, self.how, self.warned = self._label("heading"), self._label("quiet"), self._label("")
        self.verdict, self.reason, self.told = self._label("heading"), self._label(""), self._label("quiet")
        self.looks: dict[str, QToolButton] = {}
        self._looking = self._look_buttons()
        self.fade = QSlider(Qt.Orientation.Horizontal)
        self.fade.setRange(0, 100)
        self.fade.setPageStep(10)
        self.fade.setAccessibleName(tr("How much of the scan after"))
        self.fade.valueChanged.connect(lambda value: self.kit.set_look(FADE, value / 100.0))
        self.histogram = MarginHistogram()
        self.worst = QPushButton()
        self.worst.setToolTip(tr("Bring the crosshair and the 3-D view there"))
        self.worst.clicked.connect(self.kit.to_worst)
        self.with_plan = QCheckBox(tr("Show the simulated zone too"))
        self.with_plan.toggled.connect(self.kit.set_with_plan)
        self.numbers = self._table((tr("Number"),), tr("Numbers of the confirmations"))
        self.parts: list[QWidget] = []
        self._lay_out()
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)
        self.numbers.itemClicked.connect(self._number_chosen)
        self.numbers.itemActivated.connect(self._number_chosen)
        self.kit.changed.connect(self.refresh)
        theme_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        case, found = self._desk.case, self.kit.found
        self.show_button.setChecked(self.kit.on)
        for button in (self.show_button, self.delete_button):
            button.setEnabled(found is not None)
        self._fill_list(tuple(case.confirmations.values()))
        for part in self.parts:
            part.setVisible(found is not None)
        if found is None:
            return
        self._show_registration(found)
        self._show_verdict(found)
        self.histogram.show_confirmation(found)
        self._fill_numbers(found)

    # widgets

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _table(self, heads: tuple[str, ...], name: str) -> QTreeWidget:
        table = QTreeWidget()
        table.setHeaderLabels(list(heads))
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setAllColumnsShowFocus(True)
        table.setAccessibleName(name)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.header().setStretchLastSection(False)
        table.header().setMinimumSectionSize(3 * self.fontMetrics().averageCharWidth())
        _fit_columns(table)
        return table

    def _look_buttons(self) -> QWidget:
        words = {BEFORE: (tr("Before"), tr("Slices show the scan before")),
                 FADE: (tr("Fade"), tr("Both scans over each other: the slider fades from one to the other")),
                 CHECKER: (tr("Checkerboard"), tr("Squares of both scans: where they fit, edges go on")),
                 AFTER: (tr("After"), tr("Slices show the scan after, brought to the place of the scan before"))}
        group = QButtonGroup(self)
        for look in LOOKS:
            button = QToolButton()
            button.setText(words[look][0])
            button.setToolTip(words[look][1])
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, look=look: self.kit.set_look(look))
            group.addButton(button)
            self.looks[look] = button
        return flow(*self.looks.values(), spacing=self.fontMetrics().height() // 4)

    def _buttons(self) -> QWidget:
        self.new_button = QToolButton()
        self.new_button.setText(tr("Second scan\N{HORIZONTAL ELLIPSIS}"))
        self.new_button.setToolTip(tr("Confirm the ablation with a scan after it"))
        self.new_button.clicked.connect(lambda _=False: self._window.run("confirm.scan"))
        self.show_button = QToolButton()
        self.show_button.setText(tr("Show"))
        self.show_button.setCheckable(True)
        self.show_button.setToolTip(tr("Show zone and margins of this confirmation in the views"))
        self.show_button.clicked.connect(lambda on: self.kit.set_on(on))
        self.delete_button = QToolButton()
        self.delete_button.setText(tr("Delete"))
        self.delete_button.setToolTip(tr("Take this confirmation and its scan out of the case; it can be undone"))
        self.delete_button.clicked.connect(lambda _=False: self.kit.remove())
        return flow(self.new_button, self.show_button, self.delete_button, spacing=self.fontMetrics().height() // 4)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        gap = self.fontMetrics().height() // 3
        column.setContentsMargins(gap, gap, gap, gap)
        column.setSpacing(gap)
        column.addWidget(self._buttons())
        column.addWidget(self.list)
        ends = QWidget()
        line = QHBoxLayout(ends)
        line.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((QLabel(tr("before")), 0), (self.fade, 1), (QLabel(tr("after")), 0)):
            line.addWidget(widget, stretch)
        self.fade_row = ends
        first = self._card(self.registration, self.how, self.warned, self._looking, ends)
        second = self._card(self.verdict, self.reason, self.histogram, self.worst, self.told, self.with_plan)
        self.parts = [first, second, self.numbers]
        for part in self.parts:
            column.addWidget(part)
        column.addStretch(1)
        self.setWidget(inner)

    def _card(self, *widgets: QWidget) -> QFrame:
        card = QFrame()
        card.setObjectName("card")
        column = QVBoxLayout(card)
        gap = self.fontMetrics().height() // 2
        column.setContentsMargins(gap, gap, gap, gap)
        column.setSpacing(gap // 2)
        for widget in widgets:
            column.addWidget(widget)
        return card

    # what is shown

    def _fill_list(self, every: tuple[Confirmation, ...]) -> None:
        with QSignalBlocker(self.list):
            for item, found in zip(rows_of(self.list, len(every)), every, strict=True):
                grade, verdict = VERDICTS[GRADE_OF[registration_grade(found)]], VERDICTS[VERDICT_OF[found.verdict]]
                error = tr("not checked") if found.error_mm is None else f"{found.error_mm:.1f} mm"
                texts = (found.name, f"{grade[0]} {error}", f"{found.margin_mm:.1f} mm",
                         f"{verdict[0]} {verdict_words(found.verdict)}")  # fmt: skip
                for column, text in enumerate(texts):
                    item.setText(column, text)
                    item.setToolTip(column, f"{text}\n{named(structure_label(found.target))}")
                item.setForeground(REGISTRATION, QBrush(QColor(grade[1])))
                item.setForeground(VERDICT, QBrush(QColor(verdict[1])))
                if found.name == self.kit.chosen:
                    self.list.setCurrentItem(item)
        _fit_height(self.list, max(min(len(every), MOST_ROWS), 2))

    def _show_registration(self, found: Confirmation) -> None:
        grade = registration_grade(found)
        sign, colour = VERDICTS[GRADE_OF[grade]]
        words = {"good": tr("Registration good"), "fair": tr("Registration fair: look at both scans"),
                 "poor": tr("REGISTRATION POOR: do not rely on the verdict"),
                 "not checked": tr("Registration not checked: look at both scans")}[grade]  # fmt: skip
        if found.error_mm is not None:
            words += f"  \N{PLUS-MINUS SIGN}{found.error_mm:.1f} mm"
        _paint(self.registration, f"{sign} {words}", colour, filled=grade == "poor")
        self.how.setText(spoken(found.registration))
        lines = [f"\N{BULLET} {spoken(line)}" for line in found.warnings]
        self.warned.setText("\n".join(lines))
        self.warned.setVisible(bool(lines))
        self.looks[self.kit.look].setChecked(True)
        with QSignalBlocker(self.fade):
            self.fade.setValue(round(100 * self.kit.share))
        self.fade_row.setVisible(self.kit.look == FADE)

    def _show_verdict(self, found: Confirmation) -> None:
        sign, colour = VERDICTS[VERDICT_OF[found.verdict]]
        _paint(self.verdict, f"{sign} {named(structure_label(found.target))}: {verdict_words(found.verdict)}", colour)
        self.reason.setText(spoken(found.reason))
        self.worst.setText(tr("Go to the worst point: {mm} mm").format(mm=f"{found.margin_mm:.1f}"))
        percent = f"{found.contraction_percent:g}"
        told = [tr("Worst point at {place}").format(place=place_text(found.place_mm)),
                tr("Contraction of coagulated tissue: {percent} % of length (assumed)").format(percent=percent)]
        told += [tr("Plan {name}").format(name=found.plan_name)] if found.plan_name else []
        told += [tr("Generated patient")] if found.synthetic else []
        self.told.setText("  \N{MIDDLE DOT}  ".join(told))
        with QSignalBlocker(self.with_plan):
            self.with_plan.setChecked(self.kit.with_plan)
        self.with_plan.setVisible(found.plan_name in self._desk.case.results)

    def _fill_numbers(self, chosen: Confirmation) -> None:
        """A row for every number, a column for every confirmation of the same target."""
        shown = [one for one in self._desk.case.confirmations.values() if one.target == chosen.target]
        names = list(dict.fromkeys(quantity.name for one in shown for quantity in one.quantities))
        self.numbers.setColumnCount(1 + len(shown))
        self.numbers.setHeaderLabels([tr("Number"), *(one.name for one in shown)])
        _fit_columns(self.numbers)
        with QSignalBlocker(self.numbers):
            for item, name in zip(rows_of(self.numbers, len(names)), names, strict=True):
                self._fill_row(item, name, shown)
        _fit_height(self.numbers, len(names))

    def _fill_row(self, item: QTreeWidgetItem, name: str, shown: list[Confirmation]) -> None:
        for column, one in enumerate(shown, start=1):
            found = next((quantity for quantity in one.quantities if quantity.name == name), None)
            if found is None:
                item.setText(column, "")
                continue
            item.setText(0, spoken(found.label))
            value = tr("not checked") if found.value is None else f"{found.value:g} {found.unit}".strip()
            item.setText(column, value)
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            lines = [spoken(found.label), spoken(found.limit), spoken(found.note), found.source]
            item.setToolTip(column, "\n".join(line for line in lines if line))
            item.setToolTip(0, item.toolTip(column))
            if found.verdict:
                item.setForeground(column, QBrush(QColor(VERDICTS[found.verdict][1])))

    def _chosen(self, item: QTreeWidgetItem) -> None:
        row = all_rows(self.list).index(item)
        self.kit.choose(list(self._desk.case.confirmations)[row])

    def _number_chosen(self, item: QTreeWidgetItem, column: int) -> None:
        """Go where a number was found."""
        chosen = self.kit.found
        if chosen is None or column < 1:
            return
        shown = [one for one in self._desk.case.confirmations.values() if one.target == chosen.target]
        text = item.text(0)
        place = next((q.place_mm for q in shown[column - 1].quantities if spoken(q.label) == text), None)
        if place is not None:
            self._desk.set_focus(place)


def verdict_words(verdict: str) -> str:
    """Return a verdict of a confirmation in the language of the window."""
    return {"complete with margin": tr("complete with margin"), "borderline": tr("borderline"),
            "incomplete": tr("incomplete"), "uncertain": tr("uncertain")}[verdict]  # fmt: skip


def _paint(label: QLabel, text: str, colour: str, *, filled: bool = False) -> None:
    """Give a line a colour, or white letters on it where it must not be overlooked."""
    sheet = f"color: #ffffff; background: {POOR_GROUND}; padding: 3px;" if filled else f"color: {colour};"
    label.setStyleSheet(f"QLabel {{ {sheet} font-weight: bold; }}")
    label.setText(text)


def _fit_columns(table: QTreeWidget, yielding: int = 0) -> None:
    """Let a column give way; all others are as wide as what stands in them."""
    for column in range(table.columnCount()):
        table.header().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch if column == yielding else
                                            QHeaderView.ResizeMode.ResizeToContents)  # fmt: skip


def _fit_height(table: QTreeWidget, rows: int) -> None:
    """Make a table as high as its rows."""
    row = table.sizeHintForRow(0) if table.topLevelItemCount() else round(1.5 * table.fontMetrics().height())
    table.setFixedHeight(table.header().sizeHint().height() + rows * row + 4)
