"""What is shown while no case is open: samples, what was opened lately, where to drop a scan."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QDate, QLocale, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.store.drafts import Draft
from anatomy_twin.store.thumbnails import thumbnail
from anatomy_twin.view.icons import icon
from anatomy_twin.view.menus import keys_text
from anatomy_twin.view.opening import Opening
from anatomy_twin.view.start_samples import Sample, samples
from anatomy_twin.view.status_line import ShortLabel
from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

TILE_DIGITS: Final = 27  # width of a tile in digits of the window's type
RECENT_SHOWN: Final = 10
COLUMNS: Final = (2, 5)
WAYS: Final = (("file.open", "open"), ("file.import_folder", "scan"), ("file.library", "library"))


class Picture(QWidget):
    """A picture that fills its room, with round corners; an icon on a quiet ground where there is none."""

    def __init__(self, pixmap: QPixmap | None, symbol: str = "", height: int = 120) -> None:
        super().__init__()
        self._pixmap, self._symbol = pixmap, symbol
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.faded = False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the middle of the picture, as large as it must be to fill the room."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        path = QPainterPath()
        path.addRoundedRect(self.rect(), 5, 5)
        painter.setClipPath(path)
        if self._pixmap is None or self._pixmap.isNull():
            painter.fillRect(self.rect(), self.palette().mid() if not self._symbol else self.palette().base())
            side = self.height() // 2
            place = self.rect().center()
            painter.drawPixmap(place.x() - side // 2, place.y() - side // 2,
                               icon(self._symbol or "scan", side).pixmap(QSize(side, side)))  # fmt: skip
            return
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.setOpacity(0.35 if self.faded else 1.0)
        scale = max(self.width() / self._pixmap.width(), self.height() / self._pixmap.height())
        wide, high = round(self._pixmap.width() * scale), round(self._pixmap.height() * scale)
        painter.drawPixmap((self.width() - wide) // 2, (self.height() - high) // 2, wide, high, self._pixmap)


class Tile(QFrame):
    """Something to press: a picture, a name, a line below it."""

    pressed = Signal()

    def __init__(self, name: str, line: str, picture: Picture, *, lines: int = 2, enabled: bool = True) -> None:
        super().__init__()
        self.setObjectName("tile")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if enabled else Qt.FocusPolicy.NoFocus)
        self.setEnabled(enabled)
        picture.faded = not enabled
        if enabled:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{name}. {line}")
        column = QVBoxLayout(self)
        column.setContentsMargins(7, 7, 7, 9)
        column.setSpacing(3)
        title, words = ShortLabel(), QLabel(line)
        title.setText(name)
        bold = title.font()
        bold.setBold(True)
        title.setFont(bold)
        words.setObjectName("quiet")
        words.setWordWrap(lines > 1)
        words.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 2)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setToolTip(line)
        for part in (picture, title, words):
            column.addWidget(part)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click presses it."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and space press it, arrows go to the next one."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        elif event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self.focusNextChild()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)


class StartPage(QScrollArea):
    """The way in. ``tiles`` holds what can be pressed by name ("sample:liver_tumour", "file.open", "recent:1")."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        self.setObjectName("start")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._window = window
        self._opening = Opening.of(window)
        self.tiles: dict[str, Tile] = {}
        self._grids: list[tuple[QGridLayout, list[Tile]]] = []
        self._columns = COLUMNS[1]
        self._fill()
        theme_changed.connect(self._fill)
        self._opening.drafts_changed.connect(self._fill)

    def _fill(self) -> None:
        self.tiles, self._grids = {}, []
        theme = current_theme()
        self.setStyleSheet(
            f"QWidget#startPage {{ background: {theme.ground}; }}"
            f"QFrame#unsaved {{ background: {theme.panel}; border: 1px solid {theme.warning}; border-radius: 8px; }}"
            f"QFrame#tile {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 8px; }}"
            f"QFrame#tile:hover, QFrame#tile:focus {{ border: 1px solid {theme.accent}; background: {theme.button}; }}"
            f"QFrame#tile:disabled {{ background: {theme.ground}; }}"
            f"QLabel#dropHint {{ border: 2px dashed {theme.line}; border-radius: 8px; color: {theme.quiet}; }}"
        )
        page = QWidget()
        page.setObjectName("startPage")
        outer = QHBoxLayout(page)
        outer.addStretch(1)
        digit = QFontMetrics(self.font()).horizontalAdvance("0")
        middle = QWidget()
        middle.setMaximumWidth(COLUMNS[1] * (TILE_DIGITS + 6) * digit)
        outer.addWidget(middle, 100)
        outer.addStretch(1)
        column = QVBoxLayout(middle)
        column.setContentsMargins(28, 20, 28, 16)
        column.setSpacing(9)
        column.addWidget(_label("anatomy_twin", 2.1, bold=True))
        column.addWidget(_label(tr("From a patient's scan to a rehearsed plan"), 1.15, quiet=True))
        column.addSpacing(10)
        for draft in self._opening.recents.drafts:
            column.addWidget(self._unsaved(draft))
        if self._opening.recents.drafts:
            column.addSpacing(10)
        column.addWidget(_label(tr("Begin"), 1.2, bold=True))
        column.addLayout(self._begin(digit))
        column.addSpacing(10)
        cases = self._opening.recents.cases[:RECENT_SHOWN]
        if cases:
            column.addWidget(_label(tr("Recent cases"), 1.2, bold=True))
            column.addLayout(self._recent(digit))
        column.addSpacing(6)
        column.addWidget(self._hint())
        column.addStretch(1)
        self.setWidget(page)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many tiles side by side as there is room for."""
        super().resizeEvent(event)
        room = self.viewport().width() // (TILE_DIGITS * QFontMetrics(self.font()).horizontalAdvance("0"))
        columns = min(max(room, COLUMNS[0]), COLUMNS[1])
        if columns != self._columns:
            self._columns = columns
            self._arrange()

    def _arrange(self) -> None:
        for grid, tiles in self._grids:
            for column in range(COLUMNS[1]):
                grid.setColumnStretch(column, int(column < self._columns))
            for number, tile in enumerate(tiles):
                grid.addWidget(tile, number // self._columns, number % self._columns)

    def _grid(self, tiles: dict[str, Tile]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(12)
        self.tiles |= tiles
        self._grids.append((grid, list(tiles.values())))
        return grid

    def _begin(self, digit: int) -> QGridLayout:
        tiles: dict[str, Tile] = {}
        for sample in samples():
            picture = Picture(QPixmap(str(sample.picture)), "scan", 16 * digit)
            tile = Tile(_sample_name(sample), _sample_line(sample), picture)
            tile.pressed.connect(lambda sample=sample: self._opening.importer.open_sample(sample.folder, sample.name))
            tiles[f"sample:{sample.name}"] = tile
        for name, symbol in WAYS:
            command = self._window.commands.get(name)
            if command is None:
                continue
            keys = keys_text(command.keys)
            line = _way_line(name) + (f"  ({keys})" if keys else "")
            tile = Tile(_way_name(name), line, Picture(None, symbol, 16 * digit))
            tile.pressed.connect(lambda name=name: self._window.run(name))
            tiles[name] = tile
        return self._grid(tiles)

    def _recent(self, digit: int) -> QGridLayout:
        tiles: dict[str, Tile] = {}
        for number, (one, there) in enumerate(self._opening.recents.cases[:RECENT_SHOWN]):
            data, pixmap = thumbnail(one.place), QPixmap()
            pixmap.loadFromData(data)
            line = _when(one.opened) if there else tr("not there any more")
            if there and self._opening.recents.left_open(number):
                line = tr("unsaved work waits")
            tile = Tile(one.name, line, Picture(pixmap if data else None, "open", 16 * digit), lines=1,
                        enabled=there)
            tile.setToolTip(str(one.place))
            tile.pressed.connect(lambda place=one.place: self._opening.open_case(place))
            tiles[f"recent:{number + 1}"] = tile
        return self._grid(tiles)

    def _unsaved(self, draft: Draft) -> QWidget:
        """Return a row about work that was never saved, with what can be done about it."""
        row = QFrame()
        row.setObjectName("unsaved")
        line = QHBoxLayout(row)
        line.setContentsMargins(12, 8, 8, 8)
        steps = {None: "", 0: "", 1: tr("one step")}.get(draft.steps, tr("{count} steps").format(count=draft.steps))
        words = [tr("Not saved yet: {name}").format(name=draft.name), _when(draft.changed), *([steps] if steps else [])]
        line.addWidget(_label("  \N{MIDDLE DOT}  ".join(words), 1.0), 1)
        discard, go_on = QPushButton(tr("Discard")), QPushButton(tr("Open"))
        discard.clicked.connect(lambda: self._opening.reader.discard_draft(draft))
        go_on.clicked.connect(lambda: self._opening.open_draft(draft.place))
        go_on.setDefault(True)
        for key, button in (("discard", discard), ("open", go_on)):
            button.setObjectName(f"{key}:{draft.place.name}")
            button.setAccessibleName(f"{button.text()}. {words[0]}")
            line.addWidget(button)
        return row

    def _hint(self) -> QWidget:
        hint = QLabel(tr("Or drop a DICOM folder, a volume file or a case anywhere on this window."))
        hint.setObjectName("dropHint")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setWordWrap(True)
        hint.setMargin(14)
        return hint


def _label(text: str, scale: float, *, bold: bool = False, quiet: bool = False) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * scale)
    font.setBold(bold)
    label.setFont(font)
    if quiet:
        label.setObjectName("quiet")
    return label


def _way_name(name: str) -> str:
    return {"file.open": tr("Open case"), "file.import_folder": tr("Import scan"),
            "file.library": tr("Case library")}[name]  # fmt: skip


def _way_line(name: str) -> str:
    return {"file.open": tr("A saved case: folder or zip"), "file.import_folder": tr("A folder of DICOM files"),
            "file.library": tr("All your cases, with search")}[name]  # fmt: skip


def _sample_name(sample: Sample) -> str:
    return {"liver_tumour": tr("Sample: liver tumour"), "healthy_abdomen": tr("Sample: healthy abdomen")}.get(
        sample.name, sample.name.replace("_", " "))  # fmt: skip


def _sample_line(sample: Sample) -> str:
    return {
        "liver_tumour": tr("Generated CT, a tumour beside a hepatic vein"),
        "healthy_abdomen": tr("Generated CT without findings"),
    }.get(sample.name, "")


def _when(opened: str) -> str:
    """Return a UTC time in local time, as people say it."""
    try:
        local = datetime.fromisoformat(opened).astimezone()
    except ValueError:
        return ""
    days = (datetime.now().astimezone().date() - local.date()).days
    written = QLocale().toString(QDate(local.year, local.month, local.day), "d MMM yyyy")
    day = {0: tr("today"), 1: tr("yesterday")}.get(days, written)
    return f"{day}, {local:%H:%M}"
