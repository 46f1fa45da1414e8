"""A folder or file takes the place of another in one step; what a killed program left is cleared away.

On Linux two folders are exchanged by ``renameat2(RENAME_EXCHANGE)`` (man 2 renameat2; ext4, xfs, btrfs, tmpfs), so that
the name holds the old or the new one at every moment. Where that is missing the old one is renamed aside first; a
program that is killed between the two renames leaves it beside its place, and the next save or load puts it back.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from anatomy_twin.errors import StoreError

try:
    import fcntl
except ImportError:  # not a POSIX system: nobody can tell who uses a leftover, so none is taken for one
    fcntl = None  # type: ignore[assignment]

LONGEST_WAIT_S: Final = 30.0
_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_MISSING: Final = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM)
_REFUSALS: Final = {
    errno.ENOSPC: ("the disk is full", "free some space or choose another disk"),
    errno.EDQUOT: ("the space that is allotted to you is used up", "free some space or choose another disk"),
    errno.EFBIG: ("a file is larger than this disk or account allows", "choose another disk"),
    errno.EROFS: ("the disk is read-only", "choose another folder"),
    errno.EACCES: ("there is no permission to write there", "choose another folder"),
    errno.EPERM: ("there is no permission to write there", "choose another folder"),
    errno.ENAMETOOLONG: ("its name is too long", "choose a shorter name"),
}


def disk_refusal(subject: str, error: OSError, name: str) -> StoreError:
    """Return the line for a write that the system refused: what could not be written, why, and what to do."""
    reason, advice = _REFUSALS.get(error.errno or 0, (error.strerror or "the disk refuses", "choose another folder"))
    return StoreError(f"{subject} cannot be written: {reason}", where=name[:80], advice=advice)


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give an empty folder beside ``target`` that takes its place when the block ends, or is gone when it fails.

    An older folder stays in place until the new one is whole and on the disk. A program that is killed leaves a hidden
    folder beside the target; the next save or load of the same case clears it away (``mend``). Of two programs that
    replace the same folder, the later one wins as a whole.
    """
    with _neighbourhood(target):
        _mend(target)
        fresh = _beside(target, "tmp")
        fresh.mkdir()
        hold = _hold(fresh)
    try:
        yield fresh
        sync_folders(fresh)
        with _neighbourhood(target):
            _swap(fresh, target)
    finally:
        _let_go(hold)
        shutil.rmtree(fresh, ignore_errors=True)  # an older folder after the exchange, a failed one otherwise


@contextlib.contextmanager
def replacing_file(target: Path) -> Iterator[BinaryIO]:
    """Give a new file, open for writing, that takes the place of ``target`` when the block ends, or is gone."""
    with _neighbourhood(target):
        _mend(target)
        fresh = _beside(target, "tmp")
        stream = fresh.open("xb")
        hold = _hold(fresh)
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(target)
        sync_folder(target.parent)
    finally:
        _let_go(hold)
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """Write a new file and wait until it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folders(folder: Path) -> None:
    """Wait until the names in a folder and in all below it are on the disk."""
    for place in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        sync_folder(place)


def sync_folder(folder: Path) -> None:
    """Wait until the names in one folder are on the disk."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mend(target: Path) -> None:
    """Clear what a killed program left: put an older case back if its place is empty, remove half-written ones.

    Only what no running program holds is touched. Where the folder cannot be written, everything stays as it is.
    """
    with contextlib.suppress(OSError):
        if any(leftovers(target)):
            with _neighbourhood(target):
                _mend(target)


def leftovers(target: Path) -> list[Path]:
    """Return the hidden folders and files beside ``target`` that saves of it made, running ones among them."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.(?:tmp|old)-[0-9a-f]{{8}}")
    if not target.parent.is_dir():
        return []
    return sorted(path for path in target.parent.iterdir() if pattern.fullmatch(path.name))


def _mend(target: Path) -> None:
    for path in leftovers(target):
        with contextlib.suppress(OSError):  # another program may have cleared it at the same moment
            _clear(path, target)


def _clear(path: Path, target: Path) -> None:
    if _in_use(path):
        return
    aside = path / "case"
    if ".old-" in path.name and not target.exists() and aside.is_dir():
        aside.rename(target)
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _swap(fresh: Path, target: Path) -> None:
    if not target.exists():
        fresh.rename(target)
        sync_folder(target.parent)
    elif exchange(fresh, target):
        try:
            sync_folder(target.parent)
        except OSError:
            exchange(fresh, target)  # the older case was there before, so it is what stays
            raise
    else:
        _swap_in_two_steps(fresh, target)


def _swap_in_two_steps(fresh: Path, target: Path) -> None:
    old = _beside(target, "old")
    old.mkdir()
    hold = _hold(old)
    try:
        target.rename(old / "case")
        try:
            fresh.rename(target)
        except OSError:
            (old / "case").rename(target)
            raise
        sync_folder(target.parent)
    finally:
        _let_go(hold)
        shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change places in one step; False, and nothing done, where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # a C library older than glibc 2.28
        return False
    rename.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _MISSING:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _beside(target: Path, purpose: str) -> Path:
    return target.parent / f".{target.name}.{purpose}-{secrets.token_hex(4)}"


@contextlib.contextmanager
def _neighbourhood(target: Path) -> Iterator[None]:
    """Hold the folder that ``target`` is in for the moment in which names change in it.

    Without this lock one program could take the new folder of another for a leftover before it is marked as held.
    """
    descriptor = None
    if fcntl is not None:
        descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        if descriptor is not None:
            _wait_for(descriptor, target)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _wait_for(descriptor: int, target: Path) -> None:
    end = time.monotonic() + LONGEST_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise StoreError("another program is busy in the folder of the case", where=target.name[:80],
                                 advice="try again when it is done") from None
            time.sleep(0.01)
        except OSError:  # a disk without locks
            return


def _hold(path: Path) -> int | None:
    """Mark a path as in use; the system lets go of it when this process ends, however it ends."""
    if fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    with contextlib.suppress(OSError):  # a disk without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def _let_go(hold: int | None) -> None:
    if hold is not None:
        os.close(hold)


def _in_use(path: Path) -> bool:
    """Return whether a running program holds a path; True where that cannot be told."""
    if fcntl is None:
        return True
    mode = path.lstat().st_mode
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        return True
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)
