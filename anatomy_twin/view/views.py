"""The four views of a case: 3-D and three linked slices. A double click shows one alone."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from anatomy_twin.rehearsal import PLANES
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.scene_pane import ScenePane
from anatomy_twin.view.slice_pane import SlicePane


class Views(QWidget):
    """3-D upper left, axial upper right, coronal and sagittal below."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.scene_pane = ScenePane(desk)
        self.slice_panes = {name: SlicePane(desk, name) for name in PLANES}
        self.alone: QWidget | None = None
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        panes = (self.scene_pane, *self.slice_panes.values())
        for pane, (row, column) in zip(panes, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
            grid.addWidget(pane, row, column)
            grid.setRowStretch(row, 1)
            grid.setColumnStretch(column, 1)
            pane.maximise.connect(self.toggle_alone)

    @property
    def panes(self) -> tuple[QWidget, ...]:
        """All views, 3-D first."""
        return (self.scene_pane, *self.slice_panes.values())

    def toggle_alone(self, pane: QWidget) -> None:
        """Show one view alone, or all of them again."""
        self.alone = None if self.alone is pane else pane
        for other in self.panes:
            other.setVisible(self.alone is None or other is self.alone)

    def shut(self) -> None:
        """Release what is drawn before Qt takes the widgets down."""
        self.scene_pane.shut()
