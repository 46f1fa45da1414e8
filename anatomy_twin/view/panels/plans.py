"""The plans of the case, and the parts, parameters and rules of the one shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPoint, QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.pipeline.procedures import procedure_of, unmeasured
from anatomy_twin.rehearsal.comparing import KINDS, PlanState, plan_state
from anatomy_twin.view.flow import flow
from anatomy_twin.view.names import named
from anatomy_twin.view.nothing import Nothing
from anatomy_twin.view.panels.plan_entry_list import PlanEntryList
from anatomy_twin.view.panels.plan_parameters import PlanParameters
from anatomy_twin.view.panels.plan_rules import PlanRules
from anatomy_twin.view.panels.robustness_box import RobustnessBox
from anatomy_twin.view.panels.rows import all_rows, rows_of
from anatomy_twin.view.panels.simulation_form import SimulationForm
from anatomy_twin.view.plan_actions import rename_plan, rules_line
from anatomy_twin.view.plan_checks import PlanChecks
from anatomy_twin.view.plan_words import speaker
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.style import VERDICTS, theme_changed
from anatomy_twin.view.tools.plan_handles import handles_of
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

NAME: Final = Qt.ItemDataRole.UserRole
LAID_OUT_MS: Final = 60  # what has grown has its size by then


class PlansPanel(QScrollArea):
    """Choose a plan, see how far it is, change its settings; F2 or a double click renames it."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._window, self._desk, self._say = window, window.desk, speaker()
        self.setWindowTitle(tr("Plans"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.checks = PlanChecks(self._desk, self)
        self.plans = self._tree((tr("Plan"), tr("For"), tr("Rules"), tr("Numbers")), tr("Plans of the case"))
        self.parts = self._tree((tr("Part"), ""), tr("Parts of the plan shown"))
        self.parts.setHeaderHidden(True)
        self.parameters = PlanParameters(self._desk)
        self.simulation = SimulationForm(self._desk)
        self.rules = PlanRules(self._desk, self.checks)
        self.entry_list = PlanEntryList(window)
        self.robustness = RobustnessBox(window)
        self.heading = QLabel()
        self.heading.setObjectName("heading")
        self.heading.setWordWrap(True)
        Nothing(self.plans, tr("No plan yet: press New."))
        self._part_row = self._part_buttons()
        self._inner = QWidget()
        self._column = QVBoxLayout(self._inner)
        self._lay_out()
        self.plans.currentItemChanged.connect(self._plan_chosen)
        self.plans.itemChanged.connect(self._renamed)
        self.parts.itemClicked.connect(self._part_chosen)
        self.parts.itemActivated.connect(self._part_chosen)
        self._desk.case_changed.connect(self._case_changed)
        self._desk.plan_changed.connect(self.refresh)
        self._desk.tool_changed.connect(self._mode_changed)
        self._desk.drawing_changed.connect(self._mark_part)
        self.checks.changed.connect(self._mark_states)
        self._wanted: QWidget | None = None
        self._scroll = QTimer(self, singleShot=True, interval=LAID_OUT_MS)
        self._scroll.timeout.connect(self._to_wanted)
        for box in (self.entry_list, self.robustness):
            box.unfolded.connect(partial(self.bring_up, box))
        theme_changed.connect(self.refresh)
        self._listed: tuple[str, ...] | None = None
        self.refresh()
        self._mode_changed()

    # widgets

    def _tree(self, heads: tuple[str, ...], name: str) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setHeaderLabels(list(heads))
        tree.setRootIsDecorated(False)
        tree.setAllColumnsShowFocus(True)
        tree.setUniformRowHeights(True)
        tree.setAccessibleName(name)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.header().setStretchLastSection(False)
        tree.header().setMinimumSectionSize(3 * self.fontMetrics().averageCharWidth())
        for column in range(len(heads)):
            # the second column gives way: what stands there is whole in its tip
            tree.header().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch if column == 1 else
                                               QHeaderView.ResizeMode.ResizeToContents)  # fmt: skip
        return tree

    def _lay_out(self) -> None:
        inner = self._inner
        column = self._column
        gap = self.fontMetrics().height() // 3
        column.setContentsMargins(gap, gap, gap, gap)
        column.setSpacing(gap)
        column.addWidget(self._buttons())
        column.addWidget(self.plans)
        column.addWidget(self.heading)
        column.addWidget(self.parts)
        column.addWidget(self._part_row)
        column.addWidget(self.parameters)
        column.addWidget(self.simulation)
        column.addWidget(self.entry_list)
        column.addWidget(self.robustness)
        column.addWidget(self.rules, 1)
        column.addStretch(0)  # takes the room where no plan is shown
        self.rules.setMinimumHeight(8 * self.fontMetrics().height())
        self.setWidget(inner)

    def _buttons(self) -> QWidget:
        new = QToolButton()
        new.setText(tr("New"))
        new.setToolTip(tr("A new plan from a template"))
        new.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(new)
        for command in ("plan.new_ablation", "plan.new_resection", "plan.propose", "plan.search",
                        "heart.new_plan"):
            if command in self._window.actions_by_name:
                menu.addAction(self._window.actions_by_name[command])
        new.setMenu(menu)
        self.plan_buttons = [self._button(command, text) for command, text in (
            ("plan.duplicate", tr("Copy")), ("plan.delete", tr("Delete")))]  # fmt: skip
        self.edit_button = self._button("plan.edit", tr("Edit"))
        self.edit_button.setCheckable(True)
        return flow(new, *self.plan_buttons, self.edit_button, spacing=self.fontMetrics().height() // 4)

    def _part_buttons(self) -> QWidget:
        self.add_button = self._button("plan.add_part", tr("Add"))
        self.remove_button = self._button("plan.remove_part", tr("Remove"))
        return flow(self.add_button, self.remove_button, spacing=self.fontMetrics().height() // 4)

    def _button(self, command: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        known = self._window.commands.get(command)
        if known is not None:
            keys = f" ({', '.join(known.keys)})" if known.keys else ""
            button.setToolTip(f"{known.tip or known.text}{keys}")
        button.clicked.connect(lambda _=False, name=command: self._run(name))
        return button

    def _run(self, command: str) -> None:
        self._window.run(command)
        self._mode_changed()

    # what is shown

    def refresh(self) -> None:
        """Show plans, parts and settings as they are now."""
        case = self._desk.case
        if self._listed != tuple(case.plans):
            self._list_plans()
        self._mark_states()
        plan, procedure = self._desk.plan, procedure_of(self._desk.plan)
        for widget in (self.heading, self.parts, self._part_row, self.parameters, self.rules):
            widget.setVisible(plan is not None)
        if plan is not None:
            title = self._say(procedure.title) if procedure is not None else self._say(KINDS[type(plan).__name__])
            lines = [tr("Plan {name}: {kind}").format(name=plan.name, kind=title), self._say(unmeasured(plan))]
            self.heading.setText("\n".join(filter(None, lines)))
        self._list_parts()
        self.parameters.refresh()
        self.simulation.refresh()
        self.rules.refresh()
        self.entry_list.refresh()
        self.robustness.refresh()
        self._mode_changed()

    def _list_plans(self) -> None:
        case = self._desk.case
        self._listed = tuple(case.plans)
        with QSignalBlocker(self.plans):
            for item, name in zip(rows_of(self.plans, len(case.plans)), case.plans, strict=True):
                item.setText(0, name)
                item.setData(0, NAME, name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.plans.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed
                                       | QAbstractItemView.EditTrigger.DoubleClicked)  # fmt: skip
        rows = min(max(len(case.plans), 2), 5)
        self.plans.setFixedHeight(_height(self.plans, rows, header=True))

    def _mark_states(self) -> None:
        case, font, followed = self._desk.case, self.font(), self.checks.followed
        with QSignalBlocker(self.plans):
            if self._desk.plan is None:
                self.plans.setCurrentIndex(QModelIndex())
            for item in all_rows(self.plans):
                name = item.data(0, NAME)
                if name not in case.plans:
                    continue
                state = plan_state(case, name, None, followed.get(name) if name not in case.assessments else None)
                verdict, words = rules_line(self.checks.of(name), bare=True)
                sign, colour = VERDICTS[verdict]
                moved = name == self._desk.plan_name and self._desk.moving is not None
                item.setText(1, ", ".join(named(part) for part in state.aim.split(", ")))
                item.setText(2, tr("being moved") if moved else f"{sign} {words}")
                item.setForeground(2, QBrush(QColor(colour)))
                why = unmeasured(case.plans[name])
                item.setText(3, "" if moved else tr("not measured") if why else _numbers_words(state))
                for column in (1, 2, 3):
                    item.setToolTip(column, self._say(why) if why and column == 3 else item.text(column))
                font.setBold(name == self._desk.plan_name)
                item.setFont(0, font)
                if name == self._desk.plan_name:
                    self.plans.setCurrentItem(item)

    def _list_parts(self) -> None:
        plan, procedure = self._desk.plan, procedure_of(self._desk.plan)
        lines = procedure.parts(plan) if procedure is not None and plan is not None else ()
        with QSignalBlocker(self.parts):
            for number, (item, line) in enumerate(zip(rows_of(self.parts, len(lines)), lines, strict=True)):
                assert procedure is not None
                name = self._say(f"{procedure.part} {{number}}", number=number + 1)
                item.setText(0, name[:1].upper() + name[1:])
                item.setText(1, spoken(line))
                item.setToolTip(1, spoken(line))
        self.parts.setFixedHeight(_height(self.parts, min(max(len(lines), 1), 4), header=False))
        self._mark_part()

    def _mark_part(self) -> None:
        tool = handles_of(self._window)
        handle = tool.chosen_handle if tool is not None else None
        with QSignalBlocker(self.parts):
            self.parts.clearSelection()
            for number, item in enumerate(all_rows(self.parts)):
                if handle is not None and handle.part == number:
                    self.parts.setCurrentItem(item)
        self.remove_button.setEnabled(handle is not None)

    def _mode_changed(self) -> None:
        on = self._desk.edit_mode
        self.edit_button.setChecked(on)
        self.edit_button.setEnabled(self._desk.plan is not None or on)
        for button in self.plan_buttons:
            button.setEnabled(self._desk.plan is not None)
        self.add_button.setEnabled(procedure_of(self._desk.plan) is not None)

    def _case_changed(self, fields: frozenset[str]) -> None:
        if fields & {"plans", "checks", "results", "assessments", "labels"}:
            self.refresh()

    # what is done

    def bring_up(self, part: QWidget) -> None:
        """Scroll to a part that has grown, once it has its size: as much of it as there is room for, from its head."""
        self._wanted = part
        self._scroll.start()

    def _to_wanted(self) -> None:
        part = self._wanted
        if part is None or not part.isVisible():
            return
        top = part.mapTo(self._inner, QPoint(0, 0)).y()
        bar, room = self.verticalScrollBar(), self.viewport().height()
        if not bar.value() <= top <= top + part.height() <= bar.value() + room:
            bar.setValue(top if part.height() > room else top + part.height() - room)

    def _plan_chosen(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        if item is not None:
            self._desk.choose_plan(str(item.data(0, NAME)))

    def _renamed(self, item: QTreeWidgetItem, column: int) -> None:
        name = str(item.data(0, NAME))
        if column == 0 and not rename_plan(self._desk, name, item.text(0)):
            with QSignalBlocker(self.plans):
                item.setText(0, name)

    def edit_name(self) -> None:
        """Let the name of the plan shown be written."""
        for item in all_rows(self.plans):
            if item.data(0, NAME) == self._desk.plan_name:
                self.plans.setFocus()
                self.plans.editItem(item, 0)

    def _part_chosen(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        """Choose the first handle of a part and bring the slices to it."""
        tool = handles_of(self._window)
        if tool is None:
            return
        part = self.parts.indexOfTopLevelItem(item)
        handle = next((one for one in tool.handles if one.part == part), None)
        if handle is not None:
            tool.choose(handle.name)
            self._desk.set_focus(handle.point_mm)

    def sizeHint(self) -> QSize:
        """Return a width at which the settings can be read."""
        metrics = self.fontMetrics()
        return QSize(42 * metrics.averageCharWidth(), 26 * metrics.height())


def _numbers_words(state: PlanState) -> str:
    if state.preview:
        return tr("preview")
    if state.simulated:
        return tr("simulated") if state.assessed else tr("simulated, not assessed")
    return tr("assessed") if state.assessed else tr("none yet")


def _height(tree: QTreeWidget, rows: int, *, header: bool) -> int:
    row = max(tree.sizeHintForRow(0), tree.fontMetrics().height() + 4)
    head = tree.header().sizeHint().height() if header else 0
    return rows * row + head + 2 * tree.frameWidth() + 4
