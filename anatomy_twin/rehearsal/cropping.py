"""The part of a label map round one segment."""

from __future__ import annotations

from anatomy_twin.core import LabelMap
from anatomy_twin.segmentation.editing.desk import value_spans


def cut_to(labels: LabelMap, name: str) -> LabelMap:
    """Return the labels round a segment and its parts: the rest need not be looked at again."""
    family = (one for one in (labels.segment(name), *labels.parts(name)) if not one.absent)
    boxes = [box for one in family if (box := value_spans(labels.array[one.layer], (one.value,))) is not None]
    if not boxes:
        return labels
    k, j, i = (slice(min(part.start for part in along), max(part.stop for part in along))
               for along in zip(*boxes, strict=True))  # fmt: skip
    shape = (k.stop - k.start, j.stop - j.start, i.stop - i.start)
    geometry = labels.geometry.cropped((k.start, j.start, i.start), shape)
    return LabelMap(labels.array[:, k, j, i], geometry, labels.segments)
