"""Tar archives, plain or compressed, read strictly (POSIX.1-2017 pax; GNU long names)."""

from __future__ import annotations

import bz2
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from anatomy_twin.archive.limits import ADVICE, MEBIBYTE, Limits
from anatomy_twin.archive.names import Names, shown
from anatomy_twin.errors import StoreError

BLOCK_BYTES: Final = 512
_LARGEST_READ: Final = 4 * MEBIBYTE  # of a header: long names and pax records
_LZMA_MEMORY: Final = 256 * MEBIBYTE
_BROKEN: Final = (tarfile.TarError, ValueError, EOFError, OverflowError, IndexError, KeyError, RecursionError,
                  zlib.error, lzma.LZMAError)


def is_tar_header(block: bytes) -> bool:
    """Return whether the checksum of a tar header holds (pax, "ustar Interchange Format")."""
    text = block[148:156].strip(b" \0")
    if len(block) != BLOCK_BYTES or not re.fullmatch(rb"[0-7]{1,7}", text):
        return False
    return sum(block[:148]) + 8 * ord(" ") + sum(block[156:]) == int(text, 8)


def unpack_tar(archive: Path, kind: str, content: Path, spool: Path, limits: Limits) -> Iterator[tuple[str, ...]]:
    """Unpack into an empty folder and yield the parts of the name of each file; ``StoreError`` at the first doubt.

    ``spool``: a file that takes the tar of a compressed one for the time of the work.
    """
    names = Names(limits, archive.name[:80])
    try:
        plain = archive
        if kind != "tar":
            _decompress(archive, kind, spool, limits, names)
            plain = spool
        with plain.open("rb") as stream:
            yield from _members(stream, content, names)
        names.finish()
    except (FileExistsError, NotADirectoryError) as error:
        raise names.refusal("archive has a file and a folder of the same name") from error
    except _BROKEN as error:
        raise StoreError("archive is damaged", where=archive.name[:80], advice="get it again") from error


def _members(stream: BinaryIO, content: Path, names: Names) -> Iterator[tuple[str, ...]]:
    guarded = _Guarded(stream)
    size = guarded.size
    if not is_tar_header(stream.read(BLOCK_BYTES)):
        raise StoreError("compressed file holds no archive", where=names.where, advice="decompress it first")
    stream.seek(0)
    with tarfile.open(fileobj=guarded, mode="r:", errorlevel=2, encoding="utf-8") as listed:  # type: ignore[arg-type]
        end = 0
        while (member := listed.next()) is not None:
            listed.members.clear()  # type: ignore[attr-defined]  # or every header is kept
            if member.issparse() or not (member.isreg() or member.isdir()):
                names.add(member.name, False)  # a bad name is the better reason
                raise names.refusal(f"archive has a link or device among its members: {shown(member.name)}")
            parts = names.add(member.name, member.isdir())
            if member.size < 0 or member.offset < end or member.offset_data + member.size > size:
                raise names.refusal(f"archive has a damaged member: {shown(member.name)}")
            end = member.offset_data + member.size
            place = content.joinpath(*parts)
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            _copy(stream, member, place, names)
            yield parts
        _check_end(stream, end, size, names)


def _copy(stream: BinaryIO, member: tarfile.TarInfo, place: Path, names: Names) -> None:
    stream.seek(member.offset_data)
    left = member.size
    with place.open("xb") as target:
        while left > 0:
            piece = stream.read(min(left, MEBIBYTE))
            if not piece:
                raise names.refusal(f"archive has a damaged member: {shown(member.name)}")
            target.write(piece)
            left -= len(piece)


def _check_end(stream: BinaryIO, end: int, size: int, names: Names) -> None:
    """A tar ends in blocks of zeros; anything else means that it was cut short or damaged between two members."""
    start = -(-end // BLOCK_BYTES) * BLOCK_BYTES
    if size - start < 2 * BLOCK_BYTES:
        raise names.refusal("archive has no end: it is cut short")
    stream.seek(start)
    while piece := stream.read(MEBIBYTE):
        if piece.strip(b"\0"):
            raise names.refusal("archive holds something that is no member")


def _decompress(archive: Path, kind: str, spool: Path, limits: Limits, names: Names) -> None:
    """Write the plain tar of a compressed one, never more than the limits allow."""
    allowed = limits.content_bytes(archive.stat().st_size)
    written = 0
    with archive.open("rb") as stream, spool.open("xb") as target:
        for piece in _inflated(stream, kind, names):
            written += len(piece)
            if written > allowed:
                raise names.refusal("archive would grow beyond all measure when it is unpacked")
            target.write(piece)


def _inflated(stream: BinaryIO, kind: str, names: Names) -> Iterator[bytes]:
    """Yield the content in pieces of at most a mebibyte; several compressed streams may follow each other."""
    engine, packed = _engine(kind), stream.read(MEBIBYTE)
    while True:
        piece = engine.decompress(packed, MEBIBYTE)
        yield piece
        if engine.eof:
            packed = engine.unused_data.lstrip(b"\0")
            while not packed and (more := stream.read(MEBIBYTE)):
                packed = more.lstrip(b"\0")  # padding of a tape
            if not packed:
                return
            engine = _engine(kind)
            continue
        packed = engine.unconsumed_tail if kind == "gz" else b""
        if not packed and len(piece) < MEBIBYTE and (kind == "gz" or engine.needs_input):
            packed = stream.read(MEBIBYTE)
            if not packed:
                raise names.refusal("archive is cut short")


def _engine(kind: str) -> Any:
    if kind == "gz":
        return zlib.decompressobj(zlib.MAX_WBITS | 16)
    return bz2.BZ2Decompressor() if kind == "bz2" else lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


class _Guarded:
    """A file whose single reads are small and whose positions are inside it, whatever a header says."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, 2)
        stream.seek(0)

    def read(self, count: int = -1) -> bytes:
        """Read a header; the content of members is copied elsewhere."""
        if not 0 <= count <= _LARGEST_READ:
            raise StoreError("archive has a header that is too large", advice=ADVICE)
        return self._stream.read(count)

    def seek(self, position: int, whence: int = 0) -> int:
        """Go to a place; past the end there is nothing."""
        if whence != 0 or position < 0:
            raise ValueError("a position that cannot be")
        return self._stream.seek(min(position, self.size))

    def tell(self) -> int:
        """Return the place."""
        return self._stream.tell()
