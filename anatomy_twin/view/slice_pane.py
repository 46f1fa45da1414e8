"""One slice view: a plane of the scan with all that lies in it, moved and drawn on with the mouse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from anatomy_twin.rehearsal import SlicePlane, Tint, needles_of
from anatomy_twin.rehearsal.oblique import PlaneChoice
from anatomy_twin.rehearsal.pointer import Pointer
from anatomy_twin.rehearsal.presets import WindowPreset
from anatomy_twin.rehearsal.shapes import CutTint
from anatomy_twin.rehearsal.slice_paint import SliceContent, SlicePainter
from anatomy_twin.units import Point, check_point
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.slice_ink import Canvas, draw_shapes
from anatomy_twin.view.slice_menu import PlaneMenu
from anatomy_twin.view.slice_notes import draw_crosshair, draw_letters, draw_markers, draw_needles
from anatomy_twin.view.slice_sight import Sight
from anatomy_twin.view.slice_words import corners_taken, draw_corners, draw_hover

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
KEY: Final = Qt.Key
STEPS: Final = {KEY.Key_PageUp: 1, KEY.Key_Up: 1, KEY.Key_Right: 1, KEY.Key_PageDown: -1, KEY.Key_Down: -1,
                KEY.Key_Left: -1}  # fmt: skip
NAMES: Final = {KEY.Key_Delete: "Delete", KEY.Key_Backspace: "Backspace", KEY.Key_Return: "Return",
                KEY.Key_Enter: "Return", KEY.Key_Space: "Space", KEY.Key_Tab: "Tab"}  # fmt: skip
ZOOM: Final = 1.2
POINTING_MS: Final = 90  # that the mouse rests until the list shows what is under it


class SlicePane(QWidget):
    """A plane of the scan: axial, coronal, sagittal, as scanned, along or across an applicator, or a cut.

    The left button goes to the desk's tool first; where it does not take it, it moves the crossing point. Right
    button: grey window. Middle button, or Shift and left: shift the picture. Wheel: slices; with Ctrl zoom about the
    mouse. Double click: this view alone, and back. Keys: arrows and Page up/down for slices, + and - zoom, r resets.
    """

    maximise = Signal(object)
    plane_chosen = Signal()

    def __init__(self, desk: Desk, plane_name: str) -> None:
        super().__init__()
        self._desk, self.plane_name = desk, plane_name
        self.sight = Sight(plane_name)
        self.painter = SlicePainter()
        self.paint_count = 0
        self._image: tuple[Any, float, QImage] | None = None
        self._drag = ""  # "tool", "focus", "pan" or "window" while a button is held
        self._before_click: Any = None  # the crossing point before the last press
        self._last = QPointF()
        self._hover: QPointF | None = None
        self._pointed, self._editing = "", ""  # structure that stands out, plan that is edited
        self._near: Sight | None = None
        self._wheel = 0.0
        self._planes: dict[float, tuple[Any, SlicePlane]] = {}
        self.setMinimumSize(160, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.menu = PlaneMenu(self, desk)
        for signal in (desk.scene_changed, desk.plan_changed):
            signal.connect(self._follow)
        desk.plan_changed.connect(self._follow_tool)
        for signal in (desk.moment_changed, desk.window_changed, desk.live_changed, desk.drawing_changed,
                       desk.case_changed, desk.slices_changed):
            signal.connect(self.refresh)
        desk.focus_changed.connect(self._follow_focus)
        desk.pointed_changed.connect(self._follow_pointed)
        desk.tool_changed.connect(self._follow_tool)
        self._pointing = QTimer(self, interval=POINTING_MS, singleShot=True)
        self._pointing.timeout.connect(self._point_out)

    def sizeHint(self) -> QSize:
        """Return the size the view would like."""
        return QSize(420, 360)

    @property
    def choice(self) -> PlaneChoice:
        """Which plane is shown."""
        return self.sight.choice

    @property
    def plane(self) -> SlicePlane:
        """The plane now shown, one picture point per screen point."""
        return self._plane((self.height(), self.width()), 1.0)

    def _plane(self, shape: tuple[int, int], scale: float) -> SlicePlane:
        """Return the plane as a picture of some size; it is asked for many times between two changes."""
        desk = self._desk
        key = (self.sight, shape, scale, desk.focus_mm, desk.plan, desk.scene.volume)
        known = self._planes.get(scale)
        if known is None or known[0][:4] != key[:4] or known[0][4] is not key[4] or known[0][5] is not key[5]:
            known = (key, self.sight.plane(desk, shape, scale))
            self._planes[scale] = known
        return known[1]

    @property
    def presets(self) -> tuple[WindowPreset, ...]:
        """The grey windows that suit the scan."""
        return self._desk.slice_layers.presets(self._desk)

    # what is looked at

    def choose(self, choice: PlaneChoice) -> None:
        """Show another plane, seen whole."""
        self.sight = Sight(self.plane_name, choice)
        self._desk.active_view = self.plane_name
        self._follow()
        self.plane_chosen.emit()

    def reset(self) -> None:
        """See the whole plane again."""
        self.sight = Sight(self.plane_name, self.choice)
        self._follow()

    def approach(self, point_mm: Point, reach_mm: float) -> None:
        """See what lies within a distance of a point."""
        side = max(min(self.height(), self.width()), 16)
        self.sight = Sight(self.plane_name, self.choice, 2.0 * reach_mm / side, point_mm)
        self._follow()

    def step(self, count: float) -> None:
        """Go ``count`` slices towards the viewer; about the applicator where the plane lies along it."""
        self.sight, focus = self.sight.stepped(self._desk, count)
        if focus is not None:
            self._desk.set_focus(focus)
        self._follow()

    def turn(self, degrees: float) -> None:
        """Turn the plane about the applicator that it lies along."""
        if self.choice.kind == "along":
            self.sight = self.sight.of(self.choice.turned(degrees))
            self._follow()

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Magnify by a factor about a point of the screen (default: the middle)."""
        at = about or QPointF(self.width() / 2, self.height() / 2)
        self.sight = self.sight.zoomed(self.plane, factor, self._row_column(at), self._desk)
        self._follow()

    def refresh(self, *_: object) -> None:
        """Paint again; only what changed is sampled anew."""
        self.update()

    def _follow(self, *_: object) -> None:
        """Tell the other views where this plane lies, and paint."""
        if self.choice.kind != self.plane_name and not self.sight.possible(self._desk):
            self.sight = Sight(self.plane_name)
            self.plane_chosen.emit()
        self._desk.set_slice_plane(self.plane_name, self.plane)
        self.update()

    def _follow_focus(self) -> None:
        if not self._drag:
            self.sight = self.sight.holding(self._desk, self.plane)
        self._follow()

    def _follow_tool(self) -> None:
        """Come near to a plan that is to be edited, unless a person has chosen what is seen."""
        editing = self._desk.plan_name if self._desk.edit_mode else ""
        if editing and editing != self._editing and self.sight in (Sight(self.plane_name), self._near):
            self._near = Sight(self.plane_name).near(self._desk, (self.height(), self.width()))
            self.sight = self._near
            self._follow()
        self._editing = editing
        self.update()

    def _follow_pointed(self) -> None:
        if self._desk.shown_out != self._pointed:
            self._pointed = self._desk.shown_out
            self.update()

    def _point_out(self) -> None:
        """Tell the list which structure the mouse rests on."""
        if self._hover is not None and not self._drag:
            found = self._desk.readout(self.point_at(self._hover)).structures
            self._desk.point_out(found[0].name if found else "", self.plane_name)

    # painting

    def content(self) -> SliceContent:
        """Return all that the picture is made of, in the points of the screen itself."""
        desk, scale = self._desk, self.devicePixelRatioF()
        tints = (*desk.slice_layers.tints(desk), *desk.tints())
        shape = (max(round(self.height() * scale), 1), max(round(self.width() * scale), 1))
        # the zone that follows the hand is seen before organs are
        style = desk.slice_style if desk.moving is None else replace(desk.slice_style, fills=False)
        field = desk.field(desk.field_shown) if desk.field_shown else None
        return SliceContent(
            volume=desk.scene.volume, plane=self._plane(shape, scale), window=desk.window,
            labels=desk.case.labels.get(desk.case.primary), looks=desk.scene.looks, style=style,
            field=field, moment=0 if field is None else field.moment(desk.snapshot),
            tints=tuple(t for t in tints if isinstance(t, Tint)), second=desk.second, sharpness=scale,
            cuts=tuple(t for t in tints if isinstance(t, CutTint)), pointed=desk.shown_out,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture and what stands on it."""
        self.paint_count += 1
        content = self.content()
        picture = self.painter.paint(content)
        if self._image is None or self._image[0] is not picture or self._image[1] != content.sharpness:
            rows, columns = picture.shape[:2]
            image = QImage(picture.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(content.sharpness)
            self._image = (picture, content.sharpness, image)
        painter = QPainter(self)
        try:
            self._paint_on(painter, content)
        finally:  # one that is left active by an error brings the program down
            painter.end()

    def _paint_on(self, painter: QPainter, content: SliceContent) -> None:
        desk = self._desk
        assert self._image is not None
        painter.drawImage(0, 0, self._image[2])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        canvas = Canvas(painter, self.plane, self.width(), self.height(), self.plane_name)
        canvas.taken.extend(corners_taken(canvas, self.menu.geometry(), content.field))
        if desk.slice_style.crosshair:
            others = {name: plane for name, plane in desk.slice_planes.items() if name != self.plane_name}
            draw_crosshair(canvas, others, desk.focus_mm)
        draw_needles(canvas, needles_of(desk.plan, desk.scene.needles[0].colour if desk.scene.needles
                                        else (240, 255, 30))[0])  # fmt: skip
        draw_shapes(canvas, desk.shapes())
        if desk.moving is None and not desk.plan_aside:
            draw_markers(canvas, desk.scene.markers)
        draw_letters(canvas)
        draw_corners(canvas, desk, self.sight, self.presets, self.menu.geometry(), content)
        if self._hover is not None:
            draw_hover(canvas, desk, self.point_at(self._hover))

    # the mouse

    def _row_column(self, place: QPointF) -> tuple[float, float]:
        return place.y() - 0.5, place.x() - 0.5

    def point_at(self, place: QPointF) -> Any:
        """Return the point of the plane (LPS mm) at a point of the screen."""
        return self.plane.to_world(self._row_column(place))

    def pointer(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> Pointer:
        """Return where the mouse points in the patient."""
        plane, kinds = self.plane, Qt.KeyboardModifier
        point = plane.to_world(self._row_column(place))
        toward = plane.normal
        return Pointer(
            self.plane_name, check_point("point_mm", point), check_point("toward", toward),
            check_point("eye_mm", point - 500.0 * toward), plane.pixel_mm, shift=bool(modifiers & kinds.ShiftModifier),
            control=bool(modifiers & kinds.ControlModifier), alt=bool(modifiers & kinds.AltModifier),
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Give the button to the tool, or begin moving crossing point, picture or grey window."""
        if self._drag:
            return
        self._desk.active_view = self.plane_name
        self._last = event.position()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() == LEFT and self._desk.tool.press(self.pointer(event.position(), event.modifiers())):
            self._drag = "tool"
        elif event.button() == MIDDLE or (event.button() == LEFT and shift):
            self._drag = "pan"
        elif event.button() == LEFT:
            self._drag = "focus"
            self._before_click = self._desk.focus_mm
            self._desk.set_focus(self.point_at(event.position()))
        elif event.button() == RIGHT:
            self._drag = "window"
        self._show_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the button began; without one, tell what is under the mouse."""
        place, moved = event.position(), event.position() - self._last
        if self._drag and not event.buttons():
            self._end_drag(event)  # the button came up where nobody saw it
        self._last, self._hover = place, place
        if self._drag == "tool":
            self._desk.tool.drag(self.pointer(place, event.modifiers()))
        elif self._drag == "focus":
            self._desk.set_focus(self.point_at(place))
        elif self._drag == "pan":
            self.sight = self.sight.panned(self.plane, (moved.y(), moved.x()), self._desk)
            self._follow()
        elif self._drag == "window":
            width, level = self._desk.window
            self._desk.set_window(width * 1.005 ** moved.x(), level - moved.y() * width / 400.0)
        else:
            self._desk.tool.hover(self.pointer(place, event.modifiers()))
            self._show_cursor()
            self._pointing.start()
        self.update(self._hover_strip())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End what the button began, wherever it comes up."""
        held = {"tool": LEFT, "focus": LEFT, "window": RIGHT}.get(self._drag)
        if self._drag == "pan" or held == event.button():
            self._end_drag(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Give it to the tool, or show this view alone, or all again: the crossing point stays where it was."""
        if event.button() == LEFT and not self._desk.tool.double(self.pointer(event.position(), event.modifiers())):
            if self._before_click is not None:
                self._desk.set_focus(self._before_click)
            self.maximise.emit(self)

    def _end_drag(self, event: QMouseEvent) -> None:
        kind, self._drag = self._drag, ""
        if kind == "tool":
            self._desk.tool.release(self.pointer(event.position(), event.modifiers()))
        self._show_cursor()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go to the next slice; with Ctrl zoom about the mouse."""
        self._desk.active_view = self.plane_name
        turns = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
        if self._desk.tool.wheel(turns, self.pointer(event.position(), event.modifiers())):
            pass
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(ZOOM**turns, event.position())
        else:
            self._wheel += turns * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            whole = int(np.trunc(self._wheel + (1e-9 if self._wheel > 0 else -1e-9)))
            if whole:
                self._wheel -= whole
                self.step(whole)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer a key to the tool; else slices, zoom, reset."""
        key, plain = event.key(), not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier
                                                            | Qt.KeyboardModifier.ShiftModifier)  # fmt: skip
        if plain and self._desk.tool.key(NAMES.get(KEY(key), event.text())):
            return
        if plain and key in STEPS:
            self.step(STEPS[KEY(key)] * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1))
        elif plain and key in (KEY.Key_Plus, KEY.Key_Equal, KEY.Key_Minus):
            self.zoom(1 / ZOOM if key == KEY.Key_Minus else ZOOM, self._hover)
        elif plain and key == KEY.Key_R:
            self.reset()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the cursor of what the mouse would do here."""
        self._show_cursor()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell nothing more about what is under the mouse."""
        if not self._drag:
            self._desk.tool.hover(None)
        self._hover = None
        self._desk.point_out("")
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of what is held: the button will come up elsewhere."""
        if self._drag == "tool":
            self._desk.tool.cancel()
        self._drag = ""
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Follow the window's size."""
        self._follow()

    def _hover_strip(self) -> QRect:
        height = 2 * self.fontMetrics().height() + 8
        return QRect(0, self.height() - height, self.width(), height)

    def _show_cursor(self) -> None:
        kinds = Qt.CursorShape
        shape = {"pan": kinds.ClosedHandCursor, "window": kinds.SizeAllCursor, "tool": kinds.CrossCursor,
                 "focus": kinds.CrossCursor}.get(self._drag)  # fmt: skip
        if shape is None:
            lit = any(drawn.lit for drawn in self._desk.shapes())
            busy = self._desk.tool.name != "navigate"
            shape = kinds.PointingHandCursor if lit else kinds.CrossCursor if busy else kinds.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)
