"""Search for applicators: what is to be covered, with what, and what is said of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QSpinBox,
    QVBoxLayout,
)

from anatomy_twin import catalog
from anatomy_twin.core import Case
from anatomy_twin.pipeline.merging import merged
from anatomy_twin.pipeline.procedures.naming import free_name, with_name
from anatomy_twin.pipeline.targets import candidates
from anatomy_twin.rehearsal import format_number, structure_label
from anatomy_twin.search import AblationSearch, Shortfall
from anatomy_twin.units import place_text
from anatomy_twin.view.jobs import Job
from anatomy_twin.view.names import named
from anatomy_twin.view.panels.plan_parameters import NumberField
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

WRITES: Final = ("plans", "checks", "results", "assessments")
DEVICE: Final = "mwa-generic"
MOST: Final = 12


class SearchDialog(QDialog):
    """Targets, devices, the most applicators, the margin."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        assert window.desk is not None
        self._window, desk = window, window.desk
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Search for applicators"))
        labels = desk.case.label_map
        shown = getattr(desk.plan, "target", "")
        known = candidates(labels)
        self.targets = _ticks(tr("Targets"))
        for name in known:
            words = f"{named(structure_label(name))} ({format_number(labels.volume_ml(name), 'ml')})"
            _add(self.targets, words, name, name == shown or (shown not in known and name == known[0]))
        self.devices = _ticks(tr("Devices"))
        for name, device in catalog.load("devices")["devices"].items():
            if "protocol" not in device:  # their times are not searched
                _add(self.devices, named(device.get("label", name)), name, name == DEVICE)
        self.most, self.margin = QSpinBox(), NumberField()
        self.most.setRange(1, MOST)
        self.most.setValue(4)
        self.margin.setRange(0.0, 30.0)
        self.margin.setDecimals(1)
        self.margin.setSuffix(" mm")
        self.margin.setValue(float(getattr(desk.plan, "margin_mm", 5.0)))
        self.in_turn = QCheckBox(tr("Heat one target after the other"))
        self.told = QLabel(tr("It takes minutes. Only what the full simulation confirms becomes a plan."))
        self.told.setObjectName("quiet")
        self.told.setWordWrap(True)
        self.buttons = self._make_buttons()
        self._lay_out()
        for box in (self.targets, self.devices):
            box.itemChanged.connect(self._follow)
        self.most.valueChanged.connect(self._follow)
        self._follow()

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(tr("Search"))
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        return buttons

    def _lay_out(self) -> None:
        form = QFormLayout()
        for words, field in ((tr("Targets"), self.targets), (tr("Devices"), self.devices),
                             (tr("Applicators at most"), self.most), (tr("Margin"), self.margin)):  # fmt: skip
            field.setAccessibleName(words)
            form.addRow(words, field)
        form.addRow("", self.in_turn)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.told)
        column.addWidget(self.buttons)
        self.setMinimumWidth(88 * self.fontMetrics().averageCharWidth())

    def _follow(self, *_: object) -> None:
        """What cannot be searched cannot be asked for."""
        targets, devices = _ticked(self.targets), _ticked(self.devices)
        self.in_turn.setEnabled(len(targets) > 1)
        good = bool(targets) and bool(devices) and self.most.value() >= len(targets)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(good)
        few = bool(targets) and self.most.value() < len(targets)
        self.told.setText(tr("Each target needs an applicator of its own.") if few else
                          tr("It takes minutes. Only what the full simulation confirms becomes a plan."))  # fmt: skip

    def _take(self) -> None:
        start_search(
            self._window, _ticked(self.targets), margin_mm=self.margin.value(), devices=_ticked(self.devices),
            most_applicators=self.most.value(), together=not (self.in_turn.isEnabled() and self.in_turn.isChecked()),
        )
        self.accept()


def ask_search(window: RehearsalWindow) -> SearchDialog:
    """Ask what to search for; the search begins when the person says so."""
    dialog = SearchDialog(window)
    dialog.open()
    return dialog


def start_search(window: RehearsalWindow, targets: tuple[str, ...], **options: Any) -> Job:
    """Search beside the window; what is confirmed becomes plans, as one step, else it is said what falls short."""
    desk = window.desk
    assert desk is not None
    before: Case = desk.session.snapshot()
    words = ", ".join(named(structure_label(name)) for name in targets)

    def done(answer: tuple[Case, AblationSearch]) -> None:
        if window.desk is not desk:
            return
        after, found = answer
        if not found.confirmed:
            tell_shortfalls(window, found)
            return
        after, first = under_free_names(after, [plan.name for plan in found.plans], desk.case)
        name = tr("Applicators searched for {targets}").format(targets=words)
        if desk.do(name, merged(before, after, desk.case, WRITES)):
            desk.choose_plan(first)
            window.show_panel("plans")
            told = tr("{count} applicators cover {targets}, confirmed by the simulation of all of them")
            desk.tell(told.format(count=len(found.plans[0].applicators), targets=words))

    return window.jobs.start(
        tr("Searching applicators for {targets}").format(targets=words), "anatomy_twin.pipeline.tasks:search_plans",
        before, targets, done=done, reads=("labels", "volumes"), step="plan", **options,
    )


def under_free_names(after: Case, names: list[str], now: Case) -> tuple[Case, str]:
    """Return a case whose new plans have names that no plan of ``now`` took meanwhile, and the first of these names."""
    if not set(names) & set(now.plans):
        return after, names[0]
    letter, fresh = free_name(now), []
    for name in names:
        fresh.append(" ".join((letter, *name.split(" ")[1:])))
        after = with_name(after, name, fresh[-1])
    return after, fresh[0]


def tell_shortfalls(window: RehearsalWindow, found: AblationSearch) -> QMessageBox:
    """Say that nothing was confirmed, and what falls short by how much and where."""
    lines = [shortfall_words(short) for short in found.shortfalls]
    head = tr("No plan was confirmed")
    window.tell(f"{head}: {'; '.join(lines)}", "warning")
    box = QMessageBox(window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(tr("Search for applicators"))
    box.setText(f"{head}.")
    runs = tr("{coarse} coarse and {full} full simulations were run. The case is as it was.").format(
        coarse=found.coarse_runs, full=found.full_runs)  # fmt: skip
    box.setInformativeText("\n\n".join(("\n".join(lines), runs)))
    place = next((short.place_mm for short in found.shortfalls if short.place_mm is not None), None)
    if place is not None and window.desk is not None:
        window.desk.set_focus(place)
    box.open()
    return box


def shortfall_words(short: Shortfall) -> str:
    """Return one shortfall as a line: what, how much instead of how much, where, why."""
    unit = "" if short.unit == "count" else short.unit
    reached = tr("none") if short.reached is None else format_number(short.reached, unit)
    line = tr("{what}: {reached} instead of {wanted}").format(
        what=spoken(short.name), reached=reached, wanted=format_number(short.wanted, unit))  # fmt: skip
    if short.place_mm is not None:
        line = tr("{line} at {place}").format(line=line, place=place_text(short.place_mm))
    return f"{line} ({_said(short.reason)})"


def _said(reason: str) -> str:
    words = spoken(reason)
    return words if words != reason else named(reason)


def _ticks(name: str) -> QListWidget:
    box = QListWidget()
    box.setAccessibleName(name)
    box.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    box.setMaximumHeight(6 * box.fontMetrics().lineSpacing())
    return box


def _add(box: QListWidget, words: str, name: str, on: bool) -> None:
    item = QListWidgetItem(words)
    item.setData(Qt.ItemDataRole.UserRole, name)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
    box.addItem(item)


def _ticked(box: QListWidget) -> tuple[str, ...]:
    items = [box.item(row) for row in range(box.count())]
    on = Qt.CheckState.Checked
    return tuple(str(item.data(Qt.ItemDataRole.UserRole)) for item in items if item.checkState() == on)
