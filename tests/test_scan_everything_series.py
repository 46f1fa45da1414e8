"""Every DICOM series at hand loads as SimpleITK or the NIfTI beside it says, or is refused in one line."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pydicom.data
import pytest
import SimpleITK as sitk

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import ScanError
from anatomy_twin.scan import find_series, load_volume
from tests.support.real_scans import DATA
from tests.support.scan_outcomes import PYDICOM, assert_same_values, cases, loaded, outcome, refusal

DIRECTORIES = PYDICOM / "test_files" / "dicomdirtests"
NIFTI = DATA / "dicom2nifti" / "tests" / "data"


def assert_equals_simpleitk(volume: Volume, files: list[Path]) -> None:
    """Voxel by voxel at the same places; the files are sorted along the normal by their positions, not their names."""
    headers = [(pydicom.dcmread(file, stop_before_pixels=True), file) for file in files]
    orientation = np.array(headers[0][0].ImageOrientationPatient, float)
    normal = np.cross(orientation[:3], orientation[3:])
    ordered = sorted(headers, key=lambda pair: float(np.dot(normal, np.array(pair[0].ImagePositionPatient, float))))
    image = sitk.ReadImage([str(file) for _, file in ordered])
    wanted = sitk.GetArrayFromImage(image).astype(float)
    direction = np.array(image.GetDirection()).reshape(3, 3)[:, ::-1]
    other = VolumeGeometry(
        wanted.shape, tuple(image.GetSpacing()[::-1]), direction, tuple(image.GetOrigin())
    )
    assert_same_voxels(volume, wanted, other.affine)


def assert_equals_nifti(volume: Volume, path: Path) -> None:
    """NIfTI's axes are right-anterior-superior, its array is indexed [i, j, k]; any order of axes may be stored."""
    image = nibabel.load(path)
    ras_to_lps = np.diag([-1.0, -1.0, 1.0, 1.0])
    values = np.asarray(image.dataobj, float)
    assert_same_voxels(volume, values.reshape(values.shape[:3]), ras_to_lps @ image.affine)


def assert_same_voxels(volume: Volume, wanted: np.ndarray, affine: np.ndarray) -> None:
    """The volume has the values ``wanted``, where ``affine`` (array index to LPS mm) says that they are."""
    inverse = volume.geometry.inverse_affine
    way, shift = inverse[:3, :3] @ affine[:3, :3], inverse[:3, :3] @ affine[:3, 3] + inverse[:3, 3]
    nearest, start = np.rint(way).astype(int), np.rint(shift).astype(int)
    # both maps are affine: they are farthest apart at a corner
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(wanted.shape) - 1)
    assert np.abs(corners @ (way - nearest).T + shift - start).max() < 0.02, "the voxels lie elsewhere"
    order = np.abs(nearest).argmax(axis=0)  # axis n of the other reader is axis order[n] of the volume
    assert np.array_equal(np.abs(nearest)[order], np.eye(3, dtype=int)), "its axes are no axes of the volume"
    ours = np.moveaxis(volume.array, order, (0, 1, 2))
    assert ours.shape == wanted.shape, "not every voxel is one of the other reader's"
    back = nearest[order, range(3)] < 0
    assert np.array_equal(start[order], np.where(back, np.array(wanted.shape) - 1, 0)), "the voxels lie elsewhere"
    assert_same_values(np.flip(ours, np.flatnonzero(back)), wanted, volume.modality)


@pytest.mark.parametrize(("name", "words"), cases(
    ("77654033/CT2", "gap of 202.5 mm after slice 1"),
    ("77654033/CR1", "no usable position or orientation"),
    ("98892001/CT2N", "only localizers here"),
    ("98892003/MR2", "different planes"),
    ("98892003/MR700", "different planes"),
    ("TINY_ALPHA", "no DICOM image"),
    (".", "images of two patients in one folder"),
))
def test_folders_of_pydicom_that_are_no_volume(name, words):
    assert words in refusal(DIRECTORIES / name)


def test_the_clean_series_of_pydicom():
    folder = DIRECTORIES / "98892001" / "CT5N"
    volume = loaded(folder)
    assert volume.geometry.spacing_mm[0] == pytest.approx(2.5)
    assert_equals_simpleitk(volume, list(folder.iterdir()))


@pytest.mark.real_data
@pytest.mark.parametrize("name", [
    "generic/anatomical/001", "generic/anatomical/002_non_isotropic", "generic/compressed/001",
    "generic/compressed_j2k/001", "generic/compressed_jpeg/001", "generic/compressed_jpegls/001",
    "generic/compressed_rle/001", "ge/anatomical/001", "hitachi/anatomical/001", "failing/slicecount/001",
    "philips_enhanced/anatomical/001", "siemens_multiframe/anatomical/001",
])
def test_the_clean_grey_series_of_dicom2nifti_equal_their_nifti(name):
    volume = loaded(NIFTI / name)
    assert volume.modality == "MR"
    assert_equals_nifti(volume, NIFTI / f"{name}_ground_truth.nii.gz")


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "words", "repaired"), cases(
    ("generic/rgb/001", r"colour", ""),
    ("ge/anatomical/001_single_slice", "a single slice of unknown thickness", ""),
    ("failing/gantrytilting/001", "tilt of 14.0 degrees", "tilt of 14.0 degrees"),
    ("failing/notavolume/001", "duplicate slices", ""),
    ("failing/sliceincrement/001", "gap of 10 mm after slice 3 (usual step 5 mm)", "missing slice"),
    ("failing/sliceincrement/002", "gap of 1.499 mm after slice 3", "missing slice"),
    ("failing/sliceorientation/001", "different planes", ""),
))
def test_the_failing_series_of_dicom2nifti_are_refused_or_repaired_by_name(name, words, repaired):
    """Without leave they are refused. With leave they load with the repair in their warnings, or are refused still."""
    assert words in refusal(NIFTI / name)
    found = outcome(NIFTI / name, repair=True)
    if not repaired:
        assert isinstance(found, str) and words in found
        return
    assert isinstance(found, Volume), found
    assert any(repaired in line for line in found.warnings), found.warnings
    steps = np.diff(found.geometry.to_world([[0, 0, 0], [1, 0, 0]]), axis=0)[0]
    normal = np.cross(found.geometry.direction[:, 1], found.geometry.direction[:, 2])
    assert abs(abs(steps @ normal) - np.linalg.norm(steps)) < 1e-6, "upright: the step is along the normal"
    # what was measured is still there: the first slice, where no shear has moved it
    first = min((pydicom.dcmread(file) for file in (NIFTI / name).iterdir()),
                key=lambda d: float(np.dot(np.cross(*np.reshape(np.array(d.ImageOrientationPatient, float), (2, 3))),
                                           np.array(d.ImagePositionPatient, float))))
    middle = np.array(first.ImagePositionPatient, float)
    for step, axis in zip(first.PixelSpacing[::-1], np.reshape(first.ImageOrientationPatient, (2, 3)), strict=True):
        middle = middle + 256 * float(step) * np.asarray(axis, float)
    wanted = float(first.pixel_array[256, 256]) * float(first.RescaleSlope) + float(first.RescaleIntercept)
    assert found.at(middle) == pytest.approx(wanted, abs=1.0)


@pytest.mark.real_data
def test_the_tilted_head_is_refused_and_sheared_back_on_request():
    folder = DATA / "ge_head_tilt"
    assert "tilt of 18.5 degrees" in refusal(folder)
    series = [one for one in find_series(folder) if one.slice_count == 14]
    assert len(series) == 2
    for one in series:
        volume = load_volume(folder, series_uid=one.uid, repair=True)
        assert any("18.5" in line and "tilt" in line for line in volume.warnings), volume.warnings
        assert volume.geometry.spacing_mm[0] == pytest.approx(one.spacing_mm[0], rel=1e-3)
        # bone of the skull and brain are still what they were
        assert 20 < float(np.median(volume.array[(volume.array > 0) & (volume.array < 80)])) < 60
        assert volume.array.max() > 1000


SERIES_LIKE_SIMPLEITK = ("dcmqi/data/segmentations/ct-3slice", "dcmqi/data/segmentations/23x38x3/image",
                         "dcmqi/data/segmentations/24x38x3/image", "rt_utils/tests/oriented_data",
                         "totalsegmentator_refs/example_ct_dicom")


@pytest.mark.real_data
@pytest.mark.parametrize("name", SERIES_LIKE_SIMPLEITK)
def test_clean_series_equal_simpleitk(name):
    folder = DATA / name
    assert_equals_simpleitk(loaded(folder), [file for file in folder.iterdir() if file.is_file()])


@pytest.mark.real_data
def test_slices_beside_contours_equal_simpleitk():
    folder = DATA / "rt_utils" / "tests" / "mock_data"
    assert_equals_simpleitk(loaded(folder), [folder / "ct_1.dcm", folder / "ct_2.dcm"])


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["23x38x3", "24x38x3"])
def test_a_multi_frame_ct_equals_its_single_slices(name):
    folder = DATA / "dcmqi" / "data" / "segmentations" / name
    frames, slices = loaded(folder / "multiframe"), loaded(folder / "image")
    assert frames.geometry.is_close(slices.geometry)
    np.testing.assert_array_equal(frames.array, slices.array)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "words"), cases(
    ("pydicom_data", "patients in one folder"),
    ("highdicom", "patients in one folder"),
    ("dcmqi/data/segmentations", "patients in one folder"),
    ("dcmqi/data/sr-example", "no volume of slices"),
    ("rt_utils/tests/empty", "RT Structure Set"),
    ("rt_utils/tests/one_slice_data", "unknown thickness"),
))
def test_folders_that_hold_no_one_volume_are_refused(name, words):
    assert words in refusal(DATA / name)


def test_a_refusal_is_a_scan_error_that_names_no_path():
    with pytest.raises(ScanError) as caught:
        load_volume(DIRECTORIES)
    assert str(PYDICOM) not in caught.value.line
