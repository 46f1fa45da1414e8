"""A card over the window that shows what is being read or written, how far it is, and stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from anatomy_twin.view.words import tr

SHOW_AFTER_MS: Final = 150  # what is quicker needs no card
STEPS: Final = 1000


@dataclass(frozen=True)
class _Row:
    widget: QWidget
    stage: QLabel
    bar: QProgressBar
    button: QPushButton


class WaitCard(QFrame):
    """Rows of work by key; it hides itself where there is none."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("card")
        self.setAutoFillBackground(True)
        self._rows: dict[object, _Row] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(18, 14, 18, 14)
        self._timer = QTimer(self, singleShot=True, interval=SHOW_AFTER_MS)
        self._timer.timeout.connect(self._appear)
        window.installEventFilter(self)
        self.hide()

    @property
    def busy(self) -> bool:
        """True while there is work."""
        return bool(self._rows)

    def add(self, key: object, title: str, cancel: Callable[[], object] | None) -> None:
        """Show a piece of work; ``cancel`` is called when the person stops it, None where it cannot be stopped."""
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 4)
        name, stage, bar = QLabel(title), QLabel(""), QProgressBar()
        bold = name.font()
        bold.setBold(True)
        name.setFont(bold)
        stage.setObjectName("quiet")
        bar.setRange(0, 0)  # moves until it is known how far it is
        bar.setTextVisible(False)
        bar.setMinimumWidth(38 * self.fontMetrics().averageCharWidth())
        button = QPushButton(tr("Cancel"))
        button.setVisible(cancel is not None)
        line = QHBoxLayout()
        line.addWidget(bar, 1)
        line.addWidget(button)
        for part in (name, stage):
            column.addWidget(part)
        column.addLayout(line)
        if cancel is not None:
            button.clicked.connect(lambda: self._cancel(key, cancel))
        self._column.addWidget(widget)
        self._rows[key] = _Row(widget, stage, bar, button)
        if self.isVisible():
            self._appear()
        elif not self._timer.isActive():
            self._timer.start()

    def tell(self, key: object, stage: str | None = None, fraction: float | None = None) -> None:
        """Show how far a piece of work is."""
        row = self._rows.get(key)
        if row is None:
            return
        if stage is not None:
            row.stage.setText(stage)
        if fraction is not None:
            row.bar.setRange(0, STEPS)
            row.bar.setValue(round(STEPS * min(max(fraction, 0.0), 1.0)))

    def take(self, key: object) -> None:
        """Show a piece of work no more."""
        row = self._rows.pop(key, None)
        if row is None:
            return
        self._column.removeWidget(row.widget)
        row.widget.deleteLater()
        if self._rows:
            self._appear()
        else:
            self._timer.stop()
            self.hide()

    def _cancel(self, key: object, cancel: Callable[[], object]) -> None:
        row = self._rows.get(key)
        if row is not None:
            row.button.setEnabled(False)
            row.stage.setText(tr("stopping"))
        cancel()

    def _appear(self) -> None:
        if not self._rows:
            return
        for row in self._rows.values():
            row.widget.show()
        self._column.activate()
        self.resize(self._column.sizeHint())
        self._place()
        self.show()
        self.raise_()

    def _place(self) -> None:
        outer = self.parentWidget()
        self.move((outer.width() - self.width()) // 2, (outer.height() - self.height()) // 2)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle of the window."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False
