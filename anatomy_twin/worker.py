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
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from anatomy_twin.errors import TwinError, UsageError, WorkerError

_START = "from anatomy_twin.worker import child_main; child_main()"


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
    process = subprocess.Popen(
        [sys.executable, "-c", _START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(_import_path()), **(env or {})},
        start_new_session=os.name == "posix",
    )
    try:
        answer, _ = process.communicate(request, timeout=wall_s)
    except subprocess.TimeoutExpired:
        raise WorkerError(f"{function} gave no answer within {wall_s:g} s and was stopped") from None
    finally:
        _kill(process)
    return _result(function, answer, process.returncode, memory_bytes, cpu_s)


def child_main() -> None:
    """Serve one request from standard input; what the function prints is dropped."""
    answer_to = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print must not get between the answer's bytes
    try:
        function, args, memory_bytes, cpu_s = pickle.load(sys.stdin.buffer)
        _limit(memory_bytes, cpu_s)
        module, name = function.split(":")
        answer: tuple[str, Any] = ("value", getattr(importlib.import_module(module), name)(*args))
        data = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        data = pickle.dumps(("memory", None))
    except TwinError as error:
        data = pickle.dumps(("refusal", error))
    except BaseException as error:  # noqa: BLE001 - some native libraries raise what is no Exception
        data = pickle.dumps(("error", (type(error).__name__, " ".join(str(error).split())[:200])))
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
        name = _signal_name(-code)
        if name == "SIGXCPU":
            raise WorkerError(f"{function} used more than {cpu_s:g} s of processor time and was stopped")
        raise WorkerError(f"{function} was ended by {name}{_gigabytes(memory_bytes)}")
    raise WorkerError(f"{function} ended without an answer (exit code {code})")


def _gigabytes(memory_bytes: int | None) -> str:
    return f" (limit {memory_bytes / 2**30:.3g} GB)" if memory_bytes else ""


def _signal_name(number: int) -> str:
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


def _import_path() -> list[str]:
    return [entry or os.getcwd() for entry in sys.path]  # noqa: PTH109 - "" on sys.path means exactly this


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and what it started, whatever state they are in."""
    if process.poll() is None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            with contextlib.suppress(OSError):
                stream.close()
