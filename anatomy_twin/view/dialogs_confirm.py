"""What is asked before an ablation is confirmed: the scan after, the plan or the target, and what is assumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import AblationPlan, Case
from anatomy_twin.pipeline.targets import candidates
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.view.dialogs_files import choose_file, choose_folder
from anatomy_twin.view.names import named
from anatomy_twin.view.panels.plan_parameters import NumberField
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

MOST_PERCENT = 50.0


@dataclass(frozen=True)
class ConfirmChoice:
    """What is to be confirmed: the scan at ``place``, of a plan ("" for none) or a target, by ``name`` in the case.

    ``zone`` is a file with the outline of the ablation zone, None where the program finds it.
    """

    place: Path
    name: str
    plan: str
    target: str
    contraction_percent: float
    zone: Path | None


class ConfirmDialog(QDialog):
    """Asks; ``taken`` gets the choice."""

    def __init__(
        self, window: RehearsalWindow, case: Case, plan: str, place: Path | None,
        taken: Callable[[ConfirmChoice], object],
    ) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Confirm with a second scan"))
        self._window, self._case, self._taken = window, case, taken
        self._place = place
        self._zone: Path | None = None
        self.scan, self.zone = QLabel(), QLabel()
        self.treated = QComboBox()
        self.name = QLineEdit(free_scan_name(case))
        self.name.setMaxLength(60)
        self.contraction = NumberField()
        self.contraction.setRange(0.0, MOST_PERCENT)
        self.contraction.setDecimals(0)
        self.contraction.setSuffix(tr(" % of length"))
        self._fill_treated(plan)
        column = QVBoxLayout(self)
        column.addWidget(_quiet(tr(
            "The scan after is brought to the place of the scan before, the ablation zone in it is found, and the "
            "margin around the tumour of before is measured. Best is a scan in the portal venous phase.")))  # fmt: skip
        column.addWidget(self._form())
        column.addLayout(self._buttons())
        self.resize(78 * self.fontMetrics().averageCharWidth(), self.sizeHint().height())
        self._show()

    @property
    def choice(self) -> ConfirmChoice | None:
        """What is chosen; None while there is no scan."""
        kind, what = self.treated.currentData()
        if self._place is None:
            return None
        plan = self._case.plans[what] if kind == "plan" else None
        target = plan.target if isinstance(plan, AblationPlan) else what
        return ConfirmChoice(self._place, self.name.text().strip(), what if kind == "plan" else "", target,
                             self.contraction.value(), self._zone)  # fmt: skip

    def take_scan(self, place: Path) -> None:
        """Take a folder or file as the scan after."""
        self._place = place
        self._show()

    def take_zone(self, place: Path) -> None:
        """Take a file of labels as the outline of the zone."""
        self._zone = place
        self._show()

    # inside

    def _form(self) -> QWidget:
        box = QFrame()
        box.setObjectName("card")
        form = QFormLayout(box)
        folder, file = _button(tr("Folder\N{HORIZONTAL ELLIPSIS}")), _button(tr("File\N{HORIZONTAL ELLIPSIS}"))
        folder.clicked.connect(lambda: choose_folder(self, tr("Folder of a scan"), self._start(), self.take_scan))
        file.clicked.connect(lambda: choose_file(self, tr("File of a scan"), self._start(), [tr("All files (*)")],
                                                 self.take_scan))  # fmt: skip
        form.addRow(tr("Scan after"), _line(self.scan, folder, file))
        form.addRow(tr("Treated"), self.treated)
        form.addRow(tr("Name in the case"), self.name)
        form.addRow(tr("Contraction (assumed)"), self.contraction)
        form.addRow(_quiet(tr("How much shorter coagulated tissue is than it was. 0 takes the zone as it is seen; more "
                              "makes the margin larger. It is an assumption, no measurement.")))  # fmt: skip
        other = _button(tr("File\N{HORIZONTAL ELLIPSIS}"))
        other.clicked.connect(lambda: choose_file(self, tr("Outline of the ablation zone"), self._start(),
                                                  [tr("All files (*)")], self.take_zone))  # fmt: skip
        form.addRow(tr("Ablation zone"), _line(self.zone, other))
        return box

    def _buttons(self) -> QHBoxLayout:
        self.problem = QLabel()
        self.problem.setObjectName("error")
        self.problem.setWordWrap(True)
        self.button = QPushButton(tr("Confirm"))
        self.button.setObjectName("confirm")
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

    def _fill_treated(self, plan: str) -> None:
        """Offer plans of ablations, then targets without one; the plan that is shown comes first."""
        plans = [one for one in self._case.plans.values() if isinstance(one, AblationPlan)]
        for one in sorted(plans, key=lambda found: found.name != plan):
            words = tr("Plan {name}: {target}").format(name=one.name, target=named(structure_label(one.target)))
            self.treated.addItem(words, ("plan", one.name))
        for target in candidates(self._case.label_map):
            words = tr("{target}, without a plan").format(target=named(structure_label(target)))
            self.treated.addItem(words, ("target", target))

    def _start(self) -> Path:
        from anatomy_twin.view.opening_save import usual_folder

        return self._place.parent if self._place is not None else usual_folder()

    def _show(self) -> None:
        self.scan.setText(tr("choose it") if self._place is None else self._place.name)
        self.scan.setToolTip("" if self._place is None else str(self._place))
        self.zone.setText(tr("found by the program") if self._zone is None else self._zone.name)
        self.button.setEnabled(self._place is not None)

    def _take(self) -> None:
        choice = self.choice
        if choice is None:
            return
        if not choice.name:
            self.problem.setText(tr("The scan needs a name."))
        elif choice.name in self._case.volumes or choice.name in self._case.labels:
            self.problem.setText(tr("The case has a scan of that name: choose another one."))
        else:
            self.accept()
            self._taken(choice)


def free_scan_name(case: Case) -> str:
    """Return a name for a scan after that the case has not got."""
    number = 1
    while (name := tr("after {number}").format(number=number)) in case.volumes or name in case.labels:
        number += 1
    return name


def _quiet(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("quiet")
    label.setWordWrap(True)
    return label


def _button(words: str) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    return button


def _line(label: QLabel, *buttons: QWidget) -> QHBoxLayout:
    line = QHBoxLayout()
    line.addWidget(label, 1)
    for button in buttons:
        line.addWidget(button)
    return line
