"""Segmentation by other programs that are missing, fail, hang or answer nonsense: one line, and nothing left."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.errors import Cancelled, SegmentationError, UsageError, WorkerError
from tests.support.external_tools import Watching, on_the_path, save_labels, toy, toy_classes
from tests.support.stand_in_tool import install, install_totalsegmentator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in programs are scripts with a #! line")


@pytest.fixture
def tools(tmp_path, monkeypatch):
    with on_the_path(tmp_path, monkeypatch) as folder:
        yield folder


def test_not_installed_says_how_to_install(tools, monkeypatch):
    monkeypatch.setenv("PATH", str(tools))
    for name, package in (("totalsegmentator", "pip install TotalSegmentator"), ("nnunet:003", "pip install nnunetv2")):
        with pytest.raises(UsageError, match="not installed") as refusal:
            at.segment(toy(), name)
        assert package in str(refusal.value) and "\n" not in str(refusal.value)
    monkeypatch.setenv("ANATOMY_TWIN_TOTALSEGMENTATOR", str(tools / "nowhere"))
    with pytest.raises(UsageError, match="ANATOMY_TWIN_TOTALSEGMENTATOR names no program"):
        at.segment(toy(), "totalsegmentator")


def test_the_environment_may_name_the_program(tools, monkeypatch):
    volume, _, numbers = toy_classes()
    program = install_totalsegmentator(tools / "elsewhere", save_labels(tools / "a.nii.gz", volume, numbers))
    monkeypatch.setenv("ANATOMY_TWIN_TOTALSEGMENTATOR", str(program))
    assert "liver" in at.segment(volume, "totalsegmentator")


def test_options_of_the_user_are_added_and_not_stored(tools, monkeypatch):
    volume, _, numbers = toy_classes()
    install_totalsegmentator(tools, save_labels(tools / "a.nii.gz", volume, numbers))
    monkeypatch.setenv("ANATOMY_TWIN_TOTALSEGMENTATOR_OPTIONS", "--device cpu -l 'aca 12345'")
    found = at.segment(volume, "totalsegmentator")
    assert "'--device', 'cpu', '-l', 'aca 12345']" in (tools / "arguments").read_text()
    assert "with options of the user" in found.notes[0] and "12345" not in "".join(s.note for s in found.segments)
    monkeypatch.setenv("ANATOMY_TWIN_TOTALSEGMENTATOR_OPTIONS", "--device 'cpu")
    with pytest.raises(UsageError, match="ANATOMY_TWIN_TOTALSEGMENTATOR_OPTIONS"):
        at.segment(volume, "totalsegmentator")


def test_a_failure_is_told_by_its_last_meaningful_line(tools):
    action = ('print("Traceback (most recent call last):"); print("RuntimeError: out of memory in " + os.getcwd());'
              'print("  3%|#    | 1/30"); print("-----"); sys.exit(3)')  # fmt: skip
    install_totalsegmentator(tools, tools / "none", action)
    with pytest.raises(SegmentationError, match=r"exit code 3\): RuntimeError: out of memory in \.\.\.") as refusal:
        at.segment(toy(), "totalsegmentator")
    assert "\n" not in str(refusal.value) and str(tools.parent) not in str(refusal.value)
    install_totalsegmentator(tools, tools / "none", "os.kill(os.getpid(), 9)")
    with pytest.raises(SegmentationError, match="SIGKILL: it said nothing"):
        at.segment(toy(), "totalsegmentator")


def test_a_program_that_cannot_be_started(tools):
    program = install(tools, "TotalSegmentator", "")
    program.write_text("#!/no/such/interpreter\n")
    with pytest.raises(SegmentationError, match="cannot be started"):
        at.segment(toy(), "totalsegmentator")


LINGERING = """
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({log!r}).write_text(str(child.pid))
time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_program_that_overruns_its_time_is_killed_with_what_it_started(tools, monkeypatch):
    install_totalsegmentator(tools, tools / "none", LINGERING.format(log=str(tools / "child")))
    monkeypatch.setenv("ANATOMY_TWIN_EXTERNAL_LIMIT_S", "6")
    with pytest.raises(WorkerError, match="no answer within 6 s"):
        at.segment(toy(), "totalsegmentator")
    pid = int((tools / "child").read_text())
    for _ in range(100):
        if not alive(pid):
            break
        time.sleep(0.05)
    assert not alive(pid)
    monkeypatch.setenv("ANATOMY_TWIN_EXTERNAL_LIMIT_S", "soon")
    with pytest.raises(at.TwinError, match="ANATOMY_TWIN_EXTERNAL_LIMIT_S"):
        at.segment(toy(), "totalsegmentator")


def test_cancelling_kills_the_program_and_leaves_no_thread(tools):
    install_totalsegmentator(tools, tools / "none", LINGERING.format(log=str(tools / "child")))
    threads = threading.active_count()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        at.segment(toy(), "totalsegmentator", monitor=Watching(cancel_after_s=4.0))
    assert time.monotonic() - start < 60 and threading.active_count() == threads
    time.sleep(0.2)
    assert not (tools / "child").exists() or not alive(int((tools / "child").read_text()))


def broken_answers(volume, numbers):
    """Files that are no answer, by what the refusal says."""
    geometry = volume.geometry
    far = replace(volume, geometry=replace(geometry, origin_mm=tuple(np.add(geometry.origin_mm, (0, 0, 900)))))
    half = geometry.cropped((0, 0, 0), (geometry.shape[0] // 2, *geometry.shape[1:]))
    return {
        "covers only 0 %": (far, numbers),
        "its frame does not fit": (replace(volume, array=volume.array[: half.shape[0]], geometry=half),
                                   numbers[: half.shape[0]]),
        "values from -3": (volume, numbers.astype(np.int16) - 3),
        "fractions": (volume, numbers.astype(np.float32) + 0.5 * (numbers > 0)),
    }  # fmt: skip


@pytest.mark.parametrize("word", ["covers only 0 %", "its frame does not fit", "values from -3", "fractions"])
def test_an_answer_that_is_none_is_refused(tools, word):
    volume, _, numbers = toy_classes()
    where, values = broken_answers(volume, numbers)[word]
    install_totalsegmentator(tools, save_labels(tools / "answer.nii.gz", where, values))
    with pytest.raises(SegmentationError, match=word):
        at.segment(volume, "totalsegmentator")


def test_a_damaged_or_missing_answer_is_refused(tools):
    volume, _, numbers = toy_classes()
    whole = save_labels(tools / "answer.nii.gz", volume, numbers).read_bytes()
    (tools / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    (tools / "text.nii.gz").write_text("no such organ")
    for name in ("cut.nii.gz", "text.nii.gz"):
        install_totalsegmentator(tools, tools / name)
        with pytest.raises(SegmentationError, match="cannot be read") as refusal:
            at.segment(volume, "totalsegmentator")
        assert str(tools) not in str(refusal.value)
    install_totalsegmentator(tools, tools / "answer.nii.gz", "sys.exit(0)")
    with pytest.raises(SegmentationError, match="no label files"):
        at.segment(volume, "totalsegmentator")


@pytest.mark.parametrize(("name", "word"), [
    ("totalsegmentator:total_mr", "is for MR"), ("totalsegmentator:../x", "is no task"),
    ("totalsegmentator:total,slow", "is no speed"), ("nnunet", "needs the name"), ("nnunet:a b", "needs the name"),
    ("nnunet:003,a/b", "no configuration"), ("ct-head:total", "nothing after a colon"),
        ("ct-abdomen:total", "has no variant"), ("none:x", "none"),
])  # fmt: skip
def test_wrong_tasks_are_refused_before_anything_runs(tools, name, word):
    install_totalsegmentator(tools, tools / "none", f"pathlib.Path({str(tools / 'ran')!r}).touch()")
    with pytest.raises(UsageError, match=word):
        at.segment(toy(), name)
    assert not (tools / "ran").exists()
