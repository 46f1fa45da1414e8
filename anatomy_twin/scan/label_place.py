"""Whether labels that were matched by position alone lie on tissue that can be what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from anatomy_twin.core import LabelMap, Volume
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.label_match import BY_POSITION

FEWEST_VOXELS = 20
FEWEST_CONTRADICTIONS = 3


@dataclass(frozen=True, slots=True)
class _Tissue:
    """Names of segments of one kind, and the range that their median HU cannot leave (assumed, and wide on purpose:
    fatty liver, thin bone and consolidated lobes lie within it or make a warning at most)."""

    kind: str
    names: str
    lowest_hu: float
    highest_hu: float


_TISSUES = (
    _Tissue("lung", r"lung(_.*)?", -1100.0, -200.0),
    _Tissue("bone", r"bone|vertebra.*|rib_.*|sternum|sacrum|hip_.*|femur_.*|humerus_.*|scapula_.*|skull", 0.0, 1e5),
    _Tissue("solid organ", r"liver|spleen|kidney_.*|pancreas|heart|aorta|inferior_vena_cava|portal_vein.*|spinal_cord"
            r"|adrenal_gland_.*|autochthon_.*|iliopsoas_.*|gluteus_.*|muscle", -150.0, 600.0),
)  # fmt: skip


def with_place_checked(labels: LabelMap, volume: Volume, where: str) -> LabelMap:
    """Compare labels that nothing but their position ties to a CT with its HU.

    A header that repeats the scan's origin for a part of the scan puts a whole segmentation elsewhere, and no geometry
    can tell. But then lungs lie on tissue and bones on air: where at least three segments, and half of those of their
    kind, have a median HU that they cannot have, the labels are refused; single ones are noted. Labels that images or
    a frame of reference tie to the scan, and scans that are not in HU, are returned as they are.

    Raises ``ScanError`` naming what lies wrong.
    """
    if BY_POSITION not in labels.notes or not labels.names:
        return labels
    if volume.units != "HU":
        note = "not checked whether the labels lie on tissue that can be theirs: the scan is not in HU"
        return replace(labels, notes=(*labels.notes, note))
    lines: list[str] = []
    told = 0
    for tissue in _TISSUES:
        medians = {
            segment.name: float(np.median(volume.array[mask]))
            for segment in labels.segments
            if not segment.absent and re.fullmatch(tissue.names, segment.name)
            and np.count_nonzero(mask := labels.array[segment.layer] == segment.value) >= FEWEST_VOXELS
        }  # fmt: skip
        told += len(medians)
        odd = {n: hu for n, hu in medians.items() if not tissue.lowest_hu <= hu <= tissue.highest_hu}
        found = [f"{name} ({tissue.kind}) lies on {hu:.0f} HU" for name, hu in odd.items()]
        if len(odd) >= max(FEWEST_CONTRADICTIONS, len(medians) / 2):
            raise ScanError(f"labels do not lie where they belong: {', '.join(found[:3])}", where=where,
                            advice="their header places them elsewhere than on their organs: correct it")
        lines += [f"{line}: check that the labels belong there" for line in found]
    if not told:
        lines.append("not checked whether the labels lie on tissue that can be theirs: none of known HU")
    return replace(labels, notes=(*labels.notes, *lines))
