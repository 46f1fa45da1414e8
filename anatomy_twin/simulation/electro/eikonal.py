"""When a front that starts at given places reaches every place of the heart: the anisotropic eikonal equation.

A system is set up once (adjacency, coefficients) and solved many times, for other sources and other blocked points:

    system = on_triangles(surface, velocity_squared(0.6, 0.3, fibres))
    times = activation(system, [nearest_node(system, site_mm)]).times_ms

A velocity of 1 m/s is 1 mm/ms. A front knows no refractory time, no curvature and no way back: for re-entry tissue is
needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import SurfaceMesh, TetMesh, VolumeGeometry
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import eikonal as flat
from anatomy_twin.kernels import eikonal_solid as solid
from anatomy_twin.kernels.elements import normals_and_areas
from anatomy_twin.units import check_point, check_positive

FASTEST_M_S: Final = 10.0  # twice what Purkinje fibres reach; more is another unit
FARTHEST_SITE_MM: Final = 10.0
_PAIRS: Final = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


@dataclass(frozen=True, eq=False)
class EikonalSystem:
    """What many solves share. ``kind`` is "triangles", "tetrahedra" or "bricks", ``points_mm`` (N, 3) its nodes.

    ``tables`` are the arrays of the kernel, ``step_ms`` by which its limit rises; ``place`` (N,) is where the kernel
    keeps a node (near ones close together). ``voxels`` (N, 3) are the indices [k, j, i] of bricks, else empty.
    ``closed`` (N,) are nodes that are never reached, whatever else is blocked (None: there are none).
    """

    kind: str
    points_mm: NDArray[np.float64]
    step_ms: float
    tables: tuple[NDArray[Any], ...]
    place: NDArray[np.int64]
    voxels: NDArray[np.int64]
    closed: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Activation:
    """When each node is reached: ``times_ms`` (N,), inf where it never is; ``notes`` are lines for the reader."""

    times_ms: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Tell (N,) which nodes are reached."""
        return np.isfinite(self.times_ms)


def velocity_squared(
    along_m_s: ArrayLike, across_m_s: ArrayLike | None = None, fibres: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the squared velocity tensors (n, 6), xx, yy, zz, xy, xz, yz in (m/s)^2, of fibres.

    V = across^2 I + (along^2 - across^2) f f^T.

    Parameters
    ----------
    along_m_s, across_m_s : conduction velocity along and across the fibres, one number or one for each; without
        ``across_m_s`` the same in all directions.
    fibres : (n, 3), unit vectors; only needed where the velocities differ.

    Raises
    ------
    SimulationError : a velocity that is not above zero or above ``FASTEST_M_S``, fibres that are missing or no unit
        vectors.
    """
    along = np.atleast_1d(np.asarray(along_m_s, dtype=np.float64))
    across = along if across_m_s is None else np.atleast_1d(np.asarray(across_m_s, dtype=np.float64))
    for name, values in (("along", along), ("across", across)):
        if not (np.isfinite(values).all() and (values > 0).all() and (values <= FASTEST_M_S).all()):
            raise SimulationError(f"a conduction velocity {name} fibres is not above 0 and up to {FASTEST_M_S:g} m/s",
                                  advice="leave tissue that does not conduct out by `conducting` or `blocked`")
    if fibres is None:
        if across_m_s is not None and not np.array_equal(*np.broadcast_arrays(along, across)):
            raise SimulationError("velocities differ by direction and there are no fibres",
                                  advice="give fibres or one velocity")
        unit, count = np.zeros((1, 3)), along.size
    else:
        unit = np.asarray(fibres, dtype=np.float64)
        if unit.ndim != 2 or unit.shape[1] != 3 or not np.allclose(np.linalg.norm(unit, axis=1), 1.0, atol=1e-3):
            raise SimulationError("fibres are not unit vectors (n, 3)", advice="divide them by their lengths")
        count = len(unit)
    if any(values.size not in (1, count) for values in (along, across)):
        raise SimulationError(f"{along.size} and {across.size} velocities for {count} fibres", advice="give one each")
    difference, base = along**2 - across**2, across**2
    out = np.empty((count, 6))
    for n, (a, b) in enumerate(_PAIRS):
        out[:, n] = difference * unit[:, a] * unit[:, b] + (base if a == b else 0.0)
    return out


def on_triangles(
    surface: SurfaceMesh, velocities: ArrayLike, conducting: ArrayLike | None = None
) -> EikonalSystem:
    """Return the system of a surface; its nodes are the points of the surface.

    Parameters
    ----------
    surface : triangles in mm, open or closed, of any shape.
    velocities : (M, 6) or (1, 6), squared velocity tensors (see ``velocity_squared``); what points out of a triangle
        takes no part.
    conducting : (M,), triangles that are False are not there. Default: all.

    Raises
    ------
    SimulationError : arrays that do not fit, triangles without area, tensors that are not positive.
    """
    count = len(surface.triangles)
    velocity = _tensors(velocities, count, "triangles")
    normal, area = normals_and_areas(surface.points_mm, surface.triangles)
    if not (area > 0).all():
        where = surface.points_mm[surface.triangles[int(np.argmin(area))]].mean(axis=0)
        raise SimulationError("a triangle has no area", where=_at(where), advice="remesh the surface")
    across = np.eye(3) - normal[:, :, None] * normal[:, None, :]
    flattened = across @ _full(velocity) @ across + normal[:, :, None] * normal[:, None, :]
    metrics = _inverse(flattened, "triangles")
    tables, step, place = flat.prepared(
        surface.points_mm, surface.triangles, metrics, _flags(conducting, count, "triangles")
    )
    return EikonalSystem("triangles", surface.points_mm, step, tables, place, np.empty((0, 3), np.int64))


def on_tetrahedra(mesh: TetMesh, velocities: ArrayLike, conducting: ArrayLike | None = None) -> EikonalSystem:
    """Return the system of a mesh of tetrahedra; its nodes are the points of the mesh. See ``on_triangles``."""
    count = len(mesh.tetrahedra)
    velocity = _tensors(velocities, count, "tetrahedra")
    metrics = _packed(_inverse_full(_full(velocity), "tetrahedra"))
    tetrahedra = np.ascontiguousarray(mesh.tetrahedra, dtype=np.int32)
    rows = np.empty((count, 12))
    with np.errstate(all="ignore"):
        step = solid.fill_tetrahedra(mesh.points_mm, tetrahedra, velocity, metrics, rows)
    if not np.isfinite(rows).all():
        bad = int(np.argmax(~np.isfinite(rows).all(axis=1)))
        where = mesh.points_mm[mesh.tetrahedra[bad]].mean(axis=0)
        raise SimulationError("a tetrahedron has no volume", where=_at(where), advice="improve the mesh")
    start, corner = solid.corners_of_tetrahedra(tetrahedra, len(mesh.points_mm))
    tables = (start, corner, tetrahedra, rows, _flags(conducting, count, "tetrahedra"))
    return EikonalSystem(
        "tetrahedra", mesh.points_mm, step, tables, np.arange(len(mesh.points_mm)), np.empty((0, 3), np.int64)
    )


def on_bricks(mask: ArrayLike, geometry: VolumeGeometry, velocities: ArrayLike) -> EikonalSystem:
    """Return the system of the voxels of a mask; its nodes are their centres, in the order of ``np.argwhere(mask)``.

    Parameters
    ----------
    mask : bool [k, j, i] on ``geometry``, any orientation.
    velocities : (N, 6) of the nodes or (1, 6), squared velocity tensors in LPS (see ``velocity_squared``).

    Raises
    ------
    SimulationError : an empty mask, arrays that do not fit, tensors that are not positive.
    """
    tissue = np.asarray(mask, dtype=bool)
    if tissue.shape != geometry.shape:
        raise SimulationError(f"a mask of {tissue.shape} does not lie on a grid of {geometry.shape}")
    voxels = np.argwhere(tissue)
    if not len(voxels):
        raise SimulationError("a mask without voxels", advice="give a mask of tissue")
    velocity = _tensors(velocities, len(voxels), "voxels")
    to_steps = np.linalg.inv(geometry.affine[:3, :3])
    tensors = to_steps @ _full(velocity) @ to_steps.T
    metrics = _inverse_full(tensors, "voxels")
    number = np.full(np.add(tissue.shape, 2), -1, np.int32)
    number[1:-1, 1:-1, 1:-1][tissue] = np.arange(len(voxels), dtype=np.int32)
    strides = np.array([number.shape[1] * number.shape[2], number.shape[2], 1], np.int64)
    cell = (voxels + 1) @ strides
    step = float(np.sqrt(metrics[:, (0, 1, 2), (0, 1, 2)]).mean())
    tables = (cell, number.ravel(), strides, solid.ways_to_neighbours(), _packed(tensors), _packed(metrics))
    return EikonalSystem("bricks", geometry.to_world(voxels), step, tables, np.arange(len(voxels)), voxels)


def activation(
    system: EikonalSystem, sources: Sequence[int] | NDArray[np.integer[Any]], start_ms: ArrayLike = 0.0, *,
    blocked: ArrayLike | None = None, until_ms: float = math.inf,
) -> Activation:
    """Return when the front reaches every node.

    Parameters
    ----------
    system : of ``on_triangles``, ``on_tetrahedra`` or ``on_bricks``.
    sources : numbers of the nodes where fronts start.
    start_ms : when, one time or one for each source; a source that another front reaches before takes that time.
    blocked : (N,) bool, nodes that are never reached (a lesion); a front does not pass between two of them that share
        an edge.
    until_ms : fronts stop at this time, what they have not reached stays inf.

    Raises
    ------
    SimulationError : no source, one that is not there, not in conducting tissue, or blocked, a time that is not finite.
    """
    count = len(system.points_mm)
    at = np.atleast_1d(np.asarray(sources))
    if not at.size or at.dtype.kind not in "ui" or at.min() < 0 or at.max() >= count:
        raise SimulationError(f"the sources are not numbers of nodes from 0 to {count - 1}",
                              advice="see `nearest_node`")
    starts = np.broadcast_to(np.asarray(start_ms, dtype=np.float64), at.shape)
    if not np.isfinite(starts).all() or math.isnan(until_ms):
        raise SimulationError("a start time is not finite", advice="give times in ms")
    closed = np.zeros(count, bool)
    if system.closed is not None:
        closed[system.place] = system.closed
    if blocked is not None:
        closed[system.place] |= _flags(blocked, count, "nodes")
    if closed[system.place[at]].any():
        where = system.points_mm[at[closed[system.place[at]]][0]]
        raise SimulationError("a source is in blocked tissue", where=_at(where), advice="move it")
    arrive = {"triangles": flat.arrive_on_triangles, "tetrahedra": solid.arrive_in_tetrahedra,
              "bricks": solid.arrive_on_voxels}[system.kind]
    times = flat.solved(arrive, system.tables, system.step_ms, system.place[at], starts, closed, float(until_ms))
    found = times[system.place]
    missed = int(np.count_nonzero(~np.isfinite(found) & ~closed[system.place]))
    notes = (f"{missed} of {count} nodes are not reached",) if missed else ()
    return Activation(read_only(found, "times_ms"), notes)


def nearest_node(system: EikonalSystem, point_mm: ArrayLike, farthest_mm: float = FARTHEST_SITE_MM) -> int:
    """Return the number of the node nearest to a point in LPS mm.

    Raises ``SimulationError`` where it is farther than ``farthest_mm``: an electrode far from tissue.
    """
    point = np.asarray(check_point("point_mm", point_mm))
    check_positive("farthest_mm", farthest_mm)
    squared = ((system.points_mm - point) ** 2).sum(axis=1)
    found = int(np.argmin(squared))
    distance = math.sqrt(float(squared[found]))
    if distance > farthest_mm:
        raise SimulationError(f"the nearest tissue is {distance:.1f} mm away", where=_at(point),
                              advice="move the site to the wall")
    return found


def _tensors(velocities: ArrayLike, count: int, what: str) -> NDArray[np.float64]:
    values = np.asarray(velocities, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 6 or len(values) not in (1, count) or not np.isfinite(values).all():
        raise SimulationError(f"velocities of shape {values.shape} for {count} {what}",
                              advice="give finite numbers (n, 6), see `velocity_squared`")
    return np.ascontiguousarray(np.broadcast_to(values, (count, 6)))


def _flags(values: ArrayLike | None, count: int, what: str) -> NDArray[np.bool_]:
    if values is None:
        return np.ones(count, bool)
    flags = np.asarray(values)
    if flags.shape != (count,) or flags.dtype != bool:
        raise SimulationError(f"an array of {flags.dtype} {flags.shape} for {count} {what}",
                              advice="give one True or False for each")
    return np.ascontiguousarray(flags)


def _full(packed: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.empty((len(packed), 3, 3))
    for n, (a, b) in enumerate(_PAIRS):
        out[:, a, b] = out[:, b, a] = packed[:, n]
    return out


def _packed(full: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.ascontiguousarray(np.stack([full[:, a, b] for a, b in _PAIRS], axis=1))


def _inverse_full(tensors: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    if not (np.linalg.eigvalsh(tensors)[:, 0] > 0).all():
        raise SimulationError(f"a velocity tensor of the {what} is not positive", advice="see `velocity_squared`")
    return np.asarray(np.linalg.inv(tensors))


def _inverse(tensors: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    return _packed(_inverse_full(tensors, what))


def _at(point: NDArray[np.float64]) -> str:
    return "at {:.1f}, {:.1f}, {:.1f} mm".format(*point)
