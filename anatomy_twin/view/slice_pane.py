"""One slice view, painted with Qt from the same planes as the report's pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QImage,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from anatomy_twin.rehearsal import SlicePlane, plane_through, sample, slice_mask_fraction
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.style import PLANE_COLOURS

FILL = 0.14
TEMPERATURE_STOPS = np.array([[20, 20, 60], [120, 20, 110], [220, 60, 60], [250, 150, 30], [255, 250, 190]], float)


class SlicePane(QWidget):
    """A plane through the crossing point.

    Wheel: next slice. Left button: move the crossing point. Right button: drag grey window (across) and level (up).
    Ctrl and wheel: zoom. Double click: this view alone, and back.
    """

    maximise = Signal(object)

    def __init__(self, model: Desk, plane_name: str) -> None:
        super().__init__()
        self._model, self.plane_name = model, plane_name
        self._zoom = 1.0
        self._image: QImage | None = None
        self._plane: SlicePlane | None = None
        self._drag: QPoint | None = None
        self.paint_count = 0
        self.setMinimumSize(160, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for signal in (model.scene_changed, model.focus_changed, model.moment_changed, model.window_changed):
            signal.connect(self.refresh)

    def sizeHint(self) -> QSize:
        """Return the size the view would like."""
        return QSize(420, 360)

    def refresh(self, *_: object) -> None:
        """Sample the slice anew at the next paint."""
        self._image = None
        self.update()

    def resizeEvent(self, event: Any) -> None:
        """Follow the window's size."""
        self.refresh()

    @property
    def plane(self) -> SlicePlane:
        """The plane now shown, one picture point per screen point."""
        if self._plane is None or self._image is None:
            self._plane = self._make_plane()
        return self._plane

    def _make_plane(self) -> SlicePlane:
        geometry = self._model.scene.volume.geometry
        whole = plane_through(geometry, self.plane_name, self._model.focus_mm)
        width, height = max(self.width(), 16), max(self.height(), 16)
        pixel = max(whole.size_mm[0] / width, whole.size_mm[1] / height) / self._zoom
        centre: Any = whole.to_world([(whole.shape[0] - 1) / 2, (whole.shape[1] - 1) / 2])
        if self._zoom > 1.0:
            centre = self._model.focus_mm
        return plane_through(
            geometry, self.plane_name, centre, pixel_mm=pixel, size_mm=(width * pixel, height * pixel)
        )

    def _compose(self) -> QImage:
        model, plane = self._model, self.plane
        width, level = model.window
        values = sample(model.scene.volume.array, model.scene.volume.geometry, plane)
        grey = np.clip((np.nan_to_num(values, nan=-1e6) - level + width / 2) / width, 0.0, 1.0) * 255.0
        colour = np.repeat(grey[..., None], 3, axis=2)
        zone = self._zone(plane)
        for layer in model.scene.overlays:
            if not layer.visible:
                continue
            if layer.name == "zone" and zone is not None:
                _blend(colour, zone, layer.colour, 2 * FILL)
            else:
                part = slice_mask_fraction(layer.mask, layer.geometry, plane)
                _blend(colour, part >= 0.5, layer.colour, FILL)
        if model.field_shown:
            self._blend_temperature(colour, plane)
        pixels = np.ascontiguousarray(colour.astype(np.uint8))
        height_px, width_px = pixels.shape[:2]
        return QImage(pixels.tobytes(), width_px, height_px, 3 * width_px, QImage.Format.Format_RGB888).copy()

    def _zone(self, plane: SlicePlane) -> NDArray[np.bool_] | None:
        damage = self._model.field("damage")
        if damage is None:
            return None
        return np.asarray(sample(damage.values[self._model.snapshot], damage.geometry, plane, outside=0.0) >= 1.0)

    def _blend_temperature(self, colour: NDArray[Any], plane: SlicePlane) -> None:
        series = self._model.field("temperature")
        if series is None:
            return
        low, high = series.range
        values = sample(series.values[self._model.snapshot], series.geometry, plane, outside=low)
        share = np.clip((values - low) / (high - low), 0.0, 1.0)
        place = share * (len(TEMPERATURE_STOPS) - 1)
        shade = np.stack(
            [np.interp(place, np.arange(len(TEMPERATURE_STOPS)), TEMPERATURE_STOPS[:, n]) for n in range(3)], axis=-1
        )
        alpha = np.clip(share * 3.0, 0.0, 0.65)[..., None]
        colour *= 1.0 - alpha
        colour += shade * alpha

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw image, outlines, applicators, crosshair, letters."""
        if self._image is None:
            self._plane = self._make_plane()
            self._image = self._compose()
        self.paint_count += 1
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(QRectF(self.rect()), self._image)
        self._paint_needles(painter)
        self._paint_markers(painter)
        self._paint_crosshair(painter)
        self._paint_scale(painter)
        self._paint_words(painter)
        painter.end()

    def _at(self, point_mm: Any) -> QPointF:
        row, column = self.plane.to_pixel(point_mm)
        return QPointF(float(column) + 0.5, float(row) + 0.5)

    def _paint_needles(self, painter: QPainter) -> None:
        for needle in self._model.scene.needles:
            pen = QPen(QColor(*needle.colour), 1.6, Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.drawLine(self._at(needle.entry_mm), self._at(needle.tip_mm))
            points = np.linspace(needle.entry_mm, needle.tip_mm, 160)
            near = points[np.abs(self.plane.distance_mm(points)) <= 3.0]
            heating = near[np.linalg.norm(near - needle.tip_mm, axis=1) <= needle.active_length_mm]
            for part, width in ((near, 1.4), (heating, 3.6)):  # thick: the part that heats
                if len(part) > 1:
                    painter.setPen(QPen(QColor(*needle.colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                    painter.drawLine(self._at(part[0]), self._at(part[-1]))

    def _paint_scale(self, painter: QPainter) -> None:
        """Draw the colour scale of the temperature with its ends in degrees."""
        series = self._model.field("temperature")
        if series is None or not self._model.field_shown:
            return
        height, left = max(self.height() // 3, 60), self.width() - 26
        top = self.height() - height - 30
        shades = QLinearGradient(0, top + height, 0, top)
        for place, stop in enumerate(TEMPERATURE_STOPS):
            shades.setColorAt(place / (len(TEMPERATURE_STOPS) - 1), QColor(*(int(part) for part in stop)))
        painter.fillRect(QRectF(left, top, 10, height), QBrush(shades))
        painter.setFont(QFont(self.font().family(), 8))
        painter.setPen(QColor("#ffffff"))
        for value, y in zip(series.range, (top + height, top), strict=True):
            box = QRectF(left - 64, y - 8, 60, 16)
            flag = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, flag, f"{value:.0f} \N{DEGREE SIGN}C")

    def _paint_markers(self, painter: QPainter) -> None:
        for marker in self._model.scene.markers:
            if abs(float(self.plane.distance_mm(marker.point_mm))) <= 3.0:
                painter.setPen(QPen(QColor(*marker.colour), 2))
                painter.drawEllipse(self._at(marker.point_mm), 7, 7)

    def _paint_crosshair(self, painter: QPainter) -> None:
        centre = self._at(self._model.focus_mm)
        others = {"axial": ("sagittal", "coronal"), "coronal": ("sagittal", "axial"), "sagittal": ("coronal", "axial")}
        vertical, horizontal = others[self.plane_name]
        painter.setPen(QPen(QColor(PLANE_COLOURS[vertical]), 1))
        painter.drawLine(QPointF(centre.x(), 0), QPointF(centre.x(), centre.y() - 14))
        painter.drawLine(QPointF(centre.x(), centre.y() + 14), QPointF(centre.x(), self.height()))
        painter.setPen(QPen(QColor(PLANE_COLOURS[horizontal]), 1))
        painter.drawLine(QPointF(0, centre.y()), QPointF(centre.x() - 14, centre.y()))
        painter.drawLine(QPointF(centre.x() + 14, centre.y()), QPointF(self.width(), centre.y()))

    def _paint_words(self, painter: QPainter) -> None:
        width, height = self.width(), self.height()
        letters = self.plane.letters
        painter.setFont(QFont(self.font().family(), 13, QFont.Weight.Bold))
        painter.setPen(QColor("#ffffff"))
        box = QRectF(6, 4, width - 12, height - 8)
        for side, flag in (("left", Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
                           ("right", Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                           ("top", Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop),
                           ("bottom", Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)):
            painter.drawText(box, flag, letters[side])
        painter.setFont(QFont(self.font().family(), 9))
        painter.setPen(QColor(PLANE_COLOURS[self.plane_name]))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self.plane_name.capitalize())
        painter.setPen(QColor("#c6ced8"))
        window, level = self._model.window
        painter.drawText(
            box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, f"W {window:.0f}  L {level:.0f}"
        )

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go to the next slice; with Ctrl zoom."""
        steps = event.angleDelta().y() / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom = float(np.clip(self._zoom * 1.2**steps, 1.0, 12.0))
            self.refresh()
        else:
            normal = self.plane.normal
            spacing = np.abs(self._model.scene.volume.geometry.direction.T @ normal)
            step = float(np.asarray(self._model.scene.volume.geometry.spacing_mm)[int(np.argmax(spacing))])
            self._model.set_focus(np.asarray(self._model.focus_mm) - normal * step * steps)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin moving the crossing point or the grey window."""
        self._drag = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton:
            self._focus_at(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the crossing point or the grey window."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._focus_at(event.position())
        elif event.buttons() & Qt.MouseButton.RightButton and self._drag is not None:
            moved = event.position().toPoint() - self._drag
            self._drag = event.position().toPoint()
            width, level = self._model.window
            self._model.set_window(width * 1.005 ** moved.x(), level - moved.y() * width / 400.0)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show this view alone, or all again."""
        self.maximise.emit(self)

    def _focus_at(self, place: QPointF) -> None:
        plane = self.plane
        point = plane.to_world([place.y() - 0.5, place.x() - 0.5])
        point = point - plane.distance_mm(point) * plane.normal
        depth = plane.distance_mm(self._model.focus_mm)
        self._model.set_focus(point + depth * plane.normal)


def _blend(colour: NDArray[Any], mask: NDArray[np.bool_], rgb: tuple[int, int, int], fill: float) -> None:
    """Lay a light fill and a full outline of a mask over an RGB picture."""
    if not mask.any():
        return
    tint = np.asarray(rgb, float)
    colour[mask] = colour[mask] * (1.0 - fill) + tint * fill
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    colour[mask & ~inner] = tint
