"""Tetrahedra of several touching structures: shared interfaces, generated patients, random label maps, other tools."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from anatomy_twin.anatomy.tetra import pytetwild_mesh
from anatomy_twin.anatomy.tetra.build import build_tetrahedra, tetrahedra_report
from anatomy_twin.core import LabelMap, TetMesh
from anatomy_twin.errors import MeshError, UsageError
from tests.support.reindexing import some_axes
from tests.support.tet_maps import angles_deg, boundary_of, ellipsoid, faces_of, label_map, volumes_mm3

PAIR_SHAPE, PAIR_SPACING = (50, 56, 84), (1.5, 1.2, 1.2)


@cache
def pair() -> LabelMap:
    """Two ellipsoids that overlap; the overlap belongs to the second."""
    numbers = ellipsoid(PAIR_SHAPE, PAIR_SPACING, (27, 25, 24), (36, 33, 34)).astype(np.uint8)
    numbers[ellipsoid(PAIR_SHAPE, PAIR_SPACING, (25, 27, 26), (36, 33, 66))] = 2
    return label_map(numbers, PAIR_SPACING, ["liver", "spleen"])


@cache
def pair_mesh() -> TetMesh:
    return build_tetrahedra(pair(), ["liver", "spleen"], size_mm=5.0)


@cache
def patient():
    from anatomy_twin.phantom import make_patient

    return make_patient(1, matrix=128, slice_mm=3.5).truth


@cache
def patient_mesh(names: tuple[str, ...], **sizes) -> TetMesh:
    return build_tetrahedra(patient(), names, **sizes)


def assert_sound(mesh: TetMesh, least_deg: float = 5.0) -> None:
    """Nothing inverted, angles as promised, every face in one or two tetrahedra and the outside closed."""
    angles = angles_deg(mesh)
    assert volumes_mm3(mesh).min() > 0
    assert angles.min() >= least_deg
    assert (angles > 10.0).mean() >= 0.999
    assert faces_of(mesh)[1].max() <= 2
    triangles = boundary_of(mesh, np.ones(len(mesh.tetrahedra), bool))
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] % 2 == 0).all()


def test_touching_structures_share_one_interface():
    mesh = pair_mesh()
    assert_sound(mesh, 15.0)
    assert mesh.region_names == ("liver", "spleen")
    sides = []
    for number in (0, 1):
        triangles = boundary_of(mesh, mesh.regions == number)
        surface = trimesh.Trimesh(mesh.points_mm, triangles, process=False)
        assert surface.is_watertight and surface.is_winding_consistent and surface.volume > 0
        sides.append({tuple(sorted(face)) for face in triangles.tolist()})
    outer = {tuple(sorted(face)) for face in boundary_of(mesh, np.ones(len(mesh.regions), bool)).tolist()}
    shared = sides[0] & sides[1]
    assert len(shared) > 50
    assert sides[0] - shared <= outer and sides[1] - shared <= outer
    # the interface lies on the second ellipsoid
    points = mesh.points_mm[np.unique(np.array(sorted(shared)))] - pair().geometry.origin_mm
    scaled = (points - [66, 33, 36]) / [26, 27, 25]
    level = np.linalg.norm(scaled, axis=1)
    away = np.abs(level - 1.0) * level / np.linalg.norm(scaled / [26, 27, 25], axis=1)
    assert np.percentile(away, 95.0) < 0.7


@pytest.mark.parametrize("axes", some_axes(2, seed=11))
@pytest.mark.parametrize("near", ["spleen", "a ball"])
def test_a_graded_mesh_of_two_does_not_depend_on_the_order_of_the_array(axes, near):
    target = "spleen" if near == "spleen" else ((20.0, 45.0, 50.0), 8.0)
    sizes = {"size_mm": 12.0, "fine_mm": 6.0, "near": target}
    straight = build_tetrahedra(pair(), ["liver", "spleen"], **sizes)
    turned = build_tetrahedra(pair().reindexed(*axes), ["liver", "spleen"], **sizes)
    assert np.abs(turned.points_mm - straight.points_mm).max() < 1e-9
    assert np.array_equal(turned.tetrahedra, straight.tetrahedra)
    assert np.array_equal(turned.regions, straight.regions)


def test_volumes_of_both_and_no_voxel_is_lost_between_them():
    report = tetrahedra_report(pair_mesh(), pair())
    assert report.conforming and report.overlapping_voxels == 0
    for region in report.regions:
        assert abs(region.volume_error_percent) < 0.1
        assert region.lost_percent < 1.5 and region.gained_percent < 1.5
        assert region.pieces == 1 and region.manifold
    inner = ndimage.binary_erosion(pair().array[0] > 0, iterations=2)
    index = np.argwhere(inner)[::7]
    finder = _Finder(pair_mesh())
    found = finder.region_of(pair().geometry.to_world(index))
    assert (found >= 0).all()  # no gap between the two
    own = pair().array[0][tuple(index.T)] - 1
    assert (found == own).mean() > 0.99


class _Finder:
    """VTK's point location, as a judge."""

    def __init__(self, mesh: TetMesh):
        import pyvista

        cells = np.concatenate([np.full((len(mesh.tetrahedra), 1), 4), mesh.tetrahedra], axis=1)
        self.grid = pyvista.UnstructuredGrid(cells.ravel(), np.full(len(cells), 10), np.array(mesh.points_mm))
        self.regions = mesh.regions

    def region_of(self, points: np.ndarray) -> np.ndarray:
        cell = np.asarray(self.grid.find_containing_cell(points))
        return np.where(cell >= 0, self.regions[cell], -1)


def test_a_later_name_is_carved_out_of_an_earlier_one_and_not_the_other_way():
    labels = patient()
    inside = build_tetrahedra(labels, ["liver", "tumour_1"], size_mm=9.0, fine_mm=4.5, near="tumour_1")
    regions = tetrahedra_report(inside, labels).regions
    whole = labels.volume_ml("liver")
    assert regions[0].voxel_volume_ml + regions[1].voxel_volume_ml == pytest.approx(whole, rel=1e-9)
    assert regions[1].voxel_volume_ml == pytest.approx(labels.volume_ml("tumour_1"), rel=1e-9)
    with pytest.raises(MeshError, match=r"tumour_1 .*cover"):
        build_tetrahedra(labels, ["tumour_1", "liver"], size_mm=9.0)


@pytest.mark.parametrize(
    ("names", "sizes"),
    [
        (("liver", "portal_vein", "tumour_1"), {"size_mm": 7.0}),
        (("liver", "portal_vein", "tumour_1"), {"size_mm": 12.0, "fine_mm": 3.0, "near": "tumour_1"}),
        (("liver", "portal_vein", "hepatic_veins", "tumour_1", "kidney_right", "spleen"), {"size_mm": 8.0}),
    ],
    ids=["even", "graded", "six structures"],
)
def test_a_generated_patient_is_meshed_soundly(names, sizes):
    mesh = patient_mesh(names, **sizes)
    assert_sound(mesh, 10.0)
    report = tetrahedra_report(mesh, patient())
    assert report.conforming and report.overlapping_voxels == 0
    assert report.smallest_angle_deg == pytest.approx(angles_deg(mesh).min(), abs=1e-6)
    for region in report.regions:
        if region.name not in ("portal_vein", "hepatic_veins"):  # thinner than these tetrahedra, and flagged so
            # what thin vessels lose their organ gains; the tumour is three tetrahedra thick where the mesh is even
            allowed = {"liver": 4.0, "tumour_1": 1.0 if "near" in sizes else 2.5}.get(region.name, 0.5)
            assert abs(region.volume_error_percent) < allowed, region


def test_every_region_is_closed_and_outward():
    mesh = patient_mesh(("liver", "portal_vein", "tumour_1"), size_mm=7.0)
    report = tetrahedra_report(mesh, patient())
    for number, region in enumerate(report.regions):
        surface = trimesh.Trimesh(mesh.points_mm, boundary_of(mesh, mesh.regions == number), process=False)
        assert surface.is_watertight == region.manifold or not region.manifold
        assert surface.volume / 1000.0 == pytest.approx(region.volume_ml, rel=1e-9)
        assert region.manifold, region.name


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    seed=st.integers(0, 10_000), kinds=st.integers(1, 4), blur=st.floats(1.5, 4.0), spacing=st.floats(0.6, 2.5),
    size=st.floats(2.0, 4.0),
)
def test_random_blobs_are_meshed_soundly_or_refused_by_name(seed, kinds, blur, spacing, size):
    random = np.random.default_rng(seed)
    fields = [ndimage.gaussian_filter(random.standard_normal((22, 26, 24)), blur) for _ in range(kinds + 1)]
    numbers = np.argmax(fields, axis=0).astype(np.uint8)
    names = [f"part_{n + 1}" for n in range(kinds)]
    try:
        mesh = build_tetrahedra(label_map(numbers, (spacing, 1.0, 1.0), names), names, size_mm=size)
    except MeshError as refusal:
        assert any(name in refusal.line for name in names)
        return
    assert_sound(mesh)


@pytest.mark.parametrize("kind", [
    *(pytest.param(kind, marks=pytest.mark.long) for kind in ("noise", "checkerboard")),
    "single voxels", "nested", "full",
])
def test_hard_label_maps_are_meshed_soundly_or_refused_by_name(kind):
    random = np.random.default_rng(3)
    numbers = np.zeros((16, 18, 20), np.uint8)
    if kind == "noise":
        numbers = random.integers(0, 4, numbers.shape).astype(np.uint8)
    elif kind == "checkerboard":
        numbers[np.indices(numbers.shape).sum(axis=0) % 2 == 0] = 1
    elif kind == "single voxels":
        numbers[::4, ::4, ::4] = 1
    elif kind == "nested":
        for number, half in enumerate((8.0, 6.0, 4.0), start=1):
            numbers[ellipsoid(numbers.shape, (1, 1, 1), (half,) * 3)] = number
    else:
        numbers[:] = 1
    names = [f"part_{n}" for n in range(1, int(numbers.max()) + 1)]
    try:
        mesh = build_tetrahedra(label_map(numbers, (1.0,) * 3, names), names, size_mm=1.5)
    except MeshError as refusal:
        assert kind in ("checkerboard", "single voxels") and "part_1" in refusal.line
        return
    assert_sound(mesh)
    report = tetrahedra_report(mesh, label_map(numbers, (1.0,) * 3, names))
    if kind in ("nested", "full"):
        assert all(region.manifold and region.pieces == 1 for region in report.regions)


def test_the_optional_mesher_refuses_in_one_line_or_meshes():
    labels = label_map(ellipsoid((20, 20, 20), (1.0,) * 3, (7, 7, 7)), (1.0,) * 3, ["liver"])
    if not pytetwild_mesh.available():
        with pytest.raises(UsageError, match="pytetwild is not installed"):
            pytetwild_mesh.build_with_pytetwild(labels, "liver")
        pytest.skip("pytetwild is not installed: its refusal was checked, its mesh was not")
    mesh = pytetwild_mesh.build_with_pytetwild(labels, "liver", edge_share=0.2)
    assert volumes_mm3(mesh).min() > 0
    assert volumes_mm3(mesh).sum() / 1000.0 == pytest.approx(labels.volume_ml("liver"), rel=0.05)
    assert mesh.region_names == ("liver",)
