"""The numbers of the plan that is shown, with their verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from anatomy_twin.view.style import VERDICTS
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


class NumbersPanel(QTableWidget):
    """Number, value, verdict: the verdict by sign, word and colour."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(0, 3)
        assert window.desk is not None
        self._desk = window.desk
        self.setWindowTitle(tr("Numbers"))
        self.setHorizontalHeaderLabels([tr("Number"), tr("Value"), tr("Verdict")])
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setDefaultSectionSize(24)
        self._desk.scene_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the numbers as they are now."""
        rows = self._desk.scene.numbers
        self.setRowCount(len(rows))
        for row, (label, value, verdict) in enumerate(rows):
            symbol, colour = VERDICTS[verdict]
            for column, text in enumerate((label, value, f"{symbol} {verdict}".strip())):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if column == 2:
                    item.setForeground(QBrush(QColor(colour)))
                self.setItem(row, column, item)
