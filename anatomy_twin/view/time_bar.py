"""The simulated time: a slider, play, and what is coagulated at the moment shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from anatomy_twin.view.desk import Desk
from anatomy_twin.view.words import tr

PLAY_INTERVAL_MS = 250


class TimeBar(QWidget):
    """Plays a simulated result."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.label = QLabel()
        self.play_button = QPushButton(tr("Play"))
        self.play_button.setCheckable(True)
        self.temperature_box = QCheckBox(tr("Temperature"))
        self._timer = QTimer(self)
        self._timer.setInterval(PLAY_INTERVAL_MS)
        self._timer.timeout.connect(self._play_on)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        self.label.setMinimumWidth(260)
        for widget in (self.play_button, self.slider, self.label, self.temperature_box):
            layout.addWidget(widget, 1 if widget is self.slider else 0)
        self.play_button.toggled.connect(self._toggle_play)
        self.slider.valueChanged.connect(desk.set_snapshot)
        self.temperature_box.toggled.connect(lambda on: desk.show_field("temperature" if on else ""))
        for signal in (desk.scene_changed, desk.moment_changed, desk.plan_changed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the moment as it is now."""
        desk = self._desk
        damage = desk.field("damage")
        for widget in (self.play_button, self.slider, self.temperature_box):
            widget.setEnabled(damage is not None)
        if damage is None:
            self.label.setText(tr("not simulated yet"))
            self.play_button.setChecked(False)
            return
        self.slider.setRange(0, desk.snapshot_count - 1)
        self.slider.setValue(desk.snapshot)
        volume = float((damage.values[desk.snapshot] >= 1.0).sum()) * damage.geometry.voxel_volume_ml
        seconds = float(damage.times_s[desk.snapshot])
        text = tr("{time} min   coagulated {volume} ml")
        self.label.setText(text.format(time=f"{int(seconds // 60)}:{int(seconds % 60):02d}", volume=f"{volume:.1f}"))

    def _toggle_play(self, playing: bool) -> None:
        self.play_button.setText(tr("Pause") if playing else tr("Play"))
        if not playing:
            self._timer.stop()
            return
        if self._desk.snapshot >= self._desk.snapshot_count - 1:
            self._desk.set_snapshot(0)
        self._timer.start()

    def _play_on(self) -> None:
        if self._desk.snapshot >= self._desk.snapshot_count - 1:
            self.play_button.setChecked(False)
            return
        self._desk.set_snapshot(self._desk.snapshot + 1)
