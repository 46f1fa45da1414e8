"""Surfaces do not pass through themselves or each other, whatever smoothing and decimation do to thin structures."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings

from anatomy_twin.anatomy.solid.solids import as_solid, cut_by_plane, difference, intersection, union
from anatomy_twin.anatomy.surface import complexes
from anatomy_twin.anatomy.surface.complexes import complex_of, decimated, structure_surface
from anatomy_twin.anatomy.surface.regions import regions_of_mask
from anatomy_twin.anatomy.surface.slivers import without_flat
from anatomy_twin.anatomy.surface.surfaces import surface_of
from anatomy_twin.anatomy.surface.untangle import untangled, untangled_decimation
from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.kernels.mesh_crossings import crossing_triangles
from anatomy_twin.kernels.mesh_decimate import Decimated, decimate_complex
from tests.test_anatomy_complex import label_map, random_layers, surfaces

GRID = VolumeGeometry.upright((36, 40, 44), (2.5, 1.0, 1.0))


def thin_tree() -> np.ndarray:
    """Crooked vessels of one to three voxels across that fork, touch diagonally and run side by side."""
    random = np.random.default_rng(5)
    mask = np.zeros(GRID.shape, bool)
    for start in ((2, 4, 4), (2, 4, 38), (30, 34, 20), (16, 2, 22)):
        at = np.array(start, float)
        way = np.array([18.0, 20.0, 22.0]) - at
        for number in range(60):
            way = 0.8 * way / np.linalg.norm(way) + random.normal(0, 0.35, 3)
            at = np.clip(at + way, 1, np.array(GRID.shape) - 3)
            k, j, i = at.astype(int)
            mask[k, j, i] = True
            if number % 3 == 0:
                mask[k, j : j + 2, i : i + 2] = True
    return mask


def crossings(found: complexes.Complex) -> int:
    return int(crossing_triangles(found.points_mm, found.triangles).sum())


def test_a_thin_tree_does_not_cross_itself_and_keeps_its_volume():
    mask = thin_tree()
    found = complex_of(regions_of_mask(mask, GRID))
    assert crossings(found) == 0
    volume_ml = mask.sum() * GRID.voxel_volume_ml
    assert structure_surface(found, 0).volume_ml == pytest.approx(volume_ml, rel=0.02)
    fewer = decimated(found, 0.2, 4)
    assert crossings(fewer) == 0
    assert len(fewer.triangles) < 0.8 * len(found.triangles)
    assert structure_surface(fewer, 0).volume_ml == pytest.approx(volume_ml, rel=0.02)


def test_without_taking_crossings_out_there_would_be_some(monkeypatch):
    """The tree above is not one that is easy anyway."""
    monkeypatch.setattr(complexes, "untangled", lambda points, sound, triangles, monitor: points)
    assert crossings(complex_of(regions_of_mask(thin_tree(), GRID))) > 0


@settings(max_examples=30, derandomize=True, deadline=None)
@given(array=random_layers())
def test_no_triangles_of_any_label_map_cross(array):
    if not array.any():
        return
    found, _ = surfaces(label_map(array, parts=("1_1", "1_2")))
    assert crossings(found) == 0
    assert crossings(decimated(found, 0.3, 4)) == 0


def test_only_what_crosses_is_called_back():
    """Of two sheets one is pushed through the other at a corner: it comes back there and stays where it was pushed
    elsewhere."""
    j, i = np.divmod(np.arange(100), 10)
    cells = [(a, a + 1, a + 11, a + 10) for a in range(90) if a % 10 < 9]
    net = np.array([half for a, b, c, d in cells for half in ((a, b, c), (a, c, d))], np.int32)
    low = np.column_stack([i, j, np.zeros(100)]).astype(float)
    sound = np.concatenate([low, low + np.array([0.31, 0.27, 1.0])])
    triangles = np.concatenate([net, net + 100])
    pushed = sound.copy()
    pushed[100:, 2] -= np.where((j < 3) & (i < 3), 1.4, 0.5)
    assert crossing_triangles(pushed, triangles).any()
    places = untangled(pushed, sound, triangles)
    assert not crossing_triangles(places, triangles).any()
    far = np.concatenate([np.zeros(100, bool), (j > 5) | (i > 5)])
    assert np.array_equal(places[far], pushed[far])
    back = np.linalg.norm(places - sound, axis=1) <= np.linalg.norm(pushed - sound, axis=1) + 1e-12
    assert back.all()


def test_what_decimation_made_cross_gets_its_points_back_and_is_the_same_kind_of_surface():
    ball = trimesh.creation.icosphere(4, 10.0)
    points, triangles = np.array(ball.vertices), ball.faces.astype(np.int32)
    sides = np.tile(np.array([[1, 0]], np.int32), (len(triangles), 1))
    fewer = decimate_complex(points, triangles, sides, 0.3, 4)
    assert np.array_equal(np.unique(fewer.became), np.arange(len(fewer.points_mm)))
    pushed = fewer.points_mm.copy()
    pushed[0] = -pushed[0] * 1.5  # a spike through the whole ball
    spoilt = fewer._replace(points_mm=pushed)
    assert crossing_triangles(pushed, fewer.triangles).any()
    places, mixed, parts = untangled_decimation(points, triangles, sides, spoilt)
    assert not crossing_triangles(places, mixed).any()
    assert len(fewer.triangles) < len(mixed) < len(triangles)
    mesh = trimesh.Trimesh(places, mixed, process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.euler_number == 2
    assert mesh.volume == pytest.approx(ball.volume, rel=0.02)
    assert len(parts) == len(mixed)


def test_nothing_that_crosses_nothing_is_changed():
    ball = trimesh.creation.icosphere(2, 10.0)
    points, triangles = np.array(ball.vertices), ball.faces.astype(np.int32)
    assert untangled(points * 1.1, points, triangles) is not points
    np.testing.assert_array_equal(untangled(points * 1.1, points, triangles), points * 1.1)
    same = np.arange(len(points), dtype=np.int32)
    whole = Decimated(points, triangles, np.zeros((len(triangles), 2), np.int32), same)
    assert untangled_decimation(points, triangles, whole.sides, whole)[1] is triangles


def test_a_thin_tree_is_a_solid_that_can_be_joined_and_cut_at_once():
    mask = thin_tree()
    tree = as_solid(surface_of(mask, GRID, triangle_budget=6_000))
    ball = trimesh.creation.icosphere(3, 9.0)
    middle = GRID.to_world(np.argwhere(mask).mean(axis=0)[None])[0]
    other = SurfaceMesh(ball.vertices + middle, ball.faces.astype(np.int64))
    joined, rest, common = union(tree, other), difference(tree, other), intersection(tree, other)
    assert rest is not None and common is not None
    assert rest.volume_ml + common.volume_ml == pytest.approx(tree.volume_ml, rel=1e-6)
    assert joined.volume_ml == pytest.approx(tree.volume_ml + other.volume_ml - common.volume_ml, rel=1e-6)
    halves = cut_by_plane(tree, middle, (1.0, 0.3, 0.2))
    assert sum(half.volume_ml for half in halves if half is not None) == pytest.approx(tree.volume_ml, rel=1e-6)


def test_flat_triangles_have_their_longest_edge_turned_unless_it_is_a_rim():
    ball = trimesh.creation.icosphere(2, 10.0)
    points, triangles = np.array(ball.vertices), ball.faces.astype(np.int32)
    a, b = triangles[7, 0], triangles[7, 1]
    c = triangles[7, 2]
    points[c] = 0.5 * (points[a] + points[b]) + 0.02 * (points[c] - 0.5 * (points[a] + points[b]))
    before = trimesh.Trimesh(points, triangles, process=False)
    sides = np.tile(np.array([[1, 0]], np.int32), (len(triangles), 1))
    after = trimesh.Trimesh(points, without_flat(points, triangles, sides), process=False)
    assert np.degrees(before.face_angles.min()) < 3.0 < 5.0 < np.degrees(after.face_angles.min())
    assert after.is_watertight and after.is_winding_consistent and after.euler_number == 2
    assert after.volume == pytest.approx(before.volume, rel=1e-3)
    across = sides.copy()
    across[7] = (2, 0)  # now the edges of this triangle part other regions: they are rims
    np.testing.assert_array_equal(without_flat(points, triangles, across)[7], triangles[7])
