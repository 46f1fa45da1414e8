"""The rows of the tree of structures: how they are painted, and what mouse and keys do on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen, QResizeEvent
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeWidget

from anatomy_twin.view.style import current_theme
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.panels.scene_tree import SceneTree

NAME, OPACITY, VOLUME, STATE = range(4)
KEY: Final = Qt.ItemDataRole.UserRole
POINTING_MS: Final = 70  # that the mouse rests on a row until the views show what it is
Index = QModelIndex | QPersistentModelIndex
# state -> sign; words are those of ``state_word``
SIGNS: Final = {
    "ok": "\N{CHECK MARK}", "check": "\N{BLACK FLAG}", "corrected": "\N{LOWER RIGHT PENCIL}",
    "confirmed": "\N{HEAVY CHECK MARK}", "truth": "\N{BLACK DIAMOND}", "simulated": "\N{ALMOST EQUAL TO}",
    "not found": "\N{EMPTY SET}", "not visible in this phase": "\N{EMPTY SET}",
}  # fmt: skip


def state_word(state: str) -> str:
    """Return what a state is called in the tree."""
    words = {
        "ok": tr("ok"), "check": tr("flagged"), "corrected": tr("corrected"), "confirmed": tr("confirmed"),
        "truth": tr("truth"), "simulated": tr("simulated"), "not found": tr("not found"),
        "not visible in this phase": tr("not visible"),
    }  # fmt: skip
    return words.get(state, state)


def state_colour(state: str) -> str:
    """Return the colour of a state in the theme of now."""
    theme = current_theme()
    if state == "check":
        return theme.verdicts["borderline"][1]
    return theme.verdicts["met"][1] if state in ("confirmed", "corrected") else theme.quiet


def draw_eye(painter: QPainter, box: QRectF, share: float, colour: QColor) -> None:
    """Draw an open eye (``share`` 1), a shut one (0), or one half open where a group is shown in part."""
    middle, half, rise = box.center(), box.width() / 2, box.height() * 0.36
    painter.setPen(QPen(colour, max(1.2, box.width() / 11)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    lid = QPainterPath(QPointF(box.left(), middle.y()))
    if share > 0:
        lid.quadTo(middle.x(), middle.y() - 2 * rise, box.right(), middle.y())
        lid.quadTo(middle.x(), middle.y() + 2 * rise, box.left(), middle.y())
        painter.drawPath(lid)
        if share >= 1:
            painter.setBrush(colour)
        painter.drawEllipse(middle, half * 0.34, half * 0.34)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    else:
        lid.quadTo(middle.x(), middle.y() + 2 * rise, box.right(), middle.y())
        painter.drawPath(lid)
        for across in (-0.55, 0.0, 0.55):
            start = QPointF(middle.x() + across * half, middle.y() + rise * (1.0 - 0.45 * abs(across)))
            painter.drawLine(start, start + QPointF(across * half * 0.35, rise * 0.6))


class RowDelegate(QStyledItemDelegate):
    """Paints the rows of one tree and takes clicks on eyes and colours."""

    def __init__(self, panel: SceneTree, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._panel = panel

    def boxes(self, row: QRect) -> tuple[QRect, QRect, QRect]:
        """Return where eye, colour and name are in the first cell of a row."""
        size = max(row.height() - 8, 12)
        top = row.center().y() - size // 2 + 1
        eye = QRect(row.left() + 2, top, size + 3, size)
        side = max(size - 4, 9)
        swatch = QRect(eye.right() + 7, row.center().y() - side // 2 + 1, side, side)
        return eye, swatch, QRect(swatch.right() + 8, row.top(), row.right() - swatch.right() - 8, row.height())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return a height that suits the type."""
        return QSize(20, option.fontMetrics.height() + 7)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a cell."""
        panel, theme = self._panel, current_theme()
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        option.text = ""
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        key = str(index.sibling(index.row(), NAME).data(Qt.ItemDataRole.UserRole))
        if panel.is_pointed(key):
            painter.fillRect(option.rect, QColor(theme.pointed))
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = panel.rows.get(key)
        if index.column() == NAME:
            self._paint_name(painter, option, key)
        elif index.column() == STATE and row is not None:
            self._paint_state(painter, option, row.state)
        else:
            dim = row is None or row.absent or not row.visible
            painter.setPen(QColor(theme.quiet if dim else theme.text))
            side = Qt.AlignmentFlag.AlignLeft if index.column() == OPACITY else Qt.AlignmentFlag.AlignRight
            words = str(index.data() or "")
            if index.column() == OPACITY and words and not panel.wordy:
                words = tr("none")
            painter.drawText(option.rect.adjusted(2, 0, -6, 0), side | Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()

    def _paint_name(self, painter: QPainter, option: QStyleOptionViewItem, key: str) -> None:
        panel, theme = self._panel, current_theme()
        row = panel.rows.get(key)
        eye, swatch, name = self.boxes(option.rect)
        share = panel.share_visible(key)
        absent = row is not None and row.absent
        if not absent:
            draw_eye(painter, QRectF(eye), share, QColor(theme.text if share > 0 else theme.quiet))
        if row is None:
            name = QRect(swatch.left(), name.top(), name.right() - swatch.left(), name.height())
            painter.setFont(panel.heading_font)
        else:
            colour = QColor(*row.colour)
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush if absent else colour)
            painter.drawRoundedRect(swatch, 2.5, 2.5)
        painter.setPen(QColor(theme.quiet if absent or share == 0 else theme.text))
        words = panel.title_of(key)
        line = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)

    def _paint_state(self, painter: QPainter, option: QStyleOptionViewItem, state: str) -> None:
        if not state:
            return
        colour = QColor(state_colour(state))
        words = f"{SIGNS.get(state, '')} {state_word(state) if self._panel.wordy else ''}".strip()
        metrics = painter.fontMetrics()
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, option.rect.width() - 14)
        height = metrics.height() + 2
        chip = QRectF(option.rect.left() + 1, option.rect.center().y() - height / 2 + 1,
                      metrics.horizontalAdvance(words) + 12, height)  # fmt: skip
        if state in ("check", "confirmed", "corrected"):
            ground = QColor(colour)
            ground.setAlphaF(0.16)
            painter.setBrush(ground)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(chip, height / 2, height / 2)
        painter.setPen(colour)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, words)

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: Index) -> bool:
        """Take clicks on an eye or a colour, and the space bar."""
        key = str(index.sibling(index.row(), NAME).data(Qt.ItemDataRole.UserRole))
        if isinstance(event, QMouseEvent) and index.column() == NAME:
            eye, swatch, _ = self.boxes(option.rect)
            place = event.position().toPoint()
            pressed = event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton
            if eye.adjusted(-4, -4, 3, 4).contains(place):
                if pressed:
                    self._panel.toggle(key)
                return True
            if swatch.adjusted(-3, -4, 3, 4).contains(place) and key in self._panel.rows:
                if pressed:
                    self._panel.choose_colour(key)
                return True
        return False


class RowTree(QTreeWidget):
    """The tree itself: Space shows or hides, Return brings the views there."""

    def __init__(self, panel: SceneTree) -> None:
        super().__init__(panel)
        self._panel = panel
        self.setMouseTracking(True)
        self._at = QPoint()
        self._resting = QTimer(self, interval=POINTING_MS, singleShot=True)
        self._resting.timeout.connect(self._point_out)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let the views show what the mouse rests on."""
        super().mouseMoveEvent(event)
        self._at = event.position().toPoint()
        self._resting.start()

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing any more."""
        super().leaveEvent(event)
        self._resting.stop()
        self._panel.point_out("")

    def _point_out(self) -> None:
        item = self.itemAt(self._at)
        self._panel.point_out("" if item is None else str(item.data(NAME, KEY)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew."""
        super().resizeEvent(event)
        self._panel.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Work the row that is chosen."""
        item = self.currentItem()
        key = str(item.data(NAME, KEY)) if item is not None else ""
        if event.key() == Qt.Key.Key_Space and key:
            self._panel.toggle(key)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and key in self._panel.rows:
            self._panel.centre(key)
        else:
            super().keyPressEvent(event)
