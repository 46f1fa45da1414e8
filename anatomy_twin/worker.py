"""One named function in a child process with memory, processor and time limits.

For work on other people's bytes whose libraries can end the process or never return, and for probing what may crash.
The limits bound accidents and decompression bombs; they are no wall against code that was taken over, because the
answer comes back as a pickle.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO

from anatomy_twin.errors import TwinError, UsageError, WorkerError

_START = "from anatomy_twin.worker import child_main; child_main()"
_START_SERVING = "from anatomy_twin.worker import serve_main; serve_main()"
_LENGTH = struct.Struct("<Q")
# what a fresh interpreter may take before its first answer, beside the limit of that answer
START_S = 30.0


def run_limited(
    function: str,
    *args: Any,
    memory_bytes: int | None = None,
    cpu_s: float | None = None,
    wall_s: float = 60.0,
    env: Mapping[str, str] | None = None,
) -> Any:
    """Run ``function(*args)`` in a fresh interpreter and return what it returns.

    Parameters
    ----------
    function : "module:function"; the module is imported in the child only.
    args : picklable arguments.
    memory_bytes : limit of the child's address space, where the platform can limit it (Linux).
    cpu_s : limit of processor time in seconds, where the platform can limit it (Linux, macOS).
    wall_s : the child and all that it started are killed after so many seconds.
    env : environment variables that are set in the child in addition.

    Raises ``WorkerError`` in one line if the child dies, overruns a limit or raises; a ``TwinError`` raised by the
    function passes through as it is. ``UsageError`` if ``function`` has no colon.
    """
    if function.count(":") != 1:
        raise UsageError(f"{function!r} names no function", advice='write it as "module:function"')
    request = pickle.dumps((function, args, memory_bytes, cpu_s), protocol=pickle.HIGHEST_PROTOCOL)
    process = _start(_START, env)
    try:
        answer, _ = process.communicate(request, timeout=wall_s)
    except subprocess.TimeoutExpired:
        raise WorkerError(f"{function} gave no answer within {wall_s:g} s and was stopped") from None
    finally:
        _kill(process)
    return _result(function, answer, process.returncode, memory_bytes, cpu_s)


def run_each(
    function: str,
    items: Iterable[Any],
    *,
    memory_bytes: int | None = None,
    cpu_s: float | None = None,
    wall_s: float = 60.0,
    processes: int = 1,
    env: Mapping[str, str] | None = None,
) -> Generator[Any, None, None]:
    """Yield ``function(item)`` for each item, in order, from fresh interpreters that each serve many items.

    Parameters
    ----------
    function : "module:function"; the module is imported in the children only.
    items : picklable; taken as they are needed, two for each process ahead.
    memory_bytes, cpu_s : limits of each child, as in ``run_limited``; ``cpu_s`` counts for all its items together.
    wall_s : a child that takes longer for one item is killed.
    processes : how many children work side by side.

    Raises for the first item that fails, as ``run_limited`` does; the items before it have been yielded. The children
    end with the generator: close it where it may be left early.
    """
    if function.count(":") != 1:
        raise UsageError(f"{function!r} names no function", advice='write it as "module:function"')
    idle: queue.SimpleQueue[_Server] = queue.SimpleQueue()
    servers = [_Server(function, memory_bytes, cpu_s, env) for _ in range(processes)]
    for server in servers:
        idle.put(server)

    def work(item: Any) -> Any:
        server = idle.get()
        try:
            return server.answer(item, wall_s)
        finally:
            idle.put(server)

    waiting: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(processes)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        for server in servers:
            server.stop()
        pool.shutdown(wait=True, cancel_futures=True)


class _Server:
    """One child that serves items until it is stopped or dies; started by its first item."""

    def __init__(
        self, function: str, memory_bytes: int | None, cpu_s: float | None, env: Mapping[str, str] | None
    ) -> None:
        self.function, self.memory_bytes, self.cpu_s, self.env = function, memory_bytes, cpu_s, env
        self.process: subprocess.Popen[bytes] | None = None
        self.stopped = False
        self._changing = threading.Lock()

    def answer(self, item: Any, wall_s: float) -> Any:
        """Return what the function returns for one item; a child that gives no answer is not used again."""
        with self._changing:  # or a child could start just after all were stopped
            if self.stopped:
                raise WorkerError(f"{self.function} was stopped")
            if self.process is None:
                self.process = _start(_START_SERVING, self.env)
                wall_s += START_S
                item = (self.function, self.memory_bytes, self.cpu_s, item)
            process, late = self.process, threading.Event()

        request, data = pickle.dumps(item, protocol=pickle.HIGHEST_PROTOCOL), b""

        def kill() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(wall_s, kill)
        timer.start()
        try:
            assert process.stdin is not None and process.stdout is not None
            with contextlib.suppress(OSError, ValueError):  # the child is gone and its pipes with it
                write_message(process.stdin, request)
                data = read_message(process.stdout)
            if not data:
                process.wait()  # for its exit code, within the same limit of time
        finally:
            timer.cancel()
        if late.is_set() or not data:
            self.stop()
        if late.is_set():
            raise WorkerError(f"{self.function} gave no answer within {wall_s:g} s and was stopped")
        code = 0 if data else process.returncode or 1
        return _result(self.function, data, code, self.memory_bytes, self.cpu_s)

    def stop(self) -> None:
        """End the child, whatever it does, for good."""
        with self._changing:
            self.stopped = True
            process, self.process = self.process, None
        if process is not None:
            _kill(process)


def serve_main() -> None:
    """Serve requests from standard input until it ends; the first one carries function and limits too."""
    answer_to = os.dup(1)
    os.dup2(2, 1)
    function: Callable[[Any], Any] | None = None
    with os.fdopen(answer_to, "wb") as stream:
        while request := read_message(sys.stdin.buffer):
            item = pickle.loads(request)

            def work(item: Any = item) -> Any:
                nonlocal function
                if function is None:
                    name, memory_bytes, cpu_s, item = item
                    _limit(memory_bytes, cpu_s)
                    function = imported_function(name)
                return function(item)

            write_message(stream, _answer(work))


def write_message(stream: BinaryIO | Any, data: bytes) -> None:
    """Write one message: its length, then its bytes."""
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_message(stream: BinaryIO | Any) -> bytes:
    """Return the next message, or nothing where the other side has gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    (length,) = _LENGTH.unpack(head)
    data: bytes = stream.read(length)
    return data if len(data) == length else b""


def imported_function(name: str) -> Callable[..., Any]:
    """Return the function called "module:function"."""
    module, attribute = name.split(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def _answer(work: Callable[[], Any]) -> bytes:
    """Return what a piece of work returns or raises, as the bytes that ``_result`` reads."""
    try:
        return pickle.dumps(("value", work()), protocol=pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return pickle.dumps(("memory", None))
    except TwinError as error:
        return pickle.dumps(("refusal", error))
    except BaseException as error:  # noqa: BLE001 - some native libraries raise what is no Exception
        return pickle.dumps(("error", (type(error).__name__, " ".join(str(error).split())[:200])))


def _start(code: str, env: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(import_path()), **(env or {})},
        start_new_session=os.name == "posix",
    )


def child_main() -> None:
    """Serve one request from standard input; what the function prints is dropped."""
    answer_to = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print must not get between the answer's bytes

    def work() -> Any:
        function, args, memory_bytes, cpu_s = pickle.load(sys.stdin.buffer)
        _limit(memory_bytes, cpu_s)
        return imported_function(function)(*args)

    data = _answer(work)
    with os.fdopen(answer_to, "wb") as stream:
        stream.write(data)


def _result(
    function: str, answer: bytes, code: int, memory_bytes: int | None, cpu_s: float | None
) -> Any:
    if code == 0:
        with contextlib.suppress(pickle.UnpicklingError, EOFError):
            kind, value = pickle.loads(answer)
            if kind == "value":
                return value
            if kind == "refusal":
                raise value
            if kind == "memory":
                raise WorkerError(f"{function} ran out of memory{_gigabytes(memory_bytes)}")
            raise WorkerError(f"{function} failed with {value[0]}: {value[1]}")
    if code < 0:
        name = signal_name(-code)
        if name == "SIGXCPU":
            raise WorkerError(f"{function} used more than {cpu_s:g} s of processor time and was stopped")
        raise WorkerError(f"{function} was ended by {name}{_gigabytes(memory_bytes)}")
    raise WorkerError(f"{function} ended without an answer (exit code {code})")


def _gigabytes(memory_bytes: int | None) -> str:
    return f" (limit {memory_bytes / 2**30:.3g} GB)" if memory_bytes else ""


def signal_name(number: int) -> str:
    """Return what a signal is called."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _limit(memory_bytes: int | None, cpu_s: float | None) -> None:
    """Set the limits that this platform has; there is no ``resource`` on Windows."""
    try:
        import resource
    except ImportError:
        return
    wanted = [(resource.RLIMIT_CORE, 0, 0)]
    if memory_bytes:
        wanted.append((resource.RLIMIT_AS, int(memory_bytes), int(memory_bytes)))
    if cpu_s:
        seconds = max(1, round(cpu_s))
        wanted.append((resource.RLIMIT_CPU, seconds, seconds + 2))
    for kind, soft, hard in wanted:
        # a platform may refuse a limit (macOS: address space), or a lower one may stand already
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))


def import_path() -> list[str]:
    """Return where this process looks for modules, for a child that is to find the same."""
    return [entry or os.getcwd() for entry in sys.path]  # noqa: PTH109 - "" on sys.path means exactly this


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a child that leads a process group, and on POSIX what it started, whatever state they are in."""
    if os.name == "posix":
        # the group bears the number of the child and may outlive it
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and close our ends of its pipes."""
    end_group(process)
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            with contextlib.suppress(OSError):
                stream.close()
