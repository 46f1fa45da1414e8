"""The rehearsal window: views in the middle, steps left, structures and plans right, numbers and messages below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QVBoxLayout, QWidget

from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.commands import Command, all_commands
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.docks import Docks
from anatomy_twin.view.jobs import Jobs
from anatomy_twin.view.keyboard import KeyGuard, give_keyboard
from anatomy_twin.view.live import Live
from anatomy_twin.view.memory import Collector, give_back
from anatomy_twin.view.menus import Menus
from anatomy_twin.view.opening_banner import read_only_words
from anatomy_twin.view.preferences import Preferences
from anatomy_twin.view.readiness import drawn_by_gl, prepare_soon
from anatomy_twin.view.reading import place_words
from anatomy_twin.view.start_page import StartPage
from anatomy_twin.view.status_line import StatusLine
from anatomy_twin.view.style import apply_style, theme_changed
from anatomy_twin.view.time_bar import TimeBar
from anatomy_twin.view.tools import attach_all
from anatomy_twin.view.views import Views
from anatomy_twin.view.words import tr

SOON_MS: Final = 40  # menus and buttons follow what is dragged no quicker than this
SIZE: Final = (1500, 930)
LEAST_HEIGHT: Final = 560
GIVE_BACK_MS: Final = 1500  # after a case was closed: nothing of it waits to be deleted then


class RehearsalWindow(QMainWindow):
    """One window, at most one open case (``desk``; None on the start page)."""

    desk_changed = Signal()

    def __init__(
        self, session: Session | None = None, plan_name: str | None = None, preferences: Preferences | None = None
    ) -> None:
        super().__init__()
        drawn_by_gl(self)
        self.preferences = preferences or Preferences(parent=self)
        self.desk: Desk | None = None
        self.views: Views | None = None
        self.time_bar: TimeBar | None = None
        self._docks: Docks | None = None
        self.jobs = Jobs(self)
        self.live = Live(self)
        self.commands: dict[str, Command] = {}
        self.menus = Menus(self)
        self.status_line = StatusLine(self)
        self.setStatusBar(self.status_line)
        self.status_line.work.follow(self.jobs)
        self.status_line.work.pressed.connect(lambda: self.show_panel("jobs"))
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.refresh_actions)
        self._keys = KeyGuard(self)
        Collector(self)
        self.resize(*SIZE)
        self.make_commands()
        self._least_size()
        theme_changed.connect(self._look_changed)
        self.start_page = StartPage(self)
        self.setCentralWidget(self.start_page)
        if session is not None:
            self.show_session(session, plan_name)
        else:
            self.refresh_actions()
        prepare_soon(self, with_case=session is not None)

    # parts

    @property
    def panels(self) -> dict[str, QWidget]:
        """The panels of the open case by name."""
        return {} if self._docks is None else self._docks.panels

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """What the panels stand in, by the name of the panel."""
        return {} if self._docks is None else self._docks.by_name

    @property
    def dock_places(self) -> Docks | None:
        """Where the panels stand; None on the start page."""
        return self._docks

    @property
    def actions_by_name(self) -> dict[str, QAction]:
        """The menu entries by the name of their command."""
        return self.menus.actions

    @property
    def place_label(self) -> QWidget:
        """What is at the crossing point."""
        return self.status_line.place_label

    @property
    def notice_label(self) -> QWidget:
        """The intended-use line."""
        return self.status_line.notice_label

    # the case

    def show_session(self, session: Session, plan_name: str | None = None) -> None:
        """Show a case instead of what is shown now, which was asked about and closed before."""
        self._take_down()
        self.desk = Desk(session, plan_name, str(self.preferences["palette"]))
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

    def speak(self) -> None:
        """Make everything that has words anew, in the language that is installed now; the case and its steps stay."""
        desk, plan_name = self.desk, "" if self.desk is None else self.desk.plan_name
        if desk is not None:
            desk.set_tool(None)
            desk.drop()
        self._take_down(keep_session=True)
        self.make_commands()
        self.status_line.speak()
        self._least_size()
        if desk is None:
            self.leave_case()
        else:
            self.show_session(desk.session, plan_name)

    def _put_up(self, desk: Desk) -> None:
        self.views = Views(desk, str(self.preferences["layout"]), self.preferences.numbers("dividers"))
        self.time_bar = TimeBar(desk)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.views, 1)
        column.addWidget(self.time_bar)
        self.setCentralWidget(middle)
        self._docks = Docks(self)
        desk.told.connect(self.status_line.tell)
        for signal in (desk.case_changed, desk.plan_changed, desk.tool_changed, desk.moment_changed,
                       desk.active_changed, desk.marked_changed, self.views.layout_changed):  # fmt: skip
            signal.connect(self.refresh_soon)
        attach_all(self)
        for signal in (desk.focus_changed, desk.moment_changed, desk.scene_changed, desk.reading_changed):
            signal.connect(self._tell_place)
        self._tell_place()
        if self.preferences["edit_on_open"]:
            desk.set_edit_mode(True)
        if self.isVisible():
            self.views.shown[0].setFocus()

    def _take_down(self, *, keep_session: bool = False) -> None:
        self._soon.stop()
        self.live.stop()
        self.jobs.stop()
        if self.views is not None:
            self._keep_places()
            self.views.shut()
        if self._docks is not None:
            self._docks.take_down()
            self._docks = None
        old = self.takeCentralWidget()
        if old is not None:
            old.deleteLater()
        if self.desk is not None:
            self.desk.leave()
            if not keep_session:
                self.desk.session.close()
                QTimer.singleShot(GIVE_BACK_MS, give_back)
            self.desk.deleteLater()
        self.desk = self.views = self.time_bar = None
        self.status_line.place_label.setText("")
        self.status_line.clear()

    # commands

    def make_commands(self) -> None:
        """Make menus, tool bar and keys of the table of commands, in the language that is installed now."""
        self.commands = {command.name: command for command in all_commands()}
        self.menus.fill(self.commands)

    def run(self, name: str) -> None:
        """Run a command by its name, where it can be run now."""
        command = self.commands[name]
        if command.enabled(self):
            command.run(self)
            self.refresh_actions()

    def refresh_soon(self, *_: object) -> None:
        """Refresh menus and buttons after what happens now."""
        if not self._soon.isActive():
            self._soon.start()

    def refresh_actions(self) -> None:
        """Let menus and buttons show what can be done now and what is on."""
        self._soon.stop()
        self.menus.refresh()
        case = "" if self.desk is None else self.desk.scene.title
        mark = "*" if self.desk is not None and self.desk.session.dirty else ""
        why = "" if self.desk is None else read_only_words(self.desk.session)
        note = "    [" + tr("read-only: {why}").format(why=why) + "]" if why else ""
        if self.desk is not None and self.desk.session.path is None:
            note = "    [" + tr("not saved yet") + "]"
        self.setWindowTitle(f"{case}{mark}{note}    anatomy_twin" if case else "anatomy_twin")

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front."""
        if self._docks is not None:
            self._docks.show(name)

    def go_to_panel(self, name: str) -> None:
        """Bring a panel to the front and give it the keyboard."""
        self.show_panel(name)
        if name in self.panels:
            give_keyboard(self.panels[name])

    def tell(self, line: str, level: str = "info") -> None:
        """Show a line to the person ("info", "warning", "error"), with or without a case."""
        if self.desk is not None:
            self.desk.tell(line, level)
        else:
            self.status_line.tell(level, line)

    # looks

    def restyle(self) -> None:
        """Take theme and size of type from the preferences."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_style(application, str(self.preferences["theme"]), int(self.preferences["font_percent"]))

    def appear(self) -> None:
        """Show the window where it stood last; the first time it takes the whole screen."""
        frame = self.preferences.state("frame")
        if frame.isEmpty() or not self.restoreGeometry(frame):
            self.setGeometry(self.screen().availableGeometry())  # also where nothing manages windows
            self.showMaximized()
        else:
            self.show()

    def showEvent(self, event: QShowEvent) -> None:
        """Size the panels by the window as it came to be."""
        super().showEvent(event)
        if self._docks is not None:
            QTimer.singleShot(0, self, self._docks.settle)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the tool bar low in a low window."""
        super().resizeEvent(event)
        self.menus.fit_words()

    def _look_changed(self) -> None:
        self.menus.redraw()
        self._least_size()

    def _least_size(self) -> None:
        """Never narrower than the intended-use line, never so low that views have no room."""
        notice = self.status_line.notice_label
        notice.ensurePolished()
        self.setMinimumSize(notice.sizeHint().width() + 40, LEAST_HEIGHT)

    def _tell_place(self) -> None:
        if self.desk is not None:
            words = place_words(self.desk.readout(self.desk.focus_mm))
            self.status_line.place_label.setText(f"{tr('Crosshair')}:  {words}")

    def _keep_places(self) -> None:
        if self.views is not None:
            self.preferences["layout"] = self.views.layout_name
            self.preferences.keep_numbers("dividers", self.views.dividers)

    # closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Release the views before Qt takes the window down."""
        self.preferences.keep_state("frame", self.saveGeometry())
        self._keys.stop()
        self._take_down()
        super().closeEvent(event)
