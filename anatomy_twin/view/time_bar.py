"""The simulated time: play, a slider, which field is shown, and what is coagulated at the moment shown."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QWidget

from anatomy_twin.pipeline.procedures import procedure_of, unmeasured
from anatomy_twin.rehearsal import FieldSeries
from anatomy_twin.rehearsal.comparing import PREVIEW_SIGN
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.status_line import ShortLabel
from anatomy_twin.view.words import tr

PLAY_S: Final = 6.0  # a whole result at ordinary speed
SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
LEAST_MS: Final = 60


class TimeBar(QWidget):
    """Plays a simulated result; while a plan is moved it says what the preview says."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._volumes: dict[str, tuple[object, dict[int, float]]] = {}  # by field
        self._timed, self._wordy = True, True
        self.setObjectName("timebar")
        self.play_button = QPushButton()
        self.play_button.setCheckable(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(tr("Simulated time"))
        self.time_label, self.label = QLabel(), ShortLabel()
        self.speed_box, self.field_box = QComboBox(), QComboBox()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._play_on)
        self._lay_out()
        self.play_button.toggled.connect(self._toggle_play)
        self.slider.valueChanged.connect(desk.set_snapshot)
        self.speed_box.currentIndexChanged.connect(self._set_speed)
        self.field_box.activated.connect(lambda row: desk.show_field(self.field_box.itemData(row)))
        desk.scene_changed.connect(self._fill_fields)
        for signal in (desk.scene_changed, desk.moment_changed, desk.plan_changed, desk.live_changed,
                       desk.case_changed):  # fmt: skip
            signal.connect(self.refresh)
        self._fill_fields()
        self.refresh()

    def refresh(self) -> None:
        """Show the moment as it is now."""
        desk = self._desk
        damage, reel_ms = desk.field("damage"), desk.reel_ms
        simulated = reel_ms is not None or (damage is not None and desk.snapshot_count > 0)
        wanted = desk.plan is not None or reel_ms is not None
        if self.parent() is not None or not wanted:  # alone it would become a window of its own
            self.setVisible(wanted)
        timed = simulated  # what cannot be played gives its room to what is said
        if timed != self._timed:
            self._timed = timed
            self.slider.setMinimumWidth(5 * self.fontMetrics().height() if timed else 0)
            self.play_button.setVisible(timed)
            self.slider.setVisible(timed)
            self._fit()
        for widget in (self.play_button, self.slider, self.speed_box):
            widget.setEnabled(simulated)
        self.field_box.setEnabled(bool(desk.fields))
        if not simulated:
            self.play_button.setChecked(False)
            self.time_label.setText("")
            self._say(self._preview_line(), preview=desk.live is not None or desk.moving is not None)
            return
        self.slider.blockSignals(True)
        self.slider.setRange(0, desk.snapshot_count - 1)
        self.slider.setValue(desk.snapshot)
        self.slider.blockSignals(False)
        row = self.field_box.findData(desk.field_shown)
        self.field_box.setCurrentIndex(max(row, 0))
        if reel_ms is not None:
            now, last = (f"{reel_ms[n]:.0f}" for n in (desk.snapshot, -1))
            self.time_label.setText(tr("{now} / {end} ms").format(now=now, end=last))
            self._say(tr("voltage of the wall, from the last stimulus on"))
        elif damage is not None:
            last, now = (_clock(float(damage.times_s[n])) for n in (-1, desk.snapshot))
            self.time_label.setText(tr("{now} / {end} min").format(now=now, end=last))
            self._say(self._zone_words(damage))

    def hideEvent(self, event: QHideEvent) -> None:
        """What is not seen does not play."""
        self.play_button.setChecked(False)
        super().hideEvent(event)

    # inside

    def _lay_out(self) -> None:
        line, wide = self.fontMetrics().height(), self.fontMetrics().horizontalAdvance
        self.play_button.setToolTip(tr("Play or pause (Space)"))
        self._name_play(False)
        self.time_label.setMinimumWidth(wide(tr("{now} / {end} min").format(now="00:00", end="00:00")) + line // 2)
        self.time_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.label.setMinimumWidth(wide(tr("coagulated {value} ml").format(value="000.0")) + line)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.speed_box.setToolTip(tr("Speed of playing"))
        self.speed_box.setAccessibleName(tr("Speed of playing"))
        for speed in SPEEDS:
            self.speed_box.addItem(f"{speed:g}\N{MULTIPLICATION SIGN}", speed)
        self.speed_box.setCurrentIndex(SPEEDS.index(1.0))
        self.slider.setMinimumWidth(5 * line)
        # the name of a long field is cut, in the list it stands whole
        self.field_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.field_box.setMinimumContentsLength(10)
        self.field_box.setToolTip(tr("Field over slices and surfaces"))
        self.field_box.setAccessibleName(tr("Field over slices and surfaces"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(line // 2, line // 4, line // 2, line // 4)
        layout.addWidget(self.play_button)
        layout.addWidget(self.slider, 3)
        layout.addWidget(self.time_label)
        layout.addSpacing(line)
        layout.addWidget(self.label, 2)
        layout.addWidget(self.speed_box)
        layout.addWidget(self.field_box)
        layout.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # views and panels beside it come first
        self.setMinimumWidth(8 * line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what there is no room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show what there is room for: the slider always, then what is shown, its volume, the clock, the speed."""
        line, wide = self.fontMetrics().height(), self.fontMetrics().horizontalAdvance
        words = max(wide(tr(text)) for text in ("Play", "Pause")) + 3 * line
        parts: tuple[tuple[QWidget, int], ...] = (
            (self.field_box, self.field_box.sizeHint().width()), (self.label, self.label.minimumWidth()),
            (self.time_label, self.time_label.minimumWidth()), (self.speed_box, self.speed_box.sizeHint().width()),
            (self.play_button, words),
        )  # fmt: skip
        room = self.width() - 10 * line  # the slider, the sign on the button, margins
        shown = []
        for widget, needed in parts:
            room -= needed + 6 - (2 * line if widget is self.play_button else 0)
            shown.append(room >= 0)
        timed = self._timed
        for (part, _), fits in zip(parts[:-1], shown, strict=False):
            part.setVisible(fits and (timed or part is self.label))
        self.label.setVisible(shown[1] or not timed)
        self.setMinimumHeight(self.play_button.sizeHint().height() + line // 2 + 2)  # also without what can be played
        self._wordy = shown[-1]
        self.play_button.setFixedWidth(words if self._wordy else 2 * line)
        self._name_play(self.play_button.isChecked())

    def _fill_fields(self) -> None:
        """List the fields that the plan has."""
        fields = self._desk.fields
        wanted = [("", tr("No field")), *((series.name, tr(series.label)) for series in fields)]
        if wanted != [(self.field_box.itemData(n), self.field_box.itemText(n)) for n in range(self.field_box.count())]:
            self.field_box.blockSignals(True)
            self.field_box.clear()
            for name, label in wanted:
                self.field_box.addItem(label, name)
            self.field_box.blockSignals(False)
        if self._desk.field_shown and all(name != self._desk.field_shown for name, _ in wanted):
            self._desk.show_field("")

    def _preview_line(self) -> str:
        """Return what is known of a plan without a simulated result."""
        desk, live = self._desk, self._desk.live
        if desk.plan is None:
            return tr("no plan is shown")
        procedure = procedure_of(desk.plan)
        exact = procedure is not None and not procedure.simulated  # such a plan is never simulated
        assessed = desk.case.assessments.get(desk.plan_name) if exact and desk.moving is None else None
        if live is not None and desk.live_is_current:
            quantities, level, caption = live.quantities, live.level, live.caption
        elif assessed is not None:
            quantities, level, caption = assessed.quantities, None, ""
        elif exact:
            return tr("its numbers follow by themselves") if not unmeasured(desk.plan) else ""
        else:
            return tr("moved: a preview follows") if desk.moving is not None else tr("not simulated yet")
        found = {one.name: one.value for one in quantities if one.value is not None}
        parts = [words.format(value=f"{found[name]:.1f}") for name, words in (
            ("ablated_ml", tr("coagulated {value} ml")), ("resected_ml", tr("resected {value} ml")),
            ("remaining_ml", tr("remaining {value} ml")), ("remnant_percent", tr("remnant {value} %")),
            ("lesion_length_mm", tr("lesion lines {value} mm")),
            ("isolated_cm2", tr("isolated {value} cm\N{SUPERSCRIPT TWO}")),
        ) if name in found]  # fmt: skip
        sign = f"{PREVIEW_SIGN} " if level is not None else ""  # what is coarse is told by a sign
        return sign + ", ".join(parts) if parts else spoken(caption)

    def _say(self, text: str, *, preview: bool = False) -> None:
        self.label.setText(text)
        live = self._desk.live
        if preview and live is not None and self._desk.live_is_current:
            self.label.setToolTip("\n".join(dict.fromkeys((text, spoken(live.caption)))))  # how it was got
        name = "quiet" if preview else ""
        if self.label.objectName() != name:
            self.label.setObjectName(name)
            self.label.style().polish(self.label)

    def _zone_words(self, damage: FieldSeries) -> str:
        """Return what is coagulated at the moment shown; of a freezing what is dead, and how much ice there is."""
        snapshot = self._desk.snapshot
        dead = f"{self._volume_ml(damage, snapshot, 1.0):.1f}"
        below = self._desk.field("temperature")
        if not damage.cold or below is None:
            return tr("coagulated {value} ml").format(value=dead)
        ice = f"{self._volume_ml(below, snapshot, 0.0):.1f}"
        return tr("lethal zone {value} ml, ice {ice} ml").format(value=dead, ice=ice)

    def _volume_ml(self, series: FieldSeries, snapshot: int, level: float) -> float:
        """Return what reaches a level at a moment; counted once for each."""
        known = self._volumes.setdefault(series.name, (None, {}))
        if known[0] is not series.values:
            known = self._volumes[series.name] = (series.values, {})
        if snapshot not in known[1]:
            count = int(np.count_nonzero(series.values[snapshot] >= level))
            known[1][snapshot] = count * series.geometry.voxel_volume_ml
        return known[1][snapshot]

    def _name_play(self, playing: bool) -> None:
        sign, words = ("\u25ae\u25ae", tr("Pause")) if playing else ("\u25b6", tr("Play"))
        self.play_button.setText(f"{sign} {words}" if self._wordy else sign)
        self.play_button.setAccessibleName(words)

    def _toggle_play(self, playing: bool) -> None:
        self._name_play(playing)
        if not playing:
            self._timer.stop()
            return
        if self._desk.snapshot >= self._desk.snapshot_count - 1:
            self._desk.set_snapshot(0)
        self._set_speed()
        self._timer.start()

    def _set_speed(self) -> None:
        count = max(self._desk.snapshot_count - 1, 1)
        self._timer.setInterval(max(round(1000.0 * PLAY_S / count / float(self.speed_box.currentData())), LEAST_MS))

    def _play_on(self) -> None:
        if self._desk.snapshot >= self._desk.snapshot_count - 1:
            self.play_button.setChecked(False)
            return
        self._desk.set_snapshot(self._desk.snapshot + 1)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
