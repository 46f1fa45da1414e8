"""The choices for the next simulation of the ablation shown: what decides, perfusion, cooling, grid."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from anatomy_twin.core import AblationPlan
from anatomy_twin.view.panels.plan_parameters import ChoiceField, NumberField
from anatomy_twin.view.simulation_choices import COLD, HEAT, Choices, choices_of, freezes, verdict_words
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk


class SimulationForm(QWidget):
    """Fields of the choices; they are no steps of the case, the result says what it was made with."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self._kit = desk, choices_of(desk)
        self.verdict = ChoiceField()
        self.numbers: dict[str, NumberField] = {}
        self.note = QLabel(tr("The preview has a grid of its own; all else it goes by too."))
        self.note.setObjectName("quiet")
        self.note.setWordWrap(True)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        heading = QLabel(tr("Simulation"))
        heading.setObjectName("heading")
        form.addRow(heading)
        self._add(form, tr("Tissue is dead"), self.verdict, tr("What decides that tissue is dead; all are kept"))
        for name, words, unit, low, high, step, digits, tip in (
            ("perfusion_percent", tr("Perfusion"), "%", 0.0, 300.0, 10.0, 0, tr("Of the perfusion of every tissue")),
            ("cooling_s", tr("Go on afterwards"), "s", 0.0, 3600.0, 30.0, 0, tr("After the last power is off")),
            ("spacing_mm", tr("Grid"), "mm", 0.5, 3.0, 0.5, 1, tr("Edge of the voxels: a coarse grid is quick")),
        ):
            field = NumberField()
            field.setDecimals(digits)
            field.setRange(low, high)
            field.setSingleStep(step)
            field.setSuffix(f" {unit}")
            field.valueChanged.connect(partial(self._number_changed, name))
            self.numbers[name] = field
            self._add(form, words, field, tip)
        form.addRow(self.note)
        self.verdict.activated.connect(self._verdict_chosen)
        self._kit.changed.connect(self.refresh)
        self.refresh()

    def _add(self, form: QFormLayout, words: str, field: QWidget, tip: str) -> None:
        label = QLabel(words)
        label.setBuddy(field)
        field.setAccessibleName(words)
        field.setToolTip(tip)
        form.addRow(label, field)

    def refresh(self) -> None:
        """Show the choices as they are, for the plan shown; nothing for a plan that is not simulated."""
        plan, choices = self._desk.plan, self._kit.choices
        self.setVisible(isinstance(plan, AblationPlan))
        cold = freezes(plan)
        words, known = verdict_words(), COLD if cold else HEAT
        with QSignalBlocker(self.verdict):
            if [self.verdict.itemData(n) for n in range(self.verdict.count())] != list(known):
                self.verdict.clear()
                for name in known:
                    self.verdict.addItem(words[name], name)
            self.verdict.setCurrentIndex(known.index(choices.cold if cold else choices.heat))
        for name, field in self.numbers.items():
            with QSignalBlocker(field):
                field.setValue(getattr(choices, name))
        self.note.setVisible(choices.spacing_mm != Choices().spacing_mm)

    def _verdict_chosen(self, row: int) -> None:
        kind = "cold" if freezes(self._desk.plan) else "heat"
        self._kit.choose(**{kind: str(self.verdict.itemData(row))})

    def _number_changed(self, name: str, value: float) -> None:
        self._kit.choose(**{name: float(value)})
