"""Geometry and voxels of clean series: the analytic truth, and SimpleITK as a second reader."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy_twin.scan import find_series, load_volume
from anatomy_twin.scan.verdict import judge
from tests.support.dicom_series import AXIAL, CORONAL, SAGITTAL, Truth, random_axes, write_series


def assert_is_truth(volume, truth: Truth, intercept: float = -1024.0) -> None:
    """Every written voxel is found at its place in the patient."""
    assert volume.geometry.shape == truth.stored.shape
    for k, row, column in np.ndindex(*truth.stored.shape):
        if (k + row + column) % 7 == 0:
            index = volume.geometry.to_index(truth.world(k, row, column))
            nearest = tuple(int(value) for value in np.rint(index))
            assert np.abs(index - nearest).max() < 1e-3
            assert volume.array[nearest] == truth.stored[k, row, column] + intercept


def assert_is_simpleitk(volume, files) -> None:
    """SimpleITK, given the sorted files, has the same voxels at the same places."""
    image = sitk.ReadImage([str(file) for file in files])
    array = sitk.GetArrayFromImage(image)
    np.testing.assert_array_equal(volume.array, array)
    for index in np.ndindex(2, 2, 2):
        k, j, i = (np.asarray(volume.array.shape) - 1) * np.asarray(index)
        place = image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
        np.testing.assert_allclose(volume.geometry.to_world((k, j, i)), place, atol=2e-3)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("axes", "name"), [(AXIAL, "axial"), (SAGITTAL, "sagittal"), (CORONAL, "coronal"), (random_axes(4), "oblique")]
)
def test_every_plane_and_order_is_exact(tmp_path, axes, name, descending):
    truth = write_series(tmp_path, axes=axes, descending=descending)
    (series,) = find_series(tmp_path)
    assert (series.verdict.orientation, series.verdict.uniform) == (name, True)
    volume = load_volume(tmp_path)
    assert volume.array.dtype == np.int16
    assert volume.geometry.spacing_mm == pytest.approx((2.5, 0.8, 0.7))
    assert_is_truth(volume, truth)
    assert_is_simpleitk(volume, series.files)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(2, 6), st.integers(2, 9), st.integers(2, 9)),
    spacing=st.tuples(st.floats(0.4, 8.0), st.floats(0.3, 2.0), st.floats(0.3, 2.0)),
    origin=st.tuples(*[st.floats(-500, 500)] * 3),
    descending=st.booleans(),
)
def test_random_grids_are_the_analytic_ones_and_those_of_simpleitk(seed, shape, spacing, origin, descending):
    names = [f"{n:08x}" for n in np.random.default_rng(seed).permutation(shape[0])]  # neither order nor extension
    with tempfile.TemporaryDirectory() as folder:
        truth = write_series(
            Path(folder), shape=shape, spacing_mm=spacing, axes=random_axes(seed), origin_mm=origin,
            descending=descending, seed=seed, name=lambda k: names[k],
            edit=lambda k, ds: setattr(ds, "InstanceNumber", int(names[k], 16) + 1),
        )
        volume = load_volume(folder)
        assert_is_truth(volume, truth)
        assert_is_simpleitk(volume, find_series(folder)[0].files)


def test_the_slice_axis_is_the_right_handed_normal_and_canonical_is_upright(tmp_path):
    write_series(tmp_path, descending=True)
    volume = load_volume(tmp_path)
    np.testing.assert_allclose(volume.geometry.direction[:, 0], (0, 0, 1), atol=1e-12)
    assert volume.canonical().geometry.is_close(volume.geometry)


def test_the_frame_of_reference_is_kept_as_a_stand_in_that_tells_frames_apart(tmp_path):
    frames = []
    for name, frame in (("a", "1.2.826.0.1.3680043.10.9999.88"), ("b", "1.2.826.0.1.3680043.10.9999.88"),
                        ("c", "1.2.826.0.1.3680043.10.9999.89"), ("d", "")):
        write_series(tmp_path / name, edit=lambda k, ds, frame=frame: setattr(ds, "FrameOfReferenceUID", frame))
        frames.append(load_volume(tmp_path / name).geometry.frame_of_reference_uid)
    assert frames[0] == frames[1] != frames[2] and frames[3] == ""
    assert all(re.fullmatch(r"2\.25\.[1-9][0-9]{1,38}", frame) for frame in frames[:3])


def test_feet_first_changes_no_place_only_the_told_position(tmp_path):
    truth = write_series(tmp_path, descending=True, edit=lambda k, ds: setattr(ds, "PatientPosition", "FFS"))
    volume = load_volume(tmp_path)
    assert_is_truth(volume, truth)
    assert volume.facts["patient position"] == "feet first, supine"


@pytest.mark.parametrize(("shift", "warned"), [(0.01, False), (0.05, True)])
def test_small_jitter_is_loaded_and_told_from_two_hundredths_on(tmp_path, shift, warned):
    write_series(tmp_path, shifts_mm=[0, 0, 0, shift, 0, 0, 0, 0])
    volume = load_volume(tmp_path)
    assert volume.geometry.spacing_mm[0] == pytest.approx(2.5)
    assert any("off the regular grid by up to 0.05 mm" in line for line in volume.warnings) == warned


def axial_positions(heights, tilt_deg=0.0):
    heights = np.asarray(heights, float)
    shear = np.tan(np.radians(tilt_deg)) * heights
    return np.column_stack([np.full_like(heights, -100.0), -90.0 + shear, heights])


def verdict_of(positions):
    orientations = np.tile([1.0, 0, 0, 0, 1, 0], (len(positions), 1))
    return judge(positions, orientations, (400.0, 400.0))[0]


@settings(max_examples=60, deadline=None)
@given(
    missing=st.integers(1, 18),
    count=st.integers(1, 3),
    step=st.floats(0.5, 6.0),
    order=st.randoms(use_true_random=False),
)
def test_a_gap_is_found_after_the_right_slice_with_its_width(missing, count, step, order):
    heights = [k * step for k in range(24) if not missing <= k < missing + count]
    order.shuffle(heights)
    verdict = verdict_of(axial_positions(heights))
    assert verdict.gaps == ((missing, pytest.approx((count + 1) * step)),)
    assert verdict.problems == (f"gap of {(count + 1) * step:.4g} mm after slice {missing} (usual step {step:.4g} mm)",)


@settings(max_examples=60, deadline=None)
@given(angle=st.floats(0.5, 30.0), step=st.floats(1.0, 7.0))
def test_tilt_is_measured_in_degrees(angle, step):
    verdict = verdict_of(axial_positions(np.arange(20) * step, angle))
    assert verdict.tilt_deg == pytest.approx(angle, abs=1e-6)
    assert verdict.problems == (f"tilt of {angle:.1f} degrees between the stack and the slice normal",)
    assert verdict.step_mm == pytest.approx(step)


@settings(max_examples=40, deadline=None)
@given(doubled=st.sets(st.integers(0, 19), min_size=1, max_size=5))
def test_duplicates_are_named_by_their_number(doubled):
    heights = sorted([*range(20), *doubled])
    verdict = verdict_of(axial_positions(heights))
    assert verdict.duplicates == tuple(n + 1 for n in range(1, len(heights)) if heights[n] == heights[n - 1])
    assert not verdict.uniform
    assert verdict.gaps == ()


def test_changing_steps_are_named_with_their_range():
    verdict = verdict_of(axial_positions(np.concatenate([np.arange(10) * 2.0, 18 + np.arange(1, 11) * 5.0])))
    assert not verdict.uniform
    assert "vary from 2 to 5 mm" in verdict.line


def test_a_bend_sideways_is_no_tilt():
    positions = axial_positions(np.arange(10) * 3.0)
    positions[5, 0] += 2.0
    assert verdict_of(positions).line == "slices shift sideways by up to 2.00 mm"
