"""Tetrahedra of one structure against analysis: volume, surface, angles, physics; refusals; any grid, any order."""

from __future__ import annotations

import re
from functools import cache

import numba
import numpy as np
import pytest
import trimesh
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.tetra.build import build_tetrahedra, tetrahedra_report
from anatomy_twin.anatomy.tetra.size import level_sizes
from anatomy_twin.core import LabelMap, Segment, TetMesh, VolumeGeometry
from anatomy_twin.errors import Cancelled, DataError, MeshError, UsageError
from tests.support.reindexing import some_axes
from tests.support.tet_maps import (
    CODE,
    angles_deg,
    boundary_of,
    ellipsoid,
    faces_of,
    label_map,
    stiffness,
    volumes_mm3,
)

SPACING = (1.5, 1.2, 1.2)
SEMI = (35.0, 32.0, 42.0)
SHAPE = (56, 62, 78)


class Listener:
    cancelled = False

    def __init__(self):
        self.said, self.done = [], []

    def stage(self, name):
        pass

    def progress(self, fraction):
        self.done.append(fraction)

    def warn(self, message):
        self.said.append(message)


@cache
def organ() -> LabelMap:
    return label_map(ellipsoid(SHAPE, SPACING, SEMI), SPACING, ["liver"])


@cache
def mesh_of(size_mm: float) -> TetMesh:
    return build_tetrahedra(organ(), ["liver"], size_mm=size_mm)


@cache
def shell() -> TetMesh:
    shape, spacing = (58, 58, 58), (1.0, 1.0, 1.0)
    ball = ellipsoid(shape, spacing, (26.0,) * 3) & ~ellipsoid(shape, spacing, (11.0,) * 3)
    return build_tetrahedra(label_map(ball, spacing, ["shell"]), ["shell"], size_mm=3.0)


def assert_well_shaped(mesh: TetMesh) -> None:
    angles = angles_deg(mesh)
    assert angles.min() >= 5.0
    assert (angles > 10.0).mean() >= 0.999


@pytest.mark.parametrize("size_mm", [8.0, 4.0])
def test_an_ellipsoid_is_filled_with_well_shaped_tetrahedra(size_mm):
    mesh = mesh_of(size_mm)
    assert volumes_mm3(mesh).min() > 0
    assert_well_shaped(mesh)
    assert angles_deg(mesh).min() > 15.0  # one smooth surface: better than what is asked
    surface = trimesh.Trimesh(mesh.points_mm, boundary_of(mesh, np.ones(len(mesh.tetrahedra), bool)), process=False)
    assert surface.is_watertight and surface.is_winding_consistent
    assert surface.volume == pytest.approx(volumes_mm3(mesh).sum(), rel=1e-9)
    assert set(faces_of(mesh)[1]) == {1, 2}


@pytest.mark.parametrize("size_mm", [8.0, 4.0])
def test_volume_and_surface_are_those_of_the_ellipsoid(size_mm):
    mesh = mesh_of(size_mm)
    analytic = 4.0 / 3.0 * np.pi * np.prod(SEMI)
    assert volumes_mm3(mesh).sum() == pytest.approx(analytic, rel=0.005)
    centre = organ().geometry.center_mm
    points = mesh.points_mm[np.unique(boundary_of(mesh, np.ones(len(mesh.tetrahedra), bool)))]
    scaled = (points - centre) / np.array([SEMI[2], SEMI[1], SEMI[0]])  # the upright grid: k up, j back, i left
    level = np.linalg.norm(scaled, axis=1)
    slope = np.linalg.norm(scaled / np.array([SEMI[2], SEMI[1], SEMI[0]]), axis=1) / level
    away = np.abs(level - 1.0) / slope
    assert np.percentile(away, 95.0) < 0.6  # half a voxel: the labels themselves say no more
    assert away.max() < 1.2


def test_the_report_says_what_independent_formulas_say():
    mesh = mesh_of(4.0)
    report = tetrahedra_report(mesh, organ())
    angles = angles_deg(mesh)
    assert report.smallest_angle_deg == pytest.approx(angles.min(), abs=1e-6)
    assert report.largest_angle_deg == pytest.approx(angles.max(), abs=1e-6)
    assert (report.inverted, report.below_5_percent, report.below_10_percent) == (0, 0.0, 0.0)
    assert report.tetrahedra == len(mesh.tetrahedra) and report.conforming and report.overlapping_voxels == 0
    edges = np.linalg.norm(mesh.points_mm[mesh.tetrahedra[:, 0]] - mesh.points_mm[mesh.tetrahedra[:, 1]], axis=1)
    assert report.shortest_edge_mm <= edges.min() + 1e-9 and report.longest_edge_mm >= edges.max() - 1e-9
    (region,) = report.regions
    assert region.volume_ml == pytest.approx(volumes_mm3(mesh).sum() / 1000.0, rel=1e-9)
    assert region.voxel_volume_ml == pytest.approx(organ().volume_ml("liver"), rel=1e-9)
    assert abs(region.volume_error_percent) < 0.1
    assert region.pieces == 1 and region.manifold and not region.touches_border
    assert region.lost_percent < 1.0 and region.gained_percent < 1.0
    assert report.boundary_p95_mm < 0.5


def test_the_report_sees_what_is_wrong_with_a_mesh():
    mesh = mesh_of(8.0)
    inside_out = mesh.tetrahedra.copy()
    inside_out[:5] = inside_out[:5, [0, 1, 3, 2]]
    assert tetrahedra_report(TetMesh(mesh.points_mm, inside_out, mesh.regions, ("liver",)), organ()).inverted == 5
    doubled = np.concatenate([mesh.tetrahedra, mesh.tetrahedra[:40]])
    report = tetrahedra_report(TetMesh(mesh.points_mm, doubled, np.zeros(len(doubled), int), ("liver",)), organ())
    assert not report.conforming and report.overlapping_voxels > 0
    outer = faces_of(mesh)[1][faces_of(mesh)[2]].min(axis=1) == 1
    holed = mesh.tetrahedra[~outer]
    report = tetrahedra_report(TetMesh(mesh.points_mm, holed, np.zeros(len(holed), int), ("liver",)), organ())
    assert report.regions[0].lost_percent > 3.0 and report.regions[0].volume_error_percent < -3.0
    assert report.boundary_p95_mm > 1.0
    moved = TetMesh(mesh.points_mm + np.array([6.0, 0.0, 0.0]), mesh.tetrahedra, mesh.regions, ("liver",))
    assert tetrahedra_report(moved, organ()).regions[0].lost_percent > 5.0


def test_a_linear_field_is_reproduced_exactly():
    mesh = mesh_of(8.0)
    matrix = stiffness(mesh)
    wanted = mesh.points_mm @ [0.3, -0.2, 0.5] + 2.0
    held = np.zeros(len(mesh.points_mm), bool)
    held[boundary_of(mesh, np.ones(len(mesh.tetrahedra), bool))] = True
    found = wanted.copy()
    found[~held] = spsolve(matrix[~held][:, ~held].tocsc(), -matrix[~held][:, held] @ wanted[held])
    assert (~held).sum() > 500
    assert np.abs(found - wanted).max() / np.abs(wanted).max() < 1e-12


def test_the_conductance_of_a_spherical_shell_is_the_analytic_one():
    mesh = shell()
    assert_well_shaped(mesh)
    middle = np.array([-40.0, 12.0, 7.0]) + 28.5
    triangles = boundary_of(mesh, np.ones(len(mesh.tetrahedra), bool))
    radius = np.linalg.norm(mesh.points_mm - middle, axis=1)
    held = np.zeros(len(radius), bool)
    held[triangles] = True
    wanted = np.where(radius < 18.0, 1.0, 0.0)
    matrix = stiffness(mesh)
    found = wanted.copy()
    found[~held] = spsolve(matrix[~held][:, ~held].tocsc(), -matrix[~held][:, held] @ wanted[held])
    assert found @ (matrix @ found) == pytest.approx(4.0 * np.pi * 11.0 * 26.0 / (26.0 - 11.0), rel=0.03)


def test_cells_grow_away_from_the_target():
    near = tuple(organ().geometry.center_mm + np.array([25.0, 0.0, 0.0])), 6.0
    mesh = build_tetrahedra(organ(), ["liver"], size_mm=12.0, fine_mm=3.0, near=near)
    assert_well_shaped(mesh)
    assert set(faces_of(mesh)[1]) == {1, 2}
    away = np.linalg.norm(mesh.points_mm[mesh.tetrahedra].mean(axis=1) - near[0], axis=1)
    edge = np.cbrt(12.0 * volumes_mm3(mesh))  # a lattice tetrahedron has a twelfth of its cell
    assert np.median(edge[away < 6.0]) == pytest.approx(3.0, rel=0.05)
    assert np.percentile(edge[away > 40.0], 95.0) == pytest.approx(12.0, rel=0.1)  # half of them are cut by the surface
    assert len(mesh.tetrahedra) < 0.5 * organ().volume_ml("liver") * 12000.0 / 3.0**3
    report = tetrahedra_report(mesh, organ())
    assert report.conforming and report.overlapping_voxels == 0 and report.regions[0].manifold
    assert abs(report.regions[0].volume_error_percent) < 0.5


def test_the_coarse_size_is_the_one_asked_for_and_the_fine_one_no_larger():
    near, listener = (tuple(organ().geometry.center_mm + np.array([25.0, 0.0, 0.0])), 6.0), Listener()
    mesh = build_tetrahedra(organ(), ["liver"], size_mm=10.0, fine_mm=3.0, near=near, monitor=listener)
    away = np.linalg.norm(mesh.points_mm[mesh.tetrahedra].mean(axis=1) - near[0], axis=1)
    edge = np.cbrt(12.0 * volumes_mm3(mesh))
    assert np.median(edge[away < 6.0]) == pytest.approx(2.5, rel=0.05)
    assert np.percentile(edge[away > 40.0], 95.0) == pytest.approx(10.0, rel=0.1)
    assert any("2.5 mm, not 3" in line for line in listener.said)
    for size_mm, fine_mm, sizes in ((5.0, 1.5, 3), (5.0, 1.25, 3), (5.0, 5.0, 1), (0.3, 0.1, 3), (6.0, 5.9, 2)):
        assert level_sizes(size_mm, fine_mm, near) == (size_mm, sizes)


def test_a_sheet_and_a_rod_survive_and_say_what_they_lost():
    sheet = np.zeros((24, 50, 50), bool)
    sheet[11:13, 4:46, 4:46] = True
    listener = Listener()
    mesh = build_tetrahedra(label_map(sheet, (1.0,) * 3, ["sheet"]), ["sheet"], size_mm=3.0, monitor=listener)
    assert_well_shaped(mesh)
    report = tetrahedra_report(mesh, label_map(sheet, (1.0,) * 3, ["sheet"]))
    assert report.regions[0].pieces == 1 and abs(report.regions[0].volume_error_percent) < 5.0
    assert listener.done == sorted(listener.done) and listener.done[-1] == 1.0
    rod = np.zeros((16, 16, 60), bool)
    rod[6:9, 6:9, 5:55] = True
    listener = Listener()
    build_tetrahedra(label_map(rod, (1.0,) * 3, ["rod"]), ["rod"], size_mm=6.0, most_tetrahedra=0, monitor=listener)
    assert any("rod: " in line and "% of its voxels lost" in line for line in listener.said)


class TestThinStructures:
    """A tube in an organ, thinner than the tetrahedra asked for."""

    @staticmethod
    def tube(width_mm: float) -> LabelMap:
        places = np.stack(np.indices((34, 34, 44)), axis=-1) - np.array([17.0, 17.0, 22.0])
        way = np.array([0.3, 0.25, 1.0]) / np.linalg.norm([0.3, 0.25, 1.0])
        along = places @ way
        away = np.linalg.norm(places - along[..., None] * way, axis=-1)
        numbers = np.zeros(places.shape[:3], np.uint8)
        numbers[2:-2, 2:-2, 2:-2] = 1
        numbers[(away < width_mm / 2) & (np.abs(along) < 19)] = 2
        return label_map(numbers, (1.0,) * 3, ["liver", "vein"])

    @pytest.mark.parametrize(("width_mm", "lost_percent"), [(2.0, 15.0), (3.0, 6.0), (5.0, 6.0)])
    def test_it_survives_by_default(self, width_mm, lost_percent):
        labels = self.tube(width_mm)
        mesh = build_tetrahedra(labels, ["liver", "vein"], size_mm=8.0)
        assert_well_shaped(mesh)
        assert faces_of(mesh)[1].max() == 2
        report = tetrahedra_report(mesh, labels)
        vein = report.regions[1]
        assert vein.lost_percent < lost_percent and abs(vein.volume_error_percent) < 3.0
        assert vein.pieces == 1 and vein.manifold and report.regions[0].manifold
        surface = trimesh.Trimesh(mesh.points_mm, boundary_of(mesh, mesh.regions == 1), process=False)
        surface.remove_unreferenced_vertices()
        assert surface.is_watertight and surface.body_count == 1

    def test_tetrahedra_stay_large_where_nothing_is_thin(self):
        mesh = build_tetrahedra(self.tube(3.0), ["liver", "vein"], size_mm=8.0)
        edge = np.cbrt(12.0 * np.abs(volumes_mm3(mesh)))
        vein = mesh.points_mm[np.unique(mesh.tetrahedra[mesh.regions == 1])]
        away = cKDTree(vein).query(mesh.points_mm[mesh.tetrahedra].mean(axis=1))[0]
        assert edge[away > 9.0].max() > 7.0
        assert np.median(edge[mesh.regions == 1]) < 2.5

    def test_within_a_limit_of_their_number_or_told_with_the_size_that_would_do(self):
        labels, listener = self.tube(5.0), Listener()
        mesh = build_tetrahedra(labels, ["liver", "vein"], size_mm=6.0, most_tetrahedra=6_000, monitor=listener)
        assert len(mesh.tetrahedra) < 6_000
        line = next(line for line in listener.said if line.startswith("vein: ") and "lost" in line)
        found = re.search(r"edges of ([\d.]+) mm there would hold it, about (\d+) in all \(limit: 6000\)", line)
        assert found
        enough = build_tetrahedra(labels, ["liver", "vein"], size_mm=6.0, most_tetrahedra=int(found[2]) + 1)
        assert tetrahedra_report(enough, labels).regions[1].lost_percent < 8.0
        assert 0.4 * int(found[2]) < len(enough.tetrahedra) < 1.3 * int(found[2])
        even = build_tetrahedra(labels, ["liver", "vein"], size_mm=float(found[1]), most_tetrahedra=0)
        assert tetrahedra_report(even, labels).regions[1].lost_percent < 10.0
        with pytest.raises(MeshError, match=r"cannot hold vein: too thin; edges of [\d.]+ mm there would hold it"):
            build_tetrahedra(self.tube(2.0), ["liver", "vein"], size_mm=6.0, most_tetrahedra=6_000)

    def test_what_is_not_one_simple_sheet_is_told_by_name(self):
        numbers = np.zeros((14, 14, 14), np.uint8)
        numbers[2:7, 2:7, 2:7], numbers[7:12, 7:12, 7:12] = 1, 1  # two boxes that meet in one corner
        numbers[2:7, 7:12, 2:7], numbers[7:12, 2:7, 7:12] = 2, 2
        labels, listener = label_map(numbers, (1.0,) * 3, ["one", "two"]), Listener()
        mesh = build_tetrahedra(labels, ["one", "two"], size_mm=2.0, monitor=listener)
        told = {line.split(":")[0] for line in listener.said if "not manifold" in line}
        assert told == {region.name for region in tetrahedra_report(mesh, labels).regions if not region.manifold}


def test_what_ends_at_the_border_is_closed_there_and_flagged():
    block = np.zeros((20, 20, 20), bool)
    block[:, 4:16, 4:16] = True
    listener = Listener()
    labels = label_map(block, (1.0,) * 3, ["spine"])
    mesh = build_tetrahedra(labels, ["spine"], size_mm=3.0, monitor=listener)
    assert_well_shaped(mesh)
    report = tetrahedra_report(mesh, labels)
    assert report.regions[0].touches_border and any("border" in line for line in listener.said)
    assert abs(report.regions[0].volume_error_percent) < 0.5


@pytest.mark.parametrize("axes", some_axes(4, seed=5))
def test_the_mesh_does_not_depend_on_the_order_of_the_array(axes):
    turned = build_tetrahedra(organ().reindexed(*axes), ["liver"], size_mm=8.0)
    assert np.abs(turned.points_mm - mesh_of(8.0).points_mm).max() < 1e-9
    assert np.array_equal(turned.tetrahedra, mesh_of(8.0).tetrahedra)


def test_the_mesh_turns_with_the_geometry_and_left_handed_grids_too():
    rotation = trimesh.transformations.euler_matrix(0.2, -0.15, 0.25)[:3, :3]
    old = organ().geometry
    for mirror in (np.eye(3), np.diag([-1.0, 1.0, 1.0])):
        motion = rotation @ mirror
        origin = tuple(motion @ np.asarray(old.origin_mm) + [5.0, -60.0, 300.0])
        geometry = VolumeGeometry(old.shape, old.spacing_mm, motion @ old.direction, origin)
        mesh = build_tetrahedra(LabelMap(organ().array, geometry, organ().segments), ["liver"], size_mm=8.0)
        assert volumes_mm3(mesh).min() > 0
        if mirror[0, 0] > 0:
            expected = mesh_of(8.0).points_mm @ motion.T + [5.0, -60.0, 300.0]
            assert np.abs(mesh.points_mm - expected).max() < 1e-9


def test_any_number_of_threads_gives_the_same_mesh():
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = build_tetrahedra(organ(), ["liver"], size_mm=8.0)
    finally:
        numba.set_num_threads(threads)
    assert np.array_equal(one.points_mm, mesh_of(8.0).points_mm)


def test_refusals_name_what_is_wrong():
    labels = label_map(ellipsoid((30, 30, 30), (1.0,) * 3, (11, 11, 11)), (1.0,) * 3, ["liver", "spleen"])
    absent = Segment("tumour_1", 0, 0, CODE, (1, 2, 3), state="not found", note="no lesion seen")
    labels = LabelMap(labels.array, labels.geometry, (*labels.segments, absent))
    with pytest.raises(DataError, match="'kidney'"):
        build_tetrahedra(labels, ["kidney"], size_mm=3.0)
    with pytest.raises(MeshError, match="spleen has no tetrahedra: it has no voxels"):
        build_tetrahedra(labels, ["liver", "spleen"], size_mm=3.0)
    with pytest.raises(MeshError, match="tumour_1 has no tetrahedra: it is not found"):
        build_tetrahedra(labels, ["tumour_1"], size_mm=3.0)
    with pytest.raises(UsageError, match=r"twice \(liver\)"):
        build_tetrahedra(labels, ["liver", "liver"], size_mm=3.0)
    for names in ([], "liver"):
        with pytest.raises(UsageError, match="no structure"):
            build_tetrahedra(labels, names, size_mm=3.0)
    for size in (0.0, -1.0, float("nan")):
        with pytest.raises(DataError, match="size_mm"):
            build_tetrahedra(labels, ["liver"], size_mm=size)
        with pytest.raises(DataError, match="fine_mm"):
            build_tetrahedra(labels, ["liver"], size_mm=3.0, fine_mm=size, near="liver")
    with pytest.raises(UsageError, match="larger"):
        build_tetrahedra(labels, ["liver"], size_mm=3.0, fine_mm=4.0, near="liver")
    with pytest.raises(UsageError, match="together"):
        build_tetrahedra(labels, ["liver"], size_mm=3.0, fine_mm=1.0)
    with pytest.raises(UsageError, match="near is neither"):
        build_tetrahedra(labels, ["liver"], size_mm=4.0, fine_mm=1.0, near=(1.0, 2.0, 3.0))
    with pytest.raises(MeshError, match="near tumour_1: it is not found"):
        build_tetrahedra(labels, ["liver"], size_mm=4.0, fine_mm=1.0, near="tumour_1")
    with pytest.raises(MeshError, match="does not reach"):
        build_tetrahedra(labels, ["liver"], size_mm=4.0, fine_mm=1.0, near=((900.0, 0.0, 0.0), 5.0))
    with pytest.raises(MeshError, match="GB"):
        build_tetrahedra(labels, ["liver"], size_mm=0.01)
    with pytest.raises(MeshError, match=r"GB|too small"):
        build_tetrahedra(labels, ["liver"], size_mm=8.0, fine_mm=0.002, near="liver")
    with pytest.raises(MeshError, match="cannot hold liver: too thin"):
        build_tetrahedra(labels, ["liver"], size_mm=200.0, most_tetrahedra=0)


def test_a_mesh_and_labels_that_do_not_belong_together_are_refused():
    mesh = mesh_of(8.0)
    with pytest.raises(DataError, match="'spine'"):
        tetrahedra_report(TetMesh(mesh.points_mm, mesh.tetrahedra, mesh.regions, ("spine",)), organ())
    with pytest.raises(MeshError, match="no names"):
        tetrahedra_report(TetMesh(mesh.points_mm, mesh.tetrahedra, mesh.regions), organ())
    with pytest.raises(MeshError, match="without tetrahedra"):
        tetrahedra_report(TetMesh(mesh.points_mm, mesh.tetrahedra[:0], mesh.regions[:0], ("liver",)), organ())


def test_a_stopped_run_raises():
    listener = Listener()
    listener.cancelled = True
    with pytest.raises(Cancelled):
        build_tetrahedra(organ(), ["liver"], size_mm=8.0, monitor=listener)
