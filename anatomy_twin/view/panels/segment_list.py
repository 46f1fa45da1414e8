"""The list of segments: eye, colour, name, volume, and how far the work on each is, as sign and word."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from anatomy_twin.core import Segment
from anatomy_twin.pipeline import hand as work
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.view.names import named
from anatomy_twin.view.style import current_theme
from anatomy_twin.view.words import tr

NAME, VOLUME, STATE = range(3)
KEY: Final = Qt.ItemDataRole.UserRole
NAME_LETTERS: Final = 17  # of a name that can be read at least
SIGNS: Final = {
    work.NOT_STARTED: "\N{WHITE CIRCLE}", work.FOUND: "\N{BULLSEYE}", work.IN_PROGRESS: "\N{LOWER RIGHT PENCIL}",
    work.CHECKED: "\N{HEAVY CHECK MARK}", work.FLAGGED: "\N{BLACK FLAG}",
}  # fmt: skip
Index = QModelIndex | QPersistentModelIndex


def state_word(state: str) -> str:
    """Return what the state of the work on a segment is called in the list."""
    return {
        work.NOT_STARTED: tr("not started"), work.FOUND: tr("by program"), work.IN_PROGRESS: tr("in progress"),
        work.CHECKED: tr("checked"), work.FLAGGED: tr("flagged"),
    }[state]  # fmt: skip


def state_colour(state: str) -> str:
    """Return the colour of a state in the theme of now."""
    theme = current_theme()
    return {work.CHECKED: theme.verdicts["met"][1], work.FLAGGED: theme.verdicts["borderline"][1],
            work.IN_PROGRESS: theme.accent}.get(state, theme.quiet)  # fmt: skip


def volume_text(volume_ml: float | None) -> str:
    """Return a volume with as many digits as are worth reading; "" where it is not known yet."""
    if volume_ml is None:
        return ""
    return f"{volume_ml:.0f}" if volume_ml >= 100 else f"{volume_ml:.1f}" if volume_ml >= 1 else f"{volume_ml:.2f}"


class SegmentRow:
    """What the list shows of one segment."""

    def __init__(self, segment: Segment, colour: tuple[int, int, int], visible: bool, volume_ml: float | None,
                 stale: bool) -> None:  # fmt: skip
        self.segment, self.colour, self.visible = segment, colour, visible
        self.volume_ml, self.stale = volume_ml, stale
        self.state = work.state_of(segment)

    @property
    def tip(self) -> str:
        """What is told of the segment where the mouse rests."""
        lines = [f"{named(structure_label(self.segment.name))}: {state_word(self.state)}", work.why_of(self.segment)]
        if self.stale:
            lines.append(tr("The surface is older than the outline"))
        return "\n".join(filter(None, lines))


class SegmentList(QTreeWidget):
    """One row for each segment. Space shows or hides the one that is chosen."""

    picked = Signal(str)
    eye_clicked = Signal(str)
    colour_clicked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: dict[str, SegmentRow] = {}
        self._busy = False
        self.setObjectName("segments")
        self.setColumnCount(3)
        self.setHeaderLabels([tr("Segment"), tr("ml"), tr("State")])
        self.setItemDelegate(_Rows(self))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.header().setStretchLastSection(False)
        self.header().setSectionsMovable(False)
        self.header().setMinimumSectionSize(10)
        self.header().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for part in (VOLUME, STATE):
            self.header().setSectionResizeMode(part, QHeaderView.ResizeMode.Fixed)
        self.headerItem().setTextAlignment(VOLUME, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.currentItemChanged.connect(self._current)
        self.wordy = True  # states are told by sign and word
        self.fit()

    def sizeHint(self) -> QSize:
        """It wants no more than it needs: what stands below it comes first, and it takes what is left."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def fit(self) -> None:
        """Take widths from the type; where there is little room names come first, and states are signs."""
        metrics = self.fontMetrics()
        words = max(metrics.horizontalAdvance(state_word(state)) for state in SIGNS)
        sign = metrics.horizontalAdvance("\N{BLACK FLAG}") + 22
        volume = metrics.horizontalAdvance("15000") + 12
        names = metrics.averageCharWidth() * NAME_LETTERS + 3 * metrics.height()
        self.wordy = self.viewport().width() >= names + volume + words + sign
        self.setColumnWidth(STATE, words + sign + 4 if self.wordy else sign + 4)
        self.setColumnWidth(VOLUME, volume)
        self.headerItem().setText(STATE, tr("State") if self.wordy else "")
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew."""
        super().resizeEvent(event)
        self.fit()

    def show_rows(self, rows: list[SegmentRow], active: str) -> None:
        """Show these rows; those that are there already are only painted anew."""
        names = [row.segment.name for row in rows]
        self.rows = {row.segment.name: row for row in rows}
        self._busy = True
        if names != [self.name_of(self.topLevelItem(n)) for n in range(self.topLevelItemCount())]:
            self.clear()
            for name in names:
                item = QTreeWidgetItem([named(structure_label(name)), "", ""])
                item.setData(NAME, KEY, name)
                self.addTopLevelItem(item)
        for n, row in enumerate(rows):
            shown = self.topLevelItem(n)
            if shown is not None and shown.toolTip(NAME) != row.tip:
                for column in range(3):
                    shown.setToolTip(column, row.tip)
            if shown is not None:
                shown.setText(VOLUME, volume_text(row.volume_ml))
                shown.setText(STATE, state_word(row.state))
        chosen = self.item_of(active)
        if chosen is not self.currentItem():
            if chosen is None:
                self.setCurrentIndex(QModelIndex())
            else:
                self.setCurrentItem(chosen)
                self.scrollToItem(chosen)
        self._busy = False
        self.viewport().update()

    def item_of(self, name: str) -> QTreeWidgetItem | None:
        """Return the row of a segment."""
        found = (self.topLevelItem(n) for n in range(self.topLevelItemCount()))
        return next((item for item in found if item is not None and item.data(NAME, KEY) == name), None)

    @staticmethod
    def name_of(item: QTreeWidgetItem | None) -> str:
        """Return the name of the segment of a row."""
        return "" if item is None else str(item.data(NAME, KEY))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space shows or hides, Return goes there."""
        name = self.name_of(self.currentItem())
        if event.key() == Qt.Key.Key_Space and name:
            self.eye_clicked.emit(name)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and name:
            self.picked.emit(name)
        else:
            super().keyPressEvent(event)

    def _current(self, item: QTreeWidgetItem | None, _: Any) -> None:
        if not self._busy and item is not None:
            self.picked.emit(self.name_of(item))


class _Rows(QStyledItemDelegate):
    """Paints the rows and takes clicks on eyes and colours."""

    def __init__(self, owner: SegmentList) -> None:
        super().__init__(owner)
        self._list = owner

    def boxes(self, row: QRect) -> tuple[QRect, QRect, QRect]:
        """Return where eye, colour and name are in the first cell."""
        size = max(row.height() - 8, 12)
        eye = QRect(row.left() + 3, row.center().y() - size // 2 + 1, size + 3, size)
        side = max(size - 4, 9)
        swatch = QRect(eye.right() + 7, row.center().y() - side // 2 + 1, side, side)
        return eye, swatch, QRect(swatch.right() + 8, row.top(), row.right() - swatch.right() - 8, row.height())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return a height that suits the type."""
        return QSize(20, option.fontMetrics.height() + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a cell."""
        theme = current_theme()
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        text, option.text = option.text, ""
        option.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        row = self._list.rows.get(str(index.sibling(index.row(), NAME).data(KEY)))
        if row is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.column() == NAME:
            self._paint_name(painter, option, row, text)
        elif index.column() == STATE:
            _paint_chip(painter, option.rect, row.state, wordy=self._list.wordy)
        else:
            painter.setPen(QColor(theme.quiet if row.segment.absent else theme.text))
            words = f"{text}*" if row.stale else text
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(option.rect.adjusted(2, 0, -6, 0), side, words)
        painter.restore()

    def _paint_name(self, painter: QPainter, option: QStyleOptionViewItem, row: SegmentRow, text: str) -> None:
        theme = current_theme()
        eye, swatch, name = self.boxes(option.rect)
        if not row.segment.absent:
            _paint_eye(painter, QRectF(eye), row.visible, QColor(theme.text if row.visible else theme.quiet))
        colour = QColor(*row.colour)
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.setBrush(colour if not row.segment.absent else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(swatch).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        painter.setPen(QColor(theme.quiet if row.segment.absent or not row.visible else theme.text))
        short = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, short)

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: Index) -> bool:
        """Take clicks on the eye and on the colour."""
        if index.column() == NAME and isinstance(event, QMouseEvent):
            eye, swatch, _ = self.boxes(option.rect)
            name, place = str(index.data(KEY)), event.position().toPoint()
            on_eye, on_colour = (box.adjusted(-3, -3, 3, 3).contains(place) for box in (eye, swatch))
            if event.type() == QEvent.Type.MouseButtonPress and (on_eye or on_colour):
                return True
            if event.type() == QEvent.Type.MouseButtonRelease and on_eye:
                self._list.eye_clicked.emit(name)
                return True
            if event.type() == QEvent.Type.MouseButtonRelease and on_colour:
                self._list.colour_clicked.emit(name)
                return True
        return super().editorEvent(event, model, option, index)


def _paint_chip(painter: QPainter, cell: QRect, state: str, *, wordy: bool) -> None:
    """Paint a state as a chip: sign and word, framed in its colour."""
    colour = QColor(state_colour(state))
    box = QRectF(cell).adjusted(3, 2.5, -4, -2.5)
    ground = QColor(colour)
    ground.setAlphaF(0.16 if state in (work.CHECKED, work.FLAGGED, work.IN_PROGRESS) else 0.0)
    painter.setPen(QPen(colour, 1) if ground.alphaF() > 0 else Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, box.height() / 2.2, box.height() / 2.2)
    painter.setPen(colour)
    words = f"{SIGNS[state]} {state_word(state)}" if wordy else SIGNS[state]
    place = Qt.AlignmentFlag.AlignLeft if wordy else Qt.AlignmentFlag.AlignHCenter
    painter.drawText(box.adjusted(7, 0, -3, 0) if wordy else box, place | Qt.AlignmentFlag.AlignVCenter, words)


def _paint_eye(painter: QPainter, box: QRectF, open_: bool, colour: QColor) -> None:
    """Paint an open eye, or a line where it is shut."""
    painter.setPen(QPen(colour, max(1.2, box.width() / 11)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    middle, lid = box.center(), QRectF(box.left(), box.center().y() - box.height() * 0.32, box.width(),
                                       box.height() * 0.64)  # fmt: skip
    if open_:
        painter.drawEllipse(lid)
        painter.setBrush(colour)
        painter.drawEllipse(middle, box.width() * 0.15, box.width() * 0.15)
    else:
        painter.drawArc(lid, 180 * 16, 180 * 16)
