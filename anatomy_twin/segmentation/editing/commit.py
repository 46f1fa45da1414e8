"""How an edited segment takes its place among the others: the rules of the layers, refusals, states and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Segment
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.editing.desk import (
    BODY,
    BY_HAND,
    NEAREST,
    UNCLAIMED,
    Box,
    Change,
    Desk,
    Mask,
    Rules,
    tight_change,
)
from anatomy_twin.segmentation.ground.losses import NO_ORGAN, REST, flagged_loss, much_lost

FIRM_STATES = ("confirmed", "truth")  # what a person or a generator stood for, as long as nobody takes from it


def commit(desk: Desk, verb: str, box: Box, want: Mask, rules: Rules) -> Change:
    """Return the change that makes ``want`` (bool, in ``box``) the edited segment's voxels in that box.

    Voxels that ``rules`` forbid are left out. Raises ``SegmentationError`` where the segment, or another one, would
    have no voxel left and ``rules.force`` is not set.
    """
    return finished(desk, verb, box, *settled(desk, box, want, rules), rules.force)


def settled(desk: Desk, box: Box, want: Mask, rules: Rules) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the box before and after the edited segment's voxels became ``want``, as far as ``rules`` allow."""
    segment = desk.segment
    before = desk.block(box)
    want = want & desk.writable(before, rules)
    after = before.copy()
    parent = desk.by_name.get(desk.parent[segment.name])
    if parent is not None and rules.parent == "grow":
        _grow_ancestors(desk, after, parent, want & ~desk.ground(before, segment.name))
    old = desk.ground(before, segment.name)
    after[segment.layer][want & ~old] = segment.value
    _give_up(desk, before, after, old & ~want, rules.to)
    _follow_the_ground(desk, before, after)
    return before, after


def _grow_ancestors(desk: Desk, after: NDArray[Any], parent: Segment, added: Mask) -> None:
    """Let the segment that ``added`` belongs to, and those above it, hold these voxels too."""
    missing = added & ~desk.mask(after, parent.name, desk.segment.name)
    if parent.layer != desk.segment.layer:
        after[parent.layer][missing] = parent.value
    above = desk.by_name.get(desk.parent[parent.name])
    if above is not None:
        _grow_ancestors(desk, after, above, missing)


def _give_up(desk: Desk, before: NDArray[Any], after: NDArray[Any], lost: Mask, to: str) -> None:
    """Hand voxels that the segment no longer has to whoever gets them."""
    if not lost.any():
        return
    layer = desk.segment.layer
    plane = after[layer]
    plane[lost] = 0
    if to == NEAREST:
        _hand_to_neighbours(plane, lost, desk.ground(after, desk.segment.name), desk.spacing_mm)
        return
    taker = desk.by_name.get(REST) if to == UNCLAIMED else desk.named(to)
    if taker is None or (to == UNCLAIMED and taker.layer != layer):
        return
    if taker.layer != layer or taker.name == desk.segment.name:
        raise UsageError(f"{to} cannot take voxels of {desk.segment.name}", advice="name a segment of the same layer")
    body = desk.by_name.get(BODY)
    if to == UNCLAIMED and body is not None:
        lost = lost & (before[body.layer] == body.value)
    plane[lost] = taker.value


def _hand_to_neighbours(plane: NDArray[Any], lost: Mask, own: Mask, spacing_mm: Sequence[float]) -> None:
    """Give each lost voxel to whom its nearest neighbour (of 26) belongs, nobody included, from the outside in.

    Of neighbours at equal distance the lowest number counts. What is lost in the middle of ``own`` stays empty.
    """
    offsets = np.array([o for o in np.ndindex(3, 3, 3) if o != (1, 1, 1)]) - 1
    away = np.round(np.linalg.norm(offsets * np.asarray(spacing_mm), axis=1), 9)
    rings = [offsets[away == distance] for distance in np.unique(away)]
    nobody_yet = np.iinfo(np.int32).max
    padded = np.pad(np.where(lost | own, nobody_yet, plane.astype(np.int32)), 1, constant_values=nobody_yet)
    waiting = np.argwhere(lost) + 1
    while len(waiting):
        found = np.full(len(waiting), nobody_yet, np.int32)
        for ring in rings:
            nearest = np.min([padded[tuple((waiting + offset).T)] for offset in ring], axis=0)
            found = np.where(found == nobody_yet, nearest, found)
        settled_now = found != nobody_yet
        if not settled_now.any():
            break
        padded[tuple(waiting[settled_now].T)] = found[settled_now]
        waiting = waiting[~settled_now]
    result = padded[1:-1, 1:-1, 1:-1][lost]
    plane[lost] = np.where(result == nobody_yet, 0, result).astype(plane.dtype)


def _follow_the_ground(desk: Desk, before: NDArray[Any], after: NDArray[Any]) -> None:
    """Take parts away where the segment under them was: from organs to their parts to what lies in those."""
    level = [s for s in desk.by_name.values() if not desk.parent[s.name]]
    while level:
        following: list[Segment] = []
        for owner in level:
            parts = desk.parts(owner.name)
            following += parts
            over = [s for s in parts if s.layer != owner.layer]
            if not over or not np.any(before[owner.layer] != after[owner.layer]):
                continue
            gone = desk.ground(before, owner.name) & ~desk.ground(after, owner.name)
            for part in over:
                after[part.layer][gone & (after[part.layer] == part.value)] = 0
        level = following


def finished(
    desk: Desk, verb: str, box: Box, before: NDArray[Any], after: NDArray[Any], force: bool,
    added: Sequence[Segment] = (),
) -> Change:
    """Refuse what must not be, and put states, notes and words to the change. ``added`` are segments it brings."""
    edited = desk.segment
    counts = _counts(before, after)
    told: list[str] = []
    table: dict[str, Segment] = {s.name: s for s in (*desk.labels.segments, *added)}
    for segment in (edited, *desk.segments, *added):
        lost, gained = counts.get((segment.layer, segment.value), (0, 0))
        if not lost and not gained:
            continue
        if lost and not _left(desk, after, box, segment):
            if segment.name == edited.name and not force:
                raise SegmentationError(f"nothing would be left of {edited.name}", advice="force it if that is meant")
            if segment.name not in (edited.name, REST) and not force:
                raise SegmentationError(
                    f"{segment.name} would vanish where {edited.name} changes",
                    advice="keep it, or force it if that is meant",
                )
            note = f"removed by hand ({verb} {edited.name})"
            table[segment.name] = replace(segment, value=0, layer=0, state="not found", rules=(), note=note)
        elif segment.name == edited.name:
            doubted = segment.state == "check"  # until a person stands for the whole of it
            table[segment.name] = replace(segment, state="check" if doubted else "corrected",
                                          rules=segment.rules if doubted else (), note=hand_note(segment.note, verb))
        elif segment.state in FIRM_STATES:
            note = f"{segment.state} before it changed with {edited.name} ({verb})"
            table[segment.name] = replace(segment, state="corrected", note=note)
        elif segment.name not in NO_ORGAN and not segment.absent and _much_gone(desk, segment, lost - gained):
            lost_ml = (lost - gained) * desk.geometry.voxel_volume_ml
            table[segment.name] = flagged_loss(segment, lost_ml, f"{edited.name} ({verb})")
        told.append(_amounts(segment.name, lost, gained, desk.geometry.voxel_volume_ml))
    return tight_change(desk, f"{verb} {edited.name}", box, before, after, tuple(table.values()), told)


def _counts(before: NDArray[Any], after: NDArray[Any]) -> dict[tuple[int, int], tuple[int, int]]:
    """Return (lost, gained) voxels by (layer, value)."""
    result: dict[tuple[int, int], tuple[int, int]] = {}
    for layer in range(before.shape[0]):
        changed = before[layer] != after[layer]
        old, lost = np.unique(before[layer][changed], return_counts=True)
        new, gained = np.unique(after[layer][changed], return_counts=True)
        gone = dict(zip(old.tolist(), lost.tolist(), strict=True))
        come = dict(zip(new.tolist(), gained.tolist(), strict=True))
        for value in {*gone, *come} - {0}:
            result[layer, value] = gone.get(value, 0), come.get(value, 0)
    return result


def _much_gone(desk: Desk, segment: Segment, lost: int) -> bool:
    voxel_ml = desk.geometry.voxel_volume_ml
    had_ml = int(np.count_nonzero(desk.array[segment.layer] == segment.value)) * voxel_ml
    return much_lost(lost * voxel_ml, had_ml - lost * voxel_ml)


def _left(desk: Desk, after: NDArray[Any], box: Box, segment: Segment) -> bool:
    """Tell whether a segment has a voxel left, in the box or outside of it (nearest slices first)."""
    if (after[segment.layer] == segment.value).any():
        return True
    if segment.layer >= desk.array.shape[0]:
        return False
    layer, (k, j, i) = desk.array[segment.layer], box
    size = layer.shape[0]
    rims: Sequence[tuple[Any, ...]] = (
        (k, slice(0, j.start), slice(None)), (k, slice(j.stop, None), slice(None)),
        (k, j, slice(0, i.start)), (k, j, slice(i.stop, None)),
    )
    if any((layer[rim] == segment.value).any() for rim in rims):
        return True
    beyond = sorted((*range(k.start), *range(k.stop, size)), key=lambda n: min(abs(n - k.start), abs(n - k.stop)))
    return any((layer[n] == segment.value).any() for n in beyond)


def hand_note(note: str, verb: str) -> str:
    """Return the note of a segment after one more edit: which verbs, each once, and what was said of it before."""
    if not note.startswith(BY_HAND):
        return f"{BY_HAND}{verb})" + (f"; before: {note}" if note else "")
    verbs, closing, rest = note[len(BY_HAND):].partition(")")
    used = verbs.split(", ")
    return note if verb in used else f"{BY_HAND}{', '.join([*used, verb])}{closing}{rest}"


def _amounts(name: str, lost: int, gained: int, voxel_ml: float) -> str:
    parts = [f"+{gained * voxel_ml:.3g} ml"] * bool(gained) + [f"-{lost * voxel_ml:.3g} ml"] * bool(lost)
    return f"{name} {' '.join(parts)}"
