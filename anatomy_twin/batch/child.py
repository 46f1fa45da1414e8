"""One study in a process of its own, watched from outside: its time, its memory, its end.

Python's own limits do not do here. A limit of the address space counts what is only reserved, and a thread inside
cannot look at the clock while a library holds the interpreter. So the parent looks, and ends the child together with
all that it started.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from anatomy_twin.batch.study import Settings, Study, without_names
from anatomy_twin.errors import TwinError
from anatomy_twin.worker import end_group, import_path

_START: Final = "from anatomy_twin.batch.child import child_main; child_main()"
_LOOK_S: Final = 0.1
_COUNT_S: Final = 0.5  # finding all processes that one has started takes longer than looking at one
# threads of each numerical library; they are read when the library is loaded
ONE_THREAD: Final = {
    name: "1"
    for name in (
        "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "VTK_SMP_MAX_THREADS",
    )
}
_PR_SET_PDEATHSIG: Final = 1
_LISTS_CHILDREN: Final = Path("/proc/thread-self/children").exists()
STOPPED: Final = "stopped on request"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended: its answer, or the ``reason`` why there is none."""

    answer: dict[str, Any] | None
    reason: str
    seconds: float
    peak_bytes: int


def run_child(study: Study, settings: Settings, work: Path, stop: Path) -> Ending:
    """Run the stages of one study in a fresh process and return how it ended; the process is gone then.

    ``work`` is a folder for what it needs meanwhile, ``stop`` a file that ends it once it is there.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={
            **os.environ, **ONE_THREAD, "TMPDIR": str(work), "PYTHONPATH": os.pathsep.join(import_path()),
            "PYTHONWARNINGS": "ignore",
        },
        start_new_session=os.name == "posix",
    )
    try:
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone already: its exit code tells
            # the pipe stays open: where this process ends, the child hears of it
            pickle.dump((study, settings, work, os.getpid()), process.stdin)
            process.stdin.flush()
        reason, peak = _watched(process, settings, stop, start)
    finally:
        _kill(process)
    seconds = time.perf_counter() - start
    answer = _answer(work)
    if answer is not None:
        peak = max(peak, int(answer.get("peak_bytes", 0)))
    if reason or answer is None:
        return Ending(None, reason or _ended(process.returncode), seconds, peak)
    if "failure" in answer:
        return Ending(None, str(answer["failure"]), seconds, peak)
    return Ending(answer, "", seconds, peak)


def _watched(process: subprocess.Popen[bytes], settings: Settings, stop: Path, start: float) -> tuple[str, int]:
    """Wait for the child; return the reason why it must end before, and the highest memory that was seen."""
    peak, others, counted = 0, 0, 0.0
    limit = settings.memory_limit_bytes
    with contextlib.suppress(psutil.NoSuchProcess):
        seen = psutil.Process(process.pid)
        while process.poll() is None:
            now = time.perf_counter()
            if now - start > settings.time_limit_s:
                return f"stopped after {settings.time_limit_s:g} s", peak
            if now - counted > _COUNT_S:
                others, counted = _memory_of_children(seen), now
                if stop.exists() or not settings.work.is_dir():
                    return STOPPED, peak
            peak = max(peak, seen.memory_info().rss + others)
            if limit is not None and peak > limit:
                return f"stopped: it took more than {gigabytes(limit)} of memory", peak
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_S)
    process.wait()
    return "", peak


def _memory_of_children(process: psutil.Process) -> int:
    total = 0
    with contextlib.suppress(psutil.Error):
        for number in _started_by(process.pid) if _LISTS_CHILDREN else [one.pid for one in process.children(True)]:
            with contextlib.suppress(psutil.Error):
                total += psutil.Process(number).memory_info().rss
    return total


def _started_by(number: int) -> list[int]:
    """Return the processes that one has started, and these in turn, as Linux lists them by thread.

    The portable way looks at all processes of the machine, which is too slow to be done often for many studies.
    """
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{number}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return [one for child in found for one in (child, *_started_by(child))]


def gigabytes(count: int) -> str:
    """Return a number of bytes for a reader."""
    return f"{count / 2**30:.3g} GB"


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended without an answer (exit code {code})"


def _answer(work: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((work / "answer.json").read_bytes())
    except (OSError, ValueError):
        return None
    return found


def child_main() -> None:
    """Run one request from standard input and write ``answer.json`` into its folder."""
    study, settings, work, parent = pickle.load(sys.stdin.buffer)
    _end_with(parent)
    _limit(settings.memory_limit_bytes)
    try:
        from anatomy_twin.batch.stages import run_stages

        answer = run_stages(study, settings, work)
    except TwinError as error:
        answer = {"failure": without_names(error.line, study)}
    except OSError as error:
        answer = {"failure": f"a file cannot be read or written: {error.strerror or type(error).__name__}"}
    except MemoryError:
        answer = {"failure": f"no more memory{_of_limit(settings.memory_limit_bytes)}"}
    except BaseException as error:  # noqa: BLE001 - whatever it is, the study has failed and the others go on
        answer = {"failure": f"{type(error).__name__} {_where(error)}"}
    answer["peak_bytes"] = _own_peak()
    part = work / "answer.part"
    part.write_text(json.dumps(answer), encoding="utf-8")
    part.replace(work / "answer.json")
    os._exit(0)  # nothing that a library does at the end may spoil the answer


def _of_limit(limit: int | None) -> str:
    return f" within {gigabytes(limit)}" if limit else ""


def _where(error: BaseException) -> str:
    """Return the place in this package where an error came from; its text may quote what belongs to the patient."""
    frames = traceback.extract_tb(error.__traceback__)
    package = Path(__file__).parent.parent
    inside = [frame for frame in frames if Path(frame.filename).is_relative_to(package)]
    if not inside:
        return "outside the package"
    place = Path(inside[-1].filename).relative_to(package).as_posix()
    return f"in {place}, line {inside[-1].lineno}"


def _own_peak() -> int:
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _limit(memory_bytes: int | None) -> None:
    """Let a request for far more than the limit fail at once, where the system can: the parent looks every 0.1 s.

    RLIMIT_DATA counts private memory only (Linux 4.7 and later), not the libraries and files that are mapped.
    """
    if memory_bytes is None:
        return
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        room = memory_bytes + max(memory_bytes // 4, 2**30)
        resource.setrlimit(resource.RLIMIT_DATA, (room, room))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with(parent: int) -> None:
    """End this process and what it starts when the process that started it ends, however that happens."""

    def wait_for_the_end() -> None:
        while sys.stdin.buffer.read(1):
            pass
        if os.name == "posix":
            os.killpg(os.getpgid(0), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    if sys.platform.startswith("linux"):  # this one works while a library holds the interpreter, too
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and what it started, whatever state they are in."""
    if os.name != "posix" and process.poll() is None:  # there is no group to end
        with contextlib.suppress(psutil.Error):
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
    end_group(process)
    if process.stdin is not None and not process.stdin.closed:
        with contextlib.suppress(OSError):
            process.stdin.close()
