"""Journals and locks of open cases: what a crash, a full disk and a second program leave."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from anatomy_twin.errors import StoreError
from anatomy_twin.store.journal import Journal, read_journal
from anatomy_twin.store.lock import lock_case, lock_file

HOLD = (
    "import sys; from anatomy_twin.store.lock import lock_case; lock = lock_case(sys.argv[1]); "
    "print(lock.held, flush=True)"
)


def test_a_journal_comes_back(tmp_path):
    journal = Journal(tmp_path / "state" / "a.journal", {"case": "x"})
    records = [{"do": "move", "to": [1.5, -2.25, 1e-9]}, {"undo": True}, {"do": "name", "text": "Ä \n line"}]
    for record in records:
        journal.append(record)
    journal.sync()
    assert read_journal(journal.file).records == tuple(records)  # while it is open
    journal.close()
    content = read_journal(journal.file)
    assert content.records == tuple(records) and content.header["case"] == "x" and not content.torn
    assert journal.file.stat().st_mode & 0o077 == 0, "others can read what was done to a patient's case"
    with pytest.raises(StoreError, match="there already"):
        Journal(journal.file, {})


def test_a_journal_cut_anywhere_gives_what_was_whole(tmp_path):
    journal = Journal(tmp_path / "a.journal", {})
    ends = [journal.file.stat().st_size]
    for number in range(5):
        journal.append({"number": number, "text": "x" * number})
        ends.append(journal.file.stat().st_size)
    journal.close()
    data = journal.file.read_bytes()
    for size in range(ends[0], len(data) + 1):
        (tmp_path / "cut").write_bytes(data[:size])
        content = read_journal(tmp_path / "cut")
        whole = sum(1 for end in ends[1:] if end <= size)
        assert [record["number"] for record in content.records] == list(range(whole))
        assert bool(content.torn) == (size not in ends)


def test_a_changed_byte_ends_the_journal_there(tmp_path):
    journal = Journal(tmp_path / "a.journal", {})
    first = journal.file.stat().st_size
    for number in range(3):
        journal.append({"number": number})
    journal.close()
    data = journal.file.read_bytes()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        (tmp_path / "changed").write_bytes(changed)
        if place < first:
            with pytest.raises(StoreError):
                read_journal(tmp_path / "changed")
        else:
            content = read_journal(tmp_path / "changed")
            assert content.torn and [r["number"] for r in content.records] == list(range(len(content.records)))


def test_a_record_that_the_disk_refuses_is_left_out_whole(tmp_path):
    resource = pytest.importorskip("resource")
    journal = Journal(tmp_path / "a.journal", {})
    journal.append({"number": 1})
    size = journal.file.stat().st_size
    signal = pytest.importorskip("signal")
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, limits[1]))
        with pytest.raises(StoreError, match="larger than this disk"):
            journal.append({"text": "y" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    journal.append({"number": 2})
    journal.close()
    content = read_journal(journal.file)
    assert [record["number"] for record in content.records] == [1, 2] and not content.torn


def test_a_second_program_is_told_who_holds_the_case(tmp_path):
    case = tmp_path / "a.twin"
    case.mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLD + "; sys.stdin.read()", str(case)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as other:  # fmt: skip
        assert other.stdout.readline().strip() == "True"
        lock = lock_case(case)
        assert not lock.held and lock.owner.pid == other.pid and str(other.pid) in lock.owner.told
        other.kill()
        other.wait()
    again = lock_case(case)
    assert again.held and again.owner.pid == os.getpid()
    again.release()
    assert not lock_file(case).exists() and not again.held


def test_a_lock_in_a_folder_that_cannot_be_written_says_why(tmp_path):
    lock = lock_case(tmp_path / "no such folder" / "a.twin")
    assert not lock.held and lock.owner is None and "cannot be locked" in lock.why
