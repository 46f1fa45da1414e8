"""Islands of a segment, and segments combined with each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Segment, as_seeds
from anatomy_twin.core.later import later
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.editing.commit import commit, finished, hand_note, settled
from anatomy_twin.segmentation.editing.desk import (
    BODY,
    GENERIC_LAYER,
    Box,
    Change,
    Desk,
    Rules,
    Verb,
    free_value,
    is_generic,
)
from anatomy_twin.segmentation.ground.compose import LAYERS
from anatomy_twin.units import check_positive

ndimage = later("scipy.ndimage")

MOST_ISLANDS: Final = 50
CONNECTIVITY: Final = {6: 1, 18: 2, 26: 3}
OPERATIONS: Final = ("union", "intersect", "subtract", "copy", "invert")


@Verb
def islands(
    labels: Any, name: str, keep_islands: str = "largest", *, point_mm: Any = None, min_ml: float | None = None,
    connectivity: int = 26, **rules: Any,
) -> Change:
    """Keep some of the pieces of a segment that do not touch each other, or make each a segment of its own.

    Parameters
    ----------
    keep_islands : "largest"; "at": the one that holds ``point_mm`` (LPS); "larger": all of at least ``min_ml``;
        "split": the largest keeps the name, the others (of at least ``min_ml``, where given; smaller ones go) become
        segments of the same kind and layer with the next free numbers, largest first.
    connectivity : 26: voxels that share a corner touch, 18: an edge, 6: a face.
    rules : who gives way, see ``Rules``.

    Raises ``SegmentationError`` where nothing would be left, where no island lies at the point, and for a split into
    more than 50.
    """
    if keep_islands not in ("largest", "at", "larger", "split"):
        raise UsageError(f"islands cannot be kept by {keep_islands!r}", advice="choose largest, at, larger or split")
    if connectivity not in CONNECTIVITY:
        raise UsageError(f"connectivity {connectivity!r} is unknown", advice="choose 6, 18 or 26")
    if keep_islands == "larger" and min_ml is None:
        raise UsageError("islands larger than what", advice="give min_ml")
    least = 0.0 if min_ml is None else check_positive("min_ml", min_ml)
    desk = Desk(labels, name)
    box = desk.box_of()
    structure = ndimage.generate_binary_structure(3, CONNECTIVITY[connectivity])
    pieces, count = ndimage.label(desk.solid(box), structure)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    order = [int(n) + 1 for n in np.argsort(-sizes, kind="stable")]
    large = [n for n in order if sizes[n - 1] * desk.geometry.voxel_volume_ml >= least * (1 - 1e-9)]
    if keep_islands == "split":
        return _split(desk, box, pieces, large, Rules(**rules))
    if keep_islands == "largest":
        kept = order[:1]
    elif keep_islands == "larger":
        kept = large
    else:
        kept = [_island_at(desk, box, pieces, point_mm)]
    return commit(desk, "islands", box, np.isin(pieces, kept) & (pieces > 0), Rules(**rules))


def _island_at(desk: Desk, box: Box, pieces: NDArray[Any], point_mm: Any) -> int:
    points = as_seeds(point_mm).inside if point_mm is not None else ()
    if len(points) != 1:
        raise UsageError("which island is meant", advice="give one point_mm in LPS mm")
    voxel = [n - s.start for n, s in zip(desk.geometry.nearest_voxel(points[0]), box, strict=True)]
    if all(0 <= n < size for n, size in zip(voxel, pieces.shape, strict=True)) and pieces[tuple(voxel)]:
        return int(pieces[tuple(voxel)])
    place = ", ".join(f"{value:.1f}" for value in points[0])
    raise SegmentationError(f"no island of {desk.segment.name} lies at this point", where=f"{place} mm LPS",
                            advice="give a point inside one")


def _split(desk: Desk, box: Box, pieces: NDArray[Any], large: list[int], rules: Rules) -> Change:
    """Give each island but the largest a segment of its own."""
    segment = desk.segment
    if not large:
        raise SegmentationError(f"nothing would be left of {segment.name}", advice="give a smaller min_ml")
    if len(large) > MOST_ISLANDS:
        raise SegmentationError(f"{segment.name} has {len(large)} islands, {MOST_ISLANDS} at most become segments",
                                advice="give a larger min_ml")
    before, after = settled(desk, box, np.isin(pieces, large) & (pieces > 0), rules)
    names = {s.name for s in desk.labels.segments}
    values = {s.value for s in desk.labels.segments}
    stem, _, number = segment.name.rpartition("_")
    stem = stem if number.isdigit() else segment.name
    added: list[Segment] = []
    for piece in large[1:]:
        name = next(f"{stem}_{n}" for n in range(1 if number.isdigit() else 2, 10_000) if f"{stem}_{n}" not in names)
        value = free_value(values, before.dtype)
        after[segment.layer][(pieces == piece) & (before[segment.layer] == segment.value)] = value
        note = hand_note(f"split from {segment.name}", "islands")
        added.append(replace(segment, name=name, value=value, state="corrected", rules=(), note=note))
        names.add(name)
        values.add(value)
    return finished(desk, "islands", box, before, after, rules.force, added)


@Verb
def logical(
    labels: Any, name: str, operation: str, other: str = "", *, create: bool = False, layer: int | None = None,
    **rules: Any,
) -> Change:
    """Combine a segment with another one, which is taken with its parts.

    Parameters
    ----------
    operation : "union", "intersect", "subtract" (``other`` is taken away), "copy" (the segment becomes what ``other``
        is) or "invert" (the segment becomes all of the body that it was not; without a body, of the volume).
    create, layer : for a copy, make the segment where the label map lacks it, and in which layer. Without ``layer``
        a "segment_N" goes where it takes nothing from others, any other name to the layer of its kind.
    rules : who gives way, see ``Rules``. Where both lie in one layer a union or copy takes the voxels from ``other``,
        which must be forced, because nothing is left of it.
    """
    if operation not in OPERATIONS:
        raise UsageError(f"no operation is called {operation!r}", advice=f"choose {', '.join(OPERATIONS)}")
    if (operation == "invert") == bool(other):
        raise UsageError(f"{operation} takes {'no' if operation == 'invert' else 'one'} other segment",
                         advice="name it with other" if not other else "leave other out")
    if other == name:
        raise UsageError(f"{name} cannot be combined with itself", advice="name another segment")
    if operation == "copy" and create and layer is None and is_generic(name):
        layer = _free_layer(Desk(labels, other))
    desk = Desk(labels, name, create=create and operation == "copy", layer=layer)
    if other:
        desk.named(other)
    box = _common_box(desk, operation, other)
    block = desk.block(box)
    old = desk.ground(block, name)
    if operation == "invert":
        everything = np.ones(old.shape, dtype=bool)
        want = (desk.mask(block, BODY) if BODY in desk.by_name and name != BODY else everything) & ~old
    else:
        second = desk.mask(block, other, name)
        want = {"union": old | second, "intersect": old & second, "subtract": old & ~second}.get(operation, second)
    return commit(desk, operation, box, want, Rules(**rules))


def _free_layer(desk: Desk) -> int:
    """Return the first layer over the organs in which a copy of the segment takes nothing from others."""
    block = desk.block(_common_box(desk, "copy", desk.segment.name))
    voxels = desk.mask(block, desk.segment.name)
    for layer in range(GENERIC_LAYER, block.shape[0]):
        if not block[layer][voxels].any():
            return layer
    return max(block.shape[0], LAYERS)


def _common_box(desk: Desk, operation: str, other: str) -> Box:
    """Return the box that holds all voxels that an operation may change."""
    if operation == "invert":
        return desk.whole
    boxes = [] if desk.new else [desk.box_of()]
    if operation in ("union", "copy"):
        boxes += [box for box in map(desk.spans, _family(desk, other)) if box is not None]
    k, j, i = (slice(min(b[n].start for b in boxes), max(b[n].stop for b in boxes)) for n in range(3))
    return k, j, i


def _family(desk: Desk, name: str) -> list[str]:
    return [name, *(inner for part in desk.parts(name) for inner in _family(desk, part.name))]
