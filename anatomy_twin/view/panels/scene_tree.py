"""The tree of structures: eye, colour, opacity, volume, state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QHeaderView, QSlider, QTreeWidget, QTreeWidgetItem

from anatomy_twin.rehearsal import SurfaceLayer
from anatomy_twin.view.style import QUIET
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

GROUPS: Final = (
    ("target", "Targets"), ("zone", "Simulated"), ("vessel", "Vessels"), ("organ", "Organs"), ("body", "Body"),
)


class SceneTree(QTreeWidget):
    """Check a structure to see it; its slider sets the opacity in 3-D."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._model = model = window.desk
        self.setWindowTitle(tr("Structures"))
        self.setHeaderLabels(["Structure", "Opacity", "ml", "State"])
        self.setRootIsDecorated(False)
        self.setIndentation(4)
        self.setAlternatingRowColors(True)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 58), (2, 50), (3, 86)):
            self.header().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self.items: dict[str, QTreeWidgetItem] = {}
        self.sliders: dict[str, QSlider] = {}
        known = {group for group, _ in GROUPS}
        for group, title in GROUPS:
            shown = [(s, s.group if s.group in known else "organ") for s in model.scene.surfaces]
            layers = [surface for surface, place in shown if place == group]
            if layers:
                heading = QTreeWidgetItem([title])
                heading.setForeground(0, QBrush(QColor(QUIET)))
                heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.addTopLevelItem(heading)
                for layer in layers:
                    self._add(heading, layer)
                heading.setExpanded(True)
        self.itemChanged.connect(self._changed)

    def _add(self, heading: QTreeWidgetItem, layer: SurfaceLayer) -> None:
        item = QTreeWidgetItem([layer.label, "", _volume_text(layer.volume_ml), layer.state])
        item.setData(0, Qt.ItemDataRole.UserRole, layer.name)
        item.setCheckState(0, Qt.CheckState.Checked if layer.visible else Qt.CheckState.Unchecked)
        item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        swatch = QPixmap(12, 12)
        swatch.fill(QColor(*layer.colour))
        item.setIcon(0, QIcon(swatch))
        item.setToolTip(0, layer.label)
        item.setToolTip(3, layer.state)
        heading.addChild(item)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(5, 100)
        slider.setValue(round(100 * layer.opacity))
        slider.setToolTip(f"Opacity of {layer.label}")
        slider.valueChanged.connect(
            lambda value, name=layer.name: self._model.set_look(name, opacity=value / 100)
        )
        self.setItemWidget(item, 1, slider)
        self.items[layer.name], self.sliders[layer.name] = item, slider

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        name = item.data(0, Qt.ItemDataRole.UserRole)
        if name and column == 0:
            self._model.set_look(name, visible=item.checkState(0) == Qt.CheckState.Checked)


def _volume_text(volume_ml: float | None) -> str:
    if volume_ml is None:
        return ""
    return f"{volume_ml:.0f}" if volume_ml >= 10 else f"{volume_ml:.1f}"
