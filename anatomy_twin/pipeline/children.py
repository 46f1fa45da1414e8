"""Child processes beside a window: how they are started, spoken with, and sure to end.

Messages are pickles behind their length. The child leads a process group of its own, ends with its parent, however
that ends, and takes what it started with it. What libraries print is dropped.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from anatomy_twin.errors import TwinError, UsageError, WorkerError
from anatomy_twin.worker import end_group, import_path, read_message, signal_name, write_message

_PR_SET_PDEATHSIG: Final = 1
# read by each numerical library when it is loaded; what the user has set stands
_THREADS: Final = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                   "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")  # fmt: skip


class Child:
    """One child process that runs ``main`` ("module:function" of this package, no arguments).

    Start it in the thread that will wait for its end: Linux ends a child with the thread that started it.
    """

    def __init__(self, main: str, *, threads: int, keep: tuple[int, ...] = ()) -> None:
        module, _, name = main.partition(":")
        posix = os.name == "posix"
        environment = {**dict.fromkeys(_THREADS, str(threads)), **os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"from {module} import {name}; {name}()"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=posix,
            env={**environment, "PYTHONPATH": os.pathsep.join(import_path()), "PYTHONWARNINGS": "ignore"},
            pass_fds=keep if posix else (),
        )
        self._writing = threading.Lock()
        self.send(os.getpid())

    def send(self, message: Any) -> bool:
        """Send a message; False where the child is gone."""
        assert self.process.stdin is not None
        try:
            with self._writing:
                send(self.process.stdin, message)
        except (OSError, ValueError):
            return False
        return True

    def receive(self) -> Any:
        """Wait for the next message; None where the child has ended."""
        assert self.process.stdout is not None
        try:
            return receive(self.process.stdout)
        except (OSError, ValueError):
            return None

    def kill(self) -> None:
        """End the child and what it started, whatever they do; from any thread, without waiting for it."""
        if self.process.returncode is not None:
            return
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()

    def close(self) -> int:
        """End it, close the pipes and return its exit code."""
        end_group(self.process)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError, ValueError):
                    stream.close()
        return int(self.process.returncode)


def worker_threads() -> int:
    """Return how many threads long work may take: one core is left to the window."""
    return max(1, (os.cpu_count() or 2) - 1)


def send(stream: BinaryIO | Any, message: Any) -> None:
    """Write one message."""
    write_message(stream, pickle.dumps(message, protocol=5))


def receive(stream: BinaryIO | Any) -> Any:
    """Read one message; None where the other side has gone."""
    data = read_message(stream)
    return pickle.loads(data) if data else None


class Parent:
    """The other end, within the child. ``inbox`` fills with messages while the child works; None is never in it."""

    def __init__(self, *, nice: int = 0, heard: Callable[[Any], bool] = lambda message: False) -> None:
        """``heard`` sees each message first, in the reading thread, and returns True where it took it."""
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        answers = os.dup(1)
        os.dup2(2, 1)  # whatever libraries print must not get between messages
        self._stream = os.fdopen(answers, "wb")
        self._writing, self._heard = threading.Lock(), heard
        parent = receive(sys.stdin.buffer)
        _end_with(parent)
        if nice and hasattr(os, "nice"):
            os.nice(nice)
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, message: Any) -> None:
        """Send a message; ends the process where the parent has gone."""
        try:
            with self._writing:
                send(self._stream, message)
        except OSError:
            _end_all()

    def _read(self) -> None:
        while (message := receive(sys.stdin.buffer)) is not None:
            if not self._heard(message):
                self.inbox.put(message)
        _end_all()


def named_function(function: str | Callable[..., Any]) -> str:
    """Return "module:function" of a function that another process can import; ``UsageError`` where it cannot."""
    name = function if isinstance(function, str) else f"{function.__module__}:{function.__qualname__}"
    module, colon, attribute = name.partition(":")
    if not (colon and module and attribute.isidentifier()) or module == "__main__":
        raise UsageError(f"{name!r} names no function of a module", advice='write it as "module:function"')
    return name


def in_words(error: BaseException) -> TwinError:
    """Return an error as one line for a person; a ``TwinError`` as it is."""
    if isinstance(error, TwinError):
        return error
    if isinstance(error, MemoryError):
        return WorkerError("there is not enough memory for this", advice="close other programs, or work on less")
    text = " ".join(str(error).split())[:200]
    return WorkerError(f"it failed with {type(error).__name__}{f': {text}' if text else ''}", where=_place(error),
                       advice="nothing was changed; this is a fault of the program")  # fmt: skip


def ending(code: int) -> TwinError:
    """Return in words how a child ended that gave no answer."""
    if code < 0:
        name = signal_name(-code)
        memory = -code in (getattr(signal, "SIGKILL", 9), getattr(signal, "SIGABRT", 6))
        return WorkerError(f"the work was ended from outside ({name})",
                           advice="perhaps the machine ran out of memory; nothing was changed" if memory
                           else "nothing was changed")  # fmt: skip
    return WorkerError(f"the work ended without an answer (exit code {code})", advice="nothing was changed")


def _place(error: BaseException) -> str:
    package = Path(__file__).parent.parent
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if Path(frame.filename).is_relative_to(package) and frame.filename != __file__]  # fmt: skip
    if not frames:
        return ""
    return f"{Path(frames[-1].filename).relative_to(package).as_posix()}, line {frames[-1].lineno}"


def _end_with(parent: Any) -> None:
    """Let the system end this process when its parent ends, even while a library holds the interpreter."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            _end_all()


def _end_all() -> None:
    """End this process and what it started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(os.getpgid(0), signal.SIGKILL)
    os._exit(1)

