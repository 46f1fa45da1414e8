"""Ways, shortest lines, bands and parts of surfaces, against spheres and tubes."""

import numpy as np
import pytest
import pyvista as pv

from anatomy_twin.kernels import surface_parts
from anatomy_twin.kernels import surface_paths as paths

RADIUS = 30.0


def arrays(mesh: pv.PolyData) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(mesh.points, float), np.asarray(mesh.faces.reshape(-1, 4)[:, 1:], np.int64)


def tube(edge: float = 1.0, length: float = 60.0, radius: float = 8.0) -> tuple[np.ndarray, np.ndarray]:
    around, along = int(2 * np.pi * radius / edge), int(length / edge) + 1
    k, i = np.divmod(np.arange(around * along), around)
    angle = (i + 0.5 * (k % 2)) / around * 2 * np.pi
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle), k * edge], axis=1)
    k, i = k[:-around], i[:-around]
    here, right = k * around + i, k * around + (i + 1) % around
    up, over = here + around, right + around
    odd = (k % 2 == 1)[:, None]
    low = np.where(odd, np.stack([here, right, over], 1), np.stack([here, right, up], 1))
    high = np.where(odd, np.stack([here, over, up], 1), np.stack([right, over, up], 1))
    return points, np.concatenate([low, high])


@pytest.fixture(scope="module")
def sphere() -> paths.Ways:
    return paths.ways_over(*arrays(pv.Icosphere(radius=RADIUS, nsub=5)))


def test_shortest_lines_on_a_sphere_are_great_circles(sphere: paths.Ways) -> None:
    points = sphere.points_mm
    for a, b in np.random.default_rng(3).integers(0, len(points), (40, 2)):
        angle = np.arccos(np.clip(points[a] @ points[b] / RADIUS**2, -1, 1))
        line = paths.shortest_line(sphere, np.array([a, b]))
        assert paths.length_mm(points, line) == pytest.approx(RADIUS * angle, rel=0.012)
        if 0.2 < angle < 2.5:  # farther apart many lines are nearly as short
            normal = np.cross(points[a], points[b])
            off = paths.line_mm(points, line) @ (normal / np.linalg.norm(normal))
            assert np.abs(off).max() < 0.06 * RADIUS
        assert (line.ends[0] == a).all() and (line.ends[-1] == b).all()


def test_the_band_round_a_great_circle_has_the_area_of_a_zone(sphere: paths.Ways) -> None:
    points = sphere.points_mm
    ring = [int(np.argmax(points @ (np.cos(t), np.sin(t), 0.0))) for t in np.linspace(0, 2 * np.pi, 25)]
    line = paths.shortest_line(sphere, np.array(ring))
    nodes, reach = paths.band(sphere, line, 4.0)
    area = surface_parts.point_areas_mm2(points, sphere.triangles)
    assert area.sum() == pytest.approx(4 * np.pi * RADIUS**2, rel=0.003)
    assert area[nodes].sum() == pytest.approx(4 * np.pi * RADIUS**2 * np.sin(4.0 / RADIUS), rel=0.04)
    assert reach == 4.0
    assert np.abs(np.arcsin(points[nodes, 2] / RADIUS) * RADIUS).max() < 5.0


@pytest.mark.parametrize("edge", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("radius", [0.01, 2.0])
def test_a_circle_round_a_tube_parts_it_in_two_at_any_edge_length(edge: float, radius: float) -> None:
    points, triangles = tube(edge)
    ways = paths.ways_over(points, triangles)
    angles = np.linspace(0, 2 * np.pi, 9)
    places = np.stack([8 * np.cos(angles), 8 * np.sin(angles), 30 + 3 * np.sin(angles)], axis=1)
    stops, _ = paths.nearest_points(points, places)
    nodes, reach = paths.band(ways, paths.shortest_line(ways, stops), radius)
    there = np.ones(len(points), bool)
    there[nodes] = False
    part = surface_parts.parts(triangles, there)
    assert part.max() == 1 and (part[~there] == -1).all()
    ends = part[points[:, 2] == 0.0], part[points[:, 2] == points[:, 2].max()]
    assert len(set(ends[0])) == len(set(ends[1])) == 1 and ends[0][0] != ends[1][0]
    assert reach <= max(radius, edge)


def test_a_line_goes_over_parts_that_hang_together_only() -> None:
    points, triangles = tube()
    twice = np.concatenate([triangles, triangles + len(points)])
    both = paths.ways_over(np.concatenate([points, points + 100.0]), twice)
    assert paths.shortest_line(both, np.array([0, len(points) + 5])) is None
    part = surface_parts.parts(both.triangles, np.ones(2 * len(points), bool))
    assert (part[: len(points)] == 0).all() and (part[len(points) :] == 1).all()


def test_lines_run_straight_on_a_flat_sheet_whatever_its_triangles() -> None:
    rng = np.random.default_rng(5)
    flat = np.concatenate([rng.uniform(0, 40, (600, 2)), [[0, 0], [0, 40], [40, 0], [40, 40]]])
    mesh = pv.PolyData(np.c_[flat, np.zeros(len(flat))]).delaunay_2d()
    points, triangles = arrays(mesh)
    ways = paths.ways_over(points, triangles)
    for a, b in rng.integers(0, len(points), (30, 2)):
        line = paths.shortest_line(ways, np.array([a, b]))
        straight = np.linalg.norm(points[a] - points[b])
        assert straight <= paths.length_mm(points, line) + 1e-9 < 1.05 * straight + 1e-6


def test_a_line_back_to_its_beginning_is_closed() -> None:
    points, triangles = tube()
    ways = paths.ways_over(points, triangles)
    around = int(2 * np.pi * 8)
    ring = np.array([*range(20 * around, 21 * around, around // 4), 20 * around])
    line = paths.shortest_line(ways, ring)
    assert paths.length_mm(points, line) == pytest.approx(2 * np.pi * 8, rel=0.01)
    assert (line.ends[0] == line.ends[-1]).all()
