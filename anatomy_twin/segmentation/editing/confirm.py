"""A person stands for an outline: no voxel changes, the flag goes."""

from __future__ import annotations

from dataclasses import replace

from anatomy_twin.core import LabelMap
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation.editing.desk import Change, Verb


@Verb
def confirm(labels: LabelMap, name: str) -> Change:
    """Say that a person looked at the segment ``name`` and stands for it: its state becomes "confirmed".

    What was said of it before stays in its note; no voxel changes. The change is empty where it is confirmed already.

    Raises ``DataError`` for an unknown segment and ``SegmentationError`` for one without voxels.
    """
    segment = labels.segment(name)
    if segment.absent:
        raise SegmentationError(f"{name} has no voxels ({segment.state})", advice="paint it first")
    if segment.state == "confirmed":
        nothing = labels.array[:, :0, :0, :0]
        return Change("", (0, 0, 0), nothing, nothing, labels.segments, labels.segments, labels.array.shape[0])
    rules = f"was flagged: {', '.join(segment.rules)}" if segment.rules else ""
    note = "; ".join(filter(None, ["confirmed by hand", rules, segment.note]))
    confirmed = replace(segment, state="confirmed", rules=(), note=note)
    after = tuple(confirmed if s.name == name else s for s in labels.segments)
    # one voxel stands for the box: an edit without a box is none
    voxel = labels.array[:, :1, :1, :1].copy()
    return Change(f"confirm {name}", (0, 0, 0), voxel, voxel, labels.segments, after, labels.array.shape[0],
                  (f"{name}: {segment.state} -> confirmed",))
