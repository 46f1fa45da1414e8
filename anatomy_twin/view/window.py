"""The rehearsal window: 3-D, three linked slices, structures, numbers, simulated time."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QBrush, QCloseEvent, QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import Case
from anatomy_twin.view.model import RehearsalModel
from anatomy_twin.view.scene_pane import ScenePane
from anatomy_twin.view.scene_tree import SceneTree
from anatomy_twin.view.slice_pane import SlicePane
from anatomy_twin.view.style import VERDICTS

PLAY_INTERVAL_MS = 250


class RehearsalWindow(QMainWindow):
    """One case and one of its plans."""

    def __init__(self, case: Case, plan_name: str | None = None) -> None:
        super().__init__()
        self.model = RehearsalModel(case, plan_name)
        self.setWindowTitle(f"anatomy_twin   {self.model.scene.title}")
        self.resize(1440, 900)
        self.scene_pane = ScenePane(self.model)
        self.slice_panes = {name: SlicePane(self.model, name) for name in ("axial", "coronal", "sagittal")}
        self.tree = SceneTree(self.model)
        self.numbers = self._make_numbers()
        self.time_slider = QSlider(Qt.Orientation.Horizontal)
        self.time_label = QLabel()
        self.play_button = QPushButton("Play")
        self._timer = QTimer(self)
        self._timer.setInterval(PLAY_INTERVAL_MS)
        self._timer.timeout.connect(self._play_on)
        self._alone: QWidget | None = None
        self._lay_out()
        self._status()
        self.model.focus_changed.connect(self._tell_place)
        self.model.moment_changed.connect(self._tell_moment)
        self._tell_place()
        self._tell_moment()
        QShortcut(QKeySequence(Qt.Key.Key_Space), self, self.play_button.click)

    def _lay_out(self) -> None:
        views = QWidget()
        self._grid = QGridLayout(views)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        self._places: list[tuple[QWidget, int, int]] = [
            (self.scene_pane, 0, 0), (self.slice_panes["axial"], 0, 1),
            (self.slice_panes["coronal"], 1, 0), (self.slice_panes["sagittal"], 1, 1),
        ]
        for widget, row, column in self._places:
            self._grid.addWidget(widget, row, column)
            self._grid.setRowStretch(row, 1)
            self._grid.setColumnStretch(column, 1)
        for pane in self.slice_panes.values():
            pane.maximise.connect(self.toggle_alone)
        left = QWidget()
        column_layout = QVBoxLayout(left)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.addWidget(views, 1)
        column_layout.addWidget(self._make_time_row())
        side = QSplitter(Qt.Orientation.Vertical)
        panels = {"STRUCTURES": self.tree, "NUMBERS": self.numbers, "MESSAGES": self._make_messages()}
        for title, widget in panels.items():
            side.addWidget(_titled(title, widget))
        side.setSizes([420, 330, 110])
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(side)
        splitter.setSizes([910, 530])
        splitter.setStretchFactor(0, 1)
        self.setCentralWidget(splitter)

    def _make_time_row(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(8, 4, 8, 4)
        self.play_button.setCheckable(True)
        self.play_button.toggled.connect(self._toggle_play)
        self.time_slider.setRange(0, max(self.model.snapshot_count - 1, 0))
        self.time_slider.setValue(self.model.snapshot)
        self.time_slider.valueChanged.connect(self.model.set_snapshot)
        temperature = QCheckBox("Temperature")
        temperature.toggled.connect(self.model.set_temperature_shown)
        self.temperature_box = temperature
        self.time_label.setMinimumWidth(260)
        for widget in (self.play_button, self.time_slider, self.time_label, temperature):
            layout.addWidget(widget, 1 if widget is self.time_slider else 0)
            widget.setEnabled(self.model.snapshot_count > 0)
        return row

    def _make_numbers(self) -> QTableWidget:
        rows = self.model.scene.numbers
        table = QTableWidget(len(rows), 3)
        table.setHorizontalHeaderLabels(["Number", "Value", "Verdict"])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        for row, (label, value, verdict) in enumerate(rows):
            symbol, colour = VERDICTS[verdict]
            cells = (label, value, f"{symbol} {verdict}".strip())
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if column == 2:
                    item.setForeground(QBrush(QColor(colour)))
                table.setItem(row, column, item)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 84), (2, 104)):
            table.setColumnWidth(column, width)
        table.verticalHeader().setDefaultSectionSize(24)
        return table

    def _make_messages(self) -> QPlainTextEdit:
        text = QPlainTextEdit("\n".join(self.model.scene.messages))
        text.setReadOnly(True)
        return text

    def _status(self) -> None:
        self.place_label = QLabel()
        notice = QLabel(self.model.scene.notice)
        notice.setObjectName("notice")
        self.notice_label = notice
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.place_label, 1)
        self.statusBar().addPermanentWidget(notice)

    def toggle_alone(self, widget: QWidget) -> None:
        """Show one view alone, or all of them again."""
        self._alone = None if self._alone is widget else widget
        for other, _, _ in self._places:
            other.setVisible(self._alone is None or other is self._alone)

    def _tell_place(self) -> None:
        self.place_label.setText(self.model.readout())

    def _tell_moment(self) -> None:
        damage = self.model.field("damage")
        if damage is None:
            self.time_label.setText("not simulated yet")
            return
        snapshot = self.model.snapshot
        volume = float((damage.values[snapshot] >= 1.0).sum()) * damage.geometry.voxel_volume_ml
        seconds = float(damage.times_s[snapshot])
        self.time_label.setText(f"{int(seconds // 60)}:{int(seconds % 60):02d} min   coagulated {volume:.1f} ml")
        if self.time_slider.value() != snapshot:
            self.time_slider.setValue(snapshot)
        self._tell_place()

    def _toggle_play(self, playing: bool) -> None:
        self.play_button.setText("Pause" if playing else "Play")
        if not playing:
            self._timer.stop()
            return
        if self.model.snapshot >= self.model.snapshot_count - 1:
            self.model.set_snapshot(0)
        self._timer.start()

    def _play_on(self) -> None:
        if self.model.snapshot >= self.model.snapshot_count - 1:
            self.play_button.setChecked(False)
            return
        self.model.set_snapshot(self.model.snapshot + 1)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the clock and release the 3-D view before Qt takes the window down."""
        self._timer.stop()
        self.scene_pane.shut()
        super().closeEvent(event)


def _titled(title: str, widget: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    heading = QLabel(title)
    heading.setObjectName("heading")
    layout.addWidget(heading)
    layout.addWidget(widget, 1)
    return box
