"""Closed surfaces as solids: joined, cut off each other, met, cut by planes.

The arithmetic is that of manifold3d (Apache-2.0), which gives a closed manifold for every input that is one, coplanar
faces and equal solids among them. What is no solid does not get that far: it is refused here by name, and
``mended`` (anatomy.solid.repair) puts right what can be put right without guessing.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.anatomy.surface.certificate import is_watertight
from anatomy_twin.anatomy.surface.closed_parts import closed_parts
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.kernels.mesh_boundary import pieces_of
from anatomy_twin.kernels.mesh_crossings import crossing_triangles
from anatomy_twin.kernels.mesh_nesting import nesting_of
from anatomy_twin.kernels.mesh_quality import measure
from anatomy_twin.units import check_point

Points = NDArray[np.float64]
Triangles = NDArray[np.int64]
THINNEST_MM: Final = 1e-7  # what is thinner on average (volume over area) is a seam of rounding, no solid
ADVICE: Final = "mend it first, or make the surface again from its labels"


def union(a: SurfaceMesh, b: SurfaceMesh) -> SurfaceMesh:
    """Return the surface of all that is in ``a`` or in ``b`` (closed solids in LPS mm).

    Raises ``MeshError`` for a surface that is no solid, see ``as_solid``.
    """
    joined = _operated("Add", a, b)
    if joined is None:
        raise MeshError("the union of two solids came out empty", advice="check that both are thicker than a seam")
    return joined


def difference(a: SurfaceMesh, b: SurfaceMesh) -> SurfaceMesh | None:
    """Return the surface of what is in ``a`` and not in ``b``; None where nothing is left.

    Raises ``MeshError`` for a surface that is no solid, see ``as_solid``.
    """
    return _operated("Subtract", a, b)


def intersection(a: SurfaceMesh, b: SurfaceMesh) -> SurfaceMesh | None:
    """Return the surface of what is in ``a`` and in ``b``; None where they do not overlap (touching is no overlap).

    Raises ``MeshError`` for a surface that is no solid, see ``as_solid``.
    """
    return _operated("Intersect", a, b)


def cut_by_plane(
    surface: SurfaceMesh, point_mm: ArrayLike, normal: ArrayLike
) -> tuple[SurfaceMesh | None, SurfaceMesh | None]:
    """Cut a solid in two; both halves are closed with flat faces, and their volumes add up to that of the solid.

    Parameters
    ----------
    surface : a closed solid in LPS mm.
    point_mm : any point of the plane.
    normal : (3,), any length above 0.

    Returns
    -------
    The half on the side that ``normal`` points to, and the other one; None for a side on which nothing lies.

    Raises
    ------
    DataError : the normal has no direction.
    MeshError : the surface is no solid, see ``as_solid``.
    """
    where = np.asarray(check_point("point_mm", np.asarray(point_mm, dtype=np.float64)))
    way = np.asarray(check_point("normal", np.asarray(normal, dtype=np.float64)))
    length = float(np.linalg.norm(way))
    if length < 1e-12:
        raise DataError("the normal of a plane has no direction", advice="give a vector that is longer than 0")
    as_solid(surface)
    centre = _centre(surface)
    way = way / length
    ahead, behind = _manifold(surface, centre).split_by_plane(tuple(way), float(way @ (where - centre)))
    return _surface(ahead, centre), _surface(behind, centre)


def split_pieces(surface: SurfaceMesh) -> tuple[SurfaceMesh, ...]:
    """Return the solids that do not hang together, the largest first; a hollow one keeps its cavities.

    Raises ``MeshError`` for a surface that is no solid, see ``as_solid``.
    """
    as_solid(surface)
    parts = closed_parts(surface)
    # hollows go with the solid that they are in; their depth is odd
    owner = np.where(parts.depths % 2, parts.around, np.arange(len(parts.depths)))
    pieces = [part_of(surface, owner[parts.of_triangle] == number) for number in np.unique(owner)]
    return tuple(sorted(pieces, key=lambda piece: -piece.volume_ml))


def as_solid(surface: SurfaceMesh, name: str = "") -> SurfaceMesh:
    """Return the surface as it is if it bounds a solid: closed, manifold, outward, not cutting through itself.

    Parameters
    ----------
    surface : triangles in LPS mm.
    name : how the error calls it.

    Raises
    ------
    MeshError : names what is wrong and how often, and what to do. Parts that overlap in one plane without crossing
        are not noticed.
    """
    if wrong := _wrong(surface):
        raise MeshError(f"the surface is no solid: {wrong}", where=name, advice=ADVICE)
    return surface


def _wrong(surface: SurfaceMesh) -> str:
    triangles = surface.triangles
    if not len(triangles):
        return "it has no triangles"
    if not is_watertight(triangles):
        return _why_not_closed(triangles, len(surface.points_mm))
    centred = surface.points_mm - _centre(surface)
    _, manifold, pieces, _, _ = measure(centred, triangles.astype(np.int32))
    if not manifold:
        return "it touches itself at a point, several fans of triangles meet there"
    if crossings := int(crossing_triangles(centred, triangles).sum()):
        return f"it cuts through itself at {crossings} of {len(triangles)} triangles"
    return _facing_wrongly(surface, pieces)


def _why_not_closed(triangles: Triangles, count: int) -> str:
    edges = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2)
    if (edges[:, 0] == edges[:, 1]).any():
        return "it has triangles that name a point twice"
    low, high = edges.min(axis=1), edges.max(axis=1)
    uses = np.unique(low * count + high, return_counts=True)[1]
    if single := int((uses == 1).sum()):
        return f"it is open, {single} edges have a triangle on one side only"
    if crowded := int((uses > 2).sum()):
        return f"it is not manifold, {crowded} edges have more than two triangles"
    return "neighbouring triangles face opposite ways"


def _facing_wrongly(surface: SurfaceMesh, pieces: int) -> str:
    """A solid's outermost shells face out, those within it in, those within these out again."""
    if pieces == 1:
        return "" if surface.volume_ml > 0 else "it is inside out"
    parts = closed_parts(surface)
    for volume_ml, depth in zip(parts.volumes_ml, parts.depths, strict=True):
        if depth % 2 == 0 and volume_ml <= 0:
            return "it is inside out" if depth == 0 else "a shell in a cavity of it is inside out"
        if depth % 2 and volume_ml > 0:
            return "one closed part lies in another and both face out"
    return ""


def nesting(shells: list[SurfaceMesh]) -> list[int]:
    """Return for each of several closed shells that do not cross how many others it lies in."""
    whole = _joined(shells)
    part = np.repeat(np.arange(len(shells), dtype=np.int32), [len(shell.triangles) for shell in shells])
    depth, _ = nesting_of(whole.points_mm - _centre(whole), whole.triangles.astype(np.int32), part, len(shells))
    return [int(one) for one in depth]


def shells_of(triangles: Triangles, count: int) -> list[NDArray[np.bool_]]:
    """Return for each set of triangles that hang together which they are, in the order of their first one."""
    group = pieces_of(triangles.astype(np.int32), count)[0][triangles[:, 0]]
    _, first = np.unique(group, return_index=True)
    return [group == group[at] for at in np.sort(first)]


def part_of(surface: SurfaceMesh, which: NDArray[np.bool_]) -> SurfaceMesh:
    """Return some triangles of a surface with the points that they need."""
    used, renamed = np.unique(surface.triangles[which], return_inverse=True)
    return SurfaceMesh(surface.points_mm[used], renamed.reshape(-1, 3).astype(np.int64))


def _joined(parts: list[SurfaceMesh]) -> SurfaceMesh:
    starts = np.cumsum([0, *(len(part.points_mm) for part in parts)])
    return SurfaceMesh(
        np.concatenate([part.points_mm for part in parts]),
        np.concatenate([part.triangles + start for part, start in zip(parts, starts, strict=False)]),
    )


def _centre(*surfaces: SurfaceMesh) -> Points:
    """The middle of the box around surfaces, on whole mm: taking it off and adding it again costs no digits."""
    low = np.min([surface.points_mm[surface.triangles].min(axis=(0, 1)) for surface in surfaces], axis=0)
    high = np.max([surface.points_mm[surface.triangles].max(axis=(0, 1)) for surface in surfaces], axis=0)
    return np.asarray(np.round((low + high) / 2.0))


def _manifold(surface: SurfaceMesh, centre: Points) -> Any:
    import manifold3d

    solid = manifold3d.Manifold(
        manifold3d.Mesh64(surface.points_mm - centre, np.ascontiguousarray(surface.triangles, dtype=np.uint64))
    )
    if solid.status() != manifold3d.Error.NoError:
        raise MeshError(f"the surface is no solid: {solid.status().name}", advice=ADVICE)
    return solid


def _operated(how: str, a: SurfaceMesh, b: SurfaceMesh) -> SurfaceMesh | None:
    import manifold3d

    as_solid(a, "the first one")
    as_solid(b, "the second one")
    centre = _centre(a, b)
    both = [_manifold(a, centre), _manifold(b, centre)]
    return _surface(manifold3d.Manifold.batch_boolean(both, getattr(manifold3d.OpType, how)), centre)


def _surface(solid: Any, centre: Points) -> SurfaceMesh | None:
    """Return a result as a surface; None where it is empty or but a seam of rounding. Raises if it is no solid."""
    import manifold3d

    if solid.status() != manifold3d.Error.NoError:
        raise MeshError(f"the solids could not be combined: {solid.status().name}", advice=ADVICE)
    if solid.is_empty() or solid.volume() <= THINNEST_MM * solid.surface_area():
        return None
    mesh = solid.to_mesh64()
    triangles = np.asarray(mesh.tri_verts, dtype=np.int64)
    names = np.arange(len(mesh.vert_properties))
    names[np.asarray(mesh.merge_from_vert, dtype=np.int64)] = np.asarray(mesh.merge_to_vert, dtype=np.int64)
    used, renamed = np.unique(names[triangles], return_inverse=True)
    points = np.asarray(mesh.vert_properties, dtype=np.float64)[used, :3] + centre
    triangles = renamed.reshape(-1, 3).astype(np.int64)
    if not is_watertight(triangles):
        raise MeshError("the result of the operation is not closed", advice="move one solid by a tenth of a mm")
    return SurfaceMesh(points, triangles)
