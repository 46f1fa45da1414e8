"""Radii measured in the image: blurred tubes of known width, whatever the label says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.anatomy.vessels.radii import with_image_radii
from anatomy_twin.core import VesselTree, Volume, VolumeGeometry

SPACING = (2.5, 1.5, 1.5)
BACKGROUND, VESSEL = 100.0, 160.0


def scan(tubes, noise=0.0, spacing=SPACING, blur_mm=0.7, shape=(28, 60, 60)):
    """A scan of tubes: each a function of LPS places (..., 3) giving the distance from its axis less its radius."""
    fine = 3
    grid = VolumeGeometry.upright(tuple(fine * n for n in shape), tuple(s / fine for s in spacing))
    places = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    inside = np.zeros(grid.shape, bool)
    for tube in tubes:
        inside |= tube(places) < 0
    image = ndimage.gaussian_filter(np.where(inside, VESSEL, BACKGROUND), [blur_mm * fine / s for s in spacing])
    image = image.reshape(*(m for n in shape for m in (n, fine))).mean(axis=(1, 3, 5))
    image = image + np.random.default_rng(5).normal(0.0, noise, shape)
    geometry = VolumeGeometry.upright(shape, spacing, tuple(grid.to_world([1.0, 1.0, 1.0])))
    return Volume(np.rint(image).astype(np.int16), geometry)


def tube(start, stop, radius):
    start, stop = np.asarray(start, float), np.asarray(stop, float)
    way = (stop - start) / np.linalg.norm(stop - start)

    def away(places):
        beside = places - start
        return np.linalg.norm(beside - (beside @ way)[..., None] * way, axis=-1) - radius

    return away


def line(start, stop, radius, name="portal"):
    count = int(np.linalg.norm(np.subtract(stop, start)) / 1.2)
    nodes = np.linspace(start, stop, count)
    return VesselTree(name, nodes, np.arange(-1, count - 1), np.full(count, radius))


WAYS = [((10.0, 45.0, 30.0), (80.0, 45.0, 32.0)), ((15.0, 20.0, 10.0), (75.0, 70.0, 60.0)),
        ((45.0, 45.0, 5.0), (44.0, 46.0, 65.0))]  # fmt: skip


@pytest.mark.parametrize("ends", WAYS)
@pytest.mark.parametrize("radius", [3.8, 6.0])
def test_the_radius_of_a_blurred_tube_does_not_depend_on_the_label(ends, radius):
    volume = scan([tube(*ends, radius)], noise=8.0)
    for label in (0.85, 1.25):
        tree = line(*ends, label * radius)
        found = with_image_radii(tree, volume)
        assert np.array_equal(found.nodes_mm, tree.nodes_mm) and np.array_equal(found.parents, tree.parents)
        assert np.median(found.radius_mm) == pytest.approx(radius, rel=0.06)
        assert np.mean(np.abs(found.radius_mm[4:-4] / radius - 1.0) < 0.10) > 0.95


def test_a_vessel_beside_does_not_count():
    start, stop = WAYS[0]
    shift = np.array([0.0, 11.0, 0.0])
    volume = scan([tube(start, stop, 4.0), tube(start + shift, stop + shift, 5.0)], noise=5.0)
    found = with_image_radii(line(start, stop, 4.6), volume)
    assert np.median(found.radius_mm) == pytest.approx(4.0, rel=0.07)


@pytest.mark.parametrize("case", ["no contrast", "thin", "bridge", "elsewhere"])
def test_what_the_image_does_not_show_keeps_the_label(case):
    start, stop = WAYS[0]
    radius = 1.0 if case == "thin" else 4.0
    volume = scan([tube(start, stop, radius)], noise=3.0)
    tree = line(start, stop, radius * 1.2)
    if case == "no contrast":
        volume = replace(volume, array=np.full_like(volume.array, 110))
    if case == "bridge":
        tree = replace(tree, bridged=np.arange(len(tree.parents)) > 0)
    if case == "elsewhere":
        tree = replace(tree, nodes_mm=tree.nodes_mm + np.array([0.0, 22.0, 20.0]))
    found = with_image_radii(tree, volume)
    assert found.radius_mm[1:] == pytest.approx(tree.radius_mm[1:], rel=1e-9)


def test_the_order_of_the_axes_does_not_matter():
    ends = WAYS[1]
    volume = scan([tube(*ends, 4.0)], noise=5.0)
    turned = Volume(np.ascontiguousarray(volume.array.transpose(2, 0, 1)[::-1]),
                    volume.geometry.reindexed((2, 0, 1), (True, False, False)))  # fmt: skip
    tree = line(*ends, 5.0)
    one, other = with_image_radii(tree, volume), with_image_radii(tree, turned)
    assert other.radius_mm == pytest.approx(one.radius_mm, rel=1e-9)


def test_a_tree_hung_on_its_middle_is_measured_on_both_sides():
    start, stop = WAYS[0]
    volume = scan([tube(start, stop, 4.0)], noise=5.0)
    tree = line(start, stop, 5.0)
    middle = len(tree.parents) // 2
    number = np.arange(len(tree.parents))
    parents = np.where(number < middle, number + 1, number - 1)
    parents[middle] = -1
    found = with_image_radii(replace(tree, parents=parents), volume)
    assert np.median(found.radius_mm[:middle]) == pytest.approx(4.0, rel=0.06)
    assert np.median(found.radius_mm[middle:]) == pytest.approx(4.0, rel=0.06)
