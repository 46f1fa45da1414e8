"""The name of a view's plane in its corner; a click on it offers the other planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QMenu

from anatomy_twin.core import AblationPlan, Plan
from anatomy_twin.rehearsal.oblique import PlaneChoice, plane_cuts
from anatomy_twin.view.slice_ink import INK, draw_words
from anatomy_twin.view.slice_notes import PLATE
from anatomy_twin.view.style import PLANE_COLOURS
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.slice_pane import SlicePane


def plane_title(choice: PlaneChoice) -> str:
    """Return what a plane is called for people."""
    number = choice.number + 1
    return {
        "axial": tr("Axial"), "coronal": tr("Coronal"), "sagittal": tr("Sagittal"), "scan": tr("As scanned"),
        "along": tr("Along applicator {number}").format(number=number),
        "across": tr("Across applicator {number}").format(number=number),
        "cut": tr("In cut {number}").format(number=number),
    }[choice.kind]


def choices(plan: Plan | None) -> tuple[PlaneChoice, ...]:
    """Return the planes that a view can show with a plan."""
    found = [PlaneChoice(kind) for kind in ("axial", "coronal", "sagittal", "scan")]
    for number in range(len(plan.applicators) if isinstance(plan, AblationPlan) else 0):
        found += [PlaneChoice("along", number), PlaneChoice("across", number)]
    return (*found, *(PlaneChoice("cut", number) for number in range(len(plane_cuts(plan)))))


class PlaneMenu(QAbstractButton):
    """The button in the corner of a slice view."""

    def __init__(self, pane: SlicePane, desk: Desk) -> None:
        super().__init__(pane)
        self._pane, self._desk = pane, desk
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tr("Choose the plane of this view"))
        self.clicked.connect(self._open)
        pane.plane_chosen.connect(self._show_title)
        self._show_title()

    def sizeHint(self) -> QSize:
        """Return the size of the words and the arrow."""
        metrics = QFontMetricsF(font_of_widget(self))
        width = metrics.horizontalAdvance(self.text()) + 30
        return QSize(round(width), round(metrics.height() + 6))

    def offered(self) -> QMenu:
        """Return the menu of the planes that this view can show now."""
        menu = QMenu(self)
        last = ""
        for choice in choices(self._desk.plan):
            if last == "scan":
                menu.addSeparator()
            last = choice.kind
            action = menu.addAction(plane_title(choice))
            action.setCheckable(True)
            action.setChecked((choice.kind, choice.number) == (self._pane.choice.kind, self._pane.choice.number))
            action.triggered.connect(lambda _=False, chosen=choice: self._pane.choose(chosen))
        return menu

    def _open(self) -> None:
        menu = self.offered()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _show_title(self) -> None:
        self.setText(plane_title(self._pane.choice))
        self.setAccessibleName(self.text())
        self.resize(self.sizeHint())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write the plane's name in its colour, and an arrow."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = font_of_widget(self)
        metrics = QFontMetricsF(font)
        hint = self.sizeHint()
        if hint != self.size():
            self.resize(hint)  # the type was made larger or smaller
        painter.fillRect(self.rect().adjusted(4, 2, -3, -2), PLATE)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(255, 255, 255, 45))
            painter.drawRoundedRect(self.rect().adjusted(2, 1, -2, -1), 4, 4)
        colour = QColor(PLANE_COLOURS.get(self._pane.plane_name, INK.name()))
        painter.setFont(font)
        box = draw_words(painter, QPointF(8, 3 + metrics.ascent()), self.text(), colour, font)
        x, y, size = box.right() + 5, box.center().y() + 1, metrics.capHeight() * 0.42
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(x, y - size / 2), QPointF(x + 2 * size, y - size / 2),
                                       QPointF(x + size, y + size / 2)]))  # fmt: skip
        painter.end()


def font_of_widget(button: QAbstractButton) -> QFont:
    """Return the window's font, bold."""
    font = button.font()
    font.setBold(True)
    return font
