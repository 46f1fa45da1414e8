"""The lesion that the user points at: drawn around one point, or a stated sphere where none can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import LabelMap, Segment, Volume, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.errors import DataError, SegmentationError, TwinError, UsageError
from anatomy_twin.segmentation.ground.compose import make_segment
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    box_start_shape,
    close_mm,
    depth_mm,
    dilate_mm,
    distance_mm,
    equal_grid,
    erode_mm,
    open_mm,
    paste,
    resample,
    resample_mask,
    volume_ml,
)

Point = Sequence[float]

REACH_MM: Final = 45.0  # nothing farther from the point is looked at
MAX_RADIUS_MM: Final = 38.0  # a region that grows farther has leaked
LEVELS: Final = 9
MIN_CONTRAST_HU: Final = 8.0
MIN_DISTINCT: Final = 0.6  # share of the region's surroundings that must differ from it
MIN_ML: Final = 0.1
SNAP_MM: Final = 4.0
FAT_HU: Final = -30.0
DEFAULT_NAME: Final = "tumour_1"


@dataclass(frozen=True, eq=False)
class _Scene:
    """The surroundings of the point on a fine grid of equal spacing: HU smoothed by 1 mm, the liver, the distance."""

    smooth: Image
    liver: Mask
    barred: Mask
    away_mm: Image
    geometry: VolumeGeometry

    @property
    def spacing_mm(self) -> float:
        return self.geometry.spacing_mm[0]


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

    The border is the one of nine levels between liver and lesion along which the image changes most; a level at which
    the region runs farther than 38 mm from the point has leaked and is not considered.
    """
    place = ", ".join(f"{float(value):.1f}" for value in point_mm) + " mm LPS"
    _check_place(geometry, liver_mask, point_mm, place)
    for name, mask in (candidates or {}).items():
        if _holds(mask, geometry, point_mm):
            return Found(mask.copy(), "check", f"{name}, which holds the point {place}")
    scene = _scene(volume_hu, geometry, liver_mask, point_mm, barred)
    region, note = _draw(scene)
    if region is not None:
        return Found(paste(region, scene.geometry, geometry), "check", f"drawn around {place}: {note}")
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


def _scene(
    hu: NDArray[Any], geometry: VolumeGeometry, liver: Mask, point_mm: Point, barred: Mask | None
) -> _Scene:
    index = geometry.voxel_of(point_mm)
    steps = np.ceil(REACH_MM / np.asarray(geometry.spacing_mm)).astype(int)
    low = np.maximum(index - steps, 0)
    high = np.minimum(index + steps + 1, geometry.shape)
    box = (slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2])))
    coarse = geometry.cropped(*box_start_shape(box))
    fine = equal_grid(coarse, 1.25)
    values = resample(hu[box], coarse, fine)
    smooth = ndimage.gaussian_filter(values, 1.0 / 1.25, mode="nearest", truncate=3.0)
    away = np.linalg.norm(
        fine.to_world(np.moveaxis(np.indices(fine.shape), 0, -1)) - np.asarray(point_mm, dtype=float), axis=-1
    )
    inside = resample_mask(liver[box], coarse, fine)
    # a lesion at the surface may have been left out of the liver
    hull = close_mm(inside, 10.0, 1.25) | dilate_mm(inside, 3.0, 1.25)
    out = (smooth < FAT_HU) | ~hull
    if barred is not None:
        out |= resample_mask(barred[box], coarse, fine)
    return _Scene(smooth, inside, out, away.astype(np.float32), fine)


def _draw(scene: _Scene) -> tuple[Mask | None, str]:
    """Return the region and what it is, or None and why not."""
    step = scene.spacing_mm
    near = scene.away_mm <= 3.0
    level = float(np.median(scene.smooth[near]))
    core = erode_mm(scene.liver, 2.0, step) & ~scene.barred
    ring = core & (scene.away_mm > 12.0)
    if np.count_nonzero(ring) < 500:
        return None, "too little liver around it to compare with"
    liver, noise = _liver_level(scene.smooth[ring])
    contrast = level - liver
    if abs(contrast) < max(MIN_CONTRAST_HU, 1.5 * noise):
        return None, f"it has {level:.0f} HU where the liver has {liver:.0f} HU (noise {noise:.0f})"
    sign = 1.0 if contrast > 0 else -1.0
    best, best_score = None, 0.0
    for share in np.linspace(0.25, 0.7, LEVELS):
        region = _region(scene, sign, liver + share * contrast, near)
        if region is None:
            continue
        score = _edge(scene, region, sign) * _distinct(scene, region, sign, level, liver)
        if score > best_score:
            best, best_score = region, score
    if best is None:
        return None, "no closed border around it within 38 mm"
    share = _distinct(scene, best, sign, level, liver)
    ml = volume_ml(best, step)
    if share < MIN_DISTINCT:
        return None, f"only {100 * share:.0f} % of its surroundings differ from it"
    if ml < MIN_ML:
        return None, f"what differs there is {ml:.2f} ml, too small to be told from noise"
    kind = "brighter" if sign > 0 else "darker"
    return best, f"{ml:.1f} ml, {abs(contrast):.0f} HU {kind} than the liver, border distinct on {100 * share:.0f} %"


def _liver_level(values: Image) -> tuple[float, float]:
    """Return the level and spread of the parenchyma: the mode of the histogram, not pulled by lesions and vessels."""
    low, high = np.percentile(values, [2, 98])
    counts, edges = np.histogram(values, bins=max(10, int(high - low)), range=(float(low), float(high) + 1e-3))
    smooth = ndimage.gaussian_filter1d(counts.astype(float), 3.0)
    level = float(edges[int(np.argmax(smooth))] + 0.5 * (edges[1] - edges[0]))
    near = values[np.abs(values - level) < 25.0]
    return level, 1.4826 * float(np.median(np.abs(near - level)))


def _region(scene: _Scene, sign: float, threshold: float, near: Mask) -> Mask | None:
    """Return the region beyond a threshold that hangs together around the point; None where it leaks or is empty."""
    step = scene.spacing_mm
    beyond = (sign * scene.smooth > sign * threshold) & ~scene.barred & (scene.away_mm <= REACH_MM)
    kept = _hanging_on(open_mm(beyond, 2.0, step), near)
    if kept is None:
        kept = _hanging_on(beyond, near)
    if kept is None:
        return None
    kept = ndimage.binary_fill_holes(close_mm(kept, 2.0, step) & ~scene.barred)
    if float(scene.away_mm[kept].max()) > MAX_RADIUS_MM:
        return None
    return np.asarray(kept)


def _hanging_on(mask: Mask, near: Mask) -> Mask | None:
    labels, _ = ndimage.label(mask)
    counts = np.bincount(labels[near])
    if counts.size < 2 or counts[1:].max() == 0:
        return None
    return np.asarray(labels == int(np.argmax(counts[1:])) + 1)


def _edge(scene: _Scene, region: Mask, sign: float) -> float:
    """Return the mean change of HU per mm across the border, outwards towards the liver."""
    step = scene.spacing_mm
    inner = region & (depth_mm(region, step) <= 1.5 * step)
    away = distance_mm(region, step, 5.0)
    outer = (away > 0.5 * step) & (away <= 1.5 * step) & ~scene.barred
    if not outer.any():
        return 0.0
    return max(0.0, sign * (float(scene.smooth[inner].mean()) - float(scene.smooth[outer].mean()))) / (2.0 * step)


def _distinct(scene: _Scene, region: Mask, sign: float, level: float, liver: float) -> float:
    """Return the share of the shell 2 to 5 mm outside that is nearer to the liver (or beyond) than to the lesion."""
    away = distance_mm(region, scene.spacing_mm, 7.0)
    shell = (away > 2.0) & (away <= 5.0)
    if not shell.any():
        return 0.0
    different = sign * scene.smooth < sign * 0.5 * (level + liver)
    return float(np.mean((different | scene.barred)[shell]))


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
    for name in ("inferior_vena_cava", "portal_vein", "hepatic_veins", "portal_branches", "aorta", "gallbladder",
                 "stomach", "bowel", "colon", "bone", "lung_right", "lung_left", "kidney_right", "kidney_left"):
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
