"""Decimation of surface complexes: nothing opens, nothing is torn from its neighbour, volumes and flat shapes stay."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys

import fast_simplification
import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial import Delaunay

from anatomy_twin.kernels.mesh_decimate import decimate_complex

# ---- complexes to decimate, from other sources than this project's surfaces


def voxel_complex(regions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All faces between voxels of different regions as two triangles each; points are voxel corners, index units."""
    padded = np.pad(regions, 1).astype(np.int64)
    corners = np.array(padded.shape) + 1
    triangles, sides = [], []
    for axis in range(3):
        below = padded.take(range(padded.shape[axis] - 1), axis=axis)
        above = padded.take(range(1, padded.shape[axis]), axis=axis)
        base = np.argwhere(below != above)
        base[:, axis] += 1
        one, two = np.eye(3, dtype=int)[[(axis + 1) % 3, (axis + 2) % 3]]
        quads = [base, base + one, base + one + two, base + two]
        number = np.stack([np.ravel_multi_index(tuple(corner.T), tuple(corners)) for corner in quads], axis=1)
        pair = np.stack([below[below != above], above[below != above]], axis=1)
        triangles += [number[:, [0, 1, 2]], number[:, [0, 2, 3]]]  # their normal looks along the axis: from below
        sides += [pair, pair]
    used, triangles = np.unique(np.concatenate(triangles), return_inverse=True)
    points = np.stack(np.unravel_index(used, tuple(corners)), axis=1).astype(float) - 1.0
    return points, triangles.reshape(-1, 3).astype(np.int32), np.concatenate(sides).astype(np.int32)


def surface_nets(labels: np.ndarray, spacing: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The smooth complex that VTK's surface nets make of labels; points are x, y, z in mm."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkSurfaceNets3D

    image = vtkImageData()
    image.SetDimensions(*labels.shape[::-1])
    image.SetSpacing(*spacing[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(labels.astype(np.uint8).ravel(), deep=True))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetBackgroundLabel(0)
    nets.GenerateLabels(int(labels.max()), 1, int(labels.max()))
    nets.SetOutputMeshTypeToTriangles()
    nets.Update()
    out = nets.GetOutput()
    return (
        vtk_to_numpy(out.GetPoints().GetData()).astype(float),
        vtk_to_numpy(out.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32),
        vtk_to_numpy(out.GetCellData().GetArray("BoundaryLabels")).astype(np.int32),
    )


@pytest.fixture(scope="module")
def organs():
    """An organ that another one touches, with a vessel in it that leaves it and a lesion of 12 mm radius."""
    spacing = (1.5, 1.2, 1.2)
    k, j, i = np.ogrid[:70, :90, :100]
    z, y, x = k * 1.5 - 52.3, j * 1.2 - 54.2, i * 1.2 - 60.4
    labels = np.zeros((70, 90, 100), np.uint8)
    labels[(x / 48) ** 2 + (y / 40) ** 2 + (z / 42) ** 2 < 1] = 1
    labels[((x - 36) / 18) ** 2 + ((y - 32) / 20) ** 2 + ((z - 5) / 26) ** 2 < 1] = 2
    labels[(np.hypot(x - 8 * np.sin(z / 12), y + 5 * np.cos(z / 14)) < 5) & (np.abs(z) < 48)] = 3
    labels[(x + 22) ** 2 + (y - 8) ** 2 + (z - 3) ** 2 < 12**2] = 4
    return surface_nets(labels, spacing)


# ---- what is looked at


def outline(triangles: np.ndarray, sides: np.ndarray, members: set[int]) -> np.ndarray:
    """The triangles with exactly one side in the regions, turned alike."""
    first, second = (np.isin(sides[:, n], list(members)) for n in (0, 1))
    taken = triangles[first != second].copy()
    turned = second[first != second]
    taken[turned] = taken[turned][:, ::-1]
    return taken


def topology(triangles: np.ndarray) -> tuple[int, int, tuple[int, ...]]:
    """Euler characteristic, pieces that hang together by points, and the sorted kinds of edges (triangles per edge)."""
    if not len(triangles):
        return 0, 0, ()
    edges = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    points = np.unique(triangles)
    pieces = len(trimesh.graph.connected_components(unique, nodes=points))
    return len(points) - len(unique) + len(triangles), pieces, tuple(np.unique(counts))


def volume(points: np.ndarray, triangles: np.ndarray) -> float:
    a, b, c = (points[triangles[:, n]] for n in range(3))
    return float(abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6.0)


def ball(radius: float = 20.0) -> trimesh.Trimesh:
    return trimesh.creation.icosphere(subdivisions=5, radius=radius)


def one_structure(mesh: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sides = np.tile(np.array([[0, 1]], np.int32), (len(mesh.faces), 1))
    return mesh.vertices.copy(), mesh.faces.astype(np.int32), sides


def parted_ball(radius: float, height: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A ball of two regions, 1 above and 2 below the plane z = height; all three sheets are one net of a disc, bent."""
    rings = [(0.0, 0.0)] + [
        (ring / 24, 2 * np.pi * (n + 0.3 * ring) / (6 * ring)) for ring in range(1, 25) for n in range(6 * ring)
    ]
    share, angle = np.array(rings).T
    net = Delaunay(np.column_stack([share * np.cos(angle), share * np.sin(angle)])).simplices
    place = np.column_stack([share * np.cos(angle), share * np.sin(angle)])
    first, second = place[net[:, 1]] - place[net[:, 0]], place[net[:, 2]] - place[net[:, 0]]
    net = np.where((first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] < 0)[:, None], net[:, ::-1], net)
    limb = np.arccos(height / radius)
    sheets, triangles = [], []
    for number, (polar, wide) in enumerate((
        (None, None), (limb * share, radius), (np.pi - (np.pi - limb) * share, radius)
    )):
        across = np.sin(polar) * wide if polar is not None else share * np.sqrt(radius**2 - height**2)
        up = np.cos(polar) * wide if polar is not None else np.full(len(share), height)
        sheets.append(np.column_stack([across * np.cos(angle), across * np.sin(angle), up]))
        own = np.where(share == 1.0, np.arange(len(share)), np.arange(len(share)) + number * len(share))
        triangles.append(own[net if number < 2 else net[:, ::-1]])
    # normals of the disc and the cap look up, that of the bowl down: into the first region each
    sides = np.repeat(np.array([[1, 2], [0, 1], [0, 2]], np.int32), len(net), axis=0)
    return np.concatenate(sheets), np.concatenate(triangles).astype(np.int32), sides


# ---- topology


def test_every_union_of_structures_stays_closed_and_interfaces_stay_shared(organs):
    points, triangles, sides = organs
    fewer_points, fewer, parts, _ = decimate_complex(points, triangles, sides, 0.5, len(triangles) // 8)
    assert len(triangles) // 8 * 0.9 < len(fewer) <= len(triangles) // 8
    assert {tuple(pair) for pair in parts} == {tuple(pair) for pair in sides}
    for size in (1, 2):
        for members in itertools.combinations((1, 2, 3, 4), size):
            before, after = outline(triangles, sides, set(members)), outline(fewer, parts, set(members))
            assert topology(after) == topology(before), members
            mesh = trimesh.Trimesh(fewer_points, after, process=False)
            assert mesh.is_watertight and mesh.is_winding_consistent, members
            assert volume(fewer_points, after) == pytest.approx(volume(points, before), rel=2e-4), members
    assert len(np.unique(np.sort(fewer, axis=1), axis=0)) == len(fewer)
    assert len(np.unique(fewer_points, axis=0)) == len(fewer_points)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, max_side=5), elements=st.integers(0, 3)))
def test_random_labels_keep_the_kind_of_every_surface(regions):
    """Checkerboards, sheets, single voxels, rims of four triangles: however bad, it stays what it was."""
    points, triangles, sides = voxel_complex(regions)
    fewer_points, fewer, parts, _ = decimate_complex(points, triangles, sides, 2.0, 0)
    assert topology(fewer)[:2] == topology(triangles)[:2]
    for members in ({1}, {2}, {3}, {1, 2}, {2, 3}):
        before, after = outline(triangles, sides, members), outline(fewer, parts, members)
        assert topology(after)[:2] == topology(before)[:2]
        assert all(count % 2 == 0 for count in topology(after)[2])  # closed, whatever meets
    corners = fewer_points[fewer]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    assert not len(area) or area.min() > 0


def test_the_smallest_closed_pieces_stay():
    points, triangles, sides = voxel_complex(np.ones((1, 1, 1)))
    fewer_points, fewer, parts, _ = decimate_complex(points, triangles, sides, 10.0, 0)
    assert topology(fewer) == (2, 1, (2,)) and len(fewer) == 4
    assert volume(fewer_points, outline(fewer, parts, {1})) == pytest.approx(1.0, rel=1e-9)
    pyramid = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    four = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)
    same_points, same, _, _ = decimate_complex(pyramid, four, np.tile(np.array([[1, 0]], np.int32), (4, 1)), 10.0, 0)
    assert np.array_equal(same, four)
    assert np.allclose(same_points, pyramid)


def test_an_open_sheet_keeps_its_border():
    """A flat square with a square hole: its borders are rims of one triangle, straight but at their corners."""
    j, i = np.divmod(np.arange(21 * 21), 21)
    points = np.column_stack([i, j, np.zeros(len(i))]).astype(float)
    kept = [a for a in range(20 * 21) if a % 21 < 20 and not (8 <= a % 21 < 12 and 8 <= a // 21 < 12)]
    cells = [(a, a + 1, a + 22, a + 21) for a in kept]
    triangles = np.array([half for a, b, c, d in cells for half in ((a, b, c), (a, c, d))], np.int32)
    sides = np.tile(np.array([[0, 1]], np.int32), (len(triangles), 1))
    fewer_points, fewer, _, _ = decimate_complex(points, triangles, sides, 1e-5, 0)
    assert topology(fewer) == (0, 1, (1, 2)) == topology(triangles)
    assert len(fewer) < 60
    assert trimesh.Trimesh(fewer_points, fewer, process=False).area == pytest.approx(20 * 20 - 4 * 4)
    assert np.abs(fewer_points[:, 2]).max() < 1e-9


@pytest.mark.parametrize("target", [-5, 0, 4])
def test_any_target_and_an_endless_tolerance_end(target):
    _, triangles, _, _ = decimate_complex(*one_structure(ball(5.0)), np.inf, target)
    assert 4 <= len(triangles) < 200
    assert topology(triangles) == (2, 1, (2,))


def test_nothing_gives_nothing():
    found = decimate_complex(np.empty((0, 3)), np.empty((0, 3), np.int32), np.empty((0, 2), np.int32), 1.0, 10)
    assert [len(part) for part in found] == [0, 0, 0, 0]


# ---- shape


def test_a_cube_parted_into_eight_boxes_keeps_its_planes_rims_and_corners():
    """Every rim is straight and every surface flat: all can go but what the planes need, and without any error."""
    regions = np.indices((12, 10, 14)) >= np.array([5, 6, 7])[:, None, None, None]
    points, triangles, sides = voxel_complex(1 + regions[0] + 2 * regions[1] + 4 * regions[2])
    fewer_points, fewer, parts, _ = decimate_complex(points, triangles, sides, 1e-5, 0)
    assert len(fewer) < len(triangles) / 8
    for region in range(1, 9):
        before, after = outline(triangles, sides, {region}), outline(fewer, parts, {region})
        assert topology(after) == (2, 1, (2,))
        assert volume(fewer_points, after) == pytest.approx(volume(points, before), rel=1e-9)
    planes = [np.array([0.0, cut, size]) for cut, size in ((5, 12), (6, 10), (7, 14))]
    near = np.stack([np.abs(fewer_points[:, [n]] - planes[n]).min(axis=1) for n in range(3)], axis=1)
    assert np.sort(near, axis=1)[:, 0].max() < 1e-6  # every point on some plane
    for corner in itertools.product(*planes):
        assert np.linalg.norm(fewer_points - corner, axis=1).min() < 1e-6


def test_a_contact_rim_keeps_its_circle():
    """Two regions share a flat disc in a ball: the rim of the disc is a circle of known place and radius."""
    points, triangles, sides = parted_ball(20.0, 5.0)
    fewer_points, fewer, parts, _ = decimate_complex(points, triangles, sides, 0.1, 1500)
    assert len(fewer) <= 1500
    rim = np.intersect1d(fewer[(parts == [1, 2]).all(axis=1)], fewer[(parts == [0, 2]).all(axis=1)])
    assert 12 <= len(rim) < 80
    radius = np.hypot(fewer_points[rim, 0], fewer_points[rim, 1])
    assert np.abs(fewer_points[rim, 2] - 5.0).max() < 0.05
    assert np.abs(radius - np.sqrt(20.0**2 - 5.0**2)).max() < 0.15


def test_a_small_ball_keeps_its_volume_and_the_tolerance_is_kept():
    mesh = ball(5.0)
    before = volume(mesh.vertices, mesh.faces)
    for tolerance_mm in (0.01, 0.05, 0.2):
        points, triangles, _, _ = decimate_complex(*one_structure(mesh), tolerance_mm, 4)
        assert volume(points, triangles) == pytest.approx(before, rel=1e-4)
        off = np.abs(np.linalg.norm(points, axis=1) - 5.0)
        assert np.sqrt((off**2).mean()) <= 1.5 * tolerance_mm
    assert len(triangles) < 400


def test_it_is_nearer_to_the_truth_than_plain_quadrics():
    """Beside fast-simplification at the same number of triangles, on an ellipsoid with an exact distance bound."""
    mesh = ball(1.0)
    axes = np.array([60.0, 45.0, 50.0])
    points, triangles = mesh.vertices * axes, mesh.faces.astype(np.int32)
    target = len(triangles) // 12
    peer_points, peer = fast_simplification.simplify(points.astype(np.float32), triangles, target_count=target, agg=7.0)
    ours_points, ours, _, _ = decimate_complex(points, triangles, one_structure(mesh)[2], 5.0, target)
    assert len(ours) <= len(peer) + 2

    def off(points, triangles):
        places = np.concatenate([points, points[triangles].mean(axis=1)])
        level = ((places / axes) ** 2).sum(axis=1) - 1.0
        return np.abs(level / np.linalg.norm(2 * places / axes**2, axis=1))

    before = volume(points, triangles)
    ours_error, peer_error = (volume(p, t) / before - 1.0 for p, t in ((ours_points, ours), (peer_points, peer)))
    assert abs(ours_error) < 1e-5 < abs(peer_error)
    assert off(ours_points, ours).mean() < off(peer_points, peer).mean()
    angles = np.degrees(trimesh.Trimesh(ours_points, ours, process=False).face_angles)
    peer_angles = np.degrees(trimesh.Trimesh(peer_points, peer, process=False).face_angles)
    assert np.percentile(angles, 5) > np.percentile(peer_angles, 5)
    assert angles.min() > 8


def test_a_turned_and_moved_complex_gives_the_same_shape(organs):
    points, triangles, sides = organs
    turn = trimesh.transformations.euler_matrix(0.4, -0.7, 1.1)[:3, :3]
    moved = points @ turn.T + [130.0, -40.0, 900.0]
    target = len(triangles) // 6
    plain = decimate_complex(points, triangles, sides, 0.4, target)
    turned = decimate_complex(moved, triangles, sides, 0.4, target)
    assert len(turned[1]) == pytest.approx(len(plain[1]), rel=0.01)
    for region in (1, 2, 3, 4):
        one, other = (outline(found[1], found[2], {region}) for found in (plain, turned))
        assert volume(turned[0] - turned[0].mean(axis=0), other) == pytest.approx(volume(plain[0], one), rel=2e-4)
        back = (turned[0] - [130.0, -40.0, 900.0]) @ turn
        first, second = trimesh.Trimesh(plain[0], one, process=False), trimesh.Trimesh(back, other, process=False)
        assert first.area == pytest.approx(second.area, rel=2e-3)


def test_the_input_stays_and_threads_change_nothing(organs, tmp_path):
    points, triangles, sides = (part.copy() for part in organs)
    found = decimate_complex(points, triangles, sides, 0.4, len(triangles) // 6)
    assert all(np.array_equal(part, same) for part, same in zip((points, triangles, sides), organs, strict=True))
    code = (
        "import sys, hashlib, numpy as np\n"
        "from anatomy_twin.kernels.mesh_decimate import decimate_complex\n"
        "given = np.load(sys.argv[1])\n"
        "found = decimate_complex(given['p'], given['t'], given['s'], 0.4, len(given['t']) // 6)\n"
        "print(hashlib.sha256(b''.join(part.tobytes() for part in found)).hexdigest())"
    )
    digest = hashlib.sha256(b"".join(part.tobytes() for part in found)).hexdigest()
    np.savez(tmp_path / "complex.npz", p=points, t=triangles, s=sides)
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "complex.npz"], capture_output=True, text=True,
                          env={**os.environ, "NUMBA_NUM_THREADS": "3"})  # fmt: skip
    assert done.stdout.strip() == digest, done.stderr
