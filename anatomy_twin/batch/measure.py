"""A segmented case becomes rows of numbers, one for each structure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from anatomy_twin.core import Case, LabelMap, Segment, Structure, Volume

# name -> what it is; the order of the columns of the table
COLUMNS: Final = {
    "structure": "name of the structure",
    "part_of": "the structure that it belongs to",
    "code_scheme": "coding scheme of its term",
    "code": "code of its term",
    "meaning": "meaning of its term",
    "state": "ok, check, not found, not visible in this phase",
    "rules": "the rules that spoke against it, separated by spaces",
    "note": "the same in words",
    "volume_ml": "volume with its parts, counted from voxels",
    "volume_without_parts_ml": "volume that no part of it claims",
    "mean_hu": "mean value of its voxels, parts included",
    "sd_hu": "standard deviation of the same",
    "surface_area_cm2": "area of its surface",
    "extent_left_right_mm": "size of the box around it, along the image axis nearest to left-right",
    "extent_front_back_mm": "the same along the axis nearest to front-back",
    "extent_head_foot_mm": "the same along the axis nearest to head-foot",
    "largest_diameter_mm": "largest distance between two points of its surface",
    "border_share_percent": "share of its outline that lies on the border of the scan, 0 where it is whole",
    "surface_closed": "whether every edge of the surface belongs to two triangles",
    "surface_outward": "whether the surface looks outward",
    "surface_volume_error_percent": "volume of the surface against that of the voxels",
    "surface_triangles": "number of triangles",
}
TRUTH_COLUMNS: Final = {
    "truth_ml": "volume of the true structure, where it is labelled",
    "dice": "overlap with the truth, 0 to 1; of a lesion, that of the candidate which meets it best",
    "surface_distance_95_mm": "95 % of the two outlines lie no farther apart",
    "volume_error_percent": "volume against that of the truth",
    "centreline_found": "of a tube: share of the true centreline within 2 mm of what was found",
    "centreline_found_wide": "the same of its stretches of at least 3 mm diameter",
    "centreline_right": "of a tube: share of the found centreline within 2 mm of the truth",
    "met_by": "of a true lesion: what meets it, by a Dice of at least 0.1",
    "false_candidate": "of a candidate: whether it lies in no true lesion",
}
Row = dict[str, Any]


def measure_case(
    case: Case, truth: LabelMap | None = None, labelled: NDArray[np.bool_] | None = None,
    trees: Mapping[str, Any] = MappingProxyType({}),
) -> list[Row]:
    """Return one row for each segment, absent ones too, with the columns of ``COLUMNS``.

    Parameters
    ----------
    case : segmented and meshed.
    truth : true labels on the grid of the case; rows get the columns of ``TRUTH_COLUMNS``, and structures that are
        only in the truth, and groups of them, a row of their own (``batch.compare``).
    labelled : where the truth is complete, a bool array that broadcasts to [k, j, i]; None for everywhere.
    trees : the trees of vessels that the truth was made of, where it was (``assess.comparison.Tree``).

    Returns numbers as plain ``float`` and ``int``; None where there is none.
    """
    volume = case.volume.canonical()  # k to the head, j to the back, i to the left, whichever way the file ran
    labels = case.label_map.reindexed(*case.volume.geometry.canonical_axes())
    spans = [_spans(layer) for layer in labels.array]
    rows = []
    for segment in labels.segments:
        row = _described(segment)
        structure = case.anatomy.structures.get(segment.name)
        if structure is not None:
            row.update(_of_surface(structure))
        span = _span(segment, labels, spans)
        if span is not None:
            row.update(_of_voxels(segment.name, _cropped(labels, span), volume, span))
        rows.append(row)
    if truth is not None:
        from anatomy_twin.batch.compare import add_truth

        add_truth(rows, case.label_map, truth, labelled, trees)
    return [{name: _finite(value) for name, value in row.items()} for row in rows]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _described(segment: Segment) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    row.update(
        structure=segment.name, part_of=segment.part_of, code_scheme=segment.code.scheme, code=segment.code.value,
        meaning=segment.code.meaning, state=segment.state, rules=" ".join(segment.rules), note=segment.note,
    )
    return row


def _of_surface(structure: Structure) -> Row:
    surface, certificate = structure.surface, structure.certificate
    if surface is None or certificate is None:
        return {}
    return {
        "surface_area_cm2": surface.area_cm2,
        "largest_diameter_mm": largest_diameter_mm(surface.points_mm),
        "surface_closed": certificate.watertight,
        "surface_outward": certificate.outward,
        "surface_volume_error_percent": certificate.volume_error_percent,
        "surface_triangles": certificate.triangle_count,
    }


def largest_diameter_mm(points_mm: NDArray[np.float64]) -> float:
    """Return the largest distance between two of the points (N, 3): it is one between corners of their hull."""
    points = np.unique(np.asarray(points_mm, dtype=float), axis=0)
    if len(points) > 4:
        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:  # all in one plane
            points = points[:: max(1, len(points) // 2000)]
    return float(pdist(points).max()) if len(points) > 1 else 0.0


def _of_voxels(name: str, labels: LabelMap, volume: Volume, span: tuple[slice, ...]) -> Row:
    mask = labels.mask(name)
    count = int(np.count_nonzero(mask))
    unit_ml = labels.geometry.voxel_volume_ml
    row: Row = {
        "volume_ml": count * unit_ml,
        "volume_without_parts_ml": int(np.count_nonzero(labels.mask(name, with_parts=False))) * unit_ml,
    }
    if count == 0:
        return row
    if volume.units == "HU":
        values = volume.array[span][mask].astype(np.float64)
        row["mean_hu"], row["sd_hu"] = float(values.mean()), float(values.std())
    filled = [np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)]
    extents = [float((where[-1] - where[0] + 1) * step)
               for where, step in zip(filled, labels.geometry.spacing_mm, strict=True)]
    row["extent_head_foot_mm"], row["extent_front_back_mm"], row["extent_left_right_mm"] = extents
    row["border_share_percent"] = border_share_percent(mask, span, volume.geometry.shape, volume.geometry.spacing_mm)
    return row


def border_share_percent(
    mask: NDArray[np.bool_], span: tuple[slice, ...], shape: tuple[int, ...], spacing_mm: tuple[float, ...]
) -> float:
    """Return which share of the voxel faces around a mask lies on the border of the scan, by area.

    ``mask`` is the part ``span`` of a volume of ``shape`` voxels.
    """
    on_border, inside = 0.0, 0.0
    for axis in range(3):
        face = float(np.prod(spacing_mm)) / spacing_mm[axis]
        inside += face * np.count_nonzero(np.diff(mask.view(np.int8), axis=axis))
        for end, edge in ((0, span[axis].start == 0), (-1, span[axis].stop == shape[axis])):
            area = face * np.count_nonzero(mask.take(end, axis=axis))
            on_border, inside = (on_border + area, inside) if edge else (on_border, inside + area)
    return float(100.0 * on_border / (on_border + inside))


def _spans(layer: NDArray[Any]) -> dict[int, tuple[slice, ...]]:
    found = ndimage.find_objects(layer if layer.dtype.kind == "i" else layer.astype(np.int32))
    return {value: span for value, span in enumerate(found, start=1) if span is not None}


def _span(segment: Segment, labels: LabelMap, spans: list[dict[int, tuple[slice, ...]]]) -> tuple[slice, ...] | None:
    """Return the box around a segment and its parts, None where there is not one voxel."""
    members = ([] if segment.absent else [segment]) + list(labels.parts(segment.name))
    boxes = [box for member in members if (box := spans[member.layer].get(member.value)) is not None]
    if not boxes:
        return None
    return tuple(
        slice(min(box[axis].start for box in boxes), max(box[axis].stop for box in boxes)) for axis in range(3)
    )


def _cropped(labels: LabelMap, span: tuple[slice, ...]) -> LabelMap:
    k, j, i = span
    start, shape = (k.start, j.start, i.start), (k.stop - k.start, j.stop - j.start, i.stop - i.start)
    return replace(labels, array=labels.array[:, k, j, i], geometry=labels.geometry.cropped(start, shape))
