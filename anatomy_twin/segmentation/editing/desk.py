"""What every editing verb shares: the segment on upright axes, who gives way to whom, and the difference that results.

A verb computes in the box of what it touches. ``commit`` then applies the rules of the layers: in a layer one voxel
belongs to one segment; what loses its ground (a tumour where the liver under it is taken away) goes with it; nothing
is wiped out without being told so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap, Segment, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.ground.compose import layer_of, make_segment
from anatomy_twin.segmentation.ground.losses import REST

Mask = NDArray[np.bool_]
Box = tuple[slice, slice, slice]

EVERYWHERE: Final = "everywhere"
UNCLAIMED: Final = "unclaimed"
NEAREST: Final = "nearest"
BODY: Final = "body"
BY_HAND: Final = "corrected by hand ("
GENERIC_LAYER: Final = 2  # segments without a meaning of their own lie over the organs, not instead of them


@dataclass(frozen=True, slots=True)
class Rules:
    """Who gives way. Every verb takes these as keyword arguments.

    ``over``: where voxels may be added: "everywhere" (other segments of the layer give way), "unclaimed" (none does),
    or the name of a segment, or several, to stay inside (its parts counted in). ``keep``: names that never give way.
    ``parent``: a part stays "inside" the segment that it is part of, or makes it "grow". ``to``: who gets voxels that
    are given up: "unclaimed" (unknown tissue where the map has it), "nearest" (the nearest other segment of the layer)
    or a name of the same layer. ``force``: allow that a segment vanishes.
    """

    over: str | Sequence[str] = EVERYWHERE
    keep: Sequence[str] = ()
    parent: str = "inside"
    to: str = UNCLAIMED
    force: bool = False

    def __post_init__(self) -> None:
        if self.parent not in ("inside", "grow"):
            raise UsageError(f"parent={self.parent!r} is unknown", advice="choose inside or grow")
        object.__setattr__(self, "keep", (self.keep,) if isinstance(self.keep, str) else tuple(self.keep))


@dataclass(frozen=True, eq=False)
class Change:
    """The difference that an edit makes, in the index order of its label map.

    ``start`` [k, j, i] and ``before`` / ``after`` [layer, k, j, i] are the box that holds all changed voxels; ``told``
    says in words who lost or gained how much. ``packed`` is its ``Step`` of a history where that was made already.
    """

    name: str
    start: tuple[int, int, int]
    before: NDArray[Any]
    after: NDArray[Any]
    segments_before: tuple[Segment, ...]
    segments_after: tuple[Segment, ...]
    layers_before: int
    told: tuple[str, ...] = ()
    packed: Any = None

    @property
    def empty(self) -> bool:
        """True when no voxel changes."""
        return self.after.size == 0

    @property
    def layers_after(self) -> int:
        """Number of layers after the edit."""
        return int(self.after.shape[0])

    @property
    def box(self) -> Box:
        """The slices of the box."""
        k, j, i = (slice(a, a + n) for a, n in zip(self.start, self.after.shape[1:], strict=True))
        return k, j, i

    def applied(self, labels: LabelMap) -> LabelMap:
        """Return ``labels`` with the change; ``labels`` itself where it is empty."""
        if self.empty:
            return labels
        array = with_layers(labels.array, self.layers_after)
        array[(slice(None), *self.box)] = self.after
        return LabelMap(array, labels.geometry, self.segments_after, labels.notes)


def with_layers(array: NDArray[Any], layers: int) -> NDArray[Any]:
    """Return a writable copy of ``array`` [layer, k, j, i] with ``layers`` layers: empty ones added, last ones cut."""
    if layers == array.shape[0]:
        return array.copy(order="K")
    result = np.zeros((layers, *array.shape[1:]), array.dtype)
    common = min(layers, array.shape[0])
    result[:common] = array[:common]
    return result


class Verb:
    """An editing verb: called, it returns the edited ``LabelMap``; ``change`` returns the difference alone."""

    def __init__(self, compute: Callable[..., Change]) -> None:
        self._compute = compute
        update_wrapper(self, compute)

    def __call__(self, labels: LabelMap, *args: Any, **options: Any) -> LabelMap:
        """Return the edited label map."""
        return self._compute(labels, *args, **options).applied(labels)

    def change(self, labels: LabelMap, *args: Any, **options: Any) -> Change:
        """Return what the verb would change, without copying the label map."""
        return self._compute(labels, *args, **options)


class Desk:
    """A label map on upright axes (k to the head, j to the back, i to the left), with one segment to be edited.

    All results are the same whichever way the axes of the label map run.
    """

    def __init__(self, labels: LabelMap, name: str, *, create: bool = False, layer: int | None = None) -> None:
        self.labels = labels
        self.axes = labels.geometry.canonical_axes()
        self.geometry: VolumeGeometry = labels.geometry.reindexed(*self.axes)
        self.array = reindex(labels.array, *self.axes)
        self.segment = _edited(labels, name, create, layer)
        self.new = name not in labels
        self.layers = max(labels.array.shape[0], self.segment.layer + 1)
        self.segments = tuple(s for s in labels.segments if s.name != name and not s.absent)
        self.by_name = {s.name: s for s in (*self.segments, self.segment)}
        self.parent = {name: self._parent(name) for name in self.by_name}

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Spacing [k, j, i] on upright axes."""
        return self.geometry.spacing_mm

    @property
    def whole(self) -> Box:
        """The box of the whole volume."""
        k, j, i = (slice(0, size) for size in self.geometry.shape)
        return k, j, i

    def block(self, box: Box) -> NDArray[Any]:
        """Return a copy of a box, all layers."""
        part = self.array[(slice(None), *box)]
        result = np.zeros((self.layers, *part.shape[1:]), part.dtype)
        result[: part.shape[0]] = part
        return result

    def parts(self, name: str) -> list[Segment]:
        """Return the segments that are part of ``name``."""
        return [s for s in self.by_name.values() if self.parent[s.name] == name]

    def _parent(self, name: str) -> str:
        """Return what a segment is part of; "" where that has no voxels, or where a file says it goes in a circle."""
        first = self.by_name[name].part_of
        seen, above = {name}, first
        while above in self.by_name:
            if above in seen:
                return ""
            seen.add(above)
            above = self.by_name[above].part_of
        return first if first in self.by_name else ""

    def ground(self, block: NDArray[Any], name: str) -> Mask:
        """Return the voxels of a segment in its own layer, those of its parts in the same layer counted in."""
        segment = self.by_name[name]
        mask = np.asarray(block[segment.layer] == segment.value)
        for part in self.parts(name):
            if part.layer == segment.layer:
                mask |= self.ground(block, part.name)
        return mask

    def mask(self, block: NDArray[Any], name: str, without: str = "") -> Mask:
        """Return the voxels of a segment and of all its parts (of their parts too), one of them left out."""
        segment = self.by_name[name]
        mask = np.asarray(block[segment.layer] == segment.value)
        for part in self.parts(name):
            if part.name != without:
                mask |= self.mask(block, part.name, without)
        return mask

    def solid(self, box: Box) -> Mask:
        """Return what the edited segment fills in its layer within a box."""
        return self.ground(self.block(box), self.segment.name)

    def box_of(self, name: str = "", margin_mm: float = 0.0) -> Box:
        """Return the box of a segment and its parts in its layer plus a margin; ``SegmentationError`` if empty."""
        spans = self.spans(name or self.segment.name)
        if spans is None:
            raise SegmentationError(f"{name or self.segment.name} has no voxels", advice="paint it first")
        return grown_box(spans, [margin_mm / step for step in self.spacing_mm], self.geometry.shape)

    def spans(self, name: str) -> Box | None:
        """Return the smallest box of a segment and its parts in its layer; None where it has no voxels."""
        segment = self.by_name[name]
        if segment.layer >= self.array.shape[0]:
            return None
        return value_spans(self.array[segment.layer], [segment.value, *(p.value for p in self._inner(name))])

    def _inner(self, name: str) -> Iterator[Segment]:
        layer = self.by_name[name].layer
        for part in self.parts(name):
            if part.layer == layer:
                yield part
                yield from self._inner(part.name)

    def named(self, name: str) -> Segment:
        """Return a segment with voxels; ``DataError`` for an unknown one, ``SegmentationError`` for an absent one."""
        segment = self.labels.segment(name)
        if segment.absent:
            raise SegmentationError(f"{name} has no voxels ({segment.state})", advice="choose another segment")
        return segment

    def unclaimed(self, block: NDArray[Any], layer: int) -> Mask:
        """Return the voxels of a layer that no structure claims."""
        free = np.asarray(block[layer] == 0)
        rest = self.by_name.get(REST)
        if rest is not None and rest.layer == layer and rest.name != self.segment.name:
            free |= block[layer] == rest.value
        return free

    def writable(self, block: NDArray[Any], rules: Rules) -> Mask:
        """Return where the edited segment may get voxels."""
        segment, layer = self.segment, self.segment.layer
        allowed = np.zeros(block.shape[1:], dtype=bool)
        for name in [rules.over] if isinstance(rules.over, str) else rules.over:
            if name == EVERYWHERE:
                allowed[:] = True
            elif name == UNCLAIMED:
                allowed |= self.unclaimed(block, layer)
            else:
                allowed |= self.mask(block, self.named(name).name)
        for name in rules.keep:
            allowed &= ~self.mask(block, self.named(name).name)
        parent = self.by_name.get(self.parent[segment.name])
        if parent is not None and rules.parent == "inside":
            allowed &= self.mask(block, parent.name, segment.name)
        elif parent is not None and rules.over == UNCLAIMED:  # nobody gives way to the growing parent either
            allowed &= self.mask(block, parent.name, segment.name) | self.unclaimed(block, parent.layer)
        return allowed | self.ground(block, segment.name)


def _edited(labels: LabelMap, name: str, create: bool, layer: int | None) -> Segment:
    """Return the segment to be edited with a value of its own; a new one where ``create`` allows it."""
    known = {s.name: s for s in labels.segments}
    if name in known and not known[name].absent:
        return known[name]
    if name in known:
        segment = known[name]
    elif create:
        segment = make_segment(name, 0, 0, "not found")
    else:
        labels.segment(name)  # refuses, naming the known ones
        raise AssertionError
    if not create:
        raise SegmentationError(f"{name} has no voxels ({segment.state})", advice="paint it first, with create")
    place = _layer_for(name) if layer is None else layer
    value = free_value({s.value for s in labels.segments}, labels.array.dtype)
    return replace(segment, layer=place, value=value, state="corrected")


def is_generic(name: str) -> bool:
    """Tell whether a name says nothing of what the segment is ("segment_1")."""
    return name.rstrip("_0123456789") == "segment"


def _layer_for(name: str) -> int:
    if is_generic(name):
        return GENERIC_LAYER
    try:
        catalog.term(name)
    except UsageError:  # a name of a person's own says nothing of what it excludes
        return GENERIC_LAYER
    return layer_of(name)


def free_value(taken: Collection[int], dtype: Any) -> int:
    """Return a number that no segment has: the next one, else the lowest free one; ``SegmentationError`` if none."""
    most = int(np.iinfo(dtype).max)
    following = max(taken, default=0) + 1
    if following <= most:
        return following
    for value in range(1, most + 1):
        if value not in taken:
            return value
    raise SegmentationError(f"the label map has no number left for another segment ({most} at most)",
                            advice="remove one first")


def value_spans(layer: NDArray[Any], values: Sequence[int]) -> Box | None:
    """Return the smallest box that holds all voxels of some values, slice by slice; None where there are none."""
    wanted = np.unique(np.asarray(values)).astype(layer.dtype)
    first, last = -1, -1
    rows, columns = np.zeros(layer.shape[1], dtype=bool), np.zeros(layer.shape[2], dtype=bool)
    for k in range(layer.shape[0]):
        hit = layer[k] == wanted[0] if wanted.size == 1 else np.isin(layer[k], wanted)
        in_rows = hit.any(1)
        if in_rows.any():
            first, last = (k if first < 0 else first), k
            rows |= in_rows
            columns |= hit.any(0)
    if first < 0:
        return None
    j, i = np.flatnonzero(rows), np.flatnonzero(columns)
    return slice(first, last + 1), slice(int(j[0]), int(j[-1]) + 1), slice(int(i[0]), int(i[-1]) + 1)


def grown_box(box: Box, voxels: Sequence[float], shape: tuple[int, int, int]) -> Box:
    """Return a box grown by (rounded up) voxels and one more, within ``shape``."""
    more = [int(np.ceil(count)) + 1 for count in voxels]
    k, j, i = (slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(box, more, shape, strict=True))
    return k, j, i


def moved_box(box: Box, axes: tuple[tuple[int, int, int], tuple[bool, bool, bool]], shape: tuple[int, int, int]) -> Box:
    """Return a box on upright axes in the index order of the label map; ``shape`` is the upright one."""
    sides: list[slice] = [slice(0)] * 3
    for n, (axis, flip) in enumerate(zip(*axes, strict=True)):
        low, high = box[n].start, box[n].stop
        sides[axis] = slice(shape[n] - high, shape[n] - low) if flip else slice(low, high)
    return sides[0], sides[1], sides[2]


def tight_change(
    desk: Desk, name: str, box: Box, before: NDArray[Any], after: NDArray[Any], segments: tuple[Segment, ...],
    told: Sequence[str],
) -> Change:
    """Return the change between two blocks, cut to the voxels that differ, in the index order of the label map."""
    differs = (before != after).any(axis=0)
    spans = value_spans(differs, [1])
    labels = desk.labels
    if spans is None:
        nothing = before[:, :0, :0, :0]
        return Change(name, (0, 0, 0), nothing, nothing, labels.segments, labels.segments, labels.array.shape[0])
    k, j, i = (slice(o.start + s.start, o.start + s.stop) for o, s in zip(box, spans, strict=True))
    place = moved_box((k, j, i), desk.axes, desk.geometry.shape)
    back = inverse_axes(*desk.axes)
    cut = (slice(None), *spans)
    return Change(
        name, (place[0].start, place[1].start, place[2].start), np.ascontiguousarray(reindex(before[cut], *back)),
        np.ascontiguousarray(reindex(after[cut], *back)), labels.segments, segments, labels.array.shape[0], tuple(told),
    )
