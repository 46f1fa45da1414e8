"""Arrival of fronts against closed solutions: geodesics of a sphere, a box with fibres, two sources, blocked lines."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import trimesh

from anatomy_twin.core import SurfaceMesh, TetMesh, VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro.eikonal import (
    activation,
    nearest_node,
    on_bricks,
    on_tetrahedra,
    on_triangles,
    velocity_squared,
)

FIBRE = np.array([[2.0, 2.0, 1.0]]) / 3.0
TISSUE = velocity_squared(0.6, 0.25, FIBRE)


def plane_of(count, side_mm, shake=0.0, seed=3):
    """A square of irregular triangles in a tilted plane."""
    rng = np.random.default_rng(seed)
    u, v = np.meshgrid(np.arange(count) * side_mm, np.arange(count) * side_mm, indexing="ij")
    flat = np.stack([u.ravel(), v.ravel()], axis=1)
    inner = ((flat > 0) & (flat < (count - 1) * side_mm)).all(axis=1)
    flat[inner] += rng.uniform(-shake, shake, (inner.sum(), 2)) * side_mm
    number = np.arange(count * count).reshape(count, count)
    a, b, c, d = (x.ravel() for x in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    triangles = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return SurfaceMesh(flat @ axes[:, :2].T + (10.0, -40.0, 100.0), triangles), axes


def kuhn_box(shape, spacing_mm):
    """The points of a grid, six tetrahedra a cell, and its geometry."""
    grid = VolumeGeometry.upright(shape, (spacing_mm,) * 3)
    number = np.arange(np.prod(shape)).reshape(shape)
    cells = []
    for order in itertools.permutations(range(3)):
        corner, corners = np.zeros(3, int), []
        for axis in (None, *order):
            if axis is not None:
                corner[axis] += 1
            corners.append(number[tuple(slice(c, n - 1 + c) for c, n in zip(corner, shape, strict=True))].ravel())
        cells.append(np.stack(corners, axis=1))
    tetrahedra = np.concatenate(cells)
    points = grid.to_world(np.argwhere(np.ones(shape, bool)))
    return TetMesh(points, tetrahedra, np.zeros(len(tetrahedra), int)), grid


def exact_ms(points_mm, source_mm, tensor):
    full = tensor[np.array([[0, 3, 4], [3, 1, 5], [4, 5, 2]])]
    d = points_mm - source_mm
    return np.sqrt(np.einsum("ni,ij,nj->n", d, np.linalg.inv(full), d))


def test_sphere_is_within_four_thousandths_of_its_geodesics():
    ball = trimesh.creation.icosphere(subdivisions=7, radius=30.0)
    surface = SurfaceMesh(ball.vertices, ball.faces)
    assert len(surface.points_mm) == 163_842
    system = on_triangles(surface, velocity_squared(1.0))
    for source in (0, 100_003):
        towards = surface.points_mm @ surface.points_mm[source] / 900.0
        exact = 30.0 * np.arccos(np.clip(towards, -1.0, 1.0))
        times = activation(system, [source]).times_ms
        away = exact > 0
        assert np.mean(np.abs(times - exact)[away] / exact[away]) <= 0.004
        assert np.abs(times - exact).max() < 0.25


def test_plane_front_takes_length_by_velocity_and_errors_of_a_point_fall_with_the_side():
    errors = []
    for count, side in ((41, 0.5), (81, 0.25)):
        surface, axes = plane_of(count, side, shake=0.3)
        edge = np.flatnonzero(np.abs((surface.points_mm - surface.points_mm[0]) @ axes[:, 0]) < 1e-9)
        system = on_triangles(surface, velocity_squared(0.7))
        times = activation(system, edge).times_ms
        along = (surface.points_mm - surface.points_mm[0]) @ axes[:, 0]
        # a plane front is linear: exact on any triangles, but for corrections too small to be passed on
        assert np.abs(times - along / 0.7).max() < 1e-4 * system.step_ms
        fibre = (axes[:, 0] + axes[:, 1]) / np.sqrt(2.0)
        tissue = velocity_squared(0.9, 0.3, np.tile(fibre, (len(surface.triangles), 1)))
        source = nearest_node(on_triangles(surface, tissue), surface.points_mm.mean(axis=0))
        found = activation(on_triangles(surface, tissue), [source]).times_ms
        exact = exact_ms(surface.points_mm, surface.points_mm[source], tissue[0])
        assert (found - exact).min() > -1e-9  # paths over sides are never shorter than straight ones
        errors.append(np.mean((found - exact)[exact > 0] / exact[exact > 0]))
    assert errors[1] < 0.65 * errors[0] < 0.02


@pytest.mark.parametrize("kind", ["bricks", "tetrahedra"])
def test_box_with_fibres_is_reached_by_the_metric(kind):
    errors = []
    for shape, spacing in (((13, 17, 21), 1.0), ((25, 33, 41), 0.5)):
        mesh, grid = kuhn_box(shape, spacing)
        bricks = on_bricks(np.ones(shape, bool), grid, TISSUE)
        system = bricks if kind == "bricks" else on_tetrahedra(mesh, TISSUE)
        source = nearest_node(system, (10.0, 8.0, 6.0))
        times = activation(system, [source], 5.0).times_ms - 5.0
        exact = exact_ms(system.points_mm, system.points_mm[source], TISSUE[0])
        assert (times - exact).min() > -1e-9
        straight = np.cross(system.points_mm - system.points_mm[source], (1.0, 0.0, 0.0))
        line = np.linalg.norm(straight, axis=1) < 1e-9
        assert np.abs(times - exact)[line].max() < 0.05 * exact[line].max()
        errors.append(np.mean((times - exact)[exact > 0] / exact[exact > 0]))
    assert errors[1] < 0.7 * errors[0] and errors[1] < 0.03


def test_triangles_tetrahedra_and_bricks_agree_on_a_slab():
    shape, spacing = (4, 41, 41), 0.5
    mesh, grid = kuhn_box(shape, spacing)
    fibre = np.array([[0.8, 0.6, 0.0]])
    tissue = velocity_squared(0.8, 0.4, fibre)
    square = SurfaceMesh(mesh.points_mm[: 41 * 41], flat_triangles(41))
    corner = (5.0, 5.0, 0.0)
    found = []
    for system in (on_triangles(square, tissue), on_tetrahedra(mesh, tissue),
                   on_bricks(np.ones(shape, bool), grid, tissue)):
        times = activation(system, [nearest_node(system, corner)]).times_ms
        found.append(times[: 41 * 41])
        exact = exact_ms(system.points_mm, np.array(corner), tissue[0])[: 41 * 41]
        far = exact > 5.0
        assert np.mean(np.abs(found[-1] - exact)[far] / exact[far]) < 0.02
    assert np.mean(np.abs(found[0] - found[2])) < 0.02 * found[0].max()
    assert np.mean(np.abs(found[1] - found[2])) < 0.02 * found[0].max()


def flat_triangles(count):
    number = np.arange(count * count).reshape(count, count)
    a, b, c, d = (x.ravel() for x in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def test_two_sources_meet_where_their_times_agree():
    ball = trimesh.creation.icosphere(subdivisions=5, radius=20.0)
    surface = SurfaceMesh(ball.vertices, ball.faces)
    system = on_triangles(surface, velocity_squared(0.5))
    a, b = nearest_node(system, (0, 0, 20)), nearest_node(system, (0, 20, 0))
    times = activation(system, [a, b], [0.0, 12.0]).times_ms
    angles = [np.arccos(np.clip(surface.points_mm @ surface.points_mm[n] / 400.0, -1, 1)) for n in (a, b)]
    exact = np.minimum(40.0 * angles[0], 12.0 + 40.0 * angles[1])
    assert np.mean(np.abs(times - exact)) < 0.005 * exact.max() and np.abs(times - exact).max() < 0.75
    late = activation(system, [a, b], [0.0, 500.0]).times_ms  # the second starts when all is over
    assert np.array_equal(late, activation(system, [a]).times_ms)
    both = np.minimum(activation(system, [a]).times_ms, activation(system, [b], 12.0).times_ms)
    assert np.abs(times - both).max() < 0.2  # cells where both fronts meet take part of each


def test_order_of_points_and_sources_changes_nothing():
    surface, _ = plane_of(31, 0.5, shake=0.3)
    rng = np.random.default_rng(7)
    order = rng.permutation(len(surface.points_mm))
    place = np.argsort(order)
    mixed = SurfaceMesh(surface.points_mm[order], place[surface.triangles[rng.permutation(len(surface.triangles))]])
    system = on_triangles(surface, velocity_squared(0.6))
    own = activation(system, [17, 800], [0.0, 3.0]).times_ms
    other = activation(on_triangles(mixed, velocity_squared(0.6)), place[[800, 17]], [3.0, 0.0]).times_ms
    assert np.abs(own - other[place]).max() < 1e-5 * system.step_ms


def test_a_blocked_line_is_gone_round_and_a_closed_one_isolates():
    surface, axes = plane_of(61, 0.5)
    flat = (surface.points_mm - surface.points_mm[0]) @ axes[:, :2]
    system = on_triangles(surface, velocity_squared(1.0))
    source = int(np.argmin(np.linalg.norm(flat - (15.0, 5.0), axis=1)))
    behind = int(np.argmin(np.linalg.norm(flat - (15.0, 25.0), axis=1)))
    wall = np.abs(flat[:, 1] - 15.0) < 0.1
    gap = wall & (flat[:, 0] > 22.9)
    round_ms = activation(system, [source], blocked=wall & ~gap).times_ms[behind]
    assert round_ms == pytest.approx(2.0 * np.hypot(8.0, 10.0), rel=0.03)  # over the end of the line
    isolated = activation(system, [source], blocked=wall)
    assert np.array_equal(isolated.reached, flat[:, 1] < 14.9)
    assert isolated.notes == (f"{int((flat[:, 1] > 15.1).sum())} of {61 * 61} nodes are not reached",)
    dead = np.ones(len(surface.triangles), bool)
    dead[wall[surface.triangles].any(axis=1)] = False
    assert not activation(on_triangles(surface, velocity_squared(1.0), dead), [source]).reached[behind]


def test_voxels_that_touch_in_a_corner_or_an_edge_do_not_conduct():
    grid = VolumeGeometry.upright((2, 2, 2), (1.0, 1.0, 1.0))
    for other in ((1, 1, 1), (0, 1, 1)):
        mask = np.zeros((2, 2, 2), bool)
        mask[0, 0, 0] = mask[other] = True
        assert activation(on_bricks(mask, grid, velocity_squared(1.0)), [0]).reached.sum() == 1
    mask[0, 0, 1] = True
    assert activation(on_bricks(mask, grid, velocity_squared(1.0)), [0]).reached.sum() == 3


def test_bricks_do_not_depend_on_how_the_grid_is_indexed():
    shape = (7, 9, 11)
    grid = VolumeGeometry.upright(shape, (1.0, 0.8, 0.6))
    mask = np.random.default_rng(1).random(shape) < 0.8
    mask[3, 4, 5] = True
    turned = grid.reindexed((2, 0, 1), (True, False, True))
    again = np.flip(mask.transpose(2, 0, 1), (0, 2))
    times = []
    for tissue, geometry in ((mask, grid), (again, turned)):
        system = on_bricks(tissue, geometry, TISSUE)
        found = activation(system, [nearest_node(system, grid.to_world((3, 4, 5)))]).times_ms
        times.append(found[np.lexsort(np.round(system.points_mm, 6).T)])
    assert np.allclose(*times, atol=1e-9)


def test_what_cannot_be_solved_is_refused_in_one_line():
    surface, _ = plane_of(5, 1.0)
    system = on_triangles(surface, velocity_squared(0.6))
    for call, words in (
        (lambda: velocity_squared(0.0), "above 0"),
        (lambda: velocity_squared(600.0), "m/s"),
        (lambda: velocity_squared(0.6, 0.2), "no fibres"),
        (lambda: velocity_squared(0.6, 0.2, [[2.0, 0.0, 0.0]]), "unit vectors"),
        (lambda: on_triangles(surface, np.ones((3, 6))), "velocities of shape"),
        (lambda: activation(system, []), "sources"),
        (lambda: activation(system, [25]), "0 to 24"),
        (lambda: activation(system, [0], np.nan), "not finite"),
        (lambda: activation(system, [0], blocked=np.ones(25, bool)), "blocked"),
        (lambda: nearest_node(system, (500.0, 0.0, 0.0)), "mm away"),
        (lambda: on_triangles(SurfaceMesh(np.zeros((3, 3)), np.array([[0, 1, 2]])), velocity_squared(1.0)), "no area"),
        (lambda: on_bricks(np.zeros((2, 2, 2), bool), VolumeGeometry.upright((2, 2, 2), (1, 1, 1)),
                           velocity_squared(1.0)), "without voxels"),
    ):
        with pytest.raises(SimulationError) as refused:
            call()
        assert words in refused.value.line and "\n" not in refused.value.line
