"""A label map while seeds change it: who gains voxels, who gives them up, what stays inside what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment, Volume, VolumeGeometry, reindex
from anatomy_twin.errors import DataError, SegmentationError, UsageError
from anatomy_twin.segmentation.ground.compose import IN_PARTS, layer_of
from anatomy_twin.segmentation.ground.losses import NO_ORGAN, REST, flagged_loss, much_lost
from anatomy_twin.segmentation.ground.working_grid import Box, Mask

GENERIC: Final = "segment"


@dataclass
class Draft:
    """Labels being changed. ``array`` has the order of the scan's voxels, ``view`` is the same on upright axes."""

    array: NDArray[Any]
    view: NDArray[Any]
    geometry: VolumeGeometry
    segments: list[Segment]
    notes: list[str]
    losers: set[str] = field(default_factory=set)
    lost: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def of(labels: LabelMap | None, volume: Volume) -> Draft:
        """Return a draft of a copy of ``labels``, or of empty ones for ``volume``."""
        if labels is None:
            array: NDArray[Any] = np.zeros((3, *volume.geometry.shape), dtype=np.uint8)
            return Draft(array, reindex(array, *volume.geometry.canonical_axes()), volume.geometry, [], [])
        if not volume.geometry.is_close(labels.geometry):
            raise DataError("scan and labels have different grids", advice="use the labels of this scan")
        array = np.array(labels.array)
        view = reindex(array, *volume.geometry.canonical_axes())
        return Draft(array, view, volume.geometry, list(labels.segments), list(labels.notes))

    def find(self, name: str) -> Segment | None:
        """Return the segment of that name, absent ones too, or None."""
        return next((s for s in self.segments if s.name == name), None)

    def parts(self, name: str) -> list[Segment]:
        """Return the parts of a segment that have voxels."""
        return [s for s in self.segments if s.part_of == name and not s.absent]

    def mask(self, segment: Segment) -> Mask:
        """Return the voxels of a segment and of its parts, on upright axes."""
        result: Mask = np.asarray(self.view[segment.layer] == segment.value)
        for part in self.parts(segment.name):
            result |= self.view[part.layer] == part.value
        return result

    def within(self, segment: Segment, box: Box) -> Mask:
        """Return the voxels of a segment and of its parts in a box, on upright axes."""
        result: Mask = np.asarray(self.view[segment.layer][box] == segment.value)
        for part in self.parts(segment.name):
            result |= self.view[part.layer][box] == part.value
        return result

    def add(self, segment: Segment, box: Box, patch: Mask) -> None:
        """Give voxels to a segment, and to what it is part of; others of the same layer give them up."""
        self._give(segment, box, patch)
        parent = self.find(segment.part_of) if segment.part_of else None
        if parent is not None and not parent.absent:
            here = self.view[parent.layer][box]
            self._give(parent, box, patch & (here != parent.value))

    def _give(self, segment: Segment, box: Box, patch: Mask) -> None:
        layer = self.view[segment.layer][box]
        counts = dict(zip(*(found.tolist() for found in np.unique(layer[patch], return_counts=True)), strict=True))
        for s in self.segments:
            if s.layer == segment.layer and s.value in counts and s.value not in (0, segment.value) and s.name != REST:
                self.losers.add(s.name)
                self.lost[s.name] = self.lost.get(s.name, 0) + counts[s.value]
        layer[patch] = segment.value

    def remove(self, segment: Segment, box: Box, patch: Mask) -> None:
        """Take voxels from a segment and its parts; what is left of layer 0 is unknown tissue, where that is known."""
        rest = self.find(REST)
        parent = self.find(segment.part_of) if segment.part_of else None
        layer = self.view[segment.layer][box]
        own = patch & (layer == segment.value)
        layer[own] = rest.value if segment.layer == 0 and rest is not None else 0
        if parent is not None and not parent.absent:
            above = self.view[parent.layer][box]
            above[own & (above == 0)] = parent.value
        for part in self.parts(segment.name):
            below = self.view[part.layer][box]
            hit = patch & (below == part.value)
            if hit.any():
                self.losers.add(part.name)
                below[hit] = 0

    def begin(self, name: str, mask: Mask, box: Box) -> Segment:
        """Add an empty segment for a mask (in ``box``, upright axes) that is about to be given to it."""
        if not name.strip() or len(name) > 64 or not name.isprintable():
            raise UsageError(f"a segment cannot be called {name[:70]!r}", advice="give it a short name")
        try:
            term, generic = catalog.term(name), False
        except UsageError:
            term, generic = catalog.term(GENERIC), True
        value = 1 + max((s.value for s in self.segments), default=0)
        if value > np.iinfo(self.array.dtype).max:
            self._replace_array(self.array.astype(np.uint16))
        generic = generic or name.startswith(f"{GENERIC}_")
        layer = self._free_layer(box, mask) if generic else layer_of(name)
        while layer >= self.array.shape[0]:
            self._replace_array(np.concatenate([self.array, np.zeros((1, *self.array.shape[1:]), self.array.dtype)]))
        red, green, blue = term["colour"]
        segment = Segment(
            name, layer, value, Code(term["scheme"], term["code"], term["meaning"]), (red, green, blue), "check",
            self._parent(name, term["part_of"], mask, box),
        )
        at = next((n for n, s in enumerate(self.segments) if s.name == name), None)
        if at is None:
            self.segments.append(segment)
        else:
            self.segments[at] = segment
        return segment

    def _free_layer(self, box: Box, mask: Mask) -> int:
        """Return the layer for something that is in no table: one where it covers nothing."""
        order = [n for n in (2, 1, *range(4, self.array.shape[0])) if n < self.array.shape[0]]
        return next((n for n in order if not self.view[n][box][mask].any()), self.array.shape[0])

    def _replace_array(self, array: NDArray[Any]) -> None:
        self.array = array
        self.view = reindex(array, *self.geometry.canonical_axes())

    def _parent(self, name: str, usual: str, mask: Mask, box: Box) -> str:
        """Return the organ that a lesion lies in: the one that holds most of it, else the catalog's if it is known."""
        known = {s.name for s in self.segments if not s.absent}
        if not name.startswith(IN_PARTS):
            return usual if usual in known else ""
        shares = np.bincount(self.view[0][box][mask].ravel().astype(np.int64))
        organs = {s.value: s.name for s in self.segments if s.layer == 0 and not s.absent and s.name not in NO_ORGAN}
        held = {organ: int(shares[v]) for v, organ in organs.items() if v < shares.size and shares[v] > 0}
        best = max(sorted(held), key=lambda organ: held[organ], default="")
        if best and held[best] >= 0.2 * np.count_nonzero(mask):
            return best
        return ""

    def _doubt(self, segment: Segment, by: str) -> None:
        """Flag an organ that has lost much of itself to another: one of the two is not what it is called."""
        left = int(np.count_nonzero(self.array[segment.layer] == segment.value))
        lost_ml = self.lost.get(segment.name, 0) * self.geometry.voxel_volume_ml
        if segment.name in NO_ORGAN or not much_lost(lost_ml, left * self.geometry.voxel_volume_ml):
            return
        told = flagged_loss(segment, lost_ml, by)
        self.segments = [told if s.name == segment.name else s for s in self.segments]

    def settle(self, name: str, state: str, note: str, rules: Iterable[str] = ()) -> None:
        """Set what is said of a segment."""
        self.segments = [
            replace(s, state=state, note=note, rules=tuple(rules)) if s.name == name else s for s in self.segments
        ]

    def finish(self, by: str) -> LabelMap:
        """Return the labels; a candidate or a tissue that has lost all of its voxels is not found any more.

        Raises ``SegmentationError`` where an organ would vanish.
        """
        for name in sorted(self.losers):
            segment = self.find(name)
            if segment is not None and not segment.absent and not (self.array[segment.layer] == segment.value).any():
                if name in self.lost and name not in NO_ORGAN and "candidate" not in segment.rules:
                    raise SegmentationError(f"{name} would vanish: {by} would take all of it",
                                            advice="click inside the structure that you mean, or erase the other first")
                gone = replace(segment, value=0, state="not found", note=f"gave up all its voxels to {by}", rules=())
                self.segments = [gone if s.name == name else s for s in self.segments]
            elif segment is not None and not segment.absent:
                self._doubt(segment, by)
        return LabelMap(self.array, self.geometry, tuple(self.segments), tuple(self.notes))
