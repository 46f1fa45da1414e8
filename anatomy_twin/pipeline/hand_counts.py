"""How many voxels each segment has, and which surfaces still belong to them, while outlines are edited.

Counting a label map of a hundred million voxels takes a third of a second; a stroke changes a few hundred. So all is
counted once, in small pieces, and followed from then on by what each step changed, done, undone or redone.
"""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap
from anatomy_twin.pipeline.session import Session
from anatomy_twin.segmentation.editing.history import Step, changed_voxels

AT_ONCE: Final = 4_000_000  # voxels of the box of a step that are followed in about 20 ms
_WORD: Final = np.uint64
# constants of splitmix64 (Steele, Lea and Flood, OOPSLA 2014)
_MIX: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


class VoxelCounts:
    """Voxels by layer and number, and a mark for each that tells whether it has the very voxels of an earlier time."""

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] | None = None
        self._marks: dict[tuple[int, int], int] = {}
        self._array: Any = None
        self._next = 0
        self._entries: tuple[Any, ...] = ()
        self.epoch = 0  # marks of different epochs say nothing of each other

    @property
    def complete(self) -> bool:
        """True once everything was counted."""
        return self._array is not None and self._next >= self._array.shape[0] * self._array.shape[1]

    def begin(self, session: Session) -> None:
        """Begin to count the primary label map of a session anew."""
        labels = session.case.labels.get(session.case.primary)
        self._entries = session.history.done
        self._next, self._array, self._counts, self._marks = 0, None, None, {}
        self.epoch += 1
        if labels is not None:
            most = max((segment.value for segment in labels.segments), default=0)
            self._array = labels.array
            self._counts = np.zeros((labels.array.shape[0], max(most + 1, 256)), dtype=np.int64)

    def count_for(self, seconds: float) -> bool:
        """Count on for so long; returns True once everything was counted."""
        until = time.perf_counter() + seconds
        while self._array is not None and not self.complete:
            layer, k = divmod(self._next, self._array.shape[1])
            self._add(layer, np.bincount(self._array[layer, k].ravel()))
            self._next += 1
            if time.perf_counter() >= until:
                break
        return self.complete

    def follow(self, session: Session) -> None:
        """Take in the step that was just done, undone or redone; a large one lets all be counted anew, in pieces."""
        labels = session.case.labels.get(session.case.primary)
        before, self._entries = self._entries, session.history.done
        entry = None
        if len(self._entries) == len(before) - 1:
            entry = before[-1]
        elif self._entries and (not before or self._entries[-1] is not before[-1]):
            entry = self._entries[-1]
        step = entry.step if entry is not None and "labels" not in entry.before else None
        if labels is None or step is None or self._array is None or np.prod(step.shape) > AT_ONCE:
            self.begin(session)
            return
        self._array = labels.array
        self._change(labels, step)

    def count(self, layer: int, value: int) -> int | None:
        """Return the voxels that hold a number; None before all were counted."""
        if not self.complete or self._counts is None:
            return None
        fits = layer < self._counts.shape[0] and value < self._counts.shape[1]
        return int(self._counts[layer, value]) if fits else 0

    def volume_ml(self, labels: LabelMap, name: str) -> float | None:
        """Return the volume of a segment with its parts of the same layer; None before all were counted."""
        voxels = 0
        for part in _family(labels, name):
            found = self.count(part.layer, part.value)
            if found is None:
                return None
            voxels += found
        return voxels * labels.geometry.voxel_volume_ml

    def volume_now_ml(self, labels: LabelMap, name: str) -> float:
        """Return the same at once where all were not counted yet, in one pass over the layer for each part."""
        known = self.volume_ml(labels, name)
        if known is not None:
            return known
        voxels = sum(int(np.count_nonzero(labels.array[s.layer] == s.value)) for s in _family(labels, name))
        return voxels * labels.geometry.voxel_volume_ml

    def mark(self, labels: LabelMap, name: str) -> int:
        """Return a number that is the same again when a segment, with its parts, has the same voxels again."""
        family = _family(labels, name, any_layer=True)
        return sum(self._marks.get((part.layer, part.value), 0) for part in family) % 2**64

    def _change(self, labels: LabelMap, step: Step) -> None:
        places, now, other = changed_voxels(labels.array, step)
        slice_of = places // int(np.prod(labels.array.shape[2:]))
        layer_of = slice_of // labels.array.shape[1]
        mixed, counted = _mixed(places), slice_of < self._next  # slices that come later are counted as they are now
        for layer in np.unique(layer_of).tolist():
            here = layer_of == layer
            for values, sign in ((now, 1), (other, -1)):
                self._add(layer, sign * np.bincount(values[here & counted]))
                for value in np.unique(values[here]).tolist():
                    if value:
                        total = int(np.add.reduce(mixed[here & (values == value)]))
                        key = layer, value
                        self._marks[key] = (self._marks.get(key, 0) + sign * total) % 2**64

    def _add(self, layer: int, found: NDArray[Any]) -> None:
        assert self._counts is not None
        more = (max(layer + 1 - self._counts.shape[0], 0), max(found.size - self._counts.shape[1], 0))
        if any(more):
            self._counts = np.pad(self._counts, ((0, more[0]), (0, more[1])))
        self._counts[layer, : found.size] += found


def _family(labels: LabelMap, name: str, *, any_layer: bool = False) -> list[Any]:
    """Return a segment and its parts (and theirs), those of other layers only where asked for."""
    first = next((s for s in labels.segments if s.name == name and not s.absent), None)
    if first is None:
        return []
    found, waiting = [first], [first.name]
    while waiting:
        owner = waiting.pop()
        for part in labels.parts(owner):
            if part not in found and (any_layer or part.layer == first.layer):
                found.append(part)
                waiting.append(part.name)
    return found


def _mixed(numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Scatter whole numbers over 64 bits, so that sums of them tell sets apart."""
    first, second, third = (_WORD(part) for part in _MIX)
    with np.errstate(over="ignore"):
        mixed = (numbers.astype(_WORD) + _WORD(1)) * first
        mixed = (mixed ^ (mixed >> _WORD(30))) * second
        mixed = (mixed ^ (mixed >> _WORD(27))) * third
        return np.asarray(mixed ^ (mixed >> _WORD(31)))
