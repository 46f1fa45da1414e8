"""Margins and coverage against balls in balls; boundaries against their analytic surfaces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.assess import Boundary, ablative_margin, mask_boundary, signed_distance_to, zone_boundary
from anatomy_twin.assess.boundary import distance_to_triangles
from anatomy_twin.assess.margin import resolvable
from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import DataError
from tests.support.box_patient import ball, ball_zone, box, geometry, labels_of, points_of

ISO = (1.0, 1.0, 1.0)
SLICES = (2.5, 0.8, 0.8)
CENTRE = (0.3, -0.2, 0.1)


def liver_labels(spacing, radius, centre=CENTRE, liver=None):
    grid = geometry(spacing, (36.0, 36.0, 36.0))
    return labels_of(grid, {"liver": ball(grid, (0, 0, 0), 35.0) if liver is None else liver(grid),
                            "tumour_1": ball(grid, centre, radius)})


def off_center(distance_mm):
    return tuple(np.asarray(CENTRE) + distance_mm * np.array([0.6, 0.64, 0.48]))


@pytest.mark.parametrize(("spacing", "graded", "tolerance_mm"), [
    # two bare masks add the staircases of both; the least of all distances then lies below the true one
    (ISO, True, 0.3), (ISO, False, 0.7), (SLICES, True, 0.4), (SLICES, False, 0.7),
])
@pytest.mark.parametrize(("radius", "zone", "shift"), [(8, 12, 0), (12, 16, 3), (10, 12, 5)])
def test_minimal_margin_of_balls(spacing, graded, tolerance_mm, radius, zone, shift):
    result = ball_zone(off_center(shift), zone, graded=graded)
    margin = ablative_margin(liver_labels(spacing, radius), "tumour_1", result)
    true_mm = zone - radius - shift
    assert margin.minimal_mm == pytest.approx(true_mm, abs=tolerance_mm)
    if shift:  # the thinnest place is on the side away from the zone's centre
        away = np.asarray(margin.place_mm) - CENTRE
        assert np.dot(away / np.linalg.norm(away), (0.6, 0.64, 0.48)) < -0.85
    assert np.linalg.norm(np.subtract(margin.place_mm, CENTRE)) == pytest.approx(radius, abs=0.6)


def lens_ml(a, b, distance):
    """Volume of the part that two balls share, in ml (two spherical caps)."""
    if distance <= abs(a - b):
        return 4.0 / 3.0 * np.pi * min(a, b) ** 3 / 1000.0
    return np.pi * (a + b - distance) ** 2 * (
        distance**2 + 2 * distance * (a + b) - 3 * (a - b) ** 2
    ) / (12 * distance) / 1000.0


@pytest.mark.parametrize(("radius", "zone", "shift"), [(8, 12, 0), (12, 16, 3), (10, 12, 6), (15, 14, 0)])
def test_coverage_and_loss_of_balls(radius, zone, shift):
    margin = ablative_margin(liver_labels(ISO, radius), "tumour_1", ball_zone(off_center(shift), zone))
    tumour, dead = (4.0 / 3.0 * np.pi * r**3 / 1000.0 for r in (radius, zone))
    shared = lens_ml(radius, zone, shift)
    rim_ml = 4.0 / 3.0 * np.pi * ((radius + 5.0) ** 3 - radius**3) / 1000.0
    rim_dead = lens_ml(radius + 5.0, zone, shift) - shared
    assert margin.target_percent == pytest.approx(100.0 * shared / tumour, abs=1.5)
    assert margin.rim_percent == pytest.approx(100.0 * rim_dead / rim_ml, abs=2.0)
    assert margin.healthy_lost_ml == pytest.approx(dead - shared, abs=0.03 * dead)
    assert margin.subcapsular_percent == 0.0


def test_the_margin_does_not_hang_on_how_the_arrays_are_indexed():
    labels, zone = liver_labels(SLICES, 9.0), ball_zone(off_center(2), 14)
    expected = ablative_margin(labels, "tumour_1", zone)
    order, flips = (2, 0, 1), (True, False, True)
    turned = np.ascontiguousarray
    other = replace(
        zone, geometry=zone.geometry.reindexed(order, flips),
        **{name: turned(np.flip(np.transpose(getattr(zone, name), tuple(np.array(order) + extra) if not extra else
                                             (0, *(np.array(order) + extra))), axis=(extra, extra + 2)))
           for name, extra in (("temperature_c", 1), ("omega", 1), ("cem43_min", 0), ("coagulated", 0))},
    )
    found = ablative_margin(labels.reindexed((1, 2, 0), (False, True, True)), "tumour_1", other)
    assert found.minimal_mm == pytest.approx(expected.minimal_mm, abs=1e-6)
    assert found.place_mm == expected.place_mm
    assert (found.target_percent, found.rim_percent) == (expected.target_percent, expected.rim_percent)


def test_below_the_capsule_only_liver_counts():
    # the liver ends at x = -10, 2 mm beyond the tumour; the zone of 13.5 mm stops at the liver's surface
    def half(grid):
        return box(grid, (-10, -44, -44), (44, 44, 44))

    labels = liver_labels(ISO, 8.0, (0, 0, 0), half)
    zone = ball_zone((0, 0, 0), 13.5)
    depth = points_of(zone.geometry)[..., 0] + 10.0
    omega = np.where(depth > 0, zone.omega, 0.0).astype(np.float32)
    clipped = replace(zone, omega=omega, coagulated=omega[-1] >= 1)
    margin = ablative_margin(labels, "tumour_1", clipped)
    assert margin.minimal_mm == pytest.approx(5.5, abs=0.5)  # that of the side inside the liver
    assert margin.subcapsular_percent == pytest.approx(100 * 3 / 16, abs=5)  # cap of height 3 mm of a ball of 8 mm
    assert margin.rim_percent == pytest.approx(100.0, abs=1.0)
    # a zone that does not reach the capsule is not excused by it
    near = ablative_margin(labels, "tumour_1", ball_zone((6.5, 0, 0), 15.5))
    assert near.minimal_mm == pytest.approx(1.0, abs=0.4)
    assert near.place_mm[0] < -5.0


def test_a_target_beyond_the_simulated_box_counts_as_not_covered():
    labels = liver_labels(ISO, 8.0, (18, 0, 0))
    margin = ablative_margin(labels, "tumour_1", ball_zone((0, 0, 0), 10.0, half_mm=14.0))
    assert margin.target_percent == 0.0
    assert margin.minimal_mm == pytest.approx(10.0 - 26.0, abs=0.4)


def test_other_lesions_are_not_healthy_liver():
    grid = geometry(ISO, (45.0, 45.0, 45.0))
    masks = {"liver": ball(grid, (0, 0, 0), 42.0), "tumour_1": ball(grid, (0, 0, 0), 8.0),
             "tumour_2": ball(grid, (11, 0, 0), 3.0)}
    margin = ablative_margin(labels_of(grid, masks), "tumour_1", ball_zone((0, 0, 0), 16.0))
    expected = 4.0 / 3.0 * np.pi * (16.0**3 - 8.0**3 - 3.0**3) / 1000.0
    assert margin.healthy_lost_ml == pytest.approx(expected, rel=0.02)


def test_refusals_and_small_targets():
    labels = liver_labels(ISO, 8.0)
    zone = ball_zone(CENTRE, 10.0)
    with pytest.raises(DataError, match="nothing is coagulated"):
        ablative_margin(labels, "tumour_1", replace(zone, coagulated=zone.coagulated & False))
    assert resolvable(labels, "tumour_1") == ""
    assert "has 7 voxels" in resolvable(liver_labels(ISO, 1.2, (0.5, 0.5, 0.5)), "tumour_1")
    flat = labels_of(labels.geometry, {"tumour_1": box(labels.geometry, (-8, -8, 0), (8, 8, 2))})
    assert "2 voxels thin" in resolvable(flat, "tumour_1")


@pytest.mark.parametrize("spacing", [ISO, SLICES])
@pytest.mark.parametrize("radius", [5.0, 8.0, 14.0])
def test_a_mask_boundary_keeps_the_volume_and_the_place(spacing, radius):
    grid = geometry(spacing, (30.0, 30.0, 30.0))
    mask = ball(grid, CENTRE, radius)
    boundary = mask_boundary(mask, grid)
    points, triangles = boundary.surface()
    corners = points[triangles] - np.asarray(CENTRE)
    volume_ml = abs(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()) / 6000.0
    assert volume_ml == pytest.approx(mask.sum() * grid.voxel_volume_ml, rel=0.04)
    off = np.linalg.norm(points - CENTRE, axis=1) - radius
    assert np.sqrt((off**2).mean()) < 0.15 * max(spacing)


def test_a_graded_damage_places_the_zone_finer_than_a_voxel():
    for graded, tolerance_mm in ((True, 0.05), (False, 0.5)):
        points, _ = zone_boundary(ball_zone((0.4, 0.2, -0.3), 13.0, graded=graded)).surface()
        off = np.linalg.norm(points - np.array([0.4, 0.2, -0.3]), axis=1) - 13.0
        assert np.abs(off).max() < tolerance_mm


def test_signed_distance_to_a_ball():
    grid = VolumeGeometry.upright((50, 50, 50), ISO, (-24.5, -24.5, -24.5))
    field = 15.0 - np.linalg.norm(points_of(grid), axis=-1)
    rng = np.random.default_rng(4)
    points = rng.uniform(-22, 22, (300, 3))
    found = signed_distance_to(Boundary(field.astype(np.float32), grid), points)
    true = 15.0 - np.linalg.norm(points, axis=1)
    kept = np.abs(true) < 14  # the centre of a ball is as far from everything
    np.testing.assert_allclose(found[kept], true[kept], atol=0.06)


def test_a_triangle_without_area_is_no_surface_through_everything():
    corners = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [2, 0, 0], [9, 9, 9]], float)
    triangles = np.array([[0, 1, 2], [0, 1, 3], [4, 4, 4]])
    gaps = distance_to_triangles(corners, triangles, np.array([[1, 1, 3], [2, -5, 0], [8, 9, 9]], float))
    assert np.allclose(gaps, [3.0, 5.0, 1.0])
