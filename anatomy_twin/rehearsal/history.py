"""Undo and redo of everything that is done to a case: plans, labels, measurements, results, the look.

A case is frozen and its parts are shared, so a step keeps what it replaced and what it put there; voxels of labels are
kept as compressed differences (``segmentation.editing.history``). All steps together stay within a bound.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, FrozenMapping, LabelMap
from anatomy_twin.errors import UsageError
from anatomy_twin.segmentation.editing.desk import Change, with_layers
from anatomy_twin.segmentation.editing.history import Step, dropped_line
from anatomy_twin.units import check_positive

MAX_BYTES: Final = 512 * 2**20
ENTRY_BYTES: Final = 2_000
FIELDS: Final = tuple(part.name for part in dataclasses.fields(Case) if part.name not in ("primary", "timings_s"))


@dataclass(frozen=True, eq=False)
class Entry:
    """One step. ``before`` and ``after`` hold the fields of the case that it changed; ``step`` the voxels.

    Entries in a row with the same ``key`` become one (a slider that is dragged); "" never does.
    """

    name: str
    key: str = ""
    before: Mapping[str, Any] = field(default_factory=FrozenMapping)
    after: Mapping[str, Any] = field(default_factory=FrozenMapping)
    step: Step | None = None

    @cached_property
    def bytes(self) -> int:
        """About how much memory the step alone keeps: arrays that only one of its two sides has."""
        sides = [_arrays(side) for side in (self.before, self.after)]
        alone = {key: size for key, size in (*sides[0].items(), *sides[1].items())
                 if (key in sides[0]) != (key in sides[1])}  # fmt: skip
        return ENTRY_BYTES + sum(alone.values()) + (self.step.bytes if self.step else 0)

    @property
    def fields(self) -> frozenset[str]:
        """The fields of the case that the step changes."""
        return frozenset(self.before) | ({"labels"} if self.step else set())


@dataclass(frozen=True, eq=False)
class History:
    """Steps that can be undone (``done``, oldest first) and redone (``undone``, the next one last).

    Where all of them would take more than about ``max_bytes``, the oldest are dropped; ``dropped`` counts them and
    ``told`` says so. Every method returns a new history.
    """

    max_bytes: int = MAX_BYTES
    done: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()
    dropped: int = 0

    def __post_init__(self) -> None:
        check_positive("max_bytes", self.max_bytes)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the steps that can be undone, oldest first."""
        return tuple(entry.name for entry in self.done)

    @property
    def redo_names(self) -> tuple[str, ...]:
        """Names of the steps that can be redone, in the order in which they would be."""
        return tuple(entry.name for entry in reversed(self.undone))

    @property
    def bytes(self) -> int:
        """About how much memory the steps take."""
        return sum(entry.bytes for entry in (*self.done, *self.undone))

    @property
    def told(self) -> str:
        """One line about steps that were dropped; "" where none were."""
        return dropped_line(self.dropped, self.max_bytes)

    def recorded(self, entry: Entry) -> History:
        """Return the history with one more step; what was undone before it is forgotten."""
        last = self.done[-1] if self.done else None
        if last is not None and entry.key and last.key == entry.key and not self.undone and not (
            entry.step or last.step
        ):
            # the first move of a plan also drops what an older one led to, and what is read off it may come later
            before = FrozenMapping({**entry.before, **last.before})
            done = (*self.done[:-1], replace(entry, before=before, after=FrozenMapping({**last.after, **entry.after})))
        else:
            done = (*self.done, entry)
        sizes = [step.bytes for step in done]
        total, first = sum(sizes), 0
        while first < len(done) - 1 and total > self.max_bytes:
            total -= sizes[first]
            first += 1
        return replace(self, done=done[first:], undone=(), dropped=self.dropped + first)

    def sealed(self) -> History:
        """Return the history whose last step no later one is joined to."""
        return replace(self, done=(*self.done[:-1], replace(self.done[-1], key=""))) if self.done else self

    def next(self, *, back: bool) -> Entry:
        """Return the step that would be undone (``back``) or redone; ``UsageError`` where there is none."""
        steps = self.done if back else self.undone
        if not steps:
            raise UsageError(f"there is nothing to {'undo' if back else 'redo'}")
        return steps[-1]

    def stepped(self, *, back: bool) -> History:
        """Return the history after its last step was undone (``back``) or the next one redone."""
        if back:
            return replace(self, done=self.done[:-1], undone=(*self.undone, self.done[-1]))
        return replace(self, done=(*self.done, self.undone[-1]), undone=self.undone[:-1])


def entry_between(before: Case, after: Case, name: str, key: str = "", change: Change | None = None) -> Entry:
    """Return the step from one case to another. ``change`` is the difference of the primary label map, if voxels or
    segments of it changed: it is then kept as a difference, not as two label maps.
    """
    changed = [part for part in FIELDS if not _same(getattr(before, part), getattr(after, part))]
    if change is not None:
        changed = [part for part in changed if part != "labels"]
    sides = ({part: getattr(case, part) for part in changed} for case in (before, after))
    old, new = (FrozenMapping(side) for side in sides)
    return Entry(name, key, old, new, None if change is None or change.empty else Step.of(change))


def applied(case: Case, entry: Entry, *, back: bool, array: NDArray[Any] | None = None) -> Case:
    """Return the case before (``back``) or after a step.

    ``array`` [layer, k, j, i] is the writable memory behind the primary label map where the caller has it: voxels are
    changed there, without a copy. Raises ``DataError`` where the labels are not those that the step was made on.
    """
    case = replace(case, **dict(entry.before if back else entry.after))
    if entry.step is None:
        return case
    labels, step = case.label_map, entry.step
    layers = step.layers_before if back else step.shape[0]
    wide = max(step.shape[0], step.layers_before)
    voxels = labels.array.copy(order="K") if array is None else array
    voxels = voxels if voxels.shape[0] >= wide else with_layers(voxels, wide)
    step.toggle(voxels, back=back)
    voxels = voxels if voxels.shape[0] == layers else with_layers(voxels, layers)
    segments = step.segments_before if back else step.segments_after
    fresh = LabelMap(voxels, labels.geometry, segments, labels.notes)
    return replace(case, labels=FrozenMapping({**case.labels, case.primary: fresh}))


def _same(one: Any, other: Any) -> bool:
    """Tell whether two fields are one thing; a case makes tables of its own, so there the entries count."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(one[key] is other[key] for key in one)
    return one is other


def _arrays(value: Any, found: dict[int, int] | None = None, depth: int = 0) -> dict[int, int]:
    """Return {address: bytes} of the arrays in frozen data."""
    found = {} if found is None else found
    if isinstance(value, np.ndarray):
        found[value.__array_interface__["data"][0]] = value.nbytes
    elif depth > 8:
        return found
    elif isinstance(value, Mapping):
        for item in value.values():
            _arrays(item, found, depth + 1)
    elif isinstance(value, tuple):
        for item in value:
            _arrays(item, found, depth + 1)
    elif dataclasses.is_dataclass(value):
        for part in dataclasses.fields(value):
            _arrays(getattr(value, part.name), found, depth + 1)
    return found
