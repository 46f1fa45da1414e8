"""A child process that holds a case and answers what a plan would do while it is moved; the newest question wins."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from anatomy_twin.core import Anatomy, Case, Plan, Volume
from anatomy_twin.errors import Cancelled, TwinError
from anatomy_twin.pipeline.children import Child, Parent, ending, in_words, worker_threads
from anatomy_twin.pipeline.live import NeedsPreparing
from anatomy_twin.pipeline.transport import ExchangeFile, Parcel, pack, unpack
from anatomy_twin.worker import imported_function

PATIENCE_S: Final = 0.3  # an answer that takes longer gives way to a newer question; a quicker one is finished first
_FORGET: Final = "forget"
KINDS: Final = ("ready", "preparing", "preview", "error", "ended")


@dataclass(frozen=True, slots=True)
class Question:
    """What would this plan do? ``prepare`` and ``preview`` are "module:function" (see ``Procedure``).

    ``choices`` are what ``prepare`` is given by name; what was prepared with others does not hold any more. ``options``
    are what ``preview`` is given by name.
    """

    ticket: int
    plan: Plan
    prepare: str
    preview: str
    choices: tuple[tuple[str, Any], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def ground(self) -> tuple[Any, ...]:
        """What is prepared by: the function and what it is given."""
        return self.prepare, self.choices


@dataclass(frozen=True, slots=True)
class Answer:
    """``kind`` one of ``KINDS``: "ready" (the case is there), "preparing", "preview", "error", "ended" (no more comes).

    ``value`` is the ``Preview`` or the ``TwinError``; None for an end that was asked for.
    """

    kind: str
    ticket: int = 0
    value: Any = None


class LiveServer:
    """The parent's side. ``listener`` is told each ``Answer``, in a thread of the server; none comes after "ended"."""

    def __init__(self, case: Case, listener: Callable[[Answer], None]) -> None:
        self._case: Case | None = case
        self._listener = listener
        self._child: Child | None = None
        self._wanted: Question | str | None = None  # what the child has not heard yet
        self._changing = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="live server", daemon=True)

    def start(self) -> None:
        """Start the child and hand it the case; returns at once."""
        self._thread.start()

    def ask(self, question: Question) -> None:
        """Ask, at once; a question that still waits is dropped, one that is answered slowly is given up."""
        self._say(question)

    def forget(self) -> None:
        """Ask nothing any more: what is being computed is given up."""
        self._say(_FORGET)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """End the child at once; True where it has ended."""
        with self._changing:
            self._stopped, child = True, self._child
            self._changing.notify_all()
        if child is not None:
            child.kill()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def process_id(self) -> int:
        """The number of the child process, 0 before it was started."""
        return 0 if self._child is None else self._child.process.pid

    def _say(self, message: Question | str) -> None:
        with self._changing:
            self._wanted = message
            self._changing.notify_all()

    def _hand_on(self, child: Child) -> None:
        """Hand questions to the child, in a thread: it may be too busy to read, and a full pipe waits."""
        while True:
            with self._changing:
                while self._wanted is None and not self._stopped and self._child is child:
                    self._changing.wait()
                message, self._wanted = self._wanted, None
                if self._stopped or self._child is not child:
                    return
            if not child.send(message):
                return

    def _run(self) -> None:
        error: TwinError | None = None
        try:
            error = self._watched()
        except BaseException as failure:  # noqa: BLE001 - whoever waits must hear of it
            error = in_words(failure)
        finally:
            with self._changing:
                child, self._child = self._child, None
                self._changing.notify_all()
            if child is not None:
                child.close()
        self._listener(Answer("ended", 0, None if self._stopped else error))

    def _watched(self) -> TwinError | None:
        file = ExchangeFile.create()
        try:
            case, self._case = self._case, None
            assert case is not None
            parcel, _ = pack(_without_images(case), file)
            if self._stopped:
                return None
            child = Child("anatomy_twin.pipeline.live_server:child_main", threads=worker_threads(),
                          keep=(file.descriptor,))  # fmt: skip
            with self._changing:
                self._child = child
                if self._stopped:
                    return None
            child.send((parcel, file.ticket))
            threading.Thread(target=self._hand_on, args=(child,), daemon=True).start()
            del case, parcel
            while (message := child.receive()) is not None:
                if message.kind == "ready":
                    file.close()  # the child has mapped it
                if not self._stopped:
                    self._listener(message)
            return None if self._stopped else ending(child.close())
        finally:
            file.close()


def _without_images(case: Case) -> Case:
    """Return what previews stand on: labels, vessel trees, heart chambers, the patient. Images stay as grids only."""
    nothing = np.broadcast_to(np.zeros((), np.int16), case.volume.geometry.shape)
    volume = Volume(nothing, case.volume.geometry, case.volume.modality, case.volume.units)
    return Case(
        {case.primary: volume}, {name: labels for name, labels in case.labels.items() if name == case.primary},
        case.primary, replace(Anatomy({}), trees=case.anatomy.trees), case.patient, chambers=case.chambers,
    )


class _Stop:
    """The monitor of one answer."""

    def __init__(self) -> None:
        self.cancelled = False

    def stage(self, name: str) -> None:
        """Do nothing."""

    def progress(self, fraction: float) -> None:
        """Do nothing."""

    def warn(self, message: str) -> None:
        """Do nothing."""


class _Desk:
    """What the child holds: the newest question, the one it works on, and what it has prepared."""

    def __init__(self) -> None:
        self.case: Case | None = None
        self.newest: Question | None = None
        self.monitor = _Stop()
        self.started = 0.0
        self.prepared: tuple[tuple[Any, ...], Any] | None = None
        self.come = threading.Condition()

    def heard(self, message: Any) -> bool:
        """Take a message in the reading thread."""
        if isinstance(message, tuple):
            return False  # the case
        with self.come:
            self.newest = message if isinstance(message, Question) else None
            if self.newest is None or time.monotonic() - self.started > PATIENCE_S:
                self.monitor.cancelled = True
            self.come.notify()
        return True

    def next(self) -> Question:
        """Wait for the newest question."""
        with self.come:
            while self.newest is None:
                self.come.wait()
            question, self.newest = self.newest, None
            self.monitor, self.started = _Stop(), time.monotonic()
            return question

    def answer(self, question: Question, tell: Callable[[Answer], None]) -> Answer:
        """Return the answer to a question; prepares where it has to, and says so."""
        preview = imported_function(question.preview)
        with contextlib.suppress(NeedsPreparing):
            if self.prepared is not None and self.prepared[0] == question.ground:
                return self._told(question, preview)
        tell(Answer("preparing", question.ticket))
        self.prepared = None
        prepare = imported_function(question.prepare)
        self.prepared = question.ground, prepare(self.case, question.plan, **dict(question.choices))
        with self.come:
            # what came while it prepared gave up the monitor, not the question that is answered now
            self.monitor, self.started = _Stop(), time.monotonic()
            if self.newest is not None and self.newest.ground == question.ground:
                question, self.newest = self.newest, None  # the hand went on meanwhile
        try:
            return self._told(question, preview)
        except NeedsPreparing:
            with self.come:
                self.newest = self.newest or question
            self.prepared = None
            raise Cancelled("the hand went on") from None

    def _told(self, question: Question, preview: Callable[..., Any]) -> Answer:
        assert self.prepared is not None
        told = preview(self.prepared[1], question.plan, self.monitor, **dict(question.options))
        return Answer("preview", question.ticket, told)


def child_main() -> None:
    """Hold one case and answer questions about it until the parent ends it."""
    desk = _Desk()
    parent = Parent(heard=desk.heard)
    parcel, ticket = parent.inbox.get()
    assert isinstance(parcel, Parcel)
    file = ExchangeFile.join(ticket)
    desk.case = unpack(parcel, file)[0]
    file.close()
    parent.send(Answer("ready"))
    while True:
        question = desk.next()
        try:
            answer = desk.answer(question, parent.send)
        except Cancelled:
            continue
        except BaseException as error:  # noqa: BLE001 - the next question may well have an answer
            answer = Answer("error", question.ticket, in_words(error))
        parent.send(answer)
