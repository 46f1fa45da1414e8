"""Enhanced (multi-frame) objects from the file to the volume: voxels and places, or a refusal by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom.data
import pydicom.encaps
import pytest

from anatomy_twin.errors import GeometryError, ScanError
from anatomy_twin.scan import find_series, load_volume
from tests.support.dicom_series import random_axes, write_series
from tests.support.enhanced_series import (
    convert,
    nifti_truth,
    shuffled,
    slab,
    volume_of_highdicom,
    with_values,
    write_enhanced,
)
from tests.support.real_scans import DATA


def assert_loaded(volume, truth, values) -> None:
    """Voxels and their places are those that were written."""
    np.testing.assert_array_equal(volume.array, values)
    count, rows, columns = truth.stored.shape
    for index in [(0, 0, 0), (count - 1, 0, 0), (0, rows - 1, 0), (0, 0, columns - 1), (1, 2, 3)]:
        np.testing.assert_allclose(volume.geometry.to_world(index), truth.world(*index), atol=1e-5)


def assert_equals_highdicom(volume, path: Path) -> None:
    """Every voxel of highdicom's volume is ours at the same place."""
    theirs = volume_of_highdicom(path)
    assert theirs.array.shape == volume.array.shape
    ends = np.array(theirs.array.shape) - 1
    first, last = (volume.geometry.to_world(index) for index in [(0, 0, 0), tuple(ends)])
    index = theirs.map_reference_to_indices(np.array([first, last]))
    np.testing.assert_allclose(np.sort(index, axis=0), [[0, 0, 0], ends], atol=0.02)
    ours = volume.array[tuple(slice(None, None, 1 if a < b else -1) for a, b in index.T)]
    np.testing.assert_allclose(ours, theirs.array, rtol=1e-6)


SYNTAXES = {  # and whether the values are signed
    "implicit": ("1.2.840.10008.1.2", True), "explicit": ("1.2.840.10008.1.2.1", False),
    "big endian": ("1.2.840.10008.1.2.2", True), "deflated": ("1.2.840.10008.1.2.1.99", True),
    "RLE": ("1.2.840.10008.1.2.5", True), "JPEG-LS": ("1.2.840.10008.1.2.4.80", False),
    "JPEG 2000": ("1.2.840.10008.1.2.4.90", True),
}  # fmt: skip


@pytest.mark.parametrize("name", SYNTAXES)
def test_shuffled_frames_load_in_every_transfer_syntax(tmp_path, name):
    syntax, signed = SYNTAXES[name]
    truth, frames = slab(axes=random_axes(11), signed=signed, intercept=-1024.0, shape=(4, 40, 36))
    path = write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames), syntax=syntax)
    volume = load_volume(path)
    assert (volume.modality, volume.units, volume.array.dtype) == ("CT", "HU", np.int16)
    assert_loaded(volume, truth, truth.stored.astype(int) - 1024)
    if name != "big endian":  # which highdicom does not read
        assert_equals_highdicom(volume, path)


def in_pieces(path: Path, *, table: bool, pieces: int) -> Path:
    """Write RLE frames anew, each in so many fragments, with or without an offset table."""
    dataset = pydicom.dcmread(path)
    frames = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))
    dataset.PixelData = pydicom.encaps.encapsulate(frames, fragments_per_frame=pieces, has_bot=table)
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    return path


@pytest.mark.parametrize(("table", "pieces"), [(True, 1), (False, 1), (True, 3)])
def test_compressed_frames_in_pieces_load(tmp_path, table, pieces):
    truth, frames = slab(shape=(4, 12, 10))
    path = write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames), syntax="1.2.840.10008.1.2.5")
    assert_loaded(load_volume(in_pieces(path, table=table, pieces=pieces)), truth, truth.stored)


def test_pieces_that_belong_to_no_frame_are_refused(tmp_path):
    truth, frames = slab(shape=(4, 12, 10))
    path = write_enhanced(tmp_path / "x.dcm", truth, frames, syntax="1.2.840.10008.1.2.5")
    with pytest.raises(ScanError, match="4 frames in 12 pieces"):
        load_volume(in_pieces(path, table=False, pieces=3))


def test_an_extended_offset_table_loads(tmp_path):
    truth, frames = slab(shape=(4, 12, 10))
    path = write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames), syntax="1.2.840.10008.1.2.5")
    dataset = pydicom.dcmread(path)
    coded = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=4))
    dataset.PixelData, offsets, lengths = pydicom.encaps.encapsulate_extended(coded)
    dataset["PixelData"].is_undefined_length = True
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    dataset.save_as(path)
    assert_loaded(load_volume(path), truth, truth.stored)


def one_frame_less(dataset):
    dataset.PixelData = dataset.PixelData[: -len(dataset.PixelData) // 6]


def one_frame_more(dataset):
    dataset.PixelData += dataset.PixelData[: len(dataset.PixelData) // 6]


@pytest.mark.parametrize(("edit", "word"), [(one_frame_less, "cut short"), (one_frame_more, "more pixels than")])
def test_pixels_of_more_or_fewer_frames_are_refused(tmp_path, edit, word):
    truth, frames = slab(shape=(6, 12, 10))
    path = write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit)
    with pytest.raises(ScanError, match=word):
        load_volume(path)


def test_frames_of_an_odd_number_of_bytes_load(tmp_path):
    truth, frames = slab(shape=(5, 7, 9))
    values = truth.stored.astype(np.uint8)

    def edit(dataset):
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
        dataset.PixelData = values[::-1].tobytes() + b"\0"

    path = write_enhanced(tmp_path / "x.dcm", truth, frames[::-1], modality="MR", edit=edit)
    assert_loaded(load_volume(path), truth, values)


@pytest.mark.parametrize("modality", ["MR", "PT"])
def test_frames_of_different_rescale_load_as_highdicom_loads_them(tmp_path, modality):
    truth, frames = slab()
    frames = [with_values([f], slope=0.5 + k / 8, intercept=-10.0 * k)[0] for k, f in enumerate(frames)]
    path = write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames), modality=modality)
    volume = load_volume(path)
    slopes, intercepts = (np.array([getattr(f, key) for f in frames])[:, None, None] for key in ("slope", "intercept"))
    assert_loaded(volume, truth, (truth.stored * slopes + intercepts).astype(np.float32))
    assert_equals_highdicom(volume, path)


def test_each_phase_of_one_object_loads_by_its_name(tmp_path):
    truths = [slab(seed=seed)[0] for seed in (1, 2)]
    every = [frame for n in (1, 2) for frame in slab(seed=n, temporal=n)[1]]
    path = write_enhanced(tmp_path / "x.dcm", truths[0], shuffled(every))
    found = find_series(path)
    assert [one.slice_count for one in found] == [6, 6]
    for one in found:
        truth = truths[int(dict(one.headers[0].phase)["TemporalPositionIndex"]) - 1]
        assert_loaded(load_volume(path, series_uid=one.uid), truth, truth.stored)


def test_one_object_and_single_slices_in_one_folder_are_two_series(tmp_path):
    single = write_series(tmp_path, shape=(4, 12, 10), series_number=1)
    truth, frames = slab()
    write_enhanced(tmp_path / "x.dcm", truth, shuffled(frames))
    first, second = find_series(tmp_path)
    assert (first.slice_count, second.slice_count) == (6, 4)
    assert_loaded(load_volume(tmp_path, series_uid=first.uid), truth, truth.stored)
    assert_loaded(load_volume(tmp_path, series_uid=second.uid), single, single.stored.astype(int) - 1024)


def test_a_series_may_be_spread_over_several_objects(tmp_path):
    truth, frames = slab(shape=(9, 12, 10))

    def second(dataset):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.10.9999.5.2"

    write_enhanced(tmp_path / "a.dcm", truth, frames[5:])
    write_enhanced(tmp_path / "b.dcm", truth, shuffled(frames[:5]), edit=second)
    assert_loaded(load_volume(tmp_path), truth, truth.stored)


def missing(frames):
    return shuffled(frames[:3] + frames[4:])


def twice(frames):
    return [*frames, frames[2]]


@pytest.mark.parametrize(("change", "word"), [(missing, "gap of 5 mm after slice 3"), (twice, "duplicate")])
def test_what_other_readers_load_without_a_word_is_refused(tmp_path, change, word):
    truth, frames = slab(shape=(7, 12, 10))
    path = write_enhanced(tmp_path / "x.dcm", truth, change(frames))
    with pytest.raises(GeometryError, match=word):
        load_volume(path)


def test_an_object_that_contradicts_itself_is_refused_by_name(tmp_path):
    truth, frames = slab()

    def edit(dataset):
        del dataset.PerFrameFunctionalGroupsSequence[3].PlanePositionSequence

    path = write_enhanced(tmp_path / "x.dcm", truth, frames, edit=edit)
    with pytest.raises(ScanError, match="frame 4 has no usable position"):
        load_volume(path)


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_legacy_converted_objects_load(tmp_path, modality):
    truth = write_series(tmp_path / "single", modality=modality, axes=random_axes(8), intercept=-1000.0)
    path = convert(list(truth.files)[::-1], tmp_path / "one" / "x.dcm", modality)
    volume = load_volume(path)
    assert_loaded(volume, truth, truth.stored.astype(int) - 1000)
    assert_equals_highdicom(volume, path)


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["philips_enhanced", "siemens_multiframe"])
def test_real_mr_objects_load_as_their_nifti_truth(folder):
    base = DATA / "dicom2nifti" / "tests" / "data" / folder / "anatomical"
    volume = load_volume(base / "001")
    affine, voxels = nifti_truth(base / "001_ground_truth.nii.gz")
    shape = np.array(volume.array.shape)
    corners = np.array([volume.geometry.to_world(tuple(end * (shape - 1))) for end in np.ndindex(2, 2, 2)])
    index = np.linalg.solve(affine, np.column_stack([corners, np.ones(8)]).T)[:3].T
    np.testing.assert_allclose(index, np.rint(index), atol=0.02)
    every = np.indices(volume.array.shape).reshape(3, -1)
    start = index[0]
    steps = [(index[n] - start) / (shape[axis] - 1) for axis, n in ((0, 4), (1, 2), (2, 1))]
    there = np.rint(start[:, None] + np.column_stack(steps) @ every).astype(int)
    np.testing.assert_allclose(volume.array.ravel(), voxels[tuple(there)], rtol=1e-5)
    assert_equals_highdicom(volume, next((base / "001").glob("*.dcm")))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["23x38x3", "24x38x3"])
def test_real_legacy_converted_objects_load_as_highdicom_loads_them(name):
    path = DATA / "dcmqi" / "data" / "segmentations" / name / "multiframe" / "mf.dcm"
    volume = load_volume(path)
    assert (volume.modality, volume.units) == ("CT", "")
    assert_equals_highdicom(volume, path)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("eCT_Supplemental", "only colour maps here"),
        *((name, "only unplaced multi-frame images here") for name in (
            "emri_small", "emri_small_RLE", "emri_small_big_endian", "emri_small_jpeg_2k_lossless",
            "emri_small_jpeg_ls_lossless")),
    ],
)  # fmt: skip
def test_real_objects_that_are_no_volume_are_refused_by_name(name, line):
    with pytest.raises(ScanError, match=line):
        load_volume(DATA / "pydicom_data" / "data_store" / "data" / f"{name}.dcm")


def test_the_multi_frame_files_of_pydicom_are_refused_by_name():
    for name, line in [("examples_ybr_color.dcm", "colour image"), ("SC_rgb_rle_2frame.dcm", "colour image")]:
        (path,) = pydicom.data.get_testdata_files(name)
        with pytest.raises(ScanError, match=line):
            load_volume(path)
