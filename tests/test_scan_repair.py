"""Repairs: slices of a known object, badly placed, give the object back on an upright grid."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anatomy_twin.errors import Cancelled, DataError, GeometryError
from anatomy_twin.scan import find_series, load_volume
from anatomy_twin.scan.repair import Repaired, repaired, repaired_geometry
from anatomy_twin.scan.series import Series
from tests.support.dicom_series import AXIAL, CORONAL, random_axes, write_series

AIR = -1024
Object = Callable[[np.ndarray], np.ndarray]


def ramp(world: np.ndarray) -> np.ndarray:
    """A value that grows evenly: whatever interpolates linearly gives it back."""
    return world @ np.array([3.1, -2.3, 4.7]) + 17.25


def wave(world: np.ndarray) -> np.ndarray:
    """A smooth object whose second derivatives are at most 400 (2 pi / 60)^2 along an axis."""
    return 400.0 * np.sin(world * (2 * np.pi / 60.0)).sum(axis=-1) / 3.0


def sampled(positions: np.ndarray, axes, size: tuple[int, int], spacing: tuple[float, float], thing: Object):
    """The object at the pixel centres of slices, by the definition in PS3.3 C.7.6.2.1.1."""
    row, column = (np.asarray(axis, float) for axis in axes)
    j, i = np.meshgrid(np.arange(size[0]) * spacing[0], np.arange(size[1]) * spacing[1], indexing="ij")
    plane = j[..., None] * column + i[..., None] * row
    return thing(np.asarray(positions)[:, None, None] + plane)


def write_stack(
    folder: Path, along: np.ndarray, sideways: np.ndarray, *, axes=AXIAL, size=(11, 9), spacing=(0.8, 0.7),
    origin=(-4.0, -3.0, 5.0), edit=None,
) -> tuple[Series, np.ndarray]:
    """Write slices at places along their normal and (down, right) sideways; return the one series and its places."""
    row, column = (np.asarray(axis, float) for axis in axes)
    places = (np.asarray(origin) + np.outer(along, np.cross(row, column))
              + np.outer(sideways[:, 0], column) + np.outer(sideways[:, 1], row))  # fmt: skip

    def put(k, dataset):
        dataset.ImagePositionPatient = [f"{value:.10g}" for value in places[k]]
        del dataset.SliceThickness
        if edit is not None:
            edit(k, dataset)

    write_series(folder, shape=(len(along), *size), spacing_mm=(1.0, *spacing), axes=axes, edit=put)
    (series,) = find_series(folder)
    return series, np.array([header.position_mm for header in series.headers])


def mended(folder: Path, along, sideways=None, thing: Object = ramp, dtype: type = np.float32, **options):
    """Write slices, repair them, and return the result, the truth on its grid, and where slices cover that grid."""
    along = np.asarray(along, float)
    sideways = np.zeros((along.size, 2)) if sideways is None else np.asarray(sideways, float)
    axes, spacing, size = options.get("axes", AXIAL), options.get("spacing", (0.8, 0.7)), options.get("size", (11, 9))
    series, places = write_stack(folder, along, sideways, **options)
    values = sampled(places, axes, size, spacing, thing)
    array = np.rint(values).astype(dtype) if np.issubdtype(dtype, np.integer) else values.astype(dtype)
    result = repaired(array, series, fill=-30000)
    world = result.geometry.to_world(np.moveaxis(np.indices(result.geometry.shape), 0, -1))
    return series, array, result, thing(world), result.array != -30000


def assert_contains_all_slices(result: Repaired, series: Series) -> None:
    """The centre of every pixel of every slice lies between the outer voxel centres of the grid."""
    _, rows, columns = series.shape
    for header in series.headers:
        row, column = np.array(header.orientation[:3]), np.array(header.orientation[3:])
        for j, i in ((0, 0), (rows - 1, 0), (0, columns - 1), (rows - 1, columns - 1)):
            corner = (np.array(header.position_mm) + column * j * series.spacing_mm[1]
                      + row * i * series.spacing_mm[2])  # fmt: skip
            index = result.geometry.to_index(corner)
            assert (index > -1e-2).all() and (index < np.array(result.geometry.shape) - 1 + 1e-2).all()


@pytest.mark.parametrize("angle", [-44.0, -18.5, 3.0, 15.0, 30.0])
@pytest.mark.parametrize("axes", [AXIAL, CORONAL, random_axes(3)])
def test_a_tilted_ramp_comes_back_upright(tmp_path, angle, axes):
    along = np.arange(7) * 2.5
    down = np.column_stack([np.tan(np.radians(angle)) * along, np.zeros(7)])
    series, _, result, truth, covered = mended(tmp_path, along, down, axes=axes)
    assert series.verdict.tilt_deg == pytest.approx(abs(angle), abs=1e-4)
    assert series.verdict.shear[0] == pytest.approx(np.tan(np.radians(angle)), abs=1e-6)
    assert series.verdict.repairs == (f"shear back a gantry tilt of {abs(angle):.1f} degrees",)
    assert series.loading == f"refused; repair would shear back a gantry tilt of {abs(angle):.1f} degrees"
    np.testing.assert_allclose(result.array[covered], truth[covered], atol=2e-3)
    assert covered.sum() >= 7 * 10 * 9  # at most one row of each slice is lost to half pixels
    assert_contains_all_slices(result, series)
    assert result.geometry.spacing_mm == pytest.approx((2.5, 0.8, 0.7))
    np.testing.assert_allclose(result.geometry.direction[:, 0], np.cross(*axes), atol=1e-9)
    assert result.lines[0].startswith(f"sheared back a gantry tilt of {abs(angle):.1f} degrees")
    assert "lie in no slice: set to -30000" in result.lines[-1]
    assert repaired_geometry(series).is_close(result.geometry, 1e-9)


def test_the_first_slice_of_a_sheared_stack_keeps_every_voxel(tmp_path):
    along = np.arange(5) * 2.0
    series, array, result, _, _ = mended(tmp_path, along, np.column_stack([along * 0.3, along * 0]), dtype=np.int16)
    assert result.array.dtype == np.int16
    index = np.rint(result.geometry.to_index(series.headers[0].position_mm)).astype(int)
    np.testing.assert_array_equal(result.array[0, index[1]:index[1] + 11, index[2]:index[2] + 9], array[0])


def test_one_missing_slice_is_interpolated_and_no_other_voxel_changes(tmp_path):
    along = np.delete(np.arange(12) * 2.5, 7)
    series, array, result, truth, covered = mended(tmp_path, along, dtype=np.int16)
    assert series.verdict.repairs == ("interpolate 1 missing slice after slice 7",)
    assert series.verdict.missing == ((7, 1),)
    assert covered.all()
    np.testing.assert_array_equal(np.delete(result.array, 7, axis=0), array)
    np.testing.assert_allclose(result.array, truth, atol=1.0)
    assert result.lines == ("interpolated 1 missing slice (gap of 5 mm after slice 7)",)
    assert result.geometry.shape == (12, 11, 9) and result.resampled


def test_two_gaps_and_a_tilt_are_mended_at_once(tmp_path):
    along = np.delete(np.arange(14) * 3.0, [3, 9])
    _, _, result, truth, covered = mended(tmp_path, along, np.column_stack([along * 0.2, along * -0.1]))
    np.testing.assert_allclose(result.array[covered], truth[covered], atol=2e-3)
    # each plane keeps its slice but for the rows and columns that half pixels and the two interpolated planes cost
    assert covered.sum() >= 12 * 10 * 8 + 2 * 8 * 7
    assert [line.split(" ")[0] for line in result.lines[:2]] == ["interpolated", "sheared"]
    assert "2 missing slices" in result.lines[0]


def test_uneven_steps_are_resampled_to_the_smallest(tmp_path):
    along = np.concatenate([np.arange(6) * 1.0, 5 + np.arange(1, 7) * 2.5])
    series, array, result, truth, covered = mended(tmp_path, along)
    assert series.verdict.repairs == ("resample uneven steps of 1 to 2.5 mm to 1 mm",)
    assert series.verdict.steps_mm == pytest.approx((1.0, 2.5))
    assert covered.all()
    np.testing.assert_allclose(result.array, truth, atol=2e-3)
    assert result.geometry.shape[0] == 21 and result.geometry.spacing_mm[0] == pytest.approx(1.0)
    np.testing.assert_array_equal(result.array[:6], array[:6])
    np.testing.assert_array_equal(result.array[10], array[7])  # a slice at 10 mm lies on a plane
    assert "resampled steps of 1 to 2.5 mm to 1 mm: 12 of 21 slices are interpolated" in result.lines


def test_jitter_keeps_the_number_of_slices(tmp_path):
    along = np.arange(10) * 2.5 + np.array([0, 0.3, -0.3, 0.2, 0, -0.4, 0.4, 0, 0.1, 0])
    series, _, result, truth, covered = mended(tmp_path, along)
    assert series.verdict.repairs == ("move slices that lie off the grid by up to 0.40 mm onto steps of 2.5 mm",)
    assert result.geometry.shape[0] == 10 and covered.all()
    np.testing.assert_allclose(result.array, truth, atol=2e-3)


def test_slices_that_are_shifted_sideways_are_moved_back(tmp_path):
    sideways = np.zeros((8, 2))
    sideways[3], sideways[6] = (1.6, -0.7), (0.3, 0.5)
    series, array, result, truth, covered = mended(tmp_path, np.arange(8) * 3.0, sideways, dtype=np.int16)
    assert series.verdict.repairs == ("move slices that are shifted sideways by up to 1.75 mm",)
    np.testing.assert_allclose(result.array[covered], truth[covered], atol=1.0)
    kept = result.geometry.to_index(series.headers[0].position_mm)
    assert np.allclose(kept, np.rint(kept), atol=1e-6)
    j, i = round(kept[1]), round(kept[2])
    for k in (0, 1, 2, 4, 5, 7):
        np.testing.assert_array_equal(result.array[k, j:j + 11, i:i + 9], array[k])
    np.testing.assert_array_equal(result.array[3, j + 2:j + 13, i - 1:i + 8], array[3])  # whole pixels are copied


def test_equal_duplicates_are_dropped_and_different_ones_refused(tmp_path):
    along = np.array([0, 2, 4, 4, 6, 8.0])

    def other(k, dataset):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{k + 1}"

    series, array, result, _, _ = mended(tmp_path, along, edit=other)
    assert series.verdict.duplicates == (4,)
    assert series.verdict.repairs == ("drop 1 duplicate slice (slice 4) if equal to the one before",)
    assert result.lines == ("dropped 1 duplicate slice (slice 4)",) and not result.resampled
    np.testing.assert_array_equal(result.array, np.delete(array, 3, axis=0))
    array[3, 2, 2] += 1
    with pytest.raises(GeometryError, match=r"two different images at one place \(slices 3 and 4\)"):
        repaired(array, series, AIR)


def test_one_image_at_two_places_is_refused(tmp_path):
    def same(k, dataset):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{min(k, 4)}"

    series, _ = write_stack(tmp_path, np.delete(np.arange(7) * 2.0, 3), np.zeros((6, 2)), edit=same)
    with pytest.raises(GeometryError, match=r"one image lies at two places \(slices 5 and 6\)"):
        repaired(np.zeros(series.shape, np.int16), series, AIR)


@pytest.mark.parametrize(
    ("along", "down", "words"),
    [
        (np.delete(np.arange(12) * 2.5, [7, 8]), 0.0, "more than one slice is missing after slice 7"),
        (np.delete(np.arange(12) * 6.0, 4), 0.0, "12 mm are too far to interpolate over"),
        (np.arange(8) * 2.5, 1.1, "it is steeper than 45 degrees"),
        (np.array([0, 1, 2, 3, 6.5, 10, 13.5, 17]), 0.0, "steps differ by more than a factor of 3"),
        (np.zeros(4), 0.0, "all slices lie at one place"),
    ],
)
def test_what_no_repair_mends_is_refused_with_the_reason(tmp_path, along, down, words):
    along = np.asarray(along, float)
    series, _ = write_stack(tmp_path, along, np.column_stack([along * down, along * 0]))
    assert series.verdict.repairs == () and not series.verdict.repairable
    assert series.loading.startswith("refused: ") and words in series.loading
    with pytest.raises(GeometryError) as caught:
        repaired(np.zeros(series.shape, np.int16), series, AIR)
    assert words in caught.value.line


def test_slices_that_turn_are_beyond_repair(tmp_path):
    def turn(k, dataset):
        if k == 3:
            dataset.ImageOrientationPatient = [1, 0.0008, 0, -0.0008, 1, 0]

    series, _ = write_stack(tmp_path, np.arange(6) * 2.0, np.zeros((6, 2)), size=(300, 300), edit=turn)
    assert "slices turn against each other" in series.loading and series.loading.startswith("refused: ")
    assert series.verdict.turn_mm == pytest.approx(0.0008 * 300 * 0.8, rel=1e-3)


def test_a_uniform_series_comes_back_as_it_is(tmp_path):
    series, array, result, _, _ = mended(tmp_path, np.arange(5) * 2.0)
    assert result.array is array and result.lines == ()
    assert result.geometry.shape == series.shape
    assert series.loading == "loads as it is"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tilt_deg": 12.0}, "sheared back a gantry tilt of 12.0 degrees"),
        ({"skip": [4]}, "interpolated 1 missing slice (gap of 5 mm after slice 4)"),
        ({"shifts_mm": [0, 0, 0, 0.4, 0, 0, 0, 0, 0]}, "resampled steps of 2.1 to 2.9 mm to 2.5 mm"),
    ],
)
def test_loading_with_repair_gives_the_object_and_tells_what_was_done(tmp_path, change, words):
    shape, spacing, origin = (9, 24, 22), (2.5, 0.8, 0.7), (-30.0, -40.0, 50.0)
    step = np.array([0, 2.5 * np.tan(np.radians(change.get("tilt_deg", 0.0))), 2.5])
    places = np.asarray(origin) + np.outer(np.arange(9), step)
    places[:, 2] += change.get("shifts_mm", np.zeros(9))
    values = np.rint(sampled(places, AXIAL, shape[1:], spacing[1:], ramp)).astype(np.int16) + 1024
    write_series(tmp_path, shape=shape, spacing_mm=spacing, origin_mm=origin, stored=values, **change)
    with pytest.raises(GeometryError, match="repair=True"):
        load_volume(tmp_path)
    volume = load_volume(tmp_path, repair=True)
    world = volume.geometry.to_world(np.moveaxis(np.indices(volume.geometry.shape), 0, -1))
    inside = volume.array != AIR
    assert inside.mean() > 0.7
    assert np.abs(volume.array - ramp(world))[inside].max() <= 1.01  # stored and interpolated values are both rounded
    assert any(words in line for line in volume.warnings)
    assert words in volume.facts["repairs"]
    assert volume.instances == ()


def test_a_wrong_array_and_a_fill_that_does_not_fit_are_refused(tmp_path):
    along = np.delete(np.arange(6) * 2.0, 3)
    series, _ = write_stack(tmp_path, along, np.zeros((5, 2)))
    with pytest.raises(DataError, match="differ in shape"):
        repaired(np.zeros((4, 11, 9), np.int16), series, AIR)
    with pytest.raises(DataError, match="does not fit"):
        repaired(np.zeros(series.shape, np.uint8), series, AIR)


def test_a_stopped_repair_ends(tmp_path):
    class Stop:
        cancelled = True

        def progress(self, fraction): ...

        def stage(self, name): ...

        def warn(self, message): ...

    series, _ = write_stack(tmp_path, np.delete(np.arange(6) * 2.0, 3), np.zeros((5, 2)))
    with pytest.raises(Cancelled):
        repaired(np.zeros(series.shape, np.int16), series, AIR, Stop())


def test_a_smooth_object_is_within_the_bound_of_linear_interpolation(tmp_path):
    """The error along each axis is at most h^2 / 8 times the second derivative; moves down, right and along add up."""
    rng = np.random.default_rng(5)
    along = np.cumsum(rng.uniform(1.5, 2.9, 16))
    _, _, result, truth, covered = mended(tmp_path, along, np.column_stack([along * 0.4, along * 0.13]), thing=wave,
                                          size=(20, 18))
    bound = 400 / 3 * (2 * np.pi / 60) ** 2 / 8 * (2.9**2 + 0.8**2 + 0.7**2)
    error = np.abs(result.array - truth)[covered]
    assert error.max() <= bound + 1e-3
    assert covered.mean() > 0.3


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(4, 9),
    step=st.floats(0.6, 4.5),
    shear=st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
    spread=st.sampled_from([0.0, 0.0, 0.1, 0.4]),
    missing=st.booleans(),
)
def test_random_bad_stacks_of_a_ramp_come_back(seed, count, step, shear, spread, missing):
    rng = np.random.default_rng(seed)
    along = np.cumsum(step * (1 + rng.uniform(-spread, spread, count)))
    if missing:
        along = np.delete(along, 2)
    origin = rng.uniform(-200, 200, 3)
    with tempfile.TemporaryDirectory() as folder:
        series, _ = write_stack(Path(folder), along, np.outer(along, shear), axes=random_axes(seed), origin=origin)
        assume(series.verdict.repairable)
        tilt = float(np.degrees(np.arctan(np.hypot(*shear))))
        if series.verdict.tilt_deg:
            assert series.verdict.tilt_deg == pytest.approx(tilt, abs=0.02)
        places = np.array([header.position_mm for header in series.headers])
        values = sampled(places, random_axes(seed), (11, 9), (0.8, 0.7), ramp).astype(np.float32)
        result = repaired(values, series, fill=-30000)
        world = result.geometry.to_world(np.moveaxis(np.indices(result.geometry.shape), 0, -1))
        covered = result.array != -30000
        # slices within the tolerances of a plain load (0.1 mm along, sideways unmoved) are taken as they are
        slack = 0.1 * np.linalg.norm([3.1, -2.3, 4.7]) * 2 + 5e-3
        assert np.abs(result.array - ramp(world))[covered].max() <= slack
        assert_contains_slices_within(result, places, 0.11)


def assert_contains_slices_within(result: Repaired, places: np.ndarray, slack_mm: float) -> None:
    index = result.geometry.to_index(places)
    low, high = index.min(axis=0), index.max(axis=0)
    slack = slack_mm / np.array(result.geometry.spacing_mm)
    assert (low > -slack).all()
    assert (high < np.array(result.geometry.shape) - (1, 11, 9) + slack).all()
