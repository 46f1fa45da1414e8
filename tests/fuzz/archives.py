"""Hostile archives: plain ones, whose members are known, and cases packed as one file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from anatomy_twin.archive import opened
from anatomy_twin.core import AblationPlan, Applicator, SilentMonitor, Volume, VolumeGeometry
from anatomy_twin.core import Case as TwinCase
from anatomy_twin.store import load_case, save_case, verify_case
from tests.fuzz.case import REFUSED, TRUTH, WARNED, Case, Loaded

FAMILY = "archives"
RUN = "tests.fuzz.archives:read_files"
RUN_CASE = "tests.fuzz.archives:read_case"
FILES = {
    "notes.txt": b"of no import\n" * 40, "scan/1": bytes(range(256)) * 8, "scan/2": b"", "scan/deep/3": b"x" * 3000,
}
MEBIBYTE = 1024**2


class _Ear(SilentMonitor):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def warn(self, message: str) -> None:
        self.heard.append(message)


def read_files(path: Path) -> dict[str, bytes]:
    """Unpack as the loader of scans does and return what came out."""
    with opened(path) as folder:
        files = sorted(file for file in folder.rglob("*") if not file.is_dir())
        return {file.relative_to(folder).as_posix(): file.read_bytes()[:5000] for file in files}


def read_case(path: Path) -> Loaded:
    """Open a case as a user would."""
    ear = _Ear()
    case = load_case(path, monitor=ear)
    report = verify_case(path)
    return Loaded(case, (*ear.heard, *report.problems))


def small_case() -> Any:
    """A case that takes no time to make."""
    grid = VolumeGeometry((3, 4, 5), (2.0, 1.0, 1.0), np.eye(3), (0.0, 0.0, 0.0))
    case = TwinCase.new(volume=Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5), grid, modality="CT", units="HU"))
    return case.with_plan(AblationPlan("A", "tumour_1", (Applicator("d", (0, 0, 0), (9, 9, 9), 1, 1),)))


def is_the_case(case: Any) -> bool:
    return (
        case.volume.array.tolist() == np.arange(60).reshape(3, 4, 5).tolist() and list(case.plans) == ["A"]
        and case.plans["A"].applicators[0].tip_mm == (9.0, 9.0, 9.0)
    )


def are_the_files(files: dict[str, bytes]) -> bool:
    return files == FILES


@dataclass(frozen=True)
class Member:
    """One member of a zip file, with every field free to lie."""

    name: bytes
    data: bytes = b"x"
    packed: bool = True
    size: int | None = None
    checksum: int | None = None
    method: int | None = None
    flags: int = 0x800
    mode: int = 0o100644
    local_name: bytes | None = None
    place: int | None = None  # of an earlier member, whose bytes are used again


def zip_file(members: Sequence[Member], *, lead: bytes = b"", tail: bytes = b"", count: int | None = None) -> bytes:
    """Return a zip archive, byte by byte (PKWARE APPNOTE.TXT 4.3)."""
    body, listed, places = bytearray(lead), bytearray(), []
    for member in members:
        engine = zlib.compressobj(9, zlib.DEFLATED, -15)
        raw = engine.compress(member.data) + engine.flush() if member.packed else member.data
        method = (8 if member.packed else 0) if member.method is None else member.method
        size = len(member.data) if member.size is None else member.size
        checksum = zlib.crc32(member.data) if member.checksum is None else member.checksum
        name = member.name if member.local_name is None else member.local_name
        facts = struct.pack("<4H3L", member.flags, method, 0, 33, checksum, len(raw), size)
        place = len(body) if member.place is None else places[member.place]
        places.append(place)
        if member.place is None:
            body += b"PK\x03\x04" + struct.pack("<H", 20) + facts + struct.pack("<2H", len(name), 0) + name + raw
        listed += b"PK\x01\x02" + struct.pack("<2H", 0x314, 20) + facts
        listed += struct.pack("<5H2L", len(member.name), 0, 0, 0, 0, member.mode << 16, place) + member.name
    number = len(members) if count is None else count
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, number, number, len(listed), len(body), 0)
    return bytes(body + listed) + end + tail


PLAIN = tuple(Member(name.encode(), data) for name, data in FILES.items())


def with_member(**fields: Any) -> Callable[[], bytes]:
    return lambda: zip_file((*PLAIN, Member(**fields)))


def tar_file(change: Callable[[tarfile.TarInfo], None] | None = None, **fields: Any) -> bytes:
    """Return a tar of the plain files and, if a change is given, one more member."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", **fields) as archive:
        for name, data in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        if change is not None:
            entry = tarfile.TarInfo("more")
            change(entry)
            archive.addfile(entry, io.BytesIO(bytes(entry.size)) if entry.isreg() else None)
    return stream.getvalue()


def tar_with(**fields: Any) -> Callable[[], bytes]:
    def change(entry: tarfile.TarInfo) -> None:
        for name, value in fields.items():
            setattr(entry, name, value)

    return lambda: tar_file(change)


def _tar_header_changed(offset: int, data: bytes) -> bytes:
    """A tar whose first header says something else, with a checksum that fits."""
    archive = bytearray(tar_file(format=tarfile.USTAR_FORMAT))
    archive[offset : offset + len(data)] = data
    archive[148:156] = b" " * 8
    archive[148:156] = b"%06o\0 " % sum(archive[:512])
    return bytes(archive)


def _long_header_bomb() -> bytes:
    """A name of 300 MB by the GNU extension, small once it is compressed."""
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 300 * MEBIBYTE
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed:
        packed.write(entry.tobuf(tarfile.GNU_FORMAT))
        for _ in range(300):
            packed.write(b"n" * MEBIBYTE)
    return stream.getvalue()


def _zeros(size: int) -> bytes:
    return bytes(size)


def _gzip_bomb() -> bytes:
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed:
        entry = tarfile.TarInfo("zeros")
        entry.size = 2000 * MEBIBYTE
        packed.write(entry.tobuf())
        for _ in range(500):
            packed.write(bytes(MEBIBYTE))
    return stream.getvalue()


def _nested() -> bytes:
    """Zips in zips are files like others."""
    inner = zip_file((Member(b"zeros", _zeros(20 * MEBIBYTE)),))
    for level in range(5):
        inner = zip_file((Member(f"level{level}.zip".encode(), inner, packed=False),))
    return inner


def _overlapping() -> bytes:
    """Many members that share the bytes of one (D. Fifield, "A better zip bomb", 2019)."""
    kernel = Member(b"m0", _zeros(MEBIBYTE))
    return zip_file((kernel, *(replace(kernel, name=b"m%d" % n, place=0) for n in range(1, 60))))


GOOD: dict[str, Callable[[], bytes]] = {
    "zip": lambda: zip_file(PLAIN),
    "zip-stored": lambda: zip_file([replace(member, packed=False) for member in PLAIN]),
    "zip-with-folders": lambda: zip_file((Member(b"scan/", b"", packed=False, mode=0o040755), *PLAIN)),
    "tar": tar_file,
    "tar-pax": partial(tar_file, format=tarfile.PAX_FORMAT),
    "tar-gz": lambda: gzip.compress(tar_file(), mtime=0),
    "tar-gz-in-two-streams": lambda: b"".join(
        gzip.compress(part, mtime=0) for part in (tar_file()[:700], tar_file()[700:])
    ),
    "tar-xz": lambda: lzma.compress(tar_file()),
    "tar-bz2": lambda: bz2.compress(tar_file()),
}
BROKEN: dict[str, Callable[[], bytes]] = {
    "zip-leads-out": with_member(name=b"../outside.txt"),
    "zip-leads-out-inside": with_member(name=b"scan/../../outside.txt"),
    "zip-absolute": with_member(name=b"/tmp/anatomy_twin_outside.txt"),
    "zip-drive-letter": with_member(name=b"C:/outside.txt"),
    "zip-backslash": with_member(name=b"..\\outside.txt"),
    "zip-zero-byte": with_member(name=b"good.txt\0.exe"),
    "zip-empty-name": with_member(name=b""),
    "zip-dot": with_member(name=b"scan/./4"),
    "zip-long-name": with_member(name=b"n" * 300),
    "zip-deep": with_member(name=b"d/" * 400 + b"x"),
    "zip-reserved": with_member(name=b"scan/NUL.dcm"),
    "zip-ends-in-dot": with_member(name=b"scan./x"),
    "zip-control-character": with_member(name=b"a\x1b[2Jb"),
    "zip-turned-text": with_member(name="a\u202egnp.exe".encode()),
    "zip-twice": with_member(name=b"scan/1"),
    "zip-twice-in-capitals": with_member(name=b"SCAN/1"),
    "zip-twice-in-other-accents": lambda: zip_file((Member("\xe9".encode()), Member("e\u0301".encode()))),
    "zip-file-and-folder": with_member(name=b"notes.txt/x"),
    "zip-link": with_member(name=b"link", data=b"/etc/passwd", mode=0o120777),
    "zip-device": with_member(name=b"device", data=b"", mode=0o020666),
    "zip-encrypted": with_member(name=b"secret", flags=0x801),
    "zip-method-unknown": with_member(name=b"odd", method=97),
    "zip-checksum": with_member(name=b"odd", data=b"abc", checksum=7),
    "zip-larger-than-it-says": with_member(name=b"odd", data=_zeros(30 * MEBIBYTE), size=10),
    "zip-smaller-than-it-says": with_member(name=b"odd", data=b"abc", size=10_000),
    "zip-two-names": with_member(name=b"one", local_name=b"two"),
    "zip-overlapping": _overlapping,
    "zip-bomb": with_member(name=b"zeros", data=_zeros(200 * MEBIBYTE)),
    "zip-many-members": lambda: zip_file([Member(b"%d" % n, b"", packed=False) for n in range(60_000)], count=60_000),
    "zip-many-members-denied": lambda: zip_file([Member(b"%d" % n, b"", packed=False) for n in range(60_000)], count=1),
    "zip-cut": lambda: zip_file(PLAIN)[:-30],
    "zip-cut-in-front": lambda: b"PK\x03\x04" + zip_file(PLAIN)[60:],
    "zip-behind-a-program": lambda: zip_file(PLAIN, lead=b"MZ" + bytes(2000)),
    "zip-in-front-of-something": lambda: zip_file(PLAIN, tail=b"%PDF-1.7"),
    "zip-two-ends": lambda: zip_file(PLAIN, tail=b"PK\x05\x06" + bytes(18)),
    "zip-folder-with-content": with_member(name=b"folder/", data=b"abc", mode=0o040755),
    "tar-leads-out": tar_with(name="../outside.txt"),
    "tar-absolute": tar_with(name="/tmp/anatomy_twin_outside.txt"),
    "tar-link": tar_with(type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "tar-hard-link": tar_with(type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "tar-device": tar_with(type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "tar-pipe": tar_with(type=tarfile.FIFOTYPE),
    "tar-sparse": tar_with(type=tarfile.GNUTYPE_SPARSE),
    "tar-twice": tar_with(name="scan/1"),
    "tar-file-and-folder": tar_with(name="notes.txt/more"),
    "tar-size-negative": lambda: _tar_header_changed(124, b"\xff" * 12),
    "tar-size-huge": lambda: _tar_header_changed(124, b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"),
    "tar-name-not-text": lambda: _tar_header_changed(0, b"\xff\xfe\xfd"),
    "tar-cut": lambda: tar_file()[:1500],
    "tar-damaged-between": lambda: tar_file()[:1536] + b"?" * 512 + tar_file()[2048:],
    "tar-gz-cut": lambda: gzip.compress(tar_file(), mtime=0)[:-20],
    "tar-gz-checksum": lambda: gzip.compress(tar_file(), mtime=0)[:-8] + bytes(8),
    "tar-gz-bomb": _gzip_bomb,
    "tar-gz-long-name-bomb": _long_header_bomb,
    "tar-xz-bomb": lambda: lzma.compress(tar_file() + _zeros(100 * MEBIBYTE), preset=0),
    "tar-bz2-bomb": lambda: bz2.compress(_zeros(100 * MEBIBYTE)),
    "gz-of-no-tar": lambda: gzip.compress(b"hello" * 1000, mtime=0),
    "seven-zip": lambda: b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "no-archive": lambda: b"hello",
    "nothing": lambda: b"",
}


def _packed_case(change: Callable[[dict[str, bytes]], Any], folder: Path) -> Path:
    """Pack a case whose files were changed by somebody who knows the form, not the seal."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        plain = save_case(small_case(), Path(scratch) / "x.twin")
        files = {file.relative_to(plain).as_posix(): file.read_bytes() for file in plain.rglob("*") if file.is_file()}
    change(files)
    path = folder / "x.twin.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(name, data)
    return path


def _under_one_folder(files: dict[str, bytes]) -> None:
    for name in list(files):
        files[f"x.twin/{name}"] = files.pop(name)


def _cut_case(folder: Path) -> Path:
    path = _packed_case(lambda files: None, folder)
    path.write_bytes(path.read_bytes()[:-100])
    return path


def _tar_case(folder: Path) -> Path:
    plain = save_case(small_case(), folder / "x.twin")
    with tarfile.open(folder / "x.tar.gz", "w:gz") as archive:
        archive.add(plain, "x.twin")
    return folder / "x.tar.gz"


CASES: dict[str, tuple[Callable[[Path], Path], frozenset[str]]] = {
    "case-zip": (partial(_packed_case, lambda files: None), TRUTH),
    "case-zip-in-a-folder": (partial(_packed_case, _under_one_folder), TRUTH),
    "case-tar-gz": (_tar_case, TRUTH),
    "case-more-files": (partial(_packed_case, lambda files: files.update({"run.bat": b"x"})), WARNED),
    "case-leads-out": (partial(_packed_case, lambda files: files.update({"../x": b"x"})), REFUSED),
    "case-plan-twice": (partial(_packed_case, lambda files: files.update({"plans/a.json": b"{}"})), REFUSED),
    "case-file-changed": (partial(_packed_case, lambda files: files.update({"plans/A.json": b"{}"})), REFUSED),
    "case-file-missing": (partial(_packed_case, lambda files: files.pop("provenance.json")), REFUSED),
    "case-no-manifest": (partial(_packed_case, lambda files: files.pop("case.json")), REFUSED),
    "case-manifest-changed": (
        partial(_packed_case, lambda files: files.update({"case.json": files["case.json"].replace(b"HU", b"UH")})),
        REFUSED,
    ),
    "case-cut": (_cut_case, REFUSED),
}


def _written(name: str, make: Callable[[], bytes], folder: Path) -> Path:
    path = folder / name
    path.write_bytes(make())
    return path


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.zip")
    return folder / "pipe.zip"


def cases() -> tuple[Case, ...]:
    """Good archives, to prove that the reader can read, and every bad one once."""
    made = [Case(n, FAMILY, partial(_written, "a.bin", make), RUN, TRUTH, are_the_files) for n, make in GOOD.items()]
    made += [Case(n, FAMILY, partial(_written, "a.bin", make), RUN, REFUSED) for n, make in BROKEN.items()]
    nested = partial(_written, "a.zip", _nested)
    made.append(Case("nested", FAMILY, nested, RUN, TRUTH, lambda files: list(files) == ["level4.zip"]))
    made.append(Case("pipe", FAMILY, _pipe, RUN, REFUSED))
    for name, (write, allowed) in CASES.items():
        made.append(Case(name, FAMILY, write, RUN_CASE, allowed, is_the_case))
    return tuple(made)
