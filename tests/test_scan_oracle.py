"""Random clean series have SimpleITK's voxels at SimpleITK's places, and those that were written.

What varies here is how values are stored: sign, depth, rescaling, byte order, deflation. Planes, orders and origins on
their own are in ``test_scan_geometry.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from anatomy_twin.core import Volume
from anatomy_twin.scan import find_series, load_volume
from tests.support.dicom_series import Truth, random_axes, write_series

NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


def stored_values(shape: tuple[int, int, int], bits: int, signed: bool, seed: int) -> np.ndarray:
    """Values over the whole range of so many bits, both ends among them."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    values = np.random.default_rng(seed).integers(low, high, shape, endpoint=True)
    values.flat[0], values.flat[-1] = low, high
    return values.astype(np.int16 if signed else np.uint16)


def assert_values(volume: Volume, truth: Truth, wanted: np.ndarray) -> None:
    """Each written value is in the voxel that lies at its place."""
    index = np.moveaxis(np.indices(wanted.shape), 0, -1).reshape(-1, 3)
    places = np.array([truth.world(*place) for place in index])
    ours = volume.geometry.to_index(places)
    nearest = np.rint(ours).astype(int)
    assert np.abs(ours - nearest).max() < 2e-3
    np.testing.assert_allclose(volume.array[tuple(nearest.T)], wanted.reshape(-1), rtol=2e-7, atol=1e-3)


def assert_simpleitk(volume: Volume, files: tuple[Path, ...]) -> None:
    """The other reader, given the sorted files, says the same."""
    image = sitk.ReadImage([str(file) for file in files])
    np.testing.assert_allclose(volume.array, sitk.GetArrayFromImage(image), rtol=2e-7, atol=2e-3)
    last = np.asarray(volume.array.shape) - 1
    for corner in np.ndindex(2, 2, 2):
        k, j, i = (int(value) for value in last * corner)
        place = image.TransformIndexToPhysicalPoint((i, j, k))
        np.testing.assert_allclose(volume.geometry.to_world((k, j, i)), place, atol=2e-3)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(2, 5), st.integers(2, 9), st.integers(2, 9)),
    spacing=st.tuples(st.floats(0.4, 8.0), st.floats(0.3, 2.0), st.floats(0.3, 2.0)),
    descending=st.booleans(),
    modality=st.sampled_from(["CT", "MR"]),
    signed=st.booleans(),
    bits=st.sampled_from([10, 12, 14, 16]),
    rescale=st.sampled_from([(1.0, -1024.0), (1.0, 0.0), (1.0, -8192.0), (0.5, 17.25), (2.0, -1000.0), (1.3721, -3.5)]),
    syntax=st.sampled_from(NATIVE),
)
def test_whatever_way_values_are_stored(seed, shape, spacing, descending, modality, signed, bits, rescale, syntax):
    slope, intercept = rescale
    stored = stored_values(shape, bits, signed, seed)
    names = [f"{n:06x}" for n in np.random.default_rng(seed).permutation(shape[0])]

    def depth(k, dataset):
        dataset.BitsStored, dataset.HighBit = bits, bits - 1
        dataset.InstanceNumber = int(names[k], 16) + 1

    with tempfile.TemporaryDirectory() as folder:
        truth = write_series(
            Path(folder), shape=shape, spacing_mm=spacing, axes=random_axes(seed), descending=descending,
            modality=modality, signed=signed, stored=stored, slope=slope, intercept=intercept, syntax=syntax,
            name=lambda k: names[k], edit=depth,
        )
        (series,) = find_series(folder)
        volume = load_volume(folder)
        assert volume.modality == modality
        assert_values(volume, truth, stored.astype(float) * slope + intercept)
        assert_simpleitk(volume, series.files)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    slopes=st.lists(st.sampled_from([0.25, 0.5, 1.0, 1.75, 3.0]), min_size=3, max_size=5),
)
def test_each_slice_has_its_own_rescaling(seed, slopes):
    """As PET and some MR have; SimpleITK reads slice by slice, so each file is compared on its own."""
    shape = (len(slopes), 5, 6)
    stored = stored_values(shape, 12, False, seed)
    intercepts = [10.0 * k - 7.5 for k in range(shape[0])]

    def rescaled(k, dataset):
        dataset.RescaleSlope, dataset.RescaleIntercept = str(slopes[k]), str(intercepts[k])

    with tempfile.TemporaryDirectory() as folder:
        truth = write_series(
            Path(folder), shape=shape, axes=random_axes(seed), modality="MR", signed=False, stored=stored, edit=rescaled
        )
        volume = load_volume(folder)
        wanted = stored * np.reshape(slopes, (-1, 1, 1)) + np.reshape(intercepts, (-1, 1, 1))
        assert_values(volume, truth, wanted)
        for file in truth.files:
            alone = load_volume(file)
            np.testing.assert_allclose(alone.array, sitk.GetArrayFromImage(sitk.ReadImage(str(file))), rtol=2e-7)


@pytest.mark.parametrize("columns", [6, 7])
def test_eight_bits_per_pixel_with_a_last_byte_of_padding(tmp_path, columns):
    """An odd count of bytes is padded to an even one (PS3.5 section 8.1.1); the padding is no pixel."""
    shape = (3, 5, columns)
    stored = stored_values(shape, 8, False, seed=columns)

    def eight(k, dataset):
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        data = stored[k].astype(np.uint8).tobytes()
        dataset.PixelData = data + b"\0" * (len(data) % 2)
        dataset["PixelData"].VR = "OB"

    truth = write_series(tmp_path, shape=shape, stored=stored, signed=False, modality="MR", intercept=0.0, edit=eight)
    volume = load_volume(tmp_path)
    assert_values(volume, truth, stored.astype(float))
    assert_simpleitk(volume, find_series(tmp_path)[0].files)


@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_the_stored_ones_are_no_part_of_the_value(tmp_path, signed):
    """Old scanners put overlays there. The value is made of the stored bits alone (PS3.5 section 8.1.1)."""
    shape = (3, 6, 5)
    stored = stored_values(shape, 12, signed, seed=5)
    overlay = np.random.default_rng(6).integers(0, 16, shape).astype(np.uint16) << 12

    def with_overlay(k, dataset):
        dataset.BitsStored, dataset.HighBit = 12, 11
        low = stored[k].astype(np.uint16) & 0x0FFF
        dataset.PixelData = (low | overlay[k]).astype("<u2").tobytes()

    truth = write_series(tmp_path, shape=shape, stored=stored, signed=signed, intercept=0.0, edit=with_overlay)
    assert_values(load_volume(tmp_path), truth, stored.astype(float))
