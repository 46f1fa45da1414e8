"""Surfaces of all structures at once: closed and manifold for any labels, shared where they touch, true volumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import measure

from anatomy_twin.anatomy.surface.complexes import check_surface_memory, complex_of, decimated, structure_surface
from anatomy_twin.anatomy.surface.regions import regions_of, regions_of_mask
from anatomy_twin.core import Code, LabelMap, Segment, VolumeGeometry
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels import mesh_extract
from tests.support.full_case import oblique_direction
from tests.support.toy_patient import ellipsoid_mask


def label_map(array, spacing_mm=(2.0, 1.0, 1.1), direction=None, parts=()) -> LabelMap:
    """Every value of every layer a segment "layer_value"; those of layer 1 named in ``parts`` belong to "0_1"."""
    segments = tuple(
        Segment(f"{layer}_{value}", layer, int(value), Code("x", "y", "z"), (9, 9, 9),
                part_of="0_1" if f"{layer}_{value}" in parts else "")
        for layer in range(len(array)) for value in np.unique(array[layer]) if value
    )
    geometry = VolumeGeometry.upright(array.shape[1:], spacing_mm, (3.0, -5.0, 80.0))
    return LabelMap(array, geometry if direction is None else replace(geometry, direction=direction), segments)


def surfaces(labels: LabelMap, **kinds):
    names = [name for name in labels.names if labels.mask(name).any()]
    found = complex_of(regions_of(labels, names), **kinds)
    return found, {name: structure_surface(found, number) for number, name in enumerate(names)}


def fans_are_closed(triangles) -> bool:
    """Whether the triangles around every point make one closed ring: an oracle apart from the code's own."""
    ring: dict[int, dict[int, int]] = {}
    for a, b, c in np.asarray(triangles).tolist():
        for v, start, stop in ((a, b, c), (b, c, a), (c, a, b)):
            if start in ring.setdefault(v, {}):
                return False
            ring[v][start] = stop
    for follow in ring.values():
        first = at = next(iter(follow))
        for _ in range(len(follow)):
            at = follow.get(at, -1)
        seen, step = 1, follow[first]
        while step != first and seen <= len(follow):
            seen, step = seen + 1, follow.get(step, first)
        if at != first or seen != len(follow):
            return False
    return True


def assert_closed(surface, name="") -> trimesh.Trimesh:
    mesh = trimesh.Trimesh(surface.points_mm, surface.triangles, process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent, name
    assert fans_are_closed(surface.triangles), name
    assert mesh.volume > 0, name
    return mesh


@st.composite
def random_layers(draw):
    """Noise, checkerboards, sheets, single voxels and blocks in one to three layers that overlap."""
    shape = tuple(draw(st.integers(1, 6)) for _ in range(3))
    values = draw(st.integers(1, 5))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    k, j, i = np.indices(shape)
    layers = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["noise", "sparse", "checkerboard", "sheets", "voxel", "blocks"]))
        layer = random.integers(0, values + 1, shape)
        if kind == "sparse":
            layer = layer * (random.random(shape) < 0.2)
        elif kind == "checkerboard":
            layer = (k + j + i + draw(st.integers(0, 3))) % (values + 1)
        elif kind == "sheets":
            layer = np.where((k + draw(st.integers(0, 2)) * i) % 3 == 0, 1 + j % values, 0)
        elif kind == "voxel":
            layer = np.zeros(shape, int)
            layer[tuple(size // 2 for size in shape)] = 1
        elif kind == "blocks":
            layer = random.integers(0, values + 1, (3, 3, 3))[k // 3, j // 3, i // 3]
        layers.append(layer)
    return np.stack(layers).astype(np.uint8)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(array=random_layers(), turned=st.booleans())
def test_every_surface_of_any_label_map_is_closed_manifold_and_outward(array, turned):
    if not array.any():
        return
    labels = label_map(array, direction=oblique_direction(3) if turned else None, parts=("1_1", "1_2"))
    found, all_of = surfaces(labels)
    for name, surface in all_of.items():
        assert_closed(surface, name)
    for number, name in enumerate(all_of):
        assert_closed(structure_surface(decimated(found, 0.3, 4), number), name)


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_a_checkerboard_of_labels_up_to_the_border_is_closed(count):
    k, j, i = np.indices((5, 6, 7))
    array = (1 + (k + 2 * j + 3 * i) % count)[None].astype(np.uint8)
    found, all_of = surfaces(label_map(array))
    for name, surface in all_of.items():
        assert_closed(surface, name)
    whole = sum(surface.volume_ml for surface in all_of.values())
    union = found.member.any(axis=0)
    one = structure_surface(replace(found, member=union[None], names=("all",)), 0)
    assert whole == pytest.approx(one.volume_ml, rel=1e-9)  # nothing lies between the labels, nothing is in two


def test_touching_structures_share_their_triangles_and_nested_ones_their_outline():
    geometry = VolumeGeometry.upright((40, 50, 50), (1.5, 1.0, 1.0))
    array = np.zeros((2, *geometry.shape), np.uint8)
    ball = ellipsoid_mask(geometry, geometry.center_mm, (20, 20, 22))
    array[0][ball] = 1
    array[0, :, :, 25:][ball[:, :, 25:]] = 2
    array[1][ellipsoid_mask(geometry, np.add(geometry.center_mm, (-10, 0, 0)), (8, 8, 8))] = 1
    found, all_of = surfaces(label_map(array, geometry.spacing_mm, parts=("1_1",)))

    def triangles_of(surface, turned=False):
        corners = np.round(surface.points_mm[surface.triangles[:, ::-1] if turned else surface.triangles], 9)
        return {frozenset(map(tuple, one)): one for one in corners.tolist()}

    left, right, part = (triangles_of(all_of[name]) for name in ("0_1", "0_2", "1_1"))
    shared = left.keys() & right.keys()
    assert len(shared) > 1500
    for key in shared:  # the same triangle, turned the other way
        a, b = np.array(left[key]), np.array(right[key])
        normals = [np.cross(corners[1] - corners[0], corners[2] - corners[0]) for corners in (a, b)]
        assert normals[0] @ normals[1] < 0
    seam = np.array([one for one in left.values()])[:, :, 0].max()  # the parts meet half way, without a gap
    assert seam == pytest.approx(np.array(list(right.values()))[:, :, 0].min(), abs=1.2)
    assert not part.keys() & left.keys()  # the lesion lies inside the outline of what it is part of
    fewer = decimated(found, 0.2, 4)
    assert len(fewer.triangles) < 0.4 * len(found.triangles)
    left, right = (triangles_of(structure_surface(fewer, number)) for number in (0, 1))
    assert len(left.keys() & right.keys()) > 20
    for number, name in enumerate(all_of):
        assert structure_surface(fewer, number).volume_ml == pytest.approx(all_of[name].volume_ml, rel=0.002)


def torus(geometry, large_mm, small_mm):
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1)) - geometry.center_mm
    ring = np.hypot(points[..., 0], points[..., 1]) - large_mm
    return np.hypot(ring, points[..., 2]) <= small_mm


def test_holes_hollows_and_parts_are_those_of_the_voxels():
    geometry = VolumeGeometry.upright((30, 60, 60), (1.0, 1.0, 1.0))
    ring = torus(geometry, 18.0, 6.0)
    shell = ellipsoid_mask(geometry, geometry.center_mm, (13, 13, 13)) & ~ellipsoid_mask(
        geometry, geometry.center_mm, (9, 9, 9)
    )
    two = ring.copy()
    two[13:17, 28:32, 28:32] = True
    for mask, pieces in ((ring, 1), (shell, 2), (two, 2)):
        surface = structure_surface(complex_of(regions_of_mask(mask, geometry)), 0)
        mesh = assert_closed(surface)
        assert mesh.body_count == pieces
        assert mesh.euler_number == 2 * measure.euler_number(mask, connectivity=3)


def test_raw_surfaces_have_the_points_and_the_volume_of_marching_cubes():
    geometry = VolumeGeometry.upright((40, 40, 40), (1.0, 1.0, 1.0))
    mask = ellipsoid_mask(geometry, geometry.center_mm, (15, 11, 17))
    regions = regions_of_mask(mask, geometry)
    rank = np.arange(2, dtype=np.int32)
    counted = mesh_extract.count_complex(regions.array, rank)
    points, _, triangles, sides = mesh_extract.extract(regions.array, rank, counted)
    other, faces, _, _ = measure.marching_cubes(regions.array.astype(float), 0.5)
    assert len(points) == len(other) and (sides == (0, 1)).all()
    assert np.array_equal(np.unique(points, axis=0), np.unique(other.astype(float), axis=0))
    volume = np.einsum("ij,ij->", points[triangles[:, 0]], np.cross(*(points[triangles[:, n]] for n in (1, 2)))) / 6
    assert volume == pytest.approx(abs(trimesh.Trimesh(other, faces).volume), rel=0.002)


def test_the_result_does_not_depend_on_how_the_work_is_split(monkeypatch):
    array = np.random.default_rng(4).integers(0, 4, (1, 9, 8, 11)).astype(np.uint8)
    regions = regions_of(label_map(array), ("0_1", "0_2", "0_3"))
    expected = complex_of(regions)
    for planes in (1, 3, 100):
        monkeypatch.setattr(mesh_extract, "_CHUNK_PLANES", planes)
        other = complex_of(regions)
        assert np.array_equal(other.triangles, expected.triangles)
        assert np.array_equal(other.points_mm, expected.points_mm)


SHAPES = {
    "ball": (lambda g: ellipsoid_mask(g, np.add(g.center_mm, (0.3, 0.1, 0.2)), (12, 12, 12)), 4 / 3 * np.pi * 12**3),
    "ellipsoid": (lambda g: ellipsoid_mask(g, g.center_mm, (18, 9, 13)), 4 / 3 * np.pi * 18 * 9 * 13),
    "ring": (lambda g: torus(g, 15.0, 5.0), 2 * np.pi**2 * 15 * 25),
    "tube": (lambda g: ellipsoid_mask(g, np.add(g.center_mm, (0.23, 0.31, 0)), (10, 10, 1e6)), np.pi * 100 * 48.0),
}


@pytest.mark.parametrize("name", SHAPES)
def test_volumes_of_analytic_shapes_are_right(name):
    geometry = VolumeGeometry.upright((60, 90, 90), (0.8, 0.5, 0.5), (1.0, 2.0, 3.0))
    make, exact_mm3 = SHAPES[name]
    mask = make(geometry)
    mesh = assert_closed(structure_surface(complex_of(regions_of_mask(mask, geometry)), 0))
    assert mesh.volume == pytest.approx(mask.sum() * 0.8 * 0.5**2, rel=0.001)
    assert mesh.volume == pytest.approx(exact_mm3, rel=0.005)


@pytest.mark.parametrize("spacing_mm", [(2.5, 0.8, 0.8), (1.25, 0.7, 0.7), (5.0, 0.8, 0.8), (1.0, 1.0, 1.0)])
def test_a_lesion_of_ten_millimetres_is_not_shrunk_though_the_liver_around_it_is_smoothed(spacing_mm):
    geometry = VolumeGeometry.upright(tuple(int(60 / step) for step in spacing_mm), spacing_mm)
    array = np.zeros((2, *geometry.shape), np.uint8)
    array[0][ellipsoid_mask(geometry, geometry.center_mm, (26, 24, 25))] = 1
    array[1][ellipsoid_mask(geometry, np.add(geometry.center_mm, (0.2, 0.3, 0.4)), (5, 5, 5))] = 1
    labels = label_map(array, spacing_mm, parts=("1_1",))
    found, all_of = surfaces(labels)
    fewer = decimated(found, 0.1 * min(spacing_mm), 4)
    for number, name in enumerate(all_of):
        for surface in (all_of[name], structure_surface(fewer, number)):
            assert surface.volume_ml == pytest.approx(labels.volume_ml(name), rel=0.002)


def test_a_vessel_that_leaves_the_scan_ends_flat_and_straight():
    geometry = VolumeGeometry.upright((20, 40, 40), (3.0, 2.0, 2.0))
    array = np.zeros((2, *geometry.shape), np.uint8)
    centre = np.add(geometry.center_mm, (0.3, 0.4, 0.0))
    array[0][ellipsoid_mask(geometry, centre, (11, 11, 1e6))] = 1
    array[1][ellipsoid_mask(geometry, centre, (35, 35, 1e6))] = 1
    vessel = surfaces(replace(label_map(array), geometry=geometry))[1]["0_1"].points_mm - centre
    radius = np.hypot(vessel[:, 0], vessel[:, 1])
    ends = np.abs(np.abs(vessel[:, 2]) - 30.0) < 1e-6
    wall = np.abs(vessel[:, 2]) < 29.0
    assert (ends | wall).all() and radius[wall].min() > 10.4
    assert radius[ends].max() <= radius[wall].max() + 0.05  # neither flared nor frayed


def test_turning_and_moving_the_scan_turns_and_moves_the_surfaces():
    random = np.random.default_rng(0)
    array = np.kron(random.integers(0, 4, (1, 3, 4, 3)), np.ones((1, 3, 3, 3))).astype(np.uint8)
    labels = label_map(array)
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    geometry = replace(
        labels.geometry, direction=turn @ labels.geometry.direction,
        origin_mm=tuple(turn @ labels.geometry.origin_mm + (5, 6, 7)),
    )
    expected, moved = surfaces(labels)[1], surfaces(replace(labels, geometry=geometry))[1]
    for name, surface in expected.items():
        assert np.array_equal(moved[name].triangles, surface.triangles)
        np.testing.assert_allclose(moved[name].points_mm, surface.points_mm @ turn.T + (5, 6, 7), atol=1e-9)
    # a quarter turn makes other axes the first ones: the surface may be cut into other triangles, not be another
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = replace(labels.geometry, direction=quarter @ labels.geometry.direction)
    for name, surface in surfaces(replace(labels, geometry=turned))[1].items():
        assert surface.volume_ml == pytest.approx(expected[name].volume_ml, rel=1e-3)
        assert surface.area_cm2 == pytest.approx(expected[name].area_cm2, rel=0.03)


def test_what_needs_more_memory_than_there_is_is_refused_before_it_is_taken():
    array = np.random.default_rng(1).integers(0, 3, (1, 20, 20, 20)).astype(np.uint8)
    regions = regions_of(label_map(array), ("0_1", "0_2"))
    with pytest.raises(MeshError, match=r"would need about .* GB of memory.*fewer structures"):
        complex_of(regions, memory_limit_bytes=100_000)
    with pytest.raises(MeshError, match="memory"):
        check_surface_memory(10**18)
    assert len(complex_of(regions, memory_limit_bytes=10**9).triangles) > 10_000
