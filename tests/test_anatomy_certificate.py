"""Certificates against shapes with known answers, trimesh and brute force."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from anatomy_twin.anatomy import certify
from anatomy_twin.anatomy.surface.certificate import VoxelBoundary
from anatomy_twin.anatomy.surface.closed_parts import closed_parts
from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.mesh_quality import boundary_distance_mm
from tests.support.full_case import oblique_direction


def as_surface(mesh: trimesh.Trimesh) -> SurfaceMesh:
    return SurfaceMesh(mesh.vertices, mesh.faces)


def box(extents=(1.0, 1.0, 1.0), centre=(0.0, 0.0, 0.0)) -> trimesh.Trimesh:
    mesh = trimesh.creation.box(extents)
    mesh.apply_translation(centre)
    return mesh


def faces_of(mask: np.ndarray, spacing: tuple[float, float, float]) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(axis, centres, half sizes) in mm of all faces between in and out, beyond the array out."""
    padded = np.pad(mask, 1)
    found = []
    for axis in range(3):
        index = np.argwhere(np.diff(padded.astype(np.int8), axis=axis)).astype(float) - 1.0
        index[:, axis] += 0.5
        half = 0.5 * np.array(spacing)
        half[axis] = 0.0
        found.append((axis, index * spacing, half))
    return found


def brute_distance(mask, spacing, places) -> np.ndarray:
    best = np.full(len(places), np.inf)
    for _, centres, half in faces_of(mask, spacing):
        if len(centres):
            gap = np.maximum(np.abs(places[:, None] * spacing - centres[None]) - half, 0.0)
            best = np.minimum(best, np.sqrt((gap**2).sum(axis=2)).min(axis=1))
    return best


# ---- triangles


def test_a_box_is_certified_as_what_it_is():
    found = certify(as_surface(box((20.0, 30.0, 40.0))), 24.0)
    assert found.watertight and found.manifold and found.outward
    assert found.pieces == 1 and found.triangle_count == 12
    assert found.volume_error_percent == pytest.approx(0.0, abs=1e-9)
    assert found.smallest_angle_deg == pytest.approx(np.degrees(np.arctan(20 / 40)))
    assert found.boundary_p95_mm is None and found.boundary_max_mm is None  # not checked


def test_two_boxes_that_meet_at_a_corner_are_closed_but_not_manifold():
    apart = trimesh.util.concatenate([box(), box(centre=(3.0, 0, 0))])
    found = certify(as_surface(apart), 0.002)
    assert (found.watertight, found.manifold, found.pieces) == (True, True, 2)
    touching = trimesh.util.concatenate([box(), box(centre=(1.0, 1.0, 1.0))])
    touching.merge_vertices()
    assert len(touching.vertices) == 15
    found = certify(as_surface(touching), 0.002)
    assert (found.watertight, found.manifold, found.pieces) == (True, False, 1)
    along_an_edge = trimesh.util.concatenate([box(), box(centre=(1.0, 1.0, 0))])
    along_an_edge.merge_vertices()
    assert len(along_an_edge.vertices) == 14
    found = certify(as_surface(along_an_edge), 0.002)
    assert (found.watertight, found.manifold, found.pieces) == (False, False, 1)


@pytest.mark.parametrize("harm", ["hole", "turned", "twice", "point twice", "inside out"])
def test_what_is_wrong_is_said(harm):
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=10.0)
    faces = mesh.faces.copy()
    if harm == "hole":
        faces = faces[1:]
    elif harm == "turned":
        faces[0] = faces[0, ::-1]
    elif harm == "twice":
        faces = np.vstack([faces, faces[:1]])
    elif harm == "point twice":
        faces = np.vstack([faces, [0, 0, 1]])
    else:
        faces = faces[:, ::-1]
    found = certify(SurfaceMesh(mesh.vertices, faces), mesh.volume / 1000)
    closed = harm == "inside out"
    assert (found.watertight, found.manifold, found.outward) == (closed, closed, not closed)
    assert found.pieces == 1


@pytest.mark.parametrize(
    ("small", "place", "inward", "outward"),
    [
        (2.0, 30.0, True, False), (2.0, 30.0, False, True),  # beside the large one
        (2.0, 5.0, True, True), (2.0, 5.0, False, False),  # in it: a hollow must face in
        (0.01, 30.0, True, False),
    ],
)
def test_outward_is_said_of_every_closed_part_and_not_of_their_sum(small, place, inward, outward):
    large, part = trimesh.creation.icosphere(3, 10.0), trimesh.creation.icosphere(1, small)
    faces = part.faces[:, ::-1] if inward else part.faces
    points = np.concatenate([part.vertices + np.array([place, 0, 0]), large.vertices])  # the wrong one first
    surface = SurfaceMesh(points, np.concatenate([faces, large.faces + len(part.vertices)]))
    found = certify(surface, surface.volume_ml)
    assert found.watertight and found.pieces == 2
    assert found.outward is outward


@pytest.mark.parametrize("turned", [None, 0, 1, 2, 3])
def test_shells_in_shells_face_out_and_in_by_turns(turned):
    shells = [trimesh.creation.icosphere(2, radius) for radius in (12.0, 9.0, 6.0, 3.0)]
    points, faces = [], []
    for number, shell in enumerate(shells):
        inward = (number % 2 == 1) != (number == turned)
        faces.append((shell.faces[:, ::-1] if inward else shell.faces) + number * len(shell.vertices))
        points.append(shell.vertices + np.array([100.0, -250.0, 700.0]))
    surface = SurfaceMesh(np.concatenate(points), np.concatenate(faces))
    parts = closed_parts(surface)
    assert parts.depths.tolist() == [0, 1, 2, 3] and parts.around.tolist() == [-1, 0, 1, 2]
    assert parts.facing_wrongly.tolist() == [number == turned for number in range(4)]
    for volume_ml, shell in zip(parts.volumes_ml, shells, strict=True):
        assert abs(volume_ml) == pytest.approx(shell.volume / 1000, rel=1e-9)
    assert certify(surface, 1.0).outward is (turned is None)


def test_no_triangles_are_not_closed():
    found = certify(SurfaceMesh(np.empty((0, 3)), np.empty((0, 3), int)), 1.0)
    assert (found.watertight, found.manifold, found.outward, found.pieces) == (False, False, False, 0)
    assert found.smallest_angle_deg is None and found.boundary_max_mm is None


@pytest.mark.parametrize("seed", range(4))
def test_figures_agree_with_trimesh(seed):
    random = np.random.default_rng(seed)
    parts = [trimesh.creation.icosphere(2, random.uniform(3, 9)) for _ in range(int(random.integers(1, 5)))]
    parts.append(trimesh.creation.torus(12.0, 4.0))
    for number, part in enumerate(parts):
        part.vertices += random.normal(0, 0.2, part.vertices.shape) + np.array([40.0 * number, -300.0, 900.0])
    mesh = trimesh.util.concatenate(parts)
    found = certify(as_surface(mesh), 1.0)
    assert found.watertight == mesh.is_watertight and found.manifold
    assert found.pieces == mesh.body_count == len(parts)
    assert 1 + found.volume_error_percent / 100 == pytest.approx(mesh.volume / 1000, rel=1e-9)
    angles = np.degrees(mesh.face_angles)
    assert found.smallest_angle_deg == pytest.approx(angles.min(), abs=1e-6)
    assert found.angle_p5_deg == pytest.approx(np.percentile(angles, 5), abs=1e-6)


# ---- distances from the voxels


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    mask=hnp.arrays(np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)),
    spacing=st.tuples(*[st.sampled_from([0.6, 1.0, 2.5])] * 3),
    seed=st.integers(0, 1000),
)
def test_distances_are_those_of_brute_force(mask, spacing, seed):
    mask[tuple(size // 2 for size in mask.shape)] = True
    random = np.random.default_rng(seed)
    places = random.uniform(-2.5, np.array(mask.shape) + 1.5, (40, 3))
    places[:10] = np.round(places[:10] * 2) / 2  # corners, edges and centres of voxels too
    found = boundary_distance_mm(mask.view(np.uint8), np.array([False, True]), spacing, places)
    wanted, searched = brute_distance(mask, spacing, places), 16 * min(spacing)
    assert np.allclose(found, np.where(found < searched, wanted, found), atol=1e-9)
    assert np.all(found <= wanted + 1e-9)


def test_regions_are_in_or_out_as_the_table_says():
    random = np.random.default_rng(3)
    regions = random.integers(0, 5, (7, 8, 9)).astype(np.uint16)
    inside = np.array([False, True, False, True])  # 4 is not listed: out
    places = random.uniform(0, 7, (60, 3))
    found = boundary_distance_mm(regions, inside, (2.0, 0.7, 0.7), places)
    assert np.allclose(found, brute_distance(np.isin(regions, [1, 3]), (2.0, 0.7, 0.7), places), atol=1e-9)


def test_far_away_the_distance_searched_is_given():
    mask = np.zeros((80, 3, 3), bool)
    mask[0] = True
    near, far = boundary_distance_mm(
        mask.view(np.uint8), np.array([False, True]), (1.0, 1.0, 1.0), np.array([[10.0, 1, 1], [70.0, 1, 1]])
    )
    assert near == pytest.approx(9.5)
    assert 16.0 <= far < 69.5


@pytest.mark.parametrize("left_handed", [False, True])
def test_a_box_on_an_oblique_grid_lies_on_its_faces_and_a_moved_one_off_by_the_step(left_handed):
    direction = oblique_direction(left_handed=left_handed)
    geometry = VolumeGeometry((12, 14, 16), (2.5, 0.8, 0.7), direction, (9.0, -70.0, 500.0))
    mask = np.zeros(geometry.shape, bool)
    mask[3:9, 4:11, 5:12] = True
    corners = np.array([[k, j, i] for k in (2.5, 8.5) for j in (3.5, 10.5) for i in (4.5, 11.5)])
    hull = trimesh.convex.convex_hull(geometry.to_world(corners))
    boundary = VoxelBoundary.of_mask(mask, geometry)
    volume_ml = mask.sum() * geometry.voxel_volume_ml
    exact = certify(as_surface(hull), volume_ml, boundary=boundary)
    assert exact.volume_error_percent == pytest.approx(0.0, abs=1e-9)
    assert exact.boundary_max_mm == pytest.approx(0.0, abs=1e-9)
    grown = hull.copy()
    centre = geometry.to_world([5.5, 7.0, 8.0])
    step = 0.3 * (geometry.direction @ np.array([1.0, 0, 0]))
    grown.vertices = hull.vertices + np.sign((hull.vertices - centre) @ step)[:, None] * step
    found = certify(as_surface(grown), volume_ml, boundary=boundary)
    assert found.boundary_max_mm == pytest.approx(0.3)
    assert found.boundary_p95_mm == pytest.approx(0.3)


def test_a_sphere_lies_within_half_a_voxel_diagonal_of_its_voxels():
    geometry = VolumeGeometry.upright((48, 60, 60), (1.0, 0.8, 0.8))
    centre = np.add(geometry.center_mm, (0.13, -0.2, 0.31))
    places = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    mask = np.linalg.norm(places - centre, axis=-1) < 18.0
    mesh = trimesh.creation.icosphere(4, 18.0)
    mesh.apply_translation(centre)
    boundary = VoxelBoundary.of_mask(mask, geometry)
    found = certify(as_surface(mesh), mask.sum() * geometry.voxel_volume_ml, boundary=boundary)
    assert 0.2 < found.boundary_p95_mm < found.boundary_max_mm <= 0.5 * np.linalg.norm(geometry.spacing_mm)
    assert abs(found.volume_error_percent) < 0.5


def test_regions_off_the_grid_are_refused():
    geometry = VolumeGeometry.upright((4, 5, 6), (1.0, 1.0, 1.0))
    with pytest.raises(DataError, match="do not lie on a grid"):
        VoxelBoundary(np.zeros((4, 5, 5), np.uint8), np.array([False]), geometry)
    with pytest.raises(DataError, match="unsigned"):
        VoxelBoundary(np.zeros((4, 5, 6), np.int8), np.array([False]), geometry)
