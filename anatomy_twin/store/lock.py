"""Two programs do not change one case at the same time: who opens it to edit holds a lock beside it.

The lock is the system's own on a hidden file (``flock``), which ends with the process however that ends; the file says
who holds it, so that the second one can be told. Where a disk knows no locks, the process that the file names counts.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

from anatomy_twin.store.folder import printable

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

LARGEST_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Owner:
    """Who edits a case: user, computer, process and since when (local time)."""

    user: str
    host: str
    pid: int
    since: str
    started_s: float = 0.0

    @property
    def told(self) -> str:
        """One line for people."""
        return f"{self.user} on {self.host} since {self.since} (process {self.pid})"


class CaseLock:
    """The lock of one case: this program's (``held``), or ``owner``'s, or nobody's, as ``why`` says."""

    def __init__(self, file: Path, descriptor: int | None, owner: Owner | None, why: str = "") -> None:
        self.file, self.owner, self.why = file, owner, why
        self._descriptor = descriptor

    @property
    def held(self) -> bool:
        """True while this program may change the case."""
        return self._descriptor is not None

    def release(self) -> None:
        """Let others edit the case; nothing where the lock is not held."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):  # the folder may be gone by now
            self.file.unlink()
        os.close(self._descriptor)
        self._descriptor = None


def lock_file(case: str | Path) -> Path:
    """Return the file beside a case that is its lock."""
    place = Path(case).absolute()
    return place.parent / f".{place.name}.lock"


def lock_case(case: str | Path) -> CaseLock:
    """Take the lock of a case if nobody has it; never waits.

    What is returned is ``held``, or names the ``owner``, or says ``why`` there is none (a folder that is not writable).
    """
    file = lock_file(case)
    while True:
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o644)
        except OSError as error:
            return CaseLock(file, None, None, f"the case cannot be locked: {error.strerror or 'the disk refuses'}")
        if not _taken(descriptor):
            owner = _read(descriptor)
            os.close(descriptor)
            return CaseLock(file, None, owner or Owner("someone", "an unknown computer", 0, "an unknown time"))
        if _same(descriptor, file):
            break
        os.close(descriptor)  # its holder removed it between our two steps
    me = _myself()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(me)).encode(), 0)
    return CaseLock(file, descriptor, me)


def _taken(descriptor: int) -> bool:
    """Lock an open file; False where another process has it."""
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a disk without locks
            pass
        else:
            return True
    owner = _read(descriptor)
    return owner is None or not _alive(owner)


def _same(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except OSError:
        return False


def _read(descriptor: int) -> Owner | None:
    try:
        content = json.loads(os.pread(descriptor, LARGEST_BYTES, 0))
        return Owner(printable(content["user"], 60), printable(content["host"], 60), int(content["pid"]),
                     printable(content["since"], 40), float(content["started_s"]))  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _myself() -> Owner:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name
        user = "someone"
    process = psutil.Process()
    since = datetime.now().isoformat(" ", "minutes")
    return Owner(user, socket.gethostname() or "this computer", process.pid, since, process.create_time())


def _alive(owner: Owner) -> bool:
    """Tell whether the process of an owner runs; on another computer nobody can tell, so it counts as running."""
    if owner.host != socket.gethostname():
        return True
    try:
        return abs(psutil.Process(owner.pid).create_time() - owner.started_s) < 2.0
    except psutil.Error:
        return False
