"""What of a confirmation is seen on the scan before, and a second scan laid over it, against shapes that are known."""

from __future__ import annotations

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.assess.confirmed_zone import confirmed_zone
from anatomy_twin.core import Transform, Volume, VolumeGeometry
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.rehearsal.confirmed import margin_colour, registration_grade
from anatomy_twin.rehearsal.second_scan import SQUARE_MM, SecondScan, laid_over, sample_second
from anatomy_twin.rehearsal.slicing import SlicePlane
from tests.test_confirmation import SHIFT, ball, grid, labels_of, registered

OFF = (3.0, -2.0, 0.0)
RADIUS = 15.0


@pytest.fixture(scope="module", params=[0.0, 20.0])
def confirmed(request):
    """A case whose zone is a ball in the scan after, with or without contraction, and the radius that it counts as."""
    centre = np.zeros(3)
    first = labels_of(grid(centre), liver=ball(centre, 42.0), tumour_1=ball(centre, 8.0))
    second = labels_of(grid(SHIFT), ablation_zone=ball(np.add(SHIFT, OFF), RADIUS))
    case = at.Case.new(volume=Volume(np.zeros(first.geometry.shape, np.int16), first.geometry), labels=first)
    later = Volume(np.zeros(second.geometry.shape, np.int16), second.geometry)
    found = at.confirm_ablation(case, later, post_labels=second, registration=registered(), target="tumour_1",
                                contraction_percent=request.param)  # fmt: skip
    return case.with_confirmation(found), found, RADIUS / (1.0 - request.param / 100.0)


def test_the_zone_comes_back_to_its_place(confirmed):
    case, found, radius = confirmed
    zone = confirmed_zone(case, found.name)
    away = np.linalg.norm(zone.surface.points_mm - OFF, axis=1)
    assert away == pytest.approx(radius, abs=0.5) and zone.surface.volume_ml > 0
    places = zone.zone_grid.to_world(np.moveaxis(np.indices(zone.zone_grid.shape), 0, -1))
    inside = np.linalg.norm(places - OFF, axis=-1) < radius
    assert 2.0 * (inside & (zone.zone >= 0)).sum() / (inside.sum() + (zone.zone >= 0).sum()) > 0.97


def test_margins_on_the_target_are_the_true_ones(confirmed):
    case, found, radius = confirmed
    zone = confirmed_zone(case, found.name)
    points = zone.target_surface.points_mm
    margins = zone.margins_at(points)
    assert margins == pytest.approx(radius - np.linalg.norm(points - OFF, axis=1), abs=0.5)
    assert margins.min() == pytest.approx(found.margin_mm, abs=0.1)
    place = np.array([found.place_mm])
    assert zone.margins_at(place)[0] == pytest.approx(found.margin_mm, abs=0.1)


def test_the_margin_that_is_asked_for_lies_round_the_target(confirmed):
    case, found, _ = confirmed
    zone = confirmed_zone(case, found.name)
    places = zone.away_grid.to_world(np.moveaxis(np.indices(zone.away_grid.shape), 0, -1))
    true = np.maximum(np.linalg.norm(places, axis=-1) - 8.0, 0.0)
    near = true < 10.0
    assert np.abs(zone.away_mm[near] - true[near]).max() < 1.5 * max(zone.away_grid.spacing_mm)
    with pytest.raises(DataError, match="no confirmation is called 'other'"):
        confirmed_zone(case, "other")


@pytest.fixture(scope="module")
def bent():
    """A second scan whose values tell where they lie, behind a turn and a smooth deformation."""
    geometry = VolumeGeometry.upright((30, 40, 50), (3.0, 2.0, 2.0))
    places = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    volume = Volume((places @ np.array([2.0, -3.0, 5.0])).astype(np.float32), geometry, units="HU")
    knots = VolumeGeometry.upright((8, 8, 8), (12.0, 12.0, 15.0))
    field = np.zeros((3, 8, 8, 8), np.float32)
    field[0] = 3.0 * np.sin(np.arange(8) / 2.0)[None, None, :]
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]]
    matrix[:3, 3] = (5.0, -2.0, 4.0)
    return volume, Transform(matrix, 1.0, field, knots)


def test_a_second_scan_is_seen_where_its_tissue_belongs(bent):
    volume, transform = bent
    second = SecondScan("after", volume, transform)
    plane = SlicePlane("axial", (-12.0, 10.0, 40.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 0.7, (83, 101))
    pixels = np.moveaxis(np.indices(plane.shape), 0, -1).astype(float)
    there = transform.to_moving(plane.to_world(pixels))
    values = sample_second(second, plane)
    held = np.isfinite(values)
    assert held.mean() > 0.6
    # of a field with knots every 12 mm the way between two of them is straight; at a knot it is off by a part of 4 mm
    index = volume.geometry.to_index(there)
    well = ((index >= 0) & (index <= np.array(volume.geometry.shape) - 1.0)).all(axis=-1)
    assert held[well].all() and values[well] == pytest.approx((there @ np.array([2.0, -3.0, 5.0]))[well], abs=0.8)
    outside = ((index < -1.0) | (index > np.array(volume.geometry.shape))).any(axis=-1)
    assert outside.any() and not held[outside].any()
    point = plane.to_world((40.0, 50.0))
    assert second.value_at(point) == pytest.approx(float(transform.to_moving(point) @ [2.0, -3.0, 5.0]), abs=1e-2)
    assert second.value_at((900.0, 0.0, 0.0)) is None


def test_two_scans_are_faded_or_laid_in_squares(bent):
    first, second = np.full((40, 60), 10.0, np.float32), np.full((40, 60), 30.0, np.float32)
    first[0], second[:, 0] = np.nan, np.nan
    faded = laid_over(first, second, SecondScan("a", *bent, "fade", 0.25), 1.0)
    assert faded[5, 5] == 15.0 and faded[0, 5] == 30.0 and faded[5, 0] == 10.0 and np.isnan(faded[0, 0])
    np.testing.assert_array_equal(laid_over(first, second, SecondScan("a", *bent, "fade", 1.0), 1.0), second)
    squares = laid_over(first, second, SecondScan("a", *bent, "checker"), 2.0)
    side = round(SQUARE_MM / 2.0)
    assert squares[20, 30] == 10.0 and squares[20, 30 + side] == 30.0 and squares[20 + side, 30 + side] == 10.0
    assert (squares[1:, 1:] == 30.0).mean() == pytest.approx(0.5, abs=0.05)
    with pytest.raises(UsageError, match="lay scans over each other"):
        SecondScan("a", *bent, "none")


@pytest.mark.parametrize(("error", "grade"), [
    (None, "not checked"), (0.8, "good"), (2.5, "good"), (3.0, "fair"), (5.0, "fair"), (5.2, "poor"),
])
def test_a_registration_is_graded_by_its_error_at_the_target(confirmed, error, grade):
    from dataclasses import replace

    assert registration_grade(replace(confirmed[1], error_mm=error)) == grade


def test_margins_are_told_apart_by_lightness_too():
    lightness = [sum(margin_colour(margin)) for margin in (-0.1, 0.0, 4.9, 5.0)]
    assert lightness[0] < lightness[1] == lightness[2] < lightness[3]
