"""One piece of long work in a process of its own: told how far it is, stopped when asked, never in the way.

The caller's interpreter is free meanwhile: compiled code and libraries that hold it run elsewhere.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from anatomy_twin.errors import Cancelled, TwinError
from anatomy_twin.pipeline.children import (
    Child,
    Parent,
    ending,
    in_words,
    named_function,
    worker_threads,
)
from anatomy_twin.pipeline.transport import ExchangeFile, Parcel, pack, unpack
from anatomy_twin.worker import imported_function

POLITE_S: Final = 2.0  # how long the work may take to stop by itself
TELL_EVERY_S: Final = 0.1  # progress is told no more often
KINDS: Final = ("stage", "progress", "warning", "result", "error", "cancelled")


@dataclass(frozen=True, slots=True)
class Event:
    """What a task tells: ``kind`` one of ``KINDS``; ``value`` a name, a fraction, a line, the result or the error.

    The last one is "result", "error" (a ``TwinError``) or "cancelled".
    """

    kind: str
    value: Any = None


class BackgroundTask:
    """``function(*args, **kwargs)`` in a child process.

    Parameters
    ----------
    function : "module:function", or a function of a module. One that has a parameter ``monitor`` gets a monitor.
    args, kwargs : anything that can be pickled, a ``Case`` too: arrays are mapped, not copied, and read-only there.
    listener : is told each ``Event``, in a thread of this task; nothing comes after the last one.

    Parts of the result that the request had already (the volume of a case) come back as the same objects.
    """

    def __init__(
        self, function: str | Callable[..., Any], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None,
        *, listener: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.function = named_function(function)
        self._request = (args, dict(kwargs or {}))
        self._listener = listener
        self._child: Child | None = None
        self._changing = threading.Lock()
        self._stopped = self._over = False
        self._timer: threading.Timer | None = None
        self._thread = threading.Thread(target=self._run, name=f"task {self.function}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def cancel(self, polite_s: float = POLITE_S) -> None:
        """Stop it: asked first, killed after ``polite_s`` seconds. Whatever it answers then does not count."""
        with self._changing:
            first, self._stopped = not self._stopped, True
            child = self._child
        if child is None or self._over:
            return
        if polite_s <= 0:
            child.kill()
        elif first:
            # in a thread: while the child starts, its pipe may be full
            threading.Thread(target=child.send, args=("cancel",), daemon=True).start()
            self._timer = threading.Timer(polite_s, child.kill)
            self._timer.daemon = True
            self._timer.start()

    @property
    def over(self) -> bool:
        """True once nothing runs any more."""
        return self._over

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for its end; True where it has ended."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        """Start the child, hand on what it tells, and see it to its end: all in one thread, which it ends with."""
        last = Event("error", None)
        try:
            last = self._watched()
        except BaseException as error:  # noqa: BLE001 - a listener waits for the last word
            last = Event("error", in_words(error))
        finally:
            with self._changing:
                self._over, child = True, self._child
            if self._timer is not None:
                self._timer.cancel()
            if child is not None:
                child.close()
        self._listener(Event("cancelled") if self._stopped else last)

    def _watched(self) -> Event:
        request, answer = ExchangeFile.create(), ExchangeFile.create()
        try:
            parcel, shared = pack(self._request, request)
            if self._stopped:
                return Event("cancelled")
            child = Child("anatomy_twin.pipeline.background:child_main", threads=worker_threads(),
                          keep=(request.descriptor, answer.descriptor))  # fmt: skip
            with self._changing:
                self._child = child
                if self._stopped:
                    return Event("cancelled")
            child.send((self.function, parcel, request.ticket, answer.ticket))
            while (message := child.receive()) is not None:
                kind, value = message
                if kind == "result":
                    assert isinstance(value, Parcel)
                    return Event("result", unpack(value, answer, shared)[0])
                if kind in ("error", "cancelled"):
                    return Event(kind, value)
                if not self._stopped:
                    self._listener(Event(kind, value))
            return Event("error", ending(child.close()))
        finally:
            self._request = ((), {})
            request.close()
            answer.close()


class Telling:
    """The monitor of a child: tells the parent, not too often, and hears when it is to stop."""

    def __init__(self, parent: Parent, stop: threading.Event) -> None:
        self._parent, self._stop, self._told = parent, stop, 0.0

    @property
    def cancelled(self) -> bool:
        """True once the person has asked to stop."""
        return self._stop.is_set()

    def stage(self, name: str) -> None:
        """Begin a stage."""
        self._parent.send(("stage", name))

    def progress(self, fraction: float) -> None:
        """Tell how far the stage is, 0 to 1."""
        now = time.monotonic()
        if now - self._told >= TELL_EVERY_S or fraction >= 1.0:
            self._told = now
            self._parent.send(("progress", min(max(float(fraction), 0.0), 1.0)))

    def warn(self, message: str) -> None:
        """Hand a warning on."""
        self._parent.send(("warning", " ".join(str(message).split())))


def child_main() -> None:
    """Do one request from standard input and tell about it."""
    stop = threading.Event()

    def heard(message: Any) -> bool:
        if message == "cancel":
            stop.set()
        return bool(message == "cancel")

    parent = Parent(nice=5, heard=heard)
    name, parcel, request, answer = parent.inbox.get()
    parent.send(_answer(name, parcel, ExchangeFile.join(request), ExchangeFile.join(answer), Telling(parent, stop)))
    # the parent ends this process when it has read the answer
    stop.clear()
    threading.Event().wait()


def _answer(
    name: str, parcel: Parcel, request: ExchangeFile, answer: ExchangeFile, monitor: Telling
) -> tuple[str, Any]:
    shared: list[Any] = []

    def given() -> Any:
        value, known = unpack(parcel, request)
        shared.append(known)
        return value

    return answered(name, given, monitor, lambda value: pack(value, answer, shared[0])[0])


def answered(
    name: str, given: Callable[[], Any], monitor: Telling, packed: Callable[[Any], Any] = lambda value: value
) -> tuple[str, Any]:
    """Run a function by its name in a child and return what is to be told: "result", "error" or "cancelled", and what.

    ``given()`` returns its (args, kwargs), ``packed`` makes of its value what is sent.
    """
    try:
        args, kwargs = given()
        function = imported_function(name)
        if "monitor" in inspect.signature(function).parameters:
            kwargs = {**kwargs, "monitor": monitor}
        return "result", packed(function(*args, **kwargs))
    except Cancelled:
        return "cancelled", None
    except TwinError as error:
        return "error", error
    except BaseException as error:  # noqa: BLE001 - whatever it is, the person is told in words
        return "error", in_words(error)
