"""A real CT, feet first, one slice in every transfer syntax, and the test files of pydicom: as SimpleITK loads them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
import SimpleITK as sitk

from anatomy_twin.errors import TwinError
from anatomy_twin.scan import find_series, load_volume
from tests.support.real_scans import DATA, GIVEN

SYNTAXES = DATA / "transfer_syntaxes" / "testImages"


@pytest.fixture(scope="module")
def liver_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("liver")
    with tarfile.open(DATA / "hcc006_ct.tar.xz") as archive:
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return folder


@pytest.mark.real_data
def test_the_liver_ct_is_chosen_and_equals_simpleitk(liver_folder):
    first, second = find_series(liver_folder)
    assert first.reason == "1st of 2: 109 axial slices of an original CT; the other has 1 slice"
    assert first.shape == (109, 512, 512)
    assert first.spacing_mm == pytest.approx((2.5, 0.78125, 0.78125))
    assert (first.verdict.uniform, first.verdict.patient_position, second.slice_count) == (True, "FFS", 1)
    volume = load_volume(liver_folder)
    assert (volume.units, volume.array.dtype, volume.synthetic) == ("HU", np.int16, False)
    assert volume.facts["patient position"] == "feet first, supine"
    assert "HCC" not in repr(volume.facts)
    image = sitk.ReadImage([str(file) for file in first.files])
    np.testing.assert_array_equal(volume.array, sitk.GetArrayViewFromImage(image))
    for index in [(0, 0, 0), (108, 511, 0), (54, 100, 400)]:
        place = image.TransformIndexToPhysicalPoint(index[::-1])
        np.testing.assert_allclose(volume.geometry.to_world(index), place, atol=1e-3)


# largest difference in HU that the coding itself makes, 0 where it is lossless: the README beside the files names 65
# for 8-bit and about 35 for 12-bit JPEG
LOSS_HU = {"4.50": 65, "4.51": 36, "4.53": 36, "4.55": 36, "4.81": 12, "4.91": 12}


def tail_of(file: Path) -> str:
    return ".".join(file.name.split("_1.2.840.10008.1.2.")[1].removesuffix(".dcm").split("."))


@pytest.mark.real_data
def test_one_slice_in_every_transfer_syntax_is_the_native_one():
    native = load_volume(SYNTAXES / "CTImage.dcm")
    files = {tail_of(file): file for file in sorted(SYNTAXES.glob("*.dcm_*"))}
    assert len(files) == 15
    for tail, file in files.items():
        volume = load_volume(file)
        assert np.abs(volume.array.astype(float) - native.array).max() <= LOSS_HU.get(tail, 0), tail
        assert volume.geometry.is_close(native.geometry)
        assert any("with loss" in line for line in volume.warnings) == (tail in LOSS_HU)


def pydicom_files() -> list[Path]:
    folder = Path(pydicom.data.__file__).parent / "test_files"
    more = sorted((DATA / "pydicom_data").rglob("*.dcm")) if GIVEN else []
    return [*sorted(path for path in folder.iterdir() if path.is_file()), *more]


def test_the_test_files_of_pydicom_load_as_simpleitk_does_or_are_refused():
    """A file that loads has the values of SimpleITK (padding and big-endian oddities apart, which are counted)."""
    loaded = refused = compared = 0
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    for file in pydicom_files():
        try:
            volume = load_volume(file)
        except TwinError as error:
            assert "\n" not in error.line
            refused += 1
            continue
        loaded += 1
        try:
            other = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))
        except RuntimeError:
            continue
        kept = volume.array > -1024 if volume.modality == "CT" else np.ones(volume.array.shape, bool)
        np.testing.assert_allclose(volume.array[kept], other.reshape(volume.array.shape)[kept], rtol=1e-5, atol=1.0)
        compared += 1
    assert loaded >= 10
    assert compared >= 8
    assert refused >= 30
