"""Zip archives, read strictly (PKWARE APPNOTE.TXT 6.3.10).

The list of members at the end is read by the standard library once it is known to be small and the only one; the
members are inflated here, so that a size, a checksum or a position that lies is found and not skipped over.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from anatomy_twin.archive.limits import ADVICE, MEBIBYTE, STANDARD, Limits
from anatomy_twin.archive.names import Names, shown
from anatomy_twin.errors import StoreError

_END: Final = struct.Struct("<4s4H2LH")
_END_MAGIC: Final = b"PK\x05\x06"
_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LONGEST_LIST: Final = 16 * MEBIBYTE
_ENTRY_BYTES: Final = 500  # of the list of members, beside the name
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_SIZES_FOLLOW: Final = 0x8
_METHODS: Final = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, NotImplementedError, EOFError, KeyError,
                  OverflowError)


def unpack_zip(archive: Path, content: Path, limits: Limits) -> Iterator[tuple[str, ...]]:
    """Unpack into an empty folder and yield the parts of the name of each file; ``StoreError`` at the first doubt."""
    try:
        with archive.open("rb") as stream:
            _check_end(stream, limits, archive.name)
            with zipfile.ZipFile(stream) as listed:
                members = listed.infolist()
                start_of_list = listed.start_dir
            names = Names(limits, archive.name[:80])
            parts = [_checked(member, names) for member in members]
            names.finish()
            _check_sizes(members, limits, archive.stat().st_size, names)
            starts = _data_starts(stream, members, start_of_list, names)
            for member, path, start in zip(members, parts, starts, strict=True):
                place = content.joinpath(*path)
                if member.orig_filename.endswith("/"):
                    place.mkdir(parents=True, exist_ok=True)
                    continue
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("xb") as target:
                    _inflate(stream, member, start, target, names)
                yield path
    except _BROKEN as error:
        raise StoreError("archive is damaged", where=archive.name[:80], advice="get it again") from error


def zip_names(archive: Path, limits: Limits = STANDARD) -> tuple[str, ...]:
    """Return the names that a zip archive lists, unchecked; ``StoreError`` if it is none."""
    try:
        with archive.open("rb") as stream:
            _check_end(stream, limits, archive.name)
            with zipfile.ZipFile(stream) as listed:
                return tuple(listed.namelist())
    except (*_BROKEN, OSError) as error:
        raise StoreError("archive is damaged", where=archive.name[:80], advice="get it again") from error


def _check_end(stream: BinaryIO, limits: Limits, where: str) -> None:
    """Refuse an archive with no end, with two, or with a list of members that is too long to be read at once."""
    size = stream.seek(0, 2)
    tail_start = max(0, size - 65535 - _END.size)
    stream.seek(tail_start)
    tail = stream.read()
    position = tail.rfind(_END_MAGIC)
    if position < 0 or len(tail) - position < _END.size:
        raise StoreError("archive has no end: it is cut short", where=where[:80], advice="get it again")
    _, disk, list_disk, here, count, list_bytes, list_start, _ = _END.unpack_from(tail, position)
    ends = sum(_is_end(tail, place) for place in _places(tail, _END_MAGIC))
    end = tail_start + position
    locator = position - _LOCATOR.size
    if locator >= _END_64.size and tail[locator : locator + 4] == b"PK\x06\x07":
        fields = _END_64.unpack_from(tail, locator - _END_64.size)
        if fields[0] != b"PK\x06\x06":
            raise StoreError("archive is damaged at its end", where=where[:80], advice="get it again")
        disk, list_disk, here, count, list_bytes, list_start = fields[4:10]
        end -= _LOCATOR.size + _END_64.size
    if disk or list_disk or here != count:
        raise StoreError("archive is one of several parts", where=where[:80], advice="join the parts first")
    if count > limits.members or list_bytes > min(_LONGEST_LIST, (limits.path_bytes + _ENTRY_BYTES) * max(1, count)):
        raise StoreError(f"archive has more than {limits.members} members", where=where[:80], advice=ADVICE)
    if ends != 1 or not _is_end(tail, position) or list_start + list_bytes != end:
        raise StoreError("archive can be read in two ways", where=where[:80], advice=ADVICE)


def _places(data: bytes, mark: bytes) -> Iterator[int]:
    place = data.find(mark)
    while place >= 0:
        yield place
        place = data.find(mark, place + 1)


def _is_end(tail: bytes, place: int) -> bool:
    """Return whether an end of an archive stands there whose comment reaches to the end of the file."""
    comment = int.from_bytes(tail[place + _END.size - 2 : place + _END.size], "little")
    return place + _END.size + comment == len(tail)


def _checked(member: zipfile.ZipInfo, names: Names) -> tuple[str, ...]:
    name = member.orig_filename  # ``filename`` ends at a zero byte
    is_folder = name.endswith("/")
    parts = names.add(name, is_folder)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR) > is_folder:
        raise names.refusal(f"archive has a link or device among its members: {shown(name)}")
    if member.flag_bits & _ENCRYPTED:
        raise names.refusal(f"archive has an encrypted member: {shown(name)}")
    if member.compress_type not in _METHODS:
        raise names.refusal(f"archive has a member packed by a method that is not read: {shown(name)}")
    if (is_folder and member.file_size) or (
        member.compress_type == zipfile.ZIP_STORED and member.compress_size != member.file_size
    ):
        raise names.refusal(f"archive has a member whose sizes do not fit: {shown(name)}")
    return parts


def _check_sizes(members: list[zipfile.ZipInfo], limits: Limits, archive_bytes: int, names: Names) -> None:
    if sum(member.file_size for member in members) > limits.content_bytes(archive_bytes):
        raise names.refusal("archive would grow beyond all measure when it is unpacked")


def _data_starts(
    stream: BinaryIO, members: list[zipfile.ZipInfo], start_of_list: int, names: Names
) -> list[int]:
    """Return where the bytes of each member begin; refuse members that overlap or whose two headers differ."""
    starts, spans = [], []
    for member in members:
        stream.seek(member.header_offset)
        head = stream.read(_LOCAL.size)
        magic, _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes = _LOCAL.unpack(head)
        name = stream.read(name_bytes)
        known = member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437")
        told = (crc, packed, size) in ((member.CRC, member.compress_size, member.file_size),) or (
            flags & _SIZES_FOLLOW or 0xFFFFFFFF in (packed, size)  # told after the data, or in an extra field
        )
        if magic != b"PK\x03\x04" or name != known or method != member.compress_type or not told or flags & _ENCRYPTED:
            raise names.refusal(f"archive says two things about a member: {shown(member.orig_filename)}")
        start = member.header_offset + _LOCAL.size + name_bytes + extra_bytes
        starts.append(start)
        spans.append((member.header_offset, start + member.compress_size))
    end = 0
    for begin, stop in sorted(spans):
        if begin < end:
            raise names.refusal("archive has members that lie over each other")
        end = stop
    if end > start_of_list or (spans and min(spans)[0] != 0):
        raise names.refusal("archive has its members where none may be")
    return starts


def _inflate(stream: BinaryIO, member: zipfile.ZipInfo, start: int, target: BinaryIO, names: Names) -> None:
    """Write the content of one member; ``StoreError`` unless size and checksum are what the archive says."""
    stream.seek(start)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
    left, written, checksum, packed, piece = member.compress_size, 0, 0, b"", b""
    while left > 0 or packed or len(piece) == MEBIBYTE:
        if not packed:
            packed = stream.read(min(left, MEBIBYTE))
            if left and not packed:
                break
            left -= len(packed)
        if inflater is None:
            piece, packed = packed, b""
        else:
            piece = inflater.decompress(packed, MEBIBYTE)
            packed = inflater.unconsumed_tail
        written += len(piece)
        if written > member.file_size:
            raise names.refusal(f"archive has a member that is larger than it says: {shown(member.orig_filename)}")
        checksum = zlib.crc32(piece, checksum)
        target.write(piece)
    ended = inflater is None or (inflater.eof and not inflater.unused_data)
    if left or not ended or written != member.file_size or checksum != member.CRC:
        raise names.refusal(f"archive has a damaged member: {shown(member.orig_filename)}")
