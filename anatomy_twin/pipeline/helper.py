"""A child process that stays for many short pieces of work: it has started, and holds what all of them need.

One piece of work at a time; ``HelperTask`` is used as ``BackgroundTask`` is. A child that does not stop when it is
asked to is killed and started anew.
"""

from __future__ import annotations

import importlib
import itertools
import queue
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.background import Event, Telling, answered
from anatomy_twin.pipeline.children import Child, Parent, ending, in_words, named_function, worker_threads
from anatomy_twin.pipeline.transport import ExchangeFile, Parcel, Shared, pack, unpack

POLITE_S: Final = 0.5  # how long work that is not wanted any more may take to stop: the next piece waits for it
IDLE_S: Final = 300.0  # a child that nobody needed for so long is ended; the next piece of work starts another one
_WARM: Final = "warm"
_CANCEL: Final = "cancel"


class HelperTask:
    """``function(*args, **kwargs)`` in the child of a helper; ``listener`` is told each ``Event`` in another thread."""

    def __init__(
        self, helper: Helper, function: str | Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any],
        listener: Callable[[Event], None],
    ) -> None:
        self.function, self.number = named_function(function), next(helper.numbers)
        self.request: tuple[Any, ...] = (args, dict(kwargs))
        self.listener = listener
        self.stopped = False
        self._helper = helper
        self._over = threading.Event()

    def start(self) -> None:
        """Begin as soon as what was asked for before is over; returns at once."""
        self._helper.take(self)

    def cancel(self, polite_s: float = POLITE_S) -> None:
        """Stop it: asked first, killed after ``polite_s`` seconds. Whatever it answers then does not count."""
        self.stopped = True
        self._helper.stop_task(self, polite_s)

    @property
    def over(self) -> bool:
        """True once nothing of it will be told any more."""
        return self._over.is_set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for its end; True where it has ended."""
        return self._over.wait(timeout_s)

    def end(self, event: Event) -> None:
        """Tell the last word."""
        self.request = ((), {})
        self._over.set()
        self.listener(Event("cancelled") if self.stopped else event)


class Helper:
    """The parent's side.

    Parameters
    ----------
    held : what requests may name without sending it again, a volume; it must never change in place.
    modules : what the child imports ahead of the first request.
    """

    def __init__(self, held: Any, modules: tuple[str, ...] = ()) -> None:
        self.held = held
        self.numbers = itertools.count(1)
        self._modules = modules
        self._waiting: queue.SimpleQueue[HelperTask | str | None] = queue.SimpleQueue()
        self._doing: HelperTask | None = None
        self._child: Child | None = None
        self._files: tuple[ExchangeFile, ...] = ()
        self._shared: Shared | None = None
        self._changing = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="helper", daemon=True)
        self._thread.start()

    def warm(self) -> None:
        """Have the child ready soon; returns at once."""
        self._waiting.put(_WARM)

    def task(
        self, function: str | Callable[..., Any], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None,
        *, listener: Callable[[Event], None] = lambda event: None,
    ) -> HelperTask:
        """Return a piece of work, to be started."""
        return HelperTask(self, function, args, kwargs or {}, listener)

    def take(self, task: HelperTask) -> None:
        """Do a piece of work after those that wait."""
        self._waiting.put(task)

    def stop_task(self, task: HelperTask, polite_s: float) -> None:
        """Stop a piece of work, wherever it is."""
        with self._changing:
            child = self._child if self._doing is task else None
        if child is None:
            return  # it waits: it is left out when its turn comes
        if polite_s <= 0.0:
            child.kill()
            return
        # in a thread: while the child starts, its pipe may be full
        threading.Thread(target=child.send, args=((_CANCEL, task.number),), daemon=True).start()

        def insist() -> None:
            with self._changing:
                if self._doing is task:
                    child.kill()

        timer = threading.Timer(polite_s, insist)
        timer.daemon = True
        timer.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """End it at once; True where it has ended."""
        with self._changing:
            self._stopped, child, doing = True, self._child, self._doing
        if doing is not None:
            doing.stopped = True
        if child is not None:
            child.kill()
        self._waiting.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def process_id(self) -> int:
        """The number of the child process, 0 where there is none."""
        child = self._child
        return 0 if child is None else child.process.pid

    # in the helper's thread, which starts the child and sees it to its end

    def _run(self) -> None:
        while not self._stopped:
            try:
                task = self._waiting.get(timeout=IDLE_S)
            except queue.Empty:
                self._end_child()
                continue
            if task is None:
                break
            if isinstance(task, str):
                self._warm_up()
            elif task.stopped:
                task.end(Event("cancelled"))
            else:
                self._do(task)
        self._end_child()
        while not self._waiting.empty():
            left = self._waiting.get()
            if isinstance(left, HelperTask):
                left.stopped = True
                left.end(Event("cancelled"))

    def _warm_up(self) -> None:
        try:
            self._start_child()
        except TwinError:
            self._end_child()  # it is told where there is something to do

    def _do(self, task: HelperTask) -> None:
        last = Event("error", None)
        try:
            last = self._watched(task)
        except BaseException as error:  # noqa: BLE001 - a listener waits for the last word
            self._end_child()
            last = Event("error", in_words(error))
        finally:
            with self._changing:
                self._doing = None
            task.end(last)

    def _watched(self, task: HelperTask) -> Event:
        child = self._start_child()
        with self._changing:
            self._doing = task
        if task.stopped:
            return Event("cancelled")
        parcel, _ = pack(task.request, self._files[1], self._shared)
        child.send((task.number, task.function, parcel))
        while (message := child.receive()) is not None:
            kind, value = message
            if kind in ("result", "error", "cancelled"):
                return Event(kind, value)
            if not task.stopped:
                task.listener(Event(kind, value))
        return Event("error", ending(self._end_child()))

    def _start_child(self) -> Child:
        if self._child is not None and self._child.process.poll() is None:
            return self._child
        self._end_child()
        self._files = (ExchangeFile.create(), ExchangeFile.create())
        parcel, self._shared = pack(self.held, self._files[0])
        child = Child("anatomy_twin.pipeline.helper:child_main", threads=worker_threads(),
                      keep=tuple(file.descriptor for file in self._files))  # fmt: skip
        with self._changing:
            self._child = child
        child.send((self._modules, parcel, *(file.ticket for file in self._files)))
        return child

    def _end_child(self) -> int:
        with self._changing:
            child, self._child = self._child, None
        code = 0 if child is None else child.close()
        for file in self._files:
            file.close()
        self._files, self._shared = (), None
        return code


def child_main() -> None:
    """Do what is asked for, one after the other, until the parent ends this process."""
    unwanted: set[int] = set()  # numbers of what is not wanted any more: a word to stop may come early or late
    stop, doing = threading.Event(), [0]

    def heard(message: Any) -> bool:
        if message[0] != _CANCEL:
            return False
        unwanted.add(message[1])
        if message[1] == doing[0]:
            stop.set()
        return True

    parent = Parent(nice=5, heard=heard)
    modules, parcel, first, second = parent.inbox.get()
    assert isinstance(parcel, Parcel)
    held, request = ExchangeFile.join(first), ExchangeFile.join(second)
    _, shared = unpack(parcel, held)
    for module in modules:
        importlib.import_module(module)
    while True:
        number, name, parcel = parent.inbox.get()
        stop.clear()
        doing[0] = number
        if number in unwanted:
            stop.set()
        # the answer goes through the pipe: a file would be written over by the next one
        parent.send(answered(name, partial(_request, parcel, request, shared), Telling(parent, stop)))


def _request(parcel: Parcel, file: ExchangeFile, shared: Shared) -> Any:
    return unpack(parcel, file, shared)[0]
