"""Labels as other programs name them, made ready for the search for vessels."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, Code, LabelMap, Monitor, Segment
from anatomy_twin.kernels.distance import distance_mm

CLOSED_MM: Final = 12.0  # the largest vessels in a liver are about so wide: their labels leave holes and grooves in it
LEAST_ML: Final = 1.0  # a trunk alone shares less with the liver at its hilum
BRANCHES: Final = "portal_branches"


def with_portal_branches(labels: LabelMap, monitor: Monitor = SILENT) -> LabelMap:
    """Return labels in which a ``portal_vein`` that holds trunk and branches in one is told apart at the liver.

    Where the labels have liver and portal vein and say nothing of portal branches (nor of vessels of the liver), what
    of the portal vein lies in the liver is its branches: in the liver once gaps of up to 12 mm in it are closed. They
    are a part of the liver of their own, to be checked; the monitor is told. Other labels are returned as they are.
    """
    known = {segment.name for segment in labels.segments}
    if not {"liver", "portal_vein"} <= set(labels.names) or known & {BRANCHES, "hepatic_vessels"}:
        return labels
    vein = labels.mask("portal_vein")
    spacing, pads = labels.geometry.spacing_mm, [int(CLOSED_MM / step) + 2 for step in labels.geometry.spacing_mm]
    found = ndimage.find_objects(labels.mask("liver").astype(np.uint8))[0]
    box = tuple(slice(max(0, span.start - pad), span.stop + pad) for span, pad in zip(found, pads, strict=True))
    organ = np.ascontiguousarray(labels.mask("liver")[box])
    grown = distance_mm(organ, spacing, CLOSED_MM) < CLOSED_MM / 2.0
    closed = distance_mm(~grown, spacing, CLOSED_MM) >= CLOSED_MM / 2.0
    inside = np.zeros(labels.geometry.shape, bool)
    inside[box] = (closed | organ) & vein[box]
    volume_ml = float(inside.sum()) * labels.geometry.voxel_volume_ml
    if volume_ml < LEAST_ML:
        return labels
    note = "what of portal_vein lies in the liver: the labels hold trunk and branches in one"
    monitor.warn(f"portal branches are {note}; the liver that is divided holds them")
    term = catalog.term(BRANCHES)
    segment = Segment(
        BRANCHES, labels.array.shape[0], 1, Code(term["scheme"], term["code"], term["meaning"]),
        tuple(term["colour"]), "check", "liver", note, ("external",),
    )
    array = np.concatenate([labels.array, inside[None].astype(labels.array.dtype)])
    return replace(labels, array=array, segments=(*labels.segments, segment))
