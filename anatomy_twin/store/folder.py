"""Names and folders: safe file names, files that are on the disk before they count, folders replaced in one step."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from anatomy_twin.errors import StoreError

try:
    import fcntl
except ImportError:  # not a POSIX system: leftovers are then told by their age alone
    fcntl = None  # type: ignore[assignment]

LONGEST_NAME = 60
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,120}")


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """Return a file name without suffix for each name: the name itself where every system can have it.

    Others keep their plain letters and get eight digits of their sha256, so that "a/b", "a b" and "A b" stay three.
    The empty name (the case as a whole) becomes "_case".
    """
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:LONGEST_NAME].strip("-") or "_case"
        if (plain != name and name) or plain.lower() in taken | _RESERVED:
            plain = f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        chosen[name] = plain
        taken.add(plain.lower())
    return chosen


def check_relative(text: object, where: str) -> str:
    """Return a path from a manifest if it stays inside the case on every system, else raise ``StoreError``."""
    if isinstance(text, str) and 1 <= text.count("/") + 1 <= 4 and len(text) < 400:
        parts = text.split("/")
        if all(_PART.fullmatch(part) and not part.endswith(".") for part in parts):
            return text
    raise StoreError(f"manifest names a file that may not be: {str(text)[:80]!r}", where=where)


def inside(folder: Path, relative: str, where: str) -> Path:
    """Return the path of a file of the case; ``StoreError`` if a link stands anywhere on the way."""
    path = folder
    for part in relative.split("/"):
        path = path / part
        if path.is_symlink():
            raise StoreError(f"{relative} is a link, not a file", where=where, advice="a case holds plain files only")
    return path


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
        _sync_folder(place)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give an empty folder beside ``target`` that takes its place when the block ends, or is gone when it fails.

    An older folder stays in place until the new one is whole and on the disk. A program that is killed leaves a hidden
    folder beside the target; the next save or load of the same case puts things right (``mend``).
    """
    mend(target)
    fresh = _new_folder(target, "tmp")
    try:
        with _locked(fresh):
            yield fresh
            sync_folders(fresh)
            _swap(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, target: Path) -> None:
    if not target.exists():
        fresh.rename(target)
        _sync_folder(target.parent)
        return
    old = _new_folder(target, "old")
    with _locked(old):
        target.rename(old / "case")
        try:
            fresh.rename(target)
        except OSError:
            (old / "case").rename(target)
            old.rmdir()
            raise
        _sync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)


def _new_folder(target: Path, purpose: str) -> Path:
    folder = target.parent / f".{target.name}.{purpose}-{secrets.token_hex(4)}"
    folder.mkdir()
    return folder


def mend(target: Path) -> None:
    """Clear what a killed program left: put an older case back if its place is empty, remove half-written folders."""
    if not target.parent.is_dir():
        return
    for old in sorted(target.parent.glob(f".{_literal(target.name)}.old-*")):
        if _in_use(old):
            continue
        if not target.exists() and (old / "case").is_dir():
            (old / "case").rename(target)
        shutil.rmtree(old, ignore_errors=True)
    for fresh in sorted(target.parent.glob(f".{_literal(target.name)}.tmp-*")):
        if fresh.is_dir() and not _in_use(fresh):
            shutil.rmtree(fresh, ignore_errors=True)


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder as ours; the system lets go of it when this process ends, however it ends."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _in_use(folder: Path) -> bool:
    if fcntl is None:
        return False
    try:
        with _locked(folder):
            return False
    except OSError:
        return True
