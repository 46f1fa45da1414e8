"""Outlines by hand: the list of segments with their states, the tools and what they are set to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.pipeline import hand as work
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.view.icons import DRAWINGS, icon
from anatomy_twin.view.panels.segment_list import SegmentList, SegmentRow, volume_text
from anatomy_twin.view.panels.segment_settings import Settings
from anatomy_twin.view.status_line import ShortLabel
from anatomy_twin.view.style import theme_changed
from anatomy_twin.view.tools import hand_actions as actions
from anatomy_twin.view.tools.hand_kit import hand_of
from anatomy_twin.view.tools.segmenting import MAKERS
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

COUNTING_S: Final = 0.008  # of counting voxels at a time, between events
SETTLED_MS: Final = 400  # after the last change surfaces are looked after
COLUMNS: Final = (4, 3, 2)  # of tools: as many as their words leave room for
ROWS: Final = 3  # of the list that are seen at least
ROOM: Final = 0.6  # of the window's height, for the panel while a tool is in the hand
# command and its icon; the words and keys are those of the command
TOOLS: Final = (
    ("segment.paint", "brush"), ("segment.erase", "eraser"), ("segment.draw", "area"), ("segment.grow", "refine"),
    ("segment.trace", "wand"), ("segment.scissors", "clip"), ("segment.keep_island", "one"),
)  # fmt: skip
VERBS: Final = (
    "segment.threshold", "segment.fill_between", "segment.smooth", "segment.grow_margin", "segment.shrink_margin",
    "segment.hollow", "segment.keep_largest", "segment.remove_island", "segment.remove_small",
    "segment.split", "segment.combine",
)  # fmt: skip


class SegmentPanel(QWidget):
    """Which segment is worked on, with what, and how far the work is."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._window, self._desk = window, window.desk
        self.hand = hand_of(window)
        self.setWindowTitle(tr("Segment"))
        self.setObjectName("segment_panel")
        self.list = SegmentList(self)
        self.only_flagged = QCheckBox(tr("Only flagged"))
        self.progress, self.told = ShortLabel(), QLabel()
        self.buttons: dict[str, QToolButton] = {}
        self.states: dict[str, QPushButton] = {}  # by sign and word
        self._columns = 0
        self._roomy = False
        self.settings = Settings(self.hand, window)
        self._counting, self._preparing = QTimer(self, interval=0), QTimer(self, interval=0)
        self._settled = QTimer(self, interval=SETTLED_MS, singleShot=True)
        self._make()
        self._connect()
        self.refresh()
        self._counting.start()

    def _make(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 6)
        column.setSpacing(4)
        column.addLayout(self._top())
        column.addWidget(self.list, 1)
        column.addLayout(self._state_row())
        column.addLayout(self._tool_grid())
        column.addWidget(self.settings)
        self.told.setObjectName("quiet")
        self.told.setWordWrap(True)
        self.told.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.told)
        self.list.setMinimumHeight((ROWS + 1) * (self.fontMetrics().height() + 8))
        self.setFocusProxy(self.list)

    def _top(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.progress.setObjectName("quiet")
        self.progress.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.progress, 1)
        row.addWidget(self.only_flagged)
        return row

    def _state_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(3)
        for command, text in (("segment.confirm", "\N{HEAVY CHECK MARK} " + tr("Check")),
                              ("segment.flag", "\N{BLACK FLAG} " + tr("Flag")), ("segment.new", "+ " + tr("New"))):
            button = QPushButton(text)
            button.setObjectName(command)
            self._dress(button, command)
            self.states[text] = button
            row.addWidget(button, 1)
        more = QToolButton()
        more.setText("\N{HORIZONTAL ELLIPSIS}")
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setToolTip(tr("Rename, clear, delete, go on, surfaces"))
        menu = QMenu(more)
        for command in ("segment.previous", "segment.next", "segment.next_flagged", "segment.rename", "segment.clear",
                        "segment.delete", "segment.surfaces"):  # fmt: skip
            menu.addAction(self._window.actions_by_name[command])
        more.setMenu(menu)
        row.addWidget(more)
        return row

    def _tool_grid(self) -> QGridLayout:
        self._grid = QGridLayout()
        self._grid.setSpacing(3)
        for command, drawing in TOOLS:
            button = QToolButton()
            button.setObjectName(command)
            button.setText(self._short(command))
            button.setCheckable(True)
            button.setProperty("drawing", drawing)
            self._dress(button, command)
            self.buttons[command] = button
        verbs = QToolButton()
        verbs.setText(tr("More"))
        verbs.setToolTip(tr("Threshold, fill between slices, smooth, margin, hollow, pieces, combine"))
        verbs.setObjectName("segment_verbs")
        verbs.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(verbs)
        for command in VERBS:
            menu.addAction(self._window.actions_by_name[command])
        verbs.setMenu(menu)
        verbs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._verbs = verbs
        self._draw_icons()
        self._lay_tools(COLUMNS[0])
        return self._grid

    def _lay_tools(self, columns: int) -> None:
        """Put the tools into so many columns."""
        if columns != self._columns:
            self._columns = columns
            for number, button in enumerate((*self.buttons.values(), self._verbs)):
                self._grid.addWidget(button, number // columns, number % columns)
            for column in range(COLUMNS[0]):
                self._grid.setColumnStretch(column, int(column < columns))

    def _short(self, command: str) -> str:
        short = {"segment.paint": tr("Paint"), "segment.erase": tr("Erase"), "segment.draw": tr("Draw"),
                 "segment.grow": tr("Clicks"), "segment.trace": tr("Trace"), "segment.scissors": tr("Cut"),
                 "segment.keep_island": tr("Piece")}  # fmt: skip
        return short[command]

    def _dress(self, button: QPushButton | QToolButton, command: str) -> None:
        """Let a button do what a command does, and tell its keys."""
        known = self._window.commands[command]
        keys = f" ({', '.join(known.keys)})" if known.keys else ""
        button.setToolTip(f"{known.text}{keys}\n{known.tip}".strip())
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda _=False: self._run(command))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Let no word be cut: fewer tools in a row and no pictures, signs for the states, where there is little room.
        """
        wide, room = self.fontMetrics().horizontalAdvance, self.width() - 12
        longest = max(wide(button.text()) for button in (*self.buttons.values(), self._verbs)) + 24
        self._lay_tools(next((count for count in COLUMNS if room >= count * (longest + 3)), COLUMNS[-1]))
        pictured = room >= self._columns * (longest + 26)
        for button in self.buttons.values():
            drawn = pictured and button.property("drawing") in DRAWINGS
            style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if drawn else Qt.ToolButtonStyle.ToolButtonTextOnly
            button.setToolButtonStyle(style)
        worded = room - 48 >= len(self.states) * (max(wide(text) for text in self.states) + 27)
        for text, state in self.states.items():
            state.setText(text if worded else text.partition(" ")[0])

    def _run(self, command: str) -> None:
        self._window.run(command)
        self._follow_tool()

    def _draw_icons(self) -> None:
        for button in self.buttons.values():
            if button.property("drawing") in DRAWINGS:
                button.setIcon(icon(str(button.property("drawing"))))

    def _connect(self) -> None:
        desk = self._desk
        desk.tool_changed.connect(self._follow_tool)
        desk.active_changed.connect(self.refresh)
        desk.scene_changed.connect(self.refresh)
        desk.case_changed.connect(self._case_changed)
        self.list.picked.connect(lambda name: actions.choose(self.hand, name))
        self.list.eye_clicked.connect(self._toggle_eye)
        self.list.colour_clicked.connect(self._ask_colour)
        self.only_flagged.toggled.connect(self.refresh)
        self._counting.timeout.connect(self._count)
        self._preparing.timeout.connect(self._prepare)
        self._settled.timeout.connect(self.hand.surfaces.follow)
        theme_changed.connect(self._retheme)
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self.refresh)
        self.hand.changed.append(self.refresh_soon)
        self._window.jobs.finished.connect(self.refresh_soon)

    # following the case

    def _case_changed(self, fields: frozenset[str]) -> None:
        if "labels" in fields:
            self._settled.start()
            if not self.hand.counts.complete:
                self._counting.start()
            self.refresh_soon()

    def _count(self) -> None:
        if self.hand.counts.count_for(COUNTING_S):
            self._counting.stop()
            self.refresh()
            for listener in tuple(self.hand.counted):
                listener()

    def _prepare(self) -> None:
        if self.hand.prepare_for(COUNTING_S):
            self._preparing.stop()

    def refresh_soon(self, *_: object) -> None:
        """Show what is new once, after what is going on."""
        self._soon.start()

    def refresh(self, *_: object) -> None:
        """Show the segments as they are now."""
        hand, labels = self.hand, self.hand.labels
        looks = {look.name: look for look in self._desk.scene.looks}
        stale = set(hand.surfaces.stale())
        rows = []
        for segment in actions.listed(hand, only_flagged=self.only_flagged.isChecked()):
            look = looks.get(segment.name)
            structure = self._desk.case.anatomy.structures.get(segment.name)
            volume = structure.volume_ml if structure is not None and segment.name not in stale else None
            if volume is None and labels is not None:
                volume = hand.counts.volume_ml(labels, segment.name)
            if volume is None and labels is not None and hand.session_edited and segment.name == self._desk.active:
                volume = hand.counts.volume_now_ml(labels, segment.name)
            rows.append(SegmentRow(
                segment, look.colour if look is not None else segment.colour, look is not None and look.visible,
                None if segment.absent else volume, segment.name in stale,
            ))  # fmt: skip
        self.list.show_rows(rows, self._desk.active)
        self._tell(len(stale))
        self.settings.refresh()

    def _tell(self, stale: int) -> None:
        """Say how far the work is, and what the last edit did."""
        counts = actions.progress(self.hand)
        line = tr("{checked} checked, {flagged} flagged").format(
            checked=counts.get(work.CHECKED, 0), flagged=counts.get(work.FLAGGED, 0))  # fmt: skip
        self.progress.setText(line)
        self.progress.setToolTip("\n".join(f"{count} {state}" for state, count in sorted(counts.items())))
        hand, lines = self.hand, []
        if hand.working:
            lines.append(tr("{title}: working ...").format(title=hand.working))
        elif hand.last_told:
            lines.append(", ".join(line.replace("_", " ") for line in hand.last_told[:4]))
        labels, anatomy = hand.labels, self._desk.case.anatomy
        if labels is not None and anatomy.trees and hand.counts.mark(labels, "liver"):
            lines.append(tr("vessel trees and liver segments are those before the edit"))
        if stale:
            lines.append(tr("* surfaces older than their outlines: {count}").format(count=stale))
        self.told.setText("\n".join(lines))
        self.told.setVisible(bool(lines))

    def _follow_tool(self) -> None:
        for command, button in self.buttons.items():
            button.setChecked(command == f"segment.{self._desk.tool.name.replace(' ', '_')}")
        self.settings.refresh()
        if self._desk.tool.name in MAKERS:
            self._preparing.start()
            self._make_room()

    def _make_room(self) -> None:
        """Let the settings of a tool be seen: once, what stands below gives way; a person may change that."""
        dock = self._window.docks.get("segment")
        if dock is None or self._roomy or not self.isVisible():
            return
        self._roomy = True
        wanted = max(self.sizeHint().height(), int(ROOM * self._window.height()))
        self._window.resizeDocks([dock], [wanted], Qt.Orientation.Vertical)

    def _toggle_eye(self, name: str) -> None:
        row = self.list.rows.get(name)
        if row is not None and not row.segment.absent:
            words = tr("Show {name}") if not row.visible else tr("Hide {name}")
            self._desk.set_look(name, words.format(name=structure_label(name)), visible=not row.visible)

    def _ask_colour(self, name: str) -> None:
        row = self.list.rows.get(name)
        if row is not None:
            chosen = QColorDialog.getColor(QColor(*row.colour), self, structure_label(name))
            if chosen.isValid():
                self._desk.set_look(name, tr("Colour of {name}").format(name=structure_label(name)),
                                    colour=(chosen.red(), chosen.green(), chosen.blue()))  # fmt: skip

    def _retheme(self) -> None:
        self.list.fit()
        self._fit()
        self._draw_icons()

    @property
    def volume_shown(self) -> str:
        """The volume in ml that the list shows of the active segment."""
        row = self.list.rows.get(self._desk.active)
        return "" if row is None else volume_text(row.volume_ml)
