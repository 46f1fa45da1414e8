"""What must hold for surfaces, tetrahedra, trees and wall thickness of any label map, checked by other means.

Each check returns lines, one for every fault; trimesh and plain numpy are the judges, not the product's certificates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numba
import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial.transform import Rotation

from anatomy_twin.anatomy.build import SLICES_ONLY, build_anatomy
from anatomy_twin.anatomy.tetra.build import build_tetrahedra
from anatomy_twin.anatomy.vessels.trees import vessel_trees
from anatomy_twin.anatomy.wall_thickness import wall_thickness
from anatomy_twin.core import Anatomy, LabelMap, SurfaceMesh, TetMesh, VesselTree, Volume, VolumeGeometry
from anatomy_twin.core.geometry import reindex
from anatomy_twin.errors import TwinError
from tests.fuzz.label_maps import Made
from tests.support.reindexing import ALL_AXES
from tests.support.tet_maps import angles_deg, boundary_of, faces_of, volumes_mm3

SAME = 1e-6  # of the size of the grid
BEYOND_VOXELS = 1e-4  # a surface ends where the scan does


@dataclass
class Told:
    """A monitor that keeps what it hears."""

    cancelled: bool = False
    lines: list[str] = field(default_factory=list)
    done: list[float] = field(default_factory=list)

    def stage(self, name: str) -> None:
        """Nothing is kept."""

    def progress(self, fraction: float) -> None:
        """Keep how far it is."""
        self.done.append(fraction)

    def warn(self, message: str) -> None:
        """Keep a line."""
        self.lines.append(message)


@dataclass
class Found:
    """Faults of one label map, and what came of its meshes."""

    faults: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


def check(made: Made, *, twice: bool = True) -> Found:
    """Return the faults of one label map; with ``twice`` also whether it is the same moved, re-indexed, in threads."""
    found = Found()
    for name, one in (("surfaces", _surfaces), ("tetrahedra", _tetrahedra), ("trees", _trees), ("wall", _wall)):
        try:
            one(made, found, twice)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no refusal by name
            found.faults.append(f"{name}: {type(error).__name__}: {error}")
    return found


def manifold(triangles: NDArray[np.int64]) -> bool:
    """Whether every edge is in two triangles and the triangles around every point hang together by edges."""
    if not len(triangles):
        return False
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    owner = np.tile(np.arange(len(triangles)), 3)
    order = np.lexsort(edges.T)
    ranked = edges[order]
    if len(ranked) % 2 or (ranked[::2] != ranked[1::2]).any() or (ranked[1:-1:2] == ranked[2::2]).all(axis=1).any():
        return False
    # corners of triangles are joined across edges; a point whose corners fall into two sets is a pinch
    one, two = owner[order[::2]], owner[order[1::2]]
    rows, columns = [], []
    for column in range(2):
        ends = ranked[::2, column]
        rows.append(3 * one + np.argmax(triangles[one] == ends[:, None], axis=1))
        columns.append(3 * two + np.argmax(triangles[two] == ends[:, None], axis=1))
    size = 3 * len(triangles)
    links = sparse.coo_matrix((np.ones(2 * len(one)), (np.concatenate(rows), np.concatenate(columns))), (size, size))
    return bool(csgraph.connected_components(links, directed=False)[0] == len(np.unique(triangles)))


def _surfaces(made: Made, found: Found, twice: bool) -> None:
    labels = made.labels
    anatomy = _anatomy(labels)
    if list(anatomy.structures) and set(anatomy.structures) != {segment.name for segment in labels.segments}:
        found.faults.append("surfaces: a structure for every segment is not there")
    for name, structure in anatomy.structures.items():
        mask = labels.mask(name)
        count = int(np.count_nonzero(mask))
        found.faults += [f"surfaces: {name}: {line}" for line in _surface_faults(structure, mask, labels.geometry)]
        if count and structure.certificate is not None:
            error = abs(structure.certificate.volume_error_percent)
            found.outcomes["surface"] += 1
            found.outcomes["surface, volume within 0.5 %"] += error < 0.5
            found.outcomes["surface, manifold"] += bool(structure.certificate.manifold)
        else:
            found.outcomes["no surface, and why"] += 1
    if twice:
        _same_again(made, found, "surfaces", _anatomy, _surface_arrays)


def _surface_faults(structure: Any, mask: NDArray[np.bool_], geometry: VolumeGeometry) -> Iterator[str]:
    surface, certificate = structure.surface, structure.certificate
    count = int(np.count_nonzero(mask))
    if surface is None:
        if count and structure.name not in SLICES_ONLY:
            yield "voxels and no surface"
        if not structure.note and structure.state == "ok":
            yield "no surface and no word why"
        return
    if not count:
        yield "a surface of no voxels"
        return
    if abs(structure.volume_ml - count * geometry.voxel_volume_ml) > 1e-9 * structure.volume_ml:
        yield "volume is not that of its voxels"
    for which, one in (("", surface), ("coarse: ", structure.coarse)):
        if one is not None:
            yield from (which + line for line in _closed_faults(one))
    body = _trimesh(surface)
    whole = body.is_watertight and body.is_winding_consistent
    if certificate.watertight != whole:
        yield f"certificate says watertight {certificate.watertight}, trimesh {whole}"
    if certificate.manifold != manifold(surface.triangles):
        yield f"certificate says manifold {certificate.manifold}"
    error = 100.0 * (body.volume / 1000.0 / structure.volume_ml - 1.0)
    if abs(error - certificate.volume_error_percent) > 1e-4 * max(1.0, abs(error)):
        yield f"certificate says {certificate.volume_error_percent} % of volume error, trimesh {error}"
    border = any(np.take(mask, end, axis).any() for axis in range(3) for end in (0, -1))
    if certificate.touches_border != border:
        yield f"certificate says touches_border {certificate.touches_border}"
    index = geometry.to_index(surface.points_mm)
    beyond = max(float((-0.5 - index).max()), float((index - np.asarray(geometry.shape) + 0.5).max()))
    if beyond > BEYOND_VOXELS:
        yield f"points {beyond:.2g} voxels beyond the scan"
    if count == 1 and "one voxel" not in structure.note:
        yield "one voxel, not told"


def _trimesh(surface: SurfaceMesh) -> trimesh.Trimesh:
    # moved to its own middle: far from it sums of volumes lose digits
    return trimesh.Trimesh(surface.points_mm - surface.points_mm.mean(axis=0), surface.triangles, process=False)


def _closed_faults(surface: SurfaceMesh) -> Iterator[str]:
    body = _trimesh(surface)
    if not body.is_watertight:
        yield "not watertight"
    if not body.is_winding_consistent:
        yield "winding not consistent"
    if body.volume <= 0:
        yield f"not outward: {body.volume:g} mm3"
    if len(np.unique(surface.triangles)) != len(surface.points_mm):
        yield "points of no triangle"
    corners = surface.triangles
    if (corners == np.roll(corners, 1, axis=1)).any():
        yield "a triangle names a point twice"


def _anatomy(labels: LabelMap) -> Anatomy:
    return build_anatomy(Volume(np.zeros(labels.geometry.shape, np.int16), labels.geometry), labels)


def _surface_arrays(anatomy: Anatomy) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    for name, structure in anatomy.structures.items():
        for kind in ("surface", "coarse"):
            surface = getattr(structure, kind)
            if surface is not None:
                yield f"{name} {kind}", surface.points_mm, surface.triangles


def _same_again(
    made: Made, found: Found, what: str, run: Callable[[LabelMap], Any],
    arrays: Callable[[Any], Iterator[tuple[str, NDArray[Any], NDArray[Any]]]],
) -> None:  # fmt: skip
    """The same labels moved in space, indexed otherwise, and worked on by another number of threads."""
    labels = made.labels
    first = list(arrays(run(labels)))
    random = np.random.default_rng(made.seed)
    axes = ALL_AXES[int(random.integers(1, len(ALL_AXES)))]
    for name, moved, motion in (
        ("re-indexed", labels.reindexed(*axes), (np.eye(3), np.zeros(3))),
        ("moved", *_moved(labels, random)),
    ):
        _compare(found, f"{what}: {name}", first, list(arrays(run(moved))), motion, labels.geometry)
    before = numba.get_num_threads()
    if numba.config.NUMBA_NUM_THREADS > 1:
        try:
            numba.set_num_threads(1 if before > 1 else numba.config.NUMBA_NUM_THREADS)
            other = list(arrays(run(labels)))
        finally:
            numba.set_num_threads(before)
        pairs = zip(first, other, strict=True)
        if not all(np.array_equal(a[n], b[n]) for a, b in pairs for n in (1, 2)):
            found.faults.append(f"{what}: another number of threads gives another result")
        found.outcomes[f"{what}: compared between numbers of threads"] += 1


def _moved(labels: LabelMap, random: np.random.Generator) -> tuple[LabelMap, tuple[NDArray[Any], NDArray[Any]]]:
    """The labels after a rigid motion, one that turns no axis of the grid beyond another."""
    geometry = labels.geometry
    order = geometry.canonical_axes()
    for spread in (0.5, 0.2, 0.05, 0.01, 0.001, 0.0):
        turn = Rotation.from_rotvec(random.normal(0.0, spread, 3)).as_matrix()
        shift = random.uniform(-300.0, 300.0, 3)
        origin = turn @ np.asarray(geometry.origin_mm) + shift
        other = replace(geometry, direction=turn @ geometry.direction, origin_mm=tuple(float(x) for x in origin))
        if other.canonical_axes() == order:
            break
    return replace(labels, geometry=other), (turn, shift)


def _compare(
    found: Found, what: str, first: list[Any], second: list[Any], motion: tuple[NDArray[Any], NDArray[Any]],
    geometry: VolumeGeometry,
) -> None:  # fmt: skip
    found.outcomes[f"{what}: compared"] += 1
    if [name for name, _, _ in first] != [name for name, _, _ in second]:
        found.faults.append(f"{what}: other results: {[n for n, _, _ in first]} and {[n for n, _, _ in second]}")
        return
    size = float(np.linalg.norm(np.asarray(geometry.shape) * geometry.spacing_mm))
    for (name, points, cells), (_, others, other_cells) in zip(first, second, strict=True):
        if points.shape != others.shape or not np.array_equal(cells, other_cells):
            found.faults.append(f"{what}: {name} has other cells")
        elif len(points):
            away = float(np.abs(points @ motion[0].T + motion[1] - others).max())
            if away > SAME * size:
                found.faults.append(f"{what}: {name} is {away:.3g} mm off")


def _tetrahedra(made: Made, found: Found, twice: bool) -> None:
    labels = made.labels
    names = [s.name for s in labels.segments if not s.absent and s.layer == 0][:4]
    random = np.random.default_rng([made.seed, 7])
    sizes: dict[str, Any] = {
        "size_mm": float(np.mean(labels.geometry.spacing_mm) * random.uniform(1.5, 6.0)),
        "most_tetrahedra": int(random.choice((0, 3_000, 20_000))),
    }
    if random.random() < 0.3 and names:
        sizes.update(fine_mm=sizes["size_mm"] / float(random.choice((1.5, 2.0, 4.0))), near=names[-1])
    told = Told()
    try:
        mesh = build_tetrahedra(labels, names, **sizes, monitor=told)
    except TwinError as refusal:
        found.outcomes["tetrahedra refused"] += 1
        if names and not any(name in refusal.line for name in names):
            found.faults.append(f"tetrahedra: refused without a name: {refusal.line}")
        return
    found.outcomes["tetrahedra"] += 1
    found.outcomes["tetrahedra, something told"] += bool(told.lines)
    found.faults += [f"tetrahedra: {line}" for line in _tet_faults(mesh, labels, told.lines, found)]
    if twice:
        _same_again(made, found, "tetrahedra", lambda some: build_tetrahedra(some, names, **sizes), _tet_arrays)


def _tet_faults(mesh: TetMesh, labels: LabelMap, told: list[str], found: Found) -> Iterator[str]:
    volumes = volumes_mm3(mesh)
    if volumes.min() <= 0:
        yield f"{int((volumes <= 0).sum())} inverted"
    angles = angles_deg(mesh)
    said = any("degrees of flat" in line for line in told)
    if angles.min() < 5.0:
        found.outcomes["tetrahedra, angles below 5 told"] += said
        yield f"angle of {angles.min():.2f} degrees, {'told' if said else 'not told'}"
    # a mesh of a few hundred has a part in a thousand in a handful: small ones are judged by count
    if (low := int((angles <= 10.0).sum())) > max(3, 0.001 * angles.size):
        yield f"{low} of {angles.size} angles at or below 10 degrees"
    if faces_of(mesh)[1].max() > 2:
        yield "a face of three tetrahedra"
    for number in (*range(len(mesh.region_names)), -1):
        chosen = mesh.regions == number if number >= 0 else np.ones(len(mesh.regions), bool)
        triangles = boundary_of(mesh, chosen)
        ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        key, other = ends[:, 0] * len(mesh.points_mm) + ends[:, 1], ends[:, 1] * len(mesh.points_mm) + ends[:, 0]
        if not np.array_equal(np.sort(key), np.sort(other)):
            yield f"boundary of region {number} is not closed"
        if number >= 0:
            name = mesh.region_names[number]
            if not manifold(triangles):
                found.outcomes["region not manifold"] += 1
                if not any(name in line and "manifold" in line for line in told):
                    found.outcomes["region not manifold, not told"] += 1
            else:
                found.outcomes["region manifold"] += 1
    if len(np.unique(mesh.tetrahedra)) != len(mesh.points_mm):
        yield "points of no tetrahedron"


def _tet_arrays(mesh: TetMesh) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    yield "mesh", mesh.points_mm, np.column_stack([np.sort(mesh.tetrahedra, axis=1), mesh.regions])


def _trees(made: Made, found: Found, twice: bool) -> None:
    labels = made.labels
    told = Told()
    trees = vessel_trees(labels, told)
    for name in ("portal", "hepatic", "arterial"):
        if name not in trees:
            found.outcomes["tree refused by name"] += 1
            if not any(line.startswith(f"no {name} tree") for line in told.lines):
                found.faults.append(f"trees: no {name} tree and no word why")
    for name, tree in trees.items():
        found.outcomes["tree"] += 1
        found.outcomes["tree, flagged"] += tree.state == "check"
        found.faults += [f"trees: {name}: {line}" for line in _tree_faults(tree, labels.geometry)]
    if twice and trees:
        _same_again(made, found, "trees", vessel_trees, _tree_arrays)


def _tree_faults(tree: VesselTree, geometry: VolumeGeometry) -> Iterator[str]:
    parents = np.asarray(tree.parents)
    if not (np.isfinite(tree.radius_mm).all() and (np.asarray(tree.radius_mm) > 0).all()):
        yield "a radius that is not positive"
    depth = np.zeros(len(parents), np.int64)
    at = parents.copy()
    for _ in range(len(parents) + 1):
        if not (at >= 0).any():
            break
        depth[at >= 0] += 1
        at = np.where(at >= 0, parents[at], -1)
    if (at >= 0).any():
        yield "parents run in a ring"
    index = geometry.to_index(tree.nodes_mm)
    # the line of a vessel that the border cuts may run beside the scan, within the vessel
    reach = np.maximum(np.asarray(tree.radius_mm)[:, None] / geometry.spacing_mm, 1.0) + 0.5
    if (index < -reach).any() or (index > np.asarray(geometry.shape) - 1 + reach).any():
        yield "nodes beyond the scan"
    if (parents < 0).sum() != 1:
        yield f"{int((parents < 0).sum())} roots"


def _tree_arrays(trees: Any) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    for name, tree in trees.items():
        yield name, np.asarray(tree.nodes_mm), np.asarray(tree.parents)
        yield f"{name} radius", np.zeros((0, 3)), np.round(tree.radius_mm, 5)


def _wall(made: Made, found: Found, twice: bool) -> None:
    geometry = made.labels.geometry
    told = Told()
    try:
        thickness = wall_thickness(made.wall, made.cavity, geometry, monitor=told)
    except TwinError as refusal:
        found.outcomes["wall refused by name"] += 1
        if not any(word in refusal.line for word in ("wall", "cavity")):
            found.faults.append(f"wall: refused without a name: {refusal.line}")
        return
    found.outcomes["wall"] += 1
    values = thickness.thickness_mm
    reached = np.isfinite(values)
    longest = float(np.abs(np.asarray(geometry.shape) * geometry.spacing_mm).sum())
    if (reached & ~made.wall).any():
        found.faults.append("wall: a thickness outside the wall")
    if (values[reached] <= 0).any() or (values[reached] > longest).any():
        found.faults.append(f"wall: thickness from {values[reached].min():g} to {values[reached].max():g} mm")
    share = 1.0 - np.count_nonzero(reached) / np.count_nonzero(made.wall)
    if abs(share - thickness.not_reached) > 1e-6:
        found.faults.append("wall: the share that was not reached is another")
    if share > 0.001 and not any("no thickness there" in line for line in thickness.warnings):
        found.faults.append("wall: what was not reached is not told")
    if not twice:
        return
    random = np.random.default_rng(made.seed)
    axes = ALL_AXES[int(random.integers(1, len(ALL_AXES)))]
    other = wall_thickness(reindex(made.wall, *axes), reindex(made.cavity, *axes), geometry.reindexed(*axes))
    if not np.array_equal(reindex(values, *axes), other.thickness_mm, equal_nan=True):
        found.faults.append("wall: re-indexed it has another thickness")
    moved = _moved(made.labels, random)[0].geometry
    again = wall_thickness(made.wall, made.cavity, moved)
    if not np.allclose(values, again.thickness_mm, rtol=1e-6, atol=1e-6, equal_nan=True):
        found.faults.append("wall: moved it has another thickness")
    found.outcomes["wall: compared"] += 1


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let kernels use ``count`` threads."""
    before = numba.get_num_threads()
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    try:
        yield
    finally:
        numba.set_num_threads(before)
