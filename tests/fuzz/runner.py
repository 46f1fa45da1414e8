"""Runs cases of broken input, each in a child process and a folder of its own, and says what came of them (Linux only).

A child is forked from a process that has imported the readers already, so that a case costs milliseconds, not the
second that a start costs. Writing and reading happen in two children: the memory that is measured is the reader's.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.fuzz.case import Case, Loaded

FAMILY_MODULES = (
    "tests.fuzz.dicom_mutations",
    "tests.fuzz.defects",
    "tests.fuzz.meshes",
    "tests.fuzz.archives",
    "tests.fuzz.manifests",
    "tests.fuzz.label_objects",
)
LONGEST_S = 5.0
MOST_BYTES = 10**9
_KILLED_AFTER_S = 30.0
_MORE_TRIES = 2
_WRITTEN_WITHIN_S = 60.0
_ADDRESS_SPACE_BYTES = 12 * 2**30
_CLEARED_WITHIN_S = 3.0
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of <linux/prctl.h>: orphans of a case become our children


@dataclass(frozen=True)
class Result:
    """What came of one case; ``violations`` is empty if all of it was allowed."""

    family: str
    name: str
    outcome: str
    detail: str = ""
    wall_s: float = 0.0
    memory_bytes: int = 0
    violations: tuple[str, ...] = field(default=())

    @property
    def good(self) -> bool:
        return not self.violations


def all_cases(modules: Sequence[str] = FAMILY_MODULES) -> tuple[Case, ...]:
    """Collect the cases of every family; two cases of one name are an error of the corpus."""
    cases = tuple(case for module in modules for case in importlib.import_module(module).cases())
    names = [(case.family, case.name) for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two cases of one name: {sorted(twice)}")
    return cases


def run_cases(
    cases: Sequence[Case], folder: Path, *, jobs: int = 2, done: Callable[[Result], None] = lambda result: None
) -> list[Result]:
    """Run cases below ``folder`` in ``jobs`` processes at a time; results in the order of the cases."""
    for case in cases:
        _function(case)  # imported once here, not in every child
    pipes = selectors.DefaultSelector()
    for job in range(jobs):
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read_end)
            _serve(cases[job::jobs], folder / f"job{job}", write_end)
        os.close(write_end)
        pipes.register(os.fdopen(read_end, encoding="utf-8"), selectors.EVENT_READ, pid)
    found: dict[tuple[str, str], Result] = {}
    while pipes.get_map():
        for key, _ in pipes.select():
            lines: Any = key.fileobj
            line = lines.readline()  # a job writes whole lines
            if not line:
                pipes.unregister(lines)
                lines.close()
                os.waitpid(key.data, 0)
                continue
            values = json.loads(line)
            result = Result(**{**values, "violations": tuple(values["violations"])})
            found[result.family, result.name] = result
            done(result)
    strangers = {entry.name for entry in folder.iterdir()} - {f"job{job}" for job in range(jobs)}
    if strangers:
        raise RuntimeError(f"a case wrote beside its folder: {sorted(map(ascii, strangers))[:5]}")
    lost = Result("", "", "lost", violations=("the runner ended",))
    return [found.get((case.family, case.name), replace(lost, family=case.family, name=case.name)) for case in cases]


def _serve(cases: Sequence[Case], folder: Path, write_end: int) -> None:
    """Run cases one after the other and write each result as one line; never returns."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        folder.mkdir()
        with os.fdopen(write_end, "w", encoding="utf-8") as lines:
            for case in cases:
                result = run_case(case, folder)
                for _ in range(_MORE_TRIES):  # another process may have had the machine
                    if result.outcome == "hang" or not any("seconds" in what for what in result.violations):
                        break
                    result = min(result, run_case(case, folder), key=lambda one: len(one.violations))
                lines.write(json.dumps(asdict(result)) + "\n")
                lines.flush()
        code = 0
    finally:
        os._exit(code)


def run_case(case: Case, folder: Path) -> Result:
    """Write and read one case below ``folder``, which is as it was afterwards."""
    home = Path(tempfile.mkdtemp(prefix="case-", dir=folder))
    inside, scratch = home / "in" / case.name, home / "tmp"
    for part in (inside, scratch, home / "home"):
        part.mkdir(parents=True)
    try:
        written = _in_child(home, _WRITTEN_WITHIN_S, lambda: {"path": os.fsencode(case.write(inside)).hex()})
        if "path" not in written:
            return _judged(case, {**written, "outcome": "not written"}, [])
        path = Path(os.fsdecode(bytes.fromhex(written["path"])))
        before = _listing(folder)
        answer = _in_child(home, _KILLED_AFTER_S, lambda: _read(case, path))
        extra = _what_is_left(case, folder, before)
        log = (home / "log").read_text(encoding="utf-8", errors="replace")
        if "Traceback (most recent call last)" in log:
            extra.append("printed a traceback")
        return _judged(case, answer, extra)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _read(case: Case, path: Path) -> dict[str, Any]:
    """Call the reader and find the outcome; runs in the child."""
    import resource  # not on Windows, where only the list of the cases is of use

    from anatomy_twin.errors import TwinError

    reached: list[str] = []
    _no_network(reached)
    value, outcome, detail = None, "", ""
    start = time.monotonic()
    try:
        value = _function(case)(path)
    except TwinError as error:
        outcome, detail = "refused", f"{type(error).__name__}: {error.line}"
    except BaseException as error:  # noqa: BLE001 - any other error is what is being looked for
        outcome, detail = "error", f"{type(error).__name__}: {error}"
    wall_s = time.monotonic() - start
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024
    if not outcome:
        outcome, detail = _compared(case, value)
    return {"outcome": outcome, "detail": detail[:300], "wall_s": wall_s, "memory_bytes": memory, "reached": reached}


def _compared(case: Case, value: Any) -> tuple[str, str]:
    loaded = value if isinstance(value, Loaded) else Loaded(value)
    same = case.same is not None and bool(case.same(loaded.value))
    said = "; ".join(loaded.warnings)
    if not loaded.warnings:
        return ("truth", "") if same else ("silently wrong", "a value that is not the truth, without a warning")
    if same or (case.word is not None and case.word.lower() in said.lower()):
        return "warned", said
    return "silently wrong", f"not the truth, and warned only of: {said}"


def _judged(case: Case, answer: dict[str, Any], extra: list[str]) -> Result:
    outcome, wall_s, memory = answer["outcome"], answer.get("wall_s", 0.0), answer.get("memory_bytes", 0)
    violations = [] if outcome in case.allowed else [f"{outcome}, where {' or '.join(sorted(case.allowed))} is right"]
    if wall_s > LONGEST_S:
        violations.append(f"took {wall_s:.1f} seconds")
    if memory > MOST_BYTES:
        violations.append(f"took {memory / 1e9:.2f} GB")
    violations += [f"reached for the network: {what}" for what in answer.get("reached", ())]
    return Result(case.family, case.name, outcome, answer.get("detail", ""), round(wall_s, 3), memory,
                  (*violations, *extra))


def _in_child(home: Path, limit_s: float, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do work in a forked child and return its answer, or how the child ended instead."""
    read_end, write_end = os.pipe()
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        _child(home, write_end, work)
    os.close(write_end)
    data = b""
    with os.fdopen(read_end, "rb", buffering=0) as stream:
        os.set_blocking(stream.fileno(), False)
        while time.monotonic() - start < limit_s:
            part = stream.read(65536)
            if part == b"":
                break
            data += part or b""
            if part is None:
                time.sleep(0.002)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if data and status == 0:
        return dict(json.loads(data))
    wall_s = time.monotonic() - start
    if wall_s >= limit_s:
        return {"outcome": "hang", "detail": f"no answer within {limit_s:g} s", "wall_s": wall_s}
    code = os.waitstatus_to_exitcode(status)
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return {"outcome": "crashed", "detail": how, "wall_s": wall_s}


def _child(home: Path, write_end: int, work: Callable[[], dict[str, Any]]) -> None:
    import resource

    code = 1
    try:
        log = os.open(home / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.chdir(home / "home")
        os.environ.update(HOME=str(home / "home"), TMPDIR=str(home / "tmp"))
        tempfile.tempdir = str(home / "tmp")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001 - told in the answer
            answer = {"outcome": "error", "detail": f"{type(error).__name__}: {error}"[:300]}
        with os.fdopen(write_end, "wb") as stream:
            stream.write(json.dumps(answer).encode())
        code = 0
    finally:
        os._exit(code)


def _no_network(reached: list[str]) -> None:
    """Let no socket connect or listen in this process, and note the tries."""

    def refuse(_self: socket.socket, address: object, *_rest: object) -> None:
        reached.append(str(address)[:80])
        raise OSError("no network here")

    for name in ("connect", "connect_ex", "bind"):
        setattr(socket.socket, name, refuse)


def _listing(folder: Path) -> set[str]:
    """Every path below a folder; links are not followed."""
    found: set[str] = set()
    stack = [os.fsencode(folder)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                found.add(os.fsdecode(entry.path))
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
    return found


def _what_is_left(case: Case, folder: Path, before: set[str]) -> list[str]:
    """Name the processes and files that the reader left behind."""
    left = []
    deadline = time.monotonic() + _CLEARED_WITHIN_S
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                if time.monotonic() > deadline:
                    left.append("left a process running")
                    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                        os.kill(int(child), signal.SIGKILL)
                    deadline += _CLEARED_WITHIN_S
                time.sleep(0.005)
        except ChildProcessError:
            break
    after = _listing(folder)
    target = f"{os.sep}in{os.sep}{case.name}{os.sep}target"
    new = sorted(path for path in after - before if target not in path)
    left += [f"wrote a file outside the target folder: {Path(path).name!a}" for path in new[:3]]
    left += [f"removed a file: {Path(path).name!a}" for path in sorted(before - after)[:3]]
    return left


def _function(case: Case) -> Callable[[Path], Any]:
    module, name = case.run.split(":")
    function: Callable[[Path], Any] = getattr(importlib.import_module(module), name)
    return function
