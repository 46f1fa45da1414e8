"""The surfaces between all regions of a scan as one complex: smooth, shared by neighbours, true to every volume.

What shrinks small lesions in common pipelines (Gaussian blurs, surface nets with their usual smoothing) is avoided: the
filter passes what is not noise of the grid, no point leaves its place between two voxels, and what the filter still
takes from a structure is put back by moving its surfaces along their normals, so that touching structures stay in
touch and all volumes are those counted from voxels.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.memory import check_memory
from anatomy_twin.anatomy.surface.regions import RegionMap
from anatomy_twin.anatomy.surface.slivers import without_flat
from anatomy_twin.anatomy.surface.untangle import untangled, untangled_decimation
from anatomy_twin.core import SILENT, Monitor, SurfaceMesh, VolumeGeometry, check_cancelled
from anatomy_twin.kernels.mesh_boundary import corners_of_points, structure_boundary
from anatomy_twin.kernels.mesh_cell import IN_CELL, ON_CURVE, ON_EDGE
from anatomy_twin.kernels.mesh_decimate import decimate_complex
from anatomy_twin.kernels.mesh_extract import count_complex, extract
from anatomy_twin.kernels.mesh_smooth import add_smoothed, meeting_places
from anatomy_twin.kernels.mesh_volume import fluxes, moved_along_normals, surface_areas

HALVED_FREQUENCIES = (0.28, 0.12)  # on thin structures and on thick ones
THIN_TO_THICK_VOXELS = (0.5, 2.0)  # volume by voxel faces: a vessel of 3 voxels across and a ball of 18
FILTER_DEGREE = 20
SHEET_VOXELS = 0.6  # what is thinner (a sheet of one voxel: 0.5) is ragged and follows the organs that it lies on
YIELDING_TRUST = 0.1
TRUSTED_VOXELS = 0.05  # a surface that moves less to become smooth was smooth before
FARTHEST_SMOOTHED = 0.45  # of a voxel along each axis: a point stays between the two voxels that it parts
FARTHEST = 0.49
NEAR_END = 0.05  # of a voxel: what is nearer to the end of the scan was cut off there
FARTHEST_CORRECTED = 0.25  # of a voxel, after decimation
VOLUME_TOLERANCE = 5e-4
CORRECTIONS = 8
LEAST_CORRECTION = 1e-5  # of a voxel: not worth moving a surface, and looking it through again
SETTLINGS = 4  # of volumes and crossings in turn: what takes out crossings costs thin structures volume
BYTES_PER_POINT, BYTES_PER_TRIANGLE = 220, 120  # measured at the peak of extraction, smoothing and decimation


@dataclass(frozen=True, eq=False)
class Complex:
    """Triangles between regions. ``points_mm`` (N, 3) are index coordinates times spacing on ``geometry``.

    ``sides`` (M, 2) are the regions before and behind a triangle; ``member``, ``names`` are those of the region map,
    ``volumes_mm3`` [structure] what the voxels say. ``ends_mm`` [axis, low or high side] is where the scan ends and
    surfaces are cut off flat (infinite where they do not reach that far).
    """

    points_mm: NDArray[np.float64]
    triangles: NDArray[np.int32]
    sides: NDArray[np.int32]
    geometry: VolumeGeometry
    names: tuple[str, ...]
    member: NDArray[np.bool_]
    volumes_mm3: NDArray[np.float64]
    ends_mm: NDArray[np.float64]


def complex_of(
    regions: RegionMap, *, yielding: Collection[str] = (), memory_limit_bytes: int | None = None, exact: bool = True,
    monitor: Monitor = SILENT,
) -> Complex:
    """Return the smooth complex of a region map, every structure's volume that of its voxels, no triangles crossing.

    Parameters
    ----------
    regions : the map.
    yielding : structures that take the shape of their neighbours where both cannot be smooth (lung beside liver).
    memory_limit_bytes : what may be used; by default four fifths of what is free on this machine.
    exact : False where decimation follows and volumes are put back there: thin structures are a few percent off.
    monitor : told of progress; may cancel between stages, structures and rounds.

    Raises
    ------
    MeshError : the surfaces would need more memory than there is (counted before it is taken).
    Cancelled : the user stopped.
    """
    rank = _rank(regions)
    check_surface_memory(2 * regions.array.size, memory_limit_bytes)
    counted = count_complex(regions.array, rank)
    point_count, triangle_count = int(counted[1].sum(dtype=np.int64)), int(counted[2].sum(dtype=np.int64))
    check_cancelled(monitor)
    check_surface_memory(BYTES_PER_POINT * point_count + BYTES_PER_TRIANGLE * triangle_count, memory_limit_bytes)
    raw, kinds, triangles, sides = extract(regions.array, rank, counted)
    spacing = np.asarray(regions.geometry.spacing_mm)
    check_cancelled(monitor)
    raw *= spacing
    last = np.asarray(regions.array.shape) - 1.5
    found = Complex(
        raw, triangles, sides, regions.geometry, regions.names, regions.member,
        regions.structure_voxels.astype(np.float64) * (regions.geometry.voxel_volume_ml * 1000.0),
        np.where(regions.cut, np.stack([np.full(3, 0.5), last], axis=1) * spacing[:, None], (-np.inf, np.inf)),
    )
    _flatten_ends(found, kinds)
    smooth = replace(found, points_mm=_smoothed(found, kinds, regions.structure_voxels, yielding, monitor))
    check_cancelled(monitor)
    return _settled(smooth, found.points_mm, *_limits(found, FARTHEST * spacing), SETTLINGS if exact else 1, monitor)


def _smoothed(
    raw: Complex, kinds: NDArray[np.uint8], voxels: NDArray[np.int64], yielding: Collection[str], monitor: Monitor
) -> NDArray[np.float64]:
    """Smooth every structure, thick ones more than thin ones, and put shared points where all agree best."""
    planes = np.zeros((len(raw.points_mm), 9))
    thin, thick = THIN_TO_THICK_VOXELS
    spacing = np.asarray(raw.geometry.spacing_mm)
    trusted_mm = TRUSTED_VOXELS * float(spacing.min())
    at_end = np.zeros(len(planes), bool)
    for axis, side in np.argwhere(np.isfinite(raw.ends_mm)).tolist():
        at_end |= _in_end(raw, axis, side)
    there = np.flatnonzero(voxels)
    for step, number in enumerate(there):
        check_cancelled(monitor)
        monitor.progress(0.2 + 0.5 * step / len(there))  # what comes before and after takes about so long
        member = raw.member[number]
        origin, own = structure_boundary(raw.triangles, raw.sides, member, len(raw.points_mm), split=False)
        thickness = float(voxels[number] / np.count_nonzero(kinds[origin] == ON_EDGE))  # a point on an edge is a face
        softness = min(max((thickness - thin) / (thick - thin), 0.0), 1.0)
        half_at = HALVED_FREQUENCIES[0] + softness * (HALVED_FREQUENCIES[1] - HALVED_FREQUENCIES[0])
        trust = min(thickness / SHEET_VOXELS, 1.0) ** 4 * (YIELDING_TRUST if raw.names[number] in yielding else 1.0)
        add_smoothed(raw.points_mm, own, origin, kinds, at_end, half_at, FILTER_DEGREE, trust, trusted_mm, planes)
    check_cancelled(monitor)
    return meeting_places(planes, raw.points_mm, *_limits(raw, FARTHEST_SMOOTHED * spacing))


def _limits(found: Complex, farthest_mm: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how low and how high each point may go: not far, and never off the plane where the scan ends."""
    low, high = found.points_mm - farthest_mm, found.points_mm + farthest_mm
    for axis, side in np.argwhere(np.isfinite(found.ends_mm)).tolist():
        end = found.ends_mm[axis, side]
        there = _in_end(found, axis, side)
        low[there, axis] = high[there, axis] = end
        if side == 0:
            np.maximum(low[:, axis], end, out=low[:, axis])
        else:
            np.minimum(high[:, axis], end, out=high[:, axis])
    return low, high


def _flatten_ends(raw: Complex, kinds: NDArray[np.uint8]) -> None:
    """Put points inside the outermost cells where the scan ends into the plane of its end, in place."""
    inside = np.flatnonzero((kinds == ON_CURVE) | (kinds == IN_CELL))
    for axis, side in np.argwhere(np.isfinite(raw.ends_mm)).tolist():
        end = raw.ends_mm[axis, side]
        places = raw.points_mm[inside, axis]
        near = np.abs(places - end) < 0.5 * raw.geometry.spacing_mm[axis]
        raw.points_mm[inside[near], axis] = end


def _in_end(found: Complex, axis: int, side: int) -> NDArray[np.bool_]:
    """Tell which points lie in the plane where the scan ends."""
    away_mm = np.abs(found.points_mm[:, axis] - found.ends_mm[axis, side])
    return np.asarray(away_mm < NEAR_END * found.geometry.spacing_mm[axis])


def check_surface_memory(needed_bytes: int, limit_bytes: int | None = None) -> None:
    """Raise ``MeshError`` where the surfaces need more than the limit, or than most of what is free."""
    check_memory(needed_bytes, "the surfaces", "mesh fewer structures or a cropped scan", limit_bytes)


def with_volumes(
    found: Complex, low: NDArray[np.float64], high: NDArray[np.float64], monitor: Monitor = SILENT
) -> Complex:
    """Return the complex with its surfaces moved along their normals until every structure has its volume.

    Of all ways to do that the one that moves least (mean square over the area) is taken, step by step; points stay
    between ``low`` and ``high`` (N, 3). What cannot be reached within these stays as a volume error.
    """
    if not len(found.triangles):
        return found
    pairs, of_pair = _pairs(found.sides, found.member.shape[1])
    member = found.member[found.volumes_mm3 > 0]
    sign = member[:, of_pair[:, 1]].astype(np.float64) - member[:, of_pair[:, 0]]
    points, triangles = found.points_mm, found.triangles
    check_cancelled(monitor)
    start, corner = corners_of_points(triangles, len(points))
    check_cancelled(monitor)
    farthest_mm = 0.5 * min(found.geometry.spacing_mm)
    target = found.volumes_mm3[found.volumes_mm3 > 0]
    centre = np.asarray(found.geometry.shape) * found.geometry.spacing_mm / 2.0
    missing = target - sign @ fluxes(points, triangles, pairs, len(of_pair), centre)
    for _ in range(CORRECTIONS):
        if np.all(np.abs(missing) <= VOLUME_TOLERANCE * target):
            break
        check_cancelled(monitor)
        areas = surface_areas(points, triangles, pairs, len(of_pair), start, corner)
        distance = np.clip(_least_moves(sign, areas, missing), -farthest_mm, farthest_mm)
        distance[np.abs(distance) < LEAST_CORRECTION * min(found.geometry.spacing_mm)] = 0.0
        check_cancelled(monitor)
        further = moved_along_normals(points, triangles, pairs, start, corner, distance, low, high)
        still = target - sign @ fluxes(further, triangles, pairs, len(of_pair), centre)
        if np.linalg.norm(still / target) >= np.linalg.norm(missing / target):
            break
        points, missing = further, still
    return found if points is found.points_mm else replace(found, points_mm=points)


def _settled(
    found: Complex, sound_mm: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], times: int,
    monitor: Monitor,
) -> Complex:
    """Put volumes back and take out crossings in turn; ``sound_mm`` are places of the points at which none cross."""
    for number in range(times):
        moved = with_volumes(found, low, high, monitor)
        if number and moved is found:
            break
        check_cancelled(monitor)
        places = untangled(moved.points_mm, sound_mm, found.triangles, monitor)
        found = replace(moved, points_mm=places)
        if places is moved.points_mm:
            break
        sound_mm = places
    return found


def _least_moves(
    sign: NDArray[np.float64], areas: NDArray[np.float64], missing: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distances per surface with the least sum of area distance^2 that add the missing volumes."""
    system = (sign * areas) @ sign.T
    scale = np.sqrt(np.maximum(np.diag(system), 1e-12))
    inverse = np.linalg.pinv(system / np.outer(scale, scale), rcond=1e-6, hermitian=True)
    return np.asarray(sign.T @ (inverse @ (missing / scale) / scale))


def decimated(
    found: Complex, tolerance_mm: float, target_triangles: int, *, most_triangles: float = math.inf,
    widest_mm: float = 0.0, monitor: Monitor = SILENT,
) -> Complex:
    """Return the complex with fewer triangles: none is left out that would move a surface by more than the tolerance.

    Interfaces stay shared, structures closed and whole, volumes those of the voxels, and no triangles cross.

    Parameters
    ----------
    found : the complex, without triangles that cross.
    tolerance_mm, target_triangles : what may be added in error, and when it is enough.
    most_triangles, widest_mm : where the tolerance leaves more, it is doubled until there are as many or it is as wide.
    monitor : told of progress; may cancel between rounds.
    """
    all_triangles = len(found.triangles)

    def asked(left: int) -> None:
        check_cancelled(monitor)
        monitor.progress(0.8 * (1.0 - left / all_triangles))

    fewer = decimate_complex(
        found.points_mm, found.triangles, found.sides, tolerance_mm, target_triangles, most_triangles=most_triangles,
        widest_mm=widest_mm, asked=asked,
    )
    check_cancelled(monitor)
    low, high = found.ends_mm.T  # least error may lie beyond the end of the scan, where nothing is
    fewer = fewer._replace(points_mm=np.clip(fewer.points_mm, low, high))
    points, triangles, sides = untangled_decimation(found.points_mm, found.triangles, found.sides, fewer, monitor)
    triangles = without_flat(points, triangles, sides, monitor)
    thinner = replace(found, points_mm=points, triangles=triangles, sides=sides)
    low, high = _limits(thinner, FARTHEST_CORRECTED * np.asarray(found.geometry.spacing_mm))
    return _settled(thinner, points, low, high, SETTLINGS, monitor)


def structure_surface(found: Complex, number: int) -> SurfaceMesh:
    """Return the closed surface of structure ``number`` in LPS mm, with every piece of it, outward."""
    origin, triangles = structure_boundary(found.triangles, found.sides, found.member[number], len(found.points_mm))
    if np.linalg.det(found.geometry.direction) < 0:
        triangles = triangles[:, ::-1]
    points = found.geometry.to_world(found.points_mm[origin] / np.asarray(found.geometry.spacing_mm))
    return SurfaceMesh(points, np.ascontiguousarray(triangles, dtype=np.int64))


def _rank(regions: RegionMap) -> NDArray[np.int32]:
    """Rank regions for ambiguous faces: what is small is rather joined (thin vessels), nothing (region 0) last."""
    order = np.lexsort((np.arange(len(regions.voxels)), regions.voxels))[::-1]
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(1, len(order) + 1)
    rank[0] = 0
    return rank


def _pairs(sides: NDArray[np.int32], region_count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the pairs of regions that touch: per triangle, and the two regions of each pair."""
    keys = sides[:, 0] * np.int64(region_count) + sides[:, 1]
    if region_count > 2000:
        found, numbers = np.unique(keys, return_inverse=True)
        return numbers.astype(np.int32), np.stack(np.divmod(found, region_count), axis=1)
    present = np.zeros(region_count * region_count, bool)
    present[keys] = True
    found = np.flatnonzero(present)
    number = np.zeros(len(present), np.int32)
    number[found] = np.arange(len(found))
    return number[keys], np.stack(np.divmod(found, region_count), axis=1)
