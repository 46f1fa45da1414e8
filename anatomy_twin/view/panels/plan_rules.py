"""What the rules say of the plan shown; a line leads to its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from anatomy_twin.core import Cost, PlanCheck, Rule
from anatomy_twin.pipeline.procedures import unmeasured
from anatomy_twin.rehearsal import format_number
from anatomy_twin.view.panels.rows import rows_of
from anatomy_twin.view.plan_actions import rules_line
from anatomy_twin.view.plan_checks import PlanChecks
from anatomy_twin.view.plan_words import speaker
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.style import VERDICTS
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

VERDICT_OF: Final = {"passed": "met", "broken": "not met", "not checked": "not checked"}
ORDER: Final = ("broken", "not checked", "passed")
PLACE: Final = Qt.ItemDataRole.UserRole


class PlanRules(QWidget):
    """A heading that tells the outcome, and the rules, the broken ones first."""

    def __init__(self, desk: Desk, checks: PlanChecks) -> None:
        super().__init__()
        self._desk, self._checks, self._say = desk, checks, speaker()
        self._shown: tuple[object, ...] = ()
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self.rules = QTreeWidget()
        self.rules.setColumnCount(2)
        self.rules.setHeaderHidden(True)
        self.rules.setRootIsDecorated(False)
        self.rules.setUniformRowHeights(True)
        self.rules.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.rules.setAccessibleName(tr("Rules of the plan"))
        self.rules.header().setStretchLastSection(True)
        self.rules.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.rules.itemActivated.connect(self._go)
        self.rules.itemClicked.connect(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.heading)
        column.addWidget(self.rules, 1)
        checks.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known of the plan as it is now."""
        check = self._checks.of(self._desk.plan_name)
        verdict, words = rules_line(check)
        if check is None:
            words = self._waiting()
        sign, colour = VERDICTS[verdict]
        shown = (id(check), words, colour)
        if shown == self._shown:
            return
        self._shown = shown
        self.heading.setText(f'<span style="color:{colour}">{sign} {words}</span>')
        self._fill(check)

    def _waiting(self) -> str:
        if self._desk.plan is None:
            return tr("no plan is shown")
        if unmeasured(self._desk.plan):
            return self._say(unmeasured(self._desk.plan))
        if self._desk.moving is not None:
            return tr("rules are checked when the hand rests")
        if self._checks.error:
            return self._checks.error
        return tr("checking the rules") if self._checks.busy else tr("rules not checked")

    def _fill(self, check: PlanCheck | None) -> None:
        rules = sorted(check.rules, key=lambda rule: ORDER.index(rule.outcome)) if check is not None else []
        costs = check.costs if check is not None else ()
        rows = rows_of(self.rules, len(rules) + len(costs))
        self.rules.clearSelection()
        for item, rule in zip(rows[: len(rules)], rules, strict=True):
            sign, colour = VERDICTS[VERDICT_OF[rule.outcome]]
            item.setText(0, f"{sign} {self._say(rule.outcome)}")
            item.setText(1, spoken(f"{rule.name}: {rule.reason}"))
            item.setForeground(0, QBrush(QColor(colour)))
            item.setToolTip(0, spoken(rule.name))
            item.setToolTip(1, _tip(rule))
            item.setData(0, PLACE, rule.place_mm)
        for item, cost in zip(rows[len(rules):], costs, strict=True):
            item.setText(0, "")
            item.setText(1, f"{spoken(cost.name)}: {_amount(cost)}")
            item.setToolTip(0, "")
            item.setToolTip(1, spoken(cost.reason))
            item.setData(0, PLACE, None)

    def _go(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        place = item.data(0, PLACE)
        if place is not None:
            self._desk.set_focus(tuple(place))


def _amount(cost: Cost) -> str:
    return format_number(cost.value, cost.unit).replace(" deg", "\N{DEGREE SIGN}")


def _tip(rule: Rule) -> str:
    lines = [spoken(rule.name), spoken(rule.reason)]
    if rule.source:
        lines.append(tr("source of the limit: {source}").format(source=spoken(rule.source)))
    if rule.place_mm is not None:
        lines.append(tr("click to go there"))
    return "\n".join(lines)
