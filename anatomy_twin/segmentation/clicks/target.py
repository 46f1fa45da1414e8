"""The lesion that the user points at: drawn around one point, or a stated sphere where none can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap, Seeds, Segment, Volume, VolumeGeometry, as_seeds, inverse_axes, reindex
from anatomy_twin.errors import DataError, SegmentationError, TwinError, UsageError
from anatomy_twin.segmentation.clicks.outline import NEIGHBOURS, REACH_MM, outline_in_liver
from anatomy_twin.segmentation.clicks.scene import box_around
from anatomy_twin.segmentation.ground.compose import make_segment
from anatomy_twin.segmentation.ground.working_grid import Found, Mask, box_start_shape
from anatomy_twin.units import lps_text

Point = Sequence[float]

SNAP_MM: Final = 4.0
DEFAULT_NAME: Final = "tumour_1"


def grow_target(
    volume_hu: NDArray[Any],
    geometry: VolumeGeometry,
    liver_mask: Mask,
    point_mm: Point,
    radius_mm: float | None = None,
    candidates: dict[str, Mask] | None = None,
    barred: Mask | None = None,
) -> Found:
    """Return the lesion around a point.

    Parameters
    ----------
    volume_hu, geometry : HU [k, j, i] on a grid with upright axes (any spacing).
    liver_mask : bool on the same grid; the point must lie in it or within 5 mm of it.
    point_mm : LPS mm, inside the lesion.
    radius_mm : where given and no lesion can be drawn, the answer is a sphere of this radius.
    candidates : masks by name; one that holds the point (within 4 mm) is taken as it is.
    barred : vessels and neighbours that do not belong to a lesion.

    Returns
    -------
    ``Found`` with state "check" and a note that says what was drawn.

    Raises
    ------
    SegmentationError
        Where the point lies outside scan or liver, or nothing distinct is there and no radius was given.

    How the border is found says ``outline_in_liver``, which the seeded tools use as well.
    """
    place = lps_text(point_mm)
    _check_place(geometry, liver_mask, point_mm, place)
    for name, mask in (candidates or {}).items():
        if _holds(mask, geometry, point_mm):
            return Found(mask.copy(), "check", f"{name}, which holds the point {place}")
    box = box_around(geometry, np.asarray(point_mm, dtype=np.float64), REACH_MM)
    part = geometry.cropped(*box_start_shape(box))
    region, note = outline_in_liver(
        volume_hu[box], part, liver_mask[box], None if barred is None else barred[box], point_mm
    )
    if region is not None:
        mask = np.zeros(geometry.shape, dtype=bool)
        mask[box] = region
        return Found(mask, "check", f"drawn around {place}: {note}")
    if radius_mm is None:
        raise SegmentationError(
            f"no distinct lesion can be drawn at this point: {note}", where=place,
            advice="give a point nearer to its middle, or a radius in mm (--target-radius) for a sphere as target",
        )
    return Found(
        _sphere(geometry, point_mm, float(radius_mm)), "check",
        f"sphere of {float(radius_mm):g} mm radius around {place}, assumed: the program sees no lesion border there",
    )


def _check_place(geometry: VolumeGeometry, liver: Mask, point_mm: Point, place: str) -> None:
    try:
        geometry.nearest_voxel(point_mm)
    except DataError as error:
        raise SegmentationError(
            "the target lies outside the scan", where=place, advice="give LPS millimetres inside the liver"
        ) from error
    if _distance_to(liver, geometry, point_mm, 5.0) > 5.0:
        raise SegmentationError(
            "the target lies outside the liver", where=place, advice="give LPS millimetres inside the liver"
        )


def _distance_to(mask: Mask, geometry: VolumeGeometry, point_mm: Point, reach_mm: float) -> float:
    """Return the distance in mm from a point to the nearest voxel centre of a mask (inf beyond ``reach_mm``)."""
    index = geometry.voxel_of(point_mm)
    steps = np.ceil((reach_mm + 2.0) / np.asarray(geometry.spacing_mm)).astype(int)
    low = np.maximum(index - steps, 0)
    high = np.minimum(index + steps + 1, geometry.shape)
    part = mask[low[0]:high[0], low[1]:high[1], low[2]:high[2]]
    if not part.any():
        return float("inf")
    points = geometry.to_world(np.argwhere(part) + low)
    return float(np.linalg.norm(points - np.asarray(point_mm, dtype=float), axis=1).min())


def _holds(mask: Mask, geometry: VolumeGeometry, point_mm: Point) -> bool:
    return _distance_to(mask, geometry, point_mm, SNAP_MM) <= SNAP_MM


def _sphere(geometry: VolumeGeometry, point_mm: Point, radius_mm: float) -> Mask:
    if not 1.0 <= radius_mm <= 60.0:
        raise SegmentationError(f"a target of {radius_mm:g} mm radius", advice="give a radius from 1 to 60 mm")
    centre = geometry.to_index(point_mm)
    steps = radius_mm / np.asarray(geometry.spacing_mm)
    low = np.maximum(np.floor(centre - steps), 0).astype(int)
    high = np.minimum(np.ceil(centre + steps) + 1, geometry.shape).astype(int)
    index = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), axis=-1)
    away = np.linalg.norm(geometry.to_world(index) - np.asarray(point_mm, dtype=float), axis=-1)
    result = np.zeros(geometry.shape, dtype=bool)
    result[low[0]:high[0], low[1]:high[1], low[2]:high[2]] = away <= radius_mm
    return result


def target_of(name: str, seed: Any) -> str | Point:
    """Return what ``add_target`` takes of a seed: the name of a segment, or one point inside a lesion of the liver.

    Raises ``UsageError`` for anything else: organs and several clicks are for the seeded tools.
    """
    if isinstance(seed, str):
        return seed
    given = as_seeds(seed)
    if given != Seeds(inside=given.inside) or len(given.inside) != 1 or not name.startswith(("tumour", "lesion")):
        raise UsageError(f"this segmenter takes one click inside each tumour or lesion, not the seeds of {name!r}",
                         advice="correct what was found by a second call with --segmenter grow")
    return given.inside[0]


# --- the public verb -------------------------------------------------------------------------------------------------


def add_target(
    volume: Volume, labels: LabelMap, target: str | Point, radius_mm: float | None = None, name: str = DEFAULT_NAME
) -> LabelMap:
    """Return the labels with a segment ``name`` (part of "liver"): what the plan is made for.

    Parameters
    ----------
    volume : the scan the labels were made on.
    labels : needs "liver".
    target : the name of a segment (usually "tumour_candidate_1", which then becomes ``name``) or a point in LPS mm
        inside the lesion.
    radius_mm : with a point: where no lesion can be seen there, take a sphere of this radius.

    Raises
    ------
    UsageError
        For a name that is not in the labels.
    SegmentationError
        See ``grow_target``.
    """
    if not volume.geometry.is_close(labels.geometry):
        raise DataError("scan and labels have different grids")
    if isinstance(target, str):
        return _rename(labels, target, name)
    if "liver" not in labels:
        raise SegmentationError("no liver was found, so no target in it can be drawn")
    order, flips = volume.geometry.canonical_axes()
    upright, known = volume.canonical(), labels.reindexed(order, flips)
    candidates = {s.name: known.mask(s.name) for s in known.parts("liver") if s.name.startswith("tumour_candidate")}
    found = grow_target(
        upright.array, upright.geometry, known.mask("liver"), target, radius_mm, candidates, _neighbours(known)
    )
    assert found.mask is not None
    kept = _without(labels, {c for c, mask in candidates.items() if (mask & found.mask).any()} | {name})
    mask = np.ascontiguousarray(reindex(found.mask, *inverse_axes(order, flips)))
    return _with_mask(kept, name, mask, found.state, found.note)


def _neighbours(labels: LabelMap) -> Mask:
    """Return large vessels and organs that a lesion does not enter."""
    result = np.zeros(labels.geometry.shape, dtype=bool)
    for name in NEIGHBOURS:
        if name in labels:
            result |= labels.mask(name)
    return result


def _rename(labels: LabelMap, target: str, name: str) -> LabelMap:
    if target not in labels:
        known = ", ".join(n for n in labels.names if n.startswith(("tumour", "lesion"))) or "none"
        raise UsageError(f"no segment is called {target!r}", advice=f"candidates: {known}; or give a point x,y,z in mm")
    if target == name:
        return labels
    old = labels.segment(target)
    kept = _without(labels, {name})
    segment = _segment(name, old.layer, old.value, "check", f"chosen by the user: {target}; {old.note}")
    return replace(kept, segments=tuple(segment if s.name == target else s for s in kept.segments))


def _without(labels: LabelMap, names: set[str]) -> LabelMap:
    """Return the labels without some segments (their voxels are cleared)."""
    gone = [s for s in labels.segments if s.name in names]
    if not gone:
        return labels
    array = np.array(labels.array)
    for segment in gone:
        if not segment.absent:
            layer = array[segment.layer]
            layer[layer == segment.value] = 0
    return replace(labels, array=array, segments=tuple(s for s in labels.segments if s.name not in names))


def _segment(name: str, layer: int, value: int, state: str, note: str) -> Segment:
    try:
        return make_segment(name, layer, value, state, note, part_of="liver")
    except TwinError as error:
        raise UsageError(f"a target cannot be called {name!r}", advice="use tumour_1, tumour_2 ...") from error


def _with_mask(labels: LabelMap, name: str, mask: Mask, state: str, note: str) -> LabelMap:
    """Return the labels with one more segment, in the first layer where it covers nothing."""
    array = np.array(labels.array)
    value = 1 + max((s.value for s in labels.segments), default=0)
    if value > np.iinfo(array.dtype).max:
        array = array.astype(np.uint16)
    free = [n for n in range(array.shape[0]) if not array[n][mask].any()]
    if free:
        layer = free[-1]
    else:
        array = np.concatenate([array, np.zeros((1, *array.shape[1:]), array.dtype)])
        layer = array.shape[0] - 1
    array[layer][mask] = value
    return replace(labels, array=array, segments=(*labels.segments, _segment(name, layer, value, state, note)))
