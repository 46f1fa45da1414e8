"""Series and truth of synthetic patients as other programs see them: dciodvfy, SimpleITK, highdicom."""

import hashlib
import shutil
import subprocess

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from anatomy_twin.errors import UsageError
from anatomy_twin.phantom import make_patient, sample_folder, write_series, write_truth_seg


@pytest.fixture(scope="module")
def patient():
    return make_patient(5, matrix=80, slice_mm=8.0)


@pytest.fixture(scope="module")
def series(patient, tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    write_series(patient, folder)
    return folder


@pytest.fixture(scope="module")
def seg(patient, series, tmp_path_factory):
    return write_truth_seg(patient, tmp_path_factory.mktemp("truth") / "seg.dcm", series)


def validator_errors(path):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy of dicom3tools is not installed")
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, timeout=60)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


def test_the_validator_finds_no_error_in_the_series(series):
    for path in sorted(series.glob("*.dcm"))[::8]:
        assert validator_errors(path) == []


def test_the_validator_finds_no_error_in_the_segmentation(seg, tmp_path):
    # Debian's dciodvfy cannot inflate, so it gets the same dataset written plainly
    dataset = pydicom.dcmread(seg)
    assert dataset.file_meta.TransferSyntaxUID == pydicom.uid.DeflatedExplicitVRLittleEndian
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.save_as(tmp_path / "plain.dcm")
    assert validator_errors(tmp_path / "plain.dcm") == []


def test_simpleitk_reads_the_same_voxels_at_the_same_place(patient, series):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(series)))
    image = reader.Execute()
    geometry = patient.volume.geometry
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), patient.volume.array)
    np.testing.assert_allclose(image.GetOrigin(), geometry.origin_mm, atol=2e-3)
    np.testing.assert_allclose(image.GetSpacing(), geometry.spacing_mm[::-1], atol=1e-4)
    np.testing.assert_allclose(image.GetDirection(), np.eye(3).ravel(), atol=1e-9)
    index = (9, 31, 44)
    np.testing.assert_allclose(
        image.TransformIndexToPhysicalPoint(index[::-1]), geometry.to_world(index), atol=5e-3
    )


def test_the_series_says_that_it_is_synthetic(series):
    for path in series.glob("*.dcm"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        assert "anatomy_twin phantom" in header.Manufacturer
        assert "ynthetic" in header.ImageComments and str(header.PatientName).startswith("Phantom^")


def test_a_second_run_gives_the_same_bytes(patient, series, seg, tmp_path):
    def digests(folder):
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.dcm")}

    write_series(patient, tmp_path / "again")
    assert digests(tmp_path / "again") == digests(series)
    other = write_truth_seg(patient, tmp_path / "seg.dcm", series)
    assert other.read_bytes() == seg.read_bytes()


def test_the_segmentation_gives_the_truth_back(patient, series, seg):
    stored = hd.seg.segread(seg)
    volume = stored.get_volume(combine_segments=False, dtype=np.uint8)
    volume = volume.to_patient_orientation("HPL")
    names = [stored.get_segment_description(n).segment_label for n in stored.segment_numbers]
    assert names == list(patient.truth.names)
    geometry = patient.volume.geometry
    for n, name in enumerate(names):
        segment = patient.truth.segment(name)
        mine = patient.truth.array[segment.layer] == segment.value
        assert stored.get_segment_description(n + 1).segmented_property_type.value == segment.code.value
        # frames without a voxel at either end are left out, so compare in world coordinates
        start = np.rint(geometry.to_index(volume.position)).astype(int)
        size = volume.spatial_shape
        block = tuple(slice(a, a + b) for a, b in zip(start, size, strict=True))
        np.testing.assert_array_equal(volume.array[..., n].astype(bool), mine[block])
        assert mine.sum() == volume.array[..., n].sum()


def test_foreign_files_are_not_mixed_with_the_series(patient, tmp_path):
    (tmp_path / "other.dcm").write_bytes(b"")
    with pytest.raises(UsageError):
        write_series(patient, tmp_path)
    with pytest.raises(UsageError):
        write_truth_seg(patient, tmp_path, tmp_path)


def test_other_patients_are_made_once_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = sample_folder("healthy_abdomen", 3, matrix=64, slice_mm=20.0)
    files = sorted(folder.glob("*.dcm"))
    assert tmp_path in folder.parents and len(files) > 8
    before = files[0].stat().st_mtime_ns
    assert sample_folder("healthy_abdomen", 3, matrix=64, slice_mm=20.0) == folder
    assert files[0].stat().st_mtime_ns == before
    assert not list(folder.parent.glob(".new-*"))
