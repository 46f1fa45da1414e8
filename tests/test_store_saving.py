"""Saving: killed, without space, twice at once, and as one file for transport."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from anatomy_twin.core import Case, Patient, Volume, VolumeGeometry
from anatomy_twin.errors import StoreError
from anatomy_twin.store import load_case, save_case, swap, verify_case
from tests.support.full_case import full_case
from tests.support.saved_cases import assert_equal
from tests.test_store_case import Listener, files_of

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="uses Linux's own means")


def noisy_case(number: int, slices: int = 4) -> Case:
    """A case of about 8 KB per slice that no compression makes smaller."""
    grid = VolumeGeometry((slices, 64, 64), (1.0, 1.0, 1.0), np.eye(3), (0.0, 0.0, 0.0))
    array = np.random.default_rng(number).integers(-(2**15), 2**15, grid.shape).astype(np.int16)
    return Case.new(volume=Volume(array, grid, modality="CT", units="HU"), patient=Patient(f"case {number}"))


def run(code: str, *arguments: object, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120)


@linux_only
@pytest.mark.parametrize(("form", "count"), [("folder", 12), ("two-steps", 5), ("zip", 4)])
def test_a_save_that_is_killed_leaves_the_old_or_the_new_case_whole(form, count):
    command = [sys.executable, str(ROOT / "scripts/kill_saves.py"), "--form", form, "--count", str(count), "--json"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300)
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["good"], (found, done.stderr)
    assert found["old"] + found["new"] == found["trials"] == count and found["broken"] == found["not_swept"] == 0
    assert found["finished"] < count


SAVE_LARGER = """
import sys
from pathlib import Path
from anatomy_twin.errors import StoreError
from anatomy_twin.store import load_case, save_case, verify_case
from tests.test_store_saving import noisy_case
place = Path(sys.argv[1])
LIMIT
save_case(noisy_case(0), place)
try:
    save_case(noisy_case(1, slices=200), place)
except StoreError as error:
    print(error.line)
assert load_case(place).patient.pseudonym == "case 0" and verify_case(place).ok
assert [path.name for path in place.parent.iterdir()] == [place.name]
save_case(noisy_case(2), place)
print(load_case(place).patient.pseudonym)
"""


@linux_only
@pytest.mark.parametrize("name", ["x.twin", "x.twin.zip"])
def test_a_full_disk_says_so_and_keeps_the_old_case(tmp_path, name):
    mount = f"mount -t tmpfs -o size=600k tmpfs '{tmp_path}' && exec \"$0\" \"$@\""
    before = ("unshare", "-rm", "sh", "-c", mount)
    if shutil.which("unshare") is None or run("pass", before=before).returncode:
        pytest.skip("this machine lets nobody mount a small disk in a name space of their own")
    done = run(SAVE_LARGER.replace("LIMIT", ""), tmp_path / name, before=before)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert "the case cannot be written: the disk is full" in first and "free some space" in first and name in first
    assert second == "case 2"


@linux_only
def test_a_limit_of_the_size_of_files_says_so_and_keeps_the_old_case(tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    done = run(SAVE_LARGER.replace("LIMIT", limit), tmp_path / "x.twin")
    assert done.returncode == 0, done.stderr
    assert "a file is larger than this disk or account allows" in done.stdout.splitlines()[0]


@pytest.mark.parametrize(("number", "words"), [
    (errno.ENOSPC, "disk is full.*free some space"), (errno.EDQUOT, "allotted"), (errno.EROFS, "read-only"),
    (errno.EACCES, "no permission"), (errno.EPERM, "no permission"), (errno.ENAMETOOLONG, "shorter"), (errno.EIO, "."),
])  # fmt: skip
def test_what_the_system_refuses_is_said_in_one_line(saved_once, monkeypatch, number, words):
    before = files_of(saved_once)

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(swap, "sync_folder", refuse)
    with pytest.raises(StoreError, match=words) as caught:
        save_case(noisy_case(1), saved_once)
    assert "\n" not in caught.value.line and files_of(saved_once) == before
    assert [path.name for path in saved_once.parent.iterdir()] == [saved_once.name]


def test_a_disk_that_fails_after_the_exchange_gets_the_old_case_back(saved_once, monkeypatch):
    before, sync = files_of(saved_once), swap.sync_folder

    def refuse(folder: Path) -> None:
        sync(folder)
        if folder == saved_once.parent:
            raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(swap, "sync_folder", refuse)
    with pytest.raises(StoreError, match="cannot be written"):
        save_case(noisy_case(1), saved_once)
    assert files_of(saved_once) == before and len(list(saved_once.parent.iterdir())) == 1


SAVE_OFTEN = """
import sys
from tests.test_store_saving import noisy_case
from anatomy_twin.store import save_case
cases = [noisy_case(int(sys.argv[2])), noisy_case(int(sys.argv[2]) + 2)]
for count in range(6):
    save_case(cases[count % 2], sys.argv[1])
"""


@pytest.mark.parametrize("name", ["x.twin", "x.twin.zip"])
def test_programs_that_save_at_once_leave_one_whole_case_and_readers_see_only_whole_ones(tmp_path, name):
    place = tmp_path / name
    cases = [noisy_case(number) for number in range(4)]
    save_case(cases[0], place)
    writers = [
        subprocess.Popen([sys.executable, "-c", SAVE_OFTEN, str(place), str(number)], env=ENVIRONMENT)
        for number in (0, 1)
    ]
    while any(writer.poll() is None for writer in writers):
        found = load_case(place)
        assert_equal(found, cases[int(found.patient.pseudonym[-1])])
    assert [writer.returncode for writer in writers] == [0, 0]
    assert verify_case(place).ok and [path.name for path in tmp_path.iterdir()] == [name]


@pytest.fixture
def saved_once(tmp_path) -> Path:
    return save_case(noisy_case(0), tmp_path / "x.twin")


def test_where_folders_cannot_be_exchanged_the_older_way_works(saved_once, monkeypatch):
    monkeypatch.setattr(swap, "exchange", lambda one, other: False)
    save_case(noisy_case(1), saved_once)
    assert_equal(load_case(saved_once), noisy_case(1))
    assert [path.name for path in saved_once.parent.iterdir()] == ["x.twin"]


@linux_only
def test_an_exchange_changes_both_or_nothing(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not swap.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange two folders")
    assert (tmp_path / "a" / "b").exists() and (tmp_path / "b" / "a").exists()
    with pytest.raises(FileNotFoundError):
        swap.exchange(tmp_path / "a", tmp_path / "c")
    assert (tmp_path / "a" / "b").exists()


def test_a_foreign_file_that_looks_like_a_leftover_is_left_alone(saved_once):
    for name in (".x.twin.tmp-notes", ".x.twin.tmp-123", ".y.twin.tmp-12345678", "x.twin.tmp-12345678"):
        (saved_once.parent / name).mkdir()
    load_case(saved_once)
    save_case(noisy_case(1), saved_once)
    assert len(list(saved_once.parent.iterdir())) == 5


def test_leftovers_of_a_killed_save_are_swept_by_the_next_open_also_of_a_file(tmp_path):
    place = save_case(noisy_case(0), tmp_path / "x.twin.zip")
    (tmp_path / ".x.twin.zip.tmp-0123abcd").write_bytes(b"PK half")
    load_case(place)
    assert [path.name for path in tmp_path.iterdir()] == ["x.twin.zip"]


def test_a_case_as_one_file_comes_back_exactly_and_is_equal_bytes(tmp_path):
    place, again = (save_case(full_case(), tmp_path / name) for name in ("x.twin.zip", "other.ZIP"))
    listener = Listener()
    assert_equal(load_case(place, monitor=listener), full_case())
    assert listener.warnings == [] and verify_case(place).ok
    assert place.read_bytes() == again.read_bytes()
    assert save_case(load_case(place), tmp_path / "third.zip").read_bytes() == place.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.ZIP", "third.zip", "x.twin.zip"]


def test_the_file_holds_the_folder_and_no_time_or_place(tmp_path):
    folder, place = (save_case(full_case(), tmp_path / name) for name in ("x.twin", "x.twin.zip"))
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files_of(folder)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert str(tmp_path).encode() not in place.read_bytes()


@pytest.mark.parametrize("inside", ["", "toy.twin"])
def test_a_case_that_was_packed_by_other_tools_is_opened(tmp_path, inside):
    folder = save_case(full_case(), tmp_path / "toy.twin")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(folder, inside or ".")
    assert_equal(load_case(tmp_path / "a.tar.gz"), full_case())


def test_only_the_file_of_a_case_is_replaced(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"letters")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("photo.jpg", b"x")
    (tmp_path / "c.zip").mkdir()
    before = files_of(tmp_path)
    for name in ("a.zip", "b.zip", "c.zip"):
        with pytest.raises(StoreError):
            save_case(noisy_case(0), tmp_path / name)
    assert files_of(tmp_path) == before
    place = save_case(noisy_case(0), tmp_path / "d.zip")
    assert_equal(load_case(save_case(noisy_case(1), place)), noisy_case(1))


def test_a_damaged_file_is_refused_by_its_name(tmp_path):
    place = save_case(full_case(), tmp_path / "x.twin.zip")
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    for read in (load_case, verify_case):
        with pytest.raises(StoreError, match=r"x\.twin\.zip"):
            read(place)
