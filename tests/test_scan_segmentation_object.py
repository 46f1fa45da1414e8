"""DICOM SEG made here: every voxel lies where it was drawn, on the scan it names, or a refusal in one line."""

from __future__ import annotations

import shutil
from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.label_match import BY_POSITION, Target, match_note
from anatomy_twin.scan.label_object import decode_label_object, read_label_object
from anatomy_twin.scan.volume import load_volume
from tests.support.dicom_series import random_axes, write_series
from tests.support.label_makers import make_seg, to_bytes
from tests.support.seg_points import decode_in_process, own_mask, sorted_points, world_points

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
    decode_in_process(monkeypatch)


def changed(dataset: pydicom.Dataset, edit) -> bytes:
    """The bytes of a copy of an object after ``edit(copy)``."""
    copy = pydicom.dcmread(BytesIO(to_bytes(dataset)))
    edit(copy)
    return to_bytes(copy)


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
