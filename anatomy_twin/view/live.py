"""Physics and numbers that follow the hand."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from anatomy_twin.core import Plan
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.live import Preview
from anatomy_twin.pipeline.live_server import Answer, LiveServer, Question
from anatomy_twin.pipeline.procedures import procedure_of, unmeasured
from anatomy_twin.view.following import Following
from anatomy_twin.view.simulation_choices import choices_of
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

OFF: Final = "off"
STARTING: Final = "starting"
PREPARING: Final = "preparing"
COMPUTING: Final = "computing"
READY: Final = "ready"
SETTLE_MS: Final = 400  # after outlines were changed, before the case is handed over anew
PATIENCE_MS: Final = 4000  # a first answer that takes longer is explained
MOST_KEPT: Final = 6  # previews of plans at rest: given back at once where such a plan is shown again
MOST_DEATHS: Final = 3  # a child that dies more often is not started again for this case


class Live(QObject):
    """Asks a child process for previews of the plan that is shown; the newest request wins.

    It starts when edit mode is switched on first and then follows every change of the plan. ``state`` is one of the
    words above; ``latency_s`` how long the last answer took from the move of the hand to the desk.
    """

    changed = Signal()
    _heard = Signal(object, object)  # LiveServer, Answer: from the thread of the server

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self._window = window
        self._desk: Desk | None = None
        self._server: LiveServer | None = None
        self._ending: list[LiveServer] = []
        self._key: tuple[Any, ...] = ()
        self._asked: dict[int, tuple[Plan, float]] = {}
        self._ticket, self._shown, self._deaths = 0, 0, 0
        self._told = ""
        self._kept: list[Preview] = []
        self.state = OFF
        self.latency_s = 0.0
        self.following_by = Following(window)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._ask)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._tell_of_waiting)
        self._heard.connect(self._take, Qt.ConnectionType.QueuedConnection)
        window.desk_changed.connect(self._attach)

    @property
    def following(self) -> bool:
        """True where the full simulation follows by itself when the hand rests."""
        return self.following_by.on

    def set_following(self, on: bool) -> None:
        """Let the full simulation follow when the hand rests, or not."""
        self.following_by.set(on)

    def stop(self) -> None:
        """End it; no answer comes any more."""
        self._settle.stop()
        self._patience.stop()
        self.following_by.stop()
        self._desk = None
        servers = [server for server in (self._server, *self._ending) if server is not None]
        self._server, self._ending, self._key, self._asked, self._kept = None, [], (), {}, []
        for server in servers:
            server.stop()
        self._tell_state(OFF)

    # inside

    def _attach(self) -> None:
        """Follow the desk of the case that was opened."""
        desk = self._window.desk
        if desk is None or desk is self._desk:
            return
        self._desk, self._deaths, self._told, self._kept = desk, 0, "", []
        desk.tool_changed.connect(self._mode_changed)
        desk.plan_changed.connect(self._plan_changed)
        desk.case_changed.connect(self._case_changed)
        self.following_by.attach(desk)
        choices_of(desk).changed.connect(self._choices_changed)
        self._mode_changed()

    def _mode_changed(self) -> None:
        if self._desk is not None and self._desk.edit_mode and self._server is None:
            self._ask()

    def _plan_changed(self) -> None:
        if self._desk is not None and (self._server is not None or self._desk.edit_mode):
            self._ask()

    def _choices_changed(self) -> None:
        """Preview anew by what decides and how much blood flows now; what was shown before does not hold."""
        desk = self._desk
        if desk is None or self._server is None:
            return
        self._kept, self._asked = [], {}
        if desk.live is not None:
            desk.set_live(replace(desk.live, stale=True))
        self._ask()

    def _case_changed(self, fields: frozenset[str]) -> None:
        desk = self._desk
        if desk is None:
            return
        if "results" in fields and simulated(desk):
            desk.set_live(None)  # what was computed in full counts
        if self._server is not None and fields & {"labels", "anatomy", "patient"}:
            if desk.live is not None and not self._holds(desk):
                desk.set_live(replace(desk.live, stale=True))
            self._settle.start()

    def _ask(self) -> None:
        """Ask what the plan that is shown would do."""
        desk = self._desk
        if not self._window.preferences["live_physics"]:
            return
        if desk is None or self._window.desk is not desk or desk.case.primary not in desk.case.labels:
            return
        plan = desk.plan
        procedure = procedure_of(plan)
        if plan is None or procedure is None or not procedure.live_preview or unmeasured(plan):
            self._forget(desk)
            return
        if simulated(desk) and desk.live is not None:
            desk.set_live(None)
        if self._holds(desk):
            known = desk.live if desk.live_is_current else next((one for one in self._kept if one.plan == plan), None)
            known = None if simulated(desk) else known  # what was computed in full counts
            if simulated(desk) or known is not None:  # the hand came back to what is known
                self._forget(desk, known)
                return
            if self._asked and self._asked[max(self._asked)][0] == plan:
                return  # its answer is on the way
        self._ticket += 1
        self._asked[self._ticket] = (plan, time.perf_counter())
        sight = desk.kits.get("table")
        preview = procedure.live_preview if sight is None else sight.preview_of(procedure)
        choices = choices_of(desk).choices.preview_options(plan)
        question = Question(self._ticket, plan, procedure.live_prepare, preview, choices)
        server = self._server_for(desk)
        if server is not None:
            server.ask(question)
            if self.state == READY:
                self._tell_state(COMPUTING)

    def _holds(self, desk: Desk) -> bool:
        """True where the server has the outlines, vessels and patient of now."""
        now = self._key_now(desk)
        return self._server is not None and all(one is other for one, other in zip(now, self._key, strict=True))

    def _forget(self, desk: Desk, known: Preview | None = None) -> None:
        """Ask nothing any more; ``known`` is what is shown instead of an answer."""
        self._asked = {}
        if self._server is not None:
            self._server.forget()
            if self.state == COMPUTING:
                self._tell_state(READY)
        if known is not None:
            self._keep(desk, known)
        if known is not desk.live:
            desk.set_live(known)

    def _keep(self, desk: Desk, preview: Preview) -> None:
        """Keep the preview of a plan as the case has it: who gives back what is held sees it again at once."""
        if preview.quantities and desk.case.plans.get(preview.plan.name) == preview.plan:
            others = [one for one in self._kept if one.plan != preview.plan]
            self._kept = [*others[1 - MOST_KEPT :], preview]

    def _key_now(self, desk: Desk) -> tuple[Any, ...]:
        return desk.case.label_map, desk.case.anatomy.trees, desk.case.patient

    def _server_for(self, desk: Desk) -> LiveServer | None:
        """Return the server that holds the case as it is, a new one where the case is another."""
        key = self._key_now(desk)
        if self._holds(desk):
            return self._server
        self._kept = []
        if self._deaths >= MOST_DEATHS:
            return None
        if self._server is not None:
            self._ending.append(self._server)
            self._server.stop(0.0)
        server = LiveServer(desk.session.snapshot(), lambda answer: self._heard.emit(server, answer))
        self._server, self._key = server, key
        server.start()
        self._patience.start()
        self._tell_state(STARTING)
        return server

    def _take(self, server: LiveServer, answer: Answer) -> None:
        """Hear an answer, in the thread of the window."""
        if answer.kind == "ended":
            if server in self._ending:
                self._ending.remove(server)
            if server is self._server:
                self._died(answer.value)
            return
        if server is not self._server or self._desk is None:
            return
        if answer.kind == "ready":
            self._tell_state(COMPUTING if self._asked else READY)
        elif answer.kind == "preparing":
            self._tell_state(PREPARING)
        else:
            self._show(answer)

    def _show(self, answer: Answer) -> None:
        desk = self._desk
        plan, asked = self._asked.get(answer.ticket, (None, 0.0))
        if desk is None or plan is None or answer.ticket <= self._shown:
            self._tell_state(COMPUTING if self._asked else READY)  # nobody waits for this one any more
            return
        self._shown = answer.ticket
        self._asked = {ticket: entry for ticket, entry in self._asked.items() if ticket > answer.ticket}
        if isinstance(answer.value, Preview):
            self._told = ""
            preview = answer.value
        else:
            preview = self._refused(plan, answer.value)
        self.latency_s = time.perf_counter() - asked
        self._tell_state(COMPUTING if self._asked else READY)
        self._keep(desk, preview)
        if not simulated(desk):
            desk.set_live(preview)

    def _refused(self, plan: Plan, error: TwinError) -> Preview:
        """Return what stands in place of a preview, and tell why, once."""
        if error.line != self._told and self._desk is not None:
            self._told = error.line
            self._desk.tell(tr("no preview: {why}").format(why=error.line), "warning")
        return Preview(plan, caption=tr("no preview"), warnings=(error.line,))

    def _died(self, error: TwinError | None) -> None:
        """The child has ended though nobody asked it to: another one is started, some times."""
        self._server, self._key, self._asked = None, (), {}
        self._deaths += 1
        self._tell_state(OFF)
        desk = self._desk
        if desk is None:
            return
        line = "" if error is None else error.line
        if self._deaths >= MOST_DEATHS:
            desk.tell(tr("previews are off for this case: {why}").format(why=line), "error")
        else:
            desk.tell(tr("previews start anew: {why}").format(why=line), "warning")
            self._settle.start()

    def _tell_of_waiting(self) -> None:
        if self._desk is not None and self.state in (STARTING, PREPARING, COMPUTING):
            self._desk.tell(tr("previews are being prepared; the first time on a machine takes a minute or two"))

    def _tell_state(self, state: str) -> None:
        if state in (READY, OFF):
            self._patience.stop()
        if state != self.state:
            self.state = state
            self.changed.emit()


def simulated(desk: Desk) -> bool:
    """True where the plan that is shown has a result and is not moved: then no preview stands in its place."""
    return desk.moving is None and desk.plan_name in desk.case.results
