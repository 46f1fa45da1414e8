"""Which series of a scan to take: rank, kind, slices, what the geometry says and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtGui import QBrush, QColor, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import Patient
from anatomy_twin.errors import DataError
from anatomy_twin.view.style import VERDICTS, current_theme
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.pipeline.scans import SeriesRow

VERDICT_OF: Final = {"loads": "met", "warning": "borderline", "repair": "borderline", "refused": "not met"}


def verdict_words(verdict: str) -> str:
    """Return what a verdict of a series is called."""
    return {"loads": tr("loads"), "warning": tr("loads with a warning"), "repair": tr("needs repair"),
            "refused": tr("refused")}[verdict]  # fmt: skip


class SeriesDialog(QDialog):
    """A table of series, the best one chosen; ``taken`` gets the row, whether to repair, and the patient.

    ``words`` stand on the button; without ``with_patient`` nothing is asked about the patient.
    """

    def __init__(
        self, window: QWidget, place: str, rows: Sequence[SeriesRow],
        taken: Callable[[SeriesRow, bool, Patient], object], *, title: str = "", words: str = "",
        with_patient: bool = True,
    ) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title or tr("Import a scan"))
        self._words = words or tr("Import")
        self._rows, self._taken = tuple(rows), taken
        column = QVBoxLayout(self)
        usable = sum(row.verdict != "refused" for row in rows)
        told = tr("{place}: {count} series, {usable} can be imported. The best one stands first.")
        column.addWidget(QLabel(told.format(place=place, count=len(rows), usable=usable)))
        self.table = self._make_table()
        column.addWidget(self.table, 1)
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.why.setMinimumHeight(4 * self.fontMetrics().lineSpacing())
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.why)
        patient = self._make_patient()
        patient.setVisible(with_patient)
        column.addWidget(patient)
        column.addLayout(self._make_buttons())
        letter = self.fontMetrics().averageCharWidth()
        self.resize(min(150 * letter, max(window.width() - 40, 60 * letter)), 84 * letter)
        self.table.itemSelectionChanged.connect(self._chosen)
        self.table.itemDoubleClicked.connect(lambda _: self._take())
        if rows:
            self.table.selectRow(0)
        self._chosen()

    @property
    def row(self) -> SeriesRow | None:
        """The series that is chosen."""
        number = self.table.currentRow()
        return self._rows[number] if 0 <= number < len(self._rows) else None

    # inside

    def _make_table(self) -> QTableWidget:
        titles = [tr("Rank"), tr("Modality"), tr("Description"), tr("Slices"), tr("Voxels"), tr("Geometry"), tr("Why")]
        table = QTableWidget(len(self._rows), len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        for number, row in enumerate(self._rows):
            sign, colour = VERDICTS[VERDICT_OF[row.verdict]]
            described = " \N{MIDDLE DOT} ".join(part for part in (row.description, row.part) if part)
            cells = (str(row.rank), row.modality, described or tr("no description"), str(row.slice_count),
                     _voxels(row), f"{sign} {verdict_words(row.verdict)}", row.reason)  # fmt: skip
            for place, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(row.loading if place == 5 else text)
                if row.verdict == "refused" and place != 5:
                    item.setForeground(QBrush(QColor(current_theme().quiet)))
                if place == 5:
                    item.setForeground(QBrush(QColor(colour)))
                if place in (0, 3):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                table.setItem(number, place, item)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Interactive)
        table.setColumnWidth(2, 30 * self.fontMetrics().averageCharWidth())
        header.setStretchLastSection(True)
        return table

    def _make_patient(self) -> QWidget:
        box = QFrame()
        box.setObjectName("card")
        form = QFormLayout(box)
        self.pseudonym = QLineEdit("patient")
        self.pseudonym.setMaxLength(80)
        self.height_cm, self.weight_kg = QLineEdit(), QLineEdit()
        for edit, least, most in ((self.height_cm, 30.0, 250.0), (self.weight_kg, 1.0, 400.0)):
            edit.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{0,3}([.,]\d?)?"), self))
            edit.setPlaceholderText(tr("not known"))
            edit.setToolTip(f"{least:g} - {most:g}")
            edit.setMaximumWidth(14 * self.fontMetrics().averageCharWidth())
        note = QLabel(tr("Names and dates of the scan are not kept: choose a name that tells nobody who it is."))
        note.setObjectName("quiet")
        note.setWordWrap(True)
        form.addRow(tr("Name in the case"), self.pseudonym)
        line = QHBoxLayout()
        line.addWidget(self.height_cm)
        line.addSpacing(16)
        line.addWidget(QLabel(tr("Weight in kg")))
        line.addWidget(self.weight_kg)
        line.addStretch(1)
        form.addRow(tr("Height in cm"), line)
        form.addRow(note)
        return box

    def _make_buttons(self) -> QHBoxLayout:
        self.problem = QLabel()
        self.problem.setObjectName("error")
        self.button = QPushButton(self._words)
        self.button.setObjectName("import")
        self.button.setDefault(True)
        self.button.clicked.connect(self._take)
        cancel = QPushButton(tr("Cancel"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        line = QHBoxLayout()
        line.addWidget(self.problem, 1)
        line.addWidget(cancel)
        line.addWidget(self.button)
        return line

    def _chosen(self) -> None:
        row = self.row
        self.button.setEnabled(row is not None and row.verdict != "refused")
        repaired = row is not None and row.verdict == "repair"
        self.button.setText(tr("Repair and import") if repaired else self._words)
        if row is None:
            self.why.setText(tr("No series is chosen."))
            return
        lines = [f"{VERDICTS[VERDICT_OF[row.verdict]][0]} {row.loading}", row.geometry, f"{row.rank}: {row.reason}"]
        self.why.setText("\n".join(dict.fromkeys(lines)))

    def _take(self) -> None:
        row = self.row
        if row is None or row.verdict == "refused":
            return
        try:
            patient = Patient(self.pseudonym.text(), _number(self.height_cm.text()), _number(self.weight_kg.text()))
        except DataError as error:
            self.problem.setText(str(error))
            return
        self.accept()
        self._taken(row, row.verdict == "repair", patient)


def _voxels(row: SeriesRow) -> str:
    matrix = f"{row.shape[2]} x {row.shape[1]}"
    if not all(row.spacing_mm):
        return matrix
    return f"{matrix},  {row.spacing_mm[2]:.2f} x {row.spacing_mm[1]:.2f} x {row.spacing_mm[0]:.2f} mm"


def _number(text: str) -> float | None:
    plain = text.strip().replace(",", ".").rstrip(".")
    return float(plain) if plain else None
