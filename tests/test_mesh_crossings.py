"""Triangles that pass through each other, against exact arithmetic and shapes with known answers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import trimesh

from anatomy_twin.kernels.mesh_crossings import crossing_triangles


def exact_crossing(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """By signs of exact volumes of tetrahedra: an edge crosses a triangle that its ends lie on both sides of, and whose
    three edges it passes on the same side."""
    places = [[Fraction(float(value)) for value in point] for point in points]

    def volume(a, b, c, d):
        x, y, z = ([places[n][axis] - places[d][axis] for axis in range(3)] for n in (a, b, c))
        return sum(x[n] * (y[(n + 1) % 3] * z[(n + 2) % 3] - y[(n + 2) % 3] * z[(n + 1) % 3]) for n in range(3))

    def pierces(u, v, a, b, c):
        if volume(a, b, c, u) * volume(a, b, c, v) >= 0:
            return False
        turns = [volume(u, v, *pair) for pair in ((a, b), (b, c), (c, a))]
        return all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns)

    found = np.zeros(len(triangles), bool)
    for n, one in enumerate(triangles):
        for m in range(n + 1, len(triangles)):
            other = triangles[m]
            if len(set(one) & set(other)) > 1:
                continue
            edges = [(one[c], one[c - 1], other) for c in range(3)] + [(other[c], other[c - 1], one) for c in range(3)]
            if any(pierces(u, v, *whole) for u, v, whole in edges):
                found[[n, m]] = True
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shared", [False, True])
def test_it_agrees_with_exact_arithmetic(seed, shared):
    random = np.random.default_rng(seed)
    count = 26
    points = random.uniform(0, 10, (18 if shared else 3 * count, 3))
    if shared:
        triangles = np.array([random.choice(18, 3, replace=False) for _ in range(count)])
    else:
        points = (random.uniform(0, 10, (count, 1, 3)) + random.normal(0, 1.5, (count, 3, 3))).reshape(-1, 3)
        triangles = np.arange(3 * count).reshape(-1, 3)
    found = crossing_triangles(points, triangles)
    assert np.array_equal(found, exact_crossing(points, triangles))
    assert found.any()


def test_a_ball_does_not_cross_itself_and_two_that_meet_do_along_a_ring():
    ball = trimesh.creation.icosphere(3, 10.0)
    assert not crossing_triangles(ball.vertices, ball.faces).any()
    other = ball.copy()
    other.apply_translation([12.0, 0.3, 0.2])
    both = trimesh.util.concatenate([ball, other])
    found = crossing_triangles(both.vertices, both.faces)
    ring = both.triangles_center[found]
    assert 40 < found.sum() < 400
    assert np.abs(ring[:, 0] - 6.0).max() < 1.5  # the plane half way between the centres
    away = np.abs(both.triangles_center[:, 0] - 6.0) > 1.5
    assert not found[away].any()


def test_touching_is_not_crossing():
    box = trimesh.creation.box((2.0, 2.0, 2.0))
    beside = box.copy()
    beside.apply_translation([2.0, 0.0, 0.0])
    both = trimesh.util.concatenate([box, beside])
    assert not crossing_triangles(both.vertices, both.faces).any()


def test_nothing_and_one_triangle_cross_nothing():
    assert crossing_triangles(np.empty((0, 3)), np.empty((0, 3), int)).shape == (0,)
    assert crossing_triangles(np.eye(3), np.array([[0, 1, 2]])).tolist() == [False]
