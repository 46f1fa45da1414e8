"""The table of segments: a new one, its name, its state, its end. All but ``clear`` and ``remove`` change no voxel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.editing.commit import commit
from anatomy_twin.segmentation.editing.desk import Change, Desk, Rules, Verb
from anatomy_twin.segmentation.ground.compose import make_segment

FLAGGED_BY_HAND: Final = "flagged by hand"
LONGEST_NAME: Final = 64
OWN_COLOUR: Final = (144, 238, 144)


@Verb
def begin(labels: LabelMap, name: str, *, colour: tuple[int, int, int] | None = None, part_of: str = "") -> Change:
    """Enter a segment without voxels into the table; painting with ``create`` gives it the first ones.

    ``name`` is one of the catalog's terms ("tumour_2") or the person's own, which then has a ``colour`` of its own.
    Raises ``UsageError`` for a name that is taken, empty or longer than 64 letters.
    """
    free_name(labels, name)
    note = "begun by hand, nothing drawn yet"
    try:
        segment = make_segment(name, 0, 0, "not found", note, part_of=part_of)
    except UsageError:
        segment = Segment(name, 0, 0, Code("", "", ""), OWN_COLOUR, "not found", part_of, note)
    segment = segment if colour is None else replace(segment, colour=colour)
    return _table_change(labels, f"new segment {name}", (*labels.segments, segment), (f"{name}: not started",))


@Verb
def clear(labels: Any, name: str) -> Change:
    """Take all voxels of a segment away; it stays in the table, as not started."""
    desk = Desk(labels, name)
    box = desk.box_of()
    return commit(desk, "clear", box, np.zeros(tuple(s.stop - s.start for s in box), dtype=bool), Rules(force=True))


@Verb
def remove(labels: LabelMap, name: str) -> Change:
    """Delete a segment: its voxels and its line in the table. Its parts stay, as parts of nothing."""
    segment = labels.segment(name)
    change = _nothing(labels) if segment.absent else clear.change(labels, name)
    if change.empty:
        change = _table_change(labels, "", labels.segments, ())
    left = tuple(replace(s, part_of="") if s.part_of == name else s for s in change.segments_after if s.name != name)
    return replace(change, name=f"delete {name}", segments_after=left, told=change.told or (f"{name} deleted",))


@Verb
def flag(labels: LabelMap, name: str, why: str = "") -> Change:
    """Say that the outline of a segment is to be looked at again; ``why`` in a person's words."""
    segment = labels.segment(name)
    if segment.absent:
        raise SegmentationError(f"{name} has no voxels ({segment.state})", advice="paint it first")
    rules = tuple(dict.fromkeys((*segment.rules, FLAGGED_BY_HAND)))
    said = why.strip()
    note = segment.note if said in segment.note else "; ".join(filter(None, (said, segment.note)))
    if segment.state == "check" and (rules, note) == (segment.rules, segment.note):
        return _nothing(labels)
    after = _with(labels, replace(segment, state="check", rules=rules, note=note))
    return _table_change(labels, f"flag {name}", after, (f"{name}: {segment.state} -> check",))


def free_name(labels: LabelMap, name: str) -> str:
    """Return a name as it may be given to a new segment; ``UsageError`` where it may not."""
    clean = " ".join(name.split())
    if not clean or clean != name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"{name[:80]!r} is no name for a segment", advice="give 1 to 64 letters in one line")
    if any(segment.name == name for segment in labels.segments):
        raise UsageError(f"there is a segment called {name} already", advice="choose another name")
    return name


def next_name(labels: LabelMap, stem: str) -> str:
    """Return a free name for one more of a kind: "liver" if that is free, else "tumour_2" and so on."""
    taken = {segment.name for segment in labels.segments}
    numbered = stem in ("tumour", "lesion", "segment", "nodule", "kidney_lesion", "tumour_candidate")
    if stem not in taken and not numbered:
        return stem
    return next(name for n in range(1, 10_000) if (name := f"{stem}_{n}") not in taken)


def known_terms() -> dict[str, str]:
    """Return the catalog's names of segments and what people call them, in its order."""
    return {name: str(entry["label"]) for name, entry in catalog.load("terms")["segments"].items()}


def _with(labels: LabelMap, segment: Segment) -> tuple[Segment, ...]:
    return tuple(segment if s.name == segment.name else s for s in labels.segments)


def _nothing(labels: LabelMap) -> Change:
    nothing = labels.array[:, :0, :0, :0]
    return Change("", (0, 0, 0), nothing, nothing, labels.segments, labels.segments, labels.array.shape[0])


def _table_change(labels: LabelMap, name: str, after: tuple[Segment, ...], told: tuple[str, ...]) -> Change:
    """Return a change of the table alone; one voxel stands for its box, as a change without a box is none."""
    voxel = labels.array[:, :1, :1, :1].copy()
    return Change(name, (0, 0, 0), voxel, voxel, labels.segments, after, labels.array.shape[0], told)
