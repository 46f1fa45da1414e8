"""The activation of a heart chamber that follows the hand: asked of a child process, the newest question wins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal

from anatomy_twin.core import LesionPlan
from anatomy_twin.core.heart import Chamber
from anatomy_twin.pipeline.live_heart import HeartPreview
from anatomy_twin.pipeline.live_server import Answer, LiveServer, Question
from anatomy_twin.units import Point
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

PREPARE: Final = "anatomy_twin.pipeline.live_heart:prepare"
PREVIEW: Final = "anatomy_twin.pipeline.live_heart:preview"
MOST_DEATHS: Final = 3


class HeartLive(QObject):
    """Asks what lesions do to a chamber. ``answered`` brings a ``HeartPreview``; ``latency_s`` is how long the last one
    took from the question to the window; ``busy`` while one is on its way.
    """

    answered = Signal(object)
    changed = Signal()
    _heard = Signal(object, object)  # LiveServer, Answer: from the thread of the server

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._server: LiveServer | None = None
        self._chamber: Chamber | None = None
        self._asked: dict[int, float] = {}
        self._ticket = self._shown = self._deaths = 0
        self._told = ""
        self.latency_s = 0.0
        self._heard.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """True while an answer is awaited."""
        return bool(self._asked)

    def ask(self, chamber: Chamber, plan: LesionPlan, sites_mm: tuple[Point, ...]) -> None:
        """Ask what the lesions of a plan do to a chamber that is paced at some sites."""
        server = self._server_for(chamber)
        if server is None:
            return
        self._ticket += 1
        self._asked[self._ticket] = time.perf_counter()
        server.ask(Question(self._ticket, plan, PREPARE, PREVIEW, options=(("sites_mm", sites_mm),)))
        self.changed.emit()

    def stop(self) -> None:
        """End it; no answer comes any more."""
        server, self._server, self._asked = self._server, None, {}
        if server is not None:
            server.stop()

    def _server_for(self, chamber: Chamber) -> LiveServer | None:
        if self._server is not None and self._chamber is chamber:
            return self._server
        if self._deaths >= MOST_DEATHS:
            return None
        if self._server is not None:
            self._server.stop(0.0)
        server = LiveServer(self._desk.session.snapshot(), lambda answer: self._heard.emit(server, answer))
        self._server, self._chamber, self._asked = server, chamber, {}
        server.start()
        return server

    def _take(self, server: LiveServer, answer: Answer) -> None:
        """Hear an answer, in the thread of the window."""
        if server is not self._server:
            return
        if answer.kind == "ended":
            self._died(answer.value)
        elif answer.kind in ("preview", "error"):
            asked = self._asked.get(answer.ticket)
            self._asked = {ticket: at for ticket, at in self._asked.items() if ticket > answer.ticket}
            if asked is not None and answer.ticket > self._shown:
                self._shown, self.latency_s = answer.ticket, time.perf_counter() - asked
                self._show(answer.value)
        self.changed.emit()

    def _show(self, value: Any) -> None:
        if isinstance(value, HeartPreview):
            self._told = ""
            self.answered.emit(value)
        elif value.line != self._told:
            self._told = value.line
            self._desk.tell(tr("no activation map: {why}").format(why=value.line), "warning")

    def _died(self, error: Any) -> None:
        self._server, self._asked = None, {}
        self._deaths += 1
        if error is not None:
            self._desk.tell(tr("no activation map: {why}").format(why=error.line), "warning")
