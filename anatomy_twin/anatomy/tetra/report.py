"""What a mesh of tetrahedra is worth: measured afresh from the mesh and the labels it stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, spatial
from scipy.sparse import csgraph

from anatomy_twin.anatomy.tetra.size import Floats, RegionBlock, check_tetrahedra, cut_out, make_field
from anatomy_twin.core import SILENT, LabelMap, Monitor, TetMesh, check_cancelled
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels import tet_field, tet_quality
from anatomy_twin.kernels.mesh_quality import measure

REPORT_BYTES_PER_TETRAHEDRON = 550  # measured
FACES = ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1))  # outward, each opposite its corner
ANGLES_AT_ONCE = 300_000  # some tenths of a second
EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


@dataclass(frozen=True, slots=True)
class TetRegion:
    """One region of a mesh.

    ``volume_error_percent`` is mesh against voxels, signed; ``lost_percent`` the share of its voxels whose centres lie
    in no tetrahedron of it, ``gained_percent`` that of other voxels (gaps thinner than tetrahedra among them) which do,
    both of its own voxels. ``pieces`` counts parts that no face connects; ``manifold`` says whether every edge of its
    closed boundary is in two boundary faces and every point of it in one fan of them. ``touches_border``: the
    structure is cut off by the border of the scan.
    """

    name: str
    tetrahedra: int
    volume_ml: float
    voxel_volume_ml: float
    volume_error_percent: float
    lost_percent: float
    gained_percent: float
    pieces: int
    manifold: bool
    touches_border: bool


@dataclass(frozen=True, slots=True)
class TetReport:
    """Numbers of a mesh; angles are dihedral.

    ``below_5_percent`` and ``below_10_percent`` are shares of all dihedral angles. ``boundary_p95_mm`` is the distance
    below which 95 % of the corners and centres of all boundary and interface triangles lie from the smooth boundary of
    the labels, ``boundary_max_mm`` the largest; beyond the width of the blur (two voxels) distances are those to the
    centres of voxel faces around the two regions. ``conforming``: no face belongs to more than two tetrahedra and both
    see it from their own side.
    ``overlapping_voxels`` counts voxel centres that lie inside more than one tetrahedron.
    """

    tetrahedra: int
    points: int
    inverted: int
    smallest_angle_deg: float
    largest_angle_deg: float
    angle_p1_deg: float
    below_5_percent: float
    below_10_percent: float
    shortest_edge_mm: float
    median_edge_mm: float
    longest_edge_mm: float
    boundary_p95_mm: float
    boundary_max_mm: float
    conforming: bool
    overlapping_voxels: int
    regions: tuple[TetRegion, ...]


def tetrahedra_report(mesh: TetMesh, labels: LabelMap, monitor: Monitor = SILENT) -> TetReport:
    """Return the numbers of a mesh that ``build_tetrahedra`` (or another program) made of ``labels``.

    Raises ``MeshError`` where the mesh has no tetrahedra or no names, or memory would not suffice; what
    ``build_tetrahedra`` raises for names that the label map does not have; ``Cancelled`` where the user stopped.
    """
    if not len(mesh.tetrahedra):
        raise MeshError("a mesh without tetrahedra")
    if not mesh.region_names:
        raise MeshError("a mesh whose regions have no names cannot be held against labels")
    check_tetrahedra(len(mesh.tetrahedra), each_bytes=REPORT_BYTES_PER_TETRAHEDRON)
    block = cut_out(labels, mesh.region_names, monitor)
    spacing = np.asarray(block.geometry.spacing_mm)
    points = np.ascontiguousarray(block.geometry.to_index(mesh.points_mm) * spacing)
    cells = mesh.tetrahedra
    if np.linalg.det(block.geometry.direction) < 0:
        cells = cells[:, [0, 1, 3, 2]]
    regions = mesh.regions + 1
    corners = np.ascontiguousarray(cells, dtype=np.int32)
    angles = _angles_deg(points, corners, monitor)
    monitor.progress(0.1)
    volumes = tet_quality.region_volumes(points, corners, regions, len(block.names) + 1)
    check_cancelled(monitor)
    table = _table(points, corners, regions, block)
    check_cancelled(monitor)
    lengths = _edge_lengths_mm(points, cells, monitor)
    monitor.progress(0.4)
    check_cancelled(monitor)
    faces = _Faces.of(cells, monitor)
    monitor.progress(0.6)
    check_cancelled(monitor)
    away = _boundary_distances(points, faces, regions, block, monitor)
    monitor.progress(0.9)
    number_of = np.append(regions, -1)  # the place that -1 (no tetrahedron) means
    one, two = faces.sides.T
    joined = faces.sides[(two >= 0) & (number_of[one] == number_of[two])]
    links = sparse.coo_matrix((np.ones(len(joined), np.int8), (joined[:, 0], joined[:, 1])), shape=(len(cells),) * 2)
    parts = csgraph.connected_components(links, directed=False)[1]
    found = []
    for number, name in enumerate(block.names, start=1):
        check_cancelled(monitor)
        found.append(_region(name, number, points, parts, regions, volumes, table, faces, block))
    monitor.progress(1.0)
    return TetReport(
        tetrahedra=len(cells),
        points=len(points),
        inverted=int((angles.min(axis=1) < 0).sum()),
        smallest_angle_deg=float(angles.min()),
        largest_angle_deg=float(angles.max()),
        angle_p1_deg=float(np.percentile(angles.min(axis=1), 1.0)),
        below_5_percent=float((angles < 5.0).mean() * 100.0),
        below_10_percent=float((angles < 10.0).mean() * 100.0),
        shortest_edge_mm=float(lengths.min()),
        median_edge_mm=float(np.median(lengths)),
        longest_edge_mm=float(lengths.max()),
        boundary_p95_mm=float(np.percentile(away, 95.0)),
        boundary_max_mm=float(away.max()),
        conforming=faces.conforming,
        overlapping_voxels=int(table[-1, 0]),
        regions=tuple(found),
    )


def lost_and_gained_percent(
    points: Floats, cells: NDArray[np.int32], regions: NDArray[np.int64], block: RegionBlock
) -> tuple[Floats, Floats]:
    """Return ``TetRegion.lost_percent`` and ``gained_percent`` of each region (regions,)."""
    return _shares(_table(points, cells, regions, block))


def _shares(table: NDArray[np.int64]) -> tuple[Floats, Floats]:
    own = np.diagonal(table)[1:]
    voxels = table[1:-1].sum(axis=1)
    return np.asarray(100.0 * (1.0 - own / voxels)), np.asarray(100.0 * (table[:-1, 1:].sum(axis=0) - own) / voxels)


def _table(
    points: Floats, cells: NDArray[np.int32], regions: NDArray[np.int64], block: RegionBlock
) -> NDArray[np.int64]:
    index = points / np.asarray(block.geometry.spacing_mm)
    return tet_quality.held_voxels(index, cells, regions, block.numbers, len(block.names) + 1)


@dataclass(frozen=True, eq=False)
class _Faces:
    """Distinct faces: outward corners as seen from the first tetrahedron, both tetrahedra (-1 none)."""

    corners: NDArray[np.int64]
    sides: NDArray[np.int64]
    conforming: bool

    @staticmethod
    def of(cells: NDArray[np.int64], monitor: Monitor) -> _Faces:
        every = cells[:, FACES].reshape(-1, 3)
        a, b, c = np.ascontiguousarray(every.T)
        low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
        middle, count = a + b + c - low - high, int(high.max()) + 1
        check_cancelled(monitor)
        if count < 2**21:  # one number for three corners sorts faster
            key = (low * count + middle) * count + high
            order = np.argsort(key)
            fresh = np.diff(key[order], prepend=-1) != 0
        else:
            key = low * count + middle
            order = np.lexsort((high, key))
            fresh = (np.diff(key[order], prepend=-1) != 0) | (np.diff(high[order], prepend=-1) != 0)
        check_cancelled(monitor)
        start = np.flatnonzero(fresh)
        shared = np.diff(np.append(start, len(order)))
        twice = np.flatnonzero(shared > 1)
        one, two = order[start], order[start[twice] + 1]
        # the lower one first, however equal numbers were sorted
        one[twice], two = np.minimum(one[twice], two), np.maximum(one[twice], two)
        sides = np.full((len(start), 2), -1)
        sides[:, 0] = one // 4
        sides[twice, 1] = two // 4
        corners = every[one]
        opposite = _parity(corners[twice]) != _parity(every[two])
        return _Faces(corners, sides, bool((shared <= 2).all() and opposite.all()))


def _angles_deg(points: Floats, corners: NDArray[np.int32], monitor: Monitor) -> Floats:
    """Return the six dihedral angles (M, 6) of every tetrahedron."""
    found = []
    for start in range(0, len(corners), ANGLES_AT_ONCE):
        check_cancelled(monitor)
        found.append(tet_quality.dihedral_degrees(points, corners[start : start + ANGLES_AT_ONCE]))
    return np.concatenate(found)


def _edge_lengths_mm(points: Floats, cells: NDArray[np.int64], monitor: Monitor) -> Floats:
    """Return the length of every distinct edge."""
    keys = []
    for one, two in EDGES:
        check_cancelled(monitor)
        a, b = cells[:, one], cells[:, two]
        keys.append(_distinct(np.minimum(a, b) * len(points) + np.maximum(a, b)))
    check_cancelled(monitor)
    low, high = np.divmod(_distinct(np.concatenate(keys)), len(points))
    check_cancelled(monitor)
    return np.asarray(np.linalg.norm(points[low] - points[high], axis=1))


def _distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return distinct numbers, none of them negative, in rising order (``np.unique`` takes ten times as long)."""
    numbers.sort()
    return np.asarray(numbers[np.diff(numbers, prepend=-1) != 0])


def _parity(triangles: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the corners of triangles rise cyclically."""
    a, b, c = triangles.T
    return np.asarray(((a < b).astype(int) + (b < c) + (c < a)) == 2)


def _boundary_distances(
    points: Floats, faces: _Faces, regions: NDArray[np.int64], block: RegionBlock, monitor: Monitor
) -> NDArray[np.float64]:
    """Distances of corners and centres of boundary and interface triangles to the smooth boundary of the labels."""
    number = np.append(regions, 0)  # the place that -1 (no tetrahedron) means
    one, two = number[faces.sides[:, 0]], number[faces.sides[:, 1]]
    shown = one != two
    held = (1 << one[shown]) | (1 << two[shown])
    triangles = faces.corners[shown]
    corners, which = np.unique(np.stack([triangles.ravel(), np.repeat(held, 3)], axis=1), axis=0).T
    places = np.concatenate([points[corners], points[triangles].mean(axis=1)])
    which = np.concatenate([which, held])
    spacing = np.asarray(block.geometry.spacing_mm)
    away = tet_field.offsets(make_field(block)[0], places, which, float(2.0 * spacing.max()))
    for pair in np.unique(which[away < 0.0]):
        check_cancelled(monitor)
        lost = (away < 0.0) & (which == pair)
        away[lost] = spatial.cKDTree(_voxel_faces(int(pair), block) * spacing).query(places[lost])[0]
    return away


def _voxel_faces(pair: int, block: RegionBlock) -> Floats:
    """Centres, in indices, of the voxel faces around the regions in ``pair``."""
    sides = 1 << np.pad(block.numbers, 1).astype(np.int64)
    found = []
    for axis in range(3):
        one, two = np.delete(sides, -1, axis=axis), np.delete(sides, 0, axis=axis)
        half = 0.5 * (np.arange(3) == axis) - 1.0  # the padding is one voxel wide
        found.append(np.argwhere((one != two) & ((one | two) & pair & ~1 > 0)) + half)
    return np.concatenate(found)


def _region(
    name: str, number: int, points: Floats, parts: NDArray[np.int32], regions: NDArray[np.int64], volumes: Floats,
    table: NDArray[np.int64], faces: _Faces, block: RegionBlock,
) -> TetRegion:
    inside = regions == number
    of_face = np.append(inside, False)[faces.sides]
    shown = of_face[:, 0] != of_face[:, 1]
    seen = faces.corners[shown]  # outward from the first tetrahedron; now from the region
    outer = np.where(of_face[shown, :1], seen, seen[:, ::-1])
    voxel_ml = float(block.volumes_mm3[number] / 1000.0)
    lost, gained = _shares(table)
    return TetRegion(
        name=name,
        tetrahedra=int(inside.sum()),
        volume_ml=float(volumes[number] / 1000.0),
        voxel_volume_ml=voxel_ml,
        volume_error_percent=float(100.0 * (volumes[number] / 1000.0 / voxel_ml - 1.0)),
        lost_percent=float(lost[number - 1]),
        gained_percent=float(gained[number - 1]),
        pieces=int(np.count_nonzero(np.bincount(parts[inside]))),
        manifold=measure(points, outer.astype(np.int32))[1],
        touches_border=block.border[number - 1],
    )
