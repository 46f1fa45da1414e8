"""Enhanced (multi-frame) objects: every frame gets its own place and values, in whatever order the file has them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.frames import UNPLACED, frame_headers, frame_notes
from anatomy_twin.scan.headers import Listing
from anatomy_twin.scan.series import ranked
from anatomy_twin.scan.slice_header import SliceHeader
from tests.support.dicom_series import CORONAL, SAGITTAL, random_axes, write_series
from tests.support.enhanced_series import (
    convert,
    nifti_truth,
    shuffled,
    slab,
    volume_of_highdicom,
    with_values,
    write_enhanced,
)

DATA = Path(os.environ.get("ANATOMY_TWIN_TEST_DATA", ""))
needs_data = pytest.mark.skipif(
    "ANATOMY_TWIN_TEST_DATA" not in os.environ, reason="ANATOMY_TWIN_TEST_DATA names no folder of real scans"
)
DIRECTIONS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def header_of(path: Path, dataset: Dataset) -> SliceHeader:
    """What a file says as a whole, as far as the frames need it."""
    return SliceHeader(
        path=path, patient_key="", patient_words=frozenset(), description="", sop_uid=str(dataset.SOPInstanceUID),
        series_uid=str(dataset.SeriesInstanceUID), series_number=1, modality=str(dataset.Modality), aside="",
        image_type=tuple(dataset.get("ImageType", ())), rows=int(dataset.Rows), columns=int(dataset.Columns),
        position_mm=None, orientation=None, pixel_spacing_mm=None, thickness_mm=None, frame_of_reference_uid="",
        instance_number=1, phase=(("EchoTime", ""), ("AcquisitionNumber", "7")), slope=None, intercept=None,
        rescale_type="", photometric="MONOCHROME2", tilt_deg=None, patient_position="HFS", kvp=None, kernel="",
        transfer_syntax=str(dataset.file_meta.TransferSyntaxUID), lossy=False, synthetic=False,
    )  # fmt: skip


def read(path: Path) -> tuple[SliceHeader, ...]:
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    return frame_headers(header_of(path, dataset), dataset)


def series_of(path: Path):
    """The series that the frames of one file make, judged as any other slices."""
    return ranked(Listing(read(path), {}, ()))


def assert_places(one, truth) -> None:
    """The sorted frames and the grid lie where the stack was put."""
    assert one.verdict.uniform, one.verdict.line
    np.testing.assert_allclose([h.position_mm for h in one.headers], truth.positions_mm, atol=1e-6)
    np.testing.assert_allclose(one.spacing_mm, truth.spacing_mm, rtol=1e-6)
    np.testing.assert_allclose(one.grid.direction @ np.diag(one.spacing_mm), np.column_stack(
        [truth.step, truth.column * truth.spacing_mm[1], truth.row * truth.spacing_mm[2]]), atol=1e-6)  # fmt: skip


def assert_as_highdicom(one, path: Path) -> None:
    """Each sorted frame holds, at the same place, the values that highdicom finds there."""
    frames = pydicom.dcmread(path).pixel_array
    volume = volume_of_highdicom(path)
    assert volume.array.shape == (one.slice_count, *one.shape[1:])
    for header in one.headers:
        rows = np.array([[0, 0], [header.rows - 1, 0], [0, header.columns - 1], [header.rows // 2, 3]])
        axes = np.array(header.orientation).reshape(2, 3)
        places = (np.array(header.position_mm) + rows[:, :1] * axes[1] * header.pixel_spacing_mm[0]
                  + rows[:, 1:] * axes[0] * header.pixel_spacing_mm[1])  # fmt: skip
        index = volume.map_reference_to_indices(places)
        np.testing.assert_allclose(index, np.rint(index), atol=0.05)
        theirs = volume.array[tuple(np.rint(index).astype(int).T)]
        ours = frames[header.frame][tuple(rows.T)].astype(float) * (header.slope or 1.0) + (header.intercept or 0.0)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
@pytest.mark.parametrize("undefined_length", [False, True])
def test_a_shuffled_object_is_put_in_order_by_its_positions(tmp_path, modality, undefined_length):
    truth, frames = slab()
    path = write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames), modality=modality,
                          undefined_length=undefined_length)  # fmt: skip
    (one,) = series_of(path)
    assert_places(one, truth)
    assert_as_highdicom(one, path)
    assert sorted(h.frame for h in one.headers) == list(range(6)) != [h.frame for h in one.headers]
    assert all(h.instance_number == h.frame + 1 and h.frame_count == 6 for h in one.headers)


@pytest.mark.parametrize("axes", [SAGITTAL, CORONAL, random_axes(3), random_axes(4)], ids=["sag", "cor", "a", "b"])
def test_other_planes(tmp_path, axes):
    truth, frames = slab(axes=axes)
    path = write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames), modality="MR")
    (one,) = series_of(path)
    assert_places(one, truth)
    assert_as_highdicom(one, path)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31), count=st.integers(2, 9), step=st.floats(0.3, 8), pixel=st.floats(0.2, 3),
    order=st.integers(0, 2**31), origin=st.tuples(*[st.floats(-400, 400)] * 3),
)  # fmt: skip
def test_random_stacks_in_random_order(tmp_path_factory, seed, count, step, pixel, order, origin):
    truth, frames = slab(shape=(count, 4, 5), spacing_mm=(step, pixel, 1.3 * pixel), axes=random_axes(seed),
                         origin_mm=origin)  # fmt: skip
    path = write_enhanced(tmp_path_factory.mktemp("stack") / "x.dcm", truth, shuffled(frames, order))
    (one,) = series_of(path)
    assert_places(one, truth)
    for header, stored in zip(one.headers, truth.stored, strict=True):
        np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array[header.frame], stored)


def test_what_a_ct_frame_says_of_itself(tmp_path):
    truth, frames = slab(intercept=-1024.0)

    def edit(dataset):
        shared = dataset.SharedFunctionalGroupsSequence[0]
        tilt = Dataset()
        tilt.GantryDetectorTilt = "-12.5"
        shared.CTAcquisitionDetailsSequence = Items([tilt])

    (first, *_) = read(write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit))
    assert (first.slope, first.intercept, first.rescale_type) == (1.0, -1024.0, "HU")
    assert (first.kvp, first.kernel, first.tilt_deg, first.thickness_mm) == (120.0, "B30f", -12.5, 2.5)
    assert first.image_type == ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")
    assert (first.aside, first.orientation) == ("", (1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    phase = dict(first.phase)
    assert (phase["StackID"], phase["TemporalPositionIndex"], phase["AcquisitionNumber"]) == ("1", "1", "1")
    assert phase["EchoTime"] == ""
    assert "InStackPositionNumber" not in phase


def test_each_frame_keeps_its_own_rescale(tmp_path):
    truth, frames = slab()
    frames = [with_values([f], slope=1.0 + k / 4, intercept=-10.0 * k)[0] for k, f in enumerate(frames)]
    path = write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames), modality="MR")
    (one,) = series_of(path)
    assert [(h.slope, h.intercept) for h in one.headers] == [(1.0 + k / 4, -10.0 * k) for k in range(6)]
    assert_as_highdicom(one, path)


def test_the_word_of_a_frame_counts_more_than_the_shared_one(tmp_path):
    truth, frames = slab()

    def edit(dataset):
        other = Dataset()
        other.RescaleSlope, other.RescaleIntercept, other.RescaleType = "2", "5", "US"
        dataset.PerFrameFunctionalGroupsSequence[3].PixelValueTransformationSequence = Items([other])

    headers = read(write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit))
    assert [h.slope for h in headers] == [1, 1, 1, 2, 1, 1]
    assert [h.rescale_type for h in headers] == ["HU", "HU", "HU", "US", "HU", "HU"]


def test_a_proper_group_counts_more_than_what_a_converter_left_over(tmp_path):
    truth, frames = slab()

    def edit(dataset):
        rest = Dataset()
        rest.AcquisitionNumber, rest.KVP, rest.TriggerTime = 9, "80", "12.5"
        for item in dataset.PerFrameFunctionalGroupsSequence:
            item.UnassignedPerFrameConvertedAttributesSequence = Items([rest])
            item.CTXRayDetailsSequence = dataset.SharedFunctionalGroupsSequence[0].CTXRayDetailsSequence

    for header in read(write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit)):
        phase = dict(header.phase)
        assert (phase["AcquisitionNumber"], header.kvp, phase["TriggerTime"]) == ("1", 120.0, "12.5")


def test_a_rescale_of_the_whole_file_counts_where_no_frame_has_one(tmp_path):
    truth, frames = slab()

    def edit(dataset):
        del dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence
        dataset.RescaleSlope, dataset.RescaleIntercept = "2", "-1000"

    headers = read(write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit))
    assert {(h.slope, h.intercept) for h in headers} == {(2.0, -1000.0)}


def test_a_missing_frame_is_a_gap(tmp_path):
    truth, frames = slab(shape=(9, 4, 4))
    (one,) = series_of(write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames[:4] + frames[5:])))
    assert not one.loadable
    assert one.verdict.gaps == ((4, pytest.approx(5.0)),)


def test_a_frame_that_is_there_twice_is_refused(tmp_path):
    truth, frames = slab()
    (one,) = series_of(write_enhanced(tmp_path / "x.dcm", truth, [*frames, frames[2]]))
    assert not one.loadable
    assert one.verdict.duplicates == (4,)


def test_a_tilted_stack_is_told_with_its_angle(tmp_path):
    truth, frames = slab(tilt_deg=15.0)
    (one,) = series_of(write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames)))
    assert one.verdict.tilt_deg == pytest.approx(15.0, abs=1e-3)
    assert not one.loadable


def test_a_turned_frame_is_not_taken_into_the_stack(tmp_path):
    truth, frames = slab()

    def edit(dataset):
        plane = Dataset()
        plane.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        dataset.PerFrameFunctionalGroupsSequence[2].PlaneOrientationSequence = Items([plane])

    found = series_of(write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit))
    assert [one.slice_count for one in found] == [5, 1]
    assert not found[0].loadable


def parts_of(path: Path, keyword: str) -> dict[str, list[int]]:
    """The frames of each series, in the order of the stack, by what tells the series apart."""
    found = series_of(path)
    assert all(one.loadable for one in found)
    return {dict(one.headers[0].phase)[keyword]: [h.frame for h in one.headers] for one in found}


@pytest.mark.parametrize(
    ("keyword", "modality", "says"),
    [
        ("TemporalPositionIndex", "CT", [{"temporal": 1}, {"temporal": 2}]),
        ("EffectiveEchoTime", "MR", [{"echo_ms": 2.5}, {"echo_ms": 80.0}]),
        ("DiffusionBValue", "MR", [{"b_value": 0.0}, {"b_value": 500.0}, {"b_value": 1000.0}]),
        ("DiffusionGradientOrientation", "MR", [{"b_value": 900.0, "direction": one} for one in DIRECTIONS]),
        ("StackID", "CT", [{"stack": "1"}, {"stack": "2"}]),
    ],
)
def test_frames_at_one_place_are_split_by_what_tells_them_apart(tmp_path, keyword, modality, says):
    truth, frames = slab()
    every = [frame for words in says for frame in with_values(frames, **words)]
    order = np.random.default_rng(5).permutation(len(every))
    path = write_enhanced(tmp_path / "x.dcm", truth, [every[k] for k in order], modality=modality)
    found = parts_of(path, keyword)
    expected = [[list(order).index(6 * part + k) for k in range(6)] for part in range(len(says))]
    assert sorted(found.values()) == sorted(expected)
    assert len(found) == len(says)


def test_two_echoes_at_two_times_are_four_series(tmp_path):
    truth, frames = slab()
    every = [frame for temporal in (1, 2) for echo in (2.0, 4.0)
             for frame in with_values(frames, temporal=temporal, echo_ms=echo)]  # fmt: skip
    found = series_of(write_enhanced(tmp_path / "x.dcm", truth, shuffled(every), modality="MR"))
    phases = {tuple(dict(one.headers[0].phase)[key] for key in ("TemporalPositionIndex", "EffectiveEchoTime"))
              for one in found}  # fmt: skip
    assert phases == {("1", "2.0"), ("1", "4.0"), ("2", "2.0"), ("2", "4.0")}
    assert all(one.loadable and one.slice_count == 6 for one in found)


def test_a_heart_in_motion_is_split_by_its_trigger_delays_though_they_run_on_from_slice_to_slice(tmp_path):
    truth, frames = slab()
    every = [(frame, 25.0 * phase + 0.5 * k) for k, frame in enumerate(frames) for phase in range(4)]

    def edit(dataset):
        for item, (_, delay) in zip(dataset.PerFrameFunctionalGroupsSequence, every, strict=True):
            heart = Dataset()
            heart.NominalCardiacTriggerDelayTime = delay
            item.CardiacSynchronizationSequence = Items([heart])

    found = series_of(write_enhanced(tmp_path / "x.dcm", truth, [f for f, _ in every], modality="MR", edit=edit))
    assert sorted([h.frame for h in one.headers] for one in found) == [[phase + 4 * k for k in range(6)]
                                                                      for phase in range(4)]  # fmt: skip


def test_magnitude_and_phase_images_are_apart(tmp_path):
    truth, frames = slab()

    def edit(dataset):
        for number, item in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            kind = Dataset()
            kind.FrameType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
            kind.ComplexImageComponent = "MAGNITUDE" if number < 6 else "PHASE"
            item.MRImageFrameTypeSequence = Items([kind])
        del dataset.SharedFunctionalGroupsSequence[0].MRImageFrameTypeSequence

    path = write_enhanced(tmp_path / "x.dcm", truth, [*frames, *frames], modality="MR", edit=edit)
    assert parts_of(path, "ComplexImageComponent") == {"MAGNITUDE": [*range(6)], "PHASE": [*range(6, 12)]}


def test_a_diffusion_scan_is_split_into_each_weighting_direction_and_trace(tmp_path):
    truth, frames = slab()
    says = [{"b_value": 0.0}, *({"b_value": 1000.0, "direction": one} for one in DIRECTIONS), {"b_value": 1000.0}]
    every = [frame for words in says for frame in with_values(frames, **words)]
    found = series_of(write_enhanced(tmp_path / "x.dcm", truth, every, modality="MR"))
    assert sorted([h.frame for h in one.headers] for one in found) == [[*range(n, n + 6)] for n in range(0, 24, 6)]


def test_interleaved_acquisitions_stay_one_volume(tmp_path):
    truth, frames = slab(shape=(12, 6, 6))

    def edit(dataset):
        for number, item in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            content = item.FrameContentSequence[0]
            content.FrameAcquisitionNumber = 1 + number % 2
            content.FrameAcquisitionDateTime = f"2020022910{10 + number % 2}00"

    (one,) = series_of(write_enhanced(tmp_path / "x.dcm", truth, frames, modality="MR", edit=edit))
    assert_places(one, truth)


def test_frames_that_nothing_tells_apart_are_refused(tmp_path):
    truth, frames = slab()
    (one,) = series_of(write_enhanced(tmp_path / "x.dcm", truth, [*frames, *frames]))
    assert not one.loadable
    assert len(one.verdict.duplicates) == 6


def test_two_stacks_in_different_planes_are_two_series(tmp_path):
    truth, frames = slab()
    other, more = slab(axes=SAGITTAL, seed=1, stack="2")

    def edit(dataset):
        plane = Dataset()
        plane.ImageOrientationPatient = [*other.row, *other.column]
        for item in dataset.PerFrameFunctionalGroupsSequence[6:]:
            item.PlaneOrientationSequence = Items([plane])

    found = series_of(write_enhanced(tmp_path / "x.dcm", truth, [*frames, *more], edit=edit))
    assert {one.verdict.orientation for one in found} == {"axial", "sagittal"}
    assert all(one.loadable and one.slice_count == 6 for one in found)


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


@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
def test_legacy_converted_objects_of_highdicom(tmp_path, modality):
    def edit(k, dataset):
        if modality == "PT":
            dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
            dataset.Units = "BQML"

    truth = write_series(tmp_path / "single", modality=modality, axes=random_axes(7), slope=1.5, intercept=-1000.0,
                         edit=edit)  # fmt: skip
    files = [truth.files[k] for k in np.random.default_rng(3).permutation(len(truth.files))]
    path = convert(files, tmp_path / "x.dcm", modality)
    (one,) = series_of(path)
    assert_places(one, truth)
    assert_as_highdicom(one, path)
    assert {(h.slope, h.intercept, h.kvp, h.kernel) for h in one.headers} == {(1.5, -1000.0, 120.0, "B30f")}
    assert {h.units for h in one.headers} == {"BQML" if modality == "PT" else ""}


def test_legacy_converted_phases_are_split_by_what_the_converter_kept(tmp_path):
    def late(k, dataset):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{dataset.SOPInstanceUID}.2"
        dataset.TemporalPositionIdentifier, dataset.InstanceNumber = 2, k + 101

    def early(k, dataset):
        dataset.TemporalPositionIdentifier = 1

    first = write_series(tmp_path / "first", modality="MR", edit=early)
    second = write_series(tmp_path / "second", modality="MR", edit=late, seed=9)
    path = convert([*first.files, *second.files], tmp_path / "x.dcm", "MR")
    found = parts_of(path, "TemporalPositionIdentifier")
    pixels = pydicom.dcmread(path).pixel_array
    for name, truth in (("1", first), ("2", second)):
        np.testing.assert_array_equal(pixels[found[name]], truth.stored)


@pytest.mark.real_data
@needs_data
@pytest.mark.parametrize(
    "name", ["philips_enhanced/anatomical/001/IM-0001-0170-0001", "siemens_multiframe/anatomical/001/IM-0001-0001-0001"]
)
def test_real_mr_objects_equal_their_nifti_truth_and_highdicom(name):
    path = DATA / "dicom2nifti" / "tests" / "data" / f"{name}.dcm"
    (one,) = series_of(path)
    assert (one.slice_count, one.verdict.uniform, one.aside) == (8, True, "")
    assert_as_highdicom(one, path)
    affine, voxels = nifti_truth(path.parent.parent / "001_ground_truth.nii.gz")
    frames = pydicom.dcmread(path).pixel_array
    for header in one.headers:
        axes = np.array(header.orientation).reshape(2, 3)
        for row, column in [(0, 0), (255, 0), (0, 255), (100, 31)]:
            place = (np.array(header.position_mm) + row * axes[1] * header.pixel_spacing_mm[0]
                     + column * axes[0] * header.pixel_spacing_mm[1])  # fmt: skip
            index = np.linalg.solve(affine, [*place, 1.0])[:3]
            np.testing.assert_allclose(index, np.rint(index), atol=0.02)
            value = frames[header.frame][row, column] * header.slope + header.intercept
            assert value == pytest.approx(voxels[tuple(np.rint(index).astype(int))], rel=1e-5)


@pytest.mark.real_data
@needs_data
@pytest.mark.parametrize("name", ["23x38x3", "24x38x3"])
def test_real_legacy_converted_objects_equal_highdicom(name):
    path = DATA / "dcmqi" / "data" / "segmentations" / name / "multiframe" / "mf.dcm"
    (one,) = series_of(path)
    assert (one.slice_count, one.spacing_mm) == (3, pytest.approx((2.5, 0.7, 0.7)))
    assert [h.frame for h in one.headers] == [0, 1, 2]
    assert one.headers[0].rescale_type == "US"
    assert_as_highdicom(one, path)


@pytest.mark.real_data
@needs_data
def test_real_objects_that_are_no_volume_are_set_aside():
    folder = DATA / "pydicom_data" / "data_store" / "data"
    assert {h.aside for h in read(folder / "eCT_Supplemental.dcm")} == {"colour map"}
    assert len(read(folder / "eCT_Supplemental.dcm")) == 2
    for path in sorted(folder.glob("emri_small*.dcm")):
        assert [h.aside for h in read(path)] == [UNPLACED]
