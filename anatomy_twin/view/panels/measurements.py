"""What was measured: names, values, and what can be done with them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import Measurement, Quantity
from anatomy_twin.rehearsal.measure_edit import MeasuredValues, kind_of, lesions_of, middle_of, renamed
from anatomy_twin.view.tools.measuring import remove, words_of
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

NAME, KIND, VALUE, MORE = range(4)


class MeasurementsPanel(QWidget):
    """A row for each measurement. A click brings the crosshair there, a double click on the name renames."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._window, self._desk = window, window.desk
        self._values = MeasuredValues()
        self._busy = False
        self.setWindowTitle(tr("Measurements"))
        self.table = _Table(self)
        self.empty = QLabel(tr("Nothing is measured yet.\n\nDistance: M, D   Angle: M, A   Area: M, O\n"
                               "Ball: M, B   Diameters of a lesion: M, L"))  # fmt: skip
        self.empty.setObjectName("quiet")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.targets_button = _button(tr("All targets"), tr("Diameters of all targets, by one click"),
                                      lambda: window.run("measure.targets"))  # fmt: skip
        self.copy_button = _button(tr("Copy"), tr("Copy all rows as a table"), self.copy)
        self.remove_button = _button(tr("Remove"), tr("Remove the chosen measurements"), self.remove)
        row = QHBoxLayout()
        row.setContentsMargins(4, 2, 4, 4)
        row.addWidget(self.targets_button)
        row.addStretch(1)
        row.addWidget(self.copy_button)
        row.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(self._stack, 1)
        column.addLayout(row)
        self._desk.case_changed.connect(self._case_changed)
        self._desk.marked_changed.connect(self._mark)
        self.refresh()

    def sizeHint(self) -> QSize:
        """Return the size the panel would like."""
        return QSize(self.fontMetrics().averageCharWidth() * 48, self.fontMetrics().height() * 11)

    def refresh(self) -> None:
        """Show the measurements as they are now."""
        case = self._desk.case
        self._busy = True
        self.table.setRowCount(len(case.measurements))
        for row, measurement in enumerate(case.measurements.values()):
            first, more = self._values.words(measurement, case.volume)
            self._show(row, measurement, (measurement.name, kind_word(measurement), first, more))
        self._busy = False
        self._stack.setCurrentWidget(self.table if case.measurements else self.empty)
        self.targets_button.setEnabled(bool(lesions_of(self._desk.scene)))
        for button in (self.copy_button, self.remove_button):
            button.setEnabled(bool(case.measurements))
        self._mark()

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return what stands in the rows: name, kind, value, second value."""
        return [(self._text(row, NAME), self._text(row, KIND), self._text(row, VALUE), self._text(row, MORE))
                for row in range(self.table.rowCount())]  # fmt: skip

    def copy(self) -> None:
        """Put all rows on the clipboard: text with tabs, which spreadsheets take as a table."""
        lines = ["\t".join((tr("Name"), tr("Kind"), tr("Value"), tr("More")))]
        QApplication.clipboard().setText("\n".join([*lines, *("\t".join(row) for row in self.rows())]))

    def copy_csv(self) -> None:
        """Put all numbers on the clipboard as CSV, a number a line, with units of their own."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["name", "kind", "number", "value", "unit", "note"])
        for measurement in self._desk.case.measurements.values():
            for quantity in self._values.of(measurement, self._desk.case.volume):
                value = "" if quantity.value is None else f"{quantity.value:g}"
                name = _plain_cell(measurement.name)
                writer.writerow([name, kind_of(measurement), quantity.name, value, quantity.unit, quantity.note])
        QApplication.clipboard().setText(text.getvalue())

    def remove(self) -> None:
        """Remove the chosen measurements, each as a step."""
        names = list(dict.fromkeys(self._text(index.row(), NAME) for index in self.table.selectedIndexes()))
        for name in names or [self._desk.marked]:
            remove(self._desk, name)

    def rename(self, name: str, new: str) -> None:
        """Call a measurement otherwise, as a step."""
        def do() -> None:
            after = renamed(self._desk.case, name, new)
            self._desk.session.do(tr("Rename {name}").format(name=name), after)
            self._desk.mark(new.strip())

        if new.strip() != name and not self._desk.attempt(do):
            self.refresh()

    def jump(self, name: str) -> None:
        """Mark a measurement and bring the crosshair there."""
        measurement = self._desk.case.measurements.get(name)
        if measurement is not None:
            self._desk.mark(name)
            self._desk.set_focus(middle_of(measurement))

    def menu_of(self, name: str) -> QMenu:
        """Return what can be done with a row."""
        menu = QMenu(self)
        menu.addAction(tr("Show"), lambda: self.jump(name))
        menu.addAction(tr("Rename"), lambda: self.table.edit(self.table.model().index(self._row_of(name), NAME)))
        menu.addAction(tr("Remove"), lambda: remove(self._desk, name))
        menu.addSeparator()
        menu.addAction(tr("Copy as text"), self.copy)
        menu.addAction(tr("Copy as CSV"), self.copy_csv)
        return menu

    # inside

    def _case_changed(self, fields: frozenset[str]) -> None:
        if fields & {"measurements", "volumes", "labels", "plans"}:
            self.refresh()

    def _show(self, row: int, measurement: Measurement, texts: tuple[str, str, str, str]) -> None:
        tip = _all_numbers(self._values.of(measurement, self._desk.case.volume))
        for column, text in enumerate(texts):
            item = self.table.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                if column != NAME:
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                if column == VALUE:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
            if item.text() != text:
                item.setText(text)
            item.setData(Qt.ItemDataRole.UserRole, measurement.name)
            item.setToolTip(tip)

    def _text(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return "" if item is None else item.text()

    def _row_of(self, name: str) -> int:
        names = list(self._desk.case.measurements)
        return names.index(name) if name in names else -1

    def _mark(self) -> None:
        """Choose the row of the measurement that is marked."""
        row = self._row_of(self._desk.marked)
        self._busy = True
        if row < 0:
            self.table.clearSelection()
        elif row not in {index.row() for index in self.table.selectedIndexes()}:
            self.table.selectRow(row)
        self._busy = False

    def chosen(self, row: int) -> None:
        """Mark the measurement of a row that was gone to by keys."""
        if not self._busy and 0 <= row < self.table.rowCount():
            self._desk.mark(self._text(row, NAME))

    def edited(self, item: QTableWidgetItem) -> None:
        """Take a name that was typed."""
        if not self._busy and item.column() == NAME:
            self.rename(str(item.data(Qt.ItemDataRole.UserRole)), item.text())


class _Table(QTableWidget):
    """The rows. Return jumps, F2 renames, Delete removes, Ctrl+C copies."""

    def __init__(self, panel: MeasurementsPanel) -> None:
        super().__init__(0, 4, panel)
        self._panel = panel
        self.setHorizontalHeaderLabels([tr("Name"), tr("Kind"), tr("Value"), tr("More")])
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 7)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        for column, side in ((NAME, Qt.AlignmentFlag.AlignLeft), (VALUE, Qt.AlignmentFlag.AlignRight),
                             (MORE, Qt.AlignmentFlag.AlignLeft)):  # fmt: skip
            item = self.horizontalHeaderItem(column)
            if item is not None:
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(20)
        header.setHighlightSections(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (KIND, VALUE, MORE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.itemChanged.connect(panel.edited)
        self.cellClicked.connect(lambda row, _: self._jump(row))
        self.currentCellChanged.connect(lambda row, *_: panel.chosen(row))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the kind, which names mostly tell, gives way."""
        super().resizeEvent(event)
        self.setColumnHidden(KIND, self.viewport().width() < self.fontMetrics().averageCharWidth() * 52)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Work the chosen row."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._panel.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._jump(self.currentRow())
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._panel.remove()
        else:
            super().keyPressEvent(event)

    def _jump(self, row: int) -> None:
        item = self.item(row, NAME)
        if item is not None:
            self._panel.jump(str(item.data(Qt.ItemDataRole.UserRole)))

    def _menu(self, place: QPoint) -> None:
        item = self.itemAt(place) or self.currentItem()  # by the menu key: the row that is chosen
        if item is not None:
            menu = self._panel.menu_of(str(item.data(Qt.ItemDataRole.UserRole)))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.viewport().mapToGlobal(place))


def kind_word(measurement: Measurement) -> str:
    """Return what kind of measurement it is, in the person's language."""
    return words_of(kind_of(measurement))


def _all_numbers(quantities: tuple[Quantity, ...]) -> str:
    lines = []
    for quantity in quantities:
        value = "\N{EN DASH}" if quantity.value is None else f"{quantity.value:g}"
        note = f" ({quantity.note})" if quantity.note else ""
        lines.append(f"{quantity.label}: {value} {quantity.unit}{note}")
    return "\n".join(lines)


def _plain_cell(text: str) -> str:
    """Return a name that a spreadsheet takes for text and never for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text


def _button(words: str, tip: str, action: object) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    button.setToolTip(tip)
    button.clicked.connect(action)
    return button
