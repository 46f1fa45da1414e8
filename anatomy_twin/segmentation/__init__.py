"""Volume -> LabelMap, by named segmenters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anatomy_twin import plugins
from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume
from anatomy_twin.errors import UsageError
from anatomy_twin.kernels import distance, seg_circles, seg_near, seg_sample
from anatomy_twin.segmentation.target import add_target

__all__ = ["add_target", "segment", "warm_up"]


def segment(
    volume: Volume, name: str = "ct-abdomen", seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None,
    monitor: Monitor = SILENT,
) -> LabelMap:
    """Segment a volume by the segmenter of that name ("ct-abdomen", or one that a plugin brings).

    Parameters
    ----------
    seeds : what the user points at: segment name ("tumour_1") -> point in LPS mm or the name of a candidate; each is
        outlined as ``add_target`` does and added to the labels.
    labels : labels that stand already; with them the volume is not segmented again, only the seeds are added.

    Returns a ``LabelMap`` on the volume's own voxels, the same whichever way its axes run: layer 0 organs and tissues
    that exclude each other, 1 vessels in the liver, 2 tumour candidates, 3 the body. A structure that was not found
    is a segment with the state "not found" or "not visible in this phase" and the reason as its note.

    Raises ``UsageError`` for an unknown name, ``SegmentationError`` where the volume is not what the segmenter reads
    and ``DataError`` where a seed lies outside.
    """
    if labels is not None and not seeds:
        raise UsageError("labels were given and no seeds, so there is nothing to do", advice="give seeds as well")
    result = labels if labels is not None else plugins.resolve("segmenters", name)(volume, None, None, monitor)
    for segment_name, seed in (seeds or {}).items():
        result = add_target(volume, result, seed, segment_name)
    return result


def warm_up() -> None:
    """Compile all kernels that ``segment`` uses (they are cached on disk), so that the first patient need not wait."""
    for kernels in (distance, seg_circles, seg_near, seg_sample):
        kernels.warm_up()
