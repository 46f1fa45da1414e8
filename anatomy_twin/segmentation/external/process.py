"""Running a program that the user installed: found by name, with a time limit, cancelled on request, told of in a line.

``worker`` is for functions of this project; this is for other people's programs, which run for minutes to hours.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from anatomy_twin.core import Monitor, check_cancelled
from anatomy_twin.errors import Cancelled, SegmentationError, UsageError, WorkerError
from anatomy_twin.units import check_range
from anatomy_twin.worker import end_group

LIMIT_VARIABLE: Final = "ANATOMY_TWIN_EXTERNAL_LIMIT_S"
LIMIT_S: Final = 3600.0
LONGEST_LIMIT_S: Final = 7 * 24 * 3600.0
LOOK_S: Final = 0.1
LAST_WORDS_S: Final = 10.0
KEPT_LINES: Final = 200
LONGEST_LINE: Final = 200
_PERCENT: Final = re.compile(r"(\d{1,3})%\|")
_PART: Final = re.compile(r"part (\d+) of (\d+)", re.IGNORECASE)
_TERMINAL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# what says less than the line before it
_EMPTY_WORDS: Final = re.compile(r"^[\W_]*$|^(Traceback|File \"|During handling|The above exception)|%\|")


def find_tool(name: str, variable: str, advice: str) -> Path:
    """Return the executable that ``variable`` names, else the one called ``name`` on the PATH.

    Raises ``UsageError`` with ``advice`` where there is none.
    """
    given = os.environ.get(variable, "").strip()
    found = shutil.which(given or name)
    if found:
        return Path(found)
    if given:
        raise UsageError(f"{variable} names no program that can be run", advice=f"set it to the executable {name}")
    raise UsageError(f"{name} is not installed (no such program on the PATH)", advice=advice)


def user_options(variable: str) -> list[str]:
    """Return the options that the user adds to a program's command line by an environment variable."""
    try:
        return shlex.split(os.environ.get(variable, ""))
    except ValueError as error:
        raise UsageError(f"{variable} is no list of options", advice="close its quotes") from error


def time_limit_s() -> float:
    """Return how long an external program may run: one hour, or what ANATOMY_TWIN_EXTERNAL_LIMIT_S says."""
    text = os.environ.get(LIMIT_VARIABLE, "")
    if not text:
        return LIMIT_S
    return check_range(LIMIT_VARIABLE, text, 1.0, LONGEST_LIMIT_S)  # type: ignore[arg-type]


def run_tool(
    arguments: Sequence[str | Path], folder: Path, monitor: Monitor, *, wall_s: float,
    environment: Mapping[str, str] | None = None, progress: Callable[[str], float | None] | None = None,
) -> str:
    """Run a program to its end and return the last lines that it wrote.

    Parameters
    ----------
    arguments : the program and its arguments; no shell is involved.
    folder : where it runs; its name is left out of messages.
    wall_s : after so many seconds it is killed, with all that it started.
    environment : variables that are set in addition.
    progress : reads the share that is done out of a line (None: nothing said); by default ``PercentReader``.

    Raises ``SegmentationError`` with its last meaningful line where it ends with another code than 0, ``WorkerError``
    where it overruns its time, ``Cancelled`` where the user stops it.
    """
    tool = Path(arguments[0]).name
    check_cancelled(monitor)
    try:
        process = subprocess.Popen(
            [str(part) for part in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=folder, env={**os.environ, **(environment or {})},
            start_new_session=os.name == "posix",
        )
    except OSError as error:
        raise SegmentationError(f"{tool} cannot be started: {error.strerror or type(error).__name__}",
                                advice="check its installation") from error
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    reader = threading.Thread(
        target=_read, args=(process.stdout, lines, progress or PercentReader(), monitor), daemon=True
    )
    reader.start()
    try:
        _wait(process, tool, monitor, wall_s)
    finally:
        end_group(process)
        reader.join(LAST_WORDS_S)  # what left the group of processes may hold the pipe for ever
        if process.stdout is not None and not reader.is_alive():
            process.stdout.close()
    told = [_plain(line, folder) for line in lines]
    if process.returncode != 0:
        raise SegmentationError(f"{tool} {_ending(process.returncode)}: {_last_meaningful(told)}",
                                advice="run it by itself on the scan to see more")
    return "\n".join(told)


class PercentReader:
    """Reads progress bars ("40%|####") and, where a program says so, which part of how many it is at."""

    def __init__(self) -> None:
        self._part, self._parts, self._done = 1, 1, 0.0

    def __call__(self, line: str) -> float | None:
        """Return the share that is done, never less than before; None where the line says nothing of it."""
        part = _PART.search(line)
        if part and not 0 < int(part[1]) <= int(part[2]):
            part = None
        if part:
            self._part, self._parts = int(part[1]), int(part[2])
        percents = _PERCENT.findall(line)
        if not percents and not part:
            return None
        within = min(100, int(percents[-1])) / 100.0 if percents else 0.0
        self._done = max(self._done, (self._part - 1 + within) / self._parts)
        return self._done


def _read(stream: Any, lines: deque[str], progress: Callable[[str], float | None], monitor: Monitor) -> None:
    """Take lines as they come; a bar that is drawn anew after a carriage return counts as one."""
    waiting = b""
    while chunk := stream.read1(65536):
        *whole, waiting = re.split(rb"[\r\n]+", (waiting + chunk)[-(2**20):])
        for raw in whole:
            line = raw.decode("utf-8", "replace")
            if line.strip():
                lines.append(line)
                share = progress(line)
                if share is not None:
                    monitor.progress(share)
    if waiting.strip():
        lines.append(waiting.decode("utf-8", "replace"))


def _wait(process: subprocess.Popen[bytes], tool: str, monitor: Monitor, wall_s: float) -> None:
    end = time.monotonic() + wall_s
    while process.poll() is None:
        if monitor.cancelled:
            raise Cancelled(f"{tool} was stopped on request")
        if time.monotonic() > end:
            raise WorkerError(f"{tool} gave no answer within {wall_s:g} s and was stopped",
                              advice=f"allow more seconds with {LIMIT_VARIABLE}")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_S)


def _plain(line: str, folder: Path) -> str:
    """Return a line without colours, control letters and the names of our folders."""
    text = _TERMINAL.sub("", line)
    for name in {str(folder), str(folder.resolve()), str(Path.home())}:
        text = text.replace(name, "...")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 3] + "..."


def _last_meaningful(lines: Sequence[str]) -> str:
    return next((line for line in reversed(lines) if line and not _EMPTY_WORDS.search(line)), "it said nothing")


def _ending(code: int) -> str:
    if code >= 0:
        return f"failed (exit code {code})"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
