"""The settings of the plan shown, as fields: every change is a named step, turning a field is one step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QLabel, QMenu, QToolButton, QWidget

from anatomy_twin.core import Plan
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.procedures import Parameter, procedure_of
from anatomy_twin.view.device_words import changed_with_device, device_facts
from anatomy_twin.view.names import named
from anatomy_twin.view.plan_words import speaker
from anatomy_twin.view.status_line import ShortLabel
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk


class NumberField(QDoubleSpinBox):
    """A number with its unit; a comma is taken as the decimal point.

    The wheel turns it only while it has the keyboard, so that scrolling changes nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)

    def validate(self, text: str, place: int) -> object:
        """Take a comma as the decimal point: to Qt it would group digits, and 7,5 would become 7."""
        return super().validate(text.replace(",", "."), place)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn the number where it has the keyboard."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceField(QComboBox):
    """One of several; the wheel scrolls the panel instead."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel."""
        event.ignore()


class SeveralField(QToolButton):
    """Any of several, ticked in a menu."""

    def __init__(self) -> None:
        super().__init__()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(QMenu(self))


class PlanParameters(QWidget):
    """A form of the parameters of the plan shown."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._say = speaker()
        self._made_for: tuple[Any, ...] = ()
        self.fields: dict[str, QWidget] = {}
        self._parameters: tuple[Parameter, ...] = ()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.refresh()

    def refresh(self) -> None:
        """Show the settings as they are now; fields are made anew only where other ones are wanted."""
        plan, procedure = self._desk.plan, procedure_of(self._desk.plan)
        self._parameters = () if plan is None or procedure is None else procedure.parameters(self._desk.case, plan)
        wanted = tuple((p.name, p.kind, p.unit, p.low, p.high, p.choices, p.device, p.words) for p in self._parameters)
        if wanted != self._made_for:
            self._make()
            self._made_for = wanted
        if plan is not None:
            for parameter in self._parameters:
                self._show(parameter, parameter.read(plan))

    def _make(self) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self.fields.clear()
        for parameter in self._parameters:
            field = self._field(parameter)
            words = self._say(parameter.words, number=parameter.part + 1)
            field.setAccessibleName(words)
            tips = [self._say(parameter.tip) if parameter.tip else words]
            if parameter.kind == "number":  # digits beyond it are not taken: this is why
                tips.append(f"{parameter.low:g} \N{EN DASH} {parameter.high:g} {parameter.unit}".rstrip())
            field.setToolTip("\n".join(tips))
            label = QLabel(words)
            label.setBuddy(field)
            self.fields[parameter.name] = field
            if parameter.device:  # devices of a kind differ at the end of their names: these want a line of their own
                self._form.addRow(label)
                self._form.addRow(field)
                self._add_facts(parameter.device, field)
            else:
                self._form.addRow(label, field)

    def _add_facts(self, device: str, field: QWidget) -> None:
        """Say below a device how much of it is assumed; what, and where the rest is from, stands in the tips."""
        short, whole = device_facts(device)
        line = ShortLabel(short)
        line.setObjectName("quiet")
        line.setToolTip(whole)
        field.setToolTip(whole)
        self._form.addRow(line)

    def _field(self, parameter: Parameter) -> QWidget:
        if parameter.kind == "number":
            number = NumberField()
            number.setDecimals(parameter.digits)
            number.setRange(parameter.low, parameter.high)
            number.setSingleStep(parameter.step)
            number.setSuffix(f" {parameter.unit}" if parameter.unit else "")
            number.valueChanged.connect(partial(self._changed, parameter.name))
            return number
        if parameter.kind == "choice":
            choice = ChoiceField()
            for value, words in parameter.choices:
                choice.addItem(named(self._say(words)), value)
            choice.activated.connect(lambda _, name=parameter.name, box=choice: self._changed(name, box.currentData()))
            return choice
        several = SeveralField()
        for value, words in parameter.choices:
            action = several.menu().addAction(named(self._say(words)))
            action.setCheckable(True)
            action.setData(value)
            action.triggered.connect(lambda _, name=parameter.name, box=several: self._changed(name, _ticked(box)))
        return several

    def _show(self, parameter: Parameter, value: Any) -> None:
        field = self.fields[parameter.name]
        with QSignalBlocker(field):
            if isinstance(field, NumberField):
                # what lies outside of a device's range stays to be seen: the rules speak of it
                field.setRange(min(parameter.low, float(value)), max(parameter.high, float(value)))
                if abs(field.value() - float(value)) > 1e-9:
                    field.setValue(float(value))
            elif isinstance(field, ChoiceField):
                field.setCurrentIndex(field.findData(value))
            elif isinstance(field, SeveralField):
                for action in field.menu().actions():
                    action.setChecked(action.data() in value)
                shown = [action.text() for action in field.menu().actions() if action.isChecked()]
                field.setText(", ".join(shown) or tr("none"))

    def _changed(self, name: str, value: Any) -> None:
        """Write one setting: a step of its own, joined to the last one while the same field is turned."""
        plan = self._desk.plan
        parameter = next((one for one in self._parameters if one.name == name), None)
        if plan is None or parameter is None or parameter.read(plan) == value:
            return
        words = self._say(parameter.words, number=parameter.part + 1)
        try:
            after: Plan = parameter.write(plan, value)
        except TwinError as error:
            self._desk.tell(str(error), "error")
            self._show(parameter, parameter.read(plan))
            return
        done = self._desk.do(words, self._desk.case.with_plan(after), key=f"parameter:{plan.name}:{name}")
        self.refresh()
        changes = changed_with_device(plan, after) if done and parameter.device else ()
        if changes:
            self._desk.tell("; ".join(changes), "warning")


def _ticked(box: SeveralField) -> tuple[str, ...]:
    return tuple(str(action.data()) for action in box.menu().actions() if action.isChecked())
