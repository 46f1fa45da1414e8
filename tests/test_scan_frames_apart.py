"""Frames of several phases, echoes, directions or stacks in one object: told apart by what differs, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from tests.support.dicom_series import SAGITTAL, write_series
from tests.support.enhanced_series import convert, shuffled, slab, with_values, write_enhanced
from tests.support.frame_checks import assert_places, series_of

DIRECTIONS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


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
