"""Every DICOM file at hand loads as another reader says, or is refused by one typed error in one line. Nothing else.

The files of pydicom's wheel are always there; the others need ``ANATOMY_TWIN_TEST_DATA``. Truth: for single files
pydicom's own decoding and the position in the header, for series SimpleITK, for dicom2nifti's series the NIfTI beside.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pydicom.data
import pytest
import SimpleITK as sitk

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import ScanError, TwinError
from anatomy_twin.scan import find_series, load_volume

DATA = Path(os.environ.get("ANATOMY_TWIN_TEST_DATA", ""))
PYDICOM = Path(pydicom.data.__file__).parent
DIRECTORIES = PYDICOM / "test_files" / "dicomdirtests"
NIFTI = DATA / "dicom2nifti" / "tests" / "data"
LONGEST_S = 20
PADDING_HU = -1024.0

# what must hold and does not yet; a test whose name is here is expected to fail, and complains once it passes
NOT_YET: dict[str, str] = {}

needs_data = pytest.mark.skipif(
    "ANATOMY_TWIN_TEST_DATA" not in os.environ, reason="ANATOMY_TWIN_TEST_DATA names no folder of real scans"
)


def real(function: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.real_data(needs_data(function))


def cases(*rows: tuple):
    """Parameters of a test, those of ``NOT_YET`` marked; the first value of a row is its name."""
    marked = []
    for row in rows:
        why = NOT_YET.get(row[0])
        marks = [pytest.mark.xfail(reason=why, strict=True)] if why else []
        marked.append(pytest.param(*row, id=row[0], marks=marks))
    return marked


# --- nothing but a volume or one line ---------------------------------------------------------------------------------


class Hangs(Exception):
    """A file took longer than any file may."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise ``Hangs`` in the main thread after so many seconds, where the system has such a clock."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(path: Path, *, repair: bool = False) -> Volume | str:
    """Load what is at a path: the volume, or the line of the refusal. Listing it first must not do worse."""
    try:
        with within(LONGEST_S):
            try:
                listed = bool(find_series(path))
            except TwinError as error:
                check_line(error)
                listed = False
            try:
                volume = load_volume(path, repair=repair)
            except TwinError as error:
                check_line(error)
                return error.line
    except Hangs:
        raise AssertionError(f"{path.name} takes more than {LONGEST_S} s") from None
    assert listed, f"{path.name} is loaded and not listed"
    return volume


def check_line(error: TwinError) -> None:
    line = str(error)
    assert type(error) is not TwinError, "a refusal has a kind"
    assert line.strip() and line.isprintable(), repr(line)
    assert len(line) < 600 and "Traceback" not in line and "Error(" not in line, line
    assert error.what and error.advice, f"says what and what to do: {line}"


def refusal(path: Path, *, repair: bool = False) -> str:
    found = outcome(path, repair=repair)
    assert isinstance(found, str), f"{path.name} was loaded"
    return found


def loaded(path: Path, *, repair: bool = False) -> Volume:
    found = outcome(path, repair=repair)
    assert isinstance(found, Volume), found
    return found


# --- the oracles ------------------------------------------------------------------------------------------------------


def assert_same_values(found: np.ndarray, wanted: np.ndarray, modality: str, loss: float = 0.0) -> None:
    """Equal but for padding, which a CT must not keep as a value that no tissue has."""
    close = np.abs(found.astype(float) - wanted) <= np.maximum(1e-5 * np.abs(wanted), 1e-3) + loss
    if modality == "CT":
        close |= (found == PADDING_HU) & (wanted < PADDING_HU)
    assert close.all(), f"{np.count_nonzero(~close)} of {close.size} voxels differ"


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
    assert sorted(wanted.shape) == sorted(volume.array.shape)
    index = np.moveaxis(np.indices(wanted.shape), 0, -1).reshape(-1, 3)
    ours = volume.geometry.to_index(index @ affine[:3, :3].T + affine[:3, 3])
    nearest = np.rint(ours).astype(int)
    assert np.abs(ours - nearest).max() < 0.02, "the voxels lie elsewhere"
    hit = np.zeros(volume.array.shape, bool)
    hit[tuple(nearest.T)] = True
    assert hit.all(), "not every voxel is one of the other reader's"
    assert_same_values(volume.array[tuple(nearest.T)], wanted.reshape(-1), volume.modality)


# --- single files -----------------------------------------------------------------------------------------------------


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


@real
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


@real
@pytest.mark.parametrize("name", cases(("693_J2KR.dcm",), ("MR2_J2KR.dcm",)))
def test_lossless_coding_gives_what_the_uncoded_file_gives(name):
    folder = DATA / "pydicom_data" / "data_store" / "data"
    coded, plain = loaded(folder / name), loaded(folder / name.replace("J2KR", "UNCR"))
    np.testing.assert_array_equal(coded.array, plain.array)
    assert coded.geometry.is_close(plain.geometry)


@real
@pytest.mark.parametrize(("name", "words"), cases(
    ("parametric_map_float.dcm", ("arametric map", "Parametric Map")),
))
def test_maps_of_quantities_are_refused_as_what_they_are(name, words):
    line = refusal(DATA / "pydicom_data" / "data_store" / "data" / name)
    assert any(word in line for word in words), line


@real
@pytest.mark.parametrize(("folder", "least"), [("highdicom", 1), ("dcmqi", 11), ("rt_utils", 2)])
def test_files_of_other_readers(folder, least):
    volumes, lines = try_all(files_under(DATA / folder))
    assert len(volumes) >= least and len(lines) >= 5
    assert all(volume.modality == "CT" for volume in volumes.values())
    for name, line in lines.items():
        if "rt" in name.split(".")[0].split("_"):
            assert "RT Structure Set" in line


@real
def test_single_slices_of_long_series():
    folders = ["totalsegmentator_refs/example_ct_dicom", "ge_head_tilt", "dicom2nifti"]
    volumes, lines = try_all([file for name in folders for file in files_under(DATA / name, every=9)])
    assert len(volumes) >= 3
    assert all("unknown thickness" in line or "capture" in line for line in lines.values()), lines


# --- series -----------------------------------------------------------------------------------------------------------


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


@real
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


@real
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


@real
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


@real
@pytest.mark.parametrize("name", SERIES_LIKE_SIMPLEITK)
def test_clean_series_equal_simpleitk(name):
    folder = DATA / name
    assert_equals_simpleitk(loaded(folder), [file for file in folder.iterdir() if file.is_file()])


@real
def test_slices_beside_contours_equal_simpleitk():
    folder = DATA / "rt_utils" / "tests" / "mock_data"
    assert_equals_simpleitk(loaded(folder), [folder / "ct_1.dcm", folder / "ct_2.dcm"])


@real
@pytest.mark.parametrize("name", ["23x38x3", "24x38x3"])
def test_a_multi_frame_ct_equals_its_single_slices(name):
    folder = DATA / "dcmqi" / "data" / "segmentations" / name
    frames, slices = loaded(folder / "multiframe"), loaded(folder / "image")
    assert frames.geometry.is_close(slices.geometry)
    np.testing.assert_array_equal(frames.array, slices.array)


@real
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
