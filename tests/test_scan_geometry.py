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
    assert verdict.problems == (f"tilt of {verdict.tilt_deg:.1f} degrees between the stack and the slice normal",)
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


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(3, 40),
    step=st.floats(0.4, 8.0),
    shear=st.tuples(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9)),
    tilted=st.booleans(),
    origin=st.tuples(*[st.floats(-900, 900)] * 3),
    descending=st.booleans(),
)
def test_judged_grids_are_the_analytic_ones(seed, count, step, shear, tilted, origin, descending):
    """Any orientation, spacing, order, direction and tilt: axes, first slice, step and angle are those written."""
    row, column = random_axes(seed)
    normal = np.cross(row, column)
    down, right = shear if tilted else (0.0, 0.0)
    rise = np.arange(count) * step
    places = np.asarray(origin) + np.outer(rise, normal + down * column + right * row)
    given_order = np.arange(count)[::-1] if descending else np.random.default_rng(seed).permutation(count)
    verdict, grid = judge(places[given_order], np.tile([*row, *column], (count, 1)), (300.0, 300.0))
    assert tuple(given_order[list(grid.order)]) == tuple(range(count))
    np.testing.assert_allclose(grid.origin_mm, places[0], atol=1e-9)
    np.testing.assert_allclose(grid.direction, np.column_stack([normal, column, row]), atol=1e-9)
    assert verdict.step_mm == pytest.approx(step, abs=1e-9)
    sideways = np.hypot(down, right) * rise[-1]
    assert verdict.uniform == (sideways <= 0.1)
    if sideways > 0.02:
        assert verdict.tilt_deg == pytest.approx(np.degrees(np.arctan(np.hypot(down, right))), abs=1e-6)
        assert verdict.shear == pytest.approx((down, right), abs=1e-9)
    if sideways > 0.1:
        steep = np.hypot(down, right) > 1.0
        assert verdict.repairable != steep
        assert verdict.loading.startswith("refused: tilt" if steep else "refused; repair would shear back")
    assert verdict.jitter_mm < 1e-9 and verdict.gaps == verdict.duplicates == ()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), step=st.floats(2.0, 5.0), size=st.floats(0.11, 0.3))
def test_random_jitter_is_measured_by_its_largest_deviation(seed, step, size):
    rng = np.random.default_rng(seed)
    off = rng.uniform(-size, size, 15)
    off[[0, -1]] = 0.0
    verdict = verdict_of(axial_positions(np.arange(15) * step + off))
    assert verdict.jitter_mm == pytest.approx(np.abs(off).max(), abs=1e-9)
    assert verdict.uniform == (np.abs(off).max() <= 0.1)
    steps = step + np.diff(off)
    assert verdict.steps_mm == pytest.approx((steps.min(), steps.max()))


@pytest.mark.parametrize(
    ("header", "shown", "note"),
    [
        (15.0, 0.0, "the header states a gantry tilt of 15.0 degrees, the positions show none"),
        (-15.0, 0.0, "the header states a gantry tilt of -15.0 degrees, the positions show none"),
        (0.0, 15.0, "the header states a gantry tilt of 0.0 degrees, the positions show 15.0"),
        (12.0, 15.0, "the header states a gantry tilt of 12.0 degrees, the positions show 15.0"),
    ],
)
def test_a_tilt_that_only_the_header_or_only_the_positions_show_is_told(header, shown, note):
    positions = axial_positions(np.arange(10) * 3.0, shown)
    verdict, _ = judge(positions, np.tile([1.0, 0, 0, 0, 1, 0], (10, 1)), (400.0, 400.0), header_tilt_deg=header)
    assert verdict.notes == (note,)
    assert (verdict.header_tilt_deg, verdict.uniform) == (header, shown == 0.0)


@pytest.mark.parametrize("header", [18.5, -18.5])
def test_a_tilt_that_header_and_positions_share_is_no_warning(header):
    positions = axial_positions(np.arange(10) * 3.0, 18.5)
    verdict, _ = judge(positions, np.tile([1.0, 0, 0, 0, 1, 0], (10, 1)), (400.0, 400.0), header_tilt_deg=header)
    assert verdict.notes == ()
    assert verdict.remarks == (f"the header states the same gantry tilt ({header:.1f} degrees)",)


@pytest.mark.parametrize(
    ("thicknesses", "remarks", "notes", "overlap"),
    [
        ([3.0] * 6, (), (), 0.0),
        ([5.0] * 6, ("slices of 5 mm every 3 mm overlap by 2 mm",), (), 2.0),
        ([2.0] * 6, (), ("slices of 2 mm every 3 mm: 1 mm of tissue between two slices are not seen",), -1.0),
        ([3.0] * 5 + [4.0], (), ("slices are 3 to 4 mm thick",), 0.0),
        ([3.0] * 5 + [None], (), (), None),
    ],
)
def test_overlap_and_unseen_tissue_are_measured(thicknesses, remarks, notes, overlap):
    verdict, _ = judge(axial_positions(np.arange(6) * 3.0), np.tile([1.0, 0, 0, 0, 1, 0], (6, 1)), (400.0, 400.0),
                       thicknesses_mm=thicknesses)  # fmt: skip
    assert (verdict.remarks, verdict.notes) == (remarks, notes)
    assert verdict.overlap_mm == (None if overlap is None else pytest.approx(overlap))
    assert verdict.uniform


def test_feet_first_and_the_plane_are_told():
    verdict, _ = judge(axial_positions(np.arange(6) * 3.0), np.tile([1.0, 0, 0, 0, 1, 0], (6, 1)), (400.0, 400.0),
                       patient_position="FFP")  # fmt: skip
    assert verdict.line == "regular axial slices every 3 mm; feet first"
    assert verdict.loading == "loads as it is"


@pytest.mark.parametrize(
    ("heights", "gaps", "missing", "repairs"),
    [
        ([0, 1, 2, 4, 5, 6, 8, 9], ((3, 2.0), (6, 2.0)), ((3, 1), (6, 1)),
         ("interpolate 1 missing slice after slices 3, 6",)),
        ([0, 1, 2, 3, 4.6, 5.6, 6.6, 7.6], ((4, 1.6),), ((4, 1),),
         ("resample uneven steps of 1 to 1.6 mm to 0.95 mm",)),
        ([0, 1, 3], ((2, 2.0),), ((2, 1),), ("interpolate 1 missing slice after slice 2",)),
        ([0, 1, 4], ((2, 3.0),), ((2, 2),), ()),
        ([0, 1, 2, 4, 5, 6, 9, 10], ((3, 2.0), (6, 3.0)), ((3, 1), (6, 2)), ()),
    ],
)
def test_gaps_count_the_missing_slices_and_name_their_repair(heights, gaps, missing, repairs):
    verdict = verdict_of(axial_positions(heights))
    assert verdict.gaps == tuple((k, pytest.approx(mm)) for k, mm in gaps)
    assert (verdict.missing, verdict.repairs) == (missing, repairs)
    assert verdict.repairable == bool(repairs)


def test_slices_beside_each_other_are_no_duplicates():
    positions = axial_positions([0, 2, 4, 4, 6])
    positions[3, 0] += 50.0
    verdict = verdict_of(positions)
    assert "slices 3 and 4 lie side by side, 50 mm apart" in verdict.line
    assert not verdict.repairable
