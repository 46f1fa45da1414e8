"""How trees are compared: with themselves, moved, thickened, cut, and with what a label shows of them."""

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.assess.tree_agreement import tree_agreement
from anatomy_twin.core import VesselTree, VolumeGeometry
from anatomy_twin.errors import DataError

VOXEL_MM = 2.0


def make(parents, nodes, radius):
    return VesselTree("t", np.array(nodes, float), np.array(parents), np.array(radius, float), state="truth")


@pytest.fixture
def true():
    # a trunk, two branches, each with two branches; the last are thin
    return make(
        [-1, 0, 1, 1, 2, 2, 3, 3],
        [(0, 0, 0), (0, 0, 40), (30, 0, 60), (-30, 0, 60), (50, 0, 60), (40, 0, 90), (-50, 0, 60), (-40, 0, 90)],
        [6, 6, 4, 4, 2.5, 2.5, 0.8, 0.8],
    )


def test_a_tree_agrees_with_itself(true):
    same = tree_agreement(true, true, VOXEL_MM)
    assert same.found == {0.0: 1.0, 1.0: 1.0, 1.5: 1.0, 2.0: 1.0, 3.0: 1.0} and same.right == 1.0
    assert same.radius_within == 1.0 and same.radius_bias_percent == 0.0
    # of the four last branches two are thinner than two voxels: their fork is not counted
    assert {g: (f.there, f.met) for g, f in same.forks.items()} == {1: (1, 1), 2: (1, 1)}
    assert same.forks_to_third.share == 1.0 and same.strict_to_third.share == 1.0
    assert same.tolerance_mm == 1.0 and tree_agreement(true, true, 0.6).tolerance_mm == 0.5


def test_lengths_are_counted_by_diameter(true):
    lengths = tree_agreement(true, true, VOXEL_MM).length_mm
    wide = 40 + 2 * np.hypot(30, 20) + 20 + np.hypot(10, 30)
    thin = 20 + np.hypot(10, 30)
    # what lies in the lumen of the wider vessel it comes from has no wall of its own
    assert wide + thin - 40 < lengths[0.0] < wide + thin
    assert lengths[2.0] < wide and lengths[3.0] < 40 + 2 * np.hypot(30, 20) + 1


def test_a_shift_beyond_half_a_voxel_is_no_agreement(true):
    near = tree_agreement(replace(true, nodes_mm=true.nodes_mm + np.array([0, 0.9, 0])), true, VOXEL_MM)
    far = tree_agreement(replace(true, nodes_mm=true.nodes_mm + np.array([0, 1.1, 0])), true, VOXEL_MM)
    assert near.found[0.0] == 1.0 and near.right == 1.0 and near.distance_p95_mm == pytest.approx(0.9, abs=0.01)
    assert far.found[0.0] == 0.0 and far.right == 0.0
    assert far.forks_to_third.share == 1.0 and np.isnan(far.radius_within)


def test_radii_are_compared_above_three_voxels(true):
    thick = tree_agreement(replace(true, radius_mm=true.radius_mm * 1.08), true, VOXEL_MM)
    assert thick.radius_within == 1.0 and thick.radius_bias_percent == pytest.approx(8.0, abs=0.5)
    thicker = tree_agreement(replace(true, radius_mm=true.radius_mm * 1.2), true, VOXEL_MM)
    assert thicker.radius_within == 0.0 and thicker.radius_p90_percent == pytest.approx(20.0, abs=0.5)
    thin_only = np.where(true.radius_mm < 3.0, 9.0, true.radius_mm)
    assert tree_agreement(replace(true, radius_mm=thin_only), true, VOXEL_MM).radius_length_mm < 120


def test_what_is_missing_and_what_is_too_much_are_told_apart(true):
    half = make(true.parents[:3], true.nodes_mm[:3], true.radius_mm[:3])
    missing, extra = tree_agreement(half, true, VOXEL_MM), tree_agreement(true, half, VOXEL_MM)
    assert missing.found[0.0] < 0.6 and missing.right == 1.0
    assert missing.forks_to_third.met == 0 and missing.forks_to_third.there == 2
    assert extra.found[0.0] == 1.0 and extra.right < 0.6 and extra.forks_to_third.there == 0


def test_a_fork_is_met_once_and_only_nearby(true):
    away = true.nodes_mm.copy()
    away[2] += (0, 0, 5.5)  # more than two voxels, within the radius of 4 and a voxel
    assert tree_agreement(replace(true, nodes_mm=away), true, VOXEL_MM).forks[2].met == 1
    away[2] += (0, 0, 1.5)
    assert tree_agreement(replace(true, nodes_mm=away), true, VOXEL_MM).forks[2].met == 0


def test_a_twig_makes_no_strict_fork(true):
    twig = make(
        [-1, 0, 1, 1], [(0, 0, 0), (0, 0, 40), (30, 0, 60), (-30, 0, 60)], [6, 6, 4, 0.6],
    )  # fmt: skip
    loose = tree_agreement(twig, true, VOXEL_MM)
    assert loose.forks[1].met == 1 and loose.strict_to_third.met == 0


def test_only_what_a_mask_shows_counts(true):
    geometry = VolumeGeometry.upright((60, 30, 70), (2.0, 2.0, 2.0), (-70.0, -30.0, -10.0))
    height = geometry.to_world(np.argwhere(np.ones(geometry.shape)))[:, 2].reshape(geometry.shape)
    trunk = make(true.parents[:2], true.nodes_mm[:2], true.radius_mm[:2])
    low = height < 39
    within = tree_agreement(trunk, true, VOXEL_MM, mask=low, geometry=geometry)
    assert within.found[0.0] == 1.0 and within.right == 1.0 and within.length_mm[0.0] == pytest.approx(39, abs=1.5)
    # where something cuts into the lumen the label shows no vessel of this size
    cut = low & ~((geometry.to_world(np.argwhere(low | ~low))[:, 0].reshape(low.shape) > 1.5) & (height < 20))
    assert tree_agreement(trunk, true, VOXEL_MM, mask=cut, geometry=geometry).length_mm[0.0] < 25
    with pytest.raises(DataError, match="geometry"):
        tree_agreement(trunk, true, VOXEL_MM, mask=low)
