"""A left atrium's surface from labels: around its blood, cut open at the ends of its veins and at the valve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.landmarks import VALVE
from anatomy_twin.anatomy.heart.regions import ANNULUS, APPENDAGE, tidied, with_regions
from anatomy_twin.anatomy.heart.surface import chamber_of, measured
from anatomy_twin.anatomy.surface.surfaces import surface_of
from anatomy_twin.core import LabelMap, SurfaceMesh
from anatomy_twin.core.heart import Chamber
from anatomy_twin.errors import MeshError

MOST_TRIANGLES: Final = 400_000
CUT_MM: Final = 2.0  # so much of the end of a vein is cut off: it is round
VALVE_CUT_MM: Final = 1.0
TOUCHING_VOXELS: Final = 1.5  # what is nearer to the ventricle touches it
_AROUND_MM: Final = 3.0  # a cut reaches so far beyond what belongs to it
_END_SHARE: Final = 0.15  # of a vein's voxels: those farthest from the body are its end
_SMALLEST_CONTACT: Final = 20  # points of the surface
_MARGIN_MM: Final = 25.0  # of the scan around the atrium: what is farther touches nothing of it


@dataclass(frozen=True, eq=False)
class _Cut:
    """A plane that cuts an opening: a point on it, its normal (what lies beyond goes), and how far each point of the
    surface (N,) is from what belongs to the opening."""

    name: str
    point_mm: NDArray[np.float64]
    normal: NDArray[np.float64]
    away_mm: NDArray[np.float64]


def left_atrium_of(
    labels: LabelMap, *, body: str = "left_atrium", ventricle: str = "left_ventricle", vein: str = "pulmonary_vein"
) -> Chamber:
    """Return the left atrium of labels as a chamber with openings and regions named.

    Parameters
    ----------
    labels : with segments ``body`` (blood, with its parts), ``ventricle`` and for each vein one whose name begins with
        ``vein``; "left_atrial_appendage" is taken over as region if it is there.

    Raises
    ------
    MeshError : no veins, a ventricle that does not touch the atrium, or what ``chamber_of`` or ``with_regions`` refuse.
    """
    veins = [name for name in labels.names if name.startswith(vein)]
    if not veins:
        raise MeshError("the labels hold no pulmonary veins", advice=f"label each as {vein}_...")
    for name in (body, ventricle):
        if name not in labels:
            raise MeshError(f"the labels hold no {name}", advice="segment the heart first")
    parts = [*veins, *([APPENDAGE] if APPENDAGE in labels else [])]
    labels = _around(labels, (body, *parts))
    whole = np.logical_or.reduce([labels.mask(name) for name in (body, *parts)])
    middle = whole & ~np.logical_or.reduce([labels.mask(name) for name in parts])
    surface = surface_of(whole, labels.geometry, triangle_budget=MOST_TRIANGLES)
    cuts = [_valve(labels, ventricle, middle, surface)]
    cuts += [_end_of(labels, name, middle, surface) for name in veins]
    found = chamber_of(_cut_open(surface, cuts), body)
    rims = [measured(found, one) for one in found.openings]
    openings = []
    for cut in cuts:
        order = np.argsort([np.linalg.norm(rim.centre_mm - cut.point_mm) for rim in rims])
        if any(np.array_equal(found.openings[order[0]].points, one.points) for one in openings):
            raise MeshError(f"{cut.name} and another opening are one", advice="label veins up to where they end")
        openings.append(replace(found.openings[order[0]], name=cut.name))
    if len(openings) != len(found.openings):
        raise MeshError(f"{len(found.openings)} openings for {len(openings)} veins and valve",
                        advice="see whether the labels have holes")
    chamber = replace(found, openings=tuple(openings))
    if APPENDAGE not in parts:
        return with_regions(chamber)
    return _with_labelled_appendage(chamber, labels, parts, middle)


def _around(labels: LabelMap, names: tuple[str, ...]) -> LabelMap:
    """Return labels cut to a box around some of their segments."""
    places = np.argwhere(np.logical_or.reduce([labels.mask(name) for name in names]))
    if not len(places):
        return labels
    room = np.ceil(_MARGIN_MM / np.asarray(labels.geometry.spacing_mm)).astype(int)
    low = np.maximum(places.min(axis=0) - room, 0)
    high = np.minimum(places.max(axis=0) + room + 1, labels.geometry.shape)
    (k, j, i), (depth, height, width) = low.tolist(), (high - low).tolist()
    array = labels.array[:, k : k + depth, j : j + height, i : i + width]
    return replace(labels, array=array, geometry=labels.geometry.cropped((k, j, i), (depth, height, width)))


def _valve(labels: LabelMap, ventricle: str, atrium: NDArray[np.bool_], surface: SurfaceMesh) -> _Cut:
    geometry = labels.geometry
    away = _distance_mm(labels.mask(ventricle), labels, surface)
    touching = away < TOUCHING_VOXELS * max(geometry.spacing_mm)
    if touching.sum() < _SMALLEST_CONTACT:
        raise MeshError(f"{ventricle} does not touch the atrium: the valve is not found",
                        advice="let both labels meet in the plane of the valve")
    contact = surface.points_mm[touching]
    centre = contact.mean(axis=0)
    normal = np.linalg.svd(contact - centre, full_matrices=False)[2][2]
    towards = geometry.to_world(np.argwhere(labels.mask(ventricle))).mean(axis=0) - geometry.to_world(
        np.argwhere(atrium)).mean(axis=0)
    normal = normal * (1.0 if normal @ towards > 0 else -1.0)
    reach = cKDTree(contact).query(surface.points_mm)[0]
    return _Cut(VALVE, centre - VALVE_CUT_MM * normal, normal, reach)


def _end_of(labels: LabelMap, name: str, middle: NDArray[np.bool_], surface: SurfaceMesh) -> _Cut:
    geometry, mask = labels.geometry, labels.mask(name)
    depth = distance_transform_edt(~middle, sampling=geometry.spacing_mm)[mask]
    places = geometry.to_world(np.argwhere(mask))
    first, last = np.quantile(depth, [_END_SHARE, 1.0 - _END_SHARE])
    normal = places[depth >= last].mean(axis=0) - places[depth <= first].mean(axis=0)
    normal /= np.linalg.norm(normal)
    end = places[depth >= last]
    along = float((places @ normal).max()) - CUT_MM
    centre = end.mean(axis=0)
    return _Cut(name, centre + (along - centre @ normal) * normal, normal, _distance_mm(mask, labels, surface))


def _distance_mm(mask: NDArray[np.bool_], labels: LabelMap, surface: SurfaceMesh) -> NDArray[np.float64]:
    """Return how far each point of a surface is from the voxels of a mask."""
    field = distance_transform_edt(~mask, sampling=labels.geometry.spacing_mm)
    index = labels.geometry.to_index(surface.points_mm).T
    return np.asarray(map_coordinates(field, index, order=1, mode="nearest"))


def _cut_open(surface: SurfaceMesh, cuts: list[_Cut]) -> SurfaceMesh:
    """Return what is on the inner side of every plane, near what it is for."""
    import pyvista

    beyond = np.full(len(surface.points_mm), -1.0)
    for cut in cuts:
        height = (surface.points_mm - cut.point_mm) @ cut.normal
        beyond = np.maximum(beyond, np.where(cut.away_mm < _AROUND_MM, np.maximum(height, -1.0), -1.0))
    corners = np.column_stack([np.full(len(surface.triangles), 3), surface.triangles])
    mesh: Any = pyvista.PolyData(surface.points_mm, corners.ravel())
    mesh["beyond"] = beyond
    open_: Any = mesh.clip_scalar(scalars="beyond", value=0.0).extract_largest().triangulate()
    # what the cut leaves of an edge, when next to nothing, becomes one point
    open_ = open_.clean(tolerance=1e-3, absolute=True)
    return SurfaceMesh(np.asarray(open_.points, np.float64), np.asarray(open_.faces).reshape(-1, 4)[:, 1:])


def _with_labelled_appendage(
    chamber: Chamber, labels: LabelMap, parts: list[str], middle: NDArray[np.bool_]
) -> Chamber:
    """Name regions, the appendage where it is labelled."""
    fields = [_distance_mm(labels.mask(name), labels, chamber.surface) for name in parts]
    own = _distance_mm(middle, labels, chamber.surface)
    inside = (fields[-1] < own) & (fields[-1] <= np.min(fields, axis=0))
    if not inside.any():
        return with_regions(chamber)
    tip = chamber.surface.points_mm[int(np.argmax(np.where(inside, own, -1.0)))]
    found = with_regions(chamber, tip)
    assert found.regions is not None
    # what was taken for it by shape alone goes to the wall beside it
    wrong = found.in_regions([APPENDAGE]) & ~inside if APPENDAGE in found.region_names else np.zeros(len(own), bool)
    if wrong.any():
        keep = np.flatnonzero(~wrong & ~inside)
        nearest = keep[cKDTree(chamber.surface.points_mm[keep]).query(chamber.surface.points_mm[wrong])[1]]
        regions = found.regions.copy()
        regions[wrong] = found.regions[nearest]
        found = replace(found, regions=regions)
    by_shape = [note for note in found.notes if "appendage has no neck" in note]
    notes = tuple(note for note in found.notes if note not in by_shape)
    named = found.with_region(inside & ~found.in_regions([ANNULUS]), APPENDAGE)
    assert named.regions is not None
    return replace(named, regions=tidied(named.regions, named.surface), notes=notes)
