"""Archives become a folder of plain files: all members or none.

Nothing is renamed, skipped or overwritten on the way: a member whose name or kind could do harm on any system refuses
the archive as a whole, by name. The bytes are read in a child process with memory and time limits.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from anatomy_twin.archive.limits import ADVICE, STANDARD, Limits
from anatomy_twin.archive.tar_file import is_tar_header, unpack_tar
from anatomy_twin.archive.zip_file import unpack_zip
from anatomy_twin.errors import StoreError
from anatomy_twin.worker import run_limited

try:
    import fcntl
except ImportError:  # not a POSIX system: what a killed program left stays until the system clears its own folder
    fcntl = None  # type: ignore[assignment]

_FOREIGN: Final = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "RAR", b"MSCF": "CAB", b"\x28\xb5\x2f\xfd": "zstd"}
_FORMATS: Final = {b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x1f\x8b": "gz", b"\xfd7zXZ\0": "xz", b"BZh": "bz2"}
_PREFIX: Final = "anatomy-twin-archive-"
_OLD_S: Final = 60.0


def unpack(path: str | Path, folder: str | Path, limits: Limits = STANDARD) -> tuple[Path, ...]:
    """Unpack an archive into a folder that is not there yet, or is empty: all of it, or nothing.

    Parameters
    ----------
    path : zip, tar, tar.gz, tar.xz or tar.bz2; its content decides, not its name. Archives inside it stay files.
    folder : where the members go; its parent has to be there.
    limits : sizes, counts and times.

    Returns
    -------
    tuple[Path, ...] : the files, in the order of the archive.

    Raises
    ------
    StoreError : no such archive, an unknown or damaged one, a member that is refused (a name that leads elsewhere, is
        not possible on every system or occurs twice; a link, a device, an encrypted one), or more than the limits.
    WorkerError : the child process ran out of memory or time.
    """
    source, target = Path(path).absolute(), Path(folder).absolute()
    kind = archive_kind(source)
    if kind is None:
        raise StoreError("file is no archive that can be read", where=source.name[:80],
                         advice="give zip, tar, tar.gz, tar.xz or tar.bz2")
    if source.stat().st_size > limits.archive_bytes:
        raise StoreError("archive is too large", where=source.name[:80], advice=ADVICE)
    scratch = target.parent / f".{target.name}.tmp-{secrets.token_hex(4)}"
    try:
        if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
            raise StoreError("the folder to unpack into is not empty", where=target.name[:80],
                             advice="give a new folder")
        scratch.mkdir(mode=0o700)
        try:
            names = run_limited(
                "anatomy_twin.archive.unpack:unpack_here", kind, str(source), str(scratch), limits,
                memory_bytes=limits.memory_bytes, cpu_s=limits.cpu_s, wall_s=limits.wall_s,
            )
            if target.exists():
                target.rmdir()
            (scratch / "content").rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise _not_written(error, source.name) from error
    return tuple(target.joinpath(*parts) for parts in names)


def unpack_here(kind: str, source: str, scratch: str, limits: Limits) -> tuple[tuple[str, ...], ...]:
    """Unpack into the folder "content" of a scratch folder and return the parts of the names of the files.

    For the child process of ``unpack``, which has checked the arguments.
    """
    archive, content = Path(source), Path(scratch) / "content"
    try:
        content.mkdir(mode=0o700)
        if kind == "zip":
            return tuple(unpack_zip(archive, content, limits))
        return tuple(unpack_tar(archive, kind, content, Path(scratch) / "spool", limits))
    except OSError as error:
        raise _not_written(error, archive.name) from error


@contextlib.contextmanager
def opened(path: str | Path, limits: Limits = STANDARD) -> Iterator[Path]:
    """Give a private folder with the content of an archive for the time of a ``with`` block; raises as ``unpack``.

    What a killed program left behind of earlier ones is removed.
    """
    base = Path(tempfile.gettempdir())
    _sweep(base)
    private = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    hold = os.open(private, os.O_RDONLY) if fcntl is not None else None
    try:
        if hold is not None:
            with contextlib.suppress(OSError):  # a disk without locks
                fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unpack(path, private / "content", limits)
        yield private / "content"
    finally:
        if hold is not None:
            os.close(hold)
        shutil.rmtree(private, ignore_errors=True)


def archive_kind(path: str | Path) -> str | None:
    """Return "zip", "tar", "gz", "xz" or "bz2" by the first bytes of a file, None if it is none of them.

    Raises ``StoreError`` if the file cannot be opened, or is an archive of a kind that is not read (7z, RAR).
    """
    path = Path(path)
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            raise StoreError("there is no such file", where=path.name[:80], advice="check the path")
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise StoreError("file cannot be opened", where=path.name[:80], advice="check the path") from error
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise StoreError(f"{name} archives are not read", where=path.name[:80], advice="pack it as zip")
    for magic, name in _FORMATS.items():
        if head.startswith(magic):
            return name
    return "tar" if is_tar_header(head) else None


def _not_written(error: OSError, name: str) -> StoreError:
    reason = error.strerror or "the disk refuses"
    return StoreError(f"archive cannot be unpacked: {reason}", where=name[:80],
                      advice="see whether the disk is full or read-only")


def _sweep(base: Path) -> None:
    """Remove private folders of ours that no running program holds."""
    if fcntl is None:
        return
    for path in base.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = path.lstat()
            # a young one may belong to a program that has not marked it yet
            if path.is_symlink() or found.st_uid != os.getuid() or time.time() - found.st_mtime < _OLD_S:
                continue
            hold = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(hold)
