"""Slices in radiological convention, whatever the order of the array."""

import numpy as np
import pytest
import SimpleITK

from anatomy_twin.core import Volume, VolumeGeometry, reindex
from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal import letters_of, plane_through, sample, slice_image, slice_mask, slice_mask_fraction
from tests.support.toy_patient import toy_geometry, toy_patient

TARGET_MM = (-70.0, -15.0, 25.0)
# (order, flips) of the axes: upright, feet first, all flipped, sagittal stack, coronal stack seen from behind
GRIDS = {
    "upright": ((0, 1, 2), (False, False, False)),
    "feet first": ((0, 1, 2), (True, False, False)),
    "prone, from the left": ((0, 1, 2), (False, True, True)),
    "all flipped": ((0, 1, 2), (True, True, True)),
    "sagittal stack": ((2, 0, 1), (True, True, False)),
    "coronal stack": ((1, 0, 2), (True, True, True)),
}


def tilted(volume: Volume, degrees: float = 20.0) -> Volume:
    """The same patient on a grid that is turned about all three axes (nearest voxel, by hand)."""
    a = np.deg2rad(degrees)
    turn_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    turn_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    old = volume.geometry
    direction = turn_z @ turn_x @ old.direction
    half = np.asarray(old.shape) * np.asarray(old.spacing_mm) / 2
    origin = np.asarray(old.center_mm) - direction @ (half - np.asarray(old.spacing_mm) / 2)
    grid = VolumeGeometry(old.shape, old.spacing_mm, direction, tuple(origin))
    index = np.rint(old.to_index(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)))).astype(int)
    inside = np.all((index >= 0) & (index < old.shape), axis=-1)
    array = np.full(grid.shape, -1000, np.int16)
    array[inside] = volume.array[tuple(index[inside].T)]
    return Volume(array, grid)


def centre_of(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask).mean(axis=0)


@pytest.mark.parametrize("name", [*GRIDS, "tilted"])
def test_liver_is_on_the_viewers_left(name):
    volume, labels = toy_patient()
    geometry = labels.geometry
    if name == "tilted":
        volume = tilted(volume)
        liver, spleen, lungs = (tilted(Volume(labels.mask(n).astype(np.int16), geometry)).array > 0
                                for n in ("liver", "spleen", "lung_right"))
    else:
        grid = GRIDS[name]
        liver, spleen, lungs = (reindex(labels.mask(n), *grid) for n in ("liver", "spleen", "lung_right"))
        volume = Volume(reindex(volume.array, *grid), geometry.reindexed(*grid))
    geometry = volume.geometry
    for plane_name in ("axial", "coronal"):
        picture = slice_image(volume, plane_name, (-20.0, 20.0, 30.0))
        middle = picture.plane.to_pixel((0.0, 0.0, 0.0))[1]
        assert centre_of(slice_mask(liver, geometry, picture.plane))[1] < middle - 8
        assert centre_of(slice_mask(spleen, geometry, picture.plane))[1] > middle + 8
        assert (picture.letters["left"], picture.letters["right"]) == ("R", "L")
        # the pixels agree with the mask: parenchyma has 105 HU
        inside = slice_mask_fraction(liver, geometry, picture.plane) > 0.99
        assert np.nanmedian(picture.array[inside]) == pytest.approx(105, abs=3)
    coronal = slice_image(volume, "coronal", (-60.0, 10.0, 60.0))
    lung_row = centre_of(slice_mask(lungs, geometry, coronal.plane))[0]
    assert lung_row < centre_of(slice_mask(liver, geometry, coronal.plane))[0], "the head is up"
    sagittal = slice_image(volume, "sagittal", (-55.0, 0.0, 0.0))
    assert sagittal.letters == {"left": "A", "right": "P", "top": "H", "bottom": "F"}


@pytest.mark.parametrize("name", list(GRIDS))
def test_the_same_picture_from_every_order_of_the_array(name):
    volume, _ = toy_patient()
    turned = Volume(reindex(volume.array, *GRIDS[name]), volume.geometry.reindexed(*GRIDS[name]))
    for plane in ("axial", "coronal", "sagittal"):
        expected = slice_image(volume, plane, TARGET_MM, pixel_mm=1.7)
        found = slice_image(turned, plane, TARGET_MM, pixel_mm=1.7)
        np.testing.assert_allclose(found.array, expected.array, atol=2e-3)
        np.testing.assert_allclose(found.plane.origin_mm, expected.plane.origin_mm, atol=1e-9)


@pytest.mark.parametrize("make", [lambda v: v, tilted], ids=["aligned", "tilted"])
def test_values_agree_with_simpleitk(make):
    volume = make(toy_patient()[0])
    g = volume.geometry
    image = SimpleITK.GetImageFromArray(volume.array.astype(np.float64))
    image.SetSpacing(g.spacing_mm[::-1])
    image.SetOrigin(g.origin_mm)
    image.SetDirection(g.direction[:, ::-1].ravel())
    picture = slice_image(volume, "coronal", (-12.3, 14.1, 7.7), pixel_mm=3.1, size_mm=(90, 60))
    rows, columns = np.indices(picture.array.shape)
    for row, column in zip(rows.ravel()[::7], columns.ravel()[::7], strict=True):
        point = picture.plane.to_world([row, column])
        value = image.EvaluateAtPhysicalPoint(point.tolist(), SimpleITK.sitkLinear)
        assert picture.array[row, column] == pytest.approx(value, abs=0.02)


def test_a_linear_field_is_sampled_exactly_on_an_oblique_grid():
    grid = tilted(toy_patient()[0]).geometry
    points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    field = points @ np.array([0.5, -1.25, 2.0])
    plane = plane_through(grid, "axial", (3.0, -4.0, 11.0), pixel_mm=2.3, size_mm=(120, 100))
    rows, columns = np.indices(plane.shape)
    truth = plane.to_world(np.stack([rows, columns], -1).astype(float)) @ np.array([0.5, -1.25, 2.0])
    np.testing.assert_allclose(sample(field, grid, plane), truth, atol=1e-3)


def test_pixels_and_millimetres_are_inverse_and_the_point_is_in_the_plane():
    geometry = toy_geometry()
    for name in ("axial", "coronal", "sagittal"):
        plane = plane_through(geometry, name, TARGET_MM, pixel_mm=0.9)
        pixels = np.array([[0.0, 0.0], [10.5, 3.25], [40.0, 51.0]])
        np.testing.assert_allclose(plane.to_pixel(plane.to_world(pixels)), pixels, atol=1e-9)
        assert plane.distance_mm(TARGET_MM) == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_allclose(plane.to_world(plane.to_pixel(TARGET_MM)), TARGET_MM, atol=1e-9)
    close = plane_through(geometry, "axial", TARGET_MM, pixel_mm=0.5, size_mm=(80, 60))
    assert close.shape == (120, 160) and close.size_mm == (80.0, 60.0)
    np.testing.assert_allclose(close.to_pixel(TARGET_MM), [59.5, 79.5])


def test_what_is_behind_the_plane_has_a_positive_distance():
    geometry = toy_geometry()
    # axial is seen from the feet, coronal from the front, sagittal from the patient's left
    assert plane_through(geometry, "axial", (0, 0, 0)).distance_mm((0, 0, 10)) == pytest.approx(10)
    assert plane_through(geometry, "coronal", (0, 0, 0)).distance_mm((0, 10, 0)) == pytest.approx(10)
    assert plane_through(geometry, "sagittal", (0, 0, 0)).distance_mm((-10, 0, 0)) == pytest.approx(10)


def test_outside_the_scan_is_no_data():
    volume, labels = toy_patient()
    beyond = slice_image(volume, "axial", (0.0, 0.0, 900.0))
    assert np.isnan(beyond.array).all()
    wide = slice_image(volume, "axial", (0.0, 0.0, 0.0), size_mm=(600, 600))
    assert np.isnan(wide.array[0]).all() and np.isfinite(wide.array[wide.array.shape[0] // 2]).any()
    plane = wide.plane
    assert not slice_mask(labels.mask("body"), labels.geometry, plane)[0].any()


def test_letters():
    assert [letters_of(v) for v in [(1, 0, 0), (0, 1, 0), (0, 0, 1)]] == ["L", "P", "H"]
    assert [letters_of(v) for v in [(-1, 0, 0), (0, -1, 0), (0, 0, -1)]] == ["R", "A", "F"]
    assert letters_of((0.8, -0.6, 0.05), count=2) == "LA"
    assert letters_of((0.99, -0.1, 0.05), count=2) == "L"


def test_unknown_plane_is_refused():
    with pytest.raises(UsageError, match="oblique"):
        plane_through(toy_geometry(), "oblique", (0, 0, 0))
