"""Frames of enhanced and legacy converted objects: put in order, placed and scaled as an independent reader does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from anatomy_twin.scan.frames import UNPLACED
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
from tests.support.frame_checks import assert_places, read, series_of
from tests.support.real_scans import DATA


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


@pytest.mark.real_data
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
@pytest.mark.parametrize("name", ["23x38x3", "24x38x3"])
def test_real_legacy_converted_objects_equal_highdicom(name):
    path = DATA / "dcmqi" / "data" / "segmentations" / name / "multiframe" / "mf.dcm"
    (one,) = series_of(path)
    assert (one.slice_count, one.spacing_mm) == (3, pytest.approx((2.5, 0.7, 0.7)))
    assert [h.frame for h in one.headers] == [0, 1, 2]
    assert one.headers[0].rescale_type == "US"
    assert_as_highdicom(one, path)


@pytest.mark.real_data
def test_real_objects_that_are_no_volume_are_set_aside():
    folder = DATA / "pydicom_data" / "data_store" / "data"
    assert {h.aside for h in read(folder / "eCT_Supplemental.dcm")} == {"colour map"}
    assert len(read(folder / "eCT_Supplemental.dcm")) == 2
    for path in sorted(folder.glob("emri_small*.dcm")):
        assert [h.aside for h in read(path)] == [UNPLACED]
