"""Objects of many frames that contradict themselves or hold no slices: refused or set aside by name."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.frames import UNPLACED, frame_notes
from tests.support.enhanced_series import slab, with_values, write_enhanced
from tests.support.frame_checks import read, series_of


def shared_group(dataset, name):
    return getattr(dataset.SharedFunctionalGroupsSequence[0], name)[0]


def frame_group(dataset, number, name):
    return getattr(dataset.PerFrameFunctionalGroupsSequence[number - 1], name)


def fewer_stated(dataset):
    dataset.NumberOfFrames = 5


def no_number(dataset):
    dataset.NumberOfFrames = None


def no_position(dataset):
    del dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence


def empty_position(dataset):
    dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence = Items([])


def two_positions(dataset):
    frame_group(dataset, 3, "PlanePositionSequence").append(Dataset())


def position_of_two(dataset):
    frame_group(dataset, 3, "PlanePositionSequence")[0].ImagePositionPatient = ["1", "2"]


def no_orientation(dataset):
    del dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence


def no_spacing(dataset):
    shared_group(dataset, "PixelMeasuresSequence").PixelSpacing = None


def no_slope(dataset):
    shared_group(dataset, "PixelValueTransformationSequence").RescaleSlope = None


def one_without_rescale(dataset):
    shared = dataset.SharedFunctionalGroupsSequence[0]
    for number, item in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        if number != 3:
            item.PixelValueTransformationSequence = shared.PixelValueTransformationSequence
    del shared.PixelValueTransformationSequence


def long_text(dataset):
    dataset.PerFrameFunctionalGroupsSequence[1].FrameContentSequence[0].add_new("StackID", "UT", "x" * 5000)


def many_items(dataset):
    item = shared_group(dataset, "CTXRayDetailsSequence")
    dataset.SharedFunctionalGroupsSequence[0].CTXRayDetailsSequence = Items([item] * 15000)


def two_shared(dataset):
    dataset.SharedFunctionalGroupsSequence.append(Dataset())


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (fewer_stated, "5 frames are stated and 6 described"),
        (no_number, "no usable number of frames"),
        (no_position, "frame 3 has no usable position"),
        (empty_position, "frame 3 has no usable position"),
        (two_positions, "frame 3: 2 descriptions of one kind (PlanePosition) instead of one"),
        (position_of_two, "frame 3 has no usable position"),
        (no_orientation, "frame 1 has no usable orientation"),
        (no_spacing, "frame 1 has no usable pixel spacing"),
        (no_slope, "frame 1 has no usable rescale slope and intercept"),
        (one_without_rescale, "frame 4 has no rescale slope and intercept, others have"),
        (long_text, "frame 2: 5000 bytes in StackID, where a short value belongs"),
        (many_items, "all frames: 15000 descriptions of one kind (CTXRayDetails) instead of at most 64"),
        (two_shared, "2 descriptions are shared by all frames instead of one"),
    ],
)
def test_an_object_that_contradicts_itself_is_refused_by_name(tmp_path, edit, line):
    truth, frames = slab()
    path = write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit)
    with pytest.raises(ScanError) as caught:
        read(path)
    assert caught.value.line == f"{line}; export the series again"


@pytest.mark.parametrize("text", [b"nan\\1\\2  ", b"inf\\1\\2  ", b"1_0\\1\\2  ", b"-30\\\\50   ", b"\xff\xfe\\1\\2 "])
def test_a_position_that_is_no_number_is_refused(tmp_path, text):
    truth, frames = slab(origin_mm=(-30, -40, 52.5))
    path = write_enhanced(tmp_path / "x.dcm", truth, frames)
    data = path.read_bytes()
    known = b"-30.0\\-40.0\\52.5"
    assert data.count(known) == 1
    path.write_bytes(data.replace(known, text.ljust(len(known))[: len(known)]))
    with pytest.raises(ScanError, match="position"):
        read(path)


@pytest.mark.parametrize(
    ("says", "aside"),
    [
        ({"FrameType": ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]}, "localizer"),
        ({"VolumeBasedCalculationTechnique": "MAX_IP"}, "projection image"),
        ({"VolumeBasedCalculationTechnique": "VOLUME_RENDER"}, "projection image"),
        ({"VolumetricProperties": "SAMPLED"}, "projection image"),
        ({"VolumeBasedCalculationTechnique": "CURVED_MPR"}, "curved image"),
        ({"VolumetricProperties": "DISTORTED"}, "curved image"),
        ({"PixelPresentation": "COLOR"}, "colour map"),
        ({"PixelPresentation": "TRUE_COLOR"}, "colour map"),
        ({"VolumeBasedCalculationTechnique": "MPR", "VolumetricProperties": "SAMPLED"}, ""),
    ],
)
def test_frames_that_are_no_slices_are_set_aside(tmp_path, says, aside):
    truth, frames = slab(shape=(8, 4, 4))
    kinds = [("ORIGINAL", "PRIMARY", "AXIAL", "NONE")] * 5 + [("ORIGINAL", "PRIMARY", "VOLUME", "NONE")] * 3
    frames = [with_values([f], frame_type=kind)[0] for f, kind in zip(frames, kinds, strict=True)]

    def edit(dataset):
        for number in (6, 7, 8):
            for keyword, value in says.items():
                setattr(frame_group(dataset, number, "CTImageFrameTypeSequence")[0], keyword, value)

    path = write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit)
    assert [h.aside for h in read(path)] == [""] * 5 + [aside] * 3
    first, second = sorted(series_of(path), key=lambda one: -one.slice_count)
    assert (first.slice_count, first.loadable, second.slice_count, second.aside) == (5, True, 3, aside)


def test_an_object_without_frame_descriptions_is_set_aside_as_a_whole(tmp_path):
    truth, frames = slab()

    def edit(dataset):
        del dataset.PerFrameFunctionalGroupsSequence
        del dataset.SharedFunctionalGroupsSequence

    (only,) = read(write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit))
    assert only.aside == UNPLACED


@pytest.mark.parametrize(
    ("uid", "aside"),
    [("1.2.840.10008.5.1.4.1.1.4.2", "MR spectroscopy image"), ("1.2.840.10008.5.1.4.1.1.12.1.1", "multi-frame image")],
)
def test_objects_of_another_class_are_set_aside_as_a_whole(tmp_path, uid, aside):
    truth, frames = slab()

    def edit(dataset):
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = uid

    (only,) = read(write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit))
    assert (only.aside, only.frame_count) == (aside, 1)


def test_a_real_world_value_mapping_is_only_told(tmp_path):
    truth, frames = slab(slope=2.0)

    def edit(dataset):
        mapping = Dataset()
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 100.0, 7.0
        dataset.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = Items([mapping])

    plain = write_enhanced(tmp_path / "x.dcm", truth, frames, modality="MR")
    mapped = write_enhanced(tmp_path / "y.dcm", truth, frames, modality="MR", edit=edit)
    assert read(mapped)[0].slope == read(plain)[0].slope == 2.0
    assert frame_notes(pydicom.dcmread(plain)) == ()
    assert frame_notes(pydicom.dcmread(mapped)) == ("a real world value mapping is given and not applied",)
