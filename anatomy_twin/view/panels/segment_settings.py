"""What the tools for outlines are set to: brush, limits, range of values, and the numbers of verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from anatomy_twin.rehearsal import structure_label
from anatomy_twin.segmentation.editing.desk import EVERYWHERE, UNCLAIMED
from anatomy_twin.segmentation.editing.strokes import LARGEST_RADIUS_MM
from anatomy_twin.view.flow import flow
from anatomy_twin.view.icons import icon
from anatomy_twin.view.names import named
from anatomy_twin.view.style import theme_changed
from anatomy_twin.view.tools.hand_kit import SMALLEST_RADIUS_MM, Hand
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

SLIDER_STEPS: Final = 200  # even steps of the logarithm of the radius
PLACE_LETTERS: Final = 10  # of the place where it is painted that can be read at least
BRUSHES: Final = ("paint", "erase")


class Settings(QWidget):
    """A few rows that show what is of use for the tool in the hand."""

    def __init__(self, hand: Hand, window: RehearsalWindow) -> None:
        super().__init__()
        self._hand, self._window = hand, window
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 2, 0, 0)
        self.form.setVerticalSpacing(3)
        self.form.setHorizontalSpacing(6)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setObjectName("quiet")
        self.form.addRow(self.hint)
        self.numbers: dict[str, QDoubleSpinBox] = {}
        self._make_brush()
        self._make_limits()
        self._make_numbers()
        self._fit()
        theme_changed.connect(self._fit)
        self.refresh()

    def _make_brush(self) -> None:
        hand = self._hand
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(0, SLIDER_STEPS)
        self.size_slider.setMinimumWidth(60)
        self.diameter = _number(SMALLEST_RADIUS_MM * 2, LARGEST_RADIUS_MM * 2, tr(" mm"), 1)
        self.diameter.setObjectName("brush_size")
        self.size_slider.valueChanged.connect(lambda step: hand.set_radius(_radius_of(step)))
        self.diameter.valueChanged.connect(lambda mm: hand.set_radius(mm / 2))
        self.ball = QCheckBox(tr("Ball"))
        self.ball.setToolTip(tr("Paint in all slices that the ball reaches, not on the one under the mouse alone"))
        self.ball.toggled.connect(hand.set_ball)
        self.brush_row = flow(self.size_slider, self.diameter, self.ball)
        self.form.addRow(tr("Brush"), self.brush_row)

    def _make_limits(self) -> None:
        hand = self._hand
        self.place = QComboBox()
        self.place.setObjectName("place")
        self.place.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.place.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.place.setMinimumContentsLength(PLACE_LETTERS)
        self.place.activated.connect(lambda _: hand.limit(place=str(self.place.currentData())))
        self.keep = QCheckBox(tr("Others stay"))
        self.keep.setToolTip(tr("No other organ or vessel gives voxels up; fat, muscle and what nobody claims do"))
        self.keep.toggled.connect(lambda on: hand.limit(keep_others=on))
        self.form.addRow(tr("Where"), flow(self.place, self.keep))
        self.by_hu = QCheckBox(self._unit())
        self.by_hu.setToolTip(tr("Only voxels with values in this range are painted"))
        self.by_hu.toggled.connect(lambda on: hand.limit(by_hu=on))
        self.low, self.high = _number(-2000, 4000, "", 0), _number(-2000, 4000, "", 0)
        self.low.setObjectName("hu_low")
        self.high.setObjectName("hu_high")
        for field in (self.low, self.high):
            field.valueChanged.connect(lambda _: hand.limit(hu=(self.low.value(), max(self.low.value(),
                                                                                      self.high.value()))))  # fmt: skip
        sample = self.sample = QToolButton()
        sample.setAccessibleName(tr("Pick"))
        sample.setToolTip(self._window.commands["segment.sample"].tip)
        sample.clicked.connect(lambda _=False: self._window.run("segment.sample"))
        self.form.addRow(tr("Values"), flow(self.by_hu, self.low, self.high, sample))

    def _make_numbers(self) -> None:
        hand = self._hand
        texts = {"margin_mm": tr("Margin, grow or shrink by"), "sigma_mm": tr("Smooth by"),
                 "shell_mm": tr("Shell when hollow"), "min_ml": tr("Small is under")}  # fmt: skip
        for name, most in (("margin_mm", 50.0), ("sigma_mm", 15.0), ("shell_mm", 50.0), ("min_ml", 1000.0)):
            field = _number(0.05, most, tr(" ml") if name == "min_ml" else tr(" mm"), 2 if name == "min_ml" else 1)
            field.setToolTip(texts[name])
            field.setObjectName(name)
            field.valueChanged.connect(lambda value, name=name: hand.set_number(name, value))
            self.numbers[name] = field
        fields = self.numbers
        self.number_rows = (
            flow(fields["margin_mm"], _labelled(tr("Smooth"), fields["sigma_mm"])),
            flow(fields["shell_mm"], _labelled(tr("Small"), fields["min_ml"])),
        )
        self.form.addRow(tr("Grow by"), self.number_rows[0])
        self.form.addRow(tr("Shell"), self.number_rows[1])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the hint the height that its lines need."""
        super().resizeEvent(event)
        self._fit_hint()

    def _fit_hint(self) -> None:
        self.hint.setMinimumHeight(self.hint.heightForWidth(max(self.width(), 40)) if self.hint.text() else 0)

    def _fit(self) -> None:
        """Take widths from the type and the picture from the theme."""
        self.sample.setIcon(icon("pick"))
        for field in (self.low, self.high, self.diameter, *self.numbers.values()):
            field.setFixedWidth(width_of(field))

    def _unit(self) -> str:
        return tr("Only") if self._hand.desk.case.volume.units != "HU" else tr("HU")

    def refresh(self) -> None:
        """Show what is set now."""
        hand, tool = self._hand, self._hand.desk.tool.name
        _set(self.size_slider, _step_of(hand.radius_mm))
        _set(self.diameter, 2 * hand.radius_mm)
        for box, on in ((self.ball, hand.ball), (self.keep, hand.limits.keep_others), (self.by_hu, hand.limits.by_hu)):
            with QSignalBlocker(box):
                box.setChecked(on)
        _set(self.low, hand.limits.hu[0])
        _set(self.high, hand.limits.hu[1])
        for name, field in self.numbers.items():
            _set(field, hand.numbers[name])
        self._refresh_places()
        self.form.setRowVisible(self.brush_row, tool in BRUSHES)
        for row in self.number_rows:  # of verbs, which are worked from the menu
            self.form.setRowVisible(row, tool not in BRUSHES)
        self.hint.setText(self._hint(tool))
        self.hint.setVisible(bool(self.hint.text()))
        self._fit_hint()

    def _refresh_places(self) -> None:
        hand, labels = self._hand, self._hand.labels
        names = sorted((n for n in labels.names if n != hand.desk.active), key=structure_label) if labels else []
        wanted = [(EVERYWHERE, tr("everywhere")), (UNCLAIMED, tr("where nobody is"))]
        wanted += [(name, tr("inside {name}").format(name=named(structure_label(name)))) for name in names]
        if [str(self.place.itemData(n)) for n in range(self.place.count())] != [name for name, _ in wanted]:
            with QSignalBlocker(self.place):
                self.place.clear()
                for name, text in wanted:
                    self.place.addItem(text, name)
        with QSignalBlocker(self.place):
            self.place.setCurrentIndex(max(self.place.findData(hand.limits.place), 0))

    def _hint(self, tool: str) -> str:
        hints = {
            "paint": tr("Drag on a slice. Ctrl erases. [ and ], or Shift and wheel: size."),
            "erase": tr("Drag on a slice. Ctrl paints. [ and ], or Shift and wheel: size."),
            "draw": tr("Drag round a region, or click corners and press Enter. Ctrl takes away. Esc drops it."),
            "scissors": tr("Draw round what is to be cut away in all slices. Ctrl fills instead."),
            "trace": tr("Point at an edge; a click takes what it encloses, Ctrl and click takes it away."),
            "grow": tr("Click inside; Shift and click outside. Enter takes the outline, Esc drops it."),
            "keep island": tr("Click on the piece that is to stay."),
            "remove island": tr("Click on the piece that is to go."),
            "sample": tr("Click on tissue: only values like it are painted from then on."),
        }
        return hints.get(tool, "")


def _labelled(words: str, field: QWidget) -> QWidget:
    """Return a field with its label, which stay together."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    row.addWidget(QLabel(words))
    row.addWidget(field)
    holder.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return holder


def _number(low: float, high: float, unit: str, digits: int) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setDecimals(digits)
    field.setRange(low, high)
    field.setSuffix(unit)
    field.setKeyboardTracking(False)
    return field


def width_of(field: QDoubleSpinBox) -> int:
    """Return how wide a field is for the longest number that it can hold."""
    longest = f"-{field.maximum():.{field.decimals()}f}{field.suffix()}"
    return field.fontMetrics().horizontalAdvance(longest) + 34


def _set(field: QSlider | QDoubleSpinBox, value: float) -> None:
    with QSignalBlocker(field):
        if isinstance(field, QSlider):
            field.setValue(round(value))
        else:
            field.setValue(value)


def _step_of(radius_mm: float) -> float:
    """Return the step of the slider for a radius: even steps are even shares."""
    from math import log

    return SLIDER_STEPS * log(radius_mm / SMALLEST_RADIUS_MM) / log(LARGEST_RADIUS_MM / SMALLEST_RADIUS_MM)


def _radius_of(step: int) -> float:
    return float(SMALLEST_RADIUS_MM * (LARGEST_RADIUS_MM / SMALLEST_RADIUS_MM) ** (step / SLIDER_STEPS))
