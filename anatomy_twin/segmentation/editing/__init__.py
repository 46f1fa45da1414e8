"""Editing verbs on label maps: each takes a label map and returns a new one.

``verb(labels, name, ...)`` edits the segment ``name``; ``verb.change(labels, name, ...)`` returns the difference alone
(a ``Change``: a box of voxels and the table of segments), which ``edit_history`` keeps for undo.

Rules that hold for all of them (``Rules``, given as keyword arguments):

- In a layer a voxel belongs to one segment. By default what stands where a segment grows gives way
  (``over="everywhere"``); ``over="unclaimed"`` takes only what nobody has, ``over="liver"`` stays inside the liver.
- A part stays inside the segment that it is part of (``parent="grow"`` takes that along). What lies in a segment's
  parts goes where the segment is taken away.
- A segment that would vanish is a refusal unless ``force=True``.
- The edited segment's state becomes "corrected", its note names the verbs; so does that of a confirmed neighbour that
  lost voxels. A segment to be checked stays so, with its rules: only ``confirm``, which changes no voxel, says that a
  person stands for the outline. An organ that loses a tenth of itself to another is flagged by the rule "lost".
"""

from __future__ import annotations

from typing import Final

from anatomy_twin.segmentation.editing.brush import erase, paint
from anatomy_twin.segmentation.editing.confirm import confirm
from anatomy_twin.segmentation.editing.desk import Change, Rules, Verb
from anatomy_twin.segmentation.editing.sets import islands, logical
from anatomy_twin.segmentation.editing.shape import hollow, margin, smooth
from anatomy_twin.segmentation.editing.slices import fill_between

__all__ = [
    "VERBS", "Change", "Rules", "Verb", "confirm", "erase", "fill_between", "hollow", "islands", "logical", "margin",
    "paint", "smooth",
]

VERBS: Final[dict[str, Verb]] = {
    "paint": paint,
    "erase": erase,
    "smooth": smooth,
    "fill-between": fill_between,
    "islands": islands,
    "margin": margin,
    "hollow": hollow,
    "logical": logical,
    "confirm": confirm,
}
