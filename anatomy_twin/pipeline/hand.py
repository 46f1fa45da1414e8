"""What is done to outlines by hand, as work that a window can have done beside itself, and what a segment's state is.

Each of the functions that take ``labels`` returns a ``Change``: it can be sent between processes, and
``Session.do_labels`` makes it a step that can be undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Case, FrozenMapping, LabelMap, Monitor, Plan, Seeds, Segment, Volume
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation import editing, segment
from anatomy_twin.segmentation.editing.desk import Change, Desk
from anatomy_twin.segmentation.editing.history import Step
from anatomy_twin.segmentation.editing.region import cover, within_hu
from anatomy_twin.segmentation.editing.strokes import Region
from anatomy_twin.segmentation.editing.table import free_name
from anatomy_twin.units import Point

NOT_STARTED: Final = "not started"
FOUND: Final = "found by program"
IN_PROGRESS: Final = "in progress"
CHECKED: Final = "checked"
FLAGGED: Final = "flagged"
Click = tuple[Point, bool]  # LPS mm, and whether it lies inside
_STATES: Final = {
    "ok": FOUND, "check": FLAGGED, "corrected": IN_PROGRESS, "confirmed": CHECKED, "truth": CHECKED,
    "not found": NOT_STARTED, "not visible in this phase": NOT_STARTED,
}


def state_of(segment: Segment) -> str:
    """Return the state of a segment in the words of the field: one of the five above."""
    return _STATES[segment.state]


def why_of(segment: Segment) -> str:
    """Return in one line what is known of a segment's state: the rules that spoke against it, and its note."""
    rules = f"rules: {', '.join(segment.rules)}" if segment.rules else ""
    return "; ".join(filter(None, (rules, segment.note)))


# --- work for a child process -----------------------------------------------------------------------------------------


def changed(
    labels: LabelMap, verb: str, name: str, options: Mapping[str, Any] | None = None, volume: Volume | None = None,
    monitor: Monitor = SILENT,
) -> Change:
    """Return what an editing verb would change (``segmentation.editing.VERBS``); ``UsageError`` where that is nothing.

    ``volume`` is handed on where ``options`` have a range of HU.
    """
    if verb not in editing.VERBS:
        raise UsageError(f"no editing verb is called {verb!r}", advice=f"choose one of {', '.join(editing.VERBS)}")
    monitor.stage(f"{verb.replace('-', ' ')}: {name.replace('_', ' ')}")
    given = dict(options or {})
    if "hu" in given:
        given["volume"] = volume
    change = editing.VERBS[verb].change(labels, name, **given)
    if change.empty:
        why = "it hangs together" if verb == "islands" else "give another size, or other limits"
        raise UsageError(f"{verb.replace('-', ' ')} changes nothing of {name.replace('_', ' ')}", advice=why)
    return _packed(change)


def thresholded(
    labels: LabelMap, volume: Volume, name: str, hu: tuple[float, float], rules: Mapping[str, Any] | None = None,
    monitor: Monitor = SILENT,
) -> Change:
    """Return what changes when a segment gets all voxels with values in a range that ``rules`` allow."""
    monitor.stage(f"threshold: {name.replace('_', ' ')}")
    desk = Desk(labels, name, create=True)
    whole = Region((0, 0, 0), within_hu(labels.geometry, desk.whole, volume, hu))
    return _something(cover.change(labels, name, whole, create=True, verb="threshold", **(rules or {})), name)


def grown(
    labels: LabelMap, volume: Volume, name: str, clicks: Sequence[Click], tool: str = "grow",
    draft: Change | None = None, drafted: int = 0, monitor: Monitor = SILENT,
) -> Change:
    """Return what changes when a segment is drawn, or corrected, from clicks inside and outside of it.

    Parameters
    ----------
    labels, volume, name : the segment, which may be new, in the labels of the scan.
    clicks : (point in LPS mm, whether it lies inside), in the order in which they were made: the first one draws, each
        later one corrects what the ones before gave.
    tool : one of the seeded segmenters.
    draft : what the first ``drafted`` clicks gave, where that is known.

    The change is empty where the clicks agree with the outline. Raises ``UsageError`` for clicks that cannot be meant,
    ``SegmentationError`` where nothing can be drawn.
    """
    after = labels if draft is None else draft.applied(labels)
    for count in range(drafted + 1, len(clicks) + 1):
        inside = tuple(point for point, is_inside in clicks[:count] if is_inside)
        outside = tuple(point for point, is_inside in clicks[:count] if not is_inside)
        if inside or name in after:
            after = segment(volume, tool, {name: Seeds(inside=inside, outside=outside)}, after, monitor)
    begun = next((s for s in labels.segments if s.name == name and s.absent), None)
    if begun is not None:  # it keeps the colour and the parent that a person gave it
        after = replace(after, segments=tuple(
            replace(s, colour=begun.colour, code=begun.code, part_of=begun.part_of or s.part_of)
            if s.name == name else s for s in after.segments
        ))  # fmt: skip
    return _packed(difference(labels, after, f"grow {name}"))


def difference(before: LabelMap, after: LabelMap, name: str) -> Change:
    """Return the change that turns a label map into another one on the same grid, which may have more layers."""
    if before.array.dtype != after.array.dtype:
        raise SegmentationError("the label map has no number left for another segment", advice="remove one first")
    layers = max(before.array.shape[0], after.array.shape[0])
    spans = _spans(before.array, after.array, layers)
    if spans is None:
        nothing = before.array[:, :0, :0, :0]
        return Change(name, (0, 0, 0), nothing, nothing, before.segments, before.segments, before.array.shape[0])
    blocks = [np.zeros((layers, *(s.stop - s.start for s in spans)), before.array.dtype) for _ in range(2)]
    for block, labels in zip(blocks, (before, after), strict=True):
        block[: labels.array.shape[0]] = labels.array[(slice(None), *spans)]
    told = _told(before, after, blocks[0], blocks[1])
    start = (spans[0].start, spans[1].start, spans[2].start)
    return Change(name, start, blocks[0], blocks[1], before.segments, after.segments, before.array.shape[0], told)


def renamed(case: Case, old: str, new: str) -> Case:
    """Return a case in which a segment bears another name everywhere: labels, surfaces, plans, looks.

    Raises ``UsageError`` for a name that is taken or is none.
    """
    labels = case.label_map
    free_name(labels, new)
    segment_before = labels.segment(old)
    segments = tuple(
        replace(s, name=new if s is segment_before else s.name, part_of=new if s.part_of == old else s.part_of)
        for s in labels.segments
    )
    structures = {
        (new if name == old else name): replace(
            s, name=new if name == old else name, part_of=new if s.part_of == old else s.part_of
        ) for name, s in case.anatomy.structures.items()
    }  # fmt: skip
    layers = {(new if name == old else name): look for name, look in case.display.layers.items()}
    return replace(
        case,
        labels=FrozenMapping({**case.labels, case.primary: replace(labels, segments=segments)}),
        anatomy=replace(case.anatomy, structures=structures),
        plans=FrozenMapping({name: _plan_renamed(plan, old, new) for name, plan in case.plans.items()}),
        display=replace(case.display, layers=FrozenMapping(layers)),
    )


def _plan_renamed(plan: Plan, old: str, new: str) -> Plan:
    """Return a plan that names a structure by its new name."""
    changes: dict[str, Any] = {}
    for part in ("target", "organ", "chamber"):
        if getattr(plan, part, "") == old:
            changes[part] = new
    targets = getattr(plan, "targets", ())
    if old in targets:
        changes["targets"] = tuple(new if name == old else name for name in targets)
    return replace(plan, **changes) if changes else plan


def _spans(before: NDArray[Any], after: NDArray[Any], layers: int) -> Any:
    """Return the smallest box that holds all voxels that differ, slice by slice; None where none do."""
    low, high = np.full(3, np.iinfo(np.int64).max), np.zeros(3, dtype=np.int64)
    for layer in range(layers):
        for k in range(before.shape[1]):
            one, two = (a[layer, k] if layer < a.shape[0] else np.zeros((), a.dtype) for a in (before, after))
            differs = np.asarray(one != two)
            rows = np.flatnonzero(differs.any(1)) if differs.ndim else np.zeros(0)
            if rows.size:
                columns = np.flatnonzero(differs.any(0))
                low = np.minimum(low, (k, rows[0], columns[0]))
                high = np.maximum(high, (k + 1, rows[-1] + 1, columns[-1] + 1))
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)) if high.any() else None


def _told(before: LabelMap, after: LabelMap, old: NDArray[Any], new: NDArray[Any]) -> tuple[str, ...]:
    """Say who gained and who lost how much."""
    lines, voxel_ml = [], before.geometry.voxel_volume_ml
    table = {s.name: s for s in (*before.segments, *after.segments) if not s.absent}
    for name, one in table.items():
        had, has = old[one.layer] == one.value, new[one.layer] == one.value
        gained, lost = int(np.count_nonzero(has & ~had)), int(np.count_nonzero(had & ~has))
        parts = [f"{sign}{count * voxel_ml:.3g} ml" for sign, count in (("+", gained), ("-", lost)) if count]
        lines += [f"{name} {' '.join(parts)}"] * bool(parts)
    return tuple(lines)


def _something(change: Change, name: str) -> Change:
    if change.empty:
        raise UsageError(f"nothing changes of {name}", advice="give another range of values, or other limits")
    return _packed(change)


def _packed(change: Change) -> Change:
    """Return a change with its step of the history: who takes it over need not wait until that is packed."""
    return change if change.empty else replace(change, packed=Step.of(change))
