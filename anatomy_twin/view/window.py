"""The rehearsal window: views in the middle, steps left, structures and plans right, numbers and messages below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QVBoxLayout, QWidget

from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.commands import Command, all_commands
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.jobs import Jobs
from anatomy_twin.view.live import Live
from anatomy_twin.view.panels import PLACES, make_panel
from anatomy_twin.view.start_page import StartPage
from anatomy_twin.view.time_bar import TimeBar
from anatomy_twin.view.tools import attach_all
from anatomy_twin.view.views import Views
from anatomy_twin.view.words import tr

SIDES: Final = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea, "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}  # fmt: skip


class RehearsalWindow(QMainWindow):
    """One window, at most one open case (``desk``; None on the start page)."""

    desk_changed = Signal()

    def __init__(self, session: Session | None = None, plan_name: str | None = None) -> None:
        super().__init__()
        self.desk: Desk | None = None
        self.views: Views | None = None
        self.panels: dict[str, QWidget] = {}
        self.docks: dict[str, QDockWidget] = {}
        self.time_bar: TimeBar | None = None
        self.jobs = Jobs(self)
        self.live = Live(self)
        self.commands: dict[str, Command] = {command.name: command for command in all_commands()}
        self.actions_by_name: dict[str, QAction] = {}
        self.resize(1500, 930)
        self._make_actions()
        self._make_status()
        self.start_page = StartPage(self)
        self.setCentralWidget(self.start_page)
        if session is not None:
            self.show_session(session, plan_name)
        else:
            self.refresh_actions()

    # the case

    def show_session(self, session: Session, plan_name: str | None = None) -> None:
        """Show a case instead of what is shown now, which was asked about and closed before."""
        self._take_down()
        self.desk = Desk(session, plan_name)
        self._put_up(self.desk)
        self.desk_changed.emit()
        self.refresh_actions()

    def leave_case(self) -> None:
        """Close the case without asking and show the start page."""
        self._take_down()
        self.start_page = StartPage(self)
        self.setCentralWidget(self.start_page)
        self.desk_changed.emit()
        self.refresh_actions()

    def run(self, name: str) -> None:
        """Run a command by its name, where it can be run now."""
        command = self.commands[name]
        if command.enabled(self):
            command.run(self)
            self.refresh_actions()

    def refresh_actions(self) -> None:
        """Let menus and buttons show what can be done now and what is on."""
        for name, action in self.actions_by_name.items():
            command = self.commands[name]
            action.setEnabled(command.enabled(self))
            if command.checked is not None:
                action.setChecked(self.desk is not None and command.checked(self))
        case = "" if self.desk is None else self.desk.scene.title
        mark = "*" if self.desk is not None and self.desk.session.dirty else ""
        self.setWindowTitle(f"{case}{mark}    anatomy_twin" if case else "anatomy_twin")

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front."""
        if name in self.docks:
            self.docks[name].show()
            self.docks[name].raise_()

    def _put_up(self, desk: Desk) -> None:
        self.views = Views(desk)
        self.time_bar = TimeBar(desk)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.views, 1)
        column.addWidget(self.time_bar)
        self.setCentralWidget(middle)
        stacks: dict[str, QDockWidget] = {}
        for place in PLACES:
            panel = make_panel(place, self)
            dock = QDockWidget(panel.windowTitle(), self)
            dock.setObjectName(place.name)
            dock.setWidget(panel)
            dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable
                             | QDockWidget.DockWidgetFeature.DockWidgetClosable)  # fmt: skip
            self.addDockWidget(SIDES[place.side], dock)
            if place.stack in stacks:
                self.tabifyDockWidget(stacks[place.stack], dock)
            elif place.stack:
                stacks[place.stack] = dock
            self.panels[place.name], self.docks[place.name] = panel, dock
        for first in stacks.values():
            first.raise_()
        desk.told.connect(self._told)
        for signal in (desk.case_changed, desk.plan_changed, desk.tool_changed, desk.moment_changed):
            signal.connect(self._refresh)
        attach_all(self)
        self._desk_signals(desk)

    def _desk_signals(self, desk: Desk) -> None:
        desk.focus_changed.connect(self._tell_place)
        self._tell_place()

    def _take_down(self) -> None:
        self.live.stop()
        self.jobs.stop()
        if self.views is not None:
            self.views.shut()
        for dock in self.docks.values():
            self.removeDockWidget(dock)
            dock.deleteLater()
        self.docks, self.panels = {}, {}
        old = self.takeCentralWidget()
        if old is not None:
            old.deleteLater()
        if self.desk is not None:
            self.desk.session.close()
            self.desk.deleteLater()
        self.desk = self.views = self.time_bar = None

    # menus and status

    def _make_actions(self) -> None:
        menus = {}
        bar = self.addToolBar(tr("Tools"))
        bar.setObjectName("tools")
        bar.setMovable(False)
        for command in self.commands.values():
            action = QAction(command.text, self)
            action.setToolTip(command.tip or command.text)
            action.setShortcuts(list(command.keys))
            action.setCheckable(command.checked is not None)
            action.triggered.connect(lambda _=False, name=command.name: self.run(name))
            self.actions_by_name[command.name] = action
            self.addAction(action)
            if command.menu:
                if command.menu not in menus:
                    menus[command.menu] = self.menuBar().addMenu(command.menu)
                if command.divided:
                    menus[command.menu].addSeparator()
                menus[command.menu].addAction(action)
            if command.bar:
                bar.addAction(action)

    def _make_status(self) -> None:
        self.place_label, self.notice_label = QLabel(), QLabel(tr(INTENDED_USE))
        self.notice_label.setObjectName("notice")
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.place_label, 1)
        self.statusBar().addPermanentWidget(self.notice_label)

    def _refresh(self, *_: object) -> None:
        self.refresh_actions()

    def _told(self, level: str, line: str) -> None:
        self.statusBar().showMessage(line, 0 if level == "error" else 8000)

    def _tell_place(self) -> None:
        if self.desk is not None:
            self.place_label.setText(str(self.desk.focus_mm))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Release the views before Qt takes the window down."""
        self._take_down()
        super().closeEvent(event)
