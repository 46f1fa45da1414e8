"""Rays and distances against brute force, analysis and SciPy."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.kernels.distance import distance_mm, signed_distance_mm
from anatomy_twin.kernels.ray_fields import block_least, least_distance_along
from anatomy_twin.kernels.rays import walk_paths


@pytest.mark.parametrize("seed", range(4))
def test_walk_agrees_with_dense_sampling(seed):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 5, (9, 11, 13)).astype(np.uint8)
    starts = rng.uniform(-3, 15, (40, 3))
    ends = rng.uniform(0, 9, (40, 3))
    length, first, last = walk_paths(classes, starts, ends, 5)
    np.testing.assert_allclose(length.sum(axis=1), 1.0, atol=1e-12)

    count = 40_000
    shares = (np.arange(count) + 0.5) / count
    for n in range(40):
        cells = np.floor(starts[n] + shares[:, None] * (ends[n] - starts[n]) + 0.5).astype(int)
        inside = np.all((cells >= 0) & (cells < classes.shape), axis=1)
        kinds = np.where(inside, classes[tuple(np.where(inside[:, None], cells, 0).T)], 0)
        for kind in range(5):
            here = kinds == kind
            assert length[n, kind] == pytest.approx(here.mean(), abs=2e-3)
            if here.any():
                assert first[n, kind] <= shares[here][0] + 1e-9
                assert first[n, kind] == pytest.approx(shares[here][0], abs=2e-3) or length[n, kind] < 2e-3
                assert last[n, kind] >= shares[here][-1] - 1e-9
            elif length[n, kind] == 0:
                assert np.isnan(first[n, kind])
                assert np.isnan(last[n, kind])


def test_walk_finds_a_voxel_that_half_voxel_sampling_steps_over():
    classes = np.zeros((3, 8, 8), np.uint8)
    classes[1, 4, 3] = 1
    # the line cuts 0.02 voxels off the corner of voxel [1, 4, 3]
    starts, ends = np.array([[1.0, 0.75, 0.73]]), np.array([[1.0, 6.75, 6.73]])
    length, first, _ = walk_paths(classes, starts, ends, 2)
    samples = np.linspace(0, 1, 13)[:, None] * (ends - starts) + starts
    assert not any(classes[tuple(np.floor(point + 0.5).astype(int))] for point in samples)
    assert length[0, 1] == pytest.approx(0.02 / 6.0, rel=1e-6)
    assert first[0, 1] == pytest.approx((3.5 - 0.75) / 6.0, abs=1e-9)


def test_walk_along_an_axis_gives_exact_lengths():
    classes = np.zeros((1, 1, 10), np.uint8)
    classes[0, 0, 3:7] = 2
    length, first, last = walk_paths(classes, np.array([[0.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 9.0]]), 3)
    assert length[0, 2] * 9 == pytest.approx(4.0)
    assert (first[0, 2] * 9, last[0, 2] * 9) == pytest.approx((2.5, 6.5))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.5, 0.7, 0.8), (0.5, 3.0, 1.1)])
@pytest.mark.parametrize("density", [0.0005, 0.05, 0.7])
def test_distance_agrees_with_scipy(spacing, density):
    mask = np.random.default_rng(7).random((17, 40, 33)) < density
    expected = ndimage.distance_transform_edt(~mask, sampling=spacing)
    np.testing.assert_allclose(distance_mm(mask, spacing), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(distance_mm(mask, spacing, 4.0), np.minimum(expected, 4.0), rtol=1e-5, atol=1e-5)


def test_distance_to_nothing_is_the_cap_and_to_everything_zero():
    assert np.all(distance_mm(np.zeros((3, 4, 5), bool), (1.0, 1.0, 1.0), 9.0) == 9.0)
    assert np.all(distance_mm(np.ones((3, 4, 5), bool), (1.0, 1.0, 1.0)) == 0.0)


def test_distance_of_a_view_with_swapped_axes_is_the_swapped_distance():
    mask = np.random.default_rng(3).random((12, 15, 18)) < 0.01
    turned = distance_mm(mask.transpose(2, 0, 1)[::-1], (3.0, 1.0, 2.0))
    np.testing.assert_allclose(turned[::-1].transpose(1, 2, 0), distance_mm(mask, (1.0, 2.0, 3.0)), rtol=1e-6)


def test_signed_distance_of_a_slab_is_zero_on_its_face():
    mask = np.zeros((4, 4, 20), bool)
    mask[..., 8:] = True
    signed = signed_distance_mm(mask, (1.0, 1.0, 0.5))
    np.testing.assert_allclose(signed[0, 0], (np.arange(20) - 7.5) * 0.5, atol=1e-6)


def least_along(field, starts, ends, spacing=(1.0, 1.0, 1.0)):
    """The least value of a field along paths, whatever it is, and where."""
    return least_distance_along(field, block_least(field), starts, ends, spacing, 1e3)


def test_least_along_finds_the_closest_approach_to_a_point():
    grid = np.indices((40, 40, 40)).astype(float)
    target = np.array([20.0, 17.0, 25.0])
    field = np.sqrt(((np.moveaxis(grid, 0, -1) - target) ** 2).sum(-1)).astype(np.float32)
    rng = np.random.default_rng(5)
    starts, ends = rng.uniform(0, 39, (60, 3)), rng.uniform(0, 39, (60, 3))
    value, share = least_along(field, starts, ends)
    axis = ends - starts
    best = np.clip(((target - starts) * axis).sum(1) / (axis**2).sum(1), 0, 1)
    true = np.linalg.norm(starts + best[:, None] * axis - target, axis=1)
    # trilinear interpolation of a distance errs where it bends, which is near the point only
    far = true > 2.0
    assert far.sum() > 40
    np.testing.assert_allclose(value[far], true[far], atol=0.15)
    samples = np.linalg.norm(starts + share[:, None] * axis - target, axis=1)
    np.testing.assert_allclose(samples[far], true[far], atol=0.15)


def test_least_along_interpolates_like_scipy():
    rng = np.random.default_rng(11)
    field = rng.random((8, 9, 10)).astype(np.float32)
    starts, ends = rng.uniform(-2, 9, (30, 3)), rng.uniform(-2, 9, (30, 3))
    value, share = least_along(field, starts, ends)
    places = (starts + share[:, None] * (ends - starts)).T
    expected = ndimage.map_coordinates(field, places, order=1, mode="nearest")
    np.testing.assert_allclose(value, expected, atol=1e-5)


def test_the_number_of_threads_changes_nothing():
    rng = np.random.default_rng(1)
    classes = rng.integers(0, 4, (20, 20, 20)).astype(np.uint8)
    starts, ends = rng.uniform(0, 19, (200, 3)), rng.uniform(0, 19, (200, 3))
    before = numba.get_num_threads()
    answers = []
    try:
        for threads in (1, numba.config.NUMBA_NUM_THREADS):
            numba.set_num_threads(threads)
            field = distance_mm(classes == 1, (1.0, 2.0, 3.0))
            least = least_along(field, starts, ends, (1.0, 2.0, 3.0))
            answers.append((field, *walk_paths(classes, starts, ends, 4), *least))
    finally:
        numba.set_num_threads(before)
    for one, many in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, many)
