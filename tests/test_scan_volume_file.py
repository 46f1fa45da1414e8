"""NIfTI, NRRD and MetaImage files as volumes: recognised, in HU or unnamed, and the same as others read them."""

from __future__ import annotations

import bz2
import errno
import gzip
import hashlib

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given

from anatomy_twin.errors import ScanError, TwinError, UsageError
from anatomy_twin.scan.grid_file import is_grid_file, read_grid
from anatomy_twin.scan.volume import load_volume
from anatomy_twin.scan.volume_file import load_volume_file, series_of_file
from tests.support.dicom_series import random_axes, write_series
from tests.support.volume_files import (
    SHAPE,
    SPACES,
    TO_LPS,
    corners,
    decode_in_process,
    frames,
    itk_corners,
    meta_text,
    nifti_bytes,
    nrrd_bytes,
    relaxed,
    values,
    write_nifti,
    write_nrrd,
)


@pytest.fixture
def here(monkeypatch):
    decode_in_process(monkeypatch)


# ---- what is recognised


def test_recognised_by_content_and_by_name(tmp_path):
    for name, data in (
        ("a", write_nifti(tmp_path / "1.nii").read_bytes()),
        ("b", write_nifti(tmp_path / "1.nii.gz").read_bytes()),
        ("c", write_nifti(tmp_path / "2.nii", version=2, order=">").read_bytes()),
        ("d", write_nrrd(tmp_path / "1.nrrd").read_bytes()),
        ("e", meta_text() + values().tobytes()),
        ("junk.NII.GZ", b"junk"),
    ):
        (tmp_path / name).write_bytes(data)
        assert is_grid_file(tmp_path / name), name
    for name, data in (("f", b"junk"), ("g.nii", b"\0" * 128 + b"DICM"), ("h", gzip.compress(b"text")), ("i", b"")):
        (tmp_path / name).write_bytes(data)
        assert not is_grid_file(tmp_path / name), name
    assert not is_grid_file(tmp_path)
    assert not is_grid_file(tmp_path / "absent.nii")


def test_the_same_scan_in_every_format_is_the_same_volume(here, tmp_path):
    """Written by SimpleITK from a DICOM series that it reads itself, with all the free texts that it adds."""
    write_series(tmp_path / "dicom", axes=random_axes(4))
    truth = load_volume(tmp_path / "dicom")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "dicom")))
    image = reader.Execute()
    image.SetMetaData("PatientName", "Doe^Jane")
    for name in ("a.nii", "a.nii.gz", "a.nrrd", "a.nhdr", "a.mha", "a.mhd"):
        sitk.WriteImage(image, str(tmp_path / name), useCompression=name in ("a.nrrd", "a.mha", "a.nii.gz"))
        volume = load_volume_file(tmp_path / name, "CT")
        assert volume.geometry.is_close(truth.geometry, 0.01), name
        assert np.array_equal(volume.array, truth.array), name
        assert "Doe" not in repr((volume.facts, volume.warnings)), name


def test_gzip_in_several_members_is_one_file(here, tmp_path):
    data = nifti_bytes()
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"".join(gzip.compress(data[at:at + 150]) for at in range(0, len(data), 150)))
    assert np.array_equal(nibabel.load(path).get_fdata().T, values())
    with pytest.raises(ScanError, match="neither NIfTI"):
        read_grid(path)  # the header itself is in pieces: no tool writes that
    path.write_bytes(gzip.compress(data[:400]) + gzip.compress(data[400:]) + bytes(100))
    assert np.array_equal(read_grid(path).array, values())


def test_members_that_end_where_a_piece_is_read(here, tmp_path):
    """Large voxels that do not pack, in members of every length around the 64 KiB that are read at once."""
    array = np.random.default_rng(0).integers(-30000, 30000, (4, 100, 120)).astype("int16")
    data = write_nifti(tmp_path / "a.nii", array).read_bytes()
    first = len(gzip.compress(data[:60_000], 1))
    for first_bytes in range(60_000 + 65_536 - first - 3, 60_000 + 65_536 - first + 3):
        parts = data[:first_bytes], data[first_bytes:]
        (tmp_path / "a.nii.gz").write_bytes(b"".join(gzip.compress(part, 1) for part in parts))
        assert np.array_equal(read_grid(tmp_path / "a.nii.gz").array, array)
        packed = b"".join(bz2.compress(part) for part in (array.tobytes()[:first_bytes], array.tobytes()[first_bytes:]))
        (tmp_path / "a.nrrd").write_bytes(nrrd_bytes(packed, encoding="bzip2", sizes="120 100 4"))
        assert np.array_equal(read_grid(tmp_path / "a.nrrd").array, array)


def test_a_full_disk_is_named(here, tmp_path, monkeypatch):
    def full(*args, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = write_nifti(tmp_path / "a.nii")
    monkeypatch.setattr(np, "save", full)
    with pytest.raises(ScanError, match="no room for its voxels in the folder of temporary files"):
        read_grid(path)


def test_headers_with_lines_ended_as_on_windows(here, tmp_path):
    for name, data in (("a.nrrd", nrrd_bytes(b"")), ("a.mha", meta_text())):
        (tmp_path / name).write_bytes(data.replace(b"\n", b"\r\n") + values().tobytes())
        assert np.array_equal(read_grid(tmp_path / name).array, values())


# ---- volumes


def body(dtype="float32", shape=(12, 20, 20)):
    """Air around soft tissue, in HU."""
    rng = np.random.default_rng(3)
    array = rng.normal(-990, 8, shape)
    array[:, 4:16, 4:16] = rng.normal(45, 12, (shape[0], 12, 12))
    return np.rint(array).astype(dtype)


def test_ct_is_guessed_from_hu_and_the_guess_is_told(here, tmp_path):
    array = body()
    array[0, 0, 0] = -2048
    volume = load_volume_file(write_nifti(tmp_path / "a.nii.gz", array))
    assert (volume.modality, volume.units, volume.array.dtype) == ("CT", "HU", np.int16)
    assert np.array_equal(volume.array, array)
    assert "taken for CT by guess" in " ".join(volume.warnings)
    assert "1 voxel lies below -1024 HU" in " ".join(volume.warnings)
    named = load_volume_file(tmp_path / "a.nii.gz", modality="CT")
    assert "guess" not in " ".join(named.warnings)


@pytest.mark.parametrize("array", [
    body() + 1024, np.zeros((3, 4, 5), "int16"), np.full((3, 4, 5), -1000.0), body("float64") * 40,
    np.where(body() > 0, 3.0, -3000.0)], ids=["offset", "empty", "air only", "other numbers", "labels"])
def test_what_need_not_be_ct_stays_unnamed(here, tmp_path, array):
    volume = load_volume_file(write_nifti(tmp_path / "a.nii", array))
    assert (volume.modality, volume.units) == ("", "")
    assert any("neither modality nor units" in line and "modality=" in line for line in volume.warnings)


def test_modality_named_by_the_caller(here, tmp_path):
    path = write_nifti(tmp_path / "a.nii", (body() + 1024).astype("int32"))
    mr, ct = load_volume_file(path, "MR"), load_volume_file(path, "CT")
    assert (mr.modality, mr.units, ct.modality, ct.units) == ("MR", "", "CT", "HU")
    assert "may not be in HU" in " ".join(ct.warnings)
    assert mr.array.dtype == np.int16
    with pytest.raises(UsageError, match="CT, MR, PT"):
        load_volume_file(path, "US")


def test_values_keep_their_numbers(here, tmp_path):
    for array, dtype in ((values("uint16").astype("int32") + 40_000, "float32"), (values("float64"), "float32"),
                         (values("float64").round(), "int16"), (values("int64"), "int16")):
        volume = load_volume_file(write_nifti(tmp_path / "a.nii", array), "MR")
        assert volume.array.dtype == dtype
        assert np.array_equal(volume.array, array.astype(dtype))
    for array in (np.full(SHAPE, 2**24 + 1, "int32"), np.full(SHAPE, 1e300)):
        with pytest.raises(ScanError, match="too large"):
            load_volume_file(write_nifti(tmp_path / "a.nii", array), "MR")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_voxels_that_are_no_numbers_are_refused(here, tmp_path, bad):
    array = values("float32")
    array[1, 2, 3] = array[0, 0, 0] = bad
    with pytest.raises(ScanError, match=r"2 voxels that are no finite numbers.*the first at [RL] .*[FH] .* mm"):
        load_volume_file(write_nifti(tmp_path / "a.nii", array), "MR")


def test_facts_name_the_file_by_its_bytes_only(here, tmp_path):
    path = write_nifti(tmp_path / "Doe^Jane.nii.gz", body(), descrip=b"Doe Jane", db_name=b"Doe", intent_name=b"Jane",
                       aux_file=b"Doe.txt")
    volume = load_volume_file(path)
    assert volume.facts["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert volume.facts["format"] == "NIfTI-1, gzip"
    assert volume.facts["slices"] == "12"
    assert volume.facts["series"] == "series 1 of 1, 12 slices"
    assert volume.facts["geometry"] == "regular axial slices every 2.5 mm"
    assert "Doe" not in repr((volume.facts, volume.warnings)) and "Jane" not in repr((volume.facts, volume.warnings))
    assert volume.instances == () and volume.geometry.frame_of_reference_uid == ""
    apart = write_nrrd(tmp_path / "Doe.nhdr", comment="Doe Jane")
    both = apart.read_bytes() + (tmp_path / "Doe.raw").read_bytes()
    volume = load_volume_file(apart, "MR")
    assert volume.facts["sha256"] == hashlib.sha256(both).hexdigest()
    assert "Doe" not in repr((volume.facts, volume.warnings))


def test_a_single_slice_is_told(here, tmp_path):
    volume = load_volume_file(write_nifti(tmp_path / "a.nii", values(shape=(1, 5, 6))), "MR")
    assert "a single slice is no volume for planning" in volume.warnings


@relaxed
@given(frames)
def test_reindexing_changes_no_value_at_any_place(here, tmp_path, place):
    volume = load_volume_file(write_nrrd(tmp_path / "a.nrrd", values(), place), "MR")
    upright = volume.canonical()
    for k, j, i in ((0, 0, 0), (3, 4, 5), (1, 2, 3)):
        point = place[0] @ (i, j, k) + place[1]
        assert volume.at(point) == upright.at(point) == values()[k, j, i]


def test_series_of_a_file(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", values())
    series = series_of_file(path)
    assert (series.uid, series.modality, series.description, series.rank) == ("file", "", "", 1)
    assert (series.slice_count, series.shape, series.files, series.headers) == (4, SHAPE, (path,), ())
    assert np.allclose(series.spacing_mm, (2.5, 0.8, 0.7))
    assert series.loadable and series.original and series.aside == ""
    assert series.verdict.line == "regular axial slices every 2.5 mm"
    unplaced = series_of_file(write_nifti(tmp_path / "b.nii", sform=0, qform=0))
    assert not unplaced.loadable and "does not say where" in unplaced.verdict.line


def test_cancelling_and_progress(here, tmp_path):
    class Watch:
        cancelled = False

        def __init__(self):
            self.seen = []

        def stage(self, name): ...

        def warn(self, message): ...

        def progress(self, fraction):
            self.seen.append(fraction)

    watch = Watch()
    path = write_nifti(tmp_path / "a.nii")
    load_volume_file(path, "MR", watch)
    assert watch.seen == sorted(watch.seen) and 0.5 < watch.seen[-1] <= 1
    watch.cancelled = True
    with pytest.raises(TwinError, match="stopped on request"):
        load_volume_file(path, "MR", watch)


# ---- real files


@pytest.mark.real_data
def test_real_nifti_files_equal_nibabel(here, real_data):
    found = sorted([*real_data.glob("totalsegmentator_refs/*.nii.gz"), *real_data.glob("dicom2nifti/**/*.nii.gz")])
    assert len(found) >= 15
    for path in found:
        image = nibabel.load(path)
        if image.get_data_dtype().fields:
            with pytest.raises(ScanError, match="colours"):
                read_grid(path)
            continue
        grid = read_grid(path)
        theirs = np.asarray(image.dataobj).T.astype(grid.array.dtype).reshape(grid.array.shape)
        assert np.array_equal(grid.array, theirs), path.name
        steps, origin = TO_LPS @ image.affine[:3, :3], TO_LPS @ image.affine[:3, 3]
        assert np.allclose(grid.geometry.corners_mm(), corners(steps, origin, grid.array.shape), atol=5e-3), path.name


@pytest.mark.real_data
def test_real_nrrd_files_equal_pynrrd(here, real_data):
    found = sorted([*real_data.glob("pyradiomics_lung2/*.nrrd"), *real_data.glob("dcmqi/**/*.nrrd")])
    assert len(found) >= 13
    for path in found:
        theirs, header = nrrd.read(str(path))
        grid = read_grid(path)
        assert np.array_equal(grid.array, theirs.T), path.name
        flips = np.diag(SPACES[header["space"]]).astype(float)
        told = corners(flips @ header["space directions"].T, flips @ header["space origin"], grid.array.shape)
        assert np.allclose(grid.geometry.corners_mm(), told, rtol=0, atol=1e-6), path.name
        assert np.allclose(grid.geometry.corners_mm(), itk_corners(path, grid.array.shape), atol=1e-6), path.name


@pytest.mark.real_data
def test_real_ct_files_are_taken_for_ct_and_label_files_are_not(here, real_data):
    assert load_volume_file(real_data / "totalsegmentator_refs" / "example_ct.nii.gz").modality == "CT"
    assert load_volume_file(real_data / "pyradiomics_lung2" / "lung2_image.nrrd").units == "HU"
    assert load_volume_file(real_data / "pyradiomics_lung2" / "lung2_label.nrrd").modality == ""
    assert load_volume_file(real_data / "totalsegmentator_refs" / "example_mr_sm.nii.gz").modality == ""
