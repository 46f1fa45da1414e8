"""What was done to an open case, line by line, so that a crash loses nothing.

A journal is a file of lines, each a checksum and one JSON record; the first is a header. A line is handed to the system
at once (a program that dies loses none) and is on the disk after ``sync``. The last line may be torn; nothing is read
beyond a line that does not fit its checksum.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from anatomy_twin.errors import StoreError
from anatomy_twin.store.folder import printable
from anatomy_twin.store.swap import disk_refusal

FORMAT: Final = "anatomy_twin journal"
VERSION: Final = 2
LARGEST_LINE: Final = 64 * 2**20
LARGEST_FILE: Final = 2 * 2**30
_SUM: Final = 16

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What a journal holds. ``torn`` is a line of words where its end could not be read, "" otherwise."""

    header: Record
    records: tuple[Record, ...]
    torn: str = ""


class Journal:
    """A journal that is being written."""

    def __init__(self, file: str | Path, header: Record) -> None:
        """Begin a journal; ``StoreError`` where the disk refuses or there is one already."""
        self.file = Path(file)
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor: int | None = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError as error:
            raise StoreError("a journal of this case is there already", where=self.file.name[:80]) from error
        except OSError as error:
            raise disk_refusal("the journal", error, self.file.name) from error
        self.append({"format": FORMAT, "version": VERSION, **header})

    def append(self, record: Record) -> None:
        """Write one record; ``StoreError`` where the disk refuses (the record is then not in the journal)."""
        if self._descriptor is None:
            raise StoreError("the journal is closed")
        line = _line(record)
        start = os.fstat(self._descriptor).st_size
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            os.ftruncate(self._descriptor, start)  # half a line would hide what follows
            raise disk_refusal("the journal", error, self.file.name) from error

    def sync(self) -> None:
        """Wait until all records are on the disk (milliseconds to a second: not for an interface's thread)."""
        descriptor = self._descriptor  # another thread may close it now
        if descriptor is not None:
            os.fsync(descriptor)

    def move(self, file: str | Path) -> None:
        """Put the journal in the place of another one, in one step."""
        self.file = self.file.replace(file)

    def close(self, *, remove: bool = False) -> None:
        """End the journal; ``remove`` it where everything in it is saved or given up."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if remove:
            self.file.unlink(missing_ok=True)


def read_journal(file: str | Path) -> JournalContent:
    """Read a journal as far as it is whole.

    Raises ``StoreError`` where there is none, its header is damaged or another version wrote it.
    """
    place = Path(file)
    where = printable(place.name, 80)
    records: list[Record] = []
    torn = ""
    try:
        if place.stat().st_size > LARGEST_FILE:
            raise StoreError("the journal is too large", where=where)
        with place.open("rb") as stream:
            while line := stream.readline(LARGEST_LINE):
                record = _record(line)
                if record is None:
                    torn = f"line {len(records) + 1} of the journal is damaged: what follows it is lost"
                    break
                records.append(record)
    except OSError as error:
        raise StoreError("the journal cannot be read", where=where) from error
    if not records or records[0].get("format") != FORMAT:
        raise StoreError("the file is no journal, or its beginning is damaged", where=where)
    if records[0].get("version") != VERSION:
        raise StoreError("another version of this program wrote the journal", where=where, advice="use that version")
    return JournalContent(records[0], tuple(records[1:]), torn)


def _line(record: Record) -> bytes:
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return hashlib.sha256(text).hexdigest()[:_SUM].encode() + b" " + text + b"\n"


def _record(line: bytes) -> Record | None:
    if not line.endswith(b"\n") or line[_SUM : _SUM + 1] != b" ":
        return None
    text = line[_SUM + 1 : -1]
    if hashlib.sha256(text).hexdigest()[:_SUM].encode() != line[:_SUM]:
        return None
    content = json.loads(text)
    return content if isinstance(content, dict) else None
