"""Every single DICOM file at hand loads as pydicom says, or is refused by one typed error in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
import SimpleITK as sitk

from anatomy_twin.core import Volume
from tests.support.real_scans import DATA
from tests.support.scan_outcomes import PYDICOM, assert_same_values, cases, loaded, outcome, refusal


def assert_equals_pydicom(volume: Volume, path: Path) -> None:
    """One file of one frame: its pixels by pydicom, its place by position, orientation and spacing of the header."""
    data = pydicom.dcmread(path, force=True)
    slope, intercept = float(data.get("RescaleSlope", 1) or 1), float(data.get("RescaleIntercept", 0) or 0)
    try:
        wanted = data.pixel_array.astype(float) * slope + intercept
    except RuntimeError:  # no decoder of pydicom for this syntax is installed here
        wanted = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0].astype(float)
    lossy = data.file_meta.TransferSyntaxUID.is_compressed and data.get("LossyImageCompression") == "01"
    array, geometry = volume.array, volume.geometry
    assert array.shape == (1, data.Rows, data.Columns)
    position = np.array(data.ImagePositionPatient, float)
    along_row, down_column = np.array(data.ImageOrientationPatient, float).reshape(2, 3)
    row_step, column_step = (float(value) for value in data.PixelSpacing)
    rows, columns = np.indices((data.Rows, data.Columns))
    places = (position + columns[..., None] * column_step * along_row + rows[..., None] * row_step * down_column)
    index = geometry.to_index(places)
    nearest = np.rint(index).astype(int)
    assert np.abs(index - nearest).max() < 5e-3
    assert_same_values(array[tuple(np.moveaxis(nearest, -1, 0))], wanted, data.Modality, 2.0 if lossy else 0.0)


def files_under(folder: Path, every: int = 1) -> list[Path]:
    skipped = (".py", ".pyc", ".json", ".md", ".txt", ".gz", ".nrrd", ".xz", ".png", ".jpg")
    found = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix not in skipped]
    return [file for file in found if "LICENSE" not in file.name][::every]


def try_all(files: list[Path]) -> tuple[dict[str, Volume], dict[str, str]]:
    """Load each file alone; compare what loads with pydicom. Names that occur twice get their folder's before them."""
    volumes: dict[str, Volume] = {}
    lines: dict[str, str] = {}
    for file in files:
        found = outcome(file)
        name = file.name
        if name in volumes or name in lines:
            name = f"{file.parent.parent.name}/{file.parent.name}/{name}"
        if isinstance(found, str):
            lines[name] = found
            continue
        volumes[name] = found
        if found.array.shape[0] == 1:
            assert_equals_pydicom(found, file)
    return volumes, lines


CT_AND_MR_OF_PYDICOM = {
    "693_J2KI.dcm", "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm",
    "MR_small_expb.dcm", "MR_small_implicit.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm",
    "examples_overlay.dcm",
}
# header and codestream differ in the sign of the pixels: loaded as pydicom does, or refused for just that
SIGN_DIFFERS = "J2K_pixelrep_mismatch.dcm"


def test_files_of_pydicom():
    files = [f for f in (PYDICOM / "test_files").iterdir() if f.is_file() and f.suffix not in (".py", ".md", ".json")]
    assert len(files) > 80
    volumes, lines = try_all(sorted(files))
    # grey CT and MR slices, whole and placed, in eight transfer syntaxes: all of them load
    assert set(volumes) >= CT_AND_MR_OF_PYDICOM
    for name in volumes.keys() - CT_AND_MR_OF_PYDICOM:
        assert volumes[name].modality in ("CT", "MR", "PT"), name
    assert SIGN_DIFFERS in volumes or "signed" in lines[SIGN_DIFFERS]
    words = {
        "MR_truncated.dcm": "cut short", "MR_small_padded.dcm": "more pixels than the header tells",
        "SC_rgb_jpeg.dcm": "colour image", "rtplan.dcm": "RT Plan",
        "rtstruct.dcm": "RT Structure Set", "crayons.icc": "not DICOM", "ExplVR_BigEnd.dcm": "colour",
    }
    for name, word in words.items():
        assert word in lines[name], lines[name]


@pytest.mark.parametrize("folder", ["charset_files", "palettes"])
def test_texts_in_all_alphabets_and_palettes_are_no_scans(folder):
    volumes, lines = try_all(files_under(PYDICOM / folder))
    assert not volumes and len(lines) > 7
    assert all(line.isascii() for line in lines.values()), "names of patients do not get into messages"


@pytest.mark.parametrize(("name", "words"), cases(
    ("palettes/winter.dcm", "Color Palette"),
    ("palettes/fall.dcm", "Color Palette"),
    ("test_files/badVR.dcm", "RT Dose"),
    ("test_files/rtdose.dcm", "RT Dose"),
    ("dicomdirtests/DICOMDIR", "holds no image: DICOMDIR"),
    ("dicomdirtests/DICOMDIR-nooffset", "holds no image: DICOMDIR"),
))
def test_objects_that_are_no_scans_are_called_what_they_are(name, words):
    folder = PYDICOM / "test_files" if name.startswith("dicomdirtests") else PYDICOM
    assert words in refusal(folder / name)


@pytest.mark.real_data
def test_files_of_pydicom_data():
    volumes, lines = try_all(files_under(DATA / "pydicom_data"))
    assert set(volumes) >= {
        "693_UNCI.dcm", "693_UNCR.dcm", "MR-SIEMENS-DICOM-WithOverlays.dcm", "MR2_J2KI.dcm", "MR2_J2KR.dcm",
        "MR2_UNCI.dcm", "MR2_UNCR.dcm", "bad_sequence.dcm",
    }
    assert len(volumes) + len(lines) >= 60
    for name, line in lines.items():
        if name.startswith(("SC_", "HTJ2K", "JLS", "color", "OT-PAL")):
            assert "secondary capture" in line or "colour" in line, line
        if name.startswith("emri_small"):
            assert "multi-frame" in line, line  # these ten frames have neither positions nor spacings
        if name.startswith("liver"):
            assert "multi-frame" in line or "segmentation" in line.lower(), line
    assert "unknown thickness" in lines["explicit_VR-UN.dcm"]


@pytest.mark.real_data
@pytest.mark.parametrize("name", cases(("693_J2KR.dcm",), ("MR2_J2KR.dcm",)))
def test_lossless_coding_gives_what_the_uncoded_file_gives(name):
    folder = DATA / "pydicom_data" / "data_store" / "data"
    coded, plain = loaded(folder / name), loaded(folder / name.replace("J2KR", "UNCR"))
    np.testing.assert_array_equal(coded.array, plain.array)
    assert coded.geometry.is_close(plain.geometry)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "words"), cases(
    ("parametric_map_float.dcm", ("arametric map", "Parametric Map")),
))
def test_maps_of_quantities_are_refused_as_what_they_are(name, words):
    line = refusal(DATA / "pydicom_data" / "data_store" / "data" / name)
    assert any(word in line for word in words), line


@pytest.mark.real_data
@pytest.mark.parametrize(("folder", "least"), [("highdicom", 1), ("dcmqi", 11), ("rt_utils", 2)])
def test_files_of_other_readers(folder, least):
    volumes, lines = try_all(files_under(DATA / folder))
    assert len(volumes) >= least and len(lines) >= 5
    assert all(volume.modality == "CT" for volume in volumes.values())
    for name, line in lines.items():
        if "rt" in name.split(".")[0].split("_"):
            assert "RT Structure Set" in line


@pytest.mark.real_data
def test_single_slices_of_long_series():
    folders = ["totalsegmentator_refs/example_ct_dicom", "ge_head_tilt", "dicom2nifti"]
    volumes, lines = try_all([file for name in folders for file in files_under(DATA / name, every=9)])
    assert len(volumes) >= 3
    assert all("unknown thickness" in line or "capture" in line for line in lines.values()), lines
