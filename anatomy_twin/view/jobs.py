"""Long work beside the window: a queue, how far each piece is, and how its answer reaches the case."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from anatomy_twin.core import Case
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.background import BackgroundTask, Event
from anatomy_twin.pipeline.helper import Helper, HelperTask
from anatomy_twin.pipeline.merging import changed_since, merged
from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.stage_words import stage_words
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

WAITING: Final = "waiting"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
OUT_OF_DATE: Final = "out of date"
SHORT_AT_ONCE: Final = 2  # short pieces of work beside the one heavy one
KEPT_MODULES: Final = ("anatomy_twin.pipeline.hand", "anatomy_twin.segmentation.clicks.seeded")
LONG_S: Final = 10.0  # whoever waited that long may look elsewhere
MOST_KEPT: Final = 30  # finished ones that are still listed


@dataclass(eq=False)
class Job:
    """One piece of long work. ``state`` is one of the words above; ``lines`` what it warned of or why it failed.

    ``step`` is the step of the work that it belongs to (a name of ``rehearsal.workflow``), "" for none; ``stopping``
    tells that it was asked to stop.
    """

    number: int
    title: str
    function: str | Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    short: bool = False
    state: str = WAITING
    stage: str = ""
    fraction: float = 0.0
    lines: list[str] = field(default_factory=list)
    started: float | None = None
    ended: float | None = None
    session: Session | None = None
    before: Case | None = None
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] | None = None
    name: str = ""
    step: str = ""
    stopping: bool = False
    done: Callable[[Any], object] | None = None
    failed: Callable[[TwinError], object] | None = None
    kept: bool = False
    task: BackgroundTask | HelperTask | None = None
    error: TwinError | None = None

    @property
    def over(self) -> bool:
        """True once nothing of it will come any more."""
        return self.state not in (WAITING, RUNNING)

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        if self.started is None:
            return 0.0
        return (time.time() if self.ended is None else self.ended) - self.started


class Jobs(QObject):
    """What runs, how far it is, and a way to stop it. One heavy piece of work at a time, short ones beside it."""

    changed = Signal()  # a job began, ended, waits, or is at another stage
    progressed = Signal(object)  # Job: only its fraction is another
    finished = Signal(object)  # Job: it is over, whichever way
    _heard = Signal(object, object)  # Job, Event: from the thread of its task

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self._window = window
        self._jobs: list[Job] = []
        self._helper: Helper | None = None
        self._numbers = itertools.count(1)
        self._heard.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.changed.connect(window.refresh_soon)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All that wait, run or are over lately, oldest first."""
        return tuple(self._jobs)

    @property
    def busy(self) -> bool:
        """True while anything waits or runs."""
        return any(not job.over for job in self._jobs)

    def start(
        self, title: str, function: str | Callable[..., Any], *args: Any,
        done: Callable[[Any], object] | None = None, failed: Callable[[TwinError], object] | None = None,
        reads: Iterable[str] = (), short: bool = False, step: str = "", kept: bool = False, **kwargs: Any,
    ) -> Job:
        """Run ``function(*args, **kwargs)`` in another process; ``done`` gets what it returns, here, in this thread.

        Parameters
        ----------
        title : what a person reads.
        function : "module:function" or a function of a module; one with a parameter ``monitor`` gets a monitor.
        done, failed : called with the answer, or with the error (which is told to the person in any case).
        reads : fields of the case ("labels", "plans:A" for one entry) that the answer stands on: where they are
            others by then it is out of date, and ``done`` is not called.
        short : for work of a second or two that need not wait for the heavy one.
        step : the step of the work that shows how far it is ("organs", "simulate").
        kept : for work on the scan that a hand waits for: the child that did the last of that kind does it, one piece
            at a time, and has the scan already.
        """
        job = Job(next(self._numbers), title, function, args, kwargs, short, reads=frozenset(reads), step=step,
                  kept=kept, done=done, failed=failed)  # fmt: skip
        return self._add(job)

    def start_on_case(
        self, title: str, function: str | Callable[..., Any], *args: Any, reads: Iterable[str],
        writes: Iterable[str], name: str = "", done: Callable[[Any], object] | None = None,
        failed: Callable[[TwinError], object] | None = None, short: bool = False, step: str = "", **kwargs: Any,
    ) -> Job:
        """Run ``function(case, *args, **kwargs)``, which returns a case, and take over what it changed as ONE step.

        Only the fields ``writes`` are taken, and in tables only the entries that the work changed, so that what was
        done meanwhile stays. Lines of provenance and timings are always taken. ``name`` is that of the step (default:
        the title); ``done`` gets the case after the step. The case is taken as it is when the work begins.
        """
        job = Job(next(self._numbers), title, function, args, kwargs, short, reads=frozenset(reads),
                  writes=frozenset(writes), name=name or title, step=step, done=done, failed=failed)  # fmt: skip
        return self._add(job)

    def awaited(self, title: str) -> Job | None:
        """Return the work of a title that waits or runs and whose answer fits the case as it is now; None for none.

        What runs under that title and does not fit any more is stopped: nobody needs its answer.
        """
        for job in self._jobs:
            if job.title != title or job.over or job.stopping:
                continue
            if job.before is None or job.session is None:
                return job
            if not changed_since(job.before, job.session.snapshot(), job.reads):
                return job
            self.cancel(job)
        return None

    def warm(self) -> None:
        """Have a child ready that holds the scan: a hand is about to ask for something (see ``start``, ``kept``)."""
        if self._window.desk is not None:
            self._helper_now().warm()

    def cancel(self, job: Job) -> None:
        """Stop one: it is asked first and ended after two seconds; the case stays as it is."""
        if job.state == WAITING:
            self._end(job, CANCELLED)
            self._next()
        elif job.state == RUNNING and job.task is not None:
            job.stopping = True
            job.task.cancel()
            self.changed.emit()

    def cancel_all(self) -> None:
        """Stop everything that waits or runs."""
        for job in reversed(self._jobs):
            if not job.over:
                self.cancel(job)

    def clear(self) -> None:
        """Take what is over off the list."""
        self._jobs = [job for job in self._jobs if not job.over]
        self.changed.emit()

    def stop(self) -> None:
        """End all work at once; nothing of it reaches the case any more."""
        running = [job for job in self._jobs if job.state == RUNNING]
        for job in self._jobs:
            if not job.over:
                job.state, job.ended, job.done, job.failed = CANCELLED, time.time(), None, None
                job.session = job.before = None
                job.args, job.kwargs = (), {}
        for job in running:
            if job.task is not None:
                job.task.cancel(polite_s=0.0)
        for job in running:
            if job.task is not None:
                job.task.join(10.0)
                job.task = None
        self._end_helper()
        self.changed.emit()

    # inside

    def _helper_now(self) -> Helper:
        """Return the child that holds the scan of the open case."""
        assert self._window.desk is not None
        volume = self._window.desk.case.volume
        if self._helper is None or self._helper.held is not volume:
            self._end_helper()
            self._helper = Helper(volume, KEPT_MODULES)
        return self._helper

    def _end_helper(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.stop()

    def _add(self, job: Job) -> Job:
        if self._window.desk is not None and (job.writes is not None or job.reads):
            job.session = self._window.desk.session
        self._jobs.append(job)
        over = [one for one in self._jobs if one.over]
        for one in over[: max(len(over) - MOST_KEPT, 0)]:
            self._jobs.remove(one)
        self._next()
        return job

    def _next(self) -> None:
        """Begin what may run now."""
        running = [job for job in self._jobs if job.state == RUNNING]
        short = sum(job.short for job in running)
        room = {False: 1 - (len(running) - short), True: SHORT_AT_ONCE - short}
        for job in self._jobs:
            if job.state == WAITING and room[job.short] > 0:
                room[job.short] -= 1
                self._begin(job)
        self.changed.emit()

    def _begin(self, job: Job) -> None:
        args = job.args
        if job.session is not None:
            job.before = job.session.snapshot()
            args = (job.before, *args) if job.writes is not None else args
        job.state, job.started = RUNNING, time.time()
        try:
            begin = self._helper_now().task if job.kept and self._window.desk is not None else BackgroundTask
            job.task = begin(job.function, args, job.kwargs, listener=partial(self._heard.emit, job))
        except TwinError as error:
            self._fail(job, error)
            return
        job.task.start()
        job.args, job.kwargs = (), {}

    def _take(self, job: Job, event: Event) -> None:
        """Hear what a task tells, in the thread of the window."""
        if job.over:
            return
        if event.kind == "stage":
            job.stage, job.fraction = str(event.value), 0.0
            self.changed.emit()
        elif event.kind == "progress":
            job.fraction = float(event.value)
            self.progressed.emit(job)
        elif event.kind == "warning":
            if event.value not in job.lines:
                job.lines.append(str(event.value))
            self.changed.emit()
        else:
            try:
                if event.kind == "cancelled":
                    self._end(job, CANCELLED)
                elif event.kind == "error":
                    self._fail(job, event.value)
                else:
                    self._finish(job, event.value)
            finally:
                self._next()

    def _finish(self, job: Job, value: Any) -> None:
        """Take an answer over, where it still fits what is on the desk."""
        desk = self._window.desk
        if job.session is not None:
            if desk is None or desk.session is not job.session:
                self._end(job, CANCELLED)
                return
            assert job.before is not None
            stale = changed_since(job.before, job.session.snapshot(), job.reads)
            if stale:
                line = tr("{what} changed meanwhile: the answer does not fit any more and was not taken")
                job.lines.append(line.format(what=", ".join(stale)))
                self._end(job, OUT_OF_DATE)
                return
            if job.writes is not None:
                after = merged(job.before, value, job.session.case, job.writes)
                try:
                    job.session.do(job.name, after)
                except TwinError as error:
                    self._fail(job, error)
                    return
                value = job.session.case
        done = job.done
        self._end(job, DONE)
        if done is not None:
            done(value)

    def _fail(self, job: Job, error: TwinError) -> None:
        job.error = error
        job.lines.append(error.line)
        failed = job.failed
        self._end(job, FAILED)
        if failed is not None:
            failed(error)

    def _end(self, job: Job, state: str) -> None:
        job.state, job.ended = state, time.time()
        job.task = job.before = job.done = job.failed = job.session = None  # those kept in the list hold no case
        job.args, job.kwargs = (), {}
        if state == DONE:
            job.fraction = 1.0
        self._tell(job)
        self.changed.emit()
        self.finished.emit(job)

    def _tell(self, job: Job) -> None:
        """Tell the person that a job is over: in the status bar, and at the edge of the screen where it took long."""
        line, level = told(job)
        standing = () if self._window.desk is None else self._window.desk.scene.messages
        for warning in job.lines if job.state == DONE else ():
            if not any(line.removeprefix("Broken: ") in warning for line in standing):  # that is read there
                self._window.tell(f"{job.title}: {spoken(warning)}", "warning")
        self._window.tell(line, level)
        if job.seconds > LONG_S and not self._window.isActiveWindow():
            QApplication.alert(self._window)


def progress_words(job: Job) -> str:
    """Return what a piece of work does now and for how long: "liver, 46 s"."""
    if job.state == WAITING:
        return tr("waits its turn")
    stage = tr("stopping") if job.stopping else stage_words(job.stage) or tr("starting")
    return tr("{stage}, {seconds} s").format(stage=stage, seconds=f"{job.seconds:.0f}")


def told(job: Job) -> tuple[str, str]:
    """Return what a person is told when a job is over, and the level ("info", "warning", "error")."""
    if job.state == DONE:
        line = tr("{title}: done in {seconds} s").format(title=job.title, seconds=f"{job.seconds:.1f}")
        return line, "info"
    if job.state == FAILED:
        return f"{job.title}: {job.lines[-1] if job.lines else tr('failed')}", "error"
    if job.state == OUT_OF_DATE:
        return f"{job.title}: {job.lines[-1]}", "warning"
    return tr("{title}: stopped; the case is as it was").format(title=job.title), "info"
