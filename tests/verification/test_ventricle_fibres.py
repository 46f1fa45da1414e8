"""Fibres of ventricles against the rule's own angles on an ellipsoid, on voxels and in tetrahedra, and on a heart."""

from __future__ import annotations

import numpy as np
import pytest
import pyvista as pv
from scipy.ndimage import binary_dilation, generate_binary_structure

from anatomy_twin.anatomy.heart.bricks import border_parts, bricks_of
from anatomy_twin.anatomy.heart.laplace import harmonic, in_tetrahedra, on_surface, on_voxels
from anatomy_twin.anatomy.heart.ventricles import Angles, fibres_in_tetrahedra, fibres_on_voxels
from anatomy_twin.core import SurfaceMesh, TetMesh, VolumeGeometry
from anatomy_twin.errors import DataError, MeshError
from tests.verification.test_eikonal import kuhn_box

INNER, OUTER, BASE_MM = (25.0, 45.0), (35.0, 55.0), 10.0


def ellipsoid_in_tetrahedra(through=6, along=24, around=36):
    """A left ventricle cut off at the base: its mesh, the depth of points, and those at the base, outside, inside."""
    box, _ = kuhn_box((through + 1, along + 1, around + 1), 1.0)
    d, t, p = np.rint(box.points_mm[:, ::-1]).T / np.array([[through], [along], [around]])
    short, long = (INNER[n] + d * (OUTER[n] - INNER[n]) for n in (0, 1))
    last = np.arcsin(BASE_MM / long)
    low = np.radians(-80.0)  # a small hole at the apex
    angle = low + t * (last - low)
    points = np.stack([short * np.cos(angle) * np.cos(2 * np.pi * p), short * np.cos(angle) * np.sin(2 * np.pi * p),
                       long * np.sin(angle)], axis=1)
    _, first, number = np.unique(np.round(points, 6), axis=0, return_index=True, return_inverse=True)
    tets = number.ravel()[box.tetrahedra]
    corners = points[first][tets]
    swapped = np.einsum("ni,ni->n", np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]),
                        corners[:, 3] - corners[:, 0]) < 0
    tets[swapped] = tets[swapped][:, [1, 0, 2, 3]]
    d, t = d[first], t[first]
    mesh = TetMesh(points[first], tets, np.zeros(len(tets), int))
    parts = [np.flatnonzero(which) for which in (t > 0.999, (d > 0.999) & (t < 0.999), (d < 0.001) & (t < 0.999))]
    return mesh, parts, np.flatnonzero(t < 0.001)


def helix_deg(fibres, places_mm):
    """The angle of fibres to the way around the z axis, towards the base, in the shell through each place."""
    around = np.stack([-places_mm[:, 1], places_mm[:, 0], np.zeros(len(places_mm))], axis=1)
    around /= np.maximum(np.linalg.norm(around, axis=1, keepdims=True), 1e-9)
    out = places_mm / np.array([30.0, 30.0, 50.0]) ** 2
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    up = np.cross(out, around)
    sign = np.sign((fibres * around).sum(axis=1))
    return np.degrees(np.arctan2(sign * (fibres * up).sum(axis=1), np.abs((fibres * around).sum(axis=1))))


def check_angles(found, places, turn, mean_deg, largest_deg):
    middle = (places[:, 2] > -25.0) & (places[:, 2] < 0.0) & (found.depth > 0.1) & (found.depth < 0.9)
    expected = turn.alpha_endo_deg + (turn.alpha_epi_deg - turn.alpha_endo_deg) * found.depth
    error = np.abs(helix_deg(found.fibres, places) - expected)[middle]
    assert middle.sum() > 1000
    assert error.mean() < mean_deg and error.max() < largest_deg
    for vectors in (found.fibres, found.sheets, found.normals):
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0)
    assert np.abs((found.fibres * found.sheets).sum(axis=1)).max() < 1e-9


@pytest.mark.parametrize("turn", [Angles(), Angles(40.0, -50.0), Angles(80.0, 10.0)])
def test_helix_angle_in_tetrahedra_is_that_of_the_rule(turn):
    mesh, (base, epi, endo), apex = ellipsoid_in_tetrahedra()
    found = fibres_in_tetrahedra(mesh, base, epi, endo, angles=turn, apex=apex)
    check_angles(found, mesh.points_mm[mesh.tetrahedra].mean(axis=1), turn, 1.5, 8.0)


def test_helix_angle_on_voxels_is_that_of_the_rule():
    grid = VolumeGeometry.upright((60, 60, 60), (1.5,) * 3, (-45.0, -45.0, -65.0))
    points = np.moveaxis(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0)
    inner, outer = ((points[0] / a) ** 2 + (points[1] / a) ** 2 + (points[2] / c) ** 2 <= 1.0
                    for a, c in (INNER, OUTER))
    below = points[2] < BASE_MM
    wall, near = outer & ~inner & below, generate_binary_structure(3, 1)
    found = fibres_on_voxels(wall, grid, binary_dilation(~below, near), binary_dilation(~outer & below, near),
                             binary_dilation(inner & below, near))
    check_angles(found, grid.to_world(np.argwhere(wall)), Angles(), 2.0, 10.0)


def test_fields_are_linear_where_they_should_be():
    box, grid = kuhn_box((5, 6, 9), 1.0)
    x = box.points_mm[:, 0]
    ends = {0.0: np.flatnonzero(x < 0.1), 1.0: np.flatnonzero(x > 7.9)}
    for where in (in_tetrahedra(box), on_voxels(np.ones((5, 6, 9), bool), grid)):
        field = harmonic(where, ends)
        assert np.allclose(field, x / 8.0, atol=1e-6)
        assert np.allclose(where.gradient(field), [0.125, 0.0, 0.0], atol=1e-6)
    side = box.points_mm[:, 2] < 0.1  # one face of the box as a surface
    number = np.cumsum(side) - 1
    faces = np.concatenate([box.tetrahedra[:, list(c)] for c in ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3))])
    square = SurfaceMesh(box.points_mm[side], number[faces[side[faces].all(axis=1)]])
    flat = on_surface(square)
    field = harmonic(flat, {0.0: np.flatnonzero(square.points_mm[:, 0] < 0.1),
                            1.0: np.flatnonzero(square.points_mm[:, 0] > 7.9)})
    assert np.allclose(field, square.points_mm[:, 0] / 8.0)
    for fixed, words in (({0.0: np.array([0])}, "needs both"), ({0.0: np.array([], int), 1.0: np.array([3])}, "both")):
        with pytest.raises(MeshError, match=words):
            harmonic(flat, fixed)
    loose = np.zeros((3, 3, 9), bool)
    loose[1, 1, :3] = loose[1, 1, 5:] = True
    with pytest.raises(MeshError, match="hangs together with none"):
        harmonic(on_voxels(loose, VolumeGeometry.upright((3, 3, 9), (1, 1, 1))),
                 {0.0: np.array([0]), 1.0: np.array([2])})


def test_what_makes_no_ventricle_is_refused():
    mesh, (base, epi, endo), _ = ellipsoid_in_tetrahedra(2, 4, 8)
    with pytest.raises(MeshError, match="outer surface of the ventricles has no points"):
        fibres_in_tetrahedra(mesh, base, epi[:0], endo)
    with pytest.raises(DataError, match="alpha_endo_deg"):
        Angles(alpha_endo_deg=200.0)
    open_ball = pv.Sphere(end_theta=300.0)
    with pytest.raises(MeshError, match="not closed"):
        bricks_of(SurfaceMesh(np.asarray(open_ball.points, float), open_ball.faces.reshape(-1, 4)[:, 1:]), 0.05)


@pytest.mark.real_data
def test_both_ventricles_of_a_real_heart(real_data):
    mesh = pv.read(real_data / "biventricle_surface/geo1/heart.vtp")
    surface = SurfaceMesh(np.asarray(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:])
    mask, grid = bricks_of(surface, 2.0)
    assert mask.sum() * grid.voxel_volume_ml == pytest.approx(surface.volume_ml, rel=0.01)
    parts = border_parts(mask, grid, surface, np.asarray(mesh["class"]).astype(np.int64))
    base, epi, left, right = (parts[n] for n in (1, 2, 3, 4))
    found = fibres_on_voxels(mask, grid, base, epi, left, right)
    places = grid.to_world(np.argwhere(mask))
    on = {name: part[mask] for name, part in (("base", base), ("epi", epi), ("left", left), ("right", right))}
    axis = places[on["base"]].mean(axis=0) - places[np.argmax(np.linalg.norm(
        places - places[on["base"]].mean(axis=0), axis=1))]
    axis /= np.linalg.norm(axis)
    height = (places - places.min(axis=0)) @ axis
    middle = np.abs(height - np.median(height)) < 10.0
    # in the middle the wall runs along the axis: muscle climbs by about the angle inside and outside, by 0 between
    for name, low, high in (("left", 45.0, 62.0), ("right", 40.0, 62.0), ("epi", 40.0, 62.0)):
        climb = np.degrees(np.arcsin(np.abs(found.fibres[on[name] & middle] @ axis)))
        assert low < np.median(climb) < high, name
    between = middle & (found.depth > 0.45) & (found.depth < 0.55)
    assert np.median(np.degrees(np.arcsin(np.abs(found.fibres[between] @ axis)))) < 15.0
