"""Undo and redo of label edits: compressed differences, in bounded memory.

A step keeps the box of voxels that an edit touched as the runs of (before XOR after), compressed, and the two tables of
segments. XOR undoes itself, so one difference serves both directions, and what comes back is the same to the bit.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap, Segment
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.segmentation.editing.desk import Change, Verb, with_layers
from anatomy_twin.units import check_positive

MAX_BYTES: Final = 64 * 2**20
SEGMENT_BYTES: Final = 700  # what a segment that differs between two tables takes, its texts included
STEP_BYTES: Final = 600
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One edit that can be undone and redone. ``start`` is [k, j, i], ``shape`` [layer, k, j, i] of its box."""

    name: str
    start: tuple[int, int, int]
    shape: tuple[int, int, int, int]
    runs: bytes
    segments_before: tuple[Segment, ...]
    segments_after: tuple[Segment, ...]
    layers_before: int
    before_crc: int
    after_crc: int

    @staticmethod
    def of(change: Change) -> Step:
        """Return the step of a change that is not empty; packing a large one takes a second."""
        if isinstance(change.packed, Step):
            return change.packed
        flat = np.bitwise_xor(change.before, change.after).ravel()
        changed = flat != 0
        k, j, i = change.start
        layers, depth, height, width = change.after.shape
        return Step(
            change.name, (k, j, i), (layers, depth, height, width), _pack(flat), change.segments_before,
            change.segments_after, change.layers_before, _crc(change.before.ravel()[changed]),
            _crc(change.after.ravel()[changed]),
        )

    @property
    def bytes(self) -> int:
        """About how much memory the step takes."""
        same = {id(s) for s in self.segments_before}
        fresh = sum(1 for s in self.segments_after if id(s) not in same)
        tables = 16 * (len(self.segments_before) + len(self.segments_after))
        return STEP_BYTES + len(self.runs) + fresh * SEGMENT_BYTES + tables

    def toggle(self, array: NDArray[Any], *, back: bool) -> None:
        """Turn the voxels of a writable ``array`` [layer, k, j, i] into those before (``back``) or after the edit.

        Raises ``DataError``, and changes nothing, where they are not what the step left.
        """
        k, j, i = (slice(a, a + n) for a, n in zip(self.start, self.shape[1:], strict=True))
        place = (slice(0, self.shape[0]), k, j, i)
        block = array[place]
        flat = _unpack(self.runs, int(np.prod(self.shape)), array.dtype)
        if block.shape != self.shape or _crc(block.reshape(-1)[flat != 0]) != (
            self.after_crc if back else self.before_crc
        ):
            raise DataError(f"the labels are not those that the step {self.name!r} was made on",
                            advice="undo and redo in turn, on the labels of this history")
        array[place] = block ^ flat.reshape(self.shape)


def changed_voxels(array: NDArray[Any], step: Step) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
    """Return where a step that was just done, undone or redone changed an array [layer, k, j, i], and how.

    Places are flat indices into the array; then come the numbers there now, and those on the other side of the step.
    """
    flat = _unpack(step.runs, int(np.prod(step.shape)), array.dtype)
    hit = np.flatnonzero(flat)
    inner = np.unravel_index(hit, step.shape)
    places = np.ravel_multi_index(
        tuple(index + start for index, start in zip(inner, (0, *step.start), strict=True)),
        (max(step.shape[0], array.shape[0]), *array.shape[1:]),
    )
    here = inner[0] < array.shape[0]  # an undone step may have taken its layer along
    now = np.zeros(hit.size, array.dtype)
    now[here] = array.reshape(-1)[places[here]] if array.flags.c_contiguous else array[
        np.unravel_index(places[here], array.shape)
    ]
    return places, now, now ^ flat[hit]


def dropped_line(count: int, max_bytes: int) -> str:
    """Return one line about steps that a history dropped to keep within its bound; "" where it dropped none."""
    if not count:
        return ""
    steps = "the oldest step" if count == 1 else f"the {count} oldest steps"
    return f"{steps} can no longer be undone: the history holds {max_bytes / 2**20:.3g} MB"


def _crc(values: NDArray[Any]) -> int:
    return zlib.crc32(np.ascontiguousarray(values).tobytes())


def _pack(flat: NDArray[Any]) -> bytes:
    """Return runs of equal numbers: how many there are, their lengths (little-endian uint32), their values; packed."""
    ends = np.append(np.flatnonzero(flat[1:] != flat[:-1]) + 1, flat.size)
    lengths = np.diff(ends, prepend=0).astype("<u4")
    values = flat[ends - 1]
    content = len(ends).to_bytes(8, "little") + lengths.tobytes() + values.astype(flat.dtype).tobytes()
    return zlib.compress(content, _LEVEL)


def _unpack(data: bytes, size: int, dtype: Any) -> NDArray[Any]:
    content = zlib.decompress(data)
    count = int.from_bytes(content[:8], "little")
    lengths = np.frombuffer(content, "<u4", count, 8)
    values = np.frombuffer(content, dtype, count, 8 + 4 * count)
    result = np.repeat(values, lengths)
    if result.size != size:
        raise DataError("a step of the history is damaged")
    return result


@dataclass(frozen=True, slots=True)
class EditHistory:
    """The edits of a label map that can be undone (``done``, oldest first) and redone (``undone``, next one last).

    All steps together take at most about ``max_bytes``: the oldest ones are dropped, then the farthest to redo;
    ``dropped`` counts them and ``told`` says so. Every method returns a new history.
    """

    max_bytes: int = MAX_BYTES
    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()
    dropped: int = 0

    def __post_init__(self) -> None:
        check_positive("max_bytes", self.max_bytes)

    @property
    def bytes(self) -> int:
        """About how much memory the steps take."""
        return sum(step.bytes for step in (*self.done, *self.undone))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the edits that can be undone, oldest first."""
        return tuple(step.name for step in self.done)

    @property
    def redo_names(self) -> tuple[str, ...]:
        """Names of the edits that can be redone, in the order in which they would be."""
        return tuple(step.name for step in reversed(self.undone))

    @property
    def told(self) -> str:
        """One line about steps that were dropped; "" where none were."""
        return dropped_line(self.dropped, self.max_bytes)

    def recorded(self, change: Change) -> EditHistory:
        """Return the history with one more edit; what was undone before it is forgotten. An empty change adds none."""
        if change.empty:
            return self
        done = (*self.done, Step.of(change))
        sizes = [step.bytes for step in done]
        total, first = sum(sizes), 0
        while first < len(done) and total > self.max_bytes:
            total -= sizes[first]
            first += 1
        return replace(self, done=done[first:], undone=(), dropped=self.dropped + first)

    def apply(self, labels: LabelMap, change: Change) -> tuple[LabelMap, EditHistory]:
        """Return the labels with a change (``paint.change(labels, ...)``), and the history that can undo it."""
        return change.applied(labels), self.recorded(change)

    def undo(self, labels: LabelMap) -> tuple[LabelMap, EditHistory]:
        """Return the labels before the last edit, and the history that can redo it.

        Raises ``UsageError`` where nothing is left to undo and ``DataError`` where ``labels`` are not those of the
        last edit.
        """
        step = self._next(self.done, "undo")
        _check_table(labels, step.segments_after, step)
        array = labels.array.copy(order="K")
        step.toggle(array, back=True)
        return _with(labels, array, step, back=True), self.stepped(back=True)

    def redo(self, labels: LabelMap) -> tuple[LabelMap, EditHistory]:
        """Return the labels after the edit that was undone last, and the history that can undo it again."""
        step = self._next(self.undone, "redo")
        _check_table(labels, step.segments_before, step)
        array = with_layers(labels.array, step.shape[0])
        step.toggle(array, back=False)
        return _with(labels, array, step, back=False), self.stepped(back=False)

    def stepped(self, *, back: bool) -> EditHistory:
        """Return the history after its last edit was undone (``back``) or the next one redone."""
        if back:
            return replace(self, done=self.done[:-1], undone=(*self.undone, self.done[-1]))
        return replace(self, done=(*self.done, self.undone[-1]), undone=self.undone[:-1])

    @staticmethod
    def _next(steps: Sequence[Step], what: str) -> Step:
        if not steps:
            raise UsageError(f"there is nothing to {what}")
        return steps[-1]


def _check_table(labels: LabelMap, segments: tuple[Segment, ...], step: Step) -> None:
    if labels.segments != segments:
        raise DataError(f"the labels are not those that the step {step.name!r} was made on",
                        advice="undo and redo in turn, on the labels of this history")


def _with(labels: LabelMap, array: NDArray[Any], step: Step, *, back: bool) -> LabelMap:
    if back and step.layers_before != array.shape[0]:
        array = with_layers(array, step.layers_before)
    segments = step.segments_before if back else step.segments_after
    return LabelMap(array, labels.geometry, segments, labels.notes)


class EditSession:
    """A label map that is edited again and again, as by a brush in a window: nothing is copied but the box of an edit.

    The session owns one writable copy of the voxels. ``labels`` is a view of it that the next edit changes;
    ``snapshot`` gives labels that stay as they are.
    """

    def __init__(self, labels: LabelMap, max_bytes: int = MAX_BYTES) -> None:
        self._array = labels.array.copy(order="K")
        self.labels = LabelMap(self._array, labels.geometry, labels.segments, labels.notes)
        self.history = EditHistory(max_bytes)

    def edit(self, verb: Verb, name: str, *arguments: Any, **options: Any) -> Change:
        """Apply an editing verb to the segment ``name`` and return what it changed."""
        change = verb.change(self.labels, name, *arguments, **options)
        if change.empty:
            return change
        history = self.history.recorded(change)
        if change.layers_after != self._array.shape[0]:
            self._array = with_layers(self._array, change.layers_after)
        self._array[(slice(None), *change.box)] = change.after
        self._show(change.segments_after, history)
        return change

    def undo(self) -> str:
        """Undo the last edit and return its name; ``UsageError`` where nothing is left."""
        step = EditHistory._next(self.history.done, "undo")
        step.toggle(self._array, back=True)
        if step.layers_before != self._array.shape[0]:
            self._array = with_layers(self._array, step.layers_before)
        self._show(step.segments_before, self.history.stepped(back=True))
        return step.name

    def redo(self) -> str:
        """Redo the edit that was undone last and return its name; ``UsageError`` where nothing is left."""
        step = EditHistory._next(self.history.undone, "redo")
        if step.shape[0] != self._array.shape[0]:
            self._array = with_layers(self._array, step.shape[0])
        step.toggle(self._array, back=False)
        self._show(step.segments_after, self.history.stepped(back=False))
        return step.name

    def snapshot(self) -> LabelMap:
        """Return the labels as they are now, in voxels of their own."""
        return replace(self.labels, array=self._array.copy(order="K"))

    def _show(self, segments: tuple[Segment, ...], history: EditHistory) -> None:
        self.labels = LabelMap(self._array, self.labels.geometry, segments, self.labels.notes)
        self.history = history
