"""What the views show, as one picture, with the intended-use line below."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.view.scene_pane import ScenePane
from anatomy_twin.view.style import current_theme
from anatomy_twin.view.views import Views
from anatomy_twin.view.words import tr


def picture_of(views: Views) -> QImage:
    """Return the views as they stand. The 3-D view is read from its own drawing: Qt alone sees none of it."""
    ratio = views.devicePixelRatioF()
    line = round(1.8 * views.fontMetrics().height())
    image = QImage(round(views.width() * ratio), round((views.height() + line) * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    theme = current_theme()
    image.fill(QColor(theme.ground))
    painter = QPainter(image)
    for pane in views.shown:
        painter.drawPixmap(pane.geometry().topLeft(), pane.grab())
        if isinstance(pane, ScenePane):
            inside = pane.interactor
            place = QRect(inside.mapTo(views, inside.rect().topLeft()), inside.size())
            painter.drawImage(place, _image(np.asarray(inside.screenshot(return_img=True))))
    painter.setPen(QColor(theme.notice))
    below = QRect(0, views.height(), views.width() - 8, line)
    painter.drawText(below, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), tr(INTENDED_USE))
    painter.end()
    return image


def _image(pixels: np.ndarray) -> QImage:
    rows = np.ascontiguousarray(pixels[..., :3])
    height, width = rows.shape[:2]
    return QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
