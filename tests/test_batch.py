"""Many studies: what fails costs only itself, a stopped run goes on, and no one can tell who it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from distributed import Client

from anatomy_twin.batch import Call, Study, find_studies, run_batch
from anatomy_twin.batch.checksum import fingerprint
from anatomy_twin.batch.study import Outcome, Settings
from anatomy_twin.batch.tables import write_tables
from anatomy_twin.errors import UsageError
from anatomy_twin.store import load_case, load_labels, verify_case
from tests.support import batch_plugin
from tests.support.batch_studies import (
    BONE_VOXELS,
    SPACING,
    ended,
    environment,
    image,
    start_batch,
    table,
    volume_file,
    wait_for,
    write_study,
)
from tests.support.dicom_series import as_localizer

posix = pytest.mark.skipif(sys.platform == "win32", reason="this platform has no signals and process groups")
BONE_ML = BONE_VOXELS * np.prod(SPACING) / 1000
SECRETS = (b"canary", b"1.2.826.0.1.3680043.10.9999", b"erika")


def scout(k, dataset):
    as_localizer(k, dataset)
    dataset.StudyInstanceUID = "1.2.826.0.1.3680043.10.9999.500.1"


@pytest.fixture(scope="module")
def plugins(tmp_path_factory) -> Path:
    return batch_plugin.install(tmp_path_factory.mktemp("plugins") / "site")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, plugins):
    """One run over good and bad studies, in this process, watched while it runs."""
    place = tmp_path_factory.mktemp("mixed")
    root, out, here = place / "CANARYROOT", place / "out", place / "here"
    here.mkdir()
    write_study(root / "CANARYGOOD" / "a", 1)
    write_study(root / "CANARYGOOD" / "scout", 1, edit=scout, uid="91")
    for number, (name, order) in enumerate(
        {"hangs": batch_plugin.HANGS, "eats": batch_plugin.EATS, "dies": batch_plugin.DIES,
         "raises": batch_plugin.RAISES, "refuses": batch_plugin.REFUSES}.items(), start=2,
    ):  # fmt: skip
        write_study(root / f"CANARY_{name}", number, order)
    write_study(root / "gap", 8, skip=(2, 3))
    (root / "CANARYBROKEN").mkdir()
    whole = next((root / "CANARYGOOD" / "a").glob("*.dcm")).read_bytes()
    (root / "CANARYBROKEN" / "CANARYFILE.dcm").write_bytes(whole[:700])
    volume_file(root / "files" / "CANARYVOLUME.nii.gz", image())
    volume_file(root / "files" / "CANARYVOLUME_true.nii.gz", 3 * (image() > 300), np.uint8)
    order = ["CANARYGOOD", *(f"CANARY_{name}" for name in ("hangs", "eats", "dies", "raises", "refuses")), "gap",
             "CANARYBROKEN", "files/CANARYVOLUME.nii.gz"]  # fmt: skip
    listening, lines = set(), []

    def look(outcome, count, total):
        lines.append((outcome.name, count, total))
        for one in psutil.Process().net_connections("inet"):
            if one.status == psutil.CONN_LISTEN:
                listening.add(one.laddr.ip)

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(plugins))
        patch.chdir(here)
        before = {one.laddr.ip for one in psutil.Process().net_connections("inet") if one.status == psutil.CONN_LISTEN}
        result = run_batch(root, out, segmenter=batch_plugin.NAME, workers=3, modality="CT", time_limit_s=20.0,
                           memory_limit_gb=1.0, save_cases=True, truth="{stem}_true.nii.gz", truth_names={3: "bone"},
                           report=look)  # fmt: skip
    names = {study.folder: study.name for study in find_studies(root, truth="{stem}_true.nii.gz").studies}
    return {
        "result": result, "out": out, "root": root, "names": {folder: names[folder] for folder in order},
        "here": list(here.iterdir()), "listening": listening - before, "lines": lines,
    }


@pytest.mark.slow
@posix
def test_what_fails_costs_only_itself_and_says_why(mixed):
    result, names = mixed["result"], mixed["names"]
    outcome = {one.name: one for one in result.outcomes}
    assert len(outcome) == 9
    assert {one.name for one in result.outcomes if one.done} == {
        names["CANARYGOOD"], names["files/CANARYVOLUME.nii.gz"]
    }
    words = {
        "CANARY_hangs": "stopped after 20 s", "CANARY_eats": "more than 1 GB of memory",
        "CANARY_dies": "ended by SIGABRT", "CANARY_raises": "ValueError in segmentation",
        "CANARY_refuses": "the scan shows no trunk; give another one", "gap": "gap",
        "CANARYBROKEN": "1 broken DICOM file and no image",
    }  # fmt: skip
    for folder, word in words.items():
        reason = outcome[names[folder]].reason
        assert word in reason and "\n" not in reason, (folder, reason)
    assert 1024 <= outcome[names["CANARY_eats"]].peak_memory_mb < 2600  # told to a tenth of a megabyte
    assert 20 < outcome[names["CANARY_hangs"]].seconds < 40
    assert sorted(count for _, count, _ in mixed["lines"]) == list(range(1, 10))


@pytest.mark.slow
@posix
def test_tables_hold_a_row_per_structure_and_study(mixed):
    out, names = mixed["out"], mixed["names"]
    raw = (out / "structures.csv").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") == 7
    rows = table(out / "structures.csv")
    assert [(row["study"], row["structure"]) for row in rows] == [
        (names[folder], name) for folder in ("CANARYGOOD", "files/CANARYVOLUME.nii.gz")
        for name in ("bone", "spleen", "body")
    ]  # fmt: skip
    for bone, spleen in ((rows[0], rows[1]), (rows[3], rows[4])):
        assert float(bone["volume_ml"]) == pytest.approx(BONE_ML) and float(bone["mean_hu"]) == 700
        extent = [float(bone[f"extent_{way}_mm"]) for way in ("head_foot", "front_back", "left_right")]
        assert extent == [20.0, 12.0, 10.0] and float(bone["border_share_percent"]) == 0
        assert spleen["state"] == "not found" and spleen["volume_ml"] == ""
    assert [row["dice"] for row in rows] == ["", "", "", "1.0000", "", ""]
    studies = {row["study"]: row for row in table(out / "studies.csv")}
    good = studies[names["CANARYGOOD"]]
    assert (good["state"], good["slices"]) == ("done", "8")
    assert good["notes"] == "judged by two thresholds; threads: 1 and 1"
    assert (good["structures_found"], good["structures_absent"]) == ("2", "1")
    assert studies[names["gap"]]["state"] == "failed" and studies[names["gap"]]["reason"]
    manifest = json.loads((out / "batch.json").read_bytes())
    assert manifest["counts"]["failed"] == 7 and manifest["counts"]["done"] == 2
    assert manifest["options"] == {"segmenter": "test-organs", "modality": "CT", "repair": False,
                                   "plugin": "batch-test-plugin 1.0", "truth_names": {"3": "bone"}}  # fmt: skip
    row = next(row for row in mixed["result"].rows() if row["structure"] == "bone")
    assert row["volume_ml"] == pytest.approx(BONE_ML) and row["surface_closed"] is True


@pytest.mark.slow
@posix
def test_labels_and_cases_of_finished_studies_can_be_read(mixed):
    folder = mixed["out"] / "studies" / mixed["names"]["CANARYGOOD"]
    assert int(load_labels(folder / "labels.seg.nrrd").mask("bone").sum()) == BONE_VOXELS
    case = load_case(folder / "case.twin.zip")
    assert verify_case(folder / "case.twin.zip").ok and case.anatomy["bone"].volume_ml == pytest.approx(BONE_ML)


@pytest.mark.slow
@posix
def test_nothing_tells_who_it_was_and_nothing_else_is_left(mixed):
    files = [path for path in mixed["out"].rglob("*") if path.is_file()]
    assert {"structures.csv", "studies.csv", "batch.json", "study.json"} <= {path.name for path in files}
    for path in files:
        data = path.read_bytes().lower()
        assert not any(secret in data for secret in (*SECRETS, str(mixed["root"].parent).encode().lower())), path.name
        assert "canary" not in str(path.relative_to(mixed["out"])).lower()
    assert sorted(path.name for path in mixed["out"].iterdir()) == [
        ".lock", "batch.json", "structures.csv", "studies", "studies.csv"
    ]
    assert mixed["here"] == []


@pytest.mark.slow
@posix
def test_no_port_is_open_to_the_outside(mixed):
    assert mixed["listening"] <= {"127.0.0.1"}


def test_studies_that_a_function_makes_are_compared_with_their_truth(tmp_path, monkeypatch, plugins):
    monkeypatch.syspath_prepend(str(plugins))
    made = Study("made-4", Call("tests.support.batch_studies:make_sample", {"slices": 4}))
    lost = Study("lost", Call("tests.support.batch_studies:nothing"))
    result = run_batch([made, lost], tmp_path / "out", segmenter=batch_plugin.NAME, workers=2)
    assert [outcome.state for outcome in result.outcomes] == ["done", "failed"]
    assert "cannot be loaded" in result.failed[0].reason
    rows = {row["structure"]: row for row in result.rows()}
    # two of the four slices with bone are labelled
    assert rows["bone"]["dice"] == 1.0 and rows["bone"]["truth_ml"] == pytest.approx(BONE_ML / 2)
    assert rows["bone"]["volume_ml"] == pytest.approx(BONE_ML) and rows["body"]["dice"] is None
    written = {row["structure"]: row for row in table(tmp_path / "out" / "structures.csv")}
    assert written["bone"]["dice"] == "1.0000" and written["spleen"]["dice"] == ""
    assert table(tmp_path / "out" / "studies.csv")[0]["synthetic"] == "yes"


def test_places_of_studies_are_told_only_when_asked_for(tmp_path):
    studies = [Study("s1", tmp_path, folder="CANARY/=A1")]
    outcomes = {"s1": Outcome("s1", "failed", "gap")}
    write_tables(tmp_path, studies, outcomes, names=False)
    assert "folder" not in table(tmp_path / "studies.csv")[0]
    write_tables(tmp_path, studies, outcomes, names=True)
    assert table(tmp_path / "studies.csv")[0]["folder"] == "CANARY/=A1"
    assert list(table(tmp_path / "studies.csv")[0])[:3] == ["study", "folder", "state"]


@pytest.mark.slow
@pytest.mark.long  # what is finished is recognised in the test below
@posix
def test_a_killed_run_goes_on_where_it_was(tmp_path, plugins):
    studies = tmp_path / "studies"
    for number in range(1, 4):
        write_study(studies / f"s{number}", number, batch_plugin.SLOW if number > 1 else 0)
    out = tmp_path / "out"
    first = start_batch(studies, out, plugins, "--workers", "2", cwd=tmp_path)
    wait_for(lambda: list(out.glob("studies/study-*/study.json")))
    family = psutil.Process(first.pid).children(recursive=True)
    kill_group(first)
    assert family  # a study was under way
    wait_for(lambda: not any(one.is_running() and one.status() != "zombie" for one in family), 20)
    finished = {path.parent.name for path in out.glob("studies/study-*/study.json")}
    assert 0 < len(finished) < 3
    assert json.loads((out / "batch.json").read_bytes())["state"] == "running"
    half = out / "studies" / sorted(set(names_below(studies)) - finished)[0]  # what a killed disk could leave
    half.mkdir(parents=True)
    (half / "labels.seg.nrrd").write_bytes(b"NRRD0005\n")

    code, document, err = ended(start_batch(studies, out, plugins, "--workers", "2", cwd=tmp_path))
    assert code == 0 and document["done"] == 3 and document["kept"] == len(finished)
    assert "  kept" in err and "3/3 study-" in err
    assert {one["study"] for one in document["studies"] if one["kept"]} == finished
    assert not list(out.glob("**/.*tmp*")) and not (out / ".work").exists()
    assert len(table(out / "structures.csv")) == 9


def test_a_finished_study_is_recognised_by_content_and_options_only(tmp_path):
    write_study(tmp_path / "studies" / "a", 1)
    settings = Settings(tmp_path, tmp_path, "x", (("segmenter", "x"),), "1.0", 60.0, None)

    def mark(**changes):
        (study,) = find_studies(tmp_path / "studies").studies
        return fingerprint(study, replace(settings, **changes))

    first = mark()
    (tmp_path / "studies" / "a").rename(tmp_path / "studies" / "renamed")
    file = sorted((tmp_path / "studies" / "renamed").iterdir())[0]
    file.rename(file.with_name("zzz.dcm"))
    assert mark() == first == mark(time_limit_s=5.0, save_cases=True)
    assert mark(options=(("segmenter", "y"),)) != first != mark(version="1.1")
    file = file.with_name("zzz.dcm")
    stamp, data = file.stat(), bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # size and date as before
    assert mark()["input_sha256"] != first["input_sha256"]


def kill_group(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def names_below(folder: Path) -> list[str]:
    return [study.name for study in find_studies(folder).studies]


@pytest.mark.slow
@posix
def test_a_scheduler_elsewhere_does_the_same(tmp_path, plugins, monkeypatch):
    write_study(tmp_path / "studies" / "a", 1)
    write_study(tmp_path / "studies" / "b", 2, batch_plugin.DIES)
    monkeypatch.syspath_prepend(str(plugins))
    found = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment(plugins), "cwd": tmp_path}
    python = [sys.executable, "-m"]
    closed = ["--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    start = ["distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", str(found)]
    work = ["distributed.cli.dask_worker", "--scheduler-file", str(found), "--nthreads", "2", "--local-directory",
            str(tmp_path / "local")]  # fmt: skip
    with subprocess.Popen([*python, *start, *closed], **quiet) as scheduler:
        try:
            with subprocess.Popen([*python, *work, *closed], **quiet) as worker:
                try:
                    wait_for(lambda: found.exists() and found.read_text().rstrip().endswith("}"))
                    address = json.loads(found.read_text())["address"]
                    with Client(address) as client:
                        client.wait_for_workers(1, timeout=120)
                    result = run_batch(tmp_path / "studies", tmp_path / "out", segmenter=batch_plugin.NAME,
                                       scheduler=address)  # fmt: skip
                finally:
                    worker.terminate()
        finally:
            scheduler.terminate()
    assert sorted(one.reason for one in result.outcomes) == ["", "its process was ended by SIGABRT"]
    assert len(table(tmp_path / "out" / "structures.csv")) == 3
    manifest = json.loads((tmp_path / "out" / "batch.json").read_bytes())
    assert manifest["run"]["scheduler"] == "elsewhere" and address not in (tmp_path / "out" / "batch.json").read_text()


def test_two_runs_do_not_share_a_folder(tmp_path, monkeypatch, plugins):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.syspath_prepend(str(plugins))
    out = tmp_path / "out"
    out.mkdir()
    with (out / ".lock").open("w") as hold:
        fcntl.flock(hold, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another batch is at work"):
            run_batch([Study("a", tmp_path)], out, segmenter=batch_plugin.NAME)
