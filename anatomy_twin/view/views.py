"""The four views of a case, 3-D and three linked slices, and how they share the room; a double click shows one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget

from anatomy_twin.rehearsal import PLANES
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.scene_pane import ScenePane
from anatomy_twin.view.slice_pane import SlicePane
from anatomy_twin.view.style import current_theme, theme_changed

GAP_PX: Final = 4
GRIP_PX: Final = 9  # how far from a divider it can be grabbed
LEAST: Final = 0.12  # of the room, for what lies beside a divider

# A layout: view -> (left, top, right, bottom), each 0, 1 or the name of a divider; and where the dividers stand at
# first (x... from the left, y... from above, as shares of the room). One that depends on another lies beyond it.
Box = tuple[str | int, str | int, str | int, str | int]
LAYOUTS: Final[Mapping[str, tuple[Mapping[str, Box], Mapping[str, float]]]] = {
    "four": (
        {"scene": (0, 0, "x", "y"), "axial": ("x", 0, 1, "y"), "coronal": (0, "y", "x", 1),
         "sagittal": ("x", "y", 1, 1)},
        {"x": 0.5, "y": 0.5},
    ),
    "scene": (
        {"scene": (0, 0, "x", 1), "axial": ("x", 0, 1, "y1"), "coronal": ("x", "y1", 1, "y2"),
         "sagittal": ("x", "y2", 1, 1)},
        {"x": 0.66, "y1": 1 / 3, "y2": 2 / 3},
    ),
    "axial": (
        {"axial": (0, 0, "x", 1), "scene": ("x", 0, 1, "y1"), "coronal": ("x", "y1", 1, "y2"),
         "sagittal": ("x", "y2", 1, 1)},
        {"x": 0.66, "y1": 1 / 3, "y2": 2 / 3},
    ),
    "slices": (
        {"axial": (0, 0, "x", 1), "coronal": ("x", 0, 1, "y"), "sagittal": ("x", "y", 1, 1)},
        {"x": 0.56, "y": 0.5},
    ),
    "one": ({"scene": (0, 0, 1, 1)}, {}),
}  # fmt: skip


class Views(QWidget):
    """3-D and axial, coronal, sagittal slices in one of several layouts; dividers between them can be dragged.

    The views stay children of this widget for good: a 3-D view that changes its parent loses its drawing surface.
    """

    layout_changed = Signal()

    def __init__(self, desk: Desk, layout: str = "four", dividers: tuple[float, ...] = ()) -> None:
        super().__init__()
        self.scene_pane = ScenePane(desk)
        self.slice_panes = {name: SlicePane(desk, name) for name in PLANES}
        self.alone: QWidget | None = None
        self.layout_name = layout if layout in LAYOUTS else "four"
        self.places: dict[str, dict[str, float]] = {name: dict(split) for name, (_, split) in LAYOUTS.items()}
        if len(dividers) == len(self.dividers) and all(LEAST <= share <= 1 - LEAST for share in dividers):
            self._take_dividers(dividers)
        self._dragged: tuple[str, ...] = ()
        self.setMouseTracking(True)
        self.setMinimumSize(320, 240)
        for pane in self.panes:
            pane.setParent(self)
            if not pane.focusPolicy() & Qt.FocusPolicy.StrongFocus:
                pane.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            pane.maximise.connect(self.toggle_alone)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._mark_focus)
        theme_changed.connect(self._repaint)
        self._arrange()

    @property
    def panes(self) -> tuple[ScenePane | SlicePane, ...]:
        """All views, 3-D first."""
        return (self.scene_pane, *self.slice_panes.values())

    @property
    def named(self) -> dict[str, ScenePane | SlicePane]:
        """All views by name: "scene", "axial", "coronal", "sagittal"."""
        return {"scene": self.scene_pane, **self.slice_panes}

    @property
    def shown(self) -> tuple[ScenePane | SlicePane, ...]:
        """The views that are seen now, from the upper left on."""
        seen = [pane for pane in self.panes if not pane.isHidden()]
        return tuple(sorted(seen, key=lambda pane: (pane.y(), pane.x())))

    @property
    def focused(self) -> ScenePane | SlicePane | None:
        """The view that has the keyboard."""
        holder = QApplication.focusWidget()
        return next((p for p in self.panes if holder is not None and (p is holder or p.isAncestorOf(holder))), None)

    def set_layout(self, name: str) -> None:
        """Show the views in another layout (a name of ``LAYOUTS``); "one" shows the view with the keyboard alone."""
        if name == "one":
            self.alone = self.focused or self.alone or self.scene_pane
        else:
            self.alone, self.layout_name = None, name
        self._arrange()

    def toggle_alone(self, pane: QWidget) -> None:
        """Show one view alone, or all of them again."""
        self.alone = None if self.alone is pane else pane
        self._arrange()

    def reset(self) -> None:
        """Put all dividers back to where they were at first, and show all views."""
        self.places = {name: dict(split) for name, (_, split) in LAYOUTS.items()}
        self.set_layout("four")

    @property
    def dividers(self) -> tuple[float, ...]:
        """Where the dividers of all layouts stand, as shares of the room."""
        return tuple(share for split in self.places.values() for share in split.values())

    def _take_dividers(self, shares: tuple[float, ...]) -> None:
        left = iter(shares)
        for split in self.places.values():
            for name in split:
                split[name] = next(left)

    def shut(self) -> None:
        """Release what is drawn before Qt takes the widgets down."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.disconnect(self._mark_focus)
        theme_changed.disconnect(self._repaint)
        self.scene_pane.shut()

    # places

    def boxes(self) -> dict[str, QRect]:
        """Return where each view that is shown stands, in points of this widget."""
        if self.alone is not None:
            name = next(name for name, pane in self.named.items() if pane is self.alone)
            return {name: self.rect()}
        layout, _ = LAYOUTS[self.layout_name]
        return {name: self._box(box) for name, box in layout.items()}

    def _box(self, box: Box) -> QRect:
        half = GAP_PX // 2
        left, top, right, bottom = (
            round(self._share(edge) * (self.width() if i % 2 == 0 else self.height())) for i, edge in enumerate(box)
        )
        left, top = (left + half if box[0] != 0 else left), (top + half if box[1] != 0 else top)
        right, bottom = (right - half if box[2] != 1 else right), (bottom - half if box[3] != 1 else bottom)
        return QRect(QPoint(left, top), QPoint(right - 1, bottom - 1))

    def _share(self, edge: str | int) -> float:
        return self.places[self.layout_name][edge] if isinstance(edge, str) else float(edge)

    def _arrange(self) -> None:
        boxes = self.boxes()
        for name, pane in self.named.items():
            if name in boxes:
                pane.setGeometry(boxes[name])
            pane.setVisible(name in boxes)
        self.update()
        self.layout_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the shares of the views."""
        super().resizeEvent(event)
        for name, box in self.boxes().items():
            self.named[name].setGeometry(box)

    # dividers

    def _dividers_at(self, point: QPoint) -> tuple[str, ...]:
        """Return the dividers near a point; two where they cross."""
        if self.alone is not None:
            return ()
        layout, _ = LAYOUTS[self.layout_name]
        found = []
        for name, share in self.places[self.layout_name].items():
            across = name.startswith("x")
            at, side = (point.x(), self.width()) if across else (point.y(), self.height())
            inside = any(
                self._box(box).adjusted(-GAP_PX, -GAP_PX, GAP_PX, GAP_PX).contains(point)
                for box in layout.values() if name in box
            )
            if inside and abs(at - share * side) <= GRIP_PX:
                found.append(name)
        return tuple(found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag dividers, or show that they can be."""
        point = event.position().toPoint()
        if not self._dragged:
            kinds = {name[0] for name in self._dividers_at(point)}
            shapes = {frozenset("x"): Qt.CursorShape.SplitHCursor, frozenset("y"): Qt.CursorShape.SplitVCursor,
                      frozenset("xy"): Qt.CursorShape.SizeAllCursor}  # fmt: skip
            self.setCursor(shapes.get(frozenset(kinds), Qt.CursorShape.ArrowCursor))
            return
        places = self.places[self.layout_name]
        for name in self._dragged:
            share = point.x() / max(self.width(), 1) if name[0] == "x" else point.y() / max(self.height(), 1)
            low = places["y1"] + LEAST if name == "y2" else LEAST
            high = places["y2"] - LEAST if name == "y1" else 1 - LEAST
            places[name] = min(max(share, low), high)
        self._arrange()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab the divider under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = self._dividers_at(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._dragged = ()

    # the keyboard's place

    def _mark_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        self.update()

    def _repaint(self) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the gaps, and a line round the view that has the keyboard."""
        painter = QPainter(self)
        theme = current_theme()
        painter.fillRect(self.rect(), QColor(theme.ground))
        pane = self.focused
        if pane is not None and self.alone is None:
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(pane.geometry().adjusted(-1, -1, 1, 1))
