"""The part of a label map round one segment."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import LabelMap


def cut_to(labels: LabelMap, name: str) -> LabelMap:
    """Return the labels round a segment and its parts: the rest need not be looked at again."""
    box = [slice(0, 0)] * 3
    for n, segment in enumerate((labels.segment(name), *labels.parts(name))):
        if segment.absent:
            continue
        layer = labels.array[segment.layer]
        flat = [k for k in range(layer.shape[0]) if (layer[k] == segment.value).any()]
        if not flat:
            continue
        found = layer[flat[0] : flat[-1] + 1] == segment.value
        rest = [np.flatnonzero(found.any(axis=axes)) for axes in ((0, 2), (0, 1))]
        ends = [(flat[0], flat[-1]), *((int(held[0]), int(held[-1])) for held in rest)]
        now = [slice(low, high + 1) for low, high in ends]
        box = now if n == 0 or box[0].stop == 0 else [
            slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(box, now, strict=True)]
    if not all(part.stop for part in box):
        return labels
    shape = (box[0].stop - box[0].start, box[1].stop - box[1].start, box[2].stop - box[2].start)
    geometry = labels.geometry.cropped((box[0].start, box[1].start, box[2].start), shape)
    return LabelMap(labels.array[(slice(None), *box)], geometry, labels.segments)
