"""Smoothing and margins: analytic volumes, and SimpleITK's distances as the judge."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import anatomy_twin as at
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation import editing
from tests.support.editing_maps import (
    ball,
    grid,
    lines,
    middle,
    one_segment,
    points_of,
    segment,
    sitk_distance,
)

# --- smoothing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (2.5, 0.8, 0.8)])
@pytest.mark.parametrize("sigma_mm", [1.0, 2.0, 4.0])
def test_smoothing_keeps_the_volume_and_takes_noise_off_a_ball(spacing_mm, sigma_mm):
    mask, geometry = ball(15.0, spacing_mm)
    noise = np.random.default_rng(7).random(mask.shape) < 0.3
    shell = ndimage.binary_dilation(mask) & ~ndimage.binary_erosion(mask)
    rough = np.where(shell, noise, mask)
    labels = one_segment(rough, geometry)
    smoothed = editing.smooth(labels, "liver", sigma_mm)
    assert smoothed.volume_ml("liver") == pytest.approx(labels.volume_ml("liver"), rel=0.005)
    # the judge: a ball of the same volume
    radius = (labels.volume_ml("liver") * 1000 * 3 / 4 / np.pi) ** (1 / 3)
    true = np.linalg.norm(points_of(geometry) - middle(geometry), axis=-1) <= radius
    wrong = [np.count_nonzero(m != true) for m in (rough, smoothed.mask("liver"))]
    assert wrong[1] < 0.5 * wrong[0]


def test_smoothing_rounds_a_box_symmetrically_and_keeps_its_volume():
    geometry = grid((40, 40, 40), (1.0, 1.0, 1.0))
    box = np.zeros(geometry.shape, bool)
    box[10:30, 10:30, 10:30] = True
    smoothed = editing.smooth(one_segment(box, geometry), "liver", 3.0).mask("liver")
    assert np.count_nonzero(smoothed) == 8000
    assert not smoothed[10, 10, 10] and smoothed[20, 20, 9]
    assert np.count_nonzero(smoothed != smoothed.transpose(1, 2, 0)) < 0.01 * 8000


def test_spikes_and_specks_go_and_thin_vessels_stay_whole():
    mask, geometry = ball(12.0, reach_mm=16.0)
    c = np.asarray(mask.shape) // 2
    spiked = mask.copy()
    spiked[c[0], c[1], c[2] + 13:c[2] + 15] = True  # a spike of two voxels
    spiked[2, 2, 2] = True  # a speck
    smoothed = editing.smooth(one_segment(spiked, geometry), "liver", 2.0).mask("liver")
    assert not smoothed[c[0], c[1], c[2] + 14] and not smoothed[2, 2, 2]
    vessel = mask.copy()
    vessel[c[0], c[1], c[2]:] = True  # one voxel thin, 16 mm out of the ball
    kept = editing.smooth(one_segment(vessel, geometry), "liver", 2.0)
    assert kept.mask("liver")[c[0], c[1], c[2]:].all()
    assert ndimage.label(kept.mask("liver"), np.ones((3, 3, 3)))[1] == 1
    assert kept.volume_ml("liver") == pytest.approx(np.count_nonzero(vessel) / 1000, rel=0.005)
    broken = editing.smooth(one_segment(vessel, geometry), "liver", 2.0, thin=True)
    assert not broken.mask("liver")[c[0], c[1], -1]
    assert broken.volume_ml("liver") == pytest.approx(np.count_nonzero(vessel) / 1000, rel=0.005)


def test_smoothing_leaves_no_crack_between_neighbours_and_no_tumour_uncovered():
    geometry = grid((30, 40, 40), (1.0, 1.0, 1.0))
    array = np.zeros((3, *geometry.shape), np.uint8)
    steps = 20 + 3 * ((np.arange(40) // 5) % 2)  # a border of steps between two organs that fill everything
    array[0] = np.where(np.arange(40)[None, None, :] < steps[None, :, None], 1, 2)
    array[2, 14:17, 15:20, 20:23] = 3
    labels = at.LabelMap(array, geometry, (segment("liver", 0, 1), segment("spleen", 0, 2), segment("tumour_1", 2, 3)))
    smoothed = editing.smooth(labels, "liver", 3.0)
    assert (smoothed.array[0] != 0).all()
    assert lines(smoothed, "liver").sum() == lines(labels, "liver").sum()
    assert np.array_equal(lines(smoothed, "tumour_1"), lines(labels, "tumour_1"))
    border = [np.count_nonzero(row == 1) for row in smoothed.array[0][5]]
    assert np.abs(np.diff(border)).max() == 1 and np.ptp(border[8:32]) == 1


# --- margins ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("margin_mm", [1.0, 2.5, 5.0, 7.3])
def test_margins_are_those_of_simpleitks_distance(margin_mm):
    rng = np.random.default_rng(3)
    spacing_mm = (2.5, 0.7, 1.1)
    geometry = grid((20, 48, 40), spacing_mm)
    blob = ndimage.gaussian_filter(rng.normal(size=geometry.shape), 3) > 0.02
    blob[[0, -1]] = blob[:, [0, -1]] = blob[:, :, [0, -1]] = False
    labels = one_segment(blob, geometry)
    grown = editing.margin(labels, "liver", margin_mm).mask("liver")
    distance = sitk_distance(blob, spacing_mm)
    sure = np.abs(distance - margin_mm) > 1e-4
    assert np.array_equal(grown[sure], (distance <= margin_mm)[sure])
    try:
        shrunk = editing.margin(labels, "liver", -margin_mm).mask("liver")
    except SegmentationError:
        shrunk = np.zeros_like(blob)
    depth = sitk_distance(~blob, spacing_mm)
    sure = np.abs(depth - margin_mm) > 1e-4
    assert np.array_equal(shrunk[sure], (depth > margin_mm)[sure])


def test_a_margin_of_a_ball_has_the_volume_of_a_larger_ball():
    mask, geometry = ball(12.0, (0.8, 0.8, 0.8), reach_mm=8.0)
    labels = one_segment(mask, geometry)
    for margin_mm in (5.0, -5.0):
        volume = editing.margin(labels, "liver", margin_mm).volume_ml("liver")
        # the nearest voxel centre of the ball, or outside of it, lies at most half a diagonal behind its surface
        behind = 0.4 * np.sqrt(3) * -np.sign(margin_mm)
        limits = sorted(4 / 3 * np.pi * ((12.0 + margin_mm + b) / 10) ** 3 for b in (0.0, behind))
        assert limits[0] * 0.99 < volume < limits[1] * 1.01


def test_a_margin_per_direction_is_an_ellipsoid():
    geometry = grid((31, 31, 31), (1.0, 1.0, 1.0))
    point = np.zeros(geometry.shape, bool)
    point[15, 15, 15] = True
    grown = editing.margin(one_segment(point, geometry), "liver", (10.0, 5.0, 0.0)).mask("liver")
    x, y, z = (points_of(geometry) - middle(geometry)).transpose(3, 0, 1, 2)
    assert np.array_equal(grown, ((x / 10) ** 2 + (y / 5) ** 2 <= 1 + 1e-9) & (z == 0))


def test_a_margin_stops_at_a_barrier_and_does_not_come_out_behind_it():
    geometry = grid((21, 31, 31), (1.0, 1.0, 1.0))
    array = np.zeros((1, *geometry.shape), np.uint8)
    array[0, 8:13, 13:18, 8:11] = 1
    array[0, :, :, 13] = 2  # a wall across the volume
    labels = at.LabelMap(array, geometry, (segment("liver", 0, 1), segment("aorta", 0, 2)))
    grown = editing.margin(labels, "liver", 6.0, barriers=("aorta",))
    assert not lines(grown, "liver")[:, :, 13:].any() and lines(grown, "liver")[10, 15, 12]
    assert np.array_equal(lines(grown, "aorta"), lines(labels, "aorta"))
    leaking = editing.margin(labels, "liver", 6.0, keep="aorta")
    assert lines(leaking, "liver")[:, :, 14:].any()


def test_a_margin_goes_around_the_edge_of_a_barrier_by_the_length_of_the_way():
    """From a point behind the edge of a wall the way is the one to the edge and on from there (plane geometry)."""
    geometry = grid((3, 61, 61), (50.0, 0.5, 0.5))  # slices so far apart that the margin stays in one
    array = np.zeros((1, *geometry.shape), np.uint8)
    array[0, 1, 20, 20] = 1
    array[0, :, :33, 30] = 2
    labels = at.LabelMap(array, geometry, (segment("liver", 0, 1), segment("aorta", 0, 2)))
    margin_mm = 12.0
    grown = lines(editing.margin(labels, "liver", margin_mm, barriers=("aorta",)), "liver")[1]
    j, i = np.indices(grown.shape) * 0.5
    straight = np.hypot(j - 10, i - 10)
    # the line from the point by the edge (voxel 33, 30) parts what is seen from what lies in the shadow
    shadow = (i > 15) & ((j - 10) * (15 - 10) < (16.5 - 10) * (i - 10))
    way = np.where(shadow, np.hypot(16.5 - 10, 15 - 10) + np.hypot(j - 16.5, i - 15), straight)
    way[array[0, 1] == 2] = np.inf
    near_edge = np.abs((j - 10) * 5.0 - 6.5 * (i - 10)) / np.hypot(5.0, 6.5) < 1.0  # of the shadow
    sure = ~shadow & ~near_edge & (np.abs(way - margin_mm) > 1e-6)
    assert np.array_equal(grown[sure], (way <= margin_mm)[sure])
    assert not (grown & (way > margin_mm + 1e-6)).any()
    inside = shadow & (way < margin_mm - 0.8)
    assert inside.sum() > 20 and grown[inside].all()


def test_a_margin_goes_on_beyond_the_border_of_the_volume():
    geometry = grid((10, 20, 20), (1.0, 1.0, 1.0))
    half = np.zeros(geometry.shape, bool)
    half[:, :, :10] = True
    shrunk = editing.margin(one_segment(half, geometry), "liver", -3.0).mask("liver")
    assert shrunk[:, :, :7].all() and not shrunk[:, :, 7:].any()


@pytest.mark.parametrize("shell", ["inside", "outside", "medial"])
def test_a_shell_of_a_ball(shell):
    mask, geometry = ball(14.0, (0.7, 0.7, 0.7))
    thick = editing.hollow(one_segment(mask, geometry), "liver", 4.0, shell=shell)
    inner, outer = {"inside": (1.0, 1.4), "outside": (1.4, 1.8), "medial": (1.2, 1.6)}[shell]
    assert thick.volume_ml("liver") == pytest.approx(4 / 3 * np.pi * (outer**3 - inner**3), rel=0.04)
