"""DICOM SEG objects against the masks they were made of, by highdicom and by dcmqi, and against pydicom by hand."""

from __future__ import annotations

import os
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import ScanError, UsageError
from anatomy_twin.scan import label_object
from anatomy_twin.scan.headers import private_uid
from anatomy_twin.scan.label_match import BY_POSITION, Target, match_note
from anatomy_twin.scan.label_object import decode_label_object, read_label_object
from anatomy_twin.scan.volume import load_volume
from tests.support.dicom_series import random_axes, write_series
from tests.support.label_makers import make_seg, to_bytes

DATA = os.environ.get("ANATOMY_TWIN_TEST_DATA", "")
DCMQI = Path(DATA) / "dcmqi" / "data" / "segmentations"
HIGHDICOM = Path(DATA) / "highdicom" / "data" / "test_files"
PYDICOM = Path(DATA) / "pydicom_data" / "data_store" / "data"
real_data = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA, reason="ANATOMY_TWIN_TEST_DATA does not name the folder with real scans"),
]
NAMES = {"Liver": "liver", "Tumour 1": "tumour_1", "Odd thing": "Odd thing", "kidney-left": "kidney_left"}


def true_masks() -> dict[str, np.ndarray]:
    """Overlapping boxes and a segment of three voxels, [k, row, column]."""
    found = {name: np.zeros((8, 12, 10), bool) for name in NAMES}
    found["Liver"][1:6, 2:9, 1:8] = True
    found["Tumour 1"][2:4, 3:5, 3:6] = True
    found["Odd thing"][3:6, 4:9, 5:9] = True
    found["kidney-left"][1, 0, 0:3] = True
    return found


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return write_series(tmp_path_factory.mktemp("series"), axes=random_axes(3))


@pytest.fixture(scope="module")
def volume(truth):
    return load_volume(truth.files[0].parent)


@pytest.fixture(scope="module")
def objects(truth):
    """One good object of each kind; a label map holds no overlaps."""
    apart = {name: true_masks()[name] for name in ("Liver", "kidney-left")}
    terms = {"Liver": codes.SCT.Liver}
    return {
        "BINARY": make_seg(truth.files, true_masks(), "BINARY", terms),
        "FRACTIONAL": make_seg(truth.files, true_masks(), "FRACTIONAL", terms),
        "LABELMAP": make_seg(truth.files, apart, "LABELMAP", terms),
    }


@pytest.fixture
def in_process(monkeypatch):
    """The child process is seen to work in one test; its start is not needed in all."""
    monkeypatch.setattr(label_object, "run_limited",
                        lambda _, data, name, target, **limits: decode_label_object(data, name, target))


def changed(dataset: pydicom.Dataset, edit) -> bytes:
    """The bytes of a copy of an object after ``edit(copy)``."""
    copy = pydicom.dcmread(BytesIO(to_bytes(dataset)))
    edit(copy)
    return to_bytes(copy)


def own_mask(labels, name: str) -> np.ndarray:
    segment = labels.segment(name)
    return labels.array[segment.layer] == segment.value


def world_points(labels, name: str) -> np.ndarray:
    """Centres of a segment's voxels in hundredths of a millimetre, sorted."""
    return sorted_points(labels.geometry.to_world(np.argwhere(own_mask(labels, name))))


def sorted_points(points) -> np.ndarray:
    return np.unique(np.rint(np.asarray(points) * 100).astype(int), axis=0)


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


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_every_voxel_lies_where_it_was_drawn(truth, objects, kind):
    labels = decode_label_object(to_bytes(objects[kind]), "seg.dcm")
    expected = {NAMES[name]: mask for name, mask in true_masks().items()}
    assert set(labels.names) == ({"liver", "kidney_left"} if kind == "LABELMAP" else set(expected))
    for name in labels.names:
        drawn = [truth.world(*index) for index in np.argwhere(expected[name])]
        np.testing.assert_array_equal(world_points(labels, name), sorted_points(drawn))
        assert labels.segment(name).state == "check"
    assert labels.segment("liver").code.value == "10200004"


def test_overlapping_segments_lie_in_layers(objects):
    labels = decode_label_object(to_bytes(objects["BINARY"]), "seg.dcm")
    assert labels.array.shape[0] == 3
    assert labels.segment("liver").layer != labels.segment("tumour_1").layer
    assert labels.segment("kidney_left").layer == 0


def test_the_labels_are_put_onto_the_grid_of_the_scan(truth, volume, objects, tmp_path):
    (tmp_path / "seg.dcm").write_bytes(to_bytes(objects["BINARY"]))
    labels = read_label_object(tmp_path / "seg.dcm", like=volume)  # in a child process
    assert labels.geometry is volume.geometry
    assert labels.notes == ("matched by the images that it names (8 of 8)",)
    for name, mask in true_masks().items():
        np.testing.assert_array_equal(own_mask(labels, NAMES[name]), mask)
    assert labels.mask("liver").sum() == (true_masks()["Liver"] | true_masks()["Tumour 1"]).sum()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(False, False, False), (True, False, True), (False, True, False)])
def test_a_re_indexed_scan_gets_the_same_labels_in_the_world(
    volume, objects, tmp_path, in_process, order, flips
):
    (tmp_path / "seg.dcm").write_bytes(to_bytes(objects["BINARY"]))
    turned = Volume(
        np.transpose(volume.array, order)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)],
        volume.geometry.reindexed(order, flips), instances=volume.instances,
    )
    plain = read_label_object(tmp_path / "seg.dcm", like=volume)
    labels = read_label_object(tmp_path / "seg.dcm", like=turned)
    for name in plain.names:
        np.testing.assert_array_equal(world_points(labels, name), world_points(plain, name))


def test_frames_that_leave_slices_out_land_on_their_own_slices(truth, volume, tmp_path, in_process):
    mask = np.zeros((8, 12, 10), bool)
    mask[[0, 4, 6], 3:7, 2:5] = True  # all distances are multiples of two slices
    (tmp_path / "seg.dcm").write_bytes(to_bytes(make_seg(truth.files, {"Spleen": mask})))
    np.testing.assert_array_equal(read_label_object(tmp_path / "seg.dcm", like=volume).mask("spleen"), mask)
    single = np.zeros_like(mask)
    single[5, 1, 1] = True
    (tmp_path / "one.dcm").write_bytes(to_bytes(make_seg(truth.files, {"Spleen": single})))
    np.testing.assert_array_equal(read_label_object(tmp_path / "one.dcm", like=volume).mask("spleen"), single)


def test_a_scan_of_fewer_slices_takes_what_lies_on_it_and_refuses_the_rest(truth, objects, tmp_path, in_process):
    for file in truth.files[1:6]:
        shutil.copy(file, tmp_path / file.name)
    part = load_volume(tmp_path)
    (tmp_path / "seg").write_bytes(to_bytes(objects["BINARY"]))
    labels = read_label_object(tmp_path / "seg", like=part)
    np.testing.assert_array_equal(own_mask(labels, "liver"), true_masks()["Liver"][1:6])
    assert "(5 of 8)" in labels.notes[0]
    (tmp_path / truth.files[1].name).unlink()
    with pytest.raises(ScanError, match="reaches beyond the scan"):
        read_label_object(tmp_path / "seg", like=load_volume(tmp_path))


def test_slices_a_little_off_the_regular_grid_keep_their_labels(tmp_path, in_process):
    shifts = [0.045, -0.04, 0.04, -0.045, 0.04, -0.03, 0.04, 0.045]
    truth = write_series(tmp_path / "series", shifts_mm=shifts)
    volume = load_volume(tmp_path / "series")
    mask = np.zeros((8, 12, 10), bool)
    mask[:, 2:5, 3:9] = True
    (tmp_path / "seg.dcm").write_bytes(to_bytes(make_seg(truth.files, {"Spleen": mask})))
    np.testing.assert_array_equal(read_label_object(tmp_path / "seg.dcm", like=volume).mask("spleen"), mask)


def test_labels_of_another_scan_are_refused(truth, volume, objects, tmp_path, in_process):
    seg = tmp_path / "seg.dcm"
    seg.write_bytes(to_bytes(objects["BINARY"]))
    geometry, other = volume.geometry, ("2.25.1", "2.25.2")

    def like(**changes) -> Volume:
        fields = {"origin_mm": geometry.origin_mm, "spacing_mm": geometry.spacing_mm,
                  "frame_of_reference_uid": geometry.frame_of_reference_uid}  # fmt: skip
        images = changes.pop("instances", volume.instances)
        grid = VolumeGeometry(geometry.shape, direction=geometry.direction, **{**fields, **changes})
        return Volume(volume.array, grid, instances=images)

    with pytest.raises(ScanError, match="another scan: of the 8 images that it names this one holds none"):
        read_label_object(seg, like=like(instances=other, frame_of_reference_uid="1.2.3.4"))
    with pytest.raises(ScanError, match="holds none"):
        read_label_object(seg, like=like(instances=other, frame_of_reference_uid=""))
    with pytest.raises(ScanError, match="frame of reference"):
        read_label_object(seg, like=like(instances=(), frame_of_reference_uid="1.2.3.4"))
    moved = tuple(float(v) for v in np.array(geometry.origin_mm) + 0.3)
    for grid in (like(origin_mm=moved), like(spacing_mm=(2.5, 0.8, 0.75)), like(spacing_mm=(1.25, 0.8, 0.7))):
        with pytest.raises(ScanError, match=r"another grid|beyond"):
            read_label_object(seg, like=grid)
    assert "images of another series" in read_label_object(seg, like=like(instances=other)).notes[0]
    assert read_label_object(seg, like=like(instances=())).notes[0] == "matched by frame of reference and position"
    unknown = read_label_object(seg, like=like(instances=(), frame_of_reference_uid=""))
    assert unknown.notes[0] == BY_POSITION
    turned = read_label_object(seg, like=like(frame_of_reference_uid="1.2.3.4"))
    assert turned.notes[0].endswith("its frame of reference is another one than the scan's")


@pytest.mark.parametrize(
    ("named", "frame", "images", "own_frame", "every", "answer"),
    [
        ("ab", "1", "abc", "1", False, "matched by the images that it names (2 of 2)"),
        ("ab", "1", "bc", "1", False, "matched by the images that it names (1 of 2)"),
        ("ab", "1", "bc", "1", True, None),
        ("ab", "1", "bc", "2", False, None),
        ("ab", "1", "abc", "2", False,
         "matched by the images that it names (2 of 2); its frame of reference is another one than the scan's"),
        ("ab", "1", "bc", "", False, "matched by the images that it names (1 of 2)"),
        ("ab", "1", "cd", "1", True, None),
        ("ab", "1", "cd", "1", False, "matched by frame of reference and position: it names images of another series"),
        ("ab", "1", "cd", "2", False, None),
        ("ab", "", "cd", "2", False, None),
        ("ab", "1", "cd", "", False, None),
        ("", "1", "cd", "1", False, "matched by frame of reference and position"),
        ("", "1", "cd", "2", False, None),
        ("ab", "", "", "2", False, BY_POSITION),
        ("", "", "", "", False, BY_POSITION),
    ],
)
def test_the_rule_of_matching(named, frame, images, own_frame, every, answer):
    geometry = VolumeGeometry.upright((2, 2, 2), (1.0, 1.0, 1.0), frame_of_reference_uid=own_frame)
    target = Target(geometry, frozenset(images))
    if answer is None:
        with pytest.raises(ScanError, match=r"x\.dcm"):
            match_note("segmentation", named, frame, target, "x.dcm", every=every)
    else:
        assert match_note("segmentation", named, frame, target, "x.dcm", every=every) == answer


def test_fractions_of_at_least_half_are_taken(truth):
    fractions = np.zeros((8, 12, 10), np.float32)
    fractions[2, 4, 2:7] = (0.2, 0.49, 0.51, 0.8, 1.0)
    labels = decode_label_object(to_bytes(make_seg(truth.files, {"Spleen": fractions}, "FRACTIONAL")), "f.dcm")
    expected = sorted_points([truth.world(2, 4, i) for i in (4, 5, 6)])
    np.testing.assert_array_equal(world_points(labels, "spleen"), expected)
    assert labels.notes == ("fractional segmentation: voxels of at least half the maximum are taken",)


def test_names_come_from_labels_codes_and_sides(truth):
    box = {f"part {n}": np.zeros((8, 12, 10), bool) for n in range(8)}
    for n, mask in enumerate(box.values()):
        mask[2, n, 0:3] = True
    terms = [Code("T-62000", "SRT", "Liver"), codes.SCT.Kidney, codes.SCT.Kidney, Code("99", "99OURS", "Thing"),
             Code("M-80003", "SRT", "Neoplasm, Primary"), codes.SCT.Bone, codes.SCT.Bone,
             codes.SCT.BloodVessel]  # fmt: skip
    dataset = make_seg(truth.files, box, terms=dict(zip(box, terms, strict=True)))

    def sides(copy):
        for number, code, meaning in ((1, "24028007", "Right"), (2, "7771000", "Left")):
            item = pydicom.Dataset()
            item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "SCT", meaning
            kind = copy.SegmentSequence[number].SegmentedPropertyTypeCodeSequence[0]
            kind.SegmentedPropertyTypeModifierCodeSequence = [item]
        copy.SegmentSequence[3].SegmentLabel = "Erika's\tmuster"
        copy.SegmentSequence[4].AnatomicRegionSequence = [pydicom.Dataset()]
        copy.SegmentSequence[4].AnatomicRegionSequence[0].CodeValue = "10200004"

    labels = decode_label_object(changed(dataset, sides), "x.dcm")
    # a code that two segments share names neither; a label with the patient's name is not kept
    assert labels.names == (
        "liver", "kidney_right", "kidney_left", "segment_4", "tumour_1", "part 5", "part 6", "part 7"
    )
    assert labels.segment("tumour_1").part_of == "liver"
    assert labels.segment("segment_4").code.meaning == "Thing"


def test_an_empty_segment_is_not_found_and_automatic_ones_say_so(truth, volume, tmp_path, in_process):
    masks = {"Spleen": true_masks()["Liver"], "Liver": np.zeros((8, 12, 10), bool)}
    (tmp_path / "seg.dcm").write_bytes(to_bytes(make_seg(truth.files, masks, automatic=True)))
    labels = read_label_object(tmp_path / "seg.dcm", like=volume)
    assert labels.names == ("spleen",)
    assert labels.segment("spleen").state == "ok"
    assert labels.segment("liver").state == "not found"
    assert labels.notes[1:] == ("listed without a voxel: liver",)


def test_what_is_no_segmentation_is_refused_in_one_line(truth, objects, tmp_path):
    seg = to_bytes(objects["BINARY"])
    for data in (b"", b"not a scan", truth.files[0].read_bytes(), seg[:600], seg[: len(seg) // 2]):
        with pytest.raises(ScanError, match=r"x\.dcm") as caught:
            decode_label_object(data, "x.dcm")
        assert "\n" not in str(caught.value)
    with pytest.raises(ScanError, match="no such file"):
        read_label_object(tmp_path / "nothing.dcm")


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
        decode_label_object((Path(DATA) / name).read_bytes(), "x.dcm")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [pytest.param("rt_utils/tests/mock_data/rt.dcm", marks=real_data)])
def test_a_structure_set_without_a_scan_is_refused(name):
    with pytest.raises(UsageError, match="need the scan"):
        decode_label_object((Path(DATA) / name).read_bytes(), "x.dcm")
