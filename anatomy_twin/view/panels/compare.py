"""Plans side by side: a column each, a row for every number, the best of a row marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QBrush, QColor, QFont, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import PlanCheck
from anatomy_twin.rehearsal.comparing import (
    BEST_SIGN,
    HIGHER,
    LOWER,
    PREVIEW_SIGN,
    Cell,
    Comparison,
    PlanState,
    Row,
    as_csv,
    as_text,
)
from anatomy_twin.rehearsal.comparing import compare_plans as compared
from anatomy_twin.view.names import named
from anatomy_twin.view.opening_save import choose_target, plain_name
from anatomy_twin.view.panels.numbers import details
from anatomy_twin.view.plan_actions import rules_line, state_line
from anatomy_twin.view.plan_checks import KIT
from anatomy_twin.view.plan_words import speaker
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.style import VERDICTS, current_theme, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

BETTER_SIGN: Final = {HIGHER: "\N{UPWARDS ARROW}", LOWER: "\N{DOWNWARDS ARROW}", "": ""}


class ComparePanel(QWidget):
    """The table of all plans; a click on a column shows its plan."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._window, self._desk, self._say = window, window.desk, speaker()
        self.setWindowTitle(tr("Compare"))
        self.comparison = Comparison((), ())
        self._moving = False
        self.table = QTableWidget()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.verticalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setAccessibleName(tr("Plans side by side"))
        self.table.horizontalHeader().sectionClicked.connect(self._choose)
        self.table.cellClicked.connect(lambda _row, column: self._choose(column))
        self.table.cellActivated.connect(lambda _row, column: self._choose(column))
        self.note = QLabel()
        self.note.setObjectName("quiet")
        self.note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(self._head())
        column.addWidget(self.table, 1)
        self.table.setMinimumHeight(4 * self.fontMetrics().height())
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._refresh_seen)
        self._stale = True
        self._desk.case_changed.connect(self._case_changed)
        self._desk.plan_changed.connect(self.refresh_soon)
        theme_changed.connect(self.refresh_soon)
        checks = self._desk.kits.get(KIT)
        if checks is not None:
            checks.changed.connect(self.refresh_soon)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(4, 2, 4, 0)
        row.addWidget(self.note, 1)
        for text, tip, action in (
            (tr("Copy"), tr("Put the table on the clipboard"), self.copy),
            (tr("Save as CSV"), tr("Write the table into a file"), self.save),
        ):
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.clicked.connect(action)
            row.addWidget(button)
        return row

    def refresh_soon(self, *_: object) -> None:
        """Show the numbers of all plans as they are then, once for all that happens now, and only where it is seen."""
        self._stale = True
        if self.isVisible():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Bring up to date what was not looked at."""
        super().showEvent(event)
        self._refresh_seen()

    def _refresh_seen(self) -> None:
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Show the numbers of all plans as they are now."""
        self._soon.stop()
        self._stale = False
        moving = self._desk.moving is not None
        if moving and self._moving:
            return  # nothing of it follows the hand
        self._moving = moving
        checks = self._desk.kits.get(KIT)
        known = checks.known if checks is not None else {}
        followed = checks.followed if checks is not None else None
        comparison = compared(self._desk.case, known, followed, self._desk.plan_name)
        plans = comparison.plans
        self.comparison = comparison
        self.table.setColumnCount(len(plans))
        self.table.setRowCount(len(comparison.rows) + (1 if plans else 0))
        for column, state in enumerate(plans):
            shown = state.name == self._desk.plan_name
            mark = "\N{BLACK RIGHT-POINTING TRIANGLE} " if shown else ""
            words = tr("Plan {name}, moved") if shown and moving else tr("Plan {name}")
            head = QTableWidgetItem(mark + words.format(name=state.name))
            font = self.font()
            font.setBold(shown)
            head.setFont(font)
            head.setToolTip(tr("Click to show this plan"))
            self.table.setHorizontalHeaderItem(column, head)
            self.table.setItem(0, column, self._item(f"{self._say(state.kind)}, {_aim(state)}",
                                                             state_line(state)))
        if plans:
            self.table.setVerticalHeaderItem(0, QTableWidgetItem(tr("Kind and aim")))
        for number, row in enumerate(comparison.rows, start=1):
            self._fill(number, row)
            if row.name == "rules_broken":
                for column, state in enumerate(plans):
                    self._tell_rules(self.table.item(number, column), known.get(state.name))
        self._fit()
        self.table.verticalHeader().setDefaultSectionSize(round(1.45 * self.fontMetrics().height()))
        self.note.setText(self._note())

    def _fill(self, number: int, row: Row) -> None:
        head = QTableWidgetItem(f"{named(row.label)} {BETTER_SIGN[row.better]}".strip())
        better = {HIGHER: tr("higher is better"), LOWER: tr("lower is better"), "": ""}[row.better]
        head.setToolTip("\n".join(filter(None, [named(row.label), better, spoken(row.limit), spoken(row.note)])))
        self.table.setVerticalHeaderItem(number, head)
        for column, cell in enumerate(row.cells):
            self.table.setItem(number, column, self._cell(cell, row))

    def _tell_rules(self, item: QTableWidgetItem | None, check: PlanCheck | None) -> None:
        """Say in a few words what the rules say, and in the tip which are broken."""
        if item is None:
            return
        verdict, words = rules_line(check, bare=True)
        sign = f"{BEST_SIGN}  " if item.font().bold() else ""
        item.setText(f"{sign}{VERDICTS[verdict][0]} {words}")
        broken = check.broken if check is not None else ()
        item.setToolTip("\n".join(spoken(f"{rule.name}: {rule.reason}") for rule in broken))

    def _cell(self, cell: Cell, row: Row) -> QTableWidgetItem:
        sign, colour = VERDICTS[cell.verdict]
        text = "" if cell.text == cell.verdict else self._say(cell.text)
        words = f"{sign} {self._say(cell.verdict)}" if cell.verdict else ""
        parts = [BEST_SIGN if cell.best else "", text, words]
        quantity = cell.quantity
        tip = "" if quantity is None else "\n".join(details(quantity))
        item = self._item("  ".join(filter(None, parts)), tip)
        font = QFont(self.font())
        font.setBold(cell.best)
        font.setItalic(cell.preview)
        item.setFont(font)
        absent = quantity is None
        item.setForeground(QBrush(QColor(current_theme().quiet if absent else colour)))
        return item

    def _item(self, text: str, tip: str) -> QTableWidgetItem:
        item = QTableWidgetItem(text)
        item.setToolTip(tip)
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        return item

    def _fit(self) -> None:
        """Leave most of the room to the numbers: long names of rows are shortened, their tips have them whole."""
        head = self.table.verticalHeader()
        head.setMaximumWidth(max(round(0.42 * self.width()), 12 * self.fontMetrics().averageCharWidth()))
        columns = range(self.table.columnCount())
        wide = max((self.table.sizeHintForColumn(column) for column in columns), default=0)
        room = (self.width() - min(head.sizeHint().width(), head.maximumWidth())) / max(len(columns), 1)
        self.table.horizontalHeader().setSectionResizeMode(  # a number is never cut: rather the table scrolls
            QHeaderView.ResizeMode.Stretch if wide <= room else QHeaderView.ResizeMode.ResizeToContents)  # fmt: skip

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Follow the window's size."""
        super().resizeEvent(event)
        self._fit()

    def _note(self) -> str:
        if not self.comparison.plans:
            return tr("there is no plan yet")
        if len(self.comparison.plans) == 1:
            return tr("a second plan can be compared with this one")
        best = tr("{sign} best of its row, among plans of one kind and aim").format(sign=BEST_SIGN)
        preview = tr("{sign} preview, to be simulated").format(sign=PREVIEW_SIGN)
        return "; ".join([best, preview] if any(state.preview for state in self.comparison.plans) else [best])

    def _case_changed(self, fields: frozenset[str]) -> None:
        if fields & {"plans", "checks", "results", "assessments"}:
            self.refresh_soon()

    def _choose(self, column: int) -> None:
        if 0 <= column < len(self.comparison.plans):
            self._desk.choose_plan(self.comparison.plans[column].name)

    def copy(self) -> None:
        """Put the table on the clipboard, tab-separated."""
        self._refresh_seen()
        QApplication.clipboard().setText(as_text(self.comparison))
        self._desk.tell(tr("The comparison of plans is on the clipboard"))

    def save(self) -> None:
        """Write the table into a CSV file that the person chooses."""
        session = self._desk.session
        choose_target(self, session, tr("Save the comparison"), ".csv", self.write, name=f"{plain_name(session)}_plans")

    def write(self, path: str | Path) -> None:
        """Write the table into a CSV file; a refusal of the disk is told in words."""
        self._refresh_seen()
        try:
            Path(path).write_bytes(as_csv(self.comparison).encode("utf-8-sig"))
        except OSError as error:
            self._desk.tell(tr("The comparison was not saved: {why}").format(why=error.strerror or error), "error")
            return
        self._desk.tell(tr("The comparison of plans was saved"))


def _aim(state: PlanState) -> str:
    return ", ".join(named(part) for part in state.aim.split(", "))
