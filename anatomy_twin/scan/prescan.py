"""A bounded walk over the bytes of a DICOM file (PS3.5 section 7, PS3.10 section 7), before anything believes them.

It is iterative, skips what it does not need, and refuses what breaks a bound: lengths against the bytes that are
there, nesting, counts of elements and items, the size that a deflated file may grow to. Only the few short values that
say what the file is are kept.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.walk import COPY_AGAIN, LONG, SHORT, PixelPlace, Read, Walk

LARGEST_FILE_BYTES: Final = 8 * 2**30
LARGEST_INFLATED_BYTES: Final = 512 * 2**20
# a scan shrinks to a half or a quarter; only bombs, and small files that are nearly all air, by more than this
LARGEST_INFLATION: Final = 64
SMALL_BYTES: Final = 32 * 2**20
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
_META: Final = frozenset({0x00020010, 0x00020002})
# a file without preamble is taken for DICOM only if it begins with a tag of group 2 or 8, in either byte order
_GROUP_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")


class NoDicomError(ScanError):
    """The bytes do not say that they are DICOM."""


@dataclass(frozen=True, slots=True)
class FileMap:
    """What a walk found: the coding, the kept values (tag -> VR and raw bytes) and the place of the pixels.

    ``inflated`` is the whole content where the file was deflated; places count in it then. ``stamp`` tells a later
    reader that the file is still the same one.
    """

    size: int
    transfer_syntax: str
    explicit: bool
    little: bool
    marked: bool
    values: Mapping[int, tuple[bytes, bytes]]
    pixels: PixelPlace | None
    elements: int
    items: int
    inflated: bytes | None = None
    stamp: tuple[int, int] = (0, 0)


def prescan(
    source: bytes | Path, where: str = "", wanted: frozenset[int] = frozenset(), times: int = 1
) -> FileMap:
    """Walk over a file and return its map.

    Parameters
    ----------
    source : the bytes of a file, or its path (then only what is needed is read).
    where : what errors call the file.
    wanted : tags at the top level whose raw values are kept.
    times : how many times the usual counts of elements and items are allowed.

    Raises ``NoDicomError`` where the bytes do not say that they are DICOM (or say it by their first element alone and
    break a bound), ``ScanError`` where a bound is broken.
    """
    if isinstance(source, bytes):
        return _mapped(lambda start, count: source[start : start + count], len(source), where, wanted, (0, 0), times)
    try:
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise ScanError("a file cannot be read", where=where, advice="check its permissions") from error
    try:
        status = os.fstat(descriptor)
        stamp = (status.st_size, status.st_mtime_ns)
        return _mapped(reader_of(descriptor), status.st_size, where, wanted, stamp, times)
    except OSError as error:
        raise ScanError("a file cannot be read", where=where, advice=COPY_AGAIN) from error
    finally:
        os.close(descriptor)


def reader_of(descriptor: int) -> Read:
    """Return a function that reads ``count`` bytes at ``start`` of an open file."""
    if hasattr(os, "pread"):
        return lambda start, count: os.pread(descriptor, count, start)

    def read(start: int, count: int) -> bytes:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, count)

    return read


def media_class(path: Path) -> str:
    """Return the SOP class UID in the file meta information of a file that is otherwise broken, or nothing."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4096)
    except OSError:
        return ""
    meta = Walk(lambda first, count: start[first : first + count], len(start), 132, True, True, _META, "")
    with contextlib.suppress(ScanError):
        meta.run(only_group=2)
    return meta.values.get(0x00020002, (b"", b""))[1].decode("ascii", "replace").strip(" \0")


def _mapped(
    read: Read, size: int, where: str, wanted: frozenset[int], stamp: tuple[int, int], times: int
) -> FileMap:
    if size > LARGEST_FILE_BYTES:
        raise ScanError(f"a file of {size / 2**30:.1f} GB is too large", where=where)
    start = read(0, 132)
    marked = start[128:132] == b"DICM"
    if not marked and start[:2] not in _GROUP_STARTS:
        raise NoDicomError("a file is no DICOM", where=where)
    try:
        return _walked(read, size, start, marked, where, wanted, stamp, times)
    except ScanError as error:
        if marked:
            raise
        raise NoDicomError(error.what, where=where) from error


def _walked(
    read: Read, size: int, start: bytes, marked: bool, where: str, wanted: frozenset[int], stamp: tuple[int, int],
    times: int,
) -> FileMap:
    meta = Walk(read, size, 132 if marked else 0, True, True, _META, where)
    syntax = ""
    if marked or start[:2] == b"\x02\x00":
        meta.run(only_group=2)
        syntax = meta.values.get(0x00020010, (b"", b""))[1].decode("ascii", "replace").strip(" \0")
    position, inflated = meta.position, None
    if syntax == DEFLATED:
        inflated = _inflated(read, position, size, where)
        data, size, position = inflated, len(inflated), 0
        read = lambda first, count: data[first : first + count]  # noqa: E731
    explicit, little = _coding(read(position, 8), syntax)
    walk = Walk(read, size, position, explicit, little, wanted, where, times)
    walk.run()
    named = syntax or (IMPLICIT if not explicit else EXPLICIT if little else BIG_ENDIAN)
    values = {**meta.values, **walk.values}
    return FileMap(size, named, explicit, little, marked, values, walk.pixels, walk.elements, walk.items, inflated,
                   stamp)


def _coding(start: bytes, syntax: str) -> tuple[bool, bool]:
    """Tell explicit from implicit and little from big endian by the first element; the name is only a hint."""
    little = start[:2] != b"\x00\x08" and not (syntax == BIG_ENDIAN and start[:1] == b"\0")
    vr = start[4:6]
    return vr in LONG or vr in SHORT, little


def _inflated(read: Read, position: int, size: int, where: str) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    most = min(LARGEST_INFLATED_BYTES, max(SMALL_BYTES, LARGEST_INFLATION * (size - position)))
    try:
        data = inflater.decompress(read(position, size - position), most + 1)
    except zlib.error as error:
        raise ScanError("a deflated file is damaged", where=where, advice=COPY_AGAIN) from error
    if len(data) > most:
        raise ScanError(f"a deflated file grows beyond {most >> 20} MB", where=where)
    if not inflater.eof:
        raise ScanError("a deflated file is cut short", where=where, advice=COPY_AGAIN)
    return data
