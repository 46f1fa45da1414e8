"""How robust the plan shown is, in the panel of plans: asked for, followed, read, and shown on the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import AblationPlan, Probability, Robustness
from anatomy_twin.rehearsal.robust_field import COVERED, failing_field, limits_mm, range_text
from anatomy_twin.rehearsal.slice_paint import FIELD_STOPS
from anatomy_twin.search import RANGES_NOTE
from anatomy_twin.view.flow import flow
from anatomy_twin.view.jobs import progress_words
from anatomy_twin.view.names import named
from anatomy_twin.view.panels.plan_parameters import NumberField
from anatomy_twin.view.panels.share_bars import Bar, ShareBars
from anatomy_twin.view.plan_robustness import PlanRobustness
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

INFLUENCES: Final = 5
MOST_SAMPLES: Final = 1000


class RobustnessBox(QWidget):
    """Shown for ablations. Closed, one line says what is known; open, it can be asked for, read and shown.

    ``unfolded`` tells that there is more to see than before.
    """

    unfolded = Signal()

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._desk = window.desk
        self.kit = PlanRobustness(window, window.desk)
        self.switch = self._button(tr("Robustness"), tr("How surely the plan covers its target, and where it fails"))
        self.switch.setCheckable(True)
        self.switch.clicked.connect(self._open)
        self.line = QLabel()
        self.line.setWordWrap(True)
        self.inner = QWidget()
        self.samples, self.placement, self.angle = QSpinBox(), NumberField(), NumberField()
        self._form = self._settings()
        self.begin = self._button(tr("Sample treatments"), tr("Simulate many treatments that differ a little"))
        self.begin.clicked.connect(lambda _=False: self.kit.start())
        self.bar, self.told = QProgressBar(), QLabel()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(max(6, self.fontMetrics().height() // 3))
        self.told.setObjectName("quiet")
        self.stop = self._button(tr("Stop"), tr("The case stays as it is"))
        self.stop.clicked.connect(lambda _=False: self.kit.stop())
        self.limits = ShareBars(tr("Probability of each margin"))
        self.matters = ShareBars(tr("What matters most for the margin"), both_ways=True)
        self.map_switch = self._button(tr("Show where it fails"), tr("On the target in 3-D and on slices"))
        self.map_switch.setCheckable(True)
        self.map_switch.clicked.connect(self._show_map)
        self.weakest = self._button(tr("To the weakest point"), tr("Bring the crosshair there"))
        self.weakest.clicked.connect(lambda _=False: self.kit.to_weakest())
        self.legend, self.notes = QLabel(), QLabel()
        self.notes.setObjectName("quiet")
        for label in (self.legend, self.notes):
            label.setWordWrap(True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self._seen: tuple[bool, Robustness | None] = (False, self.kit.found)
        self._lay_out()
        self.kit.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        kit, found, job = self.kit, self.kit.found, self.kit.job
        self.setVisible(isinstance(self._desk.plan, AblationPlan))
        self.switch.setChecked(kit.open)
        self.inner.setVisible(kit.open)
        self.line.setText(self._summary())
        if not kit.open:
            return
        self._show_settings()
        for part in (self.bar, self.told, self.stop):
            part.setVisible(job is not None)
        self.begin.setEnabled(self._desk.moving is None)
        if job is not None:
            self.bar.setRange(0, 100 if job.fraction > 0 else 0)
            self.bar.setValue(round(100 * job.fraction))
            self.told.setText(progress_words(job))
        for widget in self._known:
            widget.setVisible(found is not None)
        if found is not None:
            self._fill(found)
        seen, self._seen = self._seen, (job is not None, found)
        if seen[0] != self._seen[0] or seen[1] is not found:
            self.unfolded.emit()

    # widgets

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        return button

    def _settings(self) -> QWidget:
        self.samples.setRange(20, MOST_SAMPLES)
        self.samples.setSingleStep(20)
        self.samples.setToolTip(tr("More take longer and make the interval smaller"))
        for field, unit, most in ((self.placement, " mm", 10.0), (self.angle, " \N{DEGREE SIGN}", 10.0)):
            field.setRange(0.0, most)
            field.setDecimals(1)
            field.setSingleStep(0.5)
            field.setSuffix(unit)
            field.setToolTip(tr("Standard deviation"))
        self.samples.valueChanged.connect(lambda value: setattr(self.kit, "samples", value))
        self.placement.valueChanged.connect(lambda value: setattr(self.kit, "placement_mm", value))
        self.angle.valueChanged.connect(lambda value: setattr(self.kit, "angle_deg", value))
        holder = QWidget()
        form = QFormLayout(holder)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, box in ((tr("Treatments"), self.samples), (tr("Error of the place"), self.placement),
                           (tr("Error of the angle"), self.angle)):  # fmt: skip
            box.setAccessibleName(words)
            form.addRow(words, box)
        return holder

    def _lay_out(self) -> None:
        gap = self.fontMetrics().height() // 3
        heads = [QLabel(text) for text in (tr("Probability of each margin"), tr("What matters most for the margin"))]
        for head in heads:
            head.setObjectName("heading")
        running = QHBoxLayout()
        running.addWidget(self.told, 1)
        running.addWidget(self.stop)
        shown = flow(self.map_switch, self.weakest, spacing=gap)
        inner = QVBoxLayout(self.inner)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(gap)
        inner.addWidget(self._form)
        inner.addWidget(self.begin, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addWidget(self.bar)
        inner.addLayout(running)
        self._known: tuple[QWidget, ...] = (heads[0], self.limits, heads[1], self.matters, shown, self.legend,
                                            self.notes)  # fmt: skip
        for widget in self._known:
            inner.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(gap)
        column.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.line)
        column.addWidget(self.inner)

    # what is shown

    def _summary(self) -> str:
        found = self.kit.found
        if found is not None:
            return tr("{percent} % of treatments cover the whole target ({low} to {high} %)").format(
                percent=f"{100 * found.covered.value:.0f}", low=f"{100 * found.covered.low:.0f}",
                high=f"{100 * found.covered.high:.0f}")  # fmt: skip
        if self.kit.job is not None:
            return tr("treatments are sampled")
        return tr("not sampled yet") if self.kit.open else ""

    def _show_settings(self) -> None:
        with QSignalBlocker(self.samples):
            self.samples.setValue(self.kit.samples)
        for field, value in ((self.placement, self.kit.placement_mm), (self.angle, self.kit.angle_deg)):
            with QSignalBlocker(field):
                if abs(field.value() - value) > 1e-9:
                    field.setValue(value)

    def _fill(self, found: Robustness) -> None:
        self.limits.show_bars(limit_bars(found))
        self.matters.show_bars(tuple(
            Bar(cause_words(one.name), one.correlation, f"{one.correlation:+.2f}", tip=spoken(one.source))
            for one in found.influences[:INFLUENCES]
        ))  # fmt: skip
        self.map_switch.setChecked(self.kit.shown)
        self.legend.setText(self._legend(found))
        self.legend.setVisible(self.kit.shown)
        notes = (spoken(note) for note in found.notes if not note.startswith(RANGES_NOTE))
        self.notes.setText("\n".join((assumed_line(found), *notes)))

    def _legend(self, found: Robustness) -> str:
        series = self._desk.field("uncovered") or failing_field(found)
        squares = "".join(map(_square, FIELD_STOPS))
        words = tr("left uncovered in 0 to {top} % of treatments").format(top=f"{series.range[1]:.0f}")
        return f"{squares} {words}<br>{_square(COVERED)} {tr('always covered')}"

    # what is done

    def _show_map(self, on: bool) -> None:
        self.kit.show_map(on, near=True)

    def _open(self, on: bool) -> None:
        self.kit.open = on
        if not on:
            self.kit.show_map(False)
        self.refresh()
        if on:
            self.unfolded.emit()


def _square(rgb: tuple[int, int, int]) -> str:
    return f'<span style="background-color:rgb({rgb[0]},{rgb[1]},{rgb[2]})">&nbsp;&nbsp;&nbsp;</span>'


def limit_bars(found: Robustness) -> tuple[Bar, ...]:
    """Return the probability of complete coverage and of each margin that is worth telling."""
    return tuple(
        _limit_bar(limit, found.probability_of(limit), limit == found.wanted_mm) for limit in limits_mm(found)
    )


def _limit_bar(limit_mm: float, one: Probability, wanted: bool) -> Bar:
    words = tr("whole target") if limit_mm == 0 else tr("margin of {mm} mm").format(mm=f"{limit_mm:g}")
    tip = tr("95 % interval {low} to {high} %, {count} of {of}").format(
        low=f"{100 * one.low:.0f}", high=f"{100 * one.high:.0f}", count=one.count, of=one.of)  # fmt: skip
    sign = " *" if wanted and limit_mm > 0 else ""
    return Bar(f"{words}{sign}", one.value, f"{100 * one.value:.0f} %", one.low, one.high, tip)


def cause_words(name: str) -> str:
    """Return the name of an input ("applicator 2: sideways") in the language of the window."""
    head, colon, rest = name.rpartition(": ")
    return f"{spoken(head)}{colon}{named(rest)}"


def assumed_line(found: Robustness) -> str:
    """Return what the treatments were sampled over, and which of it is assumed."""
    words = {"placement_mm": tr("place of an applicator"), "angle_deg": tr("its tilt"), "perfusion": tr("perfusion"),
             "conductivity": tr("thermal conductivity"), "power": tr("power")}  # fmt: skip
    parts = [f"{words.get(spread.name, spread.name)} {range_text(spread)}" + (
        f" ({tr('assumed')})" if spread.source == "assumed" else "") for spread in found.spreads]  # fmt: skip
    lines = [tr("Sampled over: {parts}").format(parts=", ".join(parts))]
    if found.wanted_mm > 0:
        lines.append(tr("* the margin that the plan asks for"))
    return "\n".join(lines)

