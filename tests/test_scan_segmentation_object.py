"""DICOM SEG objects against the masks they were made of, by highdicom and by dcmqi."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription
from pydicom.sr.codedict import codes

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import ScanError
from anatomy_twin.scan import segmentation_object
from anatomy_twin.scan.segmentation_object import decode_seg, read_seg
from anatomy_twin.scan.volume import load_volume
from tests.support.dicom_series import random_axes, write_series

DATA = os.environ.get("ANATOMY_TWIN_TEST_DATA", "")
DCMQI = Path(DATA) / "dcmqi" / "data" / "segmentations"
real_data = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA, reason="ANATOMY_TWIN_TEST_DATA does not name the folder with real scans"),
]


def true_masks() -> dict[str, np.ndarray]:
    """Overlapping boxes and a segment of three voxels, [k, row, column]."""
    found = {name: np.zeros((8, 12, 10), bool) for name in ("Liver", "Tumour 1", "Odd thing", "kidney-left")}
    found["Liver"][1:6, 2:9, 1:8] = True
    found["Tumour 1"][2:4, 3:5, 3:6] = True
    found["Odd thing"][3:6, 4:9, 5:9] = True
    found["kidney-left"][1, 0, 0:3] = True
    return found


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return write_series(tmp_path_factory.mktemp("series"), axes=random_axes(3))


def make_seg(truth, kind: str = "BINARY") -> bytes:
    """An object by highdicom of the masks above (without the overlapping ones for a label map)."""
    names = ["Liver", "kidney-left"] if kind == "LABELMAP" else list(true_masks())
    descriptions = [
        SegmentDescription(
            number, name, codes.SCT.Organ, codes.SCT.Liver if name == "Liver" else codes.SCT.Tissue,
            SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, name in enumerate(names, start=1)
    ]
    pixels = np.stack([true_masks()[name] for name in names], axis=-1)
    sources = [pydicom.dcmread(file) for file in truth.files]
    for source in sources:  # highdicom copies these, which the test series leaves out
        for keyword in ("PatientSex", "PatientBirthDate", "AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
            if keyword not in source:
                setattr(source, keyword, "")
    seg = highdicom.seg.Segmentation(
        sources,
        pixels.astype(np.float32 if kind == "FRACTIONAL" else np.uint8), kind, descriptions,
        highdicom.UID(), 1, highdicom.UID(), 1, "maker", "model", "1", "1", omit_empty_frames=True,
    )
    buffer = BytesIO()
    seg.save_as(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_every_voxel_lies_where_it_was_drawn(truth, kind):
    labels = decode_seg(make_seg(truth, kind), "seg.dcm")
    told = {"Liver": "liver", "Tumour 1": "tumour_1", "Odd thing": "Odd thing", "kidney-left": "kidney_left"}
    expected = {told[name]: mask for name, mask in true_masks().items()}
    assert set(labels.names) == ({"liver", "kidney_left"} if kind == "LABELMAP" else set(expected))
    for name in labels.names:
        centres = {tuple(np.round(truth.world(*index), 2) + 0.0) for index in np.argwhere(expected[name])}
        segment = labels.segment(name)
        found = np.argwhere(labels.array[segment.layer] == segment.value)
        assert {tuple(np.round(point, 2) + 0.0) for point in labels.geometry.to_world(found)} == centres
        assert segment.state == "needs review"
    assert labels.segment("liver").code.value == "10200004"


def test_overlapping_segments_lie_in_layers(truth):
    labels = decode_seg(make_seg(truth), "seg.dcm")
    assert labels.array.shape[0] == 3
    assert labels.segment("liver").layer != labels.segment("tumour_1").layer
    assert labels.segment("kidney_left").layer == 0


def test_the_labels_are_put_onto_the_grid_of_the_scan_and_no_other(truth, tmp_path, monkeypatch):
    (tmp_path / "seg.dcm").write_bytes(make_seg(truth))
    steps = np.stack([truth.step / truth.spacing_mm[0], truth.column, truth.row], axis=1)
    frame = load_volume(truth.files[0].parent).geometry.frame_of_reference_uid
    geometry = VolumeGeometry((8, 12, 10), truth.spacing_mm, steps, tuple(truth.positions_mm[0]), frame)
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    labels = read_seg(tmp_path / "seg.dcm", like=volume)
    assert labels.geometry is geometry
    masks = true_masks()
    np.testing.assert_array_equal(labels.mask("liver"), masks["Liver"] | masks["Tumour 1"])  # a lesion is part of it
    np.testing.assert_array_equal(labels.mask("Odd thing"), masks["Odd thing"])
    # the child process was seen to work above; its start is not needed twice more
    monkeypatch.setattr(segmentation_object, "run_limited", lambda _, data, name, **limits: decode_seg(data, name))
    other = VolumeGeometry(geometry.shape, geometry.spacing_mm, steps, geometry.origin_mm, "1.2.3.4")
    with pytest.raises(ScanError, match="frame of reference"):
        read_seg(tmp_path / "seg.dcm", like=Volume(volume.array, other))
    moved = VolumeGeometry(geometry.shape, geometry.spacing_mm, steps, (1.0, 2.0, 3.0), frame)
    with pytest.raises(ScanError, match="another grid"):
        read_seg(tmp_path / "seg.dcm", like=Volume(volume.array, moved))


def test_what_is_no_segmentation_is_refused_in_one_line(truth, tmp_path):
    seg = make_seg(truth)
    for data in (b"", b"not a scan", truth.files[0].read_bytes(), seg[:600], seg[: len(seg) // 2]):
        with pytest.raises(ScanError, match=r"x\.dcm") as caught:
            decode_seg(data, "x.dcm")
        assert "\n" not in str(caught.value)
    with pytest.raises(ScanError, match="no such file"):
        read_seg(tmp_path / "nothing.dcm")


@pytest.mark.parametrize("case", [pytest.param("24x38x3", marks=real_data), pytest.param("23x38x3", marks=real_data)])
def test_objects_of_dcmqi_equal_the_image_they_were_made_of(case):
    image = sitk.ReadImage(str(DCMQI / case / "nrrd" / "label.nrrd"))
    array = sitk.GetArrayFromImage(image)
    labels = decode_seg((DCMQI / case / "seg" / "label.seg").read_bytes(), "label.seg")
    points = labels.geometry.to_world(np.argwhere(np.any(labels.array > 0, axis=0)))
    found = np.array([image.TransformPhysicalPointToContinuousIndex(point.tolist()) for point in points])[:, ::-1]
    assert np.abs(found - np.rint(found)).max() < 0.01
    np.testing.assert_array_equal(np.unique(np.rint(found), axis=0), np.argwhere(array > 0))


@pytest.mark.parametrize("name", [pytest.param("partial_overlaps.dcm", marks=real_data)])
def test_overlaps_of_dcmqi_are_all_kept(name):
    labels = decode_seg((DCMQI / name).read_bytes(), name)
    sizes = sorted(int(np.count_nonzero(labels.mask(segment, with_parts=False))) for segment in labels.names)
    counts: list[int] = []
    for number in (1, 2, 3):
        array = sitk.GetArrayFromImage(sitk.ReadImage(str(DCMQI / f"partial_overlaps-{number}.nrrd")))
        counts += [int(np.count_nonzero(array == value)) for value in np.unique(array) if value]
    assert sizes == sorted(counts)
