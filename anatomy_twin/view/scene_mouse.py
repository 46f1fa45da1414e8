"""Mouse and keys over the 3-D view: the tool first, then turning, panning, zooming, pointing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from anatomy_twin.rehearsal import Pointer
from anatomy_twin.units import check_point
from anatomy_twin.view.plan_entries import entries_of_desk
from anatomy_twin.view.reading import GAP, distance_words

if TYPE_CHECKING:
    from anatomy_twin.view.scene_pane import ScenePane

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
TURN_DEG: Final = 0.45  # for a pixel
ZOOM: Final = 1.12  # for a notch of the wheel
STILL_PX: Final = 4  # a press that moved less is a click
HOVER_MS: Final = 45
NAMES: Final = {
    Qt.Key.Key_Return: "Return", Qt.Key.Key_Enter: "Return", Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Backspace: "Delete", Qt.Key.Key_Space: "Space",
}
TURNS: Final = {Qt.Key.Key_Left: (-5.0, 0.0), Qt.Key.Key_Right: (5.0, 0.0), Qt.Key.Key_Up: (0.0, -5.0),
                Qt.Key.Key_Down: (0.0, 5.0)}  # fmt: skip


class SceneMouse(QObject):
    """Filters the events of the drawing surface, so that VTK's own habits do not act."""

    def __init__(self, pane: ScenePane) -> None:
        super().__init__(pane)
        self._pane = pane
        self._drag = ""
        self._pressed = self._last = QPointF()
        self._hover_at: tuple[QPointF, Qt.KeyboardModifier] | None = None
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(HOVER_MS)
        self._hover.timeout.connect(self._tell)
        self.setting_focus = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take mouse and keys; leave the rest to Qt."""
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            self._press(event)
        elif kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._move(event)
        elif kind == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            self._release(event)
        elif kind == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent):
            self._double(event)
        elif kind == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            self._wheel(event)
        elif kind == QEvent.Type.Leave:
            self._left()
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if self._key(event):
                event.accept()
            else:
                event.ignore()
        elif kind == QEvent.Type.KeyRelease:
            event.ignore()
        elif kind in (QEvent.Type.ContextMenu, QEvent.Type.Enter):
            event.accept()
        else:
            return False
        return True

    def pointer(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> Pointer:
        """Return where the mouse points in the patient, on the surface that is seen there."""
        pane = self._pane
        size = max(pane.interactor.width(), 1), max(pane.interactor.height(), 1)
        camera = pane.stage.camera
        start, toward = camera.ray(place.x(), place.y(), size)
        found = pane.finder.first(pane.layers, start, toward, pane.stage.planes)
        depth = camera.distance_mm if found is None else found[2]
        return Pointer(
            "3d", None if found is None else found[1], check_point("toward", toward), check_point("eye", start),
            camera.pixel_mm(depth, size[1]), "" if found is None else found[0], shift=bool(modifiers & SHIFT),
            control=bool(modifiers & CONTROL), alt=bool(modifiers & Qt.KeyboardModifier.AltModifier),
        )

    def words(self, at: Pointer) -> str:
        """Return what is under the mouse in words: structure, image value, distances to target and vessel."""
        desk = self._pane.desk
        entries = entries_of_desk(desk)
        if entries is not None and (told_of := entries.words(at)):
            return told_of
        layer = next((one for one in self._pane.layers if one.name == at.structure), None)
        if layer is None or at.point_mm is None:
            return ""
        told = desk.readout(at.point_mm)
        others = distance_words(replace(
            told, target=None if told.target is None or told.target.name == layer.name else told.target,
            vessel=None if told.vessel is None or told.vessel.name == layer.name else told.vessel,
        ))  # fmt: skip
        return GAP.join(part for part in (layer.caption, told.value_text, *others) if part)

    def let_go(self) -> None:
        """Give back what is held."""
        if self._drag == "tool":
            self._pane.desk.tool.cancel()
        self._drag = ""

    def shut(self) -> None:
        """Stop."""
        self._hover.stop()

    # inside

    def _press(self, event: QMouseEvent) -> None:
        self._pane.interactor.setFocus()
        if self._drag:
            return
        self._pane.desk.active_view = "3d"
        self._pressed = self._last = event.position()
        self._hover.stop()
        if event.button() == LEFT:
            if self._pane.desk.tool.press(self.pointer(event.position(), event.modifiers())):
                self._drag = "tool"
            else:
                held = event.modifiers()
                self._drag = "pan" if held & SHIFT else "roll" if held & CONTROL else "turn"
        elif event.button() == MIDDLE:
            self._drag = "pan"
        elif event.button() == RIGHT:
            self._drag = "zoom"

    def _move(self, event: QMouseEvent) -> None:
        place, moved = event.position(), event.position() - self._last
        self._last = place
        if self._drag and not event.buttons():
            self._end(event)  # the button came up where nobody saw it
        pane = self._pane
        if not self._drag:
            self._hover_at = (place, event.modifiers())
            if event.modifiers() & SHIFT:
                self._set_focus(event)
            elif not self._hover.isActive():
                self._hover.start()
            return
        if self._drag == "tool":
            pane.desk.tool.drag(self.pointer(place, event.modifiers()))
            return
        if (place - self._pressed).manhattanLength() < STILL_PX and self._drag == "zoom":
            return
        camera, height = pane.stage.camera, max(pane.interactor.height(), 1)
        if self._drag == "turn":
            camera = camera.turned(moved.x() * TURN_DEG, moved.y() * TURN_DEG)
        elif self._drag == "roll":
            camera = camera.turned(0.0, 0.0, moved.x() * TURN_DEG)
        elif self._drag == "pan":
            scale = 2.0 * camera.shown_mm / height
            camera = camera.panned(-moved.x() * scale, moved.y() * scale)
        elif self._drag == "zoom":
            camera = camera.zoomed(1.01 ** (-moved.y()))
        pane.set_camera(camera)

    def _release(self, event: QMouseEvent) -> None:
        held = {"tool": LEFT, "turn": LEFT, "roll": LEFT, "zoom": RIGHT}.get(self._drag)
        if self._drag == "pan" or held == event.button():
            self._end(event)

    def _end(self, event: QMouseEvent) -> None:
        kind, self._drag = self._drag, ""
        still = (event.position() - self._pressed).manhattanLength() < STILL_PX
        at = self.pointer(event.position(), event.modifiers())
        if kind == "tool":
            self._pane.desk.tool.release(at)
        elif kind == "zoom" and still:
            self._pane.menu_at(event.globalPosition().toPoint(), at.structure, at.point_mm)
        elif kind == "turn" and still:
            entries = entries_of_desk(self._pane.desk)
            if entries is None or not entries.click(at):
                self._pane.bar.tell(self.words(at))

    def _double(self, event: QMouseEvent) -> None:
        if event.button() != LEFT:
            return
        self.let_go()
        if not self._pane.desk.tool.double(self.pointer(event.position(), event.modifiers())):
            self._pane.maximise.emit(self._pane)

    def _wheel(self, event: QWheelEvent) -> None:
        turns = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
        self._pane.set_camera(self._pane.stage.camera.zoomed(ZOOM**turns))
        event.accept()

    def _left(self) -> None:
        self._hover.stop()
        self._hover_at = None
        self._pane.desk.point_out("")
        if not self._drag:
            self._pane.desk.tool.hover(None)
            self._pane.bar.tell("")

    def _tell(self) -> None:
        if self._hover_at is None or self._drag:
            return
        at = self.pointer(*self._hover_at)
        self._pane.desk.tool.hover(at)
        self._pane.desk.point_out(at.structure, "3d")
        self._pane.bar.tell(self.words(at))

    def _set_focus(self, event: QMouseEvent) -> None:
        at = self.pointer(event.position(), event.modifiers())
        if at.point_mm is None:
            return
        self.setting_focus = True
        try:
            self._pane.desk.set_focus(at.point_mm)
        finally:
            self.setting_focus = False
        self._pane.bar.tell(self.words(at))

    def _key(self, event: QKeyEvent) -> bool:
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | SHIFT)
        key, pane = Qt.Key(event.key()), self._pane
        if plain and pane.desk.tool.key(NAMES.get(key, event.text())):
            return True
        if plain and key in TURNS:
            right, down = TURNS[key]
            pane.set_camera(pane.stage.camera.turned(right, down))
        elif plain and key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            pane.set_camera(pane.stage.camera.zoomed(1 / ZOOM if key == Qt.Key.Key_Minus else ZOOM))
        elif plain and key == Qt.Key.Key_R:
            pane.reset()
        else:
            return False
        return True
