"""Which studies a batch finds, what it refuses, and what its tables hold."""

from __future__ import annotations

import json
import shutil
import socket
import zipfile

import numpy as np
import pytest
import SimpleITK as sitk

from anatomy_twin.batch import Call, Study, find_studies, run_batch
from anatomy_twin.batch.tables import write_csv
from anatomy_twin.cli.main import main
from anatomy_twin.errors import UsageError
from tests.support.batch_studies import image, table, volume_file, write_study
from tests.support.dicom_series import as_localizer, write_series


def refusal(capsys, *arguments: object) -> str:
    code = main(["batch", *map(str, arguments)])
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not line.endswith(" ...")]
    assert code == 2 and out == "" and len(lines) == 1 and lines[0].startswith("anatomy-twin: "), err
    return lines[0]


def test_wrong_use_is_one_line(tmp_path, capsys, monkeypatch):
    studies = tmp_path / "studies"
    write_study(studies / "a", 1)
    out = tmp_path / "out"
    assert "no such folder" in refusal(capsys, tmp_path / "nowhere", "--out", out)
    assert "0 workers" in refusal(capsys, studies, "--out", out, "--workers", 0)
    assert "time limit" in refusal(capsys, studies, "--out", out, "--time-limit", -1)
    assert "no segmenter is called" in refusal(capsys, studies, "--out", out, "--segmenter", "magic")
    assert "names no folder and no pattern" in refusal(capsys, studies, "--out", out, "--truth", "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("nothing")
    assert "nothing to run" in refusal(capsys, empty, "--out", out)
    assert "not empty and of no batch" in refusal(capsys, studies, "--out", studies)
    (tmp_path / "file").write_text("")
    assert "--out names a file" in refusal(capsys, studies, "--out", tmp_path / "file")
    other = tmp_path / "other"
    other.mkdir()
    (other / "batch.json").write_text(json.dumps({"format": "anatomy_twin batch 1", "version": "0.1.0", "options": {
        "segmenter": "ct-thorax", "modality": None, "repair": False}}))  # fmt: skip
    assert "other options (segmenter ct-thorax)" in refusal(capsys, studies, "--out", other)
    monkeypatch.setattr("anatomy_twin.batch.cluster.CONNECT_S", 1.0)
    with socket.socket() as taken:  # nobody answers at a port that is bound and does not listen
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        assert "no Dask scheduler answers" in refusal(capsys, studies, "--out", out, "--scheduler", address)
    assert "no Dask scheduler answers" in refusal(capsys, studies, "--out", out, "--scheduler", "nonsense://x")
    assert not out.exists()


def test_names_and_sources_of_studies_are_checked(tmp_path):
    with pytest.raises(UsageError, match="cannot be the name"):
        Study("../up", tmp_path)
    with pytest.raises(UsageError, match="names no function"):
        Call("numpy.zeros")
    assert Call("m:f", {"b": 1, "a": 2}).arguments == (("a", 2), ("b", 1))
    with pytest.raises(UsageError, match="two studies are called a"):
        run_batch([Study("a", tmp_path), Study("A", tmp_path)], tmp_path / "out")


def test_no_file_keeps_a_spreadsheet_from_reading_it_and_none_makes_it_run_something(tmp_path):
    rows = [{"a": 'say "x", y\nz', "b": "=cmd()"}, {"a": "-190 to -25 HU", "b": True}]
    write_csv(tmp_path / "t.csv", ("a", "b"), rows)
    assert (tmp_path / "t.csv").read_bytes() == (
        b'a,b\r\n"say ""x"", y\nz",\'=cmd()\r\n-190 to -25 HU,yes\r\n'
    )
    assert table(tmp_path / "t.csv")[0]["a"] == 'say "x", y\nz'


def test_an_archive_is_a_folder_of_studies(tmp_path):
    write_study(tmp_path / "inside" / "a", 1)
    write_study(tmp_path / "inside" / "b", 2)
    (tmp_path / "studies").mkdir()
    with zipfile.ZipFile(tmp_path / "studies" / "two.zip", "w") as archive:
        for path in sorted((tmp_path / "inside").rglob("*.dcm")):
            archive.write(path, path.relative_to(tmp_path / "inside"))
    found = find_studies(tmp_path / "studies").studies
    assert [study.folder for study in found] == ["two.zip/a", "two.zip/b"]
    plain = find_studies(tmp_path / "inside").studies
    assert [study.name for study in plain] == [study.name for study in found]


def test_series_of_one_study_and_copies_are_told_apart(tmp_path):
    root = tmp_path / "studies"
    write_study(root / "p1" / "thin", 1)

    def second(k, dataset):
        dataset.StudyInstanceUID = "1.2.826.0.1.3680043.10.9999.500.1"
        dataset.PatientName, dataset.PatientID = "CANARYLAST^CANARYFIRST1", "CANARYID1"

    write_series(root / "p1" / "mr", modality="MR", uid="81", edit=second)
    write_series(root / "p1" / "thick", shape=(6, 12, 10), uid="82", edit=second)
    shutil.copytree(root / "p1", root / "p2")
    best = find_studies(root).studies
    assert [(study.folder, len(study.source.paths)) for study in best] == [("p1", 22), ("p2", 22)]
    assert best[1].name == f"{best[0].name}-2" and not best[0].source.series_uid
    every = find_studies(root, all_series=True)
    assert [study.folder for study in every.studies] == ["p1", "p1", "p2", "p2"]
    assert len({study.name for study in every.studies}) == 4 and every.left_out == {"series of no CT": 2}


def test_what_is_no_study_is_counted(tmp_path):
    root = tmp_path / "studies"
    write_study(root / "a", 1)
    write_study(root / "scout", 2, edit=as_localizer)
    labels = sitk.GetImageFromArray((image() > 300).astype(np.uint8))
    for key, value in {"Segment0_ID": "1", "Segment0_Name": "bone", "Segment0_LabelValue": "1"}.items():
        labels.SetMetaData(key, value)
    sitk.WriteImage(labels, str(root / "a" / "bone.nrrd"))
    (root / "old.twin").mkdir()
    (root / "old.twin" / "case.json").write_text('{"format": "anatomy_twin case"}')
    (root / "a" / "case.json").write_text('{"a file of another": "program"}')
    volume_file(root / "old.twin" / "scan.nrrd", image())
    found = find_studies(root)
    assert [study.folder for study in found.studies] == ["a"]
    assert found.left_out == {"folder that this program wrote": 1, "label file": 1, "localizer": 1}


@pytest.mark.parametrize(("option", "path"), [
    ("truth*", "a/truth.nii.gz"), ("{stem}_seg.nii.gz", "v_seg.nii.gz"), ("FOLDER", "true/v_label.nrrd"),
])  # fmt: skip
def test_true_labels_are_found_beside_and_are_no_studies(tmp_path, option, path):
    root = tmp_path / "studies"
    write_study(root / "a", 1)
    volume_file(root / "v_0000.nii.gz", image())
    volume_file(root / path, image() > 300, np.uint8)
    asked = str(root / "true") if option == "FOLDER" else option
    found = find_studies(root, truth=asked)
    expected = {"a": None, "v_0000.nii.gz": None, ("a" if option == "truth*" else "v_0000.nii.gz"): root / path}
    if option == "{stem}_seg.nii.gz":
        expected["v_0000.nii.gz"] = root / path
    assert {study.folder: study.truth for study in found.studies} == expected
    assert found.left_out == {"study without a file of true labels": 1}


def test_a_card_is_named_without_its_folders_and_counts_by_its_content(tmp_path):
    from anatomy_twin.batch.run import _segmenter_facts

    (tmp_path / "net.onnx").write_bytes(b"one")
    (tmp_path / "card.json").write_text('{"network": "net.onnx"}')
    name = f"onnx:{tmp_path / 'card.json'}"
    first = _segmenter_facts(name)
    assert first["segmenter"] == "onnx:card.json" and len(first["segmenter_sha256"]) == 64
    (tmp_path / "net.onnx").write_bytes(b"another")
    assert _segmenter_facts(name)["segmenter_sha256"] != first["segmenter_sha256"]
    assert _segmenter_facts("totalsegmentator:total") == {"segmenter": "totalsegmentator:total"}
