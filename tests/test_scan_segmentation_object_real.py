"""DICOM SEG of other makers: the same points as a decode by hand, or a refusal by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import ScanError, UsageError
from anatomy_twin.scan.headers import private_uid
from anatomy_twin.scan.label_object import decode_label_object, read_label_object
from anatomy_twin.scan.volume import load_volume
from tests.support.real_scans import DATA
from tests.support.seg_points import decode_in_process, own_mask, sorted_points, world_points

DCMQI = DATA / "dcmqi" / "data" / "segmentations"
HIGHDICOM = DATA / "highdicom" / "data" / "test_files"
PYDICOM = DATA / "pydicom_data" / "data_store" / "data"
real_data = pytest.mark.real_data


@pytest.fixture
def in_process(monkeypatch):
    decode_in_process(monkeypatch)


def points_by_hand(path: Path) -> dict[int, np.ndarray]:
    """Centres of labelled pixels in LPS mm for each segment number, from pydicom and PS3.3 C.7.6.2.1.1 alone."""
    dataset = pydicom.dcmread(path)
    frames = np.asarray(dataset.pixel_array).reshape(-1, dataset.Rows, dataset.Columns)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    turn = [float(v) for v in shared.PlaneOrientationSequence[0].ImageOrientationPatient]
    down, right = (float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing)
    found: dict[int, list[np.ndarray]] = {}
    for frame, groups in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        start = np.array([float(v) for v in groups.PlanePositionSequence[0].ImagePositionPatient])
        for value in np.unique(frame[frame > 0]).tolist():
            inside, number = frame == value, value
            if dataset.SegmentationType != "LABELMAP":
                number = int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
            if dataset.SegmentationType == "FRACTIONAL":
                inside = inside & (frame / dataset.MaximumFractionalValue >= 0.5)
            rows, columns = np.nonzero(inside)
            points = start + np.outer(columns * right, turn[:3]) + np.outer(rows * down, turn[3:])
            found.setdefault(number, []).append(points)
    return {number: sorted_points(np.concatenate(points)) for number, points in found.items()}


def assert_same_points(labels, expected: dict[int, np.ndarray]) -> None:
    assert {segment.value for segment in labels.segments} == set(expected)
    for segment in labels.segments:
        np.testing.assert_array_equal(world_points(labels, segment.name), expected[segment.value])


REAL = [
    *(("highdicom", f"seg_image_ct_{kind}.dcm") for kind in (
        "binary", "binary_fractional", "binary_overlap", "binary_single_frame", "true_fractional")),
    *(("dcmqi", name) for name in ("liver.dcm", "partial_overlaps.dcm", "sparse-labelmap-noppv.dcm",
                                   "sparse-labelmap-ppv5.dcm", "24x38x3/seg/label.seg", "23x38x3/seg/label.seg",
                                   "../sr-example/seg.dcm")),
    *(("pydicom", name) for name in ("liver_expb.dcm", "liver_nonbyte_aligned.dcm", "liver_j2k.dcm",
                                     "liver_nonbyte_aligned_j2k.dcm")),
]  # fmt: skip


@pytest.mark.parametrize(("maker", "name"), [pytest.param(*one, marks=real_data) for one in REAL])
def test_real_objects_equal_a_decode_by_hand(maker, name):
    path = {"highdicom": HIGHDICOM, "dcmqi": DCMQI, "pydicom": PYDICOM}[maker] / name
    labels = decode_label_object(path.read_bytes(), path.name)
    assert_same_points(labels, points_by_hand(path))


@pytest.mark.parametrize("name", [pytest.param(f"liver_{n}.dcm", marks=real_data) for n in (
    "deflate", "nonbyte_aligned_deflate", "rle", "nonbyte_aligned_rle")])  # fmt: skip
def test_packed_bits_that_pydicom_does_not_decode_equal_the_plain_object(name):
    plain = "liver_nonbyte_aligned.dcm" if "nonbyte" in name else "liver.dcm"
    labels = decode_label_object((PYDICOM / name).read_bytes(), name)
    assert_same_points(labels, points_by_hand(PYDICOM / plain))


@pytest.mark.parametrize("case", [pytest.param("24x38x3", marks=real_data), pytest.param("23x38x3", marks=real_data)])
def test_objects_of_dcmqi_equal_the_image_they_were_made_of(case, in_process):
    image = sitk.ReadImage(str(DCMQI / case / "nrrd" / "label.nrrd"))
    volume = load_volume(DCMQI / case / "image")
    labels = read_label_object(DCMQI / case / "seg" / "label.seg", like=volume)
    assert labels.notes[0] == "matched by the images that it names (3 of 3)"
    points = labels.geometry.to_world(np.argwhere(labels.mask("liver")))
    found = np.array([image.TransformPhysicalPointToContinuousIndex(point.tolist()) for point in points])[:, ::-1]
    assert np.abs(found - np.rint(found)).max() < 0.01
    expected = np.argwhere(sitk.GetArrayFromImage(image) > 0)
    np.testing.assert_array_equal(np.unique(np.rint(found), axis=0), expected)


@pytest.mark.parametrize("name", [pytest.param("partial_overlaps.dcm", marks=real_data)])
def test_overlaps_of_dcmqi_equal_their_three_images(name, in_process):
    labels = read_label_object(DCMQI / name, like=load_volume(DCMQI / "ct-3slice"))
    for number in (1, 2, 3):
        array = sitk.GetArrayFromImage(sitk.ReadImage(str(DCMQI / f"partial_overlaps-{number}.nrrd")))
        for value in np.unique(array[array > 0]).tolist():
            segment = next(s for s in labels.segments if s.value == value)
            np.testing.assert_array_equal(own_mask(labels, segment.name), array == value)


@pytest.mark.parametrize("name", [pytest.param(f"sparse-labelmap-{n}.dcm", marks=real_data) for n in ("noppv", "ppv5")])
def test_label_maps_of_dcmqi_that_leave_a_slice_out_equal_their_image(name, in_process):
    labels = read_label_object(DCMQI / name, like=load_volume(DCMQI / "24x38x3" / "image"))
    image = sitk.ReadImage(str(DCMQI / name.replace("-", "_").replace(".dcm", "_seg.nrrd")))
    np.testing.assert_array_equal(labels.mask("liver"), sitk.GetArrayFromImage(image) == 1)


@pytest.mark.parametrize("name", [pytest.param(name, marks=real_data) for _, name in REAL[:5] if "single" not in name])
def test_objects_of_highdicom_lie_on_the_series_that_they_were_made_of(name, tmp_path, in_process):
    folder = Path(get_testdata_file("dicomdirtests/77654033/CT2/17106")).parent
    for file in ("17136", "17166", "17196"):  # a fourth slice lies 20 cm apart
        shutil.copy(folder / file, tmp_path / file)
    volume = load_volume(tmp_path)
    if "overlap" in name:
        with pytest.raises(ScanError, match="reaches beyond"):
            read_label_object(HIGHDICOM / name, like=volume)
        ends = [pydicom.dcmread(folder / file) for file in ("17106", "17136", "17166", "17196")]
        start = tuple(float(v) for v in ends[0].ImagePositionPatient)
        grid = VolumeGeometry.upright((165, 16, 16), (1.25, 0.488281, 0.488281), start)
        uids = tuple(private_uid(str(one.SOPInstanceUID)) for one in ends)
        volume = Volume(np.zeros(grid.shape, np.int16), grid, instances=uids)
    labels = read_label_object(HIGHDICOM / name, like=volume)
    assert_same_points(labels, points_by_hand(HIGHDICOM / name))


REFUSED = {
    "highdicom/data/test_files/seg_image_cr_binary.dcm": "Computed Radiography Image",
    **{f"highdicom/data/test_files/seg_image_sm_{n}.dcm": "Slide Microscopy" for n in (
        "control", "control_labelmap", "control_labelmap_palette_color", "dots", "dots_tiled_full", "numbers")},
    "highdicom/data/test_files/sr_document.dcm": "Comprehensive 3D SR",
    "dcmqi/data/sr-example/sr.dcm": "Comprehensive SR",
    "dcmqi/data/sr-example/rwvm.dcm": "Real World Value Mapping",
    "highdicom/data/test_files/sm_annotations.dcm": "Microscopy Bulk Simple Annotations",
    "dcmqi/data/segmentations/24x38x3/multiframe/mf.dcm": "Enhanced CT Image",
}  # fmt: skip


@pytest.mark.parametrize(("name", "words"), [pytest.param(*one, marks=real_data) for one in REFUSED.items()])
def test_what_holds_no_labels_on_a_volume_is_refused_by_name(name, words):
    with pytest.raises(ScanError, match=words) as caught:
        decode_label_object((DATA / name).read_bytes(), "x.dcm")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [pytest.param("rt_utils/tests/mock_data/rt.dcm", marks=real_data)])
def test_a_structure_set_without_a_scan_is_refused(name):
    with pytest.raises(UsageError, match="need the scan"):
        decode_label_object((DATA / name).read_bytes(), "x.dcm")
