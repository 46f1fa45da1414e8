"""Archives of others: what comes out equals what went in, and what could do harm does not come out at all."""

from __future__ import annotations

import io
import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from anatomy_twin.archive import Limits, archive_kind, opened, unpack
from anatomy_twin.archive.unpack import unpack_here
from anatomy_twin.errors import StoreError, WorkerError
from tests.fuzz.archives import BROKEN, FILES, GOOD, Member, tar_file, zip_file

SLOW = {name for name in BROKEN if "bomb" in name or "many" in name}  # the runner of the corpus has these


def contents(folder: Path) -> dict[str, bytes]:
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def file(tmp_path: Path, data: bytes, name: str = "a.bin") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def unpacked_here(path: Path, target: Path, limits: Limits) -> dict[str, bytes]:
    """As ``unpack`` without the child process."""
    kind = archive_kind(path)
    if kind is None:
        raise StoreError("no archive")
    target.mkdir()
    unpack_here(kind, str(path), str(target), limits)
    return contents(target / "content")


@pytest.mark.parametrize("name", GOOD)
def test_what_went_in_comes_out(tmp_path, name):
    assert unpacked_here(file(tmp_path, GOOD[name]()), tmp_path / "out", Limits()) == FILES


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - SLOW))
def test_what_could_do_harm_is_refused_and_writes_nothing_outside(tmp_path, name):
    path = file(tmp_path, BROKEN[name]())
    with pytest.raises(StoreError) as caught:
        unpacked_here(path, tmp_path / "out", Limits())
    assert "\n" not in caught.value.line and caught.value.line.isprintable() and len(caught.value.line) < 300
    assert {entry.name for entry in tmp_path.iterdir()} <= {"a.bin", "out"}
    assert not Path("/tmp/anatomy_twin_outside.txt").exists()


def test_all_of_an_archive_comes_out_through_the_child_process(tmp_path):
    path = file(tmp_path, GOOD["tar-xz"]())
    (tmp_path / "out").mkdir()
    found = unpack(path, tmp_path / "out")
    assert found == tuple(tmp_path / "out" / name for name in FILES) and contents(tmp_path / "out") == FILES
    assert not any(one.stat().st_mode & 0o111 for one in found)  # nothing that can be started
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.bin", "out"]


def test_a_refusal_leaves_nothing(tmp_path):
    path = file(tmp_path, BROKEN["zip-larger-than-it-says"]())
    with pytest.raises(StoreError, match=r"larger than it says.*'odd'"):
        unpack(path, tmp_path / "out")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_a_folder_that_holds_something_is_not_unpacked_into(tmp_path):
    path = file(tmp_path, GOOD["zip"]())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for target in ("out", "link", "a.bin"):
        with pytest.raises(StoreError, match="not empty"):
            unpack(path, tmp_path / target)
    assert contents(tmp_path / "out") == {"mine": b""}


def test_the_limits_are_held(tmp_path):
    data = zip_file([Member(b"a", bytes(10_000)), Member(b"b/c", b"x")])
    path = file(tmp_path, data)
    for number, limits in enumerate((
        Limits(members=1), Limits(total_bytes=10_000), Limits(free_bytes=100, ratio=2.0), Limits(depth=1),
        Limits(path_bytes=2), Limits(part_bytes=0),
    )):  # fmt: skip
        with pytest.raises(StoreError):
            unpacked_here(path, tmp_path / str(number), limits)
    assert len(unpacked_here(path, tmp_path / "out", Limits(free_bytes=10_001, ratio=0.0))) == 2
    with pytest.raises(StoreError, match="too large"):
        unpack(path, tmp_path / "x", Limits(archive_bytes=100))
    with pytest.raises(WorkerError, match="no answer"):
        unpack(path, tmp_path / "x", Limits(wall_s=0.001))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["tar-gz-bomb", "zip-bomb", "zip-overlapping"])
def test_a_bomb_stops_before_it_has_grown(tmp_path, name):
    path = file(tmp_path, BROKEN[name]())
    with pytest.raises(StoreError, match=r"beyond all measure|two things|over each other"):
        unpacked_here(path, tmp_path / "out", Limits(free_bytes=2 * 1024**2, ratio=2.0))
    assert sum(map(len, contents(tmp_path / "out").values())) <= 3 * 1024**2


def test_other_writers_archives_come_out_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)  # so that the standard library writes its large form
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    assert b"PK\x06\x06" in stream.getvalue()
    assert unpacked_here(file(tmp_path, stream.getvalue()), tmp_path / "1", Limits()) == FILES

    class Pipe(io.RawIOBase):  # cannot go back, so sizes follow the data
        def writable(self):
            return True

        def write(self, data):
            return stream.write(data)

    monkeypatch.undo()
    stream = io.BytesIO()
    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    assert unpacked_here(file(tmp_path, stream.getvalue()), tmp_path / "2", Limits()) == FILES
    for number, form in enumerate((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT), start=3):
        assert unpacked_here(file(tmp_path, tar_file(format=form)), tmp_path / str(number), Limits()) == FILES


def test_names_of_all_languages_and_long_ones_come_out(tmp_path):
    names = ["\u60a3\u8005/\u0441\u043d\u0438\u043c\u043e\u043a", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
             "e\u0301", "a b", "x" * 250, "/".join(["long" * 20] * 8)]  # fmt: skip
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    packed = zip_file([Member(name.encode(), b"") for name in names])
    for number, data in enumerate((stream.getvalue(), packed)):
        assert set(unpacked_here(file(tmp_path, data), tmp_path / str(number), Limits())) == set(names)


def test_random_damage_is_refused_or_does_no_harm_to_the_files(tmp_path):
    """Every byte of a zip counts: damage is refused, or it lies where nothing of the files is told."""
    data = GOOD["zip"]()
    accepted = 0
    for place in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        try:
            found = unpacked_here(file(tmp_path, bytes(damaged)), tmp_path / str(place), Limits())
        except StoreError:
            continue
        accepted += 1
        assert sorted(found.values()) == sorted(FILES.values())
    assert accepted < len(data) / 7 / 3


def test_the_private_folder_is_gone_after_use_and_after_errors(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = file(tmp_path, GOOD["zip"]())
    with opened(path) as folder:
        assert contents(folder) == FILES and folder.is_relative_to(tmp_path / "temporary")
        assert os.name != "posix" or folder.parent.stat().st_mode & 0o077 == 0
    with pytest.raises(RuntimeError), opened(path):
        raise RuntimeError
    with pytest.raises(StoreError), opened(file(tmp_path, b"PK\x03\x04")):
        pass
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="without locks nobody can tell what is in use")
def test_what_a_killed_program_left_is_swept_and_what_is_in_use_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    left = tmp_path / "temporary" / "anatomy-twin-archive-killed"
    (left / "content").mkdir(parents=True)
    hour_ago = time.time() - 3600
    os.utime(left, (hour_ago, hour_ago))
    path = file(tmp_path, GOOD["zip"]())
    with opened(path) as folder:
        assert not left.exists()
        os.utime(folder.parent, (hour_ago, hour_ago))
        with opened(path) as other:
            assert contents(folder) == contents(other) == FILES


def test_what_is_no_archive_is_told_from_one(tmp_path):
    assert archive_kind(file(tmp_path, b"DICM" * 200)) is None
    assert archive_kind(file(tmp_path, GOOD["tar-bz2"]())) == "bz2"
    with pytest.raises(StoreError, match="no archive"):
        unpack(file(tmp_path, b"hello"), tmp_path / "out")
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StoreError, match="no such file"):
            archive_kind(path)
