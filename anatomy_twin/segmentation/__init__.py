"""Volume -> LabelMap, by named segmenters."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from anatomy_twin import plugins
from anatomy_twin.core import SILENT, LabelMap, Monitor, Seeds, Volume, named_seeds

if TYPE_CHECKING:
    from anatomy_twin.segmentation import editing
    from anatomy_twin.segmentation.clicks.target import add_target
    from anatomy_twin.segmentation.editing import history as edit_history

__all__ = ["add_target", "edit_history", "editing", "segment", "warm_up"]
_PLACES = {"add_target": "clicks.target:add_target", "edit_history": "editing.history", "editing": "editing"}


def __getattr__(name: str) -> Any:
    """Load what is used when it is used: editing and clicks need libraries that a segmenter does not."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    found = importlib.import_module(f"{__name__}.{module}")
    return getattr(found, attribute) if attribute else found


def segment(
    volume: Volume, name: str = "ct-abdomen", seeds: Mapping[str, Any] | Seeds | None = None,
    labels: LabelMap | None = None, monitor: Monitor = SILENT,
) -> LabelMap:
    """Segment a volume by the segmenter of that name (``anatomy_twin.plugins.names("segmenters")`` lists them).

    Parameters
    ----------
    name : some take an argument after a colon: "onnx:CARD.json", "totalsegmentator:TASK", "nnunet:DATASET".
    seeds : what the user points at, by segment name ("tumour_1"): clicks, a box, scribbles in LPS mm (see
        ``core.as_seeds``). The seeded tools (grow, watershed, random-walker, threshold, levelset) need them; for
        ct-abdomen a point or the name of a candidate is outlined as ``add_target`` does.
    labels : labels that stand already. A seeded tool corrects or adds the segments named in ``seeds`` and leaves the
        others; an automatic one does not segment again, it only adds the seeds.

    Returns a ``LabelMap`` on the volume's own voxels, the same whichever way its axes run: layer 0 organs and tissues
    that exclude each other, 1 what these consist of (vessels in the liver, vertebrae, lobes), 2 lesions and candidates,
    3 the body. A structure that was not found is a segment with the state "not found" or "not visible in this phase"
    and the reason as its note; one that a rule spoke against has the state "check" and names the rule.

    Raises ``UsageError`` for an unknown name, ``SegmentationError`` where the volume is not what the segmenter reads
    and ``DataError`` where a seed lies outside.
    """
    result: LabelMap = plugins.resolve("segmenters", name)(volume, named_seeds(seeds), labels, monitor)
    return result


def warm_up() -> None:
    """Compile all kernels that ``segment`` uses (they are cached on disk), so that the first patient need not wait."""
    from anatomy_twin.kernels import (
        distance,
        seg_circles,
        seg_contour,
        seg_flood,
        seg_geodesic,
        seg_near,
        seg_sample,
        seg_surface,
        seg_tubes,
    )

    every = (
        distance, seg_circles, seg_contour, seg_flood, seg_geodesic, seg_near, seg_sample, seg_surface, seg_tubes,
    )
    for kernels in every:
        kernels.warm_up()
