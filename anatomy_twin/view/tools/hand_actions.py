"""What can be done to a segment without pointing: verbs of editing, its state, its place in the table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anatomy_twin.core import Segment
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.hand import FLAGGED, renamed, state_of
from anatomy_twin.rehearsal import PLANES, structure_label
from anatomy_twin.segmentation import editing
from anatomy_twin.segmentation.editing import table
from anatomy_twin.segmentation.editing.desk import value_spans
from anatomy_twin.view.tools.hand_kit import Hand
from anatomy_twin.view.words import tr

CHANGED: Final = "anatomy_twin.pipeline.hand:changed"
THRESHOLDED: Final = "anatomy_twin.pipeline.hand:thresholded"


def run_verb(hand: Hand, verb: str, **options: Any) -> None:
    """Have an editing verb work on the active segment beside the window; what it changes becomes one step."""
    if hand.ready(filled=True):
        title = f"{verb.replace('-', ' ').capitalize()}: {hand.called}"
        hand.work(title, CHANGED, verb, hand.desk.active, {**options, **hand.rules})


def smooth(hand: Hand) -> None:
    """Smooth the active segment; its volume stays."""
    run_verb(hand, "smooth", sigma_mm=hand.numbers["sigma_mm"])


def margin(hand: Hand, sign: int = 1) -> None:
    """Grow the active segment by the margin, or shrink it."""
    run_verb(hand, "margin", margin_mm=sign * hand.numbers["margin_mm"])


def hollow(hand: Hand) -> None:
    """Leave a shell of the active segment."""
    run_verb(hand, "hollow", thickness_mm=hand.numbers["shell_mm"])


def fill_between(hand: Hand) -> None:
    """Fill the slices between those that were drawn, in the direction of the view that was worked in last."""
    view = getattr(hand.desk, "active_view", "")
    run_verb(hand, "fill-between", plane=view if view in PLANES else PLANES[0])


def keep_largest(hand: Hand) -> None:
    """Keep the largest piece of the active segment."""
    run_verb(hand, "islands", keep_islands="largest")


def remove_small(hand: Hand) -> None:
    """Remove pieces under a volume."""
    run_verb(hand, "islands", keep_islands="larger", min_ml=hand.numbers["min_ml"])


def split(hand: Hand) -> None:
    """Make each piece a segment of its own."""
    run_verb(hand, "islands", keep_islands="split", min_ml=hand.numbers["min_ml"])


def combine(hand: Hand, operation: str, other: str) -> None:
    """Combine the active segment with another one ("union", "subtract", "intersect")."""
    if hand.ready(filled=True):
        title = f"{operation.capitalize()}: {hand.called}, {structure_label(other)}"
        hand.work(title, CHANGED, "logical", hand.desk.active, {"operation": operation, "other": other, **hand.rules})


def threshold(hand: Hand) -> None:
    """Give the active segment all voxels in the range of values, where the limits allow it."""
    if hand.ready():
        low, high = hand.limits.hu
        title = f"Threshold {low:g} to {high:g}: {hand.called}"
        hand.work(title, THRESHOLDED, hand.desk.case.volume, hand.desk.active, hand.limits.hu, hand.rules)


# the table of segments


def begin(hand: Hand, name: str, colour: tuple[int, int, int] | None = None, part_of: str = "") -> bool:
    """Enter a new segment and make it the active one; True where that could be done."""
    labels = hand.labels
    if labels is None:
        return hand.ready()
    done = hand.do(lambda: table.begin.change(labels, name, colour=colour, part_of=part_of))
    if done:
        hand.desk.set_active(name)
    return done


def rename(hand: Hand, new: str) -> bool:
    """Give the active segment another name, in plans and surfaces too; True where that could be done."""
    old = hand.desk.active
    if not hand.ready() or new == old:
        return False
    try:
        after = renamed(hand.desk.case, old, new)
    except TwinError as error:
        hand.desk.tell(str(error), "error")
        return False
    hand.desk.set_active("")
    done = hand.desk.do(f"rename {old} to {new}", after)
    hand.desk.set_active(new if done else old)
    return done


def clear(hand: Hand) -> None:
    """Take all voxels of the active segment away."""
    labels = hand.labels
    if hand.ready(filled=True) and labels is not None:
        hand.do(lambda: table.clear.change(labels, hand.desk.active))


def delete(hand: Hand) -> None:
    """Delete the active segment with its line in the table; undo brings it back."""
    labels, name = hand.labels, hand.desk.active
    if not hand.ready() or labels is None:
        return
    aimed = [plan.name for plan in hand.desk.case.plans.values() if name in _named_by(plan)]
    if aimed:
        form = tr("plan {plans} is made for {name}; change or delete the plan first")
        hand.desk.tell(form.format(plans=", ".join(aimed), name=hand.called), "error")
        return
    hand.do(lambda: table.remove.change(labels, name))


def _named_by(plan: Any) -> tuple[str, ...]:
    return (getattr(plan, "target", ""), getattr(plan, "organ", ""), *getattr(plan, "targets", ()))


# states


def confirm(hand: Hand) -> None:
    """A person stands for the outline of the active segment as it is."""
    labels = hand.labels
    if hand.ready(filled=True) and labels is not None:
        hand.do(lambda: editing.confirm.change(labels, hand.desk.active), f"{hand.called} is checked already")


def flag(hand: Hand, why: str = "") -> None:
    """Say that the outline of the active segment is to be looked at again."""
    labels = hand.labels
    if hand.ready(filled=True) and labels is not None:
        hand.do(lambda: table.flag.change(labels, hand.desk.active, why), f"{hand.called} is flagged already")


# going from one to the next


def listed(hand: Hand, *, only_flagged: bool = False) -> tuple[Segment, ...]:
    """Return the segments in the order of the list: by what they are, those with voxels first."""
    labels = hand.labels
    found = labels.segments if labels is not None else ()
    if only_flagged:
        found = tuple(s for s in found if state_of(s) == FLAGGED)
    return tuple(sorted(found, key=lambda s: (s.absent, structure_label(s.name).lower())))


def step_segment(hand: Hand, step: int, *, only_flagged: bool = False) -> None:
    """Make the next (1) or the previous (-1) segment of the list the active one and go there."""
    names = [s.name for s in listed(hand, only_flagged=only_flagged)]
    if not names:
        hand.desk.tell(tr("no segment is flagged") if only_flagged else tr("there are no segments"))
        return
    here = names.index(hand.desk.active) if hand.desk.active in names else (-1 if step > 0 else 0)
    choose(hand, names[(here + step) % len(names)])


def choose(hand: Hand, name: str, *, centre: bool = True) -> None:
    """Make a segment the active one and let the slices cross in it."""
    hand.desk.set_active(name)
    if centre:
        point = middle_mm(hand, name)
        if point is not None:
            hand.desk.set_focus(point)


def middle_mm(hand: Hand, name: str) -> Any:
    """Return a voxel of a segment near its middle, LPS mm; None where it has none.

    Of the slice with most of it the voxel nearest to the middle: inside also where the segment is bent.
    """
    labels = hand.labels
    if labels is None or name not in labels:
        return None
    segment = labels.segment(name)
    layer = labels.array[segment.layer]
    spans = value_spans(layer, [segment.value])
    if spans is None:
        return None
    block = layer[spans] == segment.value
    fullest = int(np.argmax(block.sum(axis=(1, 2))))
    places = np.argwhere(block[fullest])
    nearest = places[np.argmin(((places - places.mean(0)) ** 2).sum(1))]
    index = (spans[0].start + fullest, spans[1].start + int(nearest[0]), spans[2].start + int(nearest[1]))
    return labels.geometry.to_world(index)


def progress(hand: Hand) -> dict[str, int]:
    """Return how many segments are in each state."""
    counts: dict[str, int] = {}
    for segment in hand.labels.segments if hand.labels is not None else ():
        counts[state_of(segment)] = counts.get(state_of(segment), 0) + 1
    return counts

